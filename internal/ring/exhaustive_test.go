package ring

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"hybridkem/internal/progress"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
)

// An exhaustion is a test of a function with so few inputs that all can be tried.
type exhaustion struct {
	name    string
	inputs  int64
	perCall int64                  // the number of inputs that a call of right tries, a power of 2
	right   func(first int64) bool // tries the inputs from first on
}

// TestExhaustive compares functions with their definitions in integers. With -long it takes all
// inputs. Otherwise it takes evenly spread inputs: 2^24 with -sweep, 2^18 by default, and 2^16 with
// -short.
func TestExhaustive(t *testing.T) {
	limit := int64(1) << 18
	switch {
	case testkit.Sweep():
		limit = 1 << 24
	case testing.Short():
		limit = 1 << 16
	}
	run := func(t *testing.T, es []exhaustion) {
		for _, e := range es {
			t.Run(e.name, func(t *testing.T) {
				if *testkit.Long {
					limit = e.inputs
				}
				e.run(t, limit)
			})
		}
	}
	run(t, reductions())
	testkit.Implementations(t, func(t *testing.T) { run(t, functions()) })
}

// run tries inputs in chunks: all inputs, or about limit of them. It always tries the last
// chunk.
func (e exhaustion) run(t *testing.T, limit int64) {
	const chunk = 1 << 12
	all := (e.inputs + chunk - 1) / chunk
	chunks := min(all, max(2, limit/chunk))
	var next, failed atomic.Int64
	failed.Store(-1)
	bar := progress.New(os.Stderr, e.name, chunks)
	defer bar.Close()
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < chunks && failed.Load() < 0; i = next.Add(1) - 1 {
				first := i * (all - 1) / max(1, chunks-1) * chunk
				for input := first; input < min(first+chunk, e.inputs); input += e.perCall {
					if !e.right(input) {
						failed.Store(input)
						return
					}
				}
				bar.Add(1)
			}
		})
	}
	wg.Wait()
	if input := failed.Load(); input >= 0 {
		t.Errorf("wrong at input %d, of %d at once", input, e.perCall)
	}
}

// below reports whether |a| < bound.
func below(bound, a int) bool { return -bound < a && a < bound }

// congruent reports whether a and b are equal modulo q. Its parameters have 64 bits on
// every machine.
func congruent(a, b int64) bool { return (a-b)%Q == 0 }

// reductions returns exhaustions of the portable code's reductions of single numbers.
func reductions() []exhaustion {
	const limit = 1<<15*Q - 1
	return []exhaustion{
		// Each a beside -a, so that the other number has either sign.
		{"montgomeryReduce", 2*limit + 1, 1, func(i int64) bool {
			a := i - limit
			lo, hi := split32((pair(a) - pair(a)<<32).montgomeryReduce())
			return below(Q, lo) && congruent(int64(lo)<<16, a) && below(Q, hi) && congruent(int64(hi)<<16, -a)
		}},
		{"montgomeryMul", 1 << 32, 1, func(i int64) bool {
			a, b := int16(i>>16), int16(i)
			if limit < max(int64(a)*int64(b), -int64(a)*int64(b)) {
				return true // not an input
			}
			r := int(montgomeryMul(a, b))
			lo, hi := split32(join(a, -a).montgomeryMul(b))
			return below(Q, r) && congruent(int64(r)<<16, int64(a)*int64(b)) && lo == r && hi == int(montgomeryMul(-a, b))
		}},
		{"barrettReduce", 1 << 32, 1, func(i int64) bool {
			a, b := int16(i>>16), int16(i)
			p := join(a, b)
			lo, hi := p.split()
			if lo != a || hi != b {
				return false
			}
			if a == -1<<15 || b == -1<<15 {
				return true // not an input
			}
			r, s := split32(p.barrettReduce())
			return below(Q/2+1, r) && congruent(int64(r), int64(a)) && below(Q/2+1, s) && congruent(int64(s), int64(b))
		}},
		{"canonical", 1 << 16, 1, func(i int64) bool {
			r := int(canonical(int16(i)))
			return 0 <= r && r < Q && congruent(int64(r), int64(int16(i)))
		}},
	}
}

