package ring

import (
	"encoding/binary"
	"math/bits"

	"hybridkem/internal/cpu"
)

// SampleVartime fills f from its n-th coefficient on with what of the stream is
// below q, and returns how many coefficients f then has. In 0 <= n <= N; the stream's
// length is a multiple of 3. Time depends on the stream, which must be public.
//
// It implements the loop of SampleNTT, according to FIPS 203, Algorithm 7; the
// caller squeezes the stream and comes back with more while n < N.
func (f *NTT) SampleVartime(n int, stream []byte) int {
	_ = f[n:] // as the kernels do not look
	if cpu.AVX512VBMI2 {
		return sampleVartimeAVX512VBMI2((*[N]int16)(f), n, stream)
	}
	if cpu.AVX2 {
		var read int
		n, read = sampleVartimeAVX2((*[N]int16)(f), n, stream)
		stream = stream[read:]
	}
	m := uint(n)
	for i := 0; i < len(stream)-2 && m < N; i += 3 {
		x := uint(stream[i]) | uint(stream[i+1])<<8 | uint(stream[i+2])<<16
		lo, hi := x&0xfff, x>>12
		// A candidate is written, and the next one overwrites it if it was not
		// accepted: a branch would be mispredicted once in five times.
		f[m] = int16(lo)
		m += (lo - Q) >> (bits.UintSize - 1)
		if m == N {
			break
		}
		f[m] = int16(hi)
		m += (hi - Q) >> (bits.UintSize - 1)
	}
	return int(m)
}

// SampleCBD sets f to noise in [-eta, eta] made of b, of 64·eta bytes, for
// eta 2 or 3.
//
// It implements SamplePolyCBD_η, according to FIPS 203, Algorithm 8.
func (f *Poly) SampleCBD(b []byte, eta int) {
	switch {
	case eta == 2 && cpu.AVX2:
		sampleCBD2AVX2((*[N]int16)(f), (*[128]byte)(b))
	case eta == 2:
		f.sampleCBD2((*[128]byte)(b))
	case cpu.AVX2:
		sampleCBD3AVX2((*[N]int16)(f), (*[192]byte)(b))
	default:
		f.sampleCBD3((*[192]byte)(b))
	}
}

// SampleCBD sets f to the transform of noise in [-eta, eta] made of b, of 64·eta bytes, for
// eta 2 or 3. Out |f| < 8q.
//
// It implements SamplePolyCBD_η and then NTT, according to FIPS 203, Algorithms 8 and 9.
func (f *NTT) SampleCBD(b []byte, eta int) {
	p := (*Poly)(f)
	p.SampleCBD(b, eta)
	p.NTT()
}

func (f *Poly) sampleCBD2(b *[128]byte) {
	const odd, low = 0x55555555_55555555, 0x33333333_33333333
	for i := range N / 16 {
		x := binary.LittleEndian.Uint64(b[8*i:])
		x = x&odd + x>>1&odd // 32 sums of two bits
		// 16 differences of neighbours, plus 2 so that none borrows.
		x = x&low + low/3*2 - x>>2&low
		c := f[16*i:][:16]
		for j := range c {
			c[j] = int16(x&15) - 2
			x >>= 4
		}
	}
}

func (f *Poly) sampleCBD3(b *[192]byte) {
	const third, low = 0o11111111_11111111, 0o07070707_07070707
	for i := range N / 8 {
		// Six bytes hold the bits of eight coefficients.
		x := uint64(binary.LittleEndian.Uint32(b[6*i:])) | uint64(binary.LittleEndian.Uint16(b[6*i+4:]))<<32
		x = x&third + x>>1&third + x>>2&third // 16 sums of three bits
		// 8 differences of neighbours, plus 3 so that none borrows.
		x = x&low + low/7*3 - x>>3&low
		c := f[8*i:][:8]
		for j := range c {
			c[j] = int16(x&0o77) - 3
			x >>= 6
		}
	}
}
