package integer

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"hybridkem/assurance/prove/term"
)

// TestChains adds and subtracts elements modulo 2^255 - 19 in four words. The words of a sum
// end with a carry that is replaced by 38, and the next carry is dropped. That needs bounds of
// the elements.
func TestChains(t *testing.T) {
	p := new(big.Int).Sub(Pow2(255), big.NewInt(19))
	for _, c := range []struct {
		high            int // elements are at most 2^255 + 2^high
		sum, difference bool
	}{
		{11, true, true},
		{62, true, true},
		{63, false, true},
		{254, false, true},
		{255, false, false},
	} {
		s, f := term.NewSpace(), NewField(p, Every(64))
		var x [2][4]*term.Word
		var symbols [2]Poly
		for k := range x {
			for i := range x[k] {
				x[k][i] = s.Var(fmt.Sprint("x", k, ".", i), 64)
			}
			symbol, err := f.Element(fmt.Sprint("x", k), x[k][:]...)
			if err != nil {
				t.Fatal(err)
			}
			f.AssumeRow(new(big.Int).Add(Pow2(255), Pow2(c.high)), x[k][:]...)
			symbols[k] = Atom(symbol)
		}
		zero := s.Const(64, 0)
		carry, borrow := zero.Bits(0, 1), zero.Bits(0, 1)
		var sum, difference [4]*term.Word
		for i := range sum {
			a, b := x[0][i], x[1][i]
			sum[i], carry = term.Adc(a, b, carry), term.Carry(a, b, carry)
			difference[i], borrow = term.Sbb(a, b, borrow), term.Borrow(a, b, borrow)
		}
		sum[0] = term.Add(sum[0], term.And(term.Spread(carry, 64), s.Const(64, 38)))
		y, borrow := term.Ite(borrow, s.Const(64, 38), zero), zero.Bits(0, 1)
		for i := range difference {
			difference[i], borrow = term.Sbb(difference[i], y, borrow), term.Borrow(difference[i], y, borrow)
			y = zero
		}
		for _, r := range []struct {
			row   [4]*term.Word
			want  Poly
			shown bool
		}{
			{sum, symbols[0].Add(symbols[1]), c.sum},
			{difference, symbols[0].Sub(symbols[1]), c.difference},
		} {
			v, err := f.Value(r.row[:]...)
			switch {
			case r.shown && err != nil:
				t.Errorf("2^255 + 2^%d: %v", c.high, err)
			case r.shown && !v.Sub(r.want).Mod(p).IsZero():
				t.Errorf("2^255 + 2^%d: the value is %v, not %v", c.high, v, r.want)
			case !r.shown && (err == nil || !strings.Contains(err.Error(), "this is left")):
				t.Errorf("2^255 + 2^%d: %v", c.high, err)
			}
		}
	}
}
