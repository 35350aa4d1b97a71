#include "textflag.h"

// func request(r *[6]uint64) uint64
TEXT ·request(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), AX
	XORL DX, DX

	// Valgrind recognises this sequence as a request. It has no effect on a processor.
	ROLQ  $3, DI
	ROLQ  $13, DI
	ROLQ  $61, DI
	ROLQ  $51, DI
	XCHGQ BX, BX

	MOVQ DX, ret+8(FP)
	RET
