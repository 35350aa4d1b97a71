// Package openpgp has the KEM of OpenPGP's public-key algorithm 35, ML-KEM-768+X25519,
// according to RFC 9980. It makes the key-encryption key of a message. OpenPGP's packets and AES
// key wrap are left to other packages.
package openpgp

import (
	"bytes"

	"hybridkem/combiner"
	"hybridkem/internal/fault"
	"hybridkem/internal/hybrid"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// MLKEM768X25519 returns ML-KEM-768+X25519, algorithm 35. Encapsulation keys have 1216 bytes
// and ciphertexts have 1120, with the share of X25519 first. The shared key is the
// key-encryption key, 32 bytes for AES-256 key wrap:
//
//	SHA3-256(ss_PQ ‖ ss_T ‖ ct_T ‖ ek_T ‖ 35 ‖ "OpenPGPCompositeKDFv1" ‖ 21)
//
// The number of the algorithm and the length of the string are one byte each.
//
// Decapsulation keys are of the type *[combiner.PartsKey]. They have the 96 bytes of OpenPGP's
// secret key material: the X25519 scalar, and then the seed of ML-KEM-768. [combiner.FromParts]
// says what such keys lack.
func MLKEM768X25519() kem.KEM { return &mlkem768X25519 }

var mlkem768X25519 = hybrid.Hybrid{
	Package: "openpgp", ID: "ML-KEM-768+X25519",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.C2PRICombiner,
	Label: []byte("\x23OpenPGPCompositeKDFv1\x15"), TFirst: true, FromParts: true,
}

// NewDecapsulationKey makes a decapsulation key of [MLKEM768X25519] from the secret key material
// of a packet, and checks that the public key material of the same packet belongs to it.
// Decapsulation hashes the X25519 share that the packet has, as erratum 9023 of RFC 9980 asks: the
// share of the secret key has the same bytes.
//
// It returns [kem.ErrLength] if secretKey does not have 96 bytes or publicKey does not have
// 1216, [kem.ErrKeyPair] if they do not belong together, and [kem.ErrFIPS] with
// GODEBUG=fips140=only.
func NewDecapsulationKey(secretKey, publicKey []byte) (*combiner.PartsKey, error) {
	if want := mlkem768X25519.EncapsulationKeySize(); len(publicKey) != want {
		return nil, fault.Length("openpgp", "public key", publicKey, want, "")
	}
	dk, err := mlkem768X25519.NewDecapsulationKey(secretKey)
	if err != nil {
		return nil, err
	}
	err = secret.OrDestroy(dk, func() error {
		if !bytes.Equal(dk.PublicKey().Bytes(), publicKey) {
			return fault.New("openpgp", kem.ErrKeyPair, "the public key does not belong to the secret key")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return dk.(*combiner.PartsKey), nil
}
