package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"hybridkem"
)

// TestMain runs kemtool itself, if the environment asks for it: tests of signals and terminals
// need a process.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_KEMTOOL") != "" {
		main()
	}
	os.Exit(m.Run())
}

// command returns kemtool as a process.
func command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "RUN_KEMTOOL=1")
	return c
}

// A result is what a call of the program returns and prints.
type result struct {
	status         int
	stdout, stderr string
}

// call runs a command line. Its arguments must not contain spaces.
func call(stdin string, terminal bool, line string) result {
	return callArgs(stdin, terminal, strings.Fields(line)...)
}

func callArgs(stdin string, terminal bool, args ...string) result {
	var stdout, stderr bytes.Buffer
	ask := func(string) ([]byte, error) { return nil, errors.New("no terminal") }
	t := &tool{env: env{strings.NewReader(stdin), &stdout, &stderr, terminal, ask}}
	status := t.run(args)
	return result{status, stdout.String(), stderr.String()}
}

// ok runs a command line that must succeed without a warning, and returns its output.
func ok(t *testing.T, stdin, line string) string {
	t.Helper()
	r := call(stdin, false, line)
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("kemtool %s: exit status %d: %s", line, r.status, r.stderr)
	}
	return r.stdout
}

// fails runs a command line that must fail, print nothing but want and leave no new file.
func fails(t *testing.T, stdin, line string, status int, want string) {
	t.Helper()
	before := filesHere(t)
	r := call(stdin, false, line)
	if r.status != status || r.stdout != "" || !strings.HasPrefix(r.stderr, "kemtool") || !strings.Contains(r.stderr, want) {
		t.Errorf("kemtool %s: exit status %d, %q, %q; want %d, %q", line, r.status, r.stdout, r.stderr, status, want)
	}
	if after := filesHere(t); !slices.Equal(before, after) {
		t.Errorf("kemtool %s: the files were %q, and are %q", line, before, after)
	}
}

// filesHere returns the names of all files in the directory.
func filesHere(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, contents string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(contents), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkMode checks the permissions of a file.
func checkMode(t *testing.T, name string, want os.FileMode) {
	t.Helper()
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
		t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
	}
}

func TestExchange(t *testing.T) {
	names := strings.Fields(ok(t, "", "kems -q"))
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
			if out := ok(t, "", "keygen --transcript-only --kem "+name+" -o alice.pem"); out != "" {
				t.Errorf("keygen -o writes %q", out)
			}
			ok(t, "", "pub alice.pem -o alice.pub")
			ok(t, "", "encap alice.pub --transcript-only --secret bob.key -o message")
			ok(t, "", "decap message --transcript-only --key alice.pem --output=alice.key")
			sharedKey := read(t, "bob.key")
			if len(sharedKey) != k.SharedKeySize() || read(t, "alice.key") != sharedKey {
				t.Error("the shared keys differ")
			}
			for _, file := range []string{"alice.pem", "alice.key", "bob.key"} {
				checkMode(t, file, 0o600)
			}

			// Through pipes.
			private := read(t, "alice.pem")
			public := ok(t, private, "pub")
			if public != read(t, "alice.pub") {
				t.Error("pub gives different files")
			}
			message := ok(t, public, "encap --transcript-only -s carol.key -")
			if got := ok(t, message, "decap --transcript-only -i alice.pem"); got != read(t, "carol.key") {
				t.Error("the shared keys differ through pipes")
			}
			if got := ok(t, private, "decap --transcript-only -key - message"); got != sharedKey {
				t.Error("the shared keys differ with the private key from a pipe")
			}
			if got := ok(t, public, "encap --transcript-only --secret - -o message2"); got != ok(t, "", "decap --transcript-only --key alice.pem message2") {
				t.Error("the shared keys differ with the secret to a pipe")
			}

			// inspect names the KEM and shows no secret.
			for file, kind := range map[string]string{private: "private", public: "public"} {
				description := ok(t, file, "inspect")
				if !strings.HasPrefix(description, "a "+kind+" key of "+k.Name()+"\n") {
					t.Errorf("inspect does not name the KEM: %s", description)
				}
				block, _ := pem.Decode([]byte(private))
				for _, form := range []string{hex.EncodeToString(block.Bytes[len(block.Bytes)-k.SeedSize():]), base64.StdEncoding.EncodeToString(block.Bytes)} {
					if strings.Contains(description, form[len(form)-8:]) {
						t.Errorf("inspect shows a secret: %s", description)
					}
				}
			}

			// convert has nothing to do.
			if again := ok(t, private, "convert"); again != private {
				t.Errorf("convert writes %q", again)
			}
			if again := ok(t, public, "convert"); again != public {
				t.Errorf("convert writes %q", again)
			}

			// Wrong inputs are refused.
			fails(t, public, "pub", 1, "standard input: holds a public key, and no private key of a KEM")
			fails(t, private, "encap --secret x", 1, "holds a private key, and no public key of a KEM; kemtool pub makes")
			fails(t, message[1:], "decap --transcript-only --key alice.pem", 1, "; a ciphertext of "+name+" has ")
			fails(t, message, "decap --key alice.pub", 1, "alice.pub: holds a public key, and no private key of a KEM")
			block, _ := pem.Decode([]byte(private))
			block.Bytes = block.Bytes[1:]
			fails(t, string(pem.EncodeToMemory(block)), "pub", 1, "standard input: ")
			fails(t, private+private, "pub", 1, "holds a private key (2 times); leave one private key in the file")
		})
	}
}

