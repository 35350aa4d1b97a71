package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hybridkem/assurance/prove/machine"
)

// A fault is other bytes in a kernel. The proof of the kernel must end with an error that has
// the text want.
type fault struct {
	kernel, what string
	place        spot
	bytes        string // what is written there; "": the lowest bit there is inverted
	want         string
}

// A spot is byte at of the code of an instruction, or of the constant that its operand is or
// to which its operand points. The instruction is number n of those with this text in theirs,
// from 0 on. In code, a negative at counts from the end of the instruction.
type spot struct {
	text     string
	n, at    int
	constant bool
}

func code(text string, n, at int) spot     { return spot{text, n, at, false} }
func constant(text string, n, at int) spot { return spot{text, n, at, true} }

// address returns the address of a spot, and what is there.
func (p spot) address(k *machine.Kernel) (address uint64, have byte, err error) {
	n := p.n
	for _, i := range k.Listing() {
		if !strings.Contains(i.String(), p.text) {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		at := p.at
		if at < 0 {
			at += len(i.Bytes)
		}
		if !p.constant {
			return i.Address + uint64(at), i.Bytes[at], nil
		}
		if address, ok := k.Pointed(i); ok {
			address += uint64(at)
			return address, k.Constant(address, 1)[0], nil
		}
	}
	return 0, 0, fmt.Errorf("there is no instruction %q with number %d", p.text, p.n)
}

// plant returns the kernel with the fault.
func (f fault) plant(k *machine.Kernel) (*machine.Kernel, error) {
	address, have, err := f.place.address(k)
	if err != nil {
		return nil, err
	}
	b := []byte(f.bytes)
	if len(b) == 0 {
		b = []byte{have ^ 1}
	}
	return k.Patched(address, b...)
}

// TestFaults plants one fault after the other, at least one in each kernel. That the kernels are
// proved without them is what the command shows. With -short, it plants every third.
func TestFaults(t *testing.T) {
	names, err := kernels("../..")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, name := range names {
		missing[name] = true
	}
	for _, f := range faults {
		delete(missing, f.kernel)
	}
	if len(missing) > 0 || len(faults) < 200 {
		t.Errorf("there are %d faults, and none in %v", len(faults), missing)
	}
	list, err := statementsAbout(names)
	if err != nil {
		t.Error(err)
	}
	byKernel := map[string]*statement{}
	for i := range list {
		byKernel[list[i].kernel] = &list[i]
	}
	for n, f := range faults {
		if testing.Short() && n%3 > 0 {
			continue
		}
		t.Run(f.kernel+"/"+f.what, func(t *testing.T) {
			t.Parallel()
			s := byKernel[f.kernel]
			if s == nil {
				t.Fatal("there is no statement about this kernel")
			}
			faulty, err := f.plant(kernelOf(t, f.kernel))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.about(faulty, time.Now()); err == nil {
				t.Error("the kernel is proved")
			} else if f.want == "" || !strings.Contains(err.Error(), f.want) {
				t.Errorf("%v; want %q", err, f.want)
			}
		})
	}
}

// TestIndependenceNeeded proves a statement that does not show that addresses and jumps do not
// depend on data. This is not enough.
func TestIndependenceNeeded(t *testing.T) {
	s := statement{"ring.addAVX2", "", func(p *proof) error { return nil }}
	if _, err := s.about(kernelOf(t, s.kernel), time.Now()); err == nil || !strings.Contains(err.Error(), "do not depend on data") {
		t.Error(err)
	}
}

var faults = []fault{
	{"sha3.permute1BMI2", "a rotation by 1 is by 61", code("rorx", 1, -1), "\x03", "is another term"},
	{"sha3.permute1BMI2", "χ with another lane", code("andn", 3, 2), "\xb0", "is another term"},
	{"sha3.permute1BMI2", "the last round constant", constant("lea", 0, 23*8), "\x09", "lane (0, 0) of state 0"},
	{"sha3.permute4AVX2", "a rotation of bytes", constant("vpshufb", 0, 8), "\x00", "is another term"},
	{"sha3.permute4AVX2", "a rotation by 21 loses a bit", code("vpsllq", 2, -1), "\x14", "is another term"},
	{"sha3.permute4AVX2", "a lane read in place of its neighbour", code("vpxor ymm4, ymm4, [", 0, -4), "\xe0", "is another term"},
	{"sha3.permute1AVX512", "χ with another truth table", code("vpternlogq", 4, -1), "\xb4", "is another term"},
	{"sha3.permute1AVX512", "a lane stored 8 bytes further", code("vmovq [rax+0xc0]", 0, -1), "\x19", "bytes 200 to 208 of"},
	{"sha3.permute4AVX512", "a rotation by 1 is by 2", code("vprolq", 0, -1), "\x02", "is another term"},
	{"sha3.permute4AVX512", "χ with another lane", code("vpternlogq", 0, 2), "\xc5", "is another term"},
	{"sha3.permute8AVX512", "the other half of a pair of states", code("vextracti64x4", 0, -1), "\x00", "is another term"},
	{"sha3.permute8AVX512", "the last round constant", constant("lea", 0, 23*8+7), "\x00", "lane (0, 0) of state 0"},
	{"sha3.start4AVX2", "another lane of the seed", code("vpbroadcastq ymm3, [rcx+0x8]", 0, -1), "\x10", "lane 1 of state 0"},
	{"sha3.start4AVX2", "one state too many", constant("[rip", 0, 24), "\x02", "lane 0 of state 3"},
	{"sha3.begin4AVX2", "states exchanged", code("vpunpckhqdq", 0, 2), "\x6c", "lane 1 of state 0"},
	{"sha3.begin4AVX2", "a suffix read too far", code("vpinsrq", 1, -2), "\x19", "bytes 25 to 33 of suffix"},
	{"sha3.absorb4AVX2", "OR for XOR", code("vpxor ymm1, ymm1, [rax+0x20]", 0, 2), "\xeb", "lane 1 of state 0"},
	{"sha3.absorb4AVX2", "a lane of the mask", constant("[rip", 0, 0), "\x01", "lane 0 of state 0"},
	{"sha3.write4AVX2", "three lanes are taken for four", code("sub rdi, 0x4", 0, -1), "\x03", "n = 1: "},
	{"sha3.write4AVX2", "another state's message", code("vinserti128 ymm0, ymm0, [rbx", 0, 4), "\x06", "lane 0 of state 2"},
	{"sha3.squeeze4AVX2", "halves exchanged", code("vperm2i128", 0, -1), "\x21", "n = 4"},
	{"sha3.squeeze4AVX2", "a step of 16 bytes", code("add rcx, 0x20", 0, -1), "\x10", "n = 5"},
	{"sha3.permute1A64", "a rotation by 42", code("ror x4, x4, #43", 0, 1), "\xa8", "is another term"},
	{"sha3.permute1A64", "χ without a complement", code("bic", 0, 2), "\xc0", "is another term"},
	{"sha3.permute1A64", "a round constant", constant("adrp", 0, 8*22), "", "is another term"},
	{"sha3.permute4NEON", "a rotation by 42", code("ror x7, x7, #43", 0, 1), "\xa8", "is another term"},
	{"sha3.permute4NEON", "a bit of a rotation is lost", code("sri v", 0, 2), "\x42", "is another term"},
	{"sha3.permute1SHA3", "a rotation by 3", code("xar", 0, 1), "\x0c", "is another term"},
	{"sha3.permute1SHA3", "χ with another lane", code("bcax", 0, 1), "\x7a", "is another term"},
	{"sha3.permute4SHA3", "a sum of other lanes", code("eor3", 0, 1), "\x7a", "is another term"},
	{"sha3.permute4SHA3", "the last round constant", constant("adrp", 0, 8*23), "", "lane (0, 0) of state 0"},
	{"sha3.write4NEON", "three lanes are taken for four", code("subs x2", 0, 1), "\x0c", "n = 1: "},
	{"sha3.write4NEON", "halves exchanged", code("zip1", 0, 1), "\x7b", "n = 4"},
	{"sha3.squeeze4NEON", "halves exchanged", code("zip1", 0, 1), "\x7b", "n = 4"},

	{"ring.nttAVX2", "a sum for a difference", code("vpaddw", 0, 2), "\xf9", "word 0 of f: "},
	{"ring.nttAVX2", "another modulus", code("mov rcx, 0xd010d010d010d01", 0, 2), "\x02", "modulo q"},
	{"ring.nttAVX512", "another zeta", constant("lea", 0, 0), "\x00", "a function of -3328 is -1599, which is not 1729·-3328 modulo q"},
	{"ring.inverseNTTAVX2", "no Barrett reduction", code("mov rcx, 0x20002000200020", 0, 2), "\x00\x00\x00\x00\x00\x00\x00\x00", "does not fit in 16 bits"},
	{"ring.inverseNTTAVX512", "another quarter", code("vshufi64x2", 0, 6), "\xee", "word 0 of f"},
	{"ring.factorSetAVX2", "an add left out", code("vpsubw", 1, 2), "\xdb", "word 1 of f"},
	{"ring.factorSetAVX2", "another word of the pair", constant("vmovdqu", 0, 0), "\x00", "word 256"},
	{"ring.factorSetAVX512", "a sum for a difference", code("vpsubw", 0, 4), "\xfd", "word 0 of f: a function of -26631 is -56"},
	{"ring.innerProductAVX2", "a product without the upper half", code("vpsrld", 0, 4), "\x0f", "the upper half"},
	{"ring.innerProductAVX512VBMI2", "not the last product", code("jne", 0, 1), "\x84", "bytes 512 to 576 of a, which has 512"},
	{"ring.compress10AVX2", "another rounding", code("mov rdx, 0x680068006800680", 0, 2), "\x7f", "field 0 of the result is 385 for 1250, not 384"},
	{"ring.compress10AVX2", "a store that is too long", code("vmovd [rax+0x10]", 0, 2), "\xd6", "bytes 316 to 324 of the result, which has 320"},
	{"ring.compress11AVX512VBMI2", "another byte", constant("vbroadcasti64x4 zmm8, [rip", 0, 4), "\x01", "field "},
	{"ring.decompress5AVX2", "another shuffle", constant("vmovdqu", 0, 3), "\x00", "field 1 of the result"},
	{"ring.sampleCBD3AVX2", "one bit of a mask", code("mov rdx, 0x24924900249249", 0, 2), "\x48", "field "},
	{"ring.sampleCBD2AVX512VBMI2", "another entry of a table", constant("vmovdqu64 zmm1, [rip", 0, 2), "\x02", "field 0 of the result depends on [x0 x1]"},
	{"ring.decodeAVX2", "q is accepted", code("mov rdx, 0xd000d000d000d00", 0, 2), "\x01", "wrong for [x0] = [0xd01]"},
	{"ring.decodeAVX512VBMI2", "q is accepted", constant("vpcmpgtw", 0, 0), "\x01", "wrong for [x0] = [0xd01]"},
	{"ring.decodeAVX512VBMI2", "coefficients left out", code("vextracti64x4", 0, 6), "\x00", "does not depend on coefficient 16"},
	{"ring.compress1AVX2", "quarters are not exchanged", code("vpermq", 0, -1), "\xe4", "field 8 of the result depends on [x16]"},
	{"ring.compress1AVX512", "a store to another place", code("kmovd [rax+0x4]", 0, -1), "\x08", "field 32 of the result is not written"},
	{"ring.compress4AVX2", "another word", constant("vmovdqu ymm5", 0, 4), "\x01", "field 8 of the result depends on [x16]"},
	{"ring.compress5AVX2", "a shift by 9 bytes", code("vpslldq", 0, -1), "\x09", "field 14 of the result depends on [x14 x15 x16 x17]"},
	{"ring.compress10AVX512VBMI2", "another comparison", code("vpcmpw", 0, -1), "\x05", "field 0 of the result is 385 for 1250, not 384"},
	{"ring.compress11AVX2", "another word is stored", code("vpextrw", 0, -1), "\x03", "field 14 of the result is 0 for 104, not 64"},
	{"ring.decompress1AVX2", "a bit of the masks", constant("vmovdqu ymm0", 0, 0), "\x03", "field 0 of the result depends on [x0 x1]"},
	{"ring.decompress1AVX512", "32 bits of others", code("kmovd k1, [rcx+0x8]", 0, -1), "\x0c", "field 64 of the result depends on [x96]"},
	{"ring.decompress4AVX2", "another factor", constant("vmovdqu ymm3", 0, 1), "", "field 0 of the result depends on [x0 x1]"},
	{"ring.decompress4AVX512VBMI2", "another modulus", code("mov rdx, 0xd010d010d010d01", 0, 4), "\x03", "field 1 of the result is 625 for 3, not 624"},
	{"ring.decompress5AVX512VBMI2", "4 bits", code("mov rdx, 0x7c007c007c007c00", 0, 3), "\x78", "field 0 of the result is 0 for 1, not 104"},
	{"ring.decompress10AVX2", "a byte read too far", code("vinserti128", 0, 5), "\x05", "bytes 305 to 321 of x, which has 320"},
	{"ring.decompress10AVX512VBMI2", "another bit first", constant("vmovdqu64 zmm0", 0, 1), "", "field 0 of the result is 39 for 4, not 13"},
	{"ring.decompress11AVX2", "another blend", code("vpblendw", 0, -1), "\xab", "field 0 of the result is 0 for 1, not 2"},
	{"ring.decompress11AVX512VBMI2", "the numbers of others", code("vpermb zmm4, zmm3, [rcx+0x2c]", 0, -4), "\x2d", "field 32 of the result depends on [x32 x33]"},
	{"ring.sampleCBD2AVX2", "another entry of a table", constant("vmovdqu ymm1", 0, 1), "", "field 0 of the result is 0 for 1, not 1"},
	{"ring.sampleCBD3AVX512VBMI2", "another entry of a table", constant("vmovdqu64 zmm2", 0, 62), "", "field 0 of the result is 1 for 63, not 0"},
	{"ring.encodeAVX2", "a shift by 11 bytes", code("vpslldq", 0, -1), "\x0b", "field 7 of the result depends on [x7 x8]"},
	{"ring.encodeAVX512VBMI2", "another byte", constant("vmovdqu64 zmm3", 0, 5), "", "field 14 of the result depends on [x13 x14]"},
	{"ring.encodeNEON", "a shift by 11", code("sli", 0, 2), "\x1b", "of the result"},
	{"ring.decodeNEON", "q is accepted", code("mov x5", 0, 0), "\x25", " = [0xd01]"},
	{"ring.decodeNEON", "coefficients left out", code("smax", 0, 2), "\x7f", "does not depend on coefficient "},
	{"ring.decodeNEON", "the result inverted", code("eor x6", 0, 3), "\x92", "the result"},
	{"ring.compress1NEON", "another factor", code("mov x2", 0, 0), "\xa2", "field 0 of the result is"},
	{"ring.compress4NEON", "another rounding", code("cmgt", 0, 1), "\x3f", "of the result"},
	{"ring.compress5NEON", "another byte", constant("adrp", 0, 1), "", "of the result"},
	{"ring.compress10NEON", "a store to another place", code("stur q", 0, 1), "\x90", "of the result"},
	{"ring.compress11NEON", "a shift by 10", code("shl v", 0, 2), "\x1a", "of the result"},
	{"ring.decompress1NEON", "a bit of the masks", constant("adrp", 0, 0), "\x03", "of the result"},
	{"ring.decompress4NEON", "another modulus", code("mov x2", 0, 0), "\x42", "of the result is"},
	{"ring.decompress5NEON", "a byte too early", code("ldur", 0, 1), "\x30", "of the result"},
	{"ring.decompress10NEON", "no rounding", code("sqrdmulh", 0, 3), "\x4e", "of the result is"},
	{"ring.decompress11NEON", "another byte", constant("adrp", 0, 0), "", "of the result"},
	{"ring.sampleCBD2NEON", "bits are not counted", code("cnt", 0, 3), "\x6e", "of the result"},
	{"ring.sampleCBD3NEON", "another mask", code("movi", 0, 0), "\x3f", "of the result"},
	{"ring.subAVX2", "a sum for a difference", code("vpsubw", 3, 2), "\xfd", "coefficient 48 of f and h"},
	{"ring.addAVX2", "a difference for a sum", code("vpaddw", 0, 2), "\xf9", "coefficient 0 of f and h"},
	{"ring.reduceAVX2", "q is left", code("vpsubw", 1, 2), "\xfd", "but 0 <= f <= 3329 is found"},

	{"ring.addNEON", "a difference for a sum", code("add v", 2, 3), "\x6e", "of f and h"},
	{"ring.subNEON", "a sum for a difference", code("sub v", 0, 3), "\x4e", "of f and h"},
	{"ring.nttNEON", "a difference for a sum", code("add v", 0, 3), "\x6e", "modulo q"},
	{"ring.nttNEON", "a zeta", constant("adrp", 0, 4), "", "modulo q"},
	{"ring.nttNEON", "a sum in a reduction", code("shsub", 0, 1), "\x06", "modulo q"},
	{"ring.nttNEON", "the upper halves of pairs", code("zip1", 0, 1), "\x79", "modulo q"},
	{"ring.inverseNTTNEON", "a zeta", constant("adrp", 0, 4), "", "modulo q"},
	{"ring.inverseNTTNEON", "a shift by 10", code("srshr", 0, 2), "\x16", "word "},
	{"ring.factorSetNEON", "a sum in a reduction", code("shsub", 0, 1), "\x05", "word 8 of f: "},
	{"ring.innerProductNEON", "the product of the lower halves", code("smull2", 0, 3), "\x0e", "modulo q"},
	{"ring.innerProductNEON", "the lower halves in a reduction", code("uzp2", 0, 1), "\x19", "upper half"},
	{"ring.innerProductNEON", "not the last product", code("cbnz x9", 0, 3), "\xb4", "k = 2"},
	{"ring.reduceNEON", "a shift by 10", code("sshr", 0, 2), "\x16", "field 0 of x is "},
	{"ring.sampleVartimeAVX2", "q is accepted", code("mov rdi, 0xd010d010d010d01", 0, 2), "\x02", "whether candidate 0 is accepted: wrong for [candidate 0] = [0xd01]"},
	{"ring.sampleVartimeAVX2", "a round with 241 coefficients", code("cmp rcx, 0xf0", 0, 3), "\xf1", "a jump depends on"},
	{"ring.sampleVartimeAVX2", "a round with 23 bytes", code("cmp rbx, 0x18", 0, -1), "\x17", "a jump depends on"},
	{"ring.sampleVartimeAVX2", "a byte read too far", code("vinserti128", 0, 5), "\x09", "bytes 9 to 25 of the stream, which has 24"},
	{"ring.sampleVartimeAVX2", "coefficients counted too early", code("add rcx, r10", 0, -1), "\xc9", "general register 1 holds"},
	{"ring.sampleVartimeAVX2", "a byte read again", code("add rdx, 0x18", 0, -1), "\x17", "general register 2 holds"},
	{"ring.sampleVartimeAVX2", "q lost after a round", code("vpcmpgtw", 0, 3), "\xd3\xc5\xed\x63\xe2", "whether candidate 0 is accepted depends on [unknown"},
	{"ring.sampleVartimeAVX2", "the results exchanged", code("mov [rsp+0x38], rdx", 0, -1), "\x30", "result 0 is"},
	{"ring.sampleVartimeNEON", "q is accepted", code("cmhi", 0, 1), "\x3f", "whether candidate 0 is accepted"},
	{"ring.sampleVartimeNEON", "a round with 23 bytes", code("cmp x3", 0, 1), "\x5c", "a jump depends on"},
	{"ring.sampleVartimeNEON", "a round with 241 coefficients", code("sub x15, x5", 0, 1), "\x78", "a jump depends on"},
	{"ring.sampleVartimeNEON", "an entry of a table", constant("adrp", 7, 16*0b1010_0000+2), "", "candidate"},
	{"ring.sampleVartimeNEON", "a number of a table", constant("adrp", 8, 5), "", "general register 1 holds"},
	{"ring.sampleVartimeNEON", "a byte that stays", constant("adrp", 9, 16), "\xff", "f has 24"},
	{"ring.sampleVartimeNEON", "zeros for what stays", code("tbx", 0, 1), "\x02", "coefficient "},
	{"ring.sampleVartimeNEON", "257 coefficients", code("csel x1", 1, 1), "\x20", "f has 24"},
	{"ring.sampleVartimeNEON", "a byte read again", code("add x2, x2", 1, 1), "\x5c", "general register 2 holds"},
	{"ring.sampleVartimeNEON", "the results exchanged", code("str x1, [sp", 0, 1), "\x1f", "result 0 is"},
	{"ring.sampleVartimeAVX512VBMI2", "q is accepted", code("mov rdi, 0xd010d010d010d01", 0, 2), "\x02", "whether candidate 0 is accepted: wrong for [candidate 0] = [0xd01]"},
	{"ring.sampleVartimeAVX512VBMI2", "a whole round with 225 coefficients", code("cmp rcx, 0xe0", 0, 3), "\xe1", "a jump depends on"},
	{"ring.sampleVartimeAVX512VBMI2", "room for 257 coefficients", code("mov r8, 0x100", 0, 3), "\x01", "a jump depends on"},
	{"ring.sampleVartimeAVX512VBMI2", "the greater of room and accepted", code("cmovg", 0, 2), "\x4c", "r8, which chooses bits, depends on"},
	{"ring.sampleVartimeAVX512VBMI2", "candidates after the end", code("vpcmpuw k1{k1}, zmm4, zmm3, 0x1", 0, 3), "\x48", "bit 2 is"},
	{"ring.sampleVartimeAVX512VBMI2", "a candidate left out", code("imul r9, rdi, 0x2b", 0, -1), "\x2a", "whether candidate"},
	{"ring.sampleVartimeAVX512VBMI2", "a byte read too far", code("mov rdi, 0x30", 0, 3), "\x31", "bytes 48 to 49 of the stream, which has 48"},
	{"ring.sampleVartimeAVX512VBMI2", "the mask of what is read chooses", code("vpcompressw", 0, 3), "\xc9", "coefficient n+0 is"},
	{"ring.sampleVartimeAVX512VBMI2", "a store of all", code("vmovdqu16 [rax+2*rcx+0x0]{k1}, zmm4", 0, 3), "\x48", "bytes 0 to 64 of f, which has"},
	{"ring.sampleVartimeAVX2", "an entry of a table", constant("lea", 0, 16*0b1010_0000+2), "", "candidate"},
	{"ring.sampleVartimeAVX2", "an entry of a table", constant("vmovdqu", 0, 17), "", "candidate"},
	{"ring.sampleVartimeAVX512VBMI2", "an entry of a table", constant("vmovdqu64", 0, 63), "", "candidate"},

	{"x25519.ladderADX", "19 is 18", code("imul r8, r8, 0x13", 0, -1), "\x12", "this is left: mulhighu(0x26"},
	{"x25519.ladderADX", "38 is 37", constant("mov rdx, [rip", 0, 0), "\x25", "this is left: carry(x2.3, z2.3"},
	{"x25519.ladderADX", "38 without a carry", code("cmovb", 0, 2), "\x43", "this is left: carry(x2.3, z2.3"},
	{"x25519.ladderADX", "no carry in a sum", code("adc rbx, [rsp", 0, 1), "\x03", "this is left: carry(x2.0, z2.0"},
	{"x25519.ladderADX", "no carry at the end of a product", code("adc r8, 0x0", 0, 2), "\xc0", "this is left: carry(adc(mul"},
	{"x25519.ladderADX", "no borrow", code("sbb", 0, 1), "\x2b", "this is left: borrow(x2.0, z2.0"},
	{"x25519.ladderADX", "ADD for ADOX", code("adox", 0, 0), "\x49\x03\xf5\x0f\x1f\x00", "flag 3 is not known"},
	{"x25519.ladderADX", "ADCX for ADOX", code("adox", 0, 0), "\x66", "this is left: carry(adc(mulhighu"},
	{"x25519.ladderADX", "another factor", code("mulx rsi, rbx, [rsp+0xa8]", 0, 6), "\xb0", "limb 1 of element row 0 does not occur with the others"},
	{"x25519.ladderADX", "121665 is 121666", constant("mov rdx, [rip", 4, 0), "\x42", "is not that of RFC 7748 for swap = 0"},
	{"x25519.ladderADX", "points are chosen the wrong way", code("cmovae", 0, 2), "\x42", "limb 1 of element row 0 does not occur with the others"},
	{"x25519.ladderADX", "another bit chooses", code("shr", 0, -1), "\x05", "bytes 56 to 64 of swaps, which has 32"},
	{"x25519.ladderADX", "254 steps", code("mov raxd, 0xff", 0, 1), "\xfe", "no register is 255"},
	{"x25519.ladderA64", "19 is 37", code("lsl #1", 0, 1), "\x09", "this is left"},
	{"x25519.ladderA64", "38 is 37", code("mov x0", 0, 0), "\xa0", "this is left"},
	{"x25519.ladderA64", "38 without a carry", code("csel x2, x0", 0, 1), "\x30", "this is left"},
	{"x25519.ladderA64", "no carry in a sum", code("adcs", 0, 3), "\xab", "this is left"},
	{"x25519.ladderA64", "no borrow", code("sbcs", 0, 3), "\xeb", "this is left"},
	{"x25519.ladderA64", "another factor", code("umulh", 1, 0), "\x2e", "this is left"},
	{"x25519.ladderA64", "points are chosen the wrong way", code("csel x3, x23", 0, 1), "\x12", "limb "},
	{"x25519.ladderA64", "another bit chooses", code("tst", 0, 2), "\x7f", "is not that of RFC 7748"},
	{"x25519.ladderA64", "127 steps", code("orr x7, xzr", 0, 1), "\x1b", "no register is 255"},
	{"x25519.ladderNEON", "19 is 18", constant("adrp", 0, 80), "", "does not occur with the others"},
	{"x25519.ladderNEON", "a carry begins at bit 25", code("usra", 0, 2), "", "this is left"},
	{"x25519.ladderNEON", "the last carry counts 21 times", code("d, #24", 0, 2), "", "this is left"},
	{"x25519.ladderNEON", "another factor", code("umlal v", 9, 2), "", "does not occur with the others"},
	{"x25519.ladderNEON", "a limb of 2p is too small", constant("adrp", 0, 64+3), "\x00", "does not occur with the others"},
	{"x25519.ladderNEON", "a bit of a mask", constant("adrp", 0, 0), "", "this is left"},
	{"x25519.ladderNEON", "a24 is 121673", code("#56129", 0, 1), "", "z_2 is wrong"},
	{"x25519.ladderNEON", "one bit of each limb is chosen", code("neg", 0, 3), "\xca", "this is left"},
	{"x25519.ladderNEON", "another word of swaps", code("lsr x", 5, 2), "", "another step computes"},
	{"x25519.ladderNEON", "127 steps", code("xzr, #255", 0, 1), "\x1b", "the counter"},
	{"x25519.ladderNEON", "another limb of W", code("umaddl", 60, 2), "", "does not occur with the others"},
	{"x25519.ladderNEON", "a place is not wiped", code("stp xzr, xzr", 3, 2), "", "it leaves"},
	{"x25519.combNEON", "19 is 37", code("lsl #1", 0, 1), "\x08", "this is left"},
	{"x25519.combNEON", "38 is 37", code("mov x0", 0, 0), "\xa0", "this is left"},
	{"x25519.combNEON", "a bit of the table", constant("adrp", 3, 768), "", "word 0 of element 0"},
	{"x25519.combNEON", "the row for 1 is also that for 2", code("cmeq v11.16b, v18.16b, v26", 0, 2), "\x3b", "word 0 of element 0"},
	{"x25519.combNEON", "a sign is wrong", code("sshr", 1, 1), "\x05", "word 0 of element 0"},
	{"x25519.combNEON", "a difference for a sum", code("adcs", 0, 3), "\xfa", "limb 1 of element X"},
	{"x25519.combNEON", "the even digits come first", code("orr x4, xzr", 0, 2), "\x7f", "digit "},
	{"x25519.combADX", "19 is 18", code("imul rsi, rsi, 0x13", 0, -1), "\x12", "addition: the row at 128"},
	{"x25519.combADX", "38 is 37", constant("mov rdx, [rip", 0, 0), "\x25", "this is left: borrow(Y.3, X.3"},
	{"x25519.combADX", "38 without a carry", code("cmovb", 0, 2), "\x43", "this is left: borrow(Y.3, X.3"},
	{"x25519.combADX", "no carry in a sum", code("adc rcx, [rsp+0x8]", 0, 1), "\x03", "this is left: carry(X.0, Y.0"},
	{"x25519.combADX", "no carry at the end of a product", code("adc r8, 0x0", 0, 2), "\xc0", "this is left: carry(0x0:64, adc"},
	{"x25519.combADX", "no borrow", code("sbb", 0, 1), "\x2b", "this is left: borrow(Y.0, X.0"},
	{"x25519.combADX", "ADCX for ADOX", code("adox", 0, 0), "\x66", "this is left: carry(adc(mulhighu"},
	{"x25519.combADX", "the row for 1 is also that for 2", code("vpand ymm6, ymm2, [rax+0x60]", 0, -1), "\x00", "word 0 of element 0 for 2 at 1 is"},
	{"x25519.combADX", "a bit of the table", constant("lea rcx, [rip", 0, 0), "", "word 0 of element 0 for 1 at 1 is"},
	{"x25519.combADX", "a sign is wrong", code("vpsubq", 0, 2), "\xd4", "word 0 of element 2 for -8 at 1 is"},
	{"x25519.combADX", "the even digits come first", code("mov rcxd, 0x1", 0, 1), "\x00", "at the start, the words from 32 on"},
	{"x25519.combADX", "three doublings", code("mov raxd, 0x4", 0, 1), "\x03", "digit 1 is multiplied by 8"},

	{"x25519.ladderIFMA", "19 is 18", code("mov rax, 0x13", 0, 3), "\x12", "element row"},
	{"x25519.ladderIFMA", "a carry begins at bit 50", code("vpsrlq ymm", 3, -1), "\x32", "this is left"},
	{"x25519.ladderIFMA", "the second sum is a difference", code("vpaddq ymm", 1, 4), "\xfb", "element row"},
	{"x25519.ladderIFMA", "DA - CB has the lane of DA + CB", code("mov rsid, 0x4", 0, 1), "\x08", "is wrong"},
	{"x25519.ladderIFMA", "a24 is 121666", constant("vmovdqu64 ymm16, [rip", 0, 0), "\x42", "is wrong"},
	{"x25519.ladderIFMA", "no bias", constant("vmovdqu64 ymm7, [rip", 0, 0), "\x00\x00\x00\x00\x00\x00\x00\x00", "element row"},
	{"x25519.ladderIFMA", "a register is not cleared", code("vpxorq ymm17", 0, 4), "\xdb", "another step computes"},
	{"x25519.ladderIFMA", "a bit of another step", code("shr rdi", 0, -1), "\x07", "a choice among variables"},
	{"x25519.ladderIFMA", "the last row of the frame is not wiped", code("vmovdqu64 [rbx+0x120], ymm0", 0, -1), "\x08", "in byte"},
	{"x25519.ladderPermuteIFMA", "a rotation of Keccak-f", code("rorx", 7, -1), "\x05", "another term"},
	{"x25519.ladderPermuteIFMA", "the second of two steps has another bit of swaps", code("shr rcx", 1, -1), "\x07", "a choice among variables"},
	{"x25519.ladder8IFMA", "a24 is 121664", code("mov r8, 0x1db41", 0, 3), "\x40", "is wrong"},
	{"x25519.ladder8IFMA", "every second bit of swaps", code("vprorq", 0, -1), "\x02", "the bit of the counter"},
	{"x25519.ladder8IFMA", "bits of swaps are inverted", code("vptestmq", 0, 2), "\xee", "is wrong"},
	{"x25519.ladder8IFMA", "254 steps", code("mov rdi, 0xff", 0, 3), "\xfe", "the counter"},

	{"x25519.combIFMA", "19 is 18", code("mov rax, 0x13", 0, 3), "\x12", "this is left: sub(sum0.1.4, sum0.0.4)[51:64]"},
	{"x25519.combIFMA", "a bit of the table", constant("lea rsi, [rip", 0, 0), "", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.combIFMA", "a bit of a multiple of p", constant("vpbroadcastq ymm12, [rip", 0, 0), "", "digit 1 is -8: element 2 of the multiple is"},
	{"x25519.combIFMA", "a difference for a sum", code("vpaddq", 0, 2), "\xfb", "start: row 1: the value differs"},
	{"x25519.combIFMA", "a sum for a difference", code("vpsubq", 0, 4), "\xd4", "double: element row 5: limb 1"},
	{"x25519.combIFMA", "other lanes", code("mov raxd, 0x5", 0, 1), "\x04", "add: row 0: the value differs"},
	{"x25519.combIFMA", "the same digit twice", code("add rdx, 0x2", 0, -1), "\x00", "digit 1 is -8: element 0 of the multiple is"},
	{"x25519.combIFMA", "a multiple for another digit", code("vpternlogq", 0, -1), "\xf0", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.combIFMA", "no sign", code("vpmovq2m", 0, 0), "\x90\x90\x90\x90\x90\x90", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.combWideIFMA", "19 is 18", code("mov rax, 0x13", 0, 3), "\x12", "this is left: sub(sum0.1.4, sum0.0.4)[51:64]"},
	{"x25519.combWideIFMA", "a bit of the table", constant("lea", 0, 0), "", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.combWideIFMA", "a bit of a multiple of p", constant("vpbroadcastq zmm12, [rip", 0, 0), "", "digit 0 is -8: element 2 of the multiple is"},
	{"x25519.combWideIFMA", "a difference for a sum", code("vpaddq", 0, 4), "\xfb", "start: row 1: the value differs"},
	{"x25519.combWideIFMA", "a sum for a difference", code("vpsubq", 0, 4), "\xd4", "digit 0 is -8: limb 0 of the multiple"},
	{"x25519.combWideIFMA", "31 windows", code("mov rbxd, 0x20", 0, 1), "\x1f", "digit 62 of sum 1 occurs 0 times"},
	{"x25519.combWideIFMA", "three doublings", code("mov rcxd, 0x4", 0, 1), "\x03", "digit 1 of sum 1 occurs 8 times"},
	{"x25519.combWideIFMA", "no sign", code("vpmovq2m", 0, 0), "\x90\x90\x90\x90\x90\x90", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.combWideIFMA", "the even sum twice", code("vextracti64x4", 0, -1), "\x00", "double: element row 0: limb 1"},
	{"x25519.comb8IFMA", "19 is 18", code("mov rax, 0x13", 0, 3), "\x12", "limb 1 of element sum0.0 does not occur with the others"},
	{"x25519.comb8IFMA", "a bit of the table", constant("lea r8, [rip", 0, 0), "", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.comb8IFMA", "a bit of a multiple of p", constant("vpbroadcastq zmm3, [rip", 0, 0), "", "start: row 3: the value differs by 1 "},
	{"x25519.comb8IFMA", "a difference for a sum", code("vpaddq", 0, 4), "\xfb", "start: row 3: the value differs"},
	{"x25519.comb8IFMA", "a multiple for another digit", code("vpternlogq", 0, -1), "\xf0", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.comb8IFMA", "no sign", code("vpcmpuq", 0, -1), "\x03", "limb 0 of element 0 of a multiple is not found"},
	{"x25519.comb8IFMA", "the frame begins below the stack pointer", code("add rbx, 0x3f", 0, -1), "\x00", "bytes below the stack pointer"},
	{"x25519.comb8IFMA", "the end of the frame is left", code("vmovdqu64 [rbx+0xd80], zmm0", 0, -1), "\x35", "byte 3456 of the frame is not wiped"},
}
