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

// A DecapsulationKey768 is the secret key used to decapsulate a shared key from
// a ciphertext. It holds its seed and what expands from it, and must not be
// copied.
//
// Shared keys of ML-KEM do not bind the encapsulation key (it is not
// MAL-BIND-K-PK): two keys whose seeds have the same z reject a ciphertext with
// the same shared key.
//
// Its methods are safe for concurrent use, except Destroy.
type DecapsulationKey768 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey768
}

// GenerateKey768 generates a new decapsulation key, drawing its seed from a
// secure source. The decapsulation key must be kept secret.
//
// The error is always nil.
//
// It implements ML-KEM.KeyGen, according to FIPS 203, Algorithm 19.
func GenerateKey768() (*DecapsulationKey768, error) {
	dk := new(DecapsulationKey768)
	if err := generateKey(&mlkem.MLKEM768, &dk.dk, &dk.ek.ek); err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(dk); err != nil {
		return nil, fmt.Errorf("mlkem: %w", err)
	}
	return dk, nil
}

// NewDecapsulationKey768 expands a decapsulation key from a seed of [SeedSize]
// bytes in the "d || z" form; another length is an error. The seed must be
// uniformly random.
func NewDecapsulationKey768(seed []byte) (*DecapsulationKey768, error) {
	dk := new(DecapsulationKey768)
	if err := newKey(&mlkem.MLKEM768, &dk.dk, &dk.ek.ek, seed); err != nil {
		return nil, err
	}
	return dk, nil
}

// Bytes returns the decapsulation key as a 64-byte seed in the "d || z" form, or
// nil after Destroy.
//
// The decapsulation key must be kept secret.
func (dk *DecapsulationKey768) Bytes() []byte { return dk.dk.Seed() }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// If the ciphertext does not have [CiphertextSize768] bytes, Decapsulate returns
// an error. If it does not come from encapsulation to this key, the shared key
// is one that nobody else knows.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey768) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes. It allocates nothing, and if it returns an error it has
// written nothing.
func (dk *DecapsulationKey768) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey768) EncapsulationKey() *EncapsulationKey768 { return &dk.ek }

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey768.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey768) Encapsulator() crypto.Encapsulator { return &dk.ek }

// KEM returns [KEM768].
func (dk *DecapsulationKey768) KEM() kem.KEM { return KEM768() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey768) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey768)
	return ok && dk.dk.Equal(&other.dk)
}

// Destroy overwrites the secrets that the key holds. Decapsulation then returns
// an error; the encapsulation key stays usable. It must not run beside another
// method of the key.
func (dk *DecapsulationKey768) Destroy() { dk.dk.Destroy() }

// An EncapsulationKey768 is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey768]. It must not be copied.
//
// Its methods are safe for concurrent use.
type EncapsulationKey768 struct {
	ek mlkem.EncapsulationKey
}

// NewEncapsulationKey768 parses an encapsulation key from its encoded form. If
// the encapsulation key does not have [EncapsulationKeySize768] bytes, or one of
// its coefficients is not reduced modulo q, NewEncapsulationKey768 returns an
// error.
func NewEncapsulationKey768(encapsulationKey []byte) (*EncapsulationKey768, error) {
	ek := new(EncapsulationKey768)
	if err := parseEncapsulationKey(&mlkem.MLKEM768, &ek.ek, encapsulationKey); err != nil {
		return nil, err
	}
	return ek, nil
}

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize768] bytes.
func (ek *EncapsulationKey768) Bytes() []byte {
	return ek.ek.AppendBytes(make([]byte, 0, EncapsulationKeySize768))
}

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by the
// hybridkem/mlkem/mlkemtest package.
func (ek *EncapsulationKey768) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, SharedKeySize), make([]byte, CiphertextSize768)
	encapsulateTo(&ek.ek, sharedKey, ciphertext)
	return sharedKey, ciphertext
}

