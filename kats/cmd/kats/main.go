// Command kats runs the known-answer tests of this module. For each file it prints a
// line with the source, the operation, the number of vectors, how many passed, and the
// time.
//
//	go run ./kats/cmd/kats                  run all
//	go run ./kats/cmd/kats -file wycheproof run the files whose name or line contains the text
//	go run ./kats/cmd/kats -emit xwing      compute and print the X-Wing draft's vectors
//	go run ./kats/cmd/kats -emit xwing-text print them in the draft's text form
//
// It exits with status 1 if a vector fails, and with status 2 if its arguments are wrong.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hybridkem/internal/progress"
	"hybridkem/kats"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("kats", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("file", "", "run only the files whose name, source or operation contains `text`")
	emit := flags.String("emit", "", "instead print the X-Wing draft's vectors, in the `form` xwing (JSON) or xwing-text")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "kats runs the known-answer tests of hybridkem and prints a line per file.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err == flag.ErrHelp {
		return 0
	} else if err != nil {
		return 2
	}
	misuse := func(format string, args ...any) int {
		fmt.Fprintf(stderr, "kats: "+format+"\n", args...)
		return 2
	}
	if flags.NArg() > 0 {
		return misuse("unexpected argument %q", flags.Arg(0))
	}

	if *emit != "" {
		form, ok := emitForms[*emit]
		if !ok {
			return misuse("unknown form %q: it is xwing or xwing-text", *emit)
		}
		if err := emitXWing(stdout, form); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}

	var files []kats.File
	for _, f := range kats.Files() {
		if strings.Contains(f.Name+"\n"+f.Source+"\n"+f.Operation, *file) {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		return misuse("no file matches %q", *file)
	}
	return runFiles(files, stdout, stderr)
}

func runFiles(files []kats.File, stdout, stderr io.Writer) int {
	const line = "%-13s  %-35s  %7v  %6v  %8v%s\n"
	fmt.Fprintf(stdout, line, "SOURCE", "OPERATION", "VECTORS", "PASSED", "TIME", "")

	var passed, failed, skipped, status int
	for _, f := range files {
		bar := progress.New(stdout, f.Source+"  "+f.Operation, int64(f.Count))
		start := time.Now()
		r, err := f.Run(func(int) { bar.Add(1) })
		elapsed := time.Since(start).Round(100 * time.Microsecond)
		bar.Close()

		// Every vector that has not passed counts as failed, even if the file could not
		// be run.
		missed := f.Count - r.Skipped - r.Passed
		passed, failed, skipped = passed+r.Passed, failed+missed, skipped+r.Skipped
		var note string
		if r.Skipped > 0 {
			note += fmt.Sprintf("  %d of other KEMs or names", r.Skipped)
		}
		if missed > 0 || err != nil {
			note += "  FAILED"
			status = 1
		}
		fmt.Fprintf(stdout, line, f.Source, f.Operation, f.Count, r.Passed, elapsed, note)
		report(stderr, r, err)
	}

	fmt.Fprintf(stdout, "%d passed, %d failed", passed, failed)
	if skipped > 0 {
		fmt.Fprintf(stdout, ", %d not run: this module does not take their KEM or name", skipped)
	}
	fmt.Fprintln(stdout)
	return status
}

// report prints the failures, but no more than the first ten.
func report(stderr io.Writer, r kats.Result, err error) {
	const limit = 10
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	for i, failure := range r.Failed {
		if i == limit {
			fmt.Fprintf(stderr, "kats: and %d more\n", len(r.Failed)-limit)
			break
		}
		fmt.Fprintln(stderr, failure)
	}
}
