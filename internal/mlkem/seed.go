package mlkem

import (
	"unsafe"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// A Once decapsulates once, from a seed, without a key that lasts. It is for the stack of a caller
// of secret.Do, where f calls Generate and then Finish, which overwrites the secrets in it.
//
// Polys is [Polys512], [Polys768] or [Polys1024].
type Once[Polys any] struct {
	polys Polys
	_     [line]byte
	// H is H(ek) and J is J(z ‖ c). The two take most of the time.
	H, J sha3.Long
}

// The memory for the polynomials of each parameter set.
type (
	Polys512  [2*2 + 2*2]ring.NTT
	Polys768  [3*3 + 2*3]ring.NTT
	Polys1024 [4*4 + 2*4]ring.NTT
)

// keys returns the public key of o, and ŝ.
func (o *Once[Polys]) keys(p *Params) (ek EncapsulationKey, s []ring.NTT) {
	k := p.k
	polys := aligned((*ring.NTT)(unsafe.Pointer(&o.polys)), k*k+2*k)
	return EncapsulationKey{params: p, a: polys[:k*k], t: polys[k*k+k:]}, polys[k*k:][:k]
}

// Generate is [DecapsulationKey.Generate] for the decapsulation of c. If beside is false, it leaves H
// and J to the caller, who can make them while other code runs. What is left of them is done by Finish.
func (o *Once[Polys]) Generate(p *Params, seed *[64]byte, c []byte, beside bool) {
	ek, s := o.keys(p)
	dk := DecapsulationKey{ek: &ek, s: s, d: [32]byte(seed[:32]), z: [32]byte(seed[32:])}
	dk.BeginJ(&o.J, c)
	var x expander
	if beside {
		x.batch.Long = [2]*sha3.Long{&o.H, &o.J}
	}
	dk.keyGen(&x, &o.H)
	if beside {
		x.batch.Sum(&ek.h, &o.H)
	}
}

// Finish is [DecapsulationKey.Decapsulate], and overwrites the secrets of o.
func (o *Once[Polys]) Finish(p *Params, sharedKey *[32]byte, c []byte) {
	ek, s := o.keys(p)
	dk := DecapsulationKey{ek: &ek, s: s}
	o.H.Sum(&ek.h)
	//ct:declassify ek.h: it is the hash of the encapsulation key
	dk.DecapsulateWith(&o.J, sharedKey, c)
	dk.Overwrite()
	o.J = sha3.Long{}
}
