package noise

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"slices"
	"time"

	"hybridkem/internal/derand"
	"hybridkem/internal/hybrid"
	"hybridkem/internal/secret"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
)

// A Config is what one side brings to a handshake. A pattern tells which keys it needs. A key that is
// missing, or that the pattern does not use, is an error.
//
// VerifyPeer and the fields after it are for a [Conn]. The caller of a HandshakeState does these things
// itself: [NewHandshakeState] refuses VerifyPeer and AnyPeer, and ignores the others.
type Config struct {
	// Protocol is the name of the protocol: see [ParseProtocol].
	Protocol string
	// KEMs are KEMs that the name may have, beside those that [ParseProtocol] lists.
	KEMs []NamedKEM

	// Prologue is hashed into the handshake. Both sides must have the same.
	Prologue []byte

	// Static and StaticKEM are this side's static keys.
	Static    *ecdh.PrivateKey
	StaticKEM kem.Decapsulator

	// PeerStatic and PeerStaticKEM are the peer's static keys, if the pattern has them in a pre-message. A Conn also takes
	// them for a pattern that transmits these keys, and refuses a peer with others.
	PeerStatic    *ecdh.PublicKey
	PeerStaticKEM kem.EncapsulationKey

	// PSKs are the pre-shared keys of 32 bytes, in the order in which the pattern uses them.
	PSKs [][]byte

	// Coding encodes ephemeral keys for the modifier hfselg2. For other patterns, it must be nil.
	Coding Coding

	// VerifyPeer returns an error to refuse the static key that the peer has sent. An argument is nil if the pattern has
	// no such key. The Conn calls it when the message with the key has been read, before it sends anything else.
	// Whether the peer has shown by then that it has the private key depends on the pattern (section 7.7).
	//
	// If the pattern transmits the peer's static key, the Config must say which key is the right one, in one of
	// three ways: with PeerStatic and PeerStaticKEM, VerifyPeer, or AnyPeer.
	VerifyPeer func(static *ecdh.PublicKey, staticKEM kem.EncapsulationKey) error
	// AnyPeer accepts every static key, also that of an attacker in between. It is for programs that judge the
	// ConnectionState before they send or believe anything.
	AnyPeer bool

	// Payload returns the payload of a message of the handshake that this side sends. The first message has the
	// number 1. If Payload is nil, payloads are empty. Those of early messages may be sent unencrypted, or without
	// forward secrecy, or to a peer that is not authenticated yet: section 7.7 says which are.
	Payload func(message int) []byte
	// MaxPayload is how many bytes the payload of a handshake message from the peer may have. By default, it must be
	// empty. This bounds the memory that a peer occupies before it is authenticated.
	MaxPayload int

	// HandshakeTimeout is how long a handshake may take before it ends and the connection is closed. Zero is no
	// limit. A server should have one.
	HandshakeTimeout time.Duration

	// RekeyAfter is after how many messages a key is replaced by Rekey. Each direction counts its own. Both sides must
	// have the same number. With zero, keys are never replaced. A Conn has no method for it, since the peer must
	// replace its key between the same messages.
	RekeyAfter uint64
}

// Format prints the name of the protocol, and no key, for every verb.
func (config Config) Format(s fmt.State, _ rune) {
	secret.Print(s, "noise.Config", config.Protocol)
}

// MarshalJSON returns an error, because a Config has secret keys.
func (config Config) MarshalJSON() ([]byte, error) {
	return nil, secret.NotJSON("noise.Config", config.Protocol)
}

// A Coding encodes ephemeral X25519 keys so that they look like random bytes, such as Elligator2.
type Coding interface {
	// GenerateKey returns a private key whose public key has an encoding.
	GenerateKey() (private [32]byte, err error)
	// Encode returns an encoding of a public key. Decode is its inverse.
	Encode(public [32]byte) (encoded [32]byte, err error)
	Decode(encoded [32]byte) (public [32]byte, err error)
}

