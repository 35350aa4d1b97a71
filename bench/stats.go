package main

import (
	"math"
	"slices"
)

// A summary describes the distribution of many samples.
type summary struct {
	Min    float64 `json:"min"`
	Q1     float64 `json:"q1"`
	Median float64 `json:"median"`
	Q3     float64 `json:"q3"`
	Max    float64 `json:"max"`
}

func summarize(samples []float64) summary {
	x := slices.Sorted(slices.Values(samples))
	return summary{quantile(x, 0), quantile(x, 0.25), quantile(x, 0.5), quantile(x, 0.75), quantile(x, 1)}
}

// quantile returns the p-quantile of x, which must be sorted. It interpolates between
// neighbours. If x is empty, it returns NaN.
func quantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	at := p * float64(len(x)-1)
	i := int(at)
	if i == len(x)-1 {
		return x[i]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}

// spread returns half the interquartile range, in percent of the median. About half of
// the samples lie that close to the median.
func (s summary) spread() float64 {
	return 100 * (s.Q3 - s.Q1) / 2 / s.Median
}

// ratios returns a[i] / b[i] for each i.
func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}
