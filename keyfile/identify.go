package keyfile

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/internal/fault"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A kind is a kind of file that can be mistaken for another.
type kind struct {
	name string // with its article
	help string // for those who want a key; may be empty
	der  bool
}

var (
	unknown      = &kind{}
	privateKey   = &kind{"a private key", "the method PublicKey of the key gives the public key", true}
	publicKey    = &kind{"a public key", "", true}
	encryptedKey = &kind{"a private key encrypted with a password", "openssl pkey -in FILE -out NEW decrypts it", true}
	certificate  = &kind{"a certificate", "crypto/x509 parses it, and RawSubjectPublicKeyInfo is its public key", true}
	request      = &kind{"a certificate request", "crypto/x509 parses it, and RawSubjectPublicKeyInfo is its public key", true}
	pkcs12       = &kind{"a PKCS #12 file", "openssl pkcs12 -in FILE -nodes prints its keys", true}
	inPEM        = &kind{"in PEM", "the functions whose names end in PEM read it", false}
	inUTF16      = &kind{"text in UTF-16", "save it as UTF-8", false}
	empty        = &kind{"empty", "", false}
)

// labelled has the kinds of PEM blocks.
var labelled = map[string]*kind{
	privateKeyLabel:           privateKey,
	publicKeyLabel:            publicKey,
	"ENCRYPTED PRIVATE KEY":   encryptedKey,
	"CERTIFICATE":             certificate,
	"TRUSTED CERTIFICATE":     certificate,
	"X509 CERTIFICATE":        certificate,
	"CERTIFICATE REQUEST":     request,
	"NEW CERTIFICATE REQUEST": request,
}

// fault returns the error for a file of this kind where want is wanted.
func (k *kind) fault(want string) error {
	text := "the file is " + k.name
	if k != empty {
		text += ", not " + want
	}
	if k.help != "" {
		text += ": " + k.help
	}
	return fault.New(pkg, kem.ErrKeyFile, "%s", text)
}

// identify tells what a file is from its length and from the tags at its beginning, which hold nothing
// of a key.
func identify(file []byte) *kind {
	switch {
	case len(file) == 0:
		return empty
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		return inUTF16
	}
	contents, ok := only(file, asn1.SEQUENCE)
	if !ok || len(file) == mlkem.SeedSize || len(file) == xwing.SeedSize { // a seed can begin like DER
		return raw(file)
	}
	tags, first := begin(contents)
	switch {
	case tags == [3]asn1.Tag{asn1.INTEGER, asn1.SEQUENCE, asn1.OCTET_STRING}:
		return privateKey
	case tags[0] == asn1.INTEGER && tags[1] == asn1.SEQUENCE && bytes.Equal(first, []byte{3}):
		return pkcs12
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.BIT_STRING}:
		return publicKey
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.OCTET_STRING} && passwordBased(first):
		return encryptedKey
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.SEQUENCE, asn1.BIT_STRING}:
		if first.PeekASN1Tag(asn1.INTEGER) { // the version of a certificate has a tag of its own
			return request
		}
		return certificate
	}
	return unknown
}

// begin returns the tags of the first three elements of s, and the contents of the first. The tags of missing
// elements are 0.
func begin(s cryptobyte.String) (tags [3]asn1.Tag, first cryptobyte.String) {
	for i := range tags {
		var element cryptobyte.String
		if !s.ReadAnyASN1(&element, &tags[i]) {
			tags[i] = 0
			break
		}
		if i == 0 {
			first = element
		}
	}
	return tags, first
}

// passwordBased reports whether an AlgorithmIdentifier is one of the encryptions of PKCS #5 or PKCS #12.
func passwordBased(algorithm cryptobyte.String) bool {
	var oid cryptobyte.String
	pkcs := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01} // 1.2.840.113549.1
	return algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) &&
		(bytes.HasPrefix(oid, append(pkcs, 5)) || bytes.HasPrefix(oid, append(pkcs, 12)))
}

// raw returns the kind of a file that is not DER.
func raw(file []byte) *kind {
	for _, f := range formats {
		name := f.kem.Name()
		switch n := len(file); {
		case n == f.kem.SeedSize() && f.bare():
			return &kind{"perhaps a raw seed of " + name, "NewDecapsulationKey of package xwing takes one", false}
		case n == f.kem.SeedSize():
			return &kind{"perhaps a raw seed of ML-KEM", "NewDecapsulationKey512, 768 or 1024 of package mlkem takes one", false}
		case n == f.kem.EncapsulationKeySize():
			return &kind{"perhaps a raw encapsulation key of " + name, "NewEncapsulationKey of its KEM takes one", false}
		case n == expandedSize(f.kem) && !f.bare():
			return &kind{"perhaps a raw expanded key of " + name, "NewExpandedKey512, 768 or 1024 of package mlkem takes one", false}
		}
	}
	if bytes.Contains(file, []byte("-----BEGIN ")) {
		return inPEM
	}
	return unknown
}

// others names algorithms whose keys come in the same files, by their identifiers.
var others = map[string]string{
	"1.2.840.113549.1.1.1":    "RSA",
	"1.2.840.10045.2.1":       "elliptic curves",
	"1.3.101.110":             "X25519",
	"1.3.101.111":             "X448",
	"1.3.101.112":             "Ed25519",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"1.3.6.1.5.5.7.6.58":      "a composite of ML-KEM-768 and X25519",
	"1.3.6.1.5.5.7.6.59":      "a composite of ML-KEM-768 and P-256",
	"1.3.6.1.5.5.7.6.63":      "a composite of ML-KEM-1024 and P-384",
	"1.3.6.1.5.5.7.6.66":      "a composite of ML-KEM-1024 and P-521",
	"1.3.6.1.4.1.22554.5.6.1": "Kyber512 or the draft of ML-KEM-512",
	"1.3.6.1.4.1.22554.5.6.2": "Kyber768 or the draft of ML-KEM-768",
	"1.3.6.1.4.1.22554.5.6.3": "Kyber1024 or the draft of ML-KEM-1024",
	"1.3.6.1.4.1.2.267.8.2.2": "Kyber512",
	"1.3.6.1.4.1.2.267.8.3.3": "Kyber768",
	"1.3.6.1.4.1.2.267.8.4.4": "Kyber1024",
}
