package main

import (
	"fmt"
	"math"
	"slices"
)

// moments are the number of some samples, their mean, and the sum of the squares of their
// distances from it.
type moments struct{ n, mean, squares float64 }

// add adds a sample, after Welford: nothing is lost far from zero.
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

// crops is how many thresholds there are; of the measurements up to each, there is a test.
const crops = 100

// Thresholds that leave half of the measurements, and nine tenths.
const (
	half       = 9
	nineTenths = 33
)

// share returns the share of all measurements that threshold i leaves: more and more finely
// towards the slow ones, as dudect has it.
func share(i int) float64 { return 1 - math.Pow(0.5, 10*float64(i+1)/crops) }

// thresholds returns those of a batch of measurements.
func thresholds(batch []float64) []float64 {
	x := slices.Sorted(slices.Values(batch))
	t := make([]float64, crops)
	for i := range t {
		t[i] = x[int(share(i)*float64(len(x)))]
	}
	return t
}

// A comparison is of the measurements of two classes.
type comparison struct {
	upTo [crops + 1][2]moments // of those up to threshold i; the last are all
	// Of the squares of the distances from the median, for the fastest nine tenths: a test
	// whether the variances differ. One slow measurement would spoil it, and so would the
	// mean of each class, from which dudect counts, while that is of few measurements.
	squares [2]moments
}

// add adds a batch of measurements. Its thresholds are its own and its median is the unit, as
// a machine is fast at one time and slow at another; dudect keeps the thresholds of the
// first batch.
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

// enough is how many measurements of each class a test needs.
const enough = 200

// A finding is the test with the largest |t|.
type finding struct {
	t          float64
	difference float64 // by which the second mean is larger, as a part of the first
	of         string  // which measurements
}

func (c *comparison) max() finding {
	f := finding{of: "–"}
	consider := func(x [2]moments, of string) {
		if x[0].n < enough || x[1].n < enough {
			return
		}
		// A clock may be so coarse that all are equal, which is no number.
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
