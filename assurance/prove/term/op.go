package term

import (
	"cmp"
	"math/bits"
	"slices"
)

// An Op is what a node does to its arguments. The arguments and the result have the same
// width, unless the comment says otherwise.
type Op uint8

const (
	Var              Op = iota
	XorOp               // of two words or more, in the order of their numbers, a constant last
	AndOp               // of two words, in the order of their numbers
	OrOp                // of two words or more, in the order of their numbers
	AddOp               // modulo 2^width
	SubOp               // modulo 2^width
	MulOp               // modulo 2^width
	MulHighOp           // the upper half of the product of signed numbers
	MulHighUOp          // the upper half of the product of unsigned numbers
	MulRoundOp          // the rounded upper half of twice the product of signed numbers: VPMULHRSW
	MulSignedOp         // the product of signed numbers, in twice the width
	Mul52LowOp          // bits 0 to 51 of the product of the lower 52 bits
	Mul52HighOp         // bits 52 to 103 of that product
	AdcOp               // x + y + c modulo 2^64; c is a bit
	CarryOp             // the carry of x + y + c, a bit
	SbbOp               // x - y - c modulo 2^64; c is a bit
	BorrowOp            // the borrow of x - y - c, a bit
	GreaterOp           // all bits 1 if x > y as signed numbers, else 0
	EqualOp             // all bits 1 if x = y, else 0
	LessUOp             // all bits 1 if x < y as unsigned numbers, else 0
	SarOp               // shifted right by Aux[0], with sign
	SpreadOp            // all bits are the argument, a bit
	SatSOp              // a signed number as a signed number of half the width, saturated
	SatUOp              // a signed number as an unsigned number of half the width, saturated
	LookupOp            // Aux[x] for a byte x
	ZeroOp              // a bit: whether x is 0
	IteOp               // the second argument if the first, a bit, is 1, else the third
	PopcountOp          // the number of bits that are 1
	MulDoubleOp         // the upper half of twice the product of signed numbers, saturated: SQDMULH
	MulDoubleRoundOp    // the same, rounded: SQRDMULH
	HalfAddOp           // (x + y)/2 of signed numbers, rounded down: SHADD
	HalfSubOp           // (x - y)/2 of signed numbers, rounded down: SHSUB
	SarRoundOp          // shifted right by Aux[0], with sign, rounded: SRSHR
	SelectOp            // argument Aux[0] of those after the first whose bits in the first are 1, or 0
)

var opNames = [...]string{
	"var", "xor", "and", "or", "add", "sub", "mul", "mulhigh", "mulhighu", "mulround", "mulsigned",
	"mul52low", "mul52high", "adc", "carry", "sbb", "borrow", "greater", "equal", "lessu", "sar",
	"spread", "sats", "satu", "lookup", "zero", "ite", "popcount", "muldouble", "muldoubleround", "halfadd", "halfsub", "sarround", "select",
}

func (op Op) String() string { return opNames[op] }

// cuts returns where segments of w begin, and where runs of equal constant bits begin or end,
// as bits.
func cuts(w *Word) (at, known uint64) {
	low := 0
	for _, g := range w.Segs {
		at |= 1 << low
		if g.Node == nil {
			known |= 1 << low
			for i := 1; i < g.Width; i++ {
				if g.Const>>i&1 != g.Const>>(i-1)&1 {
					known |= 1 << (low + i)
				}
			}
			if low+g.Width < 64 {
				known |= 1 << (low + g.Width)
			}
		}
		low += g.Width
	}
	return at, known
}

// bitwise applies op, which works bit by bit, to x and y. f does it to pieces of them. They are
// cut where bits become known, and where both have an end.
func bitwise(op Op, x, y *Word, f func(x, y *Word) *Word) *Word {
	if x.Width != y.Width {
		panic("term: words of different widths")
	}
	if _, ok := x.Const(); ok {
		if _, ok := y.Const(); ok {
			return x.Space.node(op, x.Width, "", x, y)
		}
	}
	ax, kx := cuts(x)
	ay, ky := cuts(y)
	ends := (kx | ky | ax&ay) &^ 1 & Ones(x.Width)
	if ends == 0 {
		return f(x, y)
	}
	var out []*Word
	for from := 0; from < x.Width; {
		to := x.Width
		if rest := ends >> from >> 1; rest != 0 {
			to = from + 1 + bits.TrailingZeros64(rest)
		}
		out = append(out, f(x.Bits(from, to-from), y.Bits(from, to-from)))
		from = to
	}
	return Cat(out...)
}

