package machine

import (
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// start returns a machine before code.
func start(code string) (*Machine, error) {
	k := &Kernel{Name: "code", arch: amd64, entry: 0x1000, bytes: []byte(code), usedConstant: map[int]bool{}}
	if err := k.arch.decode(k); err != nil {
		return nil, err
	}
	return New(term.NewSpace(), k), nil
}

// TestRefusedForms has instructions in forms that the semantics do not know, though they know
// others with the same name.
func TestRefusedForms(t *testing.T) {
	for _, i := range []struct{ name, code, want string }{
		{"LEAL 8(EAX), EAX", "\x67\x8d\x40\x08", "EAX in an address"},
		{"LEAL 8(RAX), EAX", "\x8d\x40\x08", "no semantics for raxd"},
		{"MOVL 0x1000, EAX", "\x8b\x04\x25\x00\x10\x00\x00", "an absolute address"},
		{"VMOVDQU 0x1000, Y0", "\xc5\xfe\x6f\x04\x25\x00\x10\x00\x00", "an absolute address"},
		{"VMOVDQU64 0x1000, Z0", "\x62\xf1\xfe\x48\x6f\x04\x25\x00\x10\x00\x00", "an absolute address"},
		{"MOVQ FS:(RAX), RAX", "\x64\x48\x8b\x00", "a segment"},
		{"PUSHQ $5", "\x6a\x05", "no semantics for 0x5"},
		{"PUSHQ (RAX)", "\xff\x30", "no semantics for [rax"},
		{"PUSHW AX", "\x66\x50", "no semantics for raxw"},
		{"POPW AX", "\x66\x58", "no semantics for raxw"},
		{"RET $8", "\xc2\x08\x00", "no semantics"},
		{"VPSLLW (RAX), Y1, Y0", "\xc5\xf5\xf1\x00", "not that of an argument"},
		{"VPERMILPD Y2, Y1, Y0", "\xc4\xe2\x75\x0d\xc2", "no semantics for this form"},
		{"VPBLENDMQ.Z Z2, Z1, K1, Z0", "\x62\xf2\xf5\xc9\x64\xc2", "no semantics for this form"},
		{"VPBLENDMQ Z2, Z1, Z0", "\x62\xf2\xf5\x48\x64\xc2", "no semantics for this form"},
		{"VPCMPGTW Z2, Z1, K1", "\x62\xf1\x75\x48\x65\xca", "a mask as the result"},
		{"MOVQ AX, -8(SP)", "\x48\x89\x44\x24\xf8", "below the stack pointer"},
	} {
		m, err := start(i.code)
		if err == nil {
			_, err = m.Step()
		}
		if err == nil || !strings.Contains(err.Error(), i.want) {
			t.Errorf("%s: %v, want %q", i.name, err, i.want)
		}
	}
}

// TestForms checks forms of instructions that differ from others with the same name.
func TestForms(t *testing.T) {
	step := func(code string) *Machine {
		m, err := start(code)
		if err == nil {
			m.General[0].Word = m.Space.Const(64, 0x1ffffffff)
			m.Flags[CarryFlag] = m.bit(true)
			m.Vector[1][0] = m.Space.Const(64, 0x8000000000000001)
			_, err = m.Step()
		}
		if err != nil {
			t.Fatalf("% x: %v", code, err)
		}
		return m
	}
	if m := step("\x30\xc0"); !m.General[0].Word.Is(0x1ffffff00) {
		t.Errorf("XORB AX, AX leaves %v", m.General[0].Word)
	}
	if m := step("\x83\xd0\x00"); !m.General[0].Word.Is(0) || !m.Flags[CarryFlag].Is(1) {
		t.Errorf("ADCL $0, AX leaves %v and the carry %v", m.General[0].Word, m.Flags[CarryFlag])
	}
	if m := step("\x62\xf1\xfd\x48\x72\xc9\x41"); !m.Vector[0][0].Is(3) {
		t.Errorf("VPROLQ $65, Z1, Z0 leaves %v", m.Vector[0][0])
	}
	if m := step("\x54"); m.Stack.pointers[frame-8] != Pointer(m.Space, m.Stack, frame) {
		t.Errorf("PUSHQ SP pushes %v", m.Stack.pointers[frame-8])
	}
}

// TestJoinOfEqual joins a machine in which two registers hold the same unknown word with one in which they
// differ. That is a change, and another such difference is none.
func TestJoinOfEqual(t *testing.T) {
	head, err := start("\x48\x89\xd8") // MOVQ BX, AX
	if err != nil {
		t.Fatal(err)
	}
	with := func(r int, n int) *Machine {
		m := head.Clone()
		m.General[r] = Number(m.Space, n)
		return m
	}
	if !head.Join(with(3, 1)) || head.Join(with(3, 2)) {
		t.Error("BX does not become unknown once")
	}
	if _, err := head.Step(); err != nil || head.General[0] != head.General[3] {
		t.Fatal("AX is not BX")
	}
	if !head.Join(with(0, 1)) || head.General[0] == head.General[3] {
		t.Error("AX and BX are still equal")
	}
	if head.Join(with(0, 2)) {
		t.Error("AX becomes unknown twice")
	}
}
