//go:build !purego

package main

import "hybridkem/internal/cpu"

// useADX turns ADX on, which valgrind executes, but does not offer.
func useADX() bool {
	cpu.ADX = cpu.AVX2
	return cpu.ADX
}
