package machine

import (
	"slices"

	"hybridkem/assurance/prove/term"
)

// This file has the semantics of the instructions on vector and mask registers. A vector is a
// row of words of 64 bits, and most instructions work on lanes: the same words, cut into
// elements.

type semantics = func(m *Machine, i *Instruction)

// lanes cuts words into elements of w bits.
func lanes(ws []*term.Word, w int) []*term.Word {
	if w == 64 && ws[0].Width == 64 {
		return slices.Clone(ws)
	}
	var out []*term.Word
	for _, x := range ws {
		out = append(out, x.Split(w)...)
	}
	return out
}

// words puts elements together to words of 64 bits.
func words(ls []*term.Word) []*term.Word {
	n := 64 / ls[0].Width
	if n == 1 {
		return ls
	}
	var out []*term.Word
	for at := 0; at < len(ls); at += n {
		out = append(out, term.Cat(ls[at:min(at+n, len(ls))]...))
	}
	return out
}

// source returns the first n bytes of an operand in elements of w bits. If the operand is one
// element in memory, it is repeated.
func (m *Machine) source(i *Instruction, o Operand, n, w int) []*term.Word {
	switch {
	case o.Kind == Vector:
		return lanes(m.Vector[o.Reg][:(n+7)/8], w)[:max(n*8/w, 1)]
	case o.Kind == Memory && i.Broadcast:
		one := m.load(o, o.Size)[0]
		var out []*term.Word
		for range n / o.Size {
			out = append(out, one)
		}
		return lanes(words(out), w)
	case o.Kind == Memory:
		return lanes(m.load(o, n), w)
	}
	m.fail("operand %v", o)
	return nil
}

// write writes elements to the first operand: all, or those that a mask chooses. The rest of
// a register becomes 0.
func (m *Machine) write(i *Instruction, ls []*term.Word) {
	if i.Masked() {
		m.choose(i, i.Args[0], ls)
	}
	m.writeAll(i.Args[0], ls)
}

func (m *Machine) writeAll(dst Operand, ls []*term.Word) {
	switch dst.Kind {
	case Memory:
		m.store(dst, words(ls))
		return
	case Mask:
		m.fail("there are no semantics for a mask as the result")
	}
	ws := words(ls)
	for j := range m.Vector[dst.Reg] {
		m.Vector[dst.Reg][j] = m.Space.Const(64, 0)
		if j < len(ws) {
			m.Vector[dst.Reg][j] = term.ZeroExtend(ws[j], 64)
		}
	}
}

// choose replaces the elements that the mask of an instruction does not choose.
func (m *Machine) choose(i *Instruction, dst Operand, ls []*term.Word) {
	if dst.Kind != Vector {
		m.fail("there are no semantics for a mask of memory")
	}
	w := ls[0].Width
	old := lanes(m.Vector[dst.Reg][:], w)
	for j := range ls {
		other := old[j]
		if i.Zeroing {
			other = m.Space.Const(w, 0)
		}
		ls[j] = term.Ite(m.Mask[i.Mask].Bits(j, 1), ls[j], other)
	}
}

// unary applies f to each element of w bits.
func unary(w int, f func(x *term.Word) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		a := m.source(i, i.Args[1], i.Args[0].Size, w)
		for j := range a {
			a[j] = f(a[j])
		}
		m.write(i, a)
	}
}

// binary applies f to each pair of elements of w bits.
func binary(w int, f func(x, y *term.Word) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		a, b := m.source(i, i.Args[1], n, w), m.source(i, i.Args[2], n, w)
		for j := range a {
			a[j] = f(a[j], b[j])
		}
		m.write(i, a)
	}
}

// accumulate applies f to each element of the destination and the pair of elements.
func accumulate(w int, f func(sum, x, y *term.Word) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		c, a, b := m.source(i, i.Args[0], n, w), m.source(i, i.Args[1], n, w), m.source(i, i.Args[2], n, w)
		for j := range a {
			c[j] = f(c[j], a[j], b[j])
		}
		m.write(i, c)
	}
}

