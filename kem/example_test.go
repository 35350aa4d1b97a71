package kem_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"hybridkem/kem"
	"hybridkem/xwing"
)

// protocol names the protocol and its version. Another protocol derives other keys, even from
// the same messages.
const protocol = "example.org/chat v1"

// A session has the keys that both sides derive.
type session struct {
	aliceToBob, bobToAlice []byte // each for one direction
	confirm                []byte
	transcript             []byte
}

// newSession derives the keys of a session from the shared key and from everything that both
// sides have sent. It clears the shared key.
func newSession(k kem.KEM, sharedKey, encapsulationKey, ciphertext []byte) (*session, error) {
	defer clear(sharedKey)

	// The length before each part keeps different messages different.
	h := sha256.New()
	for _, part := range [][]byte{[]byte(protocol), []byte(k.Name()), encapsulationKey, ciphertext} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	s := &session{transcript: h.Sum(nil)}

	secret, err := hkdf.Extract(sha256.New, sharedKey, nil)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	for _, key := range []struct {
		label string
		to    *[]byte
	}{
		{"alice to bob", &s.aliceToBob},
		{"bob to alice", &s.bobToAlice},
		{"confirmation", &s.confirm},
	} {
		*key.to, err = hkdf.Expand(sha256.New, secret, key.label+string(s.transcript), 32)
		if err != nil {
			s.clear()
			return nil, err
		}
	}
	return s, nil
}

// confirmation returns what the given side sends to show that it has the keys. Each side sends
// another one, so that nobody can send a confirmation back to the side that made it.
func (s *session) confirmation(side string) []byte {
	mac := hmac.New(sha256.New, s.confirm)
	mac.Write([]byte(side))
	mac.Write(s.transcript)
	return mac.Sum(nil)
}

func (s *session) clear() {
	clear(s.aliceToBob)
	clear(s.bobToAlice)
	clear(s.confirm)
}

// Alice and Bob derive session keys from a shared key. Both confirm that they have the same keys
// and have seen the same messages.
//
// This does not tell either side who the other one is. A protocol for real use also
// authenticates the transcript, by a signature for example.
func Example() {
	k := xwing.KEM() // Any other KEM does, too.

	// Alice sends an encapsulation key.
	dk, err := k.GenerateKey()
	if err != nil {
		panic(err)
	}
	defer dk.Destroy()
	encapsulationKey := dk.PublicKey().Bytes()

	// Bob checks the encapsulation key. He sends a ciphertext and his confirmation.
	ek, err := k.NewEncapsulationKey(encapsulationKey)
	if err != nil {
		panic(err)
	}
	bobKey, ciphertext := ek.Encapsulate()
	bob, err := newSession(k, bobKey, encapsulationKey, ciphertext)
	if err != nil {
		panic(err)
	}
	defer bob.clear()
	bobConfirms := bob.confirmation("bob")

	// Alice checks Bob's confirmation, which is wrong if the ciphertext was altered:
	// Decapsulate need not return an error then. She sends her own.
	aliceKey, err := dk.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	dk.Destroy() // The key is for this session only.
	alice, err := newSession(k, aliceKey, encapsulationKey, ciphertext)
	if err != nil {
		panic(err)
	}
	defer alice.clear()
	if !hmac.Equal(bobConfirms, alice.confirmation("bob")) {
		panic("Bob has other keys")
	}
	aliceConfirms := alice.confirmation("alice")

	// Bob checks Alice's confirmation.
	if !hmac.Equal(aliceConfirms, bob.confirmation("alice")) {
		panic("Alice has other keys")
	}

	fmt.Println("one key from Alice to Bob:", bytes.Equal(alice.aliceToBob, bob.aliceToBob))
	fmt.Println("one key from Bob to Alice:", bytes.Equal(alice.bobToAlice, bob.bobToAlice))
	fmt.Println("one key for both directions:", bytes.Equal(alice.aliceToBob, alice.bobToAlice))
	// Output:
	// one key from Alice to Bob: true
	// one key from Bob to Alice: true
	// one key for both directions: false
}
