package kemtest

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"time"

	"hybridkem/internal/testseed"
	"hybridkem/kem"
)

// TestKEM checks that k does what [kem.KEM] promises, in subtests of t: round
// trips, inputs of every wrong length, buffers that overlap, every flipped ciphertext byte,
// expansion from the seed, comparison, fresh memory, destruction, and concurrent use, also
// beside Destroy. If the decapsulation keys have a method Reset(seed []byte) error, it also checks that. If keys of k
// are made from keys of its parts ([kem.KeysFromParts]), it takes them from GenerateKey. It is best run under the
// race detector.
//
// It is for any implementation, whether of this module or not:
//
//	func TestMyKEM(t *testing.T) {
//		kemtest.TestKEM(t, mykem.KEM())
//	}
func TestKEM(t *testing.T, k kem.KEM) {
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) { check.run(t, k) })
	}
}

var checks = []struct {
	name string
	run  func(t testing.TB, k kem.KEM)
}{
	{"RoundTrip", checkRoundTrip},
	{"Seed", checkSeed},
	{"EncodedKey", checkEncodedKey},
	{"WrongLengths", checkWrongLengths},
	{"WrongBuffers", checkWrongBuffers},
	{"Overlap", checkOverlap},
	{"FlippedCiphertext", checkFlippedCiphertext},
	{"Equal", checkEqual},
	{"Memory", checkMemory},
	{"Destroy", checkDestroy},
	{"DestroyMeanwhile", checkDestroyMeanwhile},
	{"Reset", checkReset},
	{"Concurrency", checkConcurrency},
}

// seed returns the n-th of some seeds for k. If keys of k do not expand from a seed, it is the stored form of a
// generated key, since not all bytes are one.
func seed(k kem.KEM, n int) []byte {
	s := make([]byte, k.SeedSize())
	for i := range s {
		s[i] = byte(17*n + i*i + i)
	}
	return testseed.Of(k, s)
}

// newKey returns the key of the n-th seed, and its encapsulation key.
func newKey(t testing.TB, k kem.KEM, n int) (kem.DecapsulationKey, kem.EncapsulationKey) {
	t.Helper()
	dk, err := k.NewDecapsulationKey(seed(k, n))
	if err != nil {
		t.Fatalf("NewDecapsulationKey: %v", err)
	}
	return dk, encapsulationKey(t, dk)
}

// encapsulationKey returns the encapsulation key of dk, which Encapsulator must return, too.
func encapsulationKey(t testing.TB, dk kem.DecapsulationKey) kem.EncapsulationKey {
	t.Helper()
	ek := dk.PublicKey()
	if ek == nil {
		t.Fatal("PublicKey returned nil")
	}
	if other, ok := dk.Encapsulator().(kem.EncapsulationKey); !ok || !ek.Equal(other) {
		t.Fatal("Encapsulator and PublicKey return different keys")
	}
	return ek
}

// agree encapsulates to ek, checks that dk decapsulates to the same shared key, and returns the
// results.
func agree(t testing.TB, dk kem.DecapsulationKey, ek kem.EncapsulationKey) (sharedKey, ciphertext []byte) {
	t.Helper()
	k := dk.KEM()
	sharedKey, ciphertext = ek.Encapsulate()
	if len(sharedKey) != k.SharedKeySize() || len(ciphertext) != k.CiphertextSize() {
		t.Fatalf("Encapsulate returned %d and %d bytes, want %d and %d",
			len(sharedKey), len(ciphertext), k.SharedKeySize(), k.CiphertextSize())
	}
	sent := bytes.Clone(ciphertext)
	got, err := dk.Decapsulate(ciphertext)
	if err != nil {
		t.Fatalf("Decapsulate: %v", err)
	}
	if !bytes.Equal(got, sharedKey) {
		t.Fatal("Decapsulate and Encapsulate disagree")
	}
	if !bytes.Equal(sent, ciphertext) {
		t.Error("Decapsulate changed the ciphertext")
	}
	return sharedKey, ciphertext
}

