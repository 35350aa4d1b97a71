package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
)

// What kemtool keygen wrote.
const (
	kemtoolKey = `-----BEGIN PRIVATE KEY-----
MDQCAQAwDQYLKwYBBAGD5i2ByHoEIKcLU8505LFHUnoUh0JArrSorTYfvC7yGq5q
+UKOiafx
-----END PRIVATE KEY-----
`
	kemtoolMLKEM = `-----BEGIN PRIVATE KEY-----
MFQCAQAwCwYJYIZIAWUDBAQCBEKAQPCb+2e1PuK11yIAbFY/tShGDt5k1k91DYGa
e7bzC4fufKxY7CUKABp5qUrJlwBN7jDfAkG/a/i1flw5BeK4BRQ=
-----END PRIVATE KEY-----
`
)

func publicPEM(t *testing.T, key kem.EncapsulationKey) string {
	t.Helper()
	pem, err := keyfile.MarshalPublicKeyPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem)
}

// readDir returns the contents of the files in dir.
func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(b)
	}
	return files
}

func TestNewKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	quiet := log.New(io.Discard, "", 0)
	key, err := loadKey(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]fs.FileMode{file: 0o600, file + ".pub": 0o644} {
			info, err := os.Stat(name)
			if err != nil || info.Mode() != want {
				t.Errorf("%s: mode %v, %v, want %v", name, info.Mode(), err, want)
			}
		}
	}
	files := readDir(t, dir)
	if len(files) != 2 || files["key.pub"] != publicPEM(t, key.EncapsulationKey()) {
		t.Errorf("wrong files: %v", slices.Collect(maps.Keys(files)))
	}
	again, err := loadKey(file, quiet)
	if err != nil || !again.Equal(key) {
		t.Errorf("the second start: another key, or %v", err)
	}
	if !maps.Equal(readDir(t, dir), files) {
		t.Error("the second start changed the files")
	}

	// What is left of a start that was killed between the two files is completed.
	if err := os.Remove(file + ".pub"); err != nil {
		t.Fatal(err)
	}
	if again, err := loadKey(file, quiet); err != nil || !again.Equal(key) {
		t.Errorf("without its public key: another key, or %v", err)
	}
	if !maps.Equal(readDir(t, dir), files) {
		t.Error("the public key was not made again")
	}
}

func TestForeignKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	for _, text := range []string{kemtoolKey, strings.ReplaceAll(kemtoolKey, "\n", "\r\n"), "my key:\n" + kemtoolKey + "keep it\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := loadKey(file, log.New(t.Output(), "", 0))
		if err != nil {
			t.Fatal(err)
		}
		dk, err := keyfile.ParsePrivateKeyPEM([]byte(kemtoolKey))
		if err != nil || !key.Equal(dk) {
			t.Errorf("another key, or %v", err)
		}
	}
}

// TestBadKeyFiles checks that files which are no key pair give an error, and that nothing changes.
func TestBadKeyFiles(t *testing.T) {
	dk, err := keyfile.ParsePrivateKeyPEM([]byte(kemtoolKey))
	if err != nil {
		t.Fatal(err)
	}
	pub := publicPEM(t, dk.PublicKey())
	mlkemKey, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	mlkemPub := publicPEM(t, mlkemKey.EncapsulationKey())
	const none = "" // no file
	for name, test := range map[string]struct{ key, pub, want string }{
		"32 raw bytes":           {"\x8f\xf0\x91\x03" + strings.Repeat("s", 28), none, "key: keyfile: the file is perhaps a raw seed of X-Wing, not in PEM"},
		"64 hexadecimal digits":  {strings.Repeat("5a", 32) + "\n", none, "key: keyfile: no PEM block"},
		"32 hexadecimal digits":  {strings.Repeat("5a", 16), none, "key: keyfile: the file is perhaps a raw seed of X-Wing, not in PEM"},
		"31 letters":             {strings.Repeat("correcthorse", 3)[:31] + "\n", none, "key: keyfile: the file is perhaps a raw seed of X-Wing, not in PEM"},
		"a line feed":            {"\n", none, "key: keyfile: no PEM block"},
		"truncated":              {kemtoolKey[:100], none, "key: keyfile: a damaged PEM block"},
		"a public key":           {pub, none, `key: keyfile: no PEM block "PRIVATE KEY", but "PUBLIC KEY"`},
		"two keys":               {kemtoolKey + kemtoolKey, none, "key: keyfile: more than one PEM block"},
		"ML-KEM":                 {kemtoolMLKEM, none, "key: a key of ML-KEM-768, not of X-Wing"},
		"no private key":         {none, pub, "key.pub exists, but not its private key"},
		"another public key":     {kemtoolKey, publicPEM(t, newKey(t).EncapsulationKey()), "key.pub does not hold the public key of "},
		"ML-KEM public key":      {kemtoolKey, mlkemPub, "key.pub: a key of ML-KEM-768, not of X-Wing"},
		"truncated public key":   {kemtoolKey, pub[:1000], "key.pub: keyfile: a damaged PEM block"},
		"private key in its pub": {kemtoolKey, kemtoolKey, `key.pub: keyfile: no PEM block "PUBLIC KEY", but "PRIVATE KEY"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			before := map[string]string{}
			for name, text := range map[string]string{"key": test.key, "key.pub": test.pub} {
				if text == none {
					continue
				}
				before[name] = text
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := loadKey(filepath.Join(dir, "key"), log.New(t.Output(), "", 0))
			checkError(t, "loadKey", err, test.want)
			if !maps.Equal(readDir(t, dir), before) {
				t.Error("the files changed")
			}
		})
	}
}

// TestKeyImpossible checks that no file stays of a pair that cannot be made.
func TestKeyImpossible(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]string{
		"no folder":                filepath.Join(dir, "missing", "key"),
		"name too long with .pub":  filepath.Join(dir, strings.Repeat("k", 253)),
		"folder in place of a key": dir,
	} {
		if _, err := loadKey(file, log.New(t.Output(), "", 0)); err == nil {
			t.Errorf("%s: no error", name)
		}
		checkEmpty(t, dir)
	}
}

func TestOthersMayRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no mode bits")
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(kemtoolKey), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		if _, err := loadKey(file, log.New(&stderr, "", 0)); err != nil {
			t.Fatal(err)
		}
		if got := strings.HasPrefix(stderr.String(), "warning: others may open the private key "); got != warned {
			t.Errorf("mode %v: got %q", mode, &stderr)
		}
	}
}

// TestCreateFails checks that a file that cannot be filled does not appear.
func TestCreateFails(t *testing.T) {
	dir := t.TempDir()
	full := errors.New("disk full")
	err := create(filepath.Join(dir, "file"), 0o600, func(w io.Writer) error {
		w.Write([]byte("half"))
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got error %v", err)
	}
	checkEmpty(t, dir)
}

// command returns the program as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), "HANDSHAKE_MAIN=1")
	return cmd
}

func TestMain(m *testing.M) {
	if os.Getenv("HANDSHAKE_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestKilledStart kills servers while they make their keys. The next start succeeds.
func TestKilledStart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	killed := 0
	for i := range 20 {
		dir := t.TempDir()
		file := filepath.Join(dir, "key")
		cmd := command(t, "-listen", "127.0.0.1:0", "-key", file, "-out", filepath.Join(dir, "out"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if missing(file + ".pub") {
			killed++
		}
		if _, err := loadKey(file, log.New(t.Output(), "", 0)); err != nil {
			t.Errorf("the next start: %v", err)
		}
	}
	if killed == 0 {
		t.Error("each server was faster than its signal")
	}
}
