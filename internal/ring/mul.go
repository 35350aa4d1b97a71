package ring

// A Factor is an element b of T_q prepared for products with many others.
//
// On each pair of coefficients, a·b is a₀·b + a₁·(X·b): two products of a number
// and a pair. So it holds the pairs of b and those of X·b, both in Montgomery form
// and below q in absolute value.
type Factor struct {
	b, xb pairs
}

// Set prepares b. In |b| < 8q.
func (f *Factor) Set(b *NTT) {
	f.b.load((*[N]int16)(b))
	for i := range f.b {
		f.b[i] = f.b[i].montgomeryMul(r2)
		// X² is γ here, and -γ for the second of two neighbours.
		gamma := zetas[N/4+i/2] * int16(1-i%2*2)
		b0, b1 := f.b[i].split()
		f.xb[i] = join(montgomeryMul(b1, gamma), b0)
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
	var sum pairs
	for i := range b {
		a, b := &a[i*stride], &b[i]
		for j := range sum {
			sum[j] += pair(a[2*j])*b.b[j] + pair(a[2*j+1])*b.xb[j]
		}
	}
	for j := range sum {
		sum[j] = sum[j].montgomeryReduce()
	}
	sum.store((*[N]int16)(f))
}
