// Package ring computes in the rings of FIPS 203, section 2.4:
// R_q = Z_q[X]/(X^256 + 1), and T_q, which holds the transforms of R_q.
//
// Coefficients are signed, and are reduced late. The comment of a function states the
// bounds that it needs and the bounds that it leaves, for all coefficients, as in
//
//	in |f| < q; out |f| < 8q
//
// A polynomial is canonical if its coefficients are in [0, q). Outside this package no
// coefficient has a Montgomery factor.
//
// Most functions have kernels for amd64 and arm64, which the folder ../_asm/ring generates. Bounds and
// results of a kernel are those of the portable code.
package ring

import "hybridkem/internal/cpu"

//go:generate go run -C ../_asm ./ring

const (
	// N is the number of coefficients.
	N = 256
	// Q is the modulus, the prime q.
	Q = 3329
)

// A Poly is an element of R_q.
type Poly [N]int16

// An NTT is an element of T_q, in the order of FIPS 203, Algorithm 9.
type NTT [N]int16

const (
	qInv     = 62209 // q^-1 mod 2^16
	r2       = 1353  // 2^32 mod q
	rOver128 = 512   // 2^16 / 128

	// Powers of 2 divided by q, rounded.
	barrett26 = 20159     // 2^26 / q
	barrett32 = 1290167   // 2^32 / q
	barrett40 = 330282856 // 2^40 / q
)

// montgomeryMul returns a · b · 2^-16 mod± q.
// In |a·b| < 2^15·q; out |r| < q.
func montgomeryMul(a, b int16) int16 {
	t := int32(a) * int32(b)
	m := int16(t * qInv) // a·b·q^-1 mod± 2^16
	return int16((t - int32(m)*Q) >> 16)
}

// canonical returns a mod q. In any a; out 0 <= r < q.
func canonical(a int16) int16 {
	// Half of 1/q is added to a/q, so that the error of barrett32 never leads across an
	// integer, neither down nor up.
	m := (int64(a)*barrett32 + barrett32/2) >> 32 // floor(a / q)
	return a - int16(m)*Q
}

// Add sets f to f + g. The bounds add up, and must stay below 2^15.
func (f *Poly) Add(g *Poly) {
	if cpu.AVX2 {
		addAVX2((*[N]int16)(f), (*[N]int16)(g))
		return
	}
	if cpu.NEON {
		addNEON((*[N]int16)(f), (*[N]int16)(g))
		return
	}
	for i := range f {
		f[i] += g[i]
	}
}

// Sub sets f to f - g. The bounds add up, and must stay below 2^15.
func (f *Poly) Sub(g *Poly) {
	if cpu.AVX2 {
		subAVX2((*[N]int16)(f), (*[N]int16)(g))
		return
	}
	if cpu.NEON {
		subNEON((*[N]int16)(f), (*[N]int16)(g))
		return
	}
	for i := range f {
		f[i] -= g[i]
	}
}

// Add sets f to f + g. The bounds add up, and must stay below 2^15.
func (f *NTT) Add(g *NTT) {
	(*Poly)(f).Add((*Poly)(g))
}

// Reduce makes f canonical. In any f.
func (f *NTT) Reduce() {
	if cpu.AVX2 {
		reduceAVX2((*[N]int16)(f))
		return
	}
	if cpu.NEON {
		reduceNEON((*[N]int16)(f))
		return
	}
	for i := range f {
		f[i] = canonical(f[i])
	}
}
