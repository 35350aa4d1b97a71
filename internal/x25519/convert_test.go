package x25519

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// forScalars calls f with every scalar that repeats one byte, and with random scalars.
func forScalars(f func(scalar *[Size]byte)) {
	for b := range 256 {
		var scalar [Size]byte
		for i := range scalar {
			scalar[i] = byte(b)
		}
		f(&scalar)
	}
	r := rand.NewChaCha8([32]byte{})
	for range 200 {
		var scalar [Size]byte
		r.Read(scalar[:])
		f(&scalar)
	}
}

// TestDigits checks that the digits are in their range, and that their weighted sum is
// the scalar.
func TestDigits(t *testing.T) {
	forScalars(func(scalar *[Size]byte) {
		k := clamp(scalar)
		d := digits(&k)
		sum := 0 // the carry into the next digit
		for i, digit := range d {
			if digit < -8 || digit > 8 || digit == 8 && i < len(d)-1 {
				t.Fatalf("digit %d of %x is %d", i, k, digit)
			}
			sum += int(digit)
			if want := int(k[i/2] >> (i % 2 * 4) & 15); sum&15 != want {
				t.Fatalf("digit %d of %x is %d", i, k, digit)
			} else {
				sum = (sum - want) / 16
			}
		}
		if sum != 0 {
			t.Fatalf("the digits of %x are %d", k, d)
		}
	})
}

// TestSwaps compares neighbouring bits of the scalar one by one.
func TestSwaps(t *testing.T) {
	forScalars(func(scalar *[Size]byte) {
		k := clamp(scalar)
		s := swaps(&k)
		bit := func(t int) uint64 { return uint64(k[t/8]>>(t%8)) & 1 }
		for i := range 255 {
			if s[(i+1)/64]>>((i+1)%64)&1 != bit(i)^bit(i+1) {
				t.Fatalf("bit %d of %x is wrong for %x", i+1, s, k)
			}
		}
	})
}

func TestLimbs(t *testing.T) {
	edges := []uint64{0, 1, 18, 19, 1<<51 - 20, 1<<51 - 19, 1<<51 - 1, 1 << 51, 1<<51 + 1<<17, 1<<52 - 1}
	weigh := func(l *[5]uint64) *big.Int {
		sum := new(big.Int)
		for k := range l {
			sum.Lsh(sum, 51).Add(sum, new(big.Int).SetUint64(l[4-k]))
		}
		return sum
	}
	for n := range 10 * 10 * 10 * 10 * 10 {
		var f fourLimbs
		var l [5]uint64
		for k, m := 0, n; k < 5; k, m = k+1, m/10 {
			l[k] = edges[m%10]
			f[k] = [4]uint64{1, 2, l[k], 3}
		}
		var v element
		v.setLimbs(&f, 2)
		equal(t, "an element of limbs", &v, weigh(&l), tightLimit)
	}
	for _, v := range tight() {
		l := v.limbs()
		for k := range l {
			if l[k] > 1<<51 || k < 4 && l[k] == 1<<51 {
				t.Fatalf("the limbs of %x are %x", v, l)
			}
		}
		if weigh(&l).Cmp(integer(&v)) != 0 {
			t.Fatalf("the limbs of %x are %x", v, l)
		}
	}
}
