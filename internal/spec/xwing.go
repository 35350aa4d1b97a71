package spec

import (
	"crypto/sha3"
	"math/big"
	"slices"
)

// p25519 is 2^255 - 19, RFC 7748, section 4.1.
var p25519 = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// decodeLittleEndian, decodeUCoordinate and decodeScalar25519 are the functions of RFC
// 7748, section 5.
func decodeLittleEndian(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func decodeUCoordinate(u []byte) *big.Int {
	u = slices.Clone(u)
	u[31] &= 1<<7 - 1
	return decodeLittleEndian(u)
}

func decodeScalar25519(k []byte) *big.Int {
	k = slices.Clone(k)
	k[0] &= 248
	k[31] &= 127
	k[31] |= 64
	return decodeLittleEndian(k)
}

// X25519 is the function of RFC 7748, section 5, with the formulas of its pseudocode.
func X25519(scalar, point []byte) []byte {
	k, x1 := decodeScalar25519(scalar), decodeUCoordinate(point)
	mod := func(a *big.Int) *big.Int { return a.Mod(a, p25519) }
	add := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Add(a, b)) }
	sub := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Sub(a, b)) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }

	x2, z2 := big.NewInt(1), big.NewInt(0)
	x3, z3 := new(big.Int).Set(x1), big.NewInt(1)
	swap := uint(0)
	a24 := big.NewInt(121665)
	for t := 254; t >= 0; t-- {
		kt := k.Bit(t)
		swap ^= kt
		if swap == 1 {
			x2, x3 = x3, x2
			z2, z3 = z3, z2
		}
		swap = kt

		A := add(x2, z2)
		AA := mul(A, A)
		B := sub(x2, z2)
		BB := mul(B, B)
		E := sub(AA, BB)
		C := add(x3, z3)
		D := sub(x3, z3)
		DA := mul(D, A)
		CB := mul(C, B)
		x3 = add(DA, CB)
		x3 = mul(x3, x3)
		z3 = sub(DA, CB)
		z3 = mul(x1, mul(z3, z3))
		x2 = mul(AA, BB)
		z2 = mul(E, add(AA, mul(a24, E)))
	}
	if swap == 1 {
		x2, x3 = x3, x2
		z2, z3 = z3, z2
	}
	exponent := new(big.Int).Sub(p25519, big.NewInt(2))
	out := mul(x2, new(big.Int).Exp(z2, exponent, p25519)).FillBytes(make([]byte, 32))
	slices.Reverse(out)
	return out
}

// The functions below have the names of draft-connolly-cfrg-xwing-kem, section 5.

var mlkem768 = Sets["ML-KEM-768"]

// BasePoint is the u-coordinate 9, RFC 7748, section 4.1.
func BasePoint() []byte { return append([]byte{9}, make([]byte, 31)...) }

func expandDecapsulationKey(sk []byte) (skM, skX, pkM, pkX []byte) {
	expanded := sha3.SumSHAKE256(sk, 96)
	pkM, skM = KeyGenInternal(mlkem768, expanded[0:32], expanded[32:64])
	skX = expanded[64:96]
	return skM, skX, pkM, X25519(skX, BasePoint())
}

// XWingGenerateKeyPairDerand expands a 32-byte seed and returns the encapsulation key.
func XWingGenerateKeyPairDerand(sk []byte) (pk []byte) {
	_, _, pkM, pkX := expandDecapsulationKey(sk)
	return concat(pkM, pkX)
}

func combiner(ssM, ssX, ctX, pkX []byte) []byte {
	return H(concat(ssM, ssX, ctX, pkX, []byte(`\.//^\`)))
}

// XWingEncapsulateDerand encapsulates to pk with 64 bytes of randomness.
func XWingEncapsulateDerand(pk, eseed []byte) (ss, ct []byte) {
	pkM, pkX := pk[0:1184], pk[1184:1216]
	ekX := eseed[32:64]
	ctX := X25519(ekX, BasePoint())
	ssX := X25519(ekX, pkX)
	ssM, ctM := EncapsInternal(mlkem768, pkM, eseed[0:32])
	return combiner(ssM, ssX, ctX, pkX), concat(ctM, ctX)
}

// XWingDecapsulate decapsulates ct with the seed sk.
func XWingDecapsulate(ct, sk []byte) (ss []byte) {
	skM, skX, _, pkX := expandDecapsulationKey(sk)
	ctM, ctX := ct[0:1088], ct[1088:1120]
	ssM := DecapsInternal(mlkem768, skM, ctM)
	ssX := X25519(skX, ctX)
	return combiner(ssM, ssX, ctX, pkX)
}
