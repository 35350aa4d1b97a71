package main

import (
	"slices"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/keccak"
	"hybridkem/internal/_asm/kit"
)

// A lane is a lane of a state in a general register, which is still to be rotated to the left by
// due.
//
// The rounds rotate no lane. An instruction with two operands can rotate one of them: it does so by the
// difference of what is due, and its result keeps the rotation that is due for the other one.
type lane struct {
	arm64.R
	due int
}

// The results of a round keep rotations in such a way that what is due is the same after every round.
// Of the ways that do this, these leave the most lanes with nothing due, which need no rotation before the
// first round and after the last. D[x] keeps the rotation of C[x-1], and theta that of D[x].
var (
	// cKeeps has the y of the lane whose rotation C[x] keeps.
	cKeeps = [5]int{4, 1, 2, 0, 0}

	// chiKeeps has, by y and x, the i for which lane (x, y) after chi keeps the rotation of B[x+i,y].
	chiKeeps = [5][5]int{{0, 0, 0, 2, 1}, {0, 1, 2, 1, 0}, {0, 0, 1, 2, 1}, {0, 0, 2, 1, 0}, {1, 0, 0, 0, 0}}
)

// words writes Keccak-f[1600] of one state in general registers.
//
// A round makes the lanes of a plane from five lanes, which pi moves to the plane, and in their registers.
// Each lane has a register as its home: that of lane (x, y) is the home of the one before pi that becomes
// B[2x+3y,y]. With this rule, lanes have the same homes again after two rounds.
//
// There are 26 registers: the homes, and t. Theta needs five for C and D, and chi needs three.
//   - From chi to the middle of theta, lanes (1, 0) and (2, 0) are in memory.
//   - A home can be written when the lane in it is not needed any more. In planes 1 to 4, the lanes that wait
//     for each other's homes form a cycle. One of them takes a free register instead, and its home becomes
//     free. They are lanes (3, 2), (3, 3), (1, 1) and (2, 4). Theta brings them home: (3, 2) and (3, 3) by
//     way of memory, so that their registers are free too, and the others when it adds D.
type words struct {
	*arm64.File
	a    [5][5]lane    // by x and y, as all arrays of arrays here
	home [5][5]arm64.R // of the lanes of a
	t    arm64.R

	// The frame: how many times the loop still runs, the address of the next round constant,
	// and lanes (1, 0), (2, 0), (3, 2) and (3, 3).
	times, constants, a10, a20, a32, a33 arm64.Mem
}

// wordsFrame is the size of the memory that words needs.
const wordsFrame = 48

func newWords(f *arm64.File, frame arm64.Mem) *words {
	w := &words{
		File: f, t: f.GP(),
		times: frame, constants: frame.At(8), a10: frame.At(16), a20: frame.At(24), a32: frame.At(32), a33: frame.At(40),
	}
	for i := range 25 {
		w.home[i%5][i/5] = f.GP()
	}
	for x := range w.a {
		for y := range w.a[x] {
			w.a[x][y].R = w.home[x][y]
		}
	}
	w.a[3][2].R, w.a[3][3].R, w.a[1][1].R, w.a[2][4].R = w.away()
	w.a[1][0].R, w.a[2][0].R = w.home[2][4], w.home[3][2]
	return w
}

// away returns the registers of lanes (3, 2), (3, 3), (1, 1) and (2, 4) between chi and theta. When chi is done,
// the homes of (3, 2), (3, 3) and (2, 4) are free.
func (w *words) away() (a32, a33, a11, a24 arm64.R) {
	return w.home[1][0], w.home[2][0], w.t, w.home[1][1]
}

// settle sets what is due to what is due after a round.
func (w *words) settle() {
	var f arm64.File
	f.Kernel("none", "func()", arm64.NEON, kit.Header{})
	dry := newWords(&f, f.Frame(wordsFrame))
	for range 8 { // after each round, more lanes have what they will always have
		dry.round()
	}
	for x := range w.a {
		for y := range w.a[x] {
			w.a[x][y].due = dry.a[x][y].due
		}
	}
}

// load loads a state whose lanes are so many bytes apart, for a loop that runs so many times.
func (w *words) load(state arm64.Mem, distance, times int) {
	w.settle()
	w.MOVD(arm64.Imm(times), w.t)
	w.STP(w.t, roundConstants(w.File).Base(), w.times)
	w.pairs(distance, func(i, j int) {
		w.LDP(state.At(8*i), w.a[i%5][i/5].R, w.a[j%5][j/5].R)
	}, func(i int) {
		w.MOVD(state.At(distance*i), w.a[i%5][i/5].R)
	})
	for i := range 25 {
		if l := w.a[i%5][i/5]; l.due != 0 {
			w.ROR(arm64.Imm(l.due), l.R, l.R)
		}
	}
	w.MOVD(w.a[1][0].R, w.a10)
	w.MOVD(w.a[2][0].R, w.a20)
}

