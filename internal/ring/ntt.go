package ring

import (
	"unsafe"

	"hybridkem/internal/cpu"
)

// The transforms work on pairs of neighbouring coefficients, since both need the same
// operations with the same zeta.
//
// They do two layers at a time, which halves the loads and stores. In four blocks a, b, c
// and d, the first layer combines a with c and b with d, and the second a with b and c with
// d. The inverse has these layers in the opposite order. If zetas[k] is the zeta of a block
// in one layer, then those of its halves in the next are zetas[2k] and zetas[2k+1].

// NTT transforms f in place and returns it with its new type.
// In |f| < q; out |f| < 8q.
//
// Each of the seven layers adds a product below q to a coefficient.
//
// It implements NTT, according to FIPS 203, Algorithm 9.
func (f *Poly) NTT() *NTT {
	if cpu.WideAVX512 {
		nttAVX512((*[N]int16)(f))
		return (*NTT)(f)
	}
	if cpu.AVX2 {
		nttAVX2((*[N]int16)(f))
		return (*NTT)(f)
	}
	if cpu.NEON {
		nttNEON((*[N]int16)(f))
		return (*NTT)(f)
	}
	var w pairs
	w.load((*[N]int16)(f))
	k := 1
	for length := len(w) / 4; length >= 2; length /= 4 {
		for start := 0; start < len(w); start += 4 * length {
			zeta, zetaAB, zetaCD := zetas[k], zetas[2*k], zetas[2*k+1]
			k++
			a, b := w[start:][:length], w[start+length:][:length]
			c, d := w[start+2*length:][:length], w[start+3*length:][:length]
			for j := range a {
				a0, c0 := butterfly(a[j], c[j], zeta)
				b0, d0 := butterfly(b[j], d[j], zeta)
				a[j], b[j] = butterfly(a0, b0, zetaAB)
				c[j], d[j] = butterfly(c0, d0, zetaCD)
			}
		}
		k *= 2
	}
	for i := 0; i < len(w); i += 2 {
		w[i], w[i+1] = butterfly(w[i], w[i+1], zetas[(len(w)+i)/2])
	}
	w.store((*[N]int16)(f))
	return (*NTT)(f)
}

// butterfly is the butterfly of Cooley and Tukey.
// In |b| < 8q; out |x|, |y| < |a| + q.
func butterfly(a, b pair, zeta int16) (x, y pair) {
	t := b.montgomeryMul(zeta)
	return a + t, a - t
}

// InverseNTT transforms f in place and returns it with its new type.
// In |f| < q; out |f| < q.
//
// A layer at most doubles the bound. The first three layers lead from q to 8q. Then all
// coefficients are reduced, and the last four layers lead from q/2 to 8q.
//
// It implements NTT⁻¹, according to FIPS 203, Algorithm 10.
func (f *NTT) InverseNTT() *Poly {
	if cpu.WideAVX512 {
		inverseNTTAVX512((*[N]int16)(f))
		return (*Poly)(f)
	}
	if cpu.AVX2 {
		inverseNTTAVX2((*[N]int16)(f))
		return (*Poly)(f)
	}
	if cpu.NEON {
		inverseNTTNEON((*[N]int16)(f))
		return (*Poly)(f)
	}
	var w pairs
	w.load((*[N]int16)(f))
	for i := 0; i < len(w); i += 2 {
		w[i], w[i+1] = inverseButterfly(w[i], w[i+1], zetas[len(w)-1-i/2])
	}
	k := len(w)/4 - 1
	for length := 2; length <= len(w)/4; length *= 4 {
		for start := 0; start < len(w); start += 4 * length {
			zeta, zetaAB, zetaCD := zetas[k], zetas[2*k+1], zetas[2*k]
			k--
			a, b := w[start:][:length], w[start+length:][:length]
			c, d := w[start+2*length:][:length], w[start+3*length:][:length]
			for j := range a {
				a0, b0 := inverseButterfly(a[j], b[j], zetaAB)
				c0, d0 := inverseButterfly(c[j], d[j], zetaCD)
				a[j], c[j] = inverseButterfly(a0, c0, zeta)
				b[j], d[j] = inverseButterfly(b0, d0, zeta)
			}
		}
		k /= 2
		if length == 2 {
			for i := range w {
				w[i] = w[i].barrettReduce()
			}
		}
	}
	for i := range w {
		w[i] = w[i].montgomeryMul(rOver128)
	}
	w.store((*[N]int16)(f))
	return (*Poly)(f)
}

// inverseButterfly is the butterfly of Gentleman and Sande.
// In |a|, |b| < 4q; out |x| < |a| + |b|, |y| < q.
func inverseButterfly(a, b pair, zeta int16) (x, y pair) {
	return a + b, (b - a).montgomeryMul(zeta)
}

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
	if cpu.WideAVX512 {
		factorSetAVX512(f.words(), (*[N]int16)(b))
		return
	}
	if cpu.AVX2 {
		factorSetAVX2(f.words(), (*[N]int16)(b))
		return
	}
	if cpu.NEON {
		factorSetNEON(f.words(), (*[N]int16)(b))
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
	if cpu.NEON {
		_ = a[(len(b)-1)*stride] // as above
		innerProductNEON((*[N]int16)(f), (*[N]int16)(&a[0]), stride, b[0].words(), len(b))
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

// words returns the memory of f in the form of the kernels. For amd64, it has first the words
// b₀ and γ·b₁ of all pairs, then the words b₁ and b₀ of all pairs. For arm64, it has the words
// b₀ of eight pairs, then their words b₁ and their words γ·b₁, and then the next eight pairs.
func (f *Factor) words() *[2 * N]int16 { return (*[2 * N]int16)(unsafe.Pointer(&f.b)) }

// zetas[i] = 17^BitRev7(i) · 2^16 mod± q. The first is not used.
var zetas = [N / 2]int16{
	-1044, -758, -359, -1517, 1493, 1422, 287, 202, -171, 622, 1577, 182, 962, -1202, -1474, 1468,
	573, -1325, 264, 383, -829, 1458, -1602, -130, -681, 1017, 732, 608, -1542, 411, -205, -1571,
	1223, 652, -552, 1015, -1293, 1491, -282, -1544, 516, -8, -320, -666, -1618, -1162, 126, 1469,
	-853, -90, -271, 830, 107, -1421, -247, -951, -398, 961, -1508, -725, 448, -1065, 677, -1275,
	-1103, 430, 555, 843, -1251, 871, 1550, 105, 422, 587, 177, -235, -291, -460, 1574, 1653,
	-246, 778, 1159, -147, -777, 1483, -602, 1119, -1590, 644, -872, 349, 418, 329, -156, -75,
	817, 1097, 603, 610, 1322, -1285, -1465, 384, -1215, -136, 1218, -1335, -874, 220, -1187, -1659,
	-1185, -1530, -1278, 794, -1510, -854, -870, 478, -108, -308, 996, 991, 958, -1460, 1522, 1628,
}
