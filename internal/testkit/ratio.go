package testkit

import (
	"slices"
	"testing"
	"time"
)

// Ratio is a benchmark that runs own and other alternately, and reports the median ratio
// of their times. A disturbance hits both, so the ratio hardly changes.
func Ratio(b *testing.B, name string, own, other func()) {
	b.Run(name, func(b *testing.B) {
		var ratios []float64
		for b.Loop() {
			start := time.Now()
			own()
			middle := time.Now()
			other()
			ratios = append(ratios, float64(middle.Sub(start))/float64(time.Since(middle)))
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
		b.ReportMetric(0, "ns/op") // omitted, since it would be the time of both
	})
}
