// Command bounds asks the compiler which checks of bounds are left in the packages that
// do the work, and compares them with a list of those that cannot fail, and why.
//
//	cd assurance && go run ./bounds
//
// It exits with status 1 if there is another check, or one of the list is not there any
// more.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	findings, err := run("..")
	for _, f := range findings {
		fmt.Println("FOUND", f)
	}
	if err == nil && len(findings) > 0 {
		err = fmt.Errorf("%d findings", len(findings))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bounds:", err)
		os.Exit(1)
	}
}

// A line is a line of source: its function, and its text.
type line struct{ function, text string }

// run returns how the checks in the module in root differ from those that are known.
func run(root string) (findings []string, err error) {
	found := map[line]int{}
	for _, platform := range []string{"amd64", "amd64 purego", "arm64", "386"} {
		arch, tags, _ := strings.Cut(platform, " ")
		checks, err := compile(root, arch, tags)
		if err != nil {
			return nil, err
		}
		n := 0
		for l, count := range checks {
			found[l] = max(found[l], count)
			n += count
		}
		fmt.Printf("%s: %d checks in %d lines\n", platform, n, len(checks))
	}
	known := map[line]int{}
	for _, r := range remaining {
		for _, c := range r.checks {
			known[line{c.function, c.text}] += c.count
		}
	}
	all := maps.Clone(known)
	maps.Copy(all, found)
	for _, l := range slices.SortedFunc(maps.Keys(all), func(a, b line) int {
		return strings.Compare(a.function+a.text, b.function+b.text)
	}) {
		if found[l] != known[l] {
			f := fmt.Sprintf("%s: %d checks, and %d known: %s", l.function, found[l], known[l], l.text)
			findings = append(findings, f)
		}
	}
	fmt.Printf("%d lines are known\n", len(known))
	return findings, nil
}

var report = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):\d+: Found Is(?:Slice)?InBounds$`)

// compile returns how many checks the compiler left in each line, for an architecture.
func compile(root, arch, tags string) (map[line]int, error) {
	command := exec.Command("go", "build", "-tags", tags, "-gcflags=-d=ssa/check_bce/debug=1",
		"./internal/ring", "./internal/sha3", "./internal/mlkem", "./internal/x25519")
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOARCH="+arch)
	out, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	sources := map[string]map[int]line{}
	checks := map[line]int{}
	for _, m := range report.FindAllStringSubmatch(string(out), -1) {
		if sources[m[1]] == nil {
			if sources[m[1]], err = read(filepath.Join(root, m[1])); err != nil {
				return nil, err
			}
		}
		number, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, err
		}
		checks[sources[m[1]][number]]++
	}
	return checks, nil
}

// read returns the lines of a file that are in functions, by their numbers.
func read(path string) (map[int]line, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	text := strings.Split(string(source), "\n")
	lines := map[int]line{}
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := file.Name.Name + "."
		if d.Recv != nil {
			receiver := d.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			name += receiver.(*ast.Ident).Name + "."
		}
		for n := fset.Position(d.Pos()).Line; n <= fset.Position(d.End()).Line; n++ {
			code, _, _ := strings.Cut(text[n-1], " // ")
			lines[n] = line{name + d.Name.Name, strings.TrimSpace(code)}
		}
	}
	return lines, nil
}
