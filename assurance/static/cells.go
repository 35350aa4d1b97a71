package main

import (
	"go/types"
	"maps"
	"slices"
)

// Each value has a cell. The cell of a pointer, slice, string or interface stands for the
// memory that it refers to, and all elements share one cell. Each field of a struct has a cell
// of its own.
//
// To copy a number or an array of numbers makes a flow from one cell to the other. Copies
// of all other values share memory, so their cells become one.

// A cell is something that may become secret.
type cell struct {
	parent *cell  // the cell that this one has been joined to
	secret string // the reason why it is secret, or empty
	public bool   // declassified: nothing makes it secret
	all    *cell  // the cell that whole returns, or nil before it is needed
	fields map[any]*cell
	flows  []*cell // the cells that become secret with it
}

func (c *cell) root() *cell {
	if c.parent == nil {
		return c
	}
	c.parent = c.parent.root()
	return c.parent
}

// taint makes c secret for the given reason, together with its fields and all cells that it
// flows to.
func (c *cell) taint(secret string) {
	todo := []*cell{c}
	for len(todo) > 0 {
		c := todo[len(todo)-1].root()
		todo = todo[:len(todo)-1]
		if c.secret == "" && !c.public {
			c.secret = secret
			todo = append(todo, c.flows...)
			todo = slices.AppendSeq(todo, maps.Values(c.fields))
			c.flows = nil
		}
	}
}

// flow makes d secret as soon as c is secret.
func (c *cell) flow(d *cell) {
	c, d = c.root(), d.root()
	switch {
	case c == d || c.public || d.public || d.secret != "": // It would change nothing, now and later.
	case c.secret != "":
		d.taint(c.secret)
	default:
		c.flows = append(c.flows, d)
	}
}

// join makes one cell of two. It does nothing if one of them is public.
func (c *cell) join(d *cell) {
	c, d = c.root(), d.root()
	if c == d || c.public || d.public {
		return
	}
	if len(c.flows) < len(d.flows) { // The shorter list moves, or the time would be quadratic.
		c, d = d, c
	}
	if c.secret != "" {
		d.taint(c.secret)
	} else if d.secret != "" {
		c.taint(d.secret)
	}
	d.parent = c
	c.flows = append(c.flows, d.flows...)
	fields, all := d.fields, d.all
	d.flows, d.fields, d.all = nil, nil, nil
	if all != nil {
		all.join(c.whole())
	}
	for key, f := range fields {
		if own := c.root().fields[key]; own != nil {
			own.join(f)
		} else {
			c.root().set(key, f)
		}
	}
}

func (c *cell) set(key any, f *cell) {
	if c.fields == nil {
		c.fields = map[any]*cell{}
	}
	c.fields[key] = f
	if c.secret != "" {
		f.taint(c.secret)
	}
	if c.all != nil {
		f.whole().flow(c.all)
	}
}

// whole returns a cell that is secret if c or any of its fields is secret. It stands for
// everything that c refers to, which code that is not followed may read.
func (c *cell) whole() *cell {
	c = c.root()
	if c.all == nil {
		c.all = new(cell)
		c.flow(c.all)
		for _, f := range c.fields {
			f.whole().flow(c.all)
		}
	}
	return c.all
}

// element returns the cell of one of several results, or of a variable that a closure holds.
func element(c *cell, index int) *cell {
	c = c.root()
	if c.fields[index] == nil {
		c.set(index, new(cell))
	}
	return c.fields[index]
}

// copied reports whether copies of a value of type t share no memory that can change.
func copied(t types.Type) bool {
	if array, ok := t.Underlying().(*types.Array); ok {
		return copied(array.Elem())
	}
	_, basic := t.Underlying().(*types.Basic)
	return basic || types.Identical(t, errorType)
}

var errorType = types.Universe.Lookup("error").Type()

// assign makes to a copy of from, of type t.
func assign(t types.Type, to, from *cell) {
	if tuple, ok := t.(*types.Tuple); ok {
		for n := range tuple.Len() {
			assign(tuple.At(n).Type(), element(to, n), element(from, n))
		}
	} else if copied(t) {
		from.flow(to)
	} else {
		to.join(from)
	}
}
