package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// In this file an element is an integer modulo p in five limbs of 51 bits. Instructions work on
// four elements at once: a register holds limb k of all four elements, each in a lane. A wide
// kernel works on twice four elements: both halves of its registers are treated alike. Limbs have
// one of two forms:
//
//   - carried: less than 2^51 + 2^17;
//   - columns: up to 64 bits, like sums of products.
//
// VPMADD52 uses only the low 52 bits of its factors, so factors must be less than 2^52. Carried
// limbs are. Sums and differences between two multiplications are computed on columns, and then
// carried once.
//
// The command prove, in the folder assurance, computes the bounds in these comments from the
// instructions.
const (
	limbBits = 51
	nLimbs   = 5
)

type vec = reg.VecVirtual

// columns are the limbs of four elements.
type columns [nLimbs]vec

// An ifma writes a kernel with AVX-512 IFMA.
type ifma struct {
	*kit.File
	vector         func() vec // a register of the kernel's size
	size           int        // of registers in bytes
	nineteen, mask Op         // 19 and 2^51 - 1 in each lane
}

func newIFMA(f *kit.File) *ifma     { return newIFMAOf(f, f.YMM, 32) }
func newWideIFMA(f *kit.File) *ifma { return newIFMAOf(f, f.ZMM, 64) }

func newIFMAOf(f *kit.File, vector func() vec, size int) *ifma {
	g := &ifma{File: f, vector: vector, size: size}
	g.nineteen, g.mask = g.broadcast(19), g.broadcast(1<<limbBits-1)
	return g
}

func (g *ifma) wide() bool { return g.size == 64 }

// table is Quads, but repeats each row of four for the other half of wide registers. It returns
// the place of the rows.
func (g *ifma) table(name string, quads ...uint64) place {
	if g.wide() {
		name += "Wide"
		var wide []uint64
		for row := range slices.Chunk(quads, 4) {
			wide = append(wide, slices.Repeat(row, 2)...)
		}
		quads = wide
	}
	return g.at(g.Quads(name, quads...))
}

// broadcast returns a register with copies of c in all lanes.
func (g *ifma) broadcast(c uint64) vec {
	r, x := g.GP64(), g.vector()
	g.MOVQ(U64(c), r)
	g.VPBROADCASTQ(r, x)
	return x
}

// lanes returns a mask of the given lanes, in both halves of wide registers.
func (g *ifma) lanes(lanes ...int) reg.Register {
	mask := 0
	for _, i := range lanes {
		mask |= 1 << i
	}
	if g.wide() {
		mask |= mask << 4
	}
	r, k := g.GP32(), g.K()
	g.MOVL(U32(mask), r)
	g.KMOVB(r, k)
	return k
}

// load returns a copy of limbs in memory.
func (g *ifma) load(from place) (c columns) {
	for k := range c {
		c[k] = g.vector()
		g.VMOVDQU64(from(k), c[k])
	}
	return c
}

// A place gives the address of limb k of four elements.
type place func(k int) Mem

// mul returns a·b + sum, in columns. It overwrites sum, which may be nil.
//
// The low and the high halves of products are added up separately, in columns L and H. The
// low half of the product of limbs i and j has the weight 2^51(i+j), and goes to column i+j
// of L. The high half has the weight 2^(52+51(i+j)), which is 2·2^51(i+j+1), and goes to
// column i+j+1 of H. So the product is L + 2H. Then 2^255 = 19 moves columns 5 to 9 to
// columns 0 to 4.
//
// In: a, b < 2^52. Halves are less than 2^52, so L < 5·2^52, 2H < 5·2^53, and
// r < 20·15·2^52 < 2^61, without sum.
func (g *ifma) mul(a, b columns, sum *columns) columns {
	p := products{g: g}
	if sum != nil {
		copy(p.low[:], sum[:])
	}
	// This is the fastest of the orders that were tried on Zen 4, by 2 % of a ladder. Limb 0
	// comes last because its carry is ready last.
	for _, i := range [nLimbs]int{2, 3, 4, 1, 0} {
		p.addRow(i, a[i], b)
	}
	return g.fold(p.sums())
}

// products holds the sums of the low halves and of the high halves of products of limbs, in
// columns. A column that is nil is 0.
type products struct {
	g         *ifma
	low, high [2 * nLimbs]vec
}

// addRow adds the product of limb i of one factor and the other factor, b.
func (p *products) addRow(i int, limb vec, b columns) {
	add := func(sums *[2 * nLimbs]vec, k int, instruction func(ops ...Op), x vec) {
		if sums[k] == nil {
			sums[k] = p.g.vector()
			p.g.ZERO(sums[k])
		}
		instruction(limb, x, sums[k])
	}
	for j := nLimbs - 1; j >= 0; j-- {
		add(&p.high, i+j+1, p.g.VPMADD52HUQ, b[j])
	}
	for j := nLimbs - 1; j >= 0; j-- {
		add(&p.low, i+j, p.g.VPMADD52LUQ, b[j])
	}
}

