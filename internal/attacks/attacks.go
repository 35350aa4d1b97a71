// Package attacks is a corpus of inputs that are made to find mistakes in implementations of ML-KEM
// and of hybrids. They are inputs that an attacker would send, and inputs that have broken other
// implementations. Each input goes through the public packages. The result is compared with package
// spec and, for X25519 and the NIST curves, with crypto/ecdh.
//
// The package has tests and fuzz targets only.
package attacks
