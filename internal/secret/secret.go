// Package secret runs operations on secrets. It draws their randomness, erases secrets from the
// stack, counts the uses of a key that can be destroyed, and prints keys without their secrets.
//
// # Directives
//
// Some lines of this module are comments of the form //ct:declassify EXPRESSION: reason.
//
// Each says that a value is public from this line on, although it was computed from secrets.
// Examples are a ciphertext that is sent, and the result of a comparison that the caller learns.
// The compiler ignores these lines. Two commands in the folder assurance read them: static, which
// follows secrets through the source, and taint, which follows them through the running program.
// Both report a branch or an address that depends on a secret, unless a directive has made the
// value public.
//
// EXPRESSION is a variable, a field such as ek.x25519, or a slice such as ct[:]. A slice must be
// written with [:]. Otherwise taint makes the address of its bytes public, and not the bytes. For
// static, a field that has a directive in one function is public in all other functions.
// Therefore the result of a comparison gets a variable of its own, even if it is used only once.
// In a loop, a directive must not publish the verdict of each round: the loop collects the
// verdicts, and the directive stands behind it.
package secret

import (
	"crypto/rand"
	"io"
)

// defaultReader is crypto/rand.Reader before the program replaces it. If the program replaces it
// before this package is initialised, rand.Read leaves copies of the randomness on the heap.
var defaultReader = rand.Reader

// Random fills b with randomness from crypto/rand. Nothing else in the library draws randomness. It
// panics if a reader that the program has put in the place of crypto/rand.Reader fails.
func Random(b []byte) {
	if rand.Reader == defaultReader {
		rand.Read(b)
		return
	}
	// With a replaced reader, rand.Read would leave a copy on the heap.
	copied := make([]byte, len(b))
	defer clear(copied)
	if _, err := io.ReadFull(rand.Reader, copied); err != nil {
		panic("hybridkem: crypto/rand.Reader: " + err.Error())
	}
	copy(b, copied)
}
