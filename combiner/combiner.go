// Package combiner makes hybrid KEMs, which stay secure as long as one of their
// two parts does: a post-quantum KEM (PQ) and a traditional group or KEM (T).
//
// It has the combiners and the four frameworks of draft-irtf-cfrg-hybrid-kems,
// with SHAKE256 as the PRG that expands seeds of 32 bytes, SHA3-256 as the KDF, and
// so shared keys of 32 bytes:
//
//	            universal combiner   C2PRI combiner
//	T a group          UG                  CG
//	T a KEM            UK                  CK
//
// and their instances of draft-irtf-cfrg-concrete-hybrid-kems: [MLKEM768X25519],
// which is X-Wing, [MLKEM768P256] and [MLKEM1024P384]. [MLKEM512X25519] and
// [MLKEM1024X25519] are this module's own: the same framework, without a
// registered name.
//
// [X25519MLKEM768], [SecP256r1MLKEM768] and [SecP384r1MLKEM1024] are the key
// exchanges of TLS (RFC 10024), without a KDF. [MLKEM768X25519SHA256],
// [MLKEM768NISTP256SHA256] and [MLKEM1024NISTP384SHA384] are those of SSH (RFC 10042),
// which hash the secrets and nothing else. All six are fit only for a protocol that
// hashes its transcript.
//
// Applications that may choose should use hybridkem/xwing.
package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/secret"
)

// SharedKeySize is the size of what [Universal] and [C2PRI] return. The shared keys of
// the forms of TLS and SSH can be longer; their KEMs tell.
const SharedKeySize = hybrid.HashSize

// SeedSize is the size of the seeds of all KEMs here.
const SeedSize = hybrid.SeedSize

// Universal is the universal combiner: SHA3-256 of the concatenated inputs. It
// needs nothing of the KEMs but that one of them is secure.
//
// It implements UniversalCombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func Universal(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { hybrid.CombineUniversal(&sharedKey, ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label) })
	return sharedKey[:]
}

// C2PRI is the combiner for a PQ KEM that is ciphertext second-preimage
// resistant, as ML-KEM is: SHA3-256 of the concatenated
// inputs, without the PQ KEM's ciphertext and encapsulation key.
//
// It implements C2PRICombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func C2PRI(ssPQ, ssT, ctT, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { hybrid.CombineC2PRI(&sharedKey, ssPQ, ssT, ctT, ekT, label) })
	return sharedKey[:]
}
