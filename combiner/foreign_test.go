package combiner_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hybridkem/combiner"
	"hybridkem/internal/derand"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A puppet is a part that is not of this module. It behaves like the embedded KEM, except where one
// of its faults says otherwise. It keeps the memory that it is given and the memory that it
// returns. It overwrites memory that the caller should not need any more.
type puppet struct {
	kem.KEM
	faults faults
	kept   []keptMemory
	given  [][]byte // encodings that it has returned

	handed    int     // keys that NewDecapsulationKey has returned without an error
	destroyed int     // keys that have been destroyed
	beside    *puppet // the other part, if that is a puppet, too
}

// faults change what a puppet does after its work is done, or what it returns. A function that is
// nil changes nothing.
type faults struct {
	newDK         func(dk kem.DecapsulationKey) (kem.DecapsulationKey, error)
	newEK         func(ek kem.EncapsulationKey) (kem.EncapsulationKey, error)
	publicKey     func() kem.EncapsulationKey
	bytes         func(b []byte) []byte
	anyLength     bool         // NewEncapsulationKey takes any length
	early         func() error // before an encapsulation or decapsulation has written
	encapsulateTo func() error
	decapsulateTo func() error
	destroy       func()
}

// A keptMemory is memory that a method was given and that holds a secret.
type keptMemory struct {
	method string
	memory []byte
	filled bool // it held more than zeros
}

func (p *puppet) keep(method string, memory []byte) {
	filled := slices.ContainsFunc(memory, func(b byte) bool { return b != 0 })
	p.kept = append(p.kept, keptMemory{method, memory[:cap(memory)], filled})
}

func scribble(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] = 0x5a
	}
}

func (p *puppet) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	dk, err := p.KEM.NewDecapsulationKey(seed)
	p.keep("NewDecapsulationKey", seed)
	if err != nil {
		return nil, err
	}
	key := &puppetDK{dk, p}
	if f := p.faults.newDK; f != nil {
		return f(key)
	}
	p.handed++
	return key, nil
}

func (p *puppet) NewEncapsulationKey(b []byte) (kem.EncapsulationKey, error) {
	defer scribble(b)
	if p.faults.anyLength && len(b) != p.EncapsulationKeySize() {
		b = p.given[0]
	}
	ek, err := p.KEM.NewEncapsulationKey(b)
	if err != nil {
		return nil, err
	}
	key := &puppetEK{ek, p}
	if f := p.faults.newEK; f != nil {
		return f(key)
	}
	return key, nil
}

type puppetDK struct {
	kem.DecapsulationKey
	p *puppet
}

func (k *puppetDK) PublicKey() kem.EncapsulationKey {
	if f := k.p.faults.publicKey; f != nil {
		return f()
	}
	return &puppetEK{k.DecapsulationKey.PublicKey(), k.p}
}

func (k *puppetDK) DecapsulateTo(sharedKey, ciphertext []byte) error {
	defer scribble(ciphertext)
	return k.p.finish("DecapsulateTo", k.p.faults.decapsulateTo, sharedKey, func() error {
		return k.DecapsulationKey.DecapsulateTo(sharedKey, ciphertext)
	})
}

func (k *puppetDK) Destroy() {
	k.p.destroyed++
	k.DecapsulationKey.Destroy()
	if f := k.p.faults.destroy; f != nil {
		f()
	}
}

type puppetEK struct {
	kem.EncapsulationKey
	p *puppet
}

func (k *puppetEK) Bytes() []byte {
	b := k.EncapsulationKey.Bytes()
	k.p.given = append(k.p.given, b)
	if f := k.p.faults.bytes; f != nil {
		return f(b)
	}
	return b
}

func (k *puppetEK) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return k.p.finish("EncapsulateTo", k.p.faults.encapsulateTo, sharedKey, func() error {
		return k.EncapsulationKey.EncapsulateTo(sharedKey, ciphertext)
	})
}

