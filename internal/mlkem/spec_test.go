package mlkem

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
	"hybridkem/internal/spec"
	"hybridkem/kats/vectors"
)

// sameAsSpec compares all three algorithms with the specification, on one input.
func sameAsSpec(t *testing.T, name string, seed *[64]byte, m *[32]byte, others ...[]byte) {
	t.Helper()
	p, s := sets[name], spec.Sets[name]
	dk, ek := newKeyPair(p)
	dk.Generate(seed)
	wantEK, wantDK := spec.KeyGenInternal(s, seed[:32], seed[32:])
	if !bytes.Equal(ek.AppendBytes(nil), wantEK) || !bytes.Equal(expanded(dk), wantDK) {
		t.Fatalf("%s: seed %x: wrong keys", name, *seed)
	}
	var k [32]byte
	c := make([]byte, p.CiphertextSize())
	ek.Encapsulate(&k, c, m)
	wantK, wantC := spec.EncapsInternal(s, wantEK, m[:])
	if !bytes.Equal(k[:], wantK) || !bytes.Equal(c, wantC) {
		t.Fatalf("%s: seed %x, m %x: wrong encapsulation", name, *seed, *m)
	}
	// K-PKE, with randomness that does not depend on the message.
	r := (*[32]byte)(seed[32:])
	if ek.encrypt(new(sha3.Batch), c, m, r); !bytes.Equal(c, spec.PKEEncrypt(s, wantEK, m[:], r[:])) {
		t.Fatalf("%s: seed %x, m %x: wrong encryption", name, *seed, *m)
	}
	for _, c := range append(others, c, wantC) {
		var decrypted [32]byte
		if dk.decrypt(&decrypted, c); !bytes.Equal(decrypted[:], spec.PKEDecrypt(s, wantDK[:384*s.K], c)) {
			t.Fatalf("%s: seed %x, c %x: wrong decryption", name, *seed, c)
		}
		dk.Decapsulate(&k, c)
		if !bytes.Equal(k[:], spec.DecapsInternal(s, wantDK, c)) {
			t.Fatalf("%s: seed %x, c %x: wrong decapsulation", name, *seed, c)
		}
	}
}

func TestSpecification(t *testing.T) {
	r := rand.NewChaCha8([32]byte{9})
	for name, p := range sets {
		noise := make([]byte, p.CiphertextSize())
		for range 20 {
			var seed [64]byte
			var m [32]byte
			r.Read(seed[:])
			r.Read(m[:])
			r.Read(noise)
			sameAsSpec(t, name, &seed, &m, noise)
		}
		ones := bytes.Repeat([]byte{0xff}, p.CiphertextSize())
		sameAsSpec(t, name, &[64]byte{}, &[32]byte{}, make([]byte, len(ones)), ones, bytes.Repeat([]byte{0x55}, len(ones)))
	}
}

// TestIntermediate compares intermediate values with those of C2SP/CCTV. Those are of the initial
// public draft, which derives ρ and σ in another way. So the test starts at ρ and σ.
func TestIntermediate(t *testing.T) {
	type vector struct {
		ID, Set                     string
		Rho, Sigma, A, S, E, EK, DK vectors.Hex
		NTTS                        vectors.Hex `json:"ntt_s"`
		HEK                         vectors.Hex `json:"h_ek"`
		R                           vectors.Hex
		RVec                        vectors.Hex `json:"r_vec"`
		E1, E2, Mu, C, K, M         vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_cctv_intermediate.jsonl", 3)
	if err != nil {
		t.Fatal(err)
	}
	encodeNTTs := func(v []ring.NTT) (b []byte) {
		for i := range v {
			var encoded [ring.EncodedSize]byte
			f := v[i]
			f.Reduce()
			f.Encode(&encoded)
			b = append(b, encoded[:]...)
		}
		return b
	}
	encode := func(v []ring.Poly) []byte {
		fs := make([]ring.NTT, len(v))
		for i := range v {
			fs[i] = ring.NTT(v[i])
		}
		return encodeNTTs(fs)
	}
	for _, v := range vs {
		p := sets[v.Set]
		match := func(what string, got, want []byte) {
			t.Helper()
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %s is wrong", v.ID, what)
			}
		}
		match("Â", encodeNTTs(expand(t, p.k, (*[32]byte)(v.Rho), nil)), v.A)

		noise := func(seed vectors.Hex, eta, n, size int) []ring.Poly {
			sequence := prf{batch: new(sha3.Batch), seed: (*[32]byte)(seed), eta: eta, n: n, end: n + size, streams: make([]byte, sha3.States*64*eta)}
			fs := make([]ring.Poly, size)
			for i := range fs {
				fs[i].SampleCBD(sequence.next(), eta)
			}
			return fs
		}
		match("e", encode(noise(v.Sigma, p.eta1, p.k, p.k)), v.E)
		s := noise(v.Sigma, p.eta1, 0, p.k)
		match("s", encode(s), v.S)
		var ntts []ring.NTT
		for i := range s {
			ntts = append(ntts, *s[i].NTT())
		}
		match("ŝ", encodeNTTs(ntts), v.NTTS)
		match("y", encode(noise(v.R, p.eta1, 0, p.k)), v.RVec)
		errors := noise(v.R, eta2, p.k, p.k+1)
		match("e₁", encode(errors[:p.k]), v.E1)
		match("e₂", encode(errors[p.k:]), v.E2)
		var mu ring.Poly
		mu.Decompress(v.M, 1)
		match("μ", encode([]ring.Poly{mu}), v.Mu)

		dk, ek := newKeyPair(p)
		if !dk.ParseExpanded(v.DK) {
			t.Fatalf("%s: the key is refused", v.ID)
		}
		match("ek", ek.AppendBytes(nil), v.EK)
		match("H(ek)", ek.h[:], v.HEK)
		c := make([]byte, p.CiphertextSize())
		ek.encrypt(new(sha3.Batch), c, (*[32]byte)(v.M), (*[32]byte)(v.R))
		match("c", c, v.C)
		var k, m [32]byte
		dk.decrypt(&m, v.C)
		match("m", m[:], v.M)
		dk.Decapsulate(&k, v.C)
		match("K", k[:], v.K)
	}
}
