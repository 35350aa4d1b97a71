package attacks

import (
	"bytes"
	"crypto"
	stdmlkem "crypto/mlkem"
	stdmlkemtest "crypto/mlkem/mlkemtest"
	"crypto/sha3"
	"encoding/binary"
	"flag"
	"hash/fnv"
	"slices"
	"sync"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
)

// Each fuzz target makes one input. It runs the input through this module, through crypto/mlkem if
// that has the parameter set, and through the specification. All three must do the same. A fuzzer
// hardly ever finds a valid encapsulation key or ciphertext, so it gets honest ones and a script
// that edits them.
//
// The specification takes milliseconds. Without fuzzing, a test compares all seeds of the corpus
// with it. With fuzzing, it compares only some of the inputs.

// specified reports whether to compare an input with the specification. Without fuzzing it reports
// true, unless the test is short. Otherwise it chooses one in oneOf inputs, and makes the same
// choice each time for the same input.
func specified(oneOf uint64, input ...[]byte) bool {
	if flag.Lookup("test.fuzz").Value.String() == "" && !testing.Short() {
		return true
	}
	h := fnv.New64a()
	for _, b := range input {
		h.Write(b)
	}
	return h.Sum64()>>20%oneOf == 0
}

// edit returns b, edited by script. If script begins with 0xff, the rest of it replaces b.
// Otherwise each four bytes of script are one step.
func edit(b, script []byte) []byte {
	if len(script) > 0 && script[0] == 0xff {
		return script[1:]
	}
	b = bytes.Clone(b)
	for ; len(script) >= 4 && len(b) >= 3; script = script[4:] {
		at, value := int(binary.LittleEndian.Uint16(script[1:]))%len(b), script[3]
		switch script[0] % 8 {
		case 0:
			b[at] = value
		case 1:
			b[at] ^= 1 << (value % 8)
		case 2: // a number of 12 bits near q
			setCoefficient(b, min(at, len(b)-3)*2/3, q-128+int(value))
		case 3:
			for i := range b[at:min(at+int(value), len(b))] {
				b[at+i] = script[0]
			}
		case 4:
			copy(b[at:], b[:min(int(value), len(b))])
		case 5:
			b = append(b[:at], b[at+1:]...)
		case 6:
			b = append(b, value)
		case 7:
			other := (at + int(value)) % len(b)
			b[at], b[other] = b[other], b[at]
		}
	}
	return b
}

// replace returns the script that replaces the whole input by b.
func replace(b []byte) []byte { return append([]byte{0xff}, b...) }

// fit returns b, cut or padded with zeros to size bytes.
func fit(b []byte, size int) []byte {
	return append(bytes.Clone(b), make([]byte, max(0, size-len(b)))...)[:size]
}

func TestEdit(t *testing.T) {
	b := pattern(300)
	for name, test := range map[string]struct{ script, want []byte }{
		"nothing":     {nil, b},
		"part":        {[]byte{0, 1, 2}, b},
		"set":         {[]byte{0, 1, 0, 99}, slices.Concat(b[:1], []byte{99}, b[2:])},
		"flip":        {[]byte{1, 0, 0, 9}, slices.Concat([]byte{b[0] ^ 2}, b[1:])},
		"coefficient": {[]byte{2, 3, 0, 128}, slices.Concat(b[:3], []byte{0x01, b[4]&0xf0 | 0xd}, b[5:])},
		"fill":        {[]byte{3, 1, 0, 2}, slices.Concat(b[:1], []byte{3, 3}, b[3:])},
		"copy":        {[]byte{4, 1, 0, 2}, slices.Concat(b[:1], b[:2], b[3:])},
		"cut":         {[]byte{5, 255, 0, 0}, slices.Concat(b[:255], b[256:])},
		"append":      {[]byte{6, 0, 0, 7}, append(bytes.Clone(b), 7)},
		"swap":        {[]byte{7, 0, 0, 1}, slices.Concat([]byte{b[1], b[0]}, b[2:])},
		"two steps":   {[]byte{6, 0, 0, 7, 0, 0x2c, 0x01, 8}, append(bytes.Clone(b), 8)},
		"replace":     {replace([]byte{1, 2}), []byte{1, 2}},
	} {
		before := bytes.Clone(b)
		if got := edit(b, test.script); !bytes.Equal(got, test.want) {
			t.Errorf("%s: %x", name, got)
		}
		if !bytes.Equal(b, before) {
			t.Fatalf("%s: the input was changed", name)
		}
	}
}

