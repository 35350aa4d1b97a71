package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// equal compares got with want, which must not be empty.
func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) || len(want) == 0 {
		t.Errorf("%s is %x, want %x", what, got, want)
	}
}

// fails checks that err has the text.
func fails(t *testing.T, what string, err error, text string) {
	t.Helper()
	if err == nil || text == "" || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: error %v, want %q", what, err, text)
	}
}

// An example is the example of RFC 9936.
type example struct {
	ID                string
	Seed              vectors.Hex `json:"pkcs8_seed"`
	Expanded          vectors.Hex `json:"pkcs8_expanded"`
	Both              vectors.Hex `json:"pkcs8_both"`
	CMS, CT, KEK, CEK vectors.Hex
	SS                vectors.Hex
	KeyID             vectors.Hex `json:"key_id"`
	OtherInfo         vectors.Hex `json:"ori_info"`
	EncryptedKey      vectors.Hex `json:"encrypted_cek"`
	KEMOID            string      `json:"kem_oid"`
	KDF, Wrap         string
	Plaintext         string
}

func readExample(t testing.TB) example {
	return must[[]example](t)(vectors.Read[example]("cms_kemri.jsonl", 1))[0]
}

func TestExample(t *testing.T) {
	v := readExample(t)
	m := must[*message](t)(parse(v.CMS))
	if len(m.recipients) != 1 {
		t.Fatalf("%d recipients", len(m.recipients))
	}
	r := m.recipients[0]
	if want := fmt.Sprintf("key identifier %x", v.KeyID); r.id != want || r.kem.oid.String() != v.KEMOID ||
		v.KDF != "HKDF-SHA256" || keyWraps[r.wrap.oid.String()].name != v.Wrap {
		t.Errorf("recipient %q, %v, %q", r.id, r.kem.oid, keyWraps[r.wrap.oid.String()].name)
	}
	equal(t, "ciphertext", r.ciphertext, v.CT)
	equal(t, "other info", r.otherInfo(), v.OtherInfo)
	equal(t, "encrypted key", r.encryptedKey, v.EncryptedKey)
	equal(t, "content key, unwrapped", must[[]byte](t)(unwrap(v.KEK, v.EncryptedKey)), v.CEK)
	for _, key := range [][]byte{v.Seed, v.Expanded, v.Both} {
		dk := must[kem.Decapsulator](t)(parseKey(key))
		equal(t, "shared key", must[[]byte](t)(dk.Decapsulate(v.CT)), v.SS)
		equal(t, "content key", must[[]byte](t)(m.contentKey(dk)), v.CEK)
	}
	equal(t, "content", must[[]byte](t)(m.open(v.CEK)), []byte(v.Plaintext))
}

// TestDamage cuts the example of RFC 9936 and changes each of its bits, with -short a seventh of them.
// Only the identifier of the recipient does not matter.
func TestDamage(t *testing.T) {
	v := readExample(t)
	dk := must[kem.Decapsulator](t)(parseKey(v.Seed))
	for n := range len(v.CMS) {
		if _, err := openMessage(v.CMS[:n], dk); err == nil {
			t.Errorf("%d bytes open", n)
		}
	}
	_, err := openMessage(append(slices.Clone(v.CMS), 0), dk)
	fails(t, "a byte more", err, "data follows")

	id := bytes.Index(v.CMS, v.KeyID)
	step := 1
	if testing.Short() {
		step = 7
	}
	for at := 0; at < len(v.CMS)*8; at += step {
		wrong := slices.Clone(v.CMS)
		wrong[at/8] ^= 1 << (at % 8)
		plaintext, err := openMessage(wrong, dk)
		inID := id <= at/8 && at/8 < id+len(v.KeyID)
		if inID != (err == nil && string(plaintext) == v.Plaintext) {
			t.Errorf("bit %d of byte %d: %q, error %v", at%8, at/8, plaintext, err)
		}
	}
}

