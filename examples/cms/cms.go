package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	encodingasn1 "encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/kem"
	"hybridkem/mlkem"
)

type oid = encodingasn1.ObjectIdentifier

var (
	data              = oid{1, 2, 840, 113549, 1, 7, 1}
	envelopedData     = oid{1, 2, 840, 113549, 1, 7, 3}
	authEnvelopedData = oid{1, 2, 840, 113549, 1, 9, 16, 1, 23} // RFC 5083, section 2
	kemRecipientInfo  = oid{1, 2, 840, 113549, 1, 9, 16, 13, 3} // RFC 9629, section 3
	hkdfSHA256        = oid{1, 2, 840, 113549, 1, 9, 16, 3, 28} // RFC 8619
)

// kems has the identifiers of RFC 9936, section 3.
var kems = map[string]kem.KEM{
	"2.16.840.1.101.3.4.4.1": mlkem.KEM512(),
	"2.16.840.1.101.3.4.4.2": mlkem.KEM768(),
	"2.16.840.1.101.3.4.4.3": mlkem.KEM1024(),
}

// A keyed algorithm has keys of one size.
type keyed struct {
	name    string
	keySize int
}

// keyWraps has the identifiers of RFC 3565.
var keyWraps = map[string]keyed{
	"2.16.840.1.101.3.4.1.5":  {"AES-128 key wrap", 16},
	"2.16.840.1.101.3.4.1.25": {"AES-192 key wrap", 24},
	"2.16.840.1.101.3.4.1.45": {"AES-256 key wrap", 32},
}

// contentCiphers has the identifiers of RFC 5084, section 3.2.
var contentCiphers = map[string]keyed{
	"2.16.840.1.101.3.4.1.6":  {"AES-128-GCM", 16},
	"2.16.840.1.101.3.4.1.26": {"AES-192-GCM", 24},
	"2.16.840.1.101.3.4.1.46": {"AES-256-GCM", 32},
}

// others names identifiers that this program does not take, for errors.
var others = map[string]string{
	"1.2.840.113549.1.7.1":       "data",
	"1.2.840.113549.1.7.2":       "SignedData",
	"1.2.840.113549.1.9.16.1.2":  "AuthenticatedData",
	"1.0.18033.2.2.4":            "RSA-KEM",
	"1.3.6.1.5.5.7.6.58":         "a composite of ML-KEM-768 and X25519",
	"1.3.6.1.5.5.7.6.59":         "a composite of ML-KEM-768 and P-256",
	"1.2.840.113549.1.9.16.3.29": "HKDF-SHA384",
	"1.2.840.113549.1.9.16.3.30": "HKDF-SHA512",
	"1.3.133.16.840.9.44.1.2":    "KDF3",
	"1.2.840.113549.1.9.16.3.6":  "Triple-DES key wrap",
	"2.16.840.1.101.3.4.1.8":     "AES-128 key wrap with padding",
	"2.16.840.1.101.3.4.1.48":    "AES-256 key wrap with padding",
	"2.16.840.1.101.3.4.1.2":     "AES-128-CBC",
	"2.16.840.1.101.3.4.1.42":    "AES-256-CBC",
	"2.16.840.1.101.3.4.1.7":     "AES-128-CCM",
	"2.16.840.1.101.3.4.1.47":    "AES-256-CCM",
	"1.2.840.113549.1.9.16.3.18": "ChaCha20-Poly1305",
}

// describe names an identifier that this program does not take where it stands.
func describe(id oid) string {
	if name, ok := others[id.String()]; ok {
		return fmt.Sprintf("%s (%v)", name, id)
	}
	return id.String()
}

var primitive0 = asn1.Tag(0).ContextSpecific()

