package batch_test

import (
	"crypto"
	"slices"
	"sync"

	"hybridkem/internal/derand"
	"hybridkem/internal/many"
	"hybridkem/kem"
)

// A fake is a KEM that does operations together, with the keys of another KEM. It stands for the KEMs
// of this module.
type fake struct {
	kem.KEM
	// before is called for each key before an operation, or before several that are done together.
	// Operations that make keys call it once, with the fake.
	before func(key any)
	made   func(dk kem.DecapsulationKey) // is called with a new key

	ownRandomness bool // RandomSize returns 0

	mu     sync.Mutex
	groups []int // how many operations each group had
}

func newFake(k kem.KEM) *fake {
	return &fake{KEM: k, before: func(any) {}, made: func(kem.DecapsulationKey) {}, groups: make([]int, 0, 1<<12)}
}

// record records a group.
func (f *fake) record(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups = append(f.groups, n)
}

// taken returns the sizes of the groups, and forgets them.
func (f *fake) taken() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	groups := slices.Clone(f.groups)
	f.groups = f.groups[:0]
	return groups
}

func (f *fake) GenerateKey() (kem.DecapsulationKey, error) {
	f.record(1)
	f.before(f)
	dk, err := f.KEM.GenerateKey()
	if err != nil {
		return nil, err
	}
	return &fakeDK{dk, f}, nil
}

func (f *fake) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := f.KEM.NewDecapsulationKey(seed)
	if err != nil {
		return nil, err
	}
	f.made(dk)
	return &fakeDK{dk, f}, nil
}

func (f *fake) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	f.record(1)
	f.before(f)
	return f.parse(b)
}

func (f *fake) parse(b []byte) (kem.EncapsulationKey, error) {
	ek, err := f.KEM.NewEncapsulationKey(b)
	if err != nil {
		return nil, err
	}
	return &fakeEK{ek, f}, nil
}

func (f *fake) RandomSize() int {
	if f.ownRandomness {
		return 0
	}
	return f.KEM.(derand.KEM).RandomSize()
}

func (f *fake) EncapsulateDerand(kem.EncapsulationKey, []byte, []byte, derand.Random) error {
	panic("not needed")
}

func (f *fake) Together() bool { return !f.ownRandomness }

func (f *fake) ExpandMany(rows many.Rows[many.KeyPair]) {
	f.record(rows.Len())
	f.before(f)
	for _, row := range rows[:rows.Len()] {
		if old, ok := row.Key.(*fakeDK); ok && old.owner == f {
			old.DecapsulationKey, row.Err = f.KEM.NewDecapsulationKey(row.Seed)
		} else if key, err := f.NewDecapsulationKey(row.Seed); err != nil {
			row.Err = err
		} else {
			row.Key, row.Err = key, nil
		}
	}
}

func (f *fake) ParseMany(rows many.Rows[many.PublicKey]) {
	f.record(rows.Len())
	f.before(f)
	for _, row := range rows[:rows.Len()] {
		if key, err := f.parse(row.Bytes); err != nil {
			row.Err = err
		} else {
			row.Key, row.Err = key, nil
		}
	}
}

func (f *fake) Knows(key any) bool {
	switch key.(type) {
	case *fakeEK, *fakeDK:
		return true
	}
	return false
}

func (f *fake) EncapsulateMany(rows many.Rows[many.Encapsulation], random derand.Random) {
	f.record(rows.Len())
	for _, row := range rows[:rows.Len()] {
		f.before(row.Key)
	}
	for _, row := range rows[:rows.Len()] {
		row.Err = f.own(row.Key).(*fakeEK).EncapsulationKey.EncapsulateTo(row.SharedKey, row.Ciphertext)
	}
}

func (f *fake) DecapsulateMany(rows many.Rows[many.Decapsulation]) {
	f.record(rows.Len())
	for _, row := range rows[:rows.Len()] {
		f.before(row.Key)
	}
	for _, row := range rows[:rows.Len()] {
		row.Err = f.own(row.Key).(*fakeDK).DecapsulationKey.DecapsulateTo(row.SharedKey, row.Ciphertext)
	}
}

// own returns key, which must be a key of f.
func (f *fake) own(key interface{ KEM() kem.KEM }) any {
	if key.KEM() != f {
		panic("a row has a key of another KEM")
	}
	return key
}

type fakeDK struct {
	kem.DecapsulationKey
	owner *fake
}

func (dk *fakeDK) KEM() kem.KEM                      { return dk.owner }
func (dk *fakeDK) Encapsulator() crypto.Encapsulator { return dk.PublicKey() }
func (dk *fakeDK) PublicKey() kem.EncapsulationKey {
	return &fakeEK{dk.DecapsulationKey.PublicKey(), dk.owner}
}

func (dk *fakeDK) DecapsulateTo(sharedKey, ciphertext []byte) error {
	dk.owner.record(1)
	dk.owner.before(dk)
	return dk.DecapsulationKey.DecapsulateTo(sharedKey, ciphertext)
}

type fakeEK struct {
	kem.EncapsulationKey
	owner *fake
}

func (ek *fakeEK) KEM() kem.KEM { return ek.owner }

func (ek *fakeEK) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*fakeEK)
	return ok && ek.EncapsulationKey.Equal(other.EncapsulationKey)
}

func (ek *fakeEK) EncapsulateTo(sharedKey, ciphertext []byte) error {
	ek.owner.record(1)
	ek.owner.before(ek)
	return ek.EncapsulationKey.EncapsulateTo(sharedKey, ciphertext)
}
