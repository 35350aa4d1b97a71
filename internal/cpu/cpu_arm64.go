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

	// Narrow is NEON on a core that begins a product of 64 bits only every few cycles, so that products of
	// 32 bits are faster.
	Narrow = this.narrow

	// Rotating is NEON on a core where kernels that rotate operands are faster than crypto/sha3.
	Rotating = this.rotating

	// SHA3 is NEON and the SHA-3 instructions, on a core where they are fast.
	SHA3 = this.sha3
)

// Cores with a narrow multiplier are Rotating. Some with fast SHA-3 instructions are, and others are not.
var implementations = func() []implementation {
	all := []implementation{
		{"NEON", []*bool{&NEON}},
		{"Narrow+Rotating", []*bool{&NEON, &Narrow, &Rotating}},
		{"Rotating", []*bool{&NEON, &Rotating}},
		{"SHA3", []*bool{&NEON, &SHA3}},
		{"Rotating+SHA3", []*bool{&NEON, &Rotating, &SHA3}},
	}
	if !cpu.ARM64.HasSHA3 {
		return all[:3]
	}
	return all
}()
