package kemtest

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hybridkem/kem"
	"hybridkem/mlkem"
)

var errFault = errors.New("fault")

// onCall returns a function that reports whether it is called for the n-th time.
func onCall(n int32) func() bool {
	var calls atomic.Int32
	return func() bool { return calls.Add(1) == n }
}

// fromCall returns a function that reports whether it is called for the n-th time or later.
func fromCall(n int32) func() bool {
	var calls atomic.Int32
	return func() bool { return calls.Add(1) >= n }
}

// alternating returns a function that reports whether it is called for the second, fourth, sixth … time.
func alternating() func() bool {
	var calls atomic.Int32
	return func() bool { return calls.Add(1)%2 == 0 }
}

func flipped(b []byte) []byte {
	if len(b) > 0 {
		b[0] ^= 1
	}
	return b
}

func grown(b []byte) []byte { return append(make([]byte, 0, len(b)+1), b...) }

// cut returns the first n bytes of b, or b if it has fewer.
func cut(b []byte, n int) []byte { return b[:min(n, len(b))] }

// padded returns b with zeros up to n bytes.
func padded(b []byte, n int) []byte { return append(bytes.Clone(b), make([]byte, max(0, n-len(b)))...) }

const (
	seedSize      = mlkem.SeedSize
	ekSize        = mlkem.EncapsulationKeySize512
	ctSize        = mlkem.CiphertextSize512
	sharedKeySize = mlkem.SharedKeySize
)

func wrongSize(i int) func(k *twisted) {
	return func(k *twisted) {
		sizes := [4]int{seedSize, ekSize, ctSize, sharedKeySize}
		sizes[i] = 0
		k.sizes = &sizes
	}
}

func dkFails(when func() bool) func(k *twisted) {
	return func(k *twisted) {
		k.newDK = func(seed []byte) (kem.DecapsulationKey, error) {
			if when() {
				return nil, errFault
			}
			return k.goodDK(seed)
		}
	}
}

func ekFails(k *twisted) {
	k.newEK = func([]byte) (kem.EncapsulationKey, error) { return nil, errFault }
}

func generateFails(when func() bool) func(k *twisted) {
	return func(k *twisted) {
		k.generate = func() (kem.DecapsulationKey, error) {
			if when() {
				return nil, errFault
			}
			return k.goodGenerate()
		}
	}
}

func decapsulateFails(when func() bool) func(k *twisted) {
	return func(k *twisted) {
		k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
			if when() {
				return nil, errFault
			}
			return d.DecapsulationKey.Decapsulate(c)
		}
	}
}

func decapsulateFlips(when func() bool) func(k *twisted) {
	return func(k *twisted) {
		k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
			s, err := d.DecapsulationKey.Decapsulate(c)
			if when() {
				return flipped(s), err
			}
			return s, err
		}
	}
}

func decapsulateToFails(k *twisted) {
	k.decapsulateTo = func(*dk, []byte, []byte) error { return errFault }
}

func decapsulateToFlips(k *twisted) {
	k.decapsulateTo = func(d *dk, s, c []byte) error {
		err := d.DecapsulationKey.DecapsulateTo(s, c)
		if err == nil {
			flipped(s)
		}
		return err
	}
}

func encapsulateToFails(k *twisted) {
	k.encapsulateTo = func(*ek, []byte, []byte) error { return errFault }
}

func dkBytes(when func() bool, change func(b []byte) []byte) func(k *twisted) {
	return func(k *twisted) {
		k.dkBytes = func(d *dk) []byte {
			if b := d.DecapsulationKey.Bytes(); !when() || b == nil {
				return b
			} else {
				return change(b)
			}
		}
	}
}

func ekBytes(when func() bool, change func(b []byte) []byte) func(k *twisted) {
	return func(k *twisted) {
		k.ekBytes = func(e *ek) []byte {
			b := e.EncapsulationKey.Bytes()
			if when() {
				return change(b)
			}
			return b
		}
	}
}

// dkEquals makes the n-th call of Equal on decapsulation keys return says.
func dkEquals(n int32, says bool) func(k *twisted) {
	when := onCall(n)
	return func(k *twisted) {
		k.dkEqual = func(d *dk, x crypto.PrivateKey) bool {
			if when() {
				return says
			}
			return d.goodEqual(x)
		}
	}
}

// ekEquals makes Equal on encapsulation keys return says whenever when reports true.
func ekEquals(when func() bool, says bool) func(k *twisted) {
	return func(k *twisted) {
		k.ekEqual = func(e *ek, x crypto.PublicKey) bool {
			if when() {
				return says
			}
			return e.goodEqual(x)
		}
	}
}

// kept returns a function that returns the same memory each time: the result of the first call of
// get.
func kept(get func() []byte) func() []byte { return sync.OnceValue(get) }

