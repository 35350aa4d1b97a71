package keyfile_test

import (
	"bytes"
	"crypto"
	stdmlkem "crypto/mlkem"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// jwkAlgorithms are the algorithms without -KE, and the KEMs of their keys.
var jwkAlgorithms = []struct {
	alg string
	kem kem.KEM
}{
	{"HPKE-8", combiner.MLKEM768P256()},
	{"HPKE-9", xwing.KEM()},
	{"HPKE-10", combiner.MLKEM1024P384()},
	{"HPKE-12", mlkem.KEM768()},
	{"HPKE-13", mlkem.KEM1024()},
}

func readPrivateJWK(b []byte) (any, error) {
	key, alg, kid, err := keyfile.ParsePrivateJWK(b)
	return noResults(key, alg, kid, err)
}

func readPublicJWK(b []byte) (any, error) {
	key, alg, kid, err := keyfile.ParsePublicJWK(b)
	return noResults(key, alg, kid, err)
}

// noResults returns the key and the error of a reader. Beside an error, there must be no other result.
func noResults(key any, alg, kid string, err error) (any, error) {
	if err != nil && alg+kid != "" {
		panic("an algorithm or a name beside an error")
	}
	return key, err
}

var base64url = base64.RawURLEncoding

// fixedKey returns a key that is the same in each run.
func fixedKey(t testing.TB, k kem.KEM) kem.DecapsulationKey {
	t.Helper()
	dk, err := k.NewDecapsulationKey(bytes.Repeat([]byte{0xa5}, k.SeedSize()))
	if err != nil {
		t.Fatal(err)
	}
	return dk
}

// TestJWK writes keys of each KEM for each algorithm, and reads them.
func TestJWK(t *testing.T) {
	written := 0
	for _, k := range hybridkem.All() {
		dk := newKey(t, k)
		ek := dk.PublicKey()
		for _, a := range jwkAlgorithms {
			for _, alg := range []string{a.alg, a.alg + "-KE"} {
				for _, kid := range []string{"", "k", "a name, \"quoted\"\n<é\u2028>"} {
					private, err := keyfile.MarshalPrivateJWK(dk, alg, kid)
					public, publicErr := keyfile.MarshalPublicJWK(ek, alg, kid)
					if k != a.kem {
						kind := kem.ErrUnsupported
						for _, other := range jwkAlgorithms {
							if other.kem == k {
								kind = kem.ErrOtherKEM
							}
						}
						if private != nil || public != nil || !errors.Is(err, kind) || !errors.Is(publicErr, kind) || !strings.Contains(err.Error(), k.Name()) {
							t.Errorf("%s of %s: %v, %v", alg, k.Name(), err, publicErr)
						}
						continue
					}
					if err != nil || publicErr != nil {
						t.Fatal(err, publicErr)
					}
					written++
					if cap(private) != len(private) || cap(public) != len(public) {
						t.Errorf("%s: capacities %d and %d of %d and %d bytes", alg, cap(private), cap(public), len(private), len(public))
					}
					name := ""
					if kid != "" {
						name = `,"kid":` + string(must[[]byte](t)(json.Marshal(kid)))
					}
					want := fmt.Sprintf(`{"alg":%q%s,"kty":"AKP","priv":%q,"pub":%q}`, alg, name, base64url.EncodeToString(dk.Bytes()), base64url.EncodeToString(ek.Bytes()))
					if string(private) != want {
						t.Errorf("%s: %s, want %s", alg, private, want)
					}
					want = fmt.Sprintf(`{"alg":%q%s,"kty":"AKP","pub":%q}`, alg, name, base64url.EncodeToString(ek.Bytes()))
					if string(public) != want {
						t.Errorf("%s: %s, want %s", alg, public, want)
					}
					if key, a, n, err := keyfile.ParsePrivateJWK(private); err != nil || !dk.Equal(key) || a != alg || n != kid {
						t.Errorf("%s: %v, algorithm %q, name %q", alg, err, a, n)
					}
					if key, a, n, err := keyfile.ParsePublicJWK(public); err != nil || !ek.Equal(key) || a != alg || n != kid {
						t.Errorf("%s: %v, algorithm %q, name %q", alg, err, a, n)
					}
				}
			}
		}
	}
	if written != 5*2*3 {
		t.Errorf("%d pairs of JWKs written", written)
	}
}

// TestJWKStandardLibrary writes keys of crypto/mlkem.
func TestJWKStandardLibrary(t *testing.T) {
	for alg, dk := range map[string]crypto.Decapsulator{
		"HPKE-12":    must[*stdmlkem.DecapsulationKey768](t)(stdmlkem.GenerateKey768()),
		"HPKE-13-KE": must[*stdmlkem.DecapsulationKey1024](t)(stdmlkem.GenerateKey1024()),
	} {
		private := must[[]byte](t)(keyfile.MarshalPrivateJWK(dk, alg, ""))
		key := must[any](t)(readPrivateJWK(private)).(kem.DecapsulationKey)
		if again := must[[]byte](t)(keyfile.MarshalPrivateJWK(key, alg, "")); !bytes.Equal(again, private) || !bytes.Equal(key.PublicKey().Bytes(), dk.Encapsulator().Bytes()) {
			t.Errorf("%T is written as %s", dk, private)
		}
		public := must[[]byte](t)(keyfile.MarshalPublicJWK(dk.Encapsulator(), alg, ""))
		if again := must[[]byte](t)(keyfile.MarshalPublicJWK(key.PublicKey(), alg, "")); !bytes.Equal(again, public) {
			t.Errorf("%T is written as %s", dk.Encapsulator(), public)
		}
	}
}

// TestNoJWK checks the errors for what cannot be written.
func TestNoJWK(t *testing.T) {
	dk := newKey(t, mlkem.KEM768())
	ek := dk.PublicKey()
	destroyed := newKey(t, mlkem.KEM768())
	destroyed.Destroy()
	expanded := must[kem.Decapsulator](t)(keyfile.ParsePKCS8PrivateKey(vector(t, "ML-KEM-768-expanded.priv").DER))
	for _, test := range []struct {
		marshal  func(key any, alg, kid string) ([]byte, error)
		key      any
		alg, kid string
		kind     error
		want     string
	}{
		{keyfile.MarshalPrivateJWK, nil, "HPKE-12", "", kem.ErrNoKey, "nil"},
		{keyfile.MarshalPublicJWK, nil, "HPKE-12", "", kem.ErrNoKey, "nil"},
		{keyfile.MarshalPrivateJWK, (*mlkem.DecapsulationKey768)(nil), "HPKE-12", "", kem.ErrNoKey, "nil"},
		{keyfile.MarshalPublicJWK, new(mlkem.EncapsulationKey768), "HPKE-12", "", kem.ErrNoKey, "zero value"},
		{keyfile.MarshalPrivateJWK, new(stdmlkem.DecapsulationKey768), "HPKE-12", "", kem.ErrNoKey, "zero value"},
		{keyfile.MarshalPrivateJWK, destroyed, "HPKE-12", "", kem.ErrDestroyed, "destroyed"},
		{keyfile.MarshalPrivateJWK, expanded, "HPKE-12", "", kem.ErrUnsupported, "expanded key"},
		{keyfile.MarshalPrivateJWK, ek, "HPKE-12", "", kem.ErrUnsupported, "is an encapsulation key"},
		{keyfile.MarshalPublicJWK, dk, "HPKE-12", "", kem.ErrUnsupported, "is a decapsulation key"},
		{keyfile.MarshalPrivateJWK, "seed", "HPKE-12", "", kem.ErrUnsupported, "string is not"},
		{keyfile.MarshalPrivateJWK, cutKey{dk}, "HPKE-12", "", kem.ErrLength, "seed has 63 bytes"},
		{keyfile.MarshalPrivateJWK, cutPublic{dk}, "HPKE-12", "", kem.ErrLength, "encapsulation key has 1183 bytes"},
		{keyfile.MarshalPublicJWK, cutPublicKey{ek}, "HPKE-12", "", kem.ErrLength, "encapsulation key has 1183 bytes"},
		{keyfile.MarshalPrivateJWK, dk, "", "", kem.ErrUnsupported, `the algorithm of the JWK is ""`},
		{keyfile.MarshalPrivateJWK, dk, "hpke-12", "", kem.ErrUnsupported, `the algorithm of the JWK is "hpke-12"`},
		{keyfile.MarshalPrivateJWK, dk, "HPKE-11", "", kem.ErrUnsupported, `the algorithm of the JWK is "HPKE-11"`},
		{keyfile.MarshalPrivateJWK, dk, "HPKE-12-KE-KE", "", kem.ErrUnsupported, `the algorithm of the JWK is "HPKE-12-KE-KE"`},
		{keyfile.MarshalPublicJWK, ek, "-KE", "", kem.ErrUnsupported, `the algorithm of the JWK is "-KE"`},
		{keyfile.MarshalPrivateJWK, dk, "HPKE-13", "", kem.ErrOtherKEM, "HPKE-13 is for keys of ML-KEM-1024, not of ML-KEM-768"},
		{keyfile.MarshalPublicJWK, ek, "HPKE-9-KE", "", kem.ErrOtherKEM, "HPKE-9-KE is for keys of X-Wing, not of ML-KEM-768"},
		{keyfile.MarshalPrivateJWK, dk, "HPKE-12", "\xff", kem.ErrKeyFile, "the kid is not valid UTF-8"},
		{keyfile.MarshalPublicJWK, ek, "HPKE-12", "a\xc0", kem.ErrKeyFile, "the kid is not valid UTF-8"},
	} {
		file, err := test.marshal(test.key, test.alg, test.kid)
		if file != nil || !errors.Is(err, test.kind) || !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T, %q: %v, want %q", test.key, test.alg, err, test.want)
		}
	}
}

