// Package nist has NIST's curves as parts of hybrids, with the operations of crypto/ecdh. It is not in
// package hybrid, so that programs without these curves do not link them.
package nist

import (
	"crypto/ecdh"
	"crypto/subtle"
	"slices"

	"hybridkem/internal/fault"
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// Elements are uncompressed points, and shared secrets are x-coordinates. The randomness of an
// encapsulation is the seed of the ephemeral scalar. The stored form of a private key is the scalar, or
// with ECPrivateKey in the name the structure of that name (RFC 5915, section 3), with parameters and
// without a public key. In DER, it has the same bytes around the scalar for all keys of a curve.
//
// A seed of P-256 has room for four candidates for the scalar, and a seed of P-384 or P-521 for one. The
// order of P-384 is so near to 2^384 that almost all numbers below 2^384 are scalars, and the order of P-521
// so near to 2^521. With all curves, less than one seed in 2^128 has no scalar.
//
// The compiler makes these variables without code that runs at the start. So a program links only the curves that it uses.
var (
	P256 = hybrid.ExternalPart("P-256", curve{ecdh.P256, 32, "", ""},
		hybrid.Sizes{Seed: 4 * 32, Private: 32, EncapsulationKey: 65, Ciphertext: 65, SharedKey: 32, Random: 4 * 32})
	P384 = hybrid.ExternalPart("P-384", curve{ecdh.P384, 48, "", ""},
		hybrid.Sizes{Seed: 48, Private: 48, EncapsulationKey: 97, Ciphertext: 97, SharedKey: 48, Random: 48})
	P521 = hybrid.ExternalPart("P-521", curve{ecdh.P521, 66, "", ""},
		hybrid.Sizes{Seed: 66, Private: 66, EncapsulationKey: 133, Ciphertext: 133, SharedKey: 66, Random: 66})

	P256ECPrivateKey = hybrid.ExternalPart("P-256", curve{ecdh.P256, 32,
		"\x30\x31\x02\x01\x01\x04\x20", "\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"},
		hybrid.Sizes{Seed: 4 * 32, Private: 51, EncapsulationKey: 65, Ciphertext: 65, SharedKey: 32, Random: 4 * 32})
	P384ECPrivateKey = hybrid.ExternalPart("P-384", curve{ecdh.P384, 48,
		"\x30\x3e\x02\x01\x01\x04\x30", "\xa0\x07\x06\x05\x2b\x81\x04\x00\x22"},
		hybrid.Sizes{Seed: 48, Private: 64, EncapsulationKey: 97, Ciphertext: 97, SharedKey: 48, Random: 48})
	P521ECPrivateKey = hybrid.ExternalPart("P-521", curve{ecdh.P521, 66,
		"\x30\x50\x02\x01\x01\x04\x42", "\xa0\x07\x06\x05\x2b\x81\x04\x00\x23"},
		hybrid.Sizes{Seed: 66, Private: 82, EncapsulationKey: 133, Ciphertext: 133, SharedKey: 66, Random: 66})
)

// A curve is a nominal group of draft-irtf-cfrg-concrete-hybrid-kems, or P-521 in the same way. It
// implements hybrid.External.
type curve struct {
	curve      func() ecdh.Curve
	scalarSize int

	// What comes before and after the scalar in the stored form of a private key.
	before, after string
}

var errScalar = fault.New("", kem.ErrSeed, "no scalar of the curve in the seed")

// scalar returns the first candidate in seed that is a scalar of the curve. It implements RandomScalar of
// the draft. For P-521, which the draft does not have, it clears the bits of the candidate from 2^521 on.
func (c curve) scalar(seed []byte) (*ecdh.PrivateKey, error) {
	for candidate := range slices.Chunk(seed, c.scalarSize) {
		if c.scalarSize == 66 {
			candidate[0] &= 1
		}
		key, err := c.curve().NewPrivateKey(candidate)
		//ct:declassify err: nothing depends on a candidate that is refused
		if err == nil {
			return key, nil
		}
	}
	return nil, errScalar
}

// NewPrivateKey returns kem.ErrSeed if a seed contains no scalar, and the errors of parse for a stored key.
func (c curve) NewPrivateKey(b []byte, stored bool) (hybrid.ExternalPrivateKey, hybrid.ExternalPublicKey, []byte, error) {
	var key *ecdh.PrivateKey
	var err error
	if stored {
		key, err = c.parse(b)
	} else {
		key, err = c.scalar(b)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	point := key.PublicKey()
	return privateKey{c, key}, publicKey{c, point}, point.Bytes(), nil
}

// parse returns kem.ErrPrivateKey if stored is not the form of a private key of the curve, or if its number is
// not a scalar.
func (c curve) parse(stored []byte) (*ecdh.PrivateKey, error) {
	before, scalar, after := stored[:len(c.before)], stored[len(c.before):][:c.scalarSize], stored[len(c.before)+c.scalarSize:]
	framed := subtle.ConstantTimeCompare(before, []byte(c.before)) & subtle.ConstantTimeCompare(after, []byte(c.after))
	//ct:declassify framed: whether a key is valid is public
	if framed != 1 {
		return nil, fault.New("", kem.ErrPrivateKey, "the private key of %v is not an ECPrivateKey with this curve and without a public key", c.curve())
	}
	key, err := c.curve().NewPrivateKey(scalar)
	//ct:declassify err: whether a key is valid is public
	if err != nil {
		return nil, fault.New("", kem.ErrPrivateKey, "the private key of %v is zero, or not below the order of the curve", c.curve())
	}
	return key, nil
}

// NewPublicKey returns kem.ErrEncapsulationKey if b is not an uncompressed point of the curve.
func (c curve) NewPublicKey(b []byte) (hybrid.ExternalPublicKey, error) {
	point, err := c.curve().NewPublicKey(b)
	if err != nil {
		return nil, fault.New("", kem.ErrEncapsulationKey, "share in the encapsulation key is not an uncompressed point of %v", c.curve())
	}
	return publicKey{c, point}, nil
}

type publicKey struct {
	curve curve
	point *ecdh.PublicKey
}

// Encapsulate returns kem.ErrSeed if random contains no scalar.
func (k publicKey) Encapsulate(sharedKey, ciphertext, random []byte) error {
	ephemeral, err := k.curve.scalar(random)
	if err != nil {
		return err
	}
	copy(ciphertext, ephemeral.PublicKey().Bytes())
	return exchange(sharedKey, ephemeral, k.point)
}

type privateKey struct {
	curve curve
	key   *ecdh.PrivateKey
}

// DecapsulateTo returns kem.ErrCiphertext if the ciphertext is not an uncompressed point of the curve.
func (k privateKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	share, err := k.key.Curve().NewPublicKey(ciphertext)
	if err != nil {
		return fault.New("", kem.ErrCiphertext, "share in the ciphertext is not an uncompressed point of %v", k.key.Curve())
	}
	return exchange(sharedKey, k.key, share)
}

// Bytes returns the stored form of the key.
func (k privateKey) Bytes() []byte { return k.curve.stored(k.key) }

// Stored returns the stored form of the private key of a group, as the part p has it. The group is X25519 or
// one of NIST's curves.
func Stored(p *hybrid.Part, key *ecdh.PrivateKey) []byte {
	c, _ := p.External().(curve) // X25519 is none, and has nothing before and after its scalar.
	return c.stored(key)
}

func (c curve) stored(key *ecdh.PrivateKey) []byte {
	scalar := key.Bytes()
	defer clear(scalar)
	return slices.Concat([]byte(c.before), scalar, []byte(c.after))
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
