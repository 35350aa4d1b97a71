package mlkem

import "testing"

func BenchmarkInternal(b *testing.B) {
	for _, p := range []struct {
		name   string
		params *Params
	}{{"512", &MLKEM512}, {"768", &MLKEM768}, {"1024", &MLKEM1024}} {
		var seed [64]byte
		var m, sharedKey [32]byte
		var dk DecapsulationKey
		var ek EncapsulationKey
		dk.Generate(p.params, &ek, &seed)
		encoded := ek.AppendBytes(nil)
		ciphertext := make([]byte, p.params.CiphertextSize())
		b.Run("Generate/"+p.name, func(b *testing.B) {
			for b.Loop() {
				var dk DecapsulationKey
				var ek EncapsulationKey
				dk.Generate(p.params, &ek, &seed)
			}
		})
		b.Run("ParseEncapsulate/"+p.name, func(b *testing.B) {
			for b.Loop() {
				var ek EncapsulationKey
				ek.Parse(p.params, encoded)
				ek.Encapsulate(&sharedKey, ciphertext, &m)
			}
		})
		b.Run("Decapsulate/"+p.name, func(b *testing.B) {
			for b.Loop() {
				dk.Decapsulate(&sharedKey, ciphertext)
			}
		})
	}
}
