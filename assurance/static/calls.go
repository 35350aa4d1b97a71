package main

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// call follows secrets through a call. It enters the functions of the packages that are
// followed, and treats all others by the table trusted.
func (i *instance) call(x ssa.CallInstruction, to *cell) {
	common := x.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		i.builtin(x, b.Name(), common.Args, to)
		return
	}
	called, args := common.Value, common.Args
	if f := common.StaticCallee(); f != nil && f.String() == calling {
		called, args = args[0], nil
	}
	if common.IsInvoke() {
		args = append([]ssa.Value{common.Value}, args...)
	} else if creator, closure := i.closure(called); closure != nil {
		in := i.callClosure(creator, closure, args...)
		if x.Value() != nil {
			assign(x.Value().Type(), to, in.result)
		}
		return
	}
	callees := i.callees(x)
	if common.IsInvoke() && i.function.Pkg != nil && slices.Contains(delegating, i.function.Pkg.Pkg.Path()) && slices.ContainsFunc(callees, i.isEntry) && !slices.ContainsFunc(callees, i.isNoEntry) {
		i.taintMade(x, to)
		return
	}
	inside, entries := 0, 0
	for _, f := range callees {
		if f.String() == checked || i.isEntry(f) && f.Signature.Params().Len()+f.Signature.Results().Len() == 0 {
			entries++ // It is analysed as an entry point, and its results are not secret.
			continue
		}
		if f.Blocks == nil || f.Pkg != nil && !i.ours[f.Pkg.Pkg] {
			continue
		}
		inside++
		in := i.callee(f, args)
		for n, v := range f.FreeVars {
			in.before(v).join(element(i.cell(common.Value), n))
		}
		if x.Value() != nil {
			assign(x.Value().Type(), to, in.result)
		}
	}
	switch {
	case entries > 0:
	case common.IsInvoke() && inside == 0:
		i.outside(x, common.Method.FullName(), args, to)
	case len(callees) > 0 && inside == 0:
		i.outside(x, callees[0].String(), args, to)
	case inside == 0:
		i.outside(x, "a function value", append(args, common.Value), to)
	}
}

// taintMade makes secret what a call of a method may make of secrets: its results that are slices, and the memory for
// a shared key among its arguments.
func (i *instance) taintMade(x ssa.CallInstruction, to *cell) {
	isSlice := func(t types.Type) bool { _, ok := t.Underlying().(*types.Slice); return ok }
	name, signature := x.Common().Method.FullName(), x.Common().Signature()
	for n, arg := range x.Common().Args {
		if signature.Params().At(n).Name() == "sharedKey" {
			i.cell(arg).taint(name)
		}
	}
	if results := signature.Results(); results.Len() > 1 {
		for n := range results.Len() {
			if isSlice(results.At(n).Type()) {
				element(to, n).taint(name)
			}
		}
	} else if results.Len() == 1 && isSlice(results.At(0).Type()) {
		to.taint(name)
	}
}

// isNoEntry reports whether f is followed and is not an entry point.
func (a *analysis) isNoEntry(f *ssa.Function) bool {
	return f.Pkg != nil && a.ours[f.Pkg.Pkg] && !a.isEntry(f)
}

// callees returns the functions that a call may call.
func (i *instance) callees(x ssa.CallInstruction) (callees []*ssa.Function) {
	if f := x.Common().StaticCallee(); f != nil {
		return []*ssa.Function{f}
	}
	if node := i.graph.Nodes[i.function]; node != nil {
		for _, e := range node.Out {
			f := e.Callee.Func
			if e.Site == x && !isGeneric(f) && (!x.Common().IsInvoke() || i.converted[f.Signature.Recv().Type().String()]) {
				callees = append(callees, f)
			}
		}
	}
	return callees
}

// isGeneric reports whether f is a generic function without type arguments, or is declared in
// one. Such a function is never called: only its instances are.
func isGeneric(f *ssa.Function) bool {
	for f.Parent() != nil {
		f = f.Parent()
	}
	return f.TypeParams().Len() > len(f.TypeArgs())
}

// callee returns the instance of f for a call. A recursive call gets the instance that is
// already running, unless a function is among the arguments.
func (i *instance) callee(f *ssa.Function, args []ssa.Value) *instance {
	in := i
	for in != nil && in.function != f {
		in = in.caller
	}
	isFunction := func(v ssa.Value) bool { _, ok := v.Type().Underlying().(*types.Signature); return ok }
	if in == nil || slices.ContainsFunc(args, isFunction) {
		in = i.enter(f, i, args...)
	}
	for n, p := range f.Params {
		in.define(p, i.cell(args[n]))
	}
	return in
}

