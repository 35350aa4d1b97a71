// Package mark tells valgrind's memcheck which memory holds secrets: it counts as not
// initialised. Outside of valgrind nothing here does anything.
package mark

import (
	"slices"
	"unsafe"
)

// request is a client request: its number, and what it takes.
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

// Secret marks what is in b as a secret.
func Secret(b []byte) {
	request(&[6]uint64{makeUndefined, address(unsafe.SliceData(b)), uint64(len(b))})
}

// Public marks what is in b as known.
func Public(b []byte) {
	request(&[6]uint64{makeDefined, address(unsafe.SliceData(b)), uint64(len(b))})
}

// Declassified returns x, marked as known. The command puts it in the place of its
// directives. What x was taken from may stay in a register.
//
//go:noinline
func Declassified[T any](x T) T {
	request(&[6]uint64{makeDefined, address(&x), uint64(unsafe.Sizeof(x))})
	return x
}

// IsSecret reports whether each byte of b depends on a secret.
func IsSecret(b []byte) bool {
	unknown := make([]byte, len(b)) // the bits of b that do
	request(&[6]uint64{getVBits, address(unsafe.SliceData(b)), address(unsafe.SliceData(unknown)), uint64(len(b))})
	return len(b) > 0 && !slices.Contains(unknown, 0)
}

// Print makes valgrind print text, in which no % may be.
func Print(text string) {
	b := append([]byte(text), 0)
	var arguments [3]uint64
	request(&[6]uint64{printf, address(&b[0]), address(&arguments)})
}

// stackSize is how much stack Begin makes room for.
const stackSize = 1 << 16

// Begin makes memcheck follow the stack of the goroutine that calls it. That goroutine must
// stay on the first thread, and must not need more stack than stackSize. Begin reports whether
// the program runs under valgrind.
//
// Valgrind knows one current stack, for all threads together. When another thread's was the
// last to change, it takes the next call for a switch of stacks. Then the new frame stays out of
// bounds, and valgrind keeps no marks in it. So Begin takes back all stacks that the runtime has
// registered, and marks what is out of bounds by then as known.
func Begin() bool {
	grow()
	for id := range uint64(1000) {
		request(&[6]uint64{stackDeregister, id})
	}
	var here byte
	request(&[6]uint64{stackRegister, address(&here) - stackSize, address(&here) + 1<<12})
	grow()               // the first change in a stack that is not the current one counts for nothing
	const heap = 4 << 20 // the first piece of it, wherever that begins, in which all is until now
	request(&[6]uint64{makeDefined, address(new([1 << 12]byte)) - heap, 2 * heap})
	return request(&[6]uint64{runningOnValgrind}) > 0
}

// grow makes the stack large now, since it would move later.
//
//go:noinline
func grow() {
	var b [stackSize]byte
	Public(b[:])
}