// store stores the state, and overwrites the frame.
func (w *words) store(state arm64.Mem, distance int) {
	w.MOVD(w.a20, w.a[2][0].R)
	for i := range 25 {
		if l := w.a[i%5][i/5]; l.due != 0 {
			w.ROR(arm64.Imm(64-l.due), l.R, l.R)
		}
	}
	w.pairs(distance, func(i, j int) {
		w.STP(w.a[i%5][i/5].R, w.a[j%5][j/5].R, state.At(8*i))
	}, func(i int) {
		w.MOVD(w.a[i%5][i/5].R, state.At(distance*i))
	})
	w.STP(arm64.ZR, arm64.ZR, w.a10)
	w.STP(arm64.ZR, arm64.ZR, w.a32)
}

// pairs calls two for pairs of neighbours, and one for the other lanes.
func (w *words) pairs(distance int, two func(i, j int), one func(i int)) {
	i := 0
	for ; distance == 8 && i < 24; i += 2 {
		two(i, i+1)
	}
	for ; i < 25; i++ {
		one(i)
	}
}

// roundsPerLoop is the number of rounds after which all lanes have the same homes again.
const roundsPerLoop = 2

// rounds writes the body of the loop. It returns a register with the number of times that the loop still
// runs.
func (w *words) rounds() (times arm64.R) {
	before := *w
	for i := range roundsPerLoop {
		w.round()
		w.Comment("Iota. C[1] of the next round begins with lane (1, 0).")
		constant := w.home[3][2]
		pointer := constant.At(arm64.Mem{})
		if i < roundsPerLoop-1 {
			w.LDP(w.constants, constant, w.a[1][0].R)
		} else {
			times = w.home[3][3]
			w.LDP(w.times, times, constant)
			w.SUB(arm64.Imm(1), times, times)
			w.ADD(arm64.Imm(8*roundsPerLoop), constant, constant)
			w.STP(times, constant, w.times)
			w.MOVD(w.a10, w.a[1][0].R)
			pointer = pointer.At(-8 * roundsPerLoop)
		}
		w.MOVD(pointer.At(8*i), constant)
		w.a[0][0] = combine(w.EOR, w.a[0][0], lane{constant, 0}, w.a[0][0].R)
	}
	if *w != before {
		panic("the loop changes the registers of lanes, or what is due for them")
	}
	return times
}

// round writes a round without iota.
func (w *words) round() {
	w.theta()
	var b [5][5]lane
	for x := range w.a {
		for y, l := range w.a[x] {
			l.due = (l.due + int(keccak.Offsets[x][y])) % 64
			b[y][(2*x+3*y)%5] = l
		}
	}
	w.chi(b)
}

func (w *words) theta() {
	w.Comment("Theta: C[x] = A[x,0] ^ A[x,1] ^ A[x,2] ^ A[x,3] ^ A[x,4]")
	w.STP(w.a[3][2].R, w.a[3][3].R, w.a32)
	var c [5]lane
	// parity sets C[x] to the sum of its column, where lane (x, y) is in first.
	parity := func(x, y int, first, to arm64.R) {
		c[x] = combine(w.EOR, w.a[x][cKeeps[x]], lane{first, w.a[x][y].due}, to)
		for i, l := range w.a[x] {
			if i != y && i != cKeeps[x] {
				c[x] = combine(w.EOR, c[x], l, to)
			}
		}
	}
	d := func(x int, to arm64.R) lane {
		next := c[(x+1)%5]
		next.due++
		return combine(w.EOR, c[(x+4)%5], next, to)
	}
	// add adds D[x] to a lane, which is in from, and brings it home.
	add := func(x, y int, d lane, from arm64.R) {
		w.a[x][y] = combine(w.EOR, d, lane{from, w.a[x][y].due}, w.home[x][y])
	}
	// addTo adds D[x] to lanes that are at home.
	addTo := func(x int, d lane, ys ...int) {
		for _, y := range ys {
			add(x, y, d, w.home[x][y])
		}
	}
	home, a := w.home, w.a
	parity(3, 3, a[3][3].R, home[2][0])
	parity(1, 0, a[1][0].R, home[2][4])
	parity(0, 1, a[0][1].R, home[3][2])
	parity(4, 1, a[4][1].R, home[3][3])
	w.Comment("D[x] = C[x-1] ^ (C[x+1] <<< 1)")
	t := home[1][0]
	addTo(0, d(0, t), 0, 1, 2, 3, 4)
	addTo(4, d(4, t), 0, 1, 2, 3, 4)
	w.MOVD(w.a20, t)
	parity(2, 0, t, t)
	d1, d2, d3 := d(1, home[3][2]), d(2, home[2][0]), d(3, home[3][3])
	t = w.t
	add(2, 4, d2, a[2][4].R)
	add(1, 1, d1, a[1][1].R)
	w.LDP(w.a10, home[1][0], t)
	addTo(1, d1, 0, 2, 3, 4)
	addTo(2, d2, 1, 2, 3)
	add(2, 0, d2, t)
	w.LDP(w.a32, home[3][2], t)
	addTo(3, d3, 0, 1, 2, 4)
	add(3, 3, d3, t)
}

