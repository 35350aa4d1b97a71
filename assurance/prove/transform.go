package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
	"hybridkem/internal/spec"
)

// The statements about kernels of ring that compute linear and bilinear forms modulo q. What the
// forms must be comes from package spec: its functions on the vectors with one coefficient 1,
// since these functions are linear or bilinear.
//
// Arguments of different types have no memory in common, as Go has it without package unsafe.
// Where two arguments have the same type, a statement says whether they may be the same.

// rest is what 2^16 leaves modulo q. Factors have it as a factor, and inner products take it out.
const rest = 1 << 16 % q

// unit returns the polynomial with coefficient i 1.
func unit(i int) (e spec.Poly) {
	e[i] = 1
	return e
}

// poly returns memory of a polynomial whose coefficients are variables.
func (p *proof) poly(name string, writable bool) *machine.Region {
	return machine.Variables(p.space, name, 256, 16, 16, writable)
}

// A linearFunction has the images of the units.
type linearFunction [256]spec.Poly

func linearOf(f func(spec.Poly) spec.Poly) (columns linearFunction) {
	for j := range columns {
		columns[j] = f(unit(j))
	}
	return columns
}

// check compares forms with those of the function of variables f0 to f255.
func (columns *linearFunction) check(p *proof, forms []form) error {
	for i, got := range forms {
		want := form{poly: map[monomial]int64{}}
		for j := range columns {
			want.plus(int64(columns[j][i]), monomial{nil, p.space.Var(fmt.Sprint("f", j), 16).Node()})
		}
		if err := got.same(want.poly); err != nil {
			return fmt.Errorf("coefficient %d: %w", i, err)
		}
	}
	return nil
}

// transform proves a kernel that computes a linear function in place.
func transform(f func(spec.Poly) spec.Poly) func(p *proof) error {
	columns := linearOf(f)
	return func(p *proof) error {
		in, err := p.assume("f")
		if err != nil {
			return err
		}
		r := p.poly("f", true)
		a := newAnalysis()
		a.know(r, in)
		if _, err := p.call(p.arg(r)); err != nil {
			return err
		}
		forms, bounds, err := a.region(r)
		if err != nil {
			return err
		}
		if err := columns.check(p, forms); err != nil {
			return err
		}
		return p.conclude("f", bounds)
	}
}

// A product has the coefficients of the product of two units that are not 0.
type product struct {
	i, j int // of the units
	at   int
	c    int64
}

// products has MultiplyNTTs of all pairs of units.
var products = sync.OnceValue(func() (all []product) {
	for i := range 256 {
		for j := range 256 {
			for at, c := range spec.MultiplyNTTs(unit(i), unit(j)) {
				if c != 0 {
					all = append(all, product{i, j, at, int64(c)})
				}
			}
		}
	}
	return all
})

// A factorForm is the form in which kernels have a factor of b: so many words, and word w is c·b[j]
// modulo q.
type factorForm struct {
	words int
	word  func(w int) (c int64, j int)
}

// squared returns 2^16 times the square of coefficient j in the lower coefficient of its pair: it is 1 or γ.
func squared(j int) int64 {
	square := spec.MultiplyNTTs(unit(j), unit(j))
	return mod(rest * int64(square[j&^1]))
}

// pairsForm has 2^16 times the pairs (b₀, γ·b₁), and then (b₁, b₀).
var pairsForm = factorForm{512, func(w int) (c int64, j int) {
	if w >= 256 {
		return rest, w - 256 ^ 1
	}
	return squared(w), w
}}

// planesForm has, of eight pairs after the others, 2^16 times all b₀, all b₁ and all γ·b₁.
var planesForm = factorForm{384, func(w int) (c int64, j int) {
	switch j = w/24*16 + w%8*2; w % 24 / 8 {
	case 0:
		return rest, j
	case 1:
		return rest, j + 1
	}
	return squared(j + 1), j + 1
}}

// factorForm returns the form of the kernel's factors.
func (p *proof) factorForm() factorForm {
	if strings.HasSuffix(p.kernel, "NEON") {
		return planesForm
	}
	return pairsForm
}

func factorSetProof(p *proof) error {
	in, err := p.assume("b")
	if err != nil {
		return err
	}
	form := p.factorForm()
	b, f := p.poly("b", false), machine.NewRegion("f", 2*form.words, true)
	a := newAnalysis()
	a.know(b, in)
	if _, err := p.call(p.arg(f), p.arg(b)); err != nil {
		return err
	}
	forms, bounds, err := a.region(f)
	if err != nil {
		return err
	}
	for w, got := range forms {
		c, j := form.word(w)
		if err := got.same(linear(in, c, b.Field(j, 16)).poly); err != nil {
			return fmt.Errorf("word %d: %w", w, err)
		}
	}
	return p.conclude("f", bounds)
}

