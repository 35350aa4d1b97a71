// Package spec transcribes FIPS 203 and X-Wing as literally as Go allows. Tests
// compare the module with it. It shares no code with the module: numbers are
// ints, bits are bytes of 0 or 1, and nothing is fast or constant-time. SHA-3
// comes from crypto/sha3, and X25519 follows the formulas of RFC 7748.
//
// Use it only in tests.
package spec

import (
	"crypto/rand"
	"crypto/sha3"
	"fmt"
	"io"
)

// FIPS 203, section 2.4.
const (
	n    = 256
	q    = 3329
	zeta = 17
)

// A Poly is an element of R_q or of T_q: 256 integers modulo q.
type Poly [n]int

// Params is a parameter set, FIPS 203, section 8.
type Params struct {
	K, Eta1, Eta2, Du, Dv int
}

// Sets holds the parameter sets by name.
var Sets = map[string]Params{
	"ML-KEM-512":  {2, 3, 2, 10, 4},
	"ML-KEM-768":  {3, 2, 2, 10, 4},
	"ML-KEM-1024": {4, 2, 2, 11, 5},
}

// mod returns a mod m in {0, …, m-1}, section 2.3.
func mod(a, m int) int { return (a%m + m) % m }

// BitsToBytes is Algorithm 3.
func BitsToBytes(b []byte) []byte {
	B := make([]byte, len(b)/8)
	for i := range b {
		B[i/8] += b[i] << (i % 8)
	}
	return B
}

// BytesToBits is Algorithm 4.
func BytesToBits(B []byte) []byte {
	C := append([]byte(nil), B...)
	b := make([]byte, 8*len(B))
	for i := range C {
		for j := range 8 {
			b[8*i+j] = C[i] % 2
			C[i] /= 2
		}
	}
	return b
}

// ByteEncode is Algorithm 5.
func ByteEncode(d int, F Poly) []byte {
	b := make([]byte, n*d)
	for i := range n {
		a := F[i]
		for j := range d {
			b[i*d+j] = byte(a % 2)
			a = (a - int(b[i*d+j])) / 2
		}
	}
	return BitsToBytes(b)
}

// ByteDecode is Algorithm 6.
func ByteDecode(d int, B []byte) (F Poly) {
	m := 1 << d
	if d == 12 {
		m = q
	}
	b := BytesToBits(B)
	for i := range n {
		for j := range d {
			F[i] += int(b[i*d+j]) << j
		}
		F[i] = mod(F[i], m)
	}
	return F
}

// Compress is equation 4.7 on each coefficient: ⌈(2^d/q)·x⌋ mod 2^d. Halves are rounded
// up.
func Compress(d int, x Poly) (y Poly) {
	for i := range n {
		y[i] = mod((2*(1<<d)*x[i]+q)/(2*q), 1<<d)
	}
	return y
}

// Decompress is equation 4.8 on each coefficient: ⌈(q/2^d)·y⌋.
func Decompress(d int, y Poly) (x Poly) {
	for i := range n {
		x[i] = (2*q*y[i] + 1<<d) / (2 << d)
	}
	return x
}

// SampleNTT is Algorithm 7. It also returns how many bytes it squeezed.
func SampleNTT(B []byte) (a Poly, squeezed int) {
	ctx := sha3.NewSHAKE128()
	ctx.Write(B)
	a, _, squeezed = SampleNTTFrom(ctx)
	return a, squeezed
}

// SampleNTTFrom is Algorithm 7 on the bytes of ctx. If they run out, it stops early. It
// also returns the number j of coefficients and how many bytes it read.
func SampleNTTFrom(ctx io.Reader) (a Poly, j, squeezed int) {
	for j < n {
		C := make([]byte, 3)
		if _, err := io.ReadFull(ctx, C); err != nil {
			break
		}
		squeezed += len(C)
		d1 := int(C[0]) + 256*(int(C[1])%16)
		d2 := int(C[1])/16 + 16*int(C[2])
		if d1 < q {
			a[j] = d1
			j++
		}
		if d2 < q && j < n {
			a[j] = d2
			j++
		}
	}
	return a, j, squeezed
}

// SamplePolyCBD is Algorithm 8.
func SamplePolyCBD(eta int, B []byte) (f Poly) {
	b := BytesToBits(B)
	for i := range n {
		x, y := 0, 0
		for j := range eta {
			x += int(b[2*i*eta+j])
			y += int(b[2*i*eta+eta+j])
		}
		f[i] = mod(x-y, q)
	}
	return f
}

// BitRev7 reverses the seven bits of r, section 4.3.
func BitRev7(r int) (rev int) {
	for range 7 {
		rev = 2*rev + r%2
		r /= 2
	}
	return rev
}

// powers holds the powers of ζ, which has order 256.
var powers = func() (p [256]int) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = mod(p[i]*zeta, q)
	}
	return p
}()

// Power is ζ^e mod q.
func Power(e int) int { return powers[e] }

