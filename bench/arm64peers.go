package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudflare/circl/simd/keccakf1600"

	"hybridkem/internal/x25519"
)

const sectionArm64 = "arm64" // of the files that say how to build peers

// A peerKernel is a kernel of a peer, as calls of its functions in assembly.
type peerKernel struct {
	section, name, implementation string
	calls                         []string // a function and its arguments: names of data, and numbers
}

// An assemblyPeer is a peer whose functions in assembly for arm64 are modelled.
type assemblyPeer struct {
	peer
	kernels []peerKernel
}

var assemblyPeers = []assemblyPeer{
	{peer{name: "mlkem-native", folder: "mlkem-native", section: sectionArm64}, []peerKernel{
		{sectionKernel, kernelNTT, "mlkem-native", []string{"peer_ntt_aarch64_asm poly constants constants"}},
		{sectionKernel, kernelInverse, "mlkem-native", []string{"peer_intt_aarch64_asm poly constants constants"}},
		{sectionKernel, kernelProduct, "mlkem-native", []string{"peer_polyvec_basemul_acc_montgomery_cached_k3_aarch64_asm poly vector vector cache"}},
		{sectionKernel, kernelFactor, "mlkem-native, mulcache and tomont", []string{
			"peer_poly_mulcache_compute_aarch64_asm cache vector constants constants", "peer_poly_tomont_aarch64_asm poly",
		}},
		{sectionKernel, kernelSampling, "mlkem-native", []string{"peer_rej_uniform_aarch64_asm poly stream 504 table"}},
		{sectionKeccak, permutation1, "mlkem-native, scalar", []string{"peer_keccak_f1600_x1_scalar_aarch64_asm states rounds"}},
		{sectionKeccak, permutation1, "mlkem-native, SHA-3 instructions", []string{"peer_keccak_f1600_x1_v84a_aarch64_asm states rounds"}},
		{sectionKeccak, permutation4, peerTwice, []string{
			"peer_keccak_f1600_x2_v84a_aarch64_asm states rounds", "peer_keccak_f1600_x2_v84a_aarch64_asm states+400 rounds",
		}},
		{sectionKeccak, permutation4, peerHybrid, []string{"peer_keccak_f1600_x4_v8a_scalar_hybrid_aarch64_asm states rounds"}},
		{sectionKeccak, permutation4, peerHybrid + " and SHA-3", []string{"peer_keccak_f1600_x4_v8a_v84a_scalar_hybrid_aarch64_asm states rounds"}},
	}},
	{peer{name: "s2n-bignum", folder: "s2n-bignum", section: sectionArm64}, []peerKernel{
		{sectionX25519, variableBase, "s2n-bignum", []string{"curve25519_x25519 shared scalar point"}},
		{sectionX25519, variableBase, "s2n-bignum, alt", []string{"curve25519_x25519_alt shared scalar point"}},
		{sectionX25519, fixedBase, "s2n-bignum", []string{"curve25519_x25519base shared scalar"}},
		{sectionX25519, fixedBase, "s2n-bignum, alt", []string{"curve25519_x25519base_alt shared scalar"}},
	}},
}

const (
	peerTwice  = "mlkem-native, 2 × ×2 with SHA-3"
	peerHybrid = "mlkem-native, interleaved scalar and NEON"
)

// tracePeers builds and traces the peers. If it cannot, the report says so.
func (t *tracer) tracePeers(dir string) {
	for _, p := range assemblyPeers {
		var kernels []peerKernel
		for _, k := range p.kernels {
			if t.pattern.MatchString(k.section + "/" + k.name) {
				kernels = append(kernels, k)
			}
		}
		if len(kernels) == 0 {
			continue
		}
		if err := t.tracePeer(p.peer, kernels, dir); err != nil {
			t.report.Failures = append(t.report.Failures, failure{sectionArm64, p.name, err.Error()})
			continue
		}
		t.report.Peers = append(t.report.Peers, peerBuild{p.name, sectionArm64, commit(filepath.Join(dir, p.folder))})
	}
}

func (t *tracer) tracePeer(p peer, kernels []peerKernel, dir string) error {
	built, err := t.buildPeer(p, kernels, dir)
	if err != nil {
		return err
	}
	segments, output, err := built.trace(newest, regexp.MustCompile(`^(peer_|curve25519_)`))
	if err != nil {
		return err
	}
	if err := checkAssembly(kernels, output); err != nil {
		return err
	}
	if len(segments) != len(kernels) || slices.ContainsFunc(segments, func(pcs []uint64) bool { return len(pcs) == 0 }) {
		return errors.New("not all of its kernels are seen to run")
	}
	for i, k := range kernels {
		t.add(tracedOperation{section: k.section, name: k.name}, k.implementation, built, segments[i])
	}
	return nil
}

// checkAssembly checks what the kernels have computed, unless it depends on tables in C, which
// assemblyProgram replaces. The output is what is in memory, from states on, after each kernel.
func checkAssembly(kernels []peerKernel, output []byte) error {
	if len(output) != len(kernels)*resultSize {
		return errors.New("its program prints something else")
	}
	data := assemblyData(nil)
	scalar, point := [32]byte(data["scalar"]), [32]byte(data["point"])
	states := data["states"]
	for i, k := range kernels {
		result := output[i*resultSize:][:resultSize]
		got, want := result[len(states):], make([]byte, 32)
		switch k.name {
		case permutation1:
			permute(states[:200])
			got, want = result[:len(states)], states
		case permutation4:
			permute(states)
			got, want = result[:len(states)], states
		case variableBase:
			x25519.ScalarMult((*[32]byte)(want), &scalar, &point)
		case fixedBase:
			x25519.ScalarBaseMult((*[32]byte)(want), &scalar)
		default:
			continue
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s, %s: %w", k.implementation, k.name, errDisagrees)
		}
	}
	return nil
}

