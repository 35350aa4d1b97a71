package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// kemIDs holds the identifiers of draft-ietf-hpke-pq, sections 3 and 4, which calls X-Wing
// MLKEM768-X25519. They belong to the KEMs themselves and not to their names, which a KEM of
// another module could have too.
var kemIDs = []struct {
	id  uint16
	kem kem.KEM
}{
	{0x0040, mlkem.KEM512()},
	{0x0041, mlkem.KEM768()},
	{0x0042, mlkem.KEM1024()},
	{0x0050, combiner.MLKEM768P256()},
	{0x0051, combiner.MLKEM1024P384()},
	{0x647a, xwing.KEM()},
}

// kemID returns the identifier of k. It returns 0, which is reserved, if k has none.
func kemID(k kem.KEM) uint16 {
	for _, x := range kemIDs {
		if x.kem == k {
			return x.id
		}
	}
	return 0
}

// A kdf is a key derivation function. It is either HKDF with a hash, which works in two
// stages, or a function that derives in one stage.
type kdf struct {
	id     uint16
	name   string
	size   int // Nh
	hash   func() hash.Hash
	derive func(ikm []byte, length int) []byte
}

// kdfs holds the functions of RFC 9180, section 7.2, and of draft-ietf-hpke-pq, section
// 5.
var kdfs = []*kdf{
	{id: 0x0001, name: "HKDF-SHA256", size: 32, hash: sha256.New},
	{id: 0x0002, name: "HKDF-SHA384", size: 48, hash: sha512.New384},
	{id: 0x0003, name: "HKDF-SHA512", size: 64, hash: sha512.New},
	{id: 0x0010, name: "SHAKE128", size: 32, derive: sha3.SumSHAKE128},
	shake256,
	{id: 0x0012, name: "TurboSHAKE128", size: 32, derive: turboSHAKE128},
	{id: 0x0013, name: "TurboSHAKE256", size: 64, derive: turboSHAKE256},
}

var shake256 = &kdf{id: 0x0011, name: "SHAKE256", size: 64, derive: sha3.SumSHAKE256}

// maxLength is the largest number of bytes that the KDF can derive at once. HKDF has a
// limit of its own. LabeledDerive has two bytes for the length.
func (k *kdf) maxLength() int {
	if k.hash != nil {
		return 255 * k.size
	}
	return math.MaxUint16
}

type aead struct {
	id                 uint16
	name               string
	keySize, nonceSize int // Nk, Nn
	new                func(key []byte) (cipher.AEAD, error)
}

// aeads holds the algorithms of RFC 9180, section 7.3.
var aeads = []*aead{
	{0x0001, "AES-128-GCM", 16, 12, newGCM},
	{0x0002, "AES-256-GCM", 32, 12, newGCM},
	{0x0003, "ChaCha20Poly1305", 32, 12, chacha20poly1305.New},
	{0xffff, "Export-only", 0, 0, nil},
}

const (
	tagSize      = 16         // Nt of all three
	maxPlaintext = 1<<36 - 32 // of AES-GCM; ChaCha20Poly1305 could take more
)

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// A suite names the algorithms that both ends use. Only six KEMs have a registered
// identifier. Any other KEM works under a number that both ends have agreed on.
//
// But HPKE is only as secure as its KEM (RFC 9180, sections 9.1 and 9.2), and unlike TLS
// and SSH it does not hash enc. The KEMs of RFC 10024 and RFC 10042 are not made for that:
// their shared key does not cover the ciphertext.
type suite struct {
	kemID uint16
	kem   kem.KEM // whose keys return this very KEM
	kdf   *kdf
	aead  *aead
}

