package attacks

import (
	"crypto/sha3"
	"encoding/binary"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"hybridkem/combiner"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A loot is what to search for. It maps runs of bytes to the names of the secrets that contain
// them.
type loot map[string]string

// add adds the runs of 16 bytes of a secret that begin at multiples of step. It leaves out runs
// that could be in memory by chance.
func (l loot) add(name string, secret []byte, step int) { l.addRuns(name, secret, step, 16) }

func (l loot) addRuns(name string, secret []byte, step, length int) {
	for i := 0; i+length <= len(secret); i += step {
		run := secret[i:][:length]
		distinct := map[byte]bool{}
		for _, b := range run[:16] {
			distinct[b] = true
		}
		if len(distinct) > 2 {
			l[string(run)] = name
		}
	}
}

// addPolys adds polynomials in the forms that this module uses: with coefficients from 0 to q-1,
// and with coefficients around 0.
func (l loot) addPolys(name string, polys []spec.Poly) { l.addPolyRuns(name, polys, 2, 16) }

// addNoise is addPolys for noise. It adds longer runs, because eight coefficients of noise, which
// are 16 bytes, can be in memory by chance.
func (l loot) addNoise(name string, polys []spec.Poly) { l.addPolyRuns(name, polys, 32, 64) }

func (l loot) addPolyRuns(name string, polys []spec.Poly, step, length int) {
	for _, f := range polys {
		var canonical, centred []byte
		for _, a := range f {
			canonical = binary.NativeEndian.AppendUint16(canonical, uint16(a))
			if a > 3329/2 {
				a -= 3329
			}
			centred = binary.NativeEndian.AppendUint16(centred, uint16(a))
		}
		l.addRuns(name, canonical, step, length)
		l.addRuns(name, centred, step, length)
	}
}

// noiseOf returns n polynomials that PRF gives for a seed.
func noiseOf(eta int, seed []byte, n int) (polys []spec.Poly) {
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
	s := noiseOf(p.Eta1, g[32:], 2*p.K)
	l.addNoise("s and e", s)
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
	y := noiseOf(p.Eta1, g[32:], p.K)
	l.addNoise("y", y)
	for _, f := range y {
		l.addPolys("ŷ", []spec.Poly{spec.NTT(f)})
	}
}

// A region is memory that something points to. Others may begin at the same address.
type region struct {
	start unsafe.Pointer
	size  uintptr
}

// regions calls f with all memory that v points to, directly or through other memory.
func regions(v reflect.Value, seen map[region]bool, f func([]byte)) {
	region := func(p unsafe.Pointer, size uintptr) bool {
		if p == nil || seen[region{p, size}] {
			return false
		}
		seen[region{p, size}] = true
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
	regions(reflect.ValueOf(key), map[region]bool{}, func(b []byte) { all = append(all, b) })
	return all
}

// in returns the names of the secrets that are in the memory.
func (l loot) in(memory [][]byte) map[string]bool {
	found := map[string]bool{}
	for _, b := range memory {
		for i := range b {
			for _, length := range []int{16, 64} {
				if i+length <= len(b) {
					if name, ok := l[string(b[i:][:length])]; ok {
						found[name] = true
					}
				}
			}
		}
	}
	return found
}

// destroyed checks that the key holds the named secrets before Destroy, and no secret after it.
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

// TestDestroy checks the memory of keys of each type after Destroy. It leaves out secrets that
// crypto/ecdh keeps, because those cannot be destroyed.
func TestDestroy(t *testing.T) {
	for _, s := range sets {
		seed := pattern(64)
		_, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
		l := loot{}
		l.addKey(s.spec, seed, dk)
		l.destroyed(t, s.Name(), must(s.NewDecapsulationKey(seed))(t), "d and z", "ŝ")
		expandedKey := must(s.newExpandedKey(dk))(t)
		l.destroyed(t, s.Name()+", expanded", expandedKey.Decapsulator, "d and z", "ŝ")
	}
	for _, s := range twoSteps {
		x := s.usual(t)
		own, _, _, err := s.derand(x.header, x.m)
		if err != nil {
			t.Fatal(err)
		}
		l := loot{}
		l.addEncapsulation(s.spec, x.dk.PublicKey().Bytes(), x.m)
		stored := must(s.restore(own.Bytes()))(t)
		l.destroyed(t, s.Name()+", state", own, "m")
		l.destroyed(t, s.Name()+", stored state", stored, "m")
		finished, _, _, err := s.derand(x.header, x.m)
		if err != nil {
			t.Fatal(err)
		}
		memory := heldBy(finished)
		x.finishes(t, s.Name(), finished)
		if after := l.in(memory); len(after) > 0 {
			t.Errorf("%s: Finish leaves %v", s.Name(), after)
		}
	}
	for _, h := range hybrids {
		seed := pattern(32)
		seedM, seedT := h.expand(seed)
		_, dkM := spec.KeyGenInternal(h.spec, seedM[:32], seedM[32:])
		l := loot{}
		l.addKey(h.spec, seedM, dkM)
		names := []string{"d and z", "ŝ"}
		if !kem.KeysFromParts(h.KEM) {
			l.add("the seed", seed, 1)
			names = append(names, "the seed")
		}
		if h.group == x25519 {
			l.add("the scalar", seedT, 1)
			names = append(names, "the scalar")
		}
		l.destroyed(t, h.Name(), must(h.NewDecapsulationKey(h.private(seed)))(t), names...)
	}
}

// foreignHybrid is a hybrid with a part that is not of this module.
var foreignHybrid = hybrid{
	combiner.CG("foreign", testkit.Foreign(mlkem.KEM768(), testkit.Faults{}), combiner.X25519()),
	spec.Sets["ML-KEM-768"], x25519, false, labelled("foreign"),
}

// nested is a hybrid of hybrids. Its randomness and secrets are longer than those of ML-KEM and a
// group, and are therefore on the heap.
var nested = combiner.UK("nested", tlskex.SecP384r1MLKEM1024(), combiner.MLKEM768P256())
