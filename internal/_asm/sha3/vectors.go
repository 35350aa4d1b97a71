package main

import (
	"slices"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/keccak"
)

// vectors writes Keccak-f[1600] of two states in vector registers. Each register holds one lane of both.
type vectors struct {
	*arm64.File
	a    [25]arm64.V // lane (x, y) is a[x+5y]
	free [7]arm64.V
	layout
}

func newVectors(f *arm64.File) *vectors {
	v := &vectors{File: f, layout: newLayout()}
	for i := range v.a {
		v.a[i] = f.Vector(arm64.D2)
	}
	for i := range v.free {
		v.free[i] = f.Vector(arm64.D2)
	}
	return v
}

// at returns the register at a place of the layout.
func (v *vectors) at(place int) arm64.V {
	if place < len(v.a) {
		return v.a[place]
	}
	return v.free[place-len(v.a)]
}

// each calls move for the number and the register of each lane.
func (v *vectors) each(move func(i int, lane arm64.V)) {
	for i, lane := range v.a {
		move(i, lane)
	}
}

// permuteSHA3 writes the whole permutation with the SHA-3 instructions.
func (v *vectors) permuteSHA3() {
	constants := roundConstants(v.File)
	v.Repeat("rounds", nRounds/2, func() {
		v.Schedule(32, func() {
			for range 2 {
				v.roundSHA3(constants)
			}
		})
	})
}

// roundSHA3 writes a round with the SHA-3 instructions.
func (v *vectors) roundSHA3(constants arm64.Mem) {
	v.Comment("Theta: C[x] = A[x,0] ^ A[x,1] ^ A[x,2] ^ A[x,3] ^ A[x,4]")
	c := v.free[:5]
	for x := range 5 {
		v.VEOR3(v.a[x], v.a[5+x], v.a[10+x], c[x])
	}
	for x := range 5 {
		v.VEOR3(v.a[15+x], v.a[20+x], c[x], c[x])
	}
	v.Comment("D[x] = C[x-1] ^ (C[x+1] <<< 1)")
	// In this order, no D overwrites a C[x] that is still needed.
	d := [5]arm64.V{v.free[5], v.free[6], c[1], c[2], c[3]}
	for x := range 5 {
		v.VRAX1(c[(x+1)%5], c[(x+4)%5], d[x])
	}
	v.Comment("Theta, rho and pi: B[y,2x+3y] = (A[x,y] ^ D[x]) <<< r[x,y]")
	for _, m := range v.moves {
		x, y := m.lane%5, m.lane/5
		if n := int(keccak.Offsets[x][y]); n > 0 {
			v.VXAR(64-n, v.a[m.lane], d[x], v.at(m.to))
		} else {
			v.VEOR(v.a[m.lane], d[x], v.at(m.to))
		}
	}
	v.VLDRP(constants, v.constant())
	v.chi(func(b, b1, b2, to arm64.V) { v.VBCAX(b1, b2, b, to) })
}

// constant returns the register of the round constant during chi.
func (v *vectors) constant() arm64.V { return v.free[6] }

// roundNEON writes a round without the SHA-3 instructions.
func (v *vectors) roundNEON() {
	v.Comment("Theta: C[x] = A[x,0] ^ A[x,1] ^ A[x,2] ^ A[x,3] ^ A[x,4]")
	c, d := v.free[:5], v.free[5]
	for x := range 5 {
		v.VEOR(v.a[x], v.a[5+x], c[x])
	}
	for y := 2; y < 5; y++ {
		for x := range 5 {
			v.VEOR(v.a[x+5*y], c[x], c[x])
		}
	}
	v.Comment("D[x] = C[x-1] ^ (C[x+1] <<< 1)")
	for x := range 5 {
		v.VADD(c[(x+1)%5], c[(x+1)%5], d)
		v.VSRI(63, c[(x+1)%5], d)
		v.VEOR(c[(x+4)%5], d, d)
		for y := range 5 {
			v.VEOR(d, v.a[x+5*y], v.a[x+5*y])
		}
	}
	v.Comment("Rho and pi: B[y,2x+3y] = A[x,y] <<< r[x,y]")
	for _, m := range v.moves {
		if n := int(keccak.Offsets[m.lane%5][m.lane/5]); n > 0 {
			v.VSHL(n, v.a[m.lane], v.at(m.to))
			v.VSRI(64-n, v.a[m.lane], v.at(m.to))
		} else {
			v.VORR(v.a[m.lane], v.a[m.lane], v.at(m.to))
		}
	}
	i := 0
	v.chi(func(b, b1, b2, to arm64.V) {
		t := []arm64.V{c[1], c[2], c[3], d}[i%4]
		i++
		v.VBIC(b1.As(arm64.B16), b2.As(arm64.B16), t.As(arm64.B16))
		v.VEOR(t, b, to)
	})
}

// chi writes chi and iota. Instructions that and writes set to to b ^ (^b1 & b2).
func (v *vectors) chi(and func(b, b1, b2, to arm64.V)) {
	v.Comment("Chi: A[x,y] = B[x,y] ^ (^B[x+1,y] & B[x+2,y])")
	for _, y := range v.rows {
		for x := range 5 {
			b := func(i int) arm64.V { return v.at(v.places[(x+i)%5+5*y]) }
			and(b(0), b(1), b(2), v.a[x+5*y])
		}
	}
	v.VEOR(v.constant(), v.a[0], v.a[0])
}

// A layout says where the lanes are between pi and chi, by numbers of places: those of lane (x, y) before the
// round is x+5y, and 25 and 29 are free then.
//
// Chi makes the rows one after another, in place. Of each row it needs lanes 0 and 1 after it has made the first two
// results. So these lie where the row that comes next has its own, which is free until then, and those of the
// last row in the places 25 and 29.
type layout struct {
	places [25]int // of B[x,y], at x+5y
	moves  []move  // from A to B, in an order in which every place that is written has been read
	rows   []int   // their order in chi
}

// A move moves a lane to a place.
type move struct{ lane, to int }

// newLayout takes the first order of the rows that overwrites no lane before it is moved.
func newLayout() layout {
	var try func(rows []int) (layout, bool)
	try = func(rows []int) (layout, bool) {
		if len(rows) == 5 {
			l := layoutOf(rows)
			return l, len(l.moves) == 25
		}
		for y := range 5 {
			if !slices.Contains(rows, y) {
				if l, ok := try(append(slices.Clone(rows), y)); ok {
					return l, ok
				}
			}
		}
		return layout{}, false
	}
	l, ok := try(nil)
	if !ok {
		panic("no order of the rows will do")
	}
	return l
}

func layoutOf(rows []int) layout {
	l := layout{rows: rows}
	content := map[int]int{} // of places, by lanes of B
	for i, y := range rows {
		for x := range 5 {
			place := x + 5*y
			switch {
			case x < 2 && i == 4:
				place = 25 + 4*x
			case x < 2:
				place = x + 5*rows[i+1]
			}
			l.places[x+5*y], content[place] = place, x+5*y
		}
	}
	for _, place := range []int{25, 29} {
		for {
			b, ok := content[place]
			if !ok {
				break
			}
			x, y := b%5, b/5
			lane := (x+3*y)%5 + 5*x
			l.moves = append(l.moves, move{lane, place})
			place = lane
		}
	}
	return l
}
