#include "textflag.h"

// These kernels have faults that Independent must find. The text after "want:" is a part of the
// error for the next kernel. It is empty for a kernel without a fault.

// This kernel has no fault. It checks the stack, keeps a counter and a pointer there, and
// chooses data without a branch.
// want:
TEXT ·good(SB), $512-8
	MOVQ p+0(FP), AX
	MOVQ $8, CX
	MOVQ CX, 8(SP)
	MOVQ AX, 16(SP)

loop:
	MOVQ    (AX), BX
	CMPQ    BX, $3
	CMOVQLT BX, DX
	ADCXQ   DX, BX
	MOVQ    16(SP), AX
	MOVQ    BX, (AX)
	SUBQ    $1, 8(SP)
	JNE     loop
	RET

// want: a jump depends on
TEXT ·branch(SB), NOSPLIT, $0-8
	MOVQ  p+0(FP), AX
	MOVBQZX (AX), CX
	ADDQ  $1, CX
	CMPQ  CX, $7
	JLT   done
	MOVQ  CX, (AX)

done:
	RET

// want: is not constant
TEXT ·address(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ (AX), CX
	ANDQ $7, CX
	MOVQ (AX)(CX*8), DX
	MOVQ DX, (AX)
	RET

// The address is data that was stored on the stack.
// want: is not constant
TEXT ·spilled(SB), NOSPLIT, $24-8
	MOVQ p+0(FP), AX
	MOVQ $0, 8(SP)
	MOVB (AX), CX
	MOVB CX, 9(SP)
	MOVQ 8(SP), DX
	MOVQ (AX)(DX*1), BX
	RET

// The same, but the data is stored through another pointer to the stack.
// want: is not constant
TEXT ·escaped(SB), NOSPLIT, $24-8
	MOVQ p+0(FP), AX
	MOVQ $0, 8(SP)
	LEAQ 8(SP), BX
	MOVQ (AX), CX
	MOVQ CX, (BX)
	MOVQ 8(SP), DX
	MOVQ (AX)(DX*1), BX
	RET

// DECQ does not write the carry flag, which JAE reads.
// want: a jump depends on
TEXT ·flags(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ $3, CX
	MOVQ (AX), DX
	ADDQ DX, DX
	DECQ CX
	JAE  done
	MOVQ CX, (AX)

done:
	RET

// want: no VZEROUPPER after the last use of wide registers
TEXT ·upper(SB), NOSPLIT, $0-8
	MOVQ    p+0(FP), AX
	VMOVDQU (AX), Y1
	VMOVDQU Y1, (AX)
	RET

// want: data chooses what is accessed
TEXT ·mask(SB), NOSPLIT, $0-8
	MOVQ        p+0(FP), AX
	VMOVDQU64   (AX), X1
	VPTESTMQ    X1, X1, K1
	VMOVDQU64.Z (AX), K1, X2
	RET

// want: the frame pointer
TEXT ·pointer(SB), NOSPLIT, $0-8
	MOVQ $0, BP
	RET
