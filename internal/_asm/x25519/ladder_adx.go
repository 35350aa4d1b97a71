package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// a24 is (A - 2) / 4, where A is the coefficient of curve25519.
const a24 = 121665

// swapsIn is the part of headers about swaps.
const swapsIn = "swaps, k ^ 2k for a scalar k that is even and less than 2^255: bit t+1 says whether bits t and t+1 of k differ."

// ladderADX writes the ladder of RFC 7748, section 5, like multiplyPortable.
func ladderADX(f *kit.File) {
	f.Kernel("ladderADX", "func(x, z *[4]uint64, u, swaps *[4]uint64)", kit.ADX, kit.Header{
		Does: "ladderADX multiplies a point of curve25519 or its twist by a scalar with a Montgomery ladder of 255 steps, up to the inversion.",
		In:   "u, the point's coordinate, tight; " + swapsIn,
		Out:  "x and z, tight; x/z is the product's coordinate, and z = 0 modulo p for the point at infinity.",
	})
	g := &adx{File: f}
	x1, x2, z2, x3, z3 := g.element(), g.element(), g.element(), g.element(), g.element()
	a, b, c, d := g.element(), g.element(), g.element(), g.element()
	da, cb, e, aa, bb := g.element(), g.element(), g.element(), g.element(), g.element()
	doubledA, doubledB := g.element(), g.element()
	counter := g.AllocLocal(8)

	zero, one := g.zero(), g.GP64()
	g.MOVL(U32(1), one.As32())
	u := g.registers(elementAt(g.Pointer("u")))
	g.copy(x1, u)
	g.copy(x2, element{one, zero, zero, zero})
	g.copy(z2, element{zero, zero, zero, zero})
	g.copy(x3, u)
	g.copy(z3, element{one, zero, zero, zero})
	t := g.GP64() // counts from 255 to 1, one more than in the portable code
	g.MOVL(U32(255), t.As32())
	g.Label("step")
	g.MOVQ(t, counter)

	g.Comment("A, B, C, D; AA is the square of A or C, and BB of B or D.")
	word := g.GP64()
	g.MOVQ(t, word)
	g.SHRQ(Imm(6), word)
	g.MOVQ(g.Pointer("swaps").Idx(word, 8), word)
	// choose sets v to a, or to b if the points have changed places. It overwrites b.
	choose := func(v, a, b element) {
		g.BTQ(t, word)
		for i := range v {
			g.CMOVQCC(a[i], b[i])
		}
		g.copy(v, b)
	}
	g.copy(a, g.add(x2, z2))
	g.copy(b, g.sub(x2, z2))
	sum := g.add(x3, z3)
	g.copy(c, sum)
	choose(doubledA, a, sum)
	difference := g.sub(x3, z3)
	g.copy(d, difference)
	choose(doubledB, b, difference)

	g.Comment("DA = D·A, CB = C·B")
	weave(g.mul(da, d, a), g.mul(cb, c, b))
	g.Comment("AA = A², BB = B²")
	weave(g.square(aa, doubledA), g.square(bb, doubledB))
	g.Comment("E = AA - BB, x3 = (DA + CB)², z3 = x1·(DA - CB)², x2 = AA·BB, z2 = E·(AA + a24·E)")
	g.copy(c, g.add(da, cb))
	g.copy(d, g.sub(da, cb))
	// This is the fastest way to weave these operations that was tried on Zen 4. The slowest way
	// takes 5 % longer.
	weave(
		slices.Concat(steps{
			func() { g.copy(e, g.sub(aa, bb)) },
			func() { g.mulAdd(a, aa, a24, e) },
		}, g.square(x3, c), g.mul(z2, a, e)),
		slices.Concat(g.square(da, d), g.mul(z3, da, x1), g.mul(x2, aa, bb)),
	)

	g.MOVQ(counter, t)
	g.DECQ(t)
	g.JNZ(LabelRef("step"))

	g.copy(elementAt(g.Pointer("x")), g.registers(x2))
	g.copy(elementAt(g.Pointer("z")), g.registers(z2))
	g.wipe()
	g.Ret()
}
