package machine

import (
	endian "encoding/binary"
	"fmt"
	"slices"
	"strings"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/prove/term"
)

// This file has arm64: the calling convention, and the semantics of the instructions on general
// registers and of those that access memory. What is not here is refused.

// Registers with a purpose.
const (
	platformRegister  = 18
	goroutineRegister = 28
	frameRegister     = 29
	linkRegister      = 30
)

var arm64 = &architecture{
	decode:  (*Kernel).decodeA64,
	execute: func(m *Machine, i *Instruction) { m.executeA64(i.A64) },
	returns: func(m *Machine, i *Instruction) bool {
		return i.Op == "ret" && i.A64.Args[0].Reg == linkRegister
	},
	kept:    []int{a64.SP, frameRegister, linkRegister},
	objdump: []string{"aarch64-linux-gnu-objdump", "-D", "-z", "-b", "binary", "-m", "aarch64"},
	enter: func(m *Machine, goroutine *Region) {
		m.General[goroutineRegister] = Pointer(m.Space, goroutine, 0)
		m.General[frameRegister] = Pointer(m.Space, m.Stack, frame-8)
	},
	belowStack: 8, // Go has the frame pointer there
}

// decodeA64 decodes all instructions that can be reached. What cannot may be constants.
func (k *Kernel) decodeA64() error {
	k.Code = map[uint64]*Instruction{}
	queue := []uint64{k.entry}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		off := at - k.entry
		if off >= uint64(len(k.bytes)) || k.Code[at] != nil {
			continue // a jump out of the kernel is an error only if it is taken
		}
		d, err := a64.Decode(endian.LittleEndian.Uint32(k.bytes[off:]), at)
		if err != nil {
			return fmt.Errorf("%s+%#x: %w", k.Name, off, err)
		}
		i := &Instruction{Address: at, Bytes: k.bytes[off:][:4:4], Op: d.Op, A64: d}
		if before := k.Code[at-4]; before != nil && before.Op == "adrp" {
			i.placed = d.Op == "add" && d.Args[1].Reg == before.A64.Args[0].Reg && d.Args[2].Kind == a64.Immediate
		}
		k.Code[at] = i
		for _, o := range d.Args {
			if o.Kind == a64.Label && isJump(d.Op) {
				queue = append(queue, o.Imm)
			}
		}
		if d.Op != "b" && d.Op != "ret" && d.Op != "br" {
			queue = append(queue, at+4)
		}
	}
	return nil
}

func isJump(op string) bool {
	return op == "b" || strings.HasPrefix(op, "b.") || slices.Contains([]string{"cbz", "cbnz", "tbz", "tbnz"}, op)
}

// unplacedA64 is unplaced: an address of constants is made by ADRP and the ADD behind it.
func (i *Instruction) unplacedA64() []byte {
	w := i.A64.Word
	switch {
	case i.Op == "adrp":
		w &^= 3<<29 | (1<<19-1)<<5
	case i.placed:
		w &^= (1<<12 - 1) << 10
	}
	return endian.LittleEndian.AppendUint32(nil, w)
}

// literal returns a constant of n bytes among the code.
func (m *Machine) literal(address uint64, n int) []*term.Word {
	k := m.Kernel
	off := int(address - k.entry)
	for at := off &^ 3; at < off+n; at += 4 {
		if off < 0 || at+4 > len(k.bytes) || k.Code[k.entry+uint64(at)] != nil {
			m.fail("%#x is no place of constants", address)
		}
	}
	k.usedLiteral = true
	var ws []*term.Word
	for ; n > 0; n -= 8 {
		w := m.Space.Const(8*min(n, 8), 0)
		for j, b := range k.bytes[off:][:w.Width/8] {
			c, _ := w.Const()
			w = m.Space.Const(w.Width, c|uint64(b)<<(8*j))
		}
		ws = append(ws, w)
		off += 8
	}
	return ws
}

