package noise

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A token is a token of a message pattern. Those of section 7.1 are of DH, except for psk of section 9.2. The
// others are of KEMs.
type token string

const (
	tokenE   token = "e"
	tokenS   token = "s"
	tokenEE  token = "ee"
	tokenES  token = "es"
	tokenSE  token = "se"
	tokenSS  token = "ss"
	tokenPSK token = "psk"

	tokenE1    token = "e1"    // hfs: the initiator's ephemeral key of the KEM
	tokenEKEM1 token = "ekem1" // hfs: a ciphertext to it
	tokenEKEM  token = "ekem"  // pq and hybrid: a ciphertext to the ephemeral key
	tokenSKEM  token = "skem"  // pq and hybrid: a ciphertext to the static key
)

// A messagePattern is the tokens of a message, in the order in which its sender processes them.
type messagePattern struct {
	fromInitiator bool
	tokens        []token
}

// A pattern is a handshake pattern, with all its modifiers.
type pattern struct {
	name        string
	preMessages []messagePattern // only s
	messages    []messagePattern
	dh, kem     bool // what the tokens e and s stand for
	hfs, elg2   bool
	psks        int
}

//go:embed patterns.txt
var patternText string

// basePatterns returns the patterns of patterns.txt by their names.
var basePatterns = sync.OnceValue(func() map[string]*pattern {
	patterns := map[string]*pattern{}
	var p *pattern
	for line := range strings.Lines(patternText) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutSuffix(line, ":"); ok {
			pq := strings.HasPrefix(name, "pq")
			p = &pattern{name: name, dh: !pq, kem: pq || strings.HasPrefix(name, "hybrid")}
			patterns[name] = p
			continue
		}
		line, indented := strings.CutPrefix(line, "  ")
		switch {
		case !indented: // a comment
		case line == "...":
			p.preMessages, p.messages = p.messages, nil
		default:
			p.messages = append(p.messages, parseMessage(line))
		}
	}
	return patterns
})

// parseMessage parses a line such as "-> e, es".
func parseMessage(line string) messagePattern {
	arrow, tokens, _ := strings.Cut(line, " ")
	m := messagePattern{fromInitiator: arrow == "->"}
	for t := range strings.SplitSeq(tokens, ", ") {
		m.tokens = append(m.tokens, token(t))
	}
	return m
}

// parsed holds the patterns that have been parsed, which do not change, by their names. There are few: a modifier cannot
// be there twice.
var parsed sync.Map

// parsePattern returns the pattern with a name such as "XXhfs+psk2".
func parsePattern(name string) (*pattern, error) {
	if p, ok := parsed.Load(name); ok {
		return p.(*pattern), nil
	}
	p, err := newPattern(name)
	if err != nil {
		return nil, err
	}
	parsed.Store(strings.Clone(name), p)
	return p, nil
}

// newPattern is parsePattern for a name that is new.
func newPattern(name string) (*pattern, error) {
	base := 0
	for _, family := range []string{"pq", "hybrid"} {
		if strings.HasPrefix(name, family) {
			base = len(family)
		}
	}
	for base < len(name) && (name[base] < 'a' || name[base] > 'z') { // modifiers begin with a small letter
		base++
	}
	known, ok := basePatterns()[name[:base]]
	if !ok {
		return nil, unknown("handshake pattern", name[:base], patternNames())
	}
	p := known.clone()
	p.name = name
	if name[base:] == "" {
		return p, p.check()
	}
	previous := -1
	for i, modifier := range strings.Split(name[base:], "+") {
		place, isPSK := strings.CutPrefix(modifier, "psk")
		switch {
		case isPSK:
			n, err := strconv.Atoi(place)
			if err != nil || place != strconv.Itoa(n) || n < 0 || n > len(p.messages) {
				return nil, fault(ErrProtocol, "the handshake pattern %s has no place for %s", name, modifier)
			}
			if n <= previous {
				return nil, fault(ErrProtocol, "the handshake pattern %s does not have its pre-shared keys in ascending order", name)
			}
			previous = n
			p.addPSK(n)
		case (modifier == "hfs" || modifier == "hfselg2") && i == 0:
			if err := p.addHFS(); err != nil {
				return nil, err
			}
			p.elg2 = modifier == "hfselg2"
		default:
			return nil, unknown("modifier", modifier, []string{"psk0", "psk1", "psk2", "psk3", "hfs", "hfselg2"})
		}
	}
	return p, p.check()
}

func (p *pattern) clone() *pattern {
	c := *p
	c.messages = slices.Clone(p.messages)
	for i := range c.messages {
		c.messages[i].tokens = slices.Clone(c.messages[i].tokens)
	}
	return &c
}

// addPSK adds a psk token at the beginning of the first message, if n is 0, or at the end of the n-th one (section
// 9.4).
func (p *pattern) addPSK(n int) {
	m := &p.messages[max(n, 1)-1]
	at := 0
	if n > 0 {
		at = len(m.tokens)
	}
	m.tokens = slices.Insert(m.tokens, at, tokenPSK)
	p.psks++
}

// addHFS adds the tokens of hybrid forward secrecy: e1 behind the initiator's e, or behind the DH that follows it in
// the same message, and ekem1 behind ee.
func (p *pattern) addHFS() error {
	first := &p.messages[0]
	e := slices.Index(first.tokens, tokenE)
	if p.kem || e < 0 || len(p.messages) < 2 || !slices.Contains(p.messages[1].tokens, tokenEE) {
		return fault(ErrProtocol, "the handshake pattern %s has no place for hfs", p.name)
	}
	at := e + 1
	if at < len(first.tokens) && first.tokens[at] == tokenES {
		at++
	}
	first.tokens = slices.Insert(first.tokens, at, tokenE1)
	second := &p.messages[1]
	second.tokens = slices.Insert(second.tokens, slices.Index(second.tokens, tokenEE)+1, tokenEKEM1)
	p.hfs = true
	return nil
}

