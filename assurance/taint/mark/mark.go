// Package mark tells valgrind's memcheck which memory holds secrets. Memcheck treats it as
// uninitialised. Without valgrind, the marks have no effect.
package mark

import (
	"slices"
	"unsafe"
)

// request makes a client request. r holds its number and its arguments.
//
//go:noescape
func request(r *[6]uint64) uint64

// The client requests of valgrind.h and memcheck.h.
const (
	runningOnValgrind = 0x1001
	printf            = 0x1403
	stackRegister     = 0x1501
	stackDeregister   = 0x1502
	makeUndefined     = 0x4d43_0001
	makeDefined       = 0x4d43_0002
	getVBits          = 0x4d43_0008
)

func address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// Secret marks the bytes of b as secret.
func Secret(b []byte) {
	request(&[6]uint64{makeUndefined, address(unsafe.SliceData(b)), uint64(len(b))})
}

// Public marks the bytes of b as known.
func Public(b []byte) {
	request(&[6]uint64{makeDefined, address(unsafe.SliceData(b)), uint64(len(b))})
}

// Declassified returns x, marked as known. Command taint replaces directives by calls of it.
// The value that x was copied from may still be marked in a register.
//
//go:noinline
func Declassified[T any](x T) T {
	request(&[6]uint64{makeDefined, address(&x), uint64(unsafe.Sizeof(x))})
	return x
}

// IsSecret reports whether each byte of b depends on a secret.
func IsSecret(b []byte) bool {
	unknown := make([]byte, len(b)) // has the bits set that are secret in b
	request(&[6]uint64{getVBits, address(unsafe.SliceData(b)), address(unsafe.SliceData(unknown)), uint64(len(b))})
	return len(b) > 0 && !slices.Contains(unknown, 0)
}

// Print makes valgrind print text, which must not contain %.
func Print(text string) {
	b := append([]byte(text), 0)
	var arguments [3]uint64
	request(&[6]uint64{printf, address(&b[0]), address(&arguments)})
}

// stackSize is the size of the stack that Begin prepares.
const stackSize = 1 << 16

// Begin makes memcheck follow the stack of the goroutine that calls it. That goroutine must
// stay on the first thread, and must not need more stack than stackSize. Begin reports whether
// the program runs under valgrind.
//
// Valgrind has one current stack for all threads together. If the stack of another thread was
// the last to change, valgrind takes the next call for a switch of stacks. Then it holds the
// new frame for out of bounds, and keeps no marks in it. Therefore Begin removes all stacks that
// the runtime has registered, registers the stack of its goroutine, and marks the memory that
// was out of bounds until then as known.
func Begin() bool {
	grow()
	for id := range uint64(1000) {
		request(&[6]uint64{stackDeregister, id})
	}
	var here byte
	request(&[6]uint64{stackRegister, address(&here) - stackSize, address(&here) + 1<<12})
	grow()               // valgrind ignores the first change in a stack that is not the current one
	const heap = 4 << 20 // the size of the heap's first piece, which holds all memory so far
	request(&[6]uint64{makeDefined, address(new([1 << 12]byte)) - heap, 2 * heap})
	return request(&[6]uint64{runningOnValgrind}) > 0
}

// grow makes the stack large now, because growing it later would move it.
//
//go:noinline
func grow() {
	var b [stackSize]byte
	Public(b[:])
}
