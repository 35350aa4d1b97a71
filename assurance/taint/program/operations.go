package main

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hybridkem"
	"hybridkem/assurance/taint/mark"
	"hybridkem/batch"
	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/internal/derand"
	"hybridkem/internal/expanded"
	"hybridkem/internal/many"
	"hybridkem/internal/spec"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/noise"
	"hybridkem/xwing"
)

// kems returns every KEM of the module, one KEM of each framework that has none among them, and one whose keys
// from parts have a bare scalar of a NIST curve.
func kems() []kem.KEM {
	return append(hybridkem.All(),
		must(combiner.FromParts(combiner.MLKEM768P256())),
		combiner.UG("UG(ML-KEM-768, X25519)", mlkem.KEM768(), combiner.X25519()),
		combiner.UK("UK(ML-KEM-768, ML-KEM-512)", mlkem.KEM768(), mlkem.KEM512()),
		combiner.CK("CK(ML-KEM-768, X-Wing)", mlkem.KEM768(), xwing.KEM()))
}

// operations lists the operations on secrets. Each runs with all KEMs for which it exists.
var operations = []struct {
	name   string
	exists func(kem.KEM) bool
	run    func(kem.KEM)
}{
	{"key from a seed", always, func(k kem.KEM) { use(newKey(k, newSeed(k))) }},
	{"key from keys of the parts", hasCurve, func(k kem.KEM) {
		t := must(curves[k.Name()].NewPrivateKey(secret(random(32))))
		use(must(combiner.NewPartsKey(k, newKey(mlkem.KEM768(), random(mlkem.SeedSize)), t)))
	}},
	{"composite key", isXWing, func(k kem.KEM) { use(must(composite.FromXWing(newKey(k, newSeed(k)).(*xwing.DecapsulationKey)))) }},
	{"OpenPGP key", isOpenPGP, func(k kem.KEM) {
		seed := newSeed(k)
		use(must(openpgp.NewDecapsulationKey(secret(seed), public(newKey(k, seed).Encapsulator().Bytes()))))
	}},
	{"batches", isTogether, batches},
	{"decapsulation with a seed", isTogether, decapsulateSeed},
	{"expanded key", isMLKEM, func(k kem.KEM) { use(must(expanded.Parse(k, expand(k, random(64), nothing))).Decapsulator) }},
	{"seeds of wrong lengths", always, wrongLengths},
	{"combiners", isXWing, combiners},
	{"comparison", always, comparison},
	{"encapsulation in two steps", isMLKEM, twoSteps},
	{"expanded keys", isMLKEM, expandedKeys},
	{"file with a seed", hasFiles, seedFile},
	{"files with expanded keys", isMLKEM, expandedFiles},
	{"Noise", isXWing, handshakes},
}

func always(kem.KEM) bool { return true }

func isMLKEM(k kem.KEM) bool {
	_, ok := spec.Sets[k.Name()]
	return ok
}

func isXWing(k kem.KEM) bool { return k == xwing.KEM() } // for operations that need one KEM only

func isOpenPGP(k kem.KEM) bool { return k == openpgp.MLKEM768X25519() }

// curves are the curves of some KEMs whose keys are made from parts.
var curves = map[string]ecdh.Curve{
	composite.MLKEM768X25519SHA3256().Name(): ecdh.X25519(), composite.MLKEM768ECDHP256SHA3256().Name(): ecdh.P256(),
}

func hasCurve(k kem.KEM) bool { return curves[k.Name()] != nil }

// isTogether reports whether k does several operations at once.
func isTogether(k kem.KEM) bool {
	_, ok := many.Of(k)
	return ok
}

// hasFiles reports whether there is a file format for keys of k.
func hasFiles(k kem.KEM) bool {
	_, err := keyfile.MarshalPKCS8PrivateKey(newKey(k, newSeed(k)))
	return !errors.Is(err, kem.ErrUnsupported)
}

// newSeed returns a seed. If keys of k are made from parts, it returns the stored form of a key.
func newSeed(k kem.KEM) []byte {
	if kem.KeysFromParts(k) {
		return public(must(k.GenerateKey()).Bytes())
	}
	return random(k.SeedSize())
}

