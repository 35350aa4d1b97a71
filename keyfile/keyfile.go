// Package keyfile reads and writes keys in standard file formats: PKCS #8 for
// decapsulation keys and SubjectPublicKeyInfo for encapsulation keys, both in DER and
// in PEM.
//
// It supports ML-KEM-512, ML-KEM-768 and ML-KEM-1024, according to RFC 9935, and
// X-Wing, according to draft-connolly-cfrg-xwing-kem. No document gives an identifier
// to the other KEMs of this module. For their keys, the functions return an error that
// wraps [kem.ErrUnsupported]. The functions resemble those of crypto/x509.
//
// Decapsulation keys are written as seeds. For ML-KEM, two more forms are read:
// expanded keys made elsewhere, and a seed together with its expanded key. A file that
// is not DER is refused, and so is a key whose parts do not match. Files encrypted
// with a password are not read. No error contains a part of a private key.
package keyfile

import (
	"bytes"
	encodingasn1 "encoding/asn1"
	"reflect"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/internal/expanded"
	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A format is the file format of a KEM's keys.
type format struct {
	kem kem.KEM
	oid encodingasn1.ObjectIdentifier
}

var formats = []format{
	{mlkem.KEM512(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 1}},
	{mlkem.KEM768(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 2}},
	{mlkem.KEM1024(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 3}},
	{xwing.KEM(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62253, 25722}},
}

// bare reports whether PKCS #8 contains the seed without a structure around it, and never a public key.
// For ML-KEM it contains a CHOICE.
func (f *format) bare() bool { return f.kem == xwing.KEM() }

// formatOf returns the format of k, or kem.ErrUnsupported.
func formatOf(k kem.KEM) (*format, error) {
	for i := range formats {
		if formats[i].kem == k {
			return &formats[i], nil
		}
	}
	return nil, fault.New(pkg, kem.ErrUnsupported, "no file format for keys of %s", k.Name())
}

const pkg = "keyfile" // in errors

// MarshalPKCS8PrivateKey returns the seed of a decapsulation key in PKCS #8 form, DER
// (RFC 5958, OneAsymmetricKey without a public key).
//
// The key is a *mlkem.DecapsulationKey512, *mlkem.DecapsulationKey768,
// *mlkem.DecapsulationKey1024 or *xwing.DecapsulationKey. For other keys, and for expanded
// keys, the error wraps [kem.ErrUnsupported]. For a key that has been destroyed it wraps
// [kem.ErrDestroyed], and for nil and zero values [kem.ErrNoKey].
func MarshalPKCS8PrivateKey(key any) ([]byte, error) {
	dk, ok := key.(kem.DecapsulationKey)
	switch {
	case key == nil:
		return nil, errNoKey
	case !ok:
		return nil, fault.New(pkg, kem.ErrUnsupported, "%v is not a decapsulation key with a seed, or no pointer to one", reflect.TypeOf(key))
	}
	if dk.KEM() == nil || dk.PublicKey() == nil {
		return nil, errNoKey
	}
	f, err := formatOf(dk.KEM())
	if err != nil {
		return nil, err
	}
	seed := dk.Bytes()
	if seed == nil {
		return nil, fault.New(pkg, kem.ErrDestroyed, "the decapsulation key has been destroyed")
	}
	defer clear(seed)
	// 128 bytes are enough. A builder that grows would leave a copy of the seed.
	b := cryptobyte.NewBuilder(make([]byte, 0, 128))
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		f.addAlgorithm(b)
		b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			if f.bare() {
				b.AddBytes(seed)
				return
			}
			b.AddASN1(seedTag, func(b *cryptobyte.Builder) { b.AddBytes(seed) })
		})
	})
	return exact(b.BytesOrPanic()), nil
}

// MarshalPKIXPublicKey returns an encapsulation key as a SubjectPublicKeyInfo, DER
// (RFC 5280, section 4.1).
//
// The key is a *mlkem.EncapsulationKey512, *mlkem.EncapsulationKey768,
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey. For other keys, the error wraps
// [kem.ErrUnsupported], and for nil and zero values [kem.ErrNoKey].
func MarshalPKIXPublicKey(pub any) ([]byte, error) {
	ek, ok := pub.(kem.EncapsulationKey)
	switch {
	case pub == nil:
		return nil, errNoKey
	case !ok:
		return nil, fault.New(pkg, kem.ErrUnsupported, "%v is not an encapsulation key, or no pointer to one", reflect.TypeOf(pub))
	}
	encoded := ek.Bytes()
	if ek.KEM() == nil || encoded == nil {
		return nil, errNoKey
	}
	f, err := formatOf(ek.KEM())
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		f.addAlgorithm(b)
		b.AddASN1BitString(encoded)
	})
	return exact(b.BytesOrPanic()), nil
}

// addAlgorithm adds an AlgorithmIdentifier without parameters.
func (f *format) addAlgorithm(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(f.oid) })
}

var errNoKey = fault.New(pkg, kem.ErrNoKey, "the key is nil or a zero value")

