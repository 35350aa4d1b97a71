// Command mutation shows that the tests of hybridkem can fail: it puts one bug at a
// time into a copy of the module, each of a class that has happened to somebody,
// runs the tests, and prints which test caught it.
//
//	cd mutation && go run .             all, in about eight minutes
//	cd mutation && go run . -run swap   those whose name contains the text
//
// It exits with status 1 if a bug is not caught, or can't be put in because the
// code has changed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"hybridkem/internal/cpu"
)

func main() {
	filter := flag.String("run", "", "only the mutations whose name contains `text`")
	flag.Parse()
	if err := run(*filter); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(filter string) error {
	dir, err := os.MkdirTemp("", "mutation-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyModule(dir, ".."); err != nil {
		return err
	}
	if out, err := test(dir, "./..."); err != nil {
		return fmt.Errorf("the tests fail without a mutation:\n%s", out)
	}

	if len(cpu.Sets()) > 1 {
		mutations = append(mutations, kernelMutations...)
	} else {
		fmt.Printf("no kernels on this machine: %d mutations of what runs on them are not tried\n", len(kernelMutations))
	}
	caught, missed := 0, 0
	for _, m := range mutations {
		if !strings.Contains(m.name, filter) {
			continue
		}
		by, err := m.try(dir)
		if err != nil {
			by = err.Error()
			missed++
		} else {
			caught++
		}
		fmt.Printf("%-52s %s\n", m.name, by)
	}
	fmt.Printf("%d caught, %d not\n", caught, missed)
	if missed > 0 || caught == 0 {
		return errors.New("not all mutations are caught")
	}
	return nil
}

// copyModule copies the files of the module in from that the tests need.
func copyModule(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "bench", "mutation", "node_modules":
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o777)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o666)
	})
}

func test(dir string, packages ...string) (string, error) {
	command := exec.Command("go", append([]string{"test", "-short", "-failfast", "-vet=off", "-timeout", "2m"}, packages...)...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err
}

// A mutation replaces the first occurrence of old in the file.
type mutation struct {
	name     string
	file     string
	old, new string
	packages string // that should notice, separated by spaces
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// try applies the mutation, runs the tests, and undoes it. It returns the names of
// the tests that failed.
func (m mutation) try(dir string) (by string, err error) {
	path := filepath.Join(dir, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(source), m.old) {
		return "", errors.New("STALE: the text to replace is not there")
	}
	mutated := strings.Replace(string(source), m.old, m.new, 1)
	if err := os.WriteFile(path, []byte(mutated), 0o666); err != nil {
		return "", err
	}
	defer os.WriteFile(path, source, 0o666)

	out, err := test(dir, strings.Fields(m.packages)...)
	if err == nil {
		return "", errors.New("NOT CAUGHT")
	}
	var names []string
	for _, match := range failure.FindAllStringSubmatch(out, -1) {
		if !strings.Contains(match[1], "/") {
			names = append(names, match[1])
		}
	}
	if strings.Contains(out, "panic: test timed out") {
		names = append(names, "(a test that never ends)")
	}
	if names == nil {
		return "", fmt.Errorf("NO TEST FAILED: %s", firstLine(out))
	}
	return strings.Join(names, " "), nil
}

// firstLine returns the first line of out that is no heading.
func firstLine(out string) string {
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "#") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
