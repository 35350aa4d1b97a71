package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/testkit"
)

// An openSSLServer is a running openssl s_server.
type openSSLServer struct {
	address string
	stdin   io.Writer
	stdout  *bufio.Reader
}

func startOpenSSL(t *testing.T, peer testkit.Peer, key string, args ...string) *openSSLServer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.pem")
	var b strings.Builder
	check(pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(keys()[key]))}))
	check(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: ca().issue(keys()[key].Public(), nil)}))
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), peer.Path, append([]string{
		"s_server", "-accept", "127.0.0.1:0", "-cert", file, "-key", file, "-tls1_3",
		"-cipher", "DEFAULT:@SECLEVEL=1", // for the short RSA key
	}, args...)...)
	s := &openSSLServer{stdin: must(command.StdinPipe()), stdout: bufio.NewReader(must(command.StdoutPipe()))}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	s.address = s.wait(t, "ACCEPT ")
	return s
}

// wait reads up to the next line with the prefix and returns what follows the prefix.
func (s *openSSLServer) wait(t *testing.T, prefix string) string {
	t.Helper()
	for {
		line, err := s.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("openssl s_server does not say %q: %v", prefix, err)
		}
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
}

// TestOpenSSL uses servers that support only one group. Their page says what they have
// used.
func TestOpenSSL(t *testing.T) {
	peer := testkit.OpenSSL(t)
	known := strings.Split(strings.TrimSpace(string(must(exec.Command(peer.Path, "list", "-tls-groups").Output()))), ":")
	var used []string
	for _, g := range allGroups {
		if !slices.Contains(known, g.name) {
			t.Logf("peer not run: %v: it does not have the group %s", peer, g.name)
			continue
		}
		used = append(used, g.name)
		for i, s := range allSuites {
			key := []string{"P-256", "RSA", "Ed25519"}[i]
			server := startOpenSSL(t, peer, key, "-www", "-groups", g.name, "-ciphersuites", s.name)
			for _, groups := range [][]*group{{g}, allGroups} { // with allGroups, all but one need a HelloRetryRequest
				cfg := testConfig()
				cfg.groups = groups
				page, err := visit(t, server.address, cfg)
				if err != nil {
					t.Errorf("%s, %s, %s: %v", g.name, s.name, key, err)
					continue
				}
				for _, want := range []string{
					g.name + "\n", s.name + "\n",
					"Shared groups: " + g.name + "\n", "New, TLSv1.3, Cipher is " + s.name + "\n", "</HTML>",
				} {
					checkContains(t, "the page", page, want)
				}
			}
		}
	}

	for name, args := range map[string][]string{
		"cookie":           {"-stateless"},
		"cookie and group": {"-stateless", "-groups", "SecP384r1MLKEM1024"},
		"client auth":      {"-verify", "1"},
		"padding":          {"-record_padding", "512"},
	} {
		if _, err := visit(t, startOpenSSL(t, peer, "P-384", append(args, "-www")...).address, testConfig()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := visit(t, startOpenSSL(t, peer, "P-256", "-groups", "X25519:P-256").address, testConfig())
	checkError(t, "no group", err, "the server gave up: handshake_failure")
	if len(used) < 6 {
		t.Errorf("%v has only the groups %q of %q", peer, used, known)
	}
	t.Logf("peer: %v: TLS 1.3 with every cipher suite and %s", peer, strings.Join(used, ", "))
}

// TestOpenSSLKeyUpdate makes the server change its keys, and ask the client for new ones,
// before it sends the page.
func TestOpenSSLKeyUpdate(t *testing.T) {
	server := startOpenSSL(t, testkit.OpenSSL(t), "P-256")
	type result struct {
		page string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		page, err := visit(t, server.address, testConfig())
		done <- result{page, err}
	}()
	server.wait(t, "Connection: close")
	for range 3 {
		must(io.WriteString(server.stdin, "K\n"))
		server.wait(t, "SSL_do_handshake -> 1")
	}
	must(io.WriteString(server.stdin, "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nupdated\n"))
	if r := <-done; r.err != nil || !strings.HasSuffix(r.page, "updated") {
		t.Errorf("page %q, %v", r.page, r.err)
	}
	must(io.WriteString(server.stdin, "Q\n"))
}
