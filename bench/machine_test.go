package main

import (
	"strings"
	"testing"
)

// TestDescribeCPU has the families and models that processors of these names have, from
// their manufacturers' tables and from machines.
func TestDescribeCPU(t *testing.T) {
	cpu := func(vendor, family, model, name string) string {
		return "processor\t: 0\nvendor_id\t: " + vendor + "\ncpu family\t: " + family + "\nmodel\t\t: " + model +
			"\nmodel name\t: " + name + "\nstepping\t: 1\n"
	}
	for _, test := range []struct{ info, want string }{
		{cpu(amd, "23", "1", "AMD EPYC 7601"), "AMD EPYC 7601, Zen or Zen+ (family 23, model 1)"},
		{cpu(amd, "23", "49", "AMD EPYC 7742"), "AMD EPYC 7742, Zen 2 (family 23, model 49)"},
		{cpu(amd, "25", "1", "AMD EPYC 7763"), "AMD EPYC 7763, Zen 3 (family 25, model 1)"},
		{cpu(amd, "25", "17", "AMD EPYC"), "AMD EPYC, Zen 4 (family 25, model 17)"},
		{cpu(amd, "25", "97", "AMD Ryzen 9 7950X"), "AMD Ryzen 9 7950X, Zen 4 (family 25, model 97)"},
		{cpu(amd, "26", "2", "AMD EPYC"), "AMD EPYC, Zen 5 (family 26, model 2)"},
		{cpu(amd, "26", "80", "AMD EPYC"), "AMD EPYC, Zen 6 (family 26, model 80)"},
		{cpu(intel, "6", "60", "Intel Core i7-4770"), "Intel Core i7-4770, Haswell (family 6, model 60)"},
		{cpu(intel, "6", "85", "Intel Xeon Gold"), "Intel Xeon Gold, Skylake-X (family 6, model 85)"},
		{cpu(intel, "6", "106", "Intel Xeon Gold"), "Intel Xeon Gold, Ice Lake (family 6, model 106)"},
		{cpu(intel, "6", "143", "Intel Xeon"), "Intel Xeon, Sapphire Rapids (family 6, model 143)"},
		{cpu(intel, "6", "207", "Intel Xeon"), "Intel Xeon, Emerald Rapids (family 6, model 207)"},
		{cpu(intel, "19", "1", "Intel Xeon"), "Intel Xeon, Diamond Rapids (family 19, model 1)"},
		// Unknown: the model, the family, the vendor, and all three.
		{cpu(amd, "26", "255", "AMD EPYC"), "AMD EPYC (family 26, model 255)"},
		{cpu(amd, "6", "143", "AMD EPYC"), "AMD EPYC (family 6, model 143)"},
		{cpu("HygonGenuine", "25", "17", "Hygon"), "Hygon (family 25, model 17)"},
		{cpu(intel, "x", "y", "Intel"), "Intel (family x, model y)"},
		{"processor\t: 0\nmodel name\t: a core\n", "a core"},
		{"", ""},
		// Only the first processor counts.
		{cpu(intel, "6", "143", "first") + "\n" + cpu(amd, "25", "17", "second"), "first, Sapphire Rapids (family 6, model 143)"},
	} {
		if got := describeCPU(strings.NewReader(test.info)); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestGenerations checks that no two rows of the table have a model in common.
func TestGenerations(t *testing.T) {
	for i, g := range generations {
		if g.first > g.last || g.name == "" {
			t.Errorf("row %d: %+v", i, g)
		}
		for _, x := range generations[:i] {
			if g.vendor == x.vendor && g.family == x.family && g.first <= x.last && x.first <= g.last {
				t.Errorf("%+v and %+v", g, x)
			}
		}
	}
}
