package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// An unpacker converts numbers of 12 bits to words.
type unpacker struct {
	g             *generator
	spread, times vec
}

func (g *generator) newUnpacker() unpacker {
	// The two bytes of number i begin at byte 3/2·i. The upper half of the register is loaded
	// from an address 4 bytes before its first number.
	spread := g.shuffle("spread12", func(i int) int { return i%16/4*3 + (i%4+1)/2 + i/16*4 })
	return unpacker{g, spread, g.broadcast(1<<4, 1)}
}

// unpack returns the sixteen numbers in the 24 bytes at b.
func (u unpacker) unpack(b Mem) vec {
	x := u.g.YMM()
	u.g.VBROADCASTI128(b, x)
	u.g.VINSERTI128(U8(1), b.Offset(8), x, x)
	u.g.VPSHUFB(u.spread, x, x)
	// In their words, even numbers have bits of their neighbours above them, and odd numbers
	// have such bits below them.
	u.g.VPMULLW(u.times, x, x)
	u.g.VPSRLW(U8(4), x, x)
	return x
}

const sampleSignature = "func(f *[256]int16, n int, stream []byte) (count, read int)"

func (g *generator) sampleVartime() {
	g.Kernel("sampleVartimeAVX2", sampleSignature, kit.AVX2, kit.Header{
		Does:  "sampleVartimeAVX2 does the first part of the portable NTT.SampleVartime.",
		Notes: "It sets coefficients of f, from the n-th on, while there are 24 bytes in the stream and room for 16 coefficients. It returns the number of coefficients that f then has, and the number of bytes read. It may write anything to the other coefficients from the n-th on. Its time depends on the stream.",
	})
	f, count := g.Load(g.Param("f"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	stream, left := Mem{Base: g.Load(g.Param("stream").Base(), g.GP64())}, g.Load(g.Param("stream").Len(), g.GP64())
	start := g.GP64()
	g.MOVQ(stream.Base, start)
	u := g.newUnpacker()
	modulus := g.broadcast(q, q)

	table := g.GP64()
	g.LEAQ(g.Quads("compact", subsets()...), table)

	g.Label("sample")
	g.CMPQ(left, U8(24))
	g.JLT(LabelRef("sampled"))
	g.CMPQ(count, U32(n-16))
	g.JGT(LabelRef("sampled"))
	x, accepted, bytes := u.unpack(stream), g.YMM(), g.YMM()
	g.VPCMPGTW(x, modulus, accepted)
	g.Comment("One bit for each candidate: first the lower eight, then the upper eight.")
	g.VPACKSSWB(accepted, accepted, bytes)
	g.VPERMQ(U8(0b1000), bytes, bytes)
	sets := g.GP32()
	g.VPMOVMSKB(bytes.AsX(), sets)
	upper := g.XMM()
	g.VEXTRACTI128(U8(1), x, upper)
	for i, candidates := range []Op{x.AsX(), upper} {
		set, compact, accepted := g.GP32(), g.XMM(), g.GP32()
		if i == 0 {
			g.MOVBLZX(sets.As8(), set)
		} else {
			g.SHRL(U8(8), sets)
			g.MOVL(sets, set)
		}
		g.POPCNTL(set, accepted)
		g.SHLL(U8(4), set)
		g.VPSHUFB(Mem{Base: table, Index: set.As64(), Scale: 1}, candidates, compact)
		g.VMOVDQU(compact, Mem{Base: f, Index: count, Scale: 2})
		g.ADDQ(accepted.As64(), count)
	}
	g.ADDQ(U32(24), stream.Base)
	g.SUBQ(U8(24), left)
	g.JMP(LabelRef("sample"))
	g.Label("sampled")
	g.SUBQ(start, stream.Base)
	g.Store(count, g.ReturnIndex(0))
	g.Store(stream.Base, g.ReturnIndex(1))
	g.Ret()
}

// subsets returns for each subset of eight words the places of its bytes in order, in two quads.
func subsets() (places []uint64) {
	for set := range 256 {
		var entry [2]uint64
		at := 0
		for word := range 8 {
			if (set>>word)&1 == 1 {
				entry[at/4] |= uint64(2*word|((2*word+1)<<8)) << (at % 4 * 16)
				at++
			}
		}
		places = append(places, entry[:]...)
	}
	return places
}

func sampleCBDKernel[Set, Memory any](m machine[Set, Memory], name string, set Set, eta int) (f, b Memory) {
	m.Kernel(name, fmt.Sprintf("func(f *[256]int16, b *[%d]byte)", 64*eta), set, kit.Header{
		Does: fmt.Sprintf("%s is the portable Poly.SampleCBD for η = %d.", name, eta),
		Out:  fmt.Sprintf("|f| <= %d.", eta),
	})
	return m.Pointer("f"), m.Pointer("b")
}

func (g *generator) sampleCBD2() {
	f, b := sampleCBDKernel(g, "sampleCBD2AVX2", kit.AVX2, 2)
	nibble := g.broadcast(0x0f0f, 0x0f0f)
	differences := g.shuffle("differences", func(x int) int {
		bit := func(i int) int { return (x >> i) & 1 }
		return bit(0) + bit(1) - bit(2) - bit(3)
	})

	g.Repeat("sampleCBD2", n/64, func() {
		even, odd := g.YMM(), g.YMM()
		g.VMOVDQU(b, even)
		g.VPSRLW(U8(4), even, odd)
		for _, x := range []vec{even, odd} {
			g.VPAND(nibble, x, x)
			g.VPSHUFB(x, differences, x)
		}
		// In each half, first has the coefficients of eight bytes of b, and second has the
		// coefficients of the next eight bytes.
		first, second := g.YMM(), g.YMM()
		g.VPUNPCKLBW(odd, even, first)
		g.VPUNPCKHBW(odd, even, second)
		for i, x := range []vec{first, second} {
			lower, upper := g.YMM(), g.YMM()
			g.VPMOVSXBW(x.AsX(), lower)
			g.VMOVDQU(lower, f.Offset(32*i))
			g.VEXTRACTI128(U8(1), x, upper.AsX())
			g.VPMOVSXBW(upper.AsX(), upper)
			g.VMOVDQU(upper, f.Offset(64+32*i))
		}
		g.ADDQ(U32(128), f.Base)
		g.ADDQ(U32(32), b.Base)
	})
	g.Ret()
}

func (g *generator) sampleCBD3() {
	f, b := sampleCBDKernel(g, "sampleCBD3AVX2", kit.AVX2, 3)
	spread := g.shuffle("spread24", func(i int) int {
		if i%4 == 3 {
			return -1
		}
		// The upper half of the register is loaded from an address 4 bytes before its first
		// byte that is used.
		return i%16/4*3 + i%4 + i/16*4
	})
	everyThird := g.broadcastQuad(0o11111111 * (1<<32 + 1))
	lowTriples, threes := g.broadcastQuad(0o07070707*(1<<32+1)), g.broadcastQuad(0o03030303*(1<<32+1))
	mask6, three := g.broadcast(0o77, 0o77), g.broadcast(3, 3)

	g.Repeat("sampleCBD3", n/32, func() {
		x, y := g.YMM(), g.YMM()
		g.VBROADCASTI128(b, x)
		g.VINSERTI128(U8(1), b.Offset(8), x, x)
		g.VPSHUFB(spread, x, x)
		g.Comment("Eight sums of three bits.")
		sum := g.YMM()
		g.VPAND(everyThird, x, sum)
		for range 2 {
			g.VPSRLD(U8(1), x, x)
			g.VPAND(everyThird, x, y)
			g.VPADDD(y, sum, sum)
		}
		g.Comment("Four differences of neighbours, plus 3 so that none borrows.")
		g.VPSRLD(U8(3), sum, y)
		g.VPAND(lowTriples, sum, sum)
		g.VPAND(lowTriples, y, y)
		g.VPADDD(threes, sum, sum)
		g.VPSUBD(y, sum, sum)
		g.Comment("Of four differences, two in two words, and then the other two.")
		var pairs [2]vec
		for i := range pairs {
			pairs[i] = g.YMM()
			z := g.YMM()
			g.VPSLLD(U8(10), sum, z)
			g.VPBLENDW(U8(0b10101010), z, sum, pairs[i])
			g.VPAND(mask6, pairs[i], pairs[i])
			g.VPSUBW(three, pairs[i], pairs[i])
			if i == 0 {
				g.VPSRLD(U8(12), sum, sum)
			}
		}
		left, right, lower, upper := g.YMM(), g.YMM(), g.YMM(), g.YMM()
		g.VPUNPCKLDQ(pairs[1], pairs[0], left)
		g.VPUNPCKHDQ(pairs[1], pairs[0], right)
		g.VPERM2I128(U8(0x20), right, left, lower)
		g.VPERM2I128(U8(0x31), right, left, upper)
		g.VMOVDQU(lower, f)
		g.VMOVDQU(upper, f.Offset(32))
		g.ADDQ(U32(64), f.Base)
		g.ADDQ(U32(24), b.Base)
	})
	g.Ret()
}
