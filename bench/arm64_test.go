package main

import (
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/sha3"
)

// sampleLog is a log as QEMU writes it: of a block of two instructions at 0x2000 and one of one at
// 0x3000, between the marks at 0x1000 and 0x1010, with another thread that runs the same.
const sampleLog = `----------------
IN: main.begin
0x00001000:  d65f03c0  ret

Trace 0: 0x7f05c8000100 [0000000000001001/0000000000001000/00000001/00080200] main.begin
----------------
IN: hybridkem/internal/ring.a
0x00002000:  d503201f  nop
0x00002004:  d65f03c0  ret

Trace 0: 0x7f05c8000200 [0000000000001001/0000000000002000/00000001/00080200] hybridkem/internal/ring.a
Stopped execution of TB chain before 0x7f05c8000200 [0000000000002000] hybridkem/internal/ring.a
Trace 0: 0x7f05c8000200 [0000000000001001/0000000000002000/00000001/00080200] hybridkem/internal/ring.a
Trace 1: 0x7f05c8000200 [0000000000001001/0000000000002000/00000001/00080200] hybridkem/internal/ring.a
Trace 1: 0x7f05c8000200 [0000000000001001/0000000000001000/00000001/00080200] main.begin
----------------
IN: main.end
0x00001010:  d65f03c0  ret

----------------
IN: hybridkem/internal/ring.b
0x00003000:  d65f03c0  ret

Trace 0: 0x7f05c8000300 [0000000000001001/0000000000003000/00000001/00080200] hybridkem/internal/ring.b
Trace 1: 0x7f05c8000400 [0000000000001001/0000000000001010/00000001/00080200] main.end
Trace 0: 0x7f05c8000400 [0000000000001001/0000000000001010/00000001/00080200] main.end
Trace 0: 0x7f05c8000300 [0000000000001001/0000000000003000/00000001/00080200] hybridkem/internal/ring.b
Trace 1: 0x7f05c8000100 [0000000000001001/0000000000001000/00000001/00080200] main.begin
Trace 1: 0x7f05c8000300 [0000000000001001/0000000000003000/00000001/00080200] hybridkem/internal/ring.b
Trace 1: 0x7f05c8000400 [0000000000001001/0000000000001010/00000001/00080200] main.end
`

func TestReadLog(t *testing.T) {
	segments, err := readLog(strings.NewReader(sampleLog), 0x1000, 0x1010)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]uint64{{0x2000, 0x2004, 0x3000}, {0x3000}}
	if !slices.EqualFunc(segments, want, slices.Equal) {
		t.Errorf("the segments are %#x, want %#x", segments, want)
	}
	for name, log := range map[string]string{
		"unfinished":            sampleLog[:strings.LastIndex(sampleLog, "Trace 1")],
		"a block not listed":    sampleLog + "Trace 0: 0x7f05c8000300 [0000000000001001/0000000000004000/00000001/00080200] c\n",
		"no address":            "Trace 0: 0x7f05c8000300 [0000000000001001]\n",
		"no disassembler":       "IN: main.begin\nOBJD-T: c0035fd6\n",
		"stopped anywhere":      "Stopped execution of TB chain before 0x7f05c8000200\n",
		"no address of a block": "IN: main.begin\n0xyz:  d65f03c0  ret\n",
	} {
		if segments, err := readLog(strings.NewReader(log), 0x1000, 0x1010); err == nil {
			t.Errorf("%s: the segments are %#x, want an error", name, segments)
		}
	}
}

// sampleProgram returns a program with these functions from address 0x1000 on, of four instructions each.
func sampleProgram(names ...string) *program {
	p := &program{start: 0x1000, code: make([]byte, 16*len(names))}
	for i, name := range names {
		start := p.start + 16*uint64(i)
		p.functions = append(p.functions, function{name, start, start + 16})
	}
	return p
}

