package attacks

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hybridkem"
	"hybridkem/combiner"
	internal "hybridkem/internal/hybrid"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/internal/testseed"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A privateReset and a publicReset are the keys of this module that can be reset.
type (
	privateReset interface {
		kem.DecapsulationKey
		Reset(seed []byte) error
		Regenerate() error
	}
	publicReset interface {
		kem.EncapsulationKey
		Reset(encapsulationKey []byte) error
	}
)

// resettable returns all KEMs of the module, and hybrids of each kind of part.
func resettable() []kem.KEM { return append(hybridkem.All(), foreignHybrid.KEM, nested) }

// copies returns copies of a decapsulation key and of an encapsulation key. They can be made only of
// the keys whose types have names. Of other keys it returns nil.
func copies(dk kem.DecapsulationKey, ek kem.EncapsulationKey) (kem.DecapsulationKey, kem.EncapsulationKey) {
	switch dk := dk.(type) {
	case *mlkem.DecapsulationKey512:
		c, e := *dk, *ek.(*mlkem.EncapsulationKey512)
		return &c, &e
	case *mlkem.DecapsulationKey768:
		c, e := *dk, *ek.(*mlkem.EncapsulationKey768)
		return &c, &e
	case *mlkem.DecapsulationKey1024:
		c, e := *dk, *ek.(*mlkem.EncapsulationKey1024)
		return &c, &e
	case *xwing.DecapsulationKey:
		c, e := *dk, *ek.(*xwing.EncapsulationKey)
		return &c, &e
	case *combiner.PartsKey:
		c, e := *dk, *ek.(*internal.EncapsulationKey)
		return &c, &e
	}
	return nil, nil
}

// gone checks that every method of dk refuses the key, with an error of the given kind.
func gone(t *testing.T, what string, dk kem.DecapsulationKey, ciphertext []byte, kind error) {
	t.Helper()
	sharedKey := make([]byte, dk.KEM().SharedKeySize())
	if got, err := dk.Decapsulate(ciphertext); !errors.Is(err, kind) || got != nil {
		t.Errorf("%s: Decapsulate gives %x and the error %v", what, got, err)
	}
	if err := dk.DecapsulateTo(sharedKey, ciphertext); !errors.Is(err, kind) || !bytes.Equal(sharedKey, make([]byte, len(sharedKey))) {
		t.Errorf("%s: DecapsulateTo gives %x and the error %v", what, sharedKey, err)
	}
	if dk.Bytes() != nil || dk.Equal(dk) || !dk.Destroyed() {
		t.Errorf("%s: the key has a seed, equals itself, or is not Destroyed", what)
	}
}

// publicGone checks that every method of ek refuses the key with kem.ErrReset.
func publicGone(t *testing.T, what string, ek kem.EncapsulationKey) {
	t.Helper()
	sharedKey, ciphertext := make([]byte, ek.KEM().SharedKeySize()), make([]byte, ek.KEM().CiphertextSize())
	if err := ek.EncapsulateTo(sharedKey, ciphertext); !errors.Is(err, kem.ErrReset) ||
		!bytes.Equal(append(sharedKey, ciphertext...), make([]byte, len(sharedKey)+len(ciphertext))) {
		t.Errorf("%s: EncapsulateTo gives %x and the error %v", what, sharedKey, err)
	}
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, kem.ErrReset) {
				t.Errorf("%s: Encapsulate panics with %v", what, err)
			}
		}()
		ek.Encapsulate()
	}()
	if ek.Bytes() != nil || ek.Equal(ek) {
		t.Errorf("%s: the key has an encoding, or equals itself", what)
	}
	if err := ek.(publicReset).Reset(nil); err == nil {
		t.Errorf("%s: Reset returns no error", what)
	}
}

