// Command timing looks for differences in the time that operations of hybridkem take with
// different secrets, in the manner of dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my
// code constant time?", 2017): it times an operation many times with inputs of two classes,
// and asks whether the means differ by more than chance, with Welch's t, for all
// measurements and for the fastest ones, which have less noise.
//
//	cd assurance && go run ./timing                       four KEMs, all implementations; five minutes
//	cd assurance && go run ./timing -run 'X-Wing/Equal'   what matches, of all KEMs
//	cd assurance && go run ./timing -plant                show that an early exit is found
//
// A |t| above 10 is certain to be a difference, and makes the exit status 1. One above 4.5 is worth
// a longer look with -run and -time, and less is no proof that there is none. On a machine
// that others share, "valid or valid ciphertext", which compares the same with the same,
// shows what chance does. A difference that is small against the noise is missed, and so is
// one that appears only on another machine or only for secrets that are not drawn here.
//
// What is timed is a build in which ρ, a half of the encapsulation key, is always zero. ρ
// depends on the seed and decides how long key generation takes, but it is public.
//
// With -plant the comparison of ciphertexts in that build ends with the first polynomial that
// differs. The exit status is 1 if that is not found within a minute.
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

// changed is set by the linker in a build of the module that has been changed.
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

// runChanged builds this command with the module changed, and runs it.
func runChanged(plant bool, args []string) error {
	module := overlay.New("..")
	err := module.Replace("internal/mlkem/kpke.go", "ek.rho = [32]byte(seeds[:32])", "ek.rho = [32]byte{}")
	if err == nil && plant {
		err = module.Replace("internal/mlkem/mlkem.go", "\t\td |= binary", "\t\tif d != 0 {\n\t\t\treturn 1\n\t\t}\n\t\td |= binary")
	}
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

// run times what matches the pattern. If find is set, it wants a difference each time.
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
