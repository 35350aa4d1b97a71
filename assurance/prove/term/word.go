// Package term has the terms in which the prover computes: words of up to 64 bits that are
// functions of variables.
//
// A [Word] is a row of segments. A segment is bits of a constant, or consecutive bits of a
// [Node], and a node is a variable or an operation on words. So shifts, rotations, shuffles
// and blends are wiring only: they choose segments, and leave no operation behind.
//
// Words and nodes are interned in a [Space]: within a space, equal words are the same
// pointer. The constructors bring words into a normal form where this is cheap, so that many
// equal functions are equal words. Where they are not, nothing wrong follows: a proof fails.
package term

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
)

// A Space holds the words and nodes of one proof. It must not be used concurrently.
type Space struct {
	words map[string]*Word
	nodes map[string]*Node
	key   []byte
}

// NewSpace returns an empty space.
func NewSpace() *Space {
	return &Space{words: map[string]*Word{}, nodes: map[string]*Node{}}
}

// Len returns the number of nodes.
func (s *Space) Len() int { return len(s.nodes) }

// A Segment is Width bits of a word: those of Node from bit Low on, or those of Const if
// Node is nil.
type Segment struct {
	Node  *Node
	Const uint64
	Low   int
	Width int
}

// A Word is a row of Segments, the least significant first. Nobody may change it.
type Word struct {
	Space *Space
	ID    int // the words of a space are numbered in the order in which they were made
	Width int
	Segs  []Segment

	bytes []*Word // what Split(8) has returned
}

// A Node is a variable, or the operation Op on words. Its result has Width bits. Nobody may
// change it.
type Node struct {
	ID    int
	Op    Op
	Width int
	Args  []*Word
	Aux   string // the name of a variable, or the count or the table of an operation
	Word  *Word  // all bits of the node
}

// Ones returns a number whose lowest w bits are 1.
func Ones(w int) uint64 { return ^uint64(0) >> (64 - w) }

// Signed returns the lowest w bits of v as a signed number.
func Signed(v uint64, w int) int64 { return int64(v<<(64-w)) >> (64 - w) }

// word returns the word with these segments. It joins neighbours that belong together.
func (s *Space) word(in ...Segment) *Word {
	out := make([]Segment, 0, len(in))
	width := 0
	for _, g := range in {
		if g.Width == 0 {
			continue
		}
		width += g.Width
		if k := len(out) - 1; k >= 0 {
			last := &out[k]
			if last.Node == nil && g.Node == nil {
				last.Const |= g.Const << last.Width
				last.Width += g.Width
				continue
			}
			if last.Node != nil && last.Node == g.Node && last.Low+last.Width == g.Low {
				last.Width += g.Width
				continue
			}
		}
		out = append(out, g)
	}
	if width > 64 {
		panic("term: a word of more than 64 bits")
	}
	s.key = s.key[:0]
	for _, g := range out {
		id, tag := g.Const, byte(0)
		if g.Node != nil {
			id, tag = uint64(g.Node.ID), 1
		}
		s.key = binary.LittleEndian.AppendUint64(s.key, id)
		s.key = append(s.key, tag, byte(g.Low), byte(g.Width))
	}
	w, ok := s.words[string(s.key)]
	if !ok {
		w = &Word{Space: s, ID: len(s.words), Width: width, Segs: out}
		s.words[string(s.key)] = w
	}
	return w
}

// Const returns the word of w bits that is c.
func (s *Space) Const(w int, c uint64) *Word {
	return s.word(Segment{Const: c & Ones(w), Width: w})
}

// Var returns the variable of w bits with this name.
func (s *Space) Var(name string, w int) *Word { return s.node(Var, w, name) }

// node returns the node with these properties, or a constant if all arguments are constant.
func (s *Space) node(op Op, w int, aux string, args ...*Word) *Word {
	constant := op != Var
	for _, a := range args {
		_, ok := a.Const()
		constant = constant && ok
	}
	if constant {
		v := make([]uint64, len(args))
		for i, a := range args {
			v[i], _ = a.Const()
		}
		return s.Const(w, apply(op, w, args, aux, v))
	}
	s.key = append(s.key[:0], byte(op), byte(w))
	for _, a := range args {
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(a.ID))
	}
	s.key = append(s.key, aux...)
	n, ok := s.nodes[string(s.key)]
	if !ok {
		n = &Node{ID: len(s.nodes), Op: op, Width: w, Args: args, Aux: aux}
		s.nodes[string(s.key)] = n
		n.Word = s.word(Segment{Node: n, Width: w})
	}
	return n.Word
}

// Const returns the value of a word that is constant.
func (w *Word) Const() (c uint64, ok bool) {
	if len(w.Segs) == 1 && w.Segs[0].Node == nil {
		return w.Segs[0].Const, true
	}
	return 0, false
}

// Is reports whether w is the constant c.
func (w *Word) Is(c uint64) bool {
	k, ok := w.Const()
	return ok && k == c&Ones(w.Width)
}

