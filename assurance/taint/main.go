// Command taint shows that the time of the running code does not depend on secrets, as far
// as branches, addresses and division go. It runs every public operation that has secrets
// under valgrind, with the secrets marked as not initialised, and reports each branch and
// each address that depends on them, inside the module and in what it calls, and each
// division in its machine code.
//
//	cd assurance && go run ./taint                   all, in about two minutes
//	cd assurance && go run ./taint -run X-Wing       operations whose name matches
//	cd assurance && go run ./taint -impl AVX2        one implementation
//	cd assurance && go run ./taint -n 10             on ten secrets, rather than one
//	cd assurance && go run ./taint -list             what is declassified, and why
//
// It needs Linux on amd64, valgrind, and objdump of GNU binutils. First it plants leaks in a
// copy of the module, each of which must be found. It exits with status 1 if one is
// not, or if anything is found without them.
//
// Where a secret becomes public, the module says so in a line of its own:
//
//	//ct:declassify EXPRESSION: reason
//
// In the copy this becomes a call that marks the value as known. Of a slice that is where it
// lies, not what it holds: such a directive changes nothing here, and is for static. With [:]
// at its end it is what a slice of bytes holds. What is known of other modules is in the table
// accepted.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"hybridkem/assurance/internal/module"
	"hybridkem/internal/cpu"
)

func main() {
	filter := flag.String("run", "", "only operations whose name matches the `regexp`")
	impl := flag.String("impl", "", "only the implementation of this `name`")
	list := flag.Bool("list", false, "print what is declassified, and run nothing")
	n := flag.Int("n", 1, "run each operation on this `number` of secrets")
	verbose := flag.Bool("v", false, "print the functions of the Go runtime of which there are reports")
	flag.Parse()
	if err := run(*filter, *impl, *list, *n, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "taint:", err)
		os.Exit(1)
	}
}

// implementations are those which valgrind can execute, which has no AVX-512.
var implementations = []struct{ name, set, tags string }{
	{"purego", cpu.Portable, "valgrind,purego"},
	{"portable", cpu.Portable, "valgrind"},
	{"AVX2", "AVX2", "valgrind"},
	{"ADX", "ADX", "valgrind"},
}

func run(filter, impl string, onlyList bool, n int, verbose bool) error {
	match, err := regexp.Compile(filter)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "taint-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	directives, err := copyModule(dir, "..")
	if err != nil {
		return err
	}
	if onlyList {
		list(directives)
		return nil
	}
	for _, tool := range []string{"valgrind", "objdump"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	if err := selfTest(dir); err != nil {
		return err
	}

	var covered []string
	programs := map[string]*program{}
	findings := 0
	for _, i := range implementations {
		if impl != "" && i.name != impl {
			continue
		}
		if !slices.Contains(cpu.Sets(), i.set) {
			fmt.Printf("%s: not on this machine\n", i.name)
			continue
		}
		covered = append(covered, i.name)
		p := programs[i.tags]
		if p == nil {
			if p, err = build(dir, i.tags); err != nil {
				return err
			}
			programs[i.tags] = p
			divisions, err := p.divisions()
			if err != nil {
				return err
			}
			divisions = slices.DeleteFunc(divisions, func(r report) bool { return !r.finding() })
			for _, r := range divisions {
				fmt.Println(r)
			}
			fmt.Printf("division, in the build with -tags %s: %d reports\n", i.tags, len(divisions))
			findings += len(divisions)
		}
		found, err := p.runAll(i.name, i.set, match, n, verbose)
		if err != nil {
			return err
		}
		findings += found
	}
	if covered == nil {
		return errors.New("no such implementation")
	}
	list(directives)
	fmt.Printf("\ncovered: %s\n", strings.Join(covered, ", "))
	fmt.Println("not covered: AVX512, AVX512VBMI2, AVX512IFMA, which valgrind does not execute")
	if findings > 0 {
		return fmt.Errorf("%d reports", findings)
	}
	return nil
}

// runAll prints a line for each operation, and returns the number of findings.
func (p *program) runAll(name, set string, match *regexp.Regexp, n int, verbose bool) (findings int, err error) {
	out, err := exec.Command(p.path).Output()
	if err != nil {
		return 0, err
	}
	operations := strings.Split(strings.TrimSpace(string(out)), "\n")
	operations = slices.DeleteFunc(operations, func(o string) bool { return !match.MatchString(o) })
	if len(operations) == 0 {
		return 0, errors.New("no operation has such a name")
	}
	found, foreign, printed := map[string]int{}, map[string]int{}, map[string]bool{}
	for seed := range n {
		reports, err := p.run(set, seed, operations)
		if err != nil {
			return findings, err
		}
		for _, r := range reports {
			if r.finding() {
				findings++
				found[r.operation]++
				if text := r.String(); !printed[text] {
					printed[text] = true
					fmt.Println(text)
				}
			} else if r.foreign {
				foreign[r.stack[0].function]++
			}
		}
	}
	for _, o := range operations {
		fmt.Printf("%s, %s: %d reports\n", o, name, found[o])
	}
	if findings > 0 {
		fmt.Println("(valgrind shows a place once, in the operation that comes there first)")
	}
	fmt.Printf("%s: the Go runtime's own, in %d functions, not counted", name, len(foreign))
	if verbose {
		fmt.Print(": ", slices.Sorted(maps.Keys(foreign)))
	}
	fmt.Println()
	return findings, nil
}

// A directive is a declassification in the source.
type directive struct {
	place, expression, reason string
}

var directiveLine = regexp.MustCompile(`^(\s*)//ct:declassify ([^:]+|[^:]+\[:\]): (.+)$`)

// place puts calls in the place of directives, on the same lines.
func place(name, source string) (string, []directive, error) {
	var found []directive
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		m := directiveLine.FindStringSubmatch(line)
		if m == nil {
			if strings.Contains(line, "//ct:") && !strings.HasPrefix(strings.TrimSpace(line), "// ") {
				return "", nil, fmt.Errorf("%s:%d: a directive that is not understood", name, i+1)
			}
			continue
		}
		lines[i] = fmt.Sprintf("%s%s = mark.Declassified(%[2]s)", m[1], m[2])
		if strings.HasSuffix(m[2], "[:]") {
			lines[i] = fmt.Sprintf("%smark.Public(%s)", m[1], m[2])
		}
		found = append(found, directive{fmt.Sprintf("%s:%d", name, i+1), m[2], m[3]})
	}
	if found != nil {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "package ") })
		lines[i] += `; import "hybridkem/assurance/taint/mark"`
	}
	return strings.Join(lines, "\n"), found, nil
}

// copyModule copies the files of the module in from that the program needs, with
// declassifications in place.
func copyModule(to, from string) (directives []directive, err error) {
	without := []string{".git", "bench", "doc", "kats", "mutation", "node_modules"}
	err = module.Copy(to, from, without, func(name, source string) (string, error) {
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "assurance") {
			return source, nil
		}
		source, found, err := place(name, source)
		directives = append(directives, found...)
		return source, err
	})
	return directives, err
}

// list prints what does not count.
func list(directives []directive) {
	fmt.Println("\ndeclassified:")
	for _, d := range directives {
		fmt.Printf("  %s: %s: %s\n", d.place, d.expression, d.reason)
	}
	fmt.Println("accepted:")
	for _, a := range accepted {
		fmt.Printf("  %s: %s: %s\n", a.file, a.line, a.reason)
	}
}
