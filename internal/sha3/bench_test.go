package sha3

import (
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
)

// BenchmarkRatio compares each function with itself without kernels.
func BenchmarkRatio(b *testing.B) {
	in, out := random(1568), make([]byte, 16*504)
	var h256 [32]byte
	var h512 [64]byte
	for _, run := range []struct {
		name string
		f    func()
	}{
		{"SHAKE128s/4x504", func() { SHAKE128s(4, out[:4*504], in[:4*34]) }},
		{"SHAKE128s/9x504", func() { SHAKE128s(9, out[:9*504], in[:9*34]) }},
		{"SHAKE128s/16x504", func() { SHAKE128s(16, out, in[:16*34]) }},
		{"SHAKE256s/1x128", func() { SHAKE256s(1, out[:128], in[:33]) }},
		{"SHAKE256s/2x128", func() { SHAKE256s(2, out[:2*128], in[:2*33]) }},
		{"SHAKE256s/3x128", func() { SHAKE256s(3, out[:3*128], in[:3*33]) }},
		{"SHAKE256s/4x128", func() { SHAKE256s(4, out[:4*128], in[:4*33]) }},
		{"SHAKE256/1120", func() { SHAKE256(out[:32], in[:32], in[:1088]) }},
		{"Sum256/1184", func() { Sum256(&h256, in[:1184]) }},
		{"Sum512/64", func() { Sum512(&h512, in[:32], in[:32]) }},
	} {
		sets := cpu.Sets()
		with := func(set string) func() {
			return func() {
				cpu.Use(set)
				run.f()
			}
		}
		testkit.Ratio(b, run.name, with(sets[len(sets)-1]), with(cpu.Portable))
		cpu.Use(sets[len(sets)-1])
	}
}
