package main

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"hybridkem/xwing"
)

// Texts of errors, named by the end at which they appear.
const (
	serverAltered   = "the client's message is for another key, or was altered"
	serverTruncated = "the client's message is truncated"
	serverRecord    = " was altered, replayed or moved"
	serverStream    = "the stream is truncated at record "

	clientRejected  = "rejected: the server does not hold the pinned key"
	clientAltered   = "the server does not hold the pinned key, or its answer was altered"
	clientTruncated = "the server's answer is truncated"
	clientRefused   = "the server refused the file"
	clientReceipt   = "the server's receipt: "
)

func newKey(t *testing.T) *xwing.DecapsulationKey {
	t.Helper()
	key, err := xwing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newListener(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("left behind: %s", entry.Name())
	}
}

func checkFile(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got %d bytes that are not the %d expected", name, len(got), len(want))
	}
}

func checkError(t *testing.T, end string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got error %v, want one with %q", end, err, want)
	}
}

// patience bounds what tests wait for.
const patience = 10 * time.Second

// A testServer is a server on a port of its own.
type testServer struct {
	server
	addr, dir string
	lines     chan string // of its log
	cancel    context.CancelFunc
	done      chan struct{}
	report    *report
	err       error
}

func startServer(t *testing.T, key *xwing.DecapsulationKey) *testServer {
	return startLimited(t, key, usual)
}

func startLimited(t *testing.T, key *xwing.DecapsulationKey, l limits) *testServer {
	t.Helper()
	listener, dir := newListener(t), t.TempDir()
	s := &testServer{
		addr:  listener.Addr().String(),
		dir:   dir,
		lines: make(chan string, 1000),
		done:  make(chan struct{}),
	}
	s.key, s.out, s.size, s.limits = key, filepath.Join(dir, "received"), 1<<30, l
	s.log = log.New(lineWriter(s.lines), "", 0)
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(t.Context())
	go func() {
		defer close(s.done)
		s.report, s.err = s.receive(ctx, listener)
	}()
	return s
}

type lineWriter chan<- string

func (w lineWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

// checkFailed waits for a connection to fail with an error that has want in it. It interrupts the
// server, which must have kept nothing.
func (s *testServer) checkFailed(t *testing.T, want string) {
	t.Helper()
	s.checkLine(t, want)
	s.cancel()
	s.wait(t)
	checkError(t, "server", s.err, "closed")
	checkEmpty(t, s.dir)
}

// checkLine waits for the next line of the log.
func (s *testServer) checkLine(t *testing.T, want string) {
	t.Helper()
	select {
	case line := <-s.lines:
		if !strings.Contains(line, want) {
			t.Errorf("the server logs %q, want a line with %q", line, want)
		}
	case <-s.done:
		t.Errorf("the server ended with error %v, and logged no line with %q", s.err, want)
	case <-time.After(patience):
		t.Fatalf("the server logs no line with %q", want)
	}
}

func (s *testServer) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(patience):
		t.Fatal("the server does not end")
	}
}

// checkKept waits for the server to end, and checks that it has kept this file and nothing else.
func (s *testServer) checkKept(t *testing.T, file []byte) {
	t.Helper()
	s.wait(t)
	if s.err != nil {
		t.Fatalf("server: %v", s.err)
	}
	checkFile(t, s.out, file)
	if err := os.Remove(s.out); err != nil {
		t.Fatal(err)
	}
	checkEmpty(t, s.dir)
}

// send sends a file to the server, or to a proxy before it.
func (s *testServer) send(t *testing.T, addr string, file []byte) (*report, error) {
	c := client{addr: addr, pinned: s.key.EncapsulationKey(), limits: usual}
	return c.send(t.Context(), bytes.NewReader(file), int64(len(file)))
}

// dial connects to the server for a client that does not follow the protocol.
func (s *testServer) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

