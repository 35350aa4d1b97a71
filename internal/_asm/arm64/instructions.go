package arm64

import (
	"fmt"
	"strings"
)

// An instruction has its operands in the order of Go's assembler. Go's assembler has a mnemonic
// for it, or encode is not nil.
type instruction struct {
	name     string
	operands []operand
	reads    []*register
	writes   []*register
	memory   *Mem // what it loads or stores
	size     int  // the number of bytes
	class    class
	sha3     bool
	target   string // the label that it jumps to

	encode func() uint32
	gnu    func() string // the instruction as GNU as writes it
}

func (i *instruction) String() string {
	if i.encode != nil {
		return fmt.Sprintf("WORD $0x%08x // %s", i.encode(), i.gnu())
	}
	var operands []string
	for _, o := range i.operands {
		operands = append(operands, o.String())
	}
	return strings.TrimSpace(i.name + " " + strings.Join(operands, ", "))
}

// registersOf returns the registers in operands.
func registersOf(operands ...operand) (registers []*register) {
	for _, o := range operands {
		switch o := o.(type) {
		case R:
			registers = append(registers, o.register)
		case shifted:
			registers = append(registers, o.register)
		case V:
			registers = append(registers, o.register)
		case Lane:
			registers = append(registers, o.register)
		}
	}
	return registers
}

// op writes an instruction whose last operand is written, and whose others are read.
func (f *File) op(class class, name string, operands ...operand) {
	last := len(operands) - 1
	f.emit(instruction{
		name: name, operands: operands, class: class,
		reads: registersOf(operands[:last]...), writes: registersOf(operands[last]),
	})
}

// modify is op with a last operand that is read too.
func (f *File) modify(class class, name string, operands ...operand) {
	f.emit(instruction{
		name: name, operands: operands, class: class,
		reads: registersOf(operands...), writes: registersOf(operands[len(operands)-1]),
	})
}

// flagged is op with an instruction that reads the flags, or writes them, or both.
func (f *File) flagged(name string, reads, writes bool, operands ...operand) {
	last := len(operands) - 1
	i := instruction{
		name: name, operands: operands, class: alu,
		reads: registersOf(operands[:last]...), writes: registersOf(operands[last]),
	}
	if reads {
		i.reads = append(i.reads, flags)
	}
	if writes {
		i.writes = append(i.writes, flags)
	}
	f.emit(i)
}

// General registers.

func (f *File) ADD(x Source, y, z R)  { f.op(alu, "ADD", x, y, z) }
func (f *File) SUB(x Source, y, z R)  { f.op(alu, "SUB", x, y, z) }
func (f *File) AND(x Source, y, z R)  { f.op(alu, "AND", x, y, z) }
func (f *File) BIC(x Source, y, z R)  { f.op(alu, "BIC", x, y, z) }
func (f *File) EOR(x Source, y, z R)  { f.op(alu, "EOR", x, y, z) }
func (f *File) ORN(x Source, y, z R)  { f.op(alu, "ORN", x, y, z) } // z = y | ^x
func (f *File) EON(x Source, y, z R)  { f.op(alu, "EON", x, y, z) } // z = y ^ ^x
func (f *File) LSL(x Source, y, z R)  { f.op(alu, "LSL", x, y, z) }
func (f *File) LSR(x Source, y, z R)  { f.op(alu, "LSR", x, y, z) }
func (f *File) ROR(x Source, y, z R)  { f.op(alu, "ROR", x, y, z) }
func (f *File) MUL(x, y, z R)         { f.op(multiply, "MUL", x, y, z) }
func (f *File) UMULH(x, y, z R)       { f.op(multiply, "UMULH", x, y, z) }
func (f *File) MADD(x, a, y, z R)     { f.op(multiply, "MADD", x, a, y, z) }   // z = a + x·y
func (f *File) UMADDL(x, a, y, z R)   { f.op(multiply, "UMADDL", x, a, y, z) } // MADD of the lower halves of x and y
func (f *File) UMULL(x, y, z R)       { f.op(multiply, "UMULL", x, y, z) }
func (f *File) EXTR(n int, x, y, z R) { f.op(alu, "EXTR", Imm(n), x, y, z) } // z = the 64 bits of y ‖ x from bit n on

