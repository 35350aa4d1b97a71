package main

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
)

// A contentType is the type of a record's content (section 5.1).
type contentType uint8

const (
	typeChangeCipherSpec contentType = 20
	typeAlert            contentType = 21
	typeHandshake        contentType = 22
	typeApplicationData  contentType = 23
)

const (
	legacyVersion = 0x0303 // TLS 1.2; every record has it
	headerSize    = 5
	maxPlaintext  = 1 << 14
	maxCiphertext = maxPlaintext + 256
	maxMessage    = 1 << 16 // of a handshake message; the RFC allows 2^24
	maxUseless    = 16      // records and messages in a row; crypto/tls has the same limit
)

// A direction protects the records that one end sends (section 5.2). Before there are
// keys, aead is nil and records are not protected.
type direction struct {
	suite  *suite
	secret []byte // the next keys derive from it in a KeyUpdate
	aead   cipher.AEAD
	iv     []byte
	number uint64
}

// nonce returns the nonce of the next record (section 5.3). The last number, 2^64-1, is not
// used, so that no nonce repeats.
func (d *direction) nonce() ([]byte, error) {
	if d.number == math.MaxUint64 {
		return nil, fail(internalError, "the keys have no record number left")
	}
	nonce := bytes.Clone(d.iv)
	low := nonce[len(nonce)-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^d.number)
	d.number++
	return nonce, nil
}

// records is the record layer of a connection (section 5).
type records struct {
	rw        io.ReadWriter
	in, out   direction
	messages  []byte // handshake messages that have arrived; the last may be incomplete
	confirmed bool   // the server's Finished has arrived
	useless   int    // records and messages in a row that brought nothing
	closed    bool   // an alert has ended writing
	buf       [headerSize + maxCiphertext]byte
}

// write sends data in as many records as needed (section 5.1), without padding.
func (r *records) write(t contentType, data []byte) error {
	if r.closed {
		return net.ErrClosed
	}
	for len(data) > 0 {
		fragment := data[:min(len(data), maxPlaintext)]
		data = data[len(fragment):]

		header := []byte{byte(t), legacyVersion >> 8, legacyVersion & 0xff}
		var record []byte
		if r.out.aead == nil {
			header = binary.BigEndian.AppendUint16(header, uint16(len(fragment)))
			record = append(header, fragment...)
		} else {
			nonce, err := r.out.nonce()
			if err != nil {
				return err
			}
			inner := append(bytes.Clone(fragment), byte(t))
			header[0] = byte(typeApplicationData)
			header = binary.BigEndian.AppendUint16(header, uint16(len(inner)+r.out.aead.Overhead()))
			record = r.out.aead.Seal(header, nonce, inner, header)
		}
		if _, err := r.rw.Write(record); err != nil {
			return err
		}
	}
	return nil
}

// read returns the next record with handshake messages or application data, which is not
// empty. Its data are valid until the next call.
func (r *records) read() (contentType, []byte, error) {
	for {
		t, data, err := r.readAny()
		switch {
		case err != nil:
			return 0, nil, err
		case t == typeHandshake && len(data) == 0: // section 5.1
			return 0, nil, fail(unexpectedMessage, "a handshake record is empty")
		case t != typeHandshake && t != typeChangeCipherSpec && len(r.messages) > 0: // section 5.1
			return 0, nil, fail(unexpectedMessage, "a handshake message is interrupted by a record of type %d", t)
		case t == typeApplicationData && !r.confirmed:
			return 0, nil, fail(unexpectedMessage, "application data during the handshake")
		case t == typeHandshake && r.confirmed: // conn.advance counts the messages
			return t, data, nil
		case t == typeHandshake, t == typeApplicationData && len(data) > 0:
			r.useless = 0
			return t, data, nil
		case t == typeAlert:
			if err := readAlert(data); err != nil {
				return 0, nil, err
			}
		}
		if err := r.waste(); err != nil {
			return 0, nil, err
		}
	}
}

// waste counts a record or message that brings nothing. Without a limit, a server could
// keep the client at work with them.
func (r *records) waste() error {
	r.useless++
	if r.useless > maxUseless {
		return fail(unexpectedMessage, "more than %d records or messages in a row bring nothing", maxUseless)
	}
	return nil
}

