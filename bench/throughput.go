package main

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"hybridkem/internal/progress"
)

// A throughput is how many operations per second a number of goroutines does.
type throughput struct {
	KEM            string  `json:"kem"`
	Operation      string  `json:"operation"`
	Implementation string  `json:"implementation"`
	Goroutines     int     `json:"goroutines"`
	PerSecond      summary `json:"per_second"`
}

// throughputRounds is the number of samples of each point.
const throughputRounds = 5

// throughputContenders returns the contenders of o whose throughput is measured.
func throughputContenders(o operation) []contender {
	if o.section != "ML-KEM-768" && o.section != "X-Wing" || o.name != parseEncapsulate && o.name != decapsulate {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(o.contenders), func(c contender) bool {
		return !slices.Contains([]string{ours, cryptoMLKEM, composition, circlName}, c.implementation)
	})
}

// goroutineCounts returns the powers of 2 up to four goroutines per processor.
func goroutineCounts() []int {
	var counts []int
	for n := 1; n <= 4*runtime.GOMAXPROCS(0); n *= 2 {
		counts = append(counts, n)
	}
	return counts
}

// measureThroughput measures each point of an operation for about d.
func measureThroughput(o operation, d time.Duration, bar *progress.Bar) []throughput {
	contenders := throughputContenders(o)
	counts := goroutineCounts()
	work := make([]int, len(contenders)) // operations that one goroutine does in a sample
	for i, c := range contenders {
		t := track{contender: c}
		t.calibrate(d / throughputRounds)
		work[i] = t.n
	}
	rates := make([][][]float64, len(contenders))
	for i := range rates {
		rates[i] = make([][]float64, len(counts))
	}
	for range throughputRounds {
		for j, goroutines := range counts {
			for i, c := range contenders {
				rates[i][j] = append(rates[i][j], rate(c.op, work[i], goroutines))
				bar.Add(int64(d / throughputRounds))
			}
		}
		runtime.GC()
	}
	var points []throughput
	for i, c := range contenders {
		for j, goroutines := range counts {
			points = append(points, throughput{o.section, o.name, c.implementation, goroutines, summarize(rates[i][j])})
		}
	}
	return points
}

// rate divides among goroutines the operations that keep all processors busy for a
// sample. It returns how many operations they do per second.
func rate(op func(i int), work, goroutines int) float64 {
	each := max(1, work*min(goroutines, runtime.GOMAXPROCS(0))/goroutines)
	var ready, done sync.WaitGroup
	begin := make(chan bool)
	ready.Add(goroutines)
	for range goroutines {
		done.Go(func() {
			ready.Done()
			<-begin
			for i := range each {
				op(i)
			}
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return float64(each*goroutines) / time.Since(start).Seconds()
}
