package x25519

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"hybridkem/internal/testkit"
)

var (
	prime      = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	tightLimit = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(1<<11))
)

func integer(v *element) *big.Int {
	var b [Size]byte
	for i := range v {
		binary.BigEndian.PutUint64(b[8*i:], v[3-i])
	}
	return new(big.Int).SetBytes(b[:])
}

// loose returns elements with all combinations of edge words, and random elements.
func loose() []element {
	words := []uint64{0, 1, 19, 1<<63 - 1, 1 << 63, 1<<64 - 38, 1<<64 - 1}
	var vs []element
	for _, w0 := range words {
		for _, w1 := range []uint64{0, 1<<64 - 1} {
			for _, w2 := range []uint64{0, 1<<64 - 1} {
				for _, w3 := range words {
					vs = append(vs, element{w0, w1, w2, w3})
				}
			}
		}
	}
	// The square of this element carries through the most words.
	vs = append(vs, element{1<<64 - 1, 1<<64 - 1, 0xaaaaaaaa_aaaaaaab, 1<<64 - 3})
	r := rand.New(rand.NewPCG(1, 2))
	random := 20
	if testkit.Sweep() {
		random = 300
	}
	for range random {
		vs = append(vs, element{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()})
	}
	return vs
}

// tight returns the tight elements among those of loose, and elements around p and around
// the bound.
func tight() []element {
	vs := []element{{1<<11 - 1, 0, 0, 1 << 63}, {1, 0, 0, 1 << 63}}
	for d := range uint64(64) { // around p
		vs = append(vs, element{-d, 1<<64 - 1, 1<<64 - 1, 1<<63 - 1}, element{d, 0, 0, 1 << 63})
	}
	for _, v := range loose() {
		if integer(&v).Cmp(tightLimit) < 0 {
			vs = append(vs, v)
		}
	}
	return vs
}

// some returns every third element of vs with -short, and otherwise vs.
func some(vs []element) []element {
	if !testing.Short() {
		return vs
	}
	var third []element
	for i := 0; i < len(vs); i += 3 {
		third = append(third, vs[i])
	}
	return third
}

func equal(t *testing.T, what string, got *element, want *big.Int, limit *big.Int) {
	t.Helper()
	x := integer(got)
	if x.Cmp(limit) >= 0 {
		t.Fatalf("%s is %x, not less than %x", what, x, limit)
	}
	if x.Mod(x, prime).Cmp(want.Mod(want, prime)) != 0 {
		t.Fatalf("%s is %x, want %x", what, x, want)
	}
}

func TestMul(t *testing.T) {
	vs := loose()
	for i := range vs {
		a := &vs[i]
		for j := range vs {
			b := &vs[j]
			var v element
			v.mul(a, b)
			equal(t, "a product", &v, new(big.Int).Mul(integer(a), integer(b)), tightLimit)
		}
		var v element
		v.square(a)
		equal(t, "a square", &v, new(big.Int).Mul(integer(a), integer(a)), tightLimit)
	}
}

func TestMulAdd(t *testing.T) {
	vs := some(loose())
	// These words times x are just below a multiple of 2⁶⁴, so that a carry into the
	// last word goes on from there.
	for _, x := range []uint64{38, a24, 1<<18 - 1} {
		for j := range uint64(3) {
			top, _ := bits.Div64(j, 1<<64-1, x)
			const ones = 1<<64 - 1
			vs = append(vs, element{ones, top, 0, 0}, element{ones, ones, top, 0}, element{ones, ones, ones, top})
		}
	}
	for i := range vs {
		a := &vs[i]
		for j := range vs {
			b := &vs[j]
			for _, x := range []uint64{38, a24, 1<<18 - 1} {
				limit := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19<<19))
				if x == 38 {
					limit = tightLimit
				}
				want := new(big.Int).Mul(integer(b), new(big.Int).SetUint64(x))
				want.Add(want, integer(a))
				var v element
				v.mulAdd(a, x, b[0], b[1], b[2], b[3])
				equal(t, "a + x·b", &v, want, limit)
				inPlace := *a
				if inPlace.mulAdd(&inPlace, x, b[0], b[1], b[2], b[3]); inPlace != v {
					t.Fatalf("%x + %d·%x in place is %x, want %x", *a, x, *b, inPlace, v)
				}
			}
		}
	}
}

func TestAddSub(t *testing.T) {
	vs := some(tight())
	any256 := new(big.Int).Lsh(big.NewInt(1), 256)
	for i := range vs {
		for j := range vs {
			var s, d element
			addSub(&s, &d, &vs[i], &vs[j])
			equal(t, "a sum", &s, new(big.Int).Add(integer(&vs[i]), integer(&vs[j])), any256)
			equal(t, "a difference", &d, new(big.Int).Sub(integer(&vs[i]), integer(&vs[j])), any256)
			tightAddSub(&s, &d, &vs[i], &vs[j])
			equal(t, "a tight sum", &s, new(big.Int).Add(integer(&vs[i]), integer(&vs[j])), tightLimit)
			equal(t, "a tight difference", &d, new(big.Int).Sub(integer(&vs[i]), integer(&vs[j])), tightLimit)
		}
	}
}

func TestPick(t *testing.T) {
	a, b := element{1, 2, 3, 1 << 63}, element{5, 6, 1<<64 - 1, 8}
	v := a
	if v.pick(&b, 0); v != a {
		t.Error("pick takes what it should leave")
	}
	if v.pick(&b, ^uint64(0)); v != b {
		t.Error("pick leaves what it should take")
	}
}

func TestBytes(t *testing.T) {
	vs := tight()
	for i := range vs {
		want := new(big.Int).Mod(integer(&vs[i]), prime)
		var b [Size]byte
		vs[i].bytes(&b)
		encoded := want.FillBytes(make([]byte, Size))
		slices.Reverse(encoded)
		if b != [Size]byte(encoded) {
			t.Fatalf("the bytes of %x are %x", vs[i], b)
		}
		if zero := vs[i].isZero(); zero != 0 && zero != ^uint64(0) || (zero != 0) != (want.Sign() == 0) {
			t.Fatalf("isZero of %x is %x", vs[i], zero)
		}
	}
	for _, v := range loose() {
		var b [Size]byte
		for i := range v {
			binary.LittleEndian.PutUint64(b[8*i:], v[i])
		}
		var got element
		got.setBytes(&b)
		v[3] &= low63
		if got != v {
			t.Fatalf("setBytes makes %x of %x", got, b)
		}
	}
}
