package cosim

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// This file compares the semantics of arm64's instructions with what qemu does. That is an
// emulator: it was written from the architecture's manual, as the semantics were, but by others.

const (
	emulatorName = "qemu-aarch64-static"
	tableWords   = 6 // of each row of the decoder's table, that are executed
	tableStates  = 20
)

// An a64State is what an execution begins with, and what it ends with. The runner knows its
// layout.
type a64State struct {
	General [31]uint64
	Stack   uint64
	Flags   uint64
	_       uint64
	Vector  [32][2]uint64
}

// a64Flags has the places of the flags that package machine knows in arm64's.
var a64Flags = [4]int{machine.CarryFlag: 29, machine.ZeroFlag: 30, machine.SignFlag: 31, machine.OverflowFlag: 28}

// An emulator executes the runner.
type emulator struct {
	process      *exec.Cmd
	in           io.WriteCloser
	out          *bufio.Reader
	code, memory uint64 // their addresses
	machine      *machine.Machine
}

// errNoEmulator tells that nothing can be compared.
var errNoEmulator = errors.New(emulatorName + " is not installed")

func startEmulator(root string) (e *emulator, err error) {
	if _, err := exec.LookPath(emulatorName); err != nil {
		return nil, errNoEmulator
	}
	dir, err := os.MkdirTemp("", "cosim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	runner := filepath.Join(dir, "runner")
	build := exec.Command("go", "build", "-o", runner, "./prove/cosim/runner")
	build.Dir, build.Env = filepath.Join(root, "assurance"), append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	// The runtime must not interrupt code while registers are not its own.
	e = &emulator{process: exec.Command(emulatorName, runner)}
	e.process.Env = append(os.Environ(), "QEMU_CPU=max", "GODEBUG=asyncpreemptoff=1")
	e.process.Stderr = os.Stderr
	if e.in, err = e.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.out = bufio.NewReader(out)
	if err := e.process.Start(); err != nil {
		return nil, err
	}
	for _, v := range []*uint64{&e.code, &e.memory} {
		if err := binary.Read(e.out, binary.LittleEndian, v); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *emulator) close() error {
	return errors.Join(e.in.Close(), e.process.Wait())
}

// run executes code, and changes registers and memory.
func (e *emulator) run(code []byte, entry int, s *a64State, memory []byte) error {
	in := bufio.NewWriter(e.in)
	lengths := [3]uint32{uint32(len(code)), uint32(entry), uint32(len(memory))}
	for _, v := range []any{lengths, code, s, memory} {
		if err := binary.Write(in, binary.LittleEndian, v); err != nil {
			return err
		}
	}
	if err := in.Flush(); err != nil {
		return err
	}
	return errors.Join(binary.Read(e.out, binary.LittleEndian, s), binary.Read(e.out, binary.LittleEndian, memory))
}

const branchX27 = 0xd61f0360

// runA64 compares the instructions of kernels, and random words of all instructions that the decoder
// knows.
func (c *comparison) runA64(root string, programs map[string]*machine.Program) error {
	e, err := startEmulator(root)
	if errors.Is(err, errNoEmulator) {
		c.apart[err.Error()+": NOTHING of arm64 was compared"]++
		return nil
	}
	if err != nil {
		return err
	}
	c.by = "qemu, which is no processor,"
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		list, err := kernelsOf(root, "arm64", name, programs[name])
		if err != nil {
			return err
		}
		for _, k := range list {
			for _, i := range k.code.Listing() {
				if c.forms[formA64(i.A64)] < encodings {
					err = errors.Join(err, c.wordA64(e, i.A64.Word))
				}
			}
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	for _, word := range a64.Words(c.random, tableWords) {
		if err := c.wordA64(e, word); err != nil {
			return err
		}
	}
	return e.close()
}

// formA64 returns the mnemonic and the kinds of operands of an instruction.
func formA64(i *a64.Instruction) string {
	s := i.Op
	for _, o := range i.Args {
		s += fmt.Sprint(" ", o.Kind, o.Bits, o.Lanes, o.Index >= 0, o.Count, o.Shift, o.Mode, o.Other >= 0)
	}
	return s
}

// comparableA64 tells why an instruction cannot be executed alone, or nothing if it can. It may not use the registers that the
// runner needs, nor change what a kernel may not.
func comparableA64(i *a64.Instruction) (why string) {
	var data []int
	base := -1
	for _, o := range i.Args {
		switch {
		case o.Kind == a64.General:
			data = append(data, o.Reg)
		case o.Kind == a64.Memory:
			if base = o.Reg; o.Other >= 0 {
				data = append(data, o.Other)
			}
		case o.Kind == a64.Label && !jumpsA64(i):
			return "addresses of code and constants"
		}
	}
	switch i.Op {
	case "b", "bl", "br", "blr", "ret":
		return i.Op
	}
	for _, r := range append(data, base) {
		if r == 18 || r >= 26 && r <= 30 {
			return "registers 18 and 26 to 30"
		}
	}
	if slices.Contains(data, a64.SP) || slices.Contains(data, base) {
		return "a stack pointer as a number, or a base that is loaded or stored"
	}
	if i.Op == "ldp" && len(data) == 2 && data[0] == data[1] {
		return "one register that is loaded twice"
	}
	return ""
}

func jumpsA64(i *a64.Instruction) bool {
	return strings.HasPrefix(i.Op, "b.") || slices.Contains([]string{"cbz", "cbnz", "tbz", "tbnz"}, i.Op)
}

// wordA64 compares an instruction on many states.
func (c *comparison) wordA64(e *emulator, word uint32) error {
	i, err := a64.Decode(word, e.code)
	if err != nil {
		return nil // not all words are instructions
	}
	if why := comparableA64(i); why != "" {
		c.apart["not alone: "+why]++
		return nil
	}
	if jumpsA64(i) { // to the third word, which sets X26
		labels := map[bool]uint32{true: 1<<14 - 1, false: 1<<19 - 1}
		word = word&^(labels[i.Op[0] == 't']<<5) | 2<<5
	}
	k, err := machine.CodeA64(e.code, word)
	if err != nil {
		return err
	}
	c.forms[formA64(i)]++
	i = k.Code[e.code].A64
	for n := range tableStates {
		if done, err := c.stateA64(e, k, i, n); err != nil {
			return fmt.Errorf("%08x: %v: %w", word, i, err)
		} else if !done {
			delete(c.forms, formA64(i))
			return nil
		}
	}
	c.encodings[i.String()] = true
	return nil
}

// stateA64 compares an instruction on one state. It reports false if there are no semantics.
func (c *comparison) stateA64(e *emulator, k *machine.Kernel, i *a64.Instruction, n int) (done bool, err error) {
	var s a64State
	for r := range s.General {
		s.General[r] = c.word(n)
	}
	for r := range s.Vector {
		s.Vector[r] = [2]uint64{c.word(n), c.word(n)}
	}
	s.Flags = c.random.Uint64N(16) << 28
	s.General[26], s.Stack = 0, 64 // the stack pointer is below what is accessed otherwise
	offsets := map[int]uint64{a64.SP: s.Stack}
	for _, o := range i.Args {
		if o.Kind != a64.Memory {
			continue
		}
		if offsets[o.Reg] = uint64(256+c.random.Int64N(64)) &^ 15; o.Mode != a64.Post {
			offsets[o.Reg] = uint64(512 - o.Disp)
		}
		if o.Reg == a64.SP && offsets[o.Reg]%16 != 0 {
			return false, nil
		}
		if o.Other >= 0 && o.Other != a64.ZR {
			s.General[o.Other] = c.random.Uint64N(16)
		}
	}
	space, region := term.NewSpace(), machine.NewRegion("memory", memorySize, true)
	memory := make([]byte, memorySize)
	for off := range memory {
		memory[off] = byte(c.random.Uint32())
		region.Data[off] = space.Const(8, uint64(memory[off]))
	}
	m := e.machine
	if m == nil { // everything that matters is set below
		e.machine = machine.New(space, k)
		m = e.machine
	}
	m.Space, m.Kernel, m.PC, m.Stack = space, k, e.code, region
	for r := range s.General {
		m.General[r] = machine.Value{Word: space.Const(64, s.General[r])}
	}
	for r, off := range offsets {
		m.General[r] = machine.Pointer(space, region, int(off))
		if r == a64.SP {
			s.Stack = e.memory + off
		} else {
			s.General[r] = e.memory + off
		}
	}
	for f, bit := range a64Flags {
		m.Flags[f] = space.Const(1, s.Flags>>bit)
	}
	for r, v := range s.Vector {
		for j, x := range v {
			m.Vector[r][j] = space.Const(64, x)
		}
	}
	if err := c.step(m, k.Code[e.code]); err != nil {
		for errors.Unwrap(err) != nil {
			err = errors.Unwrap(err)
		}
		c.apart[fmt.Sprintf("%s: %v", i.Op, err)]++
		return false, nil
	}
	code := make([]byte, 0, 16)
	for _, w := range []uint32{i.Word, branchX27, 0xd280003a /* mov x26, #1 */, branchX27} {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	before := s
	if err := e.run(code, 0, &s, memory); err != nil {
		return false, err
	}
	if jumpsA64(i) {
		if taken := s.General[26] == 1; taken != (m.PC == e.code+8) {
			return false, fmt.Errorf("with flags %#x and %#x, qemu jumps: %v", before.Flags, before.General, taken)
		}
		s.General[26] = 0
	}
	c.Executions++
	c.mnemonics[i.Op] = true
	c.tried[formA64(i)]++
	return true, agreeA64(e, m, &s, region, memory)
}

// agreeA64 compares the emulator's state and memory with the machine's.
func agreeA64(e *emulator, m *machine.Machine, s *a64State, region *machine.Region, memory []byte) error {
	var err error
	check := func(what string, place int, w *term.Word, x uint64) {
		if k, ok := w.Const(); err == nil && (!ok || k != x) {
			err = fmt.Errorf("%s %d is %#x in qemu, not %v", what, place, x, w)
		}
	}
	for r, x := range append(s.General[:], s.Stack) {
		v := m.General[r]
		if v.Region == region {
			x -= e.memory
		}
		if r != 18 && r < 27 || r == a64.SP {
			check("general register", r, v.Word, x)
		}
	}
	for f, bit := range a64Flags {
		if m.Flags[f] != nil {
			check("flag", f, m.Flags[f], s.Flags>>bit&1)
		}
	}
	for r, v := range s.Vector {
		for j, x := range v {
			check("vector register", r, m.Vector[r][j], x)
		}
	}
	for off, b := range region.Data {
		check("byte of memory", off, b, uint64(memory[off]))
	}
	return err
}
