// Command ring writes the AVX2 kernels of internal/ring.
//
// Coefficients are signed words of 16 bits, sixteen in a register. The bounds of
// each kernel, and every bit of what it leaves, are those of the portable code.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	n    = 256
	q    = 3329
	qInv = -3327 // q^-1 mod± 2^16

	// barrett26 is 2^26 / q, rounded.
	barrett26 = 20159
)

func main() {
	ConstraintExpr("amd64,!purego")
	ntt()
	inverseNTT()
	factorSet()
	innerProduct()
	sampleVartime()
	sampleCBD2()
	sampleCBD3()
	encode()
	decode()
	compress1()
	for _, d := range []int{4, 5, 10, 11} {
		compress(d)
	}
	decompress1()
	for _, d := range []int{4, 5, 10, 11} {
		decompress(d)
	}
	reduce()
	add()
	sub()
	Generate()
}

type vec = reg.VecVirtual

// kernel begins a function, with a header that stands in the assembly and at the
// declaration.
func kernel(name, signature string, header ...string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(header...)
	Comment(header...)
}

// ret ends a function. Code without AVX is slow as long as the upper halves of
// registers are in use.
func ret() {
	VZEROUPPER()
	RET()
}

// repeat runs body as often as times says.
func repeat(label string, times uint32, body func()) {
	counter := GP32()
	MOVL(U32(times), counter)
	Label(label)
	body()
	DECL(counter)
	JNZ(LabelRef(label))
}

// broadcast returns a register with even and odd in all pairs of words.
func broadcast(even, odd int16) vec {
	return broadcastQuad((uint64(uint16(even)) | uint64(uint16(odd))<<16) * (1<<32 + 1))
}

// broadcastQuad returns a register of four times c.
func broadcastQuad(c uint64) vec {
	r, x := GP64(), YMM()
	MOVQ(U64(c), r)
	VMOVQ(r, x.AsX())
	VPBROADCASTQ(x.AsX(), x)
	return x
}

// data defines a table of words.
func data(name string, words []int16) Mem {
	table := GLOBL(name, RODATA|NOPTR)
	for i := 0; i < len(words); i += 4 {
		var x uint64
		for j, w := range words[i:][:4] {
			x |= uint64(uint16(w)) << (16 * j)
		}
		DATA(2*i, U64(x))
	}
	return table
}

// shuffle returns a register of the places, in its half, that VPSHUFB takes each byte
// from. Where they are negative it makes a zero.
func shuffle(name string, place func(i int) int) vec {
	if _, ok := shuffles[name]; !ok {
		shuffles[name] = GLOBL(name, RODATA|NOPTR)
		for i := range 32 {
			DATA(i, I8(place(i)))
		}
	}
	x := YMM()
	VMOVDQU(shuffles[name], x)
	return x
}

// shuffles are the tables that there are already. More than one kernel may use one.
var shuffles = map[string]Mem{}

// table returns a register of sixteen words.
func table(name string, words ...int16) vec {
	x := YMM()
	VMOVDQU(data(name, words), x)
	return x
}

// montgomery returns the factor 2^16 · b mod± q as the kernels need it: itself, and
// times q^-1.
func montgomery(b int) (factor, timesQInv int16) {
	r := (b<<16%q + q) % q
	if r > q/2 {
		r -= q
	}
	return int16(r), int16(r * qInv)
}

// montgomeryMul returns a · b · 2^-16 mod± q, where b comes with b · q^-1.
// The low halves of a · b and of the multiple of q are equal, so the difference of
// the high halves is exact. In |a·b| < 2^15·q; out |r| < q.
func montgomeryMul(a vec, b, bTimesQInv Op, modulus vec) (r vec) {
	r, m := YMM(), YMM()
	VPMULLW(bTimesQInv, a, m)
	VPMULHW(b, a, r)
	VPMULHW(modulus, m, m)
	VPSUBW(m, r, r)
	return r
}

// barrettReduce makes a be a mod± q. It rounds a / q from a · 2^26/q in two steps, of
// 2^16 and 2^10. In |a| < 2^15; out |a| <= (q-1)/2.
func barrettReduce(a, barrett, round10, modulus vec) {
	m := YMM()
	VPMULHW(barrett, a, m)
	VPMULHRSW(round10, m, m)
	VPMULLW(modulus, m, m)
	VPSUBW(m, a, a)
}