// A HandshakeState makes and reads the messages of a handshake, according to section 5.3. Its methods must
// not be called at the same time. With ML-KEM-768, a side allocates memory up to 80 times in all.
//
// Destroy overwrites its secrets, and so does Split, and every error after which the handshake has ended. What is not
// overwritten: the copies of keys in objects of crypto/aes and x/crypto/chacha20poly1305, and the static keys, which belong
// to the caller.
type HandshakeState struct {
	secrets *hiddenSecrets

	protocol  *Protocol
	initiator bool
	next      int   // the index of the next message
	ended     error // why there is no next message, or nil
	coding    Coding

	// The keys of the peer: X25519 and the KEM, ephemeral and static.
	peerEphemeral, peerStatic       [32]byte
	hasPeerStatic                   bool
	peerEphemeralKEM, peerStaticKEM kem.EncapsulationKey
	static                          [32]byte // the own public key
	staticKEM                       kem.Decapsulator
}

// hiddenSecrets are secrets behind one more pointer, as those of a hiddenKey.
type hiddenSecrets struct{ *handshakeSecrets }

type handshakeSecrets struct {
	symmetricState
	static, ephemeral [32]byte
	ephemeralKEM      kem.DecapsulationKey
	psks              [][keySize]byte
	usedPSKs          int
	fixed             *fixed
}

// A fixed is the randomness of a side, for known answers.
type fixed struct {
	ephemeral, ephemeralKEM derand.Random
	encapsulations          []derand.Random
}

// NewHandshakeState begins a handshake. It implements Initialize. The error wraps [ErrProtocol] or [ErrConfig].
func NewHandshakeState(config *Config, initiator bool) (*HandshakeState, error) {
	if config == nil {
		return nil, errNilConfig
	}
	p, err := ParseProtocol(config.Protocol, config.KEMs...)
	if err != nil {
		return nil, err
	}
	return p.newHandshakeState(config, initiator)
}

func (p *Protocol) newHandshakeState(config *Config, initiator bool) (*HandshakeState, error) {
	if err := config.check(p, initiator); err != nil {
		return nil, err
	}
	hs := &HandshakeState{protocol: p, initiator: initiator, coding: config.Coding, secrets: &hiddenSecrets{new(handshakeSecrets)}}
	s := hs.secrets
	s.initialize(p)
	s.mixHash(config.Prologue)
	if config.Static != nil {
		scalar := config.Static.Bytes()
		copy(s.static[:], scalar)
		clear(scalar)
		hs.static = [32]byte(config.Static.PublicKey().Bytes())
		//ct:declassify hs.static: it is a public key
	}
	hs.staticKEM = config.StaticKEM
	if config.PeerStatic != nil {
		hs.peerStatic, hs.hasPeerStatic = [32]byte(config.PeerStatic.Bytes()), true
	}
	hs.peerStaticKEM = config.PeerStaticKEM
	s.psks = make([][keySize]byte, len(config.PSKs))
	for i, psk := range config.PSKs {
		copy(s.psks[i][:], psk)
	}
	for _, m := range p.pattern.preMessages {
		if p.pattern.dh {
			if m.fromInitiator == initiator {
				s.mixHash(hs.static[:])
			} else {
				s.mixHash(hs.peerStatic[:])
			}
		}
		if p.pattern.kem {
			if m.fromInitiator == initiator {
				s.mixHash(hs.staticKEM.PublicKey().Bytes())
			} else {
				s.mixHash(hs.peerStaticKEM.Bytes())
			}
		}
	}
	return hs, nil
}

