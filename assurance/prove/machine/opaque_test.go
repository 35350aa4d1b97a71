package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
	"hybridkem/internal/overlay"
)

// notAllowed lists instructions that no kernel may have.
var notAllowed = []string{
	"VPGATHERDD Y2, (AX)(Y1*4), Y0", "VPSCATTERDD Z0, K1, (AX)(Z1*4)", "VPMASKMOVD (AX), Y1, Y2", "VPCONFLICTD Z1, Z1",
	"VPCOMPRESSW Z1, K1, (AX)", "VSQRTPD Y1, Y1", "VDIVPS Y1, Y2, Y3", "DIVQ 8(AX)", "PDEPQ AX, BX, CX",
	"VUCOMISD X0, X1", "KORTESTQ K1, K2", "CALL ·good(SB)", "BYTE $0x0f\n\tBYTE $0xa2",
}

// TestIndependent adds faulty kernels to a package and checks that each fault is found.
func TestIndependent(t *testing.T) {
	assembly, err := os.ReadFile("testdata/planted_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	for n, instruction := range notAllowed {
		assembly = fmt.Appendf(assembly, "\n// want: there are no semantics|in an address|a mask|jump out|data chooses\n"+
			"TEXT ·notAllowed%d(SB), $8-8\n\tMOVQ p+0(FP), AX\n\t%s\n\tVZEROUPPER\n\tRET\n", n, instruction)
	}
	kernels := regexp.MustCompile(`// want: ?(.*)\nTEXT ·(\w+)\(SB\)`).FindAllStringSubmatch(string(assembly), -1)
	if want := 9 + len(notAllowed); len(kernels) != want {
		t.Errorf("%d kernels, want %d", len(kernels), want)
	}
	stubs, users := "package cpu\n\n", "package cpu\n\nvar planted = []func(*[64]byte){\n"
	for _, k := range kernels {
		stubs += "func " + k[2] + "(p *[64]byte)\n"
		users += k[2] + ",\n"
	}
	module := overlay.New("../../..")
	module.Set("internal/cpu/planted_amd64.s", string(assembly))
	module.Set("internal/cpu/stubs_amd64.go", stubs)
	module.Set("internal/cpu/planted_test.go", users+"}\n\nfunc init() { println(planted) }\n")
	file := filepath.Join(t.TempDir(), "planted")
	if out, err := module.Go("../../..", "test", "-c", "-vet=off", "-o", file, "./internal/cpu"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kernels {
		s := term.NewSpace()
		kernel, err := program.Kernel("hybridkem/internal/cpu." + k[2] + ".abi0")
		if err == nil {
			err = Independent(s, kernel, Pointer(s, NewRegion("p", 64, true), 0))
		}
		if k[1] == "" && err != nil || k[1] != "" && (err == nil || !regexp.MustCompile(k[1]).MatchString(err.Error())) {
			t.Errorf("%s: %v, want %q", k[2], err, strings.TrimSpace(k[1]))
		}
	}
}
