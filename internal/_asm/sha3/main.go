// Command sha3 generates the kernels of internal/sha3. It uses the names of FIPS 202,
// section 3.
package main

import (
	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/kit"
)

func main() {
	kit.Generate("sha3", targets...)
}

var targets = []kit.Target{kit.Kernels(kernels), arm64.Kernels(kernelsARM64)}

func kernels(f *kit.File) {
	permute1BMI2(f)
	permute4AVX2(f)
	start4AVX2(f)
	absorb4AVX2(f)
	begin4AVX2(f)
	write4AVX2(f)
	squeeze4AVX2(f)
	permute1AVX512(f)
	permute4AVX512(f)
	permute8AVX512(f)
}
