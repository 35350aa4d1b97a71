// Package hybrid is the hybrid KEMs under packages combiner, combiner/sshkex,
// combiner/tlskex and xwing: two parts, each with keys of its own, and one way to combine
// their secrets.
//
// It knows no NIST curve, so that a program with X-Wing links none.
package hybrid

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	internal "hybridkem/internal/mlkem"
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
	C2PRI     Combiner = iota // C2PRICombiner of draft-irtf-cfrg-hybrid-kems
	Universal                 // UniversalCombiner of draft-irtf-cfrg-hybrid-kems
	Bare                      // both secrets
	SHA256                    // the hash of both secrets
	SHA384                    // the hash of both secrets
)

var (
	errDestroyed = fault.New("", kem.ErrDestroyed, "the decapsulation key has been destroyed")
	errOtherKEM  = fault.New("", kem.ErrOtherKEM, "the encapsulation key is of another KEM")
)

// wrap names the package in an error.
func (h *Hybrid) wrap(err error) error { return fault.In(h.Package, err) }

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

// NeedsTranscript reports whether nothing binds the shared key to the group's shares.
func (h *Hybrid) NeedsTranscript() bool { return h.Combiner != C2PRI && h.Combiner != Universal }

// same reports whether h and x make the same shared keys from the same keys. It compares
// parts that are not of this package by their names.
func (h *Hybrid) same(x *Hybrid) bool {
	return h.ID == x.ID && h.Combiner == x.Combiner && bytes.Equal(h.Label, x.Label) &&
		h.PQ.same(x.PQ) && h.T.same(x.T)
}

// do runs an operation.
func (h *Hybrid) do(f func()) {
	if h.PQ.kem != nil || h.T.kem != nil {
		secret.DoFar(f)
		return
	}
	secret.Do(f)
}

// split returns the parts of b, in which PQ has the given size.
func (h *Hybrid) split(b []byte, sizePQ int) (pq, t []byte) {
	if h.TFirst {
		sizeT := len(b) - sizePQ
		return b[sizeT:], b[:sizeT]
	}
	return b[:sizePQ], b[sizePQ:]
}

