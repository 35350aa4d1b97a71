package x25519

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
)

// An element is an integer modulo p = 2²⁵⁵ - 19 in four words, the least
// significant first. It is not unique. What functions accept and return is one of
//
//   - loose: any value, so less than 2²⁵⁶;
//   - tight: less than 2²⁵⁵ + 2¹¹, which is less than 2p.
//
// Reductions rest on 2²⁵⁵ = 19 and 2²⁵⁶ = 38 modulo p.
//
// Two things in the functions below are there for the compiler, and save a
// quarter of the time:
//
// Bodies are function literals, called at once. Only small functions are inlined,
// but a literal that is called in one place may be ten times as large, and the
// function around it is small then. (A literal of middling size, cost 80 to 160,
// would count in full. -gcflags=-m=2 tells.)
//
// Products store the words of the result one by one, instead of all in the end.
// The compiler would compute all products of words first, and add them up when
// there are far more than registers, but it does not move a load to before a
// store. This is why the result must not be an operand where that is said.
type element [4]uint64

// low63 selects the bits of the most significant word below 2²⁵⁵.
const low63 = 1<<63 - 1

// pair returns c + x·y + z·w·2¹²⁸, of which r4 is 0 or 1.
func pair(c0, c1, c2, c3, x, y, z, w uint64) (r0, r1, r2, r3, r4 uint64) {
	h0, l0 := bits.Mul64(x, y)
	h2, l2 := bits.Mul64(z, w)
	r0, c := bits.Add64(c0, l0, 0)
	r1, c = bits.Add64(c1, h0, c)
	r2, c = bits.Add64(c2, l2, c)
	r3, c = bits.Add64(c3, h2, c)
	return r0, r1, r2, r3, c
}