// check returns an error unless config has what a side of the protocol needs, and nothing else.
func (config *Config) check(p *Protocol, initiator bool) error {
	needs := func(name string, needed, there bool) error {
		switch {
		case needed && !there:
			return fault(ErrConfig, "%s needs %s", p.name, name)
		case there && !needed:
			return fault(ErrConfig, "%s has no use for %s", p.name, name)
		}
		return nil
	}
	static := p.pattern.sends(initiator, tokenS)
	peer := p.pattern.knows(!initiator)
	for _, err := range []error{
		needs("Static", static && p.pattern.dh, config.Static != nil),
		needs("StaticKEM", static && p.pattern.kem, config.StaticKEM != nil),
		needs("PeerStatic", peer && p.pattern.dh, config.PeerStatic != nil),
		needs("PeerStaticKEM", peer && p.pattern.kem, config.PeerStaticKEM != nil),
		needs("Coding", p.pattern.elg2, config.Coding != nil),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case config.Static != nil && config.Static.Curve() != ecdh.X25519():
		return fault(ErrConfig, "Static is not a key of X25519")
	case config.PeerStatic != nil && config.PeerStatic.Curve() != ecdh.X25519():
		return fault(ErrConfig, "PeerStatic is not a key of X25519")
	case config.PeerStatic != nil && x25519.IsLowOrder((*[32]byte)(config.PeerStatic.Bytes())):
		return fault(ErrConfig, "PeerStatic has low order")
	case config.StaticKEM != nil && (config.StaticKEM.KEM() == nil || config.StaticKEM.KEM().Name() != p.staticKEM.Name()):
		return fault(ErrConfig, "StaticKEM is not a key of %s", p.staticKEM.Name())
	case config.PeerStaticKEM != nil && (config.PeerStaticKEM.KEM() == nil || config.PeerStaticKEM.KEM().Name() != p.staticKEM.Name()):
		return fault(ErrConfig, "PeerStaticKEM is not a key of %s", p.staticKEM.Name())
	case config.StaticKEM != nil && (!isKey(config.StaticKEM.PublicKey(), p.staticKEM) || isDestroyed(config.StaticKEM)):
		return fault(ErrConfig, "StaticKEM is a zero value, or has been destroyed")
	case config.PeerStaticKEM != nil && !isKey(config.PeerStaticKEM, p.staticKEM):
		return fault(ErrConfig, "PeerStaticKEM is a zero value")
	case config.VerifyPeer != nil || config.AnyPeer:
		return fault(ErrConfig, "only a Conn calls VerifyPeer or has a use for AnyPeer")
	case len(config.PSKs) != p.pattern.psks:
		return fault(ErrConfig, "%s needs %d pre-shared keys, and there are %d", p.name, p.pattern.psks, len(config.PSKs))
	}
	for _, psk := range config.PSKs {
		if len(psk) != keySize {
			return fault(ErrConfig, "a pre-shared key has %d bytes, want %d", len(psk), keySize)
		}
	}
	return nil
}

// isKey reports whether ek is a key and not a zero value, which has no bytes.
func isKey(ek kem.EncapsulationKey, k kem.KEM) bool {
	return ek != nil && len(ek.Bytes()) == k.EncapsulationKeySize()
}

// isDestroyed reports whether a key says that it has been destroyed. A [kem.Decapsulator] need not say it.
func isDestroyed(dk kem.Decapsulator) bool {
	key, ok := dk.(interface{ Destroyed() bool })
	return ok && key.Destroyed()
}

// over returns why the handshake has ended, or nil.
func (hs *HandshakeState) over() error {
	if hs.secrets == nil {
		return fault(ErrOrder, "the HandshakeState is a zero value: see NewHandshakeState")
	}
	return hs.ended
}

// begin returns the pattern of the next message, which the given side must send.
func (hs *HandshakeState) begin(fromInitiator bool) (*messagePattern, error) {
	if err := hs.over(); err != nil {
		return nil, err
	}
	if hs.next == len(hs.protocol.pattern.messages) {
		return nil, fault(ErrOrder, "the handshake has no more messages")
	}
	m := &hs.protocol.pattern.messages[hs.next]
	if m.fromInitiator != fromInitiator {
		return nil, fault(ErrOrder, "message %d of the handshake comes from the other side", hs.next+1)
	}
	return m, nil
}

// WriteMessage appends the next message of the handshake, with the payload, to dst, and returns the result. Whether a
// payload is encrypted, and to whom, depends on the pattern and the message (section 7.7).
//
// It returns [ErrOrder] if it is not this side's turn, [ErrMessageLength] if the message would be longer than
// [MaxMessageSize], and [kem.ErrOverlap] if the message would overwrite the payload. These change nothing. After
// another error the handshake has ended. Its causes are an X25519 key of the peer that has low order, a Coding, and
// a KEM of another module.
func (hs *HandshakeState) WriteMessage(dst, payload []byte) ([]byte, error) {
	m, err := hs.begin(hs.initiator)
	if err != nil {
		return nil, err
	}
	size := hs.overhead(m) + len(payload)
	switch {
	case size > MaxMessageSize:
		return nil, ErrMessageLength
	case overwrites(dst, size, payload):
		return nil, errOverlap
	}
	message := slices.Grow(dst, size)
	hs.do(func() {
		for _, t := range m.tokens {
			if message, err = hs.writeToken(message, t); err != nil {
				return
			}
		}
		message, err = hs.secrets.encryptAndHash(message, payload)
	})
	if err != nil {
		return nil, hs.end(fault(err, "message %d of the handshake cannot be made", hs.next+1))
	}
	hs.next++
	return message, nil
}

