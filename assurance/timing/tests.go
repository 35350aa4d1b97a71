package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"slices"

	"hybridkem/batch"
	"hybridkem/internal/derand"
	"hybridkem/internal/expanded"
	"hybridkem/internal/many"
	"hybridkem/internal/spec"
	"hybridkem/kem"
)

// tests lists the tests. The name of each says how its two classes of inputs differ.
var tests = []struct {
	operation, name string
	exists          func(k kem.KEM) bool
	subject         func(k kem.KEM) subject
}{
	{"Decapsulate", "valid or valid ciphertext", hasSeed, func(k kem.KEM) subject { return decapsulation(newKey(k), same, same) }},
	{"Decapsulate", "valid or invalid ciphertext", hasSeed, func(k kem.KEM) subject { return decapsulation(newKey(k), same, flip) }},
	{"Decapsulate", "early or late byte wrong", hasSeed, func(k kem.KEM) subject { return decapsulation(newKey(k), early, late) }},
	{"Decapsulate", "fixed or random key", hasSeed, keys},
	{"Decapsulate, batch", "valid or mixed ciphertexts", isTogether, func(k kem.KEM) subject { return batches(k, nothing, some) }},
	{"Decapsulate, batch", "first or last row invalid", isTogether, func(k kem.KEM) subject { return batches(k, first, last) }},
	{"DecapsulateSeed", "valid or invalid ciphertext", hasSeed, func(k kem.KEM) subject { return decapsulateSeed(k, same, flip) }},
	{"Decapsulate, expanded", "valid or invalid ciphertext", isMLKEM, func(k kem.KEM) subject { return decapsulation(expandedKey(k), same, flip) }},
	{"Encapsulate", "fixed or random m", hasSeed, messages},
	{"NewDecapsulationKey", "fixed or random z", isMLKEM, func(k kem.KEM) subject { return expansion(k, random(32)) }},
	{"NewDecapsulationKey", "fixed or random seed", hasSeed, func(k kem.KEM) subject { return expansion(k, nil) }},
	{"Equal", "first or last byte differs", hasSeed, equal},
	{"Matches", "first or last byte differs", isMLKEM, matches},
}

// hasSeed reports whether keys of k expand from a seed. Keys from parts do the same as the keys of the hybrid with
// these parts, but not all bytes are one.
func hasSeed(k kem.KEM) bool { return !kem.KeysFromParts(k) }

// isMLKEM reports whether k is ML-KEM, and not a hybrid.
func isMLKEM(k kem.KEM) bool {
	_, ok := spec.Sets[k.Name()]
	return ok
}

// isTogether reports whether k does several operations at once.
func isTogether(k kem.KEM) bool {
	_, ok := many.Of(k)
	return ok && hasSeed(k)
}

// inputs is the number of inputs of each class. It is large enough that no single input
// decides a test.
const inputs = 128

// classes returns inputs of two classes, made by a and b.
func classes(a, b func() []byte) (c [2][][]byte) {
	for range inputs {
		c[0], c[1] = append(c[0], a()), append(c[1], b())
	}
	return c
}

