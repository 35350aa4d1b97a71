package main

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/hpke"
	stdmlkem "crypto/mlkem"
	"crypto/rand"
	"crypto/sha3"
	"errors"
	"fmt"
	"slices"

	circl "github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
	circlxwing "github.com/cloudflare/circl/kem/xwing"

	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// Names of implementations that more than one file uses.
const (
	ours        = "hybridkem"
	oursInto    = "hybridkem, …To"
	oursSteps   = "hybridkem, two steps"
	cryptoMLKEM = "crypto/mlkem"
	cryptoHPKE  = "crypto/hpke"
	composition = "crypto/mlkem + crypto/ecdh"
	circlName   = "CIRCL"
)

// The operations on KEMs. Harnesses in C use the same names.
const (
	keyGeneration    = "key generation"
	parseEncapsulate = "parse + encapsulate"
	encapsulate      = "encapsulate"
	decapsulate      = "decapsulate"
	seedToSharedKey  = "seed to shared key"
)

var kemOperations = []string{keyGeneration, parseEncapsulate, encapsulate, decapsulate, seedToSharedKey}

// A kemGroup is a KEM and its implementations. This module's comes first.
type kemGroup struct {
	kem             kem.KEM
	seeds           [][]byte
	implementations []*implementation
}

// An implementation implements a KEM. Its keys come from the group's seeds.
type implementation struct {
	name string
	// operations are the operations that the implementation offers in Go.
	operations map[string]func(i int)
	// newDecapsulationKey and newEncapsulationKey make keys whose memory is measured.
	newDecapsulationKey, newEncapsulationKey func() any
	subject
}

// A subject is an implementation in the form that agree checks. Key i comes from seed i.
type subject struct {
	encapsulationKey func(i int) ([]byte, error)
	encapsulate      func(i int) (sharedKey, ciphertext []byte, err error)
	decapsulate      func(i int, ciphertext []byte) ([]byte, error)
	// ownSharedKey is set if the implementation shows only a key derived from the shared
	// key.
	ownSharedKey bool
}

// A scheme holds the functions of a KEM in Go. Operations call them as values, so that no
// call is inlined. Then their results are allocated as for a caller who keeps them.
type scheme[DK, EK any] struct {
	expand      func(seed []byte) (DK, error)
	public      func(DK) EK
	encode      func(EK) []byte
	parse       func(encapsulationKey []byte) (EK, error)
	encapsulate func(EK) (sharedKey, ciphertext []byte)
	decapsulate func(dk DK, ciphertext []byte) ([]byte, error)
	// ownSharedKey is as in subject.
	ownSharedKey bool
}

