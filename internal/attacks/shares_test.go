package attacks

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/asn1"
	"math/big"
	"slices"
	"sync"
	"testing"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/combiner/sshkex"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/xwing"
)

// A group is the traditional part of a hybrid.
type group struct {
	seedSize, elementSize int
	// public returns the element of the scalar in the seed, or nil if the seed contains no scalar.
	public func(seed []byte) []byte
	// exchange returns the shared secret with element, or nil if element must be refused.
	exchange func(seed, element []byte) []byte
	// stored returns the private key of the seed as composite ML-KEM has it.
	stored func(seed []byte) []byte
}

// x25519 uses crypto/ecdh. Package spec compares crypto/ecdh with the specification, which takes
// milliseconds for each multiplication.
var x25519 = newCurve(ecdh.X25519(), 32, 32, 32)

func newNIST(curve ecdh.Curve, seedSize, scalarSize int) *group {
	return newCurve(curve, seedSize, scalarSize, 1+2*scalarSize)
}

func newCurve(curve ecdh.Curve, seedSize, scalarSize, elementSize int) *group {
	// scalar returns the first candidate in the seed that is a valid scalar.
	scalar := func(seed []byte) *ecdh.PrivateKey {
		for candidate := range slices.Chunk(seed, scalarSize) {
			if curve == ecdh.P521() {
				candidate = slices.Concat([]byte{candidate[0] & 1}, candidate[1:])
			}
			if k, err := curve.NewPrivateKey(candidate); err == nil {
				return k
			}
		}
		return nil
	}
	return &group{
		seedSize: seedSize, elementSize: elementSize,
		public: func(seed []byte) []byte {
			if k := scalar(seed); k != nil {
				return k.PublicKey().Bytes()
			}
			return nil
		},
		exchange: func(seed, element []byte) []byte {
			peer, err := curve.NewPublicKey(element)
			if err != nil {
				return nil
			}
			ss, err := scalar(seed).ECDH(peer)
			if err != nil {
				return nil
			}
			return ss
		},
		stored: func(seed []byte) []byte {
			k := scalar(seed)
			if curve == ecdh.X25519() {
				return k.Bytes()
			}
			// ECPrivateKey of RFC 5915, without the public key.
			b, err := asn1.Marshal(struct {
				Version    int
				PrivateKey []byte
				Curve      asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
			}{1, k.Bytes(), curveOIDs[curve]})
			if err != nil {
				panic(err)
			}
			return b
		},
	}
}

var curveOIDs = map[ecdh.Curve]asn1.ObjectIdentifier{
	ecdh.P256(): {1, 2, 840, 10045, 3, 1, 7}, ecdh.P384(): {1, 3, 132, 0, 34}, ecdh.P521(): {1, 3, 132, 0, 35},
}

var (
	p256 = newNIST(ecdh.P256(), 128, 32)
	p384 = newNIST(ecdh.P384(), 48, 48)
	p521 = newNIST(ecdh.P521(), 66, 66)
)

// A hybrid is a hybrid KEM with the parts and the combiner that the specification gives it.
type hybrid struct {
	kem.KEM
	spec    spec.Params
	group   *group
	tFirst  bool
	combine func(ssM, ssT, ctT, ekT []byte) []byte
}

func labelled(label string) func(ssM, ssT, ctT, ekT []byte) []byte {
	return func(ssM, ssT, ctT, ekT []byte) []byte {
		return spec.H(slices.Concat(ssM, ssT, ctT, ekT, []byte(label)))
	}
}

func mlkemFirst(ssM, ssT, _, _ []byte) []byte { return slices.Concat(ssM, ssT) }
func curveFirst(ssM, ssT, _, _ []byte) []byte { return slices.Concat(ssT, ssM) }

func sha256Of(ssM, ssT, _, _ []byte) []byte {
	h := sha256.Sum256(slices.Concat(ssM, ssT))
	return h[:]
}

func sha384Of(ssM, ssT, _, _ []byte) []byte {
	h := sha512.Sum384(slices.Concat(ssM, ssT))
	return h[:]
}

