package mlkem

import (
	"crypto/subtle"
	"encoding/binary"

	"hybridkem/internal/sha3"
)

// Generate expands the key pair of dk from seed, which is d ‖ z.
//
// It implements ML-KEM.KeyGen_internal, according to FIPS 203, Algorithm 16. The batch makes H(ek)
// beside the streams of K-PKE.KeyGen.
func (dk *DecapsulationKey) Generate(seed *[64]byte) {
	dk.d, dk.z = [32]byte(seed[:32]), [32]byte(seed[32:])
	var h sha3.Long
	var x expander
	x.batch.Long[0] = &h
	dk.keyGen(&x, &h)
	x.batch.Sum(&dk.ek.h, &h)
	//ct:declassify dk.ek.h: it is the hash of the encapsulation key
}

// Encapsulate sets sharedKey and ciphertext from the randomness m.
//
// It implements ML-KEM.Encaps_internal, according to FIPS 203, Algorithm 17.
func (ek *EncapsulationKey) Encapsulate(sharedKey *[32]byte, ciphertext []byte, m *[32]byte) {
	var b sha3.Batch
	key, r := g(&b, m, ek.h[:])
	ek.encrypt(&b, ciphertext, m, &r)
	//ct:declassify ciphertext: it is sent
	*sharedKey = key
}

// Decapsulate sets sharedKey. A ciphertext c that encapsulation has not made gives a key
// that looks like any other (implicit rejection).
//
// It implements ML-KEM.Decaps_internal, according to FIPS 203, Algorithm 18. The batch makes J
// beside the other hashes, so J begins first.
func (dk *DecapsulationKey) Decapsulate(sharedKey *[32]byte, c []byte) {
	var j sha3.Long
	dk.BeginJ(&j, c)
	dk.DecapsulateWith(&j, sharedKey, c)
}

// BeginJ begins J(z ‖ c). J is that of FIPS 203, section 4.1.
func (dk *DecapsulationKey) BeginJ(j *sha3.Long, c []byte) {
	j.BeginSHAKE256(len(dk.z) + len(c))
	j.Write(dk.z[:])
	j.Write(c)
}

// DecapsulateWith is [DecapsulationKey.Decapsulate] with J. Some blocks of J, or all, may be done.
func (dk *DecapsulationKey) DecapsulateWith(j *sha3.Long, sharedKey *[32]byte, c []byte) {
	b := sha3.Batch{Long: [2]*sha3.Long{j}}
	var m [32]byte // m′
	dk.decrypt(&m, c)
	key, r := g(&b, &m, dk.ek.h[:]) // K′, r′
	var buf [maxCiphertextSize]byte
	again := buf[:len(c)] // c′
	dk.ek.encrypt(&b, again, &m, &r)
	var rejected [32]byte // K̄
	b.Sum(&rejected, j)
	subtle.ConstantTimeCopy(differ(c, again), key[:], rejected[:])
	*sharedKey = key
}

// g returns the two halves of G(x ‖ y), for y of at most 32 bytes. G is that of FIPS 203,
// section 4.1.
func g(b *sha3.Batch, x *[32]byte, y []byte) (first, second [32]byte) {
	var in, out [64]byte
	copy(in[:32], x[:])
	copy(in[32:], y)
	b.Sum512(&out, in[:32+len(y)])
	return [32]byte(out[:32]), [32]byte(out[32:])
}

// differ returns 1 if x and y differ, and 0 if they are equal. Their lengths are the same, a
// multiple of 32. Its time depends only on the length.
//
// It compares words. [subtle.ConstantTimeCompare] compares bytes, and so takes longer. It takes
// four words at a time, since each new slice waits for the one before, for longer than a word takes.
func differ(x, y []byte) int {
	var d uint64
	for ; len(x) >= 32 && len(y) >= 32; x, y = x[32:], y[32:] {
		d |= binary.LittleEndian.Uint64(x) ^ binary.LittleEndian.Uint64(y)
		d |= binary.LittleEndian.Uint64(x[8:]) ^ binary.LittleEndian.Uint64(y[8:])
		d |= binary.LittleEndian.Uint64(x[16:]) ^ binary.LittleEndian.Uint64(y[16:])
		d |= binary.LittleEndian.Uint64(x[24:]) ^ binary.LittleEndian.Uint64(y[24:])
	}
	return int((d | -d) >> 63)
}
