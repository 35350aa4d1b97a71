package batch_test

import (
	"bytes"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/combiner"
	"hybridkem/internal/testkit"
	"hybridkem/internal/testseed"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// kems returns all KEMs of this module, one with a part from another module, one that is from another
// module, and two that do operations together.
func kems() []kem.KEM {
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{})
	return append(hybridkem.All(), combiner.CG("foreign part", foreign, combiner.X25519()), foreign,
		newFake(mlkem.KEM512()), newFake(mlkem.KEM768()))
}

// counts returns numbers of rows to try with k: those up to 33, or a few of them if k is slow.
func counts(k kem.KEM) (counts []int) {
	switch {
	case testkit.Sweep():
	case slow(k):
		return []int{0, 1, 9}
	case testing.Short():
		return []int{0, 1, 7, 8, 9, 17}
	}
	for n := range 34 {
		counts = append(counts, n)
	}
	return counts
}

// slow reports whether k has a NIST curve.
func slow(k kem.KEM) bool { return regexp.MustCompile("P-?(256|384|521)").MatchString(k.Name()) }

// TestRows checks that rows give the same as single operations, also if some have errors: for any number
// of rows of one KEM, and of all KEMs mixed.
func TestRows(t *testing.T) {
	all := kems()
	peers := make([]*peer, len(all))
	for i, k := range all {
		peers[i] = newPeer(t, k)
	}
	random := rand.New(rand.NewPCG(1, 2))
	check := func(what string, peers []*peer, n int) {
		dec, enc := make([]batch.Decapsulation, n), make([]batch.Encapsulation, n)
		want := make([]*peer, n)
		for i := range n {
			p := peers[random.IntN(len(peers))]
			want[i] = p
			dec[i] = batch.Decapsulation{Key: p.dk, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: p.ciphertext}
			enc[i] = batch.Encapsulation{Key: p.ek, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: make([]byte, len(p.ciphertext))}
			switch random.IntN(20) {
			case 0:
				want[i], dec[i].Key, enc[i].Key = nil, nil, nil
			case 1:
				want[i], dec[i].Ciphertext, enc[i].Ciphertext = nil, dec[i].Ciphertext[1:], enc[i].Ciphertext[1:]
			}
		}
		batch.Decapsulate(dec)
		batch.Encapsulate(enc)
		for i, p := range want {
			if p == nil {
				if dec[i].Err == nil || enc[i].Err == nil || !zero(dec[i].SharedKey) || !zero(enc[i].SharedKey) || !zero(enc[i].Ciphertext) {
					t.Errorf("%s: row %d of %d has written something, or has no error: %v, %v", what, i, n, dec[i].Err, enc[i].Err)
				}
				continue
			}
			if dec[i].Err != nil || !bytes.Equal(dec[i].SharedKey, p.sharedKey) {
				t.Errorf("%s: row %d of %d: another shared key, %v", what, i, n, dec[i].Err)
			}
			if again, err := p.dk.Decapsulate(enc[i].Ciphertext); err != nil || enc[i].Err != nil || !bytes.Equal(again, enc[i].SharedKey) {
				t.Errorf("%s: row %d of %d: Encapsulate: %v, %v", what, i, n, enc[i].Err, err)
			}
		}
	}
	for i, k := range all {
		for _, n := range counts(k) {
			check(k.Name(), peers[i:i+1], n)
		}
	}
	check("mixed", peers, 100)
	fast := slices.DeleteFunc(peers, func(p *peer) bool { return slow(p.dk.KEM()) })
	for n := range 34 {
		check("mixed", fast, n)
	}
	check("mixed", fast, 1000)
}

func zero(b []byte) bool { return !slices.ContainsFunc(b, func(b byte) bool { return b != 0 }) }

