package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/kats/vectors"
)

// A result is what a call of the program returns and prints.
type result struct {
	code           int
	stdout, stderr string
}

// call runs a command line. Its arguments must not contain spaces.
func call(stdin string, terminal bool, line string) result {
	var stdout, stderr bytes.Buffer
	code := run(env{strings.NewReader(stdin), &stdout, &stderr, terminal}, strings.Fields(line))
	return result{code, stdout.String(), stderr.String()}
}

// ok runs a command line that must succeed, and returns its output.
func ok(t *testing.T, stdin, line string) string {
	t.Helper()
	r := call(stdin, false, line)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%s: exit status %d: %s", line, r.code, r.stderr)
	}
	return r.stdout
}

// fails runs a command line that must fail.
func fails(t *testing.T, stdin, line string, code int, want string) {
	t.Helper()
	r := call(stdin, false, line)
	if r.code != code || r.stdout != "" || !strings.HasPrefix(r.stderr, "kemtool: ") || !strings.Contains(r.stderr, want) {
		t.Errorf("%s: exit status %d, %q, %q; want %d, %q", line, r.code, r.stdout, r.stderr, code, want)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExchange(t *testing.T) {
	names := strings.Fields(ok(t, "", "kems"))
	if len(names) != len(hybridkem.All()) {
		t.Fatalf("kems lists %d names", len(names))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			k, err := hybridkem.ByName(name)
			if err != nil {
				t.Fatal(err)
			}

			// Through files.
			if out := ok(t, "", "keygen -kem "+name+" -o alice.pem"); out != "" {
				t.Errorf("keygen -o writes %q", out)
			}
			ok(t, "", "pub -o alice.pub alice.pem")
			ok(t, "", "encap -secret bob.key -o message alice.pub")
			ok(t, "", "decap -key alice.pem -o alice.key message")
			sharedKey := read(t, "bob.key")
			if len(sharedKey) != k.SharedKeySize() || read(t, "alice.key") != sharedKey {
				t.Error("the shared keys differ")
			}
			for file, perm := range map[string]os.FileMode{"alice.pem": 0o600, "alice.key": 0o600, "bob.key": 0o600} {
				if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != perm {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}

			// Through pipes.
			private := read(t, "alice.pem")
			public := ok(t, private, "pub")
			if public != read(t, "alice.pub") {
				t.Error("pub gives different files")
			}
			message := ok(t, public, "encap -secret carol.key -")
			if got := ok(t, message, "decap -key alice.pem"); got != read(t, "carol.key") {
				t.Error("the shared keys differ through pipes")
			}
			if got := ok(t, private, "decap -key - message"); got != sharedKey {
				t.Error("the shared keys differ with the private key from a pipe")
			}

			// inspect names the KEM and shows no secret.
			for _, file := range []string{private, public} {
				description := ok(t, file, "inspect")
				if !strings.Contains(description, " key of "+k.Name()+"\n") {
					t.Errorf("inspect does not name the KEM: %s", description)
				}
				block, _ := pem.Decode([]byte(private))
				for _, form := range []string{hex.EncodeToString(block.Bytes[len(block.Bytes)-k.SeedSize():]), base64.StdEncoding.EncodeToString(block.Bytes)} {
					if strings.Contains(description, form[len(form)-8:]) {
						t.Errorf("inspect shows a secret: %s", description)
					}
				}
			}

			// Wrong inputs are refused.
			fails(t, public, "pub", 1, "not a private key")
			fails(t, private, "encap -f -secret x", 1, "not a public key")
			fails(t, message[1:], "decap -key alice.pem", 1, "ciphertext has ")
			fails(t, message, "decap -key alice.pub", 1, "not a private key")
			block, _ := pem.Decode([]byte(private))
			block.Bytes = block.Bytes[1:]
			fails(t, string(pem.EncodeToMemory(block)), "pub", 1, "standard input: ")
			fails(t, private+public, "pub", 1, "more than one PEM block")
		})
	}
}

func TestOverwriting(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	first := read(t, "key")
	fails(t, "", "keygen -o key", 1, "key exists; -f writes over it")
	if read(t, "key") != first {
		t.Fatal("the key was written over")
	}
	if err := os.Chmod("key", 0o644); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "keygen -f -o key")
	if read(t, "key") == first {
		t.Error("-f does not write over the key")
	}
	if info, err := os.Stat("key"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("a key that was written over: %v, %v", info.Mode(), err)
	}
	public := ok(t, "", "pub key")
	fails(t, public, "encap -secret key", 1, "key exists")
	fails(t, "", "keygen -f -o no/such/key", 1, "")
	fails(t, "", "keygen -o no/such/key", 1, "")
	fails(t, public, "encap -o message -secret no/such/key", 1, "")
	if _, err := os.Stat("message"); err == nil {
		t.Error("a ciphertext is left whose shared key is not")
	}
	if err := os.Mkdir("directory", 0o755); err != nil {
		t.Fatal(err)
	}
	fails(t, "", "keygen -f -o directory", 1, "")
	if files, err := filepath.Glob(".kemtool-*"); err != nil || files != nil {
		t.Errorf("left behind: %v", files)
	}
}

func TestTerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	public := ok(t, "", "pub key")
	message := ok(t, public, "encap -secret bob.key")
	for _, test := range []struct {
		line, stdin string
		shown       bool
	}{
		{"keygen", "", false},
		{"keygen -o -", "", true},
		{"keygen -o file", "", true},
		{"pub key", "", true},
		{"encap -secret new.key", public, false},
		{"encap -f -secret new.key -o -", public, true},
		{"decap -key key", message, false},
		{"decap -key key -o -", message, true},
		{"inspect key", "", true},
		{"kems", "", true},
	} {
		r := call(test.stdin, true, test.line)
		if test.shown && (r.code != 0 || r.stderr != "") {
			t.Errorf("%s: %s", test.line, r.stderr)
		}
		if !test.shown && (r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "terminal")) {
			t.Errorf("%s: exit status %d, %q, %q", test.line, r.code, r.stdout, r.stderr)
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if file, err := os.Open("key"); err != nil || isTerminal(file) || isTerminal(null) {
		t.Errorf("a file or the null device is a terminal: %v", err)
	}
}

func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub -o pub key")
	for _, line := range []string{
		"open", "keygen key", "keygen -x", "keygen -kem", "keygen -kem X25519", "pub key key", "encap pub",
		"encap -secret - pub", "encap -secret - -o - pub", "decap pub", "decap -key - -", "decap -key -", "inspect key key", "kems X-Wing",
	} {
		fails(t, "", line, 2, "usage:")
	}
	for _, line := range []string{"help", "-h", "--help", "keygen -h", "decap -help"} {
		if out := ok(t, "", line); out != usage {
			t.Errorf("%s writes %q", line, out)
		}
	}
	if r := call("", false, ""); r.code != 2 || r.stderr != usage {
		t.Errorf("without arguments: exit status %d, %q", r.code, r.stderr)
	}
	for _, test := range []struct{ stdin, line, want string }{
		{"", "pub nothing", "nothing"},
		{"", "pub", "standard input: no PEM block"},
		{strings.Repeat("x", maxInput+1), "pub", "standard input: too long"},
		{"", "decap -key nothing", "nothing"},
		{"", "decap -key key nothing", "nothing"},
		{"-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n", "pub", `"EC PRIVATE KEY"`},
		{"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "inspect", `"CERTIFICATE"`},
		{"-----BEGIN MLKEM768-P256 PUBLIC KEY-----\nA: b\n\n-----END MLKEM768-P256 PUBLIC KEY-----\n", "inspect", "headers"},
	} {
		fails(t, test.stdin, test.line, 1, test.want)
	}
}

// TestExpanded uses a key of RFC 9935 that has no seed.
func TestExpanded(t *testing.T) {
	t.Chdir(t.TempDir())
	type file struct {
		Set  string
		Form string `json:",omitempty"`
		DER  vectors.Hex
	}
	files, err := vectors.Read[file]("keyformat_mlkem.jsonl", 19)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files[:2] {
		b := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: f.DER})
		if err := os.WriteFile(f.Form, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	public := ok(t, "", "pub expanded")
	if public != ok(t, "", "pub seed") {
		t.Error("the seed has another public key")
	}
	message := ok(t, public, "encap -secret key")
	if ok(t, message, "decap -key expanded") != read(t, "key") {
		t.Error("the shared keys differ")
	}
	if out := ok(t, "", "inspect expanded"); !strings.HasPrefix(out, "expanded private key, without its seed, of ML-KEM-512\n") {
		t.Errorf("inspect writes %q", out)
	}
}

// TestForms checks the file formats that no document defines.
func TestForms(t *testing.T) {
	for _, k := range hybridkem.All() {
		dk, err := k.NewDecapsulationKey(make([]byte, k.SeedSize()))
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		private, err1 := marshalPrivateKey(dk)
		public, err2 := marshalPublicKey(ek)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		again, err := parseKey(private)
		if err != nil || !dk.Equal(again) {
			t.Errorf("%s: the private key: %v", k.Name(), err)
		}
		if again, err := parseKey(public); err != nil || !ek.Equal(again) {
			t.Errorf("%s: the public key: %v", k.Name(), err)
		}
		block, _ := pem.Decode(public)
		if label := k.Name() + " PUBLIC KEY"; block.Type != "PUBLIC KEY" && (block.Type != label || !bytes.Equal(block.Bytes, ek.Bytes())) {
			t.Errorf("%s: the public key is in a block %q", k.Name(), block.Type)
		}
	}
}