// handshake connects a client that sends what it likes after the handshake.
func (s *testServer) handshake(t *testing.T) (*net.TCPConn, *session) {
	t.Helper()
	conn := s.dial(t)
	session, err := clientHandshake(conn, s.key.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	return conn, session
}

func sizeRecord(size uint64) []byte { return binary.BigEndian.AppendUint64(nil, size) }

// A tamperer forwards one direction of a connection, and may change what it forwards.
type tamperer func(dst io.Writer, src io.Reader)

func forward(dst io.Writer, src io.Reader) { io.Copy(dst, src) }

func cut(n int) tamperer {
	return func(dst io.Writer, src io.Reader) { io.CopyN(dst, src, int64(n)) }
}

func flip(offset int, mask byte) tamperer {
	return func(dst io.Writer, src io.Reader) {
		io.CopyN(dst, src, int64(offset))
		b := make([]byte, 1)
		if _, err := io.ReadFull(src, b); err != nil {
			return
		}
		dst.Write([]byte{b[0] ^ mask})
		io.Copy(dst, src)
	}
}

// edit returns a tamperer that changes the list of the client's records.
func edit(f func(records [][]byte) [][]byte) tamperer {
	return func(dst io.Writer, src io.Reader) {
		io.CopyN(dst, src, helloSize)
		stream, _ := io.ReadAll(src)
		var records [][]byte
		for len(stream) > 0 {
			n := headerSize + int(stream[0])<<8 + int(stream[1])
			records = append(records, stream[:n])
			stream = stream[n:]
		}
		if records != nil {
			dst.Write(slices.Concat(f(records)...))
		}
	}
}

// startProxy puts a man in the middle before the server at addr.
func startProxy(t *testing.T, addr string, up, down tamperer) string {
	t.Helper()
	listener := newListener(t)
	pump := func(dst, src net.Conn, f tamperer) {
		f(dst, src)
		dst.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, src)
	}
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer server.Close()
		upDone := make(chan struct{})
		go func() {
			defer close(upDone)
			pump(server, client, up)
		}()
		pump(client, server, down)
		<-upDone
	}()
	return listener.Addr().String()
}

func TestTransfer(t *testing.T) {
	key := newKey(t)
	for _, size := range []int{0, 1, maxData - 1, maxData, maxData + 1, 3 * maxData, 1 << 20} {
		file := randomBytes(size)
		s := startServer(t, key)
		client, err := s.send(t, s.addr, file)
		if err != nil {
			t.Fatalf("%d bytes: client: %v", size, err)
		}
		s.checkKept(t, file)

		digest := sha256.Sum256(file)
		if client.digest != digest || s.report.digest != digest {
			t.Errorf("%d bytes: wrong digest in a report", size)
		}
		if client.size != int64(size) || s.report.size != int64(size) {
			t.Errorf("%d bytes: reported as %d and %d", size, client.size, s.report.size)
		}
	}
}

