package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"slices"

	"hybridkem/noise"
)

// pskSize is the size of a pre-shared key of WireGuard, and of what each end contributes to it.
const pskSize = 32

// agree returns a pre-shared key for WireGuard, in the form of "wg genpsk". Both ends must call it and get the
// same one. The one that has connected is the initiator.
//
// A key cannot come from the handshake hash alone, which is not secret, and Noise has no exporter for other keys.
// So each end sends 32 random bytes over the encrypted connection, and the key is HKDF of both, with the handshake
// hash as its salt. The random bytes keep it secret. The hash binds it to the static keys of both ends and to this
// handshake: neither end can give a key of its choice to the other, or the same one to two others.
//
// WireGuard with this key stays secret if somebody breaks X25519 with a quantum computer later, since the
// connection uses ML-KEM too. It does not bind the keys of WireGuard itself: each end must put the key to the peer
// whose identity it has given.
func agree(conn *noise.Conn, initiator bool) (string, error) {
	if err := conn.Handshake(); err != nil {
		return "", err
	}
	var own, peer [pskSize]byte
	defer clear(own[:])
	defer clear(peer[:])
	rand.Read(own[:])
	if _, err := conn.Write(own[:]); err != nil {
		return "", err
	}
	if _, err := io.ReadFull(conn, peer[:]); err != nil {
		return "", err
	}
	// The other end has the key only if it has got this far as well.
	if err := conn.CloseWrite(); err != nil {
		return "", err
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return "", errors.Join(errors.New("the other end has not agreed"), err)
	}

	first, second := &own, &peer
	if !initiator {
		first, second = &peer, &own
	}
	secret := slices.Concat(first[:], second[:])
	defer clear(secret)
	psk, err := hkdf.Key(sha256.New, secret, conn.ConnectionState().HandshakeHash, "hybridkem examples/noise: WireGuard PresharedKey", pskSize)
	if err != nil {
		return "", err
	}
	defer clear(psk)
	return base64.StdEncoding.EncodeToString(psk), nil
}
