package attacks

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"runtime/debug"
	"testing"

	"hybridkem/combiner"
	"hybridkem/internal/secret"
	"hybridkem/internal/testkit"
	curve "hybridkem/internal/x25519"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/noise"
	"hybridkem/xwing"
)

// TestNoiseMemory runs handshakes and then searches all memory of the process for what has been secret in them: the
// randomness of ephemeral keys and encapsulations, the secret of the token ee, and pre-shared keys.
func TestNoiseMemory(t *testing.T) {
	s := newSearcher()
	skipUnreadable(t, s)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	for i, h := range newHandshakes(t) {
		// The randomness is masked, so that only the handshake has it.
		masked := make([]byte, 1024)
		mathrand.NewChaCha8([32]byte{byte(i)}).Read(masked)
		secrets := maskedRuns("randomness", masked)
		if ee := h.maskedEE(masked); ee != nil {
			secrets = append(secrets, maskedRuns("ee", ee)...)
		}
		s.reset()
		s.add(secrets)
		on := kinds[:1]
		if testkit.Sweep() {
			on = kinds
		}
		testkit.Implementations(t, func(t *testing.T) {
			for _, k := range on {
				for _, damaged := range []bool{false, true} {
					if left := h.leaves(t, s, masked, k, damaged); left != nil {
						t.Errorf("%s on a %s goroutine, damaged %v, leaves %q", h.protocol, k.name, damaged, left)
					}
				}
			}
		})
		k := kinds[0]
		k.run(func() { leaked = unmask(masked[:32]) })
		if s.search() == nil {
			t.Errorf("%s: nothing is found where there must be something", h.protocol)
		}
		clear(leaked)
	}
}

// leaves runs the handshake with the randomness, and returns the names of the secrets that it leaves in memory. It tries
// again, because the runtime leaves registers behind in the rare case that it preempts the goroutine.
func (h *handshake) leaves(t *testing.T, s *searcher, masked []byte, k kind, damaged bool) (left []string) {
	psks := append(h.initiator.PSKs, h.responder.PSKs...)
	for range 3 {
		rand.Reader = &maskedReader{masked}
		var err error
		k.run(func() {
			for _, psk := range psks {
				copy(psk, masked[len(masked)-32:])
				maskInPlace(psk)
			}
			err = h.run(damaged)
			for _, psk := range psks {
				clear(psk)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if left = s.search(); left == nil {
			break
		}
	}
	return left
}

// maskedRuns returns all runs of 16 bytes of a masked secret.
func maskedRuns(name string, masked []byte) (all []needle) {
	for i := range len(masked) - 15 {
		all = append(all, needle{masked[i:][:16], name})
	}
	return all
}

// maskedEE returns the secret of the token ee, masked, if the handshake has one.
func (h *handshake) maskedEE(masked []byte) []byte {
	at := map[string]int{"Noise_NNpsk0_25519_AESGCM_BLAKE2b": 32, "Noise_XXhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256": 96}[h.protocol]
	if at == 0 {
		return nil
	}
	shared := new([32]byte)
	secret.DoFar(1, func() {
		var a, b, public [32]byte
		copy(a[:], masked)
		copy(b[:], masked[at:])
		maskInPlace(a[:])
		maskInPlace(b[:])
		curve.ScalarBaseMult(&public, &b)
		curve.ScalarMult(shared, &a, &public)
		maskInPlace(shared[:])
		clear(a[:])
		clear(b[:])
	})
	return shared[:]
}

// A handshake is a handshake of package noise, with its configurations.
type handshake struct {
	protocol             string
	initiator, responder noise.Config
}

// newHandshakes returns a handshake of each family of patterns, and with each hash function and cipher.
func newHandshakes(t testing.TB) (all []*handshake) {
	nested := combiner.UK("UK(UK(ML-KEM-768, X-Wing), ML-KEM-512)", combiner.UK("UK(ML-KEM-768, X-Wing)", mlkem.KEM768(), xwing.KEM()), mlkem.KEM512())
	named := []noise.NamedKEM{{Name: "Nested", KEM: nested}}
	for _, x := range []struct {
		protocol      string
		dh, known     bool
		kem           kem.KEM
		preSharedKeys int
	}{
		{"Noise_X_25519_AESGCM_SHA512", true, true, nil, 0},
		{"Noise_NNpsk0_25519_AESGCM_BLAKE2b", false, false, nil, 1},
		{"Noise_XXhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256", true, false, nil, 1},
		{"Noise_hybridIK_25519+XWing_AESGCM_SHA256", true, true, xwing.KEM(), 0},
		{"Noise_pqXX_MLKEM1024_ChaChaPoly_BLAKE2s", false, false, mlkem.KEM1024(), 0},
		{"Noise_pqXX_Nested_ChaChaPoly_SHA512", false, false, nested, 0},
	} {
		h := &handshake{protocol: x.protocol}
		h.initiator, h.responder = noise.Config{Protocol: x.protocol, KEMs: named}, noise.Config{Protocol: x.protocol, KEMs: named}
		for i, c := range []*noise.Config{&h.initiator, &h.responder} {
			for range x.preSharedKeys {
				c.PSKs = append(c.PSKs, pattern(32))
			}
			if x.dh {
				c.Static = must(ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{byte(i + 7)}, 32)))(t)
			}
			if x.kem != nil {
				c.StaticKEM = must(x.kem.NewDecapsulationKey(pattern(x.kem.SeedSize())))(t)
			}
		}
		if x.known {
			h.initiator.PeerStatic = h.responder.Static.PublicKey()
			if x.kem != nil {
				h.initiator.PeerStaticKEM = h.responder.StaticKEM.PublicKey()
			}
		}
		all = append(all, h)
	}
	return all
}

// run runs the handshake and destroys the keys that come out of it. If damaged is true, the last message is not the one
// that was sent.
func (h *handshake) run(damaged bool) error {
	sender, err1 := noise.NewHandshakeState(&h.initiator, true)
	receiver, err2 := noise.NewHandshakeState(&h.responder, false)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for ; !sender.Done(); sender, receiver = receiver, sender {
		message, err := sender.WriteMessage(nil, nil)
		if err != nil {
			return err
		}
		if damaged && sender.Done() {
			message[len(message)-1] ^= 1
			_, err := receiver.ReadMessage(nil, message)
			sender.Destroy()
			if !errors.Is(err, noise.ErrHandshake) {
				return fmt.Errorf("a damaged message gives %w", err)
			}
			return nil
		}
		if _, err := receiver.ReadMessage(nil, message); err != nil {
			return err
		}
	}
	for _, side := range []*noise.HandshakeState{sender, receiver} {
		send, receive, err := side.Split()
		if err != nil {
			return err
		}
		for _, c := range []*noise.CipherState{send, receive} {
			if c != nil {
				c.Destroy()
			}
		}
	}
	return nil
}
