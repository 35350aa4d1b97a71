package main

import (
	"fmt"

	"hybridkem/internal/_asm/arm64"
	"hybridkem/internal/_asm/keccak"
	"hybridkem/internal/_asm/kit"
)

// kernelsARM64 writes the kernels for arm64.
func kernelsARM64(f *arm64.File) {
	permute1A64(f)
	permute4NEON(f)
	permute1SHA3(f)
	permute4SHA3(f)
	write4NEON(f)
	squeeze4NEON(f)
}

func permute1A64(f *arm64.File) {
	f.Kernel("permute1A64", "func(a *[200]byte)", arm64.Rotating, kit.Header{
		Does:  "permute1A64 applies Keccak-f[1600] to a state.",
		In:    "a, the state as a string of bytes: lane (x, y), little-endian, at a[8(x+5y)].",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	w := newWords(f, f.Frame(wordsFrame))
	w.load(f.Pointer("a"), 8, nRounds/roundsPerLoop)
	f.Label("rounds")
	var times arm64.R
	f.Schedule(0, func() { times = w.rounds() })
	f.CBNZ(times, "rounds")
	w.store(f.Pointer("a"), 8)
	f.Ret()
}

func permute4NEON(f *arm64.File) {
	f.Kernel("permute4NEON", "func(a *[25][4]uint64)", arm64.Rotating, kit.Header{
		Does:  "permute4NEON applies Keccak-f[1600] to four states.",
		In:    "a, the states with their lanes interleaved: lane (x, y) of state i is a[x+5y][i].",
		Out:   "a.",
		Notes: "It does not need a to be aligned. States 0 and 1 go one after the other through general registers, and beside them states 2 and 3 through vector registers.",
	})
	// The frame: that of words, how many states are still to go through general registers, the address of
	// the first of them, and that of the next round constant for the vectors.
	frame := f.Frame(wordsFrame + 32)
	states, address, constants := frame.At(wordsFrame), frame.At(wordsFrame+8), frame.At(wordsFrame+16)
	a, v, w := f.Pointer("a"), newVectors(f), newWords(f, frame)
	v.each(func(i int, lane arm64.V) { f.FMOVQ(a.At(32*i+16), lane) })
	f.MOVD(roundConstants(f).Base(), constants)
	two := f.GP()
	f.MOVD(arm64.Imm(2), two)
	f.STP(two, a.Base(), states)

	f.Label("states")
	state := f.GP()
	f.MOVD(address, state)
	w.load(state.At(a), 32, nRounds/roundsPerLoop)
	f.Label("rounds")
	constant := f.GP()
	f.MOVD(constants, constant)
	f.VLDRP(constant.At(arm64.Mem{}), v.constant())
	f.MOVD(constant, constants)
	var times arm64.R
	f.Schedule(32, func() {
		f.Weave(func() { times = w.rounds() }, v.roundNEON)
	})
	f.CBNZ(times, "rounds")
	state = f.GP()
	f.MOVD(address, state)
	w.store(state.At(a), 32)
	left := f.GP()
	f.LDP(states, left, state)
	f.SUB(arm64.Imm(1), left, left)
	f.ADD(arm64.Imm(8), state, state)
	f.STP(left, state, states)
	f.CBNZ(left, "states")

	v.each(func(i int, lane arm64.V) { f.FMOVQ(lane, state.At(a).At(32*i)) })
	f.Ret()
}

func permute1SHA3(f *arm64.File) {
	f.Kernel("permute1SHA3", "func(a *[200]byte)", arm64.SHA3, kit.Header{
		Does:  "permute1SHA3 applies Keccak-f[1600] to a state.",
		In:    "a, in the layout of permute1A64.",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	a, v := f.Pointer("a"), newVectors(f)
	v.each(func(i int, lane arm64.V) { f.FMOVD(a.At(8*i), lane) })
	v.permuteSHA3()
	v.each(func(i int, lane arm64.V) { f.FMOVD(lane, a.At(8*i)) })
	f.Ret()
}

func permute4SHA3(f *arm64.File) {
	f.Kernel("permute4SHA3", "func(a *[25][4]uint64)", arm64.SHA3, kit.Header{
		Does:  "permute4SHA3 applies Keccak-f[1600] to four states.",
		In:    "a, in the layout of permute4NEON.",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	a := f.Pointer("a")
	f.Repeat("states", 2, func() {
		v := newVectors(f)
		v.each(func(i int, lane arm64.V) { f.FMOVQ(a.At(32*i), lane) })
		v.permuteSHA3()
		v.each(func(i int, lane arm64.V) { f.FMOVQ(lane, a.At(32*i)) })
		f.ADD(arm64.Imm(16), a.Base(), a.Base())
	})
	f.Ret()
}

// nRounds is the number of rounds.
var nRounds = len(keccak.RoundConstants())

// roundConstants returns the table of round constants.
func roundConstants(f *arm64.File) arm64.Mem {
	return f.Quads("roundConstants", keccak.RoundConstants()...)
}

func write4NEON(f *arm64.File) {
	f.Kernel("write4NEON", "func(a *[4]uint64, in0, in1, in2, in3 *byte, offset, n int)", arm64.NEON, kit.Header{
		Does:  "write4NEON adds lanes of four messages to the four states of permute4NEON.",
		In:    "n, the number of lanes, from 1 to 25; in0 to in3, the messages, whose lanes begin at offset.",
		Out:   "a, the lanes of the states that the messages are added to, in the layout of permute4NEON.",
		Notes: "It needs no alignment. Its time depends on n.",
	})
	a := f.Pointer("a")
	eachLaneNEON(f, a, "in", func(in [4]arm64.Mem) {
		var pairs [4][2]arm64.V // of lanes, for each state
		for i := range in {
			pairs[i] = [2]arm64.V{f.Vector(arm64.D2), f.Vector(arm64.D2)}
			f.FLDPQ(in[i], pairs[i][0], pairs[i][1])
		}
		for lane := range 4 {
			states := [2]arm64.V{f.Vector(arm64.D2), f.Vector(arm64.D2)}
			f.FLDPQ(a.At(32*lane), states[0], states[1])
			for i := range states {
				new := f.Vector(arm64.D2)
				half(f, lane%2)(pairs[2*i+1][lane/2], pairs[2*i][lane/2], new)
				f.VEOR(new, states[i], states[i])
			}
			f.FSTPQ(states[0], states[1], a.At(32*lane))
		}
	}, func(in [4]arm64.Mem) {
		for i := range in {
			new, old := f.GP(), f.GP()
			f.MOVD(in[i], new)
			f.MOVD(a.At(8*i), old)
			f.EOR(new, old, old)
			f.MOVD(old, a.At(8*i))
		}
	})
}

func squeeze4NEON(f *arm64.File) {
	f.Kernel("squeeze4NEON", "func(out0, out1, out2, out3 *byte, offset, n int, a *[25][4]uint64)", arm64.NEON, kit.Header{
		Does:  "squeeze4NEON copies the first lanes of the four states of permute4NEON.",
		In:    "a, in the layout of permute4NEON; n, the number of lanes, from 1 to 25.",
		Out:   "out0 to out3, the lanes of each state from offset on, in the layout of permute1A64.",
		Notes: "It does not change a, and needs no alignment. Outputs of equal states may be the same memory. Its time depends on n.",
	})
	a := f.Pointer("a")
	eachLaneNEON(f, a, "out", func(out [4]arm64.Mem) {
		var pairs [4][2]arm64.V // of states, for each lane
		for lane := range pairs {
			pairs[lane] = [2]arm64.V{f.Vector(arm64.D2), f.Vector(arm64.D2)}
			f.FLDPQ(a.At(32*lane), pairs[lane][0], pairs[lane][1])
		}
		for i := range out {
			lanes := [2]arm64.V{f.Vector(arm64.D2), f.Vector(arm64.D2)}
			for j := range lanes {
				half(f, i%2)(pairs[2*j+1][i/2], pairs[2*j][i/2], lanes[j])
			}
			f.FSTPQ(lanes[0], lanes[1], out[i])
		}
	}, func(out [4]arm64.Mem) {
		for i := range out {
			lane := f.GP()
			f.MOVD(a.At(8*i), lane)
			f.MOVD(lane, out[i])
		}
	})
}

// half returns the instruction that takes the first words of two registers, or the second.
func half(f *arm64.File, i int) func(x, y, z arm64.V) {
	if i == 0 {
		return f.VZIP1
	}
	return f.VZIP2
}

// eachLaneNEON writes a loop over lanes, and ends the kernel. The number of lanes is in the parameter n. It does
// four lanes at once, and the rest one by one. In states they begin at the first, and in the four strings at the
// parameter offset.
func eachLaneNEON(f *arm64.File, states arm64.Mem, name string, four, one func(strings [4]arm64.Mem)) {
	offset, n := f.Param("offset"), f.Param("n")
	var strings [4]arm64.Mem
	for i := range strings {
		strings[i] = f.Pointer(fmt.Sprint(name, i))
		f.ADD(offset, strings[i].Base(), strings[i].Base())
	}
	next := func(lanes int) {
		for _, s := range strings {
			f.ADD(arm64.Imm(8*lanes), s.Base(), s.Base())
		}
		f.ADD(arm64.Imm(32*lanes), states.Base(), states.Base())
	}
	f.SUBS(arm64.Imm(4), n, n)
	f.Branch("BLT", "rest")
	f.Label("four")
	f.Schedule(24, func() { four(strings) })
	next(4)
	f.SUBS(arm64.Imm(4), n, n)
	f.Branch("BGE", "four")

	f.Label("rest")
	f.ADD(arm64.Imm(4), n, n)
	f.CBZ(n, "done")
	f.Label("one")
	f.Schedule(24, func() { one(strings) })
	next(1)
	f.SUB(arm64.Imm(1), n, n)
	f.CBNZ(n, "one")
	f.Label("done")
	f.Ret()
}
