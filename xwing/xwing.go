// Package xwing is X-Wing, the hybrid KEM of ML-KEM-768 and X25519 for general
// use, according to draft-connolly-cfrg-xwing-kem-10.
//
// A shared key stays secret as long as ML-KEM-768 or X25519 is unbroken. Private
// keys are seeds of 32 bytes. A shared key binds the ciphertext and the
// encapsulation key (MAL-BIND-K-CT and MAL-BIND-K-PK), as long as keys are made
// from seeds, which is the only way here.
package xwing

import (
	"crypto"
	"errors"

	"hybridkem/internal/derand"
	"hybridkem/internal/hybrid"
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

var instance = hybrid.Hybrid{
	Package: "xwing", ID: "X-Wing",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.C2PRI, Label: []byte(hybrid.XWingLabel),
}

// A DecapsulationKey is the secret key used to decapsulate a shared key from a
// ciphertext. It holds its seed and what expands from it. Its zero value is no key
// and must not be used.
//
// Its methods are safe for concurrent use, except Destroy.
type DecapsulationKey struct {
	dk *hybrid.DecapsulationKey
	ek EncapsulationKey
}

// An EncapsulationKey is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey]. Its zero value is no key
// and must not be used.
//
// Its methods are safe for concurrent use.
type EncapsulationKey struct {
	ek *hybrid.EncapsulationKey
}

// GenerateKey generates a new decapsulation key, drawing its seed from a secure
// source. The decapsulation key must be kept secret.
//
// The error is always nil.
func GenerateKey() (*DecapsulationKey, error) { return newDecapsulationKey(instance.Generate()) }

// NewDecapsulationKey expands a decapsulation key from a seed of [SeedSize]
// bytes; another length is an error. The seed must be uniformly random.
func NewDecapsulationKey(seed []byte) (*DecapsulationKey, error) {
	return newDecapsulationKey(instance.Expand(seed))
}

func newDecapsulationKey(dk *hybrid.DecapsulationKey, err error) (*DecapsulationKey, error) {
	if err != nil {
		return nil, err
	}
	return &DecapsulationKey{dk, EncapsulationKey{dk.EncapsulationKey()}}, nil
}

// NewEncapsulationKey parses an encapsulation key of [EncapsulationKeySize]
// bytes. It returns an error for another length, if a coefficient of the ML-KEM key
// is not reduced modulo q, or if the X25519 share has low order, which would make the X25519
// secret zero. The draft does not ask for the latter.
func NewEncapsulationKey(encapsulationKey []byte) (*EncapsulationKey, error) {
	ek, err := instance.Parse(encapsulationKey)
	if err != nil {
		return nil, err
	}
	return &EncapsulationKey{ek}, nil
}

// Bytes returns the seed, or nil after Destroy. The seed must be kept secret.
func (dk *DecapsulationKey) Bytes() []byte { return dk.dk.Bytes() }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// It returns an error if the ciphertext does not have [CiphertextSize] bytes, or
// if its X25519 share has low order, on which the draft is silent. A ciphertext
// whose ML-KEM part does not come from encapsulation to this key gives a shared
// key that nobody else knows.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	return dk.dk.Decapsulate(ciphertext)
}

// DecapsulateTo is Decapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes. It allocates nothing, and if it returns an error it has
// written nothing.
func (dk *DecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return dk.dk.DecapsulateTo(sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey { return &dk.ek }

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey) Encapsulator() crypto.Encapsulator { return &dk.ek }

// KEM returns X-Wing.
func (dk *DecapsulationKey) KEM() kem.KEM { return KEM() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey)
	return ok && dk.dk.Equal(other.dk)
}

// Destroy overwrites the secrets that the key holds. Decapsulation then returns
// an error; the encapsulation key stays usable. It must not run beside another
// method of the key.
func (dk *DecapsulationKey) Destroy() { dk.dk.Destroy() }

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize] bytes.
func (ek *EncapsulationKey) Bytes() []byte { return ek.ek.Bytes() }

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by hybridkem/kem/kemtest.
func (ek *EncapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) { return ek.ek.Encapsulate() }

// EncapsulateTo is Encapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes and ciphertext [CiphertextSize]. It allocates nothing,
// and if it returns an error it has written nothing.
func (ek *EncapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return ek.ek.EncapsulateTo(sharedKey, ciphertext)
}

// KEM returns X-Wing.
func (ek *EncapsulationKey) KEM() kem.KEM { return KEM() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	return ok && ek.ek.Equal(other.ek)
}

// KEM returns X-Wing as a [kem.KEM]. Its keys are of the types *[DecapsulationKey]
// and *[EncapsulationKey].
func KEM() kem.KEM { return xwing{} }

type xwing struct{}

func (xwing) Name() string              { return "X-Wing" }
func (xwing) SeedSize() int             { return SeedSize }
func (xwing) EncapsulationKeySize() int { return EncapsulationKeySize }
func (xwing) CiphertextSize() int       { return CiphertextSize }
func (xwing) SharedKeySize() int        { return SharedKeySize }

func (xwing) GenerateKey() (kem.DecapsulationKey, error) {
	dk, err := GenerateKey()
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (xwing) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := NewDecapsulationKey(seed)
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (xwing) NewEncapsulationKey(encapsulationKey []byte) (kem.EncapsulationKey, error) {
	ek, err := NewEncapsulationKey(encapsulationKey)
	if err != nil {
		return nil, err
	}
	return ek, nil
}

func (xwing) RandomSize() int { return instance.RandomSize() }

func (xwing) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey)
	if !ok {
		return errors.New("xwing: the encapsulation key is of another KEM")
	}
	return instance.EncapsulateDerand(own.ek, sharedKey, ciphertext, random)
}
