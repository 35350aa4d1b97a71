package keccak

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// InWords returns the permutation of a state in general registers. It takes all of them, and moves
// the address of the state. Three values do not fit: theta is the address of two words of theta, and
// constant is the place of the address of the next round constant.
func InWords(f *kit.File, state, theta, constant operand.Mem) *Permutation {
	const middle = 96 // the distance from here to every lane fits in one byte
	f.ADDQ(operand.Imm(middle), state.Base)
	t := f.GP64()
	p := &Permutation{File: f, lanes: words{f, t}, state: state.Offset(-middle), at: atStart(), t: t, constant: constant}
	for x := range 5 {
		p.c[x], p.b[x], p.d[x] = f.GP64(), f.GP64(), f.GP64()
	}
	p.d[1], p.d[2] = theta, theta.Offset(8) // to keep these two in memory costs the least time
	return p
}

// words writes instructions for lanes of one state, in general registers.
type words struct {
	*kit.File
	t reg.Register
}

func (words) size() int { return 8 }

func (w words) copy(from, to operand.Op) { w.MOVQ(from, to) }

// xor loads operands from memory before it computes. If XORQ reads them from memory itself, the
// permutation takes 5 % longer on Zen 3.
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

// InVectors returns the permutation of four states in ymm registers of AVX2.
func InVectors(f *kit.File, states operand.Mem) *Permutation {
	t := f.YMM()
	p := &Permutation{File: f, lanes: newVectors(f, t), state: states, at: atStart(), t: t}
	for x := range 5 {
		p.c[x], p.b[x], p.d[x] = f.YMM(), f.YMM(), f.YMM()
	}
	p.constant = f.GP64()
	return p
}

// vectors writes instructions for lanes of four states, in ymm registers.
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
			// Byte i comes from byte i-n/8 of its lane. VPSHUFB counts the bytes of each 16.
			from := (i & 8) | ((i - n/8) & 7)
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
		v.VPADDQ(a, a, to) // processors have more units for additions than for shifts
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
