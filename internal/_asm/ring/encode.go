package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

func encodeKernel[Set, Memory any](m machine[Set, Memory], name string, set Set) (b, f Memory) {
	m.Kernel(name, "func(b *[384]byte, f *[256]int16)", set, kit.Header{
		Does: name + " is the portable NTT.Encode.",
		In:   "f canonical.",
	})
	return m.Pointer("b"), m.Pointer("f")
}

func (g *generator) encode(name string, set kit.Set) {
	b, f := encodeKernel(g, name, set)
	p := g.newPacker(12)
	g.Repeat(name, n/g.width, func() {
		x := g.register()
		g.move(f, x)
		p.store(x, b)
		g.ADDQ(U32(2*g.width), f.Base)
		g.ADDQ(U32(12*g.width/8), b.Base)
	})
	g.Ret()
}

func decodeKernel[Set, Memory any](m machine[Set, Memory], name string, set Set) (f, b Memory) {
	m.Kernel(name, "func(f *[256]int16, b *[384]byte) uint8", set, kit.Header{
		Does: name + " is the portable NTT.Decode.",
		Out:  "0 <= f < 2^12; f canonical if it returns 1.",
	})
	return m.Pointer("f"), m.Pointer("b")
}

func (g *generator) decode() {
	f, b := decodeKernel(g, "decodeAVX2", kit.AVX2)
	u := g.newUnpacker()
	largest, excess := g.broadcast(q-1, q-1), g.YMM()
	g.VPXOR(excess, excess, excess)
	g.Repeat("decode", n/16, func() {
		x, above := u.unpack(b), g.YMM()
		g.VMOVDQU(x, f)
		g.VPCMPGTW(largest, x, above)
		g.VPOR(above, excess, excess)
		g.ADDQ(U32(32), f.Base)
		g.ADDQ(U32(24), b.Base)
	})
	g.returnIfZero(excess)
}

// returnIfZero ends a kernel, which returns 1 if x is zero, and 0 otherwise.
func (g *generator) returnIfZero(x Op) {
	g.VPTEST(x, x)
	zero := g.GP8()
	g.SETEQ(zero)
	g.Store(zero, g.ReturnIndex(0))
	g.Ret()
}

func (g *generator) compress1() {
	b, f := compressKernel(g, "compress1AVX2", kit.AVX2, 1)
	c := g.newCompressor(1)
	g.Repeat("compress1", n/32, func() {
		x, y := c.compress(f), c.compress(f.Offset(32))
		g.VPSLLW(U8(15), x, x)
		g.VPSLLW(U8(15), y, y)
		g.VPACKSSWB(y, x, x)
		g.VPERMQ(U8(0b11011000), x, x)
		bits := g.GP32()
		g.VPMOVMSKB(x, bits)
		g.MOVL(bits, b)
		g.ADDQ(U32(64), f.Base)
		g.ADDQ(U32(4), b.Base)
	})
	g.Ret()
}

// compress writes the kernel for another d.
func (g *generator) compress(d int) {
	b, f := compressKernel(g, fmt.Sprintf("compress%dAVX2", d), kit.AVX2, d)
	c := g.newCompressor(d)

	// store packs the words of width registers and stores them.
	width := 1
	var store func(x []vec)
	switch d {
	case 4:
		width = 4
		join, order := g.broadcast(1|(16<<8), 1|(16<<8)), g.table("order", 0, 0, 4, 0, 1, 0, 5, 0, 2, 0, 6, 0, 3, 0, 7, 0)
		store = func(x []vec) {
			for i := 0; i < 4; i += 2 {
				g.VPACKUSWB(x[i+1], x[i], x[i])
				g.VPMADDUBSW(join, x[i], x[i])
			}
			g.VPACKUSWB(x[2], x[0], x[0])
			g.VPERMD(x[0], order, x[0])
			g.VMOVDQU(x[0], b)
		}
	case 5:
		width = 2
		join, p := g.broadcast(1|(32<<8), 1|(32<<8)), g.newPacker(10)
		store = func(x []vec) {
			g.VPACKUSWB(x[1], x[0], x[0])
			g.VPERMQ(U8(0b11011000), x[0], x[0])
			g.VPMADDUBSW(join, x[0], x[0])
			p.store(x[0], b)
		}
	default:
		p := g.newPacker(d)
		store = func(x []vec) { p.store(x[0], b) }
	}

	g.Repeat(fmt.Sprintf("compress%d", d), n/16/width, func() {
		var x []vec
		for i := range width {
			x = append(x, c.compress(f.Offset(32*i)))
		}
		store(x)
		g.ADDQ(U32(32*width), f.Base)
		g.ADDQ(U32(2*d*width), b.Base)
	})
	g.Ret()
}

func compressKernel[Set, Memory any](m machine[Set, Memory], name string, set Set, d int) (b, f Memory) {
	m.Kernel(name, fmt.Sprintf("func(b *[%d]byte, f *[256]int16)", 32*d), set, kit.Header{
		Does: fmt.Sprintf("%s is the portable Poly.Compress for d = %d.", name, d),
		In:   "any f.",
	})
	return m.Pointer("b"), m.Pointer("f")
}

