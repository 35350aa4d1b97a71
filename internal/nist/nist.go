// Package nist has NIST's curves as parts of hybrids. It is apart from package hybrid, so that
// programs without them do not link them.
package nist

import (
	"crypto/ecdh"
	"slices"

	"hybridkem/internal/fault"
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// A seed has room for four candidates for a scalar of P-256, and for one of P-384,
// whose order is nearer to a power of 2. So fewer than one seed in 2^128 has none.
var (
	P256 = hybrid.GroupPart("P-256", group{ecdh.P256, 32}, 4*32, 65, 32)
	P384 = hybrid.GroupPart("P-384", group{ecdh.P384, 48}, 48, 97, 48)
)

// A group is a NIST curve as a nominal group, according to
// draft-irtf-cfrg-concrete-hybrid-kems.
type group struct {
	curve      func() ecdh.Curve
	scalarSize int
}

type scalar struct{ key *ecdh.PrivateKey }

var errScalar = fault.New("", kem.ErrSeed, "no scalar of the curve in the seed")

// NewScalar returns the first candidate in seed that is a scalar of the curve.
func (g group) NewScalar(seed []byte) (hybrid.Scalar, error) {
	for candidate := range slices.Chunk(seed, g.scalarSize) {
		key, err := g.curve().NewPrivateKey(candidate)
		//ct:declassify err: nothing depends on a candidate that is refused
		if err == nil {
			return scalar{key}, nil
		}
	}
	return nil, errScalar
}

func (g group) NewElement(b []byte) (hybrid.Element, bool) {
	point, err := g.curve().NewPublicKey(b)
	return point, err == nil
}

func (s scalar) Element() hybrid.Element { return s.key.PublicKey() }

func (s scalar) SharedSecret(e hybrid.Element) ([]byte, error) {
	return s.key.ECDH(e.(*ecdh.PublicKey))
}
