// Package mlkemtest provides derandomized encapsulation for known-answer tests of
// ML-KEM, as crypto/mlkem/mlkemtest does.
package mlkemtest

import (
	"hybridkem/internal/derand"
	"hybridkem/mlkem"
)

const pkg = "mlkemtest" // in errors

// Encapsulate512 implements derandomized ML-KEM-512 encapsulation
// (ML-KEM.Encaps_internal, FIPS 203, Algorithm 17) with the 32 bytes random.
//
// It must only be used for known-answer tests.
func Encapsulate512(ek *mlkem.EncapsulationKey512, random []byte) (sharedKey, ciphertext []byte, err error) {
	return derand.Encapsulate(pkg, ek, random)
}

// Encapsulate768 implements derandomized ML-KEM-768 encapsulation
// (ML-KEM.Encaps_internal, FIPS 203, Algorithm 17) with the 32 bytes random.
//
// It must only be used for known-answer tests.
func Encapsulate768(ek *mlkem.EncapsulationKey768, random []byte) (sharedKey, ciphertext []byte, err error) {
	return derand.Encapsulate(pkg, ek, random)
}

// Encapsulate1024 implements derandomized ML-KEM-1024 encapsulation
// (ML-KEM.Encaps_internal, FIPS 203, Algorithm 17) with the 32 bytes random.
//
// It must only be used for known-answer tests.
func Encapsulate1024(ek *mlkem.EncapsulationKey1024, random []byte) (sharedKey, ciphertext []byte, err error) {
	return derand.Encapsulate(pkg, ek, random)
}
