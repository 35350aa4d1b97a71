package a64

import "fmt"

// rows has all instructions. Letters in the patterns name fields: n, m, a, d, t and u are registers,
// f tells that registers have 64 bits, q that vectors have 128, s is the size of elements.
// What the letters in operands mean is where operands are decoded.
var rows = table()

func table() (all []row) {
	add := func(op, pattern, args, sizes string) { all = append(all, newRow(op, pattern, args, sizes)) }

	// Sums of general registers.
	for k, op := range []string{"add", "adds", "sub", "subs"} {
		bits := fmt.Sprintf("f%02b", k)
		d := "Rds"
		if k&1 == 1 {
			d = "Rd"
		}
		add(op, bits+"100010 h iiiiiiiiiiii nnnnn ddddd", d+", Rns, #12", "")
		add(op, bits+"01011 hh 0 mmmmm iiiiii nnnnn ddddd", "Rd, Rn, Rm+", "")
		add(op, bits+"01011 00 1 mmmmm ooo iii nnnnn ddddd", d+", Rns, Rm^", "")
	}
	for k, op := range []string{"adc", "adcs", "sbc", "sbcs"} {
		add(op, fmt.Sprintf("f%02b11010000 mmmmm 000000 nnnnn ddddd", k), "Rd, Rn, Rm", "")
	}

	// Logical operations.
	for k, op := range []string{"and", "bic", "orr", "orn", "eor", "eon", "ands", "bics"} {
		add(op, fmt.Sprintf("f%02b01010 hh %b mmmmm iiiiii nnnnn ddddd", k/2, k%2), "Rd, Rn, Rm~", "")
		if k%2 == 0 {
			d := "Rds"
			if op == "ands" {
				d = "Rd"
			}
			add(op, fmt.Sprintf("f%02b100100 e iiiiii llllll nnnnn ddddd", k/2), d+", Rn, #logical", "")
		}
	}

	// Moves of immediates, addresses.
	for k, op := range map[int]string{0: "movn", 2: "movz", 3: "movk"} {
		add(op, fmt.Sprintf("f%02b100101 hh iiiiiiiiiiiiiiii ddddd", k), "Rd, #16", "")
	}
	add("adr", "0ll10000 iiiiiiiiiiiiiiiiiii ddddd", "Xd, @adr", "")
	add("adrp", "1ll10000 iiiiiiiiiiiiiiiiiii ddddd", "Xd, @page", "")

	// Bit fields. The numbers in a word of 64 bits go with the bit N.
	for k, op := range []string{"sbfm", "bfm", "ubfm"} {
		add(op, fmt.Sprintf("0%02b100110 0 iiiiii llllll nnnnn ddddd", k), "Wd, Wn, #bits, #last", "")
		add(op, fmt.Sprintf("1%02b100110 1 iiiiii llllll nnnnn ddddd", k), "Xd, Xn, #i, #l", "")
	}
	add("extr", "000100111 0 0 mmmmm iiiiii nnnnn ddddd", "Wd, Wn, Wm, #bits", "")
	add("extr", "100100111 1 0 mmmmm iiiiii nnnnn ddddd", "Xd, Xn, Xm, #i", "")
	for k, op := range []string{"lsl", "lsr", "asr", "ror"} {
		add(op, fmt.Sprintf("f0011010110 mmmmm 0010%02b nnnnn ddddd", k), "Rd, Rn, Rm", "")
	}
	for k, op := range map[int]string{0b000000: "rbit", 0b000001: "rev16", 0b000100: "clz", 0b000101: "cls"} {
		add(op, fmt.Sprintf("f101101011000000%06b nnnnn ddddd", k), "Rd, Rn", "")
	}
	add("rev", "0101101011000000000010 nnnnn ddddd", "Wd, Wn", "")
	add("rev", "1101101011000000000011 nnnnn ddddd", "Xd, Xn", "")
	add("rev32", "1101101011000000000010 nnnnn ddddd", "Xd, Xn", "")

	// Products.
	add("madd", "f0011011000 mmmmm 0 aaaaa nnnnn ddddd", "Rd, Rn, Rm, Ra", "")
	add("msub", "f0011011000 mmmmm 1 aaaaa nnnnn ddddd", "Rd, Rn, Rm, Ra", "")
	for k, op := range []string{"s", "u"} {
		add(op+"maddl", fmt.Sprintf("10011011%b01 mmmmm 0 aaaaa nnnnn ddddd", k), "Xd, Wn, Wm, Xa", "")
		add(op+"msubl", fmt.Sprintf("10011011%b01 mmmmm 1 aaaaa nnnnn ddddd", k), "Xd, Wn, Wm, Xa", "")
		add(op+"mulh", fmt.Sprintf("10011011%b10 mmmmm 011111 nnnnn ddddd", k), "Xd, Xn, Xm", "")
	}

	// Choices, comparisons and jumps.
	for k, op := range []string{"csel", "csinc", "csinv", "csneg"} {
		add(op, fmt.Sprintf("f%b011010100 mmmmm cccc 0%b nnnnn ddddd", k/2, k%2), "Rd, Rn, Rm, ?c", "")
	}
	for k, op := range []string{"ccmn", "ccmp"} {
		add(op, fmt.Sprintf("f%b111010010 mmmmm cccc 00 nnnnn 0 llll", k), "Rn, Rm, #l, ?c", "")
		add(op, fmt.Sprintf("f%b111010010 iiiii cccc 10 nnnnn 0 llll", k), "Rn, #i, #l, ?c", "")
	}
	add("b", "000101 iiiiiiiiiiiiiiiiiiiiiiiiii", "@26", "")
	add("bl", "100101 iiiiiiiiiiiiiiiiiiiiiiiiii", "@26", "")
	add("b.{c}", "01010100 iiiiiiiiiiiiiiiiiii 0 cccc", "@19", "")
	for k, op := range []string{"cbz", "cbnz"} {
		add(op, fmt.Sprintf("f011010%b iiiiiiiiiiiiiiiiiii ttttt", k), "Rt, @19", "")
	}
	for k, op := range []string{"tbz", "tbnz"} {
		add(op, fmt.Sprintf("0011011%b lllll iiiiiiiiiiiiii ttttt", k), "Wt, #l, @14", "")
		add(op, fmt.Sprintf("1011011%b lllll iiiiiiiiiiiiii ttttt", k), "Xt, #upper, @14", "")
	}
	add("br", "1101011000011111000000 nnnnn 00000", "Xn", "")
	add("blr", "1101011000111111000000 nnnnn 00000", "Xn", "")
	add("ret", "1101011001011111000000 nnnnn 00000", "Xn", "")
	add("nop", "11010101000000110010000000011111", "", "")

	all = append(all, memoryTable()...)
	return append(all, vectorTable()...)
}

