package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// One instruction multiplies a pair of coefficients (a0, a1) by a pair of words and adds the two
// products. So a Factor holds first the pairs (b0, γ·b1), which give a0·b0 + γ·a1·b1, and then
// the pairs (b1, b0), which give a0·b1 + a1·b0.
const (
	crossed    = 2 * n // the offset of the pairs (b1, b0), in bytes
	factorSize = 5 * n // the size of the Go type; kernels use the first four fifths
)

func (g *generator) factorSet(name string, set kit.Set) {
	g.Kernel(name, factorSetSignature, set, factorSetHeader(name))
	f, b := g.Pointer("f"), g.Pointer("b")
	modulus := g.broadcast(q, q)
	factor, timesQInv := montgomery(1 << 16)
	r2, r2TimesQInv := g.broadcast(factor, factor), g.broadcast(timesQInv, timesQInv)
	swap, copyOdd := g.pairSwapper(), g.oddCopier()

	var table []int16
	for group := range n / g.width {
		gammas, timesQInv := make([]int16, g.width), make([]int16, g.width)
		for word := 1; word < g.width; word += 2 {
			gammas[word], timesQInv[word] = montgomery(gamma((group*g.width + word) / 2))
		}
		table = append(append(table, gammas...), timesQInv...)
	}
	gammas := Mem{Base: g.GP64()}
	g.LEAQ(g.words(fmt.Sprintf("gammas%d", g.width), table...), gammas.Base)

	size := 2 * g.width
	g.Repeat(name, n/g.width, func() {
		x, y := g.register(), g.register()
		g.move(b, x)
		x = g.montgomeryMul(x, r2, r2TimesQInv, modulus)
		swap(x, y)
		g.move(y, f.Offset(crossed))
		copyOdd(g.montgomeryMul(x, gammas, gammas.Offset(size), modulus), x)
		g.move(x, f)
		g.ADDQ(U32(size), f.Base)
		g.ADDQ(U32(size), b.Base)
		g.ADDQ(U32(2*size), gammas.Base)
	})
	g.Ret()
}

const factorSetSignature = "func(f *[512]int16, b *[256]int16)"

func factorSetHeader(name string) kit.Header {
	return kit.Header{
		Does: name + " is the portable Factor.Set, but f gets the form that kernels need.",
		In:   "|b| < 8q.",
		Out:  "|f| <= 2206.",
	}
}

// gamma returns the square of X modulo the polynomial of the i-th pair.
func gamma(i int) int {
	if i%2 == 1 {
		return -zeta(n/4 + i/2)
	}
	return zeta(n/4 + i/2)
}

// pairSwapper returns a function that sets y to x with the words of each pair exchanged.
func (g *generator) pairSwapper() func(x, y vec) {
	if g.width == 16 {
		swap := g.shuffle("swap", func(i int) int { return i%16 ^ 2 })
		return func(x, y vec) { g.VPSHUFB(swap, x, y) }
	}
	return func(x, y vec) { g.VPROLD(U8(16), x, y) }
}

// oddCopier returns a function that copies the odd words of x to y.
func (g *generator) oddCopier() func(x, y vec) {
	if g.width == 16 {
		return func(x, y vec) { g.VPBLENDW(U8(0b10101010), x, y, y) }
	}
	odd, bits := g.K(), g.GP32()
	g.MOVL(U32(0xaaaaaaaa), bits)
	g.KMOVD(bits, odd)
	return func(x, y vec) { g.VMOVDQU16(x, odd, y) }
}

// innerProductKernel begins a kernel for inner products. It returns the parameters. The stride
// that it returns is in bytes.
func (g *generator) innerProductKernel(name string, set kit.Set) (f, a, b Mem, stride, k reg.Register) {
	g.Kernel(name, innerProductSignature, set, innerProductHeader(name))
	f, a, b = g.Pointer("f"), g.Pointer("a"), g.Pointer("b")
	stride, k = g.Load(g.Param("stride"), g.GP64()), g.Load(g.Param("k"), g.GP64())
	g.Comment("The stride in bytes.")
	g.SHLQ(U8(9), stride)
	return f, a, b, stride, k
}

const innerProductSignature = "func(f, a *[256]int16, stride int, b *[512]int16, k int)"

func innerProductHeader(name string) kit.Header {
	return kit.Header{
		Does:  name + " is the portable NTT.InnerProduct: a is the first polynomial of the left side, and b is the first of the k factors on the right.",
		In:    "|a| < q; |b| <= 2206.",
		Out:   "|f| <= 2561.",
		Notes: "The factors must come from another kernel. Its time depends on k.",
	}
}

func (g *generator) innerProduct() {
	f, a, b, stride, k := g.innerProductKernel("innerProductAVX2", kit.AVX2)
	const groups = 4 // of sixteen coefficients, in each pass of the loop
	reduce := g.sumReducer()

	g.Repeat("innerProduct", n/16/groups, func() {
		var c0, c1 [groups]vec
		for i := range groups {
			c0[i], c1[i] = g.YMM(), g.YMM()
			g.VPXOR(c0[i], c0[i], c0[i])
			g.VPXOR(c1[i], c1[i], c1[i])
		}
		ai, bi, count := Mem{Base: g.GP64()}, Mem{Base: g.GP64()}, g.GP64()
		g.MOVQ(a.Base, ai.Base)
		g.MOVQ(b.Base, bi.Base)
		g.MOVQ(k, count)
		g.Label("sum")
		for i := range groups {
			x, y, z := g.YMM(), g.YMM(), g.YMM()
			g.VMOVDQU(ai.Offset(32*i), x)
			g.VPMADDWD(bi.Offset(32*i), x, y)
			g.VPADDD(y, c0[i], c0[i])
			g.VPMADDWD(bi.Offset(crossed+32*i), x, z)
			g.VPADDD(z, c1[i], c1[i])
		}
		g.ADDQ(stride, ai.Base)
		g.ADDQ(U32(factorSize), bi.Base)
		g.DECQ(count)
		g.JNZ(LabelRef("sum"))
		for i := range groups {
			reduce(c0[i], c1[i], f.Offset(32*i))
		}
		g.ADDQ(U32(32*groups), f.Base)
		g.ADDQ(U32(32*groups), a.Base)
		g.ADDQ(U32(32*groups), b.Base)
	})
	g.Ret()
}

// sumReducer returns a function that sets the words at f to c · 2^-16 mod± q for the double words
// c of c0 and c1 in turn. In |c| < 2^15·q; out |f| < q.
func (g *generator) sumReducer() func(c0, c1 vec, f Mem) {
	modulus, inverse, copyOdd := g.broadcast(q, q), g.broadcast(qInv, qInv), g.oddCopier()
	return func(c0, c1 vec, f Mem) {
		g.Comment("The low halves of the sums in order, and the high halves.")
		low, high := g.register(), g.register()
		g.VPSRLD(U8(16), c0, high)
		copyOdd(c1, high)
		g.VPSLLD(U8(16), c1, low)
		copyOdd(low, c0)
		g.VPMULLW(inverse, c0, low)
		g.VPMULHW(modulus, low, low)
		g.VPSUBW(low, high, high)
		g.move(high, f)
	}
}
