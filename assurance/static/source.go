package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// The analysis of the source follows secrets through the functions that can be reached
// from the entry points, each call anew, as if functions were inlined. It knows no order:
// what is secret once always is. It does not follow what is decided by branches, since a
// branch on a secret is a finding.
//
// Each value has a cell. That of a pointer, slice, string or interface is what it refers
// to, with all elements in one; fields of structs have cells of their own. Numbers
// and arrays of numbers are copied, so that they flow from cell to cell; of all else
// copies share memory, so that their cells become one. Methods of an interface are those of
// all types that are converted to it anywhere, also by way of other interfaces.

// sources are the packages into which the analysis goes.
var sources = []string{
	"./mlkem", "./xwing", "./combiner", "./combiner/tlskex", "./combiner/sshkex", "./kem", "./internal/hybrid",
	"./internal/nist", "./internal/mlkem", "./internal/ring", "./internal/sha3",
	"./internal/x25519", "./internal/cpu", "./internal/derand", "./internal/secret", "./internal/fips",
	"./internal/fault",
	"filippo.io/edwards25519", "filippo.io/edwards25519/field",
}

// A cell is what may become secret.
type cell struct {
	parent *cell // the cell that this one has become a part of
	secret string
	public bool // declassified: nothing makes it secret
	opaque bool // code that is not followed reads it: it is secret if a field is
	fields map[any]*cell
	flows  []*cell // what becomes secret with it
}

func (c *cell) root() *cell {
	if c.parent == nil {
		return c
	}
	c.parent = c.parent.root()
	return c.parent
}

// taint makes c secret, for a reason, and all that follows.
func (c *cell) taint(secret string) {
	todo := []*cell{c}
	for len(todo) > 0 {
		c := todo[len(todo)-1].root()
		todo = todo[:len(todo)-1]
		if c.secret == "" && !c.public {
			c.secret = secret
			todo = append(todo, c.flows...)
			todo = slices.AppendSeq(todo, maps.Values(c.fields))
		}
	}
}

// flow makes d secret if c is, or will be.
func (c *cell) flow(d *cell) {
	c = c.root()
	c.flows = append(c.flows, d)
	if c.secret != "" {
		d.taint(c.secret)
	}
}

// join makes one cell of two. What is public stays apart.
func (c *cell) join(d *cell) {
	c, d = c.root(), d.root()
	if c == d || c.public || d.public {
		return
	}
	if c.secret != "" {
		d.taint(c.secret)
	} else if d.secret != "" {
		c.taint(d.secret)
	}
	d.parent = c
	c.flows = append(c.flows, d.flows...)
	fields := d.fields
	d.flows, d.fields = nil, nil
	if d.opaque {
		c.close()
	}
	for key, f := range fields {
		if own := c.root().fields[key]; own != nil {
			own.join(f)
		} else {
			c.root().set(key, f)
		}
	}
}

func (c *cell) set(key any, f *cell) {
	if c.fields == nil {
		c.fields = map[any]*cell{}
	}
	c.fields[key] = f
	if c.secret != "" {
		f.taint(c.secret)
	}
	if c.opaque {
		f.close()
		f.flow(c)
	}
}

// close makes c, and what is in it, opaque.
func (c *cell) close() {
	c = c.root()
	if c.opaque {
		return
	}
	c.opaque = true
	for _, f := range c.fields {
		f.close()
		f.flow(c)
	}
}

// An analysis is one of all entry points.
type analysis struct {
	*report
	fset      *token.FileSet
	graph     *callgraph.Graph
	ours      map[*types.Package]bool
	public    map[*types.Var]int         // declassified, in how many places
	converted map[string]map[string]bool // to an interface, which types
	secrets   map[*types.Var]string      // fields
	globals   map[*ssa.Global]*cell
	covered   map[*ssa.Function]bool
	checks    []func()          // of what must not be secret, when all is known
	found     map[string]string // and what was
	calls     int
}

