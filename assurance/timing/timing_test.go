package main

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/internal/spec"
)

func of(samples ...float64) (m moments) {
	for _, x := range samples {
		m.add(x)
	}
	return m
}

func TestWelch(t *testing.T) {
	// The means are 3 and 7, the variances 2.5 and 14: t = 4 / √(2.5/5 + 14/6).
	a, b := of(1, 2, 3, 4, 5), of(2, 4, 6, 8, 10, 12)
	if got, want := welch(a, b), 4/math.Sqrt(2.5/5+14.0/6); math.Abs(got-want) > 1e-12 {
		t.Errorf("t is %v, want %v", got, want)
	}
	if got := welch(b, a); got != -welch(a, b) {
		t.Errorf("t is %v the other way round", got)
	}
}

// compared returns the finding for two classes whose measurements are computed from normally
// distributed numbers.
func compared(batches int, measurements func(class int, normal float64) float64) finding {
	r := rand.New(rand.NewPCG(3, 4))
	var c comparison
	classes, times := make([]int, perBlock), make([]float64, perBlock)
	for range batches {
		// The speed of a machine changes.
		speed := 1 + r.Float64()
		for i := range times {
			classes[i] = r.IntN(2)
			times[i] = speed * measurements(classes[i], r.NormFloat64())
		}
		c.add(classes, times)
	}
	return c.max()
}

func TestComparison(t *testing.T) {
	rare := rand.New(rand.NewPCG(5, 6))
	noisy := func(x float64) float64 {
		if rare.IntN(20) == 0 {
			return 5000 + 1e6*math.Abs(x)
		}
		return 1000 + 10*x
	}
	for _, tt := range []struct {
		name         string
		measurements func(class int, normal float64) float64
		of           string // the measurements with |t| above leak; empty if there are none
	}{
		{"no difference", func(_ int, x float64) float64 { return 1000 + 10*x }, ""},
		{"all the same", func(int, float64) float64 { return 1000 }, ""},
		{"one is slower", func(class int, x float64) float64 { return 1000 + 10*x + float64(2*class) }, "fastest"},
		{"no difference, in noise", func(_ int, x float64) float64 { return noisy(x) }, ""},
		{"one is slower, in noise", func(class int, x float64) float64 {
			return noisy(x) + float64(2*class)
		}, "fastest"},
		{"one varies more", func(class int, x float64) float64 { return 1000 + float64(10+class)*x }, "squares"},
	} {
		switch f := compared(100, tt.measurements); {
		case tt.of == "" && math.Abs(f.t) > maybe:
			t.Errorf("%s: t is %.1f", tt.name, f.t)
		case tt.of != "" && (math.Abs(f.t) <= leak || !strings.HasPrefix(f.of, tt.of)):
			t.Errorf("%s: t is %.1f, of %s", tt.name, f.t, f.of)
		}
	}
	var c comparison
	for i := range 2*enough - 2 {
		c.add([]int{i % 2}, []float64{float64(1000 + i%2)})
	}
	if f := c.max(); f.t != 0 {
		t.Errorf("t is %v of too few measurements", f.t)
	}
}

// TestChangedModule checks that the sources still have what the changed build replaces.
func TestChangedModule(t *testing.T) {
	if _, err := changedModule("../..", true); err != nil {
		t.Error(err)
	}
}

// TestMeasure checks that each timed function was prepared with its own input, and that nearly
// all inputs of both classes are used.
func TestMeasure(t *testing.T) {
	next := byte(0)
	number := func() []byte { next++; return []byte{next - 1} }
	calls := map[byte]int{}
	r := measure(subject{classes(number, number), func(input []byte) func() {
		prepared := input[0]
		return func() { calls[prepared]++ }
	}}, 0, false)
	if r.measurements != perBlock || len(calls) < 2*inputs*9/10 {
		t.Errorf("%d measurements, with %d of %d inputs", r.measurements, len(calls), 2*inputs)
	}
}

// TestSubjects makes the inputs of all tests, checks that they have the same length, and runs
// the timed functions with some of them.
func TestSubjects(t *testing.T) {
	for _, k := range hybridkem.All() {
		for _, x := range tests {
			if !x.exists(k) {
				continue
			}
			s := x.subject(k)
			for _, class := range s.classes {
				for i, input := range class {
					if len(input) != len(s.classes[0][0]) {
						t.Fatalf("%s, %s: inputs of %d and %d bytes", k.Name(), x.operation, len(input), len(s.classes[0][0]))
					}
					if i < 4 {
						s.prepare(input)()
					}
				}
			}
		}
	}
}

// TestEarlyLate checks that early and late do not change the message, so that the comparison of
// ciphertexts finds one wrong byte.
func TestEarlyLate(t *testing.T) {
	for name, p := range spec.Sets {
		ek, dk := spec.KeyGen(p)
		message := random(32)
		for i, change := range []func([]byte){early, late} {
			c := spec.PKEEncrypt(p, ek, message, random(32))
			change(c)
			if got := spec.PKEDecrypt(p, dk[:384*p.K], c); string(got) != string(message) {
				t.Errorf("%s: change %d is one of the message", name, i)
			}
		}
	}
}
