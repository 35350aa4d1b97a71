package combiner_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/sha3"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// get returns v, or ends the test if there is an error.
func get[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantRefusal checks that err wraps kind, begins with pkg and names no other package, and that it shows no
// secret.
func wantRefusal(t *testing.T, what string, err, kind error, pkg string, secrets ...[]byte) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
		return
	}
	packages := regexp.MustCompile(`\b(kem|kemtest|mlkem|xwing|combiner|composite|openpgp|hybrid|nist): `).FindAllString(err.Error(), -1)
	if !slices.Equal(packages, []string{pkg + ": "}) || !strings.HasPrefix(err.Error(), pkg) {
		t.Errorf("%s: %q does not name %s, and only that", what, err, pkg)
	}
	for _, secret := range secrets {
		for part := range slices.Chunk(secret, 4) {
			numbers := fmt.Sprint(part)
			for _, form := range []string{string(part), hex.EncodeToString(part), numbers[1 : len(numbers)-1]} {
				if len(part) == 4 && strings.Contains(err.Error(), form) {
					t.Errorf("%s: %q shows a secret", what, err)
				}
			}
		}
	}
}

// ecPrivateKey returns the structure of RFC 5915 without a public key.
func ecPrivateKey(t *testing.T, key *ecdh.PrivateKey) []byte {
	curve := map[ecdh.Curve]asn1.ObjectIdentifier{
		ecdh.P256(): {1, 2, 840, 10045, 3, 1, 7}, ecdh.P384(): {1, 3, 132, 0, 34}, ecdh.P521(): {1, 3, 132, 0, 35},
	}[key.Curve()]
	return get(asn1.Marshal(struct {
		Version    int
		PrivateKey []byte
		Parameters asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	}{1, key.Bytes(), curve}))(t)
}

// stored returns the stored form of the key with the given parts.
func (s suite) stored(t *testing.T, dkPQ kem.DecapsulationKey, dkT *ecdh.PrivateKey) []byte {
	storedT := dkT.Bytes()
	if kem.KeysFromParts(s.kem) && dkT.Curve() != ecdh.X25519() {
		storedT = ecPrivateKey(t, dkT)
	}
	return s.join(dkPQ.Bytes(), storedT)
}

// parts returns keys of the parts.
func (s suite) parts(t *testing.T, name string) (dkPQ kem.DecapsulationKey, dkT *ecdh.PrivateKey) {
	seeds := sha3.SumSHAKE256([]byte(s.name+name), mlkem.SeedSize+s.group.seedSize)
	return get(s.pq.NewDecapsulationKey(seeds[:mlkem.SeedSize]))(t), s.group.scalar(t, seeds[mlkem.SeedSize:])
}

