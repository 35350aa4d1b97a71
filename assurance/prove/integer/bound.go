package integer

import (
	"maps"
	"math/big"
	"slices"

	"hybridkem/assurance/prove/term"
)

// This file bounds sums of several words. The words of a chain of carries have no useful bounds
// of their own, but the chain as a whole has one, and it shows that the last carry is 0.
//
// Carries, borrows, upper halves and x >> k are quotients: q is x/2^k rounded down, so that
// 2^k·q <= x. In an upper bound, x may stand for 2^k·q. Since x has the same quotients as the
// words below, these cancel.

// A row is words that are a number below a bound together. Word i has the weight 2^place(i).
type row struct {
	words []*term.Word
	place func(i int) int
	high  *big.Int
}

// AssumeRow says that a row of limbs is at most high. The limbs become atoms.
func (f *Field) AssumeRow(high *big.Int, limbs ...*term.Word) {
	r := &row{limbs, f.Place, high}
	for _, w := range limbs {
		f.Cut(w)
		f.rows[w] = r
	}
}

// BoundRow returns a number that a row of limbs never exceeds.
func (f *Field) BoundRow(limbs ...*term.Word) *big.Int {
	sum, parts := Int(0), new(big.Int)
	for i, w := range limbs {
		weight := Pow2(f.Place(i))
		sum.addScaled(f.definition(w), weight)
		parts.Add(parts, new(big.Int).Mul(f.Interval(w).High, weight))
	}
	return minimum(f.evaluate(sum), parts)
}

// definition returns w as a polynomial in the arguments of its operation.
func (e *Exact) definition(w *term.Word) Poly {
	n := w.Node()
	if n == nil || n.Op != term.AdcOp {
		return Atom(w)
	}
	carry := Atom(term.Carry(n.Args[0], n.Args[1], n.Args[2]))
	sum := Int(0)
	for _, a := range n.Args {
		sum.addScaled(e.atom(a), big.NewInt(1))
	}
	return sum.Plus(carry, new(big.Int).Neg(Pow2(64)))
}

// atom returns w as an atom, or a constant.
func (e *Exact) atom(w *term.Word) Poly {
	if e.constant(w) {
		return New(e.Interval(w).Low)
	}
	return Atom(w)
}

// constant reports whether the bounds of w are equal.
func (e *Exact) constant(w *term.Word) bool {
	i := e.Interval(w)
	return i.Low.Cmp(i.High) == 0
}

// shiftOf returns k if w is a quotient x/2^k, and 0 if it is not.
func (e *Exact) shiftOf(w *term.Word) int {
	n := w.Node()
	switch {
	case e.cuts[w]:
	case n == nil:
		_, k := shiftedRight(w)
		return k
	case n.Op == term.CarryOp, n.Op == term.BorrowOp:
		return 64
	case n.Op == term.MulHighUOp, n.Op == term.Mul52HighOp:
		return n.Width
	}
	return 0
}

// dividend returns x of a quotient x/2^k.
func (e *Exact) dividend(w *term.Word) Poly {
	n := w.Node()
	if n == nil {
		n, _ := shiftedRight(w)
		return e.Of(n.Word)
	}
	x, y := e.Of(n.Args[0]), e.Of(n.Args[1])
	switch n.Op {
	case term.CarryOp:
		return x.Add(y).Add(e.Of(n.Args[2]))
	case term.BorrowOp:
		return New(AllBits(64).High).Sub(x).Add(y).Add(e.Of(n.Args[2]))
	}
	return x.Mul(y)
}

// Vanishes reports whether a quotient is shown to be 0 always. If it depends on a bit that
// chooses between words, both values of the bit are tried.
func (e *Exact) Vanishes(q *term.Word) bool {
	k := e.shiftOf(q)
	if k == 0 {
		return false
	}
	zero := e.Interval(q).High.Sign() == 0 || e.below(e.dividend(q), k)
	if !zero {
		bit := e.choice(q)
		zero = bit != nil && e.given(bit, 0).Vanishes(q) && e.given(bit, 1).Vanishes(q)
	}
	if zero {
		e.known[q] = UpTo(new(big.Int))
	}
	return zero
}

