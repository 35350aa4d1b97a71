package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"hybridkem/assurance/prove/term"
)

// This file finds the forms of portable code, which has two coefficients in a word of 64 bits:
// the word is lo + 2^32·hi modulo 2^64. Sums, and products with numbers, act on both halves.
// Bits of a word are bits of a half if lo is known to be from 0 to 2^32 - 1.
//
// Each half is k·x + c + f(l), where x has a form, and l is x mod 2^16. So what a reduction
// takes from the low bits of x, multiplies and subtracts again is a table of f. After the shift
// by 16 the table must show a multiple of x modulo q. Where x has more than 16 bits, it must
// show that f adds a multiple of q, and that the sum is divisible by 2^16.
type pairAnalysis struct {
	forms map[*term.Word]*halfWord // of variables of 16 bits
	pairs map[*term.Word][2]*halfWord
	steps map[step]*function
}

// A halfWord is k·x + c + f(x mod 2^16). x is nil if k is 0 and there is no f.
type halfWord struct {
	x    *base
	k, c int64
	f    *function
	sum  *base // the part as a whole
}

type base struct{ form }

// A function has a value for each number of 16 bits.
type function struct {
	interval
	values []int64
}

// A step tells how a function was made, so that it is made once.
type step struct {
	op   string
	f, g *function
	k, c int64
}

var int32s = interval{-1 << 31, 1<<31 - 1}

func newPairAnalysis() *pairAnalysis {
	return &pairAnalysis{map[*term.Word]*halfWord{}, map[*term.Word][2]*halfWord{}, map[step]*function{}}
}

// know tells the form of a variable of 16 bits.
func (a *pairAnalysis) know(v *term.Word, f form) { a.forms[v] = whole(&base{f}) }

func whole(x *base) *halfWord   { return &halfWord{x: x, k: 1, sum: x} }
func number(c int64) *halfWord  { return &halfWord{c: c} }
func (p *halfWord) short() bool { return p.x != nil && p.x.within(int16s) }

// function returns a function with these values.
func (a *pairAnalysis) function(s step, value func(l int64) int64) *function {
	if f, ok := a.steps[s]; ok {
		return f
	}
	f := &function{interval{math.MaxInt64, math.MinInt64}, make([]int64, 1<<16)}
	for l := range int64(1 << 16) {
		v := value(l)
		f.values[l] = v
		f.interval = f.union(interval{v, v})
	}
	a.steps[s] = f
	return f
}

// at returns f(l), or 0 if there is no f.
func (f *function) at(l int64) int64 {
	if f == nil {
		return 0
	}
	return f.values[l]
}

func (i interval) sum(j interval) interval { return interval{i.lo + j.lo, i.hi + j.hi} }

func (i interval) scaled(k int64) interval {
	return interval{min(k*i.lo, k*i.hi), max(k*i.lo, k*i.hi)}
}

// bounds returns bounds of p.
func (p *halfWord) bounds() interval {
	i := interval{p.c, p.c}
	if p.x != nil {
		i = i.sum(p.x.scaled(p.k))
	}
	if p.f != nil {
		i = i.sum(p.f.interval)
	}
	return i
}

// fold returns a function of l that is p, if x has 16 bits, or else that is p modulo 2^16.
func (p *halfWord) fold(l int64) int64 { return p.k*int64(int16(l)) + p.c + p.f.at(l) }

// of returns a part that is a function of l alone.
func (a *pairAnalysis) of(x *base, s step, make func(l int64) int64) *halfWord {
	return &halfWord{x: x, f: a.function(s, make)}
}

// close returns p as a whole, with its form.
func (a *pairAnalysis) close(p *halfWord) (*base, error) {
	if p.sum != nil {
		return p.sum, nil
	}
	f := form{p.bounds(), map[monomial]int64{}}
	k := p.k
	switch {
	case p.f == nil:
	case p.short():
		t, err := multiple(func(v int64) int64 { return p.fold(v & 0xffff) }, p.x.interval)
		if err != nil {
			return nil, err
		}
		f.interval, k = t.interval, t.factor
	default:
		for l, v := range p.f.values {
			if mod(v) != 0 {
				return nil, fmt.Errorf("a reduction adds %d for the low bits %d", v, l)
			}
		}
	}
	if p.x != nil {
		for m, c := range p.x.poly {
			f.plus(mod(k)*c, m)
		}
	}
	if p.f == nil || !p.short() {
		f.plus(p.c, monomial{})
	}
	p.sum = &base{f}
	return p.sum, nil
}

