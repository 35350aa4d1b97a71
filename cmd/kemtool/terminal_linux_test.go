package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new terminal.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return screen, terminal
}

// TestPassphrase types a passphrase at a terminal. It is not echoed, and an interrupt turns the echo on again.
func TestPassphrase(t *testing.T) {
	key, err := filepath.Abs("../../keyfile/testdata/keys/openssl-3.6-encrypted-768.pem")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "key", read(t, key))
	for _, test := range []struct {
		typed        string
		status       int
		stdout       string
		stderr       string
		alsoTerminal bool // whether standard output is the terminal
	}{
		{"secret\n", 0, "-----BEGIN PUBLIC KEY-----\n", "", false},
		{"Secret\n", 1, "", "kemtool pub: key: wrong passphrase, or a damaged file\n", false},
		{"\x03", 130, "", "", false},
		{"secret\n", 0, "", "", true},
	} {
		screen, terminal := openTerminal(t)
		var stdout, stderr bytes.Buffer
		c := command("pub", "key")
		c.Stdout, c.Stderr, c.ExtraFiles = &stdout, &stderr, []*os.File{terminal}
		if test.alsoTerminal {
			c.Stdout = terminal
		}
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		shown := readUntil(t, screen, "Passphrase for key: ")
		waitFor(t, func() bool { return !echoes(t, terminal) })
		screen.WriteString(test.typed)
		if err := c.Wait(); c.ProcessState.ExitCode() != test.status || !strings.HasPrefix(stdout.String(), test.stdout) || stderr.String() != test.stderr {
			t.Errorf("%q: %v, %q, %q", test.typed, err, stdout.String(), stderr.String())
		}
		if !echoes(t, terminal) {
			t.Errorf("%q: the terminal does not echo any more", test.typed)
		}
		if test.alsoTerminal {
			shown += readUntil(t, screen, "-----END PUBLIC KEY-----")
		}
		if strings.Contains(shown, "secret") {
			t.Errorf("the passphrase is echoed: %q", shown)
		}
	}
}

// TestRealTerminal checks that a terminal is known as one.
func TestRealTerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	screen, terminal := openTerminal(t)
	var stderr bytes.Buffer
	c := command("keygen")
	c.Stdout, c.Stderr = terminal, &stderr
	if err := c.Run(); err == nil || !strings.Contains(stderr.String(), "a private key is not written to a terminal") {
		t.Errorf("%v, %s", err, stderr.String())
	}
	for _, name := range []string{terminal.Name(), "/dev/stdout", "/proc/self/fd/1"} {
		for _, flag := range []string{"-o", "--secret"} {
			args := []string{"keygen", "-o", name}
			if flag == "--secret" {
				args = []string{"encap", "-o", "message", flag, name, "public"}
			}
			stderr.Reset()
			c := command(args...)
			c.Stdout, c.Stderr = terminal, &stderr
			if err := c.Run(); err == nil || !strings.Contains(stderr.String(), "is not written to a terminal; name a file with "+flag) {
				t.Errorf("%q: %v, %s", args, err, stderr.String())
			}
		}
	}
	c = command("keygen", "-o", "-")
	c.Stdout = terminal
	if err := c.Run(); err != nil {
		t.Error(err)
	}
	readUntil(t, screen, "-----END PRIVATE KEY-----")

	// Control characters are not shown, whatever the name of the terminal is.
	ok(t, "\x1b[2J", "seal -r public -o escape.age")
	stderr.Reset()
	c = command("open", "-i", "key", "-o", terminal.Name(), "escape.age")
	c.Stderr = &stderr
	if err := c.Run(); err == nil || !strings.Contains(stderr.String(), "not text") {
		t.Errorf("%v, %s", err, stderr.String())
	}
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// readUntil reads what a terminal shows until a text comes, for at most ten seconds.
func readUntil(t *testing.T, screen *os.File, text string) (shown string) {
	t.Helper()
	timer := time.AfterFunc(10*time.Second, func() { screen.Close() })
	defer timer.Stop()
	b := make([]byte, 4096)
	for !strings.Contains(shown, text) {
		n, err := screen.Read(b)
		shown += string(b[:n])
		if err != nil {
			t.Fatalf("the terminal shows %q, %v; want %q", shown, err, text)
		}
	}
	return shown
}
