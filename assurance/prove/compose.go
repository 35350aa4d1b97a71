package main

import (
	"errors"
	"fmt"
	"go/types"
	"maps"
	"strings"

	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
)

// The methods of package ring need coefficients within bounds, and promise bounds. This file
// shows that they compose: the source of package mlkem is run, and each call of such a method
// is replaced by its comment. The coefficients that it is given must be within the bounds after
// "In", and those that it sets become variables within the bounds after "Out". The hash functions
// write unknown bytes. Everything else is what the source says, so an index out of bounds would
// be found, too.

// A composer runs the source of mlkem for a parameter set.
type composer struct {
	*source.Machine
	program *source.Program
	k       int
	bounds  map[*term.Word]interval // of the variables that stand for coefficients
	made    int                     // how many variables stand for bytes
	calls   int                     // of methods of ring
	err     error

	atOnce    int // how many streams a batch makes
	sampled   int // how many coefficients the first sampling of a polynomial sets
	unreduced int // which polynomial to decode has a coefficient that is q or more, or -1
	decoded   int

	state      *source.Object // of an encapsulation in two steps
	encryption *source.Object // what it points to
}

// coefficients returns a new variable for coefficients within bounds.
func (c *composer) coefficients(i interval) *term.Word {
	w := c.Space.Var(fmt.Sprint("coefficient", len(c.bounds)), 16)
	c.bounds[w] = i
	return w
}

// fill sets the first n coefficients at p.
func (c *composer) fill(p source.Pointer, n int, w *term.Word) {
	for i := range n {
		p.Object.Cells[p.At+i] = w
	}
}

// least returns the smallest interval that has all coefficients at p.
func (c *composer) least(p source.Pointer) (all interval, err error) {
	var last *term.Word
	for i := range 256 {
		w := p.Object.Word(p.At + i)
		if w == last {
			continue
		}
		last = w
		one, ok := c.bounds[w]
		if k, constant := w.Const(); constant {
			one, ok = interval{term.Signed(k, 16), term.Signed(k, 16)}, true
		}
		if !ok {
			return all, fmt.Errorf("nothing is known of coefficient %d", i)
		}
		if i == 0 {
			all = one
		}
		all = all.union(one)
	}
	return all, nil
}

// promised returns the bounds in the comment of a method, after "In" or "Out", of the only name
// there.
func promised(method, where string) (i interval, ok bool, err error) {
	all, err := comments()
	if err != nil {
		return i, false, err
	}
	line := methodRE[where].FindStringSubmatch(all[method])
	if line == nil {
		return i, false, nil
	}
	bounds, err := parseBounds(line[1])
	if err == nil && len(bounds) != 1 {
		err = fmt.Errorf("%s has bounds of %d names", method, len(bounds))
	}
	for _, i = range bounds {
	}
	return i, err == nil, err
}

