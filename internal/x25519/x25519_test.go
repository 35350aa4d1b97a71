package x25519

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/sha3"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// multiplyAll returns the products that ScalarMultBoth gives. It checks that ScalarBaseMult
// and ScalarMult give the same, and that none of them changes its inputs.
func multiplyAll(t *testing.T, scalar, point *[Size]byte) (public, shared [Size]byte) {
	t.Helper()
	k, p := *scalar, *point
	var public1, shared1 [Size]byte
	ScalarBaseMult(&public1, scalar)
	ScalarMult(&shared1, scalar, point)
	ScalarMultBoth(&public, &shared, scalar, point)
	if public != public1 || shared != shared1 {
		t.Fatalf("ScalarMultBoth gives %x, %x; apart they are %x, %x", public, shared, public1, shared1)
	}
	if *scalar != k || *point != p {
		t.Fatal("an input was changed")
	}
	return public, shared
}

// An input of X25519 is a scalar and a point.
type input [2][Size]byte

// remembered returns a function that calls f once for each input, because all implementations are
// compared with the same results.
func remembered[T any](f func(input) T) func(input) T {
	results := map[input]T{}
	return func(in input) T {
		result, ok := results[in]
		if !ok {
			result = f(in)
			results[in] = result
		}
		return result
	}
}

// An exchange is the result of crypto/ecdh for an input. crypto/ecdh refuses points that give zero.
type exchange struct {
	public, shared []byte
	refused        bool
}

var expected = remembered(func(in input) exchange {
	private, err1 := ecdh.X25519().NewPrivateKey(in[0][:])
	peer, err2 := ecdh.X25519().NewPublicKey(in[1][:])
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	shared, err := private.ECDH(peer)
	if err != nil {
		shared = make([]byte, Size)
	}
	return exchange{private.PublicKey().Bytes(), shared, err != nil}
})

// specified is RFC 7748, computed with math/big.
var specified = remembered(func(in input) []byte { return spec.X25519(in[0][:], in[1][:]) })

// check compares the products of an input with crypto/ecdh.
func check(t *testing.T, scalar, point *[Size]byte) {
	t.Helper()
	public, shared := multiplyAll(t, scalar, point)
	want := expected(input{*scalar, *point})
	if !bytes.Equal(public[:], want.public) {
		t.Fatalf("%x times the base point is %x, want %x", *scalar, public, want.public)
	}
	if !bytes.Equal(shared[:], want.shared) {
		t.Fatalf("%x times %x is %x, want %x", *scalar, *point, shared, want.shared)
	}
	if IsLowOrder(point) != want.refused {
		t.Fatalf("IsLowOrder(%x) = %v", *point, IsLowOrder(point))
	}
}

func TestWycheproof(t *testing.T) { testkit.Implementations(t, testWycheproof) }

func testWycheproof(t *testing.T) {
	type vector struct {
		ID                      string
		Public, Private, Shared vectors.Hex
	}
	vs, err := vectors.Read[vector]("wycheproof_x25519_test.jsonl", 518)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		_, shared := multiplyAll(t, (*[Size]byte)(v.Private), (*[Size]byte)(v.Public))
		if !bytes.Equal(shared[:], v.Shared) {
			t.Errorf("%s: %x, want %x", v.ID, shared, v.Shared)
		}
		check(t, (*[Size]byte)(v.Private), (*[Size]byte)(v.Public))
	}
}

func TestEdges(t *testing.T) { testkit.Implementations(t, testEdges) }

func testEdges(t *testing.T) {
	p := [Size]byte{0: 0xed, 31: 0x7f}
	var ones [Size]byte
	for i := range ones {
		ones[i] = 0xff
		if 0 < i && i < 31 {
			p[i] = 0xff
		}
	}
	lowOrder := 0
	for i, point := range testkit.X25519Points() {
		if IsLowOrder(&point) {
			lowOrder++
		}
		for _, scalar := range [][Size]byte{{}, {1}, {7}, {8}, {31: 0x80}, {31: 0x40}, p, ones} {
			check(t, &scalar, &point)
		}
		if i%8 == 0 || !testing.Short() {
			specification(t, &ones, &point)
		}
	}
	if lowOrder != 14 {
		t.Errorf("%d encodings are of low order, want 14", lowOrder)
	}
}

// specification compares the products of an input with the specification.
func specification(t *testing.T, scalar, point *[Size]byte) {
	t.Helper()
	public, shared := multiplyAll(t, scalar, point)
	base := [Size]byte(spec.BasePoint())
	if !bytes.Equal(public[:], specified(input{*scalar, base})) || !bytes.Equal(shared[:], specified(input{*scalar, *point})) {
		t.Fatalf("%x times %x is %x, and times the base point %x: not as specified", *scalar, *point, shared, public)
	}
}

func TestRandom(t *testing.T) { testkit.Implementations(t, testRandom) }