// Node returns the node if w is all bits of one. Otherwise it returns nil.
func (w *Word) Node() *Node {
	if len(w.Segs) == 1 {
		if g := w.Segs[0]; g.Node != nil && g.Low == 0 && g.Node.Width == g.Width {
			return g.Node
		}
	}
	return nil
}

// Zeros returns the bits of w that are known to be 0.
func (w *Word) Zeros() uint64 {
	zeros, at := uint64(0), 0
	for _, g := range w.Segs {
		if g.Node == nil {
			zeros |= (^g.Const & Ones(g.Width)) << at
		}
		at += g.Width
	}
	return zeros
}

// Bits returns the bits of w from low on, as a word of n bits.
func (w *Word) Bits(low, n int) *Word {
	if low == 0 && n == w.Width {
		return w
	}
	if low < 0 || low+n > w.Width {
		panic(fmt.Sprintf("term: bits %d to %d of a word of %d bits", low, low+n, w.Width))
	}
	out := make([]Segment, 0, len(w.Segs))
	at := 0
	for _, g := range w.Segs {
		from, to := max(at, low), min(at+g.Width, low+n)
		if from < to {
			d := from - at
			if g.Node == nil {
				out = append(out, Segment{Const: g.Const >> d & Ones(to-from), Width: to - from})
			} else {
				out = append(out, Segment{Node: g.Node, Low: g.Low + d, Width: to - from})
			}
		}
		at += g.Width
	}
	return w.Space.word(out...)
}

// Cat returns the bits of all xs, the first the least significant.
func Cat(xs ...*Word) *Word {
	if len(xs) == 1 {
		return xs[0]
	}
	var out []Segment
	for _, x := range xs {
		out = append(out, x.Segs...)
	}
	return xs[0].Space.word(out...)
}

// Split returns w in pieces of n bits. Nobody may change the slice.
func (w *Word) Split(n int) []*Word {
	if n == w.Width {
		return []*Word{w}
	}
	if n == 8 && w.bytes != nil {
		return w.bytes
	}
	out := make([]*Word, 0, w.Width/n)
	for at := 0; at < w.Width; at += n {
		out = append(out, w.Bits(at, n))
	}
	if n == 8 {
		w.bytes = out
	}
	return out
}

// ZeroExtend returns x with zeros above, as a word of w bits.
func ZeroExtend(x *Word, w int) *Word {
	if w == x.Width {
		return x
	}
	return Cat(x, x.Space.Const(w-x.Width, 0))
}

// SignExtend returns x with copies of its highest bit above, as a word of w bits.
func SignExtend(x *Word, w int) *Word {
	if w == x.Width {
		return x
	}
	return Cat(x, Spread(x.Bits(x.Width-1, 1), w-x.Width))
}

// Shl returns x·2^k modulo 2^x.Width.
func Shl(x *Word, k int) *Word {
	if k >= x.Width {
		return x.Space.Const(x.Width, 0)
	}
	if k == 0 {
		return x
	}
	return Cat(x.Space.Const(k, 0), x.Bits(0, x.Width-k))
}

// Shr returns x shifted right by k, without sign.
func Shr(x *Word, k int) *Word {
	if k >= x.Width {
		return x.Space.Const(x.Width, 0)
	}
	return ZeroExtend(x.Bits(k, x.Width-k), x.Width)
}

// Rotl returns x rotated left by k.
func Rotl(x *Word, k int) *Word {
	if k = (k%x.Width + x.Width) % x.Width; k == 0 {
		return x
	}
	return Cat(x.Bits(x.Width-k, k), x.Bits(0, x.Width-k))
}

// Power returns k if w is the constant 2^k.
func (w *Word) Power() (k int, ok bool) {
	c, ok := w.Const()
	return bits.TrailingZeros64(c), ok && bits.OnesCount64(c) == 1
}

// String shows the upper operations of w.
func (w *Word) String() string {
	var b strings.Builder
	w.show(&b, 3)
	return b.String()
}

func (w *Word) show(b *strings.Builder, depth int) {
	for i, g := range w.Segs {
		if i > 0 {
			b.WriteString("·")
		}
		switch {
		case g.Node == nil:
			fmt.Fprintf(b, "%#x:%d", g.Const, g.Width)
			continue
		case g.Node.Op == Var:
			b.WriteString(g.Node.Aux)
		case depth == 0:
			fmt.Fprintf(b, "#%d", g.Node.ID)
		default:
			fmt.Fprintf(b, "%v(", g.Node.Op)
			for j, a := range g.Node.Args {
				if j > 0 {
					b.WriteString(", ")
				}
				a.show(b, depth-1)
			}
			b.WriteString(")")
		}
		if g.Low != 0 || g.Width != g.Node.Width {
			fmt.Fprintf(b, "[%d:%d]", g.Low, g.Low+g.Width)
		}
	}
}
