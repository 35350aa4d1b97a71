package source

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"hybridkem/assurance/prove/term"
)

// callOf calls a function, a method that is known, a closure, or a builtin.
func (f *frame) callOf(v *ssa.Call) Value {
	c := v.Call
	if c.IsInvoke() {
		f.fail("a call of a method of an interface")
	}
	if b, ok := c.Value.(*ssa.Builtin); ok {
		return f.builtin(b.Name(), v)
	}
	fn := f.get(c.Value)[0].(closure)
	if fn.function == nil {
		f.fail("a call of a nil function")
	}
	var args []Value
	for _, a := range c.Args {
		args = append(args, f.get(a))
	}
	results := f.call(fn.function, fn.free, args)
	f.at = v
	return results
}

func (f *frame) builtin(name string, v *ssa.Call) Value {
	args := v.Call.Args
	switch name {
	case "len", "cap":
		if _, ok := args[0].Type().Underlying().(*types.Array); ok {
			f.fail("%s of an array", name) // it is a constant
		}
		s := f.sequence(args[0])
		if name == "cap" {
			return f.Int(s.Cap)
		}
		return f.Int(s.Len)
	case "copy":
		to, from, size := f.sequence(args[0]), f.sequence(args[1]), f.elementSize(args[0])
		n := min(to.Len, from.Len)
		if n > 0 {
			f.store(to.Pointer, f.load(from.Pointer, n*size))
		}
		return f.Int(n)
	case "min", "max":
		return Value{f.extreme(name, v)}
	case "ssa:wrapnilchk":
		f.object(f.pointer(args[0]))
		return f.get(args[0])
	}
	f.fail("the builtin %s", name)
	return nil
}

// extreme returns the least or the greatest of integers.
func (f *frame) extreme(name string, v *ssa.Call) *term.Word {
	best := f.word(v.Call.Args[0])
	for _, a := range v.Call.Args[1:] {
		x, y := f.word(a), best
		if name == "max" {
			x, y = y, x
		}
		less := term.LessU
		if signed(v.Type()) {
			less = func(x, y *term.Word) *term.Word { return term.Greater(y, x) }
		}
		best = term.Ite(less(x, y).Bits(0, 1), f.word(a), best)
	}
	return best
}

// intrinsic returns the results of a function of the library for which there are terms.
func (m *Machine) intrinsic(name string, args []Value) (results Value, ok bool) {
	word := func(i int) *term.Word { return args[i][0].(*term.Word) }
	// The last argument of Add64 and Sub64 must be 0 or 1.
	carry := func() *term.Word {
		c := word(2)
		if c.Zeros()|1 != term.Ones(64) {
			m.fail("a carry that may be more than 1: %v", c)
		}
		return c.Bits(0, 1)
	}
	switch name {
	case "math/bits.Mul64":
		return Value{term.MulHighU(word(0), word(1)), term.Mul(word(0), word(1))}, true
	case "math/bits.Add64":
		x, y, c := word(0), word(1), carry()
		return Value{term.Adc(x, y, c), term.ZeroExtend(term.Carry(x, y, c), 64)}, true
	case "math/bits.Sub64":
		x, y, b := word(0), word(1), carry()
		return Value{term.Sbb(x, y, b), term.ZeroExtend(term.Borrow(x, y, b), 64)}, true
	case "crypto/internal/constanttime.boolToUint8": // the compiler knows it, too
		return Value{term.ZeroExtend(word(0), 8)}, true
	case "math/bits.OnesCount64":
		n := term.Popcount(word(0))
		return Value{n.Bits(0, m.Int(0)[0].(*term.Word).Width)}, true
	}
	return nil, false
}
