package machine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"hybridkem/assurance/internal/a64"
)

// A Kind is what an operand is.
type Kind byte

const (
	General   Kind = iota + 1 // a general register
	Vector                    // a vector register
	Mask                      // a mask register
	Memory                    // memory
	Immediate                 // a number; for jumps, an address
)

// An Operand is an argument of an instruction.
type Operand struct {
	Kind  Kind
	Reg   int    // the number of a register
	Size  int    // of a register or of memory, in bytes
	Imm   uint64 // the value of an immediate
	Base  int    // of memory: a general register, or one of the two below
	Index int    // of memory: a general register, or none
	Scale int
	Disp  int64
}

const (
	none = -1 - iota // no register
	pc               // the address of the next instruction
	fs               // the segment in which Go keeps the goroutine
)

// StackPointer is the number of the register RSP, and FramePointer that of RBP.
const (
	StackPointer = 4
	FramePointer = 5
)

// An Instruction is a decoded instruction. Operands are in Intel's order: the destination
// comes first. One of arm64 has A64 in place of all that follows it.
type Instruction struct {
	Address   uint64
	Bytes     []byte
	Op        string
	A64       *a64.Instruction
	placed    bool // of arm64: it adds a part of the distance to another place
	Args      []Operand
	Mask      int  // the mask register that chooses what is written, or none
	Zeroing   bool // what the mask does not choose becomes 0
	Broadcast bool // the operand in memory is one element, for all lanes
}

func (i *Instruction) next() uint64 { return i.Address + uint64(len(i.Bytes)) }

// Masked reports whether a mask register chooses what is written.
func (i *Instruction) Masked() bool { return i.Mask != none }

// unplaced returns the bytes of the instruction with zeros for the distance from the
// instruction to another place.
func (i *Instruction) unplaced() []byte {
	if i.A64 != nil {
		return i.unplacedA64()
	}
	b := slices.Clone(i.Bytes)
	for _, a := range i.Args {
		if a.Kind != Memory || a.Base != pc {
			continue
		}
		disp := string([]byte{byte(a.Disp), byte(a.Disp >> 8), byte(a.Disp >> 16), byte(a.Disp >> 24)})
		if at := strings.LastIndex(string(b), disp); at > 0 {
			clear(b[at : at+4])
		}
	}
	if i.Op == "CALL" {
		clear(b[1:])
	}
	return b
}

// decode decodes the instruction at the start of code.
func decode(code []byte, address uint64) (*Instruction, error) {
	in, err := x86asm.Decode(code, 64)
	i := &Instruction{Address: address, Op: in.Op.String(), Mask: none, Zeroing: in.Zeroing, Broadcast: in.Broadcast}
	if op, rest := addCarry(code); op != "" {
		// The decoder does not know ADCX and ADOX. Their operands are those of IMUL.
		in, err = x86asm.Decode(rest, 64)
		i.Op = op
		in.Len += len(code) - len(rest)
	}
	if err != nil {
		return nil, err
	}
	if i.Op == "VZEROUPPER" {
		in.Len = 3 // the decoder counts a byte of operands, and there is none
	}
	i.Bytes = slices.Clone(code[:in.Len])
	evex := code[0] == 0x62
	for k, a := range in.Args {
		if a == nil {
			break
		}
		o, err := operand(a, &in, code, i.next())
		if err != nil {
			return nil, err
		}
		if k == 1 && evex && o.Kind == Mask && !strings.HasPrefix(i.Op, "VPMOVM2") {
			i.Mask = o.Reg
			continue
		}
		i.Args = append(i.Args, o)
	}
	return i, nil
}

// addCarry tells whether code begins with ADCX or ADOX of 64 bits. If so, rest is code, but
// for IMUL with the same operands.
func addCarry(code []byte) (op string, rest []byte) {
	if len(code) < 6 || code[1]&0xf8 != 0x48 || code[2] != 0x0f || code[3] != 0x38 || code[4] != 0xf6 {
		return "", nil
	}
	op = map[byte]string{0x66: "ADCX", 0xf3: "ADOX"}[code[0]]
	return op, append([]byte{code[1], 0x0f, 0xaf}, code[5:]...)
}

