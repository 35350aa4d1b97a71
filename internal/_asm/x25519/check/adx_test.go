//go:build amd64 && !purego

// Package check tests the parts of kernels.
package check

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/cpu"
)

type element = [4]uint64

var (
	one        = big.NewInt(1)
	prime      = new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	tightLimit = new(big.Int).Add(new(big.Int).Lsh(one, 255), big.NewInt(1<<11))
	looseLimit = new(big.Int).Lsh(one, 256)
)

const a24 = 121665

func integer(v *element) *big.Int {
	x := new(big.Int)
	for i := range v {
		x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(v[3-i]))
	}
	return x
}

// loose returns elements with all combinations of edge words, elements whose products and sums
// a + x·b carry through the most words, and random elements.
func loose() []element {
	const ones = 1<<64 - 1
	words := []uint64{0, 1, 19, 1<<63 - 1, 1 << 63, 1<<64 - 38, ones}
	var vs []element
	for _, w0 := range words {
		for _, w1 := range []uint64{0, ones} {
			for _, w2 := range []uint64{0, ones} {
				for _, w3 := range words {
					vs = append(vs, element{w0, w1, w2, w3})
				}
			}
		}
	}
	vs = append(vs, element{ones, ones, 0xaaaaaaaa_aaaaaaab, 1<<64 - 3})
	for _, x := range []uint64{2, 38, a24} {
		for j := range min(x, 3) {
			top := new(big.Int).Lsh(new(big.Int).SetUint64(j), 64)
			top.Or(top, new(big.Int).SetUint64(ones)).Div(top, new(big.Int).SetUint64(x))
			t := top.Uint64()
			vs = append(vs, element{ones, t, 0, 0}, element{ones, ones, t, 0}, element{ones, ones, ones, t})
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		vs = append(vs, element{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()})
	}
	return vs
}

// tight returns elements around p, elements around the bound of tight elements, and the
// elements of loose that are tight.
func tight() []element {
	vs := []element{{1<<11 - 1, 0, 0, 1 << 63}}
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

func equal(t *testing.T, what string, got *element, want, limit *big.Int) {
	t.Helper()
	x := integer(got)
	if x.Cmp(limit) >= 0 {
		t.Fatalf("%s is %x, not less than %x", what, x, limit)
	}
	if x.Mod(x, prime).Cmp(want.Mod(want, prime)) != 0 {
		t.Fatalf("%s is %x, want %x", what, x, want)
	}
}

func requireADX(t *testing.T) {
	if !cpu.X86.HasADX || !cpu.X86.HasAVX2 || !cpu.X86.HasBMI2 {
		t.Skip("this machine has no ADX")
	}
}

// forPairs calls f with every element of as and every element of bs.
func forPairs(as, bs []element, f func(a, b *element, A, B *big.Int)) {
	for i := range as {
		A := integer(&as[i])
		for j := range bs {
			f(&as[i], &bs[j], A, integer(&bs[j]))
		}
	}
}

func TestMulADX(t *testing.T) {
	requireADX(t)
	forPairs(loose(), loose(), func(a, b *element, A, B *big.Int) {
		var v, w element
		mulADX(&v, &w, a, b)
		equal(t, "a·b", &v, new(big.Int).Mul(A, B), tightLimit)
		equal(t, "b·a", &w, new(big.Int).Mul(A, B), tightLimit)
		squareADX(&v, &w, a, b)
		equal(t, "a²", &v, new(big.Int).Mul(A, A), tightLimit)
		equal(t, "b²", &w, new(big.Int).Mul(B, B), tightLimit)
	})
}

func TestMulAddADX(t *testing.T) {
	requireADX(t)
	for _, op := range []struct {
		x      int64
		mulAdd func(v, a, b *element)
	}{{2, mulAdd2ADX}, {38, mulAdd38ADX}, {a24, mulAddA24ADX}} {
		// This is the bound of the portable code.
		limit := new(big.Int).Add(new(big.Int).Lsh(one, 255), big.NewInt(19*(2*op.x+2)))
		forPairs(loose(), loose(), func(a, b *element, A, B *big.Int) {
			want := new(big.Int).Mul(B, big.NewInt(op.x))
			want.Add(want, A)
			var v element
			op.mulAdd(&v, a, b)
			equal(t, "a + x·b", &v, want, limit)
			v = *a
			op.mulAdd(&v, &v, b)
			equal(t, "a + x·b in place", &v, want, limit)
		})
	}
}

func TestAddADX(t *testing.T) {
	requireADX(t)
	forPairs(tight(), tight(), func(a, b *element, A, B *big.Int) {
		var v element
		addADX(&v, a, b)
		equal(t, "a + b", &v, new(big.Int).Add(A, B), looseLimit)
	})
}

func TestSubADX(t *testing.T) {
	requireADX(t)
	forPairs(append(loose(), tight()...), tight(), func(a, b *element, A, B *big.Int) {
		var v element
		subADX(&v, a, b)
		equal(t, "a - b", &v, new(big.Int).Sub(A, B), looseLimit)
	})
}

// A point (x, y) of edwards25519.
type point struct{ x, y *big.Int }

func mul(factors ...*big.Int) *big.Int {
	product := big.NewInt(1)
	for _, f := range factors {
		product.Mul(product, f).Mod(product, prime)
	}
	return product
}

func inverse(v *big.Int) *big.Int { return new(big.Int).ModInverse(mul(v), prime) }

var d = mul(big.NewInt(-a24), inverse(big.NewInt(a24+1)))

func (p point) add(q point) point {
	m := mul(d, p.x, q.x, p.y, q.y)
	x := new(big.Int).Add(mul(p.x, q.y), mul(p.y, q.x))
	y := new(big.Int).Add(mul(p.y, q.y), mul(p.x, q.x))
	return point{
		mul(x, inverse(new(big.Int).Add(one, m))),
		mul(y, inverse(new(big.Int).Sub(one, m))),
	}
}

// TestChooseADX compares entries with points that it computes by additions. It begins with the
// entry for the digit 1.
func TestChooseADX(t *testing.T) {
	requireADX(t)
	r := rand.New(rand.NewPCG(3, 4))
	var entry [3]element
	choose := func(index uint64, digit int) {
		var digits [64]int8
		for i := range digits {
			digits[i] = int8(r.IntN(17) - 8)
		}
		digits[index] = int8(digit)
		chooseADX(&entry, &digits, index)
	}

	choose(0, 1)
	base := point{
		new(big.Int).Sub(integer(&entry[1]), integer(&entry[0])),
		new(big.Int).Add(integer(&entry[1]), integer(&entry[0])),
	}
	if mul(base.y, big.NewInt(5)).Cmp(big.NewInt(4)) != 0 || mul(base.x).Bit(0) != 0 {
		t.Fatalf("the digit 1 stands for (%x, %x), not for the base point", base.x, base.y)
	}
	for index := range uint64(64) {
		p := point{new(big.Int), one}
		for digit := range 9 {
			minus, plus := new(big.Int).Sub(p.y, p.x), new(big.Int).Add(p.y, p.x)
			product := mul(d, p.x, p.y)
			for _, sign := range []int{1, -1} {
				choose(index, sign*digit)
				twice := func(i int) *big.Int { return new(big.Int).Lsh(integer(&entry[i]), 1) }
				if mul(twice(0)).Cmp(mul(minus)) != 0 || mul(twice(1)).Cmp(mul(plus)) != 0 ||
					mul(integer(&entry[2])).Cmp(mul(product)) != 0 {
					t.Fatalf("digit %d is %d: the entry %x is not of (%x, %x)", index, sign*digit, entry, p.x, p.y)
				}
				minus, plus = plus, minus
				product.Neg(product)
			}
			p = p.add(base)
		}
		if index%2 == 1 {
			for range 8 {
				base = base.add(base)
			}
		}
	}
}
