package xwing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hybridkem/internal/derand"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// Alice generates a new key pair and sends the encapsulation key to Bob.
func Example() {
	dk, err := xwing.GenerateKey()
	if err != nil {
		panic(err)
	}
	encapsulationKey := dk.EncapsulationKey().Bytes()

	// Bob encapsulates a shared key, and sends the ciphertext to Alice.
	ek, err := xwing.NewEncapsulationKey(encapsulationKey)
	if err != nil {
		panic(err)
	}
	bobKey, ciphertext := ek.Encapsulate()

	// Alice decapsulates the shared key from the ciphertext.
	aliceKey, err := dk.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	fmt.Println(bytes.Equal(aliceKey, bobKey))
	// Output: true
}

func TestSizes(t *testing.T) {
	dk, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	sharedKey, ciphertext := dk.EncapsulationKey().Encapsulate()
	k := xwing.KEM()
	if len(dk.Bytes()) != xwing.SeedSize || len(dk.EncapsulationKey().Bytes()) != xwing.EncapsulationKeySize ||
		len(ciphertext) != xwing.CiphertextSize || len(sharedKey) != xwing.SharedKeySize ||
		k.SeedSize() != xwing.SeedSize || k.EncapsulationKeySize() != xwing.EncapsulationKeySize ||
		k.CiphertextSize() != xwing.CiphertextSize || k.SharedKeySize() != xwing.SharedKeySize {
		t.Error("a size is wrong")
	}
}

// TestErrors checks that errors name this package and no internal one.
func TestErrors(t *testing.T) {
	dk, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	ek := dk.EncapsulationKey()
	sharedKey, ciphertext := ek.Encapsulate()
	lowOrderEK, lowOrderCT := ek.Bytes(), bytes.Clone(ciphertext)
	clear(lowOrderEK[len(lowOrderEK)-32:])
	clear(lowOrderCT[len(lowOrderCT)-32:])
	overEK := ek.Bytes()
	overEK[0], overEK[1] = 0xff, 0xff
	for _, test := range []struct {
		name string
		call func() error
	}{
		{"short seed", func() error { _, err := xwing.NewDecapsulationKey(make([]byte, 31)); return err }},
		{"short key", func() error { _, err := xwing.NewEncapsulationKey(ek.Bytes()[1:]); return err }},
		{"key of low order", func() error { _, err := xwing.NewEncapsulationKey(lowOrderEK); return err }},
		{"key with a large coefficient", func() error { _, err := xwing.NewEncapsulationKey(overEK); return err }},
		{"short ciphertext", func() error { _, err := dk.Decapsulate(ciphertext[1:]); return err }},
		{"ciphertext of low order", func() error { return dk.DecapsulateTo(sharedKey, lowOrderCT) }},
		{"short buffer", func() error { return dk.DecapsulateTo(sharedKey[1:], ciphertext) }},
		{"short buffer for the shared key", func() error { return ek.EncapsulateTo(sharedKey[1:], ciphertext) }},
		{"short buffer for the ciphertext", func() error { return ek.EncapsulateTo(sharedKey, ciphertext[1:]) }},
		{"destroyed key", func() error { dk.Destroy(); return dk.DecapsulateTo(sharedKey, ciphertext) }},
	} {
		if err := test.call(); err == nil || !strings.HasPrefix(err.Error(), "xwing: ") || strings.Count(err.Error(), ": ") != 1 {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// An interface that holds a nil pointer is not nil.
	if dk, err := xwing.KEM().NewDecapsulationKey(make([]byte, 31)); err == nil || dk != nil {
		t.Errorf("short seed: the key %v, and %v", dk, err)
	}
	if ek, err := xwing.KEM().NewEncapsulationKey(overEK); err == nil || ek != nil {
		t.Errorf("key with a large coefficient: the key %v, and %v", ek, err)
	}
}

// TestEqual compares keys with themselves, with copies, with other keys and with values that are
// not keys.
func TestEqual(t *testing.T) {
	dk, err1 := xwing.GenerateKey()
	other, err2 := xwing.GenerateKey()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	again, err1 := xwing.NewDecapsulationKey(dk.Bytes())
	parsed, err2 := xwing.NewEncapsulationKey(dk.EncapsulationKey().Bytes())
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	ek := dk.EncapsulationKey()
	if !dk.Equal(dk) || !dk.Equal(again) || !ek.Equal(ek) || !ek.Equal(parsed) {
		t.Error("a key does not equal itself")
	}
	for _, x := range []any{other, other.EncapsulationKey(), nil, (*xwing.DecapsulationKey)(nil), (*xwing.EncapsulationKey)(nil), dk.Bytes()} {
		if dk.Equal(x) || ek.Equal(x) {
			t.Errorf("a key equals %v", x)
		}
	}
}

// TestPrinting prints a private key. Package attacks prints it in more ways, and other keys, too.
func TestPrinting(t *testing.T) {
	dk, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	const want = "xwing.DecapsulationKey(X-Wing)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got, value := fmt.Sprintf(verb, dk), fmt.Sprintf(verb, *dk); got != want || value != want {
			t.Errorf("%s prints a key as %.100q, and its value as %.100q", verb, got, value)
		}
	}
	if b, err := json.Marshal(dk); err == nil || len(b) != 0 {
		t.Errorf("a key in JSON is %.100q", b)
	}
}

// TestOtherKEM uses X-Wing to encapsulate to a key of another KEM.
func TestOtherKEM(t *testing.T) {
	dk, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	sharedKey, ciphertext := make([]byte, xwing.SharedKeySize), make([]byte, xwing.CiphertextSize)
	if err := xwing.KEM().(derand.KEM).EncapsulateDerand(dk.EncapsulationKey(), sharedKey, ciphertext, derand.Random{}); !errors.Is(err, kem.ErrOtherKEM) {
		t.Error(err)
	}
}

func TestAllocations(t *testing.T) {
	dk, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	ek := dk.PublicKey()
	sharedKey, ciphertext := ek.Encapsulate()
	testkit.NoAllocations(t, "EncapsulateTo", func() { ek.EncapsulateTo(sharedKey, ciphertext) })
	testkit.NoAllocations(t, "DecapsulateTo", func() { dk.DecapsulateTo(sharedKey, ciphertext) })
}
