package cpu_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
)

// TestFlags turns off one flag after the other. It checks that exactly the implementations that need
// the flag are missing.
func TestFlags(t *testing.T) {
	if os.Getenv("HYBRIDKEM_PRINT_SETS") != "" {
		fmt.Println(strings.Join(cpu.Sets(), " "))
		return
	}
	avx512 := []string{"AVX512", "AVX512VBMI2", "AVX512IFMA", "WideAVX512"}
	flags := map[string][]struct{ flags, off []string }{
		"amd64": {
			{[]string{"avx2", "bmi1", "bmi2", "popcnt"}, append([]string{"AVX2", "ADX"}, avx512...)},
			{[]string{"adx"}, []string{"ADX"}},
			{[]string{"avx512f", "avx512bw", "avx512dq", "avx512vl"}, avx512},
			{[]string{"avx512vbmi", "avx512vbmi2", "avx512vnni"}, []string{"AVX512VBMI2", "WideAVX512"}},
			{[]string{"avx512ifma"}, []string{"AVX512IFMA", "WideAVX512"}},
			{[]string{"avxvnni"}, []string{"WideAVX512"}},
		},
		"arm64": {{[]string{"sha3"}, []string{"SHA3", "Rotating+SHA3"}}},
	}[runtime.GOARCH]
	if len(flags) == 0 || len(cpu.Sets()) == 1 {
		t.Skip("no sets")
	}
	for _, tt := range flags {
		for _, flag := range tt.flags {
			cmd := testkit.Self("-test.run=^TestFlags$")
			cmd.Env = append(os.Environ(), "HYBRIDKEM_PRINT_SETS=1", "GODEBUG="+os.Getenv("GODEBUG")+",cpu."+flag+"=off")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			got, _, _ := strings.Cut(string(out), "\n")
			on := slices.DeleteFunc(cpu.Sets(), func(name string) bool { return slices.Contains(tt.off, name) })
			if want := strings.Join(on, " "); got != want {
				t.Errorf("without %s, the sets are %q, want %q", flag, got, want)
			}
		}
	}
}
