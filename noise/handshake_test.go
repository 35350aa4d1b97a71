package noise

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/derand"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
)

// protocols have every family of patterns.
var protocols = []string{
	"Noise_XX_25519_ChaChaPoly_SHA256",
	"Noise_IK_25519_AESGCM_BLAKE2b",
	"Noise_NK1_25519_ChaChaPoly_BLAKE2s",
	"Noise_X_25519_AESGCM_SHA512",
	"Noise_NNpsk0_25519_ChaChaPoly_SHA256",
	"Noise_Xpsk0+psk1_25519_ChaChaPoly_SHA256",
	"Noise_XXpsk3_25519_ChaChaPoly_BLAKE2s",
	"Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256",
	"Noise_IKhfselg2_25519+MLKEM512_ChaChaPoly_SHA256",
	"Noise_pqXX_MLKEM768_ChaChaPoly_SHA256",
	"Noise_pqNNpsk2_MLKEM512_AESGCM_SHA256",
	"Noise_hybridIK_25519+MLKEM768_AESGCM_SHA256",
	"Noise_hybridXX_25519+MLKEM512+MLKEM768_ChaChaPoly_SHA512",
}

// copied returns a copy of the state that can be destroyed alone.
func (hs *HandshakeState) copied(t testing.TB) *HandshakeState {
	t.Helper()
	c, s := *hs, *hs.secrets.handshakeSecrets
	c.secrets = &hiddenSecrets{&s}
	if key := s.cipher.key; key != nil {
		k := *key.cipherKey
		s.cipher.key = &hiddenKey{&k}
	}
	s.psks = slices.Clone(s.psks)
	if s.ephemeralKEM != nil {
		s.ephemeralKEM = seedKey(t, s.ephemeralKEM.KEM(), s.ephemeralKEM.Bytes())
	}
	if s.fixed != nil {
		f := *s.fixed
		s.fixed = &f
	}
	return &c
}

// isDead checks that a handshake has ended: every method says so, and no secret is left.
func isDead(t testing.TB, what string, hs *HandshakeState) {
	t.Helper()
	_, write := hs.WriteMessage(nil, nil)
	_, read := hs.ReadMessage(nil, make([]byte, 4000))
	_, _, split := hs.Split()
	for _, err := range []error{write, read, split, hs.MixHash([]byte("more"))} {
		if !errors.Is(err, ErrOrder) {
			t.Errorf("%s: after the end: %v", what, err)
		}
	}
	if hs.Done() || hs.MyTurn() || hs.Overhead() != 0 {
		t.Errorf("%s: after the end: done %v, my turn %v, overhead %d", what, hs.Done(), hs.MyTurn(), hs.Overhead())
	}
	s := hs.secrets
	zero := s.ck == [maxHashSize]byte{} && s.cipher.key == nil && s.static == [32]byte{} && s.ephemeral == [32]byte{}
	for _, psk := range s.psks {
		zero = zero && psk == [keySize]byte{}
	}
	if !zero {
		t.Errorf("%s: secrets are left", what)
	}
	if dk := s.ephemeralKEM; dk != nil {
		err := dk.DecapsulateTo(make([]byte, dk.KEM().SharedKeySize()), make([]byte, dk.KEM().CiphertextSize()))
		if !errors.Is(err, kem.ErrDestroyed) {
			t.Errorf("%s: the ephemeral key: %v", what, err)
		}
	}
}

// refuses checks that a handshake refuses message i as it must.
func refuses(t testing.TB, what string, hs *HandshakeState, i int, message []byte) {
	t.Helper()
	buffer := bytes.Repeat([]byte{0xa5}, len(message)+40)
	before := bytes.Clone(message)
	payload, err := hs.ReadMessage(buffer[:3], message)
	if payload != nil || !errors.Is(err, ErrHandshake) || errors.Unwrap(err) != ErrHandshake ||
		err.Error() != fmt.Sprintf("noise: message %d of the handshake is invalid", i+1) {
		t.Fatalf("%s: payload %x, error %v", what, payload, err)
	}
	if !bytes.Equal(buffer, bytes.Repeat([]byte{0xa5}, len(buffer))) || !bytes.Equal(before, message) {
		t.Fatalf("%s: a refused message writes to the caller's memory", what)
	}
	isDead(t, what, hs)
}

