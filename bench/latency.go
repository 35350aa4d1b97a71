package main

import (
	"math"
	"math/bits"
	"time"
)

// A histogram counts latencies. Below 64 ns each nanosecond has a bucket, and above, each
// power of 2 has 64 buckets, so that a quantile is at most 1/64 too high.
type histogram struct {
	counts [buckets]uint32
	total  int
	max    time.Duration
}

const (
	bucketBits = 6
	buckets    = (40 - bucketBits + 1) << bucketBits // up to 2⁴⁰ ns, which is 18 minutes
)

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
	h.max = max(h.max, d)
}

func bucketOf(d time.Duration) int {
	ns := uint64(max(d, 0))
	shift := max(0, bits.Len64(ns)-bucketBits-1)
	return min(shift<<bucketBits+int(ns>>shift), buckets-1)
}

// highest returns the longest time that the bucket counts.
func highest(bucket int) time.Duration {
	shift := max(0, bucket>>bucketBits-1)
	return time.Duration(bucket-shift<<bucketBits+1)<<shift - 1
}

// merge adds the counts of other to h.
func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// quantile returns the shortest time that at least the part p of all times does not
// exceed, in nanoseconds. It returns 0 if h is empty.
func (h *histogram) quantile(p float64) float64 {
	rank := int(math.Ceil(p * float64(h.total)))
	for i, n := range h.counts {
		if rank -= int(n); rank <= 0 && n > 0 {
			return float64(min(highest(i), h.max))
		}
	}
	return 0
}

// clockOverhead returns how long it takes to read the clock once more and to count a time.
func clockOverhead() time.Duration {
	const reads = 100_000
	var h histogram
	start := time.Now()
	last := time.Duration(0)
	for range reads {
		now := time.Since(start)
		h.add(now - last)
		last = now
	}
	return last / reads
}