// sums returns L + 2H.
func (p *products) sums() (c [2 * nLimbs]vec) {
	for k := range c {
		low, high := p.low[k], p.high[k]
		if high == nil {
			c[k] = low
			continue
		}
		c[k] = high
		p.g.VPADDQ(high, high, high)
		if low != nil {
			p.g.VPADDQ(low, high, high)
		}
	}
	return c
}

// fold returns c modulo p, in five columns.
func (g *ifma) fold(c [2 * nLimbs]vec) (r columns) {
	for k := range r {
		over := c[k+nLimbs]
		g.VPMULLQ(g.nineteen, over, over)
		r[k] = c[k]
		g.VPADDQ(over, r[k], r[k])
	}
	return r
}

// splitRows is the number of rows of a split factor. Limbs 0 to 2 are in even lanes, and limbs 3
// and 4 are in the odd lanes beside limbs 0 and 1.
const splitRows = (nLimbs + 1) / 2

// mulSplit returns one product in lane 0 and another in lane 2, in columns. The odd lanes
// are meaningless. Row i of a has limb i of a factor in an even lane, and limb i+3 in the odd
// lane above it. b has the other factor in both lanes. So one row of mulSplit does the work of
// two rows of mul.
//
// In: a, b < 2^52. The bounds are those of mul.
func (g *ifma) mulSplit(a [splitRows]Mem, b columns) columns {
	p := products{g: g}
	for i, limb := range a {
		row := g.vector()
		g.VMOVDQU64(limb, row)
		p.addRow(i, row, b)
	}
	c := p.sums()
	// Column k of the odd lanes belongs to column k + 3.
	var odd [2 * nLimbs]vec
	for k := range 2*nLimbs - splitRows {
		odd[k] = g.vector()
		g.VPERMILPD(U8(0b0101), c[k], odd[k])
	}
	for k := splitRows; k < len(c); k++ {
		if c[k] == nil {
			c[k] = odd[k-splitRows]
		} else {
			g.VPADDQ(odd[k-splitRows], c[k], c[k])
		}
	}
	return g.fold(c)
}

// carry returns r, carried. In: r < 2^63. The carry from a limb to the next is less than 2^12.
// The carry from the last limb to the first is multiplied by 19, and is then less than 2^17.
func (g *ifma) carry(r columns) columns {
	var c, f columns
	for k := range r {
		c[k], f[k] = g.vector(), g.vector()
		g.VPSRLQ(U8(limbBits), r[k], c[k])
		g.VPANDQ(g.mask, r[k], f[k])
	}
	g.reduce(c, f)
	return f
}

// reduce adds the carries c of the limbs f to f.
func (g *ifma) reduce(c, f columns) {
	g.VPMADD52LUQ(g.nineteen, c[nLimbs-1], f[0])
	for k := 1; k < nLimbs; k++ {
		g.VPADDQ(c[k-1], f[k], f[k])
	}
}

// only returns one lane of r, carried. In the other lanes, limb 0 is the constant for the lane
// and the other limbs are 0.
func (g *ifma) only(lane reg.Register, r columns, name string, constants ...uint64) columns {
	var c, f columns
	for k := range r {
		c[k], f[k] = g.vector(), g.vector()
		g.VPSRLQ_Z(U8(limbBits), r[k], lane, c[k])
		if k == 0 {
			g.VMOVDQU64(g.table(name, constants...)(0), f[k])
			g.VPANDQ(g.mask, r[k], lane, f[k])
		} else {
			g.VPANDQ_Z(g.mask, r[k], lane, f[k])
		}
	}
	g.reduce(c, f)
	return f
}

// bias returns the place of columns that are 2048·p in the given lanes and 0 in the others.
// Columns up to 2^62 - 2^16 can be subtracted from the former without a borrow.
func (g *ifma) bias(name string, lanes ...int) place {
	var quads []uint64
	for k := range nLimbs {
		var limb [4]uint64
		for _, i := range lanes {
			limb[i] = 2048 * (1<<limbBits - 1)
			if k == 0 {
				limb[i] = 2048 * (1<<limbBits - 19)
			}
		}
		quads = append(quads, limb[:]...)
	}
	return g.table(name, quads...)
}

// at returns the place where limbs follow each other from an address.
func (g *ifma) at(address Mem) place {
	return func(k int) Mem { return address.Offset(g.size * k) }
}

// frame returns n places in the stack frame, aligned to the size of a register, and a function
// that writes instructions to overwrite them.
func (g *ifma) frame(n int) (places []place, wipe func()) {
	base := g.GP64()
	g.LEAQ(g.AllocLocal(g.size*(nLimbs*n+1)), base)
	g.ADDQ(U32(g.size-1), base)
	g.ANDQ(I32(-g.size), base)
	for i := range n {
		places = append(places, g.at(Mem{Base: base, Disp: g.size * nLimbs * i}))
	}
	return places, func() {
		zero := g.vector()
		g.ZERO(zero)
		for i := range nLimbs * n {
			g.VMOVDQU64(zero, Mem{Base: base, Disp: g.size * i})
		}
	}
}
