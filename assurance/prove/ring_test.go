package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"hybridkem/assurance/prove/machine"
)

// programs has the programs whose kernels the tests change.
var programs = sync.OnceValues(func() (map[string]*machine.Program, error) { return build("../..") })

// A plant changes bytes of a kernel of ring: from byte at on of instruction n with the name op,
// or of the constants that instruction n with constants reads. The proof has to say want.
type plant struct {
	name, kernel, op string
	n, at            int
	bytes            []byte
	want             string
}

const constants = "" // in place of op

var ringPlants = []plant{
	{"a sum for a difference", "nttAVX2", "VPADDW", 0, 2, []byte{0xf9}, "word 0 of f: "},
	{"another modulus", "nttAVX2", "MOV", 1, 2, []byte{2}, "modulo q"},
	{"another zeta", "nttAVX512", constants, 0, 0, []byte{0}, "a function of -3328 is -1599, which is not 1729·-3328 modulo q"},
	{"no Barrett reduction", "inverseNTTAVX2", "MOV", 3, 2, make([]byte, 8), "does not fit in 16 bits"},
	{"another quarter", "inverseNTTAVX512", "VSHUFI64X2", 0, 6, []byte{0xee}, "word 0 of f"},
	{"an add left out", "factorSetAVX2", "VPSUBW", 1, 2, []byte{0xdb}, "word 1 of f"},
	{"another word of the pair", "factorSetAVX2", constants, 0, 0, []byte{0}, "word 256"},
	{"a sum for a difference", "factorSetAVX512", "VPSUBW", 0, 4, []byte{0xfd}, "word 0 of f: a function of -26631 is -56"},
	{"a product without the upper half", "innerProductAVX2", "VPSRLD", 0, 4, []byte{15}, "the upper half"},
	{"not the last product", "innerProductAVX512VBMI2", "JNE", 0, 1, []byte{0x84}, "bytes 512 to 576 of a, which has 512"},
	{"another rounding", "compress10AVX2", "MOV", 4, 2, []byte{0x7f}, "field 0 of the result is 385 for 1250, not 384"},
	{"a store that is too long", "compress10AVX2", "VMOVD", 0, 2, []byte{0xd6}, "bytes 316 to 324 of the result, which has 320"},
	{"another byte", "compress11AVX512VBMI2", constants, 1, 4, []byte{1}, "field "},
	{"another shuffle", "decompress5AVX2", constants, 0, 3, []byte{0}, "field 1 of the result"},
	{"one bit of a mask", "sampleCBD3AVX2", "MOV", 2, 2, []byte{0x48}, "field "},
	{"another entry of a table", "sampleCBD2AVX512VBMI2", constants, 1, 2, []byte{2}, "field 0 of the result depends on [x0 x1]"},
	{"q is accepted", "decodeAVX2", "MOV", 3, 2, []byte{1}, "wrong for [x0] = [0xd01]"},
	{"q is accepted", "decodeAVX512VBMI2", constants, 3, 0, []byte{1}, "wrong for [x0] = [0xd01]"},
	{"coefficients left out", "decodeAVX512VBMI2", "VEXTRACTI64X4", 0, 6, []byte{0}, "does not depend on coefficient 16"},
	{"a difference for a sum", "addAVX2", "VPADDW", 0, 2, []byte{0xf9}, "coefficient 0 of f and h"},
	{"q is left", "reduceAVX2", "VPSUBW", 1, 2, []byte{0xfd}, "but 0 <= f <= 3329 is found"},
}

// planted returns the kernel with the change.
func (f plant) planted(t *testing.T) *machine.Kernel {
	all, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	k, err := all["ring"].Kernel("hybridkem/internal/ring." + f.kernel + ".abi0")
	if err != nil {
		t.Fatal(err)
	}
	n := f.n
	for _, i := range k.Listing() {
		at := i.Address
		if f.op == constants {
			if !strings.Contains(i.String(), "rip") {
				continue
			}
			at += uint64(len(i.Bytes))
			for _, a := range i.Args {
				if a.Kind == machine.Memory {
					at += uint64(a.Disp)
				}
			}
		} else if i.Op != f.op {
			continue
		}
		if n--; n < 0 {
			changed, err := k.Patched(at+uint64(f.at), f.bytes...)
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
	}
	t.Fatalf("%s has no such instruction", f.kernel)
	return nil
}

// TestRingPlants checks that faults in kernels of ring are found.
func TestRingPlants(t *testing.T) {
	byKernel := map[string]*statement{}
	for i := range statements {
		byKernel[statements[i].kernel] = &statements[i]
	}
	for _, f := range ringPlants {
		t.Run(f.kernel+"/"+f.name, func(t *testing.T) {
			_, err := byKernel["ring."+f.kernel].about(f.planted(t), time.Now())
			if err == nil {
				t.Fatal("the kernel is proved")
			}
			if !strings.Contains(err.Error(), f.want) {
				t.Errorf("%v; want %q", err, f.want)
			}
		})
	}
}
