package main

import (
	"bytes"
	"crypto/hpke"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// newIDs is newSuite with the identifiers of the KDF and the AEAD. It does not check the
// KEM, which may be nil.
func newIDs(t *testing.T, kemID uint16, k kem.KEM, kdfID, aeadID uint16) *suite {
	t.Helper()
	f := slices.IndexFunc(kdfs, func(f *kdf) bool { return f.id == kdfID })
	a := slices.IndexFunc(aeads, func(a *aead) bool { return a.id == aeadID })
	if f < 0 || a < 0 {
		t.Fatalf("no KDF %#04x or no AEAD %#04x", kdfID, aeadID)
	}
	return &suite{kemID, k, kdfs[f], aeads[a]}
}

func byName(t *testing.T, name string) kem.KEM {
	t.Helper()
	k, err := hybridkem.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got %x, want %x", what, got, want)
	}
}

// refused checks that err is an error of this program.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "hpke: ") {
		t.Errorf("%s: error %v", what, err)
	}
}

type vector struct {
	ID             string
	KEM            string
	KEMID          uint16 `json:"kem_id"`
	KDFID          uint16 `json:"kdf_id"`
	AEADID         uint16 `json:"aead_id"`
	Mode           int    `json:",omitempty"` // base mode is 0
	Info           vectors.Hex
	IkmR           vectors.Hex
	SkRm           vectors.Hex
	PkRm           vectors.Hex
	IkmE           vectors.Hex
	Enc            vectors.Hex
	SharedSecret   vectors.Hex `json:"shared_secret"`
	SuiteID        vectors.Hex `json:"suite_id"`
	Key            vectors.Hex
	BaseNonce      vectors.Hex `json:"base_nonce"`
	ExporterSecret vectors.Hex `json:"exporter_secret"`
	Encryptions    []struct{ AAD, Nonce, PT, CT vectors.Hex }
	Exports        []struct {
		ExporterContext vectors.Hex `json:"exporter_context"`
		L               int
		ExportedValue   vectors.Hex `json:"exported_value"`
	}
}

func TestVectors(t *testing.T) {
	for _, file := range []string{"hpke_pq_draft.jsonl", "hpke_pq_go.jsonl"} {
		rows, err := vectors.Read[vector](file, 13)
		if err != nil {
			t.Fatal(err)
		}
		withKEM := map[string]int{}
		for _, v := range rows {
			t.Run(v.ID, func(t *testing.T) {
				s := newIDs(t, v.KEMID, nil, v.KDFID, v.AEADID)
				sender, recipient := v.contexts(t, s)
				if s.kem != nil {
					withKEM[v.KEM]++
				}
				v.check(t, s, sender, recipient)
			})
		}
		want := "map[ML-KEM-1024:2 ML-KEM-512:1 ML-KEM-768:1 MLKEM1024-P384:1 MLKEM768-P256:2 MLKEM768-X25519:2]"
		if got := fmt.Sprint(withKEM); got != want {
			t.Errorf("%s: the KEM was checked in %s, want %s", file, got, want)
		}
	}
}