// closure returns the closure that v is, and the instance that made it. It follows parameters
// back to the callers, and returns nil for any other value. A call graph does not know the
// caller, and so would let secret.Do call every closure that is ever passed to it.
func (i *instance) closure(v ssa.Value) (*instance, *ssa.MakeClosure) {
	switch v := v.(type) {
	case *ssa.MakeClosure:
		return i, v
	case *ssa.Parameter:
		if n := slices.Index(i.function.Params, v); n < len(i.args) && i.caller != nil {
			return i.caller.closure(i.args[n])
		}
	}
	return nil, nil
}

// callClosure returns the instance of a closure for a call. All calls of a closure share one
// instance.
func (i *instance) callClosure(creator *instance, closure *ssa.MakeClosure, args ...ssa.Value) *instance {
	in := creator.closures[closure]
	if in == nil {
		in = i.enter(closure.Fn.(*ssa.Function), i, args...)
		if creator.closures == nil {
			creator.closures = map[*ssa.MakeClosure]*instance{}
		}
		creator.closures[closure] = in
		for n, v := range in.function.FreeVars {
			in.before(v).join(creator.cell(closure.Bindings[n]))
		}
	}
	for n, arg := range args {
		in.define(in.function.Params[n], i.cell(arg))
	}
	return in
}

// outside follows secrets through a call of a function that is not followed. Its arguments
// flow to its results, to the memory that it writes, and to the parameters of closures that
// it may call. If the table trusted does not have the function, a secret argument is a
// finding. So is a number for a kernel, and all that a kernel named Vartime reads.
func (i *instance) outside(x ssa.CallInstruction, name string, args []ssa.Value, to *cell) {
	name, _, _ = strings.Cut(name, "[")
	t, ok := trusted[name]
	isKernel := strings.HasPrefix(name, "hybridkem/")
	if !ok && isKernel && !strings.Contains(name, "Vartime") {
		t, ok = kernels, true
	}
	all := new(cell)
	for n, arg := range args {
		if closure, ok := arg.(*ssa.MakeClosure); ok {
			in := (&instance{analysis: i.analysis, caller: i, looped: true}).callClosure(i, closure)
			for _, p := range in.function.Params {
				all.flow(in.before(p))
				in.before(p).flow(all)
			}
			continue
		}
		i.cell(arg).whole().flow(all)
		if isKernel && isNumber(arg.Type()) {
			i.check(x.Pos(), i.cell(arg), "a number for "+name)
		}
		if !copied(arg.Type()) && (!ok || slices.Contains(t.writes, n)) {
			all.flow(i.cell(arg))
		}
	}
	if v := x.Value(); v != nil && t.results != known {
		if tuple, ok := v.Type().(*types.Tuple); ok {
			for n := range tuple.Len() {
				if t.results == secret || t.results == first && n == 0 {
					all.flow(element(to, n))
				}
			}
		} else {
			all.flow(to)
		}
	}
	if t.results == source {
		all.taint(name)
	}
	if ok {
		i.checks = append(i.checks, check{cell: all, what: name})
	} else {
		i.check(x.Pos(), all, "a call of "+name)
	}
}

func (i *instance) builtin(x ssa.CallInstruction, name string, args []ssa.Value, to *cell) {
	switch name {
	case "append":
		to.join(i.cell(args[0]))
		assign(args[0].Type().Underlying().(*types.Slice).Elem(), to, i.cell(args[1]))
	case "copy":
		assign(args[0].Type().Underlying().(*types.Slice).Elem(), i.cell(args[0]), i.cell(args[1]))
	case "len", "cap", "clear", "recover":
	case "min", "max":
		for _, arg := range args {
			i.forbid(x, arg, name)
			i.cell(arg).flow(to)
		}
	case "String", "SliceData", "Slice", "ssa:wrapnilchk":
		to.join(i.cell(args[0]))
	case "Add": // of package unsafe
		i.forbid(x, args[1], name)
		to.join(i.cell(args[0]))
	default:
		i.find("%s: %s is not followed", i.fset.Position(x.Pos()), name)
	}
}