// accepts makes the function named by which accept wrong inputs. It accepts an input if take
// returns one of the right length for it.
func accepts(which string, take func(b []byte, size int) []byte) func(k *twisted) {
	return func(k *twisted) {
		switch which {
		case "NewDecapsulationKey":
			k.newDK = func(seed []byte) (kem.DecapsulationKey, error) { return k.goodDK(take(seed, seedSize)) }
		case "NewEncapsulationKey":
			valid := kept(func() []byte {
				d, err := k.KEM.GenerateKey()
				if err != nil {
					panic(err)
				}
				return d.Encapsulator().Bytes()
			})
			k.newEK = func(b []byte) (kem.EncapsulationKey, error) {
				if taken := take(b, ekSize); len(taken) == ekSize && len(b) != ekSize {
					return k.goodEK(valid())
				}
				return k.goodEK(b)
			}
		case "Decapsulate":
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) { return d.DecapsulationKey.Decapsulate(take(c, ctSize)) }
		case "DecapsulateTo":
			k.decapsulateTo = func(d *dk, s, c []byte) error { return d.DecapsulationKey.DecapsulateTo(s, take(c, ctSize)) }
		}
	}
}

func takeNil(b []byte, size int) []byte {
	if b == nil {
		return make([]byte, size)
	}
	return b
}

var always = fromCall(1)

// otherKEM returns a KEM with the same sizes and another name.
func otherKEM() kem.KEM {
	k, name := newTwisted(), "another"
	k.name = &name
	return k
}

// blind makes the KEM ignore the last byte of a ciphertext. The ciphertexts that it makes itself
// have zero there.
func blind(k *twisted) {
	const last = ctSize - 1
	zeroed := func(c []byte) []byte {
		c = bytes.Clone(c)
		if len(c) == ctSize {
			c[last] = 0
		}
		return c
	}
	k.encapsulate = func(e *ek) (s, c []byte) {
		for {
			if s, c = e.EncapsulationKey.Encapsulate(); c[last] == 0 {
				return s, c
			}
		}
	}
	k.decapsulate = func(d *dk, c []byte) ([]byte, error) { return d.DecapsulationKey.Decapsulate(zeroed(c)) }
	k.decapsulateTo = func(d *dk, s, c []byte) error { return d.DecapsulationKey.DecapsulateTo(s, zeroed(c)) }
}

// fromParts makes keys of the KEM stored forms that end in a zero byte, and lets it refuse others. Then it calls
// set.
func fromParts(set func(k *twisted)) func(k *twisted) {
	return func(k *twisted) {
		// The suite keeps stored forms by the name of their KEM.
		name := fmt.Sprint("from parts, ", partsKEMs.Add(1))
		k.parts, k.name = true, &name
		k.generate = func() (kem.DecapsulationKey, error) {
			d, err := k.goodGenerate()
			if err != nil {
				return nil, err
			}
			b := d.Bytes()
			b[seedSize-1] = 0
			return k.goodDK(b)
		}
		k.newDK = func(stored []byte) (kem.DecapsulationKey, error) {
			if len(stored) == seedSize && stored[seedSize-1] != 0 {
				return nil, errFault
			}
			d, err := k.goodDK(stored)
			if err == nil {
				d.(*dk).read = true
			}
			return d, err
		}
		set(k)
	}
}

var partsKEMs atomic.Int32

// A fault is a KEM that fails a condition of the named check. The text of the failure begins with
// message.
type fault struct {
	check, message, name string
	set                  func(k *twisted)
}

