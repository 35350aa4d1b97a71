package main

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// An instance is one call of a function.
type instance struct {
	*analysis
	function  *ssa.Function
	caller    *instance
	args      []ssa.Value     // the arguments, as values of the caller; empty for an entry point
	looped    bool            // whether the call is in a loop
	at        token.Pos       // the place of the instruction that is being followed
	block     *ssa.BasicBlock // the block of that instruction
	cells     map[ssa.Value]*cell
	names     map[ssa.Value]*types.Var // the variables with directives, by their values
	published map[ssa.Value]*cell      // the cells of such values after the directive
	closures  map[*ssa.MakeClosure]*instance
	result    *cell // several results are its elements
}

// enter analyses a call of f. Without a caller, f is an entry point.
func (a *analysis) enter(f *ssa.Function, caller *instance, args ...ssa.Value) *instance {
	i := &instance{
		analysis: a, function: f, caller: caller, args: args, at: f.Pos(), result: new(cell),
		cells: map[ssa.Value]*cell{},
	}
	i.looped = caller != nil && (caller.looped || caller.block != nil && a.inLoop(caller.block))
	a.covered[f] = true
	a.calls++
	if a.isEntry(f) {
		for _, p := range f.Params {
			if slices.Contains(secretParameters, p.Name()) {
				i.cell(p).taint(f.Name() + "'s " + p.Name())
			}
		}
	}
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if d, ok := instr.(*ssa.DebugRef); ok {
				if v, ok := d.Object().(*types.Var); ok && len(a.directives[v]) > 0 {
					if i.names == nil {
						i.names, i.published = map[ssa.Value]*types.Var{}, map[ssa.Value]*cell{}
					}
					i.names[d.X] = v
				}
			}
		}
	}
	for _, block := range f.Blocks {
		i.block, i.at = block, f.Pos()
		for _, instr := range block.Instrs {
			if instr.Pos().IsValid() {
				i.at = instr.Pos()
			}
			i.follow(instr)
		}
	}
	return i
}

// isPublic reports whether a directive makes a variable or field public at the instruction
// that is being followed.
func (i *instance) isPublic(v *types.Var) bool {
	here := false
	for _, d := range i.directives[v] {
		if d.decl.Pos() <= i.at && i.at < d.decl.End() {
			if d.at < i.at {
				return true
			}
			here = true
		}
	}
	return v.IsField() && !here && len(i.directives[v]) > 0
}

// cell returns the cell of a value at the instruction that is being followed.
func (i *instance) cell(v ssa.Value) *cell {
	name := i.names[v]
	if name == nil || !i.isPublic(name) {
		return i.before(v)
	}
	if i.published[v] == nil {
		i.published[v] = &cell{public: true}
	}
	if _, array := name.Type().Underlying().(*types.Array); !array && copied(name.Type()) && (i.looped || i.inLoop(i.block)) {
		i.check(i.at, i.before(v), "a directive in a loop")
	}
	return i.published[v]
}

// before returns the cell that a value has before any directive. A constant or a function
// gets a new cell each time.
func (i *instance) before(v ssa.Value) *cell {
	switch v := v.(type) {
	case *ssa.Const, *ssa.Function, *ssa.Builtin:
		return new(cell)
	case *ssa.Global:
		if i.globals[v] == nil {
			i.globals[v] = new(cell)
		}
		return i.globals[v]
	}
	if i.cells[v] == nil {
		i.cells[v] = new(cell)
	}
	return i.cells[v]
}

// define makes v, which is new, a copy of from. If v has a directive, from flows to v but
// their cells stay apart, so that v can become public without from.
func (i *instance) define(v ssa.Value, from *cell) {
	if i.names[v] != nil {
		from.whole().flow(i.before(v))
	} else {
		assign(v.Type(), i.before(v), from)
	}
}