func constructed(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// malformed is the error of a structure that is not what its document says, or not DER.
func malformed(structure string) error { return fmt.Errorf("malformed %s, or not in DER", structure) }

// An algorithm is an AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
type algorithm struct {
	oid        oid
	parameters cryptobyte.String
}

func (a *algorithm) read(s *cryptobyte.String) bool {
	return s.ReadASN1(&a.parameters, asn1.SEQUENCE) && a.parameters.ReadASN1ObjectIdentifier(&a.oid)
}

// A message is an AuthEnvelopedData (RFC 5083, section 2.1).
type message struct {
	recipients []recipient
	content    content
	attributes []byte // authAttrs in the encoding that is authenticated, or nil
	mac        []byte
}

// parse parses a ContentInfo (RFC 5652, section 3) that contains an AuthEnvelopedData.
func parse(der []byte) (*message, error) {
	var info, explicit, s cryptobyte.String
	file := cryptobyte.String(der)
	if !file.ReadASN1(&info, asn1.SEQUENCE) || !file.Empty() {
		return nil, fmt.Errorf("the message of %d bytes is not one SEQUENCE in DER: it is cut or in BER, or data follows", len(der))
	}
	var contentType oid
	switch {
	case !info.ReadASN1ObjectIdentifier(&contentType):
		return nil, malformed("ContentInfo")
	case contentType.Equal(envelopedData):
		return nil, errors.New("the message is EnvelopedData, which does not authenticate its content, not AuthEnvelopedData")
	case !contentType.Equal(authEnvelopedData):
		return nil, fmt.Errorf("the message is %s, not AuthEnvelopedData", describe(contentType))
	case !info.ReadASN1(&explicit, constructed(0)) || !info.Empty() || !explicit.ReadASN1(&s, asn1.SEQUENCE) || !explicit.Empty():
		return nil, malformed("ContentInfo")
	}

	var version int
	var infos, encrypted, attributes, mac cryptobyte.String
	var hasAttributes bool
	if !s.ReadASN1Integer(&version) ||
		!s.SkipOptionalASN1(constructed(0)) || // originatorInfo
		!s.ReadASN1(&infos, asn1.SET) ||
		!s.ReadASN1(&encrypted, asn1.SEQUENCE) ||
		!s.ReadOptionalASN1(&attributes, &hasAttributes, constructed(1)) ||
		!s.ReadASN1(&mac, asn1.OCTET_STRING) ||
		!s.SkipOptionalASN1(constructed(2)) || // unauthAttrs
		!s.Empty() {
		return nil, malformed("AuthEnvelopedData")
	}
	if version != 0 {
		return nil, fmt.Errorf("unknown version %d of AuthEnvelopedData", version)
	}
	m := &message{mac: mac}
	if hasAttributes {
		// RFC 5083, section 2.2: not the tag of the message is authenticated, but that of a SET OF.
		m.attributes = element(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	}
	for !infos.Empty() {
		r, err := readRecipient(&infos)
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", len(m.recipients)+1, err)
		}
		m.recipients = append(m.recipients, r)
	}
	if len(m.recipients) == 0 {
		return nil, errors.New("the message has no recipients")
	}
	return m, m.content.parse(encrypted)
}

// element returns an element in DER.
func element(tag asn1.Tag, contents cryptobyte.BuilderContinuation) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, contents)
	return b.BytesOrPanic()
}

// A recipient is a KEMRecipientInfo (RFC 9629, section 3), or a recipient without a KEM.
type recipient struct {
	other        string // what it is if it is no KEMRecipientInfo, and then the rest is empty
	id           string
	kem          algorithm
	ciphertext   []byte // kemct
	kdf          algorithm
	kekLength    int
	ukm          []byte // nil if absent
	wrap         algorithm
	encryptedKey []byte
}

// readRecipient reads a RecipientInfo (RFC 5652, section 6.2).
func readRecipient(s *cryptobyte.String) (r recipient, err error) {
	var info cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&info, &tag) {
		return r, malformed("RecipientInfo")
	}
	switch tag {
	case asn1.SEQUENCE:
		r.other = "key transport"
	case constructed(1):
		r.other = "key agreement"
	case constructed(2):
		r.other = "a symmetric key"
	case constructed(3):
		r.other = "a password"
	case constructed(4):
		var kind oid
		if !info.ReadASN1ObjectIdentifier(&kind) {
			return r, malformed("OtherRecipientInfo")
		}
		if !kind.Equal(kemRecipientInfo) {
			r.other = describe(kind)
			break
		}
		var s cryptobyte.String
		if !info.ReadASN1(&s, asn1.SEQUENCE) || !info.Empty() {
			return r, malformed("OtherRecipientInfo")
		}
		return r, r.parse(s)
	default:
		return r, malformed("RecipientInfo")
	}
	return r, nil
}

