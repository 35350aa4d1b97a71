// Cms opens an encrypted message in the Cryptographic Message Syntax (CMS), the format of S/MIME,
// with a private key of ML-KEM: RFC 9936 and RFC 9629.
//
//	private key, ciphertext  →  ML-KEM                →  shared key
//	shared key               →  HKDF-SHA256           →  key-encryption key
//	wrapped content key      →  AES key unwrap        →  content key
//	encrypted content        →  AES-GCM               →  content
//
// Without arguments it opens the example of RFC 9936 and shows the steps. With a private key and a
// message, in DER or PEM, it writes the content to standard output:
//
//	cms -key private.pem message.cms
//
// Read cms.go first: it has the structures of the message, from the outside in, and the steps.
// keywrap.go has AES key unwrap, which Go lacks.
//
// Only AuthEnvelopedData is opened. EnvelopedData is refused: its content is not authenticated, and
// programs that decrypt such content have been made to leak it. Messages must be in DER, as the
// example of RFC 9936 is. CMS also allows BER, which programs write that do not know the length of
// the content when they begin. Whether the elements of a set are sorted is not checked.
//
// CMS encryption does not show who sent the message, since anyone can encrypt to a public key. The
// attributes of a message are authenticated, but not shown.
//
// This is an example for reading: it does not wipe secrets from memory.
package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("cms", flag.ContinueOnError)
	flags.SetOutput(stderr)
	keyName := flags.String("key", "", "open a message with the private key in `FILE`")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	switch {
	case *keyName == "" && flags.NArg() == 0:
		err = demonstrate(stdout)
	case *keyName != "" && flags.NArg() == 1:
		err = openFile(stdout, *keyName, flags.Arg(0))
	default:
		fmt.Fprintln(stderr, "cms: give a private key with -key and one message, or neither")
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "cms:", err)
		return 1
	}
	return 0
}

// openFile writes the content of the message in a file.
func openFile(w io.Writer, keyName, name string) error {
	file, err := os.ReadFile(keyName)
	if err != nil {
		return err
	}
	dk, err := parseKey(file)
	if err != nil {
		return fmt.Errorf("%s: %w", keyName, err)
	}
	if file, err = os.ReadFile(name); err != nil {
		return err
	}
	plaintext, err := openMessage(file, dk)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = w.Write(plaintext)
	return err
}

func isPEM(file []byte) bool { return bytes.Contains(file, []byte("-----BEGIN ")) }

func parseKey(file []byte) (kem.Decapsulator, error) {
	if isPEM(file) {
		return keyfile.ParsePrivateKeyPEM(file)
	}
	return keyfile.ParsePKCS8PrivateKey(file)
}

// openMessage opens a message in DER or PEM (RFC 7468, section 9).
func openMessage(file []byte, dk kem.Decapsulator) ([]byte, error) {
	if isPEM(file) {
		block, _ := pem.Decode(file)
		if block == nil {
			return nil, errors.New("a damaged PEM block")
		}
		if block.Type != "CMS" {
			return nil, fmt.Errorf("a PEM block %.50q, not \"CMS\"", block.Type)
		}
		file = block.Bytes
	}
	m, err := parse(file)
	if err != nil {
		return nil, err
	}
	key, err := m.contentKey(dk)
	if err != nil {
		return nil, err
	}
	return m.open(key)
}

// demonstrate opens the example of RFC 9936.
func demonstrate(w io.Writer) error {
	examples, err := vectors.Read[struct {
		ID   string
		CMS  vectors.Hex
		Seed vectors.Hex `json:"pkcs8_seed"`
	}]("cms_kemri.jsonl", 1)
	if err != nil {
		return err
	}
	dk, err := parseKey(examples[0].Seed)
	if err != nil {
		return err
	}
	m, err := parse(examples[0].CMS)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "message      %s, %d bytes\n", examples[0].ID, len(examples[0].CMS))
	r := m.recipients[0]
	fmt.Fprintf(w, "recipient    %s\n", r.id)
	fmt.Fprintf(w, "ciphertext   %s, %d bytes\n", dk.KEM().Name(), len(r.ciphertext))
	key, err := m.contentKey(dk)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "content key  %x, unwrapped by %s\n", key, keyWraps[r.wrap.oid.String()].name)
	plaintext, err := m.open(key)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "content      %q, decrypted by %s\n", plaintext, m.content.cipher.name)
	return nil
}
