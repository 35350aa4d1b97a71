package mlkem

import "hybridkem/internal/ring"

// A key is one object, with the head that its owner puts before it. Two objects would take more
// time, not least because the polynomials alone can have a size that Go allocates a whole span for.

type keyPair[H, Polys any] struct {
	head  H
	dk    DecapsulationKey
	ek    EncapsulationKey
	polys Polys
}

// NewKeyPair allocates a key pair of p, and a head that lives as long.
func NewKeyPair[H any](p *Params) (*H, *DecapsulationKey, *EncapsulationKey) {
	switch p.k {
	case 2:
		pair := new(keyPair[H, [2*2 + 2*2]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, pair.polys[:])
	case 3:
		pair := new(keyPair[H, [3*3 + 2*3]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, pair.polys[:])
	default:
		pair := new(keyPair[H, [4*4 + 2*4]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, pair.polys[:])
	}
}

type publicKey[H, Polys any] struct {
	head  H
	ek    EncapsulationKey
	polys Polys
}

// NewEncapsulationKey allocates an encapsulation key of p, and a head that lives as long.
func NewEncapsulationKey[H any](p *Params) (*H, *EncapsulationKey) {
	switch p.k {
	case 2:
		public := new(publicKey[H, [2*2 + 2]ring.NTT])
		return &public.head, public.ek.init(p, nil, public.polys[:])
	case 3:
		public := new(publicKey[H, [3*3 + 3]ring.NTT])
		return &public.head, public.ek.init(p, nil, public.polys[:])
	default:
		public := new(publicKey[H, [4*4 + 4]ring.NTT])
		return &public.head, public.ek.init(p, nil, public.polys[:])
	}
}

// init gives polys to the vectors of ek and, if it is not nil, of its dk: Â, ŝ, t̂.
func (ek *EncapsulationKey) init(p *Params, dk *DecapsulationKey, polys []ring.NTT) *EncapsulationKey {
	k := p.k
	ek.params = p
	ek.a, ek.t = polys[:k*k:k*k], polys[len(polys)-k:]
	if dk != nil {
		dk.ek, dk.s = ek, polys[k*k:][:k]
	}
	return ek
}
