// Package hybrid implements the hybrid KEMs of packages xwing and combiner, and of
// the packages below combiner. A hybrid has two parts, PQ and T, each
// with a key pair of its own, and a combiner that makes one shared key from their
// two secrets.
//
// hybrid.go has the KEM: encapsulation, decapsulation and the combiners. keys.go
// has the keys, and parts.go those that are made from keys of the parts. part.go
// says what a part is, and each kind of part has a file of its own.
//
// An operation has the same steps for all hybrids. The exported method checks the
// key and the sizes of the buffers. It then runs a method that is not exported
// within secret.Do, so that no secret stays on the stack. That method works on PQ
// and then on T, and combine makes the shared key. Errors come before the first
// write to the caller's memory, and name the package of the hybrid.
//
// An operation on a hybrid of ML-KEM and X25519 allocates nothing, and a key pair
// is one allocation.
//
// The package does not import crypto/ecdh. So a program with X-Wing links no NIST
// curve.
package hybrid

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"sync/atomic"

	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
)

const (
	// SeedSize is the size of the seeds of all hybrids.
	SeedSize = 32
	// HashSize is the size of a shared key that is a SHA3-256 or a SHA-256.
	HashSize = 32

	// XWingLabel is the label of X-Wing. It is a picture of an X-wing.
	XWingLabel = `\./` +
		`/^\`
)

// A Hybrid is a hybrid KEM. It implements kem.KEM and derand.KEM.
type Hybrid struct {
	Package string // the public package, which errors name
	ID      string // the name of the KEM

	// PQ is the post-quantum part and T the traditional one. If PQ is ML-KEM, its
	// keys are in the same allocation as the hybrid's.
	PQ, T *Part

	Combiner Combiner
	// Label is hashed last by C2PRICombiner and UniversalCombiner. It keeps the
	// shared keys of different hybrids apart. The other combiners do not use it.
	Label []byte
	// TFirst puts T before PQ in the encapsulation key, in the ciphertext and in
	// the concatenated secrets.
	TFirst bool

	// FromParts is set if a decapsulation key is made from the private keys of the
	// parts, and stored as these keys, one after the other. Otherwise the keys of the
	// parts expand from a seed.
	FromParts bool

	// Types are the types of the keys that callers have. If it is nil, they are
	// those of this package.
	Types *KeyTypes

	withParts atomic.Pointer[Hybrid] // the result of WithKeysFromParts
}

// A Combiner says how the shared key of a hybrid is made from the secrets of the
// parts.
type Combiner int

const (
	// C2PRICombiner is SHA3-256(ssPQ ‖ ssT ‖ ctT ‖ ekT ‖ Label), according to
	// draft-irtf-cfrg-hybrid-kems. PQ must be ciphertext second-preimage
	// resistant, as ML-KEM is, so that its ciphertext and its key need not be
	// hashed.
	C2PRICombiner Combiner = iota

	// UniversalCombiner is SHA3-256(ssPQ ‖ ssT ‖ ctPQ ‖ ctT ‖ ekPQ ‖ ekT ‖
	// Label), according to draft-irtf-cfrg-hybrid-kems. It works with any two
	// KEMs.
	UniversalCombiner

	// Concatenation is both secrets, according to RFC 10024. The protocol must
	// hash them.
	Concatenation

	// SHA256 is the SHA-256 of both secrets, according to RFC 10042. The protocol
	// must hash the encapsulation key and the ciphertext.
	SHA256

	// SHA384 is the SHA-384 of both secrets, according to RFC 10042, and
	// otherwise like SHA256.
	SHA384
)

var (
	// The package in errNoKey is xwing, because only the key types of xwing, and
	// PartsKey, have names outside this module. Only reflection can make zero values
	// of others.
	errNoKey    = fault.New("xwing", kem.ErrNoKey, "the key is nil or a zero value")
	errOtherKEM = fault.New("", kem.ErrOtherKEM, "the encapsulation key is of another KEM")
)

// wrap returns err as an error of the package of h.
func (h *Hybrid) wrap(err error) error { return fault.In(h.Package, err) }

// Name returns the name of the KEM.
func (h *Hybrid) Name() string { return h.ID }

// SeedSize returns the size of a seed, from which the seeds of both parts expand. For
// keys from parts, it returns the size of their stored form.
func (h *Hybrid) SeedSize() int {
	if h.FromParts {
		return h.PQ.size.Private + h.T.size.Private
	}
	return SeedSize
}

// KeysFromParts implements kem.KeysFromParts.
func (h *Hybrid) KeysFromParts() bool { return h.FromParts }

// EncapsulationKeySize returns the size of an encapsulation key, which is one key
// of each part.
func (h *Hybrid) EncapsulationKeySize() int {
	return h.PQ.size.EncapsulationKey + h.T.size.EncapsulationKey
}

// CiphertextSize returns the size of a ciphertext, which is one ciphertext of
// each part.
func (h *Hybrid) CiphertextSize() int { return h.PQ.size.Ciphertext + h.T.size.Ciphertext }

// SharedKeySize returns the size of a shared key, which depends on the combiner.
func (h *Hybrid) SharedKeySize() int {
	switch h.Combiner {
	case Concatenation:
		return h.PQ.size.SharedKey + h.T.size.SharedKey
	case SHA384:
		return sha512.Size384
	}
	return HashSize
}

// RandomSize returns how many bytes of randomness an encapsulation takes, first
// those of PQ and then those of T. It returns 0 if a part draws its own
// randomness.
func (h *Hybrid) RandomSize() int {
	if h.PQ.size.Random == 0 || h.T.size.Random == 0 {
		return 0
	}
	return h.PQ.size.Random + h.T.size.Random
}

// NeedsTranscript reports whether the shared key depends on the secrets only, so
// that nothing binds it to the encapsulation key and the ciphertext. It
// implements kem.NeedsTranscript.
func (h *Hybrid) NeedsTranscript() bool {
	return h.Combiner != C2PRICombiner && h.Combiner != UniversalCombiner
}

// equal reports whether h and x make the same shared keys from the same seeds.
// Parts whose code is outside this package are equal if their names are.
func (h *Hybrid) equal(x *Hybrid) bool {
	return h.ID == x.ID && h.TFirst == x.TFirst && h.Combiner == x.Combiner && bytes.Equal(h.Label, x.Label) &&
		h.PQ.equal(x.PQ) && h.T.equal(x.T)
}

// Encapsulation.

// Encapsulate generates a shared key and a ciphertext, of SharedKeySize and
// CiphertextSize bytes. It panics where EncapsulateTo returns an error: if ek is
// nil or a zero value, with NIST's curves for fewer than one seed in 2^128, and
// if a part outside this module fails.
func (ek *EncapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) {
	key := ek.public()
	if key == nil {
		panic(errNoKey)
	}
	sharedKey, ciphertext = make([]byte, key.hybrid.SharedKeySize()), make([]byte, key.hybrid.CiphertextSize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		panic(err)
	}
	return sharedKey, ciphertext
}

// EncapsulateTo is like Encapsulate, but writes to the caller's memory. It returns kem.ErrNoKey
// if ek is nil or a zero value, kem.ErrReset and kem.ErrInUse after and during a reset of the key,
// kem.ErrLength if a buffer has another size, kem.ErrOverlap if the buffers share memory, and the
// error of a part. With an error it has written nothing.
func (ek *EncapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	key, use, err := ek.beginEncapsulation(sharedKey, ciphertext)
	if err != nil {
		return err
	}
	defer key.uses.End(use)
	h := key.hybrid
	h.do(func() {
		var buf [usualRandomSize]byte
		random := sized(buf[:], h.PQ.size.Random+h.T.size.Random)
		secret.Random(random)
		defer clear(random)
		err = key.encapsulate(sharedKey, ciphertext, random)
	})
	return err
}

// public returns nil if ek is nil or a zero value.
func (ek *EncapsulationKey) public() *publicKey {
	if ek == nil {
		return nil
	}
	return ek.handle.Memory()
}

// begin begins a use of the key, which the caller must end. It returns kem.ErrNoKey if ek is nil or a zero
// value, kem.ErrReset if the memory has another key, and kem.ErrInUse during a reset.
func (ek *EncapsulationKey) begin() (*publicKey, secret.Use, error) {
	key := ek.public()
	if key == nil {
		return nil, secret.Use{}, errNoKey
	}
	use, err := key.uses.BeginPublic(&ek.handle.Generation)
	if err != nil {
		return nil, secret.Use{}, key.hybrid.wrap(err)
	}
	return key, use, nil
}

// beginEncapsulation begins a use for an encapsulation, and checks its buffers.
func (ek *EncapsulationKey) beginEncapsulation(sharedKey, ciphertext []byte) (*publicKey, secret.Use, error) {
	key, use, err := ek.begin()
	if err != nil {
		return nil, secret.Use{}, err
	}
	h := key.hybrid
	err = fault.EncapsulateTo(h.Package, sharedKey, ciphertext, h.SharedKeySize(), h.CiphertextSize())
	if err != nil {
		key.uses.End(use)
	}
	return key, use, err
}

// EncapsulateDerand is the EncapsulateTo of ek with the given randomness. It
// implements derand.KEM.
func (h *Hybrid) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := h.public(ek)
	if !ok {
		return h.wrap(errOtherKEM)
	}
	key, use, err := own.begin()
	if err != nil {
		return err
	}
	defer key.uses.End(use)
	h.do(func() { err = key.encapsulate(sharedKey, ciphertext, random.Bytes()) })
	return err
}

// encapsulate fills sharedKey and ciphertext from random, the randomness of both
// parts. The buffers have the right sizes. With an error it has written nothing:
// for parts that may fail, it works in a ciphertext of its own, and the shared
// key comes last.
func (ek *publicKey) encapsulate(sharedKey, ciphertext, random []byte) error {
	h := ek.hybrid
	result := ciphertext
	if h.PQ.mayFail() || h.T.mayFail() {
		result = make([]byte, len(ciphertext))
	}
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.PQ.size.SharedKey+h.T.size.SharedKey)
	defer clear(secrets)
	ssPQ, ssT := secrets[:h.PQ.size.SharedKey], secrets[h.PQ.size.SharedKey:]
	ctPQ, ctT := h.split(result, h.PQ.size.Ciphertext)
	if err := h.PQ.encapsulate(&ek.pq, ssPQ, ctPQ, random[:h.PQ.size.Random]); err != nil {
		return h.wrap(err)
	}
	if err := h.T.encapsulate(&ek.t, ssT, ctT, random[h.PQ.size.Random:]); err != nil {
		return h.wrap(err)
	}
	h.combine(sharedKey, secrets, result, ek)
	copy(ciphertext, result)
	return nil
}

// encapsulate fills ss and ct from random. All three have the sizes of the part.
// Only external parts return errors: the keys of the others have been checked
// when they were parsed.
func (p *Part) encapsulate(ek *publicPart, ss, ct, random []byte) (err error) {
	switch p.kind {
	case kindMLKEM:
		ek.mlkem.Encapsulate((*[mlkemSharedKeySize]byte)(ss), ct, (*[mlkemRandomSize]byte)(random))
	case kindX25519:
		x25519.ScalarMultBoth((*[x25519.Size]byte)(ct), (*[x25519.Size]byte)(ss), (*[x25519.Size]byte)(random), &ek.x25519)
	case kindExternal:
		err = ek.encapsulateExternal(ss, ct, random)
	}
	//ct:declassify ct[:]: it is sent
	return err
}

// Decapsulation.

// Decapsulate returns the shared key of a ciphertext. Its errors are those of
// DecapsulateTo.
func (dk *DecapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	key := dk.private()
	if key == nil {
		return nil, errNoKey
	}
	sharedKey = make([]byte, key.public.hybrid.SharedKeySize())
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is like Decapsulate, but writes to the caller's memory, which may overlap
// the ciphertext. It returns kem.ErrNoKey if dk is nil or a zero value,
// kem.ErrDestroyed after Destroy and after a reset of the key, kem.ErrInUse during a reset,
// kem.ErrLength for another size of either argument, kem.ErrLowOrder or kem.ErrCiphertext for a share that the group
// refuses, and the error of a part outside this module. With an error it has
// written nothing.
func (dk *DecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	key, use, err := dk.beginDecapsulation(sharedKey, ciphertext)
	if err != nil {
		return err
	}
	defer key.public.uses.End(use)
	h := key.public.hybrid
	h.do(func() { err = key.decapsulate(sharedKey, ciphertext) })
	return err
}

// beginDecapsulation begins a use for a decapsulation, and checks the sizes of its arguments.
func (dk *DecapsulationKey) beginDecapsulation(sharedKey, ciphertext []byte) (*privateKey, secret.Use, error) {
	key, use, err := dk.begin()
	if err != nil {
		return nil, secret.Use{}, err
	}
	h := key.public.hybrid
	err = fault.DecapsulateTo(h.Package, sharedKey, ciphertext, h.SharedKeySize(), h.CiphertextSize())
	if err != nil {
		key.public.uses.End(use)
	}
	return key, use, err
}

// begin begins a use of the secrets, which the caller must end. It returns kem.ErrNoKey if dk is nil or a
// zero value, kem.ErrDestroyed after Destroy and if the memory has another key, and kem.ErrInUse during
// a reset.
func (dk *DecapsulationKey) begin() (*privateKey, secret.Use, error) {
	key := dk.private()
	if key == nil {
		return nil, secret.Use{}, errNoKey
	}
	use, err := key.public.uses.Begin(&dk.handle.Generation)
	if err != nil {
		return nil, secret.Use{}, key.public.hybrid.wrap(err)
	}
	return key, use, nil
}

// private returns nil if dk is nil or a zero value.
func (dk *DecapsulationKey) private() *privateKey {
	if dk == nil {
		return nil
	}
	return dk.handle.Memory()
}

// decapsulate fills sharedKey from ciphertext. Both have the right sizes. With an
// error it has written nothing.
func (dk *privateKey) decapsulate(sharedKey, ciphertext []byte) error {
	h, parts := dk.public.hybrid, dk.secrets
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.PQ.size.SharedKey+h.T.size.SharedKey)
	defer clear(secrets)
	ssPQ, ssT := secrets[:h.PQ.size.SharedKey], secrets[h.PQ.size.SharedKey:]
	ctPQ, ctT := h.split(ciphertext, h.PQ.size.Ciphertext)
	if h.weaves() {
		if err := parts.decapsulateWoven(ssPQ, ssT, ctPQ, ctT); err != nil {
			return h.wrap(err)
		}
	} else {
		if err := h.PQ.decapsulate(&parts.pq, ssPQ, ctPQ); err != nil {
			return h.wrap(err)
		}
		if err := h.T.decapsulate(&parts.t, ssT, ctT); err != nil {
			return h.wrap(err)
		}
	}
	h.combine(sharedKey, secrets, ciphertext, &dk.public)
	return nil
}

// decapsulate fills ss from ct. Both have the sizes of the part. ML-KEM never
// returns an error: for a ciphertext that does not come from encapsulation, the
// secret is one that nobody else knows (implicit rejection). X25519 returns
// errLowOrder, and external parts return errors of their own.
func (p *Part) decapsulate(dk *privatePart, ss, ct []byte) error {
	switch p.kind {
	case kindMLKEM:
		dk.mlkem.Decapsulate((*[mlkemSharedKeySize]byte)(ss), ct)
	case kindX25519:
		return dk.decapsulateX25519((*[x25519.Size]byte)(ss), (*[x25519.Size]byte)(ct))
	case kindExternal:
		return dk.decapsulateExternal(ss, ct)
	}
	return nil
}

// What both operations do.

// combine fills sharedKey from the secrets of the parts, first PQ's and then T's.
// sharedKey may overlap the ciphertext: the ciphertext has been hashed before the
// shared key is written.
func (h *Hybrid) combine(sharedKey, secrets, ciphertext []byte, ek *publicKey) {
	switch h.Combiner {
	case C2PRICombiner, UniversalCombiner:
		parts := h.hashed(secrets, ciphertext, ek)
		sha3.Sum256((*[HashSize]byte)(sharedKey), parts[:]...)
	case Concatenation:
		pq, t := h.split(sharedKey, h.PQ.size.SharedKey)
		copy(t, secrets[copy(pq, secrets):])
	case SHA256:
		*(*[sha256.Size]byte)(sharedKey) = sha256.Sum256(secrets)
	case SHA384:
		*(*[sha512.Size384]byte)(sharedKey) = sha512.Sum384(secrets)
	}
}

// hashed returns what C2PRICombiner or UniversalCombiner hashes, one after the other. Parts that a
// combiner leaves out are empty.
func (h *Hybrid) hashed(secrets, ciphertext []byte, ek *publicKey) (parts [7][]byte) {
	ssPQ, ssT := secrets[:h.PQ.size.SharedKey], secrets[h.PQ.size.SharedKey:]
	ctPQ, ctT := h.split(ciphertext, h.PQ.size.Ciphertext)
	ekPQ := ek.pq.encoded
	if h.Combiner == C2PRICombiner {
		ctPQ, ekPQ = nil, nil
	}
	return [7][]byte{ssPQ, ssT, ctPQ, ctT, ekPQ, ek.t.encoded, h.Label}
}

// split returns the halves of b that belong to PQ and to T. PQ's has sizePQ
// bytes.
func (h *Hybrid) split(b []byte, sizePQ int) (pq, t []byte) {
	if h.TFirst {
		sizeT := len(b) - sizePQ
		return b[sizeT:], b[:sizeT]
	}
	return b[:sizePQ], b[sizePQ:]
}

// do runs f, an operation on secrets, and overwrites the stack that f has used.
// With a kem.KEM as a part it makes more room, because that KEM may be code of
// another module, or run secret.Do itself.
func (h *Hybrid) do(f func()) {
	if levels := h.levels(); levels > 0 {
		secret.DoFar(levels, f)
		return
	}
	secret.Do(f)
}

// levels returns how deep calls of secret.DoFar nest in an operation on h.
func (h *Hybrid) levels() int { return max(h.PQ.levels, h.T.levels) }

// The sizes of buffers on the stack. They are large enough for ML-KEM with any
// group of this module. The seed and the randomness of P-256 have 128 bytes, and
// a secret of P-521 has 66.
const (
	usualSeedSize   = 64 + 128
	usualRandomSize = 32 + 128
	usualSecretSize = 32 + 66
)

// sized returns a slice of size bytes. It is a part of buf if buf is long enough,
// and else new memory, which only parts outside this module need.
func sized(buf []byte, size int) []byte {
	if size > len(buf) {
		return make([]byte, size)
	}
	return buf[:size]
}

// clone returns a copy of b whose capacity is its length, so that an append by
// the receiver cannot reach other memory.
func clone(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}
