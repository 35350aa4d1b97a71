package mlkem

import (
	"crypto/subtle"
	"slices"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// An EncapsulationKey is an encapsulation key that has been checked and expanded.
type EncapsulationKey struct {
	params *Params
	rho    [32]byte
	h      [32]byte   // H(ek)
	t      []ring.NTT // t̂, canonical
	a      []ring.NTT // Â, row by row, canonical
}

// A DecapsulationKey is the secret half of a key pair, beside its public half.
type DecapsulationKey struct {
	ek *EncapsulationKey
	s  []ring.NTT // ŝ, canonical
	z  [32]byte
	d  [32]byte // not known, and not used, for an expanded key
}

// Generate expands the key pair of dk from seed, which is d ‖ z.
//
// It implements ML-KEM.KeyGen_internal, according to FIPS 203, Algorithm 16.
func (dk *DecapsulationKey) Generate(seed *[64]byte) {
	dk.d, dk.z = [32]byte(seed[:32]), [32]byte(seed[32:])
	dk.keyGen()
}

// Encapsulate sets sharedKey and ciphertext from the randomness m.
//
// It implements ML-KEM.Encaps_internal, according to FIPS 203, Algorithm 17.
func (ek *EncapsulationKey) Encapsulate(sharedKey *[32]byte, ciphertext []byte, m *[32]byte) {
	var b sha3.Batch
	key, r := ek.derive(&b, m, nil)
	ek.encrypt(&b, &sink{ciphertext: ciphertext}, m, &r, nil)
	*sharedKey = key
}

// derive returns the shared key of m and the randomness for its encryption. On the way it
// makes a long hash of a message of which known is known.
func (ek *EncapsulationKey) derive(b *sha3.Batch, m *[32]byte, known []byte) (key, r [32]byte) {
	var in, out [64]byte
	copy(in[:32], m[:])
	copy(in[32:], ek.h[:])
	b.Sum512(&out, in[:], known)
	return [32]byte(out[:32]), [32]byte(out[32:])
}

// Decapsulate sets sharedKey. A ciphertext that does not come from
// encapsulation gives a key that looks like any other (implicit rejection).
//
// It implements ML-KEM.Decaps_internal, according to FIPS 203, Algorithm 18.
func (dk *DecapsulationKey) Decapsulate(sharedKey *[32]byte, ciphertext []byte) {
	var m [32]byte
	dk.decrypt(&m, ciphertext)

	var b sha3.Batch
	b.BeginSHAKE256(&dk.z, len(ciphertext))
	key, r := dk.ek.derive(&b, &m, ciphertext)
	again := sink{ciphertext: ciphertext, compare: true}
	dk.ek.encrypt(&b, &again, &m, &r, ciphertext)

	var rejected [32]byte
	b.Sum(&rejected, ciphertext)
	subtle.ConstantTimeCopy(again.same(), rejected[:], key[:])
	*sharedKey = rejected
}

// Params returns the parameter set of the key.
func (ek *EncapsulationKey) Params() *Params { return ek.params }

// Params returns the parameter set of the key.
func (dk *DecapsulationKey) Params() *Params { return dk.ek.params }

// AppendSeed appends the seed, d ‖ z, to b.
func (dk *DecapsulationKey) AppendSeed(b []byte) []byte {
	return append(append(b, dk.d[:]...), dk.z[:]...)
}

// Equal reports whether dk and x, which both come from seeds and are of one
// parameter set, are the same key. Its time does not depend on their secrets.
func (dk *DecapsulationKey) Equal(x *DecapsulationKey) bool {
	return subtle.ConstantTimeCompare(dk.d[:], x.d[:])&subtle.ConstantTimeCompare(dk.z[:], x.z[:]) == 1
}

// SameExpansion reports whether dk and x have the same expanded form: ŝ, ek, H(ek)
// and z. Its time does not depend on ŝ and z.
func (dk *DecapsulationKey) SameExpansion(x *DecapsulationKey) bool {
	if !dk.ek.Equal(x.ek) {
		return false
	}
	var difference int16
	for i := range dk.s {
		for j := range dk.s[i] {
			difference |= dk.s[i][j] ^ x.s[i][j]
		}
	}
	return subtle.ConstantTimeEq(int32(difference), 0)&subtle.ConstantTimeCompare(dk.z[:], x.z[:]) == 1
}

// Overwrite overwrites the secrets of dk.
func (dk *DecapsulationKey) Overwrite() {
	clear(dk.s)
	clear(dk.z[:])
	clear(dk.d[:])
}

// AppendBytes appends the encoded encapsulation key, t̂ ‖ ρ, to b.
func (ek *EncapsulationKey) AppendBytes(b []byte) []byte {
	var encoded [ring.EncodedSize]byte
	for i := range ek.t {
		ek.t[i].Encode(&encoded)
		b = append(b, encoded[:]...)
	}
	return append(b, ek.rho[:]...)
}

// Equal reports whether ek and x, which are of one parameter set, are the same key.
func (ek *EncapsulationKey) Equal(x *EncapsulationKey) bool {
	return ek.rho == x.rho && slices.Equal(ek.t, x.t)
}

// decode sets the polynomials of v from b, of EncodedSize bytes for each, and
// reports whether all coefficients were below q.
func decode(v []ring.NTT, b []byte) bool {
	ok := true
	for i := range v {
		// No early exit: the vector may be ŝ.
		below := v[i].Decode((*[ring.EncodedSize]byte)(b[i*ring.EncodedSize:]))
		//ct:declassify below: whether an expanded key is valid is public
		ok = ok && below
	}
	return ok
}

// Parse sets ek from b, of EncapsulationKeySize bytes, and expands it. It
// reports whether b passes the modulus check of FIPS 203, section 7.2.
//
// It implements the start of K-PKE.Encrypt, FIPS 203, Algorithm 14.
func (ek *EncapsulationKey) Parse(b []byte) bool {
	if !decode(ek.t, b) {
		return false
	}
	ek.rho = [32]byte(b[len(ek.t)*ring.EncodedSize:])
	var batch sha3.Batch
	batch.BeginSum256(len(b))
	ek.expandMatrix(&batch, 0, len(ek.a), b)
	batch.Sum(&ek.h, b)
	return true
}

// ParseExpanded sets the key pair of dk from b, of ExpandedKeySize bytes:
// ŝ ‖ ek ‖ H(ek) ‖ z. It reports whether b passes the hash check of FIPS 203,
// section 7.3, and all its coefficients are below q.
func (dk *DecapsulationKey) ParseExpanded(b []byte) bool {
	ek := dk.ek
	sSize, ekSize := len(dk.s)*ring.EncodedSize, ek.params.EncapsulationKeySize()
	encodedS, encodedEK, h, z := b[:sSize], b[sSize:][:ekSize], b[sSize+ekSize:][:32], b[sSize+ekSize+32:]
	//ct:declassify encodedEK: it is the encapsulation key
	//ct:declassify h: it should be the hash of the encapsulation key
	if !decode(dk.s, encodedS) || !ek.Parse(encodedEK) || ek.h != [32]byte(h) {
		dk.Overwrite()
		return false
	}
	dk.z = [32]byte(z)
	return true
}
