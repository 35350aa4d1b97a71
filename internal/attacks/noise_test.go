package attacks

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"testing"

	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/noise"
	"hybridkem/xwing"
)

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
