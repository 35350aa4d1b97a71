package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"time"
)

// A subject is an operation to be timed, with inputs of two classes. Its time should not tell
// the classes apart. All inputs have the same length. prepare does what need not be timed, and
// returns the function that is timed.
type subject struct {
	classes [2][][]byte
	prepare func(input []byte) (timed func())
}

// Limits for |t|, which are those of dudect.
const (
	maybe = 4.5
	leak  = 10
)

// perBlock is the number of measurements between two garbage collections.
const perBlock = 500

// A result is the outcome of measuring a subject.
type result struct {
	measurements int
	finding
	took time.Duration
}

// measure times a subject for d. If find is set, it stops as soon as |t| is above leak.
//
// It draws inputs of both classes at random. They alternate in memory, and each is copied to
// the same place before it is used, so that its address tells nothing about its class. No
// branch depends on the class.
func measure(s subject, d time.Duration, find bool) (r result) {
	size := len(s.classes[0][0])
	var pool []byte
	for i := range s.classes[0] {
		pool = append(append(pool, s.classes[0][i]...), s.classes[1][i]...)
	}
	input := make([]byte, size)
	var c comparison
	classes, times := make([]int, perBlock), make([]float64, perBlock)
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
			continue // the first block does not count, as in dudect
		}
		c.add(classes, times)
		r = result{r.measurements + perBlock, c.max(), time.Since(start)}
		if r.took >= d || find && math.Abs(r.t) > leak {
			return r
		}
	}
}
