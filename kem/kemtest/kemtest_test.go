package kemtest

import (
	"crypto"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A recorder takes the place of a test that is expected to fail.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed.Store(true) }
func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }
func (r *recorder) Fatal(...any)          { r.failed.Store(true); runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed.Store(true); runtime.Goexit() }

// failing returns the names of the checks that k fails, of those that are named in
// only or, if it is empty, of all.
func failing(k kem.KEM, only string) string {
	var names []string
	for _, check := range checks {
		if only != "" && !slices.Contains(strings.Fields(only), check.name) {
			continue
		}
		r := new(recorder)
		done := make(chan struct{})
		go func() {
			defer close(done)
			check.run(r, k)
		}()
		<-done
		if r.failed.Load() {
			names = append(names, check.name)
		}
	}
	return strings.Join(names, " ")
}

type dk struct{ kem.DecapsulationKey }
type ek struct{ kem.EncapsulationKey }

func (d dk) Unwrap() any { return d.DecapsulationKey }
func (e ek) Unwrap() any { return e.EncapsulationKey }

type lenientDK struct{ dk }

func (d lenientDK) Decapsulate(c []byte) ([]byte, error) {
	if len(c) > mlkem.CiphertextSize768 {
		c = c[:mlkem.CiphertextSize768]
	}
	return d.dk.Decapsulate(c)
}

type immortalDK struct{ dk }

func (immortalDK) Destroy() {}

type blindDK struct{ dk }

func (d blindDK) blind(c []byte) []byte {
	c = append([]byte(nil), c...)
	if len(c) > 700 {
		c[700] = 0
	}
	return c
}
func (d blindDK) Decapsulate(c []byte) ([]byte, error) { return d.dk.Decapsulate(d.blind(c)) }
func (d blindDK) DecapsulateTo(s, c []byte) error      { return d.dk.DecapsulateTo(s, d.blind(c)) }

type blindEK struct{ ek }

func (e blindEK) Encapsulate() (sharedKey, ciphertext []byte) {
	for {
		sharedKey, ciphertext = e.ek.Encapsulate()
		if ciphertext[700] == 0 {
			return sharedKey, ciphertext
		}
	}
}

type spaciousDK struct{ dk }

func (d spaciousDK) Decapsulate(c []byte) ([]byte, error) {
	s, err := d.dk.Decapsulate(c)
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(s)+1), s...), nil
}

type hastyDK struct{ dk }

func (d hastyDK) DecapsulateTo(s, c []byte) error {
	if len(s) > 0 {
		s[0] = 0
	}
	return d.dk.DecapsulateTo(s, c)
}

// A trustingEK writes to buffers that overlap.
type trustingEK struct{ ek }

func (e trustingEK) EncapsulateTo(s, c []byte) error {
	own, ciphertext := make([]byte, len(s)), make([]byte, len(c))
	if err := e.ek.EncapsulateTo(own, ciphertext); err != nil {
		return err
	}
	copy(s, own)
	copy(c, ciphertext)
	return nil
}

// An eagerDK writes to the shared key before it has read the ciphertext.
type eagerDK struct{ dk }

func (d eagerDK) DecapsulateTo(s, c []byte) error {
	if len(s) == mlkem.SharedKeySize && len(c) == mlkem.CiphertextSize768 && d.Bytes() != nil {
		clear(s)
	}
	return d.dk.DecapsulateTo(s, c)
}

type undestroyedDK struct{ dk }

func (undestroyedDK) Destroyed() bool { return false }

// A brittleDK asks whether it is destroyed at the beginning, and then decapsulates with zeros.
type brittleDK struct {
	dk
	destroyed *atomic.Bool
}

func (d brittleDK) Destroyed() bool { return d.destroyed.Load() }
func (d brittleDK) Destroy()        { d.destroyed.Store(true) }

func (d brittleDK) Decapsulate(c []byte) ([]byte, error) {
	s := make([]byte, mlkem.SharedKeySize)
	if err := d.DecapsulateTo(s, c); err != nil {
		return nil, err
	}
	return s, nil
}

func (d brittleDK) DecapsulateTo(s, c []byte) error {
	if d.destroyed.Load() {
		return errors.New("destroyed")
	}
	for i := 0; i < 1000 && !d.destroyed.Load(); i++ {
		runtime.Gosched()
	}
	if err := d.dk.DecapsulateTo(s, c); err != nil {
		return err
	}
	if d.destroyed.Load() {
		clear(s)
	}
	return nil
}

type agreeableDK struct{ dk }

func (agreeableDK) Equal(crypto.PrivateKey) bool { return true }

type forgetfulDK struct{ dk }

func (d forgetfulDK) Bytes() []byte {
	b := d.dk.Bytes()
	if b != nil {
		b[0]++
	}
	return b
}

type shortEK struct{ ek }

func (e shortEK) Bytes() []byte { return e.ek.Bytes()[1:] }

type unequalDK struct{ dk }

func (unequalDK) Equal(crypto.PrivateKey) bool { return false }

// A talkativeDK gives its seed away after Destroy.
type talkativeDK struct {
	dk
	seed []byte
}

