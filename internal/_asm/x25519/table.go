package main

import (
	"math/big"

	"github.com/mmcloughlin/avo/operand"

	"hybridkem/internal/_asm/kit"
)

// A scalar is the sum of 64 digits, each from -8 to 8 and multiplied by a power of 16. Each
// window of the table is used for two digits.
const (
	windows   = 32
	multiples = 8             // in a window
	words     = 4             // in an element
	entrySize = 3 * 8 * words // the size of a multiple in bytes
)

// pointTable returns the address of the table of multiples of the base point.
func pointTable(f *kit.File) operand.Mem { return f.Quads("pointTable", tableOfPoints()...) }

// tableOfPoints returns a table of multiples of the base point B. The entry at
// offset 96(8i+j) is for the point (x, y) = (j+1)·256^i·B on edwards25519. It consists of
// (y - x)/2, (y + x)/2 and dxy, each in four words and less than p. Because the first two are
// halved, an addition need not double Z. Subtracting dxy from p word by word never borrows.
func tableOfPoints() (table []uint64) {
	base := basePoint()
	for range windows {
		multiple := base
		for range multiples {
			x, y := multiple.x, multiple.y
			dxy := mul(curveD(), x, y)
			for _, v := range []*big.Int{half(new(big.Int).Sub(y, x)), half(new(big.Int).Add(y, x)), dxy} {
				table = append(table, limbs(v, 64, words)...)
			}
			if limbs(dxy, 64, words)[0] > limbs(p, 64, words)[0] { // the other words of p are all ones
				panic("p - dxy borrows")
			}
			multiple = add(multiple, base)
		}
		for range 8 {
			base = add(base, base)
		}
	}
	return table
}

// p is 2^255 - 19.
var p = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// mod reduces v modulo p, in place.
func mod(v *big.Int) *big.Int { return v.Mod(v, p) }

func mul(factors ...*big.Int) *big.Int {
	product := big.NewInt(1)
	for _, f := range factors {
		product.Mul(product, f)
	}
	return mod(product)
}

// divide returns a/b modulo p.
func divide(a, b *big.Int) *big.Int { return mul(a, new(big.Int).ModInverse(b, p)) }

// half returns v/2 modulo p.
func half(v *big.Int) *big.Int { return divide(v, big.NewInt(2)) }

// limbs returns v in n limbs with the given number of bits, the least significant first.
func limbs(v *big.Int, bits uint, n int) (ls []uint64) {
	mask := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
	for i := range uint(n) {
		limb := new(big.Int).Rsh(v, i*bits)
		ls = append(ls, limb.And(limb, mask).Uint64())
	}
	return ls
}

// A point of edwards25519, -x² + y² = 1 + dx²y².
type point struct{ x, y *big.Int }

// curveD is -121665/121666.
func curveD() *big.Int { return divide(big.NewInt(-121665), big.NewInt(121666)) }

// basePoint returns the base point of RFC 8032, section 5.1: y is 4/5, and x is even.
func basePoint() point {
	one := big.NewInt(1)
	y := divide(big.NewInt(4), big.NewInt(5))
	y2 := mul(y, y)
	denominator := mul(curveD(), y2)
	x := divide(new(big.Int).Sub(y2, one), denominator.Add(denominator, one))
	x.ModSqrt(x, p)
	if x.Bit(0) == 1 {
		x.Sub(p, x)
	}
	return point{x, y}
}

// add returns a + b.
func add(a, b point) point {
	one := big.NewInt(1)
	sum := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
	d := mul(curveD(), a.x, b.x, a.y, b.y)
	return point{
		divide(sum(mul(a.x, b.y), mul(b.x, a.y)), sum(one, d)),
		divide(sum(mul(a.y, b.y), mul(a.x, b.x)), new(big.Int).Sub(one, d)),
	}
}
