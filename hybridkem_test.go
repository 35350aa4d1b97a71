package hybridkem_test

import (
	"bytes"
	"crypto/fips140"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

func TestByName(t *testing.T) {
	names := map[string]bool{}
	for _, k := range hybridkem.All() {
		if names[k.Name()] {
			t.Errorf("%s is listed twice", k.Name())
		}
		names[k.Name()] = true
		if found, err := hybridkem.ByName(k.Name()); err != nil || found != k {
			t.Errorf("%s is not found by its name: %v", k.Name(), err)
		}
	}
	if len(names) != 14 {
		t.Errorf("%d KEMs, want 14", len(names))
	}
	if k, err := hybridkem.ByName("MLKEM768-X25519"); err != nil || k.Name() != "X-Wing" {
		t.Errorf("MLKEM768-X25519 is not X-Wing: %v", err)
	}
	for _, name := range []string{"", "x-wing", "ML-KEM-768 ", "MLKEM768"} {
		if k, err := hybridkem.ByName(name); err == nil || k != nil {
			t.Errorf("a KEM is named %q", name)
		}
	}
}

// A recorder remembers what was drawn.
type recorder struct {
	stream io.Reader
	draws  [][]byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.stream.Read(b)
	r.draws = append(r.draws, bytes.Clone(b[:n]))
	return n, err
}

// take returns what was drawn at once, or nil if that was not once.
func (r *recorder) take() []byte {
	draws := r.draws
	r.draws = nil
	if len(draws) != 1 {
		return nil
	}
	return draws[0]
}

// TestRandomness checks that keys and ciphertexts are made from randomness of
// full length, drawn at once, all of it, and from nothing else.
func TestRandomness(t *testing.T) {
	random := &recorder{stream: mathrand.NewChaCha8([32]byte{})}
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = random
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dk.Bytes(), random.take()) {
			t.Errorf("%s: the seed is not what was drawn", k.Name())
		}
		ek := dk.Encapsulator().(kem.EncapsulationKey)
		if dk.KEM() != k || ek.KEM() != k {
			t.Errorf("%s: a key is of another KEM", k.Name())
		}
		sharedKey, ciphertext := ek.Encapsulate()
		drawn := random.take()
		if _, _, err := kemtest.Encapsulate(struct{ kem.EncapsulationKey }{ek}, drawn); err == nil {
			t.Errorf("%s: a key of another type took randomness", k.Name())
		}
		wantKey, wantCiphertext, err := kemtest.Encapsulate(ek, drawn)
		if err != nil || !bytes.Equal(sharedKey, wantKey) || !bytes.Equal(ciphertext, wantCiphertext) {
			t.Errorf("%s: encapsulation is not with what was drawn: %v", k.Name(), err)
		}
	}
	if dk, err := xwing.GenerateKey(); err != nil || !bytes.Equal(dk.Bytes(), random.take()) {
		t.Error("xwing: the seed is not what was drawn")
	}
	if dk, err := mlkem.GenerateKey768(); err != nil || !bytes.Equal(dk.Bytes(), random.take()) {
		t.Error("mlkem: the seed is not what was drawn")
	}
}

// TestReproducible checks that under a deterministic source everything is deterministic.
func TestReproducible(t *testing.T) {
	for _, k := range hybridkem.All() {
		run := func(source uint64) (all []byte) {
			t.Run(k.Name(), func(t *testing.T) {
				cryptotest.SetGlobalRandom(t, source)
				dk, err := k.GenerateKey()
				if err != nil {
					t.Fatal(err)
				}
				sharedKey, ciphertext := dk.Encapsulator().Encapsulate()
				all = slices.Concat(dk.Bytes(), sharedKey, ciphertext)
			})
			return all
		}
		first := run(1)
		if again, other := run(1), run(2); !bytes.Equal(first, again) || bytes.Equal(first, other) {
			t.Errorf("%s does not depend on its randomness alone", k.Name())
		}
	}
}

