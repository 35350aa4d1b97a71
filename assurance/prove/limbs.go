package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/term"
)

// Kernels with AVX-512 IFMA hold an element in five limbs of 51 bits. A limb is carried if it
// is less than 2^51 + 2^17.
const (
	limbBits = 51
	nLimbs   = 5
)

// p25519 is 2^255 - 19.
var p25519 = new(big.Int).Sub(integer.Pow2(255), big.NewInt(19))

// carriedBounds are the bounds of a carried limb.
var carriedBounds = integer.UpTo(new(big.Int).Sub(new(big.Int).Add(integer.Pow2(limbBits), integer.Pow2(17)), big.NewInt(1)))

// defineCarried makes elements of all rows of limbs on which words depend and that were
// carried: rows that carriedRows finds.
func defineCarried(f *integer.Field, words ...*term.Word) error {
	for i, row := range carriedRows(words...) {
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
				if n.Op != term.AddOp {
					continue
				}
				column := onlyBits(a, 0, limbBits)
				carry := n.Args[1-i]
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
			}
		}
	}
	for _, w := range words {
		visit(w)
	}
	newest := func(row []*term.Word) int {
		return slices.MaxFunc(row, func(x, y *term.Word) int { return cmp.Compare(x.ID, y.ID) }).ID
	}
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
	// Words are numbered as they are made, and all limbs of a factor are made before the
	// last limb of a product.
	slices.SortFunc(rows, func(x, y []*term.Word) int { return cmp.Compare(newest(x), newest(y)) })
	return rows
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
