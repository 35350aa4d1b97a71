package sha3

import (
	"bytes"
	"crypto/sha3"
	"testing"

	"hybridkem/internal/testkit"
)

func input(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*i + n)
	}
	return b
}

func TestParts(t *testing.T) {
	for n := range 300 {
		b := input(n)
		cut1, cut2 := n/3, n/2
		parts := [][]byte{b[:cut1], nil, b[cut1:cut2], b[cut2:]}
		var h256 [32]byte
		var h512 [64]byte
		out := make([]byte, 2*n+1)
		Sum256(&h256, parts...)
		Sum512(&h512, parts...)
		SHAKE256(out, parts...)
		if h256 != sha3.Sum256(b) || h512 != sha3.Sum512(b) || !bytes.Equal(out, sha3.SumSHAKE256(b, len(out))) {
			t.Fatalf("a hash of %d bytes in parts is wrong", n)
		}
	}
}

func TestStreams(t *testing.T) {
	for n := 1; n <= 17; n++ {
		for _, size := range []int{1, 32, 128, 168, 192, 3 * 168, 4*168 + 1} {
			const inSize = 34
			in := input(n * inSize)
			for _, hash := range []struct {
				name    string
				streams func(n int, out, in []byte)
				one     func(data []byte, length int) []byte
			}{
				{"SHAKE128s", SHAKE128s, sha3.SumSHAKE128},
				{"SHAKE256s", SHAKE256s, sha3.SumSHAKE256},
			} {
				out := make([]byte, n*size)
				hash.streams(n, out, in)
				for i := range n {
					if !bytes.Equal(out[i*size:][:size], hash.one(in[i*inSize:][:inSize], size)) {
						t.Fatalf("%s: stream %d of %d, of %d bytes, is wrong", hash.name, i, n, size)
					}
				}
				if !bytes.Equal(in, input(n*inSize)) {
					t.Fatalf("%s changed its input", hash.name)
				}
			}
		}
	}
}

func TestSHAKE128At(t *testing.T) {
	in := input(34)
	want := sha3.SumSHAKE128(in, 10*RateSHAKE128)
	for offset := 0; offset < len(want); offset += RateSHAKE128 {
		var out [RateSHAKE128]byte
		SHAKE128At(&out, offset, in)
		if !bytes.Equal(out[:], want[offset:][:RateSHAKE128]) {
			t.Errorf("the block at %d is wrong", offset)
		}
	}
	if RateSHAKE128 != sha3.NewSHAKE128().BlockSize() {
		t.Error("RateSHAKE128 is wrong")
	}
}

func TestAllocations(t *testing.T) {
	in, out := input(9*34), make([]byte, 9*504)
	var h256 [32]byte
	var h512 [64]byte
	var block [RateSHAKE128]byte
	testkit.NoAllocations(t, "all of the package", func() {
		Sum256(&h256, in, in)
		Sum512(&h512, in, in)
		SHAKE256(out, in, in)
		SHAKE128s(9, out, in)
		SHAKE256s(9, out, in)
		SHAKE128At(&block, 504, in)
	})
}
