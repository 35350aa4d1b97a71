// Package kem defines the interfaces of key encapsulation mechanisms in this module.
// Keys implement crypto.Encapsulator and crypto.Decapsulator, and have more methods. A private
// key expands from a seed. Encapsulation and decapsulation can write to the caller's memory.
//
// Results come in the order sharedKey, ciphertext. Memory that is returned is
// fresh, and its capacity is its length. Inputs are neither changed nor kept. If a
// slice does not have the stated length, the result is an error. With an error, all
// other results are nil. The errors of this module wrap those of this package, such as
// [ErrLength].
//
// A seed belongs to one KEM. All hybrids derive the keys of their parts from a seed in
// the same way, so that two KEMs with the same seed can have the same ML-KEM key. Never
// use a seed with two KEMs.
//
// A shared key is not yet a session key. Derive session keys from it with a KDF, and hash
// everything that both sides have sent into the KDF. Let each side confirm that it has
// the key, as the example does. A KEM authenticates nobody.
//
// Decapsulation keys print as the names of their type and KEM. A copy of a key is the
// same key: if one is destroyed, both are. The zero value of a key type is not a valid
// key. Its methods return [ErrNoKey], false or nil. Encapsulate, which can return none of
// these, panics.
//
// # Keys in reused memory
//
// The keys of this module have methods that put another key in the place of the old one,
// and allocate nothing if the key is of ML-KEM or of a hybrid with X25519:
//
//	Reset(seed []byte) error             // of decapsulation keys: expands a seed
//	Regenerate() error                   // of decapsulation keys: expands a random seed
//	Reset(encapsulationKey []byte) error // of encapsulation keys: parses a key
//
// Reset overwrites the secrets of the old key first. Then the variable that it was called
// on, and all copies made later, are the new key. Copies made before are destroyed
// ([ErrDestroyed]). Encapsulation keys that came from the decapsulation key before, and copies of
// an encapsulation key, return [ErrReset], nil or false, and their Encapsulate panics.
//
// While an operation of the old key, of a copy or of its encapsulation key is in progress,
// Reset returns [ErrInUse]. The same error have operations that begin during Reset, and a second
// Reset. If Reset returns an error, the old key is unchanged, with two exceptions. If Destroy is
// called during Reset, Reset destroys the new key and returns [ErrDestroyed]. If the new key fails its
// test in FIPS 140-3 mode, it is destroyed, too ([ErrKeyPair]).
//
// A destroyed key can be reset, and is usable again. A copy that is destroyed because another
// variable has been reset cannot. The encapsulation key of a decapsulation key cannot be reset
// alone ([ErrInUse]). Do not copy or print a variable while it is reset.
package kem

import (
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
	"reflect"
)

// A KEM is a key encapsulation mechanism whose key pairs expand from a seed. Where
// [KeysFromParts] reports true, they are made from keys of its parts instead, and what is said
// of the seed is true of these keys.
//
// Its methods are safe for concurrent use.
type KEM interface {
	// Name returns the name, the registered one if there is one: "ML-KEM-768",
	// "X-Wing", "MLKEM768-P256".
	Name() string

	SeedSize() int             // in bytes
	EncapsulationKeySize() int // in bytes
	CiphertextSize() int       // in bytes
	SharedKeySize() int        // in bytes

	// GenerateKey draws a seed from a secure source and expands it. For the named
	// KEMs of this module, it returns an error in three cases only: with
	// GODEBUG=fips140=only ([ErrFIPS]); with GODEBUG=fips140=on, if the new key fails
	// its test ([ErrKeyPair]); and with NIST's curves, for fewer than one seed in
	// 2^128 ([ErrSeed]).
	GenerateKey() (DecapsulationKey, error)

	// NewDecapsulationKey expands a decapsulation key from a seed of SeedSize
	// bytes. The seed must be uniformly random, and used with this KEM only. The
	// expansion may fail only for a negligible part of all seeds, but keys of parts
	// may be invalid ([ErrPrivateKey]). With GODEBUG=fips140=only, the named KEMs of
	// this module return [ErrFIPS].
	NewDecapsulationKey(seed []byte) (DecapsulationKey, error)

	// NewEncapsulationKey parses and checks an encapsulation key of
	// EncapsulationKeySize bytes. With GODEBUG=fips140=only, the named KEMs of this module
	// return [ErrFIPS].
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

	// EncapsulateTo is like Encapsulate, but writes to sharedKey, which must have
	// SharedKeySize bytes, and to ciphertext, which must have CiphertextSize bytes.
	// The two must not overlap. If it returns an error, it has written to neither.
	EncapsulateTo(sharedKey, ciphertext []byte) error
}

// A Decapsulator is a private key: a [DecapsulationKey], or one whose seed is unknown, such as
// the expanded keys of ML-KEM.
//
// Its methods are safe for concurrent use.
type Decapsulator interface {
	crypto.Decapsulator

	// KEM returns the mechanism that the key belongs to.
	KEM() KEM

	// PublicKey returns the encapsulation key, like Encapsulator.
	PublicKey() EncapsulationKey

	// DecapsulateTo is like Decapsulate, but writes to sharedKey, which must have
	// SharedKeySize bytes and may overlap the ciphertext. If it returns an error, it
	// has not written to sharedKey.
	DecapsulateTo(sharedKey, ciphertext []byte) error

	// Destroy overwrites the secrets of the key. From then on, methods that need them
	// return an error ([ErrDestroyed] in this module), nil or false. The encapsulation
	// key stays usable. A second call does nothing.
	//
	// Destroy does not wait for operations that other goroutines have begun. They end
	// as usual, and the last of them overwrites the secrets.
	Destroy()

	// Destroyed reports whether Destroy has been called.
	Destroyed() bool
}

