package main

import (
	"bytes"
	"crypto"
	"crypto/rand"

	"hybridkem/internal/derand"
	"hybridkem/internal/expanded"
	"hybridkem/internal/spec"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A test is a question about an operation of a KEM.
type test struct {
	operation, name string
	subject         func(k kem.KEM) subject
	mlkem           bool // only for ML-KEM itself
	// Keys with different ρ are made: only in a build in which ρ is constant. It is public,
	// and decides how long the matrix takes to be sampled, and what that leaves in caches.
	constantRho bool
}

var tests = []test{
	{"Decapsulate", "valid or valid ciphertext", control, false, false},
	{"Decapsulate", "valid or invalid ciphertext", invalid, false, false},
	{"Decapsulate", "first or last byte wrong", firstLast, false, false},
	{"Decapsulate", "fixed or random key", keys, false, true},
	{"Decapsulate, expanded", "valid or invalid ciphertext", invalidExpanded, true, false},
	{"Encapsulate", "fixed or random m", messages, false, false},
	{"NewDecapsulationKey", "fixed or random z", rejectionSeeds, true, false},
	{"NewDecapsulationKey", "fixed or random seed", seeds, false, true},
	{"Equal", "first or last byte differs", equal, false, true},
	{"Matches", "first or last byte differs", matches, true, false},
}

// title returns the name by which -run finds the test of k.
func (t test) title(k kem.KEM) string { return k.Name() + "/" + t.operation + "/" + t.name }

// isMLKEM reports whether k is no hybrid.
func isMLKEM(k kem.KEM) bool {
	_, ok := spec.Sets[k.Name()]
	return ok
}

// inputs is how many each class has: enough that none of them decides by itself.
const inputs = 128

// classes returns inputs of two classes, made by a and b.
func classes(a, b func() []byte) (c [2][][]byte) {
	for range inputs {
		c[0], c[1] = append(c[0], a()), append(c[1], b())
	}
	return c
}

// must is for what does not fail with the inputs that are given here.
func must[T any](x T, err error) T {
	check(err)
	return x
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func nothing([]byte) {}

func random(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

// fresh returns a function that returns new randomness each time.
func fresh(size int) func() []byte {
	return func() []byte { return random(size) }
}

// fixed returns a function that returns the same randomness again and again.
func fixed(size int) func() []byte {
	b := random(size)
	return func() []byte { return b }
}

func newKey(k kem.KEM) kem.DecapsulationKey { return must(k.GenerateKey()) }

func ciphertext(e crypto.Encapsulator) []byte {
	_, c := e.Encapsulate()
	return c
}

// A decapsulator is a key of which decapsulation allocates nothing.
type decapsulator interface {
	crypto.Decapsulator
	DecapsulateTo(sharedKey, ciphertext []byte) error
}

// decapsulation is that of dk, with ciphertexts that a and b change.
func decapsulation(k kem.KEM, dk decapsulator, a, b func(ciphertext []byte)) subject {
	changed := func(change func([]byte)) func() []byte {
		return func() []byte {
			c := ciphertext(dk.Encapsulator())
			change(c)
			return c
		}
	}
	sharedKey := make([]byte, k.SharedKeySize())
	call := func(c []byte) { check(dk.DecapsulateTo(sharedKey, c)) }
	return subject{classes(changed(a), changed(b)), nothing, call}
}

func control(k kem.KEM) subject { return decapsulation(k, newKey(k), nothing, nothing) }

func invalid(k kem.KEM) subject {
	dk := newKey(k)
	return decapsulation(k, dk, nothing, mlkemPart(dk).flip)
}

func firstLast(k kem.KEM) subject {
	dk := newKey(k)
	p := mlkemPart(dk)
	// The lowest bits, which do not change the message: in the ciphertext that is made
	// again, all other bytes are right.
	return decapsulation(k, dk, func(c []byte) { c[p.from] ^= 1 }, func(c []byte) { c[p.to-1] ^= 1 })
}

// A part is the ML-KEM ciphertext in that of a hybrid. The share of a group is public, and
// a wrong one may be an error.
type part struct{ from, to int }

func mlkemPart(dk kem.DecapsulationKey) part {
	c := ciphertext(dk.Encapsulator())
	size := mlkem.CiphertextSize512
	for _, larger := range []int{mlkem.CiphertextSize768, mlkem.CiphertextSize1024} {
		if larger <= len(c) {
			size = larger
		}
	}
	// What begins with the share of a NIST curve begins with its form.
	c[0] ^= 1
	if _, err := dk.Decapsulate(c); err != nil {
		return part{len(c) - size, len(c)}
	}
	return part{0, size}
}

// flip changes a random bit.
func (p part) flip(c []byte) {
	r := random(3)
	c[p.from+(int(r[0])<<8|int(r[1]))%(p.to-p.from)] ^= 1 << (r[2] % 8)
}

// keys makes each key anew, of a fixed or a random seed, so that those of both classes lie
// in memory alike.
func keys(k kem.KEM) subject {
	with := func(seed func() []byte) func() []byte {
		return func() []byte {
			s := seed()
			return append(bytes.Clone(s), ciphertext(must(k.NewDecapsulationKey(s)).Encapsulator())...)
		}
	}
	size := k.SeedSize()
	sharedKey := make([]byte, k.SharedKeySize())
	var dk kem.DecapsulationKey
	return subject{
		classes(with(fixed(size)), with(fresh(size))),
		func(b []byte) { dk = must(k.NewDecapsulationKey(b[:size])) },
		func(b []byte) { check(dk.DecapsulateTo(sharedKey, b[size:])) },
	}
}

func messages(k kem.KEM) subject {
	d := k.(derand.KEM)
	ek := newKey(k).PublicKey()
	sharedKey, c := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	return subject{
		classes(fixed(d.RandomSize()), fresh(d.RandomSize())),
		nothing,
		func(m []byte) { check(d.EncapsulateDerand(ek, sharedKey, c, derand.From(m))) },
	}
}

// expansion is that of seeds.
func expansion(k kem.KEM, a, b func() []byte) subject {
	return subject{classes(a, b), nothing, func(seed []byte) { must(k.NewDecapsulationKey(seed)) }}
}

func seeds(k kem.KEM) subject { return expansion(k, fixed(k.SeedSize()), fresh(k.SeedSize())) }

// rejectionSeeds has one d, on which ρ depends.
func rejectionSeeds(k kem.KEM) subject {
	d := random(32)
	with := func(z func() []byte) func() []byte {
		return func() []byte { return append(bytes.Clone(d), z()...) }
	}
	return expansion(k, with(fixed(32)), with(fresh(32)))
}

// differing returns inputs that differ from b in the first or the last byte.
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
	var x kem.DecapsulationKey
	return subject{
		differing(dk.Bytes()),
		func(seed []byte) { x = must(k.NewDecapsulationKey(seed)) },
		func([]byte) {
			if dk.Equal(x) {
				panic("different keys are equal")
			}
		},
	}
}

func invalidExpanded(k kem.KEM) subject {
	_, b := spec.KeyGen(spec.Sets[k.Name()])
	dk := must(expanded.Parse(k, b)).Decapsulator.(decapsulator)
	return decapsulation(k, dk, nothing, part{0, k.CiphertextSize()}.flip)
}

// matches compares a key with expanded ones that differ from it in the first byte of ŝ or
// in the last of z.
func matches(k kem.KEM) subject {
	dk := newKey(k)
	seed := dk.Bytes()
	_, b := spec.KeyGenInternal(spec.Sets[k.Name()], seed[:32], seed[32:])
	if b[1]&15 == 13 {
		// The first coefficient is q - 1: some changes would give one that is too large.
		return matches(k)
	}
	var x expanded.Key
	return subject{
		differing(b),
		func(b []byte) { x = must(expanded.Parse(k, b)) },
		func([]byte) {
			if x.Matches(dk) {
				panic("different keys match")
			}
		},
	}
}
