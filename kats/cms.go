package kats

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"hybridkem/kats/vectors"
	"hybridkem/keyfile"
)

// A cmsVector is a recipient of a message in CMS, up to the key-encryption key (RFC 9629, section 5).
type cmsVector struct {
	Seed      vectors.Hex `json:"pkcs8_seed"`
	Expanded  vectors.Hex `json:"pkcs8_expanded"`
	Both      vectors.Hex `json:"pkcs8_both"`
	SPKI      vectors.Hex
	CT, SS    vectors.Hex
	OtherInfo vectors.Hex `json:"ori_info"`
	KEK       vectors.Hex
}

func (v cmsVector) check() error {
	ek, err := keyfile.ParsePKIXPublicKey(v.SPKI)
	if err != nil {
		return err
	}
	for _, der := range [][]byte{v.Seed, v.Expanded, v.Both} {
		dk, err := keyfile.ParsePKCS8PrivateKey(der)
		if err != nil {
			return err
		}
		if !dk.PublicKey().Equal(ek) {
			return errors.New("the public key does not belong to the private key")
		}
		ss, err := dk.Decapsulate(v.CT)
		if err != nil {
			return err
		}
		if err := match("ss", ss, v.SS); err != nil {
			return err
		}
	}
	kek, err := hkdf.Key(sha256.New, v.SS, nil, string(v.OtherInfo), 16) // the key size of AES-128 key wrap
	if err != nil {
		return err
	}
	return match("kek", kek, v.KEK)
}
