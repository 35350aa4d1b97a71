package ring

import (
	"encoding/binary"
	"math/bits"

	"hybridkem/internal/cpu"
)

// SampleVartime reads numbers of 12 bits from the stream, and sets coefficients of f, from
// the n-th on, to those that are below q. It returns the number of coefficients that f then
// has. n is at least 0 and at most N. The length of the stream must be a multiple of 3. The
// time depends on the stream, which must be public.
//
// It implements the loop of SampleNTT, according to FIPS 203, Algorithm 7. The caller
// squeezes the stream, and calls again with more of it while the result is less than N.
func (f *NTT) SampleVartime(n int, stream []byte) int {
	_ = f[n:] // the kernels do not check bounds
	if cpu.AVX512VBMI2 {
		return sampleVartimeAVX512VBMI2((*[N]int16)(f), n, stream)
	}
	if cpu.AVX2 {
		var read int
		n, read = sampleVartimeAVX2((*[N]int16)(f), n, stream)
		stream = stream[read:]
	}
	if cpu.NEON {
		var read int
		n, read = sampleVartimeNEON((*[N]int16)(f), n, stream)
		stream = stream[read:]
	}
	m := uint(n)
	for i := 0; i < len(stream)-2 && m < N; i += 3 {
		x := uint(stream[i]) | uint(stream[i+1])<<8 | uint(stream[i+2])<<16
		lo, hi := x&0xfff, x>>12
		// Each candidate is written. If it is refused, the next one overwrites it. A
		// branch instead would be mispredicted for every fifth candidate.
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

// SampleCBD sets f to noise in [-eta, eta] from the bits of b, of 64·eta bytes. eta is 2
// or 3.
//
// It implements SamplePolyCBD_η, according to FIPS 203, Algorithm 8.
func (f *Poly) SampleCBD(b []byte, eta int) {
	switch {
	case eta == 2 && cpu.AVX512VBMI2:
		sampleCBD2AVX512VBMI2((*[N]int16)(f), (*[128]byte)(b))
	case eta == 2 && cpu.AVX2:
		sampleCBD2AVX2((*[N]int16)(f), (*[128]byte)(b))
	case eta == 2 && cpu.NEON:
		sampleCBD2NEON((*[N]int16)(f), (*[128]byte)(b))
	case eta == 2:
		f.sampleCBD2((*[128]byte)(b))
	case cpu.AVX512VBMI2:
		sampleCBD3AVX512VBMI2((*[N]int16)(f), (*[192]byte)(b))
	case cpu.AVX2:
		sampleCBD3AVX2((*[N]int16)(f), (*[192]byte)(b))
	case cpu.NEON:
		sampleCBD3NEON((*[N]int16)(f), (*[192]byte)(b))
	default:
		f.sampleCBD3((*[192]byte)(b))
	}
}

// SampleCBD sets f to the transform of noise in [-eta, eta] made of b, of 64·eta bytes, for
// eta 2 or 3. Its bounds are those of [Poly.NTT].
//
// It implements SamplePolyCBD_η and then NTT, according to FIPS 203, Algorithms 8 and 9.
func (f *NTT) SampleCBD(b []byte, eta int) {
	p := (*Poly)(f)
	p.SampleCBD(b, eta)
	p.NTT()
}

func (f *Poly) sampleCBD2(b *[128]byte) {
	const everySecond, lowPairs, twos = 0x55555555_55555555, 0x33333333_33333333, 0x22222222_22222222
	for i := range N / 16 {
		x := binary.LittleEndian.Uint64(b[8*i:])
		sums := (x & everySecond) + ((x >> 1) & everySecond) // 32 sums of two bits
		// 16 differences of neighbours, plus 2 so that none borrows.
		x = (sums & lowPairs) + twos - ((sums >> 2) & lowPairs)
		c := f[16*i:][:16]
		for j := 0; j < len(c); j += 2 {
			c[j], c[j+1] = int16(x&15)-2, int16((x>>4)&15)-2
			x >>= 8
		}
	}
}

func (f *Poly) sampleCBD3(b *[192]byte) {
	const everyThird, lowTriples, threes = 0o11111111_11111111, 0o07070707_07070707, 0o03030303_03030303
	for i := range N / 8 {
		// Six bytes hold the bits of eight coefficients.
		x := uint64(binary.LittleEndian.Uint32(b[6*i:])) | uint64(binary.LittleEndian.Uint16(b[6*i+4:]))<<32
		sums := (x & everyThird) + ((x >> 1) & everyThird) + ((x >> 2) & everyThird) // 16 sums of three bits
		// 8 differences of neighbours, plus 3 so that none borrows.
		x = (sums & lowTriples) + threes - ((sums >> 3) & lowTriples)
		c := f[8*i:][:8]
		for j := 0; j < len(c); j += 2 {
			c[j], c[j+1] = int16(x&0o77)-3, int16((x>>6)&0o77)-3
			x >>= 12
		}
	}
}
