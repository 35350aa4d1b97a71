package main

import (
	"bytes"
	"crypto/sha256"
	"net"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// Types of extensions (section 4.3).
const (
	extServerName          = 0
	extSupportedGroups     = 10
	extSignatureAlgorithms = 13
	extSupportedVersions   = 43
	extCookie              = 44
	extKeyShare            = 51
)

var knownExtensions = []uint16{
	extServerName, extSupportedGroups, extSignatureAlgorithms, extSupportedVersions, extCookie, extKeyShare,
}

const version13 = 0x0304

// exchangeHellos sends the ClientHello and reads the ServerHello (section 4.2). If a
// HelloRetryRequest comes in between, it answers that. At the end it sets the first keys.
func (h *handshaker) exchangeHellos() error {
	if err := h.generateShare(h.groups[0]); err != nil {
		return err
	}
	hello, err := h.sendClientHello(nil)
	if err != nil {
		return err
	}
	answer, err := h.readServerHello()
	if err != nil {
		return err
	}
	h.suite = answer.suite
	transcript := h.suite.hash.New()

	if answer.retry {
		// In the transcript, a hash replaces the first ClientHello (section 4.1).
		digest := sum(h.suite.hash, hello)
		transcript.Write([]byte{typeMessageHash, 0, 0, byte(len(digest))})
		transcript.Write(digest)
		transcript.Write(answer.raw)
		if hello, err = h.retry(answer); err != nil {
			return err
		}
		if answer, err = h.readServerHello(); err != nil {
			return err
		}
	}
	transcript.Write(hello)
	transcript.Write(answer.raw)
	h.transcript = transcript

	// Decapsulate fails if the share has a wrong length (RFC 10024 and the drafts), a point
	// that is not on the curve (section 4.3.8.2), or an X25519 point that gives a secret of
	// zero (section 7.4.2). For a false ML-KEM ciphertext of the right length it does not
	// fail, but gives another secret than the server's.
	shared, err := h.key.Decapsulate(answer.share)
	if err != nil {
		return fail(illegalParameter, "the server's share: %v", err)
	}
	defer clear(shared)
	h.destroyKey()
	return h.encrypt(shared)
}

func (h *handshaker) generateShare(g *group) error {
	h.destroyKey()
	key, err := g.kem.GenerateKey()
	if err != nil {
		return fail(internalError, "%v", err)
	}
	h.group, h.key = g, key
	return nil
}

// retry answers a HelloRetryRequest (section 4.2.4) with a ClientHello that has another
// share, a cookie, or both.
func (h *handshaker) retry(r *serverHello) ([]byte, error) {
	if r.group == nil && r.cookie == nil {
		return nil, fail(illegalParameter, "a HelloRetryRequest that changes nothing")
	}
	if r.group != nil {
		if err := h.generateShare(r.group); err != nil {
			return nil, err
		}
	}
	return h.sendClientHello(r.cookie)
}

// sendClientHello sends a ClientHello (section 4.2.2) and returns it.
func (h *handshaker) sendClientHello(cookie []byte) ([]byte, error) {
	h.sent = nil
	var b cryptobyte.Builder
	b.AddUint8(typeClientHello)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(legacyVersion)
		b.AddBytes(h.random[:])
		b.AddUint8(0) // no legacy_session_id
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range h.suites {
				b.AddUint16(s.id)
			}
		})
		b.AddUint8(1)
		b.AddUint8(0) // legacy_compression_methods: none
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { h.addExtensions(b, cookie) })
	})
	hello, err := b.Bytes()
	if err != nil { // the cookie leaves no room for the share
		return nil, fail(internalError, "a ClientHello with a cookie of %d bytes is too long", len(cookie))
	}
	return hello, h.write(typeHandshake, hello)
}

