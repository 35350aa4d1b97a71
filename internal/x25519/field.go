package x25519

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
)

// An element is an integer modulo p = 2²⁵⁵ - 19 in four words, the least
// significant first. Several elements stand for the same integer modulo p. The comment
// of a function says which elements it accepts and returns:
//
//   - loose: any value, so less than 2²⁵⁶;
//   - tight: less than 2²⁵⁵ + 2¹¹, which is less than 2p.
//
// Reductions use that 2²⁵⁵ = 19 and 2²⁵⁶ = 38 modulo p.
//
// The functions below have two peculiarities that help the compiler. Together they save
// a quarter of the time.
//
// First, bodies are function literals that are called at once. The compiler inlines only
// small functions, but a literal with a single call may be ten times as large, and the
// function around it counts as small. (A literal with a cost of 80 to 160 would count in
// full. The flag -gcflags=-m=2 shows costs.)
//
// Second, products store the words of the result one by one, and not all at the end.
// Otherwise the compiler computes all products of words before it adds them, and runs
// out of registers. It does not move a load across a store. For this reason, the result
// of some functions must not be one of their operands.
type element [4]uint64

// low63 selects the bits of the most significant word below 2²⁵⁵.
const low63 = 1<<63 - 1

// addProducts returns c + x·y + z·w·2¹²⁸. The carry r4 is 0 or 1.
func addProducts(c0, c1, c2, c3, x, y, z, w uint64) (r0, r1, r2, r3, r4 uint64) {
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
// Each of the four steps adds x·b to c, the sum so far, stores its lowest word, and
// shifts it by a word. If c and b are less than 2²⁵⁶, then c + x·b is less than 2³²⁰,
// and the next c is less than 2²⁵⁶ again. So the ignored carries are 0.
func (v *element) mul(a, b *element) {
	func() {
		x := a[0]
		c1, l := bits.Mul64(x, b[0])
		c3, c2 := bits.Mul64(x, b[2])
		v[0] = l
		c1, c2, c3, c4, _ := addProducts(c1, c2, c3, 0, x, b[1], x, b[3])
		v[1] = c1

		x = a[1]
		v[1], c1, c2, c3, c4 = addProducts(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = addProducts(c1, c2, c3, c4, x, b[1], x, b[3])
		v[2] = c1

		x = a[2]
		v[2], c1, c2, c3, c4 = addProducts(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = addProducts(c1, c2, c3, c4, x, b[1], x, b[3])
		v[3] = c1

		x = a[3]
		v[3], c1, c2, c3, c4 = addProducts(c1, c2, c3, c4, x, b[0], x, b[2])
		c1, c2, c3, c4, _ = addProducts(c1, c2, c3, c4, x, b[1], x, b[3])
		v.mulAdd(v, 38, c1, c2, c3, c4)
	}()
}

// mulAdd sets v to a + x·b, where x is less than 2¹⁸. It accepts loose elements
// and returns a loose one, which is tight if x is 38.
//
// The sum is less than (x+1)·2²⁵⁶, so the final h3 is at most x. The last lines replace
// each 2²⁵⁵ in the sum by 19. This leaves less than 2²⁵⁵ + 19·(2x+2), so v[3] is at most
// 2⁶³.
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
		h := (h3 << 1) | (l3 >> 63)
		v[0], c = bits.Add64(l0, 19*h, 0)
		v[1], c = bits.Add64(l1, 0, c)
		v[2], c = bits.Add64(l2, 0, c)
		v[3], _ = bits.Add64(l3&low63, 0, c)
	}()
}

// square sets v, which must not be a, to a². It accepts a loose element and
// returns a tight one.
//
// The products of different words are added up first. The last of them is at most
// (2⁶⁴-1)²·2³²⁰, which is less than 2⁴⁴⁸ - 2³⁸⁴ - 2³⁸³, and the others are less than
// 2³⁸⁴ + 2³²² together, so nothing is carried beyond r6. Their double and the squares of
// words make a², which is less than 2⁵¹².
func (v *element) square(a *element) {
	func() {
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

		v[1], c = bits.Add64(v[1], v[1], 0)
		r2, r3, r4, r5, r6, r7 := double(v[2], r3, r4, r5, r6, c)
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

// double returns 2·r + c, which has one word more than r.
func double(r0, r1, r2, r3, r4, c uint64) (s0, s1, s2, s3, s4, s5 uint64) {
	s0, c = bits.Add64(r0, r0, c)
	s1, c = bits.Add64(r1, r1, c)
	s2, c = bits.Add64(r2, r2, c)
	s3, c = bits.Add64(r3, r3, c)
	s4, c = bits.Add64(r4, r4, c)
	s5, _ = bits.Add64(0, 0, c)
	return s0, s1, s2, s3, s4, s5
}

// addSub sets s to a + b, and d to a - b. It accepts tight elements and returns
// loose ones.
//
// If the sum is 2²⁵⁶ or more, 2²⁵⁶ is dropped and 38 added. Less than 2¹² was left, so
// this carries nothing. If the difference is negative, 2²⁵⁶ is added and 38 subtracted.
// The difference is more than -2²⁵⁶ + 2²⁵⁴, so this stays positive.
func addSub(s, d, a, b *element) {
	func() {
		a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		l, c := bits.Add64(a0, b0, 0)
		s[1], c = bits.Add64(a1, b1, c)
		s[2], c = bits.Add64(a2, b2, c)
		s[3], c = bits.Add64(a3, b3, c)
		s[0] = l + (-c & 38)
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

// tightAddSub is [addSub], but returns tight elements.
func tightAddSub(s, d, a, b *element) {
	addSub(s, d, a, b)
	for _, v := range [...]*element{s, d} {
		v.mulAdd(v, 38, 0, 0, 0, 0)
	}
}

// pick sets v to a if all bits of m are 1. It does not change v if m is 0.
func (v *element) pick(a *element, m uint64) {
	v[0] ^= m & (v[0] ^ a[0])
	v[1] ^= m & (v[1] ^ a[1])
	v[2] ^= m & (v[2] ^ a[2])
	v[3] ^= m & (v[3] ^ a[3])
}

// setBytes sets v to the number that b encodes, modulo 2²⁵⁵. It returns a tight element.
func (v *element) setBytes(b *[Size]byte) {
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	v[3] &= low63
}

// isZero returns a word of ones if v is 0 modulo p, and 0 otherwise. It accepts a tight
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

// canonical returns v modulo p, less than p. It accepts a tight element.
//
// A tight v is less than 2p, so p is subtracted at most once: if v is p or more, which
// means that v + 19 is 2²⁵⁵ or more. Then v - p is v + 19 without the 2²⁵⁵.
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

// fourLimbs holds four elements, in limbs that have 51 bits when they are reduced: limb k
// of element i is [k][i].
type fourLimbs [5][4]uint64

const limbMask = 1<<51 - 1

// limbs returns v, which is tight, in five limbs.
func (v *element) limbs() [5]uint64 {
	return [5]uint64{
		v[0] & limbMask,
		(v[0]>>51 | v[1]<<13) & limbMask,
		(v[1]>>38 | v[2]<<26) & limbMask,
		(v[2]>>25 | v[3]<<39) & limbMask,
		v[3] >> 12,
	}
}

// splitLimbs returns limbs i and i+3 of v, which is tight, in [i][2] and [i][3].
func (v *element) splitLimbs() [3][4]uint64 {
	l := v.limbs()
	return [3][4]uint64{{2: l[0], 3: l[3]}, {2: l[1], 3: l[4]}, {2: l[2]}}
}

// setLimbs sets v to element i of f, whose limbs are less than 2⁵². It returns a tight
// element: carries are at most 2, and the last line drops a 2²⁵⁵ before 19 is added for
// it.
func (v *element) setLimbs(f *fourLimbs, i int) {
	l := [5]uint64{f[0][i] + 19*(f[4][i]>>51), f[1][i], f[2][i], f[3][i], f[4][i] & limbMask}
	for k := range 4 {
		l[k+1] += l[k] >> 51
		l[k] &= limbMask
	}
	v[0] = l[0] | l[1]<<51
	v[1] = l[1]>>13 | l[2]<<38
	v[2] = l[2]>>26 | l[3]<<25
	v[3] = l[3]>>39 | l[4]<<12
	var c uint64
	v[0], c = bits.Add64(v[0], 19*(v[3]>>63), 0)
	v[1], c = bits.Add64(v[1], 0, c)
	v[2], c = bits.Add64(v[2], 0, c)
	v[3], _ = bits.Add64(v[3]&low63, 0, c)
}

// limbPairs holds pairs of elements in limbs that have 26 and 25 bits in turn when they are reduced:
// limbs 2k and 2k+1 are the parts of a limb of 51 bits. Of pair i, limb 2k of both elements is in [i][k][0]
// and [i][k][1], and limb 2k+1 in [i][k][2] and [i][k][3].
type limbPairs [2][5][4]uint32

// pairOf returns two elements whose limbs v and w have 51 bits or are 2⁵¹.
func pairOf(v, w [5]uint64) (pair [5][4]uint32) {
	const mask = 1<<26 - 1
	for k := range pair {
		pair[k] = [4]uint32{uint32(v[k] & mask), uint32(w[k] & mask), uint32(v[k] >> 26), uint32(w[k] >> 26)}
	}
	return pair
}

// setFirst sets v to the first element of a pair, whose limbs are carried as [ladderNEON] says. It
// returns a tight one.
func (v *element) setFirst(pair *[5][4]uint32) {
	var f fourLimbs
	for k, row := range pair {
		f[k][0] = uint64(row[0]) + uint64(row[2])<<26
	}
	v.setLimbs(&f, 0)
}
