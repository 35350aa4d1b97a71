// Package mlkem implements ML-KEM, the quantum-resistant key encapsulation method of
// [NIST FIPS 203], with the parameter sets ML-KEM-512, ML-KEM-768 and ML-KEM-1024.
//
// It has every name of crypto/mlkem with the same signature, so that a program can
// change from one package to the other by changing its import. The exception is a
// program that gives its keys to crypto/hpke, which accepts only the types of
// crypto/mlkem. An example shows an adapter.
//
// In addition, this package has ML-KEM-512, operations that write to the caller's
// memory, comparison and destruction of keys, expanded decapsulation keys made
// elsewhere, and each parameter set as a [kem.KEM].
//
// Randomness comes from crypto/rand.Read. If the program has replaced
// crypto/rand.Reader, it comes from the replacement, which crypto/mlkem ignores.
//
// Most applications should use a hybrid, such as hybridkem/xwing. Those that want ML-KEM
// alone should use ML-KEM-768.
//
// Shared keys of ML-KEM bind the ciphertext but not the encapsulation key. If the seeds
// of two keys have the same z, both keys reject a ciphertext with the same shared key.
// Therefore hash the encapsulation key, together with the shared key, into your KDF. A
// protocol that hashes its whole transcript does so. Never use a seed with two KEMs.
//
// An encapsulation can come in two steps: [BeginEncapsulation768] needs only the header of an
// encapsulation key, and [EncapsulationState768.Finish] the rest. So a protocol that sends keys and
// ciphertexts in pieces need not wait for a whole key. The state between the steps can be stored.
//
// With GODEBUG=fips140=only, all functions that make or parse keys, or begin with a header, return
// [kem.ErrFIPS].
//
// [NIST FIPS 203]: https://doi.org/10.6028/NIST.FIPS.203
package mlkem

//go:generate go run generate.go

