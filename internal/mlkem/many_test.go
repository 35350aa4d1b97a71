package mlkem

import (
	"bytes"
	stdsha3 "crypto/sha3"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// rows are the arguments of operations that are made at once.
type rows struct {
	dks         []*DecapsulationKey
	eks         []*EncapsulationKey // those of dks
	seeds       []*[64]byte
	ms          []*[32]byte
	sharedKeys  []*[32]byte
	ciphertexts [][]byte
}

// newRows returns n rows of p with the memory for keys and results.
func newRows(p *Params, n int) *rows {
	r := &rows{seeds: pointers[[64]byte](n), ms: pointers[[32]byte](n), sharedKeys: pointers[[32]byte](n)}
	for range n {
		dk, ek := newKeyPair(p)
		r.dks, r.eks = append(r.dks, dk), append(r.eks, ek)
		r.ciphertexts = append(r.ciphertexts, make([]byte, p.CiphertextSize()))
	}
	return r
}

// pointers returns pointers to n new zeros.
func pointers[T any](n int) (ps []*T) {
	for range n {
		ps = append(ps, new(T))
	}
	return ps
}

// filled returns rows with random seeds, ms and ciphertexts, and with their keys.
func filled(p *Params, n int) *rows {
	random, r := rand.NewChaCha8([32]byte{byte(n)}), newRows(p, n)
	for i := range n {
		random.Read(r.seeds[i][:])
		random.Read(r.ms[i][:])
		random.Read(r.ciphertexts[i])
		r.dks[i].Generate(r.seeds[i])
	}
	return r
}

// everyNumber runs f for all implementations and sets, with 1 to Width rows. The portable code, which
// has single operations only, gets Width rows.
func everyNumber(t *testing.T, f func(t *testing.T, p *Params, n int)) {
	testkit.Implementations(t, func(t *testing.T) {
		for name, p := range sets {
			first := 1
			if !sha3.Kernels() {
				first = Width
			}
			for n := first; n <= Width; n++ {
				t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) { f(t, p, n) })
			}
		}
	})
}

func sameKey(t *testing.T, row int, got, want *EncapsulationKey) {
	t.Helper()
	if !got.Equal(want) || got.h != want.h || !slices.Equal(got.a, want.a) {
		t.Errorf("row %d: another encapsulation key than alone", row)
	}
}

func TestGenerateMany(t *testing.T) {
	everyNumber(t, func(t *testing.T, p *Params, n int) {
		want, r := filled(p, n), newRows(p, n)
		GenerateMany(r.dks, want.seeds)
		for i, dk := range r.dks {
			if !dk.SameExpansion(want.dks[i]) || !dk.Equal(want.dks[i]) {
				t.Errorf("row %d: another decapsulation key than alone", i)
			}
			sameKey(t, i, r.eks[i], want.eks[i])
		}
	})
}

// TestParseMany has each row invalid once, and all at once.
func TestParseMany(t *testing.T) {
	everyNumber(t, func(t *testing.T, p *Params, n int) {
		want := filled(p, n)
		for invalid := range n + 2 {
			r := newRows(p, n)
			encoded, valid := make([][]byte, n), make([]bool, n)
			for i, ek := range want.eks {
				encoded[i] = ek.AppendBytes(nil)
				if i == invalid || invalid == n {
					copy(encoded[i][i*3:], []byte{0xff, 0xff})
				}
			}
			before := slices.Concat(encoded...)
			ParseMany(r.eks, encoded, valid)
			if !bytes.Equal(slices.Concat(encoded...), before) {
				t.Error("an encoding has changed")
			}
			for i, ek := range r.eks {
				if valid[i] == (i == invalid || invalid == n) {
					t.Errorf("row %d is valid: %v", i, valid[i])
				}
				if valid[i] {
					sameKey(t, i, ek, want.eks[i])
				}
			}
		}
	})
}

// TestEncapsulateMany encapsulates to different keys, and to one key in two or all rows.
func TestEncapsulateMany(t *testing.T) {
	everyNumber(t, func(t *testing.T, p *Params, n int) {
		r := filled(p, n)
		var key [32]byte
		c := make([]byte, p.CiphertextSize())
		for _, eks := range [][]*EncapsulationKey{r.eks, slices.Concat(r.eks[n-1:], r.eks[1:]), slices.Repeat(r.eks[:1], n)} {
			EncapsulateMany(eks, r.sharedKeys, r.ciphertexts, r.ms)
			for i, ek := range eks {
				if ek.Encapsulate(&key, c, r.ms[i]); *r.sharedKeys[i] != key || !bytes.Equal(r.ciphertexts[i], c) {
					t.Errorf("row %d: another result than alone", i)
				}
			}
		}
	})
}

