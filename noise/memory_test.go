package noise

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"hybridkem/internal/testkit"
)

// sides returns both sides of a handshake of XXhfs.
func sides(t testing.TB, cipherAndHash string) (initiator, responder *HandshakeState) {
	t.Helper()
	var sides [2]*HandshakeState
	for i := range sides {
		static, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sides[i], err = NewHandshakeState(&Config{Protocol: "Noise_XXhfs_25519+MLKEM768_" + cipherAndHash, Static: static}, i == 0)
		if err != nil {
			t.Fatal(err)
		}
	}
	return sides[0], sides[1]
}

// pass passes a message with an empty payload.
func pass(t testing.TB, sender, receiver *HandshakeState) {
	t.Helper()
	message, err := sender.WriteMessage(nil, nil)
	if err == nil {
		_, err = receiver.ReadMessage(nil, message)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// noAllocations checks that f, which encrypts and decrypts one message, allocates no more than the ciphers alone.
// Without assembly, that of x/crypto allocates.
func noAllocations(t *testing.T, name string, f func()) {
	t.Helper()
	var most float64
	for _, c := range ciphers {
		aead, err := c.new(make([]byte, keySize))
		if err != nil {
			t.Fatal(err)
		}
		memory, nonce := make([]byte, 32), make([]byte, aead.NonceSize())
		most = max(most, testing.AllocsPerRun(10, func() {
			sealed := aead.Seal(memory[:0], nonce, memory[:16], nil)
			if _, err := aead.Open(sealed[:0], nonce, sealed, nil); err != nil {
				t.Fatal(err)
			}
		}))
	}
	if n := testing.AllocsPerRun(10, f); n > most && !testkit.Race {
		t.Errorf("%s allocates %v times, and the cipher alone %v times", name, n, most)
	}
}

// TestAllocations counts how often a side of a handshake allocates, as the comment of HandshakeState says. Transport
// messages need no allocation beside those of the cipher.
func TestAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector allocates")
	}
	const most = 80
	for _, name := range []string{"ChaChaPoly_SHA256", "ChaChaPoly_BLAKE2s", "AESGCM_SHA512", "AESGCM_BLAKE2b"} {
		keys := testing.AllocsPerRun(10, func() {
			for range 2 {
				ecdh.X25519().GenerateKey(rand.Reader)
			}
		})
		n := testing.AllocsPerRun(10, func() {
			initiator, responder := sides(t, name)
			pass(t, initiator, responder)
			pass(t, responder, initiator)
			pass(t, initiator, responder)
			initiator.Split()
			responder.Split()
		})
		t.Logf("%s: both sides allocate %v times", name, n-keys)
		if n-keys > 2*most {
			t.Errorf("%s: both sides allocate %v times, want at most %d", name, n-keys, 2*most)
		}

		initiator, responder := sides(t, name)
		pass(t, initiator, responder)
		pass(t, responder, initiator)
		pass(t, initiator, responder)
		send, _, err1 := initiator.Split()
		_, receive, err2 := responder.Split()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		sealed, opened := make([]byte, 0, 1016), make([]byte, 0, 1000)
		noAllocations(t, "transport", func() {
			message, err := send.Encrypt(sealed, nil, opened[:1000])
			if err == nil {
				_, err = receive.Decrypt(opened, nil, message)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestDestroyed checks that a handshake has no secrets when it has been split, has ended with an error, or has been
// destroyed.
func TestDestroyed(t *testing.T) {
	for name, end := range map[string]func(initiator, responder *HandshakeState){
		"Split": func(initiator, responder *HandshakeState) {
			pass(t, initiator, responder)
			if _, _, err := initiator.Split(); err != nil {
				t.Error(err)
			}
		},
		"an error": func(initiator, responder *HandshakeState) {
			pass(t, initiator, responder)
			initiator.next = 1
			if _, err := initiator.ReadMessage(nil, make([]byte, 2000)); err == nil {
				t.Error("no error")
			}
		},
		"Destroy": func(initiator, _ *HandshakeState) { initiator.Destroy() },
	} {
		for _, h := range hashes {
			initiator, responder := sides(t, "ChaChaPoly_"+h.name)
			pass(t, initiator, responder)
			pass(t, responder, initiator)
			s := initiator.secrets
			secrets := [][]byte{s.ck[:], s.pad[:h.size], s.cipher.key.k[:], s.static[:], s.ephemeral[:]}
			for i, b := range secrets {
				if !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
					t.Errorf("%s: secret %d is not there", h.name, i)
				}
			}
			end(initiator, responder)
			for i, b := range secrets {
				if slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
					t.Errorf("%s: %s leaves secret %d", h.name, name, i)
				}
			}
			if !s.ephemeralKEM.Destroyed() {
				t.Errorf("%s: %s leaves the ephemeral key of the KEM", h.name, name)
			}
			// All of a hash object is printed, also the rest of a block.
			if got, fresh := fmt.Sprintf("%v", s.f), fmt.Sprintf("%v", h.new()); got != fresh {
				t.Errorf("%s: %s leaves a hash object with %s", h.name, name, got)
			}
		}
	}
}