// TestFIPS runs itself in both FIPS 140-3 modes.
func TestFIPS(t *testing.T) {
	mode := os.Getenv("HYBRIDKEM_TEST_FIPS")
	switch mode {
	case "":
		for _, mode := range []string{"on", "only"} {
			command := exec.Command(os.Args[0], "-test.run=^TestFIPS$", "-test.v")
			command.Env = append(os.Environ(), "GODEBUG=fips140="+mode, "HYBRIDKEM_TEST_FIPS="+mode)
			out, err := command.CombinedOutput()
			if strings.Contains(string(out), "FIPS 140-3 mode is incompatible with") {
				t.Skipf("%s", out) // the purego build, for one
			}
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Skip(err) // a program cannot run itself under emulation
			}
			if err != nil || !strings.Contains(string(out), "14 KEMs in mode "+mode) {
				t.Errorf("fips140=%s: %v\n%s", mode, err, out)
			}
		}
		return
	case "on":
		random := &recorder{stream: mathrand.NewChaCha8([32]byte{})}
		defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
		rand.Reader = random
		for _, k := range hybridkem.All() {
			dk, err := k.GenerateKey()
			if err != nil {
				t.Fatal(err)
			}
			// A seed, and the randomness of an encapsulation by which the key is tested.
			if len(random.draws) != 2 || len(random.draws[0]) != k.SeedSize() {
				t.Errorf("%s: key generation draws %d times", k.Name(), len(random.draws))
			}
			random.draws = nil
			if err := kem.CheckKeyPair(dk); err != nil {
				t.Error(err)
			}
			random.draws = nil
		}
	case "only":
		for _, k := range hybridkem.All() {
			var dk kem.DecapsulationKey
			fips140.WithoutEnforcement(func() {
				var err error
				if dk, err = k.GenerateKey(); err != nil {
					t.Fatal(err)
				}
			})
			refused := func(key any, err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), "fips140=only") || key != nil {
					t.Errorf("%s: %T, %v", k.Name(), key, err)
				}
			}
			generated, err := k.GenerateKey()
			refused(generated, err)
			again, err := k.NewDecapsulationKey(dk.Bytes())
			refused(again, err)
			ek, err := k.NewEncapsulationKey(dk.Encapsulator().Bytes())
			refused(ek, err)
		}
		if _, err := mlkem.NewExpandedKey768(make([]byte, mlkem.ExpandedKeySize768)); err == nil || !strings.Contains(err.Error(), "fips140=only") {
			t.Errorf("an expanded key: %v", err)
		}
	}
	if fips140.Enabled() != true || fips140.Enforced() != (mode == "only") {
		t.Errorf("the mode is not %s", mode)
	}
	t.Logf("%d KEMs in mode %s", len(hybridkem.All()), mode)
}

// TestOtherKEM has keys of the same seed that differ only in the KEM.
func TestOtherKEM(t *testing.T) {
	seed := make([]byte, 32)
	var dks []kem.DecapsulationKey
	for _, k := range []kem.KEM{
		combiner.X25519MLKEM768(), combiner.MLKEM768X25519SHA256(), combiner.MLKEM768X25519(), xwing.KEM(),
		combiner.CG("x", mlkem.KEM768(), combiner.X25519()),
		combiner.UG("x", mlkem.KEM768(), combiner.X25519()),
		combiner.CG("MLKEM768-X25519", mlkem.KEM768(), combiner.X25519()),
	} {
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		dks = append(dks, dk)
	}
	for i, a := range dks {
		for j, b := range dks {
			if !bytes.Equal(a.Encapsulator().Bytes(), b.Encapsulator().Bytes()) {
				t.Fatal("the test has different keys")
			}
			if a.Equal(b) != (i == j) || a.Encapsulator().(kem.EncapsulationKey).Equal(b.Encapsulator()) != (i == j) {
				t.Errorf("keys %d and %d: Equal is wrong", i, j)
			}
		}
	}
}
