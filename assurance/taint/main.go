// Command taint looks for branches and addresses that depend on secrets, in running code. It
// runs all operations of the module on secrets, which are in taint/program, under valgrind with
// the secrets marked as uninitialised. It reports each branch and each address that depends on
// them, in the module and in the code that the module calls.
//
//	cd assurance && go run ./taint                   all
//	cd assurance && go run ./taint -run X-Wing       operations whose name matches
//	cd assurance && go run ./taint -n 10             each operation on ten secrets instead of one
//
// It needs Linux on amd64 with ADX, and valgrind. First it plants leaks, and each must be
// found. It exits with status 1 if a planted leak is not found, or if the module without them
// has findings.
//
// It would miss:
//
//   - code that valgrind does not execute: kernels with AVX-512, and all code that runs only if
//     the processor has a feature that valgrind lacks;
//   - paths that no operation here takes;
//   - instructions whose time depends on their operands, such as division;
//   - the use of seeds from PEM files: the table lookups of base64 lose the marks, so only DER
//     shows how a seed from a file is used.
//
// Command static looks for the first three in source and machine code.
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

// An implementation is a build with the given tags, which uses the given set of instructions.
type implementation struct{ name, set, tags string }

// In builds with the tag valgrind, Go's runtime tells valgrind which memory is new.
var (
	purego   = implementation{"purego", cpu.Portable, "valgrind,purego"}
	portable = implementation{"portable", cpu.Portable, "valgrind"}
	withAVX2 = implementation{"AVX2", "AVX2", "valgrind"}
	withADX  = implementation{"ADX", "ADX", "valgrind"}
)

// accepted lists lines where a report is not a finding. None of them is in the module. The
// patterns match "FILE: TEXT OF THE LINE". A pattern that nothing needs is an error.
var accepted = [...]struct {
	at     *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`/edwards25519@[^/]*/edwards25519\.go: if p\.x == \(field\.Element\{\}\) && p\.y == `),
		"x is never zero for a multiple of the base point by a clamped scalar"},
	{regexp.MustCompile(`/edwards25519@[^/]*/scalar\.go: if b\[31\] > 127 \{`),
		"never: a scalar is below the group's order"},
	{regexp.MustCompile(`/fips140/ecdh/ecdh\.go: .*isZero\(key\) \|\| !isLess\(key, c\.N\)`),
		"whether a candidate or a stored number is a scalar, see SPEC.md"},
	{regexp.MustCompile(`/fips140/nistec/p(256|384|521)\.go: if n >=? (16|32) \{`),
		"never: n is a digit of a scalar"},
	{regexp.MustCompile(`/fips140/nistec/p(256|384|521|256_asm)\.go: if p\.(z\.IsZero|isInfinity)\(\) == 1 \{`),
		"never: the order is prime, and no factor is zero"},
	{regexp.MustCompile(`/(chacha20poly1305_(amd64|generic)|fips140/aes/gcm/gcm_(asm|generic))\.go: if (!chacha20Poly1305Open\(|!p\.Verify\(tag\)|subtle\.ConstantTimeCompare\(expectedTag)`),
		"whether a message is authentic is public"},
	{regexp.MustCompile(`/poly1305/sum_generic\.go: if (c|h2r[01]\.hi) != 0 \{`),
		"never: it panics if a sum overflows"},
	{regexp.MustCompile(`/fips140/aes/(aes_generic|gcm/ghash)\.go: `),
		"the tables of AES without instructions for it, see ASSURANCE.md"},
	{regexp.MustCompile(`/encoding/base64/base64\.go: `),
		"the base64 of the standard library, see ASSURANCE.md"},
}

// exception returns the index of the entry in accepted that matches the place of r, or -1.
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
	// Valgrind can execute ADX, but tells programs that the processor does not have it.
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

// judge prints the findings. If all operations have been run, an entry of accepted that no
// report needed is a finding too.
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
