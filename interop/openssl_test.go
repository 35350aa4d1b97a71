package interop

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
)

// TestOpenSSL exchanges key files with OpenSSL in both directions, and encapsulates in both
// directions.
func TestOpenSSL(t *testing.T) {
	peer := testkit.OpenSSL(t)
	dir := t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		command := exec.Command(peer.Path, args...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("openssl %q: %v: %s", args, err, out)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(name string, b []byte, err error) {
		t.Helper()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// encapsulates encapsulates on both sides, to a public key that both have. OpenSSL has the
	// private key in one file and the public key in another.
	encapsulates := func(what string, dk kem.Decapsulator, private, public string) {
		t.Helper()
		openssl("pkeyutl", "-encap", "-pubin", "-inkey", public, "-out", "ciphertext", "-secret", "secret")
		if sharedKey, err := dk.Decapsulate(read("ciphertext")); err != nil || !bytes.Equal(sharedKey, read("secret")) {
			t.Errorf("%s: what OpenSSL has encapsulated is decapsulated otherwise: %v", what, err)
		}
		sharedKey, ciphertext := dk.PublicKey().Encapsulate()
		write("ciphertext", ciphertext, nil)
		openssl("pkeyutl", "-decap", "-inkey", private, "-in", "ciphertext", "-secret", "secret")
		if !bytes.Equal(sharedKey, read("secret")) {
			t.Errorf("%s: OpenSSL decapsulates otherwise", what)
		}
		ciphertext[0] ^= 1
		write("ciphertext", ciphertext, nil)
		openssl("pkeyutl", "-decap", "-inkey", private, "-in", "ciphertext", "-secret", "secret")
		if rejected, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(rejected, read("secret")) {
			t.Errorf("%s: OpenSSL rejects with another key: %v", what, err)
		}
	}

	for _, k := range []kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024()} {
		// Their key: both halves as OpenSSL writes them, and the three forms of RFC 9935.
		openssl("genpkey", "-algorithm", k.Name(), "-out", "theirs.pem")
		openssl("pkey", "-in", "theirs.pem", "-pubout", "-out", "theirs.pub")
		ek, err := keyfile.ParsePublicKeyPEM(read("theirs.pub"))
		if err != nil {
			t.Fatal(err)
		}
		if dk, err := keyfile.ParsePrivateKeyPEM(read("theirs.pem")); err != nil || !dk.PublicKey().Equal(ek) {
			t.Fatalf("%s: a key of OpenSSL: %v", k.Name(), err)
		}
		for _, form := range []string{"seed-only", "priv-only", "seed-priv"} {
			openssl("pkey", "-in", "theirs.pem", "-provparam", "ml-kem.output_formats="+form, "-outform", "DER", "-out", form)
			dk, err := keyfile.ParsePKCS8PrivateKey(read(form))
			if err != nil || !dk.PublicKey().Equal(ek) {
				t.Fatalf("%s: a key of OpenSSL in the form %s: %v", k.Name(), form, err)
			}
			encapsulates(k.Name()+", "+form, dk, form, "theirs.pub")
		}

		// Our key.
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		b, err := keyfile.MarshalPrivateKeyPEM(dk)
		write("ours.pem", b, err)
		b, err = keyfile.MarshalPublicKeyPEM(dk.PublicKey())
		write("ours.pub", b, err)
		encapsulates(k.Name()+", our key", dk, "ours.pem", "ours.pub")
		openssl("pkey", "-in", "ours.pem", "-out", "again.pem", "-provparam", "ml-kem.output_formats=seed-only")
		openssl("pkey", "-in", "ours.pem", "-pubout", "-out", "again.pub")
		if !bytes.Equal(read("again.pem"), read("ours.pem")) || !bytes.Equal(read("again.pub"), read("ours.pub")) {
			t.Errorf("%s: OpenSSL writes our key otherwise", k.Name())
		}
	}
	t.Logf("peer: %v: ML-KEM key files and encapsulation", peer)
}
