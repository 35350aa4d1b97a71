package main

import (
	"go/types"
	"maps"
	"slices"
)

// Each value has a cell. That of a pointer, slice, string or interface is what it refers
// to, with all elements in one; fields of structs have cells of their own. Numbers
// and arrays of numbers are copied, so that they flow from cell to cell. Copies of all else
// share memory, so that their cells become one.

// A cell is what may become secret.
type cell struct {
	parent *cell // the cell that this one has become a part of
	secret string
	public bool  // declassified: nothing makes it secret
	all    *cell // secret if it, or anything in it, is; nil until that matters
	fields map[any]*cell
	flows  []*cell // what becomes secret with it
}

func (c *cell) root() *cell {
	if c.parent == nil {
		return c
	}
	c.parent = c.parent.root()
	return c.parent
}

// taint makes c secret, for a reason, and all that follows.
func (c *cell) taint(secret string) {
	todo := []*cell{c}
	for len(todo) > 0 {
		c := todo[len(todo)-1].root()
		todo = todo[:len(todo)-1]
		if c.secret == "" && !c.public {
			c.secret = secret
			todo = append(todo, c.flows...)
			todo = slices.AppendSeq(todo, maps.Values(c.fields))
		}
	}
}

// flow makes d secret if c is, or will be.
func (c *cell) flow(d *cell) {
	c = c.root()
	c.flows = append(c.flows, d)
	if c.secret != "" {
		d.taint(c.secret)
	}
}

// join makes one cell of two. What is public stays apart.
func (c *cell) join(d *cell) {
	c, d = c.root(), d.root()
	if c == d || c.public || d.public {
		return
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

// whole returns the cell that is secret if c is, or anything in it: what code that is not
// followed finds when it reads all that c refers to.
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

// element returns the cell of one of several results, or of what a closure holds.
func element(c *cell, index int) *cell {
	c = c.root()
	if c.fields[index] == nil {
		c.set(index, new(cell))
	}
	return c.fields[index]
}

// copied reports whether values of a type share no memory that can change.
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
