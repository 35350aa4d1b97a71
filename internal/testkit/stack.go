package testkit

import (
	"encoding/binary"
	"testing"
	"unsafe"
)

// StackSize is more than what an operation uses of the stack.
const StackSize = 80 << 10

// unused is a byte of the stack that a call has not written, most likely.
const unused = 0xa5

// Stack fills the stack below its caller, calls f, and copies what is on that part of the stack then. It
// returns how many bytes from the start f has not written.
func Stack(to *[StackSize]byte, f func()) (untouched int) {
	paint()
	f()
	copyStack(to)
	for untouched < StackSize && to[untouched] == unused {
		untouched++
	}
	return untouched
}

// paint fills the stack below its caller.
//
//go:noinline
func paint() (sum byte) {
	var frame [2 * StackSize]byte
	for i := range frame {
		frame[i] = unused
	}
	for _, b := range frame {
		sum += b
	}
	return sum
}

// copyStack copies the stack below its caller.
//
//go:noinline
func copyStack(to *[StackSize]byte) {
	var here uint64
	for i := range to {
		to[i] = *(*byte)(unsafe.Add(unsafe.Pointer(&here), i-StackSize))
	}
}

// LeavesNothing checks that a call leaves no random words on the stack, where it uses at least least
// words. Addresses are less than 2⁴⁸.
func LeavesNothing(t *testing.T, least int, call func()) {
	t.Helper()
	if Race {
		return // the race detector does not let the stack be read
	}
	stack := new([StackSize]byte)
	used := 0
	for i := Stack(stack, call) &^ 7; i < StackSize; i += 8 {
		switch word := binary.LittleEndian.Uint64(stack[i:]); {
		case word == unused*0x0101010101010101:
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
