package mlkem

import (
	"testing"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
	"hybridkem/internal/testkit"
)

// TestOnce compares a Once with a key, in both orders of work, and checks that it overwrites its secrets.
func TestOnce(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		once[Polys512](t, &MLKEM512)
		once[Polys768](t, &MLKEM768)
		once[Polys1024](t, &MLKEM1024)
	})
}

func once[Polys any](t *testing.T, p *Params) {
	seed := [64]byte{1, 2, 3}
	dk, ek := newKeyPair(p)
	dk.Generate(&seed)
	var m, want, got [32]byte
	c := make([]byte, p.CiphertextSize())
	ek.Encapsulate(&want, c, &m)
	for range 2 {
		dk.Decapsulate(&want, c)
		for _, beside := range []bool{false, true} {
			var o Once[Polys]
			o.Generate(p, &seed, c, beside)
			_, s := o.keys(p)
			if s[p.k-1] == (ring.NTT{}) || o.J == (sha3.Long{}) {
				t.Fatal("there are no secrets")
			}
			if o.Finish(p, &got, c); got != want {
				t.Errorf("k = %d: the shared key is wrong", p.k)
			}
			for i := range s {
				if s[i] != (ring.NTT{}) {
					t.Errorf("k = %d: ŝ is left", p.k)
				}
			}
			if o.J != (sha3.Long{}) {
				t.Errorf("k = %d: z is left", p.k)
			}
		}
		c[0] ^= 1
	}
}