// A compressor rounds 2^d/q · a to d bits.
//
// The quotient e is the high half of the product of a and 2^(16+d)/q. This factor is rounded,
// so its error is at most 1/2, and the error of the product divided by 2^16 is less than 1/2.
// So the remainder 2^d·a - e·q is between -q/2 and 3q/2. If it is above q/2, e is too small by
// one.
type compressor struct {
	*generator
	d                             int
	factor, modulus, middle, mask vec
	minusOne                      vec // for zmm registers
}

// greater is the comparison of VPCMPW that tells whether a word is greater than another.
const greater = 6

func (g *generator) newCompressor(d int) compressor {
	factor := overQ(16 + d)
	c := compressor{generator: g, d: d, factor: g.broadcast(int16(factor), int16(factor)), modulus: g.broadcast(q, q), middle: g.broadcast(q/2, q/2), mask: g.broadcast(1<<d-1, 1<<d-1)}
	if g.width == 32 {
		c.minusOne = g.broadcast(-1, -1)
	}
	return c
}

// overQ returns 2^bits / q, rounded.
func overQ(bits int) int { return (2<<bits/q + 1) / 2 }

func (c compressor) compress(f Mem) vec {
	x, e, multiple := c.register(), c.register(), c.register()
	c.move(f, x)
	c.VPMULHW(c.factor, x, e)
	if c.d == 11 {
		// The factor does not fit in a signed word, which holds the factor minus 2^16.
		c.VPADDW(x, e, e)
	}
	c.VPMULLW(c.modulus, e, multiple)
	c.VPSLLW(U8(c.d), x, x)
	c.VPSUBW(multiple, x, x)
	if c.width == 16 {
		c.VPCMPGTW(c.middle, x, x)
		c.VPSUBW(x, e, e)
		c.VPAND(c.mask, e, e)
	} else {
		above := c.K()
		c.VPCMPW(U8(greater), c.middle, x, above)
		c.VPSUBW(c.minusOne, e, above, e)
		c.VPANDQ(c.mask, e, e)
	}
	return e
}

// A packer packs words of d = 10, 11 or 12 bits.
type packer struct {
	*generator
	d           int
	join, align vec
	first, last vec         // for storeWide
	dense       func(x vec) // closes the gap between the two quads in each sixteen bytes of x
}

func (g *generator) newPacker(d int) packer {
	p := packer{generator: g, d: d, join: g.broadcast(1, 1<<d), align: g.broadcastQuad(uint64(32 - 2*d))}
	switch {
	case d == 11:
		left := g.table("left44", 44, 0, 0, 0, 64, 0, 0, 0, 44, 0, 0, 0, 64, 0, 0, 0)
		right := g.table("right20", 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0)
		p.dense = func(x vec) {
			swapped := g.register()
			g.VPSHUFD(U8(0b01001110), x, swapped)
			g.VPSLLVQ(left, swapped, swapped)
			g.VPSRLVQ(right, x, x)
			g.VPADDQ(swapped, x, x) // they have no bit in common
		}
	case g.width == 16:
		places := g.shuffle(fmt.Sprintf("dense%d", d), func(i int) int {
			if i%16 >= d {
				return -1
			}
			quad, place := i%16/(d/2), i%16%(d/2)
			return 8*quad + place
		})
		p.dense = func(x vec) { g.VPSHUFB(places, x, x) }
	default:
		p.dense = func(vec) {} // storeWide closes the gap
	}
	if g.width == 32 {
		p.setWide()
	}
	return p
}

// store packs the words in x, into d bytes for each eight of them.
func (p packer) store(x vec, b Mem) {
	p.VPMADDWD(p.join, x, x)
	p.VPSLLVD(p.align, x, x)
	p.VPSRLQ(U8(32-2*p.d), x, x)
	p.Commentf("Each quad has %d bits.", 4*p.d)
	p.dense(x)
	if p.width == 32 {
		p.storeWide(x, b)
		return
	}
	p.Commentf("Each half of the register has %d bytes.", p.d)
	upper, first := p.XMM(), p.XMM()
	p.VEXTRACTI128(U8(1), x, upper)
	p.VPSLLDQ(U8(p.d), upper, first)
	p.VPOR(x.AsX(), first, first)
	p.VMOVDQU(first, b)
	p.VPSRLDQ(U8(16-p.d), upper, upper)
	switch p.d {
	case 10:
		p.VMOVD(upper, b.Offset(16))
	case 11:
		p.VMOVD(upper, b.Offset(16))
		p.VPEXTRW(U8(2), upper, b.Offset(20))
	case 12:
		p.VMOVQ(upper, b.Offset(16))
	}
}

