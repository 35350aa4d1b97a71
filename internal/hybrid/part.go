package hybrid

import (
	"hybridkem/internal/mlkem"
	"hybridkem/internal/x25519"
)

// A Part is one of the two KEMs of a hybrid. The ciphertext of a group is the
// ephemeral share.
//
// Each operation on a part begins with a switch on the part's kind: encapsulate
// and decapsulate in hybrid.go, newPrivateKey and newPublicKey in keys.go. An
// interface would need no switch, but the compiler moves every argument of an
// interface's method to the heap. With the switch, operations on ML-KEM and
// X25519 allocate nothing, and only external parts pay for an interface.
type Part struct {
	kind kind
	name string // "ML-KEM-768", "X25519"

	params   *mlkem.Params // for kindMLKEM
	external External      // for kindExternal
	hybrid   *Hybrid       // not nil if the part is a hybrid itself
	levels   int           // how deep calls of secret.DoFar nest for the part; 0 if it needs none

	size Sizes
}

// Sizes are the sizes of a part, in bytes.
type Sizes struct {
	Seed             int
	Private          int // the stored form of a private key, in hybrids whose keys are made from parts
	EncapsulationKey int
	Ciphertext       int
	SharedKey        int
	Random           int // the randomness of an encapsulation, or 0 if the part draws its own
}

// A kind is a kind of part.
type kind int

const (
	kindMLKEM    kind = iota + 1 // part_mlkem.go
	kindX25519                   // part_x25519.go
	kindExternal                 // part_external.go: code outside this package
)

// Name returns the name of the part.
func (p *Part) Name() string { return p.name }

// External returns the code of an external part, or nil.
func (p *Part) External() External { return p.external }

// IsGroup reports whether the part is a group of this module, and not a KEM.
func (p *Part) IsGroup() bool {
	_, isKEM := p.external.(externalKEM)
	return p.kind != kindMLKEM && !isKEM
}

// equal reports whether p and x are the same KEM. External parts are equal if
// their names are, unless both are hybrids.
func (p *Part) equal(x *Part) bool {
	if p.hybrid != nil && x.hybrid != nil {
		return p.hybrid.equal(x.hybrid)
	}
	return p.name == x.name
}

// mayFail reports whether encapsulation can return an error for a key that was
// accepted. NIST curves can, for a seed without a scalar, and so can KEMs from
// outside this module.
func (p *Part) mayFail() bool { return p.kind == kindExternal }

// A publicPart is the encapsulation key of a part. Of its keys, only that of the
// part's kind is set.
type publicPart struct {
	mlkem    *mlkem.EncapsulationKey
	x25519   [x25519.Size]byte
	external ExternalPublicKey
	encoded  []byte // the encoded key, which for ML-KEM is nil until keepEncoding
}

// keepEncoding sets ek.encoded, into the memory that it has from the last key. Kinds other than ML-KEM
// always have it.
func (ek *publicPart) keepEncoding() {
	if ek.mlkem != nil {
		ek.encoded = ek.mlkem.AppendBytes(ek.encoded[:0])
	}
}

// encode writes the encoded key to b, which has the key's size.
func (ek *publicPart) encode(b []byte) {
	if ek.mlkem != nil {
		ek.mlkem.AppendBytes(b[:0])
		return
	}
	copy(b, ek.encoded)
}

// A privatePart is the decapsulation key of a part. Only the field of the part's
// kind is set. The secrets of ML-KEM are behind the pointer, in the memory of the
// key pair.
type privatePart struct {
	mlkem    *mlkem.DecapsulationKey
	x25519   [x25519.Size]byte
	external ExternalPrivateKey
}

// overwrite overwrites the secrets in the memory of this package. It forgets an
// external key and leaves its secrets as they are. The memory of an ML-KEM key stays,
// for the next key.
func (dk *privatePart) overwrite() {
	if dk.mlkem != nil {
		dk.mlkem.Overwrite()
	}
	*dk = privatePart{mlkem: dk.mlkem}
}
