package main

import (
	"fmt"
	"slices"

	"hybridkem/internal/_asm/arm64"
)

func (g *neon) encode() {
	b, f := encodeKernel(g, "encodeNEON", arm64.NEON)
	g.pack("encode", 12, b, f, func(x arm64.V) {})
}

func (g *neon) decode() {
	f, b := decodeKernel(g, "decodeNEON", arm64.NEON)
	largest := g.register()
	g.VMOVI(0, largest.As(arm64.B16))
	g.unpack("decode", 12, 0, f, b, func(x arm64.V) { g.VSMAX(x, largest, largest) })
	limit, above, valid := g.broadcast(q-1), g.register(), g.GP()
	g.VCMGT(limit, largest, above)
	g.Comment("Eight words, -1 or 0. Their sum is negative, or 0.")
	g.VADDV(above, above)
	g.VMOV(above.Lane(0), valid)
	g.LSR(arm64.Imm(15), valid, valid)
	g.EOR(arm64.Imm(1), valid, valid)
	g.ReturnIndex(valid, 0)
	g.Ret()
}

func (g *neon) compress(d int) {
	label := fmt.Sprintf("compress%d", d)
	b, f := compressKernel(g, label+"NEON", arm64.NEON, d)
	c := g.newCompressor(d)
	g.pack(label, d, b, f, c.compress)
}

// A neonCompressor does what a compressor does. SQDMULH doubles the product. So half the factor
// is rounded, but the error of the product divided by 2^16 is still less than 1/2.
type neonCompressor struct {
	*neon
	d                       int
	factor, modulus, middle arm64.V
}

func (g *neon) newCompressor(d int) neonCompressor {
	return neonCompressor{g, d, g.broadcast(overQ(15 + d)), g.broadcast(q), g.broadcast(q / 2)}
}

// compress replaces x. The bits above the lowest d are arbitrary.
func (c neonCompressor) compress(x arm64.V) {
	e := c.register()
	c.VSQDMULH(c.factor, x, e)
	c.VSHL(c.d, x, x)
	c.VMLS(c.modulus, e, x)
	c.VCMGT(c.middle, x, x)
	c.VSUB(x, e, x)
}

// pack packs the coefficients of f, after prepare has replaced them by words whose lowest d bits
// count, and ends the kernel. Words at the same place of several registers are neighbours: four
// or eight, so that they fill whole bytes.
func (g *neon) pack(label string, d int, b, f arm64.Mem, prepare func(x arm64.V)) {
	neighbours := 4
	if d%2 == 1 {
		neighbours = 8
	}
	store := g.storer(d)
	g.Repeat(label, n/8/neighbours, func() {
		g.Schedule(20, func() {
			x := g.Vectors(4, arm64.H8)
			g.VLD(4, f, x...)
			if neighbours == 8 {
				upper, y, z := g.GP(), g.Vectors(4, arm64.H8), g.Vectors(8, arm64.H8)
				g.ADD(arm64.Imm(64), f.Base(), upper)
				g.VLD(4, upper.At(f), y...)
				for i := range 4 {
					g.VUZP1(y[i], x[i], z[i])
					g.VUZP2(y[i], x[i], z[i+4])
				}
				x = z
			}
			for _, x := range x {
				prepare(x)
			}
			g.join(d, x)
			store(x, b)
		})
		g.ADD(arm64.Imm(16*neighbours), f.Base(), f.Base())
		g.ADD(arm64.Imm(d*neighbours), b.Base(), b.Base())
	})
	g.Ret()
}

// join puts the lowest d bits of neighbours side by side, into the first registers of x. No word
// of the result but the first may begin with a neighbour. If they do not fill the last one, its
// other bits are arbitrary.
func (g *neon) join(d int, x []arm64.V) {
	for word := 0; 16*word < d*len(x); word++ {
		first := 16 * word / d
		if shift := 16*word - d*first; shift > 0 {
			g.VUSHR(shift, x[first], x[word])
		}
		for i := first + 1; i < len(x) && d*i < 16*(word+1); i++ {
			g.VSLI(d*i-16*word, x[i], x[word])
		}
	}
}

// storer returns a function that stores what join has put into x.
func (g *neon) storer(d int) func(x []arm64.V, b arm64.Mem) {
	switch d {
	case 1:
		return func(x []arm64.V, b arm64.Mem) {
			g.VXTN(x[0], x[0].As(arm64.B8))
			g.FMOVD(x[0], b)
		}
	case 4:
		return func(x []arm64.V, b arm64.Mem) { g.FMOVQ(x[0], b) }
	case 12:
		return func(x []arm64.V, b arm64.Mem) { g.VST(3, b, x[:3]...) }
	case 11:
		store := g.denseStorer(11, 4)
		return func(x []arm64.V, b arm64.Mem) {
			left, right := g.Vectors(3, arm64.H8), g.Vectors(3, arm64.H8)
			for i := range 3 {
				g.VZIP1(x[2*i+1], x[2*i], left[i])
				g.VZIP2(x[2*i+1], x[2*i], right[i])
			}
			store(left, b)
			store(right, b.At(4*11))
		}
	}
	store := g.denseStorer(5, 2)
	return func(x []arm64.V, b arm64.Mem) { store(x[:3], b) }
}

