package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"hybridkem/internal/envelope" // encoding/pem also does, but leaves copies of the key in memory
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
)

// newIdentity makes the key files of an identity. It overwrites none.
func newIdentity(name string) error {
	static, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	staticKEM, err := mlkem.KEM768().GenerateKey()
	if err != nil {
		return err
	}
	defer staticKEM.Destroy()
	private, err := x509.MarshalPKCS8PrivateKey(static)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(static.PublicKey())
	if err != nil {
		return err
	}
	privateKEM, err := keyfile.MarshalPrivateKeyPEM(staticKEM)
	if err != nil {
		return err
	}
	publicKEM, err := keyfile.MarshalPublicKeyPEM(staticKEM.PublicKey())
	if err != nil {
		return err
	}
	for _, file := range []struct {
		suffix string
		text   []byte
		mode   os.FileMode
	}{
		{".x25519.pem", envelope.Encode("PRIVATE KEY", private), 0o600},
		{".x25519.pub.pem", envelope.Encode("PUBLIC KEY", public), 0o644},
		{".mlkem768.pem", privateKEM, 0o600},
		{".mlkem768.pub.pem", publicKEM, 0o644},
	} {
		if err := writeNew(name+file.suffix, file.text, file.mode); err != nil {
			return err
		}
	}
	return nil
}

func writeNew(name string, text []byte, mode os.FileMode) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := file.Write(text); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// readPrivate reads the secret keys of an identity.
func readPrivate(name string) (*ecdh.PrivateKey, kem.Decapsulator, error) {
	key, err := readX25519(name+".x25519.pem", "PRIVATE KEY", x509.ParsePKCS8PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	static, ok := key.(*ecdh.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s.x25519.pem is not a key of X25519", name)
	}
	text, err := os.ReadFile(name + ".mlkem768.pem")
	if err != nil {
		return nil, nil, err
	}
	staticKEM, err := keyfile.ParsePrivateKeyPEM(text)
	return static, staticKEM, err
}

// readPublic reads the public keys of an identity.
func readPublic(name string) (*ecdh.PublicKey, kem.EncapsulationKey, error) {
	key, err := readX25519(name+".x25519.pub.pem", "PUBLIC KEY", x509.ParsePKIXPublicKey)
	if err != nil {
		return nil, nil, err
	}
	static, ok := key.(*ecdh.PublicKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s.x25519.pub.pem is not a key of X25519", name)
	}
	text, err := os.ReadFile(name + ".mlkem768.pub.pem")
	if err != nil {
		return nil, nil, err
	}
	staticKEM, err := keyfile.ParsePublicKeyPEM(text)
	return static, staticKEM, err
}

// readX25519 reads a PEM file of a key.
func readX25519(name, label string, parse func(der []byte) (any, error)) (any, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != label {
		return nil, fmt.Errorf("%s has no %s", name, label)
	}
	return parse(block.Bytes)
}
