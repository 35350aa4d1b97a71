package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// This file finds what words are modulo q: linear and bilinear forms in variables, with bounds
// of the words as signed numbers.
//
// A word is a sum of summands. Those that depend on the same word x together are a function of
// x. The function is tabulated over all values that x may have: it must be c·x modulo q, and its
// least and its greatest value are its bounds. So nothing has to be known of the ways in which
// kernels reduce. If the bounds of all summands add up to numbers of the word's width, the sum
// does not wrap.

// q is the modulus of FIPS 203.
const q = 3329

// mod returns x mod q.
func mod(x int64) int64 { return (x%q + q) % q }

// A monomial is a product of at most two variables. The others are nil, and come first.
type monomial [2]*term.Node

// times returns the product of two variables, or of a variable and nil.
func times(v, w *term.Node) monomial {
	if w == nil || v != nil && v.ID > w.ID {
		v, w = w, v
	}
	return monomial{v, w}
}

// A form is what is known of a word as a signed number: bounds, and a polynomial that is equal
// to it modulo q. No coefficient is 0.
type form struct {
	interval
	poly map[monomial]int64
}

// plus adds c·m to the polynomial.
func (f form) plus(c int64, m monomial) {
	if c = mod(f.poly[m] + c); c == 0 {
		delete(f.poly, m)
	} else {
		f.poly[m] = c
	}
}

// linear returns the form c·v modulo q of a variable.
func linear(bounds interval, c int64, v *term.Word) form {
	f := form{bounds, map[monomial]int64{}}
	f.plus(c, monomial{nil, v.Node()})
	return f
}

// An analysis finds the forms of words.
type analysis struct {
	forms  map[*term.Word]form
	inputs map[*term.Word]bool // on which something else than a sum depends
	marked map[*term.Word]bool
	tables map[string]table
}

// A table is what is known of a function.
type table struct {
	interval
	factor int64 // the function is this times its argument, modulo q
}

func newAnalysis() *analysis {
	return &analysis{map[*term.Word]form{}, map[*term.Word]bool{}, map[*term.Word]bool{}, map[string]table{}}
}

// know tells that the words of a region are variables within bounds.
func (a *analysis) know(r *machine.Region, bounds interval) {
	for i := range len(r.Data) / 2 {
		v := r.Field(i, 16)
		a.forms[v] = linear(bounds, 1, v)
	}
}

// region returns the forms of the words of a region, and bounds of them all.
func (a *analysis) region(r *machine.Region) ([]form, interval, error) {
	words := make([]*term.Word, len(r.Data)/2)
	for i := range words {
		if words[i] = r.Field(i, 16); words[i] == nil {
			return nil, interval{}, fmt.Errorf("word %d of %s is not written", i, r.Name)
		}
		a.mark(words[i])
	}
	forms := make([]form, len(words))
	var bounds interval
	for i, w := range words {
		var err error
		if forms[i], err = a.form(w); err != nil {
			return nil, bounds, fmt.Errorf("word %d of %s: %w", i, r.Name, err)
		}
		if bounds = bounds.union(forms[i].interval); i == 0 {
			bounds = forms[i].interval
		}
	}
	return forms, bounds, nil
}

func isSum(n *term.Node) bool { return n != nil && (n.Op == term.AddOp || n.Op == term.SubOp) }

// isInput reports whether functions of a node are considered, and not functions of its
// arguments.
func isInput(n *term.Node) bool {
	return n != nil && (isSum(n) || n.Op == term.MulSignedOp || n.Op == term.Var)
}

// inputs returns the words that w is computed from.
func inputs(w *term.Word) (xs []*term.Word) {
	for _, g := range w.Segs {
		switch {
		case g.Node == nil:
		case isInput(g.Node):
			xs = append(xs, g.Node.Word)
		default:
			for _, arg := range g.Node.Args {
				xs = append(xs, inputs(arg)...)
			}
		}
	}
	slices.SortFunc(xs, func(x, y *term.Word) int { return cmp.Compare(x.ID, y.ID) })
	return slices.Compact(xs)
}

// mark finds the words on which something else than a sum depends. They are not taken apart.
func (a *analysis) mark(w *term.Word) {
	if a.marked[w] {
		return
	}
	a.marked[w] = true
	n := w.Node()
	if isInput(n) {
		for _, arg := range n.Args {
			a.mark(arg)
		}
		return
	}
	for _, x := range inputs(w) {
		a.inputs[x] = true
		a.mark(x)
	}
}

