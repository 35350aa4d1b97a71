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
		}{
			{"every length, buffer and promise", conformance},
			{"every bit of a ciphertext", ciphertextBits},
			{"every bit of an X-Wing ciphertext", xwingCiphertextBits},
			{"coefficients from q on", largeCoefficients},
			{"every region of an expanded key", expandedRegions},
			{"lengths of an expanded key", expandedLengths},
			{"matrices from long streams", longStreams},
			{"messages on the edge of rounding", roundingEdges},
			{"extreme keys", extremeKeys},
			{"X25519 shares", x25519Shares},
			{"NIST points", nistPoints},
		} {
			t.Run(attack.name, func(t *testing.T) {
				t.Parallel()
				attack.run(t)
			})
		}
	})
}

// conformance takes no hybrid but X-Wing if time is short. The tests of package combiner
// then still run the suite for hybrids with foreign parts. Hybrids with P-384, which take most of
// the time and are always crypto/ecdh's, are tried with the portable implementation and the one
// that is used.
func conformance(t *testing.T) {
	sets := cpu.Sets()
	implementation := strings.Split(t.Name(), "/")[1]
	for _, k := range hybridkem.All() {
		if strings.Contains(strings.ToLower(k.Name()), "p384") && implementation != sets[0] && implementation != sets[len(sets)-1] {
			continue
		}
		if testing.Short() && slices.ContainsFunc(hybrids[1:], func(h hybrid) bool { return h.Name() == k.Name() }) {
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

// pattern returns n bytes, of which most differ.
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

// decapsulates demands that dk decapsulates ciphertext to want, in both ways, or
// refuses it and writes nothing if want is nil.
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
		return // crypto/mlkem's
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

// encapsulates demands that ek encapsulates with randomness to what is given.
func encapsulates(t testing.TB, what string, ek kem.EncapsulationKey, random, sharedKey, ciphertext []byte) {
	t.Helper()
	gotKey, gotCiphertext, err := kemtest.Encapsulate(ek, random)
	if err != nil || !bytes.Equal(gotKey, sharedKey) || !bytes.Equal(gotCiphertext, ciphertext) {
		t.Errorf("%s: encapsulation gives another shared key or ciphertext: %v", what, err)
	}
}
