package hybridkem_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/combiner"
	"hybridkem/combiner/openpgp"
	"hybridkem/combiner/sshkex"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/testkit"
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
	if len(names) != 22 {
		t.Errorf("%d KEMs, want 22", len(names))
	}
	for name, want := range map[string]kem.KEM{
		"MLKEM768-X25519": xwing.KEM(),
		"MLKEM512":        mlkem.KEM512(), "mlkem768": mlkem.KEM768(), "MLKEM1024": mlkem.KEM1024(),
	} {
		if k, err := hybridkem.ByName(name); err != nil || k != want {
			t.Errorf("%s is not %s: %v", name, want.Name(), err)
		}
	}
	if tlskex.MLKEM512() != mlkem.KEM512() || tlskex.MLKEM768() != mlkem.KEM768() || tlskex.MLKEM1024() != mlkem.KEM1024() {
		t.Error("ML-KEM of TLS is another KEM than that of package mlkem")
	}
	for _, test := range []struct{ name, want string }{
		{"x-wing", "X-Wing"},
		{"mlkem768-x25519", "X-Wing"},
		{"ml-kem-512", "ML-KEM-512"},
		{"x25519mlkem768", "X25519MLKEM768"},
		{"mlkem512x25519", "MLKEM512X25519"},
		{"MLKEM768X25519-SHA256", "mlkem768x25519-sha256"},
	} {
		if k, err := hybridkem.ByName(test.name); err != nil || k.Name() != test.want {
			t.Errorf("%q is not %s: %v", test.name, test.want, err)
		}
	}
	for _, test := range []struct{ name, suggestion string }{
		{"", ""},
		{"RSA", ""},
		{"ML-KEM-768 ", "did you mean ML-KEM-768?"},
		{"MLKEM-768", "did you mean ML-KEM-768?"},
		{"xwing", "did you mean X-Wing?"},
		{"MLKEM768X25519", "did you mean ML-KEM-768+X25519 or MLKEM768-X25519?"},
		{"MLKEM768-P384", "did you mean MLKEM768-P256?"},
		{"MLKEM512-X25519", "did you mean hybridkem/MLKEM512+X25519 or MLKEM512X25519?"},
		{"MLKEM51-X25519", "did you mean hybridkem/MLKEM512+X25519 or MLKEM512X25519?"},
		{"mlkem768p256", "did you mean MLKEM768-P256?"},
		{"SecP256MLKEM768", "did you mean SecP256r1MLKEM768?"},
	} {
		k, err := hybridkem.ByName(test.name)
		if err == nil || k != nil || !errors.Is(err, kem.ErrUnsupported) {
			t.Errorf("a KEM is named %q: %v", test.name, err)
			continue
		}
		if strings.Contains(err.Error(), "did you mean") != (test.suggestion != "") || !strings.Contains(err.Error(), test.suggestion) {
			t.Errorf("%q: %v, want %q", test.name, err, test.suggestion)
		}
		for name := range names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q: %s is not in the list: %v", test.name, name, err)
			}
		}
	}
}

// TestNames checks that no name or label of a KEM can be mistaken for another: none is a
// suffix of another, even if case is ignored.
func TestNames(t *testing.T) {
	labels := []string{`\.//^\`, "MLKEM768-X25519"}
	for _, k := range hybridkem.All() {
		labels = append(labels, k.Name())
	}
	for i, a := range labels {
		for j, b := range labels {
			if i != j && strings.HasSuffix(strings.ToLower(a), strings.ToLower(b)) {
				t.Errorf("%s ends in %s", a, b)
			}
		}
	}
	for _, label := range append(labels, "", "MLKEM512", "MLKEM768", "MLKEM1024") {
		for what, make := range map[string]func(){
			"UG": func() { combiner.UG(label, mlkem.KEM512(), combiner.P384()) },
			"UK": func() { combiner.UK(label, mlkem.KEM512(), xwing.KEM()) },
			"CG": func() { combiner.CG(label, mlkem.KEM512(), combiner.P384()) },
			"CK": func() { combiner.CK(label, mlkem.KEM512(), xwing.KEM()) },
		} {
			if text := panics(make); !strings.HasPrefix(text, "combiner: ") {
				t.Errorf("%s takes the label %q: %q", what, label, text)
			}
		}
	}
	if combiner.CG("MLKEM768-P256", mlkem.KEM768(), combiner.P256()) != combiner.MLKEM768P256() {
		t.Error("the parts of MLKEM768-P256 cannot have its label")
	}
	for _, label := range []string{"other/MLKEM768-P256", "P384", `x\.//^\`, "hybridkem/MLKEM512+X25519 " + "hybridkem/MLKEM1024+X25519"} {
		if panics(func() { combiner.CG(label, mlkem.KEM768(), combiner.P256()) }) == "" {
			t.Errorf("the label %s, which ends as another does, is taken", label)
		}
	}
	if panics(func() { combiner.UG("MLKEM768-P256", mlkem.KEM768(), combiner.P256()) }) == "" {
		t.Error("another combiner takes the label of MLKEM768-P256")
	}
}

