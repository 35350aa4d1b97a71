//go:build !amd64 || purego

package keccak

// These exist for the sake of code that never calls them.

func Permute(*[200]byte) { panic("keccak: no kernel") }

func Permute4(*[25][4]uint64) { panic("keccak: no kernel") }

func Deinterleave4(*[4][200]byte, *[25][4]uint64) { panic("keccak: no kernel") }
