package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/kem"
	"hybridkem/xwing"
)

func newServer(t *testing.T, k kem.KEM) *server {
	t.Helper()
	key, err := k.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return &server{key: key, queue: batch.NewQueue(16, 0), connections: 4, patience: patience}
}

// start serves until the test ends.
func (s *server) start(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		s.serve(ctx, listener)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the server does not end")
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// A pass reads what one end wrote to the other, and may change it.
type pass struct {
	io.Reader
	io.Writer
}

// TestExchange checks that both ends get the same key with every KEM, with and without batches, and
// that each notices when a byte of what it got was altered.
func TestExchange(t *testing.T) {
	kems := hybridkem.All()
	if testing.Short() {
		kems = kems[:2]
	}
	for _, k := range kems {
		s := newServer(t, k)
		for _, queue := range []*batch.Queue{nil, s.queue} {
			s.queue = queue
			encoded := s.key.PublicKey().Bytes()
			exchange := func(damageMessage, damageAnswer int) (client, server []byte, clientErr, serverErr error) {
				var message, answer bytes.Buffer
				send := func(p []byte) {
					message.Write(p)
					if damageMessage >= 0 {
						message.Bytes()[damageMessage] ^= 1
					}
					server, serverErr = s.exchange(t.Context(), pass{&message, &answer}, encoded)
					if damageAnswer >= 0 && serverErr == nil {
						answer.Bytes()[damageAnswer] ^= 1
					}
				}
				client, clientErr = clientExchange(pass{&answer, writer(send)}, s.key.PublicKey(), encoded)
				return
			}
			client, server, clientErr, serverErr := exchange(-1, -1)
			if clientErr != nil || serverErr != nil || len(client) != 32 || !bytes.Equal(client, server) {
				t.Errorf("%s: keys %x and %x, errors %v and %v", k.Name(), client, server, clientErr, serverErr)
			}
			for _, at := range []int{0, k.CiphertextSize() - 1, k.CiphertextSize(), k.CiphertextSize() + 31} {
				if client, server, clientErr, serverErr := exchange(at, -1); clientErr == nil || serverErr == nil || client != nil || server != nil {
					t.Errorf("%s, byte %d of the message altered: errors %v and %v", k.Name(), at, clientErr, serverErr)
				}
			}
			for _, at := range []int{0, 31} {
				if client, _, clientErr, serverErr := exchange(-1, at); clientErr == nil || serverErr != nil || client != nil {
					t.Errorf("%s, byte %d of the answer altered: errors %v and %v", k.Name(), at, clientErr, serverErr)
				}
			}
		}
	}
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// TestOtherKey checks that a client with another server's key fails, and with it the load.
func TestOtherKey(t *testing.T) {
	addr := newServer(t, xwing.KEM()).start(t)
	l := load{addr: addr, ek: newServer(t, xwing.KEM()).key.PublicKey(), clients: 3, each: 10}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var done record
	if err := l.run(ctx, &done); err == nil || ctx.Err() != nil || len(done.take()) > 0 {
		t.Errorf("got error %v", err)
	}
}

// TestLimits checks that one more client than the server has connections waits, and that a client that
// is silent loses its connection.
func TestLimits(t *testing.T) {
	s := newServer(t, xwing.KEM())
	s.patience = 200 * time.Millisecond
	addr := s.start(t)
	start := time.Now()
	for range s.connections {
		dial(t, addr)
	}
	encoded := s.key.PublicKey().Bytes()
	if _, err := clientExchange(dial(t, addr), s.key.PublicKey(), encoded); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d < s.patience {
		t.Errorf("the last client was served after %v, while the first had their connections", d)
	}
	silent := dial(t, addr)
	silent.Write(make([]byte, 100))
	if n, err := silent.Read(make([]byte, 1)); err == nil || time.Since(start) > patience/2 {
		t.Errorf("a client that sends half a message gets %d bytes, error %v, after %v", n, err, time.Since(start))
	}
}

func TestRun(t *testing.T) {
	for _, test := range []struct{ batch, want string }{{"off", "without"}, {"on", "with"}, {"both", "without with"}} {
		t.Run(test.batch, func(t *testing.T) {
			if testing.Short() && test.batch != "both" {
				t.Skip("both runs the same code")
			}
			t.Parallel()
			var stdout, stderr strings.Builder
			if code := run(t.Context(), []string{"-batch", test.batch, "-time", "1300ms", "-clients", "3", "-each", "7"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
				t.Errorf("exit status %d: %s", code, &stderr)
			}
			var got []string
			for _, m := range regexp.MustCompile(`(?m)^(\w+) batches +(\d+) exchanges/s +p50 +([0-9.]+) ms +p99 +([0-9.]+) ms$`).FindAllStringSubmatch(stdout.String(), -1) {
				got = append(got, m[1])
				rate, _ := strconv.Atoi(m[2])
				p50, _ := strconv.ParseFloat(m[3], 64)
				p99, _ := strconv.ParseFloat(m[4], 64)
				if rate < 10 || p50 <= 0 || p99 < p50 {
					t.Errorf("%s", m[0])
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("results %q, want %q, in\n%s", got, test.want, &stdout)
			}
			// Each turn also has a line of its first second.
			if n := strings.Count(stdout.String(), " exchanges/s"); n < 2*len(got) {
				t.Errorf("%d lines in\n%s", n, &stdout)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	var stderr strings.Builder
	if code := run(ctx, []string{"-time", "1h", "-clients", "2"}, io.Discard, &stderr); code != 1 || time.Since(start) > patience {
		t.Errorf("exit status %d after %v: %s", code, time.Since(start), &stderr)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{
		{"-unknown"}, {"argument"}, {"-kem", "none"}, {"-batch", "maybe"}, {"-clients", "0"}, {"-each", "-1"}, {"-time", "0s"},
	} {
		var stderr strings.Builder
		if code := run(t.Context(), args, io.Discard, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit status %d: %s", args, code, &stderr)
		}
	}
	if code := run(t.Context(), []string{"-help"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("-help: exit status %d", code)
	}
}

func TestDescribe(t *testing.T) {
	var latencies []time.Duration
	for i := range 100 {
		latencies = append(latencies, time.Duration(100-i)*time.Millisecond)
	}
	for want, got := range map[string]string{
		"     50 exchanges/s   p50   51.00 ms   p99  100.00 ms": describe(latencies, 2*time.Second),
		"      0 exchanges/s   p50    0.00 ms   p99    0.00 ms": describe(nil, time.Second),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
