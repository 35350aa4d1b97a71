package machine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hybridkem/assurance/prove/term"
)

// Clone returns a copy of the machine, with copies of its arguments.
func (m *Machine) Clone() *Machine {
	c := *m
	c.regions = slices.Clone(m.regions)
	for i, r := range m.regions {
		if r == m.constants {
			continue // They never change.
		}
		copied := *r
		copied.Data, copied.pointers, copied.whole = slices.Clone(r.Data), maps.Clone(r.pointers), maps.Clone(r.whole)
		copied.Read, copied.Written = slices.Clone(r.Read), slices.Clone(r.Written)
		c.regions[i] = &copied
	}
	moved := func(v Value) Value {
		if v.Region != nil {
			v.Region = c.regions[slices.Index(m.regions, v.Region)]
		}
		return v
	}
	for i, v := range c.General {
		c.General[i] = moved(v)
	}
	for i, v := range c.saved {
		c.saved[i] = moved(v)
	}
	for _, r := range c.regions {
		for at, v := range r.pointers {
			r.pointers[at] = moved(v)
		}
	}
	c.Stack, c.thread = c.regions[0], c.regions[1]
	return &c
}

// Argument returns the region to which argument i points.
func (m *Machine) Argument(i int) *Region { return m.Stack.pointers[frame+8+8*i].Region }

// Join makes all places unknown in which m differs from a clone that is at the same
// instruction. Then m stands for both machines. It reports whether a place was not unknown
// before.
func (m *Machine) Join(clone *Machine) (changed bool) {
	if m.PC != clone.PC {
		panic(fmt.Sprintf("machine: %#x and %#x are joined", m.PC, clone.PC))
	}
	same := func(a, b Value) bool {
		return a.Word == b.Word && slices.Index(m.regions, a.Region) == slices.Index(clone.regions, b.Region)
	}
	unknown := func(old *term.Word, width int) *term.Word {
		if old == nil || !isUnknown(old) {
			changed = true
		}
		return m.unknownWord(width)
	}
	for i, v := range m.General {
		if !same(v, clone.General[i]) {
			m.General[i] = Value{Word: unknown(v.Word, 64)}
		}
	}
	for i := range m.Vector {
		for j, w := range m.Vector[i] {
			if w != clone.Vector[i][j] {
				m.Vector[i][j] = unknown(w, 64)
			}
		}
	}
	for i, w := range m.Mask {
		if w != clone.Mask[i] {
			m.Mask[i] = unknown(w, 64)
		}
	}
	for i, w := range m.Flags {
		if w != clone.Flags[i] {
			m.Flags[i] = nil
		}
	}
	for k, r := range m.regions {
		other := clone.regions[k]
		if r == m.constants {
			continue
		}
		for at, v := range r.pointers {
			if p, ok := other.pointers[at]; !ok || !same(v, p) {
				m.put(r, at, Value{Word: unknown(nil, 64)})
			}
		}
		for at, w := range r.Data {
			if _, ok := r.pointers[at&^7]; !ok && w != other.Data[at] {
				r.Data[at] = unknown(w, 8)
			}
			r.Read[at] = r.Read[at] || other.Read[at]
			r.Written[at] = r.Written[at] || other.Written[at]
		}
	}
	return changed
}

const unknownName = "unknown "

// unknownWord returns a new variable.
func (m *Machine) unknownWord(width int) *term.Word {
	return m.Space.Var(fmt.Sprint(unknownName, m.Space.Len()), width)
}

func isUnknown(w *term.Word) bool {
	n := w.Node()
	return n != nil && n.Op == term.Var && strings.HasPrefix(n.Aux, unknownName)
}