// TestDecapsulateMany decapsulates ciphertexts. Each second one is valid. The keys are different, or
// one key is in two or all rows. Shared keys overwrite the ciphertexts of later rows.
func TestDecapsulateMany(t *testing.T) {
	everyNumber(t, func(t *testing.T, p *Params, n int) {
		r := filled(p, n)
		want := make([][32]byte, n)
		for valid := range 2 {
			for _, dks := range [][]*DecapsulationKey{r.dks, slices.Concat(r.dks[n-1:], r.dks[1:]), slices.Repeat(r.dks[:1], n)} {
				for i, dk := range dks {
					if i%2 == valid {
						dk.ek.Encapsulate(r.sharedKeys[i], r.ciphertexts[i], r.ms[i])
					}
					dk.Decapsulate(&want[i], r.ciphertexts[i])
					if i%2 == valid && want[i] != *r.sharedKeys[i] {
						t.Fatalf("row %d: the ciphertext is not valid", i)
					}
				}
				before := slices.Concat(r.ciphertexts...)
				DecapsulateMany(dks, r.sharedKeys, r.ciphertexts)
				if !bytes.Equal(slices.Concat(r.ciphertexts...), before) {
					t.Error("a ciphertext has changed")
				}
				inside := make([]*[32]byte, n)
				for i := range inside {
					inside[i] = (*[32]byte)(r.ciphertexts[(i+1)%n][i:])
				}
				DecapsulateMany(dks, inside, r.ciphertexts)
				for i := range dks {
					if *r.sharedKeys[i] != want[i] || *inside[i] != want[i] {
						t.Errorf("row %d: another shared key than alone", i)
					}
				}
			}
		}
	})
}

func TestManyAllocations(t *testing.T) {
	for name, p := range sets {
		for _, n := range []int{1, 3, Width} {
			r, valid := filled(p, n), make([]bool, n)
			var encoded [][]byte
			for _, ek := range r.eks {
				encoded = append(encoded, ek.AppendBytes(nil))
			}
			for operation, f := range map[string]func(){
				"GenerateMany":    func() { GenerateMany(r.dks, r.seeds) },
				"ParseMany":       func() { ParseMany(r.eks, encoded, valid) },
				"EncapsulateMany": func() { EncapsulateMany(r.eks, r.sharedKeys, r.ciphertexts, r.ms) },
				"DecapsulateMany": func() { DecapsulateMany(r.dks, r.sharedKeys, r.ciphertexts) },
			} {
				testkit.NoAllocations(t, fmt.Sprintf("%s: %s of %d", name, operation, n), f)
			}
		}
	}
}

// TestExpandMatrices has streams that need a fourth block, in each place of Width streams.
func TestExpandMatrices(t *testing.T) {
	type vector struct {
		Set string
		EK  vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_cctv_unlucky.jsonl", 3)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{7})
	testkit.Implementations(t, func(t *testing.T) {
		if !sha3.Kernels() {
			t.Skip("no lockstep")
		}
		var long [Width]int
		for n := range 150 {
			p := sets[vs[n%3].Set]
			r := newRows(p, Width)
			for i, ek := range r.eks {
				random.Read(ek.rho[:])
				if n < 3 && i == 5 {
					ek.rho = [32]byte(vs[n].EK[len(vs[n].EK)-32:])
				}
			}
			expandMatrices(new(sha3.Many), r.eks)
			for i, ek := range r.eks {
				if !slices.Equal(ek.a, expand(t, p.k, &ek.rho, nil)) {
					t.Fatalf("ρ = %x: another matrix than alone", ek.rho)
				}
				for j := range ek.a {
					if isLong(&ek.rho, byte(j%p.k), byte(j/p.k)) {
						long[(i*p.k*p.k+j)%Width]++
					}
				}
			}
		}
		if slices.Contains(long[:], 0) {
			t.Errorf("the numbers of streams with a fourth block are %d by their place", long)
		}
	})
}

// TestSampleNTTs reads 1, 2 or 3 blocks at first. So it reads up to three further blocks.
func TestSampleNTTs(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		if !sha3.Kernels() {
			t.Skip("no lockstep")
		}
		for size := sha3.RateSHAKE128; size <= usualStream; size += sha3.RateSHAKE128 {
			for n := 1; n <= Width; n++ {
				rhos, fs := pointers[[32]byte](n), pointers[ring.NTT](n)
				ends, streams := make([][2]byte, n), make([][]byte, n)
				for i := range n {
					rhos[i][0], ends[i] = byte(i), [2]byte{byte(n), byte(i)}
					streams[i] = make([]byte, size)
				}
				var hashes sha3.Many
				hashes.BeginSHAKE128s(rhos, ends)
				sampleNTTs(fs, &hashes, streams)
				for i, f := range fs {
					want, _ := spec.SampleNTT(append(rhos[i][:], ends[i][:]...))
					for j := range f {
						if int(f[j]) != want[j] {
							t.Fatalf("polynomial %d of %d, from %d bytes at first: coefficient %d is wrong", i, n, size, j)
						}
					}
				}
			}
		}
	})
}