// needs checks that the coefficients at p are within the bounds that a method needs.
func (c *composer) needs(method string, p source.Pointer) error {
	want, ok, err := promised(method, "In")
	if err != nil || !ok {
		return fmt.Errorf("%s: what it needs is not stated: %v", method, err)
	}
	got, err := c.least(p)
	if err == nil && !got.within(want) {
		err = fmt.Errorf("%s, but it needs %s", got.of("f"), want.of("f"))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// gives sets the coefficients at p to what a method promises.
func (c *composer) gives(method string, p source.Pointer) error {
	i, ok, err := promised(method, "Out")
	if err != nil || !ok {
		return fmt.Errorf("%s: what it promises is not stated: %v", method, err)
	}
	c.fill(p, 256, c.coefficients(i))
	return nil
}

// before takes the place of calls of methods of ring, and of hash functions.
func (c *composer) before(name string, args []source.Value) (results source.Value, replaced bool) {
	pkg, method, _ := strings.Cut(name, ".")
	switch {
	case strings.HasSuffix(name, "].get"): // atLine aligns
		return args[0], true
	case name == "bytes.Equal": // a vector has the hash that is in the header
		return source.Value{c.Space.Const(1, 1)}, true
	case pkg == "sha3":
		return c.hash(method, args), true
	case pkg != "ring" || method == "NTT.SampleCBD" || strings.HasPrefix(method, "Factor.words"):
		return nil, false
	}
	c.calls++
	results, err := c.polynomials(method, args)
	if c.err == nil && err != nil {
		c.err = err
	}
	return results, true
}

// polynomials does what the comment of a method of ring says.
func (c *composer) polynomials(method string, args []source.Value) (results source.Value, err error) {
	f := args[0][0].(source.Pointer)
	number := func(i int) int {
		n, _ := args[i][0].(*term.Word).Const()
		return int(n)
	}
	switch method {
	case "Poly.Add", "Poly.Sub", "NTT.Add":
		var sum interval
		for _, a := range args {
			i, err := c.least(a[0].(source.Pointer))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", method, err)
			}
			bound := max(i.hi, -i.lo)
			sum = interval{sum.lo - bound, sum.hi + bound}
		}
		if !sum.within(int16s) {
			return nil, fmt.Errorf("%s: the sum is %s", method, sum.of("f"))
		}
		c.fill(f, 256, c.coefficients(sum))
	case "Poly.NTT", "NTT.InverseNTT":
		if err = c.needs(method, f); err == nil {
			err = c.gives(method, f)
		}
		results = args[0]
	case "NTT.Reduce":
		c.fill(f, 256, c.coefficients(interval{0, q - 1}))
	case "Poly.SampleCBD":
		eta := int64(number(2))
		c.fill(f, 256, c.coefficients(interval{-eta, eta}))
	case "NTT.SampleVartime":
		n := number(1)
		if n == 0 && c.sampled < 256 {
			n = c.sampled
		} else {
			n = 256
		}
		c.fill(f, n, c.coefficients(interval{0, q - 1}))
		results = c.Int(n)
	case "Factor.Set":
		err = c.needs(method, args[1][0].(source.Pointer))
		f.Object.Cells[f.At] = c.Space.Var("set", 64) // the rest is not looked at
	case "NTT.InnerProduct":
		a, b := args[1][0].(source.Slice), args[3][0].(source.Slice)
		factor := c.factorSize()
		if stride := number(2); b.Len < 1 || b.Len > 4 || stride != 1 && stride != b.Len {
			return nil, fmt.Errorf("%s: %d products with stride %d", method, b.Len, stride)
		}
		for i := 0; i < b.Len && err == nil; i++ {
			row := i * number(2)
			if row >= a.Len {
				return nil, fmt.Errorf("%s: product %d of %d, of %d polynomials", method, row, b.Len, a.Len)
			}
			if b.Object.Word(b.At+i*factor) != c.Space.Var("set", 64) {
				return nil, fmt.Errorf("%s: factor %d was not set", method, i)
			}
			err = c.needs(method, source.Pointer{Object: a.Object, At: a.At + 256*row})
		}
		if err == nil {
			err = c.gives(method, f)
		}
	case "NTT.Encode":
		err = c.needs(method, f)
		c.unknown(args[1][0].(source.Pointer), 384)
	case "NTT.Decode":
		c.decoded++
		valid := c.decoded-1 != c.unreduced
		out := interval{0, 1<<12 - 1}
		if valid {
			out.hi = q - 1
		}
		c.fill(f, 256, c.coefficients(out))
		results = c.Int(0)
		if valid {
			results = c.Int(1)
		}
	case "Poly.Compress", "Poly.Decompress":
		b := args[1][0].(source.Slice)
		if b.Len != 32*number(2) {
			return nil, fmt.Errorf("%s: %d bytes for %d bits", method, b.Len, number(2))
		}
		if method == "Poly.Decompress" {
			return nil, c.gives(method, f)
		}
		_, err = c.least(f)
		c.unknown(b.Pointer, b.Len)
	default:
		err = fmt.Errorf("there is no contract of %s", method)
	}
	return results, err
}

// unknown sets n bytes to new variables.
func (c *composer) unknown(p source.Pointer, n int) {
	for i := range n {
		c.made++
		p.Object.Cells[p.At+i] = c.Space.Var(fmt.Sprint("byte", c.made), 8)
	}
}

// hash does what the functions of package sha3 do to lengths, and to the bytes that they write.
func (c *composer) hash(method string, args []source.Value) source.Value {
	number := func(i int) int {
		n, _ := args[i][0].(*term.Word).Const()
		return int(n)
	}
	switch method {
	case "Batch.SHAKE128s":
		streams, ends := args[1][0].(source.Slice), args[4][0].(source.Slice)
		n := min(c.atOnce, ends.Len, streams.Len/number(2))
		c.unknown(streams.Pointer, n*number(2))
		return c.Int(n)
	case "Batch.SHAKE256s":
		streams := args[1][0].(source.Slice)
		n := min(c.atOnce, number(5)-number(4), streams.Len/number(2))
		c.unknown(streams.Pointer, n*number(2))
		return c.Int(n)
	case "Batch.Beside":
		for _, i := range []int{1, 4} {
			out := args[i][0].(source.Slice)
			c.unknown(out.Pointer, out.Len)
		}
	case "SHAKE128At":
		c.unknown(args[0][0].(source.Pointer), 168)
	case "Batch.Sum512":
		c.unknown(args[1][0].(source.Pointer), 64)
	case "Batch.Sum":
		c.unknown(args[1][0].(source.Pointer), 32)
	case "Long.Sum":
		c.unknown(args[1][0].(source.Pointer), 32)
	case "Sum256":
		c.unknown(args[0][0].(source.Pointer), 32)
	case "Many.Read":
		outs := args[1][0].(source.Slice)
		for i := range outs.Len {
			out := outs.Object.Cells[outs.At+i].(source.Slice)
			c.unknown(out.Pointer, out.Len)
		}
	case "AtOnce":
		return c.Int(8)
	default:
		if !strings.Contains(method, ".Begin") && !strings.HasSuffix(method, ".Write") && c.err == nil {
			c.err = fmt.Errorf("there is no contract of sha3.%s", method)
		}
	}
	return nil
}

// A keyPair is a key pair in memory: the objects of both halves.
type keyPair struct{ dk, ek *source.Object }

// newKeyPair makes memory for a key pair, with polynomials that are not set.
func (c *composer) newKeyPair() (*keyPair, error) {
	params := c.Variable("params", c.program.Parameter("mlkem.Params.CiphertextSize", 0))
	set := map[int][4]int{2: {2, 3, 10, 4}, 3: {3, 2, 10, 4}, 4: {4, 2, 11, 5}}[c.k]
	for i, n := range set {
		params.Cells[i] = c.Int(n)[0]
	}
	keys := &keyPair{
		c.Variable("dk", c.program.Parameter("mlkem.DecapsulationKey.Overwrite", 0)),
		c.Variable("ek", c.program.Parameter("mlkem.EncapsulationKey.Params", 0)),
	}
	polynomials := func(name string, n int) source.Cell {
		o := source.NewObject(name, true)
		for range 256 * n {
			o.Cells = append(o.Cells, c.Space.Var("not set", 16))
		}
		return o.Slice(256)[0]
	}
	// The order of the fields.
	keys.ek.Cells[0] = params.Pointer()[0]
	keys.ek.Cells[65], keys.ek.Cells[66] = polynomials("t", c.k), polynomials("a", c.k*c.k)
	keys.dk.Cells[0], keys.dk.Cells[1] = keys.ek.Pointer()[0], polynomials("s", c.k)
	return keys, nil
}

// canonical demands that all polynomials of a slice are canonical, or makes them so.
func (c *composer) canonical(cell source.Cell, make bool) error {
	s := cell.(source.Slice)
	for i := range s.Len {
		p := source.Pointer{Object: s.Object, At: s.At + 256*i}
		if make {
			c.fill(p, 256, c.coefficients(interval{0, q - 1}))
		} else if got, err := c.least(p); err != nil || !got.within(interval{0, q - 1}) {
			return fmt.Errorf("polynomial %d of %s: %s, not canonical: %v", i, s.Object.Name, got.of("f"), err)
		}
	}
	return nil
}

// polynomials returns the slices of polynomials of a key pair: t̂, Â and ŝ.
func (keys *keyPair) polynomials() []source.Cell {
	return []source.Cell{keys.ek.Cells[65], keys.ek.Cells[66], keys.dk.Cells[1]}
}

// bytes returns memory of n unknown bytes.
func (c *composer) bytes(name string, n int) *source.Object {
	o := source.NewObject(name, true)
	o.Cells = make(source.Value, n)
	c.unknown(source.Pointer{Object: o}, n)
	return o
}

// stateEncryption is where a state points to its encryption: after the parameters, the header and m.
const stateEncryption = 1 + 64 + 32

// newState makes memory for a state, with the parameters of keys.
func (c *composer) newState(keys *keyPair) {
	c.state = c.Variable("state", c.program.Parameter("mlkem.State.Overwrite", 0))
	c.encryption = c.Variable("encryption", c.program.Parameter("mlkem.encryption.sampleY", 0))
	c.state.Cells[0], c.state.Cells[stateEncryption] = keys.ek.Cells[0], c.encryption.Pointer()[0]
}

// begun demands that the encryption of the state holds e₂ + μ and ŷ, or makes it so.
func (c *composer) begun(make bool) error {
	f, want := c.encryption.Pointer()[0].(source.Pointer), interval{-(q + 1), q + 1}
	if make {
		c.fill(f, 256, c.coefficients(want))
	} else if got, err := c.least(f); err != nil || !got.within(want) {
		return fmt.Errorf("e₂ + μ: %s, want %s: %v", got.of("f"), want.of("f"), err)
	}
	factor, set := c.factorSize(), c.Space.Var("set", 64)
	for i := range c.k {
		if at := 256 + i*factor; make {
			c.encryption.Cells[at] = set
		} else if c.encryption.Cells[at] != set {
			return fmt.Errorf("factor %d was not set", i)
		}
	}
	return nil
}

// factorSize returns the number of cells of a factor.
func (c *composer) factorSize() int {
	return len(c.Variable("a factor", c.program.Parameter("ring.Factor.Set", 0)).Cells)
}

// An operation is a function of mlkem, on n key pairs. The arguments are those that the type of
// the function asks for: keys come from the key pairs, and bytes are unknown.
type operation struct {
	function string
	keys     int               // the number of key pairs
	before   string            // the polynomials of a key pair that must be canonical: of t, a and s; and e for a state that has begun
	after    string            // those that the function leaves canonical, if it does not return false
	lengths  []func(k int) int // of slices of bytes, whose type does not tell it
	says     string
}

const composes = "calls of methods of ring are within the bounds of their comments, for k = 2, 3 and 4; "

var operations = []operation{
	{"mlkem.DecapsulationKey.Generate", 1, "", "tas", nil, composes + "Â, t̂ and ŝ are canonical after"},
	{"mlkem.EncapsulationKey.Parse", 1, "", "ta", sizes{encodedSize}, composes + "Â and t̂ are canonical after, if it returns true"},
	{"mlkem.EncapsulationKey.Encapsulate", 1, "ta", "ta", sizes{ciphertextSize}, composes + "Â and t̂ are canonical before"},
	{"mlkem.DecapsulationKey.Decapsulate", 1, "tas", "tas", sizes{ciphertextSize}, composes + "Â, t̂ and ŝ are canonical before"},
	{"mlkem.GenerateMany", 8, "", "tas", nil, composes + "as Generate, for eight keys"},
	{"mlkem.ParseMany", 8, "", "ta", sizes{encodedSize}, composes + "as Parse, for eight keys"},
	{"mlkem.EncapsulateMany", 8, "ta", "ta", sizes{ciphertextSize}, composes + "as Encapsulate, for eight keys"},
	{"mlkem.DecapsulateMany", 8, "tas", "tas", sizes{ciphertextSize}, composes + "as Decapsulate, for eight keys"},
	{"mlkem.State.Begin", 1, "", "e", sizes{c1Size}, composes + "ŷ is set after, and e₂ + μ is not more than its parts"},
	{"mlkem.State.Restore", 1, "", "e", nil, composes + "as Begin"},
	{"mlkem.State.Finish", 1, "e", "e", sizes{c2Size, vectorSize}, composes + "the state is as after Begin, and the vector has the hash of the header"},
}

type sizes []func(k int) int

// encodedSize returns the size of an encapsulation key.
func encodedSize(k int) int { return 384*k + 32 }

// ciphertextSize returns the size of a ciphertext.
func ciphertextSize(k int) int { return map[int]int{2: 768, 3: 1088, 4: 1568}[k] }

// vectorSize returns the size of t̂, c1Size that of c₁, and c2Size that of c₂.
func vectorSize(k int) int { return 384 * k }
func c1Size(k int) int     { return ciphertextSize(k) - c2Size(k) }
func c2Size(k int) int     { return map[int]int{2: 128, 3: 128, 4: 160}[k] }

// argument returns an argument of a type: a key, a state, bytes of a length if their number is not in
// the type, or a slice of so many of either.
func (c *composer) argument(t types.Type, keys []*keyPair, length int) (v source.Value, err error) {
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		switch e := t.Elem().String(); {
		case strings.HasSuffix(e, ".DecapsulationKey"):
			return keys[0].dk.Pointer(), nil
		case strings.HasSuffix(e, ".EncapsulationKey"):
			return keys[0].ek.Pointer(), nil
		case strings.HasSuffix(e, ".State"):
			return c.state.Pointer(), nil
		}
		if array, ok := t.Elem().Underlying().(*types.Array); ok {
			return c.bytes("an argument", int(array.Len())).Pointer(), nil
		}
	case *types.Slice:
		switch e := t.Elem().Underlying().(type) {
		case *types.Basic:
			if e.Kind() == types.Bool {
				o := source.NewObject("results", true)
				for range keys {
					o.Cells = append(o.Cells, c.Space.Const(1, 0))
				}
				return o.Slice(1), nil
			}
			return c.bytes("an argument", length).Slice(1), nil
		default:
			o := source.NewObject("arguments", true)
			for i := range keys {
				one, err := c.argument(t.Elem(), keys[i:], length)
				if err != nil {
					return nil, err
				}
				o.Cells = append(o.Cells, one...)
			}
			return o.Slice(1), nil
		}
	}
	return nil, fmt.Errorf("an argument of type %v", t)
}

