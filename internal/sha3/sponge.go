package sha3

import (
	"crypto/subtle"
	"encoding/binary"

	"hybridkem/internal/keccak"
)

// Rates in bytes, as FIPS 202, section 6, has them.
const (
	rateSHA3_256 = 136
	rateSHA3_512 = 72
	rateSHAKE256 = 136
)

// What ends a message: its suffix of FIPS 202, section 6, and the first bit of the
// padding.
const (
	endSHA3  = 0b1_10
	endSHAKE = 0b1_1111
)

// lastBit is the last bit of the padding, in the last byte of a block.
const lastBit = 0x80

// A sponge is KECCAK[c] of FIPS 202, section 5.2, with its state. It runs on kernels.
type sponge struct {
	a    [200]byte
	rate int
	n    int // how much of a block is absorbed
}

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

func (s *sponge) pad(end byte) {
	s.a[s.n] ^= end
	s.a[s.rate-1] ^= lastBit
}

// squeeze fills out from the blocks to come, the last of which it leaves in the state.
func (s *sponge) squeeze(out []byte) {
	for len(out) > 0 {
		keccak.Permute(&s.a)
		out = out[copy(out, s.a[:s.rate]):]
	}
}

// hash fills out from the hash of the concatenated parts.
func hash(out []byte, rate int, end byte, parts [][]byte) {
	s := sponge{rate: rate}
	for _, p := range parts {
		s.absorb(p)
	}
	s.pad(end)
	s.squeeze(out)
	s = sponge{}
}

// A sponge4 is four sponges of one rate, whose messages are shorter than a block.
type sponge4 struct {
	a      [25][4]uint64
	blocks [4][200]byte // what squeeze gave
	rate   int
}

// absorb absorbs and pads the message of sponge i, for SHAKE.
func (s *sponge4) absorb(i int, p []byte) {
	block := s.a[:s.rate/8]
	lane := 0
	for ; len(p) >= 8; p = p[8:] {
		block[lane][i] = binary.LittleEndian.Uint64(p)
		lane++
	}
	var last [8]byte
	last[copy(last[:], p)] = endSHAKE
	block[lane][i] = binary.LittleEndian.Uint64(last[:])
	block[len(block)-1][i] ^= lastBit << 56
}

// squeeze sets blocks to the next one of each sponge, and what lies behind it in the
// state.
func (s *sponge4) squeeze() {
	keccak.Permute4(&s.a)
	keccak.Deinterleave4(&s.blocks, &s.a)
}

// shakes fills the n parts of out from SHAKE of the parts of in, which are shorter
// than a block.
//
// Four streams at once cost less than two one after the other: only a last one
// is made alone.
func shakes(rate, n int, out, in []byte) {
	outSize, inSize := len(out)/n, len(in)/n
	for n > 1 {
		batch := min(n, 4)
		shakes4(rate, batch, out[:batch*outSize], in[:batch*inSize])
		n, out, in = n-batch, out[batch*outSize:], in[batch*inSize:]
	}
	if n == 1 {
		hash(out, rate, endSHAKE, [][]byte{in})
	}
}

// shakes4 is shakes for n ≤ 4.
func shakes4(rate, n int, out, in []byte) {
	outSize, inSize := len(out)/n, len(in)/n
	s := sponge4{rate: rate}
	for i := range n {
		s.absorb(i, in[i*inSize:][:inSize])
	}
	for done := 0; done < outSize; done += rate {
		s.squeeze()
		size := min(rate, outSize-done)
		for i := range n {
			copy(out[i*outSize+done:][:size], s.blocks[i][:])
		}
	}
	s = sponge4{}
}
