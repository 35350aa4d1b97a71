package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func add() {
	kernel("addAVX2", "func(f, h *[256]int16)",
		"addAVX2 is the portable Poly.Add. The bounds add up, and must stay below 2^15.",
		"It needs AVX2.")
	combine("add", func(x, y vec) { VPADDW(y, x, x) })
}

func sub() {
	kernel("subAVX2", "func(f, h *[256]int16)",
		"subAVX2 is the portable Poly.Sub. The bounds add up, and must stay below 2^15.",
		"It needs AVX2.")
	combine("sub", func(x, y vec) { VPSUBW(y, x, x) })
}

// combine does body to each register of f, with that of h, and ends the kernel.
func combine(label string, body func(x, y vec)) {
	const atOnce = 4
	f, h := Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("h"), GP64())}
	repeat(label, n/16/atOnce, func() {
		for i := range atOnce {
			x, y := YMM(), YMM()
			VMOVDQU(f.Offset(32*i), x)
			VMOVDQU(h.Offset(32*i), y)
			body(x, y)
			VMOVDQU(x, f.Offset(32*i))
		}
		ADDQ(U32(32*atOnce), f.Base)
		ADDQ(U32(32*atOnce), h.Base)
	})
	ret()
}

func reduce() {
	kernel("reduceAVX2", "func(f *[256]int16)",
		"reduceAVX2 is the portable NTT.Reduce. In any f; out f canonical.",
		"It needs AVX2.")
	f := Mem{Base: Load(Param("f"), GP64())}
	barrett, modulus := broadcast(barrett26, barrett26), broadcast(q, q)
	repeat("reduce", n/16, func() {
		x, m, less := YMM(), YMM(), YMM()
		VMOVDQU(f, x)
		Comment("a / q, rounded down, except that for multiples of q below 0 it is one less.")
		VPMULHW(barrett, x, m)
		VPSRAW(U8(10), m, m)
		VPMULLW(modulus, m, m)
		VPSUBW(m, x, x)
		Comment("So q becomes 0. Other numbers less q are large ones without a sign.")
		VPSUBW(modulus, x, less)
		VPMINUW(less, x, x)
		VMOVDQU(x, f)
		ADDQ(U32(32), f.Base)
	})
	ret()
}