// TestRefused changes every message of a handshake in every way. Each change gives the same error. Without a key,
// a changed message may pass, and then the hashes differ.
func TestRefused(t *testing.T) {
	for _, name := range protocols {
		t.Run(name, func(t *testing.T) {
			r := newRandom(3)
			p := parse(t, name)
			x, other := newQuartet(t, p, nil), newQuartet(t, p, nil)
			var sent [][]byte
			refused, passed := 0, 0
			for i := range p.pattern.messages {
				from := i % 2
				reader := x.sides[1-from]
				before := reader.copied(t)
				payload := bytesFrom(r, 20)
				foreign := other.message(t, i, payload)
				message := x.message(t, i, payload)
				keyed := reader.secrets.cipher.hasKey()
				try := func(what string, changed []byte) {
					t.Helper()
					hs := before.copied(t)
					what = fmt.Sprintf("message %d, %s", i, what)
					if !keyed {
						if _, err := hs.copied(t).ReadMessage(nil, changed); err == nil {
							hs.ReadMessage(nil, changed)
							if passed++; bytes.Equal(hs.HandshakeHash(), reader.HandshakeHash()) {
								t.Errorf("%s: the same hash", what)
							}
							return
						}
					}
					refused++
					refuses(t, what, hs, i, changed)
				}
				step := 1
				if len(message) > 300 {
					step = 31
				}
				if testing.Short() {
					step *= 7
				}
				if testkit.Sweep() {
					step = 1
				}
				for n := 0; n < len(message); n += step {
					try(fmt.Sprint("truncated to ", n), message[:n])
					changed := bytes.Clone(message)
					changed[n] ^= 1 << (n * 5 % 8)
					try(fmt.Sprint("changed at ", n), changed)
				}
				last := bytes.Clone(message)
				last[len(last)-1] ^= 0x80
				try("changed at the end", last)
				try("a byte longer", append(bytes.Clone(message), 0))
				try("a tag longer", append(bytes.Clone(message), make([]byte, tagSize)...))
				try("zeros", make([]byte, len(message)))
				try("of another handshake", foreign)
				refuses(t, "too long", before.copied(t), i, make([]byte, MaxMessageSize+1))
				for j, earlier := range sent {
					try(fmt.Sprint("message again or reflected: ", j), earlier)
				}
				if i+2 < len(p.pattern.messages) {
					// The message after the next one, which its sender makes without knowing this one.
					later := other.copied(t)
					later.message(t, i+1, nil)
					try("the one after the next", later.message(t, i+2, payload))
				}
				sent = append(sent, message)
			}
			if refused < 25 || passed > 0 && strings.Contains(name, "psk0") {
				t.Errorf("%d changes refused, %d not", refused, passed)
			}
			x.finish(t)
		})
	}
}

// copied returns a copy of both sides, without the transcription.
func (x *quartet) copied(t testing.TB) *writers {
	t.Helper()
	return &writers{[2]*HandshakeState{x.sides[0].copied(t), x.sides[1].copied(t)}}
}

// writers are two sides of a handshake.
type writers struct{ sides [2]*HandshakeState }

func (w *writers) message(t testing.TB, i int, payload []byte) []byte {
	t.Helper()
	message, err := w.sides[i%2].WriteMessage(nil, payload)
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(message)
	if _, err = w.sides[1-i%2].ReadMessage(nil, message); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(message, before) {
		t.Errorf("%s: reading message %d changes it", w.sides[0].protocol.name, i)
	}
	return message
}

