//go:build linux && (amd64 || arm64) && !purego

package ring

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
)

// A kernel is a function that has several implementations, as a function of parts of
// memory. It writes the first part and reads the others. The last scratch parts may have
// any contents afterwards.
type kernel struct {
	name    string
	inputs  [][][]byte
	scratch int
	call    func(m [][]byte) int
}

func kernels(t testing.TB) []kernel {
	ks := []kernel{
		{"NTT", polyInputs(polys(t, Q-1)), 0, func(m [][]byte) int {
			view[Poly](m[0]).NTT()
			return 0
		}},
		{"InverseNTT", polyInputs(append(sums(), polys(t, Q-1)...)), 0, func(m [][]byte) int {
			view[NTT](m[0]).InverseNTT()
			return 0
		}},
		{"Factor.Set and InnerProduct", productInputs(t), 1, func(m [][]byte) int {
			a, b, factors := view[[7]NTT](m[1]), view[[3]NTT](m[2]), view[[3]Factor](m[3])
			for i := range b {
				factors[i].Set(&b[i])
			}
			view[NTT](m[0]).InnerProduct(a[:], 3, factors[:])
			return 0
		}},
		{"SampleVartime", streamInputs(t), 0, func(m [][]byte) int {
			f := view[NTT](m[0])
			n := f.SampleVartime(int(m[2][0])+int(m[2][1]), m[1])
			clear(f[n:])
			return n
		}},
		{"SampleCBD, η = 2", byteInputs(t, 128), 0, func(m [][]byte) int {
			view[Poly](m[0]).SampleCBD(m[1], 2)
			return 0
		}},
		{"SampleCBD, η = 3", byteInputs(t, 192), 0, func(m [][]byte) int {
			view[Poly](m[0]).SampleCBD(m[1], 3)
			return 0
		}},
		{"Encode", bytesFirst(EncodedSize, canonicals(t)), 0, func(m [][]byte) int {
			view[NTT](m[1]).Encode((*[EncodedSize]byte)(m[0]))
			return 0
		}},
		{"Decode", decodeInputs(t), 0, func(m [][]byte) int {
			return view[NTT](m[0]).Decode((*[EncodedSize]byte)(m[1]))
		}},
		{"Add", sumInputs(t), 0, func(m [][]byte) int {
			view[Poly](m[0]).Add(view[Poly](m[1]))
			return 0
		}},
		{"Sub", sumInputs(t), 0, func(m [][]byte) int {
			view[Poly](m[0]).Sub(view[Poly](m[1]))
			return 0
		}},
		{"Reduce", polyInputs(polys(t, 1<<15-1)), 0, func(m [][]byte) int {
			view[NTT](m[0]).Reduce()
			return 0
		}},
	}
	for _, d := range []int{1, 4, 5, 10, 11} {
		ks = append(ks,
			kernel{fmt.Sprintf("Compress to %d bits", d), bytesFirst(32*d, polys(t, 1<<15-1)), 0, func(m [][]byte) int {
				view[Poly](m[1]).Compress(m[0], d)
				return 0
			}},
			kernel{fmt.Sprintf("Decompress from %d bits", d), byteInputs(t, 32*d), 0, func(m [][]byte) int {
				view[Poly](m[0]).Decompress(m[1], d)
				return 0
			}})
	}
	return ks
}

// sums returns polynomials for which the first three layers of the inverse transform give
// every number below 8q in absolute value, so that the reduction sees them all. In each
// block of sixteen coefficients, the even ones have one of these numbers as their sum, and
// the odd ones the next.
func sums() (fs []Poly) {
	next := -8*Q + 1
	for next < 8*Q {
		var f Poly
		for block := 0; block < N; block += 16 {
			for parity := range 2 {
				rest := min(next, 8*Q-1)
				next++
				for i := range 8 {
					part := max(-Q+1, min(rest, Q-1))
					f[block+2*i+parity] = int16(part)
					rest -= part
				}
			}
		}
		fs = append(fs, f)
	}
	return fs
}

