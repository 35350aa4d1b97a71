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
	c := newIFMAComb(newIFMA(f))
	result, digits := f.Pointer("s"), f.Pointer("digits")
	s := c.neutral()

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
	c.addMultiples(s, digit)
	c.DECL(passes)
	c.JNZ(LabelRef("multiply16"))

	for k, limb := range c.carry(s) {
		c.VMOVDQU64(limb, result.Offset(32*k))
	}
	c.Ret()
}

// combWideIFMA writes the comb for machines with fast zmm registers. The halves of the registers
// hold two sums, so that the chain of additions is half as long.
func combWideIFMA(f *kit.File) {
	f.Kernel("combWideIFMA", "func(s *[5][4]uint64, digits *[64]int8)", kit.AVX512IFMA, kit.Header{
		Does:  "combWideIFMA is combIFMA with zmm registers.",
		In:    "digits, as for combIFMA.",
		Out:   "s, as of combIFMA.",
		Notes: "It reads all multiples of a window.",
	})
	w := newIFMAComb(newWideIFMA(f))
	result, digits := f.Pointer("s"), f.Pointer("digits")
	sums := w.neutral()
	w.Comment("The sum over even i of digits[i]·16^i, and the sum over odd i of digits[i]·16^(i-1).")
	w.addMultiples(sums, digits)

	c := newIFMAComb(newIFMA(f))
	var even, s columns
	for k := range s {
		even[k], s[k] = c.YMM(), c.YMM()
		c.VEXTRACTI64X4(U8(1), sums[k], s[k])
		c.VMOVDQA64(sums[k].AsY(), even[k])
	}
	c.Comment("The second sum, times 16, plus the first. All factors are doubled, which leaves x and y the same.")
	c.Repeat("double", 4, func() { c.double(s) })
	var factors []uint64 // (1, 1, 2d, 2)
	one, two := limbs(big.NewInt(1), limbBits, nLimbs), limbs(big.NewInt(2), limbBits, nLimbs)
	for k, limb := range limbs(mul(big.NewInt(2), curveD()), limbBits, nLimbs) {
		factors = append(factors, one[k], one[k], limb, two[k])
	}
	c.add(s, c.carry(c.mul(c.load(c.table("factors", factors...)), c.sides(even), nil)))

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

func newIFMAComb(g *ifma) *ifmaComb {
	c := &ifmaComb{ifma: g}
	c.first, c.second, c.even, c.middle = c.lanes(0), c.lanes(1), c.lanes(0, 2), c.lanes(1, 2)
	return c
}

// neutral returns (0, 1, 1, 0), plus a multiple of p that keeps Y - X positive.
func (c *ifmaComb) neutral() columns {
	s := c.load(c.bias("biasY", 1))
	c.VPADDQ(c.table("YZ", 0, 1, 1, 0)(0), s[0], s[0])
	return s
}

// addMultiples adds to s the product of digit i and 16^i times the base point for every other
// digit. A wide kernel does so for the digits between, in the upper half of s.
func (c *ifmaComb) addMultiples(s columns, digit Mem) {
	window := Mem{Base: c.GP64()}
	c.LEAQ(pointTable(c.File), window.Base)
	c.Repeat("add", windows, func() {
		c.add(s, c.multiple(digit, window))
		c.ADDQ(U8(2), digit.Base)
		c.ADDQ(U32(multiples*entrySize), window.Base)
	})
}

// permute returns f with lane[i] in lane i.
func (c *ifmaComb) permute(f columns, lane [4]uint8) (r columns) {
	for k := range f {
		r[k] = c.vector()
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
	r, d, abs := c.GP64(), c.vector(), c.vector()
	c.MOVBQSX(digit, r)
	c.VPBROADCASTQ(r, d)
	if c.wide() {
		second, upper := c.GP64(), c.K() // the upper half is for the next digit
		c.MOVBQSX(digit.Offset(1), second)
		c.MOVL(U32(0xf0), r.As32())
		c.KMOVB(r.As32(), upper)
		c.VPBROADCASTQ(second, upper, d)
	}
	c.VPABSQ(d, abs)
	var rows [4]vec // each row has the words of one element
	zero := c.K()
	c.VPTESTNMQ(d, d, zero)
	for i := range 3 {
		rows[i] = c.vector()
	}
	// A masked load could leave out memory. So everything is loaded before a mask selects.
	c.VMOVDQU64(c.table("half", limbs(half(big.NewInt(1)), 64, words)...)(0), rows[1])
	c.VMOVDQA64_Z(rows[1], zero, rows[0])
	c.VMOVDQA64(rows[0], rows[1])
	c.ZERO(rows[2])
	for j := range multiples {
		is, mask := c.K(), c.vector()
		c.VPCMPEQQ_BCST(c.Quads("numbers", 1, 2, 3, 4, 5, 6, 7, 8).Offset(8*j), abs, is)
		if !c.wide() {
			c.VPMOVM2Q(is, mask)
		}
		for i := range 3 {
			entry := window.Offset(entrySize*j + 32*i)
			if c.wide() {
				both := c.vector()
				c.VBROADCASTI64X4(entry, both)
				c.VMOVDQA64(both, is, rows[i])
			} else {
				c.VPTERNLOGQ(U8(orOfAnd), entry, mask, rows[i])
			}
		}
	}
	c.Comment("For a negative digit, -(x, y) = (-x, y): exchange the first two.")
	negative, plus := c.K(), c.vector()
	c.VPMOVQ2M(d, negative)
	c.VMOVDQA64(rows[1], plus)
	c.VMOVDQA64(rows[0], negative, rows[1])
	c.VMOVDQA64(plus, negative, rows[0])
	rows[3] = c.vector()
	c.VMOVDQU64(c.table("one", 1, 0, 0, 0)(0), rows[3])

	c.Comment("Transpose, so that each element has a lane.")
	var pairs, w [4]vec
	for i := range 4 {
		pairs[i], w[i] = c.vector(), c.vector()
	}
	for i := range 2 {
		c.VPUNPCKLQDQ(rows[2*i+1], rows[2*i], pairs[2*i])
		c.VPUNPCKHQDQ(rows[2*i+1], rows[2*i], pairs[2*i+1])
	}
	lower, upper := c.lanes(0, 1), c.lanes(2, 3)
	for i := range 2 {
		c.VMOVDQA64(pairs[i], w[i])
		c.VPERMQ(U8(0b01_00_01_00), pairs[2+i], upper, w[i])
		c.VMOVDQA64(pairs[2+i], w[2+i])
		c.VPERMQ(U8(0b11_10_11_10), pairs[i], lower, w[2+i])
	}
	c.Comment("Split words into limbs.")
	for k := range f {
		f[k] = c.vector()
		at := limbBits * k
		i, shift := at/64, at%64
		switch {
		case shift == 0:
			c.VPANDQ(c.mask, w[i], f[k])
		case i == words-1:
			c.VPSRLQ(U8(shift), w[i], f[k])
		default:
			high := c.vector()
			c.VPSRLQ(U8(shift), w[i], f[k])
			c.VPSLLQ(U8(64-shift), w[i+1], high)
			c.VPTERNLOGQ(U8(orAnd), c.mask, high, f[k])
		}
	}
	c.Comment("For a negative digit, subtract the third from 2p.")
	c.KANDB(c.lanes(2), negative, negative)
	p2 := c.Quads("p2", 2*(1<<limbBits-19), 2*(1<<limbBits-1))
	for k := range f {
		t := c.vector()
		c.VPBROADCASTQ(p2.Offset(min(8*k, 8)), t)
		c.VPSUBQ(f[k], t, negative, f[k])
	}
	return f
}

// add adds f, a point in the form that multiple returns, to s = (X, Y, Z, T).
func (c *ifmaComb) add(s, f columns) {
	c.Comment("(Y - X, Y + X, T, Z)·((y - x)/2, (y + x)/2, dxy, 1) = (A, B, C, D)")
	bias := c.load(c.bias("biasBD", 1, 3))
	r := c.mul(c.sides(s), f, &bias)
	c.Comment("(B - A, D + C, D - C, B + A) = (E, G, F, H)")
	t := c.permute(r, [4]uint8{0, 2, 2, 0})
	r = c.permute(r, [4]uint8{1, 3, 3, 1})
	c.sumDifference(r, t, c.even)
	c.finish(s, r)
}

// sides returns (Y - X, Y + X, T, Z), carried.
func (c *ifmaComb) sides(s columns) columns {
	r, x := c.permute(s, [4]uint8{1, 1, 3, 2}), c.permute(s, [4]uint8{0, 0, 0, 0})
	for k := range r {
		c.VPADDQ(x[k], r[k], c.second, r[k])
		c.VPSUBQ(x[k], r[k], c.first, r[k])
	}
	return c.carry(r)
}

// sumDifference subtracts b from a in the given lanes, and adds it in the others.
func (c *ifmaComb) sumDifference(a, b columns, subtract reg.Register) {
	for k := range a {
		sum := c.vector()
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
