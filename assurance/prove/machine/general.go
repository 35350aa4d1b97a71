package machine

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"hybridkem/assurance/prove/term"
)

// This file has the semantics of amd64's instructions on general registers. What is not here is
// refused. The flags that an instruction leaves undefined, and those that nobody needs, are
// not known after it.

// amd64 is the architecture.
var amd64 = &architecture{
	decode:  (*Kernel).decodeAMD64,
	execute: (*Machine).execute,
	returns: func(_ *Machine, i *Instruction) bool { return i.Op == "RET" && len(i.Args) == 0 },
	kept:    []int{StackPointer, FramePointer},
	objdump: []string{"objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--insn-width=16"},
	enter: func(m *Machine, goroutine *Region) {
		m.thread.Origin = m.Space.Const(64, ^uint64(7))
		m.thread.pointers[0] = Pointer(m.Space, goroutine, 0)
	},
}

// execute does one instruction.
func (m *Machine) execute(i *Instruction) {
	if f, ok := vectorSemantics[i.Op]; ok {
		if m.opaque {
			m.executeOpaque(i)
		} else {
			f(m, i)
		}
		return
	}
	if i.Masked() {
		m.fail("there are no semantics for a mask")
	}
	if f, ok := generalSemantics[i.Op]; ok {
		f(m, i)
		return
	}
	for prefix, f := range conditional {
		if cc, ok := strings.CutPrefix(i.Op, prefix); ok {
			f(m, i, m.condition(cc))
			return
		}
	}
	m.fail("there are no semantics")
}

// conditional has the instructions that depend on flags, by the start of their names. The
// rest of the name is the condition.
var conditional = map[string]func(m *Machine, i *Instruction, c *term.Word){
	"CMOV": func(m *Machine, i *Instruction, c *term.Word) {
		n := i.Args[0].Size
		m.set(i.Args[0], Value{Word: term.Ite(c, m.number(i.Args[1], n), m.number(i.Args[0], n))})
	},
	"SET": func(m *Machine, i *Instruction, c *term.Word) {
		m.set(i.Args[0], Value{Word: term.ZeroExtend(c, 8)})
	},
	"J": func(m *Machine, i *Instruction, c *term.Word) {
		taken, ok := c.Const()
		if !ok {
			m.fail("a jump depends on %v", c)
		}
		if taken == 1 {
			m.PC = i.Args[0].Imm
		}
	},
}

func (m *Machine) flag(f int) *term.Word {
	if m.Flags[f] == nil {
		if m.opaque {
			return m.data(1)[0].Bits(0, 1)
		}
		m.fail("flag %d is not known", f)
	}
	return m.Flags[f]
}

// condition returns the bit that says whether a condition holds.
func (m *Machine) condition(cc string) *term.Word {
	c := m.flags(cc)
	if holds, ok := m.Known[c]; ok {
		return m.bit(holds)
	}
	return c
}

// flags returns the bit that the flags have for a condition.
func (m *Machine) flags(cc string) *term.Word {
	switch cc {
	case "E":
		return m.flag(ZeroFlag)
	case "B":
		return m.flag(CarryFlag)
	case "BE":
		return term.Or(m.flag(CarryFlag), m.flag(ZeroFlag))
	case "L":
		return term.Xor(m.flag(SignFlag), m.flag(OverflowFlag))
	case "LE":
		return term.Or(m.flag(ZeroFlag), m.condition("L"))
	}
	opposite := map[string]string{"NE": "E", "AE": "B", "A": "BE", "GE": "L", "G": "LE"}[cc]
	if opposite == "" {
		m.fail("there are no semantics for condition %s", cc)
	}
	return term.Not(m.condition(opposite))
}

func (m *Machine) bit(b bool) *term.Word {
	if b {
		return m.Space.Const(1, 1)
	}
	return m.Space.Const(1, 0)
}

// setFlags sets the flags zero and sign by a result, and the others to what is given.
func (m *Machine) setFlags(r, carry, overflow *term.Word) {
	m.Flags = [4]*term.Word{CarryFlag: carry, OverflowFlag: overflow}
	if k, ok := r.Const(); ok {
		m.Flags[ZeroFlag], m.Flags[SignFlag] = m.bit(k == 0), m.bit(k>>(r.Width-1) == 1)
	}
}

