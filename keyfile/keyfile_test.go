package keyfile_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// kems returns the KEMs whose keys can be written to files.
func kems() []kem.KEM {
	return append([]kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024(), xwing.KEM()}, composites()...)
}

func newKey(t *testing.T, k kem.KEM) kem.DecapsulationKey {
	t.Helper()
	dk, err := k.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return dk
}

// must returns b, or ends the test if there is an error.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// parser returns parse with a result of type any, so that one test serves both functions.
func parser[K any](parse func([]byte) (K, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) { return parse(b) }
}

func TestRoundTrip(t *testing.T) {
	tested := 0
	for _, k := range hybridkem.All() {
		dk := newKey(t, k)
		ek := dk.PublicKey()
		written := 0
		for _, form := range []struct {
			name      string
			marshal   func(any) ([]byte, error)
			parse     func([]byte) (any, error)
			key       any
			wrong     any // of the other kind
			wantEqual func(any) bool
		}{
			{"PKCS #8", keyfile.MarshalPKCS8PrivateKey, parser(keyfile.ParsePKCS8PrivateKey), dk, ek,
				func(x any) bool { return dk.Equal(x) }},
			{"PKCS #8 PEM", keyfile.MarshalPrivateKeyPEM, parser(keyfile.ParsePrivateKeyPEM), dk, ek,
				func(x any) bool { return dk.Equal(x) }},
			{"SPKI", keyfile.MarshalPKIXPublicKey, parser(keyfile.ParsePKIXPublicKey), ek, dk,
				func(x any) bool { return ek.Equal(x) }},
			{"SPKI PEM", keyfile.MarshalPublicKeyPEM, parser(keyfile.ParsePublicKeyPEM), ek, dk,
				func(x any) bool { return ek.Equal(x) }},
		} {
			file, err := form.marshal(form.key)
			if err != nil {
				if file != nil || !strings.Contains(err.Error(), k.Name()) || !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%s, %s: %v", k.Name(), form.name, err)
				}
				continue
			}
			written++
			if cap(file) != len(file) {
				t.Errorf("%s, %s: capacity %d of %d bytes", k.Name(), form.name, cap(file), len(file))
			}
			if key, err := form.parse(file); err != nil || !form.wantEqual(key) {
				t.Errorf("%s, %s: %T %v", k.Name(), form.name, key, err)
			}
			if file, err := form.marshal(form.wrong); err == nil || file != nil {
				t.Errorf("%s: %s of a %T", k.Name(), form.name, form.wrong)
			}
		}
		switch written {
		case 4:
			tested++
		case 0:
		default:
			t.Errorf("%s has %d forms", k.Name(), written)
		}
	}
	if tested != len(kems()) {
		t.Errorf("%d KEMs have forms, want %d", tested, len(kems()))
	}
}

func TestNotWritten(t *testing.T) {
	destroyed := newKey(t, xwing.KEM())
	destroyed.Destroy()
	file := vector(t, "ML-KEM-768-expanded.priv")
	expanded := must[kem.Decapsulator](t)(keyfile.ParsePKCS8PrivateKey(file.DER))
	for _, key := range []any{nil, 1, destroyed, expanded, newKey(t, combiner.MLKEM768P256())} {
		if b, err := keyfile.MarshalPKCS8PrivateKey(key); err == nil || b != nil {
			t.Errorf("%T is written", key)
		}
		if b, err := keyfile.MarshalPrivateKeyPEM(key); err == nil || b != nil {
			t.Errorf("%T is written in PEM", key)
		}
	}
	// Their encapsulation keys can be written.
	for _, key := range []crypto.Decapsulator{destroyed, expanded} {
		must[[]byte](t)(keyfile.MarshalPKIXPublicKey(key.Encapsulator()))
	}
}

// A keyFile is a vector.
type keyFile struct {
	ID, Set, Kind, Form, Class, Result string `json:",omitempty"`
	DER                                vectors.Hex
	Seed                               vectors.Hex `json:",omitempty"`
	Label                              string      `json:"pem_label"`
}

