package main

import "strconv"

// A generation is the microarchitecture of some models of processors.
type generation struct {
	vendor      string // as CPUID gives it
	family      int
	first, last int // models
	name        string
}

const (
	amd   = "AuthenticAMD"
	intel = "GenuineIntel"
)

// generations has most processors with AVX2. Others have no name in a report. The numbers of
// AMD are those in arch/x86/kernel/cpu/amd.c of Linux, where bsp_init_amd tells the Zen
// generations apart. The numbers of Intel are those in arch/x86/include/asm/intel-family.h
// of Linux, which also has the names of the cores.
var generations = []generation{
	{amd, 0x17, 0x00, 0x2f, "Zen or Zen+"},
	{amd, 0x17, 0x50, 0x5f, "Zen or Zen+"},
	{amd, 0x17, 0x30, 0x4f, "Zen 2"},
	{amd, 0x17, 0x60, 0x7f, "Zen 2"},
	{amd, 0x17, 0x90, 0x91, "Zen 2"},
	{amd, 0x17, 0xa0, 0xaf, "Zen 2"},
	{amd, 0x19, 0x00, 0x0f, "Zen 3"},
	{amd, 0x19, 0x20, 0x5f, "Zen 3"},
	{amd, 0x19, 0x10, 0x1f, "Zen 4"},
	{amd, 0x19, 0x60, 0xaf, "Zen 4"},
	{amd, 0x1a, 0x00, 0x2f, "Zen 5"},
	{amd, 0x1a, 0x40, 0x4f, "Zen 5"},
	{amd, 0x1a, 0x60, 0x7f, "Zen 5"},
	{amd, 0x1a, 0x50, 0x5f, "Zen 6"},
	{amd, 0x1a, 0x90, 0xaf, "Zen 6"},
	{amd, 0x1a, 0xc0, 0xcf, "Zen 6"},

	{intel, 6, 0x3c, 0x3c, "Haswell"},
	{intel, 6, 0x3f, 0x3f, "Haswell"},
	{intel, 6, 0x45, 0x46, "Haswell"},
	{intel, 6, 0x3d, 0x3d, "Broadwell"},
	{intel, 6, 0x47, 0x47, "Broadwell"},
	{intel, 6, 0x4f, 0x4f, "Broadwell"},
	{intel, 6, 0x56, 0x56, "Broadwell"},
	{intel, 6, 0x4e, 0x4e, "Skylake"},
	{intel, 6, 0x5e, 0x5e, "Skylake"},
	{intel, 6, 0x55, 0x55, "Skylake-X"}, // Cascade Lake and Cooper Lake, too
	{intel, 6, 0x8e, 0x8e, "Kaby Lake"}, // and the later names of the same core
	{intel, 6, 0x9e, 0x9e, "Kaby Lake"},
	{intel, 6, 0x6a, 0x6a, "Ice Lake"},
	{intel, 6, 0x6c, 0x6c, "Ice Lake"},
	{intel, 6, 0x7d, 0x7e, "Ice Lake"},
	{intel, 6, 0x8c, 0x8d, "Tiger Lake"},
	{intel, 6, 0xa7, 0xa7, "Rocket Lake"},
	{intel, 6, 0x97, 0x97, "Alder Lake"},
	{intel, 6, 0x9a, 0x9a, "Alder Lake"},
	{intel, 6, 0xb7, 0xb7, "Raptor Lake"},
	{intel, 6, 0xba, 0xba, "Raptor Lake"},
	{intel, 6, 0xbf, 0xbf, "Raptor Lake"},
	{intel, 6, 0xaa, 0xaa, "Meteor Lake"},
	{intel, 6, 0xac, 0xac, "Meteor Lake"},
	{intel, 6, 0xb5, 0xb5, "Arrow Lake"},
	{intel, 6, 0xc5, 0xc6, "Arrow Lake"},
	{intel, 6, 0x8f, 0x8f, "Sapphire Rapids"},
	{intel, 6, 0xcf, 0xcf, "Emerald Rapids"},
	{intel, 6, 0xad, 0xae, "Granite Rapids"},
	{intel, 19, 0x01, 0x01, "Diamond Rapids"},
}

// microarchitecture returns the name of a processor's microarchitecture, or "" if it is
// unknown. The numbers are decimal, as in /proc/cpuinfo.
func microarchitecture(vendor, family, model string) string {
	f, err1 := strconv.Atoi(family)
	m, err2 := strconv.Atoi(model)
	if err1 != nil || err2 != nil {
		return ""
	}
	for _, g := range generations {
		if g.vendor == vendor && g.family == f && g.first <= m && m <= g.last {
			return g.name
		}
	}
	return ""
}
