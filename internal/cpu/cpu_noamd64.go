//go:build !amd64 || purego

package cpu

// This build has no kernels for amd64.
const (
	AVX2        = false
	ADX         = false
	AVX512      = false
	AVX512VBMI2 = false
	AVX512IFMA  = false
	WideAVX512  = false
)
