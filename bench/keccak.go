package main

import (
	"bytes"
	stdsha3 "crypto/sha3"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cloudflare/circl/simd/keccakf1600"
	"github.com/cloudflare/circl/xof"

	"hybridkem/internal/sha3"
)

const sectionKeccak = "Keccak"

// Of a matrix element are squeezed three blocks of SHAKE128, from 34 bytes.
const (
	streamInput  = 34
	streamOutput = 3 * sha3.RateSHAKE128
)

func keccakOperations() ([]operation, error) {
	in := bytes.Repeat([]byte("an input of thirty-four bytes: abc"), 8)
	var operations []operation
	for _, n := range []int{1, 4, 8} {
		type row struct {
			implementation, set string
			f                   func(out, in []byte)
		}
		var rows []row
		for _, set := range featureSets() {
			rows = append(rows, row{ours, set, func(out, in []byte) { sha3.SHAKE128s(n, out, in) }})
		}
		switch n {
		case 1:
			h, c := stdsha3.NewSHAKE128(), xof.SHAKE128.New()
			rows = append(rows, row{"crypto/sha3", "", func(out, in []byte) {
				h.Reset()
				h.Write(in)
				h.Read(out)
			}}, row{circlName, "", func(out, in []byte) {
				c.Reset()
				c.Write(in)
				c.Read(out)
			}})
		case 4:
			rows = append(rows, row{circlName, "", circlSHAKE128x4})
		}
		in := in[:n*streamInput]
		for i := range in {
			in[i] += byte(i / streamInput) // no two streams alike
		}
		o := operation{section: sectionKeccak, name: fmt.Sprintf("×%d", n), parts: float64(3 * n)}
		var want []byte
		for _, r := range rows {
			out := make([]byte, n*streamOutput)
			r.f(out, in)
			if want == nil {
				want = slices.Clone(out)
			} else if !bytes.Equal(out, want) {
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
	return operations, nil
}

// circlSHAKE128x4 is SHAKE128 on CIRCL's permutation of four states.
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
