package main

import (
	"strings"
	"testing"
	"time"

	"hybridkem/assurance/prove/machine"
)

// TestLadderFaults plants faults in the ladders, which have to be found.
func TestLadderFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a proof for each fault")
	}
	// A fault writes other bytes at an offset in the instruction number n of those with this start
	// of their text, or in the constant to which its operand points. A negative offset counts from
	// the end.
	for _, fault := range []struct {
		kernel, what, instruction string
		n                         int
		constant                  bool
		at                        int
		bytes                     []byte
		want                      string
	}{
		{"ladderIFMA", "19 is 18", "mov rax, 0x13", 0, false, 3, []byte{18}, "element row"},
		{"ladderIFMA", "a carry begins at bit 50", "vpsrlq ymm", 3, false, -1, []byte{50}, "this is left"},
		{"ladderIFMA", "the second sum is a difference", "vpaddq ymm", 1, false, 4, []byte{0xfb}, "element row"},
		{"ladderIFMA", "DA - CB has the lane of DA + CB", "mov rsid, 0x4", 0, false, 1, []byte{8}, "is wrong"},
		{"ladderIFMA", "a24 is 121666", "vmovdqu64 ymm16, [rip", 0, true, 0, []byte{0x42}, "is wrong"},
		{"ladderIFMA", "no bias", "vmovdqu64 ymm7, [rip", 0, true, 0, make([]byte, 8), "element row"},
		{"ladderIFMA", "a register is not cleared", "vpxorq ymm17", 0, false, 4, []byte{0xdb}, "another step computes"},
		{"ladderIFMA", "a bit of another step", "shr rdi", 0, false, -1, []byte{7}, "a choice among variables"},
		{"ladderIFMA", "the last row of the frame is not wiped", "vmovdqu64 [rbx+0x120], ymm0", 0, false, -1, []byte{8}, "in byte"},
		{"ladderPermuteIFMA", "a rotation of Keccak-f", "rorx", 7, false, -1, []byte{5}, "another term"},
		{"ladderPermuteIFMA", "the second of two steps has another bit of swaps", "shr rcx", 1, false, -1, []byte{7}, "a choice among variables"},
		{"ladder8IFMA", "a24 is 121664", "mov r8, 0x1db41", 0, false, 3, []byte{0x40}, "is wrong"},
		{"ladder8IFMA", "every second bit of swaps", "vprorq", 0, false, -1, []byte{2}, "the bit of the counter"},
		{"ladder8IFMA", "bits of swaps are inverted", "vptestmq", 0, false, 2, []byte{0xee}, "is wrong"},
		{"ladder8IFMA", "254 steps", "mov rdi, 0xff", 0, false, 3, []byte{0xfe}, "the counter"},
	} {
		var patched *machine.Kernel
		var proof *statement
		for i := range ladderStatements {
			if proof = &ladderStatements[i]; proof.kernel == "x25519."+fault.kernel {
				break
			}
		}
		k := kernelOf(t, proof.kernel)
		n := 0
		for _, i := range k.Listing() {
			if !strings.HasPrefix(i.String(), fault.instruction) {
				continue
			}
			if n++; n == fault.n+1 {
				end := i.Address + uint64(len(i.Bytes))
				at := i.Address + uint64(fault.at)
				if fault.at < 0 {
					at = end + uint64(fault.at)
				}
				if fault.constant {
					at = end + uint64(i.Args[1].Disp)
				}
				var err error
				if patched, err = k.Patched(at, fault.bytes...); err != nil {
					t.Fatal(err)
				}
			}
		}
		if patched == nil {
			t.Errorf("%s: %s: there is no such instruction", fault.kernel, fault.what)
			continue
		}
		line, err := proof.about(patched, time.Now())
		if err == nil || !strings.Contains(err.Error(), fault.want) {
			t.Errorf("%s: %s: %s %v", fault.kernel, fault.what, line, err)
		}
	}
}
