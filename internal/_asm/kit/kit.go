// Package kit holds what the generators of all kernels share.
package kit

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// A File is the assembly of one package, under construction.
type File struct {
	*build.Context
	sets map[string]Set // of each kernel
}

// A Set is a named feature set of internal/cpu: the extensions that a kernel which
// runs under its name may use, as avo calls them.
type Set []string

// AVX2 is cpu.AVX2.
var AVX2 = Set{"AVX", "AVX2", "BMI", "BMI2", "POPCNT"}

// A Header is what a kernel tells its reader, above its code and in its stub.
type Header struct {
	Does    string // one sentence, which begins with the name
	In, Out string // with their layouts and bounds
	DoesNot string // what a caller might expect, and has to do itself
}

// Kernel starts the function with the name, the signature and the header. Until the
// next, all instructions go there. They must be of the set.
func (f *File) Kernel(name, signature string, set Set, h Header) {
	f.sets[name] = set
	f.Function(name)
	f.SignatureExpr(signature)
	f.Pragma("noescape")
	text := []string{h.Does, "In: " + h.In, "Out: " + h.Out, "It does not " + h.DoesNot}
	f.Doc(text...)
	f.Comment(text...)
}

// Ret ends a kernel. If that has used ymm registers, their upper halves are cleared
// first, since otherwise SSE instructions that follow would be slow.
func (f *File) Ret() {
	if f.usesYMM() {
		f.VZEROUPPER()
	}
	f.RET()
}

func (f *File) usesYMM() bool {
	file, _ := f.Result() // the error comes up again in Generate
	functions := file.Functions()
	for _, i := range functions[len(functions)-1].Instructions() {
		for _, op := range i.Operands {
			if r, ok := op.(reg.Register); ok && r.Kind() == reg.KindVector && r.Size() > 16 {
				return true
			}
		}
	}
	return false
}

// Quads adds read-only 64-bit constants, and returns the address of the first.
func (f *File) Quads(name string, quads ...uint64) operand.Mem {
	address := f.StaticGlobal(name)
	f.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, q := range quads {
		f.AppendDatum(operand.U64(q))
	}
	return address
}

// Generate writes the assembly that define makes, and the Go stubs for it, into the
// package's folder beside that of the generators, where it has to be called.
func Generate(pkg string, define func(f *File)) {
	if err := generate(pkg, define); err != nil {
		log.Fatal(err)
	}
}

func generate(pkg string, define func(f *File)) error {
	f := &File{build.NewContext(), make(map[string]Set)}
	f.ConstraintExpr("amd64,!purego")
	define(f)
	file, err := f.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return err
	}
	for _, kernel := range file.Functions() {
		for _, extension := range kernel.ISA {
			if !slices.Contains(f.sets[kernel.Name], extension) {
				return fmt.Errorf("%s needs %s", kernel.Name, extension)
			}
		}
	}

	config := printer.Config{Name: "internal/_asm/" + pkg, Pkg: pkg}
	for name, p := range map[string]printer.Printer{
		pkg + "_amd64.s": printer.NewGoAsm(config),
		"stubs_amd64.go": printer.NewStubs(config),
	} {
		text, err := p.Print(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join("..", pkg, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
