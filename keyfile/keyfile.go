// Package keyfile reads and writes keys in the forms in which files hold them: PKCS #8
// for decapsulation keys, SubjectPublicKeyInfo for encapsulation keys, in DER and in PEM.
//
// It knows ML-KEM-512, -768 and -1024, by RFC 9935, and X-Wing, by
// draft-connolly-cfrg-xwing-kem. No document gives other KEMs of this module an identifier:
// their keys are an error that wraps [kem.ErrUnsupported]. The functions are shaped
// like those of crypto/x509.
//
// Decapsulation keys are written as seeds. Of ML-KEM, two more forms are read: expanded
// keys made elsewhere, and both in one. What is not DER is refused, and so is a key
// whose parts do not agree. Files encrypted under a password are not read. No error holds a
// part of a private key.
package keyfile

import (
	"bytes"
	encodingasn1 "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/internal/expanded"
	"hybridkem/internal/fault"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A format is how files hold the keys of a KEM.
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

// bare reports whether private keys are seeds with nothing around, and alone. ML-KEM's are
// a CHOICE.
func (f *format) bare() bool { return f.kem == xwing.KEM() }

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
// *mlkem.DecapsulationKey1024 or *xwing.DecapsulationKey. Others are an error, and so is
// one that has been destroyed. Expanded keys cannot be written.
func MarshalPKCS8PrivateKey(key any) ([]byte, error) {
	dk, ok := key.(kem.DecapsulationKey)
	switch {
	case key == nil:
		return nil, errNoKey
	case !ok:
		return nil, fault.New(pkg, kem.ErrUnsupported, "%T is not a decapsulation key with a seed, or no pointer to one", key)
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
	b := cryptobyte.NewBuilder(make([]byte, 0, 128)) // enough, so that it does not grow and leave a copy
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
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey. Others are an error.
func MarshalPKIXPublicKey(pub any) ([]byte, error) {
	ek, ok := pub.(kem.EncapsulationKey)
	switch {
	case pub == nil:
		return nil, errNoKey
	case !ok:
		return nil, fault.New(pkg, kem.ErrUnsupported, "%T is not an encapsulation key, or no pointer to one", pub)
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

// exact moves b to memory of its size.
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
// It returns a *mlkem.DecapsulationKey512, *mlkem.DecapsulationKey768,
// *mlkem.DecapsulationKey1024 or *xwing.DecapsulationKey. A file that holds no seed but an
// expanded key of ML-KEM gives a *mlkem.ExpandedKey512, *mlkem.ExpandedKey768 or
// *mlkem.ExpandedKey1024, whose comment says what that lacks. Only the others are a
// [kem.DecapsulationKey].
//
// An expanded key must pass the checks of FIPS 203, section 7.3, and decapsulate what is
// encapsulated to it. Beside a seed it must be that seed's in every byte, and so must a
// public key, in which ML-KEM's files may end. Attributes are skipped.
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

// splitPKCS8 returns the format, the contents and, if there is one, the public key of a
// OneAsymmetricKey, RFC 5958, section 2.
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

// parsePrivateKey reads the CHOICE of RFC 9935, section 6, which is a seed, an expanded key
// or both, or X-Wing's seed.
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
		b, err := readAll(contents, "the expanded key", asn1.OCTET_STRING)
		if err != nil {
			return nil, err
		}
		key, err := expanded.Parse(f.kem, b)
		if err != nil {
			return nil, fault.In(pkg, err)
		}
		// A key whose hash is right can still have a wrong ŝ.
		if err := kem.CheckKeyPair(key); err != nil {
			key.Destroy()
			return nil, fault.In(pkg, err)
		}
		return key.Decapsulator, nil
	}
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
	key, err := expanded.Parse(f.kem, b)
	if err != nil {
		dk.Destroy()
		return nil, fault.In(pkg, err)
	}
	defer key.Destroy()
	matches := key.Matches(dk)
	//ct:declassify matches: whether a file is valid is public
	if !matches {
		dk.Destroy()
		return nil, fault.New(pkg, kem.ErrExpandedKey, "the expanded key is not that of the seed")
	}
	return dk, nil
}

func (f *format) newKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := f.kem.NewDecapsulationKey(seed)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return dk, nil
}

// ParsePKIXPublicKey reads an encapsulation key from a SubjectPublicKeyInfo, DER. That of
// a certificate is RawSubjectPublicKeyInfo of its x509.Certificate.
//
// It returns a *mlkem.EncapsulationKey512, *mlkem.EncapsulationKey768,
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey.
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

// readAlgorithm reads an AlgorithmIdentifier.
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

// read reads an element, which errors call what it is.
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

// readAll reads an element which nothing may follow.
func readAll(b []byte, what string, tag asn1.Tag) (cryptobyte.String, error) {
	s := cryptobyte.String(b)
	contents, err := read(&s, what, tag)
	if err != nil {
		return nil, err
	}
	return contents, end(s, what)
}

// end wants s, in or after what, to be empty.
func end(s cryptobyte.String, what string) error {
	if !s.Empty() {
		return fault.New(pkg, kem.ErrKeyFile, "trailing data at the end of %s", what)
	}
	return nil
}

// wholeBytes returns the bytes of a BIT STRING.
func wholeBytes(bits cryptobyte.String) ([]byte, error) {
	var unused uint8
	if !bits.ReadUint8(&unused) || unused != 0 {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the public key does not consist of whole bytes")
	}
	return bits, nil
}
