package sha3

import (
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
)

// BenchmarkRatio compares each function with itself without kernels.
func BenchmarkRatio(t *testing.B) {
	in := random(1568)
	seed, ends, out := (*[32]byte)(in), make([][2]byte, 9), make([]byte, States*504)
	var b Batch
	var h256 [32]byte
	var h512 [64]byte
	for _, run := range []struct {
		name string
		f    func()
	}{
		{"SHAKE128s/4x504", func() { b.SHAKE128s(out, 504, seed, ends[:4]) }},
		{"SHAKE128s/8x504", func() { b.SHAKE128s(out, 504, seed, ends[:8]) }},
		{"SHAKE256s/1x128", func() { b.SHAKE256s(out, 128, seed, 0, 1) }},
		{"SHAKE256s/4x128", func() { b.SHAKE256s(out, 128, seed, 0, 4) }},
		{"SHAKE256/1120", func() { SHAKE256(h512[:32], in[:32], in[:1088]) }},
		{"Sum256/1184", func() { Sum256(&h256, in[:1184]) }},
		{"Sum512/64", func() { b.Sum512(&h512, in[:64]) }},
		{"Sum256/1184 beside SHAKE128s/9x504", func() {
			var h Long
			h.BeginSum256(1184)
			h.Write(in[:1184])
			b := Batch{Long: [2]*Long{&h}}
			for n := 0; n < 9; {
				n += b.SHAKE128s(out, 504, seed, ends[n:min(9, n+States)])
			}
			b.Sum(&h256, &h)
		}},
	} {
		with := func(set string) func() {
			return func() {
				cpu.Use(set)
				run.f()
			}
		}
		testkit.Ratio(t, run.name, with(cpu.Chosen()), with(cpu.Portable))
		cpu.Use(cpu.Chosen())
	}
}
