// Package kemtest tests key encapsulation mechanisms: it has derandomized
// encapsulation, for known answers, and a conformance suite for any [kem.KEM].
package kemtest

import (
	"hybridkem/internal/derand"
	"hybridkem/kem"
)

// Encapsulate is the Encapsulate of ek with given randomness, for every KEM of
// this module. For ML-KEM, random is the 32 bytes of m; for a hybrid it is those
// and then the seed of the group's ephemeral scalar: 64 bytes for those with
// X25519, 160 with P-256, and 80 with P-384, and
// for a hybrid of two KEMs the randomness of both. For another length, and for a KEM
// from elsewhere, Encapsulate returns an error.
//
// It must only be used for known-answer tests.
func Encapsulate(ek kem.EncapsulationKey, random []byte) (sharedKey, ciphertext []byte, err error) {
	return derand.Encapsulate("kemtest", ek, random)
}