// TestOrder calls methods out of order. They change nothing.
func TestOrder(t *testing.T) {
	for _, name := range protocols {
		p := parse(t, name)
		x := newQuartet(t, p, nil)
		wrong := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		for i := range p.pattern.messages {
			writer, reader := x.sides[i%2], x.sides[1-i%2]
			if !writer.MyTurn() || reader.MyTurn() || writer.Overhead() != reader.Overhead() {
				t.Errorf("%s, message %d: turns %v and %v", name, i, writer.MyTurn(), reader.MyTurn())
			}
			dst := []byte("0123456789")
			_, err := reader.WriteMessage(dst[:0], []byte("abc"))
			wrong("write out of turn", err, ErrOrder)
			_, err = writer.ReadMessage(dst[:0], make([]byte, 4000))
			wrong("read out of turn", err, ErrOrder)
			_, _, err = writer.Split()
			wrong("early Split", err, ErrOrder)
			_, err = writer.WriteMessage(dst[:0], make([]byte, MaxMessageSize-writer.Overhead()+1))
			wrong("long payload", err, ErrMessageLength)
			if string(dst) != "0123456789" || writer.Done() {
				t.Errorf("%s: %s is written", name, dst)
			}
			x.message(t, i, nil) // also compares the states
		}
		for _, hs := range x.sides {
			_, err := hs.WriteMessage(nil, nil)
			wrong("write after the end", err, ErrOrder)
			_, err = hs.ReadMessage(nil, make([]byte, 4000))
			wrong("read after the end", err, ErrOrder)
			if hs.MyTurn() || hs.Overhead() != 0 || !hs.Done() {
				t.Errorf("%s: not done", name)
			}
		}
		x.finish(t)
		for _, hs := range x.sides {
			isDead(t, name+", split", hs)
		}
		x = newQuartet(t, p, nil)
		for _, hs := range x.sides {
			hs.Destroy()
			hs.Destroy()
			isDead(t, name+", destroyed", hs)
		}
	}
}