// field returns the cell of a field of the struct that x is or points to.
func (i *instance) field(x ssa.Value, index int) *cell {
	t := x.Type().Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	v := t.(*types.Struct).Field(index).Origin()
	c := i.cell(x).root()
	key := any(v)
	public := i.isPublic(v)
	if !public && len(i.directives[v]) > 0 {
		key = [1]any{v} // the field before its directive, in the function that has it
	}
	if c.fields[key] == nil {
		f := &cell{public: public}
		c.set(key, f)
		if secret := i.secrets[v]; secret != "" {
			f.taint(secret)
		}
	}
	return c.fields[key]
}

// check adds a check of c.
func (i *instance) check(at token.Pos, c *cell, what string) {
	i.checks = append(i.checks, check{c, at, i.function, what})
}

// forbid adds a check of v, an operand of instr that must not be secret. v may be nil.
func (i *instance) forbid(instr ssa.Instruction, v ssa.Value, what string) {
	if v != nil {
		i.check(cmp.Or(instr.Pos(), v.Pos(), i.function.Pos()), i.cell(v), what)
	}
}

// restrict forbids secrets in the operands on which the time or the address of an instruction
// depends.
func (i *instance) restrict(instr ssa.Instruction) {
	switch x := instr.(type) {
	case *ssa.IndexAddr:
		i.forbid(x, x.Index, "an index")
	case *ssa.Index:
		i.forbid(x, x.Index, "an index")
	case *ssa.Lookup:
		i.forbid(x, x.Index, "a look-up")
	case *ssa.MapUpdate:
		i.forbid(x, x.Key, "a key of a map")
	case *ssa.Slice:
		for _, bound := range []ssa.Value{x.Low, x.High, x.Max} {
			i.forbid(x, bound, "a bound of a slice")
		}
	case *ssa.MakeChan:
		i.forbid(x, x.Size, "a capacity")
	case *ssa.MakeSlice:
		i.forbid(x, x.Len, "a length")
		i.forbid(x, x.Cap, "a capacity")
	case *ssa.MakeInterface:
		if _, basic := x.X.Type().Underlying().(*types.Basic); basic {
			i.forbid(x, x.X, "a conversion to an interface")
		}
	case *ssa.Next:
		i.forbid(x, x.Iter, "a loop over a map or string")
	case *ssa.If:
		i.forbid(x, x.Cond, "a branch")
	}
}

// follow follows secrets through an instruction.
func (i *instance) follow(instr ssa.Instruction) {
	i.restrict(instr)
	to := new(cell)
	v, isValue := instr.(ssa.Value)
	if isValue {
		to = i.before(v)
		if i.names[v] != nil && !copied(v.Type()) {
			to = new(cell)
			defer i.define(v, to)
		}
	}
	switch x := instr.(type) {
	case *ssa.Alloc, *ssa.Jump, *ssa.If, *ssa.Next, *ssa.DebugRef, *ssa.RunDefers, *ssa.MakeMap, *ssa.MakeSlice, *ssa.MakeChan, *ssa.Panic:
	case *ssa.UnOp, *ssa.IndexAddr, *ssa.Index, *ssa.Slice, *ssa.SliceToArrayPointer, *ssa.ChangeType, *ssa.ChangeInterface, *ssa.Range:
		assign(v.Type(), to, i.cell(*instr.Operands(nil)[0]))
	case *ssa.BinOp:
		i.binary(x, to)
	case *ssa.FieldAddr:
		to.join(i.field(x.X, x.Field))
	case *ssa.Field:
		assign(x.Type(), to, i.field(x.X, x.Field))
	case *ssa.Lookup:
		if x.CommaOk {
			to = element(to, 0)
		}
		to.join(i.cell(x.X))
	case *ssa.MapUpdate:
		i.cell(x.Map).join(i.cell(x.Value))
	case *ssa.MakeInterface:
		assign(x.X.Type(), to, i.cell(x.X))
	case *ssa.TypeAssert:
		if x.CommaOk {
			to = element(to, 0)
		}
		if !standardKey.MatchString(x.AssertedType.String()) {
			assign(x.AssertedType, to, i.cell(x.X))
		}
	case *ssa.Convert:
		i.convert(x, to)
	case *ssa.Extract:
		assign(x.Type(), to, element(i.cell(x.Tuple), x.Index))
	case *ssa.Phi:
		for _, edge := range x.Edges {
			assign(x.Type(), to, i.cell(edge))
		}
	case *ssa.Store:
		if variadic(x.Addr) {
			i.cell(x.Val).whole().flow(i.cell(x.Addr))
		} else {
			assign(x.Val.Type(), i.cell(x.Addr), i.cell(x.Val))
		}
	case *ssa.Send:
		assign(x.X.Type(), i.cell(x.Chan), i.cell(x.X))
	case *ssa.Select:
		received := 2 // The first results are the number of the case, and whether the channel is open.
		for _, s := range x.States {
			if s.Dir == types.SendOnly {
				assign(s.Send.Type(), i.cell(s.Chan), i.cell(s.Send))
			} else {
				assign(s.Chan.Type().Underlying().(*types.Chan).Elem(), element(to, received), i.cell(s.Chan))
				received++
			}
		}
	case *ssa.MakeClosure:
		for n, b := range x.Bindings {
			element(to, n).join(i.cell(b))
		}
	case *ssa.Return:
		for n, v := range x.Results {
			result := i.result
			if len(x.Results) > 1 {
				result = element(result, n)
			}
			assign(v.Type(), result, i.cell(v))
		}
	case ssa.CallInstruction:
		i.call(x, to)
	default:
		i.find("%s: %T is not followed", i.fset.Position(instr.Pos()), instr)
	}
}

