package hybrid

import (
	"bytes"
	"crypto"
	"crypto/subtle"
	"fmt"

	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
)

// An EncapsulationKey is the encapsulation key of a hybrid. The zero value is no
// key.
type EncapsulationKey struct{ key *publicKey }

// A publicKey is the memory of an encapsulation key. Handles point to it, and so
// does the privateKey of a key pair, which needs the encoded key of T for the
// combiner. It does not change once it is made.
type publicKey struct {
	hybrid *Hybrid
	pq, t  publicPart
}

// A DecapsulationKey is the decapsulation key of a hybrid. Copies share the key,
// and the zero value is no key.
type DecapsulationKey struct {
	key *privateKey
	ek  *EncapsulationKey
}

// A privateKey is the memory of a decapsulation key. The secrets are behind one
// more pointer, because fmt prints what a field that is not exported points to,
// and no method can prevent it.
type privateKey struct {
	uses    secret.Uses
	public  *publicKey // not taken from DecapsulationKey.ek, which the caller may overwrite
	secrets *secrets
}

// The secrets of a decapsulation key.
type secrets struct {
	seed  [SeedSize]byte
	pq, t privatePart
}

// Overwrite overwrites the secrets, and destroys the keys of external parts.
// These come last, because their Destroy may panic.
func (s *secrets) Overwrite() {
	pq, t := s.pq.external, s.t.external
	clear(s.seed[:])
	s.pq.overwrite()
	s.t.overwrite()
	if t != nil {
		defer t.Destroy()
	}
	if pq != nil {
		pq.Destroy()
	}
}

// A keyPair is the memory of a key pair. The handles dk and ek are what callers
// get pointers to. If PQ is ML-KEM, the key pair of PQ follows in the same
// allocation.
type keyPair struct {
	dk      DecapsulationKey
	ek      EncapsulationKey
	public  publicKey
	private privateKey
	secrets secrets
}

// newKeyPair allocates a key pair and sets its pointers. The key pair must still
// be expanded.
func (h *Hybrid) newKeyPair() (p *keyPair) {
	if h.PQ.kind == kindMLKEM {
		pair, dk, ek := mlkem.NewKeyPair[keyPair](h.PQ.params)
		pair.secrets.pq.mlkem, pair.public.pq.mlkem = dk, ek
		p = pair
	} else {
		p = new(keyPair)
	}
	p.public.hybrid = h
	p.private.public, p.private.secrets = &p.public, &p.secrets
	p.private.uses.Init(&p.secrets)
	p.ek = EncapsulationKey{&p.public}
	p.dk = DecapsulationKey{&p.private, &p.ek}
	return p
}

// Making and parsing keys. The methods of kem.KEM wrap those that return the
// concrete types.

// GenerateKey is Generate as a method of kem.KEM.
func (h *Hybrid) GenerateKey() (kem.DecapsulationKey, error) {
	return fault.OrNil[kem.DecapsulationKey](h.Generate())
}

// NewDecapsulationKey is Expand as a method of kem.KEM.
func (h *Hybrid) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	return fault.OrNil[kem.DecapsulationKey](h.Expand(seed))
}

// NewEncapsulationKey is Parse as a method of kem.KEM.
func (h *Hybrid) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	return fault.OrNil[kem.EncapsulationKey](h.Parse(b))
}

// Generate expands a key from a random seed. It returns kem.ErrFIPS with
// GODEBUG=fips140=only, kem.ErrKeyPair if the key fails its test in FIPS 140-3
// mode, kem.ErrSeed with P-256 and P-384 for fewer than one seed in 2^128, and the
// error of a part outside this module.
func (h *Hybrid) Generate() (*DecapsulationKey, error) {
	dk, err := h.expandKey(secret.Random)
	if err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(h.Package, dk); err != nil {
		return nil, err
	}
	return dk, nil
}

// Expand expands a key from a seed of SeedSize bytes. It returns kem.ErrLength
// for another size, and the errors of Generate, except for kem.ErrKeyPair.
func (h *Hybrid) Expand(seed []byte) (*DecapsulationKey, error) {
	if len(seed) != SeedSize {
		hint := ""
		if len(seed) == h.PQ.size.Seed {
			hint = ": that is the length of a seed of " + h.PQ.name
		}
		return nil, fault.Length(h.Package, "seed", seed, SeedSize, hint)
	}
	return h.expandKey(func(b []byte) { copy(b, seed) })
}

