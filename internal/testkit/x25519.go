package testkit

import (
	"math/big"
	"slices"
)

// X25519Points returns encoded points at which mistakes hide: all points of low
// order, all non-canonical encodings, and their neighbours. Each also occurs with the
// most significant bit set.
func X25519Points() (points [][32]byte) {
	var us []*big.Int
	for d := range int64(40) {
		us = append(us, big.NewInt(d), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(d+1)))
	}
	// These are the coordinates of the points of order 8. Points of lower order have 0,
	// 1, p-1 or a number congruent to one of them.
	for _, s := range []string{
		"325606250916557431795983626356110631294008115727848805560023387167927233504",
		"39382357235489614581723060781553021112529911719440698176882885853963445705823",
	} {
		u, _ := new(big.Int).SetString(s, 10)
		us = append(us, u)
	}
	for _, u := range us {
		b := [32]byte(u.FillBytes(make([]byte, 32)))
		slices.Reverse(b[:])
		high := b
		high[31] |= 0x80
		points = append(points, b, high)
	}
	return points
}
