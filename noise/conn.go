package noise

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdh"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// A Conn is an encrypted connection over another one. It sends each message of the handshake and of transport behind
// its length, two bytes in big-endian order, as section 13 suggests.
//
// An empty transport message is the end of the stream: Close and CloseWrite send it, and Read returns [io.EOF] after it.
// If the connection ends without it, somebody may have cut off data, and Read returns [io.ErrUnexpectedEOF]. A peer
// that is no Conn must do the same.
//
// All methods may be called at the same time. After an error of the handshake, or a message that is not
// authentic, Read and Write return the same error again, and nothing is left to do but Close. They do not close the
// connection themselves.
type Conn struct {
	conn      net.Conn
	config    *Config
	initiator bool

	handshake struct {
		sync.Mutex
		done atomic.Bool // set when state, in and out are
		err  error
	}
	state ConnectionState

	in   half
	read struct { // belongs to in
		buffer    *bufio.Reader
		plaintext []byte // of the last message
		rest      []byte // the part of it that Read has not returned
	}
	out   half
	write struct { // belongs to out
		buffer []byte
	}

	closed atomic.Bool
	forged atomic.Pointer[error] // the error of a message that is not authentic
}

// A half is one direction of a Conn.
type half struct {
	sync.Mutex
	cipher *CipherState // nil if the pattern has no messages in this direction
	err    error        // why there are no more messages, or nil
}

// Client returns the initiator's side of a connection. It does nothing yet: see Handshake. The config must not be
// changed any more.
func Client(conn net.Conn, config *Config) *Conn { return newConn(conn, config, true) }

// Server is Client for the responder's side.
func Server(conn net.Conn, config *Config) *Conn { return newConn(conn, config, false) }

func newConn(conn net.Conn, config *Config, initiator bool) *Conn {
	return &Conn{conn: conn, config: config, initiator: initiator}
}

// Dial connects to an address as [net.Dial] does, and runs the handshake as the initiator. The HandshakeTimeout is
// for both. It does not connect if the config is invalid.
func Dial(network, addr string, config *Config) (*Conn, error) {
	if err := config.checkConn(true); err != nil {
		return nil, err
	}
	ctx, cancel := config.withTimeout(context.Background())
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := Client(conn, config)
	if err := c.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Listen listens on an address as [net.Listen] does. See [NewListener]. It also returns an error if the config is
// invalid.
func Listen(network, addr string, config *Config) (net.Listener, error) {
	if err := config.checkConn(false); err != nil {
		return nil, err
	}
	inner, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	return NewListener(inner, config), nil
}

// NewListener returns a listener whose Accept returns connections of inner as the responder's side, of type *Conn.
// Accept does not wait for the handshake. The first Read or Write does, and so it belongs in a goroutine of its
// own.
func NewListener(inner net.Listener, config *Config) net.Listener { return &listener{inner, config} }

type listener struct {
	net.Listener
	config *Config
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(conn, l.config), nil
}

// A ConnectionState is what a handshake has agreed on.
type ConnectionState struct {
	HandshakeComplete bool
	Protocol          string // the name of the protocol
	// HandshakeHash is the same on both sides, and different for different handshakes. It is not secret. It can be
	// signed, for example, to authenticate a side in another way (section 11.2).
	HandshakeHash []byte
	// PeerStatic and PeerStaticKEM are the peer's static keys, or nil if the pattern has none.
	PeerStatic    *ecdh.PublicKey
	PeerStaticKEM kem.EncapsulationKey
	// Payloads are the payloads of the peer's handshake messages, without empty ones.
	Payloads []Payload
}

// A Payload is what came with a message of the handshake.
type Payload struct {
	Message int // the number of the message, from 1
	Data    []byte
	// Encrypted tells whether the payload was encrypted. If it was not, anybody may have written it. If it was, who may
	// have written it depends on the pattern and the message (section 7.7).
	Encrypted bool
}

// withTimeout returns ctx with the timeout of a handshake.
func (config *Config) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if config.HandshakeTimeout > 0 {
		return context.WithTimeout(ctx, config.HandshakeTimeout)
	}
	return ctx, func() {}
}

var errNilConfig = fault(ErrConfig, "the configuration is nil")

// An expectation is how a side judges the static key that the peer transmits, or nil if the pattern does not
// transmit it.
type expectation func(static *ecdh.PublicKey, staticKEM kem.EncapsulationKey) error

