package sha3

import (
	"bytes"
	"crypto/sha3"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/testkit"
)

// random returns n bytes that depend on nothing but n.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}

func TestRates(t *testing.T) {
	for _, r := range []struct{ got, want int }{
		{rateSHA3_256, sha3.New256().BlockSize()},
		{rateSHA3_512, sha3.New512().BlockSize()},
		{RateSHAKE128, sha3.NewSHAKE128().BlockSize()},
		{rateSHAKE256, sha3.NewSHAKE256().BlockSize()},
	} {
		if r.got != r.want {
			t.Errorf("a rate is %d, want %d", r.got, r.want)
		}
	}
}

// TestParts has every length up to three blocks of every hash, in all kinds of parts.
func TestParts(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := range 3*rateSHAKE256 + 2 {
			b := random(n)
			for range 5 {
				var parts [][]byte
				for rest := b; len(rest) > 0; {
					part := rest[:r.IntN(len(rest)+1)]
					parts, rest = append(parts, part), rest[len(part):]
				}
				var h256 [32]byte
				var h512 [64]byte
				out := make([]byte, 2*n+1)
				Sum256(&h256, parts...)
				Sum512(&h512, parts...)
				SHAKE256(out, parts...)
				if h256 != sha3.Sum256(b) || h512 != sha3.Sum512(b) || !bytes.Equal(out, sha3.SumSHAKE256(b, len(out))) {
					t.Fatalf("a hash of %d bytes in %d parts is wrong", n, len(parts))
				}
				if !bytes.Equal(b, random(n)) {
					t.Fatalf("a hash changed its input")
				}
			}
		}
	})
}

func TestStreams(t *testing.T) {
	for _, hash := range []struct {
		name    string
		streams func(n int, out, in []byte)
		one     func(data []byte, length int) []byte
		rate    int
	}{
		{"SHAKE128s", SHAKE128s, sha3.SumSHAKE128, RateSHAKE128},
		{"SHAKE256s", SHAKE256s, sha3.SumSHAKE256, rateSHAKE256},
	} {
		t.Run(hash.name, func(t *testing.T) {
			testkit.Implementations(t, func(t *testing.T) {
				const most = 17
				for inSize := range hash.rate {
					if testing.Short() && inSize%13 != 0 && inSize != hash.rate-1 {
						continue
					}
					in := random(most * inSize)
					var want [most][]byte
					for i := range want {
						want[i] = hash.one(in[i*inSize:][:inSize], 4*hash.rate+9)
					}
					for _, size := range []int{0, 1, 32, hash.rate - 1, hash.rate, hash.rate + 1, 3 * hash.rate, 4*hash.rate + 9} {
						for n := 1; n <= most; n++ {
							out := bytes.Repeat([]byte{0x5a}, n*size+1)
							hash.streams(n, out[:n*size], in[:n*inSize])
							for i := range n {
								if !bytes.Equal(out[i*size:][:size], want[i][:size]) {
									t.Fatalf("stream %d of %d, of %d bytes from %d, is wrong", i, n, size, inSize)
								}
							}
							if out[n*size] != 0x5a {
								t.Fatal("written behind the last stream")
							}
						}
					}
					if !bytes.Equal(in, random(most*inSize)) {
						t.Fatal("the input was changed")
					}
				}
			})
		})
	}
}

func TestSHAKE128At(t *testing.T) {
	in := random(34)
	want := sha3.SumSHAKE128(in, 10*RateSHAKE128)
	testkit.Implementations(t, func(t *testing.T) {
		for offset := 0; offset < len(want); offset += RateSHAKE128 {
			var out [RateSHAKE128]byte
			SHAKE128At(&out, offset, in)
			if !bytes.Equal(out[:], want[offset:][:RateSHAKE128]) {
				t.Errorf("the block at %d is wrong", offset)
			}
		}
	})
}

func TestAllocations(t *testing.T) {
	in, out := random(9*34), make([]byte, 9*504)
	var h256 [32]byte
	var h512 [64]byte
	var block [RateSHAKE128]byte
	testkit.Implementations(t, func(t *testing.T) {
		testkit.NoAllocations(t, "all of the package", func() {
			Sum256(&h256, in, in)
			Sum512(&h512, in, in)
			SHAKE256(out, in, in)
			SHAKE128s(9, out, in)
			SHAKE256s(9, out, in)
			SHAKE128At(&block, 504, in)
		})
	})
}
