package attacks

import (
	"bytes"
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"io"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"

	inside "hybridkem/internal/mlkem"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
)

// stackSize is how much of the stack is searched: more than any operation uses.
const stackSize = 32 << 10

// A loot is what to search for: runs of 16 bytes, and what they are part of.
type loot map[[16]byte]string

// add adds a secret whose parts begin at multiples of step. Runs that could be there by
// chance are left out.
func (l loot) add(name string, secret []byte, step int) {
	for i := 0; i+16 <= len(secret); i += step {
		run := [16]byte(secret[i:])
		distinct := map[byte]bool{}
		for _, b := range run {
			distinct[b] = true
		}
		if len(distinct) > 2 {
			l[run] = name
		}
	}
}

// addPolys adds polynomials as this module holds them, with coefficients from 0 to q-1 or
// around 0.
func (l loot) addPolys(name string, polys []spec.Poly) {
	for _, f := range polys {
		var canonical, centred []byte
		for _, a := range f {
			canonical = binary.NativeEndian.AppendUint16(canonical, uint16(a))
			if a > 3329/2 {
				a -= 3329
			}
			centred = binary.NativeEndian.AppendUint16(centred, uint16(a))
		}
		l.add(name, canonical, 2)
		l.add(name, centred, 2)
	}
}

// noise returns n polynomials that PRF makes of a seed.
func noise(eta int, seed []byte, n int) (polys []spec.Poly) {
	for i := range n {
		polys = append(polys, spec.SamplePolyCBD(eta, sha3.SumSHAKE256(append(slices.Clone(seed), byte(i)), 64*eta)))
	}
	return polys
}

// addKey adds the secrets of an ML-KEM key.
func (l loot) addKey(p spec.Params, seed, dk []byte) {
	l.add("d and z", seed, 1)
	g := sha3.Sum512(append(slices.Clone(seed[:32]), byte(p.K)))
	l.add("σ", g[32:], 1)
	s := noise(p.Eta1, g[32:], 2*p.K)
	l.addPolys("s and e", s)
	for _, f := range s {
		l.addPolys("ŝ", []spec.Poly{spec.NTT(f)})
	}
	l.add("encoded ŝ", dk[:384*p.K], 1)
}

// addEncapsulation adds the secrets of an encapsulation.
func (l loot) addEncapsulation(p spec.Params, ek, m []byte) {
	l.add("m", m, 1)
	g := sha3.Sum512(slices.Concat(m, spec.H(ek)))
	l.add("K", g[:32], 1)
	l.add("r", g[32:], 1)
	y := noise(p.Eta1, g[32:], p.K)
	l.addPolys("y", y)
	for _, f := range y {
		l.addPolys("ŷ", []spec.Poly{spec.NTT(f)})
	}
}

// soil overwrites the stack, on which the test has computed with the secrets.
//
//go:noinline
func soil() (sum byte) {
	var frame [2 * stackSize]byte
	for i := range frame {
		frame[i] = 0xa5
	}
	for _, b := range frame {
		sum += b
	}
	return sum
}

// copyStack copies the stack below its caller.
//
//go:noinline
func copyStack(to *[stackSize]byte) {
	var here byte
	for i := range to {
		to[i] = *(*byte)(unsafe.Add(unsafe.Pointer(&here), i-stackSize))
	}
}

