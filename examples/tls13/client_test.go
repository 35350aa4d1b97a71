package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A goServer is a crypto/tls server that reports the result of its first handshake.
type goServer struct {
	address string
	state   chan tls.ConnectionState
	err     chan error
}

func startGo(t *testing.T, cfg *tls.Config, page []byte) *goServer {
	t.Helper()
	s := &goServer{state: make(chan tls.ConnectionState, 1), err: make(chan error, 1)}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	s.address = listener.Addr().String()
	server := &http.Server{
		TLSConfig: cfg,
		ErrorLog:  log.New(errorLog(s.err), "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.state <- *r.TLS
			w.Write(page)
		}),
	}
	go server.ServeTLS(listener, "", "")
	t.Cleanup(func() { server.Close() })
	return s
}

type errorLog chan error

func (l errorLog) Write(p []byte) (int, error) {
	select {
	case l <- errors.New(string(p)):
	default:
	}
	return len(p), nil
}

func checkContains(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want something with %q", what, got, want)
	}
}

func checkError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one with %q", what, want)
	} else {
		checkContains(t, what, err.Error(), want)
	}
}

func checkState(t *testing.T, state tls.ConnectionState, g *group, s *suite) {
	t.Helper()
	if state.Version != tls.VersionTLS13 || uint16(state.CurveID) != g.id || state.CurveID.String() != g.name ||
		state.CipherSuite != s.id {
		t.Errorf("the server has version %#x, group %v, cipher suite %s; want TLS 1.3, %s, %s",
			state.Version, state.CurveID, tls.CipherSuiteName(state.CipherSuite), g.name, s.name)
	}
}

// TestGroups runs crypto/tls with each group that it has and each cipher suite. No other group
// is offered, so none can be a fallback. The fake server takes the place of crypto/tls for the
// other groups.
func TestGroups(t *testing.T) {
	var used []string
	for _, g := range allGroups {
		preferences := curves([]*group{g})
		if len(preferences) == 0 {
			t.Logf("peer not run: crypto/tls of %s: it does not have the group %s", runtime.Version(), g.name)
		} else {
			used = append(used, g.name)
		}
		for _, s := range allSuites {
			t.Run(g.name+"/"+s.name, func(t *testing.T) {
				cfg := testConfig()
				cfg.groups, cfg.suites = []*group{g}, []*suite{s}
				if len(preferences) == 0 {
					page := checkFake(t, &fake{suite: s}, cfg, closeNotify)
					checkContains(t, "the page", page, g.name+"\n")
					return
				}
				serverCfg := goConfig("P-256", nil)
				serverCfg.CurvePreferences = preferences
				server := startGo(t, serverCfg, []byte("the page"))
				page, err := visit(t, server.address, cfg)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{g.name + "\n", s.name + "\n", "CN=leaf\n", "200 OK\n\nthe page"} {
					checkContains(t, "the page", page, want)
				}
				state := <-server.state
				checkState(t, state, g, s)
				if state.ServerName != testName || state.HelloRetryRequest {
					t.Errorf("server name %q, HelloRetryRequest %t", state.ServerName, state.HelloRetryRequest)
				}
			})
		}
	}
	t.Logf("peer: crypto/tls of %s: TLS 1.3 with every cipher suite and %s", runtime.Version(), strings.Join(used, ", "))
}

// TestClientHello checks what crypto/tls reads from the ClientHello.
func TestClientHello(t *testing.T) {
	hellos := make(chan *tls.ClientHelloInfo, 1)
	server := startGo(t, &tls.Config{
		Certificates:       []tls.Certificate{tlsCertificate("P-256", nil)},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) { hellos <- hello; return nil, nil },
	}, nil)
	cfg := testConfig()
	cfg.serverName += "." // which RFC 6066, section 3, leaves out
	if _, err := visit(t, server.address, cfg); err != nil {
		t.Fatal(err)
	}
	hello := <-hellos
	if hello.ServerName != testName || !slices.Equal(hello.SupportedVersions, []uint16{tls.VersionTLS13}) ||
		!slices.Equal(hello.CipherSuites, []uint16{0x1301, 0x1302, 0x1303}) ||
		!slices.Equal(hello.SupportedCurves, []tls.CurveID{4588, 4587, 4589, 514, 513, 4586, 4585, 512}) ||
		!slices.Equal(hello.SignatureSchemes, []tls.SignatureScheme{
			tls.ECDSAWithP256AndSHA256, tls.ECDSAWithP384AndSHA384,
			tls.PSSWithSHA256, tls.PSSWithSHA384, tls.PSSWithSHA512, tls.Ed25519,
			tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, // for certificates
		}) ||
		!slices.Equal(hello.Extensions, []uint16{0, 43, 13, 10, 51}) {
		t.Errorf("got %+v", hello)
	}
}

// TestIntermediate uses a chain of three certificates, and one that lacks the middle
// certificate.
func TestIntermediate(t *testing.T) {
	middleDER := ca().issue(keys()["P-384"].Public(), func(c *x509.Certificate) {
		c.Subject.CommonName = "middle"
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	middle := &authority{key: keys()["P-384"].(*ecdsa.PrivateKey), certificate: must(x509.ParseCertificate(middleDER))}
	leaf := middle.issue(keys()["P-256"].Public(), nil)
	checkFake(t, &fake{chain: [][]byte{leaf, middleDER}}, testConfig(), closeNotify)
	checkFake(t, &fake{chain: [][]byte{leaf}}, testConfig(), unknownCA)
	checkFake(t, &fake{chain: [][]byte{middleDER, leaf}}, testConfig(), certificateUnknown)
}

// TestGoCertificates uses each kind of key with which crypto/tls signs.
func TestGoCertificates(t *testing.T) {
	for _, key := range []string{"P-256", "P-384", "RSA", "Ed25519"} {
		server := startGo(t, goConfig(key, nil), nil)
		if _, err := visit(t, server.address, testConfig()); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	server := startGo(t, goConfig("P-521", nil), nil)
	_, err := visit(t, server.address, testConfig())
	checkError(t, "P-521", err, "the server gave up: handshake_failure")
}

// TestRetry uses a server that wants another group than the client's first.
func TestRetry(t *testing.T) {
	for _, g := range allGroups[1:] {
		for _, s := range allSuites[:2] { // for both hashes
			cfg := testConfig()
			cfg.suites = []*suite{s}
			preferences := curves([]*group{g})
			if len(preferences) == 0 {
				page := checkFake(t, &fake{suite: s, retry: ext(extKeyShare, uint16s(g.id))}, cfg, closeNotify)
				checkContains(t, "the page", page, g.name)
				continue
			}
			server := startGo(t, &tls.Config{
				Certificates:     []tls.Certificate{tlsCertificate("P-256", nil)},
				CurvePreferences: preferences,
			}, nil)
			page, err := visit(t, server.address, cfg)
			if err != nil {
				t.Errorf("%s: %v", g.name, err)
				continue
			}
			checkContains(t, "the page", page, g.name)
			state := <-server.state
			checkState(t, state, g, s)
			if !state.HelloRetryRequest {
				t.Errorf("%s: without HelloRetryRequest", g.name)
			}
		}
	}
}

// TestGoClientAuth uses servers that ask for a client certificate.
func TestGoClientAuth(t *testing.T) {
	cfg := goConfig("P-256", nil)
	cfg.ClientAuth = tls.RequestClientCert
	server := startGo(t, cfg, []byte("without a certificate"))
	page, err := visit(t, server.address, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	checkContains(t, "the page", page, "without a certificate")

	cfg = cfg.Clone()
	cfg.ClientAuth = tls.RequireAnyClientCert
	server = startGo(t, cfg, nil)
	_, err = visit(t, server.address, testConfig())
	checkError(t, "the client", err, "the server gave up: certificate_required")
}

// TestGoRefused uses crypto/tls servers with which the handshake must fail. It checks the
// errors of both ends.
func TestGoRefused(t *testing.T) {
	for _, test := range []struct {
		name           string
		change         func(*x509.Certificate)
		cfg            func(*config)
		server         func(*tls.Config)
		client, remote string
	}{
		{name: "root", cfg: func(c *config) { c.roots = x509.NewCertPool() },
			client: "(unknown_ca)", remote: "remote error: tls: unknown certificate authority"},
		{name: "name", change: func(c *x509.Certificate) { c.DNSNames = []string{"another.example"} },
			client: "(certificate_unknown)", remote: "remote error: tls: unknown certificate"},
		{name: "expired", change: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) },
			client: "(certificate_expired)", remote: "remote error: tls: expired certificate"},
		{name: "not yet valid", change: func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) },
			client: "(certificate_expired)", remote: "remote error: tls: expired certificate"},
		{name: "for clients",
			change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
			client: "(certificate_unknown)", remote: "remote error: tls: unknown certificate"},
		{name: "not for signatures", change: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement },
			client: "(certificate_unknown)", remote: "remote error: tls: unknown certificate"},
		{name: "TLS 1.2", server: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
			client: "the server gave up: protocol_version", remote: "unsupported versions"},
		{name: "no group", server: func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256} },
			client: "the server gave up: handshake_failure", remote: "no key exchanges supported by both"},
	} {
		t.Run(test.name, func(t *testing.T) {
			serverCfg := goConfig("P-256", test.change)
			if test.server != nil {
				test.server(serverCfg)
			}
			server := startGo(t, serverCfg, nil)
			cfg := testConfig()
			if test.cfg != nil {
				test.cfg(&cfg)
			}
			_, err := visit(t, server.address, cfg)
			checkError(t, "the client", err, test.client)
			if err != nil {
				checkError(t, "the server", <-server.err, test.remote)
			}
		})
	}
}