// faults returns the table. It is made anew for each test, since some faults count calls.
func faults() []fault {
	return []fault{
		{"EncodedKey", "NewDecapsulationKey: ", "no key from a seed", dkFails(always)},
		{"RoundTrip", "PublicKey returned nil", "no encapsulation key", func(k *twisted) {
			k.publicKey = func(*dk) kem.EncapsulationKey { return nil }
			k.encapsulator = func(d *dk) crypto.Encapsulator { return d.goodPublicKey() }
		}},
		{"RoundTrip", "Encapsulator and PublicKey", "an Encapsulator that is no encapsulation key", func(k *twisted) {
			k.encapsulator = func(d *dk) crypto.Encapsulator { return struct{ crypto.Encapsulator }{d.goodPublicKey()} }
		}},
		{"RoundTrip", "Encapsulator and PublicKey", "another key as Encapsulator", func(k *twisted) {
			k.encapsulator = func(d *dk) crypto.Encapsulator {
				other, _ := k.KEM.GenerateKey()
				return &ek{EncapsulationKey: other.PublicKey(), k: k}
			}
		}},
		{"RoundTrip", "Encapsulate returned %d and %d bytes", "a short shared key", func(k *twisted) {
			k.encapsulate = func(e *ek) ([]byte, []byte) { s, c := e.EncapsulationKey.Encapsulate(); return s[1:], c }
		}},
		{"RoundTrip", "Encapsulate returned %d and %d bytes", "a long ciphertext", func(k *twisted) {
			k.encapsulate = func(e *ek) ([]byte, []byte) { s, c := e.EncapsulationKey.Encapsulate(); return s, append(c, 0) }
		}},
		{"RoundTrip", "Decapsulate: ", "no decapsulation", decapsulateFails(always)},
		{"RoundTrip", "Decapsulate and Encapsulate disagree", "a wrong shared key", decapsulateFlips(always)},
		{"RoundTrip", "Decapsulate changed the ciphertext", "a ciphertext that is written to", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				defer flipped(c)
				return d.DecapsulationKey.Decapsulate(c)
			}
		}},

		{"RoundTrip", "the KEM lacks", "no name", func(k *twisted) { k.name = new(string) }},
		{"RoundTrip", "the KEM lacks", "no size of seeds", wrongSize(0)},
		{"RoundTrip", "the KEM lacks", "no size of encapsulation keys", wrongSize(1)},
		{"RoundTrip", "the KEM lacks", "no size of ciphertexts", wrongSize(2)},
		{"RoundTrip", "the KEM lacks", "no size of shared keys", wrongSize(3)},
		{"RoundTrip", "GenerateKey: ", "no key", generateFails(always)},
		{"RoundTrip", "the keys are of", "another KEM's decapsulation key", func(k *twisted) {
			k.dkKEM = func(*dk) kem.KEM { return otherKEM() }
		}},
		{"RoundTrip", "the keys are of", "another KEM's encapsulation key", func(k *twisted) {
			k.ekKEM = func(*ek) kem.KEM { return otherKEM() }
		}},
		{"RoundTrip", "Encapsulate returned the same twice", "a shared key that repeats", func(k *twisted) {
			constant := bytes.Repeat([]byte{7}, sharedKeySize)
			k.encapsulate = func(e *ek) ([]byte, []byte) {
				_, c := e.EncapsulationKey.Encapsulate()
				return bytes.Clone(constant), c
			}
			k.decapsulate = func(*dk, []byte) ([]byte, error) { return bytes.Clone(constant), nil }
		}},
		{"RoundTrip", "Encapsulate returned the same twice", "a ciphertext that repeats", func(k *twisted) {
			var first, last []byte
			k.encapsulate = func(e *ek) ([]byte, []byte) {
				s, c := e.EncapsulationKey.Encapsulate()
				if first == nil {
					first = c
				}
				last = s
				return s, bytes.Clone(first)
			}
			k.decapsulate = func(*dk, []byte) ([]byte, error) { return bytes.Clone(last), nil }
		}},
		{"RoundTrip", "the shared key is zero", "a shared key of zeros", func(k *twisted) {
			k.encapsulate = func(e *ek) ([]byte, []byte) {
				_, c := e.EncapsulationKey.Encapsulate()
				return make([]byte, sharedKeySize), c
			}
			k.decapsulate = func(*dk, []byte) ([]byte, error) { return make([]byte, sharedKeySize), nil }
		}},
		{"RoundTrip", "EncapsulateTo: ", "no encapsulation into buffers", encapsulateToFails},
		{"RoundTrip", "DecapsulateTo: ", "no decapsulation into a buffer", decapsulateToFails},
		{"RoundTrip", "DecapsulateTo and EncapsulateTo disagree", "a wrong shared key in a buffer", decapsulateToFlips},
		{"RoundTrip", "GenerateKey, for another key: ", "one key only", generateFails(fromCall(2))},
		{"RoundTrip", "GenerateKey returned the same key twice", "a key that repeats", func(k *twisted) {
			k.generate = func() (kem.DecapsulationKey, error) { return k.goodDK(seed(k, 1)) }
		}},
		{"RoundTrip", "another key decapsulates", "keys that differ in their seeds only", func(k *twisted) {
			k.generate = func() (kem.DecapsulationKey, error) { return k.goodDK(seed(k, 1)) }
			dkBytes(onCall(2), flipped)(k)
		}},

		{"Seed", "GenerateKey: ", "no key", generateFails(always)},
		{"Seed", "NewDecapsulationKey with the seed of a generated key", "generated seeds refused", dkFails(onCall(1))},
		{"Seed", "NewDecapsulationKey: ", "a seed refused", dkFails(onCall(2))},
		{"Seed", "NewDecapsulationKey changed the seed", "a seed that is written to", func(k *twisted) {
			k.newDK = func(seed []byte) (kem.DecapsulationKey, error) {
				defer flipped(seed)
				return k.goodDK(seed)
			}
		}},
		{"Seed", "Bytes does not return the seed", "another seed", dkBytes(onCall(2), flipped)},
		{"Seed", "the same seed expands to different", "encapsulation keys that change", ekBytes(onCall(1), flipped)},
		{"Seed", "the same seed expands to keys that reject differently", "an error in one rejection", decapsulateFails(onCall(6))},
		{"Seed", "the same seed expands to keys that reject differently", "another rejection", decapsulateFlips(onCall(6))},
		{"Seed", "different seeds expand to the same", "one key for two seeds", func(k *twisted) {
			k.newDK = func(s []byte) (kem.DecapsulationKey, error) {
				if bytes.Equal(s, seed(k, 2)) {
					s = seed(k, 1)
				}
				return k.goodDK(s)
			}
		}},

		{"EncodedKey", "Bytes returned %d bytes", "a short encoding", ekBytes(always, func(b []byte) []byte { return b[1:] })},
		{"EncodedKey", "NewEncapsulationKey: ", "no key from its encoding", ekFails},
		{"EncodedKey", "NewEncapsulationKey changed its input", "an encoding that is written to", func(k *twisted) {
			k.newEK = func(b []byte) (kem.EncapsulationKey, error) {
				defer flipped(b)
				return k.goodEK(b)
			}
		}},
		{"EncodedKey", "a parsed key does not encode", "a key that lies in what it was parsed from", func(k *twisted) {
			k.newEK = func(b []byte) (kem.EncapsulationKey, error) {
				k.ekBytes = func(*ek) []byte { return b }
				return k.goodEK(b)
			}
		}},
		{"EncodedKey", "a parsed key is of", "another KEM's encapsulation key", func(k *twisted) {
			k.ekKEM = func(*ek) kem.KEM { return otherKEM() }
		}},

		{"WrongLengths", "NewDecapsulationKey returned a key and an error", "a key beside an error", func(k *twisted) {
			k.newDK = func(seed []byte) (kem.DecapsulationKey, error) {
				d, err := k.KEM.NewDecapsulationKey(seed)
				return &dk{DecapsulationKey: d, k: k}, err
			}
		}},
		{"WrongLengths", "NewEncapsulationKey returned a key and an error", "a key beside an error", func(k *twisted) {
			k.newEK = func(b []byte) (kem.EncapsulationKey, error) {
				e, err := k.KEM.NewEncapsulationKey(b)
				return &ek{EncapsulationKey: e, k: k}, err
			}
		}},
		{"WrongLengths", "Decapsulate returned a shared key and an error", "a shared key beside an error", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				return append(s, make([]byte, sharedKeySize-len(s))...), err
			}
		}},
		{"WrongLengths", "%s with %d bytes returned the error", "long seeds", accepts("NewDecapsulationKey", cut)},
		{"WrongLengths", "%s with %d bytes returned the error", "long encapsulation keys", accepts("NewEncapsulationKey", cut)},
		{"WrongLengths", "%s with %d bytes returned the error", "long ciphertexts", accepts("Decapsulate", cut)},
		{"WrongLengths", "%s with %d bytes returned the error", "long ciphertexts, with a buffer", accepts("DecapsulateTo", cut)},
		{"WrongLengths", "%s with %d bytes returned the error", "short seeds", accepts("NewDecapsulationKey", padded)},
		{"WrongLengths", "%s with %d bytes returned the error", "short encapsulation keys", accepts("NewEncapsulationKey", padded)},
		{"WrongLengths", "%s with %d bytes returned the error", "short ciphertexts", accepts("Decapsulate", padded)},
		{"WrongLengths", "%s with %d bytes returned the error", "short ciphertexts, with a buffer", accepts("DecapsulateTo", padded)},
		{"WrongLengths", "%s with nil returned no error", "nil for a seed", accepts("NewDecapsulationKey", takeNil)},
		{"WrongLengths", "%s with nil returned no error", "nil for an encapsulation key", accepts("NewEncapsulationKey", takeNil)},
		{"WrongLengths", "%s with nil returned no error", "nil for a ciphertext", accepts("Decapsulate", takeNil)},
		{"WrongLengths", "%s with nil returned no error", "nil for a ciphertext, with a buffer", accepts("DecapsulateTo", takeNil)},

		{"WrongBuffers", "%s into %d and %d bytes returned no error", "a long buffer for the encapsulated key", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error { return e.EncapsulationKey.EncapsulateTo(cut(s, sharedKeySize), c) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes returned no error", "a long buffer for the ciphertext", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error { return e.EncapsulationKey.EncapsulateTo(s, cut(c, ctSize)) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes returned no error", "a long buffer for the decapsulated key", func(k *twisted) {
			k.decapsulateTo = func(d *dk, s, c []byte) error { return d.DecapsulationKey.DecapsulateTo(cut(s, sharedKeySize), c) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes returned no error", "a short buffer for the decapsulated key", func(k *twisted) {
			k.decapsulateTo = func(d *dk, s, c []byte) error {
				whole := padded(s, sharedKeySize)
				defer copy(s, whole)
				return d.DecapsulationKey.DecapsulateTo(cut(whole, sharedKeySize), c)
			}
		}},
		{"WrongBuffers", "%s into %d and %d bytes returned no error", "a long ciphertext", func(k *twisted) {
			k.decapsulateTo = func(d *dk, s, c []byte) error { return d.DecapsulationKey.DecapsulateTo(s, cut(c, ctSize)) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes wrote to them", "a shared key written before the error", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error { flipped(s); return e.EncapsulationKey.EncapsulateTo(s, c) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes wrote to them", "a ciphertext written before the error", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error { flipped(c); return e.EncapsulationKey.EncapsulateTo(s, c) }
		}},
		{"WrongBuffers", "%s into %d and %d bytes wrote to them", "a decapsulated key written before the error", func(k *twisted) {
			k.decapsulateTo = func(d *dk, s, c []byte) error { flipped(s); return d.DecapsulationKey.DecapsulateTo(s, c) }
		}},

		{"Overlap", "EncapsulateTo with a ciphertext at", "buffers that overlap", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error {
				key, ciphertext := e.EncapsulationKey.Encapsulate()
				copy(s, key)
				copy(c, ciphertext)
				return nil
			}
		}},
		{"Overlap", "EncapsulateTo with a ciphertext at", "buffers beside each other refused", encapsulateToFails},
		{"Overlap", "EncapsulateTo wrote to buffers that overlap", "buffers written before the error", func(k *twisted) {
			k.encapsulateTo = func(e *ek, s, c []byte) error { flipped(s); return e.EncapsulationKey.EncapsulateTo(s, c) }
		}},
		{"Overlap", "DecapsulateTo with a ciphertext at", "a buffer in the ciphertext refused", decapsulateToFails},
		{"Overlap", "DecapsulateTo with a ciphertext at", "a shared key written before the ciphertext is read", func(k *twisted) {
			k.decapsulateTo = func(d *dk, s, c []byte) error { clear(s); return d.DecapsulationKey.DecapsulateTo(s, c) }
		}},

		{"FlippedCiphertext", "byte %d of the ciphertext can be changed", "the last byte not read", blind},
		{"FlippedCiphertext", "byte %d changed: Decapsulate returned %v, DecapsulateTo %v", "an error with a buffer only", decapsulateToFails},
		{"FlippedCiphertext", "byte %d changed: Decapsulate and DecapsulateTo disagree", "two rejections", decapsulateToFlips},
		{"FlippedCiphertext", "byte %d changed: DecapsulateTo wrote", "a rejection beside an error", func(k *twisted) {
			decapsulateFails(fromCall(2))(k)
			k.decapsulateTo = func(d *dk, s, c []byte) error { flipped(s); return errFault }
		}},

		{"Equal", "NewEncapsulationKey: ", "no key from its encoding", ekFails},
		{"Equal", "equal keys are not Equal", "dk.Equal(dk)", dkEquals(1, false)},
		{"Equal", "equal keys are not Equal", "dk.Equal(sameDK)", dkEquals(2, false)},
		// The first three calls compare PublicKey with Encapsulator, for three keys.
		{"Equal", "equal keys are not Equal", "ek.Equal(ek)", ekEquals(onCall(4), false)},
		{"Equal", "equal keys are not Equal", "ek.Equal(sameEK)", ekEquals(onCall(5), false)},
		{"Equal", "equal keys are not Equal", "ek.Equal(parsed)", ekEquals(onCall(6), false)},
		{"Equal", "equal keys are not Equal", "parsed.Equal(ek)", ekEquals(onCall(7), false)},
		{"Equal", "different keys are Equal", "dk.Equal(otherDK)", dkEquals(3, true)},
		{"Equal", "different keys are Equal", "ek.Equal(otherEK)", ekEquals(onCall(8), true)},
		{"Equal", "a key is Equal to something else", "dk.Equal(ek)", dkEquals(4, true)},
		{"Equal", "a key is Equal to something else", "ek.Equal(dk)", ekEquals(onCall(9), true)},
		{"Equal", "a key is Equal to something else", "dk.Equal(nil)", dkEquals(5, true)},
		{"Equal", "a key is Equal to something else", "ek.Equal(nil)", ekEquals(onCall(10), true)},
		{"Equal", "a key is Equal to something else", "dk.Equal(struct{}{})", dkEquals(6, true)},
		{"Equal", "a key is Equal to something else", "ek.Equal(ek.Bytes())", ekEquals(onCall(11), true)},
		{"Equal", "byte %d of the encapsulation key does not count", "near.Equal(ek)", ekEquals(onCall(12), true)},
		{"Equal", "byte %d of the encapsulation key does not count", "ek.Equal(near)", ekEquals(onCall(13), true)},
		{"Equal", "NewDecapsulationKey: ", "a seed refused", dkFails(onCall(4))},
		{"Equal", "byte %d of the seed does not count", "dk.Equal(near)", dkEquals(7, true)},

		{"Memory", "%s returned %d bytes with a capacity of %d", "capacity behind a seed", dkBytes(always, grown)},
		{"Memory", "%s returned %d bytes with a capacity of %d", "capacity behind an encoding", ekBytes(always, grown)},
		{"Memory", "%s returned %d bytes with a capacity of %d", "capacity behind a decapsulated key", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				return grown(s), err
			}
		}},
		{"Memory", "%s returned %d bytes with a capacity of %d", "capacity behind an encapsulated key", func(k *twisted) {
			k.encapsulate = func(e *ek) ([]byte, []byte) { s, c := e.EncapsulationKey.Encapsulate(); return grown(s), c }
		}},
		{"Memory", "%s returned %d bytes with a capacity of %d", "capacity behind a ciphertext", func(k *twisted) {
			k.encapsulate = func(e *ek) ([]byte, []byte) { s, c := e.EncapsulationKey.Encapsulate(); return s, grown(c) }
		}},
		{"Memory", "%s returned memory that is still in use", "a seed that is not copied", func(k *twisted) {
			var once sync.Once
			var b []byte
			k.dkBytes = func(d *dk) []byte {
				once.Do(func() { b = d.DecapsulationKey.Bytes() })
				return b
			}
		}},
		{"Memory", "%s returned memory that is still in use", "an encoding that is not copied", func(k *twisted) {
			var once sync.Once
			var b []byte
			k.ekBytes = func(e *ek) []byte {
				once.Do(func() { b = e.EncapsulationKey.Bytes() })
				return b
			}
		}},
		{"Memory", "%s returned memory that is still in use", "a decapsulated key that is not copied", func(k *twisted) {
			s := make([]byte, sharedKeySize)
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) { return s, d.DecapsulationKey.DecapsulateTo(s, c) }
		}},
		{"Memory", "%s returned memory that is still in use", "an encapsulated key that is not copied", func(k *twisted) {
			s := make([]byte, sharedKeySize)
			k.encapsulate = func(e *ek) ([]byte, []byte) {
				key, c := e.EncapsulationKey.Encapsulate()
				copy(s, key)
				return s, c
			}
		}},
		{"Memory", "%s returned memory that is still in use", "a ciphertext that is not copied", func(k *twisted) {
			c := make([]byte, ctSize)
			k.encapsulate = func(e *ek) ([]byte, []byte) {
				s, ciphertext := e.EncapsulationKey.Encapsulate()
				copy(c, ciphertext)
				return s, c
			}
		}},
		// The check calls Decapsulate twice before this.
		{"Memory", "the key was changed through memory", "an error after memory is cleared", decapsulateFails(onCall(3))},
		{"Memory", "the key was changed through memory", "another key after memory is cleared", decapsulateFlips(onCall(3))},
		{"Memory", "NewDecapsulationKey: ", "a seed refused", dkFails(onCall(2))},
		{"Memory", "the key was changed through the seed", "an error after the seed is cleared", decapsulateFails(onCall(4))},
		{"Memory", "the key was changed through the seed", "another key after the seed is cleared", decapsulateFlips(onCall(4))},
		{"Memory", "the key was changed through the seed", "not Equal after the seed is cleared", dkEquals(1, false)},

		{"Destroy", "a key is Destroyed before Destroy", "always Destroyed", func(k *twisted) {
			k.destroyed = func(*dk) bool { return true }
		}},
		{"Destroy", "a key is not Destroyed after Destroy", "never Destroyed", func(k *twisted) {
			k.destroyed = func(*dk) bool { return false }
		}},
		{"Destroy", "a destroyed key decapsulates", "a Destroy that does nothing", func(k *twisted) { k.destroy = func(*dk) {} }},
		{"Destroy", "a destroyed key decapsulates", "a shared key beside an error", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				return append(s, make([]byte, sharedKeySize-len(s))...), err
			}
		}},
		{"Destroy", "a destroyed key decapsulates into", "no error with a buffer", func(k *twisted) {
			k.decapsulateTo = func(*dk, []byte, []byte) error { return nil }
		}},
		{"Destroy", "a destroyed key decapsulates into", "a buffer written beside an error", func(k *twisted) {
			k.decapsulateTo = func(_ *dk, s, _ []byte) error { flipped(s); return errFault }
		}},
		{"Destroy", "a destroyed key returns its seed", "a seed that is kept", func(k *twisted) {
			k.dkBytes = func(*dk) []byte { return seed(k, 10) }
		}},
		{"Destroy", "a destroyed key is Equal", "dk.Equal(twin)", dkEquals(1, true)},
		{"Destroy", "a destroyed key is Equal", "twin.Equal(dk)", dkEquals(2, true)},
		{"Destroy", "a destroyed key is Equal", "dk.Equal(dk)", dkEquals(3, true)},

		{"Reset", "Reset with a short seed", "a short seed ignored", func(k *twisted) {
			k.reset = func(d *dk, seed []byte) error {
				if len(seed) != seedSize {
					return nil
				}
				return d.goodReset(seed)
			}
		}},
		{"Reset", "a refused Reset", "a short seed padded, beside an error", func(k *twisted) {
			k.reset = func(d *dk, seed []byte) error {
				d.goodReset(padded(seed, seedSize))
				return errFault
			}
		}},
		{"Reset", "Reset: ", "an error", func(k *twisted) { k.reset = func(*dk, []byte) error { return errFault } }},
		{"Reset", "Reset gives another key", "another seed", func(k *twisted) {
			k.reset = func(d *dk, seed []byte) error { return d.goodReset(flipped(bytes.Clone(seed))) }
		}},
		{"Reset", "an encapsulation key from before Reset", "an encapsulation key that follows its key", func(k *twisted) {
			var last *dk
			k.reset = func(d *dk, seed []byte) error { last = d; return d.goodReset(seed) }
			k.encapsulateTo = func(e *ek, sharedKey, ciphertext []byte) error {
				if last != nil {
					return last.DecapsulationKey.PublicKey().EncapsulateTo(sharedKey, ciphertext)
				}
				return e.EncapsulationKey.EncapsulateTo(sharedKey, ciphertext)
			}
		}},
		{"Seed", "NewDecapsulationKey with the seed of a generated key", "stored forms refused", fromParts(dkFails(always))},
		{"Seed", "Bytes does not return the seed", "a stored form that changes when it is read", fromParts(func(k *twisted) {
			k.dkBytes = func(d *dk) []byte {
				if b := d.DecapsulationKey.Bytes(); d.read {
					return flipped(b)
				} else {
					return b
				}
			}
		})},
		{"Seed", "Decapsulate and Encapsulate disagree", "another key from a stored form", fromParts(func(k *twisted) {
			k.newDK = func(stored []byte) (kem.DecapsulationKey, error) { return k.goodDK(flipped(bytes.Clone(stored))) }
		})},
		{"Equal", "equal keys are not Equal", "one stored form read twice", fromParts(func(k *twisted) {
			k.dkEqual = func(d *dk, x crypto.PrivateKey) bool { return d == x }
		})},
		{"Equal", "byte %d of the seed does not count", "a byte of the stored form ignored", fromParts(func(k *twisted) {
			k.newDK = func(stored []byte) (kem.DecapsulationKey, error) {
				return k.goodDK(append(cut(bytes.Clone(stored), seedSize-1), 0))
			}
		})},
		{"Equal", "different keys are Equal", "keys with one stored form", fromParts(func(k *twisted) {
			k.newDK = func([]byte) (kem.DecapsulationKey, error) { return k.goodDK(make([]byte, seedSize)) }
		})},
		{"Memory", "the key was changed through the seed", "a stored form that is not copied", fromParts(func(k *twisted) {
			var last []byte
			read := k.newDK
			k.newDK = func(stored []byte) (kem.DecapsulationKey, error) { last = stored; return read(stored) }
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				if d.read && bytes.Equal(last, make([]byte, seedSize)) {
					flipped(s)
				}
				return s, err
			}
		})},
		{"Reset", "Reset: ", "a stored form refused", fromParts(func(k *twisted) {
			k.reset = func(*dk, []byte) error { return errFault }
		})},
		{"Reset", "Reset gives another key", "another stored form", fromParts(func(k *twisted) {
			k.reset = func(d *dk, stored []byte) error { return d.goodReset(flipped(bytes.Clone(stored))) }
		})},
		{"EncodedKey", "NewDecapsulationKey: ", "no stored form, because no key is generated", fromParts(generateFails(always))},

		{"DestroyMeanwhile", "a key that is destroyed meanwhile decapsulates to a wrong", "a wrong shared key", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				if err == nil && d.calls.Add(1) > 1 { // the first call is before Destroy and the other goroutines
					flipped(s)
				}
				return s, err
			}
		}},
		{"DestroyMeanwhile", "a key that is destroyed meanwhile decapsulates to a wrong", "zeros while it is destroyed", func(k *twisted) {
			k.destroy = func(d *dk) { d.dead.Store(true) }
			k.destroyed = func(d *dk) bool { return d.dead.Load() }
			k.decapsulateTo = func(d *dk, s, c []byte) error {
				if d.dead.Load() {
					return errFault
				}
				for i := 0; i < 1000 && !d.dead.Load(); i++ {
					runtime.Gosched()
				}
				err := d.DecapsulationKey.DecapsulateTo(s, c)
				if d.dead.Load() {
					clear(s)
				}
				return err
			}
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s := make([]byte, sharedKeySize)
				if err := k.decapsulateTo(d, s, c); err != nil {
					return nil, err
				}
				return s, nil
			}
		}},
		{"DestroyMeanwhile", "a key that is destroyed meanwhile returns an error and", "a shared key beside an error", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				s, err := d.DecapsulationKey.Decapsulate(c)
				if err != nil {
					s = []byte{1}
				}
				return s, err
			}
		}},
		{"DestroyMeanwhile", "a key that is destroyed meanwhile returns a wrong seed", "a wrong seed", dkBytes(alternating(), flipped)},
		{"DestroyMeanwhile", "a key that is destroyed meanwhile loses", "an encoding that changes", ekBytes(alternating(), flipped)},
		{"DestroyMeanwhile", "a key that is destroyed meanwhile loses", "another name", func(k *twisted) {
			k.dkKEM = func(*dk) kem.KEM { return otherKEM() }
		}},
		{"DestroyMeanwhile", "a key decapsulates after Destroy", "some calls after Destroy that succeed", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				if d.DecapsulationKey.Destroyed() && d.calls.Add(1) < 50 {
					spare, err := k.KEM.NewDecapsulationKey(seed(k, 13))
					if err != nil {
						return nil, err
					}
					return spare.Decapsulate(c)
				}
				return d.DecapsulationKey.Decapsulate(c)
			}
		}},
		{"DestroyMeanwhile", "a key decapsulates after Destroy", "never Destroyed", func(k *twisted) {
			k.destroyed = func(*dk) bool { return false }
		}},

		{"Concurrency", "Decapsulate and Encapsulate disagree", "no decapsulation", decapsulateFails(always)},
		{"Concurrency", "Decapsulate and Encapsulate disagree", "a wrong shared key", decapsulateFlips(always)},
		{"Concurrency", "Decapsulate and Encapsulate disagree", "an error when two calls meet", func(k *twisted) {
			k.decapsulate = func(d *dk, c []byte) ([]byte, error) {
				n := d.calls.Add(1)
				defer d.calls.Add(-1)
				for i := 0; i < 1000 && d.calls.Load() == 1; i++ {
					runtime.Gosched()
				}
				if n > 1 {
					return nil, errFault
				}
				return d.DecapsulationKey.Decapsulate(c)
			}
		}},
		{"Concurrency", "EncapsulateTo under concurrent use", "no encapsulation into buffers", encapsulateToFails},
		{"Concurrency", "EncapsulateTo and DecapsulateTo disagree", "no decapsulation into a buffer", decapsulateToFails},
		{"Concurrency", "EncapsulateTo and DecapsulateTo disagree", "a wrong shared key in a buffer", decapsulateToFlips},
		{"Concurrency", "Bytes changes", "an encoding that changes", ekBytes(fromCall(2), flipped)},
		{"Concurrency", "Bytes changes", "an Encapsulator that changes", func(k *twisted) {
			changed := fromCall(2)
			k.encapsulator = func(d *dk) crypto.Encapsulator {
				e := d.goodPublicKey()
				if changed() {
					return struct{ crypto.Encapsulator }{&ek{EncapsulationKey: e.EncapsulationKey, k: &twisted{
						KEM: k.KEM, ekBytes: func(e *ek) []byte { return flipped(e.EncapsulationKey.Bytes()) },
					}}}
				}
				return e
			}
		}},
		{"Concurrency", "Bytes changes", "a seed that changes", dkBytes(fromCall(2), flipped)},
		{"Concurrency", "NewEncapsulationKey fails", "no key from its encoding", ekFails},
		{"Concurrency", "NewEncapsulationKey fails", "another key from its encoding", ekEquals(fromCall(2), false)},
		{"Concurrency", "NewDecapsulationKey fails", "a seed refused", dkFails(fromCall(2))},
		{"Concurrency", "NewDecapsulationKey fails", "another key from its seed", dkEquals(1, false)},
	}
}

