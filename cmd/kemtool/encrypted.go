package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"

	"hybridkem/internal/envelope"
)

// Private keys are encrypted with a password as RFC 8018, section 6.2, says (PBES2), in the
// variants that OpenSSL writes.
//
// No library that is fit for damaged files returns the DER: DecryptPKCS8PrivateKey of
// go.step.sm/crypto v0.92.0 panics at an IV or data of a wrong length, takes an unknown hash function
// for SHA-1, and counts iterations without a limit.

// An encryptedKey is an encrypted private key.
type encryptedKey struct {
	derive func(passphrase []byte, size int) ([]byte, error)
	size   int // of the key of AES
	iv     []byte
	data   []byte
}

// oid names object identifiers.
var oid = map[string]string{
	"1.2.840.113549.1.5.13":  "PBES2",
	"1.2.840.113549.1.5.12":  "PBKDF2",
	"1.3.6.1.4.1.11591.4.11": "scrypt",

	"2.16.840.1.101.3.4.1.2":  "AES-128-CBC",
	"2.16.840.1.101.3.4.1.22": "AES-192-CBC",
	"2.16.840.1.101.3.4.1.42": "AES-256-CBC",
	"1.2.840.113549.3.7":      "DES-EDE3-CBC",
	"2.16.840.1.101.3.4.1.46": "AES-256-GCM",

	"1.2.840.113549.2.7":  "HMAC-SHA-1",
	"1.2.840.113549.2.8":  "HMAC-SHA-224",
	"1.2.840.113549.2.9":  "HMAC-SHA-256",
	"1.2.840.113549.2.10": "HMAC-SHA-384",
	"1.2.840.113549.2.11": "HMAC-SHA-512",

	"1.2.840.113549.1.5.3":    "PBES1 with MD5 and DES",
	"1.2.840.113549.1.5.10":   "PBES1 with SHA-1 and DES",
	"1.2.840.113549.1.12.1.1": "PKCS #12 encryption with RC4",
	"1.2.840.113549.1.12.1.3": "PKCS #12 encryption with 3DES",
	"1.2.840.113549.1.12.1.6": "PKCS #12 encryption with RC2",
}

var keySizes = map[string]int{"AES-128-CBC": 16, "AES-192-CBC": 24, "AES-256-CBC": 32}

var hashes = map[string]func() hash.Hash{
	"HMAC-SHA-1": sha1.New, "HMAC-SHA-224": sha256.New224, "HMAC-SHA-256": sha256.New, "HMAC-SHA-384": sha512.New384, "HMAC-SHA-512": sha512.New,
}

// Larger parameters than these would take minutes, or more memory than there is.
const (
	maxIterations = 10_000_000
	maxMemory     = 1 << 28 // bytes
)

// unsupported returns the error for an algorithm that kemtool does not decrypt.
func unsupported(id asn1.ObjectIdentifier) error {
	name := oid[id.String()]
	if name == "" {
		name = "the unknown algorithm"
	}
	return fmt.Errorf("encrypted with %s (%v), which kemtool does not read; openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW of OpenSSL 3.5 or newer converts it", name, id)
}

var errEncryption = errors.New("the parameters of the encryption are malformed")

// parseEncrypted parses an EncryptedPrivateKeyInfo (RFC 5958, section 3).
func parseEncrypted(der []byte) (*encryptedKey, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	if !unmarshal(der, &info) {
		return nil, errors.New("a damaged encrypted private key")
	}
	if oid[info.Algorithm.Algorithm.String()] != "PBES2" {
		return nil, unsupported(info.Algorithm.Algorithm)
	}
	if !unmarshal(info.Algorithm.Parameters.FullBytes, &scheme) {
		return nil, errEncryption
	}
	key := &encryptedKey{size: keySizes[oid[scheme.Cipher.Algorithm.String()]], data: info.Data}
	if key.size == 0 {
		return nil, unsupported(scheme.Cipher.Algorithm)
	}
	if !unmarshal(scheme.Cipher.Parameters.FullBytes, &key.iv) || len(key.iv) != aes.BlockSize ||
		len(key.data) == 0 || len(key.data)%aes.BlockSize != 0 {
		return nil, errEncryption
	}
	var err error
	switch oid[scheme.KDF.Algorithm.String()] {
	case "PBKDF2":
		key.derive, err = parsePBKDF2(scheme.KDF.Parameters.FullBytes)
	case "scrypt":
		key.derive, err = parseScrypt(scheme.KDF.Parameters.FullBytes)
	default:
		err = unsupported(scheme.KDF.Algorithm)
	}
	return key, err
}

// unmarshal reports whether der is one value of the type of v.
func unmarshal(der []byte, v any) bool {
	rest, err := asn1.Unmarshal(der, v)
	return err == nil && len(rest) == 0
}

// parsePBKDF2 parses PBKDF2-params (RFC 8018, appendix A.2).
func parsePBKDF2(der []byte) (func([]byte, int) ([]byte, error), error) {
	var p struct {
		Salt       []byte
		Iterations int
		Size       int                      `asn1:"optional"`
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if !unmarshal(der, &p) || p.Iterations < 1 {
		return nil, errEncryption
	}
	if p.Iterations > maxIterations {
		return nil, fmt.Errorf("encrypted with %d iterations of PBKDF2, which would take too long: the limit is %d", p.Iterations, maxIterations)
	}
	h := sha1.New // the default
	if p.Hash.Algorithm != nil {
		if h = hashes[oid[p.Hash.Algorithm.String()]]; h == nil {
			return nil, unsupported(p.Hash.Algorithm)
		}
	}
	return func(passphrase []byte, size int) ([]byte, error) {
		return pbkdf2.Key(h, string(passphrase), p.Salt, p.Iterations, size)
	}, nil
}

// parseScrypt parses scrypt-params (RFC 7914, section 7.1).
func parseScrypt(der []byte) (func([]byte, int) ([]byte, error), error) {
	var p struct {
		Salt    []byte
		N, R, P int
		Size    int `asn1:"optional"`
	}
	if !unmarshal(der, &p) || p.N < 2 || p.R < 1 || p.P < 1 {
		return nil, errEncryption
	}
	if p.N > maxMemory/128 || p.R > maxMemory/128/p.N || p.P > 16 {
		return nil, fmt.Errorf("encrypted with scrypt for N = %d, r = %d, p = %d, which would take too much memory or time", p.N, p.R, p.P)
	}
	return func(passphrase []byte, size int) ([]byte, error) {
		return scrypt.Key(passphrase, p.Salt, p.N, p.R, p.P, size)
	}, nil
}

// decrypt returns the private key. CBC does not show a wrong passphrase: a wrong one is known by
// what comes out.
func (k *encryptedKey) decrypt(passphrase []byte) ([]byte, error) {
	key, err := k.derive(passphrase, k.size)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	der := make([]byte, len(k.data))
	cipher.NewCBCDecrypter(block, k.iv).CryptBlocks(der, k.data)
	padding := int(der[len(der)-1])
	if padding < 1 || padding > aes.BlockSize || identify(der[:len(der)-padding]) != envelope.PrivateKey {
		clear(der)
		return nil, errors.New("wrong passphrase, or a damaged file")
	}
	return der[:len(der)-padding], nil
}
