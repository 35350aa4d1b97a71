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
	"runtime"
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
	ctx, cancel := context.WithTimeout(ctx, patience)
	r, w := io.Pipe()
	p := &process{stdout: bufio.NewReader(r), code: make(chan int, 1)}
	go func() {
		code := run(ctx, args, w, &p.stderr)
		cancel()
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
	if a, b := p.value(t, "client: SHA-256 "), p.value(t, "server: SHA-256 "); a != b || len(a) != 2*sha256.Size {
		t.Errorf("digests %s and %s", a, b)
	}
	p.value(t, "The digests agree")
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
		pub = server.value(t, "server: public key in ")
		addr := server.value(t, "server: listening on ")
		client := start(t.Context(), "-connect", addr, "-server-key", pub, "-send", sent)
		digest := fmt.Sprintf("%x", sha256.Sum256(file))
		if got := client.value(t, "client: SHA-256 "); got != digest {
			t.Errorf("the client reports %s, want %s", got, digest)
		}
		if got := server.value(t, "server: SHA-256 "); got != digest {
			t.Errorf("the server reports %s, want %s", got, digest)
		}
		client.wait(t, 0, "")
		server.wait(t, 0, "")
		checkFile(t, out, file)
	}

	// A client that pins another server's key fails, and the server waits for another client.
	key = filepath.Join(dir, "other")
	out := filepath.Join(dir, "received")
	server := start(t.Context(), "-listen", "127.0.0.1:0", "-key", key, "-out", out)
	addr := server.value(t, "server: listening on ")
	start(t.Context(), "-connect", addr, "-server-key", pub, "-send", sent).wait(t, 1, "handshake: "+clientRejected)
	if !missing(out) {
		t.Error("there is an output file")
	}
	start(t.Context(), "-connect", addr, "-server-key", key+".pub", "-send", sent).wait(t, 0, "")
	server.wait(t, 0, "handshake: 127.0.0.1:")
	checkFile(t, out, file)
}

func TestInterruptListening(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	server := start(ctx, "-listen", "127.0.0.1:0", "-key", filepath.Join(dir, "key.pem"), "-out", filepath.Join(dir, "received"))
	server.value(t, "server: listening on ")
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
	listener := newListener(t)
	addr := listener.Addr().String()
	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"-help"}, 0, usage},
		{[]string{"-unknown"}, 2, "flag provided but not defined: -unknown"},
		{[]string{"file"}, 2, usage},
		{[]string{"-listen", addr}, 2, usage},
		{[]string{"-key", path("key")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub")}, 2, usage},
		{[]string{"-connect", addr, "-key", path("key.pub"), "-send", path("text")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("text"), "-out", path("out")}, 2, usage},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("text"), "file"}, 2, usage},
		{[]string{"-listen", addr, "-key", path("key"), "-server-key", path("key.pub")}, 2, usage},

		{[]string{"-listen", "127.0.0.1:0", "-key", path("text"), "-out", path("out")}, 1, "handshake: " + path("text") + ": "},
		{[]string{"-listen", addr, "-key", path("key"), "-out", path("exists")}, 1, "handshake: -out: " + path("exists") + " exists\n"},
		{[]string{"-listen", "nowhere", "-key", path("key"), "-out", path("out")}, 1, "handshake: listen tcp"},
		{[]string{"-listen", addr, "-key", path("key"), "-out", path("out")}, 1, "handshake: listen tcp"},

		{[]string{"-listen", addr, "-key", path("new"), "-out", ""}, 2, usage},
		{[]string{"-listen", addr, "-key", path("new"), "-out", path("out"), "-max", "-1"}, 2, usage},

		{[]string{"-connect", addr, "-server-key", path("missing"), "-send", path("text")}, 1, "handshake: open " + path("missing") + ": "},
		{[]string{"-connect", addr, "-server-key", path("text"), "-send", path("text")}, 1, "handshake: " + path("text") + ": "},
		{[]string{"-connect", addr, "-server-key", path("key"), "-send", path("text")}, 1, "handshake: " + path("key") + ": "},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", dir}, 1, "handshake: " + dir + " is not a regular file"},
		{[]string{"-connect", addr, "-server-key", path("key.pub"), "-send", path("missing")}, 1, "handshake: stat " + path("missing") + ": "},
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

// TestOutImpossible checks that a server that could not keep a file does not listen, and makes no
// key.
func TestOutImpossible(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && os.Geteuid() != 0 {
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		start(t.Context(), "-listen", "127.0.0.1:0", "-key", filepath.Join(dir, "key"), "-out", filepath.Join(locked, "out")).
			wait(t, 1, "handshake: -out: open "+locked)
	}
	for name, out := range map[string]string{
		"exists":        file,
		"a folder":      dir,
		"no folder":     filepath.Join(dir, "missing", "out"),
		"under a file":  filepath.Join(file, "out"),
		"name too long": filepath.Join(dir, strings.Repeat("o", 256)),
		"a zero byte":   filepath.Join(dir, "o\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t.Context(), "-listen", "127.0.0.1:0", "-key", filepath.Join(dir, "key"), "-out", out)
			if line, err := p.stdout.ReadString('\n'); err != io.EOF {
				t.Errorf("got %q on stdout", line)
			}
			p.wait(t, 1, "handshake: -out: ")
			if !missing(filepath.Join(dir, "key")) {
				t.Error("there is a key")
			}
		})
	}

	key := filepath.Join(dir, "key")
	start(t.Context(), "-listen", "127.0.0.1:0", "-key", key, "-out", key+".pub").wait(t, 1, "handshake: -out is a file of the key, ")
}
