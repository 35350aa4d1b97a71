package attacks

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha3"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/noise"
)

// childNoise is the child of TestMemoryNoise.
const childNoise = "noise"

const noiseProtocol = "Noise_XXhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256"

// TestMemoryNoise is TestMemory for a handshake of package noise, whole and with a changed message. It searches for the
// pre-shared key, ephemeral keys, randomness and shared keys, and chaining keys. It does not search for static keys, which
// crypto/ecdh keeps, and keys of ciphers, which x/crypto keeps.
func TestMemoryNoise(t *testing.T) {
	skipUnreadable(t, newSearcher())
	x := sha3.SumSHAKE256([]byte("noise"), 7*32+64)
	take := func(n int) (b []byte) {
		b, x = x[:n], x[n:]
		return b
	}
	psk, statics := take(32), take(64)
	random := bytes.Clone(x) // in the order in which it is drawn
	e1, seed, e2, m := take(32), take(64), take(32), take(32)

	set := spec.Sets["ML-KEM-768"]
	n := spec.Noise{Name: noiseProtocol, DH: true, HFS: true, Messages: [][]string{
		{"e", "e1"}, {"e", "ee", "ekem1", "s", "es"}, {"s", "se", "psk"},
	}}
	keys := func(s, e []byte) spec.NoiseKeys {
		return spec.NoiseKeys{S: s, E: e, KEME: seed, EphemeralKEM: set, PSKs: [][]byte{psk}, Encapsulations: [][]byte{m}}
	}
	a, b := n.Initialize(true, nil, keys(statics[:32], e1)), n.Initialize(false, nil, keys(statics[32:], e2))
	l := loot{}
	for i := range n.Messages {
		writer, reader := a, b
		if i == 1 {
			writer, reader = b, a
		}
		message := must(writer.Write(nil))(t)
		must(reader.Read(message))(t)
		if i > 0 { // before, the chaining key is public
			l.add("a chaining key", a.CK, 1)
		}
	}
	ek, dk := spec.KeyGenInternal(set, seed[:32], seed[32:])
	l.addKey(set, seed, dk)
	l.addEncapsulation(set, ek, m)
	l.add("the shared key of the KEM", b.SharedKeys[0], 1)
	l.add("the pre-shared key", psk, 1)
	for name, private := range map[string][]byte{"the initiator's e": e1, "the responder's e": e2} {
		l.add(name, private, 1)
	}
	for name, pair := range map[string][2][]byte{"ee": {e1, e2}, "es": {e1, statics[32:]}, "se": {statics[:32], e2}} {
		l.add(name, spec.X25519(pair[0], must(ecdh.X25519().NewPrivateKey(pair[1]))(t).PublicKey().Bytes()), 1)
	}
	runChild(t, childNoise, []memoryCase{{KEM: "noise", Seed: mask(psk), Expanded: mask(statics), Random: mask(random), Secrets: l.needles()}})
}

// searchHandshakes runs handshakes and searches the memory after each.
func (c *memoryCase) searchHandshakes(t testing.TB, s *searcher) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	for what, wrong := range map[string]int{"a handshake": -1, "a changed message 1": 1, "a changed message 2": 2} {
		rand.Reader = &maskedReader{c.Random}
		var err error
		var left []any
		kinds[0].run(func() { left, err = c.handshake(wrong) })
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if names := s.search(); names != nil {
			t.Errorf("%s leaves %q", what, names)
		}
		if left == nil {
			t.Errorf("%s: nothing to keep", what)
		}
	}
	leaked = unmask(c.Random)
	if s.search() == nil {
		t.Errorf("nothing is found where there must be something")
	}
	clear(leaked)
}

