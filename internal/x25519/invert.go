package x25519

import "math/bits"

// This file inverts modulo p by division steps: D. J. Bernstein and B.-Y. Yang, "Fast
// constant-time gcd computation and modular inversion", 2019. A division step replaces
// an odd f, any g and δ by
//
//	g, (g - f)/2, 1 - δ   if g is odd and δ > 0;
//	f, (g + f)/2, 1 + δ   if g is odd and δ < 0;
//	f, g/2,       1 + δ   if g is even.
//
// It keeps the greatest common divisor of f and g, and max(|f|, |g|) never grows.
//
// The steps begin with f = p, 0 ≤ g < p and δ = 1/2. The paper begins with δ = 1, and
// proves that 741 steps then lead to g = 0 for numbers of 256 bits. With δ = 1/2, 590 steps
// do. Pieter Wuille computed this number from convex hulls: the computation, and a proof in
// Coq (coq/hddivsteps), are at https://github.com/sipa/safegcd-bounds. In the end f is ±1,
// or p if g was 0 at the start.
//
// Steps are linear: n steps multiply the column (f, g) by a matrix, and then divide it by
// 2ⁿ. The matrix depends on δ and on the low n bits of f and g only. So 59 steps at a time
// are taken on the low words of f and g, and then on the whole numbers by the matrix. The
// same matrices are multiplied by the column (d, e), modulo p, without the division. This
// begins as (0, 1). If g was a at the start, then after n steps
//
//	d·a = 2ⁿ·f and e·a = 2ⁿ·g modulo p,
//
// and so d = ±2⁵⁹⁰/a in the end.
//
// δ is kept as ζ = -(δ + 1/2), which is an integer. It is negative if and only if δ > 0.
const (
	allSteps    = 590
	wordSteps   = 59 // at a time: entries of the matrix fit in a word, and 59 divides 590
	packedSteps = 20 // at a time, within the 59: all parts of a packed fit in its word
)

// A matrix holds the entries of
//
//	⎛u v⎞
//	⎝q r⎠
//
// For n steps, its product with the column (f, g) is 2ⁿ times the new (f, g). By
// induction |u| + |v| ≤ 2ⁿ and |q| + |r| ≤ 2ⁿ.
type matrix struct{ u, v, q, r int64 }

// times returns the product of m and n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		(m.u * n.u) + (m.v * n.q), (m.u * n.v) + (m.v * n.r),
		(m.q * n.u) + (m.r * n.q), (m.q * n.v) + (m.r * n.r),
	}
}

// apply returns the f and g after the n steps of m.
func (m matrix) apply(f, g int64, n uint) (nextF, nextG int64) {
	return ((m.u * f) + (m.v * g)) >> n, ((m.q * f) + (m.r * g)) >> n
}

// invert sets v to 1/a, or to 0 if a is 0. It accepts a tight element and returns a
// tight one. Its time does not depend on a.
func (v *element) invert(a *element) {
	f, g := element{1<<64 - 19, 1<<64 - 1, 1<<64 - 1, low63}, a.canonical()
	d, e := element{}, element{1}
	ζ := int64(-1)
	for range allSteps / wordSteps {
		var m matrix
		m, ζ = divsteps59(int64(f[0]), int64(g[0]), ζ)
		f, g = linearDiv(&f, &g, m.u, m.v), linearDiv(&f, &g, m.q, m.r)
		d, e = linearMod(&d, &e, m.u, m.v), linearMod(&d, &e, m.q, m.r)
	}
	// d is ±2⁵⁹⁰/a, with the sign of f.
	var zero, sum, minusD element
	addSub(&sum, &minusD, &zero, &d)
	d.pick(&minusD, -(f[3] >> 63))
	v.mul(&d, &element{0xa0f99e2375022099, 0xa8c68f3f1d132595, 0x6c6c893805ac5242, 0x276508b241770615}) // 2⁻⁵⁹⁰
}

// divsteps59 takes 59 steps from the low words of f and g. It returns their matrix and ζ.
func divsteps59(f, g, ζ int64) (matrix, int64) {
	const rest = wordSteps - 2*packedSteps
	m0, ζ := divsteps20(f, g, ζ, packedSteps)
	f, g = m0.apply(f, g, packedSteps)
	m1, ζ := divsteps20(f, g, ζ, packedSteps)
	f, g = m1.apply(f, g, packedSteps)
	m2, ζ := divsteps20(f, g, ζ, rest)
	return m2.times(m1.times(m0)), ζ
}

