package main

import "hybridkem/internal/_asm/arm64"

// An a64 writes a kernel that computes with whole words in general registers. The bounds of its
// operations are those of the portable code, and so are their names, loose and tight. If a comment
// here does not prove a bound, a comment in the portable code does.
type a64 struct {
	frame
	c38 arm64.R // a register with 38
}

// A frame writes a kernel with places in its stack frame.
type frame struct {
	*arm64.File
	n int // the number of rows of 16 bytes
}

// row returns the place of a row, at an address that is a multiple of 16.
func (f *frame) row(i int) arm64.Mem { return f.Frame(16 * (f.n + 1)).At(8 + 16*i) }

// rows returns the place of n more rows.
func (f *frame) rows(n int) arm64.Mem {
	first := f.n
	f.n += n
	return f.row(first)
}

// wipe overwrites the frame.
func (f *frame) wipe() {
	for i := range f.n {
		f.STP(arm64.ZR, arm64.ZR, f.row(i))
	}
}

// A value is an element in registers.
type value [words]arm64.R

// newA64 returns an a64 for the current kernel.
func newA64(f *arm64.File) *a64 {
	g := &a64{frame: frame{File: f}}
	g.c38 = g.constant(38)
	return g
}

// local returns the place of another element in the frame.
func (g *a64) local() arm64.Mem { return g.rows(words / 2) }

// constant returns a register with c.
func (g *a64) constant(c int) arm64.R {
	r := g.GP()
	g.MOVD(arm64.Imm(c), r)
	return r
}

// registers returns new registers.
func (g *a64) registers() (v value) {
	for i := range v {
		v[i] = g.GP()
	}
	return v
}

func (g *a64) load(m arm64.Mem) value {
	v := g.registers()
	g.LDP(m, v[0], v[1])
	g.LDP(m.At(16), v[2], v[3])
	return v
}

func (g *a64) store(v value, m arm64.Mem) {
	g.STP(v[0], v[1], m)
	g.STP(v[2], v[3], m.At(16))
}

// mul returns a·b. It accepts loose elements and returns a tight one.
//
// The last word of the sum so far does not overflow: the portable code proves it at mul.
func (g *a64) mul(a, b value) value {
	c := g.product(a[0], b)
	for i, x := range a[1:] {
		s := g.plus(g.product(x, b), value(c[i+1:]))
		c = append(c[:i+1], s...)
	}
	return g.mulAdd(value(c), g.c38, value(c[words:]))
}

// product returns x·b, which has one word more than b.
func (g *a64) product(x arm64.R, b value) []arm64.R {
	var low, high value
	for i := range words {
		low[i], high[i] = g.GP(), g.GP()
		g.MUL(x, b[i], low[i])
		g.UMULH(x, b[i], high[i])
	}
	g.ADDS(high[0], low[1], low[1])
	g.ADCS(high[1], low[2], low[2])
	g.ADCS(high[2], low[3], low[3])
	g.ADC(arm64.ZR, high[3], high[3])
	return append(low[:], high[3])
}

// plus adds b to a, which has one word more. It returns a.
func (g *a64) plus(a []arm64.R, b value) []arm64.R {
	g.ADDS(b[0], a[0], a[0])
	for i := 1; i < words; i++ {
		g.ADCS(b[i], a[i], a[i])
	}
	g.ADC(arm64.ZR, a[words], a[words])
	return a
}

// mulAdd returns a + x·b, where x is less than 2^18. It accepts loose elements and returns a loose
// one, which is tight if x is 38.
func (g *a64) mulAdd(a value, x arm64.R, b value) value {
	r := g.plus(g.product(x, b), a)

	// Move the bits from 2^255 on to h.
	h, top := r[words], r[words-1]
	g.EXTR(63, top, h, h)
	g.AND(arm64.Imm64(1<<63-1), top, top)
	// 19·h is h + 2·9h. The multiplier has enough to do.
	h9 := g.GP()
	g.ADD(h.Lsl(3), h, h9)
	g.ADD(h9.Lsl(1), h, h)
	g.ADDS(h, r[0], r[0])
	g.ADCS(arm64.ZR, r[1], r[1])
	g.ADCS(arm64.ZR, r[2], r[2])
	g.ADC(arm64.ZR, r[3], r[3])
	return value(r)
}