// ReadMessage reads the next message of the handshake, appends its payload to dst, and returns the result.
//
// It returns [ErrOrder] if it is this side's turn, which changes nothing. It returns [ErrHandshake] if the message
// is not valid, and [kem.ErrDestroyed] if it needs a StaticKEM that has been destroyed. Then the handshake has ended,
// and nothing has been written.
func (hs *HandshakeState) ReadMessage(dst, message []byte) ([]byte, error) {
	m, err := hs.begin(!hs.initiator)
	if err != nil {
		return nil, err
	}
	var payload []byte
	if overhead := hs.overhead(m); len(message) < overhead || len(message) > MaxMessageSize {
		err = ErrHandshake
	} else {
		hs.do(func() {
			rest := message
			for _, t := range m.tokens {
				if rest, err = hs.readToken(rest, t); err != nil {
					return
				}
			}
			// Not to dst, which a cipher overwrites if the payload is not authentic, and which may overlap message.
			payload, err = hs.secrets.decryptAndHash(nil, rest)
		})
	}
	if errors.Is(err, kem.ErrDestroyed) { // not the peer's fault
		return nil, hs.end(fault(err, "StaticKEM has been destroyed"))
	}
	if err != nil {
		return nil, hs.end(invalidMessage(hs.next + 1))
	}
	hs.next++
	dst = append(dst, payload...)
	clear(payload)
	return dst, nil
}

// invalidMessage is the error of a message from the peer. The number of the first one is 1.
func invalidMessage(number int) error {
	return fault(ErrHandshake, "message %d of the handshake is invalid", number)
}

// do runs f, which uses the KEMs, and overwrites the stack. If a KEM or a Coding of another module panics, the
// handshake has ended.
func (hs *HandshakeState) do(f func()) {
	p := hs.protocol
	hs.ended = errPanic
	secret.DoFar(1+max(hybrid.Levels(p.ephemeralKEM), hybrid.Levels(p.staticKEM)), f)
	hs.ended = nil
}

var errPanic = fault(ErrOrder, "the handshake has ended with a panic")

// end ends the handshake. From now on, all methods return err or another error.
func (hs *HandshakeState) end(err error) error {
	hs.Destroy()
	hs.ended = fault(ErrOrder, "the handshake has ended with an error")
	return err
}

// overhead returns how many bytes the next message has beside its payload.
func (hs *HandshakeState) overhead(m *messagePattern) int {
	p := hs.protocol
	keyed := hs.secrets.cipher.hasKey()
	tag := func() int {
		if keyed {
			return tagSize
		}
		return 0
	}
	n := 0
	for _, t := range m.tokens {
		switch t {
		case tokenE:
			if p.pattern.dh {
				n += x25519.Size
			}
			if p.pattern.kem {
				n += p.ephemeralKEM.EncapsulationKeySize()
			}
			keyed = keyed || p.pattern.psks > 0
		case tokenS:
			if p.pattern.dh {
				n += x25519.Size + tag()
			}
			if p.pattern.kem {
				n += p.staticKEM.EncapsulationKeySize() + tag()
			}
		case tokenE1:
			n += p.ephemeralKEM.EncapsulationKeySize() + tag()
		case tokenEKEM1:
			n += p.ephemeralKEM.CiphertextSize() + tag()
			keyed = true
		case tokenEKEM:
			n += p.ephemeralKEM.CiphertextSize()
			keyed = true
		case tokenSKEM:
			n += p.staticKEM.CiphertextSize() + tag()
			keyed = true
		default:
			keyed = true
		}
	}
	return n + tag()
}