// panics returns the text that f panics with, or "" if f does not panic.
func panics(f func()) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprint(value)
		}
	}()
	f()
	return ""
}

// TestNeedsTranscript checks which KEMs need a transcript, and that a hybrid with one of them
// as a part does not.
func TestNeedsTranscript(t *testing.T) {
	needs := 0
	for _, k := range hybridkem.All() {
		tls := regexp.MustCompile("^(X25519MLKEM|SecP|MLKEM512X)").MatchString(k.Name())
		ssh := strings.HasPrefix(k.Name(), "mlkem")
		if kem.NeedsTranscript(k) != (tls || ssh) {
			t.Errorf("%s: NeedsTranscript is %v", k.Name(), kem.NeedsTranscript(k))
		}
		if kem.NeedsTranscript(k) {
			needs++
		}
		if kem.KeysFromParts(k) {
			if panics(func() { combiner.CK("x", mlkem.KEM768(), k) }) == "" {
				t.Errorf("%s is a part, although its keys do not expand from seeds", k.Name())
			}
			continue
		}
		for _, x := range []kem.KEM{combiner.CK("x", mlkem.KEM768(), k), combiner.UK("x", k, mlkem.KEM768())} {
			if kem.NeedsTranscript(x) {
				t.Errorf("a hybrid with %s, whose combiner hashes the shares, needs a transcript", k.Name())
			}
		}
	}
	if needs != 8 || kem.NeedsTranscript(nil) {
		t.Errorf("%d KEMs need a transcript, want 8", needs)
	}
}

// TestOtherShares replaces the share in a ciphertext by another one that gives the same secret of
// the group: X25519 ignores the highest bit, and a point and its negative have one x-coordinate.
// The shared key stays the same with the KEMs that need a transcript, and with no other.
func TestOtherShares(t *testing.T) {
	same, other := 0, 0
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		sharedKey, ciphertext := dk.PublicKey().Encapsulate()
		size := map[int]int{1120: 32, 800: 32, 1600: 32, 833: 65, 1153: 65, 1185: 97, 1665: 97, 1701: 133}[len(ciphertext)]
		if size == 0 {
			continue // ML-KEM has no share
		}
		share := ciphertext[len(ciphertext)-size:]
		if strings.HasPrefix(k.Name(), "Sec") || k == openpgp.MLKEM768X25519() {
			share = ciphertext[:size]
		}
		if size == 32 {
			share[31] ^= 0x80
		} else {
			p := map[int]elliptic.Curve{65: elliptic.P256(), 97: elliptic.P384(), 133: elliptic.P521()}[size].Params().P
			y := share[1+size/2:]
			new(big.Int).Sub(p, new(big.Int).SetBytes(y)).FillBytes(y)
		}
		again, err := dk.Decapsulate(ciphertext)
		if err != nil {
			t.Errorf("%s: %v", k.Name(), err)
		}
		if bytes.Equal(again, sharedKey) != kem.NeedsTranscript(k) {
			t.Errorf("%s: same shared key: %v", k.Name(), bytes.Equal(again, sharedKey))
		}
		if kem.NeedsTranscript(k) {
			same++
		} else {
			other++
		}
	}
	if same != 8 || other != 11 {
		t.Errorf("%d and %d KEMs with shares, want 8 and 11", same, other)
	}
}

// A recorder remembers what each Read returned.
type recorder struct {
	stream io.Reader
	draws  [][]byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.stream.Read(b)
	r.draws = append(r.draws, bytes.Clone(b[:n]))
	return n, err
}

// take returns the bytes drawn since the last call. It returns nil unless they were drawn
// in a single Read.
func (r *recorder) take() []byte {
	draws := r.draws
	r.draws = nil
	if len(draws) != 1 {
		return nil
	}
	return draws[0]
}