// isKey checks that dk is the key of seed, and that it and its encapsulation key work.
func isKey(t *testing.T, what string, dk kem.DecapsulationKey, seed []byte) {
	t.Helper()
	twin := must(dk.KEM().NewDecapsulationKey(seed))(t)
	if !dk.Equal(twin) || !twin.Equal(dk) || !bytes.Equal(dk.Bytes(), seed) || dk.Destroyed() {
		t.Fatalf("%s: not the key of the seed", what)
	}
	for _, pair := range [][2]kem.DecapsulationKey{{dk, twin}, {twin, dk}} {
		sharedKey, ciphertext := pair[0].PublicKey().Encapsulate()
		if got, err := pair[1].Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
			t.Errorf("%s: encapsulation and decapsulation disagree, %v", what, err)
		}
	}
	for _, public := range []crypto.Encapsulator{dk.PublicKey(), dk.Encapsulator()} {
		if !bytes.Equal(public.Bytes(), twin.PublicKey().Bytes()) || !twin.PublicKey().Equal(public) {
			t.Errorf("%s: not the encapsulation key of the seed", what)
		}
	}
}

// TestReset puts keys of every type through their states, and calls every method in each of them, also of
// copies and encapsulation keys from before.
func TestReset(t *testing.T) {
	for _, k := range resettable() {
		t.Run(k.Name(), func(t *testing.T) {
			first, second := testseed.Of(k, pattern(k.SeedSize())), testseed.Of(k, bytes.Repeat([]byte{7}, k.SeedSize()))
			dk := must(k.NewDecapsulationKey(first))(t).(privateReset)
			ek := dk.PublicKey()
			_, ciphertext := ek.Encapsulate()
			dkCopy, ekCopy := copies(dk, ek)
			if dkCopy != nil {
				isKey(t, "a copy", dkCopy, first)
			}

			for _, n := range []int{0, 1, len(first) - 1, len(first) + 1, max(0, 64+32-len(first))} {
				if err := dk.Reset(make([]byte, n)); !errors.Is(err, kem.ErrLength) {
					t.Errorf("Reset with a seed of %d bytes: %v", n, err)
				}
			}
			if err := ek.(publicReset).Reset(ek.Bytes()); !errors.Is(err, kem.ErrInUse) {
				t.Errorf("the encapsulation key of a key pair is reset: %v", err)
			}
			isKey(t, "after refused resets", dk, first)

			given := bytes.Clone(second)
			if err := dk.Reset(given); err != nil || !bytes.Equal(given, second) {
				t.Fatalf("Reset: %v", err)
			}
			clear(given)
			old := []kem.EncapsulationKey{ek}
			if ekCopy != nil {
				old = append(old, ekCopy)
				gone(t, "a copy from before Reset", dkCopy, ciphertext, kem.ErrDestroyed)
				if err := dkCopy.(privateReset).Reset(first); !errors.Is(err, kem.ErrDestroyed) {
					t.Errorf("a copy from before Reset is reset with the error %v", err)
				}
				dkCopy.Destroy()
			}
			for _, ek := range old {
				publicGone(t, "an encapsulation key from before Reset", ek)
			}
			isKey(t, "after Reset", dk, second)

			dkCopy, _ = copies(dk, ek)
			ek = dk.PublicKey()
			dk.Destroy()
			gone(t, "after Destroy", dk, ciphertext, kem.ErrDestroyed)
			if !ek.Equal(dk.PublicKey()) {
				t.Error("Destroy changes the encapsulation key")
			}
			if err := dk.Reset(first); err != nil {
				t.Fatalf("Reset after Destroy: %v", err)
			}
			isKey(t, "after Destroy and Reset", dk, first)
			publicGone(t, "an encapsulation key from before Destroy and Reset", ek)
			if dkCopy != nil {
				gone(t, "a copy from before Destroy and Reset", dkCopy, ciphertext, kem.ErrDestroyed)
			}
			if err := dk.Regenerate(); err != nil {
				t.Fatalf("Regenerate: %v", err)
			}
			seed := dk.Bytes()
			if bytes.Equal(seed, first) || dk.Regenerate() != nil || bytes.Equal(dk.Bytes(), seed) {
				t.Error("Regenerate gives the same key again")
			}
			isKey(t, "after Regenerate", dk, dk.Bytes())
		})
	}
}

