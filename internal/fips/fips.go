// Package fips follows GODEBUG=fips140. This module has no FIPS 140-3 validation. Therefore it makes
// no keys with fips140=only. With fips140=on it tests the keys that it generates.
package fips

import (
	"crypto/fips140"

	"hybridkem/internal/fault"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// Check returns an error of pkg if GODEBUG=fips140=only allows only validated code.
func Check(pkg string) error {
	if fips140.Enforced() {
		return fault.New(pkg, kem.ErrFIPS, "this module has no FIPS 140-3 validation, which GODEBUG=fips140=only demands")
	}
	return nil
}

// CheckGenerated tests a key pair that has just been generated, if Go runs in FIPS 140-3 mode. If the
// test fails, it destroys the key and returns an error of pkg.
func CheckGenerated(pkg string, dk kem.Decapsulator) error {
	if !fips140.Enabled() {
		return nil
	}
	err := secret.OrDestroy(dk, func() error { return kem.CheckKeyPair(dk) })
	if err != nil {
		return fault.In(pkg, err)
	}
	return nil
}
