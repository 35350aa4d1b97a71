//go:build !amd64 || purego

package ring

// There are no kernels. Their names are here for the compiler, which removes the calls.

func nttAVX2(*[N]int16)                                                     {}
func inverseNTTAVX2(*[N]int16)                                              {}
func factorSetAVX2(*[2 * N]int16, *[N]int16)                                {}
func innerProductAVX2(_, _ *[N]int16, _ int, _ *[2 * N]int16, _ int)        {}
func innerProductAVX512VBMI2(_, _ *[N]int16, _ int, _ *[2 * N]int16, _ int) {}
func sampleVartimeAVX2(*[N]int16, int, []byte) (count, read int)            { return }
func sampleVartimeAVX512VBMI2(*[N]int16, int, []byte) (count int)           { return }
func sampleCBD2AVX2(*[N]int16, *[128]byte)                                  {}
func sampleCBD3AVX2(*[N]int16, *[192]byte)                                  {}
func encodeAVX2(*[EncodedSize]byte, *[N]int16)                              {}
func decodeAVX2(*[N]int16, *[EncodedSize]byte) (canonical bool)             { return }
func (*Poly) compressAVX2([]byte, int)                                      {}
func (*Poly) decompressAVX2([]byte, int)                                    {}
func addAVX2(_, _ *[N]int16)                                                {}
func subAVX2(_, _ *[N]int16)                                                {}
func reduceAVX2(*[N]int16)                                                  {}
