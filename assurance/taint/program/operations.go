package main

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
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

// kems returns every KEM of the module, and one of each framework that has none there.
func kems() []kem.KEM {
	return append(hybridkem.All(),
		combiner.UG("UG(ML-KEM-768, X25519)", mlkem.KEM768(), combiner.X25519()),
		combiner.UK("UK(ML-KEM-768, ML-KEM-512)", mlkem.KEM768(), mlkem.KEM512()),
		combiner.CK("CK(ML-KEM-768, X-Wing)", mlkem.KEM768(), xwing.KEM()))
}

// operations are what is run on secrets with each KEM for which it exists.
var operations = []struct {
	name   string
	exists func(kem.KEM) bool
	run    func(kem.KEM)
}{
	{"generate", always, generate},
	{"encapsulate", always, encapsulate},
	{"decapsulate", always, decapsulate},
	{"compare", always, compare},
	{"destroy", always, destroy},
	{"look", always, look},
	{"check key pair", always, checkKeyPair},
	{"seed of wrong length", always, wrongLength},
	{"key file with a seed", hasFiles, seedFile},
	{"PEM", hasFiles, pemFile},
	{"expanded key", isMLKEM, expandedKey},
	{"invalid expanded key", isMLKEM, invalidExpandedKey},
	{"compare expanded key", isMLKEM, compareExpandedKey},
	{"key file with an expanded key", isMLKEM, expandedFile},
	{"key file with both", isMLKEM, bothFile},
	{"combine", isXWing, combine},
}

func always(kem.KEM) bool { return true }

func isMLKEM(k kem.KEM) bool {
	_, ok := spec.Sets[k.Name()]
	return ok
}

func isXWing(k kem.KEM) bool { return k == xwing.KEM() }

// hasFiles reports whether keys of k can be written.
func hasFiles(k kem.KEM) bool {
	_, err := keyfile.MarshalPKCS8PrivateKey(must(k.NewDecapsulationKey(make([]byte, k.SeedSize()))))
	return err == nil
}

// newKey returns a key pair from a seed that is a secret.
func newKey(k kem.KEM, seed []byte) (kem.DecapsulationKey, kem.EncapsulationKey) {
	dk := must(k.NewDecapsulationKey(secret(seed)))
	return dk, must(k.NewEncapsulationKey(public(dk.Encapsulator().Bytes())))
}

func randomKey(k kem.KEM) (kem.DecapsulationKey, kem.EncapsulationKey) {
	return newKey(k, random(k.SeedSize()))
}

func generate(k kem.KEM) {
	dk := must(k.GenerateKey())
	wantSecret(dk.Bytes())
	again, _ := newKey(k, public(dk.Bytes()))
	wantEqual(again.Encapsulator().Bytes(), dk.Encapsulator().Bytes(), true)
}

func encapsulate(k kem.KEM) {
	_, ek := randomKey(k)
	sharedKey, ciphertext := ek.Encapsulate()
	wantSecret(sharedKey)
	public(sharedKey)
	want(ek.EncapsulateTo(sharedKey, ciphertext) == nil, "there is an error")
	wantSecret(sharedKey)
	sharedKey, _, err := derand.Encapsulate("taint", ek, secret(random(k.(derand.KEM).RandomSize())))
	wantSecret(must(sharedKey, err))
}

// near returns values that are not b: with one bit wrong near either end, and random ones.
func near(b []byte) [][]byte {
	first, last := bytes.Clone(b), bytes.Clone(b)
	first[1] ^= 1
	last[len(last)-1] ^= 1
	return [][]byte{first, last, random(len(b))}
}

func decapsulate(k kem.KEM) {
	dk, ek := randomKey(k)
	decapsulateAll(dk, ek)
}