// square returns a². It accepts a loose element and returns a tight one. The portable code proves
// at square that nothing is carried beyond the last words.
func (g *a64) square(a value) value {
	var r [2 * words]arm64.R
	mul := func(i, j int) (low, high arm64.R) {
		low, high = g.GP(), g.GP()
		g.MUL(a[i], a[j], low)
		g.UMULH(a[i], a[j], high)
		return low, high
	}
	// Add the products of different words.
	r[1], r[2] = mul(0, 1)
	low2, high2 := mul(0, 2)
	r[3], r[4] = mul(0, 3)
	low3, high3 := mul(1, 2)
	low4, high4 := mul(1, 3)
	r[5], r[6] = mul(2, 3)
	g.ADDS(low2, r[2], r[2])
	g.ADCS(high2, r[3], r[3])
	g.ADC(arm64.ZR, r[4], r[4])
	g.ADDS(low3, r[3], r[3])
	g.ADCS(high3, r[4], r[4])
	g.ADCS(arm64.ZR, r[5], r[5])
	g.ADC(arm64.ZR, r[6], r[6])
	g.ADDS(low4, r[4], r[4])
	g.ADCS(high4, r[5], r[5])
	g.ADC(arm64.ZR, r[6], r[6])

	// Double the sum.
	g.ADDS(r[1], r[1], r[1])
	for i := 2; i < 7; i++ {
		g.ADCS(r[i], r[i], r[i])
	}
	r[7] = g.GP()
	g.ADC(arm64.ZR, arm64.ZR, r[7])

	// Add the squares of words.
	for i := range words {
		low, high := mul(i, i)
		switch i {
		case 0:
			r[0] = low
			g.ADDS(high, r[1], r[1])
		default:
			g.ADCS(low, r[2*i], r[2*i])
			if i < words-1 {
				g.ADCS(high, r[2*i+1], r[2*i+1])
			} else {
				g.ADC(high, r[7], r[7])
			}
		}
	}
	return g.mulAdd(value(r[:words]), g.c38, value(r[words:]))
}

// add returns a + b. It accepts tight elements and returns a loose one.
func (g *a64) add(a, b value) value {
	s, correction := g.registers(), g.GP()
	g.ADDS(b[0], a[0], s[0])
	for i := 1; i < words; i++ {
		g.ADCS(b[i], a[i], s[i])
	}
	g.CSEL("CS", g.c38, arm64.ZR, correction)
	g.ADD(correction, s[0], s[0])
	return s
}

// sub returns a - b. It accepts a loose a and a tight b, and returns a loose element.
//
// A negative difference is more than -2^255 - 2^11. Modulo 2^256 it is then more than 2^254, so
// that subtracting 38 does not borrow.
func (g *a64) sub(a, b value) value {
	d, correction := g.registers(), g.GP()
	g.SUBS(b[0], a[0], d[0])
	for i := 1; i < words; i++ {
		g.SBCS(b[i], a[i], d[i])
	}
	g.CSEL("CC", g.c38, arm64.ZR, correction)
	g.SUBS(correction, d[0], d[0])
	g.SBCS(arm64.ZR, d[1], d[1])
	g.SBCS(arm64.ZR, d[2], d[2])
	g.SBC(arm64.ZR, d[3], d[3])
	return d
}

// sums returns the sum and the difference of two elements in memory.
func (g *a64) sums(a, b arm64.Mem) (sum, difference value) {
	x, y := g.load(a), g.load(b)
	return g.add(x, y), g.sub(x, y)
}
