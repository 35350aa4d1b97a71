// Code generated from mlkem768.go by generate.go. DO NOT EDIT.

package mlkem

import (
	"crypto"
	"fmt"

	"hybridkem/internal/derand"
	"hybridkem/internal/expanded"
	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// A DecapsulationKey1024 is the secret key used to decapsulate a shared key from
// a ciphertext. It contains its seed and the expanded key. A copy is the same key. The
// zero value is not a valid key.
//
// Shared keys of ML-KEM do not bind the encapsulation key (it is not
// MAL-BIND-K-PK). If the seeds of two keys have the same z, both keys reject a
// ciphertext with the same shared key. Hash the encapsulation key into your KDF.
//
// Its methods are safe for concurrent use.
type DecapsulationKey1024 struct {
	handle secret.Handle[keyPair1024]
}

// A keyPair1024 is the memory of a key pair.
type keyPair1024 struct {
	dk       DecapsulationKey1024
	key      privateKey
	counters secret.Counters
}

// newKeyPair1024 returns a key in fresh memory.
func newKeyPair1024() (*DecapsulationKey1024, private) {
	pair, dk, ek := mlkem.NewKeyPair[keyPair1024](&mlkem.MLKEM1024)
	pair.key.dk, pair.key.ek = dk, ek
	pair.dk.handle = secret.NewHandle(pair, pair.key.uses.Init(dk, pair.counters[:]))
	return &pair.dk, private{&pair.key, &pair.dk.handle.Generation, true}
}

// GenerateKey1024 generates a new decapsulation key, drawing its seed from a
// secure source. The decapsulation key must be kept secret.
//
// The error is nil, except in a FIPS 140-3 mode: GODEBUG=fips140=only makes no keys
// ([kem.ErrFIPS]), and GODEBUG=fips140=on tests the key ([kem.ErrKeyPair]).
//
// It implements ML-KEM.KeyGen, according to FIPS 203, Algorithm 19.
func GenerateKey1024() (*DecapsulationKey1024, error) {
	dk, key := newKeyPair1024()
	if err := key.generate(); err != nil {
		return nil, err
	}
	if err := fips.CheckGenerated(pkg, dk); err != nil {
		return nil, err
	}
	return dk, nil
}

// NewDecapsulationKey1024 expands a decapsulation key from a seed of [SeedSize]
// bytes in the "d || z" form; another length is an error ([kem.ErrLength]). The seed
// must be uniformly random, and used with this KEM only.
func NewDecapsulationKey1024(seed []byte) (*DecapsulationKey1024, error) {
	dk, key := newKeyPair1024()
	if err := key.expand(seed); err != nil {
		return nil, err
	}
	return dk, nil
}

// DecapsulateSeed1024 decapsulates with the key of a seed, like [NewDecapsulationKey1024] and then
// [DecapsulationKey1024.DecapsulateTo], in less time. It keeps no key and allocates nothing. sharedKey must have
// [SharedKeySize] bytes and may overlap the seed and the ciphertext. Its errors are those of the two functions.
// If it returns an error, it has written nothing.
//
// Programs that decapsulate with a seed more than once should make a key.
func DecapsulateSeed1024(sharedKey, seed, ciphertext []byte) error {
	return decapsulateSeed[mlkem.Polys1024](&mlkem.MLKEM1024, sharedKey, seed, ciphertext)
}

// Reset puts another key, expanded from a seed as by [NewDecapsulationKey1024], in the place of
// dk. It overwrites the old secrets first, and allocates nothing unless dk is a zero value. From then
// on copies made before are destroyed, and encapsulation keys that came from dk before return
// [kem.ErrReset]. If the old key is in use, Reset returns [kem.ErrInUse]. With an error, the old key stays.
// Package kem says more.
func (dk *DecapsulationKey1024) Reset(seed []byte) error {
	if dk == nil {
		return errNoDecapsulationKey
	}
	if key := dk.private(); key.privateKey != nil {
		return key.expand(seed)
	}
	return dk.set(NewDecapsulationKey1024(seed))
}

// Regenerate is like Reset with a random seed. It also returns the errors of
// [GenerateKey1024].
func (dk *DecapsulationKey1024) Regenerate() error {
	if dk == nil {
		return errNoDecapsulationKey
	}
	key := dk.private()
	if key.privateKey == nil {
		return dk.set(GenerateKey1024())
	}
	if err := key.generate(); err != nil {
		return err
	}
	return fips.CheckGenerated(pkg, dk)
}

// set makes dk, a zero value, the key x.
func (dk *DecapsulationKey1024) set(x *DecapsulationKey1024, err error) error {
	if err != nil {
		return err
	}
	if err := dk.handle.Set(&x.handle); err != nil {
		x.Destroy()
		return fault.In(pkg, err)
	}
	return nil
}

func (dk *DecapsulationKey1024) private() private {
	if dk == nil {
		return private{}
	}
	pair := dk.handle.Memory()
	if pair == nil {
		return private{}
	}
	return private{&pair.key, &dk.handle.Generation, false}
}

// Bytes returns the decapsulation key as a 64-byte seed in the "d || z" form, or
// nil after Destroy.
//
// The decapsulation key must be kept secret.
func (dk *DecapsulationKey1024) Bytes() []byte {
	return dk.appendSeed(make([]byte, 0, SeedSize))
}

//go:noinline
func (dk *DecapsulationKey1024) appendSeed(b []byte) []byte { return dk.private().appendSeed(b) }

// Decapsulate generates a shared key from a ciphertext and a decapsulation key.
// If the ciphertext does not have [CiphertextSize1024] bytes, Decapsulate returns
// an error ([kem.ErrLength]). If the ciphertext does not come from encapsulation to this
// key, the shared key is one that nobody knows who does not know the z of the seed.
//
// The shared key must be kept secret.
func (dk *DecapsulationKey1024) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is like Decapsulate, but writes to sharedKey, which must have
// [SharedKeySize] bytes and may overlap the ciphertext. It allocates nothing. If it
// returns an error, it has written nothing.
//
//go:noinline
func (dk *DecapsulationKey1024) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return dk.private().decapsulateTo(sharedKey, ciphertext)
}