// TestLowOrder sends ephemeral keys of low order, in messages that are authentic under the shared secret of zeros.
func TestLowOrder(t *testing.T) {
	for _, point := range testkit.X25519Points() {
		x := newQuartet(t, parse(t, "Noise_NN_25519_ChaChaPoly_SHA256"), nil)
		if _, err := x.sides[0].WriteMessage(nil, nil); err != nil {
			t.Fatal(err)
		}
		attacker := x.sides[0].copied(t).secrets
		attacker.mixHash(point[:])
		attacker.mixKey(make([]byte, 32))
		tag, err := attacker.encryptAndHash(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, "a key of low order", x.sides[0], 1, append(point[:], tag...))
	}
	// The responder reads such a key before it uses it.
	responder := newQuartet(t, parse(t, "Noise_NN_25519_ChaChaPoly_SHA256"), nil).sides[1]
	if _, err := responder.ReadMessage(nil, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if message, err := responder.WriteMessage(nil, nil); message != nil || !errors.Is(err, ErrHandshake) {
		t.Errorf("the error of WriteMessage is %v", err)
	}
	isDead(t, "after a key of low order", responder)
}

// TestLargest sends the largest message, once in a handshake and once after it.
func TestLargest(t *testing.T) {
	for _, name := range protocols {
		x := newQuartet(t, parse(t, name), nil)
		for i := range x.specs[0].Messages {
			if m := x.message(t, i, make([]byte, MaxMessageSize-x.sides[i%2].Overhead())); len(m) != MaxMessageSize {
				t.Errorf("%s: %d bytes", name, len(m))
			}
		}
	}
}

// TestCipherState compares a CipherState with the transcription: nonces, limits, Rekey.
func TestCipherState(t *testing.T) {
	for i := range ciphers {
		x := newQuartet(t, parse(t, "Noise_NN_25519_"+ciphers[i].name+"_SHA256"), nil)
		x.message(t, 0, nil)
		x.message(t, 1, nil)
		key, _ := x.specs[0].Split()
		send, _, err := x.sides[0].Split()
		if err != nil {
			t.Fatal(err)
		}
		_, receive, err := x.sides[1].Split()
		if err != nil {
			t.Fatal(err)
		}
		name := ciphers[i].name
		ad := []byte("ad")
		check := func(what string, n uint64) []byte {
			t.Helper()
			plaintext := randomBytes(33)
			if send.Nonce() != n {
				t.Errorf("%s, %s: nonce %d", name, what, send.Nonce())
			}
			ct, err := send.Encrypt([]byte("0"), ad, plaintext)
			if err != nil || !bytes.Equal(ct[1:], x.specs[0].Encrypt(key, n, ad, plaintext)) {
				t.Fatalf("%s, %s: another ciphertext, error %v", name, what, err)
			}
			receive.SetNonce(n)
			if pt, err := receive.Decrypt([]byte("0"), ad, ct[1:]); err != nil || !bytes.Equal(pt[1:], plaintext) || receive.Nonce() != n+1 {
				t.Fatalf("%s, %s: %x, error %v", name, what, pt, err)
			}
			return ct[1:]
		}
		ct0, ct1, ct2 := check("first", 0), check("second", 1), check("third", 2)
		for _, m := range []struct {
			ct []byte
			n  uint64
		}{{ct1, 1}, {ct0, 0}, {ct2, 2}} { // out of order
			receive.SetNonce(m.n + 1)
			buffer := bytes.Repeat([]byte{0xa5}, 60)
			if pt, err := receive.Decrypt(buffer[:2], ad, m.ct); pt != nil || err != ErrDecrypt || receive.Nonce() != m.n+1 {
				t.Errorf("%s: a message with another nonce: %x, error %v, nonce %d", name, pt, err, receive.Nonce())
			}
			if buffer[0] != 0xa5 || buffer[1] != 0xa5 || len(bytes.Trim(buffer, "\xa5\x00")) != 0 {
				t.Errorf("%s: %x is left", name, buffer)
			}
			receive.SetNonce(m.n)
			if _, err := receive.Decrypt(nil, []byte("other"), m.ct); err != ErrDecrypt || receive.Nonce() != m.n {
				t.Errorf("%s: other data: %v", name, err)
			}
			if _, err := receive.Decrypt(nil, ad, m.ct); err != nil {
				t.Errorf("%s: out of order: %v", name, err)
			}
		}
		for n := range len(ct0) {
			receive.SetNonce(0)
			changed := bytes.Clone(ct0)
			changed[n] ^= 1
			for _, b := range [][]byte{changed, ct0[:n]} {
				if pt, err := receive.Decrypt(nil, ad, b); pt != nil || err != ErrDecrypt || receive.Nonce() != 0 {
					t.Errorf("%s: changed message: %v", name, err)
				}
			}
		}
		// Rekey leaves the nonce.
		for n := range uint64(2) {
			if err := errors.Join(send.Rekey(), receive.Rekey()); err != nil {
				t.Fatal(err)
			}
			key = x.specs[0].Rekey(key)
			check("after Rekey", 3+n)
		}
		// Lengths.
		if ct, err := send.Encrypt(nil, nil, make([]byte, MaxMessageSize-tagSize)); err != nil || len(ct) != MaxMessageSize {
			t.Errorf("%s: the largest message: %v", name, err)
		}
		n := send.Nonce()
		if _, err := send.Encrypt(nil, nil, make([]byte, MaxMessageSize-tagSize+1)); err != ErrMessageLength || send.Nonce() != n {
			t.Errorf("%s: a longer message: %v", name, err)
		}
		if _, err := receive.Decrypt(nil, nil, make([]byte, MaxMessageSize+1)); err != ErrMessageLength {
			t.Errorf("%s: a longer message: %v", name, err)
		}
		// Nonces.
		send.SetNonce(maxNonce - 2)
		check("last but one", maxNonce-2)
		check("last", maxNonce-1)
		for range 2 {
			if ct, err := send.Encrypt(nil, nil, nil); ct != nil || err != ErrNonce || send.Nonce() != maxNonce {
				t.Errorf("%s: after the last nonce: %x, %v", name, ct, err)
			}
			if _, err := receive.Decrypt(nil, nil, ct0); err != ErrNonce || receive.Nonce() != maxNonce {
				t.Errorf("%s: after the last nonce: %v", name, err)
			}
		}
		for _, c := range []*CipherState{send, receive} {
			c.Destroy()
			_, encrypt := c.Encrypt(nil, nil, nil)
			_, decrypt := c.Decrypt(nil, nil, ct0)
			for _, err := range []error{encrypt, decrypt, c.Rekey()} {
				if !errors.Is(err, ErrOrder) {
					t.Errorf("%s: after Destroy: %v", name, err)
				}
			}
			if c.key != nil {
				t.Errorf("%s: the key is left", name)
			}
		}
	}
	var c CipherState
	if _, err := c.Encrypt(nil, nil, nil); !errors.Is(err, ErrOrder) {
		t.Errorf("the zero CipherState: %v", err)
	}
}

// TestPrintingAll prints what has secrets. The tests of internal/attacks search for every notation of keys. Here it is
// enough that no secret is printed as bytes or in hexadecimal.
func TestPrintingAll(t *testing.T) {
	x := newQuartet(t, parse(t, "Noise_hybridIKpsk2_25519+MLKEM512_ChaChaPoly_SHA256"), nil)
	x.message(t, 0, nil)
	hs := x.sides[0]
	s := hs.secrets
	secrets := [][]byte{s.ck[:32], s.cipher.key.k[:], s.static[:], s.ephemeral[:], s.psks[0][:], s.ephemeralKEM.Bytes(), hs.staticKEM.(kem.DecapsulationKey).Bytes()}
	y := newQuartet(t, parse(t, "Noise_NN_25519_ChaChaPoly_SHA256"), nil)
	y.message(t, 0, nil)
	y.message(t, 1, nil)
	k1, k2 := y.specs[0].Split()
	send, receive, err := y.sides[0].Split()
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, k1, k2)
	config := &Config{Static: scalarKey(t, s.static[:]), PSKs: [][]byte{s.psks[0][:]}}
	for _, value := range []any{hs, *hs, []any{hs}, struct{ hs *HandshakeState }{hs}, send, *send, receive, struct{ c *CipherState }{send}, struct{ c CipherState }{*receive}, config, *config, struct{ C Config }{*config}, []*Config{config}} {
		texts := []string{}
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			texts = append(texts, fmt.Sprintf(format, value))
		}
		if text, err := json.Marshal(value); err == nil {
			texts = append(texts, string(text))
		}
		for _, text := range texts {
			for i, secret := range secrets {
				four := secret[:8]
				inner := fmt.Sprint(four)
				inner = inner[1 : len(inner)-1]
				listed := fmt.Sprintf("%#v", four)
				listed = listed[len("[]byte{") : len(listed)-1]
				base64, _ := json.Marshal(secret[:6])
				for _, form := range []string{string(four), hex.EncodeToString(four), strings.ToUpper(hex.EncodeToString(four)), inner, listed, strings.Trim(string(base64), `"=`)} {
					if strings.Contains(text, form) {
						t.Errorf("%T: secret %d is printed: %.300s", value, i, text)
					}
				}
			}
		}
	}
}

