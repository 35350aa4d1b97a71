package interop

import (
	"bytes"
	"cmp"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hybridkem/internal/testkit"
	"hybridkem/noise"
)

// A script is a conversation: the handshake and then some transport messages. Both sides know it.
type script []scripted

type scripted struct {
	FromInitiator bool
	Payload       []byte
	Rekey         bool // whether both sides replace the key of this direction before the message
}

// A session is what a side needs to follow a script. Keys that its pattern does not use are nil.
type session struct {
	Port                  int // where the peer finds this module, on the loopback interface
	Protocol              string
	Initiator             bool
	Prologue, PSK         []byte
	Static, StaticPrivate []byte
	PeerStatic            []byte
	Script                script
}

// An outcome is what a side says after a session.
type outcome struct {
	Hash   []byte   // the handshake hash
	Opened [][]byte // the payloads that it has read
	// Why it stopped before the end of the script: it has refused a message, the connection has ended, or
	// something else.
	Stopped string
}

const (
	refused = "refused"
	closed  = "closed"
)

// A side is one side of a handshake and of the transport behind it.
type side interface {
	write(payload []byte) ([]byte, error)
	read(message []byte) ([]byte, error)
	rekey(sending bool) error
	hash() []byte
}

// follow follows the script over conn. Each message has its length in two bytes before it.
func follow(conn net.Conn, s side, initiator bool, script script) (o outcome) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	for _, m := range script {
		sending := m.FromInitiator == initiator
		if m.Rekey {
			if err := s.rekey(sending); err != nil {
				o.Stopped = err.Error()
				return o
			}
		}
		if sending {
			message, err := s.write(m.Payload)
			if err != nil {
				o.Stopped = err.Error()
				return o
			}
			if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)); err != nil {
				o.Stopped = closed
				return o
			}
			continue
		}
		var length [2]byte
		_, err := io.ReadFull(conn, length[:])
		message := make([]byte, binary.BigEndian.Uint16(length[:]))
		if err == nil {
			_, err = io.ReadFull(conn, message)
		}
		if err != nil {
			o.Stopped = closed
			return o
		}
		payload, err := s.read(message)
		if err != nil {
			o.Stopped = refused
			return o
		}
		o.Opened = append(o.Opened, payload)
	}
	o.Hash = s.hash()
	return o
}

// own is this module as a side.
type own struct {
	hs            *noise.HandshakeState
	split         bool
	send, receive *noise.CipherState
}

func newOwn(s session) (*own, error) {
	config := noise.Config{Protocol: s.Protocol, Prologue: s.Prologue}
	var err error
	if s.StaticPrivate != nil {
		if config.Static, err = ecdh.X25519().NewPrivateKey(s.StaticPrivate); err != nil {
			return nil, err
		}
	}
	if s.PeerStatic != nil {
		if config.PeerStatic, err = ecdh.X25519().NewPublicKey(s.PeerStatic); err != nil {
			return nil, err
		}
	}
	if s.PSK != nil {
		config.PSKs = [][]byte{s.PSK}
	}
	hs, err := noise.NewHandshakeState(&config, s.Initiator)
	return &own{hs: hs}, err
}

func (o *own) advance() (err error) {
	if o.hs.Done() {
		o.send, o.receive, err = o.hs.Split()
		o.split = true
	}
	return err
}

func (o *own) write(payload []byte) ([]byte, error) {
	if o.split {
		return o.send.Encrypt(nil, nil, payload)
	}
	message, err := o.hs.WriteMessage(nil, payload)
	return message, cmp.Or(err, o.advance())
}

func (o *own) read(message []byte) ([]byte, error) {
	if o.split {
		return o.receive.Decrypt(nil, nil, message)
	}
	payload, err := o.hs.ReadMessage(nil, message)
	return payload, cmp.Or(err, o.advance())
}

func (o *own) rekey(sending bool) error {
	if sending {
		return o.send.Rekey()
	}
	return o.receive.Rekey()
}

func (o *own) hash() []byte { return o.hs.HandshakeHash() }

// A pattern is the name of a handshake pattern without KEMs, in parts.
type pattern struct {
	base string
	psk  int // the n of pskn, or -1
}

func parsePattern(name string) pattern {
	base, psk, found := strings.Cut(name, "psk")
	if !found {
		return pattern{base, -1}
	}
	return pattern{base, int(psk[0] - '0')}
}