// contexts sets up both ends. If this module has the KEM, contexts checks it and puts it
// into the suite. Otherwise both ends start from the vector's shared secret.
func (v vector) contexts(t *testing.T, s *suite) (*ContextS, *ContextR) {
	sharedSecret := []byte(v.SharedSecret)
	var recipient *ContextR
	if strings.HasPrefix(v.KEM, "DHKEM-") {
		base, err := s.KeySchedule(sharedSecret, v.Info)
		if err != nil {
			t.Fatal(err)
		}
		recipient = &ContextR{base}
	} else {
		s.kem = byName(t, v.KEM)
		if id := kemID(s.kem); id != v.KEMID {
			t.Errorf("KEM id %#04x", id)
		}
		skR, err := s.DeriveKeyPair(v.IkmR)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "skRm", skR.Bytes(), v.SkRm)
		equal(t, "pkRm", skR.Encapsulator().Bytes(), v.PkRm)

		pkR, err := s.kem.NewEncapsulationKey(v.PkRm)
		if err != nil {
			t.Fatal(err)
		}
		random := v.IkmE
		if v.KEM == "MLKEM768-P256" {
			// The vectors have three candidates for the scalar, and the KEM takes four.
			// The KEM uses the first, so the fourth can be anything.
			random = append(random, make([]byte, 32)...)
		}
		var enc []byte
		if sharedSecret, enc, err = kemtest.Encapsulate(pkR, random); err != nil {
			t.Fatal(err)
		}
		equal(t, "enc", enc, v.Enc)
		equal(t, "shared_secret", sharedSecret, v.SharedSecret)
		if recipient, err = s.SetupBaseR(v.Enc, skR, v.Info); err != nil {
			t.Fatal(err)
		}
	}
	base, err := s.KeySchedule(sharedSecret, v.Info)
	if err != nil {
		t.Fatal(err)
	}
	return &ContextS{base}, recipient
}

func (v vector) check(t *testing.T, s *suite, sender *ContextS, recipient *ContextR) {
	if v.Mode != modeBase || len(v.Encryptions) != 10 || len(v.Exports) != 5 {
		t.Fatalf("mode %d, %d encryptions, %d exports", v.Mode, len(v.Encryptions), len(v.Exports))
	}
	key, _, _ := s.CombineSecrets(v.SharedSecret, v.Info)
	equal(t, "key", key, v.Key)
	for _, c := range []*context{sender.context, recipient.context} {
		equal(t, "suite_id", c.kdf.suiteID, v.SuiteID)
		equal(t, "base_nonce", c.baseNonce, v.BaseNonce)
		equal(t, "exporter_secret", c.exporterSecret, v.ExporterSecret)
		for _, e := range v.Exports {
			value, err := c.Export(e.ExporterContext, e.L)
			if err != nil || len(value) != 32 {
				t.Errorf("%d bytes exported, error %v", len(value), err)
			}
			equal(t, "exported_value", value, e.ExportedValue)
		}
	}
	for _, e := range v.Encryptions {
		equal(t, "nonce", sender.computeNonce(), e.Nonce)
		ct, err := sender.Seal(e.AAD, e.PT)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "ct", ct, e.CT)
		pt, err := recipient.Open(e.AAD, e.CT)
		if err != nil || len(pt) == 0 {
			t.Fatalf("%d bytes opened, error %v", len(pt), err)
		}
		equal(t, "pt", pt, e.PT)
	}
}

// TestInterop tests this program with crypto/hpke at the other end, as recipient and as
// sender.
func TestInterop(t *testing.T) {
	pairs := 0
	for _, name := range []string{"ML-KEM-768", "ML-KEM-1024", "X-Wing", "MLKEM768-P256", "MLKEM1024-P384"} {
		k := byName(t, name)
		theirKEM, err := hpke.NewKEM(kemID(k))
		if err != nil {
			t.Fatal(err)
		}
		ikm := []byte("64 bytes, not random at all, from which both sides derive a key.")
		s := newIDs(t, kemID(k), k, 1, 1)
		skR, err := s.DeriveKeyPair(ikm)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := theirKEM.DeriveKeyPair(ikm)
		if err != nil {
			t.Fatal(err)
		}
		seed, err := theirs.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, name+": skRm", skR.Bytes(), seed)
		equal(t, name+": pkRm", skR.Encapsulator().Bytes(), theirs.PublicKey().Bytes())

		for _, kdfID := range []uint16{0x0001, 0x0002, 0x0003, 0x0010, 0x0011} {
			for _, aeadID := range []uint16{0x0001, 0x0002, 0x0003, 0xffff} {
				for _, info := range [][]byte{nil, []byte("info of some length")} {
					s := newIDs(t, kemID(k), k, kdfID, aeadID)
					t.Run(fmt.Sprintf("%s, %s, %s, info %q", name, s.kdf.name, s.aead.name, info), func(t *testing.T) {
						theirKDF, err := hpke.NewKDF(kdfID)
						if err != nil {
							t.Fatal(err)
						}
						theirAEAD, err := hpke.NewAEAD(aeadID)
						if err != nil {
							t.Fatal(err)
						}

						enc, sender, err := s.SetupBaseS(skR.PublicKey(), info)
						if err != nil {
							t.Fatal(err)
						}
						theirRecipient, err := hpke.NewRecipient(enc, theirs, theirKDF, theirAEAD, info)
						if err != nil {
							t.Fatal(err)
						}
						exchange(t, s, sender.Seal, theirRecipient.Open)
						sameExports(t, s, sender.context, theirRecipient.Export)

						enc, theirSender, err := hpke.NewSender(theirs.PublicKey(), theirKDF, theirAEAD, info)
						if err != nil {
							t.Fatal(err)
						}
						recipient, err := s.SetupBaseR(enc, skR, info)
						if err != nil {
							t.Fatal(err)
						}
						exchange(t, s, theirSender.Seal, recipient.Open)
						sameExports(t, s, recipient.context, theirSender.Export)
						pairs++
					})
				}
			}
		}
	}
	if want := 5 * 5 * 4 * 2; pairs != want {
		t.Errorf("%d suites and infos were tried, want %d", pairs, want)
	}
}

