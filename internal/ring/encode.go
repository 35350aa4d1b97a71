package ring

import (
	"encoding/binary"

	"hybridkem/internal/cpu"
)

const (
	// EncodedSize is the size of an NTT with twelve bits for each coefficient.
	EncodedSize = 12 * N / 8
	// MessageSize is the size of a Poly with one bit for each coefficient.
	MessageSize = N / 8
)

// Encode writes f to b. In f canonical.
//
// It implements ByteEncode_12, according to FIPS 203, Algorithm 5.
func (f *NTT) Encode(b *[EncodedSize]byte) {
	if cpu.AVX512VBMI2 {
		encodeAVX512VBMI2(b, (*[N]int16)(f))
		return
	}
	if cpu.AVX2 {
		encodeAVX2(b, (*[N]int16)(f))
		return
	}
	if cpu.NEON {
		encodeNEON(b, (*[N]int16)(f))
		return
	}
	for i := range N / 2 {
		x := uint32(f[2*i]) | uint32(f[2*i+1])<<12
		b[3*i], b[3*i+1], b[3*i+2] = byte(x), byte(x>>8), byte(x>>16)
	}
}

// Decode reads f from b. It returns 1 if all coefficients are below q, so that f is
// canonical, and 0 otherwise. Its time does not depend on b. It returns a number, because
// Go needs a branch to combine the results of several calls that are booleans.
//
// It implements ByteDecode_12, according to FIPS 203, Algorithm 6, without the
// reduction modulo q, since section 7.2 refuses coefficients that are q or more.
func (f *NTT) Decode(b *[EncodedSize]byte) int {
	if cpu.AVX512VBMI2 {
		return int(decodeAVX512VBMI2((*[N]int16)(f), b))
	}
	if cpu.AVX2 {
		return int(decodeAVX2((*[N]int16)(f), b))
	}
	if cpu.NEON {
		return int(decodeNEON((*[N]int16)(f), b))
	}
	var excess int16
	for i := range N / 2 {
		x := uint32(b[3*i]) | uint32(b[3*i+1])<<8 | uint32(b[3*i+2])<<16
		lo, hi := int16(x&0xfff), int16(x>>12)
		f[2*i], f[2*i+1] = lo, hi
		excess |= (Q - 1 - lo) | (Q - 1 - hi)
	}
	return int(uint16(^excess) >> 15) // the sign bit of excess is 0 if no coefficient is too large
}

// Compress rounds each coefficient of f to d bits, 1 to 11, and writes them to b, of 32·d
// bytes. In any f. There are kernels for the d of the parameter sets.
//
// It implements Compress_d (FIPS 203, equation 4.7) and then ByteEncode_d,
// according to FIPS 203, Algorithm 5.
func (f *Poly) Compress(b []byte, d int) {
	switch c := (*[N]int16)(f); {
	case cpu.AVX512 && d == 1:
		compress1AVX512((*[32 * 1]byte)(b), c)
	case cpu.AVX512VBMI2 && d == 10:
		compress10AVX512VBMI2((*[32 * 10]byte)(b), c)
	case cpu.AVX512VBMI2 && d == 11:
		compress11AVX512VBMI2((*[32 * 11]byte)(b), c)
	case cpu.AVX2 && d == 1:
		compress1AVX2((*[32 * 1]byte)(b), c)
	case cpu.AVX2 && d == 4:
		compress4AVX2((*[32 * 4]byte)(b), c)
	case cpu.AVX2 && d == 5:
		compress5AVX2((*[32 * 5]byte)(b), c)
	case cpu.AVX2 && d == 10:
		compress10AVX2((*[32 * 10]byte)(b), c)
	case cpu.AVX2 && d == 11:
		compress11AVX2((*[32 * 11]byte)(b), c)
	case cpu.NEON && d == 1:
		compress1NEON((*[32 * 1]byte)(b), c)
	case cpu.NEON && d == 4:
		compress4NEON((*[32 * 4]byte)(b), c)
	case cpu.NEON && d == 5:
		compress5NEON((*[32 * 5]byte)(b), c)
	case cpu.NEON && d == 10:
		compress10NEON((*[32 * 10]byte)(b), c)
	case cpu.NEON && d == 11:
		compress11NEON((*[32 * 11]byte)(b), c)
	default:
		f.compressPortable(b, d)
	}
}

