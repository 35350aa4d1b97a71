package noise

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"hybridkem/internal/testkit"
	"hybridkem/kem"
)

// configsOf returns configurations with fresh keys for both sides of a protocol. Each expects the other's static key.
func configsOf(t testing.TB, name string) (initiator, responder *Config) {
	t.Helper()
	p, err := ParseProtocol(name)
	if err != nil {
		t.Fatal(err)
	}
	configs := [2]*Config{{Protocol: name}, {Protocol: name}}
	for i, own := range configs {
		peer := configs[1-i]
		if p.pattern.sends(i == 0, tokenS) {
			if p.pattern.dh {
				if own.Static, err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
					t.Fatal(err)
				}
				peer.PeerStatic = own.Static.PublicKey()
			}
			if p.pattern.kem {
				dk, err := p.staticKEM.GenerateKey()
				if err != nil {
					t.Fatal(err)
				}
				own.StaticKEM, peer.PeerStaticKEM = dk, dk.PublicKey()
			}
		}
		for range p.pattern.psks {
			own.PSKs = append(own.PSKs, bytes.Repeat([]byte{7}, keySize))
		}
	}
	return configs[0], configs[1]
}

// connect returns both ends of a new connection.
func connect(t testing.TB, network string) (client, server net.Conn) {
	t.Helper()
	if network == "pipe" {
		return net.Pipe()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// connection returns both sides, with a deadline so that no test waits for ever.
func connection(t testing.TB, network string, initiator, responder *Config) (client, server *Conn) {
	t.Helper()
	c, s := connect(t, network)
	for _, conn := range []net.Conn{c, s} {
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { conn.Close() })
	}
	return Client(c, initiator), Server(s, responder)
}

// both calls two functions at the same time and returns their errors.
func both(f, g func() error) (error, error) {
	errs := make(chan error, 1)
	go func() { errs <- f() }()
	err := g()
	return <-errs, err
}

// connected is connection after the handshake.
func connected(t testing.TB, network string, initiator, responder *Config) (client, server *Conn) {
	t.Helper()
	client, server = connection(t, network, initiator, responder)
	if errClient, errServer := both(client.Handshake, server.Handshake); errClient != nil || errServer != nil {
		t.Fatalf("%s: %v, %v", initiator.Protocol, errClient, errServer)
	}
	return client, server
}

const plainXX = "Noise_XX_25519_ChaChaPoly_SHA256"

// families has a protocol of each family.
var families = []string{
	"Noise_NN_25519_ChaChaPoly_SHA256",
	plainXX,
	"Noise_IK_25519_AESGCM_BLAKE2b",
	"Noise_KKpsk0_25519_ChaChaPoly_SHA512",
	"Noise_X1X1_25519_AESGCM_BLAKE2s",
	"Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256",
	"Noise_pqXX_MLKEM1024_ChaChaPoly_SHA256",
	"Noise_hybridIK_25519+MLKEM768_AESGCM_SHA256",
	"Noise_hybridXX_25519+XWing_ChaChaPoly_SHA256",
	"Noise_N_25519_ChaChaPoly_SHA256",
	"Noise_Kpsk1_25519_AESGCM_SHA256",
	"Noise_X_25519_ChaChaPoly_BLAKE2s",
}

// TestConn sends data over a connection of each family, in each direction that it has, up to the end of the stream.
func TestConn(t *testing.T) {
	data := make([]byte, 200_000) // several messages
	rand.Read(data)
	for i, name := range families {
		for _, network := range []string{"tcp", "pipe"} {
			initiator, responder := configsOf(t, name)
			client, server := connected(t, network, initiator, responder)
			a, b := client.ConnectionState(), server.ConnectionState()
			if !a.HandshakeComplete || a.Protocol != name || b.Protocol != name || len(a.HandshakeHash) < 32 || !bytes.Equal(a.HandshakeHash, b.HandshakeHash) {
				t.Errorf("%s: %+v, %+v", name, a, b)
			}
			for _, side := range []struct {
				state ConnectionState
				peer  *Config
			}{{a, responder}, {b, initiator}} {
				if (side.peer.Static != nil) != (side.state.PeerStatic != nil) || side.peer.Static != nil && !side.peer.Static.PublicKey().Equal(side.state.PeerStatic) ||
					(side.peer.StaticKEM != nil) != (side.state.PeerStaticKEM != nil) || side.peer.StaticKEM != nil && !bytes.Equal(side.peer.StaticKEM.PublicKey().Bytes(), side.state.PeerStaticKEM.Bytes()) {
					t.Errorf("%s: wrong static keys", name)
				}
			}
			directions := [][2]*Conn{{client, server}, {server, client}}
			oneWay := i >= len(families)-3
			if oneWay {
				directions = directions[:1]
				if _, err := server.Write(data); !errors.Is(err, ErrOrder) {
					t.Errorf("%s: the error of Write is %v", name, err)
				}
				if _, err := client.Read(make([]byte, 1)); !errors.Is(err, ErrOrder) {
					t.Errorf("%s: the error of Read is %v", name, err)
				}
			}
			for _, d := range directions {
				errWrite, errRead := both(func() error {
					if n, err := d[0].Write(nil); n != 0 || err != nil { // not the end of the stream
						return fmt.Errorf("%d, %v", n, err)
					}
					if n, err := d[0].Write(data); n != len(data) || err != nil {
						return fmt.Errorf("%d, %v", n, err)
					}
					return d[0].CloseWrite()
				}, func() error {
					got, err := io.ReadAll(iotest.HalfReader(d[1]))
					if err == nil && !bytes.Equal(got, data) {
						err = fmt.Errorf("read %d other bytes", len(got))
					}
					return err
				})
				if errWrite != nil || errRead != nil {
					t.Errorf("%s over %s: %v, %v", name, network, errWrite, errRead)
				}
				if _, err := d[0].Write(data); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the error of Write after CloseWrite is %v", err)
				}
				if _, err := d[1].Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the error of a second Read is %v", err)
				}
			}
			for _, c := range []*Conn{client, server} {
				c.Close()
				if err := c.Close(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the error of a second Close is %v", err)
				}
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the error of Read after Close is %v", err)
				}
				checkWiped(t, c)
			}
		}
	}
}

