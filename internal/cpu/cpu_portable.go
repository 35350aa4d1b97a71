//go:build !amd64 || purego

package cpu

// AVX2 is always false: there are no kernels.
const AVX2 = false

var sets []set