// TestRFC3394 has the known answers of RFC 3394, section 4.
func TestRFC3394(t *testing.T) {
	const kek, data = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"
	for _, test := range []struct {
		kekSize, size int
		wrapped       string
	}{
		{16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
		{24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
		{32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
		{24, 24, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"},
		{32, 24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
		{32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	} {
		k := must[[]byte](t)(hex.DecodeString(kek[:2*test.kekSize]))
		want := must[[]byte](t)(hex.DecodeString(data[:2*test.size]))
		wrapped := must[[]byte](t)(hex.DecodeString(test.wrapped))
		equal(t, "unwrapped", must[[]byte](t)(unwrap(k, wrapped)), want)
		equal(t, "wrapped by this test", wrapKey(t, k, want), wrapped)
		for at := range len(wrapped) * 8 {
			wrong := slices.Clone(wrapped)
			wrong[at/8] ^= 1 << (at % 8)
			if _, err := unwrap(k, wrong); err != errUnwrap {
				t.Errorf("bit %d changed: %v", at, err)
			}
		}
		for n := range len(wrapped) {
			_, err := unwrap(k, wrapped[:n])
			switch {
			case n%8 != 0 || n < 24:
				fails(t, "a cut key", err, fmt.Sprintf("has %d bytes", n))
			case err != errUnwrap:
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
}

// wrapKey is AES key wrap (RFC 3394, section 2.2.1).
func wrapKey(t testing.TB, kek, key []byte) []byte {
	c := must[cipher.Block](t)(aes.NewCipher(kek))
	n := len(key) / 8
	out := slices.Concat(bytes.Repeat([]byte{0xa6}, 8), key)
	for t := 1; t <= 6*n; t++ {
		i := 8 * ((t-1)%n + 1)
		block := slices.Concat(out[:8], out[i:i+8])
		c.Encrypt(block, block)
		copy(out[i:], block[8:])
		binary.BigEndian.PutUint64(out, binary.BigEndian.Uint64(block)^uint64(t))
	}
	return out
}

var (
	aes128Wrap = oid{2, 16, 840, 1, 101, 3, 4, 1, 5}
	aes256Wrap = oid{2, 16, 840, 1, 101, 3, 4, 1, 45}
	aes256GCM  = oid{2, 16, 840, 1, 101, 3, 4, 1, 46}
	aes256CBC  = oid{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// A draft is a message to write. newDraft makes a usual one, and tests change it.
type draft struct {
	ek         kem.EncapsulationKey
	key        []byte // the content key
	sentKey    []byte // what is wrapped, if it is not key
	ciphertext []byte // if it is not the right one

	id               func(b *cryptobyte.Builder)
	kem, kdf, wrap   oid
	kekLength        int64
	kekSize          int
	ukm              []byte
	parameters       [3]bool // of the KEM, the KDF and the wrap: NULL
	versions         [2]int64
	before, after    []byte // more recipients
	recipients       []byte // instead of all
	contentType, typ oid
	cipher           oid
	contentTag       asn1.Tag
	nonceSize        int
	tagSize          int64
	macSize          int
	detached         bool
	attributes       []byte
	altered          []byte // if not nil, attributes that are not those authenticated
}

func newDraft(t testing.TB, k kem.KEM) (*draft, kem.DecapsulationKey) {
	dk := must[kem.DecapsulationKey](t)(k.NewDecapsulationKey(make([]byte, k.SeedSize())))
	d := &draft{
		ek:          dk.PublicKey(),
		key:         bytes.Repeat([]byte{7}, 32),
		id:          func(b *cryptobyte.Builder) { b.AddASN1(primitive0, func(b *cryptobyte.Builder) { b.AddUint8(1) }) },
		kdf:         hkdfSHA256,
		wrap:        aes256Wrap,
		kekLength:   32,
		kekSize:     32,
		typ:         authEnvelopedData,
		contentType: data,
		cipher:      aes256GCM,
		contentTag:  primitive0,
		nonceSize:   12,
		tagSize:     16,
		macSize:     16,
	}
	switch k {
	case mlkem.KEM512():
		d.kem = oid{2, 16, 840, 1, 101, 3, 4, 4, 1}
	case mlkem.KEM768():
		d.kem = oid{2, 16, 840, 1, 101, 3, 4, 4, 2}
	case mlkem.KEM1024():
		d.kem = oid{2, 16, 840, 1, 101, 3, 4, 4, 3}
	default:
		d.kem = oid{1, 3, 6, 1, 5, 5, 7, 6, 58}
	}
	return d, dk
}

func sequence(b *cryptobyte.Builder, contents ...func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, add := range contents {
			add(b)
		}
	})
}

func addOID(id oid) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(id) }
}

// add adds an AlgorithmIdentifier.
func add(id oid, null bool) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		sequence(b, addOID(id), func(b *cryptobyte.Builder) {
			if null {
				b.AddASN1NULL()
			}
		})
	}
}

// addUKM adds the ukm, if there is one.
func (d *draft) addUKM(b *cryptobyte.Builder) {
	if d.ukm != nil {
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.ukm) })
	}
}

// recipient returns the KEMRecipientInfo.
func (d *draft) recipient(t testing.TB) []byte {
	sharedKey, ciphertext := d.ek.Encapsulate()
	if d.ciphertext != nil {
		ciphertext = d.ciphertext
	}
	var info, b cryptobyte.Builder
	sequence(&info, add(d.wrap, false), func(b *cryptobyte.Builder) { b.AddASN1Int64(d.kekLength) }, d.addUKM)
	kek := must[[]byte](t)(hkdf.Key(sha256.New, sharedKey, nil, string(info.BytesOrPanic()), d.kekSize))
	key := d.key
	if d.sentKey != nil {
		key = d.sentKey
	}
	b.AddASN1(constructed(4), func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(kemRecipientInfo)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(d.versions[1])
			d.id(b)
			add(d.kem, d.parameters[0])(b)
			b.AddASN1OctetString(ciphertext)
			add(d.kdf, d.parameters[1])(b)
			b.AddASN1Int64(d.kekLength)
			d.addUKM(b)
			add(d.wrap, d.parameters[2])(b)
			b.AddASN1OctetString(wrapKey(t, kek, key))
		})
	})
	return b.BytesOrPanic()
}

