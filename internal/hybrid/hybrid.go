// Package hybrid is the hybrid KEMs under packages combiner and xwing: two parts,
// each with keys of its own, and one way to combine their secrets.
//
// It knows no NIST curve, so that a program with X-Wing links none.
package hybrid

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"

	"hybridkem/internal/derand"
	"hybridkem/internal/fips"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
	"hybridkem/kem"
)

const (
	// SeedSize is the size of the seeds of all hybrids.
	SeedSize = 32
	// HashSize is the size of a shared key, unless it is bare or of SHA-384.
	HashSize = 32

	// XWingLabel is the label of X-Wing, and a picture of one.
	XWingLabel = `\./` +
		`/^\`
)

// A Hybrid is two parts, PQ and T, and how their secrets are combined. It is a
// kem.KEM and a derand.KEM.
type Hybrid struct {
	Package  string // named in errors
	ID       string // the name of the KEM
	PQ, T    *Part
	Combiner Combiner
	Label    []byte
	// TFirst puts T before PQ in the encapsulation key, the ciphertext and the
	// bare secret.
	TFirst bool
}

// A Combiner makes the shared key of a hybrid.
type Combiner int

const (
	C2PRI     Combiner = iota // see CombineC2PRI
	Universal                 // see CombineUniversal
	Bare                      // both secrets
	SHA256                    // the hash of both secrets
	SHA384                    // the hash of both secrets
)

// CombineC2PRI implements C2PRICombiner, according to draft-irtf-cfrg-hybrid-kems,
// with SHA3-256.
func CombineC2PRI(sharedKey *[HashSize]byte, ssPQ, ssT, ctT, ekT, label []byte) {
	sha3.Sum256(sharedKey, ssPQ, ssT, ctT, ekT, label)
}

// CombineUniversal implements UniversalCombiner, according to
// draft-irtf-cfrg-hybrid-kems, with SHA3-256.
func CombineUniversal(sharedKey *[HashSize]byte, ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label []byte) {
	sha3.Sum256(sharedKey, ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label)
}

var (
	errSeedSize             = errors.New("invalid seed length")
	errEncapsulationKeySize = errors.New("invalid encapsulation key length")
	errCiphertextSize       = errors.New("invalid ciphertext length")
	errCiphertextBuffer     = errors.New("invalid length of the buffer for the ciphertext")
	errSharedKeyBuffer      = errors.New("invalid length of the buffer for the shared key")
	errDestroyed            = errors.New("the decapsulation key has been destroyed")
	errOtherKEM             = errors.New("the encapsulation key is of another KEM")
	errNoDerand             = errors.New("a part of the KEM does not take its randomness from outside")
)

// wrap names the package in an error.
func (h *Hybrid) wrap(err error) error {
	return fmt.Errorf("%s: %w", h.Package, err)
}

func (h *Hybrid) Name() string  { return h.ID }
func (h *Hybrid) SeedSize() int { return SeedSize }

func (h *Hybrid) EncapsulationKeySize() int {
	return h.PQ.encapsulationKeySize + h.T.encapsulationKeySize
}

func (h *Hybrid) CiphertextSize() int { return h.PQ.ciphertextSize + h.T.ciphertextSize }

// RandomSize returns 0 if a part draws its own randomness.
func (h *Hybrid) RandomSize() int {
	if h.PQ.randomSize == 0 || h.T.randomSize == 0 {
		return 0
	}
	return h.PQ.randomSize + h.T.randomSize
}

func (h *Hybrid) SharedKeySize() int {
	switch h.Combiner {
	case Bare:
		return h.PQ.sharedKeySize + h.T.sharedKeySize
	case SHA384:
		return sha512.Size384
	}
	return HashSize
}

// same reports whether h and x make the same of the same keys, as far as their
// names tell.
func (h *Hybrid) same(x *Hybrid) bool {
	return h.ID == x.ID && h.Combiner == x.Combiner && bytes.Equal(h.Label, x.Label)
}

// split returns the parts of b, in which PQ has the given size.
func (h *Hybrid) split(b []byte, sizePQ int) (pq, t []byte) {
	if h.TFirst {
		sizeT := len(b) - sizePQ
		return b[sizeT:], b[:sizeT]
	}
	return b[:sizePQ], b[sizePQ:]
}

// combine fills sharedKey.
func (h *Hybrid) combine(sharedKey, ssPQ, ssT, ciphertext, encapsulationKey []byte) {
	ctPQ, ctT := h.split(ciphertext, h.PQ.ciphertextSize)
	ekPQ, ekT := h.split(encapsulationKey, h.PQ.encapsulationKeySize)
	switch h.Combiner {
	case C2PRI:
		CombineC2PRI((*[HashSize]byte)(sharedKey), ssPQ, ssT, ctT, ekT, h.Label)
	case Universal:
		CombineUniversal((*[HashSize]byte)(sharedKey), ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, h.Label)
	case Bare:
		pq, t := h.split(sharedKey, len(ssPQ))
		copy(pq, ssPQ)
		copy(t, ssT)
	case SHA256, SHA384:
		var buf [usualSecretSize]byte
		secrets := append(append(buf[:0], ssPQ...), ssT...)
		if h.Combiner == SHA256 {
			*(*[sha256.Size]byte)(sharedKey) = sha256.Sum256(secrets)
		} else {
			*(*[sha512.Size384]byte)(sharedKey) = sha512.Sum384(secrets)
		}
	}
}

// Buffers on the stack of these sizes do for ML-KEM and a group.
const (
	usualSeedSize   = 64 + 128
	usualRandomSize = 32 + 128
	usualSecretSize = 32 + 48
)

// sized returns a slice of size bytes: of buf if it is long enough.
func sized(buf []byte, size int) []byte {
	if size > len(buf) {
		return make([]byte, size)
	}
	return buf[:size]
}

// clone returns a copy of b with no more capacity than length.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

func (h *Hybrid) GenerateKey() (kem.DecapsulationKey, error) {
	dk, err := h.Generate()
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (h *Hybrid) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := h.Expand(seed)
	if err != nil {
		return nil, err
	}
	return dk, nil
}

func (h *Hybrid) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	ek, err := h.Parse(b)
	if err != nil {
		return nil, err
	}
	return ek, nil
}

// Generate is GenerateKey with the concrete type.
func (h *Hybrid) Generate() (*DecapsulationKey, error) {
	dk, err := h.expandKey(secret.Random)
	if err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(dk); err != nil {
		return nil, h.wrap(err)
	}
	return dk, nil
}

// Expand is NewDecapsulationKey with the concrete type.
func (h *Hybrid) Expand(seed []byte) (*DecapsulationKey, error) {
	if len(seed) != SeedSize {
		return nil, h.wrap(errSeedSize)
	}
	return h.expandKey(func(b []byte) { copy(b, seed) })
}

// expandKey expands the key whose seed fill gives.
func (h *Hybrid) expandKey(fill func(seed []byte)) (*DecapsulationKey, error) {
	if err := fips.Check(); err != nil {
		return nil, h.wrap(err)
	}
	dk := &DecapsulationKey{
		seed: make([]byte, SeedSize),
		ek:   EncapsulationKey{hybrid: h, encoded: make([]byte, h.EncapsulationKeySize())},
	}
	var err error
	secret.Do(func() {
		fill(dk.seed)
		err = dk.expand()
	})
	if err != nil {
		dk.Destroy()
		return nil, h.wrap(err)
	}
	return dk, nil
}

// expand makes the keys of the parts from the seed.
func (dk *DecapsulationKey) expand() (err error) {
	h := dk.ek.hybrid
	var buf [usualSeedSize]byte
	expanded := sized(buf[:], h.PQ.seedSize+h.T.seedSize)
	defer clear(expanded)
	sha3.SHAKE256(expanded, dk.seed)

	ekPQ, ekT := h.split(dk.ek.encoded, h.PQ.encapsulationKeySize)
	if dk.pq, dk.ek.pq, err = h.PQ.newPrivateKey(ekPQ, expanded[:h.PQ.seedSize]); err != nil {
		return err
	}
	dk.t, dk.ek.t, err = h.T.newPrivateKey(ekT, expanded[h.PQ.seedSize:])
	return err
}

// Parse is NewEncapsulationKey with the concrete type.
func (h *Hybrid) Parse(b []byte) (*EncapsulationKey, error) {
	if len(b) != h.EncapsulationKeySize() {
		return nil, h.wrap(errEncapsulationKeySize)
	}
	if err := fips.Check(); err != nil {
		return nil, h.wrap(err)
	}
	ek := &EncapsulationKey{hybrid: h, encoded: clone(b)}
	ekPQ, ekT := h.split(ek.encoded, h.PQ.encapsulationKeySize)
	var err error
	// T first: its check costs less than the expansion of PQ.
	if ek.t, err = h.T.newPublicKey(ekT); err != nil {
		return nil, h.wrap(err)
	}
	if ek.pq, err = h.PQ.newPublicKey(ekPQ); err != nil {
		return nil, h.wrap(err)
	}
	return ek, nil
}

func (h *Hybrid) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey)
	if !ok || own.hybrid != h {
		return h.wrap(errOtherKEM)
	}
	if h.RandomSize() == 0 {
		return h.wrap(errNoDerand)
	}
	var err error
	secret.Do(func() { err = own.encapsulate(sharedKey, ciphertext, random.Bytes()) })
	return err
}

// An EncapsulationKey is that of a hybrid.
type EncapsulationKey struct {
	hybrid  *Hybrid
	pq, t   publicPart
	encoded []byte
}

func (ek *EncapsulationKey) KEM() kem.KEM  { return ek.hybrid }
func (ek *EncapsulationKey) Bytes() []byte { return clone(ek.encoded) }

func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	return ok && ek.hybrid.same(other.hybrid) && bytes.Equal(ek.encoded, other.encoded)
}

// Encapsulate panics if EncapsulateTo returns an error. Of the KEMs of this module,
// only those with P-256 and P-384 can do so, less than once in 2^128 times.
func (ek *EncapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, ek.hybrid.SharedKeySize()), make([]byte, ek.hybrid.CiphertextSize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		panic(err)
	}
	return sharedKey, ciphertext
}

func (ek *EncapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	if len(sharedKey) != ek.hybrid.SharedKeySize() {
		return ek.hybrid.wrap(errSharedKeyBuffer)
	}
	if len(ciphertext) != ek.hybrid.CiphertextSize() {
		return ek.hybrid.wrap(errCiphertextBuffer)
	}
	var err error
	secret.Do(func() {
		var buf [usualRandomSize]byte
		random := sized(buf[:], ek.hybrid.PQ.randomSize+ek.hybrid.T.randomSize)
		secret.Random(random)
		err = ek.encapsulate(sharedKey, ciphertext, random)
		clear(random)
	})
	return err
}

func (ek *EncapsulationKey) encapsulate(sharedKey, ciphertext, random []byte) error {
	h := ek.hybrid
	result := ciphertext
	if h.PQ.mayFail() || h.T.mayFail() {
		// The caller's memory is written to when all has gone well.
		result = make([]byte, len(ciphertext))
	}
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.PQ.sharedKeySize+h.T.sharedKeySize)
	defer clear(secrets)
	ssPQ, ssT := secrets[:h.PQ.sharedKeySize], secrets[h.PQ.sharedKeySize:]
	ctPQ, ctT := h.split(result, h.PQ.ciphertextSize)
	if err := h.PQ.encapsulate(&ek.pq, ssPQ, ctPQ, random[:h.PQ.randomSize]); err != nil {
		return h.wrap(err)
	}
	if err := h.T.encapsulate(&ek.t, ssT, ctT, random[h.PQ.randomSize:]); err != nil {
		return h.wrap(err)
	}
	h.combine(sharedKey, ssPQ, ssT, result, ek.encoded)
	copy(ciphertext, result)
	return nil
}

// A DecapsulationKey is that of a hybrid.
type DecapsulationKey struct {
	ek    EncapsulationKey
	pq, t privatePart
	seed  []byte // nil in a key that has been destroyed
}

func (dk *DecapsulationKey) KEM() kem.KEM                        { return dk.ek.hybrid }
func (dk *DecapsulationKey) Encapsulator() crypto.Encapsulator   { return &dk.ek }
func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey { return &dk.ek }
func (dk *DecapsulationKey) Bytes() []byte                       { return clone(dk.seed) }

func (dk *DecapsulationKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey)
	return ok && dk.ek.hybrid.same(other.ek.hybrid) && dk.seed != nil &&
		subtle.ConstantTimeCompare(dk.seed, other.seed) == 1
}

func (dk *DecapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, dk.ek.hybrid.SharedKeySize())
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

func (dk *DecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	h := dk.ek.hybrid
	if dk.seed == nil {
		return h.wrap(errDestroyed)
	}
	if len(sharedKey) != h.SharedKeySize() {
		return h.wrap(errSharedKeyBuffer)
	}
	if len(ciphertext) != h.CiphertextSize() {
		return h.wrap(errCiphertextSize)
	}
	var err error
	secret.Do(func() { err = dk.decapsulate(sharedKey, ciphertext) })
	return err
}

func (dk *DecapsulationKey) decapsulate(sharedKey, ciphertext []byte) error {
	h := dk.ek.hybrid
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.PQ.sharedKeySize+h.T.sharedKeySize)
	defer clear(secrets)
	ssPQ, ssT := secrets[:h.PQ.sharedKeySize], secrets[h.PQ.sharedKeySize:]
	ctPQ, ctT := h.split(ciphertext, h.PQ.ciphertextSize)
	if err := h.PQ.decapsulate(&dk.pq, ssPQ, ctPQ); err != nil {
		return h.wrap(err)
	}
	if err := h.T.decapsulate(&dk.t, ssT, ctT); err != nil {
		return h.wrap(err)
	}
	h.combine(sharedKey, ssPQ, ssT, ciphertext, dk.ek.encoded)
	return nil
}

func (dk *DecapsulationKey) Destroy() {
	dk.pq.destroy()
	dk.t.destroy()
	clear(dk.seed)
	dk.seed = nil
}
