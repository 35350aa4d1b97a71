package cosim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/cpu"
)

const (
	encodings  = 8    // of a form, that are executed
	states     = 40   // on which each is executed
	memorySize = 1024 // of an instruction
)

// A state is what an execution begins with, and what it ends with. The assembly knows its
// layout.
type state struct {
	General [16]uint64
	Flags   uint64
	Mask    [8]uint64
	Vector  [32][8]uint64
}

// flagBits has the places of the flags that package machine knows in the processor's.
var flagBits = [4]int{machine.CarryFlag: 0, machine.ZeroFlag: 6, machine.SignFlag: 7, machine.OverflowFlag: 11}

// A comparison compares the processor with package machine.
type comparison struct {
	Report
	random *rand.Rand
	step   func(m *machine.Machine, i *machine.Instruction) error // tests replace it by wrong semantics
}

func newComparison() *comparison {
	return &comparison{
		Report: Report{by: "the processor", mnemonics: map[string]bool{}, forms: map[string]int{}, tried: map[string]int{},
			encodings: map[string]bool{}, apart: map[string]int{}},
		random: rand.New(rand.NewPCG(1, 2)),
		step: func(m *machine.Machine, _ *machine.Instruction) error {
			_, err := m.Step()
			return err
		},
	}
}

// form returns the mnemonic and the kinds of operands of an instruction.
func form(i *machine.Instruction) string {
	s := fmt.Sprint(i.Op, i.Broadcast, i.Masked(), i.Zeroing)
	for _, a := range i.Args {
		s += fmt.Sprint(" ", a.Kind, a.Size)
		if a.Kind == machine.Memory {
			s += fmt.Sprint(min(a.Base, 0), min(a.Index, 0), a.Base == machine.StackPointer)
		}
	}
	return s
}

// instructions compares the instructions of a kernel.
func (c *comparison) instructions(k *kernel, p *processor) error {
	if !slices.Contains(cpu.Sets(), k.needs) {
		c.apart["instructions of kernels that need "+k.needs+", which this machine has not"]++
		return nil
	}
	m := machine.New(term.NewSpace(), k.code)
	for _, i := range k.code.Listing() {
		f := form(i)
		switch {
		case c.encodings[string(i.Bytes)] || c.forms[f] == encodings:
			continue
		case i.Op == "JMP" || i.Op == "CALL" || i.Op == "RET":
			c.apart[strings.ToLower(i.Op)+": only in calls of kernels"]++
			continue
		case strings.Contains(i.String(), "[fs"):
			c.apart["the address of the goroutine, in thread-local storage"]++
			continue
		}
		c.forms[f]++
		c.encodings[string(i.Bytes)] = true
		compare := c.instruction
		if i.Op[0] == 'J' {
			compare = c.jump
		}
		if err := compare(p, m, i); err != nil {
			return fmt.Errorf("%s: %#x: %v: %w", k.name, i.Address, i, err)
		}
	}
	return nil
}

// instruction compares an instruction on many states.
func (c *comparison) instruction(p *processor, m *machine.Machine, i *machine.Instruction) error {
	place, before := p.load(i.Address, i.Bytes)
	defer copy(place, before)
	m.Space = term.NewSpace()
	var bytes [256]*term.Word
	for x := range bytes {
		bytes[x] = m.Space.Const(8, uint64(x))
	}
	for n := range states {
		s, memory := c.state(n, i), machine.NewRegion("memory", memorySize, true)
		start := address(p.memory)
		pointers := map[int]uint64{machine.StackPointer: 64} // below what is accessed otherwise
		for _, a := range i.Args {
			if a.Kind != machine.Memory {
				continue
			}
			if a.Base >= 0 {
				pointers[a.Base] = uint64(256 + c.random.Int64N(64) - a.Disp)
			}
			if a.Index >= 0 {
				s.General[a.Index] = c.random.Uint64N(32)
			}
		}
		for r, x := range s.General {
			m.General[r] = machine.Value{Word: m.Space.Const(64, x)}
			if off, ok := pointers[r]; ok {
				m.General[r] = machine.Pointer(m.Space, memory, int(off))
				s.General[r] = start + off
			}
		}
		for off := 0; off < memorySize; off += 8 {
			binary.LittleEndian.PutUint64(p.memory[off:], c.word(n))
		}
		for off := range memory.Data {
			memory.Data[off] = bytes[p.memory[off]]
		}
		m.Stack, m.PC = memory, i.Address
		give(m, s)
		if err := c.step(m, i); err != nil {
			for errors.Unwrap(err) != nil {
				err = errors.Unwrap(err)
			}
			c.apart[fmt.Sprintf("%s: %v", strings.ToLower(i.Op), err)]++
			continue
		}
		p.run(i.Address, s)
		if err := agree(p, m, s, memory); err != nil {
			return err
		}
		c.Executions++
		c.mnemonics[i.Op] = true
		c.tried[form(i)]++
	}
	return nil
}

