package source

import (
	"errors"
	"fmt"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"hybridkem/assurance/prove/term"
)

// A Machine calls functions.
type Machine struct {
	Space  *term.Space
	Steps  int             // how many instructions were executed
	Called map[string]bool // the functions that were called

	// Before, if it is not nil, is called with the name and the arguments of each function. If it
	// returns true, its results take the place of the call.
	Before func(name string, args []Value) (results Value, replaced bool)

	program *Program
	globals map[*ssa.Global]*Object
	zeros   map[types.Type]Value
	at      ssa.Instruction // where it is, for errors
}

// New returns a machine for functions of a program.
func New(s *term.Space, p *Program) *Machine {
	return &Machine{Space: s, program: p, Called: map[string]bool{},
		globals: map[*ssa.Global]*Object{}, zeros: map[types.Type]Value{}}
}

// Int returns a number of the type int.
func (m *Machine) Int(n int) Value {
	return Value{m.Space.Const(8*int(m.program.sizes.Sizeof(types.Typ[types.Int])), uint64(n))}
}

// A fault is why a run stops.
type fault struct{ error }

func (m *Machine) fail(format string, a ...any) { panic(fault{fmt.Errorf(format, a...)}) }

// maxSteps is more than any run of a function takes that ends.
const maxSteps = 2e6

// Call calls a function. Results are one after the other.
func (m *Machine) Call(f Function, args ...Value) (results Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			stop, ok := r.(fault)
			if !ok {
				panic(r)
			}
			err = stop.error
			if m.at != nil {
				err = fmt.Errorf("%v: %v: %w", m.at.Parent().Prog.Fset.Position(m.at.Pos()), m.at, err)
			}
		}
	}()
	if len(args) != len(f.Params) {
		return nil, errors.New("another number of arguments")
	}
	for i, a := range args {
		if zero := m.Zero(f.Params[i].Type()); !alike(a, zero) {
			return nil, fmt.Errorf("argument %d is no %v", i, f.Params[i].Type())
		}
	}
	return m.call(f.Function, nil, args), nil
}

// alike reports whether a value can have the type of another.
func alike(v, w Value) bool {
	if len(v) != len(w) {
		return false
	}
	for i := range v {
		x, ok := v[i].(*term.Word)
		if y, isWord := w[i].(*term.Word); ok != isWord || ok && x.Width != y.Width {
			return false
		}
	}
	return true
}

// A frame is a call of a function.
type frame struct {
	*Machine
	function *ssa.Function
	values   map[ssa.Value]Value
}

// call calls a function with a body.
func (m *Machine) call(f *ssa.Function, free []Value, args []Value) Value {
	name := name(f)
	if m.Before != nil {
		if results, replaced := m.Before(name, args); replaced {
			return results
		}
	}
	if result, ok := m.intrinsic(name, args); ok {
		return result
	}
	if f.Blocks == nil || f.Recover != nil {
		m.fail("a call of %s", f)
	}
	m.Called[name] = true
	fr := &frame{m, f, map[ssa.Value]Value{}}
	for i, p := range f.Params {
		fr.values[p] = args[i]
	}
	for i, v := range f.FreeVars {
		fr.values[v] = free[i]
	}
	var from *ssa.BasicBlock
	block := f.Blocks[0]
	for {
		next, results, done := fr.run(block, from)
		if done {
			return results
		}
		block, from = next, block
	}
}

// run executes a block after the block from.
func (f *frame) run(block, from *ssa.BasicBlock) (next *ssa.BasicBlock, results Value, done bool) {
	f.phis(block, from)
	for _, i := range block.Instrs {
		if f.at = i; f.Steps > maxSteps {
			f.fail("it does not end")
		}
		f.Steps++
		switch i := i.(type) {
		case *ssa.Phi:
		case *ssa.Jump:
			return block.Succs[0], nil, false
		case *ssa.If:
			if f.number(i.Cond) != 0 {
				return block.Succs[0], nil, false
			}
			return block.Succs[1], nil, false
		case *ssa.Return:
			for _, r := range i.Results {
				results = append(results, f.get(r)...)
			}
			return nil, results, true
		case *ssa.Panic:
			f.fail("it panics")
		default:
			f.execute(i)
		}
	}
	f.fail("a block without an end")
	return nil, nil, false
}

