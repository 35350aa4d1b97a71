package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/keccak"
	"hybridkem/internal/_asm/kit"
)

func permute1BMI2(f *kit.File) {
	f.Kernel("permute1BMI2", "func(a *[200]byte)", kit.AVX2, kit.Header{
		Does: "permute1BMI2 applies Keccak-f[1600] to a state.",
		In:   "a, the state as a string of bytes: lane (x, y), little-endian, at a[8(x+5y)].",
		Out:  "a.",
	})
	stack := f.AllocLocal(3 * 8)
	keccak.InWords(f, f.Pointer("a"), stack, stack.Offset(16)).Permute()
	f.Comment("Of the last round, two words of theta are left.")
	f.MOVQ(operand.U32(0), stack)
	f.MOVQ(operand.U32(0), stack.Offset(8))
	f.Ret()
}

func permute4AVX2(f *kit.File) {
	f.Kernel("permute4AVX2", "func(a *[25][4]uint64)", kit.AVX2, kit.Header{
		Does:  "permute4AVX2 applies Keccak-f[1600] to four states.",
		In:    "a, the states with their lanes interleaved: lane (x, y) of state i is a[x+5y][i].",
		Out:   "a.",
		Notes: "It does not need a to be aligned.",
	})
	keccak.InVectors(f, f.Pointer("a")).Permute()
	f.Ret()
}

func start4AVX2(f *kit.File) {
	f.Kernel("start4AVX2", "func(a *[25][4]uint64, seed *[32]byte, suffixes *[4]uint64, end, n int)", kit.AVX2, kit.Header{
		Does:  "start4AVX2 sets the first n states of permute4AVX2 to messages of one block.",
		In:    "n, from 0 to 4; seed, the first four lanes of each message; suffixes, the fifth lane of each; end, the number of the lane whose last bit is set.",
		Out:   "a. The other states do not change.",
		Notes: "It needs no alignment.",
	})
	a, seed, suffixes := f.Pointer("a"), f.Pointer("seed"), f.Pointer("suffixes")
	end, n := f.Load(f.Param("end"), f.GP64()), f.Load(f.Param("n"), f.GP64())
	f.Comment("A mask of the states that are set.")
	set, count := f.YMM(), f.YMM()
	f.VMOVQ(n, count.AsX())
	f.VPBROADCASTQ(count.AsX(), count)
	f.VPCMPGTQ(f.Quads("zeroToThree", 0, 1, 2, 3), count, set)
	zero := f.YMM()
	f.VPXOR(zero, zero, zero)
	for lane := range 25 {
		new, old := zero, f.YMM()
		switch {
		case lane < 4:
			new = f.YMM()
			f.VPBROADCASTQ(seed.Offset(8*lane), new)
		case lane == 4:
			new = f.YMM()
			f.VMOVDQU(suffixes, new)
		}
		f.VMOVDQU(a.Offset(32*lane), old)
		f.VPBLENDVB(set, new, old, old)
		f.VMOVDQU(old, a.Offset(32*lane))
	}
	f.Comment("The last bit.")
	f.SHLQ(operand.Imm(5), end)
	bit, lane := f.YMM(), operand.Mem{Base: a.Base, Index: end, Scale: 1}
	f.VPSLLQ(operand.Imm(63), set, bit)
	f.VPXOR(lane, bit, bit)
	f.VMOVDQU(bit, lane)
	f.Ret()
}

func absorb4AVX2(f *kit.File) {
	f.Kernel("absorb4AVX2", "func(a *[25][4]uint64, block *[136]byte, state int)", kit.AVX2, kit.Header{
		Does:  "absorb4AVX2 adds a block to one state of permute4AVX2.",
		In:    "block, its first seventeen lanes; state, from 0 to 3.",
		Out:   "a. The other states do not change.",
		Notes: "It needs no alignment.",
	})
	a, block := f.Pointer("a"), f.Pointer("block")
	f.Comment("A mask of the state.")
	const all = 1<<64 - 1
	state, masks := f.YMM(), f.GP64()
	f.LEAQ(f.Quads("masks", all, 0, 0, 0, 0, all, 0, 0, 0, 0, all, 0, 0, 0, 0, all), masks)
	number := f.Load(f.Param("state"), f.GP64())
	f.SHLQ(operand.Imm(5), number)
	f.VMOVDQU(operand.Mem{Base: masks, Index: number, Scale: 1}, state)
	for lane := range 17 {
		x := f.YMM()
		f.VPBROADCASTQ(block.Offset(8*lane), x)
		f.VPAND(state, x, x)
		f.VPXOR(a.Offset(32*lane), x, x)
		f.VMOVDQU(x, a.Offset(32*lane))
	}
	f.Ret()
}

