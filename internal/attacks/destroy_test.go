package attacks

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hybridkem"
	"hybridkem/internal/spec"
	"hybridkem/internal/testseed"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

// TestDestroyMeanwhile destroys keys of every type while other goroutines use every method and
// function that needs their secrets. Each use must give a right result or an error. The test is
// best run under the race detector.
func TestDestroyMeanwhile(t *testing.T) {
	for _, k := range hybridkem.All() {
		t.Run(k.Name(), func(t *testing.T) {
			if testing.Short() && (strings.Contains(strings.ToLower(k.Name()), "p384") || strings.Contains(k.Name(), "P521")) {
				t.Skip("slow, and like P-256")
			}
			seed := testseed.Of(k, pattern(k.SeedSize()))
			for round := range 8 {
				dk, twin := must(k.NewDecapsulationKey(seed))(t), must(k.NewDecapsulationKey(seed))(t)
				sharedKey, ciphertext := twin.PublicKey().Encapsulate()
				destroyMeanwhile(t, round, dk, ciphertext, sharedKey, map[string]func() (done bool){
					"Bytes": func() bool {
						b := dk.Bytes()
						if b != nil && !bytes.Equal(b, seed) {
							t.Errorf("Bytes is wrong")
						}
						return b == nil
					},
					"Equal":         func() bool { return !dk.Equal(twin) },
					"Equal, turned": func() bool { return !twin.Equal(dk) },
					"MarshalPrivateKeyPEM": func() bool {
						_, err := keyfile.MarshalPrivateKeyPEM(dk)
						if err != nil && !errors.Is(err, kem.ErrDestroyed) && !errors.Is(err, kem.ErrUnsupported) {
							t.Errorf("MarshalPrivateKeyPEM: %v", err)
						}
						return err != nil
					},
					"CheckKeyPair": func() bool {
						err := kem.CheckKeyPair(dk)
						if err != nil && !errors.Is(err, kem.ErrDestroyed) {
							t.Errorf("CheckKeyPair: %v", err)
						}
						return err != nil
					},
				})
			}
		})
	}
	for _, s := range sets {
		t.Run(s.Name()+", expanded", func(t *testing.T) {
			seed := pattern(64)
			_, encoded := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
			for round := range 8 {
				dk, seedKey := must(s.newExpandedKey(encoded))(t), must(s.NewDecapsulationKey(seed))(t)
				sharedKey, ciphertext := seedKey.PublicKey().Encapsulate()
				destroyMeanwhile(t, round, dk, ciphertext, sharedKey, map[string]func() (done bool){
					"Matches": func() bool { return !dk.Matches(seedKey) },
				})
			}
		})
	}
}

// destroyMeanwhile destroys dk while goroutines decapsulate and call the functions in others. Each
// goroutine repeats its call until the call reports that it is done.
func destroyMeanwhile(t *testing.T, round int, dk kem.Decapsulator, ciphertext, sharedKey []byte, others map[string]func() (done bool)) {
	t.Helper()
	var wg sync.WaitGroup
	run := func(f func() (done bool)) {
		wg.Go(func() {
			for !f() {
				runtime.Gosched()
			}
		})
	}
	run(func() bool {
		got, err := dk.Decapsulate(ciphertext)
		if err == nil && !bytes.Equal(got, sharedKey) || err != nil && (got != nil || !errors.Is(err, kem.ErrDestroyed)) {
			t.Errorf("Decapsulate gives %x and %v", got, err)
		}
		return err != nil
	})
	run(func() bool {
		got := make([]byte, len(sharedKey))
		err := dk.DecapsulateTo(got, ciphertext)
		if err != nil {
			sharedKey := make([]byte, len(sharedKey))
			if !bytes.Equal(got, sharedKey) || !errors.Is(err, kem.ErrDestroyed) {
				t.Errorf("DecapsulateTo gives %x and %v", got, err)
			}
		} else if !bytes.Equal(got, sharedKey) {
			t.Errorf("DecapsulateTo gives %x", got)
		}
		return err != nil
	})
	for _, f := range others {
		run(f)
	}
	time.Sleep(time.Duration(round*round*20) * time.Microsecond)
	dk.Destroy()
	if !dk.Destroyed() {
		t.Error("not Destroyed")
	}
	wg.Wait()
	if _, err := dk.Decapsulate(ciphertext); !errors.Is(err, kem.ErrDestroyed) {
		t.Errorf("after Destroy: %v", err)
	}
}
