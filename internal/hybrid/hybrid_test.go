package hybrid

import (
	"bytes"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// TestDestroy looks at the memory that a key's secrets were in.
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
		seed, inner := dk.seed, dk.pq.mlkem
		dk.Destroy()
		if !bytes.Equal(seed, make([]byte, SeedSize)) || dk.seed != nil {
			t.Error("Destroy leaves the seed")
		}
		if !inner.Destroyed() {
			t.Error("Destroy leaves the ML-KEM key")
		}
		if dk.pq != (privatePart{}) || dk.t != (privatePart{}) {
			t.Error("Destroy leaves a part")
		}
	}
	if foreignDestroyed != 1 {
		t.Error("Destroy does not reach a part that is not of this module")
	}
}

type destroyCounter struct {
	kem.DecapsulationKey
	n *int
}

func (d destroyCounter) Destroy() { *d.n++ }
