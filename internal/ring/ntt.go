package ring

// NTT transforms f in place and returns it under its new type.
// In |f| < q; out |f| < 8q.
//
// Each of the seven layers adds to a coefficient one product, which is below q.
//
// It implements NTT, according to FIPS 203, Algorithm 9.
func (f *Poly) NTT() *NTT {
	k := 1
	for length := N / 2; length >= 2; length /= 2 {
		for start := 0; start < N; start += 2 * length {
			zeta := zetas[k]
			k++
			lo, hi := f[start:][:length], f[start+length:][:length]
			for j, a := range lo {
				t := montgomeryMul(hi[j], zeta)
				lo[j] = a + t
				hi[j] = a - t
			}
		}
	}
	return (*NTT)(f)
}

// InverseNTT transforms f in place and returns it under its new type.
// In |f| < q; out |f| < q.
//
// A layer doubles a bound at most. The first three lead from q to 8q, where all
// is reduced; the last four lead from q/2 to 8q.
//
// It implements NTT⁻¹, according to FIPS 203, Algorithm 10.
func (f *NTT) InverseNTT() *Poly {
	k := N/2 - 1
	for length := 2; length < N; length *= 2 {
		if length == 16 {
			for i := range f {
				f[i] = barrettReduce(f[i])
			}
		}
		for start := 0; start < N; start += 2 * length {
			zeta := zetas[k]
			k--
			lo, hi := f[start:][:length], f[start+length:][:length]
			for j, a := range lo {
				b := hi[j]
				lo[j] = a + b
				hi[j] = montgomeryMul(b-a, zeta)
			}
		}
	}
	for i := range f {
		f[i] = montgomeryMul(f[i], rOver128)
	}
	return (*Poly)(f)
}

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
