package main

import "hybridkem/internal/_asm/arm64"

// In this file an element is an integer modulo p in ten limbs of 26 and 25 bits in turn. Limb i has
// the weight 2^⌈25.5·i⌉, so that limbs 2k and 2k+1 together are a limb of 51 bits, which is called
// word k here. Instructions work on two elements at once: word k of both is in a register of four
// lanes, which hold limb 2k of the first and of the second element, and limb 2k+1 of both.
//
// Limbs have one of two forms:
//
//   - carried: less than 2^26 + 2^12, or 2^25 + 2^12 if their numbers are odd;
//   - loose: less than 1.5 times 2^27 + 2^13, or 2^26 + 2^13. So are sums and differences of carried limbs.
//
// Products and what becomes of them are columns of 64 bits. The command prove, in the folder
// assurance, computes the bounds from the instructions.

// A pair is two elements. Lanes from 0 to 3 are those of arrangement S4.
type pair [nLimbs]arm64.V

// A pairColumns holds sums of products of limbs, by the numbers of the limbs of the result.
type pairColumns struct {
	*limbPairs
	sums   [2 * nLimbs]arm64.V
	mask   arm64.V // of a word
	result pair
}

// A limbPairs writes a kernel that computes with pairs.
type limbPairs struct {
	frame
	constants arm64.Mem
	nineteen  arm64.Lane
}

// The table of constants has these rows of two words of 64 bits.
const (
	rowMask  = iota // of a word
	rowEven         // 2^26 - 1
	rowOdd          // 2^25 - 1
	rowTwoP0        // word 0 of 2p, in limbs that are twice those of p
	rowTwoP         // the other words
	rowNineteen
)

func newLimbPairs(f *arm64.File) *limbPairs {
	const even, odd = 1<<26 - 1, 1<<25 - 1
	double := func(lane uint64) uint64 { return lane | lane<<32 }
	g := &limbPairs{frame: frame{File: f}}
	g.constants = f.Quads("limbs",
		double(even), double(odd),
		even, even,
		odd, odd,
		double(2*(even-18)), double(2*odd),
		double(2*even), double(2*odd),
		double(19), double(19),
	)
	g.nineteen = g.constant(rowNineteen, arm64.S4).Lane(0)
	return g
}

// constant returns a row of the table.
func (g *limbPairs) constant(row int, a arm64.Arrangement) arm64.V {
	v := g.Vector(a)
	g.FMOVQ(g.constants.At(16*row), v)
	return v
}

// words returns a pair whose words each writes.
func (g *limbPairs) words(each func(k int, v arm64.V)) (a pair) {
	for k := range a {
		a[k] = g.Vector(arm64.S4)
		each(k, a[k])
	}
	return a
}

func (g *limbPairs) load(m arm64.Mem) pair {
	a := g.words(func(int, arm64.V) {})
	g.FLDPQ(m, a[0], a[1])
	g.FLDPQ(m.At(32), a[2], a[3])
	g.FMOVQ(m.At(64), a[4])
	return a
}

func (g *limbPairs) store(a pair, m arm64.Mem) {
	g.FSTPQ(a[0], a[1], m)
	g.FSTPQ(a[2], a[3], m.At(32))
	g.FMOVQ(a[4], m.At(64))
}

// add returns a + b, and sub returns a - b. They accept carried elements and return loose ones.
func (g *limbPairs) add(a, b pair) pair {
	return g.words(func(k int, v arm64.V) { g.VADD(b[k], a[k], v) })
}

func (g *limbPairs) sub(a, b pair) pair {
	first, others := g.constant(rowTwoP0, arm64.S4), g.constant(rowTwoP, arm64.S4)
	return g.words(func(k int, v arm64.V) {
		twoP := others
		if k == 0 {
			twoP = first
		}
		g.VADD(twoP, a[k], v)
		g.VSUB(b[k], v, v)
	})
}

// firsts returns the first elements of a and b, and seconds returns the second ones.
func (g *limbPairs) firsts(a, b pair) pair {
	return g.words(func(k int, v arm64.V) { g.VTRN1(b[k], a[k], v) })
}

func (g *limbPairs) seconds(a, b pair) pair {
	return g.words(func(k int, v arm64.V) { g.VTRN2(b[k], a[k], v) })
}

// A factor returns word j of a factor, for products. If wraps is true, it is multiplied by 19. If
// turned is true, its limbs have changed places.
type factor func(j int, wraps, turned bool) arm64.V

