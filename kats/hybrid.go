package kats

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"hybridkem"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

type xwingVector struct {
	Seed, SK, PK, ESeed, CT, SS vectors.Hex
}

func (v xwingVector) check() error {
	return errors.Join(
		match("sk", v.SK, v.Seed),
		allOperations(xwing.KEM(), v.Seed, v.PK, v.ESeed, v.SS, v.CT))
}

func allOperations(k kem.KEM, seed, ek, random, sharedKey, ciphertext []byte) error {
	dk, err := k.NewDecapsulationKey(seed)
	if err != nil {
		return err
	}
	if err := match("encapsulation key", dk.Encapsulator().Bytes(), ek); err != nil {
		return err
	}
	parsed, err := k.NewEncapsulationKey(ek)
	if err != nil {
		return err
	}
	return errors.Join(
		encapsulates(parsed, random, sharedKey, ciphertext),
		decapsulates(dk, ciphertext, sharedKey))
}

// An ownVector is a vector of a hybrid for which no document has vectors.
type ownVector struct {
	KEM                      string
	Seed, EK, Random, CT, SS vectors.Hex
}

func (v ownVector) check() error {
	k, err := hybridkem.ByName(v.KEM)
	if err != nil {
		return err
	}
	return allOperations(k, v.Seed, v.EK, v.Random, v.SS, v.CT)
}

type hpkeVector struct {
	KEM                         string
	KEMID                       uint16 `json:"kem_id"`
	IkmR, SkRm, PkRm, IkmE, Enc vectors.Hex
	SharedSecret                vectors.Hex `json:"shared_secret"`
}

var hpkeKEMs = map[uint16]string{
	0x0040: "ML-KEM-512",
	0x0041: "ML-KEM-768",
	0x0042: "ML-KEM-1024",
	0x0050: "MLKEM768-P256",
	0x0051: "MLKEM1024-P384",
	0x647a: "MLKEM768-X25519",
}

// check runs the KEM's part of the vector, without HPKE's key schedule.
func (v hpkeVector) check() error {
	switch v.KEMID {
	case 0x0010, 0x0011, 0x0020, 0x0021: // DHKEM of P-256, P-384, X25519, X448
		return errNoKEM
	}
	if hpkeKEMs[v.KEMID] != v.KEM {
		return fmt.Errorf("KEM id %#04x is not that of %s", v.KEMID, v.KEM)
	}
	k, err := hybridkem.ByName(v.KEM)
	if err != nil {
		return err
	}
	if err := match("skRm", deriveKeyPair(v.IkmR, v.KEMID, k.SeedSize()), v.SkRm); err != nil {
		return err
	}
	random, err := v.random()
	if err != nil {
		return err
	}
	return allOperations(k, v.SkRm, v.PkRm, random, v.SharedSecret, v.Enc)
}

// deriveKeyPair is HPKE's DeriveKeyPair. For these KEMs it is SHAKE256.LabeledDerive(ikm,
// "DeriveKeyPair", "", size), whatever the suite's KDF.
func deriveKeyPair(ikm []byte, kemID uint16, size int) []byte {
	h := sha3.NewSHAKE256()
	h.Write(ikm)
	h.Write([]byte("HPKE-v1KEM"))
	h.Write(binary.BigEndian.AppendUint16(nil, kemID))
	h.Write([]byte("\x00\x0dDeriveKeyPair"))
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(size)))
	seed := make([]byte, size)
	h.Read(seed)
	return seed
}

// A deriveVector has a seed that comes from ikm by one of the two rules for KEM 0x647a.
type deriveVector struct {
	Rule          string
	Ikm, Seed, EK vectors.Hex
}

func (v deriveVector) check() error {
	var seed []byte
	switch v.Rule {
	case "draft-ietf-hpke-pq":
		seed = deriveKeyPair(v.Ikm, 0x647a, xwing.SeedSize)
	case "draft-connolly-cfrg-xwing-kem":
		seed = sha3.SumSHAKE256(v.Ikm, xwing.SeedSize)
	default:
		return fmt.Errorf("unknown rule %s", v.Rule)
	}
	dk, err := xwing.NewDecapsulationKey(seed)
	if err != nil {
		return err
	}
	return errors.Join(
		match("seed", seed, v.Seed),
		match("encapsulation key", dk.EncapsulationKey().Bytes(), v.EK))
}

// random returns ikmE, extended to the length of the KEM's randomness. For MLKEM768-P256,
// ikmE has three candidates for the scalar, and the KEM takes four. Only the first
// candidate in range is used. The first of all is in range, so the fourth can be
// anything.
func (v hpkeVector) random() ([]byte, error) {
	if v.KEM != "MLKEM768-P256" {
		return v.IkmE, nil
	}
	if len(v.IkmE) != 32+3*32 {
		return nil, fmt.Errorf("ikmE has %d bytes, not 128", len(v.IkmE))
	}
	if _, err := ecdh.P256().NewPrivateKey(v.IkmE[32:64]); err != nil {
		return nil, fmt.Errorf("first scalar candidate of ikmE: %w", err)
	}
	return slices.Concat(v.IkmE, make([]byte, 32)), nil
}

type x25519Vector struct {
	Public, Private, Shared vectors.Hex
	Result                  verdict
}

// check runs X25519 as part of the TLS hybrid. There the client's share is ek ‖ public,
// the randomness is m ‖ private, and the shared key is K ‖ X25519(private, public).
//
// Among the vectors with the result "acceptable", the module refuses only those whose
// shared secret is zero. Decapsulation refuses the same shares, although its private key
// is another one.
func (v x25519Vector) check() error {
	k, err := hybridkem.ByName("X25519MLKEM768")
	if err != nil {
		return err
	}
	dk, err := k.NewDecapsulationKey(make([]byte, k.SeedSize()))
	if err != nil {
		return err
	}
	mlkemKey := dk.Encapsulator().Bytes()[:mlkem.EncapsulationKeySize768]
	ek, errClient := k.NewEncapsulationKey(slices.Concat(mlkemKey, v.Public))
	_, errServer := dk.Decapsulate(slices.Concat(make([]byte, mlkem.CiphertextSize768), v.Public))
	if v.Result == invalid || bytes.Equal(v.Shared, make([]byte, 32)) {
		return errors.Join(refused("client share", errClient), refused("server share", errServer))
	}
	if err := errors.Join(errClient, errServer); err != nil {
		return err
	}
	sharedKey, _, err := kemtest.Encapsulate(ek, slices.Concat(make([]byte, 32), v.Private))
	if err != nil {
		return err
	}
	return match("X25519", sharedKey[mlkem.SharedKeySize:], v.Shared)
}