// executeA64 does one instruction.
func (m *Machine) executeA64(i *a64.Instruction) {
	onVectors := slices.ContainsFunc(i.Args, func(o a64.Operand) bool { return o.Kind == a64.Vector })
	if f, ok := a64Memory[i.Op]; ok {
		f(m, i)
		return
	}
	if onVectors {
		f, ok := a64Vector[i.Op]
		switch {
		case !ok:
			m.fail("there are no semantics")
		case !m.opaque:
			f(m, i)
		case i.Args[0].Kind == a64.General: // what a vector register holds, nobody asks
			m.setGeneral(i.Args[0], Value{Word: m.data(1)[0].Bits(0, i.Args[0].Bits)})
		}
		return
	}
	if f, ok := a64General[i.Op]; ok {
		f(m, i)
		return
	}
	if cc, ok := strings.CutPrefix(i.Op, "b."); ok {
		m.jump(m.holds(cc), i.Args[0])
		return
	}
	m.fail("there are no semantics")
}

// general returns the value of a general register or an immediate.
func (m *Machine) general(o a64.Operand, width int) Value {
	if o.Kind == a64.Immediate {
		return Value{Word: m.Space.Const(width, o.Imm<<o.By)}
	}
	if o.Reg == a64.ZR {
		return Value{Word: m.Space.Const(width, 0)}
	}
	v := m.General[o.Reg]
	if v.Region != nil {
		if o.Bits < 64 || o.By != 0 {
			m.fail("a part of a pointer")
		}
		return v
	}
	w := v.Word.Bits(0, o.Bits)
	switch o.Shift {
	case "lsl":
		w = term.Shl(w, o.By)
	case "lsr":
		w = term.Shr(w, o.By)
	case "asr":
		w = term.Sar(w, o.By)
	case "ror":
		w = term.Rotl(w, -o.By)
	case "":
	default: // an extension
		from := min(8<<strings.IndexByte("bhwx", o.Shift[3]), width)
		if w = v.Word.Bits(0, from); o.Shift[0] == 'u' {
			w = term.ZeroExtend(w, width)
		} else {
			w = term.SignExtend(w, width)
		}
		w = term.Shl(w, o.By)
	}
	return Value{Word: w}
}

// word is general for what may not be a pointer.
func (m *Machine) word(o a64.Operand, width int) *term.Word {
	v := m.general(o, width)
	if v.Region != nil {
		m.fail("arithmetic with a pointer")
	}
	return v.Word
}

// setGeneral writes to a general register.
func (m *Machine) setGeneral(o a64.Operand, v Value) {
	if v.Region == nil {
		v.Word = term.ZeroExtend(v.Word, 64)
	}
	switch o.Reg {
	case a64.ZR:
		return
	case a64.SP:
		// The processor refuses a stack pointer that is no multiple of 16.
		if at, ok := v.Word.Const(); v.Region != m.Stack || !ok || at%16 != 0 {
			m.fail("the stack pointer is lost")
		}
	case platformRegister, goroutineRegister:
		m.fail("register %d is written, which belongs to others", o.Reg)
	case frameRegister:
		if v.Region != m.Stack {
			m.fail("the frame pointer is lost")
		}
	case linkRegister:
		if v != m.saved[2] {
			m.fail("the return address is lost")
		}
	}
	m.General[o.Reg] = v
}

// jump jumps to a label if a condition holds.
func (m *Machine) jump(c *term.Word, to a64.Operand) {
	taken, ok := c.Const()
	if !ok {
		m.fail("a jump depends on %v", c)
	}
	if taken == 1 {
		m.PC = to.Imm
	}
}

// holds returns the bit that says whether a condition holds. The carry of a difference says that
// nothing was borrowed.
func (m *Machine) holds(cc string) *term.Word {
	if same := map[string]string{"eq": "E", "ne": "NE", "lt": "L", "ge": "GE", "le": "LE", "gt": "G"}[cc]; same != "" {
		return m.condition(same)
	}
	var c *term.Word
	switch cc {
	case "cs":
		c = m.flag(CarryFlag)
	case "mi":
		c = m.flag(SignFlag)
	case "vs":
		c = m.flag(OverflowFlag)
	case "ls":
		c = term.Or(term.Not(m.flag(CarryFlag)), m.flag(ZeroFlag))
	default:
		opposite := map[string]string{"cc": "cs", "pl": "mi", "vc": "vs", "hi": "ls"}[cc]
		if opposite == "" {
			m.fail("there are no semantics for condition %s", cc)
		}
		return term.Not(m.holds(opposite))
	}
	if holds, ok := m.Known[c]; ok {
		return m.bit(holds)
	}
	return c
}

