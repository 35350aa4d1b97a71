// Package combiner makes hybrid KEMs from two parts: a post-quantum KEM (PQ) and a
// traditional group or KEM (T). A hybrid stays secure as long as one of its parts does.
// With the C2PRI combiner, the PQ part must also be C2PRI, as ML-KEM is.
//
// The package has the combiners and the four frameworks of draft-irtf-cfrg-hybrid-kems.
// SHAKE256 is the PRG that expands seeds of 32 bytes. SHA3-256 is the KDF, so that shared
// keys have 32 bytes.
//
//	            universal combiner   C2PRI combiner
//	T a group          UG                  CG
//	T a KEM            UK                  CK
//
// [MLKEM768P256] and [MLKEM1024P384] are instances that
// draft-irtf-cfrg-concrete-hybrid-kems defines. Its third instance, MLKEM768-X25519, is
// X-Wing, in hybridkem/xwing. [MLKEM512X25519] and [MLKEM1024X25519] are instances of this
// module, without registered names.
//
// The key exchanges of TLS and SSH are in hybridkem/combiner/tlskex and
// hybridkem/combiner/sshkex. Their shared keys are only for protocols that hash their
// transcript.
//
// [FromParts] gives a hybrid another form of private keys: those of its parts, one after the
// other. The KEMs of hybridkem/combiner/composite and hybridkem/combiner/openpgp have only such
// keys.
//
// Never use a seed with two KEMs, because their ML-KEM keys would be the same.
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
	// SeedSize is the size of the seeds of all KEMs here. [FromParts] gives KEMs without such seeds.
	SeedSize = hybrid.SeedSize
)

// Universal is the universal combiner. It returns the 32 bytes of the SHA3-256 of the
// concatenated inputs. It works with any two KEMs as long as one of them is secure.
//
// It implements UniversalCombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func Universal(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { sha3.Sum256(&sharedKey, ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, label) })
	return sharedKey[:]
}

// C2PRI is the combiner for a PQ KEM that is ciphertext second-preimage resistant, as
// ML-KEM is. It returns the 32 bytes of the SHA3-256 of the concatenated inputs. The
// ciphertext and the encapsulation key of the PQ KEM are not among them.
//
// It implements C2PRICombiner, according to draft-irtf-cfrg-hybrid-kems. The
// inputs must have fixed lengths, given by the KEMs that label names.
func C2PRI(ssPQ, ssT, ctT, ekT, label []byte) []byte {
	var sharedKey [SharedKeySize]byte
	secret.Do(func() { sha3.Sum256(&sharedKey, ssPQ, ssT, ctT, ekT, label) })
	return sharedKey[:]
}