// exchange sends messages in sequence. If the suite is export-only, it checks that
// sealing and opening fail.
func exchange(t *testing.T, s *suite, seal, open func(aad, b []byte) ([]byte, error)) {
	t.Helper()
	if s.aead.new == nil {
		if _, err := seal(nil, nil); err == nil {
			t.Error("an export-only suite seals")
		}
		if _, err := open(nil, make([]byte, tagSize)); err == nil {
			t.Error("an export-only suite opens")
		}
		return
	}
	for i, m := range []struct{ aad, pt string }{
		{"", ""}, {"", "a message"}, {"aad", ""}, {"aad", "a message"}, {"aad", "a message"},
		{strings.Repeat("aad", 100), strings.Repeat("a message", 1000)},
	} {
		ct, err := seal([]byte(m.aad), []byte(m.pt))
		if err != nil {
			t.Fatal(err)
		}
		pt, err := open([]byte(m.aad), ct)
		if err != nil || string(pt) != m.pt || len(ct) != len(m.pt)+tagSize {
			t.Fatalf("message %d: %d bytes sealed, %d opened, error %v", i, len(ct), len(pt), err)
		}
	}
}

func sameExports(t *testing.T, s *suite, ours *context, theirs func(context string, length int) ([]byte, error)) {
	t.Helper()
	limit := math.MaxUint16
	if s.kdf.id <= 3 {
		limit = map[uint16]int{1: 255 * 32, 2: 255 * 48, 3: 255 * 64}[s.kdf.id]
	}
	for context, lengths := range map[string][]int{
		"":                            {0, 1, 31, 32, limit},
		"context":                     {-1, 32, limit + 1},
		strings.Repeat("context", 30): {100},
	} {
		for _, length := range lengths {
			a, err := ours.Export([]byte(context), length)
			b, theirErr := theirs(context, length)
			if ok := length >= 0 && length <= limit; ok != (err == nil) || ok != (theirErr == nil) {
				t.Fatalf("export of %d bytes: errors %v and %v", length, err, theirErr)
			} else if ok && (len(a) != length || !bytes.Equal(a, b)) {
				t.Errorf("export of %d bytes: got %x, crypto/hpke %x", length, a, b)
			} else if !ok {
				refused(t, "export", err)
			}
		}
	}
}