// finish does the work of an encapsulation or decapsulation and keeps the shared key. If there is a
// fault, it then ends with the fault.
func (p *puppet) finish(method string, fault func() error, sharedKey []byte, do func() error) error {
	defer p.keep(method, sharedKey)
	if fault != nil && p.faults.early != nil {
		return p.faults.early()
	}
	if err := do(); err != nil || fault == nil {
		return err
	}
	p.keep(method, sharedKey)
	return fault()
}

// A derandPuppet is a puppet that receives its randomness. Otherwise only KEMs of this module do.
type derandPuppet struct{ *puppet }

func (p derandPuppet) RandomSize() int { return 32 }

func (p derandPuppet) EncapsulateDerand(ek kem.EncapsulationKey, sharedKey, ciphertext []byte, random derand.Random) error {
	p.keep("EncapsulateDerand", random.Bytes())
	return p.finish("EncapsulateTo", p.faults.encapsulateTo, sharedKey, func() error {
		return p.KEM.(derand.KEM).EncapsulateDerand(ek.(*puppetEK).EncapsulationKey, sharedKey, ciphertext, random)
	})
}

// A foreignTrial has the inputs of an operation of a hybrid, and its results.
type foreignTrial struct {
	kem                             kem.KEM
	dk                              kem.DecapsulationKey
	ek                              kem.EncapsulationKey
	seed, encoded, ciphertext, want []byte // inputs, and the right shared key
	sharedKey, ownCiphertext        []byte // buffers
	result                          any    // nil if there is none
}

// The operations of a hybrid. Each returns what it got, and an error.
var foreignOperations = []struct {
	name string
	run  func(x *foreignTrial) (any, error)
	// right reports whether the operation, without a fault, has done what it should.
	right func(x *foreignTrial) bool
}{
	{"GenerateKey", func(x *foreignTrial) (any, error) { return isNil(x.kem.GenerateKey()) },
		func(x *foreignTrial) bool { return kem.CheckKeyPair(x.result.(kem.DecapsulationKey)) == nil }},
	{"NewDecapsulationKey", func(x *foreignTrial) (any, error) { return isNil(x.kem.NewDecapsulationKey(x.seed)) },
		func(x *foreignTrial) bool { return x.dk.Equal(x.result) }},
	{"NewEncapsulationKey", func(x *foreignTrial) (any, error) { return isNil(x.kem.NewEncapsulationKey(x.encoded)) },
		func(x *foreignTrial) bool { return x.ek.Equal(x.result) }},
	{"EncapsulateTo", func(x *foreignTrial) (any, error) { return nil, x.ek.EncapsulateTo(x.sharedKey, x.ownCiphertext) },
		func(x *foreignTrial) bool { return decapsulatesTo(x.dk, x.ownCiphertext, x.sharedKey) }},
	{"Encapsulate", func(x *foreignTrial) (result any, err error) {
		defer func() { // It has no other way to fail.
			switch value := recover().(type) {
			case nil:
			case error:
				err = value
			default:
				panic(value)
			}
		}()
		sharedKey, ciphertext := x.ek.Encapsulate()
		return [2][]byte{sharedKey, ciphertext}, nil
	}, func(x *foreignTrial) bool {
		got := x.result.([2][]byte)
		return decapsulatesTo(x.dk, got[1], got[0])
	}},
	{"DecapsulateTo", func(x *foreignTrial) (any, error) { return nil, x.dk.DecapsulateTo(x.sharedKey, x.ciphertext) },
		func(x *foreignTrial) bool { return bytes.Equal(x.sharedKey, x.want) }},
	{"Decapsulate", func(x *foreignTrial) (any, error) {
		sharedKey, err := x.dk.Decapsulate(x.ciphertext)
		if sharedKey == nil {
			return nil, err
		}
		return sharedKey, err
	}, func(x *foreignTrial) bool { return bytes.Equal(x.result.([]byte), x.want) }},
	{"CheckKeyPair", func(x *foreignTrial) (any, error) { return nil, kem.CheckKeyPair(x.dk) },
		func(x *foreignTrial) bool { return true }},
	{"Destroy", func(x *foreignTrial) (any, error) { x.dk.Destroy(); return nil, nil },
		func(x *foreignTrial) bool { return x.dk.Destroyed() && x.dk.Bytes() == nil }},
}

