//go:build !linux && !purego

package cpu

// mainID returns 0, since these systems do not tell MIDR_EL1, or have no cores to tell apart.
func mainID() uint64 { return 0 }
