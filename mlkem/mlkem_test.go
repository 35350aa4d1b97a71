package mlkem_test

import (
	"bytes"
	"crypto/sha3"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/mlkem/mlkemtest"
)

// Alice generates a new key pair and sends the encapsulation key to Bob.
func Example() {
	dk, err := mlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	encapsulationKey := dk.EncapsulationKey().Bytes()

	// Bob encapsulates a shared key, and sends the ciphertext to Alice.
	ek, err := mlkem.NewEncapsulationKey768(encapsulationKey)
	if err != nil {
		panic(err)
	}
	bobKey, ciphertext := ek.Encapsulate()

	// Alice decapsulates the shared key from the ciphertext.
	aliceKey, err := dk.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	fmt.Println(bytes.Equal(aliceKey, bobKey))
	// Output: true
}

// Alice sends the parts of her encapsulation key one after the other, and Bob those of the ciphertext.
func ExampleBeginEncapsulation768() {
	dk, err := mlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	header, vector := dk.EncapsulationKey().Header(), dk.EncapsulationKey().EncapsulationVector()

	// Bob has the header. He sends part 1, and stores the state, which is secret.
	state, bobKey, part1, err := mlkem.BeginEncapsulation768(header)
	if err != nil {
		panic(err)
	}
	stored := state.Bytes()
	state.Destroy()

	// Bob has the vector. He sends part 2, forgets the state, and may use the shared key from now on.
	state, err = mlkem.NewEncapsulationState768(stored)
	if err != nil {
		panic(err)
	}
	part2, err := state.Finish(vector)
	if err != nil {
		panic(err)
	}
	clear(stored)

	// Alice has both parts.
	aliceKey, err := dk.Decapsulate(append(part1, part2...))
	if err != nil {
		panic(err)
	}
	fmt.Println(bytes.Equal(aliceKey, bobKey))
	// Output: true
}

// A set has the functions of a parameter set, with types that all sets share.
type set struct {
	kem            kem.KEM
	newExpandedKey func([]byte) (expandedKey, error)
	ekSize, dkSize int
	encapsulate    func(ek kem.EncapsulationKey, random []byte) (sharedKey, ciphertext []byte, err error)
}

type expandedKey interface {
	kem.Decapsulator
	matches(kem.DecapsulationKey) bool
}

type plainExpandedKey[D kem.DecapsulationKey] interface {
	kem.Decapsulator
	Matches(D) bool
}

// An anyExpandedKey is an expanded key whose Matches accepts any kem.DecapsulationKey.
type anyExpandedKey[D kem.DecapsulationKey] struct{ plainExpandedKey[D] }

func (k anyExpandedKey[D]) matches(dk kem.DecapsulationKey) bool { return k.Matches(dk.(D)) }

func expanded[D kem.DecapsulationKey, K plainExpandedKey[D]](parse func([]byte) (K, error)) func([]byte) (expandedKey, error) {
	return func(b []byte) (expandedKey, error) {
		k, err := parse(b)
		if err != nil {
			return nil, err
		}
		return anyExpandedKey[D]{k}, nil
	}
}

func derand[K kem.EncapsulationKey](f func(K, []byte) ([]byte, []byte, error)) func(kem.EncapsulationKey, []byte) ([]byte, []byte, error) {
	return func(ek kem.EncapsulationKey, random []byte) ([]byte, []byte, error) { return f(ek.(K), random) }
}

var sets = []set{
	{mlkem.KEM512(), expanded[*mlkem.DecapsulationKey512](mlkem.NewExpandedKey512), mlkem.EncapsulationKeySize512, mlkem.ExpandedKeySize512, derand(mlkemtest.Encapsulate512)},
	{mlkem.KEM768(), expanded[*mlkem.DecapsulationKey768](mlkem.NewExpandedKey768), mlkem.EncapsulationKeySize768, mlkem.ExpandedKeySize768, derand(mlkemtest.Encapsulate768)},
	{mlkem.KEM1024(), expanded[*mlkem.DecapsulationKey1024](mlkem.NewExpandedKey1024), mlkem.EncapsulationKeySize1024, mlkem.ExpandedKeySize1024, derand(mlkemtest.Encapsulate1024)},
}

func errorText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	} else if !strings.HasPrefix(err.Error(), "mlkem: ") {
		t.Errorf("the error %q does not name the package", err)
	}
}

// expandedOf returns an expanded key of s, and the seed that it expands from.
func expandedOf(t testing.TB, s set) (b, seed []byte) {
	t.Helper()
	type vector struct {
		Set      string
		Seed, DK vectors.Hex
	}
	vs, err := vectors.Read[vector]("mlkem_acvp_keygen.jsonl.gz", 75)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(vs, func(v vector) bool { return v.Set == s.kem.Name() })
	return vs[i].DK, vs[i].Seed
}