// add returns p + sign·r.
func (a *pairAnalysis) add(p, r *halfWord, sign int64) (*halfWord, error) {
	if p.x == r.x || p.x == nil || r.x == nil {
		s := &halfWord{x: p.x, k: p.k + sign*r.k, c: p.c + sign*r.c, f: p.f}
		if s.x == nil {
			s.x = r.x
		}
		if r.f != nil {
			s.f = a.function(step{"add", p.f, r.f, sign, 0}, func(l int64) int64 { return p.f.at(l) + sign*r.f.at(l) })
		}
		return s, nil
	}
	x, err := a.close(p)
	if err != nil {
		return nil, err
	}
	y, err := a.close(r)
	if err != nil {
		return nil, err
	}
	f := form{x.sum(y.scaled(sign)), map[monomial]int64{}}
	if !f.within(small) {
		return nil, fmt.Errorf("a number from %d to %d", f.lo, f.hi)
	}
	for m, c := range x.poly {
		f.plus(c, m)
	}
	for m, c := range y.poly {
		f.plus(mod(sign)*c, m)
	}
	return whole(&base{f}), nil
}

// small is an interval whose numbers the analysis can add up without overflow.
var small = interval{-1 << 60, 1 << 60}

// scale returns k·p.
func (a *pairAnalysis) scale(p *halfWord, k int64) (*halfWord, error) {
	if b := p.bounds(); k != 0 && !b.within(interval{small.lo / max(k, -k), small.hi / max(k, -k)}) {
		return nil, fmt.Errorf("%d times a number from %d to %d", k, b.lo, b.hi)
	}
	s := &halfWord{x: p.x, k: k * p.k, c: k * p.c}
	if p.f != nil {
		s.f = a.function(step{"scale", p.f, nil, k, 0}, func(l int64) int64 { return k * p.f.at(l) })
	}
	return s, nil
}

// multiply returns the product of two parts.
func (a *pairAnalysis) multiply(p, r *halfWord) (*halfWord, error) {
	for range 2 {
		if p.x == nil {
			return a.scale(r, p.c)
		}
		p, r = r, p
	}
	x, err := a.close(p)
	if err != nil {
		return nil, err
	}
	y, err := a.close(r)
	if err != nil {
		return nil, err
	}
	if !x.within(int32s) || !y.within(int32s) {
		return nil, errors.New("a product of numbers of more than 32 bits")
	}
	f, err := x.times(y.form)
	return whole(&base{f}), err
}

// divide returns p / 2^16, which must be exact.
func (a *pairAnalysis) divide(p *halfWord) (*halfWord, error) {
	if p.x == nil && p.c == 0 {
		return p, nil
	}
	low := a.function(step{"low", p.f, nil, p.k, p.c}, func(l int64) int64 { return p.fold(l) & 0xffff })
	if low.interval != (interval{}) {
		return nil, errors.New("a shift by 16 drops bits that are not 0")
	}
	if p.short() {
		return a.of(p.x, step{"divide", p.f, nil, p.k, p.c}, func(l int64) int64 { return p.fold(l) >> 16 }), nil
	}
	x, err := a.close(p)
	if err != nil {
		return nil, err
	}
	f := form{interval{x.lo >> 16, x.hi >> 16}, map[monomial]int64{}}
	for m, c := range x.poly {
		f.plus(169*c, m) // 2^16·169 is 1 modulo q
	}
	return whole(&base{f}), nil
}