// TestLargePage fetches a page of many records. The tickets of crypto/tls come before it.
func TestLargePage(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 5<<16)
	server := startGo(t, goConfig("P-256", nil), want)
	page, err := visit(t, server.address, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(page, "\n\n")
	if got != string(want) {
		t.Errorf("got %d bytes that are not the %d of the page", len(got), len(want))
	}
}

// checkFake runs the client against a fake server. If want is closeNotify, all must go
// well. Otherwise the handshake or the page must fail, and the server must get that
// alert.
func checkFake(t *testing.T, f *fake, cfg config, want alert) string {
	t.Helper()
	address, done := f.start(t)
	page, err := visit(t, address, cfg)
	end := <-done
	if want == closeNotify {
		if err != nil || end != nil {
			t.Errorf("client: %v; server: %v", err, end)
		}
		return page
	}
	if failed, ok := errors.AsType[*failure](err); !ok || failed.alert != want {
		t.Errorf("the client finds %v, want %v", err, want)
	}
	if got, ok := errors.AsType[received](end); !ok || alert(got) != want {
		t.Errorf("the server gets %v, want %v", end, want)
	}
	return page
}

func TestFake(t *testing.T) {
	for _, s := range allSuites {
		for key, ids := range map[string][]uint16{
			"P-256": {0x0403}, "P-384": {0x0503}, "RSA": {0x0804, 0x0805, 0x0806}, "Ed25519": {0x0807},
		} {
			for _, id := range ids {
				page := checkFake(t, &fake{suite: s, key: key, scheme: id, join: true}, testConfig(), closeNotify)
				checkContains(t, "the page", page, "served")
			}
		}
	}
	request := slices.Concat([]byte{0}, vector16(ext(extSignatureAlgorithms, vector16(uint16s(0x0403))), ext(47, nil)))
	checkFake(t, &fake{request: request}, testConfig(), closeNotify)
}

// TestShares uses servers with a wrong share. RFC 10024, the drafts and sections 4.3.8.2 and
// 7.4.2 demand illegal_parameter. Only an empty share breaks the syntax of section 4.3.8.
func TestShares(t *testing.T) {
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }
	without := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[n:] } }
	overwrite := func(from int, part ...byte) func([]byte) []byte {
		return func(b []byte) []byte {
			copy(b[from:], part)
			return b
		}
	}
	lengths := map[string]func([]byte) []byte{
		"one byte less": cut(1),
		"one byte more": func(b []byte) []byte { return append(b, 0) },
		"twice":         func(b []byte) []byte { return slices.Concat(b, b) },
		"the largest":   func([]byte) []byte { return make([]byte, 1<<15) },
	}
	order8 := must(hex.DecodeString("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"))
	// x25519 has the wrong shares of a hybrid with X25519. The ciphertexts of its ML-KEM have the given size.
	x25519 := func(size int) map[string]func([]byte) []byte {
		return map[string]func([]byte) []byte{
			"without X25519":  cut(32),
			"without ML-KEM":  without(size),
			"another ML-KEM":  func(b []byte) []byte { return append(make([]byte, mlkem.CiphertextSize1024), b[size:]...) },
			"X25519 zero":     overwrite(size, make([]byte, 32)...),
			"X25519 one":      overwrite(size, append([]byte{1}, make([]byte, 31)...)...),
			"X25519, order 8": overwrite(size, order8...),
			"X25519, p":       overwrite(size, append(append([]byte{0xed}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)...),
		}
	}
	p256 := map[string]func([]byte) []byte{
		"not on the curve": func(b []byte) []byte { b[64] ^= 1; return b },
		"compressed":       overwrite(0, 2),
		"hybrid form":      overwrite(0, 6),
		"coordinate p":     overwrite(1, elliptic.P256().Params().P.Bytes()...),
		"zero point":       overwrite(1, make([]byte, 64)...),
		"infinity":         overwrite(0, make([]byte, 65)...),
		"without ML-KEM":   func(b []byte) []byte { return b[:65] },
		"without P-256":    without(65),
	}
	// alone has the shares of other groups that a server can take for those of ML-KEM alone.
	alone := map[string]func([]byte) []byte{
		"with X25519":       func(b []byte) []byte { return append(b, order8...) },
		"of another ML-KEM": func(b []byte) []byte { return make([]byte, mlkem.CiphertextSize512+mlkem.CiphertextSize768-len(b)) },
	}
	tests := map[string]map[string]func([]byte) []byte{
		"X25519MLKEM768":    x25519(mlkem.CiphertextSize768),
		"MLKEM512X25519":    x25519(mlkem.CiphertextSize512),
		"SecP256r1MLKEM768": p256,
		"SecP256r1MLKEM512": p256,
		"SecP384r1MLKEM1024": {
			"not on the curve": func(b []byte) []byte { b[96] ^= 1; return b },
			"coordinate p":     overwrite(1, elliptic.P384().Params().P.Bytes()...),
			"ML-KEM-768":       func(b []byte) []byte { return b[:97+mlkem.CiphertextSize768] },
			"without P-384":    without(97),
		},
		"MLKEM512":  alone,
		"MLKEM768":  alone,
		"MLKEM1024": {"of ML-KEM-768": func(b []byte) []byte { return b[:mlkem.CiphertextSize768] }},
	}
	for _, g := range allGroups {
		cfg := testConfig()
		cfg.groups = []*group{g}
		if len(tests[g.name]) == 0 {
			t.Errorf("no wrong shares of %s", g.name)
		}
		for _, all := range []map[string]func([]byte) []byte{lengths, tests[g.name]} {
			for name, answer := range all {
				t.Run(g.name+"/"+name, func(t *testing.T) {
					checkFake(t, &fake{answer: answer}, cfg, illegalParameter)
				})
			}
		}
		if own := g.kem.EncapsulationKeySize(); own != g.kem.CiphertextSize() {
			t.Run(g.name+"/the client's own length", func(t *testing.T) {
				checkFake(t, &fake{answer: func([]byte) []byte { return make([]byte, own) }}, cfg, illegalParameter)
			})
		}

		t.Run(g.name+"/empty", func(t *testing.T) {
			checkFake(t, &fake{answer: func([]byte) []byte { return nil }}, cfg, decodeError)
		})

		// A false ciphertext of the right form is noticed only when the keys differ.
		falsify := func(b []byte) []byte { b[100] ^= 1; return b }
		t.Run(g.name+"/false", func(t *testing.T) {
			address, done := (&fake{answer: falsify}).start(t)
			_, err := visit(t, address, cfg)
			checkError(t, "the client", err, "(bad_record_mac)")
			checkError(t, "the server", <-done, "(bad_record_mac)") // since the keys for the alert differ too
		})
	}
}