// TestKeyRows does the same for rows that make keys, in new memory and in that of other keys.
func TestKeyRows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, k := range kems() {
		for _, n := range counts(k) {
			pairs, publics := make([]batch.KeyPair, n), make([]batch.PublicKey, n)
			for round := range 2 {
				for i := range n {
					pairs[i].Seed = testseed.Of(k, randomBytes(random, k.SeedSize()))
					want, err := k.NewDecapsulationKey(pairs[i].Seed)
					if err != nil {
						t.Fatal(err)
					}
					publics[i].Bytes = want.PublicKey().Bytes()
				}
				bad := -1
				if round == 1 && n > 0 {
					bad = random.IntN(n)
					pairs[bad].Seed, publics[bad].Bytes = pairs[bad].Seed[1:], publics[bad].Bytes[1:]
				}
				batch.Expand(k, pairs)
				batch.Parse(k, publics)
				for i := range n {
					_, err := k.NewDecapsulationKey(pairs[i].Seed)
					_, errParse := k.NewEncapsulationKey(publics[i].Bytes)
					if fmt.Sprint(pairs[i].Err) != fmt.Sprint(err) || fmt.Sprint(publics[i].Err) != fmt.Sprint(errParse) || (err != nil) != (i == bad) {
						t.Errorf("%s: row %d of %d: %v and %v, want %v and %v", k.Name(), i, n, pairs[i].Err, publics[i].Err, err, errParse)
					}
					if i != bad && (!bytes.Equal(pairs[i].Key.Bytes(), pairs[i].Seed) || !bytes.Equal(publics[i].Key.Bytes(), publics[i].Bytes) ||
						!pairs[i].Key.PublicKey().Equal(publics[i].Key)) {
						t.Errorf("%s: row %d of %d is another key", k.Name(), i, n)
					}
				}
			}
			seeds := make([][]byte, n)
			for i := range pairs {
				seeds[i] = bytes.Clone(pairs[i].Seed)
			}
			batch.Generate(k, pairs)
			drawn := map[string]bool{}
			for i, row := range pairs {
				if row.Err != nil || !bytes.Equal(row.Seed, seeds[i]) || bytes.Equal(row.Key.Bytes(), row.Seed) {
					t.Errorf("%s: row %d of %d: the seed was used or has changed, %v", k.Name(), i, n, row.Err)
				}
				drawn[string(row.Key.Bytes())] = true
			}
			if len(drawn) != n {
				t.Errorf("%s: %d different keys were generated, want %d", k.Name(), len(drawn), n)
			}
		}
	}
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// A reusable is a key of another module whose memory can become another key.
type reusable struct {
	kem.DecapsulationKey
	kem kem.KEM
}

func (dk *reusable) KEM() kem.KEM { return dk.kem }
func (dk *reusable) Reset(seed []byte) error {
	other, err := dk.kem.NewDecapsulationKey(seed)
	if err == nil {
		dk.DecapsulationKey = other
	}
	return err
}

func (dk *reusable) Regenerate() error { return dk.Reset(make([]byte, dk.kem.SeedSize())) }

// A reusableEK is the same for encapsulation keys.
type reusableEK struct {
	kem.EncapsulationKey
	kem kem.KEM
}

func (ek *reusableEK) KEM() kem.KEM { return ek.kem }
func (ek *reusableEK) Reset(b []byte) error {
	other, err := ek.kem.NewEncapsulationKey(b)
	if err == nil {
		ek.EncapsulationKey = other
	}
	return err
}

// A notComparable is a KEM that cannot be compared.
type notComparable struct {
	kem.KEM
	_ []int
}

// TestReuse checks whose memory is used again.
func TestReuse(t *testing.T) {
	own := testkit.Foreign(mlkem.KEM512(), testkit.Faults{})
	f := newFake(mlkem.KEM512())
	for _, test := range []struct {
		name   string
		kem    kem.KEM // of Expand
		key    kem.KEM // of the key
		reused bool
	}{
		{"same KEM", own, own, true},
		{"another KEM", mlkem.KEM768(), own, false},
		{"another value of the same type", testkit.Foreign(mlkem.KEM512(), testkit.Faults{}), own, false},
		{"not comparable", notComparable{KEM: own}, notComparable{KEM: own}, false},
		{"a key without a KEM", own, nil, false},
		{"together", f, own, false},
	} {
		dk, err := mlkem.KEM512().GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		old := &reusable{dk, test.key}
		rows := []batch.KeyPair{{Key: old, Seed: dk.Bytes()}, {Key: old, Seed: nil}}
		batch.Expand(test.kem, rows)
		if rows[0].Err != nil || (rows[0].Key == old) != test.reused || !bytes.Equal(rows[0].Key.Bytes(), dk.Bytes()) {
			t.Errorf("%s: the memory was used again: %v, want %v; %v", test.name, rows[0].Key == old, test.reused, rows[0].Err)
		}
		if !errors.Is(rows[1].Err, kem.ErrLength) || rows[1].Key != old {
			t.Errorf("%s: a row with an error: %v", test.name, rows[1].Err)
		}
		// A nil pointer is no key.
		none := []batch.KeyPair{{Key: (*reusable)(nil), Seed: dk.Bytes()}}
		for _, f := range []func(kem.KEM, []batch.KeyPair){batch.Expand, batch.Generate} {
			if f(test.kem, none); none[0].Err != nil || none[0].Key.Bytes() == nil {
				t.Errorf("%s: a row with a nil pointer: %v", test.name, none[0].Err)
			}
			none[0].Key = (*reusable)(nil)
		}
		rows[0].Key = old
		batch.Generate(test.kem, rows[:1])
		if rows[0].Err != nil || (rows[0].Key == old) != test.reused || bytes.Equal(rows[0].Key.Bytes(), dk.Bytes()) {
			t.Errorf("%s: the memory was used again: %v, want %v; %v", test.name, rows[0].Key == old, test.reused, rows[0].Err)
		}
		other, err := test.kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		oldEK := &reusableEK{dk.PublicKey(), test.key}
		encoded := other.PublicKey().Bytes()
		publics := []batch.PublicKey{{Key: oldEK, Bytes: encoded}, {Key: oldEK}, {Key: (*reusableEK)(nil), Bytes: encoded}}
		batch.Parse(test.kem, publics)
		if publics[2].Err != nil || !bytes.Equal(publics[2].Key.Bytes(), encoded) {
			t.Errorf("%s: a row with a nil pointer: %v", test.name, publics[2].Err)
		}
		if publics[0].Err != nil || (publics[0].Key == oldEK) != test.reused || !errors.Is(publics[1].Err, kem.ErrLength) || publics[1].Key != oldEK {
			t.Errorf("%s: the memory was used again: %v, want %v; %v", test.name, publics[0].Key == oldEK, test.reused, publics[0].Err)
		}
	}
}