// choice returns an unknown bit that chooses between words from which a quotient is computed.
func (e *Exact) choice(w *term.Word) *term.Word {
	var bit *term.Word
	for _, g := range w.Segs {
		switch {
		case g.Node == nil || bit != nil:
		case g.Node.Op == term.IteOp || g.Node.Op == term.SpreadOp:
			if b := g.Node.Args[0]; !e.constant(b) {
				bit = b
			}
		case e.shiftOf(g.Node.Word) > 0:
			for _, a := range g.Node.Args {
				if bit == nil {
					bit = e.choice(a)
				}
			}
		}
	}
	return bit
}

// given returns e with a value of a bit. If the bit is a quotient x/2^k and is 1, then x is at
// least 2^k.
func (e *Exact) given(bit *term.Word, value int64) *Exact {
	c := NewExact()
	maps.Copy(c.known, e.known)
	c.cuts, c.rows, c.facts = e.cuts, e.rows, slices.Clone(e.facts)
	if k := e.shiftOf(bit); k > 0 && value == 1 {
		c.facts = append(c.facts, e.dividend(bit).Sub(New(Pow2(k))))
	}
	c.known[bit] = Interval{big.NewInt(value), big.NewInt(value)}
	return c
}

// below reports whether x is shown to be less than 2^k. It tries scales, since carries are
// followed only to where the scale is 1.
func (e *Exact) below(x Poly, k int) bool {
	for s := 0; s <= 512; s += 64 {
		f, limit := x.Times(Pow2(s)), Pow2(s+k)
		if e.Upper(f).Cmp(limit) < 0 {
			return true
		}
		for _, fact := range e.facts {
			for t := 0; t <= 256; t += 64 {
				if e.Upper(f.Plus(fact, Pow2(t))).Cmp(limit) < 0 {
					return true
				}
			}
		}
	}
	return false
}

// Upper returns a number that f never exceeds. It replaces quotients, the latest first, because
// what they are made of comes before them.
func (e *Exact) Upper(f Poly) *big.Int {
	f = Poly{maps.Clone(f.terms), maps.Clone(f.words)}
	for {
		var last *term.Word
		for m, c := range f.terms {
			if w := f.linear(m); w != nil && c.Sign() > 0 && (last == nil || w.ID > last.ID) {
				if k := e.shiftOf(w); k > 0 && c.TrailingZeroBits() >= uint(k) {
					last = w
				}
			}
		}
		if last == nil {
			return e.evaluate(f)
		}
		c := f.coefficient(last)
		f.addScaled(Atom(last), new(big.Int).Neg(c))
		f.addScaled(e.dividend(last), new(big.Int).Rsh(c, uint(e.shiftOf(last))))
	}
}

// evaluate returns a number that f never exceeds, by the bounds of atoms and rows.
func (e *Exact) evaluate(f Poly) *big.Int {
	f = Poly{maps.Clone(f.terms), maps.Clone(f.words)}
	total := new(big.Int)
	for _, w := range f.Atoms() {
		r := e.rows[w]
		if r == nil || r.words[0] != w {
			continue
		}
		// Take the row out as often as all of it is there.
		times := f.coefficient(w)
		for i, w := range r.words {
			times = minimum(times, new(big.Int).Rsh(f.coefficient(w), uint(r.place(i))))
		}
		if times.Sign() > 0 {
			total.Add(total, new(big.Int).Mul(times, r.high))
			for i, w := range r.words {
				f.addScaled(Atom(w), new(big.Int).Neg(new(big.Int).Lsh(times, uint(r.place(i)))))
			}
		}
	}
	for m, c := range f.terms {
		v := new(big.Int).Set(c)
		for _, id := range m.atoms() {
			if i := e.Interval(f.words[id]); c.Sign() < 0 {
				v.Mul(v, i.Low)
			} else {
				v.Mul(v, i.High)
			}
		}
		total.Add(total, v)
	}
	return total
}
