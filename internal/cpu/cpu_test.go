package cpu

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestSets(t *testing.T) {
	names := Sets()
	if names[0] != Portable {
		t.Errorf("the sets %q do not begin with %q", names, Portable)
	}
	enabled := func() []string {
		on := []string{Portable}
		for _, s := range []struct {
			name string
			on   bool
		}{{"AVX2", AVX2}, {"ADX", ADX}, {"AVX512", AVX512}, {"AVX512VBMI2", AVX512VBMI2}, {"AVX512IFMA", AVX512IFMA}, {"WideAVX512", WideAVX512},
			{"NEON", NEON}, {"Rotating", Rotating}, {"SHA3", SHA3},
		} {
			if s.on {
				on = append(on, s.name)
			}
		}
		return on
	}
	if on := enabled(); !slices.Equal(on, names) {
		t.Errorf("the sets are %q, and %q are on", names, on)
	}
	for i, name := range names {
		Use(name)
		if on := enabled(); !slices.Equal(on, names[:i+1]) {
			t.Errorf("with %s, %q are on", name, on)
		}
		if !slices.Equal(Sets(), names) {
			t.Errorf("with %s, the sets are %q", name, Sets())
		}
	}
}

func TestNoSuchSet(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a set that does not exist can be used")
		}
	}()
	Use("none")
}

// TestFlags turns off one flag after the other. It checks that exactly the sets that need
// the flag are off.
func TestFlags(t *testing.T) {
	if os.Getenv("HYBRIDKEM_PRINT_SETS") != "" {
		fmt.Println(strings.Join(Sets(), " "))
		return
	}
	if runtime.GOARCH != "amd64" || len(Sets()) == 1 {
		t.Skip("no sets")
	}
	avx512 := []string{"AVX512", "AVX512VBMI2", "AVX512IFMA", "WideAVX512"}
	for _, tt := range []struct{ flags, off []string }{
		{[]string{"avx2", "bmi1", "bmi2", "popcnt"}, append([]string{"AVX2", "ADX"}, avx512...)},
		{[]string{"adx"}, []string{"ADX"}},
		{[]string{"avx512f", "avx512bw", "avx512dq", "avx512vl"}, avx512},
		{[]string{"avx512vbmi", "avx512vbmi2", "avx512vnni"}, []string{"AVX512VBMI2", "WideAVX512"}},
		{[]string{"avx512ifma"}, []string{"AVX512IFMA", "WideAVX512"}},
		{[]string{"avxvnni"}, []string{"WideAVX512"}},
	} {
		for _, flag := range tt.flags {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFlags$")
			cmd.Env = append(os.Environ(), "HYBRIDKEM_PRINT_SETS=1", "GODEBUG="+os.Getenv("GODEBUG")+",cpu."+flag+"=off")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			got, _, _ := strings.Cut(string(out), "\n")
			on := slices.DeleteFunc(Sets(), func(name string) bool { return slices.Contains(tt.off, name) })
			if want := strings.Join(on, " "); got != want {
				t.Errorf("without %s, the sets are %q, want %q", flag, got, want)
			}
		}
	}
}
