package testkit

import "testing"

// NoAllocations checks that f allocates nothing. It checks nothing under the race
// detector, which makes crypto/rand allocate.
func NoAllocations(t *testing.T, name string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(10, f); n != 0 && !Race {
		t.Errorf("%s allocates %v times", name, n)
	}
}
