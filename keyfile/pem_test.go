package keyfile_test

import (
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	"hybridkem/kem"
	"hybridkem/keyfile"
)

func TestPEM(t *testing.T) {
	private, public := vector(t, "ML-KEM-768-seed.priv"), vector(t, "ML-KEM-768.pub")
	block := func(label string, der []byte, headers map[string]string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der, Headers: headers}))
	}
	x25519 := must[[]byte](t)(hex.DecodeString(seq("020100", "300506032b656e", element("04", element("04", strings.Repeat("01", 32))))))
	good := block("PRIVATE KEY", private.DER, nil)
	goodPublic := block("PUBLIC KEY", public.DER, nil)
	for _, test := range []struct{ name, file, want string }{
		{"as written", good, ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"a byte order mark", "\ufeff" + good, ""},
		{"spaces at the ends of lines", strings.ReplaceAll(good, "\n", " \n"), ""},
		{"with its public key", good + goodPublic, ""},
		{"after its public key", goodPublic + good, ""},
		{"after a key of another algorithm", block("PRIVATE KEY", x25519, nil) + good, ""},
		{"with parameters of a curve", block("EC PARAMETERS", []byte{6, 0}, nil) + good, ""},
		{"text around", "Alice's key:\n" + good + "\nKeep it secret.\n", ""},
		{"nothing", "", "the file is empty"},
		{"a line break", "\n", "no PEM block"},
		{"DER", string(private.DER), "the file is a private key in DER, not in PEM"},
		{"DER of the public key", string(public.DER), "the file is a public key in DER, not in PEM"},
		{"UTF-16", "\xff\xfe-\x00-\x00", "the file is text in UTF-16, not in PEM: save it as UTF-8"},
		{"a raw seed", strings.Repeat("s", 64), "the file is perhaps a raw seed of ML-KEM, not in PEM"},
		{"indented", strings.ReplaceAll("\n"+good, "\n", "\n  "), "-----BEGIN is not at the beginning of a line"},
		{"cut", good[:len(good)-10], "a damaged PEM block"},
		{"the end of another block", good[1:], "a damaged PEM block"},
		{"a changed digit", strings.Replace(good, "M", "!", 1), "a damaged PEM block"},
		{"a changed digit, and somebody else's key", strings.Replace(good, "M", "!", 1) + good, "a damaged PEM block"},
		{"no first line, and somebody else's key", good[1:] + good, "a damaged PEM block"},
		{"no last line, and somebody else's key", good[:len(good)-len("-----END PRIVATE KEY-----\n")] + good, "a damaged PEM block"},
		{"somebody else's key, and a changed digit", good + strings.Replace(good, "M", "!", 1), "a damaged PEM block"},
		{"another label", block("MLKEM PRIVATE KEY", private.DER, nil), `no PEM block "PRIVATE KEY", but "MLKEM PRIVATE KEY"`},
		{"another algorithm", block("PRIVATE KEY", x25519, nil), "the key is for X25519"},
		{"a public key", goodPublic, `no PEM block "PRIVATE KEY", but "PUBLIC KEY"`},
		{"a public key labelled PRIVATE KEY", block("PRIVATE KEY", public.DER, nil), "the file is a public key, not a private key file"},
		{"a certificate and its public key", block("CERTIFICATE", public.DER, nil) + goodPublic, `but "CERTIFICATE" (crypto/x509 parses it, and RawSubjectPublicKeyInfo is its public key), "PUBLIC KEY"`},
		{"a trusted certificate of OpenSSL", block("TRUSTED CERTIFICATE", public.DER, nil), `but "TRUSTED CERTIFICATE"`},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", private.DER, nil), `"ENCRYPTED PRIVATE KEY" (kemtool convert decrypts it, and so does openssl pkey -in FILE -out NEW from version 3.5 on)`},
		{"headers", block("PRIVATE KEY", private.DER, map[string]string{"Proc-Type": "4,ENCRYPTED"}), "headers"},
		{"two", good + good, "more than one"},
		{"a good one and a damaged one", good + block("PRIVATE KEY", private.DER[:85], nil), "more than one"},
		{"not DER", block("PRIVATE KEY", private.DER[:85], nil), "is not one SEQUENCE in DER"},
	} {
		key, err := keyfile.ParsePrivateKeyPEM([]byte(test.file))
		if test.want == "" {
			if file := must[[]byte](t)(keyfile.MarshalPrivateKeyPEM(key)); err != nil || string(file) != good {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if err == nil || key != nil || !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := keyfile.ParsePublicKeyPEM([]byte(good)); err == nil || !strings.Contains(err.Error(), `but "PRIVATE KEY" (the method PublicKey of the key gives the public key)`) {
		t.Errorf("a private key as a public one: %v", err)
	}
	both := must[kem.EncapsulationKey](t)(keyfile.ParsePublicKeyPEM([]byte(good + goodPublic)))
	if file := must[[]byte](t)(keyfile.MarshalPublicKeyPEM(both)); string(file) != goodPublic {
		t.Error("the public key beside a private one is not read")
	}
	key := must[kem.EncapsulationKey](t)(keyfile.ParsePublicKeyPEM([]byte(goodPublic)))
	if file := must[[]byte](t)(keyfile.MarshalPublicKeyPEM(key)); string(file) != goodPublic {
		t.Error("the public key is not written as it was read")
	}
}
