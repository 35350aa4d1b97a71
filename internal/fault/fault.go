// Package fault makes the errors of this module: texts that begin with the name of the
// public package, once, and that wrap an error of package kem.
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

// In returns err as an error of pkg. Where err names another package of this module, pkg takes
// its place, so that an error names one package however many it passes.
func In(pkg string, err error) error {
	text := strings.TrimPrefix(err.Error(), "kem: ")
	if f, ok := err.(*fault); ok {
		text = f.text
	}
	return &fault{pkg, text, err}
}

// Length returns the error for an input, called what, that has a wrong length. The hint follows
// it, or one at the encoding of b.
func Length(pkg, what string, b []byte, want int, hint string) error {
	if hint == "" {
		hint = encoding(b)
	}
	return New(pkg, kem.ErrLength, "%s has %d bytes, want %d%s", what, len(b), want, hint)
}

// encoding returns a hint if b looks like a file that package keyfile reads. b may be a secret. Its
// time depends on nothing else.
func encoding(b []byte) string {
	const begin = "-----BEGIN "
	if len(b) <= len(begin) {
		return ""
	}
	pem := subtle.ConstantTimeCompare(b[:len(begin)], []byte(begin))
	// A SEQUENCE that fills b.
	var der int
	if size := len(b) - 2; size < 0x80 {
		der = subtle.ConstantTimeCompare(b[:2], []byte{0x30, byte(size)})
	} else if size := len(b) - 4; size < 1<<16 {
		der = subtle.ConstantTimeCompare(b[:4], []byte{0x30, 0x82, byte(size >> 8), byte(size)})
	}
	//ct:declassify pem: the error tells it
	//ct:declassify der: the error tells it
	switch {
	case pem == 1:
		return ": it is PEM, see package keyfile"
	case der == 1:
		return ": it is DER, see package keyfile"
	}
	return ""
}

// EncapsulateTo checks the buffers for an encapsulation.
func EncapsulateTo(pkg string, sharedKey, ciphertext []byte, sharedKeySize, ciphertextSize int) error {
	if len(sharedKey) != sharedKeySize {
		return buffer(pkg, "shared key", sharedKey, sharedKeySize)
	}
	if len(ciphertext) != ciphertextSize {
		return buffer(pkg, "ciphertext", ciphertext, ciphertextSize)
	}
	if overlap(sharedKey, ciphertext) {
		return New(pkg, kem.ErrOverlap, "the buffers for the shared key and the ciphertext overlap")
	}
	return nil
}

// DecapsulateTo checks the buffer and the input of a decapsulation. They may overlap.
func DecapsulateTo(pkg string, sharedKey, ciphertext []byte, sharedKeySize, ciphertextSize int) error {
	if len(sharedKey) != sharedKeySize {
		return buffer(pkg, "shared key", sharedKey, sharedKeySize)
	}
	if len(ciphertext) != ciphertextSize {
		return Length(pkg, "ciphertext", ciphertext, ciphertextSize, "")
	}
	return nil
}

func buffer(pkg, what string, b []byte, want int) error {
	return New(pkg, kem.ErrLength, "the buffer for the %s has %d bytes, want %d", what, len(b), want)
}

// overlap reports whether a and b share memory.
func overlap(a, b []byte) bool {
	startA, startB := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return startA < startB+uintptr(len(b)) && startB < startA+uintptr(len(a))
}
