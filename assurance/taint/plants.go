package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hybridkem/internal/overlay"
)

// plants lists leaks that must be found. All of them are planted at once, and none changes a
// result. No two have the same kind and the same function, so that one cannot be taken for
// another.
var plants = []struct {
	name           string
	file, old, new string
	kind, function string // what the report must say
}{
	{"branch on a bit of the message", "internal/mlkem/kpke.go",
		"mu.Decompress(m[:], 1)", "if m[7]&1 == 1 {\n\t\tmu.Decompress(m[:], 1)\n\t}\n\tmu.Decompress(m[:], 1)",
		"branch", "mlkem.(*encryption).addMessage"},
	{"table with noise as the index", "internal/ring/sample.go",
		"c[j], c[j+1] = int16(x&15)-2,", "c[j], c[j+1] = [16]int16{-2, -1, 0, 1, 2}[x&15],",
		"address", "ring.(*Poly).sampleCBD2"},
	{"early exit from the comparison of ciphertexts", "internal/mlkem/mlkem.go",
		"\t\td |= binary.LittleEndian.Uint64(x) ^", "\t\tif d != 0 {\n\t\t\treturn 1\n\t\t}\n\t\td |= binary.LittleEndian.Uint64(x) ^",
		"branch", "mlkem.differ"},
	{"early exit from the decoding of ŝ", "internal/mlkem/keys.go",
		"func decode(v []ring.NTT, b []byte) bool {\n", "func decode(v []ring.NTT, b []byte) bool {\n" +
			"\tif v[0].Decode((*[ring.EncodedSize]byte)(b)) == 0 {\n\t\treturn false\n\t}\n",
		"branch", "mlkem.decode"},
	{"table with a byte of the seed as the index", "keyfile/keyfile.go",
		"func (f *format) newKey(seed []byte) (kem.DecapsulationKey, error) {\n",
		"var planted [256]byte\n\n//go:noinline\nfunc (f *format) newKey(seed []byte) (kem.DecapsulationKey, error) {\n" +
			"\tif len(seed) > 0 {\n\t\tplanted[0] = planted[seed[0]]\n\t}\n",
		"address", "keyfile.(*format).newKey"},
	{"branch on the seed beside an expanded key", "keyfile/keyfile.go",
		"\tdk, err := f.newKey(p.seed)\n", "\tif p.seed[0]&1 == 1 {\n\t\tf.newKey(p.seed)\n\t}\n\tdk, err := f.newKey(p.seed)\n",
		"branch", "keyfile.(*format).key"},
	{"ρ is not declassified", "internal/mlkem/kpke.go",
		"ek.rho = mark.Declassified(ek.rho)", "",
		"address", "ring.(*NTT).SampleVartime"},
	{"comparison of seeds that ends early", "internal/mlkem/keys.go",
		"return subtle.ConstantTimeCompare(dk.d[:], x.d[:])&subtle.ConstantTimeCompare(dk.z[:], x.z[:]) == 1",
		"return dk.d == x.d && dk.z == x.z",
		"branch", "mlkem.(*DecapsulationKey).Equal"},
	{"key pairs checked with a comparison that ends early", "kem/kem.go",
		"subtle.ConstantTimeCompare(sharedKey, again)\n",
		"subtle.ConstantTimeCompare(sharedKey, again)\n\tif string(sharedKey) == string(again) {\n\t\tsame = 1\n\t}\n",
		"branch", "kem.CheckKeyPair"},
	{"branch in a kernel", "internal/ring/ring_amd64.s",
		"sampleCBD2:\n", "sampleCBD2:\n\tTESTB $1, (CX)\n\tJEQ   even\n\tMOVQ CX, CX\n\neven:\n",
		"branch", "ring.sampleCBD2AVX2"},
	{"table of points with a digit as the index", "internal/x25519/x25519_amd64.s",
		"VPBROADCASTB (CX)(AX*1), Y0\n",
		"VPBROADCASTB (CX)(AX*1), Y0\n\tMOVBQZX (CX)(AX*1), DX\n\tANDQ $7, DX\n\tMOVBQZX (CX)(DX*1), DX\n",
		"address", "x25519.combADX"},
}

// planted returns the module with all leaks in it.
func planted(module *overlay.Overlay) (*overlay.Overlay, error) {
	module = module.Clone()
	for _, l := range plants {
		if err := module.Replace(l.file, l.old, l.new); err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return module, nil
}

// selfTest plants all leaks in the module. It returns an error unless each is found.
func selfTest(module *overlay.Overlay) error {
	module, err := planted(module)
	if err != nil {
		return err
	}
	reports, err := runAll(module, []implementation{portable, withADX}, 1, "^(X-Wing|ML-KEM-768), ")
	if err != nil {
		return err
	}
	for _, l := range plants {
		i := slices.IndexFunc(reports, func(r report) bool {
			return r.kind == l.kind && strings.HasSuffix(r.place().function, "/"+l.function)
		})
		if i < 0 {
			err = errors.Join(err, fmt.Errorf("NOT FOUND: planted: %s", l.name))
			continue
		}
		fmt.Printf("planted: %s: %s in %v\n", l.name, l.kind, reports[i].place())
	}
	return err
}