// factor returns a as a factor. What it returns is computed when it is asked for.
func (g *limbPairs) factor(a pair) factor {
	type form struct {
		j             int
		wraps, turned bool
	}
	known := map[form]arm64.V{}
	var word factor
	word = func(j int, wraps, turned bool) arm64.V {
		f := form{j, wraps, turned}
		if _, ok := known[f]; !ok {
			v := g.Vector(arm64.S4)
			switch {
			case turned:
				w := word(j, wraps, false)
				g.VEXT(8, w, w, v)
			case wraps:
				g.VMUL(g.nineteen, a[j], v)
			default:
				v = a[j]
			}
			known[f] = v
		}
		return known[f]
	}
	return word
}

func (g *limbPairs) columns() *pairColumns { return &pairColumns{limbPairs: g} }

// addLower adds to column i the products of the limbs with even numbers in x and y, and addUpper
// those of the limbs with odd numbers.
func (c *pairColumns) addLower(i int, x, y arm64.V) { c.addUpper(i, x.As(arm64.S2), y.As(arm64.S2)) }

func (c *pairColumns) addUpper(i int, x, y arm64.V) {
	if c.sums[i] == (arm64.V{}) {
		c.sums[i] = c.Vector(arm64.D2)
		c.VUMULL(x, y, c.sums[i])
	} else {
		c.VUMLAL(x, y, c.sums[i])
	}
}

func (c *pairColumns) double(i int) { c.VADD(c.sums[i], c.sums[i], c.sums[i]) }

// complete says that nothing will be added to columns up to i but the carry from the last one.
func (c *pairColumns) complete(i int) {
	if i > 0 {
		c.VUSRA(26-(i-1)%2, c.sums[i-1], c.sums[i])
	}
	if i > 2 && i%2 == 0 {
		c.pack(i/2 - 1)
	}
}

// pack puts the limbs of word k together. What has been carried from them is cut off, but for word 0, which
// comes last.
func (c *pairColumns) pack(k int) {
	c.result[k] = c.Vector(arm64.S4)
	c.VUZP1(c.sums[2*k+1].As(arm64.S4), c.sums[2*k].As(arm64.S4), c.result[k])
	if k == 1 { // the first one
		c.mask = c.constant(rowMask, arm64.S4)
	}
	if k > 0 {
		c.VAND(c.mask, c.result[k], c.result[k])
	}
}

// carried returns the elements, carried, when all columns are complete.
func (c *pairColumns) carried() pair {
	even, odd := c.constant(rowEven, arm64.D2), c.constant(rowOdd, arm64.D2)
	c.VAND(even, c.sums[0], c.sums[0])
	c.VAND(odd, c.sums[1], c.sums[1])
	// The last carry, times 1, 2 and 16, goes to limb 0.
	last := c.Vector(arm64.D2)
	c.VBIC(odd, c.sums[9], last)
	c.pack(nLimbs - 1)
	for _, shift := range []int{25, 24, 21} {
		c.VUSRA(shift, last, c.sums[0])
	}
	c.VUSRA(26, c.sums[0], c.sums[1])
	c.VAND(even, c.sums[0], c.sums[0])
	c.pack(0)
	return c.result
}

// mul returns a·b. It accepts loose elements and returns carried ones.
//
// Word i of a and word j of b belong to word i+j of the product. If that is 5 or more, 2^255 = 19 moves
// it down. Two limbs with odd numbers have half a bit more each than their places say: their product
// counts twice, and belongs to the next word.
func (g *limbPairs) mul(a, b pair) pair {
	c, word := g.columns(), g.factor(b)
	// each calls add with all i and j for word k, and says whether the product moves down.
	each := func(k int, add func(i, j int, wraps bool)) {
		for j := range nLimbs {
			add((k-j+nLimbs)%nLimbs, j, j > k)
		}
	}
	for k := range nLimbs {
		even, odd := 2*k, 2*k+1
		each((k+nLimbs-1)%nLimbs, func(i, j int, wraps bool) { c.addUpper(even, a[i], word(j, wraps || k == 0, false)) })
		c.double(even)
		each(k, func(i, j int, wraps bool) { c.addLower(even, a[i], word(j, wraps, false)) })
		each(k, func(i, j int, wraps bool) {
			c.addLower(odd, a[i], word(j, wraps, true))
			c.addUpper(odd, a[i], word(j, wraps, true))
		})
		c.complete(even)
		c.complete(odd)
	}
	return c.carried()
}

