package arm64

import (
	"bytes"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hybridkem/internal/_asm/kit"
)

// begin begins a kernel without parameters.
func begin(f *File, set Set) *File {
	f.Kernel("kernel", "func()", set, kit.Header{Does: "kernel is a test."})
	return f
}

func (v V) at(number int) V {
	v.number = number
	return v
}

// everyWord returns the text of a kernel that has every instruction which is encoded as a word, with many
// registers.
func everyWord(t *testing.T) string {
	var f File
	begin(&f, NEON)
	for n := range 32 {
		register := func(a Arrangement, number int) V { return f.Vector(a).at(number % 32) }
		for _, a := range []Arrangement{B8, B16, H4, H8, S2, S4, D2} {
			x, y, z := register(a, 3*n+1), register(a, 5*n+2), register(a, n)
			for _, op := range []func(x, y, z V){f.VCMGT, f.VCMHI, f.VUSHL} {
				op(x, y, z)
			}
			f.VBIC(x, y, z)
			f.VABS(x, z)
			bits := 8 << a.size
			for _, op := range []func(n int, x, z V){f.VSSHR, f.VSRSHR} {
				op(n%bits+1, x, z)
			}
			if a == D2 {
				continue
			}
			for _, op := range []func(x, y, z V){f.VSHSUB, f.VSMAX} {
				op(x, y, z)
			}
			for _, op := range []func(x operand, y, z V){f.VMUL, f.VMLS} {
				op(x, y, z)
			}
			double := []Arrangement{H8, S4, D2}[a.size]
			wide := register(double, n+7)
			for _, op := range []func(x operand, y, z V){f.VSMULL, f.VSMLAL, f.VUMULL, f.VUMLAL} {
				op(x, y, wide)
			}
			f.VUSUBL(x, y, wide)
			f.VXTN(wide, z)
			if a.size == 0 {
				continue
			}
			lane := register(a, 3*n%16).Lane(n % (16 >> a.size))
			for _, op := range []func(x operand, y, z V){f.VMUL, f.VMLS, f.VSQDMULH, f.VSQRDMULH} {
				op(lane, y, z)
			}
			f.VSQDMULH(x, y, z)
			f.VSQRDMULH(x, y, z)
			for _, op := range []func(x operand, y, z V){f.VSMULL, f.VSMLAL, f.VUMULL, f.VUMLAL} {
				op(lane, y, wide)
			}
		}
	}
	var b strings.Builder
	f.current().print(&b)
	if n := strings.Count(b.String(), "WORD"); n < 3000 {
		t.Errorf("there are %d words only", n)
	}
	return b.String()
}

var wordLine = regexp.MustCompile(`WORD \$0x([0-9a-f]{8}) // (.*)`)

