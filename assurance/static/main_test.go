package main

import (
	"slices"
	"strings"
	"testing"

	"hybridkem/assurance/internal/compiler"
)

// found reports whether a finding contains all of the parts, in this order.
func found(r *report, parts ...string) bool {
	return slices.ContainsFunc(r.findings, func(f string) bool {
		for _, part := range parts {
			_, rest, ok := strings.Cut(f, part)
			if !ok {
				return false
			}
			f = rest
		}
		return true
	})
}

// A plant is a change to the module, and the finding that it must cause.
type plant struct{ file, old, new, want string }

// plants holds changes to functions of the module.
var plants = []plant{
	{"internal/mlkem/mlkem.go", "subtle.ConstantTimeCopy(differ(c, again), key[:], rejected[:])",
		"if _ = subtle.ConstantTimeCopy; differ(c, again) == 1 {\nkey = rejected\n}",
		"(*hybridkem/internal/mlkem.DecapsulationKey).DecapsulateWith: a branch"},
	{"internal/mlkem/keys.go", "clear(dk.d[:])", "for dk.d[0] > 0 {\ndk.d[0]--\n}",
		"(*hybridkem/internal/mlkem.DecapsulationKey).Overwrite: a branch"},
	{"internal/mlkem/kpke.go", "t.Reduce()\n", "t.Reduce()\nif t[0] == 0 {\nt[0] = 0\n}\n",
		"(*hybridkem/internal/mlkem.EncapsulationKey).multiplyRow: a branch"},
	{"internal/ring/pair.go", "return a - m*Q", "return a - m*Q + pair(zetas[a&1])",
		"(hybridkem/internal/ring.pair).barrettReduce: an index"},
	{"internal/ring/ring.go", "return a - int16(m)*Q", "return int16(int64(a) % (m + 1))",
		"hybridkem/internal/ring.canonical: a division"},
	{"internal/ring/sample.go", "f.sampleCBD2((*[128]byte)(b))", "sampleVartimeAVX2((*[N]int16)(f), 0, b)",
		"(*hybridkem/internal/ring.Poly).SampleCBD: a call of hybridkem/internal/ring.sampleVartimeAVX2"},
	{"internal/ring/ntt.go", "innerProductAVX2((*[N]int16)(f), (*[N]int16)(&a[0]), stride,", "innerProductAVX2((*[N]int16)(f), (*[N]int16)(&a[0]), stride+int(b[0].b[0]),",
		"(*hybridkem/internal/ring.NTT).InnerProduct: a number for hybridkem/internal/ring.innerProductAVX2"},
	{"internal/ring/encode.go", "return int16((y*Q + half) >> d)", "return int16(half << (y & 7))",
		"hybridkem/internal/ring.decompress: the count of a shift"},
	{"internal/sha3/sha3.go", "s.a[s.n] ^= end", "s.a[s.n+int(s.a[0]&1)] ^= end",
		"(*hybridkem/internal/sha3.sponge).pad: an index"},
	{"internal/x25519/x25519.go", "swap ^= kt", "if swap ^= kt; swap == 2 {\nbreak\n}",
		"hybridkem/internal/x25519.multiplyPortable: a branch"},
	{"internal/x25519/invert.go", "abs := (uint64(a) ^ m) - m", "abs := max((uint64(a)^m)-m, 1)",
		"hybridkem/internal/x25519.linear$1: max"},
	{"internal/hybrid/keys.go", "subtle.ConstantTimeCompare(own, others) == 1",
		"string(own) == string(others) && subtle.ConstantTimeByteEq(0, 0) == 1",
		"(*hybridkem/internal/hybrid.DecapsulationKey).Equal: a comparison of strings"},
	{"internal/fault/fault.go", "var der int", "var der int\nif b[0] == 0x30 {\nder = 1\n}",
		"hybridkem/internal/fault.encoding: a branch"},
	{"kem/kem.go", "same := subtle.ConstantTimeCompare(sharedKey, again)",
		"same := subtle.ConstantTimeCompare(sharedKey, again)\nif slices.Equal(sharedKey, again) {\nsame = 1\n}",
		"hybridkem/kem.CheckKeyPair: a call of slices.Equal"},
	{"internal/nist/nist.go", "secret, err := key.ECDH(share)\n", "secret, err := key.ECDH(share)\nif key.Bytes()[0] > 7 {\nreturn errScalar\n}\n",
		"hybridkem/internal/nist.exchange: a branch"},
	{"keyfile/keyfile.go", "		err = secret.OrDestroy(dk, func() error {", "		if p.seed[0] == 0 {\nreturn dk, nil\n}\n	err = secret.OrDestroy(dk, func() error {",
		"(*hybridkem/keyfile.format).key: a branch"},
	{"keyfile/keyfile.go", "	dk, err := f.kem.NewDecapsulationKey(seed)\n",
		"	dk, err := f.kem.NewDecapsulationKey(seed)\nif formats[seed[0]&3].bare() {\nreturn dk, nil\n}\n",
		"(*hybridkem/keyfile.format).newKey: an index"},
	{"batch/row.go", "	case decapsulate:\n		copy(c.sharedKey, r.sharedKey)\n", "	case decapsulate:\n		if r.sharedKey[0] > 0 {\n			copy(c.sharedKey, r.sharedKey)\n		}\n",
		"(*hybridkem/batch.row).deliver: a branch"},
	{"noise/handshake.go", "x25519.ScalarMult(&shared, own, peer)\n", "x25519.ScalarMult(&shared, own, peer)\nif shared == [32]byte{} {\nreturn errLowOrder\n}\n",
		"(*hybridkem/noise.HandshakeState).mix: a branch"},
	{"noise/handshake.go", "	if t == tokenSKEM {\n", "	if t == tokenSKEM || sharedKey[0] == 0 {\n",
		"(*hybridkem/noise.HandshakeState).mixShared: a branch"},
	{"noise/symmetric.go", "block := s.pad[:s.f.BlockSize()]\n", "block := s.pad[:s.f.BlockSize()]\nif key[0] == 0 {\nreturn\n}\n",
		"(*hybridkem/noise.symmetricState).hmac: a branch"},
	{"noise/cipher.go", "defer clear(key)\n", "defer clear(key)\nif key[0] == 0 {\nreturn\n}\n",
		"(*hybridkem/noise.CipherState).Rekey$1: a branch"},
}