// notBorrowed makes the carry what it is after a difference.
func (m *Machine) notBorrowed() {
	if c := m.Flags[CarryFlag]; c != nil {
		m.Flags[CarryFlag] = term.Not(c)
	}
}

type a64Semantics = func(m *Machine, i *a64.Instruction)

// sums is ADD or ADDS, or SUB or SUBS.
func sums(subtract, flags bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		before := m.Flags
		a, b := m.general(i.Args[1], width), m.general(i.Args[2], width)
		var v Value
		switch {
		case subtract:
			v = m.minus(a, b)
			m.notBorrowed()
		case a.Region != nil || b.Region != nil:
			m.Flags = [4]*term.Word{}
			v = m.plus(a, b)
		default:
			v = Value{Word: m.sum(a.Word, b.Word, m.bit(false))}
			if m.Flags[SignFlag] == nil { // not constant
				m.Flags[SignFlag] = v.Word.Bits(width-1, 1)
			}
		}
		if !flags {
			m.Flags = before
		}
		m.setGeneral(i.Args[0], v)
	}
}

// carried is ADC or ADCS, or SBC or SBCS.
func carried(subtract, flags bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		before, c := m.Flags, m.flag(CarryFlag)
		a, b := m.word(i.Args[1], width), m.word(i.Args[2], width)
		var w *term.Word
		if subtract {
			w = m.subtract(a, b, term.Not(c))
			m.notBorrowed()
		} else {
			w = m.sum(a, b, c)
		}
		if !flags {
			m.Flags = before
		}
		m.setGeneral(i.Args[0], Value{Word: w})
	}
}

// logicalA64 is a logical operation.
func logicalA64(f func(x, y *term.Word) *term.Word, flags bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		if v := m.general(i.Args[2], width); i.Op == "orr" && i.Args[1].Reg == a64.ZR && v.Region != nil {
			m.setGeneral(i.Args[0], v) // a move of a pointer
			return
		}
		w := f(m.word(i.Args[1], width), m.word(i.Args[2], width))
		if flags {
			m.setFlags(w, m.bit(false), m.bit(false))
			m.Flags[ZeroFlag], m.Flags[SignFlag] = term.IsZero(w), w.Bits(width-1, 1)
		}
		m.setGeneral(i.Args[0], Value{Word: w})
	}
}

// inverted returns a function of x and ¬y.
func inverted(f func(x, y *term.Word) *term.Word) func(x, y *term.Word) *term.Word {
	return func(x, y *term.Word) *term.Word { return f(x, term.Not(y)) }
}

// moved is a move of an immediate.
func moved(f func(m *Machine, i *a64.Instruction, imm *term.Word) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		imm := m.Space.Const(i.Args[0].Bits, i.Args[1].Imm<<i.Args[1].By)
		m.setGeneral(i.Args[0], Value{Word: f(m, i, imm)})
	}
}

// bitField is SBFM or UBFM: with the count r and the last bit s, bits r to s come down, or bits 0
// to s go up by width - r. The rest is what extend makes of them.
func bitField(extend func(x *term.Word, w int) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width, r, s := i.Args[0].Bits, int(i.Args[2].Imm), int(i.Args[3].Imm)
		x := m.word(i.Args[1], width)
		if s >= r {
			x = extend(x.Bits(r, s-r+1), width)
		} else {
			x = extend(term.Cat(m.Space.Const(width-r, 0), x.Bits(0, s+1)), width)
		}
		m.setGeneral(i.Args[0], Value{Word: x})
	}
}

