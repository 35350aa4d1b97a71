package main

import (
	"fmt"
	"math/big"
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// combADX writes the kernel for multiples of the base point. It adds the multiples for the
// digits at odd places, multiplies the sum by 16, and adds the multiples for the digits at even
// places.
func combADX(f *kit.File) {
	f.Kernel("combADX", "func(y, z *[4]uint64, digits *[64]int8)", kit.ADX, kit.Header{
		Does: "combADX multiplies the base point of edwards25519 by a scalar.",
		In:   "digits, from -8 to 8; the scalar is the sum of digits[i]·16^i.",
		Out:  "y and z, tight; y/z is the y-coordinate of the product.",
	})
	c := newADXComb(f)
	c.Comment("Start with the neutral point.")
	zero, one := c.zero(), c.GP64()
	c.MOVL(U32(1), one.As32())
	for _, v := range []element{c.x, c.t} {
		c.copy(v, element{zero, zero, zero, zero})
	}
	for _, v := range []element{c.y, c.z} {
		c.copy(v, element{one, zero, zero, zero})
	}

	c.Comment("The odd digits, four doublings, and the even digits.")
	i := c.GP64()
	c.MOVL(U32(1), i.As32())
	c.MOVQ(i, c.index)
	weave(c.choose())
	c.Label("digit")
	// The index after 63 is 0. The index after 62 is 1 again: its entry is chosen, but not
	// used.
	next := c.GP64()
	c.MOVQ(c.index, i)
	c.ADDQ(Imm(2), i)
	c.MOVQ(i, next)
	c.XORQ(Imm(windows*2+1), next)
	c.CMPQ(i, Imm(windows*2))
	c.CMOVQGE(next, i)
	c.MOVQ(i, c.index)
	c.addEntry()
	c.CMPQ(c.index, Imm(1))
	c.JA(LabelRef("digit"))
	c.JE(LabelRef("done"))
	c.Repeat("double", 4, c.double)
	c.JMP(LabelRef("digit"))
	c.Label("done")

	c.copy(elementAt(c.Pointer("y")), c.registers(c.y))
	c.copy(elementAt(c.Pointer("z")), c.registers(c.z))
	c.wipe()
	c.Ret()
}

// An adxComb holds the places of the sum so far and of all other variables in the frame. The sum
// is a point in extended coordinates X:Y:Z:T with XY = ZT.
type adxComb struct {
	*adx
	x, y, z, t element
	a, b, c    element // from RFC 8032, section 5.1.4, but without its factors of 2
	e, f, g, h element
	entry      [3]Mem // from the table, for the next digit
	index      Mem    // the index of that digit
	table      Mem
}

func newADXComb(f *kit.File) *adxComb {
	c := &adxComb{adx: &adx{File: f}, table: pointTable(f)}
	for _, v := range []*element{&c.x, &c.y, &c.z, &c.t, &c.a, &c.b, &c.c, &c.e, &c.f, &c.g, &c.h} {
		*v = c.element()
	}
	for i := range c.entry {
		c.entry[i] = c.local()
	}
	c.index = c.AllocLocal(8)
	return c
}

// choose sets the entry to the multiple for the digit at the index. If the digit is 0, the entry
// is the neutral point, (1/2, 1/2, 0). If the digit is negative, the entry is the multiple for
// the absolute value with the first two elements exchanged and the third subtracted from p.
//
// The digit is copied to every byte of a vector, so that a comparison of bytes gives a mask
// of the whole vector.
func (c *adxComb) choose() (s steps) {
	var digit, absolute, mask reg.VecVirtual
	var entry [3]reg.VecVirtual
	window := c.GP64()
	s = append(s, func() {
		digit, absolute, mask = c.YMM(), c.YMM(), c.YMM()
		c.MOVQ(c.index, window)
		c.VPBROADCASTB(c.Pointer("digits").Idx(window, 1), digit)
		c.VPABSB(digit, absolute)
		c.SHRQ(Imm(1), window)
		c.IMUL3Q(U32(multiples*entrySize), window, window)
		table := c.GP64()
		c.LEAQ(c.table, table)
		c.ADDQ(table, window)
		for i := range entry {
			entry[i] = c.YMM()
		}
		c.VPXOR(entry[2], entry[2], entry[2])
		c.VPCMPEQB(entry[2], digit, mask)
		c.VPAND(c.Quads("half", limbs(half(big.NewInt(1)), 64, words)...), mask, entry[0])
		c.VMOVDQA(entry[0], entry[1])
	})
	for j := range multiples {
		s = append(s, func() {
			c.VPCMPEQB(c.bytes(byte(j+1)), absolute, mask)
			for i := range entry {
				v := c.YMM()
				c.VPAND(Mem{Base: window, Disp: entrySize*j + 8*words*i}, mask, v)
				c.VPOR(v, entry[i], entry[i])
			}
		})
	}
	return append(s, func() {
		first, second, third := c.YMM(), c.YMM(), c.YMM()
		c.VPBLENDVB(digit, entry[1], entry[0], first)
		c.VPBLENDVB(digit, entry[0], entry[1], second)
		c.VMOVDQU(c.Quads("p", limbs(p, 64, words)...), third)
		c.VPSUBQ(entry[2], third, third)
		c.VPBLENDVB(digit, third, entry[2], third)
		for i, v := range []Op{first, second, third} {
			c.VMOVDQU(v, c.entry[i])
		}
	})
}

// bytes returns a vector in memory whose bytes are all b.
func (c *adxComb) bytes(b byte) Mem {
	q := uint64(b) * ((1<<64 - 1) / 255)
	return c.Quads(fmt.Sprintf("bytes%d", b), q, q, q, q)
}

// addEntry adds the entry, and chooses the next one.
func (c *adxComb) addEntry() {
	choose := c.choose()
	c.Comment("A = (Y - X)·(y - x)/2, B = (Y + X)·(y + x)/2, C = T·dxy")
	c.copy(c.e, c.sub(c.y, c.x))
	c.copy(c.h, c.add(c.y, c.x))
	weave(
		slices.Concat(c.mul(c.a, c.e, elementAt(c.entry[0])), c.mul(c.c, c.t, elementAt(c.entry[2]))),
		c.mul(c.b, c.h, elementAt(c.entry[1])),
		choose[:4],
	)
	c.Comment("E = B - A, F = Z - C, G = Z + C, H = B + A")
	c.copy(c.e, c.sub(c.b, c.a))
	c.copy(c.f, c.sub(c.z, c.c))
	c.copy(c.g, c.add(c.z, c.c))
	c.copy(c.h, c.add(c.b, c.a))
	c.Comment("X = E·F, Y = G·H, Z = F·G, T = E·H")
	weave(c.mul(c.x, c.e, c.f), c.mul(c.y, c.g, c.h), choose[4:])
	weave(c.mul(c.z, c.f, c.g), c.mul(c.t, c.e, c.h))
}

// double doubles the point.
func (c *adxComb) double() {
	c.Comment("A = X², B = Y², C = Z², E = A + B - (X + Y)², F = A - B + 2C, G = A - B, H = A + B")
	weave(c.square(c.a, c.x), c.square(c.b, c.y))
	c.copy(c.e, c.add(c.x, c.y))
	weave(c.square(c.c, c.z), c.square(c.t, c.e))
	c.copy(c.h, c.add(c.a, c.b))
	c.copy(c.e, c.sub(c.h, c.t))
	c.copy(c.g, c.sub(c.a, c.b))
	c.mulAdd(c.f, c.g, 2, c.c)
	weave(c.mul(c.x, c.e, c.f), c.mul(c.y, c.g, c.h))
	weave(c.mul(c.z, c.f, c.g), c.mul(c.t, c.e, c.h))
}