// ends returns the two ends of a context of X-Wing, with the suite, the private key and
// enc.
func ends(t *testing.T, kdfID, aeadID uint16) (*suite, kem.DecapsulationKey, []byte, *ContextS, *ContextR) {
	t.Helper()
	s := newIDs(t, 0x647a, xwing.KEM(), kdfID, aeadID)
	skR, err := s.kem.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	enc, sender, err := s.SetupBaseS(skR.PublicKey(), []byte("info"))
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := s.SetupBaseR(enc, skR, []byte("info"))
	if err != nil {
		t.Fatal(err)
	}
	return s, skR, enc, sender, recipient
}

// TestAnyKEM runs every KEM of the module with every KDF. KEMs without an identifier get
// one that is not registered.
func TestAnyKEM(t *testing.T) {
	for i, k := range hybridkem.All() {
		if kem.KeysFromParts(k) {
			continue // DeriveKeyPair gives no such keys
		}
		for _, f := range kdfs {
			s, err := newSuite(k, f.name, "AES-256-GCM")
			if kemID(k) == 0 {
				refused(t, k.Name(), err)
				s = newIDs(t, uint16(0xff00+i), k, f.id, 2)
			} else if err != nil {
				t.Fatal(err)
			}
			skR, err := s.DeriveKeyPair(make([]byte, 64))
			if err != nil {
				t.Fatal(err)
			}
			enc, sender, err := s.SetupBaseS(skR.PublicKey(), nil)
			if err != nil {
				t.Fatal(err)
			}
			recipient, err := s.SetupBaseR(enc, skR, nil)
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, s, sender.Seal, recipient.Open)
			sameExports(t, s, sender.context, func(context string, length int) ([]byte, error) {
				return recipient.Export([]byte(context), length)
			})
		}
	}
}

func TestTampering(t *testing.T) {
	for _, f := range kdfs {
		for _, aeadID := range []uint16{0x0001, 0x0002, 0x0003} {
			s, skR, enc, sender, recipient := ends(t, f.id, aeadID)
			aad, pt := []byte("aad"), []byte("a message")
			ct, err := sender.Seal(aad, pt)
			if err != nil {
				t.Fatal(err)
			}
			second, err := sender.Seal(aad, pt)
			if err != nil {
				t.Fatal(err)
			}
			closed := func(what string, r *ContextR, aad, ct []byte) {
				t.Helper()
				if opened, err := r.Open(aad, ct); err != errOpen || opened != nil {
					t.Errorf("%s, %s: %s: %q opened, error %v", f.name, s.aead.name, what, opened, err)
				}
			}
			for bit := range 8 * len(ct) {
				altered := bytes.Clone(ct)
				altered[bit/8] ^= 1 << (bit % 8)
				closed("an altered message", recipient, aad, altered)
			}
			for n := range ct {
				closed("a truncated message", recipient, aad, ct[:n])
			}
			closed("a longer message", recipient, aad, append(bytes.Clone(ct), 0))
			closed("no aad", recipient, nil, ct)
			closed("another aad", recipient, []byte("aaD"), ct)
			closed("a message too early", recipient, aad, second)

			otherInfo, err := s.SetupBaseR(enc, skR, []byte("inf0"))
			if err != nil {
				t.Fatal(err)
			}
			closed("another info", otherInfo, aad, ct)
			altered := bytes.Clone(enc)
			altered[0] ^= 1
			otherEnc, err := s.SetupBaseR(altered, skR, []byte("info"))
			if err != nil {
				t.Fatal(err)
			}
			closed("an altered enc", otherEnc, aad, ct)
			otherKey, err := s.kem.GenerateKey()
			if err != nil {
				t.Fatal(err)
			}
			wrongKey, err := s.SetupBaseR(enc, otherKey, []byte("info"))
			if err != nil {
				t.Fatal(err)
			}
			closed("another key", wrongKey, aad, ct)
			otherSuite := *s
			otherSuite.kemID ^= 1
			otherID, err := otherSuite.SetupBaseR(enc, skR, []byte("info"))
			if err != nil {
				t.Fatal(err)
			}
			closed("another suite", otherID, aad, ct)

			// The sequence numbers have not changed.
			for i, message := range [][]byte{ct, second} {
				if opened, err := recipient.Open(aad, message); err != nil || !bytes.Equal(opened, pt) {
					t.Errorf("%s, %s: message %d: %q opened, error %v", f.name, s.aead.name, i, opened, err)
				}
				closed("a message again", recipient, aad, message)
			}
		}
	}
}

