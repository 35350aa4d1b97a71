package main

import (
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

// TestPlantedSource checks that what makes time depend on secrets is found in a copy of
// the module.
func TestPlantedSource(t *testing.T) {
	dir := t.TempDir()
	if err := module.Copy(dir, "../..", module.Tools, nil); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, plant := range []struct{ file, old, new, want string }{
		{"mlkem/mlkem.go", "*sharedKey = rejected", "if rejected[0] > 7 {\nclear(key[:])\n}\n*sharedKey = rejected",
			"(*hybridkem/internal/mlkem.DecapsulationKey).Decapsulate: a branch"},
		{"mlkem/mlkem.go", "clear(dk.d[:])", "for dk.d[0] > 0 {\ndk.d[0]--\n}",
			"(*hybridkem/internal/mlkem.DecapsulationKey).Overwrite: a branch"},
		{"ring/pair.go", "return a - m*Q", "return a - m*Q + pair(zetas[a&1])",
			"(hybridkem/internal/ring.pair).barrettReduce: an index"},
		{"ring/ring.go", "return a - int16(m)*Q", "return int16(int64(a) % (m + 1))",
			"hybridkem/internal/ring.canonical: a division"},
		{"ring/encode.go", "return int16((y*Q + half) >> d)", "return int16(half << (y & 7))",
			"hybridkem/internal/ring.decompress: the count of a shift"},
		{"sha3/sha3.go", "s.a[s.n] ^= end", "s.a[s.n+int(s.a[0]&1)] ^= end",
			"(*hybridkem/internal/sha3.sponge).pad: an index"},
		{"x25519/x25519.go", "swap ^= kt", "if swap ^= kt; swap == 2 {\nbreak\n}",
			"hybridkem/internal/x25519.multiplyPortable: a branch"},
		{"x25519/invert.go", "abs := (uint64(a) ^ m) - m", "abs := max((uint64(a)^m)-m, 1)",
			"hybridkem/internal/x25519.linear$1: max"},
		{"hybrid/keys.go", "subtle.ConstantTimeCompare(key.secrets.seed[:], otherKey.secrets.seed[:]) == 1",
			"bytes.Equal(key.secrets.seed[:], otherKey.secrets.seed[:])",
			"(*hybridkem/internal/hybrid.DecapsulationKey).Equal: a call of bytes.Equal"},
		{"fault/fault.go", "var der int", "var der int\nif b[0] == 0x30 {\nder = 1\n}",
			"hybridkem/internal/fault.encoding: a branch"},
		{"../kem/kem.go", "same := subtle.ConstantTimeCompare(sharedKey, again)",
			"same := 0\nif bytes.Equal(sharedKey, again) {\nsame = 1\n}",
			"hybridkem/kem.CheckKeyPair: a call of bytes.Equal"},
		{"nist/nist.go", "secret, err := key.ECDH(", "if key.Bytes()[0] > 7 {\nreturn errScalar\n}\nsecret, err := key.ECDH(",
			"hybridkem/internal/nist.exchange: a branch"},
	} {
		if err := module.Replace(filepath.Join(dir, "internal", plant.file), plant.old, plant.new); err != nil {
			t.Fatal(err)
		}
		want = append(want, plant.want)
	}
	for file, imports := range map[string][2]string{
		"internal/hybrid/keys.go": {`"crypto/subtle"`, ""},
		"kem/kem.go":              {`"crypto/subtle"`, `"bytes"`},
	} {
		if err := module.Replace(filepath.Join(dir, file), imports[0], imports[1]); err != nil {
			t.Fatal(err)
		}
	}

	r := report{used: map[string]bool{}}
	if err := checkSource(&r, dir, platforms[0]); err != nil {
		t.Fatal(err)
	}
	for _, p := range platforms {
		binary, err := build(dir, t.TempDir(), p)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkMachine(&r, binary, p); err != nil {
			t.Fatal(err)
		}
		want = append(want, p.String()+": hybridkem/")
	}
	for _, w := range want {
		if !slices.ContainsFunc(r.findings, func(f string) bool { return strings.Contains(f, w) }) {
			t.Errorf("%s was not found", w)
		}
	}
}

func TestAtomicARM64(t *testing.T) {
	for code, want := range map[string]bool{
		"b8e20023": true, "f8e20023": true, "88fbfc22": true, "c8fbfc22": true, // LDADDALW, LDADDALD, CASALW, CASALD
		"1ac20c20": false, "9ac20820": false, "b8e28023": false, // SDIV, UDIV, SWPALW
	} {
		if atomicARM64(code) != want {
			t.Errorf("%s: %t", code, !want)
		}
	}
}
