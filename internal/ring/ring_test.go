package ring

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// The tests compare with the definitions of FIPS 203, in integers.

// mod returns a mod q in [0, q).
func mod(a int) int { return (a%Q + Q) % Q }

func power(base, exponent int) int {
	return int(new(big.Int).Exp(big.NewInt(int64(base)), big.NewInt(int64(exponent)), big.NewInt(Q)).Int64())
}

// bitRev7 reverses the 7 bits of i.
func bitRev7(i int) int {
	r := 0
	for b := range 7 {
		r |= i >> b & 1 << (6 - b)
	}
	return r
}

// generator returns reproducible randomness.
func generator(t *testing.T) *rand.Rand {
	var seed [32]byte
	copy(seed[:], t.Name())
	return rand.New(rand.NewChaCha8(seed))
}

// polys returns polynomials with |f| <= bound: random ones, constant ones at the
// edges, and single coefficients.
func polys(t *testing.T, bound int) []Poly {
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
		var f Poly
		f[i] = int16(bound)
		fs = append(fs, f)
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
		if int(a) >= bound || int(a) <= -bound {
			t.Fatalf("coefficient %d is %d, want less than %d", i, a, bound)
		}
	}
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
		want := mod(power(17, bitRev7(i)) << 16)
		if want > Q/2 {
			want -= Q
		}
		if int(zeta) != want {
			t.Errorf("zetas[%d] = %d, want %d", i, zeta, want)
		}
	}
}

// split32 returns the numbers in p, which may have 32 bits.
func split32(p pair) (lo, hi int) {
	lo = int(int32(p))
	return lo, int((int64(p) - int64(lo)) >> 32)
}

func TestMontgomeryReduce(t *testing.T) {
	// Every input in the stated range, in ascending order, beside one of the
	// other sign; the expected residue grows with it by 2^-16 each time.
	const limit = 1<<15*Q - 1
	inverse := power(1<<16, Q-2)
	want := mod(mod(-limit) * inverse)
	for a := -limit; a <= limit; a++ {
		lo, hi := split32((pair(a) - pair(a)<<32).montgomeryReduce())
		if lo != want && lo != want-Q || lo <= -Q || mod(lo+hi) != 0 || hi >= Q || hi <= -Q {
			t.Fatalf("montgomeryReduce(%d, %d) = %d, %d, want %d mod q", a, -a, lo, hi, want)
		}
		if want += inverse; want >= Q {
			want -= Q
		}
	}
}

func TestMontgomeryMul(t *testing.T) {
	inverse := power(1<<16, Q-2)
	for a := -1 << 15; a < 1<<15; a++ {
		for _, b := range []int{0, 1, -1, Q - 1, 1 - Q, Q / 2, -Q / 2, r2, rOver128} {
			r := int(montgomeryMul(int16(a), int16(b)))
			if r >= Q || r <= -Q || mod(r) != mod(mod(a*b)*inverse) {
				t.Fatalf("montgomeryMul(%d, %d) = %d", a, b, r)
			}
			lo, hi := split32(join(int16(a), int16(-a-1)).montgomeryMul(int16(b)))
			if lo != r || hi != int(montgomeryMul(int16(-a-1), int16(b))) {
				t.Fatalf("the pair of %d and %d times %d is %d, %d", a, -a-1, b, lo, hi)
			}
		}
	}
}

func TestPair(t *testing.T) {
	for a := -1 << 15; a < 1<<15; a++ {
		for _, b := range []int{0, 1, -1, 1<<15 - 1, -1 << 15, ^a} {
			lo, hi := join(int16(a), int16(b)).split()
			if int(lo) != a || int(hi) != b {
				t.Fatalf("the pair of %d and %d is split into %d and %d", a, b, lo, hi)
			}
			if b > -1<<15 && a > -1<<15 {
				l, h := split32(join(int16(a), int16(b)).barrettReduce())
				if mod(l) != mod(a) || l > Q/2 || l < -Q/2 || mod(h) != mod(b) || h > Q/2 || h < -Q/2 {
					t.Fatalf("barrettReduce(%d, %d) = %d, %d", a, b, l, h)
				}
			}
		}
	}
}

