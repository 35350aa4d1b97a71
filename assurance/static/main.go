// Command static looks for code whose time could depend on secrets. It does not run the code.
// It examines three things, for several architectures:
//
//   - the machine code of all packages that handle secrets, as the compiler and the assembler
//     list it, for instructions whose time depends on their operands;
//
//   - the kernels of arm64, for words that are not known, and for addresses and jumps that depend on data;
//
//   - the source, for branches, indices and other uses of secrets.
//
//     cd assurance && go run ./static      all, in about a minute
//     cd assurance && go run ./static -v   the same, and prints which functions were examined
//
// It exits with status 1 if it finds something.
//
// It would miss:
//
//   - a branch that the compiler makes from source that has none;
//   - all faults other than division in the functions of the table trusted;
//   - secrets that no table in policy.go names;
//   - a verdict that a directive in a loop names as a slice or an array.
//
// Command prove examines the addresses and jumps of all kernels.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"

	"hybridkem/assurance/internal/compiler"
)

// A report collects the findings.
type report struct {
	verbose  bool
	findings []string
	used     map[string]bool              // the entries of the tables trusted and accepted that were needed
	variable compiler.Places              // instructions whose time depends on their operands
	analysed map[string]compiler.Platform // the platform whose source was analysed, by its list of files
}

func newReport() *report {
	return &report{used: map[string]bool{}, variable: compiler.Places{}, analysed: map[string]compiler.Platform{}}
}

func (r *report) find(format string, a ...any) {
	finding := fmt.Sprintf(format, a...)
	r.findings = append(r.findings, finding)
	fmt.Println("FOUND", finding)
}

// detail prints a line if -v is set.
func (r *report) detail(format string, a ...any) {
	if r.verbose {
		fmt.Printf("      "+format+"\n", a...)
	}
}

func main() {
	r := newReport()
	flag.BoolVar(&r.verbose, "v", false, "print the functions that were looked at")
	flag.Parse()
	debug.SetGCPercent(300) // It takes two thirds of the time, and 2 GB of memory.
	err := r.run(compiler.In(".."))
	if err == nil && len(r.findings) > 0 {
		err = fmt.Errorf("%d findings", len(r.findings))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "static:", err)
		os.Exit(1)
	}
}

// run examines the module on all platforms. An entry of a table that nothing needs is a
// finding too.
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
	entries := slices.Concat(slices.Sorted(maps.Keys(trusted)), slices.Sorted(maps.Keys(accepted)))
	for _, entry := range entries {
		if !r.used[entry] {
			r.find("nothing needs the entry for %s", entry)
		}
	}
	return nil
}
