// Package secret runs operations on secrets. It draws their randomness, leaves no secrets
// behind on the stack, counts the uses of a key that can be destroyed, and prints keys without
// their secrets.
//
// The comments //ct:declassify in this module are read by the commands in the folder
// assurance: they name what is public although it comes from secrets.
package secret

import (
	"crypto/rand"
	"io"
)

// defaultReader is what crypto/rand.Reader is unless the program replaces it. A program that does so
// before this package starts gets copies of its randomness on the heap, which rand.Read makes.
var defaultReader = rand.Reader

// Random fills b with randomness from crypto/rand. Nothing else in the library draws any.
func Random(b []byte) {
	if rand.Reader == defaultReader {
		rand.Read(b)
		return
	}
	// rand.Read would leave a copy on the heap.
	copied := make([]byte, len(b))
	defer clear(copied)
	if _, err := io.ReadFull(rand.Reader, copied); err != nil {
		panic("hybridkem: crypto/rand.Reader: " + err.Error())
	}
	copy(b, copied)
}
