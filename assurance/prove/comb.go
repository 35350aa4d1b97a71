package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"hybridkem/assurance/prove/integer"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// The statements about the combs, which multiply the base point B by scalars. A scalar is the
// sum of 64 digits times 16^i. A comb adds multiples of B from a table, and doubles.
//
// The proof executes a kernel once. Before each addition and each doubling it replaces the sum
// by variables, about which only the bounds are known. Before each addition it also replaces
// what the kernel has chosen from the table, after it has compared this for each digit with
// the multiple of B. So all additions come out as the same terms, and so do all doublings.
// These have to be the elements of the affine sum, for all points of the curve. The weight with
// which each digit occurs in the sum is counted, and has to be 16^i at the end.

// A comb describes a kernel.
type comb struct {
	sums    int                                           // how many sums it computes
	eight   bool                                          // the sums have scalars of their own, and are in the frame
	doubleZ int64                                         // the factor of the coordinates of a double
	hold    func(x, y, z, t integer.Poly) [4]integer.Poly // what it holds of (x/z, y/z) with xy = tz
	bounds  [4]integer.Interval                           // of the limbs of these
	lowest  int                                           // the lowest digit; the highest is 8
}

// Columns are sums of products before a carry. Some have a multiple of p besides, so that
// others can be subtracted from them.
var (
	columnBounds = integer.UpTo(integer.Pow2(61))
	biasedBounds = integer.Interval{
		Low:  new(big.Int).Sub(integer.Pow2(62), integer.Pow2(16)),
		High: new(big.Int).Add(integer.Pow2(62), integer.Pow2(61)),
	}
)

// edwardsComb returns the description of combIFMA, or of combWideIFMA, which computes two sums
// and adds them.
func edwardsComb(sums int) *comb {
	return &comb{
		sums:    sums,
		doubleZ: -1,
		hold:    func(x, y, z, t integer.Poly) [4]integer.Poly { return [4]integer.Poly{x, y, z, t} },
		bounds:  [4]integer.Interval{columnBounds, biasedBounds, columnBounds, columnBounds},
		lowest:  -8,
	}
}

var montgomeryComb = &comb{
	sums:    8,
	eight:   true,
	doubleZ: 4,
	hold: func(x, y, z, t integer.Poly) [4]integer.Poly {
		return [4]integer.Poly{y.Sub(x), y.Add(x), t, z}
	},
	bounds: [4]integer.Interval{carriedBounds, carriedBounds, carriedBounds, biasedBounds},
	lowest: -7,
}

// A place is a vector register, or the 64 bytes of the frame at an offset, plus firstOffset.
type place int

const firstOffset = 32

func (at place) word(m *machine.Machine, lane int) *term.Word {
	if at < firstOffset {
		return m.Vector[at][lane]
	}
	return m.Frame.Word(int(at)-firstOffset+8*lane, 8)
}

func (at place) set(m *machine.Machine, lane int, w *term.Word) {
	if at < firstOffset {
		m.Vector[at][lane] = w
	} else {
		m.Frame.Set(int(at)-firstOffset+8*lane, w)
	}
}

// A row has the limbs of an element.
type row = [nLimbs]*term.Word

// A combProof is an execution of a comb.
type combProof struct {
	*proof
	*comb
	m           *machine.Machine
	add, double loop
	multiply    uint64 // the address of the first product of an addition

	active  []int             // the sums that the next step changes
	sum     [4][nLimbs]place  // where the limbs of the sums are
	addend  *[3][nLimbs]place // where the limbs of the multiples are
	step    string            // what has been done to the sums since they were variables
	proved  map[string][]row  // the sums after a step
	choices map[*term.Word]*choice
	weights [][2 * windows]big.Int
}

// A loop has the address of its first instruction, and the address after its last one.
type loop struct{ head, end uint64 }

// innerLoops returns the loops that have no loops in them, in the order of their addresses.
func innerLoops(k *machine.Kernel) (inner []loop) {
	code := k.Listing()
	for n, i := range code[:len(code)-1] {
		if i.Op[0] != 'J' || i.Op == "JMP" || i.Args[0].Imm > i.Address {
			continue
		}
		if l := (loop{i.Args[0].Imm, code[n+1].Address}); len(inner) == 0 || l.head >= inner[len(inner)-1].end {
			inner = append(inner, l)
		}
	}
	return inner
}

