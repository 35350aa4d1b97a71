package hybridkem_test

import (
	"bytes"
	"testing"

	"hybridkem"
	"hybridkem/kem"
)

// pick returns one of the module's KEMs.
func pick(n byte) kem.KEM {
	all := hybridkem.All()
	return all[int(n)%len(all)]
}

// fit makes b as long as want, unless keep says to leave it: nearly all inputs
// that come to a fuzzer's mind have a wrong length.
func fit(b []byte, want int, keep bool) []byte {
	if keep {
		return b
	}
	return append(b, make([]byte, max(0, want-len(b)))...)[:want]
}

func FuzzNewDecapsulationKey(f *testing.F) {
	for n, k := range hybridkem.All() {
		f.Add(byte(n), false, make([]byte, k.SeedSize()))
		f.Add(byte(n), true, make([]byte, k.SeedSize()+1))
	}
	f.Fuzz(func(t *testing.T, n byte, keep bool, seed []byte) {
		k := pick(n)
		seed = fit(seed, k.SeedSize(), keep)
		dk, err := k.NewDecapsulationKey(seed)
		if (err == nil) != (len(seed) == k.SeedSize()) {
			t.Fatalf("%s: %d bytes: %v", k.Name(), len(seed), err)
		}
		if err != nil {
			return
		}
		sharedKey, ciphertext := dk.Encapsulator().Encapsulate()
		if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) || !bytes.Equal(dk.Bytes(), seed) {
			t.Fatalf("%s: the key of this seed does not work: %v", k.Name(), err)
		}
	})
}

func FuzzNewEncapsulationKey(f *testing.F) {
	for n, k := range hybridkem.All() {
		dk, err := k.NewDecapsulationKey(make([]byte, k.SeedSize()))
		if err != nil {
			f.Fatal(err)
		}
		b := dk.Encapsulator().Bytes()
		f.Add(byte(n), false, b)
		f.Add(byte(n), true, b[1:])
		f.Add(byte(n), false, bytes.Repeat([]byte{0xff}, len(b)))
	}
	f.Fuzz(func(t *testing.T, n byte, keep bool, b []byte) {
		k := pick(n)
		b = fit(b, k.EncapsulationKeySize(), keep)
		ek, err := k.NewEncapsulationKey(b)
		if err != nil {
			return
		}
		if !bytes.Equal(ek.Bytes(), b) {
			t.Fatalf("%s: an encapsulation key encodes to something else", k.Name())
		}
		if sharedKey, ciphertext := ek.Encapsulate(); len(sharedKey) != k.SharedKeySize() || len(ciphertext) != k.CiphertextSize() {
			t.Fatalf("%s: an encapsulation key does not encapsulate", k.Name())
		}
	})
}

func FuzzDecapsulate(f *testing.F) {
	keys := map[string]kem.DecapsulationKey{}
	for n, k := range hybridkem.All() {
		dk, err := k.NewDecapsulationKey(make([]byte, k.SeedSize()))
		if err != nil {
			f.Fatal(err)
		}
		keys[k.Name()] = dk
		_, ciphertext := dk.Encapsulator().Encapsulate()
		f.Add(byte(n), false, ciphertext)
		f.Add(byte(n), true, ciphertext[1:])
		f.Add(byte(n), false, bytes.Repeat([]byte{0xff}, len(ciphertext)))
	}
	f.Fuzz(func(t *testing.T, n byte, keep bool, ciphertext []byte) {
		k := pick(n)
		ciphertext = fit(ciphertext, k.CiphertextSize(), keep)
		dk := keys[k.Name()]
		got, err := dk.Decapsulate(ciphertext)
		if err == nil && len(ciphertext) != k.CiphertextSize() {
			t.Fatalf("%s: a ciphertext of %d bytes is accepted", k.Name(), len(ciphertext))
		}
		into := make([]byte, k.SharedKeySize())
		errTo := dk.DecapsulateTo(into, ciphertext)
		if (err == nil) != (errTo == nil) || err == nil && !bytes.Equal(got, into) {
			t.Fatalf("%s: Decapsulate and DecapsulateTo disagree", k.Name())
		}
		if errTo != nil && !bytes.Equal(into, make([]byte, len(into))) {
			t.Fatalf("%s: DecapsulateTo wrote and returned an error", k.Name())
		}
	})
}
