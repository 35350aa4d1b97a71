package spec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/chacha20poly1305"
)

// Noise is a protocol of the Noise Protocol Framework, revision 34. The tokens of its messages are given, so that it
// needs no table of patterns. Its other parts are those of its name.
type Noise struct {
	Name string
	// The static keys that are known before the handshake.
	InitiatorPre, ResponderPre bool
	// The tokens of each message. The initiator sends the first message.
	Messages [][]string
	DH, KEM  bool // what the tokens e and s stand for: for one of the two, or for both
	HFS      bool
}

// NoiseKeys are what a party brings: private keys of X25519, seeds of ML-KEM, the peer's public keys, and the randomness
// of each encapsulation.
type NoiseKeys struct {
	S, E, RS                []byte
	KEMS, KEME, KEMRS       []byte
	PSKs, Encapsulations    [][]byte
	EphemeralKEM, StaticKEM Params
}

// A NoiseParty has the variables of section 5 that one party keeps.
type NoiseParty struct {
	Noise
	NoiseKeys
	Initiator    bool
	RE, KEMRE    []byte
	CK, H, K     []byte // K is nil if it is empty
	N            uint64
	Done         int // how many messages have been sent and read
	SharedKeys   [][]byte
	cipher, hash string
}

// hashOf is HASH of section 4.3, and block is BLOCKLEN.
func (p *NoiseParty) hashOf(data ...[]byte) []byte {
	var h hash.Hash
	switch p.hash {
	case "SHA256":
		h = sha256.New()
	case "SHA512":
		h = sha512.New()
	case "BLAKE2s":
		h, _ = blake2s.New256(nil)
	case "BLAKE2b":
		h, _ = blake2b.New512(nil)
	}
	h.Write(concat(data...))
	return h.Sum(nil)
}

func (p *NoiseParty) block() int {
	if p.hash == "SHA256" || p.hash == "BLAKE2s" {
		return 64
	}
	return 128
}

// hmac is HMAC-HASH, RFC 2104.
func (p *NoiseParty) hmac(key []byte, data ...[]byte) []byte {
	pad := func(x byte) []byte {
		padded := make([]byte, p.block())
		copy(padded, key)
		for i := range padded {
			padded[i] ^= x
		}
		return padded
	}
	return p.hashOf(pad(0x5c), p.hashOf(pad(0x36), concat(data...)))
}

// hkdf is HKDF of section 4.3.
func (p *NoiseParty) hkdf(chainingKey, inputKeyMaterial []byte) (out1, out2, out3 []byte) {
	tempKey := p.hmac(chainingKey, inputKeyMaterial)
	out1 = p.hmac(tempKey, []byte{1})
	out2 = p.hmac(tempKey, out1, []byte{2})
	out3 = p.hmac(tempKey, out2, []byte{3})
	return out1, out2, out3
}

// aead is the cipher of section 12 with the nonce n.
func (p *NoiseParty) aead(k []byte, n uint64) (aead cipher.AEAD, nonce []byte) {
	if p.cipher == "AESGCM" {
		block, _ := aes.NewCipher(k)
		aead, _ = cipher.NewGCM(block)
		return aead, binary.BigEndian.AppendUint64(make([]byte, 4), n)
	}
	aead, _ = chacha20poly1305.New(k)
	return aead, binary.LittleEndian.AppendUint64(make([]byte, 4), n)
}

// Encrypt is ENCRYPT of section 4.2.
func (p *NoiseParty) Encrypt(k []byte, n uint64, ad, plaintext []byte) []byte {
	aead, nonce := p.aead(k, n)
	return aead.Seal(nil, nonce, plaintext, ad)
}

// Rekey is REKEY of section 4.2.
func (p *NoiseParty) Rekey(k []byte) []byte {
	return p.Encrypt(k, 1<<64-1, nil, make([]byte, 32))[:32]
}

// The next functions are those of section 5.2.

func (p *NoiseParty) mixKey(inputKeyMaterial []byte) {
	var tempK []byte
	p.CK, tempK, _ = p.hkdf(p.CK, inputKeyMaterial)
	p.K, p.N = tempK[:32], 0
}

func (p *NoiseParty) mixHash(data []byte) { p.H = p.hashOf(p.H, data) }

