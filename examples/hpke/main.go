// Hpke seals a few messages to a public key and opens them, by the base mode of
// Hybrid Public Key Encryption: RFC 9180 with the KEMs and KDFs of draft-ietf-hpke-pq.
// It is compatible with crypto/hpke in both directions.
//
//	recipient                                     sender
//
//	  public key                               →
//	                   ←  encapsulated key ‖ {message} {message} …
//
// Both ends can then also export secrets, for keys of their own. Read hpke.go first: it
// has the mode, from the tables of algorithms to Seal, Open and Export. turboshake.go
// has the two hash functions that Go lacks, jwe.go has messages in JSON Web Encryption, and
// this file has the demonstration.
//
// Only the holder of the private key can read the messages. A message does not open if
// it was altered or moved, or if an earlier one is missing. HPKE does not show whether
// the last messages are missing. It does not show who sent them, since anyone can seal
// to a public key. A recording of all messages can be sent again, and whoever steals the
// private key later can open it. Lengths are visible.
//
// This is an example for reading: it does not wipe secrets from memory. Real programs
// should use crypto/hpke.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"hybridkem"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	var kdfNames, aeadNames []string
	for _, f := range kdfs {
		kdfNames = append(kdfNames, f.name)
	}
	for _, a := range aeads {
		aeadNames = append(aeadNames, a.name)
	}
	flags := flag.NewFlagSet("hpke", flag.ContinueOnError)
	flags.SetOutput(stderr)
	kemName := flags.String("kem", "X-Wing", "`KEM`: ML-KEM-512, -768 or -1024, X-Wing, MLKEM768-P256, MLKEM1024-P384")
	kdfName := flags.String("kdf", "HKDF-SHA256", "`KDF`: "+strings.Join(kdfNames, ", "))
	aeadName := flags.String("aead", "ChaCha20Poly1305", "`AEAD`: "+strings.Join(aeadNames, ", "))
	alg := flags.String("jwe", "", "show a JWK and a JWE of an `algorithm` for the KEM: HPKE-9 for X-Wing, HPKE-12-KE for ML-KEM-768 ...")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "hpke: there are no arguments, only flags")
		return 2
	}

	k, err := hybridkem.ByName(*kemName)
	if err != nil {
		fmt.Fprintln(stderr, "hpke:", err)
		return 1
	}
	show := func() error {
		if *alg != "" {
			return demonstrateJWE(stdout, k, *alg)
		}
		s, err := newSuite(k, *kdfName, *aeadName)
		if err != nil {
			return err
		}
		return demonstrate(stdout, s)
	}
	if err := show(); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// demonstrate plays both ends. Only the public key, enc and each ct go from one end to
// the other.
func demonstrate(w io.Writer, s *suite) error {
	fmt.Fprintf(w, "suite            %s, %s, %s\n", s.kem.Name(), s.kdf.name, s.aead.name)
	info := []byte("hybridkem example")

	skR, err := s.kem.GenerateKey()
	if err != nil {
		return err
	}
	defer skR.Destroy()
	public := skR.Encapsulator().Bytes()
	fmt.Fprintf(w, "public key       %5d bytes\n", len(public))

	pkR, err := s.kem.NewEncapsulationKey(public)
	if err != nil {
		return err
	}
	enc, sender, err := s.SetupBaseS(pkR, info)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "encapsulated key %5d bytes\n", len(enc))
	recipient, err := s.SetupBaseR(enc, skR, info)
	if err != nil {
		return err
	}

	if sender.aead != nil {
		for i, pt := range []string{"Meet me at nine.", "Bring the map.", ""} {
			aad := fmt.Appendf(nil, "message %d", i)
			ct, err := sender.Seal(aad, []byte(pt))
			if err != nil {
				return err
			}
			opened, err := recipient.Open(aad, ct)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "message %d        %5d bytes: %q\n", i, len(ct), opened)
		}
	}

	const purpose = "a key for something else"
	sent, err := sender.Export([]byte(purpose), 32)
	if err != nil {
		return err
	}
	received, err := recipient.Export([]byte(purpose), 32)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "exported secret  %x\n", sent)
	fmt.Fprintf(w, "by the recipient %x\n", received)
	if !bytes.Equal(sent, received) {
		return errors.New("hpke: the exported secrets differ")
	}
	return nil
}

// demonstrateJWE plays both ends with a key in a JWK. Only the public JWK and the message go from one end to
// the other.
func demonstrateJWE(w io.Writer, k kem.KEM, alg string) error {
	skR, err := k.GenerateKey()
	if err != nil {
		return fmt.Errorf("hpke: %w", err)
	}
	defer skR.Destroy()
	private, err := keyfile.MarshalPrivateJWK(skR, alg, "")
	if err != nil {
		return fmt.Errorf("hpke: %w", err)
	}
	public, err := keyfile.MarshalPublicJWK(skR.PublicKey(), alg, "")
	if err != nil {
		return fmt.Errorf("hpke: %w", err)
	}
	fmt.Fprintf(w, "public key\n%s\n", public)

	sealed, err := sealJWE(public, nil, []byte("Meet me at nine."))
	if err != nil {
		return err
	}
	message, err := sealed.compact()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "message\n%s\n", message)

	received, err := parseJWE([]byte(message))
	if err != nil {
		return err
	}
	opened, err := received.open(private)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "opened\n%q\n", opened)
	return nil
}