// denseStorer returns a function that stores groups of bytes side by side. A group has the given
// size. It takes unit bytes, at the same place, from each of three registers. The last store
// overlaps with the one before, so as not to go past the end.
func (g *neon) denseStorer(size, unit int) func(x []arm64.V, b arm64.Mem) {
	end := 16 / unit * size
	starts := []int{0, 16, end - 16}
	var rows [][]byte
	for _, start := range starts {
		rows = append(rows, places(func(i int) int {
			group, byte := (start+i)/size, (start+i)%size
			return 16*(byte/unit) + unit*group + byte%unit
		}))
	}
	table := g.table(fmt.Sprintf("dense%d", size), rows...)
	return func(x []arm64.V, b arm64.Mem) {
		var bytes []arm64.V
		for _, x := range x {
			bytes = append(bytes, x.As(arm64.B16))
		}
		for i, start := range starts {
			dense := g.Vector(arm64.B16)
			g.VTBL(table[i], bytes, dense)
			g.FMOVQ(dense, b.At(start))
		}
	}
}

func (g *neon) decompress1() {
	f, b := decompressKernel(g, "decompress1NEON", arm64.NEON, 1)
	var masks []int16
	for word := range 16 {
		masks = append(masks, int16(1<<word))
	}
	bits, half := g.table("bits", words(masks[:8]...), words(masks[8:]...)), g.broadcast((q+1)/2)
	g.Repeat("decompress1", 2, func() {
		g.Schedule(24, func() {
			all := g.register()
			g.FMOVQ(b, all)
			for i := range 8 {
				x, y := g.register(), []arm64.V{g.register(), g.register()}
				g.VDUP(all.Lane(i), x)
				for j := range y {
					g.VCMTST(bits[j].As(arm64.H8), x, y[j])
					g.VAND(half, y[j], y[j])
				}
				g.FSTPQ(y[0], y[1], f.At(32*i))
			}
		})
		g.ADD(arm64.Imm(256), f.Base(), f.Base())
		g.ADD(arm64.Imm(16), b.Base(), b.Base())
	})
	g.Ret()
}

// decompress writes the kernel for another d. It shifts each number y to 2^(15-d)·y, because
// one instruction, SQRDMULH, doubles the product of two words, divides it by 2^16 and rounds.
func (g *neon) decompress(d int) {
	label := fmt.Sprintf("decompress%d", d)
	f, b := decompressKernel(g, label+"NEON", arm64.NEON, d)
	modulus := g.broadcast(q)
	g.unpack(label, d, 15-d, f, b, func(x arm64.V) { g.VSQRDMULH(modulus, x, x) })
	g.Ret()
}

// unpack writes a loop that moves each field of d bits in b to its word of f, from the bit low
// on. use gets each register before it is stored.
func (g *neon) unpack(label string, d, low int, f, b arm64.Mem, use func(x arm64.V)) {
	r := g.newFieldReader(d, low)
	g.Repeat(label, n/32, func() {
		g.Schedule(20, func() {
			x := r.read(b)
			for _, x := range x {
				use(x)
			}
			for i := 0; i < len(x); i += 2 {
				g.FSTPQ(x[i], x[i+1], f.At(16*i))
			}
		})
		g.ADD(arm64.Imm(64), f.Base(), f.Base())
		g.ADD(arm64.Imm(4*d), b.Base(), b.Base())
	})
}

// A neonFieldReader reads fields of d bits, which lie in two or three bytes each.
type neonFieldReader struct {
	*neon
	d     int
	parts []fieldPart
	mask  arm64.V
}

// A fieldPart says how the first two bytes of each field get to its word, or its third byte. The
// places depend on where the first field of a register begins in the 16 bytes it is made from.
type fieldPart struct {
	places map[int]arm64.V
	shifts arm64.V
}

// newFieldReader returns a reader that moves each field to its word from the bit low on.
func (g *neon) newFieldReader(d, low int) neonFieldReader {
	r := neonFieldReader{neon: g, d: d, mask: g.broadcast((1<<d - 1) << low)}
	var skews []int
	for i := range 4 {
		if _, skew := r.start(i); !slices.Contains(skews, skew) {
			skews = append(skews, skew)
		}
	}
	bits := 0 // from the start of the byte in which a field begins to the end of the field
	for word := range 8 {
		bits = max(bits, d*word%8+d)
	}
	for part := range (bits + 15) / 16 {
		var shifts []int16
		for word := range 8 {
			shifts = append(shifts, int16(low+16*part-d*word%8))
		}
		rows := [][]byte{words(shifts...)}
		for _, skew := range skews {
			rows = append(rows, places(func(i int) int {
				word, byte := i/2, i%2+2*part
				if 8*byte >= d*word%8+d {
					return -1
				}
				return skew + d*word/8 + byte
			}))
		}
		table := g.table(fmt.Sprintf("fields%dPart%d", d, part), rows...)
		p := fieldPart{map[int]arm64.V{}, table[0].As(arm64.H8)}
		for i, skew := range skews {
			p.places[skew] = table[1+i]
		}
		r.parts = append(r.parts, p)
	}
	return r
}

// start returns where the 16 bytes begin that the i-th register is made from, and where its first
// field begins in them. No load goes past the end of the fields.
func (r neonFieldReader) start(i int) (start, skew int) {
	first := r.d * i
	start = min(first, 4*r.d-16)
	return start, first - start
}

// read returns four registers with the 32 fields at b.
func (r neonFieldReader) read(b arm64.Mem) (fields []arm64.V) {
	loaded := map[int]arm64.V{}
	for i := range 4 {
		start, skew := r.start(i)
		if _, ok := loaded[start]; !ok {
			loaded[start] = r.register()
			r.FMOVQ(b.At(start), loaded[start])
		}
		var moved []arm64.V
		for _, part := range r.parts {
			x := r.register()
			r.VTBL(part.places[skew], []arm64.V{loaded[start].As(arm64.B16)}, x.As(arm64.B16))
			r.VUSHL(part.shifts, x, x)
			moved = append(moved, x)
		}
		x := moved[0]
		if len(moved) > 1 {
			r.VORR(moved[1], x, x)
		}
		r.VAND(r.mask, x, x)
		fields = append(fields, x)
	}
	return fields
}
