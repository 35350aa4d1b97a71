package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"hybridkem/noise"
)

func TestDemonstration(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(nil, &stdout, &stderr); code != 0 {
		t.Fatalf("status %d: %s", code, &stderr)
	}
	keys := regexp.MustCompile(`PresharedKey = (\S{44})\n`).FindAllStringSubmatch(stdout.String(), -1)
	if len(keys) != 2 || keys[0][1] != keys[1][1] {
		t.Errorf("it prints %s", &stdout)
	}
}

// identities makes identities and returns their names.
func identities(t *testing.T, n int) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		name := filepath.Join(dir, string(rune('a'+i)))
		if code := run([]string{"-new", name}, io.Discard, os.Stderr); code != 0 {
			t.Fatal("status", code)
		}
		names = append(names, name)
	}
	return names
}

// A log is a writer that tells the address after "listening on", and keeps what follows.
type log struct {
	bytes.Buffer
	addr chan string
}

func (l *log) Write(b []byte) (int, error) {
	if addr, ok := strings.CutPrefix(string(b), "listening on "); ok {
		l.addr <- strings.TrimSpace(addr)
		return len(b), nil
	}
	return l.Buffer.Write(b)
}

// between runs both ends as the program does, and returns their statuses and what they print.
func between(t *testing.T, server []string, strangers [][]string, client []string) (codes [2]int, out [2]string) {
	t.Helper()
	served := make(chan int, 1)
	l := &log{addr: make(chan string, 1)}
	var stderr, stdout bytes.Buffer
	go func() { served <- run(append([]string{"-listen", "127.0.0.1:0"}, server...), l, &stderr) }()
	select {
	case addr := <-l.addr:
		for _, stranger := range strangers {
			if run(append([]string{"-connect", addr}, stranger...), io.Discard, io.Discard) == 0 {
				t.Errorf("%s: no error", stranger)
			}
		}
		if strangers != nil {
			bare, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			bare.Close()
		}
		codes[1] = run(append([]string{"-connect", addr}, client...), &stdout, os.Stderr)
	case codes[0] = <-served:
		t.Fatalf("the server ends: %s", &stderr)
	}
	codes[0] = <-served
	return codes, [2]string{l.String(), stdout.String()}
}

func TestTransfer(t *testing.T) {
	names := identities(t, 3)
	alice, bob, eve := names[0], names[1], names[2]
	content := bytes.Repeat([]byte("content"), 50_000)
	sent, received := filepath.Join(t.TempDir(), "sent"), filepath.Join(t.TempDir(), "received")
	if err := os.WriteFile(sent, content, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("not the content"), 0o600); err != nil {
		t.Fatal(err)
	}
	receiving := []string{"-own", bob, "-peer", alice, "-receive", received}
	strangers := [][]string{{"-own", eve, "-peer", bob, "-send", other}, {"-own", alice, "-peer", eve, "-send", other}}
	if codes, _ := between(t, receiving, strangers, []string{"-own", alice, "-peer", bob, "-send", sent}); codes != [2]int{} {
		t.Errorf("status %d", codes)
	}
	if got, err := os.ReadFile(received); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d other bytes, %v", len(got), err)
	}
	if codes, _ := between(t, receiving, nil, []string{"-own", alice, "-peer", bob, "-send", sent}); codes[0] == 0 || codes[1] == 0 {
		t.Errorf("over an existing file: %d", codes)
	}
	if got, err := os.ReadFile(received); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the existing file has been changed: %v", err)
	}
}

// connection returns both sides of a connection.
func connection(t *testing.T, own, peer string) (client, server *noise.Conn) {
	t.Helper()
	configs := [2]*noise.Config{}
	for i, names := range [2][2]string{{own, peer}, {peer, own}} {
		var err error
		if configs[i], err = newConfig(names[0], names[1]); err != nil {
			t.Fatal(err)
		}
	}
	c, s := net.Pipe()
	for _, conn := range []net.Conn{c, s} {
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { conn.Close() })
	}
	return noise.Client(c, configs[0]), noise.Server(s, configs[1])
}

// TestCutOff sends half a file.
func TestCutOff(t *testing.T) {
	names := identities(t, 2)
	client, server := connection(t, names[0], names[1])
	received := filepath.Join(t.TempDir(), "received")
	go func() {
		client.Write([]byte("half"))
		client.NetConn().Close()
	}()
	if err := receiveFile(server, received); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(received); !errors.Is(err, os.ErrNotExist) {
		t.Error("half a file is there")
	}
}

func TestPSK(t *testing.T) {
	names := identities(t, 2)
	seen := map[string]bool{}
	for range 3 {
		codes, out := between(t, []string{"-own", names[1], "-peer", names[0], "-psk"}, nil, []string{"-own", names[0], "-peer", names[1], "-psk"})
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out[0]))
		if codes != [2]int{} || out[0] != out[1] || len(key) != pskSize || err != nil || seen[out[0]] {
			t.Errorf("%d, %q, %v", codes, out, err)
		}
		seen[out[0]] = true
	}

	// An end that has sent its part, and then no end of the stream, has not agreed.
	client, server := connection(t, names[0], names[1])
	go func() {
		client.Read(make([]byte, pskSize))
		client.Write(make([]byte, pskSize))
		client.Read(make([]byte, 1)) // the end of the stream
		client.NetConn().Close()
	}()
	if key, err := agree(server, false); key != "" || err == nil {
		t.Errorf("%q, %v", key, err)
	}
}

func TestFiles(t *testing.T) {
	names := identities(t, 2)
	if err := newIdentity(names[0]); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key file is overwritten: %v", err)
	}
	for _, suffix := range []string{".x25519.pem", ".mlkem768.pem"} {
		if info, err := os.Stat(names[0] + suffix); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s: %v, %v", suffix, info, err)
		}
	}
	for _, suffix := range []string{".x25519.pem", ".mlkem768.pem", ".x25519.pub.pem", ".mlkem768.pub.pem"} {
		own, peer := names[0], names[1]
		if strings.Contains(suffix, "pub") {
			own, peer = peer, own
		}
		text, err := os.ReadFile(names[0] + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{nil, text[:len(text)/2], []byte("no key")} {
			if err := os.WriteFile(names[0]+suffix, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := newConfig(own, peer); err == nil {
				t.Errorf("%q is a key", bad)
			}
		}
		if err := os.WriteFile(names[0]+suffix, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newConfig(own, peer); err != nil {
			t.Error(err)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]int{
		"-help":                            0,
		"-unknown":                         2,
		"-new":                             2,
		"-new a b":                         2,
		"-listen x":                        2,
		"-listen x -own a -peer b":         2,
		"-listen x -own a -peer b -send c": 2,
		"-listen x -own a -peer b -receive c -psk": 2,
		"-connect x -own a -peer b -receive c":     2,
		"-listen x -connect x -own a -peer b -psk": 2,
		"-connect x -own /nowhere/a -peer b -psk":  1,
		"-listen x -own /nowhere/a -peer b -psk":   1,
		"-new /nowhere/a":                          1,
	} {
		var stderr bytes.Buffer
		if code := run(strings.Fields(args), io.Discard, &stderr); code != want || stderr.Len() == 0 {
			t.Errorf("%s: status %d, want %d: %s", args, code, want, &stderr)
		}
	}
}
