package integer

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// TestField multiplies two elements modulo 2^40 - 1, in limbs of 20 bits, and finds the product
// of their symbols. It finds faults too: a carry that is lost, a limb beyond its bound, and
// another limb.
func TestField(t *testing.T) {
	s := term.NewSpace()
	one := big.NewInt(1)
	for fault, want := range map[string]string{
		"":          "",
		"lost":      "this is left",
		"large":     "this is left",
		"different": "does not occur with the others",
	} {
		f := NewField(new(big.Int).Sub(Pow2(40), one), Every(20))
		var x [2][2]*term.Word
		product := Int(1)
		for k := range x {
			for i := range x[k] {
				x[k][i] = s.Var(fmt.Sprint("x", k, ".", i), 64)
				bound := Pow2(31)
				if fault == "large" {
					bound = Pow2(32)
				}
				f.Assume(x[k][i], UpTo(bound))
			}
			symbol, err := f.Element(fmt.Sprint("x", k), x[k][:]...)
			if err != nil {
				t.Fatal(err)
			}
			product = product.Mul(Atom(symbol))
		}
		last := x[1][1]
		if fault == "different" {
			last = x[0][1]
		}
		// 2^40 = 1, so the product of both limbs 1 belongs to limb 0.
		r0 := term.Add(term.Mul(x[0][0], x[1][0]), term.Mul(x[0][1], last))
		r1 := term.Add(term.Mul(x[0][0], x[1][1]), term.Mul(x[0][1], x[1][0]))
		low := func(r *term.Word) *term.Word { return term.ZeroExtend(r.Bits(0, 20), 64) }
		limb0 := term.Add(low(r0), term.Shr(r1, 20))
		if fault == "lost" {
			limb0 = low(r0)
		}
		v, err := f.Value(limb0, term.Add(low(r1), term.Shr(r0, 20)))
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want == "" && !v.Sub(product).IsZero():
			t.Errorf("the product is %v", v)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", fault, err)
		}
	}
}