func (p *NoiseParty) mixKeyAndHash(inputKeyMaterial []byte) {
	var tempH, tempK []byte
	p.CK, tempH, tempK = p.hkdf(p.CK, inputKeyMaterial)
	p.mixHash(tempH)
	p.K, p.N = tempK[:32], 0
}

func (p *NoiseParty) encryptAndHash(plaintext []byte) []byte {
	ciphertext := plaintext
	if p.K != nil {
		ciphertext = p.Encrypt(p.K, p.N, p.H, plaintext)
		p.N++
	}
	p.mixHash(ciphertext)
	return ciphertext
}

func (p *NoiseParty) decryptAndHash(ciphertext []byte) ([]byte, error) {
	plaintext := ciphertext
	if p.K != nil {
		aead, nonce := p.aead(p.K, p.N)
		var err error
		if plaintext, err = aead.Open(nil, nonce, ciphertext, p.H); err != nil {
			return nil, err
		}
		p.N++
	}
	p.mixHash(ciphertext)
	return plaintext, nil
}

// Split returns the keys of Split.
func (p *NoiseParty) Split() (k1, k2 []byte) {
	k1, k2, _ = p.hkdf(p.CK, nil)
	return k1[:32], k2[:32]
}

// HKDF is HKDF of RFC 5869. Its result is as long as a hash.
func (p *NoiseParty) HKDF(salt, inputKeyMaterial []byte, info string) []byte {
	return p.hmac(p.hmac(salt, inputKeyMaterial), []byte(info), []byte{1})
}

// MixHash mixes what is sent beside the messages.
func (p *NoiseParty) MixHash(data []byte) { p.mixHash(data) }

// Initialize is Initialize of section 5.3.
func (n Noise) Initialize(initiator bool, prologue []byte, keys NoiseKeys) *NoiseParty {
	parts := strings.Split(n.Name, "_")
	p := &NoiseParty{Noise: n, NoiseKeys: keys, Initiator: initiator, cipher: parts[3], hash: parts[4]}
	p.H = []byte(n.Name)
	if size := len(p.hashOf()); len(p.H) <= size {
		p.H = concat(p.H, make([]byte, size-len(p.H)))
	} else {
		p.H = p.hashOf(p.H)
	}
	p.CK = p.H
	p.mixHash(prologue)
	for _, pre := range []struct{ there, initiator bool }{{n.InitiatorPre, true}, {n.ResponderPre, false}} {
		switch {
		case pre.there && pre.initiator == initiator:
			if n.DH {
				p.mixHash(public25519(p.S))
			}
			if n.KEM {
				p.mixHash(kemPublic(p.StaticKEM, p.KEMS))
			}
		case pre.there:
			if n.DH {
				p.mixHash(p.RS)
			}
			if n.KEM {
				p.mixHash(p.KEMRS)
			}
		}
	}
	return p
}

func public25519(private []byte) []byte {
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		panic(err)
	}
	return k.PublicKey().Bytes()
}

func kemPublic(set Params, seed []byte) []byte {
	ek, _ := KeyGenInternal(set, seed[:32], seed[32:])
	return ek
}

// dh is DH of section 4.1. A shared secret of zeros is an error, which section 12.1 allows.
func dh(private, public []byte) ([]byte, error) {
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		return nil, err
	}
	pub, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return k.ECDH(pub)
}

// psk reports whether there is a psk token in the handshake.
func (n Noise) psk() bool {
	return slices.ContainsFunc(n.Messages, func(tokens []string) bool { return slices.Contains(tokens, "psk") })
}

// mixE does what section 5.3, and 9.2 for psk, say of a public key that e sends.
func (p *NoiseParty) mixE(public []byte) {
	p.mixHash(public)
	if p.psk() {
		p.mixKey(public)
	}
}

