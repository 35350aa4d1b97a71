// Package fault makes the errors of this module. The text of an error begins with the name of one
// public package, and the error wraps one of package kem.
package fault

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"unsafe"

	"hybridkem/kem"
)

// A fault is an error of this module.
type fault struct {
	pkg, text string
	kind      error
}

func (f *fault) Error() string { return f.pkg + ": " + f.text }
func (f *fault) Unwrap() error { return f.kind }

// New returns an error of pkg that wraps kind.
func New(pkg string, kind error, format string, args ...any) error {
	return &fault{pkg, fmt.Sprintf(format, args...), kind}
}

// In returns err as an error of pkg. If err is an error of another package of this module, the name
// pkg replaces that package's name. So an error that passes several packages names only one.
func In(pkg string, err error) error {
	text := strings.TrimPrefix(err.Error(), "kem: ")
	if f, ok := err.(*fault); ok {
		text = f.text
	}
	return &fault{pkg, text, err}
}

// OrNil returns key, or nil if there is an error. K is an interface type. Without OrNil, a nil
// pointer beside an error would become an interface that is not nil.
func OrNil[K any](key K, err error) (K, error) {
	if err != nil {
		var none K
		return none, err
	}
	return key, nil
}

// Length returns the error for an input b of a wrong length. The text calls it what and ends with
// the hint. If there is no hint and b looks like a key file, the text says that instead.
func Length(pkg, what string, b []byte, want int, hint string) error {
	if hint == "" {
		hint = encoding(b)
	}
	return New(pkg, kem.ErrLength, "%s has %d bytes, want %d%s", what, len(b), want, hint)
}

// encoding returns a hint if b looks like a file that package keyfile reads. Since b may be a secret,
// the time depends only on its length and on the hint.
func encoding(b []byte) string {
	const begin = "-----BEGIN "
	if len(b) <= len(begin) {
		return ""
	}
	pem := subtle.ConstantTimeCompare(b[:len(begin)], []byte(begin))
	// The header of a SEQUENCE that has the length of b.
	var der int
	if size := len(b) - 2; size < 0x80 {
		der = subtle.ConstantTimeCompare(b[:2], []byte{0x30, byte(size)})
	} else if size := len(b) - 4; size < 1<<16 {
		der = subtle.ConstantTimeCompare(b[:4], []byte{0x30, 0x82, byte(size >> 8), byte(size)})
	}
	//ct:declassify pem: the text of the error shows it
	//ct:declassify der: the text of the error shows it
	switch {
	case pem == 1:
		return ": it is PEM, see package keyfile"
	case der == 1:
		return ": it is DER, see package keyfile"
	}
	return ""
}

// EncapsulateTo checks the lengths of the buffers for an encapsulation, and that they do not overlap.
func EncapsulateTo(pkg string, sharedKey, ciphertext []byte, sharedKeySize, ciphertextSize int) error {
	return encapsulateTo(pkg, "ciphertext", sharedKey, ciphertext, sharedKeySize, ciphertextSize)
}

// BeginTo is EncapsulateTo for the first of two steps, which gives part 1 of the ciphertext.
func BeginTo(pkg string, sharedKey, part1 []byte, sharedKeySize, part1Size int) error {
	return encapsulateTo(pkg, "first part of the ciphertext", sharedKey, part1, sharedKeySize, part1Size)
}

func encapsulateTo(pkg, what string, sharedKey, ciphertext []byte, sharedKeySize, ciphertextSize int) error {
	if len(sharedKey) != sharedKeySize {
		return buffer(pkg, "shared key", sharedKey, sharedKeySize)
	}
	if len(ciphertext) != ciphertextSize {
		return buffer(pkg, what, ciphertext, ciphertextSize)
	}
	if Overlap(sharedKey, ciphertext) {
		return New(pkg, kem.ErrOverlap, "the buffers for the shared key and the %s overlap", what)
	}
	return nil
}

// FinishTo checks the lengths of the buffer and of the encapsulation vector for the second step. The two may
// overlap.
func FinishTo(pkg string, part2, vector []byte, part2Size, vectorSize int) error {
	if len(part2) != part2Size {
		return buffer(pkg, "second part of the ciphertext", part2, part2Size)
	}
	if len(vector) != vectorSize {
		return Length(pkg, "encapsulation vector", vector, vectorSize, "")
	}
	return nil
}

// DecapsulateTo checks the lengths of the buffer and of the ciphertext for a decapsulation. The two
// may overlap.
func DecapsulateTo(pkg string, sharedKey, ciphertext []byte, sharedKeySize, ciphertextSize int) error {
	if len(sharedKey) != sharedKeySize {
		return buffer(pkg, "shared key", sharedKey, sharedKeySize)
	}
	if len(ciphertext) != ciphertextSize {
		return Length(pkg, "ciphertext", ciphertext, ciphertextSize, "")
	}
	return nil
}

// buffer returns the error for a buffer of the caller that has a wrong length.
func buffer(pkg, what string, b []byte, want int) error {
	return New(pkg, kem.ErrLength, "the buffer for the %s has %d bytes, want %d", what, len(b), want)
}

// Overlap reports whether a and b share memory.
func Overlap(a, b []byte) bool {
	startA, startB := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return startA < startB+uintptr(len(b)) && startB < startA+uintptr(len(a))
}
