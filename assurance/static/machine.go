package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// platforms are what is compiled. The first is the one with kernels.
var platforms = []platform{
	{arch: "amd64"}, {"amd64", "purego"}, {arch: "arm64"}, {arch: "386"}, {arch: "s390x"}, {arch: "riscv64"},
}

var (
	// Go's disassembler prints file and line, address, code, and instruction.
	function = regexp.MustCompile(`^TEXT (\S+)\(SB\)(?: (\S+))?`)
	machine  = regexp.MustCompile(`^  (\S+):(\d+)\s+0x[0-9a-f]+\s+([0-9a-f]+)\s+(.*\S)\s*$`)

	// Of all architectures: DIVQ, IDIVL, UDIV, SDIVW, REMU, and DLGR and the like of s390x;
	// and functions of the runtime for numbers of 64 bits, on 386.
	division = regexp.MustCompile(`^[IUSF]?(DIV|REM|MOD)|^D[SL]?G?F?R? |runtime\.(u?int64(div|mod)|panicdivide)`)
)

// checkMachine looks for divisions in the functions of the module, and those of
// edwards25519, that are in a program for a platform. The kernels are not among them.
func checkMachine(r *report, binary string, p platform) error {
	command := exec.Command("go", "tool", "objdump", "-s", `^(hybridkem/|filippo\.io/edwards25519)`, binary)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	functions, instructions, kernel := 0, 0, false
	name, path := "", ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := function.FindStringSubmatch(lines.Text()); m != nil {
			name, path = m[1], m[2]
			kernel = strings.HasPrefix(name, "hybridkem/") && strings.HasSuffix(path, ".s")
			if !kernel {
				functions++
				r.detail("%s: %s", p, name)
			}
			continue
		}
		m := machine.FindStringSubmatch(lines.Text())
		if m == nil || kernel {
			continue
		}
		instructions++
		if m[4] == "?" && strings.Trim(m[3], "0") != "" && !(p.arch == "arm64" && atomicARM64(m[3])) {
			r.find("%s: %s: the instruction %s is not known", p, name, m[3])
		}
		if division.MatchString(m[4]) {
			where := name + ": " + sourceLine(path, m[1], m[2])
			if _, ok := divisions[where]; ok {
				r.used[where] = true
			} else {
				r.find("%s: %s: %s", p, where, m[4])
			}
		}
	}
	fmt.Printf("%s: %d functions, with %d instructions\n", p, functions, instructions)
	return command.Wait()
}

// atomicARM64 reports whether code is one of the atomic instructions that Go's disassembler does
// not know: LDADD and CAS, with or without acquire and release.
func atomicARM64(code string) bool {
	word, err := strconv.ParseUint(code, 16, 32)
	return err == nil && (word&0x3f20fc00 == 0x38200000 || word&0x3fa07c00 == 0x08a07c00)
}

// sourceLine returns the text of a line in a file in the folder of path, in which the
// function is. Of what was inlined from elsewhere, it returns the place.
func sourceLine(path, file, line string) string {
	n, _ := strconv.Atoi(line)
	source, err := os.ReadFile(filepath.Join(filepath.Dir(path), file))
	lines := strings.Split(string(source), "\n")
	if err != nil || n < 1 || n > len(lines) {
		return file + ":" + line
	}
	return strings.TrimSpace(lines[n-1])
}
