package testkit

import (
	"encoding/binary"
	"testing"
	"unsafe"
)

// stackSize is more than what a kernel uses of the stack.
const stackSize = 4 << 10

// paint fills the stack below its caller.
//
//go:noinline
func paint() (sum byte) {
	var frame [2 * stackSize]byte
	for i := range frame {
		frame[i] = 0xa5
	}
	for _, b := range frame {
		sum += b
	}
	return sum
}

// copyStack copies the stack below its caller.
//
//go:noinline
func copyStack(to *[stackSize]byte) {
	var here uint64
	for i := range to {
		to[i] = *(*byte)(unsafe.Add(unsafe.Pointer(&here), i-stackSize))
	}
}

// LeavesNothing checks that a call leaves no random words on the stack, where it uses at least least
// words. Addresses are less than 2⁴⁸.
func LeavesNothing(t *testing.T, least int, call func()) {
	t.Helper()
	if Race {
		return // the race detector does not let the stack be read
	}
	stack := new([stackSize]byte)
	paint()
	call()
	copyStack(stack)
	used := 0
	for i := 0; i < stackSize; i += 8 {
		switch word := binary.LittleEndian.Uint64(stack[i:]); {
		case word == 0xa5a5a5a5a5a5a5a5:
		case word < 1<<48:
			used++
		default:
			t.Errorf("%#x is left on the stack", word)
		}
	}
	if used < least {
		t.Errorf("%d words of the stack were used", used)
	}
}
