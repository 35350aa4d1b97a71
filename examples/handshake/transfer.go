package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"hybridkem/xwing"
)

const (
	patience  = 30 * time.Second // with a silent peer
	lingering = time.Second      // with a peer that was told to go away
)

// A report says what one end saw of a transfer.
type report struct {
	size                int64 // of the file
	digest              [sha256.Size]byte
	sent, received      int64 // on the wire
	handshake, transfer time.Duration
}

// A wire is a connection that counts its bytes.
type wire struct {
	net.Conn
	patience       time.Duration
	sent, received int64
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.received += int64(n)
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.sent += int64(n)
	return n, err
}

// extend gives the peer time for one more step. A single byte does not move the deadline. Otherwise
// a hostile peer could send one byte at a time for ever.
func (w *wire) extend() { w.SetDeadline(time.Now().Add(w.patience)) }

func (w *wire) closeWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

// send connects to addr and sends a file to the owner of the pinned key. After an error the owner
// has kept no file, unless the error is that the receipt was lost.
func send(ctx context.Context, addr string, pinned *xwing.EncapsulationKey, file io.Reader) (*report, error) {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	w := &wire{Conn: conn, patience: patience}
	w.extend()
	start := time.Now()
	s, err := clientHandshake(w, pinned)
	if err != nil {
		return nil, err
	}
	confirmed := time.Now()
	r := &report{handshake: confirmed.Sub(start)}
	digest := sha256.New()
	buf := make([]byte, maxData)
	var sendErr error
	for t := recordData; t == recordData && sendErr == nil; {
		n, err := io.ReadFull(file, buf)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			t = recordFinal
		} else if err != nil {
			return nil, err
		}
		r.size += int64(n)
		digest.Write(buf[:n])
		w.extend()
		sendErr = s.out.write(t, buf[:n])
	}
	if sendErr == nil {
		sendErr = w.closeWrite()
	}
	digest.Sum(r.digest[:0])

	// When the server gives up, sending fails, but the reason may be waiting.
	w.extend()
	t, receipt, err := s.in.read()
	switch {
	case err == nil && t == recordRefusal:
		return nil, errors.New("the server refused the file: a record was damaged on the way, or the file cannot be kept")
	case sendErr != nil:
		return nil, fmt.Errorf("sending the file: %w", sendErr)
	case err != nil:
		return nil, fmt.Errorf("the server's receipt: %w", err)
	case t != recordReceipt || !bytes.Equal(receipt, r.digest[:]):
		return nil, errors.New("the server's receipt is not for this file")
	}
	r.transfer = time.Since(confirmed)
	r.sent, r.received = w.sent, w.received
	return r, nil
}

// receive accepts one connection and keeps the file that it receives as out, which must not exist.
// An error leaves no file behind.
func receive(ctx context.Context, listener net.Listener, key *xwing.DecapsulationKey, out string) (*report, error) {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	conn, err := listener.Accept()
	listener.Close()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	w := &wire{Conn: conn, patience: patience}
	r, err := serve(w, key, out)
	if err != nil {
		// Closing with bytes unread resets the connection, which may destroy
		// the rejection or refusal on its way to the client.
		w.closeWrite()
		w.SetDeadline(time.Now().Add(lingering))
		io.Copy(io.Discard, w)
		return nil, err
	}
	return r, nil
}

func serve(w *wire, key *xwing.DecapsulationKey, out string) (*report, error) {
	w.extend()
	start := time.Now()
	s, err := serverHandshake(w, key)
	if err != nil {
		return nil, err
	}
	confirmed := time.Now()
	r := &report{handshake: confirmed.Sub(start)}
	if err := r.keepFile(w, s.in, out); err != nil {
		s.out.write(recordRefusal, nil)
		return nil, err
	}
	// The file is in place now, whether or not the client gets its receipt.
	s.out.write(recordReceipt, r.digest[:])
	r.transfer = time.Since(confirmed)
	r.sent, r.received = w.sent, w.received
	return r, nil
}

func (r *report) keepFile(w *wire, in *records, out string) error {
	tmp, err := os.CreateTemp(filepath.Dir(out), ".handshake-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()

	digest := sha256.New()
	for t := recordData; t != recordFinal; {
		w.extend()
		var data []byte
		if t, data, err = in.read(); err != nil {
			return err
		}
		if t != recordData && t != recordFinal {
			return fmt.Errorf("a record of the unexpected type %d", t)
		}
		r.size += int64(len(data))
		digest.Write(data)
		if _, err := tmp.Write(data); err != nil {
			return err
		}
	}
	if n, err := w.Read(make([]byte, 1)); n > 0 {
		return errors.New("the stream goes on after its final record")
	} else if err != io.EOF {
		return err
	}
	digest.Sum(r.digest[:0])
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Link(tmp.Name(), out) // Rename would replace an existing file
}