// bits returns n bits of p modulo 2^32, from low on.
func (a *pairAnalysis) bits(p *halfWord, low, n int) (*halfWord, error) {
	if low+n > 16 && !p.short() && p.x != nil {
		return nil, fmt.Errorf("bits %d to %d of a number of more than 16 bits", low, low+n)
	}
	cut := func(v int64) int64 { return v >> low & int64(term.Ones(n)) }
	if p.x == nil {
		return number(cut(p.c)), nil
	}
	return a.of(p.x, step{fmt.Sprint("bits", low, n), p.f, nil, p.k, p.c}, func(l int64) int64 { return cut(p.fold(l)) }), nil
}

// signed returns a word of 16 bits as a signed number.
func (a *pairAnalysis) signed(w *term.Word) (*halfWord, error) {
	if p, ok := a.forms[w]; ok {
		return p, nil
	}
	if c, ok := w.Const(); ok {
		return number(term.Signed(c, 16)), nil
	}
	if g := w.Segs[0]; len(w.Segs) == 1 && (g.Low+lifted(g.Node))%32 == 0 {
		p, err := a.half(g.Node, g.Low+lifted(g.Node))
		if err != nil {
			return nil, err
		}
		if x, err := a.close(p); err == nil && x.within(int16s) {
			return p, nil
		}
		return a.of(p.x, step{"signed", p.f, nil, p.k, p.c}, func(l int64) int64 { return int64(int16(p.fold(l))) }), nil
	}
	return nil, fmt.Errorf("nothing is known of %v", w)
}

// lifted returns k if a node has 64 - k bits, more than 32. It then stands for a word of 64 bits
// whose lowest k bits are 0. Terms are cut there if nothing is carried from below.
func lifted(n *term.Node) int {
	if n.Width > 32 {
		return 64 - n.Width
	}
	return 0
}

// lift returns that word.
func lift(w *term.Word) *term.Word {
	if w.Width > 32 && w.Width < 64 {
		return term.Cat(w.Space.Const(64-w.Width, 0), w)
	}
	return w
}

// half returns the half of a node in which a bit is. The lower half is from 0 to 2^32 - 1 then,
// if the upper half is asked for.
func (a *pairAnalysis) half(n *term.Node, bit int) (*halfWord, error) {
	if n.Op == term.SarOp && n.Aux[0] == 32 && bit == 0 && n.Args[0].Node() != nil {
		return a.half(n.Args[0].Node(), 32)
	}
	p, err := a.pair(lift(n.Word))
	if err != nil || bit < 32 {
		return p[0], err
	}
	i := p[0].bounds()
	if i.lo>>32 != i.hi>>32 {
		return nil, fmt.Errorf("the lower half of %v is from %d to %d", n.Word, i.lo, i.hi)
	}
	return a.add(p[1], number(i.lo>>32), 1)
}

// pair returns the halves of a word of 64 bits, or a word of 32 bits and 0.
func (a *pairAnalysis) pair(w *term.Word) (p [2]*halfWord, err error) {
	p, ok := a.pairs[w]
	if !ok {
		if p, err = a.find(w); err == nil {
			a.pairs[w] = p
		}
	}
	return p, err
}