// letters returns how each side's static key reaches the other side: N, K, X or I.
func (p pattern) letters() (initiator, responder byte) {
	if p.oneWay() {
		return p.base[0], 'K'
	}
	return p.base[0], p.base[1]
}

func (p pattern) oneWay() bool { return len(p.base) == 1 }

// messages returns how many messages the handshake has.
func (p pattern) messages() int {
	switch {
	case p.oneWay():
		return 1
	case p.base[0] == 'X':
		return 3
	}
	return 2
}

// firstEncrypted returns the first message, from 0, that has an authentication tag. With a pre-shared key, wherever it is, the
// token e makes a key.
func (p pattern) firstEncrypted() int {
	if _, responder := p.letters(); responder == 'K' || p.psk >= 0 {
		return 0
	}
	return 1
}

func (p pattern) script(rekey bool) (s script) {
	add := func(fromInitiator bool, size int, rekey bool) {
		s = append(s, scripted{fromInitiator, random(size), rekey})
	}
	for i := range p.messages() {
		add(i%2 == 0, []int{13, 1300, 100}[i], false)
	}
	for i, size := range []int{0, 1, noise.MaxMessageSize - 16} {
		add(true, size, rekey && i == 1)
		if !p.oneWay() {
			add(false, size, rekey && i == 2)
		}
	}
	return s
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

var loopback = net.IPv4(127, 0, 0, 1)

// A noisePeer follows sessions. It connects to their ports.
type noisePeer struct {
	testkit.Peer
	follow   func(session) outcome
	patterns []string
	suites   []string // in the form ChaChaPoly_SHA256
	rekeys   bool     // whether it can replace keys
}

var allSuites = func() (suites []string) {
	for _, cipher := range []string{"ChaChaPoly", "AESGCM"} {
		for _, hash := range []string{"SHA256", "SHA512", "BLAKE2s", "BLAKE2b"} {
			suites = append(suites, cipher+"_"+hash)
		}
	}
	return suites
}()

var allBasePatterns = []string{"N", "K", "X", "NN", "NK", "NX", "KN", "KK", "KX", "XN", "XK", "XX", "IN", "IK", "IX"}

// withPSKs adds the variants of patterns with one pre-shared key, at each place.
func withPSKs(patterns []string) (all []string) {
	for _, name := range patterns {
		all = append(all, name)
		for n := range parsePattern(name).messages() + 1 {
			all = append(all, fmt.Sprintf("%spsk%d", name, n))
		}
	}
	return all
}

// newSessions returns a session for each side.
func newSessions(t *testing.T, name, suite string, rekey, ownInitiates bool) (own, peer session) {
	t.Helper()
	p := parsePattern(name)
	common := session{Protocol: "Noise_" + name + "_25519_" + suite, Prologue: random(40), Script: p.script(rekey)}
	if p.psk >= 0 {
		common.PSK = random(32)
	}
	initiator, responder := common, common
	initiator.Initiator = true
	initiatorHas, responderHas := p.letters()
	give := func(how byte, owner, other *session) {
		if how == 'N' {
			return
		}
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		owner.StaticPrivate, owner.Static = key.Bytes(), key.PublicKey().Bytes()
		if how == 'K' {
			other.PeerStatic = owner.Static
		}
	}
	give(initiatorHas, &initiator, &responder)
	give(responderHas, &responder, &initiator)
	if ownInitiates {
		return initiator, responder
	}
	return responder, initiator
}

// meet lets both sides follow their sessions.
func (p noisePeer) meet(t *testing.T, listener *net.TCPListener, ownSession, peerSession session) (ours, theirs outcome, hs *noise.HandshakeState) {
	t.Helper()
	s, err := newOwn(ownSession)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan outcome, 1)
	go func() {
		listener.SetDeadline(time.Now().Add(10 * time.Second))
		conn, err := listener.Accept()
		if err != nil {
			done <- outcome{Stopped: err.Error()}
			return
		}
		done <- follow(conn, s, ownSession.Initiator, ownSession.Script)
	}()
	peerSession.Port = listener.Addr().(*net.TCPAddr).Port
	theirs = p.follow(peerSession)
	return <-done, theirs, s.hs
}

