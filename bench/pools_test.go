package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hybridkem/kem"
)

// testLoads are small forms of poolLoads.
var testLoads = []load{{1, false}, {16, false}, {100, true}}

func TestModes(t *testing.T) {
	targets, err := poolTargets()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range targets {
		for _, m := range poolModes {
			if err := m.check(x); err != nil {
				t.Error(err)
			}
			for _, l := range testLoads {
				s, err := m.run(x, l, 2*time.Millisecond)
				if err != nil {
					t.Error(err)
					continue
				}
				if s.latencies.total == 0 || s.elapsed <= 0 || s.latencies.max > s.elapsed {
					t.Errorf("%s, %s, %v: %d latencies of at most %v, in %v", x.kem.Name(), m.name, l, s.latencies.total, s.latencies.max, s.elapsed)
				}
				if l.atOnce && s.latencies.total+s.refused != l.goroutines {
					t.Errorf("%s, %s: %d answers and %d refusals for %d requests", x.kem.Name(), m.name, s.latencies.total, s.refused, l.goroutines)
				}
				if s.refused > 0 && m.name != modeRefuses && m.name != modeSmall {
					t.Errorf("%s, %s: %d refusals", x.kem.Name(), m.name, s.refused)
				}
			}
		}
	}
}

// TestModeCheck checks that a mode which computes something else is found.
func TestModeCheck(t *testing.T) {
	x := poolTarget(t)
	wrong := mode{"wrong", shared(func(*target) decapsulator { return func(int) (uint64, error) { return 1, nil } })}
	if err := wrong.check(x); !errors.Is(err, errDisagrees) {
		t.Errorf("got error %v", err)
	}
	broken := mode{"broken", shared(func(*target) decapsulator {
		return func(int) (uint64, error) { return 0, errors.New("broken") }
	})}
	for _, l := range testLoads {
		if _, err := broken.run(x, l, time.Millisecond); err == nil {
			t.Errorf("%v: no error of a mode that breaks", l)
		}
	}
}

func poolTarget(t *testing.T) *target {
	targets, err := poolTargets()
	if err != nil {
		t.Fatal(err)
	}
	return targets[0]
}

// TestRequests checks that each key is asked for, and how often.
func TestRequests(t *testing.T) {
	x := poolTarget(t)
	var counts [inputs]int
	for _, i := range x.requests {
		counts[i]++
	}
	for i, n := range counts {
		want := len(x.requests) * 296 / 1000 / (i + 1) // 1/3.38 is 0.296
		if n < want/2 || n > 2*want {
			t.Errorf("key %d comes %d times, want about %d", i, n, want)
		}
	}
}

func TestBounded(t *testing.T) {
	x := poolTarget(t)
	worker, _ := bounded(x, 1, true)
	decapsulate := worker()
	// The mode holds its slot while it decapsulates. A key that does not exist makes it
	// panic within, and the slot must come back.
	func() {
		defer func() { recover() }()
		decapsulate(inputs)
	}()
	if _, err := decapsulate(0); err != nil {
		t.Errorf("the slot is lost: %v", err)
	}
	worker, _ = bounded(x, 0, true)
	if _, err := worker()(0); err != errRefused {
		t.Errorf("a pool without a free slot returns %v", err)
	}
}

// TestCached checks that the cache is bounded and keeps the keys that were used last.
func TestCached(t *testing.T) {
	x := poolTarget(t)
	expanded := 0
	counting := &target{kem: countingKEM{x.kem, &expanded}, keys: x.keys}
	worker, _ := cached(counting)
	decapsulate := worker()
	use := func(want int, keys ...int) {
		t.Helper()
		expanded = 0
		for _, i := range keys {
			if _, err := decapsulate(i); err != nil {
				t.Fatal(err)
			}
		}
		if expanded != want {
			t.Errorf("keys %d: %d expansions, want %d", keys, expanded, want)
		}
	}
	use(8, 0, 1, 2, 3, 4, 5, 6, 7)
	use(0, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0)
	use(1, 8) // takes the place of 1
	use(0, 0, 2, 3, 4, 5, 6, 7, 8)
	use(1, 1)
}

func TestParsePoolAnswer(t *testing.T) {
	s, err := parsePoolAnswer("1000000 900000 3 2000 70:2 100:1")
	if err != nil || s.elapsed != time.Millisecond || s.cpu != 900*time.Microsecond || s.refused != 3 || s.latencies.max != 2000 || s.latencies.total != 3 || s.latencies.counts[70] != 2 {
		t.Errorf("got %v, %v", s, err)
	}
	for _, answer := range []string{"", "1 2 3", "1 2 3 4", "0 0 0 1 5:1", "1 2 3 4 5", "1 2 3 4 x:1", "1 2 3 4 -1:1", "1 2 3 4 999999:1", "1 2 3 4 5:-1"} {
		if _, err := parsePoolAnswer(answer); err == nil {
			t.Errorf("%q: no error", answer)
		}
	}
}

