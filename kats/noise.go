package kats

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"strings"

	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/noise"
	"hybridkem/noise/noisetest"
)

// noiseKEMs are the KEMs of the vectors of Noise.
var noiseKEMs = map[string]kem.KEM{"MLKEM512": mlkem.KEM512(), "MLKEM768": mlkem.KEM768(), "MLKEM1024": mlkem.KEM1024()}

// checkNoise runs both sides of a handshake, and what follows it. The tests of package noise also look at the secret
// state after each message.
func checkNoise(line []byte) error {
	v, err := vectors.DecodeNoise(line)
	if err != nil {
		return err
	}
	if strings.Contains(v.Protocol, "-") {
		if _, err := noise.ParseProtocol(v.Protocol); !errors.Is(err, noise.ErrProtocol) {
			return refused("name", err)
		}
		return errOldName
	}
	if err := checkHandshake(v); err != nil {
		return fmt.Errorf("%s: %w", v.Protocol, err)
	}
	return nil
}

var errOldName = errors.New("a protocol name that this module refuses")

func checkHandshake(v vectors.Noise) error {
	initiator, err := newHandshake(v, v.Initiator, v.Responder, true)
	if err != nil {
		return err
	}
	responder, err := newHandshake(v, v.Responder, v.Initiator, false)
	if err != nil {
		return err
	}
	for i, m := range v.Messages {
		if m.MixHash != nil {
			if err := errors.Join(initiator.MixHash(m.MixHash), responder.MixHash(m.MixHash)); err != nil {
				return err
			}
		}
		writer, reader := initiator, responder
		if !m.FromInitiator {
			writer, reader = responder, initiator
		}
		message := fmt.Sprintf("handshake message %d", i)
		if n := writer.Overhead() + len(m.Payload); n != len(m.Ciphertext) {
			return fmt.Errorf("%s needs %d bytes, and has %d", message, n, len(m.Ciphertext))
		}
		if err := passes(message, m, writer.WriteMessage, reader.ReadMessage); err != nil {
			return err
		}
		for _, side := range []*noise.HandshakeState{initiator, responder} {
			if err := match("h after "+message, side.HandshakeHash(), m.H); m.H != nil && err != nil {
				return err
			}
			if err := match("handshake hash", side.HandshakeHash(), v.HandshakeHash); v.HandshakeHash != nil && side.Done() && err != nil {
				return err
			}
		}
	}
	for _, side := range []struct {
		hs   *noise.HandshakeState
		peer vectors.Hex
	}{{initiator, v.Initiator.PeerStatic}, {responder, v.Responder.PeerStatic}} {
		if key := side.hs.PeerStatic(); key != nil && side.peer != nil {
			if err := match("static key of the peer", key.Bytes(), side.peer); err != nil {
				return err
			}
		}
	}
	fromInitiator, toInitiator, err := initiator.Split()
	if err != nil {
		return err
	}
	fromResponder, toResponder, err := responder.Split()
	if err != nil {
		return err
	}
	for i, m := range v.Transport {
		from, to := fromInitiator, toResponder
		if !m.FromInitiator {
			from, to = fromResponder, toInitiator
		}
		if from == nil || to == nil {
			return fmt.Errorf("transport message %d comes from a side that cannot send", i)
		}
		err := passes(fmt.Sprintf("transport message %d", i), m,
			func(dst, payload []byte) ([]byte, error) { return from.Encrypt(dst, nil, payload) },
			func(dst, message []byte) ([]byte, error) { return to.Decrypt(dst, nil, message) })
		if err != nil {
			return err
		}
	}
	return nil
}

// passes sends a message from one side to the other.
func passes(what string, m vectors.NoiseMessage, write, read func(dst, b []byte) ([]byte, error)) error {
	ciphertext, err := write(nil, m.Payload)
	if err != nil {
		return err
	}
	if err := match(what, ciphertext, m.Ciphertext); err != nil {
		return err
	}
	payload, err := read(nil, m.Ciphertext)
	if err != nil {
		return err
	}
	return match("payload of "+what, payload, m.Payload)
}

// newHandshake begins a handshake with the keys of a vector that the pattern needs.
func newHandshake(v vectors.Noise, own, peer vectors.NoiseSide, initiator bool) (*noise.HandshakeState, error) {
	c := &noise.Config{Protocol: v.Protocol, Prologue: own.Prologue}
	parts := strings.Split(v.Protocol, "_")
	if len(parts) != 5 {
		return nil, fmt.Errorf("%q is not a name of a protocol", v.Protocol)
	}
	functions := strings.Split(parts[2], "+")
	staticKEM, hasDH := noiseKEMs[functions[len(functions)-1]], functions[0] == "25519"
	withKEM := strings.HasPrefix(parts[1], "pq") || strings.HasPrefix(parts[1], "hybrid")
	ownLetter, peerLetter := v.StaticKeys()
	if !initiator {
		ownLetter, peerLetter = peerLetter, ownLetter
	}
	var err error
	if ownLetter != 'N' && hasDH {
		if c.Static, err = ecdh.X25519().NewPrivateKey(own.Static); err != nil {
			return nil, err
		}
	}
	if ownLetter != 'N' && withKEM {
		if c.StaticKEM, err = staticKEM.NewDecapsulationKey(own.KEMStatic); err != nil {
			return nil, err
		}
	}
	if peerLetter == 'K' && hasDH {
		dk, err := ecdh.X25519().NewPrivateKey(peer.Static)
		if err != nil {
			return nil, err
		}
		c.PeerStatic = dk.PublicKey()
	}
	if peerLetter == 'K' && withKEM {
		dk, err := staticKEM.NewDecapsulationKey(peer.KEMStatic)
		if err != nil {
			return nil, err
		}
		c.PeerStaticKEM = dk.PublicKey()
	}
	for _, psk := range own.PSKs {
		c.PSKs = append(c.PSKs, psk)
	}
	if strings.Contains(parts[1], "elg2") {
		c.Coding = plainCoding{}
	}
	hs, err := noise.NewHandshakeState(c, initiator)
	if err != nil {
		return nil, err
	}
	r := noisetest.Randomness{Ephemeral: own.Ephemeral, EphemeralKEM: own.KEMEphemeral}
	for _, e := range own.Encapsulations {
		r.Encapsulations = append(r.Encapsulations, e.M)
	}
	noisetest.Set(hs, r)
	return hs, nil
}

// A plainCoding encodes nothing: the vectors of I2P have ephemeral keys as they are.
type plainCoding struct{}

func (plainCoding) GenerateKey() (private [32]byte, err error) {
	return private, errors.New("vectors have their keys")
}
func (plainCoding) Encode(public [32]byte) ([32]byte, error)  { return public, nil }
func (plainCoding) Decode(encoded [32]byte) ([32]byte, error) { return encoded, nil }
