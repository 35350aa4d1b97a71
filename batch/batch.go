// Package batch does many operations of KEMs at once. On processors with wide registers, up to
// eight operations of the same KEM take much less time together than one after the other. The
// results and the errors are those of the single operations.
//
// Use rows if the operations are known beforehand: one message to many recipients, a stock of
// one-time keys, a file of keys to check. [Generate], [Expand], [Parse], [Encapsulate] and
// [Decapsulate] take any number of rows.
//
// Use a [Queue] if the operations come from many goroutines, as in a server with a goroutine for
// each connection. Under load, it joins the operations of callers who have to wait anyway. A
// caller who need not wait does not wait for company. A queue also bounds how many operations
// run and how many wait.
//
// Use neither for a few operations now and then. The methods of the keys do them as fast, and a
// queue cannot make a single operation faster.
//
// All KEMs work here. Those of package mlkem and the hybrids of ML-KEM and X25519 gain.
// Operations of other KEMs are done one by one.
//
// # Rows
//
// Each row gets the results and the error of its own operation, and an error of one row leaves the
// others right. A row with an error has written to no buffer. The rows of [Encapsulate] and
// [Decapsulate] may have keys of any KEMs in any order, and may have the same key. Rows with keys
// of the same KEM are done together wherever they stand.
//
// The order of the operations is not defined. Therefore memory that one row writes to must not
// belong to another row as well. Rows may share what they only read: keys, ciphertexts to
// decapsulate, encoded keys and seeds.
//
// A panic of a KEM of another module passes through, and so does one of a reader that has replaced
// crypto/rand.Reader. All rows that are not done by then have the error [ErrNotDone].
//
// Rows can be used again. In the steady state nothing is allocated, except by KEMs whose single
// operations allocate.
package batch

