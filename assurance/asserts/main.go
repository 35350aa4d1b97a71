// Command asserts tests the module with its bounds checked. The comments of internal/ring
// state bounds for the coefficients that a method takes and for those that it returns.
// The command adds checks to a copy of the module: each exported method with such a comment
// panics if a coefficient is outside its bounds.
//
//	cd assurance && go run ./asserts             tests, and each fuzz target for 5 seconds
//	cd assurance && go run ./asserts -time 1h    each fuzz target for an hour
//
// Before the fuzzing it states a wrong bound, which must make the tests fail. It exits with
// status 1 if the wrong bound goes unnoticed, or if any other test fails.
//
// It would miss inputs that no test makes, overflows inside methods, and bounds that no comment
// states. Command prove shows the bounds for all inputs, of each method and of their calls in
// internal/mlkem.
package main

import (
	"flag"
	"fmt"
	"log"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"hybridkem/internal/overlay"
)

const (
	root = ".."
	// check is the text of a file that is added to internal/ring.
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

func main() {
	log.SetFlags(0)
	log.SetPrefix("asserts: ")
	duration := flag.Duration("time", 5*time.Second, "how long to run each fuzz target")
	flag.Parse()
	checked := overlay.New(root)
	checked.Set("internal/ring/check.go", check)
	for _, file := range must(filepath.Glob(filepath.Join(root, "internal", "ring", "*.go"))) {
		if !strings.HasSuffix(file, "_test.go") {
			name := filepath.Join("internal", "ring", filepath.Base(file))
			checked.Set(name, instrument(must(checked.Text(name))))
		}
	}
	plant(checked)
	for _, tags := range []string{"", "purego"} {
		// The checks allocate, so tests of allocations would fail. The long tests are left
		// out too.
		if out, err := test(checked, "-short", "-tags="+tags, "-skip=Allocations|Memory|Attacks|Stack",
			"./internal/mlkem", "./internal/attacks", "./internal/hybrid", "./mlkem", "./xwing"); err != nil {
			log.Fatalf("the tests, -tags=%s: %v\n%s", tags, err, out)
		}
	}
	fuzz(checked, *duration)
}

func must[T any](x T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return x
}

func test(o *overlay.Overlay, args ...string) (string, error) {
	return o.Go(root, append([]string{"test", "-vet=off"}, args...)...)
}

// plant states a wrong bound, that NTT returns coefficients below q, and demands that the
// tests notice.
func plant(checked *overlay.Overlay) {
	wrong := checked.Clone()
	if err := wrong.Replace("internal/ring/ntt.go", "1-8*Q, 8*Q-1, f);", "1-Q, Q-1, f);"); err != nil {
		log.Fatal(err)
	}
	out, err := test(wrong, "-short", "./mlkem")
	if err == nil || !strings.Contains(out, "ring: Poly.NTT: out |f| < 8q: a coefficient is") {
		log.Fatalf("a wrong bound is not noticed: %v\n%s", err, out)
	}
	fmt.Println("a wrong bound, planted: noticed")
}

// fuzz runs each fuzz target.
func fuzz(checked *overlay.Overlay, duration time.Duration) {
	out := must(test(checked, "-list", "^Fuzz", "./internal/attacks"))
	targets := regexp.MustCompile(`(?m)^Fuzz\w+$`).FindAllString(out, -1)
	if targets == nil {
		log.Fatal("there are no fuzz targets")
	}
	for _, target := range targets {
		out, err := test(checked, "./internal/attacks", "-run=^$", "-fuzz=^"+target+"$",
			"-fuzztime="+duration.String(), "-fuzzminimizetime=1x")
		// Go before 1.27 sometimes reports the end of the fuzzing time as a failure:
		// go.dev/issue/75804.
		if err != nil && (!strings.Contains(out, "context deadline exceeded") || strings.Contains(out, "Failing input")) {
			log.Fatalf("%s: %v\n%s", target, err, out)
		}
		fmt.Printf("%s, %v: no bound is exceeded\n", target, duration)
	}
}

var (
	// method matches the comment and the first line of an exported method. Its groups are
	// the comment, the type of the receiver and the name.
	method = regexp.MustCompile(`(?m)((?:^//.*\n)+)^func \(\w+ \*(\w+)\) ([A-Z]\w*)\(.*\{$`)
	// stated matches the bounds in a comment. Its groups are the bound of the coefficients
	// that come in and the bound of those that go out.
	stated = regexp.MustCompile(`\bIn ([^.;]+)(?:; out ([^.]+))?\.`)
	// below matches a bound on absolute values.
	below = regexp.MustCompile(`^\|(\w+)\| < (\d*)q$`)
)

// instrument adds checks to the methods of a source file whose comments state bounds.
func instrument(source string) string {
	return method.ReplaceAllStringFunc(source, func(declaration string) string {
		m := method.FindStringSubmatch(declaration)
		bounds := stated.FindStringSubmatch(strings.ReplaceAll(m[1], "\n// ", " "))
		if bounds == nil {
			return declaration
		}
		in, out := call(m[2]+"."+m[3]+": in ", bounds[1]), call(m[2]+"."+m[3]+": out ", bounds[2])
		return declaration + in + strings.Replace(out, " check", " defer check", 1)
	})
}

// call returns the text of a call that checks the bound. It returns "" if there is no bound or
// if the bound allows everything.
func call(what, bound string) string {
	if bound == "" || strings.HasPrefix(bound, "any ") {
		return ""
	}
	fmt.Println(what + bound)
	if m := below.FindStringSubmatch(bound); m != nil {
		limit := strings.TrimPrefix(m[2]+"*Q", "*")
		return fmt.Sprintf(" checkBounds(%q, 1-%s, %s-1, %s);", what+bound, limit, limit, m[1])
	}
	v, ok := strings.CutSuffix(bound, " canonical")
	if !ok {
		log.Fatalf("%s%s: a bound that is not understood", what, bound)
	}
	return fmt.Sprintf(" checkBounds(%q, 0, Q-1, %s);", what+bound, v)
}
