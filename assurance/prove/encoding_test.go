package main

import (
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// TestSomeBitsOfCandidates checks that a comparison of the upper bits alone, which takes numbers up
// to 0xdff, is no comparison with q.
func TestSomeBitsOfCandidates(t *testing.T) {
	s := &sampled{proof: &proof{space: term.NewSpace()}}
	upper := func(name string) *term.Word {
		return term.LessU(s.space.Const(4, 0xd), s.space.Var(name, 12).Bits(8, 4)).Bits(0, 1)
	}
	const want = "0xd01"
	if err := s.accepts(term.Not(upper("candidate 0")), 1); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a sampler accepts them: %v", err)
	}
	if err := s.canonical([]*term.Word{upper("x0")}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("they are canonical: %v", err)
	}
}
