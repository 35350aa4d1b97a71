// Package sha3 makes the hashes of ML-KEM and X-Wing, according to FIPS 202. It takes inputs
// in parts, writes to the caller's memory, and makes several hashes at once with a [Batch].
//
// Its sponges run on the kernels of internal/keccak. On machines without kernels, crypto/sha3
// does everything. All functions leave secrets on the stack: callers run them within
// secret.Do.
package sha3

import (
	"crypto/sha3"

	"hybridkem/internal/keccak"
)

// RateSHAKE128 is the size of the blocks in which SHAKE128 squeezes.
const RateSHAKE128 = 168

// Sum256 sets out to SHA3-256 of the concatenated parts.
func Sum256(out *[32]byte, parts ...[]byte) {
	if keccak.Available() {
		sha3_256.hash(out[:], parts...)
		return
	}
	h := sha3.New256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	h.Reset()
}

// SHAKE256 fills out from SHAKE256 of the concatenated parts.
func SHAKE256(out []byte, parts ...[]byte) {
	if keccak.Available() {
		shake256.hash(out, parts...)
		return
	}
	h := sha3.NewSHAKE256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Read(out)
	h.Reset()
}

// SHAKE128At sets out to the block at offset of SHAKE128 of the concatenated parts.
//
// It squeezes all blocks before that one too. It is for the rare stream of a Batch that is too
// short.
func SHAKE128At(out *[RateSHAKE128]byte, offset int, parts ...[]byte) {
	if keccak.Available() {
		s := sponge{rate: RateSHAKE128}
		for _, p := range parts {
			s.absorb(p)
		}
		s.pad(endSHAKE)
		for i := 0; i <= offset; i += RateSHAKE128 {
			s.squeeze(out[:])
		}
		return
	}
	h := sha3.NewSHAKE128()
	for _, p := range parts {
		h.Write(p)
	}
	for i := 0; i <= offset; i += RateSHAKE128 {
		h.Read(out[:])
	}
}