// newSuite returns the suite of a KEM that has a registered identifier.
func newSuite(k kem.KEM, kdfName, aeadName string) (*suite, error) {
	id := kemID(k)
	if id == 0 {
		return nil, fmt.Errorf("hpke: %s has no KEM identifier", k.Name())
	}
	f := slices.IndexFunc(kdfs, func(f *kdf) bool { return f.name == kdfName })
	if f < 0 {
		return nil, fmt.Errorf("hpke: no KDF is named %q", kdfName)
	}
	a := slices.IndexFunc(aeads, func(a *aead) bool { return a.name == aeadName })
	if a < 0 {
		return nil, fmt.Errorf("hpke: no AEAD is named %q", aeadName)
	}
	return &suite{id, k, kdfs[f], aeads[a]}, nil
}

// labeled returns the suite's KDF with its suite_id (RFC 9180, section 5.1).
func (s *suite) labeled() labeledKDF {
	return labeledKDF{s.kdf, slices.Concat([]byte("HPKE"), i2osp2(s.kemID), i2osp2(s.kdf.id), i2osp2(s.aead.id))}
}

// A labeledKDF is a KDF with the suite_id that goes into each call.
type labeledKDF struct {
	*kdf
	suiteID []byte
}

// LabeledExtract is the function of RFC 9180, section 4.
func (k labeledKDF) LabeledExtract(salt []byte, label string, ikm []byte) []byte {
	prk, err := hkdf.Extract(k.hash, slices.Concat([]byte("HPKE-v1"), k.suiteID, []byte(label), ikm), salt)
	if err != nil {
		panic(err) // only if FIPS 140 forbids the hash or the length, and it allows these
	}
	return prk
}

// LabeledExpand is the function of RFC 9180, section 4. The length must be at most
// maxLength.
func (k labeledKDF) LabeledExpand(prk []byte, label string, info []byte, length int) []byte {
	labeledInfo := slices.Concat(i2osp2(uint16(length)), []byte("HPKE-v1"), k.suiteID, []byte(label), info)
	b, err := hkdf.Expand(k.hash, prk, string(labeledInfo), length)
	if err != nil {
		panic(err) // as in LabeledExtract, or if the length is too large
	}
	return b
}

// LabeledDerive is the function of draft-ietf-hpke-hpke, section 4.4. The length must be
// at most maxLength.
func (k labeledKDF) LabeledDerive(ikm []byte, label string, context []byte, length int) []byte {
	return k.derive(slices.Concat(ikm, []byte("HPKE-v1"), k.suiteID, lengthPrefixed([]byte(label)),
		i2osp2(uint16(length)), context), length)
}