// canonicals returns canonical polynomials.
func canonicals(t testing.TB) []Poly {
	fs := polys(t, Q-1)
	for i := range fs {
		for j, a := range fs[i] {
			fs[i][j] = canonical(a)
		}
	}
	return fs
}

// bytesFirst returns inputs with room for size bytes, and a polynomial.
func bytesFirst(size int, fs []Poly) (inputs [][][]byte) {
	for i := range fs {
		inputs = append(inputs, [][]byte{make([]byte, size), memory(&fs[i])})
	}
	return inputs
}

// decodeInputs returns inputs with all coefficients below q, with one coefficient equal to
// q, and with arbitrary coefficients.
func decodeInputs(t testing.TB) [][][]byte {
	inputs := byteInputs(t, EncodedSize)
	for n, f := range canonicals(t) {
		for _, a := range []int16{f[n%N], Q} {
			f[n%N] = a
			var b [EncodedSize]byte
			(*NTT)(&f).Encode(&b)
			inputs = append(inputs, [][]byte{make([]byte, 2*N), b[:]})
		}
	}
	return inputs
}

// sumInputs returns inputs with two polynomials each.
func sumInputs(t testing.TB) (inputs [][][]byte) {
	fs := polys(t, 1<<14-1)
	for i := range fs {
		inputs = append(inputs, [][]byte{memory(&fs[i]), memory(&fs[(i+1)%len(fs)])})
	}
	return inputs
}

// productInputs returns inputs with room for a product, a matrix of three columns, a vector
// of three polynomials, and room for three factors.
func productInputs(t testing.TB) (inputs [][][]byte) {
	as, bs := polys(t, Q-1), polys(t, 8*Q-1)
	for n := range as {
		var a [7]NTT // ends with the last polynomial of the first column
		var b [3]NTT
		for i := range b {
			a[3*i], b[i] = NTT(as[(n+i*7)%len(as)]), NTT(bs[(n+i*11)%len(bs)])
		}
		inputs = append(inputs, [][]byte{make([]byte, 2*N), memory(&a), memory(&b), memory(new([3]Factor))})
	}
	return inputs
}

// streamInputs returns inputs of the sampler: streams of all lengths, with few or many
// candidates that are refused, for polynomials that already have none, some or all of their
// coefficients; and streams in which every subset of eight candidates is refused.
func streamInputs(t testing.TB) (inputs [][][]byte) {
	r := generator(t)
	for length := range 505/3 + 1 {
		for _, refused := range []int{0, 1, 10, 90, 100} {
			stream := make([]byte, 3*length)
			for i := range stream {
				stream[i] = byte(r.Uint32())
				if r.IntN(100) < refused {
					stream[i] = 0xff
				}
			}
			f := make([]byte, 2*N)
			start := []int{0, 0, r.IntN(N), N - 1 - r.IntN(32)}[r.IntN(4)]
			for i := range 2 * start {
				f[i] = 0xaa
			}
			inputs = append(inputs, [][]byte{f, stream, {byte(start), 0}})
		}
	}
	for set := range 256 {
		var stream []byte
		for _, bits := range []int{set, 255 - set} {
			for i := 0; i < 8; i += 2 {
				first, second := r.IntN(Q), r.IntN(Q)
				if (bits>>i)&1 == 1 {
					first = 0xfff
				}
				if (bits>>(i+1))&1 == 1 {
					second = 0xfff
				}
				x := first | second<<12
				stream = append(stream, byte(x), byte(x>>8), byte(x>>16))
			}
		}
		inputs = append(inputs, [][]byte{make([]byte, 2*N), stream, {0, 0}})
	}
	stream := make([]byte, 504)
	for i := range stream {
		stream[i] = byte(r.Uint32())
	}
	return append(inputs,
		[][]byte{make([]byte, 2*N), stream, {255, 1}}, // a polynomial that is complete
		[][]byte{make([]byte, 2*N), stream, {0, 0}})
}

