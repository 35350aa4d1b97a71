//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

var (
	// NEON is ARMv8.0, which every arm64 machine has: general registers and vectors of 128 bits.
	NEON = true

	// Rotating is NEON on a core where the rotation of an operand is free.
	Rotating = NEON

	// SHA3 is Rotating, or NEON, and the SHA-3 instructions, on a core where they are fast.
	SHA3 = NEON && cpu.ARM64.HasSHA3
)

var sets = has(set{"NEON", &NEON}, set{"Rotating", &Rotating}, set{"SHA3", &SHA3})
