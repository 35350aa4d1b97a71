package keyfile_test

import (
	"bytes"
	"crypto/ecdh"
	stdmlkem "crypto/mlkem"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
)

// TestStandardLibrary writes keys of crypto/mlkem.
func TestStandardLibrary(t *testing.T) {
	dk768 := must[*stdmlkem.DecapsulationKey768](t)(stdmlkem.GenerateKey768())
	dk1024 := must[*stdmlkem.DecapsulationKey1024](t)(stdmlkem.GenerateKey1024())
	own768 := must[*mlkem.DecapsulationKey768](t)(mlkem.NewDecapsulationKey768(dk768.Bytes()))
	own1024 := must[*mlkem.DecapsulationKey1024](t)(mlkem.NewDecapsulationKey1024(dk1024.Bytes()))
	for _, test := range []struct {
		marshal  func(any) ([]byte, error)
		key, own any
	}{
		{keyfile.MarshalPKCS8PrivateKey, dk768, own768},
		{keyfile.MarshalPKCS8PrivateKey, dk1024, own1024},
		{keyfile.MarshalPrivateKeyPEM, dk768, own768},
		{keyfile.MarshalPrivateKeyPEM, dk1024, own1024},
		{keyfile.MarshalPKIXPublicKey, dk768.EncapsulationKey(), own768.EncapsulationKey()},
		{keyfile.MarshalPKIXPublicKey, dk1024.EncapsulationKey(), own1024.EncapsulationKey()},
		{keyfile.MarshalPublicKeyPEM, dk768.Encapsulator(), own768.EncapsulationKey()},
		{keyfile.MarshalPublicKeyPEM, dk1024.Encapsulator(), own1024.EncapsulationKey()},
	} {
		want := must[[]byte](t)(test.marshal(test.own))
		if file := must[[]byte](t)(test.marshal(test.key)); !bytes.Equal(file, want) {
			t.Errorf("%T is written as %x, want %x", test.key, file, want)
		}
	}
}

// TestOtherTypes checks the errors for values that cannot be written.
func TestOtherTypes(t *testing.T) {
	dk := must[*mlkem.DecapsulationKey768](t)(mlkem.GenerateKey768())
	std := must[*stdmlkem.DecapsulationKey768](t)(stdmlkem.GenerateKey768())
	curve := must[*ecdh.PrivateKey](t)(ecdh.X25519().NewPrivateKey(make([]byte, 32)))
	expanded := must[kem.Decapsulator](t)(keyfile.ParsePKCS8PrivateKey(vector(t, "ML-KEM-768-expanded.priv").DER))
	private := []func(any) ([]byte, error){keyfile.MarshalPKCS8PrivateKey, keyfile.MarshalPrivateKeyPEM}
	public := []func(any) ([]byte, error){keyfile.MarshalPKIXPublicKey, keyfile.MarshalPublicKeyPEM}
	for _, test := range []struct {
		marshal []func(any) ([]byte, error)
		key     any
		kind    error
		want    string
	}{
		{private, (*stdmlkem.DecapsulationKey768)(nil), kem.ErrNoKey, "nil"},
		{private, new(stdmlkem.DecapsulationKey768), kem.ErrNoKey, "zero value"},
		{private, (*stdmlkem.DecapsulationKey1024)(nil), kem.ErrNoKey, "nil"},
		{private, new(stdmlkem.DecapsulationKey1024), kem.ErrNoKey, "zero value"},
		{public, (*stdmlkem.EncapsulationKey768)(nil), kem.ErrNoKey, "nil"},
		{public, new(stdmlkem.EncapsulationKey768), kem.ErrNoKey, "zero value"},
		{public, (*stdmlkem.EncapsulationKey1024)(nil), kem.ErrNoKey, "nil"},
		{public, new(stdmlkem.EncapsulationKey1024), kem.ErrNoKey, "zero value"},
		{private, nil, kem.ErrNoKey, "nil"},
		{public, nil, kem.ErrNoKey, "nil"},
		{private, *std, kem.ErrUnsupported, "crypto/mlkem.DecapsulationKey768 is not a decapsulation key with a seed, or no pointer to one"},
		{public, *std.EncapsulationKey(), kem.ErrUnsupported, "crypto/mlkem.EncapsulationKey768 is not an encapsulation key, or no pointer to one"},
		{private, &dk, kem.ErrUnsupported, "**hybridkem/mlkem.DecapsulationKey768 is not"},
		{private, std.EncapsulationKey(), kem.ErrUnsupported, "*crypto/mlkem.EncapsulationKey768 is an encapsulation key"},
		{private, dk.EncapsulationKey(), kem.ErrUnsupported, "*hybridkem/mlkem.EncapsulationKey768 is an encapsulation key"},
		{public, std, kem.ErrUnsupported, "*crypto/mlkem.DecapsulationKey768 is a decapsulation key"},
		{public, dk, kem.ErrUnsupported, "*hybridkem/mlkem.DecapsulationKey768 is a decapsulation key"},
		{private, curve, kem.ErrUnsupported, "*crypto/ecdh.PrivateKey is not"},
		{public, curve.PublicKey(), kem.ErrUnsupported, "*crypto/ecdh.PublicKey is not"},
		{private, expanded, kem.ErrUnsupported, "*hybridkem/mlkem.ExpandedKey768 is an expanded key"},
		{private, []byte("seed"), kem.ErrUnsupported, "[]uint8 is not"},
	} {
		for _, marshal := range test.marshal {
			file, err := marshal(test.key)
			if file != nil || !errors.Is(err, test.kind) || !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%T: %v, want %q", test.key, err, test.want)
			}
		}
	}
}