func TestExpandedKey(t *testing.T) {
	for _, s := range sets {
		b, seed := expandedOf(t, s)
		dk, err := s.newExpandedKey(b)
		if err != nil {
			t.Fatal(err)
		}
		seedKey, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		if !ek.Equal(seedKey.Encapsulator()) {
			t.Errorf("%s: the expanded key has another encapsulation key than its seed", s.kem.Name())
		}
		sharedKey, ciphertext := ek.Encapsulate()
		for range 2 {
			want, err := seedKey.Decapsulate(ciphertext)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dk.Decapsulate(ciphertext)
			into := make([]byte, mlkem.SharedKeySize)
			errTo := dk.DecapsulateTo(into, ciphertext)
			if err != nil || errTo != nil || !bytes.Equal(got, want) || !bytes.Equal(into, want) || cap(got) != len(got) {
				t.Errorf("%s: the expanded key decapsulates otherwise than its seed", s.kem.Name())
			}
			ciphertext[0] ^= 1 // the second round has a ciphertext that must be rejected
		}
		errorText(t, dk.DecapsulateTo(sharedKey[1:], ciphertext))
		errorText(t, dk.DecapsulateTo(sharedKey, ciphertext[1:]))
		_, err = dk.Decapsulate(append(ciphertext, 0))
		errorText(t, err)
		dk.Destroy()
		_, err = dk.Decapsulate(ciphertext)
		errorText(t, err)
	}
}

// TestNotBindingPK shows that shared keys do not bind the encapsulation key, as the doc comments warn.
func TestNotBindingPK(t *testing.T) {
	for _, s := range sets {
		seed := make([]byte, mlkem.SeedSize)
		one, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		seed[0] = 1
		other, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		ciphertext := make([]byte, s.kem.CiphertextSize())
		a, err1 := one.Decapsulate(ciphertext)
		b, err2 := other.Decapsulate(ciphertext)
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: keys with one z reject differently", s.kem.Name())
		}
	}
}

func TestMatches(t *testing.T) {
	for _, s := range sets {
		b, seed := expandedOf(t, s)
		seedKey, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		dk, err := s.newExpandedKey(b)
		if err != nil {
			t.Fatal(err)
		}
		if !dk.matches(seedKey) {
			t.Errorf("%s: the expanded key does not match its seed", s.kem.Name())
		}
		for i := range b {
			altered := bytes.Clone(b)
			altered[i] ^= 1
			// If the hash were wrong, the expanded key would be refused.
			end := len(b) - 64
			hash := sha3.Sum256(altered[end-s.ekSize : end])
			copy(altered[end:], hash[:])
			if end <= i && i < end+32 {
				continue
			}
			if altered, err := s.newExpandedKey(altered); err == nil && altered.matches(seedKey) {
				t.Errorf("%s: byte %d of the expanded key does not count", s.kem.Name(), i)
			}
		}
		seed[0] ^= 1
		other, err := s.kem.NewDecapsulationKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		if dk.matches(other) {
			t.Errorf("%s: the expanded key matches another seed", s.kem.Name())
		}
		seedKey.Destroy()
		if dk.matches(seedKey) {
			t.Errorf("%s: the expanded key matches a destroyed key", s.kem.Name())
		}
	}
}