// exact moves b to memory of exactly its size, and clears b.
func exact(b []byte) []byte {
	moved := make([]byte, len(b))
	copy(moved, b)
	clear(b)
	return moved
}

var (
	seedTag       = asn1.Tag(0).ContextSpecific()
	attributesTag = asn1.Tag(0).ContextSpecific().Constructed()
	publicKeyTag  = asn1.Tag(1).ContextSpecific()
)

// ParsePKCS8PrivateKey reads a decapsulation key in PKCS #8 form, DER.
//
// If the file contains a seed, it returns a *mlkem.DecapsulationKey512,
// *mlkem.DecapsulationKey768, *mlkem.DecapsulationKey1024 or *xwing.DecapsulationKey, which
// are [kem.DecapsulationKey]s. If the file contains only an expanded key of ML-KEM, it
// returns a *mlkem.ExpandedKey512, *mlkem.ExpandedKey768 or *mlkem.ExpandedKey1024, which
// lack some properties: see their comments.
//
// An expanded key must pass the checks of FIPS 203, section 7.3, and a test decapsulation.
// If there is a seed too, the expanded key must be equal to the one that the seed expands
// to. A file of ML-KEM may also contain the public key, which must belong to the private
// key. Attributes are skipped.
//
// The error wraps [kem.ErrKeyFile] if the file is malformed, [kem.ErrUnsupported] for another
// algorithm, [kem.ErrLength] for a seed or an expanded key of a wrong length,
// [kem.ErrExpandedKey] for an expanded key that is invalid or not that of the seed,
// [kem.ErrKeyPair] if the test decapsulation fails or the public key does not belong to
// the private key, and [kem.ErrFIPS] with GODEBUG=fips140=only.
func ParsePKCS8PrivateKey(der []byte) (kem.Decapsulator, error) {
	f, contents, publicKey, err := splitPKCS8(der)
	if err != nil {
		return nil, err
	}
	if publicKey != nil && f.bare() {
		return nil, fault.New(pkg, kem.ErrKeyFile, "a public key beside the private key of %s, where it must be absent", f.kem.Name())
	}
	dk, err := f.parsePrivateKey(contents)
	if err != nil {
		return nil, err
	}
	if publicKey != nil && !bytes.Equal(publicKey, dk.PublicKey().Bytes()) {
		dk.Destroy()
		return nil, fault.New(pkg, kem.ErrKeyPair, "the public key does not belong to the private key")
	}
	return dk, nil
}