// A cutKey is a key pair of another module, whose keys lack a byte.
type cutKey struct{ kem.DecapsulationKey }

func (k cutKey) Bytes() []byte { return k.DecapsulationKey.Bytes()[1:] }

type cutPublicKey struct{ kem.EncapsulationKey }

func (k cutPublicKey) Bytes() []byte { return k.EncapsulationKey.Bytes()[1:] }

// TestShortKeys checks that a key of another module is not written if its length is wrong.
func TestShortKeys(t *testing.T) {
	dk := newKey(t, mlkem.KEM768())
	if file, err := keyfile.MarshalPKCS8PrivateKey(cutKey{dk}); file != nil || !errors.Is(err, kem.ErrLength) {
		t.Errorf("a private key: %v", err)
	}
	if file, err := keyfile.MarshalPKIXPublicKey(cutPublicKey{dk.PublicKey()}); file != nil || !errors.Is(err, kem.ErrLength) {
		t.Errorf("a public key: %v", err)
	}
}

// pkcs8 returns a private key file of ML-KEM-768, in hexadecimal contents.
func pkcs8(contents string) []byte {
	b, err := hex.DecodeString(seq("020100", alg768, element("04", contents)))
	if err != nil {
		panic(err)
	}
	return b
}

func TestLegacy(t *testing.T) {
	file := vector(t, "ML-KEM-768-expanded.priv")
	dk := must[*mlkem.DecapsulationKey768](t)(mlkem.NewDecapsulationKey768(file.Seed))
	seed, ek := hex.EncodeToString(file.Seed), hex.EncodeToString(dk.EncapsulationKey().Bytes())
	expanded := hex.EncodeToString(file.DER[len(file.DER)-mlkem.ExpandedKeySize768:])
	other := hex.EncodeToString(newKey(t, mlkem.KEM768()).PublicKey().Bytes())
	tests := []struct {
		contents, name string
		kind           error // for ParseLegacyPrivateKey
	}{
		{seed, "a bare seed", nil},
		{element("04", seed), "a seed in an OCTET STRING", nil},
		{expanded, "a bare expanded key", nil},
		{expanded + ek, "an expanded key with its public key", nil},
		{element("04", expanded, ek), "an expanded key with its public key", nil},
		{expanded + other, "an expanded key with its public key", kem.ErrKeyPair},
		{element("04", expanded, other), "an expanded key with its public key", kem.ErrKeyPair},
		{"00" + expanded[2:], "a bare expanded key", kem.ErrKeyPair},
		{element("80", seed), "", nil},
		{element("04", expanded), "", nil},
		{seq(element("04", seed), element("04", expanded)), "", nil},
	}
	message, ciphertext := dk.EncapsulationKey().Encapsulate()
	for _, test := range tests {
		key, err := keyfile.ParsePKCS8PrivateKey(pkcs8(test.contents))
		if test.name == "" && err != nil || test.name != "" && (key != nil || !errors.Is(err, kem.ErrKeyFile) ||
			!strings.Contains(err.Error(), `before RFC 9935, `+test.name+`: ParseLegacyPrivateKey and "kemtool convert" read it`)) {
			t.Errorf("%s of %d bytes: %v", test.name, len(test.contents)/2, err)
		}
		key, err = keyfile.ParseLegacyPrivateKey(pkcs8(test.contents))
		if test.kind != nil {
			if key != nil || !errors.Is(err, test.kind) {
				t.Errorf("%s of %d bytes, altered: %v", test.name, len(test.contents)/2, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s of %d bytes: %v", test.name, len(test.contents)/2, err)
		} else if got := must[[]byte](t)(key.Decapsulate(ciphertext)); !bytes.Equal(got, message) {
			t.Errorf("%s of %d bytes gives another key", test.name, len(test.contents)/2)
		}
	}
	// Everything that the strict function reads is read, and nothing else is.
	for _, v := range keyFiles(t) {
		key, err := keyfile.ParsePKCS8PrivateKey(v.DER)
		legacyKey, legacyErr := keyfile.ParseLegacyPrivateKey(v.DER)
		if (key == nil) != (legacyKey == nil) || err != nil && err.Error() != legacyErr.Error() {
			t.Errorf("%s: %v, and as a legacy form %v", v.ID, err, legacyErr)
		}
	}
}

// TestOtherPrograms reads the files in testdata/keys, which other programs wrote.
func TestOtherPrograms(t *testing.T) {
	const der, pemFile = ".der", ".pem"
	tests := map[string]string{ // what the strict reader says
		"768-old-bare-seed.der":                   "a bare seed",
		"768-rfc-both-v2-pub.der":                 "",
		"768-rfc-seed-v2-pub.der":                 "",
		"attribute-keyusage-768.der":              "",
		"attributes-p12-768.der":                  "",
		"botan-3.13-768.pem":                      "a bare seed",
		"botan-3.7-512.pem":                       "a bare seed",
		"openssl-3.6-bom-768.pem":                 "",
		"openssl-3.6-cert-768.pem":                `no PEM block "PRIVATE KEY", but "CERTIFICATE"`,
		"openssl-3.6-encrypted-768.pem":           "kemtool convert decrypts it, and so does openssl pkey -in FILE -out NEW from version 3.5 on",
		"openssl-3.6-oqskeypair-768.pem":          "an expanded key with its public key",
		"openssl-3.6-private-then-public-768.pem": "",
	}
	seen := 0
	for _, file := range otherPrograms(t) {
		want, ok := tests[file.name]
		if !ok {
			t.Errorf("%s has no test", file.name)
			continue
		}
		seen++
		parse := parser(keyfile.ParsePrivateKeyPEM)
		if strings.HasSuffix(file.name, der) {
			parse = parser(keyfile.ParsePKCS8PrivateKey)
		}
		key, err := parse(file.contents)
		if want == "" && err != nil || want != "" && (key != nil || err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", file.name, err, want)
		}
		block, _ := pem.Decode(bytes.TrimPrefix(file.contents, []byte("\ufeff")))
		if strings.HasSuffix(file.name, pemFile) {
			file.contents = block.Bytes
		}
		_, err = keyfile.ParseLegacyPrivateKey(file.contents)
		readable := !strings.Contains(file.name, "cert") && !strings.Contains(file.name, "encrypted")
		if readable != (err == nil) {
			t.Errorf("%s: ParseLegacyPrivateKey says %v", file.name, err)
		}
	}
	if seen != len(tests) {
		t.Errorf("%d files, want %d", seen, len(tests))
	}
	for name, want := range map[string]string{
		"openssl-3.6-cert-768.pem":                "crypto/x509 parses it",
		"openssl-3.6-private-then-public-768.pem": "",
		"openssl-3.6-bom-768.pem":                 `but "PRIVATE KEY"`,
	} {
		_, err := keyfile.ParsePublicKeyPEM(must[[]byte](t)(os.ReadFile(filepath.Join("testdata/keys", name))))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s as a public key: %v, want %q", name, err, want)
		}
	}
	certificate, _ := pem.Decode(must[[]byte](t)(os.ReadFile("testdata/keys/openssl-3.6-cert-768.pem")))
	for _, parse := range []func([]byte) (any, error){parser(keyfile.ParsePKIXPublicKey), parser(keyfile.ParsePKCS8PrivateKey)} {
		if _, err := parse(certificate.Bytes); err == nil || !strings.Contains(err.Error(), "the file is a certificate, not a p") {
			t.Errorf("a certificate in DER: %v", err)
		}
	}
}

// TestKinds gives files in DER that are no keys of KEMs to the readers of both kinds.
func TestKinds(t *testing.T) {
	element04, number := element("04", "0000"), "020105"
	pbes2 := seq("06092a864886f70d01050d", seq())
	for _, test := range []struct{ der, want string }{
		{seq(pbes2, element04), "an encrypted private key"},
		{seq(seq("060b2a864886f70d010c010300"), element04), "an encrypted private key"},
		{seq(seq(number, seq(), seq()), pbes2, "030100"), "a certificate request"},
		{seq(seq(element("a0", "020102"), number, number, seq()), pbes2, "030100"), "a certificate"},
		{seq("020103", seq("06092a864886f70d010701"), seq()), "a PKCS #12 file"},
		{seq("06092a864886f70d010702", element("a0", seq())), "a CMS (PKCS #7) file"},
		{seq("020101", element04, element("a0", "06052b81040022")), "an elliptic-curve private key (SEC 1)"},
		{seq("020100", number, number, number, number, number, number, number, number), "an RSA private key (PKCS #1)"},
		{seq(number, number), "an RSA public key (PKCS #1)"},
	} {
		der := must[[]byte](t)(hex.DecodeString(test.der))
		for i, parse := range []func([]byte) (any, error){
			parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParseLegacyPrivateKey), parser(keyfile.ParsePKIXPublicKey),
			parser(keyfile.ParsePrivateKeyPEM), parser(keyfile.ParsePublicKeyPEM),
		} {
			want := "keyfile: the file is " + test.want + ", not a p"
			if i >= 3 {
				want = "keyfile: the file is " + test.want + " in DER, not in PEM"
			}
			if key, err := parse(der); key != nil || !errors.Is(err, kem.ErrKeyFile) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("reader %d: %v, want %q", i, err, want)
			}
		}
	}
}