// Write is WriteMessage. The caller writes only when it is its turn.
func (p *NoiseParty) Write(payload []byte) (message []byte, err error) {
	send := func(b []byte) { message = append(message, b...) }
	encapsulate := func(set Params, ek []byte) (ss, ct []byte) {
		ss, ct = EncapsInternal(set, ek, p.Encapsulations[0])
		p.Encapsulations = p.Encapsulations[1:]
		p.SharedKeys = append(p.SharedKeys, ss)
		return ss, ct
	}
	for _, t := range p.Messages[p.Done] {
		switch t {
		case "e":
			if p.DH {
				send(public25519(p.E))
				p.mixE(public25519(p.E))
			}
			if p.KEM {
				send(kemPublic(p.EphemeralKEM, p.KEME))
				p.mixE(kemPublic(p.EphemeralKEM, p.KEME))
			}
		case "s":
			if p.DH {
				send(p.encryptAndHash(public25519(p.S)))
			}
			if p.KEM {
				send(p.encryptAndHash(kemPublic(p.StaticKEM, p.KEMS)))
			}
		case "e1":
			send(p.encryptAndHash(kemPublic(p.EphemeralKEM, p.KEME)))
		case "ekem1":
			ss, ct := encapsulate(p.EphemeralKEM, p.KEMRE)
			send(p.encryptAndHash(ct))
			p.mixKey(ss)
		case "ekem":
			ss, ct := encapsulate(p.EphemeralKEM, p.KEMRE)
			send(ct)
			p.mixHash(ct)
			p.mixKey(ss)
		case "skem":
			ss, ct := encapsulate(p.StaticKEM, p.KEMRS)
			send(p.encryptAndHash(ct))
			p.mixKeyAndHash(ss)
		default:
			if err := p.mixDH(t); err != nil {
				return nil, err
			}
		}
	}
	send(p.encryptAndHash(payload))
	p.Done++
	return message, nil
}

// mixDH processes the tokens that send nothing.
func (p *NoiseParty) mixDH(t string) error {
	if t == "psk" {
		p.mixKeyAndHash(p.PSKs[0])
		p.PSKs = p.PSKs[1:]
		return nil
	}
	var private, public []byte
	switch {
	case t == "ee":
		private, public = p.E, p.RE
	case t == "ss":
		private, public = p.S, p.RS
	case t == "es" && p.Initiator, t == "se" && !p.Initiator:
		private, public = p.E, p.RS
	case t == "se" && p.Initiator, t == "es" && !p.Initiator:
		private, public = p.S, p.RE
	}
	secret, err := dh(private, public)
	if err != nil {
		return err
	}
	p.mixKey(secret)
	return nil
}

// Read is ReadMessage. After an error, the party is of no use.
func (p *NoiseParty) Read(message []byte) (payload []byte, err error) {
	take := func(n int) []byte {
		if err != nil || len(message) < n {
			err = fmt.Errorf("spec: the message is too short")
			return make([]byte, n)
		}
		b := message[:n]
		message = message[n:]
		return b
	}
	opened := func(n int) []byte {
		if p.K != nil {
			n += 16
		}
		b := take(n)
		if err == nil {
			b, err = p.decryptAndHash(b)
		}
		return b
	}
	checked := func(set Params, ek []byte) []byte {
		if err == nil {
			err = CheckEK(set, ek)
		}
		return ek
	}
	decapsulate := func(set Params, seed, ct []byte) (ss []byte) {
		_, dk := KeyGenInternal(set, seed[:32], seed[32:])
		return DecapsInternal(set, dk, ct)
	}
	for _, t := range p.Messages[p.Done] {
		switch t {
		case "e":
			if p.DH {
				p.RE = take(32)
				p.mixE(p.RE)
			}
			if p.KEM {
				p.KEMRE = checked(p.EphemeralKEM, take(ekSize(p.EphemeralKEM)))
				p.mixE(p.KEMRE)
			}
		case "s":
			if p.DH {
				p.RS = opened(32)
			}
			if p.KEM && err == nil {
				p.KEMRS = checked(p.StaticKEM, opened(ekSize(p.StaticKEM)))
			}
		case "e1":
			p.KEMRE = checked(p.EphemeralKEM, opened(ekSize(p.EphemeralKEM)))
		case "ekem1":
			if ct := opened(ctSize(p.EphemeralKEM)); err == nil {
				p.mixKey(decapsulate(p.EphemeralKEM, p.KEME, ct))
			}
		case "ekem":
			if ct := take(ctSize(p.EphemeralKEM)); err == nil {
				p.mixHash(ct)
				p.mixKey(decapsulate(p.EphemeralKEM, p.KEME, ct))
			}
		case "skem":
			if ct := opened(ctSize(p.StaticKEM)); err == nil {
				p.mixKeyAndHash(decapsulate(p.StaticKEM, p.KEMS, ct))
			}
		default:
			err = p.mixDH(t)
		}
		if err != nil {
			return nil, err
		}
	}
	if payload, err = p.decryptAndHash(message); err != nil {
		return nil, err
	}
	p.Done++
	return payload, nil
}

