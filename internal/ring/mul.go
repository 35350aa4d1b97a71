package ring

// InnerProduct sets f to the sum of a[i·stride] · b[i] over all i < len(b) <= 4:
// with stride 1 a row of a matrix times a vector, with stride k a column.
// In |a| < q, |b| < 8q; out |f| < q. f must not overlap a or b.
//
// It implements the inner products of FIPS 203, section 2.4.7, on
// MultiplyNTTs and BaseCaseMultiply, Algorithms 11 and 12. The sum is taken
// before the reduction: eight products stay below 2^30.
func (f *NTT) InnerProduct(a []NTT, stride int, b []NTT) {
	var sum [N]int32
	for i := range b {
		multiplyAccumulate(&sum, &a[i*stride], &b[i])
	}
	for i := range f {
		f[i] = montgomeryMul(montgomeryReduce(sum[i]), r2)
	}
}

// multiplyAccumulate adds a · b to sum. In |a| < q, |b| < 8q; each coefficient of
// sum grows by less than 2·8q².
func multiplyAccumulate(sum *[N]int32, a, b *NTT) {
	for i := 0; i < N; i += 4 {
		// The moduli of the two pairs are X² - γ and X² + γ.
		gamma := zetas[N/4+i/4]
		a0, a1, b0, b1 := int32(a[i]), int32(a[i+1]), int32(b[i]), int32(b[i+1])
		sum[i] += a0*b0 + a1*int32(montgomeryMul(b[i+1], gamma))
		sum[i+1] += a0*b1 + a1*b0

		a0, a1, b0, b1 = int32(a[i+2]), int32(a[i+3]), int32(b[i+2]), int32(b[i+3])
		sum[i+2] += a0*b0 - a1*int32(montgomeryMul(b[i+3], gamma))
		sum[i+3] += a0*b1 + a1*b0
	}
}
