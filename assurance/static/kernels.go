package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"hybridkem/assurance/internal/compiler"
)

// The analysis of kernels computes which general registers, flags and words of the stack are
// public: those that are computed only from immediates and public arguments. All other values
// are data, among them everything that is loaded from memory or comes from a vector register.
// A kernel whose name contains Vartime has public input, so only the choice of its
// instructions is checked.

// An effect says what an instruction does besides writing its last operand.
type effect struct {
	updates     bool   // it also reads the last operand
	compares    bool   // it does not write the last operand
	sets, reads string // flags: c is carry, o is overflow, and z stands for the others
}

// effects holds the instructions on general registers that kernels may use, without the
// letters for sizes. Their time does not depend on their operands.
var effects = map[string]effect{
	"MOV": {}, "LEA": {}, "RORX": {}, "SHRX": {}, "MULX": {},
	"ANDN": {sets: "coz"}, "BZHI": {sets: "coz"}, "POPCNT": {sets: "coz"}, "IMUL3": {sets: "coz"},
	"ADD": {updates: true, sets: "coz"}, "ADC": {updates: true, sets: "coz", reads: "c"},
	"SUB": {updates: true, sets: "coz"}, "SBB": {updates: true, sets: "coz", reads: "c"},
	"AND": {updates: true, sets: "coz"}, "XOR": {updates: true, sets: "coz"},
	"SHL": {updates: true, sets: "coz"}, "SHR": {updates: true, sets: "coz"},
	"DEC": {updates: true, sets: "oz"}, "NOP": {compares: true},
	"ADCX": {updates: true, sets: "c", reads: "c"}, "ADOX": {updates: true, sets: "o", reads: "o"},
	"CMP": {compares: true, sets: "coz"}, "TEST": {compares: true, sets: "coz"},
	"BT": {compares: true, sets: "coz"}, "VPTEST": {compares: true, sets: "coz"},
	"JMP": {compares: true}, "RET": {compares: true},
}

// conditions maps the conditions of jumps, CMOV and SET to the flags that they read.
var conditions = map[string]string{
	"CS": "c", "CC": "c", "EQ": "z", "NE": "z", "HI": "cz", "LS": "cz", "LT": "oz", "GE": "oz", "GT": "oz", "LE": "oz",
}

var (
	sized       = regexp.MustCompile(`^(MOV|[A-Z]+3?)([BWLQ]|[BW][LQ][SZ]X)$`)
	conditional = regexp.MustCompile(`^(CMOV[WLQ]|J|SET)([A-Z]{2})$`)
	vector      = regexp.MustCompile(`^[VK]`)
)

// effectOf returns the effect of an instruction, and false if kernels may not use it.
func effectOf(i *compiler.Instruction) (effect, bool) {
	if e, ok := effects[i.Mnemonic]; ok {
		return e, true
	}
	if m := sized.FindStringSubmatch(i.Mnemonic); m != nil && !vector.MatchString(i.Mnemonic) {
		if e, ok := effects[m[1]]; ok {
			return e, true
		}
	}
	if m := conditional.FindStringSubmatch(i.Mnemonic); m != nil {
		flags, ok := conditions[m[2]]
		return effect{compares: m[1] == "J", updates: m[1] != "J", reads: flags}, ok
	}
	return effect{}, vector.MatchString(i.Mnemonic) && !forbidden.MatchString(i.String())
}

// A kernel is a function in assembly.
type kernel struct {
	name    string
	public  map[string]bool // the arguments that are public
	code    []compiler.Instruction
	at      map[string]int // the index in code of the instruction at an address
	escapes bool           // the kernel may access its stack through other registers than SP
}

