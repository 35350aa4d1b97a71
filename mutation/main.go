// Command mutation shows that the tests of hybridkem can fail. It puts one bug at a time into
// the module, runs the tests, and prints which test caught the bug. Each bug is of a kind that
// has happened to somebody. The files do not change: the go command reads the changed text from
// another place.
//
//	cd mutation && go run .             all, in a few minutes
//	cd mutation && go run . -run swap   only mutations whose name contains the text
//	cd mutation && go run . -part 2/3   only the second one of every three
//
// It exits with status 1 if a bug cannot be put in because the code has changed, or if no
// test fails. A mutation that does not build or that makes the tests time out is not caught.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"hybridkem/internal/cpu"
	"hybridkem/internal/overlay"
)

const root = ".."

func main() {
	filter := flag.String("run", "", "only the mutations whose name contains `text`")
	part := flag.String("part", "1/1", "only every n-th mutation, from the k-th on, for the text `k/n`")
	flag.Parse()
	if err := run(*filter, *part); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(filter, part string) error {
	for _, k := range kernelMutations {
		if slices.Contains(cpu.Sets(), k.set) {
			mutations = append(mutations, k.mutations...)
		} else {
			fmt.Printf("this machine is without %s: %d mutations of its kernels are not tried\n", k.set, len(k.mutations))
		}
	}
	if err := check(mutations); err != nil {
		return err
	}
	mutations = slices.DeleteFunc(mutations, func(m mutation) bool { return !strings.Contains(m.name, filter) })
	var err error
	if mutations, err = every(mutations, part); err != nil {
		return err
	}
	if err := baseline(mutations); err != nil {
		return err
	}

	type result struct {
		by  string
		err error
	}
	results := make([]chan result, len(mutations))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	next := make(chan int)
	for range runtime.NumCPU() + 1 { // because a build or a test often waits
		go func() {
			for i := range next {
				by, err := mutations[i].try()
				results[i] <- result{by, err}
			}
		}()
	}
	go func() {
		for i := range mutations {
			next <- i
		}
	}()
	missed := 0
	for i, m := range mutations {
		r := <-results[i]
		if r.err != nil {
			r.by = r.err.Error()
			missed++
		}
		fmt.Printf("%-52s %s\n", m.name, r.by)
	}
	fmt.Printf("%d caught, %d not\n", len(mutations)-missed, missed)
	if missed > 0 || len(mutations) == 0 {
		return errors.New("not all mutations are caught")
	}
	return nil
}

// every returns every n-th of all mutations, from the k-th on, where part is "k/n".
func every(all []mutation, part string) (some []mutation, err error) {
	var k, n int
	if _, err := fmt.Sscanf(part, "%d/%d", &k, &n); err != nil || k < 1 || k > n {
		return nil, fmt.Errorf("%q is no part", part)
	}
	for i := k - 1; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some, nil
}

// A mutation replaces the text old, which must occur exactly once in the file, by new.
type mutation struct {
	name     string
	file     string
	old, new string
	tests    string // the tests that should fail: packages and flags of go test, separated by spaces
}

// overlay returns the module with the mutation.
func (m mutation) overlay() (*overlay.Overlay, error) {
	o := overlay.New(root)
	return o, o.Replace(m.file, m.old, m.new)
}

// nested are the folders of modules of their own: the generators of assembly, kemtool, and the
// tools that examine the module.
var nested = []string{"internal/_asm", "cmd/kemtool", "assurance"}

// module returns the folder of the module whose tests should catch the mutation.
func (m mutation) module() string {
	for _, dir := range nested {
		if strings.HasPrefix(m.file, dir+"/") {
			return filepath.Join(root, dir)
		}
	}
	return root
}

// check returns an error for each mutation that cannot be put in, and for each that has the
// same name or the same effect as another.
func check(mutations []mutation) error {
	var errs []error
	names := map[string]string{}
	for _, m := range mutations {
		o, err := m.overlay()
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", m.name, err))
			continue
		}
		text, err := o.Text(m.file)
		if err != nil {
			return err
		}
		for _, key := range []string{m.name, m.file + text} {
			if other, ok := names[key]; ok {
				errs = append(errs, fmt.Errorf("%q and %q are the same mutation", other, m.name))
				break
			}
			names[key] = m.name
		}
	}
	return errors.Join(errs...)
}

// baseline returns an error if the tests fail without a mutation. It runs all tests of each
// package, so that the go command can use the cached results of the last full run.
func baseline(mutations []mutation) error {
	packages := map[string][]string{} // by module
	for _, m := range mutations {
		for _, argument := range strings.Fields(m.tests) {
			if strings.HasPrefix(argument, ".") && !slices.Contains(packages[m.module()], argument) {
				packages[m.module()] = append(packages[m.module()], argument)
			}
		}
	}
	for module, names := range packages {
		args := []string{"test"}
		if strings.HasSuffix(module, "assurance") {
			args = append(args, "-short") // the rest plants more faults, which takes a minute
		}
		if out, err := overlay.New(root).Go(module, append(args, names...)...); err != nil {
			return fmt.Errorf("the tests fail without a mutation:\n%s", out)
		}
	}
	return nil
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// try runs the tests with the mutation. It returns the names of the tests that failed, and an
// error if there are none.
func (m mutation) try() (by string, err error) {
	o, err := m.overlay()
	if err != nil {
		return "", err
	}
	// Programs build faster without DWARF.
	args := []string{"test", "-short", "-failfast", "-vet=off", "-gcflags=-dwarf=false", "-ldflags=-w", "-timeout=2m"}
	out, err := o.Go(m.module(), append(args, strings.Fields(m.tests)...)...)
	if err == nil {
		return "", errors.New("NOT CAUGHT")
	}
	if strings.Contains(out, "panic: test timed out") {
		return "", errors.New("TIMED OUT")
	}
	var names []string
	for _, match := range failure.FindAllStringSubmatch(out, -1) {
		if !strings.Contains(match[1], "/") {
			names = append(names, match[1])
		}
	}
	if names == nil {
		return "", fmt.Errorf("NO TEST FAILED: %s", firstLine(out))
	}
	return strings.Join(names, " "), nil
}

// firstLine returns the first line of out that does not begin with #.
func firstLine(out string) string {
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "#") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
