package main

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// The statements about the ladders with AVX-512 IFMA, and about ladderNEON. The state of a ladder is
// (x_2, z_2, x_3, z_3), with the names of RFC 7748, section 5, before the swap of a step. With
// AVX-512, it is (A, B, C, D) = (x_2 + z_2, x_2 - z_2, x_3 + z_3, x_3 - z_3). The proofs have these parts:
//
//   - The entry comes to the head of the loop with the state that the header says.
//   - A step computes that of the RFC, where swap is the bit of swaps that the counter chooses.
//     It is executed on variables, which are carried limbs, and leaves carried limbs.
//   - The exit stores what the header says.
//
// A machine at the head of the loop stands for all steps: it holds variables for the state, the
// counter and swaps, and what else a step changes is unknown there. The counter matters only at
// the start of a step, which is executed for each counter, and at its end. In between, one
// machine stands for all counters.

// A ladder is a proof about a ladder.
type ladder struct {
	*proof
	*radix
	swaps   int // the argument that holds swaps
	lanes   int // how many scalars swaps has
	cases   []swapCase
	args    []machine.Value
	largest [2]big.Int // limbs that were found, with even and with odd numbers
	t, bit  *term.Word // the variables for the counter, and for the bit that is rotated

	// The loop begins at head, consists of a step or two, and ends with a jump.
	head, jump    uint64
	parts         []part
	count, rotate *machine.Instruction // they count down, and rotate the bit if there is one

	names   [4]string // of what the state is
	formula func(swap int, x1 integer.Poly, state [4]integer.Poly) [4]integer.Poly

	state func(m *machine.Machine) []*term.Word // what the places of the state hold
	reset func(m *machine.Machine)              // sets the state to variables
	equal func(m *machine.Machine)              // sets it to variables that all lanes share
}

// A part is a step of a loop. It depends on the counter only before chosen and from last on.
type part struct{ chosen, last uint64 }

// A swapCase is a case of the bits of swaps that a step depends on.
type swapCase struct {
	bits    []*term.Word             // for each lane
	prepare func(m *machine.Machine) // sets the state
	after   []*term.Word             // the state after the step
}

// inMemory reports whether the counter is in memory. Then a step counts at its start.
func (l *ladder) inMemory() bool { return l.count.A64 == nil && l.count.Args[0].Kind == machine.Memory }

// register returns the register that has the counter, if it is not in memory.
func (l *ladder) register(m *machine.Machine) *machine.Value {
	if i := l.count.A64; i != nil {
		return &m.General[i.Args[0].Reg]
	}
	return &m.General[l.count.Args[0].Reg]
}

// newLadder finds the loop. The instruction called choice is the last one that the bit of swaps
// has to pass before it is in vectors or masks. If there are two steps in the loop, the second
// begins where the counter is read again.
func (p *proof) newLadder(swaps, lanes int, choice string) (*ladder, error) {
	l := &ladder{proof: p, radix: radix51, swaps: swaps, lanes: lanes, t: p.space.Var("t", 64), bit: p.space.Var("bit", 64)}
	l.names = [4]string{"x_2 + z_2", "x_2 - z_2", "x_3 + z_3", "x_3 - z_3"}
	l.formula = func(swap int, x1 integer.Poly, state [4]integer.Poly) [4]integer.Poly {
		return sums(ladderStep(swap, x1, state))
	}
	list := p.code.Listing()
	for n, i := range list {
		switch {
		case i.Op == "JNE" && i.Args[0].Imm < i.Address:
			l.head, l.jump = i.Args[0].Imm, i.Address
		case i.Op == "DEC":
			l.count = i
		case i.Op == "cbnz":
			l.head, l.jump, l.count = i.A64.Args[1].Imm, i.Address, list[n-1]
		}
	}
	if l.count == nil {
		return nil, errors.New("nothing counts")
	}
	next := part{last: l.jump}
	if !l.inMemory() {
		next.last = l.count.Address
	}
	for _, i := range list {
		switch {
		case i.Address < l.head:
		case i.Op == choice && next.chosen == 0:
			next.chosen = i.Address + uint64(len(i.Bytes))
			l.parts = append(l.parts, next)
			if choice == "VPRORQ" {
				l.rotate = i
			}
		case l.inMemory() && i.Op == "MOV" && i.Args[1] == l.count.Args[0] && next.chosen != 0:
			l.parts[len(l.parts)-1].last = i.Address
			next = part{last: l.jump}
		}
	}
	if l.parts == nil {
		return nil, fmt.Errorf("there is no loop with %s", choice)
	}
	return l, nil
}

