package mlkem

import (
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// keyGen sets t̂, ŝ, Â and ρ of the key pair of dk from its d, and writes the message of H(ek) to h.
//
// It implements K-PKE.KeyGen, according to FIPS 203, Algorithm 13. It makes Â row by row, beside
// the polynomial of t̂ that needs the row, and writes that polynomial to h at once, so that the batch can
// make h beside the next rows.
func (dk *DecapsulationKey) keyGen(x *expander, h *sha3.Long) {
	h.BeginSum256(dk.ek.params.EncapsulationKeySize())
	ek, k := dk.ek, dk.ek.params.k

	var sigma [32]byte
	ek.rho, sigma = g(&x.batch, &dk.d, []byte{byte(k)})
	//ct:declassify ek.rho: ρ is half of the encapsulation key, which is published

	var s [maxK]ring.Factor
	dk.sampleSecrets(&prf{batch: &x.batch, seed: &sigma, streams: x.streams[:noiseSize]}, s[:k])

	for i := range ek.t {
		ek.expandMatrix(x, (i+1)*k)
		ek.multiplyRow(i, s[:k])
		writeEncoded(h, &ek.t[i])
	}
	h.Write(ek.rho[:])
}

// writeEncoded writes the encoded f to h.
//
// It is not inlined, as multiplyRow is not, so that its memory is free again when another part of keyGen
// needs some: secret.Do provides no more.
//
//go:noinline
func writeEncoded(h *sha3.Long, f *ring.NTT) {
	var encoded [ring.EncodedSize]byte
	f.Encode(&encoded)
	h.Write(encoded[:])
}

// sampleSecrets sets ŝ ← NTT(s), ê ← NTT(e) in the place of t̂, and s to ŝ. It is a part of
// K-PKE.KeyGen.
func (dk *DecapsulationKey) sampleSecrets(noise *prf, s []ring.Factor) {
	eta1 := dk.ek.params.eta1
	noise.eta, noise.end = eta1, 2*len(s)
	for i := range dk.s {
		dk.s[i].SampleCBD(noise.next(), eta1)
		dk.s[i].Reduce()
		s[i].Set(&dk.s[i])
	}
	for i := range dk.ek.t {
		dk.ek.t[i].SampleCBD(noise.next(), eta1)
	}
}

// multiplyRow sets t̂ ← Â∘ŝ + ê in row i, which holds ê. It is a part of K-PKE.KeyGen.
//
//go:noinline
func (ek *EncapsulationKey) multiplyRow(i int, s []ring.Factor) {
	var product ring.NTT
	product.InnerProduct(ek.a[i*len(s):], 1, s)
	t := &ek.t[i]
	t.Add(&product)
	t.Reduce()
	//ct:declassify *t: t̂ is the other half of the encapsulation key
	//ct:declassify ek.t: it is a part of the encapsulation key
}

// encrypt sets c to the encryption of m with the randomness r. The batch b may make a long hash
// meanwhile.
func (ek *EncapsulationKey) encrypt(b *sha3.Batch, c []byte, m, r *[32]byte) {
	var streams [noiseSize]byte
	ek.encryptWith(&prf{batch: b, seed: r, streams: streams[:]}, c, m)
}

// encryptWith sets c to the encryption of m.
//
// It implements K-PKE.Encrypt, according to FIPS 203, Algorithm 14, with Â and t̂ taken
// from the key.
func (ek *EncapsulationKey) encryptWith(noise *prf, c []byte, m *[32]byte) {
	p := ek.params
	var room atLine[workspace]
	w := room.get()
	w.sampleY(p, noise)
	for i := range p.k {
		c = w.encryptU(p, noise, c, ek.a[i:], p.k, &w.product)
	}
	w.addMessage(noise, m, &w.product)
	w.encryptV(p, c, ek.t, &w.product)
}

// An encryption is what K-PKE.Encrypt works with. It comes in parts, so that the last part, which alone
// needs t̂, can be done later.
type encryption struct {
	f       ring.Poly // in the end e₂ + μ
	factors [maxK]ring.Factor
}

// sampleY sets ŷ ← NTT(y).
func (e *encryption) sampleY(p *Params, noise *prf) {
	noise.eta, noise.end = p.eta1, p.k
	if p.eta1 == eta2 {
		noise.end = 2*p.k + 1
	}
	y := &e.f
	for i := range p.k {
		y.SampleCBD(noise.next(), p.eta1)
		e.factors[i].Set(y.NTT())
	}
	noise.eta, noise.end = eta2, 2*p.k+1
}

// encryptU compresses the next u[i] ← NTT⁻¹(Âᵀ∘ŷ)[i] + e₁[i] to the start of c, and returns the rest of c.
// It needs column i of Â: a[0], a[stride], and so on.
func (e *encryption) encryptU(p *Params, noise *prf, c []byte, a []ring.NTT, stride int, product *ring.NTT) []byte {
	e1 := &e.f
	e1.SampleCBD(noise.next(), eta2)
	product.InnerProduct(a, stride, e.factors[:p.k])
	u := product.InverseNTT()
	u.Add(e1)
	u.Compress(c[:32*p.du], p.du)
	return c[32*p.du:]
}

// addMessage sets f ← e₂ + μ, after all of u.
func (e *encryption) addMessage(noise *prf, m *[32]byte, room *ring.NTT) {
	e.f.SampleCBD(noise.next(), eta2)
	mu := (*ring.Poly)(room)
	mu.Decompress(m[:], 1)
	e.f.Add(mu)
}

// encryptV compresses v ← NTT⁻¹(t̂ᵀ∘ŷ) + e₂ + μ to c.
func (e *encryption) encryptV(p *Params, c []byte, t []ring.NTT, product *ring.NTT) {
	product.InnerProduct(t, 1, e.factors[:p.k])
	v := product.InverseNTT()
	v.Add(&e.f)
	v.Compress(c, p.dv)
}

// decrypt sets m to the decryption of c.
//
// It implements K-PKE.Decrypt, according to FIPS 203, Algorithm 15, with ŝ taken
// from the key.
func (dk *DecapsulationKey) decrypt(m *[32]byte, c []byte) {
	k, du, dv := dk.ek.params.k, dk.ek.params.du, dk.ek.params.dv

	// NTT(u′)
	var room atLine[workspace]
	memory := room.get()
	u, uHat, product := &memory.f, memory.factors[:k], &memory.product
	for i := range k {
		u.Decompress(c[i*32*du:][:32*du], du)
		uHat[i].Set(u.NTT())
	}

	// w ← v′ - NTT⁻¹(ŝᵀ∘NTT(u′))
	w := u // in its memory
	w.Decompress(c[k*32*du:][:32*dv], dv)
	product.InnerProduct(dk.s, 1, uHat)
	w.Sub(product.InverseNTT())
	w.Compress(m[:], 1)
}

// A workspace holds the polynomials of an encryption or a decryption, which begin at a line.
type workspace struct {
	encryption
	product ring.NTT
}

// An expander is what the expansion of a matrix works with. The parts are in one struct so that their
// addresses do not differ by 4096: processors delay a load if its address has the last 12 bits of that
// of a recent store.
type expander struct {
	batch   sha3.Batch
	streams [atOnce * usualStream]byte // in keyGen first those of the noise
	made    int                        // the number of polynomials made
}

// atOnce is the number of streams that there is room for. With more, key generation would need more
// of the stack than secret.Do provides.
const atOnce = 6

// expandMatrix makes polynomials of Â, row by row, from ρ, until at least want are made. It may make
// more, since a batch makes the streams of several polynomials at once.
//
// It implements the loops of K-PKE.KeyGen and K-PKE.Encrypt over Â (FIPS 203, Algorithm
// 13, lines 3 to 7, and Algorithm 14, lines 4 to 8).
func (ek *EncapsulationKey) expandMatrix(x *expander, want int) {
	//ct:declassify ek.a: it expands from ρ, which is public
	k := ek.params.k
	var ends [maxK * maxK][2]byte // j ‖ i
	for i := range k {
		for j := range k {
			ends[i*k+j] = [2]byte{byte(j), byte(i)}
		}
	}
	for x.made < want {
		x.made += sample(ek.a[x.made:], &x.batch, x.streams[:], &ek.rho, ends[x.made:k*k])
	}
}

// sample samples polynomials of Â with these ends, as many as a batch makes at once in the memory for
// streams. It returns their number.
func sample(a []ring.NTT, b *sha3.Batch, streams []byte, rho *[32]byte, ends [][2]byte) (n int) {
	n = b.SHAKE128s(streams, usualStream, rho, ends)
	for l := range n {
		sampleNTT(&a[l], streams[l*usualStream:][:usualStream], rho, ends[l])
	}
	return n
}

// usualStream is the size of the streams that Â is sampled from: three blocks of SHAKE128
// hold enough candidates for a polynomial 99 times in a hundred.
const usualStream = 3 * sha3.RateSHAKE128

// sampleNTT samples f from SHAKE128(ρ ‖ end). Its first blocks are in stream; if they do not
// suffice, it squeezes further ones.
//
// It implements SampleNTT, according to FIPS 203, Algorithm 7, whose loop is
// [ring.NTT.SampleVartime]. Its time depends on ρ, which is public.
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

// noiseSize is the size of the streams that a batch makes at once, for η = 2. For η = 3 there is room for five.
const noiseSize = sha3.States * 64 * eta2

// A prf gives PRF_η(seed, N) for N = 0, 1, …, end - 1, in this order. It is that of FIPS 203,
// section 4.1.
//
// A batch makes several at once, up to end. When the last of them has been given, eta and
// end can be set anew, and N goes on. Without a batch, all are in streams from the start.
type prf struct {
	batch   *sha3.Batch
	seed    *[32]byte
	eta     int
	n, end  int    // n is the next N
	streams []byte // from a batch, with room for as many as it makes at once
	made    int    // how much of streams is made
	given   int    // how much of that next has returned
}

// next returns PRF_η(seed, N), which is valid until the next call, and adds 1 to N.
func (p *prf) next() []byte {
	size := 64 * p.eta
	if p.given == p.made {
		p.made, p.given = size*p.batch.SHAKE256s(p.streams, size, p.seed, p.n, p.end), 0
	}
	stream := p.streams[p.given:][:size]
	p.n++
	p.given += size
	return stream
}
