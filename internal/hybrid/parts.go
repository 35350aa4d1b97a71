package hybrid

import (
	"crypto"
	"fmt"

	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// A PartsKey is the decapsulation key of a hybrid whose keys are made from private
// keys of its parts. It is a type of its own, because it lacks properties of a key
// from a seed. The function FromParts of package combiner says which.
type PartsKey DecapsulationKey

var partsTypes = KeyTypes{
	Private: func(dk any) (*DecapsulationKey, bool) {
		own, ok := dk.(*PartsKey)
		return own.hybrid(), ok
	},
	Public:    ownTypes.Public,
	AsPrivate: func(dk *DecapsulationKey) kem.DecapsulationKey { return (*PartsKey)(dk) },
	AsPublic:  ownTypes.AsPublic,
}

// WithKeysFromParts returns the hybrid that differs from h only in the form of its
// decapsulation keys. It is always the same one.
func (h *Hybrid) WithKeysFromParts() *Hybrid {
	if h.FromParts {
		return h
	}
	if h.withParts.Load() == nil {
		h.withParts.CompareAndSwap(nil, &Hybrid{
			Package: "combiner", ID: h.ID, PQ: h.PQ, T: h.T, Combiner: h.Combiner, Label: h.Label, TFirst: h.TFirst,
			FromParts: true,
		})
	}
	return h.withParts.Load()
}

// NewPartsKey makes a key of h, which must have FromParts, from the stored forms of
// the private keys of PQ and T. Its errors are those of Expand.
func (h *Hybrid) NewPartsKey(storedPQ, storedT []byte) (*PartsKey, error) {
	stored := make([]byte, h.SeedSize())
	defer clear(stored)
	toPQ, toT := h.split(stored, h.PQ.size.Private)
	for _, part := range []struct {
		to, from []byte
		name     string
	}{{toPQ, storedPQ, h.PQ.name}, {toT, storedT, h.T.name}} {
		if len(part.from) != len(part.to) {
			return nil, fault.Length(h.Package, "private key of "+part.name, part.from, len(part.to), "")
		}
		copy(part.to, part.from)
	}
	dk, err := h.Expand(stored)
	return (*PartsKey)(dk), err
}

// NewPartsKeyOf makes a key of h, which must have FromParts, from the parts of dk, a key
// of another hybrid with the same parts. Its errors are those of Expand and of a use
// of dk.
func (h *Hybrid) NewPartsKeyOf(dk *DecapsulationKey) (*PartsKey, error) {
	key, use, err := dk.begin()
	if err != nil {
		return nil, h.wrap(err)
	}
	defer key.public.uses.End(use)
	stored := key.stored(h)
	defer clear(stored)
	own, err := h.Expand(stored)
	return (*PartsKey)(own), err
}

// stored returns the stored form that the parts of the key have in h.
func (key *privateKey) stored(h *Hybrid) []byte {
	stored := make([]byte, h.SeedSize())
	pq, t := h.split(stored, h.PQ.size.Private)
	h.PQ.store(&key.secrets.pq, pq)
	h.T.store(&key.secrets.t, t)
	return stored
}

// store writes the stored form of a part's private key to b.
func (p *Part) store(dk *privatePart, b []byte) {
	switch p.kind {
	case kindMLKEM:
		dk.mlkem.AppendSeed(b[:0])
	case kindX25519:
		copy(b, dk.x25519[:])
	case kindExternal:
		dk.storeExternal(b)
	}
}

// inCombiner returns err, or instead of errNoKey an error of the package in which callers
// find PartsKey.
func inCombiner(err error) error {
	if err == errNoKey {
		return fault.In("combiner", err)
	}
	return err
}

func (dk *PartsKey) hybrid() *DecapsulationKey { return (*DecapsulationKey)(dk) }

// KEM returns the hybrid of the key, or nil if dk is nil or a zero value.
func (dk *PartsKey) KEM() kem.KEM { return dk.hybrid().KEM() }

// Bytes returns the private keys of the parts, one after the other, in the order of the
// encapsulation key. It returns nil after Destroy and if dk is nil or a zero value.
func (dk *PartsKey) Bytes() []byte { return dk.hybrid().Bytes() }

// Decapsulate returns the shared key of a ciphertext, as [kem.Decapsulator] says.
func (dk *PartsKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey, err = dk.hybrid().Decapsulate(ciphertext)
	return sharedKey, inCombiner(err)
}

// DecapsulateTo is like Decapsulate, but writes to the caller's memory, as
// [kem.Decapsulator] says.
func (dk *PartsKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return inCombiner(dk.hybrid().DecapsulateTo(sharedKey, ciphertext))
}

// Encapsulator is PublicKey as a method of crypto.Decapsulator.
func (dk *PartsKey) Encapsulator() crypto.Encapsulator { return dk.hybrid().Encapsulator() }

// PublicKey returns the encapsulation key.
func (dk *PartsKey) PublicKey() kem.EncapsulationKey { return dk.hybrid().PublicKey() }

// Equal reports whether x is the same key of the same hybrid. Its time does not
// depend on the secrets. A key that is destroyed, nil or a zero value equals none.
func (dk *PartsKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*PartsKey)
	return ok && dk.hybrid().Equal(other.hybrid())
}

// Reset puts the key with the given stored form in the place of dk. See package kem.
func (dk *PartsKey) Reset(stored []byte) error { return inCombiner(dk.hybrid().Reset(stored)) }

// Regenerate is Reset with random keys of the parts.
func (dk *PartsKey) Regenerate() error { return inCombiner(dk.hybrid().Regenerate()) }

// Destroy overwrites the secrets of the key and all its copies, as [kem.Decapsulator] says.
func (dk *PartsKey) Destroy() { dk.hybrid().Destroy() }

// Destroyed reports whether Destroy has been called, or a copy has been reset.
func (dk *PartsKey) Destroyed() bool { return dk.hybrid().Destroyed() }

// Format prints the names of the type and the KEM for every verb.
func (dk PartsKey) Format(s fmt.State, _ rune) {
	secret.Print(s, "hybrid.PartsKey", DecapsulationKey(dk).name())
}

// MarshalJSON returns an error, because the key is secret.
func (dk PartsKey) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("hybrid.PartsKey", DecapsulationKey(dk).name())
}
