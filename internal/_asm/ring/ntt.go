package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// The transforms make two passes over the polynomial. One pass makes the layers that combine
// coefficients at a distance of 32 or more. In it, eight registers hold the coefficients of
// sixteen columns of a matrix with rows of 32. The other pass makes the layers of smaller
// distances, and eight registers hold 128 neighbours. Each pass is a loop of two turns, one for
// each half of the polynomial.

func (g *generator) ntt() {
	g.Kernel("nttAVX2", "func(f *[256]int16)", kit.AVX2, kit.Header{
		Does:  "nttAVX2 is the portable Poly.NTT, in place.",
		In:    "|f| < q.",
		Out:   "|f| < 8q.",
		Notes: "It reduces only products.",
	})
	t := g.newTransform(false)
	t.pass("nttColumns", columns, func(blocks []*block) {
		t.layer(blocks, 128)
		t.layer(blocks, 64)
		t.layer(blocks, 32)
	})
	t.pass("nttRows", rows, func(blocks []*block) {
		t.layer(blocks, 16)
		g.transpose(blocks)
		t.layer(blocks, 8)
		t.layer(blocks, 4)
		t.layer(blocks, 2)
		g.transpose(blocks)
		g.exchange(blocks)
	})
	g.Ret()
}

func (g *generator) inverseNTT() {
	g.Kernel("inverseNTTAVX2", "func(f *[256]int16)", kit.AVX2, kit.Header{
		Does: "inverseNTTAVX2 is the portable NTT.InverseNTT, in place.",
		In:   "|f| < q.",
		Out:  "|f| < q.",
	})
	t := g.newTransform(true)
	barrett, round10 := g.broadcast(barrett26, barrett26), g.broadcast(1<<5, 1<<5)
	t.pass("inverseNTTRows", rows, func(blocks []*block) {
		g.transpose(blocks)
		t.layer(blocks, 2)
		t.layer(blocks, 4)
		t.layer(blocks, 8)
		g.Comment("From 8q to q/2.")
		for _, b := range blocks {
			g.barrettReduce(b.vec, barrett, round10, t.modulus)
		}
		g.transpose(blocks)
		g.exchange(blocks)
		t.layer(blocks, 16)
	})
	factor, timesQInv := montgomery(-(q - 1) / 128) // 1/128, since q-1 is -1
	over128, over128TimesQInv := g.broadcast(factor, factor), g.broadcast(timesQInv, timesQInv)
	t.pass("inverseNTTColumns", columns, func(blocks []*block) {
		t.layer(blocks, 32)
		t.layer(blocks, 64)
		t.layer(blocks, 128)
		g.Comment("1/128 of all.")
		for _, b := range blocks {
			b.vec = g.montgomeryMul(b.vec, over128, over128TimesQInv, t.modulus)
		}
	})
	g.Ret()
}

// An arrangement tells which coefficients eight registers hold in the first turn of a loop, by
// the index of the first coefficient in each lower half and each upper half. In the second turn
// these indices are larger by step.
type arrangement struct {
	lower, upper [8]int
	step         int
}

var (
	columns = arrangement{[8]int{0, 32, 64, 96, 128, 160, 192, 224}, [8]int{8, 40, 72, 104, 136, 168, 200, 232}, 16}
	rows    = arrangement{[8]int{0, 16, 32, 48, 8, 24, 40, 56}, [8]int{64, 80, 96, 112, 72, 88, 104, 120}, 128}
)

// A block is a register, with the indices of the coefficients in it.
type block struct {
	*generator
	vec
	index [16]int
}

// load returns a block of eight coefficients from lower on, and eight from upper on.
func (g *generator) load(f Mem, lower, upper int) *block {
	b := &block{generator: g, vec: g.YMM()}
	for i := range 8 {
		b.index[i], b.index[8+i] = lower+i, upper+i
	}
	if upper == lower+8 {
		g.VMOVDQU(f.Offset(2*lower), b.vec)
	} else {
		g.VBROADCASTI128(f.Offset(2*lower), b.vec)
		g.VINSERTI128(U8(1), f.Offset(2*upper), b.vec, b.vec)
	}
	return b
}

// store stores a block of sixteen neighbours with one instruction. Otherwise it would be slow to
// load them with one instruction soon after.
func (b *block) store(f Mem) {
	if b.index[8] != b.index[0]+8 {
		panic("the halves of a block are not neighbours")
	}
	b.VMOVDQU(b.vec, f.Offset(2*b.index[0]))
}

// exchange exchanges the upper half of each of the first four blocks with the lower half of the
// block four places after it.
func (g *generator) exchange(b []*block) {
	for i := range 4 {
		x, y := *b[i], *b[i+4]
		b[i].vec, b[i+4].vec = g.YMM(), g.YMM()
		g.VPERM2I128(U8(0x20), y.vec, x.vec, b[i].vec)
		g.VPERM2I128(U8(0x31), y.vec, x.vec, b[i+4].vec)
		copy(b[i].index[8:], y.index[:8])
		copy(b[i+4].index[:8], x.index[8:])
	}
}

// transpose transposes four matrices: the lower halves of the first four blocks, their upper
// halves, and the same of the other four blocks. The entries of a matrix are pairs of
// coefficients.
func (g *generator) transpose(blocks []*block) {
	g.transpose4(blocks[:4])
	g.transpose4(blocks[4:])
}

