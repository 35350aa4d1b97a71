package main

import (
	"math/big"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// combIFMA writes the kernel for multiples of the base point. Its formulas come from Hisil,
// Wong, Carter and Dawson, "Twisted Edwards curves revisited", sections 3.1 and 3.3. They are for
// extended coordinates (X, Y, Z, T), where x = X/Z, y = Y/Z and xy = T/Z. Each coordinate has a
// lane.
func combIFMA(f *kit.File) {
	f.Kernel("combIFMA", "func(s *[5][4]uint64, digits *[64]int8)", kit.AVX512IFMA, kit.Header{
		Does:  "combIFMA multiplies the base point of edwards25519.",
		In:    "digits, from -8 to 8; the scalar is the sum of digits[i]·16^i.",
		Out:   "s, limb k of (X, Y, Z, T) in s[k], carried: less than 2^51 + 2^17.",
		Notes: "It reads all multiples of a window.",
	})
	c := ifmaComb{ifma: newIFMA(f)}
	c.first, c.second, c.even, c.middle = c.lanes(0), c.lanes(1), c.lanes(0, 2), c.lanes(1, 2)
	result, digits := f.Pointer("s"), f.Pointer("digits")

	c.Comment("(0, 1, 1, 0), plus a multiple of p that keeps Y - X positive.")
	s := c.load(c.bias("biasY", 1))
	one := c.YMM()
	c.VMOVDQU64(c.Quads("YZ", 0, 1, 1, 0), one)
	c.VPADDQ(one, s[0], s[0])

	c.Comment("The sum over odd i of digits[i]·16^(i-1), times 16, plus the sum over even i of digits[i]·16^i.")
	digit := Mem{Base: c.GP64()}
	passes := c.GP32()
	c.LEAQ(digits.Offset(1), digit.Base)
	c.MOVL(U32(2), passes)
	c.JMP(LabelRef("pass"))
	c.Label("multiply16")
	c.Repeat("double", 4, func() { c.double(s) })
	c.MOVQ(digits.Base, digit.Base)
	c.Label("pass")
	window := Mem{Base: c.GP64()}
	c.LEAQ(pointTable(f), window.Base)
	c.Repeat("add", windows, func() {
		c.add(s, c.multiple(digit, window))
		c.ADDQ(U8(2), digit.Base)
		c.ADDQ(U32(multiples*entrySize), window.Base)
	})
	c.DECL(passes)
	c.JNZ(LabelRef("multiply16"))

	for k, limb := range c.carry(s) {
		c.VMOVDQU64(limb, result.Offset(32*k))
	}
	c.Ret()
}

// Functions of three bits, as tables for VPTERNLOG: bit 4a + 2b + c is the result.
const (
	orAnd   = 0xa8 // (a | b) & c
	orOfAnd = 0xf8 // a | (b & c)
)

type ifmaComb struct {
	*ifma
	first, second, even, middle reg.Register // masks of lanes
}

// permute returns f with lane[i] in lane i.
func (c *ifmaComb) permute(f columns, lane [4]uint8) (r columns) {
	for k := range f {
		r[k] = c.YMM()
		c.VPERMQ(U8(lane[0]|lane[1]<<2|lane[2]<<4|lane[3]<<6), f[k], r[k])
	}
	return r
}

// set copies columns into the registers of others.
func (c *ifmaComb) set(s, r columns) {
	for k := range s {
		c.VMOVDQA64(r[k], s[k])
	}
}

// multiple returns the product of the digit and the point of the window in the form
// ((y - x)/2, (y + x)/2, dxy, 1), with limbs less than 2^52.
func (c *ifmaComb) multiple(digit, window Mem) (f columns) {
	c.Comment("Select ((y - x)/2, (y + x)/2, dxy), which is (1/2, 1/2, 0) for the digit 0.")
	r, d, abs := c.GP64(), c.YMM(), c.YMM()
	c.MOVBQSX(digit, r)
	c.VPBROADCASTQ(r, d)
	c.VPABSQ(d, abs)
	var rows [4]vec // each row has the words of one element
	zero := c.K()
	c.VPTESTNMQ(d, d, zero)
	for i := range 3 {
		rows[i] = c.YMM()
	}
	c.VMOVDQU64_Z(c.Quads("half", limbs(half(big.NewInt(1)), 64, words)...), zero, rows[0])
	c.VMOVDQA64(rows[0], rows[1])
	c.ZERO(rows[2])
	// A masked load could leave out memory. So every multiple is loaded before a mask selects.
	for j := range multiples {
		is, mask := c.K(), c.YMM()
		c.VPCMPEQQ_BCST(c.Quads("numbers", 1, 2, 3, 4, 5, 6, 7, 8).Offset(8*j), abs, is)
		c.VPMOVM2Q(is, mask)
		for i := range 3 {
			c.VPTERNLOGQ(U8(orOfAnd), window.Offset(entrySize*j+32*i), mask, rows[i])
		}
	}
	c.Comment("For a negative digit, -(x, y) = (-x, y): exchange the first two.")
	negative, plus := c.K(), c.YMM()
	c.VPMOVQ2M(d, negative)
	c.VMOVDQA64(rows[1], plus)
	c.VMOVDQA64(rows[0], negative, rows[1])
	c.VMOVDQA64(plus, negative, rows[0])
	rows[3] = c.YMM()
	c.VMOVDQU64(c.Quads("one", 1, 0, 0, 0), rows[3])

	c.Comment("Transpose, so that each element has a lane.")
	var pairs, w [4]vec
	for i := range 4 {
		pairs[i], w[i] = c.YMM(), c.YMM()
	}
	for i := range 2 {
		c.VPUNPCKLQDQ(rows[2*i+1], rows[2*i], pairs[2*i])
		c.VPUNPCKHQDQ(rows[2*i+1], rows[2*i], pairs[2*i+1])
	}
	for i := range 2 {
		c.VINSERTI64X2(U8(1), pairs[2+i].AsX(), pairs[i], w[i])
		c.VSHUFI64X2(U8(0b11), pairs[2+i], pairs[i], w[2+i])
	}
	c.Comment("Split words into limbs.")
	for k := range f {
		f[k] = c.YMM()
		at := limbBits * k
		i, shift := at/64, at%64
		switch {
		case shift == 0:
			c.VPANDQ(c.mask, w[i], f[k])
		case i == words-1:
			c.VPSRLQ(U8(shift), w[i], f[k])
		default:
			high := c.YMM()
			c.VPSRLQ(U8(shift), w[i], f[k])
			c.VPSLLQ(U8(64-shift), w[i+1], high)
			c.VPTERNLOGQ(U8(orAnd), c.mask, high, f[k])
		}
	}
	c.Comment("For a negative digit, subtract the third from 2p.")
	c.KANDB(c.lanes(2), negative, negative)
	p2 := c.Quads("p2", 2*(1<<limbBits-19), 2*(1<<limbBits-1))
	for k := range f {
		t := c.YMM()
		c.VPBROADCASTQ(p2.Offset(min(8*k, 8)), t)
		c.VPSUBQ(f[k], t, negative, f[k])
	}
	return f
}

// add adds f, a point in the form that multiple returns, to s = (X, Y, Z, T).
func (c *ifmaComb) add(s, f columns) {
	c.Comment("(Y - X, Y + X, T, Z)·((y - x)/2, (y + x)/2, dxy, 1) = (A, B, C, D)")
	r, x := c.permute(s, [4]uint8{1, 1, 3, 2}), c.permute(s, [4]uint8{0, 0, 0, 0})
	for k := range r {
		c.VPADDQ(x[k], r[k], c.second, r[k])
		c.VPSUBQ(x[k], r[k], c.first, r[k])
	}
	bias := c.load(c.bias("biasBD", 1, 3))
	r = c.mul(c.carry(r), f, &bias)
	c.Comment("(B - A, D + C, D - C, B + A) = (E, G, F, H)")
	t := c.permute(r, [4]uint8{0, 2, 2, 0})
	r = c.permute(r, [4]uint8{1, 3, 3, 1})
	c.sumDifference(r, t, c.even)
	c.finish(s, r)
}

// sumDifference subtracts b from a in the given lanes, and adds it in the others.
func (c *ifmaComb) sumDifference(a, b columns, subtract reg.Register) {
	for k := range a {
		sum := c.YMM()
		c.VPADDQ(b[k], a[k], sum)
		c.VPSUBQ(b[k], a[k], subtract, sum)
		c.VMOVDQA64(sum, a[k])
	}
}

// finish sets s to (E·F, G·H, F·G, E·H) = (X, Y, Z, T) from (E, G, F, H).
func (c *ifmaComb) finish(s, r columns) {
	c.Comment("(E·F, G·H, F·G, E·H) = (X, Y, Z, T)")
	r = c.carry(r)
	bias := c.load(c.bias("biasY", 1))
	c.set(s, c.mul(c.permute(r, [4]uint8{0, 1, 2, 0}), c.permute(r, [4]uint8{2, 3, 1, 3}), &bias))
}

// double doubles s. E, F, G and H have the opposite signs of E, F, G and H in the formulas.
func (c *ifmaComb) double(s columns) {
	c.Comment("(X, Y, Z, X + Y)^2 = (A, B, C, S)")
	r, y := c.permute(s, [4]uint8{0, 1, 2, 0}), c.permute(s, [4]uint8{1, 1, 1, 1})
	last := c.lanes(3)
	for k := range r {
		c.VPADDQ(y[k], r[k], last, r[k])
	}
	r = c.carry(r)
	bias := c.load(c.bias("biasA", 0))
	r = c.mul(r, r, &bias)
	c.Comment("(A + B - S, A - B, A - B + 2C, A + B) = (E, G, F, H)")
	a, b, sc := c.permute(r, [4]uint8{0, 0, 0, 0}), c.permute(r, [4]uint8{1, 1, 1, 1}), c.permute(r, [4]uint8{3, 1, 2, 3})
	c.sumDifference(a, b, c.middle)
	third := c.lanes(2)
	for k := range a {
		c.VPSUBQ(sc[k], a[k], c.first, a[k])
		c.VPADDQ(sc[k], a[k], third, a[k])
		c.VPADDQ(sc[k], a[k], third, a[k])
	}
	c.finish(s, a)
}
