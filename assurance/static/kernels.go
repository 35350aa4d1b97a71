package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type argument struct{ kernel, name, reason string }

// publicArguments are the numbers, beside pointers, on which the time and the addresses
// of kernels may depend.
var publicArguments = []argument{
	{"sha3.start4AVX2", "end", "the rate of the hash function"},
	{"sha3.squeeze4AVX2", "stride", "the length of a stream"},
	{"sha3.squeeze4AVX2", "n", "the length of a stream"},
	{"ring.innerProductAVX2", "stride", "1, or the k of the parameter set"},
	{"ring.innerProductAVX2", "k", "that of the parameter set"},
	{"ring.innerProductAVX512VBMI2", "stride", "1, or the k of the parameter set"},
	{"ring.innerProductAVX512VBMI2", "k", "that of the parameter set"},
}

// mnemonicsFile says which instructions each kernel uses.
const mnemonicsFile = "static/mnemonics.txt"

// A kernel is a function in assembly.
type kernel struct {
	pkg, name string
	public    map[int]bool // the arguments that are, by their offset
	code      []instruction
}

func (k *kernel) String() string { return k.pkg + "." + k.name }

// vartime reports whether the kernel is one whose input is public.
func (k *kernel) vartime() bool { return strings.Contains(k.name, "Vartime") }

