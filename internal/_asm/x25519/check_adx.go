package main

import (
	"hybridkem/internal/_asm/kit"
)

// checkADX writes parts of the kernels as functions that tests can call. Like the kernels, it
// weaves two products, and two squares.
func checkADX(f *kit.File) {
	// operation writes a function of elements in memory.
	operation := func(name, parameters, does string, write func(g *adx, parameter func(name string) element)) {
		f.Kernel(name, "func("+parameters+" *[4]uint64)", kit.ADX, kit.Header{Does: name + " " + does})
		write(&adx{File: f}, func(name string) element { return elementAt(f.Pointer(name)) })
		f.Ret()
	}
	// There are too few registers for all pointers, so the operands of woven operations are
	// copied to the frame.
	operation("mulADX", "v, w, a, b", "sets v to a·b, and w to b·a.", func(g *adx, parameter func(string) element) {
		v, w, a, b := g.element(), g.element(), g.element(), g.element()
		g.copy(a, g.registers(parameter("a")))
		g.copy(b, g.registers(parameter("b")))
		weave(g.mul(v, a, b), g.mul(w, b, a))
		g.copy(parameter("v"), g.registers(v))
		g.copy(parameter("w"), g.registers(w))
	})
	operation("squareADX", "v, w, a, b", "sets v to a², and w to b².", func(g *adx, parameter func(string) element) {
		v, w, a, b := g.element(), g.element(), g.element(), g.element()
		g.copy(a, g.registers(parameter("a")))
		g.copy(b, g.registers(parameter("b")))
		weave(g.square(v, a), g.square(w, b))
		g.copy(parameter("v"), g.registers(v))
		g.copy(parameter("w"), g.registers(w))
	})
	for _, x := range []struct {
		name string
		x    uint64
	}{{"mulAdd2ADX", 2}, {"mulAdd38ADX", 38}, {"mulAddA24ADX", a24}} {
		operation(x.name, "v, a, b", "sets v to a + x·b for the x of its name.", func(g *adx, parameter func(string) element) {
			g.mulAdd(parameter("v"), parameter("a"), x.x, parameter("b"))
		})
	}
	operation("addADX", "v, a, b", "sets v to a + b.", func(g *adx, parameter func(string) element) {
		g.copy(parameter("v"), g.add(parameter("a"), parameter("b")))
	})
	operation("subADX", "v, a, b", "sets v to a - b.", func(g *adx, parameter func(string) element) {
		g.copy(parameter("v"), g.sub(parameter("a"), parameter("b")))
	})

	f.Kernel("chooseADX", "func(entry *[3][4]uint64, digits *[64]int8, index uint64)", kit.ADX, kit.Header{
		Does: "chooseADX sets entry to what digits[index] adds to a sum.",
	})
	c := newADXComb(f)
	index := f.Load(f.Param("index"), f.GP64())
	f.MOVQ(index, c.index)
	weave(c.choose())
	for i, m := range c.entry {
		v := f.YMM()
		f.VMOVDQU(m, v)
		f.VMOVDQU(v, f.Pointer("entry").Offset(8*words*i))
	}
	f.Ret()
}
