package main

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// turboSHAKE128 is TurboSHAKE128 of RFC 9861, section 2, with the domain byte 0x1f.
func turboSHAKE128(message []byte, length int) []byte { return sponge(168, 12, message, length) }

// turboSHAKE256 is TurboSHAKE256 of RFC 9861, section 2, with the domain byte 0x1f.
func turboSHAKE256(message []byte, length int) []byte { return sponge(136, 12, message, length) }

// sponge is the function of RFC 9861, section 2.2, with a rate in bytes. With 12 rounds
// it is TurboSHAKE. With 24 rounds it would be SHAKE.
func sponge(rate, rounds int, message []byte, length int) []byte {
	padded := make([]byte, (len(message)/rate+1)*rate)
	copy(padded, message)
	padded[len(message)] = 0x1f
	padded[len(padded)-1] ^= 0x80

	var a lanes
	for block := range slices.Chunk(padded, rate) {
		for i := range rate / 8 {
			a[i] ^= binary.LittleEndian.Uint64(block[8*i:])
		}
		a.permute(rounds)
	}
	var out []byte
	for len(out) < length {
		for _, lane := range a[:rate/8] {
			out = binary.LittleEndian.AppendUint64(out, lane)
		}
		a.permute(rounds)
	}
	return out[:length]
}

// lanes is the state of FIPS 202, section 3.1, with Lane(x, y) at x + 5y.
type lanes [25]uint64

// permute is Keccak-p[1600, rounds] of FIPS 202, section 3.3. It does the last of the 24
// rounds of SHA-3.
func (a *lanes) permute(rounds int) {
	for _, rc := range roundConstants[24-rounds:] {
		// θ, Algorithm 1.
		var c [5]uint64
		for i, lane := range a {
			c[i%5] ^= lane
		}
		for i := range a {
			a[i] ^= c[(i+4)%5] ^ bits.RotateLeft64(c[(i+1)%5], 1)
		}

		// ρ and π, Algorithms 2 and 3: lanes rotate, and (x, y) moves to (y, 2x+3y).
		b := lanes{a[0]}
		x, y := 1, 0
		for t := range 24 {
			turned := bits.RotateLeft64(a[x+5*y], (t+1)*(t+2)/2)
			x, y = y, (2*x+3*y)%5
			b[x+5*y] = turned
		}

		// χ, Algorithm 4.
		for i := range a {
			row := i - i%5
			a[i] = b[i] ^ ^b[row+(i+1)%5]&b[row+(i+2)%5]
		}

		// ι, Algorithm 6.
		a[0] ^= rc
	}
}

// roundConstants holds the constants of ι for each round (FIPS 202, Algorithm 5).
var roundConstants = [24]uint64{
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
}
