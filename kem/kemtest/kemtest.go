// Package kemtest tests key encapsulation mechanisms. It has derandomized encapsulation
// for known answers, and a conformance suite for any [kem.KEM].
package kemtest

import (
	"hybridkem/internal/derand"
	"hybridkem/kem"
)

// Encapsulate encapsulates to ek with the given randomness, for every KEM of this module. For
// ML-KEM, random is the 32 bytes of m. For a hybrid, it is the randomness of PQ and then the
// randomness of T, which for a group is the seed of the ephemeral scalar. The total is 64 bytes for
// hybrids with X25519, 160 for those with P-256, and 80 for those with P-384.
//
// The error wraps [kem.ErrLength] if random has another length, [kem.ErrUnsupported] if the KEM is
// not of this module, [kem.ErrNoKey] if ek is nil or a zero value, and [kem.ErrSeed] if the seed of
// a NIST curve contains no scalar.
//
// Encapsulate must only be used for known-answer tests.
func Encapsulate(ek kem.EncapsulationKey, random []byte) (sharedKey, ciphertext []byte, err error) {
	return derand.Encapsulate("kemtest", ek, random)
}
