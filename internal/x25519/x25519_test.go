package x25519

import (
	"bytes"
	"crypto/ecdh"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

// multiplyAll multiplies with ScalarMult and with ScalarMultBoth, and demands that they
// agree, with each other and with ScalarBaseMult.
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

// check compares with crypto/ecdh, which refuses the points that give zero.
func check(t *testing.T, scalar, point *[Size]byte) {
	t.Helper()
	public, shared := multiplyAll(t, scalar, point)
	private, err := ecdh.X25519().NewPrivateKey(scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(public[:], private.PublicKey().Bytes()) {
		t.Fatalf("%x times the base point is %x, want %x", *scalar, public, private.PublicKey().Bytes())
	}
	peer, err := ecdh.X25519().NewPublicKey(point[:])
	if err != nil {
		t.Fatal(err)
	}
	want, err := private.ECDH(peer)
	if err != nil {
		want = make([]byte, Size)
	}
	if !bytes.Equal(shared[:], want) {
		t.Fatalf("%x times %x is %x, want %x", *scalar, *point, shared, want)
	}
	if IsLowOrder(point) != (err != nil) {
		t.Fatalf("IsLowOrder(%x) = %v", *point, IsLowOrder(point))
	}
}

func TestWycheproof(t *testing.T) {
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

func TestEdges(t *testing.T) {
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
		if i%4 == 0 || !testing.Short() {
			specification(t, &ones, &point)
		}
	}
	if lowOrder != 14 {
		t.Errorf("%d encodings are of low order, want 14", lowOrder)
	}
}

// specification compares with RFC 7748 over math/big.
func specification(t *testing.T, scalar, point *[Size]byte) {
	t.Helper()
	public, shared := multiplyAll(t, scalar, point)
	if !bytes.Equal(public[:], spec.X25519(scalar[:], spec.BasePoint())) || !bytes.Equal(shared[:], spec.X25519(scalar[:], point[:])) {
		t.Fatalf("%x times %x is %x, and times the base point %x: not as specified", *scalar, *point, shared, public)
	}
}

func TestRandom(t *testing.T) {
	r := rand.NewChaCha8([32]byte{})
	for n := range 500 {
		var scalar, point [Size]byte
		r.Read(scalar[:])
		r.Read(point[:])
		check(t, &scalar, &point)
		if n%20 == 0 {
			specification(t, &scalar, &point)
		}
	}
}

// TestIterated is the test of RFC 7748, section 5.2, to 1,000 iterations.
func TestIterated(t *testing.T) {
	k, u := [Size]byte{9}, [Size]byte{9}
	for i := range 1000 {
		var next [Size]byte
		ScalarMult(&next, &k, &u)
		k, u = next, k
		if want := [...]byte{0x42, 0x2c, 0x8e, 0x7a, 0x62, 0x27, 0xd7, 0xbc, 0xa1, 0x35, 0x0b, 0x3e, 0x2b, 0xb7, 0x27, 0x9f,
			0x78, 0x97, 0xb8, 0x7b, 0xb6, 0x85, 0x4b, 0x78, 0x3c, 0x60, 0xe8, 0x03, 0x11, 0xae, 0x30, 0x79}; i == 0 && k != want {
			t.Fatalf("after 1 iteration: %x", k)
		}
	}
	if want := [...]byte{0x68, 0x4c, 0xf5, 0x9b, 0xa8, 0x33, 0x09, 0x55, 0x28, 0x00, 0xef, 0x56, 0x6f, 0x2f, 0x4d, 0x3c,
		0x1c, 0x38, 0x87, 0xc4, 0x93, 0x60, 0xe3, 0x87, 0x5f, 0x2e, 0xb9, 0x4d, 0x99, 0x53, 0x2c, 0x51}; k != want {
		t.Fatalf("after 1,000 iterations: %x", k)
	}
}

func TestAllocations(t *testing.T) {
	var scalar, point, public, shared [Size]byte
	for name, f := range map[string]func(){
		"ScalarBaseMult": func() { ScalarBaseMult(&public, &scalar) },
		"ScalarMult":     func() { ScalarMult(&shared, &scalar, &point) },
		"ScalarMultBoth": func() { ScalarMultBoth(&public, &shared, &scalar, &point) },
		"IsLowOrder":     func() { IsLowOrder(&point) },
	} {
		testkit.NoAllocations(t, name, f)
	}
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
