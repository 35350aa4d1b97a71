package cpu

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestSets(t *testing.T) {
	names := Sets()
	if names[0] != Portable {
		t.Errorf("the sets %q do not begin with %q", names, Portable)
	}
	if strings.Contains(os.Getenv("GODEBUG"), "cpu.avx2=off") && slices.Contains(names, "AVX2") {
		t.Error("GODEBUG=cpu.avx2=off leaves AVX2 on")
	}
	atStart := AVX2
	if atStart != slices.Contains(names, "AVX2") {
		t.Errorf("AVX2 is %v with the sets %q", atStart, names)
	}
	for i, name := range names {
		Use(name)
		if want := slices.Contains(names[:i+1], "AVX2"); AVX2 != want {
			t.Errorf("with %s, AVX2 is %v", name, AVX2)
		}
		if !slices.Equal(Sets(), names) {
			t.Errorf("with %s, the sets are %q", name, Sets())
		}
	}
	if AVX2 != atStart {
		t.Error("the last set does not bring back what was at the start")
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
