// Package cpu names the sets of instructions that kernels use.
//
// A set is a bool. It is true if the machine and its operating system have all instructions
// of the set. Functions with kernels branch on it. In builds without kernels, which are
// those for other machines than amd64 and arm64 and those with the tag purego, it is the
// constant false.
package cpu

import "slices"

// Portable is the name of the implementation that needs no set.
const Portable = "portable"

// A set is a set of instructions that this machine has, with its bool.
type set struct {
	name    string
	enabled *bool
}

// Sets returns the names of the implementations that this machine can run: Portable, and
// then its sets of instructions, the oldest first.
func Sets() []string {
	names := []string{Portable}
	for _, s := range sets {
		names = append(names, s.name)
	}
	return names
}

// Use enables the set of that name and the sets before it in Sets, and disables the sets
// after it. It is for tests and benchmarks. No code that depends on a set may run at the
// same time.
func Use(name string) {
	last := slices.IndexFunc(sets, func(s set) bool { return s.name == name })
	if last < 0 && name != Portable {
		panic("cpu: no such set: " + name)
	}
	for i, s := range sets {
		*s.enabled = i <= last
	}
}

// has returns the sets that this machine has.
func has(all ...set) (sets []set) {
	for _, s := range all {
		if *s.enabled {
			sets = append(sets, s)
		}
	}
	return sets
}
