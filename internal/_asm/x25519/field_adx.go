package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// An adx writes a kernel that computes with whole words. The bounds of its operations are those
// of the portable code, and so are their names, loose and tight. If a comment here does not
// prove a bound, a comment in the portable code does.
//
// On Zen 4 the number of arithmetic instructions decides the time: a MULX takes a cycle, and any
// other takes a quarter of a cycle. Loads, stores and most latencies overlap with them.
type adx struct {
	*kit.File
	locals []Mem
}

// An element is four words, in registers or in memory.
type element [words]Op

// elementAt returns the element at m.
func elementAt(m Mem) (v element) {
	for i := range v {
		v[i] = m.Offset(8 * i)
	}
	return v
}

// local returns the place of an element in the frame.
func (g *adx) local() Mem {
	m := g.AllocLocal(8 * words)
	g.locals = append(g.locals, m)
	return m
}

// element returns an element in the frame.
func (g *adx) element() element { return elementAt(g.local()) }

// wipe overwrites the elements in the frame.
func (g *adx) wipe() {
	zero := g.YMM()
	g.VPXOR(zero, zero, zero)
	for _, m := range g.locals {
		g.VMOVDQU(zero, m)
	}
}

// registers returns a copy of a.
func (g *adx) registers(a element) (v element) {
	for i := range v {
		v[i] = g.GP64()
	}
	g.copy(v, a)
	return v
}

// copy sets v to a. At least one of them must be in registers.
func (g *adx) copy(v, a element) {
	for i := range v {
		g.MOVQ(a[i], v[i])
	}
}

// zero returns a register that is zero, and clears the carry and overflow flags.
func (g *adx) zero() reg.GPVirtual {
	z := g.GP64()
	g.XORL(z.As32(), z.As32())
	return z
}

// constant returns c in memory, because a load costs less than moving c to a register.
func (g *adx) constant(c uint64) Mem { return g.Quads(fmt.Sprintf("constant%d", c), c) }

// Steps are the parts of an operation. weave may write other instructions between them. Between
// two steps, an operation keeps nothing in the flags and uses at most four registers.
type steps = []func()

// weave interleaves the steps of several operations, so that one computes while another waits.
// No operation may write memory or registers that another uses.
func weave(operations ...steps) {
	for _, step := range kit.Merge(operations...) {
		step()
	}
}

// mul sets v, which must be neither a nor b, to a·b. It accepts loose elements and makes a
// tight one.
func (g *adx) mul(v, a, b element) (s steps) {
	var c []reg.GPVirtual // the sum so far
	for i := range words {
		s = append(s, func() {
			c = g.addProduct(c, a[i], b)
			g.MOVQ(c[0], v[i])
			c = c[1:]
		})
	}
	return append(s, func() { g.mulAdd(v, v, 38, element{c[0], c[1], c[2], c[3]}) })
}

// addProduct returns c + x·b, which has one word more than b. In the first call, c is empty.
//
// One chain of carries adds the low words of the products, and another adds the high words. Both
// chains end in the last word. That word does not overflow: the portable code proves it at mul.
func (g *adx) addProduct(c []reg.GPVirtual, x Op, b element) []reg.GPVirtual {
	g.MOVQ(x, reg.RDX)
	if len(c) == 0 {
		low, high := g.GP64(), g.GP64()
		g.MULXQ(b[0], low, high)
		c = append(c, low, high)
		for i := 1; i < words; i++ {
			low, high := g.GP64(), g.GP64()
			g.MULXQ(b[i], low, high)
			if i == 1 {
				g.ADDQ(low, c[i])
			} else {
				g.ADCQ(low, c[i])
			}
			c = append(c, high)
		}
		g.ADCQ(Imm(0), c[words])
		return c
	}
	zero := g.zero()
	for i := range words {
		low, high := g.GP64(), g.GP64()
		g.MULXQ(b[i], low, high)
		g.ADCXQ(low, c[i])
		if i+1 < words {
			g.ADOXQ(high, c[i+1])
		} else {
			c = append(c, high)
		}
	}
	g.ADOXQ(zero, c[words])
	g.ADCXQ(zero, c[words])
	return c
}

