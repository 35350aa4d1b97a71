package keyfile

import (
	"encoding/base64"
	"encoding/pem"

	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// The labels of RFC 7468, sections 10 and 13.
const (
	privateKeyLabel = "PRIVATE KEY"
	publicKeyLabel  = "PUBLIC KEY"
)

// MarshalPrivateKeyPEM is [MarshalPKCS8PrivateKey] in PEM, with the label PRIVATE KEY
// (RFC 7468, section 10). The base64 of encoding/base64 looks up bytes of the key in a table, so
// that its time may depend on them.
func MarshalPrivateKeyPEM(key any) ([]byte, error) {
	der, err := MarshalPKCS8PrivateKey(key)
	return encode(privateKeyLabel, der, err)
}

// MarshalPublicKeyPEM is [MarshalPKIXPublicKey] in PEM, with the label PUBLIC KEY
// (RFC 7468, section 13).
func MarshalPublicKeyPEM(pub any) ([]byte, error) {
	der, err := MarshalPKIXPublicKey(pub)
	return encode(publicKeyLabel, der, err)
}

// ParsePrivateKeyPEM is [ParsePKCS8PrivateKey] for a file in PEM. The file holds one block,
// labelled PRIVATE KEY, without headers. Text around the block is skipped.
//
// A copy of the key is left in memory if lines of the block hold spaces or tabs, or if the base64
// of a block is not valid.
func ParsePrivateKeyPEM(file []byte) (kem.Decapsulator, error) {
	der, err := decode(privateKeyLabel, file)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return ParsePKCS8PrivateKey(der)
}

// ParsePublicKeyPEM is [ParsePKIXPublicKey] for a file in PEM. The file holds one block,
// labelled PUBLIC KEY, without headers. Text around the block is skipped.
func ParsePublicKeyPEM(file []byte) (kem.EncapsulationKey, error) {
	der, err := decode(publicKeyLabel, file)
	if err != nil {
		return nil, err
	}
	return ParsePKIXPublicKey(der)
}

// encode does what encoding/pem does, but leaves no copies.
func encode(label string, der []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer clear(der)
	const line = 48 // bytes, which are 64 characters
	begin, end := "-----BEGIN "+label+"-----\n", "-----END "+label+"-----\n"
	lines := (len(der) + line - 1) / line
	file := make([]byte, len(begin)+base64.StdEncoding.EncodedLen(len(der))+lines+len(end))
	at := copy(file, begin)
	for rest := der; len(rest) > 0; {
		n := min(line, len(rest))
		base64.StdEncoding.Encode(file[at:], rest[:n])
		at += base64.StdEncoding.EncodedLen(n)
		file[at] = '\n'
		rest, at = rest[n:], at+1
	}
	copy(file[at:], end)
	return file, nil
}

func decode(label string, file []byte) (der []byte, err error) {
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, fault.New(pkg, kem.ErrKeyFile, "no PEM block")
	}
	defer func() {
		if err != nil {
			clear(block.Bytes)
		}
	}()
	if block.Type != label {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the PEM block is %q, not %q", block.Type, label)
	}
	if len(block.Headers) > 0 {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the PEM block has headers")
	}
	if second, _ := pem.Decode(rest); second != nil {
		clear(second.Bytes)
		return nil, fault.New(pkg, kem.ErrKeyFile, "more than one PEM block")
	}
	return block.Bytes, nil
}
