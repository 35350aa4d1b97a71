package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestBuckets checks that the buckets follow one another without a gap, and are narrow.
func TestBuckets(t *testing.T) {
	for i := range buckets - 1 {
		top := highest(i)
		if bucketOf(top) != i || bucketOf(top+1) != i+1 {
			t.Fatalf("bucket %d ends with %d, which belongs to bucket %d, and %d to bucket %d", i, top, bucketOf(top), top+1, bucketOf(top+1))
		}
		if width := highest(i+1) - top; float64(width) > 1+float64(top)/64 {
			t.Fatalf("bucket %d is %d wide and begins at %d", i+1, width, top+1)
		}
	}
	if bucketOf(-1) != 0 || bucketOf(math.MaxInt64) != buckets-1 {
		t.Error("times beyond the ends are outside")
	}
}

func TestQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h, first, second histogram
	if h.quantile(0.5) != 0 {
		t.Error("nothing has a median")
	}
	var times []float64
	for i := range 10_001 {
		d := time.Duration(math.Exp(r.Float64() * 20))
		times = append(times, float64(d))
		if i%3 == 0 {
			first.add(d)
		} else {
			second.add(d)
		}
	}
	h.merge(&first)
	h.merge(&second)
	slices.Sort(times)
	for _, p := range []float64{0, 0.01, 0.5, 0.99, 0.999, 1} {
		want := times[max(0, int(math.Ceil(p*float64(len(times))))-1)]
		if got := h.quantile(p); got < want || got > want*(1+1./64) {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
	if h.quantile(1) != times[len(times)-1] {
		t.Error("the longest time is not exact")
	}
}

func TestClockOverhead(t *testing.T) {
	if d := clockOverhead(); d <= 0 || d > 10*time.Microsecond {
		t.Errorf("reading the clock takes %v", d)
	}
}