// writeToken processes a token of a message to send, and appends what it sends to message.
func (hs *HandshakeState) writeToken(message []byte, t token) ([]byte, error) {
	s, p := hs.secrets, hs.protocol
	switch t {
	case tokenE:
		if p.pattern.dh {
			public, err := hs.newEphemeral()
			if err != nil {
				return nil, err
			}
			//ct:declassify public: it is sent
			sent := public
			if hs.coding != nil {
				if sent, err = hs.coding.Encode(public); err != nil {
					return nil, err
				}
			}
			message = append(message, sent[:]...)
			hs.mixEphemeral(public[:])
		}
		if p.pattern.kem {
			public, err := hs.newEphemeralKEM()
			if err != nil {
				return nil, err
			}
			message = append(message, public...)
			hs.mixEphemeral(public)
		}
		return message, nil
	case tokenS:
		var err error
		if p.pattern.dh {
			if message, err = s.encryptAndHash(message, hs.static[:]); err != nil {
				return nil, err
			}
		}
		if p.pattern.kem {
			if message, err = s.encryptAndHash(message, hs.staticKEM.PublicKey().Bytes()); err != nil {
				return nil, err
			}
		}
		return message, nil
	case tokenE1:
		public, err := hs.newEphemeralKEM()
		if err != nil {
			return nil, err
		}
		return s.encryptAndHash(message, public)
	case tokenEKEM, tokenEKEM1:
		return hs.encapsulate(message, t, hs.peerEphemeralKEM)
	case tokenSKEM:
		return hs.encapsulate(message, t, hs.peerStaticKEM)
	}
	return message, hs.mix(t)
}

// readToken processes a token of a message from the peer, and returns what follows it.
func (hs *HandshakeState) readToken(message []byte, t token) (rest []byte, err error) {
	s, p := hs.secrets, hs.protocol
	// take takes the next n bytes, as they are, and opened takes as many encrypted ones.
	take := func(n int) (b []byte) {
		b, message = message[:n], message[n:]
		return b
	}
	opened := func(n int) ([]byte, error) {
		b, err := s.decryptAndHash(nil, take(n+s.overhead()))
		//ct:declassify b[:]: it is a key of the peer or a ciphertext
		return b, err
	}
	switch t {
	case tokenE:
		if p.pattern.dh {
			hs.peerEphemeral = [32]byte(take(x25519.Size))
			if hs.coding != nil {
				if hs.peerEphemeral, err = hs.coding.Decode(hs.peerEphemeral); err != nil {
					return nil, err
				}
			}
			hs.mixEphemeral(hs.peerEphemeral[:])
		}
		if p.pattern.kem {
			b := bytes.Clone(take(p.ephemeralKEM.EncapsulationKeySize())) // a KEM of another module may write to it
			hs.mixEphemeral(b)
			if hs.peerEphemeralKEM, err = p.ephemeralKEM.NewEncapsulationKey(b); err != nil {
				return nil, err
			}
		}
		return message, nil
	case tokenS:
		if p.pattern.dh {
			b, err := opened(x25519.Size)
			if err != nil {
				return nil, err
			}
			hs.peerStatic, hs.hasPeerStatic = [32]byte(b), true
		}
		if p.pattern.kem {
			b, err := opened(p.staticKEM.EncapsulationKeySize())
			if err != nil {
				return nil, err
			}
			if hs.peerStaticKEM, err = p.staticKEM.NewEncapsulationKey(b); err != nil {
				return nil, err
			}
		}
		return message, nil
	case tokenE1:
		b, err := opened(p.ephemeralKEM.EncapsulationKeySize())
		if err != nil {
			return nil, err
		}
		hs.peerEphemeralKEM, err = p.ephemeralKEM.NewEncapsulationKey(b)
		return message, err
	case tokenEKEM:
		b := bytes.Clone(take(p.ephemeralKEM.CiphertextSize()))
		s.mixHash(b)
		return message, hs.decapsulate(b, t, s.ephemeralKEM)
	case tokenEKEM1:
		b, err := opened(p.ephemeralKEM.CiphertextSize())
		if err != nil {
			return nil, err
		}
		return message, hs.decapsulate(b, t, s.ephemeralKEM)
	case tokenSKEM:
		b, err := opened(p.staticKEM.CiphertextSize())
		if err != nil {
			return nil, err
		}
		return message, hs.decapsulate(b, t, hs.staticKEM)
	}
	return message, hs.mix(t)
}

