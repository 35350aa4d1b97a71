package kemtest

import (
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/mlkem"
)

func TestEncapsulateRefuses(t *testing.T) {
	own, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	for length := range 65 {
		_, _, err := Encapsulate(own.EncapsulationKey(), make([]byte, length))
		if (err == nil) != (length == 32) {
			t.Errorf("%d bytes of randomness: %v", length, err)
		}
	}
	dk, err := testkit.Foreign(mlkem.KEM768(), testkit.Faults{}).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Encapsulate(dk.PublicKey(), make([]byte, 32)); err == nil {
		t.Error("a foreign KEM took randomness")
	}
}
