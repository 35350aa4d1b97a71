// Package kit holds the code that all generators of kernels share.
package kit

import (
	"bytes"
	"fmt"
	"go/format"
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
	sets map[string]Set   // the set of each kernel, by the kernel's name
	data map[string]table // by name
}

// A table is a list of constants in memory.
type table struct {
	constants []operand.Constant
	address   operand.Mem
}

// A Set is a set of instructions that internal/cpu names.
type Set struct {
	name       string
	extensions []string // the extensions that a kernel may use, by avo's names
	registers  int      // the number of vector registers
}

// The sets of internal/cpu.
var (
	AVX2        = Set{"AVX2", []string{"CMOV", "AVX", "AVX2", "BMI", "BMI2", "POPCNT"}, 16}
	ADX         = Set{"ADX", append([]string{"ADX"}, AVX2.extensions...), 16}
	AVX512      = Set{"AVX512", append([]string{"AVX512F", "AVX512BW", "AVX512DQ", "AVX512VL"}, AVX2.extensions...), 32}
	AVX512VBMI2 = Set{"AVX512VBMI2", append([]string{"AVX512VBMI", "AVX512_VBMI2", "AVX512_VNNI"}, AVX512.extensions...), 32}
	AVX512IFMA  = Set{"AVX512IFMA", append([]string{"AVX512IFMA"}, AVX512.extensions...), 32}
)

// A Header is the comment of a kernel. It is written above the kernel's code and above its stub.
type Header struct {
	Does    string // one sentence, which begins with the name
	In, Out string // layouts and bounds of parameters and results
	Notes   string // anything else that a caller must know or do
}

// Kernel begins a function with the given name, signature and header. All instructions up to the
// next call of Kernel belong to it. They must be in the set.
func (f *File) Kernel(name, signature string, set Set, h Header) {
	f.sets[name] = set
	f.Function(name)
	f.SignatureExpr(signature)
	f.Pragma("noescape")
	f.Doc(h.Lines(set.name)...)
	f.Comment(h.Lines(set.name)...)
}

