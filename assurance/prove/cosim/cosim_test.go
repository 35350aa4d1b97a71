package cosim

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hybridkem/assurance/internal/a64"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/cpu"
)

const root = "../../.."

// kernelsOfTest builds the packages with kernels, and returns their kernels and a processor for
// each package.
func kernelsOfTest(t *testing.T) (all []*kernel, processors map[*machine.Program]*processor) {
	t.Helper()
	processors = map[*machine.Program]*processor{}
	for _, name := range []string{"ring", "sha3", "x25519"} {
		file := filepath.Join(t.TempDir(), name)
		c := exec.Command("go", "test", "-c", "-vet=off", "-o", file, "./internal/"+name)
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		program, err := machine.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := kernelsOf(root, "amd64", name, program)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProcessor(program, callMemory)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { p.close() })
		processors[program] = p
		all = append(all, list...)
	}
	return all, processors
}

func number(w *term.Word) uint64 {
	x, _ := w.Const()
	return x
}

// eachLane replaces what a binary instruction computes for each lane of w bits.
func eachLane(w int, f func(x, y uint64) uint64) func(m *machine.Machine, i *machine.Instruction, step func()) {
	return func(m *machine.Machine, i *machine.Instruction, step func()) {
		if i.Args[2].Kind != machine.Vector {
			step()
			return
		}
		a, b := m.Vector[i.Args[1].Reg], m.Vector[i.Args[2].Reg]
		step()
		for j := range i.Args[0].Size / 8 {
			var lanes []*term.Word
			for l := 0; l < 64; l += w {
				r := f(number(a[j])>>l&term.Ones(w), number(b[j])>>l&term.Ones(w))
				lanes = append(lanes, m.Space.Const(w, r))
			}
			m.Vector[i.Args[0].Reg][j] = term.Cat(lanes...)
		}
	}
}

// TestWrongSemantics replaces the semantics of an instruction by wrong ones, and expects that
// the comparison finds it.
func TestWrongSemantics(t *testing.T) {
	type semantics = func(m *machine.Machine, i *machine.Instruction, step func())
	all, processors := kernelsOfTest(t)
	signed := func(x uint64) int64 { return term.Signed(x, 16) }
	for _, c := range []struct {
		what, kernel, op string
		wrong            semantics
	}{
		{"no rounding", "ring.inverseNTTAVX2", "VPMULHRSW", eachLane(16, func(x, y uint64) uint64 { return uint64(signed(x) * signed(y) >> 15) })},
		{"unsigned", "ring.nttAVX2", "VPMULHW", eachLane(16, func(x, y uint64) uint64 { return x * y >> 16 })},
		{"swapped", "sha3.permute4AVX2", "VPANDN", eachLane(64, func(x, y uint64) uint64 { return x &^ y })},
		{"modulo 32", "ring.compress10AVX2", "VPSLLVD", eachLane(32, func(x, y uint64) uint64 { return x << (y % 32) })},
		{"unsigned", "ring.decodeAVX2", "VPCMPGTW", eachLane(16, func(x, y uint64) uint64 {
			if x > y {
				return 0xffff
			}
			return 0
		})},
		{"all 64 bits", "x25519.ladderIFMA", "VPMADD52LUQ", func(m *machine.Machine, i *machine.Instruction, step func()) {
			d, a, b := m.Vector[i.Args[0].Reg], m.Vector[i.Args[1].Reg], m.Vector[i.Args[2].Reg]
			step()
			m.Vector[i.Args[0].Reg][0] = term.Add(d[0], term.Mul(a[0], b[0]))
		}},
		{"across halves", "ring.compress5AVX2", "VPACKUSWB", func(m *machine.Machine, i *machine.Instruction, step func()) {
			step()
			v := &m.Vector[i.Args[0].Reg]
			v[1], v[2] = v[2], v[1]
		}},
		{"upper halves stay", "ring.encodeAVX2", "VEXTRACTI128", keepUpper},
		{"merged, not zeroed", "x25519.ladderIFMA", "VPANDQ", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Zeroing = false
			step()
		}},
		{"the wrong half", "sha3.begin4AVX2", "VPUNPCKHQDQ", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Op = "VPUNPCKLQDQ"
			step()
		}},
		{"no carry", "x25519.ladderADX", "ADCX", func(m *machine.Machine, i *machine.Instruction, step func()) {
			step()
			m.Flags[machine.CarryFlag] = m.Space.Const(1, 0)
		}},
		{"another carry", "x25519.ladderADX", "SBB", func(m *machine.Machine, i *machine.Instruction, step func()) {
			step()
			m.Flags[machine.CarryFlag] = term.Not(m.Flags[machine.CarryFlag])
		}},
		{"a carry from DEC", "x25519.ladderADX", "DEC", func(m *machine.Machine, i *machine.Instruction, step func()) {
			step()
			m.Flags[machine.CarryFlag] = m.Flags[machine.SignFlag]
		}},
		{"halves swapped", "x25519.ladderADX", "MULX", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Args[0], i.Args[1] = i.Args[1], i.Args[0]
			step()
		}},
		{"a byte too many", "ring.compress10AVX2", "VMOVD", func(m *machine.Machine, i *machine.Instruction, step func()) {
			if i.Args[0].Kind == machine.Memory {
				i.Op = "VMOVQ"
			}
			step()
		}},
		{"or equal", "ring.sampleVartimeAVX2", "JG", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Op = "JGE"
			step()
		}},
		{"no sign", "x25519.combIFMA", "MOVSX", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Op = "MOVZX"
			step()
		}},
		{"the condition inverted", "x25519.ladderADX", "CMOVB", func(m *machine.Machine, i *machine.Instruction, step func()) {
			i.Op = "CMOVAE"
			step()
		}},
	} {
		k := all[slices.IndexFunc(all, func(k *kernel) bool { return k.name == c.kernel })]
		if !slices.Contains(cpu.Sets(), k.needs) {
			continue
		}
		compared := newComparison()
		used := false
		step := compared.step
		compared.step = func(m *machine.Machine, i *machine.Instruction) (err error) {
			if i.Op != c.op {
				return step(m, i)
			}
			used = true
			original := *i
			original.Args = slices.Clone(i.Args)
			c.wrong(m, i, func() { err = step(m, i) })
			*i = original
			return err
		}
		err := compared.instructions(k, processors[k.program])
		if !used || err == nil || !strings.Contains(err.Error(), strings.ToLower(c.op)) {
			t.Errorf("%s, %s: used: %v; error: %v", c.op, c.what, used, err)
			continue
		}
		t.Logf("%s, %s: %v", c.op, c.what, err)
	}
}

