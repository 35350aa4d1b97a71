package x25519

import (
	"encoding/binary"
	"math/bits"
)

//go:generate go run -C ../_asm ./x25519

// The functions in this file call kernels, and convert what these take and return.

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

// multiplyADX is [multiply], for a clamped scalar and the point's coordinate.
func multiplyADX(x, z *element, k *[Size]byte, u *element) {
	s := swaps(k)
	ladderADX((*[4]uint64)(x), (*[4]uint64)(z), (*[4]uint64)(u), &s)
}

// multiplyIFMA is [multiply], for a clamped scalar and the point's coordinate.
func multiplyIFMA(x, z *element, k *[Size]byte, u *element) {
	f, split, s := ladderStart(u), u.splitLimbs(), swaps(k)
	ladderIFMA((*[5][4]uint64)(&f), &split, &s)
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

// multiplyBaseIFMA is [multiplyBaseADX] with AVX-512 IFMA.
func multiplyBaseIFMA(y, z *element, k *[Size]byte) {
	d := digits(k)
	var f fourLimbs
	combIFMA((*[5][4]uint64)(&f), &d)
	y.setLimbs(&f, 1)
	z.setLimbs(&f, 2)
}
