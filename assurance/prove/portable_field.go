package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
)

// The statements about portable functions of x25519. Elements are four words, integers modulo
// p. Loose elements may be any, and tight ones are less than 2^255 + 2^11.

// A fieldCall is a call of a function on elements.
type fieldCall struct {
	*proof
	*integer.Field
}

func (p *proof) field() *fieldCall { return &fieldCall{p, integer.NewField(p25519, integer.Every(64))} }

// element returns an object with variables, and their value.
func (c *fieldCall) element(name string) (*source.Object, integer.Poly, error) {
	o := c.numbers(name, 4, 64, true)
	symbol, err := c.Element(name, words(o)...)
	if err != nil {
		return nil, integer.Poly{}, err
	}
	return o, integer.Atom(symbol), nil
}

func words(o *source.Object) (ws []*term.Word) {
	for i := range o.Cells {
		ws = append(ws, o.Word(i))
	}
	return ws
}

// is checks that a row of words is an element modulo p.
func (c *fieldCall) is(row []*term.Word, want integer.Poly) error {
	got, err := c.Value(row...)
	if err == nil && !got.Sub(want).Mod(p25519).IsZero() {
		err = fmt.Errorf("it is %v, not %v", got, want)
	}
	return err
}

// isTight checks that a row is a tight element.
func (c *fieldCall) isTight(row []*term.Word) error {
	if most := c.BoundRow(row...); most.Cmp(tight) > 0 {
		return fmt.Errorf("it may be %v", most)
	}
	return nil
}

// portableProduct proves mul or square.
func portableProduct(factors int) func(p *proof) error {
	return func(p *proof) error {
		c := p.field()
		v := p.numbers("before", 4, 64, true)
		args := []source.Value{v.Pointer()}
		var symbols []integer.Poly
		for k := range factors {
			o, symbol, err := c.element(fmt.Sprint("a", k, "."))
			if err != nil {
				return err
			}
			o.Writable = false
			args, symbols = append(args, o.Pointer()), append(symbols, symbol)
		}
		want := symbols[0].Mul(symbols[len(symbols)-1])
		if _, err := p.interpret(args...); err != nil {
			return err
		}
		if err := c.is(words(v), want); err != nil {
			return err
		}
		return c.isTight(words(v))
	}
}