// newHandshake begins a handshake of a Conn.
func (config *Config) newHandshake(initiator bool) (*HandshakeState, expectation, error) {
	if config == nil {
		return nil, nil, errNilConfig
	}
	p, err := ParseProtocol(config.Protocol, config.KEMs...)
	if err != nil {
		return nil, nil, err
	}
	if config.MaxPayload < 0 {
		return nil, nil, fault(ErrConfig, "MaxPayload is %d", config.MaxPayload)
	}
	own := *config
	own.VerifyPeer, own.AnyPeer = nil, false
	var verify expectation
	if p.pattern.sends(!initiator, tokenS) && !p.pattern.knows(!initiator) {
		static, staticKEM := own.PeerStatic, own.PeerStaticKEM
		own.PeerStatic, own.PeerStaticKEM = nil, nil
		ways := 0
		if static != nil || staticKEM != nil {
			ways++
			if (static != nil) != p.pattern.dh || (staticKEM != nil) != p.pattern.kem {
				return nil, nil, fault(ErrConfig, "%s transmits other static keys than PeerStatic and PeerStaticKEM", p.name)
			}
			verify = func(s *ecdh.PublicKey, k kem.EncapsulationKey) error {
				if static != nil && !static.Equal(s) || staticKEM != nil && !bytes.Equal(staticKEM.Bytes(), k.Bytes()) {
					return ErrPeer
				}
				return nil
			}
		}
		if f := config.VerifyPeer; f != nil {
			ways++
			verify = func(s *ecdh.PublicKey, k kem.EncapsulationKey) error {
				if err := f(s, k); err != nil {
					return fmt.Errorf("%w: %w", ErrPeer, err)
				}
				return nil
			}
		}
		if config.AnyPeer {
			ways++
			verify = func(*ecdh.PublicKey, kem.EncapsulationKey) error { return nil }
		}
		if ways != 1 {
			return nil, nil, fault(ErrConfig, "%s transmits the static key of the peer, and the configuration has %d ways to judge it: PeerStatic, VerifyPeer or AnyPeer", p.name, ways)
		}
	} else if config.VerifyPeer != nil || config.AnyPeer {
		return nil, nil, fault(ErrConfig, "%s does not transmit a static key of the peer, so that there is nothing to verify", p.name)
	}
	hs, err := NewHandshakeState(&own, initiator)
	return hs, verify, err
}

// checkConn returns an error if a handshake of a Conn cannot begin with config.
func (config *Config) checkConn(initiator bool) error {
	hs, _, err := config.newHandshake(initiator)
	if err == nil {
		hs.Destroy()
	}
	return err
}

// Handshake runs the handshake, unless it has been run. Read and Write do it as well, if nobody has.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext is Handshake, which also ends with the error of ctx if that is done before the handshake is. The
// connection is closed then. If another call runs the handshake, this one waits for it and does not use ctx.
func (c *Conn) HandshakeContext(ctx context.Context) (err error) {
	if c.handshake.done.Load() {
		return nil
	}
	c.handshake.Lock()
	defer c.handshake.Unlock()
	switch {
	case c.handshake.err != nil:
		return c.handshake.err
	case c.handshake.done.Load():
		return nil
	}
	if c.config == nil {
		return errNilConfig
	}
	if c.conn == nil {
		return fault(ErrConfig, "the connection is nil")
	}
	ctx, cancel := c.config.withTimeout(ctx)
	defer cancel()
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.conn.Close()
		close(interrupted)
	})
	c.handshake.err = errPanic // in case VerifyPeer or Payload panics
	err = c.runHandshake()
	if !stop() {
		<-interrupted
		err = ctx.Err()
	}
	c.handshake.err = err
	if err == nil {
		c.handshake.done.Store(true)
		return nil
	}
	c.destroy(&c.in)
	c.destroy(&c.out)
	return err
}

func (c *Conn) runHandshake() error {
	hs, verify, err := c.config.newHandshake(c.initiator)
	if err != nil {
		return err
	}
	defer hs.Destroy()
	state := ConnectionState{HandshakeComplete: true, Protocol: hs.protocol.name}
	var buffer []byte
	for !hs.Done() {
		number := hs.next + 1
		if hs.MyTurn() {
			var payload []byte
			if f := c.config.Payload; f != nil {
				payload = f(number)
			}
			if buffer, err = hs.WriteMessage(append(buffer[:0], 0, 0), payload); err != nil {
				return err
			}
			if _, err := c.conn.Write(framed(buffer)); err != nil {
				return connectionError(number, err)
			}
			continue
		}
		if buffer, err = c.readHandshake(buffer, number, hs.Overhead()); err != nil {
			return err
		}
		data, err := hs.ReadMessage(nil, buffer)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			state.Payloads = append(state.Payloads, Payload{number, data, hs.secrets.cipher.hasKey()})
		}
		if static, staticKEM := hs.PeerStatic(), hs.PeerStaticKEM(); verify != nil && (static != nil || staticKEM != nil) {
			if err := verify(static, staticKEM); err != nil {
				return err
			}
			verify = nil
		}
	}
	state.HandshakeHash = hs.HandshakeHash()
	state.PeerStatic, state.PeerStaticKEM = hs.PeerStatic(), hs.PeerStaticKEM()
	c.state = state
	send, receive, err := hs.Split()
	if err != nil {
		return err
	}
	c.start(&c.out, send)
	c.start(&c.in, receive)
	return nil
}