// measuredPools returns a report of a very short measurement.
func measuredPools(t *testing.T) *poolReport {
	o, err := parse([]string{"-pools"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	// The pictures and the advice need the loads that they compare.
	o.poolPlan = poolPlan{time.Millisecond, 2, []load{{1, false}, {16, false}, many, burst}}
	burst.goroutines = 200
	t.Cleanup(func() { burst.goroutines = 10_000 })
	o.poolPlan.loads[3] = burst
	r, err := o.measurePools(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPools(t *testing.T) {
	r := measuredPools(t)
	dir := t.TempDir()
	if err := write(r, dir); err != nil {
		t.Fatal(err)
	}
	again, err := decode(filepath.Join(dir, "pools.json"), new(poolReport))
	if err != nil {
		t.Fatal(err)
	}
	if again.text() != r.text() || again.summary("x") != r.summary("x") {
		t.Error("pools.json does not hold the whole report")
	}
	for _, x := range r.Results {
		if x.PerSecond.Median <= 0 || x.P50.Median <= 0 || x.P50.Median > x.Max.Median || x.CPU.Median <= 0 || x.Ratio.Median <= 0 {
			t.Errorf("%+v", x)
		}
	}
	seed, held := r.find("ML-KEM-768", modeFromSeed, load{1, false}), r.find("ML-KEM-768", modeTo, load{1, false})
	if seed.Bytes.Median < 4096 || held.Bytes.Median > 100 {
		t.Errorf("from the seed it takes %v bytes, from a key that is held %v", seed.Bytes.Median, held.Bytes.Median)
	}
	if x := r.find("X-Wing", modeTo, burst); x.Stack.Median < 200*8<<10 {
		t.Errorf("the stacks of 200 goroutines have %v bytes", x.Stack.Median)
	}
	for _, name := range []string{"throughput", "latency", "stack"} {
		b, err := os.ReadFile(filepath.Join(dir, "pools-"+name+".svg"))
		for d := xml.NewDecoder(strings.NewReader(string(b))); err == nil; {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range []string{modeTo, modeFromSeed, "X-Wing", "</svg>"} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s has no %q", name, want)
			}
		}
		if strings.Contains(string(b), "NaN") || strings.Contains(string(b), "Inf") {
			t.Errorf("%s has no finite coordinates", name)
		}
	}
}

// A countingKEM counts the keys that it expands.
type countingKEM struct {
	kem.KEM
	expanded *int
}

func (k countingKEM) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	*k.expanded++
	return k.KEM.NewDecapsulationKey(seed)
}

// TestPoolDocument checks that doc/pools.md and its pictures show the results that are kept
// beside the pictures, and that these results support the advice.
func TestPoolDocument(t *testing.T) {
	const folder = "../doc/bench"
	r, err := decode(filepath.Join(folder, "pools.json"), new(poolReport))
	if err != nil {
		t.Fatal(err)
	}
	files, err := r.files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s is not what pools.json gives, %v", name, err)
		}
	}
	text, err := os.ReadFile("../doc/pools.md")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := replaceMarked(string(text), r.summary("bench")); err != nil || string(text) != want {
		t.Errorf("doc/pools.md is not what pools.json gives, %v", err)
	}
	checked := 0
	for _, x := range r.Results {
		// The bounds leave room for noise.
		low, high := 0.0, 10.0
		switch x.Mode {
		case modeBuffers, modeWorkspaces, modeAllocates, modeWaits:
			low, high = 0.8, 1.25
		case modeFromSeed, modeReset:
			low = 1.25
		case modeFresh:
			if x.load() != (load{1, false}) {
				continue
			}
			low = 1.05
		default:
			continue
		}
		if checked++; r.cost(x) < low || r.cost(x) > high {
			t.Errorf("%s, %s, %v: %.2f of the cost of %s, which does not support the advice", x.KEM, x.Mode, x.load(), r.cost(x), modeTo)
		}
	}
	if checked < 2*5*5 {
		t.Errorf("only %d results are about the advice", checked)
	}
}

// TestAdvice checks that the advice for queues depends on the results.
func TestAdvice(t *testing.T) {
	r := &poolReport{}
	for _, x := range []struct {
		mode string
		cpu  float64
	}{{modeTo, 1}, {modeQueue, 0.4}} {
		for _, l := range []load{{1, false}, {16, false}, many, burst} {
			r.Results = append(r.Results, &poolResult{KEM: "X-Wing", Mode: x.mode, Goroutines: l.goroutines, AtOnce: l.atOnce, CPU: summary{Median: x.cpu}})
		}
	}
	advice := r.advice()
	if last := advice[len(advice)-1]; !strings.Contains(last, "requests for X-Wing wait") || !strings.Contains(last, "40 % (X-Wing)") {
		t.Errorf("of a queue that costs less: %s", last)
	}
	for _, x := range r.Results {
		x.CPU.Median = 1
	}
	advice = r.advice()
	if last := advice[len(advice)-1]; !strings.Contains(last, "did not pay") {
		t.Errorf("of a queue that costs as much: %s", last)
	}
	r.Results = r.Results[:4]
	if n := len(r.advice()); n != len(advice)-1 {
		t.Errorf("%d sentences without a queue", n)
	}
}