func checkRoundTrip(t testing.TB, k kem.KEM) {
	if k.Name() == "" || k.SeedSize() <= 0 || k.EncapsulationKeySize() <= 0 || k.CiphertextSize() <= 0 || k.SharedKeySize() <= 0 {
		t.Fatal("the KEM lacks a name or a size")
	}
	dk, err := k.GenerateKey()
	if err != nil {
		t.Fatalf("GenerateKey: %v", err)
	}
	ek := encapsulationKey(t, dk)
	if dk.KEM().Name() != k.Name() || ek.KEM().Name() != k.Name() {
		t.Errorf("the keys are of %q and %q, want %q", dk.KEM().Name(), ek.KEM().Name(), k.Name())
	}
	firstKey, firstCiphertext := agree(t, dk, ek)
	secondKey, secondCiphertext := agree(t, dk, ek)
	if bytes.Equal(firstKey, secondKey) || bytes.Equal(firstCiphertext, secondCiphertext) {
		t.Error("Encapsulate returned the same twice")
	}
	if len(firstKey) == k.SharedKeySize() && bytes.Equal(firstKey, make([]byte, k.SharedKeySize())) {
		t.Error("the shared key is zero")
	}

	sharedKey, ciphertext, got := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize()), make([]byte, k.SharedKeySize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); err != nil {
		t.Fatalf("EncapsulateTo: %v", err)
	}
	if err := dk.DecapsulateTo(got, ciphertext); err != nil {
		t.Fatalf("DecapsulateTo: %v", err)
	}
	if !bytes.Equal(sharedKey, got) {
		t.Error("DecapsulateTo and EncapsulateTo disagree")
	}

	other, err := k.GenerateKey()
	if err != nil {
		t.Fatalf("GenerateKey, for another key: %v", err)
	}
	if bytes.Equal(dk.Bytes(), other.Bytes()) {
		t.Error("GenerateKey returned the same key twice")
	}
	if got, err := other.Decapsulate(ciphertext); err == nil && bytes.Equal(got, sharedKey) {
		t.Error("another key decapsulates the ciphertext")
	}
}

func checkSeed(t testing.TB, k kem.KEM) {
	generated, err := k.GenerateKey()
	if err != nil {
		t.Fatalf("GenerateKey: %v", err)
	}
	again, err := k.NewDecapsulationKey(generated.Bytes())
	if err != nil {
		t.Fatalf("NewDecapsulationKey with the seed of a generated key: %v", err)
	}
	agree(t, again, encapsulationKey(t, generated))
	agree(t, generated, encapsulationKey(t, again))

	s := seed(k, 1)
	dk, err := k.NewDecapsulationKey(s)
	if err != nil {
		t.Fatalf("NewDecapsulationKey: %v", err)
	}
	if !bytes.Equal(s, seed(k, 1)) {
		t.Error("NewDecapsulationKey changed the seed")
	}
	if !bytes.Equal(dk.Bytes(), s) {
		t.Error("Bytes does not return the seed")
	}
	twin, twinEK := newKey(t, k, 1)
	if !bytes.Equal(dk.Encapsulator().Bytes(), twinEK.Bytes()) {
		t.Error("the same seed expands to different encapsulation keys")
	}
	agree(t, dk, twinEK)
	_, ciphertext := agree(t, twin, encapsulationKey(t, dk))
	ciphertext[0] ^= 1
	first, err1 := dk.Decapsulate(ciphertext)
	second, err2 := twin.Decapsulate(ciphertext)
	if (err1 == nil) != (err2 == nil) || !bytes.Equal(first, second) {
		t.Error("the same seed expands to keys that reject differently")
	}
	_, otherEK := newKey(t, k, 2)
	if bytes.Equal(otherEK.Bytes(), twinEK.Bytes()) {
		t.Error("different seeds expand to the same encapsulation key")
	}
}

