package main

import (
	"strings"
	"testing"
	"time"

	"hybridkem/assurance/internal/compiler"
	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
)

// provePortable proves the statement about a portable function of the module.
func provePortable(t *testing.T, module compiler.Module, function string) error {
	programs, err := loadPortable(module, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	for i := range portableStatements {
		if name, _ := portableStatements[i].portable(); name == function {
			_, err := portableStatements[i].aboutPortable(name, programs, time.Now())
			return err
		}
	}
	t.Fatal("no statement about ", function)
	return nil
}

// TestPortableFaults plants faults in the source. The statement must not be proved then. With
// -short, it plants every third.
func TestPortableFaults(t *testing.T) {
	const ring, x = "internal/ring/", "internal/x25519/"
	faults := []struct{ function, file, old, new, want string }{
		{"ring.Poly.NTT", ring + "pair.go", "return (a - m*Q) >> 16", "return (a - m*Q) >> 15", "nothing is known"},
		{"ring.Poly.NTT", ring + "pair.go", "m = (m ^ sign16) - sign16", "m = m ^ sign16", "drops bits"},
		{"ring.Poly.NTT", ring + "ntt.go", "k *= 2", "k *= 3", "modulo q"},
		{"ring.Poly.NTT", ring + "ntt.go", "-1044, -758, -359,", "-1044, -758, -358,", "modulo q"},
		{"ring.Factor.Set", ring + "ntt.go", "gamma = -gamma", "gamma = +gamma", "modulo q"},
		{"ring.NTT.InnerProduct", ring + "ntt.go", "a, b := &a[i*stride]", "a, b := &a[i]", "nothing is known"},
		{"ring.NTT.Decode", ring + "encode.go", "(Q - 1 - lo) |", "(Q - lo) |", "the result"},
		{"ring.Poly.Compress", ring + "encode.go", "half = 1 << 39", "half = 1<<39 + 1<<32", "field"},
		{"ring.Poly.Compress", ring + "encode.go", "copy(b[i*d:][:d], bytes[:])", "copy(b[i*d:][:d+1], bytes[:])", "elements"},
		{"ring.Poly.SampleCBD", ring + "sample.go", "int16((x>>4)&15)-2", "int16((x>>4)&3)-2", "field"},
		{"x25519.element.mul", x + "field.go", "v[1] = c1\n\n\t\tx = a[1]", "v[1] = c1\n\n\t\tx = a[2]", "does not occur"},
		{"x25519.element.mulAdd", x + "field.go", "19*h, 0)", "18*h, 0)", "is left"},
		{"x25519.element.mulAdd", x + "field.go", "l3&low63, 0, c)\n\t}()\n}\n\n// square", "l3, 0, c)\n\t}()\n}\n\n// square", "this is left: adc(a3"},
		{"x25519.addSub", x + "field.go", "d[2], c = bits.Sub64(a2, 0, c)", "d[2] = a2", "the difference: this is left: borrow"},
		{"x25519.addSub", x + "field.go", "d[0], c = bits.Sub64(a0, -c&38, 0)", "d[0], c = bits.Sub64(a0, -c&36, 0)", "is left"},
		{"x25519.multiplyPortable", x + "x25519.go", "b.pick(&d, -swap)", "b.pick(&c, -swap)", "part 0 of the state"},
		{"x25519.multiplyPortable", x + "x25519.go", "swap = kt", "swap |= kt", "another bit"},
		{"x25519.element.canonical", x + "field.go", "bits.Add64(v[0], 19, 0)", "bits.Add64(v[0], 18, 0)", "it is 1·xor(v0"},
		{"x25519.element.setLimbs", x + "field.go", "19*(f[4][i]>>51)", "19*(f[4][i]>>50)", "this is left: f16[50:64]"},
	}
	for n, f := range faults {
		if testing.Short() && n%3 > 0 {
			continue
		}
		t.Run(f.function+"/"+f.new, func(t *testing.T) {
			t.Parallel()
			module := compiler.In("../..")
			if err := module.Replace(f.file, f.old, f.new); err != nil {
				t.Fatal(err)
			}
			if err := provePortable(t, module, f.function); err == nil {
				t.Error("the function is proved")
			} else if f.want == "" || !strings.Contains(err.Error(), f.want) {
				t.Errorf("%v; want %q", err, f.want)
			}
		})
	}
}

// TestRefused plants a function that panics, branches on data, or reads what may change, for
// some of its arguments. The interpreter must stop.
func TestRefused(t *testing.T) {
	module := compiler.In("../..")
	const file = "internal/ring/ring.go"
	text, err := module.Text(file)
	if err != nil {
		t.Fatal(err)
	}
	module.Set(file, text+`
var changing = 1

var pointing = []int{1}

func change() { changing++; pointing[0]++ }

func refused(n, data int, b []byte, p *[3]byte, f func()) int {
	switch n {
	case 1:
		return int(b[data])
	case 2:
		return int(b[4])
	case 3:
		return len(b[2:][:3])
	case 4:
		return int(p[1])
	case 5:
		return 7 / (n - 5)
	case 6:
		return 1 << (n - 7)
	case 7:
		return 1 << data
	case 8:
		if data > 0 {
			return 1
		}
	case 9:
		return changing
	case 10:
		f()
	case 11:
		for {
			n++
		}
	case 12:
		b[0] = 1
	case 13:
		return int((*[5]byte)(b)[0])
	case 14:
		return len(make([]byte, n-15))
	case 15:
		change()
	case 16:
		return data % 3
	case 17:
		panic("no")
	case 18:
		return pointing[0]
	case 19:
		return len("abcd"[:n-18][:2])
	}
	return n
}
`)
	programs, err := loadPortable(module, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	f, err := programs[0].Function("ring.refused")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"", "depends on data", "index 4 of 4", "elements 0 to 3 of 2", "nil pointer", "division by 0",
		"shift by -1", "depends on data", "depends on data", "may change", "nil function", "does not end", "a store to b",
		"4 elements for an array of 5", "length -1", "may change", "division of data", "not known",
		"points to what may change", "elements 0 to 2 of 1", ""} {
		p := &proof{space: term.NewSpace()}
		m := source.New(p.space, programs[0])
		zero := func(i int) source.Value { return m.Zero(f.Params[i].Type()) }
		data, b := p.space.Var("data", 64), p.numbers("b", 4, 8, false)
		_, err := m.Call(f, m.Int(n), source.Value{data}, b.Slice(1), zero(3), zero(4))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", n, err)
		}
	}
}