// replace returns an edit that changes the body of messages of type t.
func replace(t uint8, change func(body []byte) []byte) func([]byte) []byte {
	return func(m []byte) []byte {
		if m[0] != t {
			return m
		}
		return message(t, change(m[4:]))
	}
}

func constant(b []byte) func([]byte) []byte { return func([]byte) []byte { return b } }

func addByte(b []byte) []byte { return append(slices.Clone(b), 0) }

func cutByte(b []byte) []byte { return b[:len(b)-1] }

// retype returns an edit that changes the type of messages.
func retype(from, to uint8) func([]byte) []byte {
	return func(m []byte) []byte {
		if m[0] == from {
			m[0] = to
		}
		return m
	}
}

// put returns an edit that overwrites part of the body of messages of type t.
func put(t uint8, from int, part ...byte) func([]byte) []byte {
	return replace(t, func(b []byte) []byte {
		copy(b[from:], part)
		return b
	})
}

// flip returns an edit that changes a bit in messages of type t, in the byte at the given
// offset. The offset -1 is the last byte.
func flip(t uint8, at int) func([]byte) []byte {
	return replace(t, func(b []byte) []byte {
		b[(at+len(b))%len(b)] ^= 1
		return b
	})
}

// TestMessages uses servers that send a wrong message. It checks that the client sends
// the alert that the RFC demands.
func TestMessages(t *testing.T) {
	s0 := allSuites[0]
	random := bytes.Repeat([]byte{7}, 32)
	// A share of the right form, so that nothing else is wrong before the keys.
	_, ciphertext := must(allGroups[0].kem.GenerateKey()).Encapsulator().Encapsulate()
	share := keyShare(4588, ciphertext)
	hello := func(change func(b []byte), extensions ...[]byte) func([]byte) []byte {
		b := helloBody(slices.Clone(random), s0, extensions...)
		if change != nil {
			change(b)
		}
		return replace(typeServerHello, constant(b))
	}
	cookie := ext(extCookie, vector16(random))
	mark := func(last string) func(b []byte) { return func(b []byte) { copy(b[2+24:], last) } }
	entries := func(parts ...[]byte) func([]byte) []byte {
		return replace(typeCertificate, constant(append([]byte{0}, vector24(parts...)...)))
	}
	der := ca().issue(keys()["P-256"].Public(), nil)
	bits8193 := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8192, 1), E: 65537}
	algorithms := ext(extSignatureAlgorithms, vector16(uint16s(0x0403)))
	requestOf := func(extensions ...[]byte) []byte { return append([]byte{0}, vector16(extensions...)...) }
	request := requestOf(algorithms)
	encrypted := func(extensions ...[]byte) func([]byte) []byte {
		return replace(typeEncryptedExtensions, constant(vector16(extensions...)))
	}

	const rsaSHA256 = 0x0804
	for _, test := range []struct {
		name string
		fake fake
		want alert
	}{
		{"ServerHello, other type", fake{edit: retype(typeServerHello, typeEncryptedExtensions)}, unexpectedMessage},
		{"ServerHello, longer", fake{edit: replace(typeServerHello, addByte)}, decodeError},
		{"ServerHello, shorter", fake{edit: replace(typeServerHello, cutByte)}, decodeError},
		{"ServerHello, empty", fake{edit: replace(typeServerHello, constant(nil))}, decodeError},
		{"ServerHello, too large", fake{edit: func([]byte) []byte { return []byte{typeServerHello, 1, 0, 0} }}, internalError},
		{"ServerHello, no extensions", fake{edit: replace(typeServerHello, func([]byte) []byte {
			return slices.Concat([]byte{3, 3}, random, []byte{0}, uint16s(0xc02b), []byte{0})
		})}, protocolVersion},
		{"TLS 1.2", fake{edit: hello(nil, ext(0xff01, []byte{0}))}, protocolVersion},
		{"TLS 1.2, marked", fake{edit: hello(mark("DOWNGRD\x01"), share)}, illegalParameter},
		{"TLS 1.1, marked", fake{edit: hello(mark("DOWNGRD\x00"), share)}, illegalParameter},
		{"TLS 1.2 selected", fake{edit: hello(nil, share, ext(extSupportedVersions, []byte{3, 3}))}, illegalParameter},
		{"two versions", fake{edit: hello(nil, share, ext(extSupportedVersions, []byte{3, 4, 3, 4}))}, decodeError},
		{"ServerHello, session ID too long", fake{edit: replace(typeServerHello, constant(slices.Concat(
			[]byte{3, 3}, random, vector8(make([]byte, 33)), uint16s(s0.id), []byte{0}, vector16(share, versionExt))))}, decodeError},
		{"unexpected type of any length", fake{edit: func([]byte) []byte { return []byte{99, 0xff, 0xff, 0xff} }}, unexpectedMessage},
		{"extension twice", fake{edit: hello(nil, share, versionExt, versionExt)}, illegalParameter},
		{"extension too long", fake{edit: hello(nil, share, uint16s(extSupportedVersions, 3), []byte{3, 4})}, decodeError},
		{"unasked extension", fake{edit: hello(nil, share, versionExt, ext(16, nil))}, unsupportedExtension},
		{"pre_shared_key", fake{edit: hello(nil, share, versionExt, ext(41, []byte{0, 0}))}, unsupportedExtension},
		{"extension elsewhere", fake{edit: hello(nil, share, versionExt, ext(extServerName, nil))}, illegalParameter},
		{"cookie elsewhere", fake{edit: hello(nil, share, versionExt, cookie)}, illegalParameter},
		{"no share", fake{edit: hello(nil, versionExt)}, missingExtension},
		{"share, longer", fake{edit: hello(nil, versionExt, ext(extKeyShare, addByte(share[4:])))}, decodeError},
		{"share, group only", fake{edit: hello(nil, versionExt, ext(extKeyShare, uint16s(4588)))}, decodeError},
		{"share, other group", fake{edit: hello(nil, versionExt, keyShare(4587, make([]byte, 1153)))}, illegalParameter},
		{"share, other group's number", fake{edit: put(typeServerHello, 2+32+1+2+1+2+4, uint16s(4587)...)}, illegalParameter},
		{"share, X25519", fake{edit: hello(nil, versionExt, keyShare(29, random))}, illegalParameter},
		{"cipher suite", fake{edit: hello(func(b []byte) { b[2+32+1+1] = 4 }, share, versionExt)}, illegalParameter},
		{"compression", fake{edit: hello(func(b []byte) { b[2+32+1+2] = 1 }, share, versionExt)}, illegalParameter},
		{"session ID", fake{edit: replace(typeServerHello, constant(
			slices.Concat([]byte{3, 3}, random, vector8(random), uint16s(s0.id), []byte{0}, vector16(share, versionExt))))}, illegalParameter},
		{"legacy version", fake{edit: put(typeServerHello, 0, 9, 9)}, closeNotify},

		{"retry, cookie", fake{retry: cookie}, closeNotify},
		{"retry, group", fake{retry: ext(extKeyShare, uint16s(4589))}, closeNotify},
		{"retry, both", fake{retry: slices.Concat(cookie, ext(extKeyShare, uint16s(4587)))}, closeNotify},
		{"retry, other hash", fake{suite: allSuites[1], retry: ext(extKeyShare, uint16s(4587))}, closeNotify},
		{"retry, nothing", fake{retry: []byte{}}, illegalParameter},
		{"retry, share sent", fake{retry: ext(extKeyShare, uint16s(4588))}, illegalParameter},
		{"retry, not offered", fake{retry: ext(extKeyShare, uint16s(29))}, illegalParameter},
		{"retry, group 0", fake{retry: ext(extKeyShare, uint16s(0))}, illegalParameter},
		{"retry, cookie and group 0", fake{retry: slices.Concat(cookie, ext(extKeyShare, uint16s(0)))}, illegalParameter},
		{"retry, cookie and nothing new", fake{retry: slices.Concat(cookie, ext(extKeyShare, uint16s(4588)))}, illegalParameter},
		{"retry, large cookie", fake{retry: ext(extCookie, vector16(make([]byte, 60000)))}, closeNotify},
		{"retry, cookie too large to return", fake{retry: ext(extCookie, vector16(make([]byte, 65000)))}, internalError},
		{"retry, cookie twice", fake{retry: slices.Concat(cookie, cookie)}, illegalParameter},
		{"retry, longer cookie", fake{retry: ext(extCookie, addByte(vector16(random)))}, decodeError},
		{"retry, no version", fake{edit: hello(func(b []byte) { copy(b[2:], retryRandom[:]) }, cookie)}, protocolVersion},
		{"retry, share", fake{retry: share}, decodeError},
		{"retry, empty cookie", fake{retry: ext(extCookie, vector16())}, decodeError},
		{"retry, malformed cookie", fake{retry: ext(extCookie, random)}, decodeError},
		{"retry, unasked extension", fake{retry: ext(16, nil)}, unsupportedExtension},
		{"retry, extension elsewhere", fake{retry: ext(extSupportedGroups, nil)}, illegalParameter},
		{"retry twice", fake{retry: cookie, edit: hello(func(b []byte) { copy(b[2:], retryRandom[:]) }, cookie, versionExt)}, unexpectedMessage},
		{"retry twice, the second with a fault", fake{retry: cookie, edit: func(m []byte) []byte {
			if m[0] == typeServerHello && !bytes.Equal(m[6:38], retryRandom[:]) {
				return message(typeServerHello, helloBody(retryRandom[:], allSuites[1], versionExt, ext(16, nil)))
			}
			return m
		}}, unexpectedMessage},
		{"retry, other suite", fake{retry: cookie, edit: replace(typeServerHello, func(b []byte) []byte {
			if !bytes.Equal(b[2:34], retryRandom[:]) {
				b[2+32+1+1] = 2
			}
			return b
		})}, illegalParameter},

		{"EncryptedExtensions, longer", fake{edit: replace(typeEncryptedExtensions, addByte)}, decodeError},
		{"EncryptedExtensions, empty", fake{edit: replace(typeEncryptedExtensions, constant(nil))}, decodeError},
		{"EncryptedExtensions, half an extension", fake{edit: encrypted([]byte{0, 0, 0})}, decodeError},
		{"EncryptedExtensions, lawful", fake{edit: encrypted(ext(extServerName, nil), ext(extSupportedGroups, vector16(random)))}, closeNotify},
		{"EncryptedExtensions, one group", fake{edit: encrypted(ext(extSupportedGroups, vector16(uint16s(29))))}, closeNotify},
		{"EncryptedExtensions, groups without a list", fake{edit: encrypted(ext(extSupportedGroups, nil))}, decodeError},
		{"EncryptedExtensions, no groups", fake{edit: encrypted(ext(extSupportedGroups, vector16()))}, decodeError},
		{"EncryptedExtensions, half a group", fake{edit: encrypted(ext(extSupportedGroups, vector16([]byte{0, 29, 0})))}, decodeError},
		{"EncryptedExtensions, groups too short", fake{edit: encrypted(ext(extSupportedGroups, []byte{0, 4, 0, 29}))}, decodeError},
		{"EncryptedExtensions, groups and more", fake{edit: encrypted(ext(extSupportedGroups, []byte{0, 2, 0, 29, 0}))}, decodeError},
		{"EncryptedExtensions, twice", fake{edit: encrypted(ext(extServerName, nil), ext(extServerName, nil))}, illegalParameter},
		{"EncryptedExtensions, cookie", fake{edit: encrypted(cookie)}, illegalParameter},
		{"EncryptedExtensions, algorithms", fake{edit: encrypted(algorithms)}, illegalParameter},
		{"EncryptedExtensions, version", fake{edit: encrypted(versionExt)}, illegalParameter},
		{"EncryptedExtensions, a name", fake{edit: encrypted(ext(extServerName, []byte{0}))}, decodeError},
		{"EncryptedExtensions, unasked", fake{edit: encrypted(ext(16, vector16(vector8([]byte("h2")))))}, unsupportedExtension},
		{"EncryptedExtensions, share", fake{edit: encrypted(share)}, illegalParameter},
		{"EncryptedExtensions, other type", fake{edit: retype(typeEncryptedExtensions, typeServerHello)}, unexpectedMessage},

		{"CertificateRequest, empty", fake{request: []byte{}}, decodeError},
		{"CertificateRequest, longer", fake{request: addByte(request)}, decodeError},
		{"CertificateRequest, malformed", fake{request: []byte{0, 0, 1}}, decodeError},
		{"CertificateRequest, context", fake{request: append([]byte{1, 1}, request[1:]...)}, illegalParameter},
		{"CertificateRequest, no extensions", fake{request: requestOf()}, missingExtension},
		{"CertificateRequest, missing algorithms", fake{request: requestOf(ext(47, nil))}, missingExtension},
		{"CertificateRequest, algorithms without a list", fake{request: requestOf(ext(extSignatureAlgorithms, nil))}, decodeError},
		{"CertificateRequest, no algorithms", fake{request: requestOf(ext(extSignatureAlgorithms, vector16()))}, decodeError},
		{"CertificateRequest, half an algorithm", fake{request: requestOf(ext(extSignatureAlgorithms, vector16([]byte{4})))}, decodeError},
		{"CertificateRequest, algorithms and more", fake{request: requestOf(ext(extSignatureAlgorithms, []byte{0, 2, 4, 3, 0}))}, decodeError},
		{"CertificateRequest, algorithms twice", fake{request: requestOf(algorithms, algorithms)}, illegalParameter},
		{"CertificateRequest, unknown extensions", fake{request: requestOf(ext(48, random), algorithms, ext(0xfafa, nil))}, closeNotify},
		{"CertificateRequest, share", fake{request: requestOf(algorithms, share)}, illegalParameter},
		{"CertificateRequest, server name", fake{request: requestOf(algorithms, ext(extServerName, nil))}, illegalParameter},
		{"CertificateRequest, cookie", fake{request: requestOf(algorithms, cookie)}, illegalParameter},
		{"CertificateRequest twice", fake{request: request,
			edit: retype(typeCertificate, typeCertificateRequest)}, unexpectedMessage},

		{"Certificate, other type", fake{edit: retype(typeCertificate, typeCertificateVerify)}, unexpectedMessage},
		{"Certificate, longer", fake{edit: replace(typeCertificate, addByte)}, decodeError},
		{"Certificate, shorter", fake{edit: replace(typeCertificate, cutByte)}, decodeError},
		{"Certificate, empty", fake{edit: entries()}, decodeError},
		{"Certificate, context", fake{edit: replace(typeCertificate, func(b []byte) []byte { return append([]byte{1}, b...) })}, illegalParameter},
		{"Certificate, half an entry", fake{edit: entries(vector24(der))}, decodeError},
		{"Certificate, entry too long", fake{edit: entries([]byte{0, 0, 9})}, decodeError},
		{"Certificate, no certificate in it", fake{edit: entries(vector24(random), vector16())}, badCertificate},
		{"Certificate, another without one", fake{edit: entries(vector24(der), vector16(), vector24(nil), vector16())}, decodeError},
		{"Certificate, signed with SHA-1", fake{chain: [][]byte{ca().issue(keys()["P-256"].Public(), func(c *x509.Certificate) {
			c.SignatureAlgorithm = x509.ECDSAWithSHA1
		})}}, badCertificate},
		{"Certificate, signed with MD5", fake{chain: [][]byte{withMD5()}}, badCertificate},
		{"Certificate, with an unknown root that signs itself with SHA-1", fake{chain: chainOfSHA1Root()}, unknownCA},
		{"Certificate, unasked extension", fake{edit: entries(vector24(der), vector16(ext(5, nil)))}, unsupportedExtension},
		{"Certificate, extension elsewhere", fake{edit: entries(vector24(der), vector16(ext(extCookie, nil)))}, illegalParameter},
		{"Certificate, large RSA key", fake{chain: [][]byte{ca().issue(bits8193, nil)}}, badCertificate},
		{"Certificate, P-521", fake{key: "P-521", scheme: 0x0603}, illegalParameter},
		{"Certificate, unknown key", fake{chain: [][]byte{withoutKey(der)}}, unsupportedCertificate},
		{"Certificate, with its root", fake{chain: [][]byte{der, ca().certificate.Raw}}, closeNotify},

		{"CertificateVerify, missing", fake{edit: retype(typeCertificateVerify, typeFinished)}, unexpectedMessage},
		{"CertificateVerify, longer", fake{edit: replace(typeCertificateVerify, addByte)}, decodeError},
		{"CertificateVerify, shorter", fake{edit: replace(typeCertificateVerify, cutByte)}, decodeError},
		{"CertificateVerify, signature", fake{edit: flip(typeCertificateVerify, -1)}, decryptError},
		{"CertificateVerify, no signature", fake{edit: replace(typeCertificateVerify, constant([]byte{4, 3, 0, 0}))}, decryptError},
		{"CertificateVerify, scheme of another curve", fake{key: "P-256", scheme: 0x0503}, illegalParameter},
		{"CertificateVerify, scheme of RSA", fake{edit: put(typeCertificateVerify, 0, 8, 4)}, illegalParameter},
		{"CertificateVerify, scheme of Ed25519", fake{edit: put(typeCertificateVerify, 0, 8, 7)}, illegalParameter},
		{"RSA, scheme of Ed25519", fake{key: "RSA", scheme: rsaSHA256, edit: put(typeCertificateVerify, 0, 8, 7)}, illegalParameter},
		{"RSA, scheme of P-256", fake{key: "RSA", scheme: rsaSHA256, edit: put(typeCertificateVerify, 0, 4, 3)}, illegalParameter},
		{"CertificateVerify, PKCS #1", fake{key: "RSA", scheme: rsaSHA256, edit: put(typeCertificateVerify, 0, 4, 1)}, illegalParameter},
		{"CertificateVerify, RSA signature", fake{key: "RSA", scheme: rsaSHA256, edit: flip(typeCertificateVerify, 9)}, decryptError},
		{"CertificateVerify, RSA, shorter salt", fake{key: "RSA", scheme: rsaSHA256, salt: 20}, decryptError},
		{"CertificateVerify, Ed25519 signature", fake{key: "Ed25519", scheme: 0x0807,
			edit: flip(typeCertificateVerify, 9)}, decryptError},
		{"CertificateVerify, of another certificate", fake{chain: [][]byte{ca().issue(keys()["RSA"].Public(), nil)}}, illegalParameter},

		{"Finished, other type", fake{edit: retype(typeFinished, typeCertificate)}, unexpectedMessage},
		{"Finished, longer", fake{edit: replace(typeFinished, addByte)}, decodeError},
		{"Finished, shorter", fake{edit: replace(typeFinished, cutByte)}, decodeError},
		{"Finished, wrong", fake{edit: flip(typeFinished, 0)}, decryptError},
		{"Finished, last byte", fake{edit: flip(typeFinished, 31)}, decryptError},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkFake(t, &test.fake, testConfig(), test.want)
		})
	}
}