// A std has the functions of crypto/mlkem for a parameter set.
type std struct {
	newDecapsulationKey func(seed []byte) (crypto.Decapsulator, error)
	newEncapsulationKey func(b []byte) (crypto.Encapsulator, error)
	encapsulate         func(ek crypto.Encapsulator, m []byte) (sharedKey, ciphertext []byte, err error)
}

var stds = map[string]std{
	"ML-KEM-768":  newStd(stdmlkem.NewDecapsulationKey768, stdmlkem.NewEncapsulationKey768, stdmlkemtest.Encapsulate768),
	"ML-KEM-1024": newStd(stdmlkem.NewDecapsulationKey1024, stdmlkem.NewEncapsulationKey1024, stdmlkemtest.Encapsulate1024),
}

func newStd[D crypto.Decapsulator, E crypto.Encapsulator](
	newDecapsulationKey func([]byte) (D, error),
	newEncapsulationKey func([]byte) (E, error),
	encapsulate func(E, []byte) ([]byte, []byte, error),
) std {
	return std{
		func(seed []byte) (crypto.Decapsulator, error) { return newDecapsulationKey(seed) },
		func(b []byte) (crypto.Encapsulator, error) { return newEncapsulationKey(b) },
		func(ek crypto.Encapsulator, m []byte) ([]byte, []byte, error) { return encapsulate(ek.(E), m) },
	}
}

// A vector has the fields of the vector files that seed the corpora.
type vector struct {
	Set                   string
	Seed, EK, DK, M, C, K vectors.Hex `json:",omitempty"`
}

// seeds calls add with every step-th vector of a file.
func seeds(f *testing.F, name string, count, step int, add func(set byte, v vector)) {
	vs, err := vectors.Read[vector](name, count)
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(vs); i += step {
		add(byte(slices.IndexFunc(sets, func(s set) bool { return s.Name() == vs[i].Set })), vs[i])
	}
}

// reduced reports whether all numbers of 12 bits in b are below q. It is much faster than
// spec.Reduced.
func reduced(b []byte) bool {
	for ; len(b) >= 3; b = b[3:] {
		first, second := int(b[0])|int(b[1]&0x0f)<<8, int(b[1]>>4)|int(b[2])<<4
		if first >= q || second >= q {
			return false
		}
	}
	return true
}