func (a *pairAnalysis) find(w *term.Word) (p [2]*halfWord, err error) {
	zero := number(0)
	if c, ok := w.Const(); ok {
		lo := int64(int32(c))
		hi := (term.Signed(c, w.Width) - lo) >> 32
		return [2]*halfWord{number(lo), number(hi)}, nil
	}
	if n := w.Node(); n != nil {
		return a.node(n)
	}
	if low := w.Bits(0, 16); w == term.SignExtend(low, w.Width) {
		p[0], err = a.signed(low)
		return [2]*halfWord{p[0], zero}, err
	}
	if first := w.Segs[0]; first.Node == nil && first.Const == 0 && len(w.Segs) > 1 {
		k, rest := first.Width, w.Segs[1]
		if k == 32 && w == term.Shl(term.SignExtend(w.Bits(32, 16), 64), 32) {
			p[1], err = a.signed(w.Bits(32, 16))
			return [2]*halfWord{zero, p[1]}, err
		}
		if n := rest.Node; w == lift(n.Word) && lifted(n) == k && (n.Op == term.AddOp || n.Op == term.SubOp) {
			// A sum modulo 2^(64-k), times 2^k.
			x, err := a.pair(lift(n.Args[0]))
			if err != nil {
				return p, err
			}
			y, err := a.pair(lift(n.Args[1]))
			sign := int64(1)
			if n.Op == term.SubOp {
				sign = -1
			}
			return both(err, func(i int) (*halfWord, error) { return a.add(x[i], y[i], sign) })
		}
		if rest.Node.Width == w.Width && rest.Low == 0 && rest.Width == w.Width-k && k <= 32 {
			whole, err := a.pair(rest.Node.Word)
			if err == nil && k == 32 {
				return [2]*halfWord{zero, whole[0]}, nil
			}
			return both(err, func(i int) (*halfWord, error) { return a.scale(whole[i], 1<<k) })
		}
	}
	p = [2]*halfWord{zero, zero}
	for at := 0; at < w.Width; {
		g := w.Bits(at, w.Width-at).Segs[0]
		n := min(g.Width, 32-at%32)
		if g.Node != nil {
			n = min(n, 32-(g.Low+lifted(g.Node))%32)
		}
		bits, err := a.piece(w.Bits(at, n))
		if err == nil {
			bits, err = a.scale(bits, 1<<(at%32))
		}
		if err == nil {
			p[at/32], err = a.add(p[at/32], bits, 1)
		}
		if err != nil {
			return p, err
		}
		at += n
	}
	return p, nil
}

// piece returns bits of a half, or a bit that is inverted, as a number without sign.
func (a *pairAnalysis) piece(w *term.Word) (*halfWord, error) {
	g := w.Segs[0]
	switch {
	case g.Node == nil:
		return number(int64(g.Const)), nil
	case g.Node.Op == term.XorOp && w.Width == 1 && g.Node.Width == 1 && len(g.Node.Args) == 2 && g.Node.Args[1].Is(1):
		p, err := a.piece(g.Node.Args[0])
		if err != nil {
			return nil, err
		}
		return a.add(number(1), p, -1)
	case g.Node.Width < 32:
		return nil, fmt.Errorf("nothing is known of %v", w)
	}
	low := g.Low + lifted(g.Node)
	p, err := a.half(g.Node, low)
	if err != nil {
		return nil, err
	}
	return a.bits(p, low%32, g.Width)
}

// both makes two parts, unless there is an error already.
func both(err error, make func(i int) (*halfWord, error)) (p [2]*halfWord, _ error) {
	for i := range p {
		if err == nil {
			p[i], err = make(i)
		}
	}
	return p, err
}

// node returns the halves of an operation.
func (a *pairAnalysis) node(n *term.Node) (p [2]*halfWord, err error) {
	if n.Width != 32 && n.Width != 64 || n.Op == term.Var {
		return p, fmt.Errorf("nothing is known of %v", n.Word)
	}
	x, err := a.pair(n.Args[0])
	var y [2]*halfWord
	if len(n.Args) > 1 && err == nil {
		y, err = a.pair(n.Args[1])
	}
	switch n.Op {
	case term.AddOp:
		return both(err, func(i int) (*halfWord, error) { return a.add(x[i], y[i], 1) })
	case term.SubOp:
		return both(err, func(i int) (*halfWord, error) { return a.add(x[i], y[i], -1) })
	case term.MulOp:
		for range 2 {
			if err != nil {
				return p, err
			}
			// A number, or a coefficient alone, multiplies both halves.
			if y[1].x == nil && y[1].c == 0 {
				return both(err, func(i int) (*halfWord, error) { return a.multiply(x[i], y[0]) })
			}
			x, y = y, x
		}
	case term.SarOp:
		// The value of the word must be that of the pair, not only modulo 2^width.
		if err == nil && n.Aux[0] == 16 && x[0].bounds().within(int32s) && x[1].bounds().within(interval{-1 << 30, 1 << 30}) {
			return both(err, func(i int) (*halfWord, error) { return a.divide(x[i]) })
		}
	}
	return p, cmp.Or(err, fmt.Errorf("nothing is known of %v", n.Word))
}