// planted holds functions that are added at the end of a file. The name of each tells whether
// it is good, or which fault must be found in it. A decode function is good if its verdict
// stays secret until the loop has ended.
const planted = `
var feature bool

func PlantedGoodDecode(seed []byte) bool {
	verdict := byte(0)
	for i := range seed {
		verdict |= seed[i] >> 7
	}
	//ct:declassify verdict: whether a key is valid is public
	return verdict == 0 && len(seed) > 0
}

func PlantedLoopExit(seed []byte) bool {
	for i := range seed {
		below := seed[i]
		//ct:declassify below: whether a key is valid is public
		if below > 7 {
			return false
		}
	}
	return true
}

func plantedVerdict(b *byte) bool {
	below := *b
	//ct:declassify below: whether a key is valid is public
	return below > 7
}

func PlantedLoopHelper(seed []byte) bool {
	for i := range seed {
		if plantedVerdict(&seed[i]) {
			return false
		}
	}
	return true
}

func PlantedBranchBefore(seed []byte) bool {
	sent := make([]byte, 1)
	copy(sent, seed)
	if feature && sent[0] == 0 {
		sent[0]++
	}
	//ct:declassify sent: it is sent
	return sent[0] == 0
}

func PlantedGoodBranch(seed []byte) bool {
	sent := make([]byte, 1)
	copy(sent, seed)
	//ct:declassify sent: it is sent
	if feature && sent[0] == 0 {
		sent[0]++
	}
	return sent[0] == 0
}
`

// plantedKernels holds kernels of arm64 that are added to internal/ring, without declarations. The name of each tells
// whether it is good, or there is a finding in plantedFaults.
const plantedKernels = `#include "textflag.h"

TEXT ·plantedGood(SB), NOSPLIT, $32-24
	MOVD f+0(FP), R0
	MOVD n+8(FP), R1
	MOVD R1, 8(RSP)
	MOVD $0x123456789abcdef0, R3
loop:
	VLD1.P 16(R0), [V0.H8]
	WORD $0x4e61b401 // sqdmulh v1.8h, v0.8h, v1.8h
	WORD $0xce000400 // eor3 v0.16b, v0.16b, v0.16b, v1.16b
	UMULH R3, R3, R4
	CMP R3, R4
	CSEL LO, R3, R4, R5
	MOVD 8(RSP), R6
	ADD R6, R0, R7
	MOVD (R7), R8
	MOVD R8, 16(RSP)
	SUBS $1, R1
	BNE loop
	MOVD R8, ret+16(FP)
	RET

TEXT ·plantedVartime(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	MOVBU (R0), R1
	ADD R1, R0
	MOVBU (R0), R1
	CBZ R1, end
	MOVBU 1(R0), R1
end:
	RET

TEXT ·plantedDivision(SB), NOSPLIT, $0-16
	MOVD n+8(FP), R1
	UDIV R1, R1
	RET

TEXT ·plantedSaturation(SB), NOSPLIT, $0-0
	WORD $0x0e214820 // sqxtn v0.8b, v1.8h
	RET

TEXT ·plantedWord(SB), NOSPLIT, $0-0
	WORD $0x00000001
	RET

TEXT ·plantedUnreached(SB), NOSPLIT, $0-0
	RET
	NOP
	ADD R1, R1

TEXT ·plantedCall(SB), NOSPLIT, $0-0
	JMP ·plantedGood(SB)

TEXT ·plantedIndex(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	MOVBU (R0), R1
	MOVBU (R0)(R1), R2
	RET

TEXT ·plantedVector(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	VMOV V0.D[0], R1
	ADD R1<<3, R0
	FMOVQ F0, (R0)
	RET

TEXT ·plantedBranch(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	MOVD 8(R0), R1
	CBZ R1, end
	MOVD $0, R1
end:
	RET

TEXT ·plantedFlags(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	MOVD 8(R0), R1
	CMP $2, R1
	CSET EQ, R2
	TBNZ $0, R2, end
	MOVD $0, R1
end:
	RET

TEXT ·plantedCarry(SB), NOSPLIT, $0-8
	MOVD f+0(FP), R0
	LDP (R0), (R1, R2)
	ADDS R1, R2
	BHS end
	MOVD $0, R1
end:
	RET

TEXT ·plantedLater(SB), NOSPLIT, $0-16
	MOVD f+0(FP), R0
	MOVD n+8(FP), R1
loop:
	MOVD (R0), R2
	CBZ R1, end
	MOVD R2, R1
	JMP loop
end:
	RET

TEXT ·plantedFrame(SB), NOSPLIT, $32-16
	MOVD f+0(FP), R0
	MOVD n+8(FP), R1
	MOVD R1, 8(RSP)
	FMOVQ (R0), F0
	ADD $16, RSP, R2
	FMOVQ F0, -12(R2)
	MOVD 8(RSP), R1
	CBZ R1, end
	MOVD $0, R1
end:
	RET

TEXT ·plantedArgument(SB), NOSPLIT, $0-16
	MOVD f+0(FP), R0
	MOVD (R0), R1
	MOVD R1, n+8(FP)
	MOVD n+8(FP), R2
	TBZ $3, R2, end
	MOVD $0, R1
end:
	RET
`

