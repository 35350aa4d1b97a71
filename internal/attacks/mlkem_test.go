package attacks

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"slices"
	"sync"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
)

const q = 3329

// A layout gives the offsets of the regions of an expanded key, ŝ ‖ t̂ ‖ ρ ‖ H(ek) ‖ z.
type layout struct{ s, t, rho, h, z, end int }

func (s set) layout() layout {
	k := 384 * s.spec.K
	return layout{0, k, 2 * k, 2*k + 32, 2*k + 64, 2*k + 96}
}

// rejection returns J(z ‖ c), the shared key for a ciphertext that is rejected.
func rejection(dk, ciphertext []byte) []byte {
	return sha3.SumSHAKE256(slices.Concat(dk[len(dk)-32:], ciphertext), 32)
}

// rehash puts the right H(ek) into an expanded key. Any other mistake in the key must then be found
// by another check.
func (s set) rehash(dk []byte) {
	at := s.layout()
	copy(dk[at.h:], spec.H(dk[at.t:at.h]))
}

// honest returns what the specification computes from a seed and a message.
func (s set) honest() (seed, ek, dk, m, sharedKey, ciphertext []byte) {
	seed, m = pattern(64), pattern(32)
	ek, dk = spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
	sharedKey, ciphertext = spec.EncapsInternal(s.spec, ek, m)
	return seed, ek, dk, m, sharedKey, ciphertext
}

// ciphertextBits flips bits of a ciphertext, in a sweep every bit. It uses a key from a seed and an
// expanded key. Each changed ciphertext must give J(z ‖ c).
func ciphertextBits(t *testing.T) {
	forEachSet(t, func(t *testing.T, s set) {
		seed, _, dk, _, sharedKey, c := s.honest()
		seedKey := must(s.NewDecapsulationKey(seed))(t)
		expandedKey := must(s.newExpandedKey(dk))(t)
		decapsulates(t, "unchanged", seedKey, c, sharedKey)
		decapsulates(t, "unchanged", expandedKey, c, sharedKey)
		for i := 0; i < 8*len(c); i += step(31, 311) {
			c[i/8] ^= 1 << (i % 8)
			decapsulates(t, "a changed bit", seedKey, c, rejection(dk, c))
			if i%9 == 0 || !testkit.Sweep() {
				decapsulates(t, "a changed bit, expanded key", expandedKey, c, rejection(dk, c))
			}
			c[i/8] ^= 1 << (i % 8)
			if t.Failed() {
				t.Fatalf("bit %d", i)
			}
		}
	})
}

// setCoefficient sets the i-th number of 12 bits in b.
func setCoefficient(b []byte, i, value int) {
	b = b[i/2*3:]
	if i%2 == 0 {
		b[0], b[1] = byte(value), b[1]&0xf0|byte(value>>8)
	} else {
		b[1], b[2] = b[1]&0x0f|byte(value<<4), byte(value>>4)
	}
}

// largeCoefficients puts numbers from q to 4095 into coefficients of t̂ in an encapsulation key, of
// ŝ in an expanded key, and of t̂ in an expanded key with the right hash. It takes every
// coefficient in a sweep. It takes all the numbers with -long, and otherwise q, 4095 and one
// between.
func largeCoefficients(t *testing.T) {
	forEachSet(t, func(t *testing.T, s set) {
		_, ek, dk, _, _, _ := s.honest()
		at := s.layout()
		parseEK := func(b []byte) error { _, err := s.NewEncapsulationKey(b); return err }
		parseDK := func(b []byte) error { _, err := s.newExpandedKey(b); return err }
		for _, place := range []struct {
			name  string
			bytes []byte
			first int // the first coefficient
			parse func([]byte) error
		}{
			{"t̂", ek, 0, parseEK},
			{"ŝ of an expanded key", dk, 0, parseDK},
			{"t̂ of an expanded key", dk, at.t / 3 * 2, func(b []byte) error { s.rehash(b); return parseDK(b) }},
		} {
			for i := place.first; i < place.first+256*s.spec.K; i += step(7, 61) {
				b := bytes.Clone(place.bytes)
				setCoefficient(b, i, q-1)
				if err := place.parse(b); err != nil {
					t.Fatalf("%s: q-1 in coefficient %d: %v", place.name, i, err)
				}
				values := []int{q, q + i*89%(1<<12-q), 1<<12 - 1}
				if *testkit.Long {
					values = nil
					for value := q; value < 1<<12; value++ {
						values = append(values, value)
					}
				}
				for _, value := range values {
					setCoefficient(b, i, value)
					if place.parse(b) == nil {
						t.Fatalf("%s: %d in coefficient %d is accepted", place.name, value, i)
					}
				}
			}
		}
	})
}

