package main

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"math"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

// A noncesAEAD keeps the nonces it has sealed with, and reports one that repeats.
type noncesAEAD struct {
	cipher.AEAD
	t    *testing.T
	seen map[[chacha20poly1305.NonceSize]byte]bool
}

func (a *noncesAEAD) Seal(dst, nonce, plaintext, data []byte) []byte {
	n := [chacha20poly1305.NonceSize]byte(nonce)
	if a.seen[n] {
		a.t.Fatalf("the nonce %x repeats", n)
	}
	a.seen[n] = true
	return a.AEAD.Seal(dst, nonce, plaintext, data)
}

// TestNonces checks that no nonce repeats and that each record opens. It sends more records than a
// counter of 16 bits counts. Then it sends records around the numbers where longer counters end,
// which no transfer reaches.
func TestNonces(t *testing.T) {
	var conn bytes.Buffer
	key := bytes.Repeat([]byte{7}, chacha20poly1305.KeySize)
	out, in := newRecords(&conn, key), newRecords(&conn, key)
	nonces := &noncesAEAD{out.aead, t, map[[chacha20poly1305.NonceSize]byte]bool{}}
	out.aead = nonces
	exchange := func() {
		if err := out.write(recordData, nil); err != nil {
			t.Fatalf("record %d: %v", out.number, err)
		}
		if kind, _, err := in.read(); err != nil || kind != recordData {
			t.Fatalf("record %d: type %d, %v", in.number, kind, err)
		}
	}
	for range 1<<16 + 300 {
		exchange()
	}
	for _, boundary := range []uint64{1 << 24, 1 << 31, 1 << 32, 1 << 48, 1 << 63} {
		out.number, in.number = boundary-300, boundary-300
		for range 600 {
			exchange()
		}
	}
	const before = 300 // the last number
	out.number, in.number = math.MaxUint64-before, math.MaxUint64-before
	for range before {
		exchange()
	}
	if want := 1<<16 + 300 + 5*600 + before; len(nonces.seen) != want {
		t.Errorf("%d nonces, want %d", len(nonces.seen), want)
	}
	for range 2 {
		if err := out.write(recordData, nil); !errors.Is(err, errLimit) || conn.Len() != 0 {
			t.Errorf("a record after the last: %v, %d bytes sent", err, conn.Len())
		}
		if _, _, err := in.read(); !errors.Is(err, errLimit) {
			t.Errorf("reading a record after the last: %v", err)
		}
	}
}

// TestRecordTooLong checks lengths that a record does not hold, up to one whose length field would
// wrap to that of a short record. Nothing is sent, and the next record still opens.
func TestRecordTooLong(t *testing.T) {
	var conn bytes.Buffer
	key := make([]byte, chacha20poly1305.KeySize)
	out, in := newRecords(&conn, key), newRecords(&conn, key)
	for _, n := range []int{maxData + 1, 1<<16 - overhead, 1<<16 - overhead + 1, 1 << 16, 1<<16 + 1} {
		if err := out.write(recordData, make([]byte, n)); err == nil || conn.Len() != 0 {
			t.Errorf("%d bytes: error %v, %d bytes sent", n, err, conn.Len())
		}
	}
	if err := out.write(recordData, make([]byte, maxData)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := in.read(); err != nil || len(data) != maxData {
		t.Errorf("the longest record: %d bytes, %v", len(data), err)
	}
}
