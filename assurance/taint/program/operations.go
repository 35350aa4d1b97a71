package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"

	"hybridkem"
	"hybridkem/assurance/taint/mark"
	"hybridkem/combiner"
	"hybridkem/internal/derand"
	"hybridkem/internal/expanded"
	"hybridkem/internal/spec"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// An operation runs what its name says on secrets. It returns an error if the result is
// wrong, or does not depend on the secrets: then marks have been lost.
type operation struct {
	name string
	run  func() error
}

// generator is where the secrets' values come from.
var generator = rand.NewChaCha8([32]byte{})

func random(n int) []byte {
	b := make([]byte, n)
	generator.Read(b)
	return b
}

var (
	errWrong    = errors.New("the result is wrong")
	errUnmarked = errors.New("the result does not depend on the secret: marks have been lost")
)

// operations returns those on every KEM of the module, and on one of each framework that
// has none there.
func operations() (all []operation) {
	kems := append(hybridkem.All(),
		combiner.UG("UG(ML-KEM-768, X25519)", mlkem.KEM768(), combiner.X25519()),
		combiner.UK("UK(ML-KEM-768, ML-KEM-512)", mlkem.KEM768(), mlkem.KEM512()),
		combiner.CK("CK(ML-KEM-768, X-Wing)", mlkem.KEM768(), xwing.KEM()))
	for _, k := range kems {
		add := func(name string, run func(kem.KEM) error) {
			all = append(all, operation{k.Name() + ", " + name, func() error { return run(k) }})
		}
		add("generate", generate)
		add("encapsulate", encapsulate)
		add("decapsulate", decapsulate)
		add("decapsulate invalid", decapsulateInvalid)
		add("compare", compare)
		add("destroy", destroy)
		if _, ok := spec.Sets[k.Name()]; ok {
			add("expanded key", expandedKey)
			add("invalid expanded key", invalidExpandedKey)
			add("compare expanded key", compareExpandedKey)
		}
		if _, ok := spec.Sets[k.Name()]; ok || k == xwing.KEM() {
			add("key file", keyFile)
		}
	}
	return append(all, operation{"combiners", combine})
}

func combine() error {
	secret, public := secret(random(32)), random(32)
	if !mark.IsSecret(combiner.C2PRI(secret, secret, public, public, public)) ||
		!mark.IsSecret(combiner.Universal(secret, secret, public, public, public, public, public)) {
		return errUnmarked
	}
	return nil
}

// newKey returns a key pair from a seed that is a secret.
func newKey(k kem.KEM, seed []byte) (kem.DecapsulationKey, kem.EncapsulationKey) {
	dk, err := k.NewDecapsulationKey(secret(seed))
	if err != nil {
		panic(err)
	}
	ek, err := k.NewEncapsulationKey(publish(dk.Encapsulator().Bytes()))
	if err != nil {
		panic(err)
	}
	return dk, ek
}

func generate(k kem.KEM) error {
	dk, err := k.GenerateKey()
	if err != nil {
		return err
	}
	if !mark.IsSecret(dk.Bytes()) {
		return errUnmarked
	}
	again, _ := newKey(k, publish(dk.Bytes()))
	if !bytes.Equal(publish(again.Encapsulator().Bytes()), publish(dk.Encapsulator().Bytes())) {
		return errWrong
	}
	return nil
}

func encapsulate(k kem.KEM) error {
	_, ek := newKey(k, random(k.SeedSize()))
	sharedKey, ciphertext := ek.Encapsulate()
	if !mark.IsSecret(sharedKey) {
		return errUnmarked
	}
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		return err
	}
	if !mark.IsSecret(sharedKey) {
		return errUnmarked
	}
	sharedKey, _, err := derand.Encapsulate(ek, secret(random(k.(derand.KEM).RandomSize())))
	if err == nil && !mark.IsSecret(sharedKey) {
		return errUnmarked
	}
	return err
}

// agree demands that decapsulation, in whatever form, gives want, or with other something
// else.
func agree(decapsulate func(ciphertext []byte) ([]byte, error), ciphertext, want []byte, other bool) error {
	got, err := decapsulate(ciphertext)
	if err != nil {
		if other {
			return nil // no point on the curve
		}
		return err
	}
	if !mark.IsSecret(got) {
		return errUnmarked
	}
	if bytes.Equal(publish(got), want) == other {
		return errWrong
	}
	return nil
}

func decapsulate(k kem.KEM) error {
	dk, ek := newKey(k, random(k.SeedSize()))
	sharedKey, ciphertext := ek.Encapsulate()
	publish(sharedKey)
	publish(ciphertext)
	to := func(ciphertext []byte) ([]byte, error) {
		got := make([]byte, len(sharedKey))
		return got, dk.DecapsulateTo(got, ciphertext)
	}
	return errors.Join(agree(dk.Decapsulate, ciphertext, sharedKey, false), agree(to, ciphertext, sharedKey, false))
}

