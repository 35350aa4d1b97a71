package main

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// A server is the receiving end on a port of its own.
type server struct {
	addr, dir, out string
	key            *xwing.DecapsulationKey
	done           chan struct{}
	report         *report
	err            error
}

func startServer(t *testing.T, key *xwing.DecapsulationKey) *server {
	t.Helper()
	listener, dir := newListener(t), t.TempDir()
	s := &server{
		addr: listener.Addr().String(),
		dir:  dir,
		out:  filepath.Join(dir, "received"),
		key:  key,
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		s.report, s.err = receive(t.Context(), listener, key, s.out)
	}()
	return s
}

// checkFailed waits for the server to fail with an error that has want in it.
func (s *server) checkFailed(t *testing.T, want string) {
	t.Helper()
	<-s.done
	checkError(t, "server", s.err, want)
	checkEmpty(t, s.dir)
}

// dial connects to the server for a client that does not follow the protocol.
func (s *server) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

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
		client, err := send(t.Context(), s.addr, key.EncapsulationKey(), bytes.NewReader(file))
		<-s.done
		if err != nil || s.err != nil {
			t.Fatalf("%d bytes: client: %v; server: %v", size, err, s.err)
		}
		checkFile(t, s.out, file)
		if err := os.Remove(s.out); err != nil {
			t.Fatal(err)
		}
		checkEmpty(t, s.dir)

		digest := sha256.Sum256(file)
		if client.digest != digest || s.report.digest != digest {
			t.Errorf("%d bytes: wrong digest in a report", size)
		}
		if client.size != int64(size) || s.report.size != int64(size) {
			t.Errorf("%d bytes: reported as %d and %d", size, client.size, s.report.size)
		}
		records := size/maxData + 1
		sent := int64(helloSize + size + records*(headerSize+overhead))
		received := int64(answerSize + headerSize + sha256.Size + overhead)
		if client.sent != sent || s.report.received != sent {
			t.Errorf("%d bytes: %d and %d bytes up, want %d", size, client.sent, s.report.received, sent)
		}
		if client.received != received || s.report.sent != received {
			t.Errorf("%d bytes: %d and %d bytes down, want %d", size, client.received, s.report.sent, received)
		}
	}
}