func (f *Poly) compressPortable(b []byte, d int) {
	for i := range N / 8 {
		// Eight coefficients make d bytes: 4·d bits in x, and 4·d in y.
		c := f[8*i:][:8]
		x := compress(c[0], d) | compress(c[1], d)<<d | compress(c[2], d)<<(2*d) | compress(c[3], d)<<(3*d)
		y := compress(c[4], d) | compress(c[5], d)<<d | compress(c[6], d)<<(2*d) | compress(c[7], d)<<(3*d)
		var bytes [16]byte
		binary.LittleEndian.PutUint64(bytes[:], x|(y<<(4*d)))
		binary.LittleEndian.PutUint64(bytes[8:], y>>(64-4*d))
		copy(b[i*d:][:d], bytes[:])
	}
}

// Decompress reads f from b, of 32·d bytes with d bits, 1 to 11, for each coefficient. Out
// f canonical. There are kernels for the d of the parameter sets.
//
// It implements ByteDecode_d, according to FIPS 203, Algorithm 6, and then
// Decompress_d (FIPS 203, equation 4.8).
func (f *Poly) Decompress(b []byte, d int) {
	switch c := (*[N]int16)(f); {
	case cpu.AVX512 && d == 1:
		decompress1AVX512(c, (*[32 * 1]byte)(b))
	case cpu.AVX512VBMI2 && d == 4:
		decompress4AVX512VBMI2(c, (*[32 * 4]byte)(b))
	case cpu.AVX512VBMI2 && d == 5:
		decompress5AVX512VBMI2(c, (*[32 * 5]byte)(b))
	case cpu.AVX512VBMI2 && d == 10:
		decompress10AVX512VBMI2(c, (*[32 * 10]byte)(b))
	case cpu.AVX512VBMI2 && d == 11:
		decompress11AVX512VBMI2(c, (*[32 * 11]byte)(b))
	case cpu.AVX2 && d == 1:
		decompress1AVX2(c, (*[32 * 1]byte)(b))
	case cpu.AVX2 && d == 4:
		decompress4AVX2(c, (*[32 * 4]byte)(b))
	case cpu.AVX2 && d == 5:
		decompress5AVX2(c, (*[32 * 5]byte)(b))
	case cpu.AVX2 && d == 10:
		decompress10AVX2(c, (*[32 * 10]byte)(b))
	case cpu.AVX2 && d == 11:
		decompress11AVX2(c, (*[32 * 11]byte)(b))
	case cpu.NEON && d == 1:
		decompress1NEON(c, (*[32 * 1]byte)(b))
	case cpu.NEON && d == 4:
		decompress4NEON(c, (*[32 * 4]byte)(b))
	case cpu.NEON && d == 5:
		decompress5NEON(c, (*[32 * 5]byte)(b))
	case cpu.NEON && d == 10:
		decompress10NEON(c, (*[32 * 10]byte)(b))
	case cpu.NEON && d == 11:
		decompress11NEON(c, (*[32 * 11]byte)(b))
	default:
		f.decompressPortable(b, d)
	}
}

func (f *Poly) decompressPortable(b []byte, d int) {
	for i := range N / 8 {
		var bytes [16]byte
		copy(bytes[:], b[i*d:][:d])
		x, y := binary.LittleEndian.Uint64(bytes[:]), binary.LittleEndian.Uint64(bytes[8:])
		y = (y << (64 - 4*d)) | (x >> (4 * d))
		c := f[8*i:][:8]
		c[0], c[1], c[2], c[3] = decompress(x, d), decompress(x>>d, d), decompress(x>>(2*d), d), decompress(x>>(3*d), d)
		c[4], c[5], c[6], c[7] = decompress(y, d), decompress(y>>d, d), decompress(y>>(2*d), d), decompress(y>>(3*d), d)
	}
}

// compress returns round(2^d/q · a) mod 2^d.
//
// It multiplies by 2^40/q and does not divide, since a is secret and the time of a
// division depends on its operands.
func compress(a int16, d int) uint64 {
	const half = 1 << 39
	quotient := (int64(a) << d) * barrett40
	rounded := uint64((quotient + half) >> 40)
	return rounded & ((1 << d) - 1)
}

// decompress returns round(q/2^d · (y mod 2^d)).
func decompress(y uint64, d int) int16 {
	y &= (1 << d) - 1
	half := uint64(1) << (d - 1)
	return int16((y*Q + half) >> d)
}
