// Package cosim compares the semantics of instructions in package machine with the processor:
// for single instructions on states of all kinds, and for whole kernels.
package cosim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hybridkem/assurance/prove/machine"
)

// A kernel is a function in assembly, with what the Go source says of it.
type kernel struct {
	name       string // with its package: ring.nttAVX2
	needs      string // a set of instructions, named as in package cpu
	parameters []parameter
	program    *machine.Program
	code       *machine.Kernel
}

// A parameter is an argument or a result of a kernel. Its size is that of what it points to,
// in bytes, or 0 for a number. An element of an array has so many bits, and may have a sign.
type parameter struct {
	name   string
	size   int
	bits   int
	signed bool
}

var needsRE = regexp.MustCompile(`Needs: cpu\.(\w+)\.`)

// kernelsOf returns the kernels of a package, in the order of their declarations.
func kernelsOf(root, arch, name string, p *machine.Program) (list []*kernel, err error) {
	file := filepath.Join(root, "internal", name, "stubs_"+arch+".go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body != nil {
			continue
		}
		k := &kernel{name: name + "." + f.Name.Name, program: p}
		m := needsRE.FindStringSubmatch(f.Doc.Text())
		if m == nil {
			return nil, fmt.Errorf("the comment of %s does not say what it needs", k.name)
		}
		k.needs = m[1]
		for _, fields := range []*ast.FieldList{f.Type.Params, f.Type.Results} {
			if fields == nil {
				continue
			}
			for _, field := range fields.List {
				name := ""
				if len(field.Names) == 1 {
					name = field.Names[0].Name
				}
				k.parameters = append(k.parameters, parametersOf(name, field.Type)...)
			}
		}
		if k.code, err = p.Kernel("hybridkem/internal/" + k.name + ".abi0"); err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// parametersOf returns the words on the stack that an argument of this type has.
func parametersOf(name string, t ast.Expr) []parameter {
	switch t := t.(type) {
	case *ast.StarExpr:
		p := parameter{name: name, size: 1}
		e := t.X
		for {
			array, ok := e.(*ast.ArrayType)
			if !ok {
				break
			}
			n, _ := strconv.Atoi(array.Len.(*ast.BasicLit).Value)
			p.size *= n
			e = array.Elt
		}
		element := e.(*ast.Ident).Name
		p.signed = strings.HasPrefix(element, "int")
		if p.bits, _ = strconv.Atoi(strings.TrimLeft(element, "uint")); p.bits == 0 {
			p.bits = 8 // a byte
		}
		p.size *= p.bits / 8
		return []parameter{p}
	case *ast.ArrayType:
		return []parameter{{name: name, size: 1, bits: 8}, {name: "len"}, {name: "cap"}}
	}
	return []parameter{{name: name}}
}

// A Report says what was compared.
type Report struct {
	Executions int    // of single instructions
	Calls      int    // of whole kernels
	by         string // what agrees
	mnemonics  map[string]bool
	forms      map[string]int // how many encodings of a form were executed
	tried      map[string]int // how often a form was executed
	encodings  map[string]bool
	apart      map[string]int // what was not compared, and why
}

// String returns the report in a few lines.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d executions of %d encodings, in %d forms of %d instructions, and %d calls of kernels: %s agrees",
		r.Executions, len(r.encodings), len(r.tried), len(r.mnemonics), r.Calls, r.by)
	for _, why := range slices.Sorted(maps.Keys(r.apart)) {
		fmt.Fprintf(&b, "\n  not compared: %s (%d)", why, r.apart[why])
	}
	for _, form := range slices.Sorted(maps.Keys(r.forms)) {
		if r.tried[form] == 0 {
			fmt.Fprintf(&b, "\n  never executed: %s", form)
		}
	}
	return b.String()
}

// Run compares all kernels of an architecture. The programs have the names of their packages.
func Run(root, arch string, programs map[string]*machine.Program) (*Report, error) {
	c := newComparison()
	if arch == "arm64" {
		return &c.Report, c.runA64(root, programs)
	}
	return &c.Report, c.run(root, programs)
}

func (c *comparison) run(root string, programs map[string]*machine.Program) error {
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		list, err := kernelsOf(root, "amd64", name, programs[name])
		if err != nil {
			return err
		}
		p, err := newProcessor(programs[name], callMemory)
		if err != nil {
			return err
		}
		defer p.close()
		for _, k := range list {
			if err := c.instructions(k, p); err != nil {
				return err
			}
			for range inputs {
				if err := c.call(k, p); err != nil {
					return fmt.Errorf("%s: %w", k.name, err)
				}
			}
		}
	}
	return nil
}
