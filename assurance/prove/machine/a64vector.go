package machine

import (
	"slices"
	"strings"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/prove/term"
)

// This file has the semantics of arm64's instructions on vector registers that access no memory.

type (
	function1 = func(x *term.Word) *term.Word
	function2 = func(x, y *term.Word) *term.Word
	function3 = func(d, x, y *term.Word) *term.Word
)

// elements returns the elements of a vector register that an operand means.
func (m *Machine) elements(o a64.Operand) []*term.Word {
	all := lanes(m.Vector[o.Reg][:2], o.Bits)
	switch {
	case o.Index >= 0:
		return all[o.Index:][:1]
	case o.Lanes == 0:
		return all[:1]
	}
	return all[:o.Lanes]
}

// repeated is elements, with one element repeated n times.
func (m *Machine) repeated(o a64.Operand, n int) []*term.Word {
	ls := m.elements(o)
	if len(ls) == n {
		return ls
	}
	return slices.Repeat(ls[:1], n)
}

// setElements writes elements to a vector register. The rest becomes 0.
func (m *Machine) setElements(o a64.Operand, ls []*term.Word) {
	if len(ls) > 1 {
		ls = words(ls)
	}
	m.setVector(o.Reg, ls)
}

// halfOf returns those elements of an operand that an instruction on halves takes: the upper ones if
// its name ends with 2. One element is repeated.
func (m *Machine) halfOf(i *a64.Instruction, o a64.Operand, n int) []*term.Word {
	if o.Index >= 0 {
		return m.repeated(o, n)
	}
	ls := m.elements(o)
	if strings.HasSuffix(i.Op, "2") {
		return ls[len(ls)-n:]
	}
	return ls[:n]
}

func map1(f function1) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		x := slices.Clone(m.elements(i.Args[1]))
		for j := range x {
			x[j] = f(x[j])
		}
		m.setElements(i.Args[0], x)
	}
}

func map2(f function2) a64Semantics {
	return map3(func(_, x, y *term.Word) *term.Word { return f(x, y) })
}

func map3(f function3) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		d, x := m.elements(i.Args[0]), m.elements(i.Args[1])
		y := m.repeated(i.Args[2], len(x))
		out := make([]*term.Word, len(x))
		for j := range x {
			out[j] = f(d[j], x[j], y[j])
		}
		m.setElements(i.Args[0], out)
	}
}

// words2 applies f to pairs of 64 bits, and words4 to four registers.
func words2(f function3) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		n := i.Args[0].Lanes * i.Args[0].Bits
		d, x, y := m.wordsOf(i.Args[0].Reg, n), m.wordsOf(i.Args[1].Reg, n), m.wordsOf(i.Args[2].Reg, n)
		for j := range d {
			d[j] = f(d[j], x[j], y[j])
		}
		m.setVector(i.Args[0].Reg, d)
	}
}

func words4(f function3) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		x, y, z := m.wordsOf(i.Args[1].Reg, 128), m.wordsOf(i.Args[2].Reg, 128), m.wordsOf(i.Args[3].Reg, 128)
		for j := range x {
			x[j] = f(x[j], y[j], z[j])
		}
		m.setVector(i.Args[0].Reg, x)
	}
}

// logic is a logical operation of registers, or of a register and an immediate.
func logic(f function2) a64Semantics {
	whole := words2(func(_, x, y *term.Word) *term.Word { return f(x, y) })
	return func(m *Machine, i *a64.Instruction) {
		if len(i.Args) == 3 {
			whole(m, i)
			return
		}
		d := m.elements(i.Args[0])
		out := make([]*term.Word, len(d))
		for j := range d {
			out[j] = f(d[j], m.Space.Const(d[j].Width, i.Args[1].Imm<<i.Args[1].By))
		}
		m.setElements(i.Args[0], out)
	}
}

// extended returns a function of two numbers of twice the width.
func extended(sign string, f function2) function2 {
	return func(x, y *term.Word) *term.Word { return f(extend(sign, x), extend(sign, y)) }
}

// extend returns a number in twice the width, with sign if sign is s.
func extend(sign string, x *term.Word) *term.Word {
	if sign == "s" {
		return term.SignExtend(x, 2*x.Width)
	}
	return term.ZeroExtend(x, 2*x.Width)
}

// long makes elements of twice the width of halves of two registers.
func long(f function3) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		d := m.elements(i.Args[0])
		x, y := m.halfOf(i, i.Args[1], len(d)), m.halfOf(i, i.Args[2], len(d))
		out := make([]*term.Word, len(d))
		for j := range d {
			out[j] = f(d[j], x[j], y[j])
		}
		m.setElements(i.Args[0], out)
	}
}

