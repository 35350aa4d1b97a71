package noise

import (
	"bytes"
	"crypto/ecdh"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/derand"
	"hybridkem/internal/spec"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A quartet is the two sides of a handshake, and the same two in the transcription of the specification.
type quartet struct {
	configs [2]*Config
	sides   [2]*HandshakeState
	specs   [2]*spec.NoiseParty
}

// A plainCoding is a Coding that encodes nothing.
type plainCoding struct{}

func (plainCoding) GenerateKey() (private [32]byte, err error) {
	return [32]byte(randomBytes(32)), nil
}
func (plainCoding) Encode(public [32]byte) ([32]byte, error)  { return public, nil }
func (plainCoding) Decode(encoded [32]byte) ([32]byte, error) { return encoded, nil }

// newRandom returns a source of values for tests.
func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

var testRandom = newRandom(1)

func randomBytes(n int) []byte { return bytesFrom(testRandom, n) }

func bytesFrom(r *rand.Rand, n int) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b[:n:n]
}

// specOf returns a protocol as the transcription has it.
func specOf(p *Protocol) spec.Noise {
	n := spec.Noise{Name: p.name, DH: p.pattern.dh, KEM: p.pattern.kem, HFS: p.pattern.hfs}
	for _, m := range p.pattern.preMessages {
		if m.fromInitiator {
			n.InitiatorPre = true
		} else {
			n.ResponderPre = true
		}
	}
	for _, m := range p.pattern.messages {
		var tokens []string
		for _, t := range m.tokens {
			tokens = append(tokens, string(t))
		}
		n.Messages = append(n.Messages, tokens)
	}
	return n
}

// encapsulations returns how often a side encapsulates.
func (p *pattern) encapsulations(initiator bool) (n int) {
	for _, m := range p.messages {
		for _, t := range m.tokens {
			if m.fromInitiator == initiator && strings.Contains(string(t), "kem") {
				n++
			}
		}
	}
	return n
}

// newQuartet begins a handshake with the keys of a vector, or with random ones if it has none.
func newQuartet(t testing.TB, p *Protocol, v *vectors.Noise) *quartet {
	t.Helper()
	sides := [2]vectors.NoiseSide{}
	if v != nil {
		sides = [2]vectors.NoiseSide{v.Initiator, v.Responder}
	} else {
		prologue, psks := randomBytes(testRandom.IntN(40)), []vectors.Hex{}
		for range p.pattern.psks {
			psks = append(psks, randomBytes(keySize))
		}
		for i := range sides {
			sides[i] = vectors.NoiseSide{
				Prologue: prologue, PSKs: psks, Static: randomBytes(32), Ephemeral: randomBytes(32),
				KEMStatic: randomBytes(64), KEMEphemeral: randomBytes(64),
			}
			for range p.pattern.encapsulations(i == 0) {
				sides[i].Encapsulations = append(sides[i].Encapsulations, vectors.NoiseEncapsulation{M: randomBytes(32)})
			}
		}
	}
	set := func(k kem.KEM) spec.Params {
		if k == nil {
			return spec.Params{}
		}
		return spec.Sets[k.Name()]
	}
	var x quartet
	for i, side := range sides {
		initiator, other := i == 0, sides[1-i]
		config := &Config{Protocol: p.name, Prologue: side.Prologue}
		keys := spec.NoiseKeys{
			S: side.Static, E: side.Ephemeral, KEMS: side.KEMStatic, KEME: side.KEMEphemeral,
			EphemeralKEM: set(p.ephemeralKEM), StaticKEM: set(p.staticKEM),
		}
		if p.pattern.elg2 {
			config.Coding = plainCoding{}
		}
		for _, psk := range side.PSKs {
			config.PSKs, keys.PSKs = append(config.PSKs, psk), append(keys.PSKs, psk)
		}
		if p.pattern.sends(initiator, tokenS) {
			if p.pattern.dh {
				config.Static = scalarKey(t, side.Static)
			}
			if p.pattern.kem {
				config.StaticKEM = seedKey(t, p.staticKEM, side.KEMStatic)
			}
		}
		if p.pattern.knows(!initiator) {
			if p.pattern.dh {
				config.PeerStatic = scalarKey(t, other.Static).PublicKey()
				keys.RS = config.PeerStatic.Bytes()
			}
			if p.pattern.kem {
				config.PeerStaticKEM = seedKey(t, p.staticKEM, other.KEMStatic).PublicKey()
				keys.KEMRS = config.PeerStaticKEM.Bytes()
			}
		}
		hs, err := p.newHandshakeState(config, initiator)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		var random []derand.Random
		for _, e := range side.Encapsulations {
			random, keys.Encapsulations = append(random, derand.From(e.M)), append(keys.Encapsulations, e.M)
		}
		hs.SetRandomness(derand.From(side.Ephemeral), derand.From(side.KEMEphemeral), random)
		x.configs[i], x.sides[i], x.specs[i] = config, hs, specOf(p).Initialize(initiator, side.Prologue, keys)
	}
	return &x
}