// FuzzExchange makes a key from a seed and encapsulates a message to it. The script edits the
// ciphertext.
func FuzzExchange(f *testing.F) {
	seeds(f, "mlkem_acvp_keygen.jsonl.gz", 75, 5, func(set byte, v vector) {
		f.Add(set, []byte(v.Seed), pattern(32), []byte{1, 0x60, 1, 3})
	})
	seeds(f, "wycheproof_mlkem_test.jsonl.gz", 579, 20, func(set byte, v vector) {
		f.Add(set, []byte(v.Seed), []byte(v.K), replace(v.C))
	})
	f.Fuzz(func(t *testing.T, n byte, seed, m, script []byte) {
		s := sets[int(n)%len(sets)]
		seed, m = fit(seed, 64), fit(m, 32)
		dk := must(s.NewDecapsulationKey(seed))(t)
		ek := dk.PublicKey()
		sharedKey, c, err := kemtest.Encapsulate(ek, m)
		if err != nil {
			t.Fatal(err)
		}
		decapsulates(t, s.Name(), dk, c, sharedKey)
		edited := edit(c, script)

		if std, ok := stds[s.Name()]; ok {
			stdDK := must(std.newDecapsulationKey(seed))(t)
			if !bytes.Equal(stdDK.Encapsulator().Bytes(), ek.Bytes()) {
				t.Fatal("crypto/mlkem has another encapsulation key")
			}
			stdKey, stdC, err := std.encapsulate(stdDK.Encapsulator(), m)
			if err != nil || !bytes.Equal(stdKey, sharedKey) || !bytes.Equal(stdC, c) {
				t.Errorf("crypto/mlkem encapsulates otherwise: %v", err)
			}
			want, _ := stdDK.Decapsulate(edited)
			decapsulates(t, "beside crypto/mlkem", dk, edited, want)
		} else if got, err := dk.Decapsulate(edited); (err == nil) != (len(edited) == len(c)) {
			t.Errorf("%d bytes of ciphertext: %v", len(edited), err)
		} else {
			decapsulates(t, "in two ways", dk, edited, got)
		}

		if !specified(64, []byte{n}, seed, m, script) {
			return
		}
		wantEK, wantDK := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
		wantKey, wantC := spec.EncapsInternal(s.spec, wantEK, m)
		if !bytes.Equal(ek.Bytes(), wantEK) || !bytes.Equal(sharedKey, wantKey) || !bytes.Equal(c, wantC) {
			t.Fatal("wrong encapsulation key, shared key or ciphertext")
		}
		want, _ := spec.Decaps(s.spec, wantDK, edited)
		decapsulates(t, "beside the specification", dk, edited, want)
		decapsulates(t, "beside the specification, expanded", must(s.newExpandedKey(wantDK))(t), edited, want)
	})
}

// FuzzEncapsulationKey edits an encapsulation key and encapsulates to it.
func FuzzEncapsulationKey(f *testing.F) {
	seeds(f, "mlkem_acvp_ekcheck.jsonl", 30, 1, func(set byte, v vector) { f.Add(set, []byte{}, replace(v.EK), []byte{}) })
	seeds(f, "mlkem_cctv_modulus.jsonl.gz", 2595, 100, func(set byte, v vector) { f.Add(set, []byte{}, replace(v.EK), []byte{}) })
	seeds(f, "mlkem_acvp_encap.jsonl.gz", 75, 5, func(set byte, v vector) { f.Add(set, []byte{}, replace(v.EK), []byte(v.M)) })
	for n := range sets {
		f.Add(byte(n), pattern(64), []byte{2, 0, 1, 127, 2, 9, 1, 127}, pattern(32))
		f.Add(byte(n), pattern(64), []byte{2, 0, 1, 128}, pattern(32))
	}
	f.Fuzz(func(t *testing.T, n byte, seed, script, m []byte) {
		s := sets[int(n)%len(sets)]
		seed, m = fit(seed, 64), fit(m, 32)
		b := edit(must(s.NewDecapsulationKey(seed))(t).Encapsulator().Bytes(), script)
		ek, err := s.NewEncapsulationKey(b)
		if valid := len(b) == s.EncapsulationKeySize() && reduced(b[:len(b)-32]); (err == nil) != valid {
			t.Fatalf("%v, but the coefficients are reduced: %v", err, valid)
		}
		var sharedKey, c []byte
		if err == nil {
			var err error
			if sharedKey, c, err = kemtest.Encapsulate(ek, m); err != nil {
				t.Fatal(err)
			}
		}
		if std, ok := stds[s.Name()]; ok {
			stdEK, stdErr := std.newEncapsulationKey(b)
			if (err == nil) != (stdErr == nil) {
				t.Fatalf("%v, crypto/mlkem says %v", err, stdErr)
			}
			if err == nil {
				stdKey, stdC, err := std.encapsulate(stdEK, m)
				if err != nil || !bytes.Equal(stdKey, sharedKey) || !bytes.Equal(stdC, c) {
					t.Errorf("crypto/mlkem encapsulates otherwise: %v", err)
				}
			}
		}
		if !specified(64, []byte{n}, seed, script, m) {
			return
		}
		want := spec.CheckEK(s.spec, b)
		if (err == nil) != (want == nil) {
			t.Fatalf("%v, the specification says %v", err, want)
		}
		if err == nil {
			wantKey, wantC := spec.EncapsInternal(s.spec, b, m)
			encapsulates(t, s.Name(), ek, m, wantKey, wantC)
		}
	})
}

