package hybrid

import (
	"crypto/subtle"

	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
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
	name   string
	params *internal.Params // set for ML-KEM
	group  Group            // set for a group
	kem    kem.KEM          // set for any KEM; X25519 has none of the three

	seedSize, encapsulationKeySize, ciphertextSize, sharedKeySize int
	randomSize                                                    int // 0 for a KEM that draws its own
}

// The parts that this package knows.
var (
	MLKEM512  = mlkemPart("ML-KEM-512", &internal.MLKEM512)
	MLKEM768  = mlkemPart("ML-KEM-768", &internal.MLKEM768)
	MLKEM1024 = mlkemPart("ML-KEM-1024", &internal.MLKEM1024)
	X25519    = Part{
		name:     "X25519",
		seedSize: x25519.Size, encapsulationKeySize: x25519.Size, ciphertextSize: x25519.Size,
		sharedKeySize: x25519.Size, randomSize: x25519.Size,
	}
)

func mlkemPart(name string, p *internal.Params) Part {
	return Part{
		name: name, params: p, seedSize: mlkem.SeedSize, encapsulationKeySize: p.EncapsulationKeySize(),
		ciphertextSize: p.CiphertextSize(), sharedKeySize: mlkem.SharedKeySize, randomSize: 32,
	}
}

// A Group is a nominal group of draft-irtf-cfrg-hybrid-kems.
type Group interface {
	// NewScalar implements RandomScalar. It may fail for a negligible part of
	// all seeds.
	NewScalar(seed []byte) (Scalar, error)
	// NewElement parses an element and reports whether b is one.
	NewElement(b []byte) (Element, bool)
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

// GroupPart returns a group as a part, with its name and the sizes of seeds, elements and
// shared secrets.
func GroupPart(name string, g Group, seedSize, elementSize, sharedSecretSize int) Part {
	return Part{
		name: name, group: g, seedSize: seedSize, encapsulationKeySize: elementSize,
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
		name: k.Name(), kem: k, seedSize: k.SeedSize(), encapsulationKeySize: k.EncapsulationKeySize(),
		ciphertextSize: k.CiphertextSize(), sharedKeySize: k.SharedKeySize(),
	}
	if d, ok := k.(derand.KEM); ok {
		p.randomSize = d.RandomSize()
	}
	return p
}

// same reports whether p and x are the same, by their names if they are not of this package.
func (p *Part) same(x *Part) bool {
	own, ok1 := p.kem.(*Hybrid)
	other, ok2 := x.kem.(*Hybrid)
	if ok1 && ok2 {
		return own.same(other)
	}
	return p.name == x.name
}

// mayFail reports whether encapsulation to a key that was accepted can return an
// error.
func (p *Part) mayFail() bool { return p.group != nil || p.kem != nil }

var (
	errModulus  = fault.New("", kem.ErrEncapsulationKey, "encapsulation key has an ML-KEM coefficient that is not below q")
	errLowOrder = fault.New("", kem.ErrLowOrder, "X25519 share has low order")
)

// A publicPart is the encapsulation key of a part. Foreign code is given copies of
// bytes only.
type publicPart struct {
	mlkem   *internal.EncapsulationKey
	x25519  [x25519.Size]byte
	element Element
	kem     kem.EncapsulationKey
	encoded []byte // nil for ML-KEM before keepEncoding
}

// keepEncoding makes ek.encoded.
func (ek *publicPart) keepEncoding() {
	if ek.mlkem != nil {
		ek.encoded = ek.mlkem.AppendBytes(nil)
	}
}

// encode writes the encoded key to b, of the right length.
func (ek *publicPart) encode(b []byte) {
	if ek.mlkem != nil {
		ek.mlkem.AppendBytes(b[:0])
		return
	}
	copy(b, ek.encoded)
}

// A privatePart is the decapsulation key of a part.
type privatePart struct {
	mlkem  *internal.DecapsulationKey
	x25519 [x25519.Size]byte
	scalar Scalar
	kem    kem.DecapsulationKey
}

// newPublicKey parses and checks b, of the right length. ek may hold the memory for a key of
// ML-KEM.
func (p *Part) newPublicKey(ek *publicPart, b []byte) (err error) {
	switch {
	case p.params != nil:
		if ek.mlkem == nil {
			_, ek.mlkem = internal.NewEncapsulationKey[struct{}](p.params)
		}
		if !ek.mlkem.Parse(b) {
			return errModulus
		}
	case p.group != nil:
		element, ok := p.group.NewElement(clone(b))
		if !ok {
			return fault.New("", kem.ErrEncapsulationKey, "share in the encapsulation key is not an uncompressed point of %s", p.name)
		}
		ek.element = element
		ek.encoded = clone(b)
	case p.kem != nil:
		if ek.kem, err = p.parseKEM(b); err != nil {
			return err
		}
		ek.encoded = clone(b)
	default:
		ek.x25519 = [x25519.Size]byte(b)
		ek.encoded = ek.x25519[:]
		if x25519.IsLowOrder(&ek.x25519) {
			return errLowOrder
		}
	}
	return nil
}

// parseKEM is newPublicKey for a KEM that is not of this package.
func (p *Part) parseKEM(b []byte) (kem.EncapsulationKey, error) {
	ek, err := p.kem.NewEncapsulationKey(clone(b))
	if err != nil {
		return nil, err
	}
	if ek == nil {
		return nil, fault.New("", kem.ErrNoKey, "%s gives no encapsulation key and no error", p.name)
	}
	return ek, nil
}

// newPrivateKey expands seed, of the right length. dk and ek may hold the memory for keys of
// ML-KEM.
func (p *Part) newPrivateKey(dk *privatePart, ek *publicPart, seed []byte) (err error) {
	switch {
	case p.params != nil:
		if dk.mlkem == nil {
			_, dk.mlkem, ek.mlkem = internal.NewKeyPair[struct{}](p.params)
		}
		dk.mlkem.Generate((*[mlkem.SeedSize]byte)(seed))
	case p.group != nil:
		copied := clone(seed)
		defer clear(copied)
		scalar, err := p.group.NewScalar(copied)
		if err != nil {
			return err
		}
		dk.scalar = scalar
		ek.element = scalar.Element()
		ek.encoded = ek.element.Bytes()
	case p.kem != nil:
		copied := clone(seed)
		defer clear(copied)
		key, err := p.kem.NewDecapsulationKey(copied)
		if err != nil {
			return err // The key beside it may be a nil pointer.
		}
		if key == nil {
			return fault.New("", kem.ErrNoKey, "%s gives no decapsulation key and no error", p.name)
		}
		dk.kem = key
		public := key.PublicKey()
		if public == nil {
			return fault.New("", kem.ErrNoKey, "%s gives no encapsulation key and no error", p.name)
		}
		ek.encoded = clone(public.Bytes())
		if len(ek.encoded) != p.encapsulationKeySize {
			return fault.New("", kem.ErrLength, "an encapsulation key of %s has %d bytes, want %d", p.name, len(ek.encoded), p.encapsulationKeySize)
		}
		if ek.kem, err = p.parseKEM(ek.encoded); err != nil {
			return err
		}
	default:
		dk.x25519 = [x25519.Size]byte(seed)
		x25519.ScalarBaseMult(&ek.x25519, &dk.x25519)
		//ct:declassify ek.x25519: it is a part of the encapsulation key, which is published
		ek.encoded = ek.x25519[:]
	}
	//ct:declassify ek.encoded[:]: it is a part of the encapsulation key
	return nil
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
	//ct:declassify ct[:]: it is sent
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
		share, ok := p.group.NewElement(clone(ct))
		if !ok {
			return fault.New("", kem.ErrCiphertext, "share in the ciphertext is not an uncompressed point of %s", p.name)
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

// overwrite overwrites the secrets, except in a group's scalar, which is left to
// the garbage collector, and in the key of a KEM.
func (dk *privatePart) overwrite() {
	if dk.mlkem != nil {
		dk.mlkem.Overwrite()
	}
	*dk = privatePart{}
}