// wantSecretKey is wantSecret for the bytes of a private key of k. An ECPrivateKey at their end has bytes that
// are the same for all keys of a curve, and its scalar follows its length.
func wantSecretKey(k kem.KEM, b []byte) {
	if strings.Contains(k.Name(), "-ECDH-") {
		wantSecret(b[:mlkem.SeedSize])
		b = b[mlkem.SeedSize:][7:][:b[mlkem.SeedSize+6]]
	}
	wantSecret(b)
}

// newKey returns a key from a seed that is a secret.
func newKey(k kem.KEM, seed []byte) kem.DecapsulationKey {
	return must(k.NewDecapsulationKey(secret(seed)))
}

// publicKey returns the public key of dk, as another party would receive it.
func publicKey(dk kem.Decapsulator) kem.EncapsulationKey {
	return must(dk.KEM().NewEncapsulationKey(public(dk.Encapsulator().Bytes())))
}

// A pair is a private key with a public key, which may belong to another private key.
type pair struct {
	kem.Decapsulator
	ek kem.EncapsulationKey
}

func (p pair) Encapsulator() crypto.Encapsulator { return p.ek }

// use runs all operations that every private key and its public key have.
func use(dk kem.Decapsulator) {
	ek := publicKey(dk)
	want(dk.PublicKey().Equal(ek), "the public key is another's")
	sharedKey, ciphertext := encapsulate(ek)
	got := must(dk.Decapsulate(ciphertext))
	wantSecret(got)
	wantEqual(got, sharedKey, true)
	to := make([]byte, len(sharedKey))
	want(dk.DecapsulateTo(to, ciphertext) == nil, "there is an error")
	wantSecret(to)
	wantEqual(to, sharedKey, true)
	for _, c := range near(ciphertext) {
		// An error is right if the share is not a point of a NIST curve.
		if got, err := dk.Decapsulate(c); err == nil {
			wantSecret(got)
			wantEqual(got, sharedKey, false)
		}
	}
	want(kem.CheckKeyPair(pair{dk, ek}) == nil, "a key pair is none")
	other := must(dk.KEM().GenerateKey())
	wantSecretKey(other.KEM(), other.Bytes())
	want(errors.Is(kem.CheckKeyPair(pair{dk, publicKey(other)}), kem.ErrKeyPair), "halves of two pairs are one")
	// The search branches on each byte of the printed text, so a secret in it is reported.
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{dk, struct{ key any }{dk}, []kem.Decapsulator{dk}} {
			want(!strings.Contains(fmt.Sprintf(verb, x), "\x00"), "a key prints bytes")
		}
	}
	_, err := json.Marshal(dk)
	want(err != nil, "a key can be written as JSON")
	if withSeed, ok := dk.(kem.DecapsulationKey); ok {
		wantSecretKey(withSeed.KEM(), withSeed.Bytes())
	}
	dk.Destroy()
	want(dk.Destroyed(), "a key is not destroyed")
}

// encapsulate encapsulates in all ways, and returns the last result.
func encapsulate(ek kem.EncapsulationKey) (sharedKey, ciphertext []byte) {
	sharedKey, _, err := derand.Encapsulate("taint", ek, secret(random(ek.KEM().(derand.KEM).RandomSize())))
	wantSecret(must(sharedKey, err))
	sharedKey, ciphertext = ek.Encapsulate()
	wantSecret(sharedKey)
	public(sharedKey)
	want(ek.EncapsulateTo(sharedKey, ciphertext) == nil, "there is an error")
	wantSecret(sharedKey)
	return sharedKey, public(ciphertext)
}