// TestFromParts stores and reads keys from parts of each hybrid, and uses encapsulation keys of the one form with
// the other.
func TestFromParts(t *testing.T) {
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			k := get(combiner.FromParts(s.kem))(t)
			if again := get(combiner.FromParts(s.kem))(t); again != k || get(combiner.FromParts(k))(t) != k {
				t.Error("FromParts gives another KEM each time")
			}
			if own := kem.KeysFromParts(s.kem); own != (k == s.kem) || !kem.KeysFromParts(k) {
				t.Errorf("keys from parts: %v and %v", own, kem.KeysFromParts(k))
			}
			if k.Name() != s.name || k.EncapsulationKeySize() != s.kem.EncapsulationKeySize() || k.CiphertextSize() != s.kem.CiphertextSize() ||
				k.SharedKeySize() != s.kem.SharedKeySize() || kem.NeedsTranscript(k) != kem.NeedsTranscript(s.kem) {
				t.Error("the two forms differ in more than their decapsulation keys")
			}

			dkPQ, dkT := s.parts(t, "")
			stored := s.stored(t, dkPQ, dkT)
			dk := get(combiner.NewPartsKey(s.kem, dkPQ, dkT))(t)
			if !bytes.Equal(dk.Bytes(), stored) || k.SeedSize() != len(stored) || dk.KEM() != k {
				t.Errorf("the stored form has %d bytes, want %d", len(dk.Bytes()), len(stored))
			}
			otherPQ, otherT := s.parts(t, "other")
			for what, other := range map[string]kem.DecapsulationKey{
				"part PQ": get(combiner.NewPartsKey(k, otherPQ, dkT))(t), "part T": get(combiner.NewPartsKey(k, dkPQ, otherT))(t),
			} {
				if dk.Equal(other) || other.Equal(dk) {
					t.Errorf("a key with another %s is Equal", what)
				}
			}
			dkPQ.Destroy()
			read := get(k.NewDecapsulationKey(stored))(t)
			if !dk.Equal(read) || !read.Equal(dk) || !bytes.Equal(read.Bytes(), stored) {
				t.Error("the stored key is another")
			}
			generated := get(k.GenerateKey())(t)
			if !generated.Equal(get(k.NewDecapsulationKey(generated.Bytes()))(t)) || generated.Equal(dk) {
				t.Error("a generated key is not stored, or not generated")
			}

			// Encapsulation keys are those of both forms.
			for from, to := range map[kem.KEM]kem.KEM{k: s.kem, s.kem: k} {
				dk := get(from.GenerateKey())(t)
				sharedKey, ciphertext := get(to.NewEncapsulationKey(dk.PublicKey().Bytes()))(t).Encapsulate()
				if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
					t.Errorf("an encapsulation key of the other form: %v", err)
				}
			}
			if kem.KeysFromParts(s.kem) {
				return
			}
			seed := bytes.Repeat([]byte{1}, combiner.SeedSize)
			expanded := sha3.SumSHAKE256(seed, mlkem.SeedSize+s.group.seedSize)
			fromSeed := get(s.kem.NewDecapsulationKey(seed))(t)
			same := get(combiner.NewPartsKey(k, get(s.pq.NewDecapsulationKey(expanded[:mlkem.SeedSize]))(t), s.group.scalar(t, expanded[mlkem.SeedSize:])))(t)
			if !bytes.Equal(fromSeed.PublicKey().Bytes(), same.PublicKey().Bytes()) {
				t.Error("the same parts give another encapsulation key")
			}
			if fromSeed.Equal(same) || same.Equal(fromSeed) {
				t.Error("keys of the two forms are Equal")
			}
		})
	}
}

// TestFromPartsOfKEMs is TestFromParts for hybrids of two KEMs, one of them of another module.
func TestFromPartsOfKEMs(t *testing.T) {
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{Scribble: true})
	for _, parts := range [][2]kem.KEM{
		{mlkem.KEM768(), combiner.MLKEM512X25519()},
		{xwing.KEM(), mlkem.KEM1024()},
		{combiner.UG("inner", mlkem.KEM512(), combiner.P256()), combiner.MLKEM768P256()},
		{foreign, xwing.KEM()},
		{mlkem.KEM768(), foreign},
	} {
		for _, k := range []kem.KEM{combiner.UK("parts", parts[0], parts[1]), combiner.CK("parts", parts[0], parts[1])} {
			fromSeed := get(k.NewDecapsulationKey(bytes.Repeat([]byte{2}, combiner.SeedSize)))(t)
			stored := sha3.SumSHAKE256(fromSeed.Bytes(), parts[0].SeedSize()+parts[1].SeedSize())
			// Foreign KEMs here overwrite the seed that they get.
			pq := get(parts[0].NewDecapsulationKey(bytes.Clone(stored[:parts[0].SeedSize()])))(t)
			tr := get(parts[1].NewDecapsulationKey(bytes.Clone(stored[parts[0].SeedSize():])))(t)
			dk := get(combiner.NewPartsKey(k, pq, tr))(t)
			if !bytes.Equal(dk.Bytes(), stored) || !dk.Equal(get(get(combiner.FromParts(k))(t).NewDecapsulationKey(stored))(t)) {
				t.Error("the stored form is another")
			}
			sharedKey, ciphertext := fromSeed.PublicKey().Encapsulate()
			if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
				t.Errorf("the same parts give another shared key: %v", err)
			}
			if fromSeed.Equal(dk) || dk.Equal(fromSeed) || !fromSeed.PublicKey().Equal(dk.PublicKey()) {
				t.Error("the decapsulation keys of the two forms are Equal, or the encapsulation keys are not")
			}
		}
	}
}

