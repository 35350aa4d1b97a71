package cosim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/cpu"
)

const (
	inputs     = 2       // of each kernel
	callMemory = 1 << 20 // for arguments, and at its end the stack
	callStack  = 1 << 16
	elements   = 25 // how often an argument is repeated: no kernel uses more elements of an array
)

// numbers has the least and the greatest value of arguments that are numbers, by the end of
// the kernel's name and the parameter.
var numbers = []struct {
	kernel, parameter string
	least, greatest   int
}{
	{"sampleVartime", "n", 0, 256},
	{"sampleVartime", "len", 0, 168},
	{"innerProduct", "stride", 1, 4},
	{"innerProduct", "k", 1, 4},
	{"ladder", "n", 12, 20},
	{"start4", "n", 0, 4},
	{"start4", "end", 5, 24},
	{"begin4", "end", 5, 24},
	{"absorb4", "state", 0, 3},
	{"write4", "n", 1, 25},
	{"squeeze4", "n", 1, 25},
	{"", "offset", 0, 99},
	{"", "cap", 0, 0},
	{"", "count", 0, 0},
	{"", "read", 0, 0},
	{"", "", 0, 0},
}

// shortened has an instruction of kernels with long loops, and what its immediate becomes, for
// calls in little time. Every instruction of these loops is still executed, on all lanes.
var shortened = map[string]struct {
	instruction string
	immediate   byte
}{
	"x25519.ladder8IFMA": {"mov rdi, 0xff", 4},
	"x25519.comb8IFMA":   {"mov r11d, 0x8", 1},
}

// shorten returns the kernel that is called.
func (k *kernel) shorten() (*machine.Kernel, error) {
	s, ok := shortened[k.name]
	if !ok {
		return k.code, nil
	}
	for _, i := range k.code.Listing() {
		if i.String() == s.instruction {
			return k.code.Patched(i.Address+uint64(len(i.Bytes))-4, s.immediate)
		}
	}
	return nil, fmt.Errorf("no instruction is %s", s.instruction)
}

// call executes a kernel in package machine and on the processor, with equal inputs within
// its bounds, and compares all memory and the results.
func (c *comparison) call(k *kernel, p *processor) error {
	if !slices.Contains(cpu.Sets(), k.needs) {
		return nil // instructions has counted it
	}
	kernel, err := k.shorten()
	if err != nil {
		return err
	}
	memory := p.memory[:callMemory-callStack]
	for i := range memory {
		memory[i] = byte(c.random.Uint32())
	}
	want := slices.Clone(memory)
	var (
		s       = term.NewSpace()
		frame   = p.memory[callMemory-callStack/2:]
		args    []machine.Value
		regions []*machine.Region // nil for a number
		places  []int
	)
	binary.LittleEndian.PutUint64(frame, p.end())
	next := 0
	for i, a := range k.parameters {
		var r *machine.Region
		var place int
		if a.size == 0 {
			n, err := c.number(k, a.name)
			if err != nil {
				return err
			}
			args = append(args, machine.Number(s, n))
			binary.LittleEndian.PutUint64(frame[8+8*i:], uint64(n))
		} else {
			place = next + c.random.IntN(64)
			size := a.size * elements
			if a.size == 1 {
				size = 512 // a pointer to a byte, or a slice
			}
			next = place + size + 64
			c.fill(memory[place:][:size], k, a)
			r = machine.NewRegion(a.name, size, true)
			for j, b := range memory[place:][:size] {
				r.Data[j] = s.Const(8, uint64(b))
			}
			copy(want[place:], memory[place:][:size])
			args = append(args, machine.Pointer(s, r, 0))
			binary.LittleEndian.PutUint64(frame[8+8*i:], address(memory)+uint64(place))
		}
		regions, places = append(regions, r), append(places, place)
	}
	m := machine.New(s, kernel, args...)
	if err := m.Run(); err != nil {
		c.apart[fmt.Sprintf("calls of %s: %v", k.name, err)]++
		return nil
	}
	var code []byte
	for _, i := range kernel.Listing() {
		code = append(code, i.Bytes...)
	}
	p.load(kernel.Entry(), code)
	state := &state{Flags: 2}
	state.General[machine.StackPointer] = address(frame)
	p.run(kernel.Entry(), state)
	if got := state.General[machine.StackPointer]; got != address(frame)+8 {
		return fmt.Errorf("the processor returns with stack pointer %+d", got-address(frame))
	}
	for i, r := range regions {
		if r == nil {
			x := binary.LittleEndian.Uint64(frame[8+8*i:])
			if w := m.Result(i); !w.Is(x) {
				return fmt.Errorf("argument %d becomes %#x on the processor, not %v", i, x, w)
			}
			continue
		}
		for j, b := range r.Data {
			x, ok := b.Const()
			if !ok {
				return fmt.Errorf("byte %d of %s is not a number", j, r.Name)
			}
			want[places[i]+j] = byte(x)
		}
	}
	for i, b := range want {
		if memory[i] == b {
			continue
		}
		for j, r := range regions {
			if off := i - places[j]; r != nil && off >= 0 && off < len(r.Data) {
				return fmt.Errorf("byte %d of %s becomes %#x on the processor, not %#x", off, r.Name, memory[i], b)
			}
		}
		return fmt.Errorf("the processor writes outside the arguments")
	}
	c.Calls++
	return nil
}

// number returns a number for an argument.
func (c *comparison) number(k *kernel, parameter string) (int, error) {
	_, name, _ := strings.Cut(k.name, ".")
	for _, n := range numbers {
		if strings.HasPrefix(name, n.kernel) && n.parameter == parameter {
			x := n.least + c.random.IntN(n.greatest-n.least+1)
			if parameter == "len" {
				x *= 3
			}
			return x, nil
		}
	}
	return 0, fmt.Errorf("no bounds are known for %s", parameter)
}

// fill fills an argument with numbers within the bounds of all kernels: coefficients below q,
// digits up to 8, and limbs below 2^51.
func (c *comparison) fill(b []byte, k *kernel, a parameter) {
	for at := 0; at+a.bits/8 <= len(b); at += a.bits / 8 {
		x := c.random.Uint64()
		switch {
		case a.signed && a.bits == 16:
			x = x%6657 - 3328
		case a.signed:
			x = x%17 - 8
		case a.bits == 64 && strings.HasSuffix(k.name, "IFMA"):
			x >>= 13
		}
		var eight [8]byte
		binary.LittleEndian.PutUint64(eight[:], x)
		copy(b[at:], eight[:a.bits/8])
	}
}
