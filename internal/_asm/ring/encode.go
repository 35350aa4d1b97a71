package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func encode() {
	kernel("encodeAVX2", "func(b *[384]byte, f *[256]int16)",
		"encodeAVX2 is the portable NTT.Encode. In f canonical.",
		"It needs AVX2.")
	b, f := Mem{Base: Load(Param("b"), GP64())}, Mem{Base: Load(Param("f"), GP64())}
	p := newPacker(12)
	repeat("encode", n/16, func() {
		x := YMM()
		VMOVDQU(f, x)
		p.store(x, b)
		ADDQ(U32(32), f.Base)
		ADDQ(U32(24), b.Base)
	})
	ret()
}

func decode() {
	kernel("decodeAVX2", "func(f *[256]int16, b *[384]byte) bool",
		"decodeAVX2 is the portable NTT.Decode. Out 0 <= f < 2^12; f canonical if it returns true.",
		"It needs AVX2.")
	f, b := Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("b"), GP64())}
	u := newUnpacker()
	largest, excess := broadcast(q-1, q-1), YMM()
	VPXOR(excess, excess, excess)
	repeat("decode", n/16, func() {
		x, above := u.unpack(b), YMM()
		VMOVDQU(x, f)
		VPCMPGTW(largest, x, above)
		VPOR(above, excess, excess)
		ADDQ(U32(32), f.Base)
		ADDQ(U32(24), b.Base)
	})
	VPTEST(excess, excess)
	none := GP8()
	SETEQ(none)
	Store(none, ReturnIndex(0))
	ret()
}

func compress1() {
	b, f := compressKernel(1)
	c := newCompressor(1)
	repeat("compress1", n/32, func() {
		x, y := c.compress(f), c.compress(f.Offset(32))
		VPSLLW(U8(15), x, x)
		VPSLLW(U8(15), y, y)
		VPACKSSWB(y, x, x)
		VPERMQ(U8(0b11011000), x, x)
		bits := GP32()
		VPMOVMSKB(x, bits)
		MOVL(bits, b)
		ADDQ(U32(64), f.Base)
		ADDQ(U32(4), b.Base)
	})
	ret()
}

// compress is for the other d.
func compress(d int) {
	b, f := compressKernel(d)
	c := newCompressor(d)

	// width registers are stored at once.
	width := 1
	var store func(x []vec)
	switch d {
	case 4:
		width = 4
		pair, order := broadcast(1|16<<8, 1|16<<8), table("order", 0, 0, 4, 0, 1, 0, 5, 0, 2, 0, 6, 0, 3, 0, 7, 0)
		store = func(x []vec) {
			for i := 0; i < 4; i += 2 {
				VPACKUSWB(x[i+1], x[i], x[i])
				VPMADDUBSW(pair, x[i], x[i])
			}
			VPACKUSWB(x[2], x[0], x[0])
			VPERMD(x[0], order, x[0])
			VMOVDQU(x[0], b)
		}
	case 5:
		width = 2
		pair, p := broadcast(1|32<<8, 1|32<<8), newPacker(10)
		store = func(x []vec) {
			VPACKUSWB(x[1], x[0], x[0])
			VPERMQ(U8(0b11011000), x[0], x[0])
			VPMADDUBSW(pair, x[0], x[0])
			p.store(x[0], b)
		}
	default:
		p := newPacker(d)
		store = func(x []vec) { p.store(x[0], b) }
	}

	repeat(fmt.Sprintf("compress%d", d), uint32(n/16/width), func() {
		var x []vec
		for i := range width {
			x = append(x, c.compress(f.Offset(32*i)))
		}
		store(x)
		ADDQ(U32(32*width), f.Base)
		ADDQ(U32(2*d*width), b.Base)
	})
	ret()
}

func compressKernel(d int) (b, f Mem) {
	name := fmt.Sprintf("compress%dAVX2", d)
	kernel(name, fmt.Sprintf("func(b *[%d]byte, f *[256]int16)", 32*d),
		fmt.Sprintf("%s is the portable Poly.Compress for d = %d. In any f.", name, d),
		"It needs AVX2.")
	return Mem{Base: Load(Param("b"), GP64())}, Mem{Base: Load(Param("f"), GP64())}
}