// splitPKCS8 splits a OneAsymmetricKey (RFC 5958, section 2). contents is the contents of its private key.
// publicKey is nil if there is none.
func splitPKCS8(der []byte) (f *format, contents cryptobyte.String, publicKey []byte, err error) {
	s, err := readAll(der, "the private key file", asn1.SEQUENCE)
	if err != nil {
		return nil, nil, nil, err
	}
	version, err := read(&s, "the version", asn1.INTEGER)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(version) != 1 || version[0] > 1 {
		return nil, nil, nil, fault.New(pkg, kem.ErrKeyFile, "unknown version of a private key file")
	}
	if f, err = readAlgorithm(&s); err != nil {
		return nil, nil, nil, err
	}
	if contents, err = read(&s, "the private key", asn1.OCTET_STRING); err != nil {
		return nil, nil, nil, err
	}
	if s.PeekASN1Tag(attributesTag) {
		attributes, err := read(&s, "the list of attributes", attributesTag)
		for err == nil && !attributes.Empty() {
			_, err = read(&attributes, "an attribute", asn1.SEQUENCE)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	if version[0] == 1 {
		bits, err := read(&s, "the public key", publicKeyTag)
		if err != nil {
			return nil, nil, nil, err
		}
		if publicKey, err = wholeBytes(bits); err != nil {
			return nil, nil, nil, err
		}
	}
	return f, contents, publicKey, end(s, "the private key file")
}

// parsePrivateKey reads the CHOICE of RFC 9935, section 6, which is a seed, an expanded key or both. For
// X-Wing, contents is the seed.
func (f *format) parsePrivateKey(contents cryptobyte.String) (kem.Decapsulator, error) {
	switch {
	case f.bare():
		return f.newKey(contents)
	case contents.PeekASN1Tag(seedTag):
		seed, err := readAll(contents, "the seed", seedTag)
		if err != nil {
			return nil, err
		}
		return f.newKey(seed)
	case contents.PeekASN1Tag(asn1.OCTET_STRING):
		return f.parseExpanded(contents)
	}
	return f.parseBoth(contents)
}

// parseExpanded reads the form of an expanded key. A key whose hash is right can still have a wrong ŝ, so
// it must pass kem.CheckKeyPair.
func (f *format) parseExpanded(contents cryptobyte.String) (kem.Decapsulator, error) {
	b, err := readAll(contents, "the expanded key", asn1.OCTET_STRING)
	if err != nil {
		return nil, err
	}
	key, err := expanded.Parse(f.kem, b)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	err = secret.OrDestroy(key, func() error { return kem.CheckKeyPair(key) })
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return key.Decapsulator, nil
}

// parseBoth reads the form of a seed and an expanded key, and returns the key of the seed. The expanded
// key must be equal to what the seed expands to.
func (f *format) parseBoth(contents cryptobyte.String) (kem.Decapsulator, error) {
	both, err := readAll(contents, "the seed and the expanded key", asn1.SEQUENCE)
	if err != nil {
		return nil, err
	}
	seed, err := read(&both, "the seed", asn1.OCTET_STRING)
	if err != nil {
		return nil, err
	}
	b, err := read(&both, "the expanded key", asn1.OCTET_STRING)
	if err != nil {
		return nil, err
	}
	if err := end(both, "the seed and the expanded key"); err != nil {
		return nil, err
	}
	dk, err := f.newKey(seed)
	if err != nil {
		return nil, err
	}
	err = secret.OrDestroy(dk, func() error { return f.checkExpanded(b, dk) })
	if err != nil {
		return nil, err
	}
	return dk, nil
}

// checkExpanded returns an error unless b is the expanded form of dk.
func (f *format) checkExpanded(b []byte, dk kem.DecapsulationKey) error {
	key, err := expanded.Parse(f.kem, b)
	if err != nil {
		return fault.In(pkg, err)
	}
	defer key.Destroy()
	matches := key.Matches(dk)
	//ct:declassify matches: whether a file is valid is public
	if !matches {
		return fault.New(pkg, kem.ErrExpandedKey, "the expanded key is not that of the seed")
	}
	return nil
}

// newKey expands the key of a seed.
func (f *format) newKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := f.kem.NewDecapsulationKey(seed)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return dk, nil
}

// ParsePKIXPublicKey reads an encapsulation key from a SubjectPublicKeyInfo, DER. For a
// certificate, that is the field RawSubjectPublicKeyInfo of [crypto/x509.Certificate].
//
// It returns a *mlkem.EncapsulationKey512, *mlkem.EncapsulationKey768,
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey. The error wraps [kem.ErrKeyFile] if the
// file is malformed, [kem.ErrUnsupported] for another algorithm, and else the error of the
// key's package.
func ParsePKIXPublicKey(der []byte) (kem.EncapsulationKey, error) {
	s, err := readAll(der, "the public key file", asn1.SEQUENCE)
	if err != nil {
		return nil, err
	}
	f, err := readAlgorithm(&s)
	if err != nil {
		return nil, err
	}
	bits, err := read(&s, "the public key", asn1.BIT_STRING)
	if err != nil {
		return nil, err
	}
	if err := end(s, "the public key file"); err != nil {
		return nil, err
	}
	b, err := wholeBytes(bits)
	if err != nil {
		return nil, err
	}
	ek, err := f.kem.NewEncapsulationKey(b)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return ek, nil
}

// readAlgorithm reads an AlgorithmIdentifier, whose parameters must be absent.
func readAlgorithm(s *cryptobyte.String) (*format, error) {
	algorithm, err := read(s, "the algorithm", asn1.SEQUENCE)
	if err != nil {
		return nil, err
	}
	var oid encodingasn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the algorithm has no valid identifier")
	}
	for i := range formats {
		if formats[i].oid.Equal(oid) {
			if !algorithm.Empty() {
				return nil, fault.New(pkg, kem.ErrKeyFile, "the algorithm has parameters, which must be absent")
			}
			return &formats[i], nil
		}
	}
	return nil, fault.New(pkg, kem.ErrUnsupported, "unknown algorithm %v", oid)
}

// read reads an element with the given tag and returns its contents. Errors call the element what.
func read(s *cryptobyte.String, what string, tag asn1.Tag) (contents cryptobyte.String, err error) {
	switch {
	case s.Empty():
		return nil, fault.New(pkg, kem.ErrKeyFile, "%s is missing", what)
	case !s.PeekASN1Tag(tag):
		return nil, fault.New(pkg, kem.ErrKeyFile, "%s does not have the tag %#.2x", what, uint8(tag))
	case !s.ReadASN1(&contents, tag):
		return nil, fault.New(pkg, kem.ErrKeyFile, "the length of %s is not DER, or more than there is", what)
	}
	return contents, nil
}

// readAll is read for an element that must fill all of b.
func readAll(b []byte, what string, tag asn1.Tag) (cryptobyte.String, error) {
	s := cryptobyte.String(b)
	contents, err := read(&s, what, tag)
	if err != nil {
		return nil, err
	}
	return contents, end(s, what)
}

// end returns an error if s, the rest of an element that errors call what, is not empty.
func end(s cryptobyte.String, what string) error {
	if !s.Empty() {
		return fault.New(pkg, kem.ErrKeyFile, "trailing data at the end of %s", what)
	}
	return nil
}

// wholeBytes returns the bytes of a BIT STRING, which must have no unused bits.
func wholeBytes(bits cryptobyte.String) ([]byte, error) {
	var unused uint8
	if !bits.ReadUint8(&unused) || unused != 0 {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the public key does not consist of whole bytes")
	}
	return bits, nil
}
