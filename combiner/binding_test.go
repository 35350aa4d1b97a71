package combiner_test

import (
	"bytes"
	"slices"
	"testing"

	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// TestBinding shows what the documentation of FromParts says of keys that are not made honestly: with the
// same z and the same scalar, two keys of CG reject a ciphertext with the same shared key. With UG, whose
// combiner hashes the encapsulation key, they do not.
func TestBinding(t *testing.T) {
	for _, test := range []struct {
		kem  kem.KEM
		same bool
	}{
		{xwing.KEM(), true},
		{combiner.UG("binding", mlkem.KEM768(), combiner.X25519()), false},
	} {
		k, err := combiner.FromParts(test.kem)
		if err != nil {
			t.Fatal(err)
		}
		zAndScalar := bytes.Repeat([]byte{7}, 64)
		var keys, sharedKeys [2][]byte
		for d := range 2 {
			dk, err := k.NewDecapsulationKey(slices.Concat(bytes.Repeat([]byte{byte(d)}, 32), zAndScalar))
			if err != nil {
				t.Fatal(err)
			}
			keys[d] = dk.PublicKey().Bytes()
			if sharedKeys[d], err = dk.Decapsulate(bytes.Repeat([]byte{9}, k.CiphertextSize())); err != nil {
				t.Fatal(err)
			}
		}
		if bytes.Equal(keys[0], keys[1]) || bytes.Equal(sharedKeys[0], sharedKeys[1]) != test.same {
			t.Errorf("%s: the shared keys are %x", k.Name(), sharedKeys)
		}
	}
}
