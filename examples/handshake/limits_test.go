package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// soon makes a server give up before a test becomes slow.
func soon() limits {
	l := usual
	l.patience, l.perByte = 100*time.Millisecond, 0
	return l
}

// TestLateClient checks that the server gives up if the client has not done its part of a step in
// time, whether it is silent or sends a little at a time, and that it tells the client.
func TestLateClient(t *testing.T) {
	key := newKey(t)
	trickle := func(conn net.Conn, b []byte) {
		for i := range b {
			if _, err := conn.Write(b[i : i+1]); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	for _, test := range []struct {
		name  string
		speak func(conn net.Conn)
	}{
		{"silent", func(conn net.Conn) {}},
		{"silent after half a message", func(conn net.Conn) { conn.Write(make([]byte, helloSize/2)) }},
		{"message in small parts", func(conn net.Conn) { trickle(conn, make([]byte, helloSize)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startLimited(t, key, soon())
			conn := s.dial(t)
			go test.speak(conn)
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, []byte{rejected}) {
				t.Errorf("got answer %x, error %v", got, err)
			}
			conn.Close()
			s.checkFailed(t, "timeout")
		})
	}

	for _, test := range []struct {
		name  string
		speak func(conn net.Conn, out *records)
	}{
		{"silent after the handshake", func(net.Conn, *records) {}},
		{"first record in small parts", func(conn net.Conn, out *records) {
			trickle(conn, bytes.Repeat([]byte{1}, maxData))
		}},
		{"silent after the size", func(_ net.Conn, out *records) {
			out.write(recordSize, sizeRecord(1e9))
		}},
		{"silent after a part", func(_ net.Conn, out *records) {
			out.write(recordSize, sizeRecord(1e9))
			out.write(recordData, make([]byte, maxData))
		}},
		{"record in small parts", func(conn net.Conn, out *records) {
			out.write(recordSize, sizeRecord(1e9))
			trickle(conn, bytes.Repeat([]byte{1}, maxData))
		}},
		{"many records", func(_ net.Conn, out *records) {
			out.write(recordSize, sizeRecord(1e9))
			for out.write(recordData, make([]byte, maxData)) == nil {
				time.Sleep(5 * time.Millisecond)
			}
		}},
		{"silent after the file", func(_ net.Conn, out *records) {
			out.write(recordSize, sizeRecord(4))
			out.write(recordData, []byte("file"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startLimited(t, key, soon())
			conn, session := s.handshake(t)
			go test.speak(conn, session.out)
			if kind, _, err := session.in.read(); kind != recordRefusal || err != nil {
				t.Errorf("got a record of type %d, error %v", kind, err)
			}
			conn.Close()
			s.checkFailed(t, "timeout")
		})
	}
}

// TestLateServer is TestLateClient for the other end.
func TestLateServer(t *testing.T) {
	key := newKey(t)
	answer := func(conn net.Conn) *session {
		s, err := serverHandshake(conn, key)
		if err != nil {
			t.Error(err)
		}
		return s
	}
	for name, speak := range map[string]func(conn net.Conn){
		"silent": func(conn net.Conn) {},
		"answer in small parts": func(conn net.Conn) {
			for {
				if _, err := conn.Write([]byte{accepted}); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		},
		"silent after the handshake": func(conn net.Conn) { answer(conn) },
		"reads without an end": func(conn net.Conn) {
			answer(conn)
			io.Copy(io.Discard, conn)
			time.Sleep(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener := newListener(t)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				go speak(conn)
				<-t.Context().Done()
			}()
			c := client{addr: listener.Addr().String(), pinned: key.EncapsulationKey(), limits: soon()}
			_, err := c.send(t.Context(), bytes.NewReader(make([]byte, 64<<20)), 64<<20)
			checkError(t, "client", err, "timeout")
		})
	}
}

// TestSlowClient checks that a larger file may take longer, and that a client learns that it was too
// slow.
func TestSlowClient(t *testing.T) {
	l := soon()
	l.perByte = 10 * time.Microsecond
	file := randomBytes(3 * maxData) // 491 ms more
	s := startLimited(t, newKey(t), l)
	c := client{addr: s.addr, pinned: s.key.EncapsulationKey(), limits: l}
	if _, err := c.send(t.Context(), &slowReader{bytes.NewReader(file), 60 * time.Millisecond}, int64(len(file))); err != nil {
		t.Error(err)
	}
	s.checkKept(t, file)

	s = startLimited(t, newKey(t), soon())
	c = client{addr: s.addr, pinned: s.key.EncapsulationKey(), limits: usual}
	_, err := c.send(t.Context(), &slowReader{bytes.NewReader(file), 60 * time.Millisecond}, int64(len(file)))
	checkError(t, "client", err, clientRefused)
	s.checkFailed(t, "timeout")
}

type slowReader struct {
	r     io.Reader
	pause time.Duration
}

func (s *slowReader) Read(p []byte) (int, error) {
	time.Sleep(s.pause)
	return s.r.Read(p)
}

// TestAfterFailures checks that connections that fail do not end the server.
func TestAfterFailures(t *testing.T) {
	s := startServer(t, newKey(t))
	for range 3 {
		s.dial(t).Close()
		s.checkLine(t, ": ")

		conn := s.dial(t)
		conn.Write(randomBytes(helloSize))
		conn.CloseWrite()
		s.checkLine(t, serverAltered)

		conn, session := s.handshake(t)
		session.out.write(recordSize, sizeRecord(100))
		conn.Close()
		s.checkLine(t, ": ")
		checkEmpty(t, s.dir)
	}
	if _, err := s.send(t, s.addr, []byte("file")); err != nil {
		t.Error(err)
	}
	s.checkKept(t, []byte("file"))
}

// TestStrangers checks that connections that send no record do not keep an honest client out, and
// that the server does not touch the disk for them.
func TestStrangers(t *testing.T) {
	key := newKey(t)
	s := startServer(t, key)
	first, session, hello := s.recordedHandshake(t)
	session.out.write(recordSize, sizeRecord(0))
	first.(*net.TCPConn).CloseWrite()
	s.checkKept(t, nil)
	for name, speak := range map[string]func(t *testing.T, conn net.Conn){
		"idle":      func(t *testing.T, conn net.Conn) {},
		"half idle": func(t *testing.T, conn net.Conn) { conn.Write(hello.Bytes()[:helloSize-1]) },
		"replays": func(t *testing.T, conn net.Conn) {
			conn.Write(hello.Bytes()[:helloSize])
			answer := make([]byte, answerSize)
			if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != accepted {
				t.Fatalf("a replay got answer %d, error %v", answer[0], err)
			}
		},
		"garbage": func(t *testing.T, conn net.Conn) { conn.Write(randomBytes(helloSize)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := usual
			l.connections, l.patience, l.lastWord = 4, time.Hour, 50*time.Millisecond
			s := startLimited(t, key, l)
			for range 3 * l.connections {
				speak(t, s.dial(t))
			}
			checkEmpty(t, s.dir)
			start := time.Now()
			if _, err := s.send(t, s.addr, []byte("file")); err != nil {
				t.Fatalf("the honest client: %v", err)
			}
			s.checkKept(t, []byte("file"))
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("the honest client took %v", d)
			}
			// At the limit, each further connection closes one.
			if name != "garbage" && len(s.lines) < 2*l.connections {
				t.Errorf("%d connections were closed", len(s.lines))
			}
		})
	}
}

// TestTransfersAtOnce checks that a stranger does not displace a transfer, that a client waits if
// there are too many, and that the first file that is whole wins.
func TestTransfersAtOnce(t *testing.T) {
	l := usual
	l.connections, l.lastWord = 2, 50*time.Millisecond
	s := startLimited(t, newKey(t), l)
	type peer struct {
		conn *net.TCPConn
		*session
	}
	var peers []peer
	for range l.connections {
		conn, session := s.handshake(t)
		session.out.write(recordSize, sizeRecord(4))
		peers = append(peers, peer{conn, session})
	}
	for range 1000 { // until both are transfers
		if entries, _ := os.ReadDir(s.dir); len(entries) == l.connections {
			break
		}
		time.Sleep(time.Millisecond)
	}
	waiting := make(chan error)
	go func() {
		_, err := clientHandshake(s.dial(t), s.key.EncapsulationKey())
		waiting <- err
	}()
	select {
	case err := <-waiting:
		t.Errorf("a third connection is served at once: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	peers[0].conn.Close()
	s.checkLine(t, serverStream+"1")
	if err := <-waiting; err != nil {
		t.Errorf("the third connection: %v", err)
	}

	peers[1].out.write(recordData, []byte("file"))
	peers[1].conn.CloseWrite()
	if kind, _, err := peers[1].in.read(); kind != recordReceipt || err != nil {
		t.Errorf("got a record of type %d, error %v", kind, err)
	}
	s.checkKept(t, []byte("file"))
}

// TestOtherFileKept checks that a client learns that its file came second.
func TestOtherFileKept(t *testing.T) {
	s := startServer(t, newKey(t))
	conn, session := s.handshake(t)
	session.out.write(recordSize, sizeRecord(100))
	if _, err := s.send(t, s.addr, []byte("file")); err != nil {
		t.Error(err)
	}
	if kind, _, err := session.in.read(); kind != recordRefusal || err != nil {
		t.Errorf("got a record of type %d, error %v", kind, err)
	}
	conn.Close()
	s.checkKept(t, []byte("file"))
}

func TestClientFile(t *testing.T) {
	s := startServer(t, newKey(t))
	c := client{addr: s.addr, pinned: s.key.EncapsulationKey(), limits: usual}
	_, err := c.send(t.Context(), strings.NewReader("short"), 6)
	checkError(t, "client", err, "reading the file: unexpected EOF")
	s.checkFailed(t, serverStream+"1")
}
