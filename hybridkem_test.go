package hybridkem_test

import (
	"testing"

	"hybridkem"
	"hybridkem/kem/kemtest"
)

func TestByName(t *testing.T) {
	names := map[string]bool{}
	for _, k := range hybridkem.All() {
		if names[k.Name()] {
			t.Errorf("%s is listed twice", k.Name())
		}
		names[k.Name()] = true
		if found, err := hybridkem.ByName(k.Name()); err != nil || found != k {
			t.Errorf("%s is not found by its name: %v", k.Name(), err)
		}
	}
	if len(names) != 11 {
		t.Errorf("%d KEMs, want 11", len(names))
	}
	if k, err := hybridkem.ByName("MLKEM768-X25519"); err != nil || k.Name() != "X-Wing" {
		t.Errorf("MLKEM768-X25519 is not X-Wing: %v", err)
	}
	for _, name := range []string{"", "x-wing", "ML-KEM-768 ", "MLKEM768"} {
		if k, err := hybridkem.ByName(name); err == nil || k != nil {
			t.Errorf("a KEM is named %q", name)
		}
	}
}

func TestKEMs(t *testing.T) {
	for _, k := range hybridkem.All() {
		t.Run(k.Name(), func(t *testing.T) {
			t.Parallel()
			kemtest.TestKEM(t, k)
		})
	}
}