func (g *generator) decompress1() {
	f, b := decompressKernel(g, "decompress1AVX2", kit.AVX2, 1)
	bits, half := g.YMM(), g.broadcast((q+1)/2, (q+1)/2)
	var places []int16
	for word := range 16 {
		places = append(places, int16(1<<word))
	}
	g.VMOVDQU(g.words("bits", places...), bits)
	g.Repeat("decompress1", n/16, func() {
		x := g.YMM()
		g.VPBROADCASTW(b, x)
		g.VPAND(bits, x, x)
		g.VPCMPEQW(bits, x, x)
		g.VPAND(half, x, x)
		g.VMOVDQU(x, f)
		g.ADDQ(U32(32), f.Base)
		g.ADDQ(U32(2), b.Base)
	})
	g.Ret()
}

// decompress writes the kernel for another d. It shifts each number y to 2^(15-d)·y, because
// one instruction, VPMULHRSW, multiplies two words, divides the product by 2^15 and rounds.
func (g *generator) decompress(d int) {
	f, b := decompressKernel(g, fmt.Sprintf("decompress%dAVX2", d), kit.AVX2, d)
	modulus, mask := g.broadcast(q, q), g.broadcast((1<<d-1)<<(15-d), (1<<d-1)<<(15-d))

	// Each turn of the loop fills one or two registers. For each register, starts has the
	// offsets of the 16 bytes from which its two halves are made. No load goes past the end
	// of b.
	starts := map[int][][2]int{4: {{0, 0}, {0, 0}}, 5: {{0, 0}, {4, 4}}, 10: {{0, 4}}, 11: {{0, 6}}}[d]
	var align []func(x vec) vec
	for i, start := range starts {
		align = append(align, g.aligner(d, i, start))
	}
	g.Repeat(fmt.Sprintf("decompress%d", d), n/16/len(starts), func() {
		for i, start := range starts {
			x := g.YMM()
			g.VBROADCASTI128(b.Offset(start[0]), x)
			if start[1] != start[0] {
				g.VINSERTI128(U8(1), b.Offset(start[1]), x, x)
			}
			x = align[i](x)
			g.VPAND(mask, x, x)
			g.VPMULHRSW(modulus, x, x)
			g.VMOVDQU(x, f.Offset(32*i))
		}
		g.ADDQ(U32(32*len(starts)), f.Base)
		g.ADDQ(U32(2*d*len(starts)), b.Base)
	})
	g.Ret()
}

// aligner returns a function for the i-th register of a turn. The function moves each field of
// d bits to its word, right below the highest bit. The other bits of the words are arbitrary.
func (g *generator) aligner(d, i int, start [2]int) func(x vec) vec {
	// position returns where the field of a word begins: the byte in the half of the register,
	// and the bit in that byte. part returns the place of the field's j-th byte, or -1.
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
		// A field lies in two bytes.
		var factors []int16
		for word := range 16 {
			_, shift := position(word)
			factors = append(factors, 1<<(16-d-shift))
		}
		places := g.shuffle(fmt.Sprintf("fields%d_%d", d, i), func(i int) int { return part(i/2, i%2) })
		shifts := g.table(fmt.Sprintf("factors%d_%d", d, i), factors...)
		return func(x vec) vec {
			g.VPSHUFB(places, x, x)
			g.VPMULLW(shifts, x, x)
			g.VPSRLW(U8(1), x, x)
			return x
		}
	}

	// A field may lie in three bytes. They become the upper bytes of a double word, in one
	// register for the even words and in another for the odd words.
	var right, left []int16
	for word := 0; word < 16; word += 2 {
		_, even := position(word)
		_, odd := position(word + 1)
		right, left = append(right, int16(8+even-4), 0), append(left, int16(20-8-odd), 0)
	}
	evenPlaces := g.shuffle("evenFields11", func(i int) int { return part(i/4*2, i%4-1) })
	oddPlaces := g.shuffle("oddFields11", func(i int) int { return part(i/4*2+1, i%4-1) })
	evenShifts, oddShifts := g.table("evenShifts11", right...), g.table("oddShifts11", left...)
	return func(x vec) vec {
		even, odd := g.YMM(), g.YMM()
		g.VPSHUFB(evenPlaces, x, even)
		g.VPSHUFB(oddPlaces, x, odd)
		g.VPSRLVD(evenShifts, even, even)
		g.VPSLLVD(oddShifts, odd, odd)
		g.VPBLENDW(U8(0b10101010), odd, even, even)
		return even
	}
}

func decompressKernel[Set, Memory any](m machine[Set, Memory], name string, set Set, d int) (f, b Memory) {
	m.Kernel(name, fmt.Sprintf("func(f *[256]int16, b *[%d]byte)", 32*d), set, kit.Header{
		Does: fmt.Sprintf("%s is the portable Poly.Decompress for d = %d.", name, d),
		Out:  fmt.Sprintf("0 <= f <= %d.", (q*(1<<d-1)+1<<d/2)>>d),
	})
	return m.Pointer("f"), m.Pointer("b")
}