// contains reports whether there is such an instruction in the loop, and where the first is.
func (l loop) contains(k *machine.Kernel, prefix string) (at uint64, ok bool) {
	for _, i := range k.Listing() {
		if i.Address >= l.head && i.Address < l.end && strings.HasPrefix(i.Op, prefix) {
			return i.Address, true
		}
	}
	return 0, false
}

// prove proves the statement about a comb.
func (c *comb) prove(p *proof) error {
	if err := checkCurve(); err != nil {
		return err
	}
	r := &combProof{proof: p, comb: c, proved: map[string][]row{}, choices: map[*term.Word]*choice{}}
	for _, l := range innerLoops(p.code) {
		if at, ok := l.contains(p.code, "VPCMPEQ"); ok {
			r.add = l
			r.multiply, _ = loop{at, l.end}.contains(p.code, "VPMADD52")
		} else {
			r.double = l
		}
	}
	args, results := r.arguments()
	if err := p.independent(args...); err != nil {
		return err
	}
	r.m = machine.New(p.space, p.code, args...)
	r.m.StackAddress = machine.AnyAddress
	for _, table := range p.code.Tables() {
		r.m.Name(table, windows*8*3*4)
	}
	if err := r.run(args); err != nil {
		return err
	}
	p.steps += r.m.Steps
	return r.finish(results)
}

// arguments returns the arguments, and those that are results.
func (r *combProof) arguments() (args []machine.Value, results []*machine.Region) {
	if !r.eight {
		results = []*machine.Region{machine.NewRegion("s", 32*nLimbs, true)}
		digits := machine.Variables(r.space, "digit", 2*windows, 8, 8, false)
		return []machine.Value{r.arg(results[0]), r.arg(digits)}, results
	}
	results = []*machine.Region{machine.NewRegion("x", 64*nLimbs, true), machine.NewRegion("z", 64*nLimbs, true)}
	scalars := machine.Variables(r.space, "scalars", 4*8, 64, 64, false)
	return []machine.Value{r.arg(results[0]), r.arg(results[1]), r.arg(scalars)}, results
}

// run executes the kernel, and replaces the sums and the multiples by variables.
func (r *combProof) run(args []machine.Value) error {
	r.weights = make([][2 * windows]big.Int, r.sums)
	r.active, r.addend, r.step = nil, nil, "start"
	for i := range r.sums {
		r.active = append(r.active, i)
	}
	for {
		var err error
		switch r.m.PC {
		case r.add.head, r.add.end, r.double.end:
			err = r.settle(args)
		case r.double.head:
			// A wide comb has moved the sum since the last addition.
			if r.step != "nothing" {
				err = r.settle(args)
			}
			r.beginDouble()
		case r.multiply:
			err = r.beginAdd()
		}
		if err != nil {
			return fmt.Errorf("after %d instructions: %w", r.m.Steps, err)
		}
		if done, err := r.m.Step(); done || err != nil {
			return err
		}
	}
}

// lane returns the lane of element e of a sum.
func (r *combProof) lane(sum, e int) int {
	if r.eight {
		return sum
	}
	return 4*(sum-r.active[0]) + e
}

// limb returns the variable that stands for a limb of element e of a sum or a multiple.
func (r *combProof) limb(what string, sum, e, k int) *term.Word {
	return r.space.Var(fmt.Sprint(what, sum, ".", e, ".", k), 64)
}

func (r *combProof) limbs(what string, sum, e int) (limbs row) {
	for k := range limbs {
		limbs[k] = r.limb(what, sum, e, k)
	}
	return limbs
}