// NTT is Algorithm 9.
func NTT(f Poly) Poly {
	i := 1
	for length := 128; length >= 2; length /= 2 {
		for start := 0; start < 256; start += 2 * length {
			z := Power(BitRev7(i))
			i++
			for j := start; j < start+length; j++ {
				t := mod(z*f[j+length], q)
				f[j+length] = mod(f[j]-t, q)
				f[j] = mod(f[j]+t, q)
			}
		}
	}
	return f
}

// InverseNTT is Algorithm 10.
func InverseNTT(f Poly) Poly {
	i := 127
	for length := 2; length <= 128; length *= 2 {
		for start := 0; start < 256; start += 2 * length {
			z := Power(BitRev7(i))
			i--
			for j := start; j < start+length; j++ {
				t := f[j]
				f[j] = mod(t+f[j+length], q)
				f[j+length] = mod(z*(f[j+length]-t), q)
			}
		}
	}
	for j := range f {
		f[j] = mod(f[j]*3303, q)
	}
	return f
}

// MultiplyNTTs is Algorithm 11.
func MultiplyNTTs(f, g Poly) (h Poly) {
	for i := range 128 {
		h[2*i], h[2*i+1] = BaseCaseMultiply(f[2*i], f[2*i+1], g[2*i], g[2*i+1], Power(2*BitRev7(i)+1))
	}
	return h
}

// BaseCaseMultiply is Algorithm 12.
func BaseCaseMultiply(a0, a1, b0, b1, gamma int) (c0, c1 int) {
	return mod(a0*b0+mod(a1*b1, q)*gamma, q), mod(a0*b1+a1*b0, q)
}

// Add returns f + g.
func Add(f, g Poly) Poly {
	for i := range f {
		f[i] = mod(f[i]+g[i], q)
	}
	return f
}

// Sub returns f - g.
func Sub(f, g Poly) Poly {
	for i := range f {
		f[i] = mod(f[i]-g[i], q)
	}
	return f
}

// Section 4.1.

func prf(eta int, s []byte, b int) []byte {
	return sha3.SumSHAKE256(append(append([]byte(nil), s...), byte(b)), 64*eta)
}

// H is the hash function H of section 4.1.
func H(s []byte) []byte { h := sha3.Sum256(s); return h[:] }

func hashJ(s []byte) []byte { return sha3.SumSHAKE256(s, 32) }
func hashG(c []byte) (a, b []byte) {
	g := sha3.Sum512(c)
	return g[:32], g[32:]
}

func concat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// PKEKeyGen is K-PKE.KeyGen, Algorithm 13.
func PKEKeyGen(p Params, d []byte) (ekPKE, dkPKE []byte) {
	rho, sigma := hashG(concat(d, []byte{byte(p.K)}))
	N := 0
	A := matrix(p, rho)
	s, e := make([]Poly, p.K), make([]Poly, p.K)
	for i := range s {
		s[i] = SamplePolyCBD(p.Eta1, prf(p.Eta1, sigma, N))
		N++
	}
	for i := range e {
		e[i] = SamplePolyCBD(p.Eta1, prf(p.Eta1, sigma, N))
		N++
	}
	for i := range s {
		s[i], e[i] = NTT(s[i]), NTT(e[i])
	}
	for i := range p.K {
		t := e[i]
		for j := range p.K {
			t = Add(t, MultiplyNTTs(A[i][j], s[j]))
		}
		ekPKE = append(ekPKE, ByteEncode(12, t)...)
		dkPKE = append(dkPKE, ByteEncode(12, s[i])...)
	}
	return append(ekPKE, rho...), dkPKE
}

// matrix is lines 3 to 7 of Algorithm 13 and lines 4 to 8 of Algorithm 14.
func matrix(p Params, rho []byte) [][]Poly {
	A := make([][]Poly, p.K)
	for i := range A {
		A[i] = make([]Poly, p.K)
		for j := range A[i] {
			A[i][j], _ = SampleNTT(concat(rho, []byte{byte(j), byte(i)}))
		}
	}
	return A
}

// PKEEncrypt is K-PKE.Encrypt, Algorithm 14.
func PKEEncrypt(p Params, ekPKE, m, r []byte) (c []byte) {
	N := 0
	t := make([]Poly, p.K)
	for i := range t {
		t[i] = ByteDecode(12, ekPKE[384*i:384*(i+1)])
	}
	A := matrix(p, ekPKE[384*p.K:])
	y, e1 := make([]Poly, p.K), make([]Poly, p.K)
	for i := range y {
		y[i] = SamplePolyCBD(p.Eta1, prf(p.Eta1, r, N))
		N++
	}
	for i := range e1 {
		e1[i] = SamplePolyCBD(p.Eta2, prf(p.Eta2, r, N))
		N++
	}
	e2 := SamplePolyCBD(p.Eta2, prf(p.Eta2, r, N))
	for i := range y {
		y[i] = NTT(y[i])
	}
	for i := range p.K {
		var sum Poly
		for j := range p.K {
			sum = Add(sum, MultiplyNTTs(A[j][i], y[j]))
		}
		u := Add(InverseNTT(sum), e1[i])
		c = append(c, ByteEncode(p.Du, Compress(p.Du, u))...)
	}
	mu := Decompress(1, ByteDecode(1, m))
	var sum Poly
	for i := range p.K {
		sum = Add(sum, MultiplyNTTs(t[i], y[i]))
	}
	v := Add(Add(InverseNTT(sum), e2), mu)
	return append(c, ByteEncode(p.Dv, Compress(p.Dv, v))...)
}

