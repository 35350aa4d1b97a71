package spec

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha3"
	"slices"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// read returns the vectors of a file: all with -sweep, else some, evenly spread, since the
// specification is slow and changes seldom.
func read[T any](t *testing.T, name string, count int) []T {
	t.Helper()
	vs, err := vectors.Read[T](name, count)
	if err != nil {
		t.Fatal(err)
	}
	most := 120
	if testing.Short() {
		most = 12
	}
	if testkit.Sweep() || count <= most {
		return vs
	}
	some := make([]T, most)
	for i := range some {
		some[i] = vs[i*(count-1)/(most-1)]
	}
	return some
}

func TestKeyGen(t *testing.T) {
	type vector struct {
		ID, Set      string
		Seed, EK, DK vectors.Hex
	}
	for name, count := range map[string]int{"mlkem_acvp_keygen.jsonl.gz": 75, "wycheproof_mlkem_keygen_seed_test.jsonl.gz": 300} {
		for _, v := range read[vector](t, name, count) {
			ek, dk := KeyGenInternal(Sets[v.Set], v.Seed[:32], v.Seed[32:])
			if !bytes.Equal(ek, v.EK) || !bytes.Equal(dk, v.DK) {
				t.Errorf("%s: wrong keys", v.ID)
			}
		}
	}
}

func TestEncaps(t *testing.T) {
	type vector struct {
		ID, Set, Result string      `json:",omitempty"`
		EK, M, C, K     vectors.Hex `json:",omitempty"`
	}
	for name, count := range map[string]int{
		"mlkem_acvp_encap.jsonl.gz": 75, "mlkem_cctv_unlucky.jsonl": 3, "wycheproof_mlkem_encaps_test.jsonl.gz": 795,
	} {
		for _, v := range read[vector](t, name, count) {
			err := CheckEK(Sets[v.Set], v.EK)
			if (err == nil) != (v.Result != "invalid") {
				t.Errorf("%s: %v", v.ID, err)
			}
			if err != nil {
				continue
			}
			if K, c := EncapsInternal(Sets[v.Set], v.EK, v.M); !bytes.Equal(K, v.K) || !bytes.Equal(c, v.C) {
				t.Errorf("%s: wrong shared key or ciphertext", v.ID)
			}
		}
	}
}

func TestDecaps(t *testing.T) {
	type vector struct {
		ID, Set, Result string      `json:",omitempty"`
		Seed, DK, C, K  vectors.Hex `json:",omitempty"`
	}
	for name, count := range map[string]int{
		"mlkem_acvp_decap.jsonl": 30, "mlkem_cctv_strcmp.jsonl": 3, "mlkem_cctv_unlucky.jsonl": 3,
		"wycheproof_mlkem_test.jsonl.gz": 579, "wycheproof_mlkem_semi_expanded_decaps_test.jsonl": 27,
	} {
		for _, v := range read[vector](t, name, count) {
			dk := []byte(v.DK)
			if len(v.Seed) == 64 {
				_, dk = KeyGenInternal(Sets[v.Set], v.Seed[:32], v.Seed[32:])
			}
			K, err := Decaps(Sets[v.Set], dk, v.C)
			if (err == nil) != (v.Result != "invalid") || !bytes.Equal(K, v.K) && err == nil {
				t.Errorf("%s: wrong shared key, %v", v.ID, err)
			}
		}
	}
}