// form returns the form of a word.
func (a *analysis) form(w *term.Word) (form, error) {
	if f, ok := a.forms[w]; ok {
		return f, nil
	}
	f := form{poly: map[monomial]int64{}}
	var err error
	switch n := w.Node(); {
	case n != nil && n.Op == term.Var:
		err = fmt.Errorf("nothing is known of %v", w)
	case n != nil && n.Op == term.MulSignedOp:
		f, err = a.product(n.Args[0], n.Args[1])
	default:
		f, err = a.sum(w)
	}
	if err == nil {
		a.forms[w] = f
	}
	return f, err
}

// product returns the form of a product that is exact.
func (a *analysis) product(x, y *term.Word) (form, error) {
	f, err := a.form(x)
	if err != nil {
		return f, err
	}
	g, err := a.form(y)
	if err != nil {
		return g, err
	}
	return f.times(g)
}

// times returns the form of a product.
func (f form) times(g form) (form, error) {
	ends := []int64{f.lo * g.lo, f.lo * g.hi, f.hi * g.lo, f.hi * g.hi}
	p := form{interval{slices.Min(ends), slices.Max(ends)}, map[monomial]int64{}}
	for m, c := range f.poly {
		for n, d := range g.poly {
			if m[0] != nil || n[0] != nil {
				return p, errors.New("a product of three variables")
			}
			p.plus(c*d, times(m[1], n[1]))
		}
	}
	return p, nil
}

// A summand is a word that is added or subtracted.
type summand struct {
	word *term.Word
	sign int64
}

// summands returns those of a word, times a sign. Those that are inputs are not taken apart.
func (a *analysis) summands(w *term.Word, sign int64, all []summand) []summand {
	n := w.Node()
	second := sign
	if n.Op == term.SubOp {
		second = -sign
	}
	for i, arg := range n.Args {
		if i == 1 {
			sign = second
		}
		if isSum(arg.Node()) && !a.inputs[arg] {
			all = a.summands(arg, sign, all)
		} else {
			all = append(all, summand{arg, sign})
		}
	}
	return all
}

// sum returns the form of any other word.
func (a *analysis) sum(w *term.Word) (form, error) {
	all := []summand{{w, 1}}
	if isSum(w.Node()) {
		all = a.summands(w, 1, nil)
	}
	f := form{poly: map[monomial]int64{}}
	groups := map[*term.Word][]summand{}
	var order []*term.Word
	for _, s := range all {
		if c, ok := s.word.Const(); ok {
			v := s.sign * term.Signed(c, w.Width)
			f.lo, f.hi = f.lo+v, f.hi+v
			f.plus(v, monomial{})
			continue
		}
		xs := inputs(s.word)
		if len(xs) != 1 {
			return f, fmt.Errorf("a function of %d words: %v", len(xs), s.word)
		}
		if groups[xs[0]] == nil {
			order = append(order, xs[0])
		}
		groups[xs[0]] = append(groups[xs[0]], s)
	}
	for _, x := range order {
		g, err := a.form(x)
		if err != nil {
			return f, err
		}
		t, err := a.tabulate(x, g.interval, groups[x], w.Width)
		if err != nil {
			return f, err
		}
		f.lo, f.hi = f.lo+t.lo, f.hi+t.hi
		for m, c := range g.poly {
			f.plus(c*t.factor, m)
		}
	}
	if limit := int64(1) << (w.Width - 1); f.lo < -limit || f.hi >= limit {
		return f, fmt.Errorf("a sum between %d and %d does not fit in %d bits", f.lo, f.hi, w.Width)
	}
	return f, nil
}

// tabulate returns what is known of the sum of summands that are functions of x.
func (a *analysis) tabulate(x *term.Word, bounds interval, ss []summand, width int) (table, error) {
	switch {
	case len(ss) == 1 && ss[0].word == x && ss[0].sign > 0:
		return table{bounds, 1}, nil
	case len(ss) == 1 && ss[0].word == x:
		return table{interval{-bounds.hi, -bounds.lo}, q - 1}, nil
	case x.Width == 16 && width == 16:
		return a.tabulated(ss, x, bounds, func(f func(int64) int64) (table, error) { return multiple(f, bounds) })
	case x.Width == 32 && width == 16:
		return a.halves(x, bounds, ss)
	}
	return table{}, fmt.Errorf("a function of %d bits: %v", x.Width, ss[0].word)
}

// multiple finds out which multiple of v a function f(v) is, modulo q.
func multiple(f func(v int64) int64, bounds interval) (table, error) {
	t := table{interval{math.MaxInt64, math.MinInt64}, mod(f(1) - f(0))}
	for v := bounds.lo; v <= bounds.hi; v++ {
		r := f(v)
		t.interval = t.union(interval{r, r})
		if mod(r-t.factor*v) != 0 {
			return t, fmt.Errorf("a function of %d is %d, which is not %d·%d modulo q", v, r, t.factor, v)
		}
	}
	return t, nil
}

