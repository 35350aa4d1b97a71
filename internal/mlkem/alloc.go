package mlkem

import (
	"unsafe"

	"hybridkem/internal/ring"
)

// A key is one object, with the head that its owner puts before it. Two objects would take more
// time, not least because the polynomials alone can have a size that Go allocates a whole span for.

type keyPair[H, Polys any] struct {
	head  H
	dk    DecapsulationKey
	ek    EncapsulationKey
	polys Polys
	_     [line]byte
}

// NewKeyPair allocates a key pair of p, and a head that lives as long.
func NewKeyPair[H any](p *Params) (*H, *DecapsulationKey, *EncapsulationKey) {
	switch p.k {
	case 2:
		pair := new(keyPair[H, [2*2 + 2*2]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, &pair.polys[0])
	case 3:
		pair := new(keyPair[H, [3*3 + 2*3]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, &pair.polys[0])
	default:
		pair := new(keyPair[H, [4*4 + 2*4]ring.NTT])
		return &pair.head, &pair.dk, pair.ek.init(p, &pair.dk, &pair.polys[0])
	}
}

type publicKey[H, Polys any] struct {
	head  H
	ek    EncapsulationKey
	polys Polys
	_     [line]byte
}

// NewEncapsulationKey allocates an encapsulation key of p, and a head that lives as long.
func NewEncapsulationKey[H any](p *Params) (*H, *EncapsulationKey) {
	switch p.k {
	case 2:
		public := new(publicKey[H, [2*2 + 2]ring.NTT])
		return &public.head, public.ek.init(p, nil, &public.polys[0])
	case 3:
		public := new(publicKey[H, [3*3 + 3]ring.NTT])
		return &public.head, public.ek.init(p, nil, &public.polys[0])
	default:
		public := new(publicKey[H, [4*4 + 4]ring.NTT])
		return &public.head, public.ek.init(p, nil, &public.polys[0])
	}
}

// line is the size of a cache line. Kernels load and store as much at once, which takes longer
// across two lines.
const line = 64

// init gives memory to the vectors of ek and, if it is not nil, of its dk: Â, ŝ, t̂. The memory begins
// at first and has a line more than they need.
func (ek *EncapsulationKey) init(p *Params, dk *DecapsulationKey, first *ring.NTT) *EncapsulationKey {
	k := p.k
	n := k*k + k
	if dk != nil {
		n += k
	}
	start := unsafe.Pointer(first)
	polys := unsafe.Slice((*ring.NTT)(unsafe.Add(start, -uintptr(start)%line)), n)
	ek.params = p
	ek.a, ek.t = polys[:k*k:k*k], polys[n-k:]
	if dk != nil {
		dk.ek, dk.s = ek, polys[k*k:][:k]
	}
	return ek
}
