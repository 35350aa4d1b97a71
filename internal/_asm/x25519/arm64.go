package main

import "hybridkem/internal/_asm/arm64"

// kernelsARM64 writes the kernels for arm64.
func kernelsARM64(f *arm64.File) {
	ladderA64(f)
	ladderNEON(f)
	combNEON(f)
}