func (w *words) chi(b [5][5]lane) {
	for x := range w.home {
		for y := range w.home[x] {
			w.home[x][y] = b[(2*x+3*y)%5][y].R
		}
	}
	w.Comment("Chi: A[x,y] = B[x,y] ^ (^B[x+1,y] & B[x+2,y])")
	p := w.plane(b, 0, b[2][0].R, w.t)
	p.make(2, w.t)
	w.MOVD(w.t, w.a20)
	p.make(1, w.t)
	w.MOVD(w.t, w.a10)
	for _, x := range []int{3, 4, 0} {
		p.make(x, w.home[x][0])
	}
	free := []arm64.R{w.home[1][0], w.home[2][0], w.t}
	a32, a33, a11, a24 := w.away()
	for _, away := range []struct {
		x, y int
		to   arm64.R
	}{{3, 2, a32}, {3, 3, a33}, {1, 1, a11}, {2, 4, a24}} {
		free = slices.DeleteFunc(free, func(r arm64.R) bool { return r == away.to })
		p := w.plane(b, away.y, free...)
		p.make(away.x, away.to)
		x := away.x
		for range 3 { // each takes the home of the one before, which is the register of B[x,y]
			x = (3*x + away.y) % 5
			p.make(x, w.home[x][away.y])
		}
		x = 2 * away.y % 5 // B[x,y] is in the home of lane (x, y)
		p.make(x, w.home[x][away.y])
		free = append(free, w.home[away.x][away.y])
	}
	w.a[1][0].R, w.a[2][0].R = w.home[2][4], w.home[3][2]
}

// A plane is a plane during chi.
type plane struct {
	*words
	b    [5]lane
	y    int
	free []arm64.R
	and  [5]lane // ^B[x+1] & B[x+2], or its complement, where set is true
	set  [5]bool
	made [5]bool
}

func (w *words) plane(b [5][5]lane, y int, free ...arm64.R) *plane {
	p := &plane{words: w, y: y, free: slices.Clone(free)}
	for x := range b {
		p.b[x] = b[x][y]
	}
	return p
}

// make makes lane (x, y) in a register. If that has a lane of B, which then gets lost, it first computes what
// else needs the lane.
func (p *plane) make(x int, to arm64.R) {
	for i := range p.and {
		if i != x && !p.set[i] && !p.made[i] && (p.b[(i+1)%5].R == to || p.b[(i+2)%5].R == to) {
			p.setAnd(i, p.take())
		}
	}
	if !p.set[x] {
		if to == p.b[x].R {
			p.setAnd(x, p.take())
		} else {
			p.setAnd(x, to)
		}
	}
	and, made := p.and[x], &p.a[x][p.y]
	switch chiKeeps[p.y][x] {
	case 0:
		*made = combine(p.EOR, p.b[x], and, to)
	case 1:
		*made = combine(p.EON, and, p.b[x], to)
	default:
		*made = combine(p.EOR, and, p.b[x], to)
	}
	p.made[x] = true
	if and.R != to {
		p.free = append(p.free, and.R)
	}
}

func (p *plane) setAnd(x int, to arm64.R) {
	p.set[x] = true
	first, second := p.b[(x+1)%5], p.b[(x+2)%5]
	if chiKeeps[p.y][x] == 1 {
		p.and[x] = combine(p.ORN, first, second, to)
	} else {
		p.and[x] = combine(p.BIC, second, first, to)
	}
}

func (p *plane) take() (r arm64.R) {
	r, p.free = p.free[0], p.free[1:]
	return r
}

// combine writes an instruction whose result keeps the rotation that is due for kept.
func combine(op func(x arm64.Source, y, z arm64.R), kept, other lane, to arm64.R) lane {
	op(other.Ror(((kept.due-other.due)%64+64)%64), kept.R, to)
	return lane{to, kept.due}
}