// A view is what check follows for each side.
type view struct {
	sent     map[token]bool // e, s and e1: its public keys that the other side has
	ciphered map[token]bool // ekem, skem and ekem1 that it has sent
	random   bool           // it has sent randomness of its own
}

// check returns an error if the pattern breaks a rule of section 7.3 or 9.3, or the counterpart for KEMs.
func (p *pattern) check() error {
	newView := func() *view { return &view{sent: map[token]bool{}, ciphered: map[token]bool{}} }
	initiator, responder := newView(), newView()
	dh := map[token]bool{}
	keyed := false
	wrong := func(format string, args ...any) error {
		return fault(ErrProtocol, "the handshake pattern %s is invalid: %s", p.name, fmt.Sprintf(format, args...))
	}
	if len(p.preMessages) > 2 || len(p.messages) == 0 {
		return wrong("it has %d pre-messages and %d messages", len(p.preMessages), len(p.messages))
	}
	for _, m := range p.preMessages {
		if len(m.tokens) != 1 || m.tokens[0] != tokenS {
			return wrong("a pre-message has another token than s")
		}
		side := responder
		if m.fromInitiator {
			side = initiator
		}
		if side.sent[tokenS] {
			return wrong("two pre-messages have the same s")
		}
		side.sent[tokenS] = true
	}
	// mayEncrypt reports whether a side may encrypt payloads. After a DH of its static key with a key of the peer,
	// there must be one of its ephemeral key with the same key. For keys and ciphertexts, which the sender has just
	// made, randomness is enough: in hybridIK and IKhfs, the responder encrypts a ciphertext between ss and se.
	mayEncrypt := func(side *view) bool {
		static, withS := dh[tokenSE], dh[tokenES]
		if side == responder {
			static, withS = withS, static
		}
		return !keyed || (!static || dh[tokenEE]) && (!dh[tokenSS] || withS) && side.random
	}
	for i, m := range p.messages {
		if m.fromInitiator != (i%2 == 0) {
			return wrong("message %d is of the wrong side", i+1)
		}
		own, peer := responder, initiator
		// ends are, for each DH, the token of the own key and that of the peer's.
		ends := map[token][2]token{tokenEE: {tokenE, tokenE}, tokenES: {tokenS, tokenE}, tokenSE: {tokenE, tokenS}, tokenSS: {tokenS, tokenS}}
		if m.fromInitiator {
			own, peer = initiator, responder
			ends[tokenES], ends[tokenSE] = [2]token{tokenE, tokenS}, [2]token{tokenS, tokenE}
		}
		for _, t := range m.tokens {
			switch t {
			case tokenE, tokenS, tokenE1:
				if own.sent[t] || t == tokenE1 && !p.hfs {
					return wrong("message %d sends %s again, or without hfs", i+1, t)
				}
				if t != tokenE && keyed && !own.random {
					return wrong("message %d encrypts %s without randomness of its sender", i+1, t)
				}
				own.sent[t] = true
				if t == tokenE {
					own.random = true
					keyed = keyed || p.psks > 0
				}
			case tokenEE, tokenES, tokenSE, tokenSS:
				if !p.dh || dh[t] || !own.sent[ends[t][0]] || !peer.sent[ends[t][1]] {
					return wrong("message %d has %s again, or without its keys", i+1, t)
				}
				dh[t], keyed = true, true
			case tokenEKEM, tokenSKEM, tokenEKEM1:
				key := map[token]token{tokenEKEM: tokenE, tokenSKEM: tokenS, tokenEKEM1: tokenE1}[t]
				if (t == tokenEKEM1) != !p.kem || own.ciphered[t] || !peer.sent[key] {
					return wrong("message %d has %s again, or without its key", i+1, t)
				}
				if t != tokenEKEM && keyed && !own.random {
					return wrong("message %d encrypts %s without randomness of its sender", i+1, t)
				}
				own.ciphered[t], own.random, keyed = true, true, true
			case tokenPSK:
				keyed = true
			default:
				return wrong("unknown token %s", t)
			}
		}
		if !mayEncrypt(own) {
			return wrong("message %d encrypts its payload without a DH of its sender's ephemeral key", i+1)
		}
	}
	if !mayEncrypt(initiator) || !p.oneWay() && !mayEncrypt(responder) {
		return wrong("a side would encrypt after the handshake without a DH of its ephemeral key")
	}
	return nil
}

// oneWay reports whether only the initiator sends.
func (p *pattern) oneWay() bool { return len(p.messages) == 1 }

// sends reports whether a side sends the token in a message or pre-message.
func (p *pattern) sends(initiator bool, t token) bool {
	for _, m := range slices.Concat(p.preMessages, p.messages) {
		if m.fromInitiator == initiator && slices.Contains(m.tokens, t) {
			return true
		}
	}
	return false
}

// knows reports whether a side's static key is known to the other before the handshake.
func (p *pattern) knows(initiator bool) bool {
	return slices.ContainsFunc(p.preMessages, func(m messagePattern) bool { return m.fromInitiator == initiator })
}

func patternNames() []string {
	names := []string{}
	for name := range basePatterns() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