// TestGroups checks which rows are done together.
func TestGroups(t *testing.T) {
	fakes := make([]*fake, 10)
	peers := make([]*peer, len(fakes))
	for i := range fakes {
		fakes[i] = newFake(mlkem.KEM512())
		peers[i] = newPeer(t, fakes[i])
	}
	foreign := newPeer(t, testkit.Foreign(mlkem.KEM512(), testkit.Faults{}))
	for _, test := range []struct {
		name string
		row  func(i int) *peer // of 40 rows
		want []int             // the groups of the first fake
	}{
		{"all the same", func(i int) *peer { return peers[0] }, []int{8, 8, 8, 8, 8}},
		{"one in four", func(i int) *peer { return peers[i%4] }, []int{8, 2}},
		{"between rows of other modules", func(i int) *peer { return []*peer{peers[0], foreign, foreign, nil}[i%4] }, []int{8, 2}},
		{"eight KEMs", func(i int) *peer { return peers[i%8] }, []int{5}},
		{"more KEMs than groups", func(i int) *peer { return peers[i%9] }, []int{1, 1, 1, 1, 1}},
	} {
		dec, enc := make([]batch.Decapsulation, 40), make([]batch.Encapsulation, 40)
		for i := range dec {
			if p := test.row(i); p != nil {
				dec[i] = batch.Decapsulation{Key: p.dk, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: p.ciphertext}
				enc[i] = batch.Encapsulation{Key: p.ek, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: make([]byte, len(p.ciphertext))}
			}
		}
		batch.Decapsulate(dec)
		got := fakes[0].taken()
		batch.Encapsulate(enc)
		if gotEnc := fakes[0].taken(); !slices.Equal(got, test.want) || !slices.Equal(gotEnc, test.want) {
			t.Errorf("%s: groups of %v and %v, want %v", test.name, got, gotEnc, test.want)
		}
		for i := range dec {
			if p := test.row(i); p != nil && (dec[i].Err != nil || enc[i].Err != nil || !bytes.Equal(dec[i].SharedKey, p.sharedKey)) {
				t.Errorf("%s: row %d: %v, %v", test.name, i, dec[i].Err, enc[i].Err)
			}
		}
	}
	pairs, publics := make([]batch.KeyPair, 19), make([]batch.PublicKey, 19)
	batch.Generate(fakes[0], pairs)
	for i := range pairs {
		pairs[i].Seed = make([]byte, 64)
		publics[i].Bytes = peers[0].ek.Bytes()
	}
	batch.Expand(fakes[0], pairs)
	batch.Parse(fakes[0], publics)
	if got, want := fakes[0].taken(), []int{8, 8, 3, 8, 8, 3, 8, 8, 3}; !slices.Equal(got, want) {
		t.Errorf("keys were made in groups of %v, want %v", got, want)
	}
}

