package ring

// A Factor is an element b of T_q prepared for products with many others.
type Factor struct {
	// b in Montgomery form, and b₁·γ, which a₁ meets in a₁X · b₁X, where X² is γ.
	// All are below q in absolute value.
	b       NTT
	b1Gamma [N / 2]int16
}

// Set prepares b. In |b| < 8q.
func (f *Factor) Set(b *NTT) {
	for i := range f.b {
		f.b[i] = montgomeryMul(b[i], r2)
	}
	for i := range N / 4 {
		gamma := zetas[N/4+i] // and -γ for the second of two neighbours
		f.b1Gamma[2*i] = montgomeryMul(f.b[4*i+1], gamma)
		f.b1Gamma[2*i+1] = montgomeryMul(f.b[4*i+3], -gamma)
	}
}

// InnerProduct sets f to the sum of a[i·stride] · b[i] over all i < len(b) <= 4:
// with stride 1 a row of a matrix times a vector, with stride k a column.
// In |a| < q; out |f| < q.
//
// It implements the inner products of FIPS 203, section 2.4.7, with MultiplyNTTs
// and BaseCaseMultiply, Algorithms 11 and 12. The sum is reduced once: its eight
// products stay below 8q² < 2^15·q.
func (f *NTT) InnerProduct(a []NTT, stride int, b []Factor) {
	var sum [N]int32
	for i := range b {
		multiplyAccumulate(&sum, &a[i*stride], &b[i])
	}
	for i := range f {
		f[i] = montgomeryReduce(sum[i])
	}
}

// multiplyAccumulate adds a · b to sum.
func multiplyAccumulate(sum *[N]int32, a *NTT, b *Factor) {
	for i := 0; i < N; i += 4 {
		s, a, b, b1Gamma := (*[4]int32)(sum[i:]), (*[4]int16)(a[i:]), (*[4]int16)(b.b[i:]), (*[2]int16)(b.b1Gamma[i/2:])
		a0, a1, b0, b1 := int32(a[0]), int32(a[1]), int32(b[0]), int32(b[1])
		s[0] += a0*b0 + a1*int32(b1Gamma[0])
		s[1] += a0*b1 + a1*b0
		a2, a3, b2, b3 := int32(a[2]), int32(a[3]), int32(b[2]), int32(b[3])
		s[2] += a2*b2 + a3*int32(b1Gamma[1])
		s[3] += a2*b3 + a3*b2
	}
}
