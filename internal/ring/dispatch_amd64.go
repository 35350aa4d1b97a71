//go:build amd64 && !purego

package ring

//go:generate go run -C ../_asm ./ring

// compressAVX2 is [Poly.Compress].
func (f *Poly) compressAVX2(b []byte, d int) {
	switch c := (*[N]int16)(f); d {
	case 1:
		compress1AVX2((*[32]byte)(b), c)
	case 4:
		compress4AVX2((*[128]byte)(b), c)
	case 5:
		compress5AVX2((*[160]byte)(b), c)
	case 10:
		compress10AVX2((*[320]byte)(b), c)
	case 11:
		compress11AVX2((*[352]byte)(b), c)
	default:
		panic("ring: no kernel compresses to so many bits")
	}
}

// decompressAVX2 is [Poly.Decompress].
func (f *Poly) decompressAVX2(b []byte, d int) {
	switch c := (*[N]int16)(f); d {
	case 1:
		decompress1AVX2(c, (*[32]byte)(b))
	case 4:
		decompress4AVX2(c, (*[128]byte)(b))
	case 5:
		decompress5AVX2(c, (*[160]byte)(b))
	case 10:
		decompress10AVX2(c, (*[320]byte)(b))
	case 11:
		decompress11AVX2(c, (*[352]byte)(b))
	default:
		panic("ring: no kernel decompresses so many bits")
	}
}