func checkEncodedKey(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 3)
	encoded := ek.Bytes()
	if len(encoded) != k.EncapsulationKeySize() {
		t.Fatalf("Bytes returned %d bytes, want %d", len(encoded), k.EncapsulationKeySize())
	}
	given := bytes.Clone(encoded)
	parsed, err := k.NewEncapsulationKey(given)
	if err != nil {
		t.Fatalf("NewEncapsulationKey: %v", err)
	}
	if !bytes.Equal(given, encoded) {
		t.Error("NewEncapsulationKey changed its input")
	}
	clear(given)
	if !bytes.Equal(parsed.Bytes(), encoded) {
		t.Error("a parsed key does not encode to what it was parsed from")
	}
	if parsed.KEM().Name() != k.Name() {
		t.Errorf("a parsed key is of %q, want %q", parsed.KEM().Name(), k.Name())
	}
	agree(t, dk, parsed)
}

func checkWrongLengths(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 4)
	_, ciphertext := ek.Encapsulate()
	for _, input := range []struct {
		name  string
		valid []byte
		use   func(b []byte) error
	}{
		{"NewDecapsulationKey", dk.Bytes(), func(b []byte) error {
			dk, err := k.NewDecapsulationKey(b)
			if err != nil && dk != nil {
				t.Error("NewDecapsulationKey returned a key and an error")
			}
			return err
		}},
		{"NewEncapsulationKey", ek.Bytes(), func(b []byte) error {
			ek, err := k.NewEncapsulationKey(b)
			if err != nil && ek != nil {
				t.Error("NewEncapsulationKey returned a key and an error")
			}
			return err
		}},
		{"Decapsulate", ciphertext, func(b []byte) error {
			sharedKey, err := dk.Decapsulate(b)
			if err != nil && sharedKey != nil {
				t.Error("Decapsulate returned a shared key and an error")
			}
			return err
		}},
		{"DecapsulateTo", ciphertext, func(b []byte) error {
			return dk.DecapsulateTo(make([]byte, k.SharedKeySize()), b)
		}},
	} {
		n := len(input.valid)
		long := append(bytes.Clone(input.valid), input.valid...)
		for length := range 2*n + 1 {
			if err := input.use(long[:length:length]); (err == nil) != (length == n) {
				t.Errorf("%s with %d bytes returned the error %v; the right length is %d", input.name, length, err, n)
			}
		}
		if input.use(nil) == nil {
			t.Errorf("%s with nil returned no error", input.name)
		}
	}
}

func checkWrongBuffers(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 5)
	_, ciphertext := ek.Encapsulate()
	sharedKeySize, ciphertextSize := k.SharedKeySize(), k.CiphertextSize()
	// An untouched buffer is one that still holds the pattern.
	pattern := bytes.Repeat([]byte{0xa5}, 2*max(sharedKeySize, ciphertextSize))
	refuse := func(name string, sharedKey, ciphertext int, use func(sharedKey, ciphertext []byte) error) {
		s, c := bytes.Clone(pattern), bytes.Clone(pattern)
		if use(s[:sharedKey], c[:ciphertext]) == nil {
			t.Errorf("%s into %d and %d bytes returned no error", name, sharedKey, ciphertext)
		}
		if !bytes.Equal(s, pattern) || !bytes.Equal(c, pattern) {
			t.Errorf("%s into %d and %d bytes wrote to them and returned an error", name, sharedKey, ciphertext)
		}
	}
	for length := range 2*sharedKeySize + 1 {
		if length != sharedKeySize {
			refuse("EncapsulateTo", length, ciphertextSize, ek.EncapsulateTo)
			refuse("DecapsulateTo", length, 0, func(s, _ []byte) error { return dk.DecapsulateTo(s, ciphertext) })
		}
	}
	for length := range 2*ciphertextSize + 1 {
		if length != ciphertextSize {
			refuse("EncapsulateTo", sharedKeySize, length, ek.EncapsulateTo)
			refuse("DecapsulateTo", sharedKeySize, length, dk.DecapsulateTo)
		}
	}
}

