package ring

// A Factor is an element b of T_q prepared for products with many others.
//
// On each pair of coefficients, a·b is a₀·b + a₁·(X·b): two products of a number
// and a pair. Two pairs of numbers below 2^31 add and multiply in one word each,
// lo + 2^32·hi, so that is where the pairs of b and of X·b stand, both in
// Montgomery form and below q in absolute value.
type Factor struct {
	b, xb [N / 2]int64
}

// Set prepares b. In |b| < 8q.
func (f *Factor) Set(b *NTT) {
	for i := range N / 2 {
		// X² is γ here, and -γ for the second of two neighbours.
		gamma := zetas[N/4+i/2] * int16(1-i%2*2)
		b0, b1 := montgomeryMul(b[2*i], r2), montgomeryMul(b[2*i+1], r2)
		f.b[i] = join(b0, b1)
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
	var sum [N / 2]int64
	for i := range b {
		a, b := &a[i*stride], &b[i]
		for j := range sum {
			sum[j] += int64(a[2*j])*b.b[j] + int64(a[2*j+1])*b.xb[j]
		}
	}
	for j := range sum {
		lo, hi := split(sum[j])
		f[2*j], f[2*j+1] = montgomeryReduce(lo), montgomeryReduce(hi)
	}
}

// join returns lo + 2^32·hi.
func join(lo, hi int16) int64 { return int64(lo) + int64(hi)<<32 }

// split returns the numbers in lo + 2^32·hi.
func split(pair int64) (lo, hi int32) {
	lo = int32(pair)
	return lo, int32((pair - int64(lo)) >> 32)
}
