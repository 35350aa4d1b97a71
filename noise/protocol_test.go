package noise

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hybridkem/combiner/tlskex"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// namesInUse are protocols that other software speaks.
var namesInUse = []string{
	"Noise_XX_25519_ChaChaPoly_SHA256",                       // libp2p
	"Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256",           // libp2p, with ML-KEM
	"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",                  // WireGuard
	"Noise_XX_25519_AESGCM_SHA256",                           // WhatsApp
	"Noise_hybridIK_25519+MLKEM768_AESGCM_SHA256",            // OpenAI Codex
	"Noise_IKhfselg2_25519+MLKEM512_ChaChaPoly_SHA256",       // I2P
	"Noise_IKhfselg2_25519+MLKEM768_ChaChaPoly_SHA256",       // I2P
	"Noise_IKhfselg2_25519+MLKEM1024_ChaChaPoly_SHA256",      // I2P
	"Noise_pqXX_MLKEM768_ChaChaPoly_SHA256",                  // Clatter
	"Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256",        // Clatter
	"Noise_hybridXX_25519+MLKEM768+MLKEM1024_AESGCM_BLAKE2b", // Clatter
}

// rebuilt returns the name of a protocol, made from its parts.
func (p *Protocol) rebuilt() string {
	functions := []string{}
	if p.pattern.dh {
		functions = append(functions, "25519")
	}
	add := func(k kem.KEM) {
		i := slices.IndexFunc(kems, func(n NamedKEM) bool { return n.KEM == k })
		functions = append(functions, kems[i].Name)
	}
	if p.ephemeralKEM != nil {
		add(p.ephemeralKEM)
	}
	if p.staticKEM != p.ephemeralKEM {
		add(p.staticKEM)
	}
	return strings.Join([]string{"Noise", p.pattern.name, strings.Join(functions, "+"), p.cipher.name, p.hash.name}, "_")
}

// TestNames changes every character of names in use. What is still a name is the name of its own parts.
func TestNames(t *testing.T) {
	others := 0
	for _, name := range namesInUse {
		p := parse(t, name)
		if p.Name() != name || p.String() != name || p.rebuilt() != name {
			t.Errorf("%s is %s and %s", name, p.Name(), p.rebuilt())
		}
		for i := range len(name) + 1 {
			changes := []string{name[:i]}
			for _, c := range "0123456789abkxABNKXI+_- \x00é" {
				changes = append(changes, name[:i]+string(c)+name[i:])
				if i < len(name) {
					changes = append(changes, name[:i]+string(c)+name[i+1:])
				}
			}
			if i < len(name) {
				changes = append(changes, name[:i]+name[i+1:], name[:i]+strings.ToLower(name[i:i+1])+name[i+1:], name[:i]+strings.ToUpper(name[i:i+1])+name[i+1:])
			}
			for _, changed := range changes {
				p, err := ParseProtocol(changed)
				switch {
				case changed == name:
				case err != nil:
					if p != nil || !errors.Is(err, ErrProtocol) {
						t.Errorf("%q: %v", changed, err)
					}
				case p.rebuilt() != changed:
					t.Errorf("%q is taken for %s", changed, p.rebuilt())
				default:
					others++
				}
			}
		}
	}
	if others < 50 { // such as XK for XX
		t.Errorf("%d other names", others)
	}
}

