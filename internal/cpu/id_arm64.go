//go:build !linux && !purego

package cpu

// mainID returns 0. Some of these systems also tell MIDR_EL1, but in ways that nobody has tried.
func mainID() uint64 { return 0 }
