package arm64

import "fmt"

// Go's assembler lacks the instructions below. They belong to five forms of the encoding.

// word writes an instruction as a word. Its last operand is written, and read too if accumulates
// is true. bits returns the numbers of the registers in their places.
func (f *File) word(class class, accumulates bool, base uint32, name string, operands ...operand) {
	last := len(operands) - 1
	i := instruction{
		name: name, operands: operands, class: class,
		reads: registersOf(operands[:last]...), writes: registersOf(operands[last]),
	}
	if accumulates {
		i.reads = registersOf(operands...)
	}
	i.encode = func() uint32 {
		w := base
		places := []uint32{16, 5} // of a second and of a first source
		sources := operands[:last]
		for k := range sources {
			place := places[len(places)-len(sources)+k]
			switch o := sources[k].(type) {
			case V:
				w |= uint32(o.number) << place
			case Lane:
				w |= uint32(o.number) << place
			}
		}
		return w | uint32(registersOf(operands[last])[0].number)
	}
	i.gnu = func() string {
		text := name
		separator := " "
		for k := range operands { // GNU as has them in reverse
			text += separator + gnu(operands[last-k])
			separator = ", "
		}
		return text
	}
	f.emit(i)
}

func gnu(o operand) string {
	switch o := o.(type) {
	case V:
		return fmt.Sprintf("v%d.%s", o.number, o.gnu)
	case Lane:
		return fmt.Sprintf("v%d.%c[%d]", o.number, o.gnu[len(o.gnu)-1], o.i)
	}
	panic("a word with another operand")
}

// alike panics if the vectors are divided in different ways.
func alike(name string, vectors ...V) {
	for _, v := range vectors {
		if v.Arrangement != vectors[0].Arrangement {
			panic(fmt.Sprintf("%s of %s and %s", name, vectors[0].name, v.name))
		}
	}
}

// threeSame is an instruction with three registers that are divided in one way.
func (f *File) threeSame(class class, accumulates bool, u, opcode uint32, name string, x, y, z V) {
	alike(name, x, y, z)
	f.word(class, accumulates, z.whole<<30|u<<29|0x0e200400|z.size<<22|opcode<<11, name, x, y, z)
}

func (f *File) VSHSUB(x, y, z V) { f.threeSame(vector, false, 0, 0b00100, "shsub", x, y, z) }
func (f *File) VCMGT(x, y, z V)  { f.threeSame(vector, false, 0, 0b00110, "cmgt", x, y, z) } // ones where y > x
func (f *File) VCMHI(x, y, z V)  { f.threeSame(vector, false, 1, 0b00110, "cmhi", x, y, z) }
func (f *File) VUSHL(x, y, z V)  { f.threeSame(shift, false, 1, 0b01000, "ushl", x, y, z) }
func (f *File) VSMAX(x, y, z V)  { f.threeSame(vector, false, 0, 0b01100, "smax", x, y, z) }

// VBIC sets z to y &^ x.
func (f *File) VBIC(x, y, z V) {
	f.word(vector, false, 0x4e601c00, "bic", x.As(B16), y.As(B16), z.As(B16))
}

// product is an instruction that exists with a register x and with a lane x, which must be of V0
// to V15 if it has 16 bits.
func (f *File) product(accumulates bool, u, opcode, elementU, elementOpcode uint32, name string, x operand, y, z V) {
	switch x := x.(type) {
	case V:
		f.threeSame(product, accumulates, u, opcode, name, x, y, z)
	case Lane:
		alike(name, y, z)
		f.byElement(accumulates, elementU, elementOpcode, z.whole, y.size, name, x, y, z)
	}
}

func (f *File) byElement(accumulates bool, u, opcode, whole, size uint32, name string, x Lane, y, z V) {
	if x.size != size || size != 1 && size != 2 {
		panic(name + " with a lane of another size")
	}
	i := uint32(x.i)
	var index uint32
	if size == 1 {
		x.low = true
		index = i>>2<<11 | i>>1&1<<21 | i&1<<20
	} else {
		index = i>>1<<11 | i&1<<21
	}
	f.word(product, accumulates, whole<<30|u<<29|0x0f000000|size<<22|opcode<<12|index, name, x, y, z)
}

