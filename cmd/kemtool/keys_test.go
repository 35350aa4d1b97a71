package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"hybridkem"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// keyFiles returns the key files of other programs, by name.
func keyFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	dir := filepath.Join("..", "..", "keyfile", "testdata", "keys")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "README.md" {
			files[e.Name()] = read(t, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) != 12 {
		t.Fatalf("%d key files", len(files))
	}
	return files
}

// TestKeyFiles reads the key files of other programs.
func TestKeyFiles(t *testing.T) {
	files := keyFiles(t)
	t.Chdir(t.TempDir())
	write(t, "passphrase", "secret\nand more\n")
	const old = `: standard input: the private key has a form from before RFC 9935, `
	for _, test := range []struct {
		name    string
		private string // the error of pub, or ""
		public  string // the error of encap, or ""
		warning string // of encap
		title   string // of inspect, after convert
	}{
		{"768-rfc-seed-v2-pub.der", "", "no public key", "", "a private key of ML-KEM-768"},
		{"768-rfc-both-v2-pub.der", "", "no public key", "", "a private key of ML-KEM-768"},
		{"768-old-bare-seed.der", old, "no public key", "", "a private key of ML-KEM-768"},
		{"botan-3.7-512.pem", old, "no public key", "", "a private key of ML-KEM-512"},
		{"botan-3.13-768.pem", old, "no public key", "", "a private key of ML-KEM-768"},
		{"openssl-3.6-oqskeypair-768.pem", old, "no public key", "", "an expanded private key, without its seed, of ML-KEM-768"},
		{"attribute-keyusage-768.der", "", "no public key", "", "a private key of ML-KEM-768"},
		{"attributes-p12-768.der", "", "no public key", "", "a private key of ML-KEM-768"},
		{"openssl-3.6-bom-768.pem", "", "no public key", "", "a private key of ML-KEM-768"},
		{"openssl-3.6-cert-768.pem", "no private key", "", `the certificate of "CN=kem 768" was not checked`, "a public key of ML-KEM-768"},
		{"openssl-3.6-encrypted-768.pem", "", "no public key", "", "a private key of ML-KEM-768"},
		{"openssl-3.6-private-then-public-768.pem", "", "", "", "a private key of ML-KEM-768"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := files[test.name]
			if file == "" {
				t.Fatal("no such file")
			}
			delete(files, test.name)
			const passphrase = " --passphrase-file passphrase"
			if test.private != "" {
				fails(t, file, "pub"+passphrase, 1, test.private)
				if test.private == old {
					fails(t, file, "pub"+passphrase, 1, ": kemtool convert reads it\n")
				}
			}
			converted := call(file, false, "convert"+passphrase)
			if converted.status != 0 {
				t.Fatalf("convert: %s", converted.stderr)
			}
			if title := call(converted.stdout, false, "inspect").stdout; !strings.HasPrefix(title, test.title+"\n") {
				t.Errorf("converted to %s", title)
			}
			der := call(file, false, "convert --der"+passphrase).stdout
			if block, _ := pem.Decode([]byte(converted.stdout)); block == nil || der != string(block.Bytes) {
				t.Error("DER and PEM differ")
			}
			if test.public == "" {
				r := call(file, false, "encap --secret sent -o message")
				if r.status != 0 || !strings.Contains(r.stderr, test.warning) || (r.stderr == "") != (test.warning == "") {
					t.Errorf("encap: %+v", r)
				}
			} else {
				fails(t, file, "encap --secret sent -o message", 1, test.public)
				public := ok(t, converted.stdout, "pub")
				if test.private == "" && ok(t, file, "pub"+passphrase) != public {
					t.Error("pub gives another key than convert and pub")
				}
				ok(t, public, "encap --secret sent -o message")
				ok(t, converted.stdout, "decap --key - -o received message")
				if read(t, "sent") != read(t, "received") {
					t.Error("the shared keys differ")
				}
				os.Remove("received")
			}
			os.Remove("sent")
			os.Remove("message")
		})
	}
	if len(files) > 0 {
		t.Errorf("not tested: %v", files)
	}
}