// TestProtocol checks the client with a server that shares no code with this package. The client
// and the server of this package could have the same mistake.
func TestProtocol(t *testing.T) {
	key, listener := newKey(t), newListener(t)
	sent := make(chan error)
	go func() {
		_, err := send(t.Context(), listener.Addr().String(), key.EncapsulationKey(), strings.NewReader("file"))
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
	transcript = []byte("hybridkem example handshake v1: X-Wing, HKDF-SHA256, ChaCha20-Poly1305")
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
	header := []byte{0, 1 + 4 + 16}
	plaintext, err := aead.Open(nil, make([]byte, 12), bytes.TrimPrefix(stream, header), header)
	if err != nil || string(plaintext) != "\x02file" {
		t.Errorf("got %q in the client's record, and error %v", plaintext, err)
	}

	aead, err = chacha20poly1305.New(derive("server records", secrets))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("file"))
	header = []byte{0, 1 + 32 + 16}
	conn.Write(aead.Seal(header, make([]byte, 12), append([]byte{3}, digest[:]...), header))
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestWrongPinnedKey(t *testing.T) {
	s := startServer(t, newKey(t))
	_, err := send(t.Context(), s.addr, newKey(t).EncapsulationKey(), strings.NewReader("secret"))
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
	_, err := send(t.Context(), listener.Addr().String(), pinned, strings.NewReader("secret"))
	checkError(t, "client", err, clientAltered)
	if n := <-leaked; n != 0 {
		t.Errorf("the client sent %d bytes to an impostor", n)
	}
}

func TestManInTheMiddle(t *testing.T) {
	const (
		parts  = 3 // full records of the file, before the final one
		record = headerSize + maxData + overhead
		final  = headerSize + len("end") + overhead
		stream = helloSize + parts*record + final
		x25519 = 32 // the size of X25519's part, which is the last one of a key or ciphertext
		ekSize = xwing.EncapsulationKeySize
		ctSize = xwing.CiphertextSize
		badRec = "record 0" + serverRecord
		badLen = "record 0 has the impossible length"
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

	for _, n := range []int{0, 1, headerSize, record - 1} {
		up(fmt.Sprintf("record cut to %d", n), cut(helloSize+n), clientRefused, serverStream+"0")
	}
	up("cut before the final record", cut(stream-final), clientRefused, serverStream+"3")
	up("final record cut", cut(stream-1), clientRefused, serverStream+"3")
	up("length too great", flip(helloSize, 0x80), clientRefused, badLen)
	up("length one too great", flip(helloSize+1, (maxData+overhead)^(maxData+overhead+1)), clientRefused, badLen)
	for _, n := range []int{headerSize, headerSize + 1, record / 2, record - 16, record - 1} {
		up(fmt.Sprintf("record flipped at %d", n), flip(helloSize+n, 1), clientRefused, badRec)
	}
	up("final record flipped", flip(stream-1, 1), clientRefused, "record 3"+serverRecord)

	up("length too small", edit(func(r [][]byte) [][]byte {
		return append([][]byte{{0, overhead - 1}, make([]byte, overhead-1)}, r...)
	}), clientRefused, badLen)
	up("empty record", edit(func(r [][]byte) [][]byte {
		return append([][]byte{{0, 0}}, r...)
	}), clientRefused, badLen)
	up("record replayed", edit(func(r [][]byte) [][]byte {
		return slices.Insert(r, 1, r[0])
	}), clientRefused, "record 1"+serverRecord)
	up("records swapped", edit(func(r [][]byte) [][]byte {
		r[1], r[2] = r[2], r[1]
		return r
	}), clientRefused, "record 1"+serverRecord)
	up("first record dropped", edit(func(r [][]byte) [][]byte {
		return r[1:]
	}), clientRefused, badRec)
	up("record dropped", edit(func(r [][]byte) [][]byte {
		return slices.Delete(r, 1, 2)
	}), clientRefused, "record 1"+serverRecord)
	up("all records dropped", edit(func(r [][]byte) [][]byte {
		return nil
	}), clientRefused, serverStream+"0")
	up("final record replayed", edit(func(r [][]byte) [][]byte {
		return append(r, r[len(r)-1])
	}), clientRefused, "the stream goes on after its final record")
	up("one byte of garbage at the end", edit(func(r [][]byte) [][]byte {
		return append(r, []byte{0})
	}), clientRefused, "the stream goes on after its final record")

	key := newKey(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t, key)
			addr := startProxy(t, s.addr, test.up, test.down)
			_, err := send(t.Context(), addr, key.EncapsulationKey(), bytes.NewReader(file))
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
			_, err := send(t.Context(), addr, s.key.EncapsulationKey(), strings.NewReader("file"))
			checkError(t, "client", err, clientReceipt)
			<-s.done
			if s.err != nil {
				t.Fatal(s.err)
			}
			checkFile(t, s.out, []byte("file"))
		})
	}
}