// isNil returns a nil interface for a nil key.
func isNil[K comparable](key K, err error) (any, error) {
	var none K
	if key == none {
		return nil, err
	}
	return key, err
}

func decapsulatesTo(dk kem.DecapsulationKey, ciphertext, want []byte) bool {
	got, err := dk.Decapsulate(ciphertext)
	return err == nil && bytes.Equal(got, want)
}

var errBroken = errors.New("broken")

// The faults of a part, each with the method that has it. An operation that calls the method must
// end with an error that wraps want. If want is nil, it must end with the panic of the part.
var foreignFaults = []struct {
	method, name string
	set          func(f *faults)
	want         error
}{
	{"NewDecapsulationKey", "an error", func(f *faults) {
		f.newDK = func(kem.DecapsulationKey) (kem.DecapsulationKey, error) { return nil, errBroken }
	}, errBroken},
	{"NewDecapsulationKey", "an error beside a key", func(f *faults) {
		f.newDK = func(dk kem.DecapsulationKey) (kem.DecapsulationKey, error) { return dk, errBroken }
	}, errBroken},
	{"NewDecapsulationKey", "an error beside a nil pointer", func(f *faults) {
		f.newDK = func(kem.DecapsulationKey) (kem.DecapsulationKey, error) { return (*puppetDK)(nil), errBroken }
	}, errBroken},
	{"NewDecapsulationKey", "no key and no error", func(f *faults) {
		f.newDK = func(kem.DecapsulationKey) (kem.DecapsulationKey, error) { return nil, nil }
	}, kem.ErrNoKey},
	{"NewDecapsulationKey", "a panic", func(f *faults) {
		f.newDK = func(kem.DecapsulationKey) (kem.DecapsulationKey, error) { panic("broken") }
	}, nil},
	{"PublicKey", "no key", func(f *faults) { f.publicKey = func() kem.EncapsulationKey { return nil } }, kem.ErrNoKey},
	{"PublicKey", "a panic", func(f *faults) { f.publicKey = func() kem.EncapsulationKey { panic("broken") } }, nil},
	{"Bytes", "nothing", func(f *faults) { f.bytes = func([]byte) []byte { return nil } }, kem.ErrLength},
	{"Bytes", "too little", func(f *faults) { f.bytes = func(b []byte) []byte { return b[1:] } }, kem.ErrLength},
	{"Bytes", "too little, and taken", func(f *faults) {
		f.bytes = func(b []byte) []byte { return b[1:] }
		f.anyLength = true
	}, kem.ErrLength},
	{"Bytes", "too much", func(f *faults) { f.bytes = func(b []byte) []byte { return append(b, 0) } }, kem.ErrLength},
	{"Bytes", "a panic", func(f *faults) { f.bytes = func([]byte) []byte { panic("broken") } }, nil},
	{"NewEncapsulationKey", "an error", func(f *faults) {
		f.newEK = func(kem.EncapsulationKey) (kem.EncapsulationKey, error) { return nil, errBroken }
	}, errBroken},
	{"NewEncapsulationKey", "an error beside a key", func(f *faults) {
		f.newEK = func(ek kem.EncapsulationKey) (kem.EncapsulationKey, error) { return ek, errBroken }
	}, errBroken},
	{"NewEncapsulationKey", "no key and no error", func(f *faults) {
		f.newEK = func(kem.EncapsulationKey) (kem.EncapsulationKey, error) { return nil, nil }
	}, kem.ErrNoKey},
	{"NewEncapsulationKey", "a panic", func(f *faults) {
		f.newEK = func(kem.EncapsulationKey) (kem.EncapsulationKey, error) { panic("broken") }
	}, nil},
	{"EncapsulateTo", "an error", func(f *faults) { f.encapsulateTo = func() error { return errBroken } }, errBroken},
	{"EncapsulateTo", "an error before it writes", func(f *faults) {
		f.encapsulateTo = func() error { return errBroken }
		f.early = f.encapsulateTo
	}, errBroken},
	{"EncapsulateTo", "a panic", func(f *faults) { f.encapsulateTo = func() error { panic("broken") } }, nil},
	{"DecapsulateTo", "an error", func(f *faults) { f.decapsulateTo = func() error { return errBroken } }, errBroken},
	{"DecapsulateTo", "an error before it writes", func(f *faults) {
		f.decapsulateTo = func() error { return errBroken }
		f.early = f.decapsulateTo
	}, errBroken},
	{"DecapsulateTo", "a panic", func(f *faults) { f.decapsulateTo = func() error { panic("broken") } }, nil},
	{"Destroy", "a panic", func(f *faults) { f.destroy = func() { panic("broken") } }, nil},
}

