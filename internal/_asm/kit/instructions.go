package kit

import (
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// These instructions the Go assembler has, and avo has not.

// VPCOMPRESSW_Z moves the words of x that k selects to the beginning of to, and makes the
// others zero.
func (f *File) VPCOMPRESSW_Z(x, k, to operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPCOMPRESSW", Suffixes: []string{"Z"}, Operands: []operand.Op{x, k, to},
		Inputs: []operand.Op{x, k}, Outputs: []operand.Op{to}, ISA: []string{"AVX512_VBMI2"},
	})
}

// VPDPWSSD adds to each double word of sum the two products of the signed words there.
func (f *File) VPDPWSSD(x, y, sum operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPDPWSSD", Operands: []operand.Op{x, y, sum},
		Inputs: []operand.Op{x, y, sum}, Outputs: []operand.Op{sum}, ISA: []string{"AVX512_VNNI"},
	})
}

// ZERO makes x zero, whichever of all 32 registers it is. The Go assembler and avo know
// the instruction, but avo takes it to read x.
func (f *File) ZERO(x operand.Op) {
	f.Instruction(&ir.Instruction{
		Opcode: "VPXORQ", Operands: []operand.Op{x, x, x},
		Outputs: []operand.Op{x}, ISA: []string{"AVX512F", "AVX512VL"},
	})
}
