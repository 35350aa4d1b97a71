package batch

import (
	"hybridkem/internal/derand"
	"hybridkem/internal/many"
)

// Encapsulate encapsulates to the key of each row, like the method EncapsulateTo of the key.
func Encapsulate(rows []Encapsulation) {
	for i := range rows {
		rows[i].Err = ErrNotDone
	}
	var open groups[many.Encapsulation]
	for i := range rows {
		row := (*many.Encapsulation)(&rows[i])
		if row.Key == nil {
			row.Err = errNoEncapsulation
		} else if k, ok := many.Of(row.Key.KEM()); ok {
			if due := open.add(k, row); due.n > 0 {
				due.kem.EncapsulateMany(due.rows, derand.Random{})
			}
		} else {
			row.Err = row.Key.EncapsulateTo(row.SharedKey, row.Ciphertext)
		}
	}
	for _, due := range open.list[:open.n] {
		due.kem.EncapsulateMany(due.rows, derand.Random{})
	}
}

// Decapsulate decapsulates with the key of each row, like the method DecapsulateTo of the key.
func Decapsulate(rows []Decapsulation) {
	for i := range rows {
		rows[i].Err = ErrNotDone
	}
	var open groups[many.Decapsulation]
	for i := range rows {
		row := (*many.Decapsulation)(&rows[i])
		if row.Key == nil {
			row.Err = errNoDecapsulation
		} else if k, ok := many.Of(row.Key.KEM()); ok {
			if due := open.add(k, row); due.n > 0 {
				due.kem.DecapsulateMany(due.rows)
			}
		} else {
			row.Err = row.Key.DecapsulateTo(row.SharedKey, row.Ciphertext)
		}
	}
	for _, due := range open.list[:open.n] {
		due.kem.DecapsulateMany(due.rows)
	}
}

// groups are rows that wait until there are enough of the same KEM. If there are more KEMs than
// groups, the group that has waited longest is done early.
type groups[R any] struct {
	list [8]group[R]
	n    int
}

// A group is n rows of the same KEM.
type group[R any] struct {
	kem  many.KEM
	rows many.Rows[R]
	n    int
}

// add adds a row of k. It returns a group that must be done now, or an empty one.
func (g *groups[R]) add(k many.KEM, row *R) (due group[R]) {
	i := 0
	for i < g.n && g.list[i].kem != k {
		i++
	}
	if i == len(g.list) {
		due = g.remove(0)
		i = g.n
	}
	if i == g.n {
		g.list[i] = group[R]{kem: k}
		g.n++
	}
	to := &g.list[i]
	to.rows[to.n] = row
	to.n++
	if to.n == many.Width {
		due = g.remove(i)
	}
	return due
}

func (g *groups[R]) remove(i int) group[R] {
	removed := g.list[i]
	g.n--
	copy(g.list[i:g.n], g.list[i+1:])
	return removed
}
