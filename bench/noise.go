package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"

	"hybridkem/internal/x25519"
	"hybridkem/mlkem"
	"hybridkem/noise"
)

const (
	sectionNoise = "Noise"
	handshake    = "XXhfs, both sides"
	transport    = "16 KiB, sealed and opened"

	xxhfs = "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256"
	// itsOperations does what a handshake computes, without the handshake.
	itsOperations = "its operations alone"
	chachaPoly    = "x/crypto/chacha20poly1305"
)

// noiseOperations returns a handshake beside the operations that it consists of, and transport beside its cipher.
func noiseOperations() ([]operation, error) {
	var configs [2]*noise.Config
	for i, seed := range fixedSeeds(32)[:2] {
		static, err := ecdh.X25519().NewPrivateKey(seed)
		if err != nil {
			return nil, err
		}
		configs[i] = &noise.Config{Protocol: xxhfs, Static: static}
	}
	send, receive, err := shakeHands(configs)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.New(make([]byte, chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	plaintext, buffer, nonce := make([]byte, 16<<10), make([]byte, 0, 16<<10+chacha20poly1305.Overhead), make([]byte, aead.NonceSize())
	ownTransport := func() ([]byte, error) {
		sealed, err := send.Encrypt(buffer, nil, plaintext)
		if err != nil {
			return nil, err
		}
		return receive.Decrypt(sealed[:0], nil, sealed)
	}
	if opened, err := ownTransport(); err != nil || !bytes.Equal(opened, plaintext) {
		return nil, errors.Join(err, errDisagrees)
	}
	return []operation{
		{section: sectionNoise, name: handshake, parts: 1, contenders: []contender{
			goContender(ours, func(int) { shakeHands(configs) }),
			goContender(itsOperations, handshakeParts()),
		}},
		{section: sectionNoise, name: transport, parts: 1, contenders: []contender{
			goContender(ours, func(int) { ownTransport() }),
			goContender(chachaPoly, func(int) {
				sealed := aead.Seal(buffer, nonce, plaintext, nil)
				aead.Open(sealed[:0], nonce, sealed, nil)
			}),
		}},
	}, nil
}

// shakeHands runs a handshake and returns the states of the messages from the initiator.
func shakeHands(configs [2]*noise.Config) (send, receive *noise.CipherState, err error) {
	initiator, err1 := noise.NewHandshakeState(configs[0], true)
	responder, err2 := noise.NewHandshakeState(configs[1], false)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	for from, to := initiator, responder; !from.Done(); from, to = to, from {
		message, err := from.WriteMessage(nil, nil)
		if err != nil {
			return nil, nil, err
		}
		if _, err := to.ReadMessage(nil, message); err != nil {
			return nil, nil, err
		}
	}
	send, _, err1 = initiator.Split()
	_, receive, err2 = responder.Split()
	return send, receive, errors.Join(err1, err2)
}

// handshakeParts returns a function that does the operations of an XXhfs handshake of both sides, each on an input of the
// right size: hashes in one piece, HMACs with a key of their own, and the cipher made anew for each message, as its key is.
func handshakeParts() func(int) {
	k := mlkem.KEM768()
	message, sealed := make([]byte, 2048), make([]byte, 0, 2048) // h before what is hashed
	sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	scalars, points := x25519Inputs()
	var public, shared [32]byte
	// Each of these does what both sides do.
	mixHash := func(size int) {
		for range 2 {
			sha256.Sum256(message[:sha256.Size+size])
		}
	}
	hkdf := func() {
		for range 2 {
			for _, size := range []int{32, 1, 33} {
				mac := hmac.New(sha256.New, message[:32])
				mac.Write(message[:size])
				mac.Sum(sealed)
			}
		}
	}
	dh := func() {
		for i := range 2 {
			x25519.ScalarMult(&shared, &scalars[i], &points[i])
		}
		hkdf()
	}
	encrypted := func(size int) {
		nonce, ad := message[:chacha20poly1305.NonceSize], message[:sha256.Size]
		sender, _ := chacha20poly1305.New(message[:32])
		box := sender.Seal(sealed, nonce, message[:size], ad)
		mixHash(size + chacha20poly1305.Overhead) // before Open: see package noise
		receiver, _ := chacha20poly1305.New(message[:32])
		receiver.Open(box[:0], nonce, box, ad)
	}
	return func(int) {
		mixHash(len(xxhfs) - sha256.Size)
		mixHash(0) // the prologue

		x25519.ScalarBaseMult(&public, &scalars[0]) // -> e, e1
		mixHash(x25519.Size)
		dk, _ := k.GenerateKey()
		ek, _ := k.NewEncapsulationKey(dk.PublicKey().Bytes())
		mixHash(k.EncapsulationKeySize())
		mixHash(0)

		x25519.ScalarBaseMult(&public, &scalars[1]) // <- e, ee, ekem1, s, es
		mixHash(x25519.Size)
		dh()
		ek.EncapsulateTo(sharedKey, ciphertext)
		encrypted(len(ciphertext))
		dk.DecapsulateTo(sharedKey, ciphertext)
		hkdf()
		encrypted(x25519.Size)
		dh()
		encrypted(0)

		encrypted(x25519.Size) // -> s, se
		dh()
		encrypted(0)
		hkdf() // the split
	}
}
