package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"hybridkem/assurance/internal/compiler"
)

// The analysis of the source follows secrets from the entry points through all functions
// that they reach. It analyses a function again for each call, as if functions were inlined.
//
// It ignores the order of instructions: a value that is secret at one point is secret
// everywhere, unless a directive makes it public. It does not follow secrets through branches
// to the values that they decide, because a branch on a secret is already a finding. It takes a
// call of an interface's method for a call of that method of every type that is converted to
// an interface anywhere.

// An analysis is the analysis of all entry points on one platform.
type analysis struct {
	*report
	fset       *token.FileSet
	graph      *callgraph.Graph
	ours       map[*types.Package]bool // the packages that are followed
	public     map[*types.Package]bool // the packages whose exported functions are entry points
	directives map[*types.Var][]directive
	converted  map[string]bool       // the types that are converted to an interface
	secrets    map[*types.Var]string // the names of the fields that hold secrets
	globals    map[*ssa.Global]*cell
	covered    map[*ssa.Function]bool
	loops      map[*ssa.BasicBlock]bool // the results of inLoop
	checks     []check
	calls      int
}

// checkSource analyses the source of the module for a platform. It does nothing if another
// platform with the same files has been analysed.
func checkSource(r *report, module compiler.Module, p compiler.Platform) error {
	if err := p.Use(); err != nil {
		return err
	}
	changed, err := changedFiles(module)
	if err != nil {
		return err
	}
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir: module.Root, BuildFlags: []string{"-tags", p.Tag}, Overlay: changed,
	}, slices.Concat(public, followed)...)
	if err != nil {
		return err
	}
	if packages.PrintErrors(loaded) > 0 {
		return fmt.Errorf("%s: packages with errors", p)
	}
	var files []string
	for _, pkg := range loaded {
		files = append(files, pkg.CompiledGoFiles...)
	}
	if other, ok := r.analysed[strings.Join(files, " ")]; ok {
		fmt.Printf("%s: the same %d files as %s\n", p, len(files), other)
		return nil
	}
	r.analysed[strings.Join(files, " ")] = p
	a, entries, err := newAnalysis(r, loaded)
	if err != nil {
		return err
	}
	for _, f := range entries {
		a.enter(f, nil)
	}
	found := a.judge()
	for _, where := range slices.Sorted(maps.Keys(found)) {
		r.find("%s: %s: depends on %s", p, where, found[where])
	}
	for f := range a.covered {
		r.detail("%s: followed %s", p, f)
	}
	fmt.Printf("%s: %d entry points, %d functions followed through %d calls, %d declassified variables\n",
		p, len(entries), len(a.covered), a.calls, len(a.directives))
	return nil
}

// A check looks at a cell when the analysis is complete. With a function, it is a finding if
// the cell is secret. Without one, what is an entry of the table trusted, which is needed if
// the cell is secret.
type check struct {
	cell     *cell
	at       token.Pos
	function *ssa.Function
	what     string
}

// judge makes all checks. It returns the findings, as places with the names of their secrets.
func (a *analysis) judge() map[string]string {
	found := map[string]string{}
	for _, c := range a.checks {
		secret := c.cell.root().secret
		if secret == "" {
			continue
		}
		if c.function == nil {
			a.used[c.what] = true
			continue
		}
		where := c.function.String() + ": " + c.what
		if _, ok := accepted[where]; ok {
			a.used[where] = true
			continue
		}
		p := a.fset.Position(c.at)
		found[fmt.Sprintf("%s:%d: %s", filepath.Base(p.Filename), p.Line, where)] = secret
	}
	return found
}

// changedFiles returns the texts of all Go files of the module, with its changes.
func changedFiles(module compiler.Module) (map[string][]byte, error) {
	root, err := filepath.Abs(module.Root)
	if err != nil {
		return nil, err
	}
	changed := map[string][]byte{}
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := module.Text(name)
		if err != nil {
			return err
		}
		changed[filepath.Join(root, name)] = []byte(text)
		return nil
	})
	return changed, err
}

