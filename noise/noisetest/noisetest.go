// Package noisetest gives handshakes of package noise their randomness, for known answers.
package noisetest

import (
	"hybridkem/internal/derand"
	"hybridkem/noise"
)

// Randomness is the randomness of one side of a handshake.
type Randomness struct {
	Ephemeral      []byte   // the ephemeral X25519 private key, 32 bytes
	EphemeralKEM   []byte   // the seed of the ephemeral key of the KEM
	Encapsulations [][]byte // the randomness of each encapsulation, as that of kemtest.Encapsulate
}

// Set gives hs, which must not have begun, its randomness. It must only be used for known-answer tests.
func Set(hs *noise.HandshakeState, r Randomness) {
	var encapsulations []derand.Random
	for _, b := range r.Encapsulations {
		encapsulations = append(encapsulations, derand.From(b))
	}
	hs.SetRandomness(derand.From(r.Ephemeral), derand.From(r.EphemeralKEM), encapsulations)
}
