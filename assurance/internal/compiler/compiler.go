// Package compiler runs the Go compiler and assembler on the module, for several
// architectures, and reads their reports and listings.
package compiler

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"hybridkem/internal/overlay"
)

// A Module is a module in a folder, with the changes of an overlay.
type Module struct {
	Root string
	*overlay.Overlay
}

// In returns the module in the folder root, without changes.
func In(root string) Module { return Module{root, overlay.New(root)} }

// A Platform is an architecture and a build tag. The tag may be empty.
type Platform struct{ Arch, Tag string }

// Platforms lists the platforms that the commands examine.
var Platforms = []Platform{{Arch: "amd64"}, {"amd64", "purego"}, {Arch: "arm64"}, {Arch: "386"}, {Arch: "s390x"}, {Arch: "riscv64"}}

func (p Platform) String() string { return strings.TrimSpace(p.Arch + " " + p.Tag) }

// HasKernels reports whether builds for the platform have kernels.
func (p Platform) HasKernels() bool { return p.Tag == "" && (p.Arch == "amd64" || p.Arch == "arm64") }

// Use sets the environment so that the go command builds for the platform.
func (p Platform) Use() error {
	for name, value := range map[string]string{"GOOS": "linux", "GOARCH": p.Arch, "CGO_ENABLED": "0"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Go runs the go command for the platform, in the folder of the module and with its changes.
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

// An Instruction is a machine instruction in the syntax of Go's assembler, in which the
// destination is the last operand.
type Instruction struct {
	PC       string // the offset in the function, in decimal
	File     string
	Line     string
	Mnemonic string // without the suffix after a point
	Operands []string
}

func (i *Instruction) String() string { return i.Mnemonic + " " + strings.Join(i.Operands, ", ") }

// A Function is a listed function, written in Go or in assembly.
type Function struct {
	Name  string
	Code  []Instruction // the first is TEXT
	Bytes []byte        // the machine code, before linking
}

// listed matches a line of a listing: the address in hexadecimal and in decimal, the place in
// the source, and the instruction.
var listed = regexp.MustCompile(`^\t0x[0-9a-f]+ 0*(\d+) \((.*):(\d+)\)\t([^\t.]+)\S*(?:\t(.*))?$`)

// dumped matches a line of the bytes of a function, or of other data, in a listing.
var dumped = regexp.MustCompile(`^\t0x[0-9a-f]+ ((?:[0-9a-f]{2} ){1,16})`)

// Listing returns all functions of the packages, as the compiler and the assembler list them.
func (p Platform) Listing(module Module, packages ...string) (functions []Function, err error) {
	out, err := p.Go(module, "build", append([]string{"-gcflags=-S", "-asmflags=-S"}, packages...)...)
	if err != nil {
		return nil, err
	}
	inCode := false
	for line := range strings.Lines(out) {
		if line[0] != '\t' {
			inCode = strings.Contains(line, " STEXT ")
		}
		if m := dumped.FindStringSubmatch(line); m != nil {
			if inCode {
				b, err := hex.DecodeString(strings.ReplaceAll(m[1], " ", ""))
				if err != nil {
					return nil, err
				}
				f := &functions[len(functions)-1]
				f.Bytes = append(f.Bytes, b...)
			}
			continue
		}
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

// Places holds sets of places in the source, by function.
type Places map[string]map[string]bool

// Add adds a place to those of a function.
func (p Places) Add(function, place string) {
	if p[function] == nil {
		p[function] = map[string]bool{}
	}
	p[function][place] = true
}

// Known maps a reason to functions, and each function to the number of places that are
// allowed in it for that reason.
type Known map[string]map[string]int

// Compare returns a finding for each function whose number of places is not the known one.
// It compares numbers only.
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
