package main

import (
	"math/bits"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

func (g *neon) sampleVartime() {
	g.Kernel("sampleVartimeNEON", sampleSignature, arm64.NEON, kit.Header{
		Does:  "sampleVartimeNEON does the first part of the portable NTT.SampleVartime.",
		Notes: "It sets coefficients of f, from the n-th on, while there are 24 bytes in the stream and f is not complete. It returns the number of coefficients that f then has, and the number of bytes read. It may write anything to the other coefficients from the n-th on. Its time depends on the stream.",
	})
	f, to := g.Pointer("f"), g.Param("n")
	stream, left := g.SliceBase("stream"), g.SliceLen("stream")
	start, end, limit := g.GP(), g.GP(), g.GP()
	g.MOVD(stream.Base(), start)
	g.Comment("Where the next coefficient belongs, and the end of f.")
	g.ADD(to.Lsl(1), f.Base(), to)
	g.ADD(arm64.Imm(2*n), f.Base(), end)
	sample := g.sampler(stream, left)

	g.Comment("While there is room for 16 coefficients.")
	g.SUB(arm64.Imm(2*16), end, limit)
	g.Label("sample")
	g.CMP(arm64.Imm(24), left)
	g.Branch("BLT", "sampled")
	g.CMP(limit, to)
	g.Branch("BHI", "fill")
	sample(func(accepted arm64.V, size arm64.R) {
		g.FMOVQ(accepted, to.At(f))
		g.ADD(size, to, to)
	})
	g.Branch("B", "sample")

	g.Label("fill")
	g.Comment("Where the last eight coefficients begin. Those that f already has stay as they are.")
	g.SUB(arm64.Imm(2*8), end, limit)
	places := g.Quads("shifted", ^uint64(0), ^uint64(0), 0x0706050403020100, 0x0f0e0d0c0b0a0908)
	g.Label("fillNext")
	g.CMP(arm64.Imm(24), left)
	g.Branch("BLT", "sampled")
	g.CMP(end, to)
	g.Branch("BHS", "sampled")
	sample(func(accepted arm64.V, size arm64.R) {
		at, shift := g.GP(), g.GP()
		g.CMP(limit, to)
		g.CSEL("LO", to, limit, at)
		g.SUB(to, at, shift)
		g.ADD(places.Base(), shift, shift)
		index, eight := g.Vector(arm64.B16), g.Vector(arm64.B16)
		g.FMOVQ(shift.At(places).At(16), index)
		g.FMOVQ(at.At(f), eight)
		g.VTBX(index, []arm64.V{accepted.As(arm64.B16)}, eight)
		g.FMOVQ(eight, at.At(f))
		g.ADD(size, to, to)
		g.CMP(end, to)
		g.CSEL("LO", to, end, to)
	})
	g.Branch("B", "fillNext")

	g.Label("sampled")
	g.SUB(f.Base(), to, to)
	g.LSR(arm64.Imm(1), to, to)
	g.Return(to, "count")
	g.SUB(start, stream.Base(), start)
	g.Return(start, "read")
	g.Ret()
}

// sampler returns a function that takes 24 bytes from the stream, with two times eight candidates. It
// calls store for each eight, with those that are accepted, in order, and their size in bytes.
func (g *neon) sampler(stream arm64.Mem, left arm64.R) (sample func(store func(accepted arm64.V, size arm64.R))) {
	// constant returns a register with eight words.
	constant := func(name string, word func(i int) int) arm64.V {
		var words []int16
		for i := range 8 {
			words = append(words, int16(word(i)))
		}
		v := g.register()
		g.FMOVQ(g.Words(name, words...), v)
		return v
	}
	// The two bytes of number i begin at byte 3/2·i. The upper eight numbers are loaded from an
	// address 4 bytes before the first. In its word, an even number has bits of its neighbour
	// above it, and an odd one has such bits below it.
	place := func(i int) int { return 3*i/2 | (3*i/2+1)<<8 }
	spread := [2]arm64.V{
		constant("spreadLower", place),
		constant("spreadUpper", func(i int) int { return place(i) + 4<<8 + 4 }),
	}
	shift := constant("shift", func(i int) int { return i % 2 * -4 })
	mask := constant("mask12", func(int) int { return 1<<12 - 1 })
	modulus := constant("modulus", func(int) int { return q })
	bit := [2]arm64.V{
		constant("bitLower", func(i int) int { return 1 << i }),
		constant("bitUpper", func(i int) int { return 1 << (8 + i) }),
	}
	places := g.Quads("compact", subsets()...)
	var twoBytes []byte
	for set := range 256 {
		twoBytes = append(twoBytes, byte(2*bits.OnesCount(uint(set))))
	}
	sizes := g.Data("compactSizes", twoBytes)

	return func(store func(accepted arm64.V, size arm64.R)) {
		var x, accepted [2]arm64.V
		sets := g.GP()
		g.Schedule(20, func() {
			for half := range 2 {
				x[half], accepted[half] = g.register(), g.register()
				bytes := x[half].As(arm64.B16)
				g.FMOVQ(stream.At(8*half), x[half])
				g.VTBL(spread[half].As(arm64.B16), []arm64.V{bytes}, bytes)
				g.VUSHL(shift, x[half], x[half])
				g.VAND(mask, x[half], x[half])
				g.VCMHI(x[half], modulus, accepted[half])
				g.VAND(bit[half], accepted[half], accepted[half])
			}
			g.Comment("One bit for each candidate: first the lower eight, then the upper eight.")
			g.VORR(accepted[1], accepted[0], accepted[0])
			g.VADDV(accepted[0], accepted[0])
			g.VMOV(accepted[0].Lane(0), sets)
		})
		for half := range 2 {
			set, size := g.GP(), g.GP()
			if half == 0 {
				g.AND(arm64.Imm(0xff), sets, set)
			} else {
				g.LSR(arm64.Imm(8), sets, set)
			}
			at, index := g.GP(), g.Vector(arm64.B16)
			g.ADD(set, sizes.Base(), at)
			g.MOVBU(at.At(sizes), size)
			g.ADD(set.Lsl(4), places.Base(), at)
			g.FMOVQ(at.At(places), index)
			g.VTBL(index, []arm64.V{x[half].As(arm64.B16)}, x[half].As(arm64.B16))
			store(x[half], size)
		}
		g.ADD(arm64.Imm(24), stream.Base(), stream.Base())
		g.SUB(arm64.Imm(24), left, left)
	}
}
