package machine

import (
	"fmt"
	"slices"

	"hybridkem/assurance/prove/term"
)

// A Region is memory: an argument, the stack, or the constants of the program. Regions do not
// overlap. A region has no address, so what is shown holds for all addresses.
//
// A region may be a part of something larger that begins at an unknown offset, its Origin.
// Pointers count from the start of the larger thing, and nothing but the part can be accessed.
type Region struct {
	Name     string
	Data     []*term.Word // bytes; nil: nobody may read this one
	Writable bool
	Origin   *term.Word // the offset of the first byte, if it is not 0 but unknown
	Read     []bool     // which bytes were read
	Written  []bool     // which bytes were written
	pointers map[int]Value
	whole    map[int]*term.Word // what was set at an offset, until a byte of it changes
}

// NewRegion returns a region of n bytes that cannot be read until they are set or written.
func NewRegion(name string, n int, writable bool) *Region {
	return &Region{Name: name, Data: make([]*term.Word, n), Writable: writable,
		Read: make([]bool, n), Written: make([]bool, n), pointers: map[int]Value{}, whole: map[int]*term.Word{}}
}

// Variables returns a region of n variables of w bits, named name0, name1 and so on, each in
// so many bits of memory; bits above are 0. The bits follow each other without gaps.
func Variables(s *term.Space, name string, n, w, in int, writable bool) *Region {
	r := NewRegion(name, n*in/8, writable)
	var pending *term.Word
	at := 0
	for i := range n {
		v := term.ZeroExtend(s.Var(fmt.Sprint(name, i), w), in)
		for v != nil {
			take := v.Width
			if pending != nil {
				take = min(take, 8-pending.Width)
				pending = term.Cat(pending, v.Bits(0, take))
			} else {
				take = min(take, 8)
				pending = v.Bits(0, take)
			}
			if v = rest(v, take); pending.Width == 8 {
				r.Data[at], pending = pending, nil
				at++
			}
		}
	}
	return r
}

// rest returns v without its n lowest bits, or nil if there are no others.
func rest(v *term.Word, n int) *term.Word {
	if n == v.Width {
		return nil
	}
	return v.Bits(n, v.Width-n)
}

// Set sets bytes from off on. It does not count as a write.
func (r *Region) Set(off int, w *term.Word) {
	for i, b := range w.Split(8) {
		delete(r.pointers, (off+i)&^7)
		r.Data[off+i] = b
	}
	r.whole[off] = w
}

// Word returns n bytes from off on. It does not count as a read. It returns nil if one of
// them is not set.
func (r *Region) Word(off, n int) *term.Word {
	if w := r.whole[off]; w != nil && w.Width == 8*n && slices.Equal(w.Split(8), r.Data[off:off+n]) {
		return w
	}
	for _, b := range r.Data[off : off+n] {
		if b == nil {
			return nil
		}
	}
	return term.Cat(r.Data[off : off+n]...)
}

// Field returns field i of w bits, of a row of such fields. It returns nil if a byte is not
// set.
func (r *Region) Field(i, w int) *term.Word {
	first, last := i*w/8, ((i+1)*w-1)/8
	var out []*term.Word
	for b := first; b <= last; b++ {
		if r.Data[b] == nil {
			return nil
		}
		low, high := max(i*w-8*b, 0), min((i+1)*w-8*b, 8)
		out = append(out, r.Data[b].Bits(low, high-low))
	}
	return term.Cat(out...)
}

// A Value is what a general register holds: a number, or a pointer to the byte Word of a
// Region.
type Value struct {
	Region *Region
	Word   *term.Word
}

// Pointer returns a pointer to a byte of a region.
func Pointer(s *term.Space, r *Region, off int) Value {
	return Value{r, s.Const(64, uint64(off))}
}

// Number returns a number.
func Number(s *term.Space, n int) Value { return Value{Word: s.Const(64, uint64(n))} }
