package hybridkem_test

import (
	"crypto/ecdh"
	stdmlkem "crypto/mlkem"
	"crypto/rand"
	"crypto/sha3"
	"slices"
	"testing"
	"time"

	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// BenchmarkRatio runs each operation and the same of the standard library in
// turn, and reports the median of the ratio of their times. For X-Wing the
// standard library is crypto/mlkem and crypto/ecdh put together.
func BenchmarkRatio(b *testing.B) {
	b.Run("ML-KEM-768", func(b *testing.B) {
		dk, _ := mlkem.GenerateKey768()
		std, _ := stdmlkem.NewDecapsulationKey768(dk.Bytes())
		seed, key := dk.Bytes(), dk.EncapsulationKey().Bytes()
		_, ciphertext := dk.EncapsulationKey().Encapsulate()
		ratio(b, "KeyGen", func() { mlkem.NewDecapsulationKey768(seed) }, func() { stdmlkem.NewDecapsulationKey768(seed) })
		ratio(b, "ParseEncapsulate", func() {
			ek, _ := mlkem.NewEncapsulationKey768(key)
			ek.Encapsulate()
		}, func() {
			ek, _ := stdmlkem.NewEncapsulationKey768(key)
			ek.Encapsulate()
		})
		ratio(b, "Decapsulate", func() { dk.Decapsulate(ciphertext) }, func() { std.Decapsulate(ciphertext) })
	})
	b.Run("ML-KEM-1024", func(b *testing.B) {
		dk, _ := mlkem.GenerateKey1024()
		std, _ := stdmlkem.NewDecapsulationKey1024(dk.Bytes())
		seed, key := dk.Bytes(), dk.EncapsulationKey().Bytes()
		_, ciphertext := dk.EncapsulationKey().Encapsulate()
		ratio(b, "KeyGen", func() { mlkem.NewDecapsulationKey1024(seed) }, func() { stdmlkem.NewDecapsulationKey1024(seed) })
		ratio(b, "ParseEncapsulate", func() {
			ek, _ := mlkem.NewEncapsulationKey1024(key)
			ek.Encapsulate()
		}, func() {
			ek, _ := stdmlkem.NewEncapsulationKey1024(key)
			ek.Encapsulate()
		})
		ratio(b, "Decapsulate", func() { dk.Decapsulate(ciphertext) }, func() { std.Decapsulate(ciphertext) })
	})
	b.Run("X-Wing", func(b *testing.B) {
		dk, _ := xwing.GenerateKey()
		seed, key := dk.Bytes(), dk.EncapsulationKey().Bytes()
		_, ciphertext := dk.EncapsulationKey().Encapsulate()
		std := newStdXWing(seed)
		ratio(b, "KeyGen", func() { xwing.NewDecapsulationKey(seed) }, func() { newStdXWing(seed) })
		ratio(b, "ParseEncapsulate", func() {
			ek, _ := xwing.NewEncapsulationKey(key)
			ek.Encapsulate()
		}, func() { stdXWingEncapsulate(key) })
		ratio(b, "Decapsulate", func() { dk.Decapsulate(ciphertext) }, func() { std.decapsulate(ciphertext) })
	})
}

func ratio(b *testing.B, name string, own, std func()) {
	b.Run(name, func(b *testing.B) {
		var ratios []float64
		for b.Loop() {
			start := time.Now()
			own()
			middle := time.Now()
			std()
			ratios = append(ratios, float64(middle.Sub(start))/float64(time.Since(middle)))
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
		b.ReportMetric(0, "ns/op") // it would be of both
	})
}

// A stdXWing is an X-Wing key made of the standard library's parts.
type stdXWing struct {
	mlkem  *stdmlkem.DecapsulationKey768
	x25519 *ecdh.PrivateKey
	public []byte // of X25519
}

func newStdXWing(seed []byte) stdXWing {
	expanded := sha3.SumSHAKE256(seed, 96)
	m, _ := stdmlkem.NewDecapsulationKey768(expanded[:64])
	x, _ := ecdh.X25519().NewPrivateKey(expanded[64:])
	return stdXWing{m, x, x.PublicKey().Bytes()}
}

func stdXWingEncapsulate(key []byte) (sharedKey [32]byte, ciphertext []byte) {
	m, _ := stdmlkem.NewEncapsulationKey768(key[:stdmlkem.EncapsulationKeySize768])
	public := key[stdmlkem.EncapsulationKeySize768:]
	x, _ := ecdh.X25519().NewPublicKey(public)
	ephemeral, _ := ecdh.X25519().GenerateKey(rand.Reader)
	ssM, ctM := m.Encapsulate()
	ssX, _ := ephemeral.ECDH(x)
	ctX := ephemeral.PublicKey().Bytes()
	return stdCombine(ssM, ssX, ctX, public), append(ctM, ctX...)
}

func (dk stdXWing) decapsulate(ciphertext []byte) [32]byte {
	ctX := ciphertext[stdmlkem.CiphertextSize768:]
	ssM, _ := dk.mlkem.Decapsulate(ciphertext[:stdmlkem.CiphertextSize768])
	x, _ := ecdh.X25519().NewPublicKey(ctX)
	ssX, _ := dk.x25519.ECDH(x)
	return stdCombine(ssM, ssX, ctX, dk.public)
}

func stdCombine(ssM, ssX, ctX, public []byte) [32]byte {
	return sha3.Sum256(slices.Concat(ssM, ssX, ctX, public, []byte(`\.//^\`)))
}

// TestStandardLibraryXWing checks that the benchmarks compare the same thing.
func TestStandardLibraryXWing(t *testing.T) {
	dk, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	std := newStdXWing(dk.Bytes())
	for range 10 {
		sharedKey, ciphertext := dk.EncapsulationKey().Encapsulate()
		if [32]byte(sharedKey) != std.decapsulate(ciphertext) {
			t.Fatal("the standard library decapsulates another key")
		}
		stdKey, ciphertext := stdXWingEncapsulate(dk.EncapsulationKey().Bytes())
		if got, err := dk.Decapsulate(ciphertext); err != nil || [32]byte(got) != stdKey {
			t.Fatalf("the standard library encapsulates another key: %v", err)
		}
	}
}
