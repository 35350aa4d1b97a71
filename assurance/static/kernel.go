package main

import (
	"encoding/binary"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/internal/compiler"
)

// The analysis of the kernels of arm64 decodes their machine code and follows all paths, without
// knowing values. The arguments are public: they are pointers, lengths and counters. All that is
// loaded from elsewhere is data, and so are vector registers. No address and no jump may depend
// on data.
//
// A public number that is stored in the frame, at a known place, is still public when it is loaded
// again. The analysis assumes that arguments do not point into the frame.

// A kernel is a kernel that is being followed.
type kernel struct {
	*report
	name     string
	code     []byte
	states   map[int]state // what holds before the instruction at an offset, on every path
	todo     []int         // the offsets of instructions that have to be followed again
	literals map[int]bool  // the offsets of words that are loaded as constants
	reported map[string]bool
}

// A value is what is known about a general register.
type value struct {
	kind   kind
	offset int64 // from the stack pointer at the start, of inFrame
}

type kind byte

const (
	plain     kind = iota // public, and no address in the frame
	inFrame               // the address of a known place in the frame or the arguments
	nearFrame             // perhaps an address of another place there
	data
)

// join returns what is known about a value that may be a or b, or is made of both.
func join(a, b value) value {
	if k := max(a.kind, b.kind); a != b && k != plain {
		return value{kind: max(k, nearFrame)}
	}
	return a
}

// A state is what is known at one place in a kernel.
type state struct {
	registers [a64.ZR + 1]value
	flags     value
	memory    map[int64]bool // the bytes of the frame and the arguments that are public
}

func (s state) equal(t state) bool {
	return s.registers == t.registers && s.flags == t.flags && maps.Equal(s.memory, t.memory)
}

// isPublic reports whether n bytes of the frame or the arguments are public.
func (s state) isPublic(at int64, n int) bool {
	for i := range int64(n) {
		if !s.memory[at+i] {
			return false
		}
	}
	return true
}

// store notes what is in n bytes of the frame or the arguments.
func (s state) store(at int64, n int, isPublic bool) {
	for i := range int64(n) {
		if isPublic {
			s.memory[at+i] = true
		} else {
			delete(s.memory, at+i)
		}
	}
}

var argumentBytes = regexp.MustCompile(`-(\d+)$`)

// checkA64 examines a function of arm64: all of a kernel, and of another one the instructions that the assembler was
// given as numbers. It reports whether the function is a kernel. The functions of internal/cpu get no secrets.
func checkA64(r *report, f compiler.Function) (isKernel bool) {
	if filepath.Ext(f.Code[0].File) == ".s" && strings.HasPrefix(f.Name, "hybridkem/") && !strings.HasPrefix(f.Name, "hybridkem/internal/cpu.") {
		checkKernel(r, f)
		return true
	}
	for _, i := range f.Code {
		if i.Mnemonic != "WORD" {
			continue
		}
		word, err := strconv.ParseUint(strings.TrimPrefix(i.Operands[0], "$"), 0, 32)
		if err == nil {
			_, err = decode(uint32(word), 0)
		}
		if err != nil {
			r.find("%s: %s:%s: %v", f.Name, filepath.Base(i.File), i.Line, err)
		}
	}
	return false
}

// checkKernel examines a kernel.
func checkKernel(r *report, f compiler.Function) {
	k := &kernel{report: r, name: f.Name, code: f.Bytes, states: map[int]state{}, literals: map[int]bool{}, reported: map[string]bool{}}
	start := state{memory: map[int64]bool{}}
	for n := range 28 {
		start.registers[n].kind = data // what earlier code has left
	}
	start.registers[a64.SP].kind = inFrame
	if m := argumentBytes.FindStringSubmatch(f.Code[0].String()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			start.store(8, n, true) // The word before is for the return address.
		}
	}
	k.reach(0, 0, start)
	for len(k.todo) > 0 {
		pc := k.todo[len(k.todo)-1]
		k.todo = k.todo[:len(k.todo)-1]
		k.follow(pc)
	}
	for pc := 0; pc < len(k.code); pc += 4 {
		if _, reached := k.states[pc]; !reached && !k.literals[pc] && k.word(pc) != 0 {
			k.fault(pc, "no path leads to the word %#08x", k.word(pc))
		}
	}
}

func (k *kernel) word(pc int) uint32 { return binary.LittleEndian.Uint32(k.code[pc:]) }

// fault adds a finding about the instruction at an offset, if it is new.
func (k *kernel) fault(pc int, format string, a ...any) {
	finding := fmt.Sprintf("%s+%d: ", k.name, pc) + fmt.Sprintf(format, a...)
	if !k.reported[finding] {
		k.reported[finding] = true
		k.find("%s", finding)
	}
}

// forbid adds a finding if v is data. The data of some kernels is public.
func (k *kernel) forbid(pc int, v value, what string) {
	if v.kind == data && !strings.Contains(k.name, "Vartime") {
		k.fault(pc, "%s depends on data", what)
	}
}

// reach notes that s holds when the instruction at pc leads to the one at next.
func (k *kernel) reach(pc, next int, s state) {
	if next < 0 || next >= len(k.code) {
		k.fault(pc, "the next instruction is outside")
		return
	}
	if old, reached := k.states[next]; reached {
		both := s
		for n := range both.registers {
			both.registers[n] = join(both.registers[n], old.registers[n])
		}
		both.flags = join(both.flags, old.flags)
		both.memory = maps.Clone(s.memory)
		maps.DeleteFunc(both.memory, func(at int64, _ bool) bool { return !old.memory[at] })
		if both.equal(old) {
			return
		}
		s = both
	}
	k.states[next] = s
	k.todo = append(k.todo, next)
}

