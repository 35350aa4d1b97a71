package main

import (
	"fmt"
	"math/bits"
	"slices"

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

// bytes returns a register of 64 bytes, each as place says.
func (g *generator) bytes(name string, place func(i int) int) vec {
	var constants []Constant
	for i := range 64 {
		constants = append(constants, U8(place(i)))
	}
	x := g.ZMM()
	g.VMOVDQU64(g.Data(name, constants...), x)
	return x
}

// A fieldReader reads a polynomial's fields of d bits from memory, and makes words of them.
type fieldReader struct {
	g      *generator
	d      int
	places map[int]vec // by skew; see read
	shifts vec
}

// newFieldReader returns a reader that moves each field to its word from the bit low on. The
// other bits of the words are arbitrary.
func (g *generator) newFieldReader(d, low int) fieldReader {
	shifts := g.bytes(fmt.Sprintf("shifts%dTo%d", d, low), func(i int) int {
		quad, word, high := i/8, i%8/2, i%2
		return (4*d*quad%8 + d*word - low + 8*high + 64) % 64
	})
	return fieldReader{g, d, map[int]vec{}, shifts}
}

// read returns the i-th thirty-two words of the fields at b. It loads 64 bytes that begin with
// the first of these fields, or that end with the last field of all.
func (r fieldReader) read(b Mem, i int) vec {
	first := 4 * r.d * i
	start := min(first, 32*r.d-64)
	skew := first - start
	if r.places[skew] == nil {
		r.places[skew] = r.g.bytes(fmt.Sprintf("fields%dFrom%d", r.d, skew), func(i int) int {
			quad, place := i/8, i%8
			return (skew + 4*r.d*quad/8 + place) % 64
		})
	}
	x := r.g.ZMM()
	r.g.VPERMB(b.Offset(start), r.places[skew], x)
	r.g.VPMULTISHIFTQB(x, r.shifts, x)
	return x
}

func (g *generator) decodeAVX512() {
	f, b := decodeKernel(g, "decodeAVX512VBMI2", kit.AVX512VBMI2)
	r, mask := g.newFieldReader(12, 0), g.broadcast(1<<12-1, 1<<12-1)
	largest := g.ZMM()
	g.ZERO(largest)
	for i := range n / 32 {
		x := r.read(b, i)
		g.VPANDQ(mask, x, x)
		g.VPMAXSW(x, largest, largest)
		g.VMOVDQU64(x, f.Offset(64*i))
	}
	upper := g.YMM()
	g.VEXTRACTI64X4(U8(1), largest, upper)
	g.VPMAXSW(upper, largest.AsY(), upper)
	g.Comment("What is above q-1.")
	g.VPCMPGTW(g.words("limits", slices.Repeat([]int16{q - 1}, 16)...), upper, upper)
	g.returnIfZero(upper)
}

// decompressAVX512 does what decompress does.
func (g *generator) decompressAVX512(d int) {
	f, b := decompressKernel(g, fmt.Sprintf("decompress%dAVX512VBMI2", d), kit.AVX512VBMI2, d)
	r := g.newFieldReader(d, 15-d)
	modulus, mask := g.broadcast(q, q), g.broadcast((1<<d-1)<<(15-d), (1<<d-1)<<(15-d))
	for i := range n / 32 {
		x := r.read(b, i)
		g.VPANDQ(mask, x, x)
		g.VPMULHRSW(modulus, x, x)
		g.VMOVDQU64(x, f.Offset(64*i))
	}
	g.Ret()
}

// sampleCBDAVX512 looks the differences up in a table. VPERMI2W takes six bits of each word, which
// are a field for η = 3. VPERMW takes five bits, and the fields for η = 2 have four. So the table
// has them twice there.
func (g *generator) sampleCBDAVX512(eta int) {
	f, b := sampleCBDKernel(g, fmt.Sprintf("sampleCBD%dAVX512VBMI2", eta), kit.AVX512VBMI2, eta)
	r := g.newFieldReader(2*eta, 0)
	var differences []int16
	for x := range 64 {
		first, second := x%(1<<eta), x>>eta%(1<<eta)
		differences = append(differences, int16(bits.OnesCount(uint(first))-bits.OnesCount(uint(second))))
	}
	lower, upper := g.ZMM(), g.ZMM()
	lookUp := func(x vec) { g.VPERMW(lower, x, x) }
	if eta == 2 {
		g.VMOVDQU64(g.words("differences2", differences[:32]...), lower)
	} else {
		table := g.words("differences3", differences...)
		g.VMOVDQU64(table, lower)
		g.VMOVDQU64(table.Offset(64), upper)
		lookUp = func(x vec) { g.VPERMI2W(upper, lower, x) }
	}
	for i := range n / 32 {
		x := r.read(b, i)
		lookUp(x)
		g.VMOVDQU64(x, f.Offset(64*i))
	}
	g.Ret()
}

// compress1AVX512 makes a mask of the words, and stores it.
func (g *generator) compress1AVX512() {
	b, f := compressKernel(g, "compress1AVX512", kit.AVX512, 1)
	c := g.newCompressor(1)
	for i := range n / 32 {
		odd := g.K()
		g.VPTESTMW(c.mask, c.compress(f.Offset(64*i)), odd)
		g.KMOVD(odd, b.Offset(4*i))
	}
	g.Ret()
}

// decompress1AVX512 takes b for masks of words.
func (g *generator) decompress1AVX512() {
	f, b := decompressKernel(g, "decompress1AVX512", kit.AVX512, 1)
	half := g.broadcast((q+1)/2, (q+1)/2)
	for i := range n / 32 {
		ones, x := g.K(), g.ZMM()
		g.KMOVD(b.Offset(4*i), ones)
		g.VMOVDQU16_Z(half, ones, x)
		g.VMOVDQU64(x, f.Offset(64*i))
	}
	g.Ret()
}

// compressAVX512 does what compress does.
func (g *generator) compressAVX512(d int) {
	b, f := compressKernel(g, fmt.Sprintf("compress%dAVX512VBMI2", d), kit.AVX512VBMI2, d)
	c, p := g.newCompressor(d), g.newPacker(d)
	for i := range n / 32 {
		p.store(c.compress(f.Offset(64*i)), b.Offset(4*d*i))
	}
	g.Ret()
}

// setWide sets first and last, which storeWide needs: the places of the first 32 bytes of 4·d,
// and those of the last 32.
func (p *packer) setWide() {
	place := func(i int) int {
		quarter, i := i/p.d%4, i%p.d
		if p.d != 11 { // dense has left the gap between two quads
			i = i/(p.d/2)*8 + i%(p.d/2)
		}
		return 16*quarter + i
	}
	p.first = p.bytes(fmt.Sprintf("first%d", p.d), place)
	p.last = p.bytes(fmt.Sprintf("last%d", p.d), func(i int) int { return place(i + 4*p.d - 32) })
}

// storeWide stores 4·d bytes, d from each quarter of x. It makes two stores, which overlap.
func (p packer) storeWide(x vec, b Mem) {
	last := p.ZMM()
	p.VPERMB(x, p.last, last)
	p.VPERMB(x, p.first, x)
	p.VMOVDQU64(x.AsY(), b)
	p.VMOVDQU64(last.AsY(), b.Offset(4*p.d-32))
}