// expandedRegions changes bytes of an expanded key, in a sweep every byte. The checks of FIPS 203,
// section 7.3, must refuse every change that they can see. With any other change, the key must act
// as specified.
func expandedRegions(t *testing.T) {
	forEachSet(t, func(t *testing.T, s set) {
		_, _, dk, _, sharedKey, c := s.honest()
		at := s.layout()
		other := bytes.Clone(c)
		other[0] ^= 1
		change := func(i int, rehash bool) []byte {
			b := bytes.Clone(dk)
			b[i] ^= 1 << (i % 8)
			if rehash {
				s.rehash(b)
			}
			return b
		}
		for i := 0; i < len(dk); i += step(27, 151) {
			b := change(i, false)
			key, err := s.newExpandedKey(b)
			switch {
			case i < at.t && !spec.Reduced(b[at.s:at.t]), at.t <= i && i < at.z:
				if err == nil {
					t.Fatalf("byte %d of an expanded key can be changed", i)
				}
			case err != nil:
				t.Fatalf("byte %d of ŝ or z changed: %v", i, err)
			case i < at.t: // with another ŝ, decryption gives another message
				decapsulates(t, "another ŝ", key, c, rejection(b, c))
			default: // z has no effect on honest ciphertexts
				decapsulates(t, "another z", key, c, sharedKey)
				decapsulates(t, "another z", key, other, rejection(b, other))
			}
			if i < at.t || at.h <= i {
				continue
			}
			b = change(i, true)
			key, err = s.newExpandedKey(b)
			if err == nil != spec.Reduced(b[at.t:at.rho]) {
				t.Fatalf("byte %d of ek changed, with its hash: %v", i, err)
			}
			if err == nil { // with another ek, re-encryption gives another ciphertext
				decapsulates(t, "another ek", key, c, rejection(b, c))
			}
			if t.Failed() {
				t.Fatalf("byte %d", i)
			}
		}
		// The specification confirms which changes lead to rejection, once for each region.
		for _, i := range []int{at.s, at.t, at.rho, at.z} {
			b := change(i, true)
			want := spec.DecapsInternal(s.spec, b, c)
			if rejected := bytes.Equal(want, rejection(b, c)); rejected != (i != at.z) {
				t.Fatalf("the specification rejects with byte %d changed: %v", i, rejected)
			}
			decapsulates(t, "a changed region", must(s.newExpandedKey(b))(t), c, want)
		}
	})
}

// expandedLengths tries expanded keys and ciphertexts of the lengths that the conformance suite
// tries for other inputs.
func expandedLengths(t *testing.T) {
	forEachSet(t, func(t *testing.T, s set) {
		_, _, dk, _, _, c := s.honest()
		long := slices.Concat(dk, dk)
		for length := range len(long) + 1 {
			if _, err := s.newExpandedKey(long[:length:length]); (err == nil) != (length == len(dk)) {
				t.Errorf("%d bytes of expanded key: %v", length, err)
			}
		}
		key := must(s.newExpandedKey(dk))(t)
		long = slices.Concat(c, c)
		for length := range len(long) + 1 {
			if _, err := key.Decapsulate(long[:length:length]); (err == nil) != (length == len(c)) {
				t.Errorf("%d bytes of ciphertext: %v", length, err)
			}
		}
	})
}