// byteInputs returns inputs with room for a polynomial, and size bytes: single bits, equal
// bytes, and random bytes.
func byteInputs(t testing.TB, size int) (inputs [][][]byte) {
	r := generator(t)
	for n := range 8*size + 256 + 100 {
		b := make([]byte, size)
		for i := range b {
			switch {
			case n < 8*size:
				b[n/8] = 1 << (n % 8)
			case n < 8*size+256:
				b[i] = byte(n - 8*size)
			default:
				b[i] = byte(r.Uint32())
			}
		}
		inputs = append(inputs, [][]byte{make([]byte, 2*N), b})
	}
	return inputs
}

// view returns b as a T, which has no pointers.
func view[T any](b []byte) *T {
	var x T
	return (*T)(unsafe.Pointer(&b[:unsafe.Sizeof(x)][0]))
}

// memory returns x, which has no pointers, as bytes.
func memory[T any](x *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(x)), unsafe.Sizeof(*x))
}

// polyInputs returns inputs with one polynomial each.
func polyInputs(fs []Poly) (inputs [][][]byte) {
	for i := range fs {
		inputs = append(inputs, [][]byte{memory(&fs[i])})
	}
	return inputs
}

// TestKernels checks that each kernel gives the same bits as the portable code, on memory
// beside pages that cannot be accessed, and that it writes only the first part.
func TestKernels(t *testing.T) {
	sets := cpu.Sets()
	if len(sets) == 1 {
		t.Skip("this machine has no kernels")
	}
	defer cpu.Use(cpu.Chosen())
	for _, k := range kernels(t) {
		t.Run(k.name, func(t *testing.T) {
			type place struct {
				part, size int
				atEnd      bool
			}
			places := map[place][]byte{}
			for n, input := range k.inputs {
				cpu.Use(cpu.Portable)
				want := make([][]byte, len(input))
				for i, part := range input {
					want[i] = slices.Clone(part)
				}
				wantResult := k.call(want)
				for i, set := range slices.Repeat(sets[1:], 2) {
					cpu.Use(set)
					atEnd := i < len(sets)-1
					got := make([][]byte, len(input))
					for i, part := range input {
						p := place{i, len(part), atEnd}
						if places[p] == nil {
							first, second := testkit.Guarded(t, p.size)
							places[place{i, p.size, false}], places[place{i, p.size, true}] = first, second
						}
						got[i] = places[p]
						copy(got[i], part)
					}
					result := k.call(got)
					if result != wantResult {
						t.Fatalf("%s, input %d gives %d, want %d", set, n, result, wantResult)
					}
					for i := range len(got) - k.scratch {
						if !bytes.Equal(got[i], want[i]) {
							t.Fatalf("%s, input %d: part %d becomes %x, want %x", set, n, i, got[i], want[i])
						}
						if i > 0 && !bytes.Equal(got[i], input[i]) {
							t.Fatalf("%s, input %d: part %d has been written", set, n, i)
						}
					}
					if n == 0 {
						testkit.NoAllocations(t, k.name, func() { k.call(got) })
					}
				}
			}
		})
	}
}

// BenchmarkKernels runs the portable code and the kernels of each set in turn, and reports
// the median time of a call.
func BenchmarkKernels(b *testing.B) {
	sets := cpu.Sets()
	for _, k := range kernels(b) {
		b.Run(k.name, func(b *testing.B) {
			const calls = 100
			times := make([][]float64, len(sets))
			m := k.inputs[len(k.inputs)-1]
			for b.Loop() {
				for i, set := range sets {
					cpu.Use(set)
					start := time.Now()
					for range calls {
						k.call(m)
					}
					times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/calls)
				}
			}
			for i, set := range sets {
				slices.Sort(times[i])
				b.ReportMetric(times[i][len(times[i])/2], set+"-ns")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
