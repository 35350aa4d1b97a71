package main

import (
	"fmt"
	"math/big"
	"slices"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// The kernels with ADX, and those of arm64, hold an element in four words. It is tight if it is less than
// 2^255 + 2^11. The proof of a loop begins at its head, in any state with tight elements, and
// executes a round. It computes the elements that the kernel stores, one after the other, as
// polynomials modulo p, and compares the last ones with the formulas of an RFC. That they are
// tight again makes it an induction.

var tight = new(big.Int).Add(integer.Pow2(255), big.NewInt(1<<11-1))

// An adxRow is four words that a kernel has stored next to each other, from an offset in its
// frame on.
type adxRow struct {
	at    int
	words [4]*term.Word
}

// An adxLoop is a kernel at the head of a loop.
type adxLoop struct {
	*proof
	*machine.Machine
	frame   int                   // offset of the kernel's frame in the stack
	size    int                   // of the frame
	kept    map[int]machine.Value // registers that a kernel must restore, and numbers that stay
	vectors map[int][8]*term.Word // vector registers with numbers that stay
}

// enter executes the kernel until it comes to the head of a loop. The kernel has a frame with so many
// bytes of rows on amd64, and on arm64.
func (p *proof) enter(head uint64, size, sizeA64 int, args ...machine.Value) (*adxLoop, error) {
	m := machine.New(p.space, p.code, args...)
	if err := m.RunTo(head); err != nil {
		return nil, err
	}
	if p.code.A64() {
		size = sizeA64
	}
	l := &adxLoop{p, m, 0, size, map[int]machine.Value{}, map[int][8]*term.Word{}}
	for _, r := range p.code.Kept() {
		l.kept[r] = m.General[r]
	}
	sp := m.General[p.code.Kept()[0]]
	off, ok := sp.Word.Const()
	if !ok || sp.Region != m.Stack {
		return nil, fmt.Errorf("the stack pointer is %v", sp.Word)
	}
	l.frame = int(off) + p.frameStart()
	// Numbers that do not change in the first round should change in none.
	next := m.Clone()
	if err := next.RunTo(head); err != nil {
		return nil, fmt.Errorf("the first round: %w", err)
	}
	for r, v := range m.General {
		if _, ok := v.Word.Const(); ok && v.Region == nil && v == next.General[r] {
			l.kept[r] = v
		}
	}
	for r, v := range m.Vector {
		if _, ok := v[0].Const(); ok && v == next.Vector[r] {
			l.vectors[r] = v
		}
	}
	return l, nil
}

// frameStart returns where rows begin in the frame. On arm64, the return address comes first.
func (p *proof) frameStart() int {
	if p.code.A64() {
		return 16
	}
	return 0
}

// word returns a word of the frame.
func (l *adxLoop) word(at int) *term.Word { return l.Stack.Word(l.frame+at, 8) }

// row returns four words of the frame.
func (l *adxLoop) row(at int) adxRow {
	r := adxRow{at: at}
	for i := range r.words {
		r.words[i] = l.word(at + 8*i)
	}
	return r
}

// wantRows checks that the frame has these rows at the start.
func (l *adxLoop) wantRows(rows ...adxRow) error {
	for _, r := range rows {
		if l.row(r.at) != r {
			return fmt.Errorf("at the start, the words from %d on in the frame are %v", r.at, l.row(r.at).words)
		}
	}
	return nil
}

// forget makes all registers unknown, and makes the frame and the results unreadable, but for
// these rows.
func (l *adxLoop) forget(rows ...adxRow) {
	for i := range 2 {
		clear(l.Argument(i).Data)
	}
	for i := range l.General {
		l.General[i] = machine.Value{Word: l.space.Var(fmt.Sprint("register ", i, " at the head"), 64)}
	}
	for r, v := range l.kept {
		l.General[r] = v
	}
	for i := range l.Vector {
		for j := range l.Vector[i] {
			l.Vector[i][j] = l.space.Var(fmt.Sprint("vector register ", i, ".", j, " at the head"), 64)
		}
	}
	for r, v := range l.vectors {
		l.Vector[r] = v
	}
	l.Flags = [4]*term.Word{}
	for at := 0; at < l.size; at += 8 {
		l.Stack.Set(l.frame+at, l.space.Const(64, 0))
		clear(l.Stack.Data[l.frame+at:][:8])
	}
	for _, r := range rows {
		for i, w := range r.words {
			l.Stack.Set(l.frame+r.at+8*i, w)
		}
	}
	clear(l.Stack.Written)
}

// round executes the kernel until it comes to one of these addresses, or returns. It returns
// the rows that were stored, in their order. A row may be the lower half of a product, which
// is no element; such a row begins with a product, and is left out.
func (l *adxLoop) round(stops ...uint64) (rows []adxRow, err error) {
	pending := map[int]int{} // how many words of a row were stored
	corrected := corrections{map[*term.Word][]*term.Word{}, map[*term.Word][]*term.Word{}}
	for {
		i := l.Kernel.Code[l.PC]
		done, err := l.Step()
		l.steps++
		if err != nil || done {
			return rows, err
		}
		if i.A64 != nil && len(i.A64.Args) > 0 && i.A64.Args[0].Kind == a64.General && i.A64.Args[0].Reg < a64.SP {
			if row := corrected.row(l.General[i.A64.Args[0].Reg].Word); row != nil {
				rows = append(rows, adxRow{-1, [4]*term.Word(row)})
			}
		}
		for _, at := range l.stored(i) {
			first, k := at&^31, at%32/8
			if k == 0 || k != pending[first] {
				pending[first] = 0
			}
			if k == pending[first] {
				pending[first]++
			}
			if pending[first] == 4 {
				r := l.row(first)
				if n := r.words[0].Node(); n == nil || n.Op != term.MulOp {
					rows = append(rows, r)
				}
			}
		}
		if slices.Contains(stops, l.PC) {
			return rows, l.keeps()
		}
	}
}

// stored returns the places in the frame of the words that an instruction stores there.
func (l *adxLoop) stored(i *machine.Instruction) []int {
	if i.A64 != nil {
		last := i.A64.Args[len(i.A64.Args)-1]
		if i.Op != "stp" || last.Reg != a64.SP || i.A64.Args[0].Kind != a64.General {
			return nil
		}
		at := int(last.Disp) - l.frameStart()
		return []int{at, at + 8}
	}
	if i.Op == "MOV" && i.Args[0].Kind == machine.Memory && i.Args[0].Base == machine.StackPointer {
		return []int{int(i.Args[0].Disp)}
	}
	return nil
}

// corrections finds the elements that kernels of arm64 do not store. A sum is four words with carries from
// each to the next, and then a choice is added to the first. A difference is four words with borrows, of
// which the first has a choice subtracted. A product is four words after one was added to the first, and
// carries to the others.
type corrections struct {
	after map[*term.Word][]*term.Word // by a carry or borrow: the words that lead to it
	sums  map[*term.Word][]*term.Word // by the first word
}

// row returns a row if w completes one.
func (c corrections) row(w *term.Word) []*term.Word {
	n := w.Node()
	if n == nil || n.Op != term.AdcOp && n.Op != term.SbbOp {
		return nil
	}
	isChoice := func(w *term.Word) bool { n := w.Node(); return n != nil && n.Op == term.IteOp }
	x, y, in := n.Args[0], n.Args[1], n.Args[2]
	row := append(slices.Clone(c.after[in]), w)
	if len(row) == 1 && !in.Is(0) {
		return nil
	}
	if n.Op == term.AdcOp {
		c.after[term.Carry(x, y, in)] = row
		for range 2 {
			if sum := c.sums[x]; len(row) == 1 && sum != nil && isChoice(y) {
				return append(row, sum[1:]...)
			}
			x, y = y, x
		}
		if len(row) < 4 {
			return nil
		}
		c.sums[row[0]] = row
		for _, w := range row[1:] {
			if args := w.Node().Args; !args[0].Is(0) && !args[1].Is(0) {
				return nil
			}
		}
		return row
	}
	c.after[term.Borrow(x, y, in)] = row
	if len(row) == 4 && isChoice(row[0].Node().Args[1]) {
		return row
	}
	return nil
}

// keeps checks that a round has left alone what the induction does not speak of.
func (l *adxLoop) keeps() error {
	for r, v := range l.kept {
		if l.General[r] != v {
			return fmt.Errorf("a round changes register %d", r)
		}
	}
	for r, v := range l.vectors {
		if l.Vector[r] != v {
			return fmt.Errorf("a round changes vector register %d", r)
		}
	}
	for off, written := range l.Stack.Written {
		if written && (off < l.frame || off >= l.frame+l.size) {
			return fmt.Errorf("a round writes byte %d of the stack", off)
		}
	}
	return nil
}

// jumpTarget returns where the only jump of this kind in the kernel goes. Its name on arm64 is another.
func (p *proof) jumpTarget(op, onA64 string) (target uint64, err error) {
	if p.code.A64() {
		op = onA64
	}
	for _, i := range p.code.Listing() {
		if i.Op != op {
			continue
		}
		if target != 0 {
			return 0, fmt.Errorf("there are several %s", op)
		}
		if i.A64 != nil {
			target = i.A64.Args[len(i.A64.Args)-1].Imm
		} else {
			target = i.Args[0].Imm
		}
	}
	if target == 0 {
		return 0, fmt.Errorf("there is no %s", op)
	}
	return target, nil
}

// newRow returns a row of variables.
func (p *proof) newRow(name string, at int) adxRow {
	r := adxRow{at: at}
	for i := range r.words {
		r.words[i] = p.space.Var(fmt.Sprint(name, ".", i), 64)
	}
	return r
}

// numberRow returns a row of constants.
func (p *proof) numberRow(at int, first uint64) adxRow {
	r := adxRow{at: at}
	for i := range r.words {
		r.words[i] = p.space.Const(64, first)
		first = 0
	}
	return r
}

// given makes an element of a row of variables, which is at most high.
func given(f *integer.Field, name string, r adxRow, high *big.Int) (integer.Poly, error) {
	symbol, err := f.Element(name, r.words[:]...)
	f.AssumeRow(high, r.words[:]...)
	return integer.Atom(symbol), err
}

// defineRows makes elements of all rows, and returns them as polynomials in given symbols.
func defineRows(f *integer.Field, rows []adxRow) (map[adxRow]integer.Poly, error) {
	values := map[adxRow]integer.Poly{}
	same := map[[4]*term.Word]integer.Poly{}
	for k, r := range rows {
		if v, ok := same[r.words]; ok { // it was found before it was stored
			values[r] = v
			continue
		}
		symbol, err := f.Define(fmt.Sprint("row ", k), r.words[:]...)
		if err != nil {
			return nil, fmt.Errorf("the row at %d in the frame, %w", r.at, err)
		}
		values[r] = f.Expand(integer.Atom(symbol))
		same[r.words] = values[r]
	}
	return values, nil
}

// wantTight checks that rows are tight, and returns the largest bound.
func wantTight(f *integer.Field, rows ...adxRow) (*big.Int, error) {
	most := new(big.Int)
	for _, r := range rows {
		b := f.BoundRow(r.words[:]...)
		if b.Cmp(tight) > 0 {
			return nil, fmt.Errorf("the element at %d in the frame may be %v, which is not tight", r.at, b)
		}
		if b.Cmp(most) > 0 {
			most = b
		}
	}
	return most, nil
}

// The frame of ladderADX has x1, x2, z2, x3, z3 first.
const (
	ladderX1 = 32 * iota
	ladderX2
	ladderZ2
	ladderX3
	ladderZ3
	ladderFrame    = 520
	ladderFrameA64 = 384
)

// ladderStep is a step of RFC 7748, section 5, from the exchange of the points on: from
// x_2 + z_2, x_2 - z_2, x_3 + z_3 and x_3 - z_3 to x_2, z_2, x_3 and z_3.
func ladderStep(swap int, x1 integer.Poly, sums [4]integer.Poly) [4]integer.Poly {
	a, b, c, d := sums[0], sums[1], sums[2], sums[3]
	if swap == 1 {
		a, b, c, d = c, d, a, b
	}
	aa, bb := times25519(a, a), times25519(b, b)
	e, da, cb := aa.Sub(bb), times25519(d, a), times25519(c, b)
	sum, difference := da.Add(cb), da.Sub(cb)
	return [4]integer.Poly{
		times25519(aa, bb),
		times25519(e, aa.Plus(e, big.NewInt(121665))),
		times25519(sum, sum),
		times25519(x1, times25519(difference, difference)),
	}
}

// sums returns what a step begins with, or what a ladder with IFMA has for state.
func sums(s [4]integer.Poly) [4]integer.Poly {
	return [4]integer.Poly{s[0].Add(s[1]), s[0].Sub(s[1]), s[2].Add(s[3]), s[2].Sub(s[3])}
}

func ladderADXProof(p *proof) error {
	head, err := p.jumpTarget("JNE", "cbnz")
	if err != nil {
		return err
	}
	u := machine.Variables(p.space, "u", 4, 64, 64, false)
	swap := p.space.Var("swap", 1)
	state := []adxRow{
		{ladderX1, [4]*term.Word{u.Word(0, 8), u.Word(8, 8), u.Word(16, 8), u.Word(24, 8)}},
		p.newRow("x2", ladderX2), p.newRow("z2", ladderZ2), p.newRow("x3", ladderX3), p.newRow("z3", ladderZ3),
	}
	start := []adxRow{state[0], p.numberRow(ladderX2, 1), p.numberRow(ladderZ2, 0),
		{ladderX3, state[0].words}, p.numberRow(ladderZ3, 1)}

	x, z := machine.NewRegion("x", 32, true), machine.NewRegion("z", 32, true)
	swaps := machine.Variables(p.space, "swaps", 256, 1, 1, false)
	args := []machine.Value{p.arg(x), p.arg(z), p.arg(u), p.arg(swaps)}
	l, err := p.enter(head, ladderFrame, ladderFrameA64, args...)
	if err != nil {
		return err
	}
	if err := l.wantRows(start...); err != nil {
		return err
	}
	// One register counts from 255 to 1.
	counter := slices.IndexFunc(l.General[:], func(v machine.Value) bool { return v.Region == nil && v.Word.Is(255) })
	if counter < 0 {
		return fmt.Errorf("no register is 255")
	}
	var after []adxRow // x2, z2, x3, z3 after a step
	for t := 255; t >= 1; t-- {
		// Bit t has the same name in all steps, and so all steps give the same words.
		for k := range 32 {
			var bits []*term.Word
			for b := 8 * k; b < 8*k+8; b++ {
				if bits = append(bits, p.space.Var(fmt.Sprint("swaps", b), 1)); b == t {
					bits[b-8*k] = swap
				}
			}
			swaps.Set(k, term.Cat(bits...))
		}
		l.forget(state...)
		l.PC, l.General[counter] = head, p.number(t)
		rows, err := l.round(head)
		if err != nil {
			return fmt.Errorf("step %d: %w", t, err)
		}
		now := []adxRow{l.row(ladderX2), l.row(ladderZ2), l.row(ladderX3), l.row(ladderZ3)}
		switch {
		case t == 1:
			for i := range 4 {
				if x.Word(8*i, 8) != after[0].words[i] || z.Word(8*i, 8) != after[1].words[i] {
					return fmt.Errorf("x and z are not x_2 and z_2 after the last step")
				}
			}
			return p.independent(args...)
		case t == 255:
			after = now
			if err := p.ladderAlgebra(state, rows, after); err != nil {
				return err
			}
		case !slices.Equal(now, after):
			return fmt.Errorf("step %d is another than step 255", t)
		}
		if l.PC != head || l.row(ladderX1) != state[0] || !l.General[counter].Word.Is(uint64(t-1)) {
			return fmt.Errorf("after step %d, the state is not that of step %d", t, t-1)
		}
	}
	return nil
}

// ladderAlgebra compares a step with that of the RFC, for both values of the bit that
// exchanges the points.
func (p *proof) ladderAlgebra(state, rows, after []adxRow) error {
	f := integer.NewField(p25519, integer.Every(64))
	var in [5]integer.Poly
	for i, name := range []string{"x_1", "x_2", "z_2", "x_3", "z_3"} {
		var err error
		if in[i], err = given(f, name, state[i], tight); err != nil {
			return err
		}
	}
	values, err := defineRows(f, rows)
	if err != nil {
		return err
	}
	for swap := range 2 {
		want := ladderStep(swap, in[0], sums([4]integer.Poly(in[1:])))
		for i, r := range after {
			got := values[r].Replace(func(w *term.Word) (integer.Poly, bool) {
				return integer.Int(int64(swap)), w == p.space.Var("swap", 1)
			})
			if !got.Sub(want[i]).Mod(p25519).IsZero() {
				return fmt.Errorf("the element at %d in the frame is not that of RFC 7748 for swap = %d", r.at, swap)
			}
		}
	}
	most, err := wantTight(f, after...)
	p.detail = fmt.Sprintf("%d elements in a step; results are less than 2^255 + %v", len(rows), above(most))
	return err
}

// above returns b + 1 - 2^255.
func above(b *big.Int) *big.Int {
	return new(big.Int).Sub(new(big.Int).Add(b, big.NewInt(1)), integer.Pow2(255))
}

// The frame of combADX has x, y, z and t first: the sum so far in extended coordinates. It has
// the entry for the next digit, and the index of that digit.
const (
	combX     = 0
	combY     = 32
	combZ     = 64
	combT     = 96
	combEntry = 352
	combIndex = 448
	combFrame = 456

	combFrameA64 = 448 // the index is in a register
)

// extended is a point in extended coordinates: X, Y, Z and T.
type extended [4]integer.Poly

// times25519 multiplies modulo p.
func times25519(x, y integer.Poly) integer.Poly { return x.Mul(y).Mod(p25519) }

// add adds points as in RFC 8032, section 5.1.4.
func (p extended) add(q extended) extended {
	two := big.NewInt(2)
	a := times25519(p[1].Sub(p[0]), q[1].Sub(q[0]))
	b := times25519(p[1].Add(p[0]), q[1].Add(q[0]))
	c := times25519(p[3].Times(two).Times(curveD), q[3])
	d := times25519(p[2].Times(two), q[2])
	return fromEFGH(b.Sub(a), d.Sub(c), d.Add(c), b.Add(a))
}

// double doubles a point as in RFC 8032, section 5.1.4.
func (p extended) double() extended {
	a, b, c := times25519(p[0], p[0]), times25519(p[1], p[1]), times25519(p[2], p[2]).Times(big.NewInt(2))
	h, xy := a.Add(b), p[0].Add(p[1])
	e, g := h.Sub(times25519(xy, xy)), a.Sub(b)
	return fromEFGH(e, c.Add(g), g, h)
}

// fromEFGH is the end of both formulas.
func fromEFGH(e, f, g, h integer.Poly) extended {
	return extended{times25519(e, f), times25519(g, h), times25519(f, g), times25519(e, h)}
}

// sum returns the rows of the sum so far.
func (l *adxLoop) sum() [4]adxRow {
	return [4]adxRow{l.row(combX), l.row(combY), l.row(combZ), l.row(combT)}
}

// wantPoint compares a point that a kernel computes with a formula that takes the point before.
// rows are all that it stores. Symbols may have values, and all coordinates may lack a factor.
// It checks that the point is tight, and returns the largest bound.
func wantPoint(f *integer.Field, before [4]adxRow, rows []adxRow, after [4]adxRow, values map[*term.Word]integer.Poly,
	factor int64, formula func(q extended) extended) (*big.Int, error) {
	var in extended
	for i, r := range before {
		var err error
		if in[i], err = given(f, string("XYZT"[i]), r, tight); err != nil {
			return nil, err
		}
	}
	elements, err := defineRows(f, rows)
	if err != nil {
		return nil, err
	}
	for i, want := range formula(in) {
		got := elements[after[i]].Replace(func(w *term.Word) (integer.Poly, bool) { v, ok := values[w]; return v, ok })
		if !got.Times(big.NewInt(factor)).Sub(want).Mod(p25519).IsZero() {
			return nil, fmt.Errorf("%c is not that of RFC 8032", "XYZT"[i])
		}
	}
	return wantTight(f, after[:]...)
}

// wantEntry checks that the entry is for a digit, whatever it is from -8 to 8.
func (l *adxLoop) wantEntry(index int) error {
	digit := l.space.Var(fmt.Sprint("digit", index), 8)
	for e := range 3 {
		for i, w := range l.row(combEntry + 32*e).words {
			if vars, _ := term.Support(w); len(vars) != 1 || vars[0] != digit.Node() {
				return fmt.Errorf("the entry for digit %d depends on %v", index, term.Names(vars))
			}
			program := term.Compile(w, digit)
			for v := -8; v <= 8; v++ {
				want := new(big.Int).Rsh(addend(v, index/2)[e], uint(64*i))
				want.And(want, integer.AllBits(64).High)
				if got := program.Run(uint64(uint8(v))); got != want.Uint64() {
					return fmt.Errorf("word %d of element %d for %d at %d is %#x, not %#x", i, e, v, index, got, want)
				}
			}
		}
	}
	return nil
}

// index returns functions that tell the index of the digit, and set it. It is in the frame, or on arm64
// in the register that is compared before the jump to the head.
func (l *adxLoop) index() (get func() *term.Word, set func(w *term.Word), err error) {
	if !l.code.A64() {
		get = func() *term.Word { return l.word(combIndex) }
		return get, func(w *term.Word) { l.Stack.Set(l.frame+combIndex, w) }, nil
	}
	list := l.code.Listing()
	at := slices.IndexFunc(list, func(i *machine.Instruction) bool { return i.Op == "b.hi" })
	if list[at-1].Op != "subs" {
		return nil, nil, fmt.Errorf("%v comes before %v", list[at-1], list[at])
	}
	r := &l.General[list[at-1].A64.Args[1].Reg]
	return func() *term.Word { return r.Word }, func(w *term.Word) { r.Word = w }, nil
}

func combADXProof(p *proof) error {
	if err := checkCurve(); err != nil {
		return err
	}
	head, err := p.jumpTarget("JA", "b.hi")
	if err != nil {
		return err
	}
	double, err := p.jumpTarget("JNE", "cbnz")
	if err != nil {
		return err
	}
	y, z := machine.NewRegion("y", 32, true), machine.NewRegion("z", 32, true)
	digits := machine.Variables(p.space, "digit", 64, 8, 8, false)
	args := []machine.Value{p.arg(y), p.arg(z), p.arg(digits)}
	l, err := p.enter(head, combFrame, combFrameA64, args...)
	if err != nil {
		return err
	}
	err = l.wantRows(p.numberRow(combX, 0), p.numberRow(combY, 1), p.numberRow(combZ, 1), p.numberRow(combT, 0))
	if err != nil {
		return err
	}
	sum := [4]adxRow{p.newRow("X", combX), p.newRow("Y", combY), p.newRow("Z", combZ), p.newRow("T", combT)}
	entry := []adxRow{p.newRow("first", combEntry), p.newRow("second", combEntry+32), p.newRow("third", combEntry+64)}
	factors := [64]*big.Int{} // by which multiples of B the digits have been multiplied
	var after [4]adxRow       // the sum after an addition
	getIndex, setIndex, err := l.index()
	if err != nil {
		return err
	}
	for {
		index, ok := getIndex().Const()
		if !ok || index > 63 || factors[index] != nil {
			return fmt.Errorf("the index is %v", getIndex())
		}
		if err := l.wantEntry(int(index)); err != nil {
			return err
		}
		l.forget(append(entry, sum[:]...)...)
		setIndex(p.space.Const(64, index))
		l.PC = head
		rows, err := l.round(head, double)
		if err != nil {
			return fmt.Errorf("digit %d: %w", index, err)
		}
		factors[index] = integer.Pow2(8 * int(index/2))
		if index == 1 {
			after = l.sum()
			if err := p.wantAddition(sum, entry, rows, after); err != nil {
				return fmt.Errorf("addition: %w", err)
			}
		}
		if l.PC != head && l.PC != double {
			break
		}
		now := l.sum()
		if now != after {
			return fmt.Errorf("the addition for digit %d is another than that for digit 1", index)
		}
		for l.PC == double {
			if rows, err = l.round(head, double); err != nil {
				return err
			}
			before := now
			now = l.sum()
			_, err := wantPoint(integer.NewField(p25519, integer.Every(64)), before, rows, now, nil, 1, extended.double)
			if err != nil {
				return fmt.Errorf("doubling: %w", err)
			}
			for _, f := range factors {
				if f != nil {
					f.Lsh(f, 1)
				}
			}
		}
	}
	for i, f := range factors {
		if f == nil || f.Cmp(integer.Pow2(4*i)) != 0 {
			return fmt.Errorf("digit %d is multiplied by %v", i, f)
		}
	}
	for i := range 4 {
		if y.Word(8*i, 8) != after[1].words[i] || z.Word(8*i, 8) != after[2].words[i] {
			return fmt.Errorf("y and z are not Y and Z after the last addition")
		}
	}
	return p.independent(args...)
}

// wantAddition compares the addition of an entry with that of RFC 8032. The entry of a point
// (x, y) is (y-x)/2, (y+x)/2 and d·x·y. Since the first two are halved, all coordinates lack
// the factor 4.
func (p *proof) wantAddition(sum [4]adxRow, entry, rows []adxRow, after [4]adxRow) error {
	f := integer.NewField(p25519, integer.Every(64))
	x, y := integer.Atom(p.space.Var("x", 64)), integer.Atom(p.space.Var("y", 64))
	half := quotient(big.NewInt(1), big.NewInt(2))
	elements := []integer.Poly{y.Sub(x).Times(half), y.Add(x).Times(half), times25519(x, y).Times(curveD)}
	values := map[*term.Word]integer.Poly{}
	for i, r := range entry {
		symbol, err := f.Element(fmt.Sprint("entry ", i), r.words[:]...)
		if err != nil {
			return err
		}
		values[symbol] = elements[i]
	}
	most, err := wantPoint(f, sum, rows, after, values, 4, func(q extended) extended {
		return q.add(extended{x, y, integer.Int(1), times25519(x, y)})
	})
	if err == nil {
		p.detail = fmt.Sprintf("%d elements in an addition; results are less than 2^255 + %v", len(rows), above(most))
	}
	return err
}

const (
	ladderSays = "x and z are x_2 and z_2 modulo p after the 255 steps of RFC 7748, section 5, that exchange the points where bit t+1 of swaps is 1, for tight u"
	combSays   = "y/z is the y-coordinate of the sum of digits[i]·16^i·B, by the formulas of RFC 8032, section 5.1.4, for digits from -8 to 8"
)

var adxStatements = []statement{
	{"x25519.ladderADX", ladderSays, ladderADXProof},
	{"x25519.ladderA64", ladderSays, ladderADXProof},
	{"x25519.combADX", combSays, combADXProof},
	{"x25519.combNEON", combSays, combADXProof},
}