import (
	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

const (
	// SharedKeySize is the size of a shared key produced by ML-KEM.
	SharedKeySize = 32

	// SeedSize is the size of a seed used to generate a decapsulation key.
	SeedSize = 64

	// EncapsulationKeySize512 is the size of an ML-KEM-512 encapsulation key.
	EncapsulationKeySize512 = 800
	// CiphertextSize512 is the size of a ciphertext produced by ML-KEM-512.
	CiphertextSize512 = 768
	// ExpandedKeySize512 is the size of an expanded ML-KEM-512 decapsulation key.
	ExpandedKeySize512 = 1632

	// EncapsulationKeySize768 is the size of an ML-KEM-768 encapsulation key.
	EncapsulationKeySize768 = 1184
	// CiphertextSize768 is the size of a ciphertext produced by ML-KEM-768.
	CiphertextSize768 = 1088
	// ExpandedKeySize768 is the size of an expanded ML-KEM-768 decapsulation key.
	ExpandedKeySize768 = 2400

	// EncapsulationKeySize1024 is the size of an ML-KEM-1024 encapsulation key.
	EncapsulationKeySize1024 = 1568
	// CiphertextSize1024 is the size of a ciphertext produced by ML-KEM-1024.
	CiphertextSize1024 = 1568
	// ExpandedKeySize1024 is the size of an expanded ML-KEM-1024 decapsulation
	// key.
	ExpandedKeySize1024 = 3168
)

var (
	errEncapsulationKey   = fault.New(pkg, kem.ErrEncapsulationKey, "encapsulation key has a coefficient that is not below q")
	errExpandedKey        = fault.New(pkg, kem.ErrExpandedKey, "expanded key has a wrong hash, or a coefficient that is not below q")
	errNoDecapsulationKey = fault.New(pkg, kem.ErrNoKey, "the decapsulation key is nil or a zero value")
	errNoEncapsulationKey = fault.New(pkg, kem.ErrNoKey, "the encapsulation key is nil or a zero value")
	errOtherKEM           = fault.New(pkg, kem.ErrOtherKEM, "the encapsulation key is of another KEM")
)

const pkg = "mlkem" // in errors

// The functions and types below work for the key types of all parameter sets.
//
// The compiler inlines methods of keys that return memory into their callers. If the memory does not
// outlive the caller, it is then on the caller's stack. To be inlined, such a method must be short, and
// the functions that it calls must not be inlined into it.

// A publicKey is the memory of an encapsulation key. The uses are those of the whole key pair, if there is
// one.
type publicKey struct {
	uses secret.Uses
	ek   *mlkem.EncapsulationKey
}

// A privateKey is the memory of a key pair or an expanded key. The secrets are behind one more
// pointer. If a key is in a field that is not exported, some verbs of fmt print what the key points
// to, and no method of the key can prevent it.
type privateKey struct {
	publicKey
	dk *mlkem.DecapsulationKey
}

// A private is what a decapsulation key or an expanded key refers to: a key in its memory. If there is no
// key, both pointers are nil. A public is the same for an encapsulation key. If the memory is fresh, it has no
// key yet, and nobody else has it.
type (
	private struct {
		*privateKey
		generation *secret.Generation
		fresh      bool
	}
	public struct {
		*publicKey
		generation *secret.Generation
		fresh      bool
	}
)

// begin begins a use of the secrets, which the caller must end. It returns kem.ErrNoKey if there is no key,
// kem.ErrDestroyed after destroy and if the memory has another key, and kem.ErrInUse during a reset.
func (k private) begin() (secret.Use, error) {
	if k.privateKey == nil {
		return secret.Use{}, errNoDecapsulationKey
	}
	use, err := k.uses.Begin(k.generation)
	if err != nil {
		return secret.Use{}, fault.In(pkg, err)
	}
	return use, nil
}

func (k private) destroy() {
	if k.privateKey != nil {
		k.uses.Destroy(k.generation)
	}
}

func (k private) destroyed() bool { return k.privateKey != nil && k.uses.Destroyed(k.generation) }

// beginReset begins a reset, which the caller must end. It has overwritten the old secrets.
func (k private) beginReset() (secret.Reset, error) {
	if k.fresh {
		return secret.Reset{}, nil
	}
	r, err := k.uses.BeginReset(k.generation)
	if err != nil {
		return secret.Reset{}, fault.In(pkg, err)
	}
	return r, nil
}

// endReset ends a reset. The new key is in the memory.
func endReset(r secret.Reset) error {
	if err := r.End(); err != nil {
		return fault.In(pkg, err)
	}
	return nil
}

// checkSeed checks the seed of a new key, and whether keys may be made.
func checkSeed(seed []byte) error {
	if len(seed) != SeedSize {
		hint := ""
		if n := len(seed); n == ExpandedKeySize512 || n == ExpandedKeySize768 || n == ExpandedKeySize1024 {
			hint = ": that is the length of an expanded key, see the functions NewExpandedKey"
		}
		return fault.Length(pkg, "seed", seed, SeedSize, hint)
	}
	return fips.Check(pkg)
}

// expand expands the key pair from a seed d ‖ z. FIPS 203, section 3.3, allows storing a key as its seed.
func (k private) expand(seed []byte) error {
	if err := checkSeed(seed); err != nil {
		return err
	}
	r, err := k.beginReset()
	if err != nil {
		return err
	}
	secret.Do(func() { k.dk.Generate((*[SeedSize]byte)(seed)) })
	return endReset(r)
}

// generate expands the key pair from a random seed. It implements ML-KEM.KeyGen, according to
// FIPS 203, Algorithm 19. It draws the seed before it overwrites the old key, because drawing may panic.
func (k private) generate() (err error) {
	if err := fips.Check(pkg); err != nil {
		return err
	}
	secret.Do(func() {
		var seed [SeedSize]byte
		secret.Random(seed[:])
		var r secret.Reset
		if r, err = k.beginReset(); err == nil {
			k.dk.Generate(&seed)
			err = endReset(r)
		}
	})
	return err
}

// parse parses an expanded key into new memory. It implements the checks of FIPS 203, section 7.3, on a
// decapsulation key.
func (k private) parse(b []byte) error {
	if want := k.dk.Params().ExpandedKeySize(); len(b) != want {
		hint := ""
		if len(b) == SeedSize {
			hint = ": that is the length of a seed, see the functions NewDecapsulationKey"
		}
		return fault.Length(pkg, "expanded key", b, want, hint)
	}
	if err := fips.Check(pkg); err != nil {
		return err
	}
	var ok bool
	secret.Do(func() { ok = k.dk.ParseExpanded(b) })
	if !ok {
		return errExpandedKey
	}
	return nil
}

// appendSeed appends the seed to b. It returns nil if begin returns an error.
func (k private) appendSeed(b []byte) []byte {
	use, err := k.begin()
	if err != nil {
		return nil
	}
	defer k.uses.End(use)
	return k.dk.AppendSeed(b)
}

func (k private) equal(x private) bool { return k.compare(x, (*mlkem.DecapsulationKey).Equal) }

func (k private) matches(x private) bool {
	return k.compare(x, (*mlkem.DecapsulationKey).SameExpansion)
}

func (k private) compare(x private, equal func(dk, x *mlkem.DecapsulationKey) bool) bool {
	use, err := k.begin()
	if err != nil {
		return false
	}
	defer k.uses.End(use)
	useX, err := x.begin()
	if err != nil {
		return false
	}
	defer x.uses.End(useX)
	return equal(k.dk, x.dk)
}

// decapsulateTo implements ML-KEM.Decaps, according to FIPS 203, Algorithm 21.
func (k private) decapsulateTo(sharedKey, ciphertext []byte) error {
	use, err := k.beginDecapsulation(sharedKey, ciphertext)
	if err != nil {
		return err
	}
	k.uses.Do(use, func() { k.dk.Decapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext) })
	return nil
}