// A packed holds three integers in one word: f or g during n ≤ 20 steps, as x, and the row
// of the matrix that belongs to it, as a and b. The word is x + 2²⁰·a + 2⁴²·b. To add two
// words, or to halve one, does so to all three integers.
//
// The rows begin as (2ⁿ, 0) and (0, 2ⁿ), so that n halvings leave no remainder. These are
// n = 2 steps from f = 5, g = 6 and δ = 1/2, with each packed written as x (a, b):
//
//	f = 5 (4, 0)   g =  6 ( 0, 4)   δ =  1/2   g is even: halve it
//	f = 5 (4, 0)   g =  3 ( 0, 2)   δ =  3/2   g is odd and δ > 0: g and half of g - f
//	f = 3 (0, 2)   g = -1 (-2, 1)   δ = -1/2
//
// The matrix has the rows (0, 2) and (-2, 1): 2²·3 = 0·5 + 2·6, and 2²·(-1) = -2·5 + 1·6.
//
// A negative integer borrows from the one above it. unpack gives this back: x is in
// [-2¹⁹, 2¹⁹) and a in [-2²⁰, 2²⁰] after every step.
type packed int64

const (
	shiftA = 20
	shiftB = 42
)

// unpack returns the row in p. It rounds where it shifts, since x and a may be negative.
func (p packed) unpack() (a, b int64) {
	const n = shiftB - shiftA
	row := (int64(p) + (1 << (shiftA - 1))) >> shiftA // a + 2ⁿ·b
	b = (row + (1 << (n - 1))) >> n
	a = row - (b << n)
	return a, b
}

// divsteps20 takes n ≤ 20 steps from the low 20 bits of f and g. It returns their matrix
// and ζ.
func divsteps20(f, g, ζ int64, n uint) (matrix, int64) {
	const unused = 64 - packedSteps
	f, g = (f<<unused)>>unused, (g<<unused)>>unused
	pf := packed(f + (1 << (shiftA + n)))
	pg := packed(g + (1 << (shiftB + n)))
	for range n {
		pf, pg, ζ = divstep(pf, pg, ζ)
	}
	var m matrix
	m.u, m.v = pf.unpack()
	m.q, m.r = pg.unpack()
	return m, ζ
}

// divstep takes one step.
func divstep(f, g packed, ζ int64) (nextF, nextG packed, nextζ int64) {
	odd := -(g & 1)             // all bits 1 if g is odd
	positive := packed(ζ >> 63) // all bits 1 if δ > 0
	swap := odd & positive
	// f is odd, so half of f or of -f, rounded up, is half of f or of ^f, rounded down, plus 1.
	halfF := ((f ^ positive) >> 1) + 1
	nextF = f ^ ((f ^ g) & swap)
	nextG = (g >> 1) + (halfF & odd) // if both are odd, one is rounded up and one down
	nextζ = (ζ ^ int64(swap)) - 1    // ^ζ - 1 is -(1 - δ + 1/2), and ζ - 1 is -(1 + δ + 1/2)
	return nextF, nextG, nextζ
}

// linearDiv returns (a·f + b·g)/2⁵⁹, where f, g and the result have sign bits.
func linearDiv(f, g *element, a, b int64) element {
	const n = wordSteps
	s0, s1, s2, s3, s4 := linear(f, g, a, b)
	return element{
		s0>>n | s1<<(64-n),
		s1>>n | s2<<(64-n),
		s2>>n | s3<<(64-n),
		s3>>n | s4<<(64-n),
	}
}

// linearMod returns a·d + b·e modulo p. It accepts elements less than 2²⁵⁵, and returns
// one.
//
// The sum is h·2²⁵⁵ plus a rest of 255 bits, where |h| ≤ 2⁵⁹. As 2²⁵⁵ = 19, it is 19·h plus
// the rest. If this is 2²⁵⁵ or more, then h is positive, and taking 2²⁵⁵ away and adding 19
// leaves less than 19·h + 19. If this is negative, then h is negative, and 2²⁵⁵ is added
// and 19 taken away. In both cases the lowest word is so far from its ends that the 19
// carries nothing.
func linearMod(d, e *element, a, b int64) element {
	s0, s1, s2, s3, s4 := linear(d, e, a, b)
	h := (s4 << 1) | (s3 >> 63)
	negative := uint64(int64(h) >> 63) // all bits 1 if h is negative
	hi, lo := bits.Mul64(h, 19)
	hi -= 19 & negative
	s0, c := bits.Add64(s0, lo, 0)
	s1, c = bits.Add64(s1, hi, c)
	s2, c = bits.Add64(s2, negative, c)
	s3, _ = bits.Add64(s3&low63, negative, c)
	over := -(s3 >> 63)
	nineteen := (19 ^ negative) - negative // 19, or -19 if h is negative
	return element{s0 + (over & nineteen), s1, s2, s3 & low63}
}

// linear returns a·x + b·y in five words, where x, y and the result have sign bits, and
// |a| + |b| ≤ 2⁵⁹.
//
// If a is negative, a·x is |a|·(^x + 1). If the factor x or ^x is negative, its words stand
// for 2²⁵⁶ more than it is, so |a|·2²⁵⁶ is subtracted.
func linear(x, y *element, a, b int64) (s0, s1, s2, s3, s4 uint64) {
	product := func(x *element, a int64) (p0, p1, p2, p3, p4 uint64) {
		m := uint64(a >> 63) // all bits 1 if a is negative
		abs := (uint64(a) ^ m) - m
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