func scalarKey(t testing.TB, scalar []byte) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.X25519().NewPrivateKey(scalar)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seedKey(t testing.TB, k kem.KEM, seed []byte) kem.DecapsulationKey {
	t.Helper()
	dk, err := k.NewDecapsulationKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	return dk
}

// differs returns where the state of a side differs from that of the transcription, or an empty string.
func differs(hs *HandshakeState, want *spec.NoiseParty) string {
	s := hs.secrets
	var k []byte
	if s.cipher.hasKey() {
		k = s.cipher.key.k[:]
	}
	switch {
	case !bytes.Equal(s.h[:s.hash.size], want.H):
		return "h"
	case !bytes.Equal(s.ck[:s.hash.size], want.CK):
		return "ck"
	case !bytes.Equal(k, want.K):
		return "k"
	case s.cipher.n != want.N:
		return "n"
	}
	return ""
}

// message sends the next message from one of the four parties to the three others, which must agree.
func (x *quartet) message(t testing.TB, i int, payload []byte) []byte {
	t.Helper()
	name := x.sides[0].protocol.name
	from := i % 2
	over := x.sides[from].Overhead()
	want, err := x.specs[from].Write(payload)
	if err != nil {
		t.Fatalf("%s, message %d: %v", name, i, err)
	}
	prefix := []byte("prefix")
	got, err := x.sides[from].WriteMessage(prefix, payload)
	if err != nil || !bytes.Equal(got, append(prefix, want...)) {
		t.Fatalf("%s, message %d: the message differs; error %v", name, i, err)
	}
	if over+len(payload) != len(want) {
		t.Fatalf("%s, message %d: overhead %d for %d bytes and a payload of %d\n%v", name, i, over, len(want), len(payload), x.specs[0].Noise)
	}
	for _, read := range []func(dst, message []byte) ([]byte, error){
		x.sides[1-from].ReadMessage,
		func(dst, message []byte) ([]byte, error) {
			payload, err := x.specs[1-from].Read(message)
			return append(dst, payload...), err
		},
	} {
		if p, err := read(prefix, want); err != nil || !bytes.Equal(p, append(prefix, payload...)) {
			t.Fatalf("%s, message %d: read %x, want %x; error %v", name, i, p, payload, err)
		}
	}
	for side := range x.sides {
		if d := differs(x.sides[side], x.specs[side]); d != "" {
			t.Fatalf("%s, message %d: side %d has another %s", name, i, side, d)
		}
	}
	return want
}

