package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// An effect is what of an instruction matters to what is public.
type effect struct {
	writes int    // how many operands, from the first on
	fresh  bool   // these are not read
	flags  string // written
	reads  string // flags read
}

// mnemonics are the instructions that kernels may use. The time of none depends on its
// operands. What leaves out loads and stores, whose addresses are looked at, and jumps.
var mnemonics = func() map[string]effect {
	all := map[string]effect{
		"jmp": {}, "ret": {}, "push": {}, "vzeroupper": {},
		"pop": {writes: 1, fresh: true},

		"mov": {writes: 1, fresh: true}, "movabs": {writes: 1, fresh: true},
		"movsx": {writes: 1, fresh: true}, "movzx": {writes: 1, fresh: true},
		"lea": {writes: 1, fresh: true}, "rorx": {writes: 1, fresh: true}, "shrx": {writes: 1, fresh: true},
		"mulx": {writes: 2, fresh: true},

		"add": {writes: 1, flags: "coz"}, "sub": {writes: 1, flags: "coz"}, "dec": {writes: 1, flags: "oz"},
		"and": {writes: 1, flags: "coz"}, "xor": {writes: 1, flags: "coz"}, "imul": {writes: 1, flags: "coz"},
		"shl": {writes: 1, flags: "coz"}, "shr": {writes: 1, flags: "coz"},
		"andn": {writes: 1, fresh: true, flags: "coz"}, "bzhi": {writes: 1, fresh: true, flags: "coz"},
		"popcnt": {writes: 1, fresh: true, flags: "coz"},
		"adc":    {writes: 1, flags: "coz", reads: "c"}, "sbb": {writes: 1, flags: "coz", reads: "c"},
		"adcx": {writes: 1, flags: "c", reads: "c"}, "adox": {writes: 1, flags: "o", reads: "o"},
		"cmp": {flags: "coz"}, "test": {flags: "coz"}, "bt": {flags: "coz"}, "vptest": {flags: "coz"},
	}
	for _, c := range strings.Fields("cmovae cmovb cmovg cmovge cmovl sete") {
		all[c] = effect{writes: 1, reads: conditions[strings.TrimPrefix(strings.TrimPrefix(c, "cmov"), "set")]}
	}
	for _, j := range strings.Fields("ja je jg jge jl jne") {
		all[j] = effect{reads: conditions[j[1:]]}
	}
	for _, v := range strings.Fields(`
		kandb kmovb kmovd kmovq
		vbroadcasti128 vextracti128 vinserti128 vinserti64x2 vmovd vmovdqa vmovdqa64 vmovdqu vmovdqu16
		vmovdqu64 vmovdqu8 vmovq vpabsb vpabsq vpacksswb vpackuswb vpaddd vpaddq vpaddw vpand vpandn vpandq
		vpblendmq vpblendvb vpblendw vpbroadcastb vpbroadcastd vpbroadcastq vpbroadcastw vpcmpeqb vpcmpeqq
		vpcmpeqw vpcmpgtq vpcmpgtw vpcmpltuw vpcompressw vpdpwssd vperm2i128 vpermb vpermd vpermilpd vpermq
		vpextrw vpmadd52huq vpmadd52luq vpmaddubsw vpmaddwd vpminuw vpmovm2q vpmovmskb vpmovq2m vpmovsxbw
		vpmulhrsw vpmulhw vpmullq vpmullw vpor vprolq vpshufb vpshufd vpslld vpslldq vpsllq vpsllvd vpsllvq
		vpsllw vpsraw vpsrld vpsrldq vpsrlq vpsrlvd vpsrlvq vpsrlvw vpsrlw vpsubd vpsubq vpsubw vpternlogq
		vptestnmq vpunpckhbw vpunpckhdq vpunpckhqdq vpunpcklbw vpunpckldq vpunpcklqdq vpxor vpxorq
		vshufi64x2`) {
		all[v] = effect{writes: 1, fresh: true}
	}
	return all
}()

