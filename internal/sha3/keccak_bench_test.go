package sha3

import (
	"crypto/sha3"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
)

// BenchmarkPermute measures the time of a permutation. For crypto/sha3 it is the time of a
// block of a long output.
func BenchmarkPermute(b *testing.B) {
	benchmarkKernels(b, func(b *testing.B, p permutations) {
		for _, run := range p {
			b.Run(run.name, func(b *testing.B) {
				for b.Loop() {
					run.f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*perRun), "ns/permutation")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}

// BenchmarkPermuteRatio compares the kernels with each other and with crypto/sha3.
func BenchmarkPermuteRatio(b *testing.B) {
	benchmarkKernels(b, func(b *testing.B, p permutations) {
		testkit.Ratio(b, "x1-to-crypto", p[0].f, p[3].f)
		testkit.Ratio(b, "x4-to-crypto", p[1].f, p[3].f)
		testkit.Ratio(b, "x4-to-x1", p[1].f, p[0].f)
		testkit.Ratio(b, "x8-to-x4", p[2].f, p[1].f)
	})
}

// perRun is the number of permutations in a run.
const perRun = 24

type permutations [4]struct {
	name string
	f    func()
}

func benchmarkKernels(b *testing.B, f func(b *testing.B, p permutations)) {
	var a1 [200]byte
	var a4 [25][4]uint64
	var a8 [2][25][4]uint64
	h, block := sha3.NewSHAKE128(), make([]byte, perRun*168)
	h.Read(block)
	times := func(f func()) func() {
		return func() {
			for range perRun {
				f()
			}
		}
	}
	p := permutations{
		{"x1", times(func() { Permute(&a1) })},
		{"x4", times(func() { Permute4(&a4) })},
		{"x8", times(func() { Permute8(&a8) })},
		{"crypto", func() { h.Read(block) }},
	}
	sets := cpu.Sets()
	for _, set := range sets {
		cpu.Use(set)
		if Kernels() {
			b.Run("impl="+set, func(b *testing.B) { f(b, p) })
		}
	}
}
