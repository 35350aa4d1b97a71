package main

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
)

// semiblock is the unit of AES key wrap, half a block.
const semiblock = 8

var errUnwrap = errors.New("the content key does not unwrap: the message is for another private key, or it was altered")

// unwrap is AES key unwrap (RFC 3394, section 2.2.2). The registers R[1] to R[n] of the RFC are
// the result, and A stands in the first half of the block.
func unwrap(kek, wrapped []byte) ([]byte, error) {
	if len(wrapped)%semiblock != 0 || len(wrapped) < 3*semiblock {
		return nil, fmt.Errorf("the wrapped content key has %d bytes: AES key wrap gives a multiple of 8, and at least 24", len(wrapped))
	}
	cipher, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	var block [2 * semiblock]byte
	a, b := block[:semiblock], block[semiblock:]
	copy(a, wrapped)
	key := make([]byte, len(wrapped)-semiblock)
	copy(key, wrapped[semiblock:])
	n := len(key) / semiblock
	for t := 6 * n; t > 0; t-- {
		r := key[(t-1)%n*semiblock:][:semiblock]
		binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(a)^uint64(t))
		copy(b, r)
		cipher.Decrypt(block[:], block[:])
		copy(r, b)
	}
	initial := []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6} // section 2.2.3.1
	if subtle.ConstantTimeCompare(a, initial) != 1 {
		return nil, errUnwrap
	}
	return key, nil
}
