package mlkem

import (
	"bytes"
	stdmlkem "crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	stdsha3 "crypto/sha3"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

var sets = map[string]*Params{"ML-KEM-512": &MLKEM512, "ML-KEM-768": &MLKEM768, "ML-KEM-1024": &MLKEM1024}

// expanded returns dk in its expanded form, which the package never writes.
func expanded(dk *DecapsulationKey) []byte {
	var b []byte
	for i := range dk.s {
		var encoded [ring.EncodedSize]byte
		dk.s[i].Encode(&encoded)
		b = append(b, encoded[:]...)
	}
	b = dk.ek.AppendBytes(b)
	b = append(b, dk.ek.h[:]...)
	return append(b, dk.z[:]...)
}

func TestKeyGen(t *testing.T) {
	type vector struct {
		ID, Set      string
		Seed, EK, DK vectors.Hex
	}
	for name, count := range map[string]int{"mlkem_acvp_keygen.jsonl.gz": 75, "wycheproof_mlkem_keygen_seed_test.jsonl.gz": 300} {
		vs, err := vectors.Read[vector](name, count)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vs {
			p := sets[v.Set]
			dk, ek := newKeyPair(p)
			loaded, loadedEK := newKeyPair(p)
			dk.Generate((*[64]byte)(v.Seed))
			if !bytes.Equal(ek.AppendBytes(nil), v.EK) {
				t.Errorf("%s: wrong encapsulation key", v.ID)
			}
			if !bytes.Equal(expanded(dk), v.DK) {
				t.Errorf("%s: wrong decapsulation key", v.ID)
			}
			if !loaded.ParseExpanded(v.DK) || !bytes.Equal(expanded(loaded), v.DK) {
				t.Errorf("%s: the expanded key is read wrong", v.ID)
			}
			if !loadedEK.Equal(ek) || loadedEK.h != ek.h || !slices.Equal(loadedEK.a, ek.a) {
				t.Errorf("%s: the encapsulation key in the expanded key is read wrong", v.ID)
			}
		}
	}
}

// TestStandardLibrary compares with crypto/mlkem on random inputs.
func TestStandardLibrary(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	random := func(b []byte) { r.Read(b) }
	for range 200 {
		var seed [64]byte
		var m [32]byte
		random(seed[:])
		random(m[:])

		dk768, err := stdmlkem.NewDecapsulationKey768(seed[:])
		if err != nil {
			t.Fatal(err)
		}
		k, c, err := mlkemtest.Encapsulate768(dk768.EncapsulationKey(), m[:])
		if err != nil {
			t.Fatal(err)
		}
		compare(t, &MLKEM768, &seed, &m, dk768.EncapsulationKey().Bytes(), k, c, dk768.Decapsulate, random)

		dk1024, err := stdmlkem.NewDecapsulationKey1024(seed[:])
		if err != nil {
			t.Fatal(err)
		}
		k, c, err = mlkemtest.Encapsulate1024(dk1024.EncapsulationKey(), m[:])
		if err != nil {
			t.Fatal(err)
		}
		compare(t, &MLKEM1024, &seed, &m, dk1024.EncapsulationKey().Bytes(), k, c, dk1024.Decapsulate, random)
	}
}

func compare(t *testing.T, p *Params, seed *[64]byte, m *[32]byte, wantEK, wantK, wantC []byte,
	decapsulate func([]byte) ([]byte, error), random func([]byte)) {
	t.Helper()
	dk, ek := newKeyPair(p)
	_, parsed := NewEncapsulationKey[struct{}](p)
	dk.Generate(seed)
	if !bytes.Equal(ek.AppendBytes(nil), wantEK) {
		t.Fatalf("seed %x: wrong encapsulation key", *seed)
	}
	if !parsed.Parse(wantEK) {
		t.Fatalf("seed %x: the encapsulation key is refused", *seed)
	}
	var k [32]byte
	c := make([]byte, p.CiphertextSize())
	parsed.Encapsulate(&k, c, m)
	if !bytes.Equal(k[:], wantK) || !bytes.Equal(c, wantC) {
		t.Fatalf("seed %x, m %x: wrong encapsulation", *seed, *m)
	}
	altered, noise := bytes.Clone(c), bytes.Clone(c)
	altered[int(seed[0])*len(c)>>8] ^= 1 << (seed[1] & 7)
	random(noise)
	for _, c := range [][]byte{c, altered, noise} {
		want, err := decapsulate(c)
		if err != nil {
			t.Fatal(err)
		}
		dk.Decapsulate(&k, c)
		if !bytes.Equal(k[:], want) {
			t.Fatalf("seed %x, ciphertext %x: wrong decapsulation", *seed, c)
		}
	}
}

// expand returns Â. It makes a hash of message beside it, and checks that.
func expand(t testing.TB, k int, rho *[32]byte, message []byte) []ring.NTT {
	ek := EncapsulationKey{params: &Params{k: k}, rho: *rho, a: make([]ring.NTT, k*k)}
	var long sha3.Long
	long.BeginSum256(len(message))
	long.Write(message)
	x := expander{batch: sha3.Batch{Long: [2]*sha3.Long{&long}}}
	if ek.expandMatrix(&x, k*k); x.made != k*k {
		t.Fatalf("%d of %d polynomials made", x.made, k*k)
	}
	var h [32]byte
	if x.batch.Sum(&h, &long); h != stdsha3.Sum256(message) {
		t.Fatalf("the hash of %d bytes beside a matrix is wrong", len(message))
	}
	return ek.a
}

// TestExpandMatrix makes matrices beside hashes of messages of many lengths. With -sweep, each
// polynomial of a matrix needs a fourth block of its stream at least once.
func TestExpandMatrix(t *testing.T) {
	testkit.Implementations(t, testExpandMatrix)
}

func testExpandMatrix(t *testing.T) {
	message := make([]byte, 1600)
	check := func(k int, rho *[32]byte, n int) (long []int) {
		a := expand(t, k, rho, message[:n])
		for i := range k {
			for j := range k {
				b := append(bytes.Clone(rho[:]), byte(j), byte(i))
				f, squeezed := spec.SampleNTT(b)
				for n, want := range f {
					if int(a[i*k+j][n]) != want {
						t.Fatalf("ρ = %x: Â[%d,%d] is wrong", *rho, i, j)
					}
				}
				if squeezed > usualStream {
					long = append(long, i*k+j)
				}
			}
		}
		return long
	}

	var fourBlocks [maxK * maxK]int
	r := rand.NewChaCha8([32]byte{5})
	matrices := 200
	switch {
	case testkit.Sweep():
		matrices = 3000
	case testing.Short():
		matrices = 30
	}
	for n := range matrices {
		var rho [32]byte
		r.Read(rho[:])
		for _, i := range check(2+n%3, &rho, n*7%len(message)) {
			fourBlocks[i]++
		}
	}
	for i, n := range fourBlocks {
		if n == 0 && testkit.Sweep() {
			t.Errorf("no fourth block of a stream in %d matrices was needed for polynomial %d", matrices, i)
		}
	}

	type vector struct {
		Set string
		EK  vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_cctv_unlucky.jsonl", 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if long := check(sets[v.Set].k, (*[32]byte)(v.EK[len(v.EK)-32:]), 0); len(long) == 0 {
			t.Errorf("%s: the unlucky matrix needs no more bytes than others", v.Set)
		}
	}
}

