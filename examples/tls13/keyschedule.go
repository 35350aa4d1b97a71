package main

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	_ "crypto/sha256"
	_ "crypto/sha512"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/cryptobyte"
)

// A suite is a cipher suite (section B.4): a hash for the key schedule and an AEAD for
// the records.
type suite struct {
	id      uint16
	name    string
	hash    crypto.Hash
	keySize int
	aead    func(key []byte) (cipher.AEAD, error)
}

var allSuites = []*suite{
	{0x1301, "TLS_AES_128_GCM_SHA256", crypto.SHA256, 16, newGCM},
	{0x1302, "TLS_AES_256_GCM_SHA384", crypto.SHA384, 32, newGCM},
	{0x1303, "TLS_CHACHA20_POLY1305_SHA256", crypto.SHA256, chacha20poly1305.KeySize, chacha20poly1305.New},
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// expandLabel is HKDF-Expand-Label (section 7.1).
func (s *suite) expandLabel(secret []byte, label string, context []byte, size int) []byte {
	var info cryptobyte.Builder
	info.AddUint16(uint16(size))
	info.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	info.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
	return must(hkdf.Expand(s.hash.New, secret, string(info.BytesOrPanic()), size))
}

// deriveSecret is Derive-Secret (section 7.1), except that the transcript is already
// hashed.
func (s *suite) deriveSecret(secret []byte, label string, transcript []byte) []byte {
	return s.expandLabel(secret, label, transcript, s.hash.Size())
}

// handshakeSecret returns the Handshake Secret, where shared is the "asymmetric shared secret" (section 7.1).
// There is no pre-shared key, so the Early Secret derives from zeros.
func (s *suite) handshakeSecret(shared []byte) []byte {
	zeros := make([]byte, s.hash.Size())
	early := must(hkdf.Extract(s.hash.New, zeros, zeros))
	return s.nextSecret(early, shared)
}

// mainSecret returns the Main Secret (section 7.1).
func (s *suite) mainSecret(handshakeSecret []byte) []byte {
	return s.nextSecret(handshakeSecret, make([]byte, s.hash.Size()))
}

// nextSecret is one step down in the figure of section 7.1.
func (s *suite) nextSecret(secret, input []byte) []byte {
	salt := s.deriveSecret(secret, "derived", s.hash.New().Sum(nil))
	return must(hkdf.Extract(s.hash.New, input, salt))
}

// protect returns a direction with the keys of a traffic secret (section 7.3).
func (s *suite) protect(secret []byte) direction {
	aead := must(s.aead(s.expandLabel(secret, "key", nil, s.keySize)))
	return direction{suite: s, secret: secret, aead: aead, iv: s.expandLabel(secret, "iv", nil, aead.NonceSize())}
}

// next returns the direction after a KeyUpdate (section 7.2).
func (d *direction) next() direction {
	return d.suite.protect(d.suite.deriveSecret(d.secret, "traffic upd", nil))
}

// finished returns the verify_data of the end that sends with the secret (section 4.5.3).
func (s *suite) finished(secret, transcript []byte) []byte {
	mac := hmac.New(s.hash.New, s.expandLabel(secret, "finished", nil, s.hash.Size()))
	mac.Write(transcript)
	return mac.Sum(nil)
}

// must panics on an error of a function that fails only for sizes that do not occur here.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
