package mlkem

import (
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// Three blocks of SHAKE128 hold enough candidates for a polynomial 99 times in a
// hundred.
const usualStream = 3 * sha3.RateSHAKE128

// expandMatrix sets a to the k × k matrix Â, row by row, that expands from ρ.
//
// It implements the loops of K-PKE.KeyGen and K-PKE.Encrypt (FIPS 203, Algorithm
// 13, lines 3 to 7, and Algorithm 14, lines 4 to 8) with SampleNTT, Algorithm 7,
// whose filter is [ring.NTT.SampleVartime].
func expandMatrix(a []ring.NTT, k int, rho *[32]byte) {
	const inSize = 32 + 2
	var inputs [maxK * maxK * inSize]byte
	var streams [maxK * maxK * usualStream]byte
	for i := range k {
		for j := range k {
			in := inputs[(i*k+j)*inSize:][:inSize]
			copy(in, rho[:])
			in[32], in[33] = byte(j), byte(i)
		}
	}
	sha3.SHAKE128s(k*k, streams[:k*k*usualStream], inputs[:k*k*inSize])

	for i := range a {
		n := a[i].SampleVartime(0, streams[i*usualStream:][:usualStream])
		for offset := usualStream; n < ring.N; offset += sha3.RateSHAKE128 {
			var block [sha3.RateSHAKE128]byte
			sha3.SHAKE128At(&block, offset, inputs[i*inSize:][:inSize])
			n = a[i].SampleVartime(n, block[:])
		}
	}
}

// expandNoise sets the polynomials of v, at most 2·maxK, to noise in [-eta, eta] that
// expands from seed and the numbers from n on.
//
// It implements loops of K-PKE.KeyGen and K-PKE.Encrypt (FIPS 203, Algorithms 13
// and 14) with PRF_η, section 4.1, and SamplePolyCBD_η, Algorithm 8.
func expandNoise(v []ring.Poly, eta int, seed *[32]byte, n int) {
	const inSize = 32 + 1
	var inputs [2 * maxK * inSize]byte
	var streams [2 * maxK * 64 * maxEta]byte
	for i := range v {
		in := inputs[i*inSize:][:inSize]
		copy(in, seed[:])
		in[32] = byte(n + i)
	}
	size := 64 * eta
	sha3.SHAKE256s(len(v), streams[:len(v)*size], inputs[:len(v)*inSize])

	for i := range v {
		v[i].SampleCBD(streams[i*size:][:size], eta)
	}
}