// TestRandomness checks that keys and ciphertexts depend on their randomness and on
// nothing else. All of it must be drawn in a single Read.
func TestRandomness(t *testing.T) {
	random := &recorder{stream: mathrand.NewChaCha8([32]byte{})}
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = random
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		seed := random.take()
		if kem.KeysFromParts(k) {
			// The seed of ML-KEM and a scalar. P-521 changes its first byte.
			if b := dk.Bytes(); !bytes.Contains(b, seed[:64]) || !bytes.Contains(b, seed[65:96]) {
				t.Errorf("%s: the keys of the parts are not what was drawn", k.Name())
			}
		} else if !bytes.Equal(dk.Bytes(), seed) {
			t.Errorf("%s: the seed is not what was drawn", k.Name())
		}
		ek := dk.PublicKey()
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

// TestReproducible checks that the same source of randomness gives the same keys and
// ciphertexts, and another source gives others.
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

// TestFIPS runs itself once in each FIPS 140-3 mode.
func TestFIPS(t *testing.T) {
	mode := os.Getenv("HYBRIDKEM_TEST_FIPS")
	switch mode {
	case "":
		for _, mode := range []string{"on", "only"} {
			command := exec.Command(os.Args[0], "-test.run=^TestFIPS$", "-test.v")
			command.Env = append(os.Environ(), "GODEBUG=fips140="+mode, "HYBRIDKEM_TEST_FIPS="+mode)
			out, err := command.CombinedOutput()
			if strings.Contains(string(out), "FIPS 140-3 mode is incompatible with") {
				t.Skipf("%s", out) // for example in the purego build
			}
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Skip(err) // a program cannot run itself under emulation
			}
			if err != nil || !strings.Contains(string(out), "22 KEMs in mode "+mode) {
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
			// The first draw is the seed, or the seeds of the parts. The second is for the encapsulation that tests
			// the key.
			if len(random.draws) != 2 || len(random.draws[0]) < k.SeedSize() && !kem.KeysFromParts(k) {
				t.Errorf("%s: key generation draws %d times", k.Name(), len(random.draws))
			}
			random.draws = nil
			if err := kem.CheckKeyPair(dk); err != nil {
				t.Error(err)
			}
			random.draws = nil
			rows := make([]batch.KeyPair, 3)
			batch.Generate(k, rows)
			if len(random.draws) != 6 || rows[2].Err != nil {
				t.Errorf("%s: generation of three keys draws %d times: %v", k.Name(), len(random.draws), rows[2].Err)
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
				if !errors.Is(err, kem.ErrFIPS) || !strings.Contains(err.Error(), "fips140=only") || key != nil {
					t.Errorf("%s: %T, %v", k.Name(), key, err)
				}
			}
			generated, err := k.GenerateKey()
			refused(generated, err)
			again, err := k.NewDecapsulationKey(dk.Bytes())
			refused(again, err)
			ek, err := k.NewEncapsulationKey(dk.Encapsulator().Bytes())
			refused(ek, err)
			rows, publics := make([]batch.KeyPair, 1), []batch.PublicKey{{Bytes: dk.PublicKey().Bytes()}}
			batch.Generate(k, rows)
			refused(rows[0].Key, rows[0].Err)
			rows[0].Seed = dk.Bytes()
			batch.Expand(k, rows)
			refused(rows[0].Key, rows[0].Err)
			batch.Parse(k, publics)
			refused(publics[0].Key, publics[0].Err)
			refused(nil, kem.DecapsulateSeed(k, make([]byte, k.SharedKeySize()), dk.Bytes(), make([]byte, k.CiphertextSize())))
		}
		if _, err := mlkem.NewExpandedKey768(make([]byte, mlkem.ExpandedKeySize768)); err == nil || !strings.Contains(err.Error(), "fips140=only") {
			t.Errorf("an expanded key: %v", err)
		}
		header := make([]byte, mlkem.HeaderSize)
		var stored []byte
		fips140.WithoutEnforcement(func() {
			state, _, _, err := mlkem.BeginEncapsulation768(header)
			if err != nil {
				t.Fatal(err)
			}
			stored = state.Bytes()
		})
		_, _, _, err := mlkem.BeginEncapsulation768(header)
		_, errStored := mlkem.NewEncapsulationState768(stored)
		var state mlkem.EncapsulationState768
		errInto := state.Begin(make([]byte, mlkem.SharedKeySize), make([]byte, mlkem.CiphertextPart1Size768), header)
		for _, err := range []error{err, errStored, errInto} {
			if !errors.Is(err, kem.ErrFIPS) {
				t.Errorf("an encapsulation in two steps: %v", err)
			}
		}
	}
	if fips140.Enabled() != true || fips140.Enforced() != (mode == "only") {
		t.Errorf("the mode is not %s", mode)
	}
	t.Logf("%d KEMs in mode %s", len(hybridkem.All()), mode)
}

// TestOtherKEM checks that keys of different KEMs are not Equal, even with the same seed
// and the same encapsulation key.
func TestOtherKEM(t *testing.T) {
	seed := make([]byte, 32)
	var dks []kem.DecapsulationKey
	for _, k := range []kem.KEM{
		tlskex.X25519MLKEM768(), sshkex.MLKEM768X25519SHA256(), xwing.KEM(),
		combiner.CG("x", mlkem.KEM768(), combiner.X25519()),
		combiner.UG("x", mlkem.KEM768(), combiner.X25519()),
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
			if a.Equal(b) != (i == j) || a.PublicKey().Equal(b.Encapsulator()) != (i == j) {
				t.Errorf("keys %d and %d: Equal is wrong", i, j)
			}
		}
	}
}