// TestTruncated cuts each message of the handshake before each byte of its body. Within the
// share, it does so before every 16th byte, and with -short before fewer.
func TestTruncated(t *testing.T) {
	const key, scheme = "Ed25519", ed25519Scheme
	chain := [][]byte{ca().issue(keys()[key].Public(), nil)}
	cookie := ext(extCookie, vector16([]byte("cookie")))
	request := append([]byte{0}, vector16(ext(extSignatureAlgorithms, vector16(uint16s(0x0403))), ext(47, nil))...)
	extensions := vector16(ext(extServerName, nil), ext(extSupportedGroups, vector16(uint16s(29, 23))))
	// visitCut cuts the first message of type t to size bytes, and returns its length.
	visitCut := func(t *testing.T, messageType uint8, size int, retry []byte, want alert) (whole int) {
		f := &fake{key: key, scheme: scheme, chain: chain, request: request, retry: retry, edit: func(m []byte) []byte {
			if m[0] == typeEncryptedExtensions {
				m = message(m[0], extensions)
			}
			if m[0] == messageType && whole == 0 {
				whole = len(m) - 4
				return message(m[0], m[4:][:min(size, whole)])
			}
			return m
		}}
		checkFake(t, f, testConfig(), want)
		return whole
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for _, test := range []struct {
		name  string
		at    uint8
		retry []byte
	}{
		{"HelloRetryRequest", typeServerHello, cookie},
		{"ServerHello", typeServerHello, nil},
		{"EncryptedExtensions", typeEncryptedExtensions, nil},
		{"CertificateRequest", typeCertificateRequest, nil},
		{"Certificate", typeCertificate, nil},
		{"CertificateVerify", typeCertificateVerify, nil},
		{"Finished", typeFinished, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole := visitCut(t, test.at, math.MaxInt, test.retry, closeNotify)
			for size := 0; size < whole; size += step {
				want := decodeError
				if test.at == typeServerHello && size == 2+32+1+2+1 {
					want = protocolVersion // before TLS 1.3, extensions are optional
				}
				if size < 128 || whole < 1000 || size%16 == 0 {
					visitCut(t, test.at, size, test.retry, want)
				}
			}
		})
	}
}

