package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// With ymm registers, the transforms make two passes over the polynomial. One pass makes the
// layers that combine coefficients at a distance of 32 or more. In it, eight registers hold the
// coefficients of sixteen columns of a matrix with rows of 32. The other pass makes the layers of
// smaller distances, and eight registers hold 128 neighbours. Each pass is a loop of two turns,
// one for each half of the polynomial.
//
// Eight zmm registers hold the whole polynomial. So with them there is one pass of one turn.

func (g *generator) nttKernel(name string, set kit.Set) *transform {
	g.Kernel(name, "func(f *[256]int16)", set, nttHeader(name))
	return g.newTransform(false)
}

func nttHeader(name string) kit.Header {
	return kit.Header{
		Does:  name + " is the portable Poly.NTT, in place.",
		In:    "|f| < q.",
		Out:   "|f| <= 16117.",
		Notes: "It reduces only products.",
	}
}

func (g *generator) ntt() {
	t := g.nttKernel("nttAVX2", kit.AVX2)
	t.pass("nttColumns", columns, func(blocks []*block) {
		t.layers(blocks, 128, 64, 32)
	})
	t.pass("nttRows", rows, func(blocks []*block) {
		t.layers(blocks, 16)
		g.transpose(blocks)
		t.layers(blocks, 8, 4, 2)
		g.transpose(blocks)
		g.exchange(blocks)
	})
	g.Ret()
}

func (g *generator) nttAVX512() {
	t := g.nttKernel("nttAVX512", kit.AVX512)
	t.pass("ntt", whole, func(blocks []*block) {
		t.layers(blocks, 128, 64, 32)
		g.transposeQuarters(blocks)
		t.layers(blocks, 16, 8)
		g.transpose(blocks)
		t.layers(blocks, 4, 2)
		g.transpose(blocks)
		g.transposeQuarters(blocks)
	})
	g.Ret()
}

func (g *generator) inverseNTTKernel(name string, set kit.Set) *transform {
	g.Kernel(name, "func(f *[256]int16)", set, inverseNTTHeader(name))
	return g.newTransform(true)
}

func inverseNTTHeader(name string) kit.Header {
	return kit.Header{
		Does: name + " is the portable NTT.InverseNTT, in place.",
		In:   "|f| < q.",
		Out:  "-1846 <= f <= 1872.",
	}
}

func (g *generator) inverseNTT() {
	t := g.inverseNTTKernel("inverseNTTAVX2", kit.AVX2)
	reduce := t.reducer()
	t.pass("inverseNTTRows", rows, func(blocks []*block) {
		g.transpose(blocks)
		t.layers(blocks, 2, 4, 8)
		reduce(blocks)
		g.transpose(blocks)
		g.exchange(blocks)
		t.layers(blocks, 16)
	})
	scale := t.scaler()
	t.pass("inverseNTTColumns", columns, func(blocks []*block) {
		t.layers(blocks, 32, 64, 128)
		scale(blocks)
	})
	g.Ret()
}

func (g *generator) inverseNTTAVX512() {
	t := g.inverseNTTKernel("inverseNTTAVX512", kit.AVX512)
	reduce, scale := t.reducer(), t.scaler()
	t.pass("inverseNTT", whole, func(blocks []*block) {
		g.transposeQuarters(blocks)
		g.transpose(blocks)
		t.layers(blocks, 2, 4)
		g.transpose(blocks)
		t.layers(blocks, 8)
		reduce(blocks)
		t.layers(blocks, 16)
		g.transposeQuarters(blocks)
		t.layers(blocks, 32, 64, 128)
		scale(blocks)
	})
	g.Ret()
}

// reducer returns a function that reduces coefficients to at most (q-1)/2.
func (t *transform) reducer() func(blocks []*block) {
	barrett, round10 := t.broadcast(barrett26, barrett26), t.broadcast(1<<5, 1<<5)
	return func(blocks []*block) {
		t.Comment("From 8q to q/2.")
		for _, b := range blocks {
			t.barrettReduce(b.vec, barrett, round10, t.modulus)
		}
	}
}

// scaler returns a function that multiplies coefficients by 1/128.
func (t *transform) scaler() func(blocks []*block) {
	factor, timesQInv := montgomery(-(q - 1) / 128) // 1/128, since q-1 is -1
	over128, over128TimesQInv := t.broadcast(factor, factor), t.broadcast(timesQInv, timesQInv)
	return func(blocks []*block) {
		t.Comment("1/128 of all.")
		for _, b := range blocks {
			b.vec = t.montgomeryMul(b.vec, over128, over128TimesQInv, t.modulus)
		}
	}
}

// An arrangement tells which coefficients eight registers hold in the first turn of a loop, by
// the index of the first coefficient in each lower half and each upper half. In the second turn
// these indices are larger by step. If step is 0, there is no second turn.
type arrangement struct {
	lower, upper [8]int
	step         int
}

