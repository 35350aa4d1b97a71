package main

import (
	"math/big"

	. "github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// comb8IFMA writes the kernel for multiples of the base point. It has the formulas and the names
// of combIFMA. For the doubling, these are multiplied by 2, with 4XY = (Y + X)^2 - (Y - X)^2,
// 2(X^2 + Y^2) = (Y + X)^2 + (Y - X)^2 and Y^2 - X^2 = (Y + X)(Y - X).
func comb8IFMA(f *kit.File) {
	f.Kernel("comb8IFMA", "func(x, z *[5][8]uint64, scalars *[4][8]uint64)", kit.AVX512IFMA, kit.Header{
		Does:  "comb8IFMA multiplies the base point of curve25519 by eight scalars, up to the inversion.",
		In:    "scalars, word w of k + 7·(1 + 16 + ... + 16^63) in scalars[w][i] for a scalar k less than 2^255.",
		Out:   "x and z, limb k of product i in [k][i], carried: less than 2^51 + 2^17; x/z is the product's coordinate.",
		Notes: "It reads all multiples of a window.",
	})
	c := comb8{ifma8: newIFMA8(f)}
	x, z, scalars := c.at(f.Pointer("x")), c.at(f.Pointer("z")), f.Pointer("scalars")
	places, wipe := c.frame(11)
	c.minus, c.plus, c.t, c.z = places[0], places[1], places[2], places[3]
	c.e, c.f, c.g, c.h = places[4], places[5], places[6], places[7]
	copy(c.multiple[:], places[8:])

	c.Comment("(0, 1, 1, 0), plus a multiple of p in Z")
	one := c.number(1)
	c.store(c.minus, one)
	c.store(c.plus, one)
	for k := range one {
		c.VMOVDQU64(one[nLimbs-1], c.t(k)) // 0
	}
	sum := c.bias()
	c.VPADDQ(one[0], sum[0], sum[0])
	c.store(c.z, sum)

	c.Comment("The sum over odd i of digits[i]·16^(i-1), times 16, plus the sum over even i of digits[i]·16^i.")
	passes, shift := c.GP32(), c.GP32()
	c.MOVL(U32(2), passes)
	c.MOVL(U32(4), shift)
	c.JMP(LabelRef("pass"))
	c.Label("multiply16")
	c.Repeat("double", 4, c.double)
	c.XORL(shift, shift)
	c.Label("pass")
	window, word := Mem{Base: c.GP64()}, Mem{Base: c.GP64()}
	c.LEAQ(pointTable(f), window.Base)
	c.MOVQ(scalars.Base, word.Base)
	c.Repeat("word", words, func() {
		digits, count := c.ZMM(), c.XMM()
		c.VMOVD(shift, count)
		c.VMOVDQU64(word, digits)
		c.VPSRLQ(count, digits, digits)
		c.Repeat("add", windows/words, func() {
			c.choose(digits, window)
			c.add()
			c.VPSRLQ(U8(8), digits, digits)
			c.ADDQ(U32(multiples*entrySize), window.Base)
		})
		c.ADDQ(U8(8*lanes8), word.Base)
	})
	c.DECL(passes)
	c.JNZ(LabelRef("multiply16"))

	c.Comment("2(Z + Y) and 2(Z - Y)")
	twiceY, twiceZ := c.load(c.minus), c.load(c.z)
	for k := range twiceZ {
		c.VPADDQ(c.plus(k), twiceY[k], twiceY[k])
		c.VPADDQ(twiceZ[k], twiceZ[k], twiceZ[k])
	}
	c.sumDifference(x, z, twiceZ, twiceY)
	wipe()
	c.Ret()
}

// A comb8 keeps a point as Y - X, Y + X and T, which are carried, and Z, which has a multiple of p
// so that sums of products can be subtracted.
type comb8 struct {
	ifma8
	minus, plus, t, z place
	e, f, g, h        place    // of a sum or a double
	multiple          [3]place // (y - x)/2, (y + x)/2 and dxy, less than 2^52
}

// choose sets multiple to the product of the lowest digit of each lane and the point of the window.
func (c *comb8) choose(digits vec, window Mem) {
	c.Comment("Select ((y - x)/2, (y + x)/2, dxy), which is (1/2, 1/2, 0) for the digit 0.")
	seven, digit, abs := c.broadcast(7), c.ZMM(), c.ZMM()
	negative, zero := c.K(), c.K()
	c.VPANDQ_BCST(c.Quads("fifteen", 15), digits, digit)
	c.VPCMPUQ(U8(1), seven, digit, negative)
	c.VPCMPEQQ(seven, digit, zero)
	c.VPSUBB(seven, digit, abs) // only the lowest byte of a lane changes
	c.VPABSB(abs, abs)
	var rows [3][words]vec
	halves := c.Quads("half", limbs(half(big.NewInt(1)), 64, words)...)
	for i := range rows {
		for w := range words {
			rows[i][w] = c.ZMM()
			c.ZERO(rows[i][w])
		}
	}
	for i := range 2 {
		for w := range words {
			t := c.ZMM()
			c.VPBROADCASTQ(halves.Offset(8*w), t)
			c.VMOVDQA64(t, zero, rows[i][w])
		}
	}
	// A masked load could leave out memory. So every multiple is loaded before a mask selects.
	for j := range multiples {
		is, mask := c.K(), c.ZMM()
		c.VPCMPEQQ_BCST(c.Quads("numbers", 1, 2, 3, 4, 5, 6, 7, 8).Offset(8*j), abs, is)
		c.VPMOVM2Q(is, mask)
		for i := range rows {
			for w := range words {
				c.VPTERNLOGQ_BCST(U8(orOfAnd), window.Offset(entrySize*j+32*i+8*w), mask, rows[i][w])
			}
		}
	}
	c.Comment("For a negative digit, -(x, y) = (-x, y): exchange the first two, and subtract the third from 2p.")
	p2 := c.Quads("p2", 2*(1<<limbBits-19), 2*(1<<limbBits-1))
	minus, plus, dxy := c.split(rows[0]), c.split(rows[1]), c.split(rows[2])
	for k := range minus {
		t := c.ZMM()
		c.VMOVDQA64(minus[k], t)
		c.VMOVDQA64(plus[k], negative, minus[k])
		c.VMOVDQA64(t, negative, plus[k])
		c.VPBROADCASTQ(p2.Offset(min(8*k, 8)), t)
		c.VPSUBQ(dxy[k], t, negative, dxy[k])
	}
	for i, limbs := range []columns{minus, plus, dxy} {
		c.store(c.multiple[i], limbs)
	}
}

// split splits words into limbs.
func (g ifma8) split(w [words]vec) (f columns) {
	for k := range f {
		f[k] = g.ZMM()
		i, shift := limbBits*k/64, limbBits*k%64
		switch {
		case shift == 0:
			g.VPANDQ(g.mask, w[i], f[k])
		case i == words-1:
			g.VPSRLQ(U8(shift), w[i], f[k])
		default:
			high := g.ZMM()
			g.VPSRLQ(U8(shift), w[i], f[k])
			g.VPSLLQ(U8(64-shift), w[i+1], high)
			g.VPTERNLOGQ(U8(orAnd), g.mask, high, f[k])
		}
	}
	return f
}

// add adds the multiple.
func (c *comb8) add() {
	c.Comment("(Y - X)·(y - x)/2 = A and (Y + X)·(y + x)/2 = B, B - A = E and B + A = H")
	a := c.mul(c.load(c.minus), c.load(c.multiple[0]), false)
	b := c.mul(c.load(c.plus), c.load(c.multiple[1]), true)
	c.sumDifference(c.h, c.e, b, a)
	c.Comment("T·dxy = C and Z = D, D + C = G and D - C = F")
	t := c.mul(c.load(c.t), c.load(c.multiple[2]), false)
	c.sumDifference(c.g, c.f, c.load(c.z), t)
	c.finish()
}

// double doubles the point.
func (c *comb8) double() {
	c.Comment("(Y + X)^2 - (Y - X)^2 = E and (Y + X)^2 + (Y - X)^2 = H")
	plus := c.load(c.plus)
	sum := c.square(plus, true)
	minus := c.load(c.minus)
	c.sumDifference(c.h, c.e, sum, c.square(minus, false))
	c.Comment("2(Y + X)(Y - X) = G and (2Z)^2 - G = F")
	g := c.mul(c.load(c.plus), c.load(c.minus), false)
	z := c.load(c.z)
	for k := range z {
		c.VPADDQ(g[k], g[k], g[k])
		c.VPADDQ(z[k], z[k], z[k])
	}
	c.store(c.g, c.carry(g))
	z = c.square(c.carry(z), true)
	for k := range z {
		c.VPSUBQ(g[k], z[k], z[k])
	}
	c.store(c.f, c.carry(z))
	c.finish()
}

// finish sets the point to (E·F, G·H, F·G, E·H) = (X, Y, Z, T).
func (c *comb8) finish() {
	c.Comment("(E·F, G·H, F·G, E·H) = (X, Y, Z, T)")
	x := c.mul(c.load(c.e), c.load(c.f), false)
	y := c.mul(c.load(c.g), c.load(c.h), true)
	c.sumDifference(c.plus, c.minus, y, x)
	c.store(c.z, c.mul(c.load(c.f), c.load(c.g), true))
	c.store(c.t, c.carry(c.mul(c.load(c.e), c.load(c.h), false)))
}
