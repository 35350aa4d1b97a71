package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

func permute1BMI2(f *kit.File, constants operand.Mem) {
	f.Kernel("permute1BMI2", "func(a *[200]byte)", kit.AVX2, kit.Header{
		Does:    "permute1BMI2 applies Keccak-f[1600] to a state.",
		In:      "a, the state as a string of bytes: lane (x, y), little-endian, at a[8(x+5y)].",
		Out:     "a.",
		DoesNot: "overwrite the stack, where it leaves two words of theta of the last round.",
	})
	const middle = 96 // from where every lane is so near that one byte holds the distance
	state := f.Load(f.Param("a"), f.GP64())
	f.ADDQ(operand.Imm(middle), state)
	t := f.GP64()
	p := &permutation{File: f, lanes: words{f, t}, state: operand.Mem{Base: state, Disp: -middle}, at: atStart(), t: t}
	for x := range 5 {
		p.c[x], p.b[x], p.d[x] = f.GP64(), f.GP64(), f.GP64()
	}
	// There are registers for all but these: the best two of D.
	stack := f.AllocLocal(3 * 8)
	p.d[1], p.d[2], p.constant = stack, stack.Offset(8), stack.Offset(16)
	p.permute(constants)
	f.Ret()
}

// words are lanes of one state, in general registers.
type words struct {
	*kit.File
	t reg.Register
}

func (words) size() int { return 8 }

func (w words) copy(from, to operand.Op) { w.MOVQ(from, to) }

// xor loads before it computes: with operands of XORQ in memory, the permutation takes
// a twentieth longer on Zen 3.
func (w words) xor(a, b operand.Op, to reg.Register) {
	if b != operand.Op(to) {
		w.copy(a, to)
		a = b
	}
	if m, ok := a.(operand.Mem); ok {
		w.copy(m, w.t)
		a = w.t
	}
	w.XORQ(a, to)
}

func (w words) rotate(n uint64, a, to reg.Register) { w.RORXQ(operand.Imm(64-n), a, to) }

func (w words) andNot(a, b, to reg.Register) { w.ANDNQ(b, a, to) }

func (w words) xorConstant(address operand.Op, i int, to reg.Register) {
	w.copy(address, w.t)
	w.XORQ(operand.Mem{Base: w.t, Disp: 8 * i}, to)
}

func permute4AVX2(f *kit.File, constants operand.Mem) {
	f.Kernel("permute4AVX2", "func(a *[25][4]uint64)", kit.AVX2, kit.Header{
		Does:    "permute4AVX2 applies Keccak-f[1600] to four states.",
		In:      "a, the states with their lanes interleaved: lane (x, y) of state i is a[x+5y][i].",
		Out:     "a.",
		DoesNot: "need a to be aligned.",
	})
	state := f.Load(f.Param("a"), f.GP64())
	t := f.YMM()
	p := &permutation{File: f, lanes: newVectors(f, t), state: operand.Mem{Base: state}, at: atStart(), t: t}
	for x := range 5 {
		p.c[x], p.b[x], p.d[x] = f.YMM(), f.YMM(), f.YMM()
	}
	p.constant = f.GP64()
	p.permute(constants)
	f.Ret()
}

// vectors are lanes of four states, in ymm registers.
type vectors struct {
	*kit.File
	t     reg.Register
	bytes map[uint64]operand.Mem // shuffles that rotate by whole bytes
}

func newVectors(f *kit.File, t reg.Register) vectors {
	v := vectors{f, t, make(map[uint64]operand.Mem)}
	for _, n := range []uint64{8, 56} {
		var shuffle [4]uint64
		for i := range uint64(32) {
			// Byte i comes from i-n/8 within its lane. VPSHUFB counts within halves.
			from := i&8 | (i-n/8)&7
			shuffle[i/8] |= from << (i % 8 * 8)
		}
		v.bytes[n] = f.Quads(fmt.Sprintf("rotate%d", n), shuffle[:]...)
	}
	return v
}

func (vectors) size() int { return 32 }

func (v vectors) copy(from, to operand.Op) { v.VMOVDQU(from, to) }

func (v vectors) xor(a, b operand.Op, to reg.Register) { v.VPXOR(a, b, to) }

func (v vectors) rotate(n uint64, a, to reg.Register) {
	if shuffle, ok := v.bytes[n]; ok {
		v.VPSHUFB(shuffle, a, to)
		return
	}
	v.VPSRLQ(operand.Imm(64-n), a, v.t)
	if n == 1 {
		v.VPADDQ(a, a, to) // for which there are more units than for shifts
	} else {
		v.VPSLLQ(operand.Imm(n), a, to)
	}
	v.VPOR(v.t, to, to)
}

func (v vectors) andNot(a, b, to reg.Register) { v.VPANDN(b, a, to) }

func (v vectors) xorConstant(address operand.Op, i int, to reg.Register) {
	v.VPBROADCASTQ(operand.Mem{Base: address.(reg.Register), Disp: 8 * i}, v.t)
	v.xor(v.t, to, to)
}

func deinterleave4AVX2(f *kit.File) {
	f.Kernel("deinterleave4AVX2", "func(to *[4][200]byte, a *[25][4]uint64)", kit.AVX2, kit.Header{
		Does:    "deinterleave4AVX2 takes apart the four states of permute4AVX2.",
		In:      "a, as permute4AVX2 has it.",
		Out:     "to, each state as permute1BMI2 has it.",
		DoesNot: "change a, and needs no alignment.",
	})
	a, to := f.Load(f.Param("a"), f.GP64()), f.Load(f.Param("to"), f.GP64())
	at := func(lane, state int) operand.Mem { return operand.Mem{Base: a, Disp: 32*lane + 8*state} }
	place := func(lane, state int) operand.Mem { return operand.Mem{Base: to, Disp: 200*state + 8*lane} }
	for lane := 0; lane < 24; lane += 4 {
		f.Commentf("Lanes %d to %d: the rows of a 4 × 4 matrix become its columns.", lane, lane+3)
		var even, odd [2]reg.Register // states 0 and 2, 1 and 3, of two lanes
		for i := range 2 {
			first, second := f.YMM(), f.YMM()
			f.VMOVDQU(at(lane+2*i, 0), first)
			f.VMOVDQU(at(lane+2*i+1, 0), second)
			even[i], odd[i] = f.YMM(), f.YMM()
			f.VPUNPCKLQDQ(second, first, even[i])
			f.VPUNPCKHQDQ(second, first, odd[i])
		}
		for state := range 4 {
			pairs := even
			if state%2 == 1 {
				pairs = odd
			}
			halves := operand.Imm(0x20) // the lower ones of both
			if state >= 2 {
				halves = operand.Imm(0x31) // the upper ones
			}
			column := f.YMM()
			f.VPERM2I128(halves, pairs[1], pairs[0], column)
			f.VMOVDQU(column, place(lane, state))
		}
	}
	f.Comment("Lane 24")
	for state := range 4 {
		word := f.GP64()
		f.MOVQ(at(24, state), word)
		f.MOVQ(word, place(24, state))
	}
	f.Ret()
}