// TestForms checks the file formats that no document defines, and DER.
func TestForms(t *testing.T) {
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		private, err1 := marshalPrivateKey(dk)
		public, err2 := marshalPublicKey(dk.PublicKey())
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		block, _ := pem.Decode(public)
		if label := k.Name() + " PUBLIC KEY"; block.Type != "PUBLIC KEY" && (block.Type != label || !bytes.Equal(block.Bytes, dk.PublicKey().Bytes())) {
			t.Errorf("%s: the public key is in a block %q", k.Name(), block.Type)
		}
		if got := ok(t, string(private), "pub"); got != string(public) {
			t.Errorf("%s: pub writes %q", k.Name(), got)
		}
		// Text and line ends of Windows do not matter.
		dressed := "\ufeffa key\r\n" + strings.ReplaceAll(string(private), "\n", "\r\n") + "end\r\n"
		if got := ok(t, dressed, "pub"); got != string(public) {
			t.Errorf("%s: pub writes %q", k.Name(), got)
		}
		if block.Type == "PUBLIC KEY" {
			der := ok(t, string(private), "convert --der")
			if got := ok(t, der, "pub"); got != string(public) {
				t.Errorf("%s: pub of DER writes %q", k.Name(), got)
			}
			if got := ok(t, string(block.Bytes), "convert"); got != string(public) {
				t.Errorf("%s: convert of DER writes %q", k.Name(), got)
			}
			fails(t, der[:len(der)-1], "pub", 1, "damaged or cut short")
		}
	}
	// A file of X-Wing, with attributes, that has the length of a private key of MLKEM768-X25519-SHA3-256.
	file := "\x30\x5e\x02\x01\x00\x30\x0d\x06\x0b\x2b\x06\x01\x04\x01\x83\xe6\x2d\x81\xc8\x7a\x04\x20" + strings.Repeat("x", 32) +
		"\xa0\x28\x30\x26\x06\x01\x2a\x31\x21\x04\x1f" + strings.Repeat("x", 31)
	if got := ok(t, file, "inspect"); len(file) != 96 || !strings.HasPrefix(got, "a private key of X-Wing") {
		t.Errorf("a file of %d bytes: %q", len(file), got)
	}
	fails(t, "-----BEGIN MLKEM768-P256 PUBLIC KEY-----\nA: b\n\n-----END MLKEM768-P256 PUBLIC KEY-----\n", "inspect", 1, "headers")
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
		write(t, f.Form, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: f.DER})))
	}
	public := ok(t, "", "pub expanded")
	if public != ok(t, "", "pub seed") {
		t.Error("the seed has another public key")
	}
	message := ok(t, public, "encap --secret key")
	if ok(t, message, "decap --key expanded") != read(t, "key") {
		t.Error("the shared keys differ")
	}
	if out := ok(t, "", "inspect expanded"); !strings.HasPrefix(out, "an expanded private key, without its seed, of ML-KEM-512\n") {
		t.Errorf("inspect writes %q", out)
	}
	if out := ok(t, "", "convert expanded"); out != read(t, "expanded") {
		t.Errorf("convert writes %q", out)
	}
}

// withKey returns a certificate or a request whose public key is replaced. The signature is wrong then.
func withKey(t *testing.T, der []byte, field int, ek kem.EncapsulationKey) []byte {
	t.Helper()
	spki, err := keyfile.MarshalPKIXPublicKey(ek)
	if err != nil {
		t.Fatal(err)
	}
	var outer, inner []asn1.RawValue
	if !unmarshal(der, &outer) || !unmarshal(outer[0].FullBytes, &inner) {
		t.Fatal("not a certificate")
	}
	inner[field] = asn1.RawValue{FullBytes: spki}
	b, err1 := asn1.Marshal(inner)
	outer[0] = asn1.RawValue{FullBytes: b}
	der, err2 := asn1.Marshal(outer)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return der
}

