package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/keccak"
	"hybridkem/internal/_asm/kit"
)

// The headers of both ladders have these parts.
const (
	ladderIn  = "s, limb k of (x_2 + z_2, x_2 - z_2, x_3 + z_3, x_3 - z_3) in s[k]; u, limbs i and i+3 of the point's coordinate in u[i][2] and u[i][3], and 0 in u[2][3]; all carried: less than 2^51 + 2^17; swaps, whose bit t says whether bits t and t-1 of the scalar differ, for t from 1 to 255"
	ladderOut = "s, carried."
)

// ladderIFMA writes the ladder of RFC 7748, section 5, on four lanes and with the RFC's names.
// A step is a chain of three multiplications.
func ladderIFMA(f *kit.File) {
	f.Kernel("ladderIFMA", "func(s *[5][4]uint64, u *[3][4]uint64, swaps *[4]uint64, n int)", kit.AVX512IFMA, kit.Header{
		Does:  "ladderIFMA takes the last n of the 255 steps of the Montgomery ladder.",
		In:    ladderIn + "; n, at least 1.",
		Out:   ladderOut,
		Notes: "If bit 0 of the scalar is 1, the halves of s have changed places.",
	})
	l := ladder{ifma: newIFMA(f)}
	state, u, swaps := f.Pointer("s"), f.Pointer("u"), f.Pointer("swaps")
	places, wipe := l.frame(2)
	l.begin(rows(state), rows(u), places[0], places[1])
	n := f.Load(f.Param("n"), f.GP64())
	l.Label("step")
	l.step(n, swaps)
	l.DECL(n.(reg.GPVirtual).As32())
	l.JNZ(LabelRef("step"))
	l.end(rows(state))
	wipe()
	l.Ret()
}

// ladderPermuteIFMA writes the ladder with the instructions of a permutation between its own. The
// ladder mostly waits for products of vectors, and the permutation uses general registers, so that
// it costs next to no time.
func ladderPermuteIFMA(f *kit.File) {
	f.Kernel("ladderPermuteIFMA", "func(s *[5][4]uint64, u *[3][4]uint64, swaps *[4]uint64, n int, a *[200]byte)", kit.AVX512IFMA, kit.Header{
		Does: "ladderPermuteIFMA takes the first 12 of the last n steps of the Montgomery ladder, and applies Keccak-f[1600] to a state.",
		In:   ladderIn + "; n, at least 12; a, as for permute1BMI2.",
		Out:  ladderOut + " a.",
	})
	l := ladder{ifma: newIFMA(f)}
	// The permutation leaves one register, for the address of its state. So u is copied to the frame,
	// and the frame is not aligned.
	const nRows = 2*splitRows + nLimbs
	frame := l.AllocLocal(32 * nRows)
	u, split, kept := rows(frame), rows(frame.Offset(32*splitRows)), rows(frame.Offset(64*splitRows))
	theta, constant, counter := l.AllocLocal(2*8), l.AllocLocal(8), l.AllocLocal(8)
	l.MOVQ(f.Load(f.Param("n"), f.GP64()), counter)
	point := rows(f.Pointer("u"))
	for i := range splitRows {
		row := l.YMM()
		l.VMOVDQU64(point(i), row)
		l.VMOVDQU64(row, u(i))
	}
	l.begin(rows(f.Pointer("s")), u, split, kept)
	p := keccak.InWords(f, f.Pointer("a"), theta, constant)
	p.Parities()
	p.Rounds(func(i int) {
		if i%2 == 1 {
			return
		}
		n, swaps := l.GP64(), f.Pointer("swaps")
		l.MOVQ(counter, n)
		l.DECQ(counter)
		l.Weave(func() { l.step(n, swaps) }, func() {
			p.Round(i)
			p.Round(i + 1)
		})
	})
	l.end(rows(f.Pointer("s")))
	zero := l.YMM()
	l.ZERO(zero)
	for i := range nRows {
		l.VMOVDQU64(zero, rows(frame)(i))
	}
	l.VMOVDQU64(zero.AsX(), theta)
	l.Ret()
}

// rows returns the place of limbs that begin at m.
func rows(m Mem) place { return func(k int) Mem { return m.Offset(32 * k) } }

type ladder struct {
	*ifma
	s                                       columns
	u, split, kept                          place
	first, second, third, outer, odd, upper reg.Register // masks of lanes
}

