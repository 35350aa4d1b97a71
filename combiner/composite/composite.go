// Package composite has the composite KEMs of ML-KEM with a group, according to
// draft-ietf-lamps-pq-composite-kem-21, for X.509 and CMS. The draft is not final: its
// identifiers are registered, but the rest may change.
//
// A decapsulation key is made from private keys of the parts, and of the type
// *[combiner.PartsKey]. It is stored as the seed of ML-KEM, 64 bytes, followed by the key of the
// group: for X25519 the scalar, 32 bytes, and for NIST's curves an ECPrivateKey (RFC 5915) in
// DER, with the curve and without the public key. SeedSize, NewDecapsulationKey and Bytes mean
// this form. NewDecapsulationKey returns [kem.ErrPrivateKey] if the key of a curve does not have it, or is
// of another curve or out of range. GenerateKey makes both parts anew. Never use a part
// elsewhere: the draft forbids it. [combiner.FromParts] says what else such keys lack.
//
// To make a key from an *ecdh.PrivateKey, use [combiner.NewPartsKey]. Package keyfile of this
// module has the key files. It also reads a curve's key that contains its public key.
//
// The shared key is SHA3-256(ss_PQ ‖ ss_T ‖ ct_T ‖ ek_T ‖ label), as with [combiner.CG]. Three
// labels are those of X-Wing, [combiner.MLKEM768P256] and [combiner.MLKEM1024P384]. So with the
// same parts, encapsulation keys, ciphertexts and shared keys are the same as theirs.
// Decapsulation keys are not. [FromXWing] makes one from that of X-Wing.
package composite

import (
	"hybridkem/combiner"
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// MLKEM768X25519SHA3256 returns id-MLKEM768-X25519-SHA3-256, 1.3.6.1.5.5.7.6.58. Decapsulation
// keys have 96 bytes, encapsulation keys 1216, and ciphertexts 1120.
func MLKEM768X25519SHA3256() kem.KEM { return &mlkem768X25519 }

// MLKEM768ECDHP256SHA3256 returns id-MLKEM768-ECDH-P256-SHA3-256, 1.3.6.1.5.5.7.6.59. Decapsulation
// keys have 115 bytes, encapsulation keys 1249, and ciphertexts 1153.
func MLKEM768ECDHP256SHA3256() kem.KEM { return &mlkem768P256 }

// MLKEM768ECDHP384SHA3256 returns id-MLKEM768-ECDH-P384-SHA3-256, 1.3.6.1.5.5.7.6.60. Decapsulation
// keys have 128 bytes, encapsulation keys 1281, and ciphertexts 1185.
func MLKEM768ECDHP384SHA3256() kem.KEM { return &mlkem768P384 }

// MLKEM1024ECDHP384SHA3256 returns id-MLKEM1024-ECDH-P384-SHA3-256, 1.3.6.1.5.5.7.6.63. Decapsulation
// keys have 128 bytes, and encapsulation keys and ciphertexts 1665.
func MLKEM1024ECDHP384SHA3256() kem.KEM { return &mlkem1024P384 }

// MLKEM1024ECDHP521SHA3256 returns id-MLKEM1024-ECDH-P521-SHA3-256, 1.3.6.1.5.5.7.6.66. Decapsulation
// keys have 146 bytes, and encapsulation keys and ciphertexts 1701.
func MLKEM1024ECDHP521SHA3256() kem.KEM { return &mlkem1024P521 }

const pkg = "composite" // in errors

var (
	mlkem768X25519 = hybrid.Hybrid{
		Package: pkg, ID: "MLKEM768-X25519-SHA3-256", PQ: &hybrid.MLKEM768, T: &hybrid.X25519,
		Combiner: hybrid.C2PRICombiner, Label: []byte(hybrid.XWingLabel), FromParts: true,
	}
	mlkem768P256 = hybrid.Hybrid{
		Package: pkg, ID: "MLKEM768-ECDH-P256-SHA3-256", PQ: &hybrid.MLKEM768, T: &nist.P256ECPrivateKey,
		Combiner: hybrid.C2PRICombiner, Label: []byte("MLKEM768-P256"), FromParts: true,
	}
	mlkem768P384 = hybrid.Hybrid{
		Package: pkg, ID: "MLKEM768-ECDH-P384-SHA3-256", PQ: &hybrid.MLKEM768, T: &nist.P384ECPrivateKey,
		Combiner: hybrid.C2PRICombiner, Label: []byte("MLKEM768-P384"), FromParts: true,
	}
	mlkem1024P384 = hybrid.Hybrid{
		Package: pkg, ID: "MLKEM1024-ECDH-P384-SHA3-256", PQ: &hybrid.MLKEM1024, T: &nist.P384ECPrivateKey,
		Combiner: hybrid.C2PRICombiner, Label: []byte("MLKEM1024-P384"), FromParts: true,
	}
	mlkem1024P521 = hybrid.Hybrid{
		Package: pkg, ID: "MLKEM1024-ECDH-P521-SHA3-256", PQ: &hybrid.MLKEM1024, T: &nist.P521ECPrivateKey,
		Combiner: hybrid.C2PRICombiner, Label: []byte("MLKEM1024-P521"), FromParts: true,
	}
)

// FromXWing makes the key of [MLKEM768X25519SHA3256] from the parts of dk. Both keys have the
// same encapsulation key, and decapsulate ciphertexts to the same shared keys. The draft allows
// this use of an X-Wing key. The new key does not contain the seed, so there is no way back.
//
// It returns [kem.ErrNoKey] if dk is nil or a zero value, [kem.ErrDestroyed] if it has been
// destroyed, and [kem.ErrFIPS] with GODEBUG=fips140=only.
func FromXWing(dk *xwing.DecapsulationKey) (*combiner.PartsKey, error) {
	return mlkem768X25519.NewPartsKeyOf((*hybrid.DecapsulationKey)(dk))
}
