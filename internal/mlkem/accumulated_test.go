package mlkem

import (
	"bytes"
	"crypto/sha3"
	"fmt"
	"io"
	"os"
	"testing"

	"hybridkem/internal/progress"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// TestAccumulated hashes the results of many random inputs and compares the hash with that of
// C2SP/CCTV, for single operations and for eight at once. 10,000 rounds take four seconds and run
// with -sweep. A million take twenty minutes and run with -long.
func TestAccumulated(t *testing.T) {
	type vector struct {
		ID, Set, Spec, Variant string
		N                      int
		Hash                   vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_accumulated.jsonl", 24)
	if err != nil {
		t.Fatal(err)
	}
	rounds := []int{100}
	if testkit.Sweep() {
		rounds = append(rounds, 10_000)
	}
	if *testkit.Long {
		rounds = append(rounds, 1_000_000)
	}
	hashes := map[string]vectors.Hex{}
	for _, v := range vs {
		if v.Spec == "final" { // the others are of the initial public draft
			hashes[fmt.Sprint(v.Set, v.N, v.Variant)] = v.Hash
		}
	}
	total := int64(0)
	for _, n := range rounds {
		total += int64(2 * n * len(sets))
	}
	bar := progress.New(os.Stderr, t.Name(), total)
	t.Cleanup(bar.Close)
	for set, p := range sets {
		for _, n := range rounds {
			t.Run(fmt.Sprintf("%s/%d", set, n), func(t *testing.T) {
				t.Parallel()
				for _, width := range []int{1, Width} {
					withDK, noDK := accumulate(t, p, n, width, bar)
					if want := hashes[fmt.Sprint(set, n, "with_dk")]; !bytes.Equal(withDK, want) {
						t.Errorf("%d at once: the hash with dk is %x, want %x", width, withDK, want)
					}
					if want := hashes[fmt.Sprint(set, n, "no_dk")]; !bytes.Equal(noDK, want) {
						t.Errorf("%d at once: the hash without dk is %x, want %x", width, noDK, want)
					}
				}
			})
		}
	}
}

// accumulate returns the hash of n rounds, up to width at once, with the expanded
// keys in it and without.
func accumulate(t *testing.T, p *Params, n, width int, bar *progress.Bar) (withDK, noDK []byte) {
	in, with, without := sha3.NewSHAKE128(), sha3.NewSHAKE128(), sha3.NewSHAKE128()
	out := io.MultiWriter(with, without)
	for done := 0; done < n; done += width {
		r := newRows(p, min(width, n-done))
		noise := make([][]byte, len(r.dks))
		for i := range r.dks {
			bar.Add(1)
			noise[i] = make([]byte, p.CiphertextSize())
			in.Read(r.seeds[i][:])
			in.Read(r.ms[i][:])
			in.Read(noise[i])
		}
		GenerateMany(r.dks, r.seeds)
		EncapsulateMany(r.eks, r.sharedKeys, r.ciphertexts, r.ms)
		decapsulated, rejected := pointers[[32]byte](len(r.dks)), pointers[[32]byte](len(r.dks))
		DecapsulateMany(r.dks, decapsulated, r.ciphertexts)
		DecapsulateMany(r.dks, rejected, noise)
		for i, dk := range r.dks {
			if *decapsulated[i] != *r.sharedKeys[i] {
				t.Fatalf("seed %x, m %x: decapsulation does not give the shared key", *r.seeds[i], *r.ms[i])
			}
			out.Write(dk.ek.AppendBytes(nil))
			with.Write(expanded(dk))
			out.Write(r.ciphertexts[i])
			out.Write(r.sharedKeys[i][:])
			out.Write(rejected[i][:])
		}
	}
	withDK, noDK = make([]byte, 32), make([]byte, 32)
	with.Read(withDK)
	without.Read(noDK)
	return withDK, noDK
}
