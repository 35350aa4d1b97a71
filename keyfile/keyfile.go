// Package keyfile reads and writes keys in standard file formats: PKCS #8 for
// decapsulation keys and SubjectPublicKeyInfo for encapsulation keys, both in DER and
// in PEM; and JSON Web Keys (JWK) for both.
//
// In DER and PEM it supports ML-KEM-512, ML-KEM-768 and ML-KEM-1024, according to RFC 9935,
// X-Wing, according to draft-connolly-cfrg-xwing-kem, and the KEMs of
// hybridkem/combiner/composite, according to draft-ietf-lamps-pq-composite-kem-21. No document
// gives an identifier to the other KEMs of this module. For their keys, the functions return an
// error that wraps [kem.ErrUnsupported]. The functions resemble those of crypto/x509, and write
// the keys of crypto/mlkem too.
//
// Decapsulation keys are written as seeds, or as private keys of the parts if they are made of
// these. For ML-KEM, two more forms are read: expanded keys made elsewhere, and a seed together
// with its expanded key. For a composite KEM, the private key of a curve may contain its public
// key. A file that is not DER is refused, and so is a key whose parts do not match. Other programs
// wrote some more forms before RFC 9935. Only [ParseLegacyPrivateKey] reads them. Files encrypted
// with a password are not read. If a file is something else, the error tells what it is. No error
// contains a part of a private key.
//
// JWKs have an algorithm, and the supported algorithms are those of draft-ietf-jose-hpke-pq-pqt:
// see [MarshalPrivateJWK].
package keyfile

import (
	"bytes"
	"cmp"
	stdmlkem "crypto/mlkem"
	encodingasn1 "encoding/asn1"
	"reflect"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/combiner/composite"
	"hybridkem/internal/envelope"
	"hybridkem/internal/expanded"
	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A format is the file format of a KEM's keys.
type format struct {
	kem   kem.KEM
	oid   encodingasn1.ObjectIdentifier
	curve *curve // of an ECPrivateKey that follows the seed of ML-KEM; nil if there is none
}

// A curve is one of a composite KEM.
type curve struct {
	name       string // in curves
	scalarSize int
}

var p256, p384, p521 = &curve{"P-256", 32}, &curve{"P-384", 48}, &curve{"P-521", 66}

var formats = []format{
	{mlkem.KEM512(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 1}, nil},
	{mlkem.KEM768(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 2}, nil},
	{mlkem.KEM1024(), encodingasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 3}, nil},
	{xwing.KEM(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62253, 25722}, nil},
	{composite.MLKEM768X25519SHA3256(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, 58}, nil},
	{composite.MLKEM768ECDHP256SHA3256(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, 59}, p256},
	{composite.MLKEM768ECDHP384SHA3256(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, 60}, p384},
	{composite.MLKEM1024ECDHP384SHA3256(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, 63}, p384},
	{composite.MLKEM1024ECDHP521SHA3256(), encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, 66}, p521},
}

// bare reports whether PKCS #8 contains the private key without a structure around it. For ML-KEM it contains
// a CHOICE.
func (f *format) bare() bool { return f.kem == xwing.KEM() || kem.KeysFromParts(f.kem) }

// formatOf returns the format of k, or kem.ErrUnsupported.
func formatOf(k kem.KEM) (*format, error) {
	for i := range formats {
		if formats[i].kem == k {
			return &formats[i], nil
		}
	}
	if kem.KeysFromParts(k) {
		return nil, fault.New(pkg, kem.ErrUnsupported, "no file format for keys of %s from parts%s", k.Name(), instead[k.Name()])
	}
	return nil, fault.New(pkg, kem.ErrUnsupported, "no file format for keys of %s", k.Name())
}

// instead ends the error for keys from parts, by the names of their KEMs.
var instead = map[string]string{
	"X-Wing":            ", but the same parts make a key of composite.MLKEM768X25519SHA3256, which has one",
	"MLKEM768-P256":     ", but the same parts make a key of composite.MLKEM768ECDHP256SHA3256, which has one",
	"MLKEM1024-P384":    ", but the same parts make a key of composite.MLKEM1024ECDHP384SHA3256, which has one",
	"ML-KEM-768+X25519": ", which belong in packets of OpenPGP",
}

