package main

import (
	"math"
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	samples := []float64{5, 1, 4, 2, 3}
	if got, want := summarize(samples), (summary{1, 2, 3, 4, 5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(samples, []float64{5, 1, 4, 2, 3}) {
		t.Error("the samples have been sorted")
	}
	if got, want := summarize([]float64{10, 20, 40, 30}), (summary{10, 17.5, 25, 32.5, 40}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := summarize([]float64{7}), (summary{7, 7, 7, 7, 7}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("the median of nothing is a number")
	}
}

func TestSpread(t *testing.T) {
	// An outlier does not change it.
	for _, samples := range [][]float64{{90, 95, 100, 105, 110}, {90, 95, 100, 105, 1e6}} {
		if got := summarize(samples).spread(); got != 5 {
			t.Errorf("the spread of %v is %v, want 5", samples, got)
		}
	}
}

func TestRatios(t *testing.T) {
	if got := ratios([]float64{1, 6, 10}, []float64{2, 3, 10}); !slices.Equal(got, []float64{0.5, 2, 1}) {
		t.Errorf("got %v", got)
	}
}