func TestSequence(t *testing.T) {
	_, _, _, sender, recipient := ends(t, 0x0001, 0x0001)
	seqs := []uint64{1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, 1<<32 + 5, 1 << 63, 0x0102030405060708, math.MaxUint64}
	for seq := range uint64(600) {
		seqs = append(seqs, seq)
	}
	for _, seq := range seqs {
		sender.seq = seq
		n := new(big.Int).SetUint64(seq)
		n.Xor(n, new(big.Int).SetBytes(sender.baseNonce))
		equal(t, fmt.Sprintf("nonce %d", seq), sender.computeNonce(), n.FillBytes(make([]byte, 12)))
	}

	sender.seq, recipient.seq = math.MaxUint64-1, math.MaxUint64-1
	ct, err := sender.Seal(nil, []byte("the last message"))
	if err != nil {
		t.Fatal(err)
	}
	if pt, err := recipient.Open(nil, ct); err != nil || string(pt) != "the last message" {
		t.Errorf("%q opened, error %v", pt, err)
	}
	for range 2 {
		if ct, err := sender.Seal(nil, nil); err != errMessageLimitReached || ct != nil {
			t.Errorf("one message too many: %d bytes sealed, error %v", len(ct), err)
		}
		if pt, err := recipient.Open(nil, ct); err != errMessageLimitReached || pt != nil {
			t.Errorf("one message too many: %q opened, error %v", pt, err)
		}
	}
	if _, err := sender.Export(nil, 32); err != nil {
		t.Errorf("without numbers no export: %v", err)
	}

	sender.seq = 0
	if err := sender.checkNext(maxPlaintext); err != nil {
		t.Error(err)
	}
	if err := sender.checkNext(maxPlaintext + 1); err != errTooLong {
		t.Errorf("a message too long: %v", err)
	}
}

// A brokenKey is a key of somebody else's KEM whose encapsulation fails.
type brokenKey struct{ kem.EncapsulationKey }

func (brokenKey) EncapsulateTo(sharedKey, ciphertext []byte) error { return errors.New("broken") }

func TestBadInput(t *testing.T) {
	for _, f := range kdfs {
		s, skR, enc, sender, recipient := ends(t, f.id, 0x0003)
		pkR := skR.PublicKey()
		for _, bad := range [][]byte{nil, enc[:1], enc[:len(enc)-1], append(bytes.Clone(enc), 0)} {
			_, err := s.SetupBaseR(bad, skR, nil)
			refused(t, "enc of another length", err)
		}
		_, err := s.SetupBaseR(append(bytes.Clone(enc[:len(enc)-32]), make([]byte, 32)...), skR, nil)
		refused(t, "enc of low order", err)

		other, err := mlkem.KEM768().GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.SetupBaseS(other.PublicKey(), nil)
		refused(t, "the public key of another KEM", err)
		_, err = s.SetupBaseR(make([]byte, mlkem.CiphertextSize768), other, nil)
		refused(t, "the private key of another KEM", err)
		_, _, err = s.SetupBaseS(brokenKey{pkR}, nil)
		refused(t, "a broken key", err)

		// One-stage KDFs have two bytes for the length of info. HKDF has no limit that
		// info could reach.
		for _, size := range []int{math.MaxUint16, math.MaxUint16 + 1} {
			info := make([]byte, size)
			enc, _, err := s.SetupBaseS(pkR, info)
			if size > math.MaxUint16 && f.id >= 0x0010 {
				refused(t, "info too long", err)
				_, err = s.SetupBaseR(make([]byte, s.kem.CiphertextSize()), skR, info)
				refused(t, "info too long", err)
			} else if err != nil || len(enc) != s.kem.CiphertextSize() {
				t.Errorf("%s: info of %d bytes: %v", f.name, size, err)
			}
		}

		for _, length := range []int{-1, math.MinInt, 1 << 16, math.MaxInt} {
			_, err := sender.Export(nil, length)
			refused(t, "length of an export", err)
		}
		if _, err := recipient.Open(nil, nil); err != errOpen {
			t.Errorf("an empty message: %v", err)
		}
		skR.Destroy()
		_, err = s.SetupBaseR(enc, skR, nil)
		refused(t, "a destroyed key", err)
	}

	short := suite{0xff00, badSeed{xwing.KEM()}, kdfs[0], aeads[0]}
	_, err := short.DeriveKeyPair(make([]byte, 32))
	refused(t, "DeriveKeyPair of a KEM that refuses the seed", err)
	for _, names := range [][2]string{
		{"", "AES-128-GCM"}, {"hkdf-sha256", "AES-128-GCM"}, {"SHAKE128", ""}, {"SHAKE128", "AES"},
	} {
		_, err := newSuite(xwing.KEM(), names[0], names[1])
		refused(t, fmt.Sprintf("%q", names), err)
	}
}