func plain2(f function2) function3 {
	return func(_, x, y *term.Word) *term.Word { return f(x, y) }
}

// wide adds or subtracts elements of half the width.
func wide(sign string, f function2) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		x := slices.Clone(m.elements(i.Args[1]))
		y := m.halfOf(i, i.Args[2], len(x))
		for j := range x {
			x[j] = f(x[j], extend(sign, y[j]))
		}
		m.setElements(i.Args[0], x)
	}
}

// longShift is a shift to the left in twice the width.
func longShift(sign string) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		out := make([]*term.Word, i.Args[0].Lanes)
		for j, x := range m.halfOf(i, i.Args[1], len(out)) {
			out[j] = term.Shl(extend(sign, x), int(i.Args[2].Imm))
		}
		m.setElements(i.Args[0], out)
	}
}

// narrow makes elements of half the width. They go to the upper half of the result, and the lower
// half stays, if the name ends with 2.
func narrow(f func(i *a64.Instruction, x *term.Word) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		var out []*term.Word
		for _, x := range m.elements(i.Args[1]) {
			out = append(out, f(i, x))
		}
		m.setNarrow(i, out)
	}
}

func (m *Machine) setNarrow(i *a64.Instruction, half []*term.Word) {
	w := term.Cat(half...)
	if strings.HasSuffix(i.Op, "2") {
		m.setVector(i.Args[0].Reg, []*term.Word{m.Vector[i.Args[0].Reg][0], w})
	} else {
		m.setVector(i.Args[0].Reg, []*term.Word{w})
	}
}

// narrowSum is the upper half of sums or differences of two vectors.
func narrowSum(f function2) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		var out []*term.Word
		y := m.elements(i.Args[2])
		for j, x := range m.elements(i.Args[1]) {
			out = append(out, upperHalf(f(x, y[j])))
		}
		m.setNarrow(i, out)
	}
}

func upperHalf(x *term.Word) *term.Word { return x.Bits(x.Width/2, x.Width/2) }
func lowerHalf(x *term.Word) *term.Word { return x.Bits(0, x.Width/2) }

// rounded adds the highest bit that a shift loses.
func rounded(f func(x *term.Word, k int) *term.Word) func(x *term.Word, k int) *term.Word {
	return func(x *term.Word, k int) *term.Word {
		return term.Add(f(x, k), term.ZeroExtend(x.Bits(k-1, 1), x.Width))
	}
}

// by is a shift by the immediate.
func by(f func(x *term.Word, k int) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		map1(func(x *term.Word) *term.Word { return f(x, int(i.Args[2].Imm)) })(m, i)
	}
}

// byInto is a shift by the immediate whose result goes together with the destination.
func byInto(f func(d, x *term.Word, k int) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		d, x := m.elements(i.Args[0]), slices.Clone(m.elements(i.Args[1]))
		for j := range x {
			x[j] = f(d[j], x[j], int(i.Args[2].Imm))
		}
		m.setElements(i.Args[0], x)
	}
}

// accumulated adds a shifted number.
func accumulated(f func(x *term.Word, k int) *term.Word) a64Semantics {
	return byInto(func(d, x *term.Word, k int) *term.Word { return term.Add(d, f(x, k)) })
}

// narrowBy is a shift to the right before a number becomes narrow.
func narrowBy(f func(x *term.Word, k int) *term.Word, half function1) a64Semantics {
	return narrow(func(i *a64.Instruction, x *term.Word) *term.Word { return half(f(x, int(i.Args[2].Imm))) })
}

// shiftedEachWay shifts each element by the lowest byte of another, to the left, or to the right if
// that is negative.
func (m *Machine) shiftedEachWay(right func(x *term.Word, k int) *term.Word) function2 {
	return func(x, y *term.Word) *term.Word {
		c, ok := y.Bits(0, 8).Const()
		if !ok {
			m.fail("a count that is not constant")
		}
		if k := int(int8(c)); k < 0 {
			return right(x, -k)
		} else {
			return term.Shl(x, k)
		}
	}
}

// sarAll is Sar, which keeps the sign for all counts.
func sarAll(x *term.Word, k int) *term.Word { return term.Sar(x, min(k, x.Width-1)) }

func greaterOrEqual(x, y *term.Word) *term.Word { return term.Not(term.Greater(y, x)) }