func (f *File) ADDS(x Source, y, z R) { f.flagged("ADDS", false, true, x, y, z) }
func (f *File) SUBS(x Source, y, z R) { f.flagged("SUBS", false, true, x, y, z) }
func (f *File) ADCS(x, y, z R)        { f.flagged("ADCS", true, true, x, y, z) }
func (f *File) SBCS(x, y, z R)        { f.flagged("SBCS", true, true, x, y, z) }
func (f *File) ADC(x, y, z R)         { f.flagged("ADC", true, false, x, y, z) }
func (f *File) SBC(x, y, z R)         { f.flagged("SBC", true, false, x, y, z) }

// CMP sets the flags to those of y - x.
func (f *File) CMP(x Source, y R) {
	f.emit(instruction{name: "CMP", operands: []operand{x, y}, class: alu, reads: registersOf(x, y), writes: []*register{flags}})
}

// TST sets the flags to those of x & y.
func (f *File) TST(x Source, y R) {
	f.emit(instruction{name: "TST", operands: []operand{x, y}, class: alu, reads: registersOf(x, y), writes: []*register{flags}})
}

// CSEL sets z to x if the condition holds, and otherwise to y.
func (f *File) CSEL(condition string, x, y, z R) {
	f.flagged("CSEL", true, false, text(condition), x, y, z)
}

// CBNZ jumps if x is not zero.
func (f *File) CBNZ(x R, label string) {
	f.emit(instruction{name: "CBNZ", operands: []operand{x, text(label)}, reads: []*register{x.register}, target: label})
}

// CBZ jumps if x is zero.
func (f *File) CBZ(x R, label string) {
	f.emit(instruction{name: "CBZ", operands: []operand{x, text(label)}, reads: []*register{x.register}, target: label})
}

// Branch jumps: always with B, and with BLO, BHS and the like if the flags say so.
func (f *File) Branch(name, label string) {
	f.emit(instruction{name: name, operands: []operand{text(label)}, reads: []*register{flags}, target: label})
}

// move writes a move, a load or a store.
func (f *File) move(name string, size int, from, to operand) {
	i := instruction{name: name, operands: []operand{from, to}, class: alu, reads: registersOf(from), writes: registersOf(to)}
	f.access(&i, size, from, to)
	f.emit(i)
}

// access completes an instruction that may load or store.
func (f *File) access(i *instruction, size int, from, to operand) {
	if m, ok := from.(Mem); ok {
		i.class, i.memory, i.size = load, &m, size
		i.reads = append(i.reads, m.base)
	}
	if m, ok := to.(Mem); ok {
		i.class, i.memory, i.size = store, &m, size
		i.reads = append(i.reads, m.base)
	}
}

// MOVD moves 64 bits: between registers, from memory, to memory, or from an immediate.
func (f *File) MOVD(from, to operand) { f.move("MOVD", 8, from, to) }

// MOVWU loads 32 bits, which zeros extend.
func (f *File) MOVWU(from Mem, to R) { f.move("MOVWU", 4, from, to) }

// MOVBU loads a byte, which zeros extend, or stores one.
func (f *File) MOVBU(from, to operand) { f.move("MOVBU", 1, from, to) }

// LDP loads two neighbouring words of 64 bits, and STP stores them.
func (f *File) LDP(from Mem, x, y R) {
	i := instruction{name: "LDP", operands: []operand{from, pair{x, y}}, writes: []*register{x.register, y.register}}
	f.access(&i, 16, from, nil)
	f.emit(i)
}

func (f *File) STP(x, y R, to Mem) {
	i := instruction{name: "STP", operands: []operand{pair{x, y}, to}, reads: []*register{x.register, y.register}}
	f.access(&i, 16, nil, to)
	f.emit(i)
}

// A pair is an operand of two registers.
type pair [2]operand

func (p pair) String() string { return fmt.Sprintf("(%s, %s)", p[0], p[1]) }

// Vector registers: moves.

// A whole is a vector register in the instructions of Go's assembler that call it F.
type whole struct{ V }

func (w whole) String() string { return fmt.Sprintf("F%d", w.number) }

// FMOVQ loads or stores 16 bytes, and FMOVD 8.
func (f *File) FMOVQ(from, to operand) { f.vectorMove("FMOVQ", 16, from, to) }
func (f *File) FMOVD(from, to operand) { f.vectorMove("FMOVD", 8, from, to) }

