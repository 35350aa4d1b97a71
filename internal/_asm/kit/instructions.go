package kit

import (
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// The Go assembler has these instructions. avo lacks them, or is wrong about their operands.

// VPCOMPRESSW_Z moves the words of x that k selects to the beginning of to, and clears the
// rest of to.
func (f *File) VPCOMPRESSW_Z(x, k, to operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPCOMPRESSW", Suffixes: []string{"Z"}, Operands: []operand.Op{x, k, to},
		Inputs: []operand.Op{x, k}, Outputs: []operand.Op{to}, ISA: []string{"AVX512_VBMI2"},
	})
}

// VPDPWSSD multiplies the signed words of x and y, and adds each pair of neighbouring products
// to a double word of sum.
func (f *File) VPDPWSSD(x, y, sum operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPDPWSSD", Operands: []operand.Op{x, y, sum},
		Inputs: []operand.Op{x, y, sum}, Outputs: []operand.Op{sum}, ISA: []string{"AVX512_VNNI"},
	})
}

// ZERO sets one of the 32 registers to zero. avo has the instruction, but assumes that it reads
// x.
func (f *File) ZERO(x operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPXORQ", Operands: []operand.Op{x, x, x},
		Outputs: []operand.Op{x}, ISA: []string{"AVX512F", "AVX512VL"},
	})
}
