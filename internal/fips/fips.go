// Package fips is what GODEBUG=fips140 means to this module, which is not a validated
// one: with "only" it makes no keys, with "on" it tests those that it generates.
package fips

import (
	"crypto"
	"crypto/fips140"
	"errors"

	"hybridkem/kem"
)

var errEnforced = errors.New("this module has no FIPS 140-3 validation, which GODEBUG=fips140=only demands")

// Check returns an error if nothing but validated code may be used.
func Check() error {
	if fips140.Enforced() {
		return errEnforced
	}
	return nil
}

// CheckGenerated tests a key pair that has just been generated, in FIPS 140-3 mode.
func CheckGenerated(dk crypto.Decapsulator) error {
	if !fips140.Enabled() {
		return nil
	}
	return kem.CheckKeyPair(dk)
}