func (f *File) vectorMove(name string, size int, from, to operand) {
	i := instruction{name: name, reads: registersOf(from), writes: registersOf(to)}
	f.access(&i, size, from, to)
	for _, o := range []operand{from, to} {
		if v, ok := o.(V); ok {
			o = whole{v}
		}
		i.operands = append(i.operands, o)
	}
	f.emit(i)
}

// FLDPQ loads two neighbours of 16 bytes, and FSTPQ stores them.
func (f *File) FLDPQ(from Mem, x, y V) {
	i := instruction{name: "FLDPQ", operands: []operand{from, pair{whole{x}, whole{y}}}, writes: []*register{x.register, y.register}}
	f.access(&i, 32, from, nil)
	f.emit(i)
}

func (f *File) FSTPQ(x, y V, to Mem) {
	i := instruction{name: "FSTPQ", operands: []operand{pair{whole{x}, whole{y}}, to}, reads: []*register{x.register, y.register}}
	f.access(&i, 32, nil, to)
	f.emit(i)
}

// VMOV moves between general registers and lanes, between lanes, and between registers.
func (f *File) VMOV(from, to operand) {
	if _, ok := to.(Lane); ok {
		f.modify(crossing, "VMOV", from, to)
	} else {
		f.op(crossing, "VMOV", from, to)
	}
}

// VDUP fills to with copies of a lane or of a general register.
func (f *File) VDUP(from operand, to V) { f.op(crossing, "VDUP", from, to) }

// VMOVI fills to with copies of a byte.
func (f *File) VMOVI(value byte, to V) { f.op(vector, "VMOVI", Imm(value), to.As(B16)) }

// A list is an operand of several vector registers.
type list []V

