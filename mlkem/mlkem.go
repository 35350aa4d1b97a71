// Package mlkem is ML-KEM, the quantum-resistant key encapsulation method of
// [NIST FIPS 203], with the parameter sets ML-KEM-512, ML-KEM-768 and
// ML-KEM-1024.
//
// It has every name of crypto/mlkem with the same signature, so that a program
// changes from one to the other by its import, unless it gives its keys to
// crypto/hpke, which knows crypto/mlkem's types only. Randomness comes from
// crypto/rand.Read, and so from crypto/rand.Reader if the program has replaced
// that; crypto/mlkem ignores a replacement. Beyond those names it has ML-KEM-512,
// operations that work in the caller's memory, comparison and destruction of
// keys, expanded decapsulation keys made elsewhere, and each parameter set as a
// [kem.KEM].
//
// Most applications should use ML-KEM-768, or better a hybrid with it, such as
// hybridkem/xwing.
//
// [NIST FIPS 203]: https://doi.org/10.6028/NIST.FIPS.203
package mlkem

//go:generate go run generate.go

import (
	"errors"
	"fmt"

	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
)

const (
	// SharedKeySize is the size of a shared key produced by ML-KEM.
	SharedKeySize = 32

	// SeedSize is the size of a seed used to generate a decapsulation key.
	SeedSize = 64

	// EncapsulationKeySize512 is the size of an ML-KEM-512 encapsulation key.
	EncapsulationKeySize512 = 800
	// CiphertextSize512 is the size of a ciphertext produced by ML-KEM-512.
	CiphertextSize512 = 768
	// ExpandedKeySize512 is the size of an expanded ML-KEM-512 decapsulation key.
	ExpandedKeySize512 = 1632

	// EncapsulationKeySize768 is the size of an ML-KEM-768 encapsulation key.
	EncapsulationKeySize768 = 1184
	// CiphertextSize768 is the size of a ciphertext produced by ML-KEM-768.
	CiphertextSize768 = 1088
	// ExpandedKeySize768 is the size of an expanded ML-KEM-768 decapsulation key.
	ExpandedKeySize768 = 2400

	// EncapsulationKeySize1024 is the size of an ML-KEM-1024 encapsulation key.
	EncapsulationKeySize1024 = 1568
	// CiphertextSize1024 is the size of a ciphertext produced by ML-KEM-1024.
	CiphertextSize1024 = 1568
	// ExpandedKeySize1024 is the size of an expanded ML-KEM-1024 decapsulation
	// key.
	ExpandedKeySize1024 = 3168
)

var (
	errSeedSize             = errors.New("mlkem: invalid seed length")
	errEncapsulationKeySize = errors.New("mlkem: invalid encapsulation key length")
	errEncapsulationKey     = errors.New("mlkem: invalid encapsulation key: coefficient not below q")
	errExpandedKeySize      = errors.New("mlkem: invalid expanded key length")
	errExpandedKey          = errors.New("mlkem: invalid expanded key: wrong hash, or coefficient not below q")
	errCiphertextSize       = errors.New("mlkem: invalid ciphertext length")
	errCiphertextBuffer     = errors.New("mlkem: invalid length of the buffer for the ciphertext")
	errSharedKeyBuffer      = errors.New("mlkem: invalid length of the buffer for the shared key")
	errDestroyed            = errors.New("mlkem: the decapsulation key has been destroyed")
	errOtherKEM             = errors.New("mlkem: the encapsulation key is of another KEM")
)

// The functions below work for the key types of all parameter sets.

// newKey expands the key pair dk, ek from a seed d ‖ z, as FIPS 203, section 3.3,
// allows.
func newKey(p *mlkem.Params, dk *mlkem.DecapsulationKey, ek *mlkem.EncapsulationKey, seed []byte) error {
	if len(seed) != SeedSize {
		return errSeedSize
	}
	if err := check(); err != nil {
		return err
	}
	secret.Do(func() { dk.Generate(p, ek, (*[SeedSize]byte)(seed)) })
	return nil
}

// generateKey expands the key pair dk, ek from a random seed. It implements ML-KEM.KeyGen,
// according to FIPS 203, Algorithm 19.
func generateKey(p *mlkem.Params, dk *mlkem.DecapsulationKey, ek *mlkem.EncapsulationKey) error {
	if err := check(); err != nil {
		return err
	}
	secret.Do(func() {
		var seed [SeedSize]byte
		secret.Random(seed[:])
		dk.Generate(p, ek, &seed)
	})
	return nil
}

// check returns an error if FIPS 140-3 mode does not let this package make keys.
func check() error {
	if err := fips.Check(); err != nil {
		return fmt.Errorf("mlkem: %w", err)
	}
	return nil
}

// parseEncapsulationKey implements the checks of FIPS 203, section 7.2.
func parseEncapsulationKey(p *mlkem.Params, ek *mlkem.EncapsulationKey, b []byte) error {
	if len(b) != p.EncapsulationKeySize() {
		return errEncapsulationKeySize
	}
	if err := check(); err != nil {
		return err
	}
	if !ek.Parse(p, b) {
		return errEncapsulationKey
	}
	return nil
}

// parseExpandedKey implements the checks of FIPS 203, section 7.3, on a
// decapsulation key.
func parseExpandedKey(p *mlkem.Params, dk *mlkem.DecapsulationKey, ek *mlkem.EncapsulationKey, b []byte) error {
	if len(b) != p.ExpandedKeySize() {
		return errExpandedKeySize
	}
	if err := check(); err != nil {
		return err
	}
	var ok bool
	secret.Do(func() { ok = dk.ParseExpanded(p, ek, b) })
	if !ok {
		return errExpandedKey
	}
	return nil
}

// encapsulateTo implements ML-KEM.Encaps, according to FIPS 203, Algorithm 20.
func encapsulateTo(ek *mlkem.EncapsulationKey, sharedKey, ciphertext []byte) error {
	if len(sharedKey) != SharedKeySize {
		return errSharedKeyBuffer
	}
	if len(ciphertext) != ek.Params().CiphertextSize() {
		return errCiphertextBuffer
	}
	secret.Do(func() {
		var m [32]byte
		secret.Random(m[:])
		ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, &m)
	})
	return nil
}

// decapsulateTo implements ML-KEM.Decaps, according to FIPS 203, Algorithm 21,
// with the check of section 7.3 on the ciphertext.
func decapsulateTo(dk *mlkem.DecapsulationKey, sharedKey, ciphertext []byte) error {
	if dk.Destroyed() {
		return errDestroyed
	}
	if len(sharedKey) != SharedKeySize {
		return errSharedKeyBuffer
	}
	if len(ciphertext) != dk.Params().CiphertextSize() {
		return errCiphertextSize
	}
	secret.Do(func() { dk.Decapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext) })
	return nil
}

// A parameterSet has those methods of a kem.KEM, and of a derand.KEM, in which no
// key type occurs.
type parameterSet struct {
	name   string
	params *mlkem.Params
}

func (p *parameterSet) Name() string              { return p.name }
func (p *parameterSet) SeedSize() int             { return SeedSize }
func (p *parameterSet) EncapsulationKeySize() int { return p.params.EncapsulationKeySize() }
func (p *parameterSet) CiphertextSize() int       { return p.params.CiphertextSize() }
func (p *parameterSet) SharedKeySize() int        { return SharedKeySize }
func (p *parameterSet) RandomSize() int           { return 32 }