// TestManyBlocks reads a file of many blocks, whose labels must not all be in the error.
func TestManyBlocks(t *testing.T) {
	var file []byte
	for i := range 10_000 {
		file = append(file, pem.EncodeToMemory(&pem.Block{Type: fmt.Sprint("BLOCK ", i)})...)
	}
	_, err := keyfile.ParsePrivateKeyPEM(file)
	if want := `"BLOCK 0", "BLOCK 1", "BLOCK 2", "BLOCK 3", and 9996 more`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%.200v, want %q", err, want)
	}
}

type otherProgram struct {
	name     string
	contents []byte
}

func otherPrograms(t testing.TB) (files []otherProgram) {
	t.Helper()
	names, err := filepath.Glob("testdata/keys/*.[dp]e[rm]")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		contents, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, otherProgram{filepath.Base(name), contents})
	}
	return files
}

// TestNothingOfTheKey changes files of two keys in the same way. The errors must be the same, since they
// must not depend on the keys. The files are cut at each length. Each bit around the keys is changed, and one bit in
// each byte of the keys. No such change makes a scalar invalid in one file alone.
func TestNothingOfTheKey(t *testing.T) {
	readers := []func([]byte) (any, error){
		parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParseLegacyPrivateKey), parser(keyfile.ParsePrivateKeyPEM),
		parser(keyfile.ParsePKIXPublicKey), parser(keyfile.ParsePublicKeyPEM),
	}
	compared := 0
	compare := func(a, b []byte, readers ...func([]byte) (any, error)) {
		t.Helper()
		for _, read := range readers {
			_, errA := read(a)
			_, errB := read(b)
			compared++
			if errA != nil && errB != nil && errA.Error() != errB.Error() {
				t.Errorf("%v, and with another seed: %v", errA, errB)
			}
		}
	}
	// What Botan wrote begins with any byte.
	seeds := []string{strings.Repeat("fd", 64), strings.Repeat("30", 64), "803e" + strings.Repeat("01", 62), "043e" + strings.Repeat("01", 62),
		"303e" + strings.Repeat("01", 62), "3003020101" + strings.Repeat("01", 59), strings.Repeat("80", 64), strings.Repeat("00", 64)}
	for _, seed := range seeds[1:] {
		for n := 31; n <= 64; n++ { // seeds, and most of seeds, without a file
			if n == 32 || n == 64 || !strings.HasPrefix(seed, "30") {
				a, b := must[[]byte](t)(hex.DecodeString(seeds[0][:2*n])), must[[]byte](t)(hex.DecodeString(seed[:2*n]))
				compare(a, b, readers...)
			}
		}
		for _, form := range []func(seed string) []byte{
			func(seed string) []byte { return pkcs8(seed) },
			func(seed string) []byte { return pkcs8(element("80", seed)) },
			func(seed string) []byte { return pkcs8(element("04", seed)) },
			func(seed string) []byte {
				return must[[]byte](t)(hex.DecodeString(seq("020100", algX, element("04", seed[:64]))))
			},
			func(seed string) []byte {
				return must[[]byte](t)(hex.DecodeString(seq("020100", algorithm(58), element("04", seed, seed[:64]))))
			},
			func(seed string) []byte { return p256File(t, seed, "") },
			func(seed string) []byte {
				scalar := must[*ecdh.PrivateKey](t)(ecdh.P256().NewPrivateKey(must[[]byte](t)(hex.DecodeString(seed[64:126] + "03"))))
				return p256File(t, seed[:126]+"03", hex.EncodeToString(scalar.PublicKey().Bytes()))
			},
		} {
			a, b := form(seeds[0]), form(seed)
			encode := func(der []byte) []byte {
				return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
			}
			compare(encode(a), encode(b), readers...)
			for i := range a {
				compare(a[:i], b[:i], readers...)
				inKey := a[i] != b[i]
				for bit := range 8 {
					if (testing.Short() || inKey) && bit != i%8 || testing.Short() && inKey && i%4 != 0 {
						continue
					}
					a[i] ^= 1 << bit
					b[i] ^= 1 << bit
					// A changed length can make bytes of the seed the next element. To those who want
					// another file, the error then tells whether they look like one.
					compare(a, b, readers[:2]...)
					a[i] ^= 1 << bit
					b[i] ^= 1 << bit
				}
			}
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d comparisons", compared)
	}
}

