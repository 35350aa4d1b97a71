package main

import (
	"encoding/binary"
	"slices"

	"hybridkem/assurance/prove/term"
)

// This file compares words bit by bit, where sums modulo 2 and products were put together in another
// order, or rotated at another place, so that the words are different terms.

// A bitSum is a sum modulo 2 of atoms, in the order of their numbers. An atom is a bit of a
// variable, a product of two sums, or a sum that has got a name. Atom 0 is the constant 1.
type bitSum []uint32

// bitSums finds the sums that bits of words are.
type bitSums struct {
	atoms    map[string]uint32 // by what they are
	products []bool            // by atom: whether it is a product
	instead  []bitSum          // by atom: what a product is, if a sum with it has got a name; else nil
	names    int
	endless  bool // a sum has become longer than any of a right kernel: nothing is found any more
	nodes    map[*term.Node]*nodeSums
}

// nodeSums has the sums of a node's bits when there were so many names.
type nodeSums struct {
	bits  []bitSum
	names int
}

func newBitSums() *bitSums {
	b := &bitSums{atoms: map[string]uint32{}, nodes: map[*term.Node]*nodeSums{}}
	b.atom("1")
	return b
}

// atom returns the number of an atom.
func (b *bitSums) atom(what string) uint32 {
	n, ok := b.atoms[what]
	if !ok {
		n = uint32(len(b.atoms))
		b.atoms[what], b.products, b.instead = n, append(b.products, false), append(b.instead, nil)
	}
	return n
}

func (s bitSum) key() string {
	k := make([]byte, 0, 4*len(s))
	for _, a := range s {
		k = binary.LittleEndian.AppendUint32(k, a)
	}
	return string(k)
}

// longest is the limit of sums. Those of 11 lanes of χ have 33 atoms, and a sum may take many parts
// before they cancel.
const longest = 512

// add returns x + y.
func (b *bitSums) add(x, y bitSum) bitSum {
	sum := make(bitSum, 0, len(x)+len(y))
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0] < y[0]:
			sum, x = append(sum, x[0]), x[1:]
		case x[0] > y[0]:
			sum, y = append(sum, y[0]), y[1:]
		default:
			x, y = x[1:], y[1:]
		}
	}
	sum = append(append(sum, x...), y...)
	b.endless = b.endless || len(sum) > longest
	return sum
}

// multiply returns x·y.
func (b *bitSums) multiply(x, y bitSum) bitSum {
	for range 2 {
		switch {
		case len(x) == 0:
			return nil
		case x[0] == 0: // (1 + z)·y is y + z·y
			return b.add(y, b.multiply(x[1:], y))
		}
		x, y = y, x
	}
	k, l := x.key(), y.key()
	if k == l {
		return x
	}
	n := b.atom("product " + min(k, l) + " " + max(k, l))
	b.products[n] = true
	return b.current(bitSum{n})
}

// or returns x + y + x·y.
func (b *bitSums) or(x, y bitSum) bitSum { return b.add(b.add(x, y), b.multiply(x, y)) }

// current returns the sum with nothing in it that is another sum by now.
func (b *bitSums) current(s bitSum) bitSum {
	for _, a := range s {
		if other := b.instead[a]; other != nil {
			s = b.add(b.add(s, bitSum{a}), other)
		}
	}
	return s
}

// of returns the sums of all bits of a word.
func (b *bitSums) of(w *term.Word) (sums []bitSum) {
	for _, g := range w.Segs {
		if g.Node != nil {
			sums = append(sums, b.node(g.Node)[g.Low:][:g.Width]...)
			continue
		}
		for i := range g.Width {
			if sums = append(sums, nil); g.Const>>i&1 == 1 {
				sums[len(sums)-1] = bitSum{0}
			}
		}
	}
	return sums
}

func (b *bitSums) node(n *term.Node) []bitSum {
	if known, ok := b.nodes[n]; ok {
		if known.names != b.names {
			for i, s := range known.bits {
				known.bits[i] = b.current(s)
			}
			known.names = b.names
		}
		return known.bits
	}
	sums := make([]bitSum, n.Width)
	if b.endless {
		return sums
	}
	switch n.Op {
	case term.XorOp, term.AndOp, term.OrOp:
		f := map[term.Op]func(x, y bitSum) bitSum{term.XorOp: b.add, term.AndOp: b.multiply, term.OrOp: b.or}[n.Op]
		copy(sums, b.of(n.Args[0]))
		for _, arg := range n.Args[1:] {
			for i, s := range b.of(arg) {
				sums[i] = f(sums[i], s)
			}
		}
	default:
		for i := range sums {
			sums[i] = bitSum{b.atom(string(binary.LittleEndian.AppendUint32([]byte("bit "), uint32(n.ID<<6|i))))}
		}
	}
	b.nodes[n] = &nodeSums{sums, b.names}
	return sums
}

// name gives names to the sums with one product that bits of a word are. From now on the product is the
// sum of the name and the rest, so that sums stay short in whatever order they are made.
func (b *bitSums) name(w *term.Word) {
	for _, s := range b.of(w) {
		var in bitSum
		for _, a := range s {
			if b.products[a] {
				in = append(in, a)
			}
		}
		if len(in) == 1 {
			b.names++
			name := b.atom("sum " + s.key())
			b.instead[in[0]] = b.add(b.add(s, in), bitSum{name})
		}
	}
}

// same reports whether all bits of two words are the same sums.
func (b *bitSums) same(v, w *term.Word) bool {
	equal := slices.EqualFunc(b.of(v), b.of(w), func(x, y bitSum) bool { return slices.Equal(x, y) })
	return equal && !b.endless
}