// TestPartsOfParts checks that a KEM whose keys are made from parts is no part itself.
func TestPartsOfParts(t *testing.T) {
	for _, k := range []kem.KEM{composite.MLKEM768X25519SHA3256(), openpgp.MLKEM768X25519(), get(combiner.FromParts(xwing.KEM()))(t)} {
		for what, use := range map[string]func(){
			"PQ of UG": func() { combiner.UG("x", k, combiner.X25519()) },
			"PQ of CG": func() { combiner.CG("x", k, combiner.P521()) },
			"PQ of UK": func() { combiner.UK("x", k, mlkem.KEM512()) },
			"T of CK":  func() { combiner.CK("x", mlkem.KEM512(), k) },
		} {
			func() {
				defer func() {
					if text := fmt.Sprint(recover()); text != "combiner: keys of "+k.Name()+" do not expand from a seed" {
						t.Errorf("%s is %s: %s", k.Name(), what, text)
					}
				}()
				use()
			}()
		}
	}
}

// TestPartsLabels checks that labels of composite ML-KEM and OpenPGP are taken. The test of names in package
// hybridkem has the names.
func TestPartsLabels(t *testing.T) {
	const label = "\x23OpenPGPCompositeKDFv1\x15"
	for _, label := range []string{"MLKEM768-P384", "MLKEM1024-P521", "x/MLKEM1024-P521", "P521", label, "x" + label, label[1:]} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "combiner: the label ") {
					t.Errorf("%q is free: %s", label, text)
				}
			}()
			combiner.CG(label, mlkem.KEM768(), combiner.P384())
		}()
	}
}

// A typedNil is a key and a KEM whose methods panic if it is nil.
type (
	typedNilKey struct{ kem.DecapsulationKey }
	typedNilKEM struct{ kem.KEM }
)

// An impostor is a KEM with the name of a group, and an impostorKey one of its keys.
type (
	impostor    struct{ kem.KEM }
	impostorKey struct{ kem.DecapsulationKey }
)

func (impostor) Name() string      { return "X25519" }
func (k impostorKey) KEM() kem.KEM { return impostor{k.DecapsulationKey.KEM()} }

