package testkit

import (
	"testing"

	"hybridkem/internal/cpu"
)

// Implementations runs f once for each implementation of the module's inside that
// this machine can run, each in a subtest. Neither f itself nor the test that calls
// it may be parallel; subtests of f may.
func Implementations(t *testing.T, f func(t *testing.T)) {
	sets := cpu.Sets()
	for _, set := range sets {
		cpu.Use(set)
		t.Run(set, f)
	}
	cpu.Use(sets[len(sets)-1])
}
