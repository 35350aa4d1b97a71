// Package source interprets functions of Go whose numbers are terms. It takes the form of the
// source that golang.org/x/tools/go/ssa builds.
//
// One run stands for all runs: lengths, indices, counts of loops and everything else that
// decides what is done next must be numbers, and data may be any terms. What depends on data
// and would decide something stops the run with an error. So does everything that panics: an
// index or a slice out of bounds, a nil pointer, a division by zero, a negative shift. A run
// that ends without an error shows that none of this happens, whatever the data.
package source

import (
	"fmt"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"hybridkem/assurance/internal/compiler"
)

// A Program is what the source of some packages says on a platform.
type Program struct {
	sizes     types.Sizes
	functions map[string]*ssa.Function
	stored    map[*ssa.Global]bool // the variables that functions other than init may change
}

// Load reads packages of the module and of the library. Functions of other packages have no
// bodies.
func Load(module compiler.Module, p compiler.Platform, patterns ...string) (*Program, error) {
	changed, err := texts(module)
	if err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir: module.Root, BuildFlags: []string{"-tags", p.Tag}, Overlay: changed,
		Env: append(os.Environ(), "GOOS=linux", "GOARCH="+p.Arch, "CGO_ENABLED=0", "GOFLAGS="),
	}, patterns...)
	if err != nil {
		return nil, err
	}
	if packages.PrintErrors(loaded) > 0 {
		return nil, fmt.Errorf("%s: packages with errors", p)
	}
	all, built := ssautil.Packages(loaded, ssa.InstantiateGenerics)
	all.Build()
	program := &Program{loaded[0].TypesSizes, map[string]*ssa.Function{}, map[*ssa.Global]bool{}}
	for i, pkg := range loaded {
		program.add(built[i].Func("init"))
		for _, object := range pkg.TypesInfo.Defs {
			if f, ok := object.(*types.Func); ok {
				program.add(all.FuncValue(f))
			}
		}
	}
	return program, nil
}

// texts returns the texts of all Go files of the module's folder internal, with its changes.
func texts(module compiler.Module) (map[string][]byte, error) {
	root, err := filepath.Abs(module.Root)
	if err != nil {
		return nil, err
	}
	changed := map[string][]byte{}
	err = fs.WalkDir(os.DirFS(root), "internal", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := module.Text(name)
		changed[filepath.Join(root, name)] = []byte(text)
		return err
	})
	return changed, err
}

// name returns the name of a function as package.name or package.Type.name. Packages of the
// library have their whole path.
func name(f *ssa.Function) string {
	return strings.NewReplacer("(", "", "*", "", ")", "", "hybridkem/internal/", "").Replace(f.String())
}

// add adds a function with those that are written in it.
func (p *Program) add(f *ssa.Function) {
	if f == nil { // a method of an interface
		return
	}
	p.functions[name(f)] = f
	p.findStores(f)
	for _, inner := range f.AnonFuncs {
		p.add(inner)
	}
}

// findStores notes the variables of packages that f may change. Only an address that is used
// to load from is harmless.
func (p *Program) findStores(f *ssa.Function) {
	for _, block := range f.Blocks {
		for _, i := range block.Instrs {
			for _, operand := range i.Operands(nil) {
				g, ok := (*operand).(*ssa.Global)
				if ok && !onlyLoads(i) && f != f.Pkg.Func("init") {
					p.stored[g] = true
				}
			}
		}
	}
}

// onlyLoads reports whether an instruction with an address loads from there, or computes an
// address that is used for loads only.
func onlyLoads(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.UnOp:
		return true
	case *ssa.IndexAddr, *ssa.FieldAddr:
		for _, user := range *i.(ssa.Value).Referrers() {
			if !onlyLoads(user) {
				return false
			}
		}
		return true
	}
	return false
}

// A Function is a function with a body.
type Function struct{ *ssa.Function }

// Function returns the function or method called package.name or package.Type.name.
func (p *Program) Function(name string) (Function, error) {
	f := p.functions[name]
	if f == nil || f.Blocks == nil {
		return Function{}, fmt.Errorf("no function %s with a body", name)
	}
	return Function{f}, nil
}

// Parameter returns the type of parameter i of a function. It panics if there is none.
func (p *Program) Parameter(name string, i int) types.Type { return p.functions[name].Params[i].Type() }