// TestTranscriptOnly lists the KEMs that are refused without the flag.
func TestTranscriptOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	marked := []string{}
	for line := range strings.Lines(ok(t, "", "kems")) {
		if strings.Contains(line, "--transcript-only") {
			marked = append(marked, strings.Fields(line)[0])
		}
	}
	want := []string{"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM512X25519", "SecP256r1MLKEM512",
		"mlkem768x25519-sha256", "mlkem768nistp256-sha256", "mlkem1024nistp384-sha384"}
	if !slices.Equal(marked, want) {
		t.Errorf("kems marks %q", marked)
	}
	for _, name := range want {
		fails(t, "", "keygen --kem "+name, 2, name+" is for TLS and SSH")
		private := ok(t, "", "keygen --transcript-only --kem "+name)
		public := ok(t, private, "pub")
		fails(t, public, "encap --secret x", 2, name+" is for TLS and SSH")
		message := ok(t, public, "encap --transcript-only --secret /dev/null")
		write(t, "message", message)
		fails(t, private, "decap --key - message", 2, name+" is for TLS and SSH")
	}
}

const x25519 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"

// TestMistakes lists what people type, and the answers.
func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, line := range []string{"keygen -o alice.pem", "keygen --kem ML-KEM-768 -o bob.pem", "pub alice.pem -o alice.pub", "pub bob.pem -o bob.pub",
		"encap --secret secret -o message alice.pub", "encap --secret secret768 -o message768 bob.pub"} {
		ok(t, "", line)
	}
	write(t, "x25519.pem", x25519)
	write(t, "cut", read(t, "message")[1:])
	write(t, "long", read(t, "message")+"\n")
	write(t, "mislabelled", strings.ReplaceAll(read(t, "alice.pem"), "PRIVATE", "PUBLIC"))
	write(t, "letter", "hello\n")
	ok(t, "", "seal -r alice.pub letter -o sealed")
	write(t, "empty", "")
	write(t, "utf16", "\xff\xfe-\x00-\x00")
	write(t, "old", "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END PRIVATE KEY-----\n")
	write(t, "damaged", read(t, "alice.pem")[:100])
	write(t, "ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
	write(t, "ec", "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n")

	write(t, "utf16le", "-\x00-\x00-\x00-\x00-\x00B\x00")
	write(t, "kem", "")
	write(t, "digits", "0123456789")
	write(t, "alice.der", ok(t, "", "convert --der alice.pem")+"\n")
	write(t, "cut.der", read(t, "alice.der")[:53])
	write(t, "null.der", "\x30\x03\x04\x01\xff")
	write(t, "seed", "\x30\x1e\x02\x01\x00\x30\x00\x04\x17"+strings.Repeat("\xff", 23)) // like a private key in DER
	write(t, "seed.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(read(t, "seed"))})))
	write(t, "many", strings.Repeat("-----BEGIN PUBLIC KEY-----\nMAcwAAMDAAAA\n-----END PUBLIC KEY-----\n", 10000))
	kinds := ""
	for _, label := range strings.Fields("A B C D D E F G") {
		kinds += "-----BEGIN " + label + "-----\nAAAA\n-----END " + label + "-----\n"
	}
	write(t, "kinds", kinds)
	write(t, "two", x25519+x25519)
	write(t, "big", strings.Repeat("x", maxInput+1))

	for _, test := range []struct {
		line   string
		status int
		want   string // the first line
	}{
		{"keygen alice2.pem", 2, "kemtool keygen: keygen takes no file name; to write the key to alice2.pem, use -o alice2.pem"},
		{"keygen ml-kem-768", 2, "kemtool keygen: the name of the KEM goes with --kem: kemtool keygen --kem ml-kem-768"},
		{"keygen --kem xwing", 2, `kemtool keygen: no KEM is named "xwing"; did you mean X-Wing? the names are X-Wing, ML-KEM-512, `},
		{"keygen -kem mlkem-768", 2, `kemtool keygen: no KEM is named "mlkem-768"; did you mean ML-KEM-768? the names are `},
		{"keygen --kem X25519", 2, `kemtool keygen: no KEM is named "X25519"; `},
		{"keygen -x", 2, "kemtool keygen: unknown shorthand flag: 'x' in -x"},
		{"keygen --kem", 2, "kemtool keygen: flag needs an argument: --kem"},
		{"keygen -o alice.pem", 1, "kemtool keygen: alice.pem exists; -f overwrites it"},
		{"keygen -o .", 1, "kemtool keygen: . is a directory"},
		{"keygen -o new/", 1, "kemtool keygen: new/: no file can be made in new: no such file or directory"},
		{"keygen -o no/such/key", 1, "kemtool keygen: no/such/key: no file can be made in no/such: no such file or directory"},
		{"pub alice.pem new.pub", 2, "kemtool pub: too many arguments: alice.pem new.pub; outputs go with -o"},
		{"pub alice.pub", 1, "kemtool pub: alice.pub: holds a public key, and no private key of a KEM"},
		{"pub nothing", 1, "kemtool pub: open nothing: no such file or directory"},
		{"pub .", 1, "kemtool pub: . is a directory"},
		{"pub empty", 1, "kemtool pub: empty: the file is empty"},
		{"pub letter", 1, "kemtool pub: letter: neither a key in PEM or DER nor one of age, and nothing of a KEM has its length, 6 bytes"},
		{"pub sealed", 1, "kemtool pub: sealed: encrypted in the age format; kemtool open decrypts it"},
		{"pub utf16", 1, "kemtool pub: utf16: text in UTF-16, as PowerShell's > writes it; write files with -o, or save it as UTF-8"},
		{"pub utf16le", 1, "kemtool pub: utf16le: text in UTF-16, as PowerShell's > writes it"},
		{"open -i alice.pem -o new utf16le", 1, "kemtool open: utf16le: damaged, as by PowerShell's >"},
		{"pub kem", 1, "kemtool pub: kem: the file is empty"},
		{"pub digits", 1, "kemtool pub: digits: neither a key in PEM or DER nor one of age, and nothing of a KEM has its length, 10 bytes"},
		{"pub alice.der", 1, "kemtool pub: alice.der: a private key, with trailing data: its length is 54 bytes, and the file has 55"},
		{"pub cut.der", 1, "kemtool pub: cut.der: 53 bytes that begin like a key in DER, and are damaged or cut short"},
		{"pub null.der", 1, "kemtool pub: null.der: a file in DER, but none that kemtool knows"},
		{"pub seed", 1, "kemtool pub: seed: no key file, but 32 bytes, the length of a shared key of X-Wing, "},
		{"pub seed.pem", 1, `kemtool pub: seed.pem: the block "PRIVATE KEY": no key file, but 32 bytes, the length of a shared key of X-Wing, `},
		{"inspect seed.pem", 1, `kemtool inspect: seed.pem: the block "PRIVATE KEY": no key file, but 32 bytes`},
		{"pub many", 1, "kemtool pub: many: holds a public key (10000 times), and no private key of a KEM"},
		{"pub kinds", 1, `kemtool pub: kinds: holds a block "A", a block "B", a block "C", a block "D" (2 times), a block "E" and more, and no private key of a KEM`},
		{"pub two", 1, "kemtool pub: two: holds a private key (2 times); leave one private key in the file"},
		{"pub old", 1, `kemtool pub: old: the block "PRIVATE KEY" has headers, as old encrypted keys have; openssl pkcs8 -topk8 converts them`},
		{"pub damaged", 1, "kemtool pub: damaged: a damaged PEM block"},
		{"pub ssh", 1, `kemtool pub: ssh: holds a block "OPENSSH PRIVATE KEY", and no private key of a KEM`},
		{"pub ec", 1, `kemtool pub: ec: holds an elliptic-curve private key (SEC 1), and no private key of a KEM`},
		{"pub message", 1, "kemtool pub: message: no key file, but 1120 bytes, the length of a ciphertext of X-Wing, "},
		{"pub x25519.pem", 1, "kemtool pub: x25519.pem: the key is for X25519 (1.3.101.110), not for a supported KEM"},
		{"encap -s new mislabelled", 1, `kemtool encap: mislabelled: the block "PUBLIC KEY" holds a private key; take care of it as of a private key, and correct the label`},
		{"encap -s new alice.pem", 1, "kemtool encap: alice.pem: holds a private key, and no public key of a KEM; kemtool pub makes the public key of a private one"},
		{"encap -s new x25519.pem", 1, "kemtool encap: x25519.pem: holds a private key, and no public key of a KEM; kemtool pub makes the public key of a private one"},
		{"encap alice.pub", 2, "kemtool encap: --secret is missing: where to put the shared key"},
		{"encap alice.pub new", 2, "kemtool encap: --secret is missing: where to put the shared key"},
		{"encap --secret new alice.pub new2", 2, "kemtool encap: too many arguments: alice.pub new2; outputs go with -o"},
		{"encap --secret - alice.pub", 2, "kemtool encap: the shared key and the ciphertext would both go to standard output"},
		{"encap --secret - -o - alice.pub", 2, "kemtool encap: the shared key and the ciphertext would both go to standard output"},
		{"encap --secret new -o new alice.pub", 2, "kemtool encap: new and new are the same file"},
		{"encap --secret new -o ./new alice.pub", 2, "kemtool encap: new and ./new are the same file"},
		{"encap -f --secret secret -o new alice.pub", 1, "kemtool encap: secret exists; --force-secret overwrites it"},
		{"encap --force-secret --secret secret -o message alice.pub", 1, "kemtool encap: message exists; -f overwrites it"},
		{"decap alice.pem message", 2, "kemtool decap: no private key: name its file with --key"},
		{"decap message", 2, "kemtool decap: no private key: name its file with --key"},
		{"decap --key alice.pem message cut", 2, "kemtool decap: too many arguments: message cut; outputs go with -o"},
		{"decap --key - -", 2, "kemtool decap: only one input can come from standard input"},
		{"decap --key -", 2, "kemtool decap: only one input can come from standard input"},
		{"seal -r - -", 2, "kemtool seal: only one input can come from standard input"},
		{"open -i - -i - sealed.age", 2, "kemtool open: only one input can come from standard input"},
		{"pub --passphrase-file -", 2, "kemtool pub: only one input can come from standard input"},
		{"decap --key alice.pem cut", 1, "kemtool decap: cut: 1119 bytes; a ciphertext of X-Wing has 1120"},
		{"decap --key alice.pem long", 1, "kemtool decap: long: 1121 bytes; a ciphertext of X-Wing has 1120"},
		{"decap --key alice.pem message768", 1, "kemtool decap: message768: 1088 bytes; a ciphertext of X-Wing has 1120, and one of ML-KEM-768 has this length"},
		{"decap --key bob.pem message", 1, "kemtool decap: message: 1120 bytes; a ciphertext of ML-KEM-768 has 1088, and one of X-Wing, X25519MLKEM768, mlkem768x25519-sha256, 2 more KEMs has this length"},
		{"decap --key alice.pem alice.pub", 1, "kemtool decap: alice.pub: holds a public key, and no ciphertext"},
		{"decap --key alice.pem sealed", 1, "kemtool decap: sealed: encrypted in the age format; kemtool open decrypts it"},
		{"decap --key alice.pub message", 1, "kemtool decap: alice.pub: holds a public key, and no private key of a KEM"},
		{"inspect alice.pem bob.pem", 2, "kemtool inspect: too many arguments: alice.pem bob.pem\n"},
		{"inspect letter", 1, "kemtool inspect: letter: neither a key in PEM or DER nor one of age, and nothing of a KEM has its length, 6 bytes"},
		{"inspect x25519.pem", 1, "kemtool inspect: x25519.pem: the key is for X25519 (1.3.101.110), not for a supported KEM"},
		{"inspect big", 1, "kemtool inspect: big: more than 1048576 bytes, too long for the key"},
		{"inspect ssh", 1, `kemtool inspect: ssh: holds a block "OPENSSH PRIVATE KEY", which is no key of a KEM of kemtool`},
		{"kems X-Wing", 2, "kemtool kems: kems takes no argument; kemtool inspect describes a file"},
		{"convert --to jwk alice.pem", 2, `kemtool convert: there is no format "jwk"; the formats are pem, der, age`},
		{"convert --der --to age alice.pem", 2, "kemtool convert: --der and --to age contradict each other"},
		{"convert --to age bob.pem", 1, "kemtool convert: bob.pem: a key of ML-KEM-768; files are encrypted with keys of X-Wing only, the KEM for which the age format has keys"},
		{"convert -o alice.pem alice.pem", 1, "kemtool convert: alice.pem exists; -f overwrites it"},
		{"convert -o alice.pem nothing", 1, "kemtool convert: alice.pem exists; -f overwrites it"},
		{"seal letter", 2, "kemtool seal: no recipient: name the file of a public key with -r"},
		{"seal alice.pub letter", 2, "kemtool seal: no recipient: name the file of a public key with -r"},
		{"seal -r bob.pub letter", 1, "kemtool seal: bob.pub: a key of ML-KEM-768; files are encrypted with keys of X-Wing only, the KEM for which the age format has keys"},
		{"seal -r alice.pem letter", 1, "kemtool seal: alice.pem: holds a private key, and no public key of a KEM; kemtool pub makes the public key of a private one"},
		{"seal -r age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p letter", 1, "kemtool seal: -r takes keys of X-Wing: in a file, or as a recipient age1pq1…"},
		{"seal -r ssh-ed25519 letter", 1, "kemtool seal: -r takes keys of X-Wing: in a file, or as a recipient age1pq1…"},
		{"seal -r alice.pub nothing", 1, "kemtool seal: open nothing: no such file or directory"},
		{"seal -r alice.pub .", 1, "kemtool seal: . is a directory"},
		{"open sealed", 2, "kemtool open: no private key: name its file with -i"},
		{"open alice.pem sealed", 2, "kemtool open: no private key: name its file with -i"},
		{"open -i alice.pem sealed", 2, "kemtool open: the name sealed does not end in .age: name the output with -o"},
		{"open -i bob.pem -o new sealed", 1, "kemtool open: bob.pem: a key of ML-KEM-768; files are encrypted with keys of X-Wing only, the KEM for which the age format has keys"},
		{"open -i alice.pem -o new message", 1, "kemtool open: message: not encrypted in the age format, which kemtool seal and age write"},
		{"open -i alice.pem -o new empty", 1, "kemtool open: empty: the file is empty"},
		{"open -i x25519.pem -o new sealed", 1, "kemtool open: x25519.pem: the key is for X25519"},
		{"keyegn", 2, `kemtool: there is no command "keyegn"; did you mean keygen?`},
		{"encrypt", 2, `kemtool: there is no command "encrypt"; did you mean seal?`},
		{"decrypt", 2, `kemtool: there is no command "decrypt"; did you mean open?`},
		{"genkey", 2, `kemtool: there is no command "genkey"; did you mean keygen?`},
		{"pub --password x alice.pem", 2, "kemtool pub: unknown flag: --password; did you mean --passphrase-file?"},
		{"keygen --password x", 2, "kemtool keygen: unknown flag: --password\n"},
		{"keygen -o new -o new2", 2, "kemtool keygen: --output is given twice"},
		{"keygen --kem X-Wing --kem X-Wing", 2, "kemtool keygen: --kem is given twice"},
		{"decap -i alice.pem -key bob.pem message", 2, "kemtool decap: --key is given twice"},
		{"keygen --output=", 2, "kemtool keygen: the value of --output is empty"},
		{"help keyegn", 2, `kemtool help: there is no command "keyegn"; did you mean keygen?`},
		{"-x", 2, "kemtool: unknown shorthand flag: 'x' in -x"},
	} {
		fails(t, "", test.line, test.status, test.want)
		r := call("", false, test.line)
		if !strings.HasPrefix(r.stderr, test.want) {
			t.Errorf("kemtool %s: %s; want %s", test.line, r.stderr, test.want)
		}
		if lines := strings.Count(r.stderr, "\n"); test.status == 1 && lines != 1 || test.status == 2 && lines > 3 {
			t.Errorf("kemtool %s prints %d lines", test.line, lines)
		}
	}
	fails(t, strings.Repeat("x", maxInput+1), "pub", 1, "standard input: more than 1048576 bytes, too long for the private key")
	fails(t, read(t, "sealed")+strings.Repeat("x", maxInput), "pub", 1, "kemtool open decrypts it")
	if r := call("", false, ""); r.status != 2 || r.stdout != "" || !strings.Contains(r.stderr, "keygen") {
		t.Errorf("without arguments: %+v", r)
	}
}

// TestEmpty passes empty values, as of unset variables.
func TestEmpty(t *testing.T) {
	t.Chdir(t.TempDir())
	n := 0
	root := new(tool).root()
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal != "" {
				return
			}
			n++
			if r := callArgs("", false, c.Name(), "--"+f.Name, ""); r.status != 2 || r.stdout != "" || !strings.Contains(r.stderr, "the value of --"+f.Name+" is empty") {
				t.Errorf("%s --%s: %+v", c.Name(), f.Name, r)
			}
		})
	}
	if n != 18 {
		t.Errorf("%d flags", n)
	}
	if r := callArgs("", false, "pub", ""); r.status != 2 || !strings.Contains(r.stderr, "the name of the file is empty") {
		t.Errorf("%+v", r)
	}
}