// The first is X-Wing.
var hybrids = []hybrid{
	{xwing.KEM(), spec.Sets["ML-KEM-768"], x25519, false, labelled(`\.//^\`)},
	{combiner.MLKEM512X25519(), spec.Sets["ML-KEM-512"], x25519, false, labelled("hybridkem/MLKEM512+X25519")},
	{combiner.MLKEM1024X25519(), spec.Sets["ML-KEM-1024"], x25519, false, labelled("hybridkem/MLKEM1024+X25519")},
	{tlskex.X25519MLKEM768(), spec.Sets["ML-KEM-768"], x25519, false, mlkemFirst},
	{combiner.MLKEM768P256(), spec.Sets["ML-KEM-768"], p256, false, labelled("MLKEM768-P256")},
	{combiner.MLKEM1024P384(), spec.Sets["ML-KEM-1024"], p384, false, labelled("MLKEM1024-P384")},
	{tlskex.SecP256r1MLKEM768(), spec.Sets["ML-KEM-768"], p256, true, curveFirst},
	{tlskex.SecP384r1MLKEM1024(), spec.Sets["ML-KEM-1024"], p384, true, curveFirst},
	{tlskex.MLKEM512X25519(), spec.Sets["ML-KEM-512"], x25519, false, mlkemFirst},
	{tlskex.SecP256r1MLKEM512(), spec.Sets["ML-KEM-512"], p256, true, curveFirst},
	{sshkex.MLKEM768X25519SHA256(), spec.Sets["ML-KEM-768"], x25519, false, sha256Of},
	{sshkex.MLKEM768NISTP256SHA256(), spec.Sets["ML-KEM-768"], p256, false, sha256Of},
	{sshkex.MLKEM1024NISTP384SHA384(), spec.Sets["ML-KEM-1024"], p384, false, sha384Of},
	{composite.MLKEM768X25519SHA3256(), spec.Sets["ML-KEM-768"], x25519, false, labelled(`\.//^\`)},
	{composite.MLKEM768ECDHP256SHA3256(), spec.Sets["ML-KEM-768"], p256, false, labelled("MLKEM768-P256")},
	{composite.MLKEM768ECDHP384SHA3256(), spec.Sets["ML-KEM-768"], p384, false, labelled("MLKEM768-P384")},
	{composite.MLKEM1024ECDHP384SHA3256(), spec.Sets["ML-KEM-1024"], p384, false, labelled("MLKEM1024-P384")},
	{composite.MLKEM1024ECDHP521SHA3256(), spec.Sets["ML-KEM-1024"], p521, false, labelled("MLKEM1024-P521")},
	{openpgp.MLKEM768X25519(), spec.Sets["ML-KEM-768"], x25519, true, labelled("\x23OpenPGPCompositeKDFv1\x15")},
}

// private returns what NewDecapsulationKey takes for the key of a seed: the seed, or the private keys of the
// parts.
func (h hybrid) private(seed []byte) []byte {
	if !kem.KeysFromParts(h.KEM) {
		return seed
	}
	seedM, seedT := h.expand(seed)
	return h.join(seedM, h.group.stored(seedT))
}

// expand returns the seeds of the parts.
func (h hybrid) expand(seed []byte) (seedM, seedT []byte) {
	size := h.seedSizePQ()
	expanded := sha3.SumSHAKE256(seed, size+h.group.seedSize)
	return expanded[:64], expanded[size:]
}

// seedSizePQ returns how many bytes of the expanded seed belong to the post-quantum part.
func (h hybrid) seedSizePQ() int {
	if h.Name() == longSeedName {
		return longSeedSize
	}
	return 64
}

// These are the name of a hybrid whose post-quantum part has long seeds, and the size of those
// seeds.
const longSeedName, longSeedSize = "long seed", 200

func (h hybrid) join(m, t []byte) []byte {
	if h.tFirst {
		return slices.Concat(t, m)
	}
	return slices.Concat(m, t)
}

// split is the inverse of join.
func (h hybrid) split(b []byte) (m, t []byte) {
	if h.tFirst {
		return b[h.group.elementSize:], b[:h.group.elementSize]
	}
	return b[:len(b)-h.group.elementSize], b[len(b)-h.group.elementSize:]
}

// An exchange is a key of a hybrid and the randomness of one encapsulation, with the values of both
// parts. The mlkemPeer gives the expected results of ML-KEM.
type exchange struct {
	hybrid
	mlkemPeer
	seed, random             []byte
	dkM, ekM, seedT, ekT     []byte // dkM is nil unless the peer is the specification
	ssM, ctM, ctT            []byte
	decapsulationKey         kem.DecapsulationKey
	wantEK, honestCiphertext []byte
}

// An mlkemPeer is another implementation of ML-KEM, with a key.
type mlkemPeer interface {
	// encapsulate returns nil for an encapsulation key that must be refused.
	encapsulate(ek, m []byte) (sharedKey, ciphertext []byte)
	decapsulate(ciphertext []byte) (sharedKey []byte)
}

// A specPeer is the specification.
type specPeer struct {
	spec.Params
	dk []byte
}

func (p specPeer) encapsulate(ek, m []byte) (sharedKey, ciphertext []byte) {
	if spec.CheckEK(p.Params, ek) != nil {
		return nil, nil
	}
	return spec.EncapsInternal(p.Params, ek, m)
}

func (p specPeer) decapsulate(ciphertext []byte) []byte {
	return spec.DecapsInternal(p.Params, p.dk, ciphertext)
}

// exchange returns an exchange whose peer is the specification.
func (h hybrid) exchange(t testing.TB, seed, random []byte) exchange {
	t.Helper()
	seedM, _ := h.expand(seed)
	ek, dk := spec.KeyGenInternal(h.spec, seedM[:32], seedM[32:])
	x := h.exchangeWith(t, seed, random, ek, specPeer{h.spec, dk})
	x.dkM = dk
	return x
}

// exchangeWith returns an exchange with the given peer, whose encapsulation key is ekM.
func (h hybrid) exchangeWith(t testing.TB, seed, random, ekM []byte, peer mlkemPeer) exchange {
	t.Helper()
	x := exchange{hybrid: h, mlkemPeer: peer, seed: seed, random: random, ekM: ekM}
	_, x.seedT = h.expand(seed)
	x.ekT = h.group.public(x.seedT)
	x.ssM, x.ctM = x.encapsulate(x.ekM, random[:32])
	x.ctT = h.group.public(random[32:])
	x.wantEK, x.honestCiphertext = h.join(x.ekM, x.ekT), h.join(x.ctM, x.ctT)
	x.decapsulationKey = must(h.NewDecapsulationKey(h.private(seed)))(t)
	if got := x.decapsulationKey.Encapsulator().Bytes(); !bytes.Equal(got, x.wantEK) {
		t.Fatalf("%s: wrong encapsulation key", h.Name())
	}
	return x
}

// toKey encapsulates to key, which may be any bytes, and checks the result.
func (x exchange) toKey(t testing.TB, key []byte) {
	t.Helper()
	ek, err := x.NewEncapsulationKey(key)
	var ssT, ssM, ctM, ekT []byte
	if len(key) == len(x.wantEK) {
		var ekM []byte
		if ekM, ekT = x.split(key); x.ctT == nil {
			ssT = x.group.exchange(x.seedT, ekT) // this only shows whether the element is valid
		} else {
			ssT = x.group.exchange(x.random[32:], ekT)
		}
		if ssM, ctM = x.ssM, x.ctM; !bytes.Equal(ekM, x.ekM) {
			ssM, ctM = x.encapsulate(ekM, x.random[:32])
		}
	}
	if valid := ssT != nil && ssM != nil; (err == nil) != valid || (ek != nil) != valid {
		t.Errorf("%s: the key with the element %x: %v", x.Name(), ekT, err)
		return
	}
	switch {
	case err != nil:
	case x.ctT == nil:
		if _, _, err := kemtest.Encapsulate(ek, x.random); err == nil {
			t.Errorf("%s: randomness without a scalar is taken", x.Name())
		}
	default:
		encapsulates(t, x.Name(), ek, x.random, x.combine(ssM, ssT, x.ctT, ekT), x.join(ctM, x.ctT))
	}
}

// fromCiphertext decapsulates ciphertext, which may be any bytes, and checks the result.
func (x exchange) fromCiphertext(t testing.TB, ciphertext []byte) {
	t.Helper()
	var want []byte
	if len(ciphertext) == x.CiphertextSize() {
		ctM, ctT := x.split(ciphertext)
		if ssT := x.group.exchange(x.seedT, ctT); ssT != nil {
			ssM := x.ssM
			if !bytes.Equal(ctM, x.ctM) {
				ssM = x.decapsulate(ctM)
			}
			want = x.combine(ssM, ssT, ctT, x.ekT)
		}
	}
	decapsulates(t, x.Name(), x.decapsulationKey, ciphertext, want)
}

// lowOrder returns the edge shares that give zero with every scalar.
var lowOrder = sync.OnceValue(func() map[[32]byte]bool {
	found := map[[32]byte]bool{}
	for _, share := range testkit.X25519Points() {
		if x25519.exchange(pattern(32), share[:]) == nil {
			found[share] = true
		}
	}
	return found
})

// x25519Shares puts edge shares into encapsulation keys and ciphertexts. Shares that give zero with
// every scalar must be refused, and nothing may be written. With other shares the exchange must be
// as specified. The combiner must hash a share as it was received.
func x25519Shares(t *testing.T) {
	// The zeros are 0, 1, -1, 0 and 1 with p added, and two coordinates of order 8.
	if zeros := len(lowOrder()); zeros != 2*7 {
		t.Errorf("%d shares give zero, want 14", zeros)
	}
	for i, h := range hybrids {
		if h.group != x25519 {
			continue
		}
		t.Run(h.Name(), func(t *testing.T) {
			x := h.exchange(t, pattern(32), pattern(64))
			for j, share := range testkit.X25519Points() {
				// All hybrids take the shares of low order, and share out the others. In a sweep,
				// X-Wing takes all shares.
				if i == 0 && testkit.Sweep() || j%4 == i || lowOrder()[share] {
					x.toKey(t, h.join(x.ekM, share[:]))
					x.fromCiphertext(t, h.join(x.ctM, share[:]))
				}
			}
		})
	}
}

// xwingCiphertextBits flips bits of an X-Wing ciphertext, in a sweep every bit. A change in
// ML-KEM's part must give the shared key that combines ML-KEM's rejection key. A change in X25519's
// part gives another point, or another encoding of the same point, and the shared key must follow
// from it.
func xwingCiphertextBits(t *testing.T) {
	x := hybrids[0].exchange(t, pattern(32), pattern(64))
	c := x.honestCiphertext
	x.fromCiphertext(t, c)
	ctM, ctX := x.split(c)
	ssX := x.group.exchange(x.seedT, ctX)
	for i := 0; i < 8*len(c) && !t.Failed(); i += step(31, 311) {
		c[i/8] ^= 1 << (i % 8)
		if i < 8*len(ctM) {
			decapsulates(t, "a changed bit", x.decapsulationKey, c, x.combine(rejection(x.dkM, ctM), ssX, ctX, x.ekT))
		} else {
			x.fromCiphertext(t, c)
		}
		c[i/8] ^= 1 << (i % 8)
	}
}

// A nistCurve is y² = x³ - 3x + b modulo p.
type nistCurve struct {
	size int // the size of a coordinate
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
	curve256 = newNISTCurve(32,
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
	curve384 = newNISTCurve(48,
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
		"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef")
	curve521 = newNISTCurve(66,
		"1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00")
)

// y returns a y for x, or nil if there is none.
func (c nistCurve) y(x int64) *big.Int {
	y2 := big.NewInt(x*x*x - 3*x)
	return new(big.Int).ModSqrt(y2.Add(y2, c.b).Mod(y2, c.p), c.p)
}

func (c nistCurve) encode(x, y *big.Int) []byte {
	return slices.Concat([]byte{4}, x.FillBytes(make([]byte, c.size)), y.FillBytes(make([]byte, c.size)))
}

// points returns valid points, and encodings that are not valid points.
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
		c.encode(plusP(x), y), // congruent, but not canonical
		c.encode(x, c.p),
		c.encode(c.p, y),
		c.encode(c.p, c.p),
		c.encode(ones, y),
		c.encode(x, ones),
		c.encode(ones, ones),
		make([]byte, len(valid)), // infinity is encoded as a single byte 0, and is not valid either
	}
	// Only form 4 is valid. The other forms are compressed, hybrid or unknown.
	for form := range 256 {
		if form != 4 {
			wrong = append(wrong, slices.Concat([]byte{byte(form)}, valid[1:]))
		}
	}
	return right, wrong
}

// nistPoints puts valid and invalid points into encapsulation keys and ciphertexts.
func nistPoints(t *testing.T) {
	for _, h := range hybrids {
		if h.group == x25519 {
			continue
		}
		t.Run(h.Name(), func(t *testing.T) {
			x := h.exchange(t, pattern(32), pattern(32+h.group.seedSize))
			right, wrong := map[*group]nistCurve{p256: curve256, p384: curve384, p521: curve521}[h.group].points()
			for i, point := range slices.Concat(right, wrong) {
				if accepted := h.group.exchange(x.seedT, point) != nil; accepted != (i < len(right)) {
					t.Fatalf("crypto/ecdh accepts %x: %v", point, accepted)
				}
				x.toKey(t, h.join(x.ekM, point))
				x.fromCiphertext(t, h.join(x.ctM, point))
			}
		})
	}
}
