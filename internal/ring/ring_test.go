package ring

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
)

// residues returns f with the coefficients of the specification, from 0 to q-1.
func residues(f *[N]int16) (g spec.Poly) {
	for i, a := range f {
		g[i] = (int(a)%Q + Q) % Q
	}
	return g
}

// generator returns reproducible randomness.
func generator(t testing.TB) *rand.Rand {
	var seed [32]byte
	copy(seed[:], t.Name())
	return rand.New(rand.NewChaCha8(seed))
}

// polys returns polynomials with |f| <= bound. Some are constant, with values at the edges. Some
// have one large coefficient beside zeros. Some have one random coefficient beside the largest,
// which makes sums large without a special form. The others are random.
func polys(t testing.TB, bound int) []Poly {
	r := generator(t)
	var fs []Poly
	for _, edge := range []int{0, 1, -1, bound, -bound, bound - 1, Q / 2, -Q / 2} {
		var f, g Poly
		for i := range f {
			f[i] = int16(edge)
			g[i] = int16(edge * (1 - i%2*2))
		}
		fs = append(fs, f, g)
	}
	for i := range N {
		var f, g Poly
		f[i] = int16(bound)
		for j := range g {
			g[j] = int16(bound)
		}
		g[i] = int16(r.IntN(2*bound+1) - bound)
		fs = append(fs, f, g)
	}
	for range 100 {
		var f Poly
		for i := range f {
			f[i] = int16(r.IntN(2*bound+1) - bound)
		}
		fs = append(fs, f)
	}
	return fs
}

func bounded(t *testing.T, f *[N]int16, bound int) {
	t.Helper()
	for i, a := range f {
		if !below(bound, int(a)) {
			t.Fatalf("coefficient %d is %d, want less than %d", i, a, bound)
		}
	}
}

// split32 returns the numbers in p. In |p| < 2^31.
func split32(p pair) (lo, hi int) {
	lo = int(int32(p))
	return lo, int((int64(p) - int64(lo)) >> 32)
}

func TestConstants(t *testing.T) {
	if qInv*Q&0xffff != 1 {
		t.Error("qInv is not the inverse of q")
	}
	if r2 != (1<<32)%Q {
		t.Error("r2 is wrong")
	}
	if rOver128*128 != 1<<16 {
		t.Error("rOver128 is wrong")
	}
	for factor, bits := range map[int]int{barrett26: 26, barrett32: 32, barrett40: 40} {
		if factor != int((int64(2)<<bits/Q+1)/2) {
			t.Errorf("%d is not 2^%d / q, rounded", factor, bits)
		}
	}
	for i, zeta := range zetas {
		if !below(Q/2+1, int(zeta)) || !congruent(int64(zeta), int64(spec.Power(spec.BitRev7(i)))<<16) {
			t.Errorf("zetas[%d] = %d", i, zeta)
		}
	}
}

func compareNTT(t *testing.T, f Poly) {
	t.Helper()
	g := f
	h := g.NTT()
	if (*Poly)(h) != &g {
		t.Fatal("NTT is not in place")
	}
	bounded(t, (*[N]int16)(h), 8*Q)
	if residues((*[N]int16)(h)) != spec.NTT(residues((*[N]int16)(&f))) {
		t.Fatalf("the NTT of %v is wrong", f)
	}
	h = (*NTT)(&f)
	want := spec.InverseNTT(residues((*[N]int16)(h)))
	back := h.InverseNTT()
	bounded(t, (*[N]int16)(back), Q)
	if residues((*[N]int16)(back)) != want {
		t.Fatal("an inverse NTT is wrong")
	}
}

func TestNTT(t *testing.T) { testkit.Implementations(t, testNTT) }

func testNTT(t *testing.T) {
	for _, f := range polys(t, Q-1) {
		compareNTT(t, f)
		f.NTT().Reduce()
		compareNTT(t, f)
	}
}