// VMUL sets z to x·y, and VMLS subtracts it. x is a register or a lane.
func (f *File) VMUL(x operand, y, z V) { f.product(false, 0, 0b10011, 0, 0b1000, "mul", x, y, z) }
func (f *File) VMLS(x operand, y, z V) { f.product(true, 1, 0b10010, 1, 0b0100, "mls", x, y, z) }

// VSQDMULH sets z to the high half of 2·x·y, and VSQRDMULH rounds it.
func (f *File) VSQDMULH(x operand, y, z V) {
	f.product(false, 0, 0b10110, 0, 0b1100, "sqdmulh", x, y, z)
}
func (f *File) VSQRDMULH(x operand, y, z V) {
	f.product(false, 1, 0b10110, 0, 0b1101, "sqrdmulh", x, y, z)
}

// long is an instruction whose result has elements of twice the size. y is half a register: if it
// is a whole one, its upper half.
func (f *File) long(class class, accumulates bool, u, opcode, elementOpcode uint32, name string, x operand, y, z V) {
	if z.size != y.size+1 || z.whole != 1 {
		panic(fmt.Sprintf("%s of %s to %s", name, y.name, z.name))
	}
	if y.whole == 1 {
		name += "2"
	}
	switch x := x.(type) {
	case V:
		alike(name, x, y)
		f.word(class, accumulates, y.whole<<30|u<<29|0x0e200000|y.size<<22|opcode<<12, name, x, y, z)
	case Lane:
		f.byElement(accumulates, u, elementOpcode, y.whole, y.size, name, x, y, z)
	}
}

// VSMULL sets z to x·y, and VSMLAL adds it.
func (f *File) VSMULL(x operand, y, z V) { f.long(product, false, 0, 0b1100, 0b1010, "smull", x, y, z) }
func (f *File) VSMLAL(x operand, y, z V) { f.long(product, true, 0, 0b1000, 0b0010, "smlal", x, y, z) }

// VUMULL and VUMLAL do so without signs.
func (f *File) VUMULL(x operand, y, z V) { f.long(product, false, 1, 0b1100, 0b1010, "umull", x, y, z) }
func (f *File) VUMLAL(x operand, y, z V) { f.long(product, true, 1, 0b1000, 0b0010, "umlal", x, y, z) }

// VUSUBL sets z to y - x with elements of twice the size.
func (f *File) VUSUBL(x, y, z V) { f.long(vector, false, 1, 0b0010, 0, "usubl", x, y, z) }

// twoMisc is an instruction with one source.
func (f *File) twoMisc(class class, accumulates bool, u, opcode uint32, size, whole uint32, name string, x, z V) {
	f.word(class, accumulates, whole<<30|u<<29|0x0e200800|size<<22|opcode<<12, name, x, z)
}

func (f *File) VABS(x, z V) { f.twoMisc(vector, false, 0, 0b01011, z.size, z.whole, "abs", x, z) }

// VXTN sets z to the low halves of the elements of x. If z is a whole register, it sets its upper
// half only.
func (f *File) VXTN(x, z V) {
	f.twoMisc(permute, z.whole == 1, 0, 0b10010, z.size, z.whole, upper("xtn", z), x, z)
}

func upper(name string, v V) string {
	if v.whole == 1 {
		return name + "2"
	}
	return name
}

// shiftRight is a shift to the right by n.
func (f *File) shiftRight(opcode uint32, n int, name string, x, z V) {
	bits := 8 << z.size
	if n < 1 || n > bits {
		panic(fmt.Sprintf("%s by %d", name, n))
	}
	base := z.whole<<30 | 0x0f000400 | uint32(2*bits-n)<<16 | opcode<<11
	f.emit(instruction{
		name: name, operands: []operand{Imm(n), x, z}, class: shift,
		reads: registersOf(x), writes: registersOf(z),
		encode: func() uint32 { return base | uint32(x.number)<<5 | uint32(z.number) },
		gnu:    func() string { return fmt.Sprintf("%s %s, %s, #%d", name, gnu(z), gnu(x), n) },
	})
}

// VSSHR shifts to the right with the sign, and VSRSHR rounds.
func (f *File) VSSHR(n int, x, z V)  { f.shiftRight(0b00000, n, "sshr", x, z) }
func (f *File) VSRSHR(n int, x, z V) { f.shiftRight(0b00100, n, "srshr", x, z) }