// expandKey expands a key from the seed that fill writes. With an error, or if a
// part panics, it leaves no secrets in memory.
func (h *Hybrid) expandKey(fill func(seed []byte)) (*DecapsulationKey, error) {
	if err := fips.Check(h.Package); err != nil {
		return nil, err
	}
	pair := h.newKeyPair()
	err := secret.OrDestroy(&pair.dk, func() (err error) {
		h.do(func() {
			fill(pair.secrets.seed[:])
			err = pair.expand()
		})
		return err
	})
	if err != nil {
		return nil, h.wrap(err)
	}
	return &pair.dk, nil
}

// expand makes the keys of the parts from the hybrid's seed, which expands to
// PQ's seed and then T's.
func (p *keyPair) expand() error {
	h := p.public.hybrid
	var buf [usualSeedSize]byte
	expanded := sized(buf[:], h.PQ.size.Seed+h.T.size.Seed)
	defer clear(expanded)
	sha3.SHAKE256(expanded, p.secrets.seed[:])

	if err := h.PQ.newPrivateKey(&p.secrets.pq, &p.public.pq, expanded[:h.PQ.size.Seed]); err != nil {
		return err
	}
	if err := h.T.newPrivateKey(&p.secrets.t, &p.public.t, expanded[h.PQ.size.Seed:]); err != nil {
		return err
	}
	p.public.keepEncodings()
	return nil
}

// newPrivateKey expands the key pair of a part from seed, which has the part's
// size. Only external parts return errors: every seed is a seed of ML-KEM and of
// X25519.
func (p *Part) newPrivateKey(dk *privatePart, ek *publicPart, seed []byte) (err error) {
	switch p.kind {
	case kindMLKEM:
		p.newMLKEM(dk, ek, (*[mlkemSeedSize]byte)(seed))
	case kindX25519:
		newX25519(dk, ek, (*[x25519.Size]byte)(seed))
	case kindExternal:
		err = p.newExternal(dk, ek, seed)
	}
	//ct:declassify ek.encoded[:]: it is a part of the encapsulation key
	return err
}

// Parse parses an encapsulation key of EncapsulationKeySize bytes. It returns
// kem.ErrLength for another size, kem.ErrEncapsulationKey for an ML-KEM
// coefficient that is not below q or a share that is no point of its curve,
// kem.ErrLowOrder for an X25519 share of low order, kem.ErrFIPS with
// GODEBUG=fips140=only, and the error of a part outside this module.
func (h *Hybrid) Parse(b []byte) (*EncapsulationKey, error) {
	if len(b) != h.EncapsulationKeySize() {
		return nil, fault.Length(h.Package, "encapsulation key", b, h.EncapsulationKeySize(), "")
	}
	if err := fips.Check(h.Package); err != nil {
		return nil, err
	}
	ek := h.newEncapsulationKey()
	ekPQ, ekT := h.split(b, h.PQ.size.EncapsulationKey)
	// The check of T costs less than the expansion of PQ, and so comes first.
	if err := h.T.newPublicKey(&ek.key.t, ekT); err != nil {
		return nil, h.wrap(err)
	}
	if err := h.PQ.newPublicKey(&ek.key.pq, ekPQ); err != nil {
		return nil, h.wrap(err)
	}
	ek.key.keepEncodings()
	return ek, nil
}

// newEncapsulationKey allocates an encapsulation key. If PQ is ML-KEM, its key is
// in the same allocation.
func (h *Hybrid) newEncapsulationKey() *EncapsulationKey {
	type memory struct {
		ek     EncapsulationKey
		public publicKey
	}
	var m *memory
	if h.PQ.kind == kindMLKEM {
		head, ek := mlkem.NewEncapsulationKey[memory](h.PQ.params)
		head.public.pq.mlkem = ek
		m = head
	} else {
		m = new(memory)
	}
	m.public.hybrid = h
	m.ek.key = &m.public
	return &m.ek
}

// newPublicKey parses and checks the encapsulation key of a part. b has the
// part's size. It returns errModulus for ML-KEM, errLowOrder for X25519, and the
// errors of external parts.
func (p *Part) newPublicKey(ek *publicPart, b []byte) error {
	switch p.kind {
	case kindMLKEM:
		return p.parseMLKEM(ek, b)
	case kindX25519:
		return ek.parseX25519((*[x25519.Size]byte)(b))
	case kindExternal:
		return p.parseExternal(ek, b)
	}
	return nil
}

