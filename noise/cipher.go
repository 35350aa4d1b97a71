package noise

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math"

	"golang.org/x/crypto/chacha20poly1305"

	faults "hybridkem/internal/fault"
	"hybridkem/internal/secret"
)

const (
	// keySize is the size of the keys of ciphers, and of pre-shared keys.
	keySize = 32
	// tagSize is how many bytes a ciphertext is longer than its plaintext.
	tagSize = 16
)

// A cipherFunction is a cipher function of section 12.
type cipherFunction struct {
	name string
	new  func(key []byte) (cipher.AEAD, error)
	// order is the byte order of the counter in a nonce.
	order binary.ByteOrder
}

var ciphers = []cipherFunction{
	{"ChaChaPoly", chacha20poly1305.New, binary.LittleEndian},
	{"AESGCM", newGCM, binary.BigEndian},
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// A CipherState encrypts and decrypts messages with one key and counts their nonces,
// according to section 5.1. Its methods must not be called at the same time, and it must not be copied.
//
// The key itself is overwritten by Rekey and Destroy. What the cipher of crypto/aes or
// x/crypto has made from it is not, on the heap and on the stack of Encrypt and Decrypt, and stays in memory until it
// is collected or overwritten. On processors without instructions for AES, crypto/aes looks up tables, and its time can
// tell of the key: take ChaChaPoly there.
type CipherState struct {
	function *cipherFunction
	key      *hiddenKey // nil if there is none
	n        uint64
	nonce    [12]byte
}

// A hiddenKey is a key behind one more pointer: some verbs of fmt print what a field that is not exported points to.
type hiddenKey struct{ *cipherKey }

// A cipherKey is a key, and the cipher made from it.
type cipherKey struct {
	k     [keySize]byte
	aead  cipher.AEAD
	fresh uint64 // it and greater nonces have encrypted nothing. It is here because copies of a CipherState share a key.
}

// maxNonce is reserved, for Rekey.
const maxNonce = math.MaxUint64

func (c *CipherState) initializeKey(key []byte) {
	if c.key == nil {
		c.key = &hiddenKey{new(cipherKey)}
	}
	copy(c.key.k[:], key)
	c.key.aead, _ = c.function.new(key) // its only error is a wrong length
	//ct:declassify c.key.aead: that there is a cipher is public, and so is what it encrypts and finds authentic
	c.key.fresh = 0
	c.n = 0
}

func (c *CipherState) hasKey() bool { return c != nil && c.key != nil }

// Nonce returns the nonce of the next message, or 0 if c is nil.
func (c *CipherState) Nonce() uint64 {
	if c == nil {
		return 0
	}
	return c.n
}

// SetNonce sets the nonce of the next message, for messages that come out of order (section 11.4). It
// is meant for messages to decrypt: Encrypt refuses a nonce that is not greater than those that it has used. If c is
// nil, it does nothing.
func (c *CipherState) SetNonce(nonce uint64) {
	if c != nil {
		c.n = nonce
	}
}

// encodedNonce returns n as the cipher has it: four zero bytes, and then the number.
func (c *CipherState) encodedNonce(n uint64) []byte {
	c.function.order.PutUint64(c.nonce[4:], n)
	return c.nonce[:]
}

// Encrypt appends the encrypted plaintext to dst, and returns the result. The ciphertext is 16 bytes
// longer than the plaintext, and ad is authenticated with it. It implements EncryptWithAd. To encrypt in
// place, dst is plaintext[:0]. It returns [kem.ErrOverlap] if the result would overlap the plaintext in another way,
// or ad.
//
// It returns [ErrNonce] after 2^64 - 1 messages, or if SetNonce has gone back to a nonce that may have been used with
// the key. It returns [ErrMessageLength] if the ciphertext would be longer than [MaxMessageSize].
func (c *CipherState) Encrypt(dst, ad, plaintext []byte) ([]byte, error) {
	if len(plaintext) > MaxMessageSize-tagSize {
		return nil, ErrMessageLength
	}
	return c.encrypt(dst, ad, plaintext)
}

func (c *CipherState) encrypt(dst, ad, plaintext []byte) ([]byte, error) {
	switch {
	case !c.hasKey():
		return nil, errNoKey
	case c.n == maxNonce || c.n < c.key.fresh:
		return nil, ErrNonce
	}
	if size := len(plaintext) + tagSize; overwrites(dst, size, ad) || overwrites(dst, size, plaintext) && !inPlace(dst, plaintext) {
		return nil, errOverlap
	}
	dst = c.key.aead.Seal(dst, c.encodedNonce(c.n), plaintext, ad)
	//ct:declassify dst[:]: it is sent
	c.n++
	c.key.fresh = c.n
	return dst, nil
}

// Decrypt appends the decrypted ciphertext to dst, and returns the result. It implements
// DecryptWithAd. It returns [ErrDecrypt] if the ciphertext was not made with the same key, nonce and ad;
// then the nonce stays as it is, and the memory behind dst holds what it held before, or zeros. It also returns the
// errors of Encrypt, and the memory may overlap in the same way.
func (c *CipherState) Decrypt(dst, ad, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) > MaxMessageSize {
		return nil, ErrMessageLength
	}
	switch {
	case !c.hasKey():
		return nil, errNoKey
	case c.n == maxNonce:
		return nil, ErrNonce
	}
	if size := len(ciphertext) - tagSize; overwrites(dst, size, ad) || overwrites(dst, size, ciphertext) && !inPlace(dst, ciphertext) {
		return nil, errOverlap
	}
	dst, err := c.key.aead.Open(dst, c.encodedNonce(c.n), ciphertext, ad)
	if err != nil {
		return nil, ErrDecrypt
	}
	c.n++
	return dst, nil
}

// overwrites reports whether n bytes appended to dst would overwrite part of b.
func overwrites(dst []byte, n int, b []byte) bool {
	return n > 0 && n <= cap(dst)-len(dst) && len(b) > 0 && faults.Overlap(dst[len(dst):len(dst)+n], b)
}

// inPlace reports whether what is appended to dst begins where b does. Both have memory.
func inPlace(dst, b []byte) bool { return &dst[:len(dst)+1][len(dst)] == &b[0] }

// Rekey replaces the key by one that is computed from it, so that a key that becomes known does not
// open earlier messages. Both sides must do it between the same messages. The nonce stays as it is. It
// implements REKEY.
func (c *CipherState) Rekey() error {
	if !c.hasKey() {
		return errNoKey
	}
	secret.Do(func() {
		n := c.n
		var zeros [keySize]byte
		key := c.key.aead.Seal(nil, c.encodedNonce(maxNonce), zeros[:], nil)
		defer clear(key)
		c.initializeKey(key[:keySize])
		c.n = n
	})
	return nil
}

// Destroy overwrites the key. Other methods return errors from then on.
func (c *CipherState) Destroy() {
	if c.hasKey() {
		clear(c.key.k[:])
		c.key = nil
	}
}
