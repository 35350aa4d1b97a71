package main

import (
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile has characters that steer a terminal, in each way that a terminal may know them.
const (
	hostileASCII = "a\x1b[2Jb\x1b]title\x07c\x08d\x7fe\x00f"
	hostile      = hostileASCII + "\u009bg\u202eh\u200bi\ufeffj\u2028k"
)

// TestPrint uses servers that put such characters into all that the client may print.
func TestPrint(t *testing.T) {
	const (
		escapedASCII = `a\x1b[2Jb\x1b]title\ac\bd\x7fe\x00f`
		escaped      = escapedASCII + `\u009bg\u202eh\u200bi\ufeffj\u2028k`
	)
	issue := func(change func(*x509.Certificate)) [][]byte {
		return [][]byte{ca().issue(keys()["P-256"].Public(), func(c *x509.Certificate) {
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
			change(c)
		})}
	}
	for _, test := range []struct {
		name   string
		fake   fake
		code   int
		stdout string // contains this
		stderr string
	}{
		{"subject", fake{chain: issue(func(c *x509.Certificate) { c.Subject.CommonName = hostile + "\r\nx: y\n" })}, 0, "server        CN=" + escaped + `\r\nx: y\n` + "\n", ""},
		{"status", fake{then: respond("HTTP/1.1 200 " + hostile + "\x9b\r\n\r\n")}, 0, "status        200 " + escaped + "\ufffd\n", ""},
		{"page", fake{then: respond(fakePage + hostile + "\x9b\xe2\x80\r\n\tend\\\r")}, 0,
			"\n\n" + escaped + "\ufffd\ufffd\ufffd\\r\n\tend\\\\r", ""},
		{"letters", fake{then: respond(fakePage + "Grüße, 世界 🙂\u00a0'\"")}, 0, "\n\nGrüße, 世界 🙂\u00a0'\"", ""},
		{"header", fake{then: respond("HTTP/1.1 200 OK\r\n" + hostile + "\r\n\r\n")}, 1, "", escaped},
		{"header, half a line", fake{then: respond("HTTP/1.1 200 OK\r\n" + hostile)}, 1, "", "tls13: the response: "},
		{"version", fake{then: respond(hostile + " 200 OK\r\n\r\n")}, 1, "", "tls13: the response: "},
		{"code", fake{then: respond("HTTP/1.1 " + hostile + "\r\n\r\n")}, 1, "", "tls13: the response: "},
		{"encoding", fake{then: respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + hostile + "\r\n\r\n")}, 1, "", "tls13: the response: "},
		{"length", fake{then: respond("HTTP/1.1 200 OK\r\nContent-Length: " + hostile + "\r\n\r\n")}, 1, "", "tls13: the response: "},
		{"chunk", fake{then: respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + hostile)}, 1, "", "tls13: the page: "},
		{"trailer", fake{then: respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + hostile + "\r\n\r\n")}, 1, "", escaped},
		{"interim", fake{then: respond("HTTP/1.1 101 " + hostile + "\r\n\r\n")}, 1, "", "was not asked for"},
		{"names", fake{chain: issue(func(c *x509.Certificate) { c.DNSNames = []string{hostileASCII + "\n"} })}, 1, "", escapedASCII + `\n`},
		{"certificate", fake{chain: [][]byte{[]byte(hostile)}}, 1, "", "tls13: handshake: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := "127.0.0.1"
			if test.name == "names" {
				host = "localhost" // for it, the error has the names in the certificate
			}
			code, stdout, stderr := program(t, &test.fake, host)
			if code != test.code || code != 0 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit status %d, stderr %q", code, stderr)
			}
			checkContains(t, "stdout", stdout, test.stdout)
			checkContains(t, "stderr", stderr, test.stderr)
			for _, r := range stdout + stderr {
				if !unicode.IsGraphic(r) && r != '\n' && r != '\t' {
					t.Errorf("%q reaches the terminal: %q, %q", r, stdout, stderr)
				}
			}
			if !utf8.ValidString(stdout + stderr) {
				t.Errorf("not UTF-8: %q, %q", stdout, stderr)
			}
		})
	}
}

// TestPrintSplit sends a page byte by byte.
func TestPrintSplit(t *testing.T) {
	const page = "é\x1b世🙂\n"
	f := &fake{then: func(f *fake) error {
		if err := f.readRequest(); err != nil {
			return err
		}
		for i := range len(fakePage + page) {
			f.write(typeApplicationData, []byte{(fakePage + page)[i]})
		}
		f.write(typeAlert, []byte{1, byte(closeNotify)})
		return f.end()
	}}
	got := checkFake(t, f, testConfig(), closeNotify)
	checkContains(t, "the page", got, "\n\né\\x1b世🙂\n")
}
