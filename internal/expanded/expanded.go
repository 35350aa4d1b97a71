// Package expanded is the way to the expanded decapsulation keys of package mlkem for packages that
// treat all parameter sets alike.
package expanded

import (
	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// A Key is an expanded key of package mlkem.
type Key struct {
	kem.Decapsulator
	// Matches reports whether seedKey, a key of the same KEM, expands to this key.
	Matches func(seedKey kem.DecapsulationKey) bool
}

// A KEM is a kem.KEM that has expanded keys.
type KEM interface {
	// NewExpandedKey is the function NewExpandedKey512, 768 or 1024 of package mlkem.
	NewExpandedKey(b []byte) (Key, error)
}

// Parse parses an expanded key of k. It returns kem.ErrUnsupported if k is not ML-KEM, and else the errors
// of package mlkem.
func Parse(k kem.KEM, b []byte) (Key, error) {
	own, ok := k.(KEM)
	if !ok {
		return Key{}, fault.New("mlkem", kem.ErrUnsupported, "%s has no expanded keys", k.Name())
	}
	return own.NewExpandedKey(b)
}
