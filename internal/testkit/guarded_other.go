//go:build !linux

package testkit

import "testing"

// Guarded skips the test, since only the version for Linux makes guard pages.
func Guarded(t testing.TB, size int) (first, second []byte) {
	t.Skip("guard pages are made on Linux only")
	return nil, nil
}
