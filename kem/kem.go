// Package kem defines what a key encapsulation mechanism is in this module:
// a pair of key types around the interfaces of package crypto, in which every
// private key expands from a seed, and encapsulation and decapsulation can write
// to the caller's memory.
//
// Results come in the order sharedKey, ciphertext. Memory that is returned is
// fresh, and its capacity is its length. Inputs are neither changed nor kept, and
// buffers must not overlap. A slice of another length than stated is an error, and
// with an error all other results are nil.
package kem

import (
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
)

// A KEM is a key encapsulation mechanism whose key pairs expand from a seed.
//
// Its methods are safe for concurrent use.
type KEM interface {
	// Name returns the name, the registered one if there is one: "ML-KEM-768",
	// "X-Wing", "MLKEM768-P256".
	Name() string

	// Sizes in bytes.

	SeedSize() int
	EncapsulationKeySize() int
	CiphertextSize() int
	SharedKeySize() int

	// GenerateKey draws a seed from a secure source and expands it. The error is
	// that of the source, or of the expansion. For the named KEMs of this module
	// it is nil, except with P-256 or P-384 for fewer than one seed in 2^128.
	GenerateKey() (DecapsulationKey, error)

	// NewDecapsulationKey expands a decapsulation key from a seed of SeedSize
	// bytes. The seed must be uniformly random. The expansion may fail for a
	// negligible part of all seeds only.
	NewDecapsulationKey(seed []byte) (DecapsulationKey, error)

	// NewEncapsulationKey parses and checks an encapsulation key of
	// EncapsulationKeySize bytes.
	NewEncapsulationKey(encapsulationKey []byte) (EncapsulationKey, error)
}

// An EncapsulationKey is a public key, which produces ciphertexts that the
// corresponding [DecapsulationKey] decapsulates.
//
// Its methods are safe for concurrent use.
type EncapsulationKey interface {
	crypto.Encapsulator

	// KEM returns the mechanism that the key belongs to.
	KEM() KEM

	// Equal reports whether x is the same key of the same KEM.
	Equal(x crypto.PublicKey) bool

	// EncapsulateTo is Encapsulate into the caller's memory: sharedKey of
	// SharedKeySize bytes and ciphertext of CiphertextSize bytes. If it returns
	// an error, it has written to neither.
	EncapsulateTo(sharedKey, ciphertext []byte) error
}

// A DecapsulationKey is a private key. Its Encapsulator is an [EncapsulationKey],
// and what it makes of any ciphertext depends on nothing but the seed.
//
// Its methods are safe for concurrent use, except Destroy, which must not run
// beside another method.
type DecapsulationKey interface {
	crypto.Decapsulator

	// KEM returns the mechanism that the key belongs to.
	KEM() KEM

	// Bytes returns the seed, which must be kept secret, or nil after Destroy.
	Bytes() []byte

	// Equal reports whether x is the same key of the same KEM, in time that
	// does not depend on the keys' secrets. A destroyed key equals none.
	Equal(x crypto.PrivateKey) bool

	// DecapsulateTo is Decapsulate into the caller's memory: sharedKey of
	// SharedKeySize bytes. If it returns an error, it has not written to it.
	DecapsulateTo(sharedKey, ciphertext []byte) error

	// Destroy overwrites the secrets that the key holds. Decapsulation with the
	// key then returns an error; its encapsulation key stays usable. To call it
	// again does nothing.
	Destroy()
}

// CheckKeyPair returns an error unless dk decapsulates what is encapsulated to its
// encapsulation key: the pair-wise consistency test of FIPS 203, section 7.1. It costs an
// encapsulation and a decapsulation, and draws randomness.
//
// Keys from seeds need no test unless memory or hardware is faulty. In FIPS 140-3 mode,
// the GenerateKey functions of this module make it by themselves.
func CheckKeyPair(dk crypto.Decapsulator) error {
	sharedKey, ciphertext := dk.Encapsulator().Encapsulate()
	defer clear(sharedKey)
	again, err := dk.Decapsulate(ciphertext)
	defer clear(again)
	if err != nil {
		return fmt.Errorf("kem: key pair: %w", err)
	}
	same := subtle.ConstantTimeCompare(sharedKey, again)
	//ct:declassify same: it is what this function tells
	if same != 1 {
		return errors.New("kem: the key does not decapsulate what is encapsulated to it")
	}
	return nil
}