// keyFiles returns the vectors of RFC 9935 and of the X-Wing draft.
func keyFiles(t testing.TB) (files []keyFile) {
	t.Helper()
	for name, count := range map[string]int{"keyformat_mlkem.jsonl": 19, "keyformat_xwing.jsonl": 2} {
		lines, err := vectors.Lines(name, count)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			v, err := vectors.Decode[keyFile](line)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, v)
		}
	}
	return files
}

func vector(t testing.TB, name string) keyFile {
	t.Helper()
	for _, v := range keyFiles(t) {
		if strings.HasSuffix(v.ID, "/"+name) {
			return v
		}
	}
	t.Fatalf("no vector %s", name)
	return keyFile{}
}

// TestVectors checks that every file is read or refused as its document says. Package kats checks the
// keys that are read.
func TestVectors(t *testing.T) {
	good, bad := 0, 0
	for _, v := range keyFiles(t) {
		der := []byte(v.DER)
		parse, parsePEM := parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParsePrivateKeyPEM)
		if v.Kind != "pkcs8" {
			parse, parsePEM = parser(keyfile.ParsePKIXPublicKey), parser(keyfile.ParsePublicKeyPEM)
		}
		if v.Kind == "certificate" {
			der = must[*x509.Certificate](t)(x509.ParseCertificate(der)).RawSubjectPublicKeyInfo
			v.Label = "PUBLIC KEY"
		}
		file := pem.EncodeToMemory(&pem.Block{Type: v.Label, Bytes: der})
		key, err := parse(der)
		if _, pemErr := parsePEM(file); fmt.Sprint(err) != fmt.Sprint(pemErr) {
			t.Errorf("%s: in DER %v, in PEM %v", v.ID, err, pemErr)
		}
		if v.Result == "invalid" {
			bad++
			if err == nil || key != nil {
				t.Errorf("%s is accepted", v.ID)
			}
			continue
		}
		good++
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
	if good != 17 || bad != 4 {
		t.Errorf("%d good files and %d bad ones", good, bad)
	}
}

// Parts of files, in hexadecimal.
const (
	oid768 = "0609608648016503040402"
	alg768 = "300b" + oid768
	algX   = "300d060b2b0601040183e62d81c87a"
)

// element returns a DER element, in hexadecimal.
func element(tag string, contents ...string) string {
	s := strings.Join(contents, "")
	switch n := len(s) / 2; {
	case n < 0x80:
		return fmt.Sprintf("%s%02x%s", tag, n, s)
	case n < 0x100:
		return fmt.Sprintf("%s81%02x%s", tag, n, s)
	default:
		return fmt.Sprintf("%s82%04x%s", tag, n, s)
	}
}

func seq(contents ...string) string { return element("30", contents...) }