// addExtensions adds the extensions of the ClientHello (section 4.3).
func (h *handshaker) addExtensions(b *cryptobyte.Builder, cookie []byte) {
	add := func(id uint16, content cryptobyte.BuilderContinuation) {
		h.sent = append(h.sent, id)
		b.AddUint16(id)
		b.AddUint16LengthPrefixed(content)
	}
	if net.ParseIP(h.serverName) == nil { // RFC 6066, section 3
		add(extServerName, func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0) // host_name
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(h.serverName)) })
			})
		})
	}
	add(extSupportedVersions, func(b *cryptobyte.Builder) { // section 4.3.1
		b.AddUint8(2)
		b.AddUint16(version13)
	})
	if cookie != nil {
		add(extCookie, func(b *cryptobyte.Builder) { // section 4.3.2
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(cookie) })
		})
	}
	add(extSignatureAlgorithms, func(b *cryptobyte.Builder) { // section 4.3.3
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range schemes {
				b.AddUint16(s.id)
			}
			for _, id := range certificateSchemes {
				b.AddUint16(id)
			}
		})
	})
	add(extSupportedGroups, func(b *cryptobyte.Builder) { // section 4.3.7
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, g := range h.groups {
				b.AddUint16(g.id)
			}
		})
	})
	add(extKeyShare, func(b *cryptobyte.Builder) { // section 4.3.8
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(h.group.id)
			share := h.key.Encapsulator().Bytes()
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(share) })
		})
	})
}

type extension struct {
	id   uint16
	data cryptobyte.String
}

// readExtensions reads a block of extensions from s (section 4.3).
func readExtensions(s *cryptobyte.String) ([]extension, error) {
	var block cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&block) {
		return nil, fail(decodeError, "malformed extensions")
	}
	var all []extension
	for !block.Empty() {
		var e extension
		if !block.ReadUint16(&e.id) || !block.ReadUint16LengthPrefixed(&e.data) {
			return nil, fail(decodeError, "malformed extensions")
		}
		if find(all, e.id) != nil {
			return nil, fail(illegalParameter, "the extension %d twice", e.id)
		}
		all = append(all, e)
	}
	return all, nil
}

// lastExtensions reads the extensions at the end of a message.
func lastExtensions(body cryptobyte.String) ([]extension, error) {
	all, err := readExtensions(&body)
	if err == nil && !body.Empty() {
		err = fail(decodeError, "%d bytes after the extensions", len(body))
	}
	return all, err
}

func find(all []extension, id uint16) *cryptobyte.String {
	for i := range all {
		if all[i].id == id {
			return &all[i].data
		}
	}
	return nil
}

// allow refuses extensions that an answer to the ClientHello must not have (section 4.3):
// those that the client did not ask for, and those that belong to another message. Only a
// cookie may come without being asked for.
func (h *handshaker) allow(all []extension, ids ...uint16) error {
	for _, e := range all {
		if !slices.Contains(h.sent, e.id) && e.id != extCookie {
			return fail(unsupportedExtension, "the extension %d, which was not asked for", e.id)
		}
	}
	return refuseMisplaced(all, ids...)
}

// refuseMisplaced refuses extensions that belong to another message, if the client knows
// them. In a CertificateRequest, which is not an answer, unknown extensions must be ignored
// (section 4.4.2).
func refuseMisplaced(all []extension, ids ...uint16) error {
	for _, e := range all {
		if slices.Contains(knownExtensions, e.id) && !slices.Contains(ids, e.id) {
			return fail(illegalParameter, "the extension %d in a message to which it does not belong", e.id)
		}
	}
	return nil
}

// isList tells whether data is one list of 16-bit numbers that is not empty, as in
// supported_groups (section 4.3.7) and signature_algorithms (section 4.3.3).
func isList(data cryptobyte.String) bool {
	var list cryptobyte.String
	return data.ReadUint16LengthPrefixed(&list) && data.Empty() && len(list) > 0 && len(list)%2 == 0
}

// A serverHello is a ServerHello. If retry is set, it is a HelloRetryRequest.
type serverHello struct {
	raw    []byte
	retry  bool
	suite  *suite
	share  cryptobyte.String // only in a ServerHello
	group  *group            // only in a HelloRetryRequest; nil if none
	cookie cryptobyte.String // only in a HelloRetryRequest; nil if none
}

// retryRandom marks a HelloRetryRequest (section 4.2.3).
var retryRandom = sha256.Sum256([]byte("HelloRetryRequest"))

