package main

import (
	"bytes"
	"crypto/hpke"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

// jweAlgorithms holds the algorithms for integrated encryption, with their KEMs here and in crypto/hpke.
var jweAlgorithms = []struct {
	alg, kem string
	standard hpke.KEM
}{
	{"HPKE-8", "MLKEM768-P256", hpke.MLKEM768P256()},
	{"HPKE-9", "X-Wing", hpke.MLKEM768X25519()},
	{"HPKE-10", "MLKEM1024-P384", hpke.MLKEM1024P384()},
	{"HPKE-12", "ML-KEM-768", hpke.MLKEM768()},
	{"HPKE-13", "ML-KEM-1024", hpke.MLKEM1024()},
}

// jwks returns a new key for an algorithm, and its JWKs.
func jwks(t *testing.T, kemName, alg, kid string) (dk kem.DecapsulationKey, private, public []byte) {
	t.Helper()
	dk, err := byName(t, kemName).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err1 := keyfile.MarshalPrivateJWK(dk, alg, kid)
	public, err2 := keyfile.MarshalPublicJWK(dk.PublicKey(), alg, kid)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return dk, private, public
}

// opens checks that a serialized message opens to a plaintext.
func opens(t *testing.T, what string, private, message, want []byte) {
	t.Helper()
	m, err := parseJWE(message)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	got, err := m.open(private)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	equal(t, what, got, want)
}

func TestJWEVectors(t *testing.T) {
	type vector struct {
		ID, Alg, Compact string
		JWK, Flattened   json.RawMessage
	}
	file, err := vectors.Read[vector]("jose_hpke_pq.jsonl", 10)
	if err != nil {
		t.Fatal(err)
	}
	var plaintext []byte // the vectors do not have it, but it is the same in all
	for _, v := range file {
		m, err := parseJWE(v.Flattened)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.open(v.JWK)
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		if plaintext == nil {
			plaintext = got
		}
		equal(t, v.ID+", flattened", got, plaintext)
		opens(t, v.ID+", compact", v.JWK, []byte(v.Compact), plaintext)
	}
	if !bytes.HasPrefix(plaintext, []byte("You can trust us to stick with you")) {
		t.Errorf("plaintext %q", plaintext)
	}
}

// TestJWE seals to keys of each algorithm, in both serializations, and opens the messages. With integrated
// encryption and with key encryption, crypto/hpke opens what HPKE has sealed.
func TestJWE(t *testing.T) {
	sealed := 0
	for _, a := range jweAlgorithms {
		for _, alg := range []string{a.alg, a.alg + "-KE"} {
			dk, private, public := jwks(t, a.kem, alg, "my key")
			skR, err := a.standard.NewPrivateKey(dk.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			for _, aad := range []string{"", "aad"} {
				for _, plaintext := range []string{"", "Meet me at nine.", strings.Repeat("x", 3000)} {
					what := fmt.Sprintf("%s, %d bytes, AAD %q", alg, len(plaintext), aad)
					m, err := sealJWE(public, []byte(aad), []byte(plaintext))
					if err != nil {
						t.Fatal(err)
					}
					flattened, err := json.Marshal(m)
					if err != nil {
						t.Fatal(err)
					}
					opens(t, what, private, flattened, []byte(plaintext))
					compact, err := m.compact()
					if aad == "" && err == nil {
						opens(t, what, private, []byte(compact), []byte(plaintext))
					} else if aad == "" || compact != "" {
						t.Errorf("%s: compact serialization: %v", what, err)
					} else {
						refused(t, what, err)
					}
					h := headerOf(t, m)
					want := map[string]any{"alg": alg, "kid": "my key"}
					enc, info, hpkeAAD, hpkeCiphertext := m.EncryptedKey, []byte(nil), m.Protected, m.Ciphertext
					if aad != "" {
						hpkeAAD += ".YWFk"
					}
					if strings.HasSuffix(alg, "-KE") {
						enc = h["ek"].(string)
						want["enc"], want["ek"] = "A256GCM", enc
						info, hpkeAAD, hpkeCiphertext = []byte("JOSE-HPKE rcpt\xffA256GCM\xff"), "", m.EncryptedKey
					}
					if !maps.Equal(h, want) {
						t.Errorf("%s: header %v", what, h)
					}
					r, err := hpke.NewRecipient(decoded(t, enc), skR, hpke.SHAKE256(), hpke.AES256GCM(), info)
					if err != nil {
						t.Fatal(err)
					}
					got, err := r.Open([]byte(hpkeAAD), decoded(t, hpkeCiphertext))
					if err != nil || !strings.HasSuffix(alg, "-KE") && string(got) != plaintext || strings.HasSuffix(alg, "-KE") && len(got) != 32 {
						t.Errorf("%s: crypto/hpke opens %q, error %v", what, got, err)
					}
					sealed++
				}
			}
		}
	}
	if sealed != 5*2*2*3 {
		t.Errorf("%d messages", sealed)
	}
}

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := decode("test", s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func headerOf(t *testing.T, m *jwe) (h map[string]any) {
	t.Helper()
	if err := json.Unmarshal(decoded(t, m.Protected), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestJWEContentKeys opens messages with the smaller keys of AES-GCM, with keys of wrong sizes, and with unknown
// header parameters.
func TestJWEContentKeys(t *testing.T) {
	_, private, public := jwks(t, "X-Wing", "HPKE-9-KE", "")
	for _, enc := range []string{"A128GCM", "A192GCM", "A256GCM"} {
		for size := range 34 {
			m, err := sealWith(t, public, enc, make([]byte, size))
			if err != nil { // no AES key has this size
				continue
			}
			got, err := m.open(private)
			if size != contentKeySizes[enc] {
				refused(t, fmt.Sprintf("a key of %d bytes for %s", size, enc), err)
			} else if err != nil || string(got) != "plaintext" {
				t.Errorf("%s: %q, %v", enc, got, err)
			}
		}
	}
}

// sealWith is sealJWE with a content key for enc.
func sealWith(t *testing.T, public []byte, enc string, key []byte) (*jwe, error) {
	t.Helper()
	pkR, alg, _, err := keyfile.ParsePublicJWK(public)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSuite(pkR.KEM(), "SHAKE256", "AES-256-GCM")
	if err != nil {
		t.Fatal(err)
	}
	ek, sender, err := s.SetupBaseS(pkR, recipientStructure(enc))
	if err != nil {
		t.Fatal(err)
	}
	encryptedKey, err := sender.Seal(nil, key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := json.Marshal(map[string]any{"alg": alg, "enc": enc, "ek": encode(ek), "Alg": "none", "x": []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	m := &jwe{Protected: encode(h), EncryptedKey: encode(encryptedKey), IV: encode(make([]byte, ivSize))}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	sealed := gcm.Seal(nil, make([]byte, ivSize), []byte("plaintext"), []byte(m.Protected))
	m.Ciphertext, m.Tag = encode(sealed[:9]), encode(sealed[9:])
	return m, nil
}

// TestBadJWE changes one thing in messages of both modes.
func TestBadJWE(t *testing.T) {
	for _, alg := range []string{"HPKE-9", "HPKE-9-KE"} {
		dk, private, public := jwks(t, "X-Wing", alg, "mine")
		good, err := sealJWE(public, []byte("aad"), []byte("plaintext"))
		if err != nil {
			t.Fatal(err)
		}
		bad := func(what string, m jwe, text string) {
			t.Helper()
			plaintext, err := m.open(private)
			refused(t, alg+": "+what, err)
			if plaintext != nil || !strings.Contains(fmt.Sprint(err), text) {
				t.Errorf("%s: %s: %q, %v, want %q", alg, what, plaintext, err, text)
			}
		}
		// with returns the message with a changed header parameter, or without it if the value is nil.
		with := func(name string, value any) jwe {
			m, h := *good, headerOf(t, good)
			if h[name] = value; value == nil {
				delete(h, name)
			}
			text, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			m.Protected = encode(text)
			return m
		}
		bad("crit", with("crit", []string{"exp"}), "crit is not supported")
		bad("an empty crit", with("crit", []string{}), "crit is not supported")
		bad("zip", with("zip", "DEF"), "zip is not supported")
		bad("psk_id", with("psk_id", "AA"), "psk_id is not supported")
		bad("no alg", with("alg", nil), `the algorithm of the JWE is ""`)
		bad("alg a number", with("alg", 1), "alg is empty, or not a string")
		bad("another alg", with("alg", "HPKE-8"), `the algorithm of the JWE is "HPKE-8", and that of the key "`+alg+`"`)
		bad("the other mode", with("alg", map[string]string{"HPKE-9": "HPKE-9-KE", "HPKE-9-KE": "HPKE-9"}[alg]), "the algorithm of the JWE")
		bad("dir", with("alg", "dir"), "the algorithm of the JWE")
		bad("another kid", with("kid", "yours"), `the JWE is for the key "yours", and this is "mine"`)
		bad("kid a number", with("kid", 1), "kid is empty, or not a string")
		bad("no kid", with("kid", nil), errOpen.Error())
		bad("another parameter", with("typ", "JWT"), errOpen.Error())
		if alg == "HPKE-9" {
			bad("enc", with("enc", "A256GCM"), "has no enc, ek, IV or tag")
			bad("enc a number", with("enc", 1), "enc is empty, or not a string")
			bad("ek", with("ek", good.EncryptedKey), "has no enc, ek, IV or tag")
		} else {
			bad("no enc", with("enc", nil), `the content encryption is ""`)
			bad("another enc", with("enc", "A128GCM"), errOpen.Error())
			bad("an unknown enc", with("enc", "A128CBC-HS256"), `the content encryption is "A128CBC-HS256"`)
			bad("no ek", with("ek", nil), "ciphertext has 0 bytes, want 1120")
			bad("an empty ek", with("ek", ""), "ek is empty, or not a string")
			bad("a short ek", with("ek", "AAAA"), "ciphertext has 3 bytes, want 1120")
			bad("an ek with padding", with("ek", headerOf(t, good)["ek"].(string)+"="), "the ek is not base64url")
			bad("an ek of zeros", with("ek", encode(make([]byte, 1120))), "low order")
		}

		// Each part is cut, extended and exchanged.
		for i := range 6 {
			part := func(m *jwe) *string {
				return []*string{&m.Protected, &m.EncryptedKey, &m.IV, &m.Ciphertext, &m.Tag, &m.AAD}[i]
			}
			whole := *part(good)
			change := func(what, s string) {
				t.Helper()
				m := *good
				*part(&m) = s
				bad(fmt.Sprintf("part %d: %s", i, what), m, "")
			}
			for _, suffix := range []string{"A", "AAAA", "=", "\n", "."} {
				change(fmt.Sprintf("%q at its end", suffix), whole+suffix)
			}
			for n := range whole {
				if n < 50 || n > len(whole)-50 || n%37 == 0 {
					change(fmt.Sprintf("the first %d digits", n), whole[:n])
					digit := "A"
					if whole[n] == 'A' {
						digit = "B"
					}
					change(fmt.Sprintf("digit %d changed", n), whole[:n]+digit+whole[n+1:])
					change(fmt.Sprintf("digit %d is none", n), whole[:n]+"+"+whole[n+1:])
				}
			}
		}

		_, otherKey, _ := jwks(t, "X-Wing", alg, "mine")
		_, err = good.open(otherKey)
		refused(t, "another key", err)
		_, err = good.open(public)
		refused(t, "a public key", err)
		_, err = sealJWE(private, nil, nil)
		refused(t, "sealing to a private key", err)
		otherAlg, err := keyfile.MarshalPrivateJWK(dk, "HPKE-9-KE", "mine")
		if alg == "HPKE-9-KE" {
			otherAlg, err = keyfile.MarshalPrivateJWK(dk, "HPKE-9", "mine")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = good.open(otherAlg)
		refused(t, "the key for the other mode", err)
	}
}

func TestBadSerialization(t *testing.T) {
	_, private, public := jwks(t, "ML-KEM-768", "HPKE-12", "")
	m, err := sealJWE(public, nil, []byte("plaintext"))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := m.compact()
	if err != nil {
		t.Fatal(err)
	}
	flattened, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, "compact", private, []byte(compact), []byte("plaintext"))
	opens(t, "unknown members", private, append([]byte(`{"x":{},`), flattened[1:]...), []byte("plaintext"))
	for _, message := range []string{
		"", ".", "....", compact + ".", compact + ".AAAA", "A" + compact, " " + compact, compact + "\n", compact[:len(compact)-2],
		strings.Replace(compact, ".", "", 1), strings.Replace(compact, "..", ".AA.", 1),
		"{", "{}", "[]", "null", string(flattened[:len(flattened)-1]), string(flattened) + "}", string(flattened) + compact,
		`{"recipients":[],` + string(flattened[1:]), `{"recipients":[{"encrypted_key":"AA"}],` + string(flattened[1:]),
		`{"header":{"alg":"HPKE-12"},` + string(flattened[1:]), `{"unprotected":{},` + string(flattened[1:]), `{"header":null,` + string(flattened[1:]),
		`{"protected":1,"encrypted_key":"","ciphertext":""}`,
		`{"protected":"bnVsbA","encrypted_key":"","ciphertext":""}`, // null
		`{"protected":"W10","encrypted_key":"","ciphertext":""}`,    // []
		`{"protected":"e30","encrypted_key":"","ciphertext":""}`,    // {}
	} {
		m, err := parseJWE([]byte(message))
		if err == nil {
			_, err = m.open(private)
		}
		refused(t, fmt.Sprintf("%.60q", message), err)
	}
	for n := range compact {
		if m, err := parseJWE([]byte(compact[:n])); err == nil {
			if plaintext, err := m.open(private); err == nil {
				t.Errorf("%d characters of %d open to %q", n, len(compact), plaintext)
			}
		}
	}
}
