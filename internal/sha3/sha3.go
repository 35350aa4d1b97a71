// Package sha3 holds the hashes of ML-KEM and X-Wing, in the shapes in which
// they are used: the input in parts, the output in the caller's memory, and many
// equal short inputs at once. The functions are those of FIPS 202. Those that may take
// secrets overwrite their state in the end.
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
		hash(out[:], rateSHA3_256, endSHA3, parts)
		return
	}
	h := sha3.New256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	h.Reset()
}

// Sum512 sets out to SHA3-512 of the concatenated parts.
func Sum512(out *[64]byte, parts ...[]byte) {
	if keccak.Available() {
		hash(out[:], rateSHA3_512, endSHA3, parts)
		return
	}
	h := sha3.New512()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	h.Reset()
}

// SHAKE256 fills out from SHAKE256 of the concatenated parts.
func SHAKE256(out []byte, parts ...[]byte) {
	if keccak.Available() {
		hash(out, rateSHAKE256, endSHAKE, parts)
		return
	}
	h := sha3.NewSHAKE256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Read(out)
	h.Reset()
}

// SHAKE128s fills the n parts of out, equally long and one after the other, each
// from SHAKE128 of the corresponding part of in, which is shorter than a block.
func SHAKE128s(n int, out, in []byte) {
	if keccak.Available() {
		shakes(RateSHAKE128, n, out, in)
		return
	}
	streams(sha3.NewSHAKE128(), n, out, in)
}

// SHAKE256s fills the n parts of out, equally long and one after the other, each
// from SHAKE256 of the corresponding part of in, which is shorter than a block.
func SHAKE256s(n int, out, in []byte) {
	if keccak.Available() {
		shakes(rateSHAKE256, n, out, in)
		return
	}
	streams(sha3.NewSHAKE256(), n, out, in)
}

func streams(h *sha3.SHAKE, n int, out, in []byte) {
	outSize, inSize := len(out)/n, len(in)/n
	for i := range n {
		h.Reset()
		h.Write(in[i*inSize:][:inSize])
		h.Read(out[i*outSize:][:outSize])
	}
	h.Reset()
}

// SHAKE128At fills out with what SHAKE128 of in gives from the block on that
// starts at offset. It squeezes anew all that comes before: it is for streams
// which SHAKE128s has left too short, and few are.
func SHAKE128At(out *[RateSHAKE128]byte, offset int, in []byte) {
	if keccak.Available() {
		s := sponge{rate: RateSHAKE128}
		s.absorb(in)
		s.pad(endSHAKE)
		for i := 0; i <= offset; i += RateSHAKE128 {
			s.squeeze(out[:])
		}
		s = sponge{}
		return
	}
	h := sha3.NewSHAKE128()
	h.Write(in)
	for i := 0; i <= offset; i += RateSHAKE128 {
		h.Read(out[:])
	}
}
