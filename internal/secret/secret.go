// Package secret runs operations on secrets: it draws their randomness, and leaves no
// secrets behind on the stack.
package secret

import "crypto/rand"

// Random fills b with randomness. Nothing else in the library draws any.
func Random(b []byte) { rand.Read(b) }
