package combiner

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"errors"

	"hybridkem/internal/derand"
	"hybridkem/internal/sha3"
	"hybridkem/kem"
)

// SeedSize is the size of the seeds of all hybrids.
const SeedSize = 32

// A hybrid is two parts and how their secrets are combined. It is a kem.KEM and a
// derand.KEM.
type hybrid struct {
	name  string
	pq, t *part
	kdf   kdf
	label []byte
	// tFirst puts T before PQ in the encapsulation key, the ciphertext and the
	// bare secret.
	tFirst bool
}

// A kdf says what makes the shared key.
type kdf int

const (
	c2pri kdf = iota
	universal
	bare // the concatenated secrets
)

var (
	errSeedSize             = errors.New("combiner: invalid seed length")
	errEncapsulationKeySize = errors.New("combiner: invalid encapsulation key length")
	errCiphertextSize       = errors.New("combiner: invalid ciphertext length")
	errCiphertextBuffer     = errors.New("combiner: invalid length of the buffer for the ciphertext")
	errSharedKeyBuffer      = errors.New("combiner: invalid length of the buffer for the shared key")
	errDestroyed            = errors.New("combiner: the decapsulation key has been destroyed")
	errOtherKEM             = errors.New("combiner: the encapsulation key is of another KEM")
	errNoDerand             = errors.New("combiner: a part of the KEM does not take its randomness from outside")
)

func (h *hybrid) Name() string  { return h.name }
func (h *hybrid) SeedSize() int { return SeedSize }

func (h *hybrid) EncapsulationKeySize() int {
	return h.pq.encapsulationKeySize + h.t.encapsulationKeySize
}

func (h *hybrid) CiphertextSize() int { return h.pq.ciphertextSize + h.t.ciphertextSize }
func (h *hybrid) RandomSize() int     { return h.pq.randomSize + h.t.randomSize }

func (h *hybrid) SharedKeySize() int {
	if h.kdf == bare {
		return h.pq.sharedKeySize + h.t.sharedKeySize
	}
	return SharedKeySize
}

// split returns the parts of b, in which PQ has the given size.
func (h *hybrid) split(b []byte, sizePQ int) (pq, t []byte) {
	if h.tFirst {
		sizeT := len(b) - sizePQ
		return b[sizeT:], b[:sizeT]
	}
	return b[:sizePQ], b[sizePQ:]
}

// combine fills sharedKey.
func (h *hybrid) combine(sharedKey, ssPQ, ssT, ciphertext, encapsulationKey []byte) {
	ctPQ, ctT := h.split(ciphertext, h.pq.ciphertextSize)
	ekPQ, ekT := h.split(encapsulationKey, h.pq.encapsulationKeySize)
	switch h.kdf {
	case c2pri:
		sha3.Sum256((*[SharedKeySize]byte)(sharedKey), ssPQ, ssT, ctT, ekT, h.label)
	case universal:
		sha3.Sum256((*[SharedKeySize]byte)(sharedKey), ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, h.label)
	case bare:
		pq, t := h.split(sharedKey, len(ssPQ))
		copy(pq, ssPQ)
		copy(t, ssT)
	}
}

// Buffers on the stack of these sizes do for all parts but foreign ones.
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

func (h *hybrid) GenerateKey() (kem.DecapsulationKey, error) {
	var seed [SeedSize]byte
	rand.Read(seed[:])
	return h.NewDecapsulationKey(seed[:])
}

func (h *hybrid) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	if len(seed) != SeedSize {
		return nil, errSeedSize
	}
	var buf [usualSeedSize]byte
	expanded := sized(buf[:], h.pq.seedSize+h.t.seedSize)
	sha3.SHAKE256(expanded, seed)

	dk := &decapsulationKey{
		seed: clone(seed),
		ek:   encapsulationKey{hybrid: h, encoded: make([]byte, h.EncapsulationKeySize())},
	}
	ekPQ, ekT := h.split(dk.ek.encoded, h.pq.encapsulationKeySize)
	var err error
	if dk.pq, dk.ek.pq, err = h.pq.newPrivateKey(ekPQ, expanded[:h.pq.seedSize]); err != nil {
		return nil, err
	}
	if dk.t, dk.ek.t, err = h.t.newPrivateKey(ekT, expanded[h.pq.seedSize:]); err != nil {
		return nil, err
	}
	return dk, nil
}

func (h *hybrid) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	if len(b) != h.EncapsulationKeySize() {
		return nil, errEncapsulationKeySize
	}
	ek := &encapsulationKey{hybrid: h, encoded: clone(b)}
	bPQ, bT := h.split(b, h.pq.encapsulationKeySize)
	// T first: its check costs less than the expansion of PQ.
	var err error
	if ek.t, err = h.t.newPublicKey(bT); err != nil {
		return nil, err
	}
	if ek.pq, err = h.pq.newPublicKey(bPQ); err != nil {
		return nil, err
	}
	return ek, nil
}