// mixEphemeral hashes an ephemeral public key. With pre-shared keys, it also mixes it into the chaining
// key, so that the key of the first payload is not used twice (section 9.2).
func (hs *HandshakeState) mixEphemeral(public []byte) {
	hs.secrets.mixHash(public)
	if hs.protocol.pattern.psks > 0 {
		hs.secrets.mixKey(public)
	}
}

// mix processes a token that sends nothing: DH or a pre-shared key.
func (hs *HandshakeState) mix(t token) error {
	s := hs.secrets
	own, peer := &s.ephemeral, &hs.peerEphemeral
	switch t {
	case tokenPSK:
		s.mixKeyAndHash(s.psks[s.usedPSKs][:])
		s.usedPSKs++
		return nil
	case tokenSS:
		own, peer = &s.static, &hs.peerStatic
	case tokenES, tokenSE:
		if (t == tokenES) == hs.initiator {
			peer = &hs.peerStatic
		} else {
			own = &s.static
		}
	}
	if x25519.IsLowOrder(peer) {
		return errLowOrder
	}
	var shared [32]byte
	defer clear(shared[:])
	x25519.ScalarMult(&shared, own, peer)
	s.mixKey(shared[:])
	return nil
}

var errLowOrder = fault(ErrHandshake, "an X25519 key of the peer has low order")

// encapsulate encapsulates to a key of the peer, appends the ciphertext to message, and mixes the shared key. It is the
// token t.
func (hs *HandshakeState) encapsulate(message []byte, t token, ek kem.EncapsulationKey) ([]byte, error) {
	k := ek.KEM()
	ciphertext, sharedKey := make([]byte, k.CiphertextSize()), make([]byte, k.SharedKeySize())
	defer clear(sharedKey)
	var err error
	if f := hs.secrets.fixed; f == nil {
		err = ek.EncapsulateTo(sharedKey, ciphertext)
	} else {
		err = k.(derand.KEM).EncapsulateDerand(ek, sharedKey, ciphertext, f.encapsulations[0])
		f.encapsulations = f.encapsulations[1:]
	}
	if err != nil {
		return nil, err
	}
	if t == tokenEKEM {
		message = append(message, ciphertext...)
		hs.secrets.mixHash(ciphertext)
	} else if message, err = hs.secrets.encryptAndHash(message, ciphertext); err != nil {
		return nil, err
	}
	hs.mixShared(t, sharedKey)
	return message, nil
}

// decapsulate decapsulates a ciphertext of the peer and mixes the shared key.
func (hs *HandshakeState) decapsulate(ciphertext []byte, t token, dk kem.Decapsulator) error {
	sharedKey := make([]byte, dk.KEM().SharedKeySize())
	defer clear(sharedKey)
	if err := dk.DecapsulateTo(sharedKey, ciphertext); err != nil {
		return err
	}
	hs.mixShared(t, sharedKey)
	return nil
}

// mixShared mixes the shared key of a KEM. PQNoise also hashes that of a static key.
func (hs *HandshakeState) mixShared(t token, sharedKey []byte) {
	if t == tokenSKEM {
		hs.secrets.mixKeyAndHash(sharedKey)
	} else {
		hs.secrets.mixKey(sharedKey)
	}
}

// newEphemeral makes an ephemeral key of X25519 and returns the public key.
func (hs *HandshakeState) newEphemeral() (public [32]byte, err error) {
	s := hs.secrets
	switch {
	case s.fixed != nil:
		copy(s.ephemeral[:], s.fixed.ephemeral.Bytes())
	case hs.coding != nil:
		if s.ephemeral, err = hs.coding.GenerateKey(); err != nil {
			return public, err
		}
	default:
		secret.Random(s.ephemeral[:])
	}
	x25519.ScalarBaseMult(&public, &s.ephemeral)
	return public, nil
}

// newEphemeralKEM makes an ephemeral key of the KEM and returns the encoded public key.
func (hs *HandshakeState) newEphemeralKEM() (public []byte, err error) {
	s, k := hs.secrets, hs.protocol.ephemeralKEM
	if s.fixed != nil {
		s.ephemeralKEM, err = k.NewDecapsulationKey(s.fixed.ephemeralKEM.Bytes())
	} else {
		s.ephemeralKEM, err = k.GenerateKey()
	}
	if err != nil {
		return nil, err
	}
	public = s.ephemeralKEM.PublicKey().Bytes()
	if len(public) != k.EncapsulationKeySize() {
		return nil, fmt.Errorf("an encapsulation key of %s has %d bytes", k.Name(), len(public))
	}
	return public, nil
}