func TestSessionReplayed(t *testing.T) {
	key := newKey(t)
	s := startServer(t, key)
	conn := s.dial(t)
	var recording bytes.Buffer
	session, err := clientHandshake(struct {
		io.Reader
		io.Writer
	}{conn, io.MultiWriter(conn, &recording)}, key.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	session.out.write(recordFinal, []byte("file"))
	conn.CloseWrite()
	<-s.done
	if s.err != nil {
		t.Fatal(s.err)
	}

	s = startServer(t, key)
	conn = s.dial(t)
	conn.Write(recording.Bytes())
	conn.CloseWrite()
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
	for _, unexpected := range []recordType{0, recordReceipt, recordRefusal, 255} {
		t.Run(fmt.Sprintf("record of type %d", unexpected), func(t *testing.T) {
			s := startServer(t, key)
			conn := s.dial(t)
			session, err := clientHandshake(conn, key.EncapsulationKey())
			if err != nil {
				t.Fatal(err)
			}
			session.out.write(unexpected, []byte("data"))
			session.out.write(recordFinal, nil)
			conn.CloseWrite()
			s.checkFailed(t, fmt.Sprintf("unexpected type %d", unexpected))
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
		{"no receipt", recordFinal, digest[:]},
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
			_, err := send(t.Context(), listener.Addr().String(), key.EncapsulationKey(), strings.NewReader("file"))
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
	file := rand.Reader // this file has no end
	_, err := send(t.Context(), listener.Addr().String(), key.EncapsulationKey(), file)
	checkError(t, "client", err, "write tcp")
}

// TestSilentPeer checks that the server gives up after a while if the client falls silent, at
// whatever step that is.
func TestSilentPeer(t *testing.T) {
	key := newKey(t)
	for name, speak := range map[string]func(conn net.Conn){
		"at once": func(conn net.Conn) {},
		"after the handshake": func(conn net.Conn) {
			clientHandshake(conn, key.EncapsulationKey())
		},
		"after the final record": func(conn net.Conn) {
			if session, err := clientHandshake(conn, key.EncapsulationKey()); err == nil {
				session.out.write(recordFinal, nil)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			listener, dir := newListener(t), t.TempDir()
			client, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			conn, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go speak(client)
			w := &wire{Conn: conn, patience: 50 * time.Millisecond}
			_, err = serve(w, key, filepath.Join(dir, "received"))
			checkError(t, "server", err, "timeout")
			checkEmpty(t, dir)
		})
	}
}

// rationed is a connection whose deadline passes after a number of bytes.
type rationed struct {
	net.Conn
	bytes int
}

func (r *rationed) SetDeadline(time.Time) error {
	r.bytes = headerSize + maxData + overhead
	return nil
}

func (r *rationed) Read(p []byte) (int, error) {
	if r.bytes < len(p) {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := r.Conn.Read(p)
	r.bytes -= n
	return n, err
}

func TestTimeForEachRecord(t *testing.T) {
	key, listener, dir := newKey(t), newListener(t), t.TempDir()
	file := randomBytes(3 * maxData)
	sent := make(chan error)
	go func() {
		_, err := send(t.Context(), listener.Addr().String(), key.EncapsulationKey(), bytes.NewReader(file))
		sent <- err
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_, err = serve(&wire{Conn: &rationed{Conn: conn}}, key, filepath.Join(dir, "received"))
	conn.Close()
	if clientErr := <-sent; clientErr != nil || err != nil {
		t.Fatalf("client: %v; server: %v", clientErr, err)
	}
	checkFile(t, filepath.Join(dir, "received"), file)
}

// TestOutputImpossible checks that a client in the middle of a large file learns why the server
// does not want the file.
func TestOutputImpossible(t *testing.T) {
	file := make([]byte, 8<<20)
	t.Run("no directory", func(t *testing.T) {
		s := startServer(t, newKey(t))
		if err := os.Remove(s.dir); err != nil {
			t.Fatal(err)
		}
		_, err := send(t.Context(), s.addr, s.key.EncapsulationKey(), bytes.NewReader(file))
		checkError(t, "client", err, clientRefused)
		<-s.done
		if !errors.Is(s.err, fs.ErrNotExist) {
			t.Errorf("server: got error %v", s.err)
		}
	})
	t.Run("exists by now", func(t *testing.T) {
		s := startServer(t, newKey(t))
		if err := os.WriteFile(s.out, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := send(t.Context(), s.addr, s.key.EncapsulationKey(), bytes.NewReader(file))
		checkError(t, "client", err, clientRefused)
		<-s.done
		if !errors.Is(s.err, fs.ErrExist) {
			t.Errorf("server: got error %v", s.err)
		}
		checkFile(t, s.out, []byte("precious"))
		if err := os.Remove(s.out); err != nil {
			t.Fatal(err)
		}
		checkEmpty(t, s.dir)
	})
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	key, listener, dir := newKey(t), newListener(t), t.TempDir()
	done := make(chan error)
	go func() {
		_, err := receive(ctx, listener, key, filepath.Join(dir, "received"))
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	session, err := clientHandshake(conn, key.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	session.out.write(recordData, []byte("the rest follows"))
	cancel()
	checkError(t, "server", <-done, "closed")
	checkEmpty(t, dir)
}