// memoryTable has loads and stores.
func memoryTable() (all []row) {
	add := func(op, pattern, args string) { all = append(all, newRow(op, pattern, args, "")) }
	for _, m := range []struct {
		op, start, opc, register string
		scale                    int
	}{
		{"strb", "00111000", "00", "Wt", 0}, {"ldrb", "00111000", "01", "Wt", 0},
		{"ldrsb", "00111000", "10", "Xt", 0}, {"ldrsb", "00111000", "11", "Wt", 0},
		{"strh", "01111000", "00", "Wt", 1}, {"ldrh", "01111000", "01", "Wt", 1},
		{"ldrsh", "01111000", "10", "Xt", 1}, {"ldrsh", "01111000", "11", "Wt", 1},
		{"str", "10111000", "00", "Wt", 2}, {"ldr", "10111000", "01", "Wt", 2}, {"ldrsw", "10111000", "10", "Xt", 2},
		{"str", "11111000", "00", "Xt", 3}, {"ldr", "11111000", "01", "Xt", 3},
		{"str", "00111100", "00", "Ft.b", 0}, {"ldr", "00111100", "01", "Ft.b", 0},
		{"str", "01111100", "00", "Ft.h", 1}, {"ldr", "01111100", "01", "Ft.h", 1},
		{"str", "10111100", "00", "Ft.s", 2}, {"ldr", "10111100", "01", "Ft.s", 2},
		{"str", "11111100", "00", "Ft.d", 3}, {"ldr", "11111100", "01", "Ft.d", 3},
		{"str", "00111100", "10", "Ft.q", 4}, {"ldr", "00111100", "11", "Ft.q", 4},
	} {
		unscaled := m.op[:2] + "u" + m.op[2:]
		add(m.op, m.start[:6]+"01"+m.opc+"iiiiiiiiiiii nnnnn ttttt", fmt.Sprintf("%s, [u%d", m.register, m.scale))
		add(unscaled, m.start+m.opc+"0 iiiiiiiii 00 nnnnn ttttt", m.register+", [s0")
		add(m.op, m.start+m.opc+"0 iiiiiiiii 01 nnnnn ttttt", m.register+", ]s0")
		add(m.op, m.start+m.opc+"0 iiiiiiiii 11 nnnnn ttttt", m.register+", !s0")
		add(m.op, m.start+m.opc+"1 mmmmm ooo e 10 nnnnn ttttt", fmt.Sprintf("%s, [r%d", m.register, m.scale))
	}
	for _, m := range []struct {
		start, registers string
		scale            int
	}{
		{"00101000", "Wt, Wu", 2}, {"10101000", "Xt, Xu", 3},
		{"00101100", "Ft.s, Fu.s", 2}, {"01101100", "Ft.d, Fu.d", 3}, {"10101100", "Ft.q, Fu.q", 4},
	} {
		for load, op := range []string{"stp", "ldp"} {
			for k, mode := range []string{"]", "[", "!"} {
				add(op, fmt.Sprintf("%s%02b%b iiiiiii uuuuu nnnnn ttttt", m.start[:7], k+1, load), fmt.Sprintf("%s, %ss%d", m.registers, mode, m.scale))
			}
		}
	}
	for k, r := range map[string]string{"00011000": "Wt", "01011000": "Xt", "00011100": "Ft.s", "01011100": "Ft.d", "10011100": "Ft.q"} {
		add("ldr", k+"iiiiiiiiiiiiiiiiiii ttttt", r+", @19")
	}

	// Structures.
	for load, name := range []string{"st", "ld"} {
		for _, s := range []struct {
			opcode    string
			n, copies int
		}{{"0000", 4, 4}, {"0010", 1, 4}, {"0100", 3, 3}, {"0110", 1, 3}, {"0111", 1, 1}, {"1000", 2, 2}, {"1010", 1, 2}} {
			op, list := fmt.Sprint(name, s.n), fmt.Sprintf("L%dt.T", s.copies)
			if s.n == 1 {
				list = fmt.Sprintf("L%dt.U", s.copies) // with one element too
			}
			add(op, fmt.Sprintf("0q0011000%b000000 %s ss nnnnn ttttt", load, s.opcode), list+", [0")
			add(op, fmt.Sprintf("0q0011001%b0 mmmmm %s ss nnnnn ttttt", load, s.opcode), list+", ]m")
		}
		for n := 1; n <= 4; n++ {
			op, r, o := fmt.Sprint(name, n), (n-1)&1, (n-1)>>1
			for size, rest := range []string{"e rr", "e r0", "e 00", "0 01"} {
				list := fmt.Sprintf("L%dt.l%c", n, "bhsd"[size])
				add(op, fmt.Sprintf("0q0011010%b%b00000 %02b%b %s nnnnn ttttt", load, r, min(size, 2), o, rest), list+", [0")
				add(op, fmt.Sprintf("0q0011011%b%b mmmmm %02b%b %s nnnnn ttttt", load, r, min(size, 2), o, rest), list+", ]m")
			}
			if load == 1 {
				list := fmt.Sprintf("L%dt.U", n)
				add(op+"r", fmt.Sprintf("0q00110101%b00000 11%b 0 ss nnnnn ttttt", r, o), list+", [0")
				add(op+"r", fmt.Sprintf("0q00110111%b mmmmm 11%b 0 ss nnnnn ttttt", r, o), list+", ]m")
			}
		}
	}
	return all
}

