package kem

import "errors"

// The functions of this module return errors that wrap one of these, and whose texts say more. Use
// [errors.Is].
var (
	// ErrLength means that a seed, a key, a ciphertext or a buffer does not have the
	// length that the KEM prescribes.
	ErrLength = errors.New("kem: wrong length")

	// ErrSeed means that a seed contains no scalar of the curve, so that no key expands
	// from it. It happens only with NIST's curves, for fewer than one seed in 2^128.
	ErrSeed = errors.New("kem: no key expands from the seed")

	// ErrPrivateKey means that a private key of a part of a hybrid is invalid: its number is not a
	// scalar of the curve, or it does not have the form of its standard.
	ErrPrivateKey = errors.New("kem: invalid private key of a part")

	// ErrOverlap means that the buffers for a shared key and a ciphertext share memory.
	ErrOverlap = errors.New("kem: buffers overlap")

	// ErrEncapsulationKey means that an encapsulation key is invalid: an ML-KEM coefficient
	// is not below q, a share is not a point of its curve, or an encapsulation vector does not
	// have the hash that is in the header.
	ErrEncapsulationKey = errors.New("kem: invalid encapsulation key")

	// ErrCiphertext means that a ciphertext is invalid: its share is not a point of its
	// curve. A wrong ciphertext of ML-KEM gives no error, but a shared key that nobody
	// else knows.
	ErrCiphertext = errors.New("kem: invalid ciphertext")

	// ErrLowOrder means that an X25519 share in a key or a ciphertext has low order, so
	// that the X25519 secret would be zero.
	ErrLowOrder = errors.New("kem: X25519 share of low order")

	// ErrExpandedKey means that an expanded decapsulation key is invalid: its hash is
	// wrong, a coefficient is not below q, or it does not belong to the seed in the same
	// file.
	ErrExpandedKey = errors.New("kem: invalid expanded decapsulation key")

	// ErrKeyPair means that a decapsulation key and its encapsulation key give different
	// shared keys, or that the public key beside a private key does not belong to it.
	ErrKeyPair = errors.New("kem: the parts of a key pair do not match")

	// ErrKeyFile means that a key file is malformed.
	ErrKeyFile = errors.New("kem: malformed key file")

	// ErrState means that a stored encapsulation state is invalid: it is altered, or of another
	// version or parameter set.
	ErrState = errors.New("kem: invalid encapsulation state")

	// ErrDestroyed means that the decapsulation key has been destroyed, with Destroy, or because
	// Reset has put another key in its place. An encapsulation state is also destroyed by its
	// second step.
	ErrDestroyed = errors.New("kem: the decapsulation key has been destroyed")

	// ErrReset means that Reset has put another key in the place of the encapsulation key.
	ErrReset = errors.New("kem: the encapsulation key has been reset")

	// ErrInUse means that a key cannot be reset, because an operation of it is in progress, or that
	// a key cannot be used, because it is being reset.
	ErrInUse = errors.New("kem: the key is in use")

	// ErrNoKey means that a key or an encapsulation state is nil, or the zero value of its type.
	ErrNoKey = errors.New("kem: the key is nil or a zero value")

	// ErrOtherKEM means that a key belongs to another KEM.
	ErrOtherKEM = errors.New("kem: key of another KEM")

	// ErrUnsupported means that the KEM does not support an operation, or that there
	// is no KEM with a given name. It wraps [errors.ErrUnsupported].
	ErrUnsupported error = unsupported{}

	// ErrFIPS means that GODEBUG=fips140=only forbids this module to make or parse keys, because it
	// has no FIPS 140-3 validation.
	ErrFIPS = errors.New("kem: no FIPS 140-3 validation, which GODEBUG=fips140=only demands")
)

type unsupported struct{}

func (unsupported) Error() string { return "kem: not supported by the KEM" }
func (unsupported) Unwrap() error { return errors.ErrUnsupported }
