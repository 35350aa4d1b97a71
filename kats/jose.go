package kats

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hybridkem/kem"
	"hybridkem/keyfile"
)

// A joseVector is a key in a JWK, and two JWEs for it, one in each serialization.
type joseVector struct {
	Alg, Compact string
	JWK          json.RawMessage
	Flattened    jwe
}

// A jwe is a JWE whose parts are in base64url.
type jwe struct {
	Protected    string
	EncryptedKey string `json:"encrypted_key"`
	Ciphertext   string
	AAD          string
}

// check reads the JWK and writes it again, and compares its kid with its thumbprint (RFC 7638). It opens what
// HPKE has sealed in the JWEs: the plaintext, or with -KE the key for it. Package examples/hpke opens the whole JWEs.
func (v joseVector) check() error {
	dk, alg, kid, err := keyfile.ParsePrivateJWK(v.JWK)
	if err != nil {
		return err
	}
	if alg != v.Alg {
		return fmt.Errorf("algorithm %q, not %q", alg, v.Alg)
	}
	private, err := keyfile.MarshalPrivateJWK(dk, alg, kid)
	if err != nil {
		return err
	}
	public, err := keyfile.MarshalPublicJWK(dk.PublicKey(), alg, "")
	if err != nil {
		return err
	}
	thumbprint := sha256.Sum256(public)
	name, err := base64url.DecodeString(kid)
	if err != nil {
		return err
	}
	parts := strings.Split(v.Compact, ".")
	if len(parts) != 5 {
		return errors.New("compact does not have five parts")
	}
	return errors.Join(
		match("kid", thumbprint[:], name),
		sameMembers(private, v.JWK),
		v.opens(dk, v.Flattened),
		v.opens(dk, jwe{Protected: parts[0], EncryptedKey: parts[1], Ciphertext: parts[3]}))
}

var base64url = base64.RawURLEncoding.Strict()

// sameMembers checks that two JSON objects have the same members, which are strings.
func sameMembers(got, want []byte) error {
	var a, b map[string]string
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal(want, &b)); err != nil {
		return err
	}
	if !maps.Equal(a, b) {
		return fmt.Errorf("the JWK is %s, not %s", got, want)
	}
	return nil
}

// opens decapsulates and opens what HPKE has sealed in a JWE, as draft-ietf-jose-hpke-encrypt says.
func (v joseVector) opens(dk kem.DecapsulationKey, m jwe) error {
	header, err := base64url.DecodeString(m.Protected)
	if err != nil {
		return err
	}
	var h struct{ Enc, EK string }
	if err := json.Unmarshal(header, &h); err != nil {
		return err
	}
	encapsulated, ciphertext, info, aad := m.EncryptedKey, m.Ciphertext, "", m.Protected
	if m.AAD != "" {
		aad += "." + m.AAD
	}
	if strings.HasSuffix(v.Alg, "-KE") {
		encapsulated, ciphertext, info, aad = h.EK, m.EncryptedKey, "JOSE-HPKE rcpt\xff"+h.Enc+"\xff", ""
	}
	enc, err1 := base64url.DecodeString(encapsulated)
	ct, err2 := base64url.DecodeString(ciphertext)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	sharedKey, err := dk.Decapsulate(enc)
	if err != nil {
		return err
	}
	return openHPKE(dk.KEM(), sharedKey, []byte(info), []byte(aad), ct)
}

// openHPKE opens the first message of HPKE's base mode with SHAKE256 and AES-256-GCM: draft-ietf-hpke-hpke,
// section 5.1, and RFC 9180, section 5.2.
func openHPKE(k kem.KEM, sharedKey, info, aad, ciphertext []byte) error {
	two := func(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
	id := 0
	for known, name := range hpkeKEMs {
		if name == k.Name() || name == "MLKEM768-X25519" && k.Name() == "X-Wing" {
			id = int(known)
		}
	}
	secret := sha3.SumSHAKE256(slices.Concat(
		two(0), two(len(sharedKey)), sharedKey, // no psk
		[]byte("HPKE-v1HPKE"), two(id), two(0x0011), two(0x0002), // the suite
		two(len("secret")), []byte("secret"), two(32+12+64),
		[]byte{0}, two(0), two(len(info)), info, // base mode, no psk_id
	), 32+12+64)
	block, err := aes.NewCipher(secret[:32])
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	_, err = gcm.Open(nil, secret[32:44], ciphertext, aad)
	return err
}
