package main

import (
	"fmt"
	"math"
	"math/bits"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/spec"
)

// The statements about kernels of ring that treat each coefficient alone. Memory is a row of 256
// fields: coefficients of 16 bits with sign, or d bits of an encoding. Each field of the result
// must depend only on the field with the same number, and be what package spec says, for all
// values.

// field returns d bits of memory as machine.Region.Field does, and setField sets them.
func field(b []byte, i, d int) (x int) {
	for j := range d {
		x |= int(b[(i*d+j)/8]>>((i*d+j)%8)&1) << j
	}
	return x
}

func fields(b []byte, d int) (x spec.Poly) {
	for i := range x {
		x[i] = field(b, i, d)
	}
	return x
}

// packed returns memory with these fields of d bits.
func packed(x spec.Poly, d int) []byte {
	b := make([]byte, 32*d)
	for at := range 256 * d {
		b[at/8] |= byte(x[at/d]>>(at%d)&1) << (at % 8)
	}
	return b
}

// A fieldwise function makes fields of so many bits from others. Fields of 16 bits are
// coefficients, and f takes and returns them modulo q.
type fieldwise struct {
	from, to int
	f        func(x spec.Poly) spec.Poly
}

func encodes() fieldwise {
	return fieldwise{16, 12, func(x spec.Poly) spec.Poly { return fields(spec.ByteEncode(12, x), 12) }}
}

func decodes() fieldwise {
	return fieldwise{12, 16, func(x spec.Poly) spec.Poly { return spec.ByteDecode(12, packed(x, 12)) }}
}

func compresses(d int) fieldwise {
	return fieldwise{16, d, func(x spec.Poly) spec.Poly { return fields(spec.ByteEncode(d, spec.Compress(d, x)), d) }}
}

func decompresses(d int) fieldwise {
	return fieldwise{d, 16, func(x spec.Poly) spec.Poly { return spec.Decompress(d, spec.ByteDecode(d, packed(x, d))) }}
}

func samples(eta int) fieldwise {
	return fieldwise{2 * eta, 16, func(x spec.Poly) spec.Poly { return spec.SamplePolyCBD(eta, packed(x, 2*eta)) }}
}

func reduces() fieldwise {
	return fieldwise{16, 16, func(x spec.Poly) spec.Poly { return x }}
}

// value returns a field of so many bits as a number: a coefficient has a sign.
func value(x uint64, width int) int64 {
	if width == 16 {
		return term.Signed(x, 16)
	}
	return int64(x)
}

// table returns what the function makes of each value of a field. It tries 256 values at once,
// since the function does the same in all places.
func (w fieldwise) table() []int64 {
	table := make([]int64, 1<<w.from)
	for first := 0; first < len(table); first += 256 {
		var x spec.Poly
		at := func(i int) int { return (first + i) % len(table) }
		for i := range x {
			if x[i] = at(i); w.from == 16 {
				x[i] = int(mod(value(uint64(x[i]), 16)))
			}
		}
		for i, y := range w.f(x) {
			table[at(i)] = int64(y)
		}
	}
	return table
}

// prove proves a kernel that writes its first argument and reads its last, or works in place
// if both have coefficients.
func (w fieldwise) prove(p *proof) error {
	_, _, err := w.call(p)
	return err
}

func (w fieldwise) call(p *proof, results ...machine.Value) (m *machine.Machine, out *machine.Region, err error) {
	in, width := int16s, w.from
	if w.from == 16 {
		if in, err = p.assume("f"); err != nil {
			return nil, nil, err
		}
		if in.lo >= 0 {
			width = bits.Len64(uint64(in.hi))
		}
	}
	source := machine.Variables(p.space, "x", 256, width, w.from, w.from == w.to)
	out = source
	args := []machine.Value{p.arg(source)}
	if w.from != w.to {
		out = machine.NewRegion("the result", 32*w.to, true)
		args = []machine.Value{p.arg(out), args[0]}
	}
	if m, err = p.call(append(args, results...)...); err != nil {
		return nil, nil, err
	}
	found, err := w.check(p, out, width, in)
	if err == nil && w.to == 16 {
		err = p.conclude("f", found)
	}
	return m, out, err
}

// check compares fields with the table for all values that the variables may have, and returns
// bounds of the fields.
func (w fieldwise) check(p *proof, out *machine.Region, width int, in interval) (interval, error) {
	found, want := interval{math.MaxInt64, math.MinInt64}, w.table()
	seen := map[string]bool{}
	for i := range 256 {
		got, x := out.Field(i, w.to), p.space.Var(fmt.Sprint("x", i), width)
		if got == nil {
			return found, fmt.Errorf("field %d of %s is not written", i, out.Name)
		}
		shape, ok := shapeOf(got, x)
		if !ok { // an operation may have fields that do not matter beside this one
			got = term.Narrow(got)
			shape, ok = shapeOf(got, x)
		}
		if !ok {
			vars, _ := term.Support(got)
			return found, fmt.Errorf("field %d of %s depends on %v", i, out.Name, term.Names(vars))
		}
		if seen[shape] {
			continue
		}
		seen[shape] = true
		program := term.Compile(got, x)
		for v, want := range want {
			if v >= 1<<width || w.from == 16 && !(interval{value(uint64(v), 16), value(uint64(v), 16)}).within(in) {
				continue
			}
			y := value(program.Run(uint64(v)), w.to)
			found = found.union(interval{y, y})
			if w.to == 16 && mod(y) != want || w.to != 16 && y != want {
				return found, fmt.Errorf("field %d of %s is %d for %d, not %d", i, out.Name, y, value(uint64(v), w.from), want)
			}
		}
	}
	return found, nil
}

