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

// TestPairs takes pairs of elements apart again.
func TestPairs(t *testing.T) {
	all := tight()
	for i, v := range all {
		w := all[(i+1)%len(all)]
		for k, row := range pairOf(v.limbs(), w.limbs()) {
			if max(row[0], row[1]) >= 1<<26 || max(row[2], row[3]) > 1<<25 {
				t.Fatalf("word %d of %x and %x is %x", k, v, w, row)
			}
		}
		for _, order := range [][2]element{{v, w}, {w, v}} {
			pair := pairOf(order[0].limbs(), order[1].limbs())
			var first element
			first.setFirst(&pair)
			equal(t, "the first element of a pair", &first, integer(&order[0]), tightLimit)
		}
	}
	const even, odd = 1<<26 + 1<<12 - 1, 1<<25 + 1<<12 - 1 // the largest that the kernel may return
	var pair [5][4]uint32
	want := new(big.Int)
	for k := range pair {
		pair[k] = [4]uint32{even, 1, odd, 2}
		want.Lsh(want, 51).Add(want, big.NewInt(even+odd<<26))
	}
	var v element
	v.setFirst(&pair)
	equal(t, "an element of large limbs", &v, want, tightLimit)
}