func TestDerandomized(t *testing.T) {
	for _, s := range sets {
		dk, err := s.kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		for length := range 65 {
			sharedKey, ciphertext, err := s.encapsulate(ek, make([]byte, length))
			if length != 32 {
				if err == nil || !strings.HasPrefix(err.Error(), "mlkemtest: ") || sharedKey != nil || ciphertext != nil {
					t.Errorf("%s: %d bytes of randomness: %v", s.kem.Name(), length, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := dk.Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
				t.Errorf("%s: derandomized encapsulation does not agree with decapsulation", s.kem.Name())
			}
		}
	}
}

// TestErrors tries an input for each error, and checks that the text names this package. Package
// attacks and the conformance suite check that every invalid input is refused.
func TestErrors(t *testing.T) {
	for _, s := range sets {
		_, err := s.kem.NewDecapsulationKey(make([]byte, mlkem.SeedSize-1))
		errorText(t, err)
		_, err = s.kem.NewEncapsulationKey(make([]byte, s.ekSize+1))
		errorText(t, err)
		_, err = s.kem.NewEncapsulationKey(bytes.Repeat([]byte{0xff}, s.ekSize))
		errorText(t, err)
		_, err = s.newExpandedKey(make([]byte, s.dkSize-1))
		errorText(t, err)
		_, err = s.newExpandedKey(make([]byte, s.dkSize)) // the hash is wrong
		errorText(t, err)
		// One key has q as the first coefficient of ŝ, and one has q as the last.
		first, _ := expandedOf(t, s)
		first[0], first[1] = 0x01, first[1]&0xf0|0x0d
		last, _ := expandedOf(t, s)
		end := s.dkSize - s.ekSize - 64
		last[end-2], last[end-1] = last[end-2]&0x0f|0x10, 0xd0
		for _, b := range [][]byte{first, last} {
			_, err = s.newExpandedKey(b)
			errorText(t, err)
		}
		dk, err := s.kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		sharedKey, ciphertext := ek.Encapsulate()
		errorText(t, ek.EncapsulateTo(sharedKey[1:], ciphertext))
		errorText(t, ek.EncapsulateTo(sharedKey, ciphertext[1:]))
		errorText(t, dk.DecapsulateTo(sharedKey[1:], ciphertext))
		errorText(t, dk.DecapsulateTo(sharedKey, ciphertext[1:]))
		dk.Destroy()
		errorText(t, dk.DecapsulateTo(sharedKey, ciphertext))
	}
}

// TestAPI checks that this package has every exported name of crypto/mlkem and its mlkemtest, with
// the same type.
func TestAPI(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	names := 0
	for _, path := range []string{"mlkem", "mlkem/mlkemtest"} {
		both := testkit.Types(t, "crypto/"+path, "hybridkem/"+path)
		std, own := both[0], both[1]
		for _, name := range std.Scope().Names() {
			want := std.Scope().Lookup(name)
			if !want.Exported() {
				continue
			}
			names++
			got := own.Scope().Lookup(name)
			if got == nil {
				t.Errorf("%s.%s is missing", path, name)
				continue
			}
			if reflect.TypeOf(got) != reflect.TypeOf(want) {
				t.Errorf("%s.%s is a %T, want a %T", path, name, got, want)
				continue
			}
			switch want := want.(type) {
			case *types.Const:
				if !constant.Compare(got.(*types.Const).Val(), token.EQL, want.Val()) {
					t.Errorf("%s.%s is %v, want %v", path, name, got.(*types.Const).Val(), want.Val())
				}
			case *types.TypeName:
				methods := types.NewMethodSet(types.NewPointer(want.Type()))
				for i := range methods.Len() {
					method := methods.At(i).Obj()
					if !method.Exported() {
						continue
					}
					names++
					object, _, _ := types.LookupFieldOrMethod(got.Type(), true, own, method.Name())
					if object == nil || signature(object) != signature(method) {
						t.Errorf("%s.%s.%s is %v, want %v", path, name, method.Name(), object, method)
					}
				}
			default:
				if signature(got) != signature(want) {
					t.Errorf("%s.%s is %v, want %v", path, name, signature(got), signature(want))
				}
			}
		}
	}
	if names < 30 {
		t.Errorf("only %d names were compared", names)
	}
}

// signature returns the type of an object. It contains the names of packages, not their paths.
func signature(object types.Object) string {
	return types.TypeString(object.Type(), func(p *types.Package) string { return p.Name() })
}

func TestMemory(t *testing.T) {
	seed := make([]byte, mlkem.SeedSize)
	var key *mlkem.DecapsulationKey768
	if n := testing.AllocsPerRun(10, func() { key, _ = mlkem.NewDecapsulationKey768(seed) }); n > 1 {
		t.Errorf("an ML-KEM-768 key takes %v allocations, want one", n)
	}
	const rounds = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		key, _ = mlkem.NewDecapsulationKey768(seed)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / rounds; n > 10<<10 {
		t.Errorf("an ML-KEM-768 key takes %d bytes, want at most 10 KiB", n)
	}
	runtime.KeepAlive(key)

	// Memory that does not outlive the function is on its stack.
	ek := key.EncapsulationKey()
	_, ciphertext := ek.Encapsulate()
	var sum byte
	testkit.NoAllocations(t, "Encapsulate", func() { sharedKey, c := ek.Encapsulate(); sum += sharedKey[0] + c[0] })
	testkit.NoAllocations(t, "Decapsulate", func() { sharedKey, _ := key.Decapsulate(ciphertext); sum += sharedKey[0] })
	testkit.NoAllocations(t, "Bytes", func() { sum += key.Bytes()[0] + ek.Bytes()[0] })

	for _, s := range sets {
		dk, err := s.kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		sharedKey, ciphertext := ek.Encapsulate()
		testkit.NoAllocations(t, s.kem.Name()+": EncapsulateTo", func() { ek.EncapsulateTo(sharedKey, ciphertext) })
		testkit.NoAllocations(t, s.kem.Name()+": DecapsulateTo", func() { dk.DecapsulateTo(sharedKey, ciphertext) })
	}
}