func TestWithoutRestarts(t *testing.T) {
	p := sampleProgram("a", "b", "runtime.morestack_noctxt.abi0")
	copy(p.code[16+8:], []byte{2, 0, 0, 0x94}) // at 0x1018, in b: BL 0x1020, which is two instructions on
	for _, test := range []struct{ name, trace, want string }{
		{"none", "1000 1004 1010 1014 101c", "1000 1004 1010 1014 101c"},
		{"one", "1000 1010 1014 1018 101c 1010 1014 101c 1004", "1000 1010 1014 101c 1004"},
		{"two", "1000 1010 1018 101c 1010 1018 1010 1014", "1000 1010 1014"},
		{"after an earlier call", "1010 101c 1000 1010 1018 1010 101c", "1010 101c 1000 1010 101c"},
	} {
		if got := p.withoutRestarts(parseTrace(t, test.trace)); !slices.Equal(got, parseTrace(t, test.want)) {
			t.Errorf("%s: %#x, want %s", test.name, got, test.want)
		}
	}
}

func parseTrace(t *testing.T, s string) (pcs []uint64) {
	for _, word := range strings.Fields(s) {
		pc, err := hexadecimal([]byte(word), " ")
		if err != nil {
			t.Fatal(err)
		}
		pcs = append(pcs, pc)
	}
	return pcs
}

