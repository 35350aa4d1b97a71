// Package x25519 implements X25519, according to RFC 7748, in the three forms that key
// exchange needs: a multiple of the base point, a multiple of a given point, and
// both with one scalar.
//
// Scalars are clamped, and encodings of points are accepted as RFC 7748 demands:
// the most significant bit is ignored, and a coordinate may be p or more. The
// product is zero if the point has low order; [IsLowOrder] recognises such points.
package x25519

import (
	"encoding/binary"
	"slices"

	"filippo.io/edwards25519"

	"hybridkem/internal/cpu"
)

//go:generate go run -C ../_asm ./x25519

// Size is the size of scalars and of encoded points.
const Size = 32

// ScalarBaseMult sets out to scalar times the base point.
func ScalarBaseMult(out, scalar *[Size]byte) {
	var x, z, inverse element
	multiplyBase(&x, &z, scalar)
	inverse.invert(&z)
	z.mul(&x, &inverse)
	z.bytes(out)
}

// ScalarMult sets out to scalar times point.
func ScalarMult(out, scalar, point *[Size]byte) {
	ScalarMultPermuting(out, scalar, point, nil, nothing)
}

// ScalarMultPermuting is [ScalarMult]. Meanwhile, it applies Keccak-f[1600] to state where the
// machine has a kernel that does both in little more time than one takes. On other machines it
// permutes nothing.
//
// It calls next before each permutation. next typically adds the next block of a message to the
// state. If it returns false, the state is not permuted, and next is not called again. There are at
// most 21 permutations, and the caller must be ready to do the others.
func ScalarMultPermuting(out, scalar, point *[Size]byte, state *[200]byte, next func() bool) {
	var x, z, inverse element
	multiplyPermuting(&x, &z, scalar, point, state, next)
	inverse.invert(&z) // 1/0 is 0
	z.mul(&x, &inverse)
	z.bytes(out)
}

// nothing is the next of [ScalarMultPermuting] for callers that have no state.
func nothing() bool { return false }

// ScalarMultBoth sets public to scalar times the base point, and shared to scalar
// times point. Encapsulation needs both; together they take one inversion.
func ScalarMultBoth(public, shared, scalar, point *[Size]byte) {
	ScalarMultBothPermuting(public, shared, scalar, point, nil, nothing)
}

// ScalarMultBothPermuting is [ScalarMultBoth], and permutes state like [ScalarMultPermuting].
func ScalarMultBothPermuting(public, shared, scalar, point *[Size]byte, state *[200]byte, next func() bool) {
	var x1, z1, x2, z2, product, inverse, t element
	multiplyBase(&x1, &z1, scalar)
	multiplyPermuting(&x2, &z2, scalar, point, state, next)

	// z1 is not 0, but z2 may be. Then z2 becomes 1, so that the product has an
	// inverse, and x2 becomes 0, so that the quotient is 0 as in ScalarMult.
	infinity := z2.isZero()
	x2.pick(&element{}, infinity)
	z2.pick(&element{1}, infinity)

	product.mul(&z1, &z2)
	inverse.invert(&product)
	t.mul(&inverse, &z2) // 1/z1
	product.mul(&t, &x1)
	product.bytes(public)
	t.mul(&inverse, &z1) // 1/z2
	product.mul(&t, &x2)
	product.bytes(shared)
}

// IsLowOrder reports whether the order of point divides 8, on the curve or its twist.
// These are the points whose product with every clamped scalar is zero.
func IsLowOrder(point *[Size]byte) bool {
	var u element
	u.setBytes(point)
	var b [Size]byte
	u.bytes(&b)
	return slices.Contains(lowOrder[:], b)
}

