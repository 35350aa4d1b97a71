package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// public are the packages whose functions and methods are given secrets.
var public = []string{"kem", "mlkem", "xwing", "combiner", "combiner/tlskex", "combiner/sshkex", "keyfile"}

// A platform is what code is compiled for.
type platform struct{ arch, tags string }

func (p platform) String() string { return strings.TrimSpace(p.arch + " " + p.tags) }

func (p platform) environ() []string {
	return append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOARCH="+p.arch)
}

// build links all functions and methods of the public packages of the module in root, and
// what they need, into a program in dir, and returns its path.
func build(root, dir string, p platform) (string, error) {
	source := filepath.Join(dir, "main.go")
	text, err := program(root)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(source, text, 0o666); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, strings.ReplaceAll(p.String(), " ", "-"))
	command := exec.Command("go", "build", "-tags", p.tags, "-o", binary, source)
	command.Dir, command.Env = root, p.environ()
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", p, err, out)
	}
	return binary, nil
}

// program returns a program that keeps all exported functions and methods of the public
// packages from being removed by the linker: it takes their values.
func program(root string) ([]byte, error) {
	var imports, values bytes.Buffer
	for _, folder := range public {
		name := path.Base(folder)
		fmt.Fprintf(&imports, "import %q\n", "hybridkem/"+folder)
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			if file.Name.Name != name || strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, decl := range file.Decls {
				for _, value := range exported(decl) {
					fmt.Fprintf(&values, "\t_ = append(sink, %s)\n", fmt.Sprintf(value, name))
				}
			}
		}
	}
	return fmt.Appendf(nil, "package main\n\n%s\nvar sink []any\n\nfunc main() {\n%s}\n", &imports, &values), nil
}

// exported returns expressions, with %s for the package, whose values are the functions
// and methods that decl declares and other packages can call.
func exported(decl ast.Decl) (values []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() {
			break
		}
		if d.Recv == nil {
			return []string{"%s." + d.Name.Name}
		}
		switch receiver := d.Recv.List[0].Type.(type) {
		case *ast.StarExpr:
			if name := receiver.X.(*ast.Ident); name.IsExported() {
				return []string{"(*%s." + name.Name + ")." + d.Name.Name}
			}
		case *ast.Ident:
			if receiver.IsExported() {
				return []string{"%s." + receiver.Name + "." + d.Name.Name}
			}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok || !t.Name.IsExported() {
				continue
			}
			if i, ok := t.Type.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, name := range m.Names {
						values = append(values, "%s."+t.Name.Name+"."+name.Name)
					}
				}
			}
		}
	}
	return values
}
