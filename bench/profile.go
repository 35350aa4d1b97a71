package main

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/google/pprof/profile"
)

// The categories of time, in the order in which they are shown.
const (
	hashing      = "hashing"
	sampling     = "sampling"
	products     = "NTT and products"
	encoding     = "encoding"
	fixedTime    = "X25519 fixed base"
	variableTime = "X25519 variable base"
	combining    = "combiner"
	memory       = "memory"
	otherTime    = "other"
)

var categories = []string{hashing, sampling, products, encoding, fixedTime, variableTime, combining, memory, otherTime}

// A sample belongs to the combiner if the combiner is anywhere on its stack, since the
// combiner hashes too. Otherwise the function nearest to the leaf that matches a rule
// decides. If it matches several, the first rule counts. ScalarMultBoth shares one
// inversion, which counts for the variable base. A sample that matches no rule is memory
// if its leaf is in the Go runtime or overwrites the stack.
var (
	combinerFunction = regexp.MustCompile(`^hybridkem/internal/hybrid\.(\(\*Hybrid\)\.combine|Combine)`)
	memoryFunction   = regexp.MustCompile(`^(runtime|hybridkem/internal/secret)\.`)
	categoryRules    = []struct {
		category string
		function *regexp.Regexp
	}{
		{hashing, regexp.MustCompile(`^hybridkem/internal/(sha3|keccak)\.`)},
		{sampling, regexp.MustCompile(`^hybridkem/internal/ring\..*[sS]ample`)},
		{encoding, regexp.MustCompile(`^hybridkem/internal/ring\..*([eE]ncode|[dD]ecode|[cC]ompress)`)},
		{products, regexp.MustCompile(`^hybridkem/internal/ring\.`)},
		{fixedTime, regexp.MustCompile(`^hybridkem/internal/x25519\.(ScalarBaseMult|multiplyBase)\b`)},
		{variableTime, regexp.MustCompile(`^hybridkem/internal/x25519\.(ScalarMult|ScalarMultBoth|multiply|IsLowOrder)\b`)},
	}
)

// categoryOf returns the category of a stack of function names, which begins with the
// leaf.
func categoryOf(stack []string) string {
	for _, f := range stack {
		if combinerFunction.MatchString(f) {
			return combining
		}
	}
	for _, f := range stack {
		for _, r := range categoryRules {
			if r.function.MatchString(f) {
				return r.category
			}
		}
	}
	if len(stack) > 0 && memoryFunction.MatchString(stack[0]) {
		return memory
	}
	return otherTime
}

// A breakdown says where the time of an operation goes. The shares add up to 1.
type breakdown struct {
	KEM       string             `json:"kem"`
	Operation string             `json:"operation"`
	Samples   int64              `json:"samples"`
	Shares    map[string]float64 `json:"shares"`
}

// brokenDown reports whether the time of o is broken down.
func brokenDown(o operation) bool {
	return (o.section == "ML-KEM-768" || o.section == "X-Wing") &&
		(o.name == keyGeneration || o.name == parseEncapsulate || o.name == decapsulate)
}

// measureBreakdown profiles this module's implementation of the operation for d, on all
// processors.
func measureBreakdown(o operation, d time.Duration) (breakdown, error) {
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		return breakdown{}, err
	}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			start := time.Now()
			for i := 0; time.Since(start) < d; i++ {
				o.contenders[0].op(i)
			}
		})
	}
	wg.Wait()
	pprof.StopCPUProfile()
	p, err := profile.Parse(&b)
	if err != nil {
		return breakdown{}, err
	}
	shares, samples := attribute(p)
	if samples == 0 {
		return breakdown{}, fmt.Errorf("%s, %s: the profile has no samples", o.section, o.name)
	}
	return breakdown{o.section, o.name, samples, shares}, nil
}

// attribute divides the samples of a CPU profile among the categories.
func attribute(p *profile.Profile) (shares map[string]float64, samples int64) {
	shares = make(map[string]float64)
	for _, s := range p.Sample {
		var stack []string
		for _, location := range s.Location {
			for _, line := range location.Line { // inlined functions come first
				stack = append(stack, line.Function.Name)
			}
		}
		shares[categoryOf(stack)] += float64(s.Value[0])
		samples += s.Value[0]
	}
	for c := range shares {
		shares[c] /= float64(samples)
	}
	return shares, samples
}
