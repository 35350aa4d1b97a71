// Command static looks for what could make time depend on secrets, in code that it does not
// run: in what the compiler and the assembler list of all packages that handle secrets, for
// several architectures, in the kernels among that, and in the source.
//
//	cd assurance && go run ./static      all, in about a minute
//	cd assurance && go run ./static -v   the same, and what was looked at
//
// It exits with status 1 if it finds something.
//
// It would miss what compilers make of source without a branch, what happens in the functions
// of the table trusted apart from division, secrets that none of the tables in policy.go names,
// a verdict that a directive in a loop names as a slice or an array, and in kernels whose names
// contain Vartime all but the choice of instructions.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	"hybridkem/assurance/internal/compiler"
)

// A report collects what is found.
type report struct {
	verbose  bool
	findings []string
	used     map[string]bool              // entries of the tables trusted and accepted
	variable compiler.Places              // instructions whose time depends on their operands
	analysed map[string]compiler.Platform // lists of files
}

func newReport() *report {
	return &report{used: map[string]bool{}, variable: compiler.Places{}, analysed: map[string]compiler.Platform{}}
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
	r := newReport()
	flag.BoolVar(&r.verbose, "v", false, "print the functions that were looked at")
	flag.Parse()
	err := r.run(compiler.In(".."))
	if err == nil && len(r.findings) > 0 {
		err = fmt.Errorf("%d findings", len(r.findings))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "static:", err)
		os.Exit(1)
	}
}

// run looks at the module.
func (r *report) run(module compiler.Module) error {
	for _, p := range compiler.Platforms {
		if err := checkMachine(r, module, p); err != nil {
			return err
		}
		if err := checkSource(r, module, p); err != nil {
			return err
		}
	}
	for _, f := range r.variable.Compare(divisions) {
		r.find("instructions whose time depends on their operands: %s", f)
	}
	for _, entry := range slices.Sorted(maps.Keys(trusted)) {
		if !r.used[entry] {
			r.find("nothing needs the entry for %s", entry)
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(accepted)) {
		if !r.used[entry] {
			r.find("nothing needs the entry for %s", entry)
		}
	}
	return nil
}
