package machine

import (
	"errors"
	"fmt"

	"hybridkem/assurance/prove/term"
)

// A Machine executes a kernel. Counters and offsets have to be numbers, and data may be any
// terms. A jump that is not decided stops it, and so does an address that is not at a constant
// distance from an argument. So one execution shows what all executions do, whatever the data
// and the addresses of the arguments.
type Machine struct {
	Space   *term.Space
	Kernel  *Kernel
	PC      uint64
	General [32]Value         // amd64 has 16
	Vector  [32][8]*term.Word // arm64's have two words
	Mask    [8]*term.Word     // of amd64
	Flags   [4]*term.Word     // bits; nil: not known
	Stack   *Region
	Known   map[*term.Word]bool // conditions that hold, or do not, in the case that is executed
	Steps   int                 // how many instructions were executed

	// StackAddress is the address of Stack modulo 64. A kernel may align its frame, so it has to
	// be executed with all multiples of 8, or with AnyAddress. Then Frame is what it aligns.
	StackAddress int
	Aligned      bool // StackAddress mattered
	Frame        *Region
	frameAt      [2]int // Frame is somewhere between these offsets of Stack

	unknown           map[*term.Word]bool // what Join has put into one place each, since the last step
	readOnly          bool                // nothing may be written
	opaque            bool                // vectors hold nothing that is known
	fresh             int                 // how many words of unknown data were made
	record            bool                // the record of the frame is stored, which may be below the stack pointer
	wide              bool                // if opaque: wide registers were used, and no VZEROUPPER came after
	constants, thread *Region             // thread holds the goroutine's address, on amd64 8 bytes below FS
	returnAt          int                 // the offset in Stack of a word of the caller: on amd64, the return address
	saved             [3]Value            // the registers in arch.kept, which the kernel must restore
	regions           []*Region           // all memory
}

// AnyAddress is for all multiples of 8.
const AnyAddress = -1

// The flags.
const (
	CarryFlag = iota
	ZeroFlag
	SignFlag
	OverflowFlag
)

// An architecture is what this package needs to know of one.
type architecture struct {
	decode     func(k *Kernel) error
	execute    func(m *Machine, i *Instruction)
	returns    func(m *Machine, i *Instruction) bool
	kept       []int                               // registers that a kernel must restore; the first is the stack pointer
	enter      func(m *Machine, goroutine *Region) // sets registers to what they are on entry
	objdump    []string                            // the program that decodes too, and its arguments
	belowStack uint64                              // bytes below the stack pointer that may be used
}

// keptNames has the names of registers that a kernel must restore, in the order of kept.
var keptNames = [3]string{"it returns with another stack pointer", "it does not restore the frame pointer",
	"it returns with another return address"}

// frame is the room for a kernel's frame, below its return address.
const frame = 8 << 10

// New returns a machine on which the kernel was called with these arguments, by ABI0: all are
// on the stack, and all registers are unknown. A result is an argument that the kernel writes.
func New(s *term.Space, k *Kernel, args ...Value) *Machine {
	m := &Machine{Space: s, Kernel: k, PC: k.entry, returnAt: frame}
	m.constants = NewRegion("the constants", len(k.constants.bytes), false)
	for i := range m.General {
		m.General[i].Word = s.Var(fmt.Sprint("general register ", i), 64)
	}
	for i := range m.Vector {
		for j := range m.Vector[i] {
			m.Vector[i][j] = s.Var(fmt.Sprintf("vector register %d.%d", i, j), 64)
		}
	}
	for i := range m.Mask {
		m.Mask[i] = s.Var(fmt.Sprint("mask register ", i), 64)
	}
	m.Stack = NewRegion("the stack", frame+8+8*len(args), true)
	for off := 0; off < frame+8; off += 8 {
		m.Stack.Set(off, s.Var(fmt.Sprint("stack", off), 64))
	}
	for i, a := range args {
		m.put(m.Stack, frame+8+8*i, a)
	}
	m.General[k.arch.kept[0]] = Pointer(s, m.Stack, frame)
	// The runtime grows the stack before the kernel goes on, so there is room.
	goroutine := NewRegion("the goroutine", 24, false)
	goroutine.pointers[16] = Pointer(s, m.Stack, 0)
	m.thread = NewRegion("the thread", 8, false)
	k.arch.enter(m, goroutine)
	for i, r := range k.arch.kept {
		m.saved[i] = m.General[r]
	}
	m.regions = []*Region{m.Stack, m.thread, goroutine, m.constants}
	for _, a := range args {
		if a.Region != nil {
			m.regions = append(m.regions, a.Region)
		}
	}
	return m
}

// Name makes variables of n words of constants from an address on, so that terms do not depend
// on the bits of each constant. A variable's name is "constant" and the address in decimal.
func (m *Machine) Name(address uint64, n int) {
	for range n {
		m.constants.Set(int(address-m.Kernel.constants.address), m.Space.Var(fmt.Sprint("constant", address), 64))
		address += 8
	}
}

// Result returns what the kernel left in place of argument i.
func (m *Machine) Result(i int) *term.Word { return m.Stack.Word(frame+8+8*i, 8) }

// put writes a value of up to 64 bits to memory.
func (m *Machine) put(r *Region, off int, v Value) {
	if v.Region == nil {
		r.Set(off, v.Word)
		return
	}
	r.pointers[off] = v
	for i := range 8 {
		r.Data[off+i] = nil
	}
}

