package machine

import (
	"fmt"
	"maps"
	"slices"

	"hybridkem/assurance/prove/term"
)

// Clone returns a copy of the machine, with copies of its arguments.
func (m *Machine) Clone() *Machine {
	c := m.Fork(false)
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
	c.Frame = moved(Value{Region: m.Frame}).Region
	return c
}

// Fork returns a machine that shares the memory of m, and may not write to it if readOnly is set.
func (m *Machine) Fork(readOnly bool) *Machine {
	c := *m
	c.readOnly, c.unknown = readOnly, nil
	return &c
}

// Argument returns the region to which argument i points.
func (m *Machine) Argument(i int) *Region { return m.Stack.pointers[frame+8+8*i].Region }

// Join makes all places unknown in which m differs from one of its clones or forks, which are at the
// same instruction. Then m stands for all these machines. Memory that nobody may read in one of
// them may not be read after it. Join reports whether m stood for fewer before. It did not if all
// these places hold what an earlier call has put there, with no step since: later a word may come
// to a second place, and then the two places are known to be equal.
func (m *Machine) Join(clones ...*Machine) (changed bool) {
	any := func(f func(c *Machine) bool) bool { return slices.ContainsFunc(clones, f) }
	if any(func(c *Machine) bool { return c.PC != m.PC }) {
		panic("machine: machines at different instructions are joined")
	}
	m.Known = nil
	unknown := func(old *term.Word) *term.Word {
		changed = changed || !m.unknown[old]
		return m.newUnknown(old.Width)
	}
	join := func(words []*term.Word, of func(c *Machine) []*term.Word) {
		for i, w := range words {
			if any(func(c *Machine) bool { return of(c)[i] != w }) {
				words[i] = unknown(w)
			}
		}
	}
	same := func(v Value, c *Machine, w Value) bool {
		return v.Word == w.Word && slices.Index(m.regions, v.Region) == slices.Index(c.regions, w.Region)
	}
	for i, v := range m.General {
		if any(func(c *Machine) bool { return !same(v, c, c.General[i]) }) {
			m.General[i] = Value{Word: unknown(v.Word)}
		}
	}
	for i := range m.Vector {
		join(m.Vector[i][:], func(c *Machine) []*term.Word { return c.Vector[i][:] })
	}
	join(m.Mask[:], func(c *Machine) []*term.Word { return c.Mask[:] })
	for i, f := range m.Flags {
		if any(func(c *Machine) bool { return c.Flags[i] != f }) {
			m.Flags[i], changed = nil, changed || f != nil
		}
	}
	for k, r := range m.regions {
		if !any(func(c *Machine) bool { return c.regions[k] != r }) {
			continue
		}
		for at, v := range r.pointers {
			if any(func(c *Machine) bool { p, ok := c.regions[k].pointers[at]; return !ok || !same(v, c, p) }) {
				delete(r.pointers, at) // and the bytes are still those that nobody may read
				changed = true
			}
		}
		for at, w := range r.Data {
			switch {
			case w == nil || !any(func(c *Machine) bool { return c.regions[k].Data[at] != w }):
			case any(func(c *Machine) bool { return c.regions[k].Data[at] == nil }):
				r.Data[at] = nil
				changed = true
			default:
				r.Data[at] = unknown(w)
			}
			r.Read[at] = r.Read[at] || any(func(c *Machine) bool { return c.regions[k].Read[at] })
			r.Written[at] = r.Written[at] || any(func(c *Machine) bool { return c.regions[k].Written[at] })
		}
	}
	return changed
}

// newUnknown returns a new variable for a place that is unknown.
func (m *Machine) newUnknown(width int) *term.Word {
	if m.unknown == nil {
		m.unknown = map[*term.Word]bool{}
	}
	w := m.Space.Var(fmt.Sprint("unknown ", m.Space.Len()), width)
	m.unknown[w] = true
	return w
}

// Forget makes all places unknown that depend on these variables, so that the variables may
// stand for other values afterwards.
func (m *Machine) Forget(variables ...*term.Word) {
	depends := map[*term.Node]bool{}
	for _, v := range variables {
		depends[v.Node()] = true
	}
	var wordDepends func(w *term.Word) bool
	wordDepends = func(w *term.Word) bool {
		if w == nil {
			return false
		}
		return slices.ContainsFunc(w.Segs, func(g term.Segment) bool {
			if g.Node == nil {
				return false
			}
			found, ok := depends[g.Node]
			if !ok {
				found = slices.ContainsFunc(g.Node.Args, wordDepends)
				depends[g.Node] = found
			}
			return found
		})
	}
	forget := func(words []*term.Word) {
		for i, w := range words {
			if wordDepends(w) {
				words[i] = m.newUnknown(w.Width)
			}
		}
	}
	for i := range m.General {
		if v := &m.General[i]; v.Region == nil {
			words := []*term.Word{v.Word}
			forget(words)
			v.Word = words[0]
		}
	}
	for i := range m.Vector {
		forget(m.Vector[i][:])
	}
	forget(m.Mask[:])
	for i, w := range m.Flags {
		if wordDepends(w) {
			m.Flags[i] = nil
		}
	}
	for _, r := range m.regions {
		if r.Writable {
			forget(r.Data)
		}
	}
}
