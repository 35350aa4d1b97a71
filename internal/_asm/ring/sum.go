package main

import (
	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

func (g *generator) add() {
	f, h := sumKernel(g, "addAVX2", "Add", kit.AVX2)
	g.wordwise("add", f, h, func(x, y vec) { g.VPADDW(y, x, x) })
}

func (g *generator) sub() {
	f, h := sumKernel(g, "subAVX2", "Sub", kit.AVX2)
	g.wordwise("sub", f, h, func(x, y vec) { g.VPSUBW(y, x, x) })
}

// sumKernel begins a kernel for a method of Poly. It returns the parameters.
func sumKernel[Set, Memory any](m machine[Set, Memory], name, method string, set Set) (f, h Memory) {
	m.Kernel(name, "func(f, h *[256]int16)", set, kit.Header{
		Does:  name + " is the portable Poly." + method + ".",
		Notes: "The bounds add up, and must stay below 2^15.",
	})
	return m.Pointer("f"), m.Pointer("h")
}

// wordwise applies body to each register x of f and the register y of h beside it, and ends the
// kernel.
func (g *generator) wordwise(label string, f, h Mem, body func(x, y vec)) {
	const atOnce = 4 // registers
	g.Repeat(label, n/16/atOnce, func() {
		for i := range atOnce {
			x, y := g.YMM(), g.YMM()
			g.VMOVDQU(f.Offset(32*i), x)
			g.VMOVDQU(h.Offset(32*i), y)
			body(x, y)
			g.VMOVDQU(x, f.Offset(32*i))
		}
		g.ADDQ(U32(32*atOnce), f.Base)
		g.ADDQ(U32(32*atOnce), h.Base)
	})
	g.Ret()
}

func (g *generator) reduce() {
	g.Kernel("reduceAVX2", "func(f *[256]int16)", kit.AVX2, reduceHeader("reduceAVX2"))
	f := g.Pointer("f")
	barrett, modulus := g.broadcast(barrett26, barrett26), g.broadcast(q, q)
	g.Repeat("reduce", n/16, func() {
		x, m, less := g.YMM(), g.YMM(), g.YMM()
		g.VMOVDQU(f, x)
		g.Comment("floor(a / q), or one less for negative multiples of q.")
		g.VPMULHW(barrett, x, m)
		g.VPSRAW(U8(10), m, m)
		g.VPMULLW(modulus, m, m)
		g.VPSUBW(m, x, x)
		g.Comment("So q may be left. Only for q is the unsigned difference below the number.")
		g.VPSUBW(modulus, x, less)
		g.VPMINUW(less, x, x)
		g.VMOVDQU(x, f)
		g.ADDQ(U32(32), f.Base)
	})
	g.Ret()
}

func reduceHeader(name string) kit.Header {
	return kit.Header{
		Does: name + " is the portable NTT.Reduce.",
		In:   "any f.",
		Out:  "f canonical.",
	}
}