// checkSource analyses the module in root, as it is for a platform.
func checkSource(r *report, root string, p platform) error {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir: root, Env: p.environ(), BuildFlags: []string{"-tags", p.tags},
	}, sources...)
	if err != nil {
		return err
	}
	if packages.PrintErrors(loaded) > 0 {
		return fmt.Errorf("%s: packages with errors", p)
	}
	prog, built := ssautil.Packages(loaded, ssa.InstantiateGenerics|ssa.GlobalDebug)
	prog.Build()
	a := &analysis{
		report: r, fset: prog.Fset, graph: cha.CallGraph(prog), ours: map[*types.Package]bool{},
		converted: map[string]map[string]bool{}, public: map[*types.Var]int{}, secrets: map[*types.Var]string{},
		globals: map[*ssa.Global]*cell{}, covered: map[*ssa.Function]bool{}, found: map[string]string{},
	}
	for i, pkg := range loaded {
		a.ours[pkg.Types] = true
		if err := a.readDirectives(pkg); err != nil {
			return err
		}
		for _, f := range secretFields {
			if path, rest, ok := strings.Cut(f.field, " "); ok && path == pkg.PkgPath {
				typeName, name, _ := strings.Cut(rest, ".")
				s := built[i].Type(typeName).Type().Underlying().(*types.Struct)
				for v := range s.Fields() {
					if v.Name() == name {
						a.secrets[v] = rest
					}
				}
			}
		}
	}
	if len(a.secrets) != len(secretFields) {
		return fmt.Errorf("of %d secret fields in the table, %d exist", len(secretFields), len(a.secrets))
	}
	functions := ssautil.AllFunctions(prog)
	a.findConversions(functions)
	entries := 0
	for _, f := range entryPoints(functions) {
		entries++
		i := a.enter(f, nil)
		for _, param := range f.Params {
			if slices.Contains(secretParameters, param.Name()) {
				i.cell(param).taint(f.Name() + "'s " + param.Name())
			}
		}
	}
	for _, check := range a.checks {
		check()
	}
	for _, where := range keys(a.found) {
		r.find("%s: %s: %s", p, where, a.found[where])
	}
	for f := range a.covered {
		r.detail("%s: followed %s", p, f)
	}
	fmt.Printf("%s: %d entry points, %d functions followed through %d calls, %d declassified variables\n",
		p, entries, len(a.covered), a.calls, len(a.public))
	return nil
}

// findConversions finds which types the values of each interface can have.
func (a *analysis) findConversions(functions map[*ssa.Function]bool) {
	type step struct{ from, to string } // between interfaces
	steps := map[step]bool{}
	for f := range functions {
		for _, block := range f.Blocks {
			for _, instr := range block.Instrs {
				switch x := instr.(type) {
				case *ssa.MakeInterface:
					a.convert(x.X.Type().String(), x.Type().String())
				case *ssa.ChangeInterface:
					steps[step{x.X.Type().String(), x.Type().String()}] = true
				case *ssa.ChangeType:
					steps[step{x.X.Type().String(), x.Type().String()}] = true
				case *ssa.TypeAssert:
					steps[step{x.X.Type().String(), x.AssertedType.String()}] = true
				}
			}
		}
	}
	for more := true; more; {
		more = false
		for s := range steps {
			for t := range a.converted[s.from] {
				more = a.convert(t, s.to) || more
			}
		}
	}
}

// convert notes that values of a type are converted to an interface. It reports whether that
// is new.
func (a *analysis) convert(t, to string) bool {
	if a.converted[to][t] {
		return false
	}
	if a.converted[to] == nil {
		a.converted[to] = map[string]bool{}
	}
	a.converted[to][t] = true
	return true
}

// entryPoints returns the exported functions and methods of the packages whose callers
// have secrets.
func entryPoints(functions map[*ssa.Function]bool) (entries []*ssa.Function) {
	for f := range functions {
		if f.Object() == nil || f.Synthetic != "" || f.Pkg == nil || !f.Object().Exported() {
			continue
		}
		switch f.Pkg.Pkg.Path() {
		case "hybridkem/mlkem", "hybridkem/xwing", "hybridkem/combiner", "hybridkem/combiner/tlskex",
			"hybridkem/combiner/sshkex", "hybridkem/kem", "hybridkem/internal/hybrid":
			entries = append(entries, f)
		}
	}
	slices.SortFunc(entries, func(f, g *ssa.Function) int { return cmp.Compare(f.Pos(), g.Pos()) })
	return entries
}

const directivePrefix = "//ct:declassify "

// readDirectives reads the comments
//
//	//ct:declassify EXPR: reason
//
// of a package. EXPR is a variable, or a field, x.f, or a part of one. A variable is public
// all over its function, and a field in all structs of its type.
func (a *analysis) readDirectives(pkg *packages.Package) error {
	for _, file := range pkg.Syntax {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				text, ok := strings.CutPrefix(comment.Text, directivePrefix)
				if !ok {
					continue
				}
				where := a.fset.Position(comment.Pos())
				expr, reason, _ := strings.Cut(text, ": ")
				e, err := parser.ParseExpr(expr)
				if err != nil || reason == "" {
					return fmt.Errorf("%s: not %sEXPR: reason", where, directivePrefix)
				}
				info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
				if err := types.CheckExpr(a.fset, pkg.Types, comment.Pos(), e, info); err != nil {
					return fmt.Errorf("%s: %w", where, err)
				}
				v, ok := info.Uses[lastName(e)].(*types.Var)
				if !ok {
					return fmt.Errorf("%s: neither a variable nor a field", where)
				}
				a.public[v]++
			}
		}
	}
	return nil
}

