package kats

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// A keyFormat is a key in a file, in the formats of RFC 9935 and the X-Wing draft.
type keyFormat struct {
	DER    vectors.Hex
	Seed   vectors.Hex `json:",omitempty"`
	Form   string      `json:",omitempty"`
	Class  string      `json:",omitempty"`
	Result verdict     `json:",omitempty"`
	Kind   string
}

func verify(what string, holds bool) error {
	if !holds {
		return errors.New(what)
	}
	return nil
}

// refusals gives the text of the error that must refuse each class of private keys.
var refusals = map[string]string{
	"seed_expanded_mismatch": "not that of the seed",
	"z_mismatch":             "not that of the seed",
	"h_ek_mismatch":          "wrong hash",
	"s_mismatch":             "does not decapsulate",
}

// check reads the key, which belongs to k, and compares it with the key that the seed
// gives.
func (v keyFormat) check(k kem.KEM) error {
	if v.Kind != "pkcs8" {
		err := v.checkPublicKey(k)
		if v.Result == invalid {
			return refused("public key", err)
		}
		return err
	}
	key, err := keyfile.ParsePKCS8PrivateKey(v.DER)
	if v.Result == invalid {
		want, known := refusals[v.Class]
		if err == nil || !known || !strings.Contains(err.Error(), want) {
			return fmt.Errorf("class %q: %v", v.Class, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	dk, err := k.NewDecapsulationKey(v.Seed)
	if err != nil {
		return err
	}
	if v.Form == "expanded" {
		return sameUse(key, dk)
	}
	if !dk.Equal(key) {
		return errors.New("the key is not of this seed")
	}
	der, err := keyfile.MarshalPKCS8PrivateKey(key)
	if v.Form != "both" && err == nil {
		err = match("der", der, v.DER)
	}
	return err
}

// sameUse checks by use that key is the expansion of dk. The encapsulation keys must
// match. A valid ciphertext depends on ŝ, and an invalid one on z.
func sameUse(key, dk crypto.Decapsulator) error {
	err := match("ek", key.Encapsulator().Bytes(), dk.Encapsulator().Bytes())
	_, ciphertext := dk.Encapsulator().Encapsulate()
	for range 2 {
		got, gotErr := key.Decapsulate(ciphertext)
		want, wantErr := dk.Decapsulate(ciphertext)
		err = errors.Join(err, gotErr, wantErr, match("K", got, want))
		clear(ciphertext)
	}
	return err
}

// checkPublicKey reads the public key, which may be in a certificate, and compares it
// with the key that the seed gives.
func (v keyFormat) checkPublicKey(k kem.KEM) error {
	der := []byte(v.DER)
	if v.Kind == "certificate" {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		der = certificate.RawSubjectPublicKeyInfo
	}
	key, err := keyfile.ParsePKIXPublicKey(der)
	if err != nil {
		return err
	}
	dk, err := k.NewDecapsulationKey(v.Seed)
	if err != nil {
		return err
	}
	if !dk.PublicKey().Equal(key) {
		return errors.New("the public key is not of this seed")
	}
	again, err := keyfile.MarshalPKIXPublicKey(key)
	if err == nil {
		err = match("der", again, der)
	}
	return err
}

type mlkemFormat struct {
	keyFormat
	Set set
}

func (v mlkemFormat) check() error { return v.keyFormat.check(v.Set) }

type xwingFormat struct {
	keyFormat
	Set string
}

func (v xwingFormat) check() error {
	if v.Set != xwing.KEM().Name() {
		return fmt.Errorf("unknown KEM %q", v.Set)
	}
	return v.keyFormat.check(xwing.KEM())
}
