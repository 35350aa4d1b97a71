package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"hash"
	"io"
	"math/big"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

const testName = "server.example"

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// An authority issues the certificates of the tests.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	roots       *x509.CertPool
}

var ca = sync.OnceValue(func() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	template.Subject.CommonName = "authority"
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	a := &authority{key: key, certificate: must(x509.ParseCertificate(der)), roots: x509.NewCertPool()}
	a.roots.AddCert(a.certificate)
	return a
})

// issue returns a certificate for testName. If change is not nil, it can alter the
// certificate before it is signed.
func (a *authority) issue(public crypto.PublicKey, change func(*x509.Certificate)) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{testName}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	template.Subject.CommonName = "leaf"
	if change != nil {
		change(template)
	}
	return must(x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key))
}

// keys returns a key of each kind. The RSA key is as short as SHA-512 allows.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	return map[string]crypto.Signer{
		"P-256":   must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		"P-384":   must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		"P-521":   must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		"RSA":     must(rsa.GenerateKey(rand.Reader, 1088)),
		"Ed25519": ed,
	}
})

func tlsCertificate(key string, change func(*x509.Certificate)) tls.Certificate {
	k := keys()[key]
	return tls.Certificate{Certificate: [][]byte{ca().issue(k.Public(), change)}, PrivateKey: k}
}

func goConfig(key string, change func(*x509.Certificate)) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{tlsCertificate(key, change)}}
}

func testConfig() config {
	return config{
		serverName: testName, roots: ca().roots, groups: allGroups, suites: allSuites, handshakeTime: 20 * time.Second,
	}
}

// visit fetches a page from the server at address. It expects a certificate for
// cfg.serverName.
func visit(t *testing.T, address string, cfg config) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var page strings.Builder
	host := cfg.serverName
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	err := fetch(ctx, &page, address, &url.URL{Scheme: "https", Host: host, Path: "/"}, cfg)
	if ctx.Err() != nil {
		t.Error("the client hangs")
	}
	return page.String(), err
}

// A fake is a server that a test controls. It uses the client's own record layer and key
// schedule, which other tests compare with RFC 8448 and with crypto/tls.
type fake struct {
	records
	suite      *suite
	transcript hash.Hash
	group      *group
	share      []byte

	// A test may set these fields.
	retry   []byte              // the extensions of a HelloRetryRequest
	edit    func([]byte) []byte // changes each message before it is hashed
	before  func(*fake, uint8)  // called before a message of this type is sent
	answer  func([]byte) []byte // returns the share to send instead
	request []byte              // the body of a CertificateRequest
	chain   [][]byte
	key     string
	scheme  uint16
	salt    int               // of RSA-PSS; 0 means the hash's length
	then    func(*fake) error // called after the handshake
	join    bool              // send the messages of the flight in one record
	split   bool              // send each byte of the flight in a record
	trail   map[uint8][]byte  // what follows the message in its record; not hashed
	hangUp  bool              // close the connection after the flight

	peek   *bufio.Reader
	flight []byte
}

// start starts the server for one connection. It returns the address and a channel that
// gets the server's error.
func (f *fake) start(t *testing.T) (string, chan error) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	done := make(chan error, 1)
	go func() {
		defer listener.Close()
		tcp, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		defer tcp.Close()
		check(tcp.SetDeadline(time.Now().Add(20 * time.Second)))
		f.peek = bufio.NewReader(tcp)
		both := struct {
			io.Reader
			io.Writer
		}{f.peek, tcp}
		if d, ok := f.rw.(*damaged); ok {
			d.ReadWriter = both
		} else {
			f.rw = both
		}
		err = f.serve()
		tcp.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, tcp)
		done <- err
	}()
	return listener.Addr().String(), done
}

// get is read, except that it also accepts an unprotected alert after the ServerHello. A
// client that refuses the ServerHello has no keys yet.
func (f *fake) get() (contentType, []byte, error) {
	if b, err := f.peek.Peek(1); err == nil && b[0] == byte(typeAlert) {
		f.in = direction{}
	}
	return f.read()
}

func (f *fake) next() ([]byte, error) {
	for {
		message, err := f.message(typeClientHello, typeCertificate, typeFinished, typeKeyUpdate)
		if message != nil || err != nil {
			return message, err
		}
		t, data, err := f.get()
		if err != nil {
			return nil, err
		}
		if t != typeHandshake {
			return nil, errors.New("the client sends application data where a message is due")
		}
		f.messages = append(f.messages, data...)
	}
}

