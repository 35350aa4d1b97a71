// Package derand is the way from the test packages to encapsulation with given
// randomness. Nothing outside this module can take it, since nobody there can
// make a [Random].
package derand

import (
	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// Random is the randomness of one encapsulation.
type Random struct{ bytes []byte }

// Bytes returns the randomness.
func (r Random) Bytes() []byte { return r.bytes }

// A KEM is a kem.KEM whose randomness can be given.
type KEM interface {
	kem.KEM
	// RandomSize returns how many bytes of randomness an encapsulation takes, or
	// 0 if a part of the KEM draws its own.
	RandomSize() int
	// EncapsulateDerand is the EncapsulateTo of ek, a key of this KEM, with
	// buffers and randomness of the right sizes.
	EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random Random) error
}

// EncapsulateTo is the EncapsulateTo of ek, a key of k, with buffers and randomness
// of the right sizes.
func EncapsulateTo(k KEM, ek kem.EncapsulationKey, sharedKey, ciphertext, random []byte) error {
	return k.EncapsulateDerand(ek, sharedKey, ciphertext, Random{random})
}

// Encapsulate encapsulates to ek with the given randomness. Errors are those of pkg.
func Encapsulate(pkg string, ek kem.EncapsulationKey, random []byte) (sharedKey, ciphertext []byte, err error) {
	if ek == nil || ek.KEM() == nil {
		return nil, nil, fault.New(pkg, kem.ErrNoKey, "the encapsulation key is nil or a zero value")
	}
	k, ok := ek.KEM().(KEM)
	if !ok || k.RandomSize() == 0 {
		return nil, nil, fault.New(pkg, kem.ErrUnsupported, "%s does not take its randomness from outside", ek.KEM().Name())
	}
	if want := k.RandomSize(); len(random) != want {
		return nil, nil, fault.Length(pkg, "randomness", random, want, "")
	}
	sharedKey, ciphertext = make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	if err := EncapsulateTo(k, ek, sharedKey, ciphertext, random); err != nil {
		return nil, nil, fault.In(pkg, err)
	}
	return sharedKey, ciphertext, nil
}
