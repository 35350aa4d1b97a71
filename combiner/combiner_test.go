package combiner_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"errors"
	"regexp"
	"slices"
	"testing"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/combiner/sshkex"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A group is a traditional part, computed with crypto/ecdh.
type group struct {
	curve     ecdh.Curve
	seedSize  int
	candidate int // the size of a scalar
	element   int
}

var (
	x25519 = group{ecdh.X25519(), 32, 32, 32}
	p256   = group{ecdh.P256(), 128, 32, 65}
	p384   = group{ecdh.P384(), 48, 48, 97}
	p521   = group{ecdh.P521(), 66, 66, 133}
)

func (g group) scalar(t *testing.T, seed []byte) *ecdh.PrivateKey {
	t.Helper()
	candidate := bytes.Clone(seed[:g.candidate])
	if g == p521 {
		candidate[0] &= 1
	}
	scalar, err := g.curve.NewPrivateKey(candidate)
	if err != nil {
		t.Fatal(err) // for P-256, one seed in 2^32 does this
	}
	return scalar
}

func (g group) ecdh(t *testing.T, scalar *ecdh.PrivateKey, element []byte) []byte {
	t.Helper()
	peer, err := g.curve.NewPublicKey(element)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := scalar.ECDH(peer)
	if err != nil {
		t.Fatal(err)
	}
	return shared
}

// A suite is a hybrid with its parts and its combiner.
type suite struct {
	kem    kem.KEM
	name   string
	pq     kem.KEM
	group  group
	tFirst bool
	secret func(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT []byte) []byte
}

func universal(label string) func(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT []byte) []byte {
	return func(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT []byte) []byte {
		h := sha3.Sum256(slices.Concat(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT, []byte(label)))
		return h[:]
	}
}

func c2pri(label string) func(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT []byte) []byte {
	return func(ssPQ, ssT, _, ctT, _, ekT []byte) []byte {
		h := sha3.Sum256(slices.Concat(ssPQ, ssT, ctT, ekT, []byte(label)))
		return h[:]
	}
}

func mlkemFirst(ssPQ, ssT, _, _, _, _ []byte) []byte { return slices.Concat(ssPQ, ssT) }
func curveFirst(ssPQ, ssT, _, _, _, _ []byte) []byte { return slices.Concat(ssT, ssPQ) }

func sha256Of(ssPQ, ssT, _, _, _, _ []byte) []byte {
	h := sha256.Sum256(slices.Concat(ssPQ, ssT))
	return h[:]
}

func sha384Of(ssPQ, ssT, _, _, _, _ []byte) []byte {
	h := sha512.Sum384(slices.Concat(ssPQ, ssT))
	return h[:]
}

// xwingLabel is X-Wing's label, in hexadecimal as in the draft.
const xwingLabel = "\x5c\x2e\x2f\x2f\x5e\x5c"

