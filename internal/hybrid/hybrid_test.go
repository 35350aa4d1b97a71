package hybrid

import (
	"bytes"
	"testing"

	"hybridkem/internal/derand"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// TestDestroy checks that Destroy overwrites the memory of a key's secrets.
func TestDestroy(t *testing.T) {
	foreignDestroyed := 0
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return destroyCounter{dk, &foreignDestroyed} },
	})
	h := Hybrid{Package: "hybrid", ID: "x", PQ: &MLKEM768, T: &X25519, Label: []byte("x")}
	k := Hybrid{Package: "hybrid", ID: "y", PQ: &MLKEM768, T: KEMPart(foreign), Label: []byte("y")}
	for _, h := range []*Hybrid{&h, &k} {
		dk, err := h.Expand(bytes.Repeat([]byte{1}, SeedSize))
		if err != nil {
			t.Fatal(err)
		}
		s := dk.private().secrets
		inner := s.pq.mlkem
		if s.seed == [SeedSize]byte{} || bytes.Equal(inner.AppendSeed(nil), make([]byte, mlkem.SeedSize)) {
			t.Fatal("the key has no secrets before Destroy")
		}
		dk.Destroy()
		if s.seed != [SeedSize]byte{} {
			t.Error("Destroy leaves the seed")
		}
		if !bytes.Equal(inner.AppendSeed(nil), make([]byte, mlkem.SeedSize)) {
			t.Error("Destroy leaves the ML-KEM key")
		}
		if s.pq != (privatePart{mlkem: inner}) || s.t != (privatePart{}) {
			t.Error("Destroy leaves a part")
		}
	}
	if foreignDestroyed != 1 {
		t.Error("Destroy does not reach a part that is not of this module")
	}
}

type panickingDK struct{ kem.DecapsulationKey }

func (panickingDK) Destroy() { panic("no luck") }

// TestDestroyPanics checks that the memory of this package is overwritten before a part's Destroy, which
// may panic.
func TestDestroyPanics(t *testing.T) {
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return panickingDK{dk} },
	})
	h := Hybrid{Package: "hybrid", ID: "x", PQ: KEMPart(foreign), T: &X25519, Label: []byte("x")}
	dk, err := h.Expand(bytes.Repeat([]byte{1}, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	s := dk.private().secrets
	defer func() {
		if recover() == nil || s.seed != [SeedSize]byte{} || s.pq != (privatePart{}) || s.t != (privatePart{}) {
			t.Error("after a part's Destroy has panicked, secrets are left")
		}
	}()
	dk.Destroy()
}

// TestReset resets a key with a part that fails or panics. The old key stays, and with a part whose Destroy
// panics the new key is there.
func TestReset(t *testing.T) {
	var fault func(dk kem.DecapsulationKey) kem.DecapsulationKey
	destroyed := 0
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return fault(dk) },
	})
	count := func(dk kem.DecapsulationKey) kem.DecapsulationKey { return destroyCounter{dk, &destroyed} }
	fault = count
	h := Hybrid{Package: "hybrid", ID: "x", PQ: &MLKEM768, T: KEMPart(foreign), Label: []byte("x")}
	seeds := [2][]byte{bytes.Repeat([]byte{1}, SeedSize), bytes.Repeat([]byte{2}, SeedSize)}
	dk, err := h.Expand(seeds[0])
	if err != nil {
		t.Fatal(err)
	}
	agree := func(what string, seed []byte) {
		t.Helper()
		sharedKey, ciphertext := dk.PublicKey().Encapsulate()
		got, err := dk.Decapsulate(ciphertext)
		if err != nil || !bytes.Equal(got, sharedKey) || !bytes.Equal(dk.Bytes(), seed) {
			t.Errorf("%s: not the key of the seed, %v", what, err)
		}
	}
	fault = func(kem.DecapsulationKey) kem.DecapsulationKey { return nil }
	if err := dk.Reset(seeds[1]); err == nil {
		t.Error("Reset with a part that makes no key returns no error")
	}
	agree("after an error", seeds[0])
	fault = func(kem.DecapsulationKey) kem.DecapsulationKey { panic("no luck") }
	func() {
		defer func() { recover() }()
		dk.Reset(seeds[1])
		t.Error("a panic does not come through")
	}()
	agree("after a panic", seeds[0])
	if destroyed != 0 {
		t.Error("the part of the old key is destroyed")
	}
	fault = count
	if err := dk.Reset(seeds[1]); err != nil {
		t.Fatal(err)
	}
	agree("after Reset", seeds[1])
	if destroyed != 1 {
		t.Errorf("the part of the old key is destroyed %d times, want once", destroyed)
	}
}

// TestOtherKey encapsulates with one hybrid to a key of another hybrid, and to a key whose type is
// not of this package.
func TestOtherKey(t *testing.T) {
	h := Hybrid{Package: "hybrid", ID: "x", PQ: &MLKEM768, T: &X25519, Label: []byte("x")}
	other := Hybrid{Package: "hybrid", ID: "y", PQ: &MLKEM512, T: &X25519, Label: []byte("y")}
	dk, err := other.Expand(make([]byte, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	sharedKey, ciphertext := make([]byte, HashSize), make([]byte, h.CiphertextSize())
	for _, ek := range []kem.EncapsulationKey{dk.EncapsulationKey(), struct{ kem.EncapsulationKey }{dk.EncapsulationKey()}} {
		if err := h.EncapsulateDerand(ek, sharedKey, ciphertext, derand.From(make([]byte, 64))); err == nil {
			t.Errorf("a %T of another hybrid is accepted", ek)
		}
	}
}

type destroyCounter struct {
	kem.DecapsulationKey
	n *int
}

func (d destroyCounter) Destroy() { *d.n++ }
