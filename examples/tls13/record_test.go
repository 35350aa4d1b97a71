package main

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/big"
	"testing"
)

// TestNonces compares nonces with section 5.3 for more records than 16 bits count, and around the
// numbers where longer counters end, which no connection reaches. After the last number no record
// is sent or read.
func TestNonces(t *testing.T) {
	d := allSuites[0].protect(make([]byte, allSuites[0].hash.Size()))
	iv := new(big.Int).SetBytes(d.iv)
	compare := func(from uint64, count int) {
		d.number = from
		for i := range uint64(count) {
			n := new(big.Int).SetUint64(from + i)
			nonce, err := d.nonce()
			if err != nil || !bytes.Equal(nonce, n.Xor(n, iv).FillBytes(make([]byte, 12))) {
				t.Fatalf("the nonce of record %d is %x, %v", from+i, nonce, err)
			}
		}
	}
	compare(0, 1<<16+300)
	for _, boundary := range []uint64{1 << 24, 1 << 31, 1 << 32, 1 << 48, 1 << 63} {
		compare(boundary-300, 600)
	}
	compare(math.MaxUint64-300, 300)

	// A record with the last number, as an end would send it that does not stop.
	inner := []byte{1, byte(typeApplicationData)}
	header := []byte{byte(typeApplicationData), 3, 3, 0, byte(len(inner) + d.aead.Overhead())}
	n := new(big.Int).SetUint64(math.MaxUint64)
	sealed := d.aead.Seal(header, n.Xor(n, iv).FillBytes(make([]byte, 12)), inner, header)
	var sent bytes.Buffer
	r := &records{in: d, out: d, rw: struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(sealed), &sent}}
	var f *failure
	if err := r.write(typeApplicationData, []byte{1}); !errors.As(err, &f) || sent.Len() != 0 {
		t.Errorf("a record after the last: %v, %d bytes sent", err, sent.Len())
	}
	if _, data, err := r.read(); !errors.As(err, &f) || f.alert != internalError {
		t.Errorf("a record after the last holds %x, %v", data, err)
	}
}