// A compressor rounds 2^d/q · a to d bits.
//
// The high half of a product with 2^(16+d)/q is a quotient e with a remainder of
// 2^d·a - e·q between -q/2 and 3q/2, as the error of the factor is less than half of
// 2^16 / 2^15. Above q/2 it is one too small.
type compressor struct {
	d                             int
	factor, modulus, middle, mask vec
}

func newCompressor(d int) compressor {
	factor := (2<<(16+d)/q + 1) / 2
	return compressor{d, broadcast(int16(factor), int16(factor)), broadcast(q, q), broadcast(q/2, q/2), broadcast(1<<d-1, 1<<d-1)}
}

func (c compressor) compress(f Mem) vec {
	x, e, multiple := YMM(), YMM(), YMM()
	VMOVDQU(f, x)
	VPMULHW(c.factor, x, e)
	if c.d == 11 {
		// The factor is 2^16 more than the word that stands for it.
		VPADDW(x, e, e)
	}
	VPMULLW(c.modulus, e, multiple)
	VPSLLW(U8(c.d), x, x)
	VPSUBW(multiple, x, x)
	VPCMPGTW(c.middle, x, x)
	VPSUBW(x, e, e)
	VPAND(c.mask, e, e)
	return e
}

// A packer packs words of d = 10, 11 or 12 bits.
type packer struct {
	d           int
	pair, align vec
	dense       func(x vec) // moves what the halves of x have in 8 bytes each together
}

func newPacker(d int) packer {
	p := packer{d: d, pair: broadcast(1, 1<<d), align: broadcastQuad(uint64(32 - 2*d))}
	if d == 11 {
		left := table("left44", 44, 0, 0, 0, 64, 0, 0, 0, 44, 0, 0, 0, 64, 0, 0, 0)
		right := table("right20", 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0)
		p.dense = func(x vec) {
			swapped := YMM()
			VPSHUFD(U8(0b01001110), x, swapped)
			VPSLLVQ(left, swapped, swapped)
			VPSRLVQ(right, x, x)
			VPOR(swapped, x, x)
		}
	} else {
		places := shuffle(fmt.Sprintf("dense%d", d), func(i int) int {
			if i%16 >= d {
				return -1
			}
			return i%16/(d/2)*8 + i%16%(d/2)
		})
		p.dense = func(x vec) { VPSHUFB(places, x, x) }
	}
	return p
}

// store packs the sixteen words in x into 2·d bytes.
func (p packer) store(x vec, b Mem) {
	VPMADDWD(p.pair, x, x)
	VPSLLVD(p.align, x, x)
	VPSRLQ(U8(32-2*p.d), x, x)
	Commentf("Four words have become %d bits.", 4*p.d)
	p.dense(x)
	Commentf("Each half of the register has become %d bytes.", p.d)
	upper, first := XMM(), XMM()
	VEXTRACTI128(U8(1), x, upper)
	VPSLLDQ(U8(p.d), upper, first)
	VPOR(x.AsX(), first, first)
	VMOVDQU(first, b)
	VPSRLDQ(U8(16-p.d), upper, upper)
	switch p.d {
	case 10:
		VMOVD(upper, b.Offset(16))
	case 11:
		VMOVD(upper, b.Offset(16))
		VPEXTRW(U8(2), upper, b.Offset(20))
	case 12:
		VMOVQ(upper, b.Offset(16))
	}
}

func decompress1() {
	f, b := decompressKernel(1)
	bits, half := YMM(), broadcast((q+1)/2, (q+1)/2)
	places := GLOBL("bits", RODATA|NOPTR)
	for word := range 16 {
		DATA(2*word, U16(1<<word))
	}
	VMOVDQU(places, bits)
	repeat("decompress1", n/16, func() {
		x := YMM()
		VPBROADCASTW(b, x)
		VPAND(bits, x, x)
		VPCMPEQW(bits, x, x)
		VPAND(half, x, x)
		VMOVDQU(x, f)
		ADDQ(U32(32), f.Base)
		ADDQ(U32(2), b.Base)
	})
	ret()
}