// EncapsulationKey returns the public encapsulation key necessary to produce
// ciphertexts.
func (dk *DecapsulationKey1024) EncapsulationKey() *EncapsulationKey1024 {
	if dk == nil {
		return nil
	}
	pair := dk.handle.Memory()
	if pair == nil {
		return nil
	}
	return &EncapsulationKey1024{secret.NewHandle(&pair.key.publicKey, dk.handle.Generation.Load())}
}

// Encapsulator returns the encapsulation key, like
// [DecapsulationKey1024.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *DecapsulationKey1024) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

// PublicKey returns the encapsulation key, like
// [DecapsulationKey1024.EncapsulationKey].
func (dk *DecapsulationKey1024) PublicKey() kem.EncapsulationKey {
	return dk.EncapsulationKey().asPublicKey()
}

// KEM returns [KEM1024].
func (dk *DecapsulationKey1024) KEM() kem.KEM { return KEM1024() }

// Equal reports whether x is the same decapsulation key. Its time does not
// depend on the keys' secrets. A destroyed key equals none.
func (dk *DecapsulationKey1024) Equal(x crypto.PrivateKey) bool {
	other, ok := x.(*DecapsulationKey1024)
	return ok && dk.private().equal(other.private())
}

// Destroy overwrites the secrets that the key and its copies hold. From then on
// decapsulation returns [kem.ErrDestroyed], and Bytes returns nil. The encapsulation key stays
// usable.
//
// Destroy does not wait for operations that other goroutines have begun. They end as
// usual, and the last of them overwrites the secrets.
func (dk *DecapsulationKey1024) Destroy() { dk.private().destroy() }

// Destroyed reports whether Destroy has been called, or a copy has been reset.
func (dk *DecapsulationKey1024) Destroyed() bool { return dk.private().destroyed() }

// Format prints the names of the type and the KEM for every verb.
func (dk DecapsulationKey1024) Format(s fmt.State, _ rune) {
	secret.Print(s, "mlkem.DecapsulationKey1024", instance1024.name)
}

// MarshalJSON returns an error, so that no secret gets into JSON by mistake. To store the
// key, use Bytes or package keyfile.
func (dk DecapsulationKey1024) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("mlkem.DecapsulationKey1024", instance1024.name)
}

// An EncapsulationKey1024 is the public key used to produce ciphertexts to be
// decapsulated by the corresponding [DecapsulationKey1024]. The zero value is not a valid key.
//
// Its methods are safe for concurrent use.
type EncapsulationKey1024 struct {
	handle secret.Handle[publicKey]
}

