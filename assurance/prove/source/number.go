package source

import (
	"go/token"
	"math/bits"

	"golang.org/x/tools/go/ssa"

	"hybridkem/assurance/prove/term"
)

// binary returns the result of an operation on two numbers or booleans. Arithmetic is modulo
// 2^width, as Go's is.
func (f *frame) binary(v *ssa.BinOp) *term.Word {
	if v.Op == token.SHL || v.Op == token.SHR {
		return f.shift(v)
	}
	x, ok := f.get(v.X)[0].(*term.Word)
	y, both := f.get(v.Y)[0].(*term.Word)
	if !ok || !both || len(f.get(v.X)) != 1 {
		f.fail("%v of values that are no numbers", v.Op)
	}
	switch v.Op {
	case token.ADD:
		return term.Add(x, y)
	case token.SUB:
		return term.Sub(x, y)
	case token.MUL:
		return term.Mul(x, y)
	case token.QUO, token.REM:
		return f.divide(v)
	case token.AND:
		return term.And(x, y)
	case token.OR:
		return term.Or(x, y)
	case token.XOR:
		return term.Xor(x, y)
	case token.AND_NOT:
		return term.And(x, term.Not(y))
	case token.EQL:
		return term.Equal(x, y).Bits(0, 1)
	case token.NEQ:
		return term.Not(term.Equal(x, y).Bits(0, 1))
	}
	less := func(x, y *term.Word) *term.Word {
		if signed(v.X.Type()) {
			return term.Greater(y, x).Bits(0, 1)
		}
		return term.LessU(x, y).Bits(0, 1)
	}
	switch v.Op {
	case token.LSS:
		return less(x, y)
	case token.GTR:
		return less(y, x)
	case token.LEQ:
		return term.Not(less(y, x))
	case token.GEQ:
		return term.Not(less(x, y))
	}
	f.fail("the operation %v", v.Op)
	return nil
}

// shift shifts by a count that must be a number.
func (f *frame) shift(v *ssa.BinOp) *term.Word {
	x, n := f.word(v.X), f.number(v.Y)
	if n < 0 {
		f.fail("a shift by %d", n)
	}
	k := int(min(n, 64))
	switch {
	case v.Op == token.SHL:
		return term.Shl(x, k)
	case signed(v.X.Type()):
		return term.Sar(x, k)
	}
	return term.Shr(x, k)
}

// divide divides by a number: a number, or data without sign by a power of 2.
func (f *frame) divide(v *ssa.BinOp) *term.Word {
	x, n := f.word(v.X), f.number(v.Y)
	if n == 0 {
		f.fail("a division by 0")
	}
	if _, ok := x.Const(); ok {
		quotient, rest := f.number(v.X)/n, f.number(v.X)%n
		if v.Op == token.REM {
			quotient = rest
		}
		return f.Space.Const(x.Width, uint64(quotient))
	}
	if n < 0 || n&(n-1) != 0 || signed(v.X.Type()) {
		f.fail("a division of data")
	}
	k := bits.TrailingZeros64(uint64(n))
	if v.Op == token.REM {
		return term.ZeroExtend(x.Bits(0, k), x.Width)
	}
	return term.Shr(x, k)
}

func (f *frame) unary(v *ssa.UnOp) *term.Word {
	x := f.word(v.X)
	switch v.Op {
	case token.NOT, token.XOR:
		return term.Not(x)
	case token.SUB:
		return term.Sub(f.Space.Const(x.Width, 0), x)
	}
	f.fail("the operation %v", v.Op)
	return nil
}

// convert converts between types of integers.
func (f *frame) convert(v *ssa.Convert) *term.Word {
	x, ok := f.get(v.X)[0].(*term.Word)
	w, both := f.program.width(v.Type())
	if !ok || !both {
		f.fail("a conversion from %v to %v", v.X.Type(), v.Type())
	}
	switch {
	case w <= x.Width:
		return x.Bits(0, w)
	case signed(v.X.Type()):
		return term.SignExtend(x, w)
	}
	return term.ZeroExtend(x, w)
}