// A DecapsulationKey is a private key that expands from a seed, or is made from keys of the
// parts ([KeysFromParts]). These alone decide which shared key a ciphertext gives.
//
// Its methods are safe for concurrent use.
type DecapsulationKey interface {
	Decapsulator

	// Bytes returns the seed, which must be kept secret, or nil after Destroy.
	Bytes() []byte

	// Equal reports whether x is the same key of the same KEM, in time that
	// does not depend on the keys' secrets. A destroyed key equals none.
	Equal(x crypto.PrivateKey) bool
}

// NeedsTranscript reports whether k is only for protocols that hash the encapsulation key
// and the ciphertext into everything that they derive from the shared key, as TLS and SSH
// do. With such a KEM, different encapsulation keys or ciphertexts can give the same shared
// key. The other KEMs of this module need no such protocol to be secure. See the packages of
// ML-KEM and X-Wing for what their shared keys bind.
//
// Such a KEM has a method NeedsTranscript that returns true. A type that wraps a KEM must
// pass this method on.
func NeedsTranscript(k KEM) bool {
	n, ok := k.(interface{ NeedsTranscript() bool })
	return ok && n.NeedsTranscript()
}

// KeysFromParts reports whether the decapsulation keys of k are made from private keys of its
// parts, and not expanded from a seed. Their Bytes are these keys, one after the other, and
// SeedSize is the size of all. NewDecapsulationKey takes them, but need not accept all bytes of
// this size. Such keys lack what seeds give: see the function FromParts of hybridkem/combiner.
//
// Such a KEM has a method KeysFromParts that returns true. A type that wraps a KEM must
// pass this method on.
func KeysFromParts(k KEM) bool {
	p, ok := k.(interface{ KeysFromParts() bool })
	return ok && p.KeysFromParts()
}

// DecapsulateSeed decapsulates with the key that expands from a seed, like NewDecapsulationKey of k and then
// DecapsulateTo and Destroy of the key. sharedKey must have SharedKeySize bytes, and may overlap the seed and
// the ciphertext. The errors are those of NewDecapsulationKey and DecapsulateTo, and [ErrUnsupported] if k is
// nil. If it returns an error, it has written nothing.
//
// A KEM with a method DecapsulateSeed does this in less time, and without allocations, unless the method
// returns [ErrUnsupported]. ML-KEM and the hybrids of ML-KEM and X25519 in this module have it. Programs that
// decapsulate with a seed more than once should make a key.
func DecapsulateSeed(k KEM, sharedKey, seed, ciphertext []byte) error {
	if own, ok := k.(interface {
		DecapsulateSeed(sharedKey, seed, ciphertext []byte) error
	}); ok {
		if err := own.DecapsulateSeed(sharedKey, seed, ciphertext); !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	if k == nil {
		return fmt.Errorf("%w: the KEM is nil", ErrUnsupported)
	}
	dk, err := k.NewDecapsulationKey(seed)
	if err != nil {
		return err
	}
	defer dk.Destroy()
	return dk.DecapsulateTo(sharedKey, ciphertext)
}

// CheckKeyPair encapsulates to the encapsulation key of dk and decapsulates with dk. It
// returns an error unless both give the same shared key, which must be neither empty nor zero.
// This is the pair-wise consistency test of FIPS 203, section 7.1. It draws randomness.
//
// Keys from seeds fail the test only if memory or hardware is faulty. In FIPS 140-3 mode,
// the GenerateKey functions of this module run it themselves.
func CheckKeyPair(dk crypto.Decapsulator) error {
	if v := reflect.ValueOf(dk); !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return ErrNoKey
	}
	ek := dk.Encapsulator()
	if ek == nil {
		return ErrNoKey
	}
	sharedKey, ciphertext, err := encapsulate(ek)
	defer clear(sharedKey)
	if err != nil {
		return err
	}
	again, err := dk.Decapsulate(ciphertext)
	defer clear(again)
	if err != nil {
		return err
	}
	same := subtle.ConstantTimeCompare(sharedKey, again)
	// Keys that write no shared key leave two that are equal: both empty, or both zero.
	same &^= subtle.ConstantTimeCompare(sharedKey, make([]byte, len(sharedKey)))
	//ct:declassify same: it is the result of this function
	if same != 1 {
		return fmt.Errorf("%w: what is encapsulated does not decapsulate to the same shared key", ErrKeyPair)
	}
	return nil
}

// encapsulate encapsulates to ek. If ek has EncapsulateTo, it returns an error where Encapsulate would
// panic.
func encapsulate(ek crypto.Encapsulator) (sharedKey, ciphertext []byte, err error) {
	own, ok := ek.(EncapsulationKey)
	if !ok || own.KEM() == nil {
		sharedKey, ciphertext = ek.Encapsulate()
		return sharedKey, ciphertext, nil
	}
	sharedKey, ciphertext = make([]byte, own.KEM().SharedKeySize()), make([]byte, own.KEM().CiphertextSize())
	return sharedKey, ciphertext, own.EncapsulateTo(sharedKey, ciphertext)
}