// shifted shifts each element of w bits by a count: an immediate, or the lowest 64 bits of a
// register.
func shifted(w int, f func(x *term.Word, k int) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		count := m.Space.Const(64, i.Args[2].Imm&0xff)
		if i.Args[2].Kind != Immediate {
			count = m.source(i, i.Args[2], 16, 64)[0]
		}
		unary(w, func(x *term.Word) *term.Word { return f(x, m.count(count)) })(m, i)
	}
}

// count returns the count of a shift or a rotation. A count above 255 shifts everything out, as
// 255 does, and the count of a rotation is never above.
func (m *Machine) count(w *term.Word) int {
	k, ok := w.Const()
	if !ok {
		m.fail("a count that is not constant")
	}
	return int(min(k, 255))
}

// shiftedEach shifts each element of w bits by its own count.
func shiftedEach(w int, f func(x *term.Word, k int) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		binary(w, func(x, y *term.Word) *term.Word { return f(x, m.count(y)) })(m, i)
	}
}

// wired moves elements of w bits: element j of the result is element from(j, imm) of the
// sources, which follow each other, or 0 if that is negative. imm is the immediate, and in
// has the sizes of the sources in bytes; 0 is the size of the result.
func wired(w int, from func(j, imm int) int, in ...int) semantics {
	return func(m *Machine, i *Instruction) {
		var all []*term.Word
		n, last := i.Args[0].Size, i.Args[len(i.Args)-1]
		if len(i.Args) > 1+len(in) && last.Kind != Immediate {
			m.fail("there are no semantics for this form")
		}
		for k, size := range in {
			if size == 0 {
				size = n
			}
			all = append(all, m.source(i, i.Args[1+k], size, w)...)
		}
		out := make([]*term.Word, n*8/w)
		for j := range out {
			if k := from(j, int(last.Imm&0xff)); k >= 0 {
				out[j] = all[k]
			} else {
				out[j] = m.Space.Const(w, 0)
			}
		}
		m.write(i, out)
	}
}

// unpack interleaves the lower or the upper halves of two sources, within 128 bits.
func unpack(w int, upper bool) semantics {
	per := 128 / w
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size * 8 / w
		wired(w, func(j, _ int) int {
			k := j%per/2 + j/per*per
			if upper {
				k += per / 2
			}
			return k + j%2*n
		}, 0, 0)(m, i)
	}
}

// broadcast repeats the first n bytes of the source.
func broadcast(n int) semantics {
	return func(m *Machine, i *Instruction) {
		var one []*term.Word
		if o := i.Args[1]; o.Kind == General {
			one = []*term.Word{m.number(o, o.Size).Bits(0, 8*n)}
		} else {
			one = m.source(i, o, n, min(8*n, 64))
		}
		var out []*term.Word
		for range i.Args[0].Size / n {
			out = append(out, one...)
		}
		m.write(i, out)
	}
}

// insert replaces part imm of the first source, of n bytes, by the second.
func insert(n int) semantics {
	return func(m *Machine, i *Instruction) {
		a := m.source(i, i.Args[1], i.Args[0].Size, 64)
		parts := i.Args[0].Size / n
		copy(a[int(i.Args[3].Imm)%parts*n/8:], m.source(i, i.Args[2], n, 64))
		m.write(i, a)
	}
}

// extract returns part imm of the source, of n bytes.
func extract(n int) semantics {
	return func(m *Machine, i *Instruction) {
		a := m.source(i, i.Args[1], i.Args[1].Size, 64)
		m.write(i, a[int(i.Args[2].Imm)%(i.Args[1].Size/n)*n/8:][:n/8])
	}
}

// indexed chooses for each element of w bits an element of the table: the element with the
// number that the lowest bits of the index are.
func indexed(w int, table, index func(m *Machine, i *Instruction) []*term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		t, x := table(m, i), index(m, i)
		for j := range x {
			x[j] = m.element(t, x[j])
		}
		m.write(i, x)
	}
}

