package ring

// A pair holds two integers in one word, as lo + 2^32·hi. As long as both stay below 2^31
// in absolute value, the sum of two pairs is the pair of the sums, and a pair times an
// integer is the pair of the products. So one instruction does the work of two on every
// 64-bit machine.
//
// If lo is negative, the upper half of the word is hi - 1. Code that selects or shifts bits
// first adds a number to lo, to make it positive.
type pair int64

const (
	both = (1 << 32) + 1 // the pair of 1 and 1: c·both is the pair of c and c
	bias = 1 << 31       // makes any lo positive
)

func join(lo, hi int16) pair { return pair(lo) + (pair(hi) << 32) }

// split returns lo and hi of p. In |p| < 2^15.
func (p pair) split() (lo, hi int16) {
	positive := p + bias
	return int16(p), int16(positive >> 32)
}

// The low 16 bits of lo and of hi, and the sign bits among them. They are variables
// because they are operands in memory then. A constant of 64 bits takes one more
// instruction at each use: measured on amd64, NTT takes 2 % longer with constants, and
// InverseNTT and InnerProduct 4 %.
var (
	mask16 pair = 0xffff * both
	sign16 pair = 0x8000 * both
)

// montgomeryReduce returns a · 2^-16 mod± q.
// In |a| < 2^15·q; out |r| < q.
func (a pair) montgomeryReduce() pair {
	positive := a + bias
	m := positive & mask16    // a mod 2^16
	m = (m * qInv) & mask16   // a · q^-1 mod 2^16
	m = (m ^ sign16) - sign16 // a · q^-1 mod± 2^16
	return (a - m*Q) >> 16
}

// montgomeryMul returns a · b · 2^-16 mod± q.
// In |a·b| < 2^15·q; out |r| < q.
func (a pair) montgomeryMul(b int16) pair { return (a * pair(b)).montgomeryReduce() }

// barrettReduce returns a mod± q. In |a| < 2^15; out |r| <= (q-1)/2.
func (a pair) barrettReduce() pair {
	// Adding 2^25 before the shift by 26 rounds a / q. Adding bias too makes it positive;
	// after the shift, this is 32, and is subtracted.
	const rounding = (1 << 25) + bias
	quotients := (uint64(a) * barrett26) + (rounding * both)
	m := pair(quotients>>26) & (0x3f * both)
	m -= 32 * both
	return a - m*Q
}

// A pairs is a polynomial with two neighbouring coefficients in each pair.
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