// Done reports whether all messages of the handshake have been sent and read, so that Split may be called.
func (hs *HandshakeState) Done() bool {
	return hs.over() == nil && hs.next == len(hs.protocol.pattern.messages)
}

// MyTurn reports whether the next message of the handshake is this side's.
func (hs *HandshakeState) MyTurn() bool {
	_, err := hs.begin(hs.initiator)
	return err == nil
}

// Overhead returns how many bytes longer than its payload the next message of the handshake is. It returns 0 if there
// is none.
func (hs *HandshakeState) Overhead() int {
	if hs.over() != nil || hs.Done() {
		return 0
	}
	return hs.overhead(&hs.protocol.pattern.messages[hs.next])
}

// Split returns the states for transport messages, and ends the handshake. With a one-way pattern, the responder sends
// nothing: send is nil for it, and receive is nil for the initiator. It returns [ErrOrder] unless Done.
func (hs *HandshakeState) Split() (send, receive *CipherState, err error) {
	if !hs.Done() {
		return nil, nil, fault(ErrOrder, "the handshake is not done")
	}
	hs.do(func() { send, receive = hs.secrets.split() })
	if hs.protocol.pattern.oneWay() {
		receive.Destroy()
		receive = nil
	}
	if !hs.initiator {
		send, receive = receive, send
	}
	hs.Destroy()
	hs.ended = fault(ErrOrder, "the handshake has been split")
	return send, receive, nil
}

// HandshakeHash returns the hash of all that has been sent, for channel binding (section 11.2). After the last
// message, also after Split, it is the same on both sides and different for different handshakes. Before that, and
// after an error, it binds nothing. It is not secret.
func (hs *HandshakeState) HandshakeHash() []byte {
	if hs.secrets == nil {
		return nil
	}
	return bytes.Clone(hs.secrets.handshakeHash())
}

// PeerStatic returns the static X25519 key of the peer, or nil if it is not known, or not yet. The peer has shown
// that it has the private key only after the messages that section 7.7 names.
func (hs *HandshakeState) PeerStatic() *ecdh.PublicKey {
	if !hs.hasPeerStatic {
		return nil
	}
	key, err := ecdh.X25519().NewPublicKey(hs.peerStatic[:])
	if err != nil {
		return nil
	}
	return key
}

// PeerStaticKEM is PeerStatic for the static key of the KEM.
func (hs *HandshakeState) PeerStaticKEM() kem.EncapsulationKey { return hs.peerStaticKEM }

// MixHash hashes data into the handshake. Both sides must do it between the same messages. It is for protocols
// that send something of their own beside the messages, such as I2P's session tag. It returns [ErrOrder] if the
// handshake has ended.
func (hs *HandshakeState) MixHash(data []byte) error {
	if err := hs.over(); err != nil {
		return err
	}
	hs.secrets.mixHash(data)
	return nil
}

// Destroy overwrites the secrets of the handshake. Methods return [ErrOrder] from then on.
func (hs *HandshakeState) Destroy() {
	s := hs.secrets
	if s == nil {
		return
	}
	s.destroy()
	clear(s.static[:])
	clear(s.ephemeral[:])
	clear(s.psks)
	if s.ephemeralKEM != nil {
		s.ephemeralKEM.Destroy()
	}
	if hs.ended == nil {
		hs.ended = fault(ErrOrder, "the handshake has been destroyed")
	}
}

// SetRandomness gives a handshake that has not begun its randomness. Only package noisetest can make
// arguments with which it does anything.
func (hs *HandshakeState) SetRandomness(ephemeral, ephemeralKEM derand.Random, encapsulations []derand.Random) {
	if len(ephemeral.Bytes())+len(ephemeralKEM.Bytes()) > 0 || len(encapsulations) > 0 && len(encapsulations[0].Bytes()) > 0 {
		hs.secrets.fixed = &fixed{ephemeral, ephemeralKEM, encapsulations}
	}
}
