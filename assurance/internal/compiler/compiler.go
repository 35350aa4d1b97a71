// Package compiler asks the Go compiler and assembler what they make of the module, for
// several architectures.
package compiler

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"hybridkem/internal/overlay"
)

// A Module is the one in a folder, with changes or without.
type Module struct {
	Root string
	*overlay.Overlay
}

// In returns the module in the folder root, as it is.
func In(root string) Module { return Module{root, overlay.New(root)} }

// A Platform is what code is compiled for, with a build tag or none.
type Platform struct{ Arch, Tag string }

// Platforms are those that the commands look at. The first is the one with kernels.
var Platforms = []Platform{{Arch: "amd64"}, {"amd64", "purego"}, {Arch: "arm64"}, {Arch: "386"}, {Arch: "s390x"}, {Arch: "riscv64"}}

func (p Platform) String() string { return strings.TrimSpace(p.Arch + " " + p.Tag) }

// Use makes the go command work for the platform from now on.
func (p Platform) Use() error {
	for name, value := range map[string]string{"GOOS": "linux", "GOARCH": p.Arch, "CGO_ENABLED": "0"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Go runs the go command for the platform in the folder of the module, with its changes.
func (p Platform) Go(module Module, command string, args ...string) (string, error) {
	if err := p.Use(); err != nil {
		return "", err
	}
	out, err := module.Overlay.Go(module.Root, append([]string{command, "-tags=" + p.Tag}, args...)...)
	if err != nil {
		return "", fmt.Errorf("%s: go %s: %w\n%s", p, command, err, out)
	}
	return out, nil
}

// An Instruction is one in the syntax of Go's assembler: what it writes comes last.
type Instruction struct {
	PC       string // in the function, in decimal
	File     string
	Line     string
	Mnemonic string // without a suffix that follows a point
	Operands []string
}

func (i *Instruction) String() string { return i.Mnemonic + " " + strings.Join(i.Operands, ", ") }

// A Function is one of Go or of assembly.
type Function struct {
	Name string
	Code []Instruction // The first is TEXT.
}

// An instruction has its address twice, its place and its text.
var listed = regexp.MustCompile(`^\t0x[0-9a-f]+ 0*(\d+) \((.*):(\d+)\)\t([^\t.]+)\S*(?:\t(.*))?$`)

// Listing returns all functions of packages, as the compiler and the assembler list them.
func (p Platform) Listing(module Module, packages ...string) (functions []Function, err error) {
	out, err := p.Go(module, "build", append([]string{"-gcflags=-S", "-asmflags=-S"}, packages...)...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		m := listed.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || m[4] == "PCDATA" || m[4] == "FUNCDATA" {
			continue
		}
		i := Instruction{PC: m[1], File: m[2], Line: m[3], Mnemonic: m[4]}
		if m[5] != "" {
			i.Operands = strings.Split(m[5], ", ")
		}
		if i.Mnemonic == "TEXT" {
			name, _, _ := strings.Cut(m[5], "(SB)")
			functions = append(functions, Function{Name: name})
		}
		f := &functions[len(functions)-1]
		f.Code = append(f.Code, i)
	}
	return functions, nil
}

// Places are places in the source, by function.
type Places map[string]map[string]bool

// Add adds a place.
func (p Places) Add(function, place string) {
	if p[function] == nil {
		p[function] = map[string]bool{}
	}
	p[function][place] = true
}

// Known says in how many places of functions something stands. The reason why it may comes
// first.
type Known map[string]map[string]int

// Compare returns how the places differ from those that are known.
func (p Places) Compare(known Known) (findings []string) {
	want := map[string]int{}
	for _, functions := range known {
		for f, n := range functions {
			want[f] += n
		}
	}
	all := slices.Concat(slices.Collect(maps.Keys(p)), slices.Collect(maps.Keys(want)))
	slices.Sort(all)
	for _, f := range slices.Compact(all) {
		if len(p[f]) != want[f] {
			places := slices.Sorted(maps.Keys(p[f]))
			findings = append(findings, fmt.Sprintf("%s: %d places, %d known: %s", f, len(places), want[f], strings.Join(places, ", ")))
		}
	}
	return findings
}