// phis sets the values that depend on the block before. They change at once.
func (f *frame) phis(block, from *ssa.BasicBlock) {
	var phis []*ssa.Phi
	var values []Value
	for _, i := range block.Instrs {
		phi, ok := i.(*ssa.Phi)
		if !ok {
			break
		}
		if len(from.Succs) == 2 && from.Succs[0] == from.Succs[1] {
			f.fail("two ways from one block to another")
		}
		for k, pred := range block.Preds {
			if pred == from {
				phis, values = append(phis, phi), append(values, f.get(phi.Edges[k]))
				break
			}
		}
	}
	for k, phi := range phis {
		f.values[phi] = values[k]
	}
}

// get returns the value of an operand.
func (f *frame) get(v ssa.Value) Value {
	switch v := v.(type) {
	case *ssa.Const:
		return f.constant(v)
	case *ssa.Function:
		return Value{closure{function: v}}
	case *ssa.Global:
		return f.global(v).Pointer()
	}
	value, ok := f.values[v]
	if !ok {
		f.fail("the value %v", v)
	}
	return value
}

func (f *frame) word(v ssa.Value) *term.Word { return f.get(v)[0].(*term.Word) }

// number returns an operand that must be a number. A signed one is extended to 64 bits.
func (f *frame) number(v ssa.Value) int64 {
	w := f.word(v)
	n, ok := w.Const()
	if !ok {
		f.fail("%v depends on data", v.Name())
	}
	if signed(v.Type()) {
		return term.Signed(n, w.Width)
	}
	if n>>63 == 1 {
		f.fail("%v is %d", v.Name(), n)
	}
	return int64(n)
}

// global returns the object of a variable of a package. It may be read if nothing changes it
// after the package has been initialized.
func (m *Machine) global(g *ssa.Global) *Object {
	if o, ok := m.globals[g]; ok {
		return m.unchanging(g, o)
	}
	if m.cells(deref(g.Type())) == 0 {
		return m.Variable(g.Name(), g.Type())
	}
	if m.program.stored[g] || g.Object() != nil && g.Object().Exported() {
		m.fail("%v may change", g)
	}
	for _, member := range g.Pkg.Members {
		if v, ok := member.(*ssa.Global); ok {
			m.globals[v] = m.Variable(v.Name(), v.Type())
		}
	}
	start := &Machine{Space: m.Space, program: m.program, Called: map[string]bool{}, globals: m.globals, zeros: m.zeros}
	init := g.Pkg.Func("init")
	start.Before = func(called string, _ []Value) (Value, bool) {
		return nil, strings.HasSuffix(called, ".init") && called != name(init) // of other packages
	}
	start.call(init, nil, nil)
	for _, o := range m.globals {
		o.Writable = false
	}
	return m.unchanging(g, m.globals[g])
}

// unchanging returns the object of a variable. It may not point to what can be changed
// without its name.
func (m *Machine) unchanging(g *ssa.Global, o *Object) *Object {
	if o.Writable {
		return o // it is being initialized
	}
	for _, cell := range o.Cells {
		var to Pointer
		switch cell := cell.(type) {
		case Pointer:
			to = cell
		case Slice:
			to = cell.Pointer
		}
		if to.Object != nil && to.Object.Writable {
			m.fail("%v points to what may change", g)
		}
	}
	return o
}

// Variable returns an object for a variable to which a pointer of this type points. It has the
// zero value.
func (m *Machine) Variable(name string, pointer types.Type) *Object {
	return NewObject(name, true, append(Value(nil), m.Zero(deref(pointer))...)...)
}

// deref returns the type of what a pointer of this type points to.
func deref(t types.Type) types.Type { return t.Underlying().(*types.Pointer).Elem() }