// left runs an operation and returns what it leaves on the stack.
func (l loot) left(operation func()) (names []string) {
	found := new([stackSize]byte)
	soil()
	operation()
	copyStack(found)
	for i := range stackSize - 16 {
		if name, ok := l[[16]byte(found[i:])]; ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestStack searches the stack for secrets after each operation, and shows first that it
// would find them.
func TestStack(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector does not let the stack be read")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection could give the goroutine another stack
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	testkit.Implementations(t, func(t *testing.T) {
		for _, s := range sets {
			seed, m := pattern(64), pattern(33)[1:]
			ek, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
			K, c := spec.EncapsInternal(s.spec, ek, m)
			l := loot{}
			l.addKey(s.spec, seed, dk)
			l.addEncapsulation(s.spec, ek, m)
			l.add("the shared key", K, 1)

			var own inside.DecapsulationKey
			params := map[string]*inside.Params{"ML-KEM-512": &inside.MLKEM512, "ML-KEM-768": &inside.MLKEM768, "ML-KEM-1024": &inside.MLKEM1024}[s.Name()]
			if names := l.left(func() { own.Generate(params, new(inside.EncapsulationKey), (*[64]byte)(seed)) }); names == nil {
				t.Errorf("%s: nothing is found where there must be something", s.Name())
			}

			l.search(t, s.KEM, seed, m, c, K)
			wrong := slices.Clone(c)
			wrong[0] ^= 1
			rejection := spec.DecapsInternal(s.spec, dk, wrong)
			l.add("the rejection's shared key", rejection, 1)
			seedKey, expandedKey := must(s.NewDecapsulationKey(seed))(t), must(s.newExpandedKey(dk))(t)
			sharedKey := make([]byte, 32)
			for name, operation := range map[string]func(){
				"reading an expanded key": func() { s.newExpandedKey(dk) },
				"Matches":                 func() { expandedKey.Matches(seedKey) },
				"rejection":               func() { seedKey.DecapsulateTo(sharedKey, wrong) },
			} {
				if names := l.left(operation); names != nil {
					t.Errorf("%s: %s leaves %q", s.Name(), name, names)
				}
			}
			if !bytes.Equal(sharedKey, rejection) {
				t.Errorf("%s: not the rejection that is searched for", s.Name())
			}
		}
		for _, h := range hybrids {
			x := h.exchange(t, pattern(32), pattern(33 + h.group.seedSize + 31)[32:][:32+h.group.seedSize])
			ssT := h.group.exchange(x.seedT, x.ctT)
			expanded := sha3.SumSHAKE256(x.seed, 64+h.group.seedSize)
			sharedKey := h.combine(x.ssM, ssT, x.ctT, x.ekT)
			l := loot{}
			l.addKey(h.spec, expanded[:64], x.dkM)
			l.addEncapsulation(h.spec, x.ekM, x.random[:32])
			l.add("the seed", x.seed, 1)
			l.add("the expanded seed", expanded, 1)
			l.add("the ephemeral scalar", x.random[32:], 1)
			l.add("the secret of the group", ssT, 1)
			l.add("the shared key", sharedKey, 1)
			l.search(t, h.KEM, x.seed, x.random, x.honestCiphertext, sharedKey)
		}
	})
}

// search runs the operations of a KEM.
func (l loot) search(t *testing.T, k kem.KEM, seed, random, ciphertext, sharedKey []byte) {
	dk := must(k.NewDecapsulationKey(seed))(t)
	ek := dk.Encapsulator().(kem.EncapsulationKey)
	gotKey, gotCiphertext := make([]byte, len(sharedKey)), make([]byte, len(ciphertext))
	for _, o := range []struct {
		name string
		run  func()
	}{
		{"GenerateKey", func() {
			rand.Reader = bytes.NewReader(seed)
			k.GenerateKey()
		}},
		{"NewDecapsulationKey", func() { k.NewDecapsulationKey(seed) }},
		{"EncapsulateTo", func() {
			rand.Reader = bytes.NewReader(random)
			ek.EncapsulateTo(gotKey, gotCiphertext)
		}},
		{"DecapsulateTo", func() { dk.DecapsulateTo(gotKey, ciphertext) }},
		{"Equal", func() { dk.Equal(dk) }},
		{"Destroy", func() { dk.Destroy() }},
	} {
		clear(gotKey)
		if names := l.left(o.run); names != nil {
			t.Errorf("%s: %s leaves %q", k.Name(), o.name, names)
		}
		if o.name == "EncapsulateTo" && (!bytes.Equal(gotKey, sharedKey) || !bytes.Equal(gotCiphertext, ciphertext)) ||
			o.name == "DecapsulateTo" && !bytes.Equal(gotKey, sharedKey) {
			t.Fatalf("%s: %s: not the secrets that are searched for", k.Name(), o.name)
		}
	}
}

// regions gives f all memory that v holds: what it points to, and so on.
func regions(v reflect.Value, seen map[unsafe.Pointer]bool, f func([]byte)) {
	region := func(p unsafe.Pointer, size uintptr) bool {
		if p == nil || seen[p] {
			return false
		}
		seen[p] = true
		f(unsafe.Slice((*byte)(p), size))
		return true
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			regions(v.Elem(), seen, f)
		}
	case reflect.Pointer:
		if !v.IsNil() && region(v.UnsafePointer(), v.Type().Elem().Size()) {
			regions(v.Elem(), seen, f)
		}
	case reflect.Slice:
		if region(v.UnsafePointer(), uintptr(v.Cap())*v.Type().Elem().Size()) {
			for i := range v.Len() {
				regions(v.Index(i), seen, f)
			}
		}
	case reflect.Array:
		if v.Len() > 0 && v.Type().Elem().Size() > 8 {
			for i := range v.Len() {
				regions(v.Index(i), seen, f)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			regions(v.Field(i), seen, f)
		}
	}
}

// heldBy returns the memory that a key holds.
func heldBy(key any) (all [][]byte) {
	regions(reflect.ValueOf(key), map[unsafe.Pointer]bool{}, func(b []byte) { all = append(all, b) })
	return all
}

// in returns which secrets are in the memory.
func (l loot) in(memory [][]byte) map[string]bool {
	found := map[string]bool{}
	for _, b := range memory {
		for i := range max(0, len(b)-15) {
			if name, ok := l[[16]byte(b[i:])]; ok {
				found[name] = true
			}
		}
	}
	return found
}

// destroyed demands that the key holds the secrets of those names before Destroy, and
// no secret after it.
func (l loot) destroyed(t *testing.T, what string, key interface{ Destroy() }, names ...string) {
	t.Helper()
	memory := heldBy(key)
	before := l.in(memory)
	for _, name := range names {
		if !before[name] {
			t.Errorf("%s: %s is not found in the key", what, name)
		}
	}
	key.Destroy()
	if after := l.in(memory); len(after) > 0 {
		t.Errorf("%s: Destroy leaves %v", what, after)
	}
	if after := l.in(heldBy(key)); len(after) > 0 {
		t.Errorf("%s: after Destroy the key holds %v", what, after)
	}
	runtime.KeepAlive(key)
}

// TestDestroy reads the memory of keys of each type back after Destroy. What crypto/ecdh
// keeps is left out: it cannot be destroyed.
func TestDestroy(t *testing.T) {
	for _, s := range sets {
		seed := pattern(64)
		_, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
		l := loot{}
		l.addKey(s.spec, seed, dk)
		l.destroyed(t, s.Name(), must(s.NewDecapsulationKey(seed))(t), "d and z", "ŝ")
		expandedKey := must(s.newExpandedKey(dk))(t)
		l.destroyed(t, s.Name()+", expanded", expandedKey.Decapsulator.(interface{ Destroy() }), "d and z", "ŝ")
	}
	for _, h := range hybrids {
		seed := pattern(32)
		expanded := sha3.SumSHAKE256(seed, 64+h.group.seedSize)
		dkM, _, seedT := h.expand(seed)
		l := loot{}
		l.addKey(h.spec, expanded[:64], dkM)
		l.add("the seed", seed, 1)
		names := []string{"d and z", "ŝ", "the seed"}
		if h.group == x25519 {
			l.add("the scalar", seedT, 1)
			names = append(names, "the scalar")
		}
		l.destroyed(t, h.Name(), must(h.NewDecapsulationKey(seed))(t), names...)
	}
}
