// Command asserts fuzzes the module with its bounds checked: the comments of internal/ring
// say between which bounds coefficients come into a function and leave it, and in a build of
// the module each function that says so panics if they do not.
//
//	cd assurance && go run ./asserts             tests, and each fuzz target for 5 seconds
//	cd assurance && go run ./asserts -time 1h    each fuzz target for an hour
//
// First it states a wrong bound, by which the tests must fail. It exits with status 1 if they
// do not, or if they fail otherwise.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"hybridkem/internal/overlay"
)

func main() {
	duration := flag.Duration("time", 5*time.Second, "how long to run each fuzz target")
	flag.Parse()
	if err := run(*duration); err != nil {
		fmt.Fprintln(os.Stderr, "asserts:", err)
		os.Exit(1)
	}
}

//go:embed check.go.txt
var check string

const root = ".."

func run(duration time.Duration) error {
	checked := overlay.New(root)
	files, err := filepath.Glob(filepath.Join(root, "internal", "ring", "*.go"))
	if err != nil {
		return err
	}
	var bounds []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		name := filepath.Join("internal", "ring", filepath.Base(file))
		source, err := checked.Text(name)
		if err != nil {
			return err
		}
		source, found, err := instrument(name, source)
		if err != nil {
			return err
		}
		bounds = append(bounds, found...)
		checked.Set(name, source)
	}
	checked.Set("internal/ring/check.go", check)
	fmt.Println(strings.Join(bounds, "\n"))
	if len(bounds) == 0 {
		return errors.New("no function states a bound")
	}

	if err := plant(checked); err != nil {
		return err
	}
	for _, tags := range []string{"", "purego"} {
		// Checks allocate, and the long tests are made without them.
		out, err := test(checked, "-short", "-tags="+tags, "-skip=Allocations|Memory|Attacks|Stack",
			"./internal/mlkem", "./internal/attacks", "./internal/hybrid", "./mlkem", "./xwing")
		if err != nil {
			return fmt.Errorf("the tests, -tags=%s: %w\n%s", tags, err, out)
		}
	}
	out, err := test(checked, "-list", "^Fuzz", "./internal/attacks")
	if err != nil {
		return err
	}
	targets := 0
	for line := range strings.Lines(out) {
		target := strings.TrimSpace(line)
		if !strings.HasPrefix(target, "Fuzz") {
			continue
		}
		targets++
		out, err := test(checked, "./internal/attacks", "-run=^$", "-fuzz=^"+target+"$",
			"-fuzztime="+duration.String(), "-fuzzminimizetime=1x")
		// Go before 1.27 sometimes takes the end of the time for a failure: go.dev/issue/75804.
		if err != nil && (!strings.Contains(out, "context deadline exceeded") || strings.Contains(out, "Failing input")) {
			return fmt.Errorf("%s: %w\n%s", target, err, out)
		}
		fmt.Printf("%s, %v: no bound is exceeded\n", target, duration)
	}
	if targets == 0 {
		return errors.New("there are no fuzz targets")
	}
	return nil
}

// plant states that NTT leaves coefficients below q, which it does not.
func plant(checked *overlay.Overlay) error {
	wrong := checked.Clone()
	err := wrong.Replace("internal/ring/ntt.go", `checkBelow("Poly.NTT: out f", 8*Q, f)`, `checkBelow("Poly.NTT: out f", Q, f)`)
	if err != nil {
		return err
	}
	out, err := test(wrong, "-short", "./mlkem")
	if err == nil || !strings.Contains(out, "ring: Poly.NTT: out f") {
		return fmt.Errorf("a wrong bound is not noticed: %v\n%s", err, out)
	}
	fmt.Println("a wrong bound, planted: noticed")
	return nil
}

func test(o *overlay.Overlay, args ...string) (string, error) {
	return o.Go(root, append([]string{"test", "-vet=off"}, args...)...)
}

// stated is what a comment says of the coefficients that come in and leave.
var (
	stated = regexp.MustCompile(`(?m)\bIn ([^.;]+)(?:; out ([^.]+))?\.`)
	below  = regexp.MustCompile(`^\|(\w+)\| < (\d*)q$`)
)

// instrument adds checks to the methods in a file whose comments state bounds.
func instrument(name, source string) (string, []string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	var bounds []string
	slices.Reverse(file.Decls) // so that positions before an insertion stay
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Recv == nil || !d.Name.IsExported() || d.Doc == nil {
			continue
		}
		m := stated.FindStringSubmatch(strings.ReplaceAll(d.Doc.Text(), "\n", " "))
		if m == nil {
			continue
		}
		function := d.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name + "." + d.Name.Name
		code := ""
		for i, part := range []string{m[1], m[2]} {
			call := checkOf(function, []string{"in", "out"}[i], part)
			if call == "" {
				continue
			}
			bounds = append(bounds, function+": "+[]string{"in ", "out "}[i]+part)
			if i == 1 {
				call = "defer " + call
			}
			code += call + "; "
		}
		at := fset.Position(d.Body.Lbrace).Offset + 1
		source = source[:at] + " " + code + source[at:]
	}
	return source, bounds, nil
}

// checkOf returns the call that checks a bound, or nothing if it is none of those that
// matter: inputs may be any, and indices have bounds of their own.
func checkOf(function, where, bound string) string {
	if m := below.FindStringSubmatch(bound); m != nil {
		factor := m[2]
		if factor == "" {
			return fmt.Sprintf("checkBelow(%q, Q, %s)", function+": "+where+" "+m[1], m[1])
		}
		return fmt.Sprintf("checkBelow(%q, %s*Q, %s)", function+": "+where+" "+m[1], factor, m[1])
	}
	if variable, ok := strings.CutSuffix(bound, " canonical"); ok {
		return fmt.Sprintf("checkCanonical(%q, %s)", function+": "+where+" "+variable, variable)
	}
	return ""
}