// handshake runs both sides of a handshake, in which one message is wrong, or none. It returns what a caller keeps.
func (c *memoryCase) handshake(wrong int) (kept []any, err error) {
	var sides [2]*noise.HandshakeState
	for i := range sides {
		scalar, psk := unmask(c.Expanded[32*i:][:32]), unmask(c.Seed)
		static, err := ecdh.X25519().NewPrivateKey(scalar)
		if err != nil {
			return nil, err
		}
		sides[i], err = noise.NewHandshakeState(&noise.Config{Protocol: noiseProtocol, Static: static, PSKs: [][]byte{psk}}, i == 0)
		if err != nil {
			return nil, err
		}
		clear(scalar)
		clear(psk)
		kept = append(kept, sides[i])
	}
	for i := range 3 {
		message, err := sides[i%2].WriteMessage(nil, nil)
		if err != nil {
			return nil, err
		}
		if i == wrong {
			message[len(message)-1] ^= 1
		}
		if _, err := sides[1-i%2].ReadMessage(nil, message); i == wrong {
			if !errors.Is(err, noise.ErrHandshake) {
				return nil, errors.New("a changed message is accepted")
			}
			sides[i%2].Destroy()
			return kept, nil
		} else if err != nil {
			return nil, err
		}
	}
	for _, hs := range sides {
		send, receive, err := hs.Split()
		if err != nil {
			return nil, err
		}
		send.Destroy()
		receive.Destroy()
		kept = append(kept, send, receive)
	}
	return kept, nil
}

// TestPrintingNoise prints the states of package noise as TestPrinting prints keys.
func TestPrintingNoise(t *testing.T) {
	if testkit.Race || testing.Short() && runtime.GOARCH != "amd64" {
		t.Skip("slow here, and the same on every machine")
	}
	secret := sha3.SumSHAKE256([]byte("noise"), 96)
	c := new(confession)
	for part := range 3 {
		c.add(numbersOf(secret[32*part:][:32]))
	}
	static := must(ecdh.X25519().NewPrivateKey(secret[32:64]))(t)
	config := &noise.Config{Protocol: "Noise_NNpsk0_25519_ChaChaPoly_SHA256", PSKs: [][]byte{secret[:32]}}
	n := spec.Noise{Name: config.Protocol, DH: true, Messages: [][]string{{"psk", "e"}, {"e", "ee"}}}
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = bytes.NewReader(append(bytes.Clone(secret[64:]), secret[32:64]...))
	a, b := must(noise.NewHandshakeState(config, true))(t), must(noise.NewHandshakeState(config, false))(t)
	oracles := [2]*spec.NoiseParty{}
	for i := range oracles {
		e := [][]byte{secret[64:], secret[32:64]}[i]
		oracles[i] = n.Initialize(i == 0, nil, spec.NoiseKeys{E: e, PSKs: [][]byte{secret[:32]}})
	}
	message := must(a.WriteMessage(nil, nil))(t)
	if !bytes.Equal(message, must(oracles[0].Write(nil))(t)) {
		t.Fatal("another message")
	}
	must(oracles[1].Read(message))(t)
	c.add(numbersOf(oracles[0].CK))
	c.add(numbersOf(oracles[0].K))
	middle := a
	d := must(noise.NewHandshakeState(config, true))(t) // the same, to be finished
	rand.Reader = bytes.NewReader(append(bytes.Clone(secret[64:]), secret[32:64]...))
	must(b.ReadMessage(nil, must(d.WriteMessage(nil, nil))(t)))(t)
	must(d.ReadMessage(nil, must(b.WriteMessage(nil, nil))(t)))(t)
	must(oracles[0].Read(must(oracles[1].Write(nil))(t)))(t)
	k1, k2 := oracles[0].Split()
	c.add(numbersOf(k1))
	c.add(numbersOf(k2))
	send, receive, err := d.Split()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{"HandshakeState": middle, "CipherState": send, "CipherState that receives": receive} {
		containers(value, func(what string, value any) {
			printings(value, func(how, text string) {
				if find := c.found(text); find != "" {
					t.Errorf("%s, %s by %s prints %s: %.300s", name, what, how, find, text)
				}
			})
		})
	}
	// A Config belongs to the caller. Alone, it prints no key.
	config.Static = static
	printings(config, func(how, text string) {
		if find := c.found(text); find != "" && how != "gob" && how != "XML" && !strings.HasSuffix(how, "w") {
			t.Errorf("Config by %s prints %s: %.300s", how, find, text)
		}
	})
}