// FuzzTwoStep edits the header, the stored state and the vector of an encapsulation in two steps. It corrects
// the hash in the header and the checksum of the state in some inputs.
func FuzzTwoStep(f *testing.F) {
	for n := range byte(3) {
		large := []byte{2, 0, 1, 128}
		f.Add(n, pattern(32), []byte{}, []byte{}, []byte{}, false)
		f.Add(n, pattern(32), []byte{1, 40, 0, 0}, []byte{}, []byte{}, false)
		f.Add(n, pattern(32), []byte{}, []byte{0, 0, 0, 2}, []byte{}, true)
		f.Add(n, pattern(32), []byte{}, []byte{1, 70, 0, 0}, []byte{}, true)
		f.Add(n, pattern(32), []byte{}, []byte{6, 0, 0, 7}, large, true)
		f.Add(n, pattern(32), []byte{}, []byte{}, large, true)
		f.Add(n, pattern(32), []byte{}, []byte{}, []byte{2, 3, 0, 127}, true)
	}
	f.Fuzz(func(t *testing.T, n byte, m, headerScript, stateScript, vectorScript []byte, correct bool) {
		s := twoSteps[int(n)%len(twoSteps)]
		m = fit(m, 32)
		x := s.usual(t)
		header, vector := edit(x.header, headerScript), edit(x.vector, vectorScript)
		if correct && len(header) == 64 {
			hash := sha3.Sum256(slices.Concat(vector, header[:32]))
			copy(header[32:], hash[:])
		}
		own, _, _, err := s.derand(header, m)
		if (err == nil) != (len(header) == mlkem.HeaderSize) {
			t.Fatalf("a header of %d bytes: %v", len(header), err)
		}
		if err != nil {
			return
		}
		stored := own.Bytes()
		b := edit(stored, stateScript)
		sized := len(b) == mlkem.EncapsulationStateSize
		if correct && sized {
			copy(b[98:], stateChecksum(b))
		}
		valid := sized && b[0] == stored[0] && b[1] == stored[1] && bytes.Equal(b[98:], stateChecksum(b))
		read, err := s.restore(b)
		if (err == nil) != valid {
			t.Fatalf("%v, but the state is valid: %v", err, valid)
		}
		if !valid {
			return
		}
		if !bytes.Equal(read.Bytes(), b) {
			t.Fatal("a state is stored otherwise than it was read")
		}
		sum := sha3.Sum256(slices.Concat(vector, b[2:34]))
		valid = len(vector) == s.vector && reduced(vector) && bytes.Equal(sum[:], b[34:66])
		part2 := pattern(s.part2)
		err = read.FinishTo(part2, vector)
		if (err == nil) != valid || read.Destroyed() != valid || !valid && !bytes.Equal(part2, pattern(s.part2)) {
			t.Fatalf("%v, but the vector is valid: %v", err, valid)
		}
		if !valid {
			return
		}
		ek := must(s.NewEncapsulationKey(slices.Concat(vector, b[2:34])))(t)
		_, want, err := kemtest.Encapsulate(ek, b[66:98])
		if err != nil || !bytes.HasSuffix(want, part2) {
			t.Errorf("part 2 is wrong: %v", err)
		}
	})
}

// stateChecksum returns the checksum of a stored state.
func stateChecksum(b []byte) []byte {
	sum := sha3.Sum256(slices.Concat([]byte("hybridkem encapsulation state"), b[:98]))
	return sum[:16]
}

// An honestKey is an expanded key and a ciphertext for it, computed by the specification.
type honestKey struct{ seed, dk, ciphertext []byte }

var honestKeys sync.Map // the key is a [2]byte: k of the parameter set, and the number of a seed

// honestKey returns the honest key of the n-th of 256 seeds.
func (s set) honestKey(n byte) honestKey {
	i := [2]byte{byte(s.spec.K), n}
	if k, ok := honestKeys.Load(i); ok {
		return k.(honestKey)
	}
	seed := sha3.SumSHAKE256([]byte{n}, 64)
	ek, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
	_, c := spec.EncapsInternal(s.spec, ek, seed[:32])
	k := honestKey{seed, dk, c}
	honestKeys.Store(i, k)
	return k
}