// TestUnknownNames checks that an error lists what there is.
func TestUnknownNames(t *testing.T) {
	for _, test := range []struct{ name, lists string }{
		{"Noise_XY_25519_ChaChaPoly_SHA256", "X1K1, "},
		{"Noise_XXpsk9_25519_ChaChaPoly_SHA256", "psk9"},
		{"Noise_XXpsk03_25519_ChaChaPoly_SHA256", "psk03"},
		{"Noise_XXpsk-0_25519_ChaChaPoly_SHA256", "psk-0"},
		{"Noise_XXpsk_25519_ChaChaPoly_SHA256", "psk"},
		{"Noise_XXfallback_25519_ChaChaPoly_SHA256", "psk0, psk1, psk2, psk3, hfs, hfselg2"},
		{"Noise_XXnoidh_25519_ChaChaPoly_SHA256", "hfselg2"},
		{"Noise_XX_448_ChaChaPoly_SHA256", "25519"},
		{"Noise_XK_secp256k1_ChaChaPoly_SHA256", "25519"},
		{"Noise_XX_25519_AES_SHA256", "ChaChaPoly, AESGCM"},
		{"Noise_XX_25519_AESGCM_SHA3", "SHA256, SHA512, BLAKE2s, BLAKE2b"},
		{"Noise_XXhfs_25519+ML-KEM-768_ChaChaPoly_SHA256", "MLKEM512, MLKEM768, MLKEM1024, XWing"},
		{"Noise_XXhfs_25519+Kyber1024_ChaChaPoly_SHA256", "MLKEM1024"},
		{"Noise_hybridIK_X25519+MLKEM768_AESGCM_SHA256", "25519"},
		{"Noise_XXhfs_25519_ChaChaPoly_SHA256", "0 KEMs"},
		{"Noise_XX_25519+MLKEM768_ChaChaPoly_SHA256", "1 KEMs"},
		{"Noise_XXhfs_25519+MLKEM768+MLKEM768_ChaChaPoly_SHA256", "2 KEMs"},
		{"Noise_pqXX_25519+MLKEM768_ChaChaPoly_SHA256", "unknown KEM"},
		{"Noise_Nhfs_25519+MLKEM768_ChaChaPoly_SHA256", "no place for hfs"},
		{"Noise_pqXXhfs_MLKEM768_ChaChaPoly_SHA256", "no place for hfs"},
		{"Noise_XXpsk1+hfs_25519+MLKEM768_ChaChaPoly_SHA256", "hfs"},
		{"Noise__25519_ChaChaPoly_SHA256", "XX"},
		{"NoisePSK_XX_25519_ChaChaPoly_SHA256", "form"},
		{"Noise_" + strings.Repeat("XX", 200) + "_25519_ChaChaPoly_SHA256", "255"},
		{"", "form"},
		{"Noise_pqXXpsk0_MLKEM768_ChaChaPoly_SHA256", ""}, // e follows, and mixes randomness
	} {
		_, err := ParseProtocol(test.name)
		if test.lists == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), test.lists) || len(err.Error()) > 900 {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// Names of the caller's KEMs.
	for name, valid := range map[string]bool{"Mine": true, "Mine2": true, "ML-KEM-768": false, "a_b": false, "a+b": false, "é": false, "Mine/2": true, "": false, "25519": false, "448": false, "XWing": false} {
		_, err := ParseProtocol("Noise_pqXX_"+name+"_AESGCM_SHA256", NamedKEM{name, mlkem.KEM768()})
		if (err == nil) != valid || err != nil && !errors.Is(err, ErrProtocol) {
			t.Errorf("a KEM with the name %s: %v", name, err)
		}
	}
	for what, more := range map[string][]NamedKEM{
		"nil":             {{"Mine", nil}},
		"two of one name": {{"Mine", mlkem.KEM768()}, {"Mine", mlkem.KEM512()}},
		"a name taken":    {{"Mine", mlkem.KEM768()}, {"MLKEM768", mlkem.KEM512()}},
	} {
		if _, err := ParseProtocol("Noise_pqXX_Mine_AESGCM_SHA256", more...); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestConfig takes a Config that is right and changes each field. Every change is refused.
func TestConfig(t *testing.T) {
	p256, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	for _, name := range protocols {
		x := newQuartet(t, parse(t, name), nil)
		for i, right := range x.configs {
			initiator := i == 0
			if _, err := NewHandshakeState(right, initiator); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			refused := func(what string, change func(c *Config)) {
				t.Helper()
				changes++
				c := *right
				change(&c)
				if hs, err := NewHandshakeState(&c, initiator); hs != nil || !errors.Is(err, ErrConfig) {
					t.Errorf("%s, initiator %v, %s: %v", name, initiator, what, err)
				} else if field, _, _ := strings.Cut(what, ","); field != "PSKs" && !strings.Contains(err.Error(), field) {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
			dk := seedKey(t, mlkem.KEM1024(), make([]byte, 64))
			for field, other := range map[string]any{
				"Static": scalarKey(t, make([]byte, 32)), "PeerStatic": scalarKey(t, make([]byte, 32)).PublicKey(),
				"StaticKEM": dk, "PeerStaticKEM": dk.PublicKey(), "Coding": plainCoding{},
			} {
				refused(field+", there or not", func(c *Config) {
					f := reflect.ValueOf(c).Elem().FieldByName(field)
					if f.IsNil() {
						f.Set(reflect.ValueOf(other))
					} else {
						f.SetZero()
					}
				})
			}
			if right.Static != nil {
				refused("Static, P-256", func(c *Config) { c.Static = p256 })
				refused("Static, zero", func(c *Config) { c.Static = new(ecdh.PrivateKey) })
			}
			if right.PeerStatic != nil {
				refused("PeerStatic, P-256", func(c *Config) { c.PeerStatic = p256.PublicKey() })
				for _, point := range testkit.X25519Points() {
					low, err := ecdh.X25519().NewPublicKey(point[:])
					if err != nil {
						t.Fatal(err)
					}
					if _, err := scalarKey(t, make([]byte, 32)).ECDH(low); err != nil { // crypto/ecdh says which ones these are
						refused("PeerStatic, low order", func(c *Config) { c.PeerStatic = low })
					}
				}
				refused("PeerStatic, zero", func(c *Config) { c.PeerStatic = new(ecdh.PublicKey) })
			}
			if right.StaticKEM != nil {
				refused("StaticKEM, of another KEM", func(c *Config) { c.StaticKEM = dk })
				refused("StaticKEM, nil of its type", func(c *Config) { c.StaticKEM = (*mlkem.DecapsulationKey768)(nil) })
				refused("StaticKEM, zero", func(c *Config) { c.StaticKEM = new(mlkem.DecapsulationKey768) })
				refused("StaticKEM, destroyed", func(c *Config) {
					k := seedKey(t, c.StaticKEM.KEM(), make([]byte, 64))
					k.Destroy()
					c.StaticKEM = k
				})
			}
			if right.PeerStaticKEM != nil {
				refused("PeerStaticKEM, of another KEM", func(c *Config) { c.PeerStaticKEM = dk.PublicKey() })
				refused("PeerStaticKEM, nil of its type", func(c *Config) { c.PeerStaticKEM = (*mlkem.EncapsulationKey768)(nil) })
				refused("PeerStaticKEM, zero", func(c *Config) { c.PeerStaticKEM = new(mlkem.EncapsulationKey768) })
			}
			refused("PSKs, one more", func(c *Config) { c.PSKs = append(slices.Clip(c.PSKs), make([]byte, 32)) })
			if n := len(right.PSKs); n > 0 {
				refused("PSKs, one less", func(c *Config) { c.PSKs = c.PSKs[1:] })
				for _, size := range []int{0, 31, 33, 64} {
					refused("PSKs, another length", func(c *Config) {
						c.PSKs = slices.Clone(c.PSKs)
						c.PSKs[n-1] = make([]byte, size)
					})
				}
			}
		}
	}
	if changes < 200 {
		t.Errorf("%d changes", changes)
	}
}

// TestOtherKEMs runs handshakes with every KEM that has a name, with KEMs whose shared keys need a transcript, and with an
// implementation of somebody else.
func TestOtherKEMs(t *testing.T) {
	more := []NamedKEM{
		{"X25519MLKEM768", tlskex.X25519MLKEM768()}, {"SecP384r1MLKEM1024", tlskex.SecP384r1MLKEM1024()},
		{"Foreign", testkit.Foreign(mlkem.KEM768(), testkit.Faults{})}, {"ForeignXWing", testkit.Foreign(xwing.KEM(), testkit.Faults{Scribble: true})},
	}
	for _, k := range append(slices.Clone(kems), more...) {
		for _, name := range []string{"Noise_hybridIK_25519+" + k.Name + "_AESGCM_SHA256", "Noise_pqXXpsk3_" + k.Name + "_ChaChaPoly_BLAKE2b", "Noise_XXhfs_25519+" + k.Name + "_ChaChaPoly_SHA256"} {
			p, err := ParseProtocol(name, more...)
			if err != nil {
				t.Fatal(err)
			}
			dh, static := [2]*ecdh.PrivateKey{}, [2]kem.DecapsulationKey{}
			for i := range static {
				dh[i] = scalarKey(t, randomBytes(32))
				if static[i], err = k.KEM.GenerateKey(); err != nil {
					t.Fatal(err)
				}
			}
			var w writers
			for i := range w.sides {
				c := &Config{Protocol: name, KEMs: more}
				if p.pattern.sends(i == 0, tokenS) && p.pattern.dh {
					c.Static = dh[i]
				}
				if p.pattern.sends(i == 0, tokenS) && p.pattern.kem {
					c.StaticKEM = static[i]
				}
				if p.pattern.knows(i == 1) {
					c.PeerStatic, c.PeerStaticKEM = dh[1-i].PublicKey(), static[1-i].PublicKey()
				}
				if p.pattern.psks > 0 {
					c.PSKs = [][]byte{make([]byte, 32)}
				}
				if w.sides[i], err = NewHandshakeState(c, i == 0); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			for i := range p.pattern.messages {
				w.message(t, i, []byte("payload"))
			}
			for i, hs := range w.sides {
				if p.pattern.kem && !hs.PeerStaticKEM().Equal(static[1-i].PublicKey()) || p.pattern.dh && !hs.PeerStatic().Equal(dh[1-i].PublicKey()) {
					t.Errorf("%s: another static key", name)
				}
			}
			if string(w.sides[0].HandshakeHash()) != string(w.sides[1].HandshakeHash()) {
				t.Errorf("%s: the hashes differ", name)
			}
		}
	}
}
