package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"hybridkem/internal/progress"
	"hybridkem/xwing"
)

// limits are what a peer can cost. A client gives the server twice the time, so that it hears why the
// server gave up.
type limits struct {
	connections int           // of a server at once
	patience    time.Duration // from the connection to the first record, and then with the file
	perByte     time.Duration // more patience for each byte of the file that has come
	lastWord    time.Duration // for telling a client how its connection ends
}

// With these, a file must come with 100 kB/s, on average and after the first ten seconds.
var usual = limits{32, 10 * time.Second, 10 * time.Microsecond, time.Second}

// after is the time until n bytes of a file and the next record must have come. Only bytes of the
// file prolong it. If every message did, a hostile peer could send a little at a time for ever.
func (l limits) after(n int64) time.Duration {
	return l.patience + time.Duration(n)*l.perByte
}

// A report says what one end saw of a transfer.
type report struct {
	size                int64
	digest              [sha256.Size]byte
	handshake, transfer time.Duration // at the client
}

// A client sends one file to the owner of the pinned key.
type client struct {
	addr   string
	pinned *xwing.EncapsulationKey
	limits limits
	stderr io.Writer // shows the progress if it is a terminal
}

// send sends the file, which has at least size bytes. After an error the server has kept no file,
// unless the error is that the receipt was lost.
func (c *client) send(ctx context.Context, file io.Reader, size int64) (*report, error) {
	start := time.Now()
	dialer := net.Dialer{Deadline: start.Add(2 * c.limits.patience)}
	conn, err := dialer.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(dialer.Deadline)
	s, err := clientHandshake(conn, c.pinned)
	if err != nil {
		return nil, err
	}
	confirmed := time.Now()
	r := &report{size: size, handshake: confirmed.Sub(start)}

	bar := progress.New(c.stderr, "sending", size)
	defer bar.Close()
	digest := sha256.New()
	buf := make([]byte, maxData)
	sendErr := s.out.write(recordSize, binary.BigEndian.AppendUint64(nil, uint64(size)))
	for done := int64(0); done < size && sendErr == nil; {
		data := buf[:min(size-done, maxData)]
		if _, err := io.ReadFull(file, data); err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
		digest.Write(data)
		conn.SetDeadline(confirmed.Add(2 * c.limits.after(done)))
		sendErr = s.out.write(recordData, data)
		done += int64(len(data))
		bar.Add(int64(len(data)))
	}
	sendErr = cmp.Or(sendErr, conn.(*net.TCPConn).CloseWrite())
	digest.Sum(r.digest[:0])

	// When the server gives up, sending fails, but its refusal may be waiting.
	conn.SetDeadline(confirmed.Add(2 * c.limits.after(size)))
	t, receipt, err := s.in.read()
	switch {
	case err == nil && t == recordRefusal:
		return nil, errors.New("the server refused the file: it is too large or came too slowly, a record was damaged on the way, or the file cannot be kept")
	case sendErr != nil:
		return nil, fmt.Errorf("sending the file: %w", sendErr)
	case err != nil:
		return nil, fmt.Errorf("the server's receipt: %w", err)
	case t != recordReceipt || !bytes.Equal(receipt, r.digest[:]):
		return nil, errors.New("the server's receipt is not for this file")
	}
	r.transfer = time.Since(confirmed)
	return r, nil
}

// A server keeps the first file that arrives whole.
type server struct {
	key    *xwing.DecapsulationKey
	out    string // must not exist
	size   int64  // of the largest file that the server takes
	limits limits
	log    *log.Logger
	stderr io.Writer // shows the progress if it is a terminal

	mu        sync.Mutex
	strangers []net.Conn // that have sent no record yet, oldest first
}