func ekSize(set Params) int { return 384*set.K + 32 }
func ctSize(set Params) int { return 32 * (set.Du*set.K + set.Dv) }

// Check returns the first rule that the pattern breaks, or nil. The rules are those of section 7.3 and 9.3, and
// these for KEMs: a ciphertext needs its key, and is sent once; a ciphertext is randomness of its sender, as e is;
// who has none of the two encrypts nothing; tokens belong to the protocol's family.
func (n Noise) Check() error {
	// Everything that happens, in order: which party, and what.
	type event struct {
		party int // 0 is the initiator
		what  string
	}
	var events []event
	if n.InitiatorPre {
		events = append(events, event{0, "pre"})
	}
	if n.ResponderPre {
		events = append(events, event{1, "pre"})
	}
	for i, tokens := range n.Messages {
		for _, t := range tokens {
			events = append(events, event{i % 2, t})
		}
		events = append(events, event{i % 2, "payload"})
	}
	// Transport payloads. With one message, only the initiator sends some.
	events = append(events, event{0, "payload"})
	if len(n.Messages) > 1 {
		events = append(events, event{1, "payload"})
	}
	happened := func(before int, party int, what ...string) (times int) {
		for _, e := range events[:before] {
			if (party < 0 || e.party == party) && slices.Contains(what, e.what) {
				times++
			}
		}
		return times
	}
	if len(n.Messages) == 0 {
		return fmt.Errorf("there are no messages")
	}
	for i, e := range events {
		broken := func(rule string) error { return fmt.Errorf("%s by party %d: %s", e.what, e.party, rule) }
		peer := 1 - e.party
		encrypts := false
		switch e.what {
		case "pre":
			continue
		case "e":
			if happened(i, e.party, "e") > 0 {
				return broken("rule 2: e only once")
			}
			continue
		case "s":
			if happened(i, e.party, "s", "pre") > 0 {
				return broken("rule 2: s only once")
			}
			encrypts = true
		case "ee", "es", "se", "ss":
			if !n.DH {
				return broken("a DH without DH functions")
			}
			if happened(i, -1, e.what) > 0 {
				return broken("rule 3: a DH only once")
			}
			has := map[byte][]string{'e': {"e"}, 's': {"s", "pre"}}
			if happened(i, 0, has[e.what[0]]...) == 0 || happened(i, 1, has[e.what[1]]...) == 0 {
				return broken("rule 1: a DH between keys that they possess")
			}
		case "psk":
		case "e1":
			if !n.HFS || happened(i, e.party, "e1") > 0 {
				return broken("e1 only with hfs, and once")
			}
			encrypts = true
		case "ekem1":
			if !n.HFS || happened(i, e.party, "ekem1") > 0 || happened(i, peer, "e1") == 0 {
				return broken("ekem1 only with hfs, once, and after e1")
			}
			encrypts = true
		case "ekem":
			if !n.KEM || happened(i, e.party, "ekem") > 0 || happened(i, peer, "e") == 0 {
				return broken("ekem only with KEMs, once, and after e")
			}
		case "skem":
			if !n.KEM || happened(i, e.party, "skem") > 0 || happened(i, peer, "s", "pre") == 0 {
				return broken("skem only with KEMs, once, and after s")
			}
			encrypts = true
		case "payload":
			encrypts = true
		default:
			return broken("there is no such token")
		}
		keyed := happened(i, -1, "ee", "es", "se", "ss", "psk", "ekem", "skem", "ekem1") > 0 ||
			n.psk() && happened(i, -1, "e") > 0
		if !encrypts || !keyed {
			continue
		}
		if happened(i, e.party, "e", "ekem", "skem", "ekem1") == 0 {
			return broken("encryption without randomness of one's own")
		}
		if e.what != "payload" && e.what != "s" { // in hybridIK and IKhfs, rule 4 does not hold for ciphertexts
			continue
		}
		// Rule 4. A party's static key met a key of the peer. Then its ephemeral key must have met it, too.
		did := func(t string) bool { return happened(i, -1, t) > 0 }
		withOwn := [2][2]string{{"se", "es"}, {"es", "se"}}[e.party] // its static key with e, its e with a static key
		if did(withOwn[0]) && !did("ee") || did("ss") && !did(withOwn[1]) {
			return broken("rule 4: no DH of the ephemeral key")
		}
	}
	return nil
}
