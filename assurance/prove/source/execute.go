package source

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// execute does an instruction that neither ends a block nor chooses by the block before.
func (f *frame) execute(i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.Store:
		f.store(f.pointer(i.Addr), f.get(i.Val))
		return
	case *ssa.DebugRef:
		return
	}
	v, ok := i.(ssa.Value)
	if !ok {
		f.fail("an instruction that is not known")
	}
	f.values[v] = f.evaluate(v)
}

func (f *frame) pointer(v ssa.Value) Pointer { return f.get(v)[0].(Pointer) }

// evaluate returns the result of an instruction.
func (f *frame) evaluate(v ssa.Value) Value {
	switch v := v.(type) {
	case *ssa.Alloc:
		return f.Variable(v.Comment, v.Type()).Pointer()
	case *ssa.BinOp:
		return Value{f.binary(v)}
	case *ssa.Call:
		return f.callOf(v)
	case *ssa.ChangeType:
		return f.get(v.X)
	case *ssa.Convert:
		return Value{f.convert(v)}
	case *ssa.Extract:
		return f.part(v.Tuple, v.Index)
	case *ssa.Field:
		return f.part(v.X, v.Field)
	case *ssa.FieldAddr:
		p := f.pointer(v.X)
		f.object(p)
		_, at := f.field(deref(v.X.Type()), v.Field)
		return Value{Pointer{p.Object, p.At + at}}
	case *ssa.Index:
		array, ok := v.X.Type().Underlying().(*types.Array)
		if !ok {
			f.fail("an index of %v", v.X.Type())
		}
		all := Object{Cells: f.get(v.X)}
		size := f.cells(array.Elem())
		return f.load(f.element(Pointer{&all, 0}, int(array.Len()), size, f.number(v.Index)), size)
	case *ssa.IndexAddr:
		s := f.sequence(v.X)
		return Value{f.element(s.Pointer, s.Len, f.cells(deref(v.Type())), f.number(v.Index))}
	case *ssa.MakeClosure:
		c := closure{function: v.Fn.(*ssa.Function)}
		for _, b := range v.Bindings {
			c.free = append(c.free, f.get(b))
		}
		return Value{c}
	case *ssa.MakeSlice:
		n, room := f.number(v.Len), f.number(v.Cap)
		if n < 0 || room < n || room > 1<<20 {
			f.fail("a slice with length %d and capacity %d", n, room)
		}
		p := f.alloc("a slice", v.Type().Underlying().(*types.Slice).Elem(), int(room))[0].(Pointer)
		return Value{Slice{p, int(n), int(room)}}
	case *ssa.Slice:
		return Value{f.slice(v)}
	case *ssa.SliceToArrayPointer:
		s := f.get(v.X)[0].(Slice)
		if n := deref(v.Type()).Underlying().(*types.Array).Len(); int64(s.Len) < n {
			f.fail("%d elements for an array of %d", s.Len, n)
		}
		return Value{s.Pointer}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return f.load(f.pointer(v.X), f.cells(v.Type()))
		}
		return Value{f.unary(v)}
	}
	f.fail("an instruction that is not known")
	return nil
}

// alloc returns a pointer to n new variables.
func (m *Machine) alloc(name string, t types.Type, n int) Value {
	o := NewObject(name, true)
	for range n {
		o.Cells = append(o.Cells, m.Zero(t)...)
	}
	return o.Pointer()
}

// part returns a field of a struct, or a result of a function.
func (f *frame) part(v ssa.Value, i int) Value {
	t, at := f.field(v.Type(), i)
	return f.get(v)[at:][:f.cells(t)]
}

// sequence returns a slice, a string, or the array to which v points, as a slice.
func (f *frame) sequence(v ssa.Value) Slice {
	switch cell := f.get(v)[0].(type) {
	case Slice:
		return cell
	case Pointer:
		f.object(cell)
		n := int(deref(v.Type()).Underlying().(*types.Array).Len())
		return Slice{cell, n, n}
	}
	f.fail("%v is not a sequence", v)
	return Slice{}
}

// elementSize returns the number of cells of an element of a slice, a string, or the array to
// which v points.
func (f *frame) elementSize(v ssa.Value) int {
	switch t := v.Type().Underlying().(type) {
	case *types.Slice:
		return f.cells(t.Elem())
	case *types.Pointer:
		return f.cells(t.Elem().Underlying().(*types.Array).Elem())
	}
	return 1
}

func (f *frame) slice(v *ssa.Slice) Slice {
	s := f.sequence(v.X)
	if _, ok := v.X.Type().Underlying().(*types.Basic); ok {
		s.Cap = s.Len // a string
	}
	low, high, room := int64(0), int64(s.Len), int64(s.Cap)
	if v.Low != nil {
		low = f.number(v.Low)
	}
	if v.High != nil {
		high = f.number(v.High)
	}
	if v.Max != nil {
		room = f.number(v.Max)
	}
	if low < 0 || high < low || room < high || int64(s.Cap) < room {
		f.fail("elements %d to %d of %d, with capacity %d of %d", low, high, s.Len, room, s.Cap)
	}
	return Slice{Pointer{s.Object, s.At + int(low)*f.elementSize(v.X)}, int(high - low), int(room - low)}
}