// withZero compares with 0 if there is no other operand.
func withZero(f function2) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		if i.Args[2].Kind == a64.Immediate {
			map1(func(x *term.Word) *term.Word { return f(x, m.Space.Const(x.Width, 0)) })(m, i)
		} else {
			map2(f)(m, i)
		}
	}
}

// halving returns bits 1 and above of a sum or difference in one bit more.
func halving(f function2) function2 {
	return func(x, y *term.Word) *term.Word {
		return f(term.ZeroExtend(x, x.Width+1), term.ZeroExtend(y, x.Width+1)).Bits(1, x.Width)
	}
}

// distance returns |x - y|.
func distance(less function2) function2 {
	return func(x, y *term.Word) *term.Word {
		return term.Ite(less(x, y).Bits(0, 1), term.Sub(y, x), term.Sub(x, y))
	}
}

func lessSigned(x, y *term.Word) *term.Word { return term.Greater(y, x) }

// choice returns x if a comparison holds, else y.
func choice(compare function2) function2 {
	return func(x, y *term.Word) *term.Word { return term.Ite(compare(x, y).Bits(0, 1), x, y) }
}

var (
	minSigned   = choice(lessSigned)
	maxUnsigned = choice(func(x, y *term.Word) *term.Word { return term.LessU(y, x) })
)

// pairwise applies f to neighbours in the first source, and then in the second.
func pairwise(f function2) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		all := slices.Clone(m.elements(i.Args[1]))
		if len(i.Args) == 3 {
			all = append(all, m.elements(i.Args[2])...)
		}
		var out []*term.Word
		for j := 0; j < len(all); j += 2 {
			out = append(out, f(all[j], all[j+1]))
		}
		m.setElements(i.Args[0], out)
	}
}

// longPairs adds neighbours in twice the width, to the destination if accumulate is set.
func longPairs(sign string, accumulate bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		x, d := m.elements(i.Args[1]), m.elements(i.Args[0])
		out := make([]*term.Word, len(d))
		for j := range d {
			out[j] = term.Add(extend(sign, x[2*j]), extend(sign, x[2*j+1]))
			if accumulate {
				out[j] = term.Add(d[j], out[j])
			}
		}
		m.setElements(i.Args[0], out)
	}
}

// across puts all elements together.
func across(first function1, f function2) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		ls := m.elements(i.Args[1])
		r := first(ls[0])
		for _, x := range ls[1:] {
			r = f(r, first(x))
		}
		m.setElements(i.Args[0], []*term.Word{r})
	}
}

// wiredA64 moves elements: element j of the result is element from(j, n) of both sources, which
// follow each other. n is the number of elements of a source.
func wiredA64(from func(j, n int) int) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		x := m.elements(i.Args[1])
		all := slices.Concat(x, m.elements(i.Args[2]))
		out := make([]*term.Word, len(x))
		for j := range out {
			out[j] = all[from(j, len(x))]
		}
		m.setElements(i.Args[0], out)
	}
}

// reversedIn reverses the order of elements in groups of w bits.
func reversedIn(w int) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		ls := slices.Clone(m.elements(i.Args[1]))
		for at := 0; at < len(ls); at += w / i.Args[1].Bits {
			slices.Reverse(ls[at:][:w/i.Args[1].Bits])
		}
		m.setElements(i.Args[0], ls)
	}
}

// looked is TBL, or TBX, which keeps bytes whose index is outside the table.
func looked(keep bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		d, list := m.elements(i.Args[0]), i.Args[1]
		var bytes []*term.Word
		for k := range list.Count {
			bytes = append(bytes, lanes(m.Vector[(list.Reg+k)%32][:2], 8)...)
		}
		var out []*term.Word
		for j, x := range m.elements(i.Args[2]) {
			table := make([]*term.Word, 256)
			for v := range table {
				switch {
				case v < len(bytes):
					table[v] = bytes[v]
				case keep:
					table[v] = d[j]
				default:
					table[v] = m.Space.Const(8, 0)
				}
			}
			out = append(out, m.element(table, x))
		}
		m.setElements(i.Args[0], out)
	}
}

// setElement writes one element and keeps the others, if the operand names one. Otherwise all
// become x.
func (m *Machine) setElement(o a64.Operand, x *term.Word) {
	switch {
	case o.Index >= 0:
		ls := lanes(m.Vector[o.Reg][:2], o.Bits)
		ls = slices.Clone(ls)
		ls[o.Index] = x
		m.setVector(o.Reg, words(ls))
	case o.Lanes == 0:
		m.setVector(o.Reg, []*term.Word{x})
	default:
		m.setElements(o, slices.Repeat([]*term.Word{x}, o.Lanes))
	}
}