// TestKeyArguments passes keys where names of files belong, as with $(cat FILE).
func TestKeyArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	key := ok(t, "", "keygen")
	n := 0
	for _, arg := range []string{key, "of alice\n" + key, ok(t, key, "convert --to age"), ok(t, key, "convert --der"), strings.ToLower(ok(t, key, "convert --to age"))} {
		secret := arg[len(arg)/2 : len(arg)/2+20]
		for _, args := range [][]string{
			{arg}, {"pub", arg}, {"open", "-i", arg}, {"open", "-i" + arg}, {"decap", "--key=" + arg, "x"}, {"keygen", arg}, {"keygen", "-o", arg}, {"keygen", "-" + arg},
			{"keygen", "--kem", arg}, {"help", arg}, {"encap", "x", arg}, append([]string{"pub"}, strings.Fields(arg)...),
		} {
			n++
			if r := callArgs("", false, args...); r.status != 2 || strings.Contains(r.stderr, secret) || !strings.Contains(r.stderr, "an argument is a key itself; give the name of its file") {
				t.Errorf("%q: %+v", args, r)
			}
		}
	}
	if n < 50 || len(filesHere(t)) > 0 {
		t.Errorf("%d cases leave %q", n, filesHere(t))
	}
}

// TestGoodGuesses runs what looks like a mistake and works.
func TestGoodGuesses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "both", x25519+ok(t, "", "keygen")) // the other algorithm does not count
	write(t, "parts", strings.Repeat("p", 96))
	for _, test := range []struct{ line, stdout string }{
		{"keygen -kem x-wing -o alice.pem", ""},
		{"pub alice.pem -o alice.pub", ""},
		{"encap -secret=bob.key alice.pub -o message", ""},
		{"inspect message", "no key file, but 1120 bytes, the length of a ciphertext of X-Wing, X25519MLKEM768, mlkem768x25519-sha256, 2 more KEMs\n"},
		{"inspect bob.key", "no key file, but 32 bytes, the length of a shared key of X-Wing, ML-KEM-512, ML-KEM-768, 13 more KEMs; or of a seed of X-Wing, "},
		{"inspect parts", "no key file, but 96 bytes, the length of a raw private key of MLKEM768-X25519-SHA3-256, ML-KEM-768+X25519\n"},
		{"decap -key alice.pem message -o -", ""},
		{"keygen --kem MLKEM768-X25519", "-----BEGIN PRIVATE KEY-----\n"},
		{"seal -r alice.pub message", ""},
		{"inspect message.age", "encrypted in the age format; kemtool open decrypts it\n"},
		{"open -identity alice.pem message.age -o message2", ""},
		{"keygen -o -kem", ""},
		{"pub -fo -force -- -kem", ""},
		{"pub -output=-x -- -kem", ""},
		{"pub -o-y -- -kem", ""},
		{"pub both", "-----BEGIN PUBLIC KEY-----\n"},
		{"convert both", "-----BEGIN PRIVATE KEY-----\n"},
		{"--version", "kemtool "},
		{"-version", "kemtool "},
		{"keygen -help", "Keygen makes a private key"},
	} {
		if out := ok(t, "", test.line); !strings.HasPrefix(out, test.stdout) {
			t.Errorf("kemtool %s prints %q", test.line, out)
		}
	}
	if read(t, "message") != read(t, "message2") {
		t.Error("open gives another file")
	}
	if public := read(t, "-force"); read(t, "-x") != public || read(t, "-y") != public {
		t.Error("the files whose names are like flags differ")
	}
}

