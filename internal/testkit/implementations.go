package testkit

import "testing"

// Implementations runs f once for each implementation of the module's inside that
// this machine can run, each in a subtest. So far there is the portable one only.
func Implementations(t *testing.T, f func(t *testing.T)) {
	t.Run("portable", f)
}
