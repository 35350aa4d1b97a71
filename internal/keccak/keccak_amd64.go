//go:build !purego

package keccak

// Permute applies Keccak-f[1600] to a state, in the order of bytes of FIPS 202.
func Permute(a *[200]byte) { permute1BMI2(a) }

// Permute4 applies Keccak-f[1600] to four states, whose lanes are interleaved: lane
// (x, y) of state i is a[x+5y][i].
func Permute4(a *[25][4]uint64) { permute4AVX2(a) }

// Deinterleave4 sets each of to to a state of a, in the order of bytes of FIPS 202.
func Deinterleave4(to *[4][200]byte, a *[25][4]uint64) { deinterleave4AVX2(to, a) }