var (
	columns = arrangement{[8]int{0, 32, 64, 96, 128, 160, 192, 224}, [8]int{8, 40, 72, 104, 136, 168, 200, 232}, 16}
	rows    = arrangement{[8]int{0, 16, 32, 48, 8, 24, 40, 56}, [8]int{64, 80, 96, 112, 72, 88, 104, 120}, 128}
	whole   = arrangement{[8]int{0, 32, 64, 96, 128, 160, 192, 224}, [8]int{16, 48, 80, 112, 144, 176, 208, 240}, 0}
)

// A block is a register, with the indices of the coefficients in it.
type block struct {
	g *generator
	vec
	index []int
}

// load returns a block with half of its coefficients from lower on, and half from upper on.
func (g *generator) load(f Mem, lower, upper int) *block {
	b := &block{g, g.register(), make([]int, g.width)}
	for i := range g.width / 2 {
		b.index[i], b.index[g.width/2+i] = lower+i, upper+i
	}
	if upper == lower+g.width/2 {
		g.move(f.Offset(2*lower), b.vec)
	} else {
		g.VBROADCASTI128(f.Offset(2*lower), b.vec)
		g.VINSERTI128(U8(1), f.Offset(2*upper), b.vec, b.vec)
	}
	return b
}

// store stores a block of neighbours with one instruction. Otherwise it would be slow to load
// them with one instruction soon after.
func (b *block) store(f Mem) {
	if b.index[b.g.width/2] != b.index[0]+b.g.width/2 {
		panic("the halves of a block are not neighbours")
	}
	b.g.move(b.vec, f.Offset(2*b.index[0]))
}

// exchange exchanges the upper half of each of the first four blocks with the lower half of the
// block four places after it.
func (g *generator) exchange(b []*block) {
	for i := range 4 {
		x, y := *b[i], *b[i+4]
		b[i].vec, b[i+4].vec = g.YMM(), g.YMM()
		g.VPERM2I128(U8(0x20), y.vec, x.vec, b[i].vec)
		g.VPERM2I128(U8(0x31), y.vec, x.vec, b[i+4].vec)
		b[i].index = slices.Concat(x.index[:8], y.index[:8])
		b[i+4].index = slices.Concat(x.index[8:], y.index[8:])
	}
}

// transposeQuarters transposes two matrices: the first four blocks, and the other four. The
// entries of a matrix are quarters of a zmm register.
func (g *generator) transposeQuarters(blocks []*block) {
	for b := range slices.Chunk(blocks, 4) {
		var halves [4]vec // the lower halves of the first two and of the last two, and then the upper halves
		for i := range halves {
			halves[i] = g.ZMM()
			g.VSHUFI64X2(U8([]int{0x44, 0xee}[i/2]), b[i%2*2+1].vec, b[i%2*2].vec, halves[i])
		}
		var index [4][]int
		for i := range b {
			for _, x := range b {
				index[i] = append(index[i], x.index[8*i:][:8]...)
			}
		}
		for i := range b {
			b[i].vec, b[i].index = g.ZMM(), index[i]
			g.VSHUFI64X2(U8([]int{0x88, 0xdd}[i%2]), halves[i/2*2+1], halves[i/2*2], b[i].vec)
		}
	}
}

// transpose transposes matrices: eight neighbours of each of the first four blocks are one, and
// the same of the other four blocks. The entries of a matrix are pairs of coefficients.
func (g *generator) transpose(blocks []*block) {
	g.transpose4(blocks[:4])
	g.transpose4(blocks[4:])
}

func (g *generator) transpose4(b []*block) {
	before := []block{*b[0], *b[1], *b[2], *b[3]}
	var left, right [2]vec
	for i := range 2 {
		left[i], right[i] = g.register(), g.register()
		g.VPUNPCKLDQ(before[2*i+1].vec, before[2*i].vec, left[i])
		g.VPUNPCKHDQ(before[2*i+1].vec, before[2*i].vec, right[i])
	}
	index := transposed(b[0].index, b[1].index, b[2].index, b[3].index)
	for i := range 4 {
		b[i].vec, b[i].index = g.register(), index[i]
	}
	g.VPUNPCKLQDQ(left[1], left[0], b[0].vec)
	g.VPUNPCKHQDQ(left[1], left[0], b[1].vec)
	g.VPUNPCKLQDQ(right[1], right[0], b[2].vec)
	g.VPUNPCKHQDQ(right[1], right[0], b[3].vec)
}

// transposed returns the indices of the coefficients in four blocks after transpose4.
func transposed(before ...[]int) (after [4][]int) {
	for i := range after {
		for word := range before[0] {
			after[i] = append(after[i], before[word%8/2][word/8*8+2*i+word%2])
		}
	}
	return after
}

