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

// A DecapsulationKey512 is the secret key used to decapsulate a shared key from
// a ciphertext. It holds its seed and what expands from it, and must not be
// copied.
//
// Shared keys of ML-KEM do not bind the encapsulation key (it is not
// MAL-BIND-K-PK): two keys whose seeds have the same z reject a ciphertext with
// the same shared key.
//
// Its methods are safe for concurrent use, except Destroy.
type DecapsulationKey512 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey512
}

// GenerateKey512 generates a new decapsulation key, drawing its seed from a
// secure source. The decapsulation key must be kept secret.
//
// The error is always nil.
//
// It implements ML-KEM.KeyGen, according to FIPS 203, Algorithm 19.
func GenerateKey512() (*DecapsulationKey512, error) {
	dk := new(DecapsulationKey512)
	if err := generateKey(&mlkem.MLKEM512, &dk.dk, &dk.ek.ek); err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(dk); err != nil {
		return nil, fmt.Errorf("mlkem: %w", err)
	}
	return dk, nil
}

// NewDecapsulationKey512 expands a decapsulation key from a seed of [SeedSize]
// bytes in the "d || z" form; another length is an error. The seed must be
// uniformly random.
func NewDecapsulationKey512(seed []byte) (*DecapsulationKey512, error) {
	dk := new(DecapsulationKey512)
	if err := newKey(&mlkem.MLKEM512, &dk.dk, &dk.ek.ek, seed); err != nil {
		return nil, err
	}
	return dk, nil
}

// Bytes returns the decapsulation key as a 64-byte seed in the "d || z" form, or
// nil after Destroy.
//
// The decapsulation key must be kept secret.
func (dk *DecapsulationKey512) Bytes() []byte { return dk.dk.Seed() }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// If the ciphertext does not have [CiphertextSize512] bytes, Decapsulate returns
// an error. If it does not come from encapsulation to this key, the shared key
// is one that nobody else knows.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey512) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes. It allocates nothing, and if it returns an error it has
// written nothing.
func (dk *DecapsulationKey512) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey512) EncapsulationKey() *EncapsulationKey512 { return &dk.ek }

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey512.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey512) Encapsulator() crypto.Encapsulator { return &dk.ek }

// KEM returns [KEM512].
func (dk *DecapsulationKey512) KEM() kem.KEM { return KEM512() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey512) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey512)
	return ok && dk.dk.Equal(&other.dk)
}

// Destroy overwrites the secrets that the key holds. Decapsulation then returns
// an error; the encapsulation key stays usable. It must not run beside another
// method of the key.
func (dk *DecapsulationKey512) Destroy() { dk.dk.Destroy() }

// An EncapsulationKey512 is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey512]. It must not be copied.
//
// Its methods are safe for concurrent use.
type EncapsulationKey512 struct {
	ek mlkem.EncapsulationKey
}

// NewEncapsulationKey512 parses an encapsulation key from its encoded form. If
// the encapsulation key does not have [EncapsulationKeySize512] bytes, or one of
// its coefficients is not reduced modulo q, NewEncapsulationKey512 returns an
// error.
func NewEncapsulationKey512(encapsulationKey []byte) (*EncapsulationKey512, error) {
	ek := new(EncapsulationKey512)
	if err := parseEncapsulationKey(&mlkem.MLKEM512, &ek.ek, encapsulationKey); err != nil {
		return nil, err
	}
	return ek, nil
}

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize512] bytes.
func (ek *EncapsulationKey512) Bytes() []byte {
	return ek.ek.AppendBytes(make([]byte, 0, EncapsulationKeySize512))
}

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by the
// hybridkem/mlkem/mlkemtest package.
func (ek *EncapsulationKey512) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, SharedKeySize), make([]byte, CiphertextSize512)
	encapsulateTo(&ek.ek, sharedKey, ciphertext)
	return sharedKey, ciphertext
}

// EncapsulateTo is Encapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes and ciphertext [CiphertextSize512]. It allocates nothing,
// and if it returns an error it has written nothing.
func (ek *EncapsulationKey512) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return encapsulateTo(&ek.ek, sharedKey, ciphertext)
}

// KEM returns [KEM512].
func (ek *EncapsulationKey512) KEM() kem.KEM { return KEM512() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey512) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey512)
	return ok && ek.ek.Equal(&other.ek)
}

// An ExpandedKey512 is a decapsulation key that was read in the expanded form of
// FIPS 203, section 7.1, for use with keys made elsewhere.
//
// It lacks a property of a [DecapsulationKey512]. Nobody can see whether its parts
// come from one seed, so a crafted key can give the same shared key for different
// ciphertexts (it is not MAL-BIND-K-CT), and a damaged one can pass the checks and
// never agree with anyone. It cannot be exported, and must not be copied.
//
// Its methods are safe for concurrent use, except Destroy.
type ExpandedKey512 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey512
}

// NewExpandedKey512 parses a decapsulation key from its expanded form. If it does
// not have [ExpandedKeySize512] bytes, if one of its coefficients is not reduced
// modulo q, or if its hash of its encapsulation key is wrong, NewExpandedKey512
// returns an error.
func NewExpandedKey512(expandedKey []byte) (*ExpandedKey512, error) {
	dk := new(ExpandedKey512)
	if err := parseExpandedKey(&mlkem.MLKEM512, &dk.dk, &dk.ek.ek, expandedKey); err != nil {
		return nil, err
	}
	return dk, nil
}

// Decapsulate generates a shared key from a ciphertext, like
// [DecapsulationKey512.Decapsulate].
//
// The shared key must be kept secret.
func (dk *ExpandedKey512) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory, like
// [DecapsulationKey512.DecapsulateTo].
func (dk *ExpandedKey512) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// Matches reports whether the expanded key is what seedKey expands to, in every
// byte, as RFC 9935 demands of a key that is stored in both forms. Its time does
// not depend on the keys' secrets. A destroyed key matches none.
func (dk *ExpandedKey512) Matches(seedKey *DecapsulationKey512) bool {
	return dk.dk.SameExpansion(&seedKey.dk)
}

// Encapsulator returns the encapsulation key that the expanded key contains, an
// *[EncapsulationKey512].
//
// It implements [crypto.Decapsulator].
func (dk *ExpandedKey512) Encapsulator() crypto.Encapsulator { return &dk.ek }

// Destroy overwrites the secrets that the key holds, like
// [DecapsulationKey512.Destroy].
func (dk *ExpandedKey512) Destroy() { dk.dk.Destroy() }

// KEM512 returns ML-KEM-512 as a [kem.KEM]. Its keys are of the types
// *[DecapsulationKey512] and *[EncapsulationKey512].
func KEM512() kem.KEM { return &instance512 }

var instance512 = kem512{parameterSet{"ML-KEM-512", &mlkem.MLKEM512}}

type kem512 struct{ parameterSet }

func (*kem512) GenerateKey() (kem.DecapsulationKey, error) {
	dk, err := GenerateKey512()
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem512) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := NewDecapsulationKey512(seed)
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem512) NewEncapsulationKey(encapsulationKey []byte) (kem.EncapsulationKey, error) {
	ek, err := NewEncapsulationKey512(encapsulationKey)
	if err != nil {
		return nil, err
	}
	return ek, nil
}

func (*kem512) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey512)
	if !ok {
		return errOtherKEM
	}
	secret.Do(func() {
		own.ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, (*[32]byte)(random.Bytes()))
	})
	return nil
}