func TestMalformedPrivateKeys(t *testing.T) {
	seed := strings.Repeat("a5", 64)
	seedX := strings.Repeat("5a", 32)
	choice := element("80", seed)
	key := element("04", choice)
	keyX := element("04", seedX)
	dk := must[kem.DecapsulationKey](t)(mlkem.KEM768().NewDecapsulationKey(bytes.Repeat([]byte{0xa5}, 64)))
	ek := hex.EncodeToString(dk.Encapsulator().Bytes())
	dkX := must[kem.DecapsulationKey](t)(xwing.KEM().NewDecapsulationKey(bytes.Repeat([]byte{0x5a}, 32)))
	ekX := hex.EncodeToString(dkX.Encapsulator().Bytes())
	expanded := strings.Repeat("00", 2400)
	attribute := seq("0603550403", "310430020500")

	tests := []struct{ name, der, want string }{
		{"", seq("020100", alg768, key), ""},
		{"", seq("020100", algX, keyX), ""},
		{"", seq("020100", alg768, key, element("a0")), ""},
		{"", seq("020100", alg768, key, element("a0", attribute, attribute)), ""},
		{"", seq("020101", alg768, key, element("81", "00", ek)), ""},
		{"", seq("020101", alg768, key, element("a0", attribute), element("81", "00", ek)), ""},

		{"nothing", "", "the file is empty"},
		{"not a SEQUENCE", element("31", "020100", alg768, key), "is not one SEQUENCE in DER"},
		{"empty", seq(), "the version is missing"},
		{"trailing byte", seq("020100", alg768, key) + "00", "87 bytes is not one SEQUENCE"},
		{"indefinite length", "3080" + "020100" + alg768 + key + "0000", "is not one SEQUENCE in DER"},
		{"long length", "308154" + "020100" + alg768 + key, "is not one SEQUENCE in DER"},
		{"long length of four bytes", "308400000054" + "020100" + alg768 + key, "is not one SEQUENCE in DER"},
		{"length beyond the end", "3055" + "020100" + alg768 + key, "is not one SEQUENCE in DER"},
		{"no version", seq(alg768, key), "the version does not have the tag 0x02"},
		{"version 2", seq("020102", alg768, key), "unknown version"},
		{"version -1", seq("0201ff", alg768, key), "unknown version"},
		{"long version", seq("02020000", alg768, key), "unknown version"},
		{"empty version", seq("0200", alg768, key), "version"},
		{"no algorithm", seq("020100", key), "the algorithm does not have the tag 0x30"},
		{"no identifier", seq("020100", seq(), key), "no valid identifier"},
		{"identifier of padded parts", seq("020100", seq("060a60864880016503040402"), key), "no valid identifier"},
		{"identifier without end", seq("020100", seq("0609608648016503040482"), key), "no valid identifier"},
		{"X25519", seq("020100", "300506032b656e", key), "the key is for X25519 (1.3.101.110)"},
		{"an algorithm of nobody", seq("020100", seq("06022a03"), key), "unknown algorithm 1.2.3"},
		{"NULL parameters", seq("020100", seq(oid768, "0500"), key), "parameters"},
		{"NULL parameters, X-Wing", seq("020100", seq(algX[4:], "0500"), keyX), "parameters"},
		{"no key", seq("020100", alg768), "the private key is missing"},
		{"a BIT STRING", seq("020100", alg768, element("03", "00", choice)), "the private key does not have the tag 0x04"},
		{"constructed OCTET STRING", seq("020100", alg768, element("24", key)), "the private key does not have the tag 0x04"},
		{"long length of the key", seq("020100", alg768, "048142"+choice), "length of the private key"},
		{"empty key", seq("020100", alg768, "0400"), "0 bytes and none of the forms"},
		{"bare seed", seq("020100", alg768, element("04", seed)), "a bare seed: ParseLegacyPrivateKey"},
		{"short seed", seq("020100", alg768, element("04", element("80", seed[2:]))), "seed has 63 bytes, want 64"},
		{"long seed", seq("020100", alg768, element("04", element("80", seed, "a5"))), "seed has 65 bytes"},
		{"long length of the seed", seq("020100", alg768, element("04", "808140"+seed)), "67 bytes and none of the forms"},
		{"constructed seed", seq("020100", alg768, element("04", element("a0", "0440", seed))), "68 bytes and none of the forms"},
		{"data after the seed", seq("020100", alg768, element("04", choice, "00")), "67 bytes and none of the forms"},
		{"data after the key", seq("020100", alg768, key, "0500"), "at the end of the private key file"},
		{"an expanded key too short", seq("020100", alg768, element("04", element("04", expanded[2:]))), "expanded key has 2399 bytes, want 2400"},
		{"an expanded key too long", seq("020100", alg768, element("04", element("04", expanded, "00"))), "expanded key has 2401 bytes"},
		{"an expanded key of zeros", seq("020100", alg768, element("04", element("04", expanded))), "wrong hash"},
		{"data after an expanded key", seq("020100", alg768, element("04", element("04", expanded), "00")), "2405 bytes and none of the forms"},
		{"both, without an expanded key", seq("020100", alg768, element("04", seq(element("04", seed)))), "68 bytes and none of the forms"},
		{"both, with a tagged seed", seq("020100", alg768, element("04", seq(choice, element("04", expanded)))), "2474 bytes and none of the forms"},
		{"both, the wrong way round", seq("020100", alg768, element("04", seq(element("04", expanded), element("04", seed)))), "seed has 2400 bytes"},
		{"both and more", seq("020100", alg768, element("04", seq(element("04", seed), element("04", expanded), "0500"))), "2476 bytes and none of the forms"},
		{"both, then more", seq("020100", alg768, element("04", seq(element("04", seed), element("04", expanded)), "00")), "2475 bytes and none of the forms"},
		{"both, of zeros", seq("020100", alg768, element("04", seq(element("04", seed), element("04", expanded)))), "wrong hash"},
		{"X-Wing with a tag", seq("020100", algX, element("04", element("80", seedX))), "seed has 34 bytes"},
		{"X-Wing, short", seq("020100", algX, element("04", seedX[2:])), "seed has 31 bytes"},
		{"X-Wing, with a public key", seq("020101", algX, keyX, element("81", "00", ekX)), "must be absent"},
		{"attributes that are none", seq("020100", alg768, key, element("a0", "0500")), "an attribute does not have the tag 0x30"},
		{"half an attribute", seq("020100", alg768, key, element("a0", "3005")), "the length of an attribute"},
		{"attributes twice", seq("020100", alg768, key, "a000", "a000"), "trailing data"},
		{"version 0 with a public key", seq("020100", alg768, key, element("81", "00", ek)), "trailing data"},
		{"version 1 without a public key", seq("020101", alg768, key), "the public key is missing"},
		{"constructed public key", seq("020101", alg768, key, element("a1", "00", ek)), "the public key does not have the tag 0x81"},
		{"public key without unused bits", seq("020101", alg768, key, "8100"), "whole bytes"},
		{"public key with unused bits", seq("020101", alg768, key, element("81", "01", ek)), "whole bytes"},
		{"another public key", seq("020101", alg768, key, element("81", "00", strings.Repeat("00", 1184))), "does not belong"},
		{"empty public key", seq("020101", alg768, key, "810100"), "does not belong"},
		{"data after the public key", seq("020101", alg768, key, element("81", "00", ek), "00"), "trailing data"},
		{"the key of another set", seq("020100", "300b0609608648016503040401", element("04", element("04", expanded))), "expanded key has 2400 bytes, want 1632"},
	}
	for _, test := range tests {
		wantError(t, parser(keyfile.ParsePKCS8PrivateKey), test.name, test.der, test.want)
	}
}