const text = "The boat leaves at nine."

// message returns the ContentInfo.
func (d *draft) message(t testing.TB) []byte {
	block := must[cipher.Block](t)(aes.NewCipher(d.key))
	nonce := make([]byte, d.nonceSize)
	var gcm cipher.AEAD
	if d.nonceSize == 12 {
		gcm = must[cipher.AEAD](t)(cipher.NewGCMWithTagSize(block, max(12, min(d.macSize, 16))))
	} else {
		gcm = must[cipher.AEAD](t)(cipher.NewGCMWithNonceSize(block, d.nonceSize))
	}
	var aad []byte
	if d.attributes != nil {
		aad = element(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(d.attributes) })
	}
	sealed := gcm.Seal(nil, nonce, []byte(text), aad)
	ciphertext := sealed[:len(text)]
	mac := append(sealed[len(text):], make([]byte, 16)...)[:d.macSize]

	recipients := d.recipients
	if recipients == nil {
		recipients = slices.Concat(d.before, d.recipient(t), d.after)
	}
	var b cryptobyte.Builder
	sequence(&b, addOID(d.typ), func(b *cryptobyte.Builder) {
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(d.versions[0])
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(recipients) })
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(d.contentType)
					sequence(b, addOID(d.cipher), func(b *cryptobyte.Builder) {
						b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1OctetString(nonce)
							if d.tagSize != 0 {
								b.AddASN1Int64(d.tagSize)
							}
						})
					})
					if !d.detached {
						b.AddASN1(d.contentTag, func(b *cryptobyte.Builder) { b.AddBytes(ciphertext) })
					}
				})
				attributes := d.attributes
				if d.altered != nil {
					attributes = d.altered
				}
				if attributes != nil {
					b.AddASN1(constructed(1), func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
				}
				b.AddASN1OctetString(mac)
			})
		})
	})
	return b.BytesOrPanic()
}

var mlkems = []kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024()}

