package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"hybridkem/internal/progress"
)

// fake returns a contender that claims to take d for each operation. It appends its name
// to order at each call.
func fake(name string, d time.Duration, order *[]string) contender {
	return contender{implementation: name, run: func(n int) (time.Duration, error) {
		*order = append(*order, name)
		return time.Duration(n) * d, nil
	}}
}

func TestMeasure(t *testing.T) {
	var order []string
	broken := errors.New("broken")
	calls := 0
	operations := []operation{{section: "s", name: "o", parts: 2, contenders: []contender{
		fake("a", 100*time.Nanosecond, &order),
		fake("b", 400*time.Nanosecond, &order),
		{implementation: "c", run: func(n int) (time.Duration, error) {
			if calls++; calls > 10 {
				return 0, broken
			}
			return time.Duration(n) * time.Microsecond, nil
		}},
	}}}
	p := plan{sample: 10 * time.Microsecond, passes: 2, rounds: 3}
	results := measure(operations, p, progress.New(io.Discard, "", 1))
	a, b, c := results[0], results[1], results[2]
	if a.Nanoseconds.Median != 50 || b.Nanoseconds.Median != 200 {
		t.Errorf("medians are %v and %v, want 50 and 200", a.Nanoseconds.Median, b.Nanoseconds.Median)
	}
	if a.Ratio.Median != 1 || b.Ratio.Median != 0.25 {
		t.Errorf("ratios are %v and %v, want 1 and 0.25", a.Ratio.Median, b.Ratio.Median)
	}
	if a.Samples != 6 || a.PerSample != 100 || b.PerSample != 25 {
		t.Errorf("%d samples of %d and %d, want 6 of 100 and 25", a.Samples, a.PerSample, b.PerSample)
	}
	if c.Error != "broken" || c.Samples != 0 || a.Error != "" {
		t.Errorf("a contender that breaks: %+v", c)
	}
	if calls > 12 { // the failing call may be a warm-up, with the sample after it
		t.Errorf("%d calls of a contender that breaks in the eleventh", calls)
	}
	// Each contender has two calls in a round, a warm-up and a sample. The contenders
	// must come in either order.
	rounds := make(map[string]int)
	for turns := range slices.Chunk(order[len(order)-2*2*6:], 4) {
		rounds[strings.Join(turns, "")]++
	}
	if rounds["aabb"]+rounds["bbaa"] != 6 || rounds["aabb"] == 0 || rounds["bbaa"] == 0 {
		t.Errorf("the turns are %v", rounds)
	}
}

func TestMeasureAllocations(t *testing.T) {
	var kept []byte
	operations := []operation{{parts: 1, contenders: []contender{goContender("a", func(int) { kept = make([]byte, 1024) })}}}
	r := measure(operations, plan{sample: 100 * time.Microsecond, passes: 1, rounds: 3}, progress.New(io.Discard, "", 1))[0]
	if r.Bytes < 1024 || r.Bytes > 1030 || r.Allocations < 1 || r.Allocations > 1.05 {
		t.Errorf("%v bytes in %v allocations, want 1024 in 1", r.Bytes, r.Allocations)
	}
	_ = kept
}

func TestRate(t *testing.T) {
	got := rate(func(int) { time.Sleep(time.Millisecond) }, 20, 1)
	if got < 100 || got > 1000 {
		t.Errorf("%v operations of a millisecond per second", got)
	}
}