// mulAdd sets v to a + x·b, where x is less than 2^18. It accepts loose elements and makes
// a loose one, which is tight if x is 38.
func (g *adx) mulAdd(v, a element, x uint64, b element) {
	g.MOVQ(g.constant(x), reg.RDX)
	zero := g.zero()
	var r [words + 1]reg.GPVirtual
	r[0] = g.GP64()
	for i := range words {
		low := r[0]
		if i > 0 {
			low = g.GP64()
		}
		r[i+1] = g.GP64()
		g.MULXQ(b[i], low, r[i+1])
		if i > 0 {
			g.ADOXQ(low, r[i])
		}
		g.ADCXQ(a[i], r[i])
	}
	h := r[words]
	g.ADOXQ(zero, h)
	g.ADCXQ(zero, h)

	// Move the bits from 2^255 on to h.
	top := r[words-1]
	g.ADDQ(top, top)
	g.ADCQ(h, h)
	g.SHRQ(Imm(1), top)
	g.IMUL3Q(Imm(19), h, h)
	g.ADDQ(h, r[0])
	g.MOVQ(r[0], v[0])
	for i := 1; i < words; i++ {
		g.ADCQ(Imm(0), r[i])
		g.MOVQ(r[i], v[i])
	}
}

// square sets v, which must not be a, to a². It accepts a loose element and makes a tight
// one.
func (g *adx) square(v, a element) steps {
	var r [2 * words]reg.GPVirtual
	allocate := func(indices ...int) {
		for _, i := range indices {
			r[i] = g.GP64()
		}
	}
	return steps{
		func() {
			// Multiply a0 by a1, a2 and a3. Keep two words of the result in memory.
			allocate(1, 2, 3, 4)
			g.MOVQ(a[0], reg.RDX)
			g.MULXQ(a[1], r[1], r[2])
			g.MOVQ(r[1], v[1])
			low := g.GP64()
			g.MULXQ(a[2], low, r[3])
			g.ADDQ(low, r[2])
			g.MOVQ(r[2], v[2])
			low = g.GP64()
			g.MULXQ(a[3], low, r[4])
			g.ADCQ(low, r[3])
			g.ADCQ(Imm(0), r[4])
		},
		func() {
			// Add the other products of different words.
			zero := g.zero()
			low, high := g.GP64(), g.GP64()
			g.MOVQ(a[1], reg.RDX)
			g.MULXQ(a[2], low, high)
			g.ADCXQ(low, r[3])
			g.ADOXQ(high, r[4])
			allocate(5, 6)
			low = g.GP64()
			g.MULXQ(a[3], low, r[5])
			g.ADCXQ(low, r[4])
			low = g.GP64()
			g.MOVQ(a[2], reg.RDX)
			g.MULXQ(a[3], low, r[6])
			g.ADOXQ(low, r[5])
			g.ADCXQ(zero, r[5])
			g.ADOXQ(zero, r[6])
			g.ADCXQ(zero, r[6])
		},
		func() {
			// One chain of carries doubles the sum so far, and another adds the squares of
			// words.
			zero := g.zero()
			double := func(i int, plus Op) {
				if i < 3 {
					allocate(i)
					g.MOVQ(v[i], r[i])
				}
				g.ADCXQ(r[i], r[i])
				g.ADOXQ(plus, r[i])
				if i < words {
					g.MOVQ(r[i], v[i])
				}
			}
			for i := range words {
				low, high := g.GP64(), g.GP64()
				g.MOVQ(a[i], reg.RDX)
				g.MULXQ(reg.RDX, low, high)
				if i == 0 {
					g.MOVQ(low, v[0])
				} else {
					double(2*i, low)
				}
				if i < words-1 {
					double(2*i+1, high)
				} else {
					r[7] = high
				}
			}
			g.ADCXQ(zero, r[7])
			g.ADOXQ(zero, r[7])
		},
		func() { g.mulAdd(v, v, 38, element{r[4], r[5], r[6], r[7]}) },
	}
}

// add returns a + b in registers. It accepts tight elements and returns a loose one.
func (g *adx) add(a, b element) element {
	s, correction := g.registers(a), g.zero()
	g.ADDQ(b[0], s[0])
	for i := 1; i < words; i++ {
		g.ADCQ(b[i], s[i])
	}
	g.CMOVQCS(g.constant(38), correction)
	g.ADDQ(correction, s[0])
	return s
}

// sub returns a - b in registers. It accepts a loose a and a tight b, and returns a loose
// element.
//
// A negative difference is more than -2^255 - 2^11. Modulo 2^256 it is then more than 2^254, so
// that subtracting 38 does not borrow.
func (g *adx) sub(a, b element) element {
	d, correction := g.registers(a), g.zero()
	g.SUBQ(b[0], d[0])
	for i := 1; i < words; i++ {
		g.SBBQ(b[i], d[i])
	}
	g.CMOVQCS(g.constant(38), correction)
	g.SUBQ(correction, d[0])
	for i := 1; i < words; i++ {
		g.SBBQ(Imm(0), d[i])
	}
	return d
}
