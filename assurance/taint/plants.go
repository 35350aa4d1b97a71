package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A plant is a leak that must be found. It replaces the first occurrence of old in the
// file.
type plant struct {
	name      string
	file      string
	old, new  string
	tags, set string
	operation string
	kind, at  string // of the report, and a part of its place
}

var plants = []plant{
	{"branch on a bit of the message", "internal/mlkem/kpke.go",
		"mu.Decompress(m[:], 1)", "if m[7]&1 == 1 {\n\t\tmu.Decompress(m[:], 1)\n\t}",
		"valgrind,purego", "portable", "ML-KEM-768, encapsulate", "branch", "internal/mlkem/kpke.go"},
	{"table with noise as the index", "internal/ring/sample.go",
		"c[j] = int16(x&15) - 2", "c[j] = [16]int16{-2, -1, 0, 1, 2}[x&15]",
		"valgrind,purego", "portable", "ML-KEM-768, generate", "address", "internal/ring/sample.go"},
	{"division in compression", "internal/ring/encode.go",
		"func compress(a int16, d int) uint64 {",
		"var modulus int64 = Q\n\nfunc compress(a int16, d int) uint64 {\n" +
			"\tif d == 1 {\n\t\treturn uint64((2*(int64(a)+16*modulus)+modulus/2)/modulus) & 1\n\t}\n",
		"valgrind,purego", "portable", "", "idiv", "internal/ring/encode.go"},
	{"early exit from the comparison of ciphertexts", "internal/mlkem/kpke.go",
		"\t}\n}\n\n// same returns", "\t\tif s.difference != 0 {\n\t\t\treturn\n\t\t}\n\t}\n}\n\n// same returns",
		"valgrind,purego", "portable", "ML-KEM-768, decapsulate invalid", "branch", "internal/mlkem/kpke.go"},
	{"comparison of seeds that ends early", "internal/mlkem/mlkem.go",
		"return subtle.ConstantTimeCompare(dk.d[:], x.d[:])&subtle.ConstantTimeCompare(dk.z[:], x.z[:]) == 1",
		"return dk.d == x.d && dk.z == x.z",
		"valgrind", "portable", "ML-KEM-768, compare", "branch", "internal/mlkem/mlkem.go"},
	{"branch in a kernel", "internal/ring/ring_amd64.s",
		"sampleCBD2:\n", "sampleCBD2:\n\tTESTB $1, (CX)\n\tJEQ   even\n\tMOVQ CX, CX\n\neven:\n",
		"valgrind", "AVX2", "ML-KEM-768, decapsulate", "branch", "internal/ring/ring_amd64.s"},
	{"table of points with a digit as the index", "internal/x25519/x25519_amd64.s",
		"VPBROADCASTB (CX)(AX*1), Y0\n",
		"VPBROADCASTB (CX)(AX*1), Y0\n\tMOVBQZX (CX)(AX*1), DX\n\tANDQ $7, DX\n\tMOVBQZX (CX)(DX*1), DX\n",
		"valgrind", "ADX", "X-Wing, generate", "address", "internal/x25519/x25519_amd64.s"},
	{"ρ is not declassified", "internal/mlkem/kpke.go",
		"ek.rho = mark.Declassified(ek.rho)", "",
		"valgrind", "portable", "X-Wing, generate", "branch", "internal/ring/sample.go"},
}

// selfTest plants one leak at a time in the copy of the module.
func selfTest(dir string) error {
	missed := 0
	for _, l := range plants {
		at, err := l.find(dir)
		if err != nil {
			at = err.Error()
			missed++
		}
		fmt.Printf("planted: %-50s %s\n", l.name, at)
	}
	if missed > 0 {
		return errors.New("not all planted leaks are found")
	}
	return nil
}

// find plants the leak, and returns where it is found.
func (l plant) find(dir string) (string, error) {
	path := filepath.Join(dir, l.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(source), l.old) {
		return "", errors.New("STALE: the text to replace is not there")
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(source), l.old, l.new, 1)), 0o666); err != nil {
		return "", err
	}
	defer os.WriteFile(path, source, 0o666)

	p, err := build(dir, l.tags)
	if err != nil {
		return "", err
	}
	var reports []report
	if l.operation == "" {
		reports, err = p.divisions()
	} else {
		reports, err = p.run(l.set, 0, []string{l.operation})
	}
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(reports, func(r report) bool {
		return r.finding() && r.kind == l.kind && strings.Contains(r.place().file, l.at)
	})
	if i < 0 {
		return "", errors.New("NOT FOUND")
	}
	return fmt.Sprintf("%s in %v", reports[i].kind, reports[i].place()), nil
}