// chosen is CSEL, or one of its relatives, which do f to the second number.
func chosen(f func(x *term.Word) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		c := m.holds(a64.ConditionName(i.Args[3].Imm))
		if _, ok := c.Const(); ok && i.Op == "csel" { // the number may be a pointer
			from := i.Args[1]
			if c.Is(0) {
				from = i.Args[2]
			}
			m.setGeneral(i.Args[0], m.general(from, width))
			return
		}
		x, y := m.word(i.Args[1], width), f(m.word(i.Args[2], width))
		w := term.Ite(c, x, y)
		switch {
		case x.Is(0) && y.Is(1):
			w = term.ZeroExtend(term.Not(c), width)
		case x.Is(0) && y.Is(^uint64(0)):
			w = term.Spread(term.Not(c), width)
		}
		m.setGeneral(i.Args[0], Value{Word: w})
	}
}

// compared is CCMN or CCMP: flags of a sum or a difference if a condition holds, else given ones.
func comparedIf(subtract bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		c := m.holds(a64.ConditionName(i.Args[3].Imm))
		i2 := *i
		zero := i.Args[0]
		zero.Reg = a64.ZR
		i2.Args = []a64.Operand{zero, i.Args[0], i.Args[1]}
		sums(subtract, true)(m, &i2)
		for f, bit := range map[int]int{SignFlag: 3, ZeroFlag: 2, CarryFlag: 1, OverflowFlag: 0} {
			given := m.Space.Const(1, i.Args[2].Imm>>bit)
			if m.Flags[f] != nil {
				m.Flags[f] = term.Ite(c, m.Flags[f], given)
			} else if c.Is(0) {
				m.Flags[f] = given
			}
		}
	}
}

// productSum is a product and a sum of 64 bits, or 32, of factors extended to that.
func productSum(extend func(x *term.Word, w int) *term.Word, sum func(x, y *term.Word) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		x, y := extend(m.word(i.Args[1], i.Args[1].Bits), width), extend(m.word(i.Args[2], i.Args[2].Bits), width)
		if v := m.general(i.Args[3], width); v.Region != nil && i.Op == "madd" {
			m.setGeneral(i.Args[0], m.plus(v, Value{Word: term.Mul(x, y)}))
			return
		}
		m.setGeneral(i.Args[0], Value{Word: sum(m.word(i.Args[3], width), term.Mul(x, y))})
	}
}

// shiftedBy is a shift by a register.
func shiftedBy(f func(x *term.Word, k int) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		width := i.Args[0].Bits
		k, ok := m.word(i.Args[2], width).Const()
		if !ok {
			m.fail("%v, which chooses bits, is not constant", i.Args[2])
		}
		m.setGeneral(i.Args[0], Value{Word: f(m.word(i.Args[1], width), int(k%uint64(width)))})
	}
}

// jumpIfZero is CBZ or CBNZ.
func jumpIfZero(zero bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		w := m.word(i.Args[0], i.Args[0].Bits)
		c := Equal(w, m.Space.Const(w.Width, 0))
		if known, ok := m.Known[c]; ok {
			c = m.bit(known)
		}
		if !zero {
			c = term.Not(c)
		}
		m.jump(c, i.Args[1])
	}
}

// jumpIfBit is TBZ or TBNZ.
func jumpIfBit(one bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		c := m.word(i.Args[0], i.Args[0].Bits).Bits(int(i.Args[1].Imm), 1)
		if !one {
			c = term.Not(c)
		}
		m.jump(c, i.Args[2])
	}
}

func same(x *term.Word) *term.Word { return x }

// reversed reverses the order of bytes in each group of n.
func reversed(n int) func(x *term.Word) *term.Word {
	return func(x *term.Word) *term.Word {
		bs := slices.Clone(x.Split(8))
		for at := 0; at < len(bs); at += n {
			slices.Reverse(bs[at:min(at+n, len(bs))])
		}
		return term.Cat(bs...)
	}
}

func unaryGeneral(f func(x *term.Word) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		m.setGeneral(i.Args[0], Value{Word: f(m.word(i.Args[1], i.Args[0].Bits))})
	}
}