// calls maps each method of a part to the operations of a hybrid that call it.
var calls = map[string]string{
	"NewDecapsulationKey": "GenerateKey NewDecapsulationKey",
	"PublicKey":           "GenerateKey NewDecapsulationKey",
	"Bytes":               "GenerateKey NewDecapsulationKey",
	"NewEncapsulationKey": "GenerateKey NewDecapsulationKey NewEncapsulationKey",
	"EncapsulateTo":       "EncapsulateTo Encapsulate CheckKeyPair",
	"DecapsulateTo":       "DecapsulateTo Decapsulate CheckKeyPair",
	"Destroy":             "Destroy",
}

// The places of a puppet in a hybrid.
var puppetPlaces = []struct {
	name   string
	hybrid func(p *puppet) kem.KEM
}{
	{"PQ of UG", func(p *puppet) kem.KEM { return combiner.UG("puppet", p, combiner.X25519()) }},
	{"PQ of CK", func(p *puppet) kem.KEM { return combiner.CK("puppet", p, mlkem.KEM768()) }},
	{"T of CK", func(p *puppet) kem.KEM { return combiner.CK("puppet", mlkem.KEM768(), p) }},
	{"T of UK", func(p *puppet) kem.KEM { return combiner.UK("puppet", xwing.KEM(), p) }},
	{"PQ of CG that is PQ", func(p *puppet) kem.KEM {
		return combiner.UG("puppet", combiner.CG("inner", p, combiner.P256()), combiner.X25519())
	}},
	{"PQ beside another", func(p *puppet) kem.KEM {
		p.beside = &puppet{KEM: mlkem.KEM512()}
		return combiner.UK("puppet", p, p.beside)
	}},
	{"T beside another", func(p *puppet) kem.KEM {
		p.beside = &puppet{KEM: mlkem.KEM512()}
		return combiner.UK("puppet", p.beside, p)
	}},
	{"PQ, with randomness", func(p *puppet) kem.KEM { return combiner.UG("puppet", derandPuppet{p}, combiner.X25519()) }},
	{"T, with randomness", func(p *puppet) kem.KEM { return combiner.UK("puppet", mlkem.KEM768(), derandPuppet{p}) }},
}