// finish splits both sides and sends messages both ways.
func (x *quartet) finish(t testing.TB) (k1, k2 []byte) {
	t.Helper()
	name := x.sides[0].protocol.name
	h := x.specs[0].H
	k1, k2 = x.specs[0].Split()
	keys := [2][]byte{k1, k2}
	var send, receive [2]*CipherState
	for i, hs := range x.sides {
		if !hs.Done() || !bytes.Equal(hs.HandshakeHash(), h) {
			t.Fatalf("%s: side %d: done %v, hash %x", name, i, hs.Done(), hs.HandshakeHash())
		}
		var err error
		if send[i], receive[i], err = hs.Split(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(hs.HandshakeHash(), h) {
			t.Fatalf("%s: the hash changes after Split", name)
		}
	}
	for from, key := range keys {
		if from == 1 && len(x.specs[0].Messages) == 1 {
			if send[1] != nil || receive[0] != nil {
				t.Fatalf("%s: the responder can send", name)
			}
			continue
		}
		for n := range uint64(3) {
			ad, plaintext := randomBytes(5), randomBytes(int(n)*9)
			ct, err := send[from].Encrypt(nil, ad, plaintext)
			if err != nil || !bytes.Equal(ct, x.specs[0].Encrypt(key, n, ad, plaintext)) {
				t.Fatalf("%s: transport message %d from %d differs; error %v", name, n, from, err)
			}
			if pt, err := receive[1-from].Decrypt(nil, ad, ct); err != nil || !bytes.Equal(pt, plaintext) {
				t.Fatalf("%s: transport message %d from %d: %x, error %v", name, n, from, pt, err)
			}
		}
	}
	return k1, k2
}

// run runs a whole handshake with random payloads.
func (x *quartet) run(t testing.TB) {
	t.Helper()
	for i := range x.specs[0].Messages {
		x.message(t, i, randomBytes(testRandom.IntN(50)))
	}
	x.finish(t)
}

func parse(t testing.TB, name string) *Protocol {
	t.Helper()
	p, err := ParseProtocol(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withName returns p under another name, which need not be valid.
func (p *Protocol) withName(name string) *Protocol {
	c := *p
	c.name = name
	return &c
}

// TestAgainstSpec runs every pattern, or in a short test every tenth one,
// of patterns.txt, with modifiers, against the transcription.
func TestAgainstSpec(t *testing.T) {
	ran := 0
	for i, base := range patternNames() {
		for _, modifier := range []string{"", "psk0", "psk1", "psk2", "psk3", "psk0+psk2", "psk1+psk2", "hfs", "hfs+psk2", "hfselg2"} {
			p, err := parsePattern(base + modifier)
			if err != nil {
				continue
			}
			functions := []string{}
			if p.dh {
				functions = append(functions, "25519")
			}
			if p.kem || p.hfs {
				functions = append(functions, "MLKEM512")
			}
			if p.kem && i%4 == 0 {
				functions = append(functions, "MLKEM768")
			}
			name := fmt.Sprintf("Noise_%s%s_%s_%s_%s", base, modifier, strings.Join(functions, "+"), ciphers[i%2].name, hashes[i/2%4].name)
			protocol := parse(t, name)
			if err := specOf(protocol).Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if ran++; !testing.Short() || ran%10 == 0 {
				newQuartet(t, protocol, nil).run(t)
			}
		}
	}
	if ran != 487 {
		t.Errorf("%d protocols", ran)
	}
}

// TestKnownStates runs the vectors of Noise with KEMs, looks at the state after each message, and at the keys that Split gives.
func TestKnownStates(t *testing.T) {
	run := func(v vectors.Noise, p *Protocol) {
		x := newQuartet(t, p, &v)
		state := func(what string, h, ck, k []byte, n uint64) {
			t.Helper()
			if h != nil && !bytes.Equal(x.specs[0].H, h) || ck != nil && (!bytes.Equal(x.specs[0].CK, ck) || !bytes.Equal(x.specs[0].K, k) || x.specs[0].N != n) {
				t.Errorf("%s, %s: the state differs", v.ID, what)
			}
		}
		state("start", v.HStart, v.CKStart, nil, 0)
		for i, m := range v.Messages {
			if m.MixHash != nil {
				for side := range x.sides {
					if err := x.sides[side].MixHash(m.MixHash); err != nil {
						t.Fatal(err)
					}
					x.specs[side].MixHash(m.MixHash)
				}
			}
			if ct := x.message(t, i, m.Payload); !bytes.Equal(ct, m.Ciphertext) {
				t.Errorf("%s, message %d differs", v.ID, i)
			}
			state(fmt.Sprint("message ", i), m.H, m.CK, m.K, m.N)
		}
		for i, side := range []vectors.NoiseSide{v.Initiator, v.Responder} {
			for j, e := range side.Encapsulations {
				if !bytes.Equal(x.specs[i].SharedKeys[j], e.SS) {
					t.Errorf("%s: shared key %d of side %d differs", v.ID, j, i)
				}
			}
		}
		state("end", v.HandshakeHash, nil, nil, 0)
		k1, k2 := x.finish(t)
		if !bytes.Equal(k1, v.CS1K) || !bytes.Equal(k2, v.CS2K) {
			t.Errorf("%s: other keys", v.ID)
		}
		if s := v.I2P; s != nil {
			spec := x.specs[0]
			k := spec.HKDF(k2, nil, "AttachPayloadKDF")[:keySize]
			if !bytes.Equal(k, s.K) || !bytes.Equal(spec.H, s.AD) || !bytes.Equal(spec.Encrypt(k, 0, s.AD, s.Payload), s.Ciphertext) {
				t.Errorf("%s: other section behind the reply", v.ID)
			}
		}
	}
	kemRows, err := vectors.ReadNoise("noise_kem.jsonl.gz", 31)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range kemRows {
		p := parse(t, v.Protocol)
		if got := p.pattern.text(v.Messages); got != v.Pattern {
			t.Errorf("%s: the pattern is\n%s\nwant\n%s", v.ID, got, v.Pattern)
		}
		run(v, p)
	}
	hfs, err := vectors.ReadNoise("noise_xxhfs_mlkem768.jsonl", 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range hfs {
		p := parse(t, "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256")
		if strings.Contains(v.Protocol, "ML-KEM-768") {
			p = p.withName(v.Protocol) // an old name, which section 8 does not allow
		}
		run(v, p)
	}
}

// text returns the pattern in the notation of the framework, with what the messages mix beside it.
func (p *pattern) text(messages []vectors.NoiseMessage) string {
	lines := []string{}
	line := func(m messagePattern, more ...string) {
		for _, t := range m.tokens {
			more = append(more, string(t))
		}
		arrow := "<-"
		if m.fromInitiator {
			arrow = "->"
		}
		lines = append(lines, arrow+" "+strings.Join(more, ", "))
	}
	for _, m := range p.preMessages {
		line(m)
	}
	if len(lines) > 0 {
		lines = append(lines, "...")
	}
	for i, m := range p.messages {
		if mixed := messages[i].MixHash; mixed != nil {
			line(m, fmt.Sprintf("mixhash:%x", []byte(mixed)))
		} else {
			line(m)
		}
	}
	return strings.Join(lines, "\n")
}

// randomPattern returns a pattern of random tokens. Most of them are possible where they stand, if wild is false.
func randomPattern(r *rand.Rand, wild bool) *pattern {
	p := &pattern{name: "random"}
	tokens := []token{tokenE, tokenS}
	dh, kems := []token{tokenEE, tokenES, tokenSE, tokenSS}, []token{tokenEKEM, tokenSKEM}
	switch r.IntN(4) {
	case 0:
		p.dh, tokens = true, append(tokens, dh...)
	case 1:
		p.dh, p.hfs, tokens = true, true, append(append(tokens, tokenE1, tokenEKEM1), dh...)
	case 2:
		p.kem, tokens = true, append(tokens, kems...)
	default:
		p.dh, p.kem, tokens = true, true, append(append(tokens, kems...), dh...)
	}
	if r.IntN(3) == 0 {
		tokens = append(tokens, tokenPSK)
	}
	if wild && r.IntN(4) == 0 {
		tokens = append(tokens, tokenE1, tokenEKEM1, tokenEKEM, tokenSS)
	}
	for _, initiator := range []bool{true, false} {
		if r.IntN(3) == 0 {
			p.preMessages = append(p.preMessages, messagePattern{initiator, []token{tokenS}})
		}
	}
	for i := range 1 + r.IntN(4) {
		m := messagePattern{fromInitiator: i%2 == 0}
		p.messages = append(p.messages, m)
		for range r.IntN(6) {
			t := tokens[r.IntN(len(tokens))]
			if len(m.tokens) == 0 && r.IntN(2) == 0 && !p.sends(m.fromInitiator, tokenE) {
				t = tokenE
			}
			if !wild && !p.possible(m.fromInitiator, t) {
				continue
			}
			m.tokens = append(m.tokens, t)
			p.messages[i] = m
			if t == tokenPSK {
				p.psks++
			}
		}
	}
	return p
}

// changedPattern returns a pattern of patterns.txt, with one token added, removed, replaced or moved.
func changedPattern(r *rand.Rand) *pattern {
	names := patternNames()
	name := names[r.IntN(len(names))] + []string{"", "", "psk0", "psk2", "hfs"}[r.IntN(5)]
	p, err := newPattern(name)
	if err != nil {
		return changedPattern(r)
	}
	all := []token{tokenE, tokenS, tokenEE, tokenES, tokenSE, tokenSS, tokenE1, tokenEKEM1, tokenEKEM, tokenSKEM}
	m := &p.messages[r.IntN(len(p.messages))]
	at := r.IntN(len(m.tokens))
	switch t := all[r.IntN(len(all))]; r.IntN(5) {
	case 0:
		m.tokens = slices.Insert(m.tokens, at, t)
	case 1:
		if m.tokens[at] != tokenPSK {
			m.tokens = slices.Delete(m.tokens, at, at+1)
		}
	case 2:
		if m.tokens[at] != tokenPSK {
			m.tokens[at] = t
		}
	case 3:
		other := r.IntN(len(m.tokens))
		m.tokens[at], m.tokens[other] = m.tokens[other], m.tokens[at]
	default:
		if len(p.preMessages) > 0 {
			p.preMessages = p.preMessages[1:]
		}
	}
	return p
}

// possible reports whether the keys for a token have been sent, and the token itself has not.
func (p *pattern) possible(initiator bool, t token) bool {
	has := func(side bool, c byte) bool { return p.sends(side, token(c)) }
	switch t {
	case tokenEE, tokenES, tokenSE, tokenSS:
		return has(true, t[0]) && has(false, t[1]) && !p.sends(true, t) && !p.sends(false, t)
	case tokenEKEM, tokenSKEM:
		return has(!initiator, t[0]) && !p.sends(initiator, t)
	case tokenEKEM1:
		return p.sends(!initiator, tokenE1) && !p.sends(initiator, t)
	case tokenPSK:
		return true
	}
	return !p.sends(initiator, t)
}

// TestRandomPatterns compares the verdict on random patterns with that of the transcription, and runs valid ones.
func TestRandomPatterns(t *testing.T) {
	r := newRandom(2)
	kems := []kem.KEM{mlkem.KEM512(), mlkem.KEM768()}
	limit := 200
	if testing.Short() {
		limit = 60
	}
	rules := map[string]int{}
	families := map[string]int{}
	ran := 0
	for i := range 20000 {
		p := randomPattern(r, i%4 == 0)
		switch {
		case i == 0: // ekem1 makes the first key
			p = &pattern{name: "random", dh: true, hfs: true, messages: []messagePattern{{true, []token{tokenE, tokenE1}}, {false, []token{tokenE, tokenEKEM1}}}}
		case i%3 == 0:
			p = changedPattern(r)
		}
		c, h := &ciphers[r.IntN(len(ciphers))], &hashes[r.IntN(len(hashes))]
		protocol := &Protocol{name: "Noise_random_functions_" + c.name + "_" + h.name, pattern: p, cipher: c, hash: h}
		n := specOf(protocol)
		want, got := n.Check(), p.check()
		if (want == nil) != (got == nil) {
			t.Fatalf("the verdicts differ: %v and %v\n%s", want, got, p.text(make([]vectors.NoiseMessage, len(p.messages))))
		}
		if want != nil {
			rule := want.Error()
			_, rule, _ = strings.Cut(rule, ": ")
			rules[rule]++
			continue
		}
		if ran >= limit {
			continue
		}
		family := fmt.Sprintf("dh %v, kem %v, hfs %v, psk %v", p.dh, p.kem, p.hfs, p.psks > 0)
		if families[family] > limit/4 {
			continue
		}
		families[family]++
		if p.kem || p.hfs {
			protocol.ephemeralKEM, protocol.staticKEM = kems[r.IntN(2)], kems[r.IntN(2)]
			if p.hfs {
				protocol.staticKEM = protocol.ephemeralKEM
			}
		}
		newQuartet(t, protocol, nil).run(t)
		ran++
	}
	if len(rules) != 11 || len(families) != 8 || ran != limit {
		t.Errorf("%d patterns; rules broken: %v; families: %v", ran, rules, families)
	}
}
