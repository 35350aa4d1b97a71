package noise

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hybridkem/kem"
)

// split runs a handshake of NN with empty payloads.
func split(t *testing.T) (send, receive *CipherState) {
	t.Helper()
	config := &Config{Protocol: "Noise_NN_25519_ChaChaPoly_SHA256"}
	var states [2]*HandshakeState
	for i := range states {
		var err error
		if states[i], err = NewHandshakeState(config, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		message, err := states[i].WriteMessage(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := states[1-i].ReadMessage(nil, message); err != nil {
			t.Fatal(err)
		}
	}
	send, _, err := states[0].Split()
	if err != nil {
		t.Fatal(err)
	}
	if _, receive, err = states[1].Split(); err != nil {
		t.Fatal(err)
	}
	return send, receive
}

// TestPrinting looks for secrets in what fmt prints.
func TestPrinting(t *testing.T) {
	send, _ := split(t)
	config := &Config{Protocol: "Noise_NNpsk2_25519_ChaChaPoly_SHA256", PSKs: [][]byte{bytes.Repeat([]byte{203}, 32)}}
	conn := Client(nil, config)
	hs, err := NewHandshakeState(config, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q", "%!"} {
		for _, test := range []struct {
			value  any
			secret []byte
		}{
			{send, send.key.k[:4]}, {*send, send.key.k[:4]}, {struct{ c CipherState }{*send}, send.key.k[:4]},
			{hs, hs.secrets.psks[0][:4]}, {*hs, hs.secrets.psks[0][:4]}, {struct{ hs HandshakeState }{*hs}, hs.secrets.psks[0][:4]},
			{config, config.PSKs[0][:4]}, {*config, config.PSKs[0][:4]}, {conn, config.PSKs[0][:4]}, {struct{ c *Conn }{conn}, config.PSKs[0][:4]},
		} {
			printed := fmt.Sprintf(format, test.value)
			for _, form := range []string{hex.EncodeToString(test.secret), string(test.secret), strings.Trim(fmt.Sprint(test.secret), "[]")} {
				if strings.Contains(printed, form) {
					t.Errorf("%q of %T prints a secret", format, test.value)
				}
			}
		}
	}
}

// TestReadInPlace reads messages into the memory that they are in.
func TestReadInPlace(t *testing.T) {
	config := &Config{Protocol: "Noise_NN_25519_AESGCM_BLAKE2s"}
	initiator, err := NewHandshakeState(config, true)
	if err != nil {
		t.Fatal(err)
	}
	responder, err := NewHandshakeState(config, false)
	if err != nil {
		t.Fatal(err)
	}
	payload := bytes.Repeat([]byte("payload"), 20)
	for range 2 {
		message, err := initiator.WriteMessage(nil, payload)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := responder.ReadMessage(message[:0], message); err != nil || !bytes.Equal(read, payload) {
			t.Fatalf("%q, %v", read, err)
		}
		initiator, responder = responder, initiator
	}
	if !bytes.Equal(initiator.HandshakeHash(), responder.HandshakeHash()) {
		t.Error("the hashes differ")
	}
}

// TestReadNothing checks that a message that is not authentic changes nothing behind dst.
func TestReadNothing(t *testing.T) {
	config := &Config{Protocol: "Noise_NNpsk0_25519_ChaChaPoly_SHA256", PSKs: [][]byte{make([]byte, 32)}}
	initiator, err := NewHandshakeState(config, true)
	if err != nil {
		t.Fatal(err)
	}
	responder, err := NewHandshakeState(config, false)
	if err != nil {
		t.Fatal(err)
	}
	message, err := initiator.WriteMessage(nil, []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	message[len(message)-1] ^= 1
	dst := bytes.Repeat([]byte{1}, 100)
	if _, err := responder.ReadMessage(dst[:1], message); !errors.Is(err, ErrHandshake) {
		t.Errorf("the error is %v", err)
	}
	if !bytes.Equal(dst, bytes.Repeat([]byte{1}, 100)) {
		t.Errorf("written %d", dst)
	}
}

func TestNilConfig(t *testing.T) {
	if _, err := NewHandshakeState(nil, true); !errors.Is(err, ErrConfig) {
		t.Errorf("the error is %v", err)
	}
}

// TestOrderOfModifiers checks that modifiers whose order does not matter are sorted, so that a protocol has one name.
func TestOrderOfModifiers(t *testing.T) {
	for name, valid := range map[string]bool{
		"XXpsk0+psk3": true, "XXpsk3+psk0": false, "XXpsk0+psk0": false, "XXpsk1+psk2": true, "XXpsk2+psk1": false, "XXhfs+psk3": true, "XXpsk3+hfs": false,
	} {
		if _, err := parsePattern(name); (err == nil) != valid || err != nil && !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUsedNonce checks that a key does not encrypt two messages with a nonce, neither after SetNonce nor by a copy.
func TestUsedNonce(t *testing.T) {
	send, receive := split(t)
	copied := *send
	for range 3 {
		if _, err := send.Encrypt(nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := copied.Encrypt(nil, nil, nil); err != ErrNonce {
		t.Errorf("a copy encrypts again: %v", err)
	}
	for n := range uint64(3) {
		send.SetNonce(n)
		if b, err := send.Encrypt(nil, nil, nil); b != nil || err != ErrNonce || send.Nonce() != n {
			t.Errorf("nonce %d: %x, %v", n, b, err)
		}
	}
	send.SetNonce(7)
	receive.SetNonce(7)
	message, err := send.Encrypt(nil, nil, []byte("later"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		receive.SetNonce(7)
		if b, err := receive.Decrypt(nil, nil, message); string(b) != "later" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
	// Another key may use all nonces.
	if err := send.Rekey(); err != nil {
		t.Fatal(err)
	}
	send.SetNonce(0)
	if _, err := send.Encrypt(nil, nil, nil); err != nil {
		t.Error(err)
	}
}

// TestNoState calls methods of the state that a one-way handshake does not have.
func TestNoState(t *testing.T) {
	for _, c := range []*CipherState{nil, {}} {
		if c.SetNonce(0); c.Nonce() != 0 {
			t.Error("a CipherState without a key has a nonce")
		}
		_, encrypt := c.Encrypt(nil, nil, nil)
		_, decrypt := c.Decrypt(nil, nil, make([]byte, 16))
		for _, err := range []error{encrypt, decrypt, c.Rekey()} {
			if !errors.Is(err, ErrOrder) {
				t.Errorf("%v: %v", c, err)
			}
		}
		c.Destroy()
	}
}

// TestOverlap gives Encrypt, Decrypt and WriteMessage memory that overlaps in every way. They work in place, or
// return an error and change nothing.
func TestOverlap(t *testing.T) {
	for _, name := range []string{"ChaChaPoly", "AESGCM"} {
		config := &Config{Protocol: "Noise_NN_25519_" + name + "_SHA256"}
		refused := 0
		for at := range 60 {
			hs, err := NewHandshakeState(config, true)
			if err != nil {
				t.Fatal(err)
			}
			buffer := bytesFrom(newRandom(1), 100)
			before := bytes.Clone(buffer)
			_, err = hs.WriteMessage(buffer[10:10], buffer[at:at+5])
			wrong := at+5 > 10 && at < 10+32+5
			if errors.Is(err, kem.ErrOverlap) != wrong || wrong && !bytes.Equal(buffer, before) {
				t.Errorf("%s, payload at %d: %v", name, at, err)
			}
			if wrong {
				refused++
				if _, err := hs.WriteMessage(nil, nil); err != nil {
					t.Errorf("after the error: %v", err)
				}
			}
		}
		state := &CipherState{function: parse(t, config.Protocol).cipher}
		for at := range 60 {
			// try calls f with memory that has the last argument in it, and dst at 20.
			try := func(what string, size, added int, place bool, f func(dst, part []byte) ([]byte, error)) {
				state.initializeKey(make([]byte, keySize))
				buffer := bytesFrom(newRandom(1), 100)
				part := buffer[at : at+size]
				want, err := f(nil, bytes.Clone(part))
				if err != nil {
					want = nil // a ciphertext of random bytes
				}
				state.initializeKey(make([]byte, keySize))
				before := bytes.Clone(buffer)
				got, err := f(buffer[20:20], part)
				wrong := at+size > 20 && at < 20+added && !(place && at == 20)
				if wrong {
					refused++
				}
				if errors.Is(err, kem.ErrOverlap) != wrong || wrong && (!bytes.Equal(buffer, before) || state.Nonce() != 0) || !wrong && !bytes.Equal(got, want) {
					t.Errorf("%s, %s at %d: %v", name, what, at, err)
				}
			}
			state.initializeKey(make([]byte, keySize))
			sealed, err := state.Encrypt(nil, nil, make([]byte, 20))
			if err != nil {
				t.Fatal(err)
			}
			try("plaintext", 20, 36, true, func(dst, part []byte) ([]byte, error) { return state.Encrypt(dst, nil, part) })
			try("ad of Encrypt", 20, 36, false, func(dst, part []byte) ([]byte, error) { return state.Encrypt(dst, part, make([]byte, 20)) })
			try("ciphertext", 36, 20, true, func(dst, part []byte) ([]byte, error) { return state.Decrypt(dst, nil, part) })
			try("ad of Decrypt", 20, 20, false, func(dst, part []byte) ([]byte, error) { return state.Decrypt(dst, part, sealed) })
		}
		if refused < 180 {
			t.Errorf("%d refused", refused)
		}
	}
}

// TestZeroHandshake calls all methods of a zero value.
func TestZeroHandshake(t *testing.T) {
	var hs HandshakeState
	_, write := hs.WriteMessage(nil, nil)
	_, read := hs.ReadMessage(nil, nil)
	_, _, splitting := hs.Split()
	for _, err := range []error{write, read, splitting, hs.MixHash(nil)} {
		if !errors.Is(err, ErrOrder) {
			t.Errorf("the error is %v", err)
		}
	}
	hs.Destroy()
	if hs.Done() || hs.MyTurn() || hs.Overhead() != 0 || hs.HandshakeHash() != nil || hs.PeerStatic() != nil || hs.PeerStaticKEM() != nil {
		t.Error("a zero value has something")
	}
}

// A panicking Coding panics when a key is to be sent or read.
type panicking struct{ plainCoding }

func (panicking) Encode([32]byte) (encoded [32]byte, err error) { panic("Encode") }
func (panicking) Decode([32]byte) (public [32]byte, err error)  { panic("Decode") }

// TestPanic checks that a handshake in which somebody else's function has panicked does not go on.
func TestPanic(t *testing.T) {
	for i, hs := range newQuartet(t, parse(t, "Noise_IKhfselg2_25519+MLKEM512_ChaChaPoly_SHA256"), nil).sides {
		hs.coding = panicking{}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			if i == 0 {
				hs.WriteMessage(nil, nil)
			} else {
				hs.ReadMessage(nil, make([]byte, hs.Overhead()))
			}
		}()
		if hs.MyTurn() || hs.Done() {
			t.Error("the handshake goes on")
		}
		hs.Destroy()
		isDead(t, "after a panic", hs)
	}
}

// TestDestroyedLater destroys a static key in the middle of a handshake. The peer is not blamed.
func TestDestroyedLater(t *testing.T) {
	x := newQuartet(t, parse(t, "Noise_pqIK_MLKEM768_ChaChaPoly_SHA256"), nil)
	message, err := x.sides[0].WriteMessage(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	responder := x.sides[1]
	responder.staticKEM.(kem.DecapsulationKey).Destroy()
	if _, err := responder.ReadMessage(nil, message); !errors.Is(err, kem.ErrDestroyed) || errors.Is(err, ErrHandshake) {
		t.Errorf("the error is %v", err)
	}
	isDead(t, "a destroyed key", responder)
}