// TestMistakes checks that each mistake gives the error of the single operation.
func TestMistakes(t *testing.T) {
	checked := 0
	is := func(what string, got, want error) {
		t.Helper()
		checked++
		if want == nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, k := range kems() {
		p, destroyed := newPeer(t, k), newPeer(t, k)
		destroyed.dk.Destroy()
		buf := make([]byte, len(p.sharedKey)+len(p.ciphertext))
		sharedKey, ciphertext := buf[:len(p.sharedKey)], buf[len(p.sharedKey):]
		dec := []batch.Decapsulation{
			{Key: p.dk, SharedKey: sharedKey[1:], Ciphertext: ciphertext}, {Key: p.dk, SharedKey: sharedKey, Ciphertext: ciphertext[1:]},
			{Key: p.dk, SharedKey: buf, Ciphertext: ciphertext}, {Key: p.dk, SharedKey: sharedKey, Ciphertext: buf},
			{Key: p.dk}, {Key: destroyed.dk, SharedKey: sharedKey, Ciphertext: ciphertext},
		}
		batch.Decapsulate(dec)
		for _, row := range dec {
			is(k.Name()+": Decapsulate", row.Err, row.Key.DecapsulateTo(row.SharedKey, row.Ciphertext))
		}
		enc := []batch.Encapsulation{
			{Key: p.ek, SharedKey: sharedKey[1:], Ciphertext: ciphertext}, {Key: p.ek, SharedKey: sharedKey, Ciphertext: ciphertext[1:]},
			{Key: p.ek, SharedKey: buf, Ciphertext: ciphertext}, {Key: p.ek, SharedKey: sharedKey, Ciphertext: buf},
			{Key: p.ek}, {Key: p.ek, SharedKey: ciphertext[:len(sharedKey)], Ciphertext: ciphertext},
		}
		batch.Encapsulate(enc)
		for _, row := range enc {
			is(k.Name()+": Encapsulate", row.Err, row.Key.EncapsulateTo(row.SharedKey, row.Ciphertext))
		}
		pairs := []batch.KeyPair{{}, {Seed: make([]byte, k.SeedSize()-1)}, {Seed: make([]byte, k.SeedSize()+1)}}
		batch.Expand(k, pairs)
		for _, row := range pairs {
			is(k.Name()+": Expand", row.Err, second(k.NewDecapsulationKey(row.Seed)))
		}
		encoded := p.ek.Bytes()
		publics := []batch.PublicKey{{}, {Bytes: encoded[1:]}, {Bytes: append(encoded, 0)}, {Bytes: bytes.Repeat([]byte{0xff}, len(encoded))}}
		batch.Parse(k, publics)
		for _, row := range publics {
			is(k.Name()+": Parse", row.Err, second(k.NewEncapsulationKey(row.Bytes)))
		}
		for i := range buf {
			if buf[i] != 0 {
				t.Errorf("%s: a row with an error has written something", k.Name())
				break
			}
		}
	}
	if checked != 19*len(kems()) {
		t.Errorf("%d mistakes are checked", checked)
	}

	dec := []batch.Decapsulation{{}, {Key: (*xwing.DecapsulationKey)(nil)}, {Key: new(xwing.DecapsulationKey)}, {Key: (*mlkem.ExpandedKey768)(nil)}}
	enc := []batch.Encapsulation{{}, {Key: (*xwing.EncapsulationKey)(nil)}, {Key: new(mlkem.EncapsulationKey1024)}}
	batch.Decapsulate(dec)
	batch.Encapsulate(enc)
	for _, row := range dec {
		if !errors.Is(row.Err, kem.ErrNoKey) {
			t.Errorf("%T: %v, want ErrNoKey", row.Key, row.Err)
		}
	}
	for _, row := range enc {
		if !errors.Is(row.Err, kem.ErrNoKey) {
			t.Errorf("%T: %v, want ErrNoKey", row.Key, row.Err)
		}
	}
	pairs, publics := make([]batch.KeyPair, 2), make([]batch.PublicKey, 2)
	batch.Parse(nil, publics)
	for _, f := range []func(kem.KEM, []batch.KeyPair){batch.Expand, batch.Generate} {
		f(nil, pairs)
		if !errors.Is(pairs[1].Err, kem.ErrUnsupported) || !errors.Is(publics[1].Err, kem.ErrUnsupported) {
			t.Errorf("nil KEM: %v and %v, want ErrUnsupported", pairs[1].Err, publics[1].Err)
		}
		pairs[1].Err = nil
	}
}

// TestRowsPanic checks that after a panic each row is either done or has an error.
func TestRowsPanic(t *testing.T) {
	f := newFake(mlkem.KEM512())
	good := newPeer(t, f)
	bad := newPeer(t, testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return badKey{dk, func() { panic("bad") }} },
	}))
	rows := make([]batch.Decapsulation, 20)
	for i := range rows {
		rows[i] = batch.Decapsulation{Key: good.dk, SharedKey: make([]byte, 32), Ciphertext: good.ciphertext}
	}
	rows[9].Key = bad.dk
	func() {
		defer func() {
			if v := recover(); v != "bad" {
				t.Errorf("the panic is %v", v)
			}
		}()
		batch.Decapsulate(rows)
	}()
	done := 0
	for i, row := range rows {
		switch {
		case row.Err == nil && bytes.Equal(row.SharedKey, good.sharedKey):
			done++
		case row.Err != batch.ErrNotDone || !zero(row.SharedKey):
			t.Errorf("row %d: %v", i, row.Err)
		}
	}
	if done != 8 {
		t.Errorf("%d rows are done, want 8", done)
	}
}