// mul sets v, which must be neither a nor b, to a·b. It accepts loose elements
// and returns a tight one.
//
// Each of the four steps adds x·b to what is left of the steps before, c, and is
// done with one more word. If c and b are less than 2²⁵⁶, then c + x·b is less
// than 2³²⁰, and what is left is less than 2²⁵⁶ again: the ignored carries are 0.
func (v *element) mul(a, b *element) {
	func() {
		x := a[0]
		c1, l := bits.Mul64(x, b[0])
		c3, c2 := bits.Mul64(x, b[2])
		v[0] = l
		c1, c2, c3, c4, _ := pair(c1, c2, c3, 0, x, b[1], x, b[3])
		v[1] = c1

		x = a[1]
		v[1], c1, c2, c3, c4 = pair(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = pair(c1, c2, c3, c4, x, b[1], x, b[3])
		v[2] = c1

		x = a[2]
		v[2], c1, c2, c3, c4 = pair(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = pair(c1, c2, c3, c4, x, b[1], x, b[3])
		v[3] = c1

		x = a[3]
		v[3], c1, c2, c3, c4 = pair(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = pair(c1, c2, c3, c4, x, b[1], x, b[3])
		v.mulAdd(v, 38, c1, c2, c3, c4)
	}()
}

// mulAdd sets v to a + x·b, where x is less than 2¹⁸. It accepts loose elements
// and returns a loose one, which is tight if x is 38.
//
// The sum is less than (x+1)·2²⁵⁶, so h3 is at most x in the end. To drop the bits
// from 2²⁵⁵ on, and to add 19 for each, leaves less than 2²⁵⁵ + 19·(2x+2), and so
// at most 2⁶³ in v[3].
func (v *element) mulAdd(a *element, x, b0, b1, b2, b3 uint64) {
	func() {
		h0, l0 := bits.Mul64(x, b0)
		h1, l1 := bits.Mul64(x, b1)
		h2, l2 := bits.Mul64(x, b2)
		h3, l3 := bits.Mul64(x, b3)
		l1, c := bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3, _ = bits.Add64(h3, 0, c)
		l0, c = bits.Add64(l0, a[0], 0)
		l1, c = bits.Add64(l1, a[1], c)
		l2, c = bits.Add64(l2, a[2], c)
		l3, c = bits.Add64(l3, a[3], c)
		h3, _ = bits.Add64(h3, 0, c)
		v[0], c = bits.Add64(l0, 19*(h3<<1|l3>>63), 0)
		v[1], c = bits.Add64(l1, 0, c)
		v[2], c = bits.Add64(l2, 0, c)
		v[3], _ = bits.Add64(l3&low63, 0, c)
	}()
}

// square sets v, which must not be a, to a². It accepts a loose element and
// returns a tight one.
func (v *element) square(a *element) {
	func() {
		// The products of different words. The last is at most (2⁶⁴-1)²·2³²⁰, which
		// is less than 2⁴⁴⁸ - 2³⁸⁴ - 2³⁸³, and the others are less than 2³⁸⁴ + 2³²²
		// together, so nothing is carried beyond r6.
		var c uint64
		h1, l1 := bits.Mul64(a[0], a[1])
		h2, l2 := bits.Mul64(a[0], a[2])
		h3, l3 := bits.Mul64(a[0], a[3])
		v[1] = l1
		v[2], c = bits.Add64(h1, l2, 0)
		r3, c := bits.Add64(h2, l3, c)
		r4, _ := bits.Add64(h3, 0, c)
		h1, l1 = bits.Mul64(a[1], a[2])
		h2, l2 = bits.Mul64(a[1], a[3])
		h3, l3 = bits.Mul64(a[2], a[3])
		r3, c = bits.Add64(r3, l1, 0)
		r4, c = bits.Add64(r4, h1, c)
		r5, c := bits.Add64(l3, 0, c)
		r6, _ := bits.Add64(h3, 0, c)
		r4, c = bits.Add64(r4, l2, 0)
		r5, c = bits.Add64(r5, h2, c)
		r6, _ = bits.Add64(r6, 0, c)

		// Twice these, and the squares of words, make a², which is less than 2⁵¹².
		v[1], c = bits.Add64(v[1], v[1], 0)
		r2, c := bits.Add64(v[2], v[2], c)
		r3, c = bits.Add64(r3, r3, c)
		r4, c = bits.Add64(r4, r4, c)
		r5, c = bits.Add64(r5, r5, c)
		r6, c = bits.Add64(r6, r6, c)
		r7, _ := bits.Add64(0, 0, c)
		h0, l0 := bits.Mul64(a[0], a[0])
		h1, l1 = bits.Mul64(a[1], a[1])
		h2, l2 = bits.Mul64(a[2], a[2])
		h3, l3 = bits.Mul64(a[3], a[3])
		v[0] = l0
		v[1], c = bits.Add64(v[1], h0, 0)
		v[2], c = bits.Add64(r2, l1, c)
		v[3], c = bits.Add64(r3, h1, c)
		r4, c = bits.Add64(r4, l2, c)
		r5, c = bits.Add64(r5, h2, c)
		r6, c = bits.Add64(r6, l3, c)
		r7, _ = bits.Add64(r7, h3, c)
		v.mulAdd(v, 38, r4, r5, r6, r7)
	}()
}

// addSub sets s to a + b, and d to a - b. It accepts tight elements and returns
// loose ones.
//
// If the sum is 2²⁵⁶ or more, less than 2¹² of it remains, and adding 38 carries
// nothing. If the difference is negative, it is more than -2²⁵⁶ + 2²⁵⁴, of which
// more than 2²⁵⁴ remains, and subtracting 38 borrows nothing from beyond.
func addSub(s, d, a, b *element) {
	func() {
		a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		l, c := bits.Add64(a0, b0, 0)
		s[1], c = bits.Add64(a1, b1, c)
		s[2], c = bits.Add64(a2, b2, c)
		s[3], c = bits.Add64(a3, b3, c)
		s[0] = l + -c&38
		a0, c = bits.Sub64(a0, b0, 0)
		a1, c = bits.Sub64(a1, b1, c)
		a2, c = bits.Sub64(a2, b2, c)
		a3, c = bits.Sub64(a3, b3, c)
		d[0], c = bits.Sub64(a0, -c&38, 0)
		d[1], c = bits.Sub64(a1, 0, c)
		d[2], c = bits.Sub64(a2, 0, c)
		d[3], _ = bits.Sub64(a3, 0, c)
	}()
}

// tightAddSub is addSub, but returns tight elements.
func tightAddSub(s, d, a, b *element) {
	addSub(s, d, a, b)
	for _, v := range [...]*element{s, d} {
		v.mulAdd(v, 38, 0, 0, 0, 0)
	}
}

// pick sets v to a if all bits of m are 1, and leaves it if m is 0.
func (v *element) pick(a *element, m uint64) {
	v[0] ^= m & (v[0] ^ a[0])
	v[1] ^= m & (v[1] ^ a[1])
	v[2] ^= m & (v[2] ^ a[2])
	v[3] ^= m & (v[3] ^ a[3])
}

// setBytes sets v to the number in b, modulo 2²⁵⁵. It returns a tight element.
func (v *element) setBytes(b *[Size]byte) {
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	v[3] &= low63
}

// isZero returns all bits 1 if v is 0 modulo p, and 0 if not. It accepts a tight
// element.
func (v *element) isZero() uint64 {
	var b [Size]byte
	v.bytes(&b)
	return -uint64(subtle.ConstantTimeCompare(b[:], make([]byte, Size)))
}

// bytes sets b to v modulo p. It accepts a tight element.
func (v *element) bytes(b *[Size]byte) {
	for i, word := range v.canonical() {
		binary.LittleEndian.PutUint64(b[8*i:], word)
	}
}

// canonical returns v modulo p. It accepts a tight element. This is less than 2p, so
// p is to be subtracted once if v + 19 is 2²⁵⁵ or more, and else not at all. To
// subtract p is to add 19, and to drop 2²⁵⁵.
func (v *element) canonical() element {
	r, s := *v, element{}
	var c uint64
	s[0], c = bits.Add64(v[0], 19, 0)
	s[1], c = bits.Add64(v[1], 0, c)
	s[2], c = bits.Add64(v[2], 0, c)
	s[3], _ = bits.Add64(v[3], 0, c) // at most 2⁶³
	r.pick(&s, -(s[3] >> 63))
	r[3] &= low63
	return r
}
