//go:build !goexperiment.runtimesecret

package attacks

import (
	"bytes"
	"runtime/debug"
	"slices"
	"testing"

	"hybridkem/batch"
	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/internal/many"
	"hybridkem/internal/testkit"
	"hybridkem/internal/testseed"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// rows are the rows of batches with one key.
type rows struct {
	expand      []batch.KeyPair
	encapsulate []batch.Encapsulation
	decapsulate []batch.Decapsulation
}

func newRows(dk kem.DecapsulationKey, n int) (r rows) {
	for range n {
		sharedKey, ciphertext := dk.PublicKey().Encapsulate()
		r.expand = append(r.expand, batch.KeyPair{Seed: dk.Bytes()})
		r.decapsulate = append(r.decapsulate, batch.Decapsulation{Key: dk, SharedKey: sharedKey, Ciphertext: ciphertext})
		sharedKey, ciphertext = bytes.Clone(sharedKey), bytes.Clone(ciphertext)
		r.encapsulate = append(r.encapsulate, batch.Encapsulation{Key: dk.PublicKey(), SharedKey: sharedKey, Ciphertext: ciphertext})
	}
	return r
}

// TestDepth checks how far operations go below the part of the stack that secret.Do makes large
// enough and overwrites. If it is more, the stack may have to grow during an operation, and the old
// stack is free with secrets on it.
func TestDepth(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector does not let the stack be read")
	}
	const spare = 64                                 // for the call by which secret.Do overwrites: 16 bytes on amd64, 32 on arm64
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection could give the goroutine another stack
	most := 0
	testkit.Implementations(t, func(t *testing.T) {
		below := func(what string, operation func()) {
			found := new([testkit.StackSize]byte)
			depth := testkit.StackSize
			// Once, on a busy machine, nothing was left of the paint, as if the stack had moved. What an
			// operation uses is the same each time.
			for try := 0; try < 3 && depth > spare; try++ {
				deepest := testkit.Stack(found, operation)
				if overwritten := bytes.Index(found[:], make([]byte, 12<<10)); overwritten >= 0 {
					depth = overwritten - deepest
				}
			}
			if depth > spare {
				t.Errorf("%s uses %d bytes below what is overwritten, want at most %d", what, depth, spare)
			}
			most = max(most, depth)
		}
		all := []kem.KEM{}
		for _, s := range sets {
			all = append(all, s.KEM)
		}
		for _, h := range hybrids {
			all = append(all, h.KEM)
		}
		for _, s := range twoSteps {
			x := s.usual(t)
			own, sharedKey, part1, err := s.begin(x.header)
			if err != nil {
				t.Fatal(err)
			}
			stored, part2 := own.Bytes(), make([]byte, s.part2)
			below(s.Name()+", Begin", func() { own.Begin(sharedKey, part1, x.header) })
			below(s.Name()+", a stored state", func() { s.restore(stored) })
			below(s.Name()+", Bytes of a state", func() { own.Bytes() })
			below(s.Name()+", FinishTo", func() { own.FinishTo(part2, x.vector) })
			if !own.Destroyed() {
				t.Errorf("%s: the second step has failed", s.Name())
			}
		}
		for _, k := range all {
			seed := testseed.Of(k, pattern(k.SeedSize()))
			dk := must(k.NewDecapsulationKey(seed))(t)
			ek := dk.PublicKey()
			sharedKey, ciphertext := ek.Encapsulate()
			below(k.Name()+", GenerateKey", func() { k.GenerateKey() })
			below(k.Name()+", NewDecapsulationKey", func() { k.NewDecapsulationKey(seed) })
			below(k.Name()+", EncapsulateTo", func() { ek.EncapsulateTo(sharedKey, ciphertext) })
			below(k.Name()+", DecapsulateTo", func() { dk.DecapsulateTo(sharedKey, ciphertext) })
			if !slices.ContainsFunc(hybrids, func(h hybrid) bool { return h.KEM == k && h.group != x25519 }) {
				// With a NIST curve, it is NewDecapsulationKey and DecapsulateTo.
				below(k.Name()+", DecapsulateSeed", func() { kem.DecapsulateSeed(k, sharedKey, seed, ciphertext) })
			}
			switch dk := dk.(type) {
			case *xwing.DecapsulationKey:
				below("FromXWing", func() { composite.FromXWing(dk) })
			case *combiner.PartsKey:
				below(k.Name()+", Reset", func() { dk.Reset(seed) })
			}
			if _, ok := many.Of(k); !ok {
				continue
			}
			rows := newRows(dk, many.Width)
			below(k.Name()+", a batch of Expand", func() { batch.Expand(k, rows.expand) })
			below(k.Name()+", a batch of Encapsulate", func() { batch.Encapsulate(rows.encapsulate) })
			below(k.Name()+", a batch of Decapsulate", func() { batch.Decapsulate(rows.decapsulate) })
		}
	})
	t.Logf("at most %d bytes", most)
}