// TestForeignPart tries every fault of a part, in every place, in every operation. An operation
// that meets the fault must end with an error or a panic, return nothing, and leave the caller's
// memory as it was. The other operations must do their work. Without the fault, the same keys must
// do their work, too. After each operation, the memory with secrets that the part was given must be
// zero.
func TestForeignPart(t *testing.T) {
	cases, met := 0, 0
	kept := map[string]int{}
	for _, place := range puppetPlaces {
		for _, fault := range foreignFaults {
			for _, operation := range foreignOperations {
				cases++
				what := place.name + ": " + fault.method + " with " + fault.name + ": " + operation.name
				p := &puppet{KEM: mlkem.KEM512()}
				x := newForeignTrial(t, place.hybrid(p))
				before := *x
				before.seed, before.encoded, before.ciphertext = bytes.Clone(x.seed), bytes.Clone(x.encoded), bytes.Clone(x.ciphertext)
				before.sharedKey, before.ownCiphertext = bytes.Clone(x.sharedKey), bytes.Clone(x.ownCiphertext)
				untouched := func() bool {
					return bytes.Equal(x.seed, before.seed) && bytes.Equal(x.encoded, before.encoded) && bytes.Equal(x.ciphertext, before.ciphertext)
				}

				fault.set(&p.faults)
				p.handed, p.destroyed = 0, 0
				value, err := runForeign(x, operation.run)
				p.faults = faults{}
				switch meets := slices.Contains(strings.Fields(calls[fault.method]), operation.name); {
				case !meets && (err != nil || value != nil || !operation.right(x)):
					t.Errorf("%s: the operation does not meet the fault, and is wrong: %v", what, err)
				case !meets:
				case fault.want == nil && value != "broken":
					t.Errorf("%s: the panic is lost: %v, %v", what, value, err)
				case fault.want != nil && (value != nil || !errors.Is(err, fault.want)):
					t.Errorf("%s: the error is %v, want %v", what, err, fault.want)
				case x.result != nil:
					t.Errorf("%s: it returns %T", what, x.result)
				case !bytes.Equal(x.sharedKey, before.sharedKey) || !bytes.Equal(x.ownCiphertext, before.ownCiphertext):
					t.Errorf("%s: it writes to the caller's buffers", what)
				case strings.HasSuffix(operation.name, "Key") && p.destroyed != p.handed:
					t.Errorf("%s: %d keys of the part are destroyed, want %d", what, p.destroyed, p.handed)
				default:
					met++
					if err != nil {
						errorText(t, what, err)
					}
				}
				if !untouched() {
					t.Errorf("%s: an input is changed", what)
				}
				if operation.name != "Destroy" {
					if value, err := runForeign(x, operation.run); err != nil || value != nil || !operation.right(x) || !untouched() {
						t.Errorf("%s: wrong after the fault, without it: %v, %v", what, err, value)
					}
				}
				for _, b := range p.given {
					scribble(b)
				}
				if !bytes.Equal(x.ek.Bytes(), before.encoded) {
					t.Errorf("%s: the encapsulation key lies in the part's memory", what)
				}
				// If a fault left a use open, Destroy would not reach the part.
				parts := []*puppet{p}
				if p.beside != nil {
					parts = append(parts, p.beside)
				}
				if operation.name != "Destroy" {
					for _, part := range parts {
						part.destroyed = 0
					}
					x.dk.Destroy()
				}
				for _, part := range parts {
					if !x.dk.Destroyed() || x.dk.Bytes() != nil || part.destroyed != 1 {
						t.Errorf("%s: not destroyed, and %d keys of a part are", what, part.destroyed)
					}
				}
				for _, k := range p.kept {
					if slices.ContainsFunc(k.memory, func(b byte) bool { return b != 0 }) {
						t.Errorf("%s: the memory given to %s is not cleared", what, k.method)
					}
					if k.filled {
						kept[k.method]++
					}
				}
			}
		}
	}
	if want := 9 * 23 * 9; cases != want {
		t.Errorf("%d cases, want %d", cases, want)
	}
	// Each term is the number of a method's faults times the number of operations that call it.
	if want := 9 * (5*2 + 2*2 + 5*2 + 4*3 + 3*3 + 3*3 + 1); met != want {
		t.Errorf("%d cases meet their fault, want %d", met, want)
	}
	for _, method := range []string{"NewDecapsulationKey", "EncapsulateTo", "EncapsulateDerand", "DecapsulateTo"} {
		if kept[method] == 0 {
			t.Errorf("%s was given no memory with a secret", method)
		}
	}
	t.Logf("%d cases, %d with a fault; pieces of memory with secrets: %v", cases, met, kept)
}

// newForeignTrial makes keys with a part that has no faults yet.
func newForeignTrial(t *testing.T, k kem.KEM) *foreignTrial {
	t.Helper()
	x := &foreignTrial{kem: k, seed: bytes.Repeat([]byte{5}, k.SeedSize())}
	var err error
	if x.dk, err = k.NewDecapsulationKey(x.seed); err != nil {
		t.Fatal(err)
	}
	x.ek = x.dk.PublicKey()
	x.encoded = x.ek.Bytes()
	x.want, x.ciphertext = x.ek.Encapsulate()
	x.sharedKey = bytes.Repeat([]byte{0xa5}, k.SharedKeySize())
	x.ownCiphertext = bytes.Repeat([]byte{0xa5}, k.CiphertextSize())
	return x
}

