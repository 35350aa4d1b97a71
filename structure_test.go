package hybridkem_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/kats"
)

// An edge is a row of the tables in doc/DESIGN.md: a package and the packages of this module that
// it imports.
type edge struct{ pkg, imports string }

// readEdges returns the rows of doc/DESIGN.md, in their order.
func readEdges(t *testing.T) (edges []edge) {
	t.Helper()
	design, err := os.ReadFile("doc/DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	short := func(pkg string) string { return strings.TrimPrefix(pkg, "hybridkem") } // the root has no name
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)` \\| ([a-z0-9/, ]*) \\|").FindAllStringSubmatch(string(design), -1) {
		imports := strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' })
		for i := range imports {
			imports[i] = short(imports[i])
		}
		edges = append(edges, edge{short(m[1]), strings.Join(imports, " ")})
	}
	return edges
}

// dependencies are the modules that users of the library inherit.
var dependencies = []string{"filippo.io/edwards25519", "golang.org/x/crypto", "golang.org/x/sys"}

// TestImports checks that packages import what doc/DESIGN.md says. A package imports only packages
// that are above it there. Packages under internal import no public package but kem. The tests of a
// TestEncodingPEM checks that no file but a test encodes with encoding/pem, which leaves copies of keys in memory.
// envelope.Encode does not.
func TestEncodingPEM(t *testing.T) {
	read := 0
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			return cmp.Or(err, filepath.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if strings.Contains(string(source), "pem.Encode") {
			t.Errorf("%s encodes with encoding/pem", path)
		}
		read++
		return err
	})
	if err != nil || read < 100 {
		t.Errorf("%d files, %v", read, err)
	}
}

// package may import others.
func TestImports(t *testing.T) {
	edges := readEdges(t)
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "hybridkem"), "/")
		floor := slices.IndexFunc(edges, func(e edge) bool { return e.pkg == name })
		if floor < 0 {
			t.Errorf("%s is on no floor", p.ImportPath)
			continue
		}
		var own []string
		for _, path := range p.Imports {
			if path == "hybridkem" || strings.HasPrefix(path, "hybridkem/") {
				own = append(own, strings.TrimPrefix(strings.TrimPrefix(path, "hybridkem"), "/"))
			} else if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") &&
				!slices.ContainsFunc(dependencies, func(d string) bool { return strings.HasPrefix(path+"/", d+"/") }) {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
		if got := strings.Join(own, " "); got != edges[floor].imports {
			t.Errorf("%s imports %q, want %q", p.ImportPath, got, edges[floor].imports)
		}
		if name != "internal/secret" && name != "internal/spec" && !strings.HasPrefix(name, "examples/") && slices.Contains(p.Imports, "crypto/rand") {
			t.Errorf("%s draws randomness by itself", p.ImportPath)
		}
		for _, path := range own {
			if strings.HasPrefix(name, "internal/") && !strings.HasPrefix(path, "internal/") && path != "kem" {
				t.Errorf("%s imports %s: packages under internal import no public package but kem", p.ImportPath, path)
			}
			if !slices.ContainsFunc(edges[:floor], func(e edge) bool { return e.pkg == path }) {
				t.Errorf("%s imports %s, which does not stand above it", p.ImportPath, path)
			}
		}
	}
	if seen != len(edges) {
		t.Errorf("%d packages, want %d", seen, len(edges))
	}
}

func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^(?:require )?\s*([a-z.]+/\S+) v`).FindAllStringSubmatch(string(mod), -1)
	if len(found) == 0 {
		t.Error("go.mod requires nothing that this test understands")
	}
	for _, m := range found {
		if !slices.Contains(dependencies, m[1]) {
			t.Errorf("go.mod requires %s", m[1])
		}
	}
}

// TestLinker checks that a program that uses only xwing links no NIST curve. To show that it would find
// one, it also looks at a program with P-256.
func TestLinker(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	symbols := func(pkg, key string) string {
		dir := t.TempDir()
		program := `package main

import "hybridkem/` + pkg + `"

func main() {
	dk, err := ` + key + `.GenerateKey()
	if err != nil {
		panic(err)
	}
	_, ciphertext := dk.Encapsulator().Encapsulate()
	dk.Decapsulate(ciphertext)
	dk.Destroy()
}
`
		source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
		if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", binary, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := exec.Command("go", "tool", "nm", binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	const curves = `nistec\.\(\*P(224|256|384|521)Point\)`
	if found := regexp.MustCompile(curves).FindString(symbols("xwing", "xwing")); found != "" {
		t.Errorf("a program that uses only xwing links %s", found)
	}
	both := symbols("combiner", "combiner.MLKEM768P256()")
	if !strings.Contains(both, "nistec.(*P256Point)") {
		t.Error("a program that uses P-256 does not link it: the test is broken")
	}
	if strings.Contains(both, "nistec.(*P384Point)") {
		t.Error("a program that uses P-256 links P-384 too")
	}
}

// TestNumbers checks two kinds of numbers in the documents: how many known answers there are, and the
// sizes of the KEMs.
func TestNumbers(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	answers := 0
	for _, f := range kats.Files() {
		answers += f.Count - f.Skip
	}
	if want := fmt.Sprintf("%d,%03d known answers", answers/1000, answers%1000); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not speak of %s", want)
	}
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range hybridkem.All() {
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s(, [^|]+)? \| %d \| %d \| %d \| %d \| `, regexp.QuoteMeta(k.Name()),
			k.SeedSize(), k.EncapsulationKeySize(), k.CiphertextSize(), k.SharedKeySize()))
		if !row.Match(spec) {
			t.Errorf("SPEC.md does not give the sizes of %s: %v", k.Name(), row)
		}
	}
}

// TestSpecification checks that the functions in SPEC.md's table of algorithms
// exist, and that the table has every algorithm of FIPS 203 from 3 to 21.
func TestSpecification(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| ([^|]+) \|`)
	name := regexp.MustCompile(`\x60([a-z0-9/]+)\.(?:([A-Za-z0-9]+)\.)?([A-Za-z0-9]+)\x60`)
	algorithm := 3
	for _, m := range row.FindAllStringSubmatch(string(spec), -1) {
		if m[1] != strconv.Itoa(algorithm) {
			t.Errorf("algorithm %s stands where %d should", m[1], algorithm)
		}
		algorithm++
		functions := name.FindAllStringSubmatch(m[2], -1)
		if len(functions) == 0 {
			t.Errorf("algorithm %s has no function", m[1])
		}
		for _, f := range functions {
			if !declares(t, f[1], f[2], f[3]) {
				t.Errorf("algorithm %s: %s does not exist", m[1], f[0])
			}
		}
	}
	if algorithm != 22 {
		t.Errorf("the table ends before algorithm %d", algorithm)
	}
}

// declares reports whether the package in dir has the function, or the method of
// the type.
func declares(t *testing.T, dir, typeName, function string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok || d.Name.Name != function {
				continue
			}
			receiver := ""
			if d.Recv != nil {
				x := d.Recv.List[0].Type
				if star, ok := x.(*ast.StarExpr); ok {
					x = star.X
				}
				if generic, ok := x.(*ast.IndexExpr); ok {
					x = generic.X
				}
				receiver = x.(*ast.Ident).Name
			}
			if receiver == typeName {
				return true
			}
		}
	}
	return false
}