var suites = []suite{
	{xwing.KEM(), "X-Wing", mlkem.KEM768(), x25519, false, c2pri(xwingLabel)},
	{combiner.MLKEM768P256(), "MLKEM768-P256", mlkem.KEM768(), p256, false, c2pri("MLKEM768-P256")},
	{combiner.MLKEM1024P384(), "MLKEM1024-P384", mlkem.KEM1024(), p384, false, c2pri("MLKEM1024-P384")},
	{combiner.MLKEM512X25519(), "hybridkem/MLKEM512+X25519", mlkem.KEM512(), x25519, false, c2pri("hybridkem/MLKEM512+X25519")},
	{combiner.MLKEM1024X25519(), "hybridkem/MLKEM1024+X25519", mlkem.KEM1024(), x25519, false, c2pri("hybridkem/MLKEM1024+X25519")},
	{tlskex.X25519MLKEM768(), "X25519MLKEM768", mlkem.KEM768(), x25519, false, mlkemFirst},
	{tlskex.SecP256r1MLKEM768(), "SecP256r1MLKEM768", mlkem.KEM768(), p256, true, curveFirst},
	{tlskex.SecP384r1MLKEM1024(), "SecP384r1MLKEM1024", mlkem.KEM1024(), p384, true, curveFirst},
	{tlskex.MLKEM512X25519(), "MLKEM512X25519", mlkem.KEM512(), x25519, false, mlkemFirst},
	{tlskex.SecP256r1MLKEM512(), "SecP256r1MLKEM512", mlkem.KEM512(), p256, true, curveFirst},
	{sshkex.MLKEM768X25519SHA256(), "mlkem768x25519-sha256", mlkem.KEM768(), x25519, false, sha256Of},
	{sshkex.MLKEM768NISTP256SHA256(), "mlkem768nistp256-sha256", mlkem.KEM768(), p256, false, sha256Of},
	{sshkex.MLKEM1024NISTP384SHA384(), "mlkem1024nistp384-sha384", mlkem.KEM1024(), p384, false, sha384Of},

	{combiner.CG("cg", mlkem.KEM512(), combiner.P256()), "cg", mlkem.KEM512(), p256, false, c2pri("cg")},
	{combiner.UG("ug", mlkem.KEM768(), combiner.X25519()), "ug", mlkem.KEM768(), x25519, false, universal("ug")},
	{combiner.UG("ug384", mlkem.KEM512(), combiner.P384()), "ug384", mlkem.KEM512(), p384, false, universal("ug384")},
	{combiner.UG("ug521", mlkem.KEM768(), combiner.P521()), "ug521", mlkem.KEM768(), p521, false, universal("ug521")},
	{combiner.CG("cg521", mlkem.KEM1024(), combiner.P521()), "cg521", mlkem.KEM1024(), p521, false, c2pri("cg521")},

	{composite.MLKEM768X25519SHA3256(), "MLKEM768-X25519-SHA3-256", mlkem.KEM768(), x25519, false, c2pri(xwingLabel)},
	{composite.MLKEM768ECDHP256SHA3256(), "MLKEM768-ECDH-P256-SHA3-256", mlkem.KEM768(), p256, false, c2pri("MLKEM768-P256")},
	{composite.MLKEM768ECDHP384SHA3256(), "MLKEM768-ECDH-P384-SHA3-256", mlkem.KEM768(), p384, false, c2pri("MLKEM768-P384")},
	{composite.MLKEM1024ECDHP384SHA3256(), "MLKEM1024-ECDH-P384-SHA3-256", mlkem.KEM1024(), p384, false, c2pri("MLKEM1024-P384")},
	{composite.MLKEM1024ECDHP521SHA3256(), "MLKEM1024-ECDH-P521-SHA3-256", mlkem.KEM1024(), p521, false, c2pri("MLKEM1024-P521")},
	{openpgp.MLKEM768X25519(), "ML-KEM-768+X25519", mlkem.KEM768(), x25519, true, c2pri("\x23OpenPGPCompositeKDFv1\x15")},
}

// join returns what belongs to the parts in the order of the hybrid.
func (s suite) join(pq, t []byte) []byte {
	if s.tFirst {
		return slices.Concat(t, pq)
	}
	return slices.Concat(pq, t)
}

// TestSuites computes the keys, ciphertexts and shared keys of each hybrid from its parts. If its keys are seeds,
// it also takes the key from parts.
func TestSuites(t *testing.T) {
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			if s.kem.Name() != s.name {
				t.Errorf("the name is %q", s.kem.Name())
			}
			rounds := 5
			if s.group == p521 {
				rounds = 2 // each takes a tenth of a second
			}
			for n := range rounds {
				seed := bytes.Repeat([]byte{byte(n)}, 32)
				expanded := sha3.SumSHAKE256(seed, mlkem.SeedSize+s.group.seedSize)
				dkPQ, err := s.pq.NewDecapsulationKey(expanded[:mlkem.SeedSize])
				if err != nil {
					t.Fatal(err)
				}
				dkT := s.group.scalar(t, expanded[mlkem.SeedSize:])
				fromParts, err := combiner.NewPartsKey(s.kem, dkPQ, dkT)
				if err != nil {
					t.Fatal(err)
				}
				keys := []kem.DecapsulationKey{fromParts}
				if !kem.KeysFromParts(s.kem) {
					dk, err := s.kem.NewDecapsulationKey(seed)
					if err != nil {
						t.Fatal(err)
					}
					keys = append(keys, dk)
				}
				for _, dk := range keys {
					s.exchange(t, dk, dkPQ, dkT, sha3.SumSHAKE128(seed, 32+s.group.seedSize))
				}
			}
		})
	}
}