// withMD5 returns a certificate whose algorithm is RSA with MD5. It has only that name of
// it, since the client must not get as far as the signature.
func withMD5() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(3), SignatureAlgorithm: x509.SHA1WithRSA, DNSNames: []string{testName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}}
	der := must(x509.CreateCertificate(rand.Reader, template, issuer, keys()["P-256"].Public(), keys()["RSA"]))
	sha1, md5 := []byte{0x86, 0xf7, 0x0d, 1, 1, 5}, []byte{0x86, 0xf7, 0x0d, 1, 1, 4} // the ends of their OIDs
	return bytes.ReplaceAll(der, sha1, md5)
}

// chainOfSHA1Root returns a chain that leads to a root that the client does not trust.
func chainOfSHA1Root() [][]byte {
	key := keys()["P-384"].(*ecdsa.PrivateKey)
	template := &x509.Certificate{SerialNumber: big.NewInt(4), SignatureAlgorithm: x509.ECDSAWithSHA1, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	template.Subject.CommonName = "another authority"
	root := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	another := &authority{key: key, certificate: must(x509.ParseCertificate(root))}
	return [][]byte{another.issue(keys()["P-256"].Public(), nil), root}
}

// withoutKey changes a certificate so that the kind of its P-256 key is unknown. It signs
// the result with the CA's key.
func withoutKey(der []byte) []byte {
	// id-ecPublicKey, whose last byte is changed below
	oid := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}
	tbs := slices.Clone(must(x509.ParseCertificate(der)).RawTBSCertificate)
	tbs[bytes.Index(tbs, oid)+6] = 9
	algorithm := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}} // ecdsa-with-SHA256
	signature := must(ca().key.Sign(rand.Reader, sum(crypto.SHA256, tbs), crypto.SHA256))
	return must(asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: tbs}, algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}}))
}

