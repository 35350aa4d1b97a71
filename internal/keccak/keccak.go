// Package keccak holds kernels for the permutation Keccak-f[1600] of FIPS 202,
// section 3, and for what goes into four states and comes out of them. It has no
// portable form: where there are no kernels, hash with crypto/sha3.
package keccak

import "hybridkem/internal/cpu"

//go:generate go run -C ../_asm ./keccak

// Available reports whether this machine has kernels. Without, nothing else in this
// package may be called.
func Available() bool { return cpu.AVX2 }
