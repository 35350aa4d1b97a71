package main

import (
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/keccak"
	"hybridkem/internal/_asm/kit"
)

func permute1AVX512(f *kit.File) {
	f.Kernel("permute1AVX512", "func(a *[200]byte)", kit.AVX512, kit.Header{
		Does:  "permute1AVX512 applies Keccak-f[1600] to a state.",
		In:    "a, the state as a string of bytes: lane (x, y), little-endian, at a[8(x+5y)].",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	keccak.NewResident(f, 8, func() reg.VecVirtual { return f.XMM() }).Permute(f.Pointer("a"))
	f.Ret()
}

func permute4AVX512(f *kit.File) {
	f.Kernel("permute4AVX512", "func(a *[25][4]uint64)", kit.AVX512, kit.Header{
		Does:  "permute4AVX512 applies Keccak-f[1600] to four states.",
		In:    "a, the states with their lanes interleaved: lane (x, y) of state i is a[x+5y][i].",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	keccak.NewResident(f, 32, func() reg.VecVirtual { return f.YMM() }).Permute(f.Pointer("a"))
	f.Ret()
}

func permute8AVX512(f *kit.File) {
	f.Kernel("permute8AVX512", "func(a, b *[25][4]uint64)", kit.AVX512, kit.Header{
		Does:  "permute8AVX512 applies Keccak-f[1600] to eight states.",
		In:    "a and b, four states each, in the layout of permute4AVX512.",
		Out:   "a and b.",
		Notes: "It needs no alignment.",
	})
	keccak.NewResident(f, 64, func() reg.VecVirtual { return f.ZMM() }).Permute(f.Pointer("a"), f.Pointer("b"))
	f.Ret()
}
