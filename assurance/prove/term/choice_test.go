package term

import (
	"math/rand/v2"
	"testing"
)

// TestMaximumGreater compares Greater of maxima with numbers.
func TestMaximumGreater(t *testing.T) {
	s := NewSpace()
	a, b, c := s.Var("a", 16), s.Var("b", 16), s.Var("c", 16)
	largest := func(x, y *Word) *Word { return Ite(Greater(x, y).Bits(0, 1), x, y) }
	w := Greater(largest(a, largest(b, c)), s.Const(16, 3328))
	if w.Node().Op != OrOp {
		t.Errorf("%v is no disjunction", w)
	}
	p := Compile(w, a, b, c)
	for range 10000 {
		x, y, z := rand.N(7000)-200, rand.N(7000)-200, rand.N(7000)-200
		got := p.Run(uint64(x)&0xffff, uint64(y)&0xffff, uint64(z)&0xffff)
		if want := max(x, y, z) > 3328; got != 0xffff && want || got != 0 && !want {
			t.Fatalf("%d, %d, %d: %#x", x, y, z, got)
		}
	}
}

// TestLookup checks tables in which some bits of the index do not matter.
func TestLookup(t *testing.T) {
	s := NewSpace()
	x := s.Var("x", 8)
	for mask := range 256 {
		var table [256]byte
		for v := range table {
			table[v] = byte(v&mask)*37 + 5
		}
		w := Lookup(x, table)
		if mask != 0 {
			if _, masks := Support(w); len(masks) != 1 || masks[0] != uint64(mask) {
				t.Errorf("of the mask %#x, bits %#x matter", mask, masks)
			}
		}
		for v, want := range table {
			if got := Compile(w, x).Run(uint64(v)); got != uint64(want) {
				t.Fatalf("entry %#x for the mask %#x is %#x, not %#x", v, mask, got, want)
			}
		}
	}
}
