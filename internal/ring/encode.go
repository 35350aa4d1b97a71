package ring

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
	for i := range N / 2 {
		x := uint32(f[2*i]) | uint32(f[2*i+1])<<12
		b[3*i], b[3*i+1], b[3*i+2] = byte(x), byte(x>>8), byte(x>>16)
	}
}

// Decode reads f from b and reports whether all coefficients were below q; f is
// canonical if they were. Its time does not depend on b.
//
// It implements ByteDecode_12, according to FIPS 203, Algorithm 6, without the
// reduction modulo q: section 7.2 refuses what would need it.
func (f *NTT) Decode(b *[EncodedSize]byte) bool {
	var excess int16
	for i := range N / 2 {
		x := uint32(b[3*i]) | uint32(b[3*i+1])<<8 | uint32(b[3*i+2])<<16
		lo, hi := int16(x&0xfff), int16(x>>12)
		f[2*i], f[2*i+1] = lo, hi
		excess |= (Q - 1 - lo) | (Q - 1 - hi)
	}
	return excess >= 0
}

// Compress writes the d most significant bits of each coefficient of f to b, of
// 32·d bytes, for d <= 11. In any f.
//
// It implements Compress_d (FIPS 203, equation 4.7) and then ByteEncode_d,
// according to FIPS 203, Algorithm 5.
func (f *Poly) Compress(b []byte, d int) {
	b = b[:N/8*d]
	for i := 0; i < N; i += 8 {
		// Eight coefficients fill whole bytes.
		var bits uint64
		n := 0
		for _, a := range f[i:][:8] {
			bits |= compress(a, d) << n
			n += d
			for ; n >= 8; n -= 8 {
				b[0] = byte(bits)
				b = b[1:]
				bits >>= 8
			}
		}
	}
}

// Decompress reads f, with d <= 11 bits for each coefficient, from b of 32·d
// bytes. Out f canonical.
//
// It implements ByteDecode_d, according to FIPS 203, Algorithm 6, and then
// Decompress_d (FIPS 203, equation 4.8).
func (f *Poly) Decompress(b []byte, d int) {
	b = b[:N/8*d]
	for i := 0; i < N; i += 8 {
		var bits uint64
		n := 0
		for j := range f[i:][:8] {
			for ; n < d; n += 8 {
				bits |= uint64(b[0]) << n
				b = b[1:]
			}
			f[i+j] = decompress(bits&(1<<d-1), d)
			bits >>= d
			n -= d
		}
	}
}

// compress returns round(2^d/q · a) mod 2^d, where a is taken mod q.
// It multiplies instead of dividing, since a is secret and the time of a
// division depends on what is divided.
func compress(a int16, d int) uint64 {
	const m = 10321340 // ceil(2^35 / q): exact for a dividend below 2^23
	x := uint64(canonical(a))<<d + Q/2
	return x * m >> 35 & (1<<d - 1)
}

// decompress returns round(q/2^d · y). In 0 <= y < 2^d; out canonical.
func decompress(y uint64, d int) int16 {
	return int16((y*Q + 1<<(d-1)) >> d)
}
