// Command bounds asks the compiler which checks of bounds it leaves in the packages that do
// the work, and compares them with a table of those that cannot fail, and why.
//
//	cd assurance && go run ./bounds
//
// It exits with status 1 if a function has more checks than the table says, or fewer.
//
// It would miss a check that takes the place of another in the same function, and an index
// without a check in a kernel. Whether the reasons are true is for reading.
package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"hybridkem/assurance/internal/compiler"
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

// run returns how the checks in the module differ from those that are known.
func run(module compiler.Module) ([]string, error) {
	checks := compiler.Places{}
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
		}
	}
	return checks.Compare(remaining), nil
}

var (
	function = regexp.MustCompile(`^func (?:\((?:\w+ )?\*?(\w+).*?\) )?(\w+)`)
	folder   = regexp.MustCompile(`(\w+)/\w+\.go$`)
)

// enclosing returns the function in which a line of a file is, with its package and the type
// of its receiver: the last one that begins before.
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