// TestPublicReset does the same with encapsulation keys.
func TestPublicReset(t *testing.T) {
	for _, k := range resettable() {
		t.Run(k.Name(), func(t *testing.T) {
			first := must(k.NewDecapsulationKey(testseed.Of(k, pattern(k.SeedSize()))))(t).PublicKey().Bytes()
			dk := must(k.GenerateKey())(t)
			second := dk.PublicKey().Bytes()
			ek := must(k.NewEncapsulationKey(first))(t).(publicReset)
			_, ekCopy := copies(dk, ek)

			if err := ek.Reset(first[1:]); !errors.Is(err, kem.ErrLength) {
				t.Errorf("Reset with a short key: %v", err)
			}
			refused := 0
			for i := 0; i+32 <= len(second); i += 16 {
				// This is no key if the bytes are those of ML-KEM coefficients, or of a share.
				bad := bytes.Clone(second)
				copy(bad[i:], bytes.Repeat([]byte{0xff}, 32))
				if strings.Contains(k.Name(), "25519") || k.Name() == "X-Wing" {
					if i+32 == len(second) || i == 0 && strings.HasPrefix(k.Name(), "X") {
						clear(bad[i:][:32])
					}
				}
				if _, err := k.NewEncapsulationKey(bad); err == nil {
					continue
				}
				refused++
				if err := ek.Reset(bad); err == nil {
					t.Errorf("Reset with a key that is wrong at %d returns no error", i)
				}
				if !bytes.Equal(ek.Bytes(), first) {
					t.Fatalf("a refused Reset changes the key")
				}
			}
			if refused == 0 {
				t.Error("no key is refused")
			}
			if ekCopy != nil && !ekCopy.Equal(ek) {
				t.Error("a refused Reset changes the copies")
			}
			if err := ek.Reset(second); err != nil {
				t.Fatal(err)
			}
			if ekCopy != nil {
				publicGone(t, "a copy from before Reset", ekCopy)
				if err := ekCopy.(publicReset).Reset(first); !errors.Is(err, kem.ErrReset) {
					t.Errorf("a copy from before Reset is reset with the error %v", err)
				}
			}
			if !bytes.Equal(ek.Bytes(), second) || !ek.Equal(dk.PublicKey()) {
				t.Error("Reset parses another key")
			}
			sharedKey, ciphertext := ek.Encapsulate()
			if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
				t.Errorf("after Reset, encapsulation and decapsulation disagree, %v", err)
			}
		})
	}
}