func TestCallee(t *testing.T) {
	p := sampleProgram("a", "b")
	copy(p.code[16:], []byte{0xff, 0xff, 0xff, 0x97}) // BL to the instruction before
	copy(p.code[20:], []byte{1, 0, 0, 0x14})          // B, which is no call
	for pc, want := range map[uint64]uint64{0x1010: 0x100c, 0x1014: 0, 0x101c: 0, 0x1020: 0, 0: 0} {
		if got := p.callee(pc); got != want {
			t.Errorf("the instruction at %#x calls %#x, want %#x", pc, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	p := sampleProgram("crypto/internal/fips140/sha3.keccakF1600Generic", "hybridkem/internal/ring.(*Poly).NTT", "hybridkem/internal/ring.nttNEON.abi0", "crypto/other.abi0", "hybridkem/internal/sha3.permute4SHA3.abi0")
	p.functions[4].start += 4 // leaves a gap
	trace := parseTrace(t, "1010 1040 1044 1000 1020 1024 1044 1030 1004 2000")
	if got, want := p.kernelsIn(trace), []string{"permute4SHA3", "nttNEON"}; !slices.Equal(got, want) {
		t.Errorf("the kernels are %q, want %q", got, want)
	}
	if got, want := p.only(trace, permutation), parseTrace(t, "1000 1004"); !slices.Equal(got, want) {
		t.Errorf("the permutation runs %#x, want %#x", got, want)
	}
	if got, want := p.only(trace, counted), parseTrace(t, "1010 1044 1000 1020 1024 1044 1030 1004"); !slices.Equal(got, want) {
		t.Errorf("counted are %#x, want %#x", got, want)
	}
}

func TestCounted(t *testing.T) {
	for name, want := range map[string]bool{
		"hybridkem/internal/ring.nttNEON.abi0": true, "crypto/internal/fips140/sha3.keccakF1600Generic": true, "runtime.memmove": true,
		"filippo.io/edwards25519/field.feMulGeneric": true, "runtime.mallocgc": false, "runtime.morestack_noctxt.abi0": false, "main.main.func1": false, "fmt.Println": false,
	} {
		if counted.MatchString(name) != want {
			t.Errorf("%s counts: %t, want %t", name, !want, want)
		}
	}
}

func TestParseDisassembly(t *testing.T) {
	const output = `
traced:	file format elf64-littleaarch64

Disassembly of section .text:

00000000000d4e30 <hybridkem/internal/ring.a>:
   d4e30:      	mov	x1, xzr
   d4e34:      	b.ls	0xd5958 <hybridkem/internal/ring.a+0xb28>
   d4e38:      	mov	x2, #0x10               // =16
   d4e3c:      	ret
`
	text := make(map[uint64]string)
	if err := parseDisassembly(text, []byte(output)); err != nil {
		t.Fatal(err)
	}
	want := map[uint64]string{0xd4e30: "mov\tx1, xzr", 0xd4e34: "b.ls\t0xd5958", 0xd4e38: "mov\tx2, #0x10", 0xd4e3c: "ret"}
	if len(text) != len(want) {
		t.Errorf("%d instructions, want %d", len(text), len(want))
	}
	for pc, s := range want {
		if text[pc] != s {
			t.Errorf("at %#x: %q, want %q", pc, text[pc], s)
		}
	}
}

func TestStraight(t *testing.T) {
	for instruction, want := range map[string]string{
		"b\t0xd5958":               "b 0",
		"bl\t0xd5958":              "b 0",
		"blr\tx1":                  "b 0",
		"ret":                      "b 0",
		"b.ls\t0xd5958":            "b.ls\t0",
		"cbnz\tx2, 0xbf258":        "cbnz\tx2, 0",
		"tbz\tw2, #0x3, 0xbf258":   "tbz\tw2, #0x3, 0",
		"adrp\tx0, 0x1c000":        "adrp\tx0, 0",
		"adr\tx0, #-12":            "adr\tx0, 0",
		"ldr\tq0, 0x1c000":         "ldr\tq0, 0",
		"ldr\tx0, [x1, #0x10]":     "ldr\tx0, [x1, #0x10]",
		"bic\tx0, x1, x2":          "bic\tx0, x1, x2",
		"bfi\tx0, x1, #3, #4":      "bfi\tx0, x1, #3, #4",
		"add\tx0, x1, #0x10":       "add\tx0, x1, #0x10",
		"bcax\tv0.16b, v1.16b":     "bcax\tv0.16b, v1.16b",
		"movi\tv0.2d, #0000000000": "movi\tv0.2d, #0000000000",
	} {
		if got := straight(instruction); got != want {
			t.Errorf("%q becomes %q, want %q", instruction, got, want)
		}
	}
}

func TestParseCycles(t *testing.T) {
	n, err := parseCycles([]byte("Iterations:        4\nInstructions:      3644\nTotal Cycles:      1166\nTotal uOps:        4000\n"))
	if n != 1166 || err != nil {
		t.Errorf("%v cycles, %v", n, err)
	}
	if n, err := parseCycles([]byte("Instructions:      3644\n")); err == nil {
		t.Errorf("%v cycles, want an error", n)
	}
	if !missing.MatchString("<stdin>:1:1: error: instruction requires: sha3") || missing.MatchString("<stdin>:1:1: error: invalid operand") {
		t.Error("an instruction that a core lacks is not told from another error")
	}
}

func TestParseTraced(t *testing.T) {
	x, err := parseTraced([][]uint64{{1}, {2, 3}}, "all portable NEON\non NEON\nX25519/fixed base\nkernels/NTT\n")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.all, []string{"portable", "NEON"}) || x.on != "NEON" || len(x.traces["X25519/fixed base"]) != 1 || len(x.traces["kernels/NTT"]) != 2 {
		t.Errorf("got %v", x)
	}
	for _, output := range []string{"", "all portable\non\n", "all portable\non\na\nb\nc\n", "on\nall portable\na\nb\n"} {
		if x, err := parseTraced([][]uint64{{1}, {2}}, output); err == nil {
			t.Errorf("%q: got %v, want an error", output, x)
		}
	}
}

// TestTraced runs command traced on this machine, with all operations.
func TestTraced(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "traced.exe")
	if out, err := exec.Command("go", "build", "-o", binary, "./traced").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	operations := slices.Concat(countedOperations, modelledOperations)
	args := []string{"", hex.EncodeToString(rejectionStream())}
	for _, o := range operations {
		args = append(args, o.command())
	}
	out, err := exec.Command(binary, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		want := sha3.Kernels() || !strings.HasPrefix(o.command(), "Keccak/permutation")
		if got := strings.Contains(string(out), "\n"+o.command()+"\n"); got != want {
			t.Errorf("%s runs: %t, want %t", o.command(), got, want)
		}
	}
}

func TestTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	const want = "-arm64 needs qemu-aarch64-static, llvm-objdump-22, llvm-mca-22; Debian has them in qemu-user-static, llvm-22"
	if err := checkTools(false); err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if err := checkTools(true); err == nil || !strings.Contains(err.Error(), "aarch64-linux-gnu-ld, cc;") || !strings.HasSuffix(err.Error(), "binutils-aarch64-linux-gnu, gcc") {
		t.Errorf("with peers: got error %v", err)
	}
}

