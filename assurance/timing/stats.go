package main

import (
	"fmt"
	"math"
	"slices"
)

// moments holds the number of samples, their mean, and the sum of the squares of their
// distances from the mean.
type moments struct{ n, mean, squares float64 }

// add adds a sample with Welford's algorithm, which keeps its precision if the mean is far
// from zero.
func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

// welch returns Welch's t for the means of a and b, positive if b's is larger.
func welch(a, b moments) float64 {
	return (b.mean - a.mean) / math.Sqrt(a.squares/(a.n-1)/a.n+b.squares/(b.n-1)/b.n)
}

// crops is the number of thresholds. For each threshold there is a test of the measurements
// up to it.
const crops = 100

// The thresholds that keep half and nine tenths of the measurements.
const (
	half       = 9
	nineTenths = 33
)

// share returns the share of all measurements that threshold i keeps. As in dudect, the
// thresholds are closer together among the slow measurements.
func share(i int) float64 { return 1 - math.Pow(0.5, 10*float64(i+1)/crops) }

// thresholds returns the thresholds of a batch of measurements.
func thresholds(batch []float64) []float64 {
	x := slices.Sorted(slices.Values(batch))
	t := make([]float64, crops)
	for i := range t {
		t[i] = x[int(share(i)*float64(len(x)))]
	}
	return t
}

// A comparison collects the measurements of two classes.
type comparison struct {
	// upTo[i] is for the measurements up to threshold i, and its last entry for all.
	upTo [crops + 1][2]moments
	// squares is for the squares of the distances from the median, of the fastest nine tenths
	// of the measurements. Comparing them tests whether the variances differ. The slowest
	// tenth is left out because one slow measurement would spoil the test. dudect takes
	// distances from the mean of each class, but the mean of few measurements would spoil the
	// test too.
	squares [2]moments
}

// add adds a batch of measurements. Since the speed of a machine changes, each batch has
// thresholds of its own, and its median is the unit. dudect keeps the thresholds of the first
// batch instead.
func (c *comparison) add(classes []int, batch []float64) {
	limits := thresholds(batch)
	for n, x := range batch {
		class := classes[n]
		first, _ := slices.BinarySearch(limits, x)
		x /= limits[half]
		for i := first; i <= crops; i++ {
			c.upTo[i][class].add(x)
		}
		if first <= nineTenths {
			c.squares[class].add((x - 1) * (x - 1))
		}
	}
}

// enough is the number of measurements of each class that a test needs.
const enough = 200

// A finding is the result of the test with the largest |t|.
type finding struct {
	t          float64
	difference float64 // the difference of the means, divided by the mean of the first class
	of         string  // the measurements that were tested
}

func (c *comparison) max() finding {
	f := finding{of: "–"}
	consider := func(x [2]moments, of string) {
		if x[0].n < enough || x[1].n < enough {
			return
		}
		// If the clock is so coarse that all measurements are equal, t is NaN, which this
		// comparison rejects.
		if t := welch(x[0], x[1]); math.Abs(t) > math.Abs(f.t) {
			f = finding{t, x[1].mean/x[0].mean - 1, of}
		}
	}
	for i := range crops {
		consider(c.upTo[i], fmt.Sprintf("fastest %.3g %%", 100*share(i)))
	}
	consider(c.upTo[crops], "all")
	consider(c.squares, "squares")
	return f
}