// lastName returns the variable or field of which e is a part.
func lastName(e ast.Expr) *ast.Ident {
	switch x := e.(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.SliceExpr:
		return lastName(x.X)
	case *ast.IndexExpr:
		return lastName(x.X)
	case *ast.StarExpr:
		return lastName(x.X)
	}
	return nil
}

// An instance is one call of a function.
type instance struct {
	*analysis
	function *ssa.Function
	caller   *instance
	cells    map[ssa.Value]*cell
	result   *cell // with a field for each of several
}

// enter analyses a call of f.
func (a *analysis) enter(f *ssa.Function, caller *instance) *instance {
	i := &instance{analysis: a, function: f, caller: caller, cells: map[ssa.Value]*cell{}, result: new(cell)}
	a.covered[f] = true
	a.calls++
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if d, ok := instr.(*ssa.DebugRef); ok {
				if v, ok := d.Object().(*types.Var); ok && a.public[v] > 0 {
					i.cell(d.X).public = true
				}
			}
		}
	}
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			i.follow(instr)
		}
	}
	return i
}

// cell returns the cell of a value. Constants have a new one each time.
func (i *instance) cell(v ssa.Value) *cell {
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

// field returns the cell of a field of what x is or points to.
func (i *instance) field(x ssa.Value, index int) *cell {
	t := x.Type().Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	v := t.(*types.Struct).Field(index).Origin()
	c := i.cell(x).root()
	if c.fields[v] == nil {
		f := &cell{public: i.public[v] > 0}
		c.set(v, f)
		if secret := i.secrets[v]; secret != "" {
			f.taint(secret)
		}
	}
	return c.fields[v]
}

// element returns the cell of one of several results, or of what a closure holds.
func element(c *cell, index int) *cell {
	c = c.root()
	if c.fields[index] == nil {
		c.set(index, new(cell))
	}
	return c.fields[index]
}

// copied reports whether values of a type share no memory that can change.
func copied(t types.Type) bool {
	if array, ok := t.Underlying().(*types.Array); ok {
		return copied(array.Elem())
	}
	_, basic := t.Underlying().(*types.Basic)
	return basic || types.Identical(t, errorType)
}

var errorType = types.Universe.Lookup("error").Type()

// assign makes to a copy of from, of type t.
func assign(t types.Type, to, from *cell) {
	if tuple, ok := t.(*types.Tuple); ok {
		for n := range tuple.Len() {
			assign(tuple.At(n).Type(), element(to, n), element(from, n))
		}
	} else if copied(t) {
		from.flow(to)
	} else {
		to.join(from)
	}
}

// forbid makes it a finding if v is secret in the end.
func (i *instance) forbid(instr ssa.Instruction, v ssa.Value, what string) {
	if v == nil {
		return
	}
	c := i.cell(v)
	i.checks = append(i.checks, func() {
		if secret := c.root().secret; secret != "" {
			pos := cmp.Or(instr.Pos(), v.Pos(), i.function.Pos())
			p := i.fset.Position(pos)
			where := i.function.String() + ": " + what
			if _, ok := accepted[where]; ok {
				i.used[where] = true
				return
			}
			i.found[fmt.Sprintf("%s:%d: %s", filepath.Base(p.Filename), p.Line, where)] = "depends on " + secret
		}
	})
}

// follow follows secrets through an instruction.
func (i *instance) follow(instr ssa.Instruction) {
	to := new(cell)
	if v, ok := instr.(ssa.Value); ok {
		to = i.cell(v)
	}
	switch x := instr.(type) {
	case *ssa.Alloc, *ssa.Jump, *ssa.DebugRef, *ssa.RunDefers, *ssa.MakeMap, *ssa.Panic:
	case *ssa.BinOp:
		i.binary(x, to)
	case *ssa.UnOp:
		assign(x.Type(), to, i.cell(x.X))
	case *ssa.FieldAddr:
		to.join(i.field(x.X, x.Field))
	case *ssa.Field:
		assign(x.Type(), to, i.field(x.X, x.Field))
	case *ssa.IndexAddr:
		i.forbid(x, x.Index, "an index")
		to.join(i.cell(x.X))
	case *ssa.Index:
		i.forbid(x, x.Index, "an index")
		assign(x.Type(), to, i.cell(x.X))
	case *ssa.Lookup:
		i.forbid(x, x.Index, "a look-up")
		to.join(i.cell(x.X))
	case *ssa.MapUpdate:
		i.forbid(x, x.Key, "a key of a map")
		i.cell(x.Map).join(i.cell(x.Value))
	case *ssa.Slice:
		for _, bound := range []ssa.Value{x.Low, x.High, x.Max} {
			i.forbid(x, bound, "a bound of a slice")
		}
		to.join(i.cell(x.X))
	case *ssa.MakeSlice:
		i.forbid(x, x.Len, "a length")
		i.forbid(x, x.Cap, "a capacity")
	case *ssa.MakeInterface:
		if _, basic := x.X.Type().Underlying().(*types.Basic); basic {
			i.forbid(x, x.X, "a conversion to an interface")
		}
		assign(x.X.Type(), to, i.cell(x.X))
	case *ssa.TypeAssert:
		if x.CommaOk {
			to = element(to, 0)
		}
		assign(x.AssertedType, to, i.cell(x.X))
	case *ssa.Convert:
		if number, pointer := isNumber(x.Type()), isPointer(x.X.Type()); number && pointer {
			return // where something lies is no secret, whatever it holds
		}
		if isPointer(x.Type()) && isNumber(x.X.Type()) {
			i.find("%s: a pointer made of a number is not followed", i.fset.Position(x.Pos()))
		}
		if copied(x.Type()) || copied(x.X.Type()) {
			i.cell(x.X).flow(to)
		} else {
			to.join(i.cell(x.X))
		}
	case *ssa.ChangeType:
		assign(x.Type(), to, i.cell(x.X))
	case *ssa.ChangeInterface:
		assign(x.X.Type(), to, i.cell(x.X))
	case *ssa.SliceToArrayPointer:
		to.join(i.cell(x.X))
	case *ssa.Extract:
		assign(x.Type(), to, element(i.cell(x.Tuple), x.Index))
	case *ssa.Phi:
		for _, edge := range x.Edges {
			assign(x.Type(), to, i.cell(edge))
		}
	case *ssa.Range:
		to.join(i.cell(x.X))
	case *ssa.Next:
		i.forbid(x, x.Iter, "a loop over a map or string")
	case *ssa.Store:
		if variadic(x.Addr) {
			i.cell(x.Val).close()
			i.cell(x.Val).flow(i.cell(x.Addr))
			return
		}
		assign(x.Val.Type(), i.cell(x.Addr), i.cell(x.Val))
	case *ssa.If:
		i.forbid(x, x.Cond, "a branch")
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

func isNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

func isPointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

// variadic reports whether an address is that of one of a variable number of arguments.
// Functions are taken to only read what those refer to; else all parts of a message would
// become one.
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
	switch x.Op {
	case token.QUO, token.REM:
		// What the compiler makes of constant divisors, the machine code shows.
		if _, constant := x.Y.(*ssa.Const); !constant {
			i.forbid(x, x.X, "a division")
			i.forbid(x, x.Y, "a division")
		}
	case token.SHL, token.SHR:
		i.forbid(x, x.Y, "the count of a shift")
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		switch t := x.X.Type().Underlying().(type) {
		case *types.Basic:
			if t.Info()&types.IsString != 0 {
				i.forbid(x, x.X, "a comparison of strings")
				i.forbid(x, x.Y, "a comparison of strings")
			}
		case *types.Array, *types.Struct:
			i.cell(x.X).close()
			i.cell(x.Y).close()
			i.forbid(x, x.X, "a comparison of more than a number")
			i.forbid(x, x.Y, "a comparison of more than a number")
		case *types.Interface:
			// What is not an error is there or not, whatever is secret in it.
			if !types.Identical(x.X.Type(), errorType) && !types.Identical(x.Y.Type(), errorType) {
				return
			}
		default:
			return // of addresses
		}
	}
	i.cell(x.X).flow(to)
	i.cell(x.Y).flow(to)
}

// runners call what they are given last. A call graph would have them call every function.
var runners = map[string]bool{
	"hybridkem/internal/secret.Do":           true,
	"hybridkem/internal/secret.DoFar":        true,
	"(*hybridkem/internal/secret.Uses).Do":   true,
	"(*hybridkem/internal/hybrid.Hybrid).do": true,
	"hybridkem/internal/secret.OrDestroy":    true,
}

// call follows secrets through a call, into functions of ours.
func (i *instance) call(x ssa.CallInstruction, to *cell) {
	common := x.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		i.builtin(x, b.Name(), common.Args, to)
		return
	}
	args := common.Args
	if common.IsInvoke() {
		args = append([]ssa.Value{common.Value}, args...)
	}
	var callees []*ssa.Function
	if f := common.StaticCallee(); f != nil && runners[f.String()] {
		closure := args[len(args)-1].(*ssa.MakeClosure)
		in := i.enter(closure.Fn.(*ssa.Function), i)
		for n, v := range in.function.FreeVars {
			in.cell(v).join(i.cell(closure.Bindings[n]))
		}
		return
	} else if f != nil && f.String() == "hybridkem/kem.CheckKeyPair" {
		// It is an entry point, with keys of all types, and gives back no secret.
		return
	} else if f != nil {
		callees = append(callees, f)
	} else if node := i.graph.Nodes[i.function]; node != nil {
		for _, e := range node.Out {
			f := e.Callee.Func
			if e.Site == x && (!common.IsInvoke() || i.converted[common.Value.Type().String()][f.Signature.Recv().Type().String()]) {
				callees = append(callees, f)
			}
		}
	}
	inside := 0
	for _, f := range callees {
		if f.Blocks == nil || f.Pkg != nil && !i.ours[f.Pkg.Pkg] {
			continue
		}
		inside++
		in := i
		for in != nil && in.function != f {
			in = in.caller
		}
		if in == nil {
			in = i.enter(f, i)
		}
		for n, p := range f.Params {
			assign(p.Type(), in.cell(p), i.cell(args[n]))
		}
		for n, v := range f.FreeVars {
			in.cell(v).join(element(i.cell(common.Value), n))
		}
		if x.Value() != nil {
			assign(x.Value().Type(), to, in.result)
		}
	}
	switch {
	case common.IsInvoke() && inside == 0:
		i.outside(x, common.Method.FullName(), args, to)
	case len(callees) > 0 && inside == 0:
		i.outside(x, callees[0].String(), args, to)
	case inside == 0:
		i.outside(x, "a function value", append(args, common.Value), to)
	}
}

// outside follows secrets through a function into which the analysis does not go: what it
// is given flows into what it returns and writes.
func (i *instance) outside(x ssa.CallInstruction, name string, args []ssa.Value, to *cell) {
	name, _, _ = strings.Cut(name, "[")
	t, ok := trusted[name]
	if !ok && strings.HasPrefix(name, "hybridkem/") {
		t, ok = kernels, true
	}
	if t.results == blind {
		i.used[name] = true
		return
	}
	all := new(cell)
	for n, arg := range args {
		if _, closure := arg.(*ssa.MakeClosure); !closure {
			i.cell(arg).close()
		}
		i.cell(arg).flow(all)
		if !copied(arg.Type()) && (!ok || slices.Contains(t.writes, n)) {
			all.flow(i.cell(arg))
		}
	}
	for _, arg := range args {
		if closure, ok := arg.(*ssa.MakeClosure); ok {
			in := i.enter(closure.Fn.(*ssa.Function), i)
			for _, p := range in.function.Params {
				all.flow(in.cell(p))
			}
			for n, v := range in.function.FreeVars {
				in.cell(v).join(i.cell(closure.Bindings[n]))
			}
		}
	}
	if v := x.Value(); v != nil {
		if tuple, ok := v.Type().(*types.Tuple); ok {
			for n := range tuple.Len() {
				if t.results == secret || t.results == first && n == 0 {
					all.flow(element(to, n))
				}
			}
		} else if t.results == secret {
			all.flow(to)
		}
	}
	if t.results == source {
		all.taint(name)
	}
	i.checks = append(i.checks, func() {
		switch {
		case all.root().secret == "":
		case ok:
			i.used[name] = true
		default:
			p := i.fset.Position(x.Pos())
			i.found[fmt.Sprintf("%s:%d: %s: a call of %s", filepath.Base(p.Filename), p.Line, i.function, name)] =
				"is given " + all.root().secret
		}
	})
}

func (i *instance) builtin(x ssa.CallInstruction, name string, args []ssa.Value, to *cell) {
	switch name {
	case "append":
		to.join(i.cell(args[0]))
		assign(args[0].Type().Underlying().(*types.Slice).Elem(), to, i.cell(args[1]))
	case "copy":
		assign(args[0].Type().Underlying().(*types.Slice).Elem(), i.cell(args[0]), i.cell(args[1]))
	case "len", "cap", "clear":
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