// TestProtocol checks the client with a server that shares no code with this package. The client
// and the server of this package could have the same mistake.
func TestProtocol(t *testing.T) {
	key, listener := newKey(t), newListener(t)
	sent := make(chan error)
	go func() {
		c := client{addr: listener.Addr().String(), pinned: key.EncapsulationKey(), limits: usual}
		_, err := c.send(t.Context(), strings.NewReader("file and more"), 4)
		sent <- err
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var transcript []byte
	derive := func(purpose string, secret []byte) []byte {
		prk, err := hkdf.Extract(sha256.New, secret, nil)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(transcript)
		key, err := hkdf.Expand(sha256.New, prk, purpose+string(digest[:]), 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}

	var hello [1216 + 1120 + 32]byte
	if _, err := io.ReadFull(conn, hello[:]); err != nil {
		t.Fatal(err)
	}
	staticSecret, err := key.Decapsulate(hello[1216 : 1216+1120])
	if err != nil {
		t.Fatal(err)
	}
	transcript = []byte("hybridkem example handshake v2: X-Wing, HKDF-SHA256, ChaCha20-Poly1305")
	transcript = append(transcript, key.EncapsulationKey().Bytes()...)
	transcript = append(transcript, hello[:1216+1120]...)
	if !bytes.Equal(hello[1216+1120:], derive("client confirmation", staticSecret)) {
		t.Error("wrong confirmation from the client")
	}
	transcript = append(transcript, hello[1216+1120:]...)

	ephemeral, err := xwing.NewEncapsulationKey(hello[:1216])
	if err != nil {
		t.Fatal(err)
	}
	ephemeralSecret, ciphertext := ephemeral.Encapsulate()
	secrets := append(staticSecret, ephemeralSecret...)
	answer := append([]byte{1}, ciphertext...)
	transcript = append(transcript, answer...)
	confirmation := derive("server confirmation", secrets)
	answer = append(answer, confirmation...)
	transcript = append(transcript, confirmation...)
	conn.Write(answer)

	stream, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := chacha20poly1305.New(derive("client records", secrets))
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 12)
	for i, want := range []string{"\x01\x00\x00\x00\x00\x00\x00\x00\x04", "\x02file"} {
		header := []byte{0, byte(len(want) + 16)}
		record, ok := bytes.CutPrefix(stream, header)
		if !ok || len(record) < int(header[1]) {
			t.Fatalf("got %x where record %d begins", stream, i)
		}
		nonce[11] = byte(i)
		plaintext, err := aead.Open(nil, nonce, record[:header[1]], header)
		if err != nil || string(plaintext) != want {
			t.Errorf("got %q in record %d, and error %v", plaintext, i, err)
		}
		stream = record[header[1]:]
	}
	if len(stream) > 0 {
		t.Errorf("%d bytes after the last record", len(stream))
	}

	aead, err = chacha20poly1305.New(derive("server records", secrets))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("file"))
	header := []byte{0, 1 + 32 + 16}
	conn.Write(aead.Seal(header, make([]byte, 12), append([]byte{3}, digest[:]...), header))
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestWrongPinnedKey(t *testing.T) {
	s := startServer(t, newKey(t))
	c := client{addr: s.addr, pinned: newKey(t).EncapsulationKey(), limits: usual}
	_, err := c.send(t.Context(), strings.NewReader("secret"), 6)
	checkError(t, "client", err, clientRejected)
	s.checkFailed(t, serverAltered)
}

// TestImpostor checks that the client notices a server that does not have the pinned key, even if
// the server does not admit it.
func TestImpostor(t *testing.T) {
	pinned := newKey(t).EncapsulationKey()
	listener := newListener(t)
	leaked := make(chan int64, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		hello := make([]byte, helloSize)
		io.ReadFull(conn, hello)
		ephemeral, err := xwing.NewEncapsulationKey(hello[:xwing.EncapsulationKeySize])
		if err != nil {
			return
		}
		secret, ciphertext := ephemeral.Encapsulate()
		tr := newTranscript(pinned)
		tr.add(hello)
		answer := tr.add([]byte{accepted}, ciphertext)
		guess := make([]byte, len(secret))
		conn.Write(append(answer, tr.derive("server confirmation", slices.Concat(guess, secret))...))
		n, _ := io.Copy(io.Discard, conn)
		leaked <- n
	}()
	c := client{addr: listener.Addr().String(), pinned: pinned, limits: usual}
	_, err := c.send(t.Context(), strings.NewReader("secret"), 6)
	checkError(t, "client", err, clientAltered)
	if n := <-leaked; n != 0 {
		t.Errorf("the client sent %d bytes to an impostor", n)
	}
}

func TestManInTheMiddle(t *testing.T) {
	const (
		parts  = 3 // full records of the file, before the last one
		first  = headerSize + 8 + overhead
		record = headerSize + maxData + overhead
		last   = headerSize + len("end") + overhead
		data   = helloSize + first // where the records of the file begin
		stream = data + parts*record + last
		x25519 = 32 // the size of X25519's part, which is the last one of a key or ciphertext
		ekSize = xwing.EncapsulationKeySize
		ctSize = xwing.CiphertextSize
		after  = "the stream goes on after the file"
	)
	file := append(randomBytes(parts*maxData), "end"...)
	type test struct {
		name           string
		up, down       tamperer
		client, server string
	}
	var tests []test
	up := func(name string, f tamperer, client, server string) {
		tests = append(tests, test{name, f, forward, client, server})
	}
	down := func(name string, f tamperer, client, server string) {
		tests = append(tests, test{name, forward, f, client, server})
	}

	for _, n := range []int{0, 1, ekSize - 1, ekSize, ekSize + 1, ekSize + ctSize, helloSize - 1} {
		up(fmt.Sprintf("client's message cut to %d", n), cut(n), clientRejected, serverTruncated)
	}
	for _, n := range []int{0, ekSize - x25519, ekSize - 1, ekSize, ekSize + ctSize - x25519, ekSize + ctSize - 1, ekSize + ctSize, helloSize - 1} {
		// X25519 ignores this bit in the last byte of a key.
		up(fmt.Sprintf("client's message flipped at %d", n), flip(n, 0x80), clientRejected, serverAltered)
	}
	for _, n := range []int{0, 1, 1 + ctSize - 1, 1 + ctSize, answerSize - 1} {
		down(fmt.Sprintf("server's message cut to %d", n), cut(n), clientTruncated, serverStream+"0")
	}
	for _, n := range []int{0, 1, ctSize - x25519, ctSize - x25519 + 1, ctSize, 1 + ctSize, answerSize - 1} {
		down(fmt.Sprintf("server's message flipped at %d", n), flip(n, 0x80), clientAltered, serverStream+"0")
	}
	down("forged rejection", flip(0, accepted^rejected), clientRejected, serverStream+"0")

	for _, n := range []int{0, 1, headerSize, first - 1} {
		up(fmt.Sprintf("first record cut to %d", n), cut(helloSize+n), clientRefused, serverStream+"0")
	}
	for _, n := range []int{0, 1, headerSize, record - 1} {
		up(fmt.Sprintf("record cut to %d", n), cut(data+n), clientRefused, serverStream+"1")
	}
	up("cut before the last record", cut(stream-last), clientRefused, serverStream+"4")
	up("last record cut", cut(stream-1), clientRefused, serverStream+"4")
	up("length too great", flip(helloSize, 0x80), clientRefused, "record 0 has the impossible length")
	up("length one too great", flip(data+1, (maxData+overhead)^(maxData+overhead+1)), clientRefused, "record 1 has the impossible length")
	for _, n := range []int{1, headerSize, headerSize + 1, headerSize + 8, first - 16, first - 1} {
		up(fmt.Sprintf("first record flipped at %d", n), flip(helloSize+n, 1), clientRefused, "record 0"+serverRecord)
	}
	for _, n := range []int{headerSize, headerSize + 1, record / 2, record - 16, record - 1} {
		up(fmt.Sprintf("record flipped at %d", n), flip(data+n, 1), clientRefused, "record 1"+serverRecord)
	}
	up("last record flipped", flip(stream-1, 1), clientRefused, "record 4"+serverRecord)

	up("length too small", edit(func(r [][]byte) [][]byte {
		return append([][]byte{{0, overhead - 1}, make([]byte, overhead-1)}, r...)
	}), clientRefused, "record 0 has the impossible length")
	up("record without ciphertext", edit(func(r [][]byte) [][]byte {
		return append([][]byte{{0, 0}}, r...)
	}), clientRefused, "record 0 has the impossible length")
	up("first record replayed", edit(func(r [][]byte) [][]byte {
		return slices.Insert(r, 1, r[0])
	}), clientRefused, "record 1"+serverRecord)
	up("record replayed", edit(func(r [][]byte) [][]byte {
		return slices.Insert(r, 2, r[1])
	}), clientRefused, "record 2"+serverRecord)
	up("records swapped", edit(func(r [][]byte) [][]byte {
		r[1], r[2] = r[2], r[1]
		return r
	}), clientRefused, "record 1"+serverRecord)
	up("first record dropped", edit(func(r [][]byte) [][]byte {
		return r[1:]
	}), clientRefused, "record 0"+serverRecord)
	up("record dropped", edit(func(r [][]byte) [][]byte {
		return slices.Delete(r, 1, 2)
	}), clientRefused, "record 1"+serverRecord)
	up("all records dropped", edit(func(r [][]byte) [][]byte {
		return nil
	}), clientRefused, serverStream+"0")
	up("last record replayed", edit(func(r [][]byte) [][]byte {
		return append(r, r[len(r)-1])
	}), clientRefused, after)
	up("one byte of garbage at the end", edit(func(r [][]byte) [][]byte {
		return append(r, []byte{0})
	}), clientRefused, after)

	key := newKey(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t, key)
			addr := startProxy(t, s.addr, test.up, test.down)
			_, err := s.send(t, addr, file)
			checkError(t, "client", err, test.client)
			s.checkFailed(t, test.server)
		})
	}
}