// sendAs sends data in one record of the given type.
func (f *fake) sendAs(t contentType, data []byte) { check(f.write(t, data)) }

// raw sends bytes as they are, without the record layer.
func (f *fake) raw(b ...byte) { must(f.rw.Write(b)) }

// seal sends a protected record with the given TLSInnerPlaintext.
func (f *fake) seal(inner []byte) {
	size := len(inner) + f.out.aead.Overhead()
	header := []byte{byte(typeApplicationData), 3, 3, byte(size >> 8), byte(size)}
	must(f.rw.Write(f.out.aead.Seal(header, must(f.out.nonce()), inner, header)))
}

// TestRecords uses servers that send another record before a message. Most of these
// records are wrong. Some are allowed, but crypto/tls does not send them.
func TestRecords(t *testing.T) {
	fatal := []byte{2, 40}
	for _, test := range []struct {
		name string
		at   uint8
		send func(*fake)
		want alert
	}{
		{"change_cipher_spec before ServerHello", typeServerHello, func(f *fake) { f.raw(20, 3, 3, 0, 1, 1) }, closeNotify},
		{"change_cipher_spec, twice", typeEncryptedExtensions, func(f *fake) { f.raw(20, 3, 3, 0, 1, 1, 20, 3, 1, 0, 1, 1) }, closeNotify},
		{"change_cipher_spec before Finished", typeFinished, func(f *fake) { f.raw(20, 3, 3, 0, 1, 1) }, closeNotify},
		{"change_cipher_spec of 2", typeFinished, func(f *fake) { f.raw(20, 3, 3, 0, 1, 2) }, unexpectedMessage},
		{"change_cipher_spec of two bytes", typeServerHello, func(f *fake) { f.raw(20, 3, 3, 0, 2, 1, 1) }, unexpectedMessage},
		{"change_cipher_spec, empty", typeServerHello, func(f *fake) { f.raw(20, 3, 3, 0, 0) }, unexpectedMessage},
		{"change_cipher_spec, protected", typeFinished, func(f *fake) { f.seal([]byte{1, 20}) }, unexpectedMessage},
		{"application data in the clear", typeServerHello, func(f *fake) { f.raw(23, 3, 3, 0, 1, 1) }, unexpectedMessage},
		{"application data in the handshake", typeCertificate, func(f *fake) { f.sendAs(typeApplicationData, []byte{1}) }, unexpectedMessage},
		{"handshake in the clear", typeCertificate, func(f *fake) { f.raw(22, 3, 3, 0, 4, 8, 0, 0, 0) }, unexpectedMessage},
		{"alert in the clear", typeCertificate, func(f *fake) { f.raw(21, 3, 3, 0, 2, 2, 40) }, unexpectedMessage},
		{"unknown type", typeServerHello, func(f *fake) { f.raw(24, 3, 3, 0, 1, 1) }, unexpectedMessage},
		{"type 0", typeServerHello, func(f *fake) { f.raw(0, 3, 3, 0, 1, 1) }, unexpectedMessage},
		{"HTTP", typeServerHello, func(f *fake) { f.raw([]byte("HTTP/1.1 400 Bad Request\r\n")...) }, unexpectedMessage},
		{"unknown type, protected", typeFinished, func(f *fake) { f.seal([]byte{1, 24}) }, unexpectedMessage},
		{"empty handshake record", typeServerHello, func(f *fake) { f.raw(22, 3, 3, 0, 0) }, unexpectedMessage},
		{"empty handshake record, protected", typeFinished, func(f *fake) { f.seal([]byte{22}) }, unexpectedMessage},
		{"empty alert", typeServerHello, func(f *fake) { f.raw(21, 3, 3, 0, 0) }, unexpectedMessage},
		{"alert of one byte", typeServerHello, func(f *fake) { f.raw(21, 3, 3, 0, 1, 2) }, decodeError},
		{"alert of three bytes", typeFinished, func(f *fake) { f.seal([]byte{2, 40, 0, 21}) }, decodeError},
		{"user_canceled", typeFinished, func(f *fake) { f.sendAs(typeAlert, []byte{1, 90}) }, closeNotify},
		{"padding only", typeFinished, func(f *fake) { f.seal(make([]byte, 100)) }, unexpectedMessage},
		{"nothing", typeFinished, func(f *fake) { f.seal(nil) }, unexpectedMessage},
		{"record too long for the clear", typeServerHello, func(f *fake) { f.raw(22, 3, 3, 0x40, 1) }, recordOverflow},
		{"record too long", typeFinished, func(f *fake) { f.raw(23, 3, 3, 0x41, 1) }, recordOverflow},
		{"content too long", typeFinished, func(f *fake) { f.seal(append(make([]byte, 1<<14+1), 22)) }, recordOverflow},
		{"content too long, with padding", typeFinished, func(f *fake) { f.seal(append([]byte{22}, make([]byte, 1<<14+1)...)) }, recordOverflow},
		{"shorter than a tag", typeFinished, func(f *fake) { f.raw(23, 3, 3, 0, 1, 1) }, badRecordMAC},
		{"empty, protected", typeFinished, func(f *fake) { f.raw(23, 3, 3, 0, 0) }, badRecordMAC},
		{"of other keys", typeFinished, func(f *fake) { f.raw(append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)...) }, badRecordMAC},
		{"number left out", typeFinished, func(f *fake) { f.out.number++ }, badRecordMAC},
		{"message interrupted", typeCertificate, func(f *fake) {
			f.sendAs(typeHandshake, []byte{typeCertificate, 0})
			f.sendAs(typeAlert, fatal)
		}, unexpectedMessage},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{before: func(f *fake, at uint8) {
				if at == test.at {
					test.send(f)
				}
			}}
			checkFake(t, f, testConfig(), test.want)
		})
	}

	// The record before a change of keys ends with one byte of another message.
	for _, at := range []uint8{typeServerHello, typeFinished} {
		checkFake(t, &fake{trail: map[uint8][]byte{at: {8}}}, testConfig(), unexpectedMessage)
	}

	// Each byte of the protected flight has its own record, with padding.
	f := &fake{split: true}
	checkFake(t, f, testConfig(), closeNotify)
}

// TestAlerts uses servers that give up.
func TestAlerts(t *testing.T) {
	for _, test := range []struct {
		alert byte
		want  string
	}{
		{40, "the server gave up: handshake_failure"},
		{99, "the server gave up: alert 99"},
		{0, "the server closed the connection during the handshake"},
	} {
		for _, at := range []uint8{typeServerHello, typeCertificate} {
			f := &fake{before: func(f *fake, now uint8) {
				if now == at {
					f.sendAs(typeAlert, []byte{1, test.alert})
				}
			}}
			address, done := f.start(t)
			_, err := visit(t, address, testConfig())
			checkError(t, "the client", err, test.want)
			// The client must not answer an error alert, and must answer close_notify.
			end, want := <-done, io.ErrUnexpectedEOF
			if test.alert == byte(closeNotify) {
				want = io.EOF
			}
			if !errors.Is(end, want) {
				t.Errorf("the server gets %v after alert %d, want %v", end, test.alert, want)
			}
		}
	}
}

