// Command ring generates the kernels of internal/ring.
//
// Coefficients are signed words of 16 bits. A register holds sixteen or thirty-two of them.
// Unless its header says otherwise, a kernel has the bounds of the portable code and returns
// exactly the same result.
package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

const (
	n    = 256
	q    = 3329
	qInv = -3327 // q^-1 mod± 2^16

	// barrett26 is 2^26 / q, rounded.
	barrett26 = 20159
)

func main() {
	kit.Generate("ring", targets...)
}

var targets = []kit.Target{kit.Kernels(kernels), arm64.Kernels(kernelsARM64)}

func kernels(f *kit.File) {
	g := &generator{f, 16, f.YMM}
	wide := &generator{f, 32, f.ZMM}
	g.ntt()
	g.inverseNTT()
	g.factorSet("factorSetAVX2", kit.AVX2)
	g.innerProduct()
	g.sampleVartime()
	wide.nttAVX512()
	wide.inverseNTTAVX512()
	wide.factorSet("factorSetAVX512", kit.AVX512)
	wide.innerProductAVX512()
	wide.sampleVartimeAVX512()
	g.sampleCBD2()
	g.sampleCBD3()
	g.encode("encodeAVX2", kit.AVX2)
	g.decode()
	g.compress1()
	for _, d := range []int{4, 5, 10, 11} {
		g.compress(d)
	}
	g.decompress1()
	for _, d := range []int{4, 5, 10, 11} {
		g.decompress(d)
	}
	wide.encode("encodeAVX512VBMI2", kit.AVX512VBMI2)
	wide.decodeAVX512()
	wide.compress1AVX512()
	for _, d := range []int{10, 11} {
		wide.compressAVX512(d)
	}
	wide.decompress1AVX512()
	for _, d := range []int{4, 5, 10, 11} {
		wide.decompressAVX512(d)
	}
	wide.sampleCBDAVX512(2)
	wide.sampleCBDAVX512(3)
	g.reduce()
	g.add()
	g.sub()
}

// A machine writes kernels for one architecture, which has its own types for sets and for memory.
type machine[Set, Memory any] interface {
	Kernel(name, signature string, set Set, h kit.Header)
	Pointer(parameter string) Memory
}

// A generator writes kernels with registers of one width.
type generator struct {
	*kit.File
	width    int        // the number of coefficients in a register
	register func() vec // returns a new register
}

type vec = reg.VecVirtual

// move is VMOVDQU for registers of any width.
func (g *generator) move(from, to Op) {
	if g.width == 16 {
		g.VMOVDQU(from, to)
	} else {
		g.VMOVDQU64(from, to)
	}
}

// broadcast returns a register with even in all even words, and odd in all odd words.
func (g *generator) broadcast(even, odd int16) vec {
	return g.broadcastQuad((uint64(uint16(even)) | uint64(uint16(odd))<<16) * (1<<32 + 1))
}

// broadcastQuad returns a register with copies of c.
func (g *generator) broadcastQuad(c uint64) vec {
	r, x := g.GP64(), g.register()
	g.MOVQ(U64(c), r)
	g.VMOVQ(r, x.AsX())
	g.VPBROADCASTQ(x.AsX(), x)
	return x
}

// words returns the address of a table of words.
func (g *generator) words(name string, words ...int16) Mem {
	var constants []Constant
	for _, w := range words {
		constants = append(constants, U16(uint16(w)))
	}
	return g.Data(name, constants...)
}

// shuffle returns a ymm register that tells VPSHUFB how to move bytes. For each byte of the
// result, place returns the byte that it comes from, in the same half of the register. If place
// is negative, the byte is zero.
func (g *generator) shuffle(name string, place func(i int) int) vec {
	var constants []Constant
	for i := range 32 {
		constants = append(constants, I8(place(i)))
	}
	x := g.YMM()
	g.VMOVDQU(g.Data(name, constants...), x)
	return x
}

// table returns a register with copies of sixteen words.
func (g *generator) table(name string, words ...int16) vec {
	x, address := g.register(), g.words(name, words...)
	if g.width == 16 {
		g.VMOVDQU(address, x)
	} else {
		g.VBROADCASTI64X4(address, x)
	}
	return x
}

// montgomery returns 2^16 · b mod± q, and its product with q^-1 modulo 2^16. Kernels need
// both to multiply by b.
func montgomery(b int) (factor, timesQInv int16) {
	r := (b<<16%q + q) % q
	if r > q/2 {
		r -= q
	}
	return int16(r), int16(r * qInv)
}

// montgomeryMul returns a · b · 2^-16 mod± q. bTimesQInv is b · q^-1 modulo 2^16.
// In |a·b| < 2^15·q; out |r| < q.
//
// It subtracts a multiple of q from a · b. The low halves of the two numbers are equal, so the
// difference of their high halves is the exact result.
func (g *generator) montgomeryMul(a vec, b, bTimesQInv Op, modulus vec) (r vec) {
	r, m := g.register(), g.register()
	g.VPMULLW(bTimesQInv, a, m)
	g.VPMULHW(b, a, r)
	g.VPMULHW(modulus, m, m)
	g.VPSUBW(m, r, r)
	return r
}

// barrettReduce replaces a by a mod± q. It divides a · (2^26/q) by 2^16 and then by 2^10,
// rounded. In |a| < 2^15; out |a| <= (q-1)/2.
func (g *generator) barrettReduce(a, barrett, round10, modulus vec) {
	m := g.register()
	g.VPMULHW(barrett, a, m)
	g.VPMULHRSW(round10, m, m)
	g.VPMULLW(modulus, m, m)
	g.VPSUBW(m, a, a)
}