// TestCertificates uses the keys of certificates and of certificate requests.
func TestCertificates(t *testing.T) {
	t.Chdir(t.TempDir())
	dk, err1 := xwing.GenerateKey()
	other, err2 := xwing.GenerateKey()
	signer, err3 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	now := time.Now()
	make := func(from, to time.Time) []byte {
		der, err := x509.CreateCertificate(rand.Reader,
			&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "alice\x1b[2J"}, NotBefore: from, NotAfter: to},
			&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}}, signer.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	day := 24 * time.Hour
	authority := make(now.Add(-day), now.Add(day))
	const subject = 6 // the fields of the public keys
	const requested = 2
	valid := withKey(t, authority, subject, dk.EncapsulationKey())
	expired := withKey(t, make(now.Add(-2*day), now.Add(-day)), subject, dk.EncapsulationKey())
	future := withKey(t, make(now.Add(day), now.Add(2*day)), subject, dk.EncapsulationKey())
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "alice"}}, signer)
	if err != nil {
		t.Fatal(err)
	}
	block := func(label string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
	}
	certificate := block("CERTIFICATE", valid)
	public, err := marshalPublicKey(dk.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	const unchecked = `kemtool: warning: standard input: the certificate of "CN=alice\x1b[2J" was not checked, neither its issuer nor its use` + "\n"
	for _, test := range []struct {
		name, file string
		warnings   string
	}{
		{"certificate", certificate, unchecked},
		{"DER", string(valid), unchecked},
		{"expired", block("CERTIFICATE", expired), unchecked + "kemtool: warning: standard input: the certificate expired on " + now.Add(-day).UTC().Format(time.DateOnly) + "\n"},
		{"not yet valid", block("X509 CERTIFICATE", future), unchecked + "kemtool: warning: standard input: the certificate is not valid before " + now.Add(day).UTC().Format(time.DateOnly) + "\n"},
		{"with that of its authority", certificate + block("CERTIFICATE", authority), unchecked},
		{"twice", certificate + certificate, unchecked},
		{"request", block("CERTIFICATE REQUEST", withKey(t, request, requested, dk.EncapsulationKey())), `kemtool: warning: standard input: the certificate request of "CN=alice" was not checked` + "\n"},
		{"request in DER", string(withKey(t, request, requested, dk.EncapsulationKey())), `kemtool: warning: standard input: the certificate request of "CN=alice" was not checked` + "\n"},
	} {
		if r := call(test.file, false, "convert"); r.status != 0 || r.stdout != string(public) || r.stderr != test.warnings {
			t.Errorf("%s: %+v, want %q", test.name, r, test.warnings)
		}
		if r := call(test.file, false, "inspect"); r.status != 0 || !strings.Contains(r.stdout, " for a public key of X-Wing\n") || strings.Contains(r.stdout, "\x1b") {
			t.Errorf("%s: %+v", test.name, r)
		}
		write(t, "file", test.file)
		for _, line := range []string{"encap --secret key -o out file", "seal -r file -o out -"} {
			if r := call("letter", false, line); r.status != 0 || !strings.Contains(r.stderr, "was not checked") {
				t.Errorf("%s: kemtool %s: %+v", test.name, line, r)
			}
			os.Remove("key")
			os.Remove("out")
		}
	}
	fails(t, block("CERTIFICATE", authority), "convert", 1, "the key is for elliptic curves")
	fails(t, certificate+block("CERTIFICATE", withKey(t, authority, subject, other.EncapsulationKey())), "convert", 1,
		"holds a certificate (2 times) with different public keys")
	fails(t, block("CERTIFICATE", valid[:100]), "convert", 1, "not a valid certificate")
	fails(t, block("CERTIFICATE REQUEST", append([]byte{0x30, 0x07, 0x30, 0x03, 2, 1, 0, 0x30, 0}, 3, 0)[:9]), "convert", 1, "not a valid certificate request")
	fails(t, certificate, "pub", 1, "holds a certificate, and no private key of a KEM")
}