func TestChecks(t *testing.T) {
	type ekVector struct {
		ID, Set, Result string
		EK              vectors.Hex
	}
	for name, count := range map[string]int{"mlkem_acvp_ekcheck.jsonl": 30, "mlkem_cctv_modulus.jsonl.gz": 2595} {
		for _, v := range read[ekVector](t, name, count) {
			if err := CheckEK(Sets[v.Set], v.EK); (err == nil) != (v.Result == "valid") {
				t.Errorf("%s: %v", v.ID, err)
			}
		}
	}
	type dkVector struct {
		ID, Set, Result string
		DK              vectors.Hex
	}
	for _, v := range read[dkVector](t, "mlkem_acvp_dkcheck.jsonl", 30) {
		p := Sets[v.Set]
		if err := CheckDK(p, v.DK, make([]byte, 32*(p.Du*p.K+p.Dv))); (err == nil) != (v.Result == "valid") {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
}

// TestRandomised checks Algorithms 19 to 21. The first two draw randomness.
func TestRandomised(t *testing.T) {
	for name, p := range Sets {
		ek, dk := KeyGen(p)
		if other, _ := KeyGen(p); bytes.Equal(ek, other) {
			t.Errorf("%s: KeyGen gives the same key twice", name)
		}
		K, c, err := Encaps(p, ek)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decaps(p, dk, c); err != nil || !bytes.Equal(got, K) {
			t.Errorf("%s: Decaps does not give the shared key: %v", name, err)
		}
		c[0] ^= 1
		if got, err := Decaps(p, dk, c); err != nil || !bytes.Equal(got, hashJ(concat(dk[len(dk)-32:], c))) {
			t.Errorf("%s: Decaps does not reject: %v", name, err)
		}
		ek[0], ek[1] = 0xff, 0xff
		if _, _, err := Encaps(p, ek); err == nil {
			t.Errorf("%s: Encaps takes a key that is not reduced", name)
		}
		if _, err := Decaps(p, dk, c[1:]); err == nil {
			t.Errorf("%s: Decaps takes a short ciphertext", name)
		}
	}
}

// TestIntermediate follows the algorithms through the intermediate values of one run that
// C2SP/CCTV publishes. Each step starts from the published values of the step before. Key
// generation starts from ρ and σ, since the published ones are those of the initial
// public draft.
func TestIntermediate(t *testing.T) {
	type vector struct {
		ID, Set                              string
		Rho, Sigma, A, S, E, T, EK, Z, DK, M vectors.Hex
		NTTS                                 vectors.Hex `json:"ntt_s"`
		NTTE                                 vectors.Hex `json:"ntt_e"`
		HEK                                  vectors.Hex `json:"h_ek"`
		K, R, Mu, E1, E2, U, C1, C2, C, W    vectors.Hex
		AT                                   vectors.Hex `json:"A_T"`
		Y                                    vectors.Hex `json:"r_vec"`
		NTTY                                 vectors.Hex `json:"ntt_r"`
		V                                    vectors.Hex `json:"v_hex"`
		A00                                  vectors.Hex `json:"A_0_0_hex"`
		S0                                   vectors.Hex `json:"s_0_hex"`
		NTTS0                                vectors.Hex `json:"ntt_s_0_hex"`
		A00Coeffs                            Poly        `json:"A_0_0_coeffs"`
		S0Coeffs                             Poly        `json:"s_0_coeffs"`
		NTTS0Coeffs                          Poly        `json:"ntt_s_0_coeffs"`
		U0Coeffs                             Poly        `json:"u_0_coeffs"`
		CompressedU0Coeffs                   Poly        `json:"compress_u_0_coeffs"`
		VCoeffs                              Poly        `json:"v_coeffs"`
		CompressedVCoeffs                    Poly        `json:"compress_v_coeffs"`
		DecompressedU                        vectors.Hex `json:"u_d"`
		DecompressedV                        vectors.Hex `json:"v_d"`
		NTTDecompressedU                     vectors.Hex `json:"ntt_u_d"`
		KBar                                 vectors.Hex `json:"K_bar"`
	}
	decode := func(d int, b []byte) (v []Poly) {
		for ; len(b) > 0; b = b[32*d:] {
			v = append(v, ByteDecode(d, b[:32*d]))
		}
		return v
	}
	encode := func(d int, v ...Poly) (b []byte) {
		for _, f := range v {
			b = append(b, ByteEncode(d, f)...)
		}
		return b
	}
	each := func(f func(Poly) Poly, v []Poly) (w []Poly) {
		for i := range v {
			w = append(w, f(v[i]))
		}
		return w
	}
	noise := func(eta int, seed []byte, first, count int) (v []Poly) {
		for i := range count {
			v = append(v, SamplePolyCBD(eta, prf(eta, seed, first+i)))
		}
		return v
	}
	inner := func(a, b []Poly) (sum Poly) {
		for i := range a {
			sum = Add(sum, MultiplyNTTs(a[i], b[i]))
		}
		return sum
	}
	for _, v := range read[vector](t, "mlkem_cctv_intermediate.jsonl", 3) {
		p := Sets[v.Set]
		match := func(what string, got, want []byte) {
			t.Helper()
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %s is wrong", v.ID, what)
			}
		}
		coefficients := func(what string, got, want Poly) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s is wrong", v.ID, what)
			}
		}
		A := matrix(p, v.Rho)
		match("Â", encode(12, slices.Concat(A...)...), v.A)
		match("Â[0,0]", v.A[:384], v.A00)
		coefficients("Â[0,0]", A[0][0], v.A00Coeffs)
		s, e := noise(p.Eta1, v.Sigma, 0, p.K), noise(p.Eta1, v.Sigma, p.K, p.K)
		match("s", encode(12, s...), v.S)
		match("s[0]", v.S[:384], v.S0)
		coefficients("s[0]", s[0], v.S0Coeffs)
		match("e", encode(12, e...), v.E)
		s, e = each(NTT, s), each(NTT, e)
		match("ŝ", encode(12, s...), v.NTTS)
		match("ŝ[0]", v.NTTS[:384], v.NTTS0)
		coefficients("ŝ[0]", s[0], v.NTTS0Coeffs)
		match("ê", encode(12, e...), v.NTTE)
		var tHat []Poly
		for i := range p.K {
			tHat = append(tHat, Add(inner(A[i], s), e[i]))
		}
		match("t̂", encode(12, tHat...), v.T)
		match("ek", concat(v.T, v.Rho), v.EK)
		match("H(ek)", H(v.EK), v.HEK)
		match("dk", concat(v.NTTS, v.EK, v.HEK, v.Z), v.DK)

		K, r := hashG(concat(v.M, v.HEK))
		match("K", K, v.K)
		match("r", r, v.R)
		mu := Decompress(1, ByteDecode(1, v.M))
		match("μ", encode(12, mu), v.Mu)
		y, e1, e2 := noise(p.Eta1, v.R, 0, p.K), noise(p.Eta2, v.R, p.K, p.K), noise(p.Eta2, v.R, 2*p.K, 1)
		match("y", encode(12, y...), v.Y)
		match("e₁", encode(12, e1...), v.E1)
		match("e₂", encode(12, e2...), v.E2)
		y = each(NTT, y)
		match("ŷ", encode(12, y...), v.NTTY)
		var AT, u []Poly
		for i := range p.K {
			var row []Poly
			for j := range p.K {
				row = append(row, A[j][i])
			}
			AT = append(AT, row...)
			u = append(u, Add(InverseNTT(inner(row, y)), e1[i]))
		}
		match("Âᵀ", encode(12, AT...), v.AT)
		match("u", encode(12, u...), v.U)
		coefficients("u[0]", u[0], v.U0Coeffs)
		compressedU := each(func(f Poly) Poly { return Compress(p.Du, f) }, u)
		coefficients("u[0], compressed", compressedU[0], v.CompressedU0Coeffs)
		match("c₁", encode(p.Du, compressedU...), v.C1)
		vPoly := Add(Add(InverseNTT(inner(tHat, y)), e2[0]), mu)
		match("v", encode(12, vPoly), v.V)
		coefficients("v", vPoly, v.VCoeffs)
		compressedV := Compress(p.Dv, vPoly)
		coefficients("v, compressed", compressedV, v.CompressedVCoeffs)
		match("c₂", encode(p.Dv, compressedV), v.C2)
		match("c", concat(v.C1, v.C2), v.C)

		u = each(func(f Poly) Poly { return Decompress(p.Du, f) }, decode(p.Du, v.C1))
		match("u, decompressed", encode(12, u...), v.DecompressedU)
		u = each(NTT, u)
		match("the NTT of u, decompressed", encode(12, u...), v.NTTDecompressedU)
		vPoly = Decompress(p.Dv, ByteDecode(p.Dv, v.C2))
		match("v, decompressed", encode(12, vPoly), v.DecompressedV)
		w := Sub(vPoly, InverseNTT(inner(decode(12, v.NTTS), u)))
		match("w", encode(12, w), v.W)
		match("m", encode(1, Compress(1, w)), v.M)
		match("K̄", hashJ(concat(v.Z, v.C)), v.KBar)
	}
}