// parse parses the contents of a KEMRecipientInfo.
func (r *recipient) parse(s cryptobyte.String) error {
	var version int
	var ciphertext, encryptedKey cryptobyte.String
	var hasUKM bool
	if !s.ReadASN1Integer(&version) ||
		!r.readID(&s) ||
		!r.kem.read(&s) ||
		!s.ReadASN1(&ciphertext, asn1.OCTET_STRING) ||
		!r.kdf.read(&s) ||
		!s.ReadASN1Integer(&r.kekLength) ||
		!s.ReadOptionalASN1OctetString(&r.ukm, &hasUKM, constructed(0)) ||
		!r.wrap.read(&s) ||
		!s.ReadASN1(&encryptedKey, asn1.OCTET_STRING) ||
		!s.Empty() {
		return malformed("KEMRecipientInfo")
	}
	if version != 0 {
		return fmt.Errorf("unknown version %d of KEMRecipientInfo", version)
	}
	r.ciphertext, r.encryptedKey = ciphertext, encryptedKey
	return nil
}

// readID reads a RecipientIdentifier (RFC 5652, section 6.2.1).
func (r *recipient) readID(s *cryptobyte.String) bool {
	var id cryptobyte.String
	if s.PeekASN1Tag(primitive0) {
		ok := s.ReadASN1(&id, primitive0)
		r.id = fmt.Sprintf("key identifier %x", []byte(id))
		return ok
	}
	var serial []byte
	ok := s.ReadASN1(&id, asn1.SEQUENCE) && id.SkipASN1(asn1.SEQUENCE) && id.ReadASN1Integer(&serial) && id.Empty()
	r.id = fmt.Sprintf("serial number %x", serial)
	return ok
}

// contentKey tries the recipients in turn, since a private key file does not hold the identifier
// that the sender took from the certificate. With a key that is not for it, a recipient fails, but for
// a chance of 2⁻⁶⁴, at the integrity check of the key unwrap.
func (m *message) contentKey(dk kem.Decapsulator) ([]byte, error) {
	var failed []error
	for i := range m.recipients {
		key, err := m.recipients[i].contentKey(dk)
		if err == nil {
			return key, nil
		}
		failed = append(failed, fmt.Errorf("recipient %d of %d: %w", i+1, len(m.recipients), err))
	}
	return nil, errors.Join(failed...)
}

// contentKey decapsulates, derives the key-encryption key and unwraps the content key (RFC 9629,
// section 2).
//
// If the ciphertext was altered or is for another private key, ML-KEM gives no error but a shared
// key that nobody else knows (implicit rejection). So the first to notice it is the integrity check
// of the key unwrap.
func (r *recipient) contentKey(dk kem.Decapsulator) ([]byte, error) {
	if r.other != "" {
		return nil, fmt.Errorf("the content key is sent by %s, not by a KEM", r.other)
	}
	k := kems[r.kem.oid.String()]
	wrap, known := keyWraps[r.wrap.oid.String()]
	switch {
	case k == nil:
		return nil, fmt.Errorf("the KEM is %s, not ML-KEM", describe(r.kem.oid))
	case k != dk.KEM():
		return nil, fmt.Errorf("the KEM is %s, and the private key is of %s", k.Name(), dk.KEM().Name())
	case !r.kdf.oid.Equal(hkdfSHA256):
		return nil, fmt.Errorf("the key derivation is %s, not HKDF-SHA256", describe(r.kdf.oid))
	case !known:
		return nil, fmt.Errorf("the key wrap is %s, not AES key wrap", describe(r.wrap.oid))
	case !r.kem.parameters.Empty() || !r.kdf.parameters.Empty() || !r.wrap.parameters.Empty():
		return nil, errors.New("ML-KEM, HKDF-SHA256 or AES key wrap has parameters, which must be absent")
	case r.kekLength != wrap.keySize:
		return nil, fmt.Errorf("kekLength is %d, but %s has keys of %d bytes", r.kekLength, wrap.name, wrap.keySize)
	}
	sharedKey, err := dk.Decapsulate(r.ciphertext)
	if err != nil {
		return nil, err
	}
	kek, err := hkdf.Key(sha256.New, sharedKey, nil, string(r.otherInfo()), r.kekLength)
	if err != nil {
		return nil, err
	}
	return unwrap(kek, r.encryptedKey)
}