var text = regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`)

// checkKernels looks at all kernels of the module in root, as they are in the binary.
func checkKernels(r *report, root, binary string, update bool) error {
	sources, err := filepath.Glob(filepath.Join(root, "internal", "*", "*_amd64.s"))
	if err != nil {
		return err
	}
	var golden strings.Builder
	used := map[string]bool{}
	kernels, vartime, instructions, listed := 0, 0, 0, 0
	for _, source := range sources {
		assembly, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		arguments, n, err := publicOffsets(filepath.Join(filepath.Dir(source), "stubs_amd64.go"))
		if err != nil {
			return err
		}
		listed += n
		for _, m := range text.FindAllSubmatch(assembly, -1) {
			k := kernel{pkg: filepath.Base(filepath.Dir(source)), name: string(m[1])}
			k.public = arguments[k.name]
			if k.code, err = disassemble(binary, "hybridkem/internal/"+k.String()); err != nil {
				return err
			}
			kernels++
			instructions += len(k.code)
			if k.vartime() {
				vartime++
			}
			branches, operands := k.check(r)
			r.detail("%-30s %4d instructions, %3d operands in memory, %2d conditional jumps",
				&k, len(k.code), operands, branches)
			golden.WriteString(k.mnemonics(used))
		}
	}
	fmt.Printf("amd64: %d kernels, %d of them for public input, with %d instructions\n",
		kernels, vartime, instructions)
	for _, arch := range []string{"arm64", "386", "s390x", "riscv64"} {
		others, err := filepath.Glob(filepath.Join(root, "internal", "*", "*_"+arch+".s"))
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d kernels\n", arch, len(others))
		if len(others) > 0 {
			r.find("kernels for %s, at which nothing looks", arch)
		}
	}
	if listed != len(publicArguments) {
		r.find("of %d public arguments in the table, %d exist", len(publicArguments), listed)
	}
	for _, m := range slices.Sorted(maps.Keys(mnemonics)) {
		if !used[m] {
			r.find("no kernel uses %s, which the table allows", m)
		}
	}
	file := filepath.Join(root, "assurance", mnemonicsFile)
	if update {
		return os.WriteFile(file, []byte(golden.String()), 0o666)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(want) != golden.String() {
		r.find("the kernels use other instructions than %s says; -update changes that", mnemonicsFile)
	}
	return nil
}

// mnemonics returns what mnemonicsFile says of the kernel, and adds to those used.
func (k *kernel) mnemonics(used map[string]bool) string {
	own := map[string]bool{}
	for _, i := range k.code {
		own[i.mnemonic], used[i.mnemonic] = true, true
	}
	out, column := k.String()+":", 110
	for _, m := range slices.Sorted(maps.Keys(own)) {
		if column += 1 + len(m); column > 100 {
			out, column = out+"\n\t"+m, len(m)
		} else {
			out += " " + m
		}
	}
	return out + "\n"
}

// publicOffsets returns where the public arguments of the functions in a file of stubs
// are, from the first argument on: all pointers, slices as such, and publicArguments, of
// which it returns how many there are.
func publicOffsets(stubs string) (offsets map[string]map[int]bool, listed int, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, stubs, nil, 0)
	if err != nil {
		return nil, 0, err
	}
	pkg, err := new(types.Config).Check(file.Name.Name, fset, []*ast.File{file}, nil)
	if err != nil {
		return nil, 0, err
	}
	sizes := types.SizesFor("gc", "amd64")
	offsets = map[string]map[int]bool{}
	for _, name := range pkg.Scope().Names() {
		parameters := slices.Collect(pkg.Scope().Lookup(name).Type().(*types.Signature).Params().Variables())
		starts := sizes.Offsetsof(parameters)
		offsets[name] = map[int]bool{}
		for i, p := range parameters {
			if _, number := p.Type().(*types.Basic); number {
				if !slices.ContainsFunc(publicArguments, func(a argument) bool {
					return a.kernel == pkg.Name()+"."+name && a.name == p.Name()
				}) {
					continue
				}
				listed++
			}
			for at := starts[i]; at < starts[i]+sizes.Sizeof(p.Type()); at += 8 {
				offsets[name][int(at)] = true
			}
		}
	}
	return offsets, listed, nil
}

// An instruction is one in the syntax of Intel: what it writes comes first.
type instruction struct {
	address  int
	mnemonic string
	operands []string
	text     string
}

var (
	line = regexp.MustCompile(`^ +([0-9a-f]+):\t(\S+)\s*([^#<\n]*)`)
	mask = regexp.MustCompile(`\{[^}]*\}`)
)

// disassemble returns the instructions of a function, without the check of the stack that
// the assembler has put around them.
func disassemble(binary, function string) (code []instruction, err error) {
	only := "--disassemble=" + function + ".abi0"
	out, err := exec.Command("objdump", "-d", "--no-show-raw-insn", "-Mintel", only, binary).Output()
	if err != nil {
		return nil, fmt.Errorf("objdump: %w", err)
	}
	for l := range bytes.Lines(out) {
		if m := line.FindStringSubmatch(string(l)); m != nil {
			code = append(code, parse(m[1], m[2], m[3]))
		}
	}
	if len(code) == 0 {
		return nil, fmt.Errorf("%s is not in the program", function)
	}
	n := len(code)
	grow := n >= 2 && code[n-2].mnemonic == "call" && bytes.Contains(out, []byte("<runtime.morestack_noctxt"))
	for i := range min(n, 4) {
		if grow && code[i].mnemonic == "jbe" && code[i].target() == code[n-2].address {
			return code[i+1 : n-2], nil
		}
	}
	return code, nil
}

func parse(address, mnemonic, operands string) instruction {
	i := instruction{mnemonic: mnemonic, text: strings.TrimSpace(mnemonic + " " + operands)}
	if at, err := strconv.ParseUint(address, 16, 63); err == nil {
		i.address = int(at)
	}
	for o := range strings.SplitSeq(operands, ",") {
		if o = strings.TrimSpace(mask.ReplaceAllString(o, "")); o != "" {
			i.operands = append(i.operands, o)
		}
	}
	return i
}

// target returns where a jump leads, or -1.
func (i *instruction) target() int {
	if len(i.operands) == 1 {
		if at, err := strconv.ParseUint(i.operands[0], 16, 63); err == nil {
			return int(at)
		}
	}
	return -1
}

// A state is what is known before an instruction. Registers, flags (c, o, and z for the
// others) and words of the stack are either public, which is to say made of
// immediates and public arguments, or not in public.
type state struct {
	public map[string]bool
	depth  int // of the stack, above the return address
}

// check follows the states through the kernel, around its loops until nothing changes.
// It counts conditional jumps and operands in memory.
func (k *kernel) check(r *report) (branches, operands int) {
	find := func(i *instruction, what string) { r.find("%s: %x: %s: %s", k, i.address, i.text, what) }
	at := map[int]int{}
	escapes := false // whether the stack's address is in other registers than its pointer
	for n := range k.code {
		i := &k.code[n]
		at[i.address] = n
		if _, ok := mnemonics[i.mnemonic]; !ok {
			find(i, "an instruction that is not allowed")
		}
		escapes = escapes || i.leaksStack()
		if _, ok := jumps(i); ok {
			branches++
		}
		for _, o := range i.operands {
			if strings.Contains(o, "[") {
				operands++
			}
		}
	}
	if k.vartime() {
		return branches, operands
	}

	start := state{public: map[string]bool{"rsp": true}}
	for offset := range k.public {
		start.public[slot(8+offset)] = true
	}
	before := map[int]state{}
	todo := []int{0}
	arrive := func(n int, s state) {
		old, seen := before[n]
		if !seen {
			before[n] = state{maps.Clone(s.public), s.depth}
			todo = append(todo, n)
			return
		}
		changed := false
		for name := range old.public {
			if !s.public[name] {
				delete(old.public, name)
				changed = true
			}
		}
		if old.depth != s.depth {
			find(&k.code[n], "the stack has different depths")
		} else if changed {
			todo = append(todo, n)
		}
	}
	arrive(0, start)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i := &k.code[n]
		after := state{maps.Clone(before[n].public), before[n].depth}
		after.step(i, escapes)
		_, conditional := jumps(i)
		if conditional || i.mnemonic == "jmp" {
			if to, ok := at[i.target()]; ok {
				arrive(to, after)
			} else {
				find(i, "a jump out of the kernel")
			}
		}
		if i.mnemonic != "jmp" && i.mnemonic != "ret" {
			if n+1 == len(k.code) {
				find(i, "the kernel does not return")
				break
			}
			arrive(n+1, after)
		}
	}
	for n := range k.code {
		if s, ok := before[n]; ok {
			s.judge(&k.code[n], find)
		} else {
			find(&k.code[n], "code that is not reached")
		}
	}
	return branches, operands
}