// i2osp2 is I2OSP(n, 2) (RFC 9180, section 3).
func i2osp2(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// lengthPrefixed is the function of draft-ietf-hpke-hpke, section 3. b must have at most
// 65,535 bytes.
func lengthPrefixed(b []byte) []byte { return slices.Concat(i2osp2(uint16(len(b))), b) }

// DeriveKeyPair is the function of draft-ietf-hpke-pq, sections 3 and 4. It uses
// SHAKE256, whatever the suite's KDF. ikm should have at least as much entropy as the
// seed that it gives.
func (s *suite) DeriveKeyPair(ikm []byte) (kem.DecapsulationKey, error) {
	k := labeledKDF{shake256, slices.Concat([]byte("KEM"), i2osp2(s.kemID))}
	skR, err := s.kem.NewDecapsulationKey(k.LabeledDerive(ikm, "DeriveKeyPair", nil, s.kem.SeedSize()))
	if err != nil {
		return nil, fmt.Errorf("hpke: %w", err)
	}
	return skR, nil
}

// SetupBaseS is the function of RFC 9180, section 5.1.1. enc goes to the recipient. Both
// ends know info, which need not be secret.
func (s *suite) SetupBaseS(pkR kem.EncapsulationKey, info []byte) (enc []byte, c *ContextS, err error) {
	if err := s.check(pkR.KEM()); err != nil {
		return nil, nil, err
	}
	sharedSecret, enc := make([]byte, s.kem.SharedKeySize()), make([]byte, s.kem.CiphertextSize())
	if err := pkR.EncapsulateTo(sharedSecret, enc); err != nil {
		return nil, nil, fmt.Errorf("hpke: %w", err)
	}
	base, err := s.KeySchedule(sharedSecret, info)
	if err != nil {
		return nil, nil, err
	}
	return enc, &ContextS{base}, nil
}

// SetupBaseR is the function of RFC 9180, section 5.1.1. It does not notice if enc is for
// another key, but then no message opens.
func (s *suite) SetupBaseR(enc []byte, skR kem.DecapsulationKey, info []byte) (*ContextR, error) {
	if err := s.check(skR.KEM()); err != nil {
		return nil, err
	}
	sharedSecret := make([]byte, s.kem.SharedKeySize())
	if err := skR.DecapsulateTo(sharedSecret, enc); err != nil {
		return nil, fmt.Errorf("hpke: %w", err)
	}
	base, err := s.KeySchedule(sharedSecret, info)
	if err != nil {
		return nil, err
	}
	return &ContextR{base}, nil
}

// check checks that the KEM of a key is that of the suite. Another KEM with the same name is
// another KEM.
func (s *suite) check(k kem.KEM) error {
	switch {
	case k == nil:
		return errors.New("hpke: a key of no KEM")
	case k != s.kem:
		return fmt.Errorf("hpke: a key of %s (%T) in a suite of %s (%T)", k.Name(), k, s.kem.Name(), s.kem)
	}
	return nil
}

// modeBase is base mode, which has neither a psk nor a psk_id (RFC 9180, section 5).
const modeBase = 0

// KeySchedule is the function of RFC 9180, section 5.1, for both ends.
func (s *suite) KeySchedule(sharedSecret, info []byte) (*context, error) {
	if s.kdf.hash == nil && len(info) > math.MaxUint16 {
		return nil, fmt.Errorf("hpke: info has %d bytes, and %s takes at most 65535", len(info), s.kdf.name)
	}
	key, baseNonce, exporterSecret := s.CombineSecrets(sharedSecret, info)
	c := &context{kdf: s.labeled(), baseNonce: baseNonce, exporterSecret: exporterSecret}
	if s.aead.new != nil {
		var err error
		if c.aead, err = s.aead.new(key); err != nil {
			return nil, fmt.Errorf("hpke: %w", err)
		}
	}
	return c, nil
}

// CombineSecrets is the function of draft-ietf-hpke-hpke, section 5.1.
func (s *suite) CombineSecrets(sharedSecret, info []byte) (key, baseNonce, exporterSecret []byte) {
	if s.kdf.hash == nil {
		return s.CombineSecretsOneStage(sharedSecret, info)
	}
	return s.CombineSecretsTwoStage(sharedSecret, info)
}

// CombineSecretsTwoStage is the part of KeySchedule in RFC 9180, section 5.1, that
// derives secrets.
func (s *suite) CombineSecretsTwoStage(sharedSecret, info []byte) (key, baseNonce, exporterSecret []byte) {
	k := s.labeled()
	pskIDHash := k.LabeledExtract(nil, "psk_id_hash", nil)
	infoHash := k.LabeledExtract(nil, "info_hash", info)
	context := slices.Concat([]byte{modeBase}, pskIDHash, infoHash)
	secret := k.LabeledExtract(sharedSecret, "secret", nil)
	return k.LabeledExpand(secret, "key", context, s.aead.keySize),
		k.LabeledExpand(secret, "base_nonce", context, s.aead.nonceSize),
		k.LabeledExpand(secret, "exp", context, s.kdf.size)
}

// CombineSecretsOneStage is the function of draft-ietf-hpke-hpke, section 5.1.
func (s *suite) CombineSecretsOneStage(sharedSecret, info []byte) (key, baseNonce, exporterSecret []byte) {
	secrets := slices.Concat(lengthPrefixed(nil), lengthPrefixed(sharedSecret))
	context := slices.Concat([]byte{modeBase}, lengthPrefixed(nil), lengthPrefixed(info))
	nk, nn := s.aead.keySize, s.aead.nonceSize
	secret := s.labeled().LabeledDerive(secrets, "secret", context, nk+nn+s.kdf.size)
	return secret[:nk], secret[nk : nk+nn], secret[nk+nn:]
}

// A context holds what the two ends of one encapsulation share. It must not be used
// concurrently, or two messages could get the same nonce.
type context struct {
	kdf            labeledKDF
	aead           cipher.AEAD // nil if the suite is export-only
	baseNonce      []byte
	exporterSecret []byte
	seq            uint64 // shorter than the nonce, as section 5.2 allows
}

// A ContextS is the sender's context, and a ContextR the recipient's. Both use the same
// nonces, so the sender's cannot open and the recipient's cannot seal (RFC 9180, section
// 5.2). Other packages reach Export and nothing else of the context in them: with the rest
// they could seal twice with one nonce.
type (
	ContextS struct{ *context }
	ContextR struct{ *context }
)

var (
	errMessageLimitReached = errors.New("hpke: the context has no sequence number left")
	errOpen                = errors.New("hpke: a message altered, out of order, or sealed for another key, info or aad")
	errExportOnly          = errors.New("hpke: an export-only suite has no messages")
	errTooLong             = errors.New("hpke: the message is too long")
)

// Seal encrypts pt as the next message and authenticates it together with aad (RFC 9180,
// section 5.2).
func (c *ContextS) Seal(aad, pt []byte) ([]byte, error) {
	if err := c.checkNext(int64(len(pt))); err != nil {
		return nil, err
	}
	ct := c.aead.Seal(nil, c.computeNonce(), pt, aad)
	c.seq++
	return ct, nil
}

// Open decrypts the next message (RFC 9180, section 5.2). After an error, it still
// expects the same message.
func (c *ContextR) Open(aad, ct []byte) ([]byte, error) {
	if err := c.checkNext(int64(len(ct)) - tagSize); err != nil {
		return nil, err
	}
	pt, err := c.aead.Open(nil, c.computeNonce(), ct, aad)
	if err != nil {
		return nil, errOpen
	}
	c.seq++
	return pt, nil
}

// checkNext checks that there can be another message with size bytes of plaintext. In RFC
// 9180, section 5.2, IncrementSeq checks the sequence number after a message. checkNext
// checks it before the message.
func (c *context) checkNext(size int64) error {
	switch {
	case c.aead == nil:
		return errExportOnly
	case c.seq == math.MaxUint64:
		return errMessageLimitReached
	case size > maxPlaintext:
		return errTooLong
	}
	return nil
}

// computeNonce is ComputeNonce of RFC 9180, section 5.2, for the next message.
func (c *context) computeNonce() []byte {
	nonce := make([]byte, len(c.baseNonce))
	binary.BigEndian.PutUint64(nonce[len(nonce)-8:], c.seq)
	subtle.XORBytes(nonce, nonce, c.baseNonce)
	return nonce
}

// Export derives a secret that both ends get. It does not depend on the messages. It
// follows RFC 9180, section 5.3, and for a one-stage KDF draft-ietf-hpke-hpke, section
// 5.3.
func (c *context) Export(exporterContext []byte, length int) ([]byte, error) {
	if length < 0 || length > c.kdf.maxLength() {
		return nil, fmt.Errorf("hpke: cannot export %d bytes: %s gives 0 to %d", length, c.kdf.name, c.kdf.maxLength())
	}
	if c.kdf.hash == nil {
		return c.kdf.LabeledDerive(c.exporterSecret, "sec", exporterContext, length), nil
	}
	return c.kdf.LabeledExpand(c.exporterSecret, "sec", exporterContext, length), nil
}
