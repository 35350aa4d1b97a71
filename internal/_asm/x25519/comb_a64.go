package main

import (
	"math/big"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

// combNEON writes the kernel for multiples of the base point, as combADX does.
func combNEON(f *arm64.File) {
	f.Kernel("combNEON", "func(y, z *[4]uint64, digits *[64]int8)", arm64.NEON, kit.Header{
		Does: "combNEON multiplies the base point of edwards25519 by a scalar.",
		In:   "digits, from -8 to 8; the scalar is the sum of digits[i]·16^i.",
		Out:  "y and z, tight; y/z is the y-coordinate of the product.",
	})
	c := newNEONComb(f)
	c.Comment("Start with the neutral point.")
	zero := value{arm64.ZR, arm64.ZR, arm64.ZR, arm64.ZR}
	one := value{c.constant(1), arm64.ZR, arm64.ZR, arm64.ZR}
	c.store(zero, c.x)
	c.store(one, c.y)
	c.store(one, c.z)
	c.store(zero, c.t)

	c.Comment("The odd digits, four doublings, and the even digits.")
	c.MOVD(arm64.Imm(1), c.index)
	c.choose()
	c.Label("digit")
	// The index after 63 is 0. The index after 62 is 1 again: its entry is chosen, but not
	// used.
	next := c.GP()
	c.ADD(arm64.Imm(2), c.index, c.index)
	c.EOR(arm64.Imm(windows*2+1), c.index, next)
	c.CMP(arm64.Imm(windows*2), c.index)
	c.CSEL("GE", next, c.index, c.index)
	c.addEntry()
	c.CMP(arm64.Imm(1), c.index)
	c.Branch("BHI", "digit")
	c.Branch("BEQ", "done")
	c.Repeat("double", 4, c.double)
	c.Branch("B", "digit")
	c.Label("done")

	c.store(c.load(c.y), c.Pointer("y"))
	c.store(c.load(c.z), c.Pointer("z"))
	c.wipe()
	c.Ret()
}

// A neonComb holds the places of the sum so far and of all other variables. The sum is a point in
// extended coordinates X:Y:Z:T with XY = ZT.
type neonComb struct {
	*a64
	x, y, z, t arm64.Mem
	a, b, c    arm64.Mem // from RFC 8032, section 5.1.4, but without its factors of 2
	e, f, g, h arm64.Mem
	entry      [3]arm64.Mem       // from the table, for the next digit
	index      arm64.R            // the index of that digit
	half, p    vectors            // 1/2 and p
	multiples  [multiples]arm64.V // the numbers from 1 to 8 in every byte
}

// vectors is an element in vector registers.
type vectors [2]arm64.V

func newNEONComb(f *arm64.File) *neonComb {
	c := &neonComb{a64: newA64(f), index: f.GP()}
	for _, m := range []*arm64.Mem{&c.x, &c.y, &c.z, &c.t, &c.a, &c.b, &c.c, &c.e, &c.f, &c.g, &c.h, &c.entry[0], &c.entry[1], &c.entry[2]} {
		*m = c.local()
	}
	c.half = c.loadVectors(c.Quads("half", limbs(half(big.NewInt(1)), 64, words)...))
	c.p = c.loadVectors(c.Quads("p", limbs(p, 64, words)...))
	for j := range c.multiples {
		c.multiples[j] = c.Vector(arm64.B16)
		c.VMOVI(byte(j+1), c.multiples[j])
	}
	return c
}

func (c *neonComb) loadVectors(m arm64.Mem) (v vectors) {
	v = vectors{c.Vector(arm64.D2), c.Vector(arm64.D2)}
	c.FLDPQ(m, v[0], v[1])
	return v
}

// choose sets the entry to the multiple for the digit at the index. If the digit is 0, the entry
// is the neutral point, (1/2, 1/2, 0). If the digit is negative, the entry is the multiple for
// the absolute value with the first two elements exchanged and the third subtracted from p.
//
// The digit is copied to every byte of a vector, so that a comparison of bytes gives a mask
// of the whole vector.
func (c *neonComb) choose() {
	digit, absolute, mask := c.Vector(arm64.B16), c.Vector(arm64.B16), c.Vector(arm64.B16)
	digits, window := c.Pointer("digits"), c.GP()
	c.ADD(c.index, digits.Base(), digits.Base())
	c.VLDR(digits, digit)
	c.VABS(digit, absolute)
	table, size := c.Quads("pointTable", tableOfPoints()...), c.constant(multiples*entrySize)
	c.LSR(arm64.Imm(1), c.index, window)
	c.MADD(window, table.Base(), size, table.Base())
	var entry [3]vectors
	for i := range entry {
		entry[i] = vectors{c.Vector(arm64.D2), c.Vector(arm64.D2)}
		for k, v := range entry[i] {
			if i < 2 {
				c.VORR(c.half[k], c.half[k], v)
			} else {
				c.VMOVI(0, v)
			}
		}
	}
	for j, multiple := range c.multiples {
		c.VCMEQ(multiple, absolute, mask)
		for i := range entry {
			v := c.loadVectors(table.At(entrySize*j + 8*words*i))
			for k := range v {
				c.VBIT(mask, v[k], entry[i][k])
			}
		}
	}
	negative := mask
	c.VSSHR(7, digit, negative)
	for k := range c.p {
		first, second, third := entry[0][k], entry[1][k], entry[2][k]
		difference, opposite := c.Vector(arm64.D2), c.Vector(arm64.D2)
		c.VEOR(first, second, difference)
		c.VAND(negative, difference, difference)
		c.VEOR(difference, first, first)
		c.VEOR(difference, second, second)
		c.VSUB(third, c.p[k], opposite)
		c.VBIT(negative, opposite, third)
	}
	for i, v := range entry {
		c.FSTPQ(v[0], v[1], c.entry[i])
	}
}

// addEntry adds the entry, and chooses the next one.
func (c *neonComb) addEntry() {
	c.Comment("A = (Y - X)·(y - x)/2, B = (Y + X)·(y + x)/2, C = T·dxy")
	x, y := c.load(c.x), c.load(c.y)
	c.store(c.add(y, x), c.h)
	c.store(c.mul(c.sub(y, x), c.load(c.entry[0])), c.a)
	c.store(c.mul(c.load(c.t), c.load(c.entry[2])), c.c)
	b, a := c.mul(c.load(c.h), c.load(c.entry[1])), c.load(c.a)
	c.Comment("E = B - A, F = Z - C, G = Z + C, H = B + A")
	c.store(c.sub(b, a), c.e)
	c.store(c.add(b, a), c.h)
	z, t := c.load(c.z), c.load(c.c)
	f, g := c.sub(z, t), c.add(z, t)
	c.store(f, c.f)
	c.store(g, c.g)
	c.Weave(func() { c.products(f, g) }, c.choose)
}

// products sets the point to X = E·F, Y = G·H, Z = F·G, T = E·H. It gets F and G in registers too.
func (c *neonComb) products(f, g value) {
	c.Comment("X = E·F, Y = G·H, Z = F·G, T = E·H")
	c.store(c.mul(f, g), c.z)
	c.store(c.mul(c.load(c.e), c.load(c.f)), c.x)
	c.store(c.mul(c.load(c.g), c.load(c.h)), c.y)
	c.store(c.mul(c.load(c.e), c.load(c.h)), c.t)
}

// double doubles the point.
func (c *neonComb) double() {
	c.Comment("A = X², B = Y², C = Z², E = A + B - (X + Y)², F = A - B + 2C, G = A - B, H = A + B")
	x, y := c.load(c.x), c.load(c.y)
	c.store(c.add(x, y), c.e)
	c.store(c.square(x), c.a)
	c.store(c.square(c.load(c.y)), c.b)
	c.store(c.square(c.load(c.z)), c.c)
	squared := c.square(c.load(c.e))
	a, b := c.load(c.a), c.load(c.b)
	h := c.add(a, b)
	c.store(h, c.h)
	c.store(c.sub(h, squared), c.e)
	g := c.sub(c.load(c.a), c.load(c.b))
	c.store(g, c.g)
	f := c.mulAdd(g, c.constant(2), c.load(c.c))
	c.store(f, c.f)
	c.products(f, c.load(c.g))
}
