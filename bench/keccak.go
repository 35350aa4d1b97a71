package main

import (
	"bytes"
	stdsha3 "crypto/sha3"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cloudflare/circl/simd/keccakf1600"
	"github.com/cloudflare/circl/xof"

	"hybridkem/internal/cpu"
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

const (
	sectionKeccak = "Keccak"
	permutation1  = "permutation ×1"
	permutation4  = "permutation ×4"
	matrix3       = "matrix, k = 3"
)

// For an element of the matrix, SHAKE128 takes 34 bytes and squeezes three blocks.
const (
	streamInput  = 34
	streamOutput = 3 * sha3.RateSHAKE128
)

func keccakOperations() ([]operation, error) {
	in := bytes.Repeat([]byte("an input of thirty-four bytes: abc"), 8)
	var operations []operation
	for _, n := range []int{1, 4} {
		type row struct {
			implementation, set string
			f                   func(out, in []byte)
		}
		var rows []row
		for _, set := range featureSets() {
			rows = append(rows, row{ours, set, shake128s})
		}
		switch n {
		case 1:
			h, c := stdsha3.NewSHAKE128(), xof.SHAKE128.New()
			rows = append(rows, row{"crypto/sha3", "", func(out, in []byte) {
				h.Reset()
				h.Write(in)
				h.Read(out[:streamOutput])
			}}, row{circlName, "", func(out, in []byte) {
				c.Reset()
				c.Write(in)
				c.Read(out[:streamOutput])
			}})
		case 4:
			rows = append(rows, row{circlName, "", circlSHAKE128x4})
		}
		in := in[:n*streamInput]
		for i := range n {
			in[(i+1)*streamInput-1] += byte(i) // makes the streams differ
		}
		o := operation{section: sectionKeccak, name: fmt.Sprintf("×%d", n), parts: float64(3 * n)}
		var want []byte
		for _, r := range rows {
			out := make([]byte, sha3.States*streamOutput)
			r.f(out, in)
			if got := out[:n*streamOutput]; want == nil {
				want = slices.Clone(got)
			} else if !bytes.Equal(got, want) {
				return nil, fmt.Errorf("SHAKE128 %s, %s: %w", o.name, r.implementation, errDisagrees)
			}
			c := goContender(r.implementation, func(int) { r.f(out, in) })
			if r.set != "" {
				c = withSet(r.set, c)
			}
			o.contenders = append(o.contenders, c)
		}
		operations = append(operations, o)
	}
	return append(operations, permutations()...), nil
}

// permutations returns the operations on the permutation alone, and the expansion of the
// matrix, which consists mostly of permutations.
func permutations() []operation {
	one := operation{section: sectionKeccak, name: permutation1, parts: 1}
	four := operation{section: sectionKeccak, name: permutation4, parts: 4}
	third := operation{section: sectionKeccak, name: matrix3, parts: 1}
	var state [200]byte
	var states [25][4]uint64
	for _, set := range featureSets() {
		if set != cpu.Portable {
			one.contenders = append(one.contenders, withSet(set, goContender(ours, func(int) { sha3.Permute(&state) })))
			four.contenders = append(four.contenders, withSet(set, goContender(ours, func(int) { sha3.Permute4(&states) })))
		}
		seeds := fixedSeeds(32)
		third.contenders = append(third.contenders, withSet(set, goContender(ours, func(i int) { expandMatrix((*[32]byte)(seeds[i%inputs])) })))
	}
	h, block := stdsha3.NewSHAKE128(), make([]byte, sha3.RateSHAKE128)
	h.Read(block)
	one.contenders = append(one.contenders, goContender("crypto/sha3", func(int) { h.Read(block) }))
	var circl keccakf1600.StateX4
	circl.Initialize(false)
	four.contenders = append(four.contenders, goContender(circlName, func(int) { circl.Permute() }))
	if !sha3.Kernels() {
		return []operation{third}
	}
	return []operation{one, four, third}
}

// expandMatrix expands the matrix of ML-KEM-768 as internal/mlkem does, except that
// internal/mlkem hashes the encapsulation key at the same time.
func expandMatrix(rho *[32]byte) *[9]ring.NTT {
	var ends [9][2]byte
	for i := range ends {
		ends[i] = [2]byte{byte(i % 3), byte(i / 3)}
	}
	var b sha3.Batch
	var streams [sha3.States * streamOutput]byte
	for made := 0; made < len(matrix); {
		n := b.SHAKE128s(streams[:], streamOutput, rho, ends[made:])
		for i := range n {
			end := ends[made+i]
			count := matrix[made+i].SampleVartime(0, streams[i*streamOutput:][:streamOutput])
			for offset := streamOutput; count < ring.N; offset += sha3.RateSHAKE128 {
				var block [sha3.RateSHAKE128]byte
				sha3.SHAKE128At(&block, offset, rho[:], end[:])
				count = matrix[made+i].SampleVartime(count, block[:])
			}
		}
		made += n
	}
	return &matrix
}

// matrix receives the result of expandMatrix. It is a static variable, as in a C program.
var matrix [9]ring.NTT

// shake128s is SHAKE128 of several inputs that begin with the same 32 bytes.
func shake128s(out, in []byte) {
	var b sha3.Batch
	var ends [sha3.States][2]byte
	n := len(in) / streamInput
	for i := range n {
		ends[i] = [2]byte(in[i*streamInput+32:])
	}
	b.SHAKE128s(out, streamOutput, (*[32]byte)(in), ends[:n])
}

// circlSHAKE128x4 is SHAKE128 with CIRCL's permutation of four states.
func circlSHAKE128x4(out, in []byte) {
	const lanes, rate = 4, sha3.RateSHAKE128
	var state keccakf1600.StateX4
	a := state.Initialize(false)
	for lane := range lanes {
		var block [rate]byte
		copy(block[:], in[lane*streamInput:][:streamInput])
		block[streamInput] ^= 0x1f
		block[rate-1] ^= 0x80
		for i := range rate / 8 {
			a[lanes*i+lane] = binary.LittleEndian.Uint64(block[8*i:])
		}
	}
	for offset := 0; offset < streamOutput; offset += rate {
		state.Permute()
		for lane := range lanes {
			for i := range rate / 8 {
				binary.LittleEndian.PutUint64(out[lane*streamOutput+offset+8*i:], a[lanes*i+lane])
			}
		}
	}
}
