package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/spec"
)

// The statements about portable functions of ring. Their specifications and the analyses of
// words are those of the kernels.

// promise returns the bounds of an argument that the comment of the function states after "In"
// or "out". Without any, all numbers of 16 bits are in them.
func (p *proof) promise(where, name string) (interval, error) {
	all, err := comments()
	if err != nil {
		return interval{}, err
	}
	function, _ := p.portable()
	line := methodRE[where].FindStringSubmatch(all[strings.TrimPrefix(function, "ring.")])
	if line == nil {
		return int16s, nil
	}
	bounds, err := parseBounds(line[1])
	i, ok := bounds[name]
	if err == nil && !ok {
		err = fmt.Errorf("the comment states nothing of %s after %q", name, where)
	}
	return i, err
}

// keeps checks that what was found is as the comment of the function says.
func (p *proof) keeps(name string, found interval) error {
	i, err := p.promise("Out", name)
	if err == nil && !found.within(i) {
		err = fmt.Errorf("the comment states %s, but %s is found", i.of(name), found.of(name))
	}
	p.found(found.of(name) + " after")
	return err
}

// object returns an object with the fields of w bits in a region.
func (p *proof) object(r *machine.Region, w int) *source.Object {
	o := source.NewObject(r.Name, r.Writable)
	for i := range 8 * len(r.Data) / w {
		o.Cells = append(o.Cells, r.Field(i, w))
	}
	return o
}

// region returns the numbers of an object as memory.
func (p *proof) region(o *source.Object) *machine.Region {
	var bytes []*term.Word
	for i := range o.Cells {
		bytes = append(bytes, o.Word(i).Split(8)...)
	}
	r := machine.NewRegion(o.Name, len(bytes), o.Writable)
	copy(r.Data, bytes)
	return r
}

// portable proves a method that takes a polynomial, bytes, and a number. A method without bytes
// works in place.
func (w fieldwise) portable(number ...int) func(p *proof) error {
	return func(p *proof) error {
		_, err := w.interpret(p, number...)
		return err
	}
}

func (w fieldwise) interpret(p *proof, number ...int) (results source.Value, err error) {
	bounds, width := int16s, w.from
	if w.from == 16 {
		if bounds, err = p.promise("In", "f"); err != nil {
			return nil, err
		}
		if bounds.lo == 0 {
			width = 12
		}
	}
	in := machine.Variables(p.space, "x", 256, width, w.from, w.from == w.to)
	var f, b *source.Object
	switch {
	case w.from == w.to:
		f = p.object(in, 16)
	case w.from == 16:
		f, b = p.object(in, 16), p.numbers("before", 32*w.to, 8, true)
	default:
		f, b = p.numbers("before", 256, 16, true), p.object(in, 8)
	}
	args := []source.Value{f.Pointer()}
	out := f
	if w.to != 16 {
		out = b
	}
	if b != nil && len(number) > 0 {
		args = append(args, b.Slice(1))
	} else if b != nil {
		args = append(args, b.Pointer())
	}
	for _, n := range number {
		args = append(args, p.source.Int(n))
	}
	if results, err = p.interpret(args...); err != nil {
		return nil, err
	}
	found, err := w.check(p, p.region(out), width, bounds)
	if err == nil && w.to == 16 {
		err = p.keeps("f", found)
	}
	return results, err
}

// each proves a method for several numbers.
func each(low, high int, of func(n int) fieldwise) func(p *proof) error {
	return func(p *proof) error {
		for n := low; n <= high; n++ {
			p.detail = ""
			if err := of(n).portable(n)(p); err != nil {
				return fmt.Errorf("%d: %w", n, err)
			}
		}
		return nil
	}
}

// sumProof proves an addition or a subtraction, also of a polynomial and itself.
func portableSum(f func(x, y *term.Word) *term.Word) func(p *proof) error {
	return func(p *proof) error {
		for _, same := range []bool{false, true} {
			a := p.numbers("f", 256, 16, true)
			b := p.numbers("g", 256, 16, false)
			if same {
				b = a
			}
			x, y := p.region(a), p.region(b)
			if _, err := p.interpret(a.Pointer(), b.Pointer()); err != nil {
				return err
			}
			for i := range 256 {
				if got := a.Word(i); got != f(x.Field(i, 16), y.Field(i, 16)) {
					return fmt.Errorf("coefficient %d is %v", i, got)
				}
			}
		}
		return nil
	}
}