func (d talkativeDK) Bytes() []byte { return append([]byte(nil), d.seed...) }

type misnamedDK struct{ dk }

func (misnamedDK) KEM() kem.KEM { return mlkem.KEM512() }

// A twoFacedDK decapsulates in two ways.
type twoFacedDK struct{ dk }

func (d twoFacedDK) DecapsulateTo(s, c []byte) error {
	err := d.dk.DecapsulateTo(s, c)
	if err == nil {
		s[0] ^= 1
	}
	return err
}

// A lonelyDK goes wrong when two calls meet.
type lonelyDK struct {
	dk
	calls *atomic.Int32
}

func (d lonelyDK) Decapsulate(c []byte) ([]byte, error) {
	n := d.calls.Add(1)
	defer d.calls.Add(-1)
	for i := 0; i < 1000 && d.calls.Load() == 1; i++ {
		runtime.Gosched()
	}
	if n > 1 {
		return nil, errors.New("not alone")
	}
	return d.dk.Decapsulate(c)
}

type sharingEK struct {
	ek
	b []byte
}

func (e sharingEK) Bytes() []byte { return e.b }

type repeatingEK struct {
	ek
	s, c []byte
}

func (e repeatingEK) Encapsulate() (sharedKey, ciphertext []byte) {
	return append([]byte(nil), e.s...), append([]byte(nil), e.c...)
}

func TestFaultsAreFound(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults testkit.Faults
		want   string // the checks that must fail; none if empty
	}{
		{"none", testkit.Faults{}, ""},
		{"long ciphertext accepted", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return lenientDK{dk{d}} },
		}, "WrongLengths"},
		{"Destroy does nothing", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return immortalDK{dk{d}} },
		}, "Destroy"},
		{"ciphertext byte not read", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return blindDK{dk{d}} },
			EncapsulationKey: func(e kem.EncapsulationKey) kem.EncapsulationKey { return blindEK{ek{e}} },
		}, "FlippedCiphertext"},
		{"capacity", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return spaciousDK{dk{d}} },
		}, "Memory"},
		{"write before error", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return hastyDK{dk{d}} },
		}, "WrongBuffers"},
		{"overlap not seen", testkit.Faults{
			EncapsulationKey: func(e kem.EncapsulationKey) kem.EncapsulationKey { return trustingEK{ek{e}} },
		}, "Overlap"},
		{"shared key written before the ciphertext is read", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return eagerDK{dk{d}} },
		}, "Overlap"},
		{"never Destroyed", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return undestroyedDK{dk{d}} },
		}, "Destroy DestroyMeanwhile"},
		{"decapsulates with zeros while it is destroyed", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return brittleDK{dk{d}, new(atomic.Bool)} },
		}, "DestroyMeanwhile"},
		{"all keys equal", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return agreeableDK{dk{d}} },
		}, "Equal"},
		{"memory handed out", testkit.Faults{
			EncapsulationKey: func(e kem.EncapsulationKey) kem.EncapsulationKey { return sharingEK{ek{e}, e.Bytes()} },
		}, "Memory"},
		{"inputs overwritten", testkit.Faults{Scribble: true}, "Seed EncodedKey"},
		{"no key equal", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return unequalDK{dk{d}} },
		}, "Equal"},
		{"seed given away after Destroy", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return talkativeDK{dk{d}, d.Bytes()} },
		}, "Destroy"},
		{"another KEM's name", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return misnamedDK{dk{d}} },
		}, "RoundTrip"},
		{"two ways to decapsulate", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return twoFacedDK{dk{d}} },
		}, "RoundTrip"},
		{"seed changed", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return forgetfulDK{dk{d}} },
		}, "Seed"},
		{"short encapsulation key", testkit.Faults{
			EncapsulationKey: func(e kem.EncapsulationKey) kem.EncapsulationKey { return shortEK{ek{e}} },
		}, "EncodedKey"},
		{"no concurrent calls", testkit.Faults{
			DecapsulationKey: func(d kem.DecapsulationKey) kem.DecapsulationKey { return lonelyDK{dk{d}, new(atomic.Int32)} },
		}, "Concurrency"},
		{"encapsulation repeats", testkit.Faults{
			EncapsulationKey: func(e kem.EncapsulationKey) kem.EncapsulationKey {
				s, c := e.Encapsulate()
				return repeatingEK{ek{e}, s, c}
			},
		}, "RoundTrip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// Others are not run: a fault may be a data race in them.
			if got := failing(testkit.Foreign(mlkem.KEM768(), test.faults), test.want); got != test.want {
				t.Errorf("these checks fail: %q, want %q", got, test.want)
			}
		})
	}
}

func TestEncapsulateRefuses(t *testing.T) {
	own, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	for length := range 65 {
		_, _, err := Encapsulate(own.EncapsulationKey(), make([]byte, length))
		if (err == nil) != (length == 32) {
			t.Errorf("%d bytes of randomness: %v", length, err)
		}
	}
	dk, err := testkit.Foreign(mlkem.KEM768(), testkit.Faults{}).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Encapsulate(dk.PublicKey(), make([]byte, 32)); err == nil {
		t.Error("a foreign KEM took randomness")
	}
}