// settle shows what the last step has done to the sums, and replaces them by variables.
func (r *combProof) settle(args []machine.Value) error {
	if r.step == "start" {
		if err := r.findSums(args); err != nil {
			return err
		}
	}
	var rows []row
	for _, i := range r.active {
		for e := range 4 {
			var limbs row
			for k, at := range r.sum[e] {
				limbs[k] = at.word(r.m, r.lane(i, e))
			}
			rows = append(rows, limbs)
		}
	}
	if known := r.proved[r.step]; known == nil {
		if err := r.show(rows); err != nil {
			return fmt.Errorf("%s: %w", r.step, err)
		}
		r.proved[r.step] = rows
	} else if !slices.Equal(rows, known) {
		return fmt.Errorf("%s: other terms than before", r.step)
	}
	r.step = "nothing"
	// What is left of the sums and multiples before must not be taken for those that follow.
	var old []*term.Word
	for _, i := range r.active {
		for e := range 4 {
			sum, multiple := r.limbs("sum", i, e), r.limbs("multiple", i, e)
			old = slices.Concat(old, sum[:], multiple[:])
		}
	}
	r.m.Forget(old...)
	for _, i := range r.active {
		for e := range 4 {
			for k, at := range r.sum[e] {
				at.set(r.m, r.lane(i, e), r.limb("sum", i, e, k))
			}
		}
	}
	return nil
}

// findSums finds where the sums are when the first addition begins. It is a guess.
//
// In the frame, they come first. If they are in registers, then it executes the kernel until
// the second addition has carried them. In the lane of T, the carried limbs show which registers
// are the columns.
func (r *combProof) findSums(args []machine.Value) error {
	if r.eight {
		for n := range 4 * nLimbs {
			r.sum[n/nLimbs][n%nLimbs] = place(firstOffset + 64*n)
		}
		return nil
	}
	const t = 3
	m := machine.New(r.space, r.code, args...)
	upper, _ := loop{r.multiply, r.add.end}.contains(r.code, "VPMADD52HUQ")
	for _, stop := range []uint64{upper, r.add.head} {
		if err := m.RunTo(stop); err != nil {
			return err
		}
	}
	register := map[*term.Node]place{}
	for at := range m.Vector {
		// T is 0 at the start. So copies of the columns are not taken for them.
		if n := m.Vector[at][t].Node(); n != nil && r.m.Vector[at][t].Is(0) {
			register[n] = place(at)
		}
	}
	if err := m.RunTo(upper); err != nil {
		return err
	}
	var words []*term.Word
	for at := range m.Vector {
		words = append(words, m.Vector[at][2]) // where T goes before the product
	}
	for _, limbs := range carriedRows(words...) {
		found := 0
		for k, limb := range limbs {
			for _, a := range limb.Node().Args {
				if at, ok := register[onlyBits(a, 0, limbBits)]; ok {
					for e := range r.sum {
						r.sum[e][k] = at
					}
					found++
				}
			}
		}
		if found == nLimbs {
			return nil
		}
	}
	return errors.New("the registers of the sum are not found")
}

// beginDouble finds where the last sum is, or all if there are eight. It is what the step will
// double.
func (r *combProof) beginDouble() {
	if !r.eight {
		r.active = []int{r.sums - 1}
		for e := range r.sum {
			for k := range r.sum[e] {
				for at := range r.m.Vector {
					if r.m.Vector[at][e] == r.limb("sum", r.sums-1, e, k) {
						r.sum[e][k] = place(at)
					}
				}
			}
		}
	}
	r.step = "double"
	for _, i := range r.active {
		for n := range r.weights[i] {
			r.weights[i][n].Lsh(&r.weights[i][n], 1)
		}
	}
}

// A choice says what a word is for each digit, from the lowest on. The word depends on nothing
// but this digit.
type choice struct {
	digit  int // its index
	sum    int // of whose scalar the digit is
	values []uint64
}

// choice evaluates a word for all digits. It returns nil if the word does not depend on exactly
// one digit, and constants.
func (r *combProof) choice(w *term.Word) *choice {
	c, ok := r.choices[w]
	if !ok {
		c = r.evaluate(w)
		r.choices[w] = c
	}
	return c
}

