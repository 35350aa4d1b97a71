package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The tools that -arm64 needs. A Debian package has all of those with an ending together.
const (
	emulator     = "qemu-aarch64-static"
	disassembler = "llvm-objdump-22"
	modeller     = "llvm-mca-22"
	assembler    = "aarch64-linux-gnu-as"
	linker       = "aarch64-linux-gnu-ld"
)

// checkTools returns an error that names the tools that this machine lacks, and Debian's packages.
func checkTools(peers bool) error {
	needed := []struct{ tool, packaged string }{
		{emulator, "qemu-user-static"}, {disassembler, "llvm-22"}, {modeller, "llvm-22"},
	}
	if peers {
		needed = append(needed, []struct{ tool, packaged string }{
			{assembler, "binutils-aarch64-linux-gnu"}, {linker, "binutils-aarch64-linux-gnu"}, {compiler(), "gcc"},
		}...)
	}
	var missing, packages []string
	for _, x := range needed {
		if _, err := exec.LookPath(x.tool); err != nil {
			missing, packages = append(missing, x.tool), append(packages, x.packaged)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("-arm64 needs %s; Debian has them in %s", strings.Join(missing, ", "), strings.Join(slices.Compact(packages), ", "))
}

// A core is one whose pipeline llvm-mca has a model of.
type core struct {
	name string // as LLVM calls it
	sha3 bool   // whether it has the SHA-3 instructions, which LLVM takes as an option of some of these
}

var cores = []core{
	{"cortex-a55", false}, {"cortex-a72", false}, {"neoverse-n1", false}, {"neoverse-n2", true},
	{"neoverse-v1", true}, {"neoverse-v2", true}, {"neoverse-v3", true}, {"apple-m1", true},
}

// instructionLine matches a line of the disassembly. What follows the operands explains them.
var instructionLine = regexp.MustCompile(`^\s*([0-9a-f]+):\s+([^<;]*?)\s*(?:<.*|//.*|;.*)?$`)

// parseDisassembly adds the instructions in the disassembler's output to text, by address.
func parseDisassembly(text map[uint64]string, output []byte) error {
	for line := range bytes.Lines(output) {
		m := instructionLine.FindSubmatch(bytes.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		pc, err := strconv.ParseUint(string(m[1]), 16, 64)
		if err != nil {
			return err
		}
		text[pc] = string(m[2])
	}
	return nil
}

// disassemble returns the instructions at the addresses of a trace.
func (p *program) disassemble(pcs []uint64) ([]string, error) {
	text := make(map[uint64]string)
	for _, pc := range pcs {
		if _, ok := text[pc]; ok {
			continue
		}
		f := p.at(pc)
		out, err := exec.Command(disassembler, "-d", "--no-show-raw-insn", "--mattr=+all",
			fmt.Sprintf("--start-address=%#x", f.start), fmt.Sprintf("--stop-address=%#x", f.end), p.path).Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", disassembler, err)
		}
		if err := parseDisassembly(text, out); err != nil {
			return nil, err
		}
		if _, ok := text[pc]; !ok {
			return nil, fmt.Errorf("%s shows no instruction at %#x, in %s", disassembler, pc, f.name)
		}
	}
	instructions := make([]string, len(pcs))
	for i, pc := range pcs {
		instructions[i] = text[pc]
	}
	return instructions, nil
}

// Patterns of what has a target or an address that means nothing outside the program.
var (
	jump        = regexp.MustCompile(`^(b|bl|br|blr|ret)(\s|$)`)
	conditional = regexp.MustCompile(`^(b\.\w+|cbn?z|tbn?z)(\s.*?)0x[0-9a-f]+$`)
	address     = regexp.MustCompile(`^((?:adrp?|ldr)\s+\w+), (?:#?-?0x[0-9a-f]+|#?-?\d+)$`)
)

// straight returns an executed instruction in a form for llvm-mca, which takes a list of instructions
// to be what runs, and follows no jump.
func straight(instruction string) string {
	if jump.MatchString(instruction) {
		return "b 0"
	}
	instruction = conditional.ReplaceAllString(instruction, "${1}${2}0")
	return address.ReplaceAllString(instruction, "$1, 0")
}

// long is the number of instructions from which on one call is modelled. What is shorter is modelled
// several times in a row, as it runs in an operation.
const long, repeated = 50_000, 4

// cycles returns how many cycles a call takes by llvm-mca's model of c. It returns 0 if the core lacks
// an instruction.
func (c core) cycles(instructions []string) (float64, error) {
	n := repeated
	if len(instructions) >= long {
		n = 1
	}
	attributes := "-mattr="
	if c.sha3 {
		attributes += "+sha3"
	}
	cmd := exec.Command(modeller, "-mtriple=aarch64", "-mcpu="+c.name, attributes, "-instruction-info=0",
		"-resource-pressure=0", fmt.Sprintf("-iterations=%d", n))
	var b strings.Builder
	for _, x := range instructions {
		b.WriteString(straight(x))
		b.WriteByte('\n')
	}
	cmd.Stdin = strings.NewReader(b.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if missing.Match(stderr.Bytes()) {
			return 0, nil
		}
		return 0, fmt.Errorf("%s for %s: %w: %s", modeller, c.name, err, firstError(stderr.Bytes(), err))
	}
	total, err := parseCycles(out)
	return total / float64(n), err
}

// missing matches llvm-mca's error about an instruction that a core does not have.
var missing = regexp.MustCompile(`error: instruction requires: `)

// parseCycles returns the cycles in llvm-mca's summary.
func parseCycles(output []byte) (float64, error) {
	m := totalCycles.FindSubmatch(output)
	if m == nil {
		return 0, fmt.Errorf("%s does not say the total of cycles", modeller)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

var totalCycles = regexp.MustCompile(`(?m)^Total Cycles:\s+(\d+)$`)

// toolVersion returns the line of a tool's --version that has a number.
func toolVersion(tool string) string {
	out, err := exec.Command(tool, "--version").Output()
	if err != nil {
		return ""
	}
	return tool + ": " + cmp.Or(strings.TrimSpace(string(versionLine.Find(out))), "unknown version")
}

var versionLine = regexp.MustCompile(`(?m)^.*\d+\.\d+.*$`)
