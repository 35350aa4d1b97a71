package main

import (
	"os/exec"
	"strings"
	"sync"
	"testing"

	"hybridkem/assurance/prove/machine"
)

// testPrograms builds the programs with kernels, which all tests share.
var testPrograms = sync.OnceValues(func() (programs, error) { return build("../..") })

// kernelOf decodes a kernel, named with its package.
func kernelOf(t *testing.T, name string) *machine.Kernel {
	t.Helper()
	linked, err := testPrograms()
	if err != nil {
		t.Fatal(err)
	}
	k, err := linked.kernel(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestDecodersDiffer decodes instructions wrongly, and expects objdump to notice.
func TestDecodersDiffer(t *testing.T) {
	if _, err := exec.LookPath("objdump"); err != nil {
		t.Skip("objdump is not installed")
	}
	for _, c := range []struct {
		kernel, text string // the text is in that of the instruction
		change       func(i *machine.Instruction)
	}{
		{"sha3.permute4AVX2", "vpxor ymm", func(i *machine.Instruction) { i.Op = "VPOR" }},
		{"sha3.permute4AVX2", "vpxor ymm", func(i *machine.Instruction) { i.Args[0].Reg ^= 1 }},
		{"sha3.permute4AVX2", "vpxor ymm", func(i *machine.Instruction) { i.Args[0].Size = 16 }},
		{"sha3.permute4AVX2", "vpxor ymm", func(i *machine.Instruction) { i.Args[1], i.Args[2] = i.Args[2], i.Args[1] }},
		{"sha3.permute4AVX2", "vpshufb", func(i *machine.Instruction) { i.Args[2].Disp++ }},
		{"sha3.permute1AVX512", "vpternlogq", func(i *machine.Instruction) { i.Args[3].Imm ^= 2 }},
		{"x25519.ladderIFMA", "{k", func(i *machine.Instruction) { i.Mask ^= 1 }},
		{"x25519.ladderIFMA", "{k", func(i *machine.Instruction) { i.Zeroing = !i.Zeroing }},
		{"sha3.permute4AVX512", "vpxorq ymm0, ymm0, [", func(i *machine.Instruction) { i.Broadcast = false }},
		{"x25519.ladderADX", "adcx", func(i *machine.Instruction) { i.Op = "ADOX" }},
		{"x25519.ladderADX", "[rsp", func(i *machine.Instruction) { i.Args[0].Size = 4; i.Args[1].Size = 4 }},
		{"ring.compress10AVX512VBMI2", "vpcmp", func(i *machine.Instruction) { i.Args[len(i.Args)-1].Imm ^= 4 }},
		{"ring.sampleVartimeAVX2", "*r", func(i *machine.Instruction) { i.Args[0].Scale *= 2; i.Args[len(i.Args)-1].Scale *= 2 }},
		{"ring.sampleVartimeAVX2", "jg 0x", func(i *machine.Instruction) { i.Args[0].Imm++ }},
	} {
		k := kernelOf(t, c.kernel)
		if _, err := k.CompareWithObjdump(); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, i := range k.Listing() {
			if strings.Contains(i.String(), c.text) {
				c.change(i)
				found = true
				break
			}
		}
		_, err := k.CompareWithObjdump()
		if !found || err == nil {
			t.Errorf("%s: %q: found: %v; no difference", c.kernel, c.text, found)
			continue
		}
		t.Log(err)
	}
}
