package a64

import (
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file prints instructions as GNU as writes them, with its aliases.

var conditions = [16]string{"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"}

// ConditionName returns the name of a condition.
func ConditionName(c uint64) string { return conditions[c&15] }

func (i *Instruction) String() string {
	op, args := i.alias()
	texts := make([]string, len(args))
	for k, a := range args {
		texts[k] = a.String()
	}
	return strings.TrimSpace(op + " " + strings.Join(texts, ", "))
}

func (o Operand) String() string {
	switch o.Kind {
	case General:
		return registerName(o.Reg, o.Bits) + o.shift()
	case Immediate:
		return fmt.Sprintf("#%d", int64(o.Imm)) + o.shift()
	case Label:
		return fmt.Sprintf("%#x", o.Imm)
	case Condition:
		return ConditionName(o.Imm)
	case Vector:
		return o.vector()
	}
	base := registerName(o.Reg, 64)
	switch {
	case o.Mode == Post && o.Other >= 0:
		return fmt.Sprintf("[%s], %s", base, registerName(o.Other, o.Bits))
	case o.Mode == Post:
		return fmt.Sprintf("[%s], #%d", base, o.Disp)
	case o.Mode == Pre:
		return fmt.Sprintf("[%s, #%d]!", base, o.Disp)
	case o.Other >= 0:
		text := fmt.Sprintf("[%s, %s", base, registerName(o.Other, o.Bits))
		if o.By >= 0 {
			text += fmt.Sprintf(", %s #%d", o.Shift, o.By)
		} else if o.Shift != "lsl" {
			text += ", " + o.Shift
		}
		return text + "]"
	case o.Disp == 0:
		return "[" + base + "]"
	}
	return fmt.Sprintf("[%s, #%d]", base, o.Disp)
}

func (o Operand) shift() string {
	switch {
	case o.Shift == "" || o.Shift == "lsl" && o.By == 0:
		return ""
	case o.By == 0 && o.Shift[1] == 'x':
		return ", " + o.Shift
	}
	return fmt.Sprintf(", %s #%d", o.Shift, o.By)
}

func registerName(r, width int) string {
	letter := "x"
	if width == 32 {
		letter = "w"
	}
	switch {
	case r == SP && width == 32:
		return "wsp"
	case r == SP:
		return "sp"
	case r == ZR:
		return letter + "zr"
	}
	return fmt.Sprint(letter, r)
}

// letters has the names of sizes, from 8 bits on.
const letters = "bhsdq"

func letterOf(width int) string { return letters[bits.Len(uint(width))-4:][:1] }

func (o Operand) vector() string {
	letter := letterOf(o.Bits)
	if o.Lanes == 0 {
		return fmt.Sprint(letter, o.Reg)
	}
	arrangement := letter
	if o.Index < 0 {
		arrangement = fmt.Sprint(o.Lanes, letter)
	}
	text := fmt.Sprintf("v%d.%s", o.Reg, arrangement)
	if o.Count > 0 {
		last := (o.Reg + o.Count - 1) % 32
		switch {
		case o.Count == 1:
		case o.Count == 2 || last < o.Reg:
			for k := 1; k < o.Count; k++ {
				text += fmt.Sprintf(", v%d.%s", (o.Reg+k)%32, arrangement)
			}
		default:
			text += fmt.Sprintf("-v%d.%s", last, arrangement)
		}
		text = "{" + text + "}"
	}
	if o.Index >= 0 {
		text += fmt.Sprintf("[%d]", o.Index)
	}
	return text
}

// alias returns the name and the operands that GNU as prefers.
func (i *Instruction) alias() (op string, args []Operand) {
	op, args = i.Op, slices.Clone(i.Args)
	zero := func(k int) bool { return args[k].Kind == General && args[k].Reg == ZR }
	drop := func(k int) { args = slices.Delete(args, k, k+1) }
	number := func(n int64) Operand { return Operand{Kind: Immediate, Imm: uint64(n)} }
	switch op {
	case "add", "adds", "sub", "subs", "ands", "orr", "orn", "and", "bic":
		if args[0].Kind == Vector {
			if op == "orr" && len(args) == 3 && args[1].Reg == args[2].Reg {
				op = "mov"
				drop(2)
			}
			break
		}
		i.aliasOfSum(&op, &args)
	case "sbc", "sbcs":
		if zero(1) {
			op = map[string]string{"sbc": "ngc", "sbcs": "ngcs"}[op]
			drop(1)
		}
	case "movz", "movn":
		imm, shift := args[1].Imm, args[1].By
		if imm == 0 && shift > 0 || op == "movn" && args[0].Bits == 32 && imm == 0xffff {
			break
		}
		imm <<= shift
		if op == "movn" {
			imm = ^imm
		}
		if args[0].Bits == 32 {
			imm = imm & (1<<32 - 1)
		}
		op, args[1] = "mov", number(int64(imm))
	case "ubfm", "sbfm", "bfm":
		i.aliasOfField(&op, &args)
	case "extr":
		if args[1].Reg == args[2].Reg {
			op = "ror"
			drop(2)
		}
	case "madd", "msub", "smaddl", "umaddl", "smsubl", "umsubl":
		if zero(3) {
			op = map[string]string{"madd": "mul", "msub": "mneg", "smaddl": "smull", "umaddl": "umull",
				"smsubl": "smnegl", "umsubl": "umnegl"}[op]
			drop(3)
		}
	case "csinc", "csinv", "csneg":
		if c := args[3].Imm; c < 14 && args[1].Reg == args[2].Reg {
			args[3].Imm ^= 1
			if zero(1) && op != "csneg" {
				op = map[string]string{"csinc": "cset", "csinv": "csetm"}[op]
				args = []Operand{args[0], args[3]}
			} else {
				op = strings.Replace(op, "cs", "c", 1)
				drop(2)
			}
		}
	case "ret":
		if args[0].Reg == 30 {
			args = nil
		}
	case "not":
		op = "mvn"
	case "umov", "ins":
		if op == "ins" || args[1].Bits >= 32 {
			op = "mov"
		}
	case "dup":
		if args[0].Lanes == 0 {
			op = "mov"
		}
	case "sshll", "sshll2", "ushll", "ushll2":
		if args[2].Imm == 0 {
			op = op[:1] + "xtl" + strings.TrimPrefix(op[1:], "shll")
			drop(2)
		}
	}
	return op, args
}

// aliasOfSum is about sums and logical operations on general registers.
func (i *Instruction) aliasOfSum(op *string, args *[]Operand) {
	a := *args
	zero := func(k int) bool { return a[k].Kind == General && a[k].Reg == ZR }
	stack := func(k int) bool { return a[k].Kind == General && a[k].Reg == SP }
	immediate := a[2].Kind == Immediate
	extended := a[2].Kind == General && len(a[2].Shift) == 4
	if extended && (stack(0) || stack(1)) {
		// With the stack pointer, an extension of all bits is a shift.
		if name := map[int]string{64: "uxtx", 32: "uxtw"}[a[0].Bits]; a[2].Shift == name {
			a[2].Shift = "lsl"
		}
	}
	switch {
	case (*op == "adds" || *op == "subs" || *op == "ands") && zero(0):
		*op = map[string]string{"adds": "cmn", "subs": "cmp", "ands": "tst"}[*op]
		*args = a[1:]
	case (*op == "sub" || *op == "subs") && !immediate && !extended && zero(1):
		*op = map[string]string{"sub": "neg", "subs": "negs"}[*op]
		*args = []Operand{a[0], a[2]}
	case *op == "add" && immediate && a[2].Imm == 0 && a[2].By == 0 && (stack(0) || stack(1)):
		*op, *args = "mov", a[:2]
	case *op == "orr" && zero(1) && immediate && (stack(0) || !movable(a[2].Imm, a[0].Bits)):
		*op, *args = "mov", []Operand{a[0], a[2]}
	case *op == "orr" && zero(1) && !immediate && a[2].By == 0 && a[2].Shift == "lsl":
		*op, *args = "mov", []Operand{a[0], a[2]}
	case *op == "orn" && zero(1):
		*op, *args = "mvn", []Operand{a[0], a[2]}
	}
}

// movable tells whether a move of 16 bits makes an immediate.
func movable(imm uint64, width int) bool {
	ones := ^uint64(0) >> (64 - width)
	for shift := 0; shift < width; shift += 16 {
		mask := uint64(0xffff) << shift
		if imm&^mask == 0 || ^imm&ones&^mask == 0 {
			return true
		}
	}
	return false
}

// aliasOfField is about bit fields.
func (i *Instruction) aliasOfField(op *string, args *[]Operand) {
	a := *args
	width, r, s := a[0].Bits, int(a[2].Imm), int(a[3].Imm)
	imm := func(n int) Operand { return Operand{Kind: Immediate, Imm: uint64(n)} }
	sign := map[string]string{"ubfm": "u", "sbfm": "s", "bfm": ""}[*op]
	if sign != "" && r == 0 && (s == 7 || s == 15 || s == 31 && sign == "s" && width == 64) && (width == 32 || sign == "s") {
		*op = sign + "xt" + map[int]string{7: "b", 15: "h", 31: "w"}[s]
		a[1].Bits = 32
		*args = a[:2]
		return
	}
	switch {
	case sign != "" && s == width-1:
		*op = map[string]string{"u": "lsr", "s": "asr"}[sign]
		*args = append(a[:2:2], imm(r))
	case sign == "u" && s+1 == r:
		*op = "lsl"
		*args = append(a[:2:2], imm(width-r))
	case s < r:
		if *op = sign + "bfiz"; sign == "" {
			*op = "bfi"
			if a[1].Reg == ZR {
				*op = "bfc"
				*args = append(a[:1:1], imm(width-r), imm(s+1))
				return
			}
		}
		*args = append(a[:2:2], imm(width-r), imm(s+1))
	default:
		if *op = sign + "bfx"; sign == "" {
			*op = "bfxil"
		}
		*args = append(a[:2:2], imm(r), imm(s-r+1))
	}
}

var (
	comment     = regexp.MustCompile(` *(//|<).*$`)
	hexadecimal = regexp.MustCompile(`#-?0x[0-9a-f]+`)
)

// Normal returns what objdump prints for an instruction in the form of String: without comments, with
// one space between parts, and with numbers in decimal.
func Normal(text string) string {
	text = strings.Join(strings.Fields(comment.ReplaceAllString(text, "")), " ")
	return hexadecimal.ReplaceAllStringFunc(text, func(s string) string {
		s, minus := strings.CutPrefix(s[1:], "-")
		n, err := strconv.ParseUint(s, 0, 64)
		if err != nil {
			return s // and so it differs from ours
		}
		if minus {
			n = -n
		}
		return "#" + strconv.FormatInt(int64(n), 10)
	})
}