// newKernel returns f as a kernel, without the instructions that the assembler adds at the
// beginning and the end to set up and release the frame. Those have the line of TEXT or RET.
func newKernel(r *report, module compiler.Module, f compiler.Function) (*kernel, error) {
	dot := strings.LastIndex(f.Name, ".")
	folder, name := strings.TrimPrefix(f.Name[:dot], "hybridkem/"), f.Name[dot+1:]
	k := &kernel{name: strings.TrimPrefix(f.Name, "hybridkem/internal/"), at: map[string]int{}}
	returns := map[string]bool{}
	for _, i := range f.Code {
		returns[i.Line] = returns[i.Line] || i.Mnemonic == "RET"
	}
	for _, i := range f.Code {
		if _, again := k.at[i.PC]; !again {
			k.at[i.PC] = len(k.code)
		}
		if i.Line != f.Code[0].Line && (i.Mnemonic == "RET" || !returns[i.Line]) {
			k.code = append(k.code, i)
			for _, o := range i.Operands {
				word := stackWord.MatchString(o) && !strings.HasPrefix(i.Mnemonic, "LEA")
				k.escapes = k.escapes || stackPointer.MatchString(o) && !word
			}
		}
	}
	stubs, err := module.Text(folder + "/stubs_amd64.go")
	if err != nil {
		return nil, err
	}
	k.public, err = r.publicParameters(stubs, name)
	return k, err
}

// publicParameters tells for each parameter of a kernel whether it is public. Pointers are,
// and so are the address, length and capacity of a slice. A number is public if it is in the
// table publicArguments.
func (r *report) publicParameters(stubs, name string) (map[string]bool, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "stubs_amd64.go", stubs, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	public := map[string]bool{}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != name {
			continue
		}
		for _, parameter := range f.Type.Params.List {
			_, number := parameter.Type.(*ast.Ident)
			for _, p := range parameter.Names {
				entry := name + " " + p.Name
				public[p.Name] = !number || publicArguments[entry] != ""
				r.used[entry] = true
			}
		}
		return public, nil
	}
	return nil, fmt.Errorf("%s is not in the stubs", name)
}

var (
	argument     = regexp.MustCompile(`^(\w+?)(?:_(?:base|len|cap))?\+\d+\(FP\)$`)
	stackWord    = regexp.MustCompile(`^(-?\d*)\(SP\)$`)
	stackPointer = regexp.MustCompile(`\bSP\b`)
	register     = regexp.MustCompile(`^(?:[A-D]X|[SD]I|BP|R\d+)$`)
	inAddress    = regexp.MustCompile(`\((\w+)`)
	wide         = regexp.MustCompile(`^[XYZ]\d+$`)

	// narrow matches instructions that write only a part of their destination register.
	narrow = regexp.MustCompile(`^[A-Z]*[BW]$|^SET`)
)

// A state is the set of registers, words of the stack and flags that are public before an
// instruction. It contains "upper" if no wide register has been used since the kernel began
// or since the last VZEROUPPER.
type state map[string]bool

// is reports whether the value of an operand is public.
func (s state) is(k *kernel, operand string) bool {
	if m := argument.FindStringSubmatch(operand); m != nil {
		return k.public[m[1]]
	}
	if words := stackWords(operand, 8); len(words) == 1 {
		return s[words[0]]
	}
	return operand[0] == '$' || s[operand]
}

func (s state) all(names []string) bool {
	for _, name := range names {
		if !s[name] {
			return false
		}
	}
	return true
}

// stackWords returns the words of the stack that an operand of the given size, in bytes,
// touches. It returns none if the operand is not on the stack.
func stackWords(operand string, size int) (words []string) {
	m := stackWord.FindStringSubmatch(operand)
	if m == nil {
		return nil
	}
	offset, _ := strconv.Atoi(m[1])
	for at := offset &^ 7; at < offset+size; at += 8 {
		words = append(words, fmt.Sprintf("%d(SP)", at))
	}
	return words
}

// addressOf returns the registers that make up the address of an operand, without SP and the
// pseudo-registers FP and SB.
func addressOf(operand string) (registers []string) {
	for _, m := range inAddress.FindAllStringSubmatch(operand, -1) {
		if m[1] != "SP" && m[1] != "FP" && m[1] != "SB" {
			registers = append(registers, m[1])
		}
	}
	return registers
}