// damaged returns ciphertexts that are not what is encapsulated: with one bit wrong near
// either end, and random ones.
func damaged(ciphertext []byte) [][]byte {
	first, last := bytes.Clone(ciphertext), bytes.Clone(ciphertext)
	first[1] ^= 1
	last[len(last)-1] ^= 1
	return [][]byte{first, last, random(len(ciphertext))}
}

func decapsulateInvalid(k kem.KEM) (err error) {
	dk, ek := newKey(k, random(k.SeedSize()))
	sharedKey, ciphertext := ek.Encapsulate()
	publish(sharedKey)
	for _, c := range damaged(publish(ciphertext)) {
		err = errors.Join(err, agree(dk.Decapsulate, c, sharedKey, true))
	}
	return err
}

// different demands that a comparison has the result want.
func different(result, want bool) error {
	if mark.Declassified(result) != want {
		return errWrong
	}
	return nil
}

// near returns seeds that are not seed: with one bit wrong near either end, and a random
// one.
func near(seed []byte) [][]byte {
	first, last := bytes.Clone(seed), bytes.Clone(seed)
	first[0] ^= 1
	last[len(last)-1] ^= 1
	return [][]byte{first, last, random(len(seed))}
}

func compare(k kem.KEM) error {
	seed := random(k.SeedSize())
	dk, ek := newKey(k, seed)
	same, sameEK := newKey(k, seed)
	err := errors.Join(different(dk.Equal(same), true), different(ek.Equal(sameEK), true))
	for _, seed := range near(seed) {
		other, _ := newKey(k, seed)
		err = errors.Join(err, different(dk.Equal(other), false))
	}
	return err
}

func destroy(k kem.KEM) error {
	dk, _ := newKey(k, random(k.SeedSize()))
	dk.Destroy()
	if dk.Bytes() != nil {
		return errWrong
	}
	return nil
}

// newExpandedKey returns the expanded form of the key from seed, as a whole and as a key,
// of which ŝ and z are secrets.
func newExpandedKey(k kem.KEM, seed []byte, change func(b []byte)) (expanded.Key, []byte, error) {
	p := spec.Sets[k.Name()]
	ek, b := spec.KeyGenInternal(p, seed[:32], seed[32:])
	if change != nil {
		change(b)
	}
	mark.Secret(b[:384*p.K])
	mark.Secret(b[len(b)-32:])
	dk, err := expanded.Parse(k, b)
	return dk, ek, err
}

func expandedKey(k kem.KEM) error {
	dk, b, err := newExpandedKey(k, random(k.SeedSize()), nil)
	if err != nil {
		return err
	}
	ek, err := k.NewEncapsulationKey(b)
	if err != nil {
		return err
	}
	sharedKey, ciphertext := ek.Encapsulate()
	publish(sharedKey)
	err = agree(dk.Decapsulate, publish(ciphertext), sharedKey, false)
	for _, c := range damaged(ciphertext) {
		err = errors.Join(err, agree(dk.Decapsulate, c, sharedKey, true))
	}
	dk.Decapsulator.(interface{ Destroy() }).Destroy()
	return err
}

// invalidExpandedKey has coefficients of ŝ that are not below q.
func invalidExpandedKey(k kem.KEM) error {
	for _, at := range []int{0, 384} {
		_, _, err := newExpandedKey(k, random(k.SeedSize()), func(b []byte) { b[at], b[at+1] = 0xff, 0xff })
		if err == nil {
			return errWrong
		}
	}
	return nil
}

func compareExpandedKey(k kem.KEM) error {
	seed := random(k.SeedSize())
	dk, _ := newKey(k, seed)
	same, _, err := newExpandedKey(k, seed, nil)
	if err != nil {
		return err
	}
	err = different(same.Matches(dk), true)
	for _, change := range []func(b []byte){
		func(b []byte) { b[0] ^= 1 },        // in ŝ
		func(b []byte) { b[len(b)-1] ^= 1 }, // in z
	} {
		other, _, invalid := newExpandedKey(k, seed, change)
		if invalid != nil {
			return invalid
		}
		err = errors.Join(err, different(other.Matches(dk), false))
	}
	return err
}

// keyFile writes a key as PKCS #8, and reads it.
func keyFile(k kem.KEM) error {
	seed := random(k.SeedSize())
	dk, _ := newKey(k, seed)
	file, err := keyfile.MarshalPKCS8PrivateKey(dk)
	if err != nil {
		return err
	}
	if !mark.IsSecret(file[len(file)-len(seed):]) {
		return errUnmarked
	}
	again, err := keyfile.ParsePKCS8PrivateKey(file)
	if err != nil {
		return err
	}
	if !slices.Equal(publish(again.(kem.DecapsulationKey).Bytes()), seed) {
		return errWrong
	}
	return nil
}
