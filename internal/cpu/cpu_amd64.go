//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// AVX2 is AVX2, BMI1, BMI2 and POPCNT.
var AVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

var sets = has(set{"AVX2", &AVX2})

// has returns those of all that this machine has.
func has(all ...set) (sets []set) {
	for _, s := range all {
		if *s.enabled {
			sets = append(sets, s)
		}
	}
	return sets
}