// generalSemantics has the instructions that do not depend on flags, or only on the carry.
var generalSemantics = map[string]func(m *Machine, i *Instruction){
	"NOP": func(m *Machine, i *Instruction) {},
	"JMP": func(m *Machine, i *Instruction) { m.PC = i.Args[0].Imm },
	"PUSH": func(m *Machine, i *Instruction) {
		m.wantRegister(i.Args[0])
		v := m.General[i.Args[0].Reg]
		m.General[StackPointer] = m.plus(m.General[StackPointer], Number(m.Space, -8))
		m.set(top, v)
	},
	"POP": func(m *Machine, i *Instruction) {
		m.wantRegister(i.Args[0])
		v := m.get(top, 8)
		m.General[StackPointer] = m.plus(m.General[StackPointer], Number(m.Space, 8))
		m.set(i.Args[0], v)
	},
	"MOV": func(m *Machine, i *Instruction) { m.set(i.Args[0], m.get(i.Args[1], i.Args[0].Size)) },
	"LEA": func(m *Machine, i *Instruction) {
		m.wantRegister(i.Args[0])
		m.set(i.Args[0], m.effective(i.Args[1]))
	},
	"MOVZX": func(m *Machine, i *Instruction) {
		m.set(i.Args[0], Value{Word: term.ZeroExtend(m.number(i.Args[1], i.Args[1].Size), 8*i.Args[0].Size)})
	},
	"MOVSX": func(m *Machine, i *Instruction) {
		m.set(i.Args[0], Value{Word: term.SignExtend(m.number(i.Args[1], i.Args[1].Size), 8*i.Args[0].Size)})
	},
	"ADD": func(m *Machine, i *Instruction) {
		a, b := m.get(i.Args[0], i.Args[0].Size), m.get(i.Args[1], i.Args[0].Size)
		if a.Region != nil || b.Region != nil {
			m.Flags = [4]*term.Word{}
			m.set(i.Args[0], m.plus(a, b))
			return
		}
		m.set(i.Args[0], Value{Word: m.sum(a.Word, b.Word, m.bit(false))})
	},
	"SUB": func(m *Machine, i *Instruction) { m.set(i.Args[0], m.difference(i)) },
	"CMP": func(m *Machine, i *Instruction) { m.difference(i) },
	"DEC": func(m *Machine, i *Instruction) {
		carry := m.Flags[CarryFlag]
		a := m.number(i.Args[0], i.Args[0].Size)
		r := m.subtract(a, m.Space.Const(a.Width, 1), m.bit(false))
		m.Flags[CarryFlag] = carry
		m.set(i.Args[0], Value{Word: r})
	},
	"ADC": func(m *Machine, i *Instruction) {
		a, b := m.number(i.Args[0], i.Args[0].Size), m.number(i.Args[1], i.Args[0].Size)
		m.set(i.Args[0], Value{Word: m.sum(a, b, m.flag(CarryFlag))})
	},
	"SBB": func(m *Machine, i *Instruction) {
		a, b := m.number(i.Args[0], i.Args[0].Size), m.number(i.Args[1], i.Args[0].Size)
		m.set(i.Args[0], Value{Word: m.subtract(a, b, m.flag(CarryFlag))})
	},
	"ADCX": addCarryFlag(CarryFlag),
	"ADOX": addCarryFlag(OverflowFlag),
	"MULX": func(m *Machine, i *Instruction) {
		if i.Args[0].Size != 8 {
			m.fail("there are no semantics for this width")
		}
		x, y := m.number(Operand{Kind: General, Reg: 2, Size: 8}, 8), m.number(i.Args[2], 8)
		m.set(i.Args[1], Value{Word: term.Mul(x, y)})
		m.set(i.Args[0], Value{Word: term.MulHighU(x, y)})
	},
	"IMUL": func(m *Machine, i *Instruction) {
		if len(i.Args) != 3 {
			m.fail("there are no semantics for this form")
		}
		n := i.Args[0].Size
		m.Flags = [4]*term.Word{}
		m.set(i.Args[0], Value{Word: term.Mul(m.number(i.Args[1], n), m.number(i.Args[2], n))})
	},
	"AND": func(m *Machine, i *Instruction) {
		if v := m.get(i.Args[0], i.Args[0].Size); v.Region != nil {
			m.set(i.Args[0], m.aligned(v, m.get(i.Args[1], 8).Word))
			return
		}
		logical(term.And)(m, i)
	},
	"OR": logical(term.Or),
	"XOR": func(m *Machine, i *Instruction) {
		if o := i.Args[0]; o.Kind == General && o.Size >= 4 && o == i.Args[1] {
			// The register becomes 0, also if it was a pointer.
			m.General[o.Reg] = Number(m.Space, 0)
			m.setFlags(m.Space.Const(64, 0), m.bit(false), m.bit(false))
			return
		}
		logical(term.Xor)(m, i)
	},
	"TEST": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		r := term.And(m.number(i.Args[0], n), m.number(i.Args[1], n))
		m.setFlags(r, m.bit(false), m.bit(false))
		m.Flags[ZeroFlag] = Equal(r, m.Space.Const(r.Width, 0))
	},
	"ANDN": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		r := term.And(term.Not(m.number(i.Args[1], n)), m.number(i.Args[2], n))
		m.setFlags(r, m.bit(false), m.bit(false))
		m.set(i.Args[0], Value{Word: r})
	},
	"SHL": shift(term.Shl),
	"SHR": shift(term.Shr),
	"SHRX": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		m.set(i.Args[0], Value{Word: term.Shr(m.number(i.Args[1], n), int(m.constant(i.Args[2], n)%uint64(8*n)))})
	},
	"RORX": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		m.set(i.Args[0], Value{Word: term.Rotl(m.number(i.Args[1], n), -int(i.Args[2].Imm))})
	},
	"BT": func(m *Machine, i *Instruction) {
		if i.Args[0].Kind != General {
			m.fail("there are no semantics for a bit in memory")
		}
		n := i.Args[0].Size
		carry := m.number(i.Args[0], n).Bits(int(m.constant(i.Args[1], n)%uint64(8*n)), 1)
		m.Flags = [4]*term.Word{CarryFlag: carry, ZeroFlag: m.Flags[ZeroFlag]}
	},
	"POPCNT": func(m *Machine, i *Instruction) {
		m.Flags = [4]*term.Word{}
		m.set(i.Args[0], Value{Word: term.Popcount(m.number(i.Args[1], i.Args[0].Size))})
	},
	"BZHI": func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		m.Flags = [4]*term.Word{}
		x, k := m.number(i.Args[1], n), int(m.constant(i.Args[2], n)&0xff)
		if k < 8*n {
			x = term.And(x, m.Space.Const(8*n, 1<<k-1))
		}
		m.set(i.Args[0], Value{Word: x})
	},
}