// wantError parses a file, and expects an error that contains want. If want is empty, it expects a key.
func wantError(t *testing.T, parse func([]byte) (any, error), name, file, want string) {
	t.Helper()
	der := must[[]byte](t)(hex.DecodeString(file))
	before := bytes.Clone(der)
	key, err := parse(der)
	switch {
	case want == "":
		if err != nil {
			t.Errorf("a good file: %v", err)
		}
	case err == nil || key != nil:
		t.Errorf("%s: accepted", name)
	case !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), want):
		t.Errorf("%s: %v, want %q", name, err, want)
	}
	if !bytes.Equal(der, before) {
		t.Errorf("%s: the file was changed", name)
	}
}

func TestMalformedPublicKeys(t *testing.T) {
	ek := hex.EncodeToString(newKey(t, mlkem.KEM768()).Encapsulator().Bytes())
	ekX := hex.EncodeToString(newKey(t, xwing.KEM()).Encapsulator().Bytes())
	key, keyX := element("03", "00", ek), element("03", "00", ekX)
	for _, test := range []struct{ name, der, want string }{
		{"", seq(alg768, key), ""},
		{"", seq(algX, keyX), ""},
		{"nothing", "", "the file is empty"},
		{"not a SEQUENCE", element("31", alg768, key), "is not one SEQUENCE in DER"},
		{"trailing byte", seq(alg768, key) + "00", "1207 bytes is not one SEQUENCE in DER"},
		{"indefinite length", "3080" + alg768 + key + "0000", "is not one SEQUENCE in DER"},
		{"long length", "30830004b2" + alg768 + key, "is not one SEQUENCE in DER"},
		{"no algorithm", seq(key), "the algorithm does not have the tag 0x30"},
		{"NULL parameters", seq(seq(oid768, "0500"), key), "parameters"},
		{"P-256", seq("301306072a8648ce3d020106082a8648ce3d030107", key), "the key is for elliptic curves (1.2.840.10045.2.1)"},
		{"no key", seq(alg768), "the public key is missing"},
		{"an OCTET STRING", seq(alg768, element("04", ek)), "the public key does not have the tag 0x03"},
		{"empty BIT STRING", seq(alg768, "0300"), "whole bytes"},
		{"unused bits", seq(alg768, element("03", "04", ek[:len(ek)-1]+"0")), "whole bytes"},
		{"wrapped key", seq(alg768, element("03", "00", element("04", ek))), "encapsulation key has 1188 bytes, want 1184"},
		{"short key", seq(alg768, element("03", "00", ek[2:])), "encapsulation key has 1183 bytes"},
		{"a coefficient of q", seq(alg768, element("03", "00", "010d", ek[4:])), "coefficient"},
		{"the key of another KEM", seq(algX, key), "encapsulation key has 1184 bytes, want 1216"},
		{"low order", seq(algX, element("03", "00", ekX[:len(ekX)-64], strings.Repeat("00", 32))), "low order"},
		{"data after the key", seq(alg768, key, "0500"), "trailing data"},
	} {
		wantError(t, parser(keyfile.ParsePKIXPublicKey), test.name, test.der, test.want)
	}
}

