package kats

import (
	"crypto/ecdh"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/combiner/openpgp"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
)

// A compositeVector is a key of the draft of composite ML-KEM, in files too, with a ciphertext for it. Two
// vectors are of ML-KEM alone, and have no label.
type compositeVector struct {
	OID            string
	Label          vectors.Hex `json:",omitempty"`
	EK, DK, CT, SS vectors.Hex
	PKCS8          vectors.Hex `json:"dk_pkcs8"`
	Certificate    vectors.Hex
}

var compositeKEMs = map[string]string{
	"2.16.840.1.101.3.4.4.2": "ML-KEM-768",
	"2.16.840.1.101.3.4.4.3": "ML-KEM-1024",
	"1.3.6.1.5.5.7.6.58":     "MLKEM768-X25519-SHA3-256",
	"1.3.6.1.5.5.7.6.59":     "MLKEM768-ECDH-P256-SHA3-256",
	"1.3.6.1.5.5.7.6.60":     "MLKEM768-ECDH-P384-SHA3-256",
	"1.3.6.1.5.5.7.6.61":     "MLKEM768-ECDH-brainpoolP256r1-SHA3-256",
	"1.3.6.1.5.5.7.6.63":     "MLKEM1024-ECDH-P384-SHA3-256",
	"1.3.6.1.5.5.7.6.64":     "MLKEM1024-ECDH-brainpoolP384r1-SHA3-256",
	"1.3.6.1.5.5.7.6.66":     "MLKEM1024-ECDH-P521-SHA3-256",
}

func (v compositeVector) check() error {
	certificate, err := x509.ParseCertificate(v.Certificate)
	if err != nil {
		return err
	}
	key, keyErr := keyfile.ParsePKCS8PrivateKey(v.PKCS8)
	public, publicErr := keyfile.ParsePKIXPublicKey(certificate.RawSubjectPublicKeyInfo)
	name := compositeKEMs[v.OID]
	if strings.Contains(name, "brainpool") {
		if err := errors.Join(refusedAs(name, keyErr), refusedAs(name, publicErr)); err != nil {
			return err
		}
		return errNoKEM
	}
	k, err := hybridkem.ByName(name)
	if err := errors.Join(err, keyErr, publicErr); err != nil {
		return err
	}
	dk, err := k.NewDecapsulationKey(v.DK)
	if err != nil {
		return err
	}
	ek, err := k.NewEncapsulationKey(v.EK)
	if err != nil {
		return err
	}
	der, derErr := keyfile.MarshalPKCS8PrivateKey(key)
	spki, spkiErr := keyfile.MarshalPKIXPublicKey(public)
	err = errors.Join(derErr, spkiErr,
		match("ek", dk.PublicKey().Bytes(), v.EK),
		decapsulates(dk, v.CT, v.SS),
		verify("dk_pkcs8 holds another key", dk.Equal(key)),
		verify("the certificate holds another key", ek.Equal(public)),
		match("dk_pkcs8", der, v.PKCS8),
		match("SubjectPublicKeyInfo", spki, certificate.RawSubjectPublicKeyInfo))
	if err != nil || !kem.KeysFromParts(k) {
		return err
	}
	return v.checkParts(k)
}

// refusedAs returns an error unless err says that keys of the KEM with this name are not supported.
func refusedAs(name string, err error) error {
	return verify(fmt.Sprintf("a key of %s: %v", name, err), errors.Is(err, kem.ErrUnsupported) && strings.Contains(err.Error(), name))
}