// aligned returns a pointer to the stack rounded down to a multiple of a power of 2, whose
// negative is the mask.
func (m *Machine) aligned(v Value, mask *term.Word) Value {
	k, ok := mask.Const()
	off, _ := v.Word.Const()
	if n := -k; v.Region != m.Stack || !ok || n == 0 || n&(n-1) != 0 || n > 64 {
		m.fail("a pointer is masked")
	}
	m.Flags = [4]*term.Word{}
	m.Aligned = true
	address := uint64(m.StackAddress)
	if m.StackAddress == AnyAddress {
		return m.ownFrame(off, k)
	}
	return Value{v.Region, m.Space.Const(64, (off+address)&k-address)}
}

// ownFrame returns a pointer to a new region, which is somewhere in the stack: off rounded down
// by the mask, for an address of the stack that is any multiple of 8. The region ends where it
// would run into bytes that were written. Nobody else may access the bytes where it may be.
func (m *Machine) ownFrame(off, mask uint64) Value {
	low, high := off&^7, uint64(0)
	for address := uint64(0); address < 64; address += 8 {
		start := (off+address)&mask - address
		low, high = min(low, start), max(high, start)
	}
	end := high
	for int(end) < m.returnAt && !m.Stack.Written[end] {
		end++
	}
	sp, ok := m.General[StackPointer].Word.Const()
	if m.Frame != nil || !ok || low < sp || slices.Contains(m.Stack.Written[low:end], true) {
		m.fail("there is no place for a frame")
	}
	m.Frame, m.frameAt = NewRegion("the frame", int(end-high), true), [2]int{int(low), int(end)}
	m.regions = append(m.regions, m.Frame)
	return Pointer(m.Space, m.Frame, 0)
}