// functions returns exhaustions of the functions of polynomials, which have kernels.
func functions() []exhaustion {
	var differences [16]int16 // the sum of the two lower bits minus the sum of the two upper bits
	for x := range differences {
		differences[x] = int16(bits.OnesCount(uint(x&3)) - bits.OnesCount(uint(x>>2)))
	}
	es := []exhaustion{
		// Each number, in each of sixteen places.
		{"Reduce", 16 << 16, N, func(first int64) bool {
			var f, want NTT
			for j := range int64(N) {
				a := int16(first + j)
				f[(j+first>>16)%N], want[(j+first>>16)%N] = a, int16((int(a)%Q+Q)%Q)
			}
			f.Reduce()
			return f == want
		}},
		// Each pair of neighbours.
		{"Encode", Q * Q, N / 2, func(first int64) bool {
			var f NTT
			var got, want [EncodedSize]byte
			for j := range int64(N / 2) {
				i := (first + j) % (Q * Q)
				lo, hi := i%Q, i/Q
				f[2*j], f[2*j+1] = int16(lo), int16(hi)
				want[3*j], want[3*j+1], want[3*j+2] = byte(lo), byte(lo/256+hi%16*16), byte(hi/16)
			}
			f.Encode(&got)
			return got == want
		}},
		// Each triple of bytes, in changing places: 128 triples at once if all are valid, and
		// otherwise each triple beside zeros.
		{"Decode", 1 << 24, N / 2, func(first int64) bool {
			var b [EncodedSize]byte
			var f, want NTT
			valid := true
			for j := range int64(N / 2) {
				i := first + j
				lo, hi := i%(1<<12), i>>12
				place := (j + first>>12) % (N / 2)
				want[2*place], want[2*place+1] = int16(lo), int16(hi)
				b[3*place], b[3*place+1], b[3*place+2] = byte(i), byte(i>>8), byte(i>>16)
				valid = valid && lo < Q && hi < Q
			}
			if valid {
				return f.Decode(&b) == 1 && f == want
			}
			for place := range N / 2 {
				var alone [EncodedSize]byte
				copy(alone[3*place:][:3], b[3*place:])
				valid := want[2*place] < Q && want[2*place+1] < Q
				if (f.Decode(&alone) == 1) != valid || valid && (f[2*place] != want[2*place] || f[2*place+1] != want[2*place+1]) {
					return false
				}
			}
			return true
		}},
		// Each triple of bytes, in changing places among eight: with room for all
		// numbers, and with room for one.
		{"SampleVartime", 1 << 24, 8, func(first int64) bool {
			var stream []byte
			var want []int16
			for j := range int64(8) {
				i := first + (j+first>>3)%8
				stream = append(stream, byte(i), byte(i>>8), byte(i>>16))
				for _, candidate := range []int64{i % (1 << 12), i >> 12} {
					if candidate < Q {
						want = append(want, int16(candidate))
					}
				}
			}
			var f NTT
			if n := f.SampleVartime(0, stream); !slices.Equal(f[:n], want) {
				return false
			}
			n := f.SampleVartime(N-1, stream)
			return slices.Equal(f[N-1:n], want[:min(1, len(want))])
		}},
		// Each half of eight bytes, beside its complement.
		{"SampleCBD, η = 2", 1 << 32, 16, func(first int64) bool {
			var b [128]byte
			for j := range 16 {
				x := uint32(first) + uint32(j)
				binary.LittleEndian.PutUint32(b[8*j:], x)
				binary.LittleEndian.PutUint32(b[8*j+4:], ^x)
			}
			var f, want Poly
			f.SampleCBD(b[:], 2)
			for i, x := range b {
				want[2*i], want[2*i+1] = differences[x&15], differences[x>>4]
			}
			return f == want
		}},
		// Each half of six bytes, beside its complement.
		{"SampleCBD, η = 3", 1 << 24, 32, func(first int64) bool {
			var b [192]byte
			for j := range int64(32) {
				x := first + j | (^(first + j) & 0xffffff << 24)
				for k := range 6 {
					b[6*j+int64(k)] = byte(x >> (8 * k))
				}
			}
			var f Poly
			f.SampleCBD(b[:], 3)
			for i := range f {
				j := i / 4 * 3
				x := (uint(b[j]) | uint(b[j+1])<<8 | uint(b[j+2])<<16) >> (i % 4 * 6) & 63
				if int(f[i]) != bits.OnesCount(x&7)-bits.OnesCount(x>>3) {
					return false
				}
			}
			return true
		}},
	}
	for _, d := range []int{1, 4, 5, 10, 11} {
		values := max(N, int64(1)<<d) // a call of right needs N
		es = append(es,
			// Each coefficient, in each of 64 places, which are eight groups of d bytes.
			exhaustion{fmt.Sprintf("Compress to %d bits", d), 64 << 16, N, func(first int64) bool {
				var f Poly
				for j := range int64(N) {
					f[(j+first>>16)%N] = int16(first + j)
				}
				got := make([]byte, 32*d)
				f.Compress(got, d)
				return bytes.Equal(got, spec.ByteEncode(d, spec.Compress(d, residues((*[N]int16)(&f)))))
			}},
			// Each number, in each of 64 places.
			exhaustion{fmt.Sprintf("Decompress from %d bits", d), 64 * values, N, func(first int64) bool {
				var y spec.Poly
				for j := range int64(N) {
					y[(j+first/values)%N] = int((first + j) % (1 << d))
				}
				var f Poly
				f.Decompress(spec.ByteEncode(d, y), d)
				return residues((*[N]int16)(&f)) == spec.Decompress(d, y) && !slices.ContainsFunc(f[:], func(a int16) bool { return a < 0 || a >= Q })
			}})
	}
	return es
}
