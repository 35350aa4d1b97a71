package machine

import (
	"testing"

	"hybridkem/assurance/prove/term"
)

// TestForget puts a word that depends on a variable in all kinds of places, and one that does
// not beside it.
func TestForget(t *testing.T) {
	s := term.NewSpace()
	old, other := s.Var("old", 64), s.Var("other", 64)
	r := NewRegion("memory", 16, true)
	m := &Machine{Space: s, Stack: r, regions: []*Region{r}}
	for i, w := range []*term.Word{term.Add(term.Mul(old, other), other), term.Mul(other, other)} {
		m.General[i], m.Vector[i][0], m.Mask[i] = Value{Word: w}, w, w
		m.Flags[i] = w.Bits(0, 1)
		r.Set(8*i, w)
	}
	m.Forget(old)
	for i := range 2 {
		vars, _ := term.Support(m.General[i].Word, m.Vector[i][0], m.Mask[i], r.Word(8*i, 8))
		for _, v := range vars {
			if known := v == old.Node() || v == other.Node(); known != (i == 1) {
				t.Errorf("word %d depends on %s", i, v.Aux)
			}
		}
	}
	if m.Flags[0] != nil || m.Flags[1] == nil {
		t.Error("flags")
	}
}