const pkg = "keyfile" // in errors

// MarshalPKCS8PrivateKey returns the seed or the parts of a decapsulation key in PKCS #8 form, DER
// (RFC 5958, OneAsymmetricKey without a public key).
//
// The key is a *mlkem.DecapsulationKey512, *mlkem.DecapsulationKey768,
// *mlkem.DecapsulationKey1024, *xwing.DecapsulationKey or, for a KEM of hybridkem/combiner/composite,
// *combiner.PartsKey of this module, or a *mlkem.DecapsulationKey768 or
// *mlkem.DecapsulationKey1024 of crypto/mlkem. For other keys, and for
// expanded keys, the error wraps [kem.ErrUnsupported]. For a key that has been destroyed it wraps
// [kem.ErrDestroyed], and for nil and zero values [kem.ErrNoKey].
func MarshalPKCS8PrivateKey(key any) ([]byte, error) {
	k, seed, err := seedOf(key)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	f, err := formatOf(k)
	if err != nil {
		return nil, err
	}
	// 256 bytes are enough. A builder that grows would leave a copy of the seed.
	b := cryptobyte.NewBuilder(make([]byte, 0, 256))
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

// seedOf returns the KEM and the seed of a decapsulation key.
func seedOf(key any) (kem.KEM, []byte, error) {
	switch key := key.(type) {
	case nil:
		return nil, nil, errNoKey
	case *stdmlkem.DecapsulationKey768:
		return standard(key, mlkem.KEM768())
	case *stdmlkem.DecapsulationKey1024:
		return standard(key, mlkem.KEM1024())
	case kem.DecapsulationKey:
		if key.KEM() == nil || key.PublicKey() == nil {
			return nil, nil, errNoKey
		}
		seed := key.Bytes()
		if seed == nil {
			return nil, nil, fault.New(pkg, kem.ErrDestroyed, "the decapsulation key has been destroyed")
		}
		if want := key.KEM().SeedSize(); len(seed) != want { // a type of another module
			return nil, nil, fault.Length(pkg, "seed", seed, want, "")
		}
		return key.KEM(), seed, nil
	case kem.Decapsulator:
		return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s is an expanded key, which has no seed", typeName(key))
	case kem.EncapsulationKey, *stdmlkem.EncapsulationKey768, *stdmlkem.EncapsulationKey1024:
		return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s is an encapsulation key, not a decapsulation key", typeName(key))
	}
	return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s is not a decapsulation key with a seed, or no pointer to one", typeName(key))
}

// standard returns k and the encoding of a key of crypto/mlkem, which is a key of k.
func standard[K comparable, P interface {
	*K
	Bytes() []byte
}](key P, k kem.KEM) (kem.KEM, []byte, error) {
	if key == nil || *key == *new(K) {
		return nil, nil, errNoKey
	}
	return k, key.Bytes(), nil
}

// typeName returns the name of the type of x, with its import path: there are several packages mlkem.
func typeName(x any) string {
	t := reflect.TypeOf(x)
	stars := 0
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		stars++
	}
	name := t.String()
	if t.PkgPath() != "" {
		name = t.PkgPath() + "." + t.Name()
	}
	return strings.Repeat("*", stars) + name
}