// runForeign runs an operation and returns its error, or the value that it panicked with.
func runForeign(x *foreignTrial, run func(x *foreignTrial) (any, error)) (value any, err error) {
	defer func() { value = recover() }()
	x.result = nil
	x.result, err = run(x)
	return nil, err
}

// TestNilKEM checks that a hybrid with a nil part is refused with a panic.
func TestNilKEM(t *testing.T) {
	var none *puppet
	for _, k := range []kem.KEM{nil, none} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "combiner: ") {
					t.Errorf("a KEM of %T: %q", k, text)
				}
			}()
			combiner.UK("nil", k, mlkem.KEM512())
		}()
	}
}

// A sizedKEM is a KEM that gives other sizes.
type sizedKEM struct {
	kem.KEM
	seed, encapsulationKey, ciphertext, sharedKey int
}

func (k sizedKEM) SeedSize() int             { return k.seed }
func (k sizedKEM) EncapsulationKeySize() int { return k.encapsulationKey }
func (k sizedKEM) CiphertextSize() int       { return k.ciphertext }
func (k sizedKEM) SharedKeySize() int        { return k.sharedKey }

// TestSizes checks that a KEM with a size that is not positive is refused with a panic, as either part.
func TestSizes(t *testing.T) {
	panics := func(k kem.KEM) (texts string) {
		for _, hybrid := range []func(){
			func() { combiner.UK("sizes", k, mlkem.KEM512()) },
			func() { combiner.CK("sizes", mlkem.KEM512(), k) },
			func() { combiner.UG("sizes", k, combiner.X25519()) },
			func() { combiner.CG("sizes", k, combiner.X25519()) },
		} {
			func() {
				defer func() { texts += fmt.Sprintln(recover()) }()
				hybrid()
			}()
		}
		return texts
	}
	four := func(text string) string { return strings.Repeat(text+"\n", 4) }
	for _, bad := range []int{0, -1} {
		for _, k := range []sizedKEM{{nil, bad, 1, 1, 1}, {nil, 1, bad, 1, 1}, {nil, 1, 1, bad, 1}, {nil, 1, 1, 1, bad}} {
			k.KEM = mlkem.KEM768()
			if got := panics(k); got != four("combiner: a size of ML-KEM-768 is not positive") {
				t.Errorf("%+v: %q", k, got)
			}
		}
	}
	if got := panics(sizedKEM{mlkem.KEM768(), 1, 1, 1, 1}); got != four("<nil>") {
		t.Errorf("a KEM with positive sizes: %q", got)
	}
}

// TestNotReplaced checks a foreign part with the name of a KEM of this module. CG must panic and
// not return the named hybrid in the place of the hybrid with the foreign part.
func TestNotReplaced(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a part of another module is taken for ML-KEM-768")
		}
	}()
	combiner.CG("MLKEM768-P256", testkit.Foreign(mlkem.KEM768(), testkit.Faults{}), combiner.P256())
}

// TestCheckKeyPairFails checks keys to which nobody can encapsulate. CheckKeyPair must return an
// error, and must not panic as Encapsulate does.
func TestCheckKeyPairFails(t *testing.T) {
	dk, err := combiner.UK("failing", mlkem.KEM768(), testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		EncapsulationKey: func(ek kem.EncapsulationKey) kem.EncapsulationKey { return failingEK{ek} },
	})).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := kem.CheckKeyPair(dk); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("CheckKeyPair: %v", err)
	}
}

// TestHandle overwrites the key that EncapsulationKey returns. The private key must stay the same.
func TestHandle(t *testing.T) {
	dk, err1 := xwing.GenerateKey()
	other, err2 := xwing.GenerateKey()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	sharedKey, ciphertext := dk.EncapsulationKey().Encapsulate()
	for _, ek := range []xwing.EncapsulationKey{*other.EncapsulationKey(), {}} {
		*dk.EncapsulationKey() = ek
		if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) || !dk.Equal(dk) {
			t.Errorf("a private key depends on the handle of its public key: %v", err)
		}
	}
	dk.Destroy()
	if _, err := dk.Decapsulate(ciphertext); !errors.Is(err, kem.ErrDestroyed) {
		t.Errorf("after Destroy: %v", err)
	}
}