// start gives a half its key.
func (c *Conn) start(h *half, cipher *CipherState) {
	h.Lock()
	h.cipher = cipher
	c.unlock(h)
}

// readHandshake reads a message, whose size without its payload is overhead, into the memory of buffer or more.
func (c *Conn) readHandshake(buffer []byte, number, overhead int) ([]byte, error) {
	buffer, err := c.readBytes(buffer, headerSize)
	if err == nil {
		size := int(binary.BigEndian.Uint16(buffer))
		if size < overhead || size > overhead+c.config.MaxPayload {
			return nil, invalidMessage(number)
		}
		buffer, err = c.readBytes(buffer, size)
	}
	if err != nil {
		return nil, connectionError(number, err)
	}
	return buffer, nil
}

// connectionError returns the error of the connection for a message of the handshake. That of a deadline stays as it
// is, since callers of a net.Conn ask whether it is a net.Error.
func connectionError(number int, err error) error {
	if isTimeout(err) {
		return err
	}
	return fmt.Errorf("noise: message %d of the handshake: %w", number, err)
}

// isTimeout reports whether err is that of a deadline.
func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// readBytes reads n bytes into the memory of buffer or more.
func (c *Conn) readBytes(buffer []byte, n int) ([]byte, error) {
	buffer = slices.Grow(buffer[:0], n)[:n]
	_, err := io.ReadFull(c.conn, buffer)
	return buffer, unexpected(err)
}

// headerSize is the size of the length before a message.
const headerSize = 2

// framed returns a message behind headerSize bytes with its length in them.
func framed(message []byte) []byte {
	binary.BigEndian.PutUint16(message, uint16(len(message)-headerSize))
	return message
}

// unexpected returns the error of a read that must not meet the end.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// usable returns why a half has no more messages, or nil. The caller has locked it.
func (c *Conn) usable(h *half) error {
	switch forged := c.forged.Load(); {
	case c.closed.Load():
		return net.ErrClosed
	case forged != nil:
		return *forged
	case h.err != nil:
		return h.err
	case h.cipher == nil:
		return fault(ErrOrder, "%s is one-way, and has no messages in this direction", c.state.Protocol)
	}
	return nil
}

// unlock unlocks a half. If the Conn has ended in the meantime, without waiting for the lock, it overwrites the key.
func (c *Conn) unlock(h *half) {
	h.Unlock()
	if c.closed.Load() || c.forged.Load() != nil {
		c.destroy(h)
	}
}

// destroy overwrites the key of a half unless somebody has locked it, who will do it then.
func (c *Conn) destroy(h *half) {
	if h.TryLock() {
		if h.cipher != nil {
			h.cipher.Destroy()
		}
		h.Unlock()
	}
}

// rekey replaces the key of a half after the last message with it.
func (c *Conn) rekey(h *half) {
	if every := c.config.RekeyAfter; every > 0 && h.cipher.Nonce()%every == 0 {
		h.cipher.Rekey()
	}
}

// Write encrypts b and sends it, in messages of up to [MaxMessageSize] bytes. After an error, including that of a
// deadline, part of a message may have been sent, and every later Write returns the same error.
func (c *Conn) Write(b []byte) (n int, err error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.out.Lock()
	defer c.unlock(&c.out)
	if err := c.usable(&c.out); err != nil {
		return 0, err
	}
	for len(b) > 0 {
		sent := min(len(b), MaxMessageSize-tagSize)
		if err := c.send(b[:sent]); err != nil {
			return n, err
		}
		n, b = n+sent, b[sent:]
	}
	return n, nil
}

// send sends a message. The caller has locked out.
func (c *Conn) send(plaintext []byte) error {
	message, err := c.out.cipher.Encrypt(append(c.write.buffer[:0], 0, 0), nil, plaintext)
	if err == nil {
		c.write.buffer = message
		_, err = c.conn.Write(framed(message))
		c.rekey(&c.out)
	}
	c.out.err = err
	return err
}