// beginDecapsulation begins a use for a decapsulation, and checks the sizes of its arguments according to FIPS
// 203, section 7.3.
func (k private) beginDecapsulation(sharedKey, ciphertext []byte) (secret.Use, error) {
	use, err := k.begin()
	if err != nil {
		return secret.Use{}, err
	}
	err = fault.DecapsulateTo(pkg, sharedKey, ciphertext, SharedKeySize, k.dk.Params().CiphertextSize())
	if err != nil {
		k.uses.End(use)
	}
	return use, err
}

// decapsulateSeed is expand, and then decapsulateTo, with the key pair on the stack.
func decapsulateSeed[Polys any](p *mlkem.Params, sharedKey, seed, ciphertext []byte) error {
	if err := checkSeed(seed); err != nil {
		return err
	}
	if err := fault.DecapsulateTo(pkg, sharedKey, ciphertext, SharedKeySize, p.CiphertextSize()); err != nil {
		return err
	}
	var once mlkem.Once[Polys]
	secret.Do(func() {
		once.Generate(p, (*[SeedSize]byte)(seed), ciphertext, true)
		once.Finish(p, (*[SharedKeySize]byte)(sharedKey), ciphertext)
	})
	return nil
}

// begin begins a use of the encapsulation key, which the caller must end. It returns kem.ErrNoKey if there
// is no key, kem.ErrReset if the memory has another key, and kem.ErrInUse during a reset.
func (k public) begin() (secret.Use, error) {
	if k.publicKey == nil {
		return secret.Use{}, errNoEncapsulationKey
	}
	use, err := k.uses.BeginPublic(k.generation)
	if err != nil {
		return secret.Use{}, fault.In(pkg, err)
	}
	return use, nil
}

// beginReset begins a reset, which the caller must end.
func (k public) beginReset() (secret.Reset, error) {
	if k.fresh {
		return secret.Reset{}, nil
	}
	r, err := k.uses.BeginPublicReset(k.generation)
	if err != nil {
		return secret.Reset{}, fault.In(pkg, err)
	}
	return r, nil
}

// parse parses an encapsulation key. It implements the checks of FIPS 203, section 7.2. With an error, the
// old key stays.
func (k public) parse(b []byte) error {
	r, err := k.beginParsing(b)
	if err != nil {
		return err
	}
	if !k.ek.Parse(b) {
		return errEncapsulationKey
	}
	return endReset(r)
}

// beginParsing begins a reset to the encoded key b. It checks the length, whether keys may be made, and before a
// reset of memory that is not fresh all that parse checks.
func (k public) beginParsing(b []byte) (secret.Reset, error) {
	if want := k.ek.Params().EncapsulationKeySize(); len(b) != want {
		return secret.Reset{}, fault.Length(pkg, "encapsulation key", b, want, "")
	}
	if err := fips.Check(pkg); err != nil {
		return secret.Reset{}, err
	}
	if !k.fresh && !k.ek.Valid(b) {
		return secret.Reset{}, errEncapsulationKey
	}
	return k.beginReset()
}

