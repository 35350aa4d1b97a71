package combiner

import (
	"crypto/ecdh"
	"errors"
	"slices"

	"hybridkem/internal/hybrid"
)

// A seed has room for four candidates for a scalar of P-256, and for one of P-384,
// whose order is nearer to a power of 2. So fewer than one seed in 2^128 has none.
var (
	p256 = hybrid.GroupPart(nistGroup{ecdh.P256, 32}, 4*32, 65, 32)
	p384 = hybrid.GroupPart(nistGroup{ecdh.P384, 48}, 48, 97, 48)
)

// A nistGroup is a NIST curve as a nominal group, according to
// draft-irtf-cfrg-concrete-hybrid-kems.
type nistGroup struct {
	curve      func() ecdh.Curve
	scalarSize int
}

type nistScalar struct{ key *ecdh.PrivateKey }

var (
	errScalar = errors.New("no scalar of the curve in the seed")
	errPoint  = errors.New("share is not an uncompressed point on the curve")
)

// NewScalar returns the first candidate in seed that is a scalar of the curve.
func (g nistGroup) NewScalar(seed []byte) (hybrid.Scalar, error) {
	for candidate := range slices.Chunk(seed, g.scalarSize) {
		scalar, err := g.curve().NewPrivateKey(candidate)
		//ct:declassify err: of those that are refused nothing depends
		if err == nil {
			return nistScalar{scalar}, nil
		}
	}
	return nil, errScalar
}

func (g nistGroup) NewElement(b []byte) (hybrid.Element, error) {
	point, err := g.curve().NewPublicKey(b)
	if err != nil {
		return nil, errPoint
	}
	return point, nil
}

func (s nistScalar) Element() hybrid.Element { return s.key.PublicKey() }

func (s nistScalar) SharedSecret(e hybrid.Element) ([]byte, error) {
	return s.key.ECDH(e.(*ecdh.PublicKey))
}