// batches runs all operations of batches. Every second ciphertext is invalid.
func batches(k kem.KEM) {
	keys := make([]batch.KeyPair, many.Width)
	for i := range keys {
		keys[i].Seed = secret(newSeed(k))
	}
	batch.Expand(k, keys)
	publicKeys := make([]batch.PublicKey, len(keys))
	for i, row := range keys {
		want(row.Err == nil, "there is an error")
		publicKeys[i].Bytes = public(row.Key.PublicKey().Bytes())
	}
	batch.Parse(k, publicKeys)
	sent := make([]batch.Encapsulation, len(keys))
	for i, row := range publicKeys {
		want(row.Err == nil, "there is an error")
		sent[i] = batch.Encapsulation{Key: row.Key, SharedKey: make([]byte, k.SharedKeySize()), Ciphertext: make([]byte, k.CiphertextSize())}
	}
	batch.Encapsulate(sent)
	received := make([]batch.Decapsulation, len(keys))
	for i, row := range sent {
		want(row.Err == nil, "there is an error")
		wantSecret(row.SharedKey)
		c := public(row.Ciphertext)
		if i%2 == 1 {
			c = near(c)[i/2%2]
		}
		received[i] = batch.Decapsulation{Key: keys[i].Key, SharedKey: make([]byte, k.SharedKeySize()), Ciphertext: c}
	}
	batch.Decapsulate(received)
	for i, row := range received {
		want(row.Err == nil, "there is an error")
		wantSecret(row.SharedKey)
		wantEqual(row.SharedKey, sent[i].SharedKey, i%2 == 0)
	}
	batch.Generate(k, keys)
	for _, row := range keys {
		want(row.Err == nil, "there is an error")
		wantSecret(row.Key.Bytes())
	}
}

func decapsulateSeed(k kem.KEM) {
	seed := newSeed(k)
	sharedKey, ciphertext := encapsulate(publicKey(newKey(k, seed)))
	got := make([]byte, len(sharedKey))
	for i, c := range [][]byte{ciphertext, near(ciphertext)[0]} {
		want(kem.DecapsulateSeed(k, got, secret(seed), c) == nil, "there is an error")
		wantSecret(got)
		wantEqual(got, sharedKey, i == 0)
	}
}

// near returns three values that differ from b: two differ in one bit near an end, and one is
// random.
func near(b []byte) [][]byte {
	first, last := bytes.Clone(b), bytes.Clone(b)
	first[1] ^= 1
	last[len(last)-1] ^= 1
	return [][]byte{first, last, random(len(b))}
}

// wrongLengths parses seeds of wrong lengths, which may still contain secrets.
func wrongLengths(k kem.KEM) {
	for _, n := range []int{0, 1, 31, 33, 63, 65, 200, 2400} {
		_, err := k.NewDecapsulationKey(secret(random(n)))
		want(errors.Is(err, kem.ErrLength), "a seed of a wrong length is taken")
	}
}

func combiners(kem.KEM) {
	ss, other := secret(random(32)), random(32)
	wantSecret(combiner.C2PRI(ss, ss, other, other, other))
	wantSecret(combiner.Universal(ss, ss, other, other, other, other, other))
}

// A state is the state of an encapsulation in two steps, of any parameter set.
type state interface {
	Begin(sharedKey, part1, header []byte) error
	Finish(vector []byte) ([]byte, error)
	Bytes() []byte
	Destroy()
}

