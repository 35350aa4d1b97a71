package kit

import (
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// The Go assembler knows these instructions; avo does not, or not well enough.

// VPCOMPRESSW_Z moves the words of x that k selects to the beginning of to, and clears the
// rest of to.
func (f *File) VPCOMPRESSW_Z(x, k, to operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPCOMPRESSW", Suffixes: []string{"Z"}, Operands: []operand.Op{x, k, to},
		Inputs: []operand.Op{x, k}, Outputs: []operand.Op{to}, ISA: []string{"AVX512_VBMI2"},
	})
}

// VPDPWSSD multiplies the signed words of x and y, and adds each two neighbouring products
// to a double word of sum.
func (f *File) VPDPWSSD(x, y, sum operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPDPWSSD", Operands: []operand.Op{x, y, sum},
		Inputs: []operand.Op{x, y, sum}, Outputs: []operand.Op{sum}, ISA: []string{"AVX512_VNNI"},
	})
}

// ZERO makes any of the 32 registers zero. The Go assembler and avo know the instruction,
// but avo believes that it reads x.
func (f *File) ZERO(x operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPXORQ", Operands: []operand.Op{x, x, x},
		Outputs: []operand.Op{x}, ISA: []string{"AVX512F", "AVX512VL"},
	})
}
