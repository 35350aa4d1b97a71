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
// and their instances of draft-irtf-cfrg-concrete-hybrid-kems: [MLKEM768P256] and
// [MLKEM1024P384]. The third, MLKEM768-X25519, is X-Wing, in hybridkem/xwing.
// [MLKEM512X25519] and [MLKEM1024X25519] are this module's own: the same framework,
// without a registered name.
//
// The key exchanges of TLS and SSH are in hybridkem/combiner/tlskex and
// hybridkem/combiner/sshkex. Their shared keys are fit only for a protocol that hashes its
// transcript.
//
// Never use a seed with two KEMs: their ML-KEM keys would be the same.
//
// Applications that may choose should use hybridkem/xwing.
package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
)

const (
	// SharedKeySize is the size of all shared keys here.
	SharedKeySize = hybrid.HashSize
	// SeedSize is the size of the seeds of all KEMs here.
	SeedSize = hybrid.SeedSize
)

// Universal is the universal combiner: SHA3-256 of the concatenated inputs, of 32 bytes. It
// needs nothing of the KEMs but that one of them is secure.
//
// It implements UniversalCombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func Universal(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { sha3.Sum256(&sharedKey, ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label) })
	return sharedKey[:]
}

// C2PRI is the combiner for a PQ KEM that is ciphertext second-preimage
// resistant, as ML-KEM is: SHA3-256 of the concatenated inputs, of 32 bytes, without the PQ
// KEM's ciphertext and encapsulation key.
//
// It implements C2PRICombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func C2PRI(ssPQ, ssT, ctT, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { sha3.Sum256(&sharedKey, ssPQ, ssT, ctT, ekT, label) })
	return sharedKey[:]
}