func (r *combProof) evaluate(w *term.Word) *choice {
	if w == nil {
		return nil // nobody has written it
	}
	vars, masks := term.Support(w)
	inputs, values := make([]*term.Word, len(vars)), make([]uint64, len(vars))
	c, at, shift := &choice{}, -1, 0
	for i, v := range vars {
		inputs[i] = v.Word
		var n int
		switch {
		case parse(v, "constant", &n):
			values[i] = binary.LittleEndian.Uint64(r.code.Constant(uint64(n), 8))
			continue
		case at >= 0:
			return nil
		case parse(v, "digit", &n):
			c.digit, c.sum = n, n%r.sums
		case parse(v, "scalars", &n) && masks[i] != 0:
			shift = bits.TrailingZeros64(masks[i]) &^ 3
			c.digit, c.sum = 16*(n/8)+shift/4, n%8
			if masks[i]>>shift > 15 {
				return nil
			}
		default:
			return nil
		}
		at = i
	}
	if at < 0 {
		return nil
	}
	program := term.Compile(w, inputs...)
	for digit := r.lowest; digit <= 8; digit++ {
		values[at] = uint64(uint8(digit))
		if r.eight {
			values[at] = uint64(digit-r.lowest) << shift
		}
		c.values = append(c.values, program.Run(values...))
	}
	return c
}

// parse returns the number that follows a name in the name of a variable.
func parse(v *term.Node, name string, n *int) bool {
	rest, ok := strings.CutPrefix(v.Aux, name)
	if !ok {
		return false
	}
	var err error
	*n, err = strconv.Atoi(rest)
	return err == nil
}

// beginAdd shows that the multiples that the kernel has chosen are the multiples of B for their
// digits, and replaces them by variables.
func (r *combProof) beginAdd() error {
	if r.step != "nothing" {
		return fmt.Errorf("%s: an addition begins before its end", r.step)
	}
	if r.addend == nil {
		if err := r.findAddend(); err != nil {
			return err
		}
	}
	variables := map[*term.Word]*term.Word{}
	for _, i := range r.active {
		var first *choice
		for e := range r.addend {
			var limbs [nLimbs]*choice
			for k, at := range r.addend[e] {
				w := at.word(r.m, r.lane(i, e))
				c := r.choice(w)
				if first == nil {
					first = c
				}
				if c == nil || c.digit != first.digit || c.sum != i {
					return fmt.Errorf("limb %d of element %d of a multiple does not depend on one digit of its scalar", k, e)
				}
				limbs[k] = c
				variables[w] = r.limb("multiple", i, e, k)
				at.set(r.m, r.lane(i, e), variables[w])
			}
			for n := range first.values {
				digit, value := r.lowest+n, new(big.Int)
				for k := nLimbs - 1; k >= 0; k-- {
					v := limbs[k].values[n]
					if v>>52 != 0 {
						return fmt.Errorf("digit %d is %d: limb %d of the multiple is %#x", first.digit, digit, k, v)
					}
					value.Lsh(value, limbBits).Add(value, new(big.Int).SetUint64(v))
				}
				if want := addend(digit, first.digit/2)[e]; modP(value).Cmp(want) != 0 {
					return fmt.Errorf("digit %d is %d: element %d of the multiple is %#x, not %#x", first.digit, digit, e, modP(value), want)
				}
			}
		}
		weight := &r.weights[i][first.digit]
		weight.Add(weight, integer.Pow2(8*(first.digit/2)))
	}
	// Some limbs in the frame have been loaded already.
	for at := range r.m.Vector {
		for lane, w := range r.m.Vector[at] {
			if v, ok := variables[w]; ok {
				r.m.Vector[at][lane] = v
			}
		}
	}
	r.step = "add"
	return nil
}

// findAddend finds where the limbs of the multiples are, by their values for the digits 1 and
// -1. It is a guess.
func (r *combProof) findAddend() error {
	var places []place
	if r.eight {
		for off := 0; off+64 <= len(r.m.Frame.Data); off += 64 {
			places = append(places, place(firstOffset+off))
		}
	} else {
		for at := range place(firstOffset) {
			places = append(places, at)
		}
	}
	r.addend = new([3][nLimbs]place)
	for e := range r.addend {
		for k := range r.addend[e] {
			found := slices.IndexFunc(places, func(at place) bool {
				c := r.choice(at.word(r.m, r.lane(0, e)))
				if c == nil {
					return false
				}
				for _, digit := range []int{1, -1} {
					want := new(big.Int).Rsh(addend(digit, c.digit/2)[e], uint(limbBits*k)).Uint64() & (1<<limbBits - 1)
					if v := c.values[digit-r.lowest]; v != want && (e < 2 || digit == 1) {
						return false
					}
				}
				return true
			})
			if found < 0 {
				return fmt.Errorf("limb %d of element %d of a multiple is not found", k, e)
			}
			r.addend[e][k] = places[found]
		}
	}
	return nil
}