// plantedFaults has the findings about plantedKernels.
var plantedFaults = [][]string{
	{"plantedDivision", "is no instruction that is known"}, {"plantedSaturation", "the time of sqxtn", "may depend on data"},
	{"plantedWord", "is no instruction that is known"}, {"plantedUnreached", "no path leads to the word"}, {"plantedCall", "is outside"},
	{"plantedIndex", "an address depends on data"}, {"plantedVector", "an address depends on data"},
	{"plantedBranch", "a jump depends on data"}, {"plantedFlags", "a jump depends on data"}, {"plantedCarry", "a jump depends on data"},
	{"plantedLater", "a jump depends on data"}, {"plantedFrame", "a jump depends on data"}, {"plantedArgument", "a jump depends on data"},
	{"hybridkem/internal/cpu.plantedNumber", "is no instruction that is known"},
}

// TestPlantedKernels plants faults in kernels of arm64 and checks that each is found.
func TestPlantedKernels(t *testing.T) {
	module := compiler.In("../..")
	module.Set("internal/ring/planted_arm64.s", plantedKernels)
	module.Set("internal/cpu/planted_arm64.s", "TEXT ·plantedNumber(SB), 4, $0-0\n\tWORD $0x9ac10821 // udiv x1, x1, x1\n\tRET\n")
	functions, err := compiler.Platform{Arch: "arm64"}.Listing(module, "./internal/ring", "./internal/cpu")
	if err != nil {
		t.Fatal(err)
	}
	r := newReport()
	for _, f := range functions {
		checkA64(r, f)
	}
	for _, parts := range plantedFaults {
		if !found(r, parts...) {
			t.Errorf("%q was not found", parts)
		}
	}
	if len(r.findings) != len(plantedFaults) {
		t.Errorf("%d findings, not %d: %q", len(r.findings), len(plantedFaults), r.findings)
	}
}

// TestPlantedSource plants faults in the source and checks that each is found.
func TestPlantedSource(t *testing.T) {
	module := compiler.In("../..")
	for _, p := range plants {
		if err := module.Replace(p.file, p.old, p.new); err != nil {
			t.Error(err)
		}
	}
	if err := module.Replace("kem/kem.go", "\t\"reflect\"\n", "\t\"reflect\"\n\t\"slices\"\n"); err != nil {
		t.Error(err)
	}
	text, err := module.Text("mlkem/mlkem.go")
	if err != nil {
		t.Fatal(err)
	}
	module.Set("mlkem/mlkem.go", text+planted)

	r := newReport()
	if err := checkSource(r, module, compiler.Platforms[0]); err != nil {
		t.Fatal(err)
	}
	for _, p := range plants {
		if !found(r, p.want) {
			t.Errorf("%s was not found", p.want)
		}
	}
	for _, want := range []string{
		"mlkem.PlantedLoopExit: a directive in a loop", "mlkem.plantedVerdict: a directive in a loop",
		"mlkem.PlantedBranchBefore: a branch",
	} {
		if !found(r, want) {
			t.Errorf("%s was not found", want)
		}
	}
	if found(r, "PlantedGood") {
		t.Errorf("more was found: %q", r.findings)
	}
	for _, p := range compiler.Platforms {
		r := newReport()
		if err := checkMachine(r, module, p); err != nil {
			t.Fatal(err)
		}
		if r.variable["hybridkem/internal/ring.canonical"] == nil {
			t.Errorf("%s: the division was not found, but %v", p, r.variable)
		}
	}
}