// TestSampleNTT gives sampleNTT the first 0, 1, 2 or 3 blocks of a stream. So it squeezes up to
// four further blocks by itself; no ρ is known that needs more than one.
func TestSampleNTT(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for end := range byte(64) {
			rho, ij := [32]byte{end}, [2]byte{end, end / 2}
			stream := stdsha3.SumSHAKE128(append(rho[:], ij[:]...), usualStream)
			want, _ := spec.SampleNTT(append(rho[:], ij[:]...))
			for size := 0; size <= len(stream); size += sha3.RateSHAKE128 {
				var f ring.NTT
				sampleNTT(&f, stream[:size], &rho, ij)
				for i := range f {
					if int(f[i]) != want[i] {
						t.Fatalf("%d, from %d bytes at first: coefficient %d is wrong", end, size, i)
					}
				}
			}
		}
	})
}

func TestPRF(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		seed := [32]byte{6}
		message := make([]byte, 500)
		for _, eta := range []int{2, 3} {
			for _, n := range []int{0, 1, 7} {
				for size := range 2*maxK + 2 {
					var long sha3.Long
					long.BeginSHAKE256(len(message))
					long.Write(message)
					b := sha3.Batch{Long: [2]*sha3.Long{&long}}
					noise := prf{batch: &b, seed: &seed, eta: eta, n: n, end: n + size, streams: make([]byte, noiseSize)}
					for i := range size {
						want := stdsha3.SumSHAKE256(append(bytes.Clone(seed[:]), byte(n+i)), 64*eta)
						if !bytes.Equal(noise.next(), want) {
							t.Fatalf("η = %d: PRF(seed, %d) from number %d is wrong", eta, n+i, n)
						}
					}
					var h [32]byte
					if b.Sum(&h, &long); !bytes.Equal(h[:], stdsha3.SumSHAKE256(message, 32)) {
						t.Fatalf("η = %d: the hash beside %d polynomials is wrong", eta, size)
					}
				}
			}
		}
	})
}