// A recorder takes the place of a test that is expected to fail. It keeps the conditions that
// failed. A condition is named by its function and by its message before formatting.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed map[string]bool
}

func (r *recorder) record(message any) {
	pc := make([]uintptr, 1)
	runtime.Callers(3, pc)
	frame, _ := runtime.CallersFrames(pc).Next()
	function := strings.Split(frame.Function[strings.LastIndexByte(frame.Function, '/')+1:], ".")[1]
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = map[string]bool{}
	}
	r.failed[function+": "+message.(string)] = true
}

func (r *recorder) Helper()                        {}
func (r *recorder) Error(args ...any)              { r.record(args[0]) }
func (r *recorder) Errorf(format string, _ ...any) { r.record(format) }
func (r *recorder) Fatal(args ...any)              { r.record(args[0]); runtime.Goexit() }
func (r *recorder) Fatalf(format string, _ ...any) { r.record(format); runtime.Goexit() }

// failing returns the conditions that k fails in the named check.
func failing(t *testing.T, k kem.KEM, name string) map[string]bool {
	t.Helper()
	r := new(recorder)
	for _, check := range checks {
		if check.name == name {
			done := make(chan struct{})
			go func() {
				defer close(done)
				check.run(r, k)
			}()
			<-done
			return r.failed
		}
	}
	t.Fatalf("there is no check %s", name)
	return nil
}

// conditions returns how many faults each condition in the source of the suite needs. The number is
// one more than the number of operators || in the condition.
func conditions(t *testing.T) map[string]int {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "conformance.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]int{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		var path []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return true
			}
			path = append(path, n)
			if message, ok := reported(t, n); ok {
				id := f.Name.Name + ": " + message
				if needed[id] != 0 {
					t.Errorf("two conditions have one message: %s", id)
				}
				needed[id] = 1 + alternatives(path)
			}
			return true
		})
	}
	return needed
}

// reported returns the message of a call of t.Error and the like.
func reported(t *testing.T, n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(method.Sel.Name, "Error") && !strings.HasPrefix(method.Sel.Name, "Fatal") {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		t.Fatal("a message that is no literal")
	}
	message, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return message, true
}

// alternatives counts the operators || in the innermost condition around the end of the path.
func alternatives(path []ast.Node) (n int) {
	count := func(condition ast.Expr) {
		ast.Inspect(condition, func(node ast.Node) bool {
			if b, ok := node.(*ast.BinaryExpr); ok && b.Op == token.LOR {
				n++
			}
			return true
		})
	}
	for i := len(path) - 1; i >= 0; i-- {
		switch node := path[i].(type) {
		case *ast.IfStmt:
			count(node.Cond)
			return n
		case *ast.CaseClause:
			for _, condition := range node.List {
				count(condition)
			}
			return n
		}
	}
	return 0
}

