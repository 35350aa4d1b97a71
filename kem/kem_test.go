package kem_test

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A wrongKey decapsulates with another key, or returns an error.
type wrongKey struct {
	crypto.Decapsulator
	ek  crypto.Encapsulator
	err error
}

func (k wrongKey) Encapsulator() crypto.Encapsulator { return k.ek }

func (k wrongKey) Decapsulate(ciphertext []byte) ([]byte, error) {
	if k.err != nil {
		return nil, k.err
	}
	return k.Decapsulator.Decapsulate(ciphertext)
}

func TestCheckKeyPair(t *testing.T) {
	a, err1 := mlkem.GenerateKey768()
	b, err2 := mlkem.GenerateKey768()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := kem.CheckKeyPair(a); err != nil {
		t.Error(err)
	}
	if err := kem.CheckKeyPair(wrongKey{a, b.EncapsulationKey(), nil}); err == nil || !strings.HasPrefix(err.Error(), "kem: ") {
		t.Errorf("a key with another's encapsulation key: %v", err)
	}
	broken := errors.New("broken")
	if err := kem.CheckKeyPair(wrongKey{a, a.EncapsulationKey(), broken}); !errors.Is(err, broken) {
		t.Errorf("a key that does not decapsulate: %v", err)
	}
	a.Destroy()
	if err := kem.CheckKeyPair(a); err == nil {
		t.Error("a destroyed key passes")
	}
}
