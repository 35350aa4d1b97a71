package mlkem

import (
	"crypto/subtle"
	"slices"
	"unsafe"

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
	d  [32]byte // zero and not used for an expanded key
}

// A key is one object, with the head that its owner puts before it. Two objects would take more
// time, not least because the polynomials alone can have a size that Go allocates a whole span for.

type keyPair[H, Polys any] struct {
	head  H
	dk    DecapsulationKey
	ek    EncapsulationKey
	polys Polys
	_     [line]byte
}

// NewKeyPair allocates a key pair of p, and a head beside it. The key pair is not a valid one
// before [DecapsulationKey.Generate] or [DecapsulationKey.ParseExpanded] has set it.
func NewKeyPair[H any](p *Params) (*H, *DecapsulationKey, *EncapsulationKey) {
	switch p.k {
	case 2:
		keys := new(keyPair[H, [2*2 + 2*2]ring.NTT])
		return &keys.head, &keys.dk, keys.ek.init(p, &keys.dk, &keys.polys[0])
	case 3:
		keys := new(keyPair[H, [3*3 + 2*3]ring.NTT])
		return &keys.head, &keys.dk, keys.ek.init(p, &keys.dk, &keys.polys[0])
	default:
		keys := new(keyPair[H, [4*4 + 2*4]ring.NTT])
		return &keys.head, &keys.dk, keys.ek.init(p, &keys.dk, &keys.polys[0])
	}
}

// A publicKey is the memory of an encapsulation key, as keyPair is that of both keys.
type publicKey[H, Polys any] struct {
	head  H
	ek    EncapsulationKey
	polys Polys
	_     [line]byte
}

// NewEncapsulationKey allocates an encapsulation key of p, and a head beside it. The key is not
// a valid one before [EncapsulationKey.Parse] has set it.
func NewEncapsulationKey[H any](p *Params) (*H, *EncapsulationKey) {
	switch p.k {
	case 2:
		key := new(publicKey[H, [2*2 + 2]ring.NTT])
		return &key.head, key.ek.init(p, nil, &key.polys[0])
	case 3:
		key := new(publicKey[H, [3*3 + 3]ring.NTT])
		return &key.head, key.ek.init(p, nil, &key.polys[0])
	default:
		key := new(publicKey[H, [4*4 + 4]ring.NTT])
		return &key.head, key.ek.init(p, nil, &key.polys[0])
	}
}

// line is the size of a cache line. Kernels load and store 64 bytes at once, which takes
// longer if they lie in two lines.
const line = 64

// atLine has room for a T that begins at a line. Go aligns variables on the stack to words.
type atLine[T any] struct {
	value T
	_     [line]byte
}

// get returns the T. If the stack moves, it stays at a line, since stacks begin and end at lines.
func (r *atLine[T]) get() *T {
	start := unsafe.Pointer(&r.value)
	return (*T)(unsafe.Add(start, -uintptr(start)%line))
}

// init gives memory to the vectors of ek, and of dk if it is not nil, in the order Â, ŝ, t̂.
// The memory begins at first, and is a line longer than the vectors. They begin at a
// line.
func (ek *EncapsulationKey) init(p *Params, dk *DecapsulationKey, first *ring.NTT) *EncapsulationKey {
	k := p.k
	n := k*k + k
	if dk != nil {
		n += k
	}
	polys := aligned(first, n)
	ek.params = p
	ek.a, ek.t = polys[:k*k:k*k], polys[n-k:]
	if dk != nil {
		dk.ek, dk.s = ek, polys[k*k:][:k]
	}
	return ek
}

// aligned returns n polynomials in the memory from first on, from the first line that begins there.
func aligned(first *ring.NTT, n int) []ring.NTT {
	start := unsafe.Pointer(first)
	return unsafe.Slice((*ring.NTT)(unsafe.Add(start, -uintptr(start)%line)), n)
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

// AppendHeader appends the header, ρ ‖ H(ek), to b.
func (ek *EncapsulationKey) AppendHeader(b []byte) []byte {
	return append(append(b, ek.rho[:]...), ek.h[:]...)
}

// Equal reports whether ek and x, which are of one parameter set, are the same key.
func (ek *EncapsulationKey) Equal(x *EncapsulationKey) bool {
	return ek.rho == x.rho && slices.Equal(ek.t, x.t)
}

// decode sets the polynomials of v from b, of EncodedSize bytes for each. It reports
// whether all coefficients were below q.
func decode(v []ring.NTT, b []byte) bool {
	valid := 1
	for i := range v {
		// No early exit: the vector may be ŝ.
		valid &= v[i].Decode((*[ring.EncodedSize]byte)(b[i*ring.EncodedSize:]))
	}
	//ct:declassify valid: whether an expanded key is valid is public
	return valid == 1
}

// Parse sets ek from b, of EncapsulationKeySize bytes, and expands it. It
// reports whether b passes the modulus check of FIPS 203, section 7.2.
//
// It implements the start of K-PKE.Encrypt, FIPS 203, Algorithm 14.
func (ek *EncapsulationKey) Parse(b []byte) bool {
	if !ek.decode(b) {
		return false
	}
	var h sha3.Long
	h.BeginSum256(len(b))
	h.Write(b)
	var x expander
	x.batch.Long[0] = &h
	ek.expandMatrix(&x, len(ek.a))
	x.batch.Sum(&ek.h, &h)
	return true
}

// decode sets t̂ and ρ from b. It reports whether all coefficients were below q.
func (ek *EncapsulationKey) decode(b []byte) bool {
	ek.rho = [32]byte(b[len(ek.t)*ring.EncodedSize:])
	return decode(ek.t, b)
}

// Valid reports whether b, of EncapsulationKeySize bytes, passes the check of Parse. It leaves ek as
// it is.
func (ek *EncapsulationKey) Valid(b []byte) bool {
	var f [1]ring.NTT
	for i := range ek.t {
		if !decode(f[:], b[i*ring.EncodedSize:]) {
			return false
		}
	}
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