// exchange checks dk, whose parts are dkPQ and dkT, and an encapsulation to it.
func (s suite) exchange(t *testing.T, dk, dkPQ kem.DecapsulationKey, dkT *ecdh.PrivateKey, random []byte) {
	t.Helper()
	ekPQ, ekT := dkPQ.Encapsulator().Bytes(), dkT.PublicKey().Bytes()
	ek := dk.PublicKey()
	if !bytes.Equal(ek.Bytes(), s.join(ekPQ, ekT)) {
		t.Fatal("wrong encapsulation key")
	}

	ssPQ, ctPQ, err := kemtest.Encapsulate(dkPQ.PublicKey(), random[:32])
	if err != nil {
		t.Fatal(err)
	}
	ephemeral := s.group.scalar(t, random[32:])
	ctT := ephemeral.PublicKey().Bytes()
	ssT := s.group.ecdh(t, ephemeral, ekT)

	sharedKey, ciphertext, err := kemtest.Encapsulate(ek, random)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ciphertext, s.join(ctPQ, ctT)) {
		t.Error("wrong ciphertext")
	}
	if !bytes.Equal(sharedKey, s.secret(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT)) {
		t.Error("wrong shared key of encapsulation")
	}
	if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
		t.Errorf("wrong shared key of decapsulation: %v", err)
	}

	// A ciphertext that ML-KEM rejects.
	ctPQ[100] ^= 1
	if ssPQ, err = dkPQ.Decapsulate(ctPQ); err != nil {
		t.Fatal(err)
	}
	got, err := dk.Decapsulate(s.join(ctPQ, ctT))
	if err != nil || !bytes.Equal(got, s.secret(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT)) {
		t.Errorf("wrong shared key for a ciphertext that ML-KEM rejects: %v", err)
	}
}

func TestCombiners(t *testing.T) {
	in := make([][]byte, 7)
	for i := range in {
		in[i] = bytes.Repeat([]byte{byte(i + 1)}, 10*i+1)
	}
	got := combiner.Universal(in[0], in[1], in[2], in[3], in[4], in[5], in[6])
	if want := sha3.Sum256(slices.Concat(in...)); !bytes.Equal(got, want[:]) || cap(got) != len(got) {
		t.Errorf("Universal = %x, want %x", got, want)
	}
	got = combiner.C2PRI(in[0], in[1], in[3], in[5], in[6])
	if want := sha3.Sum256(slices.Concat(in[0], in[1], in[3], in[5], in[6])); !bytes.Equal(got, want[:]) || cap(got) != len(got) {
		t.Errorf("C2PRI = %x, want %x", got, want)
	}
}

