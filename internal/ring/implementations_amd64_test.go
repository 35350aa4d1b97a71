//go:build amd64 && !purego

package ring

import "testing"

// implementations runs f once for each implementation that this machine has.
func implementations(t *testing.T, f func(t *testing.T)) {
	avx2 := useAVX2
	defer func() { useAVX2 = avx2 }()
	useAVX2 = false
	t.Run("portable", f)
	if avx2 {
		useAVX2 = true
		t.Run("AVX2", f)
	}
}