func byID(x, y *Word) int { return cmp.Compare(x.ID, y.ID) }

// ordered returns two arguments of an operation for which their order means nothing.
func ordered(x, y *Word) (*Word, *Word) {
	if x.ID > y.ID {
		return y, x
	}
	return x, y
}

// Xor returns x ⊕ y.
func Xor(x, y *Word) *Word { return bitwise(XorOp, x, y, xorPiece) }

// xorPiece makes one flat sum modulo 2 of the summands of x and y. Equal summands vanish.
func xorPiece(x, y *Word) *Word {
	c := uint64(0)
	var all []*Word
	for _, z := range []*Word{x, y} {
		args := []*Word{z}
		if n := z.Node(); n != nil && n.Op == XorOp {
			args = n.Args
		}
		for _, a := range args {
			if k, ok := a.Const(); ok {
				c ^= k
			} else {
				all = append(all, a)
			}
		}
	}
	slices.SortFunc(all, byID)
	kept := all[:0]
	for _, a := range all {
		if k := len(kept); k > 0 && kept[k-1] == a {
			kept = kept[:k-1]
		} else {
			kept = append(kept, a)
		}
	}
	if c != 0 || len(kept) == 0 {
		kept = append(kept, x.Space.Const(x.Width, c))
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return x.Space.node(XorOp, x.Width, "", slices.Clone(kept)...)
}

// Not returns x with all bits inverted.
func Not(x *Word) *Word { return Xor(x, x.Space.Const(x.Width, Ones(x.Width))) }

// And returns x ∧ y. A complement is not kept: ¬x ∧ y becomes y ⊕ (x ∧ y).
func And(x, y *Word) *Word { return bitwise(AndOp, x, y, andPiece) }

func andPiece(x, y *Word) *Word {
	if x == y {
		return x
	}
	for range 2 {
		if x.Is(0) {
			return x
		}
		if x.Is(^uint64(0)) {
			return y
		}
		if n := x.Node(); n != nil && n.Op == XorOp && n.Args[len(n.Args)-1].Is(^uint64(0)) {
			return Xor(y, And(Not(x), y))
		}
		x, y = y, x
	}
	x, y = ordered(x, y)
	return x.Space.node(AndOp, x.Width, "", x, y)
}

// Or returns x ∨ y.
func Or(x, y *Word) *Word { return bitwise(OrOp, x, y, orPiece) }

func orPiece(x, y *Word) *Word {
	for range 2 {
		if x.Is(0) {
			return y
		}
		if x.Is(^uint64(0)) {
			return x
		}
		x, y = y, x
	}
	var all []*Word
	for _, z := range []*Word{x, y} {
		if n := z.Node(); n != nil && n.Op == OrOp {
			all = append(all, n.Args...)
		} else {
			all = append(all, z)
		}
	}
	slices.SortFunc(all, byID)
	if all = slices.Compact(all); len(all) == 1 {
		return all[0]
	}
	return x.Space.node(OrOp, x.Width, "", all...)
}

// Ternary returns the function of a, b and c with this truth table, bit by bit: bit
// 4a + 2b + c of the table is the result. It is the sum modulo 2 of the monomials of the
// function's algebraic normal form.
func Ternary(a, b, c *Word, table uint8) *Word {
	var f [8]uint8
	for i := range f {
		f[i] = table >> i & 1
	}
	for step := 1; step < 8; step *= 2 {
		for i := range f {
			if i&step != 0 {
				f[i] ^= f[i^step]
			}
		}
	}
	sum := a.Space.Const(a.Width, 0)
	for i, on := range f {
		if on == 0 {
			continue
		}
		m := a.Space.Const(a.Width, ^uint64(0))
		for j, x := range []*Word{c, b, a} {
			if i>>j&1 == 1 {
				m = And(m, x)
			}
		}
		sum = Xor(sum, m)
	}
	return sum
}

// Spread returns a word of w bits that are all the bit x.
func Spread(x *Word, w int) *Word {
	if c, ok := x.Const(); ok {
		return x.Space.Const(w, -c)
	}
	if w == 1 {
		return x
	}
	if n := x.Segs[0].Node; n.Width == w {
		switch n.Op {
		case GreaterOp, EqualOp, LessUOp, SpreadOp:
			return n.Word
		}
	}
	return x.Space.node(SpreadOp, w, "", x)
}

// Add returns x + y modulo 2^width.
func Add(x, y *Word) *Word {
	if c, ok := x.Const(); ok {
		if d, ok := y.Const(); ok {
			return x.Space.Const(x.Width, c+d)
		}
	}
	if x == y {
		return Shl(x, 1)
	}
	if (x.Zeros() | y.Zeros()) == Ones(x.Width) {
		return Or(x, y)
	}
	if k := carryEnd(x, y, 0); k > 0 {
		return Cat(Add(x.Bits(0, k), y.Bits(0, k)), Add(x.Bits(k, x.Width-k), y.Bits(k, x.Width-k)))
	}
	for range 2 {
		// Constants are added up: (z + c) + y is z + (c + y).
		c, ok := y.Const()
		if base, d := x.base(); ok && d != 0 {
			return Add(base, x.Space.Const(x.Width, c+d))
		}
		x, y = y, x
	}
	x, y = ordered(x, y)
	return x.Space.node(AddOp, x.Width, "", x, y)
}

// base returns z and c if x is z + c with a constant c. Otherwise c is 0.
func (x *Word) base() (z *Word, c uint64) {
	if n := x.Node(); n != nil && n.Op == AddOp {
		for i, a := range n.Args {
			if c, ok := a.Const(); ok {
				return n.Args[1-i], c
			}
		}
	}
	return x, 0
}

// Difference returns x - y if this is known to be constant.
func Difference(x, y *Word) (c uint64, ok bool) {
	if c, ok := x.Const(); ok {
		d, ok := y.Const()
		return (c - d) & Ones(x.Width), ok
	}
	if k := bits.TrailingZeros64(^(x.Zeros() & y.Zeros())); k > 0 && k < x.Width {
		c, ok := Difference(x.Bits(k, x.Width-k), y.Bits(k, x.Width-k))
		return c << k, ok
	}
	z, c := x.base()
	other, d := y.base()
	return (c - d) & Ones(x.Width), z == other
}

// carryEnd returns the lowest place above from at which a sum of x and y carries nothing,
// because the bits below it are 0 in both. It returns 0 if there is none.
func carryEnd(x, y *Word, from int) int {
	both := x.Zeros() & y.Zeros() >> from << from
	if k := bits.TrailingZeros64(both) + 1; both != 0 && k < x.Width {
		return k
	}
	return 0
}

// Sub returns x - y modulo 2^width.
func Sub(x, y *Word) *Word {
	if c, ok := x.Const(); ok {
		if d, ok := y.Const(); ok {
			return x.Space.Const(x.Width, c-d)
		}
	}
	if y.Is(0) {
		return x
	}
	if x == y {
		return x.Space.Const(x.Width, 0)
	}
	if x.Is(0) && y.Zeros()|1 == Ones(y.Width) {
		return Spread(y.Bits(0, 1), x.Width)
	}
	for k := carryEnd(x, y, 0); k > 0; k = carryEnd(x, y, k) {
		if neverLess(x.Bits(0, k), y.Bits(0, k)) {
			return Cat(Sub(x.Bits(0, k), y.Bits(0, k)), Sub(x.Bits(k, x.Width-k), y.Bits(k, x.Width-k)))
		}
	}
	return x.Space.node(SubOp, x.Width, "", x, y)
}

// neverLess reports whether x >= y always. It tries all values, if there are few.
func neverLess(x, y *Word) bool {
	if y.Is(0) {
		return true
	}
	return Enumerate([]*Word{x, y}, 8, func(out []uint64) bool { return out[0] >= out[1] }) == nil
}

// Mul returns x·y modulo 2^width.
func Mul(x, y *Word) *Word {
	for range 2 {
		if x.Is(0) {
			return x
		}
		if k, ok := x.Power(); ok {
			return Shl(y, k)
		}
		x, y = y, x
	}
	return commutative(MulOp, x.Width)(x, y)
}

// commutative returns a function that makes a node of width w of two words whose order means
// nothing.
func commutative(op Op, w int) func(x, y *Word) *Word {
	return func(x, y *Word) *Word {
		x, y = ordered(x, y)
		return x.Space.node(op, w, "", x, y)
	}
}

// MulHigh returns the upper half of the product of signed numbers.
func MulHigh(x, y *Word) *Word { return commutative(MulHighOp, x.Width)(x, y) }

// MulHighU returns the upper half of the product of unsigned numbers.
func MulHighU(x, y *Word) *Word {
	for range 2 {
		if x.Is(0) {
			return x
		}
		if k, ok := x.Power(); ok {
			return Shr(y, x.Width-k)
		}
		x, y = y, x
	}
	return commutative(MulHighUOp, x.Width)(x, y)
}

// MulRound returns (x·y/2^(width-2) + 1)/2 of signed numbers, rounded down twice.
func MulRound(x, y *Word) *Word { return commutative(MulRoundOp, x.Width)(x, y) }

// MulDouble returns 2·x·y/2^width of signed numbers, rounded down, and saturated.
func MulDouble(x, y *Word) *Word { return commutative(MulDoubleOp, x.Width)(x, y) }

// MulDoubleRound returns (2·x·y + 2^(width-1))/2^width of signed numbers, rounded down, and
// saturated.
func MulDoubleRound(x, y *Word) *Word { return commutative(MulDoubleRoundOp, x.Width)(x, y) }

// HalfAdd returns (x + y)/2 of signed numbers, rounded down.
func HalfAdd(x, y *Word) *Word { return commutative(HalfAddOp, x.Width)(x, y) }

// HalfSub returns (x - y)/2 of signed numbers, rounded down.
func HalfSub(x, y *Word) *Word { return x.Space.node(HalfSubOp, x.Width, "", x, y) }

// MulSigned returns the product of signed numbers, in twice the width.
func MulSigned(x, y *Word) *Word {
	w := x.Width
	for range 2 {
		if x.Is(0) {
			return x.Space.Const(2*w, 0)
		}
		// A positive power of 2 times a number that is not negative.
		if k, ok := x.Power(); ok && k < w-1 && y.Zeros()>>(w-1)&1 == 1 {
			return Shl(ZeroExtend(y, 2*w), k)
		}
		x, y = y, x
	}
	return commutative(MulSignedOp, 2*w)(x, y)
}

// Mul52Low returns bits 0 to 51 of the product of the lower 52 bits of x and y.
func Mul52Low(x, y *Word) *Word { return mul52(Mul52LowOp, x, y) }

// Mul52High returns bits 52 to 103 of the product of the lower 52 bits of x and y.
func Mul52High(x, y *Word) *Word { return mul52(Mul52HighOp, x, y) }

func mul52(op Op, x, y *Word) *Word {
	x, y = x.Bits(0, 52), y.Bits(0, 52)
	if x.Is(0) || y.Is(0) {
		return x.Space.Const(64, 0)
	}
	return ZeroExtend(commutative(op, 52)(x, y), 64)
}

// Adc returns x + y + c modulo 2^64, where c is a bit.
func Adc(x, y, c *Word) *Word {
	if c.Is(0) {
		switch {
		case y.Is(0):
			return x
		case x.Is(0):
			return y
		case x == y:
			return Shl(x, 1)
		}
	}
	x, y = ordered(x, y)
	return x.Space.node(AdcOp, 64, "", x, y, c)
}

// Carry returns the carry of x + y + c, where c is a bit.
func Carry(x, y, c *Word) *Word {
	if c.Is(0) {
		switch {
		case x.Is(0) || y.Is(0):
			return c
		case x == y:
			return x.Bits(63, 1)
		}
	}
	x, y = ordered(x, y)
	return x.Space.node(CarryOp, 1, "", x, y, c)
}

// Sbb returns x - y - c modulo 2^64, where c is a bit.
func Sbb(x, y, c *Word) *Word {
	if c.Is(0) && y.Is(0) {
		return x
	}
	return x.Space.node(SbbOp, 64, "", x, y, c)
}

// Borrow returns the borrow of x - y - c, where c is a bit.
func Borrow(x, y, c *Word) *Word {
	if c.Is(0) && (y.Is(0) || x == y) {
		return c
	}
	return x.Space.node(BorrowOp, 1, "", x, y, c)
}

// Greater returns all ones if x > y as signed numbers, else 0. A maximum is greater than a
// constant if one of its two numbers is.
func Greater(x, y *Word) *Word {
	if _, ok := y.Const(); ok {
		if a, b, ok := x.maximum(); ok {
			return Or(Greater(a, y), Greater(b, y))
		}
	}
	return x.Space.node(GreaterOp, x.Width, "", x, y)
}

// maximum returns a and b if x is the signed maximum of the two: a if a > b, else b.
func (x *Word) maximum() (a, b *Word, ok bool) {
	n := x.Node()
	if n == nil || n.Op != IteOp || len(n.Args[0].Segs) != 1 {
		return nil, nil, false
	}
	a, b = n.Args[1], n.Args[2]
	c := n.Args[0].Segs[0].Node // all its bits are the same
	return a, b, c.Op == GreaterOp && c.Args[0] == a && c.Args[1] == b
}

// Equal returns all ones if x = y, else 0.
func Equal(x, y *Word) *Word {
	if x == y {
		return x.Space.Const(x.Width, ^uint64(0))
	}
	return commutative(EqualOp, x.Width)(x, y)
}

// LessU returns all ones if x < y as unsigned numbers, else 0.
func LessU(x, y *Word) *Word { return x.Space.node(LessUOp, x.Width, "", x, y) }

// Sar returns x shifted right by k, with sign.
func Sar(x *Word, k int) *Word {
	if k = min(k, x.Width-1); k == 0 {
		return x
	}
	switch {
	case x.Zeros()>>(x.Width-1)&1 == 1:
		return Shr(x, k)
	case x.Bits(x.Width-1, 1).Is(1):
		return Cat(x.Bits(k, x.Width-k), x.Space.Const(k, ^uint64(0)))
	}
	return x.Space.node(SarOp, x.Width, string([]byte{byte(k)}), x)
}

// SarRound returns x shifted right by k, with sign, and rounded: (x + 2^(k-1))/2^k. k is not 0.
func SarRound(x *Word, k int) *Word {
	return x.Space.node(SarRoundOp, x.Width, string([]byte{byte(k)}), x)
}

// SaturateSigned returns a signed number as one of half the width, saturated.
func SaturateSigned(x *Word) *Word { return x.Space.node(SatSOp, x.Width/2, "", x) }

// SaturateUnsigned returns a signed number as an unsigned number of half the width,
// saturated.
func SaturateUnsigned(x *Word) *Word {
	half := x.Width / 2
	if upper := Ones(x.Width) &^ Ones(half); x.Zeros()&upper == upper {
		return x.Bits(0, half)
	}
	return x.Space.node(SatUOp, half, "", x)
}

// Lookup returns entry x of a table of 256 bytes. Bits of x that do not matter become 0.
func Lookup(x *Word, table [256]byte) *Word {
	for i := range 8 {
		matters := false
		for v, entry := range table {
			matters = matters || entry != table[v^1<<i]
		}
		if !matters {
			x = And(x, x.Space.Const(8, ^uint64(1<<i)))
		}
	}
	return x.Space.node(LookupOp, 8, string(table[:]), x)
}

// IsZero returns the bit that says whether x is 0.
func IsZero(x *Word) *Word {
	if unknown := Ones(x.Width) &^ x.Zeros(); bits.OnesCount64(unknown) == 1 {
		return Not(x.Bits(bits.TrailingZeros64(unknown), 1))
	}
	return x.Space.node(ZeroOp, 1, "", x)
}

// Ite returns x if the bit c is 1, else y.
func Ite(c, x, y *Word) *Word {
	switch {
	case c.Is(1) || x == y:
		return x
	case c.Is(0):
		return y
	}
	return c.Space.node(IteOp, x.Width, "", c, x, y)
}

// Popcount returns the number of bits of x that are 1.
func Popcount(x *Word) *Word { return x.Space.node(PopcountOp, x.Width, "", x) }

// Select returns element i, from 0 on, of the xs whose bits in the mask are 1, in their order.
// It returns 0 if there are not so many.
func Select(mask *Word, xs []*Word, i int) *Word {
	// What is never chosen is left out.
	var bits, args []*Word
	for j, x := range xs {
		if bit := mask.Bits(j, 1); !bit.Is(0) {
			bits, args = append(bits, bit), append(args, x)
		}
	}
	if i >= len(args) {
		return mask.Space.Const(xs[0].Width, 0)
	}
	return mask.Space.node(SelectOp, xs[0].Width, string([]byte{byte(i)}), append([]*Word{Cat(bits...)}, args...)...)
}
