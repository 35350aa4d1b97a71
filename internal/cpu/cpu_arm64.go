//go:build !purego

package cpu

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

var this = choose(runtime.GOOS, mainID(), cpu.ARM64.HasSHA3)

var (
	// NEON is ARMv8.0, which every arm64 machine has: general registers and vectors of 128 bits.
	NEON = true

	// Rotating is NEON on a core where kernels that rotate operands are faster than crypto/sha3.
	Rotating = this.rotating

	// SHA3 is NEON and the SHA-3 instructions, on a core where they are fast.
	SHA3 = this.sha3
)

// Some cores with fast SHA-3 instructions are Rotating, and others are not.
var implementations = func() []implementation {
	all := []implementation{
		{"NEON", []*bool{&NEON}},
		{"Rotating", []*bool{&NEON, &Rotating}},
		{"SHA3", []*bool{&NEON, &SHA3}},
		{"Rotating+SHA3", []*bool{&NEON, &Rotating, &SHA3}},
	}
	if !cpu.ARM64.HasSHA3 {
		return all[:2]
	}
	return all
}()
