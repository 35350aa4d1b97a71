package mlkem

import (
	"bytes"
	stdlib "crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/rand"
	"testing"
)

func TestAgainstStandardLibrary(t *testing.T) {
	for range 100 {
		var seed [64]byte
		var m [32]byte
		rand.Read(seed[:])
		rand.Read(m[:])
		std, _ := stdlib.NewDecapsulationKey768(seed[:])
		var dk DecapsulationKey
		var ek EncapsulationKey
		dk.Generate(&MLKEM768, &ek, &seed)
		if !bytes.Equal(std.EncapsulationKey().Bytes(), ek.AppendBytes(nil)) {
			t.Fatal("ek")
		}
		wantK, wantC, _ := mlkemtest.Encapsulate768(std.EncapsulationKey(), m[:])
		var k [32]byte
		c := make([]byte, 1088)
		ek.Encapsulate(&k, c, &m)
		if !bytes.Equal(c, wantC) || !bytes.Equal(k[:], wantK) {
			t.Fatal("encap")
		}
		dk.Decapsulate(&k, c)
		if !bytes.Equal(k[:], wantK) {
			t.Fatal("decap")
		}
		c[5] ^= 1
		dk.Decapsulate(&k, c)
		wantK, _ = std.Decapsulate(c)
		if !bytes.Equal(k[:], wantK) {
			t.Fatal("reject")
		}
	}
}