var a64General = map[string]a64Semantics{
	"nop": func(*Machine, *a64.Instruction) {},
	"b":   func(m *Machine, i *a64.Instruction) { m.PC = i.Args[0].Imm },
	"cbz": jumpIfZero(true), "cbnz": jumpIfZero(false), "tbz": jumpIfBit(false), "tbnz": jumpIfBit(true),
	"adr": func(m *Machine, i *a64.Instruction) {
		at := m.Space.Const(64, i.Args[1].Imm-m.Kernel.constants.address)
		m.setGeneral(i.Args[0], Value{m.constants, at})
	},
	"add": sums(false, false), "adds": sums(false, true), "sub": sums(true, false), "subs": sums(true, true),
	"adc": carried(false, false), "adcs": carried(false, true), "sbc": carried(true, false), "sbcs": carried(true, true),
	"and": logicalA64(term.And, false), "ands": logicalA64(term.And, true), "bic": logicalA64(inverted(term.And), false),
	"bics": logicalA64(inverted(term.And), true), "orr": logicalA64(term.Or, false), "orn": logicalA64(inverted(term.Or), false),
	"eor": logicalA64(term.Xor, false), "eon": logicalA64(inverted(term.Xor), false),
	"movz": moved(func(_ *Machine, _ *a64.Instruction, imm *term.Word) *term.Word { return imm }),
	"movn": moved(func(_ *Machine, _ *a64.Instruction, imm *term.Word) *term.Word { return term.Not(imm) }),
	"movk": moved(func(m *Machine, i *a64.Instruction, imm *term.Word) *term.Word {
		x, at := m.word(i.Args[0], i.Args[0].Bits), i.Args[1].By
		return term.Or(term.And(x, m.Space.Const(x.Width, ^(0xffff<<at))), imm)
	}),
	"ubfm": bitField(term.ZeroExtend), "sbfm": bitField(term.SignExtend),
	"bfm": func(m *Machine, i *a64.Instruction) {
		width, r, s := i.Args[0].Bits, int(i.Args[2].Imm), int(i.Args[3].Imm)
		d, x := m.word(i.Args[0], width), m.word(i.Args[1], width)
		to, n := (width-r)%width, s+1
		if s >= r {
			to, n, x = 0, s-r+1, term.Shr(x, r)
		}
		var parts []*term.Word
		if to > 0 {
			parts = append(parts, d.Bits(0, to))
		}
		if parts = append(parts, x.Bits(0, n)); to+n < width {
			parts = append(parts, d.Bits(to+n, width-to-n))
		}
		m.setGeneral(i.Args[0], Value{Word: term.Cat(parts...)})
	},
	"extr": func(m *Machine, i *a64.Instruction) {
		width, k := i.Args[0].Bits, int(i.Args[3].Imm)
		high, low := m.word(i.Args[1], width), m.word(i.Args[2], width)
		if k > 0 {
			low = term.Cat(low.Bits(k, width-k), high.Bits(0, k))
		}
		m.setGeneral(i.Args[0], Value{Word: low})
	},
	"lsl": shiftedBy(term.Shl), "lsr": shiftedBy(term.Shr), "asr": shiftedBy(term.Sar),
	"ror": shiftedBy(func(x *term.Word, k int) *term.Word { return term.Rotl(x, -k) }),
	"rev": unaryGeneral(reversed(8)), "rev32": unaryGeneral(reversed(4)), "rev16": unaryGeneral(reversed(2)),
	"madd": productSum(term.ZeroExtend, term.Add), "msub": productSum(term.ZeroExtend, term.Sub),
	"umaddl": productSum(term.ZeroExtend, term.Add), "umsubl": productSum(term.ZeroExtend, term.Sub),
	"smaddl": productSum(term.SignExtend, term.Add), "smsubl": productSum(term.SignExtend, term.Sub),
	"umulh": func(m *Machine, i *a64.Instruction) {
		m.setGeneral(i.Args[0], Value{Word: term.MulHighU(m.word(i.Args[1], 64), m.word(i.Args[2], 64))})
	},
	"csel":  chosen(same),
	"csinc": chosen(func(x *term.Word) *term.Word { return term.Add(x, x.Space.Const(x.Width, 1)) }),
	"csinv": chosen(term.Not),
	"csneg": chosen(func(x *term.Word) *term.Word { return term.Sub(x.Space.Const(x.Width, 0), x) }),
	"ccmp":  comparedIf(true), "ccmn": comparedIf(false),
}