// TestForeign makes hybrids of foreign KEMs. They must pass the conformance suite, and give the same
// bytes as hybrids of the same KEMs of this module.
func TestForeign(t *testing.T) {
	foreign768 := testkit.Foreign(mlkem.KEM768(), testkit.Faults{Scribble: true})
	group, tls := combiner.P256(), tlskex.X25519MLKEM768()
	if testkit.Sweep() {
		group, tls = combiner.P384(), tlskex.SecP256r1MLKEM768() // they take more time
	}
	foreignTLS := testkit.Foreign(tls, testkit.Faults{Scribble: true})
	hybrids := []kem.KEM{
		combiner.UG("foreign UG", foreign768, combiner.X25519()),
		combiner.CG("foreign CG", foreign768, group),
		combiner.UK("foreign UK", mlkem.KEM512(), foreignTLS),
		combiner.CK("foreign CK", foreign768, foreignTLS),
		combiner.CK("nested", xwing.KEM(), combiner.MLKEM512X25519()),
		combiner.UK("nested foreign", combiner.UG("inner", foreign768, combiner.X25519()), mlkem.KEM512()),
	}
	for _, k := range hybrids {
		if testing.Short() && k != hybrids[0] {
			continue
		}
		t.Run(k.Name(), func(t *testing.T) {
			t.Parallel()
			kemtest.TestKEM(t, k)
		})
	}

	for _, pair := range []struct {
		foreign, own kem.KEM
	}{
		{combiner.UG("x", foreign768, combiner.X25519()), combiner.UG("x", mlkem.KEM768(), combiner.X25519())},
		{combiner.CG("x", foreign768, combiner.P256()), combiner.CG("x", mlkem.KEM768(), combiner.P256())},
		{combiner.UK("x", foreign768, foreignTLS), combiner.UK("x", mlkem.KEM768(), tls)},
		{combiner.CK("x", mlkem.KEM512(), foreignTLS), combiner.CK("x", mlkem.KEM512(), tls)},
	} {
		seed := bytes.Repeat([]byte{7}, combiner.SeedSize)
		foreign, err := pair.foreign.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		own, err := pair.own.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		if !foreign.Equal(own) || !own.PublicKey().Equal(foreign.Encapsulator()) {
			t.Error("a foreign part makes another key")
		}
		sharedKey, ciphertext := foreign.Encapsulator().Encapsulate()
		if got, err := own.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
			t.Errorf("a foreign part makes another shared key: %v", err)
		}
		// Foreign parts must take no randomness. The sizes are 0, which the KEM gives, and those of
		// its parts.
		for _, size := range []int{0, 32, 64, 128, 160} {
			if _, _, err := kemtest.Encapsulate(foreign.PublicKey(), make([]byte, size)); err == nil {
				t.Errorf("a foreign part took %d bytes of randomness", size)
			}
		}
	}
}

// TestUK computes the results of UK and CK from their parts.
func TestUK(t *testing.T) {
	seed := bytes.Repeat([]byte{8}, combiner.SeedSize)
	pq, tr := mlkem.KEM768(), combiner.MLKEM512X25519()
	expanded := sha3.SumSHAKE256(seed, 64+32)
	dkPQ, err := pq.NewDecapsulationKey(expanded[:64])
	if err != nil {
		t.Fatal(err)
	}
	dkT, err := tr.NewDecapsulationKey(expanded[64:])
	if err != nil {
		t.Fatal(err)
	}
	ekPQ, ekT := dkPQ.Encapsulator().Bytes(), dkT.Encapsulator().Bytes()
	for _, s := range []struct {
		kem    kem.KEM
		secret func(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT []byte) []byte
	}{
		{combiner.UK("u", pq, tr), universal("u")},
		{combiner.CK("c", pq, tr), c2pri("c")},
	} {
		dk, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dk.Encapsulator().Bytes(), slices.Concat(ekPQ, ekT)) {
			t.Error("wrong encapsulation key")
		}
		random := sha3.SumSHAKE128(seed, 32+32+32)
		ssPQ, ctPQ, err1 := kemtest.Encapsulate(dkPQ.PublicKey(), random[:32])
		ssT, ctT, err2 := kemtest.Encapsulate(dkT.PublicKey(), random[32:])
		sharedKey, ciphertext, err3 := kemtest.Encapsulate(dk.PublicKey(), random)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ciphertext, slices.Concat(ctPQ, ctT)) || !bytes.Equal(sharedKey, s.secret(ssPQ, ssT, ctPQ, ctT, ekPQ, ekT)) {
			t.Error("wrong encapsulation")
		}
	}
}

var oncePackage = regexp.MustCompile("^(combiner|composite|openpgp|xwing|tlskex|sshkex): [^:]*$")

func errorText(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	} else if !oncePackage.MatchString(err.Error()) {
		t.Errorf("%s: the error %q does not name the package, and once", what, err)
	}
}