// attribute is a content-type attribute.
var attribute = element(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(oid{1, 2, 840, 113549, 1, 9, 3})
	b.AddASN1(asn1.SET, addOID(data))
})

// other returns a recipient with a tag and nothing in it.
func other(n uint8) []byte { return element(constructed(n), func(*cryptobyte.Builder) {}) }

// TestMessages opens messages of many forms.
func TestMessages(t *testing.T) {
	for _, k := range mlkems {
		for name, change := range map[string]func(*draft){
			"usual": func(d *draft) {},
			"issuer and serial number": func(d *draft) {
				d.id = func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) { sequence(b) }, func(b *cryptobyte.Builder) { b.AddASN1Int64(0x1234) })
				}
			},
			"AES-128": func(d *draft) { d.wrap, d.kekLength, d.kekSize = aes128Wrap, 16, 16 },
			"AES-192": func(d *draft) {
				d.wrap, d.kekLength, d.kekSize = oid{2, 16, 840, 1, 101, 3, 4, 1, 25}, 24, 24
				d.key, d.cipher = d.key[:24], oid{2, 16, 840, 1, 101, 3, 4, 1, 26}
			},
			"ukm":           func(d *draft) { d.ukm = []byte("keying material") },
			"empty ukm":     func(d *draft) { d.ukm = []byte{} },
			"attributes":    func(d *draft) { d.attributes = attribute },
			"tag of 13":     func(d *draft) { d.tagSize, d.macSize = 13, 13 },
			"default tag":   func(d *draft) { d.tagSize, d.macSize = 0, 12 },
			"more before":   func(d *draft) { d.before = slices.Concat(other(1), other(2), other(3), d.recipient(t)) },
			"another after": func(d *draft) { d.after = element(asn1.SEQUENCE, func(*cryptobyte.Builder) {}) },
			"another key before": func(d *draft) {
				other := *d
				other.ek = must[kem.DecapsulationKey](t)(k.GenerateKey()).PublicKey()
				d.before = other.recipient(t)
			},
		} {
			d, dk := newDraft(t, k)
			change(d)
			der := d.message(t)
			for form, file := range map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})} {
				if got, err := openMessage(file, dk); string(got) != text || err != nil {
					t.Errorf("%s, %s, %s: %q, error %v", k.Name(), name, form, got, err)
				}
			}
			if name == "issuer and serial number" {
				if m := must[*message](t)(parse(der)); m.recipients[0].id != "serial number 1234" {
					t.Errorf("%q", m.recipients[0].id)
				}
			}
		}
	}
}

