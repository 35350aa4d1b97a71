package integer

import (
	"fmt"
	"math/big"

	"hybridkem/assurance/prove/term"
)

// An Exact writes words, as unsigned numbers, as polynomials. Arithmetic modulo 2^w becomes
// exact because what is dropped has a name: a sum is x + y + c - 2^w·carry, the lower half of
// a product is x·y - 2^w·upper half, and the lower k bits of x are x - 2^k·(x >> k). Carries,
// upper halves and x >> k are words too, and so they are atoms, unless their bounds show that
// they are constant.
type Exact struct {
	known  map[*term.Word]Interval // what is assumed or has been shown
	bounds map[*term.Word]Interval // what follows from it for other words
	polys  map[*term.Word]Poly
	cuts   map[*term.Word]bool
	rows   map[*term.Word]*row
	facts  []Poly // these are never negative
}

// An Interval is all integers from Low to High.
type Interval struct{ Low, High *big.Int }

// UpTo returns the interval from 0 to high.
func UpTo(high *big.Int) Interval { return Interval{new(big.Int), high} }

// AllBits returns the interval of the numbers of w bits.
func AllBits(w int) Interval { return UpTo(new(big.Int).Sub(Pow2(w), big.NewInt(1))) }

// Within reports whether i lies in j.
func (i Interval) Within(j Interval) bool {
	return i.Low.Cmp(j.Low) >= 0 && i.High.Cmp(j.High) <= 0
}

func (i Interval) String() string { return fmt.Sprintf("[%v, %v]", i.Low, i.High) }

// NewExact returns an Exact that knows nothing of variables but their widths.
func NewExact() *Exact {
	return &Exact{known: map[*term.Word]Interval{}, bounds: map[*term.Word]Interval{}, polys: map[*term.Word]Poly{},
		cuts: map[*term.Word]bool{}, rows: map[*term.Word]*row{}}
}

// Assume says that w lies in an interval. It has to be called before w is used.
func (e *Exact) Assume(w *term.Word, i Interval) { e.known[w] = i }

// Cut makes w an atom from now on.
func (e *Exact) Cut(w *term.Word) {
	e.known[w] = e.Interval(w)
	e.cuts[w] = true
	clear(e.polys)
}

// Of returns w as a polynomial.
func (e *Exact) Of(w *term.Word) Poly {
	f, ok := e.polys[w]
	if !ok {
		f = e.find(w)
		e.polys[w] = f
	}
	return f
}

func (e *Exact) find(w *term.Word) Poly {
	if e.constant(w) {
		return New(e.Interval(w).Low)
	}
	if e.cuts[w] {
		return Atom(w)
	}
	if n := w.Node(); n != nil {
		return e.node(n)
	}
	if n, k := shiftedRight(w); n != nil {
		if n.Op == term.SpreadOp {
			return e.Of(n.Args[0]).Times(AllBits(n.Width - k).High)
		}
		return Atom(w)
	}
	if last := w.Segs[len(w.Segs)-1]; last.Node == nil && last.Const == 0 {
		return e.Of(w.Bits(0, w.Width-last.Width)) // a limb is the same atom in words of all widths
	}
	sum, at := Int(0), 0
	for _, g := range w.Segs {
		if g.Node == nil {
			sum.addScaled(New(new(big.Int).SetUint64(g.Const)), Pow2(at))
		} else {
			sum.addScaled(e.shifted(g.Node, g.Low), Pow2(at))
			sum.addScaled(e.shifted(g.Node, g.Low+g.Width), new(big.Int).Neg(Pow2(at+g.Width)))
		}
		at += g.Width
	}
	return sum
}

// shiftedRight returns n and k if w is n >> k.
func shiftedRight(w *term.Word) (n *term.Node, k int) {
	if g := w.Segs[0]; len(w.Segs) == 1 && g.Node != nil && g.Low > 0 && g.Low+g.Width == g.Node.Width {
		return g.Node, g.Low
	}
	return nil, 0
}

// shifted returns n >> k.
func (e *Exact) shifted(n *term.Node, k int) Poly {
	if k == n.Width {
		return Int(0)
	}
	return e.Of(n.Word.Bits(k, n.Width-k))
}

// node returns the value of a node. What is not known to be arithmetic is an atom.
func (e *Exact) node(n *term.Node) Poly {
	minus := new(big.Int).Neg(Pow2(n.Width))
	arg := func(i int) Poly { return e.Of(n.Args[i]) }
	switch n.Op {
	case term.AddOp:
		if e.sum(n).High.Cmp(Pow2(n.Width)) < 0 {
			return arg(0).Add(arg(1))
		}
		if n.Width == 64 {
			return arg(0).Add(arg(1)).Plus(e.Of(term.Carry(n.Args[0], n.Args[1], n.Word.Space.Const(1, 0))), minus)
		}
	case term.SubOp:
		if e.sum(n).Low.Sign() >= 0 {
			return arg(0).Sub(arg(1))
		}
		if n.Width == 64 {
			return arg(0).Sub(arg(1)).Plus(e.Of(term.Borrow(n.Args[0], n.Args[1], n.Word.Space.Const(1, 0))), Pow2(64))
		}
	case term.AdcOp:
		carry := term.Carry(n.Args[0], n.Args[1], n.Args[2])
		return arg(0).Add(arg(1)).Add(arg(2)).Plus(e.Of(carry), minus)
	case term.SbbOp:
		borrow := term.Borrow(n.Args[0], n.Args[1], n.Args[2])
		return arg(0).Sub(arg(1)).Sub(arg(2)).Plus(e.Of(borrow), Pow2(64))
	case term.MulOp:
		return arg(0).Mul(arg(1)).Plus(e.Of(term.MulHighU(n.Args[0], n.Args[1])), minus)
	case term.Mul52LowOp:
		upper := term.Mul52High(n.Args[0], n.Args[1])
		return arg(0).Mul(arg(1)).Plus(e.Of(upper), minus)
	case term.IteOp:
		return arg(2).Add(arg(0).Mul(arg(1).Sub(arg(2))))
	case term.XorOp:
		if len(n.Args) == 2 && n.Args[1].Is(AllBits(n.Width).High.Uint64()) {
			return New(AllBits(n.Width).High).Sub(arg(0))
		}
	case term.SpreadOp:
		return arg(0).Times(AllBits(n.Width).High)
	case term.AndOp:
		for i, a := range n.Args {
			if s := a.Node(); s != nil && s.Op == term.SpreadOp {
				return e.Of(s.Args[0]).Mul(arg(1 - i))
			}
		}
	}
	return Atom(n.Word)
}

