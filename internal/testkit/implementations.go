package testkit

import (
	"testing"

	"hybridkem/internal/cpu"
)

// Implementations runs f once for each implementation of the module's inside that
// this machine can run, each in a subtest; with -short, only for the portable one and the
// one that is used. Neither f itself nor the test that calls it may be parallel; subtests
// of f may.
func Implementations(t *testing.T, f func(t *testing.T)) {
	sets := cpu.Sets()
	for i, set := range sets {
		if testing.Short() && 0 < i && i < len(sets)-1 {
			continue
		}
		cpu.Use(set)
		t.Run(set, f)
	}
	cpu.Use(sets[len(sets)-1])
}
