package keyfile

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/internal/envelope"
	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// A kind is what a file is that can be mistaken for another.
type kind struct {
	envelope.Kind
	help string // for those who want a key; may be empty
}

// help has the help for files in DER, and for blocks in PEM.
var help = map[envelope.Kind]string{
	envelope.PrivateKey:   "the method PublicKey of the key gives the public key",
	envelope.EncryptedKey: "kemtool convert decrypts it, and so does openssl pkey -in FILE -out NEW from version 3.5 on",
	envelope.Certificate:  "crypto/x509 parses it, and RawSubjectPublicKeyInfo is its public key",
	envelope.Request:      "crypto/x509 parses it, and RawSubjectPublicKeyInfo is its public key",
	envelope.PKCS12:       "openssl pkcs12 -in FILE -nodes prints its keys",
}

var (
	unknown = kind{}
	empty   = kind{"empty", ""}
	inUTF16 = kind{"text in UTF-16", "save it as UTF-8"}
	inPEM   = kind{"in PEM", "the functions whose names end in PEM read it"}
)

// fault returns the error for a file of this kind where want is wanted.
func (k kind) fault(want string) error {
	text := "the file is " + string(k.Kind)
	if k != empty {
		text += ", not " + want
	}
	if k.help != "" {
		text += ": " + k.help
	}
	return fault.New(pkg, kem.ErrKeyFile, "%s", text)
}

// identify tells what a file is from its beginning and its length.
func identify(file []byte) kind {
	switch {
	case len(file) == 0:
		return empty
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		return inUTF16
	}
	if k := rawPrivate(file); k != unknown { // it can begin like DER
		return k
	}
	if _, ok := only(file, asn1.SEQUENCE); !ok {
		return raw(file)
	}
	k := envelope.Identify(file)
	return kind{k, help[k]}
}

// rawPrivate returns the kind of a file that has the form of a private key without a file around it, or else
// unknown. Other files can have the length of keys of composites with a curve, so the ECPrivateKey in these is
// looked at. Files of X-Wing with attributes can have the length of keys of X25519 composites.
func rawPrivate(file []byte) kind {
	if isPKCS8(file) {
		return unknown
	}
	for _, f := range formats {
		name := envelope.Kind(f.kem.Name())
		switch {
		case len(file) != f.kem.SeedSize():
		case f.curve != nil:
			if _, err := f.ecParts(file); err == nil {
				return kind{"a raw private key of ML-KEM and " + envelope.Kind(f.curve.name), "NewDecapsulationKey of a KEM of package composite takes one"}
			}
		case kem.KeysFromParts(f.kem):
			return kind{"perhaps a raw private key of " + name, "NewDecapsulationKey of its KEM takes one"}
		case f.bare():
			return kind{"perhaps a raw seed of " + name, "NewDecapsulationKey of package xwing takes one"}
		default:
			return kind{"perhaps a raw seed of ML-KEM", "NewDecapsulationKey512, 768 or 1024 of package mlkem takes one"}
		}
	}
	return unknown
}

// isPKCS8 reports whether a file begins as PKCS #8 of a supported algorithm does. Fewer than one raw key in 2^100
// begins like that.
func isPKCS8(file []byte) bool {
	s, err := readFile(file, "file")
	if err == nil {
		_, err = read(&s, "the version", asn1.INTEGER)
	}
	if err == nil {
		_, err = readAlgorithm(&s)
	}
	return err == nil
}

// raw returns the kind of a file that is neither DER nor a private key.
func raw(file []byte) kind {
	for _, f := range formats {
		name := envelope.Kind(f.kem.Name())
		switch n := len(file); {
		case n == f.kem.EncapsulationKeySize():
			return kind{"perhaps a raw encapsulation key of " + name, "NewEncapsulationKey of its KEM takes one"}
		case n == expandedSize(f.kem) && !f.bare():
			return kind{"perhaps a raw expanded key of " + name, "NewExpandedKey512, 768 or 1024 of package mlkem takes one"}
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
	"1.3.6.1.5.5.7.6.55":      "MLKEM768-RSA2048-SHA3-256",
	"1.3.6.1.5.5.7.6.56":      "MLKEM768-RSA3072-SHA3-256",
	"1.3.6.1.5.5.7.6.57":      "MLKEM768-RSA4096-SHA3-256",
	"1.3.6.1.5.5.7.6.61":      "MLKEM768-ECDH-brainpoolP256r1-SHA3-256",
	"1.3.6.1.5.5.7.6.62":      "MLKEM1024-RSA3072-SHA3-256",
	"1.3.6.1.5.5.7.6.64":      "MLKEM1024-ECDH-brainpoolP384r1-SHA3-256",
	"1.3.6.1.5.5.7.6.65":      "MLKEM1024-X448-SHA3-256",
	"1.3.6.1.4.1.22554.5.6.1": "Kyber512 or the draft of ML-KEM-512",
	"1.3.6.1.4.1.22554.5.6.2": "Kyber768 or the draft of ML-KEM-768",
	"1.3.6.1.4.1.22554.5.6.3": "Kyber1024 or the draft of ML-KEM-1024",
	"1.3.6.1.4.1.2.267.8.2.2": "Kyber512",
	"1.3.6.1.4.1.2.267.8.3.3": "Kyber768",
	"1.3.6.1.4.1.2.267.8.4.4": "Kyber1024",
}

// curves names the curves that an ECPrivateKey can be of, by their identifiers.
var curves = map[string]string{
	"1.2.840.10045.3.1.7":   "P-256",
	"1.3.132.0.10":          "secp256k1",
	"1.3.132.0.33":          "P-224",
	"1.3.132.0.34":          "P-384",
	"1.3.132.0.35":          "P-521",
	"1.3.36.3.3.2.8.1.1.7":  "brainpoolP256r1",
	"1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
	"1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
}