// judge finds addresses and conditions that are not public.
func (s *state) judge(i *instruction, find func(*instruction, string)) {
	for _, o := range i.operands {
		for _, name := range address(o) {
			if !s.public[name] {
				find(i, "an address that depends on data")
			}
		}
	}
	if flags, ok := jumps(i); ok && !s.all(flags) {
		find(i, "a jump that depends on data")
	}
}

// all reports whether all flags are public.
func (s *state) all(flags string) bool {
	for _, f := range flags {
		if !s.public[string(f)] {
			return false
		}
	}
	return true
}

// step makes s the state after the instruction.
func (s *state) step(i *instruction, escapes bool) {
	switch i.mnemonic {
	case "push":
		s.depth += 8
		return
	case "pop":
		s.depth -= 8
		delete(s.public, register(i.operands[0]))
		return
	case "mov", "add", "sub":
		if prologue.MatchString(i.text) {
			if i.mnemonic == "mov" {
				delete(s.public, "rbp")
				return
			}
			n, _ := strconv.ParseInt(i.operands[1], 0, 64)
			if i.mnemonic == "add" {
				n = -n
			}
			s.depth += int(n)
			return
		}
	}
	e := mnemonics[i.mnemonic]
	public := s.all(e.reads)
	for n, o := range i.operands {
		if n >= e.writes || !e.fresh || !whole(o) {
			public = public && s.source(o)
		}
	}
	if i.mnemonic == "lea" {
		public = true
		for _, name := range address(i.operands[1]) {
			public = public && s.public[name]
		}
	}
	if i.mnemonic == "mulx" {
		public = public && s.public["rdx"]
	}
	if i.mnemonic == "xor" && i.operands[0] == i.operands[1] {
		public = true
	}
	for _, o := range i.operands[:min(e.writes, len(i.operands))] {
		for _, name := range s.destination(o) {
			if public && !(escapes && strings.HasPrefix(name, "[")) {
				s.public[name] = true
			} else {
				delete(s.public, name)
			}
		}
	}
	for _, f := range e.flags {
		if public {
			s.public[string(f)] = true
		} else {
			delete(s.public, string(f))
		}
	}
}