// TestRandomness checks that handshakes without given randomness differ.
func TestRandomness(t *testing.T) {
	for _, name := range protocols {
		p := parse(t, name)
		messages := map[string]bool{}
		for range 2 {
			x := newQuartet(t, p, nil)
			for _, hs := range x.sides {
				hs.secrets.fixed = nil
			}
			w := writers{x.sides}
			for i := range p.pattern.messages {
				messages[string(w.message(t, i, nil))] = true
			}
			if !bytes.Equal(w.sides[0].HandshakeHash(), w.sides[1].HandshakeHash()) {
				t.Errorf("%s: other hashes", name)
			}
			seen := map[string]bool{}
			for _, hs := range w.sides {
				if e := hs.secrets.ephemeral; p.pattern.dh && e == [32]byte{} && hs.protocol.pattern.sends(hs.initiator, tokenE) || seen[string(e[:])] && e != [32]byte{} {
					t.Errorf("%s: the ephemeral key is %x", name, e)
				}
				seen[string(hs.secrets.ephemeral[:])] = true
			}
		}
		if len(messages) != 2*len(p.pattern.messages) {
			t.Errorf("%s: a message twice", name)
		}
	}
	hs := newQuartet(t, parse(t, protocols[0]), nil).sides[0]
	hs.secrets.fixed = nil
	hs.SetRandomness(derand.Random{}, derand.Random{}, nil)
	if hs.secrets.fixed != nil {
		t.Error("anybody can set the randomness")
	}
}
