//go:build !amd64 || purego

package x25519

// There are no kernels. Their names are here for the compiler, which removes the calls.

func ladderADX(_, _, _, _ *[4]uint64)                     {}
func combADX(_, _ *[4]uint64, _ *[64]int8)                {}
func ladderIFMA(*[5][4]uint64, *[3][4]uint64, *[4]uint64) {}
func combIFMA(*[5][4]uint64, *[64]int8)                   {}
