package noise

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
)

// A hashFunction is a hash function of section 12.
type hashFunction struct {
	name string
	new  func() hash.Hash
	size int // HASHLEN
}

var hashes = []hashFunction{
	{"SHA256", sha256.New, sha256.Size},
	{"SHA512", sha512.New, sha512.Size},
	{"BLAKE2s", func() hash.Hash { h, _ := blake2s.New256(nil); return h }, blake2s.Size},
	{"BLAKE2b", func() hash.Hash { h, _ := blake2b.New512(nil); return h }, blake2b.Size},
}

// The largest HASHLEN and BLOCKLEN.
const (
	maxHashSize  = 64
	maxBlockSize = 128
)

// A symmetricState has the chaining key, the handshake hash and the key of a handshake, according
// to section 5.2.
type symmetricState struct {
	hash   *hashFunction
	f      hash.Hash          // used again for each hash
	pad    [maxBlockSize]byte // of hmac, here because hash.Hash moves what it is given to the heap
	cipher CipherState
	ck, h  [maxHashSize]byte
}

func (s *symmetricState) initialize(p *Protocol) {
	s.hash, s.f, s.cipher.function = p.hash, p.hash.new(), p.cipher
	if len(p.name) <= s.hash.size {
		copy(s.h[:], p.name)
	} else {
		s.hashOf(&s.h, []byte(p.name))
	}
	s.ck = s.h
}

func (s *symmetricState) mixKey(inputKeyMaterial []byte) {
	var out [2][maxHashSize]byte
	defer clear(out[:])
	s.hkdf(out[:], inputKeyMaterial)
	s.ck = out[0]
	s.cipher.initializeKey(out[1][:keySize])
}

func (s *symmetricState) mixHash(data []byte) {
	s.hashOf(&s.h, s.h[:s.hash.size], data)
	//ct:declassify s.h: the handshake hash is public
}

func (s *symmetricState) mixKeyAndHash(inputKeyMaterial []byte) {
	var out [3][maxHashSize]byte
	defer clear(out[:])
	s.hkdf(out[:], inputKeyMaterial)
	s.ck = out[0]
	s.mixHash(out[1][:s.hash.size])
	s.cipher.initializeKey(out[2][:keySize])
}

// handshakeHash returns h, as GetHandshakeHash.
func (s *symmetricState) handshakeHash() []byte { return s.h[:s.hash.size] }

// encryptAndHash appends the ciphertext of the plaintext, or the plaintext itself while there is no
// key, to dst.
func (s *symmetricState) encryptAndHash(dst, plaintext []byte) ([]byte, error) {
	start := len(dst)
	if !s.cipher.hasKey() {
		dst = append(dst, plaintext...)
	} else {
		var err error
		if dst, err = s.cipher.encrypt(dst, s.handshakeHash(), plaintext); err != nil {
			return nil, err
		}
	}
	s.mixHash(dst[start:])
	return dst, nil
}

// decryptAndHash appends the plaintext of data, or data itself while there is no key, to dst. After an error, the handshake
// hash is of no use.
//
// It hashes first. When chacha20poly1305 of x/crypto has opened a ciphertext of ML-KEM-768, crypto/sha256 is 60 times slower,
// until other code cleans the AVX registers.
func (s *symmetricState) decryptAndHash(dst, data []byte) ([]byte, error) {
	h := s.h
	s.mixHash(data)
	if !s.cipher.hasKey() {
		return append(dst, data...), nil
	}
	return s.cipher.Decrypt(dst, h[:s.hash.size], data)
}

// overhead is how many bytes encryptAndHash adds.
func (s *symmetricState) overhead() int {
	if s.cipher.hasKey() {
		return tagSize
	}
	return 0
}

// split returns the states for messages from the initiator and from the responder.
func (s *symmetricState) split() (initiator, responder *CipherState) {
	var out [2][maxHashSize]byte
	defer clear(out[:])
	s.hkdf(out[:], nil)
	initiator, responder = &CipherState{function: s.cipher.function}, &CipherState{function: s.cipher.function}
	initiator.initializeKey(out[0][:keySize])
	responder.initializeKey(out[1][:keySize])
	return initiator, responder
}

// hkdf fills out with two or three outputs of HKDF, according to section 4.3.
func (s *symmetricState) hkdf(out [][maxHashSize]byte, inputKeyMaterial []byte) {
	var temp [maxHashSize]byte
	defer clear(temp[:])
	s.hmac(&temp, &s.ck, inputKeyMaterial, nil)
	for i := range out {
		var before []byte
		if i > 0 {
			before = out[i-1][:s.hash.size]
		}
		s.hmac(&out[i], &temp, before, []byte{byte(i + 1)})
	}
}

// hmac sets out to HMAC-HASH of a and b, one after the other. Its key has HASHLEN bytes. Objects of crypto/hmac would keep
// keys, which nothing could overwrite.
func (s *symmetricState) hmac(out, key *[maxHashSize]byte, a, b []byte) {
	block := s.pad[:s.f.BlockSize()]
	clear(block[copy(block, key[:s.hash.size]):])
	for i := range block {
		block[i] ^= 0x36
	}
	s.hashOf(out, block, a, b)
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	s.hashOf(out, block, out[:s.hash.size])
}

// hashOf sets out to HASH of the parts, one after the other.
func (s *symmetricState) hashOf(out *[maxHashSize]byte, parts ...[]byte) {
	s.f.Reset()
	for _, part := range parts {
		s.f.Write(part)
	}
	s.f.Sum(out[:0])
}

// destroy overwrites the keys. The handshake hash is not secret.
func (s *symmetricState) destroy() {
	clear(s.ck[:])
	clear(s.pad[:])
	s.cipher.Destroy()
	s.f.Reset()
	for range 2 { // Reset leaves a block, and each Write only writes to a part of it.
		s.f.Write(s.pad[:s.f.BlockSize()-1])
	}
	s.f.Reset()
}