func (h *hybrid) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*encapsulationKey)
	if !ok || own.hybrid != h {
		return errOtherKEM
	}
	if h.pq.randomSize == 0 || h.t.randomSize == 0 {
		return errNoDerand
	}
	return own.encapsulate(sharedKey, ciphertext, random.Bytes())
}

// An encapsulationKey is that of a hybrid.
type encapsulationKey struct {
	hybrid  *hybrid
	pq, t   publicPart
	encoded []byte
}

func (ek *encapsulationKey) KEM() kem.KEM  { return ek.hybrid }
func (ek *encapsulationKey) Bytes() []byte { return clone(ek.encoded) }

func (ek *encapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*encapsulationKey)
	return ok && ek.hybrid.name == other.hybrid.name && bytes.Equal(ek.encoded, other.encoded)
}

// Encapsulate panics if EncapsulateTo returns an error, which it does for no
// KEM of this module.
func (ek *encapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, ek.hybrid.SharedKeySize()), make([]byte, ek.hybrid.CiphertextSize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		panic(err)
	}
	return sharedKey, ciphertext
}

func (ek *encapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	if len(sharedKey) != ek.hybrid.SharedKeySize() {
		return errSharedKeyBuffer
	}
	if len(ciphertext) != ek.hybrid.CiphertextSize() {
		return errCiphertextBuffer
	}
	var buf [usualRandomSize]byte
	random := sized(buf[:], ek.hybrid.RandomSize())
	rand.Read(random)
	return ek.encapsulate(sharedKey, ciphertext, random)
}

func (ek *encapsulationKey) encapsulate(sharedKey, ciphertext, random []byte) error {
	h := ek.hybrid
	result := ciphertext
	if h.pq.mayFail() || h.t.mayFail() {
		// The caller's memory is written to when all has gone well.
		result = make([]byte, len(ciphertext))
	}
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.pq.sharedKeySize+h.t.sharedKeySize)
	ssPQ, ssT := secrets[:h.pq.sharedKeySize], secrets[h.pq.sharedKeySize:]
	ctPQ, ctT := h.split(result, h.pq.ciphertextSize)
	if err := h.pq.encapsulate(&ek.pq, ssPQ, ctPQ, random[:h.pq.randomSize]); err != nil {
		return err
	}
	if err := h.t.encapsulate(&ek.t, ssT, ctT, random[h.pq.randomSize:]); err != nil {
		return err
	}
	h.combine(sharedKey, ssPQ, ssT, result, ek.encoded)
	copy(ciphertext, result)
	return nil
}

// A decapsulationKey is that of a hybrid.
type decapsulationKey struct {
	ek    encapsulationKey
	pq, t privatePart
	seed  []byte // nil in a key that has been destroyed
}

func (dk *decapsulationKey) KEM() kem.KEM                      { return dk.ek.hybrid }
func (dk *decapsulationKey) Encapsulator() crypto.Encapsulator { return &dk.ek }
func (dk *decapsulationKey) Bytes() []byte                     { return clone(dk.seed) }

func (dk *decapsulationKey) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*decapsulationKey)
	return ok && dk.ek.hybrid.name == other.ek.hybrid.name && dk.seed != nil &&
		subtle.ConstantTimeCompare(dk.seed, other.seed) == 1
}

func (dk *decapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, dk.ek.hybrid.SharedKeySize())
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

func (dk *decapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	h := dk.ek.hybrid
	if dk.seed == nil {
		return errDestroyed
	}
	if len(sharedKey) != h.SharedKeySize() {
		return errSharedKeyBuffer
	}
	if len(ciphertext) != h.CiphertextSize() {
		return errCiphertextSize
	}
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.pq.sharedKeySize+h.t.sharedKeySize)
	ssPQ, ssT := secrets[:h.pq.sharedKeySize], secrets[h.pq.sharedKeySize:]
	ctPQ, ctT := h.split(ciphertext, h.pq.ciphertextSize)
	if err := h.pq.decapsulate(&dk.pq, ssPQ, ctPQ); err != nil {
		return err
	}
	if err := h.t.decapsulate(&dk.t, ssT, ctT); err != nil {
		return err
	}
	h.combine(sharedKey, ssPQ, ssT, ciphertext, dk.ek.encoded)
	return nil
}

func (dk *decapsulationKey) Destroy() {
	dk.pq.destroy()
	dk.t.destroy()
	clear(dk.seed)
	dk.seed = nil
}