// begin loads s. The other places are for the steps.
func (l *ladder) begin(s, u, split, kept place) {
	l.u, l.split, l.kept = u, split, kept
	l.first, l.second, l.third = l.lanes(0), l.lanes(1), l.lanes(2)
	l.outer, l.odd, l.upper = l.lanes(0, 3), l.lanes(1, 3), l.lanes(2, 3)
	l.s = l.load(s)
}

// end stores s.
func (l *ladder) end(s place) {
	for k := range l.s {
		l.VMOVDQU64(l.s[k], s(k))
	}
}

// step takes the first of the last t steps.
func (l *ladder) step(t reg.Register, swaps Mem) {
	l.Comment("If the two points change places, add 2 to the indices, modulo 4.")
	word, swap := l.GP64(), l.YMM()
	l.MOVQ(t, word)
	l.SHRQ(U8(6), word)
	l.MOVQ(swaps.Idx(word, 8), word)
	l.SHRXQ(t, word, word)
	l.ANDL(U8(1), word.As32())
	l.ADDL(word.As32(), word.As32())
	l.VPBROADCASTQ(word, swap)
	p, q := l.YMM(), l.YMM()
	l.VPXORQ(l.Quads("ABCD", 0, 1, 2, 3), swap, p)
	l.VPXORQ(l.Quads("ABBA", 0, 1, 1, 0), swap, q)

	l.Comment("(A, B, C, D)·(A, B, B, A) = (AA, BB, CB, DA)")
	var x, y columns
	for k := range l.s {
		x[k], y[k] = l.YMM(), l.YMM()
		l.VPERMQ(l.s[k], p, x[k])
		l.VPERMQ(l.s[k], q, y[k])
	}
	bias := l.load(l.bias("biasOuter", 0, 3))
	squares := l.mul(y, x, &bias)

	l.Comment("(E, BB, DA + CB, DA - CB) with E = AA - BB")
	var d, swapped columns
	for k, r := range squares {
		d[k], swapped[k] = l.YMM(), l.YMM()
		l.VPERMILPD(U8(0b1110), r, d[k])
		l.VPERMILPD(U8(0b0001), r, swapped[k])
		l.VPADDQ(swapped[k], d[k], l.third, d[k])
		l.VPSUBQ(swapped[k], d[k], l.outer, d[k])
	}
	d = l.carry(d)
	l.Comment("(a24, AA, DA + CB, DA - CB)")
	factor := l.only(l.second, swapped, "a24", a24, 0, 0, 0)
	for k := range d {
		l.VPBLENDMQ(d[k], factor[k], l.upper, factor[k])
	}
	l.Comment("(E, x_1), split")
	var rest [splitRows]Mem
	for i := range rest {
		row, other := l.YMM(), l.YMM()
		if i+splitRows < nLimbs {
			other = d[i+splitRows]
		} else {
			l.ZERO(other)
		}
		l.VPUNPCKLQDQ(other, d[i], row)
		l.VMOVDQU64(l.u(i), l.upper, row)
		rest[i] = l.split(i)
		l.VMOVDQU64(row, rest[i])
	}
	l.Comment("(AA + a24·E, AA·BB, (DA + CB)^2, (DA - CB)^2) = (F, x_2, x_3, W)")
	bias = l.load(l.bias("biasInner", 1, 2))
	for k := range bias {
		l.VPBLENDMQ(squares[k], bias[k], l.first, bias[k])
	}
	x23 := l.mul(d, factor, &bias)
	for k, r := range x23 {
		l.VMOVDQU64(r, l.kept(k))
	}
	l.Comment("(E·F, ., x_1·W, .) = (z_2, ., z_3, .)")
	fw := l.carry(x23)
	for _, limb := range fw {
		l.VPERMILPD(U8(0b1100), limb, limb)
	}
	z23 := l.mulSplit(rest, fw)

	l.Comment("(x_2 + z_2, x_2 - z_2, x_3 + z_3, x_3 - z_3)")
	var sum columns
	for k := range l.s {
		x, z := l.YMM(), l.YMM()
		sum[k] = l.YMM()
		l.VPERMILPD(U8(0b0011), l.kept(k), x)
		l.VPERMILPD(U8(0b0000), z23[k], z)
		l.VPADDQ(z, x, sum[k])
		l.VPSUBQ(z, x, l.odd, sum[k])
	}
	for k, limb := range l.carry(sum) {
		l.VMOVDQA64(limb, l.s[k])
	}
}
