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

// An EncapsulationKey is the encapsulation key of a hybrid. Copies are the same key,
// and the zero value is no key.
type EncapsulationKey struct{ handle secret.Handle[publicKey] }

// A publicKey is the memory of an encapsulation key, or the half of a key pair that
// encapsulation keys point to. The combiner needs it also for decapsulation. It
// changes only in a reset. The uses are those of the whole key pair, if there is one.
type publicKey struct {
	uses   secret.Uses
	hybrid *Hybrid
	pq, t  publicPart
}

// A DecapsulationKey is the decapsulation key of a hybrid. Copies are the same key,
// and the zero value is no key.
type DecapsulationKey struct{ handle secret.Handle[privateKey] }

// A privateKey is the memory of a key pair. The secrets are behind one more
// pointer, because fmt prints what a field that is not exported points to,
// and no method can prevent it.
type privateKey struct {
	public  publicKey
	secrets *secrets
}

// The secrets of a decapsulation key. A key from parts has no seed.
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

// A keyPair is a key pair and a handle, which is what callers get a pointer to. If
// PQ is ML-KEM, the key pair of PQ follows in the same allocation.
type keyPair struct {
	dk       DecapsulationKey
	private  privateKey
	secrets  secrets
	counters secret.Counters
}

// newKeyPair allocates a key pair and sets its pointers. The key pair must still
// be expanded.
func (h *Hybrid) newKeyPair() *DecapsulationKey {
	var p *keyPair
	if h.PQ.kind == kindMLKEM {
		pair, dk, ek := mlkem.NewKeyPair[keyPair](h.PQ.params)
		pair.secrets.pq.mlkem, pair.private.public.pq.mlkem = dk, ek
		p = pair
	} else {
		p = new(keyPair)
	}
	p.private.public.hybrid, p.private.secrets = h, &p.secrets
	p.dk.handle = secret.NewHandle(&p.private, p.private.public.uses.Init(&p.secrets, p.counters[:]))
	return &p.dk
}

// KeyTypes are the types of the keys that callers have. Its functions convert
// keys. Those from callers report false for keys of other types.
type KeyTypes struct {
	Private   func(dk any) (*DecapsulationKey, bool)
	Public    func(ek any) (*EncapsulationKey, bool)
	AsPrivate func(dk *DecapsulationKey) kem.DecapsulationKey
	AsPublic  func(ek *EncapsulationKey) kem.EncapsulationKey
}

var ownTypes = KeyTypes{
	func(dk any) (own *DecapsulationKey, ok bool) { own, ok = dk.(*DecapsulationKey); return },
	func(ek any) (own *EncapsulationKey, ok bool) { own, ok = ek.(*EncapsulationKey); return },
	func(dk *DecapsulationKey) kem.DecapsulationKey { return dk },
	func(ek *EncapsulationKey) kem.EncapsulationKey { return ek },
}

func (h *Hybrid) types() *KeyTypes {
	switch {
	case h.Types != nil:
		return h.Types
	case h.FromParts:
		return &partsTypes
	}
	return &ownTypes
}

// Making and parsing keys. The methods of kem.KEM wrap those that return the types
// of this package.

// GenerateKey is Generate as a method of kem.KEM.
func (h *Hybrid) GenerateKey() (kem.DecapsulationKey, error) {
	return h.asPrivate(h.Generate())
}

// NewDecapsulationKey is Expand as a method of kem.KEM.
func (h *Hybrid) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	return h.asPrivate(h.Expand(seed))
}

func (h *Hybrid) asPrivate(dk *DecapsulationKey, err error) (kem.DecapsulationKey, error) {
	if err != nil {
		return nil, err
	}
	return h.types().AsPrivate(dk), nil
}

// NewEncapsulationKey is Parse as a method of kem.KEM.
func (h *Hybrid) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	ek, err := h.Parse(b)
	if err != nil {
		return nil, err
	}
	return h.types().AsPublic(ek), nil
}

