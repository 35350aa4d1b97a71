// Package cpu names the sets of instructions for which there are kernels.
//
// A set is a bool, true if this machine and its operating system have all of the
// set's instructions: functions with kernels branch on it. On machines for which
// there are no kernels, and in the purego build, it is the constant false.
package cpu

import "slices"

// Portable is the name of what runs without any set.
const Portable = "portable"

// A set is one of the sets of instructions which this machine has.
type set struct {
	name    string
	enabled *bool
}

// Sets returns the names of what can run on this machine: Portable, and then the
// sets of instructions, from the oldest on.
func Sets() []string {
	names := []string{Portable}
	for _, s := range sets {
		names = append(names, s.name)
	}
	return names
}

// Use makes everything run with the set of that name, one of Sets, and those before
// it, and without those after it. It is for tests and benchmarks: nothing that
// depends on the sets may run meanwhile.
func Use(name string) {
	last := slices.IndexFunc(sets, func(s set) bool { return s.name == name })
	if last < 0 && name != Portable {
		panic("cpu: no such set: " + name)
	}
	for i, s := range sets {
		*s.enabled = i <= last
	}
}