// effective returns the value of an operand's address.
func (m *Machine) effective(o Operand) Value {
	disp := m.Space.Const(64, uint64(o.Disp))
	var v Value
	switch o.Base {
	case pc:
		return Value{m.constants, m.Space.Const(64, m.PC+uint64(o.Disp)-m.Kernel.constants.address)}
	case fs:
		return Value{m.thread, disp}
	case none:
		v = Value{Word: disp}
	default:
		v = m.plus(m.General[o.Base], Value{Word: disp})
	}
	if o.Index >= 0 {
		x := m.General[o.Index]
		if x.Region != nil && o.Scale != 1 {
			m.fail("a pointer times %d", o.Scale)
		}
		if x.Region == nil {
			x.Word = term.Mul(x.Word, m.Space.Const(64, uint64(o.Scale)))
		}
		v = m.plus(v, x)
	}
	return v
}

// load reads n bytes of an operand in memory, and store writes them.
func (m *Machine) load(o Operand, n int) []*term.Word { return m.loadAt(m.effective(o), n) }
func (m *Machine) store(o Operand, ws []*term.Word)   { m.storeAt(m.effective(o), ws) }

// get returns the value of an operand of n bytes that is no vector.
func (m *Machine) get(o Operand, n int) Value {
	switch o.Kind {
	case General:
		v := m.General[o.Reg]
		if o.Size < 8 {
			if v.Region != nil {
				m.fail("a part of a pointer")
			}
			v.Word = v.Word.Bits(0, 8*o.Size)
		}
		return v
	case Immediate:
		return Value{Word: m.Space.Const(8*n, o.Imm)}
	case Memory:
		return m.valueAt(m.effective(o), n)
	}
	m.fail("operand %v", o)
	return Value{}
}

// number is get for a value that may not be a pointer.
func (m *Machine) number(o Operand, n int) *term.Word {
	v := m.get(o, n)
	if v.Region != nil {
		m.fail("arithmetic with a pointer")
	}
	return v.Word
}

// set writes a value to a general register or to memory.
func (m *Machine) set(o Operand, v Value) {
	switch o.Kind {
	case General:
		if o.Reg == StackPointer && v.Region != m.Stack {
			m.fail("the stack pointer is lost")
		}
		switch w := v.Word; w.Width {
		case 32:
			v.Word = term.ZeroExtend(w, 64)
		case 8, 16:
			old := m.General[o.Reg]
			if old.Region != nil {
				old.Word = m.Space.Var(fmt.Sprint("an address ", m.Space.Len()), 64)
			}
			v.Word = term.Cat(w, old.Word.Bits(w.Width, 64-w.Width))
		}
		m.General[o.Reg] = v
	case Memory:
		m.setAt(m.effective(o), v)
	default:
		m.fail("operand %v", o)
	}
}

// wantRegister refuses an operand that is no whole general register.
func (m *Machine) wantRegister(o Operand) {
	if o.Kind != General || o.Size != 8 {
		m.fail("there are no semantics for %v", o)
	}
}

// top is the word at the stack pointer.
var top = Operand{Kind: Memory, Base: StackPointer, Index: none, Size: 8}

// constant returns the value of an operand that has to be a number.
func (m *Machine) constant(o Operand, n int) uint64 {
	w := m.number(o, n)
	k, ok := w.Const()
	if !ok {
		m.fail("%v, which chooses bits, depends on %v", o, w)
	}
	return k
}

// sum returns x + y + c, and sets the flags.
func (m *Machine) sum(x, y, c *term.Word) *term.Word {
	a, ok1 := x.Const()
	b, ok2 := y.Const()
	k, ok3 := c.Const()
	if w := x.Width; ok1 && ok2 && ok3 {
		r, carry := bits.Add64(a, b, k)
		if w < 64 {
			carry = r >> w
		}
		m.setFlags(m.Space.Const(w, r), m.Space.Const(1, carry), m.Space.Const(1, (a^r)&(b^r)>>(w-1)))
		return m.Space.Const(w, r)
	}
	if x.Width != 64 {
		m.Flags = [4]*term.Word{}
		return term.Add(x, term.Add(y, term.ZeroExtend(c, x.Width)))
	}
	r := term.Adc(x, y, c)
	m.setFlags(r, term.Carry(x, y, c), nil)
	return r
}