// decompress is for the other d. It makes 2^(15-d)·y of each number y, since the
// product of two words, divided by 2^15 and rounded, is one instruction.
func decompress(d int) {
	f, b := decompressKernel(d)
	modulus, mask := broadcast(q, q), broadcast((1<<d-1)<<(15-d), (1<<d-1)<<(15-d))

	// Of each register in a round, the 16 bytes that its two halves are made from begin
	// here, so that they have all and do not go past the end.
	starts := map[int][][2]int{4: {{0, 0}, {0, 0}}, 5: {{0, 0}, {4, 4}}, 10: {{0, 4}}, 11: {{0, 6}}}[d]
	var align []func(x vec) vec
	for i, start := range starts {
		align = append(align, aligner(d, i, start))
	}
	repeat(fmt.Sprintf("decompress%d", d), uint32(n/16/len(starts)), func() {
		for i, start := range starts {
			x := YMM()
			VBROADCASTI128(b.Offset(start[0]), x)
			if start[1] != start[0] {
				VINSERTI128(U8(1), b.Offset(start[1]), x, x)
			}
			x = align[i](x)
			VPAND(mask, x, x)
			VPMULHRSW(modulus, x, x)
			VMOVDQU(x, f.Offset(32*i))
		}
		ADDQ(U32(32*len(starts)), f.Base)
		ADDQ(U32(2*d*len(starts)), b.Base)
	})
	ret()
}

// aligner returns a function that moves the fields of d bits of the i-th register in a
// round to the words where they belong, below the highest bit. Other bits there are
// not specified.
func aligner(d, i int, start [2]int) func(x vec) vec {
	// Where the field of a word begins, in its half and in the byte there; and the place
	// of the j-th byte that has a part of it.
	position := func(word int) (place, shift int) {
		bit := d * (16*i + word)
		return bit/8 - start[word/8], bit % 8
	}
	part := func(word, j int) int {
		place, shift := position(word)
		if j < 0 || 8*j >= shift+d {
			return -1
		}
		return place + j
	}

	if d < 11 {
		// A field stands in two bytes.
		var factors []int16
		for word := range 16 {
			_, shift := position(word)
			factors = append(factors, 1<<(16-d-shift))
		}
		places := shuffle(fmt.Sprintf("fields%d_%d", d, i), func(i int) int { return part(i/2, i%2) })
		shifts := table(fmt.Sprintf("factors%d_%d", d, i), factors...)
		return func(x vec) vec {
			VPSHUFB(places, x, x)
			VPMULLW(shifts, x, x)
			VPSRLW(U8(1), x, x)
			return x
		}
	}

	// A field may stand in three bytes. Those are the upper ones of a double word, once
	// for the even words and once for the odd ones.
	var right, left []int16
	for word := 0; word < 16; word += 2 {
		_, even := position(word)
		_, odd := position(word + 1)
		right, left = append(right, int16(8+even-4), 0), append(left, int16(20-8-odd), 0)
	}
	evenPlaces := shuffle("evenFields11", func(i int) int { return part(i/4*2, i%4-1) })
	oddPlaces := shuffle("oddFields11", func(i int) int { return part(i/4*2+1, i%4-1) })
	evenShifts, oddShifts := table("evenShifts11", right...), table("oddShifts11", left...)
	return func(x vec) vec {
		even, odd := YMM(), YMM()
		VPSHUFB(evenPlaces, x, even)
		VPSHUFB(oddPlaces, x, odd)
		VPSRLVD(evenShifts, even, even)
		VPSLLVD(oddShifts, odd, odd)
		VPBLENDW(U8(0b10101010), odd, even, even)
		return even
	}
}

func decompressKernel(d int) (f, b Mem) {
	name := fmt.Sprintf("decompress%dAVX2", d)
	kernel(name, fmt.Sprintf("func(f *[256]int16, b *[%d]byte)", 32*d),
		fmt.Sprintf("%s is the portable Poly.Decompress for d = %d. Out f canonical.", name, d),
		"It needs AVX2.")
	return Mem{Base: Load(Param("f"), GP64())}, Mem{Base: Load(Param("b"), GP64())}
}
