// Package fips is what GODEBUG=fips140 means to this module, which is not a validated
// one: with "only" it makes no keys, with "on" it tests those that it generates.
package fips

import (
	"crypto/fips140"

	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// Check returns an error of pkg if nothing but validated code may be used.
func Check(pkg string) error {
	if fips140.Enforced() {
		return fault.New(pkg, kem.ErrFIPS, "this module has no FIPS 140-3 validation, which GODEBUG=fips140=only demands")
	}
	return nil
}

// CheckGenerated tests a key pair that has just been generated, in FIPS 140-3 mode, and
// destroys it if the test fails.
func CheckGenerated(pkg string, dk kem.Decapsulator) error {
	if !fips140.Enabled() {
		return nil
	}
	good := false
	defer func() {
		if !good { // An error, or a panic of a part.
			dk.Destroy()
		}
	}()
	if err := kem.CheckKeyPair(dk); err != nil {
		return fault.In(pkg, err)
	}
	good = true
	return nil
}
