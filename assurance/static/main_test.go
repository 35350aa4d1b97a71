package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hybridkem/assurance/internal/module"
)

// TestPlantedKernels checks that what must not be in a kernel is found there.
func TestPlantedKernels(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "planted")
	command := exec.Command("go", "build", "-o", binary, "./testdata/planted")
	command.Env = platform{arch: "amd64"}.environ()
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, _, err := publicOffsets("testdata/planted/stubs_amd64.go")
	if err != nil {
		t.Fatal(err)
	}
	const branch, address, forbidden = "a jump that depends on data", "an address that depends on data",
		"an instruction that is not allowed"
	for name, want := range map[string]string{
		"good": "", "branch": branch, "branchOnArgument": branch, "flags": branch,
		"address": address, "spilled": address, "escaped": address,
		"gather": forbidden, "division": forbidden, "square": forbidden, "repeat": forbidden, "call": forbidden,
		"pickVartime": forbidden, "compressed": forbidden,
	} {
		k := kernel{pkg: "main", name: name, public: public[name]}
		if k.code, err = disassemble(binary, "main."+name); err != nil {
			t.Fatal(err)
		}
		var r report
		k.check(&r)
		if want == "" && len(r.findings) > 0 {
			t.Errorf("%s: %q", name, r.findings)
		}
		if want != "" && !slices.ContainsFunc(r.findings, func(f string) bool { return strings.HasSuffix(f, want) }) {
			t.Errorf("%s: %q was not found", name, want)
		}
	}
}

// TestPlantedDivision checks that a division is found on every platform.
func TestPlantedDivision(t *testing.T) {
	dir := t.TempDir()
	err := errors.Join(
		module.Copy(dir, "../..", module.Tools, nil),
		module.Replace(filepath.Join(dir, "internal/ring/ring.go"), "(int64(a)*barrett32 + barrett32/2) >> 32", "int64(a) / (int64(a) | 1)"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := checkDivisions(&r, dir, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, p := range platforms {
		if !slices.ContainsFunc(r.findings, func(f string) bool {
			return strings.HasPrefix(f, p.String()+": hybridkem/") && strings.Contains(f, ": ring.go:")
		}) {
			t.Errorf("%s: the division was not found", p)
		}
	}
}
