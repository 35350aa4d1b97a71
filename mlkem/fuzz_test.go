package mlkem_test

import (
	"bytes"
	"testing"

	"hybridkem/kem"
)

func FuzzNewExpandedKey(f *testing.F) {
	for n, s := range sets {
		b, _ := expandedOf(f, s)
		f.Add(byte(n), b)
		f.Add(byte(n), b[1:])
	}
	f.Fuzz(func(t *testing.T, n byte, b []byte) {
		s := sets[int(n)%len(sets)]
		dk, err := s.newExpandedKey(b)
		if err != nil {
			return
		}
		ek := dk.Encapsulator().(kem.EncapsulationKey)
		if start := s.dkSize - 64 - s.ekSize; !bytes.Equal(ek.Bytes(), b[start:][:s.ekSize]) {
			t.Fatal("an expanded key has another encapsulation key than the one in it")
		}
		_, ciphertext := ek.Encapsulate()
		if _, err := dk.Decapsulate(ciphertext); err != nil {
			t.Fatal(err)
		}
	})
}
