package hybrid

import (
	"crypto/subtle"

	"hybridkem/internal/fault"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
)

// X25519 is the group of RFC 7748. The seed is the scalar, the encapsulation key
// and the ciphertext are u-coordinates, and so is the shared secret. All of them
// have 32 bytes.
var X25519 = Part{kind: kindX25519, name: "X25519", size: Sizes{
	Seed: x25519.Size, Private: x25519.Size, EncapsulationKey: x25519.Size, Ciphertext: x25519.Size,
	SharedKey: x25519.Size, Random: x25519.Size,
}}

// errLowOrder is the error for a share of low order, in a key or in a ciphertext. Not all
// documents demand it: SPEC.md says why such shares are refused.
var errLowOrder = fault.New("", kem.ErrLowOrder, "X25519 share has low order")

// newX25519 makes a key pair from the scalar in seed.
func newX25519(dk *privatePart, ek *publicPart, seed *[x25519.Size]byte) {
	dk.x25519 = *seed
	x25519.ScalarBaseMult(&ek.x25519, &dk.x25519)
	//ct:declassify ek.x25519: it is a part of the encapsulation key, which is published
	ek.encoded = ek.x25519[:]
}

// parseX25519 sets ek to the share b. It returns errLowOrder for a share that
// gives a secret of zero with every scalar.
func (ek *publicPart) parseX25519(b *[x25519.Size]byte) error {
	ek.x25519 = *b
	ek.encoded = ek.x25519[:]
	if x25519.IsLowOrder(&ek.x25519) {
		return errLowOrder
	}
	return nil
}

// decapsulateX25519 sets ss to the secret of the scalar and the share ct. It
// returns errLowOrder if the share has low order.
func (dk *privatePart) decapsulateX25519(ss, ct *[x25519.Size]byte) error {
	x25519.ScalarMult(ss, &dk.x25519, ct)
	return checkOrder(ss)
}

// checkOrder returns errLowOrder if the secret ss is zero. That happens for all
// scalars if the share has low order, and else for none.
func checkOrder(ss *[x25519.Size]byte) error {
	lowOrder := subtle.ConstantTimeCompare(ss[:], make([]byte, x25519.Size))
	//ct:declassify lowOrder: it depends only on the share, which is public
	if lowOrder == 1 {
		return errLowOrder
	}
	return nil
}
