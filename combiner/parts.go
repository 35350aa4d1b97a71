package combiner

import (
	"crypto"
	"crypto/ecdh"
	"fmt"

	"hybridkem/internal/fault"
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
)

// A PartsKey is a decapsulation key that is made from private keys of the parts. It is a
// [kem.DecapsulationKey] whose Bytes are these keys, one after the other, and it has the
// methods Reset and Regenerate. [FromParts] says what such a key lacks.
type PartsKey = hybrid.PartsKey

// FromParts returns the KEM that differs from k only in the form of its decapsulation keys,
// which are of the type *[PartsKey]. Names, encapsulation keys, ciphertexts and shared keys
// are those of k. If k has such decapsulation keys already, as the KEMs of
// hybridkem/combiner/composite have, FromParts returns k.
//
// The form is the private keys of the parts, one after the other, in the order in which the
// encapsulation key has the public ones. For ML-KEM and other KEMs, the private key is the
// seed. For a group, it is the scalar: 32 bytes with X25519, and with P-256, P-384 and P-521 a
// big-endian number of 32, 48 and 66 bytes. Package composite has another form. The SeedSize of
// the KEM is the size of all that. GenerateKey makes the keys of the parts independently.
// NewDecapsulationKey returns [kem.ErrPrivateKey] for a number that is no scalar of the curve.
//
// Package keyfile does not write the encapsulation keys of the new KEM. NewEncapsulationKey of k
// takes their Bytes, and package keyfile writes what it returns, if it writes keys of k.
//
// It is for keys that were made elsewhere, in hardware or for a standard without seeds. Others
// should use k itself, because keys from parts lack what a seed gives:
//
//   - Shared keys bind encapsulation keys and ciphertexts only if the keys were made honestly:
//     LEAK-BIND instead of MAL-BIND (draft-irtf-cfrg-hybrid-kems-12, section 5.2). For
//     example, two keys of [CG] with the same z and the same scalar, but different d, reject a
//     ciphertext with the same shared key.
//   - Nothing keeps a part from other uses. It must have none: one use can reveal what another
//     one protects.
//
// It returns [kem.ErrUnsupported] if k is not a hybrid of this module.
func FromParts(k kem.KEM) (kem.KEM, error) {
	h, err := fromParts(k)
	return fault.OrNil[kem.KEM](h, err)
}

func fromParts(k kem.KEM) (*hybrid.Hybrid, error) {
	if isNil(k) {
		return nil, fault.New("combiner", kem.ErrUnsupported, "the KEM is nil")
	}
	if h, ok := k.(*hybrid.Hybrid); ok {
		return h.WithKeysFromParts(), nil
	}
	return nil, fault.New("combiner", kem.ErrUnsupported, "%s is not a hybrid of this module", k.Name())
}

// NewPartsKey makes a decapsulation key of [FromParts] of k from private keys of the parts: pq
// is a [kem.DecapsulationKey], and t is one, too, or for a group a *[ecdh.PrivateKey]. Neither
// is needed afterwards.
//
// It returns [kem.ErrOtherKEM] if a key is of another KEM or curve than the part, [kem.ErrNoKey]
// if it is nil or a zero value, [kem.ErrDestroyed] if it has been destroyed, and
// [kem.ErrUnsupported] if it is of another type or k is not a hybrid of this module. It also
// returns the errors of NewDecapsulationKey.
func NewPartsKey(k kem.KEM, pq, t crypto.PrivateKey) (*PartsKey, error) {
	h, err := fromParts(k)
	if err != nil {
		return nil, err
	}
	storedPQ, err := stored(h.PQ, pq)
	defer clear(storedPQ)
	if err != nil {
		return nil, err
	}
	storedT, err := stored(h.T, t)
	defer clear(storedT)
	if err != nil {
		return nil, err
	}
	return h.NewPartsKey(storedPQ, storedT)
}

// stored returns the stored form of a private key of the part p.
func stored(p *hybrid.Part, key crypto.PrivateKey) ([]byte, error) {
	if isNil(key) {
		return nil, errNoPart(p)
	}
	other := func(name string) error {
		what := "KEM"
		if p.IsGroup() {
			what = "group"
		}
		return fault.New("combiner", kem.ErrOtherKEM, "the private key is of %s, want one of the %s %s", name, what, p.Name())
	}
	switch key := key.(type) {
	case kem.DecapsulationKey:
		if key.KEM() == nil || key.PublicKey() == nil {
			return nil, errNoPart(p)
		}
		switch name := key.KEM().Name(); {
		case kem.KeysFromParts(key.KEM()):
			return nil, other(name + " and made from parts")
		case p.IsGroup() || name != p.Name():
			return nil, other(name)
		}
		if seed := key.Bytes(); seed != nil {
			return seed, nil
		}
		return nil, fault.New("combiner", kem.ErrDestroyed, "the private key of %s has been destroyed", p.Name())
	case *ecdh.PrivateKey:
		if key.Curve() == nil {
			return nil, errNoPart(p)
		}
		if name := fmt.Sprint(key.Curve()); !p.IsGroup() || name != p.Name() {
			return nil, other(name)
		}
		return nist.Stored(p, key), nil
	}
	return nil, fault.New("combiner", kem.ErrUnsupported, "the private key of %s is a %T, want a kem.DecapsulationKey or an *ecdh.PrivateKey", p.Name(), key)
}

func errNoPart(p *hybrid.Part) error {
	return fault.New("combiner", kem.ErrNoKey, "the private key of %s is nil or a zero value", p.Name())
}
