package cosim

//lint:file-ignore U1000 The assembly uses variables that nothing else uses.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"hybridkem/assurance/prove/machine"
	"hybridkem/internal/cpu"
)

// The assembly reads and writes these.
var (
	registers              state
	target                 uintptr // where enter jumps to
	savedStack, savedFrame uintptr
	leaveAddress           uintptr // of leave
	wide                   = cpu.AVX512
)

// enter loads registers and jumps to target. It returns when leave is jumped to, which stores
// registers.
func enter()

// A processor executes code of a program. The code is not at its address in the program, but
// the distances between code and constants are the same. Only one may execute at a time.
type processor struct {
	program *machine.Program
	all     []byte // code and constants of the program, with what lies between; a page; memory
	memory  []byte
	page    int    // the offset of the page in all
	moved   uint64 // the distance from an address in the program to the one in all
}

// The page holds two registers, two addresses, and two pieces of code.
const (
	pageSize  = 4096
	stackAt   = 0  // the stack pointer
	firstAt   = 8  // general register 0
	nextAt    = 16 // the address of what is executed
	leaveAt   = 24 // the address of leave
	startCode = 64
	endCode   = 128
)

// newProcessor returns a processor with so much memory for data.
func newProcessor(p *machine.Program, memory int) (*processor, error) {
	if !cpu.AVX2 {
		return nil, errors.New("this machine has no AVX2")
	}
	codeAddress, code := p.Code()
	constantsAddress, constants := p.Constants()
	if constantsAddress < codeAddress+uint64(len(code)) {
		return nil, errors.New("the constants are not behind the code")
	}
	first := codeAddress &^ (pageSize - 1)
	page := int(constantsAddress-first) + (len(constants)+pageSize-1)&^(pageSize-1)
	all, err := syscall.Mmap(-1, 0, page+pageSize+memory, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("memory for code: %w", err)
	}
	c := &processor{program: p, all: all, memory: all[page+pageSize:], page: page}
	c.moved = address(all) - first
	copy(all[constantsAddress-first:], constants)
	binary.LittleEndian.PutUint64(all[page+leaveAt:], uint64(leaveAddress))
	at := c.put(page+startCode, "\x48\x8b\x25", page+stackAt) // mov rsp, [stackAt]
	at = c.put(at, "\x48\x8b\x05", page+firstAt)              // mov rax, [firstAt]
	c.put(at, "\xff\x25", page+nextAt)                        // jmp [nextAt]
	at = c.put(page+endCode, "\x48\x89\x25", page+stackAt)    // mov [stackAt], rsp
	c.put(at, "\xff\x25", page+leaveAt)                       // jmp [leaveAt]
	return c, nil
}

func (c *processor) close() error { return syscall.Munmap(c.all) }

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// put writes an instruction whose operand is at another offset, and returns where it ends.
func (c *processor) put(at int, opcode string, operand int) int {
	copy(c.all[at:], opcode)
	at += len(opcode) + 4
	binary.LittleEndian.PutUint32(c.all[at-4:], uint32(operand-at))
	return at
}

// load writes code to its place, from an address in the program on, and behind it a jump to
// the end of the execution. It returns what was there before.
func (c *processor) load(at uint64, code []byte) (place, before []byte) {
	off := int(at + c.moved - address(c.all))
	place = c.all[off:][: len(code)+5 : len(code)+5]
	before = append(before, place...)
	copy(place, code)
	c.put(off+len(code), "\xe9", c.page+endCode) // jmp endCode
	return place, before
}

// run executes from an address in the program on, until endCode is reached.
func (c *processor) run(at uint64, s *state) {
	registers = *s
	page := c.all[c.page:]
	binary.LittleEndian.PutUint64(page[stackAt:], s.General[machine.StackPointer])
	binary.LittleEndian.PutUint64(page[firstAt:], s.General[0])
	binary.LittleEndian.PutUint64(page[nextAt:], at+c.moved)
	target = uintptr(address(page[startCode:]))
	enter()
	*s = registers
	s.General[machine.StackPointer] = binary.LittleEndian.Uint64(page[stackAt:])
}

// end returns the address to which code returns at its end.
func (c *processor) end() uint64 { return address(c.all[c.page+endCode:]) }
