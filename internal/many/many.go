// Package many is the way from package batch to the KEMs of this module that do several operations
// at once. The rows of package batch have the same fields as the rows here, so that a pointer to the
// one can be converted to a pointer to the other.
package many

import (
	"hybridkem/internal/derand"
	"hybridkem/kem"
)

// Width is the largest number of operations that a KEM does at once.
const Width = 8

// Rows are at most Width operations. Those that are not used are nil and come last.
type Rows[R any] [Width]*R

// Len returns the number of rows.
func (r *Rows[R]) Len() int {
	for i, row := range r {
		if row == nil {
			return i
		}
	}
	return Width
}

// A KeyPair is the expansion of a key pair from Seed. If Key is a key of the KEM, it is reset. Otherwise
// it becomes a new key.
type KeyPair struct {
	Seed []byte
	Key  kem.DecapsulationKey
	Err  error
}

// A PublicKey is the parsing of an encapsulation key from Bytes. If Key is a key of the KEM, it is
// reset. Otherwise it becomes a new key.
type PublicKey struct {
	Bytes []byte
	Key   kem.EncapsulationKey
	Err   error
}

// An Encapsulation is an EncapsulateTo of Key.
type Encapsulation struct {
	Key                   kem.EncapsulationKey
	SharedKey, Ciphertext []byte
	Err                   error
}

// A Decapsulation is a DecapsulateTo of Key.
type Decapsulation struct {
	Key                   kem.Decapsulator
	SharedKey, Ciphertext []byte
	Err                   error
}

// Do does the operation as the method of the key.
func (r *Encapsulation) Do() { r.Err = r.Key.EncapsulateTo(r.SharedKey, r.Ciphertext) }

// Do does the operation as the method of the key.
func (r *Decapsulation) Do() { r.Err = r.Key.DecapsulateTo(r.SharedKey, r.Ciphertext) }

// A KEM is a kem.KEM that does several operations at once. Each row gets the results and the error that
// the method of one operation gives, and an error of one row leaves the others right. If something panics,
// the rows that are not done still have the Err that they came with. Rows may have keys of other types, and
// the same key more than once.
//
// The rows come by value, because the compiler moves to the heap what a pointer in an interface's
// method points to.
type KEM interface {
	kem.KEM
	// Together reports whether the KEM does several operations at once. If not, the other methods must not
	// be called.
	Together() bool
	// Knows reports whether key is of one of the types that the KEM's own keys have.
	Knows(key any) bool
	ExpandMany(rows Rows[KeyPair])
	ParseMany(rows Rows[PublicKey])
	// EncapsulateMany takes the randomness of the rows from random, one after the other, or draws it in
	// this order if random is empty.
	EncapsulateMany(rows Rows[Encapsulation], random derand.Random)
	DecapsulateMany(rows Rows[Decapsulation])
}

// Of returns k if it does several operations at once.
func Of(k kem.KEM) (KEM, bool) {
	m, ok := k.(KEM)
	return m, ok && m.Together()
}