func testRandom(t *testing.T) {
	r := rand.NewChaCha8([32]byte{})
	inputs := 150
	switch {
	case testkit.Sweep():
		inputs = 5000
	case testing.Short():
		inputs = 50
	}
	for n := range inputs {
		var scalar, point [Size]byte
		r.Read(scalar[:])
		r.Read(point[:])
		check(t, &scalar, &point)
		if n%20 == 0 {
			specification(t, &scalar, &point)
		}
	}
}

// TestIterated is the iterated test of RFC 7748, section 5.2. It makes 1,000 iterations, or
// 1,000,000 with -long.
func TestIterated(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		k, u := [Size]byte{9}, [Size]byte{9}
		done := 0
		for _, want := range []struct {
			iterations int
			k          string
		}{
			{1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"},
			{1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"},
			{1000000, "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424"},
		} {
			if want.iterations > 1000 && !*testkit.Long {
				break
			}
			for ; done < want.iterations; done++ {
				var next [Size]byte
				ScalarMult(&next, &k, &u)
				k, u = next, k
			}
			if got := hex.EncodeToString(k[:]); got != want.k {
				t.Fatalf("after %d iterations: %s, want %s", done, got, want.k)
			}
		}
	})
}

// TestPermuting permutes a state as often as next wants, or as often as the machine does. Before each
// permutation, next changes the state.
func TestPermuting(t *testing.T) { testkit.Implementations(t, testPermuting) }

func testPermuting(t *testing.T) {
	r := rand.NewChaCha8([32]byte{})
	most := 0
	if cpu.AVX512IFMA {
		most = 21
	}
	for _, wanted := range []int{0, 1, 2, 20, 21, 22, 40} {
		var scalar, point, want, public, shared [Size]byte
		r.Read(scalar[:])
		r.Read(point[:])
		ScalarMult(&want, &scalar, &point)
		for name, f := range map[string]func(state *[200]byte, next func() bool){
			"ScalarMultPermuting": func(state *[200]byte, next func() bool) { ScalarMultPermuting(&shared, &scalar, &point, state, next) },
			"ScalarMultBothPermuting": func(state *[200]byte, next func() bool) {
				ScalarMultBothPermuting(&public, &shared, &scalar, &point, state, next)
			},
		} {
			var state, wantState [200]byte
			calls := 0
			f(&state, func() bool {
				if state != wantState {
					t.Fatalf("%s: after %d permutations the state is %x, want %x", name, calls, state, wantState)
				}
				if calls == wanted {
					return false
				}
				calls++
				state[calls] ^= 1
				wantState = state
				sha3.Permute(&wantState)
				return true
			})
			if calls != min(wanted, most) || state != wantState {
				t.Errorf("%s permuted %d times, %d were wanted", name, calls, wanted)
			}
			if shared != want {
				t.Errorf("%s with %d permutations gives %x, want %x", name, wanted, shared, want)
			}
		}
	}
}

func TestAllocations(t *testing.T) { testkit.Implementations(t, testAllocations) }

func testAllocations(t *testing.T) {
	var scalar, point, public, shared [Size]byte
	for name, f := range map[string]func(){
		"ScalarBaseMult": func() { ScalarBaseMult(&public, &scalar) },
		"ScalarMult":     func() { ScalarMult(&shared, &scalar, &point) },
		"ScalarMultBoth": func() { ScalarMultBoth(&public, &shared, &scalar, &point) },
		"IsLowOrder":     func() { IsLowOrder(&point) },
		"Permuting": func() {
			var state [200]byte
			left := 30
			next := func() bool {
				state[left]++
				left--
				return left > 0
			}
			ScalarMultPermuting(&shared, &scalar, &point, &state, next)
			left = 30
			ScalarMultBothPermuting(&public, &shared, &scalar, &point, &state, next)
		},
	} {
		testkit.NoAllocations(t, name, f)
	}
}

// BenchmarkPermuting compares a ladder that permutes 21 times with one that permutes none, and with
// one that is followed by 21 permutations.
func BenchmarkPermuting(b *testing.B) {
	scalar, point := [Size]byte{1}, [Size]byte{9}
	var shared [Size]byte
	var state [200]byte
	woven := func() {
		left := 21
		ScalarMultPermuting(&shared, &scalar, &point, &state, func() bool {
			left--
			return true
		})
		for ; left > 0; left-- {
			sha3.Permute(&state)
		}
	}
	testkit.Ratio(b, "Alone", woven, func() { ScalarMult(&shared, &scalar, &point) })
	testkit.Ratio(b, "Apart", woven, func() {
		ScalarMult(&shared, &scalar, &point)
		for range 21 {
			sha3.Permute(&state)
		}
	})
}

func BenchmarkX25519(b *testing.B) {
	scalar, point := [Size]byte{1}, [Size]byte{9}
	var public, shared [Size]byte
	b.Run("Base", func(b *testing.B) {
		for b.Loop() {
			ScalarBaseMult(&public, &scalar)
		}
	})
	b.Run("Variable", func(b *testing.B) {
		for b.Loop() {
			ScalarMult(&shared, &scalar, &point)
		}
	})
	b.Run("Both", func(b *testing.B) {
		for b.Loop() {
			ScalarMultBoth(&public, &shared, &scalar, &point)
		}
	})
}