// receive accepts connections until one has brought a file, and keeps this file. After an error it
// has kept none.
func (s *server) receive(ctx context.Context, listener net.Listener) (kept *report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { listener.Close() })
	places := make(chan struct{}, s.limits.connections)
	var serving sync.WaitGroup
	for {
		conn, err := listener.Accept()
		if err != nil {
			cancel()
			serving.Wait()
			if kept != nil {
				err = nil
			}
			return kept, err
		}
		s.mu.Lock()
		if len(places) == cap(places) && len(s.strangers) > 0 {
			// Whoever only connects, or replays what others have sent, has to make room.
			s.strangers[0].Close()
		}
		s.strangers = append(s.strangers, conn)
		s.mu.Unlock()
		places <- struct{}{}
		serving.Go(func() {
			r, err := s.serve(ctx, conn)
			s.leave(conn)
			<-places
			switch {
			case err == nil:
				kept = r // no other file can be kept from now on
				cancel()
			case errors.Is(err, net.ErrClosed):
				s.log.Printf("%v: closed in favour of a newer connection", conn.RemoteAddr())
			case ctx.Err() == nil:
				s.log.Printf("%v: %v", conn.RemoteAddr(), err)
			}
		})
	}
}

// leave takes conn from the strangers, if it still is one.
func (s *server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers = slices.DeleteFunc(s.strangers, func(c net.Conn) bool { return c == conn })
}

func (s *server) serve(ctx context.Context, conn net.Conn) (*report, error) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(s.limits.patience))
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })() // the past
	session, err := serverHandshake(conn, s.key)
	if err != nil {
		s.dismiss(conn, func() { conn.Write([]byte{rejected}) })
		return nil, err
	}
	r, err := s.keepFile(ctx, conn, session.in)
	if err != nil {
		s.dismiss(conn, func() { session.out.write(recordRefusal, nil) })
		return nil, err
	}
	// The file is in place now, whether or not the client gets its receipt.
	conn.SetDeadline(time.Now().Add(s.limits.lastWord))
	session.out.write(recordReceipt, r.digest[:])
	return r, nil
}

// dismiss lets say write a last word, even after a deadline has passed. Then it reads for a while:
// closing with bytes unread resets the connection, which may destroy the word on its way.
func (s *server) dismiss(conn net.Conn, say func()) {
	conn.SetDeadline(time.Now().Add(s.limits.lastWord))
	say()
	conn.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, conn)
}

// keepFile receives a file. It touches the disk only after a record has opened, which shows that the
// client is not a replay.
func (s *server) keepFile(ctx context.Context, conn net.Conn, in *records) (*report, error) {
	t, data, err := in.read()
	if err != nil {
		return nil, err
	}
	if t != recordSize || len(data) != 8 {
		return nil, fmt.Errorf("a record of type %d and %d bytes instead of the file's size", t, len(data))
	}
	size := binary.BigEndian.Uint64(data)
	if size > uint64(s.size) {
		return nil, fmt.Errorf("the file has %d bytes, more than %d", size, s.size)
	}
	s.leave(conn)
	r := &report{size: int64(size)}
	return r, create(s.out, 0o600, func(file io.Writer) error { return s.copyFile(ctx, file, conn, in, r) })
}

func (s *server) copyFile(ctx context.Context, file io.Writer, conn net.Conn, in *records, r *report) error {
	bar := progress.New(s.stderr, "receiving", r.size)
	defer bar.Close()
	start, digest := time.Now(), sha256.New()
	both := io.MultiWriter(digest, file)
	for done := int64(0); done < r.size; {
		conn.SetDeadline(start.Add(s.limits.after(done)))
		if err := ctx.Err(); err != nil { // the end of ctx sets a deadline too, which would be lost
			return err
		}
		t, data, err := in.read()
		if err != nil {
			return err
		}
		// A shorter record, or an empty one, would cost time without bringing the end nearer.
		if want := min(r.size-done, maxData); t != recordData || int64(len(data)) != want {
			return fmt.Errorf("a record of type %d and %d bytes instead of the next %d bytes of the file", t, len(data), want)
		}
		if _, err := both.Write(data); err != nil {
			return err
		}
		done += int64(len(data))
		bar.Add(int64(len(data)))
	}
	if n, err := conn.Read(make([]byte, 1)); n > 0 {
		return errors.New("the stream goes on after the file")
	} else if err != io.EOF {
		return err
	}
	digest.Sum(r.digest[:0])
	return nil
}