// TestEncrypted decrypts what OpenSSL encrypted.
func TestEncrypted(t *testing.T) {
	dir, err := filepath.Abs("testdata/encrypted")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "right", "secret\r\n")
	write(t, "without", "secret")
	write(t, "wrong", "Secret\n")
	write(t, "none", "")
	write(t, "line", "\nsecret\n")
	write(t, "mark", "\ufeffsecret\n")
	write(t, "utf16", "\xff\xfes\x00\n\x00")
	write(t, "utf16le", "s\x00e\x00c\x00r\x00e\x00t\x00\n\x00")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 11 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		name := e.Name()
		if name == "README.md" {
			continue
		}
		want, wrong := "the key is for X25519", "wrong passphrase, or a damaged file"
		switch name {
		case "des3.pem":
			want = "encrypted with DES-EDE3-CBC (1.2.840.113549.3.7), which kemtool does not read; openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW of OpenSSL 3.5 or newer converts it"
		case "v1-sha1-3des.pem":
			want = "encrypted with PKCS #12 encryption with 3DES (1.2.840.113549.1.12.1.3), which kemtool does not read; openssl"
		case "camellia.pem":
			want = "encrypted with the unknown algorithm (1.2.392.200011.61.1.1.1.4), which kemtool does not read; openssl"
		case "iterations.pem":
			want = "encrypted with 10000001 iterations of PBKDF2, which would take too long"
		}
		if want != "the key is for X25519" {
			wrong = want
		}
		file := read(t, filepath.Join(dir, name))
		fails(t, file, "pub --passphrase-file right", 1, want)
		fails(t, file, "pub --passphrase-file without", 1, want)
		fails(t, file, "pub --passphrase-file wrong", 1, wrong)
		if wrong != want {
			fails(t, file, "convert --passphrase-file none", 1, "kemtool convert: read none: the first line is empty")
			fails(t, file, "convert --passphrase-file line", 1, "kemtool convert: read line: the first line is empty")
			fails(t, file, "convert --passphrase-file utf16", 1, "kemtool convert: read utf16: text in UTF-16")
			fails(t, file, "convert --passphrase-file utf16le", 1, "kemtool convert: read utf16le: text in UTF-16")
			fails(t, file, "convert --passphrase-file mark", 1, want)
		}
		fails(t, file, "encap --secret key", 1, "holds an encrypted private key, and no public key of a KEM")
		if out := ok(t, file, "inspect"); out != "an encrypted private key; --passphrase-file shows more\n" {
			t.Errorf("inspect says %q", out)
		}
	}
	scrypt := read(t, filepath.Join(dir, "scrypt.pem"))
	fails(t, scrypt, "pub --passphrase-file nothing", 1, "kemtool pub: open nothing: no such file")
	fails(t, scrypt, "pub", 1, "standard input: no terminal")
}

