package main

import (
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// A conn is a connection after its handshake. Its methods must not run concurrently,
// since Read answers a KeyUpdate by writing.
type conn struct {
	records
	group  *group
	suite  *suite
	server *x509.Certificate
	data   []byte // has arrived and was not yet read
	err    error  // the error that ended reading
}

// Read reads the page. It returns io.EOF only after the server's close_notify.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.data) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if err := c.advance(); err != nil {
			c.err = c.abort(err)
		}
	}
	n := copy(p, c.data)
	c.data = c.data[n:]
	return n, nil
}

func (c *conn) advance() error {
	t, data, err := c.read()
	if err != nil {
		return err
	}
	if t == typeApplicationData {
		c.data = data
		return nil
	}
	c.messages = append(c.messages, data...)
	for {
		message, err := c.message()
		if message == nil || err != nil {
			return err
		}
		if err := c.postHandshake(message); err != nil {
			return err
		}
	}
}

// postHandshake handles a message after the handshake (section 4.6). It ignores tickets,
// since the client connects only once. It refuses a CertificateRequest, for which the
// client would have to send an extension first.
func (c *conn) postHandshake(message []byte) error {
	switch message[0] {
	case typeNewSessionTicket:
		return nil
	case typeKeyUpdate:
		return c.keyUpdate(message[4:])
	default:
		return fail(unexpectedMessage, "message %d after the handshake", message[0])
	}
}

// keyUpdate handles a KeyUpdate (section 4.6.3).
func (c *conn) keyUpdate(body cryptobyte.String) error {
	var requested uint8
	if !body.ReadUint8(&requested) || !body.Empty() {
		return fail(decodeError, "a malformed KeyUpdate")
	}
	if requested > 1 {
		return fail(illegalParameter, "a KeyUpdate with the request %d", requested)
	}
	if err := c.rekey(c.in.next()); err != nil || requested == 0 {
		return err
	}
	if err := c.write(typeHandshake, []byte{typeKeyUpdate, 0, 0, 1, 0}); err != nil {
		return err
	}
	c.out = c.out.next()
	return nil
}

// Write sends application data.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.write(typeApplicationData, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close sends close_notify (section 6.1). It leaves the TCP connection open.
func (c *conn) Close() error { return c.write(typeAlert, []byte{1, byte(closeNotify)}) }

// abort sends the alert of a failure (section 6.2) and returns err. For other errors,
// such as an alert from the server, it sends nothing.
func (c *conn) abort(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		c.write(typeAlert, []byte{2, byte(f.alert)})
	}
	return err
}
