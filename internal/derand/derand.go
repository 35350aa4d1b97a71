// Package derand is the way from the packages kemtest and mlkemtest to encapsulation with given
// randomness. Nothing outside this module can use it, because only packages of this module can make
// a [Random].
package derand

import (
	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// Random is the randomness of one encapsulation. Its field is not exported, so that reflection cannot
// set it.
type Random struct{ bytes []byte }

// From returns b as the randomness of an encapsulation.
func From(b []byte) Random { return Random{b} }

// Bytes returns the randomness.
func (r Random) Bytes() []byte { return r.bytes }

// A KEM is a kem.KEM whose encapsulation can be given its randomness.
type KEM interface {
	kem.KEM
	// RandomSize returns how many bytes of randomness an encapsulation takes. It returns 0 if a part
	// of the KEM draws its own.
	RandomSize() int
	// EncapsulateDerand is the EncapsulateTo of ek with the given randomness. The buffers and the
	// randomness must have the right sizes. The error wraps kem.ErrNoKey if ek is nil or a zero
	// value, and kem.ErrOtherKEM if ek is not a key of this KEM.
	EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random Random) error
}

// Encapsulate encapsulates to ek with the given randomness. Its errors name pkg. They wrap kem.ErrNoKey
// if ek is nil or a zero value, kem.ErrUnsupported if its KEM draws its own randomness, and
// kem.ErrLength if random has another size than the KEM takes.
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
	if err := k.EncapsulateDerand(ek, sharedKey, ciphertext, From(random)); err != nil {
		return nil, nil, fault.In(pkg, err)
	}
	return sharedKey, ciphertext, nil
}

// A TwoStep is a KEM that can encapsulate in two steps.
type TwoStep interface {
	KEM
	// BeginDerand does the first step with the given randomness. The state is a pointer of the KEM's own type.
	BeginDerand(header []byte, random Random) (state any, sharedKey, part1 []byte, err error)
}

// Begin does the first step of an encapsulation with the given randomness, for a k that is a TwoStep. Its
// errors name pkg.
func Begin[State any](pkg string, k kem.KEM, header, random []byte) (state *State, sharedKey, part1 []byte, err error) {
	own := k.(TwoStep)
	if want := own.RandomSize(); len(random) != want {
		return nil, nil, nil, fault.Length(pkg, "randomness", random, want, "")
	}
	s, sharedKey, part1, err := own.BeginDerand(header, From(random))
	if err != nil {
		return nil, nil, nil, fault.In(pkg, err)
	}
	return s.(*State), sharedKey, part1, nil
}