// PKEDecrypt is K-PKE.Decrypt, Algorithm 15.
func PKEDecrypt(p Params, dkPKE, c []byte) (m []byte) {
	return ByteEncode(1, Compress(1, W(p, dkPKE, c)))
}

// W is the w of Algorithm 15, line 6: the message before it is rounded.
func W(p Params, dkPKE, c []byte) Poly {
	c1, c2 := c[:32*p.Du*p.K], c[32*p.Du*p.K:]
	var sum Poly
	for i := range p.K {
		u := Decompress(p.Du, ByteDecode(p.Du, c1[32*p.Du*i:32*p.Du*(i+1)]))
		s := ByteDecode(12, dkPKE[384*i:384*(i+1)])
		sum = Add(sum, MultiplyNTTs(s, NTT(u)))
	}
	v := Decompress(p.Dv, ByteDecode(p.Dv, c2))
	return Sub(v, InverseNTT(sum))
}

// KeyGenInternal is ML-KEM.KeyGen_internal, Algorithm 16.
func KeyGenInternal(p Params, d, z []byte) (ek, dk []byte) {
	ek, dkPKE := PKEKeyGen(p, d)
	return ek, concat(dkPKE, ek, H(ek), z)
}

// EncapsInternal is ML-KEM.Encaps_internal, Algorithm 17.
func EncapsInternal(p Params, ek, m []byte) (K, c []byte) {
	K, r := hashG(concat(m, H(ek)))
	return K, PKEEncrypt(p, ek, m, r)
}

// DecapsInternal is ML-KEM.Decaps_internal, Algorithm 18.
func DecapsInternal(p Params, dk, c []byte) []byte {
	dkPKE := dk[:384*p.K]
	ekPKE := dk[384*p.K : 768*p.K+32]
	h := dk[768*p.K+32 : 768*p.K+64]
	z := dk[768*p.K+64 : 768*p.K+96]
	m := PKEDecrypt(p, dkPKE, c)
	K, r := hashG(concat(m, h))
	rejected := hashJ(concat(z, c))
	if string(c) != string(PKEEncrypt(p, ekPKE, m, r)) {
		K = rejected
	}
	return K
}

func random32() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

// KeyGen is ML-KEM.KeyGen, Algorithm 19.
func KeyGen(p Params) (ek, dk []byte) {
	d, z := random32(), random32()
	return KeyGenInternal(p, d, z)
}

// Encaps is ML-KEM.Encaps, Algorithm 20, after the checks of section 7.2.
func Encaps(p Params, ek []byte) (K, c []byte, err error) {
	if err := CheckEK(p, ek); err != nil {
		return nil, nil, err
	}
	m := random32()
	K, c = EncapsInternal(p, ek, m)
	return K, c, nil
}

// Decaps is ML-KEM.Decaps, Algorithm 21, after the checks of section 7.3.
func Decaps(p Params, dk, c []byte) (K []byte, err error) {
	if err := CheckDK(p, dk, c); err != nil {
		return nil, err
	}
	return DecapsInternal(p, dk, c), nil
}

// CheckEK does the type check and the modulus check of section 7.2.
func CheckEK(p Params, ek []byte) error {
	if len(ek) != 384*p.K+32 {
		return fmt.Errorf("spec: %d bytes of encapsulation key", len(ek))
	}
	if !Reduced(ek[:384*p.K]) {
		return fmt.Errorf("spec: the encapsulation key is not reduced")
	}
	return nil
}

// Reduced is the modulus check of section 7.2. It reports whether decoding and encoding
// give back the same bytes.
func Reduced(polys []byte) bool {
	for i := 0; i < len(polys); i += 384 {
		if string(ByteEncode(12, ByteDecode(12, polys[i:i+384]))) != string(polys[i:i+384]) {
			return false
		}
	}
	return true
}

// CheckDK does the type checks and the hash check of section 7.3.
func CheckDK(p Params, dk, c []byte) error {
	if len(c) != 32*(p.Du*p.K+p.Dv) {
		return fmt.Errorf("spec: %d bytes of ciphertext", len(c))
	}
	if len(dk) != 768*p.K+96 {
		return fmt.Errorf("spec: %d bytes of decapsulation key", len(dk))
	}
	if string(H(dk[384*p.K:768*p.K+32])) != string(dk[768*p.K+32:768*p.K+64]) {
		return fmt.Errorf("spec: wrong hash")
	}
	return nil
}