// TestOtherKEM gives keys of X-Wing from another module, whose KEM has the same name, to a
// suite, and the other way round. That KEM has no identifier, either.
func TestOtherKEM(t *testing.T) {
	other := testkit.Foreign(xwing.KEM(), testkit.Faults{})
	_, err := newSuite(other, "HKDF-SHA256", "AES-128-GCM")
	refused(t, "another KEM with the name X-Wing", err)
	for _, kems := range [][2]kem.KEM{{xwing.KEM(), other}, {other, xwing.KEM()}} {
		s := newIDs(t, 0x647a, kems[0], 1, 1)
		skR, err := kems[1].GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.SetupBaseS(skR.PublicKey(), nil)
		refused(t, "a public key of the other X-Wing", err)
		_, err = s.SetupBaseR(make([]byte, s.kem.CiphertextSize()), skR, nil)
		refused(t, "a private key of the other X-Wing", err)
	}
	_, _, err = newIDs(t, 0x647a, xwing.KEM(), 1, 1).SetupBaseS(noKEM{}, nil)
	refused(t, "a public key of no KEM", err)
}

type noKEM struct{ kem.EncapsulationKey }

func (noKEM) KEM() kem.KEM { return nil }

// TestSecretParts checks that the types of both ends export no field and only the methods of
// their end, so that other packages could not get at the secrets or use a nonce twice.
func TestSecretParts(t *testing.T) {
	for _, test := range []struct {
		end     any
		methods string
	}{{new(ContextS), "Export Seal"}, {new(ContextR), "Export Open"}} {
		end := reflect.TypeOf(test.end)
		var methods []string
		for m := range end.Methods() {
			methods = append(methods, m.Name)
		}
		if got := strings.Join(methods, " "); got != test.methods {
			t.Errorf("%v has the methods %s, want %s", end, got, test.methods)
		}
		for _, f := range reflect.VisibleFields(end.Elem()) {
			if f.IsExported() {
				t.Errorf("%v exports the field %s", end, f.Name)
			}
		}
	}
}

type badSeed struct{ kem.KEM }

func (badSeed) SeedSize() int { return 31 }