// keepEncodings makes the encodings that the combiner hashes. Other encodings are
// made each time that Bytes is called.
func (ek *publicKey) keepEncodings() {
	if ek.hybrid.Combiner == UniversalCombiner {
		ek.pq.keepEncoding()
	}
	ek.t.keepEncoding()
}

// Methods of encapsulation keys. Encapsulate and EncapsulateTo are in hybrid.go.

// KEM returns the hybrid of the key, or nil if ek is nil or a zero value.
func (ek *EncapsulationKey) KEM() kem.KEM {
	if key := ek.public(); key != nil {
		return key.hybrid
	}
	return nil
}

// Bytes returns the encoded key, or nil if ek is nil or a zero value.
func (ek *EncapsulationKey) Bytes() []byte {
	key := ek.public()
	if key == nil {
		return nil
	}
	h := key.hybrid
	encoded := make([]byte, h.EncapsulationKeySize())
	pq, t := h.split(encoded, h.PQ.size.EncapsulationKey)
	key.pq.encode(pq)
	key.t.encode(t)
	return encoded
}

// Equal reports whether x is the same key of the same hybrid. A key that is nil
// or a zero value equals none.
func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	return ok && ek.public() != nil && other.public() != nil && ek.key.hybrid.equal(other.key.hybrid) &&
		bytes.Equal(ek.Bytes(), other.Bytes())
}

// Methods of decapsulation keys. Decapsulate and DecapsulateTo are in hybrid.go.

// KEM returns the hybrid of the key, or nil if dk is nil or a zero value.
func (dk *DecapsulationKey) KEM() kem.KEM {
	if dk == nil || dk.key == nil {
		return nil
	}
	return dk.hybrid()
}

// EncapsulationKey returns the encapsulation key, or nil if dk is nil or a zero
// value.
func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey {
	if dk == nil {
		return nil
	}
	return dk.ek
}

// Encapsulator is PublicKey as a method of crypto.Decapsulator.
func (dk *DecapsulationKey) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

// PublicKey is EncapsulationKey as a method of kem.DecapsulationKey.
func (dk *DecapsulationKey) PublicKey() kem.EncapsulationKey {
	if ek := dk.EncapsulationKey(); ek != nil {
		return ek
	}
	return nil
}

// Bytes returns the seed, or nil after Destroy and if dk is nil or a zero value.
func (dk *DecapsulationKey) Bytes() []byte {
	key, use, err := dk.begin()
	if err != nil {
		return nil
	}
	defer key.uses.End(use)
	return clone(key.secrets.seed[:])
}

// Equal reports whether x is the same key of the same hybrid. Its time does not
// depend on the seeds. A key that is destroyed, nil or a zero value equals none.
func (dk *DecapsulationKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey)
	if !ok {
		return false
	}
	key, use, err := dk.begin()
	if err != nil {
		return false
	}
	defer key.uses.End(use)
	otherKey, otherUse, err := other.begin()
	if err != nil {
		return false
	}
	defer otherKey.uses.End(otherUse)
	ek, otherEK := EncapsulationKey{key.public}, EncapsulationKey{otherKey.public}
	return ek.Equal(&otherEK) && subtle.ConstantTimeCompare(key.secrets.seed[:], otherKey.secrets.seed[:]) == 1
}

// Destroy overwrites the secrets of the key and all its copies. If operations are
// in progress, the last of them does it.
func (dk *DecapsulationKey) Destroy() {
	if dk != nil && dk.key != nil {
		dk.key.uses.Destroy()
	}
}

// Destroyed reports whether Destroy has been called.
func (dk *DecapsulationKey) Destroyed() bool {
	return dk != nil && dk.key != nil && dk.key.uses.Destroyed()
}

// Format prints the names of the type and the KEM for every verb.
func (dk DecapsulationKey) Format(s fmt.State, _ rune) {
	secret.Print(s, "hybrid.DecapsulationKey", dk.name())
}

// MarshalJSON returns an error, because the key is secret.
func (dk DecapsulationKey) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("hybrid.DecapsulationKey", dk.name())
}

// name returns the name of the KEM, or "" if dk is a zero value.
func (dk DecapsulationKey) name() string {
	if dk.key == nil {
		return ""
	}
	return dk.hybrid().ID
}