// square returns a². It accepts loose elements and returns carried ones. It is mul without the products
// that occur before: the product of two different limbs counts twice.
func (g *limbPairs) square(a pair) pair {
	c, word := g.columns(), g.factor(a)
	// each calls add with all i and j for word k with i < j, or with i = j.
	each := func(k int, equal bool, add func(i, j int, wraps bool)) {
		for j := range nLimbs {
			if i := (k - j + nLimbs) % nLimbs; i < j && !equal || i == j && equal {
				add(i, j, j > k)
			}
		}
	}
	for k := range nLimbs {
		even, odd := 2*k, 2*k+1
		upper := func(i, j int, wraps bool) { c.addUpper(even, a[i], word(j, wraps || k == 0, false)) }
		lower := func(i, j int, wraps bool) { c.addLower(even, a[i], word(j, wraps, false)) }
		mixed := func(i, j int, wraps bool) { c.addLower(odd, a[i], word(j, wraps, true)) }
		before := (k + nLimbs - 1) % nLimbs
		each(before, false, upper)
		c.double(even)
		each(before, true, upper)
		each(k, false, lower)
		c.double(even)
		each(k, true, lower)
		each(k, false, func(i, j int, wraps bool) {
			mixed(i, j, wraps)
			c.addUpper(odd, a[i], word(j, wraps, true))
		})
		each(k, true, mixed)
		c.double(odd)
		c.complete(even)
		c.complete(odd)
	}
	return c.carried()
}

// In general registers, an element has a limb in each register.
type limbValue [2 * nLimbs]arm64.R

// loadFirst returns the first element of a pair in memory. The upper halves of the registers hold the
// second one.
func (g *limbPairs) loadFirst(from arm64.Mem) (v limbValue) {
	for i := 0; i < len(v); i += 2 {
		v[i], v[i+1] = g.GP(), g.GP()
		g.LDP(from.At(8*i), v[i], v[i+1])
	}
	return v
}

// multiplesRows is the number of pairs of words that storeMultiples stores, with gaps.
const multiplesRows = 2 * 2 * nLimbs

// storeMultiples stores an element, which is in limbs of 51 bits in memory, for mulMultiples: each
// limb times 1 and 19, and then times 2 and 38 if its number is odd.
func (g *limbPairs) storeMultiples(from, to arm64.Mem) {
	nineteen := g.GP()
	g.MOVD(arm64.Imm(19), nineteen)
	store := func(limb arm64.R, to arm64.Mem) {
		product := g.GP()
		g.MUL(nineteen, limb, product)
		g.STP(limb, product, to)
	}
	for k := range nLimbs {
		word, even, odd, twice := g.GP(), g.GP(), g.GP(), g.GP()
		g.MOVD(from.At(8*k), word)
		g.AND(arm64.Imm64(1<<26-1), word, even)
		g.LSR(arm64.Imm(26), word, odd)
		g.ADD(odd, odd, twice)
		store(even, to.At(64*k))
		store(odd, to.At(64*k+32))
		store(twice, to.At(64*k+48))
	}
}

// mulMultiples stores a·b as the first element of a pair, carried, where multiples are those of b. The
// second one becomes 0. a and b are carried.
func (g *limbPairs) mulMultiples(a limbValue, multiples, to arm64.Mem) {
	var c limbValue
	for j := range c {
		for parity := range 2 { // of the numbers of a's limbs
			once, nineteen := g.GP(), g.GP()
			g.LDP(multiples.At(32*j+16*(parity&j)), once, nineteen)
			for i := parity; i < len(c); i += 2 {
				column, limb := i+j, once
				if column >= len(c) {
					column, limb = column-len(c), nineteen
				}
				if c[column] == (arm64.R{}) {
					c[column] = g.GP()
					g.UMULL(a[i], limb, c[column])
				} else {
					g.UMADDL(a[i], c[column], limb, c[column])
				}
			}
		}
	}
	g.carryFirst(c, to)
}

// carryFirst stores the element whose columns are c as the first one of a pair, carried. The second
// one becomes 0.
func (g *limbPairs) carryFirst(c limbValue, to arm64.Mem) {
	mask := func(i int) { g.AND(arm64.Imm64(1<<(26-i%2)-1), c[i], c[i]) }
	for i, r := range c[:len(c)-1] {
		g.ADD(r.Lsr(26-i%2), c[i+1], c[i+1])
		mask(i)
	}
	last, multiple := g.GP(), g.GP()
	g.LSR(arm64.Imm(25), c[9], last)
	mask(9)
	// 19·last is last + 2·9·last.
	g.ADD(last.Lsl(3), last, multiple)
	g.ADD(multiple.Lsl(1), last, last)
	g.ADD(last, c[0], c[0])
	g.ADD(c[0].Lsr(26), c[1], c[1])
	mask(0)
	for i := 0; i < len(c); i += 2 {
		g.STP(c[i], c[i+1], to.At(8*i))
	}
}