// A fault is why an execution stops.
type fault struct{ error }

func (m *Machine) fail(format string, a ...any) { panic(fault{fmt.Errorf(format, a...)}) }

// Run executes the kernel until it returns.
func (m *Machine) Run() error { return m.RunTo(0) }

// RunTo executes the kernel until it comes to an address, or returns.
func (m *Machine) RunTo(stop uint64) error {
	for {
		if done, err := m.Step(); done || err != nil {
			return err
		}
		if m.PC == stop {
			return nil
		}
	}
}

// Step executes an instruction. It reports whether the kernel has returned.
func (m *Machine) Step() (done bool, err error) {
	i, ok := m.Kernel.Code[m.PC]
	if !ok {
		return false, fmt.Errorf("a jump out of the kernel, to %#x", m.PC)
	}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(fault)
			if !ok {
				panic(fmt.Sprintf("%s+%#x: %v: %v", m.Kernel.Name, i.Address-m.Kernel.entry, i, r))
			}
			err = fmt.Errorf("+%#x: %v: %w", i.Address-m.Kernel.entry, i, f.error)
		}
	}()
	if m.Steps++; m.Steps > 5e6 {
		m.fail("it does not end")
	}
	m.PC, m.unknown = i.next(), nil
	if m.Kernel.arch.returns(m, i) {
		return true, m.returned()
	}
	m.Kernel.arch.execute(m, i)
	return false, nil
}

// returned checks that the kernel may return.
func (m *Machine) returned() error {
	for i, r := range m.Kernel.arch.kept {
		if m.General[r] != m.saved[i] {
			return errors.New(keptNames[i])
		}
	}
	for off := m.returnAt; off < m.returnAt+8; off++ {
		if m.Stack.Written[off] {
			return errors.New("it writes over the return address")
		}
	}
	return nil
}

func (m *Machine) plus(a, b Value) Value {
	if a.Region != nil && b.Region != nil {
		m.fail("a sum of pointers")
	}
	if a.Region == nil {
		a.Region = b.Region
	}
	return Value{a.Region, term.Add(a.Word, b.Word)}
}

// address returns the place of n bytes in memory, to which v points. They have to exist.
func (m *Machine) address(v Value, n int) (*Region, int) {
	if v.Region == nil {
		m.fail("the address %v is not that of an argument", v.Word)
	}
	origin := v.Region.Origin
	if origin == nil {
		origin = m.Space.Const(64, 0)
	}
	c, ok := term.Difference(v.Word, origin)
	if !ok {
		m.fail("the offset %v in %s is not constant", v.Word, v.Region.Name)
	}
	off := int64(c)
	if off < 0 || off+int64(n) > int64(len(v.Region.Data)) {
		m.fail("bytes %d to %d of %s, which has %d", off, off+int64(n), v.Region.Name, len(v.Region.Data))
	}
	if v.Region == m.Stack {
		if int(off) < m.frameAt[1] && int(off)+n > m.frameAt[0] {
			m.fail("bytes of the stack that belong to the frame")
		}
		sp, ok := m.General[m.Kernel.arch.kept[0]].Word.Const()
		if !m.record && (!ok || uint64(off)+m.Kernel.arch.belowStack < sp) {
			m.fail("bytes below the stack pointer")
		}
	}
	return v.Region, int(off)
}

// loadAt reads n bytes, to which v points, as words of at most 64 bits.
func (m *Machine) loadAt(v Value, n int) []*term.Word {
	r, off := m.address(v, n)
	for at := off; at < off+n; at++ {
		if _, ok := r.pointers[at&^7]; ok {
			m.fail("a pointer is read as data")
		}
		if r == m.constants {
			m.Kernel.usedConstant[at] = true
			if r.Data[at] == nil {
				r.Data[at] = m.Space.Const(8, uint64(m.Kernel.constants.bytes[at]))
			}
		}
		if r.Data[at] == nil {
			m.fail("byte %d of %s is read before anybody has written it", at, r.Name)
		}
		r.Read[at] = true
	}
	var out []*term.Word
	for at := off; at < off+n; at += 8 {
		out = append(out, r.Word(at, min(8, off+n-at)))
	}
	return out
}

// storeAt writes words to memory, to which v points.
func (m *Machine) storeAt(v Value, ws []*term.Word) {
	n := 0
	for _, w := range ws {
		n += w.Width / 8
	}
	r, off := m.address(v, n)
	if !r.Writable || m.readOnly {
		m.fail("%s is written", r.Name)
	}
	for _, w := range ws {
		r.Set(off, w)
		for range w.Width / 8 {
			r.Written[off] = true
			off++
		}
	}
}

// valueAt reads a number of n bytes or a pointer from memory, to which v points.
func (m *Machine) valueAt(v Value, n int) Value {
	if r, off := m.address(v, n); n == 8 {
		if p, ok := r.pointers[off]; ok {
			return p
		}
	}
	return Value{Word: m.loadAt(v, n)[0]}
}

// setAt writes a value to memory, to which at points.
func (m *Machine) setAt(at, v Value) {
	if v.Region == nil {
		m.storeAt(at, []*term.Word{v.Word})
		return
	}
	r, off := m.address(at, 8)
	if r != m.Stack || off%8 != 0 || m.readOnly {
		m.fail("a pointer is stored in %s", r.Name)
	}
	m.put(r, off, v)
	for i := range 8 {
		r.Written[off+i] = true
	}
}