// readClientHello reads the ClientHello and takes the share from it. It refuses more than
// one share.
func (f *fake) readClientHello() ([]byte, error) {
	message, err := f.next()
	if err != nil {
		return nil, err
	}
	malformed := errors.New("malformed ClientHello")
	body := cryptobyte.String(message[4:])
	var random, session, suites, compression, share, one cryptobyte.String
	var id uint16
	if !body.Skip(2) || !body.ReadBytes((*[]byte)(&random), 32) || !body.ReadUint8LengthPrefixed(&session) ||
		!body.ReadUint16LengthPrefixed(&suites) || !body.ReadUint8LengthPrefixed(&compression) {
		return nil, malformed
	}
	extensions, err := readExtensions(&body)
	if err != nil || !body.Empty() {
		return nil, malformed
	}
	s := find(extensions, extKeyShare)
	if s == nil || !s.ReadUint16LengthPrefixed(&share) || !s.Empty() ||
		!share.ReadUint16(&id) || !share.ReadUint16LengthPrefixed(&one) || !share.Empty() {
		return nil, malformed
	}
	f.group = allGroups[slices.IndexFunc(allGroups, func(g *group) bool { return g.id == id })]
	f.share = one
	if s := find(extensions, extCookie); s != nil && f.retry != nil && !bytes.Contains(f.retry, *s) {
		return nil, errors.New("another cookie than was sent")
	}
	return message, nil
}