// TestPassphraseFile reads a file that can be read once, and one that others can read.
func TestPassphraseFile(t *testing.T) {
	t.Chdir(t.TempDir())
	var stderr bytes.Buffer
	tool := &tool{env: env{stdin: strings.NewReader("secret\n"), stderr: &stderr}}
	for range 2 {
		if got, err := tool.passphrase("-", "key"); string(got) != "secret" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	write(t, "file", "secret\n")
	for perm, warnings := range map[os.FileMode]int{0o600: 0, 0o644: 1} {
		tool.phrase = nil
		stderr.Reset()
		os.Chmod("file", perm)
		if _, err := tool.passphrase("file", "key"); err != nil || strings.Count(stderr.String(), "warning: file: others can read this passphrase") != warnings {
			t.Errorf("%v: %v, %s", perm, err, stderr.String())
		}
	}
}

// TestMalformedEncryption makes each parameter of an encrypted key wrong.
func TestMalformedEncryption(t *testing.T) {
	id := func(parts ...int) asn1.ObjectIdentifier { return parts }
	type kdf struct {
		Salt       []byte
		Iterations int
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	type memory struct {
		Salt    []byte
		N, R, P int
	}
	marshal := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: b}
	}
	pbkdf2, scrypt := id(1, 2, 840, 113549, 1, 5, 12), id(1, 3, 6, 1, 4, 1, 11591, 4, 11)
	sha256 := pkix.AlgorithmIdentifier{Algorithm: id(1, 2, 840, 113549, 2, 9)}
	for _, test := range []struct {
		scheme asn1.ObjectIdentifier
		params any
		iv     int
		data   int
		want   string // or "" for a wrong passphrase
	}{
		{pbkdf2, kdf{[]byte("salt"), 1, sha256}, 16, 32, ""},
		{pbkdf2, kdf{[]byte("salt"), 1, pkix.AlgorithmIdentifier{}}, 16, 32, ""}, // SHA-1 is the default
		{pbkdf2, kdf{[]byte("salt"), 0, sha256}, 16, 32, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), -1, sha256}, 16, 32, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), 1 << 30, sha256}, 16, 32, "would take too long"},
		{pbkdf2, kdf{[]byte("salt"), 1, pkix.AlgorithmIdentifier{Algorithm: id(1, 2, 3)}}, 16, 32, "unknown algorithm (1.2.3)"},
		{pbkdf2, "text", 16, 32, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), 1, sha256}, 15, 32, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), 1, sha256}, 0, 32, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), 1, sha256}, 16, 31, "malformed"},
		{pbkdf2, kdf{[]byte("salt"), 1, sha256}, 16, 0, "malformed"},
		{scrypt, memory{[]byte("salt"), 2, 1, 1}, 16, 32, ""},
		{scrypt, memory{[]byte("salt"), 3, 1, 1}, 16, 32, "N must be"},
		{scrypt, memory{[]byte("salt"), 0, 1, 1}, 16, 32, "malformed"},
		{scrypt, memory{[]byte("salt"), 2, 0, 1}, 16, 32, "malformed"},
		{scrypt, memory{[]byte("salt"), 2, 1, 0}, 16, 32, "malformed"},
		{scrypt, memory{[]byte("salt"), 1 << 30, 1, 1}, 16, 32, "too much memory"},
		{scrypt, memory{[]byte("salt"), 1 << 20, 1 << 20, 1}, 16, 32, "too much memory"},
		{scrypt, memory{[]byte("salt"), 2, 1, 1 << 20}, 16, 32, "too much memory"},
		{scrypt, "text", 16, 32, "malformed"},
		{id(1, 2, 3), "text", 16, 32, "unknown algorithm (1.2.3)"},
	} {
		der := marshal(struct {
			Algorithm pkix.AlgorithmIdentifier
			Data      []byte
		}{pkix.AlgorithmIdentifier{Algorithm: id(1, 2, 840, 113549, 1, 5, 13), Parameters: marshal(struct{ KDF, Cipher pkix.AlgorithmIdentifier }{
			pkix.AlgorithmIdentifier{Algorithm: test.scheme, Parameters: marshal(test.params)},
			pkix.AlgorithmIdentifier{Algorithm: id(2, 16, 840, 1, 101, 3, 4, 1, 42), Parameters: marshal(make([]byte, test.iv))},
		})}, make([]byte, test.data)}).FullBytes
		key, err := parseEncrypted(der)
		if err == nil {
			_, err = key.decrypt([]byte("secret"))
		}
		want := test.want
		if want == "" {
			want = "wrong passphrase"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, iv of %d, %d bytes: %v, want %q", test.params, test.iv, test.data, err, want)
		}
	}
}