// NewEncapsulationKey1024 parses an encapsulation key from its encoded form. It returns
// an error if the encapsulation key does not have [EncapsulationKeySize1024] bytes
// ([kem.ErrLength]), and if one of its coefficients is not reduced modulo q
// ([kem.ErrEncapsulationKey]).
func NewEncapsulationKey1024(encapsulationKey []byte) (*EncapsulationKey1024, error) {
	ek, key := newEncapsulationKey1024()
	if err := key.parse(encapsulationKey); err != nil {
		return nil, err
	}
	return ek, nil
}

// newEncapsulationKey1024 returns a key in fresh memory.
func newEncapsulationKey1024() (*EncapsulationKey1024, public) {
	type memory struct {
		ek       EncapsulationKey1024
		key      publicKey
		counters secret.PublicCounters
	}
	m, ek := mlkem.NewEncapsulationKey[memory](&mlkem.MLKEM1024)
	m.key.ek = ek
	m.ek.handle = secret.NewHandle(&m.key, m.key.uses.Init(nil, m.counters[:]))
	return &m.ek, public{&m.key, &m.ek.handle.Generation, true}
}

// Reset puts another key, parsed as by [NewEncapsulationKey1024], in the place of ek. It allocates
// nothing unless ek is a zero value. From then on copies made before return [kem.ErrReset]. If the old key is
// in use or came from a decapsulation key, Reset returns [kem.ErrInUse]. With an error, the old key
// stays. Package kem says more.
func (ek *EncapsulationKey1024) Reset(encapsulationKey []byte) error {
	if ek == nil {
		return errNoEncapsulationKey
	}
	if key := ek.public(); key.publicKey != nil {
		return key.parse(encapsulationKey)
	}
	x, err := NewEncapsulationKey1024(encapsulationKey)
	if err != nil {
		return err
	}
	if err := ek.handle.Set(&x.handle); err != nil {
		return fault.In(pkg, err)
	}
	return nil
}

func (ek *EncapsulationKey1024) public() public {
	if ek == nil {
		return public{}
	}
	return public{ek.handle.Memory(), &ek.handle.Generation, false}
}

// asPublicKey returns ek as an interface, which is nil if ek is nil.
func (ek *EncapsulationKey1024) asPublicKey() kem.EncapsulationKey {
	if ek == nil {
		return nil
	}
	return ek
}

// Bytes returns the encoded encapsulation key, of [EncapsulationKeySize1024] bytes.
func (ek *EncapsulationKey1024) Bytes() []byte {
	return ek.appendBytes(make([]byte, 0, EncapsulationKeySize1024))
}

//go:noinline
func (ek *EncapsulationKey1024) appendBytes(b []byte) []byte { return ek.public().appendBytes(b) }

// Header returns the header of the encapsulation key, of [HeaderSize] bytes. It is what the first step
// of an encapsulation needs: see [BeginEncapsulation1024].
func (ek *EncapsulationKey1024) Header() []byte { return ek.appendHeader(make([]byte, 0, HeaderSize)) }

//go:noinline
func (ek *EncapsulationKey1024) appendHeader(b []byte) []byte { return ek.public().appendHeader(b) }

// EncapsulationVector returns the encapsulation key without its last 32 bytes, which are in the
// header. It has [EncapsulationVectorSize1024] bytes, and is what the second step of an encapsulation
// needs: see [EncapsulationState1024.Finish].
func (ek *EncapsulationKey1024) EncapsulationVector() []byte {
	b := ek.Bytes()
	return b[:min(len(b), EncapsulationVectorSize1024)]
}

// Encapsulate generates a shared key and an associated ciphertext from an
// encapsulation key, drawing random bytes from a secure source. It panics if ek is nil or a
// zero value, and after a copy has been reset.
//
// The shared key must be kept secret.
//
// For testing, derandomized encapsulation is provided by the
// hybridkem/mlkem/mlkemtest package.
func (ek *EncapsulationKey1024) Encapsulate() (sharedKey, ciphertext []byte) {
	sharedKey, ciphertext = make([]byte, SharedKeySize), make([]byte, CiphertextSize1024)
	ek.mustEncapsulateTo(sharedKey, ciphertext)
	return sharedKey, ciphertext
}

// EncapsulateTo is like Encapsulate, but writes to sharedKey, which must have
// [SharedKeySize] bytes, and to ciphertext, which must have [CiphertextSize1024]. The two
// must not overlap ([kem.ErrOverlap]). It allocates nothing. If it returns an error, it has
// written nothing.
func (ek *EncapsulationKey1024) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return ek.public().encapsulateTo(sharedKey, ciphertext)
}

