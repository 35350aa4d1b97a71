// Package mlkem implements the algorithms of FIPS 203, sections 5 and 6, for all parameter sets.
// Their callers check the inputs and draw the randomness.
//
// Its files are in the order of the standard: kpke.go holds K-PKE, Algorithms 13 to 15; mlkem.go
// holds ML-KEM, Algorithms 16 to 18; keys.go has the memory and the encodings of keys. Of the
// operations in other orders, many.go has several at once, seed.go has decapsulation with a seed, and
// twostep.go has encapsulation in two steps.
// Functions on single polynomials are in internal/ring.
package mlkem

import "hybridkem/internal/ring"

// Params is a parameter set, according to FIPS 203, section 8. The η₂ of all
// three is 2.
type Params struct {
	k, eta1, du, dv int
}

// The parameter sets.
var (
	MLKEM512  = Params{k: 2, eta1: 3, du: 10, dv: 4}
	MLKEM768  = Params{k: 3, eta1: 2, du: 10, dv: 4}
	MLKEM1024 = Params{k: 4, eta1: 2, du: 11, dv: 5}
)

const (
	eta2 = 2

	// The largest values of all parameter sets, for arrays on the stack.
	maxK              = 4
	maxCiphertextSize = 1568
)

// K returns the parameter k, by which parameter sets differ.
func (p *Params) K() byte { return byte(p.k) }

// EncapsulationKeySize returns the size of an encapsulation key: t̂ ‖ ρ.
func (p *Params) EncapsulationKeySize() int {
	return ring.EncodedSize*p.k + 32
}

// VectorSize returns the size of t̂.
func (p *Params) VectorSize() int { return ring.EncodedSize * p.k }

// CiphertextSize returns the size of a ciphertext: c₁ ‖ c₂.
func (p *Params) CiphertextSize() int { return p.C1Size() + p.C2Size() }

// C1Size returns the size of c₁, which holds u.
func (p *Params) C1Size() int { return ring.N / 8 * p.du * p.k }

// C2Size returns the size of c₂, which holds v.
func (p *Params) C2Size() int { return ring.N / 8 * p.dv }

// ExpandedKeySize returns the size of an expanded decapsulation key:
// ŝ ‖ ek ‖ H(ek) ‖ z.
func (p *Params) ExpandedKeySize() int {
	return ring.EncodedSize*p.k + p.EncapsulationKeySize() + 32 + 32
}
