package mlkem

import (
	"bytes"
	"testing"
	"unsafe"

	"hybridkem/internal/ring"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// TestState checks that a state which has been restored is the one that has begun, and that Overwrite
// leaves nothing of it.
func TestState(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for name, p := range sets {
			dk := generated(p)
			header, m := (*[HeaderSize]byte)(dk.ek.AppendHeader(nil)), &[32]byte{9}
			_, s := NewState[[3]uint64](p)
			_, restored := NewState[struct{}](p)
			var key, want [32]byte
			c, wantC := make([]byte, p.CiphertextSize()), make([]byte, p.CiphertextSize())
			dk.ek.Encapsulate(&want, wantC, m)
			s.Begin(&key, c[:p.C1Size()], header, m)
			restored.Restore(header, m)
			for what, s := range map[string]*State{"begun": s, "restored": restored} {
				if uintptr(unsafe.Pointer(s.e))%line != 0 {
					t.Errorf("%s: the polynomials of a state begin between two lines", name)
				}
				clear(c[p.C1Size():])
				s.Finish(c[p.C1Size():], dk.ek.AppendBytes(nil)[:p.VectorSize()])
				if key != want || !bytes.Equal(c, wantC) {
					t.Errorf("%s: the state that has been %s gives another shared key or ciphertext", name, what)
				}
				if !bytes.Equal(s.AppendInputs(nil), append(header[:], m[:]...)) || s.e.factors[p.k-1] == (ring.Factor{}) {
					t.Errorf("%s: the state that has been %s lacks its inputs or ŷ", name, what)
				}
				s.Overwrite()
				if s.m != [32]byte{} || *s.e != (encryption{}) {
					t.Errorf("%s: Overwrite leaves secrets of the state that has been %s", name, what)
				}
			}
		}
	})
}

// TestUnluckyState makes a matrix from streams that are longer than usual.
func TestUnluckyState(t *testing.T) {
	type vector struct {
		Set      string
		EK, M, C vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_cctv_unlucky.jsonl", 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		p := sets[v.Set]
		_, ek := NewEncapsulationKey[struct{}](p)
		if !ek.Parse(v.EK) {
			t.Fatal("a valid key is refused")
		}
		_, s := NewState[struct{}](p)
		var key [32]byte
		c1 := make([]byte, p.C1Size())
		s.Begin(&key, c1, (*[HeaderSize]byte)(ek.AppendHeader(nil)), (*[32]byte)(v.M))
		if !bytes.Equal(c1, v.C[:len(c1)]) {
			t.Errorf("%s: c₁ is wrong", v.Set)
		}
	}
}
