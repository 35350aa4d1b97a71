package combiner

import (
	"bytes"
	"crypto/ecdh"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"hybridkem/internal/derand"
	internal "hybridkem/internal/mlkem"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A part is one of the two KEMs of a hybrid: ML-KEM, X25519, a NIST curve, or any
// kem.KEM. A group is a KEM here whose ciphertext is the ephemeral share.
//
// Parts are told apart by branches, not by an interface, because what is given
// to a method of an interface moves to the heap. Only the last kind pays that.
type part struct {
	params *internal.Params  // set for ML-KEM
	curve  func() ecdh.Curve // set for a NIST curve
	kem    kem.KEM           // set for any KEM; X25519 has none of the three

	seedSize, encapsulationKeySize, ciphertextSize, sharedKeySize int
	randomSize                                                    int // 0 for a KEM that draws its own
}

var (
	mlkem512Part = part{
		params: &internal.MLKEM512, seedSize: mlkem.SeedSize, encapsulationKeySize: mlkem.EncapsulationKeySize512,
		ciphertextSize: mlkem.CiphertextSize512, sharedKeySize: mlkem.SharedKeySize, randomSize: 32,
	}
	mlkem768Part = part{
		params: &internal.MLKEM768, seedSize: mlkem.SeedSize, encapsulationKeySize: mlkem.EncapsulationKeySize768,
		ciphertextSize: mlkem.CiphertextSize768, sharedKeySize: mlkem.SharedKeySize, randomSize: 32,
	}
	mlkem1024Part = part{
		params: &internal.MLKEM1024, seedSize: mlkem.SeedSize, encapsulationKeySize: mlkem.EncapsulationKeySize1024,
		ciphertextSize: mlkem.CiphertextSize1024, sharedKeySize: mlkem.SharedKeySize, randomSize: 32,
	}
	x25519Part = part{seedSize: 32, encapsulationKeySize: 32, ciphertextSize: 32, sharedKeySize: 32, randomSize: 32}

	// A seed has room for four candidates for a scalar of P-256, and for one of
	// P-384, whose order is closer to a power of 2.
	p256Part = part{
		curve: ecdh.P256, seedSize: 4 * 32, encapsulationKeySize: 65, ciphertextSize: 65, sharedKeySize: 32,
		randomSize: 4 * 32,
	}
	p384Part = part{
		curve: ecdh.P384, seedSize: 48, encapsulationKeySize: 97, ciphertextSize: 97, sharedKeySize: 48,
		randomSize: 48,
	}
)

// partOf returns k as a part.
func partOf(k kem.KEM) *part {
	switch k {
	case mlkem.KEM512():
		return &mlkem512Part
	case mlkem.KEM768():
		return &mlkem768Part
	case mlkem.KEM1024():
		return &mlkem1024Part
	}
	p := &part{
		kem: k, seedSize: k.SeedSize(), encapsulationKeySize: k.EncapsulationKeySize(),
		ciphertextSize: k.CiphertextSize(), sharedKeySize: k.SharedKeySize(),
	}
	if d, ok := k.(derand.KEM); ok {
		p.randomSize = d.RandomSize()
	}
	return p
}

// mayFail reports whether encapsulation to a key that was accepted can return an
// error: a NIST curve finds no scalar in one of 2^128 seeds.
func (p *part) mayFail() bool { return p.curve != nil || p.kem != nil }

var (
	errModulus  = errors.New("combiner: invalid encapsulation key: ML-KEM coefficient not below q")
	errLowOrder = errors.New("combiner: X25519 share of low order")
	errPoint    = errors.New("combiner: invalid share: not an uncompressed point on the curve")
	errScalar   = errors.New("combiner: seed without a valid scalar for the curve")
)

// A publicPart is the encapsulation key of a part.
type publicPart struct {
	mlkem  *internal.EncapsulationKey
	x25519 [x25519.Size]byte
	nist   *ecdh.PublicKey
	kem    kem.EncapsulationKey
}

// A privatePart is the decapsulation key of a part.
type privatePart struct {
	mlkem  *internal.DecapsulationKey
	x25519 [x25519.Size]byte
	nist   *ecdh.PrivateKey
	kem    kem.DecapsulationKey
}

// newPublicKey parses and checks b, of the right length.
func (p *part) newPublicKey(b []byte) (ek publicPart, err error) {
	switch {
	case p.params != nil:
		ek.mlkem = new(internal.EncapsulationKey)
		if !ek.mlkem.Parse(p.params, b) {
			return ek, errModulus
		}
	case p.curve != nil:
		if ek.nist, err = p.curve().NewPublicKey(b); err != nil {
			return ek, errPoint
		}
	case p.kem != nil:
		if ek.kem, err = p.kem.NewEncapsulationKey(b); err != nil {
			return ek, fmt.Errorf("combiner: %w", err)
		}
	default:
		ek.x25519 = [x25519.Size]byte(b)
		if x25519.IsLowOrder(&ek.x25519) {
			return ek, errLowOrder
		}
	}
	return ek, nil
}

// newPrivateKey expands seed and writes the encoded public key to encoded, both
// of the right lengths.
func (p *part) newPrivateKey(encoded, seed []byte) (dk privatePart, ek publicPart, err error) {
	switch {
	case p.params != nil:
		dk.mlkem, ek.mlkem = new(internal.DecapsulationKey), new(internal.EncapsulationKey)
		dk.mlkem.Generate(p.params, ek.mlkem, (*[mlkem.SeedSize]byte)(seed))
		ek.mlkem.AppendBytes(encoded[:0])
	case p.curve != nil:
		if dk.nist, err = p.randomScalar(seed); err != nil {
			return dk, ek, err
		}
		ek.nist = dk.nist.PublicKey()
		copy(encoded, ek.nist.Bytes())
	case p.kem != nil:
		if dk.kem, err = p.kem.NewDecapsulationKey(bytes.Clone(seed)); err != nil {
			return dk, ek, fmt.Errorf("combiner: %w", err)
		}
		copy(encoded, dk.kem.Encapsulator().Bytes())
		if ek.kem, err = p.kem.NewEncapsulationKey(encoded); err != nil {
			return dk, ek, fmt.Errorf("combiner: %w", err)
		}
	default:
		dk.x25519 = [x25519.Size]byte(seed)
		x25519.ScalarBaseMult(&ek.x25519, &dk.x25519)
		copy(encoded, ek.x25519[:])
	}
	return dk, ek, nil
}

// randomScalar returns the first candidate in seed that is a scalar of the curve.
//
// It implements RandomScalar of draft-irtf-cfrg-concrete-hybrid-kems for P-256
// and P-384.
func (p *part) randomScalar(seed []byte) (*ecdh.PrivateKey, error) {
	// The copy goes to the heap, so that seed needs not.
	for candidate := range slices.Chunk(bytes.Clone(seed), p.sharedKeySize) { // the size of a coordinate
		if scalar, err := p.curve().NewPrivateKey(candidate); err == nil {
			return scalar, nil
		}
	}
	return nil, errScalar
}

// encapsulate fills ss and ct with the help of random, all of the right lengths.
func (p *part) encapsulate(ek *publicPart, ss, ct, random []byte) error {
	switch {
	case p.params != nil:
		ek.mlkem.Encapsulate((*[mlkem.SharedKeySize]byte)(ss), ct, (*[32]byte)(random))
	case p.curve != nil:
		scalar, err := p.randomScalar(random)
		if err != nil {
			return err
		}
		shared, err := scalar.ECDH(ek.nist)
		if err != nil {
			return fmt.Errorf("combiner: %w", err)
		}
		copy(ss, shared)
		copy(ct, scalar.PublicKey().Bytes())
	case p.kem != nil:
		ownSS, ownCT := make([]byte, len(ss)), make([]byte, len(ct))
		if err := p.encapsulateKEM(ek.kem, ownSS, ownCT, bytes.Clone(random)); err != nil {
			return fmt.Errorf("combiner: %w", err)
		}
		copy(ss, ownSS)
		copy(ct, ownCT)
	default:
		x25519.ScalarMultBoth((*[x25519.Size]byte)(ct), (*[x25519.Size]byte)(ss), (*[x25519.Size]byte)(random), &ek.x25519)
	}
	return nil
}

func (p *part) encapsulateKEM(ek kem.EncapsulationKey, ss, ct, random []byte) error {
	if k, ok := p.kem.(derand.KEM); ok {
		return derand.EncapsulateTo(k, ek, ss, ct, random)
	}
	return ek.EncapsulateTo(ss, ct)
}

// decapsulate fills ss from ct, both of the right lengths.
func (p *part) decapsulate(dk *privatePart, ss, ct []byte) error {
	switch {
	case p.params != nil:
		dk.mlkem.Decapsulate((*[mlkem.SharedKeySize]byte)(ss), ct)
	case p.curve != nil:
		share, err := p.curve().NewPublicKey(ct)
		if err != nil {
			return errPoint
		}
		shared, err := dk.nist.ECDH(share)
		if err != nil {
			return fmt.Errorf("combiner: %w", err)
		}
		copy(ss, shared)
	case p.kem != nil:
		ownSS := make([]byte, len(ss))
		if err := dk.kem.DecapsulateTo(ownSS, bytes.Clone(ct)); err != nil {
			return fmt.Errorf("combiner: %w", err)
		}
		copy(ss, ownSS)
	default:
		x25519.ScalarMult((*[x25519.Size]byte)(ss), &dk.x25519, (*[x25519.Size]byte)(ct))
		// Zero is what every scalar makes of a share of low order, and of no other.
		if subtle.ConstantTimeCompare(ss, make([]byte, x25519.Size)) == 1 {
			return errLowOrder
		}
	}
	return nil
}

// destroy overwrites the secrets. A NIST scalar can't be reached inside
// crypto/ecdh: it is left to the garbage collector.
func (dk *privatePart) destroy() {
	if dk.mlkem != nil {
		dk.mlkem.Destroy()
	}
	if dk.kem != nil {
		dk.kem.Destroy()
	}
	*dk = privatePart{}
}