// affine returns the coordinates of a sum, or of a multiple, and the factor of the
// coordinates of the sum. They are symbols.
func (r *combProof) affine(what string, sum int) (x, y, z integer.Poly) {
	symbol := func(name string) integer.Poly {
		return integer.Atom(r.space.Var(fmt.Sprint(name, " of ", what, sum), 64))
	}
	return symbol("x"), symbol("y"), symbol("z")
}

// field returns a field in which the limbs of sums and multiples are elements, and what these
// elements are, by their symbols.
func (r *combProof) field() (f *integer.Field, meaning map[*term.Word]integer.Poly, err error) {
	f, meaning = integer.NewField(p25519, radix51.place), map[*term.Word]integer.Poly{}
	element := func(what string, sum, e int, bounds integer.Interval, held integer.Poly) {
		limbs := r.limbs(what, sum, e)
		for _, w := range limbs {
			f.Assume(w, bounds)
		}
		symbol, failed := f.Element(fmt.Sprint(what, sum, ".", e), limbs[:]...)
		err = errors.Join(err, failed)
		meaning[symbol] = held
	}
	half, d := integer.New(quotient(big.NewInt(1), big.NewInt(2))), integer.New(curveD)
	for i := range r.sums {
		x, y, z := r.affine("sum", i)
		for e, held := range r.hold(x.Mul(z), y.Mul(z), z, x.Mul(y).Mul(z)) {
			element("sum", i, e, r.bounds[e], held)
		}
		x, y, _ = r.affine("multiple", i)
		for e, held := range []integer.Poly{y.Sub(x).Mul(half), y.Add(x).Mul(half), d.Mul(x).Mul(y)} {
			element("multiple", i, e, integer.AllBits(52), held)
		}
	}
	return f, meaning, err
}

// equal shows that rows of limbs have these values, and that the limbs are within bounds.
func (r *combProof) equal(rows []row, want []integer.Poly, bounds func(n int) integer.Interval) error {
	f, meaning, err := r.field()
	if err != nil {
		return err
	}
	var words []*term.Word
	for n, limbs := range rows {
		if slices.Contains(limbs[:], nil) {
			return fmt.Errorf("row %d: a limb is not there", n)
		}
		words = append(words, limbs[:]...)
	}
	if err := radix51.define(f, words...); err != nil {
		return err
	}
	for n, limbs := range rows {
		for k, w := range limbs {
			if i := f.Interval(w); !i.Within(bounds(n)) {
				return fmt.Errorf("row %d: limb %d is in %v, not in %v", n, k, i, bounds(n))
			}
		}
		v, err := f.Value(limbs[:]...)
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		v = f.Expand(v).Replace(func(w *term.Word) (integer.Poly, bool) {
			p, ok := meaning[w]
			return p, ok
		})
		if difference := v.Sub(want[n]).Mod(p25519); !difference.IsZero() {
			return fmt.Errorf("row %d: the value differs by %v from the formula's", n, difference)
		}
	}
	return nil
}

// A fraction is a sum's coordinate.
type fraction struct{ over, under integer.Poly }

// projective returns X, Y, Z and T of a point for this Z/(x.under·y.under), which is not 0.
func projective(x, y fraction, z integer.Poly) (X, Y, Z, T integer.Poly) {
	return z.Mul(x.over).Mul(y.under), z.Mul(y.over).Mul(x.under), z.Mul(x.under).Mul(y.under), z.Mul(x.over).Mul(y.over)
}

// affineSum is the addition of RFC 8032, section 5.1:
// ((x₁y₂ + x₂y₁)/(1 + dx₁x₂y₁y₂), (y₁y₂ + x₁x₂)/(1 - dx₁x₂y₁y₂)).
func affineSum(x1, y1, x2, y2 integer.Poly) (x, y fraction) {
	one, product := integer.Int(1), integer.New(curveD).Mul(x1).Mul(x2).Mul(y1).Mul(y2)
	return fraction{x1.Mul(y2).Add(x2.Mul(y1)), one.Add(product)}, fraction{y1.Mul(y2).Add(x1.Mul(x2)), one.Sub(product)}
}