// MarshalPKIXPublicKey returns an encapsulation key as a SubjectPublicKeyInfo, DER
// (RFC 5280, section 4.1).
//
// The key is a *mlkem.EncapsulationKey512, *mlkem.EncapsulationKey768,
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey of this module, an encapsulation key
// of hybridkem/combiner/composite, or a
// *mlkem.EncapsulationKey768 or *mlkem.EncapsulationKey1024 of crypto/mlkem. For other keys, the
// error wraps [kem.ErrUnsupported], and for nil and zero values [kem.ErrNoKey].
func MarshalPKIXPublicKey(pub any) ([]byte, error) {
	k, encoded, err := encodingOf(pub)
	if err != nil {
		return nil, err
	}
	f, err := formatOf(k)
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

// encodingOf returns the KEM and the encoding of an encapsulation key.
func encodingOf(pub any) (kem.KEM, []byte, error) {
	switch pub := pub.(type) {
	case nil:
		return nil, nil, errNoKey
	case *stdmlkem.EncapsulationKey768:
		return standard(pub, mlkem.KEM768())
	case *stdmlkem.EncapsulationKey1024:
		return standard(pub, mlkem.KEM1024())
	case kem.EncapsulationKey:
		encoded := pub.Bytes()
		if pub.KEM() == nil || encoded == nil {
			return nil, nil, errNoKey
		}
		if want := pub.KEM().EncapsulationKeySize(); len(encoded) != want { // a type of another module
			return nil, nil, fault.Length(pkg, "encapsulation key", encoded, want, "")
		}
		return pub.KEM(), encoded, nil
	case kem.Decapsulator, *stdmlkem.DecapsulationKey768, *stdmlkem.DecapsulationKey1024:
		return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s is a decapsulation key, not an encapsulation key", typeName(pub))
	}
	return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s is not an encapsulation key, or no pointer to one", typeName(pub))
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
	parametersTag = asn1.Tag(0).ContextSpecific().Constructed() // in an ECPrivateKey
	pointTag      = asn1.Tag(1).ContextSpecific().Constructed() // in an ECPrivateKey
)

// ParsePKCS8PrivateKey reads a decapsulation key in PKCS #8 form, DER.
//
// If the file contains a seed, it returns a *mlkem.DecapsulationKey512,
// *mlkem.DecapsulationKey768, *mlkem.DecapsulationKey1024 or *xwing.DecapsulationKey, and if it
// contains the parts of a composite key, a *combiner.PartsKey. These are [kem.DecapsulationKey]s.
// If the file contains only an expanded key of ML-KEM, it returns a *mlkem.ExpandedKey512,
// *mlkem.ExpandedKey768 or *mlkem.ExpandedKey1024, which lack some properties: see their comments.
//
// An expanded key must pass the checks of FIPS 203, section 7.3, and a test decapsulation.
// If there is a seed too, the expanded key must be equal to the one that the seed expands
// to. A file of ML-KEM or of a composite KEM may also contain the public key, which must belong to the private
// key. The ECPrivateKey of a composite KEM must name its curve, and may contain its own public key, which no
// file that is written here contains. Attributes are skipped.
//
// The error wraps [kem.ErrKeyFile] if the file is malformed or something else,
// [kem.ErrUnsupported] for another algorithm, [kem.ErrLength] for a seed, an expanded key or parts of a wrong
// length, [kem.ErrPrivateKey] for an ECPrivateKey of another curve or whose number is no scalar,
// [kem.ErrExpandedKey] for an expanded key that is invalid or not that of the seed,
// [kem.ErrKeyPair] if the test decapsulation fails or the public key does not belong to
// the private key, and [kem.ErrFIPS] with GODEBUG=fips140=only.
func ParsePKCS8PrivateKey(der []byte) (kem.Decapsulator, error) {
	return parsePKCS8(der, false)
}

// ParseLegacyPrivateKey is [ParsePKCS8PrivateKey] that also reads forms from before
// RFC 9935. Use it to convert old files: [MarshalPKCS8PrivateKey] writes the key in today's form, if the
// old one contains its seed. These are the forms, which are the whole contents of the OCTET STRING in PKCS #8:
//
//   - a seed, as Botan wrote it up to version 3.13;
//   - a seed in another OCTET STRING, as old versions of Bouncy Castle wrote it;
//   - an expanded key;
//   - an expanded key, followed by the encapsulation key, as oqs-provider wrote them, with or without another
//     OCTET STRING around them. The encapsulation key must belong to the expanded key.
func ParseLegacyPrivateKey(der []byte) (kem.Decapsulator, error) {
	return parsePKCS8(der, true)
}

// parsePKCS8 is ParseLegacyPrivateKey if legacy is set, and otherwise ParsePKCS8PrivateKey.
func parsePKCS8(der []byte, legacy bool) (kem.Decapsulator, error) {
	file, err := splitPKCS8(der)
	if err != nil {
		return nil, err
	}
	p, err := file.parts()
	if err != nil {
		return nil, err
	}
	defer clear(p.rebuilt)
	if p.legacy != "" && !legacy {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the private key has a form from before RFC 9935, %s: ParseLegacyPrivateKey and \"kemtool convert\" read it", p.legacy)
	}
	return file.parse(p)
}

