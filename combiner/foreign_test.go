package combiner_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"hybridkem/combiner"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A strangeKEM makes keys with its functions. If a function is nil, it makes good keys.
type strangeKEM struct {
	kem.KEM
	newDK func(seed []byte) (kem.DecapsulationKey, error)
	newEK func(b []byte) (kem.EncapsulationKey, error)
}

func (k strangeKEM) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	if k.newDK != nil {
		return k.newDK(seed)
	}
	return k.KEM.NewDecapsulationKey(seed)
}

func (k strangeKEM) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	if k.newEK != nil {
		return k.newEK(b)
	}
	return k.KEM.NewEncapsulationKey(b)
}

// A strangeDK is a key with another method PublicKey or Destroy.
type strangeDK struct {
	kem.DecapsulationKey
	public  func() kem.EncapsulationKey
	destroy func()
}

func (k *strangeDK) PublicKey() kem.EncapsulationKey {
	if k.public != nil {
		return k.public()
	}
	return k.DecapsulationKey.PublicKey()
}

func (k *strangeDK) Destroy() {
	k.DecapsulationKey.Destroy()
	if k.destroy != nil {
		k.destroy()
	}
}

type strangeEK struct {
	kem.EncapsulationKey
	bytes []byte
}

func (k strangeEK) Bytes() []byte { return k.bytes }

// TestStrangePart has parts that break the promises of package kem. The result must be an error, and
// neither a key nor a panic.
func TestStrangePart(t *testing.T) {
	broken := errors.New("broken")
	good := mlkem.KEM512()
	public := func(b []byte) strangeKEM {
		return strangeKEM{KEM: good, newDK: func(seed []byte) (kem.DecapsulationKey, error) {
			dk, err := good.NewDecapsulationKey(seed)
			return &strangeDK{DecapsulationKey: dk, public: func() kem.EncapsulationKey { return strangeEK{dk.PublicKey(), b} }}, err
		}}
	}
	for what, test := range map[string]struct {
		part strangeKEM
		want error
	}{
		"a nil pointer beside an error": {strangeKEM{KEM: good, newDK: func([]byte) (kem.DecapsulationKey, error) {
			return (*strangeDK)(nil), broken
		}}, broken},
		"no private key and no error": {strangeKEM{KEM: good, newDK: func([]byte) (kem.DecapsulationKey, error) {
			return nil, nil
		}}, kem.ErrNoKey},
		"no public key and no error": {strangeKEM{KEM: good, newEK: func([]byte) (kem.EncapsulationKey, error) {
			return nil, nil
		}}, kem.ErrNoKey},
		"a public key that is nil": {strangeKEM{KEM: good, newDK: func(seed []byte) (kem.DecapsulationKey, error) {
			dk, err := good.NewDecapsulationKey(seed)
			return &strangeDK{DecapsulationKey: dk, public: func() kem.EncapsulationKey { return nil }}, err
		}}, kem.ErrNoKey},
		"no encoding":      {public(nil), kem.ErrLength},
		"a short encoding": {public(make([]byte, 5)), kem.ErrLength},
		"a long encoding":  {public(make([]byte, 5000)), kem.ErrLength},
	} {
		for _, k := range []kem.KEM{combiner.CK("strange", xwing.KEM(), test.part), combiner.UG("strange", test.part, combiner.X25519())} {
			dk, err := k.NewDecapsulationKey(make([]byte, 32))
			if !errors.Is(err, test.want) || dk != nil || !strings.HasPrefix(err.Error(), "combiner: ") {
				t.Errorf("%s: %v, want %v", what, err, test.want)
			}
		}
	}
	var none *strangeKEM
	for _, k := range []kem.KEM{nil, none} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "combiner: ") {
					t.Errorf("a KEM of %T: %q", k, text)
				}
			}()
			combiner.UK("strange", k, good)
		}()
	}
}

// TestStrangeDestroy has a part whose Destroy panics. The key must be destroyed nevertheless. A test of
// package hybrid checks that the other part is destroyed first.
func TestStrangeDestroy(t *testing.T) {
	k := combiner.UG("strange", strangeKEM{KEM: mlkem.KEM512(), newDK: func(seed []byte) (kem.DecapsulationKey, error) {
		dk, err := mlkem.KEM512().NewDecapsulationKey(seed)
		return &strangeDK{DecapsulationKey: dk, destroy: func() { panic("broken") }}, err
	}}, combiner.X25519())
	dk, err := k.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic of a part is lost")
			}
		}()
		dk.Destroy()
	}()
	if !dk.Destroyed() || dk.Bytes() != nil {
		t.Error("a key whose part panics in Destroy is not destroyed")
	}
	dk.Destroy()
}

// TestNotReplaced has a foreign part with the name of a KEM of this module. CG must not return the named
// hybrid in the place of the hybrid with the foreign part.
func TestNotReplaced(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a part of another module is taken for ML-KEM-768")
		}
	}()
	combiner.CG("MLKEM768-P256", testkit.Foreign(mlkem.KEM768(), testkit.Faults{}), combiner.P256())
}

// TestCheckKeyPairFails has keys to which nobody can encapsulate. CheckKeyPair must return an error, and
// not panic as Encapsulate does.
func TestCheckKeyPairFails(t *testing.T) {
	dk, err := combiner.UK("failing", mlkem.KEM768(), testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		EncapsulationKey: func(ek kem.EncapsulationKey) kem.EncapsulationKey { return failingEK{ek} },
	})).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := kem.CheckKeyPair(dk); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("CheckKeyPair: %v", err)
	}
}

// TestHandle overwrites the key that EncapsulationKey returns. The private key must stay the same.
func TestHandle(t *testing.T) {
	dk, err1 := xwing.GenerateKey()
	other, err2 := xwing.GenerateKey()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	sharedKey, ciphertext := dk.EncapsulationKey().Encapsulate()
	for _, ek := range []xwing.EncapsulationKey{*other.EncapsulationKey(), {}} {
		*dk.EncapsulationKey() = ek
		if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) || !dk.Equal(dk) {
			t.Errorf("a private key depends on the handle of its public key: %v", err)
		}
	}
	dk.Destroy()
	if _, err := dk.Decapsulate(ciphertext); !errors.Is(err, kem.ErrDestroyed) {
		t.Errorf("after Destroy: %v", err)
	}
}
