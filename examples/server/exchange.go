package main

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"hybridkem/batch"
	"hybridkem/kem"
)

const protocol = "hybridkem example server v1"

// derive returns the confirmations of both ends, and a key for what an application would send now. It
// hashes the server's key and the ciphertext too, so that they agree only if both ends saw the same.
func derive(sharedKey, encapsulationKey, ciphertext []byte) (client, server, key []byte) {
	hash := sha256.New()
	hash.Write(encapsulationKey)
	hash.Write(ciphertext)
	b, err := hkdf.Key(sha256.New, sharedKey, nil, protocol+string(hash.Sum(nil)), 3*32)
	if err != nil {
		panic(err) // HKDF fails only if it is asked for too many bytes
	}
	return b[:32], b[32:64], b[64:]
}

// clientExchange agrees on a key with the server, whose encapsulation key is encoded too.
func clientExchange(conn io.ReadWriter, ek kem.EncapsulationKey, encoded []byte) (key []byte, err error) {
	sharedKey, ciphertext := ek.Encapsulate()
	confirmation, want, key := derive(sharedKey, encoded, ciphertext)
	if _, err := conn.Write(append(ciphertext, confirmation...)); err != nil {
		return nil, err
	}
	answer := make([]byte, len(want))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, err
	}
	if !hmac.Equal(answer, want) {
		return nil, errors.New("the server does not hold the key, or its answer was altered")
	}
	return key, nil
}

// A server agrees on keys with many clients at once.
type server struct {
	key         kem.DecapsulationKey
	queue       *batch.Queue // nil if each connection decapsulates for itself
	connections int          // at once; more wait until the server accepts them
	patience    time.Duration
}

// serve accepts connections until ctx ends, and then closes all of them.
func (s *server) serve(ctx context.Context, listener net.Listener) {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	encoded := s.key.PublicKey().Bytes()
	places := make(chan struct{}, s.connections)
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		places <- struct{}{}
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		serving.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			for err := error(nil); err == nil; {
				conn.SetDeadline(time.Now().Add(s.patience))
				_, err = s.exchange(ctx, conn, encoded)
			}
		})
	}
}

// exchange is the server's part of one exchange. After an error, nothing more comes on conn.
func (s *server) exchange(ctx context.Context, conn io.ReadWriter, encoded []byte) (key []byte, err error) {
	k := s.key.KEM()
	message := make([]byte, k.CiphertextSize()+32)
	if _, err := io.ReadFull(conn, message); err != nil {
		return nil, err
	}
	ciphertext, confirmation := message[:k.CiphertextSize()], message[k.CiphertextSize():]
	sharedKey := make([]byte, k.SharedKeySize())
	if err := s.decapsulate(ctx, sharedKey, ciphertext); err != nil {
		return nil, err
	}
	want, answer, key := derive(sharedKey, encoded, ciphertext)
	// A wrong ciphertext gives another shared key and usually no error. Only this shows it.
	if !hmac.Equal(confirmation, want) {
		return nil, errors.New("the client's message is for another key, or was altered")
	}
	_, err = conn.Write(answer)
	return key, err
}

// decapsulate is the whole difference that batches make in the code.
func (s *server) decapsulate(ctx context.Context, sharedKey, ciphertext []byte) error {
	if s.queue == nil {
		return s.key.DecapsulateTo(sharedKey, ciphertext)
	}
	return s.queue.Decapsulate(ctx, s.key, sharedKey, ciphertext)
}