// A pkcs8 is a OneAsymmetricKey (RFC 5958, section 2).
type pkcs8 struct {
	*format
	contents  cryptobyte.String // of its private key
	publicKey []byte            // nil if there is none
}

// splitPKCS8 splits a OneAsymmetricKey.
func splitPKCS8(der []byte) (*pkcs8, error) {
	if k := identify(der); k != unknown && k.Kind != envelope.PrivateKey {
		return nil, k.fault("a private key file")
	}
	s, err := readFile(der, "private key file")
	if err != nil {
		return nil, err
	}
	version, err := read(&s, "the version", asn1.INTEGER)
	if err != nil {
		return nil, err
	}
	if len(version) != 1 || version[0] > 1 {
		return nil, fault.New(pkg, kem.ErrKeyFile, "unknown version of a private key file")
	}
	var file pkcs8
	if file.format, err = readAlgorithm(&s); err != nil {
		return nil, err
	}
	if file.contents, err = read(&s, "the private key", asn1.OCTET_STRING); err != nil {
		return nil, err
	}
	if s.PeekASN1Tag(attributesTag) {
		attributes, err := read(&s, "the list of attributes", attributesTag)
		for err == nil && !attributes.Empty() {
			_, err = read(&attributes, "an attribute", asn1.SEQUENCE)
		}
		if err != nil {
			return nil, err
		}
	}
	if version[0] == 1 {
		bits, err := read(&s, "the public key", publicKeyTag)
		if err != nil {
			return nil, err
		}
		if file.publicKey, err = wholeBytes(bits); err != nil {
			return nil, err
		}
		if file.kem == xwing.KEM() {
			return nil, fault.New(pkg, kem.ErrKeyFile, "a public key beside the private key of %s, where it must be absent", file.kem.Name())
		}
	}
	return &file, end(s, "the private key file")
}

// parts are what the contents of a private key consist of.
type parts struct {
	seed, expanded []byte // at least one is not nil; seed may also be the stored form of a key from parts
	rebuilt        []byte // seed, if it is not in the memory of the file
	publicKey      []byte // nil if there is none
	point          []byte // the public key in an ECPrivateKey, or nil
	legacy         string // the name of the form, if it is from before RFC 9935
}

// parts splits the contents of a private key. For ML-KEM, RFC 9935, section 6, makes them a CHOICE of a
// seed, an expanded key or both. For X-Wing, they are the seed, and for composites the private keys of the parts.
//
// A bare seed can begin like any structure. So the lengths of the bare forms are compared first, and for
// contents that are not one whole structure the error tells only their length.
func (file *pkcs8) parts() (parts, error) {
	b := file.contents
	if file.curve != nil && len(b) > mlkem.SeedSize {
		return file.ecParts(b)
	}
	if file.bare() {
		return parts{seed: b}, nil
	}
	seedSize, publicKeySize := file.kem.SeedSize(), file.kem.EncapsulationKeySize()
	expandedSize := expandedSize(file.kem)
	switch len(b) {
	case seedSize:
		return parts{seed: b, legacy: "a bare seed"}, nil
	case expandedSize:
		return parts{expanded: b, legacy: "a bare expanded key"}, nil
	case expandedSize + publicKeySize:
		return cut(b, expandedSize), nil
	}
	if seed, ok := only(b, seedTag); ok {
		return parts{seed: seed}, nil
	}
	if key, ok := only(b, asn1.OCTET_STRING); ok {
		switch len(key) {
		case seedSize:
			return parts{seed: key, legacy: "a seed in an OCTET STRING"}, nil
		case expandedSize + publicKeySize:
			return cut(key, expandedSize), nil
		}
		return parts{expanded: key}, nil
	}
	if both, ok := only(b, asn1.SEQUENCE); ok {
		var seed, expanded cryptobyte.String
		if both.ReadASN1(&seed, asn1.OCTET_STRING) && both.ReadASN1(&expanded, asn1.OCTET_STRING) && both.Empty() {
			return parts{seed: seed, expanded: expanded}, nil
		}
	}
	return parts{}, fault.New(pkg, kem.ErrKeyFile, "the private key has %d bytes and none of the forms of RFC 9935", len(b))
}