// words returns the forms of numbers of 16 bits, and bounds of them all.
func (a *pairAnalysis) words(o *source.Object) ([]form, interval, error) {
	forms := make([]form, len(o.Cells))
	bounds := interval{math.MaxInt64, math.MinInt64}
	for i := range forms {
		p, err := a.signed(o.Word(i))
		var x *base
		if err == nil {
			x, err = a.close(p)
		}
		if err != nil {
			return nil, bounds, fmt.Errorf("word %d of %s: %w", i, o.Name, err)
		}
		forms[i], bounds = x.form, bounds.union(x.interval)
	}
	return forms, bounds, nil
}

// portableTransform proves a method that computes a linear function in place.
func portableTransform(f func(spec.Poly) spec.Poly) func(p *proof) error {
	columns := linearOf(f)
	return func(p *proof) error {
		in, err := p.promise("In", "f")
		if err != nil {
			return err
		}
		o := p.numbers("f", 256, 16, true)
		a := newPairAnalysis()
		for i := range o.Cells {
			a.know(o.Word(i), linear(in, 1, o.Word(i)))
		}
		if _, err := p.interpret(o.Pointer()); err != nil {
			return err
		}
		forms, bounds, err := a.words(o)
		if err != nil {
			return err
		}
		if err := columns.check(p, forms); err != nil {
			return err
		}
		return p.keeps("f", bounds)
	}
}

// below tells that numbers are less than q in absolute value.
var below = interval{1 - q, q - 1}

// portableFactor proves Factor.Set: the pairs of b, and γ·b₁ of all pairs, times 2^16.
func portableFactor(p *proof) error {
	in, err := p.promise("In", "b")
	if err != nil {
		return err
	}
	b := p.numbers("b", 256, 16, false)
	f := p.source.Variable("f", p.function.Params[0].Type())
	a := newPairAnalysis()
	for i := range b.Cells {
		a.know(b.Word(i), linear(in, 1, b.Word(i)))
	}
	if _, err := p.interpret(f.Pointer(), b.Pointer()); err != nil {
		return err
	}
	bounds := interval{}
	for i := range 128 {
		pair, err := a.pair(f.Word(i))
		if err != nil {
			return fmt.Errorf("pair %d: %w", i, err)
		}
		gamma, err := a.signed(f.Word(128 + i))
		if err != nil {
			return fmt.Errorf("γ·b₁ of pair %d: %w", i, err)
		}
		c, _ := pairsForm.word(2*i + 1)
		for k, want := range []form{linear(in, rest, b.Word(2*i)), linear(in, rest, b.Word(2*i+1)), linear(in, c, b.Word(2*i+1))} {
			got, err := a.close([]*halfWord{pair[0], pair[1], gamma}[k])
			if err == nil {
				err = got.same(want.poly)
			}
			if err != nil {
				return fmt.Errorf("part %d of pair %d: %w", k, i, err)
			}
			bounds = bounds.union(got.interval)
		}
	}
	if !bounds.within(below) {
		err = errors.New("a factor that is not below q")
	}
	p.found(bounds.of("f") + " after")
	return err
}

// portableInnerProduct takes factors that are what portableFactor says.
func portableInnerProduct(p *proof) error {
	all := interval{}
	for k := 1; k <= 4; k++ {
		for _, stride := range []int{1, k} {
			for same := -1; same < k; same++ {
				bounds, err := p.portableInnerProduct(k, stride, same)
				if err != nil {
					return fmt.Errorf("k = %d, stride = %d, f = a[%d]: %w", k, stride, same, err)
				}
				all = all.union(bounds)
			}
		}
	}
	return p.keeps("f", all)
}

