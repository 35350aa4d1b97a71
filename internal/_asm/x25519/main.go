// Command x25519 generates the kernels of internal/x25519.
package main

import (
	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

func main() { kit.Generate("x25519", targets...) }

var targets = []kit.Target{kit.Kernels(kernels), arm64.Kernels(kernelsARM64)}

func kernels(f *kit.File) {
	ladderADX(f)
	combADX(f)
	ladderIFMA(f)
	ladderPermuteIFMA(f)
	combIFMA(f)
	combWideIFMA(f)
	ladder8IFMA(f)
	comb8IFMA(f)
}
