package testkit

import (
	"testing"

	"hybridkem/internal/cpu"
)

// Implementations runs f as a subtest for each set of kernels that this machine can run.
// With -short, it runs only the portable code, the newest set and the one that programs use. Neither f
// nor the test that calls Implementations may be parallel, but subtests of f may.
func Implementations(t *testing.T, f func(t *testing.T)) {
	sets := cpu.Sets()
	for i, set := range sets {
		if testing.Short() && i > 0 && i < len(sets)-1 && set != cpu.Chosen() {
			continue
		}
		cpu.Use(set)
		t.Run(set, f)
	}
	cpu.Use(cpu.Chosen())
}