// isLong reports whether SHAKE128(rho ‖ j ‖ i) has too few coefficients in the usual number of blocks.
func isLong(rho *[32]byte, j, i byte) bool {
	var f ring.NTT
	return f.SampleVartime(0, stdsha3.SumSHAKE128(append(rho[:], j, i), usualStream)) < ring.N
}

// BenchmarkManyRatio compares operations at once with as many single ones, which use the same memory,
// or in the benchmarks named New allocate their keys.
func BenchmarkManyRatio(b *testing.B) {
	all := cpu.Sets()
	for _, set := range []string{"AVX2", "AVX512IFMA", "WideAVX512", "Rotating", "SHA3"} {
		if !slices.Contains(all, set) {
			continue
		}
		cpu.Use(set)
		for name, p := range sets {
			for _, n := range []int{2, 3, 4, Width} {
				b.Run(fmt.Sprintf("impl=%s/%s/%d", set, name, n), func(b *testing.B) { benchmarkMany(b, p, n) })
			}
		}
	}
	cpu.Use(cpu.Chosen())
}

func benchmarkMany(b *testing.B, p *Params, n int) {
	r, valid := filled(p, n), make([]bool, n)
	var encoded [][]byte
	for _, ek := range r.eks {
		encoded = append(encoded, ek.AppendBytes(nil))
	}
	generate := func() { GenerateMany(r.dks, r.seeds) }
	parse := func() { ParseMany(r.eks, encoded, valid) }
	encapsulate := func() { EncapsulateMany(r.eks, r.sharedKeys, r.ciphertexts, r.ms) }
	each := func(single func(i int)) func() {
		return func() {
			for i := range n {
				single(i)
			}
		}
	}
	testkit.Ratio(b, "Generate", generate, each(func(i int) { r.dks[i].Generate(r.seeds[i]) }))
	testkit.Ratio(b, "GenerateNew", generate, each(func(i int) {
		dk, _ := newKeyPair(p)
		dk.Generate(r.seeds[i])
	}))
	testkit.Ratio(b, "Parse", parse, each(func(i int) { r.eks[i].Parse(encoded[i]) }))
	testkit.Ratio(b, "Encapsulate", encapsulate, each(func(i int) { r.eks[i].Encapsulate(r.sharedKeys[i], r.ciphertexts[i], r.ms[i]) }))
	both := func() {
		parse()
		encapsulate()
	}
	testkit.Ratio(b, "ParseEncapsulate", both, each(func(i int) {
		r.eks[i].Parse(encoded[i])
		r.eks[i].Encapsulate(r.sharedKeys[i], r.ciphertexts[i], r.ms[i])
	}))
	testkit.Ratio(b, "ParseEncapsulateNew", both, each(func(i int) {
		_, ek := NewEncapsulationKey[struct{}](p)
		ek.Parse(encoded[i])
		ek.Encapsulate(r.sharedKeys[i], r.ciphertexts[i], r.ms[i])
	}))
	testkit.Ratio(b, "Decapsulate", func() { DecapsulateMany(r.dks, r.sharedKeys, r.ciphertexts) },
		each(func(i int) { r.dks[i].Decapsulate(r.sharedKeys[i], r.ciphertexts[i]) }))
}
