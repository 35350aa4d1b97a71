package kats

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// An ageVector is a file in the age format, with the identity that it is for.
type ageVector struct {
	ID         string
	Identities []string
	File       vectors.Hex
	FileKey    vectors.Hex `json:"file_key"`
	Expect     string
}

// ageRefusals gives the errors of the files in which the ciphertext of X-Wing is the fault.
var ageRefusals = map[string]error{
	"CCTV-age/hybrid_identity":    kem.ErrLowOrder,
	"CCTV-age/hybrid_low_order":   kem.ErrLowOrder,
	"CCTV-age/hybrid_long_share":  kem.ErrLength,
	"CCTV-age/hybrid_short_share": kem.ErrLength,
}

// check opens the header up to the file key, without the MAC and the payload.
func (v ageVector) check() error {
	if len(v.Identities) != 1 {
		return fmt.Errorf("%d identities", len(v.Identities))
	}
	dk, err := ageIdentity(v.Identities[0])
	if err != nil {
		return err
	}
	fileKey, err := ageFileKey(v.File, dk)
	outcome := "header failure"
	switch err {
	case nil:
		outcome = "success"
	case errNoMatch:
		outcome = "no match"
	}
	if want, known := ageRefusals[v.ID]; outcome != v.Expect || known && !errors.Is(err, want) {
		return fmt.Errorf("want %s, got %s: %v", v.Expect, outcome, err)
	}
	if err != nil {
		return nil
	}
	return match("file key", fileKey, v.FileKey)
}

// ageIdentity decodes an identity in Bech32. The checksum is not checked: a wrong identity opens no file.
func ageIdentity(identity string) (kem.DecapsulationKey, error) {
	const alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	digits, ok := strings.CutPrefix(identity, "AGE-SECRET-KEY-PQ-1")
	if !ok || len(digits) != 52+6 {
		return nil, errors.New("the identity is not of X-Wing")
	}
	n := new(big.Int)
	for _, digit := range digits[:52] {
		n.Lsh(n, 5).Add(n, big.NewInt(int64(strings.IndexRune(alphabet, digit))))
	}
	return xwing.KEM().NewDecapsulationKey(n.Rsh(n, 52*5-256).FillBytes(make([]byte, 32)))
}

// errNoMatch means that no stanza of the header is for the identity.
var errNoMatch = errors.New("no match")

// ageFileKey returns the file key, from the first stanza of X-Wing that opens. It returns an error
// if a stanza before it is malformed.
func ageFileKey(file []byte, dk kem.DecapsulationKey) ([]byte, error) {
	if block, _ := pem.Decode(file); block != nil {
		file = block.Bytes
	}
	header, _, ok := strings.Cut(string(file), "\n---")
	version, stanzas, _ := strings.Cut(header, "\n-> ")
	if !ok || version != "age-encryption.org/v1" {
		return nil, errors.New("not an age file")
	}
	for stanza := range strings.SplitSeq(stanzas, "\n-> ") {
		first, body, _ := strings.Cut(stanza, "\n")
		arguments := strings.Split(first, " ")
		if arguments[0] != "mlkem768x25519" {
			continue
		}
		if len(arguments) != 2 {
			return nil, fmt.Errorf("%d arguments", len(arguments)-1)
		}
		base64 := base64.RawStdEncoding.Strict()
		enc, err1 := base64.DecodeString(arguments[1])
		sealed, err2 := base64.DecodeString(body)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if len(sealed) != 16+chacha20poly1305.Overhead {
			return nil, fmt.Errorf("the file key has %d bytes with its tag", len(sealed))
		}
		sharedKey, err := dk.Decapsulate(enc)
		if err != nil {
			return nil, err
		}
		if fileKey, err := hpkeOpen(sharedKey, "age-encryption.org/mlkem768x25519", sealed); err == nil {
			return fileKey, nil
		}
	}
	return nil, errNoMatch
}

// hpkeOpen opens the first message of HPKE's base mode (RFC 9180, section 5.1) in the suite of X-Wing,
// HKDF-SHA256 and ChaCha20Poly1305.
func hpkeOpen(sharedSecret []byte, info string, ciphertext []byte) ([]byte, error) {
	const suiteID = "HPKE\x64\x7a\x00\x01\x00\x03"
	extract := func(salt []byte, label, ikm string) []byte {
		prk, _ := hkdf.Extract(sha256.New, []byte("HPKE-v1"+suiteID+label+ikm), salt)
		return prk
	}
	context := "\x00" + string(extract(nil, "psk_id_hash", "")) + string(extract(nil, "info_hash", info))
	secret := extract(sharedSecret, "secret", "")
	expand := func(label string, size int) []byte {
		b, _ := hkdf.Expand(sha256.New, secret, string([]byte{0, byte(size)})+"HPKE-v1"+suiteID+label+context, size)
		return b
	}
	aead, err := chacha20poly1305.New(expand("key", chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, expand("base_nonce", chacha20poly1305.NonceSize), ciphertext, nil)
}