// twoSteps does both steps, with the state and with a stored one, and gives wrong vectors and stored states.
func twoSteps(k kem.KEM) {
	dk := newKey(k, random(k.SeedSize()))
	own := publicKey(dk).(interface {
		Header() []byte
		EncapsulationVector() []byte
	})
	header, vector := own.Header(), own.EncapsulationVector()
	var s state
	restore := func(b []byte) (state, error) { return mlkem.NewEncapsulationState768(b) }
	part1 := make([]byte, mlkem.CiphertextPart1Size768)
	switch k {
	case mlkem.KEM512():
		s, part1 = new(mlkem.EncapsulationState512), part1[:mlkem.CiphertextPart1Size512]
		restore = func(b []byte) (state, error) { return mlkem.NewEncapsulationState512(b) }
	case mlkem.KEM768():
		s = new(mlkem.EncapsulationState768)
	case mlkem.KEM1024():
		s, part1 = new(mlkem.EncapsulationState1024), make([]byte, mlkem.CiphertextPart1Size1024)
		restore = func(b []byte) (state, error) { return mlkem.NewEncapsulationState1024(b) }
	}
	sharedKey := make([]byte, k.SharedKeySize())
	want(s.Begin(sharedKey, part1, header) == nil, "there is an error")
	wantSecret(sharedKey)
	b := s.Bytes()
	wantSecret(b[len(b)-48:])
	for _, altered := range [][]byte{near(public(bytes.Clone(b)))[0], near(public(bytes.Clone(b)))[1]} {
		_, err := restore(secret(altered))
		want(errors.Is(err, kem.ErrState), "an altered state is taken")
	}
	stored := must(restore(b))
	for _, wrong := range near(vector) {
		_, err := stored.Finish(wrong)
		want(errors.Is(err, kem.ErrEncapsulationKey), "a wrong vector is taken")
	}
	for _, s := range []state{s, stored} {
		part2 := must(s.Finish(vector))
		got := must(dk.Decapsulate(slices.Concat(public(bytes.Clone(part1)), public(part2))))
		wantEqual(got, bytes.Clone(sharedKey), true)
		s.Destroy()
	}
}

func comparison(k kem.KEM) {
	seed := newSeed(k)
	dk, same := newKey(k, seed), newKey(k, seed)
	wantResult(dk.Equal(same), true)
	for _, seed := range append(near(seed), newSeed(k)) {
		other, err := k.NewDecapsulationKey(secret(seed))
		if errors.Is(err, kem.ErrPrivateKey) {
			continue // These bytes are no stored form of a key from parts.
		}
		wantResult(dk.Equal(must(other, err)), false)
	}
}

// expand returns the expanded form of the key from seed, with the given change. Its ŝ and z are
// marked as secrets after the change.
func expand(k kem.KEM, seed []byte, change func(b []byte)) []byte {
	p := spec.Sets[k.Name()]
	_, b := spec.KeyGenInternal(p, seed[:32], seed[32:])
	change(b)
	mark.Secret(b[:384*p.K])
	mark.Secret(b[len(b)-32:])
	return b
}

// Changes to an expanded key.
func nothing([]byte)          {}
func otherS(b []byte)         { b[0], b[1] = b[0]^1, b[1]&0xf0 } // smaller than 256, so valid
func otherZ(b []byte)         { b[len(b)-1] ^= 1 }
func tooLarge(b []byte)       { b[0], b[1] = 0xff, 0xff } // a coefficient above q
func secondTooLarge(b []byte) { b[384], b[385] = 0xff, 0xff }

// expandedKeys compares valid expanded keys with a key from a seed, and parses invalid ones.
func expandedKeys(k kem.KEM) {
	seed := random(64)
	dk := newKey(k, seed)
	for i, change := range []func([]byte){nothing, otherS, otherZ} {
		wantResult(must(expanded.Parse(k, expand(k, seed, change))).Matches(dk), i == 0)
	}
	for _, change := range []func([]byte){tooLarge, secondTooLarge} {
		_, err := expanded.Parse(k, expand(k, seed, change))
		want(errors.Is(err, kem.ErrExpandedKey), "an invalid key is taken")
	}
}

// seedFile writes a key as PEM and as DER, and parses the DER. It does not parse the PEM,
// because base64 would give a seed without marks. After that step PEM is treated like DER.
func seedFile(k kem.KEM) {
	seed := newSeed(k)
	dk := newKey(k, seed)
	must(keyfile.MarshalPrivateKeyPEM(dk))
	der := must(keyfile.MarshalPKCS8PrivateKey(dk))
	wantSecretKey(k, der[len(der)-len(seed):])
	use(must(keyfile.ParsePKCS8PrivateKey(der)))
}

// file returns a PKCS #8 file of k whose private key is privateKey in ASN.1.
func file(k kem.KEM, privateKey any) []byte {
	var f struct {
		Version    int
		Algorithm  asn1.RawValue
		PrivateKey []byte
	}
	whole := must(keyfile.MarshalPKCS8PrivateKey(must(k.NewDecapsulationKey(make([]byte, k.SeedSize())))))
	must(asn1.Unmarshal(whole, &f))
	f.PrivateKey = must(asn1.Marshal(privateKey))
	return must(asn1.Marshal(f))
}

