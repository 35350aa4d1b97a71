package batch_test

import (
	"context"
	"sync"
	"testing"

	"hybridkem/batch"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// BenchmarkRows compares eight rows with as many single operations.
func BenchmarkRows(b *testing.B) {
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		dk, sharedKey, ciphertext := benchmarkKey(b, k)
		ek := dk.PublicKey()
		dec, enc := make([]batch.Decapsulation, 8), make([]batch.Encapsulation, 8)
		for i := range dec {
			dec[i] = batch.Decapsulation{Key: dk, SharedKey: make([]byte, len(sharedKey)), Ciphertext: ciphertext}
			enc[i] = batch.Encapsulation{Key: ek, SharedKey: make([]byte, len(sharedKey)), Ciphertext: make([]byte, len(ciphertext))}
		}
		testkit.Ratio(b, k.Name()+"/Decapsulate", func() { batch.Decapsulate(dec) }, func() {
			for _, row := range dec {
				dk.DecapsulateTo(row.SharedKey, row.Ciphertext)
			}
		})
		testkit.Ratio(b, k.Name()+"/Encapsulate", func() { batch.Encapsulate(enc) }, func() {
			for _, row := range enc {
				ek.EncapsulateTo(row.SharedKey, row.Ciphertext)
			}
		})
		pairs, publics, encoded := make([]batch.KeyPair, 8), make([]batch.PublicKey, 8), ek.Bytes()
		for i := range publics {
			publics[i].Bytes = encoded
		}
		testkit.Ratio(b, k.Name()+"/Generate", func() { batch.Generate(k, pairs) }, func() {
			for range pairs {
				k.GenerateKey()
			}
		})
		testkit.Ratio(b, k.Name()+"/Parse", func() { batch.Parse(k, publics) }, func() {
			for range publics {
				k.NewEncapsulationKey(encoded)
			}
		})
	}
}

// BenchmarkQueueLowLoad compares an operation in an idle queue with the same operation without the queue.
func BenchmarkQueueLowLoad(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	q := batch.NewQueue(1, 0)
	defer q.Close()
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		dk, sharedKey, ciphertext := benchmarkKey(b, k)
		testkit.Ratio(b, k.Name()+"/Decapsulate",
			func() { repeat(b, func() error { return q.Decapsulate(ctx, dk, sharedKey, ciphertext) }) },
			func() { repeat(b, func() error { return dk.DecapsulateTo(sharedKey, ciphertext) }) })
	}
}

// BenchmarkQueue compares 256 goroutines that use a queue with 256 that do not.
func BenchmarkQueue(b *testing.B) {
	const goroutines = 256
	q := batch.NewQueue(goroutines, 0)
	defer q.Close()
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		dk, _, ciphertext := benchmarkKey(b, k)
		all := func(decapsulate func(sharedKey []byte) error) func() {
			return func() {
				var group sync.WaitGroup
				for range goroutines {
					group.Go(func() {
						sharedKey := make([]byte, k.SharedKeySize())
						repeat(b, func() error { return decapsulate(sharedKey) })
					})
				}
				group.Wait()
			}
		}
		testkit.Ratio(b, k.Name()+"/Decapsulate",
			all(func(sharedKey []byte) error { return q.Decapsulate(b.Context(), dk, sharedKey, ciphertext) }),
			all(func(sharedKey []byte) error { return dk.DecapsulateTo(sharedKey, ciphertext) }))
	}
}

func benchmarkKey(b *testing.B, k kem.KEM) (dk kem.DecapsulationKey, sharedKey, ciphertext []byte) {
	b.Helper()
	dk, err := k.GenerateKey()
	if err != nil {
		b.Fatal(err)
	}
	sharedKey, ciphertext = dk.PublicKey().Encapsulate()
	return dk, sharedKey, ciphertext
}

// repeat calls f often enough for its time to be measured.
func repeat(b *testing.B, f func() error) {
	for range 50 {
		if err := f(); err != nil {
			b.Error(err)
			return
		}
	}
}
