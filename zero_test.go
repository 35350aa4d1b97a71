package hybridkem_test

import (
	"bytes"
	"fmt"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hybridkem/internal/testkit"
)

// TestZero calls every exported function of the public packages that takes a key, and every
// method of a key. All keys are nil or zero values. TestZero finds the functions by their
// types, so new ones are tested too. It makes the calls in a program that it builds from
// testdata/zero and a file that it writes.
func TestZero(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	table := filepath.Join(dir, "table.go")
	source, functions, keyTypes := exported(t)
	if functions < 40 || keyTypes < 11 {
		t.Errorf("%d functions and %d types are found", functions, keyTypes)
	}
	check, err := os.ReadFile(filepath.Join("testdata", "zero", "check.go"))
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(dir, "main.go")
	for file, text := range map[string][]byte{table: source, main: check} {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program")
	if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", program, main, table).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(program).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", bytes.TrimSpace(out))
}

// publicPackages returns the paths of the packages that other modules may import, in the
// order of doc/DESIGN.md.
func publicPackages(t *testing.T) (paths []string) {
	for _, e := range readEdges(t) {
		if !regexp.MustCompile(`^(internal|examples|kats|doc)(/|$)`).MatchString(e.pkg) {
			paths = append(paths, strings.TrimSuffix("hybridkem/"+e.pkg, "/"))
		}
	}
	return paths
}

// exported returns a source file that lists the exported functions and structs of the public
// packages, and how many there are of each.
func exported(t *testing.T) (source []byte, functions, structs int) {
	var imports, f, s bytes.Buffer
	for _, pkg := range testkit.Types(t, publicPackages(t)...) {
		fmt.Fprintf(&imports, "\t_%s %q\n", pkg.Name(), pkg.Path())
		used := false
		for _, name := range pkg.Scope().Names() {
			object := pkg.Scope().Lookup(name)
			if !object.Exported() {
				continue
			}
			switch object := object.(type) {
			case *types.Func:
				functions++
				used = true
				fmt.Fprintf(&f, "\t%q: _%s.%s,\n", pkg.Name()+"."+name, pkg.Name(), name)
			case *types.TypeName:
				if _, ok := object.Type().Underlying().(*types.Struct); ok {
					structs++
					used = true
					fmt.Fprintf(&s, "\treflect.TypeFor[_%s.%s](),\n", pkg.Name(), name)
				}
			}
		}
		if !used {
			t.Errorf("%s exports nothing", pkg.Path())
		}
	}
	return fmt.Appendf(nil, `package main

import (
	"reflect"

%s)

var functions = map[string]any{
%s}

var types = []reflect.Type{
%s}
`, &imports, &f, &s), functions, structs
}
