package sha3

import (
	"bytes"
	"crypto/sha3"
	"fmt"
	"testing"

	"hybridkem/internal/testkit"
)

// TestMany makes all hashes of 1 to Width messages of many lengths, in parts of several lengths, and
// reads the outputs in two parts.
func TestMany(t *testing.T) {
	random := random(Width * 2000)
	kernels(t, func(t *testing.T) {
		for _, f := range []struct {
			name  string
			begin func(*Many, int)
			rate  int
			hash  func(message []byte, size int) []byte
		}{
			{"SHA3-256", (*Many).BeginSum256, 136, func(m []byte, _ int) []byte { h := sha3.Sum256(m); return h[:] }},
			{"SHA3-512", (*Many).BeginSum512, 72, func(m []byte, _ int) []byte { h := sha3.Sum512(m); return h[:] }},
			{"SHAKE256", (*Many).BeginSHAKE256, 136, sha3.SumSHAKE256},
		} {
			for n := 1; n <= Width; n++ {
				for _, size := range []int{1, 7, 33, 34, 64, 71, 72, 134, 135, 136, 137, 167, 168, 1184} {
					for _, part := range []int{8, 32, 1600} {
						var messages, parts, outs, firsts, seconds [Width][]byte
						for i := range n {
							messages[i] = random[2000*i+i:][:size]
							outs[i] = make([]byte, len(f.hash(nil, 3*f.rate+40)))
							first := min(f.rate, len(outs[i]))
							firsts[i], seconds[i] = outs[i][:first], outs[i][first:]
						}
						var m Many
						f.begin(&m, n)
						m.Write(messages[:n]) // and forget it
						f.begin(&m, n)
						for done := 0; done < size; done += part {
							for i := range n {
								parts[i] = messages[i][done:min(done+part, size)]
							}
							m.Write(parts[:n])
						}
						m.Read(firsts[:n])
						if len(seconds[0]) > 0 {
							m.Read(seconds[:n])
						}
						for i := range n {
							if !bytes.Equal(outs[i], f.hash(messages[i], len(outs[i]))) {
								t.Fatalf("%s of message %d of %d, %d bytes in parts of %d: wrong", f.name, i, n, size, part)
							}
						}
					}
				}
			}
		}
	})
}

// TestManyStreams makes streams of seeds with different ends.
func TestManyStreams(t *testing.T) {
	kernels(t, func(t *testing.T) {
		for n := 1; n <= Width; n++ {
			var seeds [Width]*[32]byte
			var ends [Width][2]byte
			var numbers [Width]byte
			var outs128, outs256 [Width][]byte
			for i := range n {
				seeds[i], ends[i], numbers[i] = (*[32]byte)(random(100+i)), [2]byte{byte(i), byte(200 - i)}, byte(100+i)
				outs128[i], outs256[i] = make([]byte, 504), make([]byte, 192)
			}
			var m Many
			testkit.NoAllocations(t, "streams", func() {
				m.BeginSHAKE128s(seeds[:n], ends[:n])
				m.Read(outs128[:n])
				m.BeginSHAKE256s(seeds[:n], numbers[:n])
				m.Read(outs256[:n])
			})
			for i := range n {
				if want := sha3.SumSHAKE128(append(seeds[i][:], ends[i][:]...), 504); !bytes.Equal(outs128[i], want) {
					t.Errorf("stream %d of %d of SHAKE128 is wrong", i, n)
				}
				if want := sha3.SumSHAKE256(append(seeds[i][:], numbers[i]), 192); !bytes.Equal(outs256[i], want) {
					t.Errorf("stream %d of %d of SHAKE256 is wrong", i, n)
				}
			}
		}
	})
}

func TestHashesOfMany(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for n := 1; n <= Width; n++ {
			for _, size := range []int{32, 134, 200} {
				t.Run(fmt.Sprintf("%d/%d", n, size), func(t *testing.T) {
					var messages, outs [Width][]byte
					var sums [Width]*[32]byte
					for i := range n {
						messages[i], outs[i], sums[i] = random(1000 + i)[:size], make([]byte, 96), new([32]byte)
					}
					testkit.NoAllocations(t, "hashing", func() {
						Sum256Many(sums[:n], messages[:n])
						SHAKE256Many(outs[:n], messages[:n])
					})
					for i := range n {
						if *sums[i] != sha3.Sum256(messages[i]) || !bytes.Equal(outs[i], sha3.SumSHAKE256(messages[i], 96)) {
							t.Errorf("hash %d is wrong", i)
						}
					}
				})
			}
		}
	})
}