// A cutPublic is a key pair of another module, whose encapsulation key lacks a byte.
type cutPublic struct{ kem.DecapsulationKey }

func (k cutPublic) Encapsulator() crypto.Encapsulator { return cutPublicKey{k.PublicKey()} }

func TestMalformedJWKs(t *testing.T) {
	dk, dkX := fixedKey(t, mlkem.KEM768()), fixedKey(t, xwing.KEM())
	priv, pub := base64url.EncodeToString(dk.Bytes()), base64url.EncodeToString(dk.PublicKey().Bytes())
	privX, pubX := base64url.EncodeToString(dkX.Bytes()), base64url.EncodeToString(dkX.PublicKey().Bytes())
	ekP := fixedKey(t, combiner.MLKEM768P256()).PublicKey().Bytes()
	pubP := base64url.EncodeToString(ekP)
	other := base64url.EncodeToString(newKey(t, mlkem.KEM768()).PublicKey().Bytes())
	lowOrder := base64url.EncodeToString(append(dkX.PublicKey().Bytes()[:1184], make([]byte, 32)...))
	noPoint := base64url.EncodeToString(append(ekP[:1249-64], make([]byte, 64)...))

	// The fields of a good private JWK; a public one has no priv.
	const alg, kty = `"alg":"HPKE-12"`, `"kty":"AKP"`
	v, p := `"priv":"`+priv+`"`, `"pub":"`+pub+`"`
	join := func(members ...string) string { return "{" + strings.Join(members, ",") + "}" }
	good, goodPublic := join(alg, kty, v, p), join(alg, kty, p)
	x := func(members ...string) string {
		return join(append([]string{kty, `"alg":"HPKE-9"`}, members...)...)
	}
	escape := func(s string) string { return fmt.Sprintf(`\u%04x`, s[0]) + s[1:] }

	tests := []struct {
		name, file string
		kind       error
		want       string
	}{
		{"", good, nil, ""},
		{"another order", join(p, v, kty, alg), nil, ""},
		{"spaces", " {\t\"kty\" : \"AKP\" ,\r\n" + alg + " , \"priv\" :\n\"" + priv + "\" , " + p + " }\n", nil, ""},
		{"escapes in names and texts", `{"\u006bty":"A\u004bP","al\u0067":"HPKE\u002d12",` + v + "," + p + "}", nil, ""},
		{"unknown members", join(`"x5t":null`, alg, kty, `"ext":true`, `"a":{"alg":"}","alg":1}`, `"":[{"kty":["\"}\\"]}]`, v, p, `"n":-1e9`), nil, ""},
		{"members of other case", join(`"Alg":"HPKE-9"`, alg, `"ALG":1`, kty, `"KTY":"EC"`, v, `"Priv":""`, p, `"PUB":null`), nil, ""},
		{"use and key_ops", join(alg, kty, `"use":"enc"`, `"key_ops":["deriveBits","decapsulateBits"]`, v, p), nil, ""},
		{"no operation", join(alg, kty, `"key_ops":[ ]`, v, p), nil, ""},
		{"X-Wing", x(`"priv":"`+privX+`"`, `"pub":"`+pubX+`"`), nil, ""},

		{"nothing", "", kem.ErrKeyFile, "the file is empty"},
		{"a space", " ", kem.ErrKeyFile, "is not one JSON object"},
		{"an empty object", "{}", kem.ErrKeyFile, "the JWK has no kty"},
		{"null", "null", kem.ErrKeyFile, "the file of 4 bytes is not one JSON object"},
		{"an array", "[" + good + "]", kem.ErrKeyFile, "is not one JSON object"},
		{"a string", `"` + priv + `"`, kem.ErrKeyFile, "is not one JSON object"},
		{"a JWK Set", `{"keys":[` + good + "]}", kem.ErrKeyFile, "the JWK has no kty"},
		{"two objects", good + good, kem.ErrKeyFile, "is not one JSON object"},
		{"data after it", good + ",", kem.ErrKeyFile, "is not one JSON object"},
		{"a zero byte after it", good + "\x00", kem.ErrKeyFile, "is not one JSON object"},
		{"data before it", "x" + good, kem.ErrKeyFile, "is not one JSON object"},
		{"a byte order mark", "\ufeff" + good, kem.ErrKeyFile, "is not one JSON object"},
		{"UTF-16", "\xff\xfe{\x00}\x00", kem.ErrKeyFile, "the file is text in UTF-16, not a JWK"},
		{"PEM", "-----BEGIN PRIVATE KEY-----\n", kem.ErrKeyFile, "the file is in PEM, not a JWK: the functions whose names end in PEM read it"},
		{"DER", string(vector(t, "ML-KEM-768-seed.priv").DER), kem.ErrKeyFile, "the file is a private key, not a JWK"},
		{"a raw seed", string(dk.Bytes()), kem.ErrKeyFile, "the file is perhaps a raw seed of ML-KEM, not a JWK"},
		{"no end", good[:len(good)-1], kem.ErrKeyFile, "is not one JSON object"},
		{"a comma at the end", join(alg, kty, v, p, ""), kem.ErrKeyFile, "is not one JSON object"},
		{"no comma", join(alg+kty, v, p), kem.ErrKeyFile, "is not one JSON object"},
		{"a comment", join(alg, kty, v, p+"/**/"), kem.ErrKeyFile, "is not one JSON object"},
		{"single quotes", strings.ReplaceAll(good, `"`, "'"), kem.ErrKeyFile, "is not one JSON object"},
		{"not UTF-8", join(alg, kty, v, p, "\"\xff\":1"), kem.ErrKeyFile, "is not one JSON object"},
		{"a line break in a string", strings.Replace(good, priv, priv[:9]+"\n"+priv[9:], 1), kem.ErrKeyFile, "is not one JSON object"},

		{"alg twice", join(alg, alg, kty, v, p), kem.ErrKeyFile, `the JWK has the member "alg" twice`},
		{"another alg", join(alg, kty, v, p, `"alg":"HPKE-12-KE"`), kem.ErrKeyFile, `the JWK has the member "alg" twice`},
		{"kty twice, once with an escape", join(alg, kty, v, p, `"kt\u0079":"AKP"`), kem.ErrKeyFile, `the JWK has the member "kty" twice`},
		{"priv twice", join(alg, kty, v, v, p), kem.ErrKeyFile, `the JWK has the member "priv" twice`},
		{"pub twice", join(alg, kty, v, p, p), kem.ErrKeyFile, `the JWK has the member "pub" twice`},
		{"an unknown member twice", join(`"x":1`, alg, kty, v, p, `"x":1`), kem.ErrKeyFile, `the JWK has the member "x" twice`},
		{"a long name twice", join(alg, kty, v, p, `"`+priv+`":1`, `"`+priv+`":1`), kem.ErrKeyFile, `the member a text of 86 bytes twice`},

		{"no kty", join(alg, v, p), kem.ErrKeyFile, "the JWK has no kty"},
		{"kty of other case", join(alg, `"Kty":"AKP"`, v, p), kem.ErrKeyFile, "the JWK has no kty"},
		{"kty null", join(alg, `"kty":null`, v, p), kem.ErrKeyFile, "kty is not a string"},
		{"kty a number", join(alg, `"kty":1`, v, p), kem.ErrKeyFile, "kty is not a string"},
		{"an empty kty", join(alg, `"kty":""`, v, p), kem.ErrKeyFile, "the JWK has no kty"},
		{"kty EC", join(alg, `"kty":"EC"`, v, p), kem.ErrUnsupported, `the kty of the JWK is "EC", not AKP`},
		{"kty akp", join(alg, `"kty":"akp"`, v, p), kem.ErrUnsupported, `the kty of the JWK is "akp", not AKP`},
		{"the key in kty", join(alg, `"kty":"`+priv+`"`, v, p), kem.ErrUnsupported, "the kty of the JWK is a text of 86 bytes, not AKP"},

		{"no alg", join(kty, v, p), kem.ErrKeyFile, "the JWK has no alg"},
		{"alg of other case", join(`"Alg":"HPKE-12"`, kty, v, p), kem.ErrKeyFile, "the JWK has no alg"},
		{"alg null", join(`"alg":null`, kty, v, p), kem.ErrKeyFile, "alg is not a string"},
		{"alg an array", join(`"alg":["HPKE-12"]`, kty, v, p), kem.ErrKeyFile, "alg is not a string"},
		{"an algorithm of another document", join(`"alg":"HPKE-0"`, kty, v, p), kem.ErrUnsupported, `the algorithm of the JWK is "HPKE-0", which is not`},
		{"a signature algorithm", join(`"alg":"ML-DSA-65"`, kty, v, p), kem.ErrUnsupported, `the algorithm of the JWK is "ML-DSA-65", which is not`},
		{"alg with a space", join(`"alg":"HPKE-12 "`, kty, v, p), kem.ErrUnsupported, `the algorithm of the JWK is "HPKE-12 "`},
		{"the key in alg", join(`"alg":"`+priv+`"`, kty, v, p), kem.ErrUnsupported, "the algorithm of the JWK is a text of 86 bytes"},

		{"use sig", join(alg, kty, `"use":"sig"`, v, p), kem.ErrKeyFile, `the use of the JWK is "sig", not enc`},
		{"an empty use", join(alg, kty, `"use":""`, v, p), kem.ErrKeyFile, `the use of the JWK is "", not enc`},
		{"use null", join(alg, kty, `"use":null`, v, p), kem.ErrKeyFile, "use is not a string"},
		{"to verify", join(alg, kty, `"key_ops":["verify"]`, v, p), kem.ErrKeyFile, "key_ops has verify, and the key is for encryption"},
		{"to sign", join(alg, kty, `"key_ops":["decrypt","sign"]`, v, p), kem.ErrKeyFile, "key_ops has sign, and the key is for encryption"},
		{"key_ops a string", join(alg, kty, `"key_ops":"decrypt"`, v, p), kem.ErrKeyFile, "key_ops is not an array of strings"},
		{"key_ops null", join(alg, kty, `"key_ops":null`, v, p), kem.ErrKeyFile, "key_ops is not an array of strings"},
		{"key_ops with null", join(alg, kty, `"key_ops":["decrypt",null]`, v, p), kem.ErrKeyFile, "key_ops is not an array of strings"},
		{"key_ops with a number", join(alg, kty, `"key_ops":[1]`, v, p), kem.ErrKeyFile, "key_ops is not an array of strings"},
		{"kid a number", join(alg, kty, `"kid":1`, v, p), kem.ErrKeyFile, "kid is not a string"},
		{"kid null", join(alg, kty, `"kid":null`, v, p), kem.ErrKeyFile, "kid is not a string"},

		{"no pub", join(alg, kty, v), kem.ErrKeyFile, "pub is missing, or is not a string"},
		{"pub null", join(alg, kty, v, `"pub":null`), kem.ErrKeyFile, "pub is missing, or is not a string"},
		{"pub an object", join(alg, kty, v, `"pub":{"":1}`), kem.ErrKeyFile, "pub is missing, or is not a string"},
		{"priv null", join(alg, kty, `"priv":null`, p), kem.ErrKeyFile, "priv is missing, or is not a string"},
		{"priv a number", join(alg, kty, `"priv":1`, p), kem.ErrKeyFile, "priv is missing, or is not a string"},
		{"an empty priv", join(alg, kty, `"priv":""`, p), kem.ErrLength, "seed has 0 bytes, want 64"},
		{"an empty pub", join(alg, kty, v, `"pub":""`), kem.ErrLength, "encapsulation key has 0 bytes, want 1184"},
		{"priv with padding", join(alg, kty, `"priv":"`+priv+`=="`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"pub with padding", join(alg, kty, v, `"pub":"`+pub+`="`), kem.ErrKeyFile, "pub is not base64url without padding"},
		{"base64 of another alphabet", x(`"priv":"`+privX+`"`, `"pub":"`+strings.NewReplacer("-", "+", "_", "/").Replace(pubX)+`"`), kem.ErrKeyFile, "pub is not base64url without padding"},
		{"unused bits", join(alg, kty, `"priv":"`+priv[:85]+`R"`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"a digit more", join(alg, kty, `"priv":"`+priv+`AAA"`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"an escape in priv", join(alg, kty, `"priv":"`+escape(priv)+`"`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"an escape in pub", join(alg, kty, v, `"pub":"`+escape(pub)+`"`), kem.ErrKeyFile, "pub is not base64url without padding"},
		{"an escaped line break", join(alg, kty, `"priv":"`+priv[:8]+`\n`+priv[8:]+`"`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"a space in priv", join(alg, kty, `"priv":"`+priv+` "`, p), kem.ErrKeyFile, "priv is not base64url without padding"},
		{"the priv of X-Wing", join(alg, kty, `"priv":"`+privX+`"`, p), kem.ErrLength, "seed has 32 bytes, want 64"},
		{"the pub of X-Wing", join(alg, kty, v, `"pub":"`+pubX+`"`), kem.ErrLength, "encapsulation key has 1216 bytes, want 1184"},
		{"a long priv", join(alg, kty, `"priv":"`+base64url.EncodeToString(append(dk.Bytes(), 0))+`"`, p), kem.ErrLength, "seed has 65 bytes, want 64"},
		{"a seed with the pub of MLKEM768-P256", x(`"priv":"`+privX+`"`, `"pub":"`+pubP+`"`), kem.ErrLength, "encapsulation key has 1249 bytes, want 1216"},
		{"another pub", join(alg, kty, v, `"pub":"`+other+`"`), kem.ErrKeyPair, "pub does not belong to priv"},
		{"pub of zeros", join(alg, kty, v, `"pub":"`+strings.Repeat("A", len(pub))+`"`), kem.ErrKeyPair, "pub does not belong to priv"},
		{"the keys of the other set", join(`"alg":"HPKE-13"`, kty, v, p), kem.ErrLength, "encapsulation key has 1184 bytes, want 1568"},
		{"a public key", goodPublic, kem.ErrKeyFile, "the JWK has no priv, and is a public key: ParsePublicJWK reads it"},
	}
	for _, test := range tests {
		wantJWKError(t, readPrivateJWK, test.name, test.file, test.kind, test.want)
	}
	for _, test := range []struct {
		name, file string
		kind       error
		want       string
	}{
		{"", goodPublic, nil, ""},
		{"use and key_ops", join(alg, kty, `"use":"enc"`, `"key_ops":[]`, p), nil, ""},
		{"a private key", good, kem.ErrKeyFile, "the JWK has a priv, and is a private key: ParsePrivateJWK reads it"},
		{"priv null", join(alg, kty, `"priv":null`, p), kem.ErrKeyFile, "the JWK has a priv"},
		{"an empty priv", join(alg, kty, `"priv":""`, p), kem.ErrKeyFile, "the JWK has a priv"},
		{"priv with an escape", join(alg, kty, `"\u0070riv":"`+priv+`"`, p), kem.ErrKeyFile, "the JWK has a priv"},
		{"no pub", join(alg, kty), kem.ErrKeyFile, "pub is missing, or is not a string"},
		{"pub twice", join(alg, kty, p, p), kem.ErrKeyFile, `the JWK has the member "pub" twice`},
		{"use sig", join(alg, kty, `"use":"sig"`, p), kem.ErrKeyFile, `the use of the JWK is "sig", not enc`},
		{"no alg", join(kty, p), kem.ErrKeyFile, "the JWK has no alg"},
		{"kty OKP", join(alg, `"kty":"OKP"`, p), kem.ErrUnsupported, `the kty of the JWK is "OKP", not AKP`},
		{"pub with padding", join(alg, kty, `"pub":"`+pub+`="`), kem.ErrKeyFile, "pub is not base64url without padding"},
		{"a short pub", join(alg, kty, `"pub":"`+pub[4:]+`"`), kem.ErrLength, "encapsulation key has 1181 bytes, want 1184"},
		{"a coefficient of q", join(alg, kty, `"pub":"`+base64url.EncodeToString(append([]byte{1, 13}, dk.PublicKey().Bytes()[2:]...))+`"`), kem.ErrEncapsulationKey, "coefficient"},
		{"low order", x(`"pub":"` + lowOrder + `"`), kem.ErrLowOrder, "low order"},
		{"no point", join(kty, `"alg":"HPKE-8"`, `"pub":"`+noPoint+`"`), kem.ErrEncapsulationKey, "point"},
		{"PEM", "-----BEGIN PUBLIC KEY-----\n", kem.ErrKeyFile, "the file is in PEM, not a JWK"},
	} {
		wantJWKError(t, readPublicJWK, test.name, test.file, test.kind, test.want)
	}
}

// wantJWKError reads a JWK, and expects an error of a kind that contains want. If kind is nil, it expects a key.
func wantJWKError(t *testing.T, read func([]byte) (any, error), name, file string, kind error, want string) {
	t.Helper()
	before := []byte(file)
	key, err := read(before)
	switch {
	case kind == nil:
		if err != nil || key == nil {
			t.Errorf("a good JWK, %s: %v", name, err)
		}
	case err == nil || key != nil:
		t.Errorf("%s: accepted", name)
	case !errors.Is(err, kind) || !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), want):
		t.Errorf("%s: %v, want %q", name, err, want)
	}
	if string(before) != file {
		t.Errorf("%s: the file was changed", name)
	}
}

// TestJWKEveryByte cuts JWKs at each length, and changes their bits. The result must be refused, or be the
// JWK of another key, or have another kid.
func TestJWKEveryByte(t *testing.T) {
	for _, a := range jwkAlgorithms {
		dk := fixedKey(t, a.kem)
		private := must[[]byte](t)(keyfile.MarshalPrivateJWK(dk, a.alg, "kid"))
		public := must[[]byte](t)(keyfile.MarshalPublicJWK(dk.PublicKey(), a.alg, "kid"))
		for _, form := range []struct {
			read func([]byte) (any, error)
			file []byte
		}{
			{readPrivateJWK, private},
			{readPublicJWK, public},
		} {
			for n := range form.file {
				if key, err := form.read(form.file[:n]); err == nil || key != nil {
					t.Errorf("%s: %d bytes of %d are read", a.alg, n, len(form.file))
				}
			}
			read := 0
			for i := range 8 * len(form.file) {
				// Most bits of the keys cost a key each, so only some of them are changed.
				if at := i / 8; at > 60 && at < len(form.file)-20 && i%29 != 0 {
					continue
				}
				changed := bytes.Clone(form.file)
				changed[i/8] ^= 1 << (i % 8)
				key, err := form.read(changed)
				if err != nil {
					continue
				}
				read++
				before, after := members(t, form.file), members(t, changed)
				otherKey := !dk.Equal(key) && !dk.PublicKey().Equal(key)
				if kid := before["kid"] != after["kid"]; otherKey == kid || before["alg"] != after["alg"] {
					t.Errorf("%s: bit %d changed is read: %s", a.alg, i, changed)
				}
			}
			if read == 0 {
				t.Errorf("%s: nothing changed is read, not even a name", a.alg)
			}
		}
	}
}

func members(t *testing.T, file []byte) (m map[string]string) {
	t.Helper()
	if err := json.Unmarshal(file, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestNothingOfTheKeyInJWK changes JWKs of two seeds in the same way. The errors must be the same, and contain
// no four digits of the seed. A changed bit in a digit of the seed gives an error that may depend on the digit.
func TestNothingOfTheKeyInJWK(t *testing.T) {
	k := xwing.KEM()
	file := func(fill byte) (file []byte, priv string) {
		dk := must[kem.DecapsulationKey](t)(k.NewDecapsulationKey(bytes.Repeat([]byte{fill, fill + 1, fill ^ 0x55, 3}, 8)))
		return must[[]byte](t)(keyfile.MarshalPrivateJWK(dk, "HPKE-9", "")), base64url.EncodeToString(dk.Bytes())
	}
	a, privA := file(0xc1)
	b, privB := file(0x1c)
	start, end := bytes.Index(a, []byte(privA)), bytes.Index(a, []byte(`,"pub"`)) // pub depends on the seed
	compared := 0
	compare := func(a, b []byte, same bool) {
		t.Helper()
		for _, read := range []func([]byte) (any, error){readPrivateJWK, readPublicJWK} {
			_, errA := read(a)
			_, errB := read(b)
			compared++
			if same && fmt.Sprint(errA) != fmt.Sprint(errB) {
				t.Errorf("%v, and with another seed: %v", errA, errB)
			}
			for i := range len(privA) - 4 {
				if strings.Contains(fmt.Sprint(errA), privA[i:i+4]) || strings.Contains(fmt.Sprint(errB), privB[i:i+4]) {
					t.Errorf("digits of the seed: %v; %v", errA, errB)
				}
			}
		}
	}
	for i := range end {
		compare(a[:i], b[:i], true)
		for bit := range 8 {
			a[i] ^= 1 << bit
			b[i] ^= 1 << bit
			compare(a, b, i < start || i == end-1)
			a[i] ^= 1 << bit
			b[i] ^= 1 << bit
		}
	}
	// The seed stands where something else belongs.
	for _, form := range []string{`{"kty":"%s"}`, `{"kty":"AKP","alg":"%s"}`, `{"kty":"AKP","alg":"HPKE-9","use":"%s"}`, `{"%[1]s":1,"%[1]s":1}`} {
		compare(fmt.Appendf(nil, form, privA), fmt.Appendf(nil, form, privB), true)
	}
	if compared < 1000 {
		t.Errorf("only %d comparisons", compared)
	}
}

// TestThumbprint compares the SHA-256 of a public JWK with the thumbprint that RFC 7638 defines: the hash of
// the required members, which for AKP are alg, kty and pub, in this order.
func TestThumbprint(t *testing.T) {
	for _, a := range jwkAlgorithms {
		ek := fixedKey(t, a.kem).PublicKey()
		required := map[string]string{"pub": base64url.EncodeToString(ek.Bytes()), "kty": "AKP", "alg": a.alg}
		want := sha256.Sum256(must[[]byte](t)(json.Marshal(required))) // which sorts the names
		if got := sha256.Sum256(must[[]byte](t)(keyfile.MarshalPublicJWK(ek, a.alg, ""))); got != want {
			t.Errorf("%s: %x, want %x", a.alg, got, want)
		}
	}
}

// FuzzJWK parses any bytes. What is read is written again, and the new JWK must give the same key. encoding/json
// must read the same members from the old one.
func FuzzJWK(f *testing.F) {
	for _, a := range jwkAlgorithms {
		dk := fixedKey(f, a.kem)
		for _, kid := range []string{"", `"\`} {
			private, err := keyfile.MarshalPrivateJWK(dk, a.alg, kid)
			if err != nil {
				f.Fatal(err)
			}
			public, err := keyfile.MarshalPublicJWK(dk.PublicKey(), a.alg+"-KE", kid)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(private)
			f.Add(public)
		}
	}
	f.Add([]byte(`{"a":{"b":[{}]},"\u0061":"\\","":[]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		before := bytes.Clone(file)
		private, alg, kid, err := keyfile.ParsePrivateJWK(file)
		public, publicAlg, publicKid, publicErr := keyfile.ParsePublicJWK(file)
		if !bytes.Equal(file, before) {
			t.Fatal("the file was changed")
		}
		if (private == nil) != (err != nil) || (public == nil) != (publicErr != nil) || private != nil && public != nil {
			t.Fatalf("%T with error %v, %T with error %v", private, err, public, publicErr)
		}
		var again []byte
		var pub kem.EncapsulationKey
		switch {
		case private != nil:
			again, pub = must[[]byte](t)(keyfile.MarshalPrivateJWK(private, alg, kid)), private.PublicKey()
			if key := must[any](t)(readPrivateJWK(again)); !private.Equal(key) {
				t.Fatal("the new JWK gives another key")
			}
		case public != nil:
			alg, kid, pub = publicAlg, publicKid, public
			again = must[[]byte](t)(keyfile.MarshalPublicJWK(public, alg, kid))
			if key := must[any](t)(readPublicJWK(again)); !public.Equal(key) {
				t.Fatal("the new JWK gives another key")
			}
		default:
			return
		}
		var old map[string]any
		if err := json.Unmarshal(file, &old); err != nil {
			t.Fatal(err)
		}
		if name, _ := old["kid"].(string); name != kid || old["alg"] != alg || old["kty"] != "AKP" || old["pub"] != base64url.EncodeToString(pub.Bytes()) {
			t.Fatalf("read as alg %q, kid %q", alg, kid)
		}
	})
}
