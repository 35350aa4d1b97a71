package main

import (
	"fmt"

	"hybridkem/internal/_asm/arm64"
)

// sampleCBD inverts the upper η of the 2η bits that make a coefficient. Then the number of ones is
// the coefficient plus η.
func (g *neon) sampleCBD(eta int) {
	label := fmt.Sprintf("sampleCBD%d", eta)
	f, b := sampleCBDKernel(g, label+"NEON", arm64.NEON, eta)
	size, bits := 1, 2*eta // of two or four fields, in bytes, and of each
	if eta == 3 {
		size = 3
	}
	fields := 8 * size / bits
	inverted, mask, plus := make([]arm64.V, size), g.Vector(arm64.B16), g.Vector(arm64.B16)
	pattern := 0
	for i := range fields {
		pattern |= (1<<eta - 1) << (bits*i + eta)
	}
	for i := range inverted {
		inverted[i] = g.Vector(arm64.B16)
		g.VMOVI(byte(pattern>>(8*i)), inverted[i])
	}
	g.VMOVI(1<<bits-1, mask)
	g.VMOVI(byte(eta), plus)
	g.Repeat(label, n/16/fields, func() {
		g.Schedule(24, func() {
			x := g.Vectors(size, arm64.B16)
			g.VLD(size, b, x...)
			for i := range x {
				g.VEOR(inverted[i], x[i], x[i])
			}
			counts := g.split(bits, x, mask)
			for _, c := range counts {
				g.VCNT(c, c)
			}
			bytes := g.zip(arm64.B16, counts[:1], counts[1:2])
			if fields == 4 {
				bytes = g.zip(arm64.H8, bytes, g.zip(arm64.B16, counts[2:3], counts[3:]))
			}
			for i, x := range bytes {
				lower, upper := g.register(), g.register()
				g.VUSUBL(plus.As(arm64.B8), x.As(arm64.B8), lower)
				g.VUSUBL(plus, x.As(arm64.B16), upper)
				g.FSTPQ(lower, upper, f.At(32*i))
			}
		})
		g.ADD(arm64.Imm(32*fields), f.Base(), f.Base())
		g.ADD(arm64.Imm(16*size), b.Base(), b.Base())
	})
	g.Ret()
}

// split returns the fields in bytes that are at the same place in the registers of x.
func (g *neon) split(bits int, x []arm64.V, mask arm64.V) (fields []arm64.V) {
	for bit := 0; bit < 8*len(x); bit += bits {
		field, first, shift := g.Vector(arm64.B16), x[bit/8], bit%8
		if shift > 0 {
			g.VUSHR(shift, first, field)
			first = field
		}
		if shift+bits > 8 {
			g.VSLI(8-shift, x[bit/8+1], field)
		}
		if shift+bits != 8 {
			g.VAND(mask, first, field)
		}
		fields = append(fields, field)
	}
	return fields
}

// zip returns the elements of the registers x, each followed by that of y at its place.
func (g *neon) zip(a arm64.Arrangement, x, y []arm64.V) (z []arm64.V) {
	for i := range x {
		lower, upper := g.Vector(a), g.Vector(a)
		g.VZIP1(y[i].As(a), x[i].As(a), lower)
		g.VZIP2(y[i].As(a), x[i].As(a), upper)
		z = append(z, lower, upper)
	}
	return z
}