// movedBetween moves an element or a general register to an element, to all, or to a general register.
func movedBetween(sign string) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		d, s := i.Args[0], i.Args[1]
		var x *term.Word
		switch s.Kind {
		case a64.Immediate:
			x = m.Space.Const(d.Bits, s.Imm<<s.By)
			if s.Shift == "msl" { // ones come in from below
				x = m.Space.Const(d.Bits, s.Imm<<s.By|(1<<s.By-1))
			}
			if sign == "inverted" {
				x = term.Not(x)
			}
		case a64.General:
			x = m.word(s, s.Bits).Bits(0, d.Bits)
		default:
			x = m.elements(s)[0]
		}
		if d.Kind == a64.General {
			if sign == "s" {
				x = term.SignExtend(x, d.Bits)
			}
			m.setGeneral(d, Value{Word: x})
			return
		}
		m.setElement(d, x)
	}
}

var a64Vector map[string]a64Semantics

func init() {
	mulLong := map[string]function2{"s": term.MulSigned, "u": extended("u", term.Mul)}
	a64Vector = map[string]a64Semantics{
		"add": map2(term.Add), "sub": map2(term.Sub), "mul": map2(term.Mul),
		"mla":     map3(func(d, x, y *term.Word) *term.Word { return term.Add(d, term.Mul(x, y)) }),
		"mls":     map3(func(d, x, y *term.Word) *term.Word { return term.Sub(d, term.Mul(x, y)) }),
		"sqdmulh": map2(term.MulDouble), "sqrdmulh": map2(term.MulDoubleRound),
		"shadd": map2(term.HalfAdd), "shsub": map2(term.HalfSub), "uhadd": map2(halving(term.Add)), "uhsub": map2(halving(term.Sub)),
		"cmgt": withZero(term.Greater), "cmge": withZero(greaterOrEqual), "cmeq": withZero(term.Equal),
		"cmlt": withZero(lessSigned), "cmle": withZero(func(x, y *term.Word) *term.Word { return greaterOrEqual(y, x) }),
		"cmhi": map2(func(x, y *term.Word) *term.Word { return term.LessU(y, x) }),
		"cmhs": map2(func(x, y *term.Word) *term.Word { return term.Not(term.LessU(x, y)) }),
		"cmtst": map2(func(x, y *term.Word) *term.Word {
			return term.Spread(term.Not(term.IsZero(term.And(x, y))), x.Width)
		}),
		"smax": map2(maxSigned), "smin": map2(minSigned), "umax": map2(maxUnsigned), "umin": map2(minUnsigned),
		"sabd": map2(distance(lessSigned)), "uabd": map2(distance(term.LessU)),
		"abs": map1(absolute), "neg": map1(func(x *term.Word) *term.Word { return term.Sub(x.Space.Const(x.Width, 0), x) }),
		"not": map1(term.Not), "cnt": map1(term.Popcount),
		"sshl": func(m *Machine, i *a64.Instruction) { map2(m.shiftedEachWay(sarAll))(m, i) },
		"ushl": func(m *Machine, i *a64.Instruction) { map2(m.shiftedEachWay(term.Shr))(m, i) },

		"and": logic(term.And), "bic": logic(inverted(term.And)), "orr": logic(term.Or), "orn": logic(inverted(term.Or)), "eor": logic(term.Xor),
		"bsl":  words2(func(d, x, y *term.Word) *term.Word { return term.Ternary(d, x, y, 0xca) }),
		"bit":  words2(func(d, x, y *term.Word) *term.Word { return term.Ternary(y, x, d, 0xca) }),
		"bif":  words2(func(d, x, y *term.Word) *term.Word { return term.Ternary(y, d, x, 0xca) }),
		"eor3": words4(func(x, y, z *term.Word) *term.Word { return term.Xor(x, term.Xor(y, z)) }),
		"bcax": words4(func(x, y, z *term.Word) *term.Word { return term.Xor(x, term.And(y, term.Not(z))) }),
		"rax1": map2(func(x, y *term.Word) *term.Word { return term.Xor(x, term.Rotl(y, 1)) }),
		"xar": func(m *Machine, i *a64.Instruction) {
			map2(func(x, y *term.Word) *term.Word { return term.Rotl(term.Xor(x, y), -int(i.Args[3].Imm)) })(m, i)
		},

		"sshr": by(sarAll), "ushr": by(term.Shr), "srshr": by(term.SarRound), "urshr": by(rounded(term.Shr)), "shl": by(term.Shl),
		"ssra": accumulated(sarAll), "usra": accumulated(term.Shr),
		"srsra": accumulated(term.SarRound), "ursra": accumulated(rounded(term.Shr)),
		"sli": byInto(func(d, x *term.Word, k int) *term.Word {
			if k == 0 {
				return x
			}
			return term.Cat(d.Bits(0, k), x.Bits(0, x.Width-k))
		}),
		"sri": byInto(func(d, x *term.Word, k int) *term.Word {
			if k == x.Width {
				return d
			}
			return term.Cat(x.Bits(k, x.Width-k), d.Bits(x.Width-k, k))
		}),

		"addp": pairwise(term.Add), "smaxp": pairwise(maxSigned), "sminp": pairwise(minSigned),
		"umaxp": pairwise(maxUnsigned), "uminp": pairwise(minUnsigned),
		"addv": across(same, term.Add), "smaxv": across(same, maxSigned), "sminv": across(same, minSigned),
		"umaxv": across(same, maxUnsigned), "uminv": across(same, minUnsigned),

		"rev64": reversedIn(64), "rev32": reversedIn(32), "rev16": reversedIn(16),
		"zip1": wiredA64(func(j, n int) int { return j/2 + j%2*n }),
		"zip2": wiredA64(func(j, n int) int { return n/2 + j/2 + j%2*n }),
		"uzp1": wiredA64(func(j, n int) int { return 2 * j }),
		"uzp2": wiredA64(func(j, n int) int { return 2*j + 1 }),
		"trn1": wiredA64(func(j, n int) int { return j&^1 + j%2*n }),
		"trn2": wiredA64(func(j, n int) int { return (j | 1) + j%2*n }),
		"ext": func(m *Machine, i *a64.Instruction) {
			wiredA64(func(j, n int) int { return j + int(i.Args[3].Imm) })(m, i)
		},
		"tbl": looked(false), "tbx": looked(true),
		"dup": movedBetween(""), "ins": movedBetween(""), "umov": movedBetween(""), "smov": movedBetween("s"), "fmov": movedBetween(""),
		"movi": movedBetween(""), "mvni": movedBetween("inverted"),
	}
	for _, sign := range []string{"s", "u"} {
		product := mulLong[sign]
		a64Vector[sign+"addlv"] = across(func(x *term.Word) *term.Word { return extend(sign, x) }, term.Add)
		a64Vector[sign+"addlp"], a64Vector[sign+"adalp"] = longPairs(sign, false), longPairs(sign, true)
		for op, f := range map[string]a64Semantics{
			"addl": long(plain2(extended(sign, term.Add))), "subl": long(plain2(extended(sign, term.Sub))), "mull": long(plain2(product)),
			"mlal": long(func(d, x, y *term.Word) *term.Word { return term.Add(d, product(x, y)) }),
			"mlsl": long(func(d, x, y *term.Word) *term.Word { return term.Sub(d, product(x, y)) }),
			"addw": wide(sign, term.Add), "subw": wide(sign, term.Sub), "shll": longShift(sign),
		} {
			a64Vector[sign+op], a64Vector[sign+op+"2"] = f, f
		}
	}
	for op, f := range map[string]a64Semantics{
		"xtn":    narrow(func(_ *a64.Instruction, x *term.Word) *term.Word { return lowerHalf(x) }),
		"sqxtn":  narrow(func(_ *a64.Instruction, x *term.Word) *term.Word { return term.SaturateSigned(x) }),
		"sqxtun": narrow(func(_ *a64.Instruction, x *term.Word) *term.Word { return term.SaturateUnsigned(x) }),
		"addhn":  narrowSum(term.Add), "subhn": narrowSum(term.Sub),
		"shrn": narrowBy(term.Shr, lowerHalf), "rshrn": narrowBy(rounded(term.Shr), lowerHalf),
		"sqshrn": narrowBy(sarAll, term.SaturateSigned), "sqrshrn": narrowBy(term.SarRound, term.SaturateSigned),
		"sqshrun": narrowBy(sarAll, term.SaturateUnsigned), "sqrshrun": narrowBy(term.SarRound, term.SaturateUnsigned),
		"shll": longShift("u"),
	} {
		a64Vector[op], a64Vector[op+"2"] = f, f
	}
}
