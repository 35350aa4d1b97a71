package term

// Narrow returns the same function, without the bits of bitwise operations that do not matter. So what
// does not matter is not among the variables either. It is slow, and undoes the normal form.
func Narrow(w *Word) *Word { return (&narrower{map[*Word]*Word{}, map[*Node]*Word{}}).word(w) }

type narrower struct {
	words map[*Word]*Word
	nodes map[*Node]*Word
}

func (n *narrower) word(w *Word) *Word {
	if done, ok := n.words[w]; ok {
		return done
	}
	var parts []*Word
	for _, g := range w.Segs {
		part := w.Space.word(g)
		if g.Node != nil {
			part = n.bits(g)
		}
		parts = append(parts, part)
	}
	n.words[w] = Cat(parts...)
	return n.words[w]
}

// bits narrows bits of a node.
func (n *narrower) bits(g Segment) *Word {
	f := map[Op]func(x, y *Word) *Word{XorOp: Xor, AndOp: And, OrOp: Or}[g.Node.Op]
	if f == nil {
		return n.node(g.Node).Bits(g.Low, g.Width)
	}
	// Each bit alone, so that no other bit is beside it.
	var bits []*Word
	for at := g.Low; at < g.Low+g.Width; at++ {
		bit := n.word(g.Node.Args[0].Bits(at, 1))
		for _, arg := range g.Node.Args[1:] {
			bit = f(bit, n.word(arg.Bits(at, 1)))
		}
		bits = append(bits, bit)
	}
	return Cat(bits...)
}

func (n *narrower) node(node *Node) *Word {
	if node.Op == Var {
		return node.Word
	}
	if done, ok := n.nodes[node]; ok {
		return done
	}
	var args []*Word
	for _, a := range node.Args {
		args = append(args, n.word(a))
	}
	done := args[0].Space.node(node.Op, node.Width, node.Aux, args...)
	n.nodes[node] = done
	return done
}
