package main

import (
	"fmt"
	"slices"

	"hybridkem/internal/_asm/arm64"
)

// The transforms make two passes over the polynomial, without loops, so that one part can
// begin before another ends. One pass makes the layers that combine coefficients at a distance of
// 32 or more, with eight registers at a time: eight columns of a matrix with rows of 32. The other
// pass makes the layers of smaller distances, with four registers for 32 neighbours.

func (g *neon) ntt() {
	g.Kernel("nttNEON", "func(f *[256]int16)", arm64.NEON, nttHeader("nttNEON"))
	t := g.newTransform("ntt", false)
	g.Schedule(30, func() {
		for column := range 4 {
			blocks := t.load(8*column, 32, 8)
			t.layers(blocks, 128, 64, 32)
			t.store(blocks)
		}
		for row := range 8 {
			blocks := t.load(32*row, 8, 4)
			t.layers(blocks, 16, 8)
			t.transpose(blocks)
			t.layers(blocks, 4, 2)
			t.transpose(blocks)
			t.store(blocks)
		}
	})
	t.end()
}

func (g *neon) inverseNTT() {
	g.Kernel("inverseNTTNEON", "func(f *[256]int16)", arm64.NEON, inverseNTTHeader("inverseNTTNEON"))
	t := g.newTransform("inverseNTT", true)
	g.Schedule(30, func() {
		for row := range 8 {
			blocks := t.load(32*row, 8, 4)
			t.transpose(blocks)
			t.layers(blocks, 2, 4)
			t.transpose(blocks)
			t.layers(blocks, 8)
			t.Comment("From 8q to q/2.")
			for _, b := range blocks {
				t.barrettReduce(b.V)
			}
			t.layers(blocks, 16)
			t.store(blocks)
		}
		for column := range 4 {
			blocks := t.load(8*column, 32, 8)
			t.layers(blocks, 32, 64, 128)
			t.Comment("1/128 of all.")
			for _, b := range blocks {
				b.V = t.montgomeryMul(b.V, t.pair(over128), t.modulus())
			}
			t.store(blocks)
		}
	})
	t.end()
}

// A neonBlock is a register, with the indices of the coefficients in it.
type neonBlock struct {
	arm64.V
	index []int
}

// A neonTransform writes one kernel.
type neonTransform struct {
	*neon
	name    string
	f       arm64.Mem
	inverse bool

	// Constants are in one table. It begins with pairs of words, four in a register, which
	// are used as lanes. Then there are two registers for each eight different factors.
	table   arm64.Mem
	lanes   map[int]arm64.V // the registers with pairs that have been loaded
	vectors [][]int         // the indices of the zetas in the other registers
}

func (g *neon) newTransform(name string, inverse bool) *neonTransform {
	f := g.Pointer("f")
	return &neonTransform{neon: g, name: name, f: f, inverse: inverse, table: g.Address(name), lanes: map[int]arm64.V{}}
}

// The pairs of words in the table. The pairs 1 to 31 are the zetas with these indices, each with its
// product with q^-1 modulo 2^16.
const (
	modulusAndBarrett = 0
	over128           = n / 8 // 1/128, in the form of a zeta
	pairs             = n/8 + 4
)

// end ends the kernel and adds its table.
func (t *neonTransform) end() {
	t.Ret()
	table := []int16{q, barrett26}
	for i := 1; i < over128; i++ {
		factor, timesQInv := montgomery(zeta(i))
		table = append(table, factor, timesQInv)
	}
	factor, timesQInv := montgomery(-(q - 1) / 128) // 1/128, since q-1 is -1
	table = append(table, factor, timesQInv, 0, 0, 0, 0, 0, 0)
	for _, indices := range t.vectors {
		var timesQInv []int16
		for _, i := range indices {
			zeta, zetaTimesQInv := montgomery(zeta(i))
			table, timesQInv = append(table, zeta), append(timesQInv, zetaTimesQInv)
		}
		table = append(table, timesQInv...)
	}
	t.WordTable(t.name, table...)
}

