package term

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// A constructor is a function or method of this package with its meaning in numbers. It is
// applied to words of w bits and to a number k from 0 to 255. The bits of the number above the
// width of the word do not matter.
type constructor struct {
	name   string
	widths []int // in which it is defined; nil: all of allWidths
	term   func(w, k int, x, y, z *Word) *Word
	number func(w, k int, x, y, z uint64) uint64
}

var (
	allWidths = []int{8, 16, 32, 64}
	only64    = []int{64}
	upTo32    = []int{8, 16, 32}
)

func truth(is bool) uint64 {
	if is {
		return ^uint64(0)
	}
	return 0
}

func unsignedBig(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

// signedBig returns the number that w bits are in two's complement.
func signedBig(v uint64, w int) *big.Int {
	n := unsignedBig(v)
	if v>>(w-1)&1 == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(w)))
	}
	return n
}

// bits64 returns the 64 bits of n from a place on, in two's complement.
func bits64(n *big.Int, from int) uint64 {
	n = new(big.Int).Rsh(n, uint(from))
	return n.And(n, unsignedBig(^uint64(0))).Uint64()
}

func product(x, y uint64) *big.Int { return new(big.Int).Mul(unsignedBig(x), unsignedBig(y)) }

func signedProduct(w int, x, y uint64) *big.Int {
	return new(big.Int).Mul(signedBig(x, w), signedBig(y, w))
}

// total returns x + y + c, and difference returns x - y - c, for the lowest bit of c.
func total(x, y, c uint64) *big.Int {
	n := new(big.Int).Add(unsignedBig(x), unsignedBig(y))
	return n.Add(n, unsignedBig(c&1))
}

func difference(x, y, c uint64) *big.Int {
	n := new(big.Int).Sub(unsignedBig(x), unsignedBig(y))
	return n.Sub(n, unsignedBig(c&1))
}

// saturated returns the number between two bounds that is nearest to the signed number x.
func saturated(w int, x uint64, low, high int64) uint64 {
	switch n := signedBig(x, w); {
	case n.Cmp(big.NewInt(low)) < 0:
		return uint64(low)
	case n.Cmp(big.NewInt(high)) > 0:
		return uint64(high)
	default:
		return bits64(n, 0)
	}
}

// doubled returns the upper half of 2·x·y + round, saturated.
func doubled(w int, x, y uint64, round int64) uint64 {
	n := new(big.Int).Lsh(signedProduct(w, x, y), 1)
	n.Rsh(n.Add(n, big.NewInt(round)), uint(w))
	if most := big.NewInt(1<<(w-1) - 1); n.Cmp(most) > 0 {
		n = most
	}
	return bits64(n, 0)
}

func lookupTable(k int) (table [256]byte) {
	for i := range table {
		table[i] = byte(i*i + k*i + k)
	}
	return table
}

func bit(z *Word) *Word { return z.Bits(0, 1) }

