package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hybridkem/keyfile"
)

// A jwe is a message in JSON Web Encryption (RFC 7516), for one recipient whose key is a JWK with an algorithm
// of draft-ietf-jose-hpke-pq-pqt. It is made as draft-ietf-jose-hpke-encrypt says. Its parts are in base64url,
// and its JSON is the flattened serialization.
//
// The algorithm decides between two modes. With integrated encryption (HPKE-9), HPKE encrypts the plaintext.
// With key encryption (HPKE-9-KE), it encrypts a key, and AES-GCM encrypts the plaintext under this key.
type jwe struct {
	Protected    string `json:"protected"`
	AAD          string `json:"aad,omitempty"` // data that is authenticated and not encrypted
	EncryptedKey string `json:"encrypted_key"`
	IV           string `json:"iv,omitempty"`  // in key encryption only
	Ciphertext   string `json:"ciphertext"`    // may be empty in key encryption
	Tag          string `json:"tag,omitempty"` // in key encryption only
}

// A header is the protected header of a message made here. The header of a message from outside can have other
// parameters.
type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid,omitempty"`
	Enc string `json:"enc,omitempty"` // in key encryption only
	EK  string `json:"ek,omitempty"`  // in key encryption only: HPKE's enc, in base64url
}

// contentKeySizes holds the sizes of the keys for the AES-GCM algorithms of RFC 7518, section 5.1.
var contentKeySizes = map[string]int{"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}

const ivSize = 12

// isKeyEncryption tells the mode of an algorithm.
func isKeyEncryption(alg string) bool { return strings.HasSuffix(alg, "-KE") }

// recipientStructure is HPKE's info in key encryption: the Recipient_structure of draft-ietf-jose-hpke-encrypt,
// without extra info.
func recipientStructure(enc string) []byte { return []byte("JOSE-HPKE rcpt\xff" + enc + "\xff") }

// sealJWE encrypts a plaintext to a public JWK, and authenticates aad together with it.
func sealJWE(publicJWK, aad, plaintext []byte) (*jwe, error) {
	pkR, alg, kid, err := keyfile.ParsePublicJWK(publicJWK)
	if err != nil {
		return nil, fmt.Errorf("hpke: %w", err)
	}
	s, err := newSuite(pkR.KEM(), "SHAKE256", "AES-256-GCM")
	if err != nil {
		return nil, err
	}
	m, h := &jwe{AAD: encode(aad)}, header{Alg: alg, Kid: kid}
	if isKeyEncryption(alg) {
		h.Enc = "A256GCM"
		enc, sender, err := s.SetupBaseS(pkR, recipientStructure(h.Enc))
		if err != nil {
			return nil, err
		}
		random := make([]byte, contentKeySizes[h.Enc]+ivSize)
		rand.Read(random)
		key, iv := random[:len(random)-ivSize], random[len(random)-ivSize:]
		encryptedKey, err := sender.Seal(nil, key)
		if err != nil {
			return nil, err
		}
		gcm, err := newGCM(key)
		if err != nil {
			return nil, fmt.Errorf("hpke: %w", err)
		}
		h.EK = encode(enc)
		if err := m.protect(h); err != nil {
			return nil, err
		}
		sealed := gcm.Seal(nil, iv, plaintext, m.authenticated())
		at := len(sealed) - tagSize
		m.EncryptedKey, m.IV, m.Ciphertext, m.Tag = encode(encryptedKey), encode(iv), encode(sealed[:at]), encode(sealed[at:])
		return m, nil
	}
	if err := m.protect(h); err != nil {
		return nil, err
	}
	enc, sender, err := s.SetupBaseS(pkR, nil)
	if err != nil {
		return nil, err
	}
	ciphertext, err := sender.Seal(m.authenticated(), plaintext)
	if err != nil {
		return nil, err
	}
	m.EncryptedKey, m.Ciphertext = encode(enc), encode(ciphertext)
	return m, nil
}

// protect sets the protected header.
func (m *jwe) protect(h header) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("hpke: %w", err)
	}
	m.Protected = encode(text)
	return nil
}

// authenticated is the Additional Authenticated Data encryption parameter of RFC 7516, section 5.1.
func (m *jwe) authenticated() []byte {
	if m.AAD == "" {
		return []byte(m.Protected)
	}
	return []byte(m.Protected + "." + m.AAD)
}