// readAlert returns the error for an alert (section 6). It returns io.EOF for
// close_notify, and nil for user_canceled, which only announces the former. It ignores
// the level.
func readAlert(data []byte) error {
	if len(data) == 0 { // section 5.4
		return fail(unexpectedMessage, "an alert record is empty")
	}
	if len(data) != 2 {
		return fail(decodeError, "an alert has %d bytes", len(data))
	}
	switch a := alert(data[1]); a {
	case closeNotify:
		return io.EOF
	case userCanceled:
		return nil
	default:
		return received(a)
	}
}

// readAny returns the content of the next record, decrypted and without padding.
func (r *records) readAny() (contentType, []byte, error) {
	header := r.buf[:headerSize]
	if err := r.fill(header); err != nil {
		return 0, nil, err
	}
	t, size := contentType(header[0]), int(binary.BigEndian.Uint16(header[3:]))
	protected := r.in.aead != nil && t != typeChangeCipherSpec
	switch { // the version must be ignored (section 5.1)
	case t < typeChangeCipherSpec || t > typeApplicationData:
		return 0, nil, fail(unexpectedMessage, "a record has the type %d", t)
	case protected != (t == typeApplicationData):
		return 0, nil, fail(unexpectedMessage, "a record of type %d where it cannot be", t)
	case size > maxCiphertext || !protected && size > maxPlaintext:
		return 0, nil, fail(recordOverflow, "a record has %d bytes", size)
	}
	data := r.buf[headerSize:][:size]
	if err := r.fill(data); err != nil {
		return 0, nil, err
	}

	switch {
	case t == typeChangeCipherSpec:
		// Servers send it for the sake of old middleboxes. It must be dropped (section
		// 5).
		if r.confirmed || size != 1 || data[0] != 1 {
			return 0, nil, fail(unexpectedMessage, "a wrong change_cipher_spec, or one after the handshake")
		}
		return t, nil, nil
	case !protected:
		return t, data, nil
	}
	nonce, err := r.in.nonce()
	if err != nil {
		return 0, nil, err
	}
	inner, err := r.in.aead.Open(data[:0], nonce, data, header)
	if err != nil {
		return 0, nil, fail(badRecordMAC, "a record was altered, or is for other keys")
	}
	if len(inner) > maxPlaintext+1 { // section 5.4
		return 0, nil, fail(recordOverflow, "a record holds %d bytes", len(inner))
	}
	inner = bytes.TrimRight(inner, "\x00")
	if len(inner) == 0 { // section 5.4
		return 0, nil, fail(unexpectedMessage, "a record holds nothing but padding")
	}
	data, t = inner[:len(inner)-1], contentType(inner[len(inner)-1])
	if t != typeAlert && t != typeHandshake && t != typeApplicationData {
		return 0, nil, fail(unexpectedMessage, "a protected record holds the type %d", t)
	}
	return t, data, nil
}

// fill reads len(p) bytes. The end of the connection is an error, since anyone may have
// cut it. Only close_notify ends it properly (section 6.1).
func (r *records) fill(p []byte) error {
	_, err := io.ReadFull(r.rw, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the connection was cut: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// message removes the first handshake message from those that have arrived and returns it
// with its header (section 4). It returns nil if the message is not complete. The message
// must have one of the given types.
func (r *records) message(types ...uint8) ([]byte, error) {
	if len(r.messages) > 0 && !slices.Contains(types, r.messages[0]) {
		return nil, fail(unexpectedMessage, "message %d where %d is due", r.messages[0], types)
	}
	if len(r.messages) < 4 {
		return nil, nil
	}
	size := 4 + int(r.messages[1])<<16 + int(r.messages[2])<<8 + int(r.messages[3])
	if size > maxMessage {
		return nil, fail(internalError, "a handshake message of %d bytes is more than this client takes", size)
	}
	if size > len(r.messages) {
		return nil, nil
	}
	message := r.messages[:size:size]
	r.messages = r.messages[size:]
	return message, nil
}

// rekey changes the keys of the server's records. No message may continue across the
// change (section 5.1).
func (r *records) rekey(in direction) error {
	if len(r.messages) > 0 {
		return fail(unexpectedMessage, "%d bytes of handshake messages before a change of keys", len(r.messages))
	}
	r.in = in
	return nil
}