// TestAssemblyProgram checks that what the calls of peers name is there, and that each kernel of a peer has
// an operation.
func TestAssemblyProgram(t *testing.T) {
	number := regexp.MustCompile(`^\d+$`)
	for _, p := range assemblyPeers {
		text := assemblyProgram(p.kernels, rejectionStream())
		for _, k := range p.kernels {
			if (modelled{Section: k.section, Operation: k.name}).place() < 0 {
				t.Errorf("%s, %s is no operation", k.section, k.name)
			}
			for _, call := range k.calls {
				words := strings.Fields(call)
				if !strings.Contains(text, "\tbl "+words[0]+"\n") {
					t.Errorf("%s is not called", words[0])
				}
				for _, argument := range words[1:] {
					name, _, _ := strings.Cut(argument, "+")
					if !number.MatchString(name) && !strings.Contains(text, "\n"+name+":") {
						t.Errorf("%s has no data %s", words[0], name)
					}
				}
			}
		}
	}
}

func TestCheckAssembly(t *testing.T) {
	kernels := []peerKernel{{name: permutation1}, {name: permutation4}, {name: kernelNTT}, {name: permutation4}}
	states := assemblyData(nil)["states"]
	var output []byte
	for _, n := range []int{1, 4, 0, 4} {
		permute(states[:200*n])
		output = append(append(output, states...), make([]byte, 32)...)
	}
	if err := checkAssembly(kernels, output); err != nil {
		t.Error(err)
	}
	output[3*resultSize+799] ^= 1
	if err := checkAssembly(kernels, output); !errors.Is(err, errDisagrees) {
		t.Errorf("with a wrong bit: got error %v", err)
	}
	if err := checkAssembly(kernels, output[1:]); err == nil {
		t.Error("with a byte less: got no error")
	}
	for _, name := range []string{variableBase, fixedBase} {
		if err := checkAssembly([]peerKernel{{name: name}}, make([]byte, resultSize)); !errors.Is(err, errDisagrees) {
			t.Errorf("%s, zero: got error %v", name, err)
		}
	}
}

func TestRoundConstants(t *testing.T) {
	b := roundConstants()
	// The first two and the last of FIPS 202.
	if len(b) != 24*8 || hex.EncodeToString(b[:16]) != "01000000000000008280000000000000" || hex.EncodeToString(b[23*8:]) != "0880008000000080" {
		t.Errorf("%x", b)
	}
}