func begin4AVX2(f *kit.File) {
	f.Kernel("begin4AVX2", "func(a *[25][4]uint64, seed0, seed1, seed2, seed3 *[32]byte, suffixes *[4]uint64, end int)", kit.AVX2, kit.Header{
		Does:  "begin4AVX2 sets the four states of permute4AVX2 to messages of one block.",
		In:    "seed0 to seed3, the first four lanes of each message; suffixes, the fifth lane of each; end, from 5 to 24, the number of the lane whose last bit is set.",
		Out:   "a.",
		Notes: "It needs no alignment.",
	})
	a, seeds, suffixes := f.Pointer("a"), pointers(f, "seed"), f.Pointer("suffixes")
	end := f.Load(f.Param("end"), f.GP64())
	lanes := transpose(f, seeds)
	for i := range lanes {
		f.VMOVDQU(lanes[i], a.Offset(32*i))
	}
	f.VMOVDQU(gather(f, [4]operand.Mem{suffixes, suffixes.Offset(8), suffixes.Offset(16), suffixes.Offset(24)}), a.Offset(32*4))
	zero, bit := f.YMM(), f.YMM()
	f.VPXOR(zero, zero, zero)
	for lane := 5; lane < 25; lane++ {
		f.VMOVDQU(zero, a.Offset(32*lane))
	}
	f.Comment("The last bit.")
	f.SHLQ(operand.Imm(5), end)
	f.VPCMPEQQ(zero, zero, bit)
	f.VPSLLQ(operand.Imm(63), bit, bit)
	f.VMOVDQU(bit, operand.Mem{Base: a.Base, Index: end, Scale: 1})
	f.Ret()
}

func write4AVX2(f *kit.File) {
	f.Kernel("write4AVX2", "func(a *[4]uint64, in0, in1, in2, in3 *byte, offset, n int)", kit.AVX2, kit.Header{
		Does:  "write4AVX2 adds lanes of four messages to the four states of permute4AVX2.",
		In:    "n, the number of lanes, from 1 to 25; in0 to in3, the messages, whose lanes begin at offset.",
		Out:   "a, the lanes of the states that the messages are added to, in the layout of permute4AVX2.",
		Notes: "It needs no alignment. Its time depends on n.",
	})
	a, in := f.Pointer("a"), pointers(f, "in")
	add := func(lane reg.Register, to operand.Mem) {
		f.VPXOR(to, lane, lane)
		f.VMOVDQU(lane, to)
	}
	eachLane(f, a, in, func() {
		for i, lane := range transpose(f, in) {
			add(lane, a.Offset(32*i))
		}
	}, func() {
		add(gather(f, in), a)
	})
}

