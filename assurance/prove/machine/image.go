// Package machine executes kernels symbolically, from the bytes that a linked program has of
// them. Registers and memory hold terms instead of numbers.
package machine

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// A Program is what is needed of a linked program: its code, its constants and its symbols.
type Program struct {
	arch            *architecture
	text, constants section
	symbols         map[string]elf.Symbol
}

type section struct {
	address uint64
	bytes   []byte
}

// Open reads a program.
func Open(path string) (*Program, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &Program{symbols: map[string]elf.Symbol{}}
	switch f.Machine {
	case elf.EM_X86_64:
		p.arch = amd64
	case elf.EM_AARCH64:
		p.arch = arm64
	default:
		return nil, fmt.Errorf("%s is for %v", path, f.Machine)
	}
	for name, s := range map[string]*section{".text": &p.text, ".rodata": &p.constants} {
		in := f.Section(name)
		if in == nil {
			return nil, fmt.Errorf("%s has no section %s", path, name)
		}
		s.address = in.Addr
		if s.bytes, err = in.Data(); err != nil {
			return nil, err
		}
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	for _, s := range symbols {
		p.symbols[s.Name] = s
	}
	return p, nil
}

// A Kernel is a function in assembly, decoded, with the constants of its program.
type Kernel struct {
	Name         string // of the symbol
	Code         map[uint64]*Instruction
	arch         *architecture
	entry        uint64
	bytes        []byte
	constants    section
	usedConstant map[int]bool // by offset: what executions have read
	usedLiteral  bool         // constants among the code were read
}

// Kernel decodes the function with this symbol.
func (p *Program) Kernel(symbol string) (*Kernel, error) {
	s, ok := p.symbols[symbol]
	if !ok || s.Size == 0 {
		return nil, fmt.Errorf("the program has no function %s", symbol)
	}
	k := &Kernel{Name: symbol, arch: p.arch, entry: s.Value, constants: p.constants, usedConstant: map[int]bool{}}
	k.bytes = slices.Clone(p.text.bytes[s.Value-p.text.address:][:s.Size])
	return k, k.arch.decode(k)
}

func (k *Kernel) decodeAMD64() error {
	k.Code = map[uint64]*Instruction{}
	for at := 0; at < len(k.bytes); {
		i, err := decode(k.bytes[at:], k.entry+uint64(at))
		if err != nil {
			return fmt.Errorf("%s+%#x: %w", k.Name, at, err)
		}
		k.Code[i.Address] = i
		at += len(i.Bytes)
	}
	return nil
}

// Listing returns the instructions in the order of their addresses.
func (k *Kernel) Listing() []*Instruction {
	list := make([]*Instruction, 0, len(k.Code))
	for _, at := range slices.Sorted(maps.Keys(k.Code)) {
		list = append(list, k.Code[at])
	}
	return list
}

// A64 reports whether the kernel is for arm64.
func (k *Kernel) A64() bool { return k.arch == arm64 }

// Kept returns the registers that the kernel must restore. The first is the stack pointer.
func (k *Kernel) Kept() []int { return k.arch.kept }

// Entry returns the address of the first instruction.
func (k *Kernel) Entry() uint64 { return k.entry }

// Patched returns a copy of the kernel, with other bytes from an address on. This may be an
// address of code or of constants.
func (k *Kernel) Patched(address uint64, bytes ...byte) (*Kernel, error) {
	c := *k
	c.usedConstant = map[int]bool{}
	if off := address - k.entry; off < uint64(len(k.bytes)) {
		c.bytes = slices.Clone(k.bytes)
		copy(c.bytes[off:], bytes)
	} else {
		c.constants.bytes = slices.Clone(k.constants.bytes)
		copy(c.constants.bytes[address-k.constants.address:], bytes)
	}
	return &c, c.arch.decode(&c)
}

// Constant returns n bytes of the constants at an address.
func (k *Kernel) Constant(address uint64, n int) []byte {
	return k.constants.bytes[address-k.constants.address:][:n]
}

// Pointed returns the address of a constant that an instruction reads or takes. On arm64, ADRP and the
// ADD behind it take one.
func (k *Kernel) Pointed(i *Instruction) (address uint64, ok bool) {
	if i.A64 != nil {
		next := k.Code[i.next()]
		if i.Op != "adrp" || next == nil || !next.placed {
			return 0, false
		}
		return i.A64.Args[1].Imm + next.A64.Args[2].Imm, true
	}
	for _, a := range i.Args {
		if a.Kind == Memory && a.Base == pc {
			return i.next() + uint64(a.Disp), true
		}
	}
	return 0, false
}

// Tables returns the addresses of constants that the kernel takes with LEA or ADRP.
func (k *Kernel) Tables() (addresses []uint64) {
	for _, i := range k.Listing() {
		if address, ok := k.Pointed(i); ok && (i.Op == "LEA" || i.A64 != nil) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// Hash returns a hash of the code, without distances between code and constants, and of the
// constants that executions have read. So it does not change if the kernel only moves.
func (k *Kernel) Hash() string {
	h := sha256.New()
	for _, i := range k.Listing() {
		h.Write(i.unplaced())
	}
	if k.usedLiteral {
		h.Write(k.bytes)
	}
	for _, off := range slices.Sorted(maps.Keys(k.usedConstant)) {
		h.Write(k.constants.bytes[off : off+1])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Code returns the section of code, and its address.
func (p *Program) Code() (address uint64, bytes []byte) { return p.text.address, p.text.bytes }

// Constants returns the section of constants, and its address.
func (p *Program) Constants() (address uint64, bytes []byte) {
	return p.constants.address, p.constants.bytes
}