// word returns the word of 64 bits that is n.
func (l *ladder) word(n uint64) *term.Word { return l.space.Const(64, n) }

// bitOf returns the word whose bit t modulo 64 is set.
func (l *ladder) bitOf(t int) *term.Word { return l.word(1 << (t & 63)) }

// slot returns the place in the frame where the counter is, if it is not in a register.
func (l *ladder) slot(m *machine.Machine) int {
	sp, _ := m.General[machine.StackPointer].Word.Const()
	return int(int64(sp) + l.count.Args[0].Disp)
}

// setCounter sets the counter, and the bit that is rotated if there is one.
func (l *ladder) setCounter(m *machine.Machine, t, bit *term.Word) {
	if l.inMemory() {
		m.Stack.Set(l.slot(m), t)
	} else {
		*l.register(m) = machine.Value{Word: t}
	}
	if l.rotate != nil {
		for j := range l.lanes {
			m.Vector[l.rotate.Args[0].Reg][j] = bit
		}
	}
}

// wantCounter checks the counter, and the bit that is rotated.
func (l *ladder) wantCounter(m *machine.Machine, t, bit *term.Word) error {
	var have machine.Value
	if l.inMemory() {
		have.Word = m.Stack.Word(l.slot(m), 8)
	} else {
		have = *l.register(m)
	}
	if have.Region != nil || have.Word != t {
		return fmt.Errorf("the counter is %v, not %v", have.Word, t)
	}
	if l.rotate != nil {
		for j := range l.lanes {
			if w := m.Vector[l.rotate.Args[0].Reg][j]; w != bit {
				return fmt.Errorf("the bit of the counter is %v, not %v", w, bit)
			}
		}
	}
	return nil
}

// setSwaps sets all bits of swaps to variables, but for bit t, if bits has other values for it.
func (l *ladder) setSwaps(m *machine.Machine, t int, bits []*term.Word) {
	r := m.Argument(l.swaps)
	for w := range 4 {
		for i := range l.lanes {
			v := l.space.Var(fmt.Sprint("swaps", l.lanes*w+i), 64)
			if k := t % 64; bits != nil && w == t/64 {
				v = term.Cat(v.Bits(0, k), bits[i], v.Bits(k+1, 63-k))
			}
			r.Set(8*(l.lanes*w+i), v)
		}
	}
}

// forget sets the counter and swaps to variables. Flags are not known after it.
func (l *ladder) forget(m *machine.Machine) {
	m.Flags = [4]*term.Word{}
	l.setCounter(m, l.t, l.bit)
	l.setSwaps(m, 0, nil)
}

// runTo executes the kernel until it comes to an address.
func (l *ladder) runTo(m *machine.Machine, stop uint64) error {
	before := m.Steps
	err := m.RunTo(stop)
	l.steps += m.Steps - before
	if err == nil && m.PC != stop {
		return errors.New("the kernel returns from within a step")
	}
	return err
}

// step executes a step for these counters, in one case. It returns a machine at the end that
// stands for all of them.
func (l *ladder) step(part part, head *machine.Machine, counters []int, c *swapCase) (*machine.Machine, error) {
	all := head.Clone()
	c.prepare(all)
	var others []*machine.Machine
	for i := len(counters) - 1; i >= 0; i-- {
		m := all
		if i > 0 {
			if m = all.Fork(true); l.inMemory() || l.code.A64() { // arm64's schedule may bring a store forward
				m = all.Clone()
			}
			others = append(others, m)
		}
		t := counters[i]
		l.setCounter(m, l.word(uint64(t)), l.bitOf(t))
		l.setSwaps(m, t, c.bits)
		if err := l.runTo(m, part.chosen); err != nil {
			return nil, fmt.Errorf("t = %d: %w", t, err)
		}
		if l.inMemory() {
			t--
		}
		if err := l.wantCounter(m, l.word(uint64(t)), l.bitOf(counters[i]-1)); err != nil {
			return nil, fmt.Errorf("t = %d: %w", counters[i], err)
		}
		l.forget(m)
	}
	all.Join(others...)
	if err := l.runTo(all, part.last); err != nil {
		return nil, err
	}
	if err := l.wantCounter(all, l.t, l.bit); err != nil {
		return nil, err
	}
	after := l.state(all)
	if c.after == nil {
		c.after = after
	}
	if !slices.Equal(after, c.after) {
		return nil, errors.New("another step computes another state")
	}
	return all, nil
}

