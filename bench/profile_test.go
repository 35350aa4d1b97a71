package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

func TestCategoryOf(t *testing.T) {
	const (
		keccak  = "crypto/internal/fips140/sha3.keccakF1600"
		sum256  = "hybridkem/internal/sha3.Sum256"
		combine = "hybridkem/internal/hybrid.CombineC2PRI"
		both    = "hybridkem/internal/x25519.ScalarMultBoth"
		mul     = "hybridkem/internal/x25519.(*element).mul.func1"
	)
	for _, test := range []struct {
		want  string
		stack []string // the leaf first
	}{
		{hashing, []string{keccak, sum256, "hybridkem/internal/mlkem.(*EncapsulationKey).parse"}},
		{combining, []string{keccak, sum256, combine, "hybridkem/internal/hybrid.(*Hybrid).combine"}},
		{combining, []string{"runtime.memmove", "hybridkem/internal/hybrid.(*Hybrid).combine"}},
		{hashing, []string{keccak, "hybridkem/internal/sha3.SHAKE256", "hybridkem/internal/hybrid.(*Hybrid).Expand"}},
		{sampling, []string{"hybridkem/internal/ring.(*NTT).SampleVartime", "hybridkem/internal/mlkem.expandMatrix"}},
		{sampling, []string{"hybridkem/internal/ring.(*Poly).sampleCBD2", "hybridkem/internal/ring.(*Poly).SampleCBD"}},
		{products, []string{"hybridkem/internal/ring.pair.montgomeryMul", "hybridkem/internal/ring.(*NTT).InnerProduct"}},
		{products, []string{"hybridkem/internal/ring.(*pairs).load", "hybridkem/internal/ring.(*Poly).NTT"}},
		{encoding, []string{"hybridkem/internal/ring.compress", "hybridkem/internal/ring.(*Poly).Compress"}},
		{encoding, []string{"runtime.memmove", "hybridkem/internal/ring.(*Poly).Decompress"}},
		{encoding, []string{"hybridkem/internal/ring.(*NTT).Decode", "hybridkem/internal/mlkem.decode"}},
		{fixedTime, []string{"filippo.io/edwards25519/field.feMul", "hybridkem/internal/x25519.multiplyBase", both}},
		{variableTime, []string{mul, "hybridkem/internal/x25519.multiply", both}},
		{variableTime, []string{mul, "hybridkem/internal/x25519.(*element).invert", both}},
		{fixedTime, []string{mul, "hybridkem/internal/x25519.(*element).invert", "hybridkem/internal/x25519.ScalarBaseMult"}},
		{memory, []string{"runtime.mallocgc", "hybridkem/internal/mlkem.(*EncapsulationKey).init"}},
		{memory, []string{"hybridkem/internal/secret.overwrite", "hybridkem/internal/secret.Do"}},
		{otherTime, []string{"hybridkem/internal/mlkem.(*sink).put", "runtime.main"}},
		{otherTime, []string{keccak, "example.com/other/sha3.Sum256"}},
		{otherTime, nil},
	} {
		if got := categoryOf(test.stack); got != test.want {
			t.Errorf("%v belongs to %s, want %s", test.stack, got, test.want)
		}
	}
}

func TestAttribute(t *testing.T) {
	location := func(names ...string) *profile.Location {
		l := new(profile.Location)
		for _, name := range names {
			l.Line = append(l.Line, profile.Line{Function: &profile.Function{Name: name}})
		}
		return l
	}
	p := &profile.Profile{Sample: []*profile.Sample{
		// PutUint64 is inlined: one location, two functions.
		{Value: []int64{3, 30}, Location: []*profile.Location{
			location("runtime.memmove"), location("encoding/binary.littleEndian.PutUint64", "hybridkem/internal/ring.(*Poly).Compress"), location("main.main"),
		}},
		{Value: []int64{1, 10}, Location: []*profile.Location{location("runtime.gcBgMarkWorker")}},
	}}
	shares, samples := attribute(p)
	if samples != 4 || shares[encoding] != 0.75 || shares[memory] != 0.25 || len(shares) != 2 {
		t.Errorf("%v of %d samples", shares, samples)
	}
}

// TestBreakdown fails if functions of the library are renamed and the attribution still
// uses the old names.
func TestBreakdown(t *testing.T) {
	if testing.Short() {
		t.Skip("samples for a second")
	}
	operations, _, err := goOperations()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		section    string
		categories []string
	}{
		{"X-Wing", []string{hashing, fixedTime, variableTime}},
		{"ML-KEM-768", []string{hashing, sampling, products}},
	} {
		i := slices.IndexFunc(operations, func(o operation) bool { return o.section == want.section && o.name == parseEncapsulate })
		var b breakdown
		for d := time.Second; b.Samples < 100 && d < time.Minute; d *= 2 { // a busy machine gives few
			if b, err = measureBreakdown(operations[i], d); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range want.categories {
			if b.Shares[c] == 0 {
				t.Errorf("nothing belongs to %s: %v", c, b)
			}
		}
		if b.Shares[otherTime] > 0.4 {
			t.Errorf("much belongs to nothing: %v", b)
		}
	}
}