func (g *generator) transpose4(b []*block) {
	before := []block{*b[0], *b[1], *b[2], *b[3]}
	var left, right [2]vec
	for i := range 2 {
		left[i], right[i] = g.YMM(), g.YMM()
		g.VPUNPCKLDQ(before[2*i+1].vec, before[2*i].vec, left[i])
		g.VPUNPCKHDQ(before[2*i+1].vec, before[2*i].vec, right[i])
	}
	for i := range 4 {
		b[i].vec = g.YMM()
		for word := range 16 {
			b[i].index[word] = before[word%8/2].index[word/8*8+2*i+word%2]
		}
	}
	g.VPUNPCKLQDQ(left[1], left[0], b[0].vec)
	g.VPUNPCKHQDQ(left[1], left[0], b[1].vec)
	g.VPUNPCKLQDQ(right[1], right[0], b[2].vec)
	g.VPUNPCKHQDQ(right[1], right[0], b[3].vec)
}

// A transform writes one kernel.
type transform struct {
	*generator
	f       reg.Register
	modulus vec
	inverse bool

	// These belong to the current pass.
	step  int          // the distance between the coefficients of the two turns
	zetas Mem          // the table of zetas
	used  [2][][16]int // the indices of the zetas in the table, for each turn
}

func (g *generator) newTransform(inverse bool) *transform {
	return &transform{generator: g, f: g.Load(g.Param("f"), g.GP64()), modulus: g.broadcast(q, q), inverse: inverse}
}

// pass writes a loop that applies body to both halves of the polynomial. The table has the
// zetas in the order of their first use, for the first turn and then for the second. If both
// turns use the same zetas, the table has them once.
func (t *transform) pass(name string, h arrangement, body func([]*block)) {
	f := Mem{Base: t.GP64()}
	t.MOVQ(t.f, f.Base)
	t.step, t.zetas, t.used = h.step, Mem{Base: t.GP64()}, [2][][16]int{}
	t.LEAQ(NewDataAddr(Symbol{Name: name, Static: true}, 0), t.zetas.Base)
	t.Repeat(name, 2, func() {
		var blocks []*block
		for i := range h.lower {
			blocks = append(blocks, t.load(f, h.lower[i], h.upper[i]))
		}
		body(blocks)
		for _, b := range blocks {
			b.store(f)
		}
		t.ADDQ(U32(2*h.step), f.Base)
		if !slices.Equal(t.used[0], t.used[1]) {
			t.ADDQ(U32(64*len(t.used[0])), t.zetas.Base)
		}
	})
	turns := t.used[:]
	if slices.Equal(t.used[0], t.used[1]) {
		turns = turns[:1]
	}
	var table []int16
	for _, turn := range turns {
		for _, indices := range turn {
			var zetas, timesQInv [16]int16
			for word, i := range indices {
				zetas[word], timesQInv[word] = montgomery(zeta(i))
			}
			table = append(append(table, zetas[:]...), timesQInv[:]...)
		}
	}
	t.words(name, table...)
}

// layer applies the butterfly to each pair of coefficients at the distance length.
func (t *transform) layer(blocks []*block, length int) {
	t.Commentf("Layer %d.", length)
	for _, a := range blocks {
		for _, b := range blocks {
			if a.index[0]/length%2 == 0 && b.index[0] == a.index[0]+length {
				t.butterfly(a, b, t.factor(a, b, length))
			}
		}
	}
}

// factor returns the address of the zetas of a and b in the table. Their products with q^-1
// are 32 bytes after it.
func (t *transform) factor(a, b *block, length int) Mem {
	var indices [2][16]int
	for word, i := range a.index {
		if i/length%2 != 0 || b.index[word] != i+length {
			panic(fmt.Sprintf("coefficients %d and %d meet in layer %d", i, b.index[word], length))
		}
		for turn := range indices {
			group := (i + turn*t.step) / (2 * length)
			indices[turn][word] = n/2/length + group
			if t.inverse {
				indices[turn][word] = n/length - 1 - group
			}
		}
	}
	k := slices.Index(t.used[0], indices[0])
	if k < 0 {
		k = len(t.used[0])
		for turn := range indices {
			t.used[turn] = append(t.used[turn], indices[turn])
		}
	}
	return t.zetas.Offset(64 * k)
}

// butterfly writes the butterfly of Cooley and Tukey: a, b = a + zeta·b, a - zeta·b. In the
// inverse it writes that of Gentleman and Sande: a, b = a + b, zeta·(b - a).
func (t *transform) butterfly(a, b *block, zeta Mem) {
	x := t.YMM()
	if t.inverse {
		t.VPSUBW(a.vec, b.vec, x)
		t.VPADDW(b.vec, a.vec, a.vec)
		b.vec = t.montgomeryMul(x, zeta, zeta.Offset(32), t.modulus)
		return
	}
	// The product is the difference of two numbers, as in montgomeryMul. The first number is
	// added and subtracted before the second is ready.
	multiple := t.YMM()
	t.VPMULLW(zeta.Offset(32), b.vec, multiple)
	t.VPMULHW(zeta, b.vec, b.vec)
	t.VPMULHW(t.modulus, multiple, multiple)
	t.VPADDW(b.vec, a.vec, x)
	t.VPSUBW(b.vec, a.vec, b.vec)
	t.VPSUBW(multiple, x, a.vec)
	t.VPADDW(multiple, b.vec, b.vec)
}

// zeta returns 17^BitRev7(i) mod q.
func zeta(i int) int {
	z := 1
	for bit := range 7 {
		if (i>>bit)&1 == 1 {
			for range 1 << (6 - bit) {
				z = z * 17 % q
			}
		}
	}
	return z
}
