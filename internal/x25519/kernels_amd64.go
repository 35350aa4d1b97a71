//go:build !purego

package x25519

//go:generate go run -C ../_asm ./x25519
