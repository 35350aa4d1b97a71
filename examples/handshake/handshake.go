package main

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"hybridkem/xwing"
)

// protocol is hashed before anything else, so that nothing derived here can
// mean something in another protocol.
const protocol = "hybridkem example handshake v2: X-Wing, HKDF-SHA256, ChaCha20-Poly1305"

const (
	confirmationSize = 32
	helloSize        = xwing.EncapsulationKeySize + xwing.CiphertextSize + confirmationSize
	answerSize       = 1 + xwing.CiphertextSize + confirmationSize
)

// The first byte of an answer. A rejection is that byte alone. Nothing can authenticate it without
// a shared secret, but whoever forges one gains no more than by cutting the connection.
const (
	accepted = 1
	rejected = 2
)

// A session is the result of the handshake for one end.
type session struct {
	in, out *records
}

func clientHandshake(conn io.ReadWriter, pinned *xwing.EncapsulationKey) (*session, error) {
	ephemeral, err := xwing.GenerateKey()
	if err != nil {
		return nil, err
	}
	defer ephemeral.Destroy()

	staticSecret, ciphertext := pinned.Encapsulate()
	t := newTranscript(pinned)
	hello := t.add(ephemeral.EncapsulationKey().Bytes(), ciphertext)
	hello = append(hello, t.add(t.derive("client confirmation", staticSecret))...)
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}

	answer := make([]byte, answerSize)
	err = readMessage(conn, answer, "the server's answer")
	if answer[0] == rejected {
		return nil, errors.New("rejected: the server does not hold the pinned key, or the client's message was altered or came too late")
	}
	if err != nil {
		return nil, err
	}
	answer, confirmation := split(answer, answerSize-confirmationSize)
	ephemeralSecret, err := ephemeral.Decapsulate(answer[1:])
	if err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	secrets := slices.Concat(staticSecret, ephemeralSecret)
	t.add(answer)
	if !hmac.Equal(confirmation, t.derive("server confirmation", secrets)) {
		return nil, errors.New("the server does not hold the pinned key, or its answer was altered")
	}
	t.add(confirmation)
	return &session{
		in:  newRecords(conn, t.derive("server records", secrets)),
		out: newRecords(conn, t.derive("client records", secrets)),
	}, nil
}

// serverHandshake leaves it to the caller to send a rejection after an error.
func serverHandshake(conn io.ReadWriter, key *xwing.DecapsulationKey) (*session, error) {
	hello := make([]byte, helloSize)
	if err := readMessage(conn, hello, "the client's message"); err != nil {
		return nil, err
	}
	hello, confirmation := split(hello, helloSize-confirmationSize)
	ephemeralBytes, ciphertext := split(hello, xwing.EncapsulationKeySize)
	staticSecret, err := key.Decapsulate(ciphertext)
	if err != nil {
		return nil, fmt.Errorf("the client's message: %w", err)
	}
	t := newTranscript(key.EncapsulationKey())
	t.add(hello)
	// The KEM rejects implicitly: a ciphertext for another key gives a random secret and no error.
	// Only the confirmation shows that the key is wrong.
	if !hmac.Equal(confirmation, t.derive("client confirmation", staticSecret)) {
		return nil, errors.New("the client's message is for another key, or was altered")
	}
	t.add(confirmation)

	ephemeral, err := xwing.NewEncapsulationKey(ephemeralBytes)
	if err != nil {
		return nil, fmt.Errorf("the client's ephemeral key: %w", err)
	}
	ephemeralSecret, ciphertext := ephemeral.Encapsulate()
	secrets := slices.Concat(staticSecret, ephemeralSecret)
	answer := t.add([]byte{accepted}, ciphertext)
	answer = append(answer, t.add(t.derive("server confirmation", secrets))...)
	if _, err := conn.Write(answer); err != nil {
		return nil, err
	}
	return &session{
		in:  newRecords(conn, t.derive("client records", secrets)),
		out: newRecords(conn, t.derive("server records", secrets)),
	}, nil
}

// A transcript hashes the protocol, the server's key and all bytes of the
// handshake so far. Each part has a fixed size, so none needs a length.
type transcript struct{ hash hash.Hash }

func newTranscript(server *xwing.EncapsulationKey) transcript {
	t := transcript{sha256.New()}
	t.add([]byte(protocol), server.Bytes())
	return t
}

// add appends parts to the transcript and returns them joined.
func (t transcript) add(parts ...[]byte) []byte {
	joined := slices.Concat(parts...)
	t.hash.Write(joined)
	return joined
}

// derive returns 32 bytes that depend on the secret, on the purpose and on the transcript so far.
// HKDF is a pseudo-random function. The bytes can therefore be a key, or prove to the peer that the
// sender knows the secret.
func (t transcript) derive(purpose string, secret []byte) []byte {
	b, err := hkdf.Key(sha256.New, secret, nil, purpose+string(t.hash.Sum(nil)), 32)
	if err != nil {
		panic(err) // HKDF fails only if it is asked for too many bytes
	}
	return b
}

func split(b []byte, n int) (head, tail []byte) { return b[:n:n], b[n:] }

func readMessage(r io.Reader, message []byte, name string) error {
	n, err := io.ReadFull(r, message)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%s is truncated: %d bytes of %d", name, n, len(message))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