// loop executes a step from a machine at the head of the loop, for all counters. It makes
// unknown what steps change, and returns a machine behind the loop.
func (l *ladder) loop(head *machine.Machine) (exit *machine.Machine, err error) {
	// Two counters show quickly what steps change.
	_, _, err = l.pass(head, []int{1, 255})
	for unchanged := false; err == nil && !unchanged; {
		exit, unchanged, err = l.pass(head, counters(1, 255))
	}
	return exit, err
}

// counters returns the numbers from lowest to highest.
func counters(lowest, highest int) (all []int) {
	for t := lowest; t <= highest; t++ {
		all = append(all, t)
	}
	return all
}

// pass executes a step from a machine at the head of the loop, for these counters. It makes
// unknown what steps change, and returns a machine behind the loop. That stands for all
// executions if the machine at the head did, so that nothing changed.
func (l *ladder) pass(head *machine.Machine, counters []int) (exit *machine.Machine, unchanged bool, err error) {
	var heads, exits []*machine.Machine
	for i := range l.cases {
		step, err := l.step(l.parts[0], head, counters, &l.cases[i])
		if err != nil {
			return nil, false, err
		}
		l.reset(step)
		for _, t := range counters {
			m := step.Fork(true)
			l.setCounter(m, l.word(uint64(t)), l.bitOf(t-1))
			if err := l.end(m, t > 1); err != nil {
				return nil, false, fmt.Errorf("t = %d: %w", t, err)
			}
			if err := l.wantCounter(m, l.word(uint64(t-1)), l.bitOf(t-1)); err != nil {
				return nil, false, fmt.Errorf("t = %d: %w", t, err)
			}
			l.forget(m)
			if t > 1 {
				heads = append(heads, m)
			} else {
				exits = append(exits, m)
			}
		}
	}
	changed := head.Join(heads...)
	exit = exits[0].Clone()
	exit.Join(exits[1:]...)
	return exit, !changed, nil
}

// end executes the end of a step. It comes to the head of the loop again, or does not.
func (l *ladder) end(m *machine.Machine, again bool) error {
	for m.PC == l.count.Address || m.PC == l.jump {
		if _, err := m.Step(); err != nil {
			return err
		}
	}
	if (m.PC == l.head) != again {
		return errors.New("the loop ends here, or does not")
	}
	return nil
}

// leave executes the kernel behind the loop until it returns. Then nothing that depends on data
// may be in the frame.
func (l *ladder) leave(m *machine.Machine) error {
	before := m.Steps
	err := m.Run()
	l.steps += m.Steps - before
	if err != nil {
		return err
	}
	kept := l.code.Kept()
	saved := l.space.Var(fmt.Sprint("general register ", kept[len(kept)-1]), 64)
	for at, w := range m.Stack.Data {
		if w == nil || !m.Stack.Written[at] {
			continue
		}
		for _, g := range w.Segs {
			if g.Node != nil && g.Node != saved.Node() && g.Node != l.t.Node() {
				return fmt.Errorf("it leaves %v in byte %d of the stack", w, at)
			}
		}
	}
	return nil
}