// test runs all patterns and suites with the peer, with each side as the initiator. In one suite, it also lets the peer
// have another prologue, pre-shared key or static key.
func (p noisePeer) test(t *testing.T) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	completed, failed := 0, 0
	for _, name := range p.patterns {
		for _, ownInitiates := range []bool{true, false} {
			for _, suite := range p.suites {
				ownSession, peerSession := newSessions(t, name, suite, p.rekeys, ownInitiates)
				ours, theirs, hs := p.meet(t, listener, ownSession, peerSession)
				if err := compare(ownSession, ours, theirs); err != nil {
					t.Errorf("%s, this side initiates: %v: %v", ownSession.Protocol, ownInitiates, err)
				}
				if key := hs.PeerStatic(); key == nil != (peerSession.Static == nil) || key != nil && !bytes.Equal(key.Bytes(), peerSession.Static) {
					t.Errorf("%s, this side initiates: %v: another static key", ownSession.Protocol, ownInitiates)
				}
				completed++
			}
			for _, fault := range faults {
				ownSession, peerSession := newSessions(t, name, p.suites[0], p.rekeys, ownInitiates)
				refuses, ok := fault.plant(parsePattern(name), &peerSession)
				if !ok {
					continue
				}
				ours, theirs, _ := p.meet(t, listener, ownSession, peerSession)
				if err := bothFail(parsePattern(name), ownSession, refuses, ours, theirs); err != nil {
					t.Errorf("%s, this side initiates: %v, %s: %v", ownSession.Protocol, ownInitiates, fault.name, err)
				}
				failed++
			}
		}
	}
	if completed == 0 || failed == 0 {
		t.Error("nothing was run")
	}
	t.Logf("peer: %v: Noise %s, suites: %d, in both roles: %d handshakes, and %d that fail", p.Peer, strings.Join(p.patterns, " "), len(p.suites), completed, failed)
}

// compare returns an error unless both sides have followed the script to its end, with the same hash.
func compare(s session, ours, theirs outcome) error {
	if ours.Stopped != "" || theirs.Stopped != "" {
		return fmt.Errorf("this side stopped with %q and the other with %q", ours.Stopped, theirs.Stopped)
	}
	if len(ours.Hash) == 0 || !bytes.Equal(ours.Hash, theirs.Hash) {
		return errors.New("the handshake hashes differ")
	}
	for _, m := range s.Script {
		opened := &ours.Opened
		if m.FromInitiator == s.Initiator {
			opened = &theirs.Opened
		}
		if len(*opened) == 0 || !bytes.Equal((*opened)[0], m.Payload) {
			return errors.New("a payload arrived altered")
		}
		*opened = (*opened)[1:]
	}
	return nil
}

// faults give a side something else than the other has. They return the message, from 0, that its reader must refuse.
var faults = []struct {
	name  string
	plant func(p pattern, s *session) (refuses int, ok bool)
}{
	{"another prologue", func(p pattern, s *session) (int, bool) {
		s.Prologue = flipped(s.Prologue)
		return p.firstEncrypted(), true
	}},
	{"another pre-shared key", func(p pattern, s *session) (int, bool) {
		s.PSK = flipped(s.PSK)
		return max(p.psk, 1) - 1, p.psk >= 0
	}},
	{"another static key", func(p pattern, s *session) (int, bool) {
		s.PeerStatic = flipped(s.PeerStatic)
		return p.firstEncrypted(), s.PeerStatic != nil
	}},
}

// flipped returns a copy of b with one bit flipped.
func flipped(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) > 0 {
		b[0] ^= 1
	}
	return b
}

// bothFail returns an error unless the reader of the message has refused it and the other side has seen the connection end.
func bothFail(p pattern, s session, message int, ours, theirs outcome) error {
	reader, writer := ours, theirs
	if s.Script[message].FromInitiator == s.Initiator {
		reader, writer = theirs, ours
	}
	if reader.Stopped != refused || len(reader.Opened) != message/2 {
		return fmt.Errorf("the reader has stopped with %q after %d messages", reader.Stopped, len(reader.Opened))
	}
	// The initiator of a one-way pattern may have sent everything by then.
	if writer.Stopped != closed && !p.oneWay() {
		return fmt.Errorf("the writer has stopped with %q", writer.Stopped)
	}
	return nil
}