// must returns x, and panics if there is an error. The inputs here cause none.
func must[T any](x T, err error) T {
	check(err)
	return x
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func random(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

// fixedOrRandom returns inputs of size bytes after start, with which all of them begin. The
// other bytes are random. They are the same in all inputs of the first class, and different in
// each input of the second.
func fixedOrRandom(start []byte, size int) [2][][]byte {
	fixed := random(size)
	return classes(func() []byte { return slices.Concat(start, fixed) }, func() []byte { return slices.Concat(start, random(size)) })
}

func newKey(k kem.KEM) kem.DecapsulationKey { return must(k.GenerateKey()) }

func expandedKey(k kem.KEM) kem.Decapsulator {
	_, b := spec.KeyGen(spec.Sets[k.Name()])
	return must(expanded.Parse(k, b)).Decapsulator
}

func ciphertext(dk kem.Decapsulator) []byte {
	_, c := dk.Encapsulator().Encapsulate()
	return c
}

// decapsulation returns decapsulation with dk as a subject. a and b change the ciphertexts of
// the two classes.
func decapsulation(dk kem.Decapsulator, a, b func(ciphertext []byte)) subject {
	changed := func(change func([]byte)) func() []byte {
		return func() []byte {
			c := ciphertext(dk)
			change(c)
			return c
		}
	}
	sharedKey := make([]byte, dk.KEM().SharedKeySize())
	return subject{classes(changed(a), changed(b)), func(c []byte) func() {
		return func() { check(dk.DecapsulateTo(sharedKey, c)) }
	}}
}

// batches returns decapsulation of batches with one key as a subject. a and b choose which rows of a batch
// have an invalid ciphertext in the two classes.
func batches(k kem.KEM, a, b func(row int) bool) subject {
	dk := newKey(k)
	size := k.CiphertextSize()
	batchOf := func(invalid func(row int) bool) func() []byte {
		return func() (all []byte) {
			for row := range many.Width {
				c := ciphertext(dk)
				if invalid(row) {
					flip(c)
				}
				all = append(all, c...)
			}
			return all
		}
	}
	batched := make([]batch.Decapsulation, many.Width)
	for i := range batched {
		batched[i] = batch.Decapsulation{Key: dk, SharedKey: make([]byte, k.SharedKeySize())}
	}
	return subject{classes(batchOf(a), batchOf(b)), func(all []byte) func() {
		for i := range batched {
			batched[i].Ciphertext = all[i*size:][:size]
		}
		return func() {
			batch.Decapsulate(batched)
			for i := range batched {
				check(batched[i].Err)
			}
		}
	}}
}

func nothing(int) bool   { return false }
func some(int) bool      { return random(1)[0]%2 == 0 }
func first(row int) bool { return row == 0 }
func last(row int) bool  { return row == many.Width-1 }

// decapsulateSeed is decapsulation with one seed.
func decapsulateSeed(k kem.KEM, a, b func(ciphertext []byte)) subject {
	dk := newKey(k)
	s := decapsulation(dk, a, b)
	seed, sharedKey := dk.Bytes(), make([]byte, k.SharedKeySize())
	s.prepare = func(c []byte) func() {
		return func() { check(kem.DecapsulateSeed(k, sharedKey, seed, c)) }
	}
	return s
}

// The first byte of a ciphertext that may be changed, and the distance of the last one from
// the end. They keep all changes in the ciphertext of ML-KEM: the share of a group, which is
// public, comes first or last and has at most 97 bytes.
const earlyByte, lateByte = 110, 100

func same([]byte) {}

// flip changes a random bit.
func flip(c []byte) {
	r := random(3)
	c[earlyByte+int(binary.BigEndian.Uint16(r))%(len(c)-earlyByte-lateByte)] ^= 1 << (r[2] % 8)
}

// early and late change a low bit of a coefficient. The message stays the same, so the
// ciphertext that decapsulation makes again differs in this one byte only.
func early(c []byte) { c[earlyByte] ^= 1 }
func late(c []byte)  { c[len(c)-lateByte] ^= 1 }

// keys returns decapsulation with fixed or random keys as a subject. Each key is made again
// from its seed before it is used, so that the place in memory does not tell the classes apart.
func keys(k kem.KEM) subject {
	size := k.SeedSize()
	all := fixedOrRandom(nil, size)
	for _, class := range all {
		for i, seed := range class {
			class[i] = append(seed, ciphertext(must(k.NewDecapsulationKey(seed)))...)
		}
	}
	sharedKey := make([]byte, k.SharedKeySize())
	return subject{all, func(b []byte) func() {
		dk := must(k.NewDecapsulationKey(b[:size]))
		return func() { check(dk.DecapsulateTo(sharedKey, b[size:])) }
	}}
}

func messages(k kem.KEM) subject {
	d := k.(derand.KEM)
	ek := newKey(k).PublicKey()
	sharedKey, c := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	return subject{fixedOrRandom(nil, d.RandomSize()), func(m []byte) func() {
		return func() { check(d.EncapsulateDerand(ek, sharedKey, c, derand.From(m))) }
	}}
}

// expansion returns the expansion of a key as a subject. The seeds begin with start.
func expansion(k kem.KEM, start []byte) subject {
	return subject{fixedOrRandom(start, k.SeedSize()-len(start)), func(seed []byte) func() {
		return func() { must(k.NewDecapsulationKey(seed)) }
	}}
}

// differing returns inputs that differ from b in the first byte for one class, and in the last
// byte for the other.
func differing(b []byte) [2][][]byte {
	at := func(i int) func() []byte {
		return func() []byte {
			c := bytes.Clone(b)
			c[i] ^= 1 + random(1)[0]%255
			return c
		}
	}
	return classes(at(0), at(len(b)-1))
}

func equal(k kem.KEM) subject {
	dk := newKey(k)
	return subject{differing(dk.Bytes()), func(seed []byte) func() {
		x := must(k.NewDecapsulationKey(seed))
		return func() { wantDifferent(dk.Equal(x)) }
	}}
}

// matches returns Matches as a subject. The expanded keys differ from the key in the first byte
// of ŝ or in the last byte of z. They contain ρ as this module makes it, which is zero here, and
// not as the specification does.
func matches(k kem.KEM) subject {
	dk := newKey(k)
	seed, ek := dk.Bytes(), dk.PublicKey().Bytes()
	_, s := spec.PKEKeyGen(spec.Sets[k.Name()], seed[:32])
	if s[1]&15 == 13 {
		// The first coefficient may be q - 1 or close to it. Some changes would make it too
		// large.
		return matches(k)
	}
	return subject{differing(slices.Concat(s, ek, spec.H(ek), seed[32:])), func(b []byte) func() {
		x := must(expanded.Parse(k, b))
		return func() { wantDifferent(x.Matches(dk)) }
	}}
}

func wantDifferent(equal bool) {
	if equal {
		panic("different keys are equal")
	}
}