var constructors = []constructor{
	{"Xor", nil, func(_, _ int, x, y, _ *Word) *Word { return Xor(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x ^ y }},
	{"And", nil, func(_, _ int, x, y, _ *Word) *Word { return And(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x & y }},
	{"Or", nil, func(_, _ int, x, y, _ *Word) *Word { return Or(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x | y }},
	{"Not", nil, func(_, _ int, x, _, _ *Word) *Word { return Not(x) },
		func(_, _ int, x, _, _ uint64) uint64 { return ^x }},
	{"Ternary", nil, func(_, k int, x, y, z *Word) *Word { return Ternary(x, y, z, uint8(k)) },
		func(w, k int, x, y, z uint64) (r uint64) {
			for i := range w {
				r |= uint64(k) >> (4*(x>>i&1) + 2*(y>>i&1) + z>>i&1) & 1 << i
			}
			return r
		}},
	{"Spread", nil, func(w, k int, x, _, _ *Word) *Word { return Spread(x.Bits(k%w, 1), w) },
		func(w, k int, x, _, _ uint64) uint64 { return truth(x>>(k%w)&1 == 1) }},
	{"Add", nil, func(_, _ int, x, y, _ *Word) *Word { return Add(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x + y }},
	{"Sub", nil, func(_, _ int, x, y, _ *Word) *Word { return Sub(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x - y }},
	{"Difference", nil, func(w, k int, x, y, _ *Word) *Word {
		a, b := x, y
		if k%2 == 0 {
			// The difference of these is constant.
			a, b = Shl(Add(x, x.Space.Const(w, uint64(k))), 1), Shl(Add(x, x.Space.Const(w, 3)), 1)
		}
		if c, ok := Difference(a, b); ok {
			return x.Space.Const(w, c)
		}
		return Sub(a, b)
	}, func(_, k int, x, y, _ uint64) uint64 {
		if k%2 == 0 {
			return 2 * uint64(k-3)
		}
		return x - y
	}},
	{"Mul", nil, func(_, _ int, x, y, _ *Word) *Word { return Mul(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return x * y }},
	{"MulHigh", upTo32, func(_, _ int, x, y, _ *Word) *Word { return MulHigh(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return bits64(signedProduct(w, x, y), w) }},
	{"MulHighU", nil, func(_, _ int, x, y, _ *Word) *Word { return MulHighU(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return bits64(product(x, y), w) }},
	{"Narrow", nil, func(w, k int, x, y, z *Word) *Word {
		return Narrow(Popcount(Cat(Xor(x, y).Bits(k%w, w-k%w), And(Or(x, y), z).Bits(0, k%w))))
	}, func(w, k int, x, y, z uint64) uint64 {
		upper, lower := (x^y)&Ones(w)>>(k%w), uint64(0)
		if k%w > 0 {
			lower = (x | y) & z & Ones(k%w)
		}
		return uint64(bits.OnesCount64(upper) + bits.OnesCount64(lower))
	}},
	{"MulDouble", []int{16, 32}, func(_, _ int, x, y, _ *Word) *Word { return MulDouble(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return doubled(w, x, y, 0) }},
	{"MulDoubleRound", []int{16, 32}, func(_, _ int, x, y, _ *Word) *Word { return MulDoubleRound(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return doubled(w, x, y, 1<<(w-1)) }},
	{"HalfAdd", nil, func(_, _ int, x, y, _ *Word) *Word { return HalfAdd(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 {
			return bits64(new(big.Int).Add(signedBig(x, w), signedBig(y, w)), 1)
		}},
	{"HalfSub", nil, func(_, _ int, x, y, _ *Word) *Word { return HalfSub(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 {
			return bits64(new(big.Int).Sub(signedBig(x, w), signedBig(y, w)), 1)
		}},
	{"SarRound", nil, func(w, k int, x, _, _ *Word) *Word { return SarRound(x, 1+k%w) },
		func(w, k int, x, _, _ uint64) uint64 {
			n := 1 + k%w
			return bits64(new(big.Int).Add(signedBig(x, w), new(big.Int).Lsh(big.NewInt(1), uint(n-1))), n)
		}},
	{"MulRound", upTo32, func(_, _ int, x, y, _ *Word) *Word { return MulRound(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 {
			n := new(big.Int).Rsh(signedProduct(w, x, y), uint(w-2))
			return bits64(n.Add(n, big.NewInt(1)), 1)
		}},
	{"MulSigned", upTo32, func(_, _ int, x, y, _ *Word) *Word { return MulSigned(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return bits64(signedProduct(w, x, y), 0) }},
	{"Mul52Low", only64, func(_, _ int, x, y, _ *Word) *Word { return Mul52Low(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return bits64(product(x<<12>>12, y<<12>>12), 0) << 12 >> 12 }},
	{"Mul52High", only64, func(_, _ int, x, y, _ *Word) *Word { return Mul52High(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return bits64(product(x<<12>>12, y<<12>>12), 52) }},
	{"Adc", only64, func(_, _ int, x, y, z *Word) *Word { return Adc(x, y, bit(z)) },
		func(_, _ int, x, y, z uint64) uint64 { return bits64(total(x, y, z), 0) }},
	{"Carry", only64, func(_, _ int, x, y, z *Word) *Word { return Carry(x, y, bit(z)) },
		func(_, _ int, x, y, z uint64) uint64 { return bits64(total(x, y, z), 64) }},
	{"Sbb", only64, func(_, _ int, x, y, z *Word) *Word { return Sbb(x, y, bit(z)) },
		func(_, _ int, x, y, z uint64) uint64 { return bits64(difference(x, y, z), 0) }},
	{"Borrow", only64, func(_, _ int, x, y, z *Word) *Word { return Borrow(x, y, bit(z)) },
		func(_, _ int, x, y, z uint64) uint64 { return truth(difference(x, y, z).Sign() < 0) }},
	{"Greater", nil, func(_, _ int, x, y, _ *Word) *Word { return Greater(x, y) },
		func(w, _ int, x, y, _ uint64) uint64 { return truth(signedBig(x, w).Cmp(signedBig(y, w)) > 0) }},
	{"Equal", nil, func(_, _ int, x, y, _ *Word) *Word { return Equal(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return truth(x == y) }},
	{"LessU", nil, func(_, _ int, x, y, _ *Word) *Word { return LessU(x, y) },
		func(_, _ int, x, y, _ uint64) uint64 { return truth(x < y) }},
	{"Sar", nil, func(_, k int, x, _, _ *Word) *Word { return Sar(x, k) },
		func(w, k int, x, _, _ uint64) uint64 { return bits64(signedBig(x, w), k) }},
	{"SaturateSigned", []int{16, 32, 64}, func(_, _ int, x, _, _ *Word) *Word { return SaturateSigned(x) },
		func(w, _ int, x, _, _ uint64) uint64 { return saturated(w, x, -1<<(w/2-1), 1<<(w/2-1)-1) }},
	{"SaturateUnsigned", []int{16, 32, 64}, func(_, _ int, x, _, _ *Word) *Word { return SaturateUnsigned(x) },
		func(w, _ int, x, _, _ uint64) uint64 { return saturated(w, x, 0, 1<<(w/2)-1) }},
	{"Lookup", nil, func(_, k int, x, _, _ *Word) *Word { return Lookup(x.Bits(0, 8), lookupTable(k)) },
		func(_, k int, x, _, _ uint64) uint64 { t := lookupTable(k); return uint64(t[x&255]) }},
	{"IsZero", nil, func(_, _ int, x, _, _ *Word) *Word { return IsZero(x) },
		func(_, _ int, x, _, _ uint64) uint64 { return truth(x == 0) }},
	{"Ite", nil, func(_, _ int, x, y, z *Word) *Word { return Ite(bit(z), x, y) },
		func(_, _ int, x, y, z uint64) uint64 {
			if z&1 == 1 {
				return x
			}
			return y
		}},
	{"Popcount", nil, func(_, _ int, x, _, _ *Word) *Word { return Popcount(x) },
		func(w, _ int, x, _, _ uint64) (n uint64) {
			for i := range w {
				n += x >> i & 1
			}
			return n
		}},
	{"Select", nil, func(_, k int, x, y, z *Word) *Word {
		return Select(z.Bits(0, 8), []*Word{x, y, z, Not(x), Not(y), Not(z), x, y}, k%9)
	}, func(_, k int, x, y, z uint64) uint64 {
		n := 0
		for j, v := range []uint64{x, y, z, ^x, ^y, ^z, x, y} {
			if z>>j&1 == 1 {
				if n == k%9 {
					return v
				}
				n++
			}
		}
		return 0
	}},
	{"Shl", nil, func(_, k int, x, _, _ *Word) *Word { return Shl(x, k%70) },
		func(_, k int, x, _, _ uint64) uint64 { return x << (k % 70) }},
	{"Shr", nil, func(_, k int, x, _, _ *Word) *Word { return Shr(x, k%70) },
		func(_, k int, x, _, _ uint64) uint64 { return x >> (k % 70) }},
	{"Rotl", nil, func(_, k int, x, _, _ *Word) *Word { return Rotl(x, k-128) },
		func(w, k int, x, _, _ uint64) (r uint64) {
			for i := range w {
				r |= x >> i & 1 << ((i + k + 128) % w)
			}
			return r
		}},
	{"Bits", nil, func(w, k int, x, _, _ *Word) *Word { return x.Bits(k%w, (w-k%w+1)/2) },
		func(w, k int, x, _, _ uint64) uint64 { return x >> (k % w) }},
	{"Cat", nil, func(w, k int, x, y, _ *Word) *Word { return Cat(x.Bits(0, k%w), y.Bits(0, w-k%w)) },
		func(w, k int, x, y, _ uint64) uint64 { return x&(1<<(k%w)-1) | y<<(k%w) }},
	{"Split", nil, func(w, _ int, x, _, _ *Word) *Word { s := x.Split(w / 4); return Cat(s[2], s[3], s[0], s[1]) },
		func(w, _ int, x, _, _ uint64) uint64 { return x>>(w/2) | x<<(w/2) }},
	{"ZeroExtend", nil, func(w, k int, x, _, _ *Word) *Word { return ZeroExtend(x.Bits(0, 1+k%w), w) },
		func(w, k int, x, _, _ uint64) uint64 { return x << (63 - k%w) >> (63 - k%w) }},
	{"SignExtend", nil, func(w, k int, x, _, _ *Word) *Word { return SignExtend(x.Bits(0, 1+k%w), w) },
		func(w, k int, x, _, _ uint64) uint64 { return uint64(int64(x<<(63-k%w)) >> (63 - k%w)) }},

	// These tell something of a word: they are right if the word stays the same.
	{"Zeros", nil, func(w, _ int, x, _, _ *Word) *Word { return Xor(x, And(x, x.Space.Const(w, x.Zeros()))) }, same},
	{"Power", nil, func(w, _ int, x, _, _ *Word) *Word {
		if k, ok := x.Power(); ok {
			return x.Space.Const(w, 1<<k)
		}
		return x
	}, same},
	{"Const", nil, func(w, _ int, x, _, _ *Word) *Word {
		if c, ok := x.Const(); ok {
			return x.Space.Const(w, c)
		}
		return x
	}, same},
	{"Is", nil, func(w, _ int, x, _, _ *Word) *Word {
		if x.Is(^uint64(0)) {
			return x.Space.Const(w, ^uint64(0))
		}
		return x
	}, same},
	{"Node", nil, func(_, _ int, x, _, _ *Word) *Word {
		if n := x.Node(); n != nil {
			return n.Word
		}
		return x
	}, same},
}

func same(_, _ int, x, _, _ uint64) uint64 { return x }

// samples is how many values a random word is compared for.
const samples = 6

// A valued word is a word with its values.
type valued struct {
	word   *Word
	values [samples]uint64
}

// randomNumber returns a number of w bits, which often is at an edge.
func randomNumber(rng *rand.Rand, w int) uint64 {
	edges := []uint64{0, 1, Ones(w), 1 << (w - 1), Ones(w - 1), 1 << rng.IntN(w), Ones(1 + rng.IntN(w)), 3329}
	if i := rng.IntN(2 * len(edges)); i < len(edges) {
		return edges[i] & Ones(w)
	}
	return rng.Uint64() & Ones(w)
}

// TestConstructors makes random words of variables and constants by all constructors, and
// compares the values that programs compute of each word with arithmetic on the values of the
// words that it was made of.
func TestConstructors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	compared := map[string]int{}
	for round := range 600 {
		w := allWidths[round%len(allWidths)]
		space := NewSpace()
		var pool []valued
		var vars []*Word
		for _, name := range []string{"a", "b", "c"} {
			v := valued{word: space.Var(name, w)}
			for i := range v.values {
				v.values[i] = randomNumber(rng, w)
			}
			pool, vars = append(pool, v), append(vars, v.word)
		}
		inputs := pool[:3:3]
		for range 3 {
			c := randomNumber(rng, w)
			v := valued{word: space.Const(w, c)}
			for i := range v.values {
				v.values[i] = c
			}
			pool = append(pool, v)
		}
		for range 60 {
			c := constructors[rng.IntN(len(constructors))]
			if c.widths != nil && !slices.Contains(c.widths, w) {
				continue
			}
			k := rng.IntN(256)
			x, y, z := pool[rng.IntN(len(pool))], pool[rng.IntN(len(pool))], pool[rng.IntN(len(pool))]
			made := valued{word: c.term(w, k, x.word, y.word, z.word)}
			program := Compile(made.word, vars...)
			for i := range made.values {
				want := c.number(w, k, x.values[i], y.values[i], z.values[i]) & Ones(made.word.Width)
				got := program.Run(inputs[0].values[i], inputs[1].values[i], inputs[2].values[i])
				if got != want {
					t.Fatalf("%s of %#x, %#x and %#x, with %d, is %#x, not %#x, in %d bits: %v",
						c.name, x.values[i], y.values[i], z.values[i], k, got, want, w, made.word)
				}
				made.values[i] = want
			}
			if _, constant := made.word.Const(); !constant {
				compared[c.name]++
			}
			// Words of other widths are cut or extended.
			if low := made.word.Width - w; low > 0 {
				made.word = made.word.Bits(low, w)
				for i := range made.values {
					made.values[i] >>= low
				}
			}
			made.word = ZeroExtend(made.word, w)
			pool = append(pool, made)
		}
	}
	for _, c := range constructors {
		if compared[c.name] < 50 {
			t.Errorf("%s was compared only %d times", c.name, compared[c.name])
		}
	}
}

// TestConstructorsComplete parses the package, for what TestConstructors leaves out.
func TestConstructorsComplete(t *testing.T) {
	// What makes no word of others and tells nothing of a word.
	seen := map[string]bool{"NewSpace": true, "Len": true, "Var": true, "Ones": true, "Signed": true, "String": true}
	for _, c := range constructors {
		seen[c.name] = true
	}
	found := 0
	for _, name := range []string{"op.go", "word.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			if found++; !seen[f.Name.Name] {
				t.Errorf("%s is in no test", f.Name.Name)
			}
		}
	}
	if found < len(constructors) {
		t.Errorf("there are %d functions, fewer than %d", found, len(constructors))
	}
}

// TestEnumerate compares the values that Enumerate tries with all values of the bits that
// matter, and checks that it finds a value that is wrong, and refuses too many bits.
func TestEnumerate(t *testing.T) {
	s := NewSpace()
	a, b := s.Var("a", 16), s.Var("b", 8)
	w := Add(ZeroExtend(a.Bits(3, 5), 16), ZeroExtend(b.Bits(6, 2), 16))
	seen := map[[2]uint64]bool{}
	err := Enumerate([]*Word{w, a.Bits(3, 5), b.Bits(6, 2)}, 7, func(out []uint64) bool {
		seen[[2]uint64(out[1:])] = true
		return out[0] == out[1]+out[2]
	})
	if err != nil || len(seen) != 1<<7 {
		t.Errorf("%d values: %v", len(seen), err)
	}
	if Enumerate([]*Word{w}, 7, func(out []uint64) bool { return out[0] != 31+3 }) == nil {
		t.Error("the last value is not tried")
	}
	if Enumerate([]*Word{w}, 6, func([]uint64) bool { return true }) == nil {
		t.Error("7 bits are not more than 6")
	}
}

// TestNarrow takes bits of an operation, and expects that they do not depend on what is beside them.
func TestNarrow(t *testing.T) {
	s := NewSpace()
	x, y := s.Var("x", 8), s.Var("y", 8)
	w := Popcount(Not(Cat(x, y)).Bits(0, 8))
	if vars, _ := Support(w); len(vars) != 2 {
		t.Errorf("%v depends on %v", w, Names(vars))
	}
	if vars, _ := Support(Narrow(w)); len(vars) != 1 || vars[0] != x.Node() {
		t.Errorf("%v depends on %v", Narrow(w), Names(vars))
	}
}
