package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A process is a call of run with the words of a command line.
type process struct {
	stdout *bufio.Reader
	stderr bytes.Buffer
	code   chan int
}

func start(ctx context.Context, args ...string) *process {
	r, w := io.Pipe()
	p := &process{stdout: bufio.NewReader(r), code: make(chan int, 1)}
	go func() {
		code := run(ctx, args, w, &p.stderr)
		w.Close()
		p.code <- code
	}()
	return p
}

// value returns what follows label on the next line that has it.
func (p *process) value(t *testing.T, label string) string {
	t.Helper()
	for {
		line, err := p.stdout.ReadString('\n')
		if err != nil {
			<-p.code
			t.Fatalf("no line with %q; stderr: %s", label, &p.stderr)
		}
		if value, ok := strings.CutPrefix(line, label); ok {
			return strings.TrimSpace(value)
		}
	}
}

func (p *process) wait(t *testing.T, code int, stderr string) {
	t.Helper()
	io.Copy(io.Discard, p.stdout)
	if got := <-p.code; got != code {
		t.Errorf("got exit status %d, want %d", got, code)
	}
	if got := p.stderr.String(); stderr == "" && got != "" || !strings.HasPrefix(got, stderr) {
		t.Errorf("got %q on stderr, want %q", got, stderr)
	}
}

func TestLoopback(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	p := start(t.Context())
	if a, b := p.value(t, "SHA-256 "), p.value(t, "at the server "); a != b || len(a) != 2*sha256.Size {
		t.Errorf("digests %s and %s", a, b)
	}
	p.value(t, "the digests agree")
	p.wait(t, 0, "")
	checkEmpty(t, dir)
}

func TestApart(t *testing.T) {
	dir := t.TempDir()
	key, sent := filepath.Join(dir, "key.pem"), filepath.Join(dir, "sent")
	file := randomBytes(100_000)
	if err := os.WriteFile(sent, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var pub string
	for i := range 2 { // making the key, and finding it
		out := filepath.Join(dir, fmt.Sprint("received", i))
		server := start(t.Context(), "-listen", "127.0.0.1:0", "-key", key, "-out", out)
		pub = server.value(t, "public key in ")
		addr := server.value(t, "listening on ")
		client := start(t.Context(), "-connect", addr, "-server-key", pub, "-send", sent)
		digest := fmt.Sprintf("%x", sha256.Sum256(file))
		if got := client.value(t, "SHA-256 "); got != digest {
			t.Errorf("the client reports %s, want %s", got, digest)
		}
		if got := server.value(t, "SHA-256 "); got != digest {
			t.Errorf("the server reports %s, want %s", got, digest)
		}
		client.wait(t, 0, "")
		server.wait(t, 0, "")
		checkFile(t, out, file)
	}

	// With another server's key pinned, neither end succeeds.
	out := filepath.Join(dir, "received")
	server := start(t.Context(), "-listen", "127.0.0.1:0", "-key", filepath.Join(dir, "other"), "-out", out)
	client := start(t.Context(), "-connect", server.value(t, "listening on "), "-server-key", pub, "-send", sent)
	client.wait(t, 1, "handshake: "+clientRejected)
	server.wait(t, 1, "handshake: "+serverAltered)
	if _, err := os.Lstat(out); !os.IsNotExist(err) {
		t.Errorf("the output file: %v", err)
	}
}

func TestInterruptListening(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	server := start(ctx, "-listen", "127.0.0.1:0", "-key", filepath.Join(dir, "key.pem"), "-out", filepath.Join(dir, "received"))
	server.value(t, "listening on ")
	cancel()
	server.wait(t, 1, "handshake: interrupted\n")
}

func TestBadArguments(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, contents := range map[string]string{
		"text":   "neither a key nor a name\n",
		"key":    kemtoolKey,
		"exists": "precious",
	} {
		if err := os.WriteFile(path(name), []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := loadKey(path("key"), log.New(t.Output(), "", 0)); err != nil {
		t.Fatal(err)
	}
	const usage = "handshake: use -listen with"
	listener := newListener(t)
	addr := listener.Addr().String()
	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"-help"}, 0, "Usage of handshake"},
		{[]string{"-unknown"}, 2, "flag provided but not defined: -unknown"},
		{[]string{"file"}, 2, usage},
		{[]string{"-listen", addr}, 2, usage},
		{[]string{"-key", path("key")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub")}, 2, usage},
		{[]string{"-connect", addr, "-key", path("key.pub"), "-send", path("text")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("text"), "-out", path("out")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("text"), "file"}, 2, usage},
		{[]string{"-listen", addr, "-key", path("key"), "-server-key", path("key.pub")}, 2, usage},

		{[]string{"-listen", addr, "-key", path("text"), "-out", path("out")}, 1, "handshake: " + path("text") + ": "},
		{[]string{"-listen", addr, "-key", path("key"), "-out", path("exists")}, 1, "handshake: " + path("exists") + " exists\n"},
		{[]string{"-listen", "nowhere", "-key", path("key"), "-out", path("out")}, 1, "handshake: listen tcp"},
		{[]string{"-listen", addr, "-key", path("key"), "-out", path("out")}, 1, "handshake: listen tcp"},

		{[]string{"-connect", addr, "-server-key", path("missing"), "-send", path("text")}, 1, "handshake: open " + path("missing") + ": "},
		{[]string{"-connect", addr, "-server-key", path("text"), "-send", path("text")}, 1, "handshake: " + path("text") + ": "},
		{[]string{"-connect", addr, "-server-key", path("key"), "-send", path("text")}, 1, "handshake: " + path("key") + ": "},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("missing")}, 1, "handshake: open " + path("missing") + ": "},
	} {
		t.Run(strings.ReplaceAll(strings.Join(test.args, " "), dir+"/", ""), func(t *testing.T) {
			start(t.Context(), test.args...).wait(t, test.code, test.stderr)
		})
	}
	checkFile(t, path("exists"), []byte("precious"))
	if _, err := os.Lstat(path("out")); !os.IsNotExist(err) {
		t.Errorf("the output file: %v", err)
	}
}
