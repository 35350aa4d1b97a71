package integer

import (
	"fmt"
	"math/big"

	"hybridkem/assurance/prove/term"
)

// A Field writes rows of limbs, as integers modulo P, as polynomials in elements. An element
// is a symbol for the value of a row of limbs. Limb i of a row has the weight 2^Place(i).
type Field struct {
	*Exact
	P     *big.Int
	Place func(i int) int
	limbs map[*term.Word]limb
	value map[*term.Word]Poly // of the symbols that stand for computed elements
}

// A limb says to which element a word belongs.
type limb struct {
	symbol *term.Word
	row    []*term.Word
	index  int
}

// NewField returns a field without elements.
func NewField(p *big.Int, place func(i int) int) *Field {
	return &Field{NewExact(), p, place, map[*term.Word]limb{}, map[*term.Word]Poly{}}
}

// Every returns the places of limbs that all have so many bits.
func Every(bits int) func(i int) int { return func(i int) int { return i * bits } }

// Element makes a symbol of this name for the value of a row of limbs. The limbs become atoms.
// A limb that is constant, or belongs to another element already, is not allowed, and neither is
// a name of another element.
func (f *Field) Element(name string, row ...*term.Word) (symbol *term.Word, err error) {
	symbol = row[0].Space.Var("element "+name, 64)
	for _, l := range f.limbs {
		if l.symbol == symbol {
			return nil, fmt.Errorf("there are two elements %s", name)
		}
	}
	for i, w := range row {
		if _, ok := w.Const(); ok {
			return nil, fmt.Errorf("limb %d of element %s is constant", i, name)
		}
		if other, ok := f.limbs[w]; ok {
			return nil, fmt.Errorf("limb %d of element %s belongs to %v", i, name, other.symbol)
		}
		f.limbs[w] = limb{symbol, row, i}
		f.Cut(w)
	}
	return symbol, nil
}

// Define computes the value of a row of limbs as a polynomial in symbols, and then makes a
// symbol for it. Later rows are polynomials in this symbol.
func (f *Field) Define(name string, row ...*term.Word) (symbol *term.Word, err error) {
	v, err := f.Value(row...)
	if err != nil {
		return nil, fmt.Errorf("element %s: %w", name, err)
	}
	high := f.BoundRow(row...)
	if symbol, err = f.Element(name, row...); err == nil {
		f.value[symbol] = v
		f.AssumeRow(high, row...)
	}
	return symbol, err
}

// Value returns the value of a row of limbs modulo P, as a polynomial in symbols. What is left
// besides, such as a carry that was dropped, must be shown to be 0.
func (f *Field) Value(row ...*term.Word) (Poly, error) {
	sum := f.Whole(row...).Mod(f.P).Replace(func(w *term.Word) (Poly, bool) { return Int(0), f.Vanishes(w) })
	for _, w := range sum.Atoms() {
		if l, ok := f.limbs[w]; ok {
			return sum, fmt.Errorf("limb %d of %v does not occur with the others: %v", l.index, l.symbol, sum)
		}
		if n := w.Node(); n == nil || n.Op != term.Var {
			return sum, fmt.Errorf("this is left: %v", w)
		}
	}
	return sum, nil
}

// Whole returns the value of a row of limbs as an integer, as a polynomial in symbols and in the
// limbs of elements that do not occur as a whole.
func (f *Field) Whole(row ...*term.Word) Poly {
	sum := Int(0)
	for i, w := range row {
		sum.addScaled(f.Of(w), Pow2(f.Place(i)))
	}
	return f.inSymbols(sum)
}

// inSymbols replaces limb 0 of each element by the symbol without the other limbs. If a
// polynomial depends on the element as a whole, then the other limbs vanish.
func (f *Field) inSymbols(p Poly) Poly {
	return p.Replace(func(w *term.Word) (Poly, bool) {
		l, ok := f.limbs[w]
		if !ok || l.index > 0 {
			return Poly{}, false
		}
		e := Atom(l.symbol)
		for i, other := range l.row[1:] {
			e.addScaled(Atom(other), new(big.Int).Neg(Pow2(f.Place(i+1))))
		}
		return e, true
	})
}

// Expand replaces the symbols of computed elements by their values, until only symbols of
// given elements are left.
func (f *Field) Expand(p Poly) Poly {
	for {
		changed := false
		p = p.Replace(func(w *term.Word) (Poly, bool) {
			v, ok := f.value[w]
			changed = changed || ok
			return v, ok
		}).Mod(f.P)
		if !changed {
			return p
		}
	}
}