// checkOverlap lets a shared key and a ciphertext share memory. It tries every overlap at the ends
// of the ciphertext, and some in the middle.
func checkOverlap(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 12)
	sharedKey, ciphertext := agree(t, dk, ek)
	s, c := len(sharedKey), len(ciphertext)
	memory := make([]byte, s+c+s)
	for at := range s + c + 1 {
		if 2*s < at && at < c && at%37 != 0 {
			continue
		}
		// The ciphertext begins at index s, and the shared key begins at index at.
		for i := range memory {
			memory[i] = 0xa5
		}
		before := bytes.Clone(memory)
		err := ek.EncapsulateTo(memory[at:at+s], memory[s:s+c])
		if overlap := 0 < at && at < s+c; overlap != (err != nil) {
			t.Errorf("EncapsulateTo with a ciphertext at %d and a shared key at %d returned the error %v", s, at, err)
		} else if overlap && !bytes.Equal(memory, before) {
			t.Error("EncapsulateTo wrote to buffers that overlap")
		}
		copy(memory[s:], ciphertext)
		if err := dk.DecapsulateTo(memory[at:at+s], memory[s:s+c]); err != nil || !bytes.Equal(memory[at:at+s], sharedKey) {
			t.Errorf("DecapsulateTo with a ciphertext at %d and a shared key at %d is wrong: %v", s, at, err)
		}
	}
}

func checkFlippedCiphertext(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 6)
	sharedKey, ciphertext := agree(t, dk, ek)
	for i := range ciphertext {
		ciphertext[i] ^= 1
		got, err := dk.Decapsulate(ciphertext)
		if err == nil && bytes.Equal(got, sharedKey) {
			t.Errorf("byte %d of the ciphertext can be changed", i)
		}
		into := bytes.Repeat([]byte{0xa5}, k.SharedKeySize())
		before := bytes.Clone(into)
		switch errTo := dk.DecapsulateTo(into, ciphertext); {
		case (err == nil) != (errTo == nil):
			t.Errorf("byte %d changed: Decapsulate returned %v, DecapsulateTo %v", i, err, errTo)
		case err == nil && !bytes.Equal(into, got):
			t.Errorf("byte %d changed: Decapsulate and DecapsulateTo disagree", i)
		case err != nil && !bytes.Equal(into, before):
			t.Errorf("byte %d changed: DecapsulateTo wrote and returned an error", i)
		}
		ciphertext[i] ^= 1
	}
}

func checkEqual(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 7)
	sameDK, sameEK := newKey(t, k, 7)
	otherDK, otherEK := newKey(t, k, 8)
	parsed, err := k.NewEncapsulationKey(ek.Bytes())
	if err != nil {
		t.Fatalf("NewEncapsulationKey: %v", err)
	}
	if !dk.Equal(dk) || !dk.Equal(sameDK) || !ek.Equal(ek) || !ek.Equal(sameEK) || !ek.Equal(parsed) || !parsed.Equal(ek) {
		t.Error("equal keys are not Equal")
	}
	if dk.Equal(otherDK) || ek.Equal(otherEK) {
		t.Error("different keys are Equal")
	}
	if dk.Equal(ek) || ek.Equal(dk) || dk.Equal(nil) || ek.Equal(nil) || dk.Equal(struct{}{}) || ek.Equal(ek.Bytes()) {
		t.Error("a key is Equal to something else")
	}
	// If an encoding that differs in one byte is a key, it must be a different key.
	b := ek.Bytes()
	for i := range b {
		b[i] ^= 1
		if near, err := k.NewEncapsulationKey(b); err == nil && (near.Equal(ek) || ek.Equal(near)) {
			t.Errorf("byte %d of the encapsulation key does not count in Equal", i)
		}
		b[i] ^= 1
	}
	s := seed(k, 7)
	for i := range s {
		s[i] ^= 0x80
		near, err := k.NewDecapsulationKey(s)
		if err != nil && !kem.KeysFromParts(k) {
			t.Fatalf("NewDecapsulationKey: %v", err)
		}
		if err == nil && dk.Equal(near) {
			t.Errorf("byte %d of the seed does not count in Equal", i)
		}
		s[i] ^= 0x80
	}
}