// FuzzExpandedKey edits an expanded key, corrects its hash in some inputs, and decapsulates an
// edited ciphertext.
func FuzzExpandedKey(f *testing.F) {
	seeds(f, "mlkem_acvp_decap.jsonl", 30, 1, func(set byte, v vector) { f.Add(set, byte(0), replace(v.DK), false, replace(v.C)) })
	seeds(f, "mlkem_acvp_dkcheck.jsonl", 30, 1, func(set byte, v vector) { f.Add(set, byte(0), replace(v.DK), false, []byte{}) })
	for n, s := range sets {
		for _, i := range []int{s.layout().s, s.layout().t, s.layout().rho, s.layout().h, s.layout().z} {
			script := []byte{1, byte(i), byte(i >> 8), 0}
			f.Add(byte(n), byte(i), script, true, []byte{})
			f.Add(byte(n), byte(i), script, false, script)
		}
		f.Add(byte(n), byte(1), []byte{}, false, []byte{1, 9, 1, 0})
	}
	f.Fuzz(func(t *testing.T, n, seed byte, script []byte, rehash bool, ciphertextScript []byte) {
		s := sets[int(n)%len(sets)]
		at := s.layout()
		honest := s.honestKey(seed)
		b, c := edit(honest.dk, script), edit(honest.ciphertext, ciphertextScript)
		if rehash && len(b) == at.end {
			s.rehash(b)
		}
		// FIPS 203 does not ask for reduced coefficients here; this module does.
		valid := len(b) == at.end && bytes.Equal(spec.H(b[at.t:at.h]), b[at.h:at.z]) && reduced(b[:at.rho])
		key, err := s.newExpandedKey(b)
		if (err == nil) != valid {
			t.Fatalf("%v, but the key is valid: %v", err, valid)
		}
		compare := specified(64, []byte{n, seed}, script, ciphertextScript)
		if want := len(b) == at.end && spec.Reduced(b[:at.rho]); compare && want && (err == nil) != (spec.CheckDK(s.spec, b, honest.ciphertext) == nil) {
			t.Fatalf("%v, the specification says otherwise", err)
		}
		if !valid {
			return
		}
		if !bytes.Equal(key.Encapsulator().Bytes(), b[at.t:at.h]) {
			t.Error("the encapsulation key is not the one in the expanded key")
		}
		seedKey := must(s.NewDecapsulationKey(honest.seed))(t)
		same := bytes.Equal(b, honest.dk)
		if key.Matches(seedKey) != same {
			t.Errorf("whether it matches its seed: want %v", same)
		}
		got, err := key.Decapsulate(c)
		if (err == nil) != (len(c) == len(honest.ciphertext)) {
			t.Errorf("%d bytes of ciphertext: %v", len(c), err)
		}
		decapsulates(t, "in two ways", key, c, got)
		if same {
			decapsulates(t, "from the seed", seedKey, c, got)
			if std, ok := stds[s.Name()]; ok {
				want, _ := must(std.newDecapsulationKey(honest.seed))(t).Decapsulate(c)
				decapsulates(t, "beside crypto/mlkem", key, c, want)
			}
		}
		if compare {
			want, _ := spec.Decaps(s.spec, b, c)
			decapsulates(t, "beside the specification", key, c, want)
		}
	})
}

// A stdPeer is crypto/mlkem, or package mlkem for the parameter set that crypto/mlkem lacks. With
// package mlkem, only the combination is compared with something else.
type stdPeer struct {
	std
	dk crypto.Decapsulator
}

var own512 = newStd(mlkem.NewDecapsulationKey512, mlkem.NewEncapsulationKey512,
	func(ek *mlkem.EncapsulationKey512, m []byte) (sharedKey, ciphertext []byte, err error) {
		return kemtest.Encapsulate(ek, m)
	})

