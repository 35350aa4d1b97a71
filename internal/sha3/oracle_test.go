package sha3

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"math/bits"
	"testing"
)

// A state is the state array A of FIPS 202, section 3.1, by x and y. Bit z of a lane has
// the weight 2^z.
type state [5][5]uint64

// permute is Keccak-f[1600] in the words of FIPS 202, section 3. The tests compare kernels
// with it.
func permute(a state) state {
	for round := range 24 {
		a = iota_(chi(pi(rho(theta(a)))), round)
	}
	return a
}

// Algorithm 1.
func theta(a state) (to state) {
	var c, d [5]uint64
	for x := range 5 {
		c[x] = a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4]
	}
	for x := range 5 {
		d[x] = c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
	}
	for x := range 5 {
		for y := range 5 {
			to[x][y] = a[x][y] ^ d[x]
		}
	}
	return to
}

// Algorithm 2.
func rho(a state) (to state) {
	to[0][0] = a[0][0]
	x, y := 1, 0
	for t := range 24 {
		to[x][y] = bits.RotateLeft64(a[x][y], (t+1)*(t+2)/2)
		x, y = y, (2*x+3*y)%5
	}
	return to
}

// Algorithm 3.
func pi(a state) (to state) {
	for x := range 5 {
		for y := range 5 {
			to[x][y] = a[(x+3*y)%5][x]
		}
	}
	return to
}

// Algorithm 4.
func chi(a state) (to state) {
	for x := range 5 {
		for y := range 5 {
			to[x][y] = a[x][y] ^ (^a[(x+1)%5][y] & a[(x+2)%5][y])
		}
	}
	return to
}

// Algorithm 6.
func iota_(a state, round int) state {
	a[0][0] ^= roundConstants[round]
	return a
}

var roundConstants = func() (rcs [24]uint64) {
	for round := range rcs {
		for j := range 7 {
			if rc(j + 7*round) {
				rcs[round] |= 1 << (1<<j - 1)
			}
		}
	}
	return rcs
}()

// Algorithm 5.
func rc(t int) bool {
	r := [9]bool{true}
	for range t % 255 {
		copy(r[1:], r[:8])
		r[0] = r[8]
		r[4] = r[4] != r[8]
		r[5] = r[5] != r[8]
		r[6] = r[6] != r[8]
	}
	return r[0]
}

// fromBytes is the conversion of FIPS 202, section 3.1.2.
func fromBytes(b *[200]byte) (a state) {
	for x := range 5 {
		for y := range 5 {
			a[x][y] = binary.LittleEndian.Uint64(b[8*(x+5*y):])
		}
	}
	return a
}

// bytes is the conversion of FIPS 202, section 3.1.3.
func (a state) bytes() (b [200]byte) {
	for x := range 5 {
		for y := range 5 {
			binary.LittleEndian.PutUint64(b[8*(x+5*y):], a[x][y])
		}
	}
	return b
}

// TestOracle compares SHAKE128 made from the oracle with crypto/sha3.
func TestOracle(t *testing.T) {
	const rate = 168
	for _, in := range [][]byte{nil, bytes.Repeat([]byte{0xa5}, 10), random(1000), random(rate*20 - 1)} {
		padded := append(bytes.Clone(in), 0x1f)
		padded = append(padded, make([]byte, (rate-len(padded)%rate)%rate)...)
		padded[len(padded)-1] ^= 0x80
		var a [200]byte
		for ; len(padded) > 0; padded = padded[rate:] {
			for i, b := range padded[:rate] {
				a[i] ^= b
			}
			a = permute(fromBytes(&a)).bytes()
		}
		var out []byte
		for range 3 {
			out = append(out, a[:rate]...)
			a = permute(fromBytes(&a)).bytes()
		}
		if !bytes.Equal(out, sha3.SumSHAKE128(in, len(out))) {
			t.Errorf("SHAKE128 of %d bytes is wrong", len(in))
		}
	}
}