// TestPage tests the events that can happen while the client reads the page.
func TestPage(t *testing.T) {
	sends := func(data []byte) func(*fake) error {
		return func(f *fake) error {
			f.sendAs(typeHandshake, data)
			return nil
		}
	}
	update := func(request byte) []byte { return message(typeKeyUpdate, []byte{request}) }
	ticket := func(lifetime uint32, nonce, ticket []byte, extensions ...[]byte) []byte {
		head := binary.BigEndian.AppendUint32(nil, lifetime)
		return message(typeNewSessionTicket, slices.Concat(head, []byte("ages"), vector8(nonce), vector16(ticket), vector16(extensions...)))
	}
	opaque := []byte("opaque")
	lawful := ticket(7*24*60*60, nil, opaque, ext(42, []byte{0, 0, 0, 1}), ext(0xfafa, nil))
	for _, test := range []struct {
		name string
		send func(*fake) error // after the header; the page ends with "end"
		want alert
	}{
		{"tickets", sends(bytes.Repeat(lawful, 2)), closeNotify},
		{"ticket in two records", func(f *fake) error {
			f.sendAs(typeHandshake, lawful[:3])
			f.sendAs(typeHandshake, lawful[3:])
			return nil
		}, closeNotify},
		{"ticket, empty", sends(ticket(1, opaque, nil)), decodeError},
		{"ticket, nothing", sends(message(typeNewSessionTicket, nil)), decodeError},
		{"ticket, longer", sends(message(typeNewSessionTicket, addByte(lawful[4:]))), decodeError},
		{"ticket, shorter", sends(message(typeNewSessionTicket, cutByte(lawful[4:]))), decodeError},
		{"ticket, half an extension", sends(ticket(1, nil, opaque, []byte{0, 42, 0})), decodeError},
		{"ticket, no extensions", sends(message(typeNewSessionTicket, []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2})), decodeError},
		{"ticket, lifetime", sends(ticket(math.MaxUint32, nil, opaque)), closeNotify},
		{"ticket, extension twice", sends(ticket(1, nil, opaque, ext(42, nil), ext(42, nil))), illegalParameter},
		{"ticket, extension elsewhere", sends(ticket(1, nil, opaque, ext(extServerName, nil))), closeNotify},
		{"large ticket", sends([]byte{typeNewSessionTicket, 1, 0, 0}), internalError},
		{"ticket interrupted", sends([]byte{typeNewSessionTicket, 0}), unexpectedMessage},
		{"empty data and padding", func(f *fake) error {
			f.seal([]byte{23})
			f.seal(append([]byte{23}, make([]byte, 1<<14)...))
			f.seal([]byte{'x', 23, 0})
			return nil
		}, closeNotify},
		{"KeyUpdate", func(f *fake) error {
			for range 3 {
				f.sendAs(typeHandshake, update(0))
				f.out = f.out.next()
			}
			return nil
		}, closeNotify},
		{"KeyUpdate, requested", func(f *fake) error {
			for range 3 {
				f.sendAs(typeHandshake, update(1))
				f.out = f.out.next()
				f.sendAs(typeApplicationData, []byte("more"))
				m, err := f.next()
				if err != nil {
					return err
				}
				if !bytes.Equal(m, update(0)) {
					return errors.New("the client does not answer with a KeyUpdate")
				}
				f.in = f.in.next()
			}
			return nil
		}, closeNotify},
		{"KeyUpdate without the new key", sends(update(0)), badRecordMAC},
		{"KeyUpdate 2", sends(update(2)), illegalParameter},
		{"KeyUpdate, longer", sends(message(typeKeyUpdate, []byte{0, 0})), decodeError},
		{"KeyUpdate, empty", sends(message(typeKeyUpdate, nil)), decodeError},
		{"KeyUpdate and more", sends(append(update(0), 4)), unexpectedMessage},
		{"CertificateRequest", sends(message(typeCertificateRequest, nil)), unexpectedMessage},
		{"unexpected type of any length", sends([]byte{99, 0xff, 0xff, 0xff}), unexpectedMessage},
		{"ServerHello", sends(message(typeServerHello, nil)), unexpectedMessage},
		{"change_cipher_spec", func(f *fake) error { f.raw(20, 3, 3, 0, 1, 1); return nil }, unexpectedMessage},
		{"data in the clear", func(f *fake) error { f.raw(22, 3, 3, 0, 1, 1); return nil }, unexpectedMessage},
		{"altered", func(f *fake) error { f.out.iv[3] ^= 1; return nil }, badRecordMAC},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{then: func(f *fake) error {
				if err := f.readRequest(); err != nil {
					return err
				}
				f.sendAs(typeApplicationData, []byte(fakePage))
				if err := test.send(f); err != nil {
					return err
				}
				f.write(typeApplicationData, []byte("end"))
				f.write(typeAlert, []byte{1, byte(closeNotify)})
				return f.end()
			}}
			page := checkFake(t, f, testConfig(), test.want)
			if got := strings.HasSuffix(page, "end"); got != (test.want == closeNotify) {
				t.Errorf("the page ends with end: %t", got)
			}
		})
	}
}

// TestClosed checks that a connection sends nothing after it was closed.
func TestClosed(t *testing.T) {
	for _, end := range []func(c *conn){
		func(c *conn) { check(c.Close()) },
		func(c *conn) { c.abort(fail(internalError, "any")) },
		func(c *conn) { c.abort(received(internalError)) },
	} {
		var sent bytes.Buffer
		c := &conn{records: records{rw: struct {
			io.Reader
			io.Writer
		}{nil, &sent}}}
		end(c)
		sent.Reset()
		if _, err := c.Write([]byte("data")); err != net.ErrClosed {
			t.Errorf("Write gives %v", err)
		}
		c.abort(fail(internalError, "any"))
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if sent.Len() > 0 {
			t.Errorf("it sends %x", &sent)
		}
	}
}

// TestUnaskedName uses a server that answers a server_name that the client did not send,
// since it knows only the server's address.
func TestUnaskedName(t *testing.T) {
	cfg := testConfig()
	cfg.serverName = "127.0.0.1"
	edit := replace(typeEncryptedExtensions, constant(vector16(ext(extServerName, nil))))
	checkFake(t, &fake{edit: edit}, cfg, unsupportedExtension)
}

// TestInterim uses servers whose first response is not the last.
func TestInterim(t *testing.T) {
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
	page := checkFake(t, &fake{then: respond("HTTP/1.1 100 Continue\r\n\r\n" + hints + fakePage + "served")}, testConfig(), closeNotify)
	checkContains(t, "the page", page, "status        200 OK\n\nserved")
	for name, response := range map[string]string{
		"101":       "HTTP/1.1 101 Switching Protocols\r\n\r\n" + fakePage,
		"99":        "HTTP/1.1 099 Early\r\n\r\n" + fakePage,
		"no other":  hints,
		"no end":    strings.Repeat(hints, maxHeader/len(hints)+1) + fakePage,
		"malformed": "nonsense\r\n\r\n",
	} {
		address, done := (&fake{then: respond(response)}).start(t)
		page, err := visit(t, address, testConfig())
		checkError(t, name, err, "the response: ")
		if strings.Contains(page, "status") {
			t.Errorf("%s: a page %q", name, page)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: the server gets %v, want close_notify", name, err)
		}
	}
}