// TestWrongCalls decodes an instruction of a kernel as another one, which the processor does not
// execute, and expects that calls of the kernel differ.
func TestWrongCalls(t *testing.T) {
	all, processors := kernelsOfTest(t)
	for _, c := range []struct{ kernel, from, to, want string }{
		{"ring.addAVX2", "VPADDW", "VPSUBW", "byte 0 of f becomes"},
		{"ring.compress10AVX2", "VMOVD", "VMOVQ", "byte 320 of b becomes"},
		{"ring.sampleVartimeAVX2", "POPCNT", "MOV", "argument 5 becomes"},
		{"ring.decodeAVX2", "SETE", "SETNE", "argument 2 becomes"},
		{"sha3.permute1BMI2", "ANDN", "AND", "byte 0 of a becomes"},
		{"x25519.ladderADX", "ADOX", "ADCX", "byte 0 of x becomes"},
	} {
		k := all[slices.IndexFunc(all, func(k *kernel) bool { return k.name == c.kernel })]
		if !slices.Contains(cpu.Sets(), k.needs) {
			continue
		}
		compared := newComparison()
		if err := compared.call(k, processors[k.program]); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		for _, i := range k.code.Listing() {
			if i.Op == c.from {
				i.Op = c.to
			}
		}
		if err := compared.call(k, processors[k.program]); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s for %s: %v; want %q", k.name, c.to, c.from, err, c.want)
		}
	}
}

// keepUpper keeps the upper half of the register that an instruction with VEX writes.
func keepUpper(m *machine.Machine, i *machine.Instruction, step func()) {
	d := i.Args[0]
	before := m.Vector[d.Reg]
	step()
	if d.Kind == machine.Vector {
		copy(m.Vector[d.Reg][d.Size/8:], before[d.Size/8:])
	}
}

// TestWrongSemanticsA64 gives instructions of arm64 the semantics of others, and expects that the
// comparison with qemu finds it.
func TestWrongSemanticsA64(t *testing.T) {
	e, err := startEmulator(root)
	if errors.Is(err, errNoEmulator) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	for op, wrong := range map[string]string{
		"sbcs": "adcs", "adcs": "adc", "subs": "adds", "bic": "orn", "ands": "bics", "csinc": "csinv", "ccmp": "ccmn", "madd": "msub",
		"ubfm": "sbfm", "cbz": "cbnz", "tbz": "tbnz", "b.hi": "b.cs", "b.lt": "b.mi", "ror": "lsr", "umaddl": "smaddl",
		"sqdmulh": "sqrdmulh", "mls": "mla", "shsub": "shadd", "srshr": "sshr", "ushl": "sshl", "cmhi": "cmhs", "cmge": "cmgt", "smull": "umull",
		"umlal2": "umlal", "uaddlv": "saddlv", "addp": "uminp", "uadalp": "uaddlp", "trn1": "trn2", "zip1": "uzp1", "rev64": "rev32",
		"tbl": "tbx", "sri": "sli", "usra": "ssra", "sqshrun": "sqshrn", "shrn": "rshrn", "xtn2": "xtn", "umov": "smov", "movi": "mvni",
		"bsl": "bif", "eor3": "bcax", "ldrsb": "ldrb", "ld2": "st2", "st1": "ld1",
	} {
		c := newComparison()
		used := false
		step := c.step
		c.step = func(m *machine.Machine, i *machine.Instruction) error {
			used = true
			i.A64.Op = wrong
			return step(m, i)
		}
		var err error
		for _, w := range a64.Words(c.random, 10*tableWords) {
			if i, unknown := a64.Decode(w, 0); unknown == nil && i.Op == op && err == nil {
				err = c.wordA64(e, w)
			}
		}
		if !used || err == nil {
			t.Errorf("%s as %s: used: %v; %v", op, wrong, used, err)
		}
	}
}

// TestA64 executes instructions of arm64 in qemu.
func TestA64(t *testing.T) {
	if testing.Short() {
		t.Skip("prove -cosim does the same")
	}
	c := newComparison()
	if err := c.runA64(root, nil); err != nil {
		t.Error(err)
	}
	if len(c.mnemonics) < 200 && c.by != "the processor" {
		t.Errorf("%d instructions were compared", len(c.mnemonics))
	}
	t.Log(&c.Report)
}