// longStreams finds, for each entry of the matrix, a ρ for which that entry takes more than three
// blocks of SHAKE128. Nearly all entries need no more than three.
func longStreams(t *testing.T) {
	const block = 168
	forEachSet(t, func(t *testing.T, s set) {
		_, _, dk, m, _, _ := s.honest()
		at := s.layout()
		for i := range s.spec.K {
			for j := range s.spec.K {
				rho := dk[at.rho:at.h]
				size := 0
				for n := uint32(0); size <= 3*block; n++ {
					binary.LittleEndian.PutUint32(rho, n)
					_, size = spec.SampleNTT(slices.Concat(rho, []byte{byte(j), byte(i)}))
				}
				s.rehash(dk)
				s.compare(t, dk, m)
			}
		}
	})
}

// compare runs an exchange with an expanded key, with the honest ciphertext and with a changed one,
// and compares the results with the specification.
func (s set) compare(t *testing.T, dk, m []byte) {
	t.Helper()
	at := s.layout()
	want := s.expected(dk, m)
	key := must(s.newExpandedKey(dk))(t)
	encapsulates(t, "the embedded key", key.PublicKey(), m, want.sharedKey, want.ciphertext)
	encapsulates(t, "the encapsulation key", must(s.NewEncapsulationKey(dk[at.t:at.h]))(t), m, want.sharedKey, want.ciphertext)
	decapsulates(t, "its ciphertext", key, want.ciphertext, want.decapsulated)
	decapsulates(t, "its ciphertext, changed", key, want.changed, want.rejection)
}

// An expectation is what the specification computes from an expanded key and a message. It has an
// encapsulation, the decapsulation of its ciphertext, and the decapsulation of the ciphertext with
// one bit changed.
type expectation struct{ sharedKey, ciphertext, decapsulated, changed, rejection []byte }

// expectations caches the expectations of compare. They are the same for all implementations, and
// computing them takes most of the time.
var expectations sync.Map

func (s set) expected(dk, m []byte) expectation {
	key := s.Name() + string(dk) + string(m)
	if found, ok := expectations.Load(key); ok {
		return found.(expectation)
	}
	at := s.layout()
	var e expectation
	e.sharedKey, e.ciphertext = spec.EncapsInternal(s.spec, dk[at.t:at.h], m)
	e.decapsulated = spec.DecapsInternal(s.spec, dk, e.ciphertext)
	e.changed = bytes.Clone(e.ciphertext)
	e.changed[len(e.changed)-1] ^= 0x80
	e.rejection = spec.DecapsInternal(s.spec, dk, e.changed)
	expectations.Store(key, e)
	return e
}

// roundingEdges has honest ciphertexts for a key whose noise is so large that decryption sometimes
// errs. A coefficient of w = v - ŝᵀu decrypts to 1 if it is from 833 to 2496. In each ciphertext
// one coefficient is at an end of this range, or just outside of it. That coefficient alone decides
// whether decryption is right.
func roundingEdges(t *testing.T) {
	for _, test := range []struct {
		set   string
		shift int // added to every second coefficient of the first polynomial of t̂
		edges []edge
	}{
		{"ML-KEM-512", 240, []edge{
			{0, 832, 433}, {0, 833, 462}, {0, 2496, 60}, {0, 2497, 768}, {1, 832, 976}, {1, 833, 278}, {1, 2496, 288}, {1, 2497, 961}}},
		{"ML-KEM-768", 350, []edge{
			{0, 832, 2150}, {0, 833, 134}, {0, 2496, 408}, {0, 2497, 453}, {1, 832, 37}, {1, 833, 81}, {1, 2496, 14}, {1, 2497, 809}}},
		{"ML-KEM-1024", 350, []edge{
			{0, 832, 134}, {0, 833, 873}, {0, 2496, 243}, {0, 2497, 16}, {1, 832, 730}, {1, 833, 585}, {1, 2496, 717}, {1, 2497, 1685}}},
	} {
		t.Run(test.set, func(t *testing.T) {
			s := sets[slices.IndexFunc(sets, func(s set) bool { return s.Name() == test.set })]
			at := s.layout()
			_, dk := spec.KeyGenInternal(s.spec, make([]byte, 32), make([]byte, 32))
			tHat := spec.ByteDecode(12, dk[at.t:][:384])
			for i := 0; i < len(tHat); i += 2 {
				tHat[i] = (tHat[i] + test.shift) % q
			}
			copy(dk[at.t:], spec.ByteEncode(12, tHat))
			s.rehash(dk)
			ek := dk[at.t:at.h]
			key := must(s.newExpandedKey(dk))(t)
			for _, e := range test.edges {
				m := sha3.Sum256(binary.LittleEndian.AppendUint32(nil, e.message))
				sharedKey, c := spec.EncapsInternal(s.spec, ek, m[:])
				right := e.w < 833 || 2496 < e.w
				right = right == (e.bit == 0)
				e.check(t, spec.W(s.spec, dk[:at.t], c), m[:], right)
				want := sharedKey
				if !right {
					want = rejection(dk, c)
				}
				encapsulates(t, "the edge", key.PublicKey(), m[:], sharedKey, c)
				decapsulates(t, "the edge", key, c, want)
			}
		})
	}
}