// Read reads decrypted data, and waits until there is some. It returns [io.EOF] after the peer has ended the
// stream, [io.ErrUnexpectedEOF] if the connection has ended without that, and [ErrDecrypt] if a message is not
// authentic. With an error, b is as it was.
//
// After the error of a deadline, Read can go on with a new one.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.in.Lock()
	defer c.unlock(&c.in)
	if err := c.usable(&c.in); err != nil {
		return 0, err
	}
	if len(b) == 0 {
		return 0, nil
	}
	if len(c.read.rest) == 0 {
		if err := c.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.read.rest)
	c.read.rest = c.read.rest[n:]
	return n, nil
}

// receive decrypts the next message, which becomes the rest to read. The caller has locked in.
func (c *Conn) receive() error {
	r := c.read.buffer
	if r == nil {
		// Only after the handshake, which needs less memory.
		r = bufio.NewReaderSize(c.conn, headerSize+MaxMessageSize)
		c.read.buffer = r
	}
	header, err := r.Peek(headerSize)
	if err != nil {
		return c.readError(err)
	}
	size := headerSize + int(binary.BigEndian.Uint16(header))
	message, err := r.Peek(size)
	if err != nil {
		return c.readError(err)
	}
	ciphertext := message[headerSize:]
	number := c.in.cipher.Nonce()
	// Not in place: it is faster to copy from memory that is aligned as the caller's mostly is.
	plaintext, err := c.in.cipher.Decrypt(c.read.plaintext[:0], nil, ciphertext)
	switch {
	case errors.Is(err, ErrDecrypt):
		forged := fault(ErrDecrypt, "transport message %d is not authentic", number+1)
		c.forged.Store(&forged)
		c.destroy(&c.out)
		err = forged
	case err == nil && len(plaintext) == 0:
		err = io.EOF
	}
	if err != nil {
		c.in.err = err
		return err
	}
	c.rekey(&c.in)
	c.read.plaintext, c.read.rest = plaintext, plaintext
	r.Discard(size)
	return nil
}

// readError returns the error of a read from the connection, and keeps it unless it is that of a deadline.
func (c *Conn) readError(err error) error {
	if !isTimeout(err) {
		err = unexpected(err)
		c.in.err = err
	}
	return err
}

// closeTimeout is how long Close may take to send the end of the stream.
const closeTimeout = 5 * time.Second

// Close sends the end of the stream, if the handshake is done and no Write is in progress, and closes the
// connection. Other calls in progress return errors. It waits at most 5 seconds for a peer that does not read. The
// keys are overwritten. Data that has been read or written may stay in buffers until they are collected.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	var err error
	if c.handshake.done.Load() && c.out.TryLock() {
		c.conn.SetWriteDeadline(time.Now().Add(closeTimeout))
		err = c.endStream()
		c.out.Unlock()
	}
	if closing := c.conn.Close(); closing != nil {
		err = closing
	}
	c.destroy(&c.in)
	c.destroy(&c.out)
	return err
}

// CloseWrite sends the end of the stream, and closes the write side of the connection if that has such a method.
// Write returns errors from then on. It returns [ErrOrder] if the handshake is not done.
func (c *Conn) CloseWrite() error {
	if !c.handshake.done.Load() {
		return fault(ErrOrder, "the handshake is not done")
	}
	c.out.Lock()
	defer c.unlock(&c.out)
	if err := c.usable(&c.out); err != nil {
		return err
	}
	if err := c.endStream(); err != nil {
		return err
	}
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// endStream sends the end of the stream, if messages can be sent. The caller has locked out.
func (c *Conn) endStream() error {
	if c.out.cipher == nil || c.out.err != nil || c.forged.Load() != nil {
		return nil
	}
	if err := c.send(nil); err != nil {
		return err
	}
	c.out.err = fault(net.ErrClosed, "the stream has been ended")
	return nil
}

// ConnectionState returns what the handshake has agreed on. It is the zero value before, and waits if the
// handshake is in progress.
func (c *Conn) ConnectionState() ConnectionState {
	c.handshake.Lock()
	defer c.handshake.Unlock()
	if !c.handshake.done.Load() {
		return ConnectionState{}
	}
	state := c.state
	state.HandshakeHash = bytes.Clone(state.HandshakeHash)
	state.Payloads = slices.Clone(state.Payloads)
	return state
}

// Format prints the names of the type and the protocol for every verb.
func (c *Conn) Format(s fmt.State, _ rune) {
	name := ""
	if c.config != nil {
		name = c.config.Protocol
	}
	secret.Print(s, "noise.Conn", name)
}

// NetConn returns the connection below. Reading from it or writing to it breaks this one.
func (c *Conn) NetConn() net.Conn { return c.conn }

// LocalAddr returns the local address of the connection below.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns the peer's address of the connection below.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// SetReadDeadline sets the time after which Read returns an error. In a handshake, such an error ends it.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// SetWriteDeadline sets the time after which Write returns an error. No Write is possible after that.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }
