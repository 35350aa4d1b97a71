package attacks

import (
	"bytes"
	"crypto"
	"slices"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/internal/cpu"
	"hybridkem/internal/expanded"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
)

// TestAttacks runs the corpus against every implementation.
func TestAttacks(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, attack := range []struct {
			name string
			run  func(t *testing.T)
			// machine reports whether the attack depends on the implementation. An attack that does
			// not runs only for the implementation in use, except in a sweep.
			machine bool
		}{
			{"every length, buffer and promise", conformance, false},
			{"every bit of a ciphertext", ciphertextBits, true},
			{"every bit of an X-Wing ciphertext", xwingCiphertextBits, true},
			{"coefficients from q on", largeCoefficients, true},
			{"every region of an expanded key", expandedRegions, true},
			{"lengths of an expanded key", expandedLengths, false},
			{"matrices from long streams", longStreams, true},
			{"messages on the edge of rounding", roundingEdges, true},
			{"extreme keys", extremeKeys, true},
			{"X25519 shares", x25519Shares, true},
			{"NIST points", nistPoints, false},
		} {
			if !attack.machine && !testkit.Sweep() && !inUse(t) {
				continue
			}
			t.Run(attack.name, func(t *testing.T) {
				t.Parallel()
				attack.run(t)
			})
		}
	})
}

// inUse reports whether t runs for the implementation that programs use.
func inUse(t *testing.T) bool {
	_, name, _ := strings.Cut(t.Name(), "/")
	name, _, _ = strings.Cut(name, "/")
	return name == cpu.Chosen()
}

// step returns the distance between the inputs that a test takes: 1 in a sweep, short in a short
// test, and plain otherwise.
func step(plain, short int) int {
	switch {
	case testkit.Sweep():
		return 1
	case testing.Short():
		return short
	}
	return plain
}

// conformance runs the suite for all KEMs in a sweep, and for some of each kind otherwise. The
// tests of package combiner also run it for hybrids with foreign parts, for keys from parts, and with
// P-384, which takes most of the time. With P-384 and P-521, nearly all of it is crypto/ecdh's, so a sweep
// runs these for the implementation in use only.
func conformance(t *testing.T) {
	some := []string{"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "X-Wing", "MLKEM768-P256", "X25519MLKEM768", "mlkem768x25519-sha256"}
	if testing.Short() {
		some = []string{"ML-KEM-768", "X-Wing"}
	}
	for _, k := range hybridkem.All() {
		if !testkit.Sweep() && !slices.Contains(some, k.Name()) {
			continue
		}
		if name := strings.ToLower(k.Name()); !inUse(t) && (strings.Contains(name, "p384") || strings.Contains(name, "p521")) {
			continue
		}
		t.Run(k.Name(), func(t *testing.T) {
			t.Parallel()
			kemtest.TestKEM(t, k)
		})
	}
}

// A set is a parameter set of ML-KEM beside its specification.
type set struct {
	kem.KEM
	spec spec.Params
}

var sets = []set{newSet(mlkem.KEM512()), newSet(mlkem.KEM768()), newSet(mlkem.KEM1024())}

func newSet(k kem.KEM) set { return set{k, spec.Sets[k.Name()]} }

func (s set) newExpandedKey(b []byte) (expanded.Key, error) { return expanded.Parse(s.KEM, b) }

// forEachSet runs f for each parameter set.
func forEachSet(t *testing.T, f func(t *testing.T, s set)) {
	for _, s := range sets {
		t.Run(s.Name(), func(t *testing.T) { f(t, s) })
	}
}

// pattern returns n bytes. Most of them differ.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*i + 3*i + n)
	}
	return b
}

// must returns v, or ends the test if there is an error.
func must[V any](v V, err error) func(t testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// decapsulates checks that Decapsulate and DecapsulateTo of dk both give want. If want is nil, both
// must return an error and write nothing.
func decapsulates(t testing.TB, what string, dk crypto.Decapsulator, ciphertext, want []byte) {
	t.Helper()
	got, err := dk.Decapsulate(ciphertext)
	if (err == nil) != (want != nil) || !bytes.Equal(got, want) {
		t.Errorf("%s: decapsulation gives %x, want %x: %v", what, got, want, err)
	}
	to, ok := dk.(interface {
		DecapsulateTo(sharedKey, ciphertext []byte) error
	})
	if !ok {
		return // a key of crypto/mlkem
	}
	into := pattern(32)
	if k, ok := dk.(kem.DecapsulationKey); ok {
		into = pattern(k.KEM().SharedKeySize())
	}
	if want == nil {
		want = bytes.Clone(into)
	}
	if errTo := to.DecapsulateTo(into, ciphertext); (errTo == nil) != (err == nil) || !bytes.Equal(into, want) {
		t.Errorf("%s: DecapsulateTo gives %x, want %x: %v", what, into, want, errTo)
	}
}

// encapsulates checks that ek encapsulates with the given randomness to the given shared key and
// ciphertext.
func encapsulates(t testing.TB, what string, ek kem.EncapsulationKey, random, sharedKey, ciphertext []byte) {
	t.Helper()
	gotKey, gotCiphertext, err := kemtest.Encapsulate(ek, random)
	if err != nil || !bytes.Equal(gotKey, sharedKey) || !bytes.Equal(gotCiphertext, ciphertext) {
		t.Errorf("%s: encapsulation gives another shared key or ciphertext: %v", what, err)
	}
}