// A badEK panics in the place of an encapsulation.
type badEK struct{ kem.EncapsulationKey }

func (badEK) EncapsulateTo(sharedKey, ciphertext []byte) error { panic("bad") }

// A badReader panics in the place of crypto/rand.Reader.
type badReader struct{}

func (badReader) Read([]byte) (int, error) { panic("bad") }

// TestGroupPanics checks that each row is either done or has an error after a panic in the middle of a
// group, of a key whose type is of another module, or of crypto/rand.Reader.
func TestGroupPanics(t *testing.T) {
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		p := newPeer(t, k)
		dec, enc := make([]batch.Decapsulation, 20), make([]batch.Encapsulation, 20)
		for i := range dec {
			dec[i] = batch.Decapsulation{Key: p.dk, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: p.ciphertext}
			enc[i] = batch.Encapsulation{Key: p.ek, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: make([]byte, len(p.ciphertext))}
		}
		// check checks that the first rows are done, and no others.
		check := func(what string, done int, f func(), row func(i int) (sharedKey []byte, err error)) {
			t.Helper()
			func() {
				defer func() {
					if v := recover(); v != "bad" {
						t.Errorf("%s: %s: the panic is %v", k.Name(), what, v)
					}
				}()
				f()
			}()
			for i := range dec {
				sharedKey, err := row(i)
				if i < done && (err != nil || zero(sharedKey)) || i >= done && (err != batch.ErrNotDone || !zero(sharedKey)) {
					t.Errorf("%s: %s: row %d has the error %v, and a shared key: %v", k.Name(), what, i, err, !zero(sharedKey))
				}
				clear(sharedKey)
			}
		}
		decapsulated := func(i int) ([]byte, error) { return dec[i].SharedKey, dec[i].Err }
		encapsulated := func(i int) ([]byte, error) { return enc[i].SharedKey, enc[i].Err }

		reader := crand.Reader
		check("Encapsulate without randomness", 0, func() {
			crand.Reader = badReader{}
			defer func() { crand.Reader = reader }()
			batch.Encapsulate(enc)
		}, encapsulated)
		dec[13].Key, enc[13].Key = badKey{p.dk, func() { panic("bad") }}, badEK{p.ek}
		check("Decapsulate", 8, func() { batch.Decapsulate(dec) }, decapsulated)
		check("Encapsulate", 8, func() { batch.Encapsulate(enc) }, encapsulated)
	}
}

// TestRowsAllocations checks that rows allocate nothing if they and their keys are used again.
func TestRowsAllocations(t *testing.T) {
	f := newFake(mlkem.KEM512())
	for _, k := range []kem.KEM{f, mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024(), xwing.KEM(), combiner.MLKEM512X25519()} {
		p := newPeer(t, k)
		dec, enc := make([]batch.Decapsulation, 20), make([]batch.Encapsulation, 20)
		for i := range dec {
			dec[i] = batch.Decapsulation{Key: p.dk, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: p.ciphertext}
			enc[i] = batch.Encapsulation{Key: p.ek, SharedKey: make([]byte, len(p.sharedKey)), Ciphertext: make([]byte, len(p.ciphertext))}
		}
		testkit.NoAllocations(t, k.Name()+": Decapsulate", func() { batch.Decapsulate(dec) })
		testkit.NoAllocations(t, k.Name()+": Encapsulate", func() { batch.Encapsulate(enc) })
		if k == f {
			continue // its keys have no Reset
		}
		pairs, publics, encoded := make([]batch.KeyPair, 20), make([]batch.PublicKey, 20), p.ek.Bytes()
		for i := range pairs {
			pairs[i].Seed, publics[i].Bytes = make([]byte, k.SeedSize()), encoded
		}
		testkit.NoAllocations(t, k.Name()+": Expand", func() { batch.Expand(k, pairs) })
		testkit.NoAllocations(t, k.Name()+": Generate", func() { batch.Generate(k, pairs) })
		testkit.NoAllocations(t, k.Name()+": Parse", func() { batch.Parse(k, publics) })
	}
}
