package machine

import (
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// newMachine returns a machine at the start of a kernel with this code. Its arguments are p,
// of 16 bytes, the second half not set, and q, of 8 bytes that it may not write.
func newMachine(t *testing.T, code string) *Machine {
	t.Helper()
	k := &Kernel{Name: "a kernel", arch: amd64, entry: 0x1000, bytes: []byte(code), constants: section{0x2000, make([]byte, 16)},
		usedConstant: map[int]bool{}}
	if err := k.arch.decode(k); err != nil {
		t.Fatal(err)
	}
	return entered(k)
}

// entered returns a machine at the start of a kernel with the arguments p and q.
func entered(k *Kernel) *Machine {
	s := term.NewSpace()
	p, q := NewRegion("p", 16, true), NewRegion("q", 8, false)
	p.Set(0, s.Var("x", 64))
	q.Set(0, s.Var("y", 64))
	return New(s, k, Pointer(s, p, 0), Pointer(s, q, 0))
}

// begin loads p into rax, q into rdx, and the first word of p into rcx.
const begin = "\x48\x8b\x44\x24\x08" + "\x48\x8b\x54\x24\x10" + "\x48\x8b\x08"

const ret = "\xc3"

// TestRefused executes instructions that no kernel may have. Each must stop the execution.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ what, code, want string }{
		{"nothing", "", ""},
		{"mov [rax+8], rcx", "\x48\x89\x48\x08", ""},
		{"mov rcx, [rax+16]", "\x48\x8b\x48\x10", "bytes 16 to 24 of p, which has 16"},
		{"mov rcx, [rax+9]", "\x48\x8b\x48\x09", "bytes 9 to 17 of p, which has 16"},
		{"mov rcx, [rax-1]", "\x48\x8b\x48\xff", "bytes -1 to 7 of p, which has 16"},
		{"mov rcx, [rax+1]", "\x48\x8b\x48\x01", "byte 8 of p is read before"},
		{"mov rcx, [rcx]", "\x48\x8b\x09", "is not that of an argument"},
		{"mov rcx, [rax+rcx]", "\x48\x8b\x0c\x08", "is not constant"},
		{"mov rcx, [rax+rdx]", "\x48\x8b\x0c\x10", "a sum of pointers"},
		{"mov [rdx], rcx", "\x48\x89\x0a", "q is written"},
		{"mov [rip], ecx", "\x89\x0d\xed\x0f\x00\x00", "the constants is written"},
		{"mov [rax], rdx", "\x48\x89\x10", "a pointer is stored in p"},
		{"movzx ecx, byte [rsp+8]", "\x0f\xb6\x4c\x24\x08", "a pointer is read as data"},
		{"imul rcx, rax, 2", "\x48\x6b\xc8\x02", "arithmetic with a pointer"},
		{"mov [rsp], rcx", "\x48\x89\x0c\x24", "it writes over the return address"},
		{"push rcx", "\x51", "another stack pointer"},
		{"xor ebp, ebp", "\x31\xed", "does not restore the frame pointer"},
		{"mov rsp, rcx", "\x48\x89\xcc", "the stack pointer is lost"},
		{"jmp +16", "\xeb\x10", "a jump out of the kernel"},
		{"test rcx, rcx; je +0", "\x48\x85\xc9\x74\x00", "a jump depends on"},
		{"adc rcx, rcx", "\x48\x11\xc9", "flag 0 is not known"},
		{"shl rcx, 1; adc rcx, rcx", "\x48\xd1\xe1\x48\x11\xc9", "flag 0 is not known"},
		{"div rcx", "\x48\xf7\xf1", "there are no semantics"},
	} {
		err := newMachine(t, begin+c.code+ret).Run()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// TestFork checks that a fork that must not write does not.
func TestFork(t *testing.T) {
	m := newMachine(t, begin+"\x48\x89\x48\x08"+ret) // mov [rax+8], rcx
	if err := m.Fork(true).Run(); err == nil || !strings.Contains(err.Error(), "p is written") {
		t.Error(err)
	}
	if err := m.Fork(false).Run(); err != nil {
		t.Error(err)
	}
}

// TestJoin joins a machine with a clone in which one place of each kind differs, and checks that
// these are unknown then, and that nothing else is.
func TestJoin(t *testing.T) {
	m := newMachine(t, begin+ret)
	for range 3 {
		if _, err := m.Step(); err != nil {
			t.Fatal(err)
		}
	}
	s := m.Space
	for f := range m.Flags {
		m.Flags[f] = s.Const(1, 1)
	}
	if m.Join(m.Clone()) {
		t.Error("equal machines change")
	}
	c := m.Clone()
	number := s.Const(64, 7)
	m.Argument(0).Set(8, number)
	c.Flags[CarryFlag] = s.Const(1, 0)
	c.General[2] = c.General[0] // a pointer to p in place of q
	c.General[3].Word, c.Vector[1][2], c.Mask[3] = number, number, number
	c.Argument(0).Set(0, s.Const(8, 7))
	c.Argument(0).Written[0] = true
	before := m.Clone()
	if !m.Join(c) {
		t.Error("different machines do not change")
	}
	unknown := func(what string, w *term.Word) {
		if w == nil || w.Node() == nil || !strings.HasPrefix(w.Node().Aux, "unknown ") {
			t.Errorf("%s is %v", what, w)
		}
	}
	unknown("register 2", m.General[2].Word)
	unknown("register 3", m.General[3].Word)
	unknown("vector register 1", m.Vector[1][2])
	unknown("mask register 3", m.Mask[3])
	p := m.Argument(0)
	unknown("byte 0", p.Data[0])
	if m.General[2].Region != nil {
		t.Error("register 2 is a pointer")
	}
	if m.Flags[CarryFlag] != nil {
		t.Error("the carry is known")
	}
	if p.Data[8] != nil {
		t.Error("a byte that is not set in the clone may be read")
	}
	if !p.Written[0] {
		t.Error("a byte was written only in the clone, and does not count")
	}
	if m.General[1] != before.General[1] || m.Vector[1][1] != before.Vector[1][1] || m.Mask[2] != before.Mask[2] ||
		m.Flags[ZeroFlag] == nil || p.Data[1] != before.Argument(0).Data[1] {
		t.Error("what is the same in both machines is not kept")
	}
	if m.Join(m.Clone(), c) {
		t.Error("the machines are joined already, and change")
	}
}
