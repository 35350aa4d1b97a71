package main

import (
	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

// ladderA64 writes the ladder of RFC 7748, section 5, like multiplyPortable.
func ladderA64(f *arm64.File) {
	f.Kernel("ladderA64", "func(x, z *[4]uint64, u, swaps *[4]uint64)", arm64.NEON, kit.Header{
		Does: "ladderA64 multiplies a point of curve25519 or its twist by a scalar with a Montgomery ladder of 255 steps, up to the inversion.",
		In:   "u, the point's coordinate, tight; " + swapsIn,
		Out:  "x and z, tight; x/z is the product's coordinate, and z = 0 modulo p for the point at infinity.",
	})
	g := newA64(f)
	x1, x2, z2, x3, z3 := g.local(), g.local(), g.local(), g.local(), g.local()
	b, c, d, e, aa := g.local(), g.local(), g.local(), g.local(), g.local()
	doubledA, doubledB := g.local(), g.local()

	zero := value{arm64.ZR, arm64.ZR, arm64.ZR, arm64.ZR}
	one := value{g.constant(1), arm64.ZR, arm64.ZR, arm64.ZR}
	u := g.load(g.Pointer("u"))
	g.store(u, x1)
	g.store(one, x2)
	g.store(zero, z2)
	g.store(u, x3)
	g.store(one, z3)
	t := g.constant(255) // counts from 255 to 1, one more than in the portable code
	g.Label("step")

	g.ScheduleWithin(0, 20, 160, func() {
		g.Comment("A, B, C, D; AA is the square of A or C, and BB of B or D.")
		word := g.GP()
		swaps := g.Pointer("swaps")
		g.LSR(arm64.Imm(6), t, word)
		g.ADD(word.Lsl(3), swaps.Base(), swaps.Base())
		g.MOVD(swaps, word)
		g.LSR(t, word, word)
		// choose returns v, or w if the points have changed places.
		choose := func(v, w value) value {
			chosen := g.registers()
			g.TST(arm64.Imm(1), word)
			for i := range v {
				g.CSEL("EQ", v[i], w[i], chosen[i])
			}
			return chosen
		}
		sum, difference := g.sums(x2, z2)
		sum3, difference3 := g.sums(x3, z3)
		g.store(choose(sum, sum3), doubledA)
		g.store(choose(difference, difference3), doubledB)
		g.store(difference, b)
		g.store(sum3, c)

		g.Comment("DA = D·A, CB = C·B")
		g.store(g.mul(difference3, sum), d)
		cb := g.mul(g.load(c), g.load(b))
		da := g.load(d)
		g.store(g.add(da, cb), c)
		g.store(g.sub(da, cb), d)
		g.Comment("AA = A², BB = B²")
		g.store(g.square(g.load(doubledA)), aa)
		bb := g.square(g.load(doubledB))
		g.store(bb, b)
		g.Comment("E = AA - BB, x3 = (DA + CB)², z3 = x1·(DA - CB)², x2 = AA·BB, z2 = E·(AA + a24·E)")
		g.store(g.sub(g.load(aa), bb), e)
		g.store(g.square(g.load(d)), d)
		g.store(g.square(g.load(c)), x3)
		g.store(g.mulAdd(g.load(aa), g.constant(a24), g.load(e)), doubledA)
		g.store(g.mul(g.load(d), g.load(x1)), z3)
		g.store(g.mul(g.load(aa), g.load(b)), x2)
		g.store(g.mul(g.load(doubledA), g.load(e)), z2)
	})

	g.SUB(arm64.Imm(1), t, t)
	g.CBNZ(t, "step")

	g.store(g.load(x2), g.Pointer("x"))
	g.store(g.load(z2), g.Pointer("z"))
	g.wipe()
	g.Ret()
}