// affineDouble is affineSum of a point and itself, with dx²y² = y² - x² - 1, which holds on the
// curve.
func affineDouble(x, y integer.Poly) (x2, y2 fraction) {
	difference := y.Mul(y).Sub(x.Mul(x))
	return fraction{integer.Int(2).Mul(x).Mul(y), difference}, fraction{y.Mul(y).Add(x.Mul(x)), integer.Int(2).Sub(difference)}
}

// show shows what the sums are after a step.
func (r *combProof) show(rows []row) error {
	var want []integer.Poly
	for _, i := range r.active {
		x, y, z := r.affine("sum", i)
		X, Y, Z, T := x.Mul(z), y.Mul(z), z, x.Mul(y).Mul(z)
		switch r.step {
		case "start":
			X, Y, Z, T = integer.Int(0), integer.Int(1), integer.Int(1), integer.Int(0)
		case "add":
			x2, y2, _ := r.affine("multiple", i)
			sx, sy := affineSum(x, y, x2, y2)
			X, Y, Z, T = projective(sx, sy, z.Mul(z))
		case "double":
			sx, sy := affineDouble(x, y)
			X, Y, Z, T = projective(sx, sy, z.Mul(z).Mul(z).Mul(z).Mul(integer.Int(r.doubleZ)))
		}
		held := r.hold(X, Y, Z, T)
		want = append(want, held[:]...)
	}
	return r.equal(rows, want, func(n int) integer.Interval { return r.bounds[n%4] })
}

// finish shows what the results are.
func (r *combProof) finish(results []*machine.Region) error {
	if r.step != "nothing" {
		return fmt.Errorf("%s: the kernel returns before its end", r.step)
	}
	weights := r.weights
	want := func(i int) []integer.Poly {
		x, y, z := r.affine("sum", i)
		switch {
		case r.eight: // x/z = (1 + y)/(1 - y)
			z = z.Add(z)
			return []integer.Poly{z.Mul(integer.Int(1).Add(y)), z.Mul(integer.Int(1).Sub(y))}
		case r.sums == 2:
			x2, y2, z2 := r.affine("sum", 0)
			sx, sy := affineSum(x, y, x2, y2)
			X, Y, Z, T := projective(sx, sy, z.Mul(z).Mul(z2).Mul(z2).Mul(integer.Int(4)))
			return []integer.Poly{X, Y, Z, T}
		}
		return []integer.Poly{x.Mul(z), y.Mul(z), z, x.Mul(y).Mul(z)}
	}
	if r.sums == 2 {
		for n := range weights[1] {
			weights[1][n].Add(&weights[1][n], &weights[0][n])
		}
	}
	for _, i := range r.active {
		for n := range weights[i] {
			if weights[i][n].Cmp(integer.Pow2(4*n)) != 0 {
				return fmt.Errorf("digit %d of sum %d occurs %v times", n, i, &weights[i][n])
			}
		}
	}
	var rows []row
	var values []integer.Poly
	for _, i := range r.active {
		for e, v := range want(i) {
			var limbs row
			for k := range limbs {
				if r.eight {
					limbs[k] = results[e].Field(8*k+i, 64)
				} else {
					limbs[k] = results[0].Field(4*k+e, 64)
				}
			}
			rows, values = append(rows, limbs), append(values, v)
		}
	}
	if err := r.equal(rows, values, func(int) integer.Interval { return carriedBounds }); err != nil {
		return fmt.Errorf("the results: %w", err)
	}
	if r.eight {
		for off, written := range r.m.Frame.Written {
			if written && !r.m.Frame.Data[off].Is(0) {
				return fmt.Errorf("byte %d of the frame is not wiped", off)
			}
		}
	}
	return nil
}

var combStatements = []statement{
	{"x25519.combIFMA", "(X:Y:Z:T) is the sum of digits[i]·16^i·B on edwards25519, for digits from -8 to 8; limbs are carried", edwardsComb(1).prove},
	{"x25519.combWideIFMA", "(X:Y:Z:T) is the sum of digits[i]·16^i·B on edwards25519, for digits from -8 to 8; limbs are carried", edwardsComb(2).prove},
	{"x25519.comb8IFMA", "x/z is (1+y)/(1-y) for the product (x, y) of k and B on edwards25519, for eight scalars k; limbs are carried; the frame is wiped", montgomeryComb.prove},
}
