package main

import (
	"errors"
	"strings"
	"testing"

	"hybridkem/assurance/internal/compiler"
)

// TestPlanted adds a bounds check to the module, adds one beside a kernel in a function that is
// proved without kernels, and removes one. The command must report the three functions.
func TestPlanted(t *testing.T) {
	module := compiler.In("../..")
	err := errors.Join(
		module.Replace("internal/ring/ntt.go", "f.gammaB1[i] =", "f.gammaB1[2*i] ="),
		module.Replace("internal/ring/ntt.go", "nttAVX512((*[N]int16)(f))", "nttAVX512((*[N]int16)(f[f[0]:]))"),
		module.Replace("internal/ring/sample.go", "_ = f[n:] //", "//"))
	if err != nil {
		t.Fatal(err)
	}
	findings, err := run(module)
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 3 ||
		!strings.HasPrefix(findings[0], "ring.Factor.Set: 1 places, 0 known: ") ||
		!strings.HasPrefix(findings[1], "ring.NTT.SampleVartime: ") ||
		!strings.HasPrefix(findings[2], "ring.Poly.NTT: ") {
		t.Errorf("%q", findings)
	}
}
