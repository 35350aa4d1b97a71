package keyfile_test

import (
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
	good := block("PRIVATE KEY", private.DER, nil)
	goodPublic := block("PUBLIC KEY", public.DER, nil)
	for _, test := range []struct{ name, file, want string }{
		{"as written", good, ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"text around", "Alice's key:\n" + good + "\nKeep it secret.\n", ""},
		{"nothing", "", "no PEM block"},
		{"DER", string(private.DER), "no PEM block"},
		{"cut", good[:len(good)-10], "no PEM block"},
		{"a changed digit", strings.Replace(good, "M", "!", 1), "no PEM block"},
		{"another label", block("MLKEM PRIVATE KEY", private.DER, nil), `"MLKEM PRIVATE KEY"`},
		{"a public key", goodPublic, `"PUBLIC KEY"`},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", private.DER, nil), `"ENCRYPTED PRIVATE KEY"`},
		{"headers", block("PRIVATE KEY", private.DER, map[string]string{"Proc-Type": "4,ENCRYPTED"}), "headers"},
		{"two", good + good, "more than one"},
		{"with its public key", good + goodPublic, "more than one"},
		{"not DER", block("PRIVATE KEY", private.DER[:85], nil), "length of the private key file"},
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
	if _, err := keyfile.ParsePublicKeyPEM([]byte(good)); err == nil || !strings.Contains(err.Error(), `"PRIVATE KEY"`) {
		t.Errorf("a private key as a public one: %v", err)
	}
	key := must[kem.EncapsulationKey](t)(keyfile.ParsePublicKeyPEM([]byte(goodPublic)))
	if file := must[[]byte](t)(keyfile.MarshalPublicKeyPEM(key)); string(file) != goodPublic {
		t.Error("the public key is not written as it was read")
	}
}