// TestEachConditionFails checks that each condition of the suite has a faulty KEM in the table that
// fails it. A condition with several alternatives needs a KEM for each of them.
func TestEachConditionFails(t *testing.T) {
	needed := conditions(t)
	table := faults()
	var mu sync.Mutex
	found := map[string]int{}
	t.Run("faults", func(t *testing.T) {
		for _, f := range table {
			t.Run(f.check+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				var failed map[string]bool
				// A fault that needs goroutines to meet may take several attempts.
				for range 50 {
					k := newTwisted()
					f.set(k)
					failed = failing(t, k, f.check)
					seen := false
					for id := range failed {
						if _, message, _ := strings.Cut(id, ": "); strings.HasPrefix(message, f.message) {
							seen = true
							mu.Lock()
							found[id]++
							mu.Unlock()
						}
					}
					if seen {
						return
					}
					if f.check != "DestroyMeanwhile" && f.check != "Concurrency" {
						break
					}
				}
				t.Errorf("the suite does not report %q, but %v", f.message, failed)
			})
		}
	})
	for id, n := range needed {
		if found[id] < n {
			t.Errorf("%d faults of the table fail this condition, want %d: %s", found[id], n, id)
		}
	}
	if len(needed) < 60 {
		t.Errorf("%d conditions in the source, want at least 60", len(needed))
	}
	t.Logf("%d conditions, %d faults", len(needed), len(table))
}

// TestNoFault runs the suite for KEMs without faults.
func TestNoFault(t *testing.T) {
	TestKEM(t, newTwisted())
	k := newTwisted()
	fromParts(func(*twisted) {})(k)
	TestKEM(t, k)
}
