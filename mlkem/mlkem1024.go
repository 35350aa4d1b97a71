// Code generated from mlkem768.go by generate.go. DO NOT EDIT.

package mlkem

import (
	"crypto"
	"fmt"

	"hybridkem/internal/derand"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// A DecapsulationKey1024 is the secret key used to decapsulate a shared key from
// a ciphertext. It holds its seed and what expands from it, and must not be
// copied.
//
// Shared keys of ML-KEM do not bind the encapsulation key (it is not
// MAL-BIND-K-PK): two keys whose seeds have the same z reject a ciphertext with
// the same shared key.
//
// Its methods are safe for concurrent use, except Destroy.
type DecapsulationKey1024 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey1024
}

// GenerateKey1024 generates a new decapsulation key, drawing its seed from a
// secure source. The decapsulation key must be kept secret.
//
// The error is always nil.
//
// It implements ML-KEM.KeyGen, according to FIPS 203, Algorithm 19.
func GenerateKey1024() (*DecapsulationKey1024, error) {
	dk := new(DecapsulationKey1024)
	if err := generateKey(&mlkem.MLKEM1024, &dk.dk, &dk.ek.ek); err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(dk); err != nil {
		return nil, fmt.Errorf("mlkem: %w", err)
	}
	return dk, nil
}

// NewDecapsulationKey1024 expands a decapsulation key from a seed of [SeedSize]
// bytes in the "d || z" form; another length is an error. The seed must be
// uniformly random.
func NewDecapsulationKey1024(seed []byte) (*DecapsulationKey1024, error) {
	dk := new(DecapsulationKey1024)
	if err := newKey(&mlkem.MLKEM1024, &dk.dk, &dk.ek.ek, seed); err != nil {
		return nil, err
	}
	return dk, nil
}

// Bytes returns the decapsulation key as a 64-byte seed in the "d || z" form, or
// nil after Destroy.
//
// The decapsulation key must be kept secret.
func (dk *DecapsulationKey1024) Bytes() []byte { return dk.dk.Seed() }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// If the ciphertext does not have [CiphertextSize1024] bytes, Decapsulate returns
// an error. If it does not come from encapsulation to this key, the shared key
// is one that nobody else knows.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey1024) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes. It allocates nothing, and if it returns an error it has
// written nothing.
func (dk *DecapsulationKey1024) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey1024) EncapsulationKey() *EncapsulationKey1024 { return &dk.ek }

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey1024.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey1024) Encapsulator() crypto.Encapsulator { return &dk.ek }

// KEM returns [KEM1024].
func (dk *DecapsulationKey1024) KEM() kem.KEM { return KEM1024() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey1024) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey1024)
	return ok && dk.dk.Equal(&other.dk)
}

// Destroy overwrites the secrets that the key holds. Decapsulation then returns
// an error; the encapsulation key stays usable. It must not run beside another
// method of the key.
func (dk *DecapsulationKey1024) Destroy() { dk.dk.Destroy() }

// An EncapsulationKey1024 is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey1024]. It must not be copied.
//
// Its methods are safe for concurrent use.
type EncapsulationKey1024 struct {
	ek mlkem.EncapsulationKey
}

// NewEncapsulationKey1024 parses an encapsulation key from its encoded form. If
// the encapsulation key does not have [EncapsulationKeySize1024] bytes, or one of
// its coefficients is not reduced modulo q, NewEncapsulationKey1024 returns an
// error.
func NewEncapsulationKey1024(encapsulationKey []byte) (*EncapsulationKey1024, error) {
	ek := new(EncapsulationKey1024)
	if err := parseEncapsulationKey(&mlkem.MLKEM1024, &ek.ek, encapsulationKey); err != nil {
		return nil, err
	}
	return ek, nil
}

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize1024] bytes.
func (ek *EncapsulationKey1024) Bytes() []byte {
	return ek.ek.AppendBytes(make([]byte, 0, EncapsulationKeySize1024))
}

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by the
// hybridkem/mlkem/mlkemtest package.
func (ek *EncapsulationKey1024) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, SharedKeySize), make([]byte, CiphertextSize1024)
	encapsulateTo(&ek.ek, sharedKey, ciphertext)
	return sharedKey, ciphertext
}