import (
	"crypto/fips140"
	"errors"
	"reflect"
	"slices"
	"sync"

	"hybridkem/internal/fault"
	"hybridkem/internal/many"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

const pkg = "batch" // in errors

// ErrNotDone is the error of a row that was not done because the operation of another row panicked.
var ErrNotDone = errors.New("batch: not done, because another operation panicked")

var (
	errNoKEM           = fault.New(pkg, kem.ErrUnsupported, "the KEM is nil")
	errNoDecapsulation = fault.New(pkg, kem.ErrNoKey, "the decapsulation key is nil")
	errNoEncapsulation = fault.New(pkg, kem.ErrNoKey, "the encapsulation key is nil")
)

// A KeyPair is a row of [Expand] and [Generate]. Seed is the seed to expand, and Key is the result.
//
// If Key already is a key of the same KEM, it is reset, as by its method Reset or Regenerate: it
// becomes the new key in the memory of the old one. Otherwise, or if it has no such method, Key
// becomes a key in new memory. After an error, Key must not be used.
type KeyPair struct {
	Seed []byte
	Key  kem.DecapsulationKey
	Err  error
}

// A PublicKey is a row of [Parse]. Bytes is the encoded encapsulation key, and Key is the result. If
// Key already is a key of the same KEM, it is reset, as in [KeyPair].
type PublicKey struct {
	Bytes []byte
	Key   kem.EncapsulationKey
	Err   error
}

// An Encapsulation is a row of [Encapsulate]. SharedKey and Ciphertext are buffers of the sizes that
// the KEM of Key gives. They must not overlap.
type Encapsulation struct {
	Key                   kem.EncapsulationKey
	SharedKey, Ciphertext []byte
	Err                   error
}

// A Decapsulation is a row of [Decapsulate]. SharedKey is a buffer of SharedKeySize bytes, which may
// overlap the row's own Ciphertext.
type Decapsulation struct {
	Key                   kem.Decapsulator
	SharedKey, Ciphertext []byte
	Err                   error
}

// Expand expands key pairs of k from seeds, like the method NewDecapsulationKey of k.
func Expand(k kem.KEM, rows []KeyPair) {
	for i := range rows {
		rows[i].Err = ErrNotDone
	}
	if m, ok := many.Of(k); ok {
		expandMany(m, rows)
		return
	}
	for i := range rows {
		row := &rows[i]
		switch old, ok := row.Key.(resetter); {
		case k == nil:
			row.Err = errNoKEM
		case ok && isOf(row.Key, k):
			row.Err = old.Reset(row.Seed)
		default:
			var key kem.DecapsulationKey
			if key, row.Err = k.NewDecapsulationKey(row.Seed); row.Err == nil {
				row.Key = key
			}
		}
	}
}

// expandMany expands key pairs in groups.
func expandMany(k many.KEM, rows []KeyPair) {
	for chunk := range slices.Chunk(rows, many.Width) {
		var group many.Rows[many.KeyPair]
		for i := range chunk {
			group[i] = (*many.KeyPair)(&chunk[i])
		}
		k.ExpandMany(group)
	}
}

// Generate generates key pairs of k, like the method GenerateKey of k, and also tests them in FIPS
// 140-3 mode as that does. It does not read Seed.
func Generate(k kem.KEM, rows []KeyPair) {
	for i := range rows {
		rows[i].Err = ErrNotDone
	}
	if m, ok := many.Of(k); ok && m.SeedSize() <= maxSeedSize && !fips140.Enabled() {
		for chunk := range slices.Chunk(rows, many.Width) {
			generateMany(m, chunk)
		}
		return
	}
	for i := range rows {
		row := &rows[i]
		switch old, ok := row.Key.(regenerator); {
		case k == nil:
			row.Err = errNoKEM
		case ok && isOf(row.Key, k):
			row.Err = old.Regenerate()
		default:
			var key kem.DecapsulationKey
			if key, row.Err = k.GenerateKey(); row.Err == nil {
				row.Key = key
			}
		}
	}
}

// maxSeedSize is the size of the longest seeds of KEMs that do several operations at once: those of
// hybrids whose keys are made from keys of ML-KEM and X25519.
const maxSeedSize = 64 + 32

type seeds [many.Width * maxSeedSize]byte

var seedPool = sync.Pool{New: func() any { return new(seeds) }}

// generateMany generates at most many.Width key pairs. It lends each row a seed.
func generateMany(k many.KEM, rows []KeyPair) {
	var own [many.Width][]byte
	drawn := seedPool.Get().(*seeds)
	defer func() {
		for i := range rows {
			rows[i].Seed = own[i]
		}
		clear(drawn[:])
		seedPool.Put(drawn)
	}()
	size := k.SeedSize()
	for i := range rows {
		own[i], rows[i].Seed = rows[i].Seed, drawn[i*size:][:size:size]
	}
	secret.Random(drawn[:len(rows)*size])
	expandMany(k, rows)
}

// Parse parses and checks encapsulation keys of k, like the method NewEncapsulationKey of k.
func Parse(k kem.KEM, rows []PublicKey) {
	for i := range rows {
		rows[i].Err = ErrNotDone
	}
	if m, ok := many.Of(k); ok {
		for chunk := range slices.Chunk(rows, many.Width) {
			var group many.Rows[many.PublicKey]
			for i := range chunk {
				group[i] = (*many.PublicKey)(&chunk[i])
			}
			m.ParseMany(group)
		}
		return
	}
	for i := range rows {
		row := &rows[i]
		switch old, ok := row.Key.(resetter); {
		case k == nil:
			row.Err = errNoKEM
		case ok && isOf(row.Key, k):
			row.Err = old.Reset(row.Bytes)
		default:
			var key kem.EncapsulationKey
			if key, row.Err = k.NewEncapsulationKey(row.Bytes); row.Err == nil {
				row.Key = key
			}
		}
	}
}

// Keys of this module have these methods.
type (
	resetter    interface{ Reset(encoded []byte) error }
	regenerator interface{ Regenerate() error }
)

// isOf reports whether key is a key of k, and not a nil pointer. KEMs of other modules need not be comparable.
func isOf(key interface{ KEM() kem.KEM }, k kem.KEM) bool {
	if v := reflect.ValueOf(key); v.Kind() == reflect.Pointer && v.IsNil() {
		return false
	}
	return reflect.ValueOf(k).Comparable() && key.KEM() == k
}
