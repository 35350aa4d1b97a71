package source

import (
	"math/rand/v2"
	"testing"

	"hybridkem/assurance/internal/compiler"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/cpu"
	"hybridkem/internal/ring"
	"hybridkem/internal/x25519"
)

var library = []string{"encoding/binary", "math/bits", "crypto/subtle", "crypto/internal/constanttime", "crypto/internal/fips140/subtle"}

// random returns an object with n random numbers of w bits, from -bound to bound - 1 in the
// type of the numbers, and these numbers.
func random[T int16 | byte](s *term.Space, n, w, bound int) (*Object, []T) {
	o, numbers := NewObject("an argument", true), make([]T, n)
	for i := range numbers {
		numbers[i] = T(rand.IntN(2*bound) - bound)
		o.Cells = append(o.Cells, s.Const(w, uint64(numbers[i])))
	}
	return o, numbers
}

// TestConcrete calls functions with random numbers, and compares with the real functions.
func TestConcrete(t *testing.T) {
	cpu.Use(cpu.Portable)
	defer cpu.Use(cpu.Chosen())
	for _, arch := range []string{"amd64", "386"} {
		platform := compiler.Platform{Arch: arch, Tag: "purego"}
		p, err := Load(compiler.In("../../.."), platform, append(library, "./internal/ring", "./internal/x25519")...)
		if err != nil {
			t.Fatal(err)
		}
		s := term.NewSpace()
		m := New(s, p)
		call := func(name string, args ...Value) []uint64 {
			t.Helper()
			f, err := p.Function(name)
			if err != nil {
				t.Fatal(err)
			}
			results, err := m.Call(f, args...)
			if err != nil {
				t.Fatal(name, err)
			}
			return numbers(t, results)
		}
		same := func(name string, got []uint64, want func(i int) uint64) {
			t.Helper()
			for i, x := range got {
				if x != want(i) {
					t.Fatalf("%s %s: number %d is %#x, not %#x", arch, name, i, x, want(i))
				}
			}
		}
		coefficients := func(f *[ring.N]int16) func(i int) uint64 { return func(i int) uint64 { return uint64(uint16(f[i])) } }
		bytes := func(b []byte) func(i int) uint64 { return func(i int) uint64 { return uint64(b[i]) } }
		for range 2 {
			o, c := random[int16](s, ring.N, 16, ring.Q)
			f := ring.Poly(c)
			call("ring.Poly.NTT", o.Pointer())
			same("NTT", numbers(t, o.Cells), coefficients((*[ring.N]int16)(f.NTT())))

			o, c = random[int16](s, ring.N, 16, ring.Q)
			g := ring.NTT(c)
			factor := m.Variable("the factor", p.functions["ring.Factor.Set"].Params[0].Type())
			var real [1]ring.Factor
			real[0].Set(&g)
			call("ring.Factor.Set", factor.Pointer(), o.Pointer())
			out, _ := random[int16](s, ring.N, 16, 1)
			call("ring.NTT.InnerProduct", out.Pointer(), o.Slice(ring.N), m.Int(1), factor.Slice(ring.N))
			var product ring.NTT
			product.InnerProduct([]ring.NTT{g}, 1, real[:])
			same("InnerProduct", numbers(t, out.Cells), coefficients((*[ring.N]int16)(&product)))
			call("ring.NTT.InverseNTT", o.Pointer())
			same("InverseNTT", numbers(t, o.Cells), coefficients((*[ring.N]int16)(g.InverseNTT())))

			for d := 1; d <= 11; d++ {
				o, c := random[int16](s, ring.N, 16, 1<<15)
				b, _ := random[byte](s, 32*d, 8, 1)
				f, want := ring.Poly(c), make([]byte, 32*d)
				call("ring.Poly.Compress", o.Pointer(), b.Slice(1), m.Int(d))
				f.Compress(want, d)
				same("Compress", numbers(t, b.Cells), bytes(want))
				call("ring.Poly.Decompress", o.Pointer(), b.Slice(1), m.Int(d))
				f.Decompress(want, d)
				same("Decompress", numbers(t, o.Cells), coefficients((*[ring.N]int16)(&f)))
			}
			stream, raw := random[byte](s, 168, 8, 128)
			n := call("ring.NTT.SampleVartime", o.Pointer(), m.Int(100), stream.Slice(1))
			g = ring.NTT{}
			if want := g.SampleVartime(100, raw); n[0] != uint64(want) {
				t.Errorf("SampleVartime returns %d, not %d", n[0], want)
			}
			same("SampleVartime", numbers(t, o.Cells[100:n[0]]), func(i int) uint64 { return uint64(g[100+i]) })
		}
		if testing.Short() {
			continue
		}
		scalar, k := random[byte](s, x25519.Size, 8, 128)
		point, u := random[byte](s, x25519.Size, 8, 128)
		out, _ := random[byte](s, x25519.Size, 8, 1)
		call("x25519.ScalarMult", out.Pointer(), scalar.Pointer(), point.Pointer())
		var want [x25519.Size]byte
		x25519.ScalarMult(&want, (*[x25519.Size]byte)(k), (*[x25519.Size]byte)(u))
		same("ScalarMult", numbers(t, out.Cells), bytes(want[:]))
	}
}

// numbers returns the numbers among cells.
func numbers(t *testing.T, v Value) (out []uint64) {
	t.Helper()
	for _, cell := range v {
		if w, ok := cell.(*term.Word); ok {
			c, ok := w.Const()
			if !ok {
				t.Fatalf("%v is no number", w)
			}
			out = append(out, c)
		}
	}
	return out
}