// TestRefused has one message for each error.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*draft)
	}{
		{"the message is EnvelopedData, which does not authenticate", func(d *draft) { d.typ = envelopedData }},
		{"the message is SignedData (1.2.840.113549.1.7.2)", func(d *draft) { d.typ = oid{1, 2, 840, 113549, 1, 7, 2} }},
		{"the message is 1.2.3,", func(d *draft) { d.typ = oid{1, 2, 3} }},
		{"unknown version 1 of AuthEnvelopedData", func(d *draft) { d.versions[0] = 1 }},
		{"no recipients", func(d *draft) { d.recipients = []byte{} }},
		{"recipient 1: malformed RecipientInfo", func(d *draft) { d.recipients = other(5) }},
		{"recipient 2: malformed RecipientInfo", func(d *draft) { d.recipients = append(other(1), 0x30, 0x80, 0, 0) }},
		{"recipient 1: malformed OtherRecipientInfo", func(d *draft) { d.recipients = other(4) }},
		{"recipient 1 of 2: the content key is sent by key agreement, not by a KEM\nrecipient 2 of 2: the content key is sent by a password", func(d *draft) { d.recipients = append(other(1), other(3)...) }},
		{"sent by 1.2.3, not", func(d *draft) { d.recipients = element(constructed(4), addOID(oid{1, 2, 3})) }},
		{"unknown version 2 of KEMRecipientInfo", func(d *draft) { d.versions[1] = 2 }},
		{"malformed KEMRecipientInfo", func(d *draft) { d.id = func(b *cryptobyte.Builder) {} }},
		{"malformed KEMRecipientInfo", func(d *draft) { d.id = func(b *cryptobyte.Builder) { sequence(b) } }},
		{"the KEM is RSA-KEM (1.0.18033.2.2.4), not ML-KEM", func(d *draft) { d.kem = oid{1, 0, 18033, 2, 2, 4} }},
		{"the KEM is ML-KEM-1024, and the private key is of ML-KEM-768", func(d *draft) { d.kem = oid{2, 16, 840, 1, 101, 3, 4, 4, 3} }},
		{"the key derivation is HKDF-SHA512 (1.2.840.113549.1.9.16.3.30), not HKDF-SHA256", func(d *draft) { d.kdf = oid{1, 2, 840, 113549, 1, 9, 16, 3, 30} }},
		{"the key wrap is AES-256-CBC", func(d *draft) { d.wrap = aes256CBC }},
		{"has parameters, which must be absent", func(d *draft) { d.parameters[0] = true }},
		{"has parameters, which must be absent", func(d *draft) { d.parameters[1] = true }},
		{"has parameters, which must be absent", func(d *draft) { d.parameters[2] = true }},
		{"kekLength is 16, but AES-256 key wrap has keys of 32 bytes", func(d *draft) { d.kekLength, d.kekSize = 16, 16 }},
		{"kekLength is 32, but AES-128 key wrap has keys of 16 bytes", func(d *draft) { d.wrap = aes128Wrap }},
		{"kekLength is -1,", func(d *draft) { d.kekLength = -1 }},
		{"recipient 1 of 1: mlkem: ciphertext has 1087 bytes, want 1088", func(d *draft) { d.ciphertext = make([]byte, mlkem.CiphertextSize768-1) }},
		{"the content key does not unwrap", func(d *draft) { d.ciphertext = make([]byte, mlkem.CiphertextSize768) }},
		{"the wrapped content key has 16 bytes", func(d *draft) { d.sentKey = make([]byte, 8) }},
		{"the content key has 24 bytes, but AES-256-GCM has keys of 32", func(d *draft) { d.sentKey = make([]byte, 24) }},
		{"the content is SignedData (1.2.840.113549.1.7.2), not data", func(d *draft) { d.contentType = oid{1, 2, 840, 113549, 1, 7, 2} }},
		{"the content is encrypted with AES-256-CBC (2.16.840.1.101.3.4.1.42), not AES-GCM", func(d *draft) { d.cipher = aes256CBC }},
		{"the encrypted content is not in the message", func(d *draft) { d.detached = true }},
		// A content in pieces, as BER allows.
		{"malformed EncryptedContentInfo", func(d *draft) { d.contentTag = constructed(0) }},
		{"malformed GCMParameters", func(d *draft) { d.tagSize, d.macSize = 12, 12 }},
		{"the nonce has 8 bytes", func(d *draft) { d.nonceSize = 8 }},
		{"aes-ICVlen is 11, not 12 to 16", func(d *draft) { d.tagSize, d.macSize = 11, 11 }},
		{"aes-ICVlen is 17, not 12 to 16", func(d *draft) { d.tagSize, d.macSize = 17, 17 }},
		{"the mac has 15 bytes, but aes-ICVlen is 16", func(d *draft) { d.macSize = 15 }},
		{"the mac has 0 bytes, but aes-ICVlen is 16", func(d *draft) { d.macSize = 0 }},
		{"the content or its attributes were altered", func(d *draft) { d.key, d.sentKey = make([]byte, 32), d.key }},
		{"the content or its attributes were altered", func(d *draft) { d.altered = attribute }},
		{"the content or its attributes were altered", func(d *draft) { d.attributes, d.altered = attribute, append(attribute, attribute...) }},
	} {
		d, dk := newDraft(t, mlkem.KEM768())
		test.change(d)
		plaintext, err := openMessage(d.message(t), dk)
		fails(t, "a wrong message", err, test.want)
		if plaintext != nil {
			t.Errorf("%s: %q", test.want, plaintext)
		}
	}

	d, dk := newDraft(t, mlkem.KEM768())
	der := d.message(t)
	_, err := openMessage(der, must[kem.DecapsulationKey](t)(mlkem.KEM768().GenerateKey()))
	fails(t, "another key", err, "recipient 1 of 1: the content key does not unwrap: the message is for another private key")
	_, err = openMessage(der, must[kem.DecapsulationKey](t)(xwing.KEM().GenerateKey()))
	fails(t, "a key of X-Wing", err, "the KEM is ML-KEM-768, and the private key is of X-Wing")
	for structure, contents := range map[string][]byte{
		"ContentInfo": {},
		"AuthEnvelopedData": element(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(authEnvelopedData)
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { sequence(b) })
		})[2:],
	} {
		_, err := openMessage(element(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(contents) }), dk)
		fails(t, structure, err, "malformed "+structure)
	}
	_, err = openMessage([]byte("\x30\x80\x06\x01\x00\x00\x00"), dk)
	fails(t, "BER", err, "in BER")
	_, err = openMessage(nil, dk)
	fails(t, "nothing", err, "the message of 0 bytes")
	_, err = openMessage(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der}), dk)
	fails(t, "another label", err, `a PEM block "PKCS7", not "CMS"`)
	_, err = openMessage([]byte("-----BEGIN CMS-----\n????\n-----END CMS-----\n"), dk)
	fails(t, "a damaged block", err, "a damaged PEM block")
}

