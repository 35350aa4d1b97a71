// Package x25519 is X25519, according to RFC 7748, in the three shapes that key
// exchange needs: a multiple of the base point, a multiple of a given point, and
// both with one scalar.
//
// Scalars are clamped and encodings of points accepted as RFC 7748 demands:
// the most significant bit is ignored, and a coordinate may be p or more. A
// product can be the point at infinity, and then is zero; that it may be so is
// the peer's doing, and [IsLowOrder] tells.
package x25519

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// Size is the size of scalars and of encoded points.
const Size = 32

// ScalarBaseMult sets out to scalar times the base point.
func ScalarBaseMult(out, scalar *[Size]byte) {
	var x, z field.Element
	multiplyBase(&x, &z, scalar)
	x.Multiply(&x, z.Invert(&z))
	copy(out[:], x.Bytes())
}

// ScalarMult sets out to scalar times point.
func ScalarMult(out, scalar, point *[Size]byte) {
	var x, z field.Element
	multiply(&x, &z, scalar, point)
	x.Multiply(&x, z.Invert(&z)) // 1/0 is 0
	copy(out[:], x.Bytes())
}

// ScalarMultBoth sets public to scalar times the base point and shared to scalar
// times point, which is what encapsulation needs, with one inversion.
func ScalarMultBoth(public, shared, scalar, point *[Size]byte) {
	var x1, z1, x2, z2, inverse field.Element
	multiplyBase(&x1, &z1, scalar)
	multiply(&x2, &z2, scalar, point)

	// z1 is not 0, but z2 may be. The product of both must not be, so z2 becomes
	// 1 then, and x2 becomes 0 for the same result as 1/0 gives.
	var zero, one field.Element
	one.One()
	infinity := z2.Equal(&zero)
	x2.Select(&zero, &x2, infinity)
	z2.Select(&one, &z2, infinity)

	inverse.Multiply(&z1, &z2)
	inverse.Invert(&inverse)
	x1.Multiply(&x1, z2.Multiply(&z2, &inverse))
	x2.Multiply(&x2, z1.Multiply(&z1, &inverse))
	copy(public[:], x1.Bytes())
	copy(shared[:], x2.Bytes())
}

// IsLowOrder reports whether point has an order that divides 8, on the curve or
// its twist. These are the points which every scalar multiplies to zero.
func IsLowOrder(point *[Size]byte) bool {
	var x, z, a, b field.Element
	x.SetBytes(point[:])
	z.One()
	for range 3 {
		a.Add(&x, &z)
		b.Subtract(&x, &z)
		double(&x, &z, &a, &b)
	}
	return z.Equal(new(field.Element)) == 1
}

// multiplyBase sets x/z to the u-coordinate of scalar times the base point. The
// product is taken on edwards25519 and mapped by u = (1 + y)/(1 - y), according
// to RFC 7748, section 4.1. z is not 0: a clamped scalar is no multiple of the
// base point's order.
func multiplyBase(x, z *field.Element, scalar *[Size]byte) {
	var s edwards25519.Scalar
	s.SetBytesWithClamping(scalar[:])
	var p edwards25519.Point
	_, Y, Z, _ := p.ScalarBaseMult(&s).ExtendedCoordinates()
	x.Add(Z, Y)
	z.Subtract(Z, Y)
}

// a24 is (A - 2) / 4, where A is the coefficient of curve25519.
const a24 = 121665

// multiply sets x2/z2 to the u-coordinate of scalar times point, with z2 = 0 for
// the point at infinity.
//
// It implements X25519, according to RFC 7748, section 5, up to the inversion,
// and uses the names of its pseudocode.
func multiply(x2, z2 *field.Element, scalar, point *[Size]byte) {
	k := *scalar
	k[0] &= 248
	k[31] = k[31]&127 | 64

	var x1, x3, z3 field.Element
	x1.SetBytes(point[:])
	x2.One()
	z2.Zero()
	x3.Set(&x1)
	z3.One()
	swap := 0

	var a, b, c, d, da, cb field.Element
	for t := 254; t >= 0; t-- {
		kt := int(k[t/8]>>(t%8)) & 1
		swap ^= kt
		x2.Swap(&x3, swap)
		z2.Swap(&z3, swap)
		swap = kt

		a.Add(x2, z2)
		b.Subtract(x2, z2)
		c.Add(&x3, &z3)
		d.Subtract(&x3, &z3)
		da.Multiply(&d, &a)
		cb.Multiply(&c, &b)
		x3.Square(x3.Add(&da, &cb))
		z3.Square(z3.Subtract(&da, &cb))
		z3.Multiply(&x1, &z3)
		double(x2, z2, &a, &b)
	}
	x2.Swap(&x3, swap)
	z2.Swap(&z3, swap)
}

// double doubles the point of u-coordinate x/z, given a = x + z and b = x - z.
func double(x, z, a, b *field.Element) {
	var aa, bb, e field.Element
	aa.Square(a)
	bb.Square(b)
	e.Subtract(&aa, &bb)
	x.Multiply(&aa, &bb)
	z.Mult32(&e, a24)
	z.Multiply(&e, z.Add(&aa, z))
}
