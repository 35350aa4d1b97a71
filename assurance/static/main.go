// Command static looks for what could make time depend on secrets, in code that it does
// not run: in the kernels, which it disassembles with GNU objdump, and in what the
// compiler makes of the rest, for several architectures.
//
//	cd assurance && go run ./static      all, in two minutes
//	cd assurance && go run ./static -v   the same, and what was looked at
//
// It exits with status 1 if it finds something.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A report collects what is found.
type report struct {
	verbose  bool
	findings []string
	used     map[string]bool // entries of the tables trusted, accepted and divisions
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

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func main() {
	r := report{used: map[string]bool{}}
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
	for n, p := range platforms {
		binary, err := build(root, dir, p)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := checkKernels(r, root, binary, update); err != nil {
				return err
			}
		}
		if err := checkMachine(r, binary, p); err != nil {
			return err
		}
		if err := checkSource(r, root, p); err != nil {
			return err
		}
	}
	for _, entry := range slices.Concat(keys(trusted), keys(accepted), keys(divisions)) {
		if !r.used[entry] {
			r.find("nothing needs the entry for %s", entry)
		}
	}
	return nil
}