// readServerHello reads and checks a ServerHello (section 4.2.3) or a
// HelloRetryRequest (section 4.2.4).
func (h *handshaker) readServerHello() (*serverHello, error) {
	message, err := h.expect(typeServerHello)
	if err != nil {
		return nil, err
	}
	body := cryptobyte.String(message[4:])
	var random [32]byte
	var sessionID cryptobyte.String
	var legacy, suiteID uint16
	var compression uint8
	if !body.ReadUint16(&legacy) || !body.CopyBytes(random[:]) || !body.ReadUint8LengthPrefixed(&sessionID) ||
		len(sessionID) > 32 || !body.ReadUint16(&suiteID) || !body.ReadUint8(&compression) {
		return nil, fail(decodeError, "a malformed ServerHello")
	}
	var extensions []extension
	if !body.Empty() { // before TLS 1.3, extensions are optional
		if extensions, err = lastExtensions(body); err != nil {
			return nil, err
		}
	}

	// The version must be checked first (section 4.3.1).
	if err := checkVersion(find(extensions, extSupportedVersions), random[24:]); err != nil {
		return nil, err
	}
	retried := h.suite != nil
	retry := random == retryRandom
	i := slices.IndexFunc(h.suites, func(s *suite) bool { return s.id == suiteID })
	switch {
	case retried && retry:
		return nil, fail(unexpectedMessage, "a second HelloRetryRequest")
	case i < 0:
		return nil, fail(illegalParameter, "the cipher suite %#04x, which was not offered", suiteID)
	case retried && h.suites[i] != h.suite:
		return nil, fail(illegalParameter, "the cipher suite is not that of the HelloRetryRequest")
	case len(sessionID) > 0:
		return nil, fail(illegalParameter, "a session ID that was not sent")
	case compression != 0:
		return nil, fail(illegalParameter, "the compression method %d", compression)
	}
	hello := &serverHello{raw: message, retry: retry, suite: h.suites[i]}
	if retry {
		return hello, h.readRetry(hello, extensions)
	}

	if err := h.allow(extensions, extSupportedVersions, extKeyShare); err != nil {
		return nil, err
	}
	s := find(extensions, extKeyShare)
	if s == nil {
		return nil, fail(missingExtension, "a ServerHello without key_share")
	}
	var id uint16
	if !s.ReadUint16(&id) || !s.ReadUint16LengthPrefixed(&hello.share) || !s.Empty() || len(hello.share) == 0 {
		return nil, fail(decodeError, "a malformed key_share")
	}
	if id != h.group.id {
		return nil, fail(illegalParameter, "a share of group %d where one of %s is due", id, h.group.name)
	}
	return hello, nil
}

// checkVersion checks the version in supported_versions. Without that extension, it looks
// at the mark in the server's random: there, a server that knows TLS 1.3 shows that it
// was not asked for it (section 4.2.3).
func checkVersion(selected *cryptobyte.String, mark []byte) error {
	var version uint16
	switch {
	case selected == nil && (bytes.Equal(mark, []byte("DOWNGRD\x00")) || bytes.Equal(mark, []byte("DOWNGRD\x01"))):
		return fail(illegalParameter, "someone has taken TLS 1.3 from the ClientHello")
	case selected == nil:
		return fail(protocolVersion, "the server does not speak TLS 1.3")
	case !selected.ReadUint16(&version) || !selected.Empty():
		return fail(decodeError, "a malformed supported_versions")
	case version != version13:
		return fail(illegalParameter, "the version %#04x, which was not offered", version)
	}
	return nil
}

// readRetry reads what a HelloRetryRequest asks for from its extensions.
func (h *handshaker) readRetry(hello *serverHello, extensions []extension) error {
	if err := h.allow(extensions, extSupportedVersions, extKeyShare, extCookie); err != nil {
		return err
	}
	if s := find(extensions, extKeyShare); s != nil {
		var id uint16
		if !s.ReadUint16(&id) || !s.Empty() {
			return fail(decodeError, "a malformed key_share")
		}
		i := slices.IndexFunc(h.groups, func(g *group) bool { return g.id == id })
		if i < 0 || h.groups[i] == h.group {
			return fail(illegalParameter, "a HelloRetryRequest for group %d, not offered or already sent", id)
		}
		hello.group = h.groups[i]
	}
	s := find(extensions, extCookie)
	if s != nil && (!s.ReadUint16LengthPrefixed(&hello.cookie) || !s.Empty() || len(hello.cookie) == 0) {
		return fail(decodeError, "a malformed cookie")
	}
	return nil
}