// TestNewPartsKeyErrors gives wrong keys and KEMs.
func TestNewPartsKeyErrors(t *testing.T) {
	p256Key := get(ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{5}, 32)))(t)
	x25519Key := get(ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{6}, 32)))(t)
	seed := sha3.SumSHAKE256([]byte("a seed"), 64)
	pq := get(mlkem.NewDecapsulationKey768(seed))(t)
	pq512 := get(mlkem.NewDecapsulationKey512(seed))(t)
	destroyed := get(mlkem.NewDecapsulationKey768(seed))(t)
	destroyed.Destroy()
	wing := get(xwing.NewDecapsulationKey(seed[:32]))(t)
	inner := combiner.CG("inner", mlkem.KEM768(), combiner.X25519())
	innerParts := get(combiner.NewPartsKey(inner, pq, x25519Key))(t)
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{})
	secrets := [][]byte{seed, p256Key.Bytes(), x25519Key.Bytes()}

	for _, test := range []struct {
		what  string
		k     kem.KEM
		pq, t crypto.PrivateKey
		kind  error
	}{
		{"another parameter set", combiner.MLKEM768P256(), pq512, p256Key, kem.ErrOtherKEM},
		{"another curve", combiner.MLKEM768P256(), pq, x25519Key, kem.ErrOtherKEM},
		{"another curve, turned", xwing.KEM(), pq, p256Key, kem.ErrOtherKEM},
		{"another curve, composite", composite.MLKEM768ECDHP384SHA3256(), pq, p256Key, kem.ErrOtherKEM},
		{"wrong order", combiner.MLKEM768P256(), p256Key, pq, kem.ErrOtherKEM},
		{"wrong order, OpenPGP", openpgp.MLKEM768X25519(), x25519Key, pq, kem.ErrOtherKEM},
		{"one part twice", combiner.MLKEM768P256(), pq, pq, kem.ErrOtherKEM},
		{"a hybrid as part of itself", xwing.KEM(), wing, x25519Key, kem.ErrOtherKEM},
		{"a part from parts", combiner.UK("outer", inner, mlkem.KEM512()), innerParts, pq512, kem.ErrOtherKEM},
		{"a scalar for a KEM with the name of its group", combiner.CK("ck", mlkem.KEM768(), impostor{xwing.KEM()}), pq, x25519Key, kem.ErrOtherKEM},
		{"a key of a KEM with the name of the group", xwing.KEM(), pq, impostorKey{wing}, kem.ErrOtherKEM},

		{"nil", xwing.KEM(), nil, x25519Key, kem.ErrNoKey},
		{"nil for the group", xwing.KEM(), pq, nil, kem.ErrNoKey},
		{"nil pointer", xwing.KEM(), (*mlkem.DecapsulationKey768)(nil), x25519Key, kem.ErrNoKey},
		{"nil pointer to a key of another KEM", xwing.KEM(), (*mlkem.DecapsulationKey512)(nil), x25519Key, kem.ErrNoKey},
		{"nil pointer for the group", xwing.KEM(), pq, (*ecdh.PrivateKey)(nil), kem.ErrNoKey},
		{"nil pointer to a key from parts", xwing.KEM(), (*combiner.PartsKey)(nil), x25519Key, kem.ErrNoKey},
		{"nil pointer of another module", xwing.KEM(), (*typedNilKey)(nil), x25519Key, kem.ErrNoKey},
		{"zero value", xwing.KEM(), new(mlkem.DecapsulationKey768), x25519Key, kem.ErrNoKey},
		{"zero value for the group", xwing.KEM(), pq, new(ecdh.PrivateKey), kem.ErrNoKey},
		{"zero value from parts", xwing.KEM(), new(combiner.PartsKey), x25519Key, kem.ErrNoKey},
		{"destroyed", xwing.KEM(), destroyed, x25519Key, kem.ErrDestroyed},
		{"destroyed for T", combiner.UK("uk", mlkem.KEM512(), mlkem.KEM768()), pq512, destroyed, kem.ErrDestroyed},

		{"a seed", xwing.KEM(), seed, x25519Key, kem.ErrUnsupported},
		{"a scalar", xwing.KEM(), pq, x25519Key.Bytes(), kem.ErrUnsupported},
		{"a public key", xwing.KEM(), pq, x25519Key.PublicKey(), kem.ErrUnsupported},
		{"an encapsulation key", xwing.KEM(), pq.PublicKey(), x25519Key, kem.ErrUnsupported},

		{"no KEM", nil, pq, x25519Key, kem.ErrUnsupported},
		{"nil pointer to a KEM", (*typedNilKEM)(nil), pq, x25519Key, kem.ErrUnsupported},
		{"a KEM that is no hybrid", mlkem.KEM768(), pq, x25519Key, kem.ErrUnsupported},
		{"a KEM of another module", testkit.Foreign(xwing.KEM(), testkit.Faults{}), pq, x25519Key, kem.ErrUnsupported},
	} {
		dk, err := combiner.NewPartsKey(test.k, test.pq, test.t)
		wantRefusal(t, test.what, err, test.kind, "combiner", secrets...)
		if dk != nil {
			t.Errorf("%s: a key and an error", test.what)
		}
		if test.kind != kem.ErrUnsupported || kem.KEM(nil) != test.k && test.k == xwing.KEM() {
			continue
		}
		k, err := combiner.FromParts(test.k)
		wantRefusal(t, "FromParts, "+test.what, err, test.kind, "combiner")
		if k != nil {
			t.Errorf("FromParts, %s: a KEM and an error", test.what)
		}
	}

	_, err := combiner.NewPartsKey(combiner.UK("outer", inner, mlkem.KEM512()), innerParts, pq512)
	if want := "combiner: the private key is of inner and made from parts, want one of the KEM inner"; fmt.Sprint(err) != want {
		t.Errorf("a key from parts as a part: %v, want %s", err, want)
	}

	// A key of another module's KEM is a part if the KEM is.
	foreignKey := get(foreign.NewDecapsulationKey(seed))(t)
	dk := get(combiner.NewPartsKey(combiner.UG("foreign", foreign, combiner.P256()), foreignKey, p256Key))(t)
	if !bytes.Equal(dk.Bytes(), slices.Concat(seed, p256Key.Bytes())) {
		t.Error("the key with a foreign part is another")
	}
}

