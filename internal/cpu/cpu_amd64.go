//go:build !purego

package cpu

import (
	"slices"

	"golang.org/x/sys/cpu"
)

var (
	// AVX2 is AVX2, BMI1, BMI2 and POPCNT.
	AVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

	// ADX is AVX2 and ADX.
	ADX = AVX2 && cpu.X86.HasADX

	// AVX512 is AVX2 and AVX-512F, BW, DQ and VL.
	AVX512 = AVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL

	// AVX512VBMI2 is AVX512 and AVX-512 VBMI, VBMI2 and VNNI.
	AVX512VBMI2 = AVX512 && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512VNNI

	// AVX512IFMA is AVX512 and AVX-512 IFMA.
	AVX512IFMA = AVX512 && cpu.X86.HasAVX512IFMA

	// WideAVX512 is AVX512 on a machine where operations on 512 bits take about as long as operations
	// on 256 bits, so that kernels with zmm registers are faster than twice as many calls of kernels
	// with ymm registers. Zen 5 is such a machine, and Zen 4 is none. No flag tells: the set is
	// AVX512VBMI2, AVX512IFMA and AVX-VNNI, which Zen 5 and Sapphire Rapids have, and Zen 4 and Ice
	// Lake lack.
	WideAVX512 = AVX512VBMI2 && AVX512IFMA && cpu.X86.HasAVXVNNI
)

// Each set is an implementation that also needs the sets before it which the machine has.
var implementations = func() (all []implementation) {
	var sets []*bool
	for _, s := range []struct {
		name string
		set  *bool
	}{
		{"AVX2", &AVX2}, {"ADX", &ADX}, {"AVX512", &AVX512}, {"AVX512VBMI2", &AVX512VBMI2},
		{"AVX512IFMA", &AVX512IFMA}, {"WideAVX512", &WideAVX512},
	} {
		if *s.set {
			sets = append(sets, s.set)
			all = append(all, implementation{s.name, slices.Clone(sets)})
		}
	}
	return all
}()
