package interop

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/flynn/noise"

	"hybridkem/internal/testkit"
)

// flynnSide is github.com/flynn/noise as a side.
type flynnSide struct {
	hs            *noise.HandshakeState
	initiator     bool
	send, receive *noise.CipherState
}

var (
	flynnPatterns = []noise.HandshakePattern{
		noise.HandshakeN, noise.HandshakeK, noise.HandshakeX,
		noise.HandshakeNN, noise.HandshakeNK, noise.HandshakeNX, noise.HandshakeKN, noise.HandshakeKK, noise.HandshakeKX,
		noise.HandshakeXN, noise.HandshakeXK, noise.HandshakeXX, noise.HandshakeIN, noise.HandshakeIK, noise.HandshakeIX,
	}
	flynnCiphers = []noise.CipherFunc{noise.CipherChaChaPoly, noise.CipherAESGCM}
	flynnHashes  = []noise.HashFunc{noise.HashSHA256, noise.HashSHA512, noise.HashBLAKE2s, noise.HashBLAKE2b}
)

func newFlynn(s session) (*flynnSide, error) {
	parts := strings.Split(s.Protocol, "_")
	p := parsePattern(parts[1])
	config := noise.Config{
		Initiator: s.Initiator, Prologue: s.Prologue, PresharedKey: s.PSK, PresharedKeyPlacement: max(p.psk, 0),
		StaticKeypair: noise.DHKey{Private: s.StaticPrivate, Public: s.Static}, PeerStatic: s.PeerStatic,
	}
	for _, known := range flynnPatterns {
		if known.Name == p.base {
			config.Pattern = known
		}
	}
	for _, cipher := range flynnCiphers {
		for _, hash := range flynnHashes {
			if cipher.CipherName()+"_"+hash.HashName() == parts[3]+"_"+parts[4] {
				config.CipherSuite = noise.NewCipherSuite(noise.DH25519, cipher, hash)
			}
		}
	}
	hs, err := noise.NewHandshakeState(config)
	return &flynnSide{hs: hs, initiator: s.Initiator}, err
}

func (f *flynnSide) split(initiator, responder *noise.CipherState) {
	f.send, f.receive = initiator, responder
	if !f.initiator {
		f.send, f.receive = responder, initiator
	}
}

func (f *flynnSide) write(payload []byte) ([]byte, error) {
	if f.send != nil {
		return f.send.Encrypt(nil, nil, payload)
	}
	message, initiator, responder, err := f.hs.WriteMessage(nil, payload)
	f.split(initiator, responder)
	return message, err
}

func (f *flynnSide) read(message []byte) ([]byte, error) {
	if f.receive != nil {
		return f.receive.Decrypt(nil, nil, message)
	}
	payload, initiator, responder, err := f.hs.ReadMessage(nil, message)
	f.split(initiator, responder)
	return payload, err
}

func (f *flynnSide) rekey(sending bool) error {
	if sending {
		f.send.Rekey()
	} else {
		f.receive.Rekey()
	}
	return nil
}

func (f *flynnSide) hash() []byte { return f.hs.ChannelBinding() }

// followWithFlynn is noisePeer.follow of github.com/flynn/noise.
func followWithFlynn(s session) outcome {
	f, err := newFlynn(s)
	if err != nil {
		return outcome{Stopped: err.Error()}
	}
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: loopback, Port: s.Port})
	if err != nil {
		return outcome{Stopped: err.Error()}
	}
	return follow(conn, f, s.Initiator, s.Script)
}

func TestNoiseFlynn(t *testing.T) {
	if testing.Short() {
		t.Skip("more than a thousand connections")
	}
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/flynn/noise").Output()
	if err != nil {
		t.Fatal(err)
	}
	noisePeer{
		Peer:     testkit.Peer{Name: "flynn/noise", Version: strings.TrimSpace(string(version))},
		follow:   followWithFlynn,
		patterns: withPSKs(allBasePatterns), suites: allSuites, rekeys: true,
	}.test(t)
}
