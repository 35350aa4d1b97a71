package x25519

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestInvert(t *testing.T) {
	vs := tight()
	for i := range vs {
		want := new(big.Int).Mod(integer(&vs[i]), prime)
		if want.Sign() != 0 {
			want.ModInverse(want, prime)
		}
		var v element
		v.invert(&vs[i])
		equal(t, "an inverse", &v, want, tightLimit)
	}
}

// The example of the comment on packed.
func Example_divstep() {
	n := 2
	f, g := packed(5+4<<shiftA), packed(6+4<<shiftB)
	ζ := int64(-1)
	show := func(p packed) string {
		a, b := p.unpack()
		return fmt.Sprintf("%d (%d, %d)", int64(p)-a<<shiftA-b<<shiftB, a, b)
	}
	fmt.Printf("f = %s, g = %s, ζ = %d\n", show(f), show(g), ζ)
	for range n {
		f, g, ζ = divstep(f, g, ζ)
		fmt.Printf("f = %s, g = %s, ζ = %d\n", show(f), show(g), ζ)
	}
	fmt.Println(divsteps20(5, 6, -1, uint(n)))
	// Output:
	// f = 5 (4, 0), g = 6 (0, 4), ζ = -1
	// f = 5 (4, 0), g = 3 (0, 2), ζ = -2
	// f = 3 (0, 2), g = -1 (-2, 1), ζ = 0
	// {0 2 -2 1} 0
}

// factors returns pairs of factors at the edges of what matrices hold, and random pairs.
func factors() (pairs [][2]int64) {
	const most = 1 << wordSteps
	for _, a := range []int64{0, 1, -1, 1 << 31, most / 2, -most / 2, most/2 + 1, most - 1, 1 - most, most, -most} {
		for _, b := range []int64{0, 1, -1, most / 2, -most / 2, most - 1, 1 - most, most, -most} {
			if max(a, -a)+max(b, -b) <= most {
				pairs = append(pairs, [2]int64{a, b})
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		pairs = append(pairs, [2]int64{r.Int64N(most) - most/2, (r.Int64N(most) - most/2) / 2})
	}
	return pairs
}

// signed is integer for an element with a sign bit.
func signed(v *element) *big.Int {
	x := integer(v)
	if v[3]>>63 == 1 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return x
}

// product returns a·x + b·y.
func product(x, y *big.Int, ab [2]int64) *big.Int {
	sum := new(big.Int).Mul(x, big.NewInt(ab[0]))
	return sum.Add(sum, new(big.Int).Mul(y, big.NewInt(ab[1])))
}

// TestLinearMod includes sums nearer to multiples of 2²⁵⁵ than random sums would be.
func TestLinearMod(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 255)
	var vs []element
	for _, v := range append(loose()[:40], tight()[:130]...) {
		v[3] &= low63
		vs = append(vs, v)
	}
	for _, ab := range factors() {
		for i := range vs {
			for _, e := range []*element{&vs[0], &vs[(i*7+1)%len(vs)], &vs[len(vs)-1]} {
				v := linearMod(&vs[i], e, ab[0], ab[1])
				equal(t, "a·d + b·e", &v, product(integer(&vs[i]), integer(e), ab), limit)
			}
		}
	}
}

func TestLinearDiv(t *testing.T) {
	vs := loose()
	for _, ab := range factors() {
		for i := range vs {
			f, g := &vs[i], &vs[(i*7+1)%len(vs)]
			if least := (element{3: 1 << 63}); *f == least || *g == least {
				continue // this absolute value does not occur, because it is more than p
			}
			want := product(signed(f), signed(g), ab)
			want.Rsh(want, wordSteps)
			v := linearDiv(f, g, ab[0], ab[1])
			if signed(&v).Cmp(want) != 0 {
				t.Fatalf("(%d·%x + %d·%x)/2^59 is %x, want %x", ab[0], *f, ab[1], *g, v, want)
			}
		}
	}
}

// TestDivsteps59 compares divsteps59 with single steps on integers of any size.
func TestDivsteps59(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 3000 {
		f, g := int64(r.Uint64()|1), int64(r.Uint64())
		ζ := int64(n%80) - 40
		switch n % 5 {
		case 0:
			g = 0
		case 1:
			f, g = -1, 1<<63-1
		case 2:
			g <<= n % 64
		}
		m, after := divsteps59(f, g, ζ)

		F, G, s := big.NewInt(f), big.NewInt(g), -ζ-1 // s is δ - 1/2
		for range wordSteps {
			switch {
			case G.Bit(0) == 1 && s >= 0:
				F, G, s = G, new(big.Int).Sub(G, F), -s
			case G.Bit(0) == 1:
				G = new(big.Int).Add(G, F)
				s++
			default:
				s++
			}
			G = new(big.Int).Rsh(G, 1)
		}
		scale := func(x *big.Int) *big.Int { return new(big.Int).Lsh(x, wordSteps) }
		if product(big.NewInt(f), big.NewInt(g), [2]int64{m.u, m.v}).Cmp(scale(F)) != 0 ||
			product(big.NewInt(f), big.NewInt(g), [2]int64{m.q, m.r}).Cmp(scale(G)) != 0 || after != -s-1 {
			t.Fatalf("steps of %d, %d from %d are %+v and %d, want %d, %d and %d", f, g, ζ, m, after, F, G, -s-1)
		}
	}
}
