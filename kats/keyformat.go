package kats

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// A keyFormat is a key in a file, as RFC 9935 and the X-Wing draft have them.
type keyFormat struct {
	DER    vectors.Hex
	Seed   vectors.Hex `json:",omitempty"`
	Form   string      `json:",omitempty"`
	Class  string      `json:",omitempty"`
	Result verdict     `json:",omitempty"`
	Kind   string
}

// PKCS #8, RFC 5958.
type privateKeyInfo struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
}

// RFC 5280, section 4.1.
type subjectPublicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

// unmarshal reads all of der. It is here to see what the vectors hold, not for the
// keys of anybody.
func unmarshal[V any](der []byte, params string) (v V, err error) {
	rest, err := asn1.UnmarshalWithParams(der, &v, params)
	if err == nil && len(rest) > 0 {
		err = errors.New("trailing bytes")
	}
	return v, err
}

func verify(what string, holds bool) error {
	if !holds {
		return errors.New(what)
	}
	return nil
}

// privateKey returns the contents of a private key.
func (v keyFormat) privateKey(oid asn1.ObjectIdentifier) ([]byte, error) {
	info, err := unmarshal[privateKeyInfo](v.DER, "")
	if err == nil && (info.Version != 0 || !info.Algorithm.Algorithm.Equal(oid) || info.Algorithm.Parameters.FullBytes != nil) {
		err = fmt.Errorf("version %d of %v", info.Version, info.Algorithm.Algorithm)
	}
	return info.PrivateKey, err
}

// publicKey compares a public key, bare or in a certificate, with that of the seed.
func (v keyFormat) publicKey(oid asn1.ObjectIdentifier, k kem.KEM) error {
	der := []byte(v.DER)
	if v.Kind == "certificate" {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		der = certificate.RawSubjectPublicKeyInfo
	}
	info, err := unmarshal[subjectPublicKeyInfo](der, "")
	if err != nil {
		return err
	}
	if !info.Algorithm.Algorithm.Equal(oid) || info.Algorithm.Parameters.FullBytes != nil || info.PublicKey.BitLength%8 != 0 {
		return fmt.Errorf("%d bits of %v", info.PublicKey.BitLength, info.Algorithm.Algorithm)
	}
	dk, err := k.NewDecapsulationKey(v.Seed)
	if err != nil {
		return err
	}
	_, err = k.NewEncapsulationKey(info.PublicKey.Bytes)
	return errors.Join(err, match("ek", info.PublicKey.Bytes, dk.Encapsulator().Bytes()))
}

type mlkemFormat struct {
	keyFormat
	Set set
}

// NIST's identifiers of the parameter sets.
var oids = map[string]asn1.ObjectIdentifier{
	"ML-KEM-512":  {2, 16, 840, 1, 101, 3, 4, 4, 1},
	"ML-KEM-768":  {2, 16, 840, 1, 101, 3, 4, 4, 2},
	"ML-KEM-1024": {2, 16, 840, 1, 101, 3, 4, 4, 3},
}

func (v mlkemFormat) check() error {
	oid := oids[v.Set.Name()]
	if v.Kind != "pkcs8" {
		err := v.publicKey(oid, v.Set)
		if v.Result == invalid {
			return refused("public key", err)
		}
		return err
	}
	contents, err := v.privateKey(oid)
	if err != nil {
		return err
	}
	var both struct{ Seed, ExpandedKey []byte }
	switch v.Form {
	case "seed":
		both.Seed, err = unmarshal[[]byte](contents, "tag:0")
	case "expanded":
		both.ExpandedKey, err = unmarshal[[]byte](contents, "")
	case "both":
		both, err = unmarshal[struct{ Seed, ExpandedKey []byte }](contents, "")
	default:
		err = fmt.Errorf("unknown form %q", v.Form)
	}
	if err != nil {
		return err
	}
	if v.Result == invalid {
		return v.refused(both.Seed, both.ExpandedKey)
	}

	dk, err := v.Set.NewDecapsulationKey(v.Seed)
	if err != nil {
		return err
	}
	if v.Form != "expanded" {
		err = match("seed", both.Seed, v.Seed)
	}
	if v.Form != "seed" {
		expanded, parseErr := v.Set.newExpandedKey(both.ExpandedKey)
		if parseErr != nil {
			return parseErr
		}
		err = errors.Join(err, verify("the expanded key is not of this seed", expanded.matches(dk)))
	}
	return err
}

// refused wants a key to be refused for the reason that its class gives.
func (v mlkemFormat) refused(seed, expandedKey []byte) error {
	dk, err := v.Set.newExpandedKey(expandedKey)
	if v.Class == "h_ek_mismatch" {
		return refused("expanded key", err)
	}
	if err != nil {
		return err
	}
	switch v.Class {
	case "s_mismatch": // which nothing shows but its use
		sharedKey, ciphertext := dk.Encapsulator().Encapsulate()
		got, err := dk.Decapsulate(ciphertext)
		return errors.Join(err, verify("the expanded key works", !bytes.Equal(got, sharedKey)))
	case "seed_expanded_mismatch", "z_mismatch":
		seedKey, err := v.Set.NewDecapsulationKey(seed)
		if err != nil {
			return err
		}
		return verify("the expanded key is of this seed", !dk.matches(seedKey))
	}
	return fmt.Errorf("unknown class %q", v.Class)
}

type xwingFormat struct {
	keyFormat
	Set string
}

func (v xwingFormat) check() error {
	oid := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62253, 25722}
	if v.Set != xwing.KEM().Name() {
		return fmt.Errorf("unknown KEM %q", v.Set)
	}
	if v.Kind != "pkcs8" {
		return v.publicKey(oid, xwing.KEM())
	}
	seed, err := v.privateKey(oid)
	return errors.Join(err, match("seed", seed, v.Seed))
}