func TestReduce(t *testing.T) {
	for a := -1 << 15; a < 1<<15; a++ {
		if r := int(canonical(int16(a))); r != mod(a) {
			t.Fatalf("canonical(%d) = %d", a, r)
		}
	}
	for _, f := range polys(t, 1<<15-1) {
		g := NTT(f)
		g.Reduce()
		for i := range g {
			if int(g[i]) != mod(int(f[i])) {
				t.Fatalf("Reduce made %d of %d", g[i], f[i])
			}
		}
	}
}

func TestCompress(t *testing.T) {
	for _, d := range []int{1, 4, 5, 10, 11, 12} {
		for a := -1 << 15; a < 1<<15; a++ {
			// round(x) is floor(x + 1/2).
			want := (2*mod(a)<<d + Q) / (2 * Q) % (1 << d)
			if got := compress(int16(a), d); int(got) != want {
				t.Fatalf("compress(%d, %d) = %d, want %d", a, d, got, want)
			}
		}
		for y := range 1 << d {
			want := (2*Q*y + 1<<d) / (2 << d)
			if got := decompress(uint64(y), d); int(got) != want {
				t.Fatalf("decompress(%d, %d) = %d, want %d", y, d, got, want)
			}
			if got := decompress(uint64(y)|^uint64(0)<<d, d); int(got) != want {
				t.Fatalf("decompress(%d, %d) = %d with more bits set, want %d", y, d, got, want)
			}
		}
	}
}

// bits returns the d low bits of each of f as FIPS 203, Algorithm 5 orders them.
func encodeBits(f *[N]int, d int) []byte {
	b := make([]byte, 32*d)
	for i, a := range f {
		for j := range d {
			bit := i*d + j
			b[bit/8] |= byte(a>>j&1) << (bit % 8)
		}
	}
	return b
}

func TestCompressEncoding(t *testing.T) {
	for _, d := range []int{1, 4, 5, 10, 11, 12} {
		for _, f := range polys(t, 1<<15-1) {
			var y [N]int
			for i := range f {
				y[i] = int(compress(f[i], d))
			}
			got, before := make([]byte, 32*d), f
			f.Compress(got, d)
			if !slices.Equal(got, encodeBits(&y, d)) {
				t.Fatalf("d = %d: Compress encodes %v as %x", d, y, got)
			}
			if f != before {
				t.Fatal("Compress changed its input")
			}
			var g Poly
			g.Decompress(got, d)
			for i := range g {
				if g[i] != decompress(uint64(y[i]), d) {
					t.Fatalf("d = %d: Decompress reads coefficient %d as %d", d, i, g[i])
				}
			}
		}
	}
}

func TestEncode(t *testing.T) {
	r := generator(t)
	var f NTT
	var ints [N]int
	for i := range f {
		ints[i] = r.IntN(Q)
		if i < 4 {
			ints[i] = []int{0, 1, Q - 1, Q - 2}[i]
		}
		f[i] = int16(ints[i])
	}
	var b [EncodedSize]byte
	f.Encode(&b)
	if !slices.Equal(b[:], encodeBits(&ints, 12)) {
		t.Fatal("Encode is not ByteEncode_12")
	}
	var g NTT
	if !g.Decode(&b) || g != f {
		t.Fatal("Decode does not invert Encode")
	}
	// Every value that is not canonical, in some place; and every place.
	for value := Q; value < 1<<12; value++ {
		refuse(t, ints, (value-Q)%N, value)
	}
	for i := range N {
		refuse(t, ints, i, Q)
		refuse(t, ints, i, 1<<12-1)
	}
}

func refuse(t *testing.T, ints [N]int, i, value int) {
	t.Helper()
	ints[i] = value
	var g NTT
	if g.Decode((*[EncodedSize]byte)(encodeBits(&ints, 12))) {
		t.Fatalf("Decode accepts %d in coefficient %d", value, i)
	}
}

