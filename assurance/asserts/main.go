// Command asserts tests the module with its bounds checked. The comments of internal/ring
// state between which bounds coefficients enter a method and leave it. In a build of the
// module, each exported method with such a comment panics if they do not.
//
//	cd assurance && go run ./asserts             tests, and each fuzz target for 5 seconds
//	cd assurance && go run ./asserts -time 1h    each fuzz target for an hour
//
// First it states a wrong bound, by which the tests must fail. It exits with status 1 if they
// do not, or if they fail otherwise.
//
// What it would miss: inputs that no test makes (TestBounds of internal/ring follows the
// stated bounds through all layers, for all inputs); what kernels do inside; and bounds that no
// comment states.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"hybridkem/internal/overlay"
)

func main() {
	duration := flag.Duration("time", 5*time.Second, "how long to run each fuzz target")
	flag.Parse()
	if err := run(*duration); err != nil {
		fmt.Fprintln(os.Stderr, "asserts:", err)
		os.Exit(1)
	}
}

const (
	root = ".."
	// check is a file of internal/ring.
	check = `package ring

import "fmt"

func checkBounds(what string, low, high int, v any) {
	switch v := v.(type) {
	case *Poly:
		checkBounds(what, low, high, v[:])
	case *NTT:
		checkBounds(what, low, high, v[:])
	case []NTT:
		for i := range v {
			checkBounds(what, low, high, &v[i])
		}
	case []int16:
		for _, a := range v {
			if int(a) < low || int(a) > high {
				panic(fmt.Sprintf("ring: %s: a coefficient is %d", what, a))
			}
		}
	default:
		panic(fmt.Sprintf("ring: a bound of a %T", v))
	}
}
`
)

func run(duration time.Duration) error {
	checked := overlay.New(root)
	checked.Set("internal/ring/check.go", check)
	files, err := filepath.Glob(filepath.Join(root, "internal", "ring", "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		name := filepath.Join("internal", "ring", filepath.Base(file))
		source, err := checked.Text(name)
		if err != nil {
			return err
		}
		if source, err = instrument(source); err != nil {
			return err
		}
		checked.Set(name, source)
	}
	if err := plant(checked); err != nil {
		return err
	}
	for _, tags := range []string{"", "purego"} {
		// Checks allocate, and the long tests are made without them.
		out, err := test(checked, "-short", "-tags="+tags, "-skip=Allocations|Memory|Attacks|Stack",
			"./internal/mlkem", "./internal/attacks", "./internal/hybrid", "./mlkem", "./xwing")
		if err != nil {
			return fmt.Errorf("the tests, -tags=%s: %w\n%s", tags, err, out)
		}
	}
	return fuzz(checked, duration)
}

// plant states that NTT leaves coefficients below q, which it does not.
func plant(checked *overlay.Overlay) error {
	wrong := checked.Clone()
	if err := wrong.Replace("internal/ring/ntt.go", "1-8*Q, 8*Q-1, f);", "1-Q, Q-1, f);"); err != nil {
		return err
	}
	out, err := test(wrong, "-short", "./mlkem")
	if err == nil || !strings.Contains(out, "ring: Poly.NTT: out |f| < 8q: a coefficient is") {
		return fmt.Errorf("a wrong bound is not noticed: %v\n%s", err, out)
	}
	fmt.Println("a wrong bound, planted: noticed")
	return nil
}

// fuzz runs each fuzz target.
func fuzz(checked *overlay.Overlay, duration time.Duration) error {
	out, err := test(checked, "-list", "^Fuzz", "./internal/attacks")
	if err != nil {
		return err
	}
	targets := regexp.MustCompile(`(?m)^Fuzz\w+$`).FindAllString(out, -1)
	if targets == nil {
		return errors.New("there are no fuzz targets")
	}
	for _, target := range targets {
		out, err := test(checked, "./internal/attacks", "-run=^$", "-fuzz=^"+target+"$",
			"-fuzztime="+duration.String(), "-fuzzminimizetime=1x")
		// Go before 1.27 sometimes takes the end of the time for a failure: go.dev/issue/75804.
		if err != nil && (!strings.Contains(out, "context deadline exceeded") || strings.Contains(out, "Failing input")) {
			return fmt.Errorf("%s: %w\n%s", target, err, out)
		}
		fmt.Printf("%s, %v: no bound is exceeded\n", target, duration)
	}
	return nil
}

func test(o *overlay.Overlay, args ...string) (string, error) {
	return o.Go(root, append([]string{"test", "-vet=off"}, args...)...)
}

var (
	// method matches an exported method: its comment, its type, its name.
	method = regexp.MustCompile(`(?m)((?:^//.*\n)+)^func \(\w+ \*(\w+)\) ([A-Z]\w*)\(.*\{$`)
	// stated is what a comment says of the coefficients that come in and leave.
	stated = regexp.MustCompile(`\bIn ([^.;]+)(?:; out ([^.]+))?\.`)
	// below is a bound of absolute values.
	below = regexp.MustCompile(`^\|(\w+)\| < (\d*)q$`)
)

// instrument adds checks to the methods in a source whose comments state bounds.
func instrument(source string) (checked string, failed error) {
	checked = method.ReplaceAllStringFunc(source, func(declaration string) string {
		m := method.FindStringSubmatch(declaration)
		bounds := stated.FindStringSubmatch(strings.ReplaceAll(m[1], "\n// ", " "))
		if bounds == nil {
			return declaration
		}
		in, err := call(m[2]+"."+m[3]+": in ", bounds[1])
		out, err2 := call(m[2]+"."+m[3]+": out ", bounds[2])
		failed = errors.Join(failed, err, err2)
		return declaration + in + strings.Replace(out, " check", " defer check", 1)
	})
	return checked, failed
}

// call returns the call that checks a bound, or nothing for one that allows everything.
func call(what, bound string) (string, error) {
	if bound == "" || strings.HasPrefix(bound, "any ") {
		return "", nil
	}
	fmt.Println(what + bound)
	if m := below.FindStringSubmatch(bound); m != nil {
		limit := strings.TrimPrefix(m[2]+"*Q", "*")
		return fmt.Sprintf(" checkBounds(%q, 1-%s, %s-1, %s);", what+bound, limit, limit, m[1]), nil
	}
	if v, ok := strings.CutSuffix(bound, " canonical"); ok {
		return fmt.Sprintf(" checkBounds(%q, 0, Q-1, %s);", what+bound, v), nil
	}
	return "", fmt.Errorf("%s%s: a bound that is not understood", what, bound)
}
