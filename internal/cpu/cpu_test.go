package cpu

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// enabled returns the names of the sets that are on.
func enabled() (on []string) {
	for _, s := range []struct {
		name string
		on   bool
	}{
		{"AVX2", AVX2}, {"ADX", ADX}, {"AVX512", AVX512}, {"AVX512VBMI2", AVX512VBMI2}, {"AVX512IFMA", AVX512IFMA}, {"WideAVX512", WideAVX512},
		{"NEON", NEON}, {"Narrow", Narrow}, {"Rotating", Rotating}, {"SHA3", SHA3},
	} {
		if s.on {
			on = append(on, s.name)
		}
	}
	return on
}

// TestSets enables the sets of each implementation, and in the end those that the program has begun with.
func TestSets(t *testing.T) {
	names, first := Sets(), enabled()
	if names[0] != Portable || !slices.Contains(names, Chosen()) {
		t.Errorf("%q is chosen among the implementations %q", Chosen(), names)
	}
	for i, name := range names {
		// On amd64 a set needs all sets before it. On arm64 an implementation is named after what NEON does not imply.
		want := names[1 : i+1]
		if runtime.GOARCH == "arm64" && name != Portable && name != "NEON" {
			want = append([]string{"NEON"}, strings.Split(name, "+")...)
		}
		if Use(name); !slices.Equal(enabled(), want) {
			t.Errorf("with %s, %q are on", name, enabled())
		}
		if !slices.Equal(Sets(), names) {
			t.Errorf("with %s, the implementations are %q", name, Sets())
		}
	}
	if Use(Chosen()); !slices.Equal(enabled(), first) {
		t.Errorf("with %s, which is chosen, %q are on, and at first it was %q", Chosen(), enabled(), first)
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

// TestChoose has the numbers of cores from MIDR_EL1, with a variant and a revision.
func TestChoose(t *testing.T) {
	none, rotating, sha3, both := choices{}, choices{rotating: true}, choices{sha3: true}, choices{rotating: true, sha3: true}
	narrow := choices{narrow: true, rotating: true}
	for _, tt := range []struct {
		core    string
		midr    uint64
		hasSHA3 bool
		want    choices
	}{
		{"Cortex-A53", 0x410fd034, false, rotating},
		{"Cortex-A55", 0x411fd050, false, narrow},
		{"Cortex-A57", 0x411fd071, false, rotating},
		{"Cortex-A72", 0x410fd083, false, rotating},
		{"Cortex-A73", 0x410fd092, false, none},
		{"Cortex-A76", 0x414fd0b1, false, narrow},
		{"Cortex-A76AE", 0x410fd0e1, false, narrow},
		{"Cortex-A510", 0x411fd460, false, narrow},
		{"Cortex-A520", 0x410fd801, true, narrow},
		{"Cortex-A710", 0x411fd470, true, rotating},
		{"Cortex-A725", 0x410fd871, true, both},
		{"Cortex-X1", 0x411fd440, false, rotating},
		{"Cortex-X2", 0x410fd480, true, rotating},
		{"Cortex-X3", 0x411fd4e0, true, rotating},
		{"Cortex-X4", 0x410fd821, true, both},
		{"Cortex-X4, sha3=off", 0x410fd821, false, rotating},
		{"Cortex-X925", 0x410fd851, true, both},
		{"C1-Pro", 0x411fd8b0, true, both},
		{"C1-Ultra", 0x411fd8c0, true, both},
		{"C1-Premium", 0x411fd900, true, both},
		{"Neoverse N1", 0x413fd0c1, false, narrow},
		{"Neoverse N2", 0x410fd493, true, rotating},
		{"Neoverse N3", 0x410fd8e0, true, both},
		{"Neoverse V1", 0x411fd401, true, rotating},
		{"Neoverse V2", 0x410fd4f0, true, rotating},
		{"Neoverse V3", 0x410fd840, true, both},
		{"Neoverse V3AE", 0x410fd831, true, rotating},
		{"TSV110", 0x481fd010, false, none},
		{"Olympus", 0x4e0f0100, true, both},
		{"Oryon", 0x511f0010, true, both},
		{"AmpereOne", 0xc00fac30, true, sha3},
		{"AmpereOne A", 0xc00fac40, true, sha3},
		{"AmpereOne B", 0xc00fac50, true, sha3},
		{"Denver", 0x4e0f0030, false, none},
		{"X-Gene", 0x500f0000, false, none},
		{"Firestorm (M1)", 0x611f0231, true, sha3},
		{"A10", 0x610f0070, false, none},
		{"another implementer's 0xd82", 0x42<<24 | 0xf<<16 | 0xd82<<4, true, rotating},
		{"unknown", 0, true, rotating},
		{"unknown", 0, false, rotating},
	} {
		if got := choose("linux", tt.midr, tt.hasSHA3); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.core, got, tt.want)
		}
	}
	for _, goos := range []string{"darwin", "ios"} {
		if choose(goos, 0, true) != sha3 || choose(goos, 0, false) != none {
			t.Errorf("%s runs on Apple's cores", goos)
		}
	}
}

// TestEmulated compares the choice with the core that the emulator has been told to be.
func TestEmulated(t *testing.T) {
	emulated := os.Getenv("QEMU_CPU")
	want, ok := map[string]string{
		"cortex-a53": "Rotating of portable NEON Narrow+Rotating Rotating",
		"cortex-a72": "Rotating of portable NEON Narrow+Rotating Rotating",
		"cortex-a76": "Narrow+Rotating of portable NEON Narrow+Rotating Rotating",
		"max":        "Rotating of portable NEON Narrow+Rotating Rotating SHA3 Rotating+SHA3",
	}[emulated]
	if !ok || len(Sets()) == 1 || strings.Contains(os.Getenv("GODEBUG"), "cpu.") {
		t.Skip("no emulated core, or not as it is")
	}
	if got := Chosen() + " of " + strings.Join(Sets(), " "); got != want {
		t.Errorf("%s: %s, want %s", emulated, got, want)
	}
}