// give sets the flags, masks and vectors of a machine.
func give(m *machine.Machine, s *state) {
	for f, bit := range flagBits {
		m.Flags[f] = m.Space.Const(1, s.Flags>>bit)
	}
	for r, x := range s.Mask {
		m.Mask[r] = m.Space.Const(64, x)
	}
	for r := range s.Vector {
		for j, x := range s.Vector[r] {
			m.Vector[r][j] = m.Space.Const(64, x)
		}
	}
}

// agree compares the state of the processor and its memory with the machine's.
func agree(p *processor, m *machine.Machine, s *state, memory *machine.Region) error {
	var err error
	check := func(what string, place int, w *term.Word, x uint64) {
		if k, ok := w.Const(); err == nil && (!ok || k != x) {
			err = fmt.Errorf("%s %d is %#x on the processor, not %v", what, place, x, w)
		}
	}
	for r, v := range m.General[:len(s.General)] {
		x := s.General[r]
		switch v.Region {
		case nil:
		case memory:
			x -= address(p.memory)
		default: // the constants
			at, _ := p.program.Constants()
			x -= at + p.moved
		}
		check("general register", r, v.Word, x)
	}
	for f, bit := range flagBits {
		if m.Flags[f] != nil {
			check("flag", f, m.Flags[f], s.Flags>>bit&1)
		}
	}
	registers, words := 16, 4
	if cpu.AVX512 {
		registers, words = 32, 8
		for r, x := range s.Mask {
			check("mask register", r, m.Mask[r], x)
		}
	}
	for r := range registers {
		for j := range words {
			check("vector register", r, m.Vector[r][j], s.Vector[r][j])
		}
	}
	for off, b := range memory.Data {
		if b == nil {
			return fmt.Errorf("byte %d of memory has no value", off)
		}
		check("byte of memory", off, b, uint64(p.memory[off]))
	}
	return err
}

// jump compares a conditional jump. The processor does not jump, but SETcc, whose last four
// bits of the opcode are the same, tells the condition.
func (c *comparison) jump(p *processor, m *machine.Machine, i *machine.Instruction) error {
	opcode := i.Bytes[0]
	if opcode == 0x0f {
		opcode = i.Bytes[1]
	}
	place, before := p.load(i.Address, []byte{0x0f, 0x90 | opcode&15, 0xc0}) // setcc al
	defer copy(place, before)
	for flags := range uint64(16) {
		s := c.state(0, i)
		s.General[machine.StackPointer] = address(p.memory) + memorySize/2
		s.Flags = 2
		for f, bit := range flagBits {
			s.Flags |= flags >> f & 1 << bit
		}
		give(m, s)
		m.PC = i.Address
		if err := c.step(m, i); err != nil {
			return err
		}
		p.run(i.Address, s)
		if taken := s.General[0]&1 == 1; taken != (m.PC == i.Args[0].Imm) {
			return fmt.Errorf("with flags %#x, the processor jumps: %v", s.Flags, taken)
		}
		c.Executions++
		c.mnemonics[i.Op] = true
		c.tried[form(i)]++
	}
	return nil
}

// state returns a state for an instruction, without pointers. The vector registers that it
// does not name have a number that tells which they are, to save time, and all others are
// random. n is the number of the state.
func (c *comparison) state(n int, i *machine.Instruction) *state {
	s := &state{Flags: 2}
	for r := range s.General {
		s.General[r] = c.word(n)
	}
	for _, bit := range flagBits {
		s.Flags |= c.random.Uint64N(2) << bit
	}
	for r := range s.Mask {
		s.Mask[r] = c.word(n)
	}
	for r := range s.Vector {
		for j := range s.Vector[r] {
			s.Vector[r][j] = uint64(r<<8 | j)
		}
	}
	equal := c.random.IntN(4) == 0 // all operands
	var v [8]uint64
	for k, a := range i.Args {
		if a.Kind != machine.Vector {
			continue
		}
		if k == 0 || !equal {
			for j := range v {
				v[j] = c.word(n)
			}
		}
		s.Vector[a.Reg] = v
	}
	return s
}

// edges are numbers at which operations change what they do. Lanes have their lowest bits.
var edges = []uint64{0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x8001, 0xffff, 3328, 3329, 0x7fffffff, 1 << 31, 1<<32 - 1,
	1 << 51, 1<<51 - 1, 1<<52 - 1, 1 << 52, 1<<63 - 1, 1 << 63, 1<<64 - 1}

// word returns a word whose lanes of some width are random, edges or small. In state 0,
// all words are 0. In one of four states, all bytes are small, because not all instructions
// have semantics for large numbers.
func (c *comparison) word(n int) (w uint64) {
	switch {
	case n%4 == 3:
		return c.random.Uint64() & 0x1f1f1f1f1f1f1f1f
	case n == 0:
		return 0
	}
	width := 8 << c.random.IntN(4)
	for at := 0; at < 64; at += width {
		x := c.random.Uint64()
		switch c.random.IntN(3) {
		case 0:
			x = edges[x%uint64(len(edges))]
		case 1:
			x %= 80
		}
		w |= x & term.Ones(width) << at
	}
	return w
}
