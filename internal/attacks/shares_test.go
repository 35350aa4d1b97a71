package attacks

import (
	"bytes"
	"crypto/sha3"
	"math/big"
	"slices"
	"testing"

	"hybridkem/combiner"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/xwing"
)

// An x25519Hybrid is a hybrid with X25519 in terms of the specification.
type x25519Hybrid struct {
	kem.KEM
	spec    spec.Params
	combine func(ssM, ssX, ctX, pkX []byte) []byte
}

func labelled(label string) func(ssM, ssX, ctX, pkX []byte) []byte {
	return func(ssM, ssX, ctX, pkX []byte) []byte {
		return spec.H(slices.Concat(ssM, ssX, ctX, pkX, []byte(label)))
	}
}

var x25519Hybrids = []x25519Hybrid{
	{xwing.KEM(), spec.Sets["ML-KEM-768"], labelled(`\.//^\`)},
	{combiner.MLKEM512X25519(), spec.Sets["ML-KEM-512"], labelled("MLKEM512-X25519")},
	{combiner.MLKEM1024X25519(), spec.Sets["ML-KEM-1024"], labelled("MLKEM1024-X25519")},
	{combiner.X25519MLKEM768(), spec.Sets["ML-KEM-768"], func(ssM, ssX, _, _ []byte) []byte { return slices.Concat(ssM, ssX) }},
}

// expand returns the keys that a seed gives, and the X25519 scalar.
func (h x25519Hybrid) expand(seed []byte) (dkM, ekM, skX []byte) {
	expanded := sha3.SumSHAKE256(seed, 96)
	ekM, dkM = spec.KeyGenInternal(h.spec, expanded[:32], expanded[32:64])
	return dkM, ekM, expanded[64:]
}

// x25519Shares puts edge shares into encapsulation keys and ciphertexts. Those that
// every scalar makes zero must be refused, and nothing written; with the others the
// exchange must be as specified, where the share is hashed as it was received.
func x25519Shares(t *testing.T) {
	shares := testkit.X25519Points()
	seed, random := pattern(32), pattern(64)
	_, _, skX := x25519Hybrids[0].expand(seed)
	pkX := spec.X25519(skX, spec.BasePoint())
	ctX := spec.X25519(random[32:], spec.BasePoint())
	received, sent := make([][]byte, len(shares)), make([][]byte, len(shares))
	zeros := 0
	for i, share := range shares {
		received[i], sent[i] = spec.X25519(skX, share[:]), spec.X25519(random[32:], share[:])
		if bytes.Equal(received[i], make([]byte, 32)) {
			zeros++
		}
	}
	// 0, 1 and -1, 0 and 1 with p added, and two coordinates of order 8.
	if zeros != 2*7 {
		t.Fatalf("%d shares give zero, want 14", zeros)
	}
	for _, h := range x25519Hybrids {
		t.Run(h.Name(), func(t *testing.T) {
			dkM, ekM, _ := h.expand(seed)
			ssM, ctM := spec.EncapsInternal(h.spec, ekM, random[:32])
			dk := must(h.NewDecapsulationKey(seed))(t)
			if !bytes.Equal(dk.Encapsulator().Bytes(), slices.Concat(ekM, pkX)) || !bytes.Equal(spec.DecapsInternal(h.spec, dkM, ctM), ssM) {
				t.Fatal("the test has another key")
			}
			for i, share := range shares {
				share := share[:]
				ciphertext := slices.Concat(ctM, share)
				ek, err := h.NewEncapsulationKey(slices.Concat(ekM, share))
				if bytes.Equal(sent[i], make([]byte, 32)) {
					if err == nil || ek != nil {
						t.Errorf("the key %x of low order is accepted", share)
					}
					refusesCiphertext(t, dk, ciphertext)
					continue
				}
				if err != nil {
					t.Errorf("the key %x: %v", share, err)
					continue
				}
				encapsulates(t, "an odd key", ek, random, h.combine(ssM, sent[i], ctX, share), slices.Concat(ctM, ctX))
				decapsulates(t, "an odd share", dk, ciphertext, h.combine(ssM, received[i], share, pkX))
			}
		})
	}
}

// refusesCiphertext demands an error, and nothing written.
func refusesCiphertext(t *testing.T, dk kem.DecapsulationKey, ciphertext []byte) {
	t.Helper()
	if sharedKey, err := dk.Decapsulate(ciphertext); err == nil || sharedKey != nil {
		t.Errorf("the ciphertext ending in %x is accepted", ciphertext[len(ciphertext)-32:])
	}
	before := pattern(dk.KEM().SharedKeySize())
	sharedKey := bytes.Clone(before)
	if dk.DecapsulateTo(sharedKey, ciphertext) == nil || !bytes.Equal(sharedKey, before) {
		t.Errorf("the ciphertext ending in %x is accepted, or written for", ciphertext[len(ciphertext)-32:])
	}
}

// xwingCiphertextBits changes each bit of an X-Wing ciphertext. In the part of
// ML-KEM it must give its rejection key, combined; in that of X25519 the product
// with another point, or with the same one, encoded otherwise.
func xwingCiphertextBits(t *testing.T) {
	h := x25519Hybrids[0]
	seed := pattern(32)
	dkM, ekM, skX := h.expand(seed)
	ssM, ctM := spec.EncapsInternal(h.spec, ekM, pattern(32))
	ctX := spec.X25519(pattern(32), spec.BasePoint())
	pkX := spec.X25519(skX, spec.BasePoint())
	ssX := spec.X25519(skX, ctX)
	dk := must(h.NewDecapsulationKey(seed))(t)
	decapsulates(t, "unchanged", dk, slices.Concat(ctM, ctX), h.combine(ssM, ssX, ctX, pkX))
	step := 1
	if testing.Short() {
		step = 9
	}
	for i := 0; i < 8*len(ctM) && !t.Failed(); i += step {
		ctM[i/8] ^= 1 << (i % 8)
		decapsulates(t, "a changed bit", dk, slices.Concat(ctM, ctX), h.combine(rejection(dkM, ctM), ssX, ctX, pkX))
		ctM[i/8] ^= 1 << (i % 8)
	}
	for i := 0; i < 8*len(ctX) && !t.Failed(); i += step {
		ctX[i/8] ^= 1 << (i % 8)
		decapsulates(t, "a changed bit of the share", dk, slices.Concat(ctM, ctX), h.combine(ssM, spec.X25519(skX, ctX), ctX, pkX))
		ctX[i/8] ^= 1 << (i % 8)
	}
}

// A nistCurve is y² = x³ - 3x + b modulo p.
type nistCurve struct {
	size int // of a coordinate
	p, b *big.Int
}

func newNISTCurve(size int, p, b string) nistCurve {
	c := nistCurve{size, new(big.Int), new(big.Int)}
	c.p.SetString(p, 16)
	c.b.SetString(b, 16)
	return c
}

// FIPS 186-4, D.1.2.
var (
	p256 = newNISTCurve(32,
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
	p384 = newNISTCurve(48,
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
		"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef")
)

// y returns a y for x, or nil if there is none.
func (c nistCurve) y(x int64) *big.Int {
	y2 := big.NewInt(x*x*x - 3*x)
	return new(big.Int).ModSqrt(y2.Add(y2, c.b).Mod(y2, c.p), c.p)
}

func (c nistCurve) encode(x, y *big.Int) []byte {
	return slices.Concat([]byte{4}, x.FillBytes(make([]byte, c.size)), y.FillBytes(make([]byte, c.size)))
}

// points returns points that are to be accepted, and wrong ones.
func (c nistCurve) points() (right, wrong [][]byte) {
	var on, off int64 = 1, 1
	for c.y(on) == nil {
		on++
	}
	for c.y(off) != nil {
		off++
	}
	x, y, one := big.NewInt(on), c.y(on), big.NewInt(1)
	plusP := func(a *big.Int) *big.Int { return new(big.Int).Add(a, c.p) }
	ones := new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*c.size)), one)
	valid := c.encode(x, y)
	right = [][]byte{valid, c.encode(x, new(big.Int).Sub(c.p, y))}
	wrong = [][]byte{
		c.encode(x, new(big.Int).Xor(y, one)),
		c.encode(y, x),
		c.encode(big.NewInt(off), one),
		c.encode(big.NewInt(0), big.NewInt(0)),
		c.encode(x, big.NewInt(0)),
		c.encode(plusP(x), y), // congruent, and not canonical
		c.encode(x, c.p),
		c.encode(c.p, y),
		c.encode(c.p, c.p),
		c.encode(ones, y),
		c.encode(x, ones),
		c.encode(ones, ones),
		make([]byte, len(valid)), // infinity is one byte 0, and not valid either
	}
	// The forms that are compressed, hybrid or unknown.
	for form := range 256 {
		if form != 4 {
			wrong = append(wrong, slices.Concat([]byte{byte(form)}, valid[1:]))
		}
	}
	return right, wrong
}

// nistPoints puts wrong points into encapsulation keys and ciphertexts.
func nistPoints(t *testing.T) {
	for _, h := range []struct {
		kem.KEM
		curve  nistCurve
		random int // of encapsulation
		tFirst bool
	}{
		{combiner.MLKEM768P256(), p256, 32 + 128, false},
		{combiner.MLKEM1024P384(), p384, 32 + 48, false},
		{combiner.SecP256r1MLKEM768(), p256, 32 + 128, true},
		{combiner.SecP384r1MLKEM1024(), p384, 32 + 48, true},
	} {
		t.Run(h.Name(), func(t *testing.T) {
			dk := must(h.NewDecapsulationKey(pattern(32)))(t)
			encoded := dk.Encapsulator().Bytes()
			_, ciphertext := dk.Encapsulator().Encapsulate()
			with := func(b, point []byte) []byte {
				b = bytes.Clone(b)
				if h.tFirst {
					copy(b, point)
				} else {
					copy(b[len(b)-len(point):], point)
				}
				return b
			}
			right, wrong := h.curve.points()
			for _, point := range right {
				ek := must(h.NewEncapsulationKey(with(encoded, point)))(t)
				if _, _, err := kemtest.Encapsulate(ek, pattern(h.random)); err != nil {
					t.Error(err)
				}
				must(dk.Decapsulate(with(ciphertext, point)))(t)
			}
			for _, point := range wrong {
				if ek, err := h.NewEncapsulationKey(with(encoded, point)); err == nil || ek != nil {
					t.Errorf("the point %x is accepted in a key", point)
				}
				refusesCiphertext(t, dk, with(ciphertext, point))
			}
		})
	}
}