func TestX25519(t *testing.T) {
	type vector struct {
		ID                      string
		Public, Private, Shared vectors.Hex
	}
	for _, v := range read[vector](t, "wycheproof_x25519_test.jsonl", 518) {
		if got := X25519(v.Private, v.Public); !bytes.Equal(got, v.Shared) {
			t.Errorf("%s: %x, want %x", v.ID, got, v.Shared)
		}
	}
}

// TestX25519Points compares with crypto/ecdh, which the corpus of package attacks takes in the place of
// X25519 here: for every point at which mistakes hide, and for the base point.
func TestX25519Points(t *testing.T) {
	zeros := 0
	for i, point := range testkit.X25519Points() {
		scalar := sha3.Sum256([]byte{byte(i)})
		private, err := ecdh.X25519().NewPrivateKey(scalar[:])
		if err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 && !bytes.Equal(private.PublicKey().Bytes(), X25519(scalar[:], BasePoint())) {
			t.Errorf("crypto/ecdh multiplies the base point otherwise by %x", scalar)
		}
		public, err := ecdh.X25519().NewPublicKey(point[:])
		if err != nil {
			t.Fatal(err)
		}
		want := X25519(scalar[:], point[:])
		got, err := private.ECDH(public)
		if bytes.Equal(want, make([]byte, 32)) {
			zeros++
			if err == nil {
				t.Errorf("crypto/ecdh accepts %x, of low order", point)
			}
		} else if err != nil || !bytes.Equal(got, want) {
			t.Errorf("crypto/ecdh multiplies %x otherwise: %v", point, err)
		}
	}
	if zeros != 14 {
		t.Errorf("%d points of low order, want 14", zeros)
	}
}

