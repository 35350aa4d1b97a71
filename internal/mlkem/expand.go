package mlkem

import (
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// expandMatrix sets the polynomials of Â, row by row, that expand from ρ, from number
// made on until there are at least want, and returns how many there are then. On the
// way it makes H(ek), of which known is known.
//
// It implements the loops of K-PKE.KeyGen and K-PKE.Encrypt (FIPS 203, Algorithm
// 13, lines 3 to 7, and Algorithm 14, lines 4 to 8) with SampleNTT, Algorithm 7,
// whose filter is [ring.NTT.SampleVartime].
func (ek *EncapsulationKey) expandMatrix(b *sha3.Batch, made, want int, known []byte) int {
	//ct:declassify ek.a: it expands from ρ, which is public
	k := ek.params.k
	for made < want {
		rest := ek.a[made:]
		rest = rest[:min(len(rest), sha3.Lanes)]
		var ends [sha3.Lanes][2]byte
		for i := range rest {
			ends[i] = [2]byte{byte((made + i) % k), byte((made + i) / k)}
		}
		n := b.SHAKE128s(usualStream, &ek.rho, ends[:len(rest)], known)
		for i := range rest[:n] {
			sampleNTT(&rest[i], b.Stream(i), &ek.rho, ends[i])
		}
		made += n
	}
	return made
}

// Three blocks of SHAKE128 hold enough candidates for a polynomial 99 times in a
// hundred.
const usualStream = sha3.MaxStream

// sampleNTT sets f from SHAKE128 of ρ and end, which begins with stream. It implements
// SampleNTT, according to FIPS 203, Algorithm 7.
func sampleNTT(f *ring.NTT, stream []byte, rho *[32]byte, end [2]byte) {
	//ct:declassify stream: it expands from ρ, which is public
	n := f.SampleVartime(0, stream)
	for offset := len(stream); n < ring.N; offset += sha3.RateSHAKE128 {
		var block [sha3.RateSHAKE128]byte
		sha3.SHAKE128At(&block, offset, rho[:], end[:])
		//ct:declassify block: it expands from ρ, which is public
		n = f.SampleVartime(n, block[:])
	}
}

// expandNoise sets the polynomials of v, at most 2·maxK, to noise in [-eta, eta] that
// expands from seed and the numbers from n on. On the way it makes a long hash of a
// message of which known is known.
//
// It implements loops of K-PKE.KeyGen and K-PKE.Encrypt (FIPS 203, Algorithms 13
// and 14) with PRF_η, section 4.1, and SamplePolyCBD_η, Algorithm 8.
func expandNoise(b *sha3.Batch, v []ring.Poly, eta int, seed *[32]byte, n int, known []byte) {
	var numbers [2 * maxK]byte
	for i := range numbers {
		numbers[i] = byte(n + i)
	}
	for made := 0; made < len(v); {
		batch := b.SHAKE256s(64*eta, seed, numbers[made:len(v)], known)
		for i := range batch {
			v[made+i].SampleCBD(b.Stream(i), eta)
		}
		made += batch
	}
}