// sampleArm64 returns a small report.
func sampleArm64() *arm64Report {
	model := func(section, operation, implementation string, cycles float64, kernels ...string) modelled {
		return modelled{section, operation, implementation, kernels, 1000, map[string]float64{"neoverse-v2": cycles, "neoverse-v3": cycles}}
	}
	return &arm64Report{
		Go: "go1.26.0", Date: "2026-01-02", Tools: []string{"llvm-mca-22: 22.1.0"}, Peers: []peerBuild{{"mlkem-native", sectionArm64, "abc"}},
		Failures: []failure{{sectionArm64, "s2n-bignum", "does not build: x"}},
		Counts: []count{
			{"ML-KEM-768", decapsulate, ours, "cortex-a53", "NEON", 180_000},
			{"ML-KEM-768", decapsulate, oursPortable, "cortex-a53", "", 400_000},
			{"X-Wing", decapsulate, ours, "cortex-a53", "NEON", 900},
			{"X-Wing", decapsulate, oursPortable, "cortex-a53", "", 1000},
			{sectionX25519, fixedBase, ours, "cortex-a53", "NEON", 100_000},
			{sectionX25519, fixedBase, edwards, "cortex-a53", "", 200_000},
		},
		Modelled: []modelled{
			model(sectionKernel, kernelNTT, oursPortable, 2430),
			model(sectionKernel, kernelNTT, ours+", NEON", 310, "nttNEON"),
			model(sectionKernel, kernelNTT, ours+", SHA3", 300, "nttOther"),
			model(sectionKernel, kernelNTT, "mlkem-native", 200),
			model(sectionKernel, kernelInverse, oursPortable, 100),
			model(sectionKernel, kernelInverse, "mlkem-native", 200),
			model(sectionKeccak, permutation4, ours+", NEON", 900, "permute4NEON"),
			model(sectionKeccak, permutation4, ours+", SHA3", 1000, "permute4SHA3"),
			model(sectionKeccak, permutation4, peerTwice, 1000),
			model(sectionKeccak, permutation4, peerHybrid, 1000),
			model(sectionKeccak, permutation4, peerHybrid+" and SHA-3", 500),
		},
		Missing: []string{"kernels/InverseNTT"},
	}
}

func TestArm64Report(t *testing.T) {
	files, err := sampleArm64().files()
	if err != nil {
		t.Fatal(err)
	}
	page := files["arm64.md"]
	for _, want := range []string{
		"# Modelled speed on arm64: nothing here is measured\n",
		"mlkem-native at commit abc\n",
		"| ML-KEM-768, decapsulate | 180,000 / 400,000 (0.45) | – | – |\n",
		"| X25519, fixed base, filippo.io/edwards25519 | 200,000 | – | – |\n",
		"|  | cortex-a53 (NEON) | cortex-a76 | max |\n",
		"| NTT | hybridkem, portable | 1,000 | – | – | – | – | – | 2,430 | 2,430 | – |\n",
		"|  | hybridkem, NEON (nttNEON) | 1,000 | – | – | – | – | – | 310 | 310 | – |\n",
		"This module has no kernels for arm64 for: kernels/InverseNTT.",
		"s2n-bignum is not modelled: does not build: x.",
		"| NTT | model cycles, neoverse-v2 | mlkem-native | ≤ 1.05 | 1.500 | not met |\n",
		"| Keccak, permutation ×4, SHA3 | model cycles, neoverse-v3 | mlkem-native, 2 × ×2 with SHA-3 | ≤ 1.00 | 1.000 | met |\n",
		"| Keccak, permutation ×4 | model cycles, neoverse-v2 | mlkem-native, interleaved scalar and NEON | ≤ 1.10 | 0.900 | met |\n",
		"| ML-KEM-768, decapsulate | instructions | hybridkem, portable | ≤ 0.45 | 0.450 | met |\n",
		"| X25519, fixed base | instructions | filippo.io/edwards25519 | ≤ 0.55 | 0.500 | met |\n",
		"| X-Wing, decapsulate | instructions | hybridkem, portable | ≤ 0.80 | 0.900 | not met |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "| InverseNTT | model cycles") {
		t.Error("a kernel that is missing has a ratio")
	}
	for _, warning := range arm64Warnings {
		if !strings.Contains(page, warning) || !strings.Contains(sampleArm64().text(), warning) {
			t.Errorf("the warning %q is missing", warning)
		}
	}
	if len(arm64Warnings) < 5 {
		t.Errorf("%d warnings", len(arm64Warnings))
	}

	// What one run has written, another reads.
	file := filepath.Join(t.TempDir(), "arm64.json")
	if err := os.WriteFile(file, []byte(files["arm64.json"]), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	if code := run([]string{"-arm64", "-from", file}, &stdout, io.Discard); code != 0 || stdout.String() != sampleArm64().text() {
		t.Errorf("exit status %d, and\n%s", code, &stdout)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
