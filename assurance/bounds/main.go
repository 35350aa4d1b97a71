// Command bounds finds the bounds checks that the compiler could not remove from the packages
// that compute, and compares them with a table. The table counts the checks of each function
// and gives the reason why they cannot fail.
//
//	cd assurance && go run ./bounds
//
// It leaves out the checks that command prove shows to be superfluous: those in the functions of
// package proved, as builds without kernels have them.
//
// It exits with status 1 if a function has more or fewer checks than the table says.
//
// It would miss a new check that replaces another one in the same function, and a wrong index
// in a kernel, where nothing is checked. It cannot tell whether the reasons are true: a reader
// must judge them.
package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"

	"hybridkem/assurance/internal/compiler"
	"hybridkem/assurance/internal/proved"
)

func main() {
	findings, err := run(compiler.In(".."))
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

var report = regexp.MustCompile(`(?m)^((\S+\.go):(\d+):\d+): Found Is(?:Slice)?InBounds$`)

// run returns the differences between the checks in the module and the table.
func run(module compiler.Module) ([]string, error) {
	checks, portable := compiler.Places{}, compiler.Places{}
	for _, p := range compiler.Platforms {
		out, err := p.Go(module, "build", "-gcflags=-d=ssa/check_bce/debug=1",
			"./internal/ring", "./internal/sha3", "./internal/mlkem", "./internal/x25519")
		if err != nil {
			return nil, err
		}
		reports := report.FindAllStringSubmatch(out, -1)
		fmt.Printf("%s: %d reports\n", p, len(reports))
		for _, m := range reports {
			function, err := enclosing(module, m[2], m[3])
			if err != nil {
				return nil, err
			}
			checks.Add(function, m[1])
			if !p.HasKernels() {
				portable.Add(function, m[1])
			}
		}
	}
	for _, f := range proved.Functions {
		maps.DeleteFunc(checks[f], func(place string, _ bool) bool { return portable[f][place] })
	}
	return checks.Compare(remaining), nil
}

var (
	function = regexp.MustCompile(`^func (?:\((?:\w+ )?\*?(\w+).*?\) )?(\w+)`)
	folder   = regexp.MustCompile(`(\w+)/\w+\.go$`)
)

// enclosing returns the function that contains a line of a file, as package.Type.name. It is
// the last function that begins at or before the line.
func enclosing(module compiler.Module, file, line string) (string, error) {
	text, err := module.Text(file)
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(line)
	if err != nil {
		return "", err
	}
	name := ""
	for l := range strings.Lines(text) {
		if m := function.FindStringSubmatch(l); m != nil {
			name = strings.TrimPrefix(m[1]+"."+m[2], ".")
		}
		if n--; n == 0 {
			break
		}
	}
	return folder.FindStringSubmatch(file)[1] + "." + name, nil
}
