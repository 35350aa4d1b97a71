package main

import (
	"math/rand/v2"
	"runtime"
	"time"

	"hybridkem/internal/progress"
)

// inputs is the number of keys that an operation cycles through if it expands or parses a
// key. The time of rejection sampling depends on the key, and a branch predictor would
// learn a single key.
const inputs = 16

// An operation is something that several implementations do. The others are compared with
// the first one.
type operation struct {
	section, name string
	parts         float64 // the reported time is per part: permutations
	contenders    []contender
}

// A contender is an implementation of an operation.
type contender struct {
	implementation string
	// op does the operation once, on input i mod inputs. It is nil if another process
	// does the operation. It is safe for concurrent use, unless it uses memory again.
	op func(i int)
	// run does the operation n times and returns how long that took.
	run func(n int) (time.Duration, error)
}

func goContender(implementation string, op func(i int)) contender {
	return contender{implementation, op, func(n int) (time.Duration, error) {
		start := time.Now()
		for i := range n {
			op(i)
		}
		return time.Since(start), nil
	}}
}

// A result holds the measurements of one contender.
type result struct {
	Section        string  `json:"section"`
	Operation      string  `json:"operation"`
	Implementation string  `json:"implementation"`
	Samples        int     `json:"samples"`
	PerSample      int     `json:"operations_per_sample"`
	Nanoseconds    summary `json:"nanoseconds"`
	// Ratio is the first contender's time divided by this one's, in each round.
	Ratio summary `json:"ratio"`
	// Bytes and Allocations are set only for implementations in Go.
	Bytes       float64 `json:"bytes_per_operation"`
	Allocations float64 `json:"allocations_per_operation"`
	// Collections and Pauses count only what fell into the timed samples.
	Collections int           `json:"garbage_collections"`
	Pauses      time.Duration `json:"garbage_collection_pauses_ns"`
	Error       string        `json:"error,omitempty"`
}

// A plan says how much is measured.
type plan struct {
	sample         time.Duration // about how long a sample lasts
	passes, rounds int           // each pass has this many rounds of every operation
	profile        time.Duration // for each breakdown
	throughput     time.Duration // for each point of the throughput
}

var (
	defaultPlan = plan{time.Millisecond, 20, 25, 4 * time.Second, 400 * time.Millisecond}
	quickPlan   = plan{time.Millisecond, 5, 8, 500 * time.Millisecond, 40 * time.Millisecond}
)

// A track is a contender with its measurements so far.
type track struct {
	contender
	n       int // operations in a sample
	samples []float64
	result  result
}

// measure measures the operations. In a round, each contender of an operation has one
// sample of fixed work. The order of contenders is random in each round, so that none
// always follows the same other one. A pass has few rounds of each operation, so that a
// noisy minute spoils a few samples of many operations rather than most samples of one.
func measure(operations []operation, p plan, bar *progress.Bar) []result {
	tracks := make([][]*track, len(operations))
	for i, o := range operations {
		for _, c := range o.contenders {
			t := &track{contender: c, result: result{Section: o.section, Operation: o.name, Implementation: c.implementation}}
			t.calibrate(p.sample)
			bar.Add(int64(calibration(p)))
			tracks[i] = append(tracks[i], t)
		}
	}
	order := rand.New(rand.NewPCG(1, 2))
	for range p.passes {
		for i := range operations {
			for range p.rounds {
				for _, j := range order.Perm(len(tracks[i])) {
					tracks[i][j].sample()
					bar.Add(int64(p.sample))
				}
				runtime.GC()
			}
		}
	}
	var results []result
	for i, o := range operations {
		for _, t := range tracks[i] {
			results = append(results, t.finish(o.parts, tracks[i][0]))
		}
	}
	return results
}

// expected returns about how long measure takes.
func (p plan) expected(operations []operation) time.Duration {
	var d time.Duration
	for _, o := range operations {
		d += time.Duration(len(o.contenders)) * (calibration(p) + time.Duration(p.passes*p.rounds)*p.sample)
	}
	return d
}

func calibration(p plan) time.Duration { return 3 * p.sample }

// calibrate sets n so that a sample takes about d.
func (t *track) calibrate(d time.Duration) {
	for t.n = 1; ; t.n *= 2 {
		elapsed := t.time(t.n)
		if t.result.Error != "" {
			return
		}
		if elapsed >= d/2 {
			t.n = max(1, int(float64(t.n)*float64(d)/float64(elapsed)))
			return
		}
	}
}

func (t *track) time(n int) time.Duration {
	elapsed, err := t.run(n)
	if err != nil {
		t.result.Error = err.Error()
	}
	return elapsed
}

// sample takes one sample. It first does a tenth of the work untimed, to warm up what
// went cold while other contenders ran.
func (t *track) sample() {
	if t.result.Error != "" {
		return
	}
	t.time(t.n/10 + 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	elapsed := t.time(t.n)
	runtime.ReadMemStats(&after)
	t.samples = append(t.samples, float64(elapsed)/float64(t.n))
	if t.op == nil {
		return
	}
	r := &t.result
	r.Collections += int(after.NumGC - before.NumGC)
	r.Pauses += time.Duration(after.PauseTotalNs - before.PauseTotalNs)
	r.Bytes += float64(after.TotalAlloc - before.TotalAlloc)
	r.Allocations += float64(after.Mallocs - before.Mallocs)
}

func (t *track) finish(parts float64, reference *track) result {
	r := t.result
	if r.Error != "" {
		return r
	}
	r.Samples, r.PerSample = len(t.samples), t.n
	nanoseconds := make([]float64, len(t.samples))
	for i, s := range t.samples {
		nanoseconds[i] = s / parts
	}
	r.Nanoseconds = summarize(nanoseconds)
	r.Ratio = summarize(ratios(reference.samples, t.samples))
	done := float64(len(t.samples) * t.n)
	r.Bytes, r.Allocations = r.Bytes/done, r.Allocations/done
	return r
}
