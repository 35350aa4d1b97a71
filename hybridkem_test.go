package hybridkem_test

import (
	"testing"

	"hybridkem"
	"hybridkem/kem/kemtest"
)

func TestKEMs(t *testing.T) {
	for _, k := range hybridkem.All() {
		t.Run(k.Name(), func(t *testing.T) {
			t.Parallel()
			kemtest.TestKEM(t, k)
		})
	}
}
