// Command timing looks for differences in the time that operations of hybridkem take with
// different secrets. It works like dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code
// constant time?", 2017): it times an operation many times with inputs of two classes. Welch's
// t-test then tells whether the means differ by more than chance, both for all measurements
// and for the fastest ones, which have less noise.
//
//	cd assurance && go run ./timing                       four KEMs, all implementations; six minutes
//	cd assurance && go run ./timing -run 'X-Wing/Equal'   the tests that match, of all KEMs
//	cd assurance && go run ./timing -plant                show that an early exit is found
//
// A |t| above 10 is certain to be a difference, and makes the exit status 1. A |t| above 4.5
// is worth a longer look with -run and -time. A smaller |t| does not prove that there is no
// difference. On a shared machine, look at the test "valid or valid ciphertext": it compares
// two equal classes, so it shows the effect of chance.
//
// The command would miss a difference that is small compared with the noise, one that appears
// only on another machine, and one that appears only for secrets that are not drawn here.
//
// The command times a changed build, in which ρ, a part of the encapsulation key, is always
// zero. ρ depends on the seed and decides how long key generation takes, but it is public.
//
// With -plant, the comparison of ciphertexts in that build ends early, at the first byte that
// differs. The exit status is 1 if the command does not find that within a minute.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"hybridkem"
	"hybridkem/internal/cpu"
	"hybridkem/internal/overlay"
)

// changed is set by the linker in the changed build.
var changed string

func main() {
	pattern := flag.String("run", "^(ML-KEM-512|ML-KEM-768|ML-KEM-1024|X-Wing)/", "only what matches `regexp`, as KEM/operation/test/implementation")
	duration := flag.Duration("time", time.Second, "for each test")
	plant := flag.Bool("plant", false, "show that an early exit is found")
	flag.Parse()
	var err error
	switch {
	case changed == "":
		err = runChanged(*plant, os.Args[1:])
	case *plant:
		err = run("^ML-KEM-768/Decapsulate/(early or late|valid or invalid)", time.Minute, true)
	default:
		err = run(*pattern, *duration, false)
	}
	if err != nil {
		log.Fatal("timing: ", err)
	}
}

// runChanged builds this command with the changed module, and runs it.
func runChanged(plant bool, args []string) error {
	module, err := changedModule("..", plant)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "timing-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "timing")
	if out, err := module.Go(".", "build", "-ldflags", "-X main.changed=yes", "-o", program, "./timing"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// changedModule returns the module in the folder root with a ρ that is always zero. If plant is set,
// it has the early exit too.
func changedModule(root string, plant bool) (*overlay.Overlay, error) {
	module := overlay.New(root)
	err := errors.Join(
		module.Replace("internal/mlkem/kpke.go", "ek.rho, sigma = g(", "_, sigma = g("),
		module.Replace("internal/mlkem/many.go", "ek.rho = [32]byte(g[i][:32])", "_, ek.rho = i, [32]byte{}"))
	if plant {
		err = errors.Join(err, module.Replace("internal/mlkem/mlkem.go", "\tvar d uint64\n",
			"\tfor i := range x {\n\t\tif x[i] != y[i] {\n\t\t\treturn 1\n\t\t}\n\t}\n\tvar d uint64\n"))
	}
	return module, err
}

// run makes the tests that match the pattern. If find is set, it returns an error unless each
// of them finds a difference, and otherwise if any of them does.
func run(pattern string, d time.Duration, find bool) error {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	const row = "%-11s  %-21s  %-29s  %-14s  %8v  %7v  %7v  %-6s  %8v  %s\n"
	fmt.Printf(row, "KEM", "operation", "test", "implementation", "measured", "time", "max |t|", "", "differ", "of")
	tested, found := 0, 0
	for _, k := range hybridkem.All() {
		for _, t := range tests {
			for _, set := range cpu.Sets() {
				if !t.exists(k) || !match.MatchString(strings.Join([]string{k.Name(), t.operation, t.name, set}, "/")) {
					continue
				}
				cpu.Use(set)
				r := measure(t.subject(k), d, find)
				verdict := ""
				switch {
				case math.Abs(r.t) > leak:
					verdict = "leak"
					found++
				case math.Abs(r.t) > maybe:
					verdict = "maybe"
				}
				tested++
				fmt.Printf(row, k.Name(), t.operation, t.name, set, r.measurements, r.took.Round(time.Millisecond),
					fmt.Sprintf("%.1f", math.Abs(r.t)), verdict, fmt.Sprintf("%+.2f %%", 100*r.difference), r.of)
			}
		}
	}
	switch {
	case tested == 0:
		return fmt.Errorf("no test matches %q", pattern)
	case find && found < tested:
		return errors.New("the planted difference is not found")
	case !find && found > 0:
		return fmt.Errorf("%d differences", found)
	}
	return nil
}