func squeeze4AVX2(f *kit.File) {
	f.Kernel("squeeze4AVX2", "func(out0, out1, out2, out3 *byte, offset, n int, a *[25][4]uint64)", kit.AVX2, kit.Header{
		Does:  "squeeze4AVX2 copies the first lanes of the four states of permute4AVX2.",
		In:    "a, in the layout of permute4AVX2; n, the number of lanes, from 1 to 25.",
		Out:   "out0 to out3, the lanes of each state from offset on, in the layout of permute1BMI2.",
		Notes: "It does not change a, and needs no alignment. Outputs of equal states may be the same memory. Its time depends on n.",
	})
	a, out := f.Pointer("a"), pointers(f, "out")
	eachLane(f, a, out, func() {
		f.Comment("The rows of a 4 × 4 matrix become its columns.")
		var even, odd [2]reg.Register // states 0 and 2, 1 and 3, of two lanes
		for i := range 2 {
			first, second := f.YMM(), f.YMM()
			f.VMOVDQU(a.Offset(64*i), first)
			f.VMOVDQU(a.Offset(64*i+32), second)
			even[i], odd[i] = f.YMM(), f.YMM()
			f.VPUNPCKLQDQ(second, first, even[i])
			f.VPUNPCKHQDQ(second, first, odd[i])
		}
		for i := range out {
			pairs := even
			if i%2 == 1 {
				pairs = odd
			}
			halves := operand.Imm(0x20) // the lower half of each
			if i >= 2 {
				halves = operand.Imm(0x31) // the upper half of each
			}
			column := f.YMM()
			f.VPERM2I128(halves, pairs[1], pairs[0], column)
			f.VMOVDQU(column, out[i])
		}
	}, func() {
		for i := range out {
			lane := f.GP64()
			f.MOVQ(a.Offset(8*i), lane)
			f.MOVQ(lane, out[i])
		}
	})
}

// pointers returns the memory that four parameters point to.
func pointers(f *kit.File, name string) (p [4]operand.Mem) {
	for i := range p {
		p[i] = f.Pointer(fmt.Sprint(name, i))
	}
	return p
}

// gather returns the first word of each of four strings.
func gather(f *kit.File, strings [4]operand.Mem) reg.Register {
	lower, upper, all := f.XMM(), f.XMM(), f.YMM()
	f.VMOVQ(strings[0], lower)
	f.VPINSRQ(operand.Imm(1), strings[1], lower, lower)
	f.VMOVQ(strings[2], upper)
	f.VPINSRQ(operand.Imm(1), strings[3], upper, upper)
	f.VINSERTI128(operand.Imm(1), upper, lower.AsY(), all)
	return all
}

// transpose returns the first four words of each of four strings: the first word of all, and
// so on.
func transpose(f *kit.File, strings [4]operand.Mem) (words [4]reg.Register) {
	f.Comment("The rows of a 4 × 4 matrix become its columns.")
	for i := range 2 {
		// Two words of strings 0 and 2, and of strings 1 and 3.
		var pairs [2]reg.VecVirtual
		for j := range pairs {
			pairs[j] = f.YMM()
			f.VMOVDQU(strings[j].Offset(16*i), pairs[j].AsX())
			f.VINSERTI128(operand.Imm(1), strings[j+2].Offset(16*i), pairs[j], pairs[j])
		}
		words[2*i], words[2*i+1] = f.YMM(), f.YMM()
		f.VPUNPCKLQDQ(pairs[1], pairs[0], words[2*i])
		f.VPUNPCKHQDQ(pairs[1], pairs[0], words[2*i+1])
	}
	return words
}

// eachLane writes a loop over lanes. Their number is in the parameter n. It does four lanes at once,
// and the rest one by one. In states they begin at the first, and in strings at the parameter offset.
func eachLane(f *kit.File, states operand.Mem, strings [4]operand.Mem, four, one func()) {
	offset := f.Load(f.Param("offset"), f.GP64())
	for _, s := range strings {
		f.ADDQ(offset, s.Base)
	}
	n := f.Load(f.Param("n"), f.GP64())
	next := func(lanes int) {
		for _, s := range strings {
			f.ADDQ(operand.Imm(uint64(8*lanes)), s.Base)
		}
		f.ADDQ(operand.Imm(uint64(32*lanes)), states.Base)
	}
	f.SUBQ(operand.Imm(4), n)
	f.JLT(operand.LabelRef("rest"))
	f.Label("four")
	four()
	next(4)
	f.SUBQ(operand.Imm(4), n)
	f.JGE(operand.LabelRef("four"))

	f.Label("rest")
	f.ADDQ(operand.Imm(4), n)
	f.JZ(operand.LabelRef("done"))
	f.Label("one")
	one()
	next(1)
	f.DECQ(n)
	f.JNZ(operand.LabelRef("one"))
	f.Label("done")
	f.Ret()
}
