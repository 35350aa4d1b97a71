package mlkem

import (
	"encoding/binary"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// keyGen sets t̂, ŝ, Â, ρ and H(ek) of the key pair of dk from its d.
//
// It implements K-PKE.KeyGen, according to FIPS 203, Algorithm 13, and beside it
// H(ek) of Algorithm 16, for which each row of t̂ is encoded as soon as it is there.
func (dk *DecapsulationKey) keyGen() {
	ek, p := dk.ek, dk.ek.params
	k := p.k

	var b sha3.Batch
	var seeds [64]byte
	b.Sum512(&seeds, append(append(make([]byte, 0, 33), dk.d[:]...), byte(k)), nil)
	ek.rho = [32]byte(seeds[:32])
	//ct:declassify ek.rho: ρ is half of the encapsulation key, which is published
	sigma := [32]byte(seeds[32:])

	noise := ring.Polys(dk.s[:2*k]) // s ‖ e, which become ŝ and t̂: t̂ stands behind ŝ
	expandNoise(&b, noise, p.eta1, &sigma, 0, nil)
	var factors [maxK]ring.Factor
	for i := range dk.s {
		noise[i].NTT().Reduce()
		factors[i].Set(&dk.s[i])
	}

	var buf [maxEncapsulationKeySize]byte
	encoded := buf[:p.EncapsulationKeySize()]
	copy(encoded[k*ring.EncodedSize:], ek.rho[:])
	b.BeginSum256(len(encoded))
	var product ring.NTT
	made := 0
	for i := range k {
		made = ek.expandMatrix(&b, made, (i+1)*k, encoded[:i*ring.EncodedSize])
		t := noise[k+i].NTT()
		product.InnerProduct(ek.a[i*k:], 1, factors[:k])
		t.Add(&product)
		t.Reduce()
		//ct:declassify *t: t̂ is the other half of the encapsulation key
		t.Encode((*[ring.EncodedSize]byte)(encoded[i*ring.EncodedSize:]))
	}
	//ct:declassify ek.t: it is a part of the encapsulation key
	b.Sum(&ek.h, encoded)
}

// A sink takes a ciphertext part by part.
type sink struct {
	ciphertext []byte // of which parts are cut off
	compare    bool   // compare with what is there, rather than write
	difference uint64 // not zero if they differ
}

// put takes the next part: f, compressed to d bits.
func (s *sink) put(f *ring.Poly, d int) {
	part := s.ciphertext[:32*d]
	s.ciphertext = s.ciphertext[32*d:]
	if !s.compare {
		f.Compress(part, d)
		//ct:declassify part: it is sent
		return
	}
	var buf [32 * maxD]byte
	again := buf[:32*d]
	f.Compress(again, d)
	for ; len(part) >= 8 && len(again) >= 8; part, again = part[8:], again[8:] {
		s.difference |= binary.LittleEndian.Uint64(part) ^ binary.LittleEndian.Uint64(again)
	}
}

// same returns 1 if no difference was found, and 0 otherwise. Its time does not depend
// on that.
func (s *sink) same() int { return int(1 ^ (s.difference|-s.difference)>>63) }

// encrypt gives c the encryption of m with the randomness r. On the way it makes a long
// hash of a message of which known is known.
//
// It implements K-PKE.Encrypt, according to FIPS 203, Algorithm 14, with Â and t̂
// taken from the key.
func (ek *EncapsulationKey) encrypt(b *sha3.Batch, c *sink, m, r *[32]byte, known []byte) {
	k, du, dv := ek.params.k, ek.params.du, ek.params.dv

	var noise [maxK + 1]ring.Poly
	var factors [maxK]ring.Factor

	y := noise[:k]
	expandNoise(b, y, ek.params.eta1, r, 0, known)
	for i := range y {
		factors[i].Set(y[i].NTT())
	}
	e := noise[:k+1] // e₁ ‖ e₂
	expandNoise(b, e, eta2, r, k, known)

	var product ring.NTT
	for i := range k {
		product.InnerProduct(ek.a[i:], k, factors[:k])
		u := product.InverseNTT()
		u.Add(&e[i])
		c.put(u, du)
	}

	mu := &e[0] // which is not needed any more
	mu.Decompress(m[:], 1)
	product.InnerProduct(ek.t, 1, factors[:k])
	v := product.InverseNTT()
	v.Add(&e[k])
	v.Add(mu)
	c.put(v, dv)
}

// decrypt sets m to the decryption of c.
//
// It implements K-PKE.Decrypt, according to FIPS 203, Algorithm 15, with ŝ taken
// from the key.
func (dk *DecapsulationKey) decrypt(m *[32]byte, c []byte) {
	k, du, dv := dk.ek.params.k, dk.ek.params.du, dk.ek.params.dv

	var u [maxK]ring.Factor
	for i := range k {
		var ui ring.Poly
		ui.Decompress(c[i*32*du:][:32*du], du)
		u[i].Set(ui.NTT())
	}
	var w ring.Poly
	w.Decompress(c[k*32*du:][:32*dv], dv)

	var product ring.NTT
	product.InnerProduct(dk.s, 1, u[:k])
	w.Sub(product.InverseNTT())
	w.Compress(m[:], 1)
}