// expandedFiles parses files with an expanded key, with a seed and without.
func expandedFiles(k kem.KEM) {
	type both struct{ Seed, Expanded []byte }
	seed := random(64)
	for _, x := range []struct {
		withSeed bool
		change   func([]byte)
		err      error
	}{
		{false, nothing, nil},
		{false, otherS, kem.ErrKeyPair},
		{false, tooLarge, kem.ErrExpandedKey},
		{true, nothing, nil},
		{true, otherS, kem.ErrExpandedKey},
		{true, otherZ, kem.ErrExpandedKey},
		{true, tooLarge, kem.ErrExpandedKey},
	} {
		b := expand(k, seed, x.change)
		var privateKey any = b
		if x.withSeed {
			privateKey = both{secret(seed), b}
		}
		dk, err := keyfile.ParsePKCS8PrivateKey(file(k, privateKey))
		want(errors.Is(err, x.err), "a file gives another error")
		if err == nil {
			use(dk)
		}
	}
}

// handshakes runs handshakes of package noise, and what comes after them. Keys, seeds and pre-shared keys are secrets.
func handshakes(kem.KEM) {
	for _, x := range []struct {
		protocol string
		dh       bool    // there are static X25519 keys
		kem      kem.KEM // and static keys of this KEM, unless it is nil
		known    bool    // the initiator knows those of the responder
		psks     int
	}{
		{"Noise_XXhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256", true, nil, false, 1},
		{"Noise_hybridIK_25519+XWing_AESGCM_SHA512", true, xwing.KEM(), true, 0},
		{"Noise_pqXXpsk2_MLKEM768_ChaChaPoly_BLAKE2s", false, mlkem.KEM768(), false, 1},
		{"Noise_NNpsk0_25519_AESGCM_BLAKE2b", false, nil, false, 1},
	} {
		initiator, responder := &noise.Config{Protocol: x.protocol}, &noise.Config{Protocol: x.protocol}
		for range x.psks {
			psk := random(32)
			initiator.PSKs, responder.PSKs = append(initiator.PSKs, secret(psk)), append(responder.PSKs, secret(psk))
		}
		for _, c := range []*noise.Config{initiator, responder} {
			if x.dh {
				c.Static = must(ecdh.X25519().NewPrivateKey(secret(random(32))))
			}
			if x.kem != nil {
				c.StaticKEM = newKey(x.kem, random(x.kem.SeedSize()))
			}
		}
		if x.known {
			initiator.PeerStatic = must(ecdh.X25519().NewPublicKey(public(responder.Static.PublicKey().Bytes())))
			initiator.PeerStaticKEM = publicKey(responder.StaticKEM)
		}
		sender, receiver := must(noise.NewHandshakeState(initiator, true)), must(noise.NewHandshakeState(responder, false))
		for ; !sender.Done(); sender, receiver = receiver, sender {
			must(receiver.ReadMessage(nil, must(sender.WriteMessage(nil, random(3)))))
		}
		want(bytes.Equal(sender.HandshakeHash(), receiver.HandshakeHash()), "handshake hashes differ")
		seal, _, err1 := sender.Split()
		_, open, err2 := receiver.Split()
		want(err1 == nil && err2 == nil, "there is an error")
		for _, size := range []int{0, 100, 1000} {
			plaintext := random(size)
			ciphertext := must(seal.Encrypt(nil, nil, secret(plaintext)))
			_, err := open.Decrypt(nil, nil, near(append([]byte{0}, ciphertext...))[1][1:])
			want(errors.Is(err, noise.ErrDecrypt), "a damaged message is taken")
			wantEqual(must(open.Decrypt(nil, nil, ciphertext)), plaintext, true)
			want(seal.Rekey() == nil && open.Rekey() == nil, "there is an error")
		}
		seal.Destroy()
		open.Destroy()
	}
}
