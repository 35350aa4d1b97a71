package x25519

import "math/bits"

// An inverse modulo p is found beside the greatest common divisor with p, by division
// steps: Bernstein and Yang, "Fast constant-time gcd computation and modular
// inversion", 2019. A step takes f, which is odd, g and δ to
//
//	g, (g - f)/2, 1 - δ            if δ > 0 and g is odd;
//	f, (g + f)/2 or g/2, 1 + δ     if not, whichever half is an integer.
//
// Neither |f| nor |g| becomes larger than the larger of the two was. From f = p,
// 0 ≤ g < p and δ = 1/2 on, g is 0 after 590 steps, which Pieter Wuille computed for all f
// below 2²⁵⁶, and f is plus or minus the greatest common divisor: ±1, or p if g was 0 at
// first.
//
// Steps look at low bits only. So many are taken on words, and recorded in a matrix,
// which then takes them on whole numbers. The same matrices make d and e of 0 and 1,
// but are not divided by the power of two: after n steps, d·a = 2ⁿ·f and e·a = 2ⁿ·g
// modulo p, if a is what is to be inverted.
const (
	batches        = 10
	stepsPerBatch  = 59
	stepsPerMatrix = 20
)

// A matrix takes f and g to u·f + v·g and q·f + r·g. After n steps these are 2ⁿ times
// the new f and g, |u| + |v| ≤ 2ⁿ and |q| + |r| ≤ 2ⁿ.
type matrix struct{ u, v, q, r int64 }

// invert sets v to 1/a, or to 0 if a is 0. It accepts a tight element and returns a
// tight one. Its time does not depend on a.
func (v *element) invert(a *element) {
	// Batches read one of the two and write the other, in turn.
	var f, g, d, e [2]element
	f[0], g[0], e[0] = element{1<<64 - 19, 1<<64 - 1, 1<<64 - 1, low63}, a.canonical(), element{1}
	ζ := int64(-1) // -(δ + 1/2)
	for i := range batches {
		var m matrix
		old, next := i%2, 1-i%2
		m, ζ = batch(int64(f[old][0]), int64(g[old][0]), ζ)
		f[next].divide(&f[old], &g[old], m.u, m.v)
		g[next].divide(&f[old], &g[old], m.q, m.r)
		d[next].combine(&d[old], &e[old], m.u, m.v)
		e[next].combine(&d[old], &e[old], m.q, m.r)
	}
	// Now d is ±2⁵⁹⁰/a, with the sign of f.
	var zero, sum, minus element
	addSub(&sum, &minus, &zero, &d[0])
	d[0].pick(&minus, -(f[0][3] >> 63))
	v.mul(&d[0], &element{0xa0f99e2375022099, 0xa8c68f3f1d132595, 0x6c6c893805ac5242, 0x276508b241770615}) // 2⁻⁵⁹⁰
}

// batch takes 59 steps from the low words of f and g. It returns their matrix and ζ.
func batch(f, g, ζ int64) (matrix, int64) {
	var m matrix
	for i, n := range [...]uint{stepsPerMatrix, stepsPerMatrix, stepsPerBatch - 2*stepsPerMatrix} {
		var t matrix
		t, ζ = few(f, g, ζ, n)
		f, g = (t.u*f+t.v*g)>>n, (t.q*f+t.r*g)>>n
		if i == 0 {
			m = t
			continue
		}
		m = matrix{t.u*m.u + t.v*m.q, t.u*m.v + t.v*m.r, t.q*m.u + t.r*m.q, t.q*m.v + t.r*m.r}
	}
	return m, ζ
}