// TestModulus puts a coefficient that is not below q in each polynomial of t̂ and of ŝ.
func TestModulus(t *testing.T) {
	for name, p := range sets {
		dk := generated(p)
		ek := dk.ek.AppendBytes(nil)
		for i := range p.k {
			for _, j := range []int{0, ring.N - 1} {
				bad := func(b []byte) []byte {
					b = bytes.Clone(b)
					at := i*ring.EncodedSize + 3*j/2 // 12 bits of this coefficient, and 4 of a neighbour
					b[at], b[at+1] = 0xff, 0xff
					return b
				}
				if _, parsed := NewEncapsulationKey[struct{}](p); parsed.Parse(bad(ek)) {
					t.Errorf("%s: polynomial %d of t̂ is accepted", name, i)
				}
				read, _ := newKeyPair(p)
				if read.ParseExpanded(bad(expanded(dk))) {
					t.Errorf("%s: polynomial %d of ŝ is accepted", name, i)
				}
			}
		}
	}
}

// TestDiffer changes one bit in one of two equal ciphertexts, and the same bit in both.
func TestDiffer(t *testing.T) {
	for name, p := range sets {
		x, y := make([]byte, p.CiphertextSize()), make([]byte, p.CiphertextSize())
		for bit := range 8 * len(x) {
			x[bit/8] ^= 1 << (bit % 8)
			if differ(x, y) != 1 || differ(y, x) != 1 {
				t.Fatalf("%s: ciphertexts that differ in bit %d are equal", name, bit)
			}
			y[bit/8] ^= 1 << (bit % 8)
			if differ(x, y) != 0 {
				t.Fatalf("%s: equal ciphertexts with the bits up to %d differ", name, bit)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	// FIPS 203, table 3.
	for name, want := range map[string][3]int{
		"ML-KEM-512":  {800, 1632, 768},
		"ML-KEM-768":  {1184, 2400, 1088},
		"ML-KEM-1024": {1568, 3168, 1568},
	} {
		p := sets[name]
		if got := [3]int{p.EncapsulationKeySize(), p.ExpandedKeySize(), p.CiphertextSize()}; got != want {
			t.Errorf("%s has the sizes %v, want %v", name, got, want)
		}
		if p.CiphertextSize() > maxCiphertextSize || p.k > maxK || max(p.eta1*2*p.k, eta2*(2*p.k+1)) > 18 {
			t.Errorf("%s does not fit in the buffers", name)
		}
	}
}

func TestOverwrite(t *testing.T) {
	dk := generated(&MLKEM768)
	encoded := dk.ek.AppendBytes(nil)
	overwritten := func() bool {
		return !slices.ContainsFunc(dk.s, func(f ring.NTT) bool { return f != ring.NTT{} }) && dk.z == [32]byte{} && dk.d == [32]byte{}
	}
	if overwritten() {
		t.Fatal("a key without secrets")
	}
	dk.Overwrite()
	if !overwritten() {
		t.Error("Overwrite leaves secrets")
	}
	if !bytes.Equal(dk.ek.AppendBytes(nil), encoded) {
		t.Error("Overwrite changed the encapsulation key")
	}

	// ParseExpanded overwrites the secrets of a key that it refuses.
	bad := expanded(generated(&MLKEM768))
	bad[len(bad)-33] ^= 1
	if dk.ParseExpanded(bad) {
		t.Fatal("a wrong hash is accepted")
	}
	if !overwritten() {
		t.Error("ParseExpanded leaves the secrets of a key that it refused")
	}
}

// newKeyPair returns the memory for a key pair.
func newKeyPair(p *Params) (*DecapsulationKey, *EncapsulationKey) {
	_, dk, ek := NewKeyPair[struct{}](p)
	return dk, ek
}

func generated(p *Params) *DecapsulationKey {
	dk, _ := newKeyPair(p)
	dk.Generate(&[64]byte{8})
	return dk
}

func TestAllocations(t *testing.T) {
	for name, p := range sets {
		dk := generated(p)
		var k [32]byte
		c := make([]byte, p.CiphertextSize())
		testkit.NoAllocations(t, name+": Encapsulate", func() { dk.ek.Encapsulate(&k, c, &[32]byte{}) })
		testkit.NoAllocations(t, name+": Decapsulate", func() { dk.Decapsulate(&k, c) })
	}
}

// TestAligned checks that polynomials of keys begin at cache lines.
func TestAligned(t *testing.T) {
	for name, p := range sets {
		for range 5 {
			dk, ek := newKeyPair(p)
			_, public := NewEncapsulationKey[[3]uint64](p)
			for _, polys := range [][]ring.NTT{dk.s, ek.t, ek.a, public.t, public.a} {
				if uintptr(unsafe.Pointer(&polys[0]))%line != 0 {
					t.Errorf("%s: polynomials begin between two lines", name)
				}
			}
		}
	}
}
