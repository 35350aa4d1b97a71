package x25519

import "testing"

var in, out, out2 [Size]byte

func BenchmarkX25519(b *testing.B) {
	in = [Size]byte{9}
	b.Run("Base", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ScalarBaseMult(&out, &in)
		}
	})
	b.Run("Variable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ScalarMult(&out, &in, &in)
		}
	})
	b.Run("Both", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ScalarMultBoth(&out, &out2, &in, &in)
		}
	})
	b.Run("IsLowOrder", func(b *testing.B) {
		for b.Loop() {
			IsLowOrder(&in)
		}
	})
}
