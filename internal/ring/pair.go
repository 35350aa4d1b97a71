package ring

// A pair is two numbers in one word, lo + 2^32·hi as integers. As long as both
// stay below 2^31 in absolute value, the sum of two pairs is the pair of the sums,
// and a pair times a number the pair of the products: one instruction does the
// work of two, on every 64-bit machine.
//
// A negative lo leaves hi - 1 in the upper half of the word. What looks at bits
// adds a bias to lo for that reason.
type pair int64

func join(lo, hi int16) pair { return pair(lo) + pair(hi)<<32 }

// split returns the numbers in p, which must be below 2^15.
func (p pair) split() (lo, hi int16) {
	return int16(p), int16((p + 1<<31) >> 32)
}

// These are variables, not constants, because a constant of 64 bits is built by an
// instruction of its own each time, and a variable is an operand. That is a tenth
// of the time of a transform.
var low, sign pair = 0xffff<<32 | 0xffff, 0x8000<<32 | 0x8000

// montgomeryReduce returns a · 2^-16 mod± q.
// In |a| < 2^15·q; out |r| < q.
func (a pair) montgomeryReduce() pair {
	m := (a + 1<<31) & low // a mod 2^16
	m = m * qInv & low     // a · q^-1 mod 2^16
	m = m ^ sign - sign    // the same mod± 2^16
	return (a - m*Q) >> 16
}

// montgomeryMul returns a · b · 2^-16 mod± q.
// In |a·b| < 2^15·q; out |r| < q.
func (a pair) montgomeryMul(b int16) pair { return (a * pair(b)).montgomeryReduce() }

// barrettReduce returns a mod± q. In |a| < 2^15; out |r| <= (q-1)/2.
func (a pair) barrettReduce() pair {
	// 2^31 is added and 2^31 / 2^26 taken away again, so that no number is
	// negative when it is shifted.
	const half, six = 1<<25 + 1<<31, 0x3f<<32 | 0x3f
	u := uint64(a)*barrett26 + (half<<32 + half)
	m := pair(u>>26&six) - (32<<32 + 32)
	return a - m*Q
}

// A pairs is a polynomial, two neighbouring coefficients in each pair.
type pairs [N / 2]pair

func (w *pairs) load(f *[N]int16) {
	for i := range w {
		w[i] = join(f[2*i], f[2*i+1])
	}
}

func (w *pairs) store(f *[N]int16) {
	for i := range w {
		f[2*i], f[2*i+1] = w[i].split()
	}
}
