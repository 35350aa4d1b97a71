package hybrid

import (
	"crypto/subtle"
	"errors"

	"hybridkem/internal/derand"
	internal "hybridkem/internal/mlkem"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A Part is one of the two KEMs of a hybrid: ML-KEM, X25519, another group, or any
// kem.KEM. A group is a KEM here whose ciphertext is the ephemeral share.
//
// Parts are told apart by branches, not by an interface, because what is given
// to a method of an interface moves to the heap. Only groups and KEMs from
// outside this package pay that.
type Part struct {
	params *internal.Params // set for ML-KEM
	group  Group            // set for a group
	kem    kem.KEM          // set for any KEM; X25519 has none of the three

	seedSize, encapsulationKeySize, ciphertextSize, sharedKeySize int
	randomSize                                                    int // 0 for a KEM that draws its own
}

// The parts that this package knows.
var (
	MLKEM512  = mlkemPart(&internal.MLKEM512)
	MLKEM768  = mlkemPart(&internal.MLKEM768)
	MLKEM1024 = mlkemPart(&internal.MLKEM1024)
	X25519    = Part{
		seedSize: x25519.Size, encapsulationKeySize: x25519.Size, ciphertextSize: x25519.Size,
		sharedKeySize: x25519.Size, randomSize: x25519.Size,
	}
)

func mlkemPart(p *internal.Params) Part {
	return Part{
		params: p, seedSize: mlkem.SeedSize, encapsulationKeySize: p.EncapsulationKeySize(),
		ciphertextSize: p.CiphertextSize(), sharedKeySize: mlkem.SharedKeySize, randomSize: 32,
	}
}

// A Group is a nominal group of draft-irtf-cfrg-hybrid-kems.
type Group interface {
	// NewScalar implements RandomScalar. It may fail for a negligible part of
	// all seeds.
	NewScalar(seed []byte) (Scalar, error)
	// NewElement parses and checks an element.
	NewElement(b []byte) (Element, error)
}

// A Scalar is a secret scalar of a [Group].
type Scalar interface {
	// Element returns the generator to the power of the scalar.
	Element() Element
	// SharedSecret implements ElementToSharedSecret on e to the power of the
	// scalar.
	SharedSecret(e Element) ([]byte, error)
}

// An Element is an element of a [Group].
type Element interface {
	Bytes() []byte
}

// GroupPart returns a group as a part, with the sizes of seeds, elements and
// shared secrets.
func GroupPart(g Group, seedSize, elementSize, sharedSecretSize int) Part {
	return Part{
		group: g, seedSize: seedSize, encapsulationKeySize: elementSize,
		ciphertextSize: elementSize, sharedKeySize: sharedSecretSize, randomSize: seedSize,
	}
}

// KEMPart returns k as a part.
func KEMPart(k kem.KEM) *Part {
	switch k {
	case mlkem.KEM512():
		return &MLKEM512
	case mlkem.KEM768():
		return &MLKEM768
	case mlkem.KEM1024():
		return &MLKEM1024
	}
	p := &Part{
		kem: k, seedSize: k.SeedSize(), encapsulationKeySize: k.EncapsulationKeySize(),
		ciphertextSize: k.CiphertextSize(), sharedKeySize: k.SharedKeySize(),
	}
	if d, ok := k.(derand.KEM); ok {
		p.randomSize = d.RandomSize()
	}
	return p
}

// mayFail reports whether encapsulation to a key that was accepted can return an
// error.
func (p *Part) mayFail() bool { return p.group != nil || p.kem != nil }

var (
	errModulus  = errors.New("encapsulation key has an ML-KEM coefficient not below q")
	errLowOrder = errors.New("X25519 share has low order")
)

// A publicPart is the encapsulation key of a part. Foreign code is given copies of
// bytes only.
type publicPart struct {
	mlkem   *internal.EncapsulationKey
	x25519  [x25519.Size]byte
	element Element
	kem     kem.EncapsulationKey
}

// A privatePart is the decapsulation key of a part.
type privatePart struct {
	mlkem  *internal.DecapsulationKey
	x25519 [x25519.Size]byte
	scalar Scalar
	kem    kem.DecapsulationKey
}

// newPublicKey parses and checks b, of the right length.
func (p *Part) newPublicKey(b []byte) (ek publicPart, err error) {
	switch {
	case p.params != nil:
		ek.mlkem = new(internal.EncapsulationKey)
		if !ek.mlkem.Parse(p.params, b) {
			return ek, errModulus
		}
	case p.group != nil:
		if ek.element, err = p.group.NewElement(clone(b)); err != nil {
			return ek, err
		}
	case p.kem != nil:
		if ek.kem, err = p.kem.NewEncapsulationKey(clone(b)); err != nil {
			return ek, err
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
func (p *Part) newPrivateKey(encoded, seed []byte) (dk privatePart, ek publicPart, err error) {
	switch {
	case p.params != nil:
		dk.mlkem, ek.mlkem = new(internal.DecapsulationKey), new(internal.EncapsulationKey)
		dk.mlkem.Generate(p.params, ek.mlkem, (*[mlkem.SeedSize]byte)(seed))
		ek.mlkem.AppendBytes(encoded[:0])
	case p.group != nil:
		copied := clone(seed)
		defer clear(copied)
		if dk.scalar, err = p.group.NewScalar(copied); err != nil {
			return dk, ek, err
		}
		ek.element = dk.scalar.Element()
		copy(encoded, ek.element.Bytes())
	case p.kem != nil:
		copied := clone(seed)
		defer clear(copied)
		if dk.kem, err = p.kem.NewDecapsulationKey(copied); err != nil {
			return dk, ek, err
		}
		copy(encoded, dk.kem.Encapsulator().Bytes())
		if ek.kem, err = p.kem.NewEncapsulationKey(clone(encoded)); err != nil {
			return dk, ek, err
		}
	default:
		dk.x25519 = [x25519.Size]byte(seed)
		x25519.ScalarBaseMult(&ek.x25519, &dk.x25519)
		//ct:declassify ek.x25519: it is a part of the encapsulation key, which is published
		copy(encoded, ek.x25519[:])
	}
	//ct:declassify encoded: it is a part of the encapsulation key
	return dk, ek, nil
}

// encapsulate fills ss and ct with the help of random, all of the right lengths.
func (p *Part) encapsulate(ek *publicPart, ss, ct, random []byte) error {
	switch {
	case p.params != nil:
		ek.mlkem.Encapsulate((*[mlkem.SharedKeySize]byte)(ss), ct, (*[32]byte)(random))
	case p.group != nil:
		copied := clone(random)
		defer clear(copied)
		scalar, err := p.group.NewScalar(copied)
		if err != nil {
			return err
		}
		shared, err := scalar.SharedSecret(ek.element)
		if err != nil {
			return err
		}
		copy(ss, shared)
		clear(shared)
		copy(ct, scalar.Element().Bytes())
	case p.kem != nil:
		ownSS, ownCT, copied := make([]byte, len(ss)), make([]byte, len(ct)), clone(random)
		defer clear(ownSS)
		defer clear(copied)
		if err := p.encapsulateKEM(ek.kem, ownSS, ownCT, copied); err != nil {
			return err
		}
		copy(ss, ownSS)
		copy(ct, ownCT)
	default:
		x25519.ScalarMultBoth((*[x25519.Size]byte)(ct), (*[x25519.Size]byte)(ss), (*[x25519.Size]byte)(random), &ek.x25519)
	}
	//ct:declassify ct: it is sent
	return nil
}

func (p *Part) encapsulateKEM(ek kem.EncapsulationKey, ss, ct, random []byte) error {
	if k, ok := p.kem.(derand.KEM); ok && p.randomSize > 0 {
		return derand.EncapsulateTo(k, ek, ss, ct, random)
	}
	return ek.EncapsulateTo(ss, ct)
}

// decapsulate fills ss from ct, both of the right lengths.
func (p *Part) decapsulate(dk *privatePart, ss, ct []byte) error {
	switch {
	case p.params != nil:
		dk.mlkem.Decapsulate((*[mlkem.SharedKeySize]byte)(ss), ct)
	case p.group != nil:
		share, err := p.group.NewElement(clone(ct))
		if err != nil {
			return err
		}
		shared, err := dk.scalar.SharedSecret(share)
		if err != nil {
			return err
		}
		copy(ss, shared)
		clear(shared)
	case p.kem != nil:
		ownSS := make([]byte, len(ss))
		defer clear(ownSS)
		if err := dk.kem.DecapsulateTo(ownSS, clone(ct)); err != nil {
			return err
		}
		copy(ss, ownSS)
	default:
		x25519.ScalarMult((*[x25519.Size]byte)(ss), &dk.x25519, (*[x25519.Size]byte)(ct))
		// Zero is what every scalar makes of a share of low order, and of no other.
		lowOrder := subtle.ConstantTimeCompare(ss, make([]byte, x25519.Size))
		//ct:declassify lowOrder: it depends on the share alone, which is public
		if lowOrder == 1 {
			return errLowOrder
		}
	}
	return nil
}

// destroy overwrites the secrets, except in a group's scalar, which is left to
// the garbage collector.
func (dk *privatePart) destroy() {
	if dk.mlkem != nil {
		dk.mlkem.Destroy()
	}
	if dk.kem != nil {
		dk.kem.Destroy()
	}
	*dk = privatePart{}
}
