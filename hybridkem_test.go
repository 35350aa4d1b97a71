package hybridkem_test

import (
	"bytes"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"testing"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

func TestByName(t *testing.T) {
	names := map[string]bool{}
	for _, k := range hybridkem.All() {
		if names[k.Name()] {
			t.Errorf("%s is listed twice", k.Name())
		}
		names[k.Name()] = true
		if found, err := hybridkem.ByName(k.Name()); err != nil || found != k {
			t.Errorf("%s is not found by its name: %v", k.Name(), err)
		}
	}
	if len(names) != 14 {
		t.Errorf("%d KEMs, want 14", len(names))
	}
	if k, err := hybridkem.ByName("MLKEM768-X25519"); err != nil || k.Name() != "X-Wing" {
		t.Errorf("MLKEM768-X25519 is not X-Wing: %v", err)
	}
	for _, name := range []string{"", "x-wing", "ML-KEM-768 ", "MLKEM768"} {
		if k, err := hybridkem.ByName(name); err == nil || k != nil {
			t.Errorf("a KEM is named %q", name)
		}
	}
}

// A recorder remembers what was drawn.
type recorder struct {
	stream io.Reader
	drawn  []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.stream.Read(b)
	r.drawn = append(r.drawn, b[:n]...)
	return n, err
}

func (r *recorder) take() []byte {
	b := r.drawn
	r.drawn = nil
	return b
}

// TestRandomness checks that keys and ciphertexts are made from randomness of
// full length, all of it, and from nothing else.
func TestRandomness(t *testing.T) {
	random := &recorder{stream: mathrand.NewChaCha8([32]byte{})}
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = random
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dk.Bytes(), random.take()) {
			t.Errorf("%s: the seed is not what was drawn", k.Name())
		}
		ek := dk.Encapsulator().(kem.EncapsulationKey)
		if dk.KEM() != k || ek.KEM() != k {
			t.Errorf("%s: a key is of another KEM", k.Name())
		}
		sharedKey, ciphertext := ek.Encapsulate()
		drawn := random.take()
		if _, _, err := kemtest.Encapsulate(struct{ kem.EncapsulationKey }{ek}, drawn); err == nil {
			t.Errorf("%s: a key of another type took randomness", k.Name())
		}
		wantKey, wantCiphertext, err := kemtest.Encapsulate(ek, drawn)
		if err != nil || !bytes.Equal(sharedKey, wantKey) || !bytes.Equal(ciphertext, wantCiphertext) {
			t.Errorf("%s: encapsulation is not with what was drawn: %v", k.Name(), err)
		}
	}
	if dk, err := xwing.GenerateKey(); err != nil || !bytes.Equal(dk.Bytes(), random.take()) {
		t.Error("xwing: the seed is not what was drawn")
	}
	if dk, err := mlkem.GenerateKey768(); err != nil || !bytes.Equal(dk.Bytes(), random.take()) {
		t.Error("mlkem: the seed is not what was drawn")
	}
}

// TestOtherKEM has keys of the same seed that differ only in the KEM.
func TestOtherKEM(t *testing.T) {
	seed := make([]byte, 32)
	var dks []kem.DecapsulationKey
	for _, k := range []kem.KEM{
		combiner.X25519MLKEM768(), combiner.MLKEM768X25519SHA256(), combiner.MLKEM768X25519(), xwing.KEM(),
		combiner.CG("x", mlkem.KEM768(), combiner.X25519()),
		combiner.UG("x", mlkem.KEM768(), combiner.X25519()),
		combiner.CG("MLKEM768-X25519", mlkem.KEM768(), combiner.X25519()),
	} {
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		dks = append(dks, dk)
	}
	for i, a := range dks {
		for j, b := range dks {
			if !bytes.Equal(a.Encapsulator().Bytes(), b.Encapsulator().Bytes()) {
				t.Fatal("the test has different keys")
			}
			if a.Equal(b) != (i == j) || a.Encapsulator().(kem.EncapsulationKey).Equal(b.Encapsulator()) != (i == j) {
				t.Errorf("keys %d and %d: Equal is wrong", i, j)
			}
		}
	}
}
