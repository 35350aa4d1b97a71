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
// C2SP/CCTV. 10,000 rounds take two seconds and run with -sweep. A million take ten minutes
// and run with -long.
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
		total += int64(n * len(sets))
	}
	bar := progress.New(os.Stderr, t.Name(), total)
	t.Cleanup(bar.Close)
	for set, p := range sets {
		for _, n := range rounds {
			t.Run(fmt.Sprintf("%s/%d", set, n), func(t *testing.T) {
				t.Parallel()
				withDK, noDK := accumulate(t, p, n, bar)
				if want := hashes[fmt.Sprint(set, n, "with_dk")]; !bytes.Equal(withDK, want) {
					t.Errorf("the hash with dk is %x, want %x", withDK, want)
				}
				if want := hashes[fmt.Sprint(set, n, "no_dk")]; !bytes.Equal(noDK, want) {
					t.Errorf("the hash without dk is %x, want %x", noDK, want)
				}
			})
		}
	}
}

// accumulate returns the hash of n rounds, with the expanded keys in it and
// without.
func accumulate(t *testing.T, p *Params, n int, bar *progress.Bar) (withDK, noDK []byte) {
	in, with, without := sha3.NewSHAKE128(), sha3.NewSHAKE128(), sha3.NewSHAKE128()
	out := io.MultiWriter(with, without)
	var seed [64]byte
	var m, sharedKey, decapsulated [32]byte
	ciphertext := make([]byte, p.CiphertextSize())
	for range n {
		bar.Add(1)
		in.Read(seed[:])
		in.Read(m[:])
		dk, ek := newKeyPair(p)
		dk.Generate(&seed)
		out.Write(ek.AppendBytes(nil))
		with.Write(expanded(dk))
		ek.Encapsulate(&sharedKey, ciphertext, &m)
		out.Write(ciphertext)
		out.Write(sharedKey[:])
		if dk.Decapsulate(&decapsulated, ciphertext); decapsulated != sharedKey {
			t.Fatalf("seed %x, m %x: decapsulation does not give the shared key", seed, m)
		}
		in.Read(ciphertext)
		dk.Decapsulate(&decapsulated, ciphertext)
		out.Write(decapsulated[:])
	}
	withDK, noDK = make([]byte, 32), make([]byte, 32)
	with.Read(withDK)
	without.Read(noDK)
	return withDK, noDK
}
