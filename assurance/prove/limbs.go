package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/term"
)

// A radix says how the limbs of an element are weighed and carried.
type radix struct {
	place   func(i int) int                          // the weight of limb i is 2 to this power
	carried func(i int) integer.Interval             // the bounds of limb i, if it is carried
	rows    func(words ...*term.Word) [][]*term.Word // those that are carried and on which words depend
}

// Kernels with AVX-512 IFMA hold an element in five limbs of 51 bits. A limb is carried if it
// is less than 2^51 + 2^17.
const (
	limbBits = 51
	nLimbs   = 5
)

var radix51 = &radix{integer.Every(limbBits), func(int) integer.Interval { return carriedBounds }, carriedRows}

// ladderNEON holds an element in ten limbs of 26 and 25 bits in turn. A limb is carried if it is
// less than 2^26 + 2^12, or 2^25 + 2^12 if its number is odd.
const nMixed = 10

func mixedBits(i int) int { return 26 - i%2 }

var radixMixed = &radix{
	func(i int) int { return (51*i + 1) / 2 },
	func(i int) integer.Interval { return lessThan(mixedBits(i), 12) },
	mixedRows,
}

// lessThan returns the interval of the numbers less than 2^a + 2^b.
func lessThan(a, b int) integer.Interval {
	high := new(big.Int).Add(integer.Pow2(a), integer.Pow2(b))
	return integer.UpTo(high.Sub(high, big.NewInt(1)))
}

// p25519 is 2^255 - 19.
var p25519 = new(big.Int).Sub(integer.Pow2(255), big.NewInt(19))

// carriedBounds are the bounds of a carried limb.
var carriedBounds = lessThan(limbBits, 17)

// define makes elements of all rows of limbs on which words depend and that were carried.
func (r *radix) define(f *integer.Field, words ...*term.Word) error {
	for i, row := range r.rows(words...) {
		if _, err := f.Define(fmt.Sprint("row ", i), row...); err != nil {
			return err
		}
	}
	return nil
}

// carriedRows returns rows of limbs on which words depend, or which are among them. A row
// comes after those on which it depends. If columns N_0 to N_4 are carried, then limb k is
// N_k mod 2^51 + N_{k-1} >> 51, and limb 0 is N_0 mod 2^51 + c·(N_4 >> 51). So the columns
// link the limbs of a row.
//
// The rows are guesses: that a row is the value of something has to be shown.
func carriedRows(words ...*term.Word) (rows [][]*term.Word) {
	type limb struct{ node, column *term.Node }
	type start struct {
		limb
		last *term.Node // the column from which limb 0 gets a carry
	}
	next := map[*term.Node]limb{} // by the column from which a limb gets a carry
	var starts []start
	eachSummand(words, func(n *term.Node, a, carry *term.Word) {
		column := onlyBits(a, 0, limbBits)
		product := carry.Segs[0].Node
		multiplied := product != nil && product.Op == term.Mul52LowOp
		if multiplied {
			// A constant comes first or last, as words are numbered.
			if carry = product.Args[0]; carry.Segs[0].Node == nil {
				carry = product.Args[1]
			}
		}
		from := onlyBits(carry, limbBits, 64)
		switch {
		case column == nil || from == nil:
		case multiplied:
			starts = append(starts, start{limb{n, column}, from})
		default:
			next[from] = limb{n, column}
		}
	})
	for _, s := range starts {
		l := s.limb
		row := []*term.Word{l.node.Word}
		for len(row) < nLimbs && next[l.column].node != nil {
			l = next[l.column]
			row = append(row, l.node.Word)
		}
		if len(row) == nLimbs && l.column == s.last {
			rows = append(rows, row)
		}
	}
	sortRows(rows)
	return rows
}

// mixedRows returns rows of limbs of 26 and 25 bits on which words depend. Columns N_0 to N_9 are
// sums, each with the carry of the column before. Let X be N_0 mod 2^26 + 19·(N_9 >> 25). Then limb 0
// is X mod 2^26, limb 1 is N_1 mod 2^25 + X >> 26, and the others are lower bits of their columns.
//
// The rows are guesses, too. Those that are added up in general registers are not found. Nothing needs
// them as symbols.
func mixedRows(words ...*term.Word) (rows [][]*term.Word) {
	next := map[*term.Node]*term.Node{} // by the column from which a column gets a carry
	var starts [][3]*term.Node          // X, limb 1 and N_1
	eachSummand(words, func(n *term.Node, a, carry *term.Word) {
		if from := onlyBits(carry, 26, 64); from != nil {
			if column := onlyBits(a, 0, 25); column != nil {
				starts = append(starts, [3]*term.Node{from, n, column})
			} else {
				next[from] = n
			}
		} else if from := onlyBits(carry, 25, 64); from != nil {
			next[from] = n
		}
	})
	for _, s := range starts {
		row := []*term.Word{s[0].Word.Bits(0, 26), s[1].Word}
		for n := next[s[2]]; n != nil && len(row) < nMixed; n = next[n] {
			row = append(row, n.Word.Bits(0, mixedBits(len(row))))
		}
		if len(row) == nMixed {
			rows = append(rows, row)
		}
	}
	sortRows(rows)
	return rows
}

// eachSummand calls f for both summands of all sums on which words depend, or which are among
// them. It calls f with the other summand, too.
func eachSummand(words []*term.Word, f func(sum *term.Node, summand, other *term.Word)) {
	seen := map[*term.Node]bool{}
	var visit func(w *term.Word)
	visit = func(w *term.Word) {
		for _, g := range w.Segs {
			n := g.Node
			if n == nil || seen[n] {
				continue
			}
			seen[n] = true
			for i, a := range n.Args {
				visit(a)
				if n.Op == term.AddOp {
					f(n, a, n.Args[1-i])
				}
			}
		}
	}
	for _, w := range words {
		visit(w)
	}
}

// sortRows puts a row after those on which it depends. Words are numbered as they are made, and limb 1
// of a product is made of limbs 1 of the factors.
func sortRows(rows [][]*term.Word) {
	slices.SortFunc(rows, func(x, y []*term.Word) int { return cmp.Compare(x[1].ID, y[1].ID) })
}

// onlyBits returns the node whose bits from low to high w has, and zeros above.
func onlyBits(w *term.Word, low, high int) *term.Node {
	g := w.Segs[0]
	if g.Node == nil || g.Low != low || g.Low+g.Width != min(high, g.Node.Width) {
		return nil
	}
	for _, other := range w.Segs[1:] {
		if other.Node != nil || other.Const != 0 {
			return nil
		}
	}
	return g.Node
}
