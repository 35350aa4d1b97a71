package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// platforms are those whose code is searched for division.
var platforms = []platform{
	{"amd64", ""}, {"amd64", "purego"}, {"arm64", ""}, {"386", ""}, {"s390x", ""}, {"riscv64", ""},
}

// divides matches what the disassembler of Go writes for instructions that divide or take
// roots, whose time depends on the numbers, and for calls of functions that do.
var divides = map[string]*regexp.Regexp{
	"amd64":   regexp.MustCompile(`^(I?DIV[BWLQ]|V?DIV[PS][SD]|V?SQRT[PS][SD])\b`),
	"386":     regexp.MustCompile(`^(I?DIV[BWLQ]|V?DIV[PS][SD]|V?SQRT[PS][SD]|CALL runtime\.u?int64(div|mod)\b)`),
	"arm64":   regexp.MustCompile(`^([US]?DIVW?|[US]?REMW?|FDIV[SD]|FSQRT[SD])\b`),
	"s390x":   regexp.MustCompile(`^(D|DR|DL|DLR|DLG|DLGR|DSG|DSGR|DSGF|DSGFR|DIV\w*|MOD\w*|D[DE]BR|SQ[DE]BR)\b`),
	"riscv64": regexp.MustCompile(`^(DIVU?W?|REMU?W?|FDIV[SD]|FSQRT[SD])\b`),
}

// acceptedDivisions are those of public numbers, by the file and the text of the line.
var acceptedDivisions = []struct{ file, text, reason string }{
	{"expand.go", "ends[i] = [2]byte{byte((made + i) % k), byte((made + i) / k)}", "places in the matrix, which are public"},
}

var (
	heading      = regexp.MustCompile(`^TEXT (\S+)\(SB\)`)
	disassembled = regexp.MustCompile(`^\s+(\S+):(\d+)\s+0x[0-9a-f]+\s+[0-9a-f]+\s+(.+)$`)
)

// checkDivisions looks at the machine code of all functions of the module, and of the one
// that it calls with secrets, in the program for each platform.
func checkDivisions(r *report, root, dir string) error {
	used := map[int]bool{}
	for _, p := range platforms {
		binary, err := build(root, dir, p)
		if err != nil {
			return err
		}
		out, err := exec.Command("go", "tool", "objdump", "-s", `^(hybridkem/|filippo\.io/edwards25519)`, binary).Output()
		if err != nil {
			return fmt.Errorf("objdump: %w", err)
		}
		function, functions, instructions := "", 0, 0
		for line := range bytes.Lines(out) {
			if m := heading.FindSubmatch(line); m != nil {
				function = string(m[1])
				functions++
				r.detail("%s: %s", p, function)
			}
			m := disassembled.FindSubmatch(bytes.TrimRight(line, "\n"))
			if m == nil {
				continue
			}
			if strings.HasPrefix(function, "hybridkem/") && strings.HasSuffix(string(m[1]), ".s") {
				continue // a kernel, whose instructions this disassembler does not know
			}
			instructions++
			if !divides[p.arch].Match(m[3]) {
				continue
			}
			file, text := string(m[1]), sourceLine(root, string(m[1]), string(m[2]))
			if i := accepts(file, text); i >= 0 {
				used[i] = true
				continue
			}
			r.find("%s: %s: %s:%s: %s: %s", p, function, file, m[2], m[3], text)
		}
		if functions < 100 || instructions < 5000 {
			return fmt.Errorf("%s: the disassembler shows %d functions", p, functions)
		}
		fmt.Printf("%s: no division in %d functions with %d instructions, but of public numbers\n", p, functions, instructions)
	}
	for i, a := range acceptedDivisions {
		if !used[i] {
			r.find("nothing divides in %s, %s, which the table accepts", a.file, a.text)
		}
	}
	return nil
}

func accepts(file, text string) int {
	for i, a := range acceptedDivisions {
		if a.file == file && a.text == text {
			return i
		}
	}
	return -1
}

// sourceLine returns a line of the only file of the module with that name, or nothing.
func sourceLine(root, name, number string) string {
	paths, err := filepath.Glob(filepath.Join(root, "internal", "*", name))
	n, atoiErr := strconv.Atoi(number)
	if err != nil || atoiErr != nil || len(paths) != 1 {
		return ""
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		return ""
	}
	if lines := strings.Split(string(b), "\n"); n <= len(lines) {
		return strings.TrimSpace(lines[n-1])
	}
	return ""
}
