package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"hybridkem"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

// For some KEMs, no document defines a key file. Their keys are PEM blocks here, with the
// KEM's name before one of these labels. A block holds the seed or the encapsulation key.
const (
	privateLabel = " PRIVATE KEY"
	publicLabel  = " PUBLIC KEY"
)

func marshalPrivateKey(dk kem.DecapsulationKey) ([]byte, error) {
	file, err := keyfile.MarshalPrivateKeyPEM(dk)
	if errors.Is(err, errors.ErrUnsupported) {
		seed := dk.Bytes()
		defer clear(seed)
		return pem.EncodeToMemory(&pem.Block{Type: dk.KEM().Name() + privateLabel, Bytes: seed}), nil
	}
	return file, err
}

func marshalPublicKey(ek kem.EncapsulationKey) ([]byte, error) {
	file, err := keyfile.MarshalPublicKeyPEM(ek)
	if errors.Is(err, errors.ErrUnsupported) {
		return pem.EncodeToMemory(&pem.Block{Type: ek.KEM().Name() + publicLabel, Bytes: ek.Bytes()}), nil
	}
	return file, err
}

// parseKey parses a private or public key.
func parseKey(file []byte) (key any, err error) {
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	defer clear(block.Bytes)
	switch block.Type {
	case strings.TrimSpace(privateLabel):
		return keyfile.ParsePrivateKeyPEM(file)
	case strings.TrimSpace(publicLabel):
		return keyfile.ParsePublicKeyPEM(file)
	}
	if second, _ := pem.Decode(rest); second != nil || len(block.Headers) > 0 {
		return nil, errors.New("more than one PEM block, or one with headers")
	}
	if name, ok := strings.CutSuffix(block.Type, privateLabel); ok {
		if k, err := hybridkem.ByName(name); err == nil {
			return k.NewDecapsulationKey(block.Bytes)
		}
	}
	if name, ok := strings.CutSuffix(block.Type, publicLabel); ok {
		if k, err := hybridkem.ByName(name); err == nil {
			return k.NewEncapsulationKey(block.Bytes)
		}
	}
	return nil, fmt.Errorf("the PEM block %q holds no key of a KEM", block.Type)
}

// readKey reads a key from a file, or from standard input for "-".
func readKey(e env, name string) (any, error) {
	file, err := readInput(e, name)
	if err != nil {
		return nil, err
	}
	defer clear(file)
	key, err := parseKey(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", inputName(name), err)
	}
	return key, nil
}

func readPrivateKey(e env, name string) (kem.Decapsulator, error) {
	key, err := readKey(e, name)
	if err != nil {
		return nil, err
	}
	dk, ok := key.(kem.Decapsulator)
	if !ok {
		return nil, fmt.Errorf("%s: not a private key", inputName(name))
	}
	return dk, nil
}

func readPublicKey(e env, name string) (kem.EncapsulationKey, error) {
	key, err := readKey(e, name)
	if err != nil {
		return nil, err
	}
	ek, ok := key.(kem.EncapsulationKey)
	if !ok {
		return nil, fmt.Errorf("%s: not a public key; kemtool pub makes it of a private one", inputName(name))
	}
	return ek, nil
}
