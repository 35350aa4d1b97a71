// Package testkit holds helpers that tests of several packages share.
package testkit

import (
	"crypto"

	"hybridkem/kem"
)

// Foreign returns k as somebody else's implementation of kem.KEM: the module can use it
// only through the interface.
//
// The functions in faults replace keys, so that a test can change some of their methods.
func Foreign(k kem.KEM, faults Faults) kem.KEM { return &foreign{k, faults} }

// Faults are what a foreign KEM does wrong. A nil function replaces no key.
type Faults struct {
	DecapsulationKey func(kem.DecapsulationKey) kem.DecapsulationKey
	EncapsulationKey func(kem.EncapsulationKey) kem.EncapsulationKey
	// Scribble makes methods overwrite their inputs, up to the capacity, before they return.
	Scribble bool
}

type foreign struct {
	kem.KEM
	faults Faults
}

func (f *foreign) decapsulationKey(dk kem.DecapsulationKey, err error) (kem.DecapsulationKey, error) {
	if err != nil {
		return nil, err
	}
	dk = foreignDecapsulationKey{dk, f}
	if f.faults.DecapsulationKey != nil {
		dk = f.faults.DecapsulationKey(dk)
	}
	return dk, nil
}

func (f *foreign) encapsulationKey(ek kem.EncapsulationKey) kem.EncapsulationKey {
	ek = foreignEncapsulationKey{ek, f}
	if f.faults.EncapsulationKey != nil {
		ek = f.faults.EncapsulationKey(ek)
	}
	return ek
}

func (f *foreign) GenerateKey() (kem.DecapsulationKey, error) {
	return f.decapsulationKey(f.KEM.GenerateKey())
}

func (f *foreign) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	defer f.scribble(seed)
	return f.decapsulationKey(f.KEM.NewDecapsulationKey(seed))
}

func (f *foreign) scribble(b []byte) {
	if f.faults.Scribble {
		b = b[:cap(b)]
		for i := range b {
			b[i] = 0x5a
		}
	}
}

func (f *foreign) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	defer f.scribble(b)
	ek, err := f.KEM.NewEncapsulationKey(b)
	if err != nil {
		return nil, err
	}
	return f.encapsulationKey(ek), nil
}

type foreignDecapsulationKey struct {
	kem.DecapsulationKey
	owner *foreign
}

func (dk foreignDecapsulationKey) inner() any   { return dk.DecapsulationKey }
func (dk foreignDecapsulationKey) KEM() kem.KEM { return dk.owner }

func (dk foreignDecapsulationKey) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

func (dk foreignDecapsulationKey) PublicKey() kem.EncapsulationKey {
	return dk.owner.encapsulationKey(dk.DecapsulationKey.PublicKey())
}

func (dk foreignDecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	defer dk.owner.scribble(ciphertext)
	return dk.DecapsulationKey.DecapsulateTo(sharedKey, ciphertext)
}

func (dk foreignDecapsulationKey) Equal(x crypto.PrivateKey) bool {
	return dk.DecapsulationKey.Equal(inner(x))
}

type foreignEncapsulationKey struct {
	kem.EncapsulationKey
	owner *foreign
}

func (ek foreignEncapsulationKey) inner() any   { return ek.EncapsulationKey }
func (ek foreignEncapsulationKey) KEM() kem.KEM { return ek.owner }

func (ek foreignEncapsulationKey) Equal(x crypto.PublicKey) bool {
	return ek.EncapsulationKey.Equal(inner(x))
}

// inner returns the module's own key inside x. A fault that embeds a foreign key has the
// method Unwrap.
func inner(x any) any {
	if x, ok := x.(interface{ inner() any }); ok {
		return x.inner()
	}
	if x, ok := x.(interface{ Unwrap() any }); ok {
		return inner(x.Unwrap())
	}
	return x
}
