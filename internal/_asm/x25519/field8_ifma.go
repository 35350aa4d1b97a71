package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// In this file instructions work on eight elements at once, which are independent. The forms of
// limbs are those of field_ifma.go.
const lanes8 = 8

// An ifma8 writes a kernel for eight elements in zmm registers.
type ifma8 struct{ *ifma }

func newIFMA8(f *kit.File) ifma8 { return ifma8{newWideIFMA(f)} }

// A term is the low or the high half of the product of limb i of one factor and limb j of the
// other.
type term struct {
	i, j int
	high bool
}

// column returns the column that the term belongs to. The weight of a high half is
// 2·2^51(i+j+1), as in [ifma.mul].
func (t term) column() int {
	if t.high {
		return t.i + t.j + 1
	}
	return t.i + t.j
}

// mul returns a·b in columns, plus a multiple of p if biased. It adds up the high halves, doubles
// these sums, and adds the low halves to them. So it needs only one register for each column.
//
// In: a, b < 2^52. The bounds are those of [ifma.mul].
func (g ifma8) mul(a, b columns, biased bool) columns {
	var high, low []term
	for i := range nLimbs {
		for j := range nLimbs {
			high, low = append(high, term{i, j, true}), append(low, term{i, j, false})
		}
	}
	return g.sum(a, b, biased, high, low)
}

// square is mul(a, a, biased). A product of two different limbs occurs twice, so its low half is
// doubled, and its high half is doubled twice.
func (g ifma8) square(a columns, biased bool) columns {
	var fourfold, twofold, once []term
	for i := range nLimbs {
		twofold, once = append(twofold, term{i, i, true}), append(once, term{i, i, false})
		for j := range i {
			fourfold, twofold = append(fourfold, term{i, j, true}), append(twofold, term{i, j, false})
		}
	}
	return g.sum(a, a, biased, fourfold, twofold, once)
}

// Latencies in cycles, which sum supposes. The order of instructions depends on them.
const (
	ifmaLatency = 4
	addLatency  = 1
	foldLatency = 16 // of fold's product and sum
)

// sum returns the sum of terms of a and b, in columns modulo p. It doubles the sum of the first
// list, adds the second list, and so on.
//
// The columns do not depend on each other. The next instruction is for the column that has the
// longest way to go among those whose last sum is ready by then, if two instructions begin in each
// cycle.
func (g ifma8) sum(a, b columns, biased bool, lists ...[]term) columns {
	type step struct {
		write   func()
		latency int
	}
	var c [2 * nLimbs]vec
	var steps [2 * nLimbs][]step
	for n, list := range lists {
		for k := range c {
			if c[k] != nil {
				steps[k] = append(steps[k], step{func() { g.VPADDQ(c[k], c[k], c[k]) }, addLatency})
			}
		}
		for _, t := range list {
			k := t.column()
			if c[k] == nil {
				c[k] = g.vector()
				start := func() { g.ZERO(c[k]) }
				if biased && k < nLimbs {
					start = func() { g.VPBROADCASTQ(g.biasLimb(k, len(lists)-1-n), c[k]) }
				}
				steps[k] = append(steps[k], step{start, 0})
			}
			instruction := g.VPMADD52LUQ
			if t.high {
				instruction = g.VPMADD52HUQ
			}
			steps[k] = append(steps[k], step{func() { instruction(a[t.i], b[t.j], c[k]) }, ifmaLatency})
		}
	}
	var ready, rest [2 * nLimbs]int // when the last sum is ready, and the latency of what is left
	for k := range steps {
		for _, s := range steps[k] {
			rest[k] += s.latency
		}
		if k >= nLimbs {
			rest[k] += foldLatency
		}
	}
	for slot := 0; ; slot++ {
		best, now := -1, slot/2
		for k := range steps {
			if len(steps[k]) == 0 {
				continue
			}
			if best >= 0 {
				wait, waitBest := max(ready[k]-now, 0), max(ready[best]-now, 0)
				if wait > waitBest || wait == waitBest && rest[k] <= rest[best] {
					continue
				}
			}
			best = k
		}
		if best < 0 {
			return g.fold(c)
		}
		s := steps[best][0]
		steps[best] = steps[best][1:]
		s.write()
		ready[best] = max(ready[best], now) + s.latency
		rest[best] -= s.latency
	}
}

// biasLimb returns the address of limb k of 2048·p, divided by 2^doublings. Limbs of 2048·p are so
// large that columns up to 2^62 - 2^16 can be subtracted from them without a borrow.
func (g ifma8) biasLimb(k, doublings int) Mem {
	const times, most = 2048, 3
	var quads []uint64
	for n := range most {
		quads = append(quads, (times>>n)*(1<<limbBits-19), (times>>n)*(1<<limbBits-1))
	}
	return g.Quads("bias8", quads...).Offset(8 * (2*doublings + min(k, 1)))
}

// bias returns 2048·p in columns.
func (g ifma8) bias() (c columns) {
	for k := range c {
		c[k] = g.vector()
		g.VPBROADCASTQ(g.biasLimb(k, 0), c[k])
	}
	return c
}

// number returns a small number, carried.
func (g ifma8) number(n uint64) (c columns) {
	c[0] = g.broadcast(n)
	for k := 1; k < nLimbs; k++ {
		c[k] = g.vector()
		g.ZERO(c[k])
	}
	return c
}

func (g ifma8) store(to place, c columns) {
	for k := range c {
		g.VMOVDQU64(c[k], to(k))
	}
}

// sumDifference stores a + b and a - b, carried. The columns of b must not exceed those of a.
func (g ifma8) sumDifference(sum, difference place, a, b columns) {
	s, d := g.sums(a, b)
	g.store(difference, g.carry(d))
	g.store(sum, g.carry(s))
}

// sums returns a + b and a - b.
func (g ifma8) sums(a, b columns) (sum, difference columns) {
	for k := range a {
		sum[k], difference[k] = g.vector(), g.vector()
		g.VPSUBQ(b[k], a[k], difference[k])
		g.VPADDQ(b[k], a[k], sum[k])
	}
	return sum, difference
}

// choose returns b in the lanes of the mask, and a in the others. It overwrites a.
func (g ifma8) choose(mask reg.Register, a, b columns) columns {
	for k := range a {
		g.VMOVDQA64(b[k], mask, a[k])
	}
	return a
}
