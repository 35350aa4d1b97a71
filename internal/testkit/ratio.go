package testkit

import (
	"slices"
	"testing"
	"time"
)

// Ratio is a benchmark that runs own and other in turn, and reports the median of
// the ratio of their times: what disturbs one of them disturbs the other, too.
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
		b.ReportMetric(0, "ns/op") // it would be of both
	})
}
