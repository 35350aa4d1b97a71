//go:build !amd64 || purego

package cpu

// There are no kernels.
const (
	AVX2        = false
	AVX512      = false
	AVX512VBMI2 = false
)

var sets []set