// EncapsulateTo is Encapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes and ciphertext [CiphertextSize1024]. It allocates nothing,
// and if it returns an error it has written nothing.
func (ek *EncapsulationKey1024) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return encapsulateTo(&ek.ek, sharedKey, ciphertext)
}

// KEM returns [KEM1024].
func (ek *EncapsulationKey1024) KEM() kem.KEM { return KEM1024() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey1024) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey1024)
	return ok && ek.ek.Equal(&other.ek)
}

// An ExpandedKey1024 is a decapsulation key that was read in the expanded form of
// FIPS 203, section 7.1, for use with keys made elsewhere.
//
// It lacks a property of a [DecapsulationKey1024]. Nobody can see whether its parts
// come from one seed, so a crafted key can give the same shared key for different
// ciphertexts (it is not MAL-BIND-K-CT), and a damaged one can pass the checks and
// never agree with anyone. It cannot be exported, and must not be copied.
//
// Its methods are safe for concurrent use, except Destroy.
type ExpandedKey1024 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey1024
}

// NewExpandedKey1024 parses a decapsulation key from its expanded form. If it does
// not have [ExpandedKeySize1024] bytes, if one of its coefficients is not reduced
// modulo q, or if its hash of its encapsulation key is wrong, NewExpandedKey1024
// returns an error.
func NewExpandedKey1024(expandedKey []byte) (*ExpandedKey1024, error) {
	dk := new(ExpandedKey1024)
	if err := parseExpandedKey(&mlkem.MLKEM1024, &dk.dk, &dk.ek.ek, expandedKey); err != nil {
		return nil, err
	}
	return dk, nil
}

// Decapsulate generates a shared key from a ciphertext, like
// [DecapsulationKey1024.Decapsulate].
//
// The shared key must be kept secret.
func (dk *ExpandedKey1024) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory, like
// [DecapsulationKey1024.DecapsulateTo].
func (dk *ExpandedKey1024) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// Matches reports whether the expanded key is what seedKey expands to, in every
// byte, as RFC 9935 demands of a key that is stored in both forms. Its time does
// not depend on the keys' secrets. A destroyed key matches none.
func (dk *ExpandedKey1024) Matches(seedKey *DecapsulationKey1024) bool {
	return dk.dk.SameExpansion(&seedKey.dk)
}

// Encapsulator returns the encapsulation key that the expanded key contains, an
// *[EncapsulationKey1024].
//
// It implements [crypto.Decapsulator].
func (dk *ExpandedKey1024) Encapsulator() crypto.Encapsulator { return &dk.ek }

// Destroy overwrites the secrets that the key holds, like
// [DecapsulationKey1024.Destroy].
func (dk *ExpandedKey1024) Destroy() { dk.dk.Destroy() }

// KEM1024 returns ML-KEM-1024 as a [kem.KEM]. Its keys are of the types
// *[DecapsulationKey1024] and *[EncapsulationKey1024].
func KEM1024() kem.KEM { return &instance1024 }

var instance1024 = kem1024{parameterSet{"ML-KEM-1024", &mlkem.MLKEM1024}}

type kem1024 struct{ parameterSet }

func (*kem1024) GenerateKey() (kem.DecapsulationKey, error) {
	dk, err := GenerateKey1024()
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem1024) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := NewDecapsulationKey1024(seed)
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem1024) NewEncapsulationKey(encapsulationKey []byte) (kem.EncapsulationKey, error) {
	ek, err := NewEncapsulationKey1024(encapsulationKey)
	if err != nil {
		return nil, err
	}
	return ek, nil
}

func (*kem1024) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey1024)
	if !ok {
		return errOtherKEM
	}
	secret.Do(func() {
		own.ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, (*[32]byte)(random.Bytes()))
	})
	return nil
}
