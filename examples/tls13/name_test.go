package main

import (
	"bytes"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestNames visits a server by names and addresses. Its certificate must be for them.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		host string
		in   x509.Certificate // what the certificate has
	}{
		{testName, x509.Certificate{DNSNames: []string{testName}}},
		{"SERVER.example.", x509.Certificate{DNSNames: []string{testName}}},
		{"a.server.example", x509.Certificate{DNSNames: []string{"*.server.example"}}},
		{"a_b.server.example", x509.Certificate{DNSNames: []string{"a_b.server.example"}}},
		{"xn--bcher-kva.example", x509.Certificate{DNSNames: []string{"xn--bcher-kva.example"}}},
		{"localhost", x509.Certificate{DNSNames: []string{"localhost"}}},
		{"3com.example", x509.Certificate{DNSNames: []string{"3com.example"}}},
		{"4f2a", x509.Certificate{DNSNames: []string{"4f2a"}}},
		{"192.0.2.1", x509.Certificate{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}}},
		{"2001:db8::1", x509.Certificate{IPAddresses: []net.IP{net.ParseIP("2001:db8::1")}}},
		{"::ffff:192.0.2.1", x509.Certificate{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}}},
	} {
		cfg := testConfig()
		cfg.serverName = test.host
		public := keys()["P-256"].Public()
		checkFake(t, &fake{chain: [][]byte{ca().issue(public, func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = test.in.DNSNames, test.in.IPAddresses
		})}}, cfg, closeNotify)
		// Neither other names, nor a subject, nor the address as a DNS name will do.
		checkFake(t, &fake{chain: [][]byte{ca().issue(public, func(c *x509.Certificate) {
			c.Subject.CommonName = test.host
			c.DNSNames, c.IPAddresses = []string{"other.example", "*", "192.0.2.1"}, []net.IP{net.IPv4(192, 0, 2, 2)}
		})}}, cfg, certificateUnknown)
		checkFake(t, &fake{chain: [][]byte{ca().issue(public, func(c *x509.Certificate) { c.DNSNames = nil })}}, cfg, certificateUnknown)
	}
}

// TestNoNames uses hosts that no certificate can be for. The client must send nothing.
func TestNoNames(t *testing.T) {
	for _, host := range []string{
		"", ".", "..", "...", ".example", "a..example", "server.example..", "*", "*.example", "?.example",
		"fe80::1%lo", "fe80::1%25lo", "::1%", "[::1]", "[fe80::1%lo]", "::1.", ":443", "::g",
		"127.0.0.1.", "127.1", "127.0.0.01", "0.0.0.0.0", "2130706433", "server.1", "127.0.0.1:443", "server.example:443",
		"user@server.example", "server.example/", "server.example?", "server.example#", `server.example\`, "server,example",
		"bücher.example", "server\uff0eexample", "\u212a.example", "\ufeffserver.example",
		"server.example\x00", "server\x00.example", "\x00", "server.example\n", "server.example\nother", "server.example\r", " server.example",
		"server example", "server.example\t", "\xff", "%00", "server%2eexample", "a'b", `"a"`, "a=b", "(a)", "~",
		strings.Repeat("a.", 127) + "a",
	} {
		var sent bytes.Buffer
		cfg := testConfig()
		cfg.serverName = host
		_, err := handshake(struct {
			io.Reader
			io.Writer
		}{nil, &sent}, cfg)
		checkError(t, host, err, "is neither a DNS name nor an IP address")
		if sent.Len() > 0 {
			t.Errorf("%q: the client sends %d bytes", host, sent.Len())
		}
	}
}

// TestURLs gives the program URLs that name a server on the loopback interface in a way
// that would let no certificate be for it. The program must not connect.
func TestURLs(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	check(err)
	file := caFile(t)
	for _, host := range []string{
		"", ".", "..", "*", "*.localhost", "[::ffff:127.0.0.1%25lo]", "[::1%25lo]", "[::1%25]", "[]", "127.0.0.1.", "127.1", "2130706433", "0",
		"user@127.0.0.1", "user:password@127.0.0.1", ":@127.0.0.1", "@127.0.0.1", "127.0.0.1%00", "localhost%00.example", "local%68ost%2e",
		"localhost%20", "localhost..", "\u24db\u24de\u24d2alhost", "loca%6chost%25", "localhost\n", "127。0。0。1",
	} {
		var stdout, stderr strings.Builder
		page := "https://" + host + ":" + port + "/"
		if code := run(t.Context(), []string{"-ca", file, page}, &stdout, &stderr); code == 0 || stdout.Len() > 0 ||
			!strings.HasPrefix(stderr.String(), "tls13: ") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q", page, code, &stdout, &stderr)
		}
		listener.(*net.TCPListener).SetDeadline(time.Now().Add(time.Millisecond))
		if tcp, err := listener.Accept(); err == nil {
			tcp.Close()
			t.Errorf("%q: the program connects, and says %q", page, &stderr)
		}
	}
}
