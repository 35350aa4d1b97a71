package kemtest

import (
	"crypto"
	"sync/atomic"

	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A twisted is ML-KEM-512, except for the methods that a fault replaces. A replaced method receives
// the key that it belongs to. That key embeds a key without faults.
type twisted struct {
	kem.KEM
	sizes *[4]int // of seeds, encapsulation keys, ciphertexts and shared keys
	name  *string
	parts bool // whether keys are made from parts

	generate func() (kem.DecapsulationKey, error)
	newDK    func(seed []byte) (kem.DecapsulationKey, error)
	newEK    func(b []byte) (kem.EncapsulationKey, error)

	decapsulate   func(d *dk, ciphertext []byte) ([]byte, error)
	decapsulateTo func(d *dk, sharedKey, ciphertext []byte) error
	dkBytes       func(d *dk) []byte
	dkEqual       func(d *dk, x crypto.PrivateKey) bool
	dkKEM         func(d *dk) kem.KEM
	publicKey     func(d *dk) kem.EncapsulationKey
	encapsulator  func(d *dk) crypto.Encapsulator
	destroy       func(d *dk)
	destroyed     func(d *dk) bool
	reset         func(d *dk, seed []byte) error

	encapsulate   func(e *ek) (sharedKey, ciphertext []byte)
	encapsulateTo func(e *ek, sharedKey, ciphertext []byte) error
	ekBytes       func(e *ek) []byte
	ekEqual       func(e *ek, x crypto.PublicKey) bool
	ekKEM         func(e *ek) kem.KEM
}

type dk struct {
	kem.DecapsulationKey
	k     *twisted
	calls atomic.Int32 // for faults that count
	dead  atomic.Bool  // for faults that have a Destroy of their own
	read  bool         // whether a KEM made by fromParts has read the key from its stored form
}

type ek struct {
	kem.EncapsulationKey
	k *twisted
}

func newTwisted() *twisted { return &twisted{KEM: mlkem.KEM512()} }

func (k *twisted) size(i, good int) int {
	if k.sizes != nil {
		return k.sizes[i]
	}
	return good
}

func (k *twisted) SeedSize() int             { return k.size(0, k.KEM.SeedSize()) }
func (k *twisted) EncapsulationKeySize() int { return k.size(1, k.KEM.EncapsulationKeySize()) }
func (k *twisted) CiphertextSize() int       { return k.size(2, k.KEM.CiphertextSize()) }
func (k *twisted) SharedKeySize() int        { return k.size(3, k.KEM.SharedKeySize()) }

func (k *twisted) Name() string {
	if k.name != nil {
		return *k.name
	}
	return k.KEM.Name()
}

func (k *twisted) KeysFromParts() bool { return k.parts }

// goodDK is NewDecapsulationKey without a fault.
func (k *twisted) goodDK(seed []byte) (kem.DecapsulationKey, error) {
	d, err := k.KEM.NewDecapsulationKey(seed)
	if err != nil {
		return nil, err
	}
	return &dk{DecapsulationKey: d, k: k}, nil
}

func (k *twisted) goodGenerate() (kem.DecapsulationKey, error) {
	d, err := k.KEM.GenerateKey()
	if err != nil {
		return nil, err
	}
	return &dk{DecapsulationKey: d, k: k}, nil
}

func (k *twisted) goodEK(b []byte) (kem.EncapsulationKey, error) {
	e, err := k.KEM.NewEncapsulationKey(b)
	if err != nil {
		return nil, err
	}
	return &ek{EncapsulationKey: e, k: k}, nil
}

func (k *twisted) GenerateKey() (kem.DecapsulationKey, error) {
	if k.generate != nil {
		return k.generate()
	}
	return k.goodGenerate()
}

func (k *twisted) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	if k.newDK != nil {
		return k.newDK(seed)
	}
	return k.goodDK(seed)
}

func (k *twisted) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	if k.newEK != nil {
		return k.newEK(b)
	}
	return k.goodEK(b)
}

func (d *dk) Decapsulate(ciphertext []byte) ([]byte, error) {
	if f := d.k.decapsulate; f != nil {
		return f(d, ciphertext)
	}
	return d.DecapsulationKey.Decapsulate(ciphertext)
}

func (d *dk) DecapsulateTo(sharedKey, ciphertext []byte) error {
	if f := d.k.decapsulateTo; f != nil {
		return f(d, sharedKey, ciphertext)
	}
	return d.DecapsulationKey.DecapsulateTo(sharedKey, ciphertext)
}

func (d *dk) Bytes() []byte {
	if f := d.k.dkBytes; f != nil {
		return f(d)
	}
	return d.DecapsulationKey.Bytes()
}

func (d *dk) Equal(x crypto.PrivateKey) bool {
	if f := d.k.dkEqual; f != nil {
		return f(d, x)
	}
	return d.goodEqual(x)
}

func (d *dk) goodEqual(x crypto.PrivateKey) bool {
	other, ok := x.(*dk)
	return ok && d.DecapsulationKey.Equal(other.DecapsulationKey)
}

func (d *dk) KEM() kem.KEM {
	if f := d.k.dkKEM; f != nil {
		return f(d)
	}
	return d.k
}

func (d *dk) goodPublicKey() *ek {
	return &ek{EncapsulationKey: d.DecapsulationKey.PublicKey(), k: d.k}
}

func (d *dk) PublicKey() kem.EncapsulationKey {
	if f := d.k.publicKey; f != nil {
		return f(d)
	}
	return d.goodPublicKey()
}

func (d *dk) Encapsulator() crypto.Encapsulator {
	if f := d.k.encapsulator; f != nil {
		return f(d)
	}
	return d.PublicKey()
}

func (d *dk) Destroy() {
	if f := d.k.destroy; f != nil {
		f(d)
		return
	}
	d.DecapsulationKey.Destroy()
}

func (d *dk) Destroyed() bool {
	if f := d.k.destroyed; f != nil {
		return f(d)
	}
	return d.DecapsulationKey.Destroyed()
}

func (d *dk) Reset(seed []byte) error {
	if f := d.k.reset; f != nil {
		return f(d, seed)
	}
	return d.goodReset(seed)
}

func (d *dk) goodReset(seed []byte) error {
	return d.DecapsulationKey.(*mlkem.DecapsulationKey512).Reset(seed)
}

func (e *ek) Encapsulate() (sharedKey, ciphertext []byte) {
	if f := e.k.encapsulate; f != nil {
		return f(e)
	}
	return e.EncapsulationKey.Encapsulate()
}

func (e *ek) EncapsulateTo(sharedKey, ciphertext []byte) error {
	if f := e.k.encapsulateTo; f != nil {
		return f(e, sharedKey, ciphertext)
	}
	return e.EncapsulationKey.EncapsulateTo(sharedKey, ciphertext)
}

func (e *ek) Bytes() []byte {
	if f := e.k.ekBytes; f != nil {
		return f(e)
	}
	return e.EncapsulationKey.Bytes()
}

func (e *ek) Equal(x crypto.PublicKey) bool {
	if f := e.k.ekEqual; f != nil {
		return f(e, x)
	}
	return e.goodEqual(x)
}

func (e *ek) goodEqual(x crypto.PublicKey) bool {
	other, ok := x.(*ek)
	return ok && e.EncapsulationKey.Equal(other.EncapsulationKey)
}

func (e *ek) KEM() kem.KEM {
	if f := e.k.ekKEM; f != nil {
		return f(e)
	}
	return e.k
}