// vectorTable has the instructions on vectors that access no memory.
func vectorTable() (all []row) {
	add := func(op, pattern, args, sizes string) { all = append(all, newRow(op, pattern, args, sizes)) }

	// Three registers of the same form. The name before the comma is the one with bit U 0.
	for _, s := range []struct {
		opcode  int
		op, opU string
		sizes   string
		scalar  bool // there is one for a number of 64 bits too
	}{
		{0b00000, "shadd", "uhadd", "012", false}, {0b00001, "sqadd", "uqadd", "0123", false}, {0b00010, "srhadd", "urhadd", "012", false},
		{0b00100, "shsub", "uhsub", "012", false}, {0b00101, "sqsub", "uqsub", "0123", false}, {0b00110, "cmgt", "cmhi", "0123", true},
		{0b00111, "cmge", "cmhs", "0123", true}, {0b01000, "sshl", "ushl", "0123", true}, {0b01001, "sqshl", "uqshl", "0123", false},
		{0b01010, "srshl", "urshl", "0123", true}, {0b01100, "smax", "umax", "012", false}, {0b01101, "smin", "umin", "012", false},
		{0b01110, "sabd", "uabd", "012", false}, {0b01111, "saba", "uaba", "012", false}, {0b10000, "add", "sub", "0123", true},
		{0b10001, "cmtst", "cmeq", "0123", true}, {0b10010, "mla", "mls", "012", false}, {0b10011, "mul", "pmul", "012", false},
		{0b10100, "smaxp", "umaxp", "012", false}, {0b10101, "sminp", "uminp", "012", false}, {0b10110, "sqdmulh", "sqrdmulh", "12", false},
		{0b10111, "addp", "", "0123", false},
	} {
		for u, op := range []string{s.op, s.opU} {
			sizes := s.sizes
			if op == "pmul" {
				sizes = "0"
			}
			if op == "" {
				continue
			}
			add(op, fmt.Sprintf("0q%b01110 ss 1 mmmmm %05b 1 nnnnn ddddd", u, s.opcode), "Vd.T, Vn.T, Vm.T", sizes)
			if s.scalar {
				add(op, fmt.Sprintf("01%b11110 11 1 mmmmm %05b 1 nnnnn ddddd", u, s.opcode), "Fd.d, Fn.d, Fm.d", "")
			}
		}
	}
	for k, op := range []string{"and", "bic", "orr", "orn", "eor", "bsl", "bit", "bif"} {
		add(op, fmt.Sprintf("0q%b01110 %02b 1 mmmmm 00011 1 nnnnn ddddd", k/4, k%4), "Vd.B, Vn.B, Vm.B", "")
	}

	// Three registers of different forms.
	for k, op := range []string{"addl", "addw", "subl", "subw", "addhn", "abal", "subhn", "abdl", "mlal", "", "mlsl", "", "mull"} {
		for u, sign := range []string{"s", "u"} {
			args := "Vd.W, Vn.T, Vm.T"
			switch op {
			case "":
				continue
			case "addw", "subw":
				args = "Vd.W, Vn.W, Vm.T"
			case "addhn", "subhn":
				if args = "Vd.T, Vn.W, Vm.W"; u == 0 {
					sign = ""
				} else {
					sign = "r"
				}
			}
			add(sign+op+"{2}", fmt.Sprintf("0q%b01110 ss 1 mmmmm %04b 00 nnnnn ddddd", u, k), args, "012")
		}
	}

	// Products with an element.
	for _, s := range []struct {
		u, opcode int
		op, args  string
	}{
		{0, 0b1000, "mul", "Vd.T, Vn.T, Vm.e"}, {0, 0b1100, "sqdmulh", "Vd.T, Vn.T, Vm.e"}, {0, 0b1101, "sqrdmulh", "Vd.T, Vn.T, Vm.e"},
		{1, 0b0000, "mla", "Vd.T, Vn.T, Vm.e"}, {1, 0b0100, "mls", "Vd.T, Vn.T, Vm.e"},
		{0, 0b0010, "smlal{2}", "Vd.W, Vn.T, Vm.e"}, {0, 0b0110, "smlsl{2}", "Vd.W, Vn.T, Vm.e"}, {0, 0b1010, "smull{2}", "Vd.W, Vn.T, Vm.e"},
		{1, 0b0010, "umlal{2}", "Vd.W, Vn.T, Vm.e"}, {1, 0b0110, "umlsl{2}", "Vd.W, Vn.T, Vm.e"}, {1, 0b1010, "umull{2}", "Vd.W, Vn.T, Vm.e"},
	} {
		add(s.op, fmt.Sprintf("0q%b01111 ss x y mmmm %04b z 0 nnnnn ddddd", s.u, s.opcode), s.args, "12")
	}

	// Two registers.
	for _, s := range []struct {
		u, opcode       int
		op, args, sizes string
	}{
		{0, 0b00000, "rev64", "Vd.T, Vn.T", "012"}, {1, 0b00000, "rev32", "Vd.T, Vn.T", "01"}, {0, 0b00001, "rev16", "Vd.T, Vn.T", "0"},
		{0, 0b00010, "saddlp", "Vd.P, Vn.T", "012"}, {1, 0b00010, "uaddlp", "Vd.P, Vn.T", "012"},
		{0, 0b00110, "sadalp", "Vd.P, Vn.T", "012"}, {1, 0b00110, "uadalp", "Vd.P, Vn.T", "012"},
		{0, 0b00100, "cls", "Vd.T, Vn.T", "012"}, {1, 0b00100, "clz", "Vd.T, Vn.T", "012"},
		{0, 0b00101, "cnt", "Vd.B, Vn.B", "0"}, {1, 0b00101, "not", "Vd.B, Vn.B", "0"}, {1, 0b00101, "rbit", "Vd.B, Vn.B", "1"},
		{0, 0b01000, "cmgt", "Vd.T, Vn.T, #0", "0123"}, {1, 0b01000, "cmge", "Vd.T, Vn.T, #0", "0123"},
		{0, 0b01001, "cmeq", "Vd.T, Vn.T, #0", "0123"}, {1, 0b01001, "cmle", "Vd.T, Vn.T, #0", "0123"},
		{0, 0b01010, "cmlt", "Vd.T, Vn.T, #0", "0123"}, {0, 0b01011, "abs", "Vd.T, Vn.T", "0123"}, {1, 0b01011, "neg", "Vd.T, Vn.T", "0123"},
		{0, 0b10010, "xtn{2}", "Vd.T, Vn.W", "012"}, {1, 0b10010, "sqxtun{2}", "Vd.T, Vn.W", "012"},
		{0, 0b10100, "sqxtn{2}", "Vd.T, Vn.W", "012"}, {1, 0b10100, "uqxtn{2}", "Vd.T, Vn.W", "012"},
		{1, 0b10011, "shll{2}", "Vd.W, Vn.T, #size", "012"},
	} {
		add(s.op, fmt.Sprintf("0q%b01110 ss 10000 %05b 10 nnnnn ddddd", s.u, s.opcode), s.args, s.sizes)
	}
	for _, s := range []struct {
		u, opcode int
		op, d     string
	}{
		{0, 0b00011, "saddlv", "Fd.W"}, {1, 0b00011, "uaddlv", "Fd.W"}, {0, 0b01010, "smaxv", "Fd.T"}, {1, 0b01010, "umaxv", "Fd.T"},
		{0, 0b11010, "sminv", "Fd.T"}, {1, 0b11010, "uminv", "Fd.T"}, {0, 0b11011, "addv", "Fd.T"},
	} {
		// Of elements of 32 bits, there have to be four.
		add(s.op, fmt.Sprintf("0q%b01110 ss 11000 %05b 10 nnnnn ddddd", s.u, s.opcode), s.d+", Vn.A", "012")
	}
	add("addp", "0101111011110001101110 nnnnn ddddd", "Fd.d, Vn.2d", "")

	// Shifts by an immediate. Field k is never 0, which means other instructions.
	for _, s := range []struct {
		u, opcode       int
		op, args, sizes string
		scalar          bool
	}{
		{0, 0b00000, "sshr", "Vd.T, Vn.T, #right", "0123", true}, {1, 0b00000, "ushr", "Vd.T, Vn.T, #right", "0123", true},
		{0, 0b00010, "ssra", "Vd.T, Vn.T, #right", "0123", true}, {1, 0b00010, "usra", "Vd.T, Vn.T, #right", "0123", true},
		{0, 0b00100, "srshr", "Vd.T, Vn.T, #right", "0123", true}, {1, 0b00100, "urshr", "Vd.T, Vn.T, #right", "0123", true},
		{0, 0b00110, "srsra", "Vd.T, Vn.T, #right", "0123", true}, {1, 0b00110, "ursra", "Vd.T, Vn.T, #right", "0123", true},
		{1, 0b01000, "sri", "Vd.T, Vn.T, #right", "0123", true},
		{0, 0b01010, "shl", "Vd.T, Vn.T, #left", "0123", true}, {1, 0b01010, "sli", "Vd.T, Vn.T, #left", "0123", true},
		{0, 0b10000, "shrn{2}", "Vd.T, Vn.W, #right", "012", false}, {1, 0b10000, "sqshrun{2}", "Vd.T, Vn.W, #right", "012", false},
		{0, 0b10001, "rshrn{2}", "Vd.T, Vn.W, #right", "012", false}, {1, 0b10001, "sqrshrun{2}", "Vd.T, Vn.W, #right", "012", false},
		{0, 0b10010, "sqshrn{2}", "Vd.T, Vn.W, #right", "012", false}, {1, 0b10010, "uqshrn{2}", "Vd.T, Vn.W, #right", "012", false},
		{0, 0b10011, "sqrshrn{2}", "Vd.T, Vn.W, #right", "012", false}, {1, 0b10011, "uqrshrn{2}", "Vd.T, Vn.W, #right", "012", false},
		{0, 0b10100, "sshll{2}", "Vd.W, Vn.T, #left", "012", false}, {1, 0b10100, "ushll{2}", "Vd.W, Vn.T, #left", "012", false},
	} {
		add(s.op, fmt.Sprintf("0q%b011110 kkkk lll %05b 1 nnnnn ddddd", s.u, s.opcode), s.args, s.sizes)
		if s.scalar {
			add(s.op, fmt.Sprintf("01%b111110 kkkk lll %05b 1 nnnnn ddddd", s.u, s.opcode), "Fd.d, Fn.d, "+s.args[len("Vd.T, Vn.T, "):], "3")
		}
	}

	// Moving of elements.
	for k, op := range map[int]string{1: "uzp1", 2: "trn1", 3: "zip1", 5: "uzp2", 6: "trn2", 7: "zip2"} {
		add(op, fmt.Sprintf("0q001110 ss 0 mmmmm 0%03b10 nnnnn ddddd", k), "Vd.T, Vn.T, Vm.T", "0123")
	}
	add("ext", "0q101110000 mmmmm 0 iiii 0 nnnnn ddddd", "Vd.B, Vn.B, Vm.B, #ext", "")
	for n := 1; n <= 4; n++ {
		for k, op := range []string{"tbl", "tbx"} {
			add(op, fmt.Sprintf("0q001110000 mmmmm 0%02b%b00 nnnnn ddddd", n-1, k), fmt.Sprintf("Vd.B, L%dn.16b, Vm.B", n), "")
		}
	}
	add("dup", "0q001110000 jjjjj 000001 nnnnn ddddd", "Vd.T, Vn.j", "0123")
	add("dup", "0q001110000 jjjjj 000011 nnnnn ddddd", "Vd.T, Wn", "012")
	add("dup", "0q001110000 jjjjj 000011 nnnnn ddddd", "Vd.T, Xn", "3")
	add("dup", "01011110000 jjjjj 000001 nnnnn ddddd", "Fd.T, Vn.j", "0123")
	add("smov", "00001110000 jjjjj 001011 nnnnn ddddd", "Wd, Vn.j", "01")
	add("smov", "01001110000 jjjjj 001011 nnnnn ddddd", "Xd, Vn.j", "012")
	add("umov", "00001110000 jjjjj 001111 nnnnn ddddd", "Wd, Vn.j", "012")
	add("umov", "01001110000 jjjjj 001111 nnnnn ddddd", "Xd, Vn.j", "3")
	add("ins", "01001110000 jjjjj 000111 nnnnn ddddd", "Vd.j, Wn", "012")
	add("ins", "01001110000 jjjjj 000111 nnnnn ddddd", "Vd.j, Xn", "3")
	add("ins", "01101110000 jjjjj 0gggg1 nnnnn ddddd", "Vd.j, Vn.g", "0123")
	for word, args := range map[string]string{"0001111000100110": "Wd, Fn.s", "0001111000100111": "Fd.s, Wn",
		"1001111001100110": "Xd, Fn.d", "1001111001100111": "Fd.d, Xn", "1001111010101110": "Xd, Vn.d1", "1001111010101111": "Vd.d1, Xn"} {
		add("fmov", word+"000000 nnnnn ddddd", args, "")
	}

	// Immediates.
	for k, op := range []string{"movi", "mvni"} {
		add(op, fmt.Sprintf("0q%b0111100000 iii 0oo0 01 lllll ddddd", k), "Vd.S, #8s", "")
		add(op, fmt.Sprintf("0q%b0111100000 iii 10o0 01 lllll ddddd", k), "Vd.H, #8h", "")
		add(op, fmt.Sprintf("0q%b0111100000 iii 110o 01 lllll ddddd", k), "Vd.S, #8m", "")
	}
	for k, op := range []string{"orr", "bic"} {
		add(op, fmt.Sprintf("0q%b0111100000 iii 0oo1 01 lllll ddddd", k), "Vd.S, #8s", "")
		add(op, fmt.Sprintf("0q%b0111100000 iii 10o1 01 lllll ddddd", k), "Vd.H, #8h", "")
	}
	add("movi", "0q00111100000 iii 1110 01 lllll ddddd", "Vd.B, #8", "")
	add("movi", "0110111100000 iii 1110 01 lllll ddddd", "Vd.2d, #8d", "")
	add("movi", "0010111100000 iii 1110 01 lllll ddddd", "Fd.d, #8d", "")

	// SHA-3.
	add("eor3", "11001110000 mmmmm 0 aaaaa nnnnn ddddd", "Vd.16b, Vn.16b, Vm.16b, Va.16b", "")
	add("bcax", "11001110001 mmmmm 0 aaaaa nnnnn ddddd", "Vd.16b, Vn.16b, Vm.16b, Va.16b", "")
	add("rax1", "11001110011 mmmmm 100011 nnnnn ddddd", "Vd.2d, Vn.2d, Vm.2d", "")
	add("xar", "11001110100 mmmmm iiiiii nnnnn ddddd", "Vd.2d, Vn.2d, Vm.2d, #i", "")
	return all
}
