package machine

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"hybridkem/assurance/internal/a64"
)

// This file compares what this package decodes with what objdump of GNU binutils decodes. The
// two have no code in common.

var objdumpLine = regexp.MustCompile(`(?m)^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t([^#<\n]*)`)

// Objdump returns the name of the program that decodes the kernel.
func (k *Kernel) Objdump() string { return k.arch.objdump[0] }

// CompareWithObjdump decodes the kernel with objdump, and returns the number of instructions.
// It is an error if an instruction has another address or length, or another text.
func (k *Kernel) CompareWithObjdump() (n int, err error) {
	dir, err := os.MkdirTemp("", "prove")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "code")
	if err := os.WriteFile(file, k.bytes, 0o600); err != nil {
		return 0, err
	}
	arguments := append(k.arch.objdump[1:], fmt.Sprintf("--adjust-vma=%#x", k.entry), file)
	out, err := exec.Command(k.Objdump(), arguments...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("objdump: %w: %s", err, out)
	}
	if k.arch == arm64 {
		return k.compareA64(out)
	}
	lines := objdumpLine.FindAllSubmatch(out, -1)
	list := k.Listing()
	for n, i := range list {
		if n == len(lines) {
			break
		}
		address, text := fmt.Sprintf("%x", i.Address), strings.Join(strings.Fields(string(lines[n][3])), " ")
		code, err := hex.DecodeString(strings.ReplaceAll(string(lines[n][2]), " ", ""))
		if err != nil || string(lines[n][1]) != address || !bytes.Equal(code, i.Bytes) || text != i.gnu() {
			return 0, fmt.Errorf("%s: decoders differ: %q at %s, % x; objdump: %q at %s, % x",
				k.Name, i.gnu(), address, i.Bytes, text, lines[n][1], code)
		}
	}
	if len(lines) != len(list) {
		return 0, fmt.Errorf("%s: %d instructions; objdump: %d", k.Name, len(list), len(lines))
	}
	return len(list), nil
}

var objdumpWord = regexp.MustCompile(`(?m)^ *([0-9a-f]+):\t([0-9a-f]{8}) *\t([^\n]*)`)

// compareA64 is CompareWithObjdump for arm64. Constants among the code have no text.
func (k *Kernel) compareA64(out []byte) (n int, err error) {
	texts := map[string]string{}
	for _, m := range objdumpWord.FindAllSubmatch(out, -1) {
		texts[string(m[1])+" "+string(m[2])] = a64.Normal(string(m[3]))
	}
	for _, i := range k.Listing() {
		at := fmt.Sprintf("%x %08x", i.Address, i.A64.Word)
		if text := texts[at]; text != i.String() {
			return 0, fmt.Errorf("%s: decoders differ: %q at %s; objdump: %q", k.Name, i, at, text)
		}
		n++
	}
	return n, nil
}

// gnu returns the text that objdump should have for an instruction.
func (i *Instruction) gnu() string {
	name, args := strings.ToLower(i.Op), i.Args
	if rest, ok := strings.CutPrefix(name, "vpcmpu"); ok {
		name = "vpcmp" + comparisons[args[3].Imm&7] + "u" + rest
		args = args[:3]
	} else if len(args) == 4 && strings.HasPrefix(name, "vpcmp") {
		name = "vpcmp" + comparisons[args[3].Imm&7] + name[len("vpcmp"):]
		args = args[:3]
	}
	if name == "mov" && i.Bytes[0]&0xf8 == 0x48 && i.Bytes[1]&0xf8 == 0xb8 {
		name = "movabs"
	}
	var texts []string
	for k, a := range args {
		text := a.gnu()
		switch {
		case a.Kind == Immediate && len(i.Bytes) == 3 && i.Bytes[1] == 0xd1:
			text = "1" // a shift that has no byte for its count
		case a.Kind == Immediate && k > 0 && args[0].Size < 8:
			text = fmt.Sprintf("%#x", a.Imm&(1<<(8*args[0].Size)-1))
		case a.Kind == Memory && i.Broadcast:
			text = memorySizes[a.Size] + " BCST " + text
		case a.Kind == Memory && name != "lea":
			text = memorySizes[a.Size] + " PTR " + text
		}
		if k == 0 && i.Masked() {
			text += fmt.Sprintf("{k%d}", i.Mask)
			if i.Zeroing {
				text += "{z}"
			}
		}
		texts = append(texts, text)
	}
	return strings.TrimSpace(name + " " + strings.Join(texts, ","))
}

var (
	comparisons = []string{"eq", "lt", "le", "", "neq", "nlt", "nle", ""}
	memorySizes = map[int]string{1: "BYTE", 2: "WORD", 4: "DWORD", 8: "QWORD", 16: "XMMWORD", 32: "YMMWORD", 64: "ZMMWORD"}
)

func (o Operand) gnu() string {
	switch {
	case o.Kind == General:
		name := generalNames[o.Reg]
		switch {
		case o.Reg >= 8:
			return "r" + name + map[int]string{8: "", 4: "d", 2: "w", 1: "b"}[o.Size]
		case o.Size == 1:
			return strings.TrimSuffix(name, "x") + "l"
		}
		return map[int]string{8: "r", 4: "e", 2: ""}[o.Size] + name
	case o.Kind == Memory && o.Base == fs:
		return fmt.Sprintf("fs:%#x", uint64(o.Disp))
	case o.Kind == Memory:
		base := "rip"
		if o.Base != pc {
			base = "r" + generalNames[o.Base]
		}
		if o.Index >= 0 {
			base += fmt.Sprintf("+r%s*%d", generalNames[o.Index], o.Scale)
		}
		if o.Disp == 0 {
			return "[" + base + "]"
		}
		return fmt.Sprintf("[%s%+#x]", base, o.Disp)
	}
	return o.String()
}
