package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// An unpacker makes words of numbers of 12 bits.
type unpacker struct{ spread, times vec }

func newUnpacker() unpacker {
	// In each half, a number's two bytes are those from 3/2 of its place on. What the
	// upper half is loaded from begins 4 bytes too early.
	spread := shuffle("spread12", func(i int) int { return i%16/4*3 + (i%4+1)/2 + i/16*4 })
	return unpacker{spread, broadcast(1<<4, 1)}
}

// unpack returns the sixteen numbers in the 24 bytes at b.
func (u unpacker) unpack(b Mem) vec {
	x := YMM()
	VBROADCASTI128(b, x)
	VINSERTI128(U8(1), b.Offset(8), x, x)
	VPSHUFB(u.spread, x, x)
	// The even ones have foreign bits above them, the odd ones below them.
	VPMULLW(u.times, x, x)
	VPSRLW(U8(4), x, x)
	return x
}

func sampleVartime() {
	kernel("sampleVartimeAVX2", "func(f *[256]int16, n int, stream []byte) (count, read int)",
		"sampleVartimeAVX2 begins what the portable NTT.SampleVartime does. It fills f from its",
		"n-th coefficient on, as long as there are 24 bytes in the stream and room for 16",
		"coefficients. It returns how many f then has, and how many bytes it has read. What it",
		"leaves in the other coefficients from the n-th on is not specified.",
		"It needs AVX2 and POPCNT. Its time depends on the stream.")
	f, count := Load(Param("f"), GP64()), Load(Param("n"), GP64())
	stream, left := Mem{Base: Load(Param("stream").Base(), GP64())}, Load(Param("stream").Len(), GP64())
	start := GP64()
	MOVQ(stream.Base, start)
	u := newUnpacker()
	modulus := broadcast(q, q)

	// For each set of eight words, the places of their bytes, one after the other.
	places := GLOBL("compact", RODATA|NOPTR)
	for set := range 256 {
		var entry [2]uint64
		at := 0
		for word := range 8 {
			if set>>word&1 == 1 {
				entry[at/4] |= uint64(2*word|(2*word+1)<<8) << (at % 4 * 16)
				at++
			}
		}
		DATA(16*set, U64(entry[0]))
		DATA(16*set+8, U64(entry[1]))
	}
	table := GP64()
	LEAQ(places, table)

	Label("sample")
	CMPQ(left, U8(24))
	JLT(LabelRef("sampled"))
	CMPQ(count, U32(n-16))
	JGT(LabelRef("sampled"))
	x, accepted, bytes := u.unpack(stream), YMM(), YMM()
	VPCMPGTW(x, modulus, accepted)
	Comment("A bit for each: of the lower eight, then of the upper eight.")
	VPACKSSWB(accepted, accepted, bytes)
	VPERMQ(U8(0b1000), bytes, bytes)
	sets := GP32()
	VPMOVMSKB(bytes.AsX(), sets)
	upper := XMM()
	VEXTRACTI128(U8(1), x, upper)
	for i, candidates := range []Op{x.AsX(), upper} {
		set, compact, accepted := GP32(), XMM(), GP32()
		if i == 0 {
			MOVBLZX(sets.As8(), set)
		} else {
			SHRL(U8(8), sets)
			MOVL(sets, set)
		}
		POPCNTL(set, accepted)
		SHLL(U8(4), set)
		VPSHUFB(Mem{Base: table, Index: set.As64(), Scale: 1}, candidates, compact)
		VMOVDQU(compact, Mem{Base: f, Index: count, Scale: 2})
		ADDQ(accepted.As64(), count)
	}
	ADDQ(U32(24), stream.Base)
	SUBQ(U8(24), left)
	JMP(LabelRef("sample"))
	Label("sampled")
	SUBQ(start, stream.Base)
	Store(count, ReturnIndex(0))
	Store(stream.Base, ReturnIndex(1))
	ret()
}