// appendBytes appends the encoded key to b. It returns nil if begin returns an error.
func (k public) appendBytes(b []byte) []byte {
	use, err := k.begin()
	if err != nil {
		return nil
	}
	defer k.uses.End(use)
	return k.ek.AppendBytes(b)
}

func (k public) equal(x public) bool {
	use, err := k.begin()
	if err != nil {
		return false
	}
	defer k.uses.End(use)
	useX, err := x.begin()
	if err != nil {
		return false
	}
	defer x.uses.End(useX)
	return k.ek.Equal(x.ek)
}

// encapsulateTo implements ML-KEM.Encaps, according to FIPS 203, Algorithm 20.
func (k public) encapsulateTo(sharedKey, ciphertext []byte) error {
	use, err := k.beginEncapsulation(sharedKey, ciphertext)
	if err != nil {
		return err
	}
	k.uses.Do(use, func() {
		var m [randomSize]byte
		secret.Random(m[:])
		k.ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, &m)
	})
	return nil
}

// beginEncapsulation begins a use for an encapsulation, and checks its buffers.
func (k public) beginEncapsulation(sharedKey, ciphertext []byte) (secret.Use, error) {
	use, err := k.begin()
	if err != nil {
		return secret.Use{}, err
	}
	err = fault.EncapsulateTo(pkg, sharedKey, ciphertext, SharedKeySize, k.ek.Params().CiphertextSize())
	if err != nil {
		k.uses.End(use)
	}
	return use, err
}

// A parameterSet implements the methods of kem.KEM that return no keys, and the methods of derand.KEM.
type parameterSet struct {
	name   string
	params *mlkem.Params

	// These return a key in fresh memory.
	newKeyPair          func() (kem.DecapsulationKey, private)
	newEncapsulationKey func() (kem.EncapsulationKey, public)
}

func (p *parameterSet) Name() string              { return p.name }
func (p *parameterSet) SeedSize() int             { return SeedSize }
func (p *parameterSet) EncapsulationKeySize() int { return p.params.EncapsulationKeySize() }
func (p *parameterSet) CiphertextSize() int       { return p.params.CiphertextSize() }
func (p *parameterSet) SharedKeySize() int        { return SharedKeySize }
func (p *parameterSet) RandomSize() int           { return randomSize }

// randomSize is the size of m, the randomness of an encapsulation.
const randomSize = 32

// private returns what a decapsulation key or an expanded key of p refers to. It reports false if dk is of
// another type or parameter set.
func (p *parameterSet) private(dk kem.Decapsulator) (key private, ok bool) {
	switch dk := dk.(type) {
	case *DecapsulationKey512:
		key = dk.private()
	case *DecapsulationKey768:
		key = dk.private()
	case *DecapsulationKey1024:
		key = dk.private()
	case *ExpandedKey512:
		key = dk.private()
	case *ExpandedKey768:
		key = dk.private()
	case *ExpandedKey1024:
		key = dk.private()
	default:
		return private{}, false
	}
	return key, key.privateKey == nil || key.dk.Params() == p.params
}

// public is private for encapsulation keys.
func (p *parameterSet) public(ek kem.EncapsulationKey) (key public, ok bool) {
	switch ek := ek.(type) {
	case *EncapsulationKey512:
		key = ek.public()
	case *EncapsulationKey768:
		key = ek.public()
	case *EncapsulationKey1024:
		key = ek.public()
	default:
		return public{}, false
	}
	return key, key.publicKey == nil || key.ek.Params() == p.params
}

// EncapsulateDerand implements derand.KEM.
func (p *parameterSet) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	own, ok := p.public(ek)
	if !ok {
		return errOtherKEM
	}
	use, err := own.begin()
	if err != nil {
		return err
	}
	own.uses.Do(use, func() {
		own.ek.Encapsulate((*[SharedKeySize]byte)(sharedKey), ciphertext, (*[randomSize]byte)(random.Bytes()))
	})
	return nil
}
