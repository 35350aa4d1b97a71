package ring

import (
	"unsafe"

	"hybridkem/internal/cpu"
)

// A Factor is an element b of T_q, prepared for products with many others.
//
// In each pair of coefficients, a·b is a₀·b + a₁·(X·b): the sum of two products of a number
// and a pair. The pairs of b are (b₀, b₁), and those of X·b are (γ·b₁, b₀). So a Factor
// holds the pairs of b, and γ·b₁. All coefficients are in Montgomery form and below q in
// absolute value. Kernels use the same memory in another form.
type Factor struct {
	b       pairs
	gammaB1 [N / 2]int16
}

// Set prepares b. In |b| < 8q.
func (f *Factor) Set(b *NTT) {
	if cpu.AVX2 {
		factorSetAVX2(f.words(), (*[N]int16)(b))
		return
	}
	f.b.load((*[N]int16)(b))
	for i := range f.b {
		f.b[i] = f.b[i].montgomeryMul(r2)
		gamma := zetas[N/4+i/2] // X² = γ
		if i%2 == 1 {
			gamma = -gamma
		}
		_, b1 := f.b[i].split()
		f.gammaB1[i] = montgomeryMul(b1, gamma)
	}
}

// InnerProduct sets f to the sum of a[i·stride] · b[i] over all i < len(b). The length of b
// is from 1 to 4. If a is a k × k matrix, stride 1 takes a row of it, and stride k a column.
// In |a| < q; out |f| < q.
//
// It implements the inner products of FIPS 203, section 2.4.7, with MultiplyNTTs
// and BaseCaseMultiply, Algorithms 11 and 12. It reduces only the sum: this has at most
// eight products, and is less than 8q² < 2^15·q.
func (f *NTT) InnerProduct(a []NTT, stride int, b []Factor) {
	if cpu.AVX2 {
		_ = a[(len(b)-1)*stride] // the kernels do not check bounds
		if cpu.AVX512VBMI2 {
			innerProductAVX512VBMI2((*[N]int16)(f), (*[N]int16)(&a[0]), stride, b[0].words(), len(b))
			return
		}
		innerProductAVX2((*[N]int16)(f), (*[N]int16)(&a[0]), stride, b[0].words(), len(b))
		return
	}
	var sum pairs
	for i := range b {
		a, b := &a[i*stride], &b[i]
		for j := range sum {
			xb := pair(b.gammaB1[j]) + (b.b[j] << 32)
			sum[j] += pair(a[2*j])*b.b[j] + pair(a[2*j+1])*xb
		}
	}
	for j := range sum {
		sum[j] = sum[j].montgomeryReduce()
	}
	sum.store((*[N]int16)(f))
}

// words returns the memory of f in the form of the kernels: first the words b₀ and γ·b₁ of
// all pairs, then the words b₁ and b₀ of all pairs.
func (f *Factor) words() *[2 * N]int16 { return (*[2 * N]int16)(unsafe.Pointer(&f.b)) }
