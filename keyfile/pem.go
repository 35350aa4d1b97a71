package keyfile

import (
	"errors"
	"fmt"
	"strings"

	"hybridkem/internal/envelope"
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
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return envelope.Encode(privateKeyLabel, der), nil
}

// MarshalPublicKeyPEM is [MarshalPKIXPublicKey] in PEM, with the label PUBLIC KEY
// (RFC 7468, section 13).
func MarshalPublicKeyPEM(pub any) ([]byte, error) {
	der, err := MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return envelope.Encode(publicKeyLabel, der), nil
}

// ParsePrivateKeyPEM is [ParsePKCS8PrivateKey] for a file in PEM. The file must contain exactly one
// private key that this package reads, in a block with the label PRIVATE KEY and without
// headers. Blocks with other labels, private keys of other algorithms, text around the blocks and a
// byte order mark are skipped. A damaged block is an error.
//
// If a line of the block contains spaces or tabs, or if the base64 of a block is invalid, a
// copy of the key may stay in memory.
func ParsePrivateKeyPEM(file []byte) (kem.Decapsulator, error) {
	blocks, der, err := choose(privateKeyLabel, file, func(der []byte) error {
		_, err := splitPKCS8(der)
		return err
	})
	defer envelope.Clear(blocks)
	if err != nil {
		return nil, err
	}
	return ParsePKCS8PrivateKey(der)
}

// ParsePublicKeyPEM is [ParsePKIXPublicKey] for a file in PEM. The file must contain exactly one
// public key that this package reads, in a block with the label PUBLIC KEY and without
// headers. Blocks with other labels, public keys of other algorithms, text around the blocks and a
// byte order mark are skipped. A damaged block is an error.
func ParsePublicKeyPEM(file []byte) (kem.EncapsulationKey, error) {
	blocks, der, err := choose(publicKeyLabel, file, func(der []byte) error {
		_, _, err := splitPKIX(der)
		return err
	})
	defer envelope.Clear(blocks)
	if err != nil {
		return nil, err
	}
	return ParsePKIXPublicKey(der)
}

// choose splits a file into its blocks, and returns the contents of the only block with the label for
// which split does not return kem.ErrUnsupported. The caller clears the blocks.
func choose(label string, file []byte, split func(der []byte) error) (blocks []envelope.Block, der []byte, err error) {
	blocks, err = envelope.Split(file)
	if err != nil {
		k := identify(file)
		if k.Kind != "" && k.Kind == envelope.Identify(file) {
			return nil, nil, fault.New(pkg, kem.ErrKeyFile, "the file is %s in DER, not in PEM", k.Kind)
		}
		if k != unknown && k != inPEM {
			return nil, nil, k.fault("in PEM")
		}
		return nil, nil, fault.New(pkg, kem.ErrKeyFile, "%v", err)
	}
	var unsupported error
	for _, block := range blocks {
		if block.Label != label {
			continue
		}
		if block.Headers {
			return blocks, nil, fault.New(pkg, kem.ErrKeyFile, "the PEM block has headers")
		}
		if err := split(block.Bytes); errors.Is(err, kem.ErrUnsupported) {
			unsupported = err
			continue
		}
		if der != nil {
			return blocks, nil, fault.New(pkg, kem.ErrKeyFile, "more than one PEM block %q", label)
		}
		der = block.Bytes
	}
	switch {
	case der != nil:
		return blocks, der, nil
	case unsupported != nil:
		return blocks, nil, unsupported
	}
	return blocks, nil, fault.New(pkg, kem.ErrKeyFile, "no PEM block %q, but %s", label, labels(blocks))
}

// labels lists the labels of blocks, but not all of many, with help for those that can lead to a key.
func labels(blocks []envelope.Block) string {
	const most = 4
	var list []string
	seen := map[string]bool{}
	for _, block := range blocks {
		if seen[block.Label] {
			continue
		}
		seen[block.Label] = true
		text := fmt.Sprintf("%.50q", block.Label)
		if h := help[envelope.Labels[block.Label]]; h != "" {
			text += " (" + h + ")"
		}
		list = append(list, text)
	}
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}
