package main

import (
	"strings"
	"testing"
	"time"
)

// keccakFaults has faults in the kernels of sha3. A fault writes other bytes at an offset in
// instruction n of those with this text in theirs, or in the constant to which its operand
// points. A negative offset counts from the end of the instruction.
var keccakFaults = []struct {
	kernel, what, instruction string
	n                         int
	constant                  bool
	at                        int
	bytes                     []byte
	want                      string // in the error
}{
	{"permute1BMI2", "a rotation by 1 is by 61", "rorx", 1, false, -1, []byte{3}, "is another term"},
	{"permute1BMI2", "χ with another lane", "andn", 3, false, 2, []byte{0xb0}, "is another term"},
	{"permute1BMI2", "the last round constant", "lea", 0, true, 23 * 8, []byte{9}, "lane (0, 0) of state 0"},
	{"permute4AVX2", "a rotation of bytes", "vpshufb", 0, true, 8, []byte{0}, "is another term"},
	{"permute4AVX2", "a rotation by 21 loses a bit", "vpsllq", 2, false, -1, []byte{0x14}, "is another term"},
	{"permute4AVX2", "a lane read in place of its neighbour", "vpxor ymm4, ymm4, [", 0, false, -4, []byte{0xe0}, "is another term"},
	{"permute1AVX512", "χ with another truth table", "vpternlogq", 4, false, -1, []byte{0xb4}, "is another term"},
	{"permute1AVX512", "a lane stored 8 bytes further", "vmovq [rax+0xc0]", 0, false, -1, []byte{0x19}, "bytes 200 to 208 of"},
	{"permute4AVX512", "a rotation by 1 is by 2", "vprolq", 0, false, -1, []byte{2}, "is another term"},
	{"permute4AVX512", "χ with another lane", "vpternlogq", 0, false, 2, []byte{0xc5}, "is another term"},
	{"permute8AVX512", "the other half of a pair of states", "vextracti64x4", 0, false, -1, []byte{0}, "is another term"},
	{"permute8AVX512", "the last round constant", "lea", 0, true, 23*8 + 7, []byte{0}, "lane (0, 0) of state 0"},
	{"start4AVX2", "another lane of the seed", "vpbroadcastq ymm3, [rcx+0x8]", 0, false, -1, []byte{0x10}, "lane 1 of state 0"},
	{"start4AVX2", "one state too many", "[rip", 0, true, 24, []byte{2}, "lane 0 of state 3"},
	{"begin4AVX2", "states exchanged", "vpunpckhqdq", 0, false, 2, []byte{0x6c}, "lane 1 of state 0"},
	{"begin4AVX2", "a suffix read too far", "vpinsrq", 1, false, -2, []byte{0x19}, "bytes 25 to 33 of suffix"},
	{"absorb4AVX2", "OR for XOR", "vpxor ymm1, ymm1, [rax+0x20]", 0, false, 2, []byte{0xeb}, "lane 1 of state 0"},
	{"absorb4AVX2", "a lane of the mask", "[rip", 0, true, 0, []byte{1}, "lane 0 of state 0"},
	{"write4AVX2", "three lanes are taken for four", "sub rdi, 0x4", 0, false, -1, []byte{3}, "n = 1: "},
	{"write4AVX2", "another state's message", "vinserti128 ymm0, ymm0, [rbx", 0, false, 4, []byte{0x06}, "lane 0 of state 2"},
	{"squeeze4AVX2", "halves exchanged", "vperm2i128", 0, false, -1, []byte{0x21}, "n = 4"},
	{"squeeze4AVX2", "a step of 16 bytes", "add rcx, 0x20", 0, false, -1, []byte{0x10}, "n = 5"},
}

// TestKeccakFaults checks that the faults are found.
func TestKeccakFaults(t *testing.T) {
	byKernel := map[string]*statement{}
	for i := range keccakStatements {
		byKernel[keccakStatements[i].kernel] = &keccakStatements[i]
	}
	for _, f := range keccakFaults {
		k := kernelOf(t, "sha3."+f.kernel)
		patched, n := k, f.n
		for _, i := range k.Listing() {
			if !strings.Contains(i.String(), f.instruction) {
				continue
			}
			if n--; n >= 0 {
				continue
			}
			at := i.Address
			switch end := at + uint64(len(i.Bytes)); {
			case f.constant:
				at = end + uint64(i.Args[len(i.Args)-1].Disp) + uint64(f.at)
			case f.at < 0:
				at = end + uint64(f.at)
			default:
				at += uint64(f.at)
			}
			var err error
			if patched, err = k.Patched(at, f.bytes...); err != nil {
				t.Fatal(err)
			}
			break
		}
		if patched == k {
			t.Errorf("%s, %s: there is no such instruction", f.kernel, f.what)
			continue
		}
		_, err := byKernel["sha3."+f.kernel].about(patched, time.Now())
		if err == nil || !strings.Contains(err.Error(), f.want) {
			t.Errorf("%s, %s: %v; want %q", f.kernel, f.what, err, f.want)
			continue
		}
		t.Logf("%s, %s: %v", f.kernel, f.what, err)
	}
}