// TestReceiptAltered checks that a man in the middle can make the client believe that a file was
// lost, but not that a lost file was kept.
func TestReceiptAltered(t *testing.T) {
	const receipt = headerSize + overhead + sha256.Size
	for name, f := range map[string]tamperer{
		"flipped": flip(answerSize+receipt-1, 1),
		"cut":     cut(answerSize + receipt - 1),
		"dropped": cut(answerSize),
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, newKey(t))
			addr := startProxy(t, s.addr, forward, f)
			_, err := s.send(t, addr, []byte("file"))
			checkError(t, "client", err, clientReceipt)
			s.checkKept(t, []byte("file"))
		})
	}
}

// recordedHandshake is handshake, and returns what the client sends, too.
func (s *testServer) recordedHandshake(t *testing.T) (net.Conn, *session, *bytes.Buffer) {
	t.Helper()
	conn, recording := s.dial(t), new(bytes.Buffer)
	session, err := clientHandshake(struct {
		io.Reader
		io.Writer
	}{conn, io.MultiWriter(conn, recording)}, s.key.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	return conn, session, recording
}

func TestSessionReplayed(t *testing.T) {
	key := newKey(t)
	s := startServer(t, key)
	conn, session, recording := s.recordedHandshake(t)
	session.out.write(recordSize, sizeRecord(4))
	session.out.write(recordData, []byte("file"))
	conn.(*net.TCPConn).CloseWrite()
	s.checkKept(t, []byte("file"))

	s = startServer(t, key)
	replay := s.dial(t)
	replay.Write(recording.Bytes())
	replay.CloseWrite()
	s.checkFailed(t, "record 0"+serverRecord)
}

func TestHostileClient(t *testing.T) {
	key := newKey(t)
	for _, test := range []struct {
		name string
		sent []byte
		want string
	}{
		{"nothing", nil, serverTruncated},
		{"another protocol", []byte("GET / HTTP/1.1\r\n\r\n"), serverTruncated},
		{"ciphertext of low order", make([]byte, helloSize), "the client's message: "},
		{"random bytes", randomBytes(helloSize), serverAltered},
		{"too many random bytes", randomBytes(1 << 20), serverAltered},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t, key)
			conn := s.dial(t)
			conn.Write(test.sent)
			conn.CloseWrite()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, []byte{rejected}) {
				t.Errorf("got answer %x and error %v", got, err)
			}
			s.checkFailed(t, test.want)
		})
	}

	// A client can confirm a message with any ephemeral key in it.
	lowOrder := newKey(t).EncapsulationKey().Bytes()
	clear(lowOrder[xwing.EncapsulationKeySize-32:])
	for _, test := range []struct {
		name      string
		ephemeral []byte
		want      string
	}{
		{"impossible ephemeral key", bytes.Repeat([]byte{0xff}, xwing.EncapsulationKeySize), "the client's ephemeral key: "},
		{"ephemeral key of low order", lowOrder, "the client's ephemeral key: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t, key)
			secret, ciphertext := key.EncapsulationKey().Encapsulate()
			tr := newTranscript(key.EncapsulationKey())
			hello := tr.add(test.ephemeral, ciphertext)
			conn := s.dial(t)
			conn.Write(append(hello, tr.derive("client confirmation", secret)...))
			conn.CloseWrite()
			s.checkFailed(t, test.want)
		})
	}

	// It can also send any record.
	type record struct {
		t    recordType
		data []byte
	}
	size := func(n uint64) record { return record{recordSize, sizeRecord(n)} }
	full := record{recordData, make([]byte, maxData)}
	const noSize, noData = " bytes instead of the file's size", " bytes of the file"
	for _, test := range []struct {
		name    string
		records []record
		want    string
	}{
		{"data without a size", []record{full}, noSize},
		{"refusal", []record{{recordRefusal, sizeRecord(0)}}, noSize},
		{"type 0", []record{{0, sizeRecord(0)}}, noSize},
		{"type 255", []record{{255, sizeRecord(0)}}, noSize},
		{"empty size", []record{{recordSize, nil}}, noSize},
		{"short size", []record{{recordSize, make([]byte, 7)}}, noSize},
		{"long size", []record{{recordSize, make([]byte, 9)}}, noSize},
		{"size above the limit", []record{size(1<<30 + 1)}, "the file has 1073741825 bytes, more than 1073741824"},
		{"negative size", []record{size(1 << 63)}, "more than"},
		{"greatest size", []record{size(1<<64 - 1)}, "more than"},
		{"two sizes", []record{size(8), size(8)}, "instead of the next 8" + noData},
		{"data of type 0", []record{size(maxData), {0, full.data}}, noData},
		{"data of the receipt's type", []record{size(maxData), {recordReceipt, full.data}}, noData},
		{"empty data", []record{size(maxData), {recordData, nil}}, noData},
		{"short data", []record{size(maxData), {recordData, full.data[1:]}}, noData},
		{"too much data", []record{size(1), {recordData, []byte("22")}}, noData},
		{"empty data in the middle", []record{size(2 * maxData), full, {recordData, nil}, full}, noData},
		{"empty data at the end", []record{size(maxData), full, {recordData, nil}}, "the stream goes on after the file"},
		{"empty data of an empty file", []record{size(0), {recordData, nil}}, "the stream goes on after the file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t, key)
			conn, session := s.handshake(t)
			for _, r := range test.records {
				session.out.write(r.t, r.data)
			}
			conn.CloseWrite()
			if kind, _, err := session.in.read(); kind != recordRefusal || err != nil {
				t.Errorf("got a record of type %d, error %v", kind, err)
			}
			conn.Close()
			s.checkFailed(t, test.want)
		})
	}
}

