package sha3

import (
	"crypto/subtle"

	"hybridkem/internal/keccak"
)

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