// decapsulateAll decapsulates what is encapsulated to ek, and other ciphertexts.
func decapsulateAll(dk kem.Decapsulator, ek kem.EncapsulationKey) {
	sharedKey, ciphertext := ek.Encapsulate()
	got := must(dk.Decapsulate(public(ciphertext)))
	wantSecret(got)
	wantEqual(got, sharedKey, true)
	to := make([]byte, len(sharedKey))
	want(dk.DecapsulateTo(to, ciphertext) == nil, "there is an error")
	wantSecret(to)
	wantEqual(to, sharedKey, true)
	for _, c := range near(ciphertext) {
		// There is an error where a NIST curve has no such point.
		if got, err := dk.Decapsulate(c); err == nil {
			wantSecret(got)
			wantEqual(got, sharedKey, false)
		}
	}
}

func compare(k kem.KEM) {
	seed := random(k.SeedSize())
	dk, ek := newKey(k, seed)
	same, sameEK := newKey(k, seed)
	wantResult(dk.Equal(same), true)
	wantResult(ek.Equal(sameEK), true)
	for _, seed := range near(seed) {
		other, _ := newKey(k, seed)
		wantResult(dk.Equal(other), false)
	}
}

func destroy(k kem.KEM) {
	dk, _ := randomKey(k)
	want(!dk.Destroyed(), "a new key is destroyed")
	dk.Destroy()
	want(dk.Bytes() == nil && dk.Destroyed(), "a destroyed key has a seed")
}

// look does with a key what needs none of its secrets. A search in what is printed branches
// on each byte, and so shows a secret.
func look(k kem.KEM) {
	dk, ek := randomKey(k)
	want(dk.PublicKey().Equal(ek) && dk.KEM() == k, "a key has another's parts")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{dk, struct{ key any }{dk}, []kem.DecapsulationKey{dk}} {
			want(!strings.Contains(fmt.Sprintf(verb, x), "\x00"), "a key prints bytes")
		}
	}
	_, err := json.Marshal(dk)
	want(err != nil, "a key can be written as JSON")
}

// A pair is a private key with a public key that may be another's.
type pair struct {
	kem.DecapsulationKey
	ek kem.EncapsulationKey
}

func (p pair) Encapsulator() crypto.Encapsulator { return p.ek }

func checkKeyPair(k kem.KEM) {
	dk, ek := randomKey(k)
	want(kem.CheckKeyPair(pair{dk, ek}) == nil, "a key pair is none")
	_, other := randomKey(k)
	want(errors.Is(kem.CheckKeyPair(pair{dk, other}), kem.ErrKeyPair), "halves of two pairs are one")
}

// wrongLength gives what is not a seed, but may hold one.
func wrongLength(k kem.KEM) {
	for _, n := range []int{0, 1, 31, 33, 63, 65, 200, 2400} {
		_, err := k.NewDecapsulationKey(secret(random(n)))
		want(errors.Is(err, kem.ErrLength), "a seed of a wrong length is taken")
	}
}

// combine is here once, since the combiners are the same for all KEMs.
func combine(kem.KEM) {
	ss, other := secret(random(32)), random(32)
	wantSecret(combiner.C2PRI(ss, ss, other, other, other))
	wantSecret(combiner.Universal(ss, ss, other, other, other, other, other))
}

// expand returns the expanded form of the key from seed. Its ŝ and z are secrets, after
// the change, and its encapsulation key.
func expand(k kem.KEM, seed []byte, change func(b []byte)) (b, ek []byte) {
	p := spec.Sets[k.Name()]
	ek, b = spec.KeyGenInternal(p, seed[:32], seed[32:])
	change(b)
	mark.Secret(b[:384*p.K])
	mark.Secret(b[len(b)-32:])
	return b, ek
}

// Changes of an expanded key.
func nothing([]byte)          {}
func otherS(b []byte)         { b[0], b[1] = b[0]^1, b[1]&0xf0 } // smaller than 256, so valid
func otherZ(b []byte)         { b[len(b)-1] ^= 1 }
func tooLarge(b []byte)       { b[0], b[1] = 0xff, 0xff } // a coefficient above q
func secondTooLarge(b []byte) { b[384], b[385] = 0xff, 0xff }