// halves is about x = 2^16·h + l, where h is the upper half of x with sign, and l is the lower
// half without. If 2^16·f(l) is l modulo q for all l, then 2^16·(h + f(l)) is x modulo q.
func (a *analysis) halves(x *term.Word, bounds interval, ss []summand) (table, error) {
	upper := slices.Index(ss, summand{x.Bits(16, 16), 1})
	if upper < 0 {
		return table{}, errors.New("a reduction does not add the upper half of the product")
	}
	rest := slices.Delete(slices.Clone(ss), upper, upper+1)
	all := interval{0, 1<<16 - 1}
	t, err := a.tabulated(rest, x.Bits(0, 16), all, func(f func(int64) int64) (table, error) {
		t := table{interval{math.MaxInt64, math.MinInt64}, 169} // 2^16·169 is 1 modulo q
		for l := all.lo; l <= all.hi; l++ {
			r := f(l)
			t.interval = t.union(interval{r, r})
			if mod(r<<16-l) != 0 {
				return t, fmt.Errorf("a reduction adds %d for the lower half %d", r, l)
			}
		}
		return t, nil
	})
	t.lo, t.hi = t.lo+bounds.lo>>16, t.hi+bounds.hi>>16
	return t, err
}

// tabulated calls find with the function of x that summands of 16 bits make together. If it was
// called with an equal function, it returns the result of that.
func (a *analysis) tabulated(ss []summand, x *term.Word, bounds interval, find func(func(v int64) int64) (table, error)) (table, error) {
	key := fmt.Sprint(x.Node() == nil, bounds)
	for _, s := range ss {
		shape, ok := shapeOf(s.word, x)
		if !ok {
			return table{}, fmt.Errorf("a function not only of %v: %v", x, s.word)
		}
		key += fmt.Sprint(s.sign) + shape
	}
	if t, ok := a.tables[key]; ok {
		return t, nil
	}
	programs := make([]*term.Program, len(ss))
	for i, s := range ss {
		programs[i] = term.Compile(s.word, x)
	}
	t, err := find(func(v int64) int64 {
		sum := uint64(0)
		for i, s := range ss {
			sum += uint64(s.sign) * programs[i].Run(uint64(v)&0xffff)
		}
		return term.Signed(sum, 16)
	})
	if err == nil {
		a.tables[key] = t
	}
	return t, err
}

// shapeOf describes w as a function of x, if it depends on nothing else. If two words have the
// same shape, they are the same functions of words of the same width.
func shapeOf(w, x *term.Word) (shape string, ok bool) {
	s := shaper{x: x, seen: map[*term.Node]int{}}
	ok = s.word(w)
	return string(s.text), ok
}

type shaper struct {
	x    *term.Word
	seen map[*term.Node]int
	text []byte
}

func (s *shaper) number(prefix byte, n uint64) {
	s.text = strconv.AppendUint(append(s.text, prefix), n, 10)
}

func (s *shaper) word(w *term.Word) bool {
	if w == s.x {
		s.text = append(s.text, 'x')
		return true
	}
	for _, g := range w.Segs {
		if g.Node == nil {
			s.number('=', g.Const)
		} else if g.Node == s.x.Node() {
			s.text = append(s.text, 'x')
		} else if number, ok := s.seen[g.Node]; ok {
			s.number('#', uint64(number))
		} else if g.Node.Op == term.Var {
			return false
		} else {
			s.number('(', uint64(g.Node.Op))
			s.number(':', uint64(g.Node.Width))
			s.text = strconv.AppendQuote(s.text, g.Node.Aux)
			for _, arg := range g.Node.Args {
				if !s.word(arg) {
					return false
				}
				s.text = append(s.text, ',')
			}
			s.text = append(s.text, ')')
			s.seen[g.Node] = len(s.seen)
		}
		s.number('[', uint64(g.Low))
		s.number(':', uint64(g.Width))
	}
	return true
}

// same compares a polynomial with another. The error says where they differ.
func (f form) same(want map[monomial]int64) error {
	if maps.Equal(f.poly, want) {
		return nil
	}
	both := maps.Clone(want)
	maps.Copy(both, f.poly)
	for _, m := range slices.SortedFunc(maps.Keys(both), func(m, n monomial) int { return cmp.Compare(fmt.Sprint(m), fmt.Sprint(n)) }) {
		if f.poly[m] != want[m] {
			return fmt.Errorf("modulo q, %v comes in %d times, not %d times", m, f.poly[m], want[m])
		}
	}
	return nil
}

func (m monomial) String() string {
	switch {
	case m[1] == nil:
		return "1"
	case m[0] == nil:
		return m[1].Aux
	}
	return m[0].Aux + "·" + m[1].Aux
}
