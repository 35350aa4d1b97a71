package xwing_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem/kemtest"
	"hybridkem/xwing"
)

// TestSpecification compares this package with a transcription of the draft.
func TestSpecification(t *testing.T) {
	r := rand.NewChaCha8([32]byte{})
	rounds := 10
	switch {
	case testkit.Sweep():
		rounds = 200
	case testing.Short():
		rounds = 3
	}
	for range rounds {
		seed, eseed, noise := make([]byte, 32), make([]byte, 64), make([]byte, xwing.CiphertextSize)
		r.Read(seed)
		r.Read(eseed)
		r.Read(noise)
		dk, err := xwing.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		pk := spec.XWingGenerateKeyPairDerand(seed)
		if !bytes.Equal(dk.EncapsulationKey().Bytes(), pk) {
			t.Fatalf("seed %x: wrong encapsulation key", seed)
		}
		sharedKey, ciphertext, err := kemtest.Encapsulate(dk.EncapsulationKey(), eseed)
		if err != nil {
			t.Fatal(err)
		}
		ss, ct := spec.XWingEncapsulateDerand(pk, eseed)
		if !bytes.Equal(sharedKey, ss) || !bytes.Equal(ciphertext, ct) {
			t.Fatalf("seed %x, eseed %x: wrong encapsulation", seed, eseed)
		}
		highBit := bytes.Clone(ct)
		highBit[len(ct)-1] ^= 0x80
		for _, ct := range [][]byte{ct, noise, highBit} {
			got, err := dk.Decapsulate(ct)
			if err != nil || !bytes.Equal(got, spec.XWingDecapsulate(ct, seed)) {
				t.Fatalf("seed %x, ciphertext %x: wrong decapsulation: %v", seed, ct, err)
			}
		}
	}
}