func sampleCBD2() {
	kernel("sampleCBD2AVX2", "func(f *[256]int16, b *[128]byte)",
		"sampleCBD2AVX2 is the portable Poly.SampleCBD for η = 2. Out |f| <= 2.",
		"It needs AVX2.")
	f, b := Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("b"), GP64())}
	nibble := broadcast(0x0f0f, 0x0f0f)
	differences := shuffle("differences", func(x int) int { return x&1 + x>>1&1 - x>>2&1 - x>>3&1 })

	repeat("sampleCBD2", n/64, func() {
		even, odd := YMM(), YMM()
		VMOVDQU(b, even)
		VPSRLW(U8(4), even, odd)
		for _, x := range []vec{even, odd} {
			VPAND(nibble, x, x)
			VPSHUFB(x, differences, x)
		}
		// In each half: the coefficients of eight bytes, and those of the next eight.
		first, second := YMM(), YMM()
		VPUNPCKLBW(odd, even, first)
		VPUNPCKHBW(odd, even, second)
		for i, x := range []vec{first, second} {
			lower, upper := YMM(), YMM()
			VPMOVSXBW(x.AsX(), lower)
			VMOVDQU(lower, f.Offset(32*i))
			VEXTRACTI128(U8(1), x, upper.AsX())
			VPMOVSXBW(upper.AsX(), upper)
			VMOVDQU(upper, f.Offset(64+32*i))
		}
		ADDQ(U32(128), f.Base)
		ADDQ(U32(32), b.Base)
	})
	ret()
}

func sampleCBD3() {
	kernel("sampleCBD3AVX2", "func(f *[256]int16, b *[192]byte)",
		"sampleCBD3AVX2 is the portable Poly.SampleCBD for η = 3. Out |f| <= 3.",
		"It needs AVX2.")
	f, b := Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("b"), GP64())}
	spread := shuffle("spread24", func(i int) int {
		if i%4 == 3 {
			return -1
		}
		// What the upper half is loaded from begins 4 bytes too early.
		return i%16/4*3 + i%4 + i/16*4
	})
	third := broadcastQuad(0o11111111 * (1<<32 + 1))
	low, low3 := broadcastQuad(0o07070707*(1<<32+1)), broadcastQuad(0o03030303*(1<<32+1))
	six, three := broadcast(0o77, 0o77), broadcast(3, 3)

	repeat("sampleCBD3", n/32, func() {
		x, y := YMM(), YMM()
		VBROADCASTI128(b, x)
		VINSERTI128(U8(1), b.Offset(8), x, x)
		VPSHUFB(spread, x, x)
		Comment("Eight sums of three bits.")
		sum := YMM()
		VPAND(third, x, sum)
		for range 2 {
			VPSRLD(U8(1), x, x)
			VPAND(third, x, y)
			VPADDD(y, sum, sum)
		}
		Comment("Four differences of neighbours, plus 3 so that none borrows.")
		VPSRLD(U8(3), sum, y)
		VPAND(low, sum, sum)
		VPAND(low, y, y)
		VPADDD(low3, sum, sum)
		VPSUBD(y, sum, sum)
		Comment("Two of them in two words, and the other two.")
		var pairs [2]vec
		for i := range pairs {
			pairs[i] = YMM()
			z := YMM()
			VPSLLD(U8(10), sum, z)
			VPBLENDW(U8(0b10101010), z, sum, pairs[i])
			VPAND(six, pairs[i], pairs[i])
			VPSUBW(three, pairs[i], pairs[i])
			if i == 0 {
				VPSRLD(U8(12), sum, sum)
			}
		}
		left, right, lower, upper := YMM(), YMM(), YMM(), YMM()
		VPUNPCKLDQ(pairs[1], pairs[0], left)
		VPUNPCKHDQ(pairs[1], pairs[0], right)
		VPERM2I128(U8(0x20), right, left, lower)
		VPERM2I128(U8(0x31), right, left, upper)
		VMOVDQU(lower, f)
		VMOVDQU(upper, f.Offset(32))
		ADDQ(U32(64), f.Base)
		ADDQ(U32(24), b.Base)
	})
	ret()
}