// subtract returns x - y - c, and sets the flags.
func (m *Machine) subtract(x, y, c *term.Word) *term.Word {
	a, ok1 := x.Const()
	b, ok2 := y.Const()
	k, ok3 := c.Const()
	if w := x.Width; ok1 && ok2 && ok3 {
		r := (a - b - k) & term.Ones(w)
		m.setFlags(m.Space.Const(w, r), m.bit(a < b || a == b && k == 1), m.Space.Const(1, (a^b)&(a^r)>>(w-1)))
		return m.Space.Const(w, r)
	}
	if x.Width != 64 {
		m.Flags = [4]*term.Word{}
		return term.Sub(term.Sub(x, y), term.ZeroExtend(c, x.Width))
	}
	r := term.Sbb(x, y, c)
	m.setFlags(r, term.Borrow(x, y, c), nil)
	return r
}

// difference subtracts the second operand of an instruction from the first.
func (m *Machine) difference(i *Instruction) Value {
	return m.minus(m.get(i.Args[0], i.Args[0].Size), m.get(i.Args[1], i.Args[0].Size))
}

// minus subtracts a value from another, and sets the flags. Both may point to the same region.
func (m *Machine) minus(a, b Value) Value {
	switch {
	case a.Region == b.Region:
		r := m.subtract(a.Word, b.Word, m.bit(false))
		m.Flags[ZeroFlag] = Equal(a.Word, b.Word)
		if a.Region != nil {
			// The address of the region is not known, and so neither is an overflow.
			m.Flags[SignFlag], m.Flags[OverflowFlag] = nil, nil
		} else {
			// The sign is wrong after an overflow: then a < b exactly if it is not set.
			sign := r.Bits(r.Width-1, 1)
			m.Flags[SignFlag], m.Flags[OverflowFlag] = sign, term.Xor(sign, Less(a.Word, b.Word))
		}
		return Value{Word: r}
	case b.Region == nil:
		m.Flags = [4]*term.Word{}
		return Value{a.Region, term.Sub(a.Word, b.Word)}
	}
	m.fail("a pointer is subtracted")
	return Value{}
}

// Less returns the bit that says whether x < y as signed numbers. This is the condition of a
// jump after a comparison, and so are the two below.
func Less(x, y *term.Word) *term.Word { return term.Greater(y, x).Bits(0, 1) }

// Equal returns the bit that says whether x = y.
func Equal(x, y *term.Word) *term.Word { return term.Equal(x, y).Bits(0, 1) }

// LessOrEqual returns the bit that says whether x <= y as signed numbers.
func LessOrEqual(x, y *term.Word) *term.Word { return term.Or(Equal(x, y), Less(x, y)) }

// LessU returns the bit that says whether x < y as unsigned numbers of 64 bits.
func LessU(x, y *term.Word) *term.Word { return term.Borrow(x, y, x.Space.Const(1, 0)) }

// LessOrEqualU returns the bit that says whether x <= y as unsigned numbers of 64 bits.
func LessOrEqualU(x, y *term.Word) *term.Word { return term.Or(LessU(x, y), Equal(x, y)) }

// addCarryFlag is ADCX or ADOX: a sum with a flag, which changes no other.
func addCarryFlag(f int) func(m *Machine, i *Instruction) {
	return func(m *Machine, i *Instruction) {
		x, y, c := m.number(i.Args[0], 8), m.number(i.Args[1], 8), m.flag(f)
		m.Flags[f] = term.Carry(x, y, c)
		m.set(i.Args[0], Value{Word: term.Adc(x, y, c)})
	}
}

func logical(f func(x, y *term.Word) *term.Word) func(m *Machine, i *Instruction) {
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		r := f(m.number(i.Args[0], n), m.number(i.Args[1], n))
		m.setFlags(r, m.bit(false), m.bit(false))
		m.set(i.Args[0], Value{Word: r})
	}
}

func shift(f func(x *term.Word, k int) *term.Word) func(m *Machine, i *Instruction) {
	return func(m *Machine, i *Instruction) {
		n := i.Args[0].Size
		k := int(m.constant(i.Args[1], n)) & 63
		if n < 8 {
			k &= 31
		}
		if k != 0 {
			m.Flags = [4]*term.Word{}
		}
		m.set(i.Args[0], Value{Word: f(m.number(i.Args[0], n), k)})
	}
}
