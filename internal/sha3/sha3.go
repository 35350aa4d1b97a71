// Package sha3 makes the hashes of ML-KEM and X-Wing, according to FIPS 202. It takes inputs
// in parts, writes to the caller's memory, and makes several hashes at once with a [Batch].
//
// Its sponges run on the kernels of internal/keccak. On machines without kernels, crypto/sha3
// does everything. All functions leave secrets on the stack: callers run them within
// secret.Do.
package sha3

import (
	"crypto/sha3"
	"crypto/subtle"

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

// A function is one of FIPS 202, section 6. The byte end holds the suffix of its messages and
// the first bit of the padding.
type function struct {
	rate int // in bytes
	end  byte
}

// rate256 is the rate of SHA3-256 and SHAKE256.
const rate256 = 136

const (
	endSHA3  = 0b1_10
	endSHAKE = 0b1_1111
)

var (
	sha3_256 = function{rate256, endSHA3}
	sha3_512 = function{72, endSHA3}
	shake128 = function{RateSHAKE128, endSHAKE}
	shake256 = function{rate256, endSHAKE}
)

// lastBit is the last bit of the padding, in the last byte of a block.
const lastBit = 0x80

// A sponge is KECCAK[c] of FIPS 202, section 5.2, on kernels.
type sponge struct {
	a    [200]byte
	rate int
	n    int // the size of what is absorbed of a block
}

// absorb absorbs p. It permutes the state after each whole block.
func (s *sponge) absorb(p []byte) {
	for len(p) > 0 {
		free := s.a[s.n:s.rate]
		n := subtle.XORBytes(free, free, p)
		p, s.n = p[n:], s.n+n
		if s.n == s.rate {
			keccak.Permute(&s.a)
			s.n = 0
		}
	}
}

// pad ends the message. The last block is not permuted yet.
func (s *sponge) pad(end byte) {
	s.a[s.n] ^= end
	s.a[s.rate-1] ^= lastBit
}

// squeeze fills out from the next blocks. It permutes the state before each.
func (s *sponge) squeeze(out []byte) {
	for len(out) > 0 {
		keccak.Permute(&s.a)
		out = out[copy(out, s.a[:s.rate]):]
	}
}

// hash fills out from f of the concatenated parts.
func (f function) hash(out []byte, parts ...[]byte) {
	s := sponge{rate: f.rate}
	for _, p := range parts {
		s.absorb(p)
	}
	s.pad(f.end)
	s.squeeze(out)
}