// EncapsulateTo is Encapsulate into the caller's memory: sharedKey must have
// [SharedKeySize] bytes and ciphertext [CiphertextSize768]. It allocates nothing,
// and if it returns an error it has written nothing.
func (ek *EncapsulationKey768) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return encapsulateTo(&ek.ek, sharedKey, ciphertext)
}

// KEM returns [KEM768].
func (ek *EncapsulationKey768) KEM() kem.KEM { return KEM768() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey768) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey768)
	return ok && ek.ek.Equal(&other.ek)
}

// An ExpandedKey768 is a decapsulation key that was read in the expanded form of
// FIPS 203, section 7.1, for use with keys made elsewhere.
//
// It lacks a property of a [DecapsulationKey768]. Nobody can see whether its parts
// come from one seed, so a crafted key can give the same shared key for different
// ciphertexts (it is not MAL-BIND-K-CT), and a damaged one can pass the checks and
// never agree with anyone. It cannot be exported, and must not be copied.
//
// Its methods are safe for concurrent use, except Destroy.
type ExpandedKey768 struct {
	dk mlkem.DecapsulationKey
	ek EncapsulationKey768
}

// NewExpandedKey768 parses a decapsulation key from its expanded form. If it does
// not have [ExpandedKeySize768] bytes, if one of its coefficients is not reduced
// modulo q, or if its hash of its encapsulation key is wrong, NewExpandedKey768
// returns an error.
func NewExpandedKey768(expandedKey []byte) (*ExpandedKey768, error) {
	dk := new(ExpandedKey768)
	if err := parseExpandedKey(&mlkem.MLKEM768, &dk.dk, &dk.ek.ek, expandedKey); err != nil {
		return nil, err
	}
	return dk, nil
}

// Decapsulate generates a shared key from a ciphertext, like
// [DecapsulationKey768.Decapsulate].
//
// The shared key must be kept secret.
func (dk *ExpandedKey768) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := decapsulateTo(&dk.dk, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is Decapsulate into the caller's memory, like
// [DecapsulationKey768.DecapsulateTo].
func (dk *ExpandedKey768) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return decapsulateTo(&dk.dk, sharedKey, ciphertext)
}

// Matches reports whether the expanded key is what seedKey expands to, in every
// byte, as RFC 9935 demands of a key that is stored in both forms. Its time does
// not depend on the keys' secrets. A destroyed key matches none.
func (dk *ExpandedKey768) Matches(seedKey *DecapsulationKey768) bool {
	return dk.dk.SameExpansion(&seedKey.dk)
}

// Encapsulator returns the encapsulation key that the expanded key contains, an
// *[EncapsulationKey768].
//
// It implements [crypto.Decapsulator].
func (dk *ExpandedKey768) Encapsulator() crypto.Encapsulator { return &dk.ek }

// Destroy overwrites the secrets that the key holds, like
// [DecapsulationKey768.Destroy].
func (dk *ExpandedKey768) Destroy() { dk.dk.Destroy() }

// KEM768 returns ML-KEM-768 as a [kem.KEM]. Its keys are of the types
// *[DecapsulationKey768] and *[EncapsulationKey768].
func KEM768() kem.KEM { return &instance768 }

var instance768 = kem768{parameterSet{"ML-KEM-768", &mlkem.MLKEM768}}

type kem768 struct{ parameterSet }

func (*kem768) GenerateKey() (kem.DecapsulationKey, error) {
	dk, err := GenerateKey768()
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem768) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := NewDecapsulationKey768(seed)
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (*kem768) NewEncapsulationKey(encapsulationKey []byte) (kem.EncapsulationKey, error) {
	ek, err := NewEncapsulationKey768(encapsulationKey)
	if err != nil {
		return nil, err
	}
	return ek, nil
}

func (*kem768) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey768)
	if !ok {
		return errOtherKEM
	}
	secret.Do(func() {
		own.ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, (*[32]byte)(random.Bytes()))
	})
	return nil
}