func init() { a64General["adrp"] = a64General["adr"] }

// place returns the address that an operand means, and changes the base if it does.
func (m *Machine) place(o a64.Operand) (at Value, after func()) {
	base := m.General[o.Reg]
	to := base
	if o.Other >= 0 {
		by := a64.Operand{Kind: a64.General, Reg: o.Other, Bits: o.Bits, Shift: o.Shift, By: max(o.By, 0)}
		x := m.general(by, 64)
		if x.Region == nil {
			x.Word = term.ZeroExtend(x.Word, 64)
		}
		to = m.plus(base, x)
	} else if o.Disp != 0 {
		to = m.plus(base, Value{Word: m.Space.Const(64, uint64(o.Disp))})
	}
	change := func() { m.setGeneral(a64.Operand{Reg: o.Reg}, to) }
	switch o.Mode {
	case a64.Offset:
		return to, func() {}
	case a64.Pre:
		change() // the stack pointer goes down before something is stored there
		return to, func() {}
	}
	return base, change
}

// accessed returns what an instruction accesses: its registers, and where each begins. The address
// comes last among the operands.
func (m *Machine) accessed(i *a64.Instruction) (registers []a64.Operand, at []Value, after func()) {
	last := len(i.Args) - 1
	start, after := m.place(i.Args[last])
	for _, o := range i.Args[:last] {
		registers, at = append(registers, o), append(at, start)
		start = m.plus(start, Value{Word: m.Space.Const(64, uint64(o.Bits/8))})
	}
	return registers, at, after
}

// wordsOf returns the first n bits of a vector register as words.
func (m *Machine) wordsOf(r, n int) []*term.Word {
	if m.opaque {
		ws := m.data((n + 63) / 64)
		ws[0] = ws[0].Bits(0, min(n, 64))
		return ws
	}
	if n == 128 {
		return slices.Clone(m.Vector[r][:2])
	}
	return []*term.Word{m.Vector[r][0].Bits(0, n)}
}

// setVector writes words to a vector register. The rest of it becomes 0.
func (m *Machine) setVector(r int, ws []*term.Word) {
	for j := range 2 {
		m.Vector[r][j] = m.Space.Const(64, 0)
		if j < len(ws) {
			m.Vector[r][j] = term.ZeroExtend(ws[j], 64)
		}
	}
}

// loads reads registers. extend makes a register of what is read.
func loads(bytes int, extend func(x *term.Word, w int) *term.Word) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		if i.Args[1].Kind == a64.Label {
			ws := m.literal(i.Args[1].Imm, i.Args[0].Bits/8)
			if i.Args[0].Kind == a64.Vector {
				m.setVector(i.Args[0].Reg, ws)
			} else {
				m.setGeneral(i.Args[0], Value{Word: ws[0]})
			}
			return
		}
		registers, at, after := m.accessed(i)
		set := make([]func(), len(registers))
		for k, o := range registers {
			if o.Kind == a64.Vector {
				ws := m.loadAt(at[k], o.Bits/8)
				set[k] = func() { m.setVector(o.Reg, ws) }
				continue
			}
			n := bytes
			if n == 0 {
				n = o.Bits / 8
			}
			v := m.valueAt(at[k], n)
			if v.Region == nil {
				v.Word = extend(v.Word, o.Bits)
			}
			set[k] = func() { m.setGeneral(o, v) }
		}
		after()
		for _, f := range set {
			f()
		}
	}
}