// decodeProof is about a kernel that also says whether all coefficients are less than q.
func decodeProof(p *proof) error {
	m, out, err := decodes().call(p, machine.Value{Word: p.space.Var("result", 64)})
	if err != nil {
		return err
	}
	x := func(i int) *term.Word { return p.space.Var(fmt.Sprint("x", i), 12) }
	for i := range 256 {
		if got := out.Field(i, 16); got != term.ZeroExtend(x(i), 16) {
			return fmt.Errorf("coefficient %d is %v", i, got)
		}
	}
	result := m.Result(2)
	if result.Bits(8, 56) != p.space.Var("result", 64).Bits(8, 56) {
		return fmt.Errorf("more than a byte is the result")
	}
	result = result.Bits(0, 8)
	parts := zeroParts(result.Bits(0, 1))
	if parts == nil || !result.Bits(1, 7).Is(0) {
		return fmt.Errorf("the result is %v", result)
	}
	if err := p.canonical(parts); err != nil {
		return err
	}
	return p.conclude("f if it returns 1", interval{0, q - 1})
}

// canonical shows that words are all 0 exactly if the variables x0 to x255 are less than q. Each
// word has to tell this of one variable.
func (p *proof) canonical(words []*term.Word) error {
	told := map[string]bool{}
	for _, w := range words {
		vars, _ := term.Support(w)
		if len(vars) != 1 {
			return fmt.Errorf("a part of the result depends on %v", term.Names(vars))
		}
		err := term.Enumerate([]*term.Word{w, vars[0].Word}, 12, func(out []uint64) bool { return (out[0] == 0) == (out[1] < q) })
		if err != nil {
			return fmt.Errorf("the result: %w", err)
		}
		told[vars[0].Aux] = true
	}
	for i := range 256 {
		if !told[fmt.Sprint("x", i)] {
			return fmt.Errorf("the result does not depend on coefficient %d", i)
		}
	}
	return nil
}

// zeroParts returns words that are all 0 exactly if a bit is 1, or nil. The bit may tell that a word is 0,
// or that the sum of a few masks is not negative.
func zeroParts(bit *term.Word) (ws []*term.Word) {
	if n := bit.Node(); n != nil && n.Op == term.ZeroOp {
		return disjuncts(n.Args[0])
	}
	g := term.Not(bit).Segs[0]
	if g.Node == nil || g.Node.Op != term.AddOp || g.Width != 1 || g.Low != g.Node.Width-1 {
		return nil
	}
	a := newAnalysis()
	for _, s := range a.summands(g.Node.Word, 1, nil) {
		for _, w := range disjuncts(s.word) {
			if n := w.Node(); n == nil || n.Op != term.GreaterOp || s.sign < 0 {
				return nil
			}
			ws = append(ws, w)
		}
	}
	return ws // there are fewer than 2^15, so that the sum does not wrap
}

// disjuncts returns words that are all 0 exactly if w is 0.
func disjuncts(w *term.Word) (ws []*term.Word) {
	at := 0
	for _, g := range w.Segs {
		part := w.Bits(at, g.Width)
		if at += g.Width; part.Is(0) {
			continue
		}
		if n := part.Node(); n != nil && n.Op == term.OrOp {
			for _, arg := range n.Args {
				ws = append(ws, disjuncts(arg)...)
			}
		} else {
			ws = append(ws, part)
		}
	}
	return ws
}

// sum proves a kernel that replaces f by a sum or difference of f and h, also if they are the
// same.
func sum(f func(x, y *term.Word) *term.Word) func(p *proof) error {
	return func(p *proof) error {
		for _, h := range []string{"h", "f"} {
			r, other := p.poly("f", true), p.poly(h, false)
			args := []machine.Value{p.arg(r), p.arg(other)}
			if h == "f" {
				args[1] = args[0]
			}
			if _, err := p.call(args...); err != nil {
				return fmt.Errorf("f and %s: %w", h, err)
			}
			before := p.poly("f", false)
			for i := range 256 {
				if got, want := r.Field(i, 16), f(before.Field(i, 16), other.Field(i, 16)); got != want {
					return fmt.Errorf("coefficient %d of f and %s is %v, not %v", i, h, got, want)
				}
			}
		}
		return nil
	}
}

const decodeSays = "ByteDecode_12 without the reduction, Algorithm 6; the result is 1 if all coefficients are less than q, else 0"

func compressStatement(d int) statement {
	return statement{fmt.Sprint("ring.compress", d), fmt.Sprintf("ByteEncode_%d of Compress_%[1]d, Algorithm 5 and equation 4.7, for each f", d), compresses(d).prove}
}

func decompressStatement(d int) statement {
	return statement{fmt.Sprint("ring.decompress", d), fmt.Sprintf("Decompress_%d of ByteDecode_%[1]d, equation 4.8 and Algorithm 6", d), decompresses(d).prove}
}

func sampleCBDStatement(eta int) statement {
	return statement{fmt.Sprint("ring.sampleCBD", eta), fmt.Sprintf("SamplePolyCBD_%d, Algorithm 8, modulo q", eta), samples(eta).prove}
}

var encodingStatements = []statement{
	{"ring.encode", "ByteEncode_12, Algorithm 5", encodes().prove},
	{"ring.decode", decodeSays, decodeProof},
	compressStatement(1), compressStatement(4), compressStatement(5), compressStatement(10), compressStatement(11),
	decompressStatement(1), decompressStatement(4), decompressStatement(5), decompressStatement(10), decompressStatement(11),
	sampleCBDStatement(2), sampleCBDStatement(3),
	{"ring.reduce", "f mod q, for each f", reduces().prove},
	{"ring.add", "f + h modulo 2^16; h may be f", sum(term.Add)},
	{"ring.sub", "f - h modulo 2^16; h may be f", sum(term.Sub)},
}