func (s scheme[DK, EK]) implement(name string, seeds [][]byte) (*implementation, error) {
	dks, eks := make([]DK, inputs), make([]EK, inputs)
	encoded, ciphertexts := make([][]byte, inputs), make([][]byte, inputs)
	for i, seed := range seeds {
		var err error
		if dks[i], err = s.expand(seed); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		encoded[i] = s.encode(s.public(dks[i]))
		if eks[i], err = s.parse(encoded[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		_, ciphertexts[i] = s.encapsulate(eks[i])
	}
	return &implementation{
		name: name,
		operations: map[string]func(int){
			keyGeneration: func(i int) { s.expand(seeds[i%inputs]) },
			parseEncapsulate: func(i int) {
				ek, _ := s.parse(encoded[i%inputs])
				s.encapsulate(ek)
			},
			encapsulate: func(int) { s.encapsulate(eks[0]) },
			decapsulate: func(int) { s.decapsulate(dks[0], ciphertexts[0]) },
			seedToSharedKey: func(i int) {
				dk, _ := s.expand(seeds[i%inputs])
				s.decapsulate(dk, ciphertexts[i%inputs])
			},
		},
		newDecapsulationKey: func() any { dk, _ := s.expand(seeds[0]); return dk },
		newEncapsulationKey: func() any { ek, _ := s.parse(encoded[0]); return ek },
		subject: subject{
			encapsulationKey: func(i int) ([]byte, error) { return encoded[i], nil },
			encapsulate: func(i int) (sharedKey, ciphertext []byte, err error) {
				sharedKey, ciphertext = s.encapsulate(eks[i])
				return sharedKey, ciphertext, nil
			},
			decapsulate:  func(i int, ciphertext []byte) ([]byte, error) { return s.decapsulate(dks[i], ciphertext) },
			ownSharedKey: s.ownSharedKey,
		},
	}, nil
}

var errDisagrees = errors.New("computes something else")

// agree checks that x computes what reference computes. It compares the encapsulation key
// of each seed. It sends ciphertexts, valid and damaged, in both directions and compares
// the shared keys.
func agree(reference, x subject) error {
	for i := range inputs {
		want, err := reference.encapsulationKey(i)
		if err != nil {
			return err
		}
		if got, err := x.encapsulationKey(i); err != nil {
			return err
		} else if !bytes.Equal(got, want) {
			return fmt.Errorf("%w: another encapsulation key for the same seed", errDisagrees)
		}
		if x.ownSharedKey {
			err = exchange(x, x, i)
		} else {
			err = errors.Join(exchange(x, reference, i), exchange(reference, x, i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exchange checks that receiver gets the same shared key as sender. From a damaged
// ciphertext, both must get the same key too.
func exchange(sender, receiver subject, i int) error {
	sharedKey, ciphertext, err := sender.encapsulate(i)
	if err != nil {
		return err
	}
	if got, err := receiver.decapsulate(i, ciphertext); err != nil {
		return err
	} else if !bytes.Equal(got, sharedKey) {
		return fmt.Errorf("%w: shared keys differ", errDisagrees)
	}
	damaged := slices.Clone(ciphertext)
	damaged[i] ^= 1
	if got, err := receiver.decapsulate(i, damaged); err != nil {
		return err
	} else if want, err := sender.decapsulate(i, damaged); err != nil {
		return err
	} else if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: a damaged ciphertext gives another shared key", errDisagrees)
	}
	return nil
}

// kemGroups returns all KEMs with their implementations in Go. It returns an error if an
// implementation does not compute the same as this module.
func kemGroups() ([]*kemGroup, error) {
	std768 := newStandard(
		func(seed []byte) (crypto.Decapsulator, error) { return stdmlkem.NewDecapsulationKey768(seed) },
		func(key []byte) (crypto.Encapsulator, error) { return stdmlkem.NewEncapsulationKey768(key) })
	std1024 := newStandard(
		func(seed []byte) (crypto.Decapsulator, error) { return stdmlkem.NewDecapsulationKey1024(seed) },
		func(key []byte) (crypto.Encapsulator, error) { return stdmlkem.NewEncapsulationKey1024(key) })

	var groups []*kemGroup
	var errs []error
	for _, k := range []struct {
		kem   kem.KEM
		std   *scheme[crypto.Decapsulator, crypto.Encapsulator]
		circl circl.Scheme
		state state
	}{
		{mlkem.KEM512(), nil, mlkem512.Scheme(), new(mlkem.EncapsulationState512)},
		{mlkem.KEM768(), &std768, mlkem768.Scheme(), new(mlkem.EncapsulationState768)},
		{mlkem.KEM1024(), &std1024, mlkem1024.Scheme(), new(mlkem.EncapsulationState1024)},
		{xwing.KEM(), nil, circlxwing.Scheme(), nil},
	} {
		g := &kemGroup{kem: k.kem, seeds: fixedSeeds(k.kem.SeedSize())}
		groups = append(groups, g)
		add := func(x *implementation, err error) { errs = append(errs, g.add(x, err)) }
		add(newOurs(k.kem).implement(ours, g.seeds))
		add(intoBuffers(k.kem, g.seeds))
		if k.state != nil {
			add(twoSteps(k.kem, g.seeds, k.state))
		}
		if k.std != nil {
			add(k.std.implement(cryptoMLKEM, g.seeds))
		}
		if k.kem == xwing.KEM() {
			add(composed.implement(composition, g.seeds))
			add(standardHPKE.implement(cryptoHPKE, g.seeds))
		}
		add(newCIRCL(k.circl).implement(circlName, g.seeds))
	}
	return groups, errors.Join(errs...)
}

// add adds x after comparing it with the first implementation.
func (g *kemGroup) add(x *implementation, err error) error {
	if err == nil && len(g.implementations) > 0 {
		err = agree(g.implementations[0].subject, x.subject)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", g.kem.Name(), err)
	}
	g.implementations = append(g.implementations, x)
	return nil
}

// fixedSeeds returns the seeds of all keys. They are the same in every run, so every run
// does the same work.
func fixedSeeds(size int) [][]byte {
	return slices.Collect(slices.Chunk(sha3.SumSHAKE256([]byte("hybridkem/bench"), inputs*size), size))
}

// kemOperationTable returns the operations on KEMs. The contenders of an operation are
// the implementations that offer it.
func kemOperationTable(groups []*kemGroup) ([]operation, error) {
	var table []operation
	for _, g := range groups {
		for _, name := range kemOperations {
			o := operation{section: g.kem.Name(), name: name, parts: 1}
			for _, x := range g.implementations {
				if op, ok := x.operations[name]; ok {
					o.contenders = append(o.contenders, goContender(x.name, op))
				}
			}
			table = append(table, o)
		}
		batches, err := batchTable(g.kem, g.seeds)
		if err != nil {
			return nil, err
		}
		table = append(table, batches...)
	}
	return table, nil
}

func newOurs(k kem.KEM) scheme[kem.DecapsulationKey, crypto.Encapsulator] {
	return scheme[kem.DecapsulationKey, crypto.Encapsulator]{
		expand:      k.NewDecapsulationKey,
		public:      kem.DecapsulationKey.Encapsulator,
		encode:      crypto.Encapsulator.Bytes,
		parse:       func(key []byte) (crypto.Encapsulator, error) { return k.NewEncapsulationKey(key) },
		encapsulate: crypto.Encapsulator.Encapsulate,
		decapsulate: kem.DecapsulationKey.Decapsulate,
	}
}

// intoBuffers returns an implementation that makes no new memory: EncapsulateTo and
// DecapsulateTo write into buffers, and Reset into keys. All calls share both.
func intoBuffers(k kem.KEM, seeds [][]byte) (*implementation, error) {
	x, err := newOurs(k).implement(oursInto, seeds)
	if err != nil {
		return nil, err
	}
	dk, err := k.NewDecapsulationKey(seeds[0])
	if err != nil {
		return nil, err
	}
	ek := dk.PublicKey()
	sharedKey, again, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	if err := errors.Join(ek.EncapsulateTo(sharedKey, ciphertext), dk.DecapsulateTo(again, ciphertext)); err != nil {
		return nil, err
	}
	if !bytes.Equal(sharedKey, again) {
		return nil, errDisagrees
	}
	held := slices.Clone(ciphertext)
	own, err := k.NewDecapsulationKey(seeds[0])
	if err != nil {
		return nil, err
	}
	other, err := k.NewEncapsulationKey(ek.Bytes())
	if err != nil {
		return nil, err
	}
	expand, parse := own.(resetter).Reset, other.(resetter).Reset
	var encoded, ciphertexts [inputs][]byte
	for i, seed := range seeds {
		if err := expand(seed); err != nil {
			return nil, err
		}
		encoded[i] = own.PublicKey().Bytes()
		_, ciphertexts[i] = own.PublicKey().Encapsulate()
	}
	x.operations = map[string]func(int){
		keyGeneration: func(i int) { expand(seeds[i%inputs]) },
		parseEncapsulate: func(i int) {
			parse(encoded[i%inputs])
			other.EncapsulateTo(sharedKey, ciphertext)
		},
		seedToSharedKey: func(i int) {
			expand(seeds[i%inputs])
			own.DecapsulateTo(again, ciphertexts[i%inputs])
		},
		encapsulate: func(int) { ek.EncapsulateTo(sharedKey, ciphertext) },
		decapsulate: func(int) { dk.DecapsulateTo(again, held) },
	}
	return x, nil
}

// A state is the state of an encapsulation in two steps.
type state interface {
	Begin(sharedKey, part1, header []byte) error
	FinishTo(part2, vector []byte) error
}

// twoSteps returns an implementation that encapsulates in two steps, into buffers and one state, which all calls
// share. It offers nothing else.
func twoSteps(k kem.KEM, seeds [][]byte, s state) (*implementation, error) {
	x, err := newOurs(k).implement(oursSteps, seeds)
	if err != nil {
		return nil, err
	}
	var headers, vectors [inputs][]byte
	for i, seed := range seeds {
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			return nil, err
		}
		ek := dk.PublicKey().(interface {
			Header() []byte
			EncapsulationVector() []byte
		})
		headers[i], vectors[i] = ek.Header(), ek.EncapsulationVector()
	}
	sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	part2Size := mlkem.CiphertextPart2Size768
	if k == mlkem.KEM1024() {
		part2Size = mlkem.CiphertextPart2Size1024
	}
	part1, part2 := ciphertext[:len(ciphertext)-part2Size], ciphertext[len(ciphertext)-part2Size:]
	steps := func(i int) error {
		if err := s.Begin(sharedKey, part1, headers[i%inputs]); err != nil {
			return err
		}
		return s.FinishTo(part2, vectors[i%inputs])
	}
	x.operations = map[string]func(int){parseEncapsulate: func(i int) { steps(i) }}
	x.encapsulate = func(i int) ([]byte, []byte, error) {
		err := steps(i)
		return slices.Clone(sharedKey), slices.Clone(ciphertext), err
	}
	return x, nil
}

func newStandard(expand func([]byte) (crypto.Decapsulator, error), parse func([]byte) (crypto.Encapsulator, error)) scheme[crypto.Decapsulator, crypto.Encapsulator] {
	return scheme[crypto.Decapsulator, crypto.Encapsulator]{
		expand:      expand,
		public:      crypto.Decapsulator.Encapsulator,
		encode:      crypto.Encapsulator.Bytes,
		parse:       parse,
		encapsulate: crypto.Encapsulator.Encapsulate,
		decapsulate: crypto.Decapsulator.Decapsulate,
	}
}

func newCIRCL(s circl.Scheme) scheme[circl.PrivateKey, circl.PublicKey] {
	return scheme[circl.PrivateKey, circl.PublicKey]{
		expand: func(seed []byte) (circl.PrivateKey, error) {
			_, dk := s.DeriveKeyPair(seed)
			return dk, nil
		},
		public: circl.PrivateKey.Public,
		encode: func(ek circl.PublicKey) []byte {
			b, _ := ek.MarshalBinary()
			return b
		},
		parse: s.UnmarshalBinaryPublicKey,
		encapsulate: func(ek circl.PublicKey) (sharedKey, ciphertext []byte) {
			ciphertext, sharedKey, _ = s.Encapsulate(ek)
			return sharedKey, ciphertext
		},
		decapsulate: s.Decapsulate,
	}
}

// A composedKey is an X-Wing key composed of keys of the standard library.
type composedKey struct {
	mlkem  *stdmlkem.DecapsulationKey768
	x25519 *ecdh.PrivateKey
}

// A composedPublic is the encapsulation key of a composedKey.
type composedPublic struct {
	mlkem  *stdmlkem.EncapsulationKey768
	x25519 *ecdh.PublicKey
}

// composed is X-Wing as a program without this module would compose it from the standard
// library.
var composed = scheme[composedKey, composedPublic]{
	expand: func(seed []byte) (composedKey, error) {
		expanded := sha3.SumSHAKE256(seed, 96)
		m, err := stdmlkem.NewDecapsulationKey768(expanded[:64])
		if err != nil {
			return composedKey{}, err
		}
		x, err := ecdh.X25519().NewPrivateKey(expanded[64:])
		return composedKey{m, x}, err
	},
	public: func(dk composedKey) composedPublic {
		return composedPublic{dk.mlkem.EncapsulationKey(), dk.x25519.PublicKey()}
	},
	encode: func(ek composedPublic) []byte { return append(ek.mlkem.Bytes(), ek.x25519.Bytes()...) },
	parse: func(b []byte) (composedPublic, error) {
		m, err := stdmlkem.NewEncapsulationKey768(b[:stdmlkem.EncapsulationKeySize768])
		if err != nil {
			return composedPublic{}, err
		}
		x, err := ecdh.X25519().NewPublicKey(b[stdmlkem.EncapsulationKeySize768:])
		return composedPublic{m, x}, err
	},
	encapsulate: func(ek composedPublic) (sharedKey, ciphertext []byte) {
		ephemeral, _ := ecdh.X25519().GenerateKey(rand.Reader)
		ssM, ctM := ek.mlkem.Encapsulate()
		ssX, _ := ephemeral.ECDH(ek.x25519)
		ctX := ephemeral.PublicKey().Bytes()
		return combine(ssM, ssX, ctX, ek.x25519.Bytes()), append(ctM, ctX...)
	},
	decapsulate: func(dk composedKey, ciphertext []byte) ([]byte, error) {
		ctM, ctX := ciphertext[:stdmlkem.CiphertextSize768], ciphertext[stdmlkem.CiphertextSize768:]
		ssM, err := dk.mlkem.Decapsulate(ctM)
		if err != nil {
			return nil, err
		}
		share, err := ecdh.X25519().NewPublicKey(ctX)
		if err != nil {
			return nil, err
		}
		ssX, err := dk.x25519.ECDH(share)
		if err != nil {
			return nil, err
		}
		return combine(ssM, ssX, ctX, dk.x25519.PublicKey().Bytes()), nil
	},
}

func combine(parts ...[]byte) []byte {
	h := sha3.New256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Write([]byte(`\.//^\`))
	return h.Sum(nil)
}

// standardHPKE is X-Wing in crypto/hpke. That package does not show the shared key, so
// this exports a key from the HPKE context instead.
var standardHPKE = scheme[hpke.PrivateKey, hpke.PublicKey]{
	expand: hpke.MLKEM768X25519().NewPrivateKey,
	public: hpke.PrivateKey.PublicKey,
	encode: hpke.PublicKey.Bytes,
	parse:  hpke.MLKEM768X25519().NewPublicKey,
	encapsulate: func(ek hpke.PublicKey) (sharedKey, ciphertext []byte) {
		ciphertext, sender, err := hpke.NewSender(ek, hpke.SHAKE256(), hpke.ExportOnly(), nil)
		if err != nil {
			panic(err) // cannot happen with a key that was parsed
		}
		sharedKey, _ = sender.Export("", 32)
		return sharedKey, ciphertext
	},
	decapsulate: func(dk hpke.PrivateKey, ciphertext []byte) ([]byte, error) {
		recipient, err := hpke.NewRecipient(ciphertext, dk, hpke.SHAKE256(), hpke.ExportOnly(), nil)
		if err != nil {
			return nil, err
		}
		return recipient.Export("", 32)
	},
	ownSharedKey: true,
}