func checkMemory(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 9)
	sharedKey, ciphertext := ek.Encapsulate()
	for _, output := range []struct {
		name string
		get  func() []byte
	}{
		{"DecapsulationKey.Bytes", dk.Bytes},
		{"EncapsulationKey.Bytes", ek.Bytes},
		{"Encapsulator.Bytes", dk.Encapsulator().Bytes},
		{"Decapsulate", func() []byte { s, _ := dk.Decapsulate(ciphertext); return s }},
		{"Encapsulate (shared key)", func() []byte { s, _ := ek.Encapsulate(); return s }},
		{"Encapsulate (ciphertext)", func() []byte { _, c := ek.Encapsulate(); return c }},
	} {
		first := output.get()
		if cap(first) != len(first) {
			t.Errorf("%s returned %d bytes with a capacity of %d", output.name, len(first), cap(first))
		}
		clear(first)
		if second := output.get(); bytes.Equal(first, second) {
			t.Errorf("%s returned memory that is still in use", output.name)
		}
	}
	if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
		t.Error("the key was changed through memory that it returned")
	}
	s := seed(k, 9)
	fromCleared, err := k.NewDecapsulationKey(s)
	if err != nil {
		t.Fatalf("NewDecapsulationKey: %v", err)
	}
	clear(s)
	if got, err := fromCleared.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) || !fromCleared.Equal(dk) {
		t.Error("the key was changed through the seed it was made from")
	}
}

func checkDestroy(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 10)
	twin, _ := newKey(t, k, 10)
	_, ciphertext := agree(t, dk, ek)
	if dk.Destroyed() {
		t.Error("a key is Destroyed before Destroy")
	}
	dk.Destroy()
	if !dk.Destroyed() {
		t.Error("a key is not Destroyed after Destroy")
	}
	if sharedKey, err := dk.Decapsulate(ciphertext); err == nil || sharedKey != nil {
		t.Error("a destroyed key decapsulates")
	}
	into := make([]byte, k.SharedKeySize())
	if dk.DecapsulateTo(into, ciphertext) == nil || !bytes.Equal(into, make([]byte, k.SharedKeySize())) {
		t.Error("a destroyed key decapsulates into the caller's memory")
	}
	if dk.Bytes() != nil {
		t.Error("a destroyed key returns its seed")
	}
	if dk.Equal(twin) || twin.Equal(dk) || dk.Equal(dk) {
		t.Error("a destroyed key is Equal to one")
	}
	agree(t, twin, ek)
	agree(t, twin, encapsulationKey(t, dk))
	dk.Destroy()
}