// TestTurboSHAKE checks vectors of RFC 9861, section 5: those with the domain byte 0x1f
// and up to 17⁴ bytes. For long outputs, the RFC gives only the last 32 bytes.
func TestTurboSHAKE(t *testing.T) {
	for _, test := range []struct {
		f            func([]byte, int) []byte
		size, length int
		tail         string
	}{
		{turboSHAKE128, 0, 64, "1e415f1c5983aff2169217277d17bb538cd945a397ddec541f1ce41af2c1b74c" +
			"3e8ccae2a4dae56c84a04c2385c03c15e8193bdf58737363321691c05462c8df"},
		{turboSHAKE128, 0, 10032, "a3b9b0385900ce761f22aed548e754da10a5242d62e8c658e3f3a923a7555607"},
		{turboSHAKE128, 1, 32, "55cedd6f60af7bb29a4042ae832ef3f58db7299f893ebb9247247d856958daa9"},
		{turboSHAKE128, 17, 32, "9c97d036a3bac819db70ede0ca554ec6e4c2a1a4ffbfd9ec269ca6a111161233"},
		{turboSHAKE128, 289, 32, "96c77c279e0126f7fc07c9b07f5cdae1e0be60bdbe10620040e75d7223a624d2"},
		{turboSHAKE128, 4913, 32, "d4976eb56bcf118520582b709f73e1d6853e001fdaf80e1b13e0d0599d5fb372"},
		{turboSHAKE128, 83521, 32, "da67c7039e98bf530cf7a37830c6664e14cbab7f540f58403b1b82951318ee5c"},
		{turboSHAKE256, 0, 64, "367a329dafea871c7802ec67f905ae13c57695dc2c6663c61035f59a18f8e7db" +
			"11edc0e12e91ea60eb6b32df06dd7f002fbafabb6e13ec1cc20d995547600db0"},
		{turboSHAKE256, 0, 10032, "abefa11630c661269249742685ec082f207265dccf2f43534e9c61ba0c9d1d75"},
		{turboSHAKE256, 1, 64, "3e1712f928f8eaf1054632b2aa0a246ed8b0c378728f60bc970410155c28820e" +
			"90cc90d8a3006aa2372c5c5ea176b0682bf22bae7467ac94f74d43d39b0482e2"},
		{turboSHAKE256, 17, 64, "b3bab0300e6a191fbe6137939835923578794ea54843f5011090fa2f3780a9e5" +
			"cb22c59d78b40a0fbff9e672c0fbe0970bd2c845091c6044d687054da5d8e9c7"},
		{turboSHAKE256, 289, 64, "66b810db8e90780424c0847372fdc95710882fde31c6df75beb9d4cd9305cfca" +
			"e35e7b83e8b7e6eb4b78605880116316fe2c078a09b94ad7b8213c0a738b65c0"},
		{turboSHAKE256, 4913, 64, "c74ebc919a5b3b0dd1228185ba02d29ef442d69d3d4276a93efe0bf9a16a7dc0" +
			"cd4eabadab8cd7a5edd96695f5d360abe09e2c6511a3ec397da3b76b9e1674fb"},
		{turboSHAKE256, 83521, 64, "02cc3a8897e6f4f6ccb6fd46631b1f5207b66c6de9c7b55b2d1a23134a170afd" +
			"ac234eaba9a77cff88c1f020b73724618c5687b362c430b248cd38647f848a1d"},
	} {
		message := make([]byte, test.size)
		for i := range message {
			message[i] = byte(i % 251)
		}
		want, err := hex.DecodeString(test.tail)
		if err != nil || len(want) < 32 {
			t.Fatal("not a vector:", err)
		}
		got := test.f(message, test.length)
		if len(got) != test.length {
			t.Fatalf("%d bytes, want %d", len(got), test.length)
		}
		equal(t, fmt.Sprintf("%d bytes of %d", test.length, test.size), got[test.length-len(want):], want)
	}
}

// TestSponge compares the sponge with SHAKE, which differs only in the number of rounds.
// It tries every length up to three blocks, since no vector ends one byte before the end
// of a block.
func TestSponge(t *testing.T) {
	message := make([]byte, 3*168)
	for i := range message {
		message[i] = byte(7*i + i>>8)
	}
	for n := range message {
		equal(t, fmt.Sprintf("SHAKE128, %d bytes", n), sponge(168, 24, message[:n], n), sha3.SumSHAKE128(message[:n], n))
		equal(t, fmt.Sprintf("SHAKE256, %d bytes", n), sponge(136, 24, message[:n], n), sha3.SumSHAKE256(message[:n], n))
	}
}