//go:noinline
func (ek *EncapsulationKey1024) mustEncapsulateTo(sharedKey, ciphertext []byte) {
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		panic(err)
	}
}

// KEM returns [KEM1024].
func (ek *EncapsulationKey1024) KEM() kem.KEM { return KEM1024() }

// Equal reports whether x is the same encapsulation key.
func (ek *EncapsulationKey1024) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*EncapsulationKey1024)
	return ok && ek.public().equal(other.public())
}

// An EncapsulationState1024 is an encapsulation between its two steps. The first step gives the
// shared key and part 1 of the ciphertext, and the second gives part 2. The two parts, one after
// the other, are the ciphertext. A copy is the same state. The zero value has no encapsulation, but can
// [EncapsulationState1024.Begin] one.
//
// Do not use the shared key before the second step has succeeded. Until then the encapsulation key has
// not been checked, and nobody else can have the shared key.
//
// The state is secret: the shared key follows from it. If it is stored, do not finish a
// stored copy that has been finished, and keep none. A second time gives the same part 2, for a
// shared key that is in use already, and whoever reads the copy knows that key.
//
// Its methods are safe for concurrent use. Of several second steps at once, more than one can succeed,
// with the same result.
type EncapsulationState1024 struct {
	handle secret.Handle[stateMemory]
}

// BeginEncapsulation1024 does the first step of an encapsulation, drawing random bytes from a
// secure source. Part 1 of the ciphertext has [CiphertextPart1Size1024] bytes. If the header does not have
// [HeaderSize] bytes, it returns an error ([kem.ErrLength]). Every other header is accepted.
//
// The shared key and the state must be kept secret. Do not use the shared key before
// [EncapsulationState1024.Finish] has succeeded.
func BeginEncapsulation1024(header []byte) (state *EncapsulationState1024, sharedKey, part1 []byte, err error) {
	return beginEncapsulation1024(header, derand.Random{})
}

func beginEncapsulation1024(header []byte, random derand.Random) (s *EncapsulationState1024, sharedKey, part1 []byte, err error) {
	sharedKey, part1 = make([]byte, SharedKeySize), make([]byte, CiphertextPart1Size1024)
	if err := checkBegin(&mlkem.MLKEM1024, sharedKey, part1, header); err != nil {
		return nil, nil, nil, err
	}
	s = newEncapsulationState1024()
	if err := s.state().encapsulate(sharedKey, part1, header, random); err != nil {
		return nil, nil, nil, err
	}
	return s, sharedKey, part1, nil
}

// newEncapsulationState1024 returns a state in fresh memory.
func newEncapsulationState1024() *EncapsulationState1024 {
	type memory struct {
		state    EncapsulationState1024
		memory   stateMemory
		counters secret.PublicCounters
	}
	m, s := mlkem.NewState[memory](&mlkem.MLKEM1024)
	m.state.handle = secret.NewHandle(&m.memory, m.memory.init(s, &m.counters))
	return &m.state
}

// NewEncapsulationState1024 reads a stored state, which [EncapsulationState1024.Bytes] has returned. It returns
// an error if the stored state does not have [EncapsulationStateSize] bytes ([kem.ErrLength]), and if it
// is of another version or parameter set or has been altered ([kem.ErrState]). The checksum finds
// accidents only: who can write a stored state can write a valid one.
func NewEncapsulationState1024(state []byte) (*EncapsulationState1024, error) {
	s := newEncapsulationState1024()
	if err := s.state().restore(state); err != nil {
		return nil, err
	}
	return s, nil
}

// Begin is like [BeginEncapsulation1024], but writes to sharedKey, which must have [SharedKeySize]
// bytes, and to part1, which must have [CiphertextPart1Size1024]. The two must not overlap
// ([kem.ErrOverlap]). It puts the new encapsulation in the place of the one in s, which it overwrites first
// if it is unfinished. It allocates nothing unless s is a zero value. From then on copies made before
// are destroyed. If s is in use, Begin returns [kem.ErrInUse]. Do not copy or print s meanwhile. If it
// returns an error, it has written nothing, and the old state stays.
func (s *EncapsulationState1024) Begin(sharedKey, part1, header []byte) error {
	if s == nil {
		return errNoState
	}
	if err := checkBegin(&mlkem.MLKEM1024, sharedKey, part1, header); err != nil {
		return err
	}
	if s.handle.Memory() == nil {
		if err := s.handle.Set(&newEncapsulationState1024().handle); err != nil {
			return stateError(err)
		}
	}
	return s.state().encapsulate(sharedKey, part1, header, derand.Random{})
}

