package kem_test

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"hybridkem/internal/testkit"
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

// A fixedKey is a private and a public key whose shared keys are all the same.
type fixedKey struct {
	crypto.Decapsulator
	sharedKey []byte
}

func (k fixedKey) Encapsulator() crypto.Encapsulator  { return k }
func (k fixedKey) Bytes() []byte                      { return nil }
func (k fixedKey) Encapsulate() ([]byte, []byte)      { return k.sharedKey, make([]byte, 1088) }
func (k fixedKey) Decapsulate([]byte) ([]byte, error) { return k.sharedKey, nil }

// A lazyDK and a lazyEK do not write what they return as written.
type lazyDK struct{ kem.DecapsulationKey }

func (k lazyDK) Decapsulate([]byte) ([]byte, error) { return make([]byte, 32), nil }

type lazyEK struct{ kem.EncapsulationKey }

func (lazyEK) EncapsulateTo(sharedKey, ciphertext []byte) error { return nil }

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
	for _, sharedKey := range [][]byte{nil, {}, make([]byte, 32)} {
		if err := kem.CheckKeyPair(fixedKey{a, sharedKey}); !errors.Is(err, kem.ErrKeyPair) {
			t.Errorf("a key that always gives the shared key %x: %v", sharedKey, err)
		}
	}
	if err := kem.CheckKeyPair(fixedKey{a, []byte{0, 1}}); err != nil {
		t.Errorf("a key of another module: %v", err)
	}
	lazy, err := testkit.Foreign(mlkem.KEM768(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return lazyDK{dk} },
		EncapsulationKey: func(ek kem.EncapsulationKey) kem.EncapsulationKey { return lazyEK{ek} },
	}).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := kem.CheckKeyPair(lazy); !errors.Is(err, kem.ErrKeyPair) {
		t.Errorf("a key that writes no shared keys: %v", err)
	}
	a.Destroy()
	if err := kem.CheckKeyPair(a); err == nil {
		t.Error("a destroyed key passes")
	}
}
