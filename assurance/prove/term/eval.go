package term

import (
	"fmt"
	"math"
	"math/bits"
)

// apply does an operation to numbers.
func apply(op Op, w int, args []*Word, aux string, v []uint64) uint64 {
	signed := func(i int) int64 { return Signed(v[i], args[i].Width) }
	all := func(condition bool) uint64 {
		if condition {
			return ^uint64(0)
		}
		return 0
	}
	var r uint64
	switch op {
	case XorOp:
		for _, x := range v {
			r ^= x
		}
	case AndOp:
		r = v[0] & v[1]
	case OrOp:
		for _, x := range v {
			r |= x
		}
	case AddOp:
		r = v[0] + v[1]
	case SubOp:
		r = v[0] - v[1]
	case MulOp:
		r = v[0] * v[1]
	case MulHighOp:
		if w == 64 {
			panic("term: the upper half of a signed product of 128 bits")
		}
		r = uint64(signed(0) * signed(1) >> w)
	case MulHighUOp:
		hi, lo := bits.Mul64(v[0], v[1])
		r = lo>>w | hi<<(64-w)
	case MulRoundOp:
		r = uint64((signed(0)*signed(1)>>(w-2) + 1) >> 1)
	case MulSignedOp:
		r = uint64(signed(0) * signed(1))
	case Mul52LowOp:
		r = v[0] * v[1]
	case Mul52HighOp:
		hi, lo := bits.Mul64(v[0], v[1])
		r = lo>>52 | hi<<12
	case AdcOp:
		r, _ = bits.Add64(v[0], v[1], v[2])
	case CarryOp:
		_, r = bits.Add64(v[0], v[1], v[2])
	case SbbOp:
		r, _ = bits.Sub64(v[0], v[1], v[2])
	case BorrowOp:
		_, r = bits.Sub64(v[0], v[1], v[2])
	case GreaterOp:
		r = all(signed(0) > signed(1))
	case EqualOp:
		r = all(v[0] == v[1])
	case LessUOp:
		r = all(v[0] < v[1])
	case SarOp:
		r = uint64(signed(0) >> aux[0])
	case SpreadOp:
		r = -v[0]
	case SatSOp:
		r = uint64(max(min(signed(0), 1<<(w-1)-1), -1<<(w-1)))
	case SatUOp:
		r = uint64(max(min(signed(0), 1<<w-1), 0))
	case LookupOp:
		r = uint64(aux[v[0]])
	case ZeroOp:
		r = all(v[0] == 0)
	case IteOp:
		if r = v[2]; v[0] == 1 {
			r = v[1]
		}
	case PopcountOp:
		r = uint64(bits.OnesCount64(v[0]))
	case MulDoubleOp, MulDoubleRoundOp:
		product := signed(0) * signed(1)
		if op == MulDoubleRoundOp {
			product += 1 << (w - 2)
		}
		r = uint64(min(product>>(w-1), 1<<(w-1)-1))
	case HalfAddOp, HalfSubOp:
		x, y := signed(0), signed(1)
		if op == HalfSubOp {
			y = ^y // x - y is x + ¬y + 1
			r = uint64(x&y + (x^y)>>1 + (x^y)&1)
		} else {
			r = uint64(x&y + (x^y)>>1)
		}
	case SarRoundOp:
		r = uint64(signed(0)>>aux[0] + signed(0)>>(aux[0]-1)&1)
	case SelectOp:
		set := v[0]
		for range aux[0] {
			set &= set - 1
		}
		if set != 0 {
			r = v[1+bits.TrailingZeros64(set)]
		}
	default:
		panic(fmt.Sprint("term: nothing applies ", op))
	}
	return r & Ones(w)
}

// A Program computes a word from the values of others.
type Program struct {
	steps  []step
	values []uint64 // of the inputs, and then of the steps
	out    []part
}

// A part is bits of a value, or of a constant, and where they belong in a word.
type part struct {
	value          int // -1: the constant
	low, width, to int
	constant       uint64
}

type step struct {
	node *Node
	args [][]part
	v    []uint64
}

