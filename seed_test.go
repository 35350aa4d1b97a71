package hybridkem_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/internal/testkit"
	"hybridkem/internal/testseed"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// TestDecapsulateSeed compares DecapsulateSeed with the functions that it replaces: for honest ciphertexts,
// for wrong ones, for shares of low order, and for wrong lengths.
func TestDecapsulateSeed(t *testing.T) {
	universal := combiner.UG("DecapsulateSeed", mlkem.KEM768(), combiner.X25519())
	foreign := testkit.Foreign(mlkem.KEM768(), testkit.Faults{})
	testkit.Implementations(t, func(t *testing.T) {
		r := rand.NewChaCha8([32]byte{1})
		for _, k := range append(hybridkem.All(), universal, foreign) {
			honest, refused := 0, 0
			check := func(what string, sharedKey, seed, ciphertext []byte) {
				t.Helper()
				want := bytes.Clone(sharedKey)
				dk, wantErr := k.NewDecapsulationKey(seed)
				if wantErr == nil {
					wantErr = dk.DecapsulateTo(want, ciphertext)
				}
				err := kem.DecapsulateSeed(k, sharedKey, seed, ciphertext)
				if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
					t.Errorf("%s, %s: the error is %v, want %v", k.Name(), what, err, wantErr)
				}
				if !bytes.Equal(sharedKey, want) {
					t.Errorf("%s, %s: the shared key is wrong", k.Name(), what)
				}
				if err != nil {
					refused++
				}
			}
			for range 5 {
				seed, sharedKey := make([]byte, k.SeedSize()), make([]byte, k.SharedKeySize())
				r.Read(seed)
				seed = testseed.Of(k, seed)
				before := bytes.Clone(seed)
				dk, err := k.NewDecapsulationKey(seed)
				if err != nil {
					t.Fatal(err)
				}
				sent, ciphertext := dk.PublicKey().Encapsulate()
				check("honest", sharedKey, seed, ciphertext)
				if bytes.Equal(sharedKey, sent) && bytes.Equal(seed, before) {
					honest++
				}
				wrong := bytes.Clone(ciphertext)
				wrong[len(wrong)/2] ^= 1
				check("a wrong bit", sharedKey, seed, wrong)
				check("zeros", sharedKey, seed, make([]byte, len(ciphertext)))
				check("a short seed", sharedKey, seed[1:], ciphertext)
				check("a short shared key", sharedKey[1:], seed, ciphertext)
				check("a long ciphertext", sharedKey, seed, append(ciphertext, 0))
			}
			if honest != 5 || refused < 15 {
				t.Errorf("%s: %d of 5 honest ciphertexts agree, and %d errors", k.Name(), honest, refused)
			}
		}
	})
}

// TestDecapsulateSeedOverlap writes the shared key over the ciphertext and over the seed.
func TestDecapsulateSeedOverlap(t *testing.T) {
	for _, k := range hybridkem.All() {
		seed, sharedKey := testseed.Of(k, bytes.Repeat([]byte{7}, k.SeedSize())), make([]byte, k.SharedKeySize())
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		_, ciphertext := dk.PublicKey().Encapsulate()
		if err := kem.DecapsulateSeed(k, sharedKey, seed, ciphertext); err != nil {
			t.Fatal(err)
		}
		n := len(sharedKey)
		memory := append(bytes.Clone(ciphertext), seed...)
		for _, at := range []int{0, 1, len(ciphertext) - n/2, len(memory) - n} {
			own := bytes.Clone(memory)
			if err := kem.DecapsulateSeed(k, own[at:][:n], own[len(ciphertext):], own[:len(ciphertext)]); err != nil {
				t.Errorf("%s: %v", k.Name(), err)
			}
			if !bytes.Equal(own[at:][:n], sharedKey) {
				t.Errorf("%s: the shared key is wrong if it overlaps an input from byte %d", k.Name(), at)
			}
		}
	}
}

func TestDecapsulateSeedNil(t *testing.T) {
	if err := kem.DecapsulateSeed(nil, nil, nil, nil); !errors.Is(err, kem.ErrUnsupported) {
		t.Errorf("the error is %v, want ErrUnsupported", err)
	}
}

func TestDecapsulateSeedAllocations(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, k := range []kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024(), xwing.KEM(), combiner.MLKEM1024X25519()} {
			seed, sharedKey, ciphertext := make([]byte, k.SeedSize()), make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
			ciphertext[k.CiphertextSize()-1] = 9 // not of low order
			testkit.NoAllocations(t, k.Name(), func() {
				if err := kem.DecapsulateSeed(k, sharedKey, seed, ciphertext); err != nil {
					t.Error(err)
				}
			})
		}
	})
}
