package x25519

import (
	"encoding/binary"
	"math/bits"

	"hybridkem/internal/cpu"
)

// lanes is the number of multiplications that the kernels do at once.
const lanes = 8

// ScalarBaseMultMany is [ScalarBaseMult] for each row of its arguments. These have the same
// length, and an output must not be an input of another row.
func ScalarBaseMultMany(out, scalars []*[Size]byte) {
	for start := 0; start < len(out); start += lanes {
		end := min(start+lanes, len(out))
		var f fractions
		f.multiplyBase(scalars[start:end])
		f.quotients(out[start:end])
	}
}

// ScalarMultMany is [ScalarMult] for each row of its arguments. These have the same length, and
// an output must not be an input of another row.
func ScalarMultMany(out, scalars, points []*[Size]byte) {
	for start := 0; start < len(out); start += lanes {
		end := min(start+lanes, len(out))
		var f fractions
		f.multiply(scalars[start:end], points[start:end])
		f.quotients(out[start:end])
	}
}

// ScalarMultBothMany is [ScalarMultBoth] for each row of its arguments. These have the same
// length, and an output must not be an input of another row.
func ScalarMultBothMany(public, shared, scalars, points []*[Size]byte) {
	for start := 0; start < len(public); start += lanes {
		end := min(start+lanes, len(public))
		var f fractions
		f.multiplyBase(scalars[start:end])
		f.multiply(scalars[start:end], points[start:end])
		f.quotients(public[start:end], shared[start:end])
	}
}

// A fractions holds n products x/z that are not yet divided. The elements are tight.
type fractions struct {
	n    int
	x, z [2 * lanes]element
}

// multiplyBase appends the products of scalars and the base point.
func (f *fractions) multiplyBase(scalars []*[Size]byte) {
	if cpu.AVX512IFMA && len(scalars) >= leastRows(4, 6) {
		k := combInputs(scalars)
		var x, z [5][lanes]uint64
		comb8IFMA(&x, &z, &k)
		f.append(&x, &z, len(scalars))
		return
	}
	for _, scalar := range scalars {
		multiplyBase(&f.x[f.n], &f.z[f.n], scalar)
		f.n++
	}
}

// multiply appends the products of scalars and points.
func (f *fractions) multiply(scalars, points []*[Size]byte) {
	if cpu.AVX512IFMA && len(scalars) >= leastRows(3, 5) {
		u, s := ladderInputs(scalars, points)
		var x, z [5][lanes]uint64
		ladder8IFMA(&x, &z, &u, &s)
		f.append(&x, &z, len(scalars))
		return
	}
	for i, scalar := range scalars {
		multiply(&f.x[f.n], &f.z[f.n], scalar, points[i])
		f.n++
	}
}

// combInputs returns what comb8IFMA takes for up to eight scalars: each plus the number whose digits
// to the base 16 are all 7. The digits of the sum, minus 7, are from -7 to 8, and the sum is less
// than 2²⁵⁶.
func combInputs(scalars []*[Size]byte) (words [4][lanes]uint64) {
	for i, scalar := range scalars {
		k := clamp(scalar)
		carry := uint64(0)
		for w := range words {
			words[w][i], carry = bits.Add64(binary.LittleEndian.Uint64(k[8*w:]), 0x7777777777777777, carry)
		}
	}
	return words
}

// ladderInputs returns what ladder8IFMA takes for up to eight scalars and points.
func ladderInputs(scalars, points []*[Size]byte) (u [5][lanes]uint64, s [4][lanes]uint64) {
	for i, scalar := range scalars {
		k := clamp(scalar)
		for w, word := range swaps(&k) {
			s[w][i] = word
		}
		var point element
		point.setBytes(points[i])
		for k, limb := range point.limbs() {
			u[k][i] = limb
		}
	}
	return u, s
}

// quotients sets outs[0] to the first quotients, outs[1] to the next, and so on. A quotient is 0 if
// its z is 0.
func (f *fractions) quotients(outs ...[]*[Size]byte) {
	f.divide()
	i := 0
	for _, out := range outs {
		for _, b := range out {
			f.x[i].bytes(b)
			i++
		}
	}
}

// divide sets each x to x/z, or to 0 if z is 0. It inverts the product of all z. An inverse of one
// z is the inverse of the product up to this z, times the product up to the z before.
func (f *fractions) divide() {
	x, z := f.x[:f.n], f.z[:f.n]
	var before [2 * lanes]element // the products up to the z before
	product := element{1}
	for i := range z {
		// As in ScalarMultBoth, a z that is 0 must not make the product 0.
		infinity := z[i].isZero()
		x[i].pick(&element{}, infinity)
		z[i].pick(&element{1}, infinity)
		before[i] = product
		product.mul(&before[i], &z[i])
	}
	var inverse, t element
	inverse.invert(&product)
	for i := len(z) - 1; i >= 0; i-- {
		t.mul(&inverse, &before[i]) // 1/z
		before[i].mul(&t, &x[i])
		x[i] = before[i]
		t.mul(&inverse, &z[i])
		inverse = t
	}
}

// append appends the first n fractions of x and z, whose limbs are less than 2⁵².
func (f *fractions) append(x, z *[5][lanes]uint64, n int) {
	for i := range n {
		f.x[f.n].setLane(x, i)
		f.z[f.n].setLane(z, i)
		f.n++
	}
}

// setLane is setLimbs for eight elements.
func (v *element) setLane(limbs *[5][lanes]uint64, i int) {
	var f fourLimbs
	for k := range f {
		f[k][0] = limbs[k][i]
	}
	v.setLimbs(&f, 0)
}

// leastRows returns the least number of rows at which a kernel for eight is faster than the one
// for one: wide if cpu.WideAVX512, which BenchmarkManyRatio measures, and otherwise narrow, an
// estimate for Zen 4.
func leastRows(wide, narrow int) int {
	if cpu.WideAVX512 {
		return wide
	}
	return narrow
}
