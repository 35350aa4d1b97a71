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
	prepare func(input []byte) // before each call; not timed
	call    func(input []byte)
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
	found time.Duration // until |t| was above leak and stayed there; 0 if it is not
}

// measure times a subject for d, or, if find is set, until |t| is above leak.
//
// The inputs of both classes take turns at random, and lie in memory in alternation. Each
// is copied to the one place from which it is used; no branch depends on the class.
func measure(s subject, d time.Duration, find bool) result {
	size := len(s.classes[0][0])
	var pool []byte
	for i := range s.classes[0] {
		pool = append(append(pool, s.classes[0][i]...), s.classes[1][i]...)
	}
	input := make([]byte, size)

	var r result
	var c comparison
	classes, times := make([]int, batch), make([]float64, batch)
	random := rand.New(rand.NewPCG(1, 2))
	warm := false
	for start := time.Now(); ; {
		runtime.GC()
		for i := range times {
			n := random.IntN(2 * inputs)
			copy(input, pool[n*size:])
			s.prepare(input)
			begin := clock()
			s.call(input)
			times[i] = float64(clock() - begin)
			classes[i] = n % 2
		}
		if !warm {
			warm = true // dudect leaves out the first batch, too
			continue
		}
		c.add(classes, times)
		r.measurements += batch
		r.finding = c.max()
		elapsed := time.Since(start)
		if math.Abs(r.t) <= leak {
			r.found = 0
		} else if r.found == 0 {
			r.found = elapsed
		}
		if elapsed >= d || find && r.found > 0 {
			return r
		}
	}
}