// TestEveryByte truncates files to each length, and changes each bit before the key, and behind the seed
// of ML-KEM in a key from parts. The result must be refused, or be exactly the file of another key.
func TestEveryByte(t *testing.T) {
	for _, k := range kems() {
		dk := newKey(t, k)
		for _, form := range []struct {
			parse   func([]byte) (any, error)
			marshal func(any) ([]byte, error)
			file    []byte
			key     int // the size of the key
		}{
			{parser(keyfile.ParsePKCS8PrivateKey), keyfile.MarshalPKCS8PrivateKey, must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(dk)), k.SeedSize()},
			{parser(keyfile.ParsePKIXPublicKey), keyfile.MarshalPKIXPublicKey, must[[]byte](t)(keyfile.MarshalPKIXPublicKey(dk.Encapsulator())), k.EncapsulationKeySize()},
		} {
			for n := range form.file {
				if key, err := form.parse(form.file[:n]); err == nil || key != nil {
					t.Errorf("%s: %d bytes of %d are read", k.Name(), n, len(form.file))
				}
			}
			begin := len(form.file) - form.key
			for i := range 8 * len(form.file) {
				if testing.Short() && i%8 != i/8%8 {
					continue
				}
				inKey := i/8 - begin
				if inKey >= 0 && (inKey < mlkem.SeedSize || !kem.KeysFromParts(k) || form.key != k.SeedSize()) {
					continue
				}
				changed := bytes.Clone(form.file)
				changed[i/8] ^= 1 << (i % 8)
				key, err := form.parse(changed)
				if err != nil {
					continue
				}
				if again, err := form.marshal(key); err != nil || !bytes.Equal(again, changed) {
					t.Errorf("%s: a file with bit %d changed is read, and written otherwise: %v", k.Name(), i, err)
				}
			}
		}
	}
}