// TestRun runs the program.
func TestRun(t *testing.T) {
	d, dk := newDraft(t, mlkem.KEM1024())
	dir := t.TempDir()
	write := func(name string, contents []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, contents, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	keyDER := write("key.der", must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(dk)))
	keyPEM := write("key.pem", must[[]byte](t)(keyfile.MarshalPrivateKeyPEM(dk)))
	file := write("message", d.message(t))
	absent := filepath.Join(dir, "absent")
	v := readExample(t)
	for _, test := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{nil, 0, fmt.Sprintf("content key  %x, unwrapped by AES-128 key wrap\ncontent      %q", v.CEK, v.Plaintext), ""},
		{[]string{"-key", keyDER, file}, 0, text, ""},
		{[]string{"-key", keyPEM, file}, 0, text, ""},
		{[]string{"-help"}, 0, "", "Usage of cms"},
		{[]string{"-unknown"}, 2, "", "flag provided but not defined: -unknown"},
		{[]string{file}, 2, "", "cms: give a private key with -key and one message, or neither"},
		{[]string{"-key", keyPEM}, 2, "", "cms: give a private key"},
		{[]string{"-key", keyPEM, file, file}, 2, "", "cms: give a private key"},
		{[]string{"-key", absent, file}, 1, "", absent},
		{[]string{"-key", keyPEM, absent}, 1, "", absent},
		{[]string{"-key", file, file}, 1, "", "cms: " + file + ": keyfile: "},
		{[]string{"-key", keyPEM, keyDER}, 1, "", "cms: " + keyDER + ": "},
	} {
		var stdout, stderr strings.Builder
		status := run(test.args, &stdout, &stderr)
		if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) ||
			(test.stdout == "") != (stdout.Len() == 0) || (test.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("%q: status %d, printed %q and %q", test.args, status, &stdout, &stderr)
		}
	}
}

// FuzzOpen checks that nothing makes the program panic, and that no content comes with an error.
func FuzzOpen(f *testing.F) {
	d, dk := newDraft(f, mlkem.KEM512())
	d.before, d.attributes, d.ukm = other(1), attribute, []byte{1}
	f.Add(d.message(f))
	f.Add([]byte(readExample(f).CMS))
	f.Fuzz(func(t *testing.T, file []byte) {
		if plaintext, err := openMessage(file, dk); err != nil && plaintext != nil {
			t.Errorf("%q with error %v", plaintext, err)
		}
		if m, err := parse(file); err == nil {
			m.open(make([]byte, m.content.cipher.keySize))
		}
	})
}