// run runs an operation once, and checks what it leaves.
func (c *composer) run(op *operation, f source.Function) error {
	var keys []*keyPair
	for range op.keys {
		pair, err := c.newKeyPair()
		if err != nil {
			return err
		}
		for i, cell := range pair.polynomials() {
			if strings.Contains(op.before, "tas"[i:i+1]) {
				c.canonical(cell, true)
			}
		}
		keys = append(keys, pair)
	}
	c.newState(keys[0])
	if strings.Contains(op.before, "e") {
		c.begun(true)
	}
	var args []source.Value
	lengths := op.lengths
	for i := range f.Params {
		t := c.program.Parameter(op.function, i)
		length := 0
		if _, ok := t.Underlying().(*types.Slice); ok && len(lengths) > 0 {
			length = lengths[0](c.k)
			if len(lengths) > 1 {
				lengths = lengths[1:]
			}
		}
		a, err := c.argument(t, keys, length)
		if err != nil {
			return err
		}
		args = append(args, a)
	}
	results, err := c.Call(f, args...)
	if err == nil {
		err = c.err
	}
	if err != nil {
		return err
	}
	if len(results) > 0 && results[0].(*term.Word).Is(0) {
		if c.unreduced < 0 {
			return errors.New("it returns false")
		}
		return nil
	}
	if strings.Contains(op.after, "e") {
		if err := c.begun(false); err != nil {
			return err
		}
	}
	for n, pair := range keys {
		if n == c.unreduced/c.k && c.unreduced >= 0 {
			continue // the one that is not valid
		}
		for i, cell := range pair.polynomials() {
			if strings.Contains(op.after, "tas"[i:i+1]) {
				if err := c.canonical(cell, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compose runs an operation for a parameter set in several ways: a batch makes several streams or
// one, the first sampling makes all coefficients or some, and a coefficient of one of the encoded
// polynomials is q or more.
func (op *operation) compose(p *proof, k int) (calls int, err error) {
	ways := []composer{{atOnce: 8, sampled: 256, unreduced: -1}, {atOnce: 1, sampled: 100, unreduced: -1}}
	for i := range k {
		ways = append(ways, composer{atOnce: 8, sampled: 256, unreduced: i})
	}
	if op.keys > 1 { // the last polynomial of the last key
		ways = append(ways, composer{atOnce: 8, sampled: 256, unreduced: k*op.keys - 1})
	}
	for _, c := range ways {
		c.Machine, c.program, c.k, c.bounds = source.New(term.NewSpace(), p.program), p.program, k, map[*term.Word]interval{}
		c.Before = c.before
		if err := c.run(op, p.function); err != nil {
			return 0, fmt.Errorf("k = %d: %w", k, err)
		}
		p.source.Steps += c.Steps
		maps.Copy(p.source.Called, c.Called)
		if calls += c.calls; c.decoded == 0 && c.unreduced >= 0 {
			break // the operation decodes nothing
		}
	}
	return calls, nil
}

// composedStatements has a statement for each operation.
var composedStatements = func() (all []statement) {
	for i := range operations {
		op := &operations[i]
		all = append(all, statement{"portable " + op.function, op.says, func(p *proof) error {
			total := 0
			for k := 2; k <= 4; k++ {
				calls, err := op.compose(p, k)
				if err != nil {
					return err
				}
				total += calls
			}
			p.detail = fmt.Sprintf("%d calls", total)
			return nil
		}})
	}
	return all
}()