func (l list) String() string {
	var names []string
	for _, v := range l {
		names = append(names, v.String())
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (l list) registers() (registers []*register) {
	for _, v := range l {
		registers = append(registers, v.register)
	}
	return registers
}

// VLD loads structures of so many elements. to comes from Vectors, unless it is one register. The
// memory has no offset.
func (f *File) VLD(structure int, from Mem, to ...V) {
	f.loadVectors(fmt.Sprint("VLD", structure), from, 16*len(to), to)
}

// VLDR loads one element and copies it to all places.
func (f *File) VLDR(from Mem, to V) { f.loadVectors("VLD1R", from, 1<<to.size, list{to}) }

func (f *File) loadVectors(name string, from Mem, size int, to list) {
	i := instruction{name: name, operands: []operand{plain(from), to}, writes: to.registers()}
	f.access(&i, size, from, nil)
	f.emit(i)
}

// VLDRP is VLDR, and adds the size of the element to the address.
func (f *File) VLDRP(from Mem, to V) {
	size := 1 << to.size
	i := instruction{name: "VLD1R.P", operands: []operand{next{from, size}, list{to}}, writes: []*register{to.register, from.base}}
	f.access(&i, size, from, nil)
	f.emit(i)
}

// A next is memory at a register, which the instruction then increases.
type next struct {
	Mem
	by int
}

func (n next) String() string { return fmt.Sprintf("%d(R%d)", n.by, n.base.number) }

// VST stores structures.
func (f *File) VST(structure int, to Mem, from ...V) {
	i := instruction{name: fmt.Sprint("VST", structure), operands: []operand{list(from), plain(to)}, reads: list(from).registers()}
	f.access(&i, 16*len(from), nil, to)
	f.emit(i)
}

// plain returns memory as an operand of an instruction that takes no offset.
func plain(m Mem) at {
	if m.Offset != 0 {
		panic("an offset that no instruction can have")
	}
	return at{m}
}

// An at is memory in the instructions that take no offset.
type at struct{ Mem }

func (a at) String() string { return fmt.Sprintf("(R%d)", a.base.number) }

// VTBL sets each byte of to to the byte of table that index selects, or to 0 if there is none. The
// registers of the table come from Vectors, unless it is one. VTBX leaves the byte as it is if there
// is none.
func (f *File) VTBL(index V, table []V, to V) {
	f.lookUp("VTBL", index, table, to, index.register)
}
func (f *File) VTBX(index V, table []V, to V) {
	f.lookUp("VTBX", index, table, to, index.register, to.register)
}

func (f *File) lookUp(name string, index V, table []V, to V, reads ...*register) {
	f.emit(instruction{
		name: name, operands: []operand{index, list(table), to}, class: permute,
		reads: append(list(table).registers(), reads...), writes: registersOf(to),
	})
}

// Vector registers: Go's assembler has these.

func (f *File) VADD(x, y, z V) { f.op(vector, "VADD", x, y, z) }
func (f *File) VSUB(x, y, z V) { f.op(vector, "VSUB", x, y, z) }
func (f *File) VAND(x, y, z V) { f.op(vector, "VAND", x.As(B16), y.As(B16), z.As(B16)) }
func (f *File) VORR(x, y, z V) { f.op(vector, "VORR", x.As(B16), y.As(B16), z.As(B16)) }
func (f *File) VEOR(x, y, z V) { f.op(vector, "VEOR", x.As(B16), y.As(B16), z.As(B16)) }

// VBIT copies the bits of y to z where x has ones.
func (f *File) VBIT(x, y, z V) { f.modify(vector, "VBIT", x.As(B16), y.As(B16), z.As(B16)) }

func (f *File) VADDV(x, z V)        { f.op(across, "VADDV", x, scalar{z}) }
func (f *File) VUMIN(x, y, z V)     { f.op(vector, "VUMIN", x, y, z) }
func (f *File) VCMEQ(x, y, z V)     { f.op(vector, "VCMEQ", x, y, z) }
func (f *File) VCMTST(x, y, z V)    { f.op(vector, "VCMTST", x, y, z) }
func (f *File) VCNT(x, z V)         { f.op(vector, "VCNT", x, z) }
func (f *File) VSHL(n int, x, z V)  { f.op(shift, "VSHL", Imm(n), x, z) }
func (f *File) VUSHR(n int, x, z V) { f.op(shift, "VUSHR", Imm(n), x, z) }
func (f *File) VSRI(n int, x, z V)  { f.modify(shift, "VSRI", Imm(n), x, z) }
func (f *File) VSLI(n int, x, z V)  { f.modify(shift, "VSLI", Imm(n), x, z) }
func (f *File) VUSRA(n int, x, z V) { f.modify(shift, "VUSRA", Imm(n), x, z) } // adds the shifted x
func (f *File) VREV64(x, z V)       { f.op(permute, "VREV64", x, z) }
func (f *File) VTRN1(x, y, z V)     { f.op(permute, "VTRN1", x, y, z) }
func (f *File) VTRN2(x, y, z V)     { f.op(permute, "VTRN2", x, y, z) }
func (f *File) VZIP1(x, y, z V)     { f.op(permute, "VZIP1", x, y, z) }
func (f *File) VZIP2(x, y, z V)     { f.op(permute, "VZIP2", x, y, z) }
func (f *File) VUZP1(x, y, z V)     { f.op(permute, "VUZP1", x, y, z) }
func (f *File) VUZP2(x, y, z V)     { f.op(permute, "VUZP2", x, y, z) }

// VEXT sets z to the 16 bytes of x ‖ y from byte n on.
func (f *File) VEXT(n int, x, y, z V) {
	f.op(permute, "VEXT", Imm(n), x.As(B16), y.As(B16), z.As(B16))
}

// A scalar is the lowest element of a vector register, as the result of a sum over all.
type scalar struct{ V }

func (s scalar) String() string { return fmt.Sprintf("V%d", s.number) }

// The SHA-3 instructions.

func (f *File) sha3(name string, operands ...operand) {
	last := len(operands) - 1
	f.emit(instruction{
		name: name, operands: operands, class: vector, sha3: true,
		reads: registersOf(operands[:last]...), writes: registersOf(operands[last]),
	})
}

// VEOR3 sets z to w ^ x ^ y, VBCAX to y ^ (x &^ w), and VRAX1 to y ^ (x <<< 1). VXAR sets it to
// x ^ y, rotated to the right by n.
func (f *File) VEOR3(w, x, y, z V)    { f.sha3("VEOR3", w.As(B16), x.As(B16), y.As(B16), z.As(B16)) }
func (f *File) VBCAX(w, x, y, z V)    { f.sha3("VBCAX", w.As(B16), x.As(B16), y.As(B16), z.As(B16)) }
func (f *File) VRAX1(x, y, z V)       { f.sha3("VRAX1", x.As(D2), y.As(D2), z.As(D2)) }
func (f *File) VXAR(n int, x, y, z V) { f.sha3("VXAR", Imm(n), x.As(D2), y.As(D2), z.As(D2)) }
