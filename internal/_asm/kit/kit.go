// Package kit holds what the generators of all kernels share.
package kit

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// A File is the assembly of one package, under construction.
type File struct {
	*build.Context
	sets map[string]Set // of each kernel
	data map[string]table
}

// A table is constants and their address.
type table struct {
	constants []operand.Constant
	address   operand.Mem
}

// A Set is a named feature set of internal/cpu.
type Set struct {
	name       string
	extensions []string // which a kernel may use, as avo calls them
	registers  int      // how many vector registers there are
}

// Those of internal/cpu.
var (
	AVX2        = Set{"AVX2", []string{"CMOV", "AVX", "AVX2", "BMI", "BMI2", "POPCNT"}, 16}
	ADX         = Set{"ADX", append([]string{"ADX"}, AVX2.extensions...), 16}
	AVX512      = Set{"AVX512", append([]string{"AVX512F", "AVX512BW", "AVX512DQ", "AVX512VL"}, AVX2.extensions...), 32}
	AVX512VBMI2 = Set{"AVX512VBMI2", append([]string{"AVX512VBMI", "AVX512_VBMI2", "AVX512_VNNI"}, AVX512.extensions...), 32}
	AVX512IFMA  = Set{"AVX512IFMA", append([]string{"AVX512IFMA"}, AVX512.extensions...), 32}
)

// A Header is what a kernel tells its reader, above its code and in its stub.
type Header struct {
	Does    string // one sentence, which begins with the name
	In, Out string // with their layouts and bounds
	Notes   string // what a caller might not expect, or has to do itself
}

// Kernel starts the function with the name, the signature and the header. Until the
// next, all instructions go there. They must be of the set.
func (f *File) Kernel(name, signature string, set Set, h Header) {
	f.sets[name] = set
	f.Function(name)
	f.SignatureExpr(signature)
	f.Pragma("noescape")
	var text []string
	for _, part := range []string{h.Does, prefixed("In: ", h.In), prefixed("Out: ", h.Out), h.Notes, "Needs: cpu." + set.name + "."} {
		text = append(text, wrapped(part, 85)...)
	}
	f.Doc(text...)
	f.Comment(text...)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// wrapped returns the text in lines of at most that length.
func wrapped(text string, length int) (lines []string) {
	for _, word := range strings.Fields(text) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(word) <= length {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// Pointer returns what a parameter points to.
func (f *File) Pointer(parameter string) operand.Mem {
	return operand.Mem{Base: f.Load(f.Param(parameter), f.GP64())}
}

// Repeat runs body as often as times says.
func (f *File) Repeat(label string, times int, body func()) {
	counter := f.GP32()
	f.MOVL(operand.U32(times), counter)
	f.Label(label)
	body()
	f.DECL(counter)
	f.JNZ(operand.LabelRef(label))
}

// Ret ends a kernel. If that has used ymm or zmm registers, their upper halves are cleared
// first, since otherwise SSE instructions that follow would be slow.
func (f *File) Ret() {
	file, _ := f.Result() // the error comes up again in Generate
	functions := file.Functions()
	if slices.ContainsFunc(functions[len(functions)-1].Instructions(), func(i *ir.Instruction) bool {
		return slices.ContainsFunc(i.Registers(), func(r reg.Register) bool {
			return r.Kind() == reg.KindVector && r.Size() > 16
		})
	}) {
		f.VZEROUPPER()
	}
	f.RET()
}

// Data adds read-only constants, unless there are some of that name already, and returns
// the address of the first.
func (f *File) Data(name string, constants ...operand.Constant) operand.Mem {
	if t, ok := f.data[name]; ok {
		if !slices.Equal(t.constants, constants) {
			panic("other constants of the name " + name)
		}
		return t.address
	}
	address := f.StaticGlobal(name)
	f.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, c := range constants {
		f.AppendDatum(c)
	}
	f.data[name] = table{constants, address}
	return address
}

// Quads is Data for 64-bit constants.
func (f *File) Quads(name string, quads ...uint64) operand.Mem {
	var constants []operand.Constant
	for _, q := range quads {
		constants = append(constants, operand.U64(q))
	}
	return f.Data(name, constants...)
}

// Generate writes the assembly that define makes, and the Go stubs for it, into the
// package's folder beside that of the generators, where it has to be called.
func Generate(pkg string, define func(f *File)) {
	generate(pkg, filepath.Join("..", pkg), define)
}

// GenerateCheck is Generate for functions that are not part of the module, but parts of
// the package's kernels, for tests. They go into the folder check of the generators.
func GenerateCheck(pkg string, define func(f *File)) {
	generate(pkg, filepath.Join(pkg, "check"), define)
}

func generate(generators, folder string, define func(f *File)) {
	if err := write(generators, folder, define); err != nil {
		log.Fatal(err)
	}
}

// Build returns the assembly that define makes, with all registers allocated.
func Build(define func(f *File)) (*ir.File, error) {
	f := &File{build.NewContext(), make(map[string]Set), make(map[string]table)}
	f.ConstraintExpr("amd64,!purego")
	define(f)
	file, err := f.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	for _, kernel := range file.Functions() {
		if err := check(kernel, f.sets[kernel.Name]); err != nil {
			return nil, err
		}
	}
	return file, nil
}

func write(generators, folder string, define func(f *File)) error {
	file, err := Build(define)
	if err != nil {
		return err
	}
	pkg := filepath.Base(folder)
	config := printer.Config{Name: "internal/_asm/" + generators, Pkg: pkg}
	for name, p := range map[string]printer.Printer{
		pkg + "_amd64.s": printer.NewGoAsm(config),
		"stubs_amd64.go": printer.NewStubs(config),
	} {
		text, err := p.Print(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// check reports what a kernel uses that is not of the set. Registers have to be counted,
// because avo hands out those of AVX-512 to every kernel that needs more than sixteen.
func check(kernel *ir.Function, set Set) error {
	for _, extension := range kernel.ISA {
		if !slices.Contains(set.extensions, extension) {
			return fmt.Errorf("%s needs %s", kernel.Name, extension)
		}
	}
	for _, i := range kernel.Instructions() {
		for _, r := range i.Registers() {
			if p, ok := r.(reg.Physical); ok && p.Kind() == reg.KindVector && int(p.PhysicalIndex()) >= set.registers {
				return fmt.Errorf("%s needs more than %d vector registers", kernel.Name, set.registers)
			}
		}
	}
	return nil
}
