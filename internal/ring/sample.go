package ring

import "encoding/binary"

// SampleVartime fills f from its n-th coefficient on with what of the stream is
// below q, and returns how many coefficients f then has. The stream's length is
// a multiple of 3. Time depends on the stream, which must be public.
//
// It implements the loop of SampleNTT, according to FIPS 203, Algorithm 7; the
// caller squeezes the stream and comes back with more while n < N.
func (f *NTT) SampleVartime(n int, stream []byte) int {
	for ; len(stream) >= 3 && n < N; stream = stream[3:] {
		x := uint32(stream[0]) | uint32(stream[1])<<8 | uint32(stream[2])<<16
		// Every candidate is written and the next one overwrites those refused:
		// a branch here would be mispredicted once in five times.
		lo, hi := int16(x&0xfff), int16(x>>12)
		f[n] = lo
		n += int(uint16(lo-Q) >> 15)
		if n == N {
			break
		}
		f[n] = hi
		n += int(uint16(hi-Q) >> 15)
	}
	return n
}

// SampleCBD sets f to noise in [-eta, eta] made of b, of 64·eta bytes, for
// eta 2 or 3.
//
// It implements SamplePolyCBD_η, according to FIPS 203, Algorithm 8.
func (f *Poly) SampleCBD(b []byte, eta int) {
	if eta == 2 {
		f.sampleCBD2((*[128]byte)(b))
	} else {
		f.sampleCBD3((*[192]byte)(b))
	}
}

func (f *Poly) sampleCBD2(b *[128]byte) {
	const mask = 0x5555_5555
	for i := 0; i < N; i += 8 {
		x := binary.LittleEndian.Uint32(b[i/2:])
		x = x&mask + x>>1&mask // sixteen sums of two bits
		for j := range 8 {
			f[i+j] = int16(x&3) - int16(x>>2&3)
			x >>= 4
		}
	}
}

func (f *Poly) sampleCBD3(b *[192]byte) {
	const mask = 0o11111111
	for i := 0; i < N; i += 4 {
		j := i / 4 * 3
		x := uint32(b[j]) | uint32(b[j+1])<<8 | uint32(b[j+2])<<16
		x = x&mask + x>>1&mask + x>>2&mask // eight sums of three bits
		for j := range 4 {
			f[i+j] = int16(x&7) - int16(x>>3&7)
			x >>= 6
		}
	}
}
