// Package envelope tells what a key file is, without the key in it, splits files in PEM into their blocks, and
// writes such blocks.
package envelope

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A Kind is what a file or a block is, with its article. The empty Kind is unknown.
type Kind string

const (
	PrivateKey   Kind = "a private key"
	EncryptedKey Kind = "an encrypted private key"
	PublicKey    Kind = "a public key"
	Certificate  Kind = "a certificate"
	Request      Kind = "a certificate request"
	PKCS12       Kind = "a PKCS #12 file"
	CMS          Kind = "a CMS (PKCS #7) file"
	ECKey        Kind = "an elliptic-curve private key (SEC 1)"
	RSAKey       Kind = "an RSA private key (PKCS #1)"
	RSAPublicKey Kind = "an RSA public key (PKCS #1)"
)

// Labels has the kinds of PEM blocks (RFC 7468).
var Labels = map[string]Kind{
	"PRIVATE KEY":             PrivateKey,
	"ENCRYPTED PRIVATE KEY":   EncryptedKey,
	"PUBLIC KEY":              PublicKey,
	"CERTIFICATE":             Certificate,
	"X509 CERTIFICATE":        Certificate,
	"CERTIFICATE REQUEST":     Request,
	"NEW CERTIFICATE REQUEST": Request,
	"CMS":                     CMS,
	"PKCS7":                   CMS,
	"EC PRIVATE KEY":          ECKey,
	"RSA PRIVATE KEY":         RSAKey,
	"RSA PUBLIC KEY":          RSAPublicKey,
}

// Identify tells what a file in DER is from the tags at its beginning, which hold nothing of a key.
func Identify(der []byte) Kind {
	s := cryptobyte.String(der)
	var contents cryptobyte.String
	if !s.ReadASN1(&contents, asn1.SEQUENCE) || !s.Empty() {
		return ""
	}
	tags, first := begin(contents)
	switch {
	case tags == [3]asn1.Tag{asn1.INTEGER, asn1.SEQUENCE, asn1.OCTET_STRING}:
		return PrivateKey
	case tags[0] == asn1.INTEGER && tags[1] == asn1.SEQUENCE && bytes.Equal(first, []byte{3}):
		return PKCS12
	case tags[0] == asn1.INTEGER && tags[1] == asn1.OCTET_STRING && bytes.Equal(first, []byte{1}):
		return ECKey
	case tags == [3]asn1.Tag{asn1.INTEGER, asn1.INTEGER, asn1.INTEGER}:
		return RSAKey
	case tags == [3]asn1.Tag{asn1.INTEGER, asn1.INTEGER}:
		return RSAPublicKey
	case tags == [3]asn1.Tag{asn1.OBJECT_IDENTIFIER, asn1.Tag(0).ContextSpecific().Constructed()}:
		return CMS
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.BIT_STRING}:
		return PublicKey
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.OCTET_STRING} && passwordBased(first):
		return EncryptedKey
	case tags == [3]asn1.Tag{asn1.SEQUENCE, asn1.SEQUENCE, asn1.BIT_STRING}:
		if first.PeekASN1Tag(asn1.INTEGER) { // the version of a certificate has a tag of its own
			return Request
		}
		return Certificate
	}
	return ""
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