// Generate expands a key from a random seed, or from random seeds of the parts. It
// returns kem.ErrFIPS with GODEBUG=fips140=only, kem.ErrKeyPair if the key fails its
// test in FIPS 140-3 mode, kem.ErrSeed with NIST's curves for fewer than one seed in
// 2^128, and the error of a part outside this module.
func (h *Hybrid) Generate() (*DecapsulationKey, error) {
	dk, err := h.newKey(nil)
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
//
// For keys from parts, seed is the stored form of a key. Instead of kem.ErrSeed, it
// returns kem.ErrPrivateKey for a part that is no private key.
func (h *Hybrid) Expand(seed []byte) (*DecapsulationKey, error) {
	if err := h.checkSeed(seed); err != nil {
		return nil, err
	}
	return h.newKey(seed)
}

func (h *Hybrid) checkSeed(seed []byte) error {
	want, what := h.SeedSize(), "seed"
	if len(seed) == want {
		return nil
	}
	hint := ""
	switch len(seed) {
	case h.PQ.size.Seed:
		hint = ": that is the length of a seed of " + h.PQ.name
	case SeedSize:
		hint = ": that is the length of a seed of a hybrid, but this key is made from the private keys of its parts"
	}
	if h.FromParts {
		what = "private key of " + h.PQ.name + " and " + h.T.name
	}
	return fault.Length(h.Package, what, seed, want, hint)
}

// Regenerate is Generate into the memory of dk, a key of h or a zero value. It also
// returns kem.ErrInUse if the key is in use. With an error, except for
// kem.ErrKeyPair, the old key stays.
func (h *Hybrid) Regenerate(dk *DecapsulationKey) error {
	if err := h.reset(dk, nil); err != nil {
		return err
	}
	return fips.CheckGenerated(h.Package, dk)
}

// Reset is Expand into the memory of dk, and otherwise like Regenerate.
func (h *Hybrid) Reset(dk *DecapsulationKey, seed []byte) error {
	if err := h.checkSeed(seed); err != nil {
		return err
	}
	return h.reset(dk, seed)
}

// reset expands a key from seed, which is random if it is nil, into the memory of dk. If a part may fail, it
// makes a new key first, and then moves it. A zero value gets the memory of a new key.
func (h *Hybrid) reset(dk *DecapsulationKey, seed []byte) error {
	if dk == nil {
		return errNoKey
	}
	key := dk.private()
	if key != nil && !h.PQ.mayFail() && !h.T.mayFail() {
		return dk.expand(seed, false)
	}
	x, err := h.newKey(seed)
	if err != nil {
		return err
	}
	return h.in(secret.OrDestroy(x, func() error {
		if key == nil {
			return dk.handle.Set(&x.handle)
		}
		r, err := dk.beginReset()
		if err != nil {
			return err
		}
		from := x.private()
		key.public.pq, key.public.t = from.public.pq, from.public.t
		*key.secrets, *from.secrets = *from.secrets, secrets{}
		return r.End()
	}))
}

// in returns err as an error of the package of h, or nil if there is none.
func (h *Hybrid) in(err error) error {
	if err != nil {
		err = h.wrap(err)
	}
	return err
}

// newKey expands a key from seed, which is random if it is nil.
func (h *Hybrid) newKey(seed []byte) (*DecapsulationKey, error) {
	dk := h.newKeyPair()
	if err := dk.expand(seed, true); err != nil {
		return nil, err
	}
	return dk, nil
}

// expand expands a key from seed, which is random if it is nil, into the memory of dk. Nobody else
// has fresh memory. If a part returns an error or panics, it leaves no secrets in memory.
func (dk *DecapsulationKey) expand(seed []byte, fresh bool) (err error) {
	key := dk.private()
	h := key.public.hybrid
	if err := fips.Check(h.Package); err != nil {
		return err
	}
	h.do(func() {
		var buf [usualSeedSize]byte
		size := h.SeedSize()
		if h.FromParts && seed == nil {
			size = h.PQ.size.Seed + h.T.size.Seed
		}
		own := sized(buf[:], size)
		defer clear(own)
		if seed == nil {
			secret.Random(own) // It may panic, so the old key is still there.
		} else {
			copy(own, seed)
		}
		var r secret.Reset
		if !fresh {
			if r, err = dk.beginReset(); err != nil {
				return
			}
		}
		done := false
		defer func() {
			if !done {
				dk.Destroy()
				r.End() // It overwrites the secrets now.
			}
		}()
		if err = key.expand(own, seed != nil); err == nil {
			done, err = true, r.End()
		}
	})
	return h.in(err)
}

// beginReset begins a reset, which the caller must end. It has overwritten the old
// secrets. Its errors are of no package yet.
func (dk *DecapsulationKey) beginReset() (secret.Reset, error) {
	key := dk.private()
	return key.public.uses.BeginReset(&dk.handle.Generation)
}

// expand makes the keys of the parts from b: the hybrid's seed, which expands to
// PQ's seed and then T's. For keys from parts, b is their stored form, or else PQ's
// seed and then T's.
func (key *privateKey) expand(b []byte, stored bool) error {
	h := key.public.hybrid
	var buf [usualSeedSize]byte
	if !h.FromParts {
		key.secrets.seed = [SeedSize]byte(b)
		expanded := sized(buf[:], h.PQ.size.Seed+h.T.size.Seed)
		defer clear(expanded)
		sha3.SHAKE256(expanded, b)
		b, stored = expanded, false
	}
	pq, t := b[:h.PQ.size.Seed], b[h.PQ.size.Seed:]
	if stored {
		pq, t = h.split(b, h.PQ.size.Private)
	}
	if err := h.PQ.newPrivateKey(&key.secrets.pq, &key.public.pq, pq, stored); err != nil {
		return err
	}
	if err := h.T.newPrivateKey(&key.secrets.t, &key.public.t, t, stored); err != nil {
		return err
	}
	key.public.keepEncodings()
	return nil
}

// newPrivateKey makes the key pair of a part from b, its seed or the stored form of
// its private key, which has the part's size. For ML-KEM and X25519, the two are the
// same, and all bytes are a seed. So only external parts return errors.
func (p *Part) newPrivateKey(dk *privatePart, ek *publicPart, b []byte, stored bool) (err error) {
	switch p.kind {
	case kindMLKEM:
		p.newMLKEM(dk, ek, (*[mlkemSeedSize]byte)(b))
	case kindX25519:
		newX25519(dk, ek, (*[x25519.Size]byte)(b))
	case kindExternal:
		err = p.newExternal(dk, ek, b, stored)
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
	ek := h.newEncapsulationKey()
	if err := ek.parse(b, true); err != nil {
		return nil, err
	}
	return ek, nil
}

// ResetPublic is Parse into the memory of ek, a key of h or a zero value. It also
// returns kem.ErrInUse if the key is in use, or belongs to a decapsulation key. With
// an error, the old key stays.
//
// If an error can come after the first write, it makes a new key first, and then moves
// it. A zero value gets the memory of a new key.
func (h *Hybrid) ResetPublic(ek *EncapsulationKey, b []byte) error {
	if ek == nil {
		return errNoKey
	}
	key := ek.public()
	if key != nil && h.Together() {
		return ek.parse(b, false)
	}
	x, err := h.Parse(b)
	if err != nil {
		return err
	}
	if key == nil {
		return h.in(ek.handle.Set(&x.handle))
	}
	r, err := key.uses.BeginPublicReset(&ek.handle.Generation)
	if err != nil {
		return h.wrap(err)
	}
	key.pq, key.t = x.public().pq, x.public().t
	return h.in(r.End())
}

// parse parses a key into the memory of ek. Nobody else has fresh memory. If PQ is
// ML-KEM and T is X25519, it changes nothing if it returns an error.
func (ek *EncapsulationKey) parse(b []byte, fresh bool) (err error) {
	r, err := ek.beginParsing(b, fresh)
	if err != nil {
		return err
	}
	key := ek.public()
	h := key.hybrid
	if err := key.parse(b); err != nil {
		return h.wrap(err)
	}
	return h.in(r.End())
}

// beginParsing begins a reset to the encoded key b, unless the memory is fresh. It checks the length, whether
// keys may be made, and before a reset all that parse checks.
func (ek *EncapsulationKey) beginParsing(b []byte, fresh bool) (r secret.Reset, err error) {
	key := ek.public()
	h := key.hybrid
	if len(b) != h.EncapsulationKeySize() {
		return r, fault.Length(h.Package, "encapsulation key", b, h.EncapsulationKeySize(), "")
	}
	if err := fips.Check(h.Package); err != nil {
		return r, err
	}
	if fresh {
		return r, nil
	}
	if err := key.check(b); err != nil {
		return r, h.wrap(err)
	}
	r, err = key.uses.BeginPublicReset(&ek.handle.Generation)
	return r, h.in(err)
}

// check returns the error that parse would return, if PQ is ML-KEM and T is X25519.
func (key *publicKey) check(b []byte) error {
	ekPQ, ekT := key.hybrid.split(b, key.hybrid.PQ.size.EncapsulationKey)
	if x25519.IsLowOrder((*[x25519.Size]byte)(ekT)) {
		return errLowOrder
	}
	if !key.pq.mlkem.Valid(ekPQ) {
		return errModulus
	}
	return nil
}

func (key *publicKey) parse(b []byte) error {
	h := key.hybrid
	ekPQ, ekT := h.split(b, h.PQ.size.EncapsulationKey)
	// The check of T costs less than the expansion of PQ, and so comes first.
	if err := h.T.newPublicKey(&key.t, ekT); err != nil {
		return err
	}
	if err := h.PQ.newPublicKey(&key.pq, ekPQ); err != nil {
		return err
	}
	key.keepEncodings()
	return nil
}

// newEncapsulationKey allocates an encapsulation key. If PQ is ML-KEM, its key is
// in the same allocation.
func (h *Hybrid) newEncapsulationKey() *EncapsulationKey {
	type memory struct {
		ek       EncapsulationKey
		public   publicKey
		counters secret.PublicCounters
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
	m.ek.handle = secret.NewHandle(&m.public, m.public.uses.Init(nil, m.counters[:]))
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

// Bytes returns the encoded key, or nil if ek is nil or a zero value, and after a
// reset of the key.
func (ek *EncapsulationKey) Bytes() []byte {
	key, use, err := ek.begin()
	if err != nil {
		return nil
	}
	defer key.uses.End(use)
	return key.bytes()
}

func (key *publicKey) bytes() []byte {
	h := key.hybrid
	encoded := make([]byte, h.EncapsulationKeySize())
	pq, t := h.split(encoded, h.PQ.size.EncapsulationKey)
	key.pq.encode(pq)
	key.t.encode(t)
	return encoded
}

// Equal reports whether x is the same key of the same hybrid. A key that is nil,
// a zero value or reset equals none.
func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	if !ok {
		return false
	}
	key, use, err := ek.begin()
	if err != nil {
		return false
	}
	defer key.uses.End(use)
	otherKey, otherUse, err := other.begin()
	if err != nil {
		return false
	}
	defer otherKey.uses.End(otherUse)
	return key.equal(otherKey)
}

func (key *publicKey) equal(x *publicKey) bool {
	return key.hybrid.equal(x.hybrid) && bytes.Equal(key.bytes(), x.bytes())
}

// Reset parses another key into the memory of ek. See ResetPublic.
func (ek *EncapsulationKey) Reset(encapsulationKey []byte) error {
	if key := ek.public(); key != nil {
		return key.hybrid.ResetPublic(ek, encapsulationKey)
	}
	return errNoKey
}

// Methods of decapsulation keys. Decapsulate and DecapsulateTo are in hybrid.go.

// KEM returns the hybrid of the key, or nil if dk is nil or a zero value.
func (dk *DecapsulationKey) KEM() kem.KEM {
	if key := dk.private(); key != nil {
		return key.public.hybrid
	}
	return nil
}

// EncapsulationKey returns the encapsulation key, or nil if dk is nil or a zero
// value.
func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey {
	key := dk.private()
	if key == nil {
		return nil
	}
	return &EncapsulationKey{secret.NewHandle(&key.public, dk.handle.Generation.Load())}
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

// Bytes returns the seed, or the stored form of a key from parts. It returns nil after
// Destroy and if dk is nil or a zero value.
func (dk *DecapsulationKey) Bytes() []byte {
	key, use, err := dk.begin()
	if err != nil {
		return nil
	}
	defer key.public.uses.End(use)
	return key.bytes()
}

func (key *privateKey) bytes() []byte {
	if key.public.hybrid.FromParts {
		return key.stored(key.public.hybrid)
	}
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
	defer key.public.uses.End(use)
	otherKey, otherUse, err := other.begin()
	if err != nil {
		return false
	}
	defer otherKey.public.uses.End(otherUse)
	if !key.public.equal(&otherKey.public) {
		return false
	}
	own, others := key.bytes(), otherKey.bytes()
	defer clear(own)
	defer clear(others)
	return subtle.ConstantTimeCompare(own, others) == 1
}

// Reset expands another key into the memory of dk. See Hybrid.Reset.
func (dk *DecapsulationKey) Reset(seed []byte) error {
	if key := dk.private(); key != nil {
		return key.public.hybrid.Reset(dk, seed)
	}
	return errNoKey
}

// Regenerate is Reset with a random seed. See Hybrid.Regenerate.
func (dk *DecapsulationKey) Regenerate() error {
	if key := dk.private(); key != nil {
		return key.public.hybrid.Regenerate(dk)
	}
	return errNoKey
}

// Destroy overwrites the secrets of the key and all its copies. If operations are
// in progress, the last of them does it.
func (dk *DecapsulationKey) Destroy() {
	if key := dk.private(); key != nil {
		key.public.uses.Destroy(&dk.handle.Generation)
	}
}

// Destroyed reports whether Destroy has been called, or the memory has another key.
func (dk *DecapsulationKey) Destroyed() bool {
	key := dk.private()
	return key != nil && key.public.uses.Destroyed(&dk.handle.Generation)
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
	if key := dk.private(); key != nil {
		return key.public.hybrid.ID
	}
	return ""
}
