// Package xwing implements X-Wing, the hybrid KEM of ML-KEM-768 and X25519 for general
// use, according to draft-connolly-cfrg-xwing-kem-11.
//
// A shared key stays secret as long as ML-KEM-768 or X25519 is unbroken. A private
// key is a seed of 32 bytes. A shared key binds the ciphertext and the encapsulation
// key (MAL-BIND-K-CT and MAL-BIND-K-PK), because all keys here are made from seeds.
// Never use a seed with two KEMs.
//
// Keys have the same encodings as those of MLKEM768X25519 in crypto/hpke and of other
// implementations of X-Wing.
//
// With GODEBUG=fips140=only, all functions that make or parse keys return [kem.ErrFIPS].
package xwing

import (
	"crypto"
	"fmt"

	"hybridkem/internal/hybrid"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

const (
	// SeedSize is the size of a seed, which is the form of a private key.
	SeedSize = 32
	// EncapsulationKeySize is the size of an encapsulation key.
	EncapsulationKeySize = 1216
	// CiphertextSize is the size of a ciphertext.
	CiphertextSize = 1120
	// SharedKeySize is the size of a shared key.
	SharedKeySize = 32
)

const (
	pkg  = "xwing" // in errors
	name = "X-Wing"
)

var instance = hybrid.Hybrid{
	Package: pkg, ID: name,
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.C2PRICombiner, Label: []byte(hybrid.XWingLabel),
	Types: &hybrid.KeyTypes{
		Private: func(dk any) (*hybrid.DecapsulationKey, bool) {
			own, ok := dk.(*DecapsulationKey)
			return own.hybrid(), ok
		},
		Public: func(ek any) (*hybrid.EncapsulationKey, bool) {
			own, ok := ek.(*EncapsulationKey)
			return own.hybrid(), ok
		},
		AsPrivate: func(dk *hybrid.DecapsulationKey) kem.DecapsulationKey { return (*DecapsulationKey)(dk) },
		AsPublic:  func(ek *hybrid.EncapsulationKey) kem.EncapsulationKey { return (*EncapsulationKey)(ek) },
	},
}

// A DecapsulationKey is the secret key used to decapsulate a shared key from a
// ciphertext. It contains its seed and the expanded key. A copy is the same key. The
// zero value is not a valid key.
//
// Its methods are safe for concurrent use.
type DecapsulationKey hybrid.DecapsulationKey

// An EncapsulationKey is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey]. The zero value is not a valid
// key.
//
// Its methods are safe for concurrent use.
type EncapsulationKey hybrid.EncapsulationKey

func (dk *DecapsulationKey) hybrid() *hybrid.DecapsulationKey { return (*hybrid.DecapsulationKey)(dk) }
func (ek *EncapsulationKey) hybrid() *hybrid.EncapsulationKey { return (*hybrid.EncapsulationKey)(ek) }

// GenerateKey generates a new decapsulation key, drawing its seed from a secure
// source. The decapsulation key must be kept secret.
//
// The error is nil, except in a FIPS 140-3 mode: GODEBUG=fips140=only makes no keys
// ([kem.ErrFIPS]), and GODEBUG=fips140=on tests the key ([kem.ErrKeyPair]).
func GenerateKey() (*DecapsulationKey, error) {
	dk, err := instance.Generate()
	return (*DecapsulationKey)(dk), err
}

// NewDecapsulationKey expands a decapsulation key from a seed of [SeedSize]
// bytes; another length is an error ([kem.ErrLength]). The seed must be uniformly random, and
// used with X-Wing only.
func NewDecapsulationKey(seed []byte) (*DecapsulationKey, error) {
	dk, err := instance.Expand(seed)
	return (*DecapsulationKey)(dk), err
}

// DecapsulateSeed decapsulates with the key of a seed, like [NewDecapsulationKey] and then
// [DecapsulationKey.DecapsulateTo], in less time. It keeps no key and allocates nothing. sharedKey must have
// [SharedKeySize] bytes and may overlap the seed and the ciphertext. Its errors are those of the two functions.
// If it returns an error, it has written nothing.
//
// Programs that decapsulate with a seed more than once should make a key.
func DecapsulateSeed(sharedKey, seed, ciphertext []byte) error {
	return instance.DecapsulateSeed(sharedKey, seed, ciphertext)
}

// NewEncapsulationKey parses an encapsulation key of [EncapsulationKeySize]
// bytes. It returns an error for another length ([kem.ErrLength]), and if a coefficient
// of the ML-KEM key is not reduced modulo q ([kem.ErrEncapsulationKey]). It also returns
// an error if the X25519 share has low order, which would make the X25519 secret zero
// ([kem.ErrLowOrder]). The draft does not ask for this last check.
func NewEncapsulationKey(encapsulationKey []byte) (*EncapsulationKey, error) {
	ek, err := instance.Parse(encapsulationKey)
	return (*EncapsulationKey)(ek), err
}

// Bytes returns the seed, or nil after Destroy. The seed must be kept secret.
func (dk *DecapsulationKey) Bytes() []byte { return dk.hybrid().Bytes() }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// It returns an error if the ciphertext does not have [CiphertextSize] bytes
// ([kem.ErrLength]), or if its X25519 share has low order ([kem.ErrLowOrder]). The draft
// does not mention low order. If the ML-KEM part of the ciphertext does not come from
// encapsulation to this key, the shared key is one that nobody else knows.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	return dk.hybrid().Decapsulate(ciphertext)
}

