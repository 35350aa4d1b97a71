// Package sha3 holds the hashes of ML-KEM and X-Wing, in the shapes in which
// they are used: the input in parts, the output in the caller's memory, and several at
// once. The functions are those of FIPS 202. They leave secrets on the stack: callers run
// them within secret.Do.
//
// Where internal/keccak has kernels, the sponges in this package run on them; elsewhere
// everything is done by crypto/sha3.
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

// SHAKE128At fills out with what SHAKE128 of the concatenated parts gives from the block
// on that starts at offset. It squeezes anew all that comes before: it is for streams
// which a Batch has left too short, and few are.
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