// ecParts splits the private key of a composite KEM with a curve, whose second part is an ECPrivateKey in DER (RFC
// 5915, section 3). A public key in it is cut out, because the stored form of the key has none.
//
// The sizes of all elements before the end of the scalar are checked before the next one is read, so no byte of
// the scalar is taken for a tag or a length, and no error depends on it.
func (f *format) ecParts(b cryptobyte.String) (parts, error) {
	seed, key := b[:mlkem.SeedSize], b[mlkem.SeedSize:]
	if len(key) == f.curve.scalarSize {
		return parts{}, fault.New(pkg, kem.ErrPrivateKey, "the private key of %s is a bare scalar, want an ECPrivateKey", f.curve.name)
	}
	what := "private key of " + f.curve.name
	contents, err := readFile(key, what)
	if err != nil {
		return parts{}, err
	}
	s := contents
	version, err := read(&s, "the version of the "+what, asn1.INTEGER)
	if err != nil {
		return parts{}, err
	}
	//ct:declassify version[:]: it is syntax
	if len(version) != 1 || version[0] != 1 { // bytes.Equal would also load the bytes behind
		return parts{}, fault.New(pkg, kem.ErrKeyFile, "unknown version of the %s", what)
	}
	scalar, err := read(&s, "the scalar in the "+what, asn1.OCTET_STRING)
	if err != nil {
		return parts{}, err
	}
	if len(scalar) != f.curve.scalarSize {
		return parts{}, fault.New(pkg, kem.ErrPrivateKey, "the scalar in the %s has %d bytes, want %d", what, len(scalar), f.curve.scalarSize)
	}
	parameters, err := read(&s, "the name of the curve in the "+what, parametersTag)
	if err != nil {
		return parts{}, err
	}
	//ct:declassify parameters[:]: the curve is public
	var oid encodingasn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&oid) || !parameters.Empty() {
		return parts{}, fault.New(pkg, kem.ErrKeyFile, "the curve in the %s has no valid identifier", what)
	}
	if name := curves[oid.String()]; name != f.curve.name {
		return parts{}, fault.New(pkg, kem.ErrPrivateKey, "the %s is of another curve, %s (%v)", what, cmp.Or(name, "which is unknown"), oid)
	}
	if s.Empty() {
		return parts{seed: b}, nil
	}
	withoutPoint := contents[:len(contents)-len(s)]
	field, err := read(&s, "the public key in the "+what, pointTag)
	if err != nil {
		return parts{}, err
	}
	bits, err := read(&field, "the public key in the "+what, asn1.BIT_STRING)
	if err != nil {
		return parts{}, err
	}
	//ct:declassify bits[:]: the public key is public
	point, err := wholeBytes(bits)
	if err = cmp.Or(err, end(field, "the public key in the "+what), end(s, "the "+what)); err != nil {
		return parts{}, err
	}
	rebuilt := cryptobyte.NewFixedBuilder(make([]byte, 0, len(b)))
	rebuilt.AddBytes(seed)
	rebuilt.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(withoutPoint) })
	stored := rebuilt.BytesOrPanic()
	return parts{seed: stored, rebuilt: stored, point: point}, nil
}

// cut cuts b into an expanded key of n bytes and the encapsulation key.
func cut(b []byte, n int) parts {
	publicKey := b[n:]
	//ct:declassify publicKey: it is public
	return parts{expanded: b[:n], publicKey: publicKey, legacy: "an expanded key with its public key"}
}

// expandedSize returns the size of an expanded key of ML-KEM, ŝ ‖ ek ‖ H(ek) ‖ z. The size of ŝ is
// that of ek = t̂ ‖ ρ without ρ.
func expandedSize(k kem.KEM) int { return 2*k.EncapsulationKeySize() + 32 }