// element returns the element of a table, of at most 256, that the lowest bits of an index
// choose. If the index is not constant, the elements have to be.
func (m *Machine) element(table []*term.Word, index *term.Word) *term.Word {
	if k, ok := index.Const(); ok {
		return table[k%uint64(len(table))]
	}
	var out []*term.Word
	for low := 0; low < table[0].Width; low += 8 {
		var bytes [256]byte
		for v := range bytes {
			c, ok := table[v%len(table)].Const()
			if !ok {
				m.fail("a choice among variables by a variable")
			}
			bytes[v] = byte(c >> low)
		}
		out = append(out, term.Lookup(index.Bits(0, 8), bytes))
	}
	return term.Cat(out...)
}

// argument returns argument k of an instruction in elements of w bits.
func argument(w int, ks ...int) func(m *Machine, i *Instruction) []*term.Word {
	return func(m *Machine, i *Instruction) (all []*term.Word) {
		for _, k := range ks {
			all = append(all, m.source(i, i.Args[k], i.Args[0].Size, w)...)
		}
		return all
	}
}

// compared compares each pair of elements of w bits, as imm or the name says, and writes a
// mask.
func compared(w int, unsigned bool) semantics {
	return func(m *Machine, i *Instruction) {
		less := func(x, y *term.Word) *term.Word { return term.Greater(y, x) }
		if unsigned {
			less = term.LessU
		}
		imm := i.Args[3].Imm & 7
		m.writeMask(i, w, func(x, y *term.Word) *term.Word {
			var r *term.Word
			switch imm & 3 {
			case 0:
				r = term.Equal(x, y)
			case 1:
				r = less(x, y)
			case 2:
				r = term.Not(less(y, x))
			case 3:
				r = m.Space.Const(w, 0)
			}
			if imm >= 4 {
				r = term.Not(r)
			}
			return r
		})
	}
}

// writeMask writes the mask whose bits are the lowest bits of f of pairs of elements.
func (m *Machine) writeMask(i *Instruction, w int, f func(x, y *term.Word) *term.Word) {
	n := i.Args[1].Size
	a, b := m.source(i, i.Args[1], n, w), m.source(i, i.Args[2], n, w)
	bits := make([]*term.Word, len(a))
	for j := range a {
		bits[j] = f(a[j], b[j]).Bits(0, 1)
		if i.Masked() {
			bits[j] = term.And(bits[j], m.Mask[i.Mask].Bits(j, 1))
		}
	}
	m.Mask[i.Args[0].Reg] = term.ZeroExtend(term.Cat(bits...), 64)
}

// tested tells of each pair of elements whether they have a common bit, and writes a mask.
func tested(w int, common bool) semantics {
	return func(m *Machine, i *Instruction) {
		m.writeMask(i, w, func(x, y *term.Word) *term.Word {
			if zero := term.IsZero(term.And(x, y)); common {
				return term.Not(zero)
			} else {
				return zero
			}
		})
	}
}

func maskMove(w int) semantics {
	return func(m *Machine, i *Instruction) {
		dst, src := i.Args[0], i.Args[1]
		var x *term.Word
		if src.Kind == Mask {
			x = m.Mask[src.Reg].Bits(0, w)
		} else {
			x = m.number(src, max(src.Size, w/8)).Bits(0, w)
		}
		switch dst.Kind {
		case Mask:
			m.Mask[dst.Reg] = term.ZeroExtend(x, 64)
		case General:
			m.set(dst, Value{Word: term.ZeroExtend(x, 8*dst.Size)})
		default:
			m.set(dst, Value{Word: x})
		}
	}
}

// move moves between a vector register and a general register or memory.
func move(n int) semantics {
	return func(m *Machine, i *Instruction) {
		var x *term.Word
		if src := i.Args[1]; src.Kind == Vector {
			x = m.Vector[src.Reg][0].Bits(0, 8*n)
		} else {
			x = m.number(src, n)
		}
		if dst := i.Args[0]; dst.Kind == Vector {
			m.write(i, []*term.Word{term.ZeroExtend(x, 64)})
		} else {
			m.set(dst, Value{Word: x})
		}
	}
}