// Compile returns a program that computes out from the inputs. It panics if out depends on a
// variable that is no input.
func Compile(out *Word, inputs ...*Word) *Program {
	p := &Program{values: make([]uint64, len(inputs))}
	input := map[*Word]int{}
	node := map[*Node]int{}
	for i, w := range inputs {
		input[w] = i
		if n := w.Node(); n != nil {
			node[n] = i
		}
	}
	var valueOf func(n *Node) int
	parts := func(w *Word) (ps []part) {
		if i, ok := input[w]; ok {
			return []part{{value: i, width: w.Width}}
		}
		at := 0
		for _, g := range w.Segs {
			if g.Node == nil {
				ps = append(ps, part{value: -1, constant: g.Const << at})
			} else {
				ps = append(ps, part{value: valueOf(g.Node), low: g.Low, width: g.Width, to: at})
			}
			at += g.Width
		}
		return ps
	}
	valueOf = func(n *Node) int {
		if i, ok := node[n]; ok {
			return i
		}
		if n.Op == Var {
			panic("term: " + n.Aux + " is no input")
		}
		s := step{node: n, v: make([]uint64, len(n.Args))}
		for _, a := range n.Args {
			s.args = append(s.args, parts(a))
		}
		node[n] = len(p.values)
		p.values = append(p.values, 0)
		p.steps = append(p.steps, s)
		return node[n]
	}
	p.out = parts(out)
	return p
}

func (p *Program) gather(ps []part) (r uint64) {
	for _, a := range ps {
		if a.value < 0 {
			r |= a.constant
		} else {
			r |= p.values[a.value] >> a.low & Ones(a.width) << a.to
		}
	}
	return r
}

// Run returns the word for these values of the inputs.
func (p *Program) Run(inputs ...uint64) uint64 {
	first := copy(p.values, inputs)
	for i := range p.steps {
		s := &p.steps[i]
		for j, a := range s.args {
			s.v[j] = p.gather(a)
		}
		p.values[first+i] = apply(s.node.Op, s.node.Width, s.node.Args, s.node.Aux, s.v)
	}
	return p.gather(p.out)
}

// Support returns the variables on which words depend, and for each the bits that matter.
func Support(words ...*Word) (vars []*Node, masks []uint64) {
	return support(words, math.MaxInt)
}

// support is Support, but may leave out variables if there are more than limit.
func support(words []*Word, limit int) (vars []*Node, masks []uint64) {
	seen := map[*Node]bool{}
	index := map[*Node]int{}
	var visit func(w *Word)
	visit = func(w *Word) {
		for _, g := range w.Segs {
			switch {
			case len(vars) > limit:
				return
			case g.Node == nil:
			case g.Node.Op == Var:
				i, ok := index[g.Node]
				if !ok {
					i = len(vars)
					index[g.Node] = i
					vars, masks = append(vars, g.Node), append(masks, 0)
				}
				masks[i] |= Ones(g.Width) << g.Low
			case !seen[g.Node]:
				seen[g.Node] = true
				for _, a := range g.Node.Args {
					visit(a)
				}
			}
		}
	}
	for _, w := range words {
		visit(w)
	}
	return vars, masks
}

// Names returns the names of variables.
func Names(vars []*Node) []string {
	names := make([]string, len(vars))
	for i, v := range vars {
		names[i] = v.Aux
	}
	return names
}

// Enumerate calls f with the values of the words, for all values of the bits on which the words
// depend, until f returns false: that is an error. It is an error too if there are more than
// limit such bits. The other bits of variables are not tried, so f gets no values of variables,
// unless they are among the words.
func Enumerate(words []*Word, limit int, f func(out []uint64) bool) error {
	vars, masks := support(words, limit)
	n := 0
	for _, m := range masks {
		n += bits.OnesCount64(m)
	}
	if n > limit {
		return fmt.Errorf("%d bits of %d variables matter, more than %d", n, len(vars), limit)
	}
	inputs := make([]*Word, len(vars))
	for i, v := range vars {
		inputs[i] = v.Word
	}
	programs := make([]*Program, len(words))
	for i, w := range words {
		programs[i] = Compile(w, inputs...)
	}
	in, out := make([]uint64, len(vars)), make([]uint64, len(words))
	for x := range uint64(1) << n {
		for i, m := range masks {
			in[i] = 0
			for ; m != 0; m &= m - 1 {
				in[i] |= x & 1 << bits.TrailingZeros64(m)
				x >>= 1
			}
		}
		for i, p := range programs {
			out[i] = p.Run(in...)
		}
		if !f(out) {
			return fmt.Errorf("wrong for %v = %#x: %#x", Names(vars), in, out)
		}
	}
	return nil
}