func TestAnswerOfLowOrder(t *testing.T) {
	_, err := clientHandshake(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(append([]byte{accepted}, make([]byte, answerSize-1)...)), io.Discard}, newKey(t).EncapsulationKey())
	checkError(t, "client", err, "the server's answer: ")
}

// TestHostileServer checks that the client does not trust the server about the file, even if the
// server holds the pinned key.
func TestHostileServer(t *testing.T) {
	key := newKey(t)
	digest := sha256.Sum256([]byte("file"))
	for _, test := range []struct {
		name string
		t    recordType
		data []byte
	}{
		{"receipt for another file", recordReceipt, make([]byte, sha256.Size)},
		{"empty receipt", recordReceipt, nil},
		{"no receipt", recordData, digest[:]},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener := newListener(t)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if session, err := serverHandshake(conn, key); err == nil {
					io.Copy(io.Discard, conn)
					session.out.write(test.t, test.data)
				}
			}()
			c := client{addr: listener.Addr().String(), pinned: key.EncapsulationKey(), limits: usual}
			_, err := c.send(t.Context(), strings.NewReader("file"), 4)
			checkError(t, "client", err, "receipt is not for this file")
		})
	}
}

func TestClientMessagesDiffer(t *testing.T) {
	pinned := newKey(t).EncapsulationKey()
	var hellos bytes.Buffer
	for range 2 {
		_, err := clientHandshake(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(""), &hellos}, pinned)
		checkError(t, "client", err, clientTruncated)
	}
	ephemeral, ciphertext := split(hellos.Next(helloSize), xwing.EncapsulationKeySize)
	if bytes.HasPrefix(hellos.Bytes(), ephemeral) || bytes.Contains(hellos.Bytes(), ciphertext[:xwing.CiphertextSize]) {
		t.Error("two connections have the same ephemeral key or static secret")
	}
}

