package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hybridkem/assurance/prove/machine"
)

// An alteration changes bytes of the first instruction that has them, or of the first constant
// that has them and that such an instruction reads.
type alteration struct {
	kernels, name string
	op            string
	constant      bool
	old, new      string
}

var alterations = []alteration{
	{"ladderADX combADX", "19 is 18", "IMUL", false, "\x13", "\x12"},
	{"ladderADX combADX", "38 is 37", "MOV", true, "\x26\x00\x00\x00\x00\x00\x00\x00", "\x25"},
	{"ladderADX combADX", "38 without a carry", "CMOVB", false, "\x0f\x42", "\x0f\x43"},
	{"ladderADX combADX", "no carry in a sum", "ADC", false, "\x13", "\x03"},
	{"ladderADX combADX", "no carry at the end of a product", "ADC", false, "\x49\x83\xd0", "\x49\x83\xc0"},
	{"ladderADX combADX", "no borrow", "SBB", false, "\x1b", "\x2b"},
	{"ladderADX", "ADD for ADOX", "ADOX", false, "\xf3\x49\x0f\x38\xf6\xf5", "\x49\x03\xf5\x0f\x1f\x00"},
	{"ladderADX combADX", "ADCX for ADOX", "ADOX", false, "\xf3", "\x66"},
	{"ladderADX", "another factor", "MULX", false, "\xa8\x00\x00\x00", "\xb0"},
	{"ladderADX", "121665 is 121666", "MOV", true, "\x41\xdb\x01\x00", "\x42"},
	{"ladderADX", "points are chosen the wrong way", "CMOVAE", false, "\x0f\x43", "\x0f\x42"},
	{"ladderADX", "another bit chooses", "SHR", false, "\x06", "\x05"},
	{"ladderADX", "254 steps", "MOV", false, "\xff\x00\x00\x00", "\xfe"},
	{"combADX", "the row for 1 is also that for 2", "VPAND", false, "\x60", "\x00"},
	{"combADX", "a bit of the table", "LEA", true, "", ""},
	{"combADX", "a sign is wrong", "VPSUBQ", false, "\xfb", "\xd4"},
	{"combADX", "the even digits come first", "MOV", false, "\x01\x00\x00\x00", "\x00"},
	{"combADX", "three doublings", "MOV", false, "\x04\x00\x00\x00", "\x03"},
}

// alter returns a kernel with an alteration.
func (a alteration) alter(t *testing.T, k *machine.Kernel) *machine.Kernel {
	for _, i := range k.Listing() {
		if i.Op != a.op {
			continue
		}
		address, have := i.Address, i.Bytes
		if a.constant {
			o := i.Args[1]
			if o.Kind != machine.Memory || o.Base != instructionPointer {
				continue
			}
			address += uint64(len(i.Bytes)) + uint64(o.Disp)
			have = k.Constant(address, 8)
		}
		if at := bytes.Index(have, []byte(a.old)); at >= 0 {
			if a.new == "" {
				a.new = string([]byte{have[0] ^ 1})
			}
			altered, err := k.Patched(address+uint64(at), []byte(a.new)...)
			if err != nil {
				t.Fatal(a.name, err)
			}
			return altered
		}
	}
	t.Fatalf("%s: there is no such instruction", a.name)
	return nil
}

// instructionPointer is the base of the address of a constant.
const instructionPointer = -2

// TestADXFaults plants faults in the kernels with ADX. The proofs find them.
func TestADXFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes 10 seconds")
	}
	programs, err := build("../..")
	if err != nil {
		t.Fatal(err)
	}
	for i := range adxStatements {
		s := &adxStatements[i]
		_, name, _ := strings.Cut(s.kernel, ".")
		code, err := programs["x25519"].Kernel("hybridkem/internal/" + s.kernel + ".abi0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.about(code, time.Now()); err != nil {
			t.Error(err)
		}
		for _, a := range alterations {
			if !strings.Contains(a.kernels, name) {
				continue
			}
			_, err := s.about(a.alter(t, code), time.Now())
			if err == nil {
				t.Errorf("%s: the fault is not found: %s", name, a.name)
			}
			t.Logf("%s: %s: %v", name, a.name, err)
		}
	}
}
