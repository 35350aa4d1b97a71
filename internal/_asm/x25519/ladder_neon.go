package main

import (
	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

// ladderNEON writes the ladder of RFC 7748, section 5, for cores that take several cycles for a
// product of 64 bits. Vectors do two products at a time.
func ladderNEON(f *arm64.File) {
	f.Kernel("ladderNEON", "func(s *[2][5][4]uint32, u *[5]uint64, swaps *[4]uint64)", arm64.Narrow, kit.Header{
		Does: "ladderNEON takes the 255 steps of the Montgomery ladder.",
		In:   "s, limbs 2k of x_2 and x_3 and then limbs 2k+1 of both in s[0][k], and those of z_2 and z_3 in s[1][k]; all carried: less than 2^26 + 2^12, or 2^25 + 2^12 if the limb's number is odd; u, the point's coordinate in limbs of up to 2^51; " + swapsIn,
		Out:  "s, carried.",
	})
	g := newLimbPairs(f)
	x1 := g.rows(multiplesRows)
	factors, first, second, differences, single := g.rows(nLimbs), g.rows(nLimbs), g.rows(nLimbs), g.rows(nLimbs), g.rows(nLimbs)
	g.storeMultiples(g.Pointer("u"), x1)
	t := g.GP()
	g.MOVD(arm64.Imm(255), t) // counts from 255 to 1
	g.Label("step")

	g.ScheduleWithin(30, 24, 110, func() {
		g.Comment("(A, C) and (B, D)")
		s := g.Pointer("s")
		x, z := g.load(s), g.load(s.At(16*nLimbs))
		sum, difference := g.add(x, z), g.sub(x, z)
		g.Comment("(A, B), or (C, D) if the points have changed places")
		word, swaps := g.GP(), g.Pointer("swaps")
		g.LSR(arm64.Imm(6), t, word)
		g.ADD(word.Lsl(3), swaps.Base(), word)
		g.MOVD(word.At(swaps), word)
		g.LSR(t, word, word)
		g.AND(arm64.Imm(1), word, word)
		g.SUB(word, arm64.ZR, word)
		swap := g.Vector(arm64.D2)
		g.VDUP(word, swap)
		pick := g.firsts(sum, difference)
		for k, v := range g.seconds(sum, difference) {
			g.VBIT(swap, v, pick[k])
		}
		g.store(pick, factors)
		g.Comment("(A, C)·(D, B) = (DA, CB)")
		products := g.mul(sum, g.words(func(k int, v arm64.V) { g.VREV64(difference[k], v) }))
		g.Comment("(AA, BB)")
		squares := g.square(g.load(factors))
		g.Comment("(AA, DA) and (BB, CB), their sums and their differences (E, DA - CB)")
		a, b := g.firsts(squares, products), g.seconds(squares, products)
		total, d := g.add(a, b), g.sub(a, b)
		g.store(a, first)
		g.store(b, second)
		g.store(d, differences)
		g.Weave(func() {
			g.Comment("(DA - CB, DA + CB)² = (W, x_3)")
			g.store(g.square(g.seconds(d, total)), factors)
		}, func() {
			g.Comment("F = AA + a24·E")
			c, factor := g.loadFirst(differences), g.GP()
			g.MOVD(arm64.Imm(a24), factor)
			for i := range c {
				aa := g.GP()
				g.MOVWU(first.At(8*i), aa)
				g.UMADDL(c[i], aa, factor, c[i])
			}
			g.carryFirst(c, single)
		})
		var zx pair
		g.Weave(func() {
			g.Comment("(E, AA)·(F, BB) = (z_2, x_2)")
			zx = g.mul(g.firsts(g.load(differences), g.load(first)), g.firsts(g.load(single), g.load(second)))
			g.store(g.seconds(zx, g.load(factors)), s)
		}, func() {
			g.Comment("z_3 = x_1·W")
			g.mulMultiples(g.loadFirst(factors), x1, single)
		})
		g.store(g.firsts(zx, g.load(single)), s.At(16*nLimbs))
	})

	g.SUB(arm64.Imm(1), t, t)
	g.CBNZ(t, "step")
	g.wipe()
	g.Ret()
}
