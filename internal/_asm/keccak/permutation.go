// Package keccak writes the rounds of Keccak-f[1600] for kernels. It uses the names of FIPS 202,
// section 3.
package keccak

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

const (
	nRounds       = 24
	RoundsPerLoop = 4 // after four rounds every lane is at its first place again: see places.next
)

// A Permutation writes Keccak-f[1600]. The state stays in memory. The parities of its
// columns, which theta needs, stay in registers.
//
// A round makes one plane after another. For each plane it loads the five lanes that pi moves
// to the plane, and stores the five new lanes where those were.
type Permutation struct {
	*kit.File
	lanes
	state    operand.Mem
	at       places
	c        [5]reg.Register // C[x] of theta, for the next round
	d        [5]operand.Op   // D[x] of theta
	b        [5]reg.Register // a plane between pi and chi
	t        reg.Register
	constant operand.Op // holds the address of the next round constant
}

// lanes writes instructions that work on the lanes of one state, or of several states that are
// interleaved in memory. The instructions may overwrite the register t of the permutation.
type lanes interface {
	size() int                            // the size of a lane in memory
	copy(from, to operand.Op)             // to = from
	xor(a, b operand.Op, to reg.Register) // to = a ^ b
	rotate(n uint64, a, to reg.Register)  // to = a <<< n
	andNot(a, b, to reg.Register)         // to = ^a & b

	// xorConstant adds the i-th 64-bit constant after the address to to.
	xorConstant(address operand.Op, i int, to reg.Register)
}

// lane returns the place of lane (x, y).
func (p *Permutation) lane(at places, x, y int) operand.Mem {
	return p.state.Offset(at[x][y] * p.size())
}

// Permute writes the whole permutation.
func (p *Permutation) Permute() {
	p.Parities()
	p.Rounds(p.Round)
}

// Rounds writes a loop of all rounds. round writes the i-th round of the loop, for i from 0 to
// RoundsPerLoop - 1.
func (p *Permutation) Rounds(round func(i int)) {
	rounds(p.File, p.constant, round)
	if p.at != atStart() {
		panic("the loop moves the lanes")
	}
}

// rounds writes a loop of all rounds. round writes the i-th round of the loop; its constant
// is i words after the address in pointer.
func rounds(f *kit.File, pointer operand.Op, round func(i int)) {
	constants := f.Quads("roundConstants", RoundConstants()...)
	t := f.GP64()
	f.LEAQ(constants, t)
	f.MOVQ(t, pointer)
	f.Label("rounds")
	for i := range RoundsPerLoop {
		round(i)
	}
	f.LEAQ(constants.Offset(8*nRounds), t)
	f.ADDQ(operand.Imm(8*RoundsPerLoop), pointer)
	f.CMPQ(pointer, t)
	f.JNE(operand.LabelRef("rounds"))
}

// Parities sets C from the state before the first round. chiIota sets it for later rounds.
func (p *Permutation) Parities() {
	p.Comment("Theta: C[x] = A[x,0] ^ A[x,1] ^ A[x,2] ^ A[x,3] ^ A[x,4]")
	for x := range 5 {
		p.copy(p.lane(p.at, x, 0), p.c[x])
	}
	for y := 1; y < 5; y++ {
		for x := range 5 {
			p.xor(p.lane(p.at, x, y), p.c[x], p.c[x])
		}
	}
}

// Round writes round i of the loop.
func (p *Permutation) Round(i int) {
	p.theta()
	next := p.at.next()
	// Any order of the planes is correct if it begins with plane 0. In chiIota, any order is
	// correct. These orders are the fastest of a hundred for permute1BMI2 on Zen 3. For
	// permute4AVX2 the order makes no difference.
	for _, y := range []int{0, 4, 3, 1, 2} {
		p.rhoPi(y)
		p.chiIota(next, y, i)
	}
	p.at = next
}

// theta sets D. rhoPi adds it to A.
func (p *Permutation) theta() {
	p.Comment("Theta: D[x] = C[x-1] ^ (C[x+1] <<< 1)")
	for x := range 5 {
		d, ok := p.d[x].(reg.Register)
		if !ok {
			d = p.b[x]
		}
		p.rotate(1, p.c[(x+1)%5], d)
		p.xor(p.c[(x+4)%5], d, d)
		if !ok {
			p.copy(d, p.d[x])
		}
	}
}

// rhoPi sets B to plane y after theta, rho and pi.
func (p *Permutation) rhoPi(y int) {
	p.Commentf("Theta, rho and pi: B[x,%d] = (A[x+%[2]d,x] ^ D[x+%[2]d]) <<< r[x+%[2]d,x]", y, 3*y%5)
	for x := range 5 {
		fromX, fromY := (x+3*y)%5, x
		p.xor(p.lane(p.at, fromX, fromY), p.d[fromX], p.b[x])
		if n := Offsets[fromX][fromY]; n != 0 {
			p.rotate(n, p.b[x], p.b[x])
		}
	}
}

// chiIota makes plane y of the state after round i of the loop. It makes the plane from B, and
// adds it to C.
func (p *Permutation) chiIota(next places, y, i int) {
	p.Commentf("Chi: A[x,%d] = B[x,%[1]d] ^ (^B[x+1,%[1]d] & B[x+2,%[1]d])", y)
	for _, x := range []int{4, 1, 3, 0, 2} {
		a := p.t
		if y == 0 {
			a = p.c[x]
		}
		p.andNot(p.b[(x+1)%5], p.b[(x+2)%5], a)
		p.xor(p.b[x], a, a)
		if x == 0 && y == 0 {
			p.Comment("Iota")
			p.xorConstant(p.constant, i, a)
		}
		p.copy(a, p.lane(next, x, y))
		if y != 0 {
			p.xor(a, p.c[x], p.c[x])
		}
	}
}