// TestStoredErrors changes stored forms. A refused form must leave the key as it is whose Reset gets it.
func TestStoredErrors(t *testing.T) {
	tried := 0
	for _, s := range suites {
		k := get(combiner.FromParts(s.kem))(t)
		pkg := "combiner"
		if kem.KeysFromParts(s.kem) {
			pkg = "composite"
		}
		if s.name == openpgp.MLKEM768X25519().Name() {
			pkg = "openpgp"
		}
		dkPQ, dkT := s.parts(t, "stored")
		stored := s.stored(t, dkPQ, dkT)
		dk := get(combiner.NewPartsKey(k, dkPQ, dkT))(t)
		refuse := func(what string, b []byte, kind error) {
			t.Helper()
			tried++
			given := bytes.Clone(b)
			got, err := k.NewDecapsulationKey(given)
			wantRefusal(t, s.name+", "+what, err, kind, pkg, stored)
			wantRefusal(t, s.name+", Reset, "+what, dk.Reset(given), kind, pkg, stored)
			if got != nil || !bytes.Equal(given, b) || !bytes.Equal(dk.Bytes(), stored) {
				t.Errorf("%s, %s: there is a key, or something was written", s.name, what)
			}
		}
		for _, n := range []int{0, 1, 32, 64, len(stored) - 1, len(stored) + 1} {
			refuse(fmt.Sprintf("%d bytes", n), make([]byte, n), kem.ErrLength)
		}
		if s.group == x25519 {
			continue // All numbers are scalars.
		}
		// t is where T's key is in a stored form, and scalar where its scalar is.
		t := func(b []byte) []byte {
			if s.tFirst {
				return b[:len(b)-mlkem.SeedSize]
			}
			return b[mlkem.SeedSize:]
		}
		start := 0
		if pkg == "composite" {
			start = 7
		}
		scalar := func(b []byte) []byte { return t(b)[start:][:s.group.candidate] }
		n := orders[s.group.curve]
		for what, number := range map[string][]byte{
			"zero": make([]byte, len(n)), "the order": n, "above the order": slices.Concat(n[:len(n)-1], []byte{n[len(n)-1] + 1}),
			"ones": bytes.Repeat([]byte{0xff}, len(n)),
		} {
			b := bytes.Clone(stored)
			copy(scalar(b), number)
			refuse(what, b, kem.ErrPrivateKey)
		}
		if s.group == p521 { // The bits that a seed ignores.
			b := bytes.Clone(stored)
			scalar(b)[0] |= 2
			refuse("2^521 added", b, kem.ErrPrivateKey)
		}
		below := bytes.Clone(stored)
		copy(scalar(below), n)
		scalar(below)[len(n)-1]--
		if _, err := k.NewDecapsulationKey(below); err != nil {
			panic(err)
		}
		for i := range t(stored) {
			if start <= i && i < start+s.group.candidate {
				continue
			}
			for bit := range 8 {
				b := bytes.Clone(stored)
				t(b)[i] ^= 1 << bit
				refuse(fmt.Sprintf("bit %d of byte %d", bit, i), b, kem.ErrPrivateKey)
			}
		}
	}
	if tried < 700 {
		t.Errorf("only %d forms", tried)
	}
}

