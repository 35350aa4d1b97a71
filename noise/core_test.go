package noise

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
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
	hs, err := NewHandshakeState(&Config{Protocol: "Noise_NNpsk2_25519_ChaChaPoly_SHA256", PSKs: [][]byte{bytes.Repeat([]byte{203}, 32)}}, true)
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
