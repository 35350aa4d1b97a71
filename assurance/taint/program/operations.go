package main

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

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
		add("look", look)
		add("check key pair", checkKeyPair)
		add("seed of wrong length", wrongLength)
		if _, ok := spec.Sets[k.Name()]; ok {
			add("expanded key", expandedKey)
			add("invalid expanded key", invalidExpandedKey)
			add("compare expanded key", compareExpandedKey)
			add("key file with an expanded key", expandedKeyFile)
			add("key file with both", bothKeyFile)
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
	sharedKey, _, err := derand.Encapsulate("taint", ek, secret(random(k.(derand.KEM).RandomSize())))
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
	if dk.Destroyed() {
		return errWrong
	}
	dk.Destroy()
	if dk.Bytes() != nil || !dk.Destroyed() {
		return errWrong
	}
	return nil
}

// look does with a key what needs none of its secrets. What is printed is compared with
// what should be, so that a secret in it decides a branch.
func look(k kem.KEM) error {
	dk, ek := newKey(k, random(k.SeedSize()))
	if !dk.PublicKey().Equal(ek) || dk.KEM() != k {
		return errWrong
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{dk, struct{ key any }{dk}, []kem.DecapsulationKey{dk}} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, "\x00") {
				return errWrong
			}
		}
	}
	if text, err := json.Marshal(dk); err == nil {
		return fmt.Errorf("%w: %s", errWrong, text)
	}
	return nil
}

// A pair is a key, and a public key that has been published.
type pair struct {
	kem.DecapsulationKey
	ek kem.EncapsulationKey
}

func (p pair) Encapsulator() crypto.Encapsulator { return p.ek }

func checkKeyPair(k kem.KEM) error {
	dk, ek := newKey(k, random(k.SeedSize()))
	if err := kem.CheckKeyPair(pair{dk, ek}); err != nil {
		return err
	}
	_, other := newKey(k, random(k.SeedSize()))
	if err := kem.CheckKeyPair(pair{dk, other}); !errors.Is(err, kem.ErrKeyPair) {
		return errWrong
	}
	return nil
}

// wrongLength gives what is not a seed, but may hold one.
func wrongLength(k kem.KEM) error {
	for _, n := range []int{0, 1, 31, 33, 63, 65, 200, 2400} {
		if _, err := k.NewDecapsulationKey(secret(random(n))); !errors.Is(err, kem.ErrLength) {
			return errWrong
		}
	}
	return nil
}

// expand returns the expanded form of the key from seed. Its ŝ and z are secrets,
// after change, and its encapsulation key.
func expand(k kem.KEM, seed []byte, change func(b []byte)) (b, ek []byte) {
	p := spec.Sets[k.Name()]
	ek, b = spec.KeyGenInternal(p, seed[:32], seed[32:])
	if change != nil {
		change(b)
	}
	mark.Secret(b[:384*p.K])
	mark.Secret(b[len(b)-32:])
	return b, ek
}

// newExpandedKey returns the key that expand gives.
func newExpandedKey(k kem.KEM, seed []byte, change func(b []byte)) (expanded.Key, []byte, error) {
	b, ek := expand(k, seed, change)
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
	if text := fmt.Sprintf("%+v %x", dk.Decapsulator, dk.Decapsulator); strings.Contains(text, "\x00") {
		return errWrong
	}
	dk.Destroy()
	if !dk.Destroyed() {
		return errWrong
	}
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

// element returns an element of DER.
func element(tag byte, parts ...[]byte) []byte {
	contents := bytes.Join(parts, nil)
	n := len(contents)
	if n < 0x80 {
		return append([]byte{tag, byte(n)}, contents...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, contents...)
}

// file returns a PKCS #8 file of an ML-KEM key, with the private key in the form given.
func file(k kem.KEM, privateKey []byte) ([]byte, error) {
	dk, err := k.GenerateKey()
	if err != nil {
		return nil, err
	}
	whole, err := keyfile.MarshalPKCS8PrivateKey(dk)
	if err != nil {
		return nil, err
	}
	versionAndAlgorithm := bytes.Clone(whole[2:18])
	return element(0x30, versionAndAlgorithm, element(0x04, privateKey)), nil
}

// expandedKeyFile reads files with expanded keys: a right one, one that decapsulates wrongly,
// since ŝ is another, and an invalid one.
func expandedKeyFile(k kem.KEM) error {
	seed := random(k.SeedSize())
	for _, tt := range []struct {
		change func(b []byte)
		want   error
	}{
		{nil, nil},
		{func(b []byte) { b[0] ^= 1; b[1] &= 0xf0; b[400] ^= 1; b[401] &= 0xf0 }, kem.ErrKeyPair},
		{func(b []byte) { b[0], b[1] = 0xff, 0xff }, kem.ErrExpandedKey},
	} {
		b, _ := expand(k, seed, tt.change)
		der, err := file(k, element(0x04, b))
		if err != nil {
			return err
		}
		dk, err := keyfile.ParsePKCS8PrivateKey(der)
		if tt.want != nil {
			if !errors.Is(err, tt.want) {
				return fmt.Errorf("%w: %v", errWrong, err)
			}
			continue
		}
		if err != nil {
			return err
		}
		sharedKey, ciphertext := dk.PublicKey().Encapsulate()
		publish(sharedKey)
		if err := agree(dk.Decapsulate, publish(ciphertext), sharedKey, false); err != nil {
			return err
		}
	}
	return nil
}

// bothKeyFile reads files with a seed and an expanded key: that of the seed, one with another
// ŝ, and one with another z.
func bothKeyFile(k kem.KEM) error {
	seed := random(k.SeedSize())
	for _, change := range []func(b []byte){
		nil,
		func(b []byte) { b[0] ^= 1; b[1] &= 0xf0 },
		func(b []byte) { b[len(b)-1] ^= 1 },
	} {
		b, _ := expand(k, seed, change)
		der, err := file(k, element(0x30, element(0x04, secret(seed)), element(0x04, b)))
		if err != nil {
			return err
		}
		dk, err := keyfile.ParsePKCS8PrivateKey(der)
		if change != nil {
			if !errors.Is(err, kem.ErrExpandedKey) {
				return fmt.Errorf("%w: %v", errWrong, err)
			}
			continue
		}
		if err != nil {
			return err
		}
		if !slices.Equal(publish(dk.(kem.DecapsulationKey).Bytes()), seed) {
			return errWrong
		}
	}
	return nil
}