// lowOrder holds the u-coordinates of order 1 and 2 (0), 4 (1 on the curve, -1 on
// the twist) and 8.
var lowOrder = [5][Size]byte{
	{0},
	{1},
	{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
	{
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
	},
	{
		0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
	},
}

// multiplyBase sets x/z to the u-coordinate of scalar times the base point, with tight x
// and z. It multiplies on edwards25519, for which there are tables, and maps the product
// by u = (1 + y)/(1 - y), according to RFC 7748, section 4.1. z is not 0, since a clamped
// scalar is no multiple of the base point's order.
func multiplyBase(x, z *element, scalar *[Size]byte) {
	k := clamp(scalar)
	var Y, Z element
	switch {
	case cpu.AVX512IFMA:
		multiplyBaseIFMA(&Y, &Z, &k)
	case cpu.ADX:
		multiplyBaseADX(&Y, &Z, &k)
	case cpu.NEON:
		multiplyBaseNEON(&Y, &Z, &k)
	default:
		var s edwards25519.Scalar
		s.SetBytesWithClamping(k[:])
		var p edwards25519.Point
		_, y, z, _ := p.ScalarBaseMult(&s).ExtendedCoordinates()
		Y.setBytes((*[Size]byte)(y.Bytes()))
		Z.setBytes((*[Size]byte)(z.Bytes()))
	}
	tightAddSub(x, z, &Z, &Y)
}

// a24 is (A - 2) / 4, where A is the coefficient of curve25519.
const a24 = 121665

// multiply sets x/z to the u-coordinate of scalar times point, with tight x and z. z is 0
// modulo p for the point at infinity.
//
// It implements X25519, according to RFC 7748, section 5, up to the inversion.
func multiply(x, z *element, scalar, point *[Size]byte) {
	multiplyPermuting(x, z, scalar, point, nil, nothing)
}

// multiplyPermuting is [multiply], and permutes state like [ScalarMultPermuting].
func multiplyPermuting(x, z *element, scalar, point *[Size]byte, state *[200]byte, next func() bool) {
	k := clamp(scalar)
	var u element
	u.setBytes(point)
	switch {
	case cpu.AVX512IFMA:
		multiplyIFMA(x, z, &k, &u, state, next)
	case cpu.ADX:
		multiplyADX(x, z, &k, &u)
	case cpu.Narrow:
		multiplyNEON(x, z, &k, &u)
	case cpu.NEON:
		multiplyA64(x, z, &k, &u)
	default:
		multiplyPortable(x, z, k, u)
	}
}

// multiplyPortable is [multiply], for a clamped scalar and the point's coordinate. These
// are values because the loop takes 2 % longer with pointers.
//
// It has the names of the RFC's pseudocode, but does not swap (x2, z2) and (x3, z3). To
// swap them would swap (A, B) and (C, D), and so DA and CB. The new x3 and z3 do not
// depend on the order of DA and CB, since z3 has the square of their difference. Only AA
// and BB do, so the bits of the scalar choose what is squared.
func multiplyPortable(x, z *element, k [Size]byte, x1 element) {
	var x2, z2, x3, z3, a, aa, b, bb, e, c, d, da, cb element
	x2, x3, z3 = element{1}, x1, element{1}
	swap := uint64(0) // 1 if (x2, z2) and (x3, z3) would be swapped now

	for t := 254; t >= 0; t-- {
		kt := uint64(k[t/8]>>(t%8)) & 1
		swap ^= kt
		addSub(&a, &b, &x2, &z2)
		addSub(&c, &d, &x3, &z3)
		da.mul(&d, &a)
		cb.mul(&c, &b)
		a.pick(&c, -swap)
		b.pick(&d, -swap)
		swap = kt

		aa.square(&a)
		bb.square(&b)
		addSub(&c, &d, &da, &cb)
		x3.square(&c)
		da.square(&d)
		addSub(&a, &e, &aa, &bb)
		a.mulAdd(&aa, a24, e[0], e[1], e[2], e[3])
		x2.mul(&aa, &bb)
		z2.mul(&a, &e)
		z3.mul(&da, &x1)
	}
	// The last bit of a clamped scalar is 0, so nothing would be swapped now.
	*x, *z = x2, z2
}

// clamp returns scalar with the bits set and cleared that RFC 7748, section 5, demands.
func clamp(scalar *[Size]byte) [Size]byte {
	k := *scalar
	k[0] &= 248
	k[31] &= 127
	k[31] |= 64
	return k
}

// multiplyADX is [multiply], for a clamped scalar and the point's coordinate.
func multiplyADX(x, z *element, k *[Size]byte, u *element) {
	s := swaps(k)
	ladderADX((*[4]uint64)(x), (*[4]uint64)(z), (*[4]uint64)(u), &s)
}

// multiplyA64 is [multiplyADX] for arm64.
func multiplyA64(x, z *element, k *[Size]byte, u *element) {
	s := swaps(k)
	ladderA64((*[4]uint64)(x), (*[4]uint64)(z), (*[4]uint64)(u), &s)
}

// multiplyNEON is [multiplyADX] for arm64, with products of 32 bits.
func multiplyNEON(x, z *element, k *[Size]byte, u *element) {
	f, l, s := pairsStart(u), u.limbs(), swaps(k)
	ladderNEON((*[2][5][4]uint32)(&f), &l, &s)
	x.setFirst(&f[0])
	z.setFirst(&f[1])
}

// pairsStart returns (x_2, x_3) and (z_2, z_3) at the start of the ladder: (1, u) and (0, 1).
func pairsStart(u *element) limbPairs {
	one := [5]uint64{1}
	return limbPairs{pairOf(one, u.limbs()), pairOf([5]uint64{}, one)}
}

// multiplyIFMA is [multiplyPermuting], for a clamped scalar and the point's coordinate.
func multiplyIFMA(x, z *element, k *[Size]byte, u *element, state *[200]byte, next func() bool) {
	const steps = 12 // of the ladder, during one permutation
	f, split, s := ladderStart(u), u.splitLimbs(), swaps(k)
	n := 255
	for n >= steps && next() {
		ladderPermuteIFMA((*[5][4]uint64)(&f), &split, &s, n, state)
		n -= steps
	}
	ladderIFMA((*[5][4]uint64)(&f), &split, &s, n)
	f.ladderEnd(x, z)
}

// ladderStart returns x_2 ± z_2 and x_3 ± z_3 at the start of the ladder, where
// (x_2, z_2) is (1, 0) and (x_3, z_3) is (u, 1).
func ladderStart(u *element) fourLimbs {
	var sum, difference element
	tightAddSub(&sum, &difference, u, &element{1})
	c, d := sum.limbs(), difference.limbs()
	f := fourLimbs{{1, 1}}
	for k := range f {
		f[k][2], f[k][3] = c[k], d[k]
	}
	return f
}

// ladderEnd sets x and z to 2·x_2 and 2·z_2. The last bit of a clamped scalar is 0, so the
// points are in their places.
func (f *fourLimbs) ladderEnd(x, z *element) {
	var sum, difference element
	sum.setLimbs(f, 0)
	difference.setLimbs(f, 1)
	tightAddSub(x, z, &sum, &difference)
}

// multiplyBaseADX sets y/z to the y-coordinate of the product of a clamped scalar and the
// base point of edwards25519.
func multiplyBaseADX(y, z *element, k *[Size]byte) {
	d := digits(k)
	combADX((*[4]uint64)(y), (*[4]uint64)(z), &d)
}

// multiplyBaseNEON is [multiplyBaseADX] for arm64.
func multiplyBaseNEON(y, z *element, k *[Size]byte) {
	d := digits(k)
	combNEON((*[4]uint64)(y), (*[4]uint64)(z), &d)
}

// multiplyBaseIFMA is [multiplyBaseADX] with AVX-512 IFMA.
func multiplyBaseIFMA(y, z *element, k *[Size]byte) {
	d := digits(k)
	var f fourLimbs
	if cpu.WideAVX512 {
		combWideIFMA((*[5][4]uint64)(&f), &d)
	} else {
		combIFMA((*[5][4]uint64)(&f), &d)
	}
	y.setLimbs(&f, 1)
	z.setLimbs(&f, 2)
}

// swaps returns k ^ 2k. Bit t+1 says whether bits t and t+1 of k differ: if they do, the
// two points of the ladder change places before step t.
func swaps(k *[Size]byte) (s [4]uint64) {
	previous := uint64(0) // the most significant bit of the word before
	for i := range s {
		word := binary.LittleEndian.Uint64(k[8*i:])
		s[i] = word ^ (word<<1 | previous)
		previous = word >> 63
	}
	return s
}

// digits returns the 64 digits of a scalar less than 2²⁵⁵ to the base 16. They are from
// -8 to 7; the last one may be 8.
func digits(k *[Size]byte) (d [2 * Size]int8) {
	carry := int8(0)
	for i, b := range k {
		first, second := int8(b&15), int8(b>>4)
		first += carry
		carry = (first + 8) >> 4
		d[2*i] = first - (carry << 4)
		second += carry
		carry = (second + 8) >> 4
		d[2*i+1] = second - (carry << 4)
	}
	d[2*Size-1] += carry << 4
	return d
}