// orders are the orders of the curves: FIPS 186-4, D.1.2.
var orders = map[ecdh.Curve][]byte{
	ecdh.P256(): unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
	ecdh.P384(): unhex("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
	ecdh.P521(): unhex("01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"),
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// TestP521Seeds checks that bits from 2^521 on are ignored in seeds, and tries seeds without a scalar.
func TestP521Seeds(t *testing.T) {
	ek := get(suites[slices.IndexFunc(suites, func(s suite) bool { return s.name == "cg521" })].kem.GenerateKey())(t).PublicKey()
	random := sha3.SumSHAKE128([]byte("random"), 32+66)
	candidate := random[32:]
	candidate[0] &= 1
	_, want, err := kemtest.Encapsulate(ek, random)
	if err != nil {
		t.Fatal(err)
	}
	for bit := 1; bit < 8; bit++ {
		candidate[0] ^= 1 << bit
		if _, got, err := kemtest.Encapsulate(ek, random); err != nil || !bytes.Equal(got, want) {
			t.Errorf("bit %d is not ignored: %v", 520+bit, err)
		}
	}
	candidate[0] ^= 1
	if _, got, err := kemtest.Encapsulate(ek, random); err != nil || bytes.Equal(got, want) {
		t.Errorf("bit 520 is ignored: %v", err)
	}
	n := orders[ecdh.P521()]
	for what, number := range map[string][]byte{
		"zero": make([]byte, 66), "ones": bytes.Repeat([]byte{0xff}, 66), "the order": n, "2^521": slices.Concat([]byte{2}, make([]byte, 65)),
	} {
		copy(candidate, number)
		_, _, err := kemtest.Encapsulate(ek, random)
		wantRefusal(t, what, err, kem.ErrSeed, "kemtest")
	}
}

// TestFromXWing turns X-Wing keys into composite ones.
func TestFromXWing(t *testing.T) {
	seed := sha3.SumSHAKE256([]byte("X-Wing"), 32)
	wing := get(xwing.NewDecapsulationKey(seed))(t)
	dk := get(composite.FromXWing(wing))(t)
	if !bytes.Equal(dk.Bytes(), sha3.SumSHAKE256(seed, 96)) || dk.KEM() != composite.MLKEM768X25519SHA3256() {
		t.Error("another key")
	}
	if !bytes.Equal(dk.PublicKey().Bytes(), wing.PublicKey().Bytes()) {
		t.Error("another encapsulation key")
	}
	sharedKey, ciphertext := wing.PublicKey().Encapsulate()
	for range 2 { // once with the ciphertext, and once with one that ML-KEM rejects
		fromWing, err1 := wing.Decapsulate(ciphertext)
		fromParts, err2 := dk.Decapsulate(ciphertext)
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(fromWing, fromParts) {
			t.Errorf("another shared key: %v", err)
		}
		ciphertext[0] ^= 1
	}
	back, ciphertext := dk.PublicKey().Encapsulate()
	if got, err := wing.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, back) || bytes.Equal(back, sharedKey) {
		t.Errorf("another shared key with X-Wing: %v", err)
	}
	if dk.Equal(wing) || wing.Equal(dk) {
		t.Error("keys of two KEMs are Equal")
	}
	wing.Destroy()
	if dk.Destroyed() || len(dk.Bytes()) != 96 {
		t.Error("the key has been destroyed with the other one")
	}
	for what, test := range map[string]struct {
		key  *xwing.DecapsulationKey
		kind error
	}{
		"nil": {nil, kem.ErrNoKey}, "zero value": {new(xwing.DecapsulationKey), kem.ErrNoKey}, "destroyed": {wing, kem.ErrDestroyed},
	} {
		dk, err := composite.FromXWing(test.key)
		wantRefusal(t, what, err, test.kind, "composite", seed)
		if dk != nil {
			t.Errorf("%s: a key and an error", what)
		}
	}
}

// TestOpenPGPKey reads secret key material with public key material that does and does not belong to it.
func TestOpenPGPKey(t *testing.T) {
	dk := get(openpgp.MLKEM768X25519().GenerateKey())(t)
	secret, public := dk.Bytes(), dk.PublicKey().Bytes()
	if read := get(openpgp.NewDecapsulationKey(secret, public))(t); !read.Equal(dk) {
		t.Error("another key")
	}
	other := get(openpgp.MLKEM768X25519().GenerateKey())(t).PublicKey().Bytes()
	wrong := map[string][]byte{
		"another key": other, "another ML-KEM key": slices.Concat(public[:32], other[32:]), "another share": slices.Concat(other[:32], public[32:]),
		"parts in the other order": slices.Concat(public[32:], public[:32]), "zero": make([]byte, len(public)),
	}
	for _, i := range []int{0, 31, 32, len(public) - 1} {
		b := bytes.Clone(public)
		b[i] ^= 0x80
		wrong[fmt.Sprintf("the last bit of byte %d", i)] = b
	}
	for what, b := range wrong {
		dk, err := openpgp.NewDecapsulationKey(secret, b)
		wantRefusal(t, what, err, kem.ErrKeyPair, "openpgp", secret)
		if dk != nil {
			t.Errorf("%s: a key and an error", what)
		}
	}
	for _, n := range []int{0, 32, 64, 95, 97, 1216} {
		dk, err := openpgp.NewDecapsulationKey(make([]byte, n), public)
		wantRefusal(t, fmt.Sprintf("%d bytes", n), err, kem.ErrLength, "openpgp")
		if dk != nil {
			t.Error("a key and an error")
		}
	}
	for _, n := range []int{0, 32, 96, 1215, 1217} {
		dk, err := openpgp.NewDecapsulationKey(secret, make([]byte, n))
		wantRefusal(t, fmt.Sprintf("%d public bytes", n), err, kem.ErrLength, "openpgp", secret)
		if dk != nil {
			t.Error("a key and an error")
		}
	}
}

// TestNoPartsKey calls methods of nil pointers and zero values.
func TestNoPartsKey(t *testing.T) {
	for _, dk := range []*combiner.PartsKey{nil, new(combiner.PartsKey)} {
		_, err := dk.Decapsulate(nil)
		for what, err := range map[string]error{
			"Decapsulate": err, "DecapsulateTo": dk.DecapsulateTo(nil, nil), "Reset": dk.Reset(make([]byte, 96)), "Regenerate": dk.Regenerate(),
		} {
			wantRefusal(t, what, err, kem.ErrNoKey, "combiner")
		}
		if dk.Bytes() != nil || dk.KEM() != nil || dk.PublicKey() != nil || dk.Encapsulator() != nil || dk.Destroyed() || dk.Equal(dk) {
			t.Error("a key that is none has something")
		}
		dk.Destroy()
	}
}

// TestPartsConformance runs the conformance suite. The curves P-384 and P-521 take long.
func TestPartsConformance(t *testing.T) {
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{Scribble: true})
	kems := []kem.KEM{
		combiner.MLKEM512X25519(), combiner.UG("ug", mlkem.KEM768(), combiner.X25519()), combiner.CK("ck", foreign, mlkem.KEM512()),
		composite.MLKEM768X25519SHA3256(), composite.MLKEM768ECDHP256SHA3256(), openpgp.MLKEM768X25519(),
	}
	if testkit.Sweep() {
		kems = append(kems, xwing.KEM(), combiner.MLKEM768P256(), combiner.MLKEM1024P384(), combiner.UK("uk", xwing.KEM(), mlkem.KEM512()),
			combiner.CG("cg521", mlkem.KEM768(), combiner.P521()), composite.MLKEM768ECDHP384SHA3256(),
			composite.MLKEM1024ECDHP384SHA3256(), composite.MLKEM1024ECDHP521SHA3256())
	}
	for _, k := range kems {
		if testing.Short() && k != composite.MLKEM768X25519SHA3256() {
			continue
		}
		t.Run(k.Name(), func(t *testing.T) {
			t.Parallel()
			kemtest.TestKEM(t, get(combiner.FromParts(k))(t))
		})
	}
}
