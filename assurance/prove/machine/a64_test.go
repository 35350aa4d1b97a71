package machine

import (
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// TestRefusedA64 executes instructions of arm64 that no kernel may have. Each must stop the execution.
func TestRefusedA64(t *testing.T) {
	begin := []uint32{0xf94007e0, 0xf9400be1, 0xf9400002} // ldr x0, [sp, #8]; ldr x1, [sp, #16]; ldr x2, [x0]
	const ret = 0xd65f03c0
	for _, c := range []struct {
		what string
		code []uint32
		want string
	}{
		{"nothing", nil, ""},
		{"str x2, [x0, #8]", []uint32{0xf9000402}, ""},
		{"stur x2, [sp, #-8]", []uint32{0xf81f83e2}, ""},
		{"adds x3, x2, x2; adcs x3, x3, x2", []uint32{0xab020043, 0xba020063}, ""},
		{"ldr x3, [x0, #16]", []uint32{0xf9400803}, "bytes 16 to 24 of p, which has 16"},
		{"ldr q0, [x0]", []uint32{0x3dc00000}, "byte 8 of p is read before"},
		{"ldr x3, [x2]", []uint32{0xf9400043}, "is not that of an argument"},
		{"ld1 {v0.8b}, [x2]", []uint32{0x0c407040}, "is not that of an argument"},
		{"ldr x3, [x0, x2]", []uint32{0xf8626803}, "is not constant"},
		{"ldr x3, [x0, x1]", []uint32{0xf8616803}, "a sum of pointers"},
		{"str x2, [x1]", []uint32{0xf9000022}, "q is written"},
		{"str x1, [x0]", []uint32{0xf9000001}, "a pointer is stored in p"},
		{"ldrb w3, [sp, #8]", []uint32{0x394023e3}, "a pointer is read as data"},
		{"madd x3, x0, x2, x2", []uint32{0x9b020803}, "arithmetic with a pointer"},
		{"str x2, [sp]", []uint32{0xf90003e2}, "it writes over the return address"},
		{"stur x2, [sp, #-16]", []uint32{0xf81f03e2}, "bytes below the stack pointer"},
		{"sub sp, sp, #16", []uint32{0xd10043ff}, "another stack pointer"},
		{"sub sp, sp, #8", []uint32{0xd10023ff}, "the stack pointer is lost"},
		{"mov sp, x2", []uint32{0x9100005f}, "the stack pointer is lost"},
		{"mov x18, x2", []uint32{0xaa0203f2}, "belongs to others"},
		{"mov x28, x2", []uint32{0xaa0203fc}, "belongs to others"},
		{"mov x29, x2", []uint32{0xaa0203fd}, "the frame pointer is lost"},
		{"sub x29, sp, #16", []uint32{0xd10043fd}, "does not restore the frame pointer"},
		{"mov x30, x2", []uint32{0xaa0203fe}, "the return address is lost"},
		{"cbz x2, .+4", []uint32{0xb4000022}, "a jump depends on"},
		{"tbz x2, #3, .+4", []uint32{0x36180022}, "a jump depends on"},
		{"subs x3, x2, x2; b.hi .+4", []uint32{0xeb020043, 0x54000028}, ""},
		{"subs x3, x2, xzr; b.hi .+4", []uint32{0xeb1f0043, 0x54000028}, "a jump depends on"},
		{"b .+64", []uint32{0x14000010}, "a jump out of the kernel"},
		{"adc x3, x2, x2", []uint32{0x9a020043}, "flag 0 is not known"},
		{"lsl x3, x2, x2", []uint32{0x9ac22043}, "which chooses bits"},
		{"ushl v0.8h, v1.8h, v2.8h", []uint32{0x6e624420}, "a count that is not constant"},
		{"ret x2", []uint32{0xd65f0040}, "there are no semantics"},
		{"br x2", []uint32{0xd61f0040}, "there are no semantics"},
		{"udiv x3, x2, x2", []uint32{0x9ac20843}, "no instruction that is known"},
	} {
		k, err := CodeA64(0x1000, append(append(begin[:3:3], c.code...), ret)...)
		if err == nil {
			err = entered(k).Run()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// TestIndependentA64 has kernels of arm64 whose addresses or jumps depend on data, and one without.
func TestIndependentA64(t *testing.T) {
	begin := []uint32{0xf94007e0, 0x3dc00000, 0x4e083c03} // ldr x0, [sp, #8]; ldr q0, [x0]; mov x3, v0.d[0]
	for _, c := range []struct {
		what string
		code uint32
		want string
	}{
		{"str q0, [x0]", 0x3d800000, ""},
		{"ldr x4, [x0, x3]", 0xf8636804, "is not constant"},
		{"cbz x3, .+4", 0xb4000023, "a jump depends on"},
		{"lsl x3, x3, x3", 0x9ac32063, "which chooses bits"},
		{"sqadd v0.8h, v0.8h, v0.8h", 0x4e600c00, "there are no semantics"},
	} {
		k, err := CodeA64(0x1000, append(begin[:3:3], c.code, 0xd65f03c0)...)
		if err == nil {
			s := term.NewSpace()
			err = Independent(s, k, Pointer(s, NewRegion("p", 16, true), 0))
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
