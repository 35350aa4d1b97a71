package main

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
)

// TestCurve compares all multiples with another implementation.
func TestCurve(t *testing.T) {
	if err := checkCurve(); err != nil {
		t.Fatal(err)
	}
	for w := range windows {
		for digit := -8; digit <= 8; digit++ {
			a := digitMultiples()[w][8+digit]
			var k [64]byte
			big.NewInt(int64(max(digit, -digit))).FillBytes(k[:])
			slices.Reverse(k[:])
			slices.Reverse(k[:w+1]) // times 256^w
			s, err := edwards25519.NewScalar().SetUniformBytes(k[:])
			if err != nil {
				t.Fatal(err)
			}
			want := new(edwards25519.Point).ScalarBaseMult(s)
			if digit < 0 {
				want.Negate(want)
			}
			got := a.y.FillBytes(make([]byte, 32))
			got[0] |= byte(a.x.Bit(0) << 7)
			slices.Reverse(got)
			if !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%d·256^%d·B is %x, not %x", digit, w, got, want.Bytes())
			}
		}
	}
}
