// Package cpu names the sets of instructions that kernels use.
//
// A set is a bool. If it is true, the machine and its operating system have all instructions
// of the set, and programs use them. Functions with kernels branch on it. In builds without
// kernels, which are those for other machines than amd64 and arm64 and those with the tag
// purego, it is the constant false.
//
// A set that the machine has can be false where its kernels would be slower than others. Tests
// and benchmarks turn it on with [Use].
package cpu

import "slices"

// Portable is the name of the implementation that needs no set.
const Portable = "portable"

// An implementation has a name, and the sets that it needs.
type implementation struct {
	name string
	sets []*bool
}

// chosen is the name of the implementation with the most sets, or the last of these, whose sets are all
// enabled when a program starts.
var chosen = func() string {
	name, most := Portable, 0
	for _, i := range implementations {
		if len(i.sets) >= most && !slices.ContainsFunc(i.sets, func(set *bool) bool { return !*set }) {
			name, most = i.name, len(i.sets)
		}
	}
	return name
}()

// Sets returns the names of the implementations that this machine can run: Portable, and then
// those with kernels, the oldest first.
func Sets() []string {
	names := []string{Portable}
	for _, i := range implementations {
		names = append(names, i.name)
	}
	return names
}

// Chosen returns the name of the implementation that programs use on this machine. It is one of Sets.
func Chosen() string { return chosen }

// Use enables the sets that the implementation of that name needs, and disables all others. It
// is for tests and benchmarks. No code that depends on a set may run at the same time.
func Use(name string) {
	used := slices.IndexFunc(implementations, func(i implementation) bool { return i.name == name })
	if used < 0 && name != Portable {
		panic("cpu: no such set: " + name)
	}
	for _, i := range implementations {
		for _, set := range i.sets {
			*set = used >= 0 && slices.Contains(implementations[used].sets, set)
		}
	}
}
