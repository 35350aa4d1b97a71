package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDemonstration(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run(t.Context(), nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit status %d, %s", code, &stderr)
	}
	used := 0
	for _, g := range allGroups {
		if len(curves([]*group{g})) == 0 {
			checkContains(t, "stdout", stdout.String(), "crypto/tls does not have "+g.name+"\n")
			continue
		}
		used++
		checkContains(t, "stdout", stdout.String(), "group         "+g.name+"\n")
		checkContains(t, "stdout", stdout.String(), "crypto/tls has used "+g.name+"\n")
	}
	if used < 3 {
		t.Errorf("crypto/tls has %d groups, but it has had three since Go 1.26", used)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel() // it waits
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	forLoopback := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback} }
	certificate := tls.Certificate{Certificate: [][]byte{ca().issue(key.Public(), forLoopback)}, PrivateKey: key}
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca().certificate.Raw})
	check(os.WriteFile(path("ca.pem"), root, 0o600))
	check(os.WriteFile(path("empty"), nil, 0o600))
	silent := must(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()

	const usage = "tls13: use it with one https URL"
	for _, test := range []struct {
		args           []string // SERVER stands for the address of a server
		code           int
		stdout, stderr string
	}{
		{[]string{"-ca", path("ca.pem"), "https://SERVER/"}, 0, "X25519MLKEM768", ""},
		{[]string{"-ca", path("ca.pem"), "-group", "secp384r1mlkem1024", "https://SERVER/page"}, 0, "SecP384r1MLKEM1024", ""},
		{[]string{"https://SERVER/"}, 1, "", "tls13: handshake: "},
		{[]string{"-help"}, 0, "", "Usage of tls13"},
		{[]string{"-unknown"}, 2, "", "flag provided but not defined: -unknown"},
		{[]string{"-ca", path("ca.pem")}, 2, "", usage},
		{[]string{"http://SERVER/"}, 2, "", usage},
		{[]string{"https:///page"}, 2, "", usage},
		{[]string{"SERVER"}, 2, "", usage},
		{[]string{"https://SERVER/", "https://SERVER/"}, 2, "", usage},
		{[]string{"-group", "X25519", "https://SERVER/"}, 1, "", `tls13: no group "X25519": there are X25519MLKEM768, SecP256r1MLKEM768`},
		{[]string{"-ca", path("missing"), "https://SERVER/"}, 1, "", "tls13: open "},
		{[]string{"-ca", "", "https://SERVER/"}, 1, "", "tls13: open "},
		{[]string{"-ca", path("empty"), "https://SERVER/"}, 1, "", "tls13: " + path("empty") + ": no certificate"},
		{[]string{"-timeout", "100ms", "https://" + silent.Addr().String() + "/"}, 1, "", "tls13: interrupted, or out of time"},
		{[]string{"-handshake", "100ms", "https://" + silent.Addr().String() + "/"}, 1, "", "tls13: handshake: read tcp"},
	} {
		server := startGo(t, &tls.Config{Certificates: []tls.Certificate{certificate}}, []byte("page"))
		args := make([]string, len(test.args))
		for i := range args {
			args[i] = strings.ReplaceAll(test.args[i], "SERVER", server.address)
		}
		var stdout, stderr strings.Builder
		start := time.Now()
		code := run(t.Context(), args, &stdout, &stderr)
		if code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.HasPrefix(stderr.String(), test.stderr) ||
			(stderr.Len() > 0) != (test.stderr != "") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q", test.args, code, &stdout, &stderr)
		}
		if code == 0 && len(server.state) > 0 {
			if name := (<-server.state).ServerName; name != "" { // RFC 6066, section 3
				t.Errorf("%q: the server is called %q", test.args, name)
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q took %v", test.args, took)
		}
	}
}