// checkWiped checks that a Conn has no keys any more.
func checkWiped(t *testing.T, c *Conn) {
	t.Helper()
	for _, h := range []*half{&c.in, &c.out} {
		h.Lock()
		if h.cipher != nil && h.cipher.hasKey() {
			t.Error("a key is left")
		}
		h.Unlock()
	}
}

// A tap is a connection whose written bytes go through change, which gets the number of those before.
type tap struct {
	net.Conn
	n      int
	change func(n int, b []byte) ([]byte, error)
}

func (c *tap) Write(b []byte) (int, error) {
	changed, err := c.change(c.n, bytes.Clone(b))
	c.n += len(b)
	if _, errWrite := c.Conn.Write(changed); errWrite != nil {
		return 0, errWrite
	}
	if err != nil {
		c.Conn.Close()
	}
	return len(b), nil
}

// exchange sends "hello" in both directions, with a change of the bytes of one side. It returns what each side has read.
func exchange(t *testing.T, name string, fromClient bool, change func(n int, b []byte) ([]byte, error)) (n int, read [2]string, errs [2]error, conns [2]*Conn) {
	initiator, responder := configsOf(t, name)
	client, server := connect(t, "pipe")
	changed := &tap{change: change}
	if fromClient {
		changed.Conn, client = client, changed
	} else {
		changed.Conn, server = server, changed
	}
	conns = [2]*Conn{Client(client, initiator), Server(server, responder)}
	side := func(i int) error {
		c := conns[i]
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		write := func() error {
			if _, err := c.Write([]byte("hello")); err != nil {
				return err
			}
			return c.CloseWrite()
		}
		if i == 0 {
			if err := write(); err != nil {
				return err
			}
		}
		b, err := io.ReadAll(c)
		read[i] = string(b)
		if err != nil {
			return err
		}
		if i == 1 {
			return write()
		}
		return nil
	}
	errs[0], errs[1] = both(func() error { return side(0) }, func() error { return side(1) })
	return changed.n, read, errs, conns
}

// step is how far tests that try every byte go on.
func step() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// TestTruncation ends the connection after every byte that a side sends. The other side must not take it for the end
// of the stream.
func TestTruncation(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		reader := 0
		if fromClient {
			reader = 1
		}
		total, read, errs, _ := exchange(t, "Noise_IK_25519_ChaChaPoly_SHA256", fromClient, func(_ int, b []byte) ([]byte, error) { return b, nil })
		if read != [2]string{"hello", "hello"} || errs != [2]error{} {
			t.Fatal(read, errs)
		}
		for cut := 0; cut < total; cut += step() {
			_, read, errs, _ := exchange(t, "Noise_IK_25519_ChaChaPoly_SHA256", fromClient, func(n int, b []byte) ([]byte, error) {
				if n+len(b) <= cut {
					return b, nil
				}
				return b[:max(cut-n, 0)], io.EOF
			})
			if !errors.Is(errs[reader], io.ErrUnexpectedEOF) && !errors.Is(errs[reader], io.ErrClosedPipe) || read[reader] != "" && read[reader] != "hello" {
				t.Errorf("after %d of %d bytes: read %q, %v", cut, total, read[reader], errs[reader])
			}
		}
	}
}