func TestXWing(t *testing.T) {
	type vector struct {
		ID                      string
		Seed, PK, ESeed, CT, SS vectors.Hex
	}
	for _, v := range read[vector](t, "xwing_draft.jsonl", 3) {
		if !bytes.Equal(XWingGenerateKeyPairDerand(v.Seed), v.PK) {
			t.Errorf("%s: wrong encapsulation key", v.ID)
		}
		if ss, ct := XWingEncapsulateDerand(v.PK, v.ESeed); !bytes.Equal(ss, v.SS) || !bytes.Equal(ct, v.CT) {
			t.Errorf("%s: wrong encapsulation", v.ID)
		}
		if !bytes.Equal(XWingDecapsulate(v.CT, v.Seed), v.SS) {
			t.Errorf("%s: wrong decapsulation", v.ID)
		}
	}
}

// TestTransform compares the NTT with its definition in section 4.3: the residues of f
// modulo X² - ζ^(2·BitRev7(i)+1).
func TestTransform(t *testing.T) {
	for _, seed := range []string{"a", "b", "c"} {
		f, _ := SampleNTT([]byte(seed))
		g := NTT(f)
		for i := range 128 {
			root := Power(2*BitRev7(i) + 1)
			var c [2]int
			for j := 127; j >= 0; j-- { // Horner's rule at X² = root
				c[0] = mod(c[0]*root+f[2*j], q)
				c[1] = mod(c[1]*root+f[2*j+1], q)
			}
			if c != [2]int(g[2*i:]) {
				t.Fatalf("residue %d is %v, want %v", i, g[2*i:][:2], c)
			}
		}
		if InverseNTT(g) != f {
			t.Fatal("InverseNTT does not invert NTT")
		}
	}
}