// TestResetZero resets nil pointers and zero values, some of them by several goroutines at once.
func TestResetZero(t *testing.T) {
	seed := pattern(64)
	for _, x := range []struct {
		null, zero func() privateReset
		ek         func() publicReset
		nullEK     publicReset
		seed       []byte
	}{
		{func() privateReset { return (*mlkem.DecapsulationKey512)(nil) }, func() privateReset { return new(mlkem.DecapsulationKey512) },
			func() publicReset { return new(mlkem.EncapsulationKey512) }, (*mlkem.EncapsulationKey512)(nil), seed},
		{func() privateReset { return (*mlkem.DecapsulationKey768)(nil) }, func() privateReset { return new(mlkem.DecapsulationKey768) },
			func() publicReset { return new(mlkem.EncapsulationKey768) }, (*mlkem.EncapsulationKey768)(nil), seed},
		{func() privateReset { return (*mlkem.DecapsulationKey1024)(nil) }, func() privateReset { return new(mlkem.DecapsulationKey1024) },
			func() publicReset { return new(mlkem.EncapsulationKey1024) }, (*mlkem.EncapsulationKey1024)(nil), seed},
		{func() privateReset { return (*xwing.DecapsulationKey)(nil) }, func() privateReset { return new(xwing.DecapsulationKey) },
			func() publicReset { return new(xwing.EncapsulationKey) }, (*xwing.EncapsulationKey)(nil), seed[:32]},
	} {
		null := x.null()
		for _, err := range []error{null.Reset(x.seed), null.Regenerate(), x.nullEK.Reset(nil)} {
			if !errors.Is(err, kem.ErrNoKey) {
				t.Errorf("%T: a nil pointer is reset with the error %v", null, err)
			}
		}
		dk := x.zero()
		if err := dk.Reset(x.seed[1:]); !errors.Is(err, kem.ErrLength) || dk.PublicKey() != nil {
			t.Errorf("%T: a zero value is reset with a short seed and the error %v", dk, err)
		}
		if err := dk.Reset(x.seed); err != nil {
			t.Fatal(err)
		}
		isKey(t, fmt.Sprintf("%T", dk), dk, x.seed)
		ek := x.ek()
		if err := ek.Reset(dk.PublicKey().Bytes()); err != nil || !ek.Equal(dk.PublicKey()) {
			t.Errorf("%T: a zero value is reset with the error %v", ek, err)
		}
		dk = x.zero()
		if err := dk.Regenerate(); err != nil {
			t.Fatal(err)
		}
		isKey(t, fmt.Sprintf("%T", dk), dk, dk.Bytes())

		dk, ek = x.zero(), x.ek()
		encoded := must(dk.KEM().NewDecapsulationKey(x.seed))(t).PublicKey().Bytes()
		var wg sync.WaitGroup
		var done, doneEK atomic.Int32
		for range 4 {
			wg.Go(func() {
				dk.Bytes()
				dk.PublicKey()
				if err := dk.Reset(x.seed); err == nil {
					done.Add(1)
				} else if !errors.Is(err, kem.ErrInUse) {
					t.Error(err)
				}
				if err := ek.Reset(encoded); err == nil {
					doneEK.Add(1)
				} else if !errors.Is(err, kem.ErrInUse) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() == 0 || doneEK.Load() == 0 || !bytes.Equal(ek.Bytes(), encoded) {
			t.Error("of several resets at once, none is done")
		}
		isKey(t, fmt.Sprintf("%T, reset several times at once", dk), dk, x.seed)
	}
}

// TestResetMemory checks the memory of keys after Reset. It leaves out secrets that crypto/ecdh keeps.
func TestResetMemory(t *testing.T) {
	check := func(l loot, dk privateReset) {
		t.Helper()
		before := heldBy(dk)
		if len(l.in(before)) == 0 {
			t.Errorf("%s: no secret is found in the key", dk.KEM().Name())
		}
		if err := dk.Reset(testseed.Of(dk.KEM(), bytes.Repeat([]byte{7}, dk.KEM().SeedSize()))); err != nil {
			t.Fatal(err)
		}
		for _, memory := range [][][]byte{before, heldBy(dk)} {
			if after := l.in(memory); len(after) > 0 {
				t.Errorf("%s: Reset leaves %v", dk.KEM().Name(), after)
			}
		}
		runtime.KeepAlive(dk)
	}
	for _, s := range sets {
		seed := pattern(64)
		_, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
		l := loot{}
		l.addKey(s.spec, seed, dk)
		check(l, must(s.NewDecapsulationKey(seed))(t).(privateReset))
	}
	for _, h := range hybrids {
		seed := pattern(32)
		seedM, _ := h.expand(seed)
		_, dkM := spec.KeyGenInternal(h.spec, seedM[:32], seedM[32:])
		l := loot{}
		l.add("the seed", seed, 1)
		l.addKey(h.spec, seedM, dkM)
		check(l, must(h.NewDecapsulationKey(h.private(seed)))(t).(privateReset))
	}
}

// TestResetAllocations checks that keys without a part from outside this module are reset without an
// allocation.
func TestResetAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector allocates")
	}
	n := 0
	for _, k := range hybridkem.All() {
		if name := strings.ToLower(k.Name()); strings.Contains(name, "p256") || strings.Contains(name, "p384") || strings.Contains(name, "p521") {
			continue
		}
		n++
		seed := testseed.Of(k, pattern(k.SeedSize()))
		dk := must(k.NewDecapsulationKey(seed))(t).(privateReset)
		encoded := dk.PublicKey().Bytes()
		ek := must(k.NewEncapsulationKey(encoded))(t).(publicReset)
		testkit.NoAllocations(t, k.Name()+": Reset", func() { dk.Reset(seed) })
		testkit.NoAllocations(t, k.Name()+": Regenerate", func() { dk.Regenerate() })
		testkit.NoAllocations(t, k.Name()+": Reset of an encapsulation key", func() { ek.Reset(encoded) })
	}
	if n < 8 {
		t.Errorf("only %d KEMs are tested", n)
	}
	if strconv.IntSize == 32 {
		return // The compiler does not inline EncapsulationKey there.
	}
	// An encapsulation key that does not outlive the function is on its stack.
	dk := must(xwing.GenerateKey())(t)
	own := must(mlkem.GenerateKey768())(t)
	sharedKey, ciphertext := make([]byte, 32), make([]byte, xwing.CiphertextSize)
	testkit.NoAllocations(t, "EncapsulationKey", func() {
		dk.EncapsulationKey().EncapsulateTo(sharedKey, ciphertext)
		own.EncapsulationKey().EncapsulateTo(sharedKey, ciphertext[:mlkem.CiphertextSize768])
	})
}

// TestResetMeanwhile resets and destroys keys while other goroutines use every method of the same
// variables. Each use must give a result of one key, or an error. It is best run under the race detector.
func TestResetMeanwhile(t *testing.T) {
	for _, k := range resettable() {
		if !strings.Contains(k.Name(), "25519") && !strings.HasPrefix(k.Name(), "ML-KEM-7") && k.Name() != "X-Wing" && k.Name() != "MLKEM768-P256" {
			continue
		}
		t.Run(k.Name(), func(t *testing.T) {
			seeds := [2][]byte{testseed.Of(k, pattern(k.SeedSize())), testseed.Of(k, bytes.Repeat([]byte{7}, k.SeedSize()))}
			var encoded, sharedKeys, ciphertexts [2][]byte
			for i := range seeds {
				ek := must(k.NewDecapsulationKey(seeds[i]))(t).PublicKey()
				encoded[i] = ek.Bytes()
				sharedKeys[i], ciphertexts[i] = ek.Encapsulate()
			}
			oneOf := func(what string, b []byte, all [2][]byte) {
				if b != nil && !bytes.Equal(b, all[0]) && !bytes.Equal(b, all[1]) {
					t.Errorf("%s is that of no key", what)
				}
			}
			refused := func(err error) {
				if err != nil && !errors.Is(err, kem.ErrInUse) && !errors.Is(err, kem.ErrDestroyed) && !errors.Is(err, kem.ErrReset) {
					t.Error(err)
				}
			}
			dk := must(k.NewDecapsulationKey(seeds[0]))(t).(privateReset)
			ek := must(k.NewEncapsulationKey(encoded[0]))(t).(publicReset)
			twin := must(k.NewDecapsulationKey(seeds[1]))(t)
			stop := make(chan struct{})
			var wg sync.WaitGroup
			var resets, uses atomic.Int32
			run := func(f func(i int)) {
				wg.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
							f(i % 2)
							runtime.Gosched()
						}
					}
				})
			}
			use := func(ek kem.EncapsulationKey) {
				oneOf("an encoded key", ek.Bytes(), encoded)
				sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
				err := ek.EncapsulateTo(sharedKey, ciphertext)
				refused(err)
				if err == nil {
					uses.Add(1)
				}
				ek.Equal(twin.PublicKey())
				twin.PublicKey().Equal(ek)
			}
			run(func(i int) { use(dk.PublicKey()) })
			run(func(i int) { use(ek) })
			run(func(i int) {
				got, err := dk.Decapsulate(ciphertexts[i])
				refused(err)
				if err == nil && bytes.Equal(got, sharedKeys[1-i]) {
					t.Error("a ciphertext gives the shared key of another")
				}
				oneOf("the seed", dk.Bytes(), seeds)
				dk.Equal(twin)
				twin.Equal(dk)
				dk.Destroyed()
				dk.KEM()
			})
			for range 2 {
				run(func(i int) {
					for _, err := range []error{dk.Reset(seeds[i]), ek.Reset(encoded[i])} {
						refused(err)
						if err == nil {
							resets.Add(1)
						}
					}
				})
			}
			for range 4 {
				time.Sleep(15 * time.Millisecond)
				dk.Destroy()
			}
			close(stop)
			wg.Wait()
			t.Logf("%d resets, %d encapsulations", resets.Load(), uses.Load())
			if resets.Load() == 0 || uses.Load() == 0 {
				t.Error("not both of them happen")
			}
			if err := dk.Reset(seeds[1]); err != nil {
				t.Fatal(err)
			}
			isKey(t, "in the end", dk, seeds[1])
		})
	}
}