// conditions are the flags that a condition reads.
var conditions = map[string]string{
	"a": "cz", "ae": "c", "b": "c", "be": "cz", "e": "z", "ne": "z",
	"g": "oz", "ge": "oz", "l": "oz", "le": "oz", "s": "z", "ns": "z", "o": "o", "no": "o", "p": "z", "np": "z",
}

// jumps reports whether an instruction is a conditional jump, and returns the flags it reads.
func jumps(i *instruction) (flags string, ok bool) {
	flags, ok = conditions[strings.TrimPrefix(i.mnemonic, "j")]
	return flags, ok && i.mnemonic[0] == 'j'
}

var (
	general   = regexp.MustCompile(`^(?:[re]?(ax|bx|cx|dx|si|di|bp|sp)|([abcd])[lh]|(si|di|bp|sp)l|r(\d+)[dwb]?)$`)
	component = regexp.MustCompile(`[a-z][a-z0-9]*`)
	stack     = regexp.MustCompile(`\[rsp(?:([+-]0x[0-9a-f]+))?\]`)
	width     = map[string]int{"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}
)

// register returns the name of a general register in its full width, or "".
func register(operand string) string {
	switch m := general.FindStringSubmatch(operand); {
	case m == nil:
		return ""
	case m[4] != "":
		return "r" + m[4]
	case m[2] != "":
		return "r" + m[2] + "x"
	default:
		return "r" + m[1] + m[3]
	}
}

// address returns the registers of an address. Those which are not general are there too.
func address(operand string) (names []string) {
	_, in, ok := strings.Cut(operand, "[")
	if !ok {
		return nil
	}
	for _, name := range component.FindAllString(in, -1) {
		switch full := register(name); {
		case name == "rip" || name[0] == 'x': // of a number: 0x…
		case full != "":
			names = append(names, full)
		default:
			names = append(names, name)
		}
	}
	return names
}

// leaksStack reports whether an instruction uses the stack's address otherwise than
// functions do at their ends, and for words at known offsets.
func (i *instruction) leaksStack() bool {
	if i.mnemonic != "lea" {
		text := stack.ReplaceAllString(i.text, "")
		return strings.Contains(text, "rsp") && !prologue.MatchString(text)
	}
	return strings.Contains(i.text, "rsp")
}

// After mov rbp,rsp the register is not used: it is public no more.
var prologue = regexp.MustCompile(`^(mov +rbp,rsp|(add|sub) +rsp,0x[0-9a-f]+)$`)

// slot names the word of the stack at an offset from the return address.
func slot(offset int) string { return fmt.Sprintf("[%d]", offset&^7) }

// slots returns the words of the stack at which an operand begins and goes on.
func (s *state) slots(operand string) (names []string) {
	m := stack.FindStringSubmatch(operand)
	if m == nil {
		return nil
	}
	offset := int64(0)
	if m[1] != "" {
		offset, _ = strconv.ParseInt(m[1], 0, 64)
	}
	from := int(offset) - s.depth
	for at := from &^ 7; at < from+width[strings.Fields(operand)[0]]; at += 8 {
		names = append(names, slot(at))
	}
	return names
}

var narrow = regexp.MustCompile(`^([abcd][lhx]|(si|di|bp|sp)l?|r\d+[bw]|(BYTE|WORD|DWORD) .*)$`)

// whole reports whether nothing remains of what a register, or a word of the stack, held
// before the operand was written.
func whole(operand string) bool { return !narrow.MatchString(operand) }

// source reports whether what an operand holds is public: numbers, and what is known to be.
func (s *state) source(operand string) bool {
	if strings.Contains(operand, "[") {
		names := s.slots(operand)
		return len(names) == 1 && s.public[names[0]]
	}
	if name := register(operand); name != "" {
		return s.public[name]
	}
	_, err := strconv.ParseUint(operand, 0, 64)
	return err == nil
}

// destination returns the names of what an operand is.
func (s *state) destination(operand string) []string {
	if strings.Contains(operand, "[") {
		return s.slots(operand)
	}
	if name := register(operand); name != "" {
		return []string{name}
	}
	return nil
}