// combine fills sharedKey, which may overlap the ciphertext.
func (h *Hybrid) combine(sharedKey, ssPQ, ssT, ciphertext []byte, ek *publicKey) {
	ctPQ, ctT := h.split(ciphertext, h.PQ.ciphertextSize)
	switch h.Combiner {
	case C2PRI:
		sha3.Sum256((*[HashSize]byte)(sharedKey), ssPQ, ssT, ctT, ek.t.encoded, h.Label)
	case Universal:
		sha3.Sum256((*[HashSize]byte)(sharedKey), ssPQ, ssT, ctPQ, ctT, ek.pq.encoded, ek.t.encoded, h.Label)
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

// A pair is the memory of a key pair.
type pair struct {
	dk      DecapsulationKey
	ek      EncapsulationKey
	public  publicKey
	private privateKey
	secrets secrets
}

func (h *Hybrid) newPair() (p *pair) {
	if params := h.PQ.params; params != nil {
		pair, dk, ek := internal.NewKeyPair[pair](params)
		pair.secrets.pq.mlkem, pair.public.pq.mlkem = dk, ek
		p = pair
	} else {
		p = new(pair)
	}
	p.public.hybrid = h
	p.private.public, p.private.secrets = &p.public, &p.secrets
	p.private.uses.Init(&p.secrets)
	p.ek = EncapsulationKey{&p.public}
	p.dk = DecapsulationKey{&p.private, &p.ek}
	return p
}

// Generate is GenerateKey with the concrete type.
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

// Expand is NewDecapsulationKey with the concrete type.
func (h *Hybrid) Expand(seed []byte) (*DecapsulationKey, error) {
	if len(seed) != SeedSize {
		hint := ""
		if len(seed) == h.PQ.seedSize {
			hint = ": that is the length of a seed of " + h.PQ.name
		}
		return nil, fault.Length(h.Package, "seed", seed, SeedSize, hint)
	}
	return h.expandKey(func(b []byte) { copy(b, seed) })
}

// expandKey expands the key whose seed fill gives.
func (h *Hybrid) expandKey(fill func(seed []byte)) (*DecapsulationKey, error) {
	if err := fips.Check(h.Package); err != nil {
		return nil, err
	}
	pair := h.newPair()
	made := false
	defer func() {
		if !made { // An error, or a panic of a part.
			pair.dk.Destroy()
		}
	}()
	var err error
	h.do(func() {
		fill(pair.secrets.seed[:])
		err = pair.expand()
	})
	if err != nil {
		return nil, h.wrap(err)
	}
	made = true
	return &pair.dk, nil
}

// expand makes the keys of the parts from the seed.
func (p *pair) expand() error {
	h := p.public.hybrid
	var buf [usualSeedSize]byte
	expanded := sized(buf[:], h.PQ.seedSize+h.T.seedSize)
	defer clear(expanded)
	sha3.SHAKE256(expanded, p.secrets.seed[:])

	if err := h.PQ.newPrivateKey(&p.secrets.pq, &p.public.pq, expanded[:h.PQ.seedSize]); err != nil {
		return err
	}
	if err := h.T.newPrivateKey(&p.secrets.t, &p.public.t, expanded[h.PQ.seedSize:]); err != nil {
		return err
	}
	p.public.keepEncodings()
	return nil
}

// Parse is NewEncapsulationKey with the concrete type.
func (h *Hybrid) Parse(b []byte) (*EncapsulationKey, error) {
	if len(b) != h.EncapsulationKeySize() {
		return nil, fault.Length(h.Package, "encapsulation key", b, h.EncapsulationKeySize(), "")
	}
	if err := fips.Check(h.Package); err != nil {
		return nil, err
	}
	type memory struct {
		ek     EncapsulationKey
		public publicKey
	}
	var m *memory
	if params := h.PQ.params; params != nil {
		head, ek := internal.NewEncapsulationKey[memory](params)
		head.public.pq.mlkem = ek
		m = head
	} else {
		m = new(memory)
	}
	m.public.hybrid = h
	m.ek.key = &m.public
	ekPQ, ekT := h.split(b, h.PQ.encapsulationKeySize)
	// T first: its check costs less than the expansion of PQ.
	if err := h.T.newPublicKey(&m.public.t, ekT); err != nil {
		return nil, h.wrap(err)
	}
	if err := h.PQ.newPublicKey(&m.public.pq, ekPQ); err != nil {
		return nil, h.wrap(err)
	}
	m.public.keepEncodings()
	return &m.ek, nil
}

func (h *Hybrid) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := ek.(*EncapsulationKey)
	if ok && own.public() == nil {
		return kem.ErrNoKey
	}
	if !ok || own.key.hybrid != h {
		return h.wrap(errOtherKEM)
	}
	var err error
	h.do(func() { err = own.key.encapsulate(sharedKey, ciphertext, random.Bytes()) })
	return err
}

// An EncapsulationKey is that of a hybrid.
type EncapsulationKey struct{ key *publicKey }

type publicKey struct {
	hybrid *Hybrid
	pq, t  publicPart
}

// keepEncodings makes the encodings that the combiner hashes. An encoding that nothing hashes is
// made when it is asked for.
func (ek *publicKey) keepEncodings() {
	if ek.hybrid.Combiner == Universal {
		ek.pq.keepEncoding()
	}
	ek.t.keepEncoding()
}

func (ek *EncapsulationKey) public() *publicKey {
	if ek == nil {
		return nil
	}
	return ek.key
}

func (ek *EncapsulationKey) KEM() kem.KEM {
	if key := ek.public(); key != nil {
		return key.hybrid
	}
	return nil
}

func (ek *EncapsulationKey) Bytes() []byte {
	key := ek.public()
	if key == nil {
		return nil
	}
	h := key.hybrid
	encoded := make([]byte, h.EncapsulationKeySize())
	pq, t := h.split(encoded, h.PQ.encapsulationKeySize)
	key.pq.encode(pq)
	key.t.encode(t)
	return encoded
}

func (ek *EncapsulationKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey)
	return ok && ek.public() != nil && other.public() != nil && ek.key.hybrid.same(other.key.hybrid) &&
		bytes.Equal(ek.Bytes(), other.Bytes())
}

// Encapsulate panics if EncapsulateTo returns an error. Of the KEMs of this module,
// only those with P-256 and P-384 can do so, less than once in 2^128 times.
func (ek *EncapsulationKey) Encapsulate() (sharedKey, ciphertext []byte) {
	key := ek.public()
	if key == nil {
		panic(kem.ErrNoKey)
	}
	sharedKey, ciphertext = make([]byte, key.hybrid.SharedKeySize()), make([]byte, key.hybrid.CiphertextSize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		panic(err)
	}
	return sharedKey, ciphertext
}

func (ek *EncapsulationKey) EncapsulateTo(sharedKey, ciphertext []byte) error {
	key := ek.public()
	if key == nil {
		return kem.ErrNoKey
	}
	h := key.hybrid
	if err := fault.EncapsulateTo(h.Package, sharedKey, ciphertext, h.SharedKeySize(), h.CiphertextSize()); err != nil {
		return err
	}
	var err error
	h.do(func() {
		var buf [usualRandomSize]byte
		random := sized(buf[:], h.PQ.randomSize+h.T.randomSize)
		secret.Random(random)
		defer clear(random)
		err = key.encapsulate(sharedKey, ciphertext, random)
	})
	return err
}