func (s *EncapsulationState1024) state() state {
	if s == nil {
		return state{}
	}
	return state{s.handle.Memory(), &s.handle.Generation}
}

// Finish does the second step, with the encapsulation vector of the key whose header the first
// step had. Part 2 of the ciphertext has [CiphertextPart2Size1024] bytes. If the vector does not have
// [EncapsulationVectorSize1024] bytes ([kem.ErrLength]), has a coefficient that is not reduced modulo q, or does
// not have the hash that is in the header ([kem.ErrEncapsulationKey]), Finish returns an error, and s
// stays for another vector. Otherwise it destroys s, and the shared key can be used.
func (s *EncapsulationState1024) Finish(vector []byte) (part2 []byte, err error) {
	part2 = make([]byte, CiphertextPart2Size1024)
	if err := s.FinishTo(part2, vector); err != nil {
		return nil, err
	}
	return part2, nil
}

// FinishTo is like Finish, but writes to part2, which must have [CiphertextPart2Size1024] bytes and may
// overlap the vector. It allocates nothing. If it returns an error, it has written nothing.
//
//go:noinline
func (s *EncapsulationState1024) FinishTo(part2, vector []byte) error {
	return s.state().finishTo(part2, vector)
}

// Bytes returns the state in a form that can be stored, of [EncapsulationStateSize] bytes, or nil after
// Finish and Destroy. The form is the same on all machines.
//
// The state must be kept secret.
func (s *EncapsulationState1024) Bytes() []byte {
	return s.append(make([]byte, 0, EncapsulationStateSize))
}

//go:noinline
func (s *EncapsulationState1024) append(b []byte) []byte { return s.state().append(b) }

// Destroy overwrites the secrets that the state and its copies hold. From then on the second step
// returns [kem.ErrDestroyed], and Bytes returns nil.
//
// Destroy does not wait for operations that other goroutines have begun. They end as usual, and the
// last of them overwrites the secrets.
func (s *EncapsulationState1024) Destroy() { s.state().destroy() }

// Destroyed reports whether Finish has succeeded, Destroy has been called, or a copy has begun another
// encapsulation.
func (s *EncapsulationState1024) Destroyed() bool { return s.state().destroyed() }

// Format prints the names of the type and the KEM for every verb.
func (s EncapsulationState1024) Format(f fmt.State, _ rune) {
	secret.Print(f, "mlkem.EncapsulationState1024", instance1024.name)
}

// MarshalJSON returns an error, so that no secret gets into JSON by mistake. To store the
// state, use Bytes.
func (s EncapsulationState1024) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("mlkem.EncapsulationState1024", instance1024.name)
}

// An ExpandedKey1024 is a decapsulation key in the expanded form of FIPS 203,
// section 7.1. It is for keys made elsewhere, and cannot be exported.
//
// It lacks a property of a [DecapsulationKey1024]: nothing shows that its parts come
// from one seed. So a crafted key can give the same shared key for different
// ciphertexts (it is not MAL-BIND-K-CT), and a damaged key can pass the checks and
// never agree with anyone. A copy is the same key. The zero value is not
// a valid key.
//
// Its methods are safe for concurrent use.
type ExpandedKey1024 struct {
	dk *DecapsulationKey1024 // has no seed, and is never reset
}

// NewExpandedKey1024 parses a decapsulation key from its expanded form. It returns an
// error if the expanded key does not have [ExpandedKeySize1024] bytes ([kem.ErrLength]), and if
// one of its coefficients is not reduced modulo q or its hash of the encapsulation key is
// wrong ([kem.ErrExpandedKey]).
func NewExpandedKey1024(expandedKey []byte) (*ExpandedKey1024, error) {
	inner, key := newKeyPair1024()
	if err := key.parse(expandedKey); err != nil {
		return nil, err
	}
	return &ExpandedKey1024{inner}, nil
}

func (dk *ExpandedKey1024) private() private {
	if dk == nil {
		return private{}
	}
	return dk.dk.private()
}

