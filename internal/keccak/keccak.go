// Package keccak holds kernels for the permutation Keccak-f[1600] of FIPS 202, section 3,
// of one state and of four, and kernels that fill and read four states. It has no portable
// code: on a machine without kernels, use crypto/sha3.
package keccak

import "hybridkem/internal/cpu"

//go:generate go run -C ../_asm ./keccak

// Available reports whether this machine has kernels. Without them, no other function of
// this package may be called.
func Available() bool { return cpu.AVX2 }

// Permute applies Keccak-f[1600] to a state, in the order of bytes of FIPS 202.
func Permute(a *[200]byte) {
	if cpu.AVX512 {
		permute1AVX512(a)
		return
	}
	permute1BMI2(a)
}

// Permute4 applies Keccak-f[1600] to four states, whose lanes are interleaved: lane
// (x, y) of state i is a[x+5y][i].
func Permute4(a *[25][4]uint64) {
	if cpu.AVX512 {
		permute4AVX512(a)
		return
	}
	permute4AVX2(a)
}

// Start4 sets the first n states, 3 or 4, to one block each. The block of state i is seed,
// suffixes[i], zeros, and 0x80 in the last byte of the rate.
func Start4(a *[25][4]uint64, seed *[32]byte, suffixes *[4]uint64, rate, n int) {
	start4AVX2(a, seed, suffixes, rate/8-1, n)
}

// Absorb4 adds a block of SHA3-256 or SHAKE256 to the last of four states.
func Absorb4(a *[25][4]uint64, block *[136]byte) { absorb4AVX2(a, block) }

// Squeeze4 copies the first n bytes of each of four states, in the order of bytes of
// FIPS 202: those of state i to out[i*stride:]. n is a multiple of 8.
func Squeeze4(out []byte, stride, n int, a *[25][4]uint64) {
	_ = out[3*stride+n-1]
	squeeze4AVX2(&out[0], stride, n/8, a)
}
