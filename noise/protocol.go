package noise

import (
	"slices"
	"strings"
	"unicode"

	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A NamedKEM is a KEM and its name in protocol names, which consists of the letters A to Z and a to z, digits and
// slashes (section 8). The name must not be that of another function.
type NamedKEM struct {
	Name string
	KEM  kem.KEM
}

// kems are the KEMs with names that others use, or that are their registered names without hyphens.
var kems = []NamedKEM{
	{"MLKEM512", mlkem.KEM512()},
	{"MLKEM768", mlkem.KEM768()},
	{"MLKEM1024", mlkem.KEM1024()},
	{"XWing", xwing.KEM()},
	{"MLKEM768P256", combiner.MLKEM768P256()},
	{"MLKEM1024P384", combiner.MLKEM1024P384()},
}

// A Protocol is a Noise protocol: a handshake pattern, DH functions or KEMs or both, a cipher and a hash
// function. It is made from its name.
type Protocol struct {
	name    string
	pattern *pattern
	// The KEM of ephemeral keys, and that of static keys. They are nil for a pattern without KEMs.
	ephemeralKEM, staticKEM kem.KEM
	cipher                  *cipherFunction
	hash                    *hashFunction
}

// maxNameLength is the largest length of a protocol name (section 8).
const maxNameLength = 255

// ParseProtocol returns the protocol with a name such as "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256", according
// to section 8. The name itself is hashed, so both sides need exactly the same one.
//
// These are the parts of a name:
//
//   - The patterns of the framework, which are one-way, fundamental or deferred. They take the modifiers psk0, psk1
//     and so on, and hfs and hfselg2, which add the tokens e1 and ekem1.
//   - pqNN to pqIX, the patterns of PQNoise.
//   - hybridNN to hybridIX, in the order of tokens of Clatter 2.2.0. Earlier versions of Clatter have another order
//     under the same names. It is not supported.
//   - 25519, for every pattern but those of PQNoise.
//   - The KEMs MLKEM512, MLKEM768, MLKEM1024, XWing, MLKEM768P256 and MLKEM1024P384, and those of more. Of two
//     KEMs, such as MLKEM768+MLKEM1024, the first is for ephemeral keys, and the second is for static keys.
//   - The ciphers ChaChaPoly and AESGCM.
//   - The hash functions SHA256, SHA512, BLAKE2s and BLAKE2b.
//
// For other names, and for patterns that break a rule of section 7.3 or 9.3, the error wraps [ErrProtocol]. The
// error for an unknown part lists the names that there are.
func ParseProtocol(name string, more ...NamedKEM) (*Protocol, error) {
	parts := strings.Split(name, "_")
	if len(parts) != 5 || parts[0] != "Noise" || len(name) > maxNameLength {
		return nil, fault(ErrProtocol, "%q is not a name of the form Noise_pattern_dh_cipher_hash, with up to %d bytes", name[:min(len(name), maxNameLength)], maxNameLength)
	}
	p := &Protocol{name: name}
	var err error
	if p.pattern, err = parsePattern(parts[1]); err != nil {
		return nil, err
	}
	functions := strings.Split(parts[2], "+")
	if p.pattern.dh {
		if functions[0] != "25519" {
			return nil, unknown("DH function", functions[0], []string{"25519"})
		}
		functions = functions[1:]
	}
	known := slices.Clone(kems)
	for _, k := range more {
		other := func(r rune) bool { return r > 'z' || r != '/' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
		switch {
		case k.Name == "" || strings.ContainsFunc(k.Name, other):
			return nil, fault(ErrProtocol, "%q is not a name of letters, digits and slashes", k.Name)
		case k.Name == "25519" || k.Name == "448" || slices.ContainsFunc(known, func(n NamedKEM) bool { return n.Name == k.Name }):
			return nil, fault(ErrProtocol, "the name %s is that of another function", k.Name)
		case k.KEM == nil:
			return nil, fault(ErrProtocol, "the KEM %s is nil", k.Name)
		}
		known = append(known, k)
	}
	chosen := []kem.KEM{}
	for _, f := range functions {
		i := slices.IndexFunc(known, func(k NamedKEM) bool { return k.Name == f })
		if i < 0 {
			names := []string{}
			for _, k := range known {
				names = append(names, k.Name)
			}
			return nil, unknown("KEM", f, names)
		}
		chosen = append(chosen, known[i].KEM)
	}
	most := 0
	switch {
	case p.pattern.kem:
		most = 2
	case p.pattern.hfs:
		most = 1
	}
	if len(chosen) > most || len(chosen) == 0 && most > 0 {
		return nil, fault(ErrProtocol, "%q has %d KEMs, and its pattern takes up to %d", name, len(chosen), most)
	}
	if most > 0 {
		p.ephemeralKEM, p.staticKEM = chosen[0], chosen[len(chosen)-1]
	}
	names := []string{}
	for i := range ciphers {
		if names = append(names, ciphers[i].name); ciphers[i].name == parts[3] {
			p.cipher = &ciphers[i]
		}
	}
	if p.cipher == nil {
		return nil, unknown("cipher", parts[3], names)
	}
	names = names[:0]
	for i := range hashes {
		if names = append(names, hashes[i].name); hashes[i].name == parts[4] {
			p.hash = &hashes[i]
		}
	}
	if p.hash == nil {
		return nil, unknown("hash function", parts[4], names)
	}
	return p, nil
}

// Name returns the name of the protocol.
func (p *Protocol) Name() string { return p.name }

func (p *Protocol) String() string { return p.name }

// unknown is the error for a part of a name.
func unknown(what, name string, names []string) error {
	return fault(ErrProtocol, "unknown %s %q; there are %s", what, name, strings.Join(names, ", "))
}