// Decapsulate generates a shared key from a ciphertext, like
// [DecapsulationKey1024.Decapsulate].
//
// The shared key must be kept secret.
func (dk *ExpandedKey1024) Decapsulate(ciphertext []byte) (sharedKey []byte, err error) {
	sharedKey = make([]byte, SharedKeySize)
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return nil, err
	}
	return sharedKey, nil
}

// DecapsulateTo is like Decapsulate, but writes to the caller's memory: see
// [DecapsulationKey1024.DecapsulateTo].
//
//go:noinline
func (dk *ExpandedKey1024) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return dk.private().decapsulateTo(sharedKey, ciphertext)
}

// Matches reports whether the expanded form of seedKey is equal to dk in every byte.
// RFC 9935 demands this of a key that is stored in both forms. The time does not
// depend on the keys' secrets. A destroyed key matches none.
func (dk *ExpandedKey1024) Matches(seedKey *DecapsulationKey1024) bool {
	return dk.private().matches(seedKey.private())
}

// EncapsulationKey returns the encapsulation key that the expanded key contains.
func (dk *ExpandedKey1024) EncapsulationKey() *EncapsulationKey1024 {
	if dk == nil {
		return nil
	}
	return dk.dk.EncapsulationKey()
}

// Encapsulator returns the encapsulation key, like [ExpandedKey1024.EncapsulationKey].
//
// It implements [crypto.Decapsulator].
func (dk *ExpandedKey1024) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }

// PublicKey returns the encapsulation key, like [ExpandedKey1024.EncapsulationKey].
func (dk *ExpandedKey1024) PublicKey() kem.EncapsulationKey {
	return dk.EncapsulationKey().asPublicKey()
}

// KEM returns [KEM1024].
func (dk *ExpandedKey1024) KEM() kem.KEM { return KEM1024() }

// Destroy overwrites the secrets that the key and its copies hold, like
// [DecapsulationKey1024.Destroy].
func (dk *ExpandedKey1024) Destroy() { dk.private().destroy() }

// Destroyed reports whether Destroy has been called.
func (dk *ExpandedKey1024) Destroyed() bool { return dk.private().destroyed() }

// Format prints the names of the type and the KEM for every verb.
func (dk ExpandedKey1024) Format(s fmt.State, _ rune) {
	secret.Print(s, "mlkem.ExpandedKey1024", instance1024.name)
}

// MarshalJSON returns an error: an expanded key cannot be exported.
func (dk ExpandedKey1024) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("mlkem.ExpandedKey1024", instance1024.name)
}

// KEM1024 returns ML-KEM-1024 as a [kem.KEM]. Its keys are of the types
// *[DecapsulationKey1024] and *[EncapsulationKey1024].
func KEM1024() kem.KEM { return &instance1024 }

var instance1024 = kem1024{parameterSet{
	"ML-KEM-1024", &mlkem.MLKEM1024,
	func() (kem.DecapsulationKey, private) { return newKeyPair1024() },
	func() (kem.EncapsulationKey, public) { return newEncapsulationKey1024() },
}}

type kem1024 struct{ parameterSet }

func (*kem1024) GenerateKey() (kem.DecapsulationKey, error) {
	return fault.OrNil[kem.DecapsulationKey](GenerateKey1024())
}

func (*kem1024) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	return fault.OrNil[kem.DecapsulationKey](NewDecapsulationKey1024(seed))
}

func (*kem1024) NewEncapsulationKey(encapsulationKey []byte) (kem.EncapsulationKey, error) {
	return fault.OrNil[kem.EncapsulationKey](NewEncapsulationKey1024(encapsulationKey))
}

// DecapsulateSeed is [kem.DecapsulateSeed].
func (*kem1024) DecapsulateSeed(sharedKey, seed, ciphertext []byte) error {
	return DecapsulateSeed1024(sharedKey, seed, ciphertext)
}

// NewExpandedKey implements expanded.KEM.
func (*kem1024) NewExpandedKey(expandedKey []byte) (expanded.Key, error) {
	dk, err := NewExpandedKey1024(expandedKey)
	if err != nil {
		return expanded.Key{}, err
	}
	matches := func(seedKey kem.DecapsulationKey) bool { return dk.Matches(seedKey.(*DecapsulationKey1024)) }
	return expanded.Key{Decapsulator: dk, Matches: matches}, nil
}

// BeginDerand implements derand.TwoStep.
func (*kem1024) BeginDerand(header []byte, random derand.Random) (state any, sharedKey, part1 []byte, err error) {
	return beginEncapsulation1024(header, random)
}