// An edge is a message in which a bit of the given value leads to the coefficient w. The message is
// the hash of a number.
type edge struct {
	bit     byte
	w       int
	message uint32
}

// check checks that the message is on the edge, and that decryption errs in no bit but the one that
// is expected.
func (e edge) check(t *testing.T, w spec.Poly, m []byte, right bool) {
	t.Helper()
	bits, decrypted := spec.BytesToBits(m), spec.Compress(1, w)
	wrong, onEdge := 0, false
	for i := range w {
		if byte(decrypted[i]) != bits[i] {
			wrong++
		}
		onEdge = onEdge || bits[i] == e.bit && w[i] == e.w
	}
	if !onEdge || right && wrong != 0 || !right && wrong != 1 {
		t.Fatalf("message %d: %d wrong bits, on the edge: %v", e.message, wrong, onEdge)
	}
}

// extremeKeys has keys that seeds never or hardly ever give. In some, all coefficients of ŝ and of
// t̂ are one number. In others, all coefficients of s and of e are 0 or the largest noise, with
// signs that add up. It also has the keys of the seeds whose bits are all equal.
func extremeKeys(t *testing.T) {
	forEachSet(t, func(t *testing.T, s set) {
		at := s.layout()
		rho := make([]byte, 32)
		messages := [][]byte{pattern(32), make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)}
		if testing.Short() {
			messages = messages[:1]
		}
		check := func(sHat, tHat []byte) {
			t.Helper()
			dk := slices.Concat(sHat, tHat, rho, make([]byte, 32), pattern(32))
			s.rehash(dk)
			for _, m := range messages {
				s.compare(t, dk, m)
			}
		}
		constant := func(a int) (f spec.Poly) {
			for i := range f {
				f[i] = a
			}
			return f
		}
		for _, a := range []int{0, 1, q / 2, q - 1} {
			vector := bytes.Repeat(spec.ByteEncode(12, constant(a)), s.spec.K)
			check(vector, vector)
		}
		eta := s.spec.Eta1
		alternating := constant(eta)
		for i := 1; i < len(alternating); i += 2 {
			alternating[i] = q - eta
		}
		noises := []spec.Poly{constant(0), constant(eta), constant(q - eta), alternating}
		for _, small := range noises {
			for _, e := range noises {
				var sHat, tHat []byte
				for i := range s.spec.K {
					sum := spec.NTT(e)
					for j := range s.spec.K {
						a, _ := spec.SampleNTT(slices.Concat(rho, []byte{byte(j), byte(i)}))
						sum = spec.Add(sum, spec.MultiplyNTTs(a, spec.NTT(small)))
					}
					sHat = append(sHat, spec.ByteEncode(12, spec.NTT(small))...)
					tHat = append(tHat, spec.ByteEncode(12, sum)...)
				}
				check(sHat, tHat)
			}
		}
		for _, bit := range []byte{0x00, 0xff} {
			seed := bytes.Repeat([]byte{bit}, 64)
			ek, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
			if got := must(s.NewDecapsulationKey(seed))(t).Encapsulator().Bytes(); !bytes.Equal(got, ek) {
				t.Errorf("the seed of bytes %#x gives another key", bit)
			}
			if len(dk) != at.end {
				t.Fatal("the layout is wrong")
			}
			for _, m := range messages {
				s.compare(t, dk, m)
			}
		}
	})
}