// stores writes the lowest bytes of registers, or all if bytes is 0.
func stores(bytes int) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		registers, at, after := m.accessed(i)
		// Go stores these before it lowers the stack pointer for a large frame.
		m.record = i.Op == "stp" && registers[0].Reg == frameRegister && registers[1].Reg == linkRegister
		defer func() { m.record = false }()
		for k, o := range registers {
			if o.Kind == a64.Vector {
				m.storeAt(at[k], m.wordsOf(o.Reg, o.Bits))
				continue
			}
			v := m.general(o, o.Bits)
			if bytes > 0 {
				if v.Region != nil {
					m.fail("a part of a pointer")
				}
				v.Word = v.Word.Bits(0, 8*bytes)
			}
			m.setAt(at[k], v)
		}
		after()
	}
}

// structures is LD1 to LD4 or ST1 to ST4: elements of memory alternate between n registers, for one
// row of registers after the other. If the list names one element, only that of each
// register is meant. With repeat, all elements become the one that is read.
func structures(n int, load, repeat bool) a64Semantics {
	return func(m *Machine, i *a64.Instruction) {
		list := i.Args[0]
		at, after := m.place(i.Args[1])
		w := list.Bits
		registers := make([][]*term.Word, list.Count)
		for k := range registers {
			registers[k] = lanes(m.wordsOf((list.Reg+k)%32, 128), w)
		}
		access := func(k, lane int) {
			if load {
				registers[k][lane] = m.loadAt(at, w/8)[0]
			} else {
				m.storeAt(at, []*term.Word{registers[k][lane]})
			}
			at = m.plus(at, Value{Word: m.Space.Const(64, uint64(w/8))})
		}
		used := list.Lanes
		for row := 0; row < list.Count; row += n {
			first, end := 0, list.Lanes
			if list.Index >= 0 {
				first, end, used = list.Index, list.Index+1, 128/w
			} else if repeat {
				end = 1
			}
			for lane := first; lane < end; lane++ {
				for k := range n {
					access(row+k, lane)
				}
			}
		}
		if load {
			for k, ls := range registers {
				if repeat {
					for lane := range ls {
						ls[lane] = ls[0]
					}
				}
				m.setVector((list.Reg+k)%32, words(ls[:used]))
			}
		}
		after()
	}
}

// a64Memory has the instructions that access memory.
var a64Memory = map[string]a64Semantics{
	"ldr": loads(0, term.ZeroExtend), "ldur": loads(0, term.ZeroExtend), "ldp": loads(0, term.ZeroExtend),
	"ldrb": loads(1, term.ZeroExtend), "ldurb": loads(1, term.ZeroExtend),
	"ldrh": loads(2, term.ZeroExtend), "ldurh": loads(2, term.ZeroExtend),
	"ldrsb": loads(1, term.SignExtend), "ldursb": loads(1, term.SignExtend),
	"ldrsh": loads(2, term.SignExtend), "ldursh": loads(2, term.SignExtend),
	"ldrsw": loads(4, term.SignExtend), "ldursw": loads(4, term.SignExtend),
	"str": stores(0), "stur": stores(0), "stp": stores(0),
	"strb": stores(1), "sturb": stores(1), "strh": stores(2), "sturh": stores(2),
	"ld1": structures(1, true, false), "ld2": structures(2, true, false), "ld3": structures(3, true, false), "ld4": structures(4, true, false),
	"st1": structures(1, false, false), "st2": structures(2, false, false), "st3": structures(3, false, false), "st4": structures(4, false, false),
	"ld1r": structures(1, true, true), "ld2r": structures(2, true, true), "ld3r": structures(3, true, true), "ld4r": structures(4, true, true),
}

// CodeA64 returns a kernel of arm64 with these words at an address, and without constants.
func CodeA64(address uint64, words ...uint32) (*Kernel, error) {
	k := &Kernel{Name: "words", arch: arm64, entry: address, usedConstant: map[int]bool{}}
	for _, w := range words {
		k.bytes = endian.LittleEndian.AppendUint32(k.bytes, w)
	}
	return k, k.arch.decode(k)
}
