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
// (RFC 7468, section 10). It uses encoding/base64, which looks up bytes of the key in a
// table. So its time may depend on the key.
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

// ParsePrivateKeyPEM is [ParsePKCS8PrivateKey] for a file in PEM. The file must contain one
// block with the label PRIVATE KEY and without headers. Text around the block is skipped.
//
// If a line of the block contains spaces or tabs, or if the base64 of a block is invalid, a
// copy of the key may stay in memory.
func ParsePrivateKeyPEM(file []byte) (kem.Decapsulator, error) {
	der, err := decode(privateKeyLabel, file)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return ParsePKCS8PrivateKey(der)
}

// ParsePublicKeyPEM is [ParsePKIXPublicKey] for a file in PEM. The file must contain one
// block with the label PUBLIC KEY and without headers. Text around the block is skipped.
func ParsePublicKeyPEM(file []byte) (kem.EncapsulationKey, error) {
	der, err := decode(publicKeyLabel, file)
	if err != nil {
		return nil, err
	}
	return ParsePKIXPublicKey(der)
}

// encode encodes der in PEM with a label and clears it. encoding/pem would leave copies of der in
// memory. If err is not nil, encode returns it.
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

// decode returns the contents of the only PEM block in file, which must have the label.
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
