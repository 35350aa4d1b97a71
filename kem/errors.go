package kem

import "errors"

// These errors tell what was wrong. The functions of this module return errors whose text is
// more precise, and which wrap one of these: use [errors.Is].
var (
	// ErrLength means that a seed, a key, a ciphertext or a buffer has another length
	// than the KEM prescribes.
	ErrLength = errors.New("kem: wrong length")

	// ErrSeed means that a seed holds no scalar of the curve, so that no key expands from
	// it. This happens with P-256 and P-384 only, for fewer than one seed in 2^128.
	ErrSeed = errors.New("kem: no key expands from the seed")

	// ErrOverlap means that the buffers for a shared key and a ciphertext share memory.
	ErrOverlap = errors.New("kem: buffers overlap")

	// ErrEncapsulationKey means that an encapsulation key is invalid: an ML-KEM coefficient
	// is not below q, or a share is no point of its curve.
	ErrEncapsulationKey = errors.New("kem: invalid encapsulation key")

	// ErrCiphertext means that a ciphertext is invalid: its share is no point of its
	// curve. A wrong ciphertext of ML-KEM is no error. It gives a shared key that nobody
	// else knows.
	ErrCiphertext = errors.New("kem: invalid ciphertext")

	// ErrLowOrder means that an X25519 share in a key or a ciphertext has low order, so
	// that the X25519 secret would be zero.
	ErrLowOrder = errors.New("kem: X25519 share of low order")

	// ErrExpandedKey means that an expanded decapsulation key is invalid: the hash in it
	// is wrong, a coefficient is not below q, or it is not the key of the seed beside it.
	ErrExpandedKey = errors.New("kem: invalid expanded decapsulation key")

	// ErrKeyPair means that a decapsulation key does not decapsulate what is
	// encapsulated to its encapsulation key, or that the public key in a file is not that of
	// the private key beside it.
	ErrKeyPair = errors.New("kem: the parts of a key pair do not match")

	// ErrKeyFile means that a key file is malformed.
	ErrKeyFile = errors.New("kem: malformed key file")

	// ErrDestroyed means that the decapsulation key has been destroyed.
	ErrDestroyed = errors.New("kem: the decapsulation key has been destroyed")

	// ErrNoKey means that a key is nil, or the zero value of its type.
	ErrNoKey = errors.New("kem: the key is nil or a zero value")

	// ErrOtherKEM means that a key belongs to another KEM.
	ErrOtherKEM = errors.New("kem: key of another KEM")

	// ErrUnsupported means that the KEM does not have what was asked for. It wraps
	// [errors.ErrUnsupported].
	ErrUnsupported error = unsupported{}

	// ErrFIPS means that GODEBUG=fips140=only forbids this module to make or parse keys, because it
	// has no FIPS 140-3 validation.
	ErrFIPS = errors.New("kem: no FIPS 140-3 validation, which GODEBUG=fips140=only demands")
)

type unsupported struct{}

func (unsupported) Error() string { return "kem: not supported by the KEM" }
func (unsupported) Unwrap() error { return errors.ErrUnsupported }
