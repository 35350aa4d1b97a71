package source

import (
	"fmt"
	"go/constant"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"hybridkem/assurance/prove/term"
)

// A Value is a row of cells. A number, a boolean, a pointer, a slice, a string or a function
// takes one cell. An array or a struct takes the cells of its parts, one after the other, and
// so do the results of a function.
type Value []Cell

// A Cell is a *term.Word, a Pointer, a Slice, or a closure. A boolean is a word of one bit,
// and a string is a slice of bytes.
type Cell any

// A Pointer points to a cell of an object, where a variable begins. A nil pointer has no
// object.
type Pointer struct {
	Object *Object
	At     int
}

// A Slice has elements from At on. Len and Cap count elements. A nil slice has no object.
type Slice struct {
	Pointer
	Len, Cap int
}

// A closure is a function with its free variables.
type closure struct {
	function *ssa.Function
	free     []Value
}

// An Object is memory for a variable. Its address means nothing, so two objects never
// overlap.
type Object struct {
	Name     string
	Cells    Value
	Writable bool
}

// NewObject returns an object with these cells.
func NewObject(name string, writable bool, cells ...Cell) *Object {
	return &Object{name, cells, writable}
}

// Words returns an object with these numbers.
func Words(name string, writable bool, words ...*term.Word) *Object {
	o := NewObject(name, writable)
	for _, w := range words {
		o.Cells = append(o.Cells, w)
	}
	return o
}

// Pointer returns a pointer to the start of o.
func (o *Object) Pointer() Value { return Value{Pointer{o, 0}} }

// Slice returns the elements of o as a slice, of size cells each.
func (o *Object) Slice(size int) Value {
	n := len(o.Cells) / size
	return Value{Slice{Pointer{o, 0}, n, n}}
}

// Word returns cell i of o, a number.
func (o *Object) Word(i int) *term.Word { return o.Cells[i].(*term.Word) }

// width returns the number of bits of a number or a boolean.
func (p *Program) width(t types.Type) (w int, ok bool) {
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		return 0, false
	case basic.Info()&types.IsBoolean != 0:
		return 1, true
	case basic.Info()&types.IsInteger != 0 && basic.Info()&types.IsUntyped == 0:
		return 8 * int(p.sizes.Sizeof(basic)), true
	}
	return 0, false
}

// signed reports whether t is a type of signed integers.
func signed(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsInteger|types.IsUnsigned) == types.IsInteger
}

// cells returns the number of cells of a variable.
func (m *Machine) cells(t types.Type) int { return len(m.Zero(t)) }

// Zero returns the zero value of a type.
func (m *Machine) Zero(t types.Type) Value {
	if v, ok := m.zeros[t]; ok {
		return v
	}
	v := m.makeZero(t)
	m.zeros[t] = v
	return v
}

func (m *Machine) makeZero(t types.Type) (v Value) {
	if w, ok := m.program.width(t); ok {
		return Value{m.Space.Const(w, 0)}
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return Value{Pointer{}}
	case *types.Slice:
		return Value{Slice{}}
	case *types.Signature:
		return Value{closure{}}
	case *types.Array:
		for range u.Len() {
			v = append(v, m.Zero(u.Elem())...)
		}
		return v
	case *types.Struct:
		for f := range u.Fields() {
			v = append(v, m.Zero(f.Type())...)
		}
		return v
	case *types.Tuple:
		for f := range u.Variables() {
			v = append(v, m.Zero(f.Type())...)
		}
		return v
	case *types.Basic:
		if u.Kind() == types.String {
			return Value{Slice{}}
		}
	}
	m.fail("values of the type %v", t)
	return nil
}

// field returns the type of field i of a struct or tuple, and at which cell it begins.
func (m *Machine) field(t types.Type, i int) (field types.Type, at int) {
	typeOf := func(i int) types.Type { return t.Underlying().(*types.Struct).Field(i).Type() }
	if tuple, ok := t.(*types.Tuple); ok {
		typeOf = func(i int) types.Type { return tuple.At(i).Type() }
	}
	for k := range i {
		at += m.cells(typeOf(k))
	}
	return typeOf(i), at
}

// constant returns the value of a constant.
func (m *Machine) constant(c *ssa.Const) Value {
	if c.Value == nil {
		return m.Zero(c.Type())
	}
	switch c.Value.Kind() {
	case constant.Bool:
		return Value{m.bit(constant.BoolVal(c.Value))}
	case constant.Int:
		if w, ok := m.program.width(c.Type()); ok {
			n, exact := constant.Uint64Val(c.Value)
			if !exact {
				i, _ := constant.Int64Val(c.Value)
				n = uint64(i)
			}
			return Value{m.Space.Const(w, n)}
		}
	case constant.String:
		var bytes []*term.Word
		for _, b := range []byte(constant.StringVal(c.Value)) {
			bytes = append(bytes, m.Space.Const(8, uint64(b)))
		}
		return Words("a string", false, bytes...).Slice(1)
	}
	m.fail("the constant %v", c)
	return nil
}

func (m *Machine) bit(b bool) *term.Word {
	if b {
		return m.Space.Const(1, 1)
	}
	return m.Space.Const(1, 0)
}

// element returns where an element of a slice or an array is.
func (m *Machine) element(p Pointer, n, size int, index int64) Pointer {
	if index < 0 || index >= int64(n) {
		m.fail("index %d of %d elements", index, n)
	}
	return Pointer{p.Object, p.At + int(index)*size}
}

// object returns the object to which p points.
func (m *Machine) object(p Pointer) *Object {
	if p.Object == nil {
		m.fail("a nil pointer is used")
	}
	return p.Object
}

// load returns a copy of n cells.
func (m *Machine) load(p Pointer, n int) Value {
	return append(Value(nil), m.object(p).Cells[p.At:p.At+n]...)
}

// store changes cells.
func (m *Machine) store(p Pointer, v Value) {
	o := m.object(p)
	if !o.Writable {
		m.fail("a store to %s", o.Name)
	}
	copy(o.Cells[p.At:p.At+len(v)], v)
}

func (s Slice) String() string { return fmt.Sprintf("%d elements of %v", s.Len, s.Object.Name) }
