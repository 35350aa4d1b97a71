package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// A Factor holds, for b, words that a pair of coefficients (a0, a1) is multiplied with
// and summed in one instruction. For a0·b0 + γ·a1·b1 those are the pairs (b0, γ·b1),
// and 2·n bytes further on, for a0·b1 + a1·b0, the pairs (b1, b0).
const (
	crossed    = 2 * n
	factorSize = 8 * n // of the Go type, of which the kernels use half
)

func factorSet() {
	kernel("factorSetAVX2", "func(f *[512]int16, b *[256]int16)",
		"factorSetAVX2 is the portable Factor.Set, but leaves f in the form of innerProductAVX2.",
		"In |b| < 8q; out |f| < q. It needs AVX2.")
	f, b := Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("b"), GP64())}
	modulus := broadcast(q, q)
	factor, timesQInv := montgomery(1 << 16)
	r2, r2TimesQInv := broadcast(factor, factor), broadcast(timesQInv, timesQInv)
	swap := shuffle("swap", func(i int) int { return i%16 ^ 2 })

	var table []int16
	for group := range n / 16 {
		var gammas, timesQInv [16]int16
		for word := 1; word < 16; word += 2 {
			i := group*8 + word/2
			gammas[word], timesQInv[word] = montgomery(zeta(n/4+i/2) * (1 - i%2*2))
		}
		table = append(append(table, gammas[:]...), timesQInv[:]...)
	}
	gammas := Mem{Base: GP64()}
	LEAQ(data("gammas", table), gammas.Base)

	repeat("factorSet", n/16, func() {
		x, y := YMM(), YMM()
		VMOVDQU(b, x)
		x = montgomeryMul(x, r2, r2TimesQInv, modulus)
		VPSHUFB(swap, x, y)
		VMOVDQU(y, f.Offset(crossed))
		gammaX := montgomeryMul(x, gammas, gammas.Offset(32), modulus)
		VPBLENDW(U8(0b10101010), gammaX, x, x)
		VMOVDQU(x, f)
		ADDQ(U32(32), f.Base)
		ADDQ(U32(32), b.Base)
		ADDQ(U32(64), gammas.Base)
	})
	ret()
}

func innerProduct() {
	kernel("innerProductAVX2", "func(f, a *[256]int16, stride int, b *[512]int16, k int)",
		"innerProductAVX2 is the portable NTT.InnerProduct: a is the first polynomial of the",
		"left side, and b the first factor of the k on the right. In |a| < q; out |f| < q.",
		"It needs AVX2. The factors must come from factorSetAVX2. Its time depends on k.")
	const groups = 4 // of sixteen coefficients, at once
	f, a, b := Mem{Base: Load(Param("f"), GP64())}, GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("b"), b)
	stride, k := Load(Param("stride"), GP64()), Load(Param("k"), GP64())
	Comment("The distance in bytes.")
	SHLQ(U8(9), stride)
	modulus, inverse := broadcast(q, q), broadcast(qInv, qInv)

	repeat("innerProduct", n/16/groups, func() {
		var c0, c1 [groups]vec
		for i := range groups {
			c0[i], c1[i] = YMM(), YMM()
			VPXOR(c0[i], c0[i], c0[i])
			VPXOR(c1[i], c1[i], c1[i])
		}
		ai, bi, count := Mem{Base: GP64()}, Mem{Base: GP64()}, GP64()
		MOVQ(a, ai.Base)
		MOVQ(b, bi.Base)
		MOVQ(k, count)
		Label("sum")
		for i := range groups {
			x, y, z := YMM(), YMM(), YMM()
			VMOVDQU(ai.Offset(32*i), x)
			VPMADDWD(bi.Offset(32*i), x, y)
			VPADDD(y, c0[i], c0[i])
			VPMADDWD(bi.Offset(crossed+32*i), x, z)
			VPADDD(z, c1[i], c1[i])
		}
		ADDQ(stride, ai.Base)
		ADDQ(U32(factorSize), bi.Base)
		DECQ(count)
		JNZ(LabelRef("sum"))
		for i := range groups {
			Comment("The low and the high halves of the sums, in their places.")
			low, high := YMM(), YMM()
			VPSLLD(U8(16), c1[i], low)
			VPBLENDW(U8(0b10101010), low, c0[i], low)
			VPSRLD(U8(16), c0[i], high)
			VPBLENDW(U8(0b10101010), c1[i], high, high)
			VPMULLW(inverse, low, low)
			VPMULHW(modulus, low, low)
			VPSUBW(low, high, high)
			VMOVDQU(high, f.Offset(32*i))
		}
		ADDQ(U32(32*groups), f.Base)
		ADDQ(U32(32*groups), a)
		ADDQ(U32(32*groups), b)
	})
	ret()
}
