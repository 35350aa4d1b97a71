package main

import (
	"fmt"
	"slices"

	"hybridkem/internal/_asm/arm64"
)

// kernelsARM64 writes the kernels for arm64. A register holds eight coefficients.
func kernelsARM64(f *arm64.File) {
	g := &neon{f}
	g.ntt()
	g.inverseNTT()
	g.factorSet()
	g.innerProduct()
	g.sampleVartime()
	g.reduce()
	g.add()
	g.sub()
	g.sampleCBD(2)
	g.sampleCBD(3)
	g.encode()
	g.decode()
	for _, d := range []int{1, 4, 5, 10, 11} {
		g.compress(d)
	}
	g.decompress1()
	for _, d := range []int{4, 5, 10, 11} {
		g.decompress(d)
	}
}

// A neon writes kernels for arm64.
type neon struct{ *arm64.File }

// register returns a new register for eight coefficients.
func (g *neon) register() arm64.V { return g.Vector(arm64.H8) }

// A neonFactor is b and b · q^-1 modulo 2^16, in registers or lanes.
type neonFactor struct{ b, timesQInv fmt.Stringer }

// montgomeryMul is that of generator. The high halves of doubled products are twice those of the
// products, up to a last bit that is the same in both, and their difference is halved.
func (g *neon) montgomeryMul(a arm64.V, factor neonFactor, modulus fmt.Stringer) (r arm64.V) {
	r, m := g.register(), g.register()
	g.VMUL(factor.timesQInv, a, m)
	g.VSQDMULH(factor.b, a, r)
	g.VSQDMULH(modulus, m, m)
	g.VSHSUB(m, r, r)
	return r
}

// broadcast returns a register with copies of c.
func (g *neon) broadcast(c int) arm64.V {
	r, x := g.GP(), g.register()
	g.MOVD(arm64.Imm(c), r)
	g.VDUP(r, x)
	return x
}

// table returns a register for each row of sixteen bytes.
func (g *neon) table(name string, rows ...[]byte) (registers []arm64.V) {
	address := g.Data(name, slices.Concat(rows...))
	for i := range rows {
		x := g.Vector(arm64.B16)
		g.FMOVQ(address.At(16*i), x)
		registers = append(registers, x)
	}
	return registers
}

// words returns words as a row of bytes.
func words(words ...int16) (row []byte) {
	for _, w := range words {
		row = append(row, byte(w), byte(w>>8))
	}
	return row
}

// places returns a row that tells VTBL how to move bytes. For each byte of the result, place returns
// the byte that it comes from. If place is negative, the byte is zero.
func places(place func(i int) int) (row []byte) {
	for i := range 16 {
		row = append(row, byte(place(i)))
	}
	return row
}

func (g *neon) add() {
	f, h := sumKernel(g, "addNEON", "Add", arm64.NEON)
	g.wordwise("add", f, h, func(x, y arm64.V) { g.VADD(y, x, x) })
}

func (g *neon) sub() {
	f, h := sumKernel(g, "subNEON", "Sub", arm64.NEON)
	g.wordwise("sub", f, h, func(x, y arm64.V) { g.VSUB(y, x, x) })
}

// wordwise applies body to each register x of f and the register y of h beside it, and ends the
// kernel.
func (g *neon) wordwise(label string, f, h arm64.Mem, body func(x, y arm64.V)) {
	const atOnce = 8 // registers
	g.Repeat(label, n/8/atOnce, func() {
		g.Schedule(24, func() {
			for i := 0; i < atOnce; i += 2 {
				x0, x1, y0, y1 := g.register(), g.register(), g.register(), g.register()
				g.FLDPQ(f.At(16*i), x0, x1)
				g.FLDPQ(h.At(16*i), y0, y1)
				body(x0, y0)
				body(x1, y1)
				g.FSTPQ(x0, x1, f.At(16*i))
			}
		})
		g.ADD(arm64.Imm(16*atOnce), f.Base(), f.Base())
		g.ADD(arm64.Imm(16*atOnce), h.Base(), h.Base())
	})
	g.Ret()
}

func (g *neon) reduce() {
	const atOnce = 8 // registers
	g.Kernel("reduceNEON", "func(f *[256]int16)", arm64.NEON, reduceHeader("reduceNEON"))
	f := g.Pointer("f")
	constants, modulus := g.register(), g.register()
	g.FMOVQ(g.Words("reduce", q, barrett26, 0, 0, 0, 0, 0, 0), constants)
	g.VDUP(constants.Lane(0), modulus)
	g.Repeat("reduce", n/8/atOnce, func() {
		g.Schedule(24, func() {
			for i := 0; i < atOnce; i += 2 {
				x := [2]arm64.V{g.register(), g.register()}
				g.FLDPQ(f.At(16*i), x[0], x[1])
				for _, x := range x {
					m, less := g.register(), g.register()
					g.VSQDMULH(constants.Lane(1), x, m)
					g.VSSHR(11, m, m)
					g.VMLS(constants.Lane(0), m, x)
					g.VSUB(modulus, x, less)
					g.VUMIN(less, x, x)
				}
				g.FSTPQ(x[0], x[1], f.At(16*i))
			}
		})
		g.ADD(arm64.Imm(16*atOnce), f.Base(), f.Base())
	})
	g.Ret()
}