// TestChanges changes every byte that a side sends. The other side must read nothing that was not sent, and end.
func TestChanges(t *testing.T) {
	for _, name := range []string{"Noise_IK_25519_ChaChaPoly_SHA256", "Noise_NNpsk0_25519_AESGCM_SHA256"} {
		for _, fromClient := range []bool{true, false} {
			reader := 0
			if fromClient {
				reader = 1
			}
			total, _, _, _ := exchange(t, name, fromClient, func(_ int, b []byte) ([]byte, error) { return b, nil })
			for at := 0; at < total; at += step() {
				ended := false
				_, read, errs, conns := exchange(t, name, fromClient, func(n int, b []byte) ([]byte, error) {
					if at >= n && at < n+len(b) {
						b[at-n] ^= 1 << (at % 8)
						ended = true
					}
					if ended { // so that nobody waits for more bytes, if this was a length
						return b, io.EOF
					}
					return b, nil
				})
				err := errs[reader]
				if err == nil || read[reader] != "" && read[reader] != "hello" {
					t.Errorf("%s, byte %d: read %q, %v", name, at, read[reader], err)
				}
				if c := conns[reader]; c.forged.Load() != nil && !errors.Is(err, ErrDecrypt) {
					t.Errorf("%s, byte %d: %v", name, at, err)
				}
			}
		}
	}
}