// checkParts makes the key from its parts, and combines what they decapsulate. crypto/x509 reads the key of a curve.
func (v compositeVector) checkParts(k kem.KEM) error {
	pq := mlkem.KEM768()
	if strings.HasPrefix(k.Name(), "MLKEM1024") {
		pq = mlkem.KEM1024()
	}
	dkPQ, err := pq.NewDecapsulationKey(v.DK[:mlkem.SeedSize])
	if err != nil {
		return err
	}
	dkT, err := groupKey(v.DK[mlkem.SeedSize:])
	if err != nil {
		return err
	}
	parts, err := combiner.NewPartsKey(k, dkPQ, dkT)
	if err != nil {
		return err
	}
	ctPQ, ctT := v.CT[:pq.CiphertextSize()], v.CT[pq.CiphertextSize():]
	ssPQ, err1 := dkPQ.Decapsulate(ctPQ)
	ssT, err2 := exchange(dkT, ctT)
	ss := combiner.C2PRI(ssPQ, ssT, ctT, v.EK[pq.EncapsulationKeySize():], v.Label)
	return errors.Join(err1, err2,
		match("dk of the parts", parts.Bytes(), v.DK),
		match("ss of the parts", ss, v.SS))
}

// groupKey parses the X25519 scalar or the ECPrivateKey of a composite.
func groupKey(b []byte) (*ecdh.PrivateKey, error) {
	if len(b) == 32 {
		return ecdh.X25519().NewPrivateKey(b)
	}
	key, err := x509.ParseECPrivateKey(b)
	if err != nil {
		return nil, err
	}
	return key.ECDH()
}

func exchange(key *ecdh.PrivateKey, share []byte) ([]byte, error) {
	public, err := key.Curve().NewPublicKey(share)
	if err != nil {
		return nil, err
	}
	return key.ECDH(public)
}

// A compositeCombination is an example of the combiner of composite ML-KEM.
type compositeCombination struct {
	SSPQ  vectors.Hex `json:"ss_PQ"`
	SST   vectors.Hex `json:"ss_T"`
	CTT   vectors.Hex `json:"ct_T"`
	EKT   vectors.Hex `json:"ek_T"`
	Label vectors.Hex
	Input vectors.Hex
	SS    vectors.Hex
}

func (v compositeCombination) check() error {
	return errors.Join(
		match("input", slices.Concat(v.SSPQ, v.SST, v.CTT, v.EKT, v.Label), v.Input),
		match("ss", combiner.C2PRI(v.SSPQ, v.SST, v.CTT, v.EKT, v.Label), v.SS))
}

// An openPGPVector is a key and a ciphertext from a key file and a message of RFC 9980.
type openPGPVector struct {
	Algorithm int         `json:"alg_id"`
	SeedPQ    vectors.Hex `json:"seed_PQ"`
	DKT       vectors.Hex `json:"dk_T"`
	EKPQ      vectors.Hex `json:"ek_PQ"`
	EKT       vectors.Hex `json:"ek_T"`
	CTPQ      vectors.Hex `json:"ct_PQ"`
	CTT       vectors.Hex `json:"ct_T"`
	SSPQ      vectors.Hex `json:"ss_PQ"`
	SST       vectors.Hex `json:"ss_T"`
	Label     vectors.Hex
	KEK       vectors.Hex
}

func (v openPGPVector) check() error {
	if v.Algorithm != 35 {
		return fmt.Errorf("unknown algorithm %d", v.Algorithm)
	}
	ek := slices.Concat(v.EKT, v.EKPQ)
	dk, err := openpgp.NewDecapsulationKey(slices.Concat(v.DKT, v.SeedPQ), ek)
	if err != nil {
		return err
	}
	dkPQ, err := mlkem.NewDecapsulationKey768(v.SeedPQ)
	if err != nil {
		return err
	}
	dkT, err := groupKey(v.DKT)
	if err != nil {
		return err
	}
	ssT, err := exchange(dkT, v.CTT)
	return errors.Join(err,
		match("ek", dk.PublicKey().Bytes(), ek),
		decapsulates(dk, slices.Concat(v.CTT, v.CTPQ), v.KEK),
		decapsulates(dkPQ, v.CTPQ, v.SSPQ),
		match("ss_T", ssT, v.SST),
		match("kek of the given secrets", combiner.C2PRI(v.SSPQ, v.SST, v.CTT, v.EKT, v.Label), v.KEK))
}
