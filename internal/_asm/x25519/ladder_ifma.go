package main

import (
	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// ladderIFMA writes the ladder of RFC 7748, section 5, on four lanes and with the RFC's names.
// A step is a chain of three multiplications.
func ladderIFMA(f *kit.File) {
	f.Kernel("ladderIFMA", "func(s *[5][4]uint64, u *[3][4]uint64, swaps *[4]uint64)", kit.AVX512IFMA, kit.Header{
		Does:  "ladderIFMA takes all 255 steps of the Montgomery ladder.",
		In:    "s, limb k of (x_2 + z_2, x_2 - z_2, x_3 + z_3, x_3 - z_3) in s[k]; u, limbs i and i+3 of the point's coordinate in u[i][2] and u[i][3]; all carried: less than 2^51 + 2^17; swaps, whose bit t+1 says whether bits t and t+1 of the scalar differ.",
		Out:   "s, carried.",
		Notes: "If bit 0 of the scalar is 1, the halves of s have changed places.",
	})
	g := newIFMA(f)
	state, u, swaps := f.Pointer("s"), f.Pointer("u"), f.Pointer("swaps")
	at := func(k int) Mem { return state.Offset(32 * k) }
	places, wipe := g.frame(2)
	split, kept := places[0], places[1]
	first, second, third := g.lanes(0), g.lanes(1), g.lanes(2)
	outer, odd, upper := g.lanes(0, 3), g.lanes(1, 3), g.lanes(2, 3)

	s := g.load(at)
	t := g.GP64()
	g.MOVQ(U32(255), t)
	g.Label("step")

	g.Comment("If the two points change places, add 2 to the indices, modulo 4.")
	word, swap := g.GP64(), g.YMM()
	g.MOVQ(t, word)
	g.SHRQ(U8(6), word)
	g.MOVQ(swaps.Idx(word, 8), word)
	g.SHRXQ(t, word, word)
	g.ANDL(U8(1), word.As32())
	g.ADDL(word.As32(), word.As32())
	g.VPBROADCASTQ(word, swap)
	p, q := g.YMM(), g.YMM()
	g.VPXORQ(g.Quads("ABCD", 0, 1, 2, 3), swap, p)
	g.VPXORQ(g.Quads("ABBA", 0, 1, 1, 0), swap, q)

	g.Comment("(A, B, C, D)·(A, B, B, A) = (AA, BB, CB, DA)")
	var x, y columns
	for k := range s {
		x[k], y[k] = g.YMM(), g.YMM()
		g.VPERMQ(s[k], p, x[k])
		g.VPERMQ(s[k], q, y[k])
	}
	bias := g.load(g.bias("biasOuter", 0, 3))
	squares := g.mul(y, x, &bias)

	g.Comment("(E, BB, DA + CB, DA - CB) with E = AA - BB")
	var d, swapped columns
	for k, r := range squares {
		d[k], swapped[k] = g.YMM(), g.YMM()
		g.VPERMILPD(U8(0b1110), r, d[k])
		g.VPERMILPD(U8(0b0001), r, swapped[k])
		g.VPADDQ(swapped[k], d[k], third, d[k])
		g.VPSUBQ(swapped[k], d[k], outer, d[k])
	}
	d = g.carry(d)
	g.Comment("(a24, AA, DA + CB, DA - CB)")
	factor := g.only(second, swapped, "a24", a24, 0, 0, 0)
	for k := range d {
		g.VPBLENDMQ(d[k], factor[k], upper, factor[k])
	}
	g.Comment("(E, x_1), split")
	var rest [splitRows]Mem
	for i := range rest {
		row, other := g.YMM(), g.YMM()
		if i+splitRows < nLimbs {
			other = d[i+splitRows]
		} else {
			g.ZERO(other)
		}
		g.VPUNPCKLQDQ(other, d[i], row)
		g.VMOVDQU64(u.Offset(32*i), upper, row)
		rest[i] = split(i)
		g.VMOVDQU64(row, rest[i])
	}
	g.Comment("(AA + a24·E, AA·BB, (DA + CB)^2, (DA - CB)^2) = (F, x_2, x_3, W)")
	bias = g.load(g.bias("biasInner", 1, 2))
	for k := range bias {
		g.VPBLENDMQ(squares[k], bias[k], first, bias[k])
	}
	x23 := g.mul(d, factor, &bias)
	for k, r := range x23 {
		g.VMOVDQU64(r, kept(k))
	}
	g.Comment("(E·F, ., x_1·W, .) = (z_2, ., z_3, .)")
	fw := g.carry(x23)
	for _, limb := range fw {
		g.VPERMILPD(U8(0b1100), limb, limb)
	}
	z23 := g.mulSplit(rest, fw)

	g.Comment("(x_2 + z_2, x_2 - z_2, x_3 + z_3, x_3 - z_3)")
	var sum columns
	for k := range s {
		x, z := g.YMM(), g.YMM()
		sum[k] = g.YMM()
		g.VPERMILPD(U8(0b0011), kept(k), x)
		g.VPERMILPD(U8(0b0000), z23[k], z)
		g.VPADDQ(z, x, sum[k])
		g.VPSUBQ(z, x, odd, sum[k])
	}
	for k, limb := range g.carry(sum) {
		g.VMOVDQA64(limb, s[k])
	}
	g.DECL(t.As32())
	g.JNZ(LabelRef("step"))

	for k := range s {
		g.VMOVDQU64(s[k], at(k))
	}
	wipe()
	g.Ret()
}
