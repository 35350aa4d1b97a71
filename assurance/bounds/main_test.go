package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"hybridkem/assurance/internal/module"
)

// TestPlanted puts a new check into a copy of the module, and removes one.
func TestPlanted(t *testing.T) {
	dir := t.TempDir()
	findings, err := []string(nil), errors.Join(
		module.Copy(dir, "../..", module.Tools, nil),
		module.Replace(filepath.Join(dir, "internal/ring/ntt.go"), "f.gammaB1[i] =", "f.gammaB1[2*i] ="),
		module.Replace(filepath.Join(dir, "internal/ring/sample.go"), "_ = f[n:] //", "//"))
	if err == nil {
		findings, err = run(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 2 ||
		!strings.HasPrefix(findings[0], "ring.Factor.Set: 1 checks, and 0 known: ") ||
		!strings.HasPrefix(findings[1], "ring.NTT.SampleVartime: 0 checks, and 1 known: ") {
		t.Errorf("%q", findings)
	}
}
