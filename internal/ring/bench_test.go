package ring

import "testing"

func BenchmarkRing(b *testing.B) {
	var f Poly
	var g NTT
	var as, bs [3]NTT
	stream := make([]byte, 504)
	for i := range stream {
		stream[i] = byte(i * 89)
	}
	noise := make([]byte, 192)
	packed := make([]byte, 384)
	for _, bench := range []struct {
		name string
		op   func()
	}{
		{"NTT", func() { f = Poly{}; f.NTT() }},
		{"InverseNTT", func() { g.InverseNTT() }},
		{"InnerProduct3", func() { g.InnerProduct(as[:], 1, bs[:]) }},
		{"Sample", func() { g.SampleVartime(0, stream) }},
		{"CBD2", func() { f.SampleCBD(noise[:128], 2) }},
		{"CBD3", func() { f.SampleCBD(noise, 3) }},
		{"Encode", func() { g.Encode((*[EncodedSize]byte)(packed)) }},
		{"Decode", func() { g.Decode((*[EncodedSize]byte)(packed)) }},
		{"Compress1", func() { f.Compress(packed, 1) }},
		{"Compress4", func() { f.Compress(packed, 4) }},
		{"Compress10", func() { f.Compress(packed, 10) }},
		{"Decompress1", func() { f.Decompress(packed, 1) }},
		{"Decompress4", func() { f.Decompress(packed, 4) }},
		{"Decompress10", func() { f.Decompress(packed, 10) }},
		{"Reduce", func() { g.Reduce() }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.op()
			}
		})
	}
}
