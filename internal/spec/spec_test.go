package spec

import (
	"bytes"
	"testing"

	"hybridkem/kats/vectors"
)

// read returns the vectors of a file.
func read[T any](t *testing.T, name string, count int) []T {
	t.Helper()
	vs, err := vectors.Read[T](name, count)
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

func TestKeyGen(t *testing.T) {
	type vector struct {
		ID, Set      string
		Seed, EK, DK vectors.Hex
	}
	for _, v := range read[vector](t, "mlkem_acvp_keygen.jsonl.gz", 75) {
		ek, dk := KeyGen(Sets[v.Set], v.Seed[:32], v.Seed[32:])
		if !bytes.Equal(ek, v.EK) || !bytes.Equal(dk, v.DK) {
			t.Errorf("%s: wrong keys", v.ID)
		}
	}
}

func TestEncaps(t *testing.T) {
	type vector struct {
		ID, Set     string
		EK, M, C, K vectors.Hex
	}
	for _, v := range read[vector](t, "mlkem_acvp_encap.jsonl.gz", 75) {
		K, c := Encaps(Sets[v.Set], v.EK, v.M)
		if err := CheckEK(Sets[v.Set], v.EK); err != nil || !bytes.Equal(K, v.K) || !bytes.Equal(c, v.C) {
			t.Errorf("%s: wrong shared key or ciphertext, %v", v.ID, err)
		}
	}
}

func TestDecaps(t *testing.T) {
	type vector struct {
		ID, Set  string
		DK, C, K vectors.Hex
	}
	for name, count := range map[string]int{"mlkem_acvp_decap.jsonl": 30, "mlkem_cctv_strcmp.jsonl": 3, "mlkem_cctv_unlucky.jsonl": 3} {
		for _, v := range read[vector](t, name, count) {
			if err := CheckDK(Sets[v.Set], v.DK, v.C); err != nil || !bytes.Equal(Decaps(Sets[v.Set], v.DK, v.C), v.K) {
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

// TestTransform compares the NTT with what section 4.3 says it computes: the
// residues of f modulo X² - ζ^(2·BitRev7(i)+1).
func TestTransform(t *testing.T) {
	for _, seed := range []string{"a", "b", "c"} {
		f := SampleNTT([]byte(seed))
		g := NTT(f)
		for i := range 128 {
			root := power(2*BitRev7(i) + 1)
			var c [2]int
			for j := 127; j >= 0; j-- { // Horner's rule, on X² = root
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