// convert follows secrets through a conversion. An address is not secret, even if the memory
// there is.
func (i *instance) convert(x *ssa.Convert, to *cell) {
	switch {
	case isNumber(x.Type()) && isPointer(x.X.Type()):
	case isPointer(x.Type()) && isNumber(x.X.Type()):
		i.find("%s: a pointer made of a number is not followed", i.fset.Position(x.Pos()))
	case copied(x.Type()) || copied(x.X.Type()):
		i.cell(x.X).flow(to)
	default:
		to.join(i.cell(x.X))
	}
}

func isNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

func isPointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

// variadic reports whether an address is a place for one of a variable number of arguments.
// The analysis assumes that functions only read the memory behind such arguments. Without
// that, the cells of all parts of a message would become one.
func variadic(address ssa.Value) bool {
	element, ok := address.(*ssa.IndexAddr)
	if !ok {
		return false
	}
	array, ok := element.X.(*ssa.Alloc)
	return ok && array.Comment == "varargs"
}

// binary follows secrets through an operation on two values.
func (i *instance) binary(x *ssa.BinOp, to *cell) {
	forbid := func(what string) {
		i.forbid(x, x.X, what)
		i.forbid(x, x.Y, what)
	}
	switch x.Op {
	case token.QUO, token.REM:
		// Division by a constant is usually compiled to a multiplication. If it is not,
		// checkMachine finds it.
		if _, constant := x.Y.(*ssa.Const); !constant {
			forbid("a division")
		}
	case token.SHL, token.SHR:
		i.forbid(x, x.Y, "the count of a shift")
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		switch t := x.X.Type().Underlying().(type) {
		case *types.Basic:
			if t.Info()&types.IsString != 0 {
				forbid("a comparison of strings")
			}
		case *types.Array, *types.Struct:
			i.cell(x.X).whole().flow(to)
			i.cell(x.Y).whole().flow(to)
			i.check(x.Pos(), to, "a comparison of more than a number")
		case *types.Interface:
			// Comparing any other interface tells whether it is nil, and that does not
			// depend on the secrets in it.
			if !types.Identical(x.X.Type(), errorType) && !types.Identical(x.Y.Type(), errorType) {
				return
			}
		default:
			return // a comparison of addresses
		}
	}
	i.cell(x.X).flow(to)
	i.cell(x.Y).flow(to)
}
