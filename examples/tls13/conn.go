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
			c.abort(err)
			c.err = err
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
		// A CertificateRequest cannot come, since the client has not sent the extension
		// that allows it (section 4.7.2).
		message, err := c.message(typeNewSessionTicket, typeKeyUpdate)
		if message == nil || err != nil {
			return err
		}
		if err := c.waste(); err != nil {
			return err
		}
		if message[0] == typeKeyUpdate {
			err = c.keyUpdate(message[4:])
		} else {
			err = checkTicket(message[4:])
		}
		if err != nil {
			return err
		}
	}
}

// checkTicket checks the syntax of a NewSessionTicket (section 4.7.1). The client connects
// only once, so it must ignore what the ticket says.
func checkTicket(body cryptobyte.String) error {
	var nonce, ticket cryptobyte.String
	const lifetime, ageAdd = 4, 4
	if !body.Skip(lifetime+ageAdd) || !body.ReadUint8LengthPrefixed(&nonce) ||
		!body.ReadUint16LengthPrefixed(&ticket) || ticket.Empty() {
		return fail(decodeError, "a malformed NewSessionTicket")
	}
	_, err := lastExtensions(body)
	return err
}

// keyUpdate handles a KeyUpdate (section 4.7.3).
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

// Close sends close_notify (section 6.1), unless an error alert of either end came before.
// It leaves the TCP connection open.
func (c *conn) Close() error {
	if c.closed {
		return nil
	}
	err := c.write(typeAlert, []byte{1, byte(closeNotify)})
	c.closed = true
	return err
}

// abort sends the alert of a failure (section 6.2). After an error alert from the server,
// nothing may be sent.
func (c *conn) abort(err error) {
	if f, ok := errors.AsType[*failure](err); ok {
		c.write(typeAlert, []byte{2, byte(f.alert)})
		c.closed = true
	}
	if _, ok := errors.AsType[received](err); ok {
		c.closed = true
	}
}