// step updates s from the state before an instruction to the state after it.
func (s state) step(k *kernel, i *compiler.Instruction) {
	if i.Mnemonic == "VZEROUPPER" {
		s["upper"] = true
	}
	if len(i.Operands) == 0 {
		return
	}
	e, _ := effectOf(i)
	last := len(i.Operands) - 1
	written, size := i.Operands[last:], 8
	if strings.HasPrefix(i.Mnemonic, "MULX") {
		written = i.Operands[last-1:]
	}
	public := s.all(strings.Split(e.reads, "")) || e.reads == ""
	for n, o := range i.Operands {
		if n < len(i.Operands)-len(written) || e.updates || e.compares || narrow.MatchString(i.Mnemonic) {
			public = public && s.is(k, o)
		}
		if wide.MatchString(o) {
			size = max(size, map[byte]int{'X': 16, 'Y': 32, 'Z': 64}[o[0]])
		}
	}
	switch {
	case vector.MatchString(i.Mnemonic):
		public = false
		if size > 16 {
			delete(s, "upper")
		}
	case strings.HasPrefix(i.Mnemonic, "LEA"):
		public = s.all(addressOf(i.Operands[0]))
	case strings.HasPrefix(i.Mnemonic, "MULX"):
		public = public && s["DX"]
	case strings.HasPrefix(i.Mnemonic, "XOR") && i.Operands[0] == i.Operands[1]:
		public = true
	}
	if e.compares {
		written = nil
	}
	for _, o := range written {
		words := stackWords(o, size)
		for _, name := range words {
			s.set(name, public && !k.escapes)
		}
		if register.MatchString(o) {
			s.set(o, public)
		}
	}
	for _, flag := range e.sets {
		s.set(string(flag), public)
	}
}

func (s state) set(name string, public bool) {
	if public {
		s[name] = true
	} else {
		delete(s, name)
	}
}

// check computes the state before each instruction, going around loops until no state
// changes, and then judges all instructions.
func (k *kernel) check(r *report) {
	find := func(i *compiler.Instruction, what string) { r.find("%s: line %s: %s: %s", k.name, i.Line, i, what) }
	for n := range k.code {
		if _, ok := effectOf(&k.code[n]); !ok {
			find(&k.code[n], "an instruction that is not allowed")
		}
	}
	if strings.Contains(k.name, "Vartime") {
		return
	}
	before := map[int]state{}
	todo := []int{}
	arrive := func(n int, s state) {
		old, seen := before[n]
		if !seen {
			before[n] = maps.Clone(s)
		}
		n0 := len(old)
		maps.DeleteFunc(old, func(name string, _ bool) bool { return !s[name] })
		if !seen || len(old) < n0 {
			todo = append(todo, n)
		}
	}
	arrive(0, state{"upper": true})
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i := &k.code[n]
		after := maps.Clone(before[n])
		after.step(k, i)
		if i.Mnemonic[0] == 'J' {
			if to, ok := k.at[i.Operands[0]]; ok {
				arrive(to, after)
			} else {
				find(i, "a jump out of the kernel")
			}
		}
		switch {
		case i.Mnemonic == "JMP" || i.Mnemonic == "RET":
		case n+1 == len(k.code):
			find(i, "the kernel does not return")
		default:
			arrive(n+1, after)
		}
	}
	for n := range k.code {
		k.judge(&k.code[n], before[n], find)
	}
}

// judge reports an instruction whose address or jump depends on data in the state before it.
// It also reports code that is not reached, and a return without VZEROUPPER.
func (k *kernel) judge(i *compiler.Instruction, s state, find func(*compiler.Instruction, string)) {
	if s == nil {
		find(i, "code that is not reached")
		return
	}
	for _, o := range i.Operands {
		if !s.all(addressOf(o)) {
			find(i, "an address that depends on data")
		}
	}
	e, _ := effectOf(i)
	if i.Mnemonic[0] == 'J' && e.reads != "" && !s.all(strings.Split(e.reads, "")) {
		find(i, "a jump that depends on data")
	}
	if i.Mnemonic == "RET" && !s["upper"] {
		find(i, "no VZEROUPPER after wide registers")
	}
}