// copied copies a vector in elements of w bits. Memory needs to be aligned if aligned is set:
// that depends on an address, and is refused.
func copied(w int, aligned bool) semantics {
	return func(m *Machine, i *Instruction) {
		dst, src := i.Args[0], i.Args[1]
		n := dst.Size
		if src.Kind == Vector {
			n = src.Size
		}
		if aligned && (dst.Kind == Memory || src.Kind == Memory) {
			m.fail("there are no semantics for alignment")
		}
		switch {
		case src.Kind == Memory && i.Masked():
			m.loadChosen(i, n, w)
		case dst.Kind == Memory && i.Masked():
			m.storeChosen(i, m.source(i, src, n, w))
		default:
			m.write(i, m.source(i, src, n, w))
		}
	}
}

// storeChosen writes only the elements that the mask chooses.
func (m *Machine) storeChosen(i *Instruction, ls []*term.Word) {
	o := i.Args[0]
	for j, x := range ls {
		k, ok := m.Mask[i.Mask].Bits(j, 1).Const()
		if !ok {
			m.fail("there are no semantics for a mask that is not constant")
		}
		if k == 1 {
			m.store(o, []*term.Word{x})
		}
		o.Disp += int64(x.Width / 8)
	}
}

// compressed moves the elements of w bits that the mask chooses to the beginning. The rest
// becomes 0.
func compressed(w int) semantics {
	return func(m *Machine, i *Instruction) {
		if !i.Masked() || !i.Zeroing || i.Args[0].Kind != Vector {
			m.fail("there are no semantics for this form")
		}
		a := m.source(i, i.Args[1], i.Args[0].Size, w)
		mask := m.Mask[i.Mask].Bits(0, len(a))
		out := make([]*term.Word, len(a))
		for j := range out {
			out[j] = term.Select(mask, a, j)
		}
		m.writeAll(i.Args[0], out)
	}
}

// loadChosen reads only the elements that the mask chooses.
func (m *Machine) loadChosen(i *Instruction, n, w int) {
	out, old := make([]*term.Word, n*8/w), lanes(m.Vector[i.Args[0].Reg][:], w)
	o := i.Args[1]
	for j := range out {
		k, ok := m.Mask[i.Mask].Bits(j, 1).Const()
		switch {
		case !ok:
			m.fail("there are no semantics for a mask that is not constant")
		case k == 1:
			out[j] = m.load(o, w/8)[0]
		case i.Zeroing:
			out[j] = m.Space.Const(w, 0)
		default:
			out[j] = old[j]
		}
		o.Disp += int64(w / 8)
	}
	m.writeAll(i.Args[0], out)
}

// packed narrows the elements of two sources from 2w to w bits, within 128 bits.
func packed(w int, saturate func(x *term.Word) *term.Word) semantics {
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		a, b := m.source(i, i.Args[1], n, 2*w), m.source(i, i.Args[2], n, 2*w)
		per := 64 / w
		var out []*term.Word
		for at := 0; at < len(a); at += per {
			for _, x := range append(a[at:at+per:at+per], b[at:at+per]...) {
				out = append(out, saturate(x))
			}
		}
		m.write(i, out)
	}
}

// pairs adds the products of neighbouring signed numbers of 16 bits.
func pairs(x, y *term.Word) *term.Word {
	return term.Add(term.MulSigned(x.Bits(0, 16), y.Bits(0, 16)), term.MulSigned(x.Bits(16, 16), y.Bits(16, 16)))
}

func maxSigned(x, y *term.Word) *term.Word { return term.Ite(term.Greater(x, y).Bits(0, 1), x, y) }
func minUnsigned(x, y *term.Word) *term.Word {
	return term.Ite(term.LessU(x, y).Bits(0, 1), x, y)
}

func absolute(x *term.Word) *term.Word {
	return term.Ite(x.Bits(x.Width-1, 1), term.Sub(x.Space.Const(x.Width, 0), x), x)
}

// ofFour returns the element that an immediate chooses for element j among the four around it.
func ofFour(j, imm int) int { return j&^3 + imm>>(2*(j&3))&3 }

func andNot(x, y *term.Word) *term.Word { return term.And(term.Not(x), y) }