// follow follows the instruction at pc.
func (k *kernel) follow(pc int) {
	i, err := decode(k.word(pc), pc)
	if err != nil {
		k.fault(pc, "%v", err)
		k.reach(pc, pc+4, k.states[pc])
		return
	}
	s := k.states[pc]
	s.memory = maps.Clone(s.memory)
	switch last := len(i.Args) - 1; {
	case i.Op == "ret":
		return
	case strings.HasPrefix(i.Op, "ld") && i.Args[last].Kind == a64.Label:
		k.literal(pc, i.Args)
		if i.Args[0].Kind == a64.General {
			s.registers[i.Args[0].Reg] = value{}
		}
	case last >= 0 && i.Args[last].Kind == a64.Memory:
		k.access(pc, i, s.of(i.Args[last]), &s)
	case last >= 0 && i.Args[last].Kind == a64.Label && !strings.HasPrefix(i.Op, "adr"):
		condition := s.of(i.Args[0])
		if strings.HasPrefix(i.Op, "b.") {
			condition = s.flags
		}
		k.forbid(pc, condition, "a jump")
		target := int(int64(i.Args[last].Imm))
		if target == pc { // So the assembler writes a jump to another function.
			target = -1
		}
		k.reach(pc, target, s)
		if i.Op == "b" {
			return
		}
	default:
		s.compute(i)
	}
	s.registers[a64.ZR] = value{}
	k.reach(pc, pc+4, s)
}

// decode decodes an instruction. It is an error if its time may depend on data.
func decode(word uint32, pc int) (*a64.Instruction, error) {
	i, err := a64.Decode(word, uint64(pc))
	if err == nil && !steady[i.Op] && !steady[strings.TrimSuffix(i.Op, "2")] {
		err = fmt.Errorf("the time of %v may depend on data", i)
	}
	return i, err
}

// literal notes which words are loaded as a constant.
func (k *kernel) literal(pc int, args []a64.Operand) {
	for n := range args[0].Bits / 32 {
		k.literals[int(args[1].Imm)+4*n] = true
	}
}

// of returns what is known about an operand.
func (s *state) of(o a64.Operand) value {
	switch o.Kind {
	case a64.General:
		return s.registers[o.Reg]
	case a64.Vector:
		return value{kind: data}
	case a64.Memory: // its address
		v := s.registers[o.Reg]
		switch {
		case o.Mode == a64.Post:
		case o.Other >= 0:
			return join(v.moved(), s.registers[o.Other])
		case v.kind == inFrame:
			v.offset += o.Disp
		}
		return v
	}
	return value{}
}

// moved returns what is known about a value after a number that is not known is added to it.
func (v value) moved() value {
	if v.kind == inFrame {
		return value{kind: nearFrame}
	}
	return v
}

// access follows a load or a store at an address.
func (k *kernel) access(pc int, i *a64.Instruction, address value, s *state) {
	k.forbid(pc, address, "an address")
	last := len(i.Args) - 1
	m := i.Args[last]
	at := address.offset
	for _, o := range i.Args[:last] {
		n := size(i.Op, o)
		switch v := s.of(o); {
		case strings.HasPrefix(i.Op, "ld"):
			if o.Kind == a64.General && address.kind == inFrame && s.isPublic(at, n) {
				s.registers[o.Reg] = value{}
			} else if o.Kind == a64.General {
				s.registers[o.Reg] = value{kind: data}
			}
		case address.kind == inFrame:
			s.store(at, n, v.kind == plain)
		case address.kind != plain:
			clear(s.memory)
		}
		at += int64(n)
	}
	if m.Mode == a64.Offset {
		return
	}
	base := &s.registers[m.Reg]
	if m.Other >= 0 {
		*base = join(base.moved(), s.registers[m.Other])
	} else if base.kind == inFrame {
		base.offset += m.Disp
	}
}

// size returns how many bytes of memory an operand of a load or store has.
func size(op string, o a64.Operand) int {
	elements := 1
	if o.Count > 0 {
		elements = o.Count
		if o.Index < 0 {
			elements *= o.Lanes
		}
	}
	bits := o.Bits
	if o.Kind == a64.General {
		switch op[len(op)-1] {
		case 'b':
			bits = 8
		case 'h':
			bits = 16
		case 'w':
			bits = 32
		}
	}
	return elements * bits / 8
}

// compute follows an instruction that neither jumps nor accesses memory.
func (s *state) compute(i *a64.Instruction) {
	if len(i.Args) == 0 {
		return
	}
	sources := i.Args[1:]
	if keeps[i.Op] {
		sources = i.Args
	}
	var v value
	if readsFlags[i.Op] {
		v = s.flags
	}
	for _, o := range sources {
		v = join(v, s.of(o))
	}
	if setsFlags[i.Op] {
		s.flags = v
	}
	if d := i.Args[0]; d.Kind == a64.General && !strings.HasPrefix(i.Op, "ccm") {
		if from := s.of(sources[0]); from.kind == inFrame && (i.Op == "add" || i.Op == "sub") && sources[1].Kind == a64.Immediate {
			v = from
			v.offset += map[string]int64{"add": 1, "sub": -1}[i.Op] * int64(sources[1].Imm<<sources[1].By)
		}
		s.registers[d.Reg] = v
	}
}

// set returns the set of the words in a text.
func set(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}

var (
	// keeps has the instructions whose result, or comparison, depends on all operands.
	keeps      = set("bfm movk ccmn ccmp")
	readsFlags = set("adc adcs sbc sbcs ccmn ccmp csel csinc csinv csneg")
	setsFlags  = set("adds subs ands bics adcs sbcs ccmn ccmp")
)