// otherInfo returns CMSORIforKEMOtherInfo (RFC 9629, section 5). It binds the key-encryption key
// to its use.
func (r *recipient) otherInfo() []byte {
	return element(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(r.wrap.oid) })
		b.AddASN1Int64(int64(r.kekLength))
		if r.ukm != nil {
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(r.ukm) })
		}
	})
}

// A content is an EncryptedContentInfo (RFC 5652, section 6.1) with GCMParameters (RFC 5084,
// section 3.2).
type content struct {
	cipher     keyed
	nonce      []byte
	tagSize    int // aes-ICVlen
	ciphertext []byte
}

const (
	nonceSize      = 12 // RFC 5084 recommends it, and SP 800-38D too
	defaultTagSize = 12
	maxTagSize     = 16
)

// parse parses the contents of an EncryptedContentInfo.
func (c *content) parse(s cryptobyte.String) error {
	var contentType oid
	var a algorithm
	var ciphertext, parameters, nonce cryptobyte.String
	var present bool
	if !s.ReadASN1ObjectIdentifier(&contentType) || !a.read(&s) ||
		!s.ReadOptionalASN1(&ciphertext, &present, primitive0) || !s.Empty() {
		return malformed("EncryptedContentInfo")
	}
	c.cipher = contentCiphers[a.oid.String()]
	switch {
	case !contentType.Equal(data):
		return fmt.Errorf("the content is %s, not data", describe(contentType))
	case c.cipher.name == "":
		return fmt.Errorf("the content is encrypted with %s, not AES-GCM", describe(a.oid))
	case !present:
		return errors.New("the encrypted content is not in the message")
	}
	c.tagSize = defaultTagSize
	if !a.parameters.ReadASN1(&parameters, asn1.SEQUENCE) || !a.parameters.Empty() ||
		!parameters.ReadASN1(&nonce, asn1.OCTET_STRING) ||
		// DER leaves out a default value.
		!parameters.Empty() && (!parameters.ReadASN1Integer(&c.tagSize) || c.tagSize == defaultTagSize) ||
		!parameters.Empty() {
		return malformed("GCMParameters")
	}
	switch {
	case len(nonce) != nonceSize:
		return fmt.Errorf("the nonce has %d bytes: this program takes only %d", len(nonce), nonceSize)
	case c.tagSize < defaultTagSize || c.tagSize > maxTagSize:
		return fmt.Errorf("aes-ICVlen is %d, not %d to %d", c.tagSize, defaultTagSize, maxTagSize)
	}
	c.nonce, c.ciphertext = nonce, ciphertext
	return nil
}

// open decrypts the content with the content key.
func (m *message) open(key []byte) ([]byte, error) {
	c := &m.content
	switch {
	case len(key) != c.cipher.keySize:
		return nil, fmt.Errorf("the content key has %d bytes, but %s has keys of %d", len(key), c.cipher.name, c.cipher.keySize)
	case len(m.mac) != c.tagSize:
		return nil, fmt.Errorf("the mac has %d bytes, but aes-ICVlen is %d", len(m.mac), c.tagSize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithTagSize(block, c.tagSize)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, c.nonce, slices.Concat(c.ciphertext, m.mac), m.attributes)
	if err != nil {
		return nil, errors.New("the content or its attributes were altered")
	}
	return plaintext, nil
}