// A transform writes one kernel.
type transform struct {
	*generator
	f       reg.Register
	modulus vec
	inverse bool

	// These belong to the current pass.
	step  int        // the distance between the coefficients of the two turns
	zetas Mem        // the table of zetas
	used  [2][][]int // the indices of the zetas in the table, for each turn
}

func (g *generator) newTransform(inverse bool) *transform {
	return &transform{generator: g, f: g.Load(g.Param("f"), g.GP64()), modulus: g.broadcast(q, q), inverse: inverse}
}

// pass writes a loop that applies body to both halves of the polynomial, or just body if the
// arrangement has no second turn. The table has the zetas in the order of their first use, for
// the first turn and then for the second. If both turns use the same zetas, the table has them
// once.
func (t *transform) pass(name string, h arrangement, body func([]*block)) {
	f := Mem{Base: t.GP64()}
	t.MOVQ(t.f, f.Base)
	t.step, t.zetas, t.used = h.step, Mem{Base: t.GP64()}, [2][][]int{}
	t.LEAQ(NewDataAddr(Symbol{Name: name, Static: true}, 0), t.zetas.Base)
	equalTurns := func() bool { return slices.EqualFunc(t.used[0], t.used[1], slices.Equal) }
	turn := func() {
		var blocks []*block
		for i := range h.lower {
			blocks = append(blocks, t.load(f, h.lower[i], h.upper[i]))
		}
		body(blocks)
		for _, b := range blocks {
			b.store(f)
		}
	}
	if h.step == 0 {
		turn()
	} else {
		t.Repeat(name, 2, func() {
			turn()
			t.ADDQ(U32(2*h.step), f.Base)
			if !equalTurns() {
				t.ADDQ(U32(4*t.width*len(t.used[0])), t.zetas.Base)
			}
		})
	}
	turns := t.used[:]
	if equalTurns() {
		turns = turns[:1]
	}
	var table []int16
	for _, turn := range turns {
		for _, indices := range turn {
			var timesQInv []int16
			for _, i := range indices {
				zeta, zetaTimesQInv := montgomery(zeta(i))
				table, timesQInv = append(table, zeta), append(timesQInv, zetaTimesQInv)
			}
			table = append(table, timesQInv...)
		}
	}
	t.words(name, table...)
}

// layers applies the butterfly to each pair of coefficients at the first of the distances, and
// then at the others.
func (t *transform) layers(blocks []*block, lengths ...int) {
	for _, length := range lengths {
		t.Commentf("Layer %d.", length)
		for _, a := range blocks {
			for _, b := range blocks {
				if a.index[0]/length%2 == 0 && b.index[0] == a.index[0]+length {
					t.butterfly(a, b, t.factor(a, b, length))
				}
			}
		}
	}
}

// factor returns the address of the zetas of a and b in the table. Their products with q^-1
// are in the next register's place after them.
func (t *transform) factor(a, b *block, length int) Mem {
	indices := [2][]int{zetasOf(a.index, b.index, length, 0, t.inverse), zetasOf(a.index, b.index, length, t.step, t.inverse)}
	k := slices.IndexFunc(t.used[0], func(used []int) bool { return slices.Equal(used, indices[0]) })
	if k < 0 {
		k = len(t.used[0])
		for turn := range indices {
			t.used[turn] = append(t.used[turn], indices[turn])
		}
	}
	return t.zetas.Offset(4 * t.width * k)
}

// zetasOf returns the indices of the zetas of a and b, which are the indices of coefficients
// after those have become larger by step.
func zetasOf(a, b []int, length, step int, inverse bool) (indices []int) {
	for word, i := range a {
		if i/length%2 != 0 || b[word] != i+length {
			panic(fmt.Sprintf("coefficients %d and %d meet in layer %d", i, b[word], length))
		}
		group := (i + step) / (2 * length)
		zeta := n/2/length + group
		if inverse {
			zeta = n/length - 1 - group
		}
		indices = append(indices, zeta)
	}
	return indices
}

// butterfly writes the butterfly of Cooley and Tukey: a, b = a + zeta·b, a - zeta·b. In the
// inverse it writes that of Gentleman and Sande: a, b = a + b, zeta·(b - a).
func (t *transform) butterfly(a, b *block, zeta Mem) {
	x := t.register()
	if t.inverse {
		t.VPSUBW(a.vec, b.vec, x)
		t.VPADDW(b.vec, a.vec, a.vec)
		b.vec = t.montgomeryMul(x, zeta, zeta.Offset(2*t.width), t.modulus)
		return
	}
	// The product is the difference of two numbers, as in montgomeryMul. The first number is
	// added and subtracted before the second is ready.
	multiple := t.register()
	t.VPMULLW(zeta.Offset(2*t.width), b.vec, multiple)
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