// TestDamagedKeys cuts key files short and alters bits of them, at some places. With -sweep, it cuts them at
// each byte, for every command, and alters each bit, for one command in turn.
// Nothing of a secret is printed, nothing is written, and nothing panics.
func TestDamagedKeys(t *testing.T) {
	files := keyFiles(t)
	xwingKey := ok(t, "", "keygen")
	files["X-Wing"] = xwingKey
	files["age"] = ok(t, xwingKey, "convert --to age")
	files["age public"] = ok(t, ok(t, xwingKey, "pub"), "convert --to age")
	files["own"] = ok(t, "", "keygen --kem MLKEM768-P256")
	t.Chdir(t.TempDir())
	write(t, "passphrase", "secret\n")
	sealed := ok(t, "letter", "seal -r "+strings.TrimSpace(files["age public"]))
	write(t, "letter.age", sealed)
	message := ok(t, ok(t, xwingKey, "pub"), "encap --secret /dev/null")
	write(t, "message", message)
	lines := []string{
		"pub --passphrase-file passphrase -",
		"inspect --passphrase-file passphrase -",
		"convert --passphrase-file passphrase -",
		"convert --passphrase-file passphrase --to age -",
		"decap --passphrase-file passphrase --key - message",
		"open --passphrase-file passphrase -i - -o - letter.age",
		"encap --secret secret -o out -",
		"seal -r - letter.age -o out",
	}
	// Usually, some 250 bytes and bits of a file are damaged, and each is tried with one command.
	n, cuts := 0, 1 // commands for each cut
	step := func(size int) int { return size/250 + 1 }
	if testkit.Sweep() {
		cuts, step = len(lines), func(int) int { return 1 }
	}
	// An error is about the key, except if the damage has made another valid key of it.
	named := regexp.MustCompile(`: standard input: |decap: message: 1120 bytes; |open: letter\.age: not encrypted to this private key`)
	for name, file := range files {
		right := make([]result, len(lines))
		for i, line := range lines {
			right[i] = runDamaged(t, file, line)
		}
		secrets := secretsOf(file)
		check := func(damaged, what string, cutShort bool) {
			i := n % len(lines)
			n++
			line, r := lines[i], runDamaged(t, damaged, lines[i])
			errors := strings.ReplaceAll(r.stderr, "kemtool: warning: standard input: the certificate", "")
			switch {
			case r.status == 0 && cutShort && r.stdout != right[i].stdout && !strings.HasPrefix(line, "convert") && !strings.HasPrefix(line, "inspect"):
				t.Errorf("%s, %s: kemtool %s prints %q, and for the whole file %q", name, what, line, r.stdout, right[i].stdout)
			case r.status == 0:
				return // the damage leaves a valid key, or is outside the key
			case r.status != 1 || !named.MatchString(errors):
				t.Errorf("%s, %s: kemtool %s: %+v", name, what, line, r)
			}
			for _, secret := range secrets {
				if strings.Contains(r.stderr, secret) {
					t.Errorf("%s, %s: kemtool %s prints a part of the key: %s", name, what, line, r.stderr)
				}
			}
		}
		for i := 0; i < len(file); i += step(len(file)) {
			for range cuts {
				check(file[:i], fmt.Sprintf("cut at %d", i), true)
			}
		}
		for bit := 0; bit < 8*len(file); bit += step(8 * len(file)) {
			b := []byte(file)
			b[bit/8] ^= 1 << (bit % 8)
			check(string(b), fmt.Sprintf("bit %d altered", bit), false)
		}
	}
	if n < 4000 {
		t.Errorf("%d cases only", n)
	}
}

// runDamaged runs a command and checks that a failure leaves nothing.
func runDamaged(t *testing.T, stdin, line string) result {
	t.Helper()
	r := call(stdin, false, line)
	for _, name := range []string{"secret", "out"} {
		_, err := os.Stat(name)
		if err == nil && r.status != 0 {
			t.Errorf("kemtool %s: %s is left", line, name)
		}
		os.Remove(name)
	}
	if r.status != 0 && r.stdout != "" {
		t.Errorf("kemtool %s: exit status %d after %q", line, r.status, r.stdout)
	}
	return r
}

