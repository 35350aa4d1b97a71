package mlkem

import (
	"crypto/subtle"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// The functions of this file do up to Width operations at once, all of the same parameter set. They
// make the hashes of all operations in lockstep, and compute with the polynomials of one operation
// after the other. The results are those of the methods for one operation.

// Width is the largest number of operations at once.
const Width = sha3.Width

// group returns how many of n operations to do next in lockstep, or 1 if single ones take less
// time. On machines that permute Width states as fast as four, lockstep pays from least on, and on
// others for one operation more.
func group(n, least int) int {
	atOnce := sha3.AtOnce()
	if atOnce < Width {
		least++
	}
	if n = min(n, atOnce); n < least {
		return 1
	}
	return n
}

// parts holds a part of a message, or an output, of each operation.
type parts [Width][]byte

// GenerateMany is [DecapsulationKey.Generate] of several keys.
func GenerateMany(dks []*DecapsulationKey, seeds []*[64]byte) {
	for len(dks) > 0 {
		n := group(len(dks), 2)
		if n == 1 {
			dks[0].Generate(seeds[0])
		} else {
			generate(dks[:n], seeds)
		}
		dks, seeds = dks[n:], seeds[n:]
	}
}

// generate is GenerateMany in lockstep: Algorithms 13 and 16 of FIPS 203.
func generate(dks []*DecapsulationKey, seeds []*[64]byte) {
	n := len(dks)
	k, eta1 := dks[0].ek.params.k, dks[0].ek.params.eta1
	var hashes sha3.Many
	var x, y parts

	kByte := [1]byte{byte(k)}
	var g [Width][64]byte // ρ ‖ σ
	var eks [Width]*EncapsulationKey
	for i, dk := range dks {
		dk.d, dk.z = [32]byte(seeds[i][:32]), [32]byte(seeds[i][32:])
		x[i], y[i] = dk.d[:], kByte[:]
		eks[i] = dk.ek
	}
	gMany(&hashes, &g, x[:n], y[:n])
	for i, ek := range eks[:n] {
		ek.rho = [32]byte(g[i][:32])
		//ct:declassify ek.rho: ρ is half of the encapsulation key, which is published
	}
	expandMatrices(&hashes, eks[:n])

	// ŝ and t̂
	var noise noises
	noise.sample(&hashes, g[:n], 0, eta1, 0, 2*k)
	var s [maxK]ring.Factor
	for i, dk := range dks {
		prf := noise.of(i)
		dk.sampleSecrets(&prf, s[:k])
		for row := range k {
			dk.ek.multiplyRow(row, s[:k])
		}
	}

	// H(ek)
	hashes.BeginSum256(n)
	var encoded [Width][ring.EncodedSize]byte
	for row := range k {
		for i, ek := range eks[:n] {
			ek.t[row].Encode(&encoded[i])
			x[i] = encoded[i][:]
		}
		hashes.Write(x[:n])
	}
	var h [Width][32]byte
	for i, ek := range eks[:n] {
		x[i], y[i] = ek.rho[:], h[i][:]
	}
	hashes.Write(x[:n])
	hashes.Read(y[:n])
	for i, ek := range eks[:n] {
		ek.h = h[i]
		//ct:declassify ek.h: it is the hash of the encapsulation key
	}
}

// ParseMany is [EncapsulationKey.Parse] of several keys, which must be different. It sets valid to its
// results.
func ParseMany(eks []*EncapsulationKey, encoded [][]byte, valid []bool) {
	for len(eks) > 0 {
		// A single operation makes the hash beside the streams, so that lockstep saves little.
		n := group(len(eks), 3)
		if n == 1 {
			valid[0] = eks[0].Parse(encoded[0])
		} else {
			parse(eks[:n], encoded[:n], valid)
		}
		eks, encoded, valid = eks[n:], encoded[n:], valid[n:]
	}
}

// parse is ParseMany in lockstep.
func parse(eks []*EncapsulationKey, encoded [][]byte, valid []bool) {
	var own [Width]*EncapsulationKey // those that are valid
	var x, h parts
	m := 0
	for i, ek := range eks {
		if valid[i] = ek.decode(encoded[i]); valid[i] {
			own[m], x[m], h[m] = ek, encoded[i], ek.h[:]
			m++
		}
	}
	if m == 0 {
		return
	}
	var hashes sha3.Many
	expandMatrices(&hashes, own[:m])
	hashes.BeginSum256(m)
	hashes.Write(x[:m])
	hashes.Read(h[:m])
}

// EncapsulateMany is [EncapsulationKey.Encapsulate] to several keys, which can be the same one.
func EncapsulateMany(eks []*EncapsulationKey, sharedKeys []*[32]byte, ciphertexts [][]byte, ms []*[32]byte) {
	for len(eks) > 0 {
		n := group(len(eks), 2)
		if n == 1 {
			eks[0].Encapsulate(sharedKeys[0], ciphertexts[0], ms[0])
		} else {
			encapsulate(eks[:n], sharedKeys, ciphertexts, ms)
		}
		eks, sharedKeys, ciphertexts, ms = eks[n:], sharedKeys[n:], ciphertexts[n:], ms[n:]
	}
}

// encapsulate is EncapsulateMany in lockstep: Algorithm 17 of FIPS 203.
func encapsulate(eks []*EncapsulationKey, sharedKeys []*[32]byte, ciphertexts [][]byte, ms []*[32]byte) {
	n := len(eks)
	var hashes sha3.Many
	var x, y parts
	var g [Width][64]byte // K ‖ r
	for i, ek := range eks {
		x[i], y[i] = ms[i][:], ek.h[:]
	}
	gMany(&hashes, &g, x[:n], y[:n])

	var noise noises
	noise.sampleEncryption(&hashes, g[:n], eks[0].params)
	for i, ek := range eks {
		prf := noise.of(i)
		ek.encryptWith(&prf, ciphertexts[i], ms[i])
		*sharedKeys[i] = [32]byte(g[i][:32])
	}
	//ct:declassify ciphertexts: they are sent
}

// DecapsulateMany is [DecapsulationKey.Decapsulate] with several keys, which can be the same one. It
// writes to sharedKeys at last: they may overlap the ciphertexts.
func DecapsulateMany(dks []*DecapsulationKey, sharedKeys []*[32]byte, ciphertexts [][]byte) {
	var keys [Width][32]byte
	for done := 0; done < len(dks); {
		n := group(len(dks)-done, 2)
		if n == 1 {
			dks[done].Decapsulate(&keys[done], ciphertexts[done])
		} else {
			decapsulate(dks[done:][:n], keys[done:], ciphertexts[done:][:n])
		}
		done += n
	}
	for i, key := range sharedKeys {
		*key = keys[i]
	}
}

// decapsulate is DecapsulateMany in lockstep: Algorithm 18 of FIPS 203.
func decapsulate(dks []*DecapsulationKey, keys [][32]byte, ciphertexts [][]byte) {
	n := len(dks)
	var hashes sha3.Many
	var x, y parts

	var rejected [Width][32]byte // K̄
	for i, dk := range dks {
		x[i], y[i] = dk.z[:], rejected[i][:]
	}
	hashes.BeginSHAKE256(n)
	hashes.Write(x[:n])
	hashes.Write(ciphertexts)
	hashes.Read(y[:n])

	var ms [Width][32]byte // m′
	for i, dk := range dks {
		dk.decrypt(&ms[i], ciphertexts[i])
		x[i], y[i] = ms[i][:], dk.ek.h[:]
	}
	var g [Width][64]byte // K′ ‖ r′
	gMany(&hashes, &g, x[:n], y[:n])

	var noise noises
	noise.sampleEncryption(&hashes, g[:n], dks[0].ek.params)
	var buf [maxCiphertextSize]byte
	for i, dk := range dks {
		c := ciphertexts[i]
		again := buf[:len(c)] // c′
		prf := noise.of(i)
		dk.ek.encryptWith(&prf, again, &ms[i])
		keys[i] = [32]byte(g[i][:32])
		subtle.ConstantTimeCopy(differ(c, again), keys[i][:], rejected[i][:])
	}
}

// gMany sets out to G(x ‖ y) of each operation.
func gMany(hashes *sha3.Many, out *[Width][64]byte, x, y [][]byte) {
	var outs parts
	for i := range outs {
		outs[i] = out[i][:]
	}
	hashes.BeginSum512(len(x))
	hashes.Write(x)
	hashes.Write(y)
	hashes.Read(outs[:len(x)])
}

// expandMatrices is expandMatrix of whole matrices.
func expandMatrices(hashes *sha3.Many, eks []*EncapsulationKey) {
	var fs [Width]*ring.NTT
	var rhos [Width]*[32]byte
	var ends [Width][2]byte // j ‖ i
	var outs parts
	var streams [Width][usualStream]byte
	n := 0
	for l, ek := range eks {
		//ct:declassify ek.a: it expands from ρ, which is public
		k := ek.params.k
		for i := range k {
			for j := range k {
				fs[n], rhos[n], ends[n], outs[n] = &ek.a[i*k+j], &ek.rho, [2]byte{byte(j), byte(i)}, streams[n][:]
				n++
				if n == Width || l == len(eks)-1 && i == k-1 && j == k-1 {
					hashes.BeginSHAKE128s(rhos[:n], ends[:n])
					sampleNTTs(fs[:n], hashes, outs[:n])
					n = 0
				}
			}
		}
	}
}

// sampleNTTs is sampleNTT of each of fs, from outputs of hashes. It reads the usual streams to
// streams, and then further blocks until all polynomials are complete.
func sampleNTTs(fs []*ring.NTT, hashes *sha3.Many, streams [][]byte) {
	var outs parts
	for i := range fs {
		outs[i] = streams[i]
	}
	var sizes [Width]int // the number of coefficients of each polynomial
	for missing := true; missing; {
		hashes.Read(outs[:len(fs)])
		missing = false
		for i, f := range fs {
			stream := outs[i]
			//ct:declassify stream: it expands from ρ, which is public
			sizes[i] = f.SampleVartime(sizes[i], stream)
			missing = missing || sizes[i] < ring.N
			outs[i] = stream[:sha3.RateSHAKE128]
		}
	}
}

// noises holds the noise of each operation: PRF_η(seed, N) for all N.
type noises [Width][(2*maxK + 1) * 64 * eta2]byte

// of returns the noise of operation i.
func (noise *noises) of(i int) prf {
	return prf{streams: noise[i][:], made: len(noise[i])}
}

// sampleEncryption makes the noise of K-PKE.Encrypt, from the second halves of seeds.
func (noise *noises) sampleEncryption(hashes *sha3.Many, seeds [][64]byte, p *Params) {
	noise.sample(hashes, seeds, 0, p.eta1, 0, p.k)
	noise.sample(hashes, seeds, 64*p.eta1*p.k, eta2, p.k, 2*p.k+1)
}

// sample makes PRF_η(seed, N) for all N from first to end - 1, at offset of the noise of each
// operation. Its seeds are the second halves of seeds.
func (noise *noises) sample(hashes *sha3.Many, seeds [][64]byte, offset, eta, first, end int) {
	var keys [Width]*[32]byte
	var numbers [Width]byte
	var outs parts
	n := 0
	for i := range seeds {
		rest := noise[i][offset:]
		for number := first; number < end; number++ {
			keys[n], numbers[n], outs[n] = (*[32]byte)(seeds[i][32:]), byte(number), rest[:64*eta]
			rest = rest[64*eta:]
			n++
			if n == Width || i == len(seeds)-1 && number == end-1 {
				hashes.BeginSHAKE256s(keys[:n], numbers[:n])
				hashes.Read(outs[:n])
				n = 0
			}
		}
	}
}