// checkDestroyMeanwhile destroys keys while others use them. Each use must give a right result or
// an error.
func checkDestroyMeanwhile(t testing.TB, k kem.KEM) {
	for round := range 12 {
		dk, ek := newKey(t, k, 13)
		twin, _ := newKey(t, k, 13)
		sharedKey, ciphertext := agree(t, dk, ek)
		encoded, s := ek.Bytes(), dk.Bytes()
		begun := make(chan struct{})
		var once sync.Once
		var wg sync.WaitGroup
		for worker := range 3 {
			wg.Go(func() {
				into := make([]byte, len(sharedKey))
				for {
					once.Do(func() { close(begun) })
					var got []byte
					var err error
					if worker == 0 {
						got, err = dk.Decapsulate(ciphertext)
					} else {
						clear(into)
						got, err = into, dk.DecapsulateTo(into, ciphertext)
					}
					switch {
					case err == nil && !bytes.Equal(got, sharedKey):
						t.Error("a key that is destroyed meanwhile decapsulates to a wrong shared key")
						return
					case err != nil && !bytes.Equal(got, make([]byte, len(got))):
						t.Error("a key that is destroyed meanwhile returns an error and a shared key")
						return
					}
					if b := dk.Bytes(); b != nil && !bytes.Equal(b, s) {
						t.Error("a key that is destroyed meanwhile returns a wrong seed")
					}
					dk.Equal(twin)
					twin.Equal(dk)
					if !bytes.Equal(dk.PublicKey().Bytes(), encoded) || dk.KEM().Name() != k.Name() {
						t.Error("a key that is destroyed meanwhile loses its encapsulation key")
					}
					if err != nil {
						return
					}
					runtime.Gosched() // so that the goroutine that calls Destroy can run
				}
			})
		}
		<-begun
		time.Sleep(time.Duration(round*round) * 5 * time.Microsecond)
		dk.Destroy()
		wg.Go(dk.Destroy)
		if _, err := dk.Decapsulate(ciphertext); err == nil || !dk.Destroyed() {
			t.Error("a key decapsulates after Destroy")
		}
		wg.Wait()
	}
}

// checkReset resets a key, if its type has a method Reset as the keys of this module have.
func checkReset(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 14)
	r, ok := dk.(interface{ Reset(seed []byte) error })
	if !ok {
		return
	}
	if r.Reset(seed(k, 15)[1:]) == nil {
		t.Error("Reset with a short seed returned no error")
	}
	if !bytes.Equal(dk.Bytes(), seed(k, 14)) {
		t.Error("a refused Reset changed the key")
	}
	if err := r.Reset(seed(k, 15)); err != nil {
		t.Fatalf("Reset: %v", err)
	}
	twin, twinEK := newKey(t, k, 15)
	if !dk.Equal(twin) {
		t.Error("Reset gives another key than NewDecapsulationKey")
	}
	agree(t, dk, twinEK)
	agree(t, twin, encapsulationKey(t, dk))
	sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	if ek.EncapsulateTo(sharedKey, ciphertext) == nil {
		if got, err := dk.Decapsulate(ciphertext); err == nil && bytes.Equal(got, sharedKey) {
			t.Error("an encapsulation key from before Reset became the new key")
		}
	}
}

func checkConcurrency(t testing.TB, k kem.KEM) {
	dk, ek := newKey(t, k, 11)
	encoded, s := ek.Bytes(), dk.Bytes()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 3 {
				sharedKey, ciphertext := ek.Encapsulate()
				got, err := dk.Decapsulate(ciphertext)
				if err != nil || !bytes.Equal(got, sharedKey) {
					t.Error("Decapsulate and Encapsulate disagree under concurrent use")
					return
				}
				into := make([]byte, k.SharedKeySize())
				if err := ek.EncapsulateTo(into, ciphertext); err != nil {
					t.Errorf("EncapsulateTo under concurrent use: %v", err)
				}
				if err := dk.DecapsulateTo(got, ciphertext); err != nil || !bytes.Equal(got, into) {
					t.Error("EncapsulateTo and DecapsulateTo disagree under concurrent use")
				}
				if !bytes.Equal(ek.Bytes(), encoded) || !bytes.Equal(dk.Encapsulator().Bytes(), encoded) || !bytes.Equal(dk.Bytes(), s) {
					t.Error("Bytes changes under concurrent use")
				}
				if parsed, err := k.NewEncapsulationKey(encoded); err != nil || !parsed.Equal(ek) {
					t.Error("NewEncapsulationKey fails under concurrent use")
				}
				if expanded, err := k.NewDecapsulationKey(s); err != nil || !expanded.Equal(dk) {
					t.Error("NewDecapsulationKey fails under concurrent use")
				}
			}
		})
	}
	wg.Wait()
}