// Lines returns the comment of a kernel that needs a set.
func (h Header) Lines(set string) (lines []string) {
	for _, part := range []string{h.Does, prefixed("In: ", h.In), prefixed("Out: ", h.Out), h.Notes, "Needs: cpu." + set + "."} {
		lines = append(lines, wrapped(part, 85)...)
	}
	return lines
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// wrapped splits the text into lines of at most the given length.
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

// Pointer returns the memory that a parameter points to.
func (f *File) Pointer(parameter string) operand.Mem {
	return operand.Mem{Base: f.Load(f.Param(parameter), f.GP64())}
}

// Repeat writes a loop that runs body the given number of times.
func (f *File) Repeat(label string, times int, body func()) {
	counter := f.GP32()
	f.MOVL(operand.U32(times), counter)
	f.Label(label)
	body()
	f.DECL(counter)
	f.JNZ(operand.LabelRef(label))
}

// Weave writes the instructions that a and b write, which do not jump, as one list. Each keeps
// its order, and is spread over the whole list.
func (f *File) Weave(a, b func()) {
	file, _ := f.Result() // Build reports the error
	functions := file.Functions()
	function := functions[len(functions)-1]
	start := len(function.Nodes)
	written := func(write func()) (parts [][]ir.Node) {
		write()
		var part []ir.Node
		for _, node := range function.Nodes[start:] {
			if _, ok := node.(ir.Label); ok {
				panic("a label cannot be woven")
			}
			part = append(part, node)
			if _, ok := node.(*ir.Instruction); ok { // comments belong to the instruction after them
				parts = append(parts, part)
				part = nil
			}
		}
		function.Nodes = function.Nodes[:start:start]
		return parts
	}
	for _, part := range Merge(written(a), written(b)) {
		function.Nodes = append(function.Nodes, part...)
	}
}

// Merge returns one list with the elements of all lists. Each keeps its order, and is spread
// over the whole list.
func Merge[T any](lists ...[]T) (merged []T) {
	longest := 0
	for _, list := range lists {
		longest = max(longest, len(list))
	}
	for i := range longest {
		for _, list := range lists {
			merged = append(merged, list[i*len(list)/longest:(i+1)*len(list)/longest]...)
		}
	}
	return merged
}

// Ret ends a kernel. If the kernel uses ymm or zmm registers, it clears their upper halves
// first. Otherwise later SSE instructions would be slow.
func (f *File) Ret() {
	file, _ := f.Result() // Build reports the error
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

// Data adds a table of read-only constants, unless the file already has the table. It returns
// the address of the first constant. It panics if another table has the name.
func (f *File) Data(name string, constants ...operand.Constant) operand.Mem {
	if t, ok := f.data[name]; ok {
		if !slices.Equal(t.constants, constants) {
			panic("two different tables have the name " + name)
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

// A Target makes the kernels of one package for one architecture.
type Target struct {
	Arch  string
	Build func() (Assembly, error)
}

// An Assembly is a list of kernels, as Go assembly and as stubs.
type Assembly struct {
	Text  string
	Stubs []Stub
}

// A Stub declares a kernel in Go.
type Stub struct {
	Declaration string // without func
	Doc         []string
}

// Kernels returns the assembly for amd64 that define makes.
func Kernels(define func(f *File)) Target {
	return Target{"amd64", func() (a Assembly, err error) {
		file, err := Build(define)
		if err != nil {
			return a, err
		}
		text, err := printer.NewGoAsm(printer.Config{}).Print(file)
		if err != nil {
			return a, err
		}
		_, body, _ := bytes.Cut(text, []byte("\n\n")) // after the printer's own header
		for _, kernel := range file.Functions() {
			a.Stubs = append(a.Stubs, Stub{strings.TrimPrefix(kernel.Stub(), "func "), kernel.Doc})
		}
		a.Text = string(body)
		return a, nil
	}}
}

// Generate writes the kernels of a package to its folder: for each architecture the assembly, its
// Go stubs, and the stubs for builds without these kernels. The working directory must be
// internal/_asm.
func Generate(pkg string, targets ...Target) {
	texts, err := print(pkg, targets)
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(name, text, 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

// Compare returns an error if a file differs from what Generate would write. The working
// directory must be internal/_asm.
func Compare(pkg string, targets ...Target) error {
	texts, err := print(pkg, targets)
	if err != nil {
		return err
	}
	for name, text := range texts {
		if old, err := os.ReadFile(name); err != nil || !bytes.Equal(old, text) {
			return fmt.Errorf("%s is not what its generator makes: %v", name, err)
		}
	}
	return nil
}

// print returns the texts of the files of a package, by their paths.
func print(pkg string, targets []Target) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, target := range targets {
		assembly, err := target.Build()
		if err != nil {
			return nil, err
		}
		head := func(constraint string) string {
			return fmt.Sprintf("// Code generated by internal/_asm/%s. DO NOT EDIT.\n\n//go:build %s\n\n", pkg, constraint)
		}
		var with, without strings.Builder
		fmt.Fprintf(&with, "%spackage %s\n", head(target.Arch+" && !purego"), pkg)
		fmt.Fprintf(&without, "%spackage %s\n\n", head("!"+target.Arch+" || purego"), pkg)
		fmt.Fprintf(&without, "// This build has no kernels for %s. The compiler needs their names, for calls that never happen.\n\n", target.Arch)
		for _, s := range assembly.Stubs {
			fmt.Fprintln(&with)
			for _, line := range s.Doc {
				fmt.Fprintf(&with, "// %s\n", line)
			}
			fmt.Fprintf(&with, "//\n//go:noescape\nfunc %s\n", s.Declaration)
			fmt.Fprintf(&without, "func %s { panic(%q) }\n", s.Declaration, pkg+": this build has no kernels for "+target.Arch)
		}
		files := map[string]string{
			"stubs_" + target.Arch + ".go":   with.String(),
			"stubs_no" + target.Arch + ".go": without.String(),
		}
		for name, text := range files {
			formatted, err := format.Source([]byte(text))
			if err != nil {
				return nil, err
			}
			texts[filepath.Join("..", pkg, name)] = formatted
		}
		texts[filepath.Join("..", pkg, pkg+"_"+target.Arch+".s")] = []byte(head(target.Arch+" && !purego") + assembly.Text)
	}
	return texts, nil
}

// Build returns the assembly that define makes, with all registers allocated.
func Build(define func(f *File)) (*ir.File, error) {
	f := &File{build.NewContext(), make(map[string]Set), make(map[string]table)}
	define(f)
	file, err := f.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	for _, kernel := range file.Functions() {
		if err := f.sets[kernel.Name].covers(kernel); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// covers returns an error if a kernel uses anything outside the set. That includes registers:
// avo gives the registers of AVX-512 to any kernel that needs more than sixteen.
func (set Set) covers(kernel *ir.Function) error {
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
