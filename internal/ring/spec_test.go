package ring

import (
	"bytes"
	"testing"

	"hybridkem/internal/spec"
)

// residues returns f as the specification has it.
func residues(f *[N]int16) (g spec.Poly) {
	for i := range f {
		g[i] = mod(int(f[i]))
	}
	return g
}

func compareNTT(t *testing.T, f Poly) {
	t.Helper()
	g := f
	if residues((*[N]int16)(g.NTT())) != spec.NTT(residues((*[N]int16)(&f))) {
		t.Fatalf("the NTT of %v is wrong", f)
	}
	h := NTT(f)
	if residues((*[N]int16)(h.InverseNTT())) != spec.InverseNTT(residues((*[N]int16)(&f))) {
		t.Fatalf("the inverse NTT of %v is wrong", f)
	}
}

func compareProduct(t *testing.T, a, b NTT) {
	t.Helper()
	var factor Factor
	factor.Set(&b)
	var got NTT
	got.InnerProduct([]NTT{a}, 1, []Factor{factor})
	if residues((*[N]int16)(&got)) != spec.MultiplyNTTs(residues((*[N]int16)(&a)), residues((*[N]int16)(&b))) {
		t.Fatalf("the product of %v and %v is wrong", a, b)
	}
}

// TestSpecificationBasis compares the linear functions on a basis, and products on
// all pairs of basis elements that meet, each with the coefficients 1, -1 and
// those that are largest.
func TestSpecificationBasis(t *testing.T) {
	for i := range N {
		for _, c := range []int16{1, -1, Q - 1, Q / 2} {
			var f Poly
			f[i] = c
			compareNTT(t, f)
			for _, j := range []int{i, i ^ 1} {
				var a, b NTT
				a[i], b[j] = 1, c
				compareProduct(t, a, b)
				a[i], b[j] = c, 8*Q-1
				compareProduct(t, a, b)
			}
		}
	}
}

// TestAdditivity checks that the transform and the product of a sum are the sums
// of those, modulo q.
func TestAdditivity(t *testing.T) {
	fs := polys(t, (Q-1)/2)
	sum := func(f, g [N]int16) [N]int16 {
		(*Poly)(&f).Add((*Poly)(&g))
		return f
	}
	ntt := func(f [N]int16) spec.Poly { return residues((*[N]int16)((*Poly)(&f).NTT())) }
	inverse := func(f [N]int16) spec.Poly { return residues((*[N]int16)((*NTT)(&f).InverseNTT())) }
	b := NTT(fs[len(fs)-1])
	var factor Factor
	factor.Set(&b)
	product := func(f [N]int16) spec.Poly {
		var p NTT
		p.InnerProduct([]NTT{f}, 1, []Factor{factor})
		return residues((*[N]int16)(&p))
	}
	for i := range fs {
		f, g := [N]int16(fs[i]), [N]int16(fs[(i*31+7)%len(fs)])
		for name, h := range map[string]func([N]int16) spec.Poly{"NTT": ntt, "InverseNTT": inverse, "InnerProduct": product} {
			if h(sum(f, g)) != spec.Add(h(f), h(g)) {
				t.Fatalf("%s is not additive", name)
			}
		}
	}
}

func TestSpecification(t *testing.T) {
	bs := polys(t, 8*Q-1)
	for i, f := range polys(t, Q-1) {
		compareNTT(t, f)
		compareProduct(t, NTT(f), NTT(bs[i]))

		want := residues((*[N]int16)(&f))
		g := NTT(f)
		g.Reduce()
		var encoded [EncodedSize]byte
		g.Encode(&encoded)
		if !bytes.Equal(encoded[:], spec.ByteEncode(12, want)) {
			t.Fatal("Encode is wrong")
		}
		var decoded NTT
		if !decoded.Decode(&encoded) || residues((*[N]int16)(&decoded)) != spec.ByteDecode(12, encoded[:]) {
			t.Fatal("Decode is wrong")
		}
		for _, d := range []int{1, 4, 5, 10, 11} {
			b := make([]byte, 32*d)
			f.Compress(b, d)
			if !bytes.Equal(b, spec.ByteEncode(d, spec.Compress(d, want))) {
				t.Fatalf("Compress to %d bits is wrong", d)
			}
			var p Poly
			p.Decompress(b, d)
			if residues((*[N]int16)(&p)) != spec.Decompress(d, spec.ByteDecode(d, b)) {
				t.Fatalf("Decompress from %d bits is wrong", d)
			}
		}
	}
}

func TestSpecificationCBD(t *testing.T) {
	for _, eta := range []int{2, 3} {
		for _, pattern := range []string{"\x00", "\xff", "\x55", "\xaa", "\x0f", "\x01\x80", "ring", "0123456789abcdefghi"} {
			b := bytes.Repeat([]byte(pattern), 64*eta)[:64*eta]
			var f Poly
			f.SampleCBD(b, eta)
			if residues((*[N]int16)(&f)) != spec.SamplePolyCBD(eta, b) {
				t.Fatalf("η = %d: the noise of %x is wrong", eta, b)
			}
		}
	}
}