// TestHelp checks that every command has a text and an example that names it.
func TestHelp(t *testing.T) {
	commands := strings.Fields("keygen pub seal open encap decap inspect convert kems")
	overview := ok(t, "", "help")
	for _, line := range []string{"-h", "--help", "-help"} {
		if ok(t, "", line) != overview {
			t.Errorf("%s gives another text than help", line)
		}
	}
	for _, name := range commands {
		text := ok(t, "", "help "+name)
		if text != ok(t, "", name+" -h") || !strings.Contains(text, "Examples:\n  kemtool "+name) && !strings.Contains(text, "| kemtool "+name) {
			t.Errorf("the help of %s has no example:\n%s", name, text)
		}
		if !strings.Contains(overview, "\n  "+name+" ") {
			t.Errorf("help does not list %s", name)
		}
	}
}

func TestCompletion(t *testing.T) {
	out := call("", false, "__complete keygen --kem ML-KEM-").stdout
	for _, want := range []string{"ML-KEM-512\n", "ML-KEM-768\n", "ML-KEM-1024\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("the names of KEMs are completed as %q", out)
		}
	}
	if out := call("", false, "__complete convert --to a").stdout; !strings.Contains(out, "age\n") {
		t.Errorf("the formats are completed as %q", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := ok(t, "", "completion "+shell); !strings.Contains(out, "kemtool") {
			t.Errorf("completion %s prints %q", shell, out)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub -o public key")
	ok(t, "", "encap --secret bob.key -o message public")
	ok(t, "hello, Ålice\n", "seal -r public -o text.age")
	ok(t, "\x1b[2J", "seal -r public -o escape.age")
	ok(t, "\u009b2J", "seal -r public -o c1.age")
	ok(t, "\xff", "seal -r public -o binary.age")
	for _, test := range []struct {
		line   string
		stdout string // what must be shown, or "" for nothing
	}{
		{"keygen", ""},
		{"keygen -o -", "-----BEGIN"},
		{"keygen -o /dev/stdout", ""},
		{"pub key", "-----BEGIN"},
		{"encap --secret new public", ""},
		{"encap --secret new -o - public", "any"},
		{"encap --secret - -o new2 public", "any"},
		{"decap --key key message", ""},
		{"decap --key key message -o -", "any"},
		{"convert key", ""},
		{"convert --der public", ""},
		{"convert public", "-----BEGIN"},
		{"inspect key", "a private key"},
		{"kems", "name"},
		{"seal -r public -o - key", "age-encryption.org/v1"},
		{"seal -r public - -a", "-----BEGIN AGE"},
		{"seal -r public -", ""},
	} {
		r := call("", true, test.line)
		if test.stdout != "" && (r.status != 0 || r.stderr != "" || r.stdout == "" || test.stdout != "any" && !strings.HasPrefix(r.stdout, test.stdout)) {
			t.Errorf("kemtool %s: %+v", test.line, r)
		}
		if test.stdout == "" && (r.status != 1 || r.stdout != "" || !strings.Contains(r.stderr, "is not written to a terminal; name a file with -o, or insist with -o -")) {
			t.Errorf("kemtool %s: %+v", test.line, r)
		}
	}
	if r := call(read(t, "text.age"), true, "open -i key"); r.status != 0 || r.stdout != "hello, Ålice\n" {
		t.Errorf("open shows %+v", r)
	}
	for _, name := range []string{"escape.age", "c1.age", "binary.age"} {
		if r := call(read(t, name), true, "open -i key"); r.status != 1 || r.stdout != "" || !strings.Contains(r.stderr, "not text") {
			t.Errorf("open shows %s: %+v", name, r)
		}
		if r := call(read(t, name), true, "open -i key -o -"); r.status != 0 || r.stdout == "" {
			t.Errorf("open -o - does not show %s: %+v", name, r)
		}
	}
}

// TestVersion checks that the process knows its version, and closes its output.
func TestVersion(t *testing.T) {
	out, err := command("--version").Output()
	if err != nil || !strings.HasPrefix(string(out), "kemtool ") || !strings.Contains(string(out), runtime.Version()) {
		t.Errorf("%s, %v", out, err)
	}
	if err := command("no-such-command").Run(); err == nil || command("pub", filepath.Join(t.TempDir(), "x")).Run().Error() != "exit status 1" {
		t.Errorf("exit status: %v", err)
	}
}
