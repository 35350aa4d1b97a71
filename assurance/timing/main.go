// Command timing looks for differences in the time that operations of hybridkem take with
// different secrets, in the manner of dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my
// code constant time?", 2017): it times an operation many times with inputs of two classes,
// and asks whether the means differ by more than chance, with Welch's t, for all
// measurements and for the fastest ones, which have less noise.
//
//	cd assurance && go run ./timing                       four KEMs, all implementations; five minutes
//	cd assurance && go run ./timing -quick                less exactly, in half a minute
//	cd assurance && go run ./timing -run 'X-Wing/Equal'   what matches, of all KEMs
//	cd assurance && go run ./timing -plant                show that an early exit is found
//
// It is a report. A |t| above 10 is certain to be a difference, one above 4.5 is worth a
// longer look with -run and -time, and less is no proof that there is none. On a machine
// that others share, "valid or valid ciphertext", which compares the same with the same,
// shows what chance does.
//
// ρ depends on the seed, and decides how long key generation takes; but it is public. So what
// makes keys of different seeds is tested in a build of the module in which ρ is always zero.
//
// With -plant it times a build in which the comparison of ciphertexts in decapsulation
// stops at the first difference, until that is found, and exits with status 1 if it is not.
// Otherwise the status is 1 if timing fails itself. It is 2 if it is called wrongly.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"hybridkem"
	"hybridkem/internal/cpu"
)

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	} else if err != nil {
		os.Exit(2)
	}
	if err := o.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	pattern         *regexp.Regexp
	time            time.Duration
	implementations []string
	plant, find     bool
}

const usual = "^(ML-KEM-512|ML-KEM-768|ML-KEM-1024|X-Wing)/"

// parse reads the command line, and complains to stderr.
func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("timing", flag.ContinueOnError)
	pattern := flags.String("run", usual, "only what matches `regexp`, as KEM/operation/test")
	flags.DurationVar(&o.time, "time", time.Second, "for each test")
	sets := cpu.Sets()
	impl := flags.String("impl", strings.Join(sets, ","), "`names` of implementations")
	quick := flags.Bool("quick", false, "less exactly, and only the portable implementation and the best")
	flags.BoolVar(&o.plant, "plant", false, "show that an early exit is found within a minute")
	flags.BoolVar(&o.find, "find", false, "end a test when |t| is above 10; exit with status 1 if it never is")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.implementations = strings.Split(*impl, ",")
	if *quick {
		o.time, o.implementations = 200*time.Millisecond, slices.Compact([]string{sets[0], sets[len(sets)-1]})
	}
	o.pattern, err = regexp.Compile(*pattern)
	if flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for _, name := range o.implementations {
		if !slices.Contains(sets, name) {
			err = fmt.Errorf("this machine has no implementation %q, but %q", name, sets)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
	}
	return o, err
}

// built is set by the linker in a build of the module that has been changed.
var built string

func (o options) run(stdout io.Writer) error {
	again := []string{"-impl", strings.Join(o.implementations, ",")}
	if o.plant {
		fmt.Fprintln(stdout, "In a build in which the comparison of ciphertexts stops at the first difference:")
		return earlyExit.run(stdout, append(again, "-find", "-time", "1m",
			"-run", "^ML-KEM-768/Decapsulate/(first or last|valid or invalid)")...)
	}
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	fmt.Fprintf(stdout, row, "KEM", "operation", "test", "implementation", "measured", "max |t|", "of", "")
	var withConstantRho []string
	tested, missed := 0, 0
	for _, k := range hybridkem.All() {
		for _, t := range tests {
			if t.mlkem && !isMLKEM(k) || !o.pattern.MatchString(t.title(k)) {
				continue
			}
			tested++
			if t.constantRho && built != constantRho.name {
				withConstantRho = append(withConstantRho, regexp.QuoteMeta(t.title(k)))
				continue
			}
			for _, name := range o.implementations {
				cpu.Use(name)
				r := measure(t.subject(k), o.time, o.find)
				fmt.Fprintf(stdout, row, k.Name(), t.operation, t.name, name,
					fmt.Sprint(r.measurements), fmt.Sprintf("%.1f", math.Abs(r.t)), r.of, r.remark())
				if r.found == 0 {
					missed++
				}
			}
		}
	}
	switch {
	case tested == 0:
		return fmt.Errorf("no test matches %q", o.pattern)
	case o.find && missed > 0:
		return errors.New("not all differences are found")
	case withConstantRho == nil:
		return nil
	}
	fmt.Fprintln(stdout, "\nIn a build in which ρ is constant:")
	return constantRho.run(stdout, append(again, "-find="+strconv.FormatBool(o.find), "-time", o.time.String(),
		"-run", "^("+strings.Join(withConstantRho, "|")+")$")...)
}

const row = "%-11s  %-21s  %-29s  %-14s  %8s  %8s  %-14s  %s\n"

func (r result) remark() string {
	difference := fmt.Sprintf("difference %+.2f %%", 100*r.difference)
	switch {
	case r.found > 0:
		return fmt.Sprintf("leak, seen after %v, %s", r.found.Round(time.Millisecond), difference)
	case math.Abs(r.t) > maybe:
		return "maybe, " + difference
	}
	return ""
}
