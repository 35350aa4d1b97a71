//go:build !amd64 || purego

package keccak

// These exist for the sake of code that never calls them.

func Permute(*[200]byte) { panic("keccak: no kernel") }

func Permute4(*[25][4]uint64) { panic("keccak: no kernel") }

func Squeeze4([]byte, int, int, *[25][4]uint64) { panic("keccak: no kernel") }

func Start4(*[25][4]uint64, *[32]byte, *[4]uint64, int, int) { panic("keccak: no kernel") }

func Absorb4(*[25][4]uint64, *[136]byte) { panic("keccak: no kernel") }