// open decrypts the message with a private JWK. Nothing of the plaintext is returned unless all of it, the
// header and the AAD are authentic.
func (m *jwe) open(privateJWK []byte) (plaintext []byte, err error) {
	skR, alg, kid, err := keyfile.ParsePrivateJWK(privateJWK)
	if err != nil {
		return nil, fmt.Errorf("hpke: %w", err)
	}
	defer skR.Destroy()
	s, err := newSuite(skR.KEM(), "SHAKE256", "AES-256-GCM")
	if err != nil {
		return nil, err
	}
	h, err := m.header()
	switch {
	case err != nil:
		return nil, err
	case h.Alg != alg: // an algorithm is chosen by the key, and not by who sends
		return nil, fmt.Errorf("hpke: the algorithm of the JWE is %q, and that of the key %q", h.Alg, alg)
	case h.Kid != "" && kid != "" && h.Kid != kid:
		return nil, fmt.Errorf("hpke: the JWE is for the key %q, and this is %q", h.Kid, kid)
	}
	encryptedKey, err1 := decode("encrypted key", m.EncryptedKey)
	iv, err2 := decode("IV", m.IV)
	ciphertext, err3 := decode("ciphertext", m.Ciphertext)
	tag, err4 := decode("tag", m.Tag)
	_, err5 := decode("AAD", m.AAD)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}

	if !isKeyEncryption(alg) {
		if h.Enc != "" || h.EK != "" || len(iv) != 0 || len(tag) != 0 {
			return nil, fmt.Errorf("hpke: a JWE of %s has no enc, ek, IV or tag", alg)
		}
		recipient, err := s.SetupBaseR(encryptedKey, skR, nil)
		if err != nil {
			return nil, err
		}
		return recipient.Open(m.authenticated(), ciphertext)
	}
	size, ok := contentKeySizes[h.Enc]
	if !ok {
		return nil, fmt.Errorf("hpke: the content encryption is %q, not A128GCM, A192GCM or A256GCM", h.Enc)
	}
	if len(iv) != ivSize || len(tag) != tagSize {
		return nil, fmt.Errorf("hpke: an IV of %d bytes and a tag of %d bytes, want %d and %d", len(iv), len(tag), ivSize, tagSize)
	}
	enc, err := decode("ek", h.EK)
	if err != nil {
		return nil, err
	}
	recipient, err := s.SetupBaseR(enc, skR, recipientStructure(h.Enc))
	if err != nil {
		return nil, err
	}
	key, err := recipient.Open(nil, encryptedKey)
	if err != nil {
		return nil, err
	}
	if len(key) != size {
		return nil, fmt.Errorf("hpke: a key of %d bytes for %s, want %d", len(key), h.Enc, size)
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, fmt.Errorf("hpke: %w", err)
	}
	if plaintext, err = gcm.Open(nil, iv, append(ciphertext, tag...), m.authenticated()); err != nil {
		return nil, errOpen
	}
	return plaintext, nil
}

// header reads the protected header. It refuses parameters that change what the message means. All others
// but its own are ignored, as RFC 7516 demands. It reads a map, since encoding/json ignores the case
// of the names in a struct.
func (m *jwe) header() (h header, err error) {
	text, err := decode("protected header", m.Protected)
	if err != nil {
		return h, err
	}
	var parameters map[string]any
	if err := json.Unmarshal(text, &parameters); err != nil {
		return h, fmt.Errorf("hpke: the protected header: %w", err)
	}
	for _, name := range []string{"crit", "zip", "psk_id"} {
		if _, ok := parameters[name]; ok {
			return h, fmt.Errorf("hpke: the header parameter %s is not supported", name)
		}
	}
	for name, to := range map[string]*string{"alg": &h.Alg, "kid": &h.Kid, "enc": &h.Enc, "ek": &h.EK} {
		value, ok := parameters[name]
		if *to, _ = value.(string); ok && *to == "" {
			return h, fmt.Errorf("hpke: the header parameter %s is empty, or not a string", name)
		}
	}
	return h, nil
}

// compact returns the compact serialization, which cannot hold an AAD.
func (m *jwe) compact() (string, error) {
	if m.AAD != "" {
		return "", errors.New("hpke: a JWE with an AAD has no compact serialization")
	}
	return strings.Join([]string{m.Protected, m.EncryptedKey, m.IV, m.Ciphertext, m.Tag}, "."), nil
}

// parseJWE reads a message in its compact or its flattened serialization.
func parseJWE(b []byte) (*jwe, error) {
	if !bytes.HasPrefix(b, []byte("{")) {
		parts := strings.Split(string(b), ".")
		if len(parts) != 5 {
			return nil, fmt.Errorf("hpke: a JWE of %d parts, want 5", len(parts))
		}
		return &jwe{Protected: parts[0], EncryptedKey: parts[1], IV: parts[2], Ciphertext: parts[3], Tag: parts[4]}, nil
	}
	var m struct {
		jwe
		Recipients, Unprotected, Header json.RawMessage
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("hpke: a JWE in JSON: %w", err)
	}
	if m.Recipients != nil || m.Unprotected != nil || m.Header != nil {
		return nil, errors.New("hpke: a JWE with several recipients or an unprotected header is not supported")
	}
	return &m.jwe, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode reads base64url, and accepts only what encode writes: encoding/base64 skips line breaks.
func decode(what, s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || encode(b) != s {
		return nil, fmt.Errorf("hpke: the %s is not base64url", what)
	}
	return b, nil
}
