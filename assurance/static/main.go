// Command static looks for what could make time depend on secrets, in code that it does
// not run: for addresses and jumps that depend on data in the kernels, which it disassembles
// with GNU objdump, and for division in what the compiler makes of the rest, for
// several architectures.
//
//	cd assurance && go run ./static      all, in about a minute
//	cd assurance && go run ./static -v   the same, and what was looked at
//
// It exits with status 1 if it finds something.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// A report collects what is found.
type report struct {
	verbose  bool
	findings []string
}

func (r *report) find(format string, a ...any) {
	finding := fmt.Sprintf(format, a...)
	r.findings = append(r.findings, finding)
	fmt.Println("FOUND", finding)
}

// detail prints what only -v shows.
func (r *report) detail(format string, a ...any) {
	if r.verbose {
		fmt.Printf("      "+format+"\n", a...)
	}
}

func main() {
	var r report
	flag.BoolVar(&r.verbose, "v", false, "print the kernels and functions that were looked at")
	update := flag.Bool("update", false, "write which instructions the kernels use to "+mnemonicsFile)
	flag.Parse()
	root, err := filepath.Abs("..")
	if err == nil {
		err = run(&r, root, *update)
	}
	if err == nil && len(r.findings) > 0 {
		err = fmt.Errorf("%d findings", len(r.findings))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "static:", err)
		os.Exit(1)
	}
}

// run looks at the module in root.
func run(r *report, root string, update bool) error {
	dir, err := os.MkdirTemp("", "static-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := build(root, dir, platform{arch: "amd64"})
	if err != nil {
		return err
	}
	if err := checkKernels(r, root, binary, update); err != nil {
		return err
	}
	return checkDivisions(r, root, dir)
}