// secretsOf returns parts of a file and, in hexadecimal, of what is in it. A certificate has no secret.
func secretsOf(file string) (secrets []string) {
	if strings.Contains(file, "CERTIFICATE") {
		return nil
	}
	cut := func(s string, size int) {
		for ; len(s) >= size; s = s[1:] {
			secrets = append(secrets, s[:size])
		}
	}
	binary := []byte(file)
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); len(line) > 40 && !strings.HasPrefix(line, "-----") && !strings.HasPrefix(line, "#") {
			cut(line, 10)
		}
	}
	if block, _ := pem.Decode(binary); block != nil {
		binary = block.Bytes
	}
	if len(binary) > 150 {
		binary = binary[:150]
	}
	cut(hex.EncodeToString(binary), 10)
	return secrets
}

// TestAgeKeys reads and writes the keys of age.
func TestAgeKeys(t *testing.T) {
	t.Chdir(t.TempDir())
	private := ok(t, "", "keygen")
	public := ok(t, private, "pub")
	identity, recipient := ok(t, private, "convert --to age"), ok(t, public, "convert --to age")
	lines := strings.Split(identity, "\n")
	if len(lines) != 3 || lines[0] != "# public key: "+strings.TrimSpace(recipient) || !strings.HasPrefix(lines[1], "AGE-SECRET-KEY-PQ-1") || !strings.HasPrefix(recipient, "age1pq1") {
		t.Fatalf("the keys are %q and %q", identity, recipient)
	}
	secret := lines[1]
	for _, file := range []string{identity, secret, "\ufeff" + strings.ReplaceAll(identity, "\n", "\r\n"), "# created\n\n" + secret + "  \n#\n"} {
		if ok(t, file, "pub") != public || ok(t, file, "convert") != private {
			t.Errorf("%q is another key", file)
		}
	}
	for _, file := range []string{recipient, "#\n" + recipient + "\n#", "\ufeff" + strings.ReplaceAll(recipient, "\n", "\r\n")} {
		if ok(t, file, "convert") != public {
			t.Errorf("%q is another key", file)
		}
	}
	const x25519, recipient25519 = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQS8HQ5QX", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	for _, test := range []struct{ file, want string }{
		{secret[:40], "line 1: a damaged identity of age"},
		{"#\n" + secret[:len(secret)-1] + "B\n", "line 2: a damaged identity of age"},
		{secret + secret[20:], "line 1: a damaged identity of age"},
		{strings.ToLower(secret), "neither a key in PEM or DER nor one of age"},
		{secret + "\n" + secret, "holds a private key (2 times)"},
		{secret + "\nhello\n", "line 2 is no key of age"},
		{x25519, "holds an X25519 key of age, which is not post-quantum, and no private key of a KEM"},
		{recipient25519, "holds an X25519 key of age, which is not post-quantum, and no private key of a KEM"},
		{"AGE-PLUGIN-YUBIKEY-1QQQQ", "holds a key of a plugin of age, and no private key of a KEM"},
		{"age1yubikey1qqqq", "holds a key of a plugin of age, and no private key of a KEM"},
		{recipient, "holds a public key, and no private key of a KEM"},
		{recipient[:100], "line 1: a damaged recipient of age"},
	} {
		fails(t, test.file, "pub", 1, test.want)
	}
	// A line of age of another length has a right checksum.
	for _, size := range []int{0, 31, 33} {
		if _, err := decodeIdentity(bech32Of(t, make([]byte, size))); err == nil || !strings.Contains(err.Error(), "wrong length") {
			t.Errorf("a seed of %d bytes: %v", size, err)
		}
	}
}

// TestDescribe guesses what a file is by its length.
func TestDescribe(t *testing.T) {
	if got := fmt.Sprint(describe(make([]byte, 1249))); !strings.Contains(got, "a raw encapsulation key of MLKEM768-P256, SecP256r1MLKEM768, mlkem768nistp256-sha256") {
		t.Error(got)
	}
	sum := sha256.Sum256([]byte("x")) // no error shows what is read
	if got := fmt.Sprint(describe(sum[:31])); strings.Contains(got, base64.StdEncoding.EncodeToString(sum[:3])) || !strings.Contains(got, "31 bytes") {
		t.Error(got)
	}
}