// TestOtherParts checks that keys with the same seed and label are not Equal if their KEMs
// differ in a part, at any depth.
func TestOtherParts(t *testing.T) {
	seed := make([]byte, 32)
	inner := func(label string) kem.KEM { return combiner.CG(label, mlkem.KEM512(), combiner.X25519()) }
	for _, pair := range [][2]kem.KEM{
		{combiner.CG("x", mlkem.KEM512(), combiner.X25519()), combiner.CG("x", mlkem.KEM1024(), combiner.X25519())},
		{combiner.CG("x", mlkem.KEM768(), combiner.X25519()), combiner.CG("x", mlkem.KEM768(), combiner.P256())},
		{combiner.UK("x", mlkem.KEM768(), inner("a")), combiner.UK("x", mlkem.KEM768(), inner("b"))},
		{combiner.CK("x", inner("a"), xwing.KEM()), combiner.CK("x", inner("b"), xwing.KEM())},
		{
			combiner.CK("x", mlkem.KEM768(), combiner.UG("y", mlkem.KEM512(), combiner.X25519())),
			combiner.CK("x", mlkem.KEM768(), combiner.CG("y", mlkem.KEM512(), combiner.X25519())),
		},
	} {
		a, err1 := pair[0].NewDecapsulationKey(seed)
		b, err2 := pair[1].NewDecapsulationKey(seed)
		again, err3 := pair[0].NewDecapsulationKey(seed)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if a.Equal(b) || b.Equal(a) || a.PublicKey().Equal(b.PublicKey()) || b.PublicKey().Equal(a.PublicKey()) {
			t.Errorf("keys of different parts are Equal: %s", pair[0].Name())
		}
		if !a.Equal(again) || !again.PublicKey().Equal(a.PublicKey()) {
			t.Errorf("a key does not Equal itself: %s", pair[0].Name())
		}
	}
}

// TestAllocations checks that a key pair takes one allocation. Go must not need a whole span of
// memory for an allocation of that size. KEMs with NIST curves are left out, since crypto/ecdh
// allocates more.
func TestAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector allocates")
	}
	for _, k := range hybridkem.All() {
		seed := make([]byte, k.SeedSize())
		if regexp.MustCompile(`(?i)p256|p384|p521`).MatchString(k.Name()) {
			continue
		}
		var dk kem.DecapsulationKey
		if n := testing.AllocsPerRun(10, func() { dk, _ = k.NewDecapsulationKey(seed) }); n != 1 {
			t.Errorf("%s: a key takes %v allocations, want one", k.Name(), n)
		}
		const rounds = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			dk, _ = k.NewDecapsulationKey(seed)
		}
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(dk)
		size := (after.TotalAlloc - before.TotalAlloc) / rounds
		if size == 8<<10 || size == 16<<10 {
			t.Errorf("%s: a key takes %d bytes, and Go serves that size with a span for each", k.Name(), size)
		}
		t.Logf("%s: %d bytes", k.Name(), size)
	}
}