// sum returns what a sum or a difference would be without a modulus.
func (e *Exact) sum(n *term.Node) Interval {
	x, y := e.Interval(n.Args[0]), e.Interval(n.Args[1])
	if n.Op == term.SubOp || n.Op == term.SbbOp || n.Op == term.BorrowOp {
		return Interval{new(big.Int).Sub(x.Low, y.High), new(big.Int).Sub(x.High, y.Low)}
	}
	return Interval{new(big.Int).Add(x.Low, y.Low), new(big.Int).Add(x.High, y.High)}
}

// Interval returns an interval in which w lies.
func (e *Exact) Interval(w *term.Word) Interval {
	i, ok := e.known[w]
	if !ok {
		i, ok = e.bounds[w]
	}
	if !ok {
		i = e.bound(w)
		e.bounds[w] = i
	}
	return i
}

func (e *Exact) bound(w *term.Word) Interval {
	if n := w.Node(); n != nil {
		i := e.boundNode(n)
		if all := AllBits(n.Width); !i.Within(all) {
			return all
		}
		return i
	}
	low, high, at := new(big.Int), new(big.Int), 0
	for _, g := range w.Segs {
		i := AllBits(g.Width)
		if g.Node == nil {
			c := new(big.Int).SetUint64(g.Const)
			i = Interval{c, c}
		} else {
			whole := e.Interval(g.Node.Word)
			if whole.Low.Cmp(whole.High) == 0 {
				c := new(big.Int).Rsh(whole.Low, uint(g.Low))
				c.And(c, i.High)
				i = Interval{c, c}
			}
			s := Interval{new(big.Int).Rsh(whole.Low, uint(g.Low)), new(big.Int).Rsh(whole.High, uint(g.Low))}
			if s.Within(i) {
				i = s
			}
		}
		low.Add(low, new(big.Int).Lsh(i.Low, uint(at)))
		high.Add(high, new(big.Int).Lsh(i.High, uint(at)))
		at += g.Width
	}
	return Interval{low, high}
}

// boundNode returns an interval for a node. It may be too large for the width of the node if
// the operation is modulo 2^width.
func (e *Exact) boundNode(n *term.Node) Interval {
	arg := func(i int) Interval { return e.Interval(n.Args[i]) }
	product := func() Interval {
		x, y := arg(0), arg(1)
		return Interval{new(big.Int).Mul(x.Low, y.Low), new(big.Int).Mul(x.High, y.High)}
	}
	upper := func(i Interval, k int) Interval {
		return Interval{new(big.Int).Rsh(i.Low, uint(k)), new(big.Int).Rsh(i.High, uint(k))}
	}
	switch n.Op {
	case term.AddOp, term.SubOp:
		return e.sum(n)
	case term.AdcOp, term.CarryOp:
		x, y, c := arg(0), arg(1), arg(2)
		s := Interval{new(big.Int).Add(x.Low, y.Low), new(big.Int).Add(x.High, y.High)}
		s.Low.Add(s.Low, c.Low)
		s.High.Add(s.High, c.High)
		if n.Op == term.CarryOp {
			return upper(s, 64)
		}
		return s
	case term.SbbOp, term.BorrowOp:
		i, c := e.sum(n), arg(2)
		i = Interval{new(big.Int).Sub(i.Low, c.High), new(big.Int).Sub(i.High, c.Low)}
		switch {
		case n.Op == term.SbbOp:
			return i
		case i.Low.Sign() >= 0:
			return UpTo(new(big.Int))
		case i.High.Sign() < 0:
			return Interval{big.NewInt(1), big.NewInt(1)}
		}
	case term.SpreadOp:
		all := AllBits(n.Width).High
		return Interval{new(big.Int).Mul(arg(0).Low, all), new(big.Int).Mul(arg(0).High, all)}
	case term.MulOp, term.Mul52LowOp:
		return product()
	case term.MulHighUOp, term.Mul52HighOp:
		return upper(product(), n.Width)
	case term.AndOp:
		return UpTo(minimum(arg(0).High, arg(1).High))
	case term.IteOp:
		x, y := arg(1), arg(2)
		if e.constant(n.Args[0]) {
			if arg(0).Low.Sign() == 0 {
				return y
			}
			return x
		}
		i := Interval{minimum(x.Low, y.Low), x.High}
		if y.High.Cmp(i.High) > 0 {
			i.High = y.High
		}
		return i
	}
	return AllBits(n.Width)
}

func minimum(x, y *big.Int) *big.Int {
	if x.Cmp(y) < 0 {
		return x
	}
	return y
}
