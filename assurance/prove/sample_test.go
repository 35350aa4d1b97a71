package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hybridkem/assurance/prove/machine"
)

// samplerFaults has faults in the code of the samplers. An instruction that begins with the
// bytes old begins with the bytes other instead.
var samplerFaults = []struct {
	name       string
	kernel     string
	old, other string
	found      string // in the error
}{
	{"q is accepted", "AVX2", "\x48\xbf\x01\x0d", "\x48\xbf\x02\x0d", "whether candidate 0 is accepted: wrong for [candidate 0] = [0xd01]"},
	{"a round with 241 coefficients", "AVX2", "\x48\x81\xf9\xf0", "\x48\x81\xf9\xf1", "a jump depends on"},
	{"a round with 23 bytes", "AVX2", "\x48\x83\xfb\x18", "\x48\x83\xfb\x17", "a jump depends on"},
	{"a byte read too far", "AVX2", "\xc4\xe3\x65\x38\x5a\x08", "\xc4\xe3\x65\x38\x5a\x09", "bytes 9 to 25 of the stream, which has 24"},
	{"coefficients counted too early", "AVX2", "\x4c\x01\xd1", "\x4c\x01\xc9", "general register 1 holds"},
	{"a byte read again", "AVX2", "\x48\x83\xc2\x18", "\x48\x83\xc2\x17", "general register 2 holds"},
	{"q lost after a round", "AVX2", "\xc5\xed\x65\xe3", "\xc5\xed\x65\xd3\xc5\xed\x63\xe2", "whether candidate 0 is accepted depends on [unknown"},
	{"the results exchanged", "AVX2", "\x48\x89\x54\x24\x38", "\x48\x89\x54\x24\x30", "result 0 is"},
	{"q is accepted", "AVX512VBMI2", "\x48\xbf\x01\x0d", "\x48\xbf\x02\x0d", "whether candidate 0 is accepted: wrong for [candidate 0] = [0xd01]"},
	{"a whole round with 225 coefficients", "AVX512VBMI2", "\x48\x81\xf9\xe0", "\x48\x81\xf9\xe1", "a jump depends on"},
	{"room for 257 coefficients", "AVX512VBMI2", "\x49\xc7\xc0\x00\x01", "\x49\xc7\xc0\x01\x01", "a jump depends on"},
	{"the greater of room and accepted", "AVX512VBMI2", "\x4d\x0f\x4f", "\x4d\x0f\x4c", "r8, which chooses bits, depends on"},
	{"candidates after the end", "AVX512VBMI2", "\x62\xf3\xdd\x49", "\x62\xf3\xdd\x48", "bit 2 is"},
	{"a candidate left out", "AVX512VBMI2", "\x4c\x6b\xcf\x2b", "\x4c\x6b\xcf\x2a", "whether candidate"},
	{"a byte read too far", "AVX512VBMI2", "\x48\xc7\xc7\x30", "\x48\xc7\xc7\x31", "bytes 48 to 49 of the stream, which has 48"},
	{"the mask of what is read chooses", "AVX512VBMI2", "\x62\xf2\xfd\xca", "\x62\xf2\xfd\xc9", "coefficient n+0 is"},
	{"a store of all", "AVX512VBMI2", "\x62\xf1\xff\x49", "\x62\xf1\xff\x48", "bytes 0 to 64 of f, which has"},
}

// samplers returns the statements and the kernels of the samplers, by the instructions that
// they need.
func samplers(t *testing.T) (map[string]*statement, map[string]*machine.Kernel) {
	programs, err := build("../..")
	if err != nil {
		t.Fatal(err)
	}
	statements, kernels := map[string]*statement{}, map[string]*machine.Kernel{}
	for i := range sampleStatements {
		s := &sampleStatements[i]
		name := strings.TrimPrefix(s.kernel, "ring.sampleVartime")
		statements[name] = s
		if kernels[name], err = programs["ring"].Kernel("hybridkem/internal/" + s.kernel + ".abi0"); err != nil {
			t.Fatal(err)
		}
	}
	return statements, kernels
}

// find returns the first instruction that begins with these bytes.
func find(t *testing.T, k *machine.Kernel, with string) *machine.Instruction {
	for _, i := range k.Listing() {
		if bytes.HasPrefix(i.Bytes, []byte(with)) {
			return i
		}
	}
	t.Fatalf("%s has no instruction % x", k.Name, with)
	return nil
}

func TestSamplerFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program, and proves two kernels")
	}
	statements, kernels := samplers(t)
	for name, s := range statements {
		if _, err := s.about(kernels[name], time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	check := func(name, kernel string, address uint64, other []byte, found string) {
		k, err := kernels[kernel].Patched(address, other...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := statements[kernel].about(k, time.Now()); err == nil || !strings.Contains(err.Error(), found) {
			t.Errorf("%s: %s: %v", kernel, name, err)
		}
	}
	for _, f := range samplerFaults {
		check(f.name, f.kernel, find(t, kernels[f.kernel], f.old).Address, []byte(f.other), f.found)
	}

	// The tables have places of accepted candidates, and places of candidates in the stream.
	for _, table := range []struct {
		kernel, load string
		off          int
	}{{"AVX2", "\x48\x8d\x3d", 16*0b1010_0000 + 2}, {"AVX2", "\xc5\xfe\x6f\x05", 17}, {"AVX512VBMI2", "\x62\xf1\xfe\x48\x6f\x05", 63}} {
		i := find(t, kernels[table.kernel], table.load)
		address := i.Address + uint64(len(i.Bytes)) + uint64(i.Args[1].Disp) + uint64(table.off)
		other := kernels[table.kernel].Constant(address, 1)[0] ^ 1
		check("an entry of a table", table.kernel, address, []byte{other}, "candidate")
	}
}