// newAnalysis builds the packages, finds the entry points, and reads the tables.
func newAnalysis(r *report, loaded []*packages.Package) (*analysis, []*ssa.Function, error) {
	prog, built := ssautil.Packages(loaded, ssa.InstantiateGenerics|ssa.GlobalDebug)
	prog.Build()
	a := &analysis{
		report: r, fset: prog.Fset, graph: cha.CallGraph(prog), ours: map[*types.Package]bool{},
		public: map[*types.Package]bool{}, directives: map[*types.Var][]directive{}, secrets: map[*types.Var]string{},
		globals: map[*ssa.Global]*cell{}, covered: map[*ssa.Function]bool{},
		loops: map[*ssa.BasicBlock]bool{}, converted: map[string]bool{},
	}
	for i, pkg := range loaded {
		a.ours[pkg.Types] = true
		a.public[pkg.Types] = slices.Contains(public, "."+strings.TrimPrefix(pkg.PkgPath, "hybridkem"))
		if err := a.readDirectives(pkg); err != nil {
			return nil, nil, err
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
		return nil, nil, fmt.Errorf("of %d secret fields in the table, %d exist", len(secretFields), len(a.secrets))
	}
	var entries []*ssa.Function
	for f := range ssautil.AllFunctions(prog) {
		if a.isEntry(f) {
			entries = append(entries, f)
		}
		for _, block := range f.Blocks {
			for _, instr := range block.Instrs {
				if m, ok := instr.(*ssa.MakeInterface); ok {
					a.converted[m.X.Type().String()] = true
				}
			}
		}
	}
	slices.SortFunc(entries, func(f, g *ssa.Function) int { return cmp.Compare(f.Pos(), g.Pos()) })
	return a, entries, nil
}

// isEntry reports whether f is an exported function or method of a public package, and not left out.
func (a *analysis) isEntry(f *ssa.Function) bool {
	return f.Object() != nil && f.Synthetic == "" && f.Pkg != nil && f.Object().Exported() && a.public[f.Pkg.Pkg] &&
		!strings.HasSuffix(a.fset.Position(f.Pos()).Filename, leftOut)
}

// A directive is a comment
//
//	//ct:declassify EXPR: reason
//
// EXPR is a variable, a field x.f, or a part of one of them. From this line on, it is public in
// the function that contains the directive, whatever it was before. A field with a directive
// is public in all other functions. If EXPR is a pointer or a slice, memory that was written
// through it before the directive stays secret in this function, but is public for its
// callers.
//
// A directive must not make a number, a boolean or an error public in each round of a loop,
// because that value could then decide when the loop ends. Such a directive must stand after
// the loop.
type directive struct {
	at   token.Pos
	decl *ast.FuncDecl
}

const directivePrefix = "//ct:declassify "

// readDirectives reads the directives of a package.
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
				d := directive{at: comment.Pos()}
				for _, decl := range file.Decls {
					if f, ok := decl.(*ast.FuncDecl); ok && f.Pos() < d.at && d.at < f.End() {
						d.decl = f
					}
				}
				if !ok || d.decl == nil {
					return fmt.Errorf("%s: neither a variable nor a field, in a function", where)
				}
				a.directives[v] = append(a.directives[v], d)
			}
		}
	}
	return nil
}

// lastName returns the variable or field that e is, or that e is a part of.
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

// inLoop reports whether a block is in a loop, so that it can run again after itself.
func (a *analysis) inLoop(block *ssa.BasicBlock) bool {
	in, known := a.loops[block]
	if known {
		return in
	}
	seen := map[*ssa.BasicBlock]bool{}
	todo := slices.Clone(block.Succs)
	for len(todo) > 0 {
		b := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[b] {
			seen[b] = true
			todo = append(todo, b.Succs...)
		}
	}
	a.loops[block] = seen[block]
	return seen[block]
}