func TestConnectionLost(t *testing.T) {
	key, listener := newKey(t), newListener(t)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		serverHandshake(conn, key)
		conn.Close()
	}()
	c := client{addr: listener.Addr().String(), pinned: key.EncapsulationKey(), limits: usual}
	_, err := c.send(t.Context(), rand.Reader, math.MaxInt64)
	checkError(t, "client", err, "write tcp")
}

// TestOutputImpossible checks that a client in the middle of a large file learns that the server
// cannot keep it.
func TestOutputImpossible(t *testing.T) {
	file := make([]byte, 8<<20)
	t.Run("no directory", func(t *testing.T) {
		s := startServer(t, newKey(t))
		if err := os.Remove(s.dir); err != nil {
			t.Fatal(err)
		}
		_, err := s.send(t, s.addr, file)
		checkError(t, "client", err, clientRefused)
		s.checkLine(t, "open ")
	})
	t.Run("exists by now", func(t *testing.T) {
		s := startServer(t, newKey(t))
		if err := os.WriteFile(s.out, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.send(t, s.addr, file)
		checkError(t, "client", err, clientRefused)
		s.checkLine(t, "link ")
		checkFile(t, s.out, []byte("precious"))
		if err := os.Remove(s.out); err != nil {
			t.Fatal(err)
		}
		checkEmpty(t, s.dir)
	})
}

func TestInterrupt(t *testing.T) {
	s := startServer(t, newKey(t))
	conn, session := s.handshake(t)
	session.out.write(recordSize, sizeRecord(1e6))
	session.out.write(recordData, make([]byte, maxData))
	for range 1000 { // until there is a file to remove
		if entries, _ := os.ReadDir(s.dir); len(entries) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.cancel()
	if kind, _, err := session.in.read(); kind != recordRefusal || err != nil {
		t.Errorf("got a record of type %d, error %v", kind, err)
	}
	conn.Close()
	s.wait(t)
	checkError(t, "server", s.err, "closed")
	checkEmpty(t, s.dir)
}