// portableMulAdd proves mulAdd for any x less than 2^18, and for 38. The result may be a.
func portableMulAdd(p *proof) error {
	for _, same := range []bool{false, true} {
		for _, x := range []*term.Word{p.space.Var("x", 64), p.space.Const(64, 38)} {
			c := p.field()
			_, fixed := x.Const()
			if !fixed {
				c.Assume(x, integer.AllBits(18))
			}
			a, symbolA, err := c.element("a")
			if err != nil {
				return err
			}
			b, symbolB, err := c.element("b")
			if err != nil {
				return err
			}
			v := p.numbers("before", 4, 64, true)
			if same {
				v = a
			}
			args := []source.Value{v.Pointer(), a.Pointer(), {x}}
			for _, w := range b.Cells {
				args = append(args, source.Value{w})
			}
			if _, err := p.interpret(args...); err != nil {
				return err
			}
			if err := c.is(words(v), symbolA.Add(symbolB.Mul(c.Of(x)))); err != nil {
				return err
			}
			if fixed {
				if err := c.isTight(words(v)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tightElement returns an object with variables that are a tight element, and its value.
func (c *fieldCall) tightElement(name string) (*source.Object, integer.Poly, error) {
	o, symbol, err := c.element(name)
	if err == nil {
		c.Assume(o.Word(3), integer.UpTo(integer.Pow2(63)))
		c.AssumeRow(tight, words(o)...)
	}
	return o, symbol, err
}

// portableAddSub proves addSub. The results may be the arguments.
func portableAddSub(p *proof) error {
	for _, same := range []bool{false, true} {
		c := p.field()
		a, symbolA, err := c.tightElement("a")
		if err != nil {
			return err
		}
		b, symbolB, err := c.tightElement("b")
		if err != nil {
			return err
		}
		s, d := p.numbers("before", 4, 64, true), p.numbers("before", 4, 64, true)
		if same {
			s, d = a, b
		}
		if _, err := p.interpret(s.Pointer(), d.Pointer(), a.Pointer(), b.Pointer()); err != nil {
			return err
		}
		if err := c.is(words(s), symbolA.Add(symbolB)); err != nil {
			return fmt.Errorf("the sum: %w", err)
		}
		if err := c.is(words(d), symbolA.Sub(symbolB)); err != nil {
			return fmt.Errorf("the difference: %w", err)
		}
	}
	return nil
}

// replace puts results in place of a call of a function, which must have these arguments. What
// the function does is a statement of its own. before is called first. called reports whether
// there was one such call and no other.
func (p *proof) replace(function string, results source.Value, before func(), want ...source.Value) (called func() bool) {
	calls, wrong := 0, false
	p.source.Before = func(name string, args []source.Value) (source.Value, bool) {
		if name != function {
			return nil, false
		}
		calls++
		wrong = wrong || !slices.EqualFunc(args, want, slices.Equal)
		before()
		return results, true
	}
	return func() bool { return calls == 1 && !wrong }
}

var errCalls = errors.New("it calls another function, or with other arguments")

// portableTightAddSub takes what addSub does for granted: its results are loose elements.
func portableTightAddSub(p *proof) error {
	c := p.field()
	s, d := p.numbers("before", 4, 64, true), p.numbers("before", 4, 64, true)
	a, b := p.numbers("a", 4, 64, false), p.numbers("b", 4, 64, false)
	sum, difference := p.numbers("sum", 4, 64, false), p.numbers("difference", 4, 64, false)
	args := []source.Value{s.Pointer(), d.Pointer(), a.Pointer(), b.Pointer()}
	called := p.replace("x25519.addSub", nil, func() {
		copy(s.Cells, sum.Cells)
		copy(d.Cells, difference.Cells)
	}, args...)
	if _, err := p.interpret(args...); err != nil {
		return err
	}
	if !called() {
		return errCalls
	}
	for k, v := range []*source.Object{s, d} {
		symbol, err := c.Element(fmt.Sprint("result", k), words([]*source.Object{sum, difference}[k])...)
		if err != nil {
			return err
		}
		if err := c.is(words(v), integer.Atom(symbol)); err != nil {
			return err
		}
		if err := c.isTight(words(v)); err != nil {
			return err
		}
	}
	return nil
}

// sameWords compares words with others that must be identical.
func sameWords(got, want []*term.Word) error {
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("word %d is %v, not %v", i, got[i], want[i])
		}
	}
	return nil
}

func portablePick(p *proof) error {
	for _, m := range []uint64{0, ^uint64(0)} {
		v, a := p.numbers("v", 4, 64, true), p.numbers("a", 4, 64, false)
		want := words(v)
		if m != 0 {
			want = words(a)
		}
		if _, err := p.interpret(v.Pointer(), a.Pointer(), source.Value{p.space.Const(64, m)}); err != nil {
			return err
		}
		if err := sameWords(words(v), want); err != nil {
			return err
		}
	}
	return nil
}

func portableSetBytes(p *proof) error {
	v, b := p.numbers("before", 4, 64, true), p.numbers("b", 32, 8, false)
	if _, err := p.interpret(v.Pointer(), b.Pointer()); err != nil {
		return err
	}
	last := words(b)[31].Bits(0, 7)
	all := append(words(b)[:31], term.ZeroExtend(last, 8))
	for i, w := range words(v) {
		if w != term.Cat(all[8*i:][:8]...) {
			return fmt.Errorf("word %d is %v", i, w)
		}
	}
	return nil
}

// portableBytes takes what canonical returns for granted.
func portableBytes(p *proof) error {
	v, b := p.numbers("v", 4, 64, false), p.numbers("before", 32, 8, true)
	r := p.numbers("canonical", 4, 64, false)
	called := p.replace("x25519.element.canonical", r.Cells, func() {}, v.Pointer())
	if _, err := p.interpret(v.Pointer(), b.Pointer()); err != nil {
		return err
	}
	if !called() {
		return errCalls
	}
	var want []*term.Word
	for _, w := range words(r) {
		want = append(want, w.Split(8)...)
	}
	return sameWords(words(b), want)
}

// portableIsZero takes what bytes does for granted. The result depends on all bytes together.
func portableIsZero(p *proof) error {
	v := p.numbers("v", 4, 64, false)
	all := p.space.Const(8, 0)
	p.source.Before = func(name string, args []source.Value) (source.Value, bool) {
		if name != "x25519.element.bytes" || args[0][0] != v.Pointer()[0] {
			return nil, false
		}
		b := p.numbers("b", 32, 8, false)
		for _, w := range words(b) {
			all = term.Or(all, w)
		}
		copy(args[1][0].(source.Pointer).Object.Cells, b.Cells)
		return nil, true
	}
	r, err := p.interpret(v.Pointer())
	if err != nil {
		return err
	}
	result := r[0].(*term.Word)
	if vars, _ := term.Support(result); len(vars) != 32 {
		return fmt.Errorf("it depends on %v", term.Names(vars))
	}
	program := term.Compile(result, all)
	for b := range uint64(256) {
		if got := program.Run(b); got == 0 != (b != 0) || got+1 > 1 {
			return fmt.Errorf("it is %#x if the bytes have the bits %#x", got, b)
		}
	}
	return nil
}

// portableCanonical looks at both values of the bit that says whether v + 19 is 2^255 or more.
func portableCanonical(p *proof) error {
	for k := range int64(2) {
		c := p.field()
		v, symbol, err := c.tightElement("v")
		if err != nil {
			return err
		}
		r, err := p.interpret(v.Pointer())
		if err != nil {
			return err
		}
		row := words(source.NewObject("the result", false, r...))
		// The bit decides between v and s = v + 19.
		sum := term.Adc(v.Word(0), p.space.Const(64, 19), p.space.Const(1, 0))
		carry := term.Carry(v.Word(0), p.space.Const(64, 19), p.space.Const(1, 0))
		s := []*term.Word{sum}
		for _, w := range words(v)[1:] {
			zero := p.space.Const(64, 0)
			s = append(s, term.Adc(w, zero, carry))
			carry = term.Carry(w, zero, carry)
		}
		large := s[3].Bits(63, 1)
		c.Assume(large, integer.Interval{Low: big.NewInt(k), High: big.NewInt(k)})
		value := symbol.Atoms()[0]
		if got := c.Whole(s...); !got.Sub(symbol).Sub(integer.Int(19)).IsZero() {
			return fmt.Errorf("v + 19 is %v", got)
		}
		want := symbol
		if k == 0 {
			// v + 19 is less than 2^255.
			c.Assume(value, integer.UpTo(new(big.Int).Sub(integer.Pow2(255), big.NewInt(20))))
		} else {
			c.Assume(value, integer.Interval{Low: p25519, High: tight})
			want = symbol.Sub(integer.New(p25519))
		}
		for i, w := range row {
			row[i] = c.decide(w, large, uint64(k))
		}
		if k == 0 {
			// 2^255 times the highest bit of v is at most v.
			c.Assume(v.Word(3).Bits(63, 1), integer.UpTo(new(big.Int).Rsh(c.Interval(value).High, 255)))
		}
		got := c.Whole(row...)
		if !got.Sub(want).IsZero() {
			return fmt.Errorf("it is %v, not %v", got, want)
		}
		if most := c.Upper(want); most.Cmp(p25519) >= 0 {
			return fmt.Errorf("it may be %v", most)
		}
	}
	return nil
}

// decide returns w with a number in place of a bit, where it is copied to select bits.
func (c *fieldCall) decide(w, bit *term.Word, k uint64) *term.Word {
	n := w.Node()
	if n == nil {
		var parts []*term.Word
		at := 0
		for _, g := range w.Segs {
			part := w.Bits(at, g.Width)
			if at += g.Width; g.Node != nil && g.Node.Op != term.Var && g.Node.Op != term.AdcOp {
				part = c.decide(g.Node.Word, bit, k).Bits(g.Low, g.Width)
			}
			parts = append(parts, part)
		}
		return term.Cat(parts...)
	}
	switch {
	case n.Op == term.SpreadOp && n.Args[0] == bit:
		return term.Spread(c.space.Const(1, k), n.Width)
	case n.Op == term.XorOp:
		r := c.decide(n.Args[0], bit, k)
		for _, a := range n.Args[1:] {
			r = term.Xor(r, c.decide(a, bit, k))
		}
		return r
	case n.Op == term.AndOp:
		return term.And(c.decide(n.Args[0], bit, k), c.decide(n.Args[1], bit, k))
	}
	return w
}

// portableLimbs compares the limbs with the bits of v.
func portableLimbs(p *proof) error {
	v := p.numbers("v", 4, 64, false)
	r, err := p.interpret(v.Pointer())
	if err != nil {
		return err
	}
	all := p.region(v)
	for i := range r {
		end := limbBits * (i + 1)
		if i == 4 {
			end = 256
		}
		var bits []*term.Word
		for k := limbBits * i; k < end; k++ {
			bits = append(bits, all.Field(k, 1))
		}
		if want := term.ZeroExtend(term.Cat(bits...), 64); r[i] != want {
			return fmt.Errorf("limb %d is %v", i, r[i])
		}
	}
	return nil
}

// portableSetLimbs is about each of the four elements.
func portableSetLimbs(p *proof) error {
	for i := range 4 {
		c := p.field()
		v, f := p.numbers("before", 4, 64, true), p.numbers("f", 20, 64, false)
		want := integer.Int(0)
		for k := range 5 {
			limb := f.Word(4*k + i)
			c.Assume(limb, integer.AllBits(limbBits+1))
			want = want.Plus(integer.Atom(limb), integer.Pow2(limbBits*k))
		}
		if _, err := p.interpret(v.Pointer(), f.Pointer(), p.source.Int(i)); err != nil {
			return err
		}
		if err := c.is(words(v), want); err != nil {
			return err
		}
		if err := c.isTight(words(v)); err != nil {
			return err
		}
	}
	return nil
}

// portableSwaps compares the words with those of k ^ 2k, which has 256 bits.
func portableSwaps(p *proof) error {
	k := p.numbers("k", 32, 8, false)
	got, err := p.interpret(k.Pointer())
	if err != nil {
		return err
	}
	below := p.space.Const(1, 0)
	for i, cell := range got {
		word := term.Cat(words(k)[8*i:][:8]...)
		if want := term.Xor(word, term.Cat(below, word.Bits(0, 63))); cell != want {
			return fmt.Errorf("word %d is %v", i, cell)
		}
		below = word.Bits(63, 1)
	}
	return nil
}

// portableClamp compares the bits with those of RFC 7748.
func portableClamp(p *proof) error {
	k := p.numbers("k", 32, 8, false)
	r, err := p.interpret(k.Pointer())
	if err != nil {
		return err
	}
	all, got := p.region(k), p.region(source.NewObject("the result", false, r...))
	for i := range 256 {
		want := all.Field(i, 1)
		switch i {
		case 0, 1, 2, 255:
			want = p.space.Const(1, 0)
		case 254:
			want = p.space.Const(1, 1)
		}
		if got.Field(i, 1) != want {
			return fmt.Errorf("bit %d is %v", i, got.Field(i, 1))
		}
	}
	return nil
}

// portableSteps follows the elements of multiplyPortable through the functions of the field, which
// do what their statements say.
type portableSteps struct {
	*fieldCall
	swap   int // the value of all bits that choose
	x1     integer.Poly
	known  map[*term.Word]ladderElement // by the first of their words
	state  [4]integer.Poly              // what x2, z2, x3 and z3 must be at the next start of a step
	next   [4]integer.Poly              // what they are
	starts int                          // how many parts of states were seen at starts of steps
	made   int
	k      []*term.Word // the bytes of the scalar
	picks  int
	sums   int
	err    error
}

type ladderElement struct {
	words [4]source.Cell
	value integer.Poly
	tight bool
}

// element returns the element to which an argument points.
func (l *portableSteps) element(arg source.Value) ladderElement {
	p := arg[0].(source.Pointer)
	return l.value(p.Object.Cells[p.At:][:4])
}

func (l *portableSteps) value(words source.Value) ladderElement {
	first := words[0].(*term.Word)
	if c, ok := first.Const(); ok {
		for _, w := range words[1:] {
			if !w.(*term.Word).Is(0) {
				l.fail("a constant of several words")
			}
		}
		return ladderElement{[4]source.Cell(words), integer.Int(int64(c)), true}
	}
	e, ok := l.known[first]
	if !ok || e.words != [4]source.Cell(words) {
		l.fail("words that are no element")
	}
	return e
}

func (l *portableSteps) fail(what string) { l.err = cmp.Or(l.err, errors.New(what)) }

// set makes an argument point to a new element.
func (l *portableSteps) set(arg source.Value, value integer.Poly, tight bool) {
	p := arg[0].(source.Pointer)
	o := l.numbers(fmt.Sprint("made", l.made, "."), 4, 64, false)
	l.made++
	l.known[o.Word(0)] = ladderElement{[4]source.Cell(o.Cells), value.Mod(p25519), tight}
	copy(p.Object.Cells[p.At:], o.Cells)
}

// start compares a part of the state at the start of a step with the formulas, and makes it a
// symbol. The first state has numbers, which stay.
func (l *portableSteps) start(arg source.Value, want integer.Poly) integer.Poly {
	e := l.element(arg)
	if !e.value.Sub(want).Mod(p25519).IsZero() {
		l.fail(fmt.Sprintf("part %d of the state after %d steps is %v", l.starts%4, l.starts/4, e.value))
	}
	if l.starts++; l.starts > 4 {
		e.value = integer.Atom(l.space.Var(fmt.Sprint("state", l.starts), 64))
		l.known[e.words[0].(*term.Word)] = e
	}
	return e.value
}

// call stands for the functions of the field.
func (l *portableSteps) call(name string, args []source.Value) (source.Value, bool) {
	need := func(condition bool, what string) {
		if !condition {
			l.fail(name + ": " + what)
		}
	}
	switch name {
	case "x25519.addSub":
		// The first two of the four of a step take its state.
		switch l.sums % 4 {
		case 0:
			l.next[0], l.next[1] = l.start(args[2], l.state[0]), l.start(args[3], l.state[1])
		case 1:
			l.next[2], l.next[3] = l.start(args[2], l.state[2]), l.start(args[3], l.state[3])
			l.state = ladderStep(l.swap, l.x1, sums(l.next))
		}
		l.sums++
		apart := func(i, j int) bool { return args[i][0] != args[j][0] }
		need(apart(0, 1) && apart(0, 3) && apart(1, 2) && apart(0, 2) == apart(1, 3), "results and arguments that overlap otherwise")
		a, b := l.element(args[2]), l.element(args[3])
		need(a.tight && b.tight, "arguments that are not tight")
		l.set(args[0], a.value.Add(b.value), false)
		l.set(args[1], a.value.Sub(b.value), false)
	case "x25519.element.mul":
		need(args[0][0] != args[1][0] && args[0][0] != args[2][0], "the result is an argument")
		l.set(args[0], l.element(args[1]).value.Mul(l.element(args[2]).value), true)
	case "x25519.element.square":
		need(args[0][0] != args[1][0], "the result is the argument")
		a := l.element(args[1]).value
		l.set(args[0], a.Mul(a), true)
	case "x25519.element.mulAdd":
		var b source.Value
		for _, w := range args[3:] {
			b = append(b, w...)
		}
		x, ok := args[2][0].(*term.Word).Const()
		need(ok && x < 1<<18, "a large factor")
		l.set(args[0], l.element(args[1]).value.Add(l.value(b).value.Times(new(big.Int).SetUint64(x))), false)
	case "x25519.element.pick":
		// Bits t and t+1 of the scalar differ if the points would be swapped.
		t := 254 - l.picks/2
		bit := func(t int) *term.Word { return l.k[t/8].Bits(t%8, 1) }
		differ := bit(t)
		if t < 254 {
			differ = term.Xor(bit(t), bit(t+1))
		}
		need(args[2][0] == term.Spread(differ, 64), "another bit chooses")
		l.picks++
		v := l.element(args[0])
		if l.swap == 1 {
			v = l.element(args[1])
		}
		l.set(args[0], v.value, v.tight)
	default:
		return nil, false
	}
	return nil, true
}

// portableLadder shows for each step that the state after it is that of RFC 7748, for both
// values of the bit that swaps.
func portableLadder(p *proof) error {
	for swap := range 2 {
		l := &portableSteps{fieldCall: p.field(), swap: swap, known: map[*term.Word]ladderElement{}}
		u, k := p.numbers("u", 4, 64, false), p.numbers("k", 32, 8, false)
		l.x1, l.k = integer.Atom(p.space.Var("u", 64)), words(k)
		l.known[u.Word(0)] = ladderElement{[4]source.Cell(u.Cells), l.x1, true}
		l.state = [4]integer.Poly{integer.Int(1), integer.Int(0), l.x1, integer.Int(1)}
		p.source.Before = l.call
		x, z := p.numbers("before", 4, 64, true), p.numbers("before", 4, 64, true)
		if _, err := p.interpret(x.Pointer(), z.Pointer(), k.Cells, u.Cells); err != nil {
			return err
		}
		l.start(x.Pointer(), l.state[0])
		l.start(z.Pointer(), l.state[1])
		if l.picks != 2*255 || l.sums != 4*255 {
			l.fail(fmt.Sprintf("%d steps", l.picks/2))
		}
		if e := l.element(x.Pointer()); !e.tight || !l.element(z.Pointer()).tight {
			l.fail("the result is not tight")
		}
		if l.err != nil {
			return l.err
		}
	}
	return nil
}

// signedWords returns n words of variables with a sign, and their value. If there are bits above
// the variables, they are copies of the sign.
func (c *fieldCall) signedWords(name string, n, variables int, negative bool) (ws []*term.Word, value integer.Poly) {
	value = integer.Int(0)
	for i := range n {
		bits := min(64, variables-64*i)
		w := c.space.Var(fmt.Sprint(name, i), bits)
		value = value.Plus(integer.Atom(w), integer.Pow2(64*i))
		if w = term.ZeroExtend(w, 64); negative {
			w = term.Not(w)
		}
		ws = append(ws, w)
	}
	if negative {
		value = integer.Int(-1).Sub(value)
	}
	return ws, value
}

// signs calls f with all signs of n numbers.
func signs(n int, f func(negative []bool) error) error {
	for all := range 1 << n {
		negative := make([]bool, n)
		for i := range negative {
			negative[i] = all>>i&1 == 1
		}
		if err := f(negative); err != nil {
			return fmt.Errorf("signs %v: %w", negative, err)
		}
	}
	return nil
}

// portableLinear proves linear modulo 2^320, for all signs. As |a| + |b| is at most 2^59, the
// sum is a number of 320 bits with sign.
func portableLinear(p *proof) error {
	return signs(4, func(negative []bool) error {
		c := p.field()
		x, valueX := c.signedWords("x", 4, 255, negative[0])
		y, valueY := c.signedWords("y", 4, 255, negative[1])
		a, valueA := c.signedWords("a", 1, 60, negative[2])
		b, valueB := c.signedWords("b", 1, 60, negative[3])
		s, err := p.interpret(source.Words("x", false, x...).Pointer(), source.Words("y", false, y...).Pointer(),
			source.Value{a[0]}, source.Value{b[0]})
		if err != nil {
			return err
		}
		got := c.Whole(words(source.NewObject("the sum", false, s...))...)
		if rest := got.Sub(valueA.Mul(valueX)).Sub(valueB.Mul(valueY)).Mod(integer.Pow2(320)); !rest.IsZero() {
			return fmt.Errorf("this is left: %v", rest)
		}
		return nil
	})
}

// portableLinearDiv compares the result with the bits of what linear returns.
func portableLinearDiv(p *proof) error {
	sum := p.numbers("s", 5, 64, false)
	args := []source.Value{p.numbers("f", 4, 64, false).Pointer(), p.numbers("g", 4, 64, false).Pointer(),
		{p.space.Var("a", 64)}, {p.space.Var("b", 64)}}
	called := p.replace("x25519.linear", sum.Cells, func() {}, args...)
	r, err := p.interpret(args...)
	if err != nil {
		return err
	}
	if !called() {
		return errCalls
	}
	for i, got := range r {
		if want := term.Cat(sum.Word(i).Bits(59, 5), sum.Word(i+1).Bits(0, 59)); got != want {
			return fmt.Errorf("word %d is %v", i, got)
		}
	}
	return nil
}

// portableDivstep is about each way in which g is odd and δ > 0, and all signs.
func portableDivstep(p *proof) error {
	return signs(4, func(is []bool) error {
		bit := func(i int) *term.Word {
			if is[i] {
				return p.space.Const(1, 1)
			}
			return p.space.Const(1, 0)
		}
		odd, positive := is[0], is[1]
		f := term.Cat(p.space.Const(1, 1), p.space.Var("f", 62), bit(2))
		g := term.Cat(bit(0), p.space.Var("g", 62), bit(3))
		zeta := term.Cat(p.space.Var("ζ", 63), bit(1))
		r, err := p.interpret(source.Value{f}, source.Value{g}, source.Value{zeta})
		if err != nil {
			return err
		}
		c := p.field()
		wantF, wantG, wantZeta := c.Of(f), c.Of(g), c.Of(zeta)
		switch {
		case odd && positive:
			// ζ is -(δ + 1/2), so -(1 - δ + 1/2) is -ζ - 2.
			wantF, wantG, wantZeta = c.Of(g), c.Of(g).Sub(c.Of(f)), integer.Int(-1).Sub(wantZeta)
		case odd:
			wantG = wantG.Add(c.Of(f))
		}
		got := source.NewObject("the result", false, r...)
		for i, left := range []integer.Poly{
			c.Of(got.Word(0)).Sub(wantF),
			c.Of(got.Word(1)).Times(big.NewInt(2)).Sub(wantG),
			c.Of(got.Word(2)).Sub(wantZeta).Add(integer.Int(1)),
		} {
			if !left.Mod(integer.Pow2(64)).IsZero() {
				return fmt.Errorf("of result %d this is left: %v", i, left.Mod(integer.Pow2(64)))
			}
		}
		return nil
	})
}

var portableField = []statement{
	{"portable x25519.element.mul", "a·b modulo p, tight, for loose a and b", portableProduct(2)},
	{"portable x25519.element.square", "a² modulo p, tight, for a loose a", portableProduct(1)},
	{"portable x25519.element.mulAdd", "a + x·b modulo p, for loose a and b and x < 2^18; tight if x is 38; v may be a", portableMulAdd},
	{"portable x25519.tightAddSub", "what addSub returns, modulo p, and tight", portableTightAddSub},
	{"portable x25519.element.pick", "a if all bits of m are 1, v if m is 0", portablePick},
	{"portable x25519.element.setBytes", "the number that b encodes, modulo 2^255", portableSetBytes},
	{"portable x25519.element.canonical", "v mod p, for a tight v", portableCanonical},
	{"portable x25519.element.bytes", "the bytes of what canonical returns", portableBytes},
	{"portable x25519.element.isZero", "all bits are 1 if the bytes of v are 0, else 0", portableIsZero},
	{"portable x25519.element.limbs", "the bits of v, 51 in each limb", portableLimbs},
	{"portable x25519.element.setLimbs", "element i of f modulo p, tight, for limbs less than 2^52 and every i", portableSetLimbs},
	{"portable x25519.swaps", "k ^ 2k", portableSwaps},
	{"portable x25519.clamp", "the bits of a scalar, clamped as in RFC 7748, section 5", portableClamp},
	{"portable x25519.multiplyPortable", "x_2 and z_2 of RFC 7748 after 255 steps, tight, for a tight u; without the last swap, since bit 0 of a clamped scalar is 0", portableLadder},
	{"portable x25519.divstep", "a division step: the next f, twice the next g, and the next ζ, modulo 2^64, for odd f", portableDivstep},
	{"portable x25519.linear", "a·x + b·y modulo 2^320, for x and y from -2^255 to 2^255 - 1 and a and b from -2^60 to 2^60 - 1", portableLinear},
	{"portable x25519.linearDiv", "bits 59 to 314 of what linear returns", portableLinearDiv},
	{"portable x25519.addSub", "a + b and a - b modulo p, for tight a and b; the results may be the arguments", portableAddSub},
}