// only returns the contents of b, if b is one element with the tag and nothing else.
func only(b cryptobyte.String, tag asn1.Tag) (contents cryptobyte.String, ok bool) {
	ok = b.ReadASN1(&contents, tag) && b.Empty()
	return contents, ok
}

// parse makes a key of its parts, which must match.
func (file *pkcs8) parse(p parts) (kem.Decapsulator, error) {
	dk, err := file.key(p)
	if err != nil {
		return nil, err
	}
	for _, publicKey := range [][]byte{p.publicKey, file.publicKey} {
		if publicKey != nil && !bytes.Equal(publicKey, dk.PublicKey().Bytes()) {
			dk.Destroy()
			return nil, fault.New(pkg, kem.ErrKeyPair, "the public key does not belong to the private key")
		}
	}
	if p.point != nil && !bytes.Equal(p.point, file.pointOf(dk)) {
		dk.Destroy()
		return nil, fault.New(pkg, kem.ErrKeyPair, "the public key in the private key of %s is not its uncompressed point", file.curve.name)
	}
	return dk, nil
}

// pointOf returns the share of the curve in the encapsulation key of dk.
func (f *format) pointOf(dk kem.Decapsulator) []byte {
	ek := dk.PublicKey().Bytes()
	return ek[len(ek)-(1+2*f.curve.scalarSize):]
}

// key returns the key of the seed, if there is one. An expanded key beside the seed must be equal to what
// the seed expands to.
func (f *format) key(p parts) (kem.Decapsulator, error) {
	if p.seed == nil {
		return f.parseExpanded(p.expanded)
	}
	dk, err := f.newKey(p.seed)
	if err == nil && p.expanded != nil {
		err = secret.OrDestroy(dk, func() error { return f.checkExpanded(p.expanded, dk) })
	}
	return fault.OrNil[kem.Decapsulator](dk, err)
}

// parseExpanded parses an expanded key. A key whose hash is right can still have a wrong ŝ, so it must
// pass kem.CheckKeyPair.
func (f *format) parseExpanded(b []byte) (kem.Decapsulator, error) {
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
// *mlkem.EncapsulationKey1024 or *xwing.EncapsulationKey, or an encapsulation key of
// hybridkem/combiner/composite. The error wraps [kem.ErrKeyFile] if the
// file is malformed, [kem.ErrUnsupported] for another algorithm, and else the error of the
// key's package.
func ParsePKIXPublicKey(der []byte) (kem.EncapsulationKey, error) {
	f, b, err := splitPKIX(der)
	if err != nil {
		return nil, err
	}
	ek, err := f.kem.NewEncapsulationKey(b)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return ek, nil
}

// splitPKIX splits a SubjectPublicKeyInfo.
func splitPKIX(der []byte) (f *format, encapsulationKey []byte, err error) {
	if k := identify(der); k != unknown && k.Kind != envelope.PublicKey {
		return nil, nil, k.fault("a public key file")
	}
	s, err := readFile(der, "public key file")
	if err != nil {
		return nil, nil, err
	}
	if f, err = readAlgorithm(&s); err != nil {
		return nil, nil, err
	}
	bits, err := read(&s, "the public key", asn1.BIT_STRING)
	if err != nil {
		return nil, nil, err
	}
	if err := end(s, "the public key file"); err != nil {
		return nil, nil, err
	}
	encapsulationKey, err = wholeBytes(bits)
	return f, encapsulationKey, err
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
	if name, ok := others[oid.String()]; ok {
		return nil, fault.New(pkg, kem.ErrUnsupported, "the key is for %s (%v), not for a supported KEM", name, oid)
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

// readFile returns the contents of a SEQUENCE that is all of b.
func readFile(b []byte, what string) (cryptobyte.String, error) {
	contents, ok := only(b, asn1.SEQUENCE)
	if !ok {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the %s of %d bytes is not one SEQUENCE in DER: it is cut or damaged, or data follows", what, len(b))
	}
	return contents, nil
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
