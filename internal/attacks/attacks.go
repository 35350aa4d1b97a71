// Package attacks is a corpus of inputs made to find mistakes in implementations
// of ML-KEM and of hybrids: what an attacker would send, and what has broken other
// implementations. Each input stands beside what must come of it, according to
// package spec and, for X25519 and the NIST curves, crypto/ecdh; and goes through
// the public packages.
//
// The package has tests and fuzz targets only.
package attacks
