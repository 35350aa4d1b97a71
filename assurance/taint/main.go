// Command taint looks for time that depends on secrets in the code that runs. It runs the
// operations of taint/program, which are all that the module does with secrets, under valgrind,
// with the secrets marked as not initialised. It reports each branch and each address that
// depends on them, in the module and in what the module calls.
//
//	cd assurance && go run ./taint                   all
//	cd assurance && go run ./taint -run X-Wing       operations whose name matches
//	cd assurance && go run ./taint -n 10             on ten secrets, rather than one
//
// It needs Linux on amd64 with ADX, and valgrind. First it plants leaks, each of which must be
// found. It exits with status 1 if one is not, or if anything is found without them.
//
// It would miss code that valgrind does not execute, which is that with AVX-512 and whatever
// stands behind a test for such a feature; paths that no operation here takes; and instructions
// whose time depends on their operands, such as division. Command static looks for these in
// source and machine code. A seed that comes out of base64, in PEM, has lost its marks: what
// follows is seen for DER only.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"

	"hybridkem/internal/cpu"
)

func main() {
	pattern := flag.String("run", "", "only operations whose name matches the `regexp`")
	n := flag.Int("n", 1, "run each operation on this `number` of secrets")
	flag.Parse()
	if err := run(*pattern, *n); err != nil {
		fmt.Fprintln(os.Stderr, "taint:", err)
		os.Exit(1)
	}
}

// An implementation is what valgrind runs: a set of instructions in a build with the tags.
type implementation struct{ name, set, tags string }

// Go's runtime tells valgrind which memory is new, in builds with the tag valgrind.
var (
	purego   = implementation{"purego", cpu.Portable, "valgrind,purego"}
	portable = implementation{"portable", cpu.Portable, "valgrind"}
	withAVX2 = implementation{"AVX2", "AVX2", "valgrind"}
	withADX  = implementation{"ADX", "ADX", "valgrind"}
)

// accepted are lines at which reports are no findings. None is in the module. The patterns match
// "FILE: TEXT OF THE LINE". One that nothing needs is an error.
var accepted = [...]struct {
	at     *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`/edwards25519@[^/]*/edwards25519\.go: if p\.x == \(field\.Element\{\}\) && p\.y == `),
		"x is never zero for a multiple of the base point by a clamped scalar"},
	{regexp.MustCompile(`/edwards25519@[^/]*/scalar\.go: if b\[31\] > 127 \{`),
		"never: a scalar is below the group's order"},
	{regexp.MustCompile(`/fips140/ecdh/ecdh\.go: .*isZero\(key\) \|\| !isLess\(key, c\.N\)`),
		"whether a candidate is a scalar, see SPEC.md"},
	{regexp.MustCompile(`/fips140/nistec/p(256|384)\.go: if n >=? (16|32) \{`),
		"never: n is a digit of a scalar"},
	{regexp.MustCompile(`/fips140/nistec/p(256|384|256_asm)\.go: if p\.(z\.IsZero|isInfinity)\(\) == 1 \{`),
		"never: the order is prime, and no factor is zero"},
	{regexp.MustCompile(`/encoding/base64/base64\.go: `),
		"the base64 of the standard library, see ASSURANCE.md"},
}

// exception returns the index in accepted of the place of r, or -1.
func (r report) exception() int {
	text := r.place().file + ": " + r.place().text()
	for i, e := range accepted {
		if e.at.MatchString(text) {
			return i
		}
	}
	return -1
}

func run(pattern string, n int) error {
	module, err := placeAll("..")
	if err != nil {
		return err
	}
	// Valgrind executes ADX, but says that it does not to a program that asks.
	if err := module.Replace("internal/cpu/cpu_amd64.go", "AVX2 && cpu.X86.HasADX", "AVX2"); err != nil {
		return err
	}
	if err := selfTest(module); err != nil {
		return err
	}
	reports, err := runAll(module, []implementation{purego, portable, withAVX2, withADX}, n, pattern)
	if err != nil {
		return err
	}
	return judge(reports, pattern == "")
}

// judge prints what is found. If all operations have been run, each exception must be needed.
func judge(reports []report, all bool) error {
	findings := map[string]bool{}
	var needed [len(accepted)]bool
	for _, r := range reports {
		if e := r.exception(); e >= 0 {
			needed[e] = true
		} else {
			findings[r.String()] = true
		}
	}
	for i, e := range accepted {
		if all && !needed[i] {
			findings["nothing needs the exception for "+e.at.String()] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(findings)) {
		fmt.Println(text)
	}
	if len(findings) > 0 {
		return fmt.Errorf("%d findings", len(findings))
	}
	return nil
}