// TestForged checks that a message that is not authentic writes nothing and ends both directions.
func TestForged(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	client, server := connected(t, "tcp", initiator, responder)
	for _, data := range []string{"one", "two"} {
		if _, err := client.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.NetConn().Write(append([]byte{0, 20}, make([]byte, 20)...)); err != nil {
		t.Fatal(err)
	}
	b := bytes.Repeat([]byte{9}, 100)
	for _, want := range []string{"one", "two"} {
		if n, err := server.Read(b); err != nil || string(b[:n]) != want {
			t.Fatalf("%q, %v", b[:n], err)
		}
	}
	copy(b, bytes.Repeat([]byte{9}, 100))
	for range 2 {
		n, err := server.Read(b)
		if n != 0 || !errors.Is(err, ErrDecrypt) || err.Error() != "noise: transport message 3 is not authentic" {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := server.Write([]byte("more")); !errors.Is(err, ErrDecrypt) {
			t.Errorf("the error of Write is %v", err)
		}
	}
	if !bytes.Equal(b, bytes.Repeat([]byte{9}, 100)) {
		t.Error("a Read with an error has written to its buffer")
	}
	checkWiped(t, server)
}

// TestLengths sends handshake messages that are a byte too long or too short, or as long as they can be. Only
// their two bytes of length are sent, so that nobody waits for the rest.
func TestLengths(t *testing.T) {
	sent := func(c net.Conn, size int) {
		c.Write([]byte{byte(size >> 8), byte(size)})
	}
	initiator, responder := configsOf(t, plainXX)
	for _, maxPayload := range []int{0, 10} {
		responder.MaxPayload = maxPayload
		for _, size := range []int{0, 31, 33 + maxPayload, MaxMessageSize} {
			raw, server := connect(t, "pipe")
			s := Server(server, responder)
			s.SetDeadline(time.Now().Add(2 * time.Second))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			go sent(raw, size)
			if err := s.Handshake(); !errors.Is(err, ErrHandshake) || err.Error() != "noise: message 1 of the handshake is invalid" {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 50_000 && !testkit.Race {
				t.Errorf("%d bytes: a peer takes %d bytes of memory", size, after.TotalAlloc-before.TotalAlloc)
			}
			raw.Close()
		}
		for extra := range maxPayload + 1 {
			initiator.Payload = func(message int) []byte { return make([]byte, extra) }
			initiator.MaxPayload = maxPayload
			connected(t, "pipe", initiator, responder)
		}
	}
	initiator.Payload, initiator.MaxPayload = nil, 0
	for _, size := range []int{95, 97, MaxMessageSize} {
		client, raw := connect(t, "pipe")
		c := Client(client, initiator)
		c.SetDeadline(time.Now().Add(2 * time.Second))
		go func() {
			io.ReadFull(raw, make([]byte, 34))
			sent(raw, size)
		}()
		if err := c.Handshake(); !errors.Is(err, ErrHandshake) || err.Error() != "noise: message 2 of the handshake is invalid" {
			t.Fatalf("%d bytes: %v", size, err)
		}
		raw.Close()
	}
}

// TestPayloads sends payloads with all messages of a handshake.
func TestPayloads(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	for _, c := range []*Config{initiator, responder} {
		c.Payload = func(message int) []byte { return fmt.Appendf(nil, "message %d", message) }
		c.MaxPayload = 9
	}
	client, server := connected(t, "tcp", initiator, responder)
	want := [2]string{"[{2 message 2 true}]", "[{1 message 1 false} {3 message 3 true}]"}
	for i, c := range []*Conn{client, server} {
		text := "["
		for j, p := range c.ConnectionState().Payloads {
			if j > 0 {
				text += " "
			}
			text += fmt.Sprintf("{%d %s %v}", p.Message, p.Data, p.Encrypted)
		}
		if text += "]"; text != want[i] {
			t.Errorf("got %s, want %s", text, want[i])
		}
	}
	initiator.Payload = func(int) []byte { return make([]byte, MaxMessageSize) }
	client, server = connection(t, "tcp", initiator, responder)
	errClient, errServer := both(func() error { defer client.Close(); return client.Handshake() }, server.Handshake)
	if !errors.Is(errClient, ErrMessageLength) || !errors.Is(errServer, io.ErrUnexpectedEOF) {
		t.Errorf("%v, %v", errClient, errServer)
	}
}

// TestVerify tries all ways to judge the static key that the peer transmits.
func TestVerify(t *testing.T) {
	errNo := errors.New("no")
	other, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{plainXX, "Noise_pqXX_MLKEM768_ChaChaPoly_SHA256", "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256"} {
		p, err := ParseProtocol(name)
		if err != nil {
			t.Fatal(err)
		}
		_, stranger := configsOf(t, name)
		calls := 0
		for what, test := range map[string]struct {
			set  func(c *Config)
			want error
		}{
			"expected": {func(c *Config) {}, nil},
			"another": {func(c *Config) {
				if p.pattern.dh {
					c.PeerStatic = other.PublicKey()
				} else {
					c.PeerStaticKEM = stranger.StaticKEM.PublicKey()
				}
			}, ErrPeer},
			"another last one": {func(c *Config) {
				if p.pattern.kem {
					c.PeerStaticKEM = stranger.StaticKEM.PublicKey()
				} else {
					c.PeerStatic = other.PublicKey()
				}
			}, ErrPeer},
			"nothing": {func(c *Config) { c.PeerStatic, c.PeerStaticKEM = nil, nil }, ErrConfig},
			"any":     {func(c *Config) { c.PeerStatic, c.PeerStaticKEM, c.AnyPeer = nil, nil, true }, nil},
			"two":     {func(c *Config) { c.AnyPeer = true }, ErrConfig},
			"yes": {func(c *Config) {
				wantStatic, wantKEM := c.PeerStatic, c.PeerStaticKEM
				c.PeerStatic, c.PeerStaticKEM = nil, nil
				c.VerifyPeer = func(static *ecdh.PublicKey, staticKEM kem.EncapsulationKey) error {
					calls++
					if (static != nil) != p.pattern.dh || (staticKEM != nil) != p.pattern.kem || static != nil && !static.Equal(wantStatic) || staticKEM != nil && !bytes.Equal(staticKEM.Bytes(), wantKEM.Bytes()) {
						return errors.New("wrong arguments")
					}
					return nil
				}
			}, nil},
			"no": {func(c *Config) {
				c.PeerStatic, c.PeerStaticKEM = nil, nil
				c.VerifyPeer = func(*ecdh.PublicKey, kem.EncapsulationKey) error { return errNo }
			}, errNo},
			"one key of two": {func(c *Config) {
				if c.PeerStaticKEM = nil; !p.pattern.dh {
					c.PeerStatic = other.PublicKey()
				} else if !p.pattern.kem {
					c.PeerStatic = nil
				}
			}, ErrConfig},
		} {
			for i := range 2 {
				initiator, responder := configsOf(t, name)
				configs := [2]*Config{initiator, responder}
				test.set(configs[i])
				client, server := connection(t, "tcp", initiator, responder)
				conns := [2]*Conn{client, server}
				errOwn, _ := both(func() error {
					defer conns[i].CloseWrite()
					err := conns[i].Handshake()
					if err != nil {
						conns[i].Close()
					}
					return err
				}, func() error {
					_, err := conns[1-i].Read(make([]byte, 1))
					return err
				})
				if !errors.Is(errOwn, test.want) || test.want == errNo && !errors.Is(errOwn, ErrPeer) {
					t.Errorf("%s, %s, side %d: the error is %v, want %v", name, what, i, errOwn, test.want)
				}
				if test.want != nil && conns[i].ConnectionState().HandshakeComplete {
					t.Error("the handshake is complete")
				}
			}
		}
		if calls != 2 {
			t.Errorf("%d calls of VerifyPeer", calls)
		}
	}
	// A function that would never be called is an error.
	for _, name := range []string{"Noise_NN_25519_ChaChaPoly_SHA256", "Noise_KK_25519_ChaChaPoly_SHA256"} {
		initiator, _ := configsOf(t, name)
		initiator.VerifyPeer = func(*ecdh.PublicKey, kem.EncapsulationKey) error { return nil }
		client, _ := connection(t, "pipe", initiator, nil)
		if err := client.Handshake(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	initiator, _ := configsOf(t, plainXX)
	initiator.PeerStatic, initiator.AnyPeer = nil, true
	if _, err := NewHandshakeState(initiator, true); !errors.Is(err, ErrConfig) {
		t.Errorf("a HandshakeState takes AnyPeer: %v", err)
	}
}

// TestVerifyFirst checks that a side sends nothing, such as its static key, after a static key that it refuses.
func TestVerifyFirst(t *testing.T) {
	for i, test := range []struct {
		name string
		sent int // what the side that refuses has sent before
	}{{plainXX, 2 + 32}, {"Noise_IX_25519_ChaChaPoly_SHA256", 0}} {
		initiator, responder := configsOf(t, test.name)
		configs := [2]*Config{initiator, responder}
		client, server := connect(t, "tcp")
		conns := [2]net.Conn{client, server}
		counted := &tap{Conn: conns[i], change: func(_ int, b []byte) ([]byte, error) { return b, nil }}
		conns[i] = counted
		configs[i].PeerStatic = nil
		configs[i].VerifyPeer = func(*ecdh.PublicKey, kem.EncapsulationKey) error { return errors.New("no") }
		sides := [2]*Conn{Client(conns[0], initiator), Server(conns[1], responder)}
		errOwn, errPeer := both(func() error {
			defer sides[i].Close()
			return sides[i].Handshake()
		}, sides[1-i].Handshake)
		if !errors.Is(errOwn, ErrPeer) || errPeer == nil || counted.n != test.sent {
			t.Errorf("%s: %v, %v, %d bytes sent", test.name, errOwn, errPeer, counted.n)
		}
		sides[1-i].Close()
	}
}

// A slow connection sends and receives one byte at a time.
type slow struct{ net.Conn }

func (c slow) Read(b []byte) (int, error) { return c.Conn.Read(b[:min(len(b), 1)]) }

func (c slow) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		_, err = c.Conn.Write(b[n : n+1])
		n++
	}
	return n, err
}

func TestSlow(t *testing.T) {
	initiator, responder := configsOf(t, families[5])
	c, s := connect(t, "pipe")
	client, server := Client(slow{c}, initiator), Server(slow{s}, responder)
	errClient, errServer := both(func() error {
		if _, err := client.Write(make([]byte, 1000)); err != nil {
			return err
		}
		return client.Close()
	}, func() error {
		b, err := io.ReadAll(server)
		if len(b) != 1000 {
			return fmt.Errorf("%d bytes, %v", len(b), err)
		}
		return err
	})
	if errClient != nil || errServer != nil {
		t.Error(errClient, errServer)
	}
}

// TestDeadlines lets deadlines pass in a handshake, in a Read and in a Write.
func TestDeadlines(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	soon := func() time.Time { return time.Now().Add(10 * time.Millisecond) }

	client, _ := connection(t, "tcp", initiator, responder)
	client.SetReadDeadline(soon())
	first := client.Handshake()
	if timeout, ok := first.(net.Error); !ok || !timeout.Timeout() {
		t.Errorf("handshake: %T is no net.Error", first)
	}
	client.SetReadDeadline(time.Time{})
	if second := client.Handshake(); !errors.Is(first, os.ErrDeadlineExceeded) || second != first {
		t.Errorf("handshake: %v, %v", first, second)
	}

	// A Read goes on after a part of a message.
	client, server := connected(t, "tcp", initiator, responder)
	message, err := client.out.cipher.Encrypt([]byte{0, 0}, nil, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	framed(message)
	b := make([]byte, 10)
	for i := range message {
		if i == 0 || i == 1 || i == 2 || i == len(message)-1 {
			server.SetReadDeadline(soon())
			if n, err := server.Read(b); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("after %d bytes: %d, %v", i, n, err)
			}
		}
		client.NetConn().Write(message[i : i+1])
	}
	server.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := server.Read(b); string(b[:n]) != "hello" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}

	// A Write does not go on.
	client, server = connected(t, "pipe", initiator, responder)
	client.SetWriteDeadline(soon())
	go server.NetConn().Read(b[:1])
	_, first = client.Write([]byte("hello"))
	client.SetWriteDeadline(time.Time{})
	go io.Copy(io.Discard, server.NetConn()) // ends when the test closes the connection
	if n, second := client.Write([]byte("hello")); n != 0 || !errors.Is(first, os.ErrDeadlineExceeded) || second != first {
		t.Errorf("write: %v, %v", first, second)
	}
	if err := client.CloseWrite(); err != first {
		t.Errorf("CloseWrite: %v", err)
	}
}

// TestClose closes a connection while another call waits, or while none does.
func TestClose(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	for what, call := range map[string]func(c *Conn) error{
		"Read":       func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"Write":      func(c *Conn) error { _, err := c.Write(make([]byte, 100_000)); return err },
		"CloseWrite": (*Conn).CloseWrite,
	} {
		client, server := connected(t, "pipe", initiator, responder)
		if what == "Read" {
			go io.Copy(io.Discard, server.NetConn()) // takes the end of the stream
		}
		err, _ := both(func() error { return call(client) }, func() error {
			time.Sleep(5 * time.Millisecond)
			return client.Close()
		})
		if err == nil {
			t.Errorf("%s has no error", what)
		}
		checkWiped(t, client)
	}
	for _, f := range []func(net.Conn, *Config) *Conn{Client, Server} {
		conn, _ := connect(t, "pipe")
		c := f(conn, map[bool]*Config{true: initiator, false: responder}[f(nil, nil).initiator])
		if err := c.CloseWrite(); !errors.Is(err, ErrOrder) {
			t.Errorf("the error of CloseWrite before the handshake is %v", err)
		}
		errHandshake, errClose := both(c.Handshake, func() error {
			time.Sleep(5 * time.Millisecond)
			return c.Close()
		})
		if errHandshake == nil || errClose != nil {
			t.Errorf("%v, %v", errHandshake, errClose)
		}
		checkWiped(t, c)
	}
}

// TestCloseWaits checks that Close does not wait for a peer that does not read while a Write is in progress.
func TestCloseWaits(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	client, _ := connected(t, "pipe", initiator, responder)
	writing := make(chan error)
	go func() {
		_, err := client.Write(make([]byte, 10))
		writing <- err
	}()
	for client.out.TryLock() {
		client.out.Unlock()
		runtime.Gosched()
	}
	start := time.Now()
	client.Close()
	if err := <-writing; err == nil || time.Since(start) > closeTimeout {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// TestContext cancels handshakes, before and in them, and looks for goroutines that are left.
func TestContext(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	before := runtime.NumGoroutine()
	for i := range 20 {
		client, server := connection(t, "pipe", initiator, responder)
		ctx, cancel := context.WithCancel(context.Background())
		if i == 0 {
			cancel()
		}
		time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
		c := []*Conn{client, server}[i%2]
		first := c.HandshakeContext(ctx)
		if second := c.Handshake(); !errors.Is(first, context.Canceled) || second != first {
			t.Errorf("%v, %v", first, second)
		}
		if _, err := c.NetConn().Write([]byte{1}); err == nil {
			t.Error("the connection is open")
		}
	}
	// The end of the context after the handshake means nothing.
	ctx, cancel := context.WithCancel(context.Background())
	client, server := connection(t, "pipe", initiator, responder)
	if errClient, errServer := both(func() error { return client.HandshakeContext(ctx) }, server.Handshake); errClient != nil || errServer != nil {
		t.Error(errClient, errServer)
	}
	cancel()
	if errWrite, errRead := both(func() error { _, err := client.Write([]byte{1}); return err }, func() error { _, err := server.Read(make([]byte, 1)); return err }); errWrite != nil || errRead != nil {
		t.Error(errWrite, errRead)
	}
	if err := client.HandshakeContext(ctx); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestHandshakeTimeout(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	initiator.HandshakeTimeout, responder.HandshakeTimeout = 10*time.Millisecond, 10*time.Millisecond
	client, server := connection(t, "tcp", initiator, responder)
	_, err := server.Read(make([]byte, 1))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if _, err := client.NetConn().Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // which accepts nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Dial("tcp", l.Addr().String(), initiator); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error of Dial is %v", err)
	}
}

// TestDial connects to a listener, with several handshakes of one connection at the same time.
func TestDial(t *testing.T) {
	initiator, responder := configsOf(t, families[8])
	l, err := Listen("tcp", "127.0.0.1:0", responder)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				if err := conn.(*Conn).Handshake(); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		_, err = io.Copy(conn, conn)
		served <- err
	}()
	conn, err := Dial("tcp", l.Addr().String(), initiator)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if !conn.ConnectionState().HandshakeComplete || conn.RemoteAddr().String() != l.Addr().String() || conn.LocalAddr() == nil {
		t.Errorf("%v", conn.ConnectionState())
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(conn); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	initiator.Static = nil
	if _, err := Dial("tcp", l.Addr().String(), initiator); !errors.Is(err, ErrConfig) {
		t.Errorf("the error of Dial is %v", err)
	}
	l.(*listener).Listener.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond))
	if conn, err := l.Accept(); err == nil {
		conn.Close()
		t.Error("Dial with an invalid configuration connects")
	}
	responder.Static = nil
	if _, err := Listen("tcp", "127.0.0.1:0", responder); !errors.Is(err, ErrConfig) {
		t.Errorf("the error of Listen is %v", err)
	}
	for _, f := range []func() error{
		func() error { _, err := Listen("tcp", "127.0.0.1:0", nil); return err },
		func() error { _, err := Dial("tcp", "127.0.0.1:0", nil); return err },
		func() error { return Client(nil, nil).Handshake() },
		func() error { _, err := new(Conn).Read(make([]byte, 1)); return err },
		func() error { return Client(nil, &Config{Protocol: "Noise_NN_25519_AESGCM_SHA256"}).Handshake() },
		func() error {
			c, _ := connection(t, "pipe", &Config{Protocol: "Noise_NN_25519_AESGCM_SHA256", MaxPayload: -1}, nil)
			return c.Handshake()
		},
	} {
		if err := f(); !errors.Is(err, ErrConfig) {
			t.Errorf("the error without a configuration is %v", err)
		}
	}
}

// TestConcurrent writes from several goroutines and reads in both directions, while keys are replaced, and then closes.
func TestConcurrent(t *testing.T) {
	const writers, writes = 3, 50
	initiator, responder := configsOf(t, plainXX)
	initiator.RekeyAfter, responder.RekeyAfter = 7, 7
	client, server := connected(t, "tcp", initiator, responder)
	firstKey := client.out.cipher.key.k
	var wait sync.WaitGroup
	var read atomic.Int64
	for _, c := range []*Conn{client, server} {
		wait.Go(func() {
			var writing sync.WaitGroup
			for range writers {
				writing.Go(func() {
					for i := range writes {
						if _, err := c.Write(make([]byte, 1+i*37)); err != nil {
							t.Error(err)
						}
						c.ConnectionState()
						c.Handshake()
					}
				})
			}
			writing.Wait()
			if err := c.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		wait.Go(func() {
			n, err := io.Copy(io.Discard, c)
			if err != nil {
				t.Error(err)
			}
			read.Add(n)
		})
	}
	wait.Wait()
	if want := int64(2 * writers * (writes + 37*writes*(writes-1)/2)); read.Load() != want {
		t.Errorf("read %d bytes, want %d", read.Load(), want)
	}
	if client.out.cipher.key.k == firstKey || client.out.cipher.key.k != server.in.cipher.key.k {
		t.Error("the key has not been replaced on both sides")
	}

	// Close from several goroutines, in the middle of everything.
	for range 20 {
		client, server := connected(t, "tcp", initiator, responder)
		for _, c := range []*Conn{client, server} {
			wait.Go(func() {
				for {
					if _, err := c.Write(make([]byte, 1000)); err != nil {
						return
					}
				}
			})
			wait.Go(func() { io.Copy(io.Discard, c) })
			for range 2 {
				wait.Go(func() {
					time.Sleep(time.Millisecond)
					c.Close()
				})
			}
		}
		wait.Wait()
		checkWiped(t, client)
		checkWiped(t, server)
	}
}

// TestRekeyAfter checks that both sides replace their keys after the same message, and that one that does not is
// noticed.
func TestRekeyAfter(t *testing.T) {
	for _, after := range []uint64{0, 3} {
		initiator, responder := configsOf(t, plainXX)
		initiator.RekeyAfter, responder.RekeyAfter = 3, after
		client, server := connected(t, "tcp", initiator, responder)
		for range 10 {
			if _, err := client.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		read := 0
		var err error
		for read < 10 && err == nil {
			var n int
			n, err = server.Read(make([]byte, 10))
			read += n
		}
		if after == 3 && err != nil || after == 0 && (read != 3 || !errors.Is(err, ErrDecrypt)) {
			t.Errorf("RekeyAfter %d: read %d, %v", after, read, err)
		}
	}
}

// TestLastNonce writes with the last nonce, and then has none.
func TestLastNonce(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	client, server := connected(t, "tcp", initiator, responder)
	client.out.cipher.SetNonce(maxNonce - 1)
	server.in.cipher.SetNonce(maxNonce - 1)
	if _, err := client.Write([]byte("last")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := client.Write([]byte("more")); n != 0 || !errors.Is(err, ErrNonce) {
			t.Errorf("%d, %v", n, err)
		}
	}
	if b, err := server.Read(make([]byte, 10)); b != 4 || err != nil {
		t.Errorf("%d, %v", b, err)
	}
	client.NetConn().Write(append([]byte{0, 20}, make([]byte, 20)...))
	if _, err := server.Read(make([]byte, 10)); !errors.Is(err, ErrNonce) {
		t.Errorf("the error is %v", err)
	}
}

// A loop is a connection within one goroutine: what is written to the peer is what is read. Like a net.Pipe, it
// copies once. A second write comes after all of the first has been read.
type loop struct {
	net.Conn
	own, peer *bytes.Reader
}

func (c loop) Read(b []byte) (int, error) { return c.own.Read(b) }
func (c loop) Write(b []byte) (int, error) {
	c.peer.Reset(b)
	return len(b), nil
}

// looped returns both sides of a connection, after the handshake, that needs no goroutines.
func looped(t testing.TB, name string) (client, server *Conn) {
	initiator, responder := configsOf(t, name)
	client, server = connected(t, "pipe", initiator, responder)
	toClient, toServer := new(bytes.Reader), new(bytes.Reader)
	client.conn, server.conn = loop{nil, toClient, toServer}, loop{nil, toServer, toClient}
	return client, server
}

func TestConnAllocations(t *testing.T) {
	for _, name := range []string{"Noise_NN_25519_ChaChaPoly_SHA256", "Noise_NN_25519_AESGCM_SHA256"} {
		client, server := looped(t, name)
		b := make([]byte, 16<<10)
		noAllocations(t, name, func() {
			if _, err := client.Write(b); err != nil {
				t.Fatal(err)
			}
			if n, err := server.Read(b); n != len(b) || err != nil {
				t.Fatal(n, err)
			}
		})
	}
}

// BenchmarkConn compares the throughput of both sides of a Conn with that of the cipher alone, for 16 KiB. The
// connection below copies.
func BenchmarkConn(b *testing.B) {
	for _, name := range []string{"ChaChaPoly", "AESGCM"} {
		client, server := looped(b, "Noise_NN_25519_"+name+"_SHA256")
		aead, nonce := client.out.cipher.key.aead, make([]byte, 12)
		plaintext, sealed, opened := make([]byte, 16<<10), make([]byte, 0, 17<<10), make([]byte, 16<<10)
		testkit.Ratio(b, name, func() {
			for range 16 {
				if _, err := aead.Open(opened[:0], nonce, aead.Seal(sealed, nonce, plaintext, nil), nil); err != nil {
					b.Fatal(err)
				}
			}
		}, func() {
			for range 16 {
				if _, err := client.Write(plaintext); err != nil {
					b.Fatal(err)
				}
				if n, err := server.Read(opened); n != len(opened) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// FuzzConn gives bytes to a side that waits for its peer, in protocols whose first message everybody can make. No
// data may come of it.
func FuzzConn(f *testing.F) {
	initiator, responder := configsOf(f, "Noise_NN_25519_ChaChaPoly_SHA256")
	responder.MaxPayload, initiator.MaxPayload = 100, 100
	hs, err := NewHandshakeState(initiator, true)
	if err != nil {
		f.Fatal(err)
	}
	message, err := hs.WriteMessage([]byte{0, 32}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(true, message)
	f.Add(false, message)
	f.Add(false, append(bytes.Clone(message), make([]byte, 30)...))
	f.Add(true, append([]byte{0, 48}, make([]byte, 60)...))
	f.Add(false, []byte{255, 255, 1})
	f.Fuzz(func(t *testing.T, fromClient bool, data []byte) {
		conn := loop{nil, bytes.NewReader(data), new(bytes.Reader)}
		c := Server(conn, responder)
		if fromClient {
			c = Client(conn, initiator)
		}
		b := []byte{1, 2, 3}
		n, err := c.Read(b)
		if n != 0 || err == nil || err == io.EOF || b[0] != 1 || b[1] != 2 || b[2] != 3 {
			t.Errorf("read %d bytes, %v", n, err)
		}
		if _, again := c.Read(b); again == nil {
			t.Error("a second Read has no error")
		}
	})
}

// TestConnPanic checks that a handshake in which VerifyPeer has panicked does not begin again.
func TestConnPanic(t *testing.T) {
	initiator, responder := configsOf(t, plainXX)
	initiator.PeerStatic = nil
	calls := 0
	initiator.VerifyPeer = func(*ecdh.PublicKey, kem.EncapsulationKey) error {
		calls++
		panic("VerifyPeer")
	}
	client, server := connection(t, "tcp", initiator, responder)
	_, errServer := both(func() error {
		defer client.Close()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			client.Handshake()
		}()
		for range 2 {
			if _, err := client.Write([]byte("secret")); !errors.Is(err, ErrOrder) {
				t.Errorf("the error of Write is %v", err)
			}
		}
		return nil
	}, server.Handshake)
	if errServer == nil || calls != 1 || client.ConnectionState().HandshakeComplete {
		t.Errorf("%v, %d calls", errServer, calls)
	}
}
