//go:build !amd64 || purego

package ring

import "testing"

// implementations runs f once for each implementation that this machine has.
func implementations(t *testing.T, f func(t *testing.T)) { t.Run("portable", f) }
