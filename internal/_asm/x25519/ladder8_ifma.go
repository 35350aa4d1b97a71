package main

import (
	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// ladder8IFMA writes the ladder of RFC 7748, section 5, with the RFC's names. As in
// multiplyPortable, the bits of the scalars choose what is squared, and nothing is swapped.
func ladder8IFMA(f *kit.File) {
	f.Kernel("ladder8IFMA", "func(x, z, u *[5][8]uint64, swaps *[4][8]uint64)", kit.AVX512IFMA, kit.Header{
		Does: "ladder8IFMA multiplies eight points of curve25519 or its twist by scalars with Montgomery ladders of 255 steps, up to the inversion.",
		In:   "u, limb k of the coordinate of point i in u[k][i], carried: less than 2^51 + 2^17; swaps, word w of k ^ 2k in swaps[w][i] for a scalar k that is even and less than 2^255: bit t+1 says whether bits t and t+1 of k differ.",
		Out:  "x and z, in the layout of u, carried; x/z is the product's coordinate, and z = 0 modulo p for the point at infinity.",
	})
	g := newIFMA8(f)
	x, z, u, swaps := g.at(f.Pointer("x")), g.at(f.Pointer("z")), g.at(f.Pointer("u")), f.Pointer("swaps")
	places, wipe := g.frame(10)
	a, b, c, d, e, ff, aa, bb, s, w := places[0], places[1], places[2], places[3], places[4], places[5], places[6], places[7], places[8], places[9]

	g.Comment("x_2 + z_2, x_2 - z_2, x_3 + z_3 and x_3 - z_3, for (x_2, z_2) = (1, 0) and (x_3, z_3) = (u, 1)")
	one := g.number(1)
	g.store(a, one)
	g.store(b, one)
	x3 := g.bias()
	for k := range x3 {
		g.VPADDQ(u(k), x3[k], x3[k])
	}
	g.sumDifference(c, d, x3, one)

	t, bit := g.GP64(), g.broadcast(1<<63)
	g.MOVQ(U32(255), t)
	g.Label("step")
	word, swap := g.GP64(), g.K()
	g.MOVQ(t, word)
	g.ANDQ(I32(-64), word)
	g.VPTESTMQ(swaps.Idx(word, 1), bit, swap)
	g.VPRORQ(U8(1), bit, bit)

	g.Comment("DA + CB and DA - CB")
	sum, difference := g.sums(g.mul(g.load(d), g.load(a), true), g.mul(g.load(c), g.load(b), false))
	g.store(s, g.carry(sum))
	difference = g.carry(difference)
	g.Comment("AA = A^2 and BB = B^2, or C^2 and D^2 if the two points change places")
	squareA := g.square(g.choose(swap, g.load(a), g.load(c)), true)
	g.store(aa, g.carry(squareA))
	squareB := g.square(g.choose(swap, g.load(b), g.load(d)), false)
	g.store(bb, g.carry(squareB))
	g.Comment("E = AA - BB")
	for k := range squareB {
		g.VPSUBQ(squareB[k], squareA[k], squareB[k])
	}
	carriedE := g.carry(squareB)
	g.store(e, carriedE)
	g.Comment("F = AA + a24·E")
	g.addMultiple(squareA, a24, carriedE)
	g.store(ff, g.carry(squareA))
	g.Comment("W = (DA - CB)^2")
	g.store(w, g.carry(g.square(difference, false)))
	g.Comment("x_2 = AA·BB and z_2 = E·F")
	z2 := g.mul(g.load(e), g.load(ff), false)
	g.sumDifference(a, b, g.mul(g.load(aa), g.load(bb), true), z2)
	g.Comment("x_3 = (DA + CB)^2 and z_3 = x_1·W")
	z3 := g.mul(g.load(w), g.load(u), false)
	g.sumDifference(c, d, g.square(g.load(s), true), z3)
	g.DECL(t.As32())
	g.JNZ(LabelRef("step"))

	g.Comment("2·x_2 and 2·z_2")
	x2 := g.bias()
	for k := range x2 {
		g.VPADDQ(a(k), x2[k], x2[k])
	}
	g.sumDifference(x, z, x2, g.load(b))
	wipe()
	g.Ret()
}

// addMultiple adds n·f to the columns c. In: n < 2^18, f carried.
//
// Halves of products are the terms of [ifma.mul]. To add a high half twice is to double it.
func (g ifma8) addMultiple(c columns, n uint64, f columns) {
	factor, last := g.broadcast(n), g.vector()
	g.ZERO(last)
	g.VPMADD52HUQ(factor, f[nLimbs-1], last)
	for k := range f {
		g.VPMADD52LUQ(factor, f[k], c[k])
	}
	for k := range nLimbs - 1 {
		g.VPMADD52HUQ(factor, f[k], c[k+1])
		g.VPMADD52HUQ(factor, f[k], c[k+1])
	}
	g.VPMADD52LUQ(g.broadcast(2*19), last, c[0])
}
