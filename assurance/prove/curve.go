package main

import (
	"errors"
	"math/big"
	"sync"
)

// A point of edwards25519, RFC 8032, section 5.1: -x² + y² = 1 + d·x²·y². Coordinates are
// modulo p.
type point struct{ x, y *big.Int }

// curveD is d = -121665/121666.
var curveD = quotient(big.NewInt(-121665), big.NewInt(121666))

// neutral is the point that changes nothing when it is added.
var neutral = point{new(big.Int), big.NewInt(1)}

// modP returns the product of factors modulo p.
func modP(factors ...*big.Int) *big.Int {
	product := big.NewInt(1)
	for _, f := range factors {
		product.Mul(product, f).Mod(product, p25519)
	}
	return product
}

func quotient(a, b *big.Int) *big.Int { return modP(a, new(big.Int).ModInverse(b, p25519)) }

// isOnCurve reports whether the point satisfies the equation.
func (a point) isOnCurve() bool {
	x2, y2 := modP(a.x, a.x), modP(a.y, a.y)
	left, right := new(big.Int).Sub(y2, x2), modP(curveD, x2, y2)
	right.Add(right, big.NewInt(1))
	return modP(left).Cmp(modP(right)) == 0
}

// add returns a + b.
func (a point) add(b point) point {
	one, product := big.NewInt(1), modP(curveD, a.x, b.x, a.y, b.y)
	x := new(big.Int).Add(modP(a.x, b.y), modP(b.x, a.y))
	y := new(big.Int).Add(modP(a.y, b.y), modP(a.x, b.x))
	return point{
		quotient(x, new(big.Int).Add(one, product)),
		quotient(y, new(big.Int).Sub(one, product)),
	}
}

// negative returns -a.
func (a point) negative() point { return point{modP(big.NewInt(-1), a.x), a.y} }

// basePoint returns B, whose y is 4/5 and whose x is even.
func basePoint() point {
	one, y := big.NewInt(1), quotient(big.NewInt(4), big.NewInt(5))
	y2 := modP(y, y)
	x2 := quotient(new(big.Int).Sub(y2, one), new(big.Int).Add(modP(curveD, y2), one))
	b := point{new(big.Int).ModSqrt(x2, p25519), y}
	if b.x.Bit(0) == 1 {
		b = b.negative()
	}
	return b
}

// The combs add multiples of points 256^window·B.
const windows = 32

// digitMultiples returns digit·256^window·B for all windows and for digits from -8 to 8, which
// are 0 to 16 here.
var digitMultiples = sync.OnceValue(func() (table [windows][17]point) {
	base := basePoint()
	for w := range table {
		table[w][8] = neutral
		for digit := 1; digit <= 8; digit++ {
			table[w][8+digit] = table[w][7+digit].add(base)
			table[w][8-digit] = table[w][8+digit].negative()
		}
		for range 8 {
			base = base.add(base)
		}
	}
	return table
})

// addend returns the elements of digit·256^window·B that an addition takes: (y-x)/2, (y+x)/2
// and d·x·y modulo p.
func addend(digit, window int) [3]*big.Int {
	a, two := digitMultiples()[window][8+digit], big.NewInt(2)
	return [3]*big.Int{
		quotient(new(big.Int).Sub(a.y, a.x), two),
		quotient(new(big.Int).Add(a.y, a.x), two),
		modP(curveD, a.x, a.y),
	}
}

// checkCurve checks what makes the addition complete: d is no square modulo p, and -1 is one.
// Then 1 ± d·x₁·x₂·y₁·y₂ is never 0 for points of the curve. It also checks that B is a point.
func checkCurve() error {
	if big.Jacobi(curveD, p25519) != -1 || big.Jacobi(big.NewInt(-1), p25519) != 1 {
		return errors.New("the addition is not complete")
	}
	if !basePoint().isOnCurve() {
		return errors.New("the base point is not on the curve")
	}
	return nil
}
