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

// BeginEncapsulation512 is [mlkem.BeginEncapsulation512], derandomized with the 32 bytes random.
//
// It must only be used for known-answer tests.
func BeginEncapsulation512(header, random []byte) (state *mlkem.EncapsulationState512, sharedKey, part1 []byte, err error) {
	return derand.Begin[mlkem.EncapsulationState512](pkg, mlkem.KEM512(), header, random)
}

// BeginEncapsulation768 is [mlkem.BeginEncapsulation768], derandomized with the 32 bytes random.
//
// It must only be used for known-answer tests.
func BeginEncapsulation768(header, random []byte) (state *mlkem.EncapsulationState768, sharedKey, part1 []byte, err error) {
	return derand.Begin[mlkem.EncapsulationState768](pkg, mlkem.KEM768(), header, random)
}

// BeginEncapsulation1024 is [mlkem.BeginEncapsulation1024], derandomized with the 32 bytes random.
//
// It must only be used for known-answer tests.
func BeginEncapsulation1024(header, random []byte) (state *mlkem.EncapsulationState1024, sharedKey, part1 []byte, err error) {
	return derand.Begin[mlkem.EncapsulationState1024](pkg, mlkem.KEM1024(), header, random)
}