// transform is the NTT by its definition: the residues of f modulo
// X² - ζ^(2·BitRev7(i)+1), FIPS 203, section 4.3.
func transform(f *Poly) (g [N]int) {
	for i := range N / 2 {
		gamma, root := 1, power(17, 2*bitRev7(i)+1)
		for j := range N / 2 {
			g[2*i] = mod(g[2*i] + gamma*int(f[2*j]))
			g[2*i+1] = mod(g[2*i+1] + gamma*int(f[2*j+1]))
			gamma = gamma * root % Q
		}
	}
	return g
}

func TestNTT(t *testing.T) {
	for _, f := range polys(t, Q-1) {
		want := transform(&f)
		g := f
		h := g.NTT()
		if (*Poly)(h) != &g {
			t.Fatal("NTT is not in place")
		}
		bounded(t, (*[N]int16)(h), 8*Q)
		for i := range h {
			if mod(int(h[i])) != want[i] {
				t.Fatalf("coefficient %d is %d, want %d", i, mod(int(h[i])), want[i])
			}
		}

		h.Reduce()
		back := h.InverseNTT()
		bounded(t, (*[N]int16)(back), Q)
		for i := range back {
			if mod(int(back[i])) != mod(int(f[i])) {
				t.Fatalf("InverseNTT makes %d of coefficient %d, want %d", back[i], i, f[i])
			}
		}
	}
	for _, f := range polys(t, Q-1) {
		g := NTT(f)
		back := *g.InverseNTT()
		bounded(t, (*[N]int16)(&back), Q)
		want := transform(&back)
		for i := range f {
			if want[i] != mod(int(f[i])) {
				t.Fatalf("InverseNTT has the transform %d at coefficient %d, want %d", want[i], i, f[i])
			}
		}
	}
}

func TestInnerProduct(t *testing.T) {
	as, bs := polys(t, Q-1), polys(t, 8*Q-1)
	r := generator(t)
	for n := range as {
		k, stride := 1+r.IntN(4), 1+r.IntN(4)
		a := make([]NTT, k*stride)
		b := make([]NTT, k)
		factors := make([]Factor, k)
		var want [N]int
		for i := range k {
			a[i*stride] = NTT(as[(n+i*7)%len(as)])
			b[i] = NTT(bs[(n+i*11)%len(bs)])
			factors[i].Set(&b[i])
			for j := range N / 2 {
				gamma := power(17, 2*bitRev7(j)+1)
				a0, a1 := int(a[i*stride][2*j]), int(a[i*stride][2*j+1])
				b0, b1 := int(b[i][2*j]), int(b[i][2*j+1])
				want[2*j] += a0*b0 + mod(a1*b1)*gamma
				want[2*j+1] += a0*b1 + a1*b0
			}
		}
		aBefore := slices.Clone(a)
		var got NTT
		got.InnerProduct(a, stride, factors)
		bounded(t, (*[N]int16)(&got), Q)
		for i := range got {
			if mod(int(got[i])) != mod(want[i]) {
				t.Fatalf("k = %d, stride %d: coefficient %d is %d, want %d", k, stride, i, mod(int(got[i])), mod(want[i]))
			}
		}
		if !slices.Equal(a, aBefore) {
			t.Fatal("InnerProduct changed an input")
		}
	}
}

// TestInnerProductExtremes has all products at their bounds, of one sign.
func TestInnerProductExtremes(t *testing.T) {
	for _, sign := range []int16{1, -1} {
		a, factors := make([]NTT, 4), make([]Factor, 4)
		for i := range a {
			for j := range N {
				a[i][j] = Q - 1
				factors[i].b[j/2] = join(sign*(Q-1), sign*(Q-1))
				factors[i].xb[j/2] = join(sign*(Q-1), sign*(Q-1))
			}
		}
		var got NTT
		got.InnerProduct(a, 1, factors)
		bounded(t, (*[N]int16)(&got), Q)
		want := mod(int(sign) * 8 * power(1<<16, Q-2))
		for i := range got {
			if mod(int(got[i])) != want {
				t.Fatalf("coefficient %d is %d, want %d", i, mod(int(got[i])), want)
			}
		}
	}
}

