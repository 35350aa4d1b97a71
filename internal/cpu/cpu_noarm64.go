//go:build !arm64 || purego

package cpu

// This build has no kernels for arm64.
const (
	NEON     = false
	Narrow   = false
	Rotating = false
	SHA3     = false
)
