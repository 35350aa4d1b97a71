package ring

import (
	"unsafe"

	"hybridkem/internal/cpu"
)

// A Factor is an element b of T_q prepared for products with many others.
//
// On each pair of coefficients, a·b is a₀·b + a₁·(X·b): two products of a number
// and a pair. So it holds the pairs b₀, b₁ of b, and those of X·b, which are γ·b₁, b₀, as
// far as they are new. All are in Montgomery form and below q in absolute value. Kernels
// have a form of their own in the same memory.
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
		// X² is γ here, and -γ for the second of two neighbours.
		gamma := zetas[N/4+i/2] * int16(1-i%2*2)
		_, b1 := f.b[i].split()
		f.gammaB1[i] = montgomeryMul(b1, gamma)
	}
}

// InnerProduct sets f to the sum of a[i·stride] · b[i] over all i < len(b), 1 to 4 in number:
// with stride 1 a row of a matrix times a vector, with stride k a column.
// In |a| < q; out |f| < q.
//
// It implements the inner products of FIPS 203, section 2.4.7, with MultiplyNTTs
// and BaseCaseMultiply, Algorithms 11 and 12. The sum is reduced once: its eight
// products stay below 8q² < 2^15·q.
func (f *NTT) InnerProduct(a []NTT, stride int, b []Factor) {
	if cpu.AVX2 {
		_ = a[(len(b)-1)*stride] // as the kernels do not look
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
			xb := pair(b.gammaB1[j]) + b.b[j]<<32
			sum[j] += pair(a[2*j])*b.b[j] + pair(a[2*j+1])*xb
		}
	}
	for j := range sum {
		sum[j] = sum[j].montgomeryReduce()
	}
	sum.store((*[N]int16)(f))
}

// words returns the memory of a Factor in which kernels have their form of it: for each
// pair the words b₀, γ·b₁, and after all of those, for each the words b₁, b₀.
func (f *Factor) words() *[2 * N]int16 { return (*[2 * N]int16)(unsafe.Pointer(&f.b)) }