func expandedKey(k kem.KEM) {
	b, ek := expand(k, random(k.SeedSize()), nothing)
	dk := must(expanded.Parse(k, b))
	decapsulateAll(dk, must(k.NewEncapsulationKey(ek)))
	want(!strings.Contains(fmt.Sprintf("%+v %x", dk.Decapsulator, dk.Decapsulator), "\x00"), "a key prints bytes")
	dk.Destroy()
	want(dk.Destroyed(), "a key is not destroyed")
}

func invalidExpandedKey(k kem.KEM) {
	for _, change := range []func([]byte){tooLarge, secondTooLarge} {
		b, _ := expand(k, random(k.SeedSize()), change)
		_, err := expanded.Parse(k, b)
		want(errors.Is(err, kem.ErrExpandedKey), "an invalid key is taken")
	}
}

func compareExpandedKey(k kem.KEM) {
	seed := random(k.SeedSize())
	dk, _ := newKey(k, seed)
	for i, change := range []func([]byte){nothing, otherS, otherZ} {
		b, _ := expand(k, seed, change)
		wantResult(must(expanded.Parse(k, b)).Matches(dk), i == 0)
	}
}

// seedFile writes a key as PKCS #8, and reads it.
func seedFile(k kem.KEM) {
	seed := random(k.SeedSize())
	dk, _ := newKey(k, seed)
	der := must(keyfile.MarshalPKCS8PrivateKey(dk))
	wantSecret(der[len(der)-len(seed):])
	wantEqual(must(keyfile.ParsePKCS8PrivateKey(der)).(kem.DecapsulationKey).Bytes(), seed, true)
}

// pemFile writes a key in PEM. Reading is left out: base64 gives a seed without marks, and from
// there on all is as in seedFile.
func pemFile(k kem.KEM) {
	dk, _ := randomKey(k)
	must(keyfile.MarshalPrivateKeyPEM(dk))
}

// file returns a PKCS #8 file of k with what privateKey is in ASN.1.
func file(k kem.KEM, privateKey any) []byte {
	var f struct {
		Version    int
		Algorithm  asn1.RawValue
		PrivateKey []byte
	}
	whole := must(keyfile.MarshalPKCS8PrivateKey(must(k.NewDecapsulationKey(make([]byte, k.SeedSize())))))
	must(asn1.Unmarshal(whole, &f))
	f.PrivateKey = must(asn1.Marshal(privateKey))
	return must(asn1.Marshal(f))
}

// expandedFile reads files with expanded keys: a right one, one that decapsulates wrongly,
// and an invalid one.
func expandedFile(k kem.KEM) {
	seed := random(k.SeedSize())
	b, _ := expand(k, seed, nothing)
	dk := must(keyfile.ParsePKCS8PrivateKey(file(k, b)))
	decapsulateAll(dk, dk.PublicKey())
	b, _ = expand(k, seed, otherS)
	_, err := keyfile.ParsePKCS8PrivateKey(file(k, b))
	want(errors.Is(err, kem.ErrKeyPair), "a key that decapsulates wrongly is taken")
	b, _ = expand(k, seed, tooLarge)
	_, err = keyfile.ParsePKCS8PrivateKey(file(k, b))
	want(errors.Is(err, kem.ErrExpandedKey), "an invalid key is taken")
}

// bothFile reads files with a seed and an expanded key: that of the seed, one with another
// ŝ, and one with another z.
func bothFile(k kem.KEM) {
	seed := random(k.SeedSize())
	for i, change := range []func([]byte){nothing, otherS, otherZ} {
		b, _ := expand(k, seed, change)
		dk, err := keyfile.ParsePKCS8PrivateKey(file(k, struct{ Seed, Expanded []byte }{secret(seed), b}))
		if i == 0 {
			wantEqual(must(dk, err).(kem.DecapsulationKey).Bytes(), seed, true)
		} else {
			want(errors.Is(err, kem.ErrExpandedKey), "keys that are not the same are taken")
		}
	}
}
