// Package arm64 writes kernels for arm64, in the words of package kit, since avo knows amd64
// only. It assigns registers, can reorder instructions, and encodes those that Go's assembler
// lacks.
//
// An instruction is a method with the name that Go's assembler gives it, or would give it, and
// with the operands in its order: the destination comes last, and VSUB(x, y, z) sets z to y - x.
package arm64

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/gotypes"

	"hybridkem/internal/_asm/kit"
)

// A File is the assembly of one package, under construction.
type File struct {
	kernels []*kernel
	tables  []table
}

// A kernel is a function, under construction.
type kernel struct {
	kit.Stub
	name      string
	set       Set
	signature *gotypes.Signature
	frame     int // the size of the stack frame
	nodes     []node
}

// A node is an instruction or a label, with the comments above it.
type node struct {
	*instruction
	label    string
	comments []string
}

// A table is a list of constants in memory.
type table struct {
	name  string
	bytes []byte
}

// A Set is a set of instructions that internal/cpu names.
type Set struct {
	name string
	sha3 bool // its kernels may use the SHA-3 instructions
}

// The sets of internal/cpu. All kernels may use ARMv8.0.
var (
	NEON     = Set{"NEON", false}
	Narrow   = Set{"Narrow", false}
	Rotating = Set{"Rotating", false}
	SHA3     = Set{"SHA3", true}
)

// Kernel begins a function with the given name, signature and header. All instructions up to the
// next call of Kernel belong to it. They must be in the set.
func (f *File) Kernel(name, signature string, set Set, h kit.Header) {
	s, err := gotypes.ParseSignature(signature)
	if err != nil {
		panic(err)
	}
	f.kernels = append(f.kernels, &kernel{
		Stub: kit.Stub{Declaration: name + s.String(), Doc: h.Lines(set.name)},
		name: name, set: set, signature: s,
	})
}

func (f *File) current() *kernel { return f.kernels[len(f.kernels)-1] }

// Frame gives the kernel a stack frame of that size, a multiple of 16, and returns its memory.
func (f *File) Frame(size int) Mem {
	f.current().frame = size
	return Mem{base: sp, Offset: 8, region: "frame"} // Go's assembler keeps the link register at the bottom
}

// Param loads a parameter.
func (f *File) Param(parameter string) R {
	return f.param(f.current().signature.Params().Lookup(parameter))
}

// Pointer returns the memory that a parameter points to. Reordered instructions may assume that it
// does not overlap with the memory of other parameters, unless both begin at the same address and
// are read and written at the same offsets.
func (f *File) Pointer(parameter string) Mem {
	return Mem{base: f.Param(parameter).register, region: parameter}
}

func (f *File) param(c gotypes.Component) R {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	r := f.GP()
	f.emit(instruction{
		name: "MOVD", class: load, writes: []*register{r.register},
		operands: []operand{text(fmt.Sprintf("%s+%d(FP)", b.Addr.Symbol.Name, b.Addr.Disp)), r},
	})
	return r
}

// SliceBase and SliceLen load the parts of a parameter that is a slice.
func (f *File) SliceBase(parameter string) Mem {
	return Mem{base: f.param(f.current().signature.Params().Lookup(parameter).Base()).register, region: parameter}
}

func (f *File) SliceLen(parameter string) R {
	return f.param(f.current().signature.Params().Lookup(parameter).Len())
}

// Return stores a result.
func (f *File) Return(x R, result string) {
	f.result(x, f.current().signature.Results().Lookup(result))
}

// ReturnIndex stores the i-th result, which needs no name.
func (f *File) ReturnIndex(x R, i int) {
	f.result(x, f.current().signature.Results().At(i))
}

func (f *File) result(x R, c gotypes.Component) {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	name := "MOVD"
	if b.Type.String() == "uint8" {
		name = "MOVB"
	}
	f.emit(instruction{
		name: name, class: store, reads: []*register{x.register},
		operands: []operand{x, text(fmt.Sprintf("%s+%d(FP)", b.Addr.Symbol.Name, b.Addr.Disp))},
	})
}

// Repeat writes a loop that runs body the given number of times.
func (f *File) Repeat(label string, times int, body func()) {
	counter := f.GP()
	f.MOVD(Imm(times), counter)
	f.Label(label)
	body()
	f.SUB(Imm(1), counter, counter)
	f.CBNZ(counter, label)
}

// Label writes a label.
func (f *File) Label(label string) {
	k := f.current()
	k.nodes = append(k.nodes, node{label: label})
}

// Comment writes a comment above the next instruction.
func (f *File) Comment(lines ...string) {
	k := f.current()
	k.nodes = append(k.nodes, node{comments: lines})
}