func message(t uint8, body []byte) []byte {
	return append([]byte{t, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

func vector8(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }

func vector16(parts ...[]byte) []byte {
	b := slices.Concat(parts...)
	return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
}

func vector24(parts ...[]byte) []byte {
	b := slices.Concat(parts...)
	return append([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

func uint16s(ids ...uint16) []byte {
	var b []byte
	for _, id := range ids {
		b = append(b, byte(id>>8), byte(id))
	}
	return b
}

func ext(id uint16, data []byte) []byte { return append(uint16s(id), vector16(data)...) }

func keyShare(id uint16, share []byte) []byte {
	return ext(extKeyShare, slices.Concat(uint16s(id), vector16(share)))
}

func helloBody(random []byte, s *suite, extensions ...[]byte) []byte {
	return slices.Concat([]byte{3, 3}, random, []byte{0}, uint16s(s.id), []byte{0}, vector16(extensions...))
}

var versionExt = ext(extSupportedVersions, []byte{3, 4})

// send sends a message of the flight and adds it to the transcript.
func (f *fake) send(t uint8, body []byte) error {
	m := message(t, body)
	if f.edit != nil {
		m = f.edit(m)
	}
	if f.before != nil {
		f.before(f, t)
	}
	f.transcript.Write(m)
	if f.join && t != typeServerHello && t != typeFinished {
		f.flight = append(f.flight, m...)
		return nil
	}
	if f.split && f.out.aead != nil {
		for _, b := range m {
			f.seal([]byte{b, byte(typeHandshake), 0, 0, 0})
		}
		return nil
	}
	err := f.write(typeHandshake, slices.Concat(f.flight, m, f.trail[t]))
	f.flight = nil
	return err
}

func (f *fake) sign(content []byte) []byte {
	key := keys()[f.key]
	var options crypto.SignerOpts = crypto.Hash(0)
	for _, s := range schemes {
		if s.id == f.scheme && s.hash != 0 {
			options, content = s.hash, sum(s.hash, content)
			if s.curve == nil {
				options = &rsa.PSSOptions{SaltLength: cmp.Or(f.salt, rsa.PSSSaltLengthEqualsHash), Hash: s.hash}
			}
		}
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		// Since Go 1.27, the method Sign fails without a hash.
		return must(ecdsa.SignASN1(rand.Reader, key, content))
	}
	return must(key.Sign(rand.Reader, content, options))
}

func (f *fake) serve() error {
	if f.suite == nil {
		f.suite = allSuites[0]
	}
	if f.key == "" {
		f.key, f.scheme = "P-256", 0x0403
	}
	if f.chain == nil {
		f.chain = [][]byte{ca().issue(keys()[f.key].Public(), nil)}
	}
	f.transcript = f.suite.hash.New()
	hello, err := f.readClientHello()
	if err != nil {
		return err
	}
	if f.retry != nil {
		digest := sum(f.suite.hash, hello)
		f.transcript.Write(message(typeMessageHash, digest))
		if err := f.send(typeServerHello, helloBody(retryRandom[:], f.suite, versionExt, f.retry)); err != nil {
			return err
		}
		if hello, err = f.readClientHello(); err != nil {
			return err
		}
	}
	f.transcript.Write(hello)

	ek, err := f.group.kem.NewEncapsulationKey(f.share)
	if err != nil {
		return err
	}
	shared, ciphertext := ek.Encapsulate()
	if f.answer != nil {
		ciphertext = f.answer(ciphertext)
	}
	random := make([]byte, 32)
	rand.Read(random)
	if err := f.send(typeServerHello, helloBody(random, f.suite, keyShare(f.group.id, ciphertext), versionExt)); err != nil {
		return err
	}
	secret := f.suite.handshakeSecret(shared)
	digest := f.transcript.Sum(nil)
	f.in = f.suite.protect(f.suite.deriveSecret(secret, "c hs traffic", digest))
	f.out = f.suite.protect(f.suite.deriveSecret(secret, "s hs traffic", digest))

	if err := f.send(typeEncryptedExtensions, vector16()); err != nil {
		return err
	}
	if f.request != nil {
		if err := f.send(typeCertificateRequest, f.request); err != nil {
			return err
		}
	}
	var entries [][]byte
	for _, der := range f.chain {
		entries = append(entries, vector24(der), vector16())
	}
	if err := f.send(typeCertificate, append([]byte{0}, vector24(entries...)...)); err != nil {
		return err
	}
	content := strings.Repeat(" ", 64) + "TLS 1.3, server CertificateVerify\x00" + string(f.transcript.Sum(nil))
	if err := f.send(typeCertificateVerify, append(uint16s(f.scheme), vector16(f.sign([]byte(content)))...)); err != nil {
		return err
	}
	if err := f.send(typeFinished, f.suite.finished(f.out.secret, f.transcript.Sum(nil))); err != nil {
		return err
	}
	mainSecret := f.suite.mainSecret(secret)
	digest = f.transcript.Sum(nil)
	f.out = f.suite.protect(f.suite.deriveSecret(mainSecret, "s ap traffic", digest))

	if f.hangUp {
		return nil
	}
	if f.request != nil {
		m, err := f.next()
		if err != nil {
			return err
		}
		if !bytes.Equal(m, message(typeCertificate, []byte{0, 0, 0, 0})) {
			return errors.New("the client does not send an empty Certificate")
		}
		f.transcript.Write(m)
	}
	want := message(typeFinished, f.suite.finished(f.in.secret, f.transcript.Sum(nil)))
	m, err := f.next()
	if err != nil {
		return err
	}
	if !bytes.Equal(m, want) {
		return errors.New("the client's Finished is wrong")
	}
	f.in = f.suite.protect(f.suite.deriveSecret(mainSecret, "c ap traffic", digest))
	f.confirmed = true
	if f.then == nil {
		f.then = servePage
	}
	return f.then(f)
}

// readRequest reads the client's single request.
func (f *fake) readRequest() error {
	var request []byte
	for !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
		t, data, err := f.get()
		if err != nil {
			return err
		}
		if t != typeApplicationData {
			return errors.New("a handshake message where the request is due")
		}
		request = append(request, data...)
	}
	return nil
}

// respond returns a function that answers the client's request with a response, and
// expects close_notify.
func respond(response string) func(*fake) error {
	return func(f *fake) error {
		if err := f.readRequest(); err != nil {
			return err
		}
		f.write(typeApplicationData, []byte(response))
		f.write(typeAlert, []byte{1, byte(closeNotify)})
		return f.end()
	}
}

const fakePage = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

// servePage sends a page that ends with the connection.
var servePage = respond(fakePage + "served")

// end returns the last thing that the client sends. It returns nil for close_notify.
func (f *fake) end() error {
	t, _, err := f.get()
	if err == nil {
		return errors.New("a record of type " + string('0'+rune(t)) + " where the end is due")
	}
	if err == io.EOF {
		return nil
	}
	return err
}