func (p stdPeer) encapsulate(ek, m []byte) (sharedKey, ciphertext []byte) {
	key, err := p.newEncapsulationKey(ek)
	if err != nil {
		return nil, nil
	}
	if sharedKey, ciphertext, err = p.std.encapsulate(key, m); err != nil {
		panic(err)
	}
	return sharedKey, ciphertext
}

func (p stdPeer) decapsulate(ciphertext []byte) []byte {
	sharedKey, err := p.dk.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	return sharedKey
}

// fastExchange returns an exchange whose peer takes little time.
func (h hybrid) fastExchange(t testing.TB, seed, random []byte) exchange {
	t.Helper()
	std := own512
	for _, s := range sets {
		if found, ok := stds[s.Name()]; ok && s.spec == h.spec {
			std = found
		}
	}
	seedM, _ := h.expand(seed)
	dk := must(std.newDecapsulationKey(seedM))(t)
	return h.exchangeWith(t, seed, random, dk.Encapsulator().Bytes(), stdPeer{std, dk})
}

// recent caches exchanges, because the fuzzer often changes nothing but a script.
var recent = map[string]exchange{}

func recentExchange(t testing.TB, h hybrid, seed, random []byte) exchange {
	t.Helper()
	key := h.Name() + string(seed) + string(random)
	x, ok := recent[key]
	if !ok {
		x = h.fastExchange(t, seed, random)
		if len(recent) == 1000 {
			clear(recent)
		}
		recent[key] = x
	}
	return x
}

// hybridOf chooses a hybrid by a byte. It rarely chooses one with P-384 or P-521, which take most of the
// time.
func hybridOf(n byte) hybrid {
	rare := n >= 250
	var all []hybrid
	for _, h := range hybrids {
		if slow := h.group == p384 || h.group == p521; slow == rare {
			all = append(all, h)
		}
	}
	return all[int(n)%len(all)]
}

// FuzzHybrid edits the encapsulation key and the ciphertext of a hybrid.
func FuzzHybrid(f *testing.F) {
	vs, err := vectors.Read[struct{ Seed, ESeed, CT vectors.Hex }]("xwing_draft.jsonl", 3)
	if err != nil {
		f.Fatal(err)
	}
	for i, v := range vs {
		f.Add(byte(0), []byte(v.Seed), []byte(v.ESeed), []byte{}, replace(vs[(i+1)%3].CT))
	}
	for i, share := range testkit.X25519Points() {
		if !lowOrder()[share] {
			continue // the fuzzer finds other points by itself, but not those of low order
		}
		n := byte(i % 4)
		x := hybridOf(n).fastExchange(f, pattern(32), pattern(64))
		f.Add(n, x.seed, x.random, replace(x.join(x.ekM, share[:])), replace(x.join(x.ctM, share[:])))
	}
	for _, n := range []byte{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 250, 251, 252} {
		for _, script := range [][]byte{{}, {1, 0xff, 0xff, 0xff}, {5, 0, 0, 0}, {6, 0, 0, 0}} {
			f.Add(n, pattern(32), pattern(160), script, script)
		}
		f.Add(n, pattern(32), []byte{}, []byte{}, []byte{}) // contains no scalar of a NIST curve
	}
	f.Fuzz(func(t *testing.T, n byte, seed, random, keyScript, ciphertextScript []byte) {
		h := hybridOf(n)
		seed, random = fit(seed, 32), fit(random, 32+h.group.seedSize)
		var x exchange
		if specified(256, []byte{n}, seed, random, keyScript, ciphertextScript) {
			x = h.exchange(t, seed, random)
		} else {
			x = recentExchange(t, h, seed, random)
		}
		x.toKey(t, edit(x.wantEK, keyScript))
		x.fromCiphertext(t, edit(x.honestCiphertext, ciphertextScript))
	})
}

// TestHybridOf checks that hybridOf chooses each hybrid for some byte.
func TestHybridOf(t *testing.T) {
	chosen := map[string]int{}
	for n := range 256 {
		chosen[hybridOf(byte(n)).Name()]++
	}
	if len(chosen) != len(hybrids) {
		t.Errorf("%d hybrids of %d: %v", len(chosen), len(hybrids), chosen)
	}
}