// TestWords compares the words of all kernels, and those of all instructions that are encoded as words, with
// those that another assembler makes of their comments.
func TestWords(t *testing.T) {
	const as, objcopy = "aarch64-linux-gnu-as", "aarch64-linux-gnu-objcopy"
	if _, err := exec.LookPath(as); err != nil {
		t.Skip("needs Debian's package binutils-aarch64-linux-gnu: ", err)
	}
	files, err := filepath.Glob("../../*/*_arm64.s")
	if err != nil || len(files) < 3 {
		t.Fatalf("%q, %v", files, err)
	}
	texts := []string{everyWord(t)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	var source, want strings.Builder
	words := 0
	for _, m := range wordLine.FindAllStringSubmatch(strings.Join(texts, ""), -1) {
		fmt.Fprintln(&source, m[2])
		fmt.Fprintln(&want, m[1], m[2])
		words++
	}
	folder := t.TempDir()
	object, binary := filepath.Join(folder, "o"), filepath.Join(folder, "b")
	cmd := exec.Command(as, "-o", object)
	cmd.Stdin = strings.NewReader(source.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %.2000s", err, out)
	}
	if out, err := exec.Command(objcopy, "-O", "binary", object, binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	code, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if len(code) != 4*words {
		t.Fatalf("%d words are %d bytes", words, len(code))
	}
	lines := strings.Split(want.String(), "\n")
	for i := 0; i < len(code); i += 4 {
		if got := fmt.Sprintf("%02x%02x%02x%02x", code[i+3], code[i+2], code[i+1], code[i]); !strings.HasPrefix(lines[i/4], got) {
			t.Errorf("%s is %s", lines[i/4], got)
		}
	}
}

// TestSets checks that SHA-3 instructions are refused outside their set.
func TestSets(t *testing.T) {
	try := func(set Set) (failed bool) {
		defer func() { failed = recover() != nil }()
		f := begin(&File{}, set)
		x := f.Vector(D2)
		f.VRAX1(x, x, x)
		return false
	}
	if try(SHA3) || !try(NEON) || !try(Rotating) {
		t.Error("a SHA-3 instruction is in a wrong set")
	}
}

// TestData checks that equal tables of one name are one table, and that different ones are refused.
func TestData(t *testing.T) {
	f := begin(&File{}, NEON)
	f.Quads("table", 1)
	if f.Quads("table", 1); len(f.tables) != 1 {
		t.Errorf("there are %d tables", len(f.tables))
	}
	defer func() {
		if recover() == nil {
			t.Error("two tables have one name")
		}
	}()
	f.Quads("table", 2)
}

// TestSchedule runs random programs of additions, with and without carries, and stores, as they are written and reordered, with the
// registers that they get. The results must be the same.
func TestSchedule(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		program := func(f *File) {
			memory := f.Frame(256)
			var live []R
			for range 60 {
				switch r.IntN(4) {
				case 0:
					x := f.GP()
					f.MOVD(memory.At(8*r.IntN(16)), x)
					live = append(live, x)
				case 1:
					if len(live) > 0 {
						f.MOVD(live[r.IntN(len(live))], memory.At(8*r.IntN(16)))
					}
				default:
					if len(live) > 1 {
						x := live[r.IntN(len(live))]
						if r.IntN(2) == 0 && len(live) < 12 {
							x = f.GP()
						}
						y, z := live[r.IntN(len(live))], live[r.IntN(len(live))]
						switch r.IntN(3) {
						case 0:
							f.ADD(y, z, x)
						case 1:
							f.ADDS(y, z, x)
						default:
							f.ADC(y, z, x)
						}
						live = append(live, x)
					}
				}
				if len(live) > 12 {
					live = live[1:]
				}
			}
			for i, x := range live {
				f.MOVD(x, memory.At(128+8*i))
			}
		}
		run := func(f *File) (memory [40]uint64) {
			k := f.current()
			if err := k.allocate(); err != nil {
				t.Fatal(err)
			}
			var registers [32]uint64
			var flag uint64
			for i := range memory {
				memory[i] = uint64(i) * 0x9e3779b97f4a7c15
			}
			for _, n := range k.nodes {
				switch i := n.instruction; {
				case i.class == alu:
					x, y, carry := registers[i.reads[0].number], registers[i.reads[1].number], uint64(0)
					if i.name == "ADC" {
						carry = flag
					}
					sum, carry := bits.Add64(x, y, carry)
					if registers[i.writes[0].number] = sum; i.name == "ADDS" {
						flag = carry
					}
				case i.class == load:
					registers[i.writes[0].number] = memory[i.memory.Offset/8]
				default:
					memory[i.memory.Offset/8] = registers[i.reads[0].number]
				}
			}
			return memory
		}
		plain, scheduled := begin(&File{}, NEON), begin(&File{}, NEON)
		program(plain)
		r = rand.New(rand.NewPCG(seed, 0))
		scheduled.ScheduleWithin(32, 13, lookahead, func() { program(scheduled) })
		if len(plain.current().nodes) != len(scheduled.current().nodes) {
			t.Fatal("reordering changes the number of instructions")
		}
		if run(plain) != run(scheduled) {
			t.Fatalf("program %d has another result when it is reordered", seed)
		}
	}
}

// TestScheduleWithin checks that a limit keeps the general registers sufficient where loads could all come first.
func TestScheduleWithin(t *testing.T) {
	build := func(general int) error {
		f := begin(&File{}, NEON)
		memory := f.Frame(16 * 40)
		f.ScheduleWithin(0, general, lookahead, func() {
			for i := range 40 {
				x := f.GP()
				f.MOVD(memory.At(16*i), x)
				f.ADD(x, x, x)
				f.ADDS(x, x, x)
				f.ADC(x, x, x)
				f.MOVD(x, memory.At(16*i))
			}
		})
		return f.current().allocate()
	}
	for _, general := range []int{1, len(generalRegisters)} {
		if err := build(general); err != nil {
			t.Errorf("limit %d: %v", general, err)
		}
	}
	if build(40) == nil {
		t.Error("the registers suffice without a limit, so that this test says nothing")
	}
}

// TestLoop checks that a register which a loop gets from outside is kept in the whole loop.
func TestLoop(t *testing.T) {
	f := begin(&File{}, NEON)
	outside, sum := f.GP(), f.GP()
	f.MOVD(Imm(1), outside)
	f.MOVD(Imm(0), sum)
	f.Repeat("loop", 2, func() {
		f.ADD(outside, sum, sum)
		for range 30 {
			f.MOVD(Imm(2), f.GP())
		}
	})
	f.ADD(sum, sum, sum)
	if err := f.current().allocate(); err != nil {
		t.Fatal(err)
	}
	for _, n := range f.current().nodes {
		if n.instruction != nil && n.name == "MOVD" && n.operands[0] == Imm(2) {
			if x := n.writes[0].number; x == outside.number || x == sum.number {
				t.Errorf("R%d is overwritten in the loop", x)
			}
		}
	}
}

// TestRegisters checks that a kernel which needs too many registers is refused, and that those of a group
// have successive numbers.
func TestRegisters(t *testing.T) {
	build := func(n int) error {
		f := begin(&File{}, NEON)
		group := f.Vectors(4, B16)
		base := f.GP()
		f.MOVD(Imm(0), base)
		f.VLD(1, Mem{base: base.register}, group...)
		var all []V
		for range n - 4 {
			v := f.Vector(B16)
			f.VMOVI(0, v)
			all = append(all, v)
		}
		for _, v := range all {
			f.VADD(group[3], v, v)
		}
		err := f.current().allocate()
		for i, v := range group {
			if err == nil && v.number != group[0].number+i {
				t.Errorf("the numbers of a group are %v", group)
			}
		}
		return err
	}
	if err := build(32); err != nil {
		t.Error(err)
	}
	if build(33) == nil {
		t.Error("there are 33 registers")
	}
}

// TestWeave checks the order of instructions.
func TestWeave(t *testing.T) {
	f := begin(&File{}, NEON)
	x := f.GP()
	f.Weave(func() {
		for range 5 {
			f.ADD(Imm(1), x, x)
		}
	}, func() {
		f.SUB(Imm(1), x, x)
		f.SUB(Imm(1), x, x)
	})
	var order bytes.Buffer
	for _, n := range f.current().nodes {
		order.WriteByte(n.name[0])
	}
	if order.String() != "AAASAAS" {
		t.Errorf("the order is %s", &order)
	}
}