// TestErrors tries invalid keys and ciphertexts for each hybrid, and checks that the errors name
// this package. Package attacks checks that every invalid share is refused.
func TestErrors(t *testing.T) {
	for _, s := range suites {
		dk, err := s.kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		key := dk.Encapsulator().Bytes()
		_, ciphertext := dk.Encapsulator().Encapsulate()
		share := func(b []byte) []byte {
			if s.tFirst {
				return b[:s.group.element]
			}
			return b[len(b)-s.group.element:]
		}
		// Zero has low order on X25519, and is not a point of the other curves.
		badKey, badCiphertext := bytes.Clone(key), bytes.Clone(ciphertext)
		clear(share(badKey))
		clear(share(badCiphertext))
		_, err = s.kem.NewEncapsulationKey(badKey)
		errorText(t, s.name+": a bad share in a key", err)
		sharedKey := make([]byte, s.kem.SharedKeySize())
		errorText(t, s.name+": a bad share in a ciphertext", dk.DecapsulateTo(sharedKey, badCiphertext))
		if !bytes.Equal(sharedKey, make([]byte, len(sharedKey))) {
			t.Errorf("%s: a refused ciphertext was written for", s.name)
		}

		start := 0
		if s.tFirst {
			start = s.group.element
		}
		key[start], key[start+1] = 0xff, 0xff
		_, err = s.kem.NewEncapsulationKey(key)
		errorText(t, s.name+": a coefficient of q or more", err)
	}
}

// TestScalarCandidates tries seeds whose first candidates are not scalars of the curve.
func TestScalarCandidates(t *testing.T) {
	random := make([]byte, 32+128)
	for i := range random[32:] {
		random[32+i] = 0xff
	}
	dk, err := combiner.MLKEM768P256().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	ek := dk.PublicKey()
	if _, _, err := kemtest.Encapsulate(ek, random); err == nil {
		t.Error("a seed without a scalar is used")
	}
	for candidate := range 4 {
		r := bytes.Clone(random)
		clear(r[32:][:32]) // Zero is not a scalar either.
		copy(r[32+32*candidate:], bytes.Repeat([]byte{3}, 32))
		scalar, err := ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{3}, 32))
		if err != nil {
			t.Fatal(err)
		}
		_, ciphertext, err := kemtest.Encapsulate(ek, r)
		if err != nil || !bytes.Equal(ciphertext[mlkem.CiphertextSize768:], scalar.PublicKey().Bytes()) {
			t.Errorf("candidate %d is not the one used: %v", candidate, err)
		}
	}
}

type failingEK struct{ kem.EncapsulationKey }

func (failingEK) EncapsulateTo(sharedKey, ciphertext []byte) error {
	clear(sharedKey)
	clear(ciphertext)
	return errors.New("no luck")
}
func (e failingEK) Unwrap() any { return e.EncapsulationKey }

// TestFailingPart tries a foreign part that returns an error before or after the other part has
// succeeded.
func TestFailingPart(t *testing.T) {
	failing := testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		EncapsulationKey: func(ek kem.EncapsulationKey) kem.EncapsulationKey { return failingEK{ek} },
	})
	for _, k := range []kem.KEM{
		combiner.CK("t fails", mlkem.KEM768(), failing),
		combiner.UG("pq fails", failing, combiner.X25519()),
	} {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
		errorText(t, k.Name(), ek.EncapsulateTo(sharedKey, ciphertext))
		if slices.ContainsFunc(slices.Concat(sharedKey, ciphertext), func(b byte) bool { return b != 0 }) {
			t.Errorf("%s: a failed encapsulation wrote to the caller's memory", k.Name())
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: Encapsulate has no way to fail but to panic, and did not", k.Name())
				}
			}()
			ek.Encapsulate()
		}()
	}
}

func TestAllocations(t *testing.T) {
	for _, k := range []kem.KEM{
		combiner.MLKEM512X25519(), xwing.KEM(), combiner.MLKEM1024X25519(), tlskex.X25519MLKEM768(),
		sshkex.MLKEM768X25519SHA256(), composite.MLKEM768X25519SHA3256(), openpgp.MLKEM768X25519(),
		combiner.UG("own", mlkem.KEM768(), combiner.X25519()),
	} {
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		sharedKey, ciphertext := ek.Encapsulate()
		testkit.NoAllocations(t, k.Name()+": EncapsulateTo", func() { ek.EncapsulateTo(sharedKey, ciphertext) })
		testkit.NoAllocations(t, k.Name()+": DecapsulateTo", func() { dk.DecapsulateTo(sharedKey, ciphertext) })
	}
}