// TestDemonstration runs the program with every KEM, KDF and AEAD, and with arguments
// that it refuses.
func TestDemonstration(t *testing.T) {
	output := func(code int, args ...string) (stdout, stderr string) {
		t.Helper()
		var o, e strings.Builder
		if got := run(args, &o, &e); got != code {
			t.Errorf("%q: exit status %d, want %d; stderr %q", args, got, code, &e)
		}
		return o.String(), e.String()
	}
	shape := `^suite +%s, %s, %s\npublic key +%d bytes\nencapsulated key +%d bytes\n` +
		`%sexported secret +([0-9a-f]{64})\nby the recipient +([0-9a-f]{64})\n$`
	messages := `message 0 +32 bytes: "Meet me at nine."\n` +
		`message 1 +30 bytes: "Bring the map."\nmessage 2 +16 bytes: ""\n`
	demonstrates := func(k kem.KEM, f *kdf, a *aead, args ...string) {
		t.Helper()
		stdout, stderr := output(0, args...)
		expected := messages
		if a.new == nil {
			expected = ""
		}
		want := fmt.Sprintf(shape, k.Name(), f.name, a.name, k.EncapsulationKeySize(), k.CiphertextSize(), expected)
		m := regexp.MustCompile(want).FindStringSubmatch(stdout)
		if m == nil || m[1] != m[2] || stderr != "" {
			t.Errorf("%q: printed %q and %q, want %s", args, stdout, stderr, want)
		}
	}
	demonstrates(xwing.KEM(), kdfs[0], aeads[2])
	for _, x := range kemIDs {
		demonstrates(x.kem, kdfs[0], aeads[2], "-kem", x.kem.Name())
	}
	demonstrates(xwing.KEM(), kdfs[0], aeads[2], "-kem", "MLKEM768-X25519")
	for _, f := range kdfs {
		for _, a := range aeads {
			demonstrates(xwing.KEM(), f, a, "-kdf", f.name, "-aead", a.name)
		}
	}

	for _, a := range jweAlgorithms {
		for _, alg := range []string{a.alg, a.alg + "-KE"} {
			want := `^public key\n\{"alg":"` + alg + `","kty":"AKP","pub":"[^"]+"\}\nmessage\n[\w-]+\.[\w-]+\.[\w-]*\.[\w-]+\.[\w-]*\nopened\n"Meet me at nine\."\n$`
			stdout, stderr := output(0, "-kem", a.kem, "-jwe", alg)
			if !regexp.MustCompile(want).MatchString(stdout) || stderr != "" {
				t.Errorf("%s: printed %q and %q", alg, stdout, stderr)
			}
		}
	}

	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"-jwe", "HPKE-12"}, 1, "hpke: keyfile: HPKE-12 is for keys of ML-KEM-768, not of X-Wing"},
		{[]string{"-jwe", "HPKE-0"}, 1, `hpke: keyfile: the algorithm of the JWK is "HPKE-0"`},
		{[]string{"-help"}, 0, "Usage of hpke"},
		{[]string{"-unknown"}, 2, "flag provided but not defined: -unknown"},
		{[]string{"X-Wing"}, 2, "hpke: there are no arguments"},
		{[]string{"-kem", "x"}, 1, `hpke: hybridkem: no KEM is named "x"`},
		{[]string{"-kem", "X25519MLKEM768"}, 1, "hpke: X25519MLKEM768 has no KEM identifier"},
		{[]string{"-kdf", "x"}, 1, `hpke: no KDF is named "x"`},
		{[]string{"-aead", "x"}, 1, `hpke: no AEAD is named "x"`},
	} {
		if stdout, stderr := output(test.code, test.args...); stdout != "" || !strings.HasPrefix(stderr, test.stderr) {
			t.Errorf("%q: printed %q and %q, want %q", test.args, stdout, stderr, test.stderr)
		}
	}
}