// p256File returns a file of MLKEM768-ECDH-P256-SHA3-256, whose scalar is the second half of the seed. It
// contains the point unless that is empty.
func p256File(t *testing.T, seed, point string) []byte {
	t.Helper()
	key := []string{"020101", element("04", seed[64:]), element("a0", "06082a8648ce3d030107")}
	if point != "" {
		key = append(key, element("a1", element("03", "00", point)))
	}
	return must[[]byte](t)(hex.DecodeString(seq("020100", algorithm(59), element("04", seed, seq(key...)))))
}

// TestDamaged cuts the files of other programs at each length, and changes each of their bits. Whatever
// is still read must be what it says, and what is refused must be refused with an error of this package.
func TestDamaged(t *testing.T) {
	step := 37
	if !testing.Short() {
		step = 5
	}
	count := 0
	for _, file := range otherPrograms(t) {
		check := func(b []byte) {
			t.Helper()
			for _, read := range []func([]byte) (any, error){
				parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParseLegacyPrivateKey), parser(keyfile.ParsePrivateKeyPEM),
				parser(keyfile.ParsePKIXPublicKey), parser(keyfile.ParsePublicKeyPEM),
			} {
				count++
				key, err := read(b)
				if (key == nil) != (err != nil) || err != nil && !strings.HasPrefix(err.Error(), "keyfile: ") {
					t.Fatalf("%s: %v, %v", file.name, key, err)
				}
			}
		}
		for i := 0; i < len(file.contents); i += step {
			check(file.contents[:i])
			file.contents[i] ^= 1 << (i % 8)
			check(file.contents)
			file.contents[i] ^= 1 << (i % 8)
		}
	}
	if count < 1000 {
		t.Errorf("only %d files", count)
	}
}