// load returns blocks that begin at a coefficient, and at a distance from each other.
func (t *neonTransform) load(first, distance, count int) (blocks []*neonBlock) {
	for i := range count {
		b := &neonBlock{V: t.register()}
		for word := range 8 {
			b.index = append(b.index, first+distance*i+word)
		}
		blocks = append(blocks, b)
	}
	for i := 0; i < count; i++ {
		if m := t.f.At(2 * blocks[i].index[0]); distance == 8 {
			t.FLDPQ(m, blocks[i].V, blocks[i+1].V)
			i++
		} else {
			t.FMOVQ(m, blocks[i].V)
		}
	}
	return blocks
}

// store stores blocks.
func (t *neonTransform) store(blocks []*neonBlock) {
	for i := 0; i < len(blocks); i++ {
		if m := t.f.At(2 * blocks[i].index[0]); blocks[1].index[0] == blocks[0].index[0]+8 {
			t.FSTPQ(blocks[i].V, blocks[i+1].V, m)
			i++
		} else {
			t.FMOVQ(blocks[i].V, m)
		}
	}
}

// transpose transposes a matrix with a block in each row. Its entries are pairs of coefficients.
func (t *neonTransform) transpose(b []*neonBlock) {
	var left, right [2]arm64.V
	for i := range 2 {
		left[i], right[i] = t.register(), t.register()
		x, y := b[2*i].As(arm64.S4), b[2*i+1].As(arm64.S4)
		t.VZIP1(y, x, left[i].As(arm64.S4))
		t.VZIP2(y, x, right[i].As(arm64.S4))
	}
	index := transposed(b[0].index, b[1].index, b[2].index, b[3].index)
	for i := range 4 {
		b[i].V, b[i].index = t.register(), index[i]
		half := [2][2]arm64.V{left, right}[i/2]
		zip := t.VZIP1
		if i%2 == 1 {
			zip = t.VZIP2
		}
		zip(half[1].As(arm64.D2), half[0].As(arm64.D2), b[i].As(arm64.D2))
	}
}

// layers is that of transform.
func (t *neonTransform) layers(blocks []*neonBlock, lengths ...int) {
	for _, length := range lengths {
		t.Comment(fmt.Sprintf("Layer %d.", length))
		for _, a := range blocks {
			for _, b := range blocks {
				if a.index[0]/length%2 == 0 && b.index[0] == a.index[0]+length {
					t.butterfly(a, b, t.factor(zetasOf(a.index, b.index, length, 0, t.inverse)))
				}
			}
		}
	}
}

// factor returns the zetas with the given indices.
func (t *neonTransform) factor(indices []int) neonFactor {
	if indices[0] == indices[7] {
		return t.pair(indices[0])
	}
	k := slices.IndexFunc(t.vectors, func(v []int) bool { return slices.Equal(v, indices) })
	if k < 0 {
		k = len(t.vectors)
		t.vectors = append(t.vectors, indices)
	}
	x, y := t.register(), t.register()
	t.FLDPQ(t.table.At(4*pairs+32*k), x, y)
	return neonFactor{x, y}
}

// pair returns a pair of the table.
func (t *neonTransform) pair(i int) neonFactor {
	v, ok := t.lanes[i/4]
	if !ok {
		v = t.register()
		t.FMOVQ(t.table.At(16*(i/4)), v)
		t.lanes[i/4] = v
	}
	return neonFactor{v.Lane(i % 4 * 2), v.Lane(i%4*2 + 1)}
}

// modulus returns q.
func (t *neonTransform) modulus() fmt.Stringer { return t.pair(modulusAndBarrett).b }

// butterfly is that of transform.
func (t *neonTransform) butterfly(a, b *neonBlock, zeta neonFactor) {
	x, y := t.register(), t.register()
	if t.inverse {
		t.VSUB(a.V, b.V, y)
		t.VADD(b.V, a.V, x)
		y = t.montgomeryMul(y, zeta, t.modulus())
	} else {
		product := t.montgomeryMul(b.V, zeta, t.modulus())
		t.VADD(product, a.V, x)
		t.VSUB(product, a.V, y)
	}
	a.V, b.V = x, y
}

// barrettReduce is that of generator.
func (t *neonTransform) barrettReduce(a arm64.V) {
	constants := t.pair(modulusAndBarrett)
	m := t.register()
	t.VSQDMULH(constants.timesQInv, a, m)
	t.VSRSHR(11, m, m)
	t.VMLS(constants.b, m, a)
}