// compareProduct compares the sum of a[i·stride]·b[i] over all i with the specification.
func compareProduct(t *testing.T, a []NTT, stride int, b []NTT) {
	t.Helper()
	var want spec.Poly
	factors := make([]Factor, len(b))
	for i := range b {
		factors[i].Set(&b[i])
		want = spec.Add(want, spec.MultiplyNTTs(residues((*[N]int16)(&a[i*stride])), residues((*[N]int16)(&b[i]))))
	}
	aBefore := slices.Clone(a)
	var got NTT
	got.InnerProduct(a, stride, factors)
	bounded(t, (*[N]int16)(&got), Q)
	if residues((*[N]int16)(&got)) != want {
		t.Fatalf("the inner product of %v and %v is wrong", a, b)
	}
	if !slices.Equal(a, aBefore) {
		t.Fatal("InnerProduct changed an input")
	}
}

func TestInnerProduct(t *testing.T) { testkit.Implementations(t, testInnerProduct) }

func testInnerProduct(t *testing.T) {
	as, bs := polys(t, Q-1), polys(t, 8*Q-1)
	r := generator(t)
	for n := range as {
		k, stride := 1+r.IntN(4), 1+r.IntN(4)
		a, b := make([]NTT, k*stride), make([]NTT, k)
		for i := range k {
			a[i*stride] = NTT(as[(n+i*7)%len(as)])
			b[i] = NTT(bs[(n+i*11)%len(bs)])
		}
		compareProduct(t, a, stride, b)
	}
}

// TestInnerProductExtremes checks sums of products that are all at their bounds, with the same
// sign.
func TestInnerProductExtremes(t *testing.T) { testkit.Implementations(t, testInnerProductExtremes) }

func testInnerProductExtremes(t *testing.T) {
	for _, sign := range []int16{1, -1} {
		a, factors := make([]NTT, 4), make([]Factor, 4)
		for i := range a {
			for j := range N {
				a[i][j] = Q - 1
				factors[i].b[j/2] = join(sign*(Q-1), sign*(Q-1))
				factors[i].gammaB1[j/2] = sign * (Q - 1)
			}
			for j := range factors[i].words() {
				if cpu.AVX2 || cpu.NEON {
					factors[i].words()[j] = sign * (Q - 1)
				}
			}
		}
		var got NTT
		got.InnerProduct(a, 1, factors)
		bounded(t, (*[N]int16)(&got), Q)
		for i := range got {
			if !congruent(int64(got[i])<<16, int64(sign)*8) {
				t.Fatalf("coefficient %d is %d, want %d / 2^16", i, got[i], 8*sign)
			}
		}
	}
}

func TestAddSub(t *testing.T) { testkit.Implementations(t, testAddSub) }

func testAddSub(t *testing.T) {
	fs := polys(t, Q)
	for n := range fs {
		f, g := fs[n], fs[(n+1)%len(fs)]
		sum, difference, nttSum := f, f, NTT(f)
		sum.Add(&g)
		difference.Sub(&g)
		nttSum.Add((*NTT)(&g))
		for i := range f {
			if sum[i] != f[i]+g[i] || difference[i] != f[i]-g[i] || nttSum[i] != f[i]+g[i] {
				t.Fatal("a sum or a difference is wrong")
			}
		}
	}
}

func TestEncode(t *testing.T) { testkit.Implementations(t, testEncode) }

func testEncode(t *testing.T) {
	for _, f := range polys(t, 1<<15-1) {
		g := NTT(f)
		g.Reduce()
		want := residues((*[N]int16)(&f))
		if residues((*[N]int16)(&g)) != want || slices.Max(g[:]) >= Q || slices.Min(g[:]) < 0 {
			t.Fatalf("Reduce makes %v of %v", g, f)
		}
		var b [EncodedSize]byte
		g.Encode(&b)
		if !bytes.Equal(b[:], spec.ByteEncode(12, want)) {
			t.Fatal("Encode is not ByteEncode_12")
		}
		var decoded NTT
		if decoded.Decode(&b) != 1 || decoded != g {
			t.Fatal("Decode does not invert Encode")
		}
	}
}

// TestDecode tries every number of 12 bits in every place. Numbers below q are tried
// together, and each other number alone.
func TestDecode(t *testing.T) { testkit.Implementations(t, testDecode) }

