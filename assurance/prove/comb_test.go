package main

import (
	"strings"
	"testing"
	"time"
)

var combAlterations = []alteration{
	{"combIFMA combWideIFMA comb8IFMA", "19 is 18", "MOV", false, "\x13", "\x12"},
	{"combIFMA combWideIFMA comb8IFMA", "a bit of the table", "LEA", true, "", ""},
	{"combIFMA combWideIFMA comb8IFMA", "a bit of a multiple of p", "VPBROADCASTQ", true, "", ""},
	{"combIFMA combWideIFMA comb8IFMA", "a difference for a sum", "VPADDQ", false, "\xd4", "\xfb"},
	{"combIFMA combWideIFMA", "a sum for a difference", "VPSUBQ", false, "\xfb", "\xd4"},
	{"combIFMA", "other lanes", "MOV", false, "\x05\x00\x00\x00", "\x04"},
	{"combWideIFMA", "31 windows", "MOV", false, "\x20\x00\x00\x00", "\x1f"},
	{"combWideIFMA", "three doublings", "MOV", false, "\x04\x00\x00\x00", "\x03"},
	{"combIFMA", "the same digit twice", "ADD", false, "\x02", "\x00"},
	{"combIFMA comb8IFMA", "a multiple for another digit", "VPTERNLOGQ", false, "\xf8", "\xf0"},
	{"combIFMA combWideIFMA", "no sign", "VPMOVQ2M", false, "\x62\xf2\xfe", "\x90\x90\x90\x90\x90\x90"},
	{"combWideIFMA", "the even sum twice", "VEXTRACTI64X4", false, "\x01", "\x00"},
	{"comb8IFMA", "no sign", "VPCMPUQ", false, "\x01", "\x03"},
	{"comb8IFMA", "the frame begins below the stack pointer", "ADD", false, "\x3f", "\x00"},
	{"comb8IFMA", "the end of the frame is left", "VMOVDQU64", false, "\x62\xf1\xfe\x48\x7f\x43\x36", "\x62\xf1\xfe\x48\x7f\x43\x35"},
}

// TestCombFaults plants faults in the combs with IFMA. The proofs find them.
func TestCombFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes 20 seconds of a processor")
	}
	planted := 0
	for i := range combStatements {
		s := &combStatements[i]
		_, name, _ := strings.Cut(s.kernel, ".")
		code := kernelOf(t, s.kernel)
		for _, a := range combAlterations {
			if !strings.Contains(" "+a.kernels+" ", " "+name+" ") {
				continue
			}
			_, err := s.about(a.alter(t, code), time.Now())
			if err == nil {
				t.Errorf("%s: the fault is not found: %s", name, a.name)
			}
			planted++
			t.Logf("%s: %s: %v", name, a.name, err)
		}
	}
	if planted != 26 {
		t.Errorf("%d faults were planted", planted)
	}
}