// portableInnerProduct proves one case. f is row same of a, unless this is -1.
func (p *proof) portableInnerProduct(k, stride, same int) (bounds interval, err error) {
	in, err := p.promise("In", "a")
	if err != nil {
		return bounds, err
	}
	forms := newPairAnalysis()
	known := func(name string, row, i int, f form) *term.Word {
		v := p.rowVariable(name, row, i)
		forms.know(v, f)
		return v
	}
	a, b := p.numbers("unused", 256*(stride*(k-1)+1), 16, same >= 0), source.NewObject("b", false)
	for row := range k {
		for i := range 256 {
			v := p.rowVariable("a", row, i)
			a.Cells[256*stride*row+i] = known("a", row, i, linear(in, 1, v))
		}
		factor := func(w int) *term.Word {
			c, j := pairsForm.word(w)
			return known("factor", row, w, linear(below, c, p.rowVariable("b", row, j)))
		}
		for i := 0; i < 256; i += 2 {
			lo, hi := term.SignExtend(factor(i), 64), term.SignExtend(factor(256+i), 64)
			b.Cells = append(b.Cells, term.Add(lo, term.Shl(hi, 32)))
		}
		for i := 0; i < 256; i += 2 {
			b.Cells = append(b.Cells, factor(i+1))
		}
	}
	f, at := p.numbers("before", 256, 16, true), 0
	if same >= 0 {
		f, at = a, 256*stride*same
	}
	args := []source.Value{{source.Pointer{Object: f, At: at}}, a.Slice(256), p.source.Int(stride), b.Slice(256)}
	if _, err := p.interpret(args...); err != nil {
		return bounds, err
	}
	got, bounds, err := forms.words(source.NewObject("f", false, f.Cells[at:][:256]...))
	if err != nil {
		return bounds, err
	}
	return bounds, p.checkProducts(got, k)
}

// portableDecode is about a method that also says whether all coefficients are less than q.
func portableDecode(p *proof) error {
	results, err := decodes().interpret(p)
	if err != nil {
		return err
	}
	// The result is a bit of a word that is inverted: whether this bit is 0 in all of some words.
	result := results[0].(*term.Word)
	g := result.Bits(0, 1).Segs[0]
	if !result.Bits(1, result.Width-1).Is(0) || g.Node == nil || g.Node.Op != term.XorOp ||
		len(g.Node.Args) != 2 || !g.Node.Args[1].Is(term.Ones(g.Node.Width)) {
		return errors.New("the result is no inverted bit")
	}
	words := g.Node.Args[0].Node()
	if words == nil || words.Op != term.OrOp {
		return errors.New("the result is not that of several words")
	}
	var parts []*term.Word
	for _, w := range words.Args {
		parts = append(parts, w.Bits(g.Low, 1))
	}
	return p.canonical(parts)
}

var portableRing = []statement{
	{"portable ring.Poly.NTT", "NTT modulo q, Algorithm 9", portableTransform(spec.NTT)},
	{"portable ring.NTT.InverseNTT", "the inverse NTT modulo q, Algorithm 10", portableTransform(spec.InverseNTT)},
	{"portable ring.Factor.Set", "the words of a factor modulo q: 2^16 times the pairs (b₀, b₁), and γ·b₁", portableFactor},
	{"portable ring.NTT.InnerProduct", innerSays, portableInnerProduct},
	{"portable ring.NTT.Decode", decodeSays, portableDecode},
	{"portable ring.NTT.Encode", "ByteEncode_12, Algorithm 5", encodes().portable()},
	{"portable ring.Poly.Compress", "Compress_d and ByteEncode_d, for d from 1 to 11", each(1, 11, compresses)},
	{"portable ring.Poly.Decompress", "ByteDecode_d and Decompress_d, for d from 1 to 11", each(1, 11, decompresses)},
	{"portable ring.Poly.SampleCBD", "SamplePolyCBD_η, Algorithm 8, for η = 2 and 3", each(2, 3, samples)},
	{"portable ring.NTT.Reduce", "the coefficients modulo q", reduces().portable()},
	{"portable ring.Poly.Add", "sums modulo 2^16", portableSum(term.Add)},
	{"portable ring.Poly.Sub", "differences modulo 2^16", portableSum(term.Sub)},
	{"portable ring.NTT.Add", "sums modulo 2^16", portableSum(term.Add)},
}

var portableStatements = slices.Concat(portableRing, portableField)