// TestServerFails uses a server that gives up after a part of the page. The client must not
// answer.
func TestServerFails(t *testing.T) {
	f := &fake{then: func(f *fake) error {
		if err := f.readRequest(); err != nil {
			return err
		}
		f.sendAs(typeApplicationData, []byte(fakePage+"half a page"))
		f.sendAs(typeAlert, []byte{2, byte(internalError)})
		return f.end()
	}}
	address, done := f.start(t)
	page, err := visit(t, address, testConfig())
	checkError(t, "the client", err, "the page: the server gave up: internal_error")
	checkContains(t, "the page", page, "half a page")
	if err := <-done; !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the server gets %v, want nothing", err)
	}
}

// TestCut cuts the connection at the end of the page. Only close_notify shows that the
// server has ended it.
func TestCut(t *testing.T) {
	for _, part := range [][]byte{nil, {23}, {23, 3, 3, 0, 100}, {23, 3, 3, 0, 100, 1, 2, 3}} {
		f := &fake{then: func(f *fake) error {
			if err := f.readRequest(); err != nil {
				return err
			}
			f.sendAs(typeApplicationData, []byte(fakePage+"half a page"))
			f.raw(part...)
			return nil
		}}
		address, done := f.start(t)
		page, err := visit(t, address, testConfig())
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasSuffix(page, "half a page") {
			t.Errorf("after %x: got %v", part, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestLargeHeader sends correct responses with large headers. The client must refuse the
// one that would fill its memory.
func TestLargeHeader(t *testing.T) {
	for _, size := range []int{maxHeader / 2, 2 * maxHeader} {
		line := "line: " + strings.Repeat("x", 1000) + "\r\n"
		f := &fake{then: func(f *fake) error {
			if err := f.readRequest(); err != nil {
				return err
			}
			header := "HTTP/1.1 200 OK\r\n" + strings.Repeat(line, size/len(line)) + "\r\n"
			f.write(typeApplicationData, []byte(header))
			f.write(typeApplicationData, make([]byte, 2*maxHeader))
			f.write(typeAlert, []byte{1, byte(closeNotify)})
			return nil
		}}
		address, done := f.start(t)
		page, err := visit(t, address, testConfig())
		if size > maxHeader {
			checkError(t, "the client", err, "the response: ")
		} else if err != nil || len(page) < 2*maxHeader {
			t.Errorf("a header of %d bytes: %d bytes of page, %v", size, len(page), err)
		}
		<-done
	}
}

// A damaged connection changes what the fake server writes.
type damaged struct {
	io.ReadWriter
	written int
	flip    int // index of the byte to change, or -1
	cut     int // number of bytes after which the connection fails, or -1
}

func (d *damaged) Write(p []byte) (int, error) {
	q := slices.Clone(p)
	if i := d.flip - d.written; d.flip >= 0 && i >= 0 && i < len(q) {
		q[i] ^= 1 << (d.flip % 8)
	}
	if left := d.cut - d.written; d.cut >= 0 && left < len(q) {
		if q = q[:max(left, 0)]; len(q) == 0 {
			return 0, errors.New("cut")
		}
	}
	d.written += len(p)
	return d.ReadWriter.Write(q)
}

// TestEveryByte changes each byte of the server's flight, and cuts the connection before
// each byte. Within the share, it does so for every 16th byte, and with -short for fewer.
func TestEveryByte(t *testing.T) {
	// With Ed25519 and a single certificate, the flight always has the same length.
	const key, scheme = "Ed25519", ed25519Scheme
	chain := [][]byte{ca().issue(keys()[key].Public(), nil)}
	whole := &damaged{flip: -1, cut: -1}
	size := 0
	f := &fake{join: true, key: key, scheme: scheme, chain: chain}
	f.rw = whole
	f.then = func(f *fake) error { size = whole.written; return servePage(f) }
	checkFake(t, f, testConfig(), closeNotify)
	step := 1
	if testing.Short() {
		step = 23
	}
	for i := 0; i < size; i += step {
		if i > 128 && i < allGroups[0].kem.CiphertextSize() && i%16 != 0 {
			continue
		}
		// The client ignores the version in an unprotected record.
		harmless := i == 1 || i == 2
		for _, d := range []*damaged{{flip: i, cut: -1}, {flip: -1, cut: i}} {
			f := &fake{join: true, key: key, scheme: scheme, chain: chain}
			f.rw = d
			f.hangUp = !harmless || d.cut >= 0 // otherwise the client would wait for bytes that a changed length promises
			address, done := f.start(t)
			_, err := visit(t, address, testConfig())
			<-done
			if harmless && d.cut < 0 {
				if err != nil {
					t.Errorf("byte %d changed: %v", i, err)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), "handshake: ") {
				t.Errorf("byte %d of %d changed or cut (%t): %v", i, size, d.cut >= 0, err)
			}
		}
	}
}

// countingKEM remembers its keys, so that a test sees which were destroyed.
type countingKEM struct {
	kem.KEM
	keys []kem.DecapsulationKey
}

func (k *countingKEM) GenerateKey() (kem.DecapsulationKey, error) {
	key, err := k.KEM.GenerateKey()
	k.keys = append(k.keys, key)
	return key, err
}

// TestDestroy checks that no key outlives the handshake.
func TestDestroy(t *testing.T) {
	for _, want := range []alert{closeNotify, illegalParameter} {
		first := &countingKEM{KEM: allGroups[0].kem}
		second := &countingKEM{KEM: allGroups[1].kem}
		cfg := testConfig()
		cfg.groups = []*group{{allGroups[0].id, allGroups[0].name, first}, {allGroups[1].id, allGroups[1].name, second}}
		f := &fake{retry: ext(extKeyShare, uint16s(allGroups[1].id))}
		if want != closeNotify {
			f.answer = cutByte
		}
		checkFake(t, f, cfg, want)
		for _, k := range []*countingKEM{first, second} {
			if len(k.keys) != 1 || k.keys[0].Bytes() != nil {
				t.Errorf("%v: %d keys, and one was kept", want, len(k.keys))
			}
		}
	}
}

func FuzzServer(f *testing.F) {
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0})
	f.Add([]byte{21, 3, 3, 0, 2, 2, 40})
	hello := message(typeServerHello, helloBody(make([]byte, 32), allSuites[0], versionExt))
	f.Add(append([]byte{22, 3, 3, 0, byte(len(hello))}, hello...))
	retry := message(typeServerHello, helloBody(retryRandom[:], allSuites[0], versionExt, ext(extCookie, vector16([]byte{1}))))
	f.Add(append([]byte{22, 3, 3, 0, byte(len(retry))}, retry...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var sent bytes.Buffer
		_, err := handshake(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(b), &sent}, testConfig())
		if err == nil {
			t.Error("a handshake without the shared key")
		}
	})
}

// FuzzMessage inserts one message into the protected flight.
func FuzzMessage(f *testing.F) {
	f.Add(uint8(typeEncryptedExtensions), []byte{0, 0})
	f.Add(uint8(typeCertificate), []byte{0, 0, 0, 0})
	f.Add(uint8(typeCertificateVerify), []byte{4, 3, 0, 0})
	f.Add(uint8(typeFinished), make([]byte, 32))
	chain := [][]byte{ca().issue(keys()["P-256"].Public(), nil)} // once: issuing one takes longer than all else but the handshake
	f.Fuzz(func(t *testing.T, at uint8, body []byte) {
		if len(body) >= maxMessage {
			return
		}
		address, done := (&fake{edit: replace(at, constant(body)), chain: chain}).start(t)
		page, err := visit(t, address, testConfig())
		<-done
		if err == nil && at == typeFinished {
			t.Errorf("a Finished without the secret: %s", page)
		}
	})
}
