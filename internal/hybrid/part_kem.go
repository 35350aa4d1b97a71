package hybrid

import (
	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// KEMPart returns k as an external part. It takes any kem.KEM. The constructors of
// keys return errors if k returns neither a key nor an error, or if an encoded key
// has another size than k said. A panic of k passes through.
func KEMPart(k kem.KEM) *Part {
	size := Sizes{
		Seed: k.SeedSize(), Private: k.SeedSize(), EncapsulationKey: k.EncapsulationKeySize(), Ciphertext: k.CiphertextSize(),
		SharedKey: k.SharedKeySize(),
	}
	if d, ok := k.(derand.KEM); ok {
		size.Random = d.RandomSize()
	}
	p := ExternalPart(k.Name(), externalKEM{k, size.EncapsulationKey}, size)
	p.levels = 1 + Levels(k)
	p.hybrid, _ = k.(*Hybrid)
	return &p
}

// Levels returns how deep calls of secret.DoFar nest in an operation on k: 0 unless it is a hybrid.
func Levels(k kem.KEM) int {
	if h, ok := k.(*Hybrid); ok {
		return h.levels()
	}
	return 0
}

// An externalKEM is a kem.KEM as an External. Its decapsulation keys are those of
// the KEM, since a kem.DecapsulationKey is an ExternalPrivateKey.
type externalKEM struct {
	kem     kem.KEM
	keySize int // of encoded encapsulation keys, as the KEM gave it at first
}

// NewPrivateKey expands a key pair from a seed, which is also the stored form. The
// public key is parsed anew from its encoding, so that encapsulation uses the key that
// others see.
//
// It returns kem.ErrNoKey if the KEM returns neither a key nor an error, and
// kem.ErrLength if the encoded key does not have the size that the KEM gives.
func (x externalKEM) NewPrivateKey(seed []byte, _ bool) (ExternalPrivateKey, ExternalPublicKey, []byte, error) {
	dk, err := x.kem.NewDecapsulationKey(seed)
	if err != nil {
		return nil, nil, nil, err // dk may be a nil pointer.
	}
	if dk == nil {
		return nil, nil, nil, fault.New("", kem.ErrNoKey, "%s gives no decapsulation key and no error", x.kem.Name())
	}
	var ek ExternalPublicKey
	var encoded []byte
	err = secret.OrDestroy(dk, func() (err error) {
		public := dk.PublicKey()
		if public == nil {
			return fault.New("", kem.ErrNoKey, "%s gives no encapsulation key and no error", x.kem.Name())
		}
		encoded = clone(public.Bytes())
		if want := x.keySize; len(encoded) != want {
			return fault.New("", kem.ErrLength, "an encapsulation key of %s has %d bytes, want %d", x.kem.Name(), len(encoded), want)
		}
		ek, err = x.NewPublicKey(clone(encoded))
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return dk, ek, encoded, nil
}

// NewPublicKey parses an encapsulation key. It returns kem.ErrNoKey if the KEM
// returns neither a key nor an error.
func (x externalKEM) NewPublicKey(b []byte) (ExternalPublicKey, error) {
	ek, err := x.kem.NewEncapsulationKey(b)
	if err != nil {
		return nil, err
	}
	if ek == nil {
		return nil, fault.New("", kem.ErrNoKey, "%s gives no encapsulation key and no error", x.kem.Name())
	}
	return externalKEMKey{x.kem, ek}, nil
}

// An externalKEMKey is the encapsulation key of an externalKEM.
type externalKEMKey struct {
	kem kem.KEM
	ek  kem.EncapsulationKey
}

// Encapsulate uses the given randomness if there is any. This is the case for
// KEMs of this module, so that a hybrid draws the randomness of all its parts at
// once, and known answers reach nested hybrids. Other KEMs draw their own.
func (k externalKEMKey) Encapsulate(sharedKey, ciphertext, random []byte) error {
	if d, ok := k.kem.(derand.KEM); ok && len(random) > 0 {
		return d.EncapsulateDerand(k.ek, sharedKey, ciphertext, derand.From(random))
	}
	return k.ek.EncapsulateTo(sharedKey, ciphertext)
}