// isElement checks that a row of limbs is an element, carried.
func (l *ladder) isElement(f *integer.Field, name string, row []*term.Word, want integer.Poly) error {
	for i, w := range row {
		have := f.Interval(w)
		if !have.Within(l.carried(i)) {
			return fmt.Errorf("limb %d of %s is not carried: %v", i, name, have)
		}
		if most := &l.largest[i%2]; most.Cmp(have.High) < 0 {
			most.Set(have.High)
		}
	}
	l.detail = fmt.Sprintf("even limbs at most %#x, odd limbs at most %#x", &l.largest[0], &l.largest[1])
	v, err := f.Value(row...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if d := f.Expand(v).Sub(want).Mod(f.P); !d.IsZero() {
		return fmt.Errorf("%s is wrong, by %v", name, d)
	}
	return nil
}

// carriedField returns a field, with symbols for elements of these names that are carried.
func (r *radix) carriedField(names []string, rows [][]*term.Word) (f *integer.Field, symbols []integer.Poly, err error) {
	f = integer.NewField(p25519, r.place)
	for i, row := range rows {
		for k, w := range row {
			f.Assume(w, r.carried(k))
		}
		symbol, err := f.Element(names[i], row...)
		if err != nil {
			return nil, nil, err
		}
		symbols = append(symbols, integer.Atom(symbol))
	}
	return f, symbols, nil
}

// isStep checks that after is what a step of the RFC makes of before. Both are rows of limbs of
// the state.
func (l *ladder) isStep(swap int, before, after [][]*term.Word, x1 []*term.Word) error {
	f, symbols, err := l.carriedField(append(l.names[:], "x_1"), append(slices.Clone(before), x1))
	if err != nil {
		return err
	}
	if err := l.define(f, slices.Concat(after...)...); err != nil {
		return err
	}
	for i, want := range l.formula(swap, symbols[4], [4]integer.Poly(symbols)) {
		if err := l.isElement(f, l.names[i], after[i], want); err != nil {
			return fmt.Errorf("swap = %d: %w", swap, err)
		}
	}
	return nil
}

// fourRows returns the rows of four elements, whose limbs k are s[4k] to s[4k + 3].
func fourRows(s []*term.Word) [][]*term.Word {
	rows := make([][]*term.Word, 4)
	for i, w := range s {
		rows[i%4] = append(rows[i%4], w)
	}
	return rows
}

// variables returns n variables of 64 bits with this name.
func (p *proof) variables(name string, n int) []*term.Word { return p.variablesOf(64, name, n) }

// variablesOf returns n variables of so many bits with this name.
func (p *proof) variablesOf(bits int, name string, n int) (out []*term.Word) {
	for i := range n {
		out = append(out, p.space.Var(fmt.Sprint(name, i), bits))
	}
	return out
}

// enter executes the entry of ladderIFMA or ladderPermuteIFMA, and finds the registers of the
// state.
func (l *ladder) enter(address int, more ...machine.Value) (*machine.Machine, error) {
	in := machine.Variables(l.space, "in", 4*nLimbs, 64, 64, true)
	u := machine.Variables(l.space, "u", 12, 64, 64, false)
	u.Set(8*11, l.word(0)) // It would be limb 5.
	swaps := machine.Variables(l.space, "swaps", 4, 64, 64, false)
	args := []machine.Value{l.arg(in), l.arg(u), l.arg(swaps), {Word: l.t}}
	args = append(args, more...)
	l.args = slices.Clone(args)
	l.args[3] = l.number(255)
	m := machine.New(l.space, l.code, args...)
	m.StackAddress = address
	if err := l.runTo(m, l.head); err != nil {
		return nil, err
	}
	if err := l.wantCounter(m, l.t, l.bit); err != nil {
		return nil, err
	}
	var registers []int
	given, before := l.variables("in", 4*nLimbs), l.variables("s", 4*nLimbs)
	for row := range slices.Chunk(given, 4) {
		for r := range m.Vector {
			if slices.Equal(m.Vector[r][:4], row) {
				registers = append(registers, r)
			}
		}
	}
	if len(registers) != nLimbs {
		return nil, errors.New("the state is not in registers")
	}
	l.state = func(m *machine.Machine) (s []*term.Word) {
		for _, r := range registers {
			s = append(s, m.Vector[r][:4]...)
		}
		return s
	}
	l.reset = func(m *machine.Machine) {
		for k, r := range registers {
			copy(m.Vector[r][:4], before[4*k:])
		}
	}
	l.bothCases()
	l.reset(m)
	return m, nil
}

// bothCases makes the cases of a ladder with one scalar.
func (l *ladder) bothCases() {
	if l.cases == nil {
		for bit := range uint64(2) {
			l.cases = append(l.cases, swapCase{bits: []*term.Word{l.space.Const(1, bit)}, prepare: l.reset})
		}
	}
}

// leaveState is leave, and checks that the state is stored.
func (l *ladder) leaveState(m *machine.Machine) error {
	if err := l.leave(m); err != nil {
		return err
	}
	for i, w := range l.variables("s", 4*nLimbs) {
		if have := m.Argument(0).Field(i, 64); have != w {
			return fmt.Errorf("limb %d of element %d becomes %v", i/4, i%4, have)
		}
	}
	return nil
}

// areSteps checks that the state after a step is that of the RFC, for both bits.
func (l *ladder) areSteps() error {
	u := l.variables("u", 12)
	x1 := []*term.Word{u[2], u[6], u[10], u[3], u[7]}
	for swap := range l.cases {
		if err := l.isStep(swap, fourRows(l.variables("s", 4*nLimbs)), fourRows(l.cases[swap].after), x1); err != nil {
			return err
		}
	}
	return nil
}

func ladderProof(p *proof) error {
	l, err := p.newLadder(2, 1, "VPBROADCASTQ")
	if err != nil {
		return err
	}
	for address := 0; address < 64; address += 8 {
		head, err := l.enter(address)
		if err != nil {
			return err
		}
		exit, err := l.loop(head)
		if err != nil {
			return err
		}
		if address == 0 {
			if err := l.areSteps(); err != nil {
				return err
			}
		}
		if err := l.leaveState(exit); err != nil {
			return err
		}
	}
	return l.independent(l.args...)
}

func ladderPermuteProof(p *proof) error {
	l, err := p.newLadder(2, 1, "VPBROADCASTQ")
	if err != nil {
		return err
	}
	const steps = 12
	head, err := l.enter(0, p.arg(p.states("a", 1)))
	if err != nil {
		return err
	}
	for i := range steps {
		var ends []*machine.Machine
		for c := range l.cases {
			// The counter is n - i, for n from 12 to 255.
			step, err := l.step(l.parts[i%len(l.parts)], head, counters(steps-i, 255-i), &l.cases[c])
			if err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
			if step.PC == l.jump {
				if err := l.end(step, i < steps-1); err != nil {
					return err
				}
			}
			// What is left of this state must not be taken for the next.
			step.Forget(l.variables("s", 4*nLimbs)...)
			l.reset(step)
			ends = append(ends, step)
		}
		head = ends[0]
		head.Join(ends[1:]...)
	}
	if err := l.leaveState(head); err != nil {
		return err
	}
	if head.Aligned {
		return errors.New("the frame is aligned, so its address matters")
	}
	if err := p.isPermuted(head.Argument(4), "a", 1); err != nil {
		return err
	}
	if err := l.areSteps(); err != nil {
		return err
	}
	return l.independent(l.args...)
}

// enterEight executes the entry of ladder8IFMA. It returns the state at the head of the loop too:
// limb k of element e of lane i is word 8·(5e + k) + i.
func (l *ladder) enterEight(address int) (head *machine.Machine, state []*term.Word, err error) {
	x, z := machine.NewRegion("x", 8*8*nLimbs, true), machine.NewRegion("z", 8*8*nLimbs, true)
	u := machine.Variables(l.space, "u", 8*nLimbs, 64, 64, false)
	swaps := machine.Variables(l.space, "swaps", 8*4, 64, 64, false)
	args := []machine.Value{l.arg(x), l.arg(z), l.arg(u), l.arg(swaps)}
	l.args = args
	m := machine.New(l.space, l.code, args...)
	m.StackAddress = address
	if err := l.runTo(m, l.head); err != nil {
		return nil, nil, err
	}
	if err := l.wantCounter(m, l.word(255), l.bitOf(255)); err != nil {
		return nil, nil, err
	}
	sp, _ := m.General[machine.StackPointer].Word.Const()
	rows := (int(sp)+address+63)&^63 - address
	l.state = func(m *machine.Machine) (s []*term.Word) {
		for i := range 4 * nLimbs * 8 {
			s = append(s, m.Stack.Word(rows+8*i, 8))
		}
		return s
	}
	state = l.state(m)
	set := func(m *machine.Machine, lane func(i int) int) {
		for i := range 4 * nLimbs * 8 {
			m.Stack.Set(rows+8*i, l.space.Var(fmt.Sprint("s", lane(i)), 64))
		}
		for i := range nLimbs * 8 {
			m.Argument(2).Set(8*i, l.space.Var(fmt.Sprint("u", lane(i)), 64))
		}
	}
	l.reset = func(m *machine.Machine) { set(m, func(i int) int { return i }) }
	if l.cases == nil {
		var bits []*term.Word
		for i := range 8 {
			bits = append(bits, l.space.Var(fmt.Sprint("swap", i), 1))
		}
		l.cases = []swapCase{{bits: bits}}
	}
	l.cases[0].prepare = l.reset
	l.equal = func(m *machine.Machine) { set(m, func(i int) int { return i &^ 7 }) }
	l.reset(m)
	l.forget(m)
	return m, state, nil
}

// ofLane returns so many rows of lane i, from words in the order of ladder8IFMA.
func ofLane(words []*term.Word, i int) (rows [][]*term.Word) {
	for at := 0; at < len(words); at += 8 * nLimbs {
		var row []*term.Word
		for k := range nLimbs {
			row = append(row, words[at+8*k+i])
		}
		rows = append(rows, row)
	}
	return rows
}

// areEightSteps checks that the state after a step is that of the RFC in all lanes, where each
// has its own bit. First, no lane depends on another. Second, if all lanes have the same
// variables and the same bit, the results are the same in all lanes, and one of them is looked at.
func (l *ladder) areEightSteps(head *machine.Machine) error {
	s, u := l.variables("s", 4*8*nLimbs), l.variables("u", 8*nLimbs)
	for i := range 8 {
		own := slices.Concat(append(ofLane(s, i), ofLane(u, i)[0], l.cases[0].bits[i:i+1])...)
		vars, _ := term.Support(slices.Concat(ofLane(l.cases[0].after, i)...)...)
		for _, v := range vars {
			if !slices.Contains(own, v.Word) {
				return fmt.Errorf("lane %d depends on %s", i, v.Aux)
			}
		}
	}
	for swap := range 2 {
		c := swapCase{bits: slices.Repeat([]*term.Word{l.space.Const(1, uint64(swap))}, 8), prepare: l.equal}
		if _, err := l.step(l.parts[0], head, []int{255}, &c); err != nil {
			return err
		}
		for i, w := range c.after {
			if w != c.after[i&^7] {
				return fmt.Errorf("lane %d is not like lane 0", i%8)
			}
		}
		if err := l.isStep(swap, ofLane(s, 0), ofLane(c.after, 0), ofLane(u, 0)[0]); err != nil {
			return err
		}
	}
	return nil
}

// entersEight checks that the state at the first head is x_2 + z_2, x_2 - z_2, x_3 + z_3 and
// x_3 - z_3 for x_2/z_2 = 1/0 and x_3/z_3 = u/1.
func (l *ladder) entersEight(state []*term.Word) error {
	for i := range 8 {
		f, u, err := l.carriedField([]string{"u"}, ofLane(l.variables("u", 8*nLimbs), i))
		if err != nil {
			return err
		}
		one := integer.Int(1)
		for e, want := range []integer.Poly{one, one, u[0].Add(one), u[0].Sub(one)} {
			if err := l.isElement(f, fmt.Sprint("element ", e, " at first"), ofLane(state, i)[e], want); err != nil {
				return err
			}
		}
	}
	return nil
}

// leavesEight checks that x and z are 2·x_2 and 2·z_2 of the state.
func (l *ladder) leavesEight(x, z []*term.Word) error {
	for i := range 8 {
		f, s, err := l.carriedField([]string{"x_2 + z_2", "x_2 - z_2"}, ofLane(l.variables("s", 4*8*nLimbs), i)[:2])
		if err != nil {
			return err
		}
		if err := l.isElement(f, "x", ofLane(x, i)[0], s[0].Add(s[1])); err != nil {
			return err
		}
		if err := l.isElement(f, "z", ofLane(z, i)[0], s[0].Sub(s[1])); err != nil {
			return err
		}
	}
	return nil
}

func ladderEightProof(p *proof) error {
	l, err := p.newLadder(3, 8, "VPRORQ")
	if err != nil {
		return err
	}
	var first, x, z []*term.Word
	for address := 0; address < 64; address += 8 {
		head, state, err := l.enterEight(address)
		if err != nil {
			return err
		}
		exit, err := l.loop(head)
		if err != nil {
			return err
		}
		if err := l.leave(exit); err != nil {
			return err
		}
		xs, zs := wordsIn(exit.Argument(0)), wordsIn(exit.Argument(1))
		if address == 0 {
			first, x, z = state, xs, zs
			if err := l.areEightSteps(head); err != nil {
				return err
			}
		}
		if !slices.Equal(state, first) || !slices.Equal(xs, x) || !slices.Equal(zs, z) {
			return errors.New("the address of the stack matters")
		}
	}
	if err := l.entersEight(first); err != nil {
		return err
	}
	if err := l.leavesEight(x, z); err != nil {
		return err
	}
	return l.independent(l.args...)
}

// mixedRow returns the limbs of an element of a pair. Limbs i of the two elements are neighbours.
func mixedRow(pair []*term.Word, element int) (row []*term.Word) {
	for i := range nMixed {
		row = append(row, pair[2*i+element])
	}
	return row
}

// mixedState returns the rows of x_2, z_2, x_3 and z_3 from the pairs (x_2, x_3) and (z_2, z_3).
func mixedState(s []*term.Word) [][]*term.Word {
	x, z := s[:2*nMixed], s[2*nMixed:]
	return [][]*term.Word{mixedRow(x, 0), mixedRow(z, 0), mixedRow(x, 1), mixedRow(z, 1)}
}

func ladderNEONProof(p *proof) error {
	l, err := p.newLadder(2, 1, "dup")
	if err != nil {
		return err
	}
	l.radix, l.names = radixMixed, [4]string{"x_2", "z_2", "x_3", "z_3"}
	l.formula = func(swap int, x1 integer.Poly, state [4]integer.Poly) [4]integer.Poly {
		return ladderStep(swap, x1, sums(state))
	}
	before := p.variablesOf(32, "s", 4*nMixed)
	s := machine.Variables(p.space, "s", len(before), 32, 32, true)
	u := machine.NewRegion("u", 8*nLimbs, false)
	var x1 []*term.Word
	for k := range nLimbs {
		even, odd := p.space.Var(fmt.Sprint("u", 2*k), 26), p.space.Var(fmt.Sprint("u", 2*k+1), 26)
		u.Set(8*k, term.Cat(even, odd, p.space.Const(12, 0)))
		x1 = append(x1, even, odd)
	}
	swaps := machine.Variables(p.space, "swaps", 4, 64, 64, false)
	l.args = []machine.Value{p.arg(s), p.arg(u), p.arg(swaps)}
	l.state = func(m *machine.Machine) (s []*term.Word) {
		for i := range before {
			s = append(s, m.Argument(0).Field(i, 32))
		}
		return s
	}
	l.reset = func(m *machine.Machine) {
		for i, w := range before {
			m.Argument(0).Set(4*i, w)
		}
	}
	l.bothCases()

	head := machine.New(p.space, p.code, l.args...)
	if err := l.runTo(head, l.head); err != nil {
		return err
	}
	if !slices.Equal(l.state(head), before) {
		return errors.New("the state is written before the loop")
	}
	if err := l.wantCounter(head, l.word(255), nil); err != nil {
		return err
	}
	l.forget(head)
	exit, err := l.loop(head)
	if err != nil {
		return err
	}
	for swap, c := range l.cases {
		if err := l.isStep(swap, mixedState(before), mixedState(c.after), x1); err != nil {
			return err
		}
	}
	if err := l.leave(exit); err != nil {
		return err
	}
	if !slices.Equal(l.state(exit), before) {
		return errors.New("the state is written after the loop")
	}
	return p.independent(l.args...)
}

// wordsIn returns the words of 64 bits in a region.
func wordsIn(r *machine.Region) (ws []*term.Word) {
	for i := range len(r.Data) / 8 {
		ws = append(ws, r.Field(i, 64))
	}
	return ws
}

var ladderStatements = []statement{
	{"x25519.ladderNEON", "s becomes what the 255 steps of RFC 7748's loop make of it, with bits 255 to 1 of swaps as swap; no data is left in the frame", ladderNEONProof},
	{"x25519.ladderIFMA", "s becomes what n steps of RFC 7748's loop make of it, for n from 1 to 255, with bits n to 1 of swaps as swap; no data is left in the frame", ladderProof},
	{"x25519.ladderPermuteIFMA", "s becomes what 12 steps of RFC 7748's loop make of it, for n from 12 to 255, with bits n to n-11 of swaps as swap, and a becomes Keccak-f[1600] of it; no data is left in the frame", ladderPermuteProof},
	{"x25519.ladder8IFMA", "x and z are 2·x_2 and 2·z_2 after the 255 steps of RFC 7748's loop, with bits 255 to 1 of swaps as swap, for eight points; no data is left in the frame", ladderEightProof},
}
