//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals checks that whatever ends a server by a signal leaves no plaintext behind.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			if testing.Short() {
				t.Skip("starts another program")
			}
			// A program that is started must not inherit that the signal is ignored, as under nohup.
			signal.Notify(make(chan os.Signal, 1), sig)
			defer signal.Reset(sig)
			dir, keys := t.TempDir(), t.TempDir()
			file := filepath.Join(keys, "key")
			cmd := command(t, "-listen", "127.0.0.1:0", "-key", file, "-out", filepath.Join(dir, "out"))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			var addr string
			for lines := bufio.NewScanner(stdout); addr == "" && lines.Scan(); {
				if after, ok := strings.CutPrefix(lines.Text(), "server: listening on "); ok {
					addr = strings.TrimSpace(after)
				}
			}
			stdout.Close() // a server that nobody watches goes on
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			pinned, err := readPublicKey(file + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			session, err := clientHandshake(conn, pinned)
			if err != nil {
				t.Fatal(err)
			}
			session.out.write(recordSize, sizeRecord(1e6))
			session.out.write(recordData, []byte(strings.Repeat("x", maxData)))
			partial := false
			for range 1000 {
				if entries, _ := os.ReadDir(dir); len(entries) > 0 {
					partial = true
					break
				}
				time.Sleep(time.Millisecond)
			}
			if !partial {
				t.Error("there is no file to remove")
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if kind, _, err := session.in.read(); kind != recordRefusal || err != nil {
				t.Errorf("the client got a record of type %d, error %v", kind, err)
			}
			conn.Close()
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 1 || stderr.String() != "handshake: interrupted\n" {
				t.Errorf("got status %d and %q", code, &stderr)
			}
			checkEmpty(t, dir)
		})
	}
}

// TestFIFO sends a FIFO, which nobody writes to. Nothing may wait for its other end.
func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	fifo, key := filepath.Join(dir, "fifo"), filepath.Join(dir, "key")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKey(key, log.New(io.Discard, "", 0)); err != nil {
		t.Fatal(err)
	}
	start(t.Context(), "-connect", "127.0.0.1:1", "-server-key", key+".pub", "-send", fifo).wait(t, 1, "handshake: "+fifo+" is not a regular file")
}
