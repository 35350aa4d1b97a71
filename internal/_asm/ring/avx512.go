package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

func (g *generator) sampleVartimeAVX512() {
	g.Kernel("sampleVartimeAVX512VBMI2", "func(f *[256]int16, n int, stream []byte) (count int)", kit.AVX512VBMI2, kit.Header{
		Does:  "sampleVartimeAVX512VBMI2 is the portable NTT.SampleVartime.",
		In:    "n <= 256; the length of the stream is a multiple of 3.",
		Out:   "0 <= f < q for the first count coefficients.",
		Notes: "It may write anything to the other coefficients from the n-th on. Its time depends on the length of the stream and on the number of accepted candidates.",
	})
	f, count := g.Pointer("f").Base, g.Load(g.Param("n"), g.GP64())
	stream, left := Mem{Base: g.Load(g.Param("stream").Base(), g.GP64())}, g.Load(g.Param("stream").Len(), g.GP64())
	ones := g.GP64()
	g.MOVQ(I32(-1), ones)
	spread, shifts, low, modulus := g.ZMM(), g.broadcast(0, 4), g.broadcast(0xfff, 0xfff), g.broadcast(q, q)
	var places []Constant
	for word := range 32 {
		places = append(places, U8(word/2*3+word%2), U8(word/2*3+word%2+1))
	}
	g.VMOVDQU64(g.Data("spread", places...), spread)
	// first returns a mask of the first count bits, at most 63.
	first := func(count Op) Op {
		mask, k := g.GP64(), g.K()
		g.BZHIQ(count, ones, mask)
		g.KMOVQ(mask, k)
		return k
	}
	// unpack returns two candidates from every three of the bytes that the mask selects.
	unpack := func(mask Op) Op {
		x := g.ZMM()
		g.VMOVDQU8_Z(stream, mask, x)
		g.VPERMB(x, spread, x)
		g.VPSRLVW(shifts, x, x)
		g.VPANDQ(low, x, x)
		return x
	}
	// gather moves the accepted candidates to the beginning of x, and returns their number.
	gather := func(x, accepted Op) reg.GPVirtual {
		g.VPCOMPRESSW_Z(x, accepted, x)
		found := g.GP64()
		g.KMOVD(accepted, found.As32())
		g.POPCNTL(found.As32(), found.As32())
		return found
	}
	const size, words = 48, 32 // a whole register takes 48 bytes of the stream, which are 32 candidates
	place := Mem{Base: f, Index: count, Scale: 2}

	g.Comment("While there are enough bytes for a register, and room for all its candidates.")
	bytes := g.GP64()
	g.MOVQ(U32(size), bytes)
	all := first(bytes)
	g.Label("whole")
	g.CMPQ(left, U8(size))
	g.JLT(LabelRef("rest"))
	g.CMPQ(count, U32(n-words))
	g.JGT(LabelRef("rest"))
	x, accepted := unpack(all), g.K()
	g.VPCMPUW(U8(1), modulus, x, accepted)
	found := gather(x, accepted)
	g.VMOVDQU16(x, place)
	g.ADDQ(found, count)
	g.ADDQ(U8(size), stream.Base)
	g.SUBQ(U8(size), left)
	g.JMP(LabelRef("whole"))

	g.Label("rest")
	g.Comment("While there are bytes, and room.")
	g.TESTQ(left, left)
	g.JZ(LabelRef("sampled"))
	room := g.GP64()
	g.MOVQ(U32(n), room)
	g.SUBQ(count, room)
	g.JZ(LabelRef("sampled"))
	g.CMPQ(left, bytes)
	g.CMOVQLT(left, bytes)
	x, accepted = unpack(first(bytes)), g.K()
	candidates := g.GP64()
	g.IMUL3Q(U8(43), bytes, candidates) // 2/3 of bytes is 43/64 of bytes, rounded down
	g.SHRQ(U8(6), candidates)
	g.VPCMPUW(U8(1), modulus, x, first(candidates), accepted)
	found = gather(x, accepted)
	g.CMPQ(room, found)
	g.CMOVQGT(found, room)
	g.VMOVDQU16(x, first(room), place)
	g.ADDQ(room, count)
	g.ADDQ(bytes, stream.Base)
	g.SUBQ(bytes, left)
	g.JMP(LabelRef("rest"))
	g.Label("sampled")
	g.Store(count, g.ReturnIndex(0))
	g.Ret()
}

func (g *generator) innerProductAVX512() {
	f, a, b, stride, k := g.innerProductKernel("innerProductAVX512VBMI2", kit.AVX512VBMI2)
	reduce := g.sumReducer()
	const groups = n / 32
	var c0, c1 [groups]vec
	for i := range groups {
		c0[i], c1[i] = g.ZMM(), g.ZMM()
		g.VPXORQ(c0[i], c0[i], c0[i])
		g.VPXORQ(c1[i], c1[i], c1[i])
	}
	g.Label("sum")
	for i := range groups {
		x := g.ZMM()
		g.VMOVDQU64(a.Offset(64*i), x)
		g.VPDPWSSD(b.Offset(64*i), x, c0[i])
		g.VPDPWSSD(b.Offset(crossed+64*i), x, c1[i])
	}
	g.ADDQ(stride, a.Base)
	g.ADDQ(U32(factorSize), b.Base)
	g.DECQ(k)
	g.JNZ(LabelRef("sum"))
	for i := range groups {
		reduce(c0[i], c1[i], f.Offset(64*i))
	}
	g.Ret()
}