// DecapsulateTo is like Decapsulate, but writes to sharedKey, which must have
// [SharedKeySize] bytes and may overlap the ciphertext. It allocates nothing. If it
// returns an error, it has written nothing.
func (dk *DecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return dk.hybrid().DecapsulateTo(sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey {
	return (*EncapsulationKey)(dk.hybrid().EncapsulationKey())
}

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

// PublicKey returns the encapsulation key, like [DecapsulationKey.EncapsulationKey].
func (dk *DecapsulationKey) PublicKey() kem.EncapsulationKey {
	if ek := dk.EncapsulationKey(); ek != nil {
		return ek
	}
	return nil
}

// KEM returns X-Wing.
func (dk *DecapsulationKey) KEM() kem.KEM { return KEM() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey)
	return ok && dk.hybrid().Equal(other.hybrid())
}

// Destroy overwrites the secrets that the key and its copies hold. From then on
// decapsulation returns [kem.ErrDestroyed], and Bytes returns nil. The encapsulation key stays
// usable.
//
// Destroy does not wait for operations that other goroutines have begun. They end as
// usual, and the last of them overwrites the secrets.
func (dk *DecapsulationKey) Destroy() { dk.hybrid().Destroy() }

// Destroyed reports whether Destroy has been called, or a copy has been reset.
func (dk *DecapsulationKey) Destroyed() bool { return dk.hybrid().Destroyed() }

// Reset puts another key, expanded from a seed as by [NewDecapsulationKey], in the place of
// dk. It overwrites the old secrets first, and allocates nothing unless dk is a zero value. From then
// on copies made before are destroyed, and encapsulation keys that came from dk before return
// [kem.ErrReset]. If the old key is in use, Reset returns [kem.ErrInUse]. With an error, the old key stays.
// Package kem says more.
func (dk *DecapsulationKey) Reset(seed []byte) error { return instance.Reset(dk.hybrid(), seed) }

// Regenerate is like Reset with a random seed. It also returns the errors of
// [GenerateKey].
func (dk *DecapsulationKey) Regenerate() error { return instance.Regenerate(dk.hybrid()) }

// Format prints the names of the type and the KEM for every verb.
func (dk DecapsulationKey) Format(s fmt.State, _ rune) {
	secret.Print(s, "xwing.DecapsulationKey", name)
}

// MarshalJSON returns an error, so that no secret gets into JSON by mistake. To store the
// key, use Bytes or package keyfile.
func (dk DecapsulationKey) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("xwing.DecapsulationKey", name)
}

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize] bytes.
func (ek *EncapsulationKey) Bytes() []byte { return ek.hybrid().Bytes() }

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source. It panics if ek is nil or a
// zero value, and after a copy has been reset.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by hybridkem/kem/kemtest.
func (ek *EncapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) {
	return ek.hybrid().Encapsulate()
}

// EncapsulateTo is like Encapsulate, but writes to sharedKey, which must have
// [SharedKeySize] bytes, and to ciphertext, which must have [CiphertextSize]. The two must
// not overlap ([kem.ErrOverlap]). It allocates nothing. If it returns an error, it has
// written nothing.
func (ek *EncapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return ek.hybrid().EncapsulateTo(sharedKey, ciphertext)
}

// Reset puts another key, parsed as by [NewEncapsulationKey], in the place of ek. It allocates
// nothing unless ek is a zero value. From then on copies made before return [kem.ErrReset]. If the old key is
// in use or came from a decapsulation key, Reset returns [kem.ErrInUse]. With an error, the old key
// stays. Package kem says more.
func (ek *EncapsulationKey) Reset(encapsulationKey []byte) error {
	return instance.ResetPublic(ek.hybrid(), encapsulationKey)
}

// KEM returns X-Wing.
func (ek *EncapsulationKey) KEM() kem.KEM { return KEM() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	return ok && ek.hybrid().Equal(other.hybrid())
}

// KEM returns X-Wing as a [kem.KEM]. Its keys are of the types *[DecapsulationKey]
// and *[EncapsulationKey].
func KEM() kem.KEM { return &instance }