func TestAddSub(t *testing.T) {
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

// sampleNTT is FIPS 203, Algorithm 7, on a stream that may end early.
func sampleNTT(stream []byte) (a []int16) {
	for i := 0; i+3 <= len(stream) && len(a) < N; i += 3 {
		c0, c1, c2 := int(stream[i]), int(stream[i+1]), int(stream[i+2])
		d1 := c0 + 256*(c1%16)
		d2 := c1/16 + 16*c2
		if d1 < Q {
			a = append(a, int16(d1))
		}
		if d2 < Q && len(a) < N {
			a = append(a, int16(d2))
		}
	}
	return a
}

func TestSample(t *testing.T) {
	r := generator(t)
	for n := range 2000 {
		stream := make([]byte, 3*r.IntN(300))
		// From n to n, more or fewer candidates are refused: bytes of 0xff
		// make two of them.
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
	// The modulus and what is next to it, in both halves of a triple.
	for _, test := range []struct {
		value int
		want  int
	}{{Q - 1, 2}, {Q, 0}, {1<<12 - 1, 0}, {0, 2}} {
		x := test.value | test.value<<12
		var f NTT
		if n := f.SampleVartime(0, []byte{byte(x), byte(x >> 8), byte(x >> 16)}); n != test.want {
			t.Errorf("SampleVartime accepts %d of two candidates %d, want %d", n, test.value, test.want)
		}
	}
}

func TestSampleCBD(t *testing.T) {
	r := generator(t)
	for _, eta := range []int{2, 3} {
		for n := range 300 {
			b := make([]byte, 64*eta)
			for i := range b {
				b[i] = byte(r.Uint32())
				if n < 3 {
					b[i] = []byte{0x00, 0xff, 0x55}[n]
				}
			}
			var f Poly
			f.SampleCBD(b, eta)
			bit := func(i int) int16 { return int16(b[i/8] >> (i % 8) & 1) }
			for i := range f {
				var want int16
				for j := range eta {
					want += bit(2*i*eta+j) - bit(2*i*eta+eta+j)
				}
				if f[i] != want {
					t.Fatalf("η = %d: coefficient %d is %d, want %d", eta, i, f[i], want)
				}
			}
		}
	}
}

// TestBounds follows the largest absolute values through the layers of the
// transforms, for all inputs at once: a bound for each coefficient, and what the
// operations make of bounds. It goes layer by layer, as FIPS 203 does.
func TestBounds(t *testing.T) {
	// product bounds montgomeryMul(b, zeta): the difference of b·ζ and a multiple
	// of q up to 2^15·q, divided by 2^16.
	product := func(b int, zeta int16) int {
		if b >= 1<<15 {
			t.Fatalf("%d does not fit in 16 bits", b)
		}
		return (b*max(int(zeta), -int(zeta)) + 1<<15*Q) / (1 << 16)
	}
	below := func(what string, bounds [N]int, limit int) {
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
	below("NTT", b, 8*Q)

	fill(Q - 1)
	for k, length := N/2-1, 2; length <= N/2; length *= 2 {
		if length == 16 {
			below("InverseNTT before the reduction", b, 1<<15)
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
	below("InverseNTT before the last product", b, 1<<15)
	for i := range b {
		b[i] = product(b[i], rOver128)
	}
	below("InverseNTT", b, Q)

	fill(product(8*Q-1, r2))
	below("Factor", b, Q)
	fill(8 * (Q - 1) * (Q - 1))
	below("InnerProduct before the reduction", b, 1<<15*Q)
	fill((8*(Q-1)*(Q-1) + 1<<15*Q) / (1 << 16))
	below("InnerProduct", b, Q)
}
