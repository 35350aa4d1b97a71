package main

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/crypto/chacha20poly1305"
)

// A record on the wire is a two-byte length and that many bytes of ciphertext,
// which hold one byte of type and the data. The length is authenticated too.
const (
	headerSize = 2
	maxData    = 16 << 10
	overhead   = 1 + chacha20poly1305.Overhead
)

type recordType byte

const (
	recordSize    recordType = 1 // how many bytes the file has, as 8 bytes
	recordData    recordType = 2 // the next maxData bytes of the file, or what is left of it
	recordReceipt recordType = 3 // the server's digest of the file that it keeps
	recordRefusal recordType = 4 // the server has given up
)

// records is one direction of a connection. Both ends number its records, and the number is the
// nonce. A record that was altered, repeated, left out or moved therefore does not open. The last
// number, 2^64-1, is not used, so that the numbers never start again.
type records struct {
	conn   io.ReadWriter
	aead   cipher.AEAD
	number uint64
	buf    []byte
}

func newRecords(conn io.ReadWriter, key []byte) *records {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		panic(err) // New fails only for a key of another length
	}
	return &records{conn: conn, aead: aead, buf: make([]byte, headerSize+maxData+overhead)}
}

func (r *records) nonce() []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, chacha20poly1305.NonceSize), r.number)
}

var errLimit = errors.New("the connection has no record number left")

// write sends one record of at most maxData bytes.
func (r *records) write(t recordType, data []byte) error {
	if len(data) > maxData {
		return fmt.Errorf("%d bytes do not fit into a record, which holds %d", len(data), maxData)
	}
	if r.number == math.MaxUint64 {
		return errLimit
	}
	header := binary.BigEndian.AppendUint16(r.buf[:0], uint16(len(data)+overhead))
	plaintext := append(append(header, byte(t)), data...)[headerSize:]
	_, err := r.conn.Write(r.aead.Seal(header, r.nonce(), plaintext, header))
	r.number++
	return err
}

// read returns the next record. Its data is valid until the next call.
func (r *records) read() (recordType, []byte, error) {
	if r.number == math.MaxUint64 {
		return 0, nil, errLimit
	}
	header := r.buf[:headerSize]
	if err := r.fill(header); err != nil {
		return 0, nil, err
	}
	size := int(binary.BigEndian.Uint16(header))
	if size < overhead || size > maxData+overhead {
		return 0, nil, fmt.Errorf("record %d has the impossible length %d", r.number, size)
	}
	ciphertext := r.buf[headerSize:][:size]
	if err := r.fill(ciphertext); err != nil {
		return 0, nil, err
	}
	plaintext, err := r.aead.Open(ciphertext[:0], r.nonce(), ciphertext, header)
	if err != nil {
		return 0, nil, fmt.Errorf("record %d was altered, replayed or moved", r.number)
	}
	r.number++
	return recordType(plaintext[0]), plaintext[1:], nil
}

func (r *records) fill(p []byte) error {
	_, err := io.ReadFull(r.conn, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the stream is truncated at record %d", r.number)
	}
	return err
}
