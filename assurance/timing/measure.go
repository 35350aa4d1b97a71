package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"time"
)

// A subject is something to be timed with inputs of two classes, the time of which should
// not tell the classes apart. All inputs are of one length.
type subject struct {
	classes [2][][]byte
	prepare func(input []byte) (timed func())
}

// What is said of a |t|, with dudect's limits.
const (
	maybe = 4.5
	leak  = 10
)

// batch is how many measurements there are between two garbage collections.
const batch = 500

// A result is what was measured of a subject.
type result struct {
	measurements int
	finding
	took time.Duration
}

// measure times a subject for d, or, if find is set, until |t| is above leak.
//
// The inputs of both classes take turns at random, and lie in memory in alternation. Each
// is copied to the one place from which it is used; no branch depends on the class.
func measure(s subject, d time.Duration, find bool) (r result) {
	size := len(s.classes[0][0])
	var pool []byte
	for i := range s.classes[0] {
		pool = append(append(pool, s.classes[0][i]...), s.classes[1][i]...)
	}
	input := make([]byte, size)
	var c comparison
	classes, times := make([]int, batch), make([]float64, batch)
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	for warm := false; ; warm = true {
		runtime.GC()
		for i := range times {
			n := random.IntN(2 * inputs)
			copy(input, pool[n*size:])
			timed := s.prepare(input)
			begin := time.Now()
			timed()
			times[i] = float64(time.Since(begin))
			classes[i] = n % 2
		}
		if !warm {
			continue // dudect leaves out the first batch, too
		}
		c.add(classes, times)
		r = result{r.measurements + batch, c.max(), time.Since(start)}
		if r.took >= d || find && math.Abs(r.t) > leak {
			return r
		}
	}
}