func (f *File) emit(i instruction) {
	k := f.current()
	if i.sha3 && !k.set.sha3 {
		panic(k.name + " needs the SHA-3 instructions")
	}
	k.nodes = append(k.nodes, node{instruction: &i})
}

// written returns the instructions that write writes, each with the comments above it, and
// removes them from the kernel.
func (f *File) written(write func()) (part []node) {
	k := f.current()
	start := len(k.nodes)
	write()
	var comments []string
	for _, n := range k.nodes[start:] {
		switch {
		case n.label != "":
			panic("a label cannot be reordered")
		case n.instruction == nil:
			comments = append(comments, n.comments...)
		default:
			n.comments = comments
			part, comments = append(part, n), nil
		}
	}
	k.nodes = k.nodes[:start:start]
	return part
}

// Weave writes the instructions that a and b write, which do not jump, as one list. Each keeps
// its order, and is spread over the whole list.
func (f *File) Weave(a, b func()) {
	merged := kit.Merge(f.written(a), f.written(b))
	k := f.current()
	k.nodes = append(k.nodes, merged...)
}

// Ret ends a kernel.
func (f *File) Ret() { f.emit(instruction{name: "RET"}) }

// Data adds a table of read-only constants, and returns its address as Address does.
func (f *File) Data(name string, data []byte) Mem {
	f.Table(name, data)
	return f.Address(name)
}

// Table adds a table of read-only constants, unless the file already has the table. It panics if another
// table has the name.
func (f *File) Table(name string, data []byte) {
	i := slices.IndexFunc(f.tables, func(t table) bool { return t.name == name })
	if i < 0 {
		f.tables = append(f.tables, table{name, data})
	} else if !bytes.Equal(f.tables[i].bytes, data) {
		panic("two different tables have the name " + name)
	}
}

// Address returns the address of a table, which may be added later, in a new register.
func (f *File) Address(name string) Mem {
	r := f.GP()
	f.emit(instruction{
		name: "MOVD", class: alu, writes: []*register{r.register},
		operands: []operand{text("$" + name + "<>(SB)"), r},
	})
	return Mem{base: r.register, region: name}
}

// Words is Data for words of 16 bits.
func (f *File) Words(name string, words ...int16) Mem {
	f.WordTable(name, words...)
	return f.Address(name)
}

// WordTable is Table for words of 16 bits.
func (f *File) WordTable(name string, words ...int16) {
	var data []byte
	for _, w := range words {
		data = append(data, byte(w), byte(w>>8))
	}
	f.Table(name, data)
}

// Quads is Data for words of 64 bits.
func (f *File) Quads(name string, quads ...uint64) Mem {
	var data []byte
	for _, q := range quads {
		for i := range 8 {
			data = append(data, byte(q>>(8*i)))
		}
	}
	return f.Data(name, data)
}

// Kernels returns the assembly that define makes, for kit.Generate.
func Kernels(define func(f *File)) kit.Target {
	return kit.Target{Arch: "arm64", Build: func() (kit.Assembly, error) {
		var f File
		define(&f)
		return f.assembly()
	}}
}

func (f *File) assembly() (a kit.Assembly, err error) {
	var b strings.Builder
	fmt.Fprint(&b, "#include \"textflag.h\"\n")
	for _, k := range f.kernels {
		if err := k.allocate(); err != nil {
			return a, fmt.Errorf("%s: %w", k.name, err)
		}
		k.print(&b)
		a.Stubs = append(a.Stubs, k.Stub)
	}
	for _, t := range f.tables {
		fmt.Fprintln(&b)
		data := t.bytes
		for i := 0; i < len(data); i += 8 {
			var q uint64
			for j, x := range data[i:min(i+8, len(data))] {
				q |= uint64(x) << (8 * j)
			}
			fmt.Fprintf(&b, "DATA %s<>+%d(SB)/8, $0x%016x\n", t.name, i, q)
		}
		fmt.Fprintf(&b, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", t.name, (len(data)+7)/8*8)
	}
	a.Text = b.String()
	return a, nil
}

func (k *kernel) print(b *strings.Builder) {
	fmt.Fprintln(b)
	for _, line := range k.Doc {
		fmt.Fprintf(b, "// %s\n", line)
	}
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $%d-%d\n", k.name, k.frame, k.signature.Bytes())
	for _, n := range k.nodes {
		for _, line := range n.comments {
			fmt.Fprintf(b, "\n\t// %s\n", line)
		}
		switch {
		case n.label != "":
			fmt.Fprintf(b, "%s:\n", n.label)
		case n.instruction != nil:
			fmt.Fprintf(b, "\t%s\n", n.instruction)
		}
	}
}
