package main

import (
	"errors"
	"strings"
	"testing"

	"hybridkem/assurance/internal/compiler"
)

// TestPlanted adds one bounds check to the module and removes another. The command must
// report both functions.
func TestPlanted(t *testing.T) {
	module := compiler.In("../..")
	err := errors.Join(
		module.Replace("internal/ring/ntt.go", "f.gammaB1[i] =", "f.gammaB1[2*i] ="),
		module.Replace("internal/ring/sample.go", "_ = f[n:] //", "//"))
	if err != nil {
		t.Fatal(err)
	}
	findings, err := run(module)
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 2 ||
		!strings.HasPrefix(findings[0], "ring.Factor.Set: 1 places, 0 known: ") ||
		!strings.HasPrefix(findings[1], "ring.NTT.SampleVartime: ") {
		t.Errorf("%q", findings)
	}
}