// few takes n steps, at most 20, from the low 20 bits of f and g. It returns their
// matrix and ζ.
//
// The matrix is made in the same words as f and g, of which a step adds and halves all
// parts: f + 2²⁰·u + 2⁴²·v and g + 2²⁰·q + 2⁴²·r. It begins as 2ⁿ times the identity,
// so that halves are integers. Parts may be negative, but the low one stays in
// [-2¹⁹, 2¹⁹) and the middle one in [-2²⁰, 2²⁰], which is enough to tell them apart.
func few(f, g, ζ int64, n uint) (matrix, int64) {
	const low, high = 20, 42
	f = f<<(64-low)>>(64-low) + 1<<(low+n)
	g = g<<(64-low)>>(64-low) + 1<<(high+n)
	for range n {
		odd := -(g & 1)
		// If g is odd and δ > 0, so ζ < 0, minus is -1: f is subtracted, and becomes g.
		minus := ζ >> 63
		// Of two odd numbers, (g ± f)/2 = ⌊g/2⌋ + ⌊(±f)/2⌋ + 1, and ⌊-f/2⌋ = ⌊^f/2⌋.
		half := (f^minus)>>1 + 1
		swap := minus & odd
		f ^= (f ^ g) & swap
		g = g>>1 + half&odd
		ζ = ζ ^ swap - 1
	}
	split := func(x int64) (middle, top int64) {
		x = (x + 1<<(low-1)) >> low
		top = (x + 1<<(high-low-1)) >> (high - low)
		return x - top<<(high-low), top
	}
	var m matrix
	m.u, m.v = split(f)
	m.q, m.r = split(g)
	return m, ζ
}

// divide sets v to (a·f + b·g)/2⁵⁹, which is a new f or g.
func (v *element) divide(f, g *element, a, b int64) {
	const n = stepsPerBatch
	s0, s1, s2, s3, s4 := sum(f, g, a, b)
	v[0] = s0>>n | s1<<(64-n)
	v[1] = s1>>n | s2<<(64-n)
	v[2] = s2>>n | s3<<(64-n)
	v[3] = s3>>n | s4<<(64-n)
}

// combine sets v to a·d + b·e modulo p. It accepts elements less than 2²⁵⁵, and returns
// one.
//
// The part of the sum from 2²⁵⁵ on, h, is at most 2⁵⁹ without its sign. The rest, of 255
// bits, changes by 19·h. If it is 2²⁵⁵ or more then, h was positive, and less than 19·h
// is beyond; if it is negative, h was negative, and 2²⁵⁵ more makes it right. Either way
// the lowest word is so far from its ends that the 19 for 2²⁵⁵ carries nothing.
func (v *element) combine(d, e *element, a, b int64) {
	s0, s1, s2, s3, s4 := sum(d, e, a, b)
	h := s4<<1 | s3>>63
	sign := uint64(int64(h) >> 63)
	hi, lo := bits.Mul64(h, 19)
	s0, c := bits.Add64(s0, lo, 0)
	s1, c = bits.Add64(s1, hi-19&sign, c)
	s2, c = bits.Add64(s2, sign, c)
	s3, _ = bits.Add64(s3&low63, sign, c)
	v[0] = s0 + -(s3>>63)&(19^sign-sign)
	v[1], v[2], v[3] = s1, s2, s3&low63
}

// sum returns a·x + b·y, where x, y and the sum have sign bits, and |a| + |b| ≤ 2⁵⁹.
//
// If a is negative, a·x is |a|·(^x + 1). If x or ^x is negative, it is 2²⁵⁶ less than its
// words say.
func sum(x, y *element, a, b int64) (s0, s1, s2, s3, s4 uint64) {
	product := func(x *element, a int64) (p0, p1, p2, p3, p4 uint64) {
		m := uint64(a >> 63)
		abs := uint64(a) ^ m - m
		x3 := x[3] ^ m
		h0, l0 := bits.Mul64(abs, x[0]^m)
		h1, l1 := bits.Mul64(abs, x[1]^m)
		h2, l2 := bits.Mul64(abs, x[2]^m)
		h3, l3 := bits.Mul64(abs, x3)
		p0, c := bits.Add64(l0, abs&m, 0)
		p1, c = bits.Add64(l1, h0, c)
		p2, c = bits.Add64(l2, h1, c)
		p3, c = bits.Add64(l3, h2, c)
		p4, _ = bits.Add64(h3, -(abs & uint64(int64(x3)>>63)), c)
		return p0, p1, p2, p3, p4
	}
	s0, s1, s2, s3, s4 = product(x, a)
	t0, t1, t2, t3, t4 := product(y, b)
	s0, c := bits.Add64(s0, t0, 0)
	s1, c = bits.Add64(s1, t1, c)
	s2, c = bits.Add64(s2, t2, c)
	s3, c = bits.Add64(s3, t3, c)
	s4, _ = bits.Add64(s4, t4, c)
	return s0, s1, s2, s3, s4
}
