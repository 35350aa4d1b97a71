package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"hash"
	"io"
	"time"

	"hybridkem/combiner/tlskex"
	"hybridkem/kem"
)

// Types of handshake messages (section 4).
const (
	typeClientHello         = 1
	typeServerHello         = 2
	typeNewSessionTicket    = 4
	typeEncryptedExtensions = 8
	typeCertificate         = 11
	typeCertificateRequest  = 13
	typeCertificateVerify   = 15
	typeFinished            = 20
	typeKeyUpdate           = 24
	typeMessageHash         = 254
)

// A group is a key exchange with a KEM. The client's share is an encapsulation key, and the
// server's share is the ciphertext. The shared key takes the place of the Diffie-Hellman
// secret.
type group struct {
	id   uint16
	name string // in TLS, which calls ML-KEM-768 MLKEM768
	kem  kem.KEM
}

// allGroups has the hybrids of RFC 10024, then ML-KEM alone (draft-ietf-tls-mlkem), and last
// what has ML-KEM-512. The hybrids of ML-KEM-512 are those of
// draft-rosomakho-tls-ecdhe-mlkem512, an individual draft.
var allGroups = []*group{
	{4588, "X25519MLKEM768", tlskex.X25519MLKEM768()},
	{4587, "SecP256r1MLKEM768", tlskex.SecP256r1MLKEM768()},
	{4589, "SecP384r1MLKEM1024", tlskex.SecP384r1MLKEM1024()},
	{514, "MLKEM1024", tlskex.MLKEM1024()},
	{513, "MLKEM768", tlskex.MLKEM768()},
	{4586, "MLKEM512X25519", tlskex.MLKEM512X25519()},
	{4585, "SecP256r1MLKEM512", tlskex.SecP256r1MLKEM512()},
	{512, "MLKEM512", tlskex.MLKEM512()},
}

type config struct {
	serverName    string         // or IP address
	roots         *x509.CertPool // nil means the system's
	groups        []*group       // in order of preference; the first ClientHello has the share of the first
	suites        []*suite
	handshakeTime time.Duration // until the end of the handshake, whatever the server sends
}

// A handshaker is a connection during its handshake.
type handshaker struct {
	conn
	config
	random     [32]byte
	key        kem.DecapsulationKey // the key share
	sent       []uint16             // the extensions of the last ClientHello
	transcript hash.Hash            // nil until the ServerHello determines the hash
	secret     []byte               // the Handshake Secret
	asked      bool                 // the server has asked for a certificate
}

// handshake does the handshake of section 2, from the ClientHello to the Finished of both
// ends. If it finds an error, it sends the server an alert. It sends nothing if cfg has no
// name to look for in the server's certificate.
func handshake(rw io.ReadWriter, cfg config) (*conn, error) {
	name, err := checkedName(cfg.serverName)
	if err != nil {
		return nil, err
	}
	cfg.serverName = name
	h := &handshaker{config: cfg}
	h.rw = rw
	rand.Read(h.random[:])
	for _, step := range []func() error{
		h.exchangeHellos,
		h.readEncryptedExtensions,
		h.readCertificate,
		h.readCertificateVerify,
		h.exchangeFinished,
	} {
		err := step()
		if err == io.EOF {
			err = errors.New("the server closed the connection during the handshake")
		}
		if err != nil {
			h.destroyKey()
			h.abort(err)
			h.Close()
			return nil, err
		}
	}
	return &h.conn, nil
}

func (h *handshaker) destroyKey() {
	if h.key != nil {
		h.key.Destroy()
	}
}

// expect returns the next message, with its header. The message must have one of the
// given types.
func (h *handshaker) expect(types ...uint8) ([]byte, error) {
	for {
		message, err := h.message(types...)
		if err != nil {
			return nil, err
		}
		if message != nil {
			if h.transcript != nil {
				h.transcript.Write(message)
			}
			return message, nil
		}
		_, data, err := h.read()
		if err != nil {
			return nil, err
		}
		h.messages = append(h.messages, data...)
	}
}

// encrypt switches to the keys of the handshake. They derive from the shared key and the
// hellos (section 7.1).
func (h *handshaker) encrypt(shared []byte) error {
	h.secret = h.suite.handshakeSecret(shared)
	hellos := h.transcript.Sum(nil)
	h.out = h.suite.protect(h.suite.deriveSecret(h.secret, "c hs traffic", hellos))
	return h.rekey(h.suite.protect(h.suite.deriveSecret(h.secret, "s hs traffic", hellos)))
}

// readEncryptedExtensions reads EncryptedExtensions (section 4.4.1). It makes no use of
// the server's groups, which would matter only for another connection.
func (h *handshaker) readEncryptedExtensions() error {
	message, err := h.expect(typeEncryptedExtensions)
	if err != nil {
		return err
	}
	extensions, err := lastExtensions(message[4:])
	if err != nil {
		return err
	}
	if err := h.allow(extensions, extServerName, extSupportedGroups); err != nil {
		return err
	}
	if name := find(extensions, extServerName); name != nil && !name.Empty() { // RFC 6066, section 3
		return fail(decodeError, "a malformed server_name")
	}
	if groups := find(extensions, extSupportedGroups); groups != nil && !isList(*groups) {
		return fail(decodeError, "a malformed supported_groups")
	}
	return nil
}

// exchangeFinished checks the server's Finished, which proves that both ends have seen
// the same handshake. Then it sends the client's Finished (section 4.5.3). The keys of
// the application data depend on the handshake up to the server's Finished (section 7.1).
func (h *handshaker) exchangeFinished() error {
	want := h.suite.finished(h.in.secret, h.transcript.Sum(nil))
	message, err := h.expect(typeFinished)
	if err != nil {
		return err
	}
	if len(message) != 4+len(want) {
		return fail(decodeError, "a Finished of %d bytes", len(message))
	}
	if !hmac.Equal(message[4:], want) {
		return fail(decryptError, "the server's Finished is wrong")
	}
	h.confirmed = true
	digest := h.transcript.Sum(nil)
	mainSecret := h.suite.mainSecret(h.secret)
	err = h.rekey(h.suite.protect(h.suite.deriveSecret(mainSecret, "s ap traffic", digest)))
	if err != nil {
		return err
	}

	var flight []byte
	if h.asked { // the client has no certificate (section 4.5.1)
		flight = []byte{typeCertificate, 0, 0, 4, 0, 0, 0, 0}
		h.transcript.Write(flight)
	}
	verify := h.suite.finished(h.out.secret, h.transcript.Sum(nil))
	flight = append(flight, typeFinished, 0, 0, byte(len(verify)))
	if err := h.write(typeHandshake, append(flight, verify...)); err != nil {
		return err
	}
	h.out = h.suite.protect(h.suite.deriveSecret(mainSecret, "c ap traffic", digest))
	clear(h.secret)
	clear(mainSecret)
	return nil
}
