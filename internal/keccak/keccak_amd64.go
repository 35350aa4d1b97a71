//go:build !purego

package keccak

import "hybridkem/internal/cpu"

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

// Start4 sets the first n states, 3 or 4, to a block of a message each: seed, the word
// of last that belongs to it, and 0x80 in the last byte of the rate.
func Start4(a *[25][4]uint64, seed *[32]byte, last *[4]uint64, rate, n int) {
	start4AVX2(a, seed, last, rate/8-1, n)
}

// Absorb4 adds a block of SHA3-256 or SHAKE256 to the last state.
func Absorb4(a *[25][4]uint64, block *[136]byte) { absorb4AVX2(a, block) }

// Squeeze4 copies the first n bytes of each of the four states of a, in the order of
// bytes of FIPS 202, to out, where that of state i begins at out[i*stride]. n is a
// multiple of 8.
func Squeeze4(out []byte, stride, n int, a *[25][4]uint64) {
	_ = out[3*stride+n-1]
	squeeze4AVX2(&out[0], stride, n/8, a)
}
