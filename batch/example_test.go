package batch_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"

	"hybridkem/batch"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// wrapper returns the cipher that encrypts a message key under a shared key of X-Wing. It clears the
// shared key. With another KEM, the encapsulation key and the ciphertext belong into the info.
func wrapper(sharedKey []byte) (cipher.AEAD, error) {
	defer clear(sharedKey)
	key, err := hkdf.Key(sha256.New, sharedKey, nil, "example.org/mail v1", 32)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Alice writes one message to many recipients. She encrypts the message once, under a message key,
// and the message key for each recipient.
func ExampleEncapsulate() {
	recipients := make([]batch.KeyPair, 100)
	batch.Generate(xwing.KEM(), recipients)

	// Alice has parsed the encapsulation keys of all recipients.
	rows := make([]batch.Encapsulation, len(recipients))
	for i := range rows {
		rows[i] = batch.Encapsulation{
			Key:        recipients[i].Key.PublicKey(),
			SharedKey:  make([]byte, xwing.SharedKeySize),
			Ciphertext: make([]byte, xwing.CiphertextSize),
		}
	}
	messageKey := make([]byte, 32)
	rand.Read(messageKey)
	batch.Encapsulate(rows)
	wrapped := make([][]byte, len(rows))
	for i, row := range rows {
		if row.Err != nil {
			log.Fatal(row.Err)
		}
		aead, err := wrapper(row.SharedKey)
		if err != nil {
			log.Fatal(err)
		}
		wrapped[i] = aead.Seal(nil, nil, messageKey, nil)
	}

	// Recipient 42 finds the message key.
	sharedKey, err := recipients[42].Key.Decapsulate(rows[42].Ciphertext)
	if err != nil {
		log.Fatal(err)
	}
	aead, err := wrapper(sharedKey)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := aead.Open(nil, nil, wrapped[42], nil)
	fmt.Println(bytes.Equal(opened, messageKey), err)
	// Output: true <nil>
}

// Alice makes a hundred keys, each to be used once, and hands out the encapsulation keys. When
// all are used, she makes new keys in the same memory.
func ExampleGenerate() {
	keys := make([]batch.KeyPair, 100)
	for range 2 {
		batch.Generate(xwing.KEM(), keys)
		for _, row := range keys {
			if row.Err != nil {
				log.Fatal(row.Err)
			}
			// Bob gets the key from a server.
			public := row.Key.PublicKey().Bytes()
			ek, err := xwing.NewEncapsulationKey(public)
			if err != nil {
				log.Fatal(err)
			}
			bobs, ciphertext := ek.Encapsulate()

			alices, err := row.Key.Decapsulate(ciphertext)
			if err != nil || !bytes.Equal(alices, bobs) {
				log.Fatal("another shared key: ", err)
			}
		}
	}
	for _, row := range keys {
		row.Key.Destroy()
	}
	fmt.Println("200 keys in the memory of", len(keys))
	// Output: 200 keys in the memory of 100
}

// A server answers each request with a ciphertext. At most a thousand requests wait.
func ExampleQueue() {
	q := batch.NewQueue(1000, 0)
	defer q.Close()

	// answer runs in the goroutine of a request. It returns a shared key and the ciphertext to send.
	answer := func(ctx context.Context, encapsulationKey []byte) (sharedKey, ciphertext []byte, err error) {
		ek, err := q.Parse(ctx, xwing.KEM(), encapsulationKey)
		if err != nil {
			return nil, nil, err
		}
		sharedKey, ciphertext = make([]byte, xwing.SharedKeySize), make([]byte, xwing.CiphertextSize)
		if err := q.Encapsulate(ctx, ek, sharedKey, ciphertext); err != nil {
			return nil, nil, err
		}
		return sharedKey, ciphertext, nil
	}

	client, err := xwing.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	sharedKey, ciphertext, err := answer(context.Background(), client.EncapsulationKey().Bytes())
	switch {
	case errors.Is(err, batch.ErrBusy):
		log.Fatal("the server sends status 503")
	case errors.Is(err, kem.ErrLength), errors.Is(err, kem.ErrEncapsulationKey), errors.Is(err, kem.ErrLowOrder):
		log.Fatal("the server sends status 400")
	case err != nil:
		log.Fatal(err)
	}
	clients, err := client.Decapsulate(ciphertext)
	fmt.Println(bytes.Equal(clients, sharedKey), err)
	// Output: true <nil>
}
