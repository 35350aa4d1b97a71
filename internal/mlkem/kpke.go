package mlkem

import (
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// keyGen sets t̂, ŝ, Â and ρ of dk and its encapsulation key from its d.
//
// It implements K-PKE.KeyGen, according to FIPS 203, Algorithm 13, except for the
// encodings, which happen when bytes are asked for.
func (dk *DecapsulationKey) keyGen() {
	ek := dk.ek
	k := ek.params.k

	var rhoSigma [64]byte
	sha3.Sum512(&rhoSigma, dk.d[:], []byte{byte(k)})
	ek.rho = [32]byte(rhoSigma[:32])
	sigma := [32]byte(rhoSigma[32:])

	expandMatrix(ek.a, k, &ek.rho)
	var noise [2 * maxK]ring.Poly
	var factors [maxK]ring.Factor

	s, e := noise[:k], noise[k:2*k]
	expandNoise(noise[:2*k], ek.params.eta1, &sigma, 0)
	for i := range s {
		dk.s[i] = *s[i].NTT()
		dk.s[i].Reduce()
		factors[i].Set(&dk.s[i])
	}
	for i := range ek.t {
		ek.t[i].InnerProduct(ek.a[i*k:], 1, factors[:k])
		ek.t[i].Add(e[i].NTT())
		ek.t[i].Reduce()
	}
}

// encrypt writes to c the encryption of m with the randomness r.
//
// It implements K-PKE.Encrypt, according to FIPS 203, Algorithm 14, with Â and t̂
// taken from the key.
func (ek *EncapsulationKey) encrypt(c []byte, m, r *[32]byte) {
	k, du, dv := ek.params.k, ek.params.du, ek.params.dv

	var noise [maxK + 1]ring.Poly
	var factors [maxK]ring.Factor

	y := noise[:k]
	expandNoise(y, ek.params.eta1, r, 0)
	for i := range y {
		factors[i].Set(y[i].NTT())
	}
	e := noise[:k+1] // e₁ ‖ e₂
	expandNoise(e, eta2, r, k)

	var product ring.NTT
	for i := range k {
		product.InnerProduct(ek.a[i:], k, factors[:k])
		u := product.InverseNTT()
		u.Add(&e[i])
		u.Compress(c[i*32*du:][:32*du], du)
	}

	var mu ring.Poly
	mu.Decompress(m[:], 1)
	product.InnerProduct(ek.t, 1, factors[:k])
	v := product.InverseNTT()
	v.Add(&e[k])
	v.Add(&mu)
	v.Compress(c[k*32*du:][:32*dv], dv)
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