func (ek *publicKey) encapsulate(sharedKey, ciphertext, random []byte) error {
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
	h.combine(sharedKey, ssPQ, ssT, result, ek)
	copy(ciphertext, result)
	return nil
}

// A DecapsulationKey is that of a hybrid.
type DecapsulationKey struct {
	key *privateKey
	ek  *EncapsulationKey
}

// A privateKey is what decapsulation keys point to. Its secrets stand behind one more pointer,
// so that fmt does not reach them.
type privateKey struct {
	uses    secret.Uses
	public  *publicKey // not that of the EncapsulationKey, which the caller may overwrite
	secrets *secrets
}

type secrets struct {
	seed  [SeedSize]byte
	pq, t privatePart
}

// Overwrite overwrites own memory first: parts that are not of this module may panic.
func (s *secrets) Overwrite() {
	pq, t := s.pq.kem, s.t.kem
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

// begin begins a use of the secrets.
func (dk *DecapsulationKey) begin() (*privateKey, secret.Use, error) {
	if dk == nil || dk.key == nil {
		return nil, secret.Use{}, kem.ErrNoKey
	}
	use, ok := dk.key.uses.Begin()
	if !ok {
		return nil, secret.Use{}, dk.hybrid().wrap(errDestroyed)
	}
	return dk.key, use, nil
}

func (dk *DecapsulationKey) hybrid() *Hybrid { return dk.key.public.hybrid }

func (dk *DecapsulationKey) KEM() kem.KEM {
	if dk == nil || dk.key == nil {
		return nil
	}
	return dk.hybrid()
}

func (dk *DecapsulationKey) EncapsulationKey() *EncapsulationKey {
	if dk == nil {
		return nil
	}
	return dk.ek
}

func (dk *DecapsulationKey) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

func (dk *DecapsulationKey) PublicKey() kem.EncapsulationKey {
	if ek := dk.EncapsulationKey(); ek != nil {
		return ek
	}
	return nil
}

func (dk *DecapsulationKey) Bytes() []byte {
	key, use, err := dk.begin()
	if err != nil {
		return nil
	}
	defer key.uses.End(use)
	return clone(key.secrets.seed[:])
}

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

func (dk *DecapsulationKey) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	if dk == nil || dk.key == nil {
		return nil, kem.ErrNoKey
	}
	sharedKey = make([]byte, dk.hybrid().SharedKeySize())
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

func (dk *DecapsulationKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	key, use, err := dk.begin()
	if err != nil {
		return err
	}
	defer key.uses.End(use)
	h := dk.hybrid()
	if err := fault.DecapsulateTo(h.Package, sharedKey, ciphertext, h.SharedKeySize(), h.CiphertextSize()); err != nil {
		return err
	}
	h.do(func() { err = dk.decapsulate(sharedKey, ciphertext) })
	return err
}

func (dk *DecapsulationKey) decapsulate(sharedKey, ciphertext []byte) error {
	h, parts := dk.hybrid(), dk.key.secrets
	var buf [usualSecretSize]byte
	secrets := sized(buf[:], h.PQ.sharedKeySize+h.T.sharedKeySize)
	defer clear(secrets)
	ssPQ, ssT := secrets[:h.PQ.sharedKeySize], secrets[h.PQ.sharedKeySize:]
	ctPQ, ctT := h.split(ciphertext, h.PQ.ciphertextSize)
	if err := h.PQ.decapsulate(&parts.pq, ssPQ, ctPQ); err != nil {
		return h.wrap(err)
	}
	if err := h.T.decapsulate(&parts.t, ssT, ctT); err != nil {
		return h.wrap(err)
	}
	h.combine(sharedKey, ssPQ, ssT, ciphertext, dk.key.public)
	return nil
}

func (dk *DecapsulationKey) Destroy() {
	if dk != nil && dk.key != nil {
		dk.key.uses.Destroy()
	}
}

func (dk *DecapsulationKey) Destroyed() bool {
	return dk != nil && dk.key != nil && dk.key.uses.Destroyed()
}

func (dk DecapsulationKey) Format(s fmt.State, _ rune) {
	secret.Print(s, "hybrid.DecapsulationKey", dk.name())
}

func (dk DecapsulationKey) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("hybrid.DecapsulationKey", dk.name())
}

func (dk DecapsulationKey) name() string {
	if dk.key == nil {
		return ""
	}
	return dk.hybrid().ID
}