// permute applies Keccak-f[1600] to up to four states, one after the other.
func permute(states []byte) {
	const lanes = 4
	var x keccakf1600.StateX4
	a := x.Initialize(false)
	for i := range len(states) / 8 {
		a[lanes*(i%25)+i/25] = binary.LittleEndian.Uint64(states[8*i:])
	}
	x.Permute()
	for i := range len(states) / 8 {
		binary.LittleEndian.PutUint64(states[8*i:], a[lanes*(i%25)+i/25])
	}
}

// predefined are the macros by which sources know an arm64 compiler.
var predefined = []string{
	"-E", "-undef", "-x", "assembler-with-cpp", "-D__ASSEMBLER__", "-D__ELF__", "-D__linux__", "-D__aarch64__", "-D__AARCH64EL__",
	"-D__ARM_NEON", "-D__ARM_FEATURE_SHA3", "-D__ORDER_LITTLE_ENDIAN__=1234", "-D__ORDER_BIG_ENDIAN__=4321", "-D__BYTE_ORDER__=1234",
}

// buildPeer builds a program that calls each kernel between the marks. It needs no compiler for arm64:
// the C preprocessor of this machine prepares the sources for the assembler.
func (t *tracer) buildPeer(p peer, kernels []peerKernel, dir string) (*program, error) {
	folder := filepath.Join(dir, p.folder)
	inputs, err := p.inputs(dir)
	if err != nil {
		return nil, err
	}
	preprocess, sources := slices.Clone(predefined), []string(nil)
	for _, input := range inputs {
		if strings.HasPrefix(input, "-") {
			preprocess = append(preprocess, input)
		} else {
			sources = append(sources, input)
		}
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("does not build: %s", firstError(out, err, folder, t.work))
		}
		return nil
	}
	start := filepath.Join(t.work, p.folder+".s")
	if err := os.WriteFile(start, []byte(assemblyProgram(kernels, t.stream)), 0o666); err != nil {
		return nil, err
	}
	assembly := []string{start}
	for i, source := range sources {
		out := filepath.Join(t.work, fmt.Sprintf("%s-%d.s", p.folder, i))
		if err := run(compiler(), slices.Concat(preprocess, []string{source, "-o", out})...); err != nil {
			return nil, err
		}
		assembly = append(assembly, out)
	}
	var objects []string
	for _, source := range assembly {
		objects = append(objects, source+".o")
		if err := run(assembler, "-march=armv8.4-a+sha3", source, "-o", source+".o"); err != nil {
			return nil, err
		}
	}
	binary := filepath.Join(t.work, p.folder)
	if err := run(linker, append([]string{"-static", "-o", binary}, objects...)...); err != nil {
		return nil, err
	}
	return loadProgram(binary, "begin", "end")
}

// resultSize is the size of the states and the shared secret, which follows them.
const resultSize = 4*200 + 32

// assemblyData returns what the kernels work on, by name. Their tables of constants are in C, and other
// numbers here. No instruction depends on those.
func assemblyData(stream []byte) map[string][]byte {
	data := map[string][]byte{"stream": stream, "rounds": roundConstants()}
	for name, size := range map[string]int{
		"poly": 512, "vector": 3 * 512, "cache": 3 * 256, "constants": 3 * 256, "table": 4096, "states": 4 * 200, "scalar": 32, "point": 32,
	} {
		for i := range size / 2 {
			data[name] = binary.LittleEndian.AppendUint16(data[name], uint16(7*i%1000)) // which is below q
		}
	}
	return data
}

// roundConstants returns the constants of the rounds of Keccak-f[1600].
func roundConstants() (b []byte) {
	for round, r := 0, uint32(1); round < 24; round++ {
		var constant uint64
		for j := range 7 {
			constant |= uint64(r&1) << (1<<j - 1)
			r = r<<1 ^ r>>7*0x171
		}
		b = binary.LittleEndian.AppendUint64(b, constant)
	}
	return b
}

// assemblyProgram returns a program in GNU's assembly that calls the kernels, and prints the results after
// each.
func assemblyProgram(kernels []peerKernel, stream []byte) string {
	const write, exit = 64, 93 // system calls
	var b strings.Builder
	b.WriteString(".text\n")
	for _, mark := range []string{"begin", "end"} {
		fmt.Fprintf(&b, ".type %[1]s, %%function\n%[1]s: ret\n.size %[1]s, 4\n", mark)
	}
	b.WriteString(".globl _start\n_start:\n")
	for _, k := range kernels {
		b.WriteString("\tbl begin\n")
		for _, call := range k.calls {
			words := strings.Fields(call)
			for i, argument := range words[1:] {
				fmt.Fprintf(&b, "\tldr x%d, =%s\n", i, argument)
			}
			fmt.Fprintf(&b, "\tbl %s\n", words[0])
		}
		fmt.Fprintf(&b, "\tbl end\n\tmov x0, #1\n\tldr x1, =states\n\tmov x2, #%d\n\tmov x8, #%d\n\tsvc #0\n", resultSize, write)
	}
	fmt.Fprintf(&b, "\tmov x0, #0\n\tmov x8, #%d\n\tsvc #0\n.ltorg\n.data\n", exit)
	data := assemblyData(stream)
	for _, name := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(&b, ".balign 256\n%s:\n", name)
		for words := data[name]; len(words) > 0; words = words[8:] {
			fmt.Fprintf(&b, "\t.quad %#x\n", binary.LittleEndian.Uint64(words))
		}
		if name == "states" {
			b.WriteString("shared: .skip 32\n")
		}
	}
	return b.String()
}
