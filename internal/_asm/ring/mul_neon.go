package main

import "hybridkem/internal/_asm/arm64"

// One instruction multiplies four words by four others. So a Factor holds, for each group of eight pairs
// of coefficients, first the eight words b0, then the words b1, and then the words γ·b1.
const groupSize = 3 * 16 // in bytes

func (g *neon) factorSet() {
	g.Kernel("factorSetNEON", factorSetSignature, arm64.NEON, factorSetHeader("factorSetNEON"))
	f, b := g.Pointer("f"), g.Pointer("b")
	r2, r2TimesQInv := montgomery(1 << 16)
	constants := g.register()
	g.FMOVQ(g.Words("factorSet", r2, r2TimesQInv, q, 0, 0, 0, 0, 0), constants)
	factor, modulus := neonFactor{constants.Lane(0), constants.Lane(1)}, constants.Lane(2)

	var table []int16
	for group := range n / 16 {
		var timesQInv []int16
		for i := range 8 {
			x, y := montgomery(gamma(8*group + i))
			table, timesQInv = append(table, x), append(timesQInv, y)
		}
		table = append(table, timesQInv...)
	}
	gammas := g.Words("gammas", table...)

	const atOnce = 4 // groups
	g.Repeat("factorSet", n/16/atOnce, func() {
		g.Schedule(28, func() {
			for i := range atOnce {
				x := g.Vectors(2, arm64.H8)
				g.VLD(2, b, x...)
				g.ADD(arm64.Imm(32), b.Base(), b.Base())
				gamma, gammaTimesQInv := g.register(), g.register()
				g.FLDPQ(gammas.At(32*i), gamma, gammaTimesQInv)
				b0, b1 := g.montgomeryMul(x[0], factor, modulus), g.montgomeryMul(x[1], factor, modulus)
				g.FSTPQ(b0, b1, f.At(groupSize*i))
				g.FMOVQ(g.montgomeryMul(b1, neonFactor{gamma, gammaTimesQInv}, modulus), f.At(groupSize*i+32))
			}
		})
		g.ADD(arm64.Imm(groupSize*atOnce), f.Base(), f.Base())
		g.ADD(arm64.Imm(32*atOnce), gammas.Base(), gammas.Base())
	})
	g.Ret()
}

func (g *neon) innerProduct() {
	g.Kernel("innerProductNEON", innerProductSignature, arm64.NEON, innerProductHeader("innerProductNEON"))
	f, a, b := g.Pointer("f"), g.Pointer("a"), g.Pointer("b")
	stride, k := g.Param("stride"), g.Param("k")
	constants := g.register()
	g.FMOVQ(g.Words("innerProduct", q, qInv, 0, 0, 0, 0, 0, 0), constants)
	modulus, inverse := constants.Lane(0), constants.Lane(1)

	const atOnce = 4 // groups
	g.Comment("The distance from one polynomial to the next, after a part of the first.")
	g.LSL(arm64.Imm(9), stride, stride)
	g.SUB(arm64.Imm(32*atOnce), stride, stride)
	g.Repeat("innerProduct", n/16/atOnce, func() {
		// The sums of four pairs, and of the next four.
		var c0, c1 [atOnce][2]arm64.V
		for i := range atOnce {
			for half := range 2 {
				c0[i][half], c1[i][half] = g.Vector(arm64.S4), g.Vector(arm64.S4)
			}
		}
		ai, bi, count := g.GP(), g.GP(), g.GP()
		g.MOVD(a.Base(), ai)
		g.MOVD(b.Base(), bi)
		g.MOVD(k, count)
		// next adds the products of the next polynomial and the next factor.
		next := func(vectors int, first bool) {
			g.Schedule(vectors, func() {
				for i := range atOnce {
					x := g.Vectors(2, arm64.H8)
					g.VLD(2, ai.At(a), x...)
					g.ADD(arm64.Imm(32), ai, ai)
					b0, b1, gammaB1 := g.register(), g.register(), g.register()
					m := bi.At(b).At(groupSize * i)
					g.FLDPQ(m, b0, b1)
					g.FMOVQ(m.At(32), gammaB1)
					for half, h := range []arm64.Arrangement{arm64.H4, arm64.H8} {
						a0, a1 := x[0].As(h), x[1].As(h)
						multiply := g.VSMLAL
						if first {
							multiply = g.VSMULL
						}
						multiply(a0, b0.As(h), c0[i][half])
						multiply(a0, b1.As(h), c1[i][half])
						g.VSMLAL(a1, gammaB1.As(h), c0[i][half])
						g.VSMLAL(a1, b0.As(h), c1[i][half])
					}
				}
				g.ADD(stride, ai, ai)
				g.ADD(arm64.Imm(factorSize), bi, bi)
				g.SUB(arm64.Imm(1), count, count)
			})
		}
		next(24, true)
		g.CBZ(count, "summed")
		g.Label("sum")
		next(8, false)
		g.CBNZ(count, "sum")
		g.Label("summed")
		g.Schedule(8, func() {
			for i := range atOnce {
				r := g.Vectors(2, arm64.H8)
				g.reduceSums(c0[i], inverse, modulus, r[0])
				g.reduceSums(c1[i], inverse, modulus, r[1])
				g.VST(2, f, r...)
				g.ADD(arm64.Imm(32), f.Base(), f.Base())
			}
			g.ADD(arm64.Imm(32*atOnce), a.Base(), a.Base())
			g.ADD(arm64.Imm(groupSize*atOnce), b.Base(), b.Base())
		})
	})
	g.Ret()
}

// reduceSums sets r to c · 2^-16 mod± q, for the eight double words of c. In |c| < 2^15·q; out |r| < q.
//
// As in montgomeryMul, the result is the difference of two high halves.
func (g *neon) reduceSums(c [2]arm64.V, inverse, modulus arm64.Lane, r arm64.V) {
	m, high := g.register(), g.register()
	g.VUZP1(c[1].As(arm64.H8), c[0].As(arm64.H8), m)
	g.VUZP2(c[1].As(arm64.H8), c[0].As(arm64.H8), high)
	g.VMUL(inverse, m, m)
	g.VSQDMULH(modulus, m, m)
	g.VSSHR(1, m, m)
	g.VSUB(m, high, r)
}