// vectorSemantics has the instructions on vectors and masks.
var vectorSemantics = map[string]semantics{
	"VZEROUPPER": func(m *Machine, i *Instruction) {
		for r := range 16 {
			for j := 2; j < 8; j++ {
				m.Vector[r][j] = m.Space.Const(64, 0)
			}
		}
	},

	"VMOVDQU": copied(64, false), "VMOVDQU64": copied(64, false), "VMOVDQU16": copied(16, false), "VMOVDQU8": copied(8, false),
	"VMOVDQA": copied(64, true), "VMOVDQA64": copied(64, true),
	"VMOVQ": move(8), "VMOVD": move(4),
	"VPBROADCASTB": broadcast(1), "VPBROADCASTW": broadcast(2), "VPBROADCASTD": broadcast(4), "VPBROADCASTQ": broadcast(8),
	"VBROADCASTI128": broadcast(16), "VBROADCASTI64X4": broadcast(32),
	"VINSERTI128": insert(16), "VINSERTI64X4": insert(32),
	"VEXTRACTI128": extract(16), "VEXTRACTI64X4": extract(32),
	"VPINSRQ": func(m *Machine, i *Instruction) {
		a := m.source(i, i.Args[1], 16, 64)
		a[i.Args[3].Imm&1] = m.number(i.Args[2], 8)
		m.write(i, a)
	},
	"VPEXTRW": func(m *Machine, i *Instruction) {
		x := m.source(i, i.Args[1], 16, 16)[i.Args[2].Imm&7]
		if i.Args[0].Kind == General {
			x = term.ZeroExtend(x, 8*i.Args[0].Size)
		}
		m.set(i.Args[0], Value{Word: x})
	},

	"VPXOR": binary(64, term.Xor), "VPXORQ": binary(64, term.Xor), "VPXORD": binary(32, term.Xor),
	"VPAND": binary(64, term.And), "VPANDQ": binary(64, term.And), "VPANDD": binary(32, term.And),
	"VPOR": binary(64, term.Or), "VPORQ": binary(64, term.Or), "VPORD": binary(32, term.Or),
	"VPANDN": binary(64, andNot), "VPANDNQ": binary(64, andNot),
	"VPTERNLOGQ": func(m *Machine, i *Instruction) {
		accumulate(64, func(a, b, c *term.Word) *term.Word { return term.Ternary(a, b, c, uint8(i.Args[3].Imm)) })(m, i)
	},
	"VPADDB": binary(8, term.Add), "VPADDW": binary(16, term.Add), "VPADDD": binary(32, term.Add), "VPADDQ": binary(64, term.Add),
	"VPSUBB": binary(8, term.Sub), "VPSUBW": binary(16, term.Sub), "VPSUBD": binary(32, term.Sub), "VPSUBQ": binary(64, term.Sub),
	"VPMULLW": binary(16, term.Mul), "VPMULLQ": binary(64, term.Mul),
	"VPMULHW": binary(16, term.MulHigh), "VPMULHRSW": binary(16, term.MulRound),
	"VPMADDWD":    binary(32, pairs),
	"VPDPWSSD":    accumulate(32, func(sum, x, y *term.Word) *term.Word { return term.Add(sum, pairs(x, y)) }),
	"VPMADD52LUQ": accumulate(64, func(sum, x, y *term.Word) *term.Word { return term.Add(sum, term.Mul52Low(x, y)) }),
	"VPMADD52HUQ": accumulate(64, func(sum, x, y *term.Word) *term.Word { return term.Add(sum, term.Mul52High(x, y)) }),
	"VPMADDUBSW": func(m *Machine, i *Instruction) {
		binary(16, func(x, y *term.Word) *term.Word {
			// Unsigned numbers times signed numbers. The sum saturates, which is refused.
			product := func(at int) *term.Word {
				return term.Mul(term.ZeroExtend(x.Bits(at, 8), 16), term.SignExtend(y.Bits(at, 8), 16))
			}
			a, b := product(0), product(8)
			if sum := a.Zeros() & b.Zeros(); sum>>14&3 != 3 {
				m.fail("there are no semantics for saturation")
			}
			return term.Add(a, b)
		})(m, i)
	},
	"VPMAXSW": binary(16, maxSigned), "VPMINUW": binary(16, minUnsigned),
	"VPABSB": unary(8, absolute), "VPABSQ": unary(64, absolute),
	"VPCMPGTW": binary(16, term.Greater), "VPCMPGTQ": binary(64, term.Greater),
	"VPSLLW": shifted(16, term.Shl), "VPSLLD": shifted(32, term.Shl), "VPSLLQ": shifted(64, term.Shl),
	"VPSRLW": shifted(16, term.Shr), "VPSRLD": shifted(32, term.Shr), "VPSRLQ": shifted(64, term.Shr),
	"VPSRAW": shifted(16, term.Sar),
	"VPROLD": shifted(32, term.Rotl), "VPROLQ": shifted(64, term.Rotl),
	"VPRORQ":  shifted(64, func(x *term.Word, k int) *term.Word { return term.Rotl(x, -k) }),
	"VPSLLVD": shiftedEach(32, term.Shl), "VPSLLVQ": shiftedEach(64, term.Shl),
	"VPSRLVD": shiftedEach(32, term.Shr), "VPSRLVQ": shiftedEach(64, term.Shr), "VPSRLVW": shiftedEach(16, term.Shr),

	"VPSLLDQ": wired(8, func(j, imm int) int {
		if j%16 < imm {
			return -1
		}
		return j - imm
	}, 0),
	"VPSRLDQ": wired(8, func(j, imm int) int {
		if j%16+imm > 15 {
			return -1
		}
		return j + imm
	}, 0),
	"VPSHUFD":   wired(32, ofFour, 0),
	"VPERMILPD": wired(64, func(j, imm int) int { return j&^1 + imm>>j&1 }, 0),
	"VPERMQ": func(m *Machine, i *Instruction) {
		if i.Args[2].Kind == Immediate {
			wired(64, ofFour, 0)(m, i)
		} else {
			indexed(64, argument(64, 2), argument(64, 1))(m, i)
		}
	},
	"VPERM2I128": wired(64, func(j, imm int) int {
		c := imm >> (j / 2 * 4)
		if c&8 != 0 {
			return -1
		}
		return c&3*2 + j%2
	}, 0, 0),
	"VSHUFI64X2": func(m *Machine, i *Instruction) {
		parts := i.Args[0].Size / 16
		bits := parts / 2 // of a choice: 1 of two parts, 2 of four
		wired(64, func(j, imm int) int {
			part := j / 2
			k := imm >> (part * bits) & (parts - 1)
			return (part/(parts/2)*parts+k)*2 + j%2
		}, 0, 0)(m, i)
	},
	"VPBLENDW": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size / 2
		wired(16, func(j, imm int) int { return j + imm>>(j&7)&1*n }, 0, 0)(m, i)
	},
	"VPUNPCKLBW": unpack(8, false), "VPUNPCKHBW": unpack(8, true),
	"VPUNPCKLDQ": unpack(32, false), "VPUNPCKHDQ": unpack(32, true),
	"VPUNPCKLQDQ": unpack(64, false), "VPUNPCKHQDQ": unpack(64, true),
	"VPACKSSWB": packed(8, term.SaturateSigned), "VPACKUSWB": packed(8, term.SaturateUnsigned),
	"VPCOMPRESSW": compressed(16),
	"VPMOVSXBW": func(m *Machine, i *Instruction) {
		var out []*term.Word
		for _, x := range m.source(i, i.Args[1], i.Args[0].Size/2, 8) {
			out = append(out, term.SignExtend(x, 16))
		}
		m.write(i, out)
	},
	"VPSHUFB": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		a, x := m.source(i, i.Args[1], n, 8), m.source(i, i.Args[2], n, 8)
		table := make([]*term.Word, 256)
		for j := range x {
			for v := range table {
				if table[v] = m.Space.Const(8, 0); v < 128 {
					table[v] = a[j&^15+v&15]
				}
			}
			x[j] = m.element(table, x[j])
		}
		m.write(i, x)
	},
	"VPERMB": indexed(8, argument(8, 2), argument(8, 1)), "VPERMW": indexed(16, argument(16, 2), argument(16, 1)),
	"VPERMD":   indexed(32, argument(32, 2), argument(32, 1)),
	"VPERMI2W": indexed(16, argument(16, 1, 2), argument(16, 0)),
	"VPMULTISHIFTQB": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		x, a := m.source(i, i.Args[1], n, 8), m.source(i, i.Args[2], n, 64)
		for j := range x {
			x[j] = term.Rotl(a[j/8], -m.count(x[j])).Bits(0, 8)
		}
		m.write(i, x)
	},

	"VPBLENDVB": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		a, b, c := m.source(i, i.Args[1], n, 8), m.source(i, i.Args[2], n, 8), m.source(i, i.Args[3], n, 8)
		for j := range a {
			a[j] = term.Ite(c[j].Bits(7, 1), b[j], a[j])
		}
		m.write(i, a)
	},
	"VPBLENDMQ": func(m *Machine, i *Instruction) {
		if !i.Masked() || i.Zeroing {
			m.fail("there are no semantics for this form")
		}
		n := i.Args[0].Size
		a, b := m.source(i, i.Args[1], n, 64), m.source(i, i.Args[2], n, 64)
		for j := range a {
			a[j] = term.Ite(m.Mask[i.Mask].Bits(j, 1), b[j], a[j])
		}
		m.writeAll(i.Args[0], a)
	},
	"VPTEST": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		a, b := m.source(i, i.Args[0], n, 64), m.source(i, i.Args[1], n, 64)
		any := m.Space.Const(64, 0)
		for j := range a {
			any = term.Or(any, term.And(a[j], b[j]))
		}
		m.Flags = [4]*term.Word{ZeroFlag: term.IsZero(any)}
	},
	"VPMOVMSKB": func(m *Machine, i *Instruction) {
		var bits []*term.Word
		for _, x := range m.source(i, i.Args[1], i.Args[1].Size, 8) {
			bits = append(bits, x.Bits(7, 1))
		}
		m.set(i.Args[0], Value{Word: term.ZeroExtend(term.Cat(bits...), 8*i.Args[0].Size)})
	},

	"KMOVB": maskMove(8), "KMOVW": maskMove(16), "KMOVD": maskMove(32), "KMOVQ": maskMove(64),
	"KANDB": func(m *Machine, i *Instruction) {
		r := term.And(m.Mask[i.Args[1].Reg].Bits(0, 8), m.Mask[i.Args[2].Reg].Bits(0, 8))
		m.Mask[i.Args[0].Reg] = term.ZeroExtend(r, 64)
	},
	"VPCMPW": compared(16, false), "VPCMPUW": compared(16, true), "VPCMPUQ": compared(64, true),
	"VPTESTMW": tested(16, true), "VPTESTMQ": tested(64, true), "VPTESTNMQ": tested(64, false),
	"VPMOVM2Q": func(m *Machine, i *Instruction) {
		out := make([]*term.Word, i.Args[0].Size/8)
		for j := range out {
			out[j] = term.Spread(m.Mask[i.Args[1].Reg].Bits(j, 1), 64)
		}
		m.write(i, out)
	},
	"VPMOVQ2M": func(m *Machine, i *Instruction) {
		var bits []*term.Word
		for _, x := range m.source(i, i.Args[1], i.Args[1].Size, 64) {
			bits = append(bits, x.Bits(63, 1))
		}
		m.Mask[i.Args[0].Reg] = term.ZeroExtend(term.Cat(bits...), 64)
	},
	"VPCMPEQB": equal(8), "VPCMPEQW": equal(16), "VPCMPEQQ": equal(64),
}

// equal compares for equality, and writes a mask register or, in VEX, all bits of elements.
func equal(w int) semantics {
	return func(m *Machine, i *Instruction) {
		if i.Args[0].Kind == Mask {
			m.writeMask(i, w, term.Equal)
		} else {
			binary(w, term.Equal)(m, i)
		}
	}
}
