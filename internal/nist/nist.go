// Package nist has NIST's curves as parts of hybrids, with the operations of crypto/ecdh. It is not in
// package hybrid, so that programs without these curves do not link them.
package nist

import (
	"crypto/ecdh"
	"slices"

	"hybridkem/internal/fault"
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// Elements are uncompressed points, and shared secrets are x-coordinates. The randomness of an
// encapsulation is the seed of the ephemeral scalar.
//
// A seed of P-256 has room for four candidates for the scalar, and a seed of P-384 for one. The order of
// P-384 is so near to 2^384 that almost all numbers below 2^384 are scalars. With both curves, less
// than one seed in 2^128 has no scalar.
var (
	P256 = hybrid.ExternalPart("P-256", curve{ecdh.P256, 32},
		hybrid.Sizes{Seed: 4 * 32, EncapsulationKey: 65, Ciphertext: 65, SharedKey: 32, Random: 4 * 32})
	P384 = hybrid.ExternalPart("P-384", curve{ecdh.P384, 48},
		hybrid.Sizes{Seed: 48, EncapsulationKey: 97, Ciphertext: 97, SharedKey: 48, Random: 48})
)

// A curve is a nominal group of draft-irtf-cfrg-concrete-hybrid-kems. It implements hybrid.External.
type curve struct {
	curve      func() ecdh.Curve
	scalarSize int
}

var errScalar = fault.New("", kem.ErrSeed, "no scalar of the curve in the seed")

// scalar returns the first candidate of the given size in seed that is a scalar of the curve. It
// implements RandomScalar of the draft.
func scalar(curve ecdh.Curve, seed []byte, size int) (*ecdh.PrivateKey, error) {
	for candidate := range slices.Chunk(seed, size) {
		key, err := curve.NewPrivateKey(candidate)
		//ct:declassify err: nothing depends on a candidate that is refused
		if err == nil {
			return key, nil
		}
	}
	return nil, errScalar
}

// NewPrivateKey returns kem.ErrSeed if the seed contains no scalar.
func (c curve) NewPrivateKey(seed []byte) (hybrid.ExternalPrivateKey, hybrid.ExternalPublicKey, []byte, error) {
	key, err := scalar(c.curve(), seed, c.scalarSize)
	if err != nil {
		return nil, nil, nil, err
	}
	point := key.PublicKey()
	return privateKey{key}, publicKey{point}, point.Bytes(), nil
}

// NewPublicKey returns kem.ErrEncapsulationKey if b is not an uncompressed point of the curve.
func (c curve) NewPublicKey(b []byte) (hybrid.ExternalPublicKey, error) {
	point, err := c.curve().NewPublicKey(b)
	if err != nil {
		return nil, fault.New("", kem.ErrEncapsulationKey, "share in the encapsulation key is not an uncompressed point of %v", c.curve())
	}
	return publicKey{point}, nil
}

type publicKey struct{ point *ecdh.PublicKey }

// Encapsulate returns kem.ErrSeed if random contains no scalar. Scalars have the size of x-coordinates.
func (k publicKey) Encapsulate(sharedKey, ciphertext, random []byte) error {
	ephemeral, err := scalar(k.point.Curve(), random, len(sharedKey))
	if err != nil {
		return err
	}
	copy(ciphertext, ephemeral.PublicKey().Bytes())
	return exchange(sharedKey, ephemeral, k.point)
}

type privateKey struct{ key *ecdh.PrivateKey }

// DecapsulateTo returns kem.ErrCiphertext if the ciphertext is not an uncompressed point of the curve.
func (k privateKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	share, err := k.key.Curve().NewPublicKey(ciphertext)
	if err != nil {
		return fault.New("", kem.ErrCiphertext, "share in the ciphertext is not an uncompressed point of %v", k.key.Curve())
	}
	return exchange(sharedKey, k.key, share)
}

// Destroy does nothing. The scalar is in memory of crypto/ecdh, which offers no way to overwrite it.
func (privateKey) Destroy() {}

// exchange fills sharedKey with the x-coordinate of the product of key and share.
func exchange(sharedKey []byte, key *ecdh.PrivateKey, share *ecdh.PublicKey) error {
	secret, err := key.ECDH(share)
	if err != nil {
		return err
	}
	copy(sharedKey, secret)
	clear(secret)
	return nil
}