func testDecode(t *testing.T) {
	var f spec.Poly
	var g NTT
	for n := range Q {
		for i := range f {
			f[i] = (n + i) % Q
		}
		if g.Decode((*[EncodedSize]byte)(encode12(&f))) != 1 || residues((*[N]int16)(&g)) != f {
			t.Fatalf("Decode is wrong about numbers from %d on", n)
		}
	}
	for i, valid := range f {
		for a := Q; a < 1<<12; a++ {
			if testing.Short() && (a+i)%8 != 0 {
				continue
			}
			f[i] = a
			b := encode12(&f)
			if g.Decode((*[EncodedSize]byte)(b)) != 0 {
				t.Fatalf("Decode takes %d in coefficient %d", a, i)
			}
		}
		f[i] = valid
	}
}

// encode12 is ByteEncode_12 without the reduction. It is faster than the specification.
func encode12(f *spec.Poly) []byte {
	b := make([]byte, 0, EncodedSize)
	for i := 0; i < N; i += 2 {
		b = append(b, byte(f[i]), byte(f[i]>>8|f[i+1]<<4), byte(f[i+1]>>4))
	}
	return b
}

func TestCompress(t *testing.T) { testkit.Implementations(t, testCompress) }

func testCompress(t *testing.T) {
	for d := 1; d <= 11; d++ {
		for i, f := range polys(t, 1<<15-1) {
			if !slices.Contains([]int{1, 4, 5, 10, 11}, d) && i%16 != 0 {
				continue // no parameter set has this d, and it has no kernel
			}
			got, before := make([]byte, 32*d), f
			f.Compress(got, d)
			want := spec.Compress(d, residues((*[N]int16)(&f)))
			if !bytes.Equal(got, spec.ByteEncode(d, want)) {
				t.Fatalf("Compress to %d bits makes %x of %v", d, got, f)
			}
			if f != before {
				t.Fatal("Compress changed its input")
			}
			var g Poly
			g.Decompress(got, d)
			if residues((*[N]int16)(&g)) != spec.Decompress(d, want) {
				t.Fatalf("Decompress from %d bits reads %v wrong", d, want)
			}
		}
	}
}

// sampleNTT is SampleNTT of the specification, for a stream that may end early.
func sampleNTT(stream []byte) (a []int16) {
	f, n, _ := spec.SampleNTTFrom(bytes.NewReader(stream))
	for _, c := range f[:n] {
		a = append(a, int16(c))
	}
	return a
}

func TestSample(t *testing.T) { testkit.Implementations(t, testSample) }

func testSample(t *testing.T) {
	r := generator(t)
	for n := range 2000 {
		stream := make([]byte, 3*r.IntN(300))
		// The share of refused candidates changes with n: a byte 0xff is part of two
		// candidates, and makes them large.
		for i := range stream {
			stream[i] = byte(r.Uint32())
			if r.IntN(400) < n%400 {
				stream[i] = 0xff
			}
		}
		want := sampleNTT(stream)
		var f NTT
		split := 3 * r.IntN(len(stream)/3+1)
		first := f.SampleVartime(0, stream[:split])
		if first != len(sampleNTT(stream[:split])) {
			t.Fatalf("SampleVartime found %d coefficients, want %d", first, len(sampleNTT(stream[:split])))
		}
		got := f.SampleVartime(first, stream[split:])
		if got != len(want) || !slices.Equal(f[:got], want) {
			t.Fatalf("SampleVartime found %v, want %v", f[:got], want)
		}
	}
}

func TestSampleCBD(t *testing.T) { testkit.Implementations(t, testSampleCBD) }

func testSampleCBD(t *testing.T) {
	r := generator(t)
	for _, eta := range []int{2, 3} {
		b := make([]byte, 64*eta)
		for n := range 300 {
			for i := range b {
				b[i] = byte(r.Uint32())
				if n < 5 {
					b[i] = []byte{0x00, 0xff, 0x55, 0xaa, 0x0f}[n]
				}
			}
			var f Poly
			f.SampleCBD(b, eta)
			if bounded(t, (*[N]int16)(&f), eta+1); residues((*[N]int16)(&f)) != spec.SamplePolyCBD(eta, b) {
				t.Fatalf("η = %d: the noise of %x is wrong", eta, b)
			}
		}
	}
}