const (
	polySize   = 512
	factorSize = 1280 // of ring.Factor; kernels use the first bytes
)

// innerProductProof takes factors that are what factorSetProof says.
func innerProductProof(p *proof) error {
	as, err := p.assume("a")
	if err != nil {
		return err
	}
	bs, err := p.assume("b")
	if err != nil {
		return err
	}
	all, err := comments()
	if err != nil {
		return err
	}
	for kernel := range all {
		if !strings.HasPrefix(kernel, "factorSet") {
			continue
		}
		set := proof{statement: &statement{kernel: "ring." + kernel}}
		if out, err := set.stated("Out", "f"); err != nil || !out.within(bs) {
			return errors.Join(err, fmt.Errorf("the factors of %s are outside %s", kernel, bs.of("b")))
		}
	}
	var bounds interval
	for k := 1; k <= 4; k++ {
		for _, stride := range []int{1, k} {
			for same := -1; same < k; same++ {
				found, err := p.innerProduct(k, stride, same, as, bs)
				if err != nil {
					return fmt.Errorf("k = %d, stride = %d, f is row %d of a (-1: it is another): %w", k, stride, same, err)
				}
				bounds = bounds.union(found)
			}
		}
	}
	return p.conclude("f", bounds)
}

// innerProduct proves one case. f is row same of a, unless this is -1.
func (p *proof) innerProduct(k, stride, same int, as, bs interval) (bounds interval, err error) {
	a := machine.NewRegion("a", polySize*(stride*(k-1)+1), same >= 0)
	form := p.factorForm()
	b := machine.NewRegion("b", factorSize*(k-1)+2*form.words, false)
	forms := newAnalysis()
	for row := range k {
		for i := range 256 {
			v := p.rowVariable("a", row, i)
			a.Set(polySize*stride*row+2*i, v)
			forms.forms[v] = linear(as, 1, v)
		}
		for w := range form.words {
			word := p.rowVariable("factor", row, w)
			b.Set(factorSize*row+2*w, word)
			c, j := form.word(w)
			forms.forms[word] = linear(bs, c, p.rowVariable("b", row, j))
		}
	}
	f, at := machine.NewRegion("f", polySize, true), 0
	if same >= 0 {
		f, at = a, polySize*stride*same
	}
	args := []machine.Value{machine.Pointer(p.space, f, at), p.arg(a), p.number(stride), p.arg(b), p.number(k)}
	if _, err := p.call(args...); err != nil {
		return bounds, err
	}
	result := machine.NewRegion("f", polySize, false)
	copy(result.Data, f.Data[at:])
	for off, written := range a.Written {
		if written && (off < at || off >= at+polySize) {
			return bounds, fmt.Errorf("byte %d of a is written", off)
		}
	}
	got, bounds, err := forms.region(result)
	if err != nil {
		return bounds, err
	}
	return bounds, p.checkProducts(got, k)
}

// checkProducts compares forms with those of the inner product of rows of variables.
func (p *proof) checkProducts(got []form, k int) error {
	want := make([]form, 256)
	for i := range want {
		want[i].poly = map[monomial]int64{}
	}
	for _, x := range products() {
		for row := range k {
			want[x.at].plus(x.c, times(p.rowVariable("a", row, x.i).Node(), p.rowVariable("b", row, x.j).Node()))
		}
	}
	for i := range got {
		if err := got[i].same(want[i].poly); err != nil {
			return fmt.Errorf("coefficient %d: %w", i, err)
		}
	}
	return nil
}

// rowVariable returns coefficient i of a row of polynomials.
func (p *proof) rowVariable(name string, row, i int) *term.Word {
	return p.space.Var(fmt.Sprintf("%s[%d][%d]", name, row, i), 16)
}

const (
	setSays   = "the words of a factor modulo q: 2^16 times the pairs (b₀, γ·b₁), and then (b₁, b₀), or on arm64 times all b₀, b₁ and γ·b₁ of eight pairs"
	innerSays = "the sum of k products in T_q, Algorithms 11 and 12, for k from 1 to 4 and strides 1 and k; f may be one of the a that are multiplied"
)

var transformStatements = []statement{
	{"ring.ntt", "NTT modulo q, Algorithm 9", transform(spec.NTT)},
	{"ring.inverseNTT", "the inverse NTT modulo q, Algorithm 10", transform(spec.InverseNTT)},
	{"ring.factorSet", setSays, factorSetProof},
	{"ring.innerProduct", innerSays, innerProductProof},
}