// families has the first register of each kind and size.
var families = []struct {
	first x86asm.Reg
	n     int
	kind  Kind
	size  int
	from  int
}{
	{x86asm.RAX, 16, General, 8, 0}, {x86asm.EAX, 16, General, 4, 0}, {x86asm.AX, 16, General, 2, 0},
	{x86asm.AL, 4, General, 1, 0}, {x86asm.SPB, 12, General, 1, 4},
	{x86asm.X0, 32, Vector, 16, 0}, {x86asm.Y0, 32, Vector, 32, 0}, {x86asm.Z0, 32, Vector, 64, 0},
	{x86asm.K0, 8, Mask, 8, 0},
}

func operand(a x86asm.Arg, in *x86asm.Inst, code []byte, next uint64) (Operand, error) {
	o := Operand{Base: none, Index: none}
	switch a := a.(type) {
	case x86asm.Reg:
		for _, f := range families {
			if k := int(a) - int(f.first); k >= 0 && k < f.n {
				o.Kind, o.Reg, o.Size = f.kind, f.from+k, f.size
				return o, nil
			}
		}
	case x86asm.Imm:
		o.Kind, o.Imm = Immediate, uint64(a)
		return o, nil
	case x86asm.Rel:
		o.Kind, o.Imm = Immediate, next+uint64(int64(a))
		return o, nil
	case x86asm.Mem:
		o.Kind, o.Size, o.Scale, o.Disp = Memory, in.MemBytes, int(a.Scale), a.Disp
		for _, r := range []struct {
			reg x86asm.Reg
			o   *int
		}{{a.Base, &o.Base}, {a.Index, &o.Index}} {
			switch k := int(r.reg) - int(x86asm.RAX); {
			case k >= 0 && k < 16:
				*r.o = k
			case r.reg != 0 && r.reg != x86asm.RIP:
				return o, fmt.Errorf("%v in an address", r.reg)
			}
		}
		absolute := a.Base == 0 && a.Index == 0
		switch {
		case a.Segment == x86asm.FS && absolute:
			o.Base = fs
		case a.Segment != 0:
			return o, errors.New("a segment")
		case a.Base == x86asm.RIP, absolute && fromNext(code):
			o.Base = pc
		case absolute:
			return o, errors.New("an absolute address")
		}
		return o, nil
	}
	return o, fmt.Errorf("operand %v of %v", a, in)
}

// fromNext tells whether the operand in memory of an instruction with VEX or EVEX counts from the
// next instruction. The decoder gives it no base, as it does for an absolute address.
func fromNext(code []byte) bool {
	modRM := map[byte]int{0xc5: 3, 0xc4: 4, 0x62: 5}[code[0]]
	return modRM > 0 && code[modRM]&0xc7 == 5
}

var (
	generalNames = []string{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "8", "9", "10", "11", "12", "13", "14", "15"}
	vectorNames  = map[int]string{16: "xmm", 32: "ymm", 64: "zmm"}
)

func (o Operand) String() string {
	switch o.Kind {
	case General:
		suffix := map[int]string{8: "", 4: "d", 2: "w", 1: "b"}[o.Size]
		return "r" + generalNames[o.Reg] + suffix
	case Vector:
		return fmt.Sprint(vectorNames[o.Size], o.Reg)
	case Mask:
		return fmt.Sprint("k", o.Reg)
	case Immediate:
		return fmt.Sprintf("%#x", o.Imm)
	}
	s := ""
	switch o.Base {
	case none:
	case pc:
		s = "rip"
	case fs:
		s = "fs"
	default:
		s = "r" + generalNames[o.Base]
	}
	if o.Index >= 0 {
		s += fmt.Sprintf("+%d*r%s", o.Scale, generalNames[o.Index])
	}
	return fmt.Sprintf("[%s%+#x]", s, o.Disp)
}

func (i *Instruction) String() string {
	if i.A64 != nil {
		return i.A64.String()
	}
	var args []string
	for k, a := range i.Args {
		s := a.String()
		if k == 0 && i.Masked() {
			s += fmt.Sprintf("{k%d}", i.Mask)
			if i.Zeroing {
				s += "{z}"
			}
		}
		args = append(args, s)
	}
	return strings.ToLower(i.Op) + " " + strings.Join(args, ", ")
}
