package ring

import (
	"slices"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
)

// TestBasis compares the linear functions with the specification on a basis, and products
// on all pairs of basis elements that affect each other, with the coefficients 1, -1 and
// the largest. The products of other pairs must be zero.
func TestBasis(t *testing.T) { testkit.Implementations(t, testBasis) }

func testBasis(t *testing.T) {
	for i := range N {
		var b NTT
		b[i] = 1
		factors := make([]Factor, 1)
		factors[0].Set(&b)
		for j := range N {
			var a [1]NTT
			a[0][j] = 1
			var product NTT
			if product.InnerProduct(a[:], 1, factors); i/2 != j/2 && product != (NTT{}) {
				t.Fatalf("coefficients %d and %d have a product", i, j)
			}
		}
		for _, c := range []int16{1, -1, Q - 1, Q / 2} {
			var f Poly
			f[i] = c
			compareNTT(t, f)
			for _, j := range []int{i, i ^ 1} {
				a, b := make([]NTT, 1), make([]NTT, 1)
				a[0][i], b[0][j] = 1, c
				compareProduct(t, a, 1, b)
				a[0][i], b[0][j] = c, 8*Q-1
				compareProduct(t, a, 1, b)
			}
		}
		// In each place of a row and of a column of four.
		for place := range 4 {
			for _, stride := range []int{1, 4} {
				for _, j := range []int{i, i ^ 1} {
					a, b := make([]NTT, 4*stride), make([]NTT, 4)
					a[place*stride][i], b[place][j] = 1, 1
					compareProduct(t, a, stride, b)
				}
			}
		}
	}
}

// TestAdditivity checks that the transform of a sum is the sum of the transforms, and that a
// product with a sum is the sum of the products, modulo q.
func TestAdditivity(t *testing.T) { testkit.Implementations(t, testAdditivity) }

func testAdditivity(t *testing.T) {
	fs := polys(t, (Q-1)/2)
	sum := func(f, g [N]int16) [N]int16 {
		(*Poly)(&f).Add((*Poly)(&g))
		return f
	}
	ntt := func(f [N]int16) spec.Poly { return residues((*[N]int16)((*Poly)(&f).NTT())) }
	inverse := func(f [N]int16) spec.Poly { return residues((*[N]int16)((*NTT)(&f).InverseNTT())) }
	var factor Factor
	factor.Set((*NTT)(&fs[len(fs)-1]))
	product := func(f [N]int16) spec.Poly {
		var p NTT
		p.InnerProduct([]NTT{f}, 1, []Factor{factor})
		return residues((*[N]int16)(&p))
	}
	factorOf := func(f [N]int16) spec.Poly {
		b := NTT(f)
		var factor Factor
		factor.Set(&b)
		var p NTT
		p.InnerProduct([]NTT{NTT(fs[len(fs)-1])}, 1, []Factor{factor})
		return residues((*[N]int16)(&p))
	}
	for i := range fs {
		f, g := [N]int16(fs[i]), [N]int16(fs[(i*31+7)%len(fs)])
		for name, h := range map[string]func([N]int16) spec.Poly{
			"NTT": ntt, "InverseNTT": inverse, "InnerProduct, on the left": product, "InnerProduct, on the right": factorOf,
		} {
			if h(sum(f, g)) != spec.Add(h(f), h(g)) {
				t.Fatalf("%s is not additive", name)
			}
		}
	}
}

// TestBounds follows bounds of absolute values through the layers of the transforms. Each
// coefficient has a bound that holds for all inputs. The test goes layer by layer, as FIPS 203
// does. It assumes that the code reduces at the same places, and a reader has to compare them.
func TestBounds(t *testing.T) {
	// product bounds montgomeryMul(b, zeta): the difference of b·ζ and a multiple
	// of q up to 2^15·q, divided by 2^16.
	product := func(b int, zeta int16) int {
		if b >= 1<<15 {
			t.Fatalf("%d does not fit in 16 bits", b)
		}
		return (b*max(int(zeta), -int(zeta)) + 1<<15*Q) / (1 << 16)
	}
	stays := func(what string, bounds [N]int, limit int) {
		if got := slices.Max(bounds[:]); got >= limit {
			t.Errorf("%s: a coefficient may be %d, the bound is %d", what, got, limit)
		}
	}
	var b [N]int
	fill := func(bound int) {
		for i := range b {
			b[i] = bound
		}
	}

	fill(Q - 1)
	for k, length := 1, N/2; length >= 2; length /= 2 {
		for start := 0; start < N; start += 2 * length {
			for i := start; i < start+length; i++ {
				p := product(b[i+length], zetas[k])
				b[i], b[i+length] = b[i]+p, b[i]+p
			}
			k++
		}
	}
	stays("NTT", b, 8*Q)

	fill(Q - 1)
	for k, length := N/2-1, 2; length <= N/2; length *= 2 {
		if length == 16 {
			stays("InverseNTT before the reduction", b, 1<<15)
			fill(Q / 2)
		}
		for start := 0; start < N; start += 2 * length {
			for i := start; i < start+length; i++ {
				sum := b[i] + b[i+length]
				b[i], b[i+length] = sum, product(sum, zetas[k])
			}
			k--
		}
	}
	stays("InverseNTT before the last product", b, 1<<15)
	for i := range b {
		b[i] = product(b[i], rOver128)
	}
	stays("InverseNTT", b, Q)

	fill(product(8*Q-1, r2))
	stays("Factor", b, Q)
	fill(8 * (Q - 1) * (Q - 1))
	stays("InnerProduct before the reduction", b, 1<<15*Q)
	fill((8*(Q-1)*(Q-1) + 1<<15*Q) / (1 << 16))
	stays("InnerProduct", b, Q)

	// The sums in package mlkem: t̂ = Âŝ + ê, u and v of encryption, w of decryption.
	fill(Q - 1 + 8*Q - 1)
	stays("t̂", b, 1<<15)
	fill(Q - 1 + 3 + Q - 1)
	stays("v", b, 1<<15)
	stays("w", b, 1<<15)
}
